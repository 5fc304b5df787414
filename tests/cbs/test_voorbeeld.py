# SPDX-License-Identifier: EUPL-1.2
"""Synthetic Wmo files, judged by the reference: nothing is found in them but what was planted."""

import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import date
from pathlib import Path

import pytest
from stdnum.nl import bsn

from gateway.cbs.model import Ernst
from gateway.cbs.voorbeeld import KOPPEN, ONBEKEND, Opdracht, rijen
from gateway.cbs.voorbeeld_bestand import bewaar, schrijf, stukken
from gateway.cbs.voorbeeld_fouten import ENIG, FOUTEN, Plek
from gateway.cbs.voorbeeld_plan import lees, regels, soorten
from gateway.errors import GatewayError
from gateway.partijen import gemeenten
from tests.cbs import referentie

BIN = Path(sys.executable).parent
UITVRAGEN = [f"H{half}{jaar}" for jaar in range(2015, 2027) for half in (1, 2)]


def bytes_of(opdracht, plan):
    return b"".join(stukken(opdracht, plan, lambda _: None))


def judged(opdracht, plan):
    """What the reference says on the last day of the period, when each code is still valid."""
    data = bytes_of(opdracht, plan)
    return referentie.controleer(data, plan.naam(opdracht), opdracht.uitvraag.laatste_dag)


def places(planted):
    return sorted(
        ((one.regel, one.kolom, one.fout.ernst, one.fout.code) for one in planted),
        key=referentie.volgorde,
    )


# --- valid ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("uitvraag", UITVRAGEN)
def test_a_file_without_faults_is_approved_with_no_finding(uitvraag):
    """Any half-year, any size, any seed, any municipality of that time."""
    then = [
        code for code, one in gemeenten().items()
        if one.geldig_op(Opdracht.lees("0363", uitvraag, 1).uitvraag.eerste_dag)
    ]  # fmt: skip
    for seed, size in enumerate([1, 2, 3, 17, 900], UITVRAGEN.index(uitvraag)):
        opdracht = Opdracht.lees(then[seed * 37 % len(then)], uitvraag, size, seed)
        found = judged(opdracht, lees("", opdracht))
        assert (found.bevindingen, found.goedgekeurd, found.rijen) == ([], True, size)
        assert found.gemeentecode == opdracht.gemeente.code


def test_many_rows_are_approved_with_no_finding():
    """Rare combinations too."""
    opdracht = Opdracht.lees("0034", "H22025", 30_000, 7)
    assert judged(opdracht, lees("", opdracht)).bevindingen == []


def test_it_is_plausible():
    """All kinds and forms, several arrangements a client, ends with reasons, volumes."""
    opdracht = Opdracht.lees("0363", "H22025", 20_000)
    found = list(rijen(opdracht))
    clients = {rij[2] for rij in found} - {ONBEKEND}
    assert 1.4 < len(found) / len(clients) < 2.0
    assert {rij[3] for rij in found} == referentie.SOORTEN
    forms = [rij[6] for rij in found]
    assert 0.85 < forms.count("4") / len(found) < 0.97
    assert {"2", "4", "6"} == set(forms)
    assert 0.0005 < sum(rij[2] == ONBEKEND for rij in found) / len(found) < 0.02
    before = sum(rij[4] < "20250701" for rij in found) / len(found)
    assert 0.5 < before < 0.95
    ended = [rij for rij in found if rij[9]]
    assert 0.1 < len(ended) / len(found) < 0.5
    assert sum(rij[16] != "" for rij in ended) > 0.9 * len(ended)
    assert {rij[16] for rij in ended if rij[16]} == referentie.CODES[17]
    assert {rij[12] for rij in found if rij[12]} == referentie.EENHEDEN
    assert len({rij[10] for rij in found if rij[10]}) == sum(rij[10] != "" for rij in found)
    assert all(rij[14] == "" or rij[14] == rij[12] for rij in found)


def test_nobody_is_in_it():
    """Each BSN satisfies the elfproef, begins with a 9, and is another one for each client."""
    found = {rij[2] for rij in rijen(Opdracht.lees("0363", "H22025", 5_000))} - {ONBEKEND}
    assert all(bsn.is_valid(one) and one[0] == "9" for one in found)
    assert len(found) > 2_000


