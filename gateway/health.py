# SPDX-License-Identifier: EUPL-1.2
"""Measures how a chain is: its disks, folders, clock, quarantine, deadlines and store.

Reads only, and never on the engine's thread. What it means is judged in ``alarms.py``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.alarms import Alarm, Disk, Health, Lagging, Missing, deadlines, judge
from gateway.anchors import Anchors
from gateway.announced import in_order
from gateway.config import Config
from gateway.confirmed import Wanted
from gateway.current import REFUSED
from gateway.folders import Folders, Seen, Waiting
from gateway.handover import Handover
from gateway.ldv_resume import behind
from gateway.location import Location, is_running
from gateway.model import Kind, Place
from gateway.moment import Clock, monotonic
from gateway.periods import dag_van
from gateway.reach import Answer, Reach, within
from gateway.sealing import read_sealing
from gateway.stations import STATIONS
from gateway.store_health import (
    Reading,
    damage,
    delivered_by,
    leaf_at,
    reading,
    setting,
    vitals,
    waits,
)
from gateway.store_receipts import unanswered, unconfirmed
from gateway.waits import Waits

DAY = 24 * 3600
JUMP_STANDS_S = 3600.0
"""How long a jump of the clock stays an alarm: long enough to be seen by who looks now and then."""


class Monitor:
    """Measures one chain, again and again. One thread at a time calls it.

    It remembers what a single look cannot tell: on which disks the folders lay at first, and how
    the machine's clock ran against the counter that never jumps. ``reach``: the engine's, so that
    a folder that hangs is asked by one.
    """

    def __init__(self, location: Location, config: Config, reach: Reach | None = None) -> None:
        self._location = location
        anchors = Anchors(location.root, location.state)
        self._reach = reach or Reach(location.root)
        self._places = Folders(location.root, config, anchors, self._reach)
        self._devices: dict[str, int | None] = {}
        self.follow(config)
        self._drift = _drift()
        self._jump = (0.0, 0.0)

    def follow(self, config: Config) -> None:
        """Go by this configuration; folders that are new are known from here on."""
        self.config = config
        self._places.adopt(config)
        self._ask()

    def _ask(self) -> dict[str, Answer]:
        """What every folder answers that is watched or is a disk of its own; who hangs is not in.

        On which disk it was is remembered from the first answer on.
        """
        self._places.refresh()
        paths = [self._location.root, self._location.state]
        paths += [*self._reach.answers, *map(self._places.path, self._watched())]
        answers = self._reach.ask(one for one in paths if not self._places.hangs(one))
        self._places.refresh()  # what hangs below those is known now, too
        for path, found in answers.items():
            self._devices.setdefault(path, found.device)
        return answers

    def _watched(self) -> Iterator[Place]:
        for place in self._places.all_places():
            if place.kind is not Kind.OUTBOX or not place.uitwisseling:
                yield place  # sub-folders of an outbox go where it goes

    def measure(self, *, deeply: bool = False) -> Health:
        """How the chain is now. ``deeply`` reads the whole database: once in a while, not often."""
        now = Clock().klok()
        answers = self._ask()
        ages = [now / 1000 - at for at in _quarantined(self._places)]
        published, checkpoint = _published(self._location.audit)
        sealing = read_sealing(self._location.state)
        stored, runs = self._stored(now), is_running(self._location.state)
        return replace(
            stored,
            quarantine=len(ages),
            quarantine_oldest_s=max(ages, default=None),
            quarantine_today=sum(age < DAY for age in ages),
            published=published,
            checkpoint_s=None if checkpoint is None else now / 1000 - checkpoint,
            disks=tuple(self._disks(answers)),
            gone=tuple(self._gone(answers)),
            hanging=tuple(self._hanging()),
            damage=damage(self._location.database) if deeply else "",
            fork=sealing.fork,
            silent=sealing.silent(now),
            unserved=0 if runs else self._unserved(),
            config_refused=runs and stored.config_refused,
        )

    def _stored(self, now: int) -> Health:
        """What the database knows of it."""
        with reading(self._location.database) as connection:
            found = vitals(connection)
            nu = Clock(timedelta(milliseconds=found.nu_offset_ms)).nu()
            wanted = Wanted.of(self.config)
            open_ones, first = unanswered(connection)
            before = now - self.config.alarmen.blijft_liggen_uren * 3_600_000
            lying = Waits(waits(connection, before)).staying(before)
            return Health(
                under_way=found.under_way,
                oldest_s=_age(found.oldest, now),
                leaves=found.leaves,
                clock_s=self._clock(now, found.last_leaf),
                missing=tuple(self._missing(connection, nu)),
                asks=found.asks,
                pseudonyms=found.pseudonyms,
                unconfirmed=tuple(unconfirmed(connection, wanted.how, wanted.before(nu))),
                lying=tuple(place.partij for place in lying),
                ldv=tuple(self._lagging(connection, found.leaves, now)),
                unanswered=open_ones,
                unanswered_s=_age(first, now),
                config_refused=bool(setting(connection, REFUSED)),
            )

    def _missing(self, connection: Reading, nu: datetime) -> Iterator[Missing]:
        """Deadlines that are near, and who has not handed in for them."""
        for due in deadlines(self.config, dag_van(nu)):
            codes = self.config.gebruikers_van(due.uitwisseling)
            came = delivered_by(connection, due.uitwisseling, due.uitvraag, codes)
            if lacking := tuple(code for code in codes if code not in came):
                yield Missing(due, lacking)

    def _lagging(self, connection: Reading, leaves: int, now: int) -> Iterator[Lagging]:
        """The places of the LDV that miss lines, and since when the first of those is committed."""
        for place, number in behind(self._location.state, self.config, leaves).items():
            if number:
                at = leaf_at(connection, leaves - number)
                yield Lagging(place, number, (now - at) / 1000 if at else 0.0)

    def _clock(self, now: int, last_leaf: int) -> float:
        drift, before = _drift(), self._drift
        self._drift = drift
        if abs(drift - before) >= self.config.alarmen.klok_sprong_s:
            self._jump = drift - before, monotonic() + JUMP_STANDS_S
        if monotonic() < self._jump[1]:
            return self._jump[0]
        return min(0.0, (now - last_leaf) / 1000)  # the log was written in what is now the future

    def _disks(self, answers: dict[str, Answer]) -> Iterable[Disk]:
        """Each file system once, by the uppermost folder on it."""
        told: set[int] = set()
        for path, found in answers.items():
            if found.device is not None and found.free is not None and found.device not in told:
                told.add(found.device)
                yield Disk(self._shown(path), found.free, found.inodes)

    def _shown(self, path: str) -> str:
        """A folder by words of the configuration: below those somebody may have named it."""
        if path == self._location.state:
            return "state"
        ours = [*self._places.all_places(), Place(Kind.QUARANTAINE)]
        known = {self._location.root, *map(self._places.path, ours)}
        known |= {os.path.dirname(one) for one in known}
        while path not in known and path.startswith(self._location.root + os.sep):
            path = os.path.dirname(path)
        shown = os.path.relpath(path, self._location.root)
        return "folders" if shown == "." else shown

    def _hanging(self) -> Iterable[str]:
        """The folders that do not answer; of those below one another the uppermost."""
        found = sorted(self._places.hanging)
        above = [one for one in found if not within(os.path.dirname(one), found)]
        return dict.fromkeys(map(self._shown, above))

    def _gone(self, answers: dict[str, Answer]) -> Iterable[str]:
        """The folders that are not what they were; of those below one another the uppermost."""
        above = None
        places = {self._places.path(place): place for place in self._watched()}
        for path, place in sorted(places.items()):
            if path not in answers or (above is not None and within(path, [above])):
                continue
            device, first = answers[path].device, self._devices.get(path)
            if device is None or first not in (None, device) or self._places.fault(place):
                above = path
                yield os.path.relpath(path, self._location.root)

    def _unserved(self) -> int:
        """Files that a gateway would take now."""
        folders, count = self._places, 0
        handover = Handover(folders, Clock(), self._location.state, Waits())
        for place in folders.sources(tuple(STATIONS)):
            for name in in_order(folders.scan(place), handover.agreed(place)):
                found = handover.look(place, name, monotonic())
                # What is large we do not read ourselves to hold it to its manifest.
                large = isinstance(found, Waiting) and found.code == "manifest-lezen"
                count += large or isinstance(found, Seen)
        return count

    def close(self) -> None:
        """Let go of every folder."""
        self._places.close()


def checkup(location: Location, config: Config) -> list[Alarm]:
    """Every alarm that stands now, looked up once and thoroughly: ``knooppunt status --check``.

    What only a running gateway can see (a clock that jumped forward, a disk that was exchanged) is
    in its log and webhook. Raises :class:`StateError` when the database cannot be read at all.
    """
    monitor = Monitor(location, config)
    try:
        return judge(monitor.measure(deeply=True), config)
    finally:
        monitor.close()


def _age(moment: int | None, now: int) -> float | None:
    """In seconds, of a moment in ms since 1970."""
    return None if moment is None else (now - moment) / 1000


def _drift() -> float:
    """How far the machine's clock is from its counter: constant, but when the clock is set."""
    return Clock().klok() / 1000 - monotonic()


def _quarantined(folders: Folders) -> list[float]:
    """When each folder of quarantine was made, as far as its file system tells."""
    top = folders.path(Place(Kind.QUARANTAINE))
    found = []
    try:
        entries = [] if folders.hangs(top) else list(os.scandir(top))
    except FileNotFoundError:
        return []  # no quarantine yet
    for entry in entries:
        with suppress(FileNotFoundError):  # a person has just taken this one out of it
            if not entry.name.startswith("."):
                found.append(entry.stat(follow_symlinks=False).st_mtime)
    return found


def _published(audit: str) -> tuple[int, float | None]:
    """Of how many leaves the checkpoint speaks, and when it was written."""
    path = os.path.join(audit, "checkpoint")
    try:
        with open(path, encoding="utf-8") as file:
            size = file.read(4096).split("\n")[1]
        return int(size), os.stat(path).st_mtime
    except (OSError, ValueError, IndexError):
        return 0, None
