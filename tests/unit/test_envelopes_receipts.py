# SPDX-License-Identifier: EUPL-1.2
"""Answers: written strictly, read leniently; and the table of codes."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envelopes import (
    BuildError,
    EnvelopeError,
    Fout,
    Stuurgegevens,
    Systeem,
    bv03,
    compose_bv03,
    fo01,
    fo03,
    fout,
    foutcode,
    read_answer,
    tabel,
    volgorde,
)
from tests.unit.test_envelopes_berichten import systemen
from tests.vectors import GOED

NUMMER = "d3b07384-d9a0-4c9b-8f7e-1a2b3c4d5e03"
TIJD = "20260202100000250"
VRAAG = Stuurgegevens(
    "Di01",
    Systeem("0363", "Wmo Suite", "Amsterdam", "b.bakker"),
    Systeem("CBS", "GGk"),
    "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01",
    "20260202100000000",
    None,
    "GMSDWMO",
)


def test_an_answer_swaps_and_refers() -> None:
    """Zender and ontvanger change places, the number is new, crossRefnummer is the request's."""
    for bv04 in (False, True):
        data = bv03(VRAAG, referentienummer=NUMMER, tijdstip_bericht=TIJD, bv04=bv04)
        antwoord = read_answer(data)
        assert antwoord.berichtcode == ("Bv04" if bv04 else "Bv03")
        assert antwoord.fout is None
        assert antwoord.cross_refnummer == VRAAG.referentienummer
        sg = antwoord.stuurgegevens
        assert sg is not None
        assert (sg.zender, sg.ontvanger) == (VRAAG.ontvanger, VRAAG.zender)
        assert (sg.referentienummer, sg.tijdstip_bericht) == (NUMMER, TIJD)
        assert sg.functie is None


@given(systemen, systemen)
def test_composing_tells_what_reading_gives(zender: Systeem, ontvanger: Systeem) -> None:
    """Who keeps a composed Bv03 beside its bytes knows what a reader of the bytes knows."""
    vraag = replace(VRAAG, zender=zender, ontvanger=ontvanger)
    data, gelezen = compose_bv03(vraag, referentienummer=NUMMER, tijdstip_bericht=TIJD)
    assert data == bv03(vraag, referentienummer=NUMMER, tijdstip_bericht=TIJD)
    assert gelezen == read_answer(data)


@given(st.text(max_size=1500), st.text(max_size=300))
def test_a_fault_there_and_back(details: str, omschrijving: str) -> None:
    """Any text can stand in a fault; too long is cut, what XML forbids is escaped."""
    f = Fout("StUF016", "client", omschrijving, details)
    for schrijf, code in ((fo03, "Fo03"), (fo01, "Fo01")):
        antwoord = read_answer(schrijf(VRAAG, f, referentienummer=NUMMER, tijdstip_bericht=TIJD))
        assert antwoord.berichtcode == code
        assert antwoord.fout is not None
        assert (antwoord.fout.code, antwoord.fout.plek) == ("StUF016", "client")
        assert len(antwoord.fout.details) <= 1000
        assert 0 < len(antwoord.fout.omschrijving) <= 200


def test_fo03_is_a_soap_fault_with_an_unqualified_detail() -> None:
    """The form of SOAP over HTTP: faultcode by plek, faultstring the omschrijving."""
    for code, plek in (("StUF016", "Client"), ("StUF025", "Server")):
        data = fo03(VRAAG, fout(code), referentienummer=NUMMER, tijdstip_bericht=TIJD).decode()
        assert f"<faultcode>soap:{plek}</faultcode>" in data
        assert f"<faultstring>{fout(code).omschrijving}</faultstring><detail><StUF:Fo03" in data


@pytest.mark.parametrize(
    ("vraag", "f", "nummer", "tijd"),
    [
        (replace(VRAAG, berichtcode="Fo03"), fout("StUF016"), NUMMER, TIJD),
        (VRAAG, fout("StUF055"), NUMMER, TIJD),
        (VRAAG, Fout("StUF016", "Client", "x"), NUMMER, TIJD),
        (VRAAG, Fout("StUF0160", "client", "x"), NUMMER, TIJD),
        (VRAAG, fout("StUF016"), VRAAG.referentienummer, TIJD),
        (VRAAG, fout("StUF016"), "1", TIJD),
        (VRAAG, fout("StUF016"), NUMMER, "202602021"),
        (replace(VRAAG, zender=Systeem("0363", "x")), fout("StUF016"), NUMMER, TIJD),
    ],
)
def test_cannot_write_a_wrong_answer(vraag: Stuurgegevens, f: Fout, nummer: str, tijd: str) -> None:
    """No Fo03 upon a Fo03, no StUF055 in it, no echo of the request's number, no bad values."""
    with pytest.raises(BuildError):
        fo03(vraag, f, referentienummer=nummer, tijdstip_bericht=tijd)


