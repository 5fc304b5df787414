# SPDX-License-Identifier: EUPL-1.2
"""Setting a file aside: into ``quarantaine/<id>/``, and knowing after a crash that it was done."""

from __future__ import annotations

import os
from typing import NamedTuple

from gateway import durable, names
from gateway.folders import Folders
from gateway.journal import Promise, Put
from gateway.model import Clash, Fate, Kind, Place
from gateway.moves import move

SOORTEN = {
    "geweigerd": "a station refused it",
    "naam-bezet": "what it led to could not be placed: another file has the name",
    "gewijzigd": "it was written to after it was taken; what was read then was sent",
    "onleesbaar": "it was taken, and could not be read",
    "wees": "the journal does not know it (a restored backup)",
}
"""Why a file lies in quarantine."""


class Aside(NamedTuple):
    """What was set aside: why (one of :data:`SOORTEN`), and its name in its folder.

    ``beside`` is the name there of the bytes that it refers to, or of its seal; empty for most.
    """

    soort: str
    name: str
    beside: str


def of(promise: Promise, soort: str, name: str) -> Aside:
    """The source of a promise, set aside under this name."""
    if promise.beside is not None:
        return Aside(soort, name, promise.beside[1])
    return Aside(soort, name, promise.proof if promise.fate is Fate.QUARANTINE else "")


def note(folders: Folders, promise: Promise, text: str) -> None:
    """Say beside a file why it lies there."""
    held = folders.path(Place(Kind.QUARANTAINE, promise.id))
    durable.put(os.path.join(held, names.REDEN), text.encode("utf-8", "backslashreplace"))


def inode(dir_fd: int, name: str) -> int | None:
    """The file's inode; None when there is no file of that name."""
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def was_held(folders: Folders, promise: Promise, put: Put) -> bool:
    """Tell whether a staged file went to quarantine before a crash, not to its place."""
    if not promise.again or put.clash is not Clash.HOLD:
        return False
    held = folders.path(Place(Kind.QUARANTAINE, promise.id))
    return os.path.lexists(os.path.join(held, put.name))


def soort(promise: Promise) -> str:
    """A refusal is always of a delivery; what could not be read never became one."""
    return "geweigerd" if promise.levering else "onleesbaar"


def held_before(folders: Folders, promise: Promise) -> Aside | None:
    """What went to quarantine just before a crash, and could not be recorded any more."""
    path = folders.path(Place(Kind.QUARANTAINE, promise.id))
    found = promise.name or promise.id
    for name in names.neighbours(found):  # reden.txt may have taken the name of the file itself
        if not os.path.lexists(os.path.join(path, name)):
            break
        found = name
    if not os.path.lexists(os.path.join(path, found)):
        return None
    return of(promise, soort(promise) if promise.fate is Fate.QUARANTINE else "gewijzigd", found)


def quarantine(folders: Folders, promise: Promise) -> str:
    """Set the source of a promise aside; the name that it got there."""
    held = Place(Kind.QUARANTAINE, promise.id)
    return move(folders, folders.claimed(promise.place), promise.id, held, promise.name)
