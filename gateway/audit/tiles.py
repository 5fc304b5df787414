# SPDX-License-Identifier: EUPL-1.2
"""Which file holds which leaf or hash: the layout of C2SP tlog-tiles, and how it grows.

Pure: paths and bytes go in and out, nobody here opens a file. A tile holds 256 hashes of one
level; level 0 are leaf hashes, and each hash of a higher level is the root of a whole tile below
(c2sp.org/tlog-tiles, 'Merkle Tree'). The rightmost tile of a level is partial and lies apart,
under a name that ends in its width; it is never hashed into the level above.

What this does not protect against: a tile says nothing by itself. Only the path up to a signed
root gives its hashes a meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import HASH_SIZE, HashReader, fold, over, root_of
from gateway.errors import AuditError

WIDTH = 256
"""Hashes in a whole tile, and leaves in a whole entries bundle."""

MAX_ENTRY = 0xFFFF

READ_AHEAD = 64
"""Tiles that a :func:`hash_reader` keeps, so that neighbouring proofs do not read them again."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One file of the layout: a hash tile (level 0 up) or an entries bundle (level -1)."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def whole(self) -> Tile:
        """The tile that this one is, or will be, the start of."""
        return Tile(self.level, self.index)

    @property
    def path(self) -> str:
        """Where it lies, below the log's directory."""
        if self.level < 0:
            return entries_path(self.index, self.width)
        return tile_path(self.level, self.index, self.width)


class File(NamedTuple):
    """A tile and its bytes."""

    tile: Tile
    content: bytes


