# SPDX-License-Identifier: EUPL-1.2
"""Staging a decision's files beside their destinations.

It can be interrupted anywhere and done again: our own stale files, which nobody has seen, are
overwritten.
"""

from __future__ import annotations

import hashlib
import os

from gateway import durable, names
from gateway.folders import Content, Folders
from gateway.journal import Intent, Promise, Put
from gateway.model import Arrival, Carried, Decision, Delivery, Place


def stage(
    folders: Folders,
    intent: Intent,
    arrival: Arrival,
    content: Content,
    decision: Decision,
    beside: tuple[Place, str] | None = None,
) -> Promise:
    """Write a decision's files beside their destinations; nothing is visible yet.

    What was carried lies there already, and so does what landed before the rest had to be made
    anew (``intent.kept``). ``beside`` are the bytes that the source refers to.
    Raises ``OSError`` (disk full, no rights) after dropping what it had staged: the source stays
    claimed, and the decision is taken again later.
    """
    puts = _stage_all(folders, intent, decision)
    source = decision.source
    levering = decision.leveringen[0].id if decision.leveringen else ""
    return Promise(
        arrival.id,
        arrival.place,
        puts,
        source.fate,
        source.place,
        source.name,
        content.size,
        content.mtime_ns,
        levering,
        beside,
        announced=bool(intent.announced_by),
        proof=intent.proof,
    )


def _stage_all(folders: Folders, intent: Intent, decision: Decision) -> list[Put]:
    puts: list[Put] = []
    kept = intent.kept or []
    try:
        for number, delivery in enumerate(decision.deliveries):
            if number < len(kept):  # it landed: what was carried for it once more is too much
                durable.remove(folders.tmp(delivery.place), kept[number].staged)
                puts.append(kept[number]._replace(folder=folders.inode(delivery.place)))
                continue
            puts.append(_stage_one(folders, delivery, intent.id, number))
    except OSError:
        for put in puts:
            if put.staged != names.deel_naam(intent.id):
                durable.remove(folders.tmp(put.place), put.staged)
        raise
    return puts


def drop_unused(folders: Folders, promise: Promise, carried: Carried) -> None:
    """Remove what was brought along for a decision that has no use for it (a refusal)."""
    part = names.deel_naam(promise.id)
    if all(put.staged != part for put in promise.puts):
        durable.remove(folders.tmp(carried.to), part)


def _stage_one(folders: Folders, delivery: Delivery, arrival: str, number: int) -> Put:
    place, content = delivery.place, delivery.content
    try:
        if isinstance(content, Carried):
            staged = names.deel_naam(arrival)
            inode = os.stat(staged, dir_fd=folders.tmp(place), follow_symlinks=False).st_ino
            digest = content.sha256
        else:
            staged = f"{arrival}.{number}"
            inode = _write(folders, place, staged, content)
            digest = hashlib.sha256(content).hexdigest()
        folder = folders.inode(place)
    except OSError as error:
        error.filename = folders.shown(place)  # of several folders the one that does not let us
        folders.forget(place)  # its disk may be mounted anew before the next try
        raise
    return Put(place, staged, delivery.name, inode, folder, delivery.clash, delivery.event, digest)


def _write(folders: Folders, place: Place, staged: str, content: bytes) -> int:
    try:
        return durable.stage(folders.tmp(place), staged, content)
    except FileExistsError:  # our own, from before a crash: its promise was never made
        durable.remove(folders.tmp(place), staged)
    except FileNotFoundError:  # the folder was removed under our hands: it is made again
        folders.forget(place)
    return durable.stage(folders.tmp(place), staged, content)
