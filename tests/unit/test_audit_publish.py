# SPDX-License-Identifier: EUPL-1.2
"""The publisher: in any steps the same log, a crash costs nothing, and a lie stops the start."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import durable
from gateway.audit import checkpoint, keys, publish, tiles
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import EMPTY_ROOT, Frontier
from gateway.audit.publish import Publisher
from gateway.errors import AuditError

ORIGIN = "knooppunt.example/audit-2026"


class Database:
    """The leaves that were committed, as the engine's store holds them."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.head = Frontier()
        self.asked: list[tuple[int, int]] = []

    def commit(self, count: int, word: str = "leaf") -> None:
        """Add leaves."""
        for index in range(len(self.leaves), len(self.leaves) + count):
            self.leaves.append(f"{word} {index}".encode())
            self.head.append(leaf_hash(self.leaves[-1]))

    def read(self, start: int, stop: int) -> list[bytes]:
        """Give leaves, and remember that they were asked for."""
        self.asked.append((start, stop))
        return self.leaves[start:stop]

    def now(self):
        """Give what the publisher asks for."""
        return self.head.size, self.head.root(), self.read


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "audit")


@pytest.fixture
def key(tmp_path, place):
    return keys.ensure_key(str(tmp_path / "keys" / "log.pem"), place, ORIGIN)


@pytest.fixture
def publisher(place, key):
    return Publisher(place, ORIGIN, key)


def files(place):
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in Path(place).rglob("*")
        if path.is_file()
    }


def write(place, path, content):
    with open(os.path.join(place, path), "wb") as file:
        file.write(content)


def test_a_first_checkpoint_of_an_empty_log(publisher, database, place, key):
    assert publisher.publish(0, EMPTY_ROOT, database.read) == 0
    found = checkpoint.parse(files(place)["checkpoint"], [VerifierKey.of(ORIGIN, key)])
    assert (found.size, found.root) == (0, EMPTY_ROOT)
    assert set(files(place)) == {"checkpoint", "audit-2026.vkey"}


def test_only_new_leaves_are_read_and_nothing_is_written_twice(publisher, database, place):
    for count in (300, 10, 0, 700):
        database.commit(count)
        publisher.publish(*database.now())
    assert database.asked == [(0, 300), (300, 310), (310, 1010)]
    before = os.stat(os.path.join(place, "checkpoint")).st_mtime_ns
    assert publisher.publish(*database.now()) == 0
    assert os.stat(os.path.join(place, "checkpoint")).st_mtime_ns == before


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.integers(1, 400), min_size=1, max_size=6), restart=st.booleans())
def test_any_steps_give_the_same_log(tmp_path_factory, steps, restart):
    database = Database()
    place = str(tmp_path_factory.mktemp("log"))
    key = keys.ensure_key(os.path.join(place, "log.pem"), os.path.join(place, "a"), ORIGIN)
    publisher = Publisher(os.path.join(place, "a"), ORIGIN, key)
    for step in steps:
        database.commit(step)
        if restart:
            publisher = Publisher(os.path.join(place, "a"), ORIGIN, key)
            assert publisher.check_start(*database.now()) == ()
        publisher.publish(*database.now())
    once = Publisher(os.path.join(place, "b"), ORIGIN, key)
    once.publish(*database.now())
    grown, whole = files(os.path.join(place, "a")), files(os.path.join(place, "b"))
    assert whole.items() <= grown.items()
    # what is more: partial tiles of checkpoints that were given out, until their tile is whole
    for path in grown.keys() - whole.keys() - {"audit-2026.vkey"}:
        whole_one, _, width = path.partition(".p/")
        assert width and whole_one not in grown


def test_a_partial_tile_goes_when_its_whole_tile_is_published(publisher, database, place):
    database.commit(250)
    publisher.publish(*database.now())
    assert "tile/entries/000.p/250" in files(place)
    database.commit(10)
    publisher.publish(*database.now())
    found = files(place)
    assert not [path for path in found if path.startswith("tile/entries/000.p/")]
    assert {"tile/entries/000", "tile/entries/001.p/4", "tile/1/000.p/1"} <= set(found)
    assert not os.path.exists(os.path.join(place, "tile/entries/000.p"))


def test_much_to_catch_up_goes_in_steps(publisher, database, place, monkeypatch):
    monkeypatch.setattr(publish, "STEP", 512)
    database.commit(100)
    publisher.publish(*database.now())
    database.commit(2_000)
    publisher.publish(*database.now())
    assert max(stop - start for start, stop in database.asked) == 512
    found = files(place)
    _, at_once = tiles.growth(tiles.Edge(), database.leaves)
    assert {file.tile.path: file.content for file in at_once}.items() <= found.items()
    assert set(found) == {file.tile.path for file in at_once} | {"checkpoint", "audit-2026.vkey"}


