# SPDX-License-Identifier: EUPL-1.2
"""How a change becomes durable: stage, sync, rename. Nothing else in Knooppunt does.

This is the only module that opens a file for writing, syncs, renames or unlinks, so that whoever
wants to know what a power failure can do has one file to read. Above each function stand the
system calls it makes, in order.

The rule of the house (``docs/internals.md``): a file is staged under a temporary name beside its
destination, synced, and only then renamed without replacing anything. Until the rename nobody can
see a partial file; after it the temporary name is gone, and that absence is the proof of delivery,
even when the receiver has already taken the file away.

What this does not protect against: a disk that acknowledges a flush it did not do; a file system
that ignores ``syncfs`` errors (Linux before 5.8); a network share, where a lost reply makes a
rename at-least-once.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from typing import NoReturn

from gateway.errors import DurabilityError, FolderError, StateError

_libc = ctypes.CDLL(None, use_errno=True)
_RENAME_NOREPLACE = 1
_RANGE_WRITE = 2

STAGED_MODE = 0o640
"""Mode of every file that we deliver: the owner writes, the group reads, others see nothing."""

FSYNC_ABOVE = 1 << 20
"""Bytes above which a staged file is synced by itself, so that one large file does not turn the
round's ``syncfs`` into a long silence for everybody else in it."""


class Occupied(FolderError):  # noqa: N818  what it is, not that it is one
    """The name that a rename was to make exists already. Nothing was replaced."""

    code = "occupied"


# openat(O_RDONLY|O_DIRECTORY|O_CLOEXEC)
def open_dir(path: str | bytes, *, dir_fd: int | None = None) -> int:
    """A descriptor of a directory, to be held: paths below it cannot be redirected by a rename.

    A symbolic link as the last part of ``path`` is refused (``OSError``, ELOOP or ENOTDIR).
    """
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=dir_fd)


# mkdirat; fsync(parent), once for each directory that was missing
def make_dir(path: str, mode: int = 0o750) -> None:
    """Make a directory and its missing parents, each durable before it is used."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path) or "."
    make_dir(parent, mode)
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        return
    # Without this the directory, and every file delivered into it, vanishes with the power.
    sync_dir(parent)


# openat(O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC); write until all is written;
# above FSYNC_ABOVE: fsync; close
def stage(dir_fd: int, name: str | bytes, content: bytes, mode: int = STAGED_MODE) -> int:
    """Write a new file under a temporary name; return its inode number.

    The file is whole, but not yet durable: call :func:`sync_filesystem` before promising it.
    Raises ``FileExistsError`` when the name exists: the caller removes its own stale file first.
    After any other error, of the close too, the file is removed and the descriptor is never tried
    again: after a failed write or sync the kernel may drop the pages and report success the next
    time.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, mode, dir_fd=dir_fd)
    try:
        view = memoryview(content)
        while view:  # a write may be short: at a full disk, a quota or a signal
            view = view[os.write(fd, view) :]
        if len(content) > FSYNC_ABOVE:
            os.fsync(fd)
        inode = os.fstat(fd).st_ino
    except OSError:
        _drop(fd, dir_fd, name)
        raise
    _close(fd, dir_fd, name)
    return inode


def _drop(fd: int, dir_fd: int, name: str | bytes) -> None:
    try:
        os.close(fd)
    finally:
        os.unlink(name, dir_fd=dir_fd)


def _close(fd: int, dir_fd: int, name: str | bytes) -> None:
    try:
        os.close(fd)
    except OSError:  # a share says here what it could not keep
        os.unlink(name, dir_fd=dir_fd)
        raise


# openat(O_RDWR|O_NOFOLLOW|O_CLOEXEC), with O_CREAT for a new one
def open_part(dir_fd: int, name: str, *, new: bool, mode: int = STAGED_MODE) -> int:
    """Open a file that grows over several rounds under a temporary name; the caller closes it.

    ``new``: it may be made now. Else ``FileNotFoundError`` says that somebody took it away.
    """
    made = os.O_CREAT if new else 0
    return os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | made, mode, dir_fd=dir_fd)


