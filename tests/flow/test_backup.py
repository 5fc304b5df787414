# SPDX-License-Identifier: EUPL-1.2
"""Backup beside a running gateway, and a restore that never forks the log."""

import json
import os
import shutil
import signal
import sqlite3
import stat

import pytest

from gateway.backup import backup, restore
from gateway.held import Filter, listed
from gateway.store_queries import Reader
from gateway.testing import Keten
from tests.flow.conftest import eventually
from tests.flow.test_commands import as_promised


def audit(knooppunt):
    return knooppunt.folders / ".state" / "audit"


def database(knooppunt):
    return knooppunt.folders / ".state" / "knooppunt.db"


def lose(knooppunt):
    """The disk with the database is gone; the published log, elsewhere, is not."""
    for path in database(knooppunt).parent.glob("knooppunt.db*"):
        path.unlink()


def deliver(knooppunt, name, code="0363"):
    knooppunt.drop(code, name, name.encode())
    knooppunt("run", "--once", "--nu", "2026-02-02")
    [message] = knooppunt.json("trace", name)["messages"]
    assert message["status"] == "acknowledged"


def received(knooppunt):
    return sorted(p.name for p in (knooppunt.folders / "cbs" / "in" / "GMSDWMO").glob("*.csv"))


def checkpoint(knooppunt):
    """Keep the checkpoint as it is now."""
    kept = knooppunt.folder / "kept"
    shutil.copy(audit(knooppunt) / "checkpoint", kept)
    return str(kept)


def leaves(knooppunt):
    with sqlite3.connect(database(knooppunt)) as connection:
        rows = connection.execute("SELECT content FROM leaf ORDER BY idx").fetchall()
    connection.close()
    return [json.loads(row[0]) for row in rows]


def whole(knooppunt, since):
    """The log verifies, and goes on from a checkpoint that somebody kept."""
    assert knooppunt.json("audit", "verify", "--since", since)["ok"]


def test_what_was_backed_up_comes_back(knooppunt):
    """Traces, numbers and the log; the restore is a leaf, and only its owner may read a backup."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    since = checkpoint(knooppunt)
    knooppunt("backup", "b")
    assert stat.S_IMODE(os.stat(knooppunt.folder / "b").st_mode) == 0o700
    lose(knooppunt)
    done = knooppunt("restore", "b")
    assert "restored: backup of" in done.stdout
    deliver(knooppunt, "WMO_H22025_b.csv")
    assert received(knooppunt) == ["WMO_H22025_a_0363_0001.csv", "WMO_H22025_b_0363_0002.csv"]
    assert "state.restore" in [one["type"] for one in leaves(knooppunt)]
    whole(knooppunt, since)


def test_a_backup_is_taken_while_a_gateway_runs(knooppunt):
    """It holds one commit, whole, and the gateway goes on."""
    process = knooppunt.start("run", "--nu", "2026-02-02")
    for number in range(60):
        knooppunt.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
        if number % 20 == 10:
            knooppunt("backup", f"b{number}")
    eventually(lambda: len(received(knooppunt)) == 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    process.stdout.close()
    process.stderr.close()
    since = checkpoint(knooppunt)
    for number in (10, 30, 50):
        with sqlite3.connect(knooppunt.folder / f"b{number}" / "knooppunt.db") as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            [[size]] = copy.execute("SELECT size FROM head").fetchall()
            assert copy.execute("SELECT count(*) FROM leaf").fetchall() == [(size,)]
        copy.close()
    knooppunt("restore", "b30", "--continue")
    knooppunt("run", "--once")
    whole(knooppunt, since)


def test_an_older_backup_is_refused(knooppunt):
    """The published log holds more: nothing is changed, and what to do is said."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    deliver(knooppunt, "WMO_H22025_b.csv")
    before = database(knooppunt).read_bytes()
    error = knooppunt("restore", "b", code=2).stderr
    assert "would fork the log" in error
    assert "--continue" in error
    assert database(knooppunt).read_bytes() == before
    lose(knooppunt)
    knooppunt("restore", "b", code=2)
    assert "is gone" in knooppunt("run", "--once", code=2).stderr


