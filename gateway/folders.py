# SPDX-License-Identifier: EUPL-1.2
"""Places: where each folder lies, what lies in it, how a file is claimed and read.

A path is built here and nowhere else. Directories are held open and files are named relative to
them, so that nobody can redirect us by renaming a parent. Names are Python strings as the
operating system gives them (undecodable bytes as surrogates); they are never normalised: two
files whose names look alike are two files.

What this does not protect against: an owner who deletes our ``.claimed`` or ``.tmp``.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import pwd
import re
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from gateway import durable, names, proofs
from gateway.anchors import Anchors
from gateway.config import Config
from gateway.errors import DurabilityError, FolderError
from gateway.journal import Intent, announcer_id, proof_id
from gateway.lease import has_no_writer
from gateway.model import STATION_OF, Direction, Kind, Levering, Place, Proof
from gateway.reach import Reach, within

HELD_DIRECTORIES = 600
"""Descriptors kept open; the least used go first. Well under the usual limit of 1,024."""

_HOPS = (Kind.GGK_UIT, Kind.GGK_UIT_ANTWOORD, Kind.GGK_UIT_GROOT,
         Kind.GGK_IN, Kind.GGK_IN_ANTWOORD, Kind.GGK_IN_GROOT)  # fmt: skip
_STAGED_BY = {
    Kind.INBOX: "ggk", Kind.GGK_UIT: "ggk", Kind.GGK_IN_ANTWOORD: "ggk",
    Kind.RECEIVER_IN: "rinis", Kind.GGK_UIT_ANTWOORD: "rinis", Kind.GGK_IN: "rinis",
    Kind.GEWEIGERD: "rinis", Kind.GGK_UIT_GROOT: "ggk", Kind.GGK_IN_GROOT: "rinis",
}  # fmt: skip
"""Which station stages files for a kind of place. For quarantine both do."""
_CHUNK = 1 << 20
_NO_FILE = (errno.ENOENT, errno.ELOOP, errno.ENXIO)
_HEADER = 1 << 16
_TIJDSTIP = re.compile(rb"tijdstipBericht>\s*([0-9]{8,17})\s*<")
_OWN_FOLDER = {
    Kind.GGK_UIT: ("antwoord", names.GROOT),
    Kind.GGK_IN: ("antwoord", names.GROOT),
    Kind.RECEIVER_UIT: ("geweigerd",),
}
_HOP_OF = {tuple(kind.value.split("/")): kind for kind in _HOPS}


class Seen(NamedTuple):
    """A finished file, found in a place and not yet claimed: what identifies it.

    ``announced_by`` is what announced it and goes with it, ``proof`` the seal or assertion beside
    it, which does too; ``given_up`` is the code for which it is taken only to be refused.
    """

    place: Place
    name: str
    dev: int
    ino: int
    size: int
    mtime_ns: int
    announced_by: str = ""
    given_up: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that is not taken yet, or cannot be: a stable code and a sentence that says why.

    ``retry`` is in how many seconds to look again; None when only a person can change it.
    ``announces`` names the files that it says something of. ``since`` (RFC 3339) is from when it
    waits, where that was remembered; ``due`` when it ends by itself, where that is known;
    ``levering`` the delivery that an answer is about, where it is known.
    """

    place: Place
    name: str
    code: str
    reason: str
    retry: float | None
    announces: tuple[str, ...] = ()
    since: str = ""
    due: str = ""
    levering: Levering | None = None


Identity = tuple[int, int, int]
"""What tells a file from another under its name, or from itself changed: inode, size, mtime."""


class Content(NamedTuple):
    """A claimed file as it was read, once: bytes and digest come from the same read.

    What is too large for a message is not read here: it has no ``content``, and no digest yet.
    ``proof`` is the seal or assertion that was claimed with it.
    """

    size: int
    mtime_ns: int
    ino: int
    sha256: str
    content: bytes | None
    owner: str | None
    proof: Proof | None = None

    @property
    def identity(self) -> Identity:
        """Of what was read, as :meth:`Folders.identity` has it of what lies there."""
        return self.ino, self.size, self.mtime_ns


