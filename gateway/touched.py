# SPDX-License-Identifier: EUPL-1.2
"""What one task of the clerk changes on which disks: each is synced once, when it is done.

What this does not protect against: a disk of which the sync says that all is well, and is not.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from gateway.errors import FolderError
from gateway.folders import Folders
from gateway.model import Place
from gateway.task import Flushed


class Unsynced(NamedTuple):
    """A file system that is still to be synced, by a descriptor; None: it is gone already."""

    flushed: Flushed
    fd: int | None

    def close(self) -> None:
        """Let go of it."""
        if self.fd is not None:
            os.close(self.fd)


class Touched:
    """The places that a task changes something in, and the file systems that they lie on."""

    def __init__(self, folders: Folders) -> None:
        self.places: set[Place] = set()
        self._folders = folders
        self._file_systems: dict[int, Unsynced] = {}
        self._lost: list[Unsynced] = []

    def changes(self, place: Place) -> None:
        """Something is about to be written there; ``OSError`` where that cannot be.

        The descriptor is a copy made before that: it tells what goes wrong from here on, whatever
        becomes of the folder.
        """
        if place not in self.places:
            self._folders.freshen(place)
            device, fd = self._folders.file_system(place)
            if device not in self._file_systems:
                self._file_systems[device] = Unsynced(Flushed(place, device), os.dup(fd))
            self.places.add(place)

    def renamed(self, device: int, place: Place) -> None:
        """What the engine renamed there must be synced before it is recorded as done.

        Where it cannot be reached, or another disk is there by now, it is not.
        """
        why = "another disk was mounted there meanwhile"
        try:
            self.changes(place)
        except OSError as error:
            why = said(error)
        if device not in self._file_systems:
            self._folders.forget(place)
            self._lost.append(Unsynced(Flushed(place, None, why), None))

    @property
    def unsynced(self) -> list[Unsynced]:
        """Each file system, to be synced; and what was lost, of which nothing can be."""
        return [*self._lost, *self._file_systems.values()]


def said(error: OSError | FolderError) -> str:
    """What the system says, with the file where it names one; what we say, as it is."""
    if isinstance(error, FolderError):
        return str(error)
    return f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
