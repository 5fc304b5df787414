# SPDX-License-Identifier: EUPL-1.2
"""Whatever is handed in: a clear verdict, in bounded memory. Each in a process of its own."""

import json
import subprocess
import sys
import zipfile

import pytest

from gateway.cbs import bron, controle
from gateway.cbs.bron import BLOK, Bron, regelblokken
from tests.cbs.gevallen import DAG, GOED, KOP, NAAM, bestand, rij

GRENS = 1 << 30
"""Bytes that the whole process may ever hold: what was promised for a million rows."""

METER = """
import json, resource, sys
from datetime import date
from gateway.cbs import controle
found = controle.controleer(sys.argv[1], sys.argv[2], dag=date(2026, 2, 2))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
whole = found.leden[0] if found.leden else found
print(json.dumps([peak, found.stap, found.rijen, found.codering, found.fouten,
      [[one.code, one.aantal] for one in whole.aantallen]]))
"""


def meet(pad, naam=NAAM):
    done = subprocess.run(
        [sys.executable, "-c", METER, str(pad), naam], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    peak, *found = json.loads(done.stdout)
    assert peak < GRENS
    return found


def test_one_line_of_two_gigabytes(tmp_path):
    """Found by its length, and never held; the line after it is judged."""
    path = tmp_path / "x"
    with path.open("wb") as file:  # sparse: it takes no room
        file.write((";".join(KOP) + "\n").encode())
        file.seek(2 << 30)
        file.write(b"\nx\n")
    assert meet(path) == [2, 2, "utf-8", 2, [["aantal-kolommen", 1], ["regel-te-lang", 1]]]


def test_ten_million_empty_lines(tmp_path):
    """Each is counted; a thousand are kept."""
    path = tmp_path / "x"
    path.write_bytes(b"\n" * 10_000_000)
    counted = [["kop-kolommen", 1], ["lege-regel", 9_999_999]]
    assert meet(path) == [2, 9_999_999, "utf-8", 10_000_000, counted]


TELLER = """
import resource, sys
from gateway.cbs import rijen
from gateway.cbs.cijfers import cijfers
found = cijfers(rijen.stukken(sys.argv[1], uitvraag="H22025"), "H22025")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(peak, found.totaal.records, found.totaal.clienten)
"""


def test_three_million_rows_are_counted(tmp_path):
    """For the figures of the op-orde report: never all of them in memory."""
    path = tmp_path / "x"
    block = "".join(rij({3: f"{number:09d}"}) + "\n" for number in range(100_000))
    with path.open("w") as file:
        file.write(";".join(KOP) + "\n")
        for _ in range(30):
            file.write(block)
    done = subprocess.run(
        [sys.executable, "-c", TELLER, str(path)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    peak, *found = map(int, done.stdout.split())
    assert found == [3_000_000, 100_000]
    assert peak < GRENS


def test_a_million_rows_in_a_zip_that_all_have_faults(tmp_path):
    """Read as a stream: the archive is never on disk as files."""
    path = tmp_path / "x"
    row = rij({3: "123456789", 7: "", 11: ""}) + "\n"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archief,
        archief.open(NAAM, "w") as member,
    ):
        member.write((";".join(KOP) + "\n" + rij() + "\n").encode())
        for number in range(10):
            member.write((row.replace("0363", "0034") * 2 + row * number).encode() * 18_000)
    found = meet(path, "WMO_x.zip")
    assert found[:3] == [3, 1_170_001, "utf-8"]
    assert dict(map(tuple, found[4]))["elfproef"] == 1_170_000
    assert dict(map(tuple, found[4]))["gemeente-verschilt"] == 360_000


RUBBISH = {
    "NULs": (bytes(1000), "bestand-leeg"),
    "NULs on lines": (b"\0\0\n" * 3, "kop-kolommen"),
    "every byte": (bytes(range(256)) * 64, "codering-onleesbaar"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x81" * 50, "codering-onleesbaar"),
    "a ZIP by another name": (b"PK\x03\x04\x14\0\0\0\x08\0" + b"\x8f" * 9, "codering-onleesbaar"),
    "half a character": (GOED + b"\xc3", "geen-enter"),
    "UTF-8 twice": ("Ã©;".encode() * 18 + b"\n\n", "kop-kolommen"),
    "carriage returns": (b"\r" * 1000, "bestand-leeg"),
    "semicolons": (b";" * 100_000 + b"\n" + b";" * 100_000, "regel-te-lang"),
}


@pytest.mark.parametrize("welk", RUBBISH)
def test_rubbish_gets_a_clear_verdict(tmp_path, welk):
    """And not an error."""
    data, code = RUBBISH[welk]
    path = tmp_path / "x"
    path.write_bytes(data)
    found = controle.controleer(str(path), NAAM, dag=DAG)
    assert found.stap == 2
    assert code in {one.code for one in found.bevindingen}


@pytest.mark.parametrize(
    ("data", "codering"),
    [
        (bestand(rij({12: "é"})), "utf-8"), (b"\xef\xbb\xbf" + GOED, "utf-8-bom"),
        (bestand(rij()).replace(b"kop", b"k\xf6p"), "cp1252"),
        (b"\xef\xbb\xbf" + GOED.replace(b"kop", b"k\xf6p"), "cp1252"),
        (GOED.decode().encode("utf-16"), "utf-16"), (b"\xfe\xff", "utf-16"),
        (b"\xff\xff\x81", "onleesbaar"), (b"", "utf-8"),
    ],
)  # fmt: skip
def test_the_encoding_is_named(tmp_path, data, codering):
    """UTF-8 first, then Windows-1252; a byte order mark does not make it UTF-8."""
    path = tmp_path / "x"
    path.write_bytes(data)
    assert controle.controleer(str(path), NAAM, dag=DAG).codering == codering


def test_a_character_over_the_border_of_two_blocks_is_one(tmp_path, monkeypatch):
    """Wherever it falls; and a line that is divided is one line."""
    path = tmp_path / "x"
    path.write_bytes(bestand(rij(), kop=";".join(["é€𝄞"] * 18)))
    for size in range(1, 40):
        monkeypatch.setattr(bron, "BLOK", size)
        found = controle.controleer(str(path), NAAM, dag=DAG)
        assert (found.goedgekeurd, found.codering, found.rijen) == (True, "utf-8", 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, BLOK])
def test_blocks_are_whole_lines_and_nothing_is_lost(tmp_path, monkeypatch, size):
    """But the remainder of a line that is too long."""
    monkeypatch.setattr(bron, "BLOK", size)
    data = b"\n\na\r\n" + b"b" * 500 + b"\nc\n\n" + b"d" * 70
    path = tmp_path / "x"
    path.write_bytes(data)

    def lines(longest, leave=0):
        made = regelblokken(Bron(lambda: path.open("rb"), len(data)), longest, voorbij=leave)
        blocks = list(made)
        assert all(block.endswith(b"\n") for block in blocks[:-1])
        return b"".join(blocks).split(b"\n")

    whole = data.split(b"\n")
    assert lines(1000) == whole
    assert lines(1000, 1) == whole[1:]
    short = lines(20)
    assert [one[:21] for one in short] == [one[:21] for one in whole]