def test_it_says_that_it_is_synthetic():
    """In its name, and at the very beginning of what it holds."""
    opdracht = Opdracht.lees("0363", "H12026", 1)
    plan = lees("", opdracht)
    assert plan.naam(opdracht) == "WMO_H12026_synthetisch.csv"
    assert bytes_of(opdracht, plan).startswith(b"SYNTHETISCH")
    assert len(KOPPEN) == 18


# --- reproducible ---------------------------------------------------------------------------------


def test_the_same_arguments_give_the_same_bytes():
    """And another seed, municipality or half-year gives others."""

    def made(*asked):
        opdracht = Opdracht.lees(*asked)
        return bytes_of(opdracht, lees("elfproef*5", opdracht))

    assert made("0363", "H22025", 400, 1) == made("0363", "H22025", 400, 1)
    others = [("0363", "H22025", 400, 2), ("0034", "H22025", 400, 1), ("0363", "H12025", 400, 1)]
    assert len({made(*one) for one in [("0363", "H22025", 400, 1), *others]}) == 4


def test_the_bytes_are_those_of_yesterday():
    """A file of an old test can be made again: this row changes only with a CHANGELOG entry."""
    [row] = rijen(Opdracht.lees("0363", "H22025", 1))
    assert ";".join(row) == (
        "202602040930;0363;986061694;0001;20250522;20270519;4;;20250522;;0000000376136378;"
        "00000016;04;4;;;;"
    )


def test_a_longer_file_begins_with_the_rows_of_a_shorter_one():
    """And another half-year has the same people."""
    short, long = (list(rijen(Opdracht.lees("0363", "H22025", n))) for n in (100, 250))
    assert long[:100] == short
    other = {rij[2] for rij in rijen(Opdracht.lees("0363", "H12025", 250))}
    assert len(other & {rij[2] for rij in long}) > 0.7 * len(other)


def test_memory_does_not_grow_with_the_rows():
    """A row is gone when the next one comes."""
    opdracht = Opdracht.lees("0363", "H22025", 60_000)
    plan = lees("elfproef*3", opdracht)
    tracemalloc.start()
    try:
        assert sum(len(line) for line in regels(opdracht, plan)) > 5_000_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


# --- planted faults -------------------------------------------------------------------------------

SEED = 47
"""With it there are an unknown BSN, generic allocations and unstarted ones among the rows."""

EACH = [(fout, kolom) for fout in FOUTEN for kolom in sorted({*fout.kolommen}) or [None]]


@pytest.mark.parametrize(
    ("fout", "kolom"), EACH, ids=[f"{fout.code}:{kolom or ''}" for fout, kolom in EACH]
)
def test_a_planted_fault_is_all_that_is_found(fout, kolom):
    """At its line and column and nowhere else, whatever row it is planted in."""
    opdracht = Opdracht.lees("0363", "H22025", 201, SEED)
    asked = fout.code + (f":{kolom}" if kolom else "")
    if fout.plek is Plek.RIJ:
        every = lees(f"{asked}*200", opdracht)
        assert len(every.geplant) == 200
        assert judged(opdracht, every).bevindingen == places(every.geplant)
        asked = fout.code + "@7" + (f":{kolom}" if kolom else "")
    plan = lees(asked, opdracht)
    [one] = plan.geplant
    assert (one.fout, one.kolom) == (fout, kolom)
    assert one.regel == 7 or fout.plek is not Plek.RIJ
    found = judged(opdracht, plan)
    assert found.bevindingen == places([one])
    assert found.stap == (fout.stap if fout.ernst is Ernst.FOUT else None)


def test_the_table_has_every_code():
    """Those of step 1, 2 and 3 that the check knows."""
    assert len(soorten()) == 44
    assert {one.stap for one in FOUTEN} == {1, 2, 3}
    assert set(soorten()) > ENIG


MANY = [
    "elfproef*20,geen-datum*20,lengte*5,leveringsvorm-leeg*5,oude-code*5,einde-na-beoogd*9",
    "elfproef*20,aantal-kolommen@5,lege-regel*3,geen-enter,stuurteken@9:17",
    "elfproef@12,scheidingsteken,aantal-kolommen@5,geen-datum@7:9,elfproef*10",
    "elfproef*3,scheidingsteken=tab,byte-order-mark,geen-enter",
    "codering-utf16,geen-kopregel", "codering-onleesbaar,byte-order-mark,lege-regel",
    "bestand-leeg,byte-order-mark,elfproef", "naam-punt,byte-order-mark,elfproef",
    "kop-kolommen,wetenschappelijke-notatie*9,ongeldig-teken*9,aanhalingstekens*9",
    "byte-order-mark,leveringsvorm-leeg*3", "byte-order-mark,verplicht-leeg*3",
    "",
]  # fmt: skip


