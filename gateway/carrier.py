# SPDX-License-Identifier: EUPL-1.2
"""Carrying large bytes to beside their destination: a part in each round, never whole in memory.

What is too large for a message is read once, hashed and written to the ``.tmp`` of where it goes,
as much in a round as ``technisch.deel_bytes`` allows; small messages go on in between, and the
round's sync has no more to flush than that. What was carried so far lies on the disk. After a crash
it is read again beside its source and held to it, byte for byte, and the rest is carried; nothing
about it stands in the journal but that its source was claimed.

What this does not protect against: a source that changes while its size and time of change stay
the same; a destination that is changed by another program while it still lies in our ``.tmp``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway import durable, names
from gateway.folders import Content, Folders
from gateway.journal import Intent
from gateway.lease import has_no_writer
from gateway.model import Carried, Carry

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK = 1 << 19
"""Bytes that are read, hashed and written at a time; two such are in memory."""

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_FILE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO)


@dataclass(slots=True)
class _Haul:
    """How far one file is: ``at`` bytes are hashed, and lie in the part with inode ``ino``.

    ``there`` is how long that part was when we found it: up to there it is compared, not written.
    """

    size: int
    mtime_ns: int
    digest: _Hash = field(default_factory=hashlib.sha256)
    at: int = 0
    ino: int = 0
    there: int = 0

    def hold_to(self, found: os.stat_result) -> None:
        """What was read is all of one version; ``OSError`` when somebody wrote to it meanwhile."""
        if (self.size, self.mtime_ns) != (found.st_size, found.st_mtime_ns):
            raise OSError(errno.EBUSY, "it changed while it was read")


class _BegunAnewError(Exception):
    """Somebody took away what was carried so far."""


class Carrier:
    """Carries for one clerk. ``new_round`` says that there is room for another part."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._hauls: dict[str, _Haul] = {}
        self._left = 0
        self._buffers = deque((bytearray(), bytearray()))

    def new_round(self) -> None:
        """A new round: so many bytes may be carried in it, for all files together."""
        self._left = self._folders.config.technisch.deel_bytes

    def bring(self, intent: Intent, content: Content, carry: Carry | None) -> Carried | None:
        """Go on with what an arrival asks for; None: there is more to do, in the next round.

        ``content`` is the claimed file as it was found; without ``carry`` it is only hashed. Raises
        ``OSError`` when it cannot go on now (no room, a writer, a disk that fails): the caller
        takes the file in hand again later.
        """
        try:
            source = self._open(intent, carry)
        except OSError as error:
            if carry is not None and carry.source is not None and error.errno in _NO_FILE:
                return _not_there(carry)
            raise
        try:
            return self._bring_from(source, intent, content, carry)
        except _BegunAnewError:
            self._hauls.pop(intent.id)
            return None
        except OSError:
            self._hauls.pop(intent.id, None)
            raise
        finally:
            os.close(source)

    def _bring_from(
        self, source: int, intent: Intent, content: Content, carry: Carry | None
    ) -> Carried | None:
        found = os.fstat(source)
        if carry is not None and not stat.S_ISREG(found.st_mode):
            return _not_there(carry)
        if has_no_writer(source) is False:
            raise OSError(errno.EBUSY, "a writer has it open")
        expected = _Haul(content.size, content.mtime_ns)
        if carry is not None and carry.source is not None:
            if found.st_size != carry.size:
                said = f"{found.st_size} bytes, verwacht {carry.size}"
                return Carried(carry.to, fault=f"INCORRECT_FILE_SIZE: {said}")
            expected = _Haul(found.st_size, found.st_mtime_ns)
        haul = self._hauls.setdefault(intent.id, expected)
        if not self._buffers[0]:
            self._buffers = deque((bytearray(CHUNK), bytearray(CHUNK)))
        done = self._go_on(intent, carry, haul, source)
        haul.hold_to(os.fstat(source))
        return done

    def forget(self, arrival: str) -> None:
        """This arrival is decided on."""
        self._hauls.pop(arrival, None)

    def _open(self, intent: Intent, carry: Carry | None) -> int:
        if carry is None or carry.source is None:
            return os.open(intent.id, _READ, dir_fd=self._folders.claimed(intent.place))
        return os.open(carry.name, _READ, dir_fd=self._folders.fd(carry.source))

    def _go_on(
        self, intent: Intent, carry: Carry | None, haul: _Haul, source: int
    ) -> Carried | None:
        with ExitStack() as opened:
            part = None if carry is None else self._part(intent, carry, haul)
            if part is not None:
                opened.callback(os.close, part)
                _check_room(part, haul)
            # Hashing costs as much as the rest together: it is done beside it.
            hasher = opened.enter_context(ThreadPoolExecutor(1, thread_name_prefix="hash"))
            hashed: Future[None] | None = None
            while self._left > 0 and haul.at < haul.size:
                chunk = self._read(source, min(CHUNK, self._left, haul.size - haul.at), haul.at)
                if hashed is not None:
                    hashed.result()
                hashed = hasher.submit(haul.digest.update, chunk)
                if part is not None and carry is not None:
                    self._write(intent, carry, haul, part, chunk)
                haul.at += len(chunk)
                self._left -= len(chunk)
            if haul.at < haul.size:
                return None
            if part is not None and haul.there > haul.size:
                durable.cut_part(part, haul.size)
        to = intent.place if carry is None else carry.to
        return Carried(to, haul.size, haul.digest.hexdigest())

    def _read(self, source: int, size: int, at: int) -> memoryview:
        """Read into one of two buffers in turn: the other may still be hashed."""
        self._buffers.rotate()
        view = memoryview(self._buffers[0])[:size]
        got = os.preadv(source, [view], at)
        if not got:
            raise OSError(errno.EBUSY, "it was cut off while it was read")
        return view[:got]

    def _part(self, intent: Intent, carry: Carry, haul: _Haul) -> int:
        """Open what was carried so far; it must be the file that we began."""
        tmp, name = self._folders.tmp(carry.to), names.deel_naam(intent.id)
        begin = haul.ino == 0
        try:
            part = durable.open_part(tmp, name, new=begin)
        except FileNotFoundError:
            raise _BegunAnewError from None
        found = os.fstat(part)
        if begin:
            haul.ino, haul.there = found.st_ino, found.st_size
            if haul.there:
                durable.reread(part)
        elif found.st_ino != haul.ino or found.st_size < haul.at:
            os.close(part)
            raise _BegunAnewError
        return part

    def _write(
        self, intent: Intent, carry: Carry, haul: _Haul, part: int, chunk: memoryview
    ) -> None:
        if haul.at < haul.there:
            if os.pread(part, len(chunk), haul.at) == chunk:
                return
            durable.cut_part(part, haul.at)
            haul.there = haul.at
        try:
            durable.write_part(part, chunk, haul.at)
        except OSError:  # never tried again on what the kernel may have lost: begun anew
            durable.remove(self._folders.tmp(carry.to), names.deel_naam(intent.id))
            raise


def _check_room(part: int, haul: _Haul) -> None:
    """Before a disk is full, not when: others need what is left of it."""
    needed = haul.size - max(haul.at, min(haul.there, haul.size))
    room = os.fstatvfs(part)
    free = room.f_bavail * room.f_frsize
    if needed > free:
        raise OSError(errno.ENOSPC, f"no room: {needed} bytes are needed, {free} are free")


def _not_there(carry: Carry) -> Carried:
    return Carried(carry.to, fault=f"FILE_NOT_FOUND: {names.GROOT}/{carry.name} ligt er niet")
