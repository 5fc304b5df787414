# SPDX-License-Identifier: EUPL-1.2
"""The clerk: claims what it is told to, reads it, lets the stations decide, and stages it all.

That is step (b) of a round, but for seeing. It needs nothing of the engine but its task, and of the
store only answers as of the last commit: so it can work in the engine's process or in one of its
own (``desk.py``), and then two cores do what one did. File contents never leave it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import cast

from gateway import releases, staging
from gateway.carrier import Carrier
from gateway.config import Config
from gateway.folders import Content, Folders
from gateway.inhand import Hand
from gateway.journal import Intent, Promise
from gateway.model import (
    ByNumber,
    ByReference,
    Decision,
    Fate,
    Key,
    Keys,
    Known,
    Place,
)
from gateway.task import Done, Task
from gateway.touched import Touched, Unsynced, said
from gateway.work import Work, in_hand
from gateway.written import Written

REMEMBERED = 20_000
"""Committed facts kept at hand: most questions are about what happened a moment ago."""

IN_HAND_BYTES = 16 << 20
"""After so much was read in a round the rest waits: memory is for this, a few times over."""

Ask = Callable[[Iterable[Key[object]]], Mapping[Key[object], object]]


class Clerk:
    """Works for one engine. ``ask`` answers questions as of the last commit.

    ``hand`` says of which file the content is being looked into: only then, not while it is staged.
    """

    def __init__(self, folders: Folders, ask: Ask, hand: Hand) -> None:
        self.folders = folders
        self._ask = ask
        self._hand = hand
        self._pending: deque[tuple[int, dict[Key[object], object]]] = deque()
        self._learned: dict[Key[object], object] = {}  # in this round
        self._recent: dict[Key[object], object] = {}
        self._remembered: dict[Key[object], object] = {}
        self._written = Written()
        self._carrier = Carrier(folders)
        self._carrying: dict[str, Work] = {}
        self._behind: dict[str, object] = {}
        self._touched = Touched(folders)

    @property
    def _config(self) -> Config:
        return self.folders.config

    def work(self, task: Task) -> tuple[Done, list[Unsynced]]:
        """Do a task; also gives each file system that must be synced for it."""
        self._learn_committed(task.committed)
        if task.anew:
            self._start_anew()
        self.folders.hanging, self.folders.failing = task.hanging, task.failing
        for key in task.outdated:
            self._remembered.pop(key, None)
        self._touched, self._learned = Touched(self.folders), {}
        for device, place in task.touched.items():
            self._touched.renamed(device, place)
        self._carrier.new_round()
        done = Done()
        works = self._claim(task.intents, done)
        works.sort(key=lambda work: work.order)
        self._decide(works, done)
        if task.answers:
            done.answers = Done()
            self._decide(self._read_answers(task.answers, done.answers), done.answers)
        self._pending.append((task.number, self._learned))
        return done, self._touched.unsynced

    def _start_anew(self) -> None:
        """What was decided since the last commit is decided again: as after a restart."""
        self._pending.clear()
        self._recent.clear()
        self._carrying.clear()
        self._behind.clear()
        self.folders.close()  # each descriptor tells once more of what failed: open them anew
        self._carrier = Carrier(self.folders)  # what was carried is held to its source again

    def answer(self, answers: list[Intent]) -> tuple[Done, set[Place]]:
        """Read answers where they lie, decide and stage; also gives the places that were touched.

        The engine does this itself with every other one, on a clerk of its own that remembers
        nothing: it is as much work as the engine has time for, and an answer changes nothing that
        a decision asks for.
        """
        self._touched, self._learned = Touched(self.folders), {}
        self._recent.clear()
        done = Done()
        self._decide(self._read_answers(answers, done), done)
        for one in self._touched.unsynced:  # it is the engine that has them synced
            one.close()
        return done, self._touched.places

    # --- claiming and reading ---

    def _claim(self, intents: list[Intent], done: Done) -> list[Work]:
        works: list[Work] = []
        lines = {work.line for work in self._carrying.values()}
        size = 0
        for intent in intents:
            if size > IN_HAND_BYTES or self._behind.get(intent.id) in lines:
                done.going.append(intent)
                continue
            self._behind.pop(intent.id, None)  # its turn has come
            work = self._carrying.get(intent.id) or self._take(intent, done)
            if work is not None:
                works.append(work)
                size += len(work.arrival.content or b"")
        return works

    def _take(self, intent: Intent, done: Done) -> Work | None:
        why = "a writer opened it again; taken whole when it is closed"  # since it was looked at
        try:
            self._touched.changes(intent.place)
            taken = releases.claim(self.folders, intent)
            content = self.folders.read_claimed(intent) if taken else None
            if content is None and (not taken or releases.give_back(self.folders, intent)):
                done.withdrawn.append(intent)
                return None
        except OSError as error:
            self.folders.forget(intent.place)  # the disk may be mounted anew before the next try
            content, why = None, said(error)
        if content is None:
            done.back.append(intent)
            done.reasons[intent.id] = why
            return None
        return self._work(intent, content)

    def _work(self, intent: Intent, content: Content) -> Work:
        read = self._written.found(intent.place, intent.name, content.content)
        work = in_hand(intent, content, read)
        with self._hand(work.key):
            work.open()
        return work

    def _read_answers(self, answers: list[Intent], done: Done) -> list[Work]:
        works = []
        for intent in answers:
            try:
                self.folders.freshen(intent.place)
                content = self.folders.read_in_place(intent.place, intent.name)
            except OSError as error:
                self.folders.forget(intent.place)
                content, done.reasons[intent.id] = None, said(error)
            if content is None:
                done.back.append(intent)
            else:
                works.append(self._work(intent, content))
        return works

    # --- deciding and staging ---

    def _decide(self, works: list[Work], done: Done) -> None:
        wanted = [self._wanted(one) for one in works]
        stored = self._look_up({key for keys in wanted for key in keys})
        blocked: set[object] = set()
        waiting: set[object] = set()
        for work, keys in zip(works, wanted, strict=True):
            # In order: what comes after in the same line must not overtake. The others go on: one
            # bad folder, or one large file, is nobody else's.
            if work.line in blocked:
                done.back.append(work.intent)
                continue
            if work.line in waiting:
                self._behind[work.intent.id] = work.line
                done.going.append(work.intent)
                continue
            recent = self._recent
            known = Known({key: recent[key] if key in recent else stored[key] for key in keys})
            try:
                ready = self._carry(work)
                if ready is None:
                    waiting.add(work.line)
                    done.going.append(work.intent)
                else:
                    self._settle(ready, known, done)
            except OSError as error:
                blocked.add(work.line)
                done.back.append(work.intent)
                done.reasons[work.intent.id] = said(error)

    def _wanted(self, work: Work) -> Keys:
        with self._hand(work.key):
            return work.station.needs(work.arrival, self._config)

    def _carry(self, work: Work) -> Work | None:
        """Bring along what it needs; None: there is more to carry, in the next round."""
        with self._hand(work.key):
            asked, carry = work.asks(self._config)
        if not asked:
            return work
        self._touched.changes(work.intent.place if carry is None else carry.to)
        self._carrying.pop(work.intent.id, None)
        brought = self._carrier.bring(work.intent, work.content, carry)
        if brought is None:
            self._carrying[work.intent.id] = work
            return None
        return work.with_bytes(carry, brought)

    def _settle(self, work: Work, known: Known, done: Done) -> None:
        with self._hand(work.key):
            decision = work.station.decide(work.arrival, known, self._config)
        if decision.source.fate is Fate.LEAVE and not decision.events:
            done.ignored.append((work.intent, work.content.identity))
            return
        for delivery in decision.deliveries:
            self._touched.changes(delivery.place)
        promise = staging.stage(
            self.folders, work.intent, work.arrival, work.content, decision, work.beside
        )
        self._carrier.forget(work.intent.id)
        carried = work.arrival.carried
        if carried is not None:
            staging.drop_unused(self.folders, promise, carried)
        for delivery in decision.deliveries:
            self._written.keep(delivery)
        self._adopt(decision, promise, known, done)
        if work.intent.kept is None:
            leveringen = done.leveringen
            done.happened += [(one, leveringen[one.levering]) for one in decision.events]

    def _adopt(self, decision: Decision, promise: Promise, known: Known, done: Done) -> None:
        done.promises.append(promise)
        learned = dict(decision.facts)
        for one in decision.leveringen:
            done.leveringen[one.id] = one
            for key in (
                ByReference(one.referentienummer),
                ByReference(one.referentienummer, one.gemeentecode),
            ):
                if known.first(key, one).id == one.id:
                    learned[_key(key)] = one
            if one.volgnummer is not None:
                number = ByNumber(one.uitwisseling, one.gemeentecode, one.uitvraag, one.volgnummer)
                learned[_key(number)] = one
        done.facts.update(decision.facts)
        self._learned.update(learned)
        self._recent.update(learned)

    # --- what is known ---

    def _look_up(self, wanted: set[Key[object]]) -> dict[Key[object], object]:
        """Answers as of the last commit: what was committed we know, or are told (``outdated``)."""
        remembered = self._remembered
        answers = {key: remembered[key] for key in wanted if key in remembered}
        missing = [key for key in wanted if key not in answers]
        if missing:
            found = self._ask(missing)
            answers.update(found)
            self._remembered.update((key, found[key]) for key in missing if key.kept)
        return answers

    def _learn_committed(self, number: int) -> None:
        while self._pending and self._pending[0][0] <= number:
            _, facts = self._pending.popleft()
            for key, value in facts.items():
                if self._recent.get(key) is value:  # else a later round knows better
                    del self._recent[key]
            if len(self._remembered) > REMEMBERED:
                self._remembered.clear()
            self._remembered.update(one for one in facts.items() if one[0].asked)


def _key(key: object) -> Key[object]:
    return cast("Key[object]", key)