@pytest.mark.parametrize("asked", MANY)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_knows_what_must_come_back(asked, seed):
    """With several faults: what the first failing step shows, and nothing of what it hides."""
    opdracht = Opdracht.lees("0034", "H12025", 150, seed)
    plan = lees(asked, opdracht)
    stap, seen, hidden = plan.verwacht()
    found = judged(opdracht, plan)
    assert found.bevindingen == places(seen)
    assert found.stap == stap
    assert len(seen) + len(hidden) == len(plan.geplant)


def test_lines_are_chosen_by_the_seed():
    """As many as asked for, each another one, spread over the file."""

    def chosen(seed):
        opdracht = Opdracht.lees("0363", "H22025", 1_000, seed)
        return [one.regel for one in lees("elfproef*100", opdracht).geplant]

    assert chosen(1) == chosen(1) != chosen(2)
    assert len(set(chosen(1))) == 100
    assert min(chosen(1)) < 100
    assert max(chosen(1)) > 900


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("elfproef,elfprof@3", "part 2, 'elfprof@3': there is no kind elfprof (perhaps elfproef)"),
        ("Elfproef", "part 1, 'Elfproef': not of the form"), ("elfproef@@3", "not of the form"),
        ("elfproef@1", "line 1 cannot be"), ("elfproef@13", "the rows are lines 2 to 11"),
        ("lengte@2", "the rows are lines 3 to 11"), ("elfproef:4", "never in column 4"),
        ("elfproef@4,lengte@4", "line 4 has elfproef already"), ("elfproef*11", "only 10 lines"),
        ("scheidingsteken=punt", "no variant punt"), ("geen-enter@3", "is on line 11"),
        ("geen-enter,elfproef@11", "line 11 has geen-enter already"),
        ("bestand-leeg@3", "on no line"), ("bestand-leeg*2", "once, or not"),
        ("scheidingsteken,codering-utf16", "cannot show it beside"), ("elfproef@3*2", "one of"),
        ("byte-order-mark,codering-utf16", "cannot show it beside"),
        ("naam-punt,naam-teken", "cannot show it beside"),
    ],
)  # fmt: skip
def test_a_bad_plan_is_told_where_and_why(asked, said):
    """By the part that is wrong."""
    with pytest.raises(GatewayError) as caught:
        lees(asked, Opdracht.lees("0363", "H22025", 10))
    assert said in caught.value.sentence


def test_an_unknown_kind_lists_the_kinds():
    """All of them."""
    with pytest.raises(GatewayError) as caught:
        lees("fout", Opdracht.lees("0363", "H22025", 10))
    assert all(code in caught.value.hint for code in soorten())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("363", "H22025", 5), "no municipality"), (("9999", "H22025", 5), "no municipality"),
        (("0363", "H32025", 5), "not a half-year"), (("0363", "H12014", 5), "not a half-year"),
        (("0003", "H12021", 5), "Appingedam was no municipality in H12021"),
        (("1979", "H22020", 5), "was no municipality"),
    ],
)  # fmt: skip
def test_what_cbs_would_never_accept_is_not_made(asked, said):
    """A wrong code, a half-year that is none, a municipality of another time."""
    with pytest.raises(GatewayError) as caught:
        Opdracht.lees(*asked)
    assert said in caught.value.sentence


# --- the command ----------------------------------------------------------------------------------


