# SPDX-License-Identifier: EUPL-1.2
"""The configuration: what is shipped, and what is said about every fault."""

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gateway import config_doc, config_problems
from gateway.config import Config, parse
from gateway.config_problems import CODE, GEBRUIKERSNAAM, UITGEVER
from gateway.errors import ConfigError
from gateway.partijen import dichtstbij, gemeenten, opmerkingen
from gateway.periods import Stand, beoordeel
from gateway.setup import shipped_config

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "config.yaml").read_text("utf-8")
CONFIG = parse(SHIPPED)

KLEIN = """\
versie: 1
naam: knooppunt.example
partijen:
  "0363": {}
ontvangers:
  cbs: {naam: CBS, organisatie: CBS}
uitwisselingen:
  wmo:
    naam: Wmo
    rinis_code: GMSDWMO
    richting: heen
    ontvanger: cbs
    patronen: ["WMO_*"]
  terug:
    naam: Terug
    rinis_code: GMSDTTK
    richting: retour
    afzender: cbs
    patronen: ["T_{gemeentecode}.{ext}"]
    antwoord_op: [wmo]
vensters:
  H22025:
    - {cyclus: nu, van: 2026-01-26, tot: 2026-02-20}
technisch: {batch: 8}
"""


def problems(text):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return list(caught.value.problems)


# --- what is shipped ------------------------------------------------------------------------------


def test_shipped_exchanges_are_those_of_the_contract():
    """Ids, RINIS codes and directions of GMSD are as contracts.md lists them."""
    gmsd = [one for one in CONFIG.uitwisselingen.values() if one.naam.startswith("GMSD")]
    assert {one.id: (one.rinis_code, one.richting) for one in gmsd} == {
        "wmo": ("GMSDWMO", "heen"),
        "sbo": ("GMSDSBO", "heen"),
        "jeugd": ("GMSDJGD", "heen"),
        "besluit": ("GMSDBSL", "heen"),
        "technische-terugkoppeling": ("GMSDTTK", "retour"),
        "op-orde": ("GMSDSP1", "retour"),
        "spiegelrapport-2": ("GMSDSP2", "retour"),
        "opt-in-verzoek": ("GMSDOIV", "retour"),
        # the simulated CBS's own (docs/cbs.md): what one name could not tell apart
        "technische-terugkoppeling-sbo": ("GMSDTTS", "retour"),
        "technische-terugkoppeling-jeugd": ("GMSDTTJ", "retour"),
        "op-orde-zip": ("GMSDSPZ", "retour"),
        "bevestiging": ("GMSDBVS", "retour"),
        "overzicht": ("GMSDOVZ", "retour"),
        "ontvangstbewijs": ("GMSDOVB", "retour"),
        "ontvangstbewijs-sbo": ("GMSDOVS", "retour"),
        "ontvangstbewijs-jeugd": ("GMSDOVJ", "retour"),
        "ontvangstbewijs-besluit": ("GMSDOVD", "retour"),
    }
    assert CONFIG.uitwisselingen["besluit"].schema_ == "publicatiebesluit.xsd"
    assert {one.tegenpartij for one in gmsd} == {"cbs"}
    for one in CONFIG.uitwisselingen.values():
        assert CONFIG.op_functie(one.rinis_code) is CONFIG.op_rinis_code(one.rinis_code) is one
    assert CONFIG.op_functie("GMSDWMO2") is None


def test_what_the_list_says_otherwise_is_a_note():
    """A code merged away, one that is not yet, a name of one's own: each a note, no fault."""
    named = {"0363": "Amsterdam", "0003": "Appingedam", "1979": "Eemsdelta", "0034": "Almere Stad"}
    assert opmerkingen(named, date(2026, 11, 22)) == [
        "0003 Appingedam is no municipality since 2021-01-01; it went on as 1979 Eemsdelta",
        "0034 is called 'Almere' by CBS, and 'Almere Stad' here",
    ]
    assert opmerkingen({"0003": "Appingedam", "1979": ""}, date(2020, 12, 31)) == [
        "1979 Eemsdelta is a municipality only from 2021-01-01"
    ]


def test_shipped_parties():
    """The three municipalities of `init`, with the names of the CBS list."""
    assert {code: one.naam for code, one in CONFIG.partijen.items()} == {
        "0363": "Amsterdam", "0034": "Almere", "1701": "Westerveld",
    }  # fmt: skip
    assert CONFIG.partij("0363").code == "0363"
    assert CONFIG.partij("0344") is None


