# SPDX-License-Identifier: EUPL-1.2
"""Performing a promise once it is committed.

It can be interrupted anywhere and done again: that finds each staged file still there (rename it,
if its bytes are those that were staged) or gone (it was delivered, even if its receiver has taken
it since), and the claimed source still there or gone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from enum import Enum

from gateway import aside, durable, names
from gateway.folders import Folders, digest_of
from gateway.journal import Promise, Put, announcer_id, proof_id
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

    ``redo``: a target folder was removed with our staged file in it, or the disk gave back other
    bytes than were staged; decide again from the source.
    ``held`` is the source, when it was set aside: why (one of :data:`aside.SOORTEN`), and its name.
    """

    events: list[Event] = field(default_factory=list)
    landed: list[tuple[Place, str]] = field(default_factory=list)
    redo: bool = False
    held: aside.Aside | None = None


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
            _hold_source(folders, promise, outcome)
            return outcome
    _let_go(folders, promise, outcome)
    return outcome


def _land(folders: Folders, promise: Promise, put: Put, outcome: Outcome) -> Landing:
    if folders.inode(put.place) != put.folder and not (
        promise.again and _lies_there(folders.fd(put.place), put)
    ):
        return Landing.REDO
    tmp, target = folders.tmp(put.place), folders.fd(put.place)
    if promise.again and _is_damaged(tmp, put):
        return Landing.REDO
    try:
        name = _rename_free(tmp, put, target)
    except FileNotFoundError:
        if not promise.again and folders.is_removed(put.place):
            return Landing.REDO
        if aside.was_held(folders, promise, put):
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


def _is_damaged(tmp: int, put: Put) -> bool:
    """Whether the disk gives back other bytes than were staged; what is gone was delivered."""
    found = _digest(tmp, put.staged)
    return found is not None and found != put.sha256


def _lies_there(target: int, put: Put) -> bool:
    """Whether it was delivered, and is there still: also when somebody made ``.tmp`` anew since."""
    name = _known_as(target, put)
    return name is not None and _digest(target, name) == put.sha256


def _digest(folder: int, name: str) -> str | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        return None
    try:
        return digest_of(fd)
    finally:
        os.close(fd)


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
    return (None if put.clash is Clash.HOLD else _known_as(target, put)) or put.name


def _known_as(target: int, put: Put) -> str | None:
    for name in names.neighbours(put.name):
        try:
            if os.stat(name, dir_fd=target, follow_symlinks=False).st_ino == put.ino:
                return name
        except FileNotFoundError:
            break
    return None


def _hold(folders: Folders, promise: Promise, clashed: Put, outcome: Outcome) -> None:
    """Another file has the name: all of ours goes to quarantine, theirs is not touched."""
    held = Place(Kind.QUARANTAINE, promise.id)
    for put in promise.puts:
        tmp, target = folders.tmp(put.place), folders.fd(put.place)
        if aside.inode(target, put.name) == put.ino:  # the metagegevens went before the file
            move(folders, target, put.name, held, put.name)
        elif aside.inode(tmp, put.staged) is not None:
            move(folders, tmp, put.staged, held, put.name)
    shown = names.toonbaar(clashed.name)
    remark = f"another file named {shown} is there already; ours is held"
    note = (
        f"{remark}, with what belongs to it.\nFind out whose the other file in {clashed.place} is. "
        f"Then send ours on, under the next number:\n"
        f"knooppunt quarantine release {promise.id} --reason '...'\n"
    )
    aside.note(folders, promise, note)
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


def _hold_source(folders: Folders, promise: Promise, outcome: Outcome) -> None:
    """Keep what led to a conflict with it: a person may send it in again.

    A municipality's own file goes where it always goes: its envelope is what is held.
    """
    ours = promise.fate is not Fate.REMOVE
    if ours:
        _let_go(folders, promise, outcome)
    else:
        _let_beside_go(folders, promise, hold=True)
        if aside.inode(folders.claimed(promise.place), promise.id) is not None:
            aside.quarantine(folders, promise)
    outcome.held = aside.of(promise, "naam-bezet", "" if ours else promise.id)


def _let_beside_go(folders: Folders, promise: Promise, *, hold: bool) -> None:
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
    if hold:
        move(folders, fd, name, Place(Kind.QUARANTAINE, promise.id), name)
    else:
        durable.remove(fd, name)


def _let_go(folders: Folders, promise: Promise, outcome: Outcome) -> None:
    if promise.fate is Fate.LEAVE:
        return
    _let_beside_go(folders, promise, hold=promise.fate is Fate.QUARANTINE)
    claimed = folders.claimed(promise.place)
    if promise.announced:  # before its file: while that is there, a restart comes here again
        durable.remove(claimed, announcer_id(promise.id))
    if promise.proof:
        _let_proof_go(folders, promise, claimed)
    try:
        found = os.stat(promise.id, dir_fd=claimed, follow_symlinks=False)
    except FileNotFoundError:  # it went before the crash
        outcome.held = aside.held_before(folders, promise)
        if outcome.held is not None and outcome.held.soort == "gewijzigd":
            outcome.events.append(_changed(promise))
        return
    if (found.st_size, found.st_mtime_ns) != (promise.size, promise.mtime_ns):
        # Somebody kept writing after the claim: what was sent is what was read; keep the rest.
        event = _changed(promise)
        aside.note(folders, promise, f"{event.name} {event.remark}.\n")
        outcome.held = aside.of(promise, "gewijzigd", aside.quarantine(folders, promise))
        outcome.events.append(event)
    elif promise.fate is Fate.REMOVE:
        durable.remove(claimed, promise.id)
    elif promise.fate is Fate.QUARANTINE:
        name = aside.quarantine(folders, promise)
        outcome.held = aside.of(promise, aside.soort(promise), name)
    elif promise.target is not None:
        name = rename_next(claimed, promise.id, folders.fd(promise.target), promise.name)
        if name != promise.name:  # known by that name too, when somebody asks
            outcome.events.append(_kept_as(promise, promise.target, name))


def _let_proof_go(folders: Folders, promise: Promise, claimed: int) -> None:
    """What bound a user to a file is in its envelope, whole; beside a refused file it stays."""
    proof = proof_id(promise.id)
    if promise.fate is not Fate.QUARANTINE:
        durable.remove(claimed, proof)
    elif aside.inode(claimed, proof) is not None:
        move(folders, claimed, proof, Place(Kind.QUARANTAINE, promise.id), promise.proof)


def _changed(promise: Promise) -> Event:
    remark = "was written to after it was taken; what was read then was sent on, this is held"
    return Event(EventType.QUARANTINED, _station(promise), promise.levering,
                 names.toonbaar(promise.name), str(Place(Kind.QUARANTAINE, promise.id)),
                 "gewijzigd-na-overname", remark)  # fmt: skip


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
