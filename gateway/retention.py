# SPDX-License-Identifier: EUPL-1.2
"""What is past its time to be kept, and having the engine take it away: ``knooppunt purge``.

The copies are read here, in the process of who asks: however large they are, the engine goes on
routing. It is asked for a part at a time, of at most :data:`SOME` messages and, unless one of them
is larger, :data:`BYTES` of files: what a round removes costs a disk moments.

A message of which a copy cannot be seen, read or removed is left for later and told with the place
and the reason; the others go. Of its files some may have gone by then, and the others go later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway import kept_copies
from gateway.anchors import Anchors
from gateway.asking import ask, asker
from gateway.config import Config
from gateway.errors import FolderError
from gateway.folders import Folders
from gateway.kept_copies import Identity
from gateway.location import Location
from gateway.moment import Clock, monotonic
from gateway.purge import DAY_MS, KIND, Order, Soort, past, refused_ms, shortest, soort_of
from gateway.reach import Reach
from gateway.store_health import reading
from gateway.store_purge import Copy, Kept, copies, kept_since, nobodys

SOME = 50
"""Messages in one request: files go on being routed in between."""

BYTES = 1 << 30
"""Of files in one request. A single message of more is a request of its own."""

PATIENCE_SECONDS = 120.0
"""How long to wait for one answer: a slow disk that lets go of a part of that size is not stuck."""

TELL_SECONDS = 5.0
"""How often to say how far it is."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Tally:
    """What would go, or went: messages and files by kind; and why how many were left for later.

    Of what was left, ``partly`` counts the files that went before the one that could not.
    """

    messages: Counter[Soort] = field(default_factory=Counter)
    files: Counter[Soort] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    partly: Counter[str] = field(default_factory=Counter)

    def add(self, soort: Soort, files: int) -> None:
        """One more message, with so many files."""
        self.messages[soort] += 1
        self.files[soort] += files

    def to_json(self) -> dict[str, Any]:
        """As docs/schemas/purge.schema.json has it, but for ``done``."""
        rows = [
            {**one._asdict(), "berichten": self.messages[one], "bestanden": self.files[one]}
            for one in sorted(self.messages)
        ]
        left = [
            {"reden": one, "berichten": self.left[one], "bestanden": self.partly[one]}
            for one in sorted(self.left)
        ]
        return {"rows": rows, "left": left}


class Found(NamedTuple):
    """A message past its time, or (``seq`` 0) a folder of none, with its copies as they are now."""

    soort: Soort
    seq: int
    folder: str
    files: int
    size: int
    read: dict[Identity, bool]


def plan(location: Location, config: Config, say: Say) -> Tally:
    """What a purge would take away now. ``say`` is told now and then how far it is."""
    tally = Tally()
    for one in _found(location, config, tally, _Progress(say)):
        tally.add(one.soort, one.files)
    return tally


def carry_out(location: Location, config: Config, say: Say) -> Tally:
    """Have it taken away, part by part; what went.

    Raises ``GatewayError`` as :func:`asking.ask` does. What went until then is gone, and purging
    again goes on with the rest.
    """
    tally, by = Tally(), asker()
    for part in parts(location, config, tally, say):
        messages = {one.seq: one for one in part if one.seq}
        loose = {one.folder: one for one in part if not one.seq}
        answer = ask(location, KIND, order(part, by).encode(), PATIENCE_SECONDS)
        for seq, files in answer["gone"]:
            tally.add(messages[seq].soort, files)
        for folder, files in answer["loose"]:
            tally.add(loose[folder].soort, files)
        for why, files in answer["left"]:
            tally.left[why] += 1
            tally.partly[why] += files
    return tally


def order(part: list[Found], by: str) -> Order:
    """What the engine is asked about a part."""
    messages = {one.seq: one.read for one in part if one.seq}
    return Order(by, messages, [one.folder for one in part if not one.seq])


def parts(location: Location, config: Config, tally: Tally, say: Say) -> Iterator[list[Found]]:
    """What is past its time, as much at once as the engine does in one round.

    What is left for later is told to ``tally``.
    """
    progress = _Progress(say)
    part: list[Found] = []
    for one in _found(location, config, tally, progress):
        if part and (len(part) == SOME or one.size + sum(each.size for each in part) > BYTES):
            yield part
            progress.went(len(part))
            part = []
        part.append(one)
    if part:
        yield part


class _Progress:
    """Says now and then how far it is; nothing, when it is quick."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._next = monotonic() + TELL_SECONDS
        self._bytes = self._gone = 0

    def read(self, size: int) -> None:
        """So many bytes more of the copies were read."""
        self._bytes += size
        if monotonic() >= self._next:
            self._next = monotonic() + TELL_SECONDS
            gone = f", {self._gone} messages gone" if self._gone else ""
            self._say(f"{self._bytes / 1e9:.1f} GB of copies read{gone}; it goes on")

    def went(self, messages: int) -> None:
        """So many messages more were taken away."""
        self._gone += messages
        self.read(0)


def _found(
    location: Location, config: Config, tally: Tally, progress: _Progress
) -> Iterator[Found]:
    anchors = Anchors(location.root, location.state)
    with closing(Folders(location.root, config, anchors, Reach(location.root))) as folders:
        for one, told in _due(location, config):
            folders.refresh()
            try:
                found = _message(folders, one, told, progress)
            except FolderError as error:
                tally.left[error.sentence] += 1
            else:
                yield found
        with reading(location.database) as connection:
            loose = nobodys(connection, Clock().klok() - refused_ms(config))
        soort = Soort("geweigerd", "", config.bewaren.geweigerd_dagen)
        for folder, archive in loose:
            try:
                spots = list(kept_copies.decided(folders, folder, archive))
                size = sum(kept_copies.size(folders, spot) for spot in spots)
            except FolderError as error:
                tally.left[error.sentence] += 1
            else:
                yield Found(soort, 0, folder, len(spots), size, {})


def _due(location: Location, config: Config) -> Iterator[tuple[Kept, list[Copy]]]:
    """The messages that are past their time, each with where its copies may lie.

    Nobody reads the database while they are dealt with: the engine empties its WAL of them.
    """
    now = Clock().klok()
    before, after = now - shortest(config) * DAY_MS, 0
    while True:
        with reading(location.database) as connection:
            rows = kept_since(connection, after, before, SOME)
            due = past(rows, config, now)
            told = copies(connection, [one.seq for one in due])
        yield from ((one, told) for one in due)
        if len(rows) < SOME:
            return
        after = rows[-1].seq


def _message(folders: Folders, kept: Kept, told: list[Copy], progress: _Progress) -> Found:
    held = list(kept_copies.held(folders, kept, told))
    size = sum(kept_copies.size(folders, spot) for spot in held)
    read: dict[Identity, bool] = {}
    for spot, identity in kept_copies.sent(folders, kept, told):
        ours = kept_copies.is_copy(folders, spot, identity, kept.sha256, progress.read)
        read[identity] = ours
        size += identity[1] if ours else 0
    files = len(held) + sum(read.values())
    return Found(soort_of(kept, folders.config), kept.seq, "", files, size, read)