@pytest.mark.parametrize(
    ("name", "uitwisseling"),
    [
        ("WMO_H22025_gemeenteWesterveld.CSV", "wmo"),
        ("wmo_h12015.txt", "wmo"),
        ("WMO_H22025_0034.csv", "wmo"),
        ("WMO_alles.zip", "wmo"),
        ("WMO_0034_2017_20180710_01.csv", "vektis"),
        ("wmo_0034_2017_20180710_01.CSV", "vektis"),
        ("SBO_H22025.csv", "sbo"),
        ("JEUGD_H22025.csv", "jeugd"),
        ("besluit_H22025.xml", "besluit"),
        ("OPTIN_H12016.XML", "besluit"),
        ("OPTOUT_H12016.xml", "besluit"),
        ("INTREKKING_H22025.xml", "besluit"),
        ("ACCORDERING_H12016.xml", "besluit"),
        ("BESLUIT_H22025.pdf", None),
        ("WMO.csv", None),
        ("mijn WMO_H22025.csv", None),
        ("TECHNISCH_H22025_0363_0002.pdf", None),
        ("", None),
    ],
)
def test_routing_by_name(name, uitwisseling):
    """The chain routes on a loose prefix, and Vektis's names to Vektis (domain 4)."""
    found = CONFIG.uitwisseling_voor(name)
    assert (found and found.id) == uitwisseling


def test_way_back():
    """A report's name says to whom and about which delivery; another name is not read."""
    one, fields = CONFIG.retour("GMSDSP1", "oporde_H22025_0363_0002.PDF")
    assert one.id == "op-orde"
    assert fields == {
        "uitvraag": "H22025", "gemeentecode": "0363", "volgnummer": "0002", "ext": "PDF",
    }  # fmt: skip
    assert CONFIG.retour("GMSDSP1", "SPIEGEL2_H22025_0363.pdf") is None
    assert CONFIG.retour("GMSDWMO", "WMO_H22025.csv") is None


@pytest.mark.parametrize(
    ("uitwisseling", "uitvraag", "day", "stand"),
    [
        ("wmo", "H22025", date(2026, 2, 2), Stand.OPEN),
        ("wmo", "H12025", date(2026, 2, 20), Stand.OPEN),
        ("wmo", "H22025", date(2026, 2, 21), Stand.TE_LAAT),
        ("besluit", "H22025", date(2026, 2, 22), Stand.TE_VROEG),
        ("besluit", "H22025", date(2026, 3, 6), Stand.OPEN),
        ("besluit", "H12016", date(2016, 12, 2), Stand.OPEN),
        ("jeugd", "H12016", date(2016, 10, 24), Stand.OPEN),
        ("jeugd", "H22015", date(2016, 8, 15), Stand.OPEN),
        ("wmo", "H12026", date(2026, 7, 31), Stand.TE_VROEG),
        ("wmo", "H12027", date(2027, 7, 31), Stand.GEEN_VENSTER),
    ],
)
def test_shipped_windows(uitwisseling, uitvraag, day, stand):
    """The windows are those of domain 3; a decision has windows of its own."""
    rows = CONFIG.vensters_voor(CONFIG.uitwisselingen[uitwisseling])
    assert beoordeel(rows, uitvraag, day).stand is stand


def test_routing_is_quick():
    """Finding the exchange of a name takes microseconds: it is on the hot path."""
    start = time.perf_counter()
    for _ in range(2000):
        CONFIG.uitwisseling_voor("WMO_H22025_gemeenteWesterveld.CSV")
    assert (time.perf_counter() - start) / 2000 < 50e-6  # 1.4 us measured; CI machines vary


def test_configuration_cannot_be_changed():
    """What was read stays as it was read."""
    with pytest.raises(ValueError, match="frozen"):
        CONFIG.naam = "x"


def test_defaults_are_those_shipped():
    """What may be left out has the value that the shipped file names."""
    small = parse(KLEIN.replace("technisch: {batch: 8}\n", ""))
    assert small.technisch == CONFIG.technisch
    assert small.applicatie == CONFIG.applicatie
    assert small.partij("0363").naam == "Amsterdam"
    assert small.uitwisselingen["wmo"].naamsjabloon == CONFIG.uitwisselingen["wmo"].naamsjabloon


