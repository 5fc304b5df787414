# SPDX-License-Identifier: EUPL-1.2
"""No BSN and no employee's name outside payload, openings and metagegevens: a canary of each kind.

One round in which all goes wrong that can, and all is proven that can be: employees who sign, log
in and download, CBS's receipt, witnesses, time stamps, bundles and an export. A canary stands
wherever a person can be named. Then every file, row, log line, leaf, line of the LDV, metric and
error is read for every canary, and the database once more as a file, byte for byte.
"""

import re
import shutil
import socket
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from gateway.audit.leaf import without_bsn
from gateway.config import parse
from gateway.setup import shipped_config
from tests.flow.conftest import Gereedschap, eventually
from tests.flow.getuigen import Getuigen
from tests.flow.test_decisions import besluit

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
    "employee who signs": "kanarie.zegel",
    "employee who logs in": "kanarie.inlog",
    "in the name of a file with a login": "Kanarieturkoois",
    "employee who downloads": "kanarie.ophaler",
    "operator": "kanarie.beheer",
    "in a decision that is signed": "Kanarieblank",
}
CANARIES = {**{f"BSN {k}": v for k, v in BSN.items()}, **{f"name {k}": v for k, v in NAMES.items()}}

MAY_HOLD = {
    "opening.value": "what opens a commitment",
    "binding.content": "metagegevens: the seal or login, whose manifest names the file",
    "levering.naam": "metagegevens: the name of the file, erased with it",
    "levering.gebruiker": "metagegevens: the user, erased with it",
    "levering.delivered_as": "metagegevens: the name at the receiver, erased with it",
    "metagegevens.content": "the record that the receiver got, erased with the message",
    "event.name": "metagegevens: the name at each step, erased with it",
    "held.name": "the name of a file in quarantine, erased with it",
    "held.intent": "where that file came from, erased with it",
    "autorisatie.gebruiker": "who is authorised: for as long as that must be answered for",
    "autorisatie.door": "who gave the grant",
    "autorisatie.reden": "why, in the words of who gave it",
    "answered.answer": "what an operator was told, for a week",
    "request.details": "what a refusal told its sender, who sent it; erased with it",
    "waiting.key": "a file that waits in an outbox, until it is taken",
    "meta.config_text": "the configuration in force, which names the users that were put in it",
}
"""Every column (of settings: every key) that may name a person, and why."""

NEVER = tuple(what for what in CANARIES if what.startswith(("BSN in a CSV", "BSN in a report",
              "BSN in an envelope", "BSN in a decision", "name in a CSV", "name in an envelope",
              "name in a decision")))  # fmt: skip
"""What stands in payload alone: nowhere in the database, not in its log, and at no time."""

OWN = ("pseudoniemen.json", "cbs/")
"""What in the state may name a person, by docs/privacy.md: who is who, and what CBS keeps."""


def held_in(text):
    """Which canaries are in it, whatever the case of its letters."""
    content = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")
    return [what for what, one in CANARIES.items() if one.lower().encode() in content.lower()]


def test_the_canaries_are_what_they_are_taken_for():
    """A BSN that failed its proof would be no canary."""
    assert all(without_bsn(one) == "*********" for one in BSN.values())
    assert len(set(CANARIES.values())) == len(CANARIES)


def answers(port):
    """Whether somebody listens there."""
    with socket.socket() as asking:
        return not asking.connect_ex(("127.0.0.1", port))


