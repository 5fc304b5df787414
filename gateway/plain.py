# SPDX-License-Identifier: EUPL-1.2
"""What is no plain file is never opened, followed or taken: what it is, and what to do about it."""

from __future__ import annotations

import os
import stat

from gateway.folders import Folders, Waiting
from gateway.model import Kind, Place


def unopened(folders: Folders, place: Place, name: str) -> Waiting | None:
    """Look at what cannot be opened: why, if it is no plain file; None when it is one, or gone."""
    try:
        found = os.stat(name, dir_fd=folders.fd(place), follow_symlinks=False)
    except OSError:
        return None
    return barrier(place, name, found)


def barrier(place: Place, name: str, found: os.stat_result) -> Waiting | None:
    """Why it is not taken as a file; None when nothing is against that."""
    if stat.S_ISLNK(found.st_mode):
        said = (
            "is a symbolic link, which is never followed: remove it, and put the file itself here"
        )
        return Waiting(place, name, "symbolische-link", said, None)
    if stat.S_ISDIR(found.st_mode):
        return Waiting(
            place, name, "geen-bestand", "is a folder, and only files are taken from here", None
        )
    if not stat.S_ISREG(found.st_mode):
        said = "is a pipe, socket or device, which is never read: remove it"
        return Waiting(place, name, "geen-bestand", said, None)
    if found.st_nlink > 1:
        # In a hop folder a second link may be another system's half-done link+unlink.
        retry = None if place.kind is Kind.OUTBOX else 1.0
        return Waiting(place, name, "harde-link", "has a second name (hard link)", retry)
    return None
