# SPDX-License-Identifier: EUPL-1.2
"""No BSN and no employee's name outside payload, openings and metagegevens: a canary of each kind.

One round in which all goes wrong that can, with a canary wherever a person can be named. Then every
file, row, log line, leaf, line of the LDV, metric and error is read for every canary.
"""

import re
import sqlite3
import urllib.request
from pathlib import Path

import pytest

from gateway.audit.leaf import without_bsn
from gateway.config import parse
from gateway.setup import shipped_config
from tests.flow.conftest import eventually

BSN = {  # each passes the 11-proof; none belongs to anybody (RvIG's numbers for tests)
    "in a CSV": "999990019",
    "in the name of a file": "999990020",
    "in a name that no exchange takes": "999990032",
    "in an envelope that is none": "999990044",
    "in the name of such an envelope": "999990056",
    "in a decision that its XSD refuses": "999990068",
    "in the name of a report": "999990081",
    "in a report": "999990093",
    "in what an operator says": "999990111",
    "in what an operator asks for": "999990123",
    "in a file that waits": "999990135",
    "in a field of an envelope": "999990147",
}
NAMES = {
    "user of a folder": "kanarie.jansen",
    "user without a grant": "kanarie.zwart",
    "in the name of a file": "Kanariegeel",
    "in a name that no exchange takes": "Kanariewit",
    "in a CSV": "Kanarierood",
    "in an envelope that is none": "Kanarieblauw",
    "in a decision that its XSD refuses": "Kanariegroen",
    "in the name of a report": "Kanariepaars",
    "in what an operator says": "Kanarieroze",
    "user with a grant": "kanarie.bruin",
    "in a file that waits": "Kanariegrijs",
    "in a field of an envelope": "Kanarieoranje",
    "in a sub-folder of nobody": "kanarie.lila",
}
CANARIES = {**{f"BSN {k}": v for k, v in BSN.items()}, **{f"name {k}": v for k, v in NAMES.items()}}

MAY_HOLD = {
    "opening.value": "what opens a commitment",
    "levering.naam": "metagegevens: the name of the file, erased with it",
    "levering.gebruiker": "metagegevens: the user, erased with it",
    "levering.delivered_as": "metagegevens: the name at the receiver, erased with it",
    "metagegevens.content": "the record that the receiver got, erased with the message",
    "event.name": "metagegevens: the name at each step, erased with it",
    "event.place": "the sub-folder of an outbox that its user made, erased with it",
    "held.name": "the name of a file in quarantine, erased with it",
    "held.intent": "where that file came from, erased with it",
    "autorisatie.gebruiker": "who is authorised: for as long as that must be answered for",
    "autorisatie.door": "who gave the grant",
    "autorisatie.reden": "why, in the words of who gave it",
    "answered.answer": "what an operator was told, for a week",
    "request.details": "what a refusal told its sender, who sent it; erased with it",
    "waiting.key": "a file that waits in an outbox, until it is taken",
}
"""Every column that may name a person, and why."""


def held_in(text):
    """Which canaries are in it, whatever the case of its letters."""
    content = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")
    return [what for what, one in CANARIES.items() if one.lower().encode() in content.lower()]


def test_the_canaries_are_what_they_are_taken_for():
    """A BSN that failed its proof would be no canary."""
    assert all(without_bsn(one) == "*********" for one in BSN.values())
    assert len(set(CANARIES.values())) == len(CANARIES)