# --- the list of municipalities -------------------------------------------------------------------


def test_municipalities_by_year():
    """The list has the counts of its provenance on each 1 January (gateway/data/README.md)."""
    counts = [393, 390, 388, 380, 355, 355, 352, 345, 342, 342, 342, 342]
    for year, count in zip(range(2015, 2027), counts, strict=True):
        assert sum(one.geldig_op(date(year, 1, 1)) for one in gemeenten().values()) == count


def test_municipalities_end_within_a_year():
    """Validity is by date: Weesp ended on 24 March 2022."""
    weesp = gemeenten()["0457"]
    assert weesp.geldig_op(date(2022, 3, 23))
    assert not weesp.geldig_op(date(2022, 3, 24))
    assert weesp.opvolgers == ("0363",)


def test_nearest_municipality():
    """A slip in a code or a name finds what was meant."""
    assert dichtstbij("0364").code == "0363"
    assert dichtstbij("363").code == "0363"
    assert dichtstbij("amsterdm").code == "0363"
    assert dichtstbij("qqqqqq") is None


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"0363"', "0363", '4:3: 0363 is not read as text here; put quotes around it: "0363"'),
        ('"0363": {}', '"0364": {}', "4:3: 0364 is no gemeentecode of 2015 or later; did you mean"
         ' "0363" (Amsterdam)?'),
        ('"0363": {}', '"0104": {naam: Almre}', "4:3: 0104 is no gemeentecode of 2015 or later; did"
         ' you mean "0034" (Almere)?'),
        ('"0363": {}', '"0363": {}\n  "0363": {}', "5:3: `0363` stands here twice (first on line"
         " 4); keep one"),
        ('{}', "{standaardgebruiker: 007}", "4:32: `standaardgebruiker` is not read as text here;"
         " put quotes around it"),
        ("{}", "{soort: gemente}", "4:19: `soort` is gemente; write `gemeente`, `provincie` or"
         " `waterschap`"),
        ("{}", "{soort: waterschap}", "4:3: a waterschap needs a name; add `naam: ...`"),
        ("{}", '{code: "0363"}', "4:12: unknown field `code`; what stands in front of the colon"
         " above says it already"),
        ("versie: 1", "versie:", "1:1: `versie` is empty; write 1"),
        ("versie: 1", "versie: 2", "1:9: `versie` is 2; write 1"),
        ("naam: knooppunt.example", "naam: Mijn Knooppunt", "2:7: Mijn Knooppunt does not fit;"
         " write it as a domain name, for example knooppunt.example"),
        ('    patronen: ["WMO_*"]', '    patroon: ["WMO_*"]', "13:5: unknown field `patroon`; did"
         " you mean `patronen`?"),
        ('["WMO_*"]', "WMO_*", "13:15: `patronen`: a list is expected here; write a list, for"
         " example: [first, second]"),
        ('["WMO_*"]', "[]", "13:15: `patronen`: empty; at least 1 must stand here"),
        ('["WMO_*"]', '["WMO_*", "WMO_{uitvrag}"]', "13:30: unknown {uitvrag}; use"),
        ('["WMO_*"]', "[WMO_*, 'W]']", "13:25: `]` without `[`; remove it"),
        ('["WMO_*"]', '["WMO_*"]\n    naamsjabloon: "{stam}_{gemeentecode}{ext}"', "14:46:"
         " {volgnummer} is missing; write {stam}_{gemeentecode}_{volgnummer:04d}{ext}"),
        ('["WMO_*"]', '["WMO_*"]\n    max_bytes: "12"', "14:16: `max_bytes` must be a whole number;"
         " remove the quotes"),
        ('["WMO_*"]', '["WMO_*"]\n    groot: verwijzen\n    schema: publicatiebesluit.xsd',
         "14:12: a file by reference is not read, and a schema or a decision must be; write"),
        ('["WMO_*"]', '["WMO_*"]\n    groot: verwijzen\n    stap: besluit',
         "14:12: a file by reference is not read, and a schema or a decision must be; write"),
        ('["WMO_*"]', '["WMO_*"]\n    schema: ../x.xsd', "14:13: ../x.xsd does not fit; write the"
         " name of a file in schemas/, for example publicatiebesluit.xsd"),
        ("    ontvanger: cbs\n", "", "8:3: richting heen needs `ontvanger`; add for example"
         " `ontvanger: cbs`"),
        ("ontvanger: cbs", "ontvanger: cbz", "12:16: `cbz` does not stand under `ontvangers`; did"
         " you mean `cbs`?"),
        ("afzender: cbs", "ontvanger: cbs", "18:16: richting retour has no `ontvanger`; write"
         " `afzender`"),
        ("GMSDTTK", "GMSDWMO", "16:17: GMSDWMO is the code of `wmo` already; each exchange has its"
         " own"),
        ("GMSDTTK", "GMSD TTK", "16:17: GMSD TTK does not fit; write 2 to 30 capitals and digits,"
         " for example GMSDWMO"),
        ("T_{gemeentecode}", "T_*", "19:16: without {gemeentecode} nobody knows who it is for; add"
         " it to the pattern"),
        ("[wmo]", "[wmoo]", "20:19: `wmoo` is no exchange of richting heen; did you mean `wmo`?"),
        ("[wmo]", "[terug]", "20:19: `terug` is no exchange of richting heen; known here: wmo"),
        ("H22025", "H32025", "22:3: H32025 does not fit; write H1 or H2 and the year, for example"
         " H22025"),
        ("tot: 2026-02-20", "tot: 2026-01-20", "23:42: `tot` (2026-01-20) lies before `van`"
         " (2026-01-26); both days are in the window: put the later day last"),
        ("2026-02-20", "2026-02-30", "23:42: 2026-02-30 is no date; write year, month and day:"
         " 2026-02-20"),
        ("{batch: 8}", "{batch: 0}", "24:20: `batch`: too small; write at least 1"),
        ("{batch: 8}", "{batch: veel}", "24:20: `batch` must be a whole number; write digits only"),
        ("{batch: 8}", "{batch: true}", "24:20: `batch` must be a whole number; write digits only"),
        ("{batch: 8}", "", "24:1: `technisch`: nothing or something else stands here; write its"
         " fields below it, indented: `name: value`"),
        ("  cbs: {", "  ggk: {naam: x, organisatie: X}\n  cbs: {", "6:3: `ggk` is a folder of the"
         " chain itself; choose another id"),
        ("  wmo:\n", "  WMO:\n", "8:3: WMO does not fit; write small letters"),
        ("naam: Wmo", 'naam: "W\\u001bmo"', "9:11: a line end or an invisible character; write"
         " plain text"),
        ("naam: Wmo", "naam: !x Wmo", "9:11: the tag !x is not used here; remove it"),
    ],
)  # fmt: skip
def test_each_fault_has_its_place_and_its_fix(old, new, problem):
    """A fault is named at its line and column, and the sentence ends in what to do."""
    text = KLEIN.replace(old, new, 1)
    assert text != KLEIN
    found = problems(text)
    assert any(one.startswith(f"config.yaml:{problem}") for one in found), found


