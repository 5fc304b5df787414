# SPDX-License-Identifier: EUPL-1.2
"""Rows 76-82: the journal is held, damaged, old or new; the log is edited; a staged file rots."""

import base64
import hashlib
import shutil
import sqlite3
from contextlib import closing

import pytest

from gateway import store
from gateway.errors import AuditError, GatewayError, StateError
from gateway.testing import Keten


def copied(keten, tmp_path, name="beeld"):
    """The chain's folders as a kill would leave them now: copied from under a gateway that runs."""
    keten._chain.publish()
    shutil.copytree(keten.folder, tmp_path / name, symlinks=True)
    return tmp_path / name


def everywhere(folder):
    """The digests of all files below the chain's folders, those of the state apart."""
    paths = [p for p in (folder / "folders").rglob("*") if p.is_file() and ".state" not in p.parts]
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]


def digest(content):
    """As ``everywhere`` gives it."""
    return hashlib.sha256(content).hexdigest()


def sizes(state):
    """How many leaves the log has: in the database, and published."""
    with closing(sqlite3.connect(state / "knooppunt.db")) as database:
        [[leaves]] = database.execute("SELECT size FROM head").fetchall()
    return leaves, int((state / "audit/checkpoint").read_text().splitlines()[1])


# --- held -----------------------------------------------------------------------------------------


def test_row_76_the_journal_is_held_at_the_start(keten, monkeypatch):
    """It waits for busy_timeout, then says that another program holds it: nothing to restore."""
    monkeypatch.setattr(store, "BUSY_MS", 300)
    keten.close()
    with closing(sqlite3.connect(keten.location.database, isolation_level=None)) as shell:
        shell.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateError, match="another program holds the database") as caught:
            store.Store(keten.location.database)
        assert "nothing is wrong" in caught.value.hint
        shell.execute("ROLLBACK")
    keten._chain = keten._open()


def test_row_76_the_journal_is_held_while_it_runs(tmp_path, monkeypatch):
    """It waits for busy_timeout, then ends with a sentence; after a restart the file goes, once."""
    monkeypatch.setattr(store, "BUSY_MS", 300)
    keten = Keten(tmp_path / "keten")
    with closing(sqlite3.connect(keten.location.database, isolation_level=None)) as shell:
        keten.drop("0363", "WMO_H22025.csv", b"kop\n")
        shell.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateError, match="locked") as caught:
            keten.settle()
        assert "nothing is lost" in caught.value.hint
        keten._chain.abandon()
        shell.execute("ROLLBACK")
    with Keten(tmp_path / "keten") as again:
        again.settle()
        assert [one.content for one in again.received("wmo")] == [b"kop\n"]


def test_row_76_a_reader_is_nobodys_hindrance(keten):
    """A backup or a shell that only reads, for as long as it likes: files go on."""
    keten.drop("0363", "WMO_1.csv", b"1")
    keten.settle()
    with closing(sqlite3.connect(keten.location.database, isolation_level=None)) as shell:
        shell.execute("BEGIN")
        assert shell.execute("SELECT count(*) FROM event").fetchall() != [(0,)]
        keten.drop("0363", "WMO_2.csv", b"2")
        keten.settle()
        assert len(keten.received("wmo")) == 2
        shell.execute("ROLLBACK")


# --- damaged --------------------------------------------------------------------------------------


