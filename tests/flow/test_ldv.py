# SPDX-License-Identifier: EUPL-1.2
"""The Logboek dataverwerkingen: a line for each leaf, none lost and none invented."""

import json
import os
import re
import shutil
import signal
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status, TracesData

from gateway.audit.leaf import decode, leaf_hash
from gateway.audit.reading import read, read_tile
from gateway.audit.tiles import WIDTH, Tile, unbundle
from gateway.logregel import ABOUT_ITSELF
from tests.flow.conftest import eventually

ACTIVITY = "dpl.core.processing_activity_id"


# --- what there must be: read from the published log, not from the database ---


def published(knooppunt):
    """Every leaf that the checkpoint speaks of, as its bytes."""
    audit = str(knooppunt.folders / ".state" / "audit")
    size = int(read(audit, "checkpoint").split(b"\n")[1])
    found = []
    for start in range(0, size, WIDTH):
        width = min(WIDTH, size - start)
        found += unbundle(read_tile(audit, Tile(-1, start // WIDTH, width)))[0]
    assert len(found) == size
    return found


def wanted(knooppunt):
    """The span ids that the leaves call for, in their order."""
    return [
        leaf_hash(content)[:8].hex()
        for content in published(knooppunt)
        if decode(content)["type"] not in ABOUT_ITSELF
    ]


def spans_file(knooppunt):
    return knooppunt.folders / ".state" / "ldv" / "spans.jsonl"


def lines(knooppunt):
    """The lines of the file, each read by OpenTelemetry's own schema."""
    found = []
    for text in spans_file(knooppunt).read_text("ascii").splitlines():
        data = json.loads(text)
        # protobuf's own JSON has base64 where OTLP has hexadecimal
        [span] = [one for r in data["resourceSpans"] for s in r["scopeSpans"] for one in s["spans"]]
        ids = {key: bytes.fromhex(span.pop(key)) for key in list(span) if key.endswith("Id")}
        message = ParseDict(data, TracesData())
        [parsed] = message.resource_spans[0].scope_spans[0].spans
        parsed.trace_id, parsed.span_id = ids["traceId"], ids["spanId"]
        parsed.parent_span_id = ids.get("parentSpanId", b"")
        found.append((message.resource_spans[0].resource, parsed))
    return found


def ids(knooppunt):
    return [span.span_id.hex() for _, span in lines(knooppunt)]


def attributes(of):
    return {one.key: one.value.string_value for one in of.attributes}


def deliver(knooppunt, *names):
    for name in names:
        knooppunt.drop("0363", name, name.encode())
    return knooppunt("run", "--once", "--nu", "2026-02-02")


# --- a receiver ---


class Logboek:
    """A logbook elsewhere: takes OTLP over HTTP, decodes it, and answers as it is told to."""

    def __init__(self, port=0):
        self.taken = []
        self.requests = 0
        self.answer = lambda: 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/x-protobuf"
                asked = ExportTraceServiceRequest.FromString(body)
                spans = [(r.resource, s) for r in asked.resource_spans
                         for scope in r.scope_spans for s in scope.spans]  # fmt: skip
                outer.requests += 1
                code = outer.answer()
                if code == 200:
                    outer.taken += spans
                content = ExportTraceServiceResponse().SerializeToString()
                self.send_response(code)
                if 300 <= code < 400:
                    self.send_header("Location", "/login")
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def ids(self):
        """The span ids that it took, in order."""
        return [span.span_id.hex() for _, span in self.taken]

    def close(self):
        """Listen no longer."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def logboek():
    made = Logboek()
    yield made
    made.close()


def send_to(knooppunt, port):
    path = knooppunt.folder / "config.yaml"
    address = f"  otlp: http://127.0.0.1:{port}/v1/traces"
    text = re.sub(r"\n  (# )?otlp: .*", f"\n{address}", path.read_text("utf-8"))
    path.write_text(text, "utf-8")


# --- the file ---


def test_a_line_for_each_leaf_and_no_other(knooppunt):
    """Of deliveries, refusals and what people decide; not of the gateway's own affairs."""
    deliver(knooppunt, "WMO_H22025.csv", "vakantie.jpg")
    knooppunt("grant", "p.pietersen", "gmsd", "--gemeente", "0363", "--reason", "nieuw")
    knooppunt("run", "--once")
    found = wanted(knooppunt)
    assert ids(knooppunt) == found
    types = [decode(one)["type"] for one in published(knooppunt)]
    assert "config.change" in types
    assert [span.name for _, span in lines(knooppunt)] == [
        one for one in types if one not in ABOUT_ITSELF
    ]
    assert knooppunt.json("status")["ldv"] == {"file": 0, "otlp": None}


def test_a_line_is_what_the_standard_asks_for(knooppunt):
    """Interface of LDV 1.0.0: ids, name, times, status, resource, and dpl.core alone."""
    deliver(knooppunt, "WMO_H22025.csv", "vakantie.jpg")
    leaves = {leaf_hash(one)[:8].hex(): decode(one) for one in published(knooppunt)}
    for resource, span in lines(knooppunt):
        leaf = leaves[span.span_id.hex()]
        assert span.trace_id.hex() == leaf["trace"]
        assert span.parent_span_id.hex() == leaf["span"]
        assert (span.name, span.start_time_unix_nano) == (leaf["type"], leaf["at"] * 1_000_000)
        assert span.end_time_unix_nano == span.start_time_unix_nano
        assert span.status.code == Status.STATUS_CODE_UNSET  # a refusal is no error of the system
        assert attributes(span) == {
            ACTIVITY: f"https://knooppunt.example/verwerkingen/{leaf['object']}"
        }
        assert attributes(resource)["service.name"] == "knooppunt"


def test_one_trace_id_in_envelope_leaf_log_and_line(knooppunt):
    """Of one message, from beginning to end: whoever has one of the four finds the others."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"a;b\n")
    knooppunt("run", "--once", "--nu", "2026-02-02", "--stations", "ggk", "--log", "log.jsonl")
    [envelope] = (knooppunt.folders / "ggk" / "uit").glob("*.xml")
    [(trace, span)] = re.findall(
        rb"\b00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b", envelope.read_bytes()
    )
    knooppunt("run", "--once", "--log", "log.jsonl")
    trace, span = trace.decode(), span.decode()
    log = [json.loads(one) for one in (knooppunt.folder / "log.jsonl").read_text().splitlines()]
    told = [one for one in log if one["event"].startswith("delivery.")]
    leaves = [one for one in map(decode, published(knooppunt)) if one.get("msg") and "trace" in one]
    assert {"delivery.accepted", "delivery.acknowledged"} <= {one["event"] for one in told}
    assert len(leaves) >= 4
    assert {(one["trace"], one["span"]) for one in told} == {(trace, span)}
    assert {(one["trace"], one["span"]) for one in leaves} == {(trace, span)}
    assert {(one.trace_id.hex(), one.parent_span_id.hex()) for _, one in lines(knooppunt)} == {
        (trace, span)
    }


def test_what_a_crash_left_unconfirmed_is_there_once(knooppunt):
    """Appended and not confirmed: whole lines, or half a line; cut off and made again."""
    deliver(knooppunt, "WMO_H22025.csv")
    before = {path: path.read_bytes() for path in spans_file(knooppunt).parent.iterdir()}
    deliver(knooppunt, "WMO_H22025_2.csv")
    after = spans_file(knooppunt).read_bytes()
    resume = spans_file(knooppunt).parent / "file.json"
    for left in (after, after[:-7], before[spans_file(knooppunt)], after + b"\x00" * 99):
        spans_file(knooppunt).write_bytes(left)
        resume.write_bytes(before[resume])
        knooppunt("run", "--once")
        assert spans_file(knooppunt).read_bytes() == after
    assert ids(knooppunt) == wanted(knooppunt)


def test_a_file_that_was_rotated_begins_anew(knooppunt):
    """Renamed by logrotate: old and new together hold each line once, after a crash too."""
    deliver(knooppunt, "WMO_H22025.csv", "WMO_H22025_1.csv")
    folder = spans_file(knooppunt).parent
    old = folder / "spans.jsonl.1"
    spans_file(knooppunt).rename(old)
    resume = (folder / "file.json").read_bytes()
    deliver(knooppunt, "WMO_H22025_2.csv")
    first = spans_file(knooppunt).read_bytes()
    deliver(knooppunt, "WMO_H22025_3.csv")
    assert resume != (folder / "file.json").read_bytes()
    assert spans_file(knooppunt).read_bytes().startswith(first)
    new = ids(knooppunt)
    spans_file(knooppunt).write_bytes(old.read_bytes())
    assert ids(knooppunt) + new == wanted(knooppunt)


def test_a_resume_point_that_is_gone_makes_all_lines_again(knooppunt):
    """The same lines, to the byte."""
    deliver(knooppunt, "WMO_H22025.csv")
    before = spans_file(knooppunt).read_bytes()
    (spans_file(knooppunt).parent / "file.json").unlink()
    knooppunt("run", "--once")
    assert spans_file(knooppunt).read_bytes() == before


def test_another_log_never_goes_on_in_the_old_file(knooppunt, tmp_path):
    """A database was put back and its log began otherwise: the old lines are kept beside."""
    shutil.copytree(knooppunt.folders / ".state", tmp_path / "state")
    deliver(knooppunt, "WMO_H22025.csv")
    ldv = spans_file(knooppunt).parent
    old = spans_file(knooppunt).read_bytes()
    shutil.copytree(ldv, tmp_path / "ldv")
    shutil.rmtree(knooppunt.folders / ".state")
    shutil.copytree(tmp_path / "state", knooppunt.folders / ".state")
    shutil.rmtree(ldv, ignore_errors=True)
    shutil.copytree(tmp_path / "ldv", ldv)
    deliver(knooppunt, "JEUGD_H22025.csv", "SBO_H22025.csv")
    assert ids(knooppunt) == wanted(knooppunt)
    assert [p.read_bytes() for p in ldv.glob("spans-*.jsonl")] == [old]


def test_a_place_that_cannot_be_written_delays_nothing_and_is_caught_up(knooppunt):
    """Not the disk, not a folder that is a file: the chain goes on, status says how far behind."""
    ldv = spans_file(knooppunt).parent
    shutil.rmtree(ldv)
    ldv.write_bytes(b"in the way")
    deliver(knooppunt, "WMO_H22025.csv")
    [message] = knooppunt.json("trace", "WMO_H22025.csv")["messages"]
    assert message["status"] == "acknowledged"
    size = len(published(knooppunt))
    assert knooppunt.json("status")["ldv"]["file"] == size
    assert f"file {size} behind" in knooppunt("status").stdout
    ldv.unlink()
    knooppunt("run", "--once")
    assert ids(knooppunt) == wanted(knooppunt)
    assert knooppunt.json("status")["ldv"]["file"] == 0


def test_turned_off_nothing_is_written_and_turned_on_nothing_is_missing(knooppunt):
    """The leaves are there: the lines follow from them."""
    path = knooppunt.folder / "config.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("bestand: true", "bestand: false"), "utf-8")
    deliver(knooppunt, "WMO_H22025.csv")
    assert not spans_file(knooppunt).exists() or ids(knooppunt) == []
    assert knooppunt.json("status")["ldv"] == {"file": None, "otlp": None}
    assert "off" in knooppunt("status").stdout
    path.write_text(text, "utf-8")
    knooppunt("run", "--once")
    assert ids(knooppunt) == wanted(knooppunt)


def test_killed_again_and_again_each_leaf_has_its_line_once(knooppunt):
    """SIGKILL under load, at whatever it is doing."""
    for turn in range(6):
        for number in range(40):
            knooppunt.drop("0363", f"WMO_H22025_{turn}_{number}.csv", b"%d" % (40 * turn + number))
        before = spans_file(knooppunt).stat().st_size if spans_file(knooppunt).exists() else 0
        process = knooppunt.start("run")
        eventually(lambda: spans_file(knooppunt).exists()
                   and spans_file(knooppunt).stat().st_size > before)  # noqa: B023  # fmt: skip
        time.sleep(0.03 * turn)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    knooppunt("run", "--once")
    assert ids(knooppunt) == wanted(knooppunt)
    assert len(wanted(knooppunt)) >= 240 * 4


# --- elsewhere ---


def test_a_logbook_elsewhere_gets_the_same_lines(knooppunt, logboek):
    """Over OTLP/HTTP, one request a line, in order; what is in the file is what was sent."""
    send_to(knooppunt, logboek.port)
    deliver(knooppunt, "WMO_H22025.csv", "vakantie.jpg")
    assert logboek.ids == ids(knooppunt) == wanted(knooppunt)
    assert logboek.requests == len(logboek.ids)
    for (resource, sent), (other, line) in zip(logboek.taken, lines(knooppunt), strict=True):
        sent.ClearField("flags")
        line.ClearField("flags")
        assert sent == line
        assert resource == other
    assert knooppunt.json("status")["ldv"] == {"file": 0, "otlp": 0}


def test_an_outage_is_caught_up_and_the_chain_goes_on_meanwhile(knooppunt):
    """Nobody listens; then somebody does, that first answers with errors, and with a redirect."""
    first = Logboek()
    port = first.port
    first.close()
    send_to(knooppunt, port)
    deliver(knooppunt, "WMO_H22025.csv")
    [message] = knooppunt.json("trace", "WMO_H22025.csv")["messages"]
    assert message["status"] == "acknowledged"
    status = knooppunt.json("status")["ldv"]
    assert status["file"] == 0
    assert status["otlp"] >= len(wanted(knooppunt))
    logboek = Logboek(port)
    answers = iter([400, 200, 302, 200, 404])
    logboek.answer = lambda: next(answers, 200)
    process = knooppunt.start("run")
    try:
        eventually(lambda: knooppunt.json("status")["ldv"]["otlp"] == 0)
    finally:
        process.terminate()
        process.communicate(timeout=60)
        logboek.close()
    assert logboek.ids == wanted(knooppunt)


def test_killed_in_the_middle_of_sending_a_line_comes_again_under_its_own_ids(knooppunt, logboek):
    """None is lost; what comes twice is the same to the byte, and at most what one step holds."""
    send_to(knooppunt, logboek.port)
    for turn in range(3):
        for number in range(30):
            knooppunt.drop("0363", f"WMO_H22025_{turn}_{number}.csv", b"%d" % (30 * turn + number))
        before = len(logboek.taken)
        process = knooppunt.start("run")
        eventually(lambda: len(logboek.taken) > before + 10)  # noqa: B023
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    process = knooppunt.start("run")
    eventually(lambda: knooppunt.json("status")["under_way"] == 0)
    eventually(lambda: knooppunt.json("status")["ldv"]["otlp"] == 0)
    process.terminate()
    process.communicate(timeout=60)
    found = {}
    for _, span in logboek.taken:
        assert found.setdefault(span.span_id, span) == span
    assert list(dict.fromkeys(logboek.ids)) == wanted(knooppunt)
    assert len(logboek.ids) - len(found) <= 3 * 64


def test_a_gateway_that_runs_takes_up_a_logbook_that_is_named_meanwhile(knooppunt, logboek):
    """And goes to another one when the address changes, from where it was."""
    deliver(knooppunt, "WMO_H22025.csv")
    process = knooppunt.start("run")
    try:
        eventually(lambda: knooppunt.json("status")["under_way"] == 0)
        send_to(knooppunt, logboek.port)
        eventually(lambda: logboek.ids[-1:] == wanted(knooppunt)[-1:])
        second = Logboek()
        before = knooppunt.json("status")["config"]["in_force"]
        send_to(knooppunt, second.port)
        eventually(lambda: knooppunt.json("status")["config"]["in_force"] != before)
        knooppunt.drop("0363", "WMO_H22025_2.csv", b"2")
        eventually(lambda: len(second.ids) >= 5)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    second.close()
    assert logboek.ids + second.ids == wanted(knooppunt)


def test_status_check_tells_of_a_logbook_that_is_behind_for_long(knooppunt):
    """An alarm: the oldest leaf that it has not seen is older than a quarter of an hour."""
    deliver(knooppunt, "WMO_H22025.csv")
    size = len(published(knooppunt))
    first = Logboek()
    first.close()
    send_to(knooppunt, first.port)
    [alarm] = [
        one for one in knooppunt.json("status", "--check", code=None)["alarms"]
        if one["code"] == "ldv-achter"
    ] or [None]  # fmt: skip
    assert alarm is None  # behind, but not for long
    with sqlite3.connect(knooppunt.folders / ".state" / "knooppunt.db") as connection:
        [content] = connection.execute("SELECT content FROM leaf WHERE idx = 0").fetchone()
        fields = json.loads(content) | {"at": json.loads(content)["at"] - 1_000_000}
        connection.execute("UPDATE leaf SET content = ? WHERE idx = 0",
                           (json.dumps(fields).encode(),))  # fmt: skip
    connection.close()
    [alarm] = [
        one for one in knooppunt.json("status", "--check", code=1)["alarms"]
        if one["code"] == "ldv-achter"
    ]  # fmt: skip
    assert (alarm["subject"], f"{size} leaves behind" in alarm["sentence"]) == ("otlp", True)
