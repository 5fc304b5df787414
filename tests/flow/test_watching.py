# SPDX-License-Identifier: EUPL-1.2
"""The technical log, the metrics and the alarms of a running chain."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jsonschema
import pytest

from gateway.alarms import ROUND_S, Alarm, Health
from gateway.config import parse
from gateway.errors import ForkError, GatewayError
from gateway.health import Monitor
from gateway.jsonlog import JsonLog
from gateway.location import Location, read_config
from gateway.measuring import Measuring
from gateway.moment import monotonic
from gateway.oversight import Oversight, Watching, message
from gateway.trust.sleutels import AANKERS, openbaar
from gateway.webhook import Webhook
from tests.flow.conftest import eventually
from tests.flow.test_handover import listed

BSN = "111222333"
"""Passes the 11-proof; nobody's: all of its kind are handed out for tests."""


def lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def metrics(url):
    """What Prometheus would read: name and labels to value."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        text = answer.read().decode()
    rows = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in rows}


def watched(knooppunt, *words, **how):
    """Start a gateway that says where its metrics are; gives it and their address."""
    process = knooppunt.start("run", "--metrics", "0", *words, **how)
    for line in process.stderr:
        found = re.search(rb"metrics on (http\S+)", line)
        if found:
            return process, found[1].decode()
    raise AssertionError(process.wait())


def end(process):
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


class Hook(BaseHTTPRequestHandler):
    """A webhook that refuses as often as it is told, and keeps what it takes."""

    def do_POST(self):
        """Take it, or refuse it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.server.moved > 0:
            self.server.moved -= 1
            self.send_response(302)
            self.send_header("Location", "/login")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.server.refuse > 0:
            self.server.refuse -= 1
            self.send_error(503)
            return
        self.server.got.append(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        """The page for who is not logged in: well, and no alarm was taken."""
        self.server.pages += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"log in")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hook():
    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.refuse, server.asked, server.moved, server.pages = [], 0, 0, 0, 0
    server.url = f"http://127.0.0.1:{server.server_port}/alarm"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_log_of_a_full_round_names_nobody(knooppunt):
    """No content, file name, user or chosen folder; nothing that can be a BSN."""
    naam = "Jansen-de-Vries"
    knooppunt.drop("0363", f"WMO_H22025_{naam}_{BSN}.csv", f"{BSN};geheim\n".encode())
    knooppunt.drop("0363", "WMO_H22025.csv", b"x", "wmo", "p.pietersen")
    knooppunt.drop("0034", f"{naam}.jpg", b"x")
    knooppunt.drop("0034", "x.csv", b"x", f"{naam}")
    (knooppunt.folders / "ggk" / "uit" / f"{naam}.xml").write_bytes(b"<no-envelope/>")
    log = knooppunt.folder / "log.jsonl"
    knooppunt("run", "--once", "--nu", "2026-02-02", "--log", str(log))
    back = knooppunt.folders / "cbs" / "uit" / "GMSDTTK"
    (back / "TECHNISCH_H22025_0363_0001.pdf").write_bytes(f"%PDF {BSN}".encode())
    (back / f"{naam}.pdf").write_bytes(b"%PDF")
    knooppunt("run", "--once", "--log", str(log))
    told = lines(log)
    text = log.read_text("utf-8")
    for personal in (naam, "pietersen", "geheim", ".csv", ".jpg", ".pdf"):
        assert personal not in text
    assert [n for n in re.findall(r"(?<!\d)\d{9}(?!\d)", text) if n == BSN] == []
    events = {one["event"] for one in told}
    assert {
        "gateway.started", "delivery.accepted", "delivery.delivered", "delivery.acknowledged",
        "delivery.rejected", "delivery.refused", "delivery.notified", "gateway.stopped",
    } <= events  # fmt: skip


