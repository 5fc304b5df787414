# SPDX-License-Identifier: EUPL-1.2
"""What lies ready to be taken: hints, scans, files that wait, and answers that are awaited.

A hint (from the watcher, or from our own last rename) makes a file be looked at now. A scan finds
what no hint told of; it is the truth, and with hints switched off everything still arrives. A file
that is not finished is looked at again when it may be: each has a reason and a next moment.
"""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable

from gateway import names
from gateway.folders import Folders, Seen, Waiting
from gateway.handover import Handover
from gateway.model import STATION_OF, Direction, Kind, Levering, Place
from gateway.moment import monotonic

Spot = tuple[Place, str]

SCAN_SHARE = 20
"""A scan that took t seconds is not repeated within this many times t: at most 5 % of a core."""

_BARRED = frozenset({
    "geen-bestand", "harde-link", "onleesbaar", "bewerkt",
    "merkteken", "manifest", "manifest-fout", "manifest-wijkt-af",
})  # fmt: skip
"""Why a file is not taken until somebody does something about it: looked at with each scan. They
are few; what there may be thousands of waits for a hint, or for its moment."""

_ORDERED = (Kind.GGK_UIT, Kind.GGK_IN)
_ANSWERS = (Kind.GGK_UIT_ANTWOORD, Kind.GGK_IN_ANTWOORD)
_ANSWER_PLACE = {
    Direction.HEEN: Place(Kind.GGK_UIT_ANTWOORD),
    Direction.RETOUR: Place(Kind.GGK_IN_ANTWOORD),
}