def test_an_archived_checkpoint_counts_as_well(knooppunt):
    """Somebody put the folder's checkpoint back too: the archive still knows better."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    old = (audit(knooppunt) / "checkpoint").read_bytes()
    deliver(knooppunt, "WMO_H22025_b.csv")
    (audit(knooppunt) / "checkpoint").write_bytes(old)
    assert "would fork" in knooppunt("restore", "b", code=2).stderr


def test_the_log_goes_on_above_what_was_published(knooppunt):
    """With --continue: every leaf is kept, what they tell is known, no number is given again."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    for name in ("WMO_H22025_b.csv", "WMO_H12025_c.csv"):
        deliver(knooppunt, name)
    before, since = leaves(knooppunt), checkpoint(knooppunt)
    lose(knooppunt)
    assert "published leaves taken up" in knooppunt("restore", "b", "--continue").stdout
    assert leaves(knooppunt)[: len(before)] == before
    shutil.rmtree(knooppunt.folders / "cbs" / "in" / "GMSDWMO")  # CBS has taken what lay there
    for name in ("WMO_H22025_d.csv", "WMO_H12025_e.csv"):
        deliver(knooppunt, name)
    numbers = [int(name[-8:-4]) for name in received(knooppunt)]
    assert min(numbers) > 2
    whole(knooppunt, since)


def test_a_delivery_that_was_under_way_at_the_backup_is_finished_once(knooppunt):
    """RINIS took it after the backup: the published leaves tell, and `prev` still fits."""
    knooppunt.drop("0363", "WMO_H22025_a.csv", b"x")
    knooppunt("run", "--once", "--stations", "ggk", "--nu", "2026-02-02")
    knooppunt("backup", "b")
    knooppunt("run", "--once")
    since = checkpoint(knooppunt)
    lose(knooppunt)
    knooppunt("restore", "b", "--continue")
    knooppunt("run", "--once")
    [message] = knooppunt.json("trace", "WMO_H22025_a.csv")["messages"]
    assert message["status"] == "acknowledged"
    assert len(received(knooppunt)) == 1
    whole(knooppunt, since)


def test_without_any_checkpoint_somebody_must_vouch(knooppunt):
    """One that was kept elsewhere counts; a word does too, and is asked for."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    old = checkpoint(knooppunt)
    knooppunt("backup", "b")
    shutil.rmtree(audit(knooppunt))
    lose(knooppunt)
    assert "--log-lost" in knooppunt("restore", "b", code=2).stderr
    knooppunt("restore", "b", "--since", old)
    lose(knooppunt)
    knooppunt("restore", "b", "--log-lost")
    knooppunt("run", "--once")
    whole(knooppunt, old)


def test_a_kept_checkpoint_that_is_newer_refuses_the_backup(knooppunt):
    """Also with --continue, when the leaves themselves are gone."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    deliver(knooppunt, "WMO_H22025_b.csv")
    kept = checkpoint(knooppunt)
    shutil.rmtree(audit(knooppunt))
    lose(knooppunt)
    assert "would fork" in knooppunt("restore", "b", "--since", kept, code=2).stderr
    error = knooppunt("restore", "b", "--since", kept, "--continue", code=2).stderr
    assert "does not hold the others whole" in error or "cannot be read" in error


def test_a_backup_of_another_history_is_refused(knooppunt, tmp_path):
    """Two restores of one backup that both went on: the second is not this log's."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    shutil.copytree(knooppunt.folder, tmp_path / "other")
    deliver(knooppunt, "WMO_H22025_b.csv")
    other = type(knooppunt)(tmp_path / "other")
    deliver(other, "WMO_H22025_c.csv")
    deliver(other, "WMO_H22025_d.csv")
    other("backup", str(knooppunt.folder / "b"))
    assert "is not a beginning" in knooppunt("restore", "b", code=2).stderr


@pytest.mark.parametrize("what", ["byte", "cut", "manifest"])
def test_a_damaged_backup_is_refused(knooppunt, what):
    """Before anything is put in place."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    path = knooppunt.folder / "b" / "knooppunt.db"
    content = path.read_bytes()
    if what == "byte":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif what == "cut":
        path.write_bytes(content[:-4096])
    else:
        (knooppunt.folder / "b" / "backup.json").unlink()
    before = database(knooppunt).read_bytes()
    knooppunt("restore", "b", code=2)
    assert database(knooppunt).read_bytes() == before


