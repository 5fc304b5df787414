# SPDX-License-Identifier: EUPL-1.2
"""The four reports: reproducible, accessible, literal, and saying no more than they know."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import outloud
import pdfua
import pikepdf
import pymupdf
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from rapportinvoer import (
    LAATSTE_DAG,
    MOMENT,
    afzender,
    besluit,
    bevindingen,
    controle,
    csv_van,
    getallen,
    op_orde,
    overzicht,
    terugkoppeling,
    vol,
)

from gateway import zetwerk
from gateway.cbs import rapport, rapport_besluit
from gateway.cbs import rapportmodel as r
from gateway.cbs.model import Bevinding, Ernst

AFGEKEURD = (3, 8)
ZIP = controle(
    naam="WMO_bundel.zip",
    leden=tuple(
        controle(bevindingen(9 * (i in AFGEKEURD)), f"WMO_H22025_gemeente_{i:02d}.csv")
        for i in range(25)
    ),
)
GEVALLEN: dict[str, tuple[Callable[[Any], bytes], Any]] = {
    "afgekeurd": (rapport.technische_terugkoppeling, terugkoppeling(bevindingen(700))),
    "goedgekeurd": (rapport.technische_terugkoppeling, terugkoppeling()),
    "zip": (rapport.technische_terugkoppeling, replace(terugkoppeling(), controle=ZIP)),
    "op-orde": (rapport.op_orde, vol()),
    "op-orde, alleen": (rapport.op_orde, op_orde()),
    "op-orde, leeg": (rapport.op_orde, op_orde(getallen(0, {}))),
    "bevestiging": (rapport.bevestiging, besluit(toelichting="Onvolledig.")),
    "geen gevolg": (rapport.bevestiging, besluit(besluit="opt-in", reden="Niet nodig.")),
    "overzicht": (rapport.overzicht, overzicht()),
    "overzicht, leeg": (rapport.overzicht, r.Overzicht(MOMENT, "0363", None)),
}
ELK = pytest.mark.parametrize("geval", GEVALLEN)


def maak(geval: str) -> bytes:
    functie, invoer = GEVALLEN[geval]
    return functie(invoer)


def bladzijden(pdf: bytes) -> list[str]:
    with pymupdf.open("pdf", pdf) as document:
        return [page.get_text() for page in document]


def tekst(pdf: bytes) -> str:
    """All text, each run of white space one space."""
    return " ".join(" ".join(bladzijden(pdf)).split())


def dicht(text: str) -> str:
    """Without white space, where lines may have been broken anywhere."""
    return re.sub(r"\s", "", text)


def bijlagen(pdf: bytes) -> dict[str, bytes]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return {name: one.get_file().read_bytes() for name, one in document.attachments.items()}


# --- the form -------------------------------------------------------------------------------------


@ELK
def test_the_same_input_gives_the_same_bytes(geval: str) -> None:
    """An answer that is made again after a crash is the same answer."""
    assert maak(geval) == maak(geval)


@ELK
def test_the_moment_is_in_the_bytes(geval: str) -> None:
    """The PDF's date is that of the input, and so is the one on the page."""
    functie, invoer = GEVALLEN[geval]
    later = functie(replace(invoer, moment=MOMENT + timedelta(days=1)))
    assert "4 februari 2026, 09.12 uur" in tekst(maak(geval))
    assert "5 februari 2026, 09.12 uur" in tekst(later)


@ELK
def test_nothing_keeps_a_reader_out(geval: str, tmp_path: Path) -> None:
    """No finding of either checker: structure, headers, alternative texts, reading order."""
    path = tmp_path / "rapport.pdf"
    path.write_bytes(maak(geval))
    by_ear = outloud.check(str(path))
    assert by_ear.error is None
    assert [(one.rule, one.message) for one in by_ear.findings] == []
    assert [one.message for one in pdfua.validate(str(path)).findings] == []


