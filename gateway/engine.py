# SPDX-License-Identifier: EUPL-1.2
"""The round: the only thing in Knooppunt that loops, and the only one that acts.

Each round, for all stations together:

(a) *perform* what the last commit promised: rename staged files into place, let sources go;
(b) *see* finished files (their intent is committed), *claim* those whose intent the last commit
    recorded, read them, let the stations decide, and *stage* what they decide;
(c) *sync*, once for each file system touched;
(d) ONE transaction: the results of (a), the promises of (b), the intents, and the audit leaves.

(c) runs in a thread beside the next round's (a) and (b), which work only on what was committed
before; (d) comes when (c) is done. A crash anywhere: the next start reads the last commit and goes
on with (a) and (b). There is no other recovery code.

What this does not protect against: a receiver that acted on a rename which a power failure then
undid gets the same file, under the same name, again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar, cast

from gateway import durable, promises
from gateway.config import Config
from gateway.custody import Ledger
from gateway.folders import Content, Folders
from gateway.inbound import Inbound
from gateway.journal import (
    INTENT,
    PROMISE,
    Intent,
    Promise,
    decode_intent,
    decode_promise,
    encode_intent,
    encode_promise,
)
from gateway.model import (
    STATION_OF,
    Arrival,
    ByNumber,
    ByReference,
    Decision,
    Event,
    EventType,
    Fate,
    Key,
    Kind,
    Known,
    Levering,
    Place,
)
from gateway.moment import Clock, monotonic
from gateway.stations import STATIONS, Station
from gateway.store import Changes, Row, Store

RETRY_SECONDS = 0.5
"""How long a claimed file rests when it cannot be read or its outputs cannot be staged now."""

REMEMBERED = 20_000
"""Committed facts kept at hand: most questions are about what happened a moment ago."""

Happened = tuple[Event, Levering]
T = TypeVar("T")


@dataclass(slots=True)
class Batch:
    """What one round did, and not yet committed."""

    intents: list[Intent] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    redo: list[Promise] = field(default_factory=list)
    leveringen: dict[str, Levering] = field(default_factory=dict)
    facts: dict[Key[object], object] = field(default_factory=dict)
    happened: list[Happened] = field(default_factory=list)
    file_systems: dict[int, int] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)
    synced: Future[None] | None = None

    def __bool__(self) -> bool:
        return bool(self.intents or self.promises or self.done or self.redo)


@dataclass(slots=True)
class Work:
    """A file in hand: claimed (or, an answer, read in place) and read, not yet decided on."""

    intent: Intent
    arrival: Arrival
    content: Content


class Engine:
    """Goes round for some stations, on one store and one set of folders.

    The caller holds the lock on the state. ``listener`` is told what happened after each commit.
    """

    def __init__(
        self,
        folders: Folders,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        stations: tuple[str, ...],
        listener: Callable[[list[Happened]], None] = lambda _: None,
    ) -> None:
        self.config: Config = folders.config
        self.inbound = Inbound(folders, stations, self.config.technisch.batch)
        self.orphans: list[str] = []
        self._folders = folders
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._stations = stations
        self._listener = listener
        self._to_claim: deque[Intent] = deque()
        self._to_perform: list[Promise] = []
        self._leveringen: dict[str, Levering] = {}
        self._no_answers: dict[tuple[Place, str], str] = {}
        self._recent: dict[Key[object], object] = {}
        self._remembered: dict[Key[object], object] = {}
        self._in_flight: Batch | None = None
        self._rest_until = 0.0
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="sync")

    # --- start and stop ---

    def recover(self) -> None:
        """Take up what the last commit says is under way; set aside what it does not know."""
        for row in self._store.journal():
            if row["state"] == PROMISE:
                self._to_perform.append(decode_promise(row["id"], row["promise"]))
            else:
                self._take_up(decode_intent(row["id"], row["intent"]))
        self._set_orphans_aside()
        for levering in self._store.awaiting():
            self.inbound.await_answer(levering)

    def _take_up(self, intent: Intent) -> None:
        self._to_claim.append(intent)
        self.inbound.hold(intent.place, intent.name)

    def _set_orphans_aside(self) -> None:
        """Files of ours that the journal does not know (a restored backup): never deleted."""
        intended = {intent.id for intent in self._to_claim}
        promised = {promise.id for promise in self._to_perform}
        staged = {put.staged for promise in self._to_perform for put in promise.puts}
        found = list(self._folders.leftovers(self._stations))
        claimed = {name for _, which, name in found if which == ".claimed"}
        for place, which, name in found:
            owner = name.split(".")[0]
            if name in staged or (which == ".claimed" and owner in intended | promised):
                continue
            fd = self._folders.private(place, which)
            if which == ".tmp" and owner in intended | promised:
                durable.remove(fd, name)  # no promise was made of it; its source is still there
                continue
            if which == ".tmp" and owner not in claimed:
                # A source goes last: so this was staged for an answer, which is still there. In
                # quarantine no answer leads to a file: it is that of a gateway beside this one.
                if place.kind is not Kind.QUARANTAINE:
                    durable.remove(fd, name)
                continue
            held = Place(Kind.QUARANTAINE, "wees-" + owner)
            promises.move(self._folders, fd, name, held, name)
            durable.sync_filesystem(self._folders.fd(held))
            self.orphans.append(self._folders.shown(held))

    @property
    def unfinished(self) -> bool:
        """Whether something was taken up that could not be finished yet (a full disk, say)."""
        return bool(self._to_claim)

    def beside(self, work: Callable[[], T]) -> Future[T]:
        """Let the sync thread do this when it has nothing to sync."""
        return self._syncer.submit(work)

    def settle(self) -> None:
        """Finish what was promised, take up nothing new; then nothing is half done."""
        self._land()
        while self._to_perform:
            batch = Batch()
            self._perform(batch)
            self._fly(batch)
            self._land()

    def close(self) -> None:
        """End after :meth:`settle`."""
        self.settle()
        self._syncer.shutdown(wait=True)

    # --- the round ---

    def round(self) -> bool:
        """Go round once; False when there was nothing to do."""
        batch = Batch()
        self._perform(batch)
        self._see(batch)
        self._claim_and_decide(batch)
        worked = bool(batch) or self._in_flight is not None
        self._fly(batch)
        return worked

    def _fly(self, batch: Batch) -> None:
        """Have a round synced; meanwhile commit the one before it."""
        if batch:
            batch.synced = self._syncer.submit(_sync, list(batch.file_systems.values()))
        self._land()
        self._in_flight = batch if batch else None

    def _touch(self, batch: Batch, place: Place) -> None:
        if place not in batch.places:
            batch.places.add(place)
            device, fd = self._folders.file_system(place)
            batch.file_systems[device] = fd

    # (a) On the disk, before: staged files in .tmp, sources in .claimed. After: files under their
    # final names, sources gone. A restart does the same again, file by file.

    def _perform(self, batch: Batch) -> None:
        due, self._to_perform = self._to_perform, []
        for promise in due:
            self._touch(batch, promise.place)
            for put in promise.puts:
                self._touch(batch, put.place)
            outcome = promises.perform(self._folders, promise)
            if outcome.redo:
                batch.redo.append(promise)
                continue
            batch.done.append(promise.id)
            for event in outcome.events:
                levering = self._levering(event.levering)
                batch.happened.append((event, levering))
                if event.type is EventType.RELAYED:
                    self.inbound.await_answer(levering)
            for place, name in outcome.landed:
                self.inbound.hint(place, name)
            self._leveringen.pop(promise.levering, None)

    def _levering(self, levering: str) -> Levering:
        known = self._leveringen.get(levering)
        return known if known is not None else self._store.levering(levering)

    # (b) On the disk, before: finished files where they were dropped. After: those whose intent
    # was committed lie in .claimed, and what they lead to in .tmp. A restart finds a claimed file
    # by its intent and decides again; what was staged without a promise is staged anew.

    def _see(self, batch: Batch) -> None:
        for seen in self.inbound.finished(monotonic()):
            moment = self._clock.moment()
            batch.intents.append(
                Intent(self._clock.fresh_ulid(), seen.place, seen.name, seen.dev, seen.ino, moment)
            )

    def _claim_and_decide(self, batch: Batch) -> None:
        works = self._claim(batch) if monotonic() >= self._rest_until else []
        works += self._answers()
        if not works:
            return
        works.sort(key=_in_order)
        wanted = [_station(w).needs(w.arrival, self.config) for w in works]
        stored = self._look_up({key for keys in wanted for key in keys})
        for number, (work, keys) in enumerate(zip(works, wanted, strict=True)):
            known = Known({k: self._recent[k] if k in self._recent else stored[k] for k in keys})
            decision = _station(work).decide(work.arrival, known, self.config)
            try:
                promise = promises.stage(self._folders, work.arrival, work.content, decision)
            except OSError:
                # In order: what comes after from the same sender must not overtake this one.
                for later in reversed(works[number:]):
                    self._put_back(later)
                return
            if decision.source.fate is Fate.LEAVE and not decision.events:
                self._not_an_answer(work)
                continue
            self._adopt(batch, decision, promise, known)

    def _look_up(self, wanted: set[Key[object]]) -> dict[Key[object], object]:
        """Answers as of the last commit. We are the only writer: what we committed, we know."""
        remembered = self._remembered
        answers = {key: remembered[key] for key in wanted if key in remembered}
        answers.update(self._store.lookup([k for k in wanted if k not in answers]))
        return answers

    def _claim(self, batch: Batch) -> list[Work]:
        works = []
        for _ in range(len(self._to_claim)):
            intent = self._to_claim.popleft()
            self._touch(batch, intent.place)
            if not self._folders.claim(intent):
                batch.done.append(intent.id)  # taken back by its owner: it was never ours
                self.inbound.release(intent.place, intent.name)
                continue
            content = self._folders.read_claimed(intent)
            if content is None:  # opened again between our look and our claim
                self._put_back(Work(intent, _arrival(intent, _NOTHING), _NOTHING))
                continue
            works.append(Work(intent, _arrival(intent, content), content))
            self.inbound.release(intent.place, intent.name)
        return works

    def _put_back(self, work: Work) -> None:
        self._rest_until = monotonic() + RETRY_SECONDS
        intent = work.intent
        if intent.place.kind in (Kind.GGK_UIT_ANTWOORD, Kind.GGK_IN_ANTWOORD):
            self.inbound.answer_again(intent.place, intent.name)
        else:
            intent.again = True
            self._to_claim.appendleft(intent)

    def _answers(self) -> list[Work]:
        works = []
        for place, name in self.inbound.answers(monotonic()):
            content = self._folders.read_in_place(place, name)
            if content is None or self._no_answers.get((place, name)) == content.sha256:
                self.inbound.answer_again(place, name)
                continue
            intent = Intent(self._clock.fresh_ulid(), place, name, 0, 0, self._clock.moment())
            works.append(Work(intent, _arrival(intent, content), content))
        return works

    def _not_an_answer(self, work: Work) -> None:
        """What lies under an answer's name is none (yet): look again when it has other bytes."""
        spot = work.intent.place, work.intent.name
        self._no_answers[spot] = work.content.sha256
        self.inbound.answer_again(*spot)

    def _adopt(self, batch: Batch, decision: Decision, promise: Promise, known: Known) -> None:
        batch.promises.append(promise)
        for put in promise.puts:
            self._touch(batch, put.place)
        learned = dict(decision.facts)
        for one in decision.leveringen:
            batch.leveringen[one.id] = self._leveringen[one.id] = one
            for key in (ByReference(one.referentienummer),
                        ByReference(one.referentienummer, one.gemeentecode)):  # fmt: skip
                if known.first(key, one).id == one.id:
                    learned[_key(key)] = one
            if one.volgnummer is not None:
                number = ByNumber(one.uitwisseling, one.gemeentecode, one.uitvraag, one.volgnummer)
                learned[_key(number)] = one
        batch.facts.update(learned)
        self._recent.update(learned)
        batch.happened += [(event, self._levering(event.levering)) for event in decision.events]

    # (c) and (d)

    def _land(self) -> None:
        """Wait until the round in flight is durable, then commit it: from here it is true."""
        batch, self._in_flight = self._in_flight, None
        if batch is None or batch.synced is None:
            return
        batch.synced.result()
        changes = self._changes(batch)
        self._ledger.record(batch.happened, changes)
        self._store.commit(changes)
        self._to_claim.extend(batch.intents)
        self._to_perform.extend(batch.promises)
        for key, value in batch.facts.items():
            if self._recent.get(key) is value:  # else a later round, still in flight, knows better
                del self._recent[key]
        if len(self._remembered) > REMEMBERED:
            self._remembered.clear()
        self._remembered.update(batch.facts)
        self._take_up_again(batch.redo)
        self._listener(batch.happened)

    def _changes(self, batch: Batch) -> Changes:
        intents: list[Row] = [
            {"id": one.id, "seq": self._store.next_arrival(), "state": INTENT,
             "intent": encode_intent(one), "promise": None}
            for one in batch.intents
        ]  # fmt: skip
        decided: list[Row] = []
        for promise in batch.promises:
            text = encode_promise(promise)
            if promise.fate is Fate.LEAVE:  # an answer: it is not claimed, so it had no intent
                intents.append({"id": promise.id, "seq": self._store.next_arrival(),
                                "state": PROMISE, "intent": "", "promise": text})  # fmt: skip
            else:
                decided.append({"key": promise.id, "new_state": PROMISE, "new_promise": text})
        done = list(batch.done)
        for promise in batch.redo:
            if promise.fate is Fate.LEAVE:
                done.append(promise.id)
            else:
                decided.append({"key": promise.id, "new_state": INTENT, "new_promise": None})
        return Changes(intents=intents, decided=decided, done=done, facts=batch.facts,
                       leveringen=list(batch.leveringen.values()))  # fmt: skip

    def _take_up_again(self, redo: list[Promise]) -> None:
        if not redo:
            return
        again = {promise.id for promise in redo}
        for row in self._store.journal():
            if row["id"] in again:
                self._take_up(decode_intent(row["id"], row["intent"]))


_NOTHING = Content(0, 0, "", None, None)


def _sync(file_systems: list[int]) -> None:
    for fd in file_systems:
        durable.sync_filesystem(fd)


def _key(key: object) -> Key[object]:
    return cast("Key[object]", key)


def _station(work: Work) -> Station:
    return STATIONS[STATION_OF[work.arrival.place.kind]]


def _arrival(intent: Intent, content: Content) -> Arrival:
    return Arrival(intent.id, intent.place, intent.name, content.size, content.sha256,
                   content.content, content.owner, intent.moment)  # fmt: skip


def _in_order(work: Work) -> str:
    """Envelopes go in the order of tijdstipBericht, whatever their files are called."""
    if work.arrival.place.kind not in (Kind.GGK_UIT, Kind.GGK_IN):
        return ""
    return work.arrival.tijdstip
