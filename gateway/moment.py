# SPDX-License-Identifier: EUPL-1.2
"""Where clocks and chance enter the chain: here, and nowhere else.

Two clocks. ``nu`` is the chain's: windows, tijdstipBericht and deadlines live by it, and a tester
may turn it (each turn is a leaf). ``klok`` is the machine's UTC: the ``at`` of a leaf, never
decreasing; certificates, revocations and logins are judged by it, as who reads the log can do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.model import Moment

IDS = 3
"""Fresh ids that one decision may use: a message, its answer, its notice."""


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [one + two for one in _CROCKFORD for two in _CROCKFORD]


class Clock:
    """The chain's clock, the machine's, and chance.

    ``offset`` is how far ``nu`` runs ahead of (or behind) the machine. A tester's chain stands
    still at ``standing`` until it is turned, and takes its chance from a seed of its own.
    """

    def __init__(
        self,
        offset: timedelta = timedelta(),
        *,
        standing: datetime | None = None,
        chance: Callable[[int], bytes] | None = None,
    ) -> None:
        self._offset = offset
        self._standing = standing
        self._chance = chance or _Chance().take
        self._last_klok = 0

    def nu(self) -> datetime:
        """The chain's time, aware, in UTC."""
        return self._standing or datetime.now(UTC) + self._offset

    def turn(self, nu: datetime) -> timedelta:
        """Set the chain's time; return how far it now is from the machine's."""
        now = datetime.now(UTC)
        if self._standing is not None:
            self._standing = nu
        self._offset = timedelta(milliseconds=round((nu - now).total_seconds() * 1000))
        return self._offset

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

    def moment(self, stand: int) -> Moment:
        """Fresh time and ids for one decision, now that the log has ``stand`` leaves."""
        ids = tuple(self.fresh_id() for _ in range(IDS))
        return Moment(self.nu(), ids, stand, self.klok())

    def fresh_id(self) -> str:
        """A UUID v4, lower case: a referentienummer (StUF asks for one), or a trace id."""
        digits = self._chance(16).hex()
        variant = "89ab"[int(digits[16], 16) & 3]  # RFC 9562: version 4, variant 10
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def fresh_salt(self) -> bytes:
        """32 random bytes: one for each value that is committed to in a leaf."""
        return self._chance(32)

    def fresh_ulid(self) -> str:
        """A ULID: 48 bits of time in ms, 80 of chance; 26 characters that sort by time.

        The store's own ids: what is new lies together in its indexes.
        """
        value = self.klok() << 80 | int.from_bytes(self._chance(10))
        return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -10, -10)])


class _Chance:
    """The kernel's random bytes, fetched by the page: a call for each id costs more than the id."""

    def __init__(self) -> None:
        self._page = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes that were never given before."""
        if self._at + count > len(self._page):
            self._page, self._at = os.urandom(4096), 0
        self._at += count
        return self._page[self._at - count : self._at]


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