@ELK
def test_it_says_what_it_is(geval: str) -> None:
    """PDF/A-3a, PDF/UA-1, in Dutch, with a title."""
    with pikepdf.open(io.BytesIO(maak(geval))) as document:
        meta = document.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
        assert meta["pdfuaid:part"] == "1"
        assert str(document.Root.Lang).lower().startswith("nl")
        assert meta["dc:title"]


@ELK
def test_every_page_says_that_it_is_a_simulation(geval: str) -> None:
    """Nobody takes one for a report of CBS, whichever page is left lying on a table."""
    pages = bladzijden(maak(geval))
    for i, page in enumerate(pages, 1):
        assert "Simulatie – synthetische gegevens, niet van CBS" in page
        assert f"Pagina {i}/{len(pages)}" in page


@ELK
def test_only_our_own_typeface_is_used(geval: str) -> None:
    """It looks the same on a machine without fonts."""
    with pymupdf.open("pdf", maak(geval)) as document:
        used = {font[3].partition("+")[2] for page in document for font in page.get_fonts()}
    assert used
    assert all(font.startswith("SourceSans3") for font in used)


def test_the_list_of_what_can_be_drawn_is_that_of_the_typeface() -> None:
    """The two travel together."""
    path = zetwerk._MAP.joinpath("lettertype/SourceSans3-Variable.ttf")
    with TTFont(str(path)) as font:
        assert set(font.getBestCmap()) == zetwerk._dekking()


# --- text from outside ----------------------------------------------------------------------------

VIJANDIG = (
    '#let x = $y$ *vet* _schuin_ "aan" \'s \\n <tag> @ref // /* */ `raw` ~ -- [a](b) 😀\u202ecsv'
)


def overal(kwaad: str) -> list[bytes]:
    """One text in every place where one from outside can stand."""
    found = Bevinding(None, None, Ernst.FOUT, "onbekende-code", kwaad)
    voor = afzender(kwaad, kwaad)
    opmerking = (r.Opmerking(kwaad, kwaad),)
    klein = replace(
        terugkoppeling(), afzender=voor, controle=controle((found,), kwaad), opmerkingen=opmerking,
        bijlagen=(r.Bijlage(kwaad, b"x", kwaad),),
    )  # fmt: skip
    bundel = replace(klein, controle=controle(leden=(controle((found,), kwaad),)), bijlagen=())
    lijst = r.Overzicht(
        MOMENT, "0363", kwaad, (r.Stand("H22025", "wmo", kwaad),),
        (r.Aanlevering(MOMENT, kwaad, "wmo", kwaad, True, status=kwaad),),
        (r.Genomen(MOMENT, "H22025", "opt-in", "geheel", False, kwaad),),
    )  # fmt: skip
    return [
        rapport.technische_terugkoppeling(klein),
        rapport.technische_terugkoppeling(bundel),
        rapport.op_orde(replace(op_orde(), afzender=voor, opmerkingen=opmerking)),
        rapport.bevestiging(besluit(naam=kwaad, toelichting=kwaad, vervangt=kwaad, namens=kwaad)),
        rapport.bevestiging(besluit(reden=kwaad, opmerkingen=opmerking)),
        rapport.overzicht(lijst),
    ]


@pytest.mark.parametrize("kwaad", [VIJANDIG, "x" * 255, "WMO_" * 60, " ", "", "ﬁ ŵ Ω ж ½ €"])
def test_text_from_outside_comes_out_as_it_is(kwaad: str) -> None:
    """Markup, quotes, long names: literal, and nothing breaks."""
    wanted = dicht(zetwerk.toonbare_tekst(kwaad))
    for pdf in overal(kwaad):
        assert wanted in dicht(tekst(pdf))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_a_name(kwaad: str) -> None:
    """Whatever bytes a municipality calls its file: a report."""
    wanted = dicht(zetwerk.toonbare_tekst(kwaad))
    pdf = rapport.technische_terugkoppeling(replace(terugkoppeling(), afzender=afzender(kwaad)))
    assert wanted in dicht(tekst(pdf))


