# SPDX-License-Identifier: EUPL-1.2
"""Answers (Bv03, Fo03) to envelopes of ours: which are awaited, and which of them have come.

They stay where they lie: the municipality's or CBS's own systems read them too.
"""

from __future__ import annotations

from collections import deque

from gateway import names
from gateway.folders import Folders, Identity
from gateway.model import STATION_OF, Direction, Kind, Levering, Place

Spot = tuple[Place, str]

ANSWERS = (Kind.GGK_UIT_ANTWOORD, Kind.GGK_IN_ANTWOORD)
_ANSWER_PLACE = {
    Direction.HEEN: Place(Kind.GGK_UIT_ANTWOORD),
    Direction.RETOUR: Place(Kind.GGK_IN_ANTWOORD),
}


class Awaited:
    """The envelopes that were not answered yet, by the place where their answer will lie."""

    def __init__(self, folders: Folders, stations: tuple[str, ...]) -> None:
        self._folders = folders
        self._stations = stations
        self._awaited: dict[Place, set[str]] = {}
        self._refused: set[str] = set()
        self._come: deque[Spot] = deque()
        self._ignored: dict[Spot, Identity] = {}
        self._next_look = 0.0

    def __bool__(self) -> bool:
        """Whether an answer has come that was not taken yet."""
        return bool(self._come)

    def expect(self, levering: Levering, *, refused: bool = False) -> None:
        """An envelope of ours lies in a hop folder; its answer will carry the same stem.

        ``refused``: it was, and a person released it: the Fo03 that lies there is no news.
        """
        place = _ANSWER_PLACE[levering.direction]
        if STATION_OF[place.kind] in self._stations:
            stem = names.envelop_stam(
                names.envelop_naam(levering.tijdstip, levering.referentienummer)
            )
            self._awaited.setdefault(place, set()).add(stem)
            if refused:
                self._refused.add(stem)

    def look_now(self) -> None:
        """Let the next :meth:`come` look at the folders, whatever the interval says."""
        self._next_look = 0.0

    def come(self, now: float, interval: float, limit: int) -> list[Spot]:
        """Answers that have come, at most ``limit``; the folders are read once an ``interval``."""
        if any(self._awaited.values()) and now >= self._next_look:
            self._next_look = now + interval
            for place in self._awaited:
                for name in self._folders.scan(place):
                    self.see(place, name)
        found: list[Spot] = []
        while self._come and len(found) < limit:
            found.append(self._come.popleft())
        return found

    def see(self, place: Place, name: str) -> None:
        """Take note of what lies there: it may be an answer that is awaited."""
        stem = name.split(".")[0]
        awaited = self._awaited.get(place, set())
        if (place, name) in self._ignored:
            if self._folders.identity(place, name) in (None, self._ignored[place, name]):
                return  # the same, or nothing that can be seen now: no news
            del self._ignored[place, name]
        expected = [f"{stem}.bv03.xml"] if stem in self._refused else _answers_to(stem)
        if stem in awaited and name in expected:
            awaited.discard(stem)
            self._come.append((place, name))

    def again(self, place: Place, name: str) -> None:
        """This answer could not be read now: it comes again later."""
        self._awaited.setdefault(place, set()).add(name.split(".")[0])

    def ignore(self, place: Place, name: str, read: Identity) -> None:
        """What bears this answer's name is none: look again when it is another file than was read.

        It may be another by now: who reads it may be a round behind.
        """
        self._ignored[place, name] = read
        self.again(place, name)


def _answers_to(stem: str) -> list[str]:
    return [f"{stem}.bv03.xml", f"{stem}.fo03.xml"]
