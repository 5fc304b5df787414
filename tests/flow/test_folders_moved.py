# SPDX-License-Identifier: EUPL-1.2
"""Folders that people move, replace or spoil while the chain runs."""

import shutil

from gateway.testing import Keten

CONTENT = b"a;b\r\n1;2\r\n"


def test_an_inbox_that_was_moved_aside_gets_nothing_more(keten: Keten) -> None:
    """A receiver renames its inbox and makes a new one: what comes next lies in the new one."""
    keten.drop("0363", "WMO_H22025.csv", CONTENT)
    keten.settle()
    inbox = keten.root / "cbs" / "in" / "GMSDWMO"
    aside = keten.root.parent / "opgehaald"
    inbox.rename(aside)
    inbox.mkdir()

    keten.drop("0363", "WMO_H22025.csv", CONTENT)
    keten.settle()

    assert [one.name for one in keten.received("wmo")] == ["WMO_H22025_0363_0002.csv"]
    assert not (aside / "WMO_H22025_0363_0002.csv").exists()


def test_one_spoiled_folder_holds_up_nobody_else(keten: Keten) -> None:
    """A file where an inbox should be: the others are served, this one is named and waits."""
    spoiled = keten.root / "gemeenten" / "0034" / "inbox"
    shutil.rmtree(spoiled)
    spoiled.write_bytes(b"")
    keten.drop("0034", "notulen.csv", CONTENT)
    keten.drop("0363", "WMO_H22025.csv", CONTENT)

    summary = keten.settle()

    assert len(keten.received("wmo")) == 1
    assert [one.code for one in summary.waiting] == ["kan-niet-verder"]
    spoiled.unlink()
    keten.restart()
    keten.settle()
    assert len(keten.notices("0034", "weigering")) == 1


def test_a_report_on_a_zip_is_an_answer(keten: Keten) -> None:
    """A ZIP has no uitvraag: its report says `onbekend`, and still answers it."""
    keten.drop("0363", "WMO_H22025.zip", CONTENT)
    keten.settle()
    [delivered] = keten.trace("WMO_H22025.zip")
    keten.send("technische-terugkoppeling", "TECHNISCH_onbekend_0363_0001.pdf", b"%PDF-1.4")
    keten.settle()

    [report] = keten.trace("TECHNISCH_onbekend_0363_0001.pdf")
    assert report["answers_to"] == delivered["referentienummer"]


def test_every_name_a_file_had_leads_to_it(keten: Keten) -> None:
    """Beside it, kept aside, or told of: each of these names is an answer for trace."""
    for _ in range(2):
        keten.drop("0363", "WMO_H22025.csv", CONTENT)
        keten.settle()
    second = keten.trace("WMO_H22025_0363_0002.csv")[0]
    notice = next(p.name for p in keten.inbox("0363") if p.suffix == ".txt")

    names = ["WMO_H22025_2.csv", "WMO_H22025_0363_0002_metagegevens.xml", notice]
    found = [keten.trace(name) for name in [*names, second["referentienummer"].upper()]]
    assert all(found)
    assert found[0][0]["id"] == found[1][0]["id"] == found[3][0]["id"] == second["id"]