def test_a_damaged_database_gives_no_backup(knooppunt):
    """A copy of damage would push out the good ones."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    path = database(knooppunt)
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    knooppunt("backup", "b", code=2)
    assert not (knooppunt.folder / "b" / "backup.json").exists()


def test_a_backup_does_not_overwrite_another(knooppunt):
    """A folder of its own for each."""
    knooppunt("backup", "b")
    assert "is not empty" in knooppunt("backup", "b", code=2).stderr


def test_a_restore_is_refused_while_a_gateway_runs(knooppunt):
    """It would write on under the database's name."""
    knooppunt("backup", "b")
    process = knooppunt.start("run", "--metrics", "0")
    for line in process.stderr:
        if b"metrics on" in line:
            break
    assert "another gateway" in knooppunt("restore", "b", code=2).stderr
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_the_key_comes_back_only_from_a_backup_that_has_it(knooppunt):
    """Without it the log ends: a new key under the old name would look like a forgery."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    since = checkpoint(knooppunt)
    knooppunt("backup", "without")
    knooppunt("backup", "with", "--keys")
    assert not (knooppunt.folder / "without" / "log.key").exists()
    assert stat.S_IMODE(os.stat(knooppunt.folder / "with" / "log.key").st_mode) == 0o600
    shutil.rmtree(knooppunt.folders / ".state" / "keys")
    lose(knooppunt)
    assert "private key is gone" in knooppunt("restore", "without", code=2).stderr
    knooppunt("restore", "with")
    deliver(knooppunt, "WMO_H22025_b.csv")
    whole(knooppunt, since)


def test_a_whole_machine_comes_back_from_a_backup(knooppunt, tmp_path):
    """Configuration, database, key; the published log is made again, leaf by leaf."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    since = checkpoint(knooppunt)
    knooppunt("backup", str(tmp_path / "b"), "--keys")
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(tmp_path / "b" / "config.yaml", new)
    there = type(knooppunt)(new)
    there("restore", str(tmp_path / "b"), "--since", since)
    deliver(there, "WMO_H22025_b.csv")
    assert received(there) == ["WMO_H22025_b_0363_0002.csv"]
    whole(there, since)


def test_the_configuration_in_force_is_in_it_and_comes_back(knooppunt, tmp_path):
    """Also while a refused one lies on the disk: that one is in it beside the other."""
    path = knooppunt.folder / "config.yaml"
    deliver(knooppunt, "WMO_H22025_a.csv")
    said = knooppunt("backup", "before").stdout
    assert "config.on-disk.yaml" not in said
    assert not (knooppunt.folder / "before/config.on-disk.yaml").exists()
    process = knooppunt.start("run", "--nu", "2026-02-02")
    good = path.read_text().replace("naam: Amsterdam}", "naam: Mokum}")
    path.write_text(good)
    eventually(lambda: b"Mokum" in in_force(knooppunt))
    bad = good.replace("richting: heen", "richting: overdwars", 1)
    path.write_text(bad)
    eventually(lambda: knooppunt.json("status")["config"]["refused"])
    said = knooppunt("backup", str(tmp_path / "b"), "--keys").stdout
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert "the one on the disk is another, and is in it as config.on-disk.yaml" in said
    assert (tmp_path / "b/config.yaml").read_text() == good
    assert (tmp_path / "b/config.on-disk.yaml").read_text() == bad
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(tmp_path / "b" / "config.yaml", new)
    there = type(knooppunt)(new)
    there("restore", str(tmp_path / "b"), "--log-lost")
    changes = [one["type"] for one in leaves(there)].count("config.change")
    deliver(there, "WMO_H22025_b.csv")
    assert there.json("status")["config"]["refused"] == ""
    assert [one["type"] for one in leaves(there)].count("config.change") == changes == 2