CALLS = ["stage", "sync_filesystem", "rename", "put", "remove", "open_dir"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("nth", range(4))
def test_a_crash_anywhere_is_caught_up(call, nth, publisher, database, place, key, monkeypatch):
    database.commit(200)
    publisher.publish(*database.now())
    old = files(place)["checkpoint"]
    database.commit(400)
    real, left = getattr(durable, call), [nth]

    def dies(*args, **kwargs):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(durable, call, dies)
        try:
            publisher.publish(*database.now())
        except KeyboardInterrupt:
            found = files(place)
            if call in ("stage", "sync_filesystem", "rename"):
                assert found["checkpoint"] == old
    again = Publisher(place, ORIGIN, key)
    assert again.check_start(*database.now()) == ()
    again.publish(*database.now())
    found = files(place)
    _, at_once = tiles.growth(tiles.Edge(), database.leaves)
    assert {file.tile.path: file.content for file in at_once}.items() <= found.items()
    assert b"\n600\n" in found["checkpoint"]
    assert not [path for path in found if path.endswith(".new")]


def test_content_is_synced_before_names_and_names_before_the_checkpoint(
    publisher, database, monkeypatch
):
    told = []
    for call in ("stage", "sync_filesystem", "rename", "put"):
        real = getattr(durable, call)

        def tell(*args, _real=real, _call=call, **kwargs):
            if not told or told[-1] != _call:
                told.append(_call)
            return _real(*args, **kwargs)

        monkeypatch.setattr(durable, call, tell)
    database.commit(300)
    publisher.publish(*database.now())
    assert told[:5] == ["stage", "sync_filesystem", "rename", "sync_filesystem", "put"]


def restart(place, key, database):
    return Publisher(place, ORIGIN, key).check_start(*database.now())


@pytest.mark.parametrize(
    "path",
    [
        "tile/entries/001",
        "tile/entries/002.p/88",
        "tile/0/000",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
    ],
)
@pytest.mark.parametrize("cut", [5, None])
def test_row_81_a_missing_or_torn_tile_is_made_again_and_said(
    path, cut, publisher, database, place, key
):
    database.commit(600)
    publisher.publish(*database.now())
    before = files(place)
    if cut is None:
        os.unlink(os.path.join(place, path))
    else:
        write(place, path, before[path][:-cut])
    (said,) = restart(place, key, database)
    assert path in said and "made again" in said
    assert files(place) == before
    assert restart(place, key, database) == ()


@pytest.mark.parametrize("damage", [b"", b"knooppunt", None])
def test_a_damaged_checkpoint_is_made_again_and_said(damage, publisher, database, place, key):
    database.commit(300)
    publisher.publish(*database.now())
    publisher.archive(0.0)
    database.commit(300)
    publisher.publish(*database.now())
    before = files(place)
    if damage is None:
        damage = before["checkpoint"][:-5]
    write(place, "checkpoint", damage)
    again = Publisher(place, ORIGIN, key)
    assert any("checkpoint was damaged" in said for said in again.check_start(*database.now()))
    again.publish(*database.now())
    assert files(place).items() >= before.items()


def test_a_checkpoint_that_was_put_back_is_said(publisher, database, place, key):
    database.commit(300)
    publisher.publish(*database.now())
    old = files(place)["checkpoint"]
    database.commit(300)
    publisher.publish(*database.now())
    publisher.archive(0.0)
    write(place, "checkpoint", old)
    (said,) = (s for s in restart(place, key, database) if "was back" in s)
    assert "300" in said and "600" in said


def test_a_database_that_is_behind_the_log_stops_the_start(publisher, database, place, key):
    database.commit(600)
    publisher.publish(*database.now())
    publisher.archive(0.0)
    restored = Database()
    restored.commit(500)
    with pytest.raises(AuditError, match="600 leaves, the database only 500") as caught:
        restart(place, key, restored)
    assert "do not remove the audit folder" in caught.value.hint
    os.unlink(os.path.join(place, "checkpoint"))  # the archived one still tells
    with pytest.raises(AuditError, match="600 leaves"):
        restart(place, key, restored)


@pytest.mark.parametrize("more", [0, 10])
def test_a_database_with_another_history_stops_the_start(more, publisher, database, place, key):
    database.commit(600)
    publisher.publish(*database.now())
    other = Database()
    other.commit(599)
    other.commit(1 + more, "forged")
    again = Publisher(place, ORIGIN, key)
    before = files(place)
    with pytest.raises(AuditError):
        again.check_start(*other.now())
        again.publish(*other.now())
    assert files(place) == before


def test_another_history_is_not_repaired_into_the_log(publisher, database, place, key):
    database.commit(600)
    publisher.publish(*database.now())
    os.unlink(os.path.join(place, "tile/0/001"))
    other = Database()
    other.commit(1)
    other.leaves, other.head = [b"forged"], Frontier()
    other.head.append(leaf_hash(b"forged"))
    other.commit(700)
    with pytest.raises(AuditError, match="not those that were published"):
        restart(place, key, other)


def test_a_whole_tile_with_other_bytes_is_fatal(publisher, database, place):
    database.commit(200)
    publisher.publish(*database.now())
    old = files(place)["checkpoint"]
    write(place, "tile/entries/000", b"somebody was here")
    database.commit(100)
    with pytest.raises(AuditError, match="tile/entries/000 in the audit log holds other bytes"):
        publisher.publish(*database.now())
    assert files(place)["checkpoint"] == old


def test_a_tile_that_is_there_already_is_no_fault(publisher, database, place):
    database.commit(300)
    _, at_once = tiles.growth(tiles.Edge(), database.leaves)
    for file in at_once[:2]:
        os.makedirs(os.path.dirname(os.path.join(place, file.tile.path)), exist_ok=True)
        write(place, file.tile.path, file.content)
    assert publisher.publish(*database.now()) == 300


def test_a_head_that_does_not_fit_its_leaves_is_not_signed(publisher, database, place):
    database.commit(10)
    with pytest.raises(AuditError, match="do not lead"):
        publisher.publish(10, EMPTY_ROOT, database.read)
    with pytest.raises(AuditError, match="does not hold leaves"):
        publisher.publish(11, EMPTY_ROOT, database.read)
    assert set(files(place)) == {"audit-2026.vkey"}
    publisher.publish(*database.now())
    with pytest.raises(AuditError, match="went back"):
        publisher.publish(9, EMPTY_ROOT, database.read)
    with pytest.raises(AuditError, match="went back"):
        publisher.publish(10, EMPTY_ROOT, database.read)


def test_another_log_in_the_folder_stops_the_start(publisher, database, place, key):
    database.commit(5)
    publisher.publish(*database.now())
    with pytest.raises(AuditError, match="holds the log"):
        Publisher(place, "knooppunt.example/audit-2027", key).check_start(*database.now())


def test_a_checkpoint_that_another_key_signed_stops_the_start(
    publisher, database, place, key, tmp_path
):
    database.commit(5)
    publisher.publish(*database.now())
    other = keys.ensure_key(str(tmp_path / "o.pem"), str(tmp_path / "o"), ORIGIN)
    write(place, "checkpoint", checkpoint.sign(ORIGIN, 5, database.head.root(), other))
    with pytest.raises(AuditError, match="not signed by any key"):
        restart(place, key, database)


def test_at_most_one_archived_checkpoint_a_minute_and_one_at_the_stop(publisher, database, place):
    assert not publisher.archive(0.0)  # nothing was published
    publisher.publish(0, EMPTY_ROOT, database.read)
    assert not publisher.archive(0.0)  # and an empty log says nothing
    for now, expected in ((100.0, True), (159.0, False), (160.0, True), (161.0, False)):
        database.commit(10)
        publisher.publish(*database.now())
        assert publisher.archive(now) is expected
        assert not publisher.archive(now)
    assert publisher.archive(162.0, stopping=True)
    assert not publisher.archive(999.0)  # the same size once
    assert sorted(path for path in files(place) if path.startswith("checkpoints")) == [
        "checkpoints/10",
        "checkpoints/30",
        "checkpoints/40",
    ]
    assert files(place)["checkpoints/40"] == files(place)["checkpoint"]


def test_the_key_is_made_once_and_is_private(tmp_path, place, key):
    path = str(tmp_path / "keys" / "log.pem")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    line = files(place)["audit-2026.vkey"]
    again = keys.ensure_key(path, place, ORIGIN)
    assert again.private_bytes_raw() == key.private_bytes_raw()
    assert line.decode() == VerifierKey.of(ORIGIN, key).line() + "\n"
    os.unlink(os.path.join(place, "audit-2026.vkey"))
    keys.ensure_key(path, place, ORIGIN)
    assert files(place)["audit-2026.vkey"] == line


def test_a_lost_or_other_key_is_not_replaced_in_silence(tmp_path, place, key):
    path = str(tmp_path / "keys" / "log.pem")
    os.rename(path, path + ".away")
    with pytest.raises(AuditError, match="private key is gone"):
        keys.ensure_key(path, place, ORIGIN)
    keys.ensure_key(path, str(tmp_path / "elsewhere"), ORIGIN)
    with pytest.raises(AuditError, match="not the public half"):
        keys.ensure_key(path, place, ORIGIN)
    write(str(tmp_path), "keys/log.pem", b"nonsense")
    with pytest.raises(AuditError, match="not a private key"):
        keys.ensure_key(path, place, ORIGIN)
