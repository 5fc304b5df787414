# SPDX-License-Identifier: EUPL-1.2
"""Shares that did not keep what was written there: told, left alone for a while, tried again.

A disk that fails at a sync may have lost what was written, and says so once: the next sync says
that all is well. So the round is undone (``engine.py``), and what it did is done anew. Until the
share rests no more nothing is taken from it or delivered to it: each round that it fails is undone
for all. The disk of all folders is no share: there the process ends, and a restart recovers.

What this does not protect against: a share whose file system reports no error at a sync.
"""

from __future__ import annotations

import os

from gateway.errors import DurabilityError
from gateway.folders import Folders, Waiting
from gateway.moment import monotonic
from gateway.reach import within
from gateway.retries import Retries
from gateway.task import Flushed
from gateway.waits import STUCK


class Shares:
    """The shares below one root, for one engine."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._retries = Retries()
        self._faults: dict[str, str] = {}

    def judge(self, flushed: list[Flushed], *, undone: bool = False) -> list[Waiting]:
        """What a round's sync came to: what was not kept, each to be told; empty: all is durable.

        Raises :class:`DurabilityError` where it was the disk of all folders.
        """
        found = [self._failed(one) for one in flushed if one.fault]
        if not found and not undone and self._faults:
            for one in flushed:
                kept = self._paths(one)  # and what was told of a folder in it, when it was gone
                for path in [at for at in self._faults if within(at, kept)]:
                    self._retries.done(path)
                    del self._faults[path]
        return found

    def _failed(self, one: Flushed) -> Waiting:
        if one.device is not None and self._folders.is_ours(one.device):
            raise DurabilityError(
                one.fault,
                hint="look at the kernel log and the disk, then start again: a restart recovers",
            )
        pause = 0.0
        for path in self._paths(one):
            pause = self._retries.failed(path, monotonic())[1]
            self._faults[path] = one.fault
        self.refresh()
        said = self._folders.hangs(self._folders.path(one.place)) or one.fault
        return Waiting(one.place, "", STUCK, said, pause)

    def _paths(self, one: Flushed) -> set[str]:
        """Where that share begins, and what else of it is mounted: all of it rests."""
        path, reach = self._folders.path(one.place), self._folders.reach
        shares = {
            at: found.device
            for at, found in (reach.answers if reach is not None else {}).items()
            if found.device is None or not self._folders.is_ours(found.device)
        }
        here = max((at for at in shares if within(path, [at])), key=len, default=path)
        return {here} | {at for at in shares if one.device is not None and shares[at] == one.device}

    def refresh(self) -> None:
        """Let the folders that are used now be without the shares that rest."""
        now = monotonic()
        self._folders.failing = {
            path: why for path, why in self._faults.items() if self._retries.rests(path, now)
        }

    @property
    def told(self) -> tuple[str, ...]:
        """Those that did not keep what was written, and have kept nothing since; to any thread."""
        root = self._folders.root
        return tuple(os.path.relpath(path, root) for path in tuple(self._faults))

    def try_now(self) -> None:
        """End every pause."""
        self._retries.try_now()
