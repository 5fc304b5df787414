# SPDX-License-Identifier: EUPL-1.2
"""The bulk check against the slow reference written from the text: one verdict, on any file."""

import csv
import re
from collections import Counter
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cbs import controle
from gateway.cbs.model import EERSTE_BEVINDINGEN, Ernst
from gateway.cbs.voorbeeld import Opdracht
from gateway.cbs.voorbeeld_bestand import stukken
from gateway.cbs.voorbeeld_fouten import FOUTEN, Plek
from gateway.cbs.voorbeeld_plan import lees
from tests.cbs import referentie
from tests.fuzz.depth import runs

NAAM = "WMO_H22025_synthetisch.csv"
DAG = date(2026, 2, 2)


# --- both, on one file ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def beide(tmp_path_factory):
    """Judge a file by both, and hold them together in all that they say."""
    path = tmp_path_factory.mktemp("beide") / "bestand"

    def judge(data, naam=NAAM, dag=DAG):
        path.write_bytes(data)
        found = controle.controleer(str(path), naam, dag=dag)
        wanted = referentie.controleer(data, naam, dag)
        same(found, wanted, f"{naam} on {dag}: {data!r}")
        return found

    return judge


def listed(found):
    return [(one.regel, one.kolom, one.ernst, one.code) for one in found.bevindingen]


def same(found, wanted, of):
    """Findings in order and in number, the step, and what is told of the file."""
    assert listed(found) == wanted.bevindingen[:EERSTE_BEVINDINGEN], of
    assert (found.goedgekeurd, found.stap) == (wanted.goedgekeurd, wanted.stap), of
    gravities = [one[2] for one in wanted.bevindingen]
    assert found.fouten == gravities.count(Ernst.FOUT), of
    assert found.signalen == gravities.count(Ernst.SIGNAAL), of
    counted = Counter((one[3], one[1], one[2]) for one in wanted.bevindingen)
    assert {(one.code, one.kolom, one.ernst): one.aantal for one in found.aantallen} == counted, of
    if wanted.stap == 1:
        return
    assert (found.uitvraag, found.codering) == (wanted.uitvraag, wanted.codering), of
    if wanted.codering in ("utf-8", "utf-8-bom", "cp1252"):
        assert found.rijen == wanted.rijen, of
    if wanted.goedgekeurd:
        assert found.gemeentecode == wanted.gemeentecode, of


# --- what is mutated ------------------------------------------------------------------------------

BASES = [("0363", "H22025"), ("0034", "H12025"), ("1701", "H22025"), ("0457", "H12022")]


@cache
def valid(base, rows, seed):
    """A valid file, as its lines; and its name."""
    opdracht = Opdracht.lees(*BASES[base], rows, seed)
    plan = lees("", opdracht)
    text = b"".join(stukken(opdracht, plan, lambda _: None)).decode()
    return text.split("\r\n")[:-1], plan.naam(opdracht)


DATES = [
    "20250630", "20250701", "20251231", "20260101", "20250101", "20241231", "20250229", "20240229",
    "20250231", "20251301", "20250000", "00000000", "00010101", "99991231", "20250801", "20150101",
    "2025081", "202508011", "2025-8-1", "01082025", "19000229",
]  # fmt: skip
CODES = [
    "0001", "0018", "0019", "0000", "0088", "0099", "0115", "0315", "0415", "15", "2", "4", "6",
    "1", "9", "0", "00", "01", "04", "14", "83", "82", "84", "85", "02", "19", "22", "39", "40",
    "13", "14", "15",
]  # fmt: skip
NUMBERS = [
    "000000000", "999999999", "123456782", "123456789", "999999990", "00000000", "12345678",
    "00000004", "99999999", "000001,5", "0001.500", "1,5", "1.5", "1,", ",5", "1,5,5", "4",
    "0000000123456789", "123456789", "0000000000000000", "12345678901234567", "-0000004",
]  # fmt: skip
PARTIES = ["0363", "0034", "1701", "0457", "0003", "1979", "9999", "0000", "363", "03630"]
MOMENTS = [
    "202602040930", "202602042359", "202602042400", "202602040060", "202602300930", "20260204",
    "000000000000", "2026020409300", "202602040931", "2,02602E+11", "2.0E+11",
]  # fmt: skip
NASTY = [
    "", " ", "x", "1 ", " 1", "é", "²", "٣", "１", "\x00", "\t", "\x7f", "\u0085", "\ufeff",
    "\u2028", "\r", '"', '""', '"0363"', "'", ",", "2,02602E+11", "2,02602 E+11", "2.02E+11",
    "2E11", "1e5", "E+11", "2,E+11", "1E", "+1", "0x10", "1_000", "NULL", "#N/B", "\\", "½",
]  # fmt: skip
FIELDS = st.sampled_from([*DATES, *CODES, *NUMBERS, *PARTIES, *MOMENTS, *NASTY])

