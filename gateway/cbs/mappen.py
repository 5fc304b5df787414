# SPDX-License-Identifier: EUPL-1.2
"""The folders of the counterpart: its inboxes, its archive, its send folders. It knows no others.

``cbs/in/<rinis_code>/`` is what RINIS delivers to; ``cbs/uit/<rinis_code>/`` what it takes from;
``cbs/archief/<rinis_code>/<year>/`` is CBS's own, beside them on the same file system, so that
taking a file is a rename. What lies there is kept two years (protocol 2.5, step 4); taking it away
after that is the business of whoever plays CBS.

What this does not protect against: an owner who deletes our ``.tmp``; an archive on another file
system than the inbox (said, and the file stays where it lies).
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from gateway import durable, names
from gateway.folders import digest_of
from gateway.lease import has_no_writer

RECORD = "_metagegevens.xml"
"""What the name of a file's metagegevens ends in."""

MAX_RECORD = 4 << 20
"""Bytes of metagegevens that are read: a seal inside may be large, this is more than any."""


class Gevonden(NamedTuple):
    """A file in an inbox that was not taken yet. ``record``: its metagegevens, when there."""

    rinis_code: str
    naam: str
    ino: int
    omvang: int
    mtime_ns: int
    record: bytes | None


class Mappen:
    """The folders of one counterpart below ``root``, the chain's."""

    def __init__(self, root: str, ontvanger: str) -> None:
        self.root = os.path.join(os.path.abspath(root), ontvanger)

    def pad(self, *parts: str) -> str:
        """A path below the counterpart's own folder."""
        return os.path.join(self.root, *parts)

    def archief(self, rinis_code: str, pad: str) -> str:
        """Where a file that was taken lies; ``pad`` is the year and its name."""
        return self.pad("archief", rinis_code, pad)

    # --- the inbox ---

    def lijst(self, rinis_code: str) -> list[Gevonden]:
        """What lies in an inbox, the oldest first; nothing where there is no inbox."""
        folder = self.pad("in", rinis_code)
        try:
            there = {one.name: one for one in os.scandir(folder)}
        except FileNotFoundError:
            return []
        found = []
        for name, entry in there.items():
            if name.startswith(".") or name.endswith(RECORD) or not _is_tekst(name):
                continue
            record = names.metagegevens_naam(name)
            try:
                seen = entry.stat(follow_symlinks=False)
                read = _lees(os.path.join(folder, record)) if record in there else None
            except FileNotFoundError:
                continue
            if stat.S_ISREG(seen.st_mode):
                found.append(
                    Gevonden(rinis_code, name, seen.st_ino, seen.st_size, seen.st_mtime_ns, read)
                )
        return sorted(found, key=lambda one: (one.mtime_ns, one.naam))

    def vreemd(self, rinis_code: str) -> list[str]:
        """What lies in an inbox and is no regular file: it is never taken."""
        try:
            there = list(os.scandir(self.pad("in", rinis_code)))
        except OSError:
            return []
        return sorted(
            one.name for one in there
            if not one.name.startswith(".") and not one.is_file(follow_symlinks=False)
        )  # fmt: skip

    def heeft_schrijver(self, one: Gevonden) -> bool:
        """Whether somebody still has a file open for writing."""
        try:
            fd = os.open(
                self.pad("in", one.rinis_code, one.naam),
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            )
        except OSError:
            return True
        try:
            return has_no_writer(fd) is False
        finally:
            os.close(fd)

    def vrije_naam(self, rinis_code: str, onder: str, naam: str, *, bezet: set[str]) -> str:
        """A place in the archive, in the folder ``onder``, that no file has nor is in ``bezet``."""
        for name in names.neighbours(naam):
            pad = f"{onder}/{name}"
            record = self.archief(rinis_code, f"{onder}/{names.metagegevens_naam(name)}")
            free = not os.path.lexists(self.archief(rinis_code, pad)) and not os.path.lexists(
                record
            )
            if free and pad not in bezet:
                return pad
        raise AssertionError("neighbours never ends")

    def neem(self, rinis_code: str, naam: str, ino: int, pad: str, record: bytes | None) -> bool:
        """Move a file and its metagegevens to the archive; False when its owner took it back.

        The file first: as long as it is in the inbox its metagegevens are beside it. Done again
        after a crash: what was moved already is found there. Raises ``durable.Occupied``.
        """
        year, _, kept = pad.rpartition("/")
        folder = self.archief(rinis_code, year)
        durable.make_dir(folder)
        src, dst = durable.open_dir(self.pad("in", rinis_code)), durable.open_dir(folder)
        try:
            if _ino(src, naam) == ino:
                durable.rename(src, naam, dst, kept)
            elif _ino(dst, kept) is None:
                return False
            beside = names.metagegevens_naam(naam)
            if record is not None and _lees(beside, src) == record:
                durable.rename(src, beside, dst, names.metagegevens_naam(kept))
        finally:
            os.close(src)
            os.close(dst)
        return True

    def synchroniseer(self, *parts: str) -> None:
        """Make durable all that was done on the file system of a folder."""
        fd = durable.open_dir(self.pad(*parts))
        try:
            durable.sync_filesystem(fd)
        finally:
            os.close(fd)

    def hash(self, rinis_code: str, pad: str) -> tuple[str, int]:
        """The SHA-256 and the size of a file in the archive."""
        fd = os.open(self.archief(rinis_code, pad), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            return digest_of(fd), os.fstat(fd).st_size
        finally:
            os.close(fd)

    # --- the send folder ---

    def zet_klaar(self, rinis_code: str, nummer: int, content: bytes) -> int:
        """Stage an answer beside its folder; the inode of where it is staged. Not durable yet."""
        durable.make_dir(self.pad("uit", rinis_code, ".tmp"))
        tmp = durable.open_dir(self.pad("uit", rinis_code, ".tmp"))
        try:
            durable.remove(tmp, _klaar(nummer))  # of a try that was never promised
            durable.stage(tmp, _klaar(nummer), content)
            return os.fstat(tmp).st_ino
        finally:
            os.close(tmp)

    def klaargezet(self, rinis_code: str, nummer: int) -> bytes | None:
        """The bytes of an answer that is staged; None when it is not."""
        return _lees(self.pad("uit", rinis_code, ".tmp", _klaar(nummer)), most=None)

    def verzend(self, rinis_code: str, nummer: int, naam: str, tmp_ino: int) -> bool:
        """Give a staged answer its name; False when the folder it was staged in is another one.

        That it is gone proves that it was sent, whether or not RINIS has taken it. Raises
        ``durable.Occupied`` while another file has its name.
        """
        try:
            out = durable.open_dir(self.pad("uit", rinis_code))
        except FileNotFoundError:
            return False
        try:
            try:
                tmp = durable.open_dir(".tmp", dir_fd=out)
            except FileNotFoundError:
                return False
            try:
                if os.fstat(tmp).st_ino != tmp_ino:
                    return False
                durable.rename(tmp, _klaar(nummer), out, naam)
            except FileNotFoundError:
                return os.fstat(out).st_nlink > 0  # else the folder itself was taken away
            finally:
                os.close(tmp)
        finally:
            os.close(out)
        return True


def _klaar(nummer: int) -> str:
    return f"antwoord-{nummer}"


def _is_tekst(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ino(dir_fd: int, name: str) -> int | None:
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def _lees(path: str, dir_fd: int | None = None, *, most: int | None = MAX_RECORD) -> bytes | None:
    """A small file, whole; None when it is not there, or is no file that can be read."""
    try:
        fd = os.open(
            path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=dir_fd
        )
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        content = file.read(-1 if most is None else most + 1)
    return None if most is not None and len(content) > most else content