# pwrite until all is written; sync_file_range(SYNC_FILE_RANGE_WRITE)
def write_part(fd: int, chunk: memoryview, offset: int) -> None:
    """Write into such a file, and let the disk begin on it, so that the round's sync waits less.

    After an error the caller removes the file: what the kernel may have lost is written anew.
    Durable after the next :func:`sync_filesystem`, which also reports what went wrong meanwhile.
    """
    view, at = chunk, offset
    while view:
        written = os.pwrite(fd, view, at)
        view, at = view[written:], at + written
    _libc.sync_file_range(fd, ctypes.c_int64(offset), ctypes.c_int64(len(chunk)), _RANGE_WRITE)


# ftruncate
def cut_part(fd: int, size: int) -> None:
    """Cut such a file off: beyond this it is not what its source holds."""
    os.ftruncate(fd, size)


# posix_fadvise(POSIX_FADV_DONTNEED)
def reread(fd: int) -> None:
    """Let what is read from now on come from the disk.

    After a sync that failed, memory may hold what the disk does not; a restart must see the disk.
    """
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


# renameat2(RENAME_NOREPLACE); where the file system lacks it: linkat, unlinkat
def rename(src_dir: int, src: str | bytes, dst_dir: int, dst: str | bytes) -> None:
    """Give a file its final name, replacing nothing. This is the commit point of a delivery.

    Raises :class:`Occupied` when the name exists, ``FileNotFoundError`` when the source is gone
    (for a staged file: it was delivered before). Durable after the next :func:`sync_filesystem`.

    On a file system without RENAME_NOREPLACE (NFS, old FUSE) the pair link+unlink does the same,
    at-least-once: between the two calls both names exist.
    """
    source, target = os.fsencode(src), os.fsencode(dst)
    if _libc.renameat2(src_dir, source, dst_dir, target, _RENAME_NOREPLACE) == 0:
        return
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        _link_unlink(src_dir, source, dst_dir, target)
        return
    _raise(number, dst)


def _link_unlink(src_dir: int, src: bytes, dst_dir: int, dst: bytes) -> None:
    try:
        os.link(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir, follow_symlinks=False)
    except FileExistsError:
        ours = os.stat(src, dir_fd=src_dir, follow_symlinks=False)
        theirs = os.stat(dst, dir_fd=dst_dir, follow_symlinks=False)
        if (ours.st_dev, ours.st_ino) != (theirs.st_dev, theirs.st_ino):
            _raise(errno.EEXIST, dst)
        # Our own link, whose reply was lost: go on with the unlink.
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EOPNOTSUPP):
            said = (
                "this file system can neither rename without replacing nor make hard links; put "
                "the folders on a local one (ext4, xfs), or on a share with links"
            )
            raise OSError(errno.EOPNOTSUPP, said, os.fsdecode(dst)) from error
        raise
    os.unlink(src, dir_fd=src_dir)


def _raise(number: int, name: str | bytes) -> NoReturn:
    shown = os.fsdecode(name)
    if number == errno.EEXIST:
        raise Occupied(f"a file named {shown!r} is there already")
    raise OSError(number, os.strerror(number), shown)


# renameat
def rename_dir(src_dir: int, src: str, dst_dir: int, dst: str) -> bool:
    """Move a directory with all that is in it; False when it was moved already.

    ``dst`` must be a name that nothing else gets: the kernel replaces an empty directory. Not
    durable by itself: whoever depends on it does it again after a crash.
    """
    try:
        os.rename(src, dst, src_dir_fd=src_dir, dst_dir_fd=dst_dir)
    except FileNotFoundError:
        return False
    return True


# unlinkat
def remove(dir_fd: int, name: str | bytes) -> bool:
    """Remove a file; False when it was gone already (a redo after a crash)."""
    try:
        os.unlink(name, dir_fd=dir_fd)
    except FileNotFoundError:
        return False
    return True


