# SPDX-License-Identifier: EUPL-1.2
"""Names and sizes that nobody would choose: rows 38-45 of the fault table."""

import json
import os
import unicodedata

import pytest

from gateway.names_veilig import ONZICHTBAAR
from gateway.testing import Keten
from tests.faults.breaking import codes, config
from tests.flow.test_groot import reference
from tests.flow.vreemd import antwoorden, envelop

NO_UTF8 = os.fsdecode(b"WMO_\xff.csv")
HOSTILE = [
    "WMO_regel\nnieuw.csv",
    "WMO_tab\ten.csv",
    "WMO_\x1b[31mrood\x1b]0;titel\x07.csv",
    "WMO_om\u202evsc.exe",
    "WMO_\u2028\u0085.csv",
    "WMO_\x01\x7f.csv",
    NO_UTF8,
    "-rf",
    "--help.csv",
    "~WMO.csv",
]


# --- sizes ----------------------------------------------------------------------------------------


def test_row_39_sparse_terabyte(tmp_path):
    """A sparse terabyte is refused by its size: it is not read, not copied, and needs no room.

    Where an exchange sends any size by reference, it waits for a disk that holds it.
    """
    text = config(('patronen: ["SBO_*"]', 'patronen: ["SBO_*"]\n    groot: verwijzen'))
    with Keten(tmp_path / "keten", config=text) as keten:
        for name in ("WMO_reus.csv", "SBO_reus.csv", "rare reus.csv"):
            os.truncate(keten.drop("0363", name, b"kop"), 1 << 40)
        keten.drop("0363", "WMO_gewoon.csv", b"kop")
        assert codes(keten) == {"SBO_reus.csv": "schijf-vol"}
        texts = keten.notices("0363", "weigering")
        assert sorted("IB007" in text for text in texts) == [False, True]
        for folder in keten.quarantine():
            [held] = [p for p in folder.iterdir() if p.name != "reden.txt"]
            assert held.stat().st_size == 1 << 40
            assert held.stat().st_blocks <= 8  # what was dropped, moved and not copied
        assert [one.content for one in keten.received("wmo")] == [b"kop"]
        (keten.outbox("0363") / "SBO_reus.csv").unlink()


# --- names ----------------------------------------------------------------------------------------


def test_row_40_name_not_utf8(knooppunt):
    """It is delivered, lies in verzonden as it was called, and is shown so that anyone can type."""
    path = knooppunt.drop("0363", NO_UTF8, b"kop\n")
    [told] = knooppunt.json("status")["waiting"]
    assert told["path"].endswith("outbox/WMO_\\xff.csv")
    knooppunt("run", "--once")
    kept = os.listdir(os.fsencode(knooppunt.folders / "gemeenten/0363/verzonden"))
    assert b"WMO_\xff.csv" in kept
    [message] = knooppunt.json("trace", NO_UTF8)["messages"]
    assert message["names"][0] == "WMO_\\xff.csv"
    assert message["status"] == "acknowledged"
    assert not path.exists()


def harmless(said):
    """Nothing that moves a cursor or turns text round; only the ends of lines."""
    return not ONZICHTBAAR.search(said.replace("\n", ""))


def test_row_41_control_characters_in_output(knooppunt, tmp_path):
    """Every command shows such a name on one line, and sends no control to a terminal."""
    for name in HOSTILE:
        knooppunt.drop("0363", name, os.fsencode(name), "wmo")
    knooppunt.drop("0363", "\x1b[2J\nweg.part", b"x")  # stays
    knooppunt.drop("0363", "\x1b[2J\nonbekend.xyz", b"x")  # is refused
    log = tmp_path / "log.jsonl"
    for words in (
        ("status",), ("status", "--waiting"), ("run", "--once", "--log", str(log)),
        ("tail", "-n", "1000"), ("status",), ("status", "--waiting"), ("quarantine", "list"),
    ):  # fmt: skip
        done = knooppunt(*words)
        assert harmless(done.stdout + done.stderr), words
        if words[0] == "tail":
            events = knooppunt("tail", "--json", "-n", "1000").stdout.splitlines()
            assert len(done.stdout.splitlines()) == len(events) == 6 * len(HOSTILE) + 2
            assert all(json.loads(one) for one in events)
    outbox = knooppunt.folders / "gemeenten/0363/outbox"
    for path in [*(outbox / "wmo" / name for name in HOSTILE), outbox / "\x1b[2J\nweg.part"]:
        done = knooppunt("why", str(path))
        assert harmless(done.stdout + done.stderr), path
    for name in HOSTILE:
        done = knooppunt("trace", "--", name)
        assert harmless(done.stdout + done.stderr), name
    assert harmless(log.read_text())
    for path in (knooppunt.folders / "gemeenten/0363/inbox").iterdir():
        assert harmless(path.name)


@pytest.mark.parametrize("name", ["n" * 251 + ".csv", "\u00e9" * 125 + ".csv", "x" * 255])
def test_row_42_name_of_255_bytes(keten, name):
    """Delivered twice, refused once: whatever we add to it, no name becomes too long for a disk."""
    for content in (b"een", b"twee"):
        keten.drop("0363", name, content, uitwisseling="wmo")
        keten.settle()
    keten.drop("0363", name, b"drie")
    assert codes(keten) == {}
    assert [one.content for one in keten.received("wmo")] == [b"een", b"twee"]
    assert len(keten.verzonden("0363")) == 2
    assert len(keten.notices("0363", "ontvangst")) == 2
    assert len(keten.notices("0363", "weigering")) == 1
    [held] = keten.quarantine()
    assert (held / name).read_bytes() == b"drie"


