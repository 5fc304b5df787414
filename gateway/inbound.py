# SPDX-License-Identifier: EUPL-1.2
"""What lies ready to be taken: hints, scans, files that wait, and since when it waits.

A hint (from the watcher, or from our own last rename) makes a file be looked at now. A scan finds
what no hint told of; it is the truth, and with hints switched off everything still arrives. A file
that is not finished is looked at again when it may be: each has a reason and a next moment.
"""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable

from gateway.awaited import ANSWERS, SCAN_SECONDS, SCAN_SHARE, Awaited, Spot
from gateway.folders import Folders, Seen, Waiting
from gateway.handover import Handover
from gateway.model import STATION_OF, Kind, Place
from gateway.moment import monotonic
from gateway.scanner import Scanner

IDLE_SHARE = 250
"""What ``SCAN_SHARE`` is where a scan found nothing, and the watcher is awake: 0.4 % of a core."""

_UNTIL_THE_FOLDER_CHANGES = frozenset(
    {"geen-bestand", "bewerkt", "merkteken", "manifest", "manifest-fout", "manifest-wijkt-af",
     "andere-map", "onleesbaar", "symbolische-link", "harde-link", "zegel"}
)  # fmt: skip
"""Why a file is not taken until somebody does something beside it: looked at when they did."""

_IN_PLACE = frozenset({"harde-link", "manifest-fout", "onleesbaar"})
"""What may be mended without the folder's date changing: looked at by and by."""

_AGAIN_SECONDS = 2.0

_PATIENCE = {
    "schrijver": 5.0, "bewerkt": 5.0, "schijf-vol": 60.0, "harde-link": 60.0, "onleesbaar": 60.0,
    "manifest-fout": 60.0, "andere-map": 60.0,
}  # fmt: skip
"""For how long (s) at most a file is left alone, when look after look gives the same reason: the
pause doubles each time. Thousands may wait for months; a hint ends the pause at once."""

