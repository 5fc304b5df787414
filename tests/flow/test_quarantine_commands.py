# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt quarantine``, as people type it: with a gateway running, or not, or two at once."""

import os
import re
import subprocess

import pytest

from tests.flow.conftest import KNOOPPUNT, eventually
from tests.flow.test_commands import as_promised


def held(knooppunt, *words, code=0):
    """What the list says."""
    found = knooppunt.json("quarantine", "list", *words, code=code)
    return as_promised(found, "quarantine-list")["held"]


def decision(knooppunt, *words, code=0):
    """What release or drop says."""
    found = knooppunt.json("quarantine", *words, code=code)
    return as_promised(found, "quarantine-decision")


@pytest.fixture
def three(knooppunt):
    """Two files without an exchange, one empty file: all in quarantine."""
    knooppunt.drop("0363", "een.csv", b"1")
    knooppunt.drop("0034", "twee.csv", b"2")
    knooppunt.drop("0363", "WMO_H22025.csv", b"")
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 50"))
    knooppunt("run", "--once")
    assert len(held(knooppunt)) == 3
    return knooppunt


def test_the_list_and_its_filters(three):
    """Each filter narrows it."""
    assert {row["name"] for row in held(three, "--code", "geen-uitwisseling")} == {
        "een.csv", "twee.csv",
    }  # fmt: skip
    assert [row["name"] for row in held(three, "--gemeente", "0034")] == ["twee.csv"]
    assert [row["name"] for row in held(three, "--uitwisseling", "wmo")] == ["WMO_H22025.csv"]
    assert held(three, "--before", "2020-01-01", code=1) == []
    assert len(held(three, "--before", "2999-01-01")) == 3
    assert "een.csv" in three("quarantine", "list").stdout


def test_a_filter_that_fits_nothing_is_told_and_what_is_held(three):
    """Exit code 1 from each of the three, and never as if the quarantine were empty."""
    words = ("--code", "onzin", "--gemeente", "0034")
    told = "No file here fits: --code onzin --gemeente 0034; 3 are held."
    assert three("quarantine", "list", *words, code=1).stdout.startswith(told)
    for action in ("release", "drop"):
        for how in ((), ("--yes",), ("--dry-run",)):
            asked = ("quarantine", action, *words, "--reason", "x", *how)
            assert three(*asked, code=1).stdout.startswith(told)
            nothing = as_promised(three.json(*asked, code=1), "quarantine-decision")
            assert (nothing["done"], nothing["refused"]) == ([], [])
    assert len(held(three)) == 3


UNKNOWN = [
    ("--uitwisseling", "foo", "there is no exchange 'foo' in config.yaml", "wmo"),
    ("--gemeente", "9999", "there is no party '9999' in config.yaml", "0363"),
]


@pytest.mark.parametrize(("option", "word", "says", "lists"), UNKNOWN)
def test_a_filter_by_what_there_is_not_is_wrong_use(three, option, word, says, lists):
    """A slip is no "nothing is held of it": what is known is listed, and nothing is done."""
    for words in (["list"], ["list", "--all"], ["release", "--reason", "x"],
                  ["drop", "--reason", "x", "--yes"]):  # fmt: skip
        said = three("quarantine", *words, option, word, code=2).stderr
        assert says in said
        assert lists in said
    assert len(held(three)) == 3
    assert held(three, "--uitwisseling", "besluit", code=1) == []  # known, and nothing of it


def test_what_lies_there_of_what_was_taken_out_can_be_chosen(three):
    """An exchange and a municipality that are no longer configured: their files must be cleared."""
    path = three.folder / "config.yaml"
    text = path.read_text("utf-8")
    text = text.replace('  "0034": {soort: gemeente, naam: Almere}\n', "")
    path.write_text(re.sub(r"\bwmo\b", "maatwerk", text), "utf-8")
    three("config", "check")
    assert [row["name"] for row in held(three, "--gemeente", "0034")] == ["twee.csv"]
    assert [row["name"] for row in held(three, "--uitwisseling", "wmo")] == ["WMO_H22025.csv"]
    decision(three, "drop", "--uitwisseling", "wmo", "--reason", "weg", "--yes")
    assert held(three, "--uitwisseling", "wmo", code=1) == []
    assert len(held(three, "--uitwisseling", "wmo", "--all")) == 1


