# SPDX-License-Identifier: EUPL-1.2
"""Readable problems, and our schemas themselves."""

import re
from pathlib import Path

import pytest
import xmlschema

from envelopes import check
from envelopes.leesbaar import MAX_PROBLEMEN
from envelopes.xsd import SCHEMAS, schema_bytes, validator, vorm
from tests.vectors import GOED, VECTOREN

BESLUIT = b"""<?xml version="1.0" encoding="UTF-8"?>
<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">
  <gemeentecode>0363</gemeentecode>
  <uitvraag>H22025</uitvraag>
  <besluit>opt-in</besluit>
  <omvang>geheel</omvang>
  <gebruiker><id>b.bakker</id></gebruiker>
  <tijdstip>2026-02-24T10:00:00+01:00</tijdstip>
</publicatiebesluit>
"""


def test_a_right_decision_has_no_problems() -> None:
    """An empty list is a yes."""
    assert check("publicatiebesluit.xsd", BESLUIT) == []


@pytest.mark.parametrize(
    ("oud", "nieuw", "pad", "regel", "woord"),
    [
        (b">0363<", b">363<", "gemeentecode", 3, "[0-9]{4}"),
        (b">opt-in<", b">misschien<", "besluit", 5, "opt-in, opt-out, intrekking, accordering"),
        (b"  <omvang>geheel</omvang>\n", b"", "gebruiker", 6, "verwacht omvang"),
        (
            b"<gebruiker><id>b.bakker</id></gebruiker>",
            b"<gebruiker/>",
            "gebruiker",
            7,
            "verwacht id",
        ),
        (b"b.bakker", b"", "id", 7, "te kort"),
        (b"b.bakker", b"b" * 201, "id", 7, "hoogstens 200"),
        (b"+01:00", b"", "tijdstip", 8, "patroon"),
        (b"<besluit>", b'<besluit x="1">', "besluit", 5, "attribuut"),
        (b"</tijdstip>", b"</tijdstip><x/>", "x", 8, "hoort hier niet"),
    ],
)
def test_a_problem_says_where_and_what_was_expected(
    oud: bytes, nieuw: bytes, pad: str, regel: int, woord: str
) -> None:
    """Path, line and the schema's side of it."""
    problemen = check("publicatiebesluit.xsd", BESLUIT.replace(oud, nieuw))
    assert problemen
    assert problemen[0].pad.endswith("/" + pad)
    assert problemen[0].regel == regel
    assert woord in problemen[0].tekst


def test_a_problem_never_repeats_a_value() -> None:
    """A BSN in any field, and a name, do not come back."""
    bsn = b"123456782"
    for veld in (b"0363", b"H22025", b"opt-in", b"geheel", b"2026-02-24T10:00:00+01:00"):
        for p in check("publicatiebesluit.xsd", BESLUIT.replace(veld, bsn)):
            assert bsn.decode() not in p.tekst
            assert "b.bakker" not in p.tekst
    assert "123456782" not in vorm("organisatie", "x123456782")
    assert "geheim" not in vorm("gebruiker", "geheim")


def test_what_is_no_xml_is_one_problem() -> None:
    """Limits and form come first."""
    for data in (b"", b"<a", b"\xef\xbb\xbf" + BESLUIT, b"<!DOCTYPE a><a/>", b"<a>" * 1000):
        assert len(check("publicatiebesluit.xsd", data)) == 1
    with pytest.raises(ValueError, match="schema"):
        check("geen.xsd", b"<a/>")
    with pytest.raises(ValueError, match="schema"):
        schema_bytes("/etc/passwd")


def test_not_more_problems_than_anyone_reads() -> None:
    """A file of another kind stops at the limit."""
    kind = b'<Q xmlns="urn:knooppunt:metagegevens:1"/>'
    data = GOED["heen"].replace(b"<soap:Header>", b"<soap:Header>" + b"<nee/>" * 500 + kind)
    assert len(check("soap11-envelop.xsd", data)) <= MAX_PROBLEMEN


@pytest.mark.parametrize("naam", SCHEMAS)
def test_both_engines_take_our_schemas(naam: str) -> None:
    """libxml2 and xmlschema both build them; each is marked with its licence."""
    validator(naam)
    bron = Path(__file__).parents[2] / "schemas" / naam
    assert bron.read_bytes() == schema_bytes(naam)
    xmlschema.XMLSchema(str(bron), allow="sandbox")
    assert b"<!-- SPDX-License-Identifier: EUPL-1.2 -->" in schema_bytes(naam)


def test_all_schemas_are_listed() -> None:
    """A schema in the folder has its line in the README; those of this library are there."""
    mapje = Path(__file__).parents[2] / "schemas"
    bestanden = {p.name for p in mapje.glob("*.xsd")}
    assert set(SCHEMAS) <= bestanden
    leesmij = (mapje / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`([\w-]+\.xsd)`", leesmij)) == bestanden


def test_a_schema_of_an_exchange_by_its_path(tmp_path: Path) -> None:
    """Another schema is given by path; it can pull in its neighbours, and nothing from the net."""
    bron = tmp_path / "eigen.xsd"
    xs = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    bron.write_text(f'<xs:schema {xs}><xs:element name="a" type="xs:int"/></xs:schema>')
    assert check(str(bron), b"<a>1</a>") == []
    assert "geen int" in check(str(bron), b"<a>een</a>")[0].tekst
    elders = f'<xs:schema {xs}><xs:include schemaLocation="http://127.0.0.1:9/x.xsd"/></xs:schema>'
    (tmp_path / "elders.xsd").write_text(elders)
    (tmp_path / "kapot.xsd").write_text("<a>")
    for naam in ("elders.xsd", "kapot.xsd", "weg.xsd"):
        with pytest.raises(ValueError, match="schema"):
            check(str(tmp_path / naam), b"<a/>")


def test_both_engines_agree_on_the_vectors() -> None:
    """What one engine rejects by the XSD, the other rejects too."""
    from envelopes import EnvelopeError, Limits
    from envelopes.xml import ontleed

    for v in VECTOREN:
        if v.richting in ("heen", "retour") and v.maal == 1:
            try:
                root = ontleed(v.data, Limits())
            except EnvelopeError:
                continue
            snel = validator("soap11-envelop.xsd").afwijking(root) is None
            assert snel == (check("soap11-envelop.xsd", v.data) == []), v.id
