# SPDX-License-Identifier: EUPL-1.2
"""Keten itself: its check finds what does not fit, and it is the same for the same seed."""

import sqlite3

import pytest

from gateway.testing import Keten, Unsound


@pytest.fixture
def gespeeld(tmp_path):
    """A chain with a delivery and a refusal behind it; closed by hand, since it will be spoilt."""
    chain = Keten(tmp_path)
    chain.drop("0363", "WMO_H22025.csv", b"kop\n")
    chain.drop("0363", "onzin.csv", b"x")
    chain.settle()
    send = chain.root / "cbs/uit/GMSDTTK/TECHNISCH_H22025_0363_0001.pdf"
    send.write_bytes(b"%PDF-1.7 synthetisch")
    chain.settle()
    chain.check()
    yield chain
    chain.close()


def sql(keten, statement):
    with sqlite3.connect(keten.location.database) as database:
        changed = database.execute(statement).rowcount
    assert changed > 0


def at_cbs(keten):
    return keten.root / "cbs/in/GMSDWMO"


# ruff: noqa: E501  a table
FAULTS = {
    "a reason is gone": (lambda k: (k.quarantine()[0] / "reden.txt").unlink(), "no reden.txt"),
    "a quarantined file is gone": (lambda k: (k.quarantine()[0] / "onzin.csv").unlink(), "holds 1 file"),
    "a file was left claimed": (
        lambda k: (k.root / "gemeenten/0363/.claimed/x").write_bytes(b"x"), "half done"),
    "a file was left staged": (lambda k: (at_cbs(k) / ".tmp/x").write_bytes(b"x"), "half done"),
    "a delivered file was changed": (
        lambda k: (at_cbs(k) / "WMO_H22025_0363_0001.csv").write_bytes(b"anders"), "other bytes"),
    "a record is gone": (
        lambda k: (at_cbs(k) / "WMO_H22025_0363_0001_metagegevens.xml").unlink(), "no metagegevens"),
    "a kept file is gone": (
        lambda k: (k.root / "gemeenten/0363/verzonden/WMO_H22025.csv").unlink(), "not in verzonden"),
    "a kept file was changed": (
        lambda k: (k.root / "gemeenten/0363/verzonden/WMO_H22025.csv").write_bytes(b"x"), "these bytes"),
    "a report was changed": (
        lambda k: next((k.root / "gemeenten/0363/inbox").glob("*.pdf")).write_bytes(b"x"), "were sent"),
    "a file that nobody delivered": (
        lambda k: (at_cbs(k) / "WMO_vreemd_0363_0009.csv").write_bytes(b"x"), "nothing was delivered so"),
    "a status was changed": (
        lambda k: sql(k, "update levering set status = 'delivered' where status = 'acknowledged'"),
        "its events lead to"),
    "an event is gone": (lambda k: sql(k, "delete from event where type = 'acknowledged'"), "lead to"),
    "an event was doubled": (
        lambda k: sql(k, "insert into event select seq + 1000, levering, leaf, at, type, station, place,"
                         " name, code, remark from event where type = 'delivered'"), "custody events"),
    "an opening was changed": (
        lambda k: sql(k, "update opening set value = 'iemand anders' where label = 'actor'"),
        "does not open it"),
    "the head was moved": (lambda k: sql(k, "update head set root = zeroblob(32)"), "is not the store's"),
    "a published leaf was changed": (
        lambda k: flip(next((k.root / ".state/audit/tile/entries").rglob("*.p/*"))), "audit verify"),
    "the checkpoint is gone": (lambda k: (k.root / ".state/audit/checkpoint").unlink(), "audit verify"),
    "the journal has something left": (
        lambda k: sql(k, "insert into arrival values ('x', 1, 'intent', '[]', null)"), "the journal still"),
}  # fmt: skip


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("fault", FAULTS)
def test_check_finds_what_was_spoilt(gespeeld, fault):
    """One thing is spoilt behind its back: check names it."""
    spoil, says = FAULTS[fault]
    spoil(gespeeld)
    with pytest.raises(Unsound) as found:
        gespeeld.check()
    assert any(says in one for one in found.value.faults), found.value.faults


def test_a_leaf_changed_in_the_database_is_found(gespeeld):
    """One leaf is flipped in the store, the files untouched: they are not those of its head."""
    other = """cast(replace(cast(content as text), '"0363"', '"0364"') as blob)"""
    sql(gespeeld, f"update leaf set content = {other} where idx = 3")
    with pytest.raises(Unsound, match="leaves of the store"):
        gespeeld.check()


def test_check_runs_at_the_end(tmp_path):
    """The with block ends well: what does not fit is raised; when the test failed, its own error."""
    with pytest.raises(Unsound), Keten(tmp_path / "a") as keten:
        (at_cbs(keten) / "vreemd.csv").write_bytes(b"x")
    with pytest.raises(ZeroDivisionError), Keten(tmp_path / "b") as keten:
        (at_cbs(keten) / "vreemd.csv").write_bytes(b"x")
        raise ZeroDivisionError


def test_the_same_seed_gives_the_same_ids(tmp_path):
    """Two chains of one seed play alike; another seed differs."""

    def play(folder, seed):
        with Keten(folder, seed=seed) as keten:
            keten.drop("0363", "WMO_1.csv", b"1")
            keten.settle()
            keten.drop("0363", "WMO_2.csv", b"2")
            keten.settle()
            return [keten.trace(f"WMO_{n}.csv")[0]["referentienummer"] for n in (1, 2)]

    first = play(tmp_path / "a", 7)
    assert play(tmp_path / "b", 7) == first
    assert play(tmp_path / "c", 8) != first
    assert len(set(first)) == 2


def test_nu_stands_still_until_it_is_turned(keten):
    """The chain's clock moves by advance and turn only, also over a restart."""
    before = keten.nu
    keten.settle()
    keten.restart()
    assert keten.nu == before
    assert (keten.advance(days=1, hours=2) - before).total_seconds() == 26 * 3600
    assert keten.turn(before) == before


def test_settle_tells_what_waits(keten):
    """What cannot be taken is in the summary, with its reason."""
    keten.drop("0363", "WMO_1.csv.part", b"x")
    [waiting] = keten.settle().waiting
    assert (waiting.name, waiting.code, waiting.retry) == ("WMO_1.csv.part", "onaf", None)


def test_a_restart_changes_nothing(keten):
    """Stopped and started ten times, nothing is done twice."""
    keten.drop("0363", "WMO_1.csv", b"x")
    keten.settle()
    done = keten.types()
    for _ in range(10):
        keten.restart()
        keten.settle()
    assert keten.types() == done
    assert len(keten.notices("0363")) == 1
