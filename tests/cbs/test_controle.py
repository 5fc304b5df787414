# SPDX-License-Identifier: EUPL-1.2
"""The technical check, rule by rule: each found where it is broken, and nowhere else."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.nl import bsn

from gateway.cbs import controle, naam, protocol, rijen, structuur, velden
from gateway.cbs.model import EERSTE_BEVINDINGEN, Ernst
from gateway.periods import Uitvraag
from tests.cbs.gevallen import DAG, GEVALLEN, GOED, KOP, NAAM, RIJ, bestand, rij


@pytest.fixture
def oordeel(tmp_path):
    """Judge some bytes under a name."""

    def judge(data, genoemd=NAAM, **more):
        path = tmp_path / "bestand"
        path.write_bytes(data)
        return controle.controleer(str(path), genoemd, **{"dag": DAG, **more})

    return judge


def plaatsen(found):
    return tuple((one.regel, one.kolom, one.code) for one in found.bevindingen)


# --- the table of rules ---------------------------------------------------------------------------


@pytest.mark.parametrize("geval", GEVALLEN, ids=lambda one: f"{one.code}-{one.kolom or ''}")
def test_what_is_broken_is_found_and_nothing_else(oordeel, geval):
    """At its line and column, with the severity of the table; the step is the rule's."""
    found = oordeel(geval.fout, geval.naam)
    assert plaatsen(found) == geval.gevonden
    table = protocol.voor("H22025")
    for one in found.bevindingen:
        regel = table.regels[one.code]
        per = dict(table.kolommen_van(one.code))
        wanted = per[table.kolommen[one.kolom - 1]] if one.kolom and per else regel.ernst
        assert one.ernst is wanted
    rejects = any(one.ernst is Ernst.FOUT for one in found.bevindingen)
    assert found.goedgekeurd is not rejects
    assert found.stap == (table.regels[geval.code].stap if rejects else None)


@pytest.mark.parametrize("geval", GEVALLEN, ids=lambda one: f"{one.code}-{one.kolom or ''}")
def test_what_is_right_is_not_found(oordeel, geval):
    """A file like it, and as near to the limit, keeps the rule."""
    found = oordeel(geval.goed, geval.goede_naam)
    assert geval.code not in {one.code for one in found.bevindingen}
    assert found.goedgekeurd


def test_every_rule_has_a_case():
    """In every column that the table names; a ZIP's are in test_zipbestand.py."""
    table = protocol.voor("H22025")
    wanted = set()
    for code, regel in table.regels.items():
        if code.startswith("zip-"):
            continue
        wanted |= {(code, kolom.nummer) for kolom, _ in table.kolommen_van(code)} or {(code, None)}
        assert regel.bron
        assert regel.eis
    assert wanted <= {(one.code, one.kolom) for one in GEVALLEN}


def test_every_rule_of_a_table_is_known_and_none_is_left_over():
    """A code in the data has a function, and a function a code in the newest table."""
    known = {*naam.REGELS, *structuur.REGELREGELS, *structuur.VELDREGELS, *velden.REGELS}
    whole = {
        "codering-utf16", "codering-onleesbaar", "byte-order-mark", "bestand-leeg",
        "regeleinden-mac", "scheidingsteken", "geen-kopregel", "kop-kolommen", "geen-enter",
    }  # fmt: skip
    for table in protocol.protocollen():
        codes = {code for code in table.regels if not code.startswith("zip-")}
        assert codes <= known | whole
    assert known | whole == codes


def test_a_right_file_is_approved_without_a_word(oordeel):
    """And what is told of it is so."""
    found = oordeel(GOED)
    assert (found.oordeel, found.stap, found.bevindingen) == ("goedgekeurd", None, ())
    assert (found.uitvraag, found.rijen, found.codering) == ("H22025", 2, "utf-8")
    assert found.gemeentecode == "0363"


def test_no_text_holds_what_stood_in_the_file(oordeel):
    """Not a BSN, nor any other nine digits."""
    for geval in GEVALLEN:
        for one in oordeel(geval.fout, geval.naam).bevindingen:
            assert not re.search("[0-9]{9}", one.tekst)
            assert "{" not in one.tekst