def in_force(knooppunt):
    """The configuration in force, as a backup of now has it."""
    folder = knooppunt.folder / f"b{len(list(knooppunt.folder.glob('b*')))}"
    knooppunt("backup", str(folder))
    return (folder / "config.yaml").read_bytes()


def test_the_database_that_was_there_is_kept(knooppunt):
    """Whoever restored by mistake has it back."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    before = database(knooppunt).read_bytes()
    said = knooppunt("restore", "b").stdout
    [kept] = database(knooppunt).parent.glob("knooppunt.db.before-*[0-9]")
    assert kept.name in said
    assert kept.read_bytes() == before


def cut_off(knooppunt, noted):
    """A state of which a restore was ended: it had moved the database aside, and not its WAL."""
    deliver(knooppunt, "WMO_H22025_a.csv")
    knooppunt("backup", "b")
    there = database(knooppunt)
    there.rename(there.with_name("knooppunt.db.before-5"))
    there.with_name("knooppunt.db-wal").write_bytes(b"wal")
    if noted:
        there.with_name(".restore.aside").write_bytes(noted)
    return there


def test_a_restore_that_was_cut_off_keeps_a_database_with_its_wal(knooppunt):
    """It wrote down under which name they go before it moved the first: they stay together."""
    there = cut_off(knooppunt, b"knooppunt.db.before-5")
    there.with_name("knooppunt.db.before-41-wal").write_bytes(b"of an older one")
    said = knooppunt("restore", "b").stdout
    assert "knooppunt.db.before-5" in said
    assert there.with_name("knooppunt.db.before-5-wal").read_bytes() == b"wal"
    assert not there.with_name(".restore.aside").exists()
    knooppunt("run", "--once")


@pytest.mark.parametrize("noted", [b"", b"knooppunt.db.before-5", b"../x", b"\xff"])
@pytest.mark.parametrize("tail", ["", "-wal"])
def test_what_is_left_of_a_lost_database_goes_beside_no_older_one(knooppunt, noted, tail):
    """The WAL is of another than the one that was kept before; and nothing stops the restore."""
    if noted.endswith(b"5") and not tail:
        return  # that is a restore that was cut off
    there = cut_off(knooppunt, noted)
    if tail:
        there.with_name("knooppunt.db.before-5-wal").write_bytes(b"its own")
    before = set(there.parent.glob("knooppunt.db.before-*-wal"))
    said = knooppunt("restore", "b").stdout
    [kept] = set(there.parent.glob("knooppunt.db.before-*-wal")) - before
    assert kept.read_bytes() == b"wal"
    assert f"what was left of the database that was here is kept as {kept.name}" in said
    if tail:
        assert there.with_name("knooppunt.db.before-5-wal").read_bytes() == b"its own"
    knooppunt("run", "--once")


def test_a_revocation_after_the_backup_is_told(knooppunt):
    """Its leaf names nobody: a person must revoke again, and is told so."""
    knooppunt("grant", "m.jansen", "gmsd", "--gemeente", "0363")
    knooppunt("backup", "b")
    knooppunt("revoke", "m.jansen", "gmsd", "--gemeente", "0363")
    lose(knooppunt)
    said = knooppunt("restore", "b", "--continue").stdout
    assert "1 grants or revocations of after the backup are NOT in force" in said


def in_quarantine(knooppunt):
    """Three files that a person must decide about; their ids."""
    for name in ("foo.txt", "WMO_leeg.csv", "bar.txt"):
        knooppunt.drop("0363", name, b"" if "leeg" in name else b"inhoud")
    knooppunt("run", "--once")
    rows = knooppunt.json("quarantine", "list")["held"]
    return [next(one["id"] for one in rows if one["name"] == name)
            for name in ("foo.txt", "WMO_leeg.csv", "bar.txt")]  # fmt: skip


def test_what_was_decided_about_after_the_backup_is_not_held_again(knooppunt):
    """Released and dropped: the archive tells which; who and why are lost with the database."""
    foo, leeg, bar = in_quarantine(knooppunt)
    knooppunt("backup", "b")
    knooppunt("quarantine", "release", foo, "--as", "wmo", "--reason", "x")
    knooppunt("run", "--once")
    knooppunt("quarantine", "drop", leeg, "--reason", "x")
    there = knooppunt.folders / "cbs" / "in" / "GMSDWMO"
    before = sorted(there.glob("foo_*"))
    assert len(before) == 2
    lose(knooppunt)
    said = knooppunt("restore", "b", "--continue").stdout
    assert "2 files in quarantine were decided about after the backup" in said
    assert [one["id"] for one in knooppunt.json("quarantine", "list")["held"]] == [bar]
    listed = {one["id"]: one for one in knooppunt.json("quarantine", "list", "--all")["held"]}
    for one, state in ((foo, "released"), (leeg, "dropped")):
        assert listed[one]["state"] == state
        assert (knooppunt.folders / listed[one]["folder"]).is_dir()
        shown = knooppunt("quarantine", "show", one).stdout
        assert f"{state} already, after the backup that was restored" in shown.replace("\n", " ")
        assert "by hand" not in shown
        again = knooppunt.json("quarantine", "drop", one, "--reason", "x", code=1)["refused"]
        assert again[0]["reason"].startswith(f"it was {state} already, after the backup")
    knooppunt("run", "--once")
    assert sorted(there.glob("foo_*")) == before  # sent once, by the release
    assert knooppunt.json("audit", "verify")["ok"]


def refused_since(knooppunt):
    """A backup; then one that is refused and one that arrives; the database is lost."""
    knooppunt("run", "--once", "--nu", "2026-02-02")
    knooppunt("backup", "b1")
    knooppunt.drop("0363", "vakantie.jpg", b"x")
    knooppunt.drop("0363", "WMO_H22025.csv", b"goed")
    knooppunt("run", "--once")
    lose(knooppunt)


def test_what_was_refused_after_the_backup_is_known_again(knooppunt):
    """Listed, shown and released: whose it is stands in the log, its name on the disk."""
    refused_since(knooppunt)
    said = knooppunt("restore", "b1", "--continue").stdout
    assert "1 files in quarantine came there after the backup" in said
    [row] = knooppunt.json("quarantine", "list", "--gemeente", "0363")["held"]
    assert (row["name"], row["soort"], row["from"]) == (
        "vakantie.jpg",
        "wees",
        "gemeenten/0363/outbox",
    )
    assert knooppunt.json("status")["quarantine"] == 1
    shown = knooppunt.json("quarantine", "show", row["id"])
    assert shown["files"] == ["reden.txt", "vakantie.jpg"]
    assert "still no exchange fits its name" in shown["release"]
    knooppunt("quarantine", "release", row["id"], "--as", "wmo", "--reason", "x")
    knooppunt("run", "--once")
    there = knooppunt.folders / "cbs" / "in" / "GMSDWMO"
    assert [path.read_bytes() for path in there.glob("vakantie_*.jpg")] == [b"x"]
    assert knooppunt.json("quarantine", "list", code=1)["held"] == []
    assert knooppunt.json("audit", "verify")["ok"]


def test_what_was_refused_after_the_backup_is_purged_once_decided_on(knooppunt):
    """Dropped by a person, and past its time: no copy of it stays that nothing knows."""
    refused_since(knooppunt)
    knooppunt("restore", "b1", "--continue")
    [row] = knooppunt.json("quarantine", "list")["held"]
    knooppunt("quarantine", "drop", row["id"], "--reason", "x")
    with sqlite3.connect(database(knooppunt)) as connection:
        connection.execute("UPDATE held SET at = at - ?", (731 * 24 * 3600 * 1000,))
    connection.close()
    knooppunt("purge", "--do")
    archive = knooppunt.folders / "quarantaine" / ".archief"
    assert list(archive.iterdir()) == []


def test_what_was_refused_and_decided_about_after_the_backup_is_listed(knooppunt):
    """Of both the database had nothing: the archive tells that it was dropped."""
    refused_since(knooppunt)
    [folder] = [p for p in (knooppunt.folders / "quarantaine").iterdir() if p.name[0] != "."]
    archive = knooppunt.folders / "quarantaine" / ".archief"
    archive.mkdir(exist_ok=True)
    folder.rename(archive / f"01KAQ70000AAAAAAAAAAAAAAAA.{folder.name}")
    knooppunt("restore", "b1", "--continue")
    assert knooppunt.json("quarantine", "list", code=1)["held"] == []
    [row] = knooppunt.json("quarantine", "list", "--all")["held"]
    assert (row["name"], row["state"]) == ("vakantie.jpg", "dropped")
    assert (knooppunt.folders / row["folder"]).is_dir()
    assert "dropped already, after the backup" in knooppunt("quarantine", "show", row["id"]).stdout
    knooppunt("run", "--once")


def test_what_lies_there_of_nobody_knows_whom_can_only_be_dropped(knooppunt):
    """Neither log nor journal tells where it was taken: a report, here. It is not sent anywhere."""
    knooppunt("run", "--once", "--nu", "2026-02-02")
    knooppunt("backup", "b1")
    (knooppunt.folders / "cbs" / "uit" / "GMSDTTK" / "onbekend.pdf").write_bytes(b"%PDF")
    knooppunt("run", "--once")
    lose(knooppunt)
    knooppunt("restore", "b1", "--continue")
    [row] = knooppunt.json("quarantine", "list")["held"]
    assert (row["name"], row["from"]) == ("onbekend.pdf", "")
    words = ("quarantine", "release", row["id"], "--reason", "x")
    [refused] = knooppunt.json(*words, code=1)["refused"]
    assert "where it was taken went with the database" in refused["reason"]
    knooppunt("quarantine", "show", row["id"])
    knooppunt("quarantine", "drop", row["id"], "--reason", "x")
    knooppunt("run", "--once")


def test_what_was_under_way_at_the_backup_and_refused_since_is_listed_once(tmp_path):
    """Its intent is in the backup's journal, its file in quarantine: told by where it was taken."""
    keten = Keten(tmp_path / "keten")
    keten.drop("0363", "vakantie.jpg", b"x")
    with Reader(keten.location.database) as reader:
        while "intent" not in [row["state"] for row in reader.journal()]:
            keten._chain.engine.round()
    backup(keten.location, str(tmp_path / "b"), keys=False)
    keten.settle()
    [folder] = keten.quarantine()
    keten.close()
    how = {"since": None, "go_on": True, "log_lost": False}
    restore(keten.location, keten.config, str(tmp_path / "b"), **how)
    for _ in range(2):
        [row] = listed(keten.location, Filter())
        assert (row["id"], row["name"]) == (folder.name, "vakantie.jpg")
        assert row["from"] == "gemeenten/0363/outbox"
        keten._chain = keten._open()
        keten.settle()
        assert keten.quarantine() == [folder]
        keten.close()


