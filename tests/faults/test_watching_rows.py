# SPDX-License-Identifier: EUPL-1.2
"""Rows 52-59: how files are found, and what clocks may do meanwhile."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.processes import (
    at_cbs,
    codes,
    many_parties,
    need,
    pause,
    running,
    told,
    verified,
)
from tests.flow.conftest import Gereedschap, eventually

FULL = os.environ.get("KNOOPPUNT_FAULTS") == "full"
AT_ONCE = 20_000 if FULL else 500
PARTIES = 342
QUICK = ("scan_ms: 2000", "scan_ms: 300"), ("rusttijd_ms: 2000", "rusttijd_ms: 500")


@pytest.fixture
def quick(knooppunt):
    """A chain that scans often and waits briefly."""
    knooppunt.configure(*QUICK)
    return knooppunt


@pytest.fixture
def many(tmp_path):
    """A chain of 342 municipalities."""
    (tmp_path / "veel").mkdir()
    (tmp_path / "veel/config.yaml").write_text(many_parties(PARTIES), "utf-8")
    Gereedschap(tmp_path / "veel")("init")
    return Gereedschap(tmp_path / "veel")


def test_row_52_many_files_at_once_in_one_outbox_and_in_342(many):
    """All of them arrive, once; status answers meanwhile."""
    for number in range(AT_ONCE):
        many.drop("0363", f"WMO_{number}.csv", b"%d" % number)
    for code in codes(PARTIES)[1:]:
        many.drop(code, "WMO_H22025.csv", code.encode())
    with running(many):
        eventually(lambda: many.json("status")["deliveries"])
        eventually(lambda: len(at_cbs(many)) == AT_ONCE + PARTIES - 1, seconds=300)
    wanted = {b"%d" % number for number in range(AT_ONCE)}
    wanted |= {code.encode() for code in codes(PARTIES)[1:]}
    assert set(at_cbs(many).values()) == wanted
    verified(many)


def overflow(folder):
    """Make more events than the kernel keeps for a process that does not read them."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    parts = [folder / "a.part", folder / "b.part"]  # two: equal events in a row become one
    for number in range(limit):
        with parts[number % 2].open("wb"):
            pass
    for path in parts:
        path.unlink()


def test_row_53_the_queue_of_events_overflows(quick):
    """Stopped while it was full: nothing of what came after is lost, and the log stays JSON."""
    config = str(quick.folder / "config.yaml")
    with running(quick, "--log", "-", "--config", config) as process:
        quick.drop("0363", "WMO_eerst.csv", b"eerst")
        eventually(lambda: len(at_cbs(quick)) == 1)
        process.send_signal(signal.SIGSTOP)
        overflow(quick.folders / "gemeenten/0363/outbox")
        for number in range(50):
            quick.drop("0034", f"WMO_{number}.csv", b"%d" % number)
        process.send_signal(signal.SIGCONT)
        eventually(lambda: len(at_cbs(quick)) == 51)
    assert all(line.startswith("{") for line in process.told.splitlines())
    verified(quick)


@pytest.mark.parametrize("limit", ["watches", "instances"])
def test_row_54_the_limits_of_inotify(quick, limit):
    """In a user namespace with few watches, or none: found by scanning, and that is said once."""
    need("unshare")
    few = 5 if limit == "watches" else 0
    shell = f'echo {few} > /proc/sys/user/max_inotify_{limit} && exec "$@"'
    log = quick.folder / "log.jsonl"
    with running(quick, "--log", str(log), under=("unshare", "-Ur", "sh", "-c", shell, "sh")):
        eventually(lambda: log.exists() and "watch.blind" in [one["event"] for one in told(log)])
        for number in range(3):
            quick.drop("1701", f"WMO_{number}.csv", b"%d" % number)
            eventually(lambda number=number: len(at_cbs(quick)) == number + 1)
    assert [one["event"] for one in told(log)].count("watch.blind") == 1
    verified(quick)


def test_row_55_a_folder_made_and_filled_at_once(quick):
    """An exchange's folder with a user's folder and a file in it, all in one moment."""
    with running(quick):
        eventually((quick.folders / ".state/lock").exists)
        for number in range(20):
            quick.drop("0363", "x.csv", b"%d" % number, "wmo", f"gebruiker.{number}")
        eventually(lambda: len(at_cbs(quick)) == 20)
    assert sorted(at_cbs(quick).values()) == sorted(b"%d" % number for number in range(20))
    verified(quick)


