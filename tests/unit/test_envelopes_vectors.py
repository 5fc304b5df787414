# SPDX-License-Identifier: EUPL-1.2
"""Every vector gives its code, and the table covers what the library can say."""

import re
from importlib.resources import files

import pytest

from envelopes import EnvelopeError, foutcode, read, read_answer
from tests.vectors import GOED, VECTOREN, Vector

IDS = [v.id for v in VECTOREN]


def oordeel(v: Vector) -> tuple[str, str]:
    lees = read if v.richting in ("heen", "retour") else read_answer
    try:
        lees(v.data)
    except EnvelopeError as e:
        assert len(e.omschrijving) <= 200
        assert len(e.details) <= 1000
        assert e.plek == foutcode(e.code).plek
        return e.code, e.details
    return "ok", ""


@pytest.mark.parametrize("v", VECTOREN, ids=IDS)
def test_gives_its_code(v: Vector) -> None:
    """What envelopes judges gives its code; what only a station judges passes here."""
    verwacht = v.code if v.stage == "envelop" else "ok"
    code, details = oordeel(v)
    assert code == verwacht, details


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    """At least 70 vectors, ids unique, edits unique per good message."""
    assert len(VECTOREN) >= 70
    assert len(set(IDS)) == len(IDS)
    edits = [(v.richting, v.oud, v.nieuw, v.maal) for v in VECTOREN if v.stage == "envelop"]
    assert len(set(edits)) == len(edits)


@pytest.mark.parametrize("v", VECTOREN, ids=IDS)
def test_is_one_edit_of_a_good_message(v: Vector) -> None:
    """A bad vector is the good message but for one run of bytes; stage and source are filled."""
    assert v.bron
    assert v.stage in ("envelop", "station")
    if not v.oud:
        assert not v.nieuw
        assert v.data == GOED[v.richting]
        return
    voor, midden, na = GOED[v.richting].partition(v.oud)
    assert midden == v.oud
    assert v.oud not in na
    assert v.data == voor + v.nieuw * v.maal + na
    assert v.data != GOED[v.richting]
    for eerder in v.vooraf:
        read(eerder)


def test_every_code_in_use_has_a_vector() -> None:
    """Each code that stands in the library's source as its own verdict has a vector."""
    in_bron: set[str] = set()
    for naam in ("berichten.py", "kop.py", "xml.py", "receipts.py", "metagegevens.py"):
        tekst = files("envelopes").joinpath(naam).read_text(encoding="utf-8")
        in_bron |= set(re.findall(r'"(StUF\d{3}|IB\d{3}|RIN\d{3})"', tekst))
    in_bron -= {"StUF055"}  # named only to forbid it in a Fo03; a station gives it in a Fo01
    gedekt = {v.code for v in VECTOREN if v.stage == "envelop"}
    assert in_bron <= gedekt
    assert gedekt - {"ok"} <= in_bron


def test_the_header_codes_of_a_station_have_vectors() -> None:
    """The codes that routing decides by stand in the table for the chain to replay."""
    gedekt = {v.code for v in VECTOREN}
    assert {f"StUF{n:03}" for n in (10, 13, 16, 19, 22, 25, 34, 37, 40, 43)} <= gedekt


def test_details_say_where_and_never_the_payload() -> None:
    """A refusal by the XSD names line and path; no payload and no user name is in any details."""
    for v in VECTOREN:
        code, details = oordeel(v)
        assert "a29wcm" not in details, v.id
        assert "b.bakker" not in details, v.id
        if code == "RIN001" and v.richting == "heen":
            assert "regel " in details, v.id
