# SPDX-License-Identifier: EUPL-1.2
"""Performing a promise once it is committed.

It can be interrupted anywhere and done again: that finds each staged file still there (rename it)
or gone (it was delivered, even if its receiver has taken it since), and the claimed source still
there or gone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from enum import Enum

from gateway import durable, names
from gateway.folders import Folders
from gateway.journal import Promise, Put
from gateway.model import (
    STATION_OF,
    Clash,
    Event,
    EventType,
    Fate,
    Kind,
    Place,
)
from gateway.moves import move, rename_next, same_bytes


class Landing(Enum):
    """How it went with one staged file."""

    DONE = "done"
    REDO = "redo"
    CONFLICT = "conflict"


@dataclass(slots=True)
class Outcome:
    """What came of performing a promise: the events that are true now, with their final names.

    ``redo``: a target folder was removed with our staged file in it; decide again from the source.
    """

    events: list[Event] = field(default_factory=list)
    landed: list[tuple[Place, str]] = field(default_factory=list)
    redo: bool = False


def perform(folders: Folders, promise: Promise) -> Outcome:
    """Keep a promise: rename each staged file into place, in order, then let the source go.

    Where another file has the name of one of them, none of them is delivered: they are held
    together, the answer too, so that nobody is told of a delivery that did not happen.
    """
    outcome = Outcome()
    for put in promise.puts:
        landing = _land(folders, promise, put, outcome)
        if landing is Landing.REDO:
            outcome.redo = True
            return outcome
        if landing is Landing.CONFLICT:
            _hold(folders, promise, put, outcome)
            break
    _let_go(folders, promise, outcome)
    return outcome


def _land(folders: Folders, promise: Promise, put: Put, outcome: Outcome) -> Landing:
    if folders.inode(put.place) != put.folder:
        return Landing.REDO
    tmp, target = folders.tmp(put.place), folders.fd(put.place)
    try:
        name = _rename_free(tmp, put, target)
    except FileNotFoundError:
        if not promise.again and folders.is_removed(put.place):
            return Landing.REDO
        if _was_held(folders, promise, put):
            return Landing.CONFLICT
        name = _delivered_as(target, put)
    except durable.Occupied:
        if not same_bytes(tmp, put.staged, target, put.name):
            return Landing.CONFLICT
        # Ours already: a link whose reply was lost, or the same answer to the same request.
        durable.remove(tmp, put.staged)
        name = put.name
    outcome.landed.append((put.place, name))
    if put.event is not None:
        # an answer is named after its request, which may be called anything
        outcome.events.append(put.event._replace(name=names.toonbaar(name)))
    return Landing.DONE


def _rename_free(tmp: int, put: Put, target: int) -> str:
    if put.clash is Clash.NEXT:
        return rename_next(tmp, put.staged, target, put.name)
    try:
        durable.rename(tmp, put.staged, target, put.name)
    except durable.Occupied:
        if put.clash is Clash.HOLD or same_bytes(tmp, put.staged, target, put.name):
            raise
        return rename_next(tmp, put.staged, target, put.name)
    return put.name


def _delivered_as(target: int, put: Put) -> str:
    """Under which name a file went that was delivered before a crash: its inode tells.

    When the receiver has taken it since, the name that it was promised is all we know.
    """
    if put.clash is Clash.HOLD:
        return put.name
    for name in names.neighbours(put.name):
        try:
            if os.stat(name, dir_fd=target, follow_symlinks=False).st_ino == put.ino:
                return name
        except FileNotFoundError:
            break
    return put.name


def _hold(folders: Folders, promise: Promise, clashed: Put, outcome: Outcome) -> None:
    """Another file has the name: all of ours goes to quarantine, theirs is not touched."""
    held = Place(Kind.QUARANTAINE, promise.id)
    for put in promise.puts:
        tmp, target = folders.tmp(put.place), folders.fd(put.place)
        if _inode(target, put.name) == put.ino:  # the metagegevens went before the file
            move(folders, target, put.name, held, put.name)
        elif _inode(tmp, put.staged) is not None:
            move(folders, tmp, put.staged, held, put.name)
    shown = names.toonbaar(clashed.name)
    remark = f"another file named {shown} is there already; ours is held"
    note = (
        f"{remark}, with what belongs to it.\nMove the other file away from {clashed.place}, then "
        f"put these where they belong; the referentienummer leads to the rest:\n"
        f"knooppunt trace '{shown}'\n"
    )
    _note(folders, promise, note)
    outcome.landed.clear()
    outcome.events[:] = [
        Event(
            EventType.CONFLICT,
            _station(promise),
            promise.levering,
            shown,
            str(held),
            "naam-bezet",
            remark,
        )
    ]


def _note(folders: Folders, promise: Promise, text: str) -> None:
    held = folders.path(Place(Kind.QUARANTAINE, promise.id))
    durable.put(os.path.join(held, names.REDEN), text.encode("utf-8", "backslashreplace"))


def _inode(dir_fd: int, name: str) -> int | None:
    try:
        return os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


def _was_held(folders: Folders, promise: Promise, put: Put) -> bool:
    """Tell whether a staged file went to quarantine before a crash, not to its place."""
    if not promise.again or put.clash is not Clash.HOLD:
        return False
    held = folders.path(Place(Kind.QUARANTAINE, promise.id))
    return os.path.lexists(os.path.join(held, put.name))


def _let_beside_go(folders: Folders, promise: Promise) -> None:
    """The bytes that an envelope refers to share its fate; they go before it, which names them."""
    if promise.beside is None:
        return
    place, name = promise.beside
    fd = folders.fd(place)
    try:
        if not stat.S_ISREG(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
            return
    except FileNotFoundError:
        return  # they went before a crash, or were never there
    if promise.fate is Fate.QUARANTINE:
        move(folders, fd, name, Place(Kind.QUARANTAINE, promise.id), name)
    else:
        durable.remove(fd, name)


def _let_go(folders: Folders, promise: Promise, outcome: Outcome) -> None:
    if promise.fate is Fate.LEAVE:
        return
    _let_beside_go(folders, promise)
    claimed = folders.claimed(promise.place)
    try:
        found = os.stat(promise.id, dir_fd=claimed, follow_symlinks=False)
    except FileNotFoundError:
        return  # it went before the crash
    if (found.st_size, found.st_mtime_ns) != (promise.size, promise.mtime_ns):
        # Somebody kept writing after the claim: what was sent is what was read; keep the rest.
        _quarantine(folders, promise)
        remark = "was written to after it was taken; what was read then was sent on, this is held"
        _note(folders, promise, f"{names.toonbaar(promise.name)} {remark}.\n")
        outcome.events.append(
            Event(
                EventType.QUARANTINED,
                _station(promise),
                promise.levering,
                names.toonbaar(promise.name),
                str(Place(Kind.QUARANTAINE, promise.id)),
                "gewijzigd-na-overname",
                remark,
            )
        )
    elif promise.fate is Fate.REMOVE:
        durable.remove(claimed, promise.id)
    elif promise.fate is Fate.QUARANTINE:
        _quarantine(folders, promise)
    elif promise.target is not None:
        name = rename_next(claimed, promise.id, folders.fd(promise.target), promise.name)
        if name != promise.name:  # known by that name too, when somebody asks
            outcome.events.append(_kept_as(promise, promise.target, name))


def _kept_as(promise: Promise, target: Place, name: str) -> Event:
    remark = "kept under this name: one of its own name was there already"
    shown = names.toonbaar(name)
    return Event(
        EventType.REMARK,
        _station(promise),
        promise.levering,
        shown,
        str(target),
        "andere-naam",
        remark,
    )


def _station(promise: Promise) -> str:
    return STATION_OF[promise.place.kind]


def _quarantine(folders: Folders, promise: Promise) -> None:
    held = Place(Kind.QUARANTAINE, promise.id)
    move(folders, folders.claimed(promise.place), promise.id, held, promise.name)