def test_what_cannot_be_drawn_is_spelled_out() -> None:
    """An emoji, what turns a line around, half a character, a hyphen that nobody sees."""
    assert zetwerk.toonbare_tekst("a😀\u202e\udc80") == "a⟨U+1F600⟩⟨U+202E⟩⟨U+DC80⟩"
    assert zetwerk.toonbare_tekst("Sudwest-Frysla\u0302n") == "Sudwest-Fryslân"
    assert zetwerk.toonbare_tekst("csv\u00ad") == "csv⟨U+00AD⟩"


def test_a_long_name_stays_on_the_page() -> None:
    """It breaks, however long it is and however narrow the column."""
    for pdf in overal("x" * 255):
        with pymupdf.open("pdf", pdf) as document:
            for page in document:
                assert all(word[2] <= page.rect.width - 50 for word in page.get_text("words"))


# --- the technical feedback -----------------------------------------------------------------------


def test_the_full_list_is_inside() -> None:
    """What is taken out of the PDF is the CSV that went in."""
    found = bevindingen(700)
    pdf = rapport.technische_terugkoppeling(terugkoppeling(found))
    assert bijlagen(pdf) == {"01-bevindingen.csv": csv_van(found)}


def test_lists_of_the_same_name_do_not_meet() -> None:
    """Two members of a ZIP may be called the same, or nothing that is a name."""
    twee = (r.Bijlage("a/../b.csv", b"1"), r.Bijlage("a/../b.csv", b"2"), r.Bijlage("😀", b"3"))
    found = bijlagen(rapport.technische_terugkoppeling(terugkoppeling(bijlagen=twee)))
    assert found == {"01-a-b.csv": b"1", "02-a-b.csv": b"2", "03-bevindingen.csv": b"3"}


def test_at_most_fifty_findings_and_each_kind_among_them() -> None:
    """A thousand of one kind do not hide the one of another."""
    veel = tuple(
        Bevinding(i, 7, Ernst.SIGNAAL, "leveringsvorm-leeg", "Leeg.") for i in range(2, 902)
    )
    een = Bevinding(905, 3, Ernst.FOUT, "elfproef", "BSN: voldoet niet aan de elfproef.")
    said = tekst(rapport.technische_terugkoppeling(terugkoppeling((*veel, een))))
    assert "Hier staan 50 van de 901 bevindingen" in said
    assert "905 3 BSN Voldoet niet aan de elfproef." in said
    assert said.count("Leeg.") == 49


@pytest.mark.parametrize("stap", [1, 2, 3])
def test_the_verdict_names_its_step(stap: int) -> None:
    """In which of the three it failed, and that the next were not done."""
    found = replace(terugkoppeling(), controle=controle(bevindingen(1), stap=stap))
    said = tekst(rapport.technische_terugkoppeling(found))
    assert f"Afgekeurd In stap {stap} van 3" in said
    assert said.count("✓ in orde") == stap - 1
    assert said.count("– niet uitgevoerd") == 3 - stap
    assert ("nog niet uitgevoerd" in said) == (stap < 3)


@pytest.mark.parametrize(
    ("keer", "zegt"),
    [
        (1, "nog 20 keer"),
        (21, "kan niet meer"),
        (22, "al 21 keer"),
        (None, "Lever het hele bestand"),
    ],
)
def test_it_says_how_often_one_can_deliver_again(keer: int | None, zegt: str) -> None:
    """The first and twenty more (aanleverprotocol 2.5, step 3a)."""
    said = tekst(rapport.technische_terugkoppeling(terugkoppeling(bevindingen(3), keer=keer)))
    assert said.count(zegt) == 1
    assert ("opnieuw aan, uiterlijk vrijdag 20 februari 2026" in said) == (keer in (1, None))


def test_how_often_goes_by_what_is_configured() -> None:
    """Not by the protocol's number where the configuration has another."""
    found = replace(terugkoppeling(bevindingen(3), keer=2), ten_hoogste=4)
    assert "aanlevering 2 van ten hoogste 4 over" in tekst(rapport.technische_terugkoppeling(found))