def test_a_folder_in_quarantine_with_any_name_stops_no_restore(knooppunt):
    """No database holds such a name: it gets another, and is listed; in the archive it is told."""
    knooppunt("run", "--once", "--nu", "2026-02-02")
    knooppunt("backup", "b")
    there = os.fsencode(knooppunt.folders / "quarantaine")
    for name in (b"map\xff", b"a\x1b[31m", b"vol\xfe", b".archief/1\xff.2\xff", b".archief/los"):
        os.makedirs(os.path.join(there, name))
        with open(os.path.join(there, name, b"oud\xff.csv"), "wb") as file:
            file.write(b"inhoud")
    os.makedirs(os.path.join(there, b"vol%FE/x"))
    lose(knooppunt)
    said = knooppunt("restore", "b", "--continue").stdout
    assert r"quarantaine/map\xff is called quarantaine/map%FF now" in said
    assert r"quarantaine/a\x1b[31m is called quarantaine/a%1B%5B31m now" in said
    assert r"quarantaine/vol\xfe cannot be listed, and stays as it is: Directory not empty" in said
    assert r"quarantaine/.archief/1\xff.2\xff" in said
    assert "quarantaine/.archief/los" in said
    rows = {one["id"]: one for one in knooppunt.json("quarantine", "list", "--all")["held"]}
    assert rows.keys() == {"map%FF", "a%1B%5B31m", "vol%FE"}
    assert (rows["map%FF"]["name"], rows["map%FF"]["soort"]) == (r"oud\xff.csv", "wees")
    assert knooppunt.json("quarantine", "show", "map%FF")["files"] == [r"oud\xff.csv"]
    knooppunt("quarantine", "drop", "map%FF", "--reason", "x")
    knooppunt("restore", "b", "--continue")  # again: what was called otherwise stays so
    rows = {one["id"]: one for one in knooppunt.json("quarantine", "list", "--all")["held"]}
    assert rows["map%FF"]["state"] == "dropped"
    knooppunt("run", "--once")
    assert knooppunt.json("audit", "verify")["ok"]