def test_a_line_leads_to_the_trace_and_the_audit_log(knooppunt):
    """Reference, id of ours and trace id are those of the delivery."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    log = knooppunt.folder / "log.jsonl"
    knooppunt("run", "--once", "--nu", "2026-02-02", "--log", str(log))
    [message] = knooppunt.json("trace", "WMO_H22025.csv")["messages"]
    about = [one for one in lines(log) if one["event"].startswith("delivery.")]
    assert {one["ref"] for one in about} == {message["referentienummer"]}
    assert {one["msg"] for one in about} == {message["id"]}
    [trace] = {one["trace"] for one in about}
    assert re.fullmatch("[0-9a-f]{32}", trace)
    tiles = knooppunt.folders / ".state" / "audit" / "tile" / "entries"
    assert trace.encode() in b"".join(p.read_bytes() for p in tiles.rglob("*") if p.is_file())


def test_on_standard_error_the_log_is_alone(knooppunt):
    """Each line there is JSON: a journal of the system takes it as it is."""
    config = str(knooppunt.folder / "config.yaml")
    knooppunt.drop("0363", "WMO_H22025.csv.part", b"x")
    done = knooppunt.installed("run", "--once", "--log", "-", "--config", config)
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == [
        "gateway.started", "gateway.stopped",
    ]  # fmt: skip


def test_a_renamed_log_is_begun_anew(keten, tmp_path):
    """As logrotate does it: nothing is lost, nobody is signalled."""
    path = tmp_path / "log.jsonl"
    log = JsonLog(str(path), keten.config)
    log.info("one")
    path.rename(tmp_path / "log.1")
    log.info("two")
    log.close()
    assert [one["event"] for one in lines(tmp_path / "log.1")] == ["one"]
    assert [one["event"] for one in lines(path)] == ["two"]


def test_a_log_that_cannot_be_written_does_not_stop_the_chain(keten):
    """And what was lost is told as soon as that can be."""
    log = JsonLog("/dev/full", keten.config)
    log.happened([])
    log.info("one")
    log.info("two")
    log.close()
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    assert "acknowledged" in keten.types()


def test_what_was_lost_is_counted(keten, tmp_path):
    """One line says how many lines are missing."""
    path = tmp_path / "log.jsonl"
    path.symlink_to("/dev/full")
    log = JsonLog(str(path), keten.config)
    log.info("one")
    log.info("two")
    path.unlink()
    log.info("three")
    log.close()
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    assert [one.get("lines") for one in told] == [2, None]


def test_a_bsn_in_another_systems_words_is_masked(keten, tmp_path):
    """The net under the rule: what came from outside holds no nine digits of a citizen."""
    log = JsonLog(str(tmp_path / "log.jsonl"), keten.config)
    log.info("odd", ref=f"ref-{BSN}-x", other="123456789")
    log.close()
    [line] = lines(tmp_path / "log.jsonl")
    assert line["ref"] == "ref-*********-x"
    assert line["other"] == "123456789"


def test_metrics_count_what_happened_and_measure_what_is(knooppunt):
    """By exchange and event; without a name of anybody in a label."""
    process, url = watched(knooppunt, "--nu", "2026-02-02")
    knooppunt.drop("0363", "WMO_H22025_Jansen.csv", b"x")
    knooppunt.drop("0363", "Jansen.jpg", b"x")
    knooppunt.drop("0363", "WMO_H22025.csv.part", b"x")
    done = 'knooppunt_events_total{event="acknowledged",richting="heen",station="ggk",' \
        'uitwisseling="wmo"}'  # fmt: skip
    eventually(lambda: metrics(url).get(done) == 1)
    eventually(lambda: metrics(url).get('knooppunt_waiting_files{code="onaf"}') == 1)
    eventually(lambda: metrics(url)["knooppunt_quarantine_files"] == 1)
    eventually(lambda: metrics(url)["knooppunt_under_way_files"] == 0)
    found = metrics(url)
    assert found["knooppunt_rounds_total"] > 0
    assert found["knooppunt_leaves"] >= 6
    assert found["knooppunt_quarantine_oldest_age_seconds"] < 3600
    assert found["knooppunt_checkpoint_age_seconds"] < 3600
    assert found["knooppunt_round_age_seconds"] < 3600
    assert found["knooppunt_measure_age_seconds"] == found["knooppunt_folders_hanging"] == 0
    assert found['knooppunt_disk_free_bytes{folder="folders"}'] > 0
    assert "Jansen" not in "".join(found)
    end(process)


def test_metrics_are_served_on_the_loopback_address_alone(knooppunt):
    """And a port that is taken is said, before anything is claimed."""
    process, url = watched(knooppunt)
    assert url.startswith("http://127.0.0.1:")
    port = re.search(r":(\d+)/", url)[1]
    other = knooppunt.folder / "other"
    error = knooppunt("run", "--once", "--metrics", port, "--state", str(other), code=2).stderr
    assert "cannot be listened on" in error
    end(process)


# --- alarms ---------------------------------------------------------------------------------------


def alarmen(knooppunt, *rows):
    """Add settings of alarms to the configuration."""
    path = knooppunt.folder / "config.yaml"
    path.write_text(path.read_text("utf-8") + "alarmen:\n" + "".join(f"  {row}\n" for row in rows))


def alarms(knooppunt, code=1):
    """The codes that ``status --check`` gives."""
    found = knooppunt.json("status", "--check", code=code)
    assert found["ok"] == (code == 0)
    return [one["code"] for one in found["alarms"]]


def test_a_chain_that_is_well_has_nothing_to_look_at(knooppunt):
    """Exit code 0, and it says so."""
    assert alarms(knooppunt, code=0) == []
    assert knooppunt("status", "--check").stdout == "all well\n"


def test_an_outbox_that_is_gone_is_told(knooppunt):
    """A share that is not mounted looks like this."""
    gone = knooppunt.folders / "gemeenten" / "0363" / "outbox"
    gone.rename(knooppunt.folder / "elsewhere")
    assert alarms(knooppunt) == ["map-weg"]
    assert "gemeenten/0363/outbox" in knooppunt("status", "--check", code=1).stdout


def test_a_disk_with_little_room_is_told(knooppunt):
    """By the limit of the configuration."""
    alarmen(knooppunt, "schijf_vrij_mb: 1000000")
    assert alarms(knooppunt) == ["schijf-vol"]


def test_a_share_with_little_room_is_told(knooppunt):
    """A party's folder is a disk of its own as often as not; one that has no bound is not told."""
    if os.geteuid():
        pytest.skip("needs root: a disk of its own on a folder")
    shares = ("gemeenten/0363", "cbs/in/GMSDWMO", "gemeenten/0034")
    try:
        for one, size in zip(shares, ("size=1m", "nr_inodes=100", "size=600m"), strict=True):
            folder = knooppunt.folders / one
            command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder]
            subprocess.run(command, check=True, capture_output=True)
        knooppunt("init", ".")
        found = knooppunt.json("status", "--check", code=1)["alarms"]
        assert {(one["code"], one["subject"]) for one in found} == {
            ("schijf-vol", "gemeenten/0363"), ("schijf-vol", "cbs/in/GMSDWMO"),
        }  # fmt: skip
    finally:
        for one in shares:
            subprocess.run(["umount", "--lazy", knooppunt.folders / one], capture_output=True)