_ORDERED = (Kind.GGK_UIT, Kind.GGK_IN)


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
        self._next: dict[Spot, float] = {}
        self._next_scan = 0.0
        self._pauses: dict[Spot, float] = {}
        self._anew = True
        self._count = 0
        self._barred: list[Waiting] = []
        self.awaited = Awaited(folders, stations)
        self._scanner = Scanner(folders, stations)
        self._places = set(folders.tops(stations))
        self._kinds = {place.kind for place in self._places}

    def adopt(self) -> None:
        """The folders go by another configuration: look at everything anew, but what is taken."""
        self._handover.adopt()
        technisch = self._folders.config.technisch
        self._limit, self._scan_s = technisch.batch, technisch.scan_ms / 1000
        self._places = set(self._folders.tops(self._stations))
        self._scanner.adopt()
        self._anew = True
        self._kinds = {place.kind for place in self._places}
        self._known = set(self._taken)
        self._queues.clear()
        self._waiting.clear()
        self._pauses.clear()
        self._due.clear()
        self._next.clear()
        self.scan_now()

    # --- what the engine and the watcher tell ---

    def hint(self, place: Place, name: str) -> None:
        """This file may be there, or finished. Safe from any thread."""
        # An outbox may have sub-folders since; a party or receiver that is not configured has no
        # outbox or send folder, whatever lies there: what the scan would not find is no hint.
        top = Place(place.kind, place.partij) if place.kind is Kind.OUTBOX else place
        if top in self._places or (
            place.kind in ANSWERS and STATION_OF[place.kind] in self._stations
        ):
            self._hints.append((place, name))

    def look_again(self) -> None:
        """Let the next round look at whatever waits, however long it was to be left alone."""
        self._pauses.clear()
        for spot in self._waiting:
            self._queue(spot)

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
        self._next_scan = 0.0
        self.awaited.look_now()

    # --- what is ready ---

    def finished(self, now: float) -> list[Seen]:
        """Finished files, at most ``limit`` for each kind of place, each place in its turn."""
        self._take_hints()
        self._handover.announced.new_round()
        began, scanned = monotonic(), now >= self._next_scan
        if scanned:
            self._scan(now)
        while self._due and self._due[0][0] <= now:
            moment, _, spot = heapq.heappop(self._due)
            if self._next.get(spot) == moment:  # else it was looked at since, and has another
                self._queue(spot)
        found: list[Seen] = []
        room: dict[Kind, int] = dict.fromkeys(self._kinds, self._limit)
        while turn := [p for p in self._queues if room[p.kind] > 0]:
            for place in turn:
                if room[place.kind] > 0:
                    self._look_at_next(place, room, found, now)
        if scanned:
            share = SCAN_SHARE if found else IDLE_SHARE
            spent = monotonic() - began  # what waits was looked at again, too
            most = max(self._scan_s, SCAN_SECONDS)
            self._next_scan = now + min(max(self._scan_s, share * spent), most)
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
            self._missed.add((place, name))
            return  # seen, not yet claimed: a second claim might take what is dropped next
        seen = self._handover.look(place, name, now)
        if isinstance(seen, Seen):
            self._forget((place, name))
            self._known.add((place, name))
            self._taken.add((place, name))
            found.append(seen)
            room[place.kind] -= 1
        elif seen is None:
            self._forget((place, name))
        else:
            pause = self._pause((place, name), seen)
            self._waiting[place, name] = seen
            for one in seen.announces:
                if (place, one) in self._waiting:
                    self._queue((place, one))
            if pause is not None:
                self._count += 1
                self._next[place, name] = now + pause
                heapq.heappush(self._due, (now + pause, self._count, (place, name)))

    def _pause(self, spot: Spot, seen: Waiting) -> float | None:
        """For how long to leave this file alone: longer each time that it waits for the same."""
        pause = _AGAIN_SECONDS if seen.code in _IN_PLACE else seen.retry
        most = _PATIENCE.get(seen.code)
        if pause is None or most is None:
            return pause
        before = self._waiting.get(spot)
        if before is not None and before.code == seen.code and spot in self._pauses:
            pause = min(2 * self._pauses[spot], max(most, pause))
        self._pauses[spot] = pause
        return pause

    def _take_hints(self) -> None:
        while self._hints:
            place, name = self._hints.popleft()
            if place.kind in ANSWERS:
                self.awaited.see(place, name)
            elif (place, name) in self._waiting:
                self._queue((place, name))
            elif (place, name) in self._taken:  # already the next file of that name, perhaps
                self._missed.add((place, name))
            elif (place, name) not in self._known:
                self._known.add((place, name))
                self._queue((place, name))

    def _queue(self, spot: Spot) -> None:
        queue = self._queues.setdefault(spot[0], deque())
        if len(queue) > self._limit or spot[1] not in queue:
            queue.append(spot[1])

    def _forget(self, spot: Spot) -> None:
        self._known.discard(spot)
        self._waiting.pop(spot, None)
        self._pauses.pop(spot, None)
        self._next.pop(spot, None)
        self._handover.forget(*spot)

    def _scan(self, now: float) -> None:
        present: dict[Place, set[str]] = {}
        for place, lying, fresh in self._scanner.changed(now, self._has_enough):
            if fresh:
                present[place] = set(lying)
            new = [name for name in lying if (place, name) not in self._known]
            self._known.update((place, name) for name in new)
            if place.kind in _ORDERED:  # a round takes a part of them: the earliest first
                new.sort(key=lambda name: self._folders.tijdstip(place, name))
            if new:
                self._queues.setdefault(place, deque()).extend(new)
        self._barred = self._handover.all_barred(self._places)
        for place, name in self._taken:
            if name in present.get(place, ()):  # perhaps the next file of that name, already
                self._missed.add((place, name))
        if present:
            self._compare(present)

    def _has_enough(self, place: Place) -> bool:
        return len(self._queues.get(place, ())) > 2 * self._limit

    def _compare(self, present: dict[Place, set[str]]) -> None:
        """Look whether what waits in folders that changed is there, and what it waits for holds."""
        away = {one.place.partij for one in self._barred}  # what lay there is not gone
        remembered = self._handover.waits.spots()  # of before a restart, and gone since
        for spot in {*self._waiting, *remembered} - self._taken:
            if spot[0] not in present and not self._anew:
                continue
            if spot[1] not in present.get(spot[0], ()):
                if spot[0].partij not in away:
                    self._forget(spot)
            elif spot in self._waiting and self._waiting[spot].code in _UNTIL_THE_FOLDER_CHANGES:
                self._queue(spot)  # a link that was removed, a file in place of a pipe
        self._anew = False

    def answers(self, now: float) -> list[Spot]:
        """Answers to envelopes of ours that have come. They stay where they are."""
        return self.awaited.come(now, self._scan_s, self._limit)

    @property
    def reading(self) -> bool:
        """Whether the last look read a part of a large file, and there is more of it."""
        return self._handover.announced.reading

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
        if self._queues or self._hints or self.awaited or self.awaited.looking:
            return 0.0
        moments = [self._next_scan] + ([self._due[0][0]] if self._due else [])
        return max(0.0, min(moments) - now)