OWN = {
    1: MOMENTS, 2: PARTIES, 3: NUMBERS[:7], 4: CODES[:10], 5: DATES, 6: DATES, 7: CODES[10:16],
    8: CODES[:10], 9: DATES, 10: DATES, 11: NUMBERS[15:], 12: NUMBERS[5:], 13: CODES[14:],
    14: CODES[10:17], 15: CODES[14:], 16: NUMBERS[5:], 17: CODES[9:], 18: CODES[9:],
}  # fmt: skip
"""For each column what is almost right there."""

INDEX = st.integers(0, 10_000)


@st.composite
def field_of(draw):
    """One field of one line becomes another."""
    line, column = draw(INDEX), draw(st.integers(1, 18))
    values = st.one_of(st.just(""), st.sampled_from(OWN[column]), st.sampled_from(OWN[column]))
    value = draw(st.one_of(values, values, FIELDS))

    def mutate(lines):
        # The header is one line among a few: mostly the rows.
        at = line % len(lines)
        fields = lines[at].split(";")
        fields[(column - 1) % len(fields)] = value
        lines[at] = ";".join(fields)

    return mutate


TOGETHER = [(4, 8, 13, 14, 15), (5, 6, 9, 10), (10, 17, 18), (4, 5, 8, 9), (11, 12, 16), (1, 2, 3)]
"""Columns between which rules hold, or that are like each other."""
MEETING = {
    4: ["0088", "0088", "0002", ""], 8: ["0088", "0002", ""], 13: ["83", "04", ""],
    14: ["6", "2", ""], 15: ["83", "04", ""], 17: ["19", "2", "", "99"], 18: ["03", "2", ""],
} | {column: ["", *DATES[:11]] for column in (5, 6, 9, 10)}  # fmt: skip


@st.composite
def row_of(draw):
    """Several fields of one row, between which there is a rule."""
    line, columns = draw(INDEX), draw(st.sampled_from(TOGETHER))
    values = [draw(st.sampled_from(MEETING.get(one, OWN[one]))) for one in columns]

    def mutate(lines):
        at = 1 + line % max(1, len(lines) - 1)
        fields = lines[at].split(";") if at < len(lines) else []
        for column, value in zip(columns, values, strict=True):
            if column <= len(fields):
                fields[column - 1] = value
        if fields:
            lines[at] = ";".join(fields)

    return mutate


@st.composite
def line_of(draw):
    """One line is lost, doubled, moved, emptied, or changed in its form."""
    line, how = draw(INDEX), draw(st.integers(0, 11))
    value = draw(FIELDS)

    def mutate(lines):
        at = line % len(lines)
        text = lines[at]
        if how == 0 and len(lines) > 1:
            del lines[at]
        elif how == 1:
            lines.insert(at, text)
        elif how == 2:
            lines.append(lines.pop(at))
        else:
            lines[at] = {
                3: "", 4: text + ";", 5: text + ";" + value, 6: text.rpartition(";")[0],
                7: ";".join(f'"{one}"' for one in text.split(";")), 8: f'"{text}"',
                9: text.replace(";", ","), 10: text + "\r", 11: value + text,
            }.get(how, text)  # fmt: skip

    return mutate


@st.composite
def byte_of(draw):
    """One byte is changed, put in or taken out."""
    at, how = draw(st.integers(0, 1_000_000)), draw(st.integers(0, 2))
    byte = draw(st.one_of(st.binary(min_size=1, max_size=3), st.sampled_from(
        [b"\n", b"\r", b";", b'"', b"\0", b"\t", b"\x81", b"\xff", b"\xc3", b"\xe9", b"\xc2\x85"]
    )))  # fmt: skip

    def mutate(data):
        place = at % (len(data) + 1)
        return data[:place] + (b"" if how == 2 else byte) + data[place + (how != 1) :]

    return mutate