def test_an_empty_quarantine_is_said_to_be(knooppunt):
    """Nothing found is exit code 1, as for trace, usage and grants."""
    for words in (("list",), ("list", "--code", "x"), ("drop", "--code", "x", "--reason", "x")):
        assert knooppunt("quarantine", *words, code=1).stdout == "Nothing is held in quarantine.\n"


def test_show_says_what_it_is_and_what_release_would_mean(three):
    """Why, from where, what lies there, and what to do."""
    [row] = held(three, "--gemeente", "0034")
    found = as_promised(three.json("quarantine", "show", row["id"]), "quarantine-show")
    assert found["files"] == ["reden.txt", "twee.csv"]
    assert "choose one" in found["release"]
    assert found["decision"] is None
    assert "geen-uitwisseling" in three("quarantine", "show", row["id"]).stdout
    three("quarantine", "show", "onzin", code=1)
    three("quarantine", "show", "0", code=2)  # all begin so


def test_release_by_the_first_characters_of_its_name(three):
    """No gateway runs: the file goes as far as the hop folder, and on when one does."""
    [row] = held(three, "--gemeente", "0034")
    done = decision(three, "release", row["id"][:24], "--as", "wmo",
                    "--reason", "gebeld", "--by", "ada")  # fmt: skip
    assert [one["name"] for one in done["done"]] == ["twee.csv"]
    assert not done["dry_run"]
    [envelope] = (three.folders / "ggk/uit").glob("*.xml")
    three("run", "--once")
    assert (three.folders / "cbs/in/GMSDWMO/twee_0034_0001.csv").read_bytes() == b"2"
    assert not envelope.exists()
    found = as_promised(three.json("quarantine", "show", row["id"]), "quarantine-show")
    assert found["decision"]["by"] == "ada"
    assert found["decision"]["reason"] == "gebeld"
    assert found["state"] == "released"
    assert "by ada" in three("quarantine", "show", row["id"]).stdout
    again = decision(three, "release", row["id"], "--reason", "nog eens", code=1)
    assert "released already" in again["refused"][0]["reason"]
    three("audit", "verify")


def test_that_no_gateway_runs_is_said(three):
    """With where the file lies until one does; of several: that they go no further."""
    [row] = held(three, "--gemeente", "0034")
    words = ("--as", "wmo", "--reason", "x")
    done = three("quarantine", "release", row["id"], *words).stdout
    assert "No gateway runs: it went as far as ggk/uit, and on when one does" in done
    [row] = held(three, "--code", "leeg-bestand")
    assert "gateway" not in three("quarantine", "drop", row["id"], "--reason", "x").stdout


def test_in_bulk_it_is_a_dry_run_until_somebody_says_yes(three):
    """By a filter: first what would happen; with --yes it does."""
    words = ("release", "--code", "geen-uitwisseling", "--as", "jeugd", "--reason", "bulk")
    planned = decision(three, *words, "--dry-run")
    assert planned["dry_run"]
    assert len(planned["done"]) == 2
    asked = three("quarantine", *words, code=1)
    assert "would release" in asked.stdout
    assert "--yes" in asked.stderr
    assert len(held(three)) == 3
    done = three("quarantine", *words, "--yes")
    assert done.stdout.count("released 0") == 2
    assert "No gateway runs: these go as far as the next folder" in done.stdout
    three("run", "--once")
    assert len(list((three.folders / "cbs/in/GMSDJGD").glob("*.csv"))) == 2


def test_what_is_not_released_is_said_and_the_rest_is(three):
    """The empty file is refused with a sentence; exit code 1."""
    ids = [row["id"] for row in held(three)]
    done = decision(three, "release", *ids, "--as", "wmo", "--reason", "alles", code=1)
    assert len(done["done"]) == 2
    [refused] = done["refused"]
    assert "it is empty" in refused["reason"]


def test_drop_moves_to_the_archive(three):
    """Nothing is destroyed; the list says so when asked."""
    done = decision(three, "drop", "--code", "leeg-bestand", "--reason", "leeg", "--yes")
    assert len(done["done"]) == 1
    assert len(held(three)) == 2
    [row] = [row for row in held(three, "--all") if row["state"] == "dropped"]
    assert (three.folders / row["folder"] / "WMO_H22025.csv").exists()


WRONG = [
    (["release", "--reason", "x"], "name the files, or choose"),
    (["release", "een", "--code", "x", "--reason", "x"], "not both"),
    (["release", "--code", "x"], "say why"),
    (["drop", "een", "--reason", "  "], "say why"),
    (["drop", "--before", "gisteren", "--reason", "x"], "not a time"),
]


