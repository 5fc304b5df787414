# SPDX-License-Identifier: EUPL-1.2
"""Is there room on every disk that taking a file touches? Asked before it is claimed.

So a full disk shows as a file that was not taken, in its own outbox, and nothing is half done.
What this does not protect against: a disk that somebody else fills a moment later; then what was
claimed rests (``kan-niet-verder``) until there is room.
"""

from __future__ import annotations

import os

from gateway.folders import Folders
from gateway.model import Kind, Place

FRESH_SECONDS = 1.0
"""How long an answer counts; what was granted meanwhile is taken off it."""

MIN_INODES = 16
"""A disk with fewer free inodes is full, whatever it says of bytes."""

_NO_INODES = -1 << 62


class Room:
    """Free space below some folders. ``state`` is where the database lies."""

    def __init__(self, folders: Folders, state: str) -> None:
        self._folders = folders
        always = ("quarantaine", "ggk")
        self._always = [state, *(os.path.join(folders.root, one) for one in always)]
        self._free: dict[str, tuple[float, int]] = {}

    def lacking(self, place: Place, size: int, now: float) -> str:
        """Why there is no room to take a file of this size, in a sentence; empty: there is.

        Twice its size: the message that it becomes is larger than the file, and both are there
        until it was passed on.
        """
        need = 2 * size + self._folders.config.technisch.schijfreserve_bytes
        paths = [self._folders.path(Place(place.kind, place.partij)), *self._always]
        if place.kind is Kind.RECEIVER_UIT:
            paths[0] = self._folders.path(place)
        for path in paths:
            if said := self._folders.hangs(path):
                return said
            free = self._free_at(path, now)
            if free < need:
                shown = os.path.relpath(path, os.path.dirname(self._folders.root))
                left = f"{max(free, 0)} bytes are free of {need} needed"
                if free == _NO_INODES:
                    left = f"fewer than {MIN_INODES} files can be made on it, whatever their size"
                return f"the disk of {shown} is full: {left}"
        for path in paths:
            until, free = self._free[path]
            self._free[path] = until, free - 2 * size
        return ""

    def _free_at(self, path: str, now: float) -> int:
        until, free = self._free.get(path, (0.0, 0))
        if now < until:
            return free
        free = _free(path)
        self._free[path] = now + FRESH_SECONDS, free
        return free


def _free(path: str) -> int:
    """Bytes free for us on the disk of a folder, or of the nearest one above it that exists."""
    while True:
        try:
            found = os.statvfs(path)
        except FileNotFoundError:
            path = os.path.dirname(path)
            continue
        if found.f_files and found.f_favail < MIN_INODES:
            return _NO_INODES
        return found.f_bavail * found.f_frsize
