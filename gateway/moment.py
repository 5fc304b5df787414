# SPDX-License-Identifier: EUPL-1.2
"""Where clocks and chance enter the chain: here, and nowhere else.

Two clocks. ``nu`` is the chain's: windows, tijdstipBericht and deadlines live by it, and a tester
may turn it (each turn is a leaf). ``klok`` is the machine's UTC: the ``at`` of a leaf, never
decreasing.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

from gateway.model import Moment

IDS = 3
"""Fresh ids that one decision may use: a message, its answer, its notice."""


class Clock:
    """The chain's clock and the machine's, with fresh ids for good measure.

    ``offset`` is how far ``nu`` runs ahead of (or behind) the machine.
    """

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset
        self._last_klok = 0

    def nu(self) -> datetime:
        """The chain's time, aware, in UTC."""
        return datetime.now(UTC) + self.offset

    def klok(self) -> int:
        """The machine's UTC in milliseconds since 1970; never less than the time before."""
        self._last_klok = max(self._last_klok, time.time_ns() // 1_000_000)
        return self._last_klok

    def year(self) -> int:
        """The machine's year, UTC: it names the shard of the log."""
        return datetime.fromtimestamp(self.klok() / 1000, UTC).year

    def not_before(self, klok: int) -> None:
        """Never tell an earlier ``klok`` than this (the last leaf's), even if the machine does."""
        self._last_klok = max(self._last_klok, klok)

    def moment(self) -> Moment:
        """Fresh time and ids for one decision."""
        return Moment(self.nu(), tuple(fresh_id() for _ in range(IDS)))


def fresh_id() -> str:
    """A UUID v4, lower case: a referentienummer, or a name in the journal."""
    return str(uuid.UUID(bytes=os.urandom(16), version=4))


def fresh_salt() -> bytes:
    """32 random bytes: one for each value that is committed to in a leaf."""
    return os.urandom(32)


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def fresh_ulid(klok: int) -> str:
    """A ULID: 48 bits of time in milliseconds, 80 of chance, as 26 characters that sort by time."""
    value = klok << 80 | int.from_bytes(os.urandom(10))
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -5, -5))


def monotonic() -> float:
    """Seconds that only ever go forward: for intervals, never for records."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Do nothing for a while."""
    time.sleep(seconds)


def iso(klok: int) -> str:
    """A ``klok`` as people and programs read it: RFC 3339, UTC, with milliseconds."""
    whole = datetime.fromtimestamp(klok / 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{klok % 1000:03d}Z"
