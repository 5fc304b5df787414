# SPDX-License-Identifier: EUPL-1.2
"""Keeps the Logboek dataverwerkingen: a line for each committed leaf, none lost and none invented.

The lines are derived from the leaves (``logregel.py``), after those were published. Each place that
they go to has a *resume point*, durable beside it: how many leaves were dealt with. So an outage, a
full disk or a kill costs nothing but time.

- ``<state>/ldv/spans.jsonl``: each line once. First the lines are appended and synced, then the
  resume point moves, with the length of the file; what lies behind that length is what a crash left
  of an append that was not confirmed: it is cut off, and made again from the same leaves.
- OTLP over HTTP (``ldv_otlp.py``), when the configuration names an address: from a thread of its
  own. A line may be sent again after a crash; its ids are the same, so that it is seen to be one.

Nothing here stops or delays the chain: the file is written beside the rounds, behind the publisher,
and what fails is tried again later. How far it is behind is in ``status`` and an alarm.

What this does not protect against: somebody who changes the file. The lines are no proof; the log
that they were made of is (``docs/audit.md``). Who removes the resume point gets all lines again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gateway import durable
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.logregel import Logregel, line, logregel, span_id
from gateway.moment import monotonic
from gateway.store_health import leaves_between, reading, vitals

if TYPE_CHECKING:  # loaded when something is sent: most gateways send nothing
    from gateway.ldv_otlp import Receiver

FOLDER = "ldv"
SPANS = "spans.jsonl"
MODE = 0o640

STEP = 1024
"""Leaves that are in memory at once, and in one append, when much is to be caught up."""

MOST = 16 * STEP
"""Leaves that are caught up in one go: the publisher, whose thread it is, waits for it."""

SENT = 64
"""Lines that are sent before the resume point moves: so many may be sent again after a crash."""

FIRST_RETRY_S, LAST_RETRY_S = 0.5, 60.0
CLOSING_S = 5.0
"""How long a gateway that ends goes on sending what was not sent; the rest follows at its start."""


class Point(NamedTuple):
    """A resume point: leaves dealt with, the span id of the last of them, the file's length."""

    leaf: int = 0
    last: str = ""
    length: int = 0


