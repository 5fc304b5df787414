# SPDX-License-Identifier: EUPL-1.2
"""One thing fails: it is told, the others go on, and nothing is decided on what is not true."""

import sqlite3

import pytest

from gateway.chain import Chain
from gateway.errors import StateError
from gateway.health import checkup
from gateway.lying import Lying
from gateway.setup import shipped_config
from gateway.store_queries import Reader
from gateway.testing import Keten


def spoil_verzonden(keten, code="0363"):
    """A file stands where ``verzonden`` was: what is accepted from this party cannot be kept."""
    kept = keten.root / f"gemeenten/{code}/verzonden"
    (kept / ".tmp").rmdir() if (kept / ".tmp").exists() else None
    kept.rmdir()
    kept.write_bytes(b"")
    return kept


def test_a_folder_that_lets_nobody_in_holds_up_nobody_else(keten):
    """A file stands where ``verzonden`` was: that municipality's waits, said; then it goes on."""
    kept = spoil_verzonden(keten)
    keten.drop("0363", "WMO_H22025.csv", b"van 0363\n")
    keten.drop("0034", "WMO_H22025.csv", b"van 0034\n")
    summary = keten.settle()
    assert [one.code for one in summary.waiting] == ["kan-niet-verder"]
    assert b"van 0034\n" in [one.content for one in keten.received("wmo")]
    kept.unlink()
    keten.restart()
    keten.settle()
    assert sorted(one.content for one in keten.received("wmo")) == [b"van 0034\n", b"van 0363\n"]
    assert [path.name for path in keten.verzonden("0363")] == ["WMO_H22025.csv"]


def test_an_inbox_that_takes_nothing_is_told(keten):
    """The receipt cannot be put there: that is said while it lasts, and it comes afterwards."""
    inbox = keten.root / "gemeenten/0363/inbox"
    keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    if (inbox / ".tmp").exists():
        (inbox / ".tmp").rmdir()
    inbox.rmdir()
    inbox.write_bytes(b"")
    assert "kan-niet-verder" in [one.code for one in keten.settle().waiting]
    inbox.unlink()
    keten.restart()
    keten.settle()
    assert len(keten.notices("0363", "ontvangst")) == 1


def test_after_so_many_tries_a_person_is_asked(tmp_path):
    """Told as such, kept over a restart, an alarm; mended, it goes on and nothing is left of it."""
    text = shipped_config().decode().replace("batch: 192", "batch: 192\n  pogingen: 2")
    with Keten(tmp_path, config=text) as keten:
        kept = spoil_verzonden(keten)
        keten.drop("0363", "WMO_H22025.csv", b"van 0363\n")
        codes = []
        for _ in range(3):  # each settle tries once at least
            codes.append([one.code for one in keten.settle().waiting])
        assert codes[-1] == ["vraagt-aandacht"]
        [alarm] = [
            one for one in checkup(keten.location, keten.config) if one.subject == "onderweg"
        ]
        assert alarm.code == "vraagt-aandacht"
        with (
            Reader(keten.location.database) as reader,
            Lying(keten.location, keten.config, reader) as lying,
        ):
            [row] = [row for row in lying.all() if row["code"] == "vraagt-aandacht"]
        assert row["since"] <= row["next"]
        assert "tried" in row["reason"]
        kept.unlink()
        keten.restart()
        keten.settle()
        assert [one.content for one in keten.received("wmo")] == [b"van 0363\n"]
        assert not checkup(keten.location, keten.config)


def test_after_a_commit_that_failed_nothing_more_is_committed(tmp_path):
    """Another holds the database for too long: the process ends there, and a restart goes on."""
    text = shipped_config().decode().replace("batch: 192", "batch: 2")
    keten = Keten(tmp_path, config=text)
    keten.close()
    for number in range(8):
        keten.drop("0363", f"WMO_H22025_{number}.csv", b"kop %d\n" % number)
    other = sqlite3.connect(keten.location.database, isolation_level=None)
    seen = []

    def hold(happened):
        seen.extend(happened)
        if len(seen) >= 4 and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StateError, match="locked"), Chain(keten.location, listener=hold) as chain:
        chain.run_once()
    other.execute("ROLLBACK")
    other.close()
    with Keten(tmp_path, config=text) as keten:
        keten.settle()
        assert sorted(one.content for one in keten.received("wmo")) == [
            b"kop %d\n" % number for number in range(8)
        ]
        assert keten.quarantine() == []


def test_deliveries_are_numbered_in_the_order_of_decision(keten):
    """What was handed in first is told first: by trace, and where a number was used twice."""
    for number, code in enumerate(("1701", "0363", "0034", "0363", "1701", "0034")):
        keten.drop(code, "zelfde.csv", b"%d" % number, uitwisseling="wmo", gebruiker=f"u{number}")
    keten.settle()
    with sqlite3.connect(keten.location.database) as database:
        rows = database.execute(
            "select levering.seq from event join levering on levering.seq = event.levering"
            " where type = 'accepted' order by event.seq"
        ).fetchall()
    assert rows == sorted(rows)
    assert len(rows) == 6