def _path(kind: str, index: int, width: int) -> str:
    """``1234067`` becomes ``x001/x234/067`` (c2sp.org/tlog-tiles, 'Merkle Tree')."""
    if index < 0 or not 1 <= width <= WIDTH:
        raise AuditError(f"there is no tile {index} of width {width}")
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    name = "/".join(["tile", kind, *reversed(groups)])
    return name if width == WIDTH else f"{name}.p/{width}"


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Path of a hash tile: ``tile/<L>/<N>`` or, narrower than 256, ``tile/<L>/<N>.p/<W>``."""
    if not 0 <= level <= 63:
        raise AuditError(f"there is no tile of level {level}")
    return _path(str(level), index, width)


def entries_path(index: int, width: int = WIDTH) -> str:
    """Path of an entries bundle: ``tile/entries/<N>[.p/<W>]``."""
    return _path("entries", index, width)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Put each leaf after its length, two bytes, big-endian (tlog-tiles, 'Log entries')."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise AuditError(f"an entry is at most {MAX_ENTRY} bytes, this one is {len(entry)}")
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def unbundle(content: bytes) -> tuple[list[bytes], bool]:
    """Take the leaves from a bundle, and tell whether it ends where a leaf ends (or is torn)."""
    entries: list[bytes] = []
    at, end = 0, len(content)
    while at + 2 <= end:
        start = at + 2
        stop = start + int.from_bytes(content[at:start], "big")
        if stop > end:
            return entries, False
        entries.append(content[start:stop])
        at = stop
    return entries, at == end


def split_hashes(content: bytes) -> list[bytes]:
    """Take the hashes from a tile; a last one that is torn is left out."""
    whole = len(content) - len(content) % HASH_SIZE
    return [content[i : i + HASH_SIZE] for i in range(0, whole, HASH_SIZE)]


def layout(size: int) -> Iterator[Tile]:
    """Every file that a tree of ``size`` leaves consists of, level by level, entries first."""
    level, count = -1, size
    while count:
        for index in range(count // WIDTH):
            yield Tile(level, index, WIDTH)
        if count % WIDTH:
            yield Tile(level, count // WIDTH, count % WIDTH)
        if level >= 0:
            count //= WIDTH
        level += 1


@dataclass(frozen=True, slots=True)
class Edge:
    """The right edge of a tree in tiles: what is needed to grow it, and no more.

    ``entries`` are the leaves of the partial bundle, ``rows`` the hashes of the partial tile of
    each level, level 0 first: at most 255 of each.
    """

    size: int = 0
    entries: tuple[bytes, ...] = ()
    rows: tuple[tuple[bytes, ...], ...] = ()

    def root(self) -> bytes:
        """Give the root of the tree (RFC 6962 section 2.1)."""
        peaks = []
        for row in reversed(self.rows):
            peaks += over(row).peaks
        return fold(peaks)


def edge_tiles(size: int) -> list[Tile]:
    """List the partial files of a tree: what an :class:`Edge` is read back from."""
    return [tile for tile in _edge(size) if tile.width]


def _edge(size: int) -> Iterator[Tile]:
    yield Tile(-1, size // WIDTH, size % WIDTH)
    level, count = 0, size
    while count:
        yield Tile(level, count // WIDTH, count % WIDTH)
        level, count = level + 1, count // WIDTH


def edge_files(edge: Edge) -> list[File]:
    """Make the partial files of a tree, from its edge."""
    parts = {-1: bundle(edge.entries)}
    parts.update({level: b"".join(row) for level, row in enumerate(edge.rows)})
    return [File(tile, parts[tile.level]) for tile in edge_tiles(edge.size)]


def growth(edge: Edge, leaves: Sequence[bytes]) -> tuple[Edge, list[File]]:
    """Add leaves: the new edge, and every file that is new with it.

    A tile that becomes whole is given whole; the partial one that is left at a level is given when
    that level grew. The files of a tree that grew in many steps contain those of one that grew in
    one step, plus the partial tiles of the sizes in between.
    """
    if not leaves:
        return edge, []
    files: list[File] = []
    first = edge.size // WIDTH
    entries = [*edge.entries, *leaves]
    for tile, part in _cut(-1, first, entries):
        files.append(File(tile, bundle(part)))
    rest = tuple(entries[len(entries) - len(entries) % WIDTH :])
    rows: list[tuple[bytes, ...]] = []
    added = [leaf_hash(item) for item in leaves]
    level = 0
    while added or level < len(edge.rows):
        row = [*(edge.rows[level] if level < len(edge.rows) else ()), *added]
        above: list[bytes] = []
        if added:
            for tile, part in _cut(level, first, row):
                files.append(File(tile, b"".join(part)))
                if tile.width == WIDTH:
                    above.append(root_of(part))
        rows.append(tuple(row[len(row) - len(row) % WIDTH :]))
        added, level, first = above, level + 1, first // WIDTH
    return Edge(edge.size + len(leaves), rest, tuple(rows)), files


def _cut(level: int, first: int, row: Sequence[bytes]) -> Iterator[tuple[Tile, Sequence[bytes]]]:
    for index, start in enumerate(range(0, len(row), WIDTH), first):
        part = row[start : start + WIDTH]
        yield Tile(level, index, len(part)), part


def hash_reader(size: int, read: Callable[[Tile], bytes]) -> HashReader:
    """Make a reader for the proofs of ``merkle.py``, over the tiles of ``size`` leaves.

    ``read`` gives the bytes of one tile. The hashes between two levels of tiles are not stored;
    they are made from the lower one (tlog-tiles, 'Merkle Tree').
    """
    kept: dict[Tile, bytes] = {}

    def hash_at(level: int, index: int) -> bytes:
        row, inner = divmod(level, 8)
        tile_index, offset = divmod(index << inner, WIDTH)
        tile = Tile(row, tile_index, min(WIDTH, (size >> 8 * row) - tile_index * WIDTH))
        content = kept.get(tile)
        if content is None:
            if len(kept) >= READ_AHEAD:
                kept.clear()
            content = kept[tile] = read(tile)
        part = split_hashes(content[offset * HASH_SIZE : (offset + (1 << inner)) * HASH_SIZE])
        if len(part) != 1 << inner:
            raise AuditError(f"{tile.path} does not hold the hashes it should")
        return root_of(part)

    return hash_at
