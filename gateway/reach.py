# SPDX-License-Identifier: EUPL-1.2
"""Does a folder answer? Asked on threads that are left behind where a share hangs.

A call into a share whose server hangs does not return, and no time limit of ours ends it. So a
folder is asked after here before it is used: who asks waits :data:`ANSWER_SECONDS`, twice at most,
and goes on without what did not answer. The thread that asked stays with that folder, alone, until
it answers in time again; nobody else asks it until then.

What lies below a folder (links, mounts) is looked for by the thread that asks it, too: that look
may hang as well.

What this does not protect against: a share that hangs a moment after it answered. Who is in the
middle of a call then waits until its server is back. Nor a mount that lies below a link, unless
``folders`` or ``gemeenten`` is that link: it is not seen, and used unasked.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.moment import monotonic

ANSWER_SECONDS = 2.0
"""A folder that takes longer than this to answer hangs."""

FRESH_SECONDS = 0.25
"""How long an answer counts: an idle gateway asks anew before each round."""

_MOUNTS = "/proc/self/mountinfo"
_ESCAPED = re.compile(rb"\\([0-7]{3})")


class Answer(NamedTuple):
    """What a folder answered: its device (None: it is none), room in bytes and files if known."""

    device: int | None
    free: int | None = None
    inodes: int | None = None


class Reach:
    """Asks the folders of one chain, below ``root``. Safe from any thread."""

    def __init__(self, root: str, seconds: float = ANSWER_SECONDS) -> None:
        self.root = os.path.abspath(root)
        self.lists = (self.root, os.path.join(self.root, "gemeenten"))
        self.seconds = seconds
        self.answers: Mapping[str, Answer] = {}
        self._left: set[str] = set()
        self._turn = threading.Lock()
        self._asked_at = -FRESH_SECONDS

    def refresh(self) -> frozenset[str]:
        """The folders that hang, of those where another disk may begin: mounts, and links.

        What the others answered is in ``answers``.
        """
        with self._turn:
            if monotonic() - self._asked_at >= FRESH_SECONDS:
                self.answers = self.ask(self.lists)
                self._asked_at = monotonic()
        return frozenset(self._left.copy())

    def ask(self, paths: Iterable[str]) -> dict[str, Answer]:
        """What these folders answer, and what lies below ``lists``; who hangs is left out."""
        first = Row(self, [one for one in dict.fromkeys(paths) if one not in self._left])
        if first.done.wait(self.seconds):
            return first.answers
        # One holds up those behind it: from here on each is asked by itself.
        rows = [first, *(Row(self, [one]) for one in first.keep_one())]
        until = monotonic() + self.seconds
        answers: dict[str, Answer] = {}
        for row in rows:
            if not row.done.wait(max(0.0, until - monotonic())):
                row.leave()
            answers |= row.answers
        return answers

    def asks(self, path: str) -> bool:
        """Whether to ask it: not what a thread was left with."""
        return path not in self._left

    def left(self, path: str, *, hangs: bool) -> None:
        """A thread stays with this folder from now on, or leaves it."""
        (self._left.add if hangs else self._left.discard)(path)


class Row:
    """Folders that one thread asks, one after another."""

    def __init__(self, reach: Reach, paths: list[str]) -> None:
        self.done = threading.Event()
        self.answers: dict[str, Answer] = {}
        self._reach = reach
        self._paths = deque(paths)
        self._turn = threading.Lock()
        self._late = False
        threading.Thread(target=self._go, name="reach", daemon=True).start()

    def _go(self) -> None:
        while self._paths:
            path = self._paths[0]
            answer = _ask(path)
            below = _links_in(path) + _mounted_below(path) if path in self._reach.lists else []
            with self._turn:
                if self._late:
                    break
                self.answers[path] = answer
                self._paths.popleft()
                known = {*self.answers, *self._paths}
                self._paths += [one for one in below if one not in known and self._reach.asks(one)]
        else:
            self.done.set()
            return
        began = monotonic() - self._reach.seconds
        while monotonic() - began >= self._reach.seconds:
            began = monotonic()
            _ask(path)
        self._reach.left(path, hangs=False)

    def keep_one(self) -> list[str]:
        """Ask no more than the one that is being asked; gives those behind it."""
        with self._turn:
            rest = list(self._paths)[1:]
            self._paths = deque(list(self._paths)[:1])
            return rest

    def leave(self) -> None:
        """The one that is being asked hangs: stay with it, nobody waits any more."""
        with self._turn:
            if self._paths:
                self._late = True
                self._reach.left(self._paths[0], hangs=True)


def within(path: str, folders: Iterable[str]) -> str:
    """Which of these folders a path is, or lies below; empty: none."""
    return next((one for one in folders if path == one or path.startswith(one + os.sep)), "")


def _ask(path: str) -> Answer:
    """Both calls: what ``stat`` says may be remembered by the kernel, the room is its server's."""
    try:
        found, room = os.stat(path), os.statvfs(path)
    except OSError:
        return Answer(None)
    device = found.st_dev if stat.S_ISDIR(found.st_mode) else None
    if not room.f_blocks:  # of a kind that keeps no count
        return Answer(device)
    inodes = room.f_favail if room.f_files else None
    return Answer(device, room.f_bavail * room.f_frsize, inodes)


def _links_in(folder: str) -> list[str]:
    """The links in a folder: it tells them from folders without a look at where they lead."""
    try:
        return [entry.path for entry in os.scandir(folder) if entry.is_symlink()]
    except OSError:
        return []


def _mounted_below(root: str) -> list[str]:
    """Where disks are mounted below a folder. The kernel knows: none of them is asked for it."""
    real = os.path.realpath(root)
    begin = os.fsencode(real) + b"/"
    try:
        with open(_MOUNTS, "rb") as file:
            points = [_ESCAPED.sub(_unescaped, line.split()[4]) for line in file]
    except OSError:
        return []
    below = [os.fsdecode(one[len(begin) :]) for one in points if one.startswith(begin)]
    return [os.path.join(root, one) for one in dict.fromkeys(below)]


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)])
