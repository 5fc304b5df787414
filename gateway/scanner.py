# SPDX-License-Identifier: EUPL-1.2
"""Looking through every folder again and again, at the price of one ``stat`` a folder.

Hints are no truth: every few seconds each folder is looked at (shared contract: what lies in an
outbox has, within one rescan, a reason). A folder whose own date did not change has the same names
in it as before, so its list is not read again. Dates are coarse: a folder may change twice within
one tick of its file system. So a list counts as certain only when it was read again at least
:data:`TICK_SECONDS` after the date was first seen; and now and then each folder is read whatever
its date, for file systems that keep none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.folders import Folders
from gateway.model import Place

TICK_SECONDS = 2.5
"""Longer than the coarsest date of a file system (FAT: 2 s)."""

SURELY_SECONDS = 240.0
"""Each folder is read at least this often, spread over that time."""

_SPREAD = 64

Stamp = tuple[int, int, int, int]


class Listing(NamedTuple):
    """All names in a place, in the order to take them.

    ``fresh``: the place changed, or may have; otherwise it was only read to make sure.
    """

    place: Place
    names: list[str]
    fresh: bool


@dataclass(slots=True)
class _Folder:
    """What was seen of a folder at the last look."""

    place: Place
    path: str
    turn: float
    """When within :data:`SURELY_SECONDS` it is read whatever its date: a share of it, above 0."""
    stamp: Stamp | None = None
    since: float = 0.0
    """When this stamp was first seen."""
    certain: bool = False
    due: float = 0.0
    below: dict[str, _Folder] = field(default_factory=dict)


class Scanner:
    """Remembers each place from which some stations claim, and which of them changed."""

    def __init__(self, folders: Folders, stations: tuple[str, ...]) -> None:
        self._folders = folders
        self._stations = stations
        self._tops: list[_Folder] = []
        self._made = 0
        self.adopt()

    def adopt(self) -> None:
        """The folders go by another configuration: forget all that was seen."""
        places = self._folders.tops(self._stations)
        self._tops = [self._new(place) for place in places]

    def _new(self, place: Place) -> _Folder:
        self._made += 1
        return _Folder(place, self._folders.path(place), (self._made % _SPREAD + 1) / _SPREAD)

    def changed(
        self, now: float, enough: Callable[[Place], bool] = lambda _: False
    ) -> Iterator[Listing]:
        """Each place that may have changed since the last time; one that is gone comes once more.

        ``now`` is monotonic seconds. ``enough``: of this place more is known than can be taken for
        a while, so that a list of thousands need not be read again now.
        """
        for top in self._tops:
            yield from self._look(top, now, enough)

    def _look(
        self, folder: _Folder, now: float, enough: Callable[[Place], bool]
    ) -> Iterator[Listing]:
        if self._folders.hangs(folder.path):
            folder.certain = False
            self._folders.listing(folder.place)  # notes why; what lies there is not gone
            return
        try:
            found = os.stat(folder.path)
        except OSError:
            if folder.stamp is not None:
                yield from self._gone(folder)
                folder.stamp, folder.below = None, {}
            self._folders.listing(folder.place)  # notes why, and lets go of it
            return
        stamp = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)
        if stamp != folder.stamp:
            folder.stamp, folder.since, folder.certain = stamp, now, False
        if enough(folder.place):
            folder.certain = False
        elif not folder.certain or now >= folder.due:
            yield from self._read(folder, found, now)
        for one in folder.below.values():
            yield from self._look(one, now, enough)

    def _read(self, folder: _Folder, found: os.stat_result, now: float) -> Iterator[Listing]:
        names, below = self._folders.listing(folder.place, found)
        yield Listing(folder.place, names, not folder.certain)
        could_be_read = folder.place not in self._folders.unlisted
        folder.certain = could_be_read and now - folder.since >= TICK_SECONDS
        if now >= folder.due:
            folder.due = now + SURELY_SECONDS * (1.0 if folder.due else folder.turn)
        for name in [name for name in folder.below if name not in below]:
            yield from self._gone(folder.below.pop(name))
        for name in below:
            if name not in folder.below:
                folder.below[name] = self._new(folder.place.within(name))

    def _gone(self, folder: _Folder) -> Iterator[Listing]:
        self._folders.unlisted.pop(folder.place, None)
        yield Listing(folder.place, [], True)
        for one in folder.below.values():
            yield from self._gone(one)
