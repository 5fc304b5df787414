# SPDX-License-Identifier: EUPL-1.2
"""Out of quarantine: a file that a person released is claimed from there; the rest is archived.

The archive is ``quarantaine/.archief/``: the folder as it was, moved there by one rename. Nothing
is removed: a decision that turns out wrong can be undone by hand, and how long to keep what was
decided on is for retention to say, not for whoever clears the list.
"""

from __future__ import annotations

import errno
import os
import stat

from gateway import aside, durable, moves
from gateway.folders import Folders
from gateway.journal import Intent, proof_id
from gateway.model import BESIDE, Kind, Place
from gateway.store_purge import ARCHIVE

_NOT_HERE = (errno.EXDEV, errno.ENOTDIR, errno.ELOOP)
_ELSEWHERE = (
    "the archive must be a plain folder on the disk of quarantine: no link, and no disk of its "
    "own; put a folder in its place, with all that lies in it now"
)


def claim(folders: Folders, intent: Intent) -> bool:
    """Claim a file, from where it was dropped or from quarantine; False when it is not there."""
    if intent.held is None:
        return folders.claim(intent)
    if intent.id in os.listdir(folders.claimed(intent.place)):
        return True  # before a crash
    held = Place(Kind.QUARANTAINE, intent.held.folder)
    folders.refuse_hanging(held)
    if not os.path.lexists(os.path.join(folders.path(held), intent.held.name)):
        return False
    if intent.place.kind is Kind.OUTBOX:
        _take_proof(folders, intent, held, intent.held.beside)
    else:
        _put_beside(folders, intent.place, held, intent.held.beside)
    moves.take(folders, held, intent.held.name, intent.place, intent.id)
    return True


def give_back(folders: Folders, intent: Intent) -> bool:
    """Put back what was claimed and is no file; False when it is one, or is gone.

    Between the look and the claim its owner put a link, a pipe or a folder in its place. It is
    never followed or opened: it lies where it was again, and is told of there as any other.
    """
    claimed = folders.claimed(intent.place)
    try:
        found = os.stat(intent.id, dir_fd=claimed, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if stat.S_ISREG(found.st_mode) or intent.held is not None:
        return False
    moves.rename_next(claimed, intent.id, folders.fd(intent.place), intent.name)
    folders.give_back_beside(intent)
    return True


def _take_proof(folders: Folders, intent: Intent, held: Place, name: str) -> None:
    """Bring the seal or assertion of a file back to where its claim looks for it."""
    claimed = os.listdir(folders.claimed(intent.place))
    there = name and os.path.lexists(os.path.join(folders.path(held), name))
    if there and proof_id(intent.id) not in claimed:
        moves.take(folders, held, name, intent.place, proof_id(intent.id))


def _put_beside(folders: Folders, place: Place, held: Place, name: str) -> None:
    """Bring the bytes that an envelope refers to back to where it looks for them."""
    if name and os.path.lexists(os.path.join(folders.path(held), name)):
        beside = Place(BESIDE[place.kind])
        if not os.path.lexists(os.path.join(folders.path(beside), name)):
            moves.move(folders, folders.fd(held), name, beside, name)


def lying(folders: Folders) -> set[str]:
    """The names in quarantine; ``OSError`` when that cannot be seen."""
    top = Place(Kind.QUARANTAINE)
    try:
        folders.freshen(top)
        return set(os.listdir(folders.fd(top)))
    except OSError as error:
        folders.forget(top)
        raise OSError(error.errno, error.strerror, folders.shown(top)) from error


def archive(folders: Folders, folder: str, name: str) -> None:
    """Move a folder out of quarantine, to this name in the archive; again: nothing.

    Raises ``OSError`` where the archive does not let us, with what to do when it is no folder on
    the disk of quarantine; nothing was moved then.
    """
    top, kept = Place(Kind.QUARANTAINE), Place(Kind.QUARANTAINE, ARCHIVE)
    folders.forget(Place(Kind.QUARANTAINE, folder))
    try:
        folders.freshen(kept)  # removed under our hands, it would seem that all was moved already
        target = folders.fd(kept)
        if aside.inode(target, name) is None:  # else what bears its id now came there since
            durable.rename_dir(folders.fd(top), folder, target, name)
    except OSError as error:
        for place in (top, kept):  # their disk may be mounted anew before the next try
            folders.forget(place)
        said = _ELSEWHERE if error.errno in _NOT_HERE else error.strerror
        raise OSError(error.errno, said, folders.shown(kept)) from error
