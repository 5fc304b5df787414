# SPDX-License-Identifier: EUPL-1.2
"""One pass over all leaves of a log, that the steps of a verification share.

The pass reads one entries bundle and its hash tile at a time, so that a log of any length needs
the same memory, but for one number for each message (its latest leaf, to check ``prev``).

Who is wrong when a leaf and its hash differ? Both lie in the same folder. The hash one level up
decides: it belongs to the leaves or to the tile. Where there is none, or it belongs to neither,
the signed root decides: if the leaves lead to it, the tile was changed, else the leaf.

What this does not protect against: somebody who changed leaves *and* all hashes above them is seen
(the root differs from the signed one), but then no hash is left that tells which leaf it was; only
the archived checkpoints on either side of it still do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.audit import leaf, reading
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.leaf import LeafError
from gateway.audit.merkle import Frontier, fold, over, root_of
from gateway.audit.report import Fault
from gateway.audit.tiles import WIDTH, Tile, split_hashes, unbundle

Met = Callable[[int, bytes], None]
Progress = Callable[[int, int], None]

EVERY = 16
"""Bundles between two calls of the progress function."""


@dataclass(slots=True)
class Walk:
    """What the pass found. ``faults`` holds the first fault of each step, by the step's name."""

    faults: dict[str, Fault] = field(default_factory=dict)
    read: int = 0
    messages: int = 0
    rotations: list[leaf.Rotated] = field(default_factory=list)
    root: bytes | None = None  # of the leaves as they lie there; None: not all of them do
    times: dict[int, int] = field(default_factory=dict)  # `at` of the leaves that were asked for

    def note(
        self, step: str, detail: str, leaf: int | None = None, tile: str | None = None
    ) -> None:
        """Keep a fault, if it is the first of its step."""
        if step not in self.faults:
            self.faults[step] = Fault(detail, leaf, tile)


class _Tower:
    """The levels above the leaves. Grows by the root of one bundle; ``look`` sees each tile.

    What ``look`` gives back is what the levels above are made of.
    """

    def __init__(self, look: Callable[[Tile, bytes], bytes]) -> None:
        self._look = look
        self._rows: list[list[bytes]] = []
        self._done: list[int] = []

    def push(self, node: bytes) -> None:
        for level in range(64):
            if level == len(self._rows):
                self._rows.append([])
                self._done.append(0)
            row = self._rows[level]
            row.append(node)
            if len(row) < WIDTH:
                return
            node = root_of(
                split_hashes(self._look(Tile(level + 1, self._done[level]), b"".join(row)))
            )
            self._done[level] += 1
            row.clear()

    def end(self, tail: Sequence[bytes]) -> bytes:
        """Give the root, with ``tail`` the leaf hashes after the last whole bundle."""
        peaks = over(tail).peaks
        for level, row in enumerate(self._rows):
            if row:
                tile = Tile(level + 1, self._done[level], len(row))
                peaks = over(split_hashes(self._look(tile, b"".join(row)))).peaks + peaks
        return fold(peaks)


