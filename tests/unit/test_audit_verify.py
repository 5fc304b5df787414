# SPDX-License-Identifier: EUPL-1.2
"""Attacks on a log: for each, which step sees it, and which leaf or tile is named first."""

import json
import os
import shutil
from pathlib import Path

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import checkpoint, leaf, tiles
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import EMPTY_ROOT, over
from gateway.audit.publish import Publisher
from gateway.audit.tiles import Edge, Tile
from gateway.audit.verify import verify
from gateway.errors import AuditError

ORIGIN = "knooppunt.example/audit-2026"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
THIEF = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
VKEY = VerifierKey.of(ORIGIN, KEY).line()
SIZE = 700
SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/audit-verify.schema.json").read_text("utf-8")
)


def fields(index: int, **more: object) -> dict[str, object]:
    found: dict[str, object] = {
        "v": 1,
        "origin": ORIGIN,
        "at": 1767225600000 + index // 3,
        "type": "A.1",
        "event": f"01JG{index:022d}",
        "actor": "system:ggk",
        "object": "message",
        "action": "submit",
        "result": "ok",
        "source": "ggk/outbox",
        "build": "0.1.0",
    }
    if index % 5:  # each fifth leaf is about no message
        found["msg"] = f"01JM{index % 40:022d}"
        if index >= 40:
            found["prev"] = index - 40
    return {**found, **more}


LEAVES = [leaf.encode(fields(index)) for index in range(SIZE)]


def publish(place: str, leaves, steps=(300, 600, SIZE), key=KEY) -> None:
    publisher = Publisher(place, ORIGIN, key)
    for step in steps:
        root = over(leaf_hash(item) for item in leaves[:step]).root()
        publisher.publish(step, root, lambda start, stop: leaves[start:stop])
        publisher.archive(float(step))
        if step == steps[0]:
            shutil.copy(f"{place}/checkpoint", f"{place}.kept")
    Path(place, "audit-2026.vkey").write_text(VerifierKey.of(ORIGIN, key).line() + "\n")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    place = tmp_path_factory.mktemp("whole") / "audit"
    publish(str(place), LEAVES)
    return place


@pytest.fixture
def log(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "audit")
    return tmp_path / "audit"


def look(log, since=None, vkey=VKEY):
    report = verify(str(log), since, vkey)
    jsonschema.validate(report.to_json(), SCHEMA)
    assert [step.n for step in report.steps] == list(range(1, len(report.steps) + 1))
    assert report.ok == all(step.ok for step in report.steps)
    assert all(step.detail for step in report.steps)
    return report


def failed(report):
    return [step.name for step in report.steps if not step.ok]


def detail(report, name):
    return next(step.detail for step in report.steps if step.name == name)


def entries_tile(index: int) -> Tile:
    return Tile(-1, index, min(256, SIZE - 256 * index))


def write(log, tile: Tile, content: bytes) -> None:
    (log / tile.path).write_bytes(content)


def put_leaves(log, leaves) -> None:
    """Write the bundles anew, and nothing else: the attack of somebody with an editor."""
    for start in range(0, len(leaves), 256):
        tile = entries_tile(start // 256)
        write(log, tile, tiles.bundle(leaves[start : start + tile.width]))


def put_tree(log, leaves, above: int = 99) -> None:
    """Write the bundles and the hash tiles below a level anew, but sign nothing."""
    for file in tiles.growth(Edge(), leaves)[1]:
        if file.tile.level < above:
            write(log, file.tile, file.content)


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_a_whole_log_passes(log, whole):
    report = look(log)
    assert report.ok
    assert (report.origin, report.size) == (ORIGIN, SIZE)
    assert (report.first_bad_leaf, report.first_bad_tile) == (None, None)
    names = [step.name for step in report.steps]
    assert names == [
        "key", "checkpoint", "entries", "leaves", "time", "chain", "tiles", "root", "archive",
    ]  # fmt: skip
    assert "3 archived" in detail(report, "archive")
    since = Path(f"{whole}.kept").read_bytes()
    assert [step.name for step in look(log, since).steps][-1] == "since"
    assert look(log, since).ok


def test_what_was_not_proven_is_said(log, whole):
    report = look(log, vkey=None)
    assert report.ok
    said = " ".join(report.not_proven)
    assert "--since" in said and "--vkey" in said and "witness" in said and "clock" in said
    said = " ".join(look(log, Path(f"{whole}.kept").read_bytes()).not_proven)
    assert "--since" not in said and "--vkey" not in said and "is true" in said


def test_an_empty_log_passes(tmp_path):
    place = str(tmp_path / "audit")
    Publisher(place, ORIGIN, KEY).publish(0, EMPTY_ROOT, lambda *_: [])
    Path(place, "audit-2026.vkey").write_text(VKEY)
    report = look(place)
    assert report.ok and report.size == 0
    assert look(place, Path(place, "checkpoint").read_bytes()).ok


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512])
def test_logs_of_awkward_sizes_pass(tmp_path, size):
    publish(str(tmp_path / "audit"), LEAVES, (size,))
    assert look(tmp_path / "audit").ok