def test_row_77_pages_overwritten(knooppunt):
    """Any page: refused with a sentence, or it goes on with all that it knew. Never anew."""
    for number in range(60):
        knooppunt.drop("0363", f"WMO_{number}.csv", b"%d" % number)
    knooppunt("run", "--once")
    database = knooppunt.folders / ".state/knooppunt.db"
    whole = database.read_bytes()
    before = shutil.copytree(knooppunt.folders, knooppunt.folder / "bewaard", symlinks=True)
    leaves, _ = sizes(knooppunt.folders / ".state")
    pages, refused = len(whole) // 4096, 0
    for page in range(0, pages, max(1, pages // 24)):
        damaged = bytearray(whole)
        damaged[page * 4096 : page * 4096 + 4096] = b"\xa5" * 4096
        database.write_bytes(damaged)
        dropped = knooppunt.drop("0034", f"WMO_na_{page}.csv", b"na %d" % page)
        done = knooppunt("run", "--once", code=None)
        assert done.returncode in (0, 2), (page, done)
        assert "Traceback" not in done.stderr
        if done.returncode == 2:
            refused += 1
            assert "database" in done.stderr, (page, done)
            assert digest(b"na %d" % page) in everywhere(knooppunt.folder)
        else:
            assert sizes(knooppunt.folders / ".state")[0] > leaves
            assert not dropped.exists()
        assert sizes_published(knooppunt) >= leaves
        shutil.rmtree(knooppunt.folders)
        shutil.copytree(before, knooppunt.folders, symlinks=True)
    assert refused


def sizes_published(knooppunt):
    """Of how many leaves the published checkpoint speaks."""
    return int((knooppunt.folders / ".state/audit/checkpoint").read_text().splitlines()[1])


def busy(keten):
    """Deliveries in the journal's WAL, all of them published."""
    for number in range(5):
        keten.drop("0363", f"WMO_{number}.csv", b"%d" % number)
        keten.settle()
    assert keten.trace("WMO_4.csv")[0]["status"] == "acknowledged"


LOST = {
    "wal": ["knooppunt.db-wal"],
    "wal and shm": ["knooppunt.db-wal", "knooppunt.db-shm"],
    "all of it": ["knooppunt.db", "knooppunt.db-wal", "knooppunt.db-shm"],
}


@pytest.mark.parametrize("what", LOST)
def test_row_77_commits_that_were_published_are_gone(keten, tmp_path, what):
    """The log knows better: refused, each time; nothing is begun anew in its place."""
    busy(keten)
    image = copied(keten, tmp_path)
    for name in LOST[what]:
        (image / "folders/.state" / name).unlink()
    before = sorted(everywhere(image))
    for _ in range(2):
        with pytest.raises((AuditError, StateError)) as caught:
            Keten(image)
        assert caught.value.hint
    assert sorted(everywhere(image)) == before


def test_row_77_the_shared_memory_file_is_gone(keten, tmp_path):
    """It is made again from the WAL: everything is there, and it goes on."""
    busy(keten)
    image = copied(keten, tmp_path)
    (image / "folders/.state/knooppunt.db-shm").unlink()
    with Keten(image) as again:
        assert len(again.received("wmo")) == 5
        again.drop("0363", "WMO_H22025.csv", b"nieuw")
        again.settle()
        assert len(again.received("wmo")) == 6


def test_row_77_the_wal_is_cut(keten, tmp_path):
    """At each frame and in the middle of them: refused, or all that was committed is there."""
    busy(keten)
    image = copied(keten, tmp_path)
    wal = image / "folders/.state/knooppunt.db-wal"
    whole = wal.stat().st_size
    refused = 0
    for part, size in enumerate((whole - 1, whole // 2, 4128 * 3 + 32, 31, 0)):
        here = tmp_path / f"gekapt{part}"
        shutil.copytree(image, here, symlinks=True)
        with (here / "folders/.state/knooppunt.db-wal").open("r+b") as file:
            file.truncate(size)
        try:
            with Keten(here) as again:
                assert len(again.trace("WMO_4.csv")) == 1
        except (AuditError, StateError):
            refused += 1
    assert refused >= 3


@pytest.mark.parametrize("rounds", range(1, 9))
def test_row_77_commits_that_nobody_published_are_gone(tmp_path, rounds):
    """The last commits vanish with the WAL, in mid-flight: each file is somewhere, once at CBS."""
    contents = [b"een", b"twee", b"drie"]
    keten = Keten(tmp_path / "keten")
    for number, content in enumerate(contents):
        keten.drop("0363", f"WMO_{number}.csv", content)
    with closing(sqlite3.connect(keten.location.database)) as shell:
        shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    keten._chain.engine.look_now()
    for _ in range(rounds):
        keten._chain.engine.round()
    shutil.copytree(keten.folder, tmp_path / "beeld", symlinks=True)
    keten.close()
    (tmp_path / "beeld/folders/.state/knooppunt.db-wal").unlink()
    try:
        again = Keten(tmp_path / "beeld")
    except GatewayError as error:
        assert error.hint
    else:
        again.settle()
        again.close()
    found = everywhere(tmp_path / "beeld")
    for content in contents:
        assert digest(content) in found or any(
            envelope_of(path, content) for path in (tmp_path / "beeld/folders/ggk").rglob("*.xml")
        )
    at = [p.read_bytes() for p in (tmp_path / "beeld/folders/cbs/in/GMSDWMO").glob("*.csv")]
    assert len(at) == len(set(at))


def envelope_of(path, content):
    """Whether a hop folder's file brings this content."""
    return base64.b64encode(content) in path.read_bytes()


# --- of another time ------------------------------------------------------------------------------


def test_row_78_the_journal_of_yesterday(keten, tmp_path):
    """Put back by hand beside today's log: refused, and what to do is said."""
    keten.drop("0363", "WMO_gisteren.csv", b"gisteren")
    keten.settle()
    yesterday = copied(keten, tmp_path)
    busy(keten)
    keten.close()
    for name in ("knooppunt.db", "knooppunt.db-wal", "knooppunt.db-shm"):
        (keten.folder / "folders/.state" / name).unlink(missing_ok=True)
        old = yesterday / "folders/.state" / name
        if old.exists():
            shutil.copy(old, keten.folder / "folders/.state" / name)
    with pytest.raises(AuditError, match="published audit log holds") as caught:
        keten._open()
    assert "restore" in caught.value.hint
    shutil.rmtree(keten.folder / "folders")
    shutil.copytree(yesterday / "folders", keten.folder / "folders", symlinks=True)
    keten._chain = keten._open()


def test_row_78_orphans_are_held_and_nothing_is_sent_again(keten, tmp_path):
    """The whole of an old state, log included, under files that it does not know."""
    yesterday = copied(keten, tmp_path)
    busy(keten)
    keten.empty_receivers()
    keten.drop("0034", "WMO_onderweg.csv", b"onderweg")
    engine = keten._chain.engine
    engine.look_now()
    claimed = keten.root / "gemeenten/0034/.claimed"
    while not list(claimed.iterdir()):
        engine.round()
    today = copied(keten, tmp_path, "vandaag")
    shutil.rmtree(today / "folders/.state")
    shutil.copytree(yesterday / "folders/.state", today / "folders/.state")
    again = Keten(today)
    assert any("unknown to the journal" in one for one in again._chain.said)
    for _ in range(2):
        again.settle()
        held = [p for p in again.quarantine() if p.name.startswith("wees-")]
        assert b"onderweg" in [one.read_bytes() for p in held for one in p.iterdir()]
        assert again.received("wmo") == []
        again.restart()
    again.close()


def test_row_79_the_journal_of_a_newer_version(knooppunt):
    """Refused with a sentence by what writes; not a byte is changed."""
    database = knooppunt.folders / ".state/knooppunt.db"
    with closing(sqlite3.connect(database)) as shell:
        [[version]] = shell.execute("PRAGMA user_version").fetchall()
        shell.execute(f"PRAGMA user_version = {version + 1}")
        shell.commit()
    path, before = knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n"), database.read_bytes()
    said = knooppunt("run", "--once", code=2).stderr
    assert "newer Knooppunt" in said
    assert "install that version" in said
    assert path.exists()
    assert database.read_bytes() == before


# --- rotten ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["ggk/uit", "cbs/in/GMSDWMO", "gemeenten/0363/inbox"])
@pytest.mark.parametrize("how", ["a byte", "cut", "emptied"])
def test_row_82_a_staged_file_rots_before_it_is_sent(tmp_path, place, how):
    """The disk gives back other bytes than were staged: made anew, sent whole, and once."""
    keten = Keten(tmp_path / "keten")
    keten.drop("0363", "WMO_H22025.csv", b"kop\nregel\n")
    staged = keten.root / place / ".tmp"
    engine = keten._chain.engine
    engine.look_now()
    while not (staged.is_dir() and list(staged.iterdir())):
        assert engine.round()
    image = tmp_path / "beeld"
    engine._fly(engine._batch(), going_on=False)  # what was staged is promised now
    shutil.copytree(keten.folder, image, symlinks=True)
    keten.close()
    rotten = 0
    for path in (image / "folders" / place / ".tmp").iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x10
        path.write_bytes({"a byte": bytes(content), "cut": content[:-5], "emptied": b""}[how])
        rotten += 1
    assert rotten
    with Keten(image) as again:
        again.settle()
        assert [one.content for one in again.received("wmo")] == [b"kop\nregel\n"]
        assert len(again.notices("0363", "ontvangst")) == 1
        assert again.quarantine() == []
        [delivery] = again.trace("WMO_H22025.csv")
        types = [event["type"] for event in delivery["events"]]
        assert sorted(types) == sorted(set(types))
        assert delivery["status"] == "acknowledged"