def test_all_faults_are_named_at_once():
    """Faults in several sections, of several kinds, come together, in the order of the file."""
    text = (
        KLEIN.replace('"0363": {}', '0363: {}\n  "0034": {}\n  "0034": {}')
        .replace("naam: Wmo", "namm: Wmo")
        .replace("GMSDTTK", "GMSDWMO")
        .replace("2026-02-20", "2026-01-20")
        .replace("{batch: 8}", "{batch: 0, btach: 1}")
    )
    places = [one.split(" ")[0] for one in problems(text)]
    assert places == [
        f"config.yaml:{place}:"
        for place in ("4:3", "6:3", "10:3", "11:5", "18:17", "25:42", "26:20", "26:23")
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty; `knooppunt init` writes one"),
        ("# x\n", "1:1: the file is empty"),
        (
            "a:\n\tb: 1",
            "2:1: found character '\\t' that cannot start any token; indent with spaces",
        ),
        ("a: *x", "1:4: found undefined alias 'x'; put quotes around a pattern"),
        ("a: {b", "1:6: expected ',' or '}'"),
        ("a: 1\n---\nb: 1", "2:1: but found another document; remove the line ---"),
        ("a: \x01", "1:4: a character that no text holds; remove it"),
        ("[" * 1000, "1:1: this is not YAML"),
        ("a: &a [*a]", "1:4: an alias (*) that has no end"),
        ("- a", "1:1: `the file`: nothing or something else stands here"),
        ("x" * 1_000_001, "1:1: too large for a configuration"),
        ("? {a: 1}\n: b", "1:3: a key must be one word"),
    ],
)
def test_what_is_no_configuration_at_all(text, problem):
    """Text that is not YAML, or something else, is named as such, with its place."""
    assert any(one.startswith(f"config.yaml:{problem}") for one in problems(text)), problems(text)


