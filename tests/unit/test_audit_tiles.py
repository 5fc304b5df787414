# SPDX-License-Identifier: EUPL-1.2
"""The layout against the examples of c2sp.org/tlog-tiles; growth in any steps is the same tree."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import merkle, tiles
from gateway.audit.leaf import leaf_hash
from gateway.audit.tiles import Edge, Tile
from gateway.errors import AuditError


def leaves(start: int, stop: int) -> list[bytes]:
    return [f"leaf {index}".encode() for index in range(start, stop)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tiles.tile_path(0, 1234067), "tile/0/x001/x234/067"),
        (tiles.tile_path(0, 0), "tile/0/000"),
        (tiles.tile_path(1, 0, 1), "tile/1/000.p/1"),
        (tiles.tile_path(0, 273, 112), "tile/0/273.p/112"),
        (tiles.tile_path(2, 1000, 17), "tile/2/x001/000.p/17"),
        (tiles.entries_path(1234067, 8), "tile/entries/x001/x234/067.p/8"),
        (tiles.entries_path(999), "tile/entries/999"),
    ],
)
def test_paths(path, expected):
    assert path == expected


def test_the_example_of_70000_leaves():
    found = Counter((tile.level, tile.width) for tile in tiles.layout(70_000))
    assert found == {
        (-1, 256): 273, (-1, 112): 1, (0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1,
        (2, 1): 1,
    }  # fmt: skip


def test_the_example_of_256_leaves():
    paths = [tile.path for tile in tiles.layout(256)]
    assert paths == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles.layout(0)) == []


@pytest.mark.parametrize(
    ("level", "index", "width"), [(0, -1, 256), (0, 0, 0), (0, 0, 257), (64, 0, 1)]
)
def test_there_is_no_such_tile(level, index, width):
    with pytest.raises(AuditError):
        tiles.tile_path(level, index, width)


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 7000))
def test_bundles_read_back_and_a_torn_one_shows(entries, cut):
    content = tiles.bundle(entries)
    assert tiles.unbundle(content) == (entries, True)
    found, whole = tiles.unbundle(content[:cut])
    assert found == entries[: len(found)]
    assert whole == (tiles.bundle(found) == content[:cut])


def test_a_bundle_has_two_bytes_of_length_big_endian():
    assert tiles.bundle([b"", b"a" * 258]) == b"\0\0\x01\x02" + b"a" * 258
    with pytest.raises(AuditError, match="65535"):
        tiles.bundle([b"x" * 65536])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=8))
def test_growth_in_any_steps_gives_the_files_of_one_step(steps):
    edge, files, size = Edge(), {}, 0
    for step in steps:
        edge, new = tiles.growth(edge, leaves(size, size + step))
        size += step
        files.update({file.tile.path: file.content for file in new})
        assert {tile.path for tile in tiles.layout(size)} <= files.keys()
    once, at_once = tiles.growth(Edge(), leaves(0, size))
    assert edge == once
    for file in at_once:
        assert files.pop(file.tile.path) == file.content
    assert all(".p/" in path for path in files)  # what is left are partial tiles of sizes between
    assert {file.tile for file in at_once} == set(tiles.layout(size))
    assert {*tiles.edge_files(edge)} == {f for f in at_once if f.tile.width < 256}
    assert edge.root() == merkle.root_of(leaf_hash(item) for item in leaves(0, size))


def test_three_levels():
    edge = Edge()
    files = {}
    for start in range(0, 70_000, 9_999):
        edge, new = tiles.growth(edge, leaves(start, min(70_000, start + 9_999)))
        files.update({file.tile: file.content for file in new})
    assert set(tiles.layout(70_000)) <= set(files)
    root = merkle.root_of(leaf_hash(item) for item in leaves(0, 70_000))
    assert edge.root() == root
    read = tiles.hash_reader(70_000, files.__getitem__)
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        proof = merkle.inclusion_proof(index, 70_000, read)
        leaf = leaf_hash(f"leaf {index}".encode())
        assert merkle.check_inclusion(index, 70_000, leaf, proof, root)
    for old in (1, 256, 300, 65_536, 69_999):
        proof = merkle.consistency_proof(old, 70_000, read)
        old_root = merkle.root_of(leaf_hash(item) for item in leaves(0, old))
        assert merkle.check_consistency(old, 70_000, old_root, root, proof)


def test_a_tile_that_is_too_short_is_refused():
    read = tiles.hash_reader(4, lambda _: b"x" * 64)
    with pytest.raises(AuditError, match=r"tile/0/000\.p/4"):
        read(0, 3)


def test_whole():
    assert Tile(0, 3, 7).whole == Tile(0, 3, 256)