def test_files_that_nobody_takes_are_told(knooppunt):
    """Until a gateway runs."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    assert alarms(knooppunt) == ["geen-gateway"]
    knooppunt("run", "--once", "--nu", "2026-02-02")
    assert alarms(knooppunt, code=0) == []


def test_a_large_file_that_a_manifest_lists_waits_for_a_gateway_too(knooppunt):
    """It is not read to hold it to its manifest: that it lies there whole is enough to count it."""
    knooppunt.configure(
        ("max_bytes: 26214400", "max_bytes: 26214400\n  deel_bytes: 4096"),
        ("naam: Amsterdam}", "naam: Amsterdam, overdracht: {wijze: manifest}}"),
    )
    large, small = b"x" * 8192, b"een"
    knooppunt.drop("0363", "WMO_1.csv", large)
    assert alarms(knooppunt, code=0) == []  # no manifest yet: nobody would take it
    knooppunt.drop("0363", "lijst.manifest", listed(("WMO_1.csv", large), ("WMO_2.csv", small)))
    knooppunt.drop("0363", "WMO_2.csv", small)  # in whatever order a folder lists the three
    [found] = knooppunt.json("status", "--check", code=1)["alarms"]
    assert found["code"] == "geen-gateway"
    assert found["sentence"].startswith("2 finished files wait")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    assert alarms(knooppunt, code=0) == []


def test_a_running_gateway_is_seen_by_its_lock(knooppunt):
    """A file that is just being taken is nothing to look at."""
    process, _ = watched(knooppunt)
    knooppunt.drop("0363", "WMO_H22025.csv.part", b"x")
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    assert alarms(knooppunt, code=0) == []
    end(process)


def test_a_party_that_handed_in_nothing_is_told_before_its_window_closes(knooppunt):
    """Refused does not count as handed in; who delivered is not named."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    knooppunt.drop("0034", "WMO_H22025.csv", b"")
    knooppunt("run", "--once", "--nu", "2026-02-18T12:00")
    found = knooppunt.json("status", "--check", code=1)["alarms"]
    assert [one["subject"] for one in found] == ["wmo H22025", "sbo H22025", "jeugd H22025"]
    assert found[0]["sentence"].endswith("2 parties handed in nothing: 0034, 1701")


