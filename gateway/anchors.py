# SPDX-License-Identifier: EUPL-1.2
"""Is a folder the one that was there at first? A share that is not mounted looks like an empty one.

Each top folder (``gemeenten/<code>``, ``ggk``, a receiver's) and the root of them all is remembered
at first use, in ``ankers.json`` of the state: either it lies on the disk around it, or it is a disk
of its own, and then it bears a mark, ``.knooppunt``, with an id. So it is known again whatever
number the kernel gives its device after a reboot. A folder that is not the one remembered is not
taken from nor delivered to, and nothing is made in it.

What this does not protect against: a state that lies on the share itself, and goes with it.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable

from gateway import durable
from gateway.model import Kind, Place
from gateway.moment import Clock, monotonic

MARK = ".knooppunt"
"""The mark of a disk of its own. Who means another disk puts an empty one there."""

FRESH_SECONDS = 0.5
"""How long an answer counts: a folder is asked after for each file."""

_IN_PLACE = ""
_OF_A_PARTY = (Kind.OUTBOX, Kind.INBOX, Kind.VERZONDEN)


class NotTheOneError(OSError):
    """A folder is not the one that was there at first."""


class Anchors:
    """Knows the top folders below ``root``, by what ``state`` remembers of them.

    ``learns``: the gateway itself, which remembers what it sees for the first time; others ask.
    """

    def __init__(self, root: str, state: str, *, learns: bool = False) -> None:
        self._root = os.path.abspath(root)
        self._file = os.path.join(state, "ankers.json")
        self._learns = learns
        self._known: dict[str, str] = {}
        self._read_at: tuple[int, int, int] | None = None
        self._answers: dict[str, tuple[float, str]] = {}
        self._unmarked: dict[str, str] = {}

    def fault(self, place: Place) -> str:
        """What is wrong with the folder that a place is in, in a sentence; empty: nothing."""
        for top in ("", _top(place)):
            until, said = self._answers.get(top, (0.0, ""))
            now = monotonic()
            if now >= until:
                said = self._look(top)
                self._answers[top] = now + FRESH_SECONDS, said
            if said:
                return said
        return ""

    def doubt(self) -> None:
        """A folder was replaced by another: look anew when asked next."""
        self._answers.clear()

    def require(self, place: Place) -> None:
        """Go on only where nothing is wrong with its folder; else :class:`NotTheOneError`."""
        self.doubt()
        said = self.fault(place)
        if said:
            raise NotTheOneError(errno.ENODEV, said)

    def learn(self, places: Iterable[Place]) -> None:
        """Remember what is seen for the first time; at a start, or a new configuration.

        A folder that was in place and is a disk of its own now was mounted by somebody who meant
        it; the other way round a mount is missing.
        """
        for top in ["", *sorted({_top(place) for place in places})] if self._learns else ():
            path = os.path.join(self._root, top) if top else self._root
            known = self._memory().get(top)
            if not os.path.isdir(path):
                continue
            if not _is_own_disk(path):
                if known is None:
                    self._remember(top, _IN_PLACE)
            elif not known:
                self._adopt(top, path)
        self.doubt()

    def _adopt(self, top: str, path: str) -> None:
        """This disk is the one; on one that cannot be marked, why not is remembered instead."""
        try:
            self._remember(top, self._mark(path))
            self._unmarked.pop(top, None)
        except OSError as error:
            self._unmarked[top] = error.strerror or str(error)

    def _look(self, top: str) -> str:
        path = os.path.join(self._root, top) if top else self._root
        known = self._memory().get(top)
        if known is None and top not in self._unmarked:
            return ""
        shown = os.path.join(os.path.basename(self._root), top).rstrip("/")
        if top in self._unmarked:
            return (
                f"{shown} is a disk of its own, and cannot be marked as ours: {self._unmarked[top]}"
            )
        if known == _IN_PLACE:
            if os.path.isdir(path) and _is_own_disk(path):
                return f"{shown} became a disk of its own; start the gateway again if that is meant"
            return ""
        found = _read_mark(path)
        if found == known:
            return ""
        if found == "" and self._learns:  # an empty mark: somebody says that this is the one
            self._adopt(top, path)
            if top not in self._unmarked:
                return ""
        return (
            f"{shown} is not the one configured: its mark {MARK} is not there (a share that is not "
            "mounted?); if this is the right one, put an empty file of that name in it"
        )

    # --- what is remembered ---

    def _memory(self) -> dict[str, str]:
        """What was remembered; read again when another process of ours remembered more."""
        try:
            found = os.stat(self._file)
        except FileNotFoundError:
            return self._known
        stamp = found.st_ino, found.st_mtime_ns, found.st_size  # a number is soon given again
        if stamp != self._read_at:
            with open(self._file, encoding="utf-8") as file:
                self._known = json.load(file)
            self._read_at = stamp
        return self._known

    def _remember(self, top: str, mark: str) -> None:
        known = {**self._memory(), top: mark}
        durable.put(self._file, json.dumps(known, indent=1).encode(), 0o600)
        self._known, self._read_at = known, None

    def _mark(self, path: str) -> str:
        """The mark of a disk of its own, made if it has none."""
        found = _read_mark(path)
        if not found:
            found = Clock().fresh_id()
            durable.put(os.path.join(path, MARK), found.encode() + b"\n")
        return found


def _top(place: Place) -> str:
    parts = place.parts
    return "/".join(parts[:2]) if place.kind in _OF_A_PARTY else parts[0]


def _is_own_disk(path: str) -> bool:
    return os.stat(path).st_dev != os.stat(os.path.dirname(path)).st_dev


def _read_mark(path: str) -> str | None:
    """The id in a mark; None where there is none, or none that can be read."""
    try:
        with open(os.path.join(path, MARK), encoding="ascii") as file:
            return file.read(64).strip()
    except (OSError, UnicodeDecodeError):
        return None
