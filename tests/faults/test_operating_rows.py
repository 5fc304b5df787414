# SPDX-License-Identifier: EUPL-1.2
"""Rows 83-88: what an operator does wrong, and what others do not do."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.alarms import judge
from gateway.errors import ConfigError
from gateway.health import Monitor
from gateway.location import Location, read_config
from gateway.testing import Keten, unbound
from tests.faults.processes import at_cbs, codes, many_parties, running, verified
from tests.flow.conftest import KNOOPPUNT, eventually

FULL = os.environ.get("KNOOPPUNT_FAULTS") == "full"
IN_FLIGHT = 10_000 if FULL else 300


def test_row_83_a_wrong_configuration_starts_nothing(knooppunt):
    """Each fault by its line, an unknown municipality too; a folder that is missing is made."""
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    text = (knooppunt.folder / "config.yaml").read_text("utf-8")
    knooppunt.configure(('"1701": {soort', '"0000": {soort'), ("versie: 1", "versie: 1\nonzin: 2"))
    said = knooppunt("run", "--once", code=2).stderr
    lines = (knooppunt.folder / "config.yaml").read_text("utf-8").splitlines()
    for word in ('"0000"', "onzin"):
        [line] = [n for n, one in enumerate(lines, 1) if word in one]
        assert f"config.yaml:{line}:" in said
    assert path.exists()
    (knooppunt.folder / "config.yaml").write_text(text, "utf-8")
    shutil.rmtree(knooppunt.folders / "cbs/in/GMSDWMO")
    knooppunt("run", "--once")
    assert list(at_cbs(knooppunt).values()) == [b"kop\n"]


def test_row_83_one_that_runs_keeps_the_configuration_it_has(keten):
    """A bad one is refused and said, deliveries go on, and a restart on it is refused."""
    good = (keten.folder / "config.yaml").read_text("utf-8")
    assert not keten.reconfigure(good.replace("versie: 1", "versie: 1\nonzin: 2"))
    keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert len(keten.received("wmo")) == 1
    keten.close()
    with pytest.raises(ConfigError):
        keten._open()
    (keten.folder / "config.yaml").write_text(good, "utf-8")
    keten._chain = keten._open()


def test_row_84_killed_again_and_again_with_hundreds_in_flight(knooppunt):
    """SIGKILL while it works, four times: after each start it goes on; in the end all, once."""
    wanted = {}
    for number in range(IN_FLIGHT):
        code = ("0363", "0034", "1701")[number % 3]
        wanted[b"%d van %s" % (number, code.encode())] = code
        knooppunt.drop(code, f"WMO_{number}.csv", b"%d van %s" % (number, code.encode()))
    for part in range(1, 5):
        process = subprocess.Popen(
            [KNOOPPUNT, "run"], cwd=knooppunt.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        eventually(lambda part=part: len(at_cbs(knooppunt)) >= part * IN_FLIGHT // 6)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(knooppunt):
        eventually(lambda: len(at_cbs(knooppunt)) >= IN_FLIGHT, seconds=300)
    verified(knooppunt)
    found = at_cbs(knooppunt)
    assert sorted(found.values()) == sorted(wanted)
    assert all(wanted[content] in name for name, content in found.items())
    assert list((knooppunt.folders / "quarantaine").glob("[!.]*")) == []
    assert knooppunt.json("status")["deliveries"][0]["count"] == IN_FLIGHT


NEST = b'<a xmlns="urn:x">' * 100_000
POISON = {
    "deep": NEST + b"</a>" * 100_000,
    "never closed": NEST,
    "attributes": b"<a " + b" ".join(b'a%d="x"' % n for n in range(300_000)) + b"/>",
    "one attribute": b'<a b="' + b"x" * 9_000_000 + b'"/>',
    "laughs": b"<!DOCTYPE a [<!ENTITY b '" + b"x" * 1_000 + b"'>]><a>" + b"&b;" * 100_000 + b"</a>",
    "a long text": b"<publicatiebesluit xmlns='urn:knooppunt:publicatiebesluit:1'><gemeentecode>"
    + b"0" * 12_000_000 + b"</gemeentecode></publicatiebesluit>",
    "ten thousand wrong elements": b"<publicatiebesluit xmlns='urn:knooppunt:publicatiebesluit:1'>"
    + b"<onzin/>" * 9_000 + b"</publicatiebesluit>",
    "binary": bytes(range(256)) * 40_000,
}  # fmt: skip


def test_row_85_a_poison_file_is_held_and_the_rest_go_on(keten):
    """What is parsed at the door and between the hubs: each held by a limit, and not read again."""
    keten.reconfigure(unbound())
    for number, (what, content) in enumerate(POISON.items()):
        keten.drop(
            "0034", "BESLUIT_H22025.xml", content, uitwisseling="besluit", gebruiker=f"u{number}"
        )
        (keten.hop("ggk/uit") / f"{number}.xml").write_bytes(content)
        keten.drop("0363", f"WMO_H22025_{number}.csv", what.encode())
        keten.settle()
        assert len(keten.received("wmo")) == number + 1
        assert len(keten.quarantine()) == 2 * (number + 1), what
    happened = len(keten.happened)
    keten.restart()
    keten.settle()
    assert len(keten.happened) == happened
    assert keten.received("besluit") == []


def test_row_85_the_process_that_parses_dies_of_no_file(knooppunt):
    """While it reads nothing: the gateway ends with a sentence, and a restart goes on."""
    process = subprocess.Popen(
        [KNOOPPUNT, "run"], cwd=knooppunt.folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    eventually(lambda: process.poll() is not None or children.read_text().split())
    os.kill(int(children.read_text().split()[0]), signal.SIGSEGV)
    for number in range(20):
        knooppunt.drop("0363", f"WMO_{number}.csv", b"%d" % number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the process that claims and stages files ended" in said
    assert "Traceback" not in said
    verified(knooppunt)
    assert sorted(at_cbs(knooppunt).values()) == sorted(b"%d" % number for number in range(20))


@pytest.mark.parametrize("bad", ["a file in its place", "a link", "a file that never ends"])
def test_row_86_one_outbox_of_342_is_bad(tmp_path, bad):
    """The 341 others go on, each in its turn, while one is spoilt and another has hundreds."""
    Keten(tmp_path / "keten", config=many_parties(342)).close()
    outbox = tmp_path / "keten/folders/gemeenten/0363/outbox"
    if bad != "a file that never ends":
        shutil.rmtree(outbox)
        outbox.write_bytes(b"") if bad == "a file in its place" else outbox.symlink_to("/nergens")
    keten = Keten(tmp_path / "keten", config=many_parties(342))
    writing = (outbox / "WMO_nooit.csv").open("wb") if bad == "a file that never ends" else None
    for number in range(300):
        keten.drop("0034", f"WMO_{number:03d}.csv", b"%d" % number)
    for code in codes(342)[2:]:
        keten.drop(code, "WMO_H22025.csv", code.encode())
    keten.settle()
    received = [one.content for one in keten.received("wmo")]
    assert len(received) == 300 + 340
    assert {code.encode() for code in codes(342)[2:]} <= set(received)
    order = [levering.gemeentecode for event, levering in keten.happened
             if event.type == "accepted"]  # fmt: skip
    last = max(number for number, code in enumerate(order) if code != "0034")
    assert order[:last].count("0034") < 100  # the others did not wait for all of its 300
    if writing:
        writing.close()
        (outbox / "WMO_nooit.csv").unlink()
    else:
        outbox.unlink()
    keten.close()


def test_row_87_a_hub_is_down_for_a_day(knooppunt):
    """RINIS does not run: the queue grows and its age is shown; then all of it goes, in order."""
    ggk, rinis = ("--stations", "ggk"), ("--stations", "rinis", "--state", "rinis-state")
    first = None
    for hour in range(0, 24, 6):
        knooppunt.drop("0363", f"WMO_{hour:02d}.csv", b"%d" % hour)
        knooppunt("run", "--once", *ggk, "--nu", f"2026-02-02T{hour:02d}:30")
        found = knooppunt.json("status")
        first = first or found["unanswered"]["oldest"]
        assert found["unanswered"] == {"count": hour // 6 + 1, "oldest": first}
        assert len(list((knooppunt.folders / "ggk/uit").glob("*.xml"))) == hour // 6 + 1
    knooppunt("run", "--once", *ggk, "--nu", "2026-02-03T00:30")  # nothing is sent again
    assert len(list((knooppunt.folders / "ggk/uit").glob("*.xml"))) == 4
    assert f"4, the oldest since {first}" in knooppunt("status").stdout
    knooppunt("run", "--once", *rinis)
    knooppunt("run", "--once", *ggk)
    found = sorted(at_cbs(knooppunt).items(), key=lambda one: one[0].rpartition("_")[2])
    assert [content for _, content in found] == [b"0", b"6", b"12", b"18"]
    assert knooppunt.json("status")["unanswered"] == {"count": 0, "oldest": None}
    assert knooppunt.json("status")["deliveries"][0]["status"] == "acknowledged"


def test_row_87_an_answer_that_is_none_is_told_and_the_right_one_still_counts(knooppunt):
    """Said by name on the screen; the delivery is still unanswered, which becomes an alarm."""
    ggk, rinis = ("--stations", "ggk"), ("--stations", "rinis", "--state", "rinis-state")
    lines = knooppunt.folder / "log.jsonl"
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    knooppunt("run", "--once", *ggk, "--log", str(lines))
    [envelope] = (knooppunt.folders / "ggk/uit").glob("*.xml")
    answer = knooppunt.folders / "ggk/uit/antwoord" / f"{envelope.stem}.bv03.xml"
    answer.write_bytes(b"<onzin/>")
    said = knooppunt("run", "--once", *ggk, "--log", str(lines)).stderr
    assert f"not used: ggk/uit/antwoord/{answer.name}: it bears the name of an answer" in said
    [message] = knooppunt.json("trace", "WMO_H22025.csv")["messages"]
    told = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    [sent] = [one for one in told if one["event"] == "delivery.relayed"]
    [line] = [one for one in told if one["event"] == "answer.unusable"]
    assert (line["ref"], line["msg"]) == (message["referentienummer"], message["id"])
    assert (line["trace"], line["span"]) == (sent["trace"], sent["span"]) != ("", "")
    assert (line["code"], line["place"]) == ("antwoord-onbruikbaar", "ggk/uit/antwoord")
    assert [one["event"] for one in told if one["event"].startswith("file.")] == []
    path = str(knooppunt.folder / "config.yaml")
    location = Location.of(path)
    monitor = Monitor(location, read_config(path))
    found = monitor.measure()
    monitor.close()
    assert found.unanswered == 1
    assert found.unanswered_s is not None
    answer.unlink()
    knooppunt("run", "--once", *rinis)
    assert "not used" not in knooppunt("run", "--once", *ggk).stderr
    assert knooppunt.json("status")["unanswered"]["count"] == 0


def test_row_88_the_answer_is_lost_after_the_hub_took_it(knooppunt):
    """The same message again: the same answer, once at CBS, one receipt."""
    ggk, rinis = ("--stations", "ggk"), ("--stations", "rinis", "--state", "rinis-state")
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    knooppunt("run", "--once", *ggk)
    [envelope] = (knooppunt.folders / "ggk/uit").glob("*.xml")
    kept = envelope.read_bytes()
    answer = knooppunt.folders / "ggk/uit/antwoord" / f"{envelope.stem}.bv03.xml"
    knooppunt("run", "--once", *rinis)
    lost = answer.read_bytes()
    answer.unlink()
    knooppunt("run", "--once", *ggk)
    assert knooppunt.json("status")["unanswered"]["count"] == 1
    envelope.write_bytes(kept)
    knooppunt("run", "--once", *rinis)
    assert answer.read_bytes() == lost
    knooppunt("run", "--once", *ggk)
    assert list(at_cbs(knooppunt).values()) == [b"kop\n"]
    assert knooppunt.json("status")["unanswered"]["count"] == 0
    assert len(list((knooppunt.folders / "gemeenten/0363/inbox").glob("*_ontvangst_*.txt"))) == 1


def test_row_88_an_answer_is_lost_where_one_state_plays_both_hubs(knooppunt):
    """The file lies at its receiver, its sender hears nothing: an alarm, and one alone."""
    knooppunt.configure(("ontvangstbewijs: eerder", "ontvangstbewijs: ja"))
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    knooppunt("run", "--once", "--stations", "ggk", "--nu", "2026-02-02T09:30")
    [envelope] = (knooppunt.folders / "ggk/uit").glob("*.xml")
    knooppunt("run", "--once", "--stations", "rinis")
    answer = knooppunt.folders / "ggk/uit/antwoord" / f"{envelope.stem}.bv03.xml"
    kept = answer.read_bytes()
    answer.unlink()
    knooppunt("run", "--once", "--nu", "2026-02-05T09:30")
    [message] = knooppunt.json("trace", "WMO_H22025.csv")["messages"]
    assert message["status"] == "delivered"
    assert knooppunt.json("status")["unanswered"]["count"] == 1
    assert after_a_day(knooppunt) == ["geen-antwoord"]
    answer.write_bytes(kept)
    knooppunt("run", "--once")
    assert knooppunt.json("status")["unanswered"] == {"count": 0, "oldest": None}
    assert after_a_day(knooppunt) == ["bewijs-ontbreekt"]  # CBS seals nothing here


def test_row_88_what_another_hub_sent_is_delivered_and_awaits_no_answer(knooppunt):
    """Each hub with a state of its own: RINIS gives the answer, and gets none."""
    rinis = ("--stations", "rinis", "--state", "rinis-state")
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    knooppunt("run", "--once", "--stations", "ggk")
    knooppunt("run", "--once", *rinis)
    state = ("--state", "rinis-state")
    [message] = knooppunt.json("trace", "WMO_H22025.csv", *state)["messages"]
    assert message["status"] == "delivered"
    assert knooppunt.json("status", *state)["unanswered"]["count"] == 0


def test_row_88_a_released_file_is_awaited_since_its_release(knooppunt):
    """Refused three days ago and released now: the next hub has had it for a moment."""
    ggk = ("--stations", "ggk")
    knooppunt.drop("0363", "onbekend.csv", b"kop\n")
    knooppunt("run", "--once", *ggk, "--nu", "2026-02-02T09:30")
    earlier(knooppunt, "levering", "event")
    [row] = knooppunt.json("quarantine", "list")["held"]
    knooppunt("quarantine", "release", row["id"], "--as", "wmo", "--reason", "naam hersteld")
    knooppunt("run", "--once", *ggk)
    found = knooppunt.json("status")["unanswered"]
    [message] = knooppunt.json("trace", row["referentienummer"])["messages"]
    sent = [one["at"] for one in message["events"] if one["type"] in ("accepted", "relayed")]
    assert found == {"count": 1, "oldest": sent[-1]}
    assert told_now(knooppunt) == []
    earlier(knooppunt, "event")
    assert told_now(knooppunt) == ["geen-antwoord"]


def earlier(knooppunt, *tables):
    """Three days pass."""
    with sqlite3.connect(knooppunt.folders / ".state/knooppunt.db") as database:
        for table in tables:
            database.execute(f"UPDATE {table} SET at = at - ?", (3 * 86_400_000,))
    database.close()


def told_now(knooppunt):
    """The alarms about what is not answered."""
    path = str(knooppunt.folder / "config.yaml")
    monitor = Monitor(Location.of(path), read_config(path))
    codes = [one.code for one in judge(monitor.measure(), monitor.config)]
    monitor.close()
    return [one for one in codes if one == "geen-antwoord"]


def after_a_day(knooppunt):
    """The alarms about deliveries, as if what is not answered now was handed in a day ago."""
    path = str(knooppunt.folder / "config.yaml")
    monitor = Monitor(Location.of(path), read_config(path))
    found = monitor.measure()
    monitor.close()
    if found.unanswered_s is not None:
        found = replace(found, unanswered_s=found.unanswered_s + 86_400)
    codes = [one.code for one in judge(found, monitor.config)]
    return [one for one in codes if one in ("geen-antwoord", "bewijs-ontbreekt")]