def test_row_56_a_share_without_inotify_is_found_by_the_rescan(quick):
    """Written on the far side of FUSE, whole at once: no event tells of it."""
    need("bindfs")
    if not Path("/dev/fuse").exists() or os.geteuid() != 0:
        pytest.skip("FUSE cannot be mounted here")
    far = quick.folder / "overkant"
    with bound(quick, far), running(quick):
        eventually((far / "outbox/wmo").is_dir)
        (far / "outbox/WMO_ver.csv").write_bytes(b"ver\n")
        eventually(lambda: list(at_cbs(quick).values()) == [b"ver\n"])


class bound:  # noqa: N801  used as a with block
    """The folders of 0034 over FUSE; ``far`` is what lies behind them."""

    def __init__(self, knooppunt, far):
        self.near, self.far = knooppunt.folders / "gemeenten/0034", far

    def __enter__(self):
        self.far.mkdir()
        subprocess.run(["bindfs", "-o", "nonempty,attr_timeout=0", self.far, self.near], check=True)

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.near], check=True)


# --- clocks ---------------------------------------------------------------------------------------


def faketime():
    """Where the library lies that tells another time."""
    need("faketime")
    found = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")]
    assert found, "faketime is installed without its library"
    return str(found[0])


class Fake:
    """The clock of a gateway, that jumps when it is told to; its counters go on as they are."""

    def __init__(self, folder):
        self.path = folder / "klok"
        self.jump("+0")
        self.environment = os.environ | {
            "LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        }  # fmt: skip

    def jump(self, to):
        """From now on it tells the real time, shifted so."""
        self.path.write_text(to + "\n")


JUMPS = [
    ["+0", "-1h", "+3650d", "-1d"],
    ["+0", "@2038-01-19 03:14:06", "@2026-10-25 00:59:59", "@2026-03-29 00:59:59", "+0"],
]
"""For each start: an hour back and ten years on; over the end of 2038's seconds; out of summer time
and into it."""


def test_row_57_the_clock_jumps(quick):
    """Nothing is lost or sent twice, also over restarts; the order is that of the numbers."""
    clock, dropped = Fake(quick.folder), []
    for jumps in JUMPS:
        clock.jump(jumps[0])
        with running(quick, env=clock.environment):
            for jump in jumps:
                clock.jump(jump)
                content = f"{len(dropped)} {jump}".encode()
                quick.drop("0363", f"WMO_{len(dropped)}.csv", content)
                dropped.append(content)
                eventually(lambda: len(at_cbs(quick)) == len(dropped))
    by_number = sorted(at_cbs(quick).items(), key=lambda one: one[0].rpartition("_")[2])
    assert [content for _, content in by_number] == dropped
    verified(quick)
    events = [one["seq"] for one in every_event(quick)]
    assert events == sorted(events)
    assert [(row["status"], row["count"]) for row in quick.json("status")["deliveries"]] == [
        ("acknowledged", len(dropped))
    ]


def every_event(knooppunt):
    """Every event so far, in the order in which they are told."""
    out = knooppunt("tail", "-n", "100000", "--json").stdout
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("skew", ["+1h", "-1h"])
def test_row_59_the_clock_of_a_share_differs_by_an_hour(quick, skew):
    """Quiet is told by differences: a slow writer is waited for, and then its file is taken."""
    need("bindfs")
    if not Path("/dev/fuse").exists() or os.geteuid() != 0:
        pytest.skip("FUSE cannot be mounted here")
    clock, far = Fake(quick.folder), quick.folder / "overkant"
    clock.jump(skew)  # ours differs, the files' times are those of the share
    slow = "import sys, time\nwith open(sys.argv[1], 'ab') as f:\n for n in range(8):\n" \
        "  f.write(b'%d' % n); f.flush(); time.sleep(0.15)\n"  # fmt: skip
    with bound(quick, far), running(quick, env=clock.environment):
        eventually((far / "outbox/wmo").is_dir)
        path = far / "outbox/WMO_traag.csv"
        subprocess.run([sys.executable, "-c", slow, str(path)], check=True)
        eventually(lambda: at_cbs(quick))
        pause(0.7)  # were it taken in two, the second would come by now
    assert list(at_cbs(quick).values()) == [b"01234567"]
