# SPDX-License-Identifier: EUPL-1.2
"""Writers who go on, stop, or take back: rows 31, 32, 35 and 37 of the fault table."""

import sqlite3

import pytest

from gateway.health import checkup
from gateway.testing import Keten
from tests.faults.breaking import codes, goes_on

HOUR_MS = 3_600_000


class AtTheIntent(list):
    """What happened; when the first intent was committed, before its claim, something is done."""

    def __init__(self, do):
        super().__init__()
        self.do = do

    def extend(self, more):
        """Told of each commit."""
        super().extend(more)
        do, self.do = self.do, None
        if do is not None:
            do()


@pytest.fixture
def between(tmp_path):
    """A chain with a file in an outbox, and something that happens between look and claim."""
    keten = Keten(tmp_path / "keten")

    def meddle(name, do):
        keten.happened = AtTheIntent(lambda: do(keten.outbox("0363") / name))
        keten.restart()
        keten.drop("0363", name, b"begin")
        return keten

    yield meddle
    keten.close()


def test_row_31_writer_opens_again_before_the_claim(between):
    """It is claimed and waits, told; what goes is all that was written by the time of closing."""
    opened = []
    keten = between("WMO_1.csv", lambda path: opened.append(path.open("ab")))
    [left] = keten.settle().waiting
    assert (left.name, left.code) == ("WMO_1.csv", "kan-niet-verder")
    assert "a writer opened it again" in left.reason
    opened[0].write(b" en meer")
    opened[0].flush()
    assert codes(keten) == {"WMO_1.csv": "kan-niet-verder"}
    assert keten.received("wmo") == []
    opened[0].write(b", het eind")
    opened[0].close()
    goes_on(keten, "wmo", b"begin en meer, het eind")
    assert keten.quarantine() == []


def test_row_32_partial_upload_left_for_good(keten):
    """It is never sent; since when is remembered, and after a day an alarm stands until it goes."""

    def alarms():
        found = checkup(keten.location, keten.config)
        return [one.sentence for one in found if one.code == "blijft-liggen"]

    part = keten.drop("0363", "WMO_1.csv.part", b"half")
    keten.drop("0363", "WMO_2.csv", b"heel")
    [left] = keten.settle().waiting
    keten.restart()
    assert keten.settle().waiting[0].since == left.since != ""
    assert alarms() == []
    with sqlite3.connect(keten.location.database) as database:  # a day goes by
        database.execute("update waiting set since = since - ?", (25 * HOUR_MS,))
    database.close()
    keten.restart()
    keten.settle()
    [said] = alarms()
    assert "1 files lie there for more than 24 hours" in said
    assert "0363" in said
    assert "WMO_1" not in said
    assert [one.content for one in keten.received("wmo")] == [b"heel"]
    assert part.read_bytes() == b"half"
    part.unlink()
    keten.settle()
    assert alarms() == []


def repeats(keten):
    """The referentienummer of each delivery that was told to be a repeat, and what it was told."""
    return {one.referentienummer: event.remark for event, one in keten.happened
            if event.code == "herhaling"}  # fmt: skip


def test_row_35_same_name_and_bytes_again(keten):
    """Delivered again under the next number, and the receipt says so; both can be traced."""
    for content in (b"een", b"twee", b"een"):
        keten.drop("0363", "WMO_H22025.csv", content)
        keten.settle()
        keten.restart()
    first, _, again = keten.trace("WMO_H22025.csv")
    assert first["sha256"] == again["sha256"]
    assert {one["status"] for one in (first, again)} == {"acknowledged"}
    assert list(repeats(keten)) == [again["referentienummer"]]
    assert first["referentienummer"] in repeats(keten)[again["referentienummer"]]
    told = [text for text in keten.notices("0363", "ontvangst") if "al eerder aangeleverd" in text]
    assert len(told) == 1
    assert again["referentienummer"] in told[0]
    assert [one.content for one in keten.received("wmo")] == [b"een", b"twee", b"een"]


def test_row_35_repeats_within_a_round_and_elsewhere(keten):
    """Two copies at once: one is a repeat. Another municipality's or exchange's is none."""
    for name in ("WMO_1.csv", "WMO_2.csv", "SBO_1.csv"):
        keten.drop("0363", name, b"een")
    keten.drop("0034", "WMO_1.csv", b"een")
    keten.drop("1701", "WMO_leeg_1.csv", b"")
    keten.drop("1701", "WMO_leeg_2.csv", b"")
    keten.settle()
    assert len(repeats(keten)) == 1
    assert len(keten.received("wmo")) == 3
    [text] = [one for one in keten.notices("0363") if "al eerder aangeleverd" in one]
    assert "WMO_2.csv" in text


def test_row_37_removed_between_scan_and_claim(between):
    """Taken back by its owner: nothing is complained of, nothing is left, nothing is recorded."""
    keten = between("WMO_1.csv", lambda path: path.unlink())
    assert codes(keten) == {}
    assert keten.told == []
    assert keten.types() == []
    assert keten.quarantine() == []
    keten.drop("0363", "WMO_1.csv", b"nieuw")
    goes_on(keten, "wmo", b"nieuw")