class Ronde:
    """The round: a chain, what employees have at their own place, and all that was said."""

    def __init__(self, folder, knooppunt):
        self.knooppunt, self.eigen = knooppunt, folder / "eigen"
        self.state = knooppunt.folders / ".state"
        self.screens, self.said = {}, {}
        self.alive = b""
        self.eigen.mkdir()

    def own(self, name, content):
        """A file at an employee's own place."""
        path = self.eigen / name
        path.write_bytes(content)
        return path

    def sign(self, name, content):
        """Hand it in under the seal of an employee."""
        path, who = self.own(name, content), NAMES["employee who signs"]
        said = self.knooppunt("seal", str(path), "--gemeente", "0363", "--als", who)
        self.said["seal"] = said.stdout + said.stderr
        for one in (f"{name}.p7s", name):
            self.knooppunt.drop("0363", one, (self.eigen / one).read_bytes())

    def log_in(self, name, content):
        """Hand it in with the login of an employee: the command says whose, to himself."""
        path, who = self.own(name, content), NAMES["employee who logs in"]
        process = self.knooppunt.start("idp", "run")
        try:
            self.said["idp"] = process.stdout.readline()
            port = int(re.search(rb":([0-9]+)", self.said["idp"])[1])
            eventually(lambda: answers(port))
            self.knooppunt("deliver", str(path), "--gemeente", "0363", "--als", who)
        finally:
            process.terminate()
            out, err = process.communicate(timeout=60)
        self.said["idp"] += out + err


def drop_all(ronde):
    """A file for each canary."""
    knooppunt = ronde.knooppunt
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
    ronde.sign("BESLUIT_H22025.xml", decision.encode())
    signed = NAMES["in a decision that is signed"]
    ronde.sign("OPTIN_H22025.xml", besluit("opt-in", gebruiker=signed))
    name = f"SBO_H22025_{NAMES['in the name of a file with a login']}.csv"
    ronde.log_in(name, rows + b"8")
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
    (back / REPORT).write_bytes(BSN["in a report"].encode())


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


REPORT = "TECHNISCH_H22025_0363.pdf"