PATHS = [
    "../../x.csv",
    "/etc/x.csv",
    "..",
    "%2e%2e%2fx.csv",
    "a/b\\c.csv",
    "CON.csv",
    "NUL",
    "x.csv.",
]


def test_row_43_fields_of_an_envelope_are_never_a_path(keten):
    """Whatever a sender calls the file, both ways: it lands in the one folder that is meant."""
    before = {p for p in keten.folder.rglob("*") if p.is_dir()}
    for number, name in enumerate(PATHS):
        for hop, back in (("ggk/uit", False), ("ggk/in", True)):
            tijd = f"202602021000000{number:02d}"
            data = envelop(terug=back, naam="plaats.csv", tijd=tijd, payload=b"%d" % number)
            data = data.replace(b"plaats.csv", name.encode())
            (keten.hop(hop) / f"{number}.xml").write_bytes(data)
    assert codes(keten) == {}
    told = ["Bv03" if name in ("CON.csv", "x.csv.") else "RIN001" for name in PATHS]
    assert list(antwoorden(keten).values()) == list(antwoorden(keten, "ggk/in").values()) == told
    assert len(keten.quarantine()) == 2 * told.count("RIN001")
    assert len(keten.received("wmo")) == 2
    placed = [p.name for p in keten.inbox("0363") if "_weigering_" not in p.name]
    assert sorted(placed) == ["_CON.csv", "x.csv"]
    made = {p for p in keten.folder.rglob("*") if p.is_dir() and p.name[0] != "."} - before
    assert {p.parent.name for p in made} == {"quarantaine"}


@pytest.mark.parametrize("number", ["../../x", "..%2f..%2fx", "CON", "A" * 36])
def test_row_43_a_number_that_is_a_path(tmp_path, number):
    """A referentienummer that is no UUID, of a message by reference too: answered, never a path."""
    text = config(('patronen: ["WMO_*"', 'groot: verwijzen\n    patronen: ["WMO_*"'))
    with Keten(tmp_path / "keten", config=text) as keten:
        good = "11111111-1111-4111-8111-111111111111"
        refers = reference(b"kop\n", good)
        for which, payload, naam in (("in", b"kop\n", "x.csv"), ("bij", refers, None)):
            data = envelop(ref=good, payload=payload, naam=naam).replace(
                good.encode(), number.encode()
            )
            (keten.hop("ggk/uit") / f"{which}.xml").write_bytes(data)
        assert codes(keten) == {}
        assert keten.received("wmo") == []
        assert len(keten.quarantine()) == 2


def test_row_44_names_that_look_alike(keten):
    """NFC and NFD of one name, and two cases of one: as many messages as files, each its bytes."""
    pairs = [unicodedata.normalize(form, "WMO_caf\u00e9.csv") for form in ("NFC", "NFD")]
    pairs += ["WMO_Letter.csv", "WMO_LETTER.CSV"]
    for name in pairs:
        keten.drop("0363", name, name.encode())
    keten.settle()
    assert sorted(one.content for one in keten.received("wmo")) == sorted(n.encode() for n in pairs)
    folded = {unicodedata.normalize("NFKC", o.name).casefold() for o in keten.received("wmo")}
    assert len(folded) == 4
    assert {p.name for p in keten.verzonden("0363")} == set(pairs)
    assert len(keten.notices("0363", "ontvangst")) == 4


OURS = [
    "01HZXV3Q5Y8Z7W6V5U4T3S2R1Q",
    "01HZXV3Q5Y8Z7W6V5U4T3S2R1Q.0",
    "01HZXV3Q5Y8Z7W6V5U4T3S2R1Q.groot",
    "20260202100000000_11111111-1111-4111-8111-111111111111.xml",
    "20260202100000000_11111111-1111-4111-8111-111111111111.bv03.xml",
    "WMO_H22025_0363_0001_metagegevens.xml",
    "reden.txt",
]


def test_row_45_names_that_look_like_ours(keten):
    """A name as we give them ourselves is a name like any other; a hidden one waits, and is said.

    Folders called as ours are neither claimed from nor lost from sight.
    """
    for name in OURS:
        keten.drop("0363", name, name.encode(), uitwisseling="wmo")
    for name in (".claimed", ".tmp", ".knooppunt"):
        keten.drop("0363", name, b"x", uitwisseling="wmo")
    keten.drop("0363", "WMO_1.csv", b"x", uitwisseling=".tmp")
    hidden = dict.fromkeys((".claimed", ".tmp", ".knooppunt"), "onaf")
    assert codes(keten) == hidden
    assert {one.content.decode() for one in keten.received("wmo")} == set(OURS)
    assert {p.name for p in keten.verzonden("0363")} == set(OURS)
    keten.restart()
    assert codes(keten) == hidden
    assert len(keten.received("wmo")) == len(OURS)
    assert keten.quarantine() == []
    for name in (".claimed", ".tmp"):  # or else they look half done
        (keten.outbox("0363", "wmo") / name).unlink()
    (keten.outbox("0363", ".tmp") / "WMO_1.csv").unlink()