class _Pass:
    """The state of one pass; :func:`walk` runs it."""

    def __init__(
        self, directory: str, said: Checkpoint, wanted: Sequence[int], met: Met,
        timed: frozenset[int],
    ) -> None:  # fmt: skip
        self._timed = timed
        self.directory = directory
        self.said = said
        self.found = Walk()
        self._wanted = [size for size in wanted if 0 < size <= said.size][::-1]  # next one last
        self._met = met
        self._at = 0
        self._last: dict[str, int] = {}
        self._complete = True
        self._peaks = Frontier()  # of the whole bundles so far
        self._tails: tuple[list[bytes], list[bytes]] = ([], [])
        self._leaves = _Tower(self._expect)  # what the leaves lead to
        self._files = _Tower(self._believe)  # what the hashes in the folder lead to
        self._wrong_leaf: Fault | None = None
        self._wrong_tile: Fault | None = None
        self._differ: Fault | None = None  # first difference between leaves and tile, blame apart
        self._unlike: Fault | None = None  # first higher tile that the leaves do not lead to
        self._break: Fault | None = None  # first tile that does not lead to the hash above it

    def bundle(self, index: int) -> bool:
        """One bundle and its tile; False when both are gone and nothing more can be said."""
        width = min(WIDTH, self.said.size - index * WIDTH)
        entries = self._entries(Tile(-1, index, width))
        hashes = [leaf.leaf_hash(entry) for entry in entries]
        kept = self._tile(Tile(0, index, width))
        if not entries and not kept:
            self._complete = False
            return False
        for at, entry in enumerate(entries, index * WIDTH):
            self._leaf(at, entry)
        self.found.read += len(entries)
        best = hashes if hashes == kept or not kept else self._blame(index, width, hashes, kept)
        if len(hashes) == width:
            self._roots(index * WIDTH, hashes)
        else:
            self._complete = False
        if width < WIDTH:
            self._tails = (hashes, best)
            return True
        root = root_of(hashes)
        self._peaks.append(root)
        self._leaves.push(root)
        self._files.push(root if best is hashes else root_of(best))
        return True

    def _entries(self, tile: Tile) -> list[bytes]:
        content = reading.read_tile(self.directory, tile)
        first = tile.index * WIDTH
        if content is None:
            self.found.note("entries", f"{tile.path} is missing", first, tile.path)
            return []
        entries, whole = unbundle(content)
        if not whole or len(entries) != tile.width:
            state = "is torn" if not whole else "has the wrong number of leaves"
            detail = f"{tile.path} {state}: {len(entries)} whole leaves instead of {tile.width}"
            kept = self._tile(Tile(0, tile.index, tile.width))
            place = _first_difference([leaf.leaf_hash(entry) for entry in entries], kept)
            at = min(place, tile.width) if kept else min(len(entries), tile.width)
            self.found.note("entries", detail, first + at, tile.path)
        return entries[: tile.width]

    def _tile(self, tile: Tile) -> list[bytes]:
        content = reading.read_tile(self.directory, tile)
        if content is None or len(content) != 32 * tile.width:
            state = "is missing" if content is None else "is torn"
            self.found.note("tiles", f"{tile.path} {state}", tile=tile.path)
            return []
        return split_hashes(content)

    def _leaf(self, index: int, entry: bytes) -> None:
        try:
            fields = leaf.decode(entry)
        except LeafError as error:
            self.found.note("leaves", f"leaf {index}: {error.sentence}", index)
            return
        if fields["origin"] != self.said.origin:
            self.found.note("leaves", f"leaf {index} is of the log {fields['origin']}", index)
        at = fields["at"]
        if at < self._at:
            detail = f"leaf {index} is {self._at - at} ms earlier than a leaf before it"
            self.found.note("time", detail, index)
        self._at = max(at, self._at)
        if index in self._timed:
            self.found.times[index] = at
        message = fields.get("msg")
        previous = self._last.get(message) if message is not None else None
        if fields.get("prev") != previous:
            told, real = fields.get("prev", "none"), "none" if previous is None else previous
            detail = f"leaf {index} gives {told} as its message's previous leaf; it is {real}"
            self.found.note("chain", detail, index)
        if message is not None:
            self._last[message] = index
        self.found.rotations += leaf.rotated(index, fields)

    def _blame(self, index: int, width: int, hashes: list[bytes], kept: list[bytes]) -> list[bytes]:
        """Leaves and tile differ: who was changed? The hashes that are to be believed."""
        at = index * WIDTH + min(_first_difference(hashes, kept), width - 1)
        tile = Tile(0, index, width)
        wrong_tile = Fault(f"{tile.path} does not hold the hash of leaf {at}", None, tile.path)
        self._differ = self._differ or wrong_tile
        parent = self._parent(index) if width == WIDTH else None
        if parent is not None and parent == root_of(hashes):
            self._wrong_tile = self._wrong_tile or wrong_tile
            return hashes
        detail = f"leaf {at} is not the leaf whose hash was published: changed, moved or removed"
        self._wrong_leaf = self._wrong_leaf or Fault(detail, at)
        return kept

    def _parent(self, index: int) -> bytes | None:
        above = index // WIDTH
        width = min(WIDTH, self.said.size // WIDTH - above * WIDTH)
        content = reading.read_tile(self.directory, Tile(1, above, width)) or b""
        place = index % WIDTH * 32
        return content[place : place + 32] if len(content) >= place + 32 else None

    def _roots(self, start: int, hashes: list[bytes]) -> None:
        """Tell the caller the roots it wanted, of sizes that lie in this bundle."""
        stop = start + len(hashes)
        if not self._complete or not self._wanted or self._wanted[-1] > stop:
            return
        part, before = Frontier(), self._peaks.peaks
        for size, item in enumerate(hashes, start + 1):
            part.append(item)
            while self._wanted and self._wanted[-1] == size:
                self._met(self._wanted.pop(), fold([*before, *part.peaks]))

    def _unlike_found(self, tile: Tile, content: bytes) -> bytes | None:
        """Give what the folder holds for a tile, if that is something else; nothing is a fault."""
        found = reading.read_tile(self.directory, tile)
        if found is None or len(found) != len(content):
            state = "is missing" if found is None else "is torn"
            self.found.note("tiles", f"{tile.path} {state}", tile=tile.path)
            return None
        return found if found != content else None

    def _expect(self, tile: Tile, content: bytes) -> bytes:
        if self._unlike is None and self._unlike_found(tile, content) is not None:
            detail = f"{tile.path} does not hold the roots of the tiles below it"
            self._unlike = Fault(detail, None, tile.path)
        return content

    def _believe(self, tile: Tile, content: bytes) -> bytes:
        found = self._unlike_found(tile, content)
        if found is None:
            return content
        if self._break is None:
            place = _first_difference(split_hashes(content), split_hashes(found))
            below = Tile(tile.level - 1, tile.index * WIDTH + place)
            span = WIDTH ** (below.level + 1)
            first, last = below.index * span, (below.index + 1) * span - 1
            detail = f"{below.path} does not lead to the hash of it in {tile.path}: a leaf from "
            self._break = Fault(
                f"{detail}{first} to {last} was changed, with its hash", None, below.path
            )
        return found

    def end(self) -> Walk:
        """Look at the partial tiles that are left, and say who is to blame for a difference."""
        found, said = self.found, self.said
        found.messages = len(self._last)
        leaves, files = (
            tower.end(tail)
            for tower, tail in zip((self._leaves, self._files), self._tails, strict=True)
        )
        found.root = leaves if self._complete else None
        if found.root == said.root:  # the leaves are the ones that were signed
            faults = [self._differ or self._unlike]
        elif files == said.root:  # the hashes in the folder are
            faults = [self._wrong_leaf, self._wrong_tile or self._break]
        else:
            faults = [self._wrong_leaf, self._wrong_tile or self._unlike]
        blamed = [fault for fault in (found.faults.get("tiles"), *faults) if fault]
        if blamed:
            found.faults["tiles"] = Fault(
                "; and ".join(fault.detail for fault in blamed),
                next((fault.leaf for fault in blamed if fault.leaf is not None), None),
                next((fault.tile for fault in blamed if fault.tile is not None), None),
            )
        return found


def _first_difference(left: Sequence[bytes], right: Sequence[bytes]) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def walk(
    directory: str, said: Checkpoint, wanted: Sequence[int], met: Met, progress: Progress | None,
    timed: frozenset[int] = frozenset(),
) -> Walk:  # fmt: skip
    """Read the whole log once. ``met`` is called with the root at each of the ``wanted`` sizes.

    ``wanted`` is sorted; a size without a call could not be recomputed. ``timed``: whose times.
    """
    one = _Pass(directory, said, wanted, met, timed)
    bundles = -(-said.size // WIDTH)
    for index in range(bundles):
        if not one.bundle(index):
            break
        if progress and (index % EVERY == EVERY - 1 or index == bundles - 1):
            progress(min((index + 1) * WIDTH, said.size), said.size)
    return one.end()