def test_the_known_faults_are_named_as_such(oordeel):
    """What people do with Excel, in words that help them."""
    comma = oordeel(GOED.replace(b";", b","))
    tab = oordeel(GOED.replace(b";", b"\t"))
    assert "een komma" in comma.bevindingen[0].tekst
    assert "een tab" in tab.bevindingen[0].tekst
    assert "19 kolommen" in oordeel(bestand(rij() + ";")).bevindingen[0].tekst
    assert "is 17 in plaats van 18" in oordeel(bestand(rij()[:-1])).bevindingen[0].tekst
    assert "is 2 in plaats van 18" in oordeel(bestand(rij(), kop="a;b")).bevindingen[0].tekst


# --- steps and order ------------------------------------------------------------------------------


def test_a_file_is_judged_on_the_first_step_that_it_fails(oordeel):
    """What is wrong further on is told next time."""
    broken = bestand(rij({3: "1"}), rij() + ";", rij({7: ""}))
    assert plaatsen(oordeel(broken, "wmo.csv")) == ((None, None, "naam-begin"),)
    assert plaatsen(oordeel(broken)) == ((3, None, "puntkomma-aan-eind"),)
    mended = bestand(rij({3: "1"}), rij(), rij({7: ""}))
    assert plaatsen(oordeel(mended)) == ((2, 3, "lengte"), (4, 7, "leveringsvorm-leeg"))


def test_a_fault_of_structure_far_down_takes_back_what_the_fields_said(oordeel, tmp_path):
    """Also from the CSV, and over the border between blocks."""
    many = bestand(*[rij({7: ""})] * 300_000, rij() + ";")
    found = oordeel(b"\xef\xbb\xbf" + many, csv=str(tmp_path / "alle.csv"))
    assert plaatsen(found) == (
        (None, None, "byte-order-mark"),
        (300_002, None, "puntkomma-aan-eind"),
    )
    assert (found.fouten, found.signalen) == (1, 1)
    lines = (tmp_path / "alle.csv").read_text("utf-8").splitlines()
    assert [line.split(";")[:4] for line in lines[1:]] == [
        ["", "", "signaal", "byte-order-mark"], ["300002", "", "fout", "puntkomma-aan-eind"],
    ]  # fmt: skip


def test_of_the_faults_on_one_field_the_first_is_told(oordeel):
    """In the order of the table; each other field has its own."""
    found = oordeel(bestand(rij(), rij({2: "999", 6: "20240101", 10: "20240101"})))
    assert plaatsen(found) == (
        (3, 2, "lengte"), (3, 6, "einde-voor-start"), (3, 10, "einde-voor-start"),
    )  # fmt: skip


def test_counts_are_exact_and_findings_a_thousand(oordeel, tmp_path):
    """All of them stand in the CSV, in the same order, by line, column and code."""
    rows = [rij(), *[rij({3: "123456789", 7: "", 9: "20250601"})] * 1500]
    found = oordeel(bestand(*rows), csv=str(tmp_path / "alle.csv"))
    assert len(found.bevindingen) == EERSTE_BEVINDINGEN
    assert (found.fouten, found.signalen) == (1500, 3000)
    assert {(one.code, one.kolom): one.aantal for one in found.aantallen} == {
        ("elfproef", 3): 1500, ("leveringsvorm-leeg", 7): 1500, ("start-voor-beoogd", 9): 1500,
    }  # fmt: skip
    lines = (tmp_path / "alle.csv").read_text("utf-8").splitlines()
    assert lines[0] == "regel;kolom;ernst;code;tekst"
    places = [tuple(line.split(";")[:4]) for line in lines[1:]]
    assert len(places) == 4500
    assert places == sorted(places, key=lambda one: (int(one[0]), int(one[1]), one[3]))
    assert [(int(a), int(b), d) for a, b, _, d in places[:1000]] == list(plaatsen(found))


