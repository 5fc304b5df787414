# SPDX-License-Identifier: EUPL-1.2
"""Answers (Bv03, Fo03) to envelopes of ours: which are awaited, and which of them have come.

They stay where they lie: the municipality's or CBS's own systems read them too. So their folder
only grows. It is not listed to find the few that are awaited: their names are known, and asked for.
"""

from __future__ import annotations

from collections import deque

from gateway import names
from gateway.folders import Folders, Identity
from gateway.model import STATION_OF, Direction, Kind, Levering, Place
from gateway.moment import monotonic

Spot = tuple[Place, str]

SCAN_SHARE = 20
"""A look that took t seconds is not repeated within this many times t: at most 5 % of a core."""

SCAN_SECONDS = 10.0
"""A look is never further away than this, or than ``scan_ms`` where that is more."""

FEW = 1000
"""So many answers are asked for by name whatever lies there; of more it may be less to list it."""

PART = 100
"""So many of them are asked for in one round: of a slow share each is a wait, for all who wait."""

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
        self._in_hand: set[Spot] = set()  # come, and not yet booked or put back
        self._ignored: dict[Spot, Identity] = {}
        self._listed: dict[Place, int] = {}  # how many names were there when it was last listed
        self._next_look = 0.0
        self._left: deque[Spot] = deque()  # places and stems that this look has yet to ask for
        self._spent = 0.0  # seconds, on this look
        self._again = False  # whether another was asked for since it began

    def __bool__(self) -> bool:
        """Whether an answer has come that was not taken yet."""
        return bool(self._come)

    @property
    def looking(self) -> bool:
        """Whether a look has begun, and goes on in the next :meth:`come`."""
        return bool(self._left)

    def expect(self, levering: Levering, *, refused: bool = False) -> None:
        """An envelope of ours lies in a hop folder; its answer will carry the same stem.

        Not when that answer has come: it may be read before it is told that the envelope went.
        ``refused``: it was, and a person released it: the Fo03 that lies there is no news.
        """
        place = _ANSWER_PLACE[levering.direction]
        if STATION_OF[place.kind] in self._stations:
            stem = names.envelop_stam(
                names.envelop_naam(levering.tijdstip, levering.referentienummer)
            )
            if refused:
                self._refused.add(stem)
            if all((place, name) not in self._in_hand for name in self._expected(stem)):
                self._awaited.setdefault(place, set()).add(stem)

    def expects(self, place: Place, name: str) -> bool:
        """Whether this is the name of an answer that has not come."""
        stem = name.split(".")[0]
        return stem in self._awaited.get(place, ()) and name in self._expected(stem)

    def look_now(self) -> None:
        """Let the next :meth:`come` look at the folders, whatever the interval says."""
        self._next_look, self._again = 0.0, True

    def come(self, now: float, interval: float, limit: int) -> list[Spot]:
        """Answers that have come, at most ``limit``; looked for once an ``interval`` at most."""
        if now >= self._next_look and (self._left or any(self._awaited.values())):
            self._look(now, interval)
        found: list[Spot] = []
        while self._come and len(found) < limit:
            found.append(self._come.popleft())
        return found

    def _look(self, now: float, interval: float) -> None:
        """Ask for a part of what is awaited: the next goes on where this one stopped."""
        began = monotonic()
        if not self._left:
            self._again, self._spent = False, 0.0
            for place, stems in self._awaited.items():
                self._begin(place, stems)
        part = [self._left.popleft() for _ in range(min(PART, len(self._left)))]
        for place in dict.fromkeys(one for one, _ in part):
            asked = [stem for one, stem in part if one == place and stem in self._awaited[place]]
            wanted = [name for stem in asked for name in self._expected(stem)]
            for name in self._folders.lying(place, wanted):
                self.see(place, name)
        self._spent += monotonic() - began
        if not self._left and not self._again:
            pause = max(interval, SCAN_SHARE * self._spent)
            self._next_look = now + min(pause, max(interval, SCAN_SECONDS))

    def _begin(self, place: Place, stems: set[str]) -> None:
        """Look at the price of what is awaited, not of what lies there: by name, or by a list."""
        if len(stems) <= max(FEW, self._listed.get(place, 0)):
            self._left += [(place, stem) for stem in sorted(stems)]
            return
        found = self._folders.scan(place)
        self._listed[place] = len(found)
        for name in found:
            self.see(place, name)

    def _expected(self, stem: str) -> list[str]:
        answers = [f"{stem}.bv03.xml", f"{stem}.fo03.xml"]
        return answers[:1] if stem in self._refused else answers

    def see(self, place: Place, name: str) -> None:
        """Take note of what lies there: it may be an answer that is awaited."""
        if (place, name) in self._ignored:
            if self._folders.identity(place, name) in (None, self._ignored[place, name]):
                return  # the same, or nothing that can be seen now: no news
            del self._ignored[place, name]
        if self.expects(place, name):
            self._awaited[place].discard(name.split(".")[0])
            self._in_hand.add((place, name))
            self._come.append((place, name))

    def again(self, place: Place, name: str) -> None:
        """This answer could not be read now: it comes again later."""
        self._in_hand.discard((place, name))
        self._awaited.setdefault(place, set()).add(name.split(".")[0])

    def booked(self, place: Place, name: str) -> None:
        """What this answer said is committed."""
        self._in_hand.discard((place, name))

    def ignore(self, place: Place, name: str, read: Identity) -> None:
        """What bears this answer's name is none: look again when it is another file than was read.

        It may be another by now: who reads it may be a round behind.
        """
        self._ignored[place, name] = read
        self.again(place, name)