def drop_all(knooppunt):
    """A file for each canary."""
    rows = f"bsn;naam\n{BSN['in a CSV']};{NAMES['in a CSV']}\n".encode()
    knooppunt.drop("0363", "WMO_H22025.csv", rows, "wmo", NAMES["user of a folder"])
    name = f"WMO_H22025_{BSN['in the name of a file']}_{NAMES['in the name of a file']}.csv"
    knooppunt.drop("0363", name, rows + b"2")
    unknown = "in a name that no exchange takes"
    knooppunt.drop("0363", f"{BSN[unknown]} {NAMES[unknown]}.jpg", rows + b"3")
    knooppunt.drop("0363", "EMU_1.csv", rows + b"4", "emu", NAMES["user without a grant"])
    knooppunt.drop("0363", "EMU_2.csv", rows + b"5", "emu", NAMES["user with a grant"])
    knooppunt.drop("0363", "x.csv", rows + b"6", "wmo", NAMES["in a sub-folder of nobody"], "diep")
    refused = "in a decision that its XSD refuses"
    decision = f"<besluit><{NAMES[refused]}>{BSN[refused]}</{NAMES[refused]}></besluit>"
    knooppunt.drop("0363", "BESLUIT_H22025.xml", decision.encode())
    waits = "in a file that waits"
    knooppunt.drop("0363", f"WMO_{BSN[waits]}_{NAMES[waits]}.csv.part", rows + b"7")
    wrong = "in an envelope that is none"
    malformed = f"<a {NAMES[wrong]}='{BSN[wrong]}'><b>{BSN[wrong]}</a>".encode()
    hop = knooppunt.folders / "ggk" / "uit" / f"{BSN['in the name of such an envelope']}.xml"
    hop.write_bytes(malformed)
    (knooppunt.folders / "ggk" / "in" / "antwoord" / "x.bv03.xml").write_bytes(malformed)
    back = knooppunt.folders / "cbs" / "uit" / "GMSDTTK"
    report = f"TECHNISCH_{BSN['in the name of a report']}_{NAMES['in the name of a report']}.pdf"
    (back / report).write_bytes(BSN["in a report"].encode())
    (back / "TECHNISCH_H22025_0363_0001.pdf").write_bytes(BSN["in a report"].encode())


def forge(knooppunt):
    """An envelope of GGk's own, changed on its way: a field that a hub refuses holds a person."""
    knooppunt.drop("0034", "WMO_H22025.csv", b"0034", "wmo")
    knooppunt("run", "--once", "--stations", "ggk")
    found = [
        p for p in (knooppunt.folders / "ggk" / "uit").glob("*.xml") if b"0034" in p.read_bytes()
    ]
    for path in found:
        field = "in a field of an envelope"
        text = path.read_text("utf-8")
        changed = text
        for element in ("applicatie", "functie"):
            words = rf"\g<1>{NAMES[field]} {BSN[field]}<"
            changed = re.sub(rf"(<[\w:]*{element}>)[^<]*<", words, changed, count=1)
        assert changed != text
        path.write_text(changed, "utf-8")
    return found


@pytest.fixture
def ronde(knooppunt):
    """The round, and all that was said in it: ``screens`` to operators, ``said`` elsewhere."""
    knooppunt.configure(
        ("  emu: {naam: EMU-enquête}", "  emu: {naam: EMU-enquête, autorisatie: verplicht}"),
        ("    binding: sterk", "    binding: zwak"),  # a decision is judged without its seal
    )
    knooppunt("run", "--once", "--nu", "2026-02-02")
    words = f"{NAMES['in what an operator says']} {BSN['in what an operator says']}"
    knooppunt("grant", NAMES["user with a grant"], "emu", "--gemeente", "0363", "--reason", words)
    knooppunt("run", "--once")
    assert forge(knooppunt)
    drop_all(knooppunt)
    process = knooppunt.start("run", "--log", "log.jsonl", "--metrics", "0")
    try:
        where = next(line for line in process.stderr if b"metrics on" in line)
        url = where.decode().split("metrics on ")[1].strip()
        eventually(lambda: len(knooppunt.json("quarantine", "list", code=None)["held"]) >= 6)
        held = knooppunt.json("quarantine", "list")["held"]
        knooppunt("quarantine", "drop", held[0]["id"], "--reason", words)
        eventually(lambda: knooppunt.json("status")["under_way"] == 0)
        with urllib.request.urlopen(url) as answer:
            metrics = answer.read()
    finally:
        process.terminate()
        out, err = process.communicate(timeout=60)
    asked = BSN["in what an operator asks for"]
    screens = {
        "run": out + err,
        "status": knooppunt("status").stdout,
        "status --json": knooppunt("status", "--json").stdout,
        "tail": knooppunt("tail", "-n", "500").stdout,
        "tail --json": knooppunt("tail", "-n", "500", "--json").stdout,
        "trace": knooppunt("trace", "WMO_H22025.csv").stdout,
        "quarantine list": knooppunt("quarantine", "list", "--all").stdout,
    }
    check = knooppunt("status", "--check", "--json", code=None)
    trace = knooppunt("trace", asked, code=1)
    said = {
        "metrics": metrics,
        "log": (knooppunt.folder / "log.jsonl").read_bytes(),
        "check": check.stdout + check.stderr,
        "trace of nothing": trace.stdout + trace.stderr,
        "audit verify": knooppunt("audit", "verify", "--json").stdout,
    }
    return knooppunt, screens, said