def test_a_restored_state_says_that_it_has_a_gap(knooppunt):
    """`why` and `trace` do not say that nothing was ever there, and since when they do not know."""
    refused_since(knooppunt)
    backup = json.loads((knooppunt.folder / "b1" / "backup.json").read_text())["at"]
    said = knooppunt("restore", "b1", "--continue").stdout
    assert "`trace`, `why` and `usage` lack it" in said
    path = "folders/gemeenten/0363/outbox/WMO_H22025.csv"
    for words in (("why", path), ("trace", "WMO_H22025.csv")):
        said = knooppunt(*words, code=1).stdout.replace("\n", " ")
        assert "ever" not in said.replace("never", "")
        assert f"between {backup} and 2" in said
        assert "only the log knows" in said
    found = as_promised(knooppunt.json("trace", "WMO_H22025.csv", code=1), "trace")
    assert [one["since"] for one in found["gaps"]] == [backup]
    assert f"between {backup} and {found['gaps'][0]['until']}" in said
    knooppunt("run", "--once")
    assert "only the log knows" in knooppunt("why", path, code=1).stdout


def test_a_restore_of_all_that_there_was_leaves_no_gap(knooppunt):
    """Nothing came after the backup: what is not known was never there."""
    knooppunt("run", "--once", "--nu", "2026-02-02")
    knooppunt("backup", "b1")
    lose(knooppunt)
    assert "lack" not in knooppunt("restore", "b1").stdout
    assert "ever called" in knooppunt("trace", "WMO_H22025.csv", code=1).stdout