class Inbound:
    """The queue in front of the stations. One thread uses it, but for :meth:`hint`."""

    def __init__(
        self, folders: Folders, handover: Handover, stations: tuple[str, ...], limit: int
    ) -> None:
        self._folders = folders
        self._handover = handover
        self._stations = stations
        self._limit = limit
        self._scan_s = folders.config.technisch.scan_ms / 1000
        self._hints: deque[Spot] = deque()
        self._queues: OrderedDict[Place, deque[str]] = OrderedDict()
        self._known: set[Spot] = set()
        self._taken: set[Spot] = set()
        self._missed: set[Spot] = set()
        self._waiting: dict[Spot, Waiting] = {}
        self._due: list[tuple[float, int, Spot]] = []
        self._next_scan = 0.0
        self._next_answers = 0.0
        self._awaited: dict[Place, set[str]] = {}
        self._refused: set[str] = set()
        self._answers: deque[Spot] = deque()
        self._ignored: dict[Spot, tuple[int, int, int] | None] = {}
        self._count = 0
        self._barred: list[Waiting] = []
        self._places = set(folders.sources(stations))
        self._kinds = {place.kind for place in self._places}

    def adopt(self) -> None:
        """The folders go by another configuration: look at everything anew, but what is taken."""
        self._handover.adopt()
        technisch = self._folders.config.technisch
        self._limit, self._scan_s = technisch.batch, technisch.scan_ms / 1000
        self._places = set(self._folders.sources(self._stations))
        self._kinds = {place.kind for place in self._places}
        self._known = set(self._taken)
        self._queues.clear()
        self._waiting.clear()
        self._due.clear()
        self.scan_now()

    # --- what the engine and the watcher tell ---

    def hint(self, place: Place, name: str) -> None:
        """This file may be there, or finished. Safe from any thread."""
        # An outbox may have sub-folders since; a party or receiver that is not configured has no
        # outbox or send folder, whatever lies there: what the scan would not find is no hint.
        top = Place(place.kind, place.partij) if place.kind is Kind.OUTBOX else place
        if top in self._places or (
            place.kind in _ANSWERS and STATION_OF[place.kind] in self._stations
        ):
            self._hints.append((place, name))

    def hold(self, place: Place, name: str) -> None:
        """The journal has this file already: do not see it again before :meth:`release`."""
        self._known.add((place, name))
        self._taken.add((place, name))

    def release(self, place: Place, name: str) -> None:
        """The file was claimed: what has its name from now on is another file."""
        self._known.discard((place, name))
        self._taken.discard((place, name))
        if (place, name) in self._missed:
            self._missed.discard((place, name))
            self.hint(place, name)

    def scan_now(self) -> None:
        """Let the next round scan, whatever the interval says."""
        self._next_scan = self._next_answers = 0.0

    def await_answer(self, levering: Levering, *, refused: bool = False) -> None:
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

    # --- what is ready ---

    def finished(self, now: float) -> list[Seen]:
        """Finished files, at most ``limit`` for each kind of place, each place in its turn."""
        self._take_hints()
        if now >= self._next_scan:
            self._scan(now)
        while self._due and self._due[0][0] <= now:
            self._queue(heapq.heappop(self._due)[2])
        found: list[Seen] = []
        room: dict[Kind, int] = dict.fromkeys(self._kinds, self._limit)
        while turn := [p for p in self._queues if room[p.kind] > 0]:
            for place in turn:
                if room[place.kind] > 0:
                    self._look_at_next(place, room, found, now)
        return found

    def _look_at_next(
        self, place: Place, room: dict[Kind, int], found: list[Seen], now: float
    ) -> None:
        queue = self._queues[place]
        name = queue.popleft()
        if not queue:
            del self._queues[place]
        else:
            self._queues.move_to_end(place)
        if (place, name) in self._taken:
            return  # seen, not yet claimed: a second claim might take what is dropped next
        seen = self._handover.look(place, name, now)
        if isinstance(seen, Seen):
            self._waiting.pop((place, name), None)
            self._handover.forget(place, name)
            self._taken.add((place, name))
            found.append(seen)
            room[place.kind] -= 1
        elif seen is None:
            self._forget((place, name))
        else:
            self._waiting[place, name] = seen
            for one in seen.announces:
                if (place, one) in self._waiting:
                    self._queue((place, one))
            if seen.retry is not None:
                self._count += 1
                heapq.heappush(self._due, (now + seen.retry, self._count, (place, name)))

    def _take_hints(self) -> None:
        while self._hints:
            place, name = self._hints.popleft()
            if place.kind in _ANSWERS:
                self._answer(place, name)
            elif (place, name) in self._waiting:
                self._queue((place, name))
            elif (place, name) in self._taken:  # already the next file of that name, perhaps
                self._missed.add((place, name))
            elif (place, name) not in self._known:
                self._known.add((place, name))
                self._queue((place, name))

    def _queue(self, spot: Spot) -> None:
        queue = self._queues.setdefault(spot[0], deque())
        if spot[1] not in queue or len(queue) > self._limit:
            queue.append(spot[1])

    def _forget(self, spot: Spot) -> None:
        self._known.discard(spot)
        self._waiting.pop(spot, None)
        self._handover.forget(*spot)

    def _scan(self, now: float) -> None:
        began = monotonic()
        present: set[Spot] = set()
        for place in self._folders.sources(self._stations):
            new = []
            for name in self._folders.scan(place):
                spot = (place, name)
                present.add(spot)
                if spot not in self._known:
                    self._known.add(spot)
                    new.append(name)
                elif spot in self._waiting and self._waiting[spot].code in _BARRED:
                    self._queue(spot)  # a link that was removed, a file in place of a pipe
            if place.kind in _ORDERED:  # a round takes a part of them: the earliest first
                new.sort(key=lambda name: self._folders.tijdstip(place, name))
            if new:
                self._queues.setdefault(place, deque()).extend(new)
        self._barred = self._handover.all_barred(self._places)
        away = {one.place.partij for one in self._barred}  # what lay there is not gone
        remembered = self._handover.waits.spots()  # of before a restart, and gone since
        for spot in {*self._waiting, *remembered} - present - self._taken:
            if spot[0].partij not in away:
                self._forget(spot)
        self._next_scan = now + max(self._scan_s, SCAN_SHARE * (monotonic() - began))

    # --- answers ---

    def answers(self, now: float) -> list[Spot]:
        """Answers to envelopes of ours that have come. They stay where they are."""
        if any(self._awaited.values()) and now >= self._next_answers:
            self._next_answers = now + self._scan_s
            for place in self._awaited:
                for name in self._folders.scan(place):
                    self._answer(place, name)
        found: list[Spot] = []
        while self._answers and len(found) < self._limit:
            found.append(self._answers.popleft())
        return found

    def _answer(self, place: Place, name: str) -> None:
        stem = name.split(".")[0]
        awaited = self._awaited.get(place, set())
        if (place, name) in self._ignored:
            if self._ignored[place, name] == self._folders.identity(place, name):
                return
            del self._ignored[place, name]
        expected = [f"{stem}.bv03.xml"] if stem in self._refused else _answers_to(stem)
        if stem in awaited and name in expected:
            awaited.discard(stem)
            self._answers.append((place, name))

    def answer_again(self, place: Place, name: str) -> None:
        """This answer could not be read now: it comes again later."""
        self._awaited.setdefault(place, set()).add(name.split(".")[0])

    def ignore_answer(self, place: Place, name: str) -> None:
        """What bears this answer's name is none: look again when it has become another file."""
        self._ignored[place, name] = self._folders.identity(place, name)
        self.answer_again(place, name)

    # --- what people ask ---

    def waiting(self) -> Iterable[Waiting]:
        """Every file that lies where we claim from and is not taken, with its reason."""
        found = [*self._barred, *self._waiting.values()]
        return sorted(found, key=lambda one: (one.place.kind, one.name))

    def counts(self) -> Counter[str]:
        """How many files wait, by code. Safe from any thread."""
        return Counter(one.code for one in list(self._waiting.values()))

    def next_due(self, now: float) -> float:
        """In how many seconds to look again, if no hint comes before."""
        if self._queues or self._hints or self._answers:
            return 0.0
        moments = [self._next_scan] + ([self._due[0][0]] if self._due else [])
        return max(0.0, min(moments) - now)


def _answers_to(stem: str) -> list[str]:
    return [f"{stem}.bv03.xml", f"{stem}.fo03.xml"]