# rmdir
def remove_dir(path: str) -> bool:
    """Remove an empty directory; False when it was gone already, or something is in it."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTEMPTY):
            return False
        raise
    return True


# syncfs
def sync_filesystem(fd: int) -> None:
    """Make everything written so far on the file system of ``fd`` durable, names included.

    One call for a whole round instead of two fsyncs a file. An error (:class:`DurabilityError`)
    ends the process, but where it is a share's: there the round is undone (``shares.py``). What the
    kernel lost it will not report a second time, so it is never synced once more and believed.
    """
    if _libc.syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise DurabilityError(
            f"the disk did not keep what was written: {os.strerror(number)}",
            hint="look at the kernel log and the disk, then start again: a restart recovers",
        )


# openat(O_RDONLY|O_DIRECTORY); fsync; close
def sync_dir(path: str) -> None:
    """Make the names in one directory durable."""
    fd = open_dir(path)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# openat(.tmp, O_CREAT|O_EXCL); write; fsync; close; renameat; fsync(directory)
def put(path: str, content: bytes, mode: int = STAGED_MODE) -> None:
    """Write one small file durably, replacing what stood there: for our own state, never for mail.

    Readers see the old bytes or the new ones, never a part. ``OSError`` names the file.
    """
    try:
        _put(path, content, mode)
    except OSError as error:
        error.filename = path
        raise


def _put(path: str, content: bytes, mode: int) -> None:
    folder, name = os.path.split(path)
    make_dir(folder)
    dir_fd = open_dir(folder)
    try:
        staged = f".{name}.new"
        remove(dir_fd, staged)
        stage(dir_fd, staged, content, mode)
        fd = os.open(staged, os.O_RDONLY | os.O_CLOEXEC, dir_fd=dir_fd)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(staged, name, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
        os.fsync(dir_fd)
    finally:
        os.close(dir_fd)


# openat(O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW); write until all is written; fsync; close
def copy(
    path: str, dir_fd: int, name: str, mode: int = STAGED_MODE, *, src_dir: int | None = None
) -> None:
    """Copy a file of any size under a new name, durable in its content; not yet in its name.

    ``path`` is below ``src_dir``, where that is given. ``FileExistsError`` when the name exists;
    after any error the partial copy is removed.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    found = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=src_dir)
    with os.fdopen(found, "rb") as source:
        fd = os.open(name, flags, mode, dir_fd=dir_fd)
        try:
            while part := source.read(FSYNC_ABOVE):
                append(fd, part)
            os.fsync(fd)
        except OSError:
            _drop(fd, dir_fd, name)
            raise
        _close(fd, dir_fd, name)


# openat(O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC)
def open_note(path: str) -> int:
    """A descriptor of a small file that the process after this one reads: see :func:`note`."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


# pwrite
def note(fd: int, content: bytes) -> None:
    """Write all of such a file, always as long. It outlives this process, not the machine."""
    os.pwrite(fd, content, 0)


# openat(O_WRONLY|O_CREAT|O_APPEND)
def open_log(path: str) -> int:
    """A descriptor of a technical log, to append to; ``OSError`` when its folder is not there."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, STAGED_MODE)


# write until all is written
def append(fd: int, content: bytes) -> None:
    """Write at the end of a technical log. Not durable: no promise rests on it."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


# openat(O_WRONLY|O_CREAT|O_NOFOLLOW); ftruncate; pwrite until all is written; fsync; close;
# fsync(directory), when the file was empty
def append_at(path: str, length: int, content: bytes, mode: int = STAGED_MODE) -> None:
    """Add to a file durably, after its first ``length`` bytes; what lies behind those is cut off.

    For a file of our own whose length is kept elsewhere, durably, once this returns.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(path, flags, mode)
    try:
        os.ftruncate(fd, length)
        view, at = memoryview(content), length
        while view:
            written = os.pwrite(fd, view, at)
            view, at = view[written:], at + written
        os.fsync(fd)
    finally:
        os.close(fd)
    if not length:
        sync_dir(os.path.dirname(path) or ".")


# openat(O_RDWR|O_CREAT); flock(LOCK_EX|LOCK_NB)
def lock(
    path: str,
    said: str = "another gateway is running on this state",
    hint: str = "stop it first, or give this one a state of its own with --state DIR",
) -> int:
    """Hold a lock file for the life of the process; :class:`StateError` when another holds it.

    ``said`` and ``hint``: what that means, and what to do then.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise StateError(f"{said}: {os.path.dirname(path)}", hint=hint) from None
    return fd