WHOLE = {
    "as it is": lambda data: data,
    "LF": lambda data: data.replace(b"\r\n", b"\n"),
    "CR": lambda data: data.replace(b"\r\n", b"\r"),
    "no Enter": lambda data: data.removesuffix(b"\n").removesuffix(b"\r"),
    "CR at the end": lambda data: data.removesuffix(b"\n"),
    "one Enter more": lambda data: data + b"\r\n",
    "BOM": lambda data: b"\xef\xbb\xbf" + data,
    "two BOMs": lambda data: b"\xef\xbb\xbf" * 2 + data,
    "Windows": lambda data: data.decode(errors="replace").encode("cp1252", "replace"),
    "BOM and a byte of Windows": lambda data: b"\xef\xbb\xbf\xe9" + data,
    "UTF-16": lambda data: data.decode(errors="replace").encode("utf-16"),
    "UTF-16 without BOM": lambda data: data.decode(errors="replace").encode("utf-16-le"),
    "UTF-16 the other way": lambda data: data.decode(errors="replace").encode("utf-16-be"),
    "commas": lambda data: data.replace(b";", b","),
    "tabs": lambda data: data.replace(b";", b"\t"),
    "header only": lambda data: data[: data.find(b"\n") + 1],
    "no header": lambda data: data[data.find(b"\n") + 1 :],
    "half": lambda data: data[: len(data) // 2],
    "nothing": lambda data: b"",
}


FEW = st.lists(st.one_of(field_of(), field_of(), line_of()), max_size=6)
MANY = st.lists(st.one_of(row_of(), row_of(), field_of()), min_size=4, max_size=24)


@st.composite
def files(draw, lines):
    """A valid file, mutated line by line, then as a whole, then byte by byte."""
    base = draw(st.integers(0, len(BASES) - 1))
    text, naam = valid(base, draw(st.sampled_from([1, 2, 5, 12])), draw(st.integers(0, 3)))
    text = list(text)
    for mutate in draw(lines):
        mutate(text)
    data = "".join(line + "\r\n" for line in text).encode()
    if draw(st.integers(0, 3)) == 0:
        data = WHOLE[draw(st.sampled_from(list(WHOLE)))](data)
    if draw(st.integers(0, 3)) == 0:
        for change in draw(st.lists(byte_of(), max_size=3)):
            data = change(data)
    return data, naam


TINY = st.one_of(
    st.text("0123456789;\r\n\"'AxE+,. é\u0085\x00\t", max_size=80).map(str.encode),
    st.text(";\n0", max_size=80).map(str.encode),
    st.lists(
        st.sampled_from(
            [b"1;" * 17, b";" * 17, b";" * 18, b"", b"x", b"0", b"\r", b'"', b",", b";" * 9 + b"x;"]
        ),
        max_size=8,
    ).map(b"\n".join),
    st.binary(max_size=40),
)
SMALL = st.builds(
    lambda head, rest: head + rest,
    st.sampled_from([b"", b"k" + b";k" * 17 + b"\n", b"k" + b";" * 17 + b"\r\n", b"k\n"]), TINY,
)  # fmt: skip

RIGHT = ["WMO_", "WMO_", "WMO_", "WMO_", "H22025", "H12015", "H22025", "H22015", ".csv", ".CSV"]
NAMES = st.one_of(
    st.builds(
        lambda *parts: "".join(parts),
        st.sampled_from([*RIGHT[:4], "WMO", "wmo_", "Wmo_", "SBO_", "", "_WMO_", " WMO_", "WMO-"]),
        st.sampled_from([*RIGHT[4:8], "h22025", "H32025", "H2025", "H220255", "H20025", ""]),
        st.sampled_from(["", "_", "_x", "x", "_x.y", ".", " ", "_a;b", "-1", "_[1]", "_é", "_”"]),
        st.sampled_from([*RIGHT[8:], ".txt", ".Txt", ".zip", "", ".", ".csv.txt", " .csv"]),
    ),
    st.sampled_from(["WMO_H22025.csv"[:n] + "WMO_H22025.csv"[n + 1 :] for n in range(14)]),
)  # fmt: skip


# --- the tests ------------------------------------------------------------------------------------


@runs(400, 20_000)
@given(files(FEW))
def test_they_agree_on_a_mutated_file(beide, made):
    """A few faults of any kind in a valid file."""
    beide(made[0], made[1])


@runs(400, 20_000)
@given(files(MANY))
def test_they_agree_on_fields(beide, made):
    """Many fields that are almost right, so that rules meet on one row."""
    beide(made[0], made[1])


@runs(400, 20_000)
@given(SMALL)
def test_they_agree_on_any_small_file(beide, data):
    """Files that resemble nothing."""
    beide(data)


@runs(150, 10_000)
@given(NAMES.filter(lambda naam: not naam.lower().endswith(".zip")))  # a ZIP is judged by member
def test_they_agree_on_a_name(beide, naam):
    """Whatever it is called; with the content of a right file."""
    lines, _ = valid(0, 1, 0)
    beide("".join(line + "\n" for line in lines).encode(), naam)


@runs(60, 2_000)
@given(
    st.sampled_from(PARTIES), st.integers(2015, 2026), st.sampled_from([1, 2]),
    st.dates(date(2015, 1, 1), date(2027, 1, 1)),
)  # fmt: skip
def test_they_agree_on_municipalities_that_came_and_went(beide, code, year, half, dag):
    """By the days of the period and the day of delivery."""
    lines, _ = valid(0, 2, 0)
    data = "".join(line.replace(";0363;", f";{code};") + "\r\n" for line in lines)
    beide(data.encode(), f"WMO_H{half}{year}.csv", dag)


PLANTED = [
    (fout, kolom) for fout in FOUTEN for kolom in sorted({*fout.kolommen}) or [None]
]  # fmt: skip


@runs(len(PLANTED) * 2, len(PLANTED) * 50)
@given(st.sampled_from(PLANTED), st.integers(3, 21), st.integers(0, 200))
def test_a_planted_fault_is_found_there_and_nowhere_else(beide, planted, regel, seed):
    """Line, column, gravity and code; and not a finding more."""
    fout, kolom = planted
    opdracht = Opdracht.lees("0363", "H22025", 20, seed)
    place = f"@{regel}" if fout.plek is Plek.RIJ else ""
    plan = lees(fout.code + place + (f":{kolom}" if kolom else ""), opdracht)
    [one] = plan.geplant
    data = b"".join(stukken(opdracht, plan, lambda _: None))
    found = beide(data, plan.naam(opdracht))
    assert listed(found) == [(one.regel, kolom, fout.ernst, fout.code)]


@pytest.mark.parametrize(
    ("asked", "stap"),
    [
        ("naam-punt,byte-order-mark,lege-regel,elfproef,leveringsvorm-leeg", 1),
        ("lege-regel,elfproef,leveringsvorm-leeg", 2), ("elfproef,leveringsvorm-leeg", 3),
        ("byte-order-mark,elfproef", 3), ("byte-order-mark,leveringsvorm-leeg", None),
        ("codering-utf16,lege-regel,elfproef", 2), ("scheidingsteken,lege-regel,elfproef", 2),
    ],
)  # fmt: skip
def test_the_first_step_that_fails_decides(beide, asked, stap):
    """What is wrong in a later one is not told; a signal of one that was passed is."""
    opdracht = Opdracht.lees("0363", "H22025", 20)
    plan = lees(asked, opdracht)
    data = b"".join(stukken(opdracht, plan, lambda _: None))
    found = beide(data, plan.naam(opdracht))
    assert found.stap == stap
    seen = plan.verwacht()[1]
    wanted = [(one.regel, one.kolom, one.fout.ernst, one.fout.code) for one in seen]
    assert listed(found) == sorted(wanted, key=referentie.volgorde)


def test_all_findings_go_to_the_csv_and_no_bsn_to_a_text(tmp_path):
    """More than are kept with the verdict: the file has them all, in the same order."""
    opdracht = Opdracht.lees("0363", "H22025", 3_000)
    plan = lees("elfproef*1500,leveringsvorm-leeg*200,byte-order-mark", opdracht)
    data = b"".join(stukken(opdracht, plan, lambda _: None))
    (tmp_path / NAAM).write_bytes(data)
    path = tmp_path / "bevindingen.csv"
    found = controle.controleer(str(tmp_path / NAAM), NAAM, dag=DAG, csv=str(path))
    wanted = referentie.controleer(data, NAAM, DAG)
    same(found, wanted, NAAM)
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter=";")
    assert head == ["regel", "kolom", "ernst", "code", "tekst"]
    told = [(regel, kolom, ernst, code) for regel, kolom, ernst, code, _ in rows]
    assert told == [
        (str(regel or ""), str(kolom or ""), ernst.value, code)
        for regel, kolom, ernst, code in wanted.bevindingen
    ]
    texts = [row[4] for row in rows] + [one.tekst for one in found.bevindingen]
    assert not any(re.search("[0-9]{9}", text) for text in texts)