@pytest.mark.parametrize("index", [0, 17, 255, 256, 511, 512, 699])
def test_a_changed_leaf(log, index):
    changed = [*LEAVES]
    changed[index] = leaf.encode(fields(index, result="NOT ok"))
    put_leaves(log, changed)
    report = look(log)
    assert failed(report)[:2] == ["tiles", "root"]
    assert report.first_bad_leaf == index
    assert report.first_bad_tile is None
    assert f"leaf {index} is not the leaf whose hash was published" in detail(report, "tiles")


@pytest.mark.parametrize("index", [0, 100, 255, 256, 600, 699])
def test_row_80_a_flipped_byte(log, index):
    bundle = entries_tile(index // 256)
    content = (log / bundle.path).read_bytes()
    write(log, bundle, flip(content, content.index(LEAVES[index]) + 30))
    assert look(log).first_bad_leaf == index


@pytest.mark.parametrize("index", [0, 100, 255, 256, 600, 699])
def test_row_80_a_dropped_leaf(log, index):
    put_leaves(log, LEAVES[:index] + LEAVES[index + 1 :])
    report = look(log)
    assert {"entries", "tiles", "root"} <= set(failed(report))
    assert report.first_bad_leaf == index
    assert report.first_bad_tile == "tile/entries/002.p/188"


@pytest.mark.parametrize("index", [0, 100, 255, 256, 600, 698])
def test_a_leaf_dropped_from_its_bundle_alone(log, index):
    start = index - index % 256
    left = LEAVES[start:index] + LEAVES[index + 1 : start + 256]
    write(log, entries_tile(index // 256), tiles.bundle(left))
    report = look(log)
    assert failed(report)[0] == "entries"
    assert report.first_bad_leaf == index
    assert report.first_bad_tile == entries_tile(index // 256).path


@pytest.mark.parametrize("index", [0, 100, 255, 256, 600])
def test_an_inserted_leaf(log, index):
    forged = leaf.encode(fields(5, event="01JFORGED0000000000000000"))
    put_leaves(log, [*LEAVES[:index], forged, *LEAVES[index:]])
    report = look(log)
    assert {"tiles", "root"} <= set(failed(report))
    assert report.first_bad_leaf == index


def test_a_leaf_inserted_into_one_bundle(log):
    write(log, entries_tile(0), tiles.bundle([*LEAVES[:9], LEAVES[3], *LEAVES[9:256]]))
    report = look(log)
    assert failed(report)[0] == "entries"
    assert report.first_bad_leaf == 9


@pytest.mark.parametrize(("one", "other"), [(0, 1), (100, 200), (250, 260), (698, 699)])
def test_row_80_reordered_leaves(log, one, other):
    moved = [*LEAVES]
    moved[one], moved[other] = moved[other], moved[one]
    put_leaves(log, moved)
    report = look(log)
    assert {"tiles", "root"} <= set(failed(report))
    assert report.first_bad_leaf == one


def test_row_80_a_log_cut_at_a_leaf(log):
    """A third of a bundle and all after it gone: the files end in the middle of a leaf."""
    content = (log / "tile/entries/001").read_bytes()
    (log / "tile/entries/001").write_bytes(content[: len(content) // 3])
    os.unlink(log / "tile/entries/002.p/188")
    report = look(log)
    assert failed(report)[0] == "entries"
    whole_leaves = len(tiles.unbundle(content[: len(content) // 3])[0])
    assert report.first_bad_leaf == 256 + whole_leaves
    assert report.first_bad_tile == "tile/entries/001"


def test_row_81_torn_by_five_bytes(log):
    path = log / "tile/entries/002.p/188"
    path.write_bytes(path.read_bytes()[:-5])
    report = look(log)
    assert "is torn" in detail(report, "entries")
    assert report.first_bad_leaf == SIZE - 1


def test_a_log_cut_at_a_tile(log):
    for path in ("tile/entries/002.p", "tile/0/002.p"):
        shutil.rmtree(log / path)
    report = look(log)
    assert "missing" in detail(report, "entries")
    assert report.first_bad_leaf == 512
    assert report.first_bad_tile == "tile/entries/002.p/188"
    assert "cannot be recomputed" in detail(report, "root")


def test_a_missing_bundle_in_the_middle(log):
    os.unlink(log / "tile/entries/001")
    report = look(log)
    assert (report.first_bad_leaf, report.first_bad_tile) == (256, "tile/entries/001")


HASH_TILES = ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"]


@pytest.mark.parametrize("path", HASH_TILES)
@pytest.mark.parametrize("attack", ["flip", "tear", "remove"])
def test_a_changed_tile(log, path, attack):
    content = (log / path).read_bytes()
    if attack == "remove":
        os.unlink(log / path)
    else:
        (log / path).write_bytes(flip(content, 40) if attack == "flip" else content[:-5])
    report = look(log)
    assert failed(report) == ["tiles"]  # the leaves still lead to the signed root
    assert (report.first_bad_leaf, report.first_bad_tile) == (None, path)


def test_a_changed_tile_beside_a_changed_leaf(log):
    changed = [*LEAVES]
    changed[600] = leaf.encode(fields(600, result="no"))
    put_leaves(log, changed)
    path = log / "tile/0/000"
    path.write_bytes(flip(path.read_bytes(), 0))
    report = look(log)
    assert report.first_bad_leaf == 600
    assert report.first_bad_tile == "tile/0/000"


def test_a_leaf_changed_with_its_own_hash(log):
    """The level above still has the old hash, and the signed root proves that it is right."""
    changed = [*LEAVES]
    changed[300] = leaf.encode(fields(300, result="no"))
    put_tree(log, changed, above=1)
    report = look(log)
    assert {"tiles", "root"} <= set(failed(report))
    assert report.first_bad_tile == "tile/0/001"
    assert "256 to 511" in detail(report, "tiles")


def test_a_leaf_changed_with_all_hashes_above_it(log):
    changed = [*LEAVES]
    changed[300] = leaf.encode(fields(300, result="no"))
    put_tree(log, changed)
    report = look(log)
    assert failed(report) == ["root", "archive"]
    assert "a leaf from 300 up to 599 was changed" in detail(report, "archive")


def resign(log, leaves, key=THIEF):
    put_tree(log, leaves)
    root = over(leaf_hash(item) for item in leaves).root()
    (log / "checkpoint").write_bytes(checkpoint.sign(ORIGIN, len(leaves), root, key))
    if key is THIEF:
        (log / "audit-2026.vkey").write_text(VerifierKey.of(ORIGIN, THIEF).line())


def test_a_log_signed_again_by_another_key(log, whole):
    changed = [*LEAVES]
    changed[300] = leaf.encode(fields(300, result="no"))
    resign(log, changed)
    assert failed(look(log))[:2] == ["key", "checkpoint"]
    report = look(log, vkey=None)
    assert "checkpoint" not in failed(report)
    assert "archive" in failed(report)  # its owner forgot those
    shutil.rmtree(log / "checkpoints")
    report = look(log, vkey=None)
    assert report.ok  # and this is why it says:
    assert any("--vkey" in said for said in report.not_proven)
    assert "since" in failed(look(log, Path(f"{whole}.kept").read_bytes(), vkey=None))


def test_a_log_changed_by_who_has_the_key(log):
    """Signed with the right key: only what somebody kept outside can show it."""
    kept = (log / "checkpoint").read_bytes()
    changed = [*LEAVES]
    changed[300] = leaf.encode(fields(300, result="no"))
    resign(log, changed, KEY)
    report = look(log)
    assert failed(report) == ["archive"]
    shutil.rmtree(log / "checkpoints")
    assert look(log).ok
    report = look(log, kept)
    assert failed(report) == ["since"]
    assert "another root" in detail(report, "since")


def roll_back(log, whole, size: int) -> None:
    (log / "checkpoint").write_bytes((whole / f"checkpoints/{size}").read_bytes())


def test_row_80_a_log_rolled_back(log, whole):
    newest = (log / "checkpoint").read_bytes()
    roll_back(log, whole, 300)
    report = look(log)
    assert failed(report) == ["archive"]
    assert report.first_bad_leaf == 300
    assert any("beyond the checkpoint" in said for said in report.not_proven)
    for size in (600, 700):
        os.unlink(log / f"checkpoints/{size}")
    assert look(log).ok  # looks whole: an older state was whole
    report = look(log, newest)
    assert failed(report) == ["since"]
    assert report.first_bad_leaf == 300
    assert "the end was cut off" in detail(report, "since")


def test_row_80_a_forged_tail(log):
    """Leaves added behind the end, hashed, but not signed."""
    put = [*LEAVES, leaf.encode(fields(SIZE))]
    for file in tiles.growth(Edge(), put)[1]:
        (log / file.tile.path).parent.mkdir(parents=True, exist_ok=True)
        write(log, file.tile, file.content)
    report = look(log)
    assert report.ok and report.size == SIZE
    assert any("beyond the checkpoint" in said for said in report.not_proven)
    root = over(leaf_hash(item) for item in put).root()
    text = checkpoint.Checkpoint(ORIGIN, SIZE + 1, root).body()
    signatures = (log / "checkpoint").read_bytes().partition(b"\n\n")[2]
    (log / "checkpoint").write_bytes(text.encode() + b"\n" + signatures)
    assert "checkpoint" in failed(look(log))


@pytest.mark.parametrize(
    ("index", "change", "step"),
    [
        (50, {"at": 1}, "time"),
        (51, {"prev": 10}, "chain"),
        (50, {"prev": 10}, "chain"),  # about no message, so there is no previous leaf
        (51, {"msg": "01JX"}, "chain"),
        (50, {"origin": "elsewhere.example/audit-2026"}, "leaves"),
    ],
)
def test_a_gateway_that_logs_nonsense(tmp_path, index, change, step):
    """Hashed and signed as it should be, but the leaves do not tell one history."""
    leaves = [*LEAVES]
    leaves[index] = leaf.encode(fields(index, **change))
    publish(str(tmp_path / "audit"), leaves)
    report = look(tmp_path / "audit")
    assert failed(report) == [step]
    assert report.first_bad_leaf == index


@pytest.mark.parametrize("content", [b"", b"text", LEAVES[50] + b" ", b'{"v":1}'])
def test_leaves_that_are_none(tmp_path, content):
    leaves = [*LEAVES]
    leaves[50] = content
    publish(str(tmp_path / "audit"), leaves)
    report = look(tmp_path / "audit")
    assert failed(report) == ["leaves"]
    assert report.first_bad_leaf == 50


@pytest.mark.parametrize("content", [None, b"", b"text", b"\xff"])
def test_a_damaged_checkpoint(log, content):
    if content is None:
        os.unlink(log / "checkpoint")
    else:
        (log / "checkpoint").write_bytes(content)
    report = look(log)
    assert not report.ok
    assert "checkpoint" in failed(report)
    assert report.size == 0


def test_a_checkpoint_of_absurd_size_ends_soon(log):
    (log / "checkpoint").write_bytes(checkpoint.sign(ORIGIN, 10**18, EMPTY_ROOT, KEY))
    report = look(log)
    assert failed(report)[0] == "entries"
    assert report.first_bad_leaf == 512  # the bundle that should be whole by now


@pytest.mark.parametrize("content", [None, "", "nonsense"])
def test_a_damaged_key_file(log, content):
    path = log / "audit-2026.vkey"
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    report = look(log, vkey=None)
    assert failed(report)[:2] == ["key", "checkpoint"]
    assert look(log).ok  # a reader with a key of his own does not need it


def test_a_damaged_archived_checkpoint(log):
    (log / "checkpoints/600").write_bytes((log / "checkpoints/300").read_bytes())
    report = look(log)
    assert failed(report) == ["archive"]
    assert "checkpoints/600" in detail(report, "archive")
    (log / "checkpoints/600").write_bytes(b"torn")
    assert failed(look(log)) == ["archive"]


def test_an_older_checkpoint_of_another_log_or_key(log):
    other = checkpoint.sign("elsewhere.example/audit-2026", 300, EMPTY_ROOT, KEY)
    assert "another log" in detail(look(log, other), "since")
    root = over(leaf_hash(item) for item in LEAVES[:300]).root()
    assert failed(look(log, checkpoint.sign(ORIGIN, 300, root, THIEF))) == ["since"]
    assert look(log, checkpoint.sign(ORIGIN, 300, root, KEY)).ok
    assert look(log, checkpoint.sign(ORIGIN, 0, EMPTY_ROOT, KEY)).ok
    assert not look(log, checkpoint.sign(ORIGIN, 0, root, KEY)).ok


def test_a_partial_tile_that_was_removed_for_its_whole_one(log, whole):
    roll_back(log, whole, 300)
    shutil.rmtree(log / "checkpoints")
    assert not (log / "tile/entries/001.p").exists()
    assert look(log).ok


def test_what_cannot_be_read_is_no_verdict(tmp_path, log):
    for place in (tmp_path / "nothing", tmp_path, log / "checkpoint"):
        with pytest.raises(AuditError):
            verify(str(place))
    with pytest.raises(AuditError):
        verify(str(log), since=b"nonsense")
    with pytest.raises(AuditError):
        verify(str(log), vkey="nonsense")
    three = checkpoint.sign_note("not a checkpoint\n", ORIGIN, KEY)
    with pytest.raises(AuditError):
        verify(str(log), since=three)


def test_progress_ends_at_the_size(log):
    told = []
    verify(str(log), progress=lambda done, size: told.append((done, size)))
    assert told == [(SIZE, SIZE)]


def test_verifying_writes_nothing(log):
    before = {path: path.stat().st_mtime_ns for path in [log, *log.rglob("*")]}
    look(log)
    assert {path: path.stat().st_mtime_ns for path in [log, *log.rglob("*")]} == before


@pytest.mark.parametrize("odd", ["+nooppunt", "kn\x7foppunt", "kno ppunt"])
def test_an_origin_that_no_key_can_have_is_a_verdict(log, odd):
    """One flipped bit can make it so; it is told of the log, not as a failure of ours."""
    content = (log / "checkpoint").read_bytes().decode()
    (log / "checkpoint").write_text(odd + content[content.index(".") :])
    report = look(log, vkey=None)
    assert not report.ok
    assert "cannot be the name of a key" in next(
        one.detail for one in report.steps if one.name == "checkpoint"
    )


PATHS = ["checkpoint", "audit-2026.vkey", "checkpoints/300", "tile/entries/000", "tile/entries/001",
         "tile/entries/002.p/188", *HASH_TILES]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(PATHS), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_seen(tmp_path_factory, whole, path, place, bit):
    log = tmp_path_factory.mktemp("flip") / "audit"
    shutil.copytree(whole, log)
    content = bytearray((log / path).read_bytes())
    at = int(place * len(content))
    content[at] ^= 1 << bit
    (log / path).write_bytes(content)
    if bytes(content).strip() != (whole / path).read_bytes().strip():
        assert not look(log, vkey=None).ok
    shutil.rmtree(log)