def test_a_few_lines_cannot_fill_the_memory():
    """Aliases upon aliases are refused, in no time."""
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)
    )
    start = time.perf_counter()
    assert any("alias" in one for one in problems(text))
    assert time.perf_counter() - start < 20


def test_aliases_that_end_are_welcome():
    """A shared list may be written once."""
    text = KLEIN.replace('["WMO_*"]', '&p ["WMO_*"]\n    behalve: *p')
    assert parse(text).uitwisselingen["wmo"].behalve == ("WMO_*",)


def test_the_error_names_the_file_and_what_to_do():
    """The error's own sentence counts the faults; the hint is a command."""
    with pytest.raises(ConfigError, match=r"mijn\.yaml cannot be used: one fault") as caught:
        parse(KLEIN.replace("batch: 8", "batch: 0"), "mijn.yaml")
    assert caught.value.problems[0].startswith("mijn.yaml:24:20:")
    assert "config check" in caught.value.hint


@given(st.integers(0, len(KLEIN) - 1), st.sampled_from("\"'{}[]:*&!#-\n\t \\é\x1b0x,|>?@`%"))
def test_no_slip_of_the_pen_gives_a_traceback(at, char):
    """Whatever one character becomes, the text is read or every problem has its place."""
    for text in (KLEIN[:at] + char + KLEIN[at + 1 :], KLEIN[:at] + char + KLEIN[at:], KLEIN[:at]):
        try:
            parse(text)
        except ConfigError as error:
            assert error.problems
            for one in error.problems:
                place = one.split(":", 3)
                assert place[0] == "config.yaml" and int(place[1]) > 0 and int(place[2]) > 0
                assert len(one.splitlines()) == 1


def _medewerkers(what):
    return KLEIN.replace('"0363": {}', f'"0363": {{medewerkers: {what}}}')


def _partij(what):
    return KLEIN.replace('"0363": {}', f'"0363": {{{what}}}')


def _niveaus(what):
    return f"{KLEIN}\neherkenning: {{niveaus: {what}}}\n"


def _sleutels(what):
    return f"{KLEIN}\nsleutels: {{{what}}}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (_niveaus("{0363/a.b: loa2, j.jansen: loa2}"), "item 2 of `niveaus` does not fit; write"),
        (_niveaus("{0363/j.jansen: hoog}"), "item 1 of `niveaus` is something else; write `loa1`"),
        (_niveaus("{loa2: 0363/j.jansen}"), "item 1 of `niveaus` is something else; write `loa1`"),
        (_niveaus("{0363/j.jansen: }"), "item 1 of `niveaus` is empty; write `loa1`"),
        (_niveaus("{0363/j.jansen: {niveau: loa2}}"), "item 1 of `niveaus` is empty; write"),
        (_niveaus("{0363/j.jansen: loa2, 0363/j.jansen: loa3}"), "this stands here twice (first"),
        (_niveaus("{20260101: loa2}"), "this is not read as text here; put quotes around it"),
        (_niveaus("[0363/j.jansen]"), "`niveaus`: nothing or something else stands here"),
        (_niveaus("0363/j.jansen"), "`niveaus`: nothing or something else stands here"),
        (_medewerkers("[a.b, J. Jansen]"), "item 2 of `medewerkers` does not fit; write small"),
        (_medewerkers("[20260101]"), "item 1 of `medewerkers` is not read as text here; put"),
        (_medewerkers("[{j.jansen: x}]"), "item 1 of `medewerkers`: empty; write a value"),
        (_medewerkers("j.jansen"), "`medewerkers`: a list is expected here; write a list"),
        (_medewerkers("{j.jansen: x}"), "`medewerkers`: a list is expected here; write a list"),
        (_partij("gebruiker: j.jansen"), "`gebruiker` is something else; write `volgorde`"),
        (_partij("standaardgebruiker: " + "j.jansen" * 20), "`standaardgebruiker`: too long"),
        (_partij("standaardgebruiker: 20260101"), "`standaardgebruiker` is not read as text"),
        (_sleutels("zegel-medewerker-0363-J.Jansen: {bestand: x}"), "item 1 of `sleutels` does"),
        (_sleutels("idp: {bestand: x}, zegel-medewerker-0363-j.jansen: x"), "item 2 of `sleutels`"),
    ],
)
def test_no_fault_quotes_the_name_of_an_employee(text, problem):
    """Line, column and number lead to it: a fault stands on screens, in alarms and in the state."""
    found = problems(text)
    assert any(problem in one for one in found), found
    assert not [one for one in found if "ansen" in one or "20260101" in one]


