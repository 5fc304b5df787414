# SPDX-License-Identifier: EUPL-1.2
"""Files that are announced: by a marker beside each, or by a manifest that lists them.

What announces is consumed with the last file that it announces: it is claimed with it, and goes
when that goes. Until then it stays where it is, and can be read by whoever wonders.

A file that a manifest lists is read to be held to it, a part in each round, so that one of
gigabytes is nobody else's matter: what is small is read at once, while a round has room for it;
what is large, or found no room, in turn. A command that only looks begins on no large one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway import manifest, plain, proofs
from gateway.config import Overdracht
from gateway.folders import Folders, Waiting
from gateway.lease import has_no_writer
from gateway.model import Place
from gateway.moment import Clock, iso
from gateway.waits import Waits

if TYPE_CHECKING:
    from hashlib import _Hash

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 20
AGAIN_SECONDS = 5.0
"""How often an announcement, or a file that differs from it, is looked at without a hint."""

Identity = tuple[int, int, int]
Verdict = tuple[str, str]
"""What is claimed beside the file, and the code for which it was given up; both may be empty."""


@dataclass(slots=True)
class _Index:
    """A manifest as it was read, and which of its files were taken."""

    identity: Identity
    said: manifest.Manifest
    taken: dict[str, str] = field(default_factory=dict)
    """By name, the SHA-256 as it was listed then: mending another line does not undo it."""


@dataclass(slots=True)
class _Reading:
    """How far a file was read, of one version of it."""

    identity: Identity
    at: int = 0
    digest: _Hash = field(default_factory=hashlib.sha256)


def is_announcement(name: str, agreed: Overdracht) -> bool:
    """Tell whether a name is that of a marker or manifest, by what was agreed."""
    return bool(agreed.einde) and name.endswith(agreed.einde) and name != agreed.einde


def in_order(names: Iterable[str], agreed: Overdracht) -> list[str]:
    """Announcements first: who looks at a place once then knows which files are announced."""
    return sorted(names, key=lambda name: not is_announcement(name, agreed))


class Announced:
    """Knows the announcements of each place, for :class:`gateway.handover.Handover`.

    ``reading``: in this round a part of a file was read, and there is more of it.
    """

    def __init__(self, folders: Folders, clock: Clock, waits: Waits) -> None:
        self._folders = folders
        self._clock = clock
        self._waits = waits
        self._lists: dict[Place, dict[str, _Index]] = {}
        self._readings: dict[tuple[Place, str], _Reading] = {}
        self._queue: dict[tuple[Place, str], None] = {}  # what is read in turn, a part a round
        self._turn: tuple[Place, str] | None = None
        self._left: int | None = None  # for small ones in this round; None: we have no rounds
        self.reading = False

    def new_round(self) -> None:
        """A new round: a part may be read of what is small, and a part of what has its turn."""
        self._left = self._folders.config.technisch.deel_bytes
        self._next_in_turn()
        self.reading = False

    def announcement(self, place: Place, name: str, agreed: Overdracht) -> Waiting | None:
        """What a marker or manifest announces; None when it is gone. It is never sent itself."""
        if agreed.wijze == "merkteken":
            if self._identity(place, name) is None:
                return None
            subject = name[: -len(agreed.einde)]
            here = self._identity(place, subject) is not None
            reason = "the marker of a file that is here" if here else "its file is not here yet"
            return Waiting(place, name, "merkteken", reason, AGAIN_SECONDS, (subject,))
        return self._listing(place, name)

    def check(
        self, place: Place, name: str, fd: int, found: os.stat_result, agreed: Overdracht
    ) -> Verdict | Waiting:
        """Tell whether this file was announced, and is what was announced."""
        if agreed.wijze == "merkteken":
            marker = name + agreed.einde
            if self._identity(place, marker) is not None:
                return marker, ""
            reason = f"its marker is not here: the same name with {agreed.einde} behind it"
            return Waiting(place, name, "merkteken-ontbreekt", reason, None)
        listed = self._listed(place, name)
        if listed is None:
            reason = f"no manifest (a name that ends in {agreed.einde}) lists it"
            return Waiting(place, name, "manifest-ontbreekt", reason, None)
        differs = self._differs(place, name, fd, found, listed[1].said.files[name])
        beside = self._last_of(name, *listed)
        if differs is None:
            kept = self._waits.get(place, name, "manifest-wijkt-af")
            if self._left is not None or kept is None:
                reason = "it is read, a part in each round, to be held to the manifest"
                return Waiting(place, name, "manifest-lezen", reason, 0.0)
            differs = "it was not what the manifest says when the gateway last looked"
        if not differs:
            self._waits.over(place, name, "manifest-wijkt-af")
            return beside, ""
        klok = self._clock.klok()
        since = self._waits.first(place, name, "manifest-wijkt-af", klok)
        ends = since + agreed.wachttijd_s * 1000
        if klok >= ends:
            return beside, "manifest-wijkt-af"
        retry = min(AGAIN_SECONDS, (ends - klok) / 1000)
        return Waiting(place, name, "manifest-wijkt-af", differs, retry,
                       since=iso(since), due=iso(ends))  # fmt: skip

    def taken(self, place: Place, name: str, beside: str) -> None:
        """A file was seen that a manifest may list, with its proof; ``beside`` goes with it."""
        if beside:
            self._lists.get(place, {}).pop(beside, None)
            self._waits.forget(place, beside)
            return
        listed = self._listed(place, name)
        if listed is not None:
            files = listed[1].said.files
            listed[1].taken |= {one: files[one].sha256 for one in _together(name) if one in files}
            detail = json.dumps(listed[1].taken)
            self._waits.first(place, listed[0], "manifest", self._clock.klok(), detail)

    def forget(self, place: Place, name: str) -> None:
        """The file is gone, or taken."""
        self._readings.pop((place, name), None)
        self._queue.pop((place, name), None)
        self._lists.get(place, {}).pop(name, None)

    # --- manifests ---

    def _identity(self, place: Place, name: str) -> Identity | None:
        try:
            found = os.stat(name, dir_fd=self._folders.fd(place), follow_symlinks=False)
        except FileNotFoundError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns) if _is_file(found) else None

    def _listing(self, place: Place, name: str) -> Waiting | None:
        try:
            fd = os.open(name, _OPEN, dir_fd=self._folders.fd(place))
        except FileNotFoundError:
            self._lists.get(place, {}).pop(name, None)
            return None
        except OSError as error:
            reason = f"the manifest cannot be opened: {error.strerror}"
            return plain.unopened(self._folders, place, name) or Waiting(
                place, name, "onleesbaar", reason, AGAIN_SECONDS
            )
        try:
            found = os.fstat(fd)
            if not _is_file(found):
                return plain.barrier(place, name, found)
            if has_no_writer(fd) is False:
                return Waiting(place, name, "schrijver", "a writer has it open", 0.1)
            index = self._read(place, name, fd, found)
        finally:
            os.close(fd)
        return self._told(place, name, index)

    def _read(self, place: Place, name: str, fd: int, found: os.stat_result) -> _Index:
        identity = (found.st_ino, found.st_size, found.st_mtime_ns)
        known = self._lists.setdefault(place, {}).get(name)
        if known is None or known.identity != identity:
            content = os.read(fd, min(found.st_size, manifest.MAX_BYTES))
            known = _Index(identity, manifest.parse(content))
            kept = self._waits.get(place, name, "manifest")
            for one, sha256 in json.loads(kept.detail if kept else "{}").items():
                if one in known.said.files and known.said.files[one].sha256 == sha256:
                    known.taken[one] = sha256
            self._lists[place][name] = known
        return known

    def _told(self, place: Place, name: str, index: _Index) -> Waiting:
        due = tuple(one for one in index.said.files if one not in index.taken)
        if index.said.bad_line is not None:
            reason = f"line {index.said.bad_line} is no `<sha-256> <bytes> <name>` and newline"
            return Waiting(place, name, "manifest-fout", reason, AGAIN_SECONDS, due)
        here = sum(self._identity(place, one) is not None for one in due)
        count = len(index.said.files)
        reason = (
            f"lists {count} files: {count - len(due)} taken, {here} here, {len(due) - here} not"
        )
        return Waiting(place, name, "manifest", reason, AGAIN_SECONDS, due)

    def _listed(self, place: Place, name: str) -> tuple[str, _Index] | None:
        lists = self._lists.get(place, {})
        for one, index in lists.items():
            if name in index.said.files and self._identity(place, one) == index.identity:
                return one, index
        return None

    def _last_of(self, name: str, listing: str, index: _Index) -> str:
        """The manifest, when this is the last file that it lists: then it goes with it."""
        open_ones = set(index.said.files) - index.taken.keys() - _together(name)
        return "" if open_ones or index.said.bad_line is not None else listing

    def _differs(
        self, place: Place, name: str, fd: int, found: os.stat_result, listed: manifest.Listed
    ) -> str | None:
        """What is not as it was listed; empty: nothing; None: it was not read to its end yet."""
        if found.st_size != listed.size:
            return f"it has {found.st_size} bytes, the manifest says {listed.size}"
        sha256 = self._read_on(place, name, fd, found)
        if sha256 is None:
            return None
        return "" if sha256 == listed.sha256 else "its SHA-256 is not the one in the manifest"

    def _read_on(self, place: Place, name: str, fd: int, found: os.stat_result) -> str | None:
        """Its SHA-256; None when there is more to read. ``OSError``: it cannot be read."""
        identity, size = (found.st_ino, found.st_size, found.st_mtime_ns), found.st_size
        known = self._readings.get((place, name))
        if known is None or known.identity != identity:
            known = self._readings[place, name] = _Reading(identity)
        end = min(size, known.at + self._room((place, name), known.at, size))
        while known.at < end:
            chunk = os.pread(fd, min(_CHUNK, end - known.at), known.at)
            if not chunk:
                raise OSError(errno.EIO, "it ends before its size says")
            known.digest.update(chunk)
            known.at += len(chunk)
        self.reading = self.reading or known.at < size
        if known.at < size:
            return None
        self._queue.pop((place, name), None)
        return known.digest.hexdigest()

    def _room(self, key: tuple[Place, str], at: int, size: int) -> int:
        """How much of it may be read now."""
        part = self._folders.config.technisch.deel_bytes
        if self._left is None:
            return size if size <= part else 0
        if size - at <= self._left and key not in self._queue:
            self._left -= size - at
            return size
        self._queue[key] = None  # where it was, when it is there
        if self._turn is None:
            self._turn = key
        return part if key == self._turn else 0

    def _next_in_turn(self) -> None:
        """Whose turn it was goes to the end; also when nobody looked at it."""
        if self._turn in self._queue:
            del self._queue[self._turn]
            self._queue[self._turn] = None
        self._turn = next(iter(self._queue), None)


def _together(name: str) -> set[str]:
    """A file and what may bind its user to it: a list may name both, and they go as one."""
    return {name, *proofs.of(name)}


def _is_file(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode)