def test_what_is_gone_can_be_taken_off_the_list(knooppunt):
    """Released after the backup, and purged since, or taken away by hand: nobody can tell."""
    foo, *_ = in_quarantine(knooppunt)
    knooppunt("backup", "b")
    shutil.rmtree(knooppunt.folders / "quarantaine" / foo)
    lose(knooppunt)
    knooppunt("restore", "b")
    refused = knooppunt.json("quarantine", "release", foo, "--as", "wmo", "--reason", "x", code=1)
    assert "drop takes it off the list" in refused["refused"][0]["reason"]
    knooppunt("quarantine", "drop", foo, "--reason", "it is not there")
    assert foo not in [one["id"] for one in knooppunt.json("quarantine", "list")["held"]]
    knooppunt("run", "--once")
    assert knooppunt.json("audit", "verify")["ok"]


@pytest.mark.parametrize("words", [("audit", "verify"), ("restore", "b")])
def test_a_checkpoint_that_is_none_is_told_by_its_name(knooppunt, words):
    """Which file, and which there should be."""
    knooppunt("run", "--once")
    said = knooppunt(*words, "--since", "config.yaml", code=2).stderr
    assert "config.yaml is no checkpoint: not a signed note" in said
    assert "a copy that was kept of .state/audit/checkpoint" in said
    assert "nergens cannot be read" in knooppunt(*words, "--since", "nergens", code=2).stderr
