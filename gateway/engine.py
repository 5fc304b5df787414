# SPDX-License-Identifier: EUPL-1.2
"""The round: the only thing in Knooppunt that loops, and the only one that acts.

Each round, for all stations together:

(a) *perform* what the last commit promised: rename staged files into place, let sources go;
(b) *see* finished files (their intent is committed), *claim* those whose intent the last commit
    recorded, read them, let the stations decide, and *stage* what they decide;
(c) *sync*, once for each file system touched;
(d) ONE transaction: the results of (a), the promises of (b), the intents, and the audit leaves.

Claiming, deciding, staging and syncing are the clerk's (``clerk.py``), beside the next round's
performing and seeing, which work only on what was committed before; (d) comes when (c) is done. A
crash anywhere: the next start reads the last commit and goes on with (a) and (b). There is no other
recovery code.

What this does not protect against: a receiver that acted on a rename which a power failure then
undid gets the same file, under the same name, again.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway import durable, moves, names, promises, releases
from gateway.aside import Aside
from gateway.clerk import Clerk
from gateway.config import Config
from gateway.custody import Ledger
from gateway.desk import Apart, Here
from gateway.errors import FolderError
from gateway.folders import Folders, Identity, Waiting
from gateway.handover import Handover
from gateway.inbound import Inbound
from gateway.inhand import DEATHS, Noted, key_of
from gateway.journal import (
    INTENT,
    PROMISE,
    Intent,
    Promise,
    Put,
    decode_intent,
    decode_promise,
    encode_intent,
    encode_promise,
    proof_id,
)
from gateway.lifecycle import FINAL
from gateway.model import (
    ANSWERS,
    READING_ENDS,
    ByReference,
    Event,
    EventType,
    Fate,
    Key,
    Kind,
    Levering,
    Place,
)
from gateway.moment import Clock, iso, monotonic
from gateway.requests import Asked, Requests
from gateway.restored import lies_there
from gateway.retries import FIRST_SECONDS, Retries, Try
from gateway.shares import Shares
from gateway.store import Changes, Row, Store
from gateway.store_held import HELD, held_file
from gateway.store_purge import ARCHIVE
from gateway.task import Done, Task
from gateway.touched import said
from gateway.waits import ASKS, IGNORED, STUCK, Kept, Unusable

REQUESTS_SECONDS = 0.1
"""How often to look whether a person asks something: people do not notice, a disk would."""

UNREAD = "onleesbaar"
"""Key of the tries to look into what could not be looked into at the start."""

NO_ANSWER = (
    "it bears the name of an answer that is awaited, and is none that can be used (not whole "
    "yet, damaged, or about another message); it stays, and the right one is still awaited under "
    "this name"
)
"""Told once of what bears the name of an answer and is none."""

ORPHAN = "wees-"
"""What the folder in quarantine of a file that the journal does not know begins with."""

COMING = "wezen"
"""The setting of a state that holds the rows of such files until they lie there (JSON, by folder).
"""

Happened = tuple[Event, Levering]


@dataclass(slots=True)
class Batch:
    """One round: what the engine did in it and what it asked of the clerk; not yet committed."""

    number: int
    intents: list[Intent] = field(default_factory=list)
    performed: list[str] = field(default_factory=list)
    redo: list[Promise] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    touched: dict[int, Place] = field(default_factory=dict)
    places: set[Place] = field(default_factory=set)
    claims: list[Intent] = field(default_factory=list)
    answers: list[Intent] = field(default_factory=list)
    handed: list[Intent] = field(default_factory=list)
    answered: Done = field(default_factory=Done)
    asked: Asked | None = None
    held: list[Row] = field(default_factory=list)
    waits: list[Kept] = field(default_factory=list)

    def __bool__(self) -> bool:
        worked = self.intents or self.performed or self.redo or self.claims or self.answers
        return bool(worked or self.waits) or self.asked is not None


class Decided(NamedTuple):
    """A folder in quarantine that a person decided about: it is to be archived."""

    name: str
    place: Place = Place(Kind.QUARANTAINE)


class Left(NamedTuple):
    """A file in a ``.claimed`` or ``.tmp`` (``which``) that no row of the journal leads to."""

    place: Place
    which: str
    name: str

    @property
    def key(self) -> str:
        """Of the tries to set it aside."""
        return f"{self.place}/{self.which}/{self.name}"


Taken = Intent | Promise | Decided | Left
"""What can be unable to go on."""


class Engine:
    """Goes round for some stations, on one store and one set of folders.

    The caller holds the lock on the state. ``listener`` is told what happened after each commit,
    ``trouble`` once of each file that was taken and cannot go on; those stand in ``stuck``.
    ``only_carries``: the last round did nothing but go on with large bytes. ``shares``: which of
    them did not keep what was written.
    """

    def __init__(
        self,
        folders: Folders,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        desk: Here | Apart,
        requests: Requests,
        stations: tuple[str, ...],
        handover: Handover,
        noted: Noted,
        listener: Callable[[list[Happened]], None] = lambda _: None,
        trouble: Callable[[Waiting], None] = lambda _: None,
    ) -> None:
        self.stuck: dict[str, Waiting] = {}
        self.inbound = Inbound(folders, handover, stations, folders.config.technisch.batch)
        self.only_carries, self._waits = False, handover.waits
        self.orphans: list[str] = []
        self._unread: list[tuple[Place, str]] = []  # of these nobody knows what was left in them
        self._left: dict[str, Left] = {}  # this was, and cannot be set aside now
        self.blamed = ""  # of the file whose reading ended the process before this one
        self._deaths: dict[str, int] = {}
        self._folders, self._store, self._ledger, self._clock = folders, store, ledger, clock
        self._desk, self._noted, self._stations = desk, noted, stations
        self._near = Clerk(folders, store.lookup, noted.hand())
        self._listener, self._trouble, self._requests = listener, trouble, requests
        self._to_claim: deque[Intent] = deque()
        self._to_perform: list[Promise] = []
        self._retries, self.shares = Retries(), Shares(folders)
        self._seen: list[Intent] = []  # in a round that was undone
        self._stuck_before: set[tuple[Place, str]] = set()  # when the process before this ended
        self._behind: set[str] = set()  # promises that must not overtake one that cannot go on
        self._leveringen: dict[str, Levering] = {}
        self._in_flight: Batch | None = None
        self._rounds, self._committed, self._requests_rest_until, self._anew = 0, 0, 0.0, False
        self._resting: dict[tuple[Kind, str], float] = {}
        self._outdated: set[Key[object]] = set()
        self._to_archive: list[tuple[str, str]] = []
        self._for_nothing: list[Put] = []  # staged, and of no promise
        self._told: set[str] = set()  # of these the answer is read again, for its notices alone

    # --- start and stop ---

    def recover(self) -> None:
        """Take up what the last commit says is under way; set aside what it does not know."""
        self._count_death()
        self._resume()
        self._set_orphans_aside()
        under_way = {(one.place, one.name) for one in self._to_claim}
        under_way |= {(one.place, one.name) for one in self._left.values()}
        under_way |= {(one.place, one.name) for one in self._to_perform}
        under_way |= {(Place(Kind.QUARANTAINE), folder) for folder, _ in self._to_archive}
        under_way.add((Place(Kind.QUARANTAINE), ARCHIVE))
        for place, name in self._waits.taken():
            if (place, name) in under_way:
                self._stuck_before.add((place, name))
            else:  # done since by another gateway, or restored
                self._waits.over(place, name, STUCK)
                self._waits.over(place, name, ASKS)
        for levering, refused in self._store.awaiting():
            self.inbound.awaited.expect(levering, refused=refused)
        for place, name in self._waits.ignored():
            if not self.inbound.awaited.expects(place, name):  # of what was answered since
                self._waits.over(place, name, IGNORED)

    def _resume(self) -> None:
        """What the last commit says is under way, and nothing else."""
        self._to_claim.clear()
        self._to_perform.clear()
        for row in self._store.journal():
            if row["state"] == PROMISE:
                self._to_perform.append(decode_promise(row["id"], row["promise"]))
            else:
                self._take_up(_found_again(row))
        unclaimed = {one.held.folder for one in self._to_claim if one.held}
        decided = self._store.decided_on()
        self._to_archive = [one for one in decided if one[0] not in unclaimed]

    def _count_death(self) -> None:
        """The process before this one was ended while it read a file: remember it of that file."""
        self._deaths, died = self._store.deaths(), self._noted.died
        if not died:
            return
        times = self._deaths[died] = self._deaths.get(died, 0) + 1
        self._store.commit(Changes(deaths={died: times}))
        then = "it is not read again" if times >= DEATHS else "it is tried once more"
        self.blamed = f"reading {died} ended the process before this one ({times}x); {then}"

    def _judged(self, intent: Intent) -> Intent:
        """The same; given up, when reading it ended the process too often."""
        if self._deaths and self._deaths.get(key_of(intent), 0) >= DEATHS:
            intent.given_up = READING_ENDS
        return intent

    def _take_up(self, intent: Intent) -> None:
        intent = self._judged(intent)
        self._to_claim.append(intent)
        if intent.held is None:
            self.inbound.hold(intent.place, intent.name)

    def _set_orphans_aside(self) -> None:
        """Files of ours that the journal does not know (a restored backup): never deleted."""
        intended = {intent.id for intent in self._to_claim}
        promised = {promise.id for promise in self._to_perform}
        staged = {put.staged for promise in self._to_perform for put in promise.puts}
        self._unread, before, self._left = [], self._left, {}
        found = [Left(*one) for one in self._folders.leftovers(self._stations, self._unread)]
        blind = set(self._unread)
        unseen = any(which == ".claimed" for _, which in blind)
        claimed = {one.name for one in found if one.which == ".claimed"}
        ours = intended | promised
        lost = [one for one in found if one.which == ".claimed"]
        rows = self._note_orphans([one for one in lost if one.name.split(".")[0] not in ours])
        arrived: list[Row] = []
        for one in found:
            owner = one.name.split(".")[0]
            if one.name == names.deel_naam(owner) and owner in intended:
                continue  # a part of a large file: it is held to its source, and the rest follows
            if one.name in staged or (one.which == ".claimed" and owner in ours):
                continue
            source = owner in ours or owner in claimed
            if one.which == ".tmp" and not source and unseen:
                continue  # its source may lie where nobody can look now
            aside = self._try_aside(one, orphan=owner not in ours and source)
            if aside and one in rows:
                arrived.append(rows[one] | {"name": json.dumps(aside)})
        self._list_orphans(arrived)
        for key, one in before.items():
            if (one.place, one.which) in blind:
                self._left.setdefault(key, one)
            elif key not in self._left:
                self._went_well(key, one)

    def _try_aside(self, one: Left, *, orphan: bool) -> str:
        """The name that it got in quarantine; empty: none, and where it cannot be moved, told."""
        try:
            return self._set_aside(one.place, one.which, one.name, orphan=orphan)
        except (OSError, FolderError) as error:
            self._unread.append((one.place, one.which))
            self._left[one.key] = one
            lies = self._folders.shown(one.place, one.which)
            why = f"it lies in {lies}, and cannot be set aside: {said(error)}"
            self._failed(one.key, one, f"the journal does not know it; {why}")
            return ""

    def _set_aside(self, place: Place, which: str, name: str, *, orphan: bool) -> str:
        """To quarantine, when it is of nobody; else it is made anew, and is removed."""
        fd = self._folders.private(place, which)
        owner = name.split(".")[0]
        if which == ".tmp" and not orphan:
            # No promise was made of it and its source is still there: in .claimed, or, since a
            # source goes last, an answer, which stays. In quarantine no answer leads to a file: it
            # is that of a gateway beside this one, where its source is none of ours.
            if place.kind is not Kind.QUARANTAINE or self._is_ours(owner):
                durable.remove(fd, name)
            return ""
        held = Place(Kind.QUARANTAINE, self._orphan_folder(name))
        got = moves.move(self._folders, fd, name, held, name)
        self._folders.sync(self._folders.fd(held))
        self.orphans.append(self._folders.shown(held))
        return got

    def _orphan_folder(self, name: str) -> str:
        """Where it is set aside, with what was claimed with it: not where people decided before.

        It need not be ours: any name leads to an id that a row can hold and people can type.
        """
        folder = ORPHAN + names.als_id(name.split(".")[0])
        for other in (folder, *(f"{folder}-{number}" for number in range(2, moves.MAX_NEIGHBOURS))):
            row = self._store.held(other)
            if row is None or row["state"] == HELD:
                return other
        raise durable.Occupied(f"no free name beside {folder!r}")

    def _is_ours(self, arrival: str) -> bool:
        claims = any(intent.id == arrival for intent in self._to_claim)
        return claims or any(promise.id == arrival for promise in self._to_perform)

    def _look_at_unread(self) -> None:
        """What nobody could look into at the start, and now can: recovered then, as at a start."""
        if not self._unread or self._retries.rests(UNREAD, monotonic()):
            return
        self._retries.failed(UNREAD, monotonic())
        if all(self._folders.left_in(*one) is None for one in self._unread):
            return
        self.settle()  # what lies there and is in no row of the journal is of nobody, then
        self._set_orphans_aside()
        if not self._unread:
            self._retries.done(UNREAD)

    def try_now(self) -> None:
        """Let the next round try all that failed or waits, whatever the pauses."""
        self._retries.try_now()
        self.shares.try_now()
        self._resting.clear()
        self.inbound.look_again()

    def look_now(self) -> None:
        """Let the next round look at every folder, and at what people ask, whatever the pauses."""
        self.inbound.scan_now()
        self._requests_rest_until = 0.0

    # A row of what is not in quarantine would let people decide about what is not there: it waits
    # in COMING until the file was moved. After a kill in between the next start finds both.

    def _note_orphans(self, found: list[Left]) -> dict[Left, Row]:
        """Remember where each came from, before it is moved: a person may send it in again.

        Gives the row of each, to be made when it was moved; one a folder.
        """
        self._list_orphans([row for row in self._coming().values() if self._arrived(row)])
        before = self._coming()
        coming, rows, noted = dict(before), dict[Left, Row](), set[str]()
        together = {(one.place, one.name) for one in found}
        for one in found:  # by name: of what was claimed together the file itself is the first
            folder = self._orphan_folder(one.name)
            if folder in noted or self._store.held(folder):
                continue
            noted.add(folder)
            proof = proof_id(one.name)
            beside = proof if (one.place, proof) in together else ""
            rows[one] = self._orphan_row(folder, one, beside, before.get(folder))
            coming[folder] = rows[one]
        if coming != before:
            self._store.commit(Changes(meta={COMING: json.dumps(coming)}))
        return rows

    def _orphan_row(self, folder: str, one: Left, beside: str, before: Row | None) -> Row:
        if before is not None:  # it could not be moved then: as it was noted first
            first = decode_intent(folder, before["intent"])
            if (first.place, first.name) == (one.place, one.name):
                return before
        moment = self._clock.moment(self._ledger.size)
        intent = encode_intent(Intent(one.name, one.place, one.name, 0, 0, moment))
        return held_file(folder, "wees", one.name, intent, "", moment.klok, beside)

    def _coming(self) -> dict[str, Row]:
        found: dict[str, Row] = json.loads(self._store.meta().get(COMING, "{}"))
        return found

    def _arrived(self, row: Row) -> bool:
        """Whether it lies in quarantine, where that can be seen."""
        if self._folders.fault(Place(Kind.QUARANTAINE, row["id"])):
            return False
        return lies_there(self._folders.root, row | {"name": json.loads(row["name"])})

    def _list_orphans(self, rows: list[Row]) -> None:
        """Now they lie in quarantine; what a row tells already, and a person decided, stays."""
        if rows:
            done = {row["id"] for row in rows}
            rest = {folder: row for folder, row in self._coming().items() if folder not in done}
            new = [row for row in rows if self._store.held(row["id"]) is None]
            self._store.commit(Changes(held=new, meta={COMING: json.dumps(rest)}))

    @property
    def unfinished(self) -> bool:
        """Whether something was taken up that could not be finished yet (a full disk, say)."""
        return bool(self._to_claim)

    def settle(self) -> None:
        """Finish what was promised, take up nothing new; then nothing is half done."""
        self._fly(self._batch(), going_on=False)
        while any(
            one.id not in self._retries and one.id not in self._behind for one in self._to_perform
        ):
            batch = self._batch()
            self._perform(batch)
            self._fly(batch, going_on=False)
            self._fly(self._batch(), going_on=False)

    def adopt(self, config: Config, outdated: set[Key[object]]) -> None:
        """Go by another configuration from the next round on, after :meth:`settle`.

        What was seen stays seen; ``outdated`` are the questions that it answers otherwise.
        """
        self._outdated |= outdated
        self.try_now()
        self._folders.adopt(config)
        self._desk.adopt(config)
        self.inbound.adopt()

    def close(self) -> None:
        """End after :meth:`settle`."""
        self.settle()
        self._desk.close()

    def abandon(self) -> None:
        """End as after a kill: what is in flight is left to the restart."""
        self._desk.close()

    # --- the round ---

    def round(self) -> bool:
        """Go round once; False when there was nothing to do."""
        self._look_at_unread()
        batch = self._batch()
        self._perform(batch)
        self._see(batch)
        self._take(batch)
        self._answer(batch)
        self._hear(batch)
        news = bool(batch)
        reads = self.inbound.reading
        worked = news or self._in_flight is not None or reads
        self._fly(batch)
        self.only_carries = not news and (self._in_flight is not None or reads)
        return worked

    def _batch(self) -> Batch:
        self._rounds += 1
        self._folders.refresh()
        self.shares.refresh()
        return Batch(self._rounds)

    def _fly(self, batch: Batch, *, going_on: bool = True) -> None:
        """Hand a round to the clerk; meanwhile commit the one before, when it is durable.

        What is under way there goes on at once; not when we end, then a restart goes on with it.
        """
        before, self._in_flight = self._in_flight, None
        done = self._desk.finish() if before is not None else None
        if before is not None and done is not None:
            self._heard(before, done)
            for intent in done.going:
                intent.again = True
            if going_on:
                batch.claims[:0] = done.going
            else:
                self._to_claim.extendleft(reversed(done.going))
        if batch:
            self._desk.start(
                Task(
                    batch.number,
                    self._committed,
                    batch.claims,
                    batch.handed,
                    batch.touched,
                    frozenset(self._outdated),
                    self._folders.hanging,
                    self._folders.failing,
                    self._anew,
                )
            )
            self._outdated.clear()
            self._anew = False
            self._in_flight = batch
        if before is not None and done is not None:
            if self._is_kept():
                self._commit(before, done)
            else:
                self._undo(before, done)

    def _is_kept(self, *, undone: bool = False) -> bool:
        """Whether the oldest round is durable; what a share did not keep is told."""
        told = self.shares.judge(self._desk.durable(), undone=undone)
        for one in told:
            self._trouble(one)
        return not told

    # Before: of this round, and of the one that was begun on what it decided, nothing is committed.
    # After: what the last commit says is under way again, as a restart would have it; what was
    # staged is staged anew, never synced once more and believed.

    def _undo(self, before: Batch, done: Done) -> None:
        """A share did not keep a round: nothing of it is true. The others go on in the next."""
        undone = [(before, done)]
        later, self._in_flight = self._in_flight, None
        if later is not None:
            after = self._desk.finish()
            self._heard(later, after)
            self._is_kept(undone=True)
            undone.append((later, after))
        for batch, its in undone:
            self._undo_one(batch, its)
        self._anew = True  # what the clerk decided since the last commit is not true
        self._resume()

    def _undo_one(self, batch: Batch, done: Done) -> None:
        self._seen += batch.intents
        self._waits.unkept(batch.waits)
        if batch.asked is not None:
            self._requests.undone(batch.asked)
        heard = [*batch.answered.back, *(intent for intent, _ in batch.answered.ignored)]
        for answer in batch.answers:
            if answer not in heard:
                self.inbound.awaited.again(answer.place, answer.name)
        for promise in done.promises:
            self._drop_staged(promise)
        self._for_nothing += (put for one in batch.answered.promises for put in one.puts)
        self._unstage()

    def _drop_staged(self, promise: Promise) -> None:
        """No promise leads to it any more; what cannot be removed now goes at the next start."""
        for put in promise.puts:
            try:
                if put.staged != names.deel_naam(promise.id):  # that is held to its source
                    durable.remove(self._folders.tmp(put.place), put.staged)
            except OSError:
                self._folders.forget(put.place)

    def _heard(self, batch: Batch, done: Done) -> None:
        self._put_back(done)
        if done.answers is not None:
            self._put_back(done.answers)
            batch.answered.add(done.answers)

    def _touch(self, batch: Batch, place: Place) -> None:
        if place not in batch.places:
            self._folders.freshen(place)
            batch.touched.setdefault(self._folders.file_system(place)[0], place)
            batch.places.add(place)  # only now: who comes after one that failed tries for himself

    # (a) On the disk, before: staged files in .tmp, sources in .claimed. After: files under their
    # final names, sources gone. A restart does the same again, file by file.

    def _perform(self, batch: Batch) -> None:
        self._archive()
        due, self._to_perform = self._to_perform, []
        now = monotonic()
        self._behind.clear()
        held_up: set[tuple[Kind, str]] = set()
        for promise in due:
            line = _hop_line(promise)
            if line in held_up:
                self._behind.add(promise.id)
                self._to_perform.append(promise)
                continue
            rests = self._retries.rests(promise.id, now)
            if rests:
                self._to_perform.append(promise)
            outcome = None if rests else self._perform_one(batch, promise)
            if outcome is None:
                held_up |= {line} if line else set()
                continue
            if outcome.redo:
                if promise.fate is not Fate.LEAVE:
                    del promise.puts[len(outcome.landed) :]  # what landed must not land again
                batch.redo.append(promise)
                continue
            batch.performed.append(promise.id)
            for event in outcome.events:
                levering = self._levering(event.levering)
                batch.happened.append((event, levering))
                if event.type is EventType.RELAYED and not self._is_answered(levering):
                    self.inbound.awaited.expect(levering)
            for place, name in outcome.landed:
                self.inbound.hint(place, name)
            if outcome.held is not None:
                batch.held.append(self._held(promise, outcome.held))
                self._keep_in_quarantine(promise.id)
            self._leveringen.pop(promise.levering, None)

    def _archive(self) -> None:
        """What a person decided about, as the last commit says; what cannot go now comes again."""
        # What was released, and cannot be archived, may be refused once more: it is there again.
        filled = {promise.id for promise in self._to_perform if promise.again}
        now = monotonic()
        due: list[tuple[str, str]] = []
        later: list[tuple[str, str]] = []
        for one in self._to_archive:
            waits = one[0] in filled or self._retries.rests(_archive_key(one[0]), now)
            (later if waits else due).append(one)
        if not due or self._retries.rests(ARCHIVE, now):
            return
        try:
            lying = releases.lying(self._folders)
        except OSError as error:
            self._failed(ARCHIVE, Decided(ARCHIVE), said(error))
            return
        self._went_well(ARCHIVE, Decided(ARCHIVE))
        self._to_archive = later
        for folder, name in due:
            try:
                if folder in lying:
                    releases.archive(self._folders, folder, name)
            except OSError as error:
                self._to_archive.append((folder, name))
                self._failed(_archive_key(folder), Decided(folder), said(error))
            else:
                self._went_well(_archive_key(folder), Decided(folder))

    def _keep_in_quarantine(self, folder: str) -> None:
        """It was refused again before the rest could be archived: that stays with it."""
        before, self._to_archive = self._to_archive, []
        self._to_archive += (one for one in before if one[0] != folder)
        if len(self._to_archive) < len(before):
            self._went_well(_archive_key(folder), Decided(folder))

    def _perform_one(self, batch: Batch, promise: Promise) -> promises.Outcome | None:
        """Perform; None when a folder does not let us: told, and done again later, by itself."""
        try:
            self._touch(batch, promise.place)
            for put in promise.puts:
                self._touch(batch, put.place)
            outcome = promises.perform(self._folders, promise)
        except OSError as error:
            for place in promise.places:  # their disk may be mounted anew before the next try
                self._folders.forget(place)
            promise.again = True
            self._to_perform.append(promise)
            self._failed(promise.id, promise, said(error))
            return None
        self._went_well(promise.id, promise)
        return outcome

    def _held(self, promise: Promise, held: Aside) -> Row:
        return held_file(promise.id, held.soort, held.name, self._store.intent(promise.id),
                         promise.levering, self._clock.klok(), held.beside)  # fmt: skip

    def _levering(self, levering: str) -> Levering:
        known = self._leveringen.get(levering)
        return known if known is not None else self._store.levering(levering)

    def _is_answered(self, levering: Levering) -> bool:
        """Whether its answer is booked: an envelope may be answered before its source could go."""
        return self._store.lines([levering.id])[levering.id].status in FINAL

    # (b) On the disk, before: finished files where they were dropped. After: those whose intent
    # was committed lie in .claimed, and what they lead to in .tmp. A restart finds a claimed file
    # by its intent and decides again; what was staged without a promise is staged anew.

    def _see(self, batch: Batch) -> None:
        batch.intents, self._seen = self._seen, []
        for seen in self.inbound.finished(monotonic()):
            moment = self._clock.moment(self._ledger.size)
            intent = Intent(
                self._clock.fresh_ulid(), seen.place, seen.name, seen.dev, seen.ino, moment,
                announced_by=seen.announced_by, given_up=seen.given_up, proof=seen.proof,
            )  # fmt: skip
            batch.intents.append(intent)
        batch.waits += self._waits.changes()

    def _take(self, batch: Batch) -> None:
        """Say what the clerk is to claim, and which answers to read."""
        now = monotonic()
        later: deque[Intent] = deque()
        for intent in self._to_claim:
            line = (intent.place.kind, intent.place.partij)
            resting = self._resting.get(line, 0.0) > now or self._retries.rests(intent.id, now)
            (later if resting else batch.claims).append(intent)
        self._to_claim = later
        for place, name in self.inbound.answers(now):
            if self._retries.rests(_answer_key(place, name), now):
                self.inbound.awaited.again(place, name)
                continue
            moment = self._clock.moment(self._ledger.size)
            answer = Intent(self._clock.fresh_ulid(), place, name, 0, 0, moment)
            batch.answers.append(self._judged(answer))

    def _answer(self, batch: Batch) -> None:
        """Read the answers that came, and stage the notices they lead to; half of it here."""
        self._unstage()
        own, batch.handed = batch.answers[::2], batch.answers[1::2]
        if not own:
            return
        batch.answered, touched = self._near.answer(own)
        for place in touched:
            try:
                self._touch(batch, place)
            except OSError as error:  # what was staged there cannot be synced: nothing is promised
                self._folders.forget(place)
                reasons = {one.id: said(error) for one in own}
                self._for_nothing += (p for one in batch.answered.promises for p in one.puts)
                batch.answered = Done(back=own, reasons=reasons)
                self._unstage()
                break
        self._put_back(batch.answered)

    def _unstage(self) -> None:
        """Remove what was staged for answers that come again: that is under another id."""
        due, self._for_nothing = self._for_nothing, []
        for put in due:
            try:
                durable.remove(self._folders.tmp(put.place), put.staged)
            except OSError:  # of its folder it is told already; once more in the next round
                self._folders.forget(put.place)
                self._for_nothing.append(put)

    def _hear(self, batch: Batch) -> None:
        """Take the oldest request of a person. It is done when this round is committed."""
        now = monotonic()
        if now >= self._requests_rest_until:
            batch.asked = self._requests.next()
            if batch.asked is None:
                self._requests_rest_until = now + REQUESTS_SECONDS

    def _put_back(self, done: Done) -> None:
        """What the clerk could not do now comes again, in order, before all that came later."""
        for intent in reversed(done.back):
            if intent.place.kind in ANSWERS:
                self.inbound.awaited.again(intent.place, intent.name)
                key = _answer_key(intent.place, intent.name)
                reason = done.reasons.get(intent.id)
                if reason is None:  # it is being written
                    self._retries.failed(key, monotonic())
                else:
                    self._failed(key, intent, reason)
                continue
            intent.again = True
            self._to_claim.appendleft(intent)
            reason, pause = done.reasons.get(intent.id), FIRST_SECONDS
            if reason is not None:  # else a writer has it again, or it waits behind one that failed
                stuck = self._failed(intent.id, intent, reason)
                pause = pause if stuck.code == ASKS else stuck.retry or pause
            line = (intent.place.kind, intent.place.partij)  # the others need not wait for it
            self._resting[line] = max(self._resting.get(line, 0.0), monotonic() + pause)
        for intent, read in done.ignored:
            self._ignore(intent, read)

    def _ignore(self, answer: Intent, read: Identity) -> None:
        """What bears the name of an answer is none: it is told once, and remembered for ``why``."""
        place, name = answer.place, answer.name
        self.inbound.awaited.ignore(place, name, read)
        self._went_well(_answer_key(place, name), answer)
        detail = Unusable(list(read), answer.given_up == READING_ENDS).detail()
        before = self._waits.get(place, name, IGNORED)
        if before is not None and before.detail != detail:
            self._waits.over(place, name, IGNORED)  # another file
        since = iso(self._waits.first(place, name, IGNORED, self._clock.klok(), detail))
        about = self._store.ask(ByReference(names.envelop_referentie(name)))
        self._trouble(Waiting(place, name, IGNORED, NO_ANSWER, None, since=since, levering=about))

    def _failed(self, key: str, one: Taken, reason: str) -> Waiting:
        """Note what cannot go on now: it is told once, and remembered for ``status``."""
        place, name = one.place, one.name
        count, pause = self._retries.failed(key, monotonic())
        klok = self._clock.klok()
        code = STUCK if count < self._folders.config.technisch.pogingen else ASKS
        first = self._waits.get(place, name, STUCK)
        tried = Try(count, reason, klok + round(pause * 1000))
        since = self._waits.first(place, name, code, first.since if first else klok, tried.detail())
        if code == ASKS:
            self._waits.over(place, name, STUCK)
        stuck = Waiting(place, name, code, reason, pause, since=iso(since))
        before = self.stuck.get(key)
        self.stuck[key] = stuck
        if before is None or (before.code, before.reason) != (code, reason):
            self._trouble(stuck)
        return stuck

    def _went_well(self, key: str, one: Taken) -> None:
        before = (one.place, one.name) in self._stuck_before
        if not self._retries.done(key) and not before:
            return  # what waits under its name is another file
        self._stuck_before.discard((one.place, one.name))
        self.stuck.pop(key, None)
        self._waits.over(one.place, one.name, STUCK)
        self._waits.over(one.place, one.name, ASKS)

    # (c) and (d). Before: all of the round is durable, none of it is promised. After: it is true.

    def _commit(self, batch: Batch, done: Done) -> None:
        changes = self._changes(batch, done)
        answered = batch.answered
        again = [one for one in answered.happened if one[1].id in self._told]
        news = [one for one in answered.happened if one not in again]
        happened = batch.happened + done.happened + news
        if batch.asked is not None:
            response = self._requests.answer(batch.asked, changes)
            happened += response.happened
            batch.intents += response.intents
            changes.intents += map(self._intended, response.intents)
            self._to_archive += response.archive
            self._await_again(response.happened)
        self._store.lines(done.leveringen)  # numbered in the order of decision
        self._ledger.record(happened, changes)
        self._store.commit(changes)
        self._committed = batch.number
        self._outdated |= changes.outdated
        self._to_claim.extend(batch.intents)
        self._to_perform.extend(done.promises + answered.promises)
        self._leveringen.update(done.leveringen | answered.leveringen)
        if batch.asked is not None:
            self._requests.done(batch.asked)
        back = {intent.id for intent in done.back + done.going}
        for intent in batch.claims:
            if intent.id not in back:
                if intent.held is None:
                    self.inbound.release(intent.place, intent.name)
                else:
                    self._to_archive.append((intent.held.folder, intent.held.archive))
                self._went_well(intent.id, intent)
        self._told -= {levering.id for _, levering in again}
        staged = {promise.id for promise in answered.promises}
        for intent in batch.answers:
            if intent.id in staged:
                self._book(intent)
                self._went_well(_answer_key(intent.place, intent.name), intent)
        self._take_up_again(batch.redo)
        self._listener(happened)

    def _book(self, answer: Intent) -> None:
        """What was told of it is committed; what could not be used before it is past."""
        self.inbound.awaited.booked(answer.place, answer.name)
        for soort in ("bv03", "fo03"):
            self._waits.over(answer.place, names.antwoord_naam(answer.name, soort), IGNORED)

    def _changes(self, batch: Batch, done: Done) -> Changes:
        intents = [self._intended(one) for one in batch.intents]
        intents += [  # an answer is not claimed, so it had no intent
            {"id": one.id, "seq": self._store.next_arrival(), "state": PROMISE,
             "intent": "", "promise": encode_promise(one)}
            for one in batch.answered.promises
        ]  # fmt: skip
        decided: list[Row] = [
            {"key": one.id, "new_state": PROMISE, "new_promise": encode_promise(one)}
            for one in done.promises
        ]
        ended = batch.performed + [intent.id for intent in done.withdrawn]
        for promise in batch.redo:
            if promise.fate is Fate.LEAVE:
                ended.append(promise.id)
            else:
                decided.append({"key": promise.id, "new_state": INTENT,
                                "new_promise": encode_promise(promise)})  # fmt: skip
        return Changes(
            intents=intents,
            decided=decided,
            done=ended,
            facts=done.facts,
            leveringen=list(done.leveringen.values()),
            held=batch.held,
            waits=batch.waits,
            deaths=self._survived(batch, done) if self._deaths else {},
        )

    def _survived(self, batch: Batch, done: Done) -> dict[str, int]:
        """What needs no reading any more: its promise is kept, for till then it may be made anew.

        An answer stays where it lies, so of that it was read.
        """
        read = {*batch.performed} | {one.id for one in done.withdrawn}
        back = {one.id for one in batch.answered.back}
        read |= {key_of(one) for one in batch.answers if not one.given_up and one.id not in back}
        found = dict.fromkeys(read & self._deaths.keys(), 0)
        for key in found:
            del self._deaths[key]
        return found

    def _await_again(self, happened: list[Happened]) -> None:
        for event, levering in happened:
            if event.type is EventType.RELEASED and levering.tijdstip:
                self.inbound.awaited.expect(levering, refused=event.code == "geweigerd")

    def _intended(self, one: Intent) -> Row:
        return {"id": one.id, "seq": self._store.next_arrival(), "state": INTENT,
                "intent": encode_intent(one), "promise": None}  # fmt: skip

    def _take_up_again(self, redo: list[Promise]) -> None:
        if not redo:
            return
        again = {promise.id for promise in redo}
        for promise in (one for one in redo if one.fate is Fate.LEAVE):
            self._read_again(promise)
        for row in self._store.journal():
            if row["id"] in again:
                self._take_up(_found_again(row))

    def _read_again(self, promise: Promise) -> None:
        """An answer is still where it lies: what it told is known, its notices are made anew."""
        self._for_nothing += promise.puts
        self._unstage()
        self._told.add(promise.levering)
        self.inbound.awaited.expect(self._store.levering(promise.levering))


def _found_again(row: Row) -> Intent:
    """An intent as the journal has it; with a promise beside it, one that has to be made anew."""
    return decode_intent(row["id"], row["intent"], row["promise"])


def _hop_line(promise: Promise) -> tuple[Kind, str] | None:
    """Whose envelopes must land in the order of their tijdstipBericht: the next hub refuses others.

    None for what lands at its end, where no order is checked: it holds up nobody.
    """
    if any(put.place.kind in (Kind.GGK_UIT, Kind.GGK_IN) for put in promise.puts):
        return promise.place.kind, promise.place.partij
    return None


def _archive_key(folder: str) -> str:
    """Of what is moved out of quarantine: under its id a released file may be under way."""
    return f"{ARCHIVE}/{folder}"


def _answer_key(place: Place, name: str) -> str:
    """An answer stays where it lies and gets another id at each try: its name tells it."""
    return f"{place}/{name}"
