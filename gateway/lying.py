# SPDX-License-Identifier: EUPL-1.2
"""What lies in the folders and was not taken: each with a reason, since when, and what comes next.

Looked at by the process that asks, with what the gateway remembers in its store. So it tells the
truth whether a gateway runs or not, and takes nothing.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway import screens
from gateway.anchors import Anchors
from gateway.announced import in_order, is_announcement
from gateway.believed import with_logs, with_trust
from gateway.config import Config
from gateway.errors import AuditError, TrustError
from gateway.folders import Folders, Waiting, place_of
from gateway.handover import BARRED_SECONDS, Handover
from gateway.journal import INTENT, decode_intent
from gateway.location import Location, is_running
from gateway.model import Kind, Place
from gateway.moment import Clock, iso, monotonic
from gateway.names import toonbaar
from gateway.purposes import delivers_to, takes_from
from gateway.reach import Reach
from gateway.retries import Try
from gateway.stations import STATIONS
from gateway.store_queries import Reader
from gateway.waits import ASKS, STUCK, TAKEN, Spot, Waits

Row = dict[str, Any]

_OF_THE_READER = ("README.md",)
"""A file of ours that lies in ``folders/`` itself, and is for people."""

_UNREAD = "it is to be held to the manifest: read, a part in each round, as soon as a gateway runs"


class Lying:
    """The folders of a chain, looked at once. Use as a context manager.

    ``config``: the one in force (``current.py``).
    """

    def __init__(self, location: Location, config: Config, reader: Reader) -> None:
        config = _trusting(config, location, reader.meta("origin") or "")
        offset = timedelta(milliseconds=int(reader.meta("nu_offset_ms") or 0))
        self.config, self.audit = config, location.audit
        self.clock = Clock(offset)
        anchors = Anchors(location.root, location.state)
        self._reach = Reach(location.root)
        self.folders = Folders(location.root, config, anchors, self._reach)
        self.folders.refresh()
        self.runs = is_running(location.state)
        self.waits = Waits(reader.waits())
        self._handover = Handover(self.folders, self.clock, location.state, self.waits)
        self.sources = self.folders.sources(tuple(STATIONS))
        self._unclaimed = _unclaimed(reader, self.waits)

    def __enter__(self) -> Lying:
        return self

    def __exit__(self, *_: object) -> None:
        self.folders.close()

    def all(self) -> Iterator[Row]:
        """Every file that is not taken: where the stations claim from, and where nobody does."""
        names = {place: self._in_order(place) for place in self.sources}
        for one in self._handover.all_barred(self.sources):
            yield self.row(one)
        told: set[Spot] = set()
        for place, there in names.items():
            for name in there:
                found = self.look(place, name)
                if found is not None:
                    told |= {(place, name)} if found.code in TAKEN else set()
                    yield self.row(found)
        for path in strays(self.folders, self.sources):
            yield self.stray(path)
        for place, name in self.waits.taken():
            found = self.stuck(place, name)
            if found is not None and (place, name) not in told:
                yield self.row(found)

    def stuck(self, place: Place, name: str) -> Waiting | None:
        """A file that was taken and cannot go on; None where this one can."""
        for code in (STUCK, ASKS):
            wait = self.waits.get(place, name, code)
            if wait is not None:
                tried = Try.of(wait)
                left = max(0.0, (tried.next - self.clock.klok()) / 1000)
                reason = f"{tried.reason}; tried {tried.tries} times"
                if code == ASKS:
                    reason += ", and still tried: somebody must look at this"
                return Waiting(place, name, code, reason, left, since=iso(wait.since))
        return None

    def _in_order(self, place: Place) -> list[str]:
        return in_order(self.folders.scan(place), self._handover.agreed(place))

    def look(self, place: Place, name: str) -> Waiting | None:
        """Why a file is not taken; None when it is gone."""
        seen = self._handover.look(place, name, monotonic())
        if seen is not None and self._fails(place, name):
            return self.stuck(place, name)
        if isinstance(seen, Waiting) and seen.code == "manifest-lezen" and not self.runs:
            return replace(seen, reason=_UNREAD)
        if seen is None or isinstance(seen, Waiting):
            return seen
        reason = "finished; taken in the next round" if self.runs else (
            "finished; taken as soon as a gateway runs"
        )  # fmt: skip
        return Waiting(place, name, "klaar", reason, 0.0)

    def _fails(self, place: Place, name: str) -> bool:
        """Whether it is this very file that cannot be claimed: it lies where it was dropped."""
        ino = self._unclaimed.get((place, name))
        look = ino is not None and not self.folders.fault(place)
        found = self.folders.identity(place, name) if look else None
        return found is not None and found[0] == ino

    def silent(self, path: str) -> Row | None:
        """The answer for a path where nobody answers; None where somebody does."""
        said = self.folders.hangs(path)
        if not said and path not in self._reach.ask([path]):
            said = f"{self.shown(path)} does not answer (a share whose server hangs?)"
        if not said:
            return None
        place = place_of(os.fsencode(os.path.relpath(path, self.folders.root)))
        found = (
            self._handover.barred(place, os.path.basename(path)) if place in self.sources else None
        )
        if found is not None:
            return self.row(found)
        again = iso(self.clock.klok() + round(BARRED_SECONDS * 1000))
        return {"path": self.shown(path), "code": "andere-map", "reason": said,
                "retry_s": BARRED_SECONDS, "since": None, "next": again}  # fmt: skip

    def read_announcements(self, place: Place) -> None:
        """Look at the markers and manifests of a place: what they announce is known after it."""
        agreed = self._handover.agreed(place)
        for name in self.folders.scan(place) if agreed.einde else ():
            if is_announcement(name, agreed):
                self._handover.look(place, name, monotonic())

    def row(self, one: Waiting) -> Row:
        """A file that waits, as the JSON outputs have it."""
        reason = one.reason
        if one.code in ("schrijver", "rusttijd"):
            reason += self._age(one)
        again = None if one.retry is None else iso(self.clock.klok() + round(one.retry * 1000))
        return {
            "path": self.shown(os.path.join(self.folders.path(one.place), one.name)),
            "code": one.code,
            "reason": reason,
            "retry_s": one.retry,
            "since": one.since or None,
            "next": one.due or again,
        }

    def _age(self, one: Waiting) -> str:
        """How long ago it changed, by the clock of its disk; not told where that is no sense."""
        path = os.path.join(self.folders.path(one.place), one.name)
        try:
            age = self.clock.klok() / 1000 - os.lstat(path).st_ctime
        except FileNotFoundError:
            return ""
        return f"; it changed {age:.1f} s ago" if 0 <= age < 86_400 else ""

    def shown(self, path: str) -> str:
        """A path as people read it: from the folder of the configuration down."""
        return screens.name(toonbaar(os.path.relpath(path, os.path.dirname(self.folders.root))))

    # --- where nobody takes from ---

    def stray(self, path: str) -> Row:
        """A file that lies, or would lie, where nothing is ever taken."""
        return {
            "path": self.shown(path),
            "code": "geen-plaats",
            "reason": self._why_nobody(path),
            "retry_s": None,
            "since": None,
            "next": None,
        }

    def _why_nobody(self, path: str) -> str:
        whole = os.path.relpath(path, self.folders.root).split(os.sep)
        if whole[0] == os.pardir:
            return "it is outside the folders of this chain: nothing is taken from here"
        parts = whole[:-1]
        kind = delivers_to(parts, self.config)
        if kind:
            return f"{kind}: nothing is taken from here"
        if len(parts) > 1 and parts[0] == "gemeenten" and parts[1] not in self.config.partijen:
            return (
                f"party {toonbaar(parts[1])} is not in the configuration: nothing is taken from "
                "its folders; add it to `partijen`"
            )
        return "no place of the chain owns this folder: nothing is taken from here"

    def purpose(self, path: str) -> Row | None:
        """What a folder is for; None for a file, and for a folder that the chain knows not."""
        if os.path.islink(path) or not os.path.isdir(path):
            return None
        below = os.path.relpath(path, self.folders.root)
        parts = [] if below == os.curdir else below.split(os.sep)
        place = place_of(os.fsencode(os.path.join(below, "-")))
        if place is not None and place in self.sources:
            barred = self._handover.barred(place)
            if barred is not None:
                return self.row(barred)
            reason = takes_from(place, self.config)
        elif told := delivers_to([*parts, ""], self.config):
            reason = f"a folder of the chain: {told}; nothing is taken from here"
        elif any(place.parts[: len(parts)] == tuple(parts) for place in self.sources):
            reason = "a folder of the chain, that holds others; nothing is taken from it itself"
        else:
            return None
        return {"path": self.shown(path), "code": "map", "reason": reason, "retry_s": None,
                "since": None, "next": None}  # fmt: skip

    def meant(self, path: str) -> str | None:
        """The folder that was perhaps meant: the one from which files are taken that is nearest."""
        parts = os.path.relpath(path, self.folders.root).split(os.sep)[:-1]
        if parts[:1] != ["gemeenten"] and delivers_to(parts, self.config):
            return None  # what the chain put there itself was meant for no other folder
        if len(parts) > 1 and parts[0] == "gemeenten" and parts[1] in self.config.partijen:
            return self.shown(self.folders.path(Place(Kind.OUTBOX, parts[1])))
        known = {"/".join(place.parts): place for place in self.sources}
        near = difflib.get_close_matches("/".join(parts), known, n=1, cutoff=0.7)
        return self.shown(self.folders.path(known[near[0]])) if near else None


def _trusting(config: Config, location: Location, origin: str) -> Config:
    """With what seals are judged by, where that can be read: the gateway says so where not."""
    try:
        trusting = with_trust(config, location.state)
        return with_logs(trusting, location.state, origin) if origin else trusting
    except (TrustError, AuditError):
        return config


def _unclaimed(reader: Reader, waits: Waits) -> dict[Spot, int]:
    """Of files that cannot go on, and are perhaps not claimed yet, the inode."""
    stuck = set(waits.taken())
    rows = [row for row in reader.journal() if row["state"] == INTENT] if stuck else []
    found = [decode_intent(row["id"], row["intent"]) for row in rows]
    return {(one.place, one.name): one.ino for one in found
            if one.held is None and (one.place, one.name) in stuck}  # fmt: skip


def strays(folders: Folders, sources: list[Place]) -> Iterator[str]:
    """Files in folders that no place of the chain owns: of an unknown party, or misspelt."""
    taken_from = {folders.path(place): place for place in sources}
    for where, below, files in _walk(folders, folders.root):
        place = taken_from.get(where)
        parts = [] if where == folders.root else os.path.relpath(where, folders.root).split(os.sep)
        below[:] = sorted(
            one
            for one in below
            if not one.startswith(".") and not delivers_to([*parts, one], folders.config)
        )
        if place is None:
            for name in sorted(files):
                if not name.startswith(".") and (parts or name not in _OF_THE_READER):
                    yield os.path.join(where, name)
        elif place.kind is not Kind.OUTBOX or place.gebruiker:
            below.clear()  # a folder in here is listed itself, as no file


def _walk(folders: Folders, top: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Like ``os.walk``, but past what hangs: that looks where a link leads before it is told of."""
    left = [top]
    while left:
        where = left.pop()
        below: list[str] = []
        files: list[str] = []
        try:
            entries = [one for one in os.scandir(where) if not folders.hangs(one.path)]
        except OSError:
            continue
        for entry in entries:
            (below if _is_dir(entry) else files).append(entry.name)
        yield where, below, files
        paths = [os.path.join(where, one) for one in reversed(below)]
        left += [one for one in paths if not os.path.islink(one)]


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
