# SPDX-License-Identifier: EUPL-1.2
"""The record of an upload: on its own, in an envelope, and derived."""

from dataclasses import replace

import pytest

from envelopes import (
    Bestand,
    BuildError,
    Envelop,
    EnvelopeError,
    Gebruiker,
    Metagegevens,
    Stuurgegevens,
    Systeem,
    afgeleid,
    build,
    build_metagegevens,
    check,
    read,
    read_metagegevens,
)
from envelopes.metagegevens import HERKOMSTEN
from tests.vectors import GOED

REF = "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"
M = Metagegevens(
    REF,
    "0363",
    "wmo",
    "H22025",
    "2026-02-02T09:59:58.120+01:00",
    Gebruiker("b.bakker", "eherkenning", "urn:etoegang:core:assurance-class:loa3"),
    Bestand("WMO <H2> & é.csv", "WMO_0363_0001.csv", 12, "0" * 64, "text/csv"),
)
# inclusive canonical XML of this keeps xs, which nothing in it visibly uses: a SAML assertion does
BINDING = (
    b'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
    b'xmlns:xs="http://www.w3.org/2001/XMLSchema"\n  ID=\'a1\'><!-- c --><x a="xs:string" /> \n'
    b"</saml:Assertion>"
)


@pytest.mark.parametrize("herkomst", HERKOMSTEN)
def test_there_and_back(herkomst: str) -> None:
    """Every origin of a user, with and without the optional parts."""
    for m in (M, replace(M, uitvraag=None, gebruiker=Gebruiker("x", herkomst)),
              replace(M, binding=BINDING)):  # fmt: skip
        data = build_metagegevens(m)
        assert read_metagegevens(data) == m
        assert check("metagegevens.xsd", data) == []


def test_a_binding_keeps_its_bytes() -> None:
    """In a document and in an envelope it comes back byte for byte: the signature stays good."""
    m = replace(M, binding=BINDING)
    sg = Stuurgegevens(
        "Di01", Systeem("0363", "App"), Systeem("CBS", "GGk"), REF, "20260202", None, "GMSDWMO"
    )
    data = build(Envelop(sg, b"x", None, m))
    assert BINDING in data
    terug = read(data).metagegevens
    assert terug == m


def test_a_binding_that_leans_on_its_surroundings() -> None:
    """Another system's prefix declared outside the binding: made whole by exclusive C14N."""
    data = build_metagegevens(replace(M, binding=b'<z:a xmlns:z="urn:z">1</z:a>'))
    elders = data.replace(b'<z:a xmlns:z="urn:z">', b"<z:a>").replace(
        b"<mg:metagegevens ", b'<mg:metagegevens xmlns:z="urn:z" '
    )
    assert read_metagegevens(elders).binding == b'<z:a xmlns:z="urn:z">1</z:a>'


@pytest.mark.parametrize(
    "m",
    [
        replace(M, referentienummer="1"),
        replace(M, gemeentecode="363"),
        replace(M, uitwisseling=""),
        replace(M, tijdstip_upload="2026-02-02T09:59:58"),
        replace(M, tijdstip_upload="2026-02-30T09:59:58Z"),
        replace(M, gebruiker=Gebruiker("", "map")),
        replace(M, gebruiker=Gebruiker("x", "gok")),
        replace(M, bestand=replace(M.bestand, omvang=-1)),
        replace(M, bestand=replace(M.bestand, sha256="A" * 64)),
        replace(M, bestand=replace(M.bestand, naam="\x00")),
        replace(M, binding=b""),
        replace(M, binding=b"<a>"),
        replace(M, binding=b"<a/><b/>"),
        replace(M, binding=b"<z:a/>"),
        replace(M, binding=b"<?xml version='1.0'?><a/>"),
        replace(M, binding=b"<!DOCTYPE a><a/>"),
        replace(M, binding=b"</mg:binding>"),
    ],
)
def test_cannot_build_a_wrong_record(m: Metagegevens) -> None:
    """A fault of ours shows before it is sent; nobody's name is in the message."""
    with pytest.raises(BuildError) as e:
        build_metagegevens(m)
    assert "b.bakker" not in str(e.value)


def test_another_document_is_refused() -> None:
    """Not ours, or not whole."""
    data = build_metagegevens(M)
    for fout in (b"<a/>", data[:-20], data.replace(b"<mg:naam>", b"<mg:x/><mg:naam>")):
        with pytest.raises(EnvelopeError) as e:
            read_metagegevens(fout)
        assert e.value.code == "RIN001"


def test_derived_from_an_envelope_without_our_block() -> None:
    """User from zender.gebruiker, moment from tijdstipBericht with its Dutch offset."""
    envelop = replace(read(GOED["heen"]), metagegevens=None)
    m = afgeleid(envelop, uitwisseling="wmo", sha256="0" * 64, uitvraag="H22025", type="csv")
    assert m.gebruiker == Gebruiker("b.bakker", "afgeleid")
    assert m.tijdstip_upload == "2026-02-02T10:00:00.000+01:00"
    assert (m.gemeentecode, m.referentienummer) == ("0363", REF)
    assert m.bestand.naam == "WMO_H22025_gestuurd_door_Bea.csv"
    assert m.bestand.omvang == len(envelop.payload)
    assert read_metagegevens(build_metagegevens(m)) == m


def test_derived_on_the_way_back() -> None:
    """To a municipality the code is the receiver's; without a user the id says so."""
    envelop = read(GOED["retour"])
    m = afgeleid(envelop, uitwisseling="ttk", sha256="0" * 64, naam="a\udcff.pdf")
    assert m.gemeentecode == "0363"
    assert m.gebruiker.id == "onbekend"
    assert m.bestand.naam == r"a\xff.pdf"
    build_metagegevens(m)
    sg = replace(envelop.stuurgegevens, ontvanger=Systeem("SVB", "GGk"))
    with pytest.raises(ValueError, match="gemeentecode"):
        afgeleid(replace(envelop, stuurgegevens=sg), uitwisseling="x", sha256="0" * 64)
