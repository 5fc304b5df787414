# SPDX-License-Identifier: EUPL-1.2
"""Sends the lines of the Logboek dataverwerkingen to a logbook elsewhere, beside the chain.

None is lost: the resume point moves once lines were confirmed, and what was not is sent again, less
and less often. A line may be sent twice after a crash, under the same ids.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.ldv_resume import Point, Resume, continues, missing
from gateway.logregel import Logregel, span_id
from gateway.moment import monotonic
from gateway.store_health import reading, vitals

if TYPE_CHECKING:  # loaded when something is sent: most gateways send nothing
    from gateway.ldv_otlp import Receiver

SENT = 64
"""Lines that are sent before the resume point moves: so many may be sent again after a crash."""

FIRST_RETRY_S, LAST_RETRY_S = 0.5, 60.0
CLOSING_S = 5.0
"""How long a gateway that ends goes on sending what was not sent; the rest follows at its start."""


class Sending:
    """Sends lines to a logbook elsewhere, one request each, in order, from a thread of its own."""

    def __init__(
        self, state: str, database: str, url: str,
        line_of: Callable[[int, bytes], Logregel | None],
    ) -> None:  # fmt: skip
        self.url = url
        self._database = database
        self._line_of = line_of
        self._resume = Resume(state, "otlp")
        self._due = threading.Event()
        self._until: float | None = None
        self._receiver: Receiver | None = None
        self._thread = threading.Thread(target=self._go, name="ldv", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There are new leaves."""
        self._due.set()

    def close(self, seconds: float) -> None:
        """Go on for so long at most, and end; a request that is under way is broken off then."""
        self._until = monotonic() + seconds
        self._due.set()
        self._thread.join(seconds)
        if self._receiver is not None:
            self._receiver.close()
        self._thread.join(CLOSING_S)

    def _over(self) -> bool:
        return self._until is not None and monotonic() >= self._until

    def _go(self) -> None:
        from gateway.ldv_otlp import Receiver

        receiver = self._receiver = Receiver(self.url)
        retry = FIRST_RETRY_S
        while not self._over():
            self._due.clear()
            try:
                sent = self._send(receiver)
            except (OSError, GatewayError):
                sent = False
            if self._until is not None:
                break  # one more round at the end, not one more after that
            if sent:
                retry = FIRST_RETRY_S
                self._due.wait()
            else:
                self._pause(retry)
                retry = min(2 * retry, LAST_RETRY_S)

    def _pause(self, seconds: float) -> None:
        """Wait, whatever leaves come: a receiver that is away is asked less and less often."""
        ends = monotonic() + seconds
        while self._until is None and (left := ends - monotonic()) > 0:
            self._due.wait(min(left, FIRST_RETRY_S))
            self._due.clear()

    def _send(self, receiver: Receiver) -> bool:
        """Send all that was committed and not sent; False when something could not be."""
        point = self._resume.load()
        if not continues(self._database, point):
            point = Point()
        with reading(self._database) as connection:
            size = vitals(connection).leaves
        for start, some in missing(self._database, point.leaf, size):
            for number in range(0, len(some), SENT):
                part = some[number : number + SENT]
                done = self._part(receiver, start + number, part)
                if done:
                    last = span_id(part[done - 1])
                    self._resume.save(Point(start + number + done, last))
                if done < len(part):
                    return False
        return True

    def _part(self, receiver: Receiver, start: int, leaves: list[bytes]) -> int:
        """Send lines one by one; how many leaves were dealt with."""
        for number, content in enumerate(leaves):
            one = self._line_of(start + number, content)
            if self._over() or (one is not None and not receiver.takes(one)):
                return number
        return len(leaves)