def test_a_csv_replaces_the_former_and_an_error_leaves_nothing(tmp_path):
    """Neither half a file, nor one under another name."""
    path = tmp_path / "alle.csv"
    old = "regel;kolom;ernst;code;tekst\nold"
    path.write_text(old)
    with pytest.raises(FileNotFoundError):
        controle.controleer(str(tmp_path / "none"), NAAM, dag=DAG, csv=str(path))
    assert [one.name for one in tmp_path.iterdir()] == ["alle.csv"]
    assert path.read_text() == old
    (tmp_path / "x").write_bytes(GOED)
    controle.controleer(str(tmp_path / "x"), NAAM, dag=DAG, csv=str(path))
    assert path.read_text() == "regel;kolom;ernst;code;tekst\n"


def test_what_cannot_be_read_twice_is_refused(tmp_path):
    """A directory, for one: an error, and no verdict."""
    with pytest.raises(OSError, match="not a regular file"):
        controle.controleer(str(tmp_path), NAAM, dag=DAG)


# --- municipalities, periods, protocols -----------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "uitvraag", "dag", "goed"),
    [
        ("0457", "H12022", "2022-08-01", True), ("0457", "H22022", "2023-02-01", False),
        ("0457", "H22022", "2022-03-23", True), ("1982", "H22021", "2022-02-01", True),
        ("1982", "H22021", "2021-12-31", False), ("0000", "H22025", "2026-02-02", False),
    ],
)  # fmt: skip
def test_a_municipality_counts_by_the_day(oordeel, code, uitvraag, dag, goed):
    """On the list on a day of the half-year, or on the day of delivery."""
    row = rij({2: code, 5: "20200101", 6: "", 8: "", 9: ""})
    found = oordeel(bestand(row), f"WMO_{uitvraag}.csv", dag=DAG.fromisoformat(dag))
    assert found.goedgekeurd is goed
    assert found.gemeentecode == code


def test_rows_that_do_not_agree_name_no_municipality(oordeel):
    """Which one it is of cannot be told."""
    assert oordeel(bestand(rij(), rij({2: "0034"}))).gemeentecode is None


def test_each_half_year_has_its_own_days(oordeel):
    """The same file, handed in over the half-year before, starts too late."""
    found = oordeel(GOED, "WMO_H12025.csv")
    assert {one.code for one in found.bevindingen} == {"start-na-periode"}
    assert "30 juni 2025" in found.bevindingen[0].tekst


def test_the_newest_protocol_that_is_not_later_counts():
    """An uitvraag before the first that we know falls to the first."""
    [first] = protocol.protocollen()
    later = tabel(lambda text: text.replace('uitvraag = "H22025"', 'uitvraag = "H12027"', 1))
    both = (first, later)
    asked = ["H12016", "H22025", "H22026", "H12027", "H22030", None]
    assert [protocol.voor(one, both) for one in asked] == [first] * 3 + [later] * 3


def tabel(change):
    """The table of H22025, changed as next half-year's may be."""
    source = protocol.resources.files("gateway.cbs").joinpath("protocollen", "H22025.toml")
    return protocol.lees(change(source.read_text("utf-8")))


def test_severities_codes_lengths_and_texts_are_data():
    """Next half-year's protocol needs no Python."""

    def change(text):
        text = text.replace(
            'stap = 3\nsignaal = ["leveringsvorm"]', 'stap = 3\nfout = ["leveringsvorm"]'
        )
        text = text.replace('"{veld}: leeg."', '"Vul kolom {nummer}."')
        return text.replace('6 = "anders (waar', '7 = "anders (waar')

    table = tabel(change)
    maat = velden.Maat(table, Uitvraag(2025, 2), ("0363",), RIJ[0], RIJ[1])
    frame = pl.DataFrame({"regel": [2, 3, 4], "l": [rij({7: one}) for one in ("", "6", "7")]})
    rows = velden.met_datums(structuur.gesplitst(frame, table), table)
    hits = {
        (toets.code, toets.ernst.value, toets.tekst)
        for groep in velden.groepen(maat).gewoon for toets in groep
        if toets.kolom == 7 and rows.select(toets.raak.any()).item()
    }  # fmt: skip
    assert {(code, ernst) for code, ernst, _ in hits} == {
        ("code-onbekend", "fout"), ("leveringsvorm-leeg", "fout"),
    }  # fmt: skip
    assert "Vul kolom 7." in {text for _, _, text in hits}
    assert any("2, 4, 7" in text for _, _, text in hits)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('uitvraag = "H22025"', 'uitvraag = "2025"', 1),
        lambda text: text.replace('fout = ["bsn"]', 'fout = ["bsm"]', 1),
    ],
)
def test_a_table_that_does_not_hold_together_is_not_used(change):
    """A column that is not there, an uitvraag that is none."""
    with pytest.raises(ValueError, match="no"):
        tabel(change)


