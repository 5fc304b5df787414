# SPDX-License-Identifier: EUPL-1.2
"""Since when a file waits for something that may last: remembered, and kept over a restart.

What ends by itself within seconds (a writer, a quiet time) is not here. What lasts is: a full disk,
a name that nobody knows, a manifest that does not fit. The store keeps it, so that a deadline is
not put off by a restart and ``status``, which is another process, can say since when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from gateway.model import Kind, Place

Spot = tuple[Place, str]

STUCK = "kan-niet-verder"
"""It was taken, and cannot go on now: it is tried again."""

ASKS = "vraagt-aandacht"
"""So often in vain that a person must look."""

TAKEN = frozenset({STUCK, ASKS})

IGNORED = "antwoord-onbruikbaar"
"""It bears the name of an answer that is awaited, and was read and left: it is none."""

STAYING = (
    "onaf", "onleesbaar", "symbolische-link", "naam-onbekend", "manifest-wijkt-af", "schijf-vol",
    "zegel",
)  # fmt: skip
"""Codes of files that wait for somebody who may have forgotten them. What was taken, and a folder
that is not the one, have alarms of their own."""


class Wait(NamedTuple):
    """Since when (``klok``, ms), and what else must be remembered of it."""

    since: int
    detail: str = ""


class Unusable(NamedTuple):
    """What was read under the name of an answer, and left: which file (``Folders.identity``).

    ``unread``: it was not looked into, since reading it ended the process too often.
    """

    file: list[int]
    unread: bool

    def detail(self) -> str:
        """As a wait remembers it, for ``why``, which is another process."""
        return json.dumps(self)

    @classmethod
    def of(cls, wait: Wait) -> Unusable:
        """Read :meth:`detail`."""
        return cls(*json.loads(wait.detail))


class Kept(NamedTuple):
    """A wait as the store keeps it; ``since`` None: it is over."""

    key: str
    since: int | None
    detail: str


class Waits:
    """What files wait for, by place, name and code."""

    def __init__(self, kept: Iterable[Kept] = ()) -> None:
        self._waits: dict[Spot, dict[str, Wait]] = {}
        self._changed: set[tuple[Place, str, str]] = set()
        for one in kept:
            kind, partij, uitwisseling, gebruiker, name, code = json.loads(one.key)
            spot = (Place(Kind(kind), partij, uitwisseling, gebruiker), name)
            self._waits.setdefault(spot, {})[code] = Wait(one.since or 0, one.detail)

    def first(self, place: Place, name: str, code: str, klok: int, detail: str = "") -> int:
        """Since when it waits for this: now, when it did not before."""
        found = self.get(place, name, code)
        if found is None or found.detail != detail:
            found = Wait(found.since if found else klok, detail)
            self._waits.setdefault((place, name), {})[code] = found
            self._changed.add((place, name, code))
        return found.since

    def get(self, place: Place, name: str, code: str) -> Wait | None:
        """What is remembered of it; None when it does not wait for this."""
        return self._waits.get((place, name), {}).get(code)

    def over(self, place: Place, name: str, code: str) -> None:
        """It does not wait for this any more."""
        codes = self._waits.get((place, name))
        if codes is not None and codes.pop(code, None) is not None:
            self._changed.add((place, name, code))
            if not codes:
                del self._waits[place, name]

    def forget(self, place: Place, name: str) -> None:
        """The file is gone from there: it waits for nothing.

        One of its name that was taken before, and cannot go on, is another: that stays.
        """
        for code in [code for code in self._waits.get((place, name), ()) if code not in TAKEN]:
            self.over(place, name, code)

    def spots(self) -> list[Spot]:
        """Every file that lies where it was dropped and waits for something that lasts."""
        return [spot for spot, codes in self._waits.items() if codes.keys() - TAKEN - {IGNORED}]

    def ignored(self) -> list[Spot]:
        """Every answer that could not be used."""
        return [spot for spot, codes in self._waits.items() if IGNORED in codes]

    def taken(self) -> list[Spot]:
        """Every file, or answer, that was taken and cannot go on."""
        return [spot for spot, codes in self._waits.items() if codes.keys() & TAKEN]

    def staying(self, before: int) -> list[Place]:
        """Where files lie that wait for somebody since before then (``klok``, ms)."""
        return [
            place
            for (place, _), codes in self._waits.items()
            if any(one.since < before for code, one in codes.items() if code in STAYING)
        ]

    def unkept(self, rows: Iterable[Kept]) -> None:
        """These changes were not stored: they are in the next :meth:`changes`."""
        for row in rows:
            kind, partij, uitwisseling, gebruiker, name, code = json.loads(row.key)
            self._changed.add((Place(Kind(kind), partij, uitwisseling, gebruiker), name, code))

    def changes(self) -> list[Kept]:
        """What changed since this was asked last, for the store."""
        if not self._changed:
            return []
        rows = []
        for place, name, code in self._changed:
            found = self.get(place, name, code)
            key = json.dumps([*place, name, code])
            rows.append(Kept(key, found.since if found else None, found.detail if found else ""))
        self._changed.clear()
        return rows
