# SPDX-License-Identifier: EUPL-1.2
"""One thing fails: it is told, the others go on, and nothing is decided on what is not true."""

import sqlite3

import pytest

from gateway.chain import Chain
from gateway.errors import StateError
from gateway.setup import shipped_config
from gateway.testing import Keten


def test_a_folder_that_lets_nobody_in_holds_up_nobody_else(keten):
    """A file stands where ``verzonden`` was: that municipality's waits, said; then it goes on."""
    kept = keten.root / "gemeenten/0363/verzonden"
    (kept / ".tmp").rmdir() if (kept / ".tmp").exists() else None
    kept.rmdir()
    kept.write_bytes(b"")
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