def typed(folder, *words, code=0):
    done = subprocess.run(
        [str(BIN / "knooppunt"), "sample", *words], cwd=folder, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done


ASKED = ("wmo", "--gemeente", "0363", "--uitvraag", "H22025", "--rijen", "30")


def test_it_makes_a_file_and_says_what_next(tmp_path):
    """Under its usual name, whole, and with nothing left beside it."""
    done = typed(tmp_path, *ASKED)
    assert [path.name for path in tmp_path.iterdir()] == ["WMO_H22025_synthetisch.csv"]
    opdracht = Opdracht.lees("0363", "H22025", 30)
    data = bytes_of(opdracht, lees("", opdracht))
    assert (tmp_path / "WMO_H22025_synthetisch.csv").read_bytes() == data
    assert b"Next: knooppunt cbs check WMO_H22025_synthetisch.csv" in done.stdout
    assert typed(tmp_path, *ASKED, "-o", "-").stdout == data


def test_it_replaces_nothing_unless_told_to(tmp_path):
    """Exit code 2, and what stood there stands there."""
    path = tmp_path / "WMO_H22025_mine.csv"
    path.write_bytes(b"mine")
    done = typed(tmp_path, *ASKED, "-o", path.name, code=2)
    assert b"is there already" in done.stderr
    assert path.read_bytes() == b"mine"
    typed(tmp_path, *ASKED, "-o", path.name, "--replace")
    assert path.read_bytes() != b"mine"
    assert list(tmp_path.iterdir()) == [path]


def test_it_tells_what_must_come_back(tmp_path):
    """In the words of `cbs check --json`, as the reference finds it; the hidden apart."""
    plan = "elfproef@12,scheidingsteken,aantal-kolommen@5"
    typed(tmp_path, *ASKED, "--fouten", plan, "--verwacht", "v.json", "-o", "uit/")
    found = json.loads((tmp_path / "v.json").read_bytes())
    hidden = [(one["regel"], one["kolom"], one["code"]) for one in found.pop("verborgen")]
    assert hidden == [(5, None, "aantal-kolommen"), (12, 3, "elfproef")]
    one = {"regel": None, "kolom": None, "ernst": "fout", "code": "scheidingsteken"}
    name = "WMO_H22025_synthetisch.csv"
    assert found == {"bestand": name, "oordeel": "afgekeurd", "stap": 2, "bevindingen": [one]}
    data = (tmp_path / "uit" / name).read_bytes()
    judged = referentie.controleer(data, name, date(2026, 2, 2))
    assert judged.bevindingen == [(None, None, Ernst.FOUT, "scheidingsteken")]


def test_a_zip_has_one_member_and_the_same_bytes_each_time(tmp_path):
    """With the time that the file says it was made; on disk and to standard output whole."""
    typed(tmp_path, *ASKED, "--zip")
    [path] = tmp_path.iterdir()
    first = path.read_bytes()
    typed(tmp_path, *ASKED, "--zip", "--replace")
    assert path.read_bytes() == first
    streamed = typed(tmp_path, *ASKED, "--zip", "-o", "-").stdout
    for whole in (first, streamed):
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            [member] = archive.infolist()
            assert member.filename == "WMO_H22025_synthetisch.csv"
            assert member.date_time[:5] == (2026, 2, 4, 9, 30)
            opdracht = Opdracht.lees("0363", "H22025", 30)
            assert archive.read(member) == bytes_of(opdracht, lees("", opdracht))


def test_a_wrong_name_is_planted_in_the_name(tmp_path):
    """By the plan, or freely; what comes of a free one is not known here, and is not guessed."""
    typed(tmp_path, *ASKED, "--fouten", "naam-teken,elfproef", "--verwacht", "v.json")
    found = json.loads((tmp_path / "v.json").read_bytes())
    assert (tmp_path / found["bestand"]).is_file()
    assert found["bestand"] == "WMO_H22025_[synthetisch].csv"
    assert [one["code"] for one in found["bevindingen"]] == ["naam-teken"]
    typed(tmp_path, *ASKED, "--naam", "wmo h2.csv")
    assert (tmp_path / "wmo h2.csv").is_file()
    done = typed(tmp_path, *ASKED, "--naam", "x.csv", "--verwacht", "w.json", code=2)
    assert b"not known here" in done.stderr
    typed(tmp_path, *ASKED, "--naam", "a/b.csv", code=2)
    typed(tmp_path, *ASKED, "--naam", "x.csv", "-o", "y.csv", code=2)


def test_the_kinds_are_listed(tmp_path):
    """Each with its step, gravity, columns and meaning."""
    said = typed(tmp_path, "faults").stdout.decode()
    assert [line.split()[0] for line in said.splitlines()[1:]] == [one.code for one in FOUTEN]


def test_a_run_that_is_broken_off_leaves_nothing(tmp_path):
    """Neither a file nor half a one, whatever broke it off."""

    def broken(into):
        into.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bewaar(str(tmp_path / "uit" / "WMO_H22025.csv"), broken, replace=False)
    assert list((tmp_path / "uit").iterdir()) == []


def test_writing_streams_into_anything():
    """A ZIP of a file in one go needs no seek."""
    opdracht = Opdracht.lees("0363", "H22025", 3)
    into = io.BytesIO()
    schrijf(into, None, opdracht, stukken(opdracht, lees("", opdracht), lambda _: None))
    assert into.getvalue().count(b"\r\n") == 4