def test_the_first_of_each_signal_is_shown_among_many_faults() -> None:
    """A rejected file with one signal at its end: it is on paper too."""
    veel = tuple(Bevinding(i, 3, Ernst.FOUT, "elfproef", "Fout.") for i in range(2, 902))
    een = Bevinding(905, 7, Ernst.SIGNAAL, "leveringsvorm-leeg", "Zo leeg.")
    assert "Zo leeg." in tekst(rapport.technische_terugkoppeling(terugkoppeling((*veel, een))))


def test_after_the_window_nobody_is_sent_to_it() -> None:
    """Rejected when it is over: the report says so, and not to deliver by a day that is past."""
    said = tekst(
        rapport.technische_terugkoppeling(
            terugkoppeling(bevindingen(3), laatste_dag=date(2026, 1, 20))
        )
    )
    assert "eindigde op dinsdag 20 januari 2026" in said
    assert "uiterlijk" not in said
    assert "u kunt nog" not in said


def test_an_unknown_last_day_is_not_made_up() -> None:
    """Where the window is not known, the report says that."""
    said = tekst(
        rapport.technische_terugkoppeling(terugkoppeling(bevindingen(3), laatste_dag=None))
    )
    assert "De laatste dag van de aanleverperiode is niet beschikbaar" in said


def test_approved_says_what_follows_and_by_when() -> None:
    """The op-orde report, by its last day."""
    found = terugkoppeling(op_orde_voor=date(2026, 2, 6))
    said = tekst(rapport.technische_terugkoppeling(found))
    assert "Goedgekeurd" in said
    assert "op-orde rapport volgt uiterlijk vrijdag 6 februari 2026" in said


def test_what_does_not_count_is_not_called_approved() -> None:
    """A file that is in order but too many: no green panel, no report that follows."""
    found = terugkoppeling(niet_behandeld="Er is al 21 keer aangeleverd.", keer=22)
    said = tekst(rapport.technische_terugkoppeling(found))
    assert "Niet in behandeling Er is al 21 keer aangeleverd." in said
    assert "Er volgt geen op-orde rapport" in said


def test_a_list_that_was_cut_is_not_called_whole() -> None:
    """The reader knows that there are more."""
    some = r.Bijlage("bevindingen.csv", b"x", volledig=False)
    said = tekst(
        rapport.technische_terugkoppeling(terugkoppeling(bevindingen(3), bijlagen=(some,)))
    )
    assert "De eerste bevindingen zitten" in said
    assert "allemaal" not in said


def test_each_member_of_a_zip_has_its_verdict() -> None:
    """All twenty-five, and how many failed."""
    said = tekst(maak("zip"))
    assert "2 van de 25 bestanden in het ZIP-bestand zijn afgekeurd." in said
    for i in range(25):
        verdict = "✗ Afgekeurd, stap 3" if i in AFGEKEURD else "✓ Goedgekeurd"
        assert f"WMO_H22025_gemeente_{i:02d}.csv {verdict}" in said


@pytest.mark.parametrize("soort", ["sbo", "jeugd"])
def test_other_kinds_say_how_far_they_were_checked(soort: str) -> None:
    """Name and form, no fields."""
    said = tekst(rapport.technische_terugkoppeling(replace(terugkoppeling(), soort=soort)))
    assert "Van SBO- en JEUGD-bestanden worden de naam en de vorm beoordeeld" in said


# --- the op-orde report ---------------------------------------------------------------------------


def test_nothing_is_made_up() -> None:
    """What is not there is called so: CAK, inhabitants, earlier half-years, others."""
    said = tekst(rapport.op_orde(op_orde()))
    for wat in (
        "CAK-cijfers",
        "Cijfers per inwoner",
        "Eerdere halfjaren",
        "Vergelijkbare gemeenten",
    ):
        assert re.search(f"{wat} niet beschikbaar", said)
    assert "elders" not in said
    assert "Ontwikkeling" not in said


def test_with_everything_there_only_two_things_are_missing() -> None:
    """CAK's figures and inhabitants never come into the simulation."""
    said = tekst(rapport.op_orde(vol()))
    assert said.count("niet beschikbaar") == 2
    assert "gemiddelde van 5 vergelijkbare gemeenten" in said
    assert "H22024" in said