# --- documentation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("  cbs:\n    naam: Centraal", "  cbx:\n    naam: Centraal", 1),
        ("\nontvangers:\n", "\nontvangrs:\n", 2),  # this one is unknown, and that one is missing
        ("\naanleveringen:\n", "\naanleverigen:\n", 2),
        ("  gmsd:\n", "  gmds:\n", 1),
        ("\n  wmo:\n", "\n  wmoo:\n", 1),
    ],
)
def test_one_wrong_word_is_one_fault(old, new, faults):
    """Whatever refers to it is not told line by line."""
    assert SHIPPED.count(old) == 1
    assert len(problems(SHIPPED.replace(old, new))) == faults


def test_what_refers_to_an_exchange_that_is_at_fault_is_not_told():
    """Of each `richting` that is no way the place, and of what answers it nothing."""
    found = problems(SHIPPED.replace("richting: heen", "richting: heer"))
    assert len(found) == SHIPPED.count("richting: heen")
    assert all("`richting` is heer; write `heen` or `retour`" in one for one in found)


def test_how_often_a_word_is_wrong_is_said():
    """At its first place."""
    [said] = problems(SHIPPED.replace("\n  wmo:\n", "\n  wmoo:\n"))
    assert "did you mean `wmoo`? (so in " in said


def test_documentation_is_up_to_date():
    """docs/config.md and the JSON Schema are what the models say."""
    again = "; run the commands that gateway/config_doc.py names"
    assert (ROOT / "docs/config.md").read_text("utf-8") == config_doc.pagina(), again
    schema = ROOT / "docs/schemas/config.schema.json"
    assert schema.read_text("utf-8") == config_doc.schema(), again


def test_schema_accepts_the_shipped_file_and_refuses_slips():
    """An editor that follows the schema marks what `parse` refuses."""
    schema = json.loads(config_doc.schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    data = json.loads(json.dumps(YAML(typ="safe", pure=True).load(SHIPPED), default=str))
    assert list(validator.iter_errors(data)) == []
    data["partijen"]["0363"]["code"] = "0363"
    data["uitwisselingen"]["wmo"]["patroon"] = []
    data["uitwisselingen"]["wmo"]["rinis_code"] = "x"
    data["vensters"]["H32025"] = []
    assert len(list(validator.iter_errors(data))) == 4
    assert SHIPPED.startswith("# yaml-language-server: $schema=docs/schemas/config.schema.json\n")


def test_every_field_is_described():
    """Each setting says what it means."""
    schema = Config.model_json_schema(by_alias=True)
    for model in (schema, *schema["$defs"].values()):
        for name, field in model["properties"].items():
            assert field.get("description"), name


def _patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", ())
        for one in schema.values():
            yield from _patterns(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _patterns(one)


def test_each_form_has_a_sentence_that_tells_it() -> None:
    """A word that does not fit is told how to write it, never a traceback."""
    found = set(_patterns(Config.model_json_schema()))
    assert {GEBRUIKERSNAAM, UITGEVER, CODE} <= found
    assert found - config_problems.FORMS.keys() == set()


@pytest.mark.parametrize(
    "line",
    ["niveaus: {coordinator: loa2}", "niveaus: {0363/coordinator: loa9}", "uitgever: nergens"],
)
def test_a_slip_in_eherkenning_is_told(line: str) -> None:
    """Each as a fault with its place."""
    with pytest.raises(ConfigError) as caught:
        parse(shipped_config().decode() + f"\neherkenning:\n  {line}\n")
    assert len(caught.value.problems) == 1