def test_a_quarantine_that_grows_is_told(knooppunt):
    """So many within a day."""
    alarmen(knooppunt, "quarantaine: 2")
    for number in (1, 2):
        assert alarms(knooppunt, code=0) == []
        knooppunt.drop("0363", f"{number}.jpg", b"x")
        knooppunt("run", "--once")
    assert alarms(knooppunt) == ["quarantaine-groeit"]


def test_a_clock_behind_the_log_is_told(knooppunt):
    """The newest leaf was written in what is now the future."""
    with sqlite3.connect(knooppunt.folders / ".state" / "knooppunt.db") as database:
        database.execute("UPDATE head SET at = at + 3600000")
    database.close()
    assert alarms(knooppunt) == ["klok-sprong"]


def test_a_damaged_database_is_told(knooppunt):
    """A page of it was overwritten."""
    for number in range(40):
        knooppunt.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
    knooppunt("run", "--once", "--nu", "2026-02-02")
    path = knooppunt.folders / ".state" / "knooppunt.db"
    database = sqlite3.connect(path)
    [[root]] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_event_name'")
    database.close()
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    assert alarms(knooppunt) == ["database-stuk"]


def test_an_alarm_begins_and_ends_in_the_log(keten, tmp_path):
    """Once each, however often it is measured; so too for a disk that was exchanged."""
    log, told = tmp_path / "log.jsonl", []
    watch = Oversight(keten.location, keten.config, Watching(str(log)), told.append)
    watch.begin(keten._chain, alarms=False)
    outbox = keten.outbox("0363")
    for _ in range(2):
        watch.check()
    outbox.rename(tmp_path / "elsewhere")
    for _ in range(2):
        watch.check()
    outbox.symlink_to("/proc/self")  # a folder, on another file system
    watch.check()
    outbox.unlink()
    (tmp_path / "elsewhere").rename(outbox)
    watch.check()
    watch.close()
    found = [(one["event"], one["code"]) for one in lines(log) if "alarm" in one["event"]]
    assert found == [("alarm.began", "map-weg"), ("alarm.ended", "map-weg")]
    assert ["[map-weg]" in one for one in told] == [True]