def test_a_small_cell_of_others_is_an_x() -> None:
    """Beside the own number, which is the municipality's own."""
    typen = {"0001": 300, "0002": 120, "0003": 40, "0004": 50, "0006": 60}
    anderen = {f"{i:04d}": getallen(400, {**typen, "0003": 4}) for i in range(1, 5)}
    said = tekst(rapport.op_orde(op_orde(getallen(400, typen), anderen=anderen)))
    assert "0003 Persoonlijke verzorging 40 10 % 40 x x" in said
    # And the smallest beside it, or subtracting would give the four back.
    assert "0004 Kortdurend verblijf 50 13 % 50 x x" in said
    assert "0002 Begeleiding 120 30 % 120 120 30 %" in said
    assert "x = niet getoond." in said


def test_the_municipality_is_not_among_the_others() -> None:
    """Even when it is handed in among them."""
    eigen = getallen(400)
    anderen = {code: getallen(400) for code in ("0363", "0034", "0344")}
    said = tekst(rapport.op_orde(op_orde(eigen, anderen=anderen)))
    assert "Er zijn minder dan drie andere gemeenten" in said


def test_no_code_of_another_is_on_the_page() -> None:
    """A group has a size and no names."""
    anderen = {code: getallen(400) for code in ("8881", "8882", "8883", "8884")}
    assert "888" not in tekst(rapport.op_orde(op_orde(anderen=anderen)))


def test_records_of_nobody_known_stand_apart() -> None:
    """And are said to be no client."""
    said = tekst(rapport.op_orde(op_orde(getallen(400, {"0001": 400}, zonder_bsn=17))))
    assert "17 zonder bekend BSN records, niet als cliënt geteld" in said


def test_it_says_until_when_one_can_withdraw() -> None:
    """And that silence is consent (aanleverprotocol 2.5, step 4)."""
    said = tekst(rapport.op_orde(vol()))
    assert "van maandag 23 februari 2026 tot en met vrijdag 6 maart 2026" in said
    assert "Zonder intrekking geeft u toestemming voor publicatie." in said


def test_spiegelrapport_2_asks_for_an_opt_in() -> None:
    """Silence is no consent there (PSA 5)."""
    said = tekst(rapport.op_orde(op_orde(deel=2, opt_in_tot=LAATSTE_DAG)))
    assert "Spiegelrapport II" in said
    assert "uiterlijk vrijdag 20 februari 2026. Zonder opt-in wordt er niets gepubliceerd." in said


# --- decisions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wat", "omvang", "zegt"),
    [
        ("opt-in", "geheel", "mogen worden gepubliceerd"),
        ("opt-out", "geheel", "worden niet gepubliceerd"),
        ("intrekking", "geheel", "voor de basisset en voor de facultatieve set"),
        ("intrekking", "facultatief", "De basisset blijft staan"),
        ("accordering", "geheel", "geaccordeerd"),
    ],
)
def test_a_decision_says_what_it_brings_about(wat: str, omvang: str, zegt: str) -> None:
    """In effect: its consequence. Without effect: the reason, and that nothing changes."""
    said = tekst(rapport.bevestiging(besluit(besluit=wat, omvang=omvang)))
    assert "Verwerkt" in said
    assert zegt in said
    not_ = tekst(rapport.bevestiging(besluit(besluit=wat, omvang=omvang, reden="Te laat.")))
    assert "Niet verwerkt Te laat." in not_
    assert "Er verandert niets" in not_
    assert zegt not in not_


def test_a_mandate_is_said_of_a_decision_that_was_taken_alone() -> None:
    """Of one that was refused the reason says why."""

    def door(**more: object) -> object:
        found = rapport_besluit.bevestiging(besluit(namens="Amersfoort (0307)", **more))
        return dict(found["kop"]["feiten"])["Ingediend door"]

    assert door() == "Amersfoort (0307), met mandaat"
    assert door(reden="Het CBS heeft geen grondslag.") == "Amersfoort (0307)"