# --- the eleven-test ------------------------------------------------------------------------------


@given(st.lists(st.from_regex("[0-9]{9}", fullmatch=True), min_size=1, max_size=200))
def test_the_bulk_eleven_test_is_that_of_stdnum(numbers):
    """On any nine digits; but 999999999, which stands for an unknown BSN."""
    table = protocol.voor("H22025")
    maat = velden.Maat(table, Uitvraag(2025, 2), (), "", "")
    numbers += ["000000000", "999999999", *(f"{n:09d}" for n in range(100_000, 100_200))]
    frame = pl.DataFrame({"k3": numbers})
    found = frame.select(velden.elfproef(table.kolom("bsn"), maat)).to_series().to_list()
    assert found == [not bsn.is_valid(one) and one != "999999999" for one in numbers]


# --- SBO and JEUGD --------------------------------------------------------------------------------


@pytest.mark.parametrize("soort", ["sbo", "jeugd"])
def test_other_kinds_are_judged_on_name_and_form(oordeel, soort):
    """Their own beginning, readable text, not empty; of their columns nothing is known."""
    right = f"{soort.upper()}_H22025_x.csv"

    def found(data, genoemd=right):
        return plaatsen(oordeel(data, genoemd, soort=soort))

    assert found(b"a,b\tc\n1") == ()
    assert found(GOED, "WMO_H22025.csv") == ((None, None, "naam-begin"),)
    assert found(GOED, right.lower()) == ((None, None, "naam-begin"),)
    assert found(b"") == ((None, None, "bestand-leeg"),)
    assert found("x".encode("utf-16")) == ((None, None, "codering-utf16"),)
    assert found(b"\x81\n") == ((None, None, "codering-onleesbaar"),)
    assert found(b"\xef\xbb\xbfa\n") == ((None, None, "byte-order-mark"),)
    assert found(b"a\nb\0c\n") == ((2, None, "stuurteken"),)
    assert found(b"a\n" + b"b" * 70_000) == ((2, None, "regel-te-lang"),)


# --- rows for statistics --------------------------------------------------------------------------


def test_rows_are_read_as_they_stand(tmp_path):
    """Text in every column, the physical line beside it, without the headings; in any encoding."""
    path = tmp_path / "x"
    for data in (GOED, b"\xef\xbb\xbf" + GOED, GOED.replace(b"\n", b"\r\n"), GOED[:-1]):
        path.write_bytes(data)
        frame = rijen.lees(str(path))
        assert frame.columns == ["regel", *(f"k{n}" for n in range(1, 19))]
        assert frame.schema["regel"] == pl.UInt32
        assert frame.rows() == [(2, *RIJ), (3, *RIJ)]
    path.write_bytes(f"{';'.join(KOP)}\n{rij({12: 'é'})}\n".encode("cp1252"))
    assert rijen.lees(str(path))["k12"].to_list() == ["é"]


def test_rows_of_what_is_not_right_are_read_leniently(tmp_path):
    """What is missing is empty, what is too much is left out; what cannot be read has none."""
    path = tmp_path / "x"
    path.write_bytes(bestand("a;b", rij() + ";more"))
    assert rijen.lees(str(path)).rows() == [(2, "a", "b", *[""] * 16), (3, *RIJ)]
    for data in (b"", bestand(), GOED.decode().encode("utf-16"), b"\x81"):
        path.write_bytes(data)
        assert rijen.lees(str(path)).height == 0