def free_port():
    """One on which nobody listens now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def configure(knooppunt):
    """Employees with keys, an authorisation that is asked, a broker, a CBS that answers at once."""
    employees = f"{NAMES['employee who signs']}, {NAMES['employee who logs in']}"
    knooppunt.configure(
        ("  emu: {naam: EMU-enquête}", "  emu: {naam: EMU-enquête, autorisatie: verplicht}"),
        ("naam: Amsterdam}", f"naam: Amsterdam, medewerkers: [{employees}]}}"),
        ("antwoord: protocol", "antwoord: direct"),
        ("\ngetuigen:", f"\neherkenning:\n  uitgever: http://127.0.0.1:{free_port()}\ngetuigen:"),
    )
    knooppunt("init")


@pytest.fixture(scope="module")
def ronde(tmp_path_factory):
    """The round, and all that was said in it: ``screens`` to operators, ``said`` elsewhere."""
    folder = tmp_path_factory.mktemp("ronde")
    with Getuigen(folder / "keten") as parties:
        knooppunt = Gereedschap(parties.folder)
        configure(knooppunt)
        ronde = Ronde(folder, knooppunt)
        knooppunt("run", "--once", "--nu", "2026-02-02")
        words = f"{NAMES['in what an operator says']} {BSN['in what an operator says']}"
        with pytest.MonkeyPatch.context() as change:
            change.setenv("SUDO_USER", NAMES["operator"])  # who stands behind sudo gives it
            knooppunt("grant", NAMES["user with a grant"], "emu", "--gemeente", "0363",
                      "--reason", words)  # fmt: skip
        for who in ("employee who signs", "employee who logs in"):
            knooppunt("grant", NAMES[who], "gmsd", "--gemeente", "0363")
        knooppunt("run", "--once")
        assert forge(knooppunt)
        drop_all(ronde)
        run(ronde, words)
        look(ronde)
        prove(ronde)
    return ronde


def confirmed(knooppunt, name):
    """Whether CBS sealed that it has it."""
    return knooppunt.json("trace", name)["messages"][0]["status"] == "confirmed"


def run(ronde, words):
    """All stations, until everything is answered, confirmed and witnessed; then a download."""
    knooppunt = ronde.knooppunt
    process = knooppunt.start("run", "--stations", "ggk,rinis,cbs", "--log", "log.jsonl",
                              "--metrics", "0")  # fmt: skip
    try:
        where = next(line for line in process.stderr if b"metrics on" in line)
        url = where.decode().split("metrics on ")[1].strip()
        eventually(lambda: len(knooppunt.json("quarantine", "list", code=None)["held"]) >= 6)
        held = knooppunt.json("quarantine", "list")["held"]
        knooppunt("quarantine", "drop", held[0]["id"], "--reason", words)
        login = f"SBO_H22025_{NAMES['in the name of a file with a login']}.csv"
        for name in ("OPTIN_H22025.xml", login):
            eventually(lambda name=name: confirmed(knooppunt, name))
        eventually((knooppunt.folders / "gemeenten/0363/inbox" / REPORT).exists)
        done = knooppunt("fetch", REPORT, "--gemeente", "0363", "--als",
                         NAMES["employee who downloads"], "-o", str(ronde.eigen))  # fmt: skip
        ronde.said["fetch"] = done.stdout + done.stderr
        eventually(lambda: knooppunt.json("status")["under_way"] == 0)
        audit = knooppunt.json("status")["audit"]["size"]
        eventually(lambda: knooppunt.json("status")["audit"]["timestamped"] >= audit - 1)
        with urllib.request.urlopen(url) as answer:
            ronde.said["metrics"] = answer.read()
        for one in ("knooppunt.db", "knooppunt.db-wal"):
            ronde.alive += (ronde.state / one).read_bytes()
    finally:
        process.terminate()
        out, err = process.communicate(timeout=60)
    ronde.screens["run"] = out + err


def look(ronde):
    """What an operator sees, and what goes elsewhere."""
    knooppunt = ronde.knooppunt
    ronde.screens |= {
        "status": knooppunt("status").stdout,
        "status --json": knooppunt("status", "--json").stdout,
        "tail": knooppunt("tail", "-n", "500").stdout,
        "tail --json": knooppunt("tail", "-n", "500", "--json").stdout,
        "trace": knooppunt("trace", "WMO_H22025.csv").stdout,
        "trace of what was signed": knooppunt("trace", "OPTIN_H22025.xml").stdout,
        "quarantine list": knooppunt("quarantine", "list", "--all").stdout,
    }
    check = knooppunt("status", "--check", "--json", code=None)
    trace = knooppunt("trace", BSN["in what an operator asks for"], code=1)
    ronde.said |= {
        "log": (knooppunt.folder / "log.jsonl").read_bytes(),
        "check": check.stdout + check.stderr,
        "trace of nothing": trace.stdout + trace.stderr,
        "audit verify": knooppunt("audit", "verify", "--json").stdout,
    }


def prove(ronde):
    """A bundle with names, one without, and a municipality's export."""
    knooppunt = ronde.knooppunt
    knooppunt("evidence", "OPTIN_H22025.xml", "-o", "bewijs.asice", "--content")
    knooppunt("evidence", "OPTIN_H22025.xml", "-o", "zonder.asice", "--redact", "openings")
    knooppunt("audit", "export", "--gemeente", "0363", "-o", "uitvoer")
    trust = str(ronde.state / "vertrouwen")
    report = knooppunt.json("evidence", "verify", "bewijs.asice", "--trust", trust)
    ok = {one["name"] for one in report["steps"] if one["outcome"] == "ok"}
    assert {"person", "binding", "receipts", "witnesses", "timestamp"} <= ok
    ronde.said["evidence verify"] = str(report)