class Folders:
    """All places of one chain, below ``root``.

    ``hanging``: what did not answer when :meth:`refresh` last asked (or whoever shares it told us);
    ``failing``: what did not keep what was written there, and why; nothing in there is touched.
    """

    def __init__(
        self, root: str, config: Config, anchors: Anchors | None = None, reach: Reach | None = None
    ) -> None:
        self.anchors = anchors
        self.reach = reach
        self.hanging: frozenset[str] = frozenset()
        self.failing: Mapping[str, str] = {}
        self.root = os.path.abspath(root)
        self.adopt(config)
        self.unusable: dict[str, str] = {}
        self.unlisted: dict[Place, str] = {}
        self._held: OrderedDict[tuple[Place, str], int] = OrderedDict()
        self._inodes: dict[int, int] = {}
        self._devices: dict[int, int] = {}

    def adopt(self, config: Config) -> None:
        """Go by another configuration from now on."""
        self.config = config
        raw = config.technisch.ruwe_bytes
        self._limits = dict.fromkeys((Kind.OUTBOX, Kind.RECEIVER_UIT), raw)

    def fault(self, place: Place) -> str:
        """Why a place is not the one that it was at first, in a sentence; empty: it is."""
        out = self.hanging or self.failing
        said = self.hangs(self.path(place)) if out else ""
        return said or (self.anchors.fault(place) if self.anchors is not None else "")

    # --- what answers ---

    def refresh(self) -> None:
        """Ask which folders hang: once a round, so that all of a round goes by one answer."""
        if self.reach is not None:
            self.hanging = self.reach.refresh()

    def hangs(self, path: str) -> str:
        """Why a path is out of use (nobody answers there, say), in a sentence; empty: it is not."""
        found = within(path, self.hanging) or within(path, self.failing)
        if not found:
            return ""
        shown = os.path.relpath(found, os.path.dirname(self.root))
        if why := self.failing.get(found):
            return f"what was done in {shown} is done anew: {why}"
        return f"{shown} does not answer (a share whose server hangs?)"

    def refuse_hanging(self, place: Place) -> None:
        """Raise ``TimeoutError`` for a place that does not answer, before it is used."""
        if (self.hanging or self.failing) and (said := self.hangs(self.path(place))):
            raise TimeoutError(errno.ETIMEDOUT, said)

    # --- where things lie ---

    def path(self, place: Place) -> str:
        """The directory of a place."""
        return os.path.join(self.root, *place.parts)

    def shown(self, place: Place, which: str = "") -> str:
        """The directory of a place (or its ``.tmp`` or ``.claimed``) as people read it."""
        path = self._private(place, which) if which else self.path(place)
        return os.path.relpath(path, self.root)

    def _private(self, place: Place, which: str) -> str:
        if which == ".claimed" and place.kind is Kind.OUTBOX:
            return os.path.join(self.root, "gemeenten", place.partij, ".claimed")
        if place.kind is Kind.QUARANTAINE:
            return os.path.join(self.root, "quarantaine", which)
        return os.path.join(self.path(place), which)

    def _fd(self, place: Place, which: str = "") -> int:
        """A held descriptor of a place (or of its ``.tmp`` or ``.claimed``), made if missing."""
        key = (place, which)
        self.refuse_hanging(place)
        fd = self._held.get(key)
        if fd is not None:
            if len(self._held) > HELD_DIRECTORIES // 2:  # what is in use must not be let go
                self._held.move_to_end(key)
            return fd
        path = self._private(place, which) if which else self.path(place)
        if self.anchors is not None:  # before anything is made where a share should be mounted
            self.anchors.require(place)
        durable.make_dir(path)
        fd = durable.open_dir(path)
        self._held[key] = fd
        if len(self._held) > HELD_DIRECTORIES:
            self._close(self._held.popitem(last=False)[1])
        return fd

    def fd(self, place: Place) -> int:
        """A held descriptor of the place itself."""
        return self._fd(place)

    def tmp(self, place: Place) -> int:
        """A held descriptor of the folder where files for this place are staged."""
        return self._fd(place, ".tmp")

    def claimed(self, place: Place) -> int:
        """A held descriptor of the folder that holds what we claimed from this place."""
        return self._fd(place, ".claimed")

    def inode(self, place: Place) -> int:
        """Which ``.tmp`` folder this place has now, by inode number."""
        fd = self._fd(place, ".tmp")
        inode = self._inodes.get(fd)
        if inode is None:
            inode = self._inodes[fd] = os.fstat(fd).st_ino
        return inode

    def is_removed(self, place: Place) -> bool:
        """Whether the place itself, or where we stage for it, was removed under our hands."""
        gone = any(os.fstat(fd).st_nlink == 0 for fd in (self.fd(place), self.tmp(place)))
        if gone:
            self.forget(place)
        return gone

    def file_system(self, place: Place) -> tuple[int, int]:
        """The device number of a place, and its held descriptor; who syncs later copies that.

        Not one that is kept for a device: its number may be another share's by tomorrow.
        """
        fd = self.fd(place)
        device = self._devices.get(fd)
        if device is None:
            device = self._devices[fd] = os.fstat(fd).st_dev
        return device, fd

    def sync(self, fd: int) -> None:
        """Make durable what was written on a file system; ``OSError``: this share did not keep it.

        Where it is the disk of all folders, that ends the process: :class:`DurabilityError`.
        """
        try:
            durable.sync_filesystem(fd)
        except DurabilityError as error:
            if self.is_ours(os.fstat(fd).st_dev):
                raise
            raise OSError(errno.EIO, error.sentence) from error

    def is_ours(self, device: int) -> bool:
        """Whether that is the disk of all folders, which no gateway goes on without."""
        try:
            return device == os.stat(self.root).st_dev
        except OSError:  # then nothing goes on
            return True

    def _close(self, fd: int) -> None:
        self._inodes.pop(fd, None)
        self._devices.pop(fd, None)
        os.close(fd)

    def private(self, place: Place, which: str) -> int:
        """A held descriptor of ``.tmp`` or ``.claimed`` as :meth:`leftovers` names them."""
        return self._fd(place, which)

    def forget(self, place: Place) -> None:
        """Let go of a place's descriptors: it was removed, or moved, and will be opened anew."""
        for which in ("", ".tmp", ".claimed"):
            fd = self._held.pop((place, which), None)
            if fd is not None:
                self._close(fd)
                if self.anchors is not None:
                    self.anchors.doubt()

    def close(self) -> None:
        """Let go of every descriptor."""
        while self._held:
            self._close(self._held.popitem()[1])

    # --- which places there are ---

    def all_places(self) -> list[Place]:
        """Every place that the configuration calls for: what ``init`` makes."""
        places = [Place(kind) for kind in _HOPS]
        for code in self.config.partijen:
            places += [Place(k, code) for k in (Kind.OUTBOX, Kind.INBOX, Kind.VERZONDEN)]
        for exchange in self.config.uitwisselingen.values():
            heen = exchange.direction is Direction.HEEN
            far = Kind.RECEIVER_IN if heen else Kind.RECEIVER_UIT
            codes = self.config.codes_van(exchange)
            places += [Place(far, exchange.tegenpartij, code) for code in codes]
            for party in self.config.partijen.values():
                if heen and exchange.code_voor(party.soort):
                    places.append(Place(Kind.OUTBOX, party.code, exchange.id))
        return places

    def make_all(self) -> int:
        """Make every place that is missing; return how many were."""
        self.refresh()
        self._learn()
        right = [place for place in self.all_places() if not self.fault(place)]
        wanted = [*map(self.path, right), os.path.join(self.root, "quarantaine")]
        missing = [p for p in wanted if not self.hangs(p) and not os.path.isdir(p)]
        made = sum(self._usable(path, durable.make_dir, path) for path in missing)
        for outbox in (Place(Kind.OUTBOX, code) for code in self.config.partijen):
            if said := self.fault(outbox):
                self.unusable[self.shown(outbox)] = said
                continue
            self._usable(self.path(outbox), self._check_same_filesystem, outbox)
        self._learn()
        return made

    def _learn(self) -> None:
        """What is there at first is remembered: before anything is made, and what was made."""
        if self.anchors is not None:
            places = self.all_places()
            self.anchors.learn(one for one in places if not self.hangs(self.path(one)))

    def _usable(self, path: str, use: Callable[[Any], None], what: object) -> bool:
        """Whether a folder lets us; if not, it is told in ``unusable``, and the others go on."""
        try:
            use(what)
        except OSError as error:  # no rights, a link, a file in its place
            self.unusable[os.path.relpath(path, self.root)] = error.strerror or str(error)
            return False
        return True

    def _check_same_filesystem(self, outbox: Place) -> None:
        if os.fstat(self.fd(outbox)).st_dev != os.fstat(self.claimed(outbox)).st_dev:
            raise FolderError(
                f"{self.shown(outbox)} and .claimed beside it lie on different file systems",
                hint="mount the whole folder of the municipality, not the outbox alone: a claim "
                "is a rename, and a rename cannot cross file systems",
            )

    def sources(self, stations: tuple[str, ...]) -> list[Place]:
        """The places from which these stations claim, sub-folders of outboxes included."""
        found = self.tops(stations)
        for place in found:  # grows meanwhile: a sub-folder may have its own
            if place.kind is Kind.OUTBOX:
                found += [place.within(name) for name in self.listing(place)[1]]
        return found

    def tops(self, stations: tuple[str, ...]) -> list[Place]:
        """The places from which these stations claim, without sub-folders of outboxes."""
        found: list[Place] = []
        if "ggk" in stations:
            found += [Place(Kind.OUTBOX, code) for code in self.config.partijen]
            found.append(Place(Kind.GGK_IN))
        if "rinis" in stations:
            found.append(Place(Kind.GGK_UIT))
            found += [
                Place(Kind.RECEIVER_UIT, exchange.tegenpartij, code)
                for exchange in self.config.uitwisselingen.values()
                if exchange.direction is Direction.RETOUR
                for code in self.config.codes_van(exchange)
            ]
        return found

    # --- what lies there, and whether it is finished ---

    def scan(self, place: Place) -> list[str]:
        """The names in a place, in the order to take them; folders of the chain are left out."""
        return self.listing(place)[0]

    def listing(
        self, place: Place, found: os.stat_result | None = None
    ) -> tuple[list[str], list[str]]:
        """What lies in a place, in the order to take it; and its sub-folders that are places.

        Hop folders go by name (which begins with tijdstipBericht), others by age. Empty where it
        cannot be listed: why stands in ``unlisted`` until it can.
        ``found``: the place itself, if it was looked at already.
        """
        path = self.path(place)
        if said := self.hangs(path):
            self.unlisted[place] = said
            return [], []
        try:
            before = found or os.stat(path)
            self._forget_replaced(place, before)
            lying, below = _entries(place, path)
            if lying and _is_changed(path, before):
                # A list that is read while files come may lack one and have a later one. The
                # earlier ones are surely in the next list; what is later yet is left to another.
                newest = max(lying)
                again, below = _entries(place, path)
                lying = [one for one in again if one <= newest]
        except OSError as error:
            self.forget(place)
            self.unlisted.pop(place, None)
            if not isinstance(error, FileNotFoundError):  # else it is made again when it is used
                self.unlisted[place] = error.strerror or str(error)
            return [], []
        self.unlisted.pop(place, None)
        return [name for _, name in sorted(lying)], sorted(below)

    def lying(self, place: Place, wanted: Iterable[str]) -> list[str]:
        """Which of these names lie in a place, whatever else does: one look each, no list.

        None where nobody answers, or it cannot be entered: why stands in ``unlisted`` until it can.
        """
        path, there = self.path(place), []
        if said := self.hangs(path):
            self.unlisted[place] = said
            return []
        try:
            self.freshen(place)
            for name in wanted:
                with contextlib.suppress(FileNotFoundError):
                    os.lstat(os.path.join(path, name))
                    there.append(name)
        except OSError as error:
            self.forget(place)
            self.unlisted[place] = error.strerror or str(error)
            return []
        self.unlisted.pop(place, None)
        return there

    def _forget_replaced(self, place: Place, found: os.stat_result) -> None:
        """Let go of a folder that was removed and made again: by ours nothing is found in it."""
        held = self._held.get((place, ""))
        if held is not None:
            try:
                ours = os.fstat(held)
            except OSError:  # of a share that went: what is mounted there now is another
                self.forget(place)
                return
            if (ours.st_dev, ours.st_ino) != (found.st_dev, found.st_ino):
                self.forget(place)

    def freshen(self, place: Place) -> None:
        """Let go of a folder that somebody moved aside, or removed: what is there now counts."""
        if (place, "") not in self._held:
            return
        self.refuse_hanging(place)
        try:
            self._forget_replaced(place, os.stat(self.path(place)))
        except FileNotFoundError:
            self.forget(place)

    def tijdstip(self, place: Place, name: str) -> str:
        """When an envelope was sent, for the order in which to take it: by name, else by look.

        Other systems name their envelopes as they please. Empty when it cannot be seen.
        """
        if names.is_envelop_naam(name):
            return name[:17]
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, dir_fd=self.fd(place))
        except OSError:
            return ""
        try:
            regular = stat.S_ISREG(os.fstat(fd).st_mode)
            found = _TIJDSTIP.search(os.read(fd, _HEADER)) if regular else None
        except OSError:
            return ""  # a disk that fails: told when it is taken
        finally:
            os.close(fd)
        return found[1].decode().ljust(17, "0") if found else ""

    def identity(self, place: Place, name: str) -> Identity | None:
        """What tells a file from another under its name, or from itself changed.

        None: it cannot be seen now. It may be gone, or where it lies may not let us look.
        """
        try:
            found = os.stat(name, dir_fd=self.fd(place), follow_symlinks=False)
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    # --- claiming and reading ---

    def claim(self, intent: Intent) -> bool:
        """Move a file to ``.claimed/<id>``; False when its owner took it back.

        ``intent.again``: the intent is from before a restart (or was put back), so the file may
        have been claimed already, and what has its name now may be another file.
        """
        taken = self._claim(intent)
        if not taken:
            self.give_back_beside(intent)
        return taken

    def _claim(self, intent: Intent) -> bool:
        claimed = self.claimed(intent.place)
        if intent.again:
            if _exists(claimed, intent.id):
                return True
            if not self._is_same(intent):
                return False
        for name, as_ in _beside(intent):
            self._claim_beside(intent, name, claimed, as_)
        try:
            durable.rename(self.fd(intent.place), intent.name, claimed, intent.id)
        except FileNotFoundError:
            return False
        return True

    # First what lies beside it: the file itself, claimed, then tells a restart that all were, and
    # what is dropped under these names from then on is not taken for them.
    def _claim_beside(self, intent: Intent, name: str, claimed: int, as_: str) -> None:
        if intent.again and _exists(claimed, as_):
            return
        try:
            durable.rename(self.fd(intent.place), name, claimed, as_)
        except FileNotFoundError:
            return  # taken back since: what it announced was there, and whole

    def give_back_beside(self, intent: Intent) -> None:
        """Let go of what lay beside a file that was taken back; unless there is a new one."""
        for name, as_ in _beside(intent):
            claimed = self.claimed(intent.place)
            try:
                durable.rename(claimed, as_, self.fd(intent.place), name)
            except durable.Occupied:
                durable.remove(claimed, as_)
            except FileNotFoundError:
                continue

    def _is_same(self, intent: Intent) -> bool:
        try:
            found = os.stat(intent.name, dir_fd=self.fd(intent.place), follow_symlinks=False)
        except FileNotFoundError:
            return False
        # Not its device as well: a file system may get another number when it is mounted again, and
        # what is then let go here is seen anew behind what its sender sent later: StUF019.
        return found.st_ino == intent.ino

    def read_claimed(self, intent: Intent) -> Content | None:
        """Read what was claimed; None when a writer still has it, or changed it meanwhile."""
        content = self._read(intent.place, self.claimed(intent.place), intent.id)
        if content is None or not intent.proof:
            return content
        proof = _read_proof(self.claimed(intent.place), proof_id(intent.id))
        return content._replace(proof=proof)

    def read_in_place(self, place: Place, name: str) -> Content | None:
        """Read a file that stays where it is (an answer); None as in :meth:`read_claimed`."""
        return self._read(place, self.fd(place), name)

    def read_proof(self, place: Place, name: str) -> Proof | None:
        """Read the seal or assertion that lies beside a file which was not taken yet."""
        for one in proofs.of(name) if place.kind is Kind.OUTBOX else ():
            found = _read_proof(self.fd(place), one)
            if found is not None:
                return found
        return None

    def _read(self, place: Place, dir_fd: int, name: str) -> Content | None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, dir_fd=dir_fd)
        except OSError as error:
            if error.errno not in _NO_FILE:
                raise  # a disk that fails: told, and tried again
            return None  # gone again, or an answer that is a link
        try:
            before = os.fstat(fd)
            if not stat.S_ISREG(before.st_mode) or has_no_writer(fd) is False:
                return None
            if before.st_size > self._limits.get(place.kind, self.config.technisch.max_bytes):
                digest, content = "", None
            else:
                content = _read_all(fd, before.st_size)
                digest = hashlib.sha256(content).hexdigest()
            after = os.fstat(fd)
        finally:
            os.close(fd)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            return None
        if content is not None and len(content) != after.st_size:
            return None
        owner = _owner(after.st_uid)
        return Content(after.st_size, after.st_mtime_ns, after.st_ino, digest, content, owner)

    # --- what a crash may have left ---

    def leftovers(
        self, stations: tuple[str, ...], unread: list[tuple[Place, str]]
    ) -> Iterator[tuple[Place, str, str]]:
        """Everything that these stations have in a ``.claimed`` or ``.tmp``: (place, which, name).

        Another gateway, with a state of its own, may play the other stations on the same folders.
        What cannot be looked into now is added to ``unread``: nobody knows what lies there.
        """
        seen: set[str] = set()
        places = [*self.all_places(), *self.sources(stations), Place(Kind.QUARANTAINE)]
        places += [
            Place(Kind.GEWEIGERD, p.partij, p.uitwisseling)
            for p in places
            if p.kind is Kind.RECEIVER_UIT
        ]
        for place in places:
            for which, whose in ((".claimed", STATION_OF), (".tmp", _STAGED_BY)):
                if place.kind is not Kind.QUARANTAINE and whose.get(place.kind) not in stations:
                    continue
                path = self._private(place, which)
                if path in seen:
                    continue
                seen.add(path)
                names_there = self.left_in(place, which)
                if names_there is None:
                    unread.append((place, which))
                for name in names_there or ():
                    yield place, which, name

    def left_in(self, place: Place, which: str) -> list[str] | None:
        """What lies in ``.claimed`` or ``.tmp``; None when that cannot be seen now.

        Why stands in ``unusable``, until it can; where the whole place is not the one, in its own
        fault.
        """
        if self.fault(place):
            return None
        path = self._private(place, which)
        found: list[str] = []
        if self._usable(path, lambda _: found.extend(_names_in(path)), path):
            self.unusable.pop(os.path.relpath(path, self.root), None)
            return sorted(found)
        return None


