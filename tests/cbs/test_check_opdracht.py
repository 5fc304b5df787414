# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt cbs check``: what it prints, for people and for programs, and how it exits."""

import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from gateway.cbs import protocol
from gateway.cli import app
from tests.cbs.gevallen import GEVALLEN, GOED, NAAM, bestand, rij

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "cbs-check.schema.json"


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Type it in an empty folder; the exit code, what was printed, what was complained of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def typed(*words):
        done = CliRunner().invoke(app, ["cbs", "check", *map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    return typed


@pytest.fixture
def validator():
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def legt(naam, data):
    Path(naam).write_bytes(data)
    return naam


def test_an_approved_file(check):
    """Exit code 0; what was seen of it."""
    code, said, _ = check(legt(NAAM, GOED))
    assert code == 0
    assert said.splitlines() == [
        f"{NAAM}: goedgekeurd", "  H22025, 2 rows, utf-8; fouten: 0, signalen: 0",
    ]  # fmt: skip


def test_a_rejected_file_is_explained(check):
    """Exit code 1; each fault once, with how often and where; and what was not judged yet."""
    wrong = bestand(rij(), *[rij({3: "123456789"})] * 7)
    code, said, _ = check(legt(NAAM, wrong))
    assert code == 1
    assert "afgekeurd in step 3 of 3, the fields" in said
    assert "fout    elfproef (column 3, 7 x, line 3, 4, 5, 6, 7, ...)" in said
    assert "Not judged yet" not in said
    assert "123456789" not in said
    _, said, _ = check(legt(NAAM, bestand(rij() + ";")))
    assert "afgekeurd in step 2 of 3, the structure" in said
    assert "Not judged yet" in said


def test_one_json_object_a_line(check, validator):
    """As the contract has it, for each file, in the order in which they were given."""
    legt(NAAM, GOED)
    legt("WMO_H12025_x.txt", bestand(rij({7: ""})))
    code, said, _ = check("--json", NAAM, f"./{NAAM}", "WMO_H12025_x.txt")
    assert code == 1
    first, again, last = map(json.loads, said.splitlines())
    assert first == {
        "bestand": NAAM, "oordeel": "goedgekeurd", "stap": None, "uitvraag": "H22025", "rijen": 2,
        "codering": "utf-8", "aantallen": {"fout": 0, "signaal": 0}, "bevindingen": [],
    }  # fmt: skip
    assert again == {**first, "bestand": f"./{NAAM}"}
    assert (last["oordeel"], last["stap"], last["uitvraag"]) == ("afgekeurd", 3, "H12025")
    assert last["aantallen"] == {"fout": 2, "signaal": 1}
    assert last["bevindingen"][1] == {
        "regel": 2, "kolom": 7, "ernst": "signaal", "code": "leveringsvorm-leeg",
        "tekst": "Leveringsvorm voorziening (toewijzing): leeg.",
    }  # fmt: skip
    for one in (first, again, last):
        validator.validate(one)


def test_every_verdict_fits_the_schema(check, validator):
    """Of every case of the table, and of a ZIP of several."""
    names = []
    for number, geval in enumerate(GEVALLEN[::3]):
        os.mkdir(str(number))
        if "/" not in geval.naam:
            names.append(legt(f"{number}/{geval.naam}", geval.fout))
    with zipfile.ZipFile("WMO_x.zip", "w") as archief:
        archief.writestr(NAAM, GOED)
        archief.writestr("map/x", b"")
    _, said, _ = check("--json", *names, "WMO_x.zip", "--dag", "2026-02-02")
    found = [json.loads(line) for line in said.splitlines()]
    assert len(found) == len(names) + 1
    for one in found:
        validator.validate(one)
    known = protocol.voor(None).regels
    assert {b["code"] for one in found for b in one["bevindingen"]} <= set(known)
    assert [lid["oordeel"] for lid in found[-1]["leden"]] == ["goedgekeurd", "afgekeurd"]


def test_what_cannot_be_read_is_2_and_the_rest_is_judged(check):
    """A file that is not there, a directory; said on stderr, in one line each."""
    legt(NAAM, GOED)
    os.mkdir("map")
    code, said, complained = check("--json", "weg.csv", NAAM, "map")
    assert code == 2
    assert [json.loads(line)["bestand"] for line in said.splitlines()] == [NAAM]
    assert [line.split(":")[1].strip() for line in complained.splitlines()] == ["weg.csv", "map"]


def test_the_csv_of_several_files_says_of_which(check):
    """Of one it has the five columns of the contract."""
    legt(NAAM, bestand(rij({7: ""})))
    legt("WMO_H22025_b.csv", bestand(rij({3: "1"})))
    code, said, _ = check(NAAM, "--csv", "een.csv")
    assert code == 0
    assert "All findings: een.csv" in said
    assert Path("een.csv").read_text("utf-8").splitlines()[0] == "regel;kolom;ernst;code;tekst"
    check(NAAM, "WMO_H22025_b.csv", "--csv", "twee.csv")
    rows = [line.split(";") for line in Path("twee.csv").read_text("utf-8").splitlines()]
    assert rows[0] == ["regel", "kolom", "ernst", "code", "tekst", "bestand"]
    assert [(row[3], row[5]) for row in rows[1:]] == [
        ("leveringsvorm-leeg", NAAM), ("lengte", "WMO_H22025_b.csv"),
    ]  # fmt: skip


def test_the_csv_never_takes_the_place_of_what_is_judged(check):
    """By its own name, by another way to it, by a link: exit code 2, and the file is whole."""
    legt(NAAM, GOED)
    legt("WMO_H22025_b.csv", GOED)
    os.link(NAAM, "hard.csv")
    os.symlink(NAAM, "zacht.csv")
    for csv in (NAAM, f"./{NAAM}", str(Path(NAAM).absolute()), "hard.csv", "zacht.csv"):
        code, _, complained = check("WMO_H22025_b.csv", NAAM, "--csv", csv)
        assert code == 2
        assert "one of the files to be judged" in " ".join(complained.split())
        assert Path(NAAM).read_bytes() == GOED
    legt("oud.csv", b"regel;kolom;ernst;code;tekst\n")
    assert check("oud.csv", "--csv", "oud.csv")[0] == 2


@pytest.mark.parametrize("there", [GOED, b"x", b"regel;kolom;ernst;x"])
def test_the_csv_takes_the_place_of_its_like_alone(check, there):
    """Somebody's data is not replaced, also under the name in which the list grows; a list is."""
    legt(NAAM, GOED)
    for taken in ("een.csv", ".een.csv.new"):
        legt(taken, there)
        code, _, complained = check(NAAM, "--csv", "een.csv")
        assert code == 2
        assert "it is not replaced" in " ".join(complained.split())
        assert Path(taken).read_bytes() == there
        os.remove(taken)
    for ours in (b"", b"regel;kol", b"regel;kolom;ernst;code;tekst;bestand\nx"):
        legt("een.csv", ours)
        assert check(NAAM, "--csv", "een.csv")[0] == 0
        assert Path("een.csv").read_bytes() == b"regel;kolom;ernst;code;tekst\n"
    os.mkfifo("pijp")
    os.symlink("een.csv", "zacht.csv")
    for other in ("pijp", "zacht.csv"):
        assert check(NAAM, "--csv", other)[0] == 2
        assert os.path.lexists(other)


def test_a_bsn_in_a_name_is_not_repeated(check):
    """Neither on the screen, nor in JSON, nor in the CSV; of a member of a ZIP neither."""
    own = "WMO_H22025_123456782.csv"
    legt(own, bestand(rij({7: ""})))
    with zipfile.ZipFile("WMO_123456782.zip", "w") as archief:
        archief.writestr(own, bestand(rij({7: ""})))
    for more in ([], ["--json"], ["--csv", "uit_123456782.csv"]):
        _, said, complained = check(own, "WMO_123456782.zip", "weg_123456782.csv", *more)
        assert "WMO_H22025_*********.csv" in said
        assert "123456782" not in said + complained
    assert "123456782" not in Path("uit_123456782.csv").read_text("utf-8")


def test_a_zip_tells_of_each_member(check):
    """The verdict of each below that of all."""
    with zipfile.ZipFile("WMO_x.zip", "w") as archief:
        archief.writestr(NAAM, GOED)
        archief.writestr("WMO_H22025_b\x1bc\x07.csv", GOED[:-1])
    code, said, _ = check("WMO_x.zip")
    assert code == 1
    lines = said.splitlines()
    assert lines[0] == "WMO_x.zip: afgekeurd in step 2 of 3, the structure"
    assert f"  {NAAM}: goedgekeurd" in lines
    assert "\x1b" not in said
    assert "\x07" not in said


def test_the_day_of_delivery_counts(check):
    """A code that began after the half-year is right on a later day; a day is to be a day."""
    old = rij({2: "1982", 5: "20200101", 6: "", 8: "", 9: ""})
    legt("WMO_H22021.csv", bestand(old))
    assert check("WMO_H22021.csv", "--dag", "2021-12-31")[0] == 1
    assert check("WMO_H22021.csv", "--dag", "2022-01-01")[0] == 0
    assert check("WMO_H22021.csv")[0] == 0
    done = CliRunner().invoke(app, ["cbs", "check", "WMO_H22021.csv", "--dag", "morgen"])
    assert done.exit_code != 0


def test_the_day_is_that_of_a_chain_that_is_here(check):
    """Its clock may be turned; it says so."""
    assert CliRunner().invoke(app, ["init", "."]).exit_code == 0
    assert CliRunner().invoke(app, ["run", "--once", "--nu", "2021-12-30"]).exit_code == 0
    legt("WMO_H22021.csv", bestand(rij({2: "1982", 5: "20200101", 6: "", 8: "", 9: ""})))
    code, _, complained = check("WMO_H22021.csv")
    assert code == 1
    assert "using config.yaml: it is 2021-12-30" in complained


def test_sbo_and_jeugd_are_known_by_their_names(check):
    """In either letter case: then their name is what is wrong."""
    assert check(legt("SBO_H22025.csv", b"x;y\n1;2\n"))[0] == 0
    assert check(legt("JEUGD_H22025_a.txt", b"x"))[0] == 0
    code, said, _ = check(legt("jeugd_H22025.csv", b"x"))
    assert code == 1
    assert "JEUGD" in said


def test_a_large_file_shows_how_far_it_is(tmp_path):
    """On a screen, and only there; the verdict is not mixed with it."""
    large = tmp_path / NAAM
    large.write_bytes(bestand(*[rij()] * 330_000))
    assert large.stat().st_size > 32 << 20
    screen, shown = pty.openpty()
    command = [str(Path(sys.executable).parent / "knooppunt"), "cbs", "check", NAAM]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=shown, text=True
    ) as process:
        os.close(shown)
        said = process.communicate(timeout=60)[0]
    told = os.read(screen, 1 << 16).decode()
    os.close(screen)
    assert process.returncode == 0
    assert NAAM in told
    assert "MB" in told
    assert said.splitlines()[1] == "  H22025, 330,000 rows, utf-8; fouten: 0, signalen: 0"