def test_no_canary_where_none_may_be(ronde):
    """Read it all; where a person may be named is listed above, and in docs/privacy.md."""
    wrong = {where: found for where, text in ronde.said.items() if (found := held_in(text))}
    for path in sorted(ronde.state.rglob("*")):
        place = path.relative_to(ronde.state).as_posix()
        inside = path.read_bytes() if path.is_file() and not place.startswith(OWN) else b""
        if place.startswith("knooppunt.db"):
            inside = b""  # below, column by column and byte for byte
        if found := held_in(inside) + held_in(place):
            wrong[place] = found
    for where, found in columns(ronde.state / "knooppunt.db").items():
        if found and where not in MAY_HOLD:
            wrong[where] = found
    beside = ronde.knooppunt.folder
    for path in sorted(beside.rglob("*")):
        place = path.relative_to(beside).as_posix()
        if place.startswith("folders/") or place in ("config.yaml", "bewijs.asice"):
            continue
        if found := held_in(place) + (held_in(path.read_bytes()) if path.is_file() else []):
            wrong[place] = found
    assert wrong == {}


def test_nothing_is_excused_that_need_not_be(ronde):
    """Each column on the list did hold a canary: what it may is not more than what it does."""
    found = columns(ronde.state / "knooppunt.db")
    assert [one for one in MAY_HOLD if not found.get(one)] == []
    assert held_in((ronde.state / "pseudoniemen.json").read_bytes())
    bundle = (ronde.knooppunt.folder / "bewijs.asice").read_bytes()
    assert NAMES["employee who signs"].encode() in bundle


def test_no_canary_in_the_bytes_of_the_database(ronde, tmp_path):
    """Emptied of what may name a person, its file holds none: not in an index, not in a free page.

    While it ran it held nothing of what files say, in the file nor in its log (WAL).
    """
    assert [one for one in held_in(ronde.alive) if one in NEVER] == []
    for one in ronde.state.glob("knooppunt.db*"):
        shutil.copy(one, tmp_path / one.name)
    path = tmp_path / "knooppunt.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        copy.execute("PRAGMA secure_delete=ON")
        for where in MAY_HOLD:
            table, column = where.split(".")
            if table == "meta":
                copy.execute("UPDATE meta SET value='' WHERE key=?", [column])
            elif table == "waiting":
                copy.execute("DELETE FROM waiting")  # its key is the primary one
            else:
                copy.execute(f"UPDATE {table} SET {column}=''")
        copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = b"".join(one.read_bytes() for one in tmp_path.glob("knooppunt.db*"))
    assert b"OPTIN" not in left and len(left) > 50_000
    assert held_in(left) == []


def columns(path):
    """Each column of the store, and the canaries in it."""
    found = {}
    with sqlite3.connect(path) as connection:
        tables = [
            r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            if table == "meta":
                for key, value in connection.execute("SELECT key, value FROM meta"):
                    found[f"meta.{key}"] = held_in(value)
                continue
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
    folders, met = ronde.knooppunt.folders, set()
    for path in folders.rglob("*"):
        if path.is_file() or path.is_dir():
            met |= set(held_in(path.relative_to(folders)))
        if path.is_file():
            met |= set(held_in(path.read_bytes()))
    assert set(CANARIES) - met == {"BSN in what an operator asks for"}


def test_a_screen_names_files_and_never_a_bsn_or_a_user(ronde):
    """Who keeps the gateway must be able to find a file; nobody's number, nobody's account.

    But for a file that lies where nobody takes it: its path is the answer.
    """
    of_files = ("in the name of", "in a name that", "in a file that waits", "in a sub-folder")
    files = {one for what, one in NAMES.items() if what.startswith(of_files)}
    assert len(files) == 6
    wrong = {
        where: bad
        for where, text in ronde.screens.items()
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


NO_COLUMNS = {"config.yaml", "pseudoniemen.json"}


def test_the_page_names_each_column_that_may_name_a_person():
    """Those that the scan lets pass, and no other."""
    told = {
        one
        for words, _ in page()
        for one in words
        if re.fullmatch(r"[a-z]+\.[a-z_]+", one) and one not in NO_COLUMNS
    }
    assert told == set(MAY_HOLD)


def test_the_page_tells_the_shipped_terms():
    """Every setting of the section, with its days."""
    config = parse(shipped_config().decode())
    told = {words[0]: int(cells[0]) for words, cells in page() if words and cells[0].isdigit()}
    assert told == config.bewaren.model_dump()