class Resume:
    """One resume point on disk."""

    def __init__(self, state: str, name: str) -> None:
        self._path = os.path.join(state, FOLDER, f"{name}.json")

    def load(self) -> Point:
        """What was kept; the very beginning when there is nothing, or nothing that can be read."""
        try:
            with open(self._path, encoding="ascii") as file:
                found = json.load(file)
            return Point(int(found["leaf"]), str(found["last"]), int(found["length"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Point()

    def save(self, point: Point) -> None:
        """Keep it durably."""
        durable.put(self._path, json.dumps(point._asdict()).encode(), MODE)


def behind(state: str, config: Config, size: int) -> dict[str, int | None]:
    """How many leaves of a log of this size each place has not seen; None: nothing goes there."""
    wanted = {"file": config.ldv.bestand, "otlp": bool(config.ldv.otlp)}
    return {
        name: max(0, size - Resume(state, name).load().leaf) if on else None
        for name, on in wanted.items()
    }


class Ldv:
    """One gateway's logbook. :meth:`published` is called by one thread at a time."""

    def __init__(self, state: str, database: str, config: Config) -> None:
        self._state = state
        self._database = database
        self._config = config
        self._file = Spans(state)
        self._sending: Sending | None = None
        self.lagging = False  # leaves that were published have no line in the file yet
        self.follow(config)

    def follow(self, config: Config) -> None:
        """Go by this configuration: where lines go, and what their ids begin with."""
        self._config = config
        url = config.ldv.otlp
        if self._sending is not None and self._sending.url != url:
            self._sending.close(0.0)
            self._sending = None
        if self._sending is None and url:
            self._sending = Sending(self._state, self._database, url, self._line)
            self._sending.wake()

    def _line(self, index: int, content: bytes) -> Logregel | None:
        return logregel(index, content, self._config.register)

    def published(self, first: int, leaves: Sequence[bytes]) -> None:
        """These leaves were published: write their lines, after those that are still missing.

        Raises nothing that a disk or a database that is away gives: the next call catches up, and
        is due while :attr:`lagging`.
        """
        self.lagging = False
        if self._config.ldv.bestand:
            try:
                self._write(first, leaves)
                self.lagging = self._file.point(self._database).leaf < first + len(leaves)
            except (OSError, GatewayError):
                self._file.forget()
                self.lagging = True
        if self._sending is not None:
            self._sending.wake()

    def _write(self, first: int, leaves: Sequence[bytes]) -> None:
        point = self._file.point(self._database)
        if point.leaf < first:
            for start, some in missing(self._database, point.leaf, min(first, point.leaf + MOST)):
                self._append(start, some)
            point = self._file.point(self._database)
        if point.leaf >= first:
            self._append(point.leaf, leaves[point.leaf - first :])

    def _append(self, start: int, leaves: Sequence[bytes]) -> None:
        if leaves:
            found = [self._line(start + n, content) for n, content in enumerate(leaves)]
            lines = b"".join(line(one) for one in found if one is not None)
            self._file.append(start + len(leaves), span_id(leaves[-1]), lines)

    def close(self) -> None:
        """Send what can be sent in a few seconds, and end."""
        if self._sending is not None:
            self._sending.close(CLOSING_S)

    def abandon(self) -> None:
        """End at once."""
        if self._sending is not None:
            self._sending.close(0.0)


class Spans:
    """The file of lines, each of which is in it once."""

    def __init__(self, state: str) -> None:
        self._folder = os.path.join(state, FOLDER)
        self._path = os.path.join(self._folder, SPANS)
        self._resume = Resume(state, "file")
        self._point: Point | None = None

    def forget(self) -> None:
        """Look at the disk again before the next append: something went wrong."""
        self._point = None

    def point(self, database: str) -> Point:
        """Where it stands. Begins anew, beside the old file, when the log is not the one it was."""
        if self._point is None:
            durable.make_dir(self._folder, 0o750)
            found = self._resume.load()
            if not continues(database, found):
                self._set_aside(found.leaf)
                found = Point()
                self._resume.save(found)
            self._point = found
        return self._point

    def _set_aside(self, leaf: int) -> None:
        fd = durable.open_dir(self._folder)
        try:
            durable.rename(fd, SPANS, fd, f"spans-{leaf}-{self._size()}.jsonl")
        except FileNotFoundError:
            pass
        finally:
            os.close(fd)
        durable.sync_dir(self._folder)

    def append(self, leaf: int, last: str, lines: bytes) -> None:
        """Add the lines up to this leaf; what a crash left half confirmed is cut off first."""
        before = self._point or Point()
        size = self._size()
        if size < before.length:  # rotated: a new file begins, and that is kept before it grows
            before = before._replace(length=size)
            self._resume.save(before)
        if lines:
            durable.append_at(self._path, before.length, lines, MODE)
        self._point = Point(leaf, last, before.length + len(lines))
        self._resume.save(self._point)

    def _size(self) -> int:
        try:
            return os.stat(self._path).st_size
        except FileNotFoundError:
            return 0


def continues(database: str, point: Point) -> bool:
    """Whether the log still holds the leaf that was dealt with last: not so after some restores."""
    if not point.leaf:
        return True
    with reading(database) as connection:
        found = leaves_between(connection, point.leaf - 1, point.leaf)
    return [span_id(content) for content in found] == [point.last]


def missing(database: str, start: int, stop: int) -> Iterator[tuple[int, list[bytes]]]:
    """The committed leaves from ``start`` up to ``stop``, some at a time."""
    with reading(database) as connection:
        while start < stop:
            some = leaves_between(connection, start, min(stop, start + STEP))
            if not some:
                return
            yield start, some
            start += len(some)


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