def _names_in(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []  # nothing was ever put there


def place_of(path: bytes) -> Place | None:
    """The inverse of :meth:`Folders.path`, for places that we take from; None for others.

    ``path`` is a file's, relative to the root.
    """
    parts = tuple(os.fsdecode(part) for part in path.split(b"/"))[:-1]
    if any(part.startswith(".") for part in parts):
        return None
    if parts in _HOP_OF:
        return Place(_HOP_OF[parts])
    match parts:
        case ("gemeenten", code, "outbox", *below) if len(below) <= 2:
            return Place(Kind.OUTBOX, code, *below)
        case (receiver, "uit", code) if receiver != "ggk":
            return Place(Kind.RECEIVER_UIT, receiver, code)
    return None


def _entries(place: Place, path: str) -> tuple[list[tuple[int, str]], list[str]]:
    """What lies in a directory, with its age (0 in a hop folder), and its sub-folders' names."""
    lying, below = [], []
    for entry in list(os.scandir(path)):
        if _is_of_the_chain(place, entry):
            if place.kind is Kind.OUTBOX and not entry.name.startswith("."):
                below.append(entry.name)
        elif place.kind in _HOPS:
            lying.append((0, entry.name))
        else:
            try:
                lying.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
            except FileNotFoundError:
                continue  # taken back between the two looks: it was never ours
            except OSError:
                lying.append((0, entry.name))  # of a folder that may be listed, not entered
    return lying, below


def _is_changed(path: str, before: os.stat_result) -> bool:
    return os.stat(path).st_mtime_ns != before.st_mtime_ns


def _is_of_the_chain(place: Place, entry: os.DirEntry[str]) -> bool:
    """Tell a folder with a meaning of its own: of a user, ``antwoord``, our ``.tmp``."""
    if not entry.is_dir(follow_symlinks=False):
        return False
    chosen_in = place.kind is Kind.OUTBOX and not place.gebruiker
    return chosen_in or entry.name.startswith(".") or entry.name in _OWN_FOLDER.get(place.kind, ())


def _beside(intent: Intent) -> list[tuple[str, str]]:
    """What is claimed with a file: its name where it lies, and the name while it is claimed."""
    found = []
    if intent.announced_by:
        found.append((intent.announced_by, announcer_id(intent.id)))
    if intent.proof and intent.held is None:
        found.append((intent.proof, proof_id(intent.id)))
    return found


def _read_proof(dir_fd: int, name: str) -> Proof | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=dir_fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno not in (*_NO_FILE, errno.ENAMETOOLONG):
            raise
        return None if error.errno == errno.ENAMETOOLONG else Proof(0, b"")
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return Proof(0, b"")
        if found.st_size > proofs.MAX_BYTES:
            return Proof(found.st_size, None)
        return Proof(found.st_size, _read_all(fd, found.st_size))
    finally:
        os.close(fd)


def _exists(dir_fd: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _read_all(fd: int, size: int) -> bytes:
    content = os.read(fd, size + 1)
    while len(content) <= size and (more := os.read(fd, _CHUNK)):
        content += more
    return content


def digest_of(fd: int) -> str:
    """The SHA-256 of an open file, from where it stands."""
    digest = hashlib.sha256()
    while chunk := os.read(fd, _CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _owner(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