def test_a_gateway_that_stands_still_is_told(keten, tmp_path):
    """Whatever it waits for: that is seen without a look at any folder."""
    log = tmp_path / "log.jsonl"
    watch = Oversight(keten.location, keten.config, Watching(str(log)))
    watch.begin(keten._chain, alarms=False)
    for since in (0.0, ROUND_S + 1.0, 0.0):
        keten._chain.beat = monotonic() - since
        watch.check()
    watch.close()
    found = [(one["event"], one["code"]) for one in lines(log) if "alarm" in one["event"]]
    assert found == [("alarm.began", "ronde-hangt"), ("alarm.ended", "ronde-hangt")]


def test_measuring_that_hangs_holds_up_nobody():
    """What was measured before is told, with since when that is so; one thread alone hangs."""
    answers, calls = threading.Event(), []

    def measure():
        calls.append(1)
        if len(calls) == 2:
            answers.wait()
        return Health(leaves=len(calls))

    measuring = Measuring(measure)
    assert measuring.now() == Health(leaves=1)
    for _ in range(3):
        found = measuring.now(0.01)
        assert (found.leaves, found.measure_s > 0, measuring.ended()) == (1, True, False)
    assert len(calls) == 2
    answers.set()
    eventually(measuring.ended)
    assert measuring.now() == Health(leaves=3)


def test_a_folder_that_a_person_takes_out_of_quarantine_hides_no_other(knooppunt):
    """Counted while they come and go: those that stay are all there."""
    location = Location.of(str(knooppunt.folder / "config.yaml"))
    top = knooppunt.folders / "quarantaine"
    for number in range(40):
        (top / f"blijft-{number}").mkdir()
    ended = threading.Event()

    def clear():
        while not ended.is_set():
            for number in range(40):
                (top / f"gaat-{number}").mkdir()
            for number in range(40):
                (top / f"gaat-{number}").rmdir()

    person = threading.Thread(target=clear)
    person.start()
    try:
        with closing(Monitor(location, read_config(location.config_path))) as monitor:
            counts = [monitor.measure().quarantine for _ in range(40)]
    finally:
        ended.set()
        person.join()
    assert min(counts) >= 40


def test_a_webhook_is_told_and_asked_again_until_it_takes_it(hook):
    """In order; what failed is said, without its address."""
    hook.refuse, failed = 2, []
    webhook = Webhook(hook.url, failed.append, first_s=0.01)
    webhook.post({"n": 1})
    webhook.post({"n": 2})
    eventually(lambda: len(hook.got) == 2)
    webhook.close()
    assert hook.got == [{"n": 1}, {"n": 2}]
    assert failed == ["HTTP 503", "HTTP 503"]


def test_a_webhook_that_redirects_has_taken_nothing(hook):
    """A login page that answers 200 is not where an alarm goes: posted again, to the same place."""
    hook.moved, failed = 2, []
    webhook = Webhook(hook.url, failed.append, first_s=0.01)
    webhook.post({"n": 1})
    eventually(lambda: hook.got)
    webhook.close()
    assert hook.got == [{"n": 1}]
    assert failed == ["HTTP 302", "HTTP 302"]
    assert hook.pages == 0