def test_no_canary_where_none_may_be(ronde):
    """Read it all; where a person may be named is listed above, column by column."""
    knooppunt, _, said = ronde
    wrong = {where: found for where, text in said.items() if (found := held_in(text))}
    state = knooppunt.folders / ".state"
    for path in sorted(state.rglob("*")):
        inside = path.read_bytes() if path.is_file() and "knooppunt.db" not in path.name else b""
        if found := held_in(inside) + held_in(path.relative_to(state)):
            wrong[str(path.relative_to(state))] = found
    for where, found in columns(state / "knooppunt.db").items():
        if found and where not in MAY_HOLD:
            wrong[where] = found
    for path in sorted(knooppunt.folder.rglob("*")):
        place = path.relative_to(knooppunt.folder).as_posix()
        if (
            path.is_file()
            and not place.startswith("folders/")
            and (found := held_in(path.read_bytes()))
        ):
            wrong[place] = found
    assert wrong == {}


def columns(path):
    """Each column of the store, and the canaries in it."""
    found = {}
    with sqlite3.connect(path) as connection:
        tables = [
            r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                rows = connection.execute(f"SELECT {column} FROM {table}").fetchall()
                content = b"\n".join(
                    one if isinstance(one, bytes) else str(one).encode() for [one] in rows
                )
                found[f"{table}.{column}"] = held_in(content)
    connection.close()
    return found


def test_the_round_met_every_canary(ronde):
    """Or the scan would prove nothing: each lies somewhere in the folders, or was asked for."""
    knooppunt, _, _ = ronde
    met = set()
    for path in knooppunt.folders.rglob("*"):
        if path.is_file() or path.is_dir():
            met |= set(held_in(path.relative_to(knooppunt.folders)))
        if path.is_file():
            met |= set(held_in(path.read_bytes()))
    assert set(CANARIES) - met == {"BSN in what an operator asks for"}


def test_a_screen_names_files_and_never_a_bsn_or_a_user(ronde):
    """Who keeps the gateway must be able to find a file; nobody's number, nobody's account.

    But for a file that lies where nobody takes it: its path is the answer.
    """
    _, screens, _ = ronde
    of_files = ("in the name of", "in a name that", "in a file that waits", "in a sub-folder")
    files = {one for what, one in NAMES.items() if what.startswith(of_files)}
    assert len(files) == 5
    wrong = {
        where: bad
        for where, text in screens.items()
        if (bad := [one for one in held_in(text) if CANARIES[one] not in files])
    }
    assert wrong == {}


# --- what docs/privacy.md says ---


def page():
    """The page's tables: the first cell of each row, and the rest of it."""
    path = Path(__file__).parents[2] / "docs" / "privacy.md"
    rows = [line.strip("| ").split(" | ") for line in path.read_text("utf-8").splitlines()
            if line.startswith("| ")]  # fmt: skip
    return [(re.findall("`([^`]+)`", cells[0]), cells[1:]) for cells in rows]


def test_the_page_names_each_column_that_may_name_a_person():
    """Those that the scan lets pass, and no other."""
    told = {one for words, _ in page() for one in words if re.fullmatch(r"[a-z]+\.[a-z_]+", one)}
    assert told == set(MAY_HOLD)


def test_the_page_tells_the_shipped_terms():
    """Every setting of the section, with its days."""
    config = parse(shipped_config().decode())
    told = {words[0]: int(cells[0]) for words, cells in page() if words and cells[0].isdigit()}
    assert told == config.bewaren.model_dump()
