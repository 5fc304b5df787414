# SPDX-License-Identifier: EUPL-1.2
"""Rows 73-75: what comes back, to whom, how often, and what lies there already."""

import uuid

from tests.flow.vreemd import antwoorden, envelop

PDF = b"%PDF-1.4 synthetisch"


def reports(keten, code):
    """What a municipality got back, notices apart."""
    return [p.name for p in keten.inbox(code) if p.suffix == ".pdf"]


def sent(keten, code="0363"):
    """Hand in a file; gives its referentienummer."""
    keten.drop(code, "WMO_H22025.csv", b"van " + code.encode())
    keten.settle()
    return keten.trace("WMO_H22025.csv")[-1]["referentienummer"]


def lay_back(keten, name, **fields):
    """An envelope back of another system, laid where GGk takes it."""
    (keten.hop("ggk/in") / name).write_bytes(
        envelop(terug=True, payload=PDF, naam="verslag.pdf", **fields)
    )
    keten.settle()


def test_row_73_a_report_for_an_unknown_delivery_or_of_another_municipality(keten):
    """A number that nobody has, and one of 0363 for 0034: held and answered, in no inbox."""
    reference = sent(keten)
    lay_back(keten, "a.xml", gemeente="0363", antwoord_op=str(uuid.uuid4()))
    lay_back(keten, "b.xml", gemeente="0034", antwoord_op=reference)
    assert antwoorden(keten, "ggk/in") == {"a": "StUF043", "b": "StUF043"}
    assert [reports(keten, code) for code in ("0363", "0034", "1701")] == [[], [], []]
    assert len(keten.quarantine()) == 2


def test_row_74_a_report_twice_arrives_once(keten):
    """The same message again, also after a restart: one report, the same answer."""
    reference, number = sent(keten), str(uuid.uuid4())
    for name in ("a.xml", "b.xml"):
        lay_back(keten, name, ref=number, antwoord_op=reference)
        keten.restart()
    answers = keten.hop("ggk/in/antwoord")
    assert (answers / "a.bv03.xml").read_bytes() == (answers / "b.bv03.xml").read_bytes()
    assert reports(keten, "0363") == ["verslag.pdf"]


def test_row_74_a_report_before_its_delivery_is_known_to_have_arrived(keten):
    """RINIS has not answered yet and the report is there: it arrives; the receipt comes, once."""
    keten.stations = ("ggk",)
    keten.restart()
    reference = sent(keten)
    lay_back(keten, "a.xml", antwoord_op=reference)
    assert reports(keten, "0363") == ["verslag.pdf"]
    assert keten.notices("0363", "ontvangst") == []
    [delivery] = keten.trace("WMO_H22025.csv")
    assert delivery["status"] == "relayed"
    keten.stations = ("ggk", "rinis")
    keten.restart()
    keten.settle()
    assert len(keten.received("wmo")) == 1
    assert reports(keten, "0363") == ["verslag.pdf"]
    assert len(keten.notices("0363", "ontvangst")) == 1
    [delivery] = keten.trace("WMO_H22025.csv")
    types = [event["type"] for event in delivery["events"]]
    assert delivery["status"] == "acknowledged"
    assert types == sorted(types, key=["accepted", "relayed", "delivered", "answered",
                                       "acknowledged", "notified"].index)  # fmt: skip


def test_row_75_the_receiver_has_that_file_already(keten):
    """With the same bytes it is ours, and done; with others it is held, and theirs is untouched."""
    inbox = keten.root / "cbs/in/GMSDWMO"
    same, other = inbox / "WMO_H22025_0363_0001.csv", inbox / "WMO_H22025_0034_0001.csv"
    same.write_bytes(b"van 0363")
    other.write_bytes(b"van iemand anders")
    sent(keten, "0363")
    sent(keten, "0034")
    statuses = [one["status"] for one in keten.trace("WMO_H22025.csv")]
    assert statuses == ["acknowledged", "conflict"]
    assert (same.read_bytes(), other.read_bytes()) == (b"van 0363", b"van iemand anders")
    assert {p.name for p in inbox.iterdir() if p.is_file()} == {
        same.name, f"{same.stem}_metagegevens.xml", other.name,
    }  # fmt: skip
    [held] = keten.quarantine()
    assert (held / other.name).read_bytes() == b"van 0034"
    other.unlink()  # a person took it away: what lies at CBS is what was delivered
