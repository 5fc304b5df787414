# SPDX-License-Identifier: EUPL-1.2
"""The installed command, as people and scripts use it: exit codes, files, JSON, signals."""

import fcntl
import hashlib
import json
import os
import re
import signal
from copy import deepcopy
from pathlib import Path

import jsonschema
import pytest

import envelopes
from gateway.setup import shipped_config
from gateway.store_queries import Reader
from tests.flow.conftest import Gereedschap, eventually

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def as_promised(document, name):
    """The document is as its JSON Schema in docs/ says."""
    jsonschema.validate(document, json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")))
    return document


# --- init -----------------------------------------------------------------------------------------


def test_init_makes_all_of_it_and_the_log_verifies_at_once(knooppunt):
    """The config byte for byte, folders for each party and exchange, a key, a checkpoint."""
    assert (knooppunt.folder / "config.yaml").read_bytes() == shipped_config()
    for code in ("0363", "0034", "1701"):
        for exchange in ("", "wmo", "sbo", "jeugd", "besluit"):
            assert (knooppunt.folders / "gemeenten" / code / "outbox" / exchange).is_dir()
        for kind in ("inbox", "verzonden", ".claimed"):
            assert (knooppunt.folders / "gemeenten" / code / kind).is_dir()
    for path in ("cbs/in/GMSDWMO", "cbs/in/GMSDSBO", "cbs/in/GMSDJGD", "cbs/in/GMSDBSL",
                 "cbs/uit/GMSDTTK", "cbs/uit/GMSDSP1", "cbs/uit/GMSDSP2", "cbs/uit/GMSDOIV",
                 "ggk/uit/antwoord", "ggk/in/antwoord", "quarantaine"):  # fmt: skip
        assert (knooppunt.folders / path).is_dir(), path
    report = as_promised(knooppunt.json("audit", "verify"), "audit-verify")
    assert report["ok"]
    assert report["size"] >= 1
    assert report["not_proven"]
    audit = knooppunt.folders / ".state/audit"
    [vkey] = audit.glob("*.vkey")
    assert vkey.name == report["origin"].rpartition("/")[2] + ".vkey"
    assert len(vkey.read_text().splitlines()) == 1


def test_init_never_overwrites_and_adds_what_is_missing(knooppunt):
    """Again: what is there stays as it is, what is missing comes back, exit 0."""
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 1900"))
    config = (knooppunt.folder / "config.yaml").read_bytes()
    key = (knooppunt.folders / ".state/keys/log/log.key").read_bytes()
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    (knooppunt.folders / "gemeenten/0034/inbox").rmdir()
    knooppunt("init")
    assert (knooppunt.folder / "config.yaml").read_bytes() == config
    assert (knooppunt.folders / ".state/keys/log/log.key").read_bytes() == key
    assert path.read_bytes() == b"x"
    assert (knooppunt.folders / "gemeenten/0034/inbox").is_dir()
    knooppunt("audit", "verify")


def test_init_adds_the_folders_of_a_new_party(knooppunt):
    """A municipality that is added to config.yaml gets its folders from init."""
    knooppunt.configure(('  "1701":', '  "0599": {soort: gemeente, naam: Rotterdam}\n  "1701":'))
    knooppunt("init")
    assert (knooppunt.folders / "gemeenten/0599/outbox/wmo").is_dir()


def test_init_never_looks_above_its_folder(knooppunt):
    """A chain inside a chain's folder is a chain of its own."""
    inner = Gereedschap(knooppunt.folder)
    inner("init", "binnen")
    assert (knooppunt.folder / "binnen/config.yaml").read_bytes() == shipped_config()
    assert (knooppunt.folder / "binnen/folders/.state/audit/checkpoint").exists()


# --- exit codes -----------------------------------------------------------------------------------


WORDS = [
    (["run", "--once", "--stations", "ggk,post"], 2, "there is no station post"),
    (["run", "--once", "--stations", ","], 2, "none named"),
    (["run", "--once", "--config", "weg.yaml"], 2, "there is no configuration at weg.yaml"),
    (["run", "--once", "--nu", "morgen"], 2, "not a time"),
    (["run", "--twice"], 2, "No such option"),
    (["onzin"], 2, "No such command"),
    (["trace", "niets.csv", "--state", "leeg"], 2, "there is no state"),
    (["trace"], 2, "Missing argument"),
    (["status", "--state", "leeg"], 2, "there is no state"),
    (["audit", "verify", "--since", "weg"], 2, "cannot be read"),
    (["audit", "verify", "weg"], 2, ""),
    (["trace", "niets.csv"], 1, ""),
    (["trace", "niets.csv", "--json"], 1, ""),
    (["run", "--once"], 0, "done"),
    (["status"], 0, "using config.yaml"),
    (["tail"], 0, ""),
    (["config", "check"], 0, ""),
    (["--version"], 0, ""),
    (["--help"], 0, ""),
]


def test_exit_codes(knooppunt):
    """0 done or yes, 1 the answer is no, 2 wrong use or unreadable input; and a sentence."""
    for words, code, says in WORDS:
        done = knooppunt(*words, code=code)
        assert says in done.stderr
        assert code != 2 or done.stderr.strip()


def test_without_any_config_it_says_what_to_do(tmp_path):
    """No config.yaml here or above: exit 2, and how to make one."""
    assert "knooppunt init" in Gereedschap(tmp_path)("status", code=2).stderr


def test_config_is_found_above(knooppunt):
    """In a folder of the chain the config.yaml above is used, and said."""
    deeper = Gereedschap(knooppunt.folders / "gemeenten/0363/inbox")
    assert "using ../../../../config.yaml" in deeper("status").stderr


def test_run_once_takes_and_refuses_with_exit_0(knooppunt):
    """A refusal is work well done: exit 0; what waits is listed with its reason."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    knooppunt.drop("0363", "onzin.csv", b"x")
    knooppunt.drop("0363", "WMO_H22025.csv.part", b"x")
    done = knooppunt("run", "--once")
    for word in (
        "accepted",
        "relayed",
        "delivered",
        "acknowledged",
        "rejected",
        "[geen-uitwisseling]",
    ):
        assert word in done.stdout
    assert re.search(r"outbox/WMO_H22025.csv.part: .*upload under way \[onaf\]", done.stdout)


def test_every_fault_in_the_configuration_is_told_at_once(knooppunt):
    """Exit 2; file:line:column for each fault; nothing runs."""
    knooppunt.configure(
        ("rinis_code: GMSDSBO", "rinis_kode: GMSDSBO"),
        ("batch: 192", "batch: veel"),
        ('"1701":', '"9999":'),
    )
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    for words in (["config", "check"], ["run", "--once"]):
        found = knooppunt(*words, code=2).stderr
        places = re.findall(r"^.*config\.yaml:(\d+):(\d+): ", found, re.MULTILINE)
        assert len(places) >= 3
        for word in ("rinis_kode", "batch", "9999"):
            assert word in found
    problems = knooppunt.json("config", "check", code=2)
    assert not problems["ok"]
    assert len(problems["problems"]) == len(places)
    assert path.exists()


# --- trace, status, tail --------------------------------------------------------------------------


def test_trace_finds_a_file_by_anything_it_was_ever_called(knooppunt):
    """Its number, each of its names, its digest: the same message, as the schema promises."""
    knooppunt.drop("0363", "WMO_H22025_gestuurd door Henk.CSV", b"kop\n")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    found = knooppunt.json("trace", "WMO_H22025_gestuurd door Henk.CSV")
    as_promised(found, "trace")
    [message] = found["messages"]
    assert message["direction"] == "heen"
    assert message["status"] == "acknowledged"
    leaves = [e["leaf"] for e in message["events"] if e["leaf"] is not None]
    assert leaves == sorted(leaves)
    assert len(leaves) == 5
    refs = [*message["names"], message["referentienummer"], message["sha256"],
            message["sha256"][:8], message["sha256"][:8].upper()]  # fmt: skip
    assert "WMO_H22025_gestuurd door Henk_0363_0001.CSV" in refs
    assert any(one.endswith(".bv03.xml") for one in refs)
    shown = deepcopy(message)
    for event in message["events"]:  # what others signed: of the log's files, not of the store
        event.pop("seal", None)
    beside = {key: message[key] for key in ("receipt", "downloads")}
    assert beside == {"receipt": None, "downloads": []}
    with Reader(str(knooppunt.folders / ".state/knooppunt.db")) as reader:
        for ref in refs:
            assert [one | beside for one in reader.trace(ref)] == [message], ref
    again = knooppunt.json("trace", message["sha256"][:8])
    assert again == {"query": message["sha256"][:8], "messages": [shown], "gaps": []}
    text = knooppunt("trace", "WMO_H22025_gestuurd door Henk.CSV").stdout
    assert message["referentienummer"] in text


def test_trace_of_what_never_was_is_no(knooppunt):
    """Exit 1 and an empty list; 7 digits of a digest are too few; nothing is a wildcard."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    knooppunt("run", "--once")
    digest = hashlib.sha256(b"kop\n").hexdigest()
    assert knooppunt.json("trace", digest[:8])["messages"]
    with Reader(str(knooppunt.folders / ".state/knooppunt.db")) as reader:
        for ref in (digest[:7], "niets.csv", "0123456", "%", "_", "", "' or 1=1 --"):
            assert reader.trace(ref) == [], ref
    none = knooppunt.json("trace", os.fsdecode(b"\xff"), code=1)
    assert none == {"query": "\\xff", "messages": [], "gaps": []}


def test_status_and_tail_are_as_their_schemas_say(knooppunt):
    """Counts by exchange and status, what waits and why, the log; one object a line."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    knooppunt.drop("0363", "onzin.csv", b"x")
    knooppunt("run", "--once", "--nu", "2026-02-02T12:00")
    knooppunt.drop("0034", "WMO_H22025.csv.tmp", b"x")
    status = as_promised(knooppunt.json("status"), "status")
    assert status["under_way"] == 0
    assert status["quarantine"] == 1
    assert status["nu"].startswith("2026-02-02T11:0")
    assert {(row["uitwisseling"], row["status"], row["count"]) for row in status["deliveries"]} == {
        ("wmo", "acknowledged", 1), ("", "rejected", 1),
    }  # fmt: skip
    assert [one["code"] for one in status["waiting"]] == ["onaf"]
    lines = knooppunt("tail", "--json").stdout.splitlines()
    rows = [as_promised(json.loads(line), "tail") for line in lines]
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert {row["type"] for row in rows} >= {"accepted", "delivered", "rejected", "notified"}
    assert len(knooppunt("tail", "--json", "-n", "2").stdout.splitlines()) == 2


def test_names_cannot_write_on_the_terminal(knooppunt):
    """Escape sequences and line ends in a name are shown, not obeyed, by every command."""
    evil = "WMO_\x1b[2Jregel\n\u202egpj.csv"
    knooppunt.drop("0363", evil, b"x")
    knooppunt.drop("0034", f"{evil}.part", b"x")
    said = knooppunt("run", "--once").stdout
    said += knooppunt("trace", evil).stdout + knooppunt("status").stdout + knooppunt("tail").stdout
    assert "\x1b[2J" not in said
    assert "\u202e" not in said
    assert "\\x1b[2Jregel\\x0a" in said


# --- run ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_file_dropped_while_it_runs_arrives_and_a_signal_ends_it(knooppunt, number):
    """Hints or scan: it arrives; then the signal, exit 0, nothing half done, the log whole."""
    process = knooppunt.start("run")
    inbox = knooppunt.folders / "gemeenten/0363/inbox"
    for name in ("WMO_1.csv", "WMO_2.csv"):
        knooppunt.drop("0363", name, b"x")
        eventually(lambda name=name: list(inbox.glob(f"{name}_ontvangst_*.xml")))
    (knooppunt.folders / "cbs/uit/GMSDTTK/TECHNISCH_H22025_0363.pdf").write_bytes(b"%PDF")
    eventually((inbox / "TECHNISCH_H22025_0363.pdf").exists)
    process.send_signal(number)
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert "WMO_2.csv" in said.decode()
    assert list(knooppunt.folders.rglob(".claimed/*")) == []
    assert list(knooppunt.folders.rglob(".tmp/*")) == []
    assert knooppunt.json("status")["under_way"] == 0
    knooppunt("audit", "verify")


def _free(path):
    """Whether nobody holds the lock: asked in an instant, so that we are not the second gateway."""
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_a_second_gateway_on_one_state_says_so_and_does_nothing(knooppunt):
    """Exit 2, a sentence, no effect: not by run, --once or init."""
    process = knooppunt.start("run", "--stations", "rinis")
    lock = "another gateway is running"
    eventually(lambda: not _free(knooppunt.folders / ".state" / "lock"))
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    for words in (["run", "--once"], ["run"], ["init"]):
        assert lock in knooppunt(*words, code=2).stderr
    assert path.exists()
    assert knooppunt.json("status")["deliveries"] == []  # readers are not kept out
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    knooppunt("run", "--once")
    assert not path.exists()


def test_the_stations_run_apart_each_on_its_own_state(knooppunt):
    """GGk alone, RINIS alone, GGk again: by the folders between them, whatever else they know."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    rinis = ("--stations", "rinis", "--state", "rinis-state")
    ggk = ("--stations", "ggk")
    uit = knooppunt.folders / "ggk/uit"
    knooppunt("run", "--once", *ggk)
    [path] = uit.glob("*.xml")
    head = envelopes.read(path.read_bytes()).stuurgegevens
    assert path.name == f"{head.tijdstip_bericht}_{head.referentienummer}.xml"
    assert len(head.tijdstip_bericht) == 17
    assert list((knooppunt.folders / "gemeenten/0363/inbox").glob("*.*")) == []
    assert [p.name for p in (knooppunt.folders / "gemeenten/0363/verzonden").glob("*.csv")] == [
        "WMO_H22025.csv"
    ]

    knooppunt("run", "--once", *rinis)
    assert list(uit.glob("*.xml")) == []
    cbs = knooppunt.folders / "cbs/in/GMSDWMO"
    assert (cbs / "WMO_H22025_0363_0001.csv").read_bytes() == b"kop\n"
    assert (cbs / "WMO_H22025_0363_0001_metagegevens.xml").exists()
    assert (uit / "antwoord" / f"{path.stem}.bv03.xml").exists()
    assert knooppunt.json("trace", "WMO_H22025.csv")["messages"][0]["status"] == "relayed"

    knooppunt("run", "--once", *ggk)
    assert len(list((knooppunt.folders / "gemeenten/0363/inbox").glob("*_ontvangst_*"))) == 2
    assert knooppunt.json("trace", "WMO_H22025.csv")["messages"][0]["status"] == "acknowledged"
    [other] = knooppunt.json("trace", "WMO_H22025.csv", "--state", "rinis-state")["messages"]
    assert other["status"] == "delivered"
    assert other["referentienummer"] == head.referentienummer

    (knooppunt.folders / "cbs/uit/GMSDTTK/TECHNISCH_H22025_0363_0001.pdf").write_bytes(b"%PDF")
    knooppunt("run", "--once", *rinis)
    [back] = (knooppunt.folders / "ggk/in").glob("*.xml")
    found = envelopes.read(back.read_bytes()).stuurgegevens
    assert (found.berichtcode, found.cross_refnummer) == ("Du01", head.referentienummer)
    knooppunt("run", "--once", *ggk)
    assert (knooppunt.folders / "gemeenten/0363/inbox/TECHNISCH_H22025_0363_0001.pdf").exists()
    knooppunt("run", "--once", *rinis)
    origins = set()
    for state in ("folders/.state", "rinis-state"):
        report = knooppunt.json("audit", "verify", "--state", state)
        assert report["ok"]
        origins.add(report["origin"].partition("/")[2].rpartition("-")[0])
        told = knooppunt.json("trace", "TECHNISCH_H22025_0363_0001.pdf", "--state", state)
        assert told["messages"][0]["answers_to"] == head.referentienummer
    assert origins == {"audit", "rinis/audit"}  # two logs, two names


def test_two_gateways_run_side_by_side(knooppunt):
    """GGk and RINIS as two processes at once: a file goes there, its receipt comes back."""
    ggk = knooppunt.start("run", "--stations", "ggk")
    rinis = knooppunt.start("run", "--stations", "rinis", "--state", "rinis-state")
    inbox = knooppunt.folders / "gemeenten/0363/inbox"
    for number in range(3):
        knooppunt.drop("0363", f"WMO_{number}.csv", b"x")
    eventually(lambda: len(list(inbox.glob("*_ontvangst_*.xml"))) == 3)
    for process in (ggk, rinis):
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(list((knooppunt.folders / "cbs/in/GMSDWMO").glob("*.csv"))) == 3


def test_turning_the_clock_lasts_and_is_a_leaf(knooppunt):
    """--nu stays in force after a restart, and the log says that it was turned."""
    knooppunt("run", "--once", "--nu", "2031-05-06T07:08")
    assert knooppunt.json("status")["nu"].startswith("2031-05-06T05:")
    entries = b"".join(
        p.read_bytes()
        for p in (knooppunt.folders / ".state/audit/tile/entries").rglob("*")
        if p.is_file()
    )
    assert b'"type":"clock.step"' in entries
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    knooppunt("run", "--once")
    [receipt] = (knooppunt.folders / "gemeenten/0363/inbox").glob("*_ontvangst_*.txt")
    assert "6 mei 2031" in receipt.read_text("utf-8")