@pytest.mark.parametrize(("words", "says"), WRONG)
def test_wrong_use(three, words, says):
    """Exit code 2 and a sentence, and nothing is done."""
    assert says in three("quarantine", *words, code=2).stderr
    assert len(held(three)) == 3


def test_a_word_that_means_nothing_is_told_while_nothing_is_held(knooppunt):
    """An empty list would say that there is nothing of that day."""
    knooppunt("run", "--once")
    assert "not a time" in knooppunt("quarantine", "list", "--before", "gisteren", code=2).stderr


def test_an_unknown_id_is_said(three):
    """Exit code 1: there is no such file."""
    done = decision(three, "drop", "onzin", "--reason", "x", code=1)
    assert "no such file" in done["refused"][0]["reason"]


def test_what_a_person_lays_there_under_any_bytes_is_in_nobodys_way(three):
    """A folder and a file whose names are no UTF-8, and one beside a file that is held."""
    folder, map_, own = (
        three.folders / "quarantaine",
        os.fsdecode(b"\xffmap"),
        os.fsdecode(b"x\xfe\n"),
    )
    (folder / map_).mkdir()
    (folder / map_ / own).write_bytes(b"x")
    (folder / own).write_bytes(b"x")
    [id_] = [row["id"] for row in held(three, "--code", "leeg-bestand")]
    (folder / id_ / own).write_bytes(b"x")
    assert as_promised(three.json("quarantine", "show", id_), "quarantine-show")["files"] == [
        "WMO_H22025.csv", "reden.txt", "x\\xfe\\x0a"
    ]  # fmt: skip
    assert "x\\xfe\\x0a" in three("quarantine", "show", id_).stdout
    for words in (("status",), ("status", "--waiting"), ("run", "--once"), ("init", "."),
                  ("purge",), ("backup", "reserve"), ("quarantine", "list")):  # fmt: skip
        three(*words)
    assert "\\xffmap" in three("why", str(folder / map_)).stdout
    assert "\\xffmap" in three("quarantine", "drop", map_, "--reason", "x", code=1).stdout
    [no] = decision(three, "release", map_, "--reason", "x", code=1)["refused"]
    assert no["id"] == "\\xffmap"
    assert "--code \\xffmap" in three("quarantine", "list", "--code", map_, code=1).stdout
    done = decision(three, "drop", id_, "--reason", own, "--by", own)
    assert [one["id"] for one in done["done"]] == [id_]
    [row] = [row for row in held(three, "--all") if row["state"] == "dropped"]
    assert {path.name for path in (three.folders / row["folder"]).iterdir()} == {
        "WMO_H22025.csv", "reden.txt", own
    }  # fmt: skip
    assert (folder / map_ / own).read_bytes() == (folder / own).read_bytes() == b"x"


def test_two_commands_at_once_without_a_gateway(three):
    """Both are heard, one after the other: released once, and the other is told so."""
    [row] = held(three, "--gemeente", "0034")
    words = ["quarantine", "release", row["id"], "--as", "wmo", "--reason", "x"]
    people = [three.start(*words) for _ in range(2)]
    said = [person.communicate(timeout=60) for person in people]
    assert sorted(person.returncode for person in people) == [0, 1], said
    three("run", "--once")
    assert [path.read_bytes() for path in (three.folders / "cbs/in/GMSDWMO").glob("*.csv")] == [
        b"2"
    ]


def test_beside_a_gateway_that_runs(three):
    """The gateway does it; the command shows its answer."""
    process = subprocess.Popen([KNOOPPUNT, "run"], cwd=three.folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)  # fmt: skip
    try:
        assert process.stderr is not None
        while b"Ctrl-C" not in process.stderr.readline():
            pass
        [row] = held(three, "--gemeente", "0034")
        done = decision(three, "release", row["id"], "--as", "wmo", "--reason", "x")
        assert len(done["done"]) == 1
        eventually((three.folders / "cbs/in/GMSDWMO/twee_0034_0001.csv").exists)
        [row] = held(three, "--gemeente", "0363", "--code", "geen-uitwisseling")
        told = three("quarantine", "release", row["id"], "--as", "wmo", "--reason", "x").stdout
        assert "No gateway runs" not in told
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