def test_a_webhook_that_answers_garbage_is_asked_again():
    """No HTTP at all, a header without an end, nothing: alarms go on being posted after it."""
    taken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"  # its status counts alone
    answers = [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, b"",
               b"HTTP/1.1 wat\r\n\r\n"]  # fmt: skip
    well, asked, failed = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [], []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for answer in [*answers, taken, well]:
                line, _ = server.accept()
                with line:
                    asked.append(line.recv(1 << 16))
                    line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/alarm"
        webhook = Webhook(url, failed.append, first_s=0.01)
        webhook.post({"n": 1})
        eventually(lambda: len(asked) == len(answers) + 1)
        webhook.post({"n": 2})
        thread.join()
        webhook.close()
    assert len(failed) == len(answers)
    assert not any("127.0.0.1" in one or "alarm" in one for one in failed)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_measuring_that_fails_in_a_way_nobody_foresaw_is_told():
    """It is no health of before that is passed off as that of now; and it is measured again."""
    found = iter((1, 0, 2))

    def measure():
        one = next(found)
        return Health(under_way=one // (one > 0))

    measuring = Measuring(measure)
    assert measuring.now().under_way == 1
    with pytest.raises(GatewayError, match="ZeroDivisionError"):
        measuring.now()
    assert measuring.now().under_way == 2


def test_a_fork_that_stops_the_gateway_is_posted_before_the_end(keten, hook):
    """The alarm of all alarms: nobody measures after it."""
    text = Path(keten.location.config_path).read_text("utf-8")
    config = parse(f"{text}\nalarmen: {{url: '{hook.url}'}}\n")
    forked = ForkError("fork: the witness x saw 9 leaves", hint="restore")
    watch = Oversight(keten.location, config, Watching())
    with pytest.raises(ForkError), watch:
        raise forked
    [posted] = hook.got
    assert [(one["code"], one["state"]) for one in posted["alarms"]] == [("splitsing", "begin")]
    assert forked.sentence in posted["alarms"][0]["sentence"]


def test_alarms_are_posted_beside_the_chain(knooppunt, hook):
    """A webhook that hangs or is not there holds nothing up; what is posted fits its schema."""
    alarmen(knooppunt, f"url: {hook.url}", "schijf_vrij_mb: 1000000")
    process, _ = watched(knooppunt, "--nu", "2026-02-02")
    eventually(lambda: hook.got)
    end(process)
    schema = json.loads(
        (Path(__file__).parents[2] / "docs" / "schemas" / "alarm.schema.json").read_text("utf-8")
    )
    jsonschema.validate(hook.got[0], schema)
    assert {one["code"] for one in hook.got[0]["alarms"]} == {"schijf-vol"}


def test_a_webhook_that_is_not_there_holds_nothing_up(knooppunt):
    """Files are routed and the end comes in time."""
    alarmen(knooppunt, "url: http://127.0.0.1:9/", "schijf_vrij_mb: 1000000")
    process, url = watched(knooppunt, "--nu", "2026-02-02")
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    inbox = knooppunt.folders / "cbs" / "in" / "GMSDWMO"
    eventually(lambda: list(inbox.glob("*.csv")))
    assert metrics(url)['knooppunt_alarms{code="schijf-vol"}'] == 1
    end(process)


def test_what_the_webhook_did_not_take_at_the_end_is_told(knooppunt):
    """One that hangs too: which alarm it was stands in the log, and where it was to go does not."""
    log = knooppunt.folder / "log.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/geheim"
        alarmen(knooppunt, f"url: {url}", "schijf_vrij_mb: 1000000")
        process, _ = watched(knooppunt, "--nu", "2026-02-02", "--log", str(log))
        eventually(lambda: "alarm.began" in [one["event"] for one in lines(log)])
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    found = [one for one in lines(log) if one["event"] == "alarm.lost"]
    assert [(one["code"], one["state"], one["level"]) for one in found] == [
        ("schijf-vol", "begin", "warning")
    ]
    assert b"not taken by the webhook before the end: begin of the alarm schijf-vol" in told
    assert "geheim" not in log.read_text("utf-8")
    assert lines(log)[-1]["event"] == "gateway.stopped"


def test_what_waits_for_a_webhook_goes_to_its_new_address(knooppunt, hook):
    """Each alarm once, whichever address is asked."""
    alarmen(knooppunt, "url: http://127.0.0.1:9/", "schijf_vrij_mb: 1000000")
    config = read_config(str(knooppunt.folder / "config.yaml"))
    location = Location.of(str(knooppunt.folder / "config.yaml"))
    with Oversight(location, config, Watching()) as watch:
        disk = Alarm("schijf-vol", "folders", "vol")
        watch._post(message(config, [disk], []))
        moved = config.alarmen.model_copy(update={"url": hook.url})
        watch._config = config.model_copy(update={"alarmen": moved})
        watch._post(message(config, [], [disk]))
        eventually(lambda: len(hook.got) == 2)
    assert [one["alarms"][0]["state"] for one in hook.got] == ["begin", "end"]


def test_a_chain_that_cannot_start_says_so_in_its_log(knooppunt):
    """By its code: the sentence may name a file, and is for the screen."""
    log = knooppunt.folder / "log.jsonl"
    database = knooppunt.folders / ".state" / "knooppunt.db"
    database.rename(knooppunt.folder / "elsewhere")
    knooppunt("run", "--once", "--log", str(log), code=2)
    found = [(one["event"], one["level"], one.get("code")) for one in lines(log)]
    assert found == [("gateway.failed", "error", "state"), ("gateway.stopped", "info", None)]


def test_what_watches_goes_by_a_new_configuration(knooppunt):
    """Its limits and its words; one that cannot be used is told in the log."""
    log, path = knooppunt.folder / "log.jsonl", knooppunt.folder / "config.yaml"
    before = path.read_text("utf-8")
    process, url = watched(knooppunt, "--log", str(log))
    limit = "alarmen: {schijf_vrij_mb: 1000000}\n"
    nonsense = "".join(f"geheim{number}: 1\n" for number in range(5))
    for added, event in (
        (nonsense, "config.refused"), ("", "config.unchanged"), (limit, "config.changed")
    ):  # fmt: skip
        path.write_text(before + added, "utf-8")
        eventually(lambda event=event: event in {one["event"] for one in lines(log)})
    assert metrics(url)['knooppunt_alarms{code="schijf-vol"}'] == 1
    end(process)
    found = {one["event"]: one for one in lines(log)}
    told = [one["event"] for one in lines(log) if one["event"].startswith("config.")]
    assert told == ["config.refused", "config.unchanged", "config.changed"]
    first = before.count("\n") + 1
    refused = found["config.refused"]
    assert refused["level"] == "warning"
    assert (refused["reason"], refused["faults"]) == ("ConfigError", 5)
    assert refused["places"] == [f"{first + number}:1" for number in range(3)]
    assert "geheim" not in log.read_text("utf-8")
    assert found["config.unchanged"]["level"] == found["config.changed"]["level"] == "info"


@pytest.mark.parametrize("name", [AANKERS[0], "idp.jwks"])
def test_what_seals_are_judged_by_is_not_called_the_configuration(knooppunt, name):
    """A root, or the keys of logins, that cannot be read is told as what it is; nothing ends."""
    log = knooppunt.folder / "log.jsonl"
    process, _ = watched(knooppunt, "--log", str(log))
    path = Path(openbaar(str(knooppunt.folders / ".state"), name))
    path.write_bytes(b"geen certificaat")
    eventually(lambda: "trust.refused" in {one["event"] for one in lines(log)})
    end(process)
    assert not [one for one in lines(log) if one["event"].startswith("config.")]


def test_a_key_of_the_log_that_cannot_be_read_ends_nobody(knooppunt):
    """Not in the folder of what is published either: the keys that were read stay."""
    log = knooppunt.folder / "log.jsonl"
    process, _ = watched(knooppunt, "--log", str(log))
    key = knooppunt.folders / ".state/audit/audit-2026.0000aaaa.vkey"
    key.symlink_to(key)  # ELOOP
    eventually(lambda: "trust.refused" in {one["event"] for one in lines(log)})
    knooppunt.drop("0363", "WMO_1.csv", b"een")
    eventually(lambda: list(knooppunt.folders.glob("cbs/in/GMSDWMO/*.csv")))
    key.unlink()
    end(process)