def test_reads_the_bare_message() -> None:
    """Without SOAP around it, an answer says the same."""
    for naam, element in (("bv03", b"StUF:Bv03Bericht"), ("fo03", b"StUF:Fo03Bericht")):
        kaal = re.search(b"<" + element + b".*</" + element + b">", GOED[naam], re.S)
        assert kaal
        assert read_answer(kaal.group()) == read_answer(GOED[naam])


def test_reads_a_bare_bv04() -> None:
    """A Bv04 that holds nothing but its code says that it was passed on, and no more."""
    ns = "http://www.egem.nl/StUF/StUF0301"
    data = (
        f'<Bv04Bericht xmlns="{ns}"><stuurgegevens><berichtcode>Bv04</berichtcode>'
        "</stuurgegevens></Bv04Bericht>"
    ).encode()
    antwoord = read_answer(data)
    assert (antwoord.berichtcode, antwoord.stuurgegevens) == ("Bv04", None)
    assert antwoord.cross_refnummer is None
    with pytest.raises(EnvelopeError):
        read_answer(data.replace(b"Bv04", b"Bv03"))


@pytest.mark.parametrize(
    ("faultcode", "plek"),
    [("soap:Client", "client"), ("soap:Client.Auth", "client"), ("soap:Server", "server"),
     ("vreemd", "server"), ("", "server")],
)  # fmt: skip
def test_reads_a_fault_without_detail(faultcode: str, plek: str) -> None:
    """A proxy's own fault is a technical refusal that tells little."""
    data = re.sub(rb"<detail>.*</detail>", b"", GOED["fo03"], flags=re.S)
    antwoord = read_answer(data.replace(b"soap:Client", faultcode.encode()))
    assert antwoord.stuurgegevens is None
    assert antwoord.fout == Fout("", plek, "Referentienummer is niet uniek")


def test_what_is_no_answer() -> None:
    """Envelopes, other XML, nothing at all, and two messages are refused."""
    twee = GOED["bv03"].replace(b"<soap:Body>", b"<soap:Body><x/>")
    fo02 = GOED["bv03"].replace(b"Bv03", b"Bv01")
    elders = GOED["bv03"].replace(b"StUF/StUF0301", b"StUF/StUF0204")
    for data in (GOED["heen"], b"<a/>", b"", b"x", twee, fo02, elders):
        with pytest.raises(EnvelopeError):
            read_answer(data)


def test_cut_anywhere_is_refused() -> None:
    """Half an answer is none."""
    goed = GOED["fo03"].rstrip()
    for n in range(len(goed)):
        with pytest.raises(EnvelopeError):
            read_answer(goed[:n])


def test_the_table_is_in_the_standards_order() -> None:
    """StUF codes by number, then the hub's; each code fits its element."""
    codes = [rij.code for rij in tabel()]
    stuf = [c for c in codes if c.startswith("StUF")]
    assert codes[: len(stuf)] == stuf == sorted(stuf)
    assert codes[-1] == "RIN001"
    assert sorted(codes[len(stuf) :]) == codes[len(stuf) :]
    assert len(set(codes)) == len(codes) == 27
    for rij in tabel():
        assert len(rij.code) <= 7
        assert rij.soort in ("Fo01", "Fo03")
        assert rij.plek in ("client", "server")
        assert len(rij.omschrijving) <= 200
    assert volgorde("StUF010") < volgorde("StUF016") < volgorde("IB009") < volgorde("RIN001")


def test_the_second_generation_gives_two_codes_another_meaning() -> None:
    """IB007 and IB009 are not said in 2025; their words go into the details of RIN001."""
    assert {r.code for r in tabel(2018)} - {r.code for r in tabel(2025)} == {"IB007", "IB009"}
    f = fout("IB007", "26 MB", generatie=2025)
    assert f.code == "RIN001"
    assert f.details == "Bericht is groter dan 25 MB. 26 MB"
    assert fout("IB007").code == "IB007"
    with pytest.raises(ValueError, match="generation"):
        tabel(2030)
    with pytest.raises(ValueError, match="XYZ"):
        foutcode("XYZ")


def test_details_are_cut() -> None:
    """1,000 characters is the most that may stand in details."""
    assert len(fout("RIN001", "x" * 2000).details) == 1000
