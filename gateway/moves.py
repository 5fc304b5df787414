# SPDX-License-Identifier: EUPL-1.2
"""Moving our own files: to the first free name, or to a place on another file system."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from typing import BinaryIO

from gateway import durable, names
from gateway.folders import Folders
from gateway.model import Place

_CHUNK = 1 << 20

MAX_NEIGHBOURS = 10_000
"""Names tried before we give up on making one unique: beyond it something else is wrong."""


def rename_next(src_dir: int, src: str, dst_dir: int, wanted: str) -> str:
    """Rename to the wanted name or its first free neighbour; return the name it got."""
    for tries, name in enumerate(names.neighbours(wanted)):
        try:
            durable.rename(src_dir, src, dst_dir, name)
        except durable.Occupied:
            if tries >= MAX_NEIGHBOURS:
                raise
            continue
        return name
    raise durable.Occupied(f"no free name beside {wanted!r}")


def same_bytes(tmp: int, staged: str, target: int, name: str) -> bool:
    """Whether a staged file and what has its name are the same, byte for byte."""
    with ExitStack() as opened:
        try:
            ours, theirs = (opened.enter_context(_open(*one)) for one in
                            ((tmp, staged), (target, name)))  # fmt: skip
            if os.fstat(ours.fileno()).st_size != os.fstat(theirs.fileno()).st_size:
                return False
            while chunk := ours.read(_CHUNK):
                if theirs.read(_CHUNK) != chunk:
                    return False
        except OSError:
            return False  # not a file that we could read: then certainly not ours
    return True


def _open(dir_fd: int, name: str) -> BinaryIO:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.fdopen(os.open(name, flags, dir_fd=dir_fd), "rb")


def move(folders: Folders, src_dir: int, src: str, place: Place, wanted: str) -> str:
    """Move a file to a place that may lie on another file system, keeping every byte durable."""
    return _move(folders, src_dir, src, folders.tmp(place), src, folders.fd(place), wanted or src)


def take(folders: Folders, held: Place, name: str, place: Place, claimed: str) -> str:
    """Claim a file from quarantine, for a place that may lie on another file system."""
    tmp, target = folders.tmp(place), folders.claimed(place)
    return _move(folders, folders.fd(held), name, tmp, claimed, target, claimed)


def _move(
    folders: Folders, src_dir: int, src: str, tmp: int, staged: str, target: int, wanted: str
) -> str:
    try:
        return rename_next(src_dir, src, target, wanted)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    if same_bytes(src_dir, src, target, wanted):
        name = wanted  # ours, from before a crash: it was not removed here any more
    else:
        durable.remove(tmp, staged)
        durable.copy(src, tmp, staged, src_dir=src_dir)  # its content is durable: it may be named
        name = rename_next(tmp, staged, target, wanted)
    try:
        folders.sync(tmp)  # only when the copy has its name may the original go
    except OSError:  # a later sync would say that all is well: it is copied anew
        durable.remove(target, name)
        raise
    durable.remove(src_dir, src)
    return name
