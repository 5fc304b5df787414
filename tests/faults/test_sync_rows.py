# SPDX-License-Identifier: EUPL-1.2
"""A share that dies, or loses what was written, between its use and the sync: rows 17 and 23."""

import ctypes
import errno
import json
import os

import pytest

from gateway import durable
from gateway.model import Kind
from gateway.moment import Clock
from gateway.requests import Asked, place
from gateway.store_queries import Reader
from gateway.testing import Keten
from tests.faults.breaking import config, failing, half_done, received, shim
from tests.faults.processes import at_cbs, running
from tests.faults.test_shares import Served
from tests.flow.conftest import eventually
from tests.flow.test_purge import age, sql
from tests.flow.test_watching import end, metrics, watched

SHARE = "/gemeenten/0363/"


@pytest.fixture
def apart(knooppunt, disks):
    """A chain in which the folders of 0363 are a disk of their own; two sent it something."""
    disks.tmpfs(knooppunt.folders / "gemeenten/0363", "size=64m")
    knooppunt("init", ".")
    knooppunt.drop("0363", "WMO_1.csv", b"een")
    knooppunt.drop("0034", "WMO_1.csv", b"twee")
    return knooppunt


@pytest.mark.parametrize("times", [1, 3])
def test_row_17_eio_on_the_sync_of_a_share(apart, times):
    """What was done in that round is done anew, in the same run; all of it arrives, once.

    What people asked of those rounds is answered.
    """
    asked = [Asked(Clock().fresh_ulid(), "onbekend", {}) for _ in range(5)]
    for one in asked:
        place(str(apart.folders / ".state"), one)
    apart.configure(("rusttijd_ms: 2000", "rusttijd_ms: 100"))
    rule = f"syncfs,{SHARE},{errno.EIO},{times}"
    env = os.environ | {"LD_PRELOAD": str(shim()), "KNOOPPUNT_FAULTS": rule}
    process = apart.start("run", env=env)
    try:
        eventually(lambda: sorted(received(apart).values()) == [b"een", b"twee"])
        eventually(lambda: apart.installed_json("status")["under_way"] == 0)
    finally:
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert b"what was done in folders/gemeenten/0363 is done anew: the disk did not keep" in told
    assert half_done(apart) == []
    with Reader(str(apart.folders / ".state/knooppunt.db")) as reader:
        assert all("does not know" in reader.answer(one.id) for one in asked)
    once(apart)


def test_row_17_a_share_that_never_keeps_anything(apart):
    """It waits and says so; the others go on; when it is mended all is delivered, once."""
    done = failing(apart, ("syncfs", SHARE, errno.EIO))
    assert done.returncode == 0, done.stderr
    assert (
        "what was done in folders/gemeenten/0363 is done anew: the disk did not keep" in done.stderr
    )
    assert list(received(apart).values()) == [b"twee"]
    assert {one["gemeentecode"] for one in history(apart)} == {"0034"}
    apart("run", "--once")
    assert sorted(received(apart).values()) == [b"een", b"twee"]
    once(apart)


def test_row_17_the_alarm_of_a_share_that_is_away_stands(apart):
    """It is there, and of no use: until it has kept something again."""
    rule = f"syncfs,{SHARE},{errno.EIO}"
    env = os.environ | {"LD_PRELOAD": str(shim()), "KNOOPPUNT_FAULTS": rule}
    process, url = watched(apart, env=env)
    eventually(lambda: alarms(url) == 1)
    assert metrics(url)["knooppunt_folders_gone"] == 1
    end(process)
    process, url = watched(apart)
    eventually(lambda: sorted(received(apart).values()) == [b"een", b"twee"])
    assert alarms(url) == 0
    end(process)


def alarms(url):
    """How many alarms stand of shares that are away."""
    return metrics(url).get('knooppunt_alarms{code="map-weg"}', 0)


def test_row_17_eio_on_the_sync_of_quarantine(knooppunt, disks):
    """What was copied there is copied anew; its source goes when the copy is durable."""
    disks.tmpfs(knooppunt.folders / "quarantaine", "size=64m")
    knooppunt.drop("0363", "notulen.csv", b"een")
    knooppunt.drop("0034", "WMO_1.csv", b"twee")
    done = failing(knooppunt, ("syncfs", "/quarantaine/.tmp", errno.EIO))
    assert done.returncode == 0, done.stderr
    assert "the disk did not keep what was written" in done.stderr
    assert [p.read_bytes() for p in half_done(knooppunt, ".claimed")] == [b"een"]
    assert list(received(knooppunt).values()) == [b"twee"]
    assert list(knooppunt.folders.glob("quarantaine/*/notulen.csv")) == []
    knooppunt("run", "--once")
    assert half_done(knooppunt, ".claimed") == []
    [held] = knooppunt.folders.glob("quarantaine/*/notulen*.csv")
    assert (held.name, held.read_bytes()) == ("notulen.csv", b"een")
    once(knooppunt)


class Kernel:
    """The system's own calls; ``syncfs`` of one disk fails as it is told, oldest first."""

    def __init__(self, libc, device):
        self._libc, self._device, self.fails = libc, device, []

    def __getattr__(self, name):
        return getattr(self._libc, name)

    def syncfs(self, fd):
        """EIO, when it is to fail now."""
        if self.fails and os.fstat(fd).st_dev == self._device and self.fails.pop(0):
            ctypes.set_errno(errno.EIO)
            return -1
        return self._libc.syncfs(fd)


@pytest.fixture
def keten_with(tmp_path, disks, monkeypatch):
    """Make a chain in this process, with one folder a disk of its own; and what fails there."""

    def make(top):
        disks.tmpfs(tmp_path / "keten/folders" / top, "size=200m")
        keten = Keten(tmp_path / "keten", config=config())
        keten.settle()
        device = os.stat(keten.root / top).st_dev
        kernel = Kernel(durable._libc, device)
        monkeypatch.setattr(durable, "_libc", kernel)
        made.append(keten)
        return keten, kernel

    made = []
    yield make
    for keten in made:
        keten.close()


def test_no_number_is_given_twice_by_a_round_that_is_undone(keten_with):
    """What was committed just before it counts, also where nothing was begun after it."""
    keten, kernel = keten_with("cbs")
    keten.drop("0363", "WMO_1.csv", b"een")
    keten.settle()
    engine, rounds = keten._chain.engine, []
    start = engine._desk.start

    def started(task):
        if any(one.place.kind is Kind.GGK_UIT for one in task.intents):
            rounds.append(task.number)
            kernel.fails = [True] * (len(rounds) == 2)
        return start(task)

    engine._desk.start = started
    keten.drop("0363", "WMO_2.csv", b"twee")
    while len(rounds) < 2:
        engine.look_now()
        engine.round()
        seen = engine._in_flight.intents if engine._in_flight else ()
        if any(one.name == "WMO_2.csv" for one in seen):
            keten.drop("0363", "WMO_3.csv", b"drie")
    engine.settle()
    assert kernel.fails == []
    keten.settle()
    numbers = [one.name[-8:-4] for one in keten.received("wmo")]
    assert len(numbers) == len(set(numbers)) == 3
    keten.check()


def test_a_share_whose_syncs_fail_now_and_then_holds_up_no_other(keten_with):
    """That of a round which is undone too keeps nothing: the share rests all the same."""
    keten, kernel = keten_with("gemeenten/0363")
    engine = keten._chain.engine
    for number in range(3):
        keten.drop("0363", f"WMO_{number}.csv", bytes([65 + number]) * (9 << 20))
    while not (engine._in_flight and engine._in_flight.intents):
        engine.look_now()
        engine.round()
    kernel.fails = [True, False] * 1000
    keten.drop("0034", "WMO_1.csv", b"twee")
    rounds = 0
    while b"twee" not in [one.content for one in keten.received("wmo")]:
        engine.round()
        rounds += 1
        assert len(kernel.fails) > 1900, f"{rounds} rounds, and the other waits"
    kernel.fails = []
    keten.settle()
    assert len(keten.received("wmo")) == 4


def test_what_a_share_did_not_keep_is_not_called_erased(knooppunt, disks):
    """A copy that may come back is purged again, and then it is recorded; nothing ends."""
    disks.tmpfs(knooppunt.folders / "gemeenten/0363", "size=64m")
    knooppunt.drop("0363", "WMO_H22025.csv", b"old")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    done = failing(knooppunt, ("syncfs", "/gemeenten/0363/", errno.EIO), words=("purge", "--do"))
    knooppunt.configure(("rusttijd_ms: 100", "rusttijd_ms: 2000"))
    assert done.returncode == 2
    assert "a share did not keep that copies were removed" in done.stderr
    assert sql(knooppunt, "SELECT count(*) FROM levering WHERE naam <> 'gewist'") == [(1,)]
    knooppunt("purge", "--do")
    assert sql(knooppunt, "SELECT count(*) FROM levering WHERE naam <> 'gewist'") == [(0,)]
    assert knooppunt.json("audit", "verify")["ok"]


def test_row_23_server_of_a_share_dies_in_mid_work(knooppunt, tmp_path):
    """Whatever the gateway was doing there: it goes on, and so do the others; later all is done."""
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 100"))
    share = Served(tmp_path / "ver-weg", knooppunt.folders / "gemeenten/0363")
    knooppunt("run", "--once")
    mine, others = ([f"{code} {n}".encode() for n in range(60)] for code in ("0363", "0034"))
    for one in (*mine, *others):
        code, number = one.decode().split()
        knooppunt.drop(code, f"WMO_{number}.csv", one)
    try:
        with running(knooppunt, "--log", "log.jsonl") as process:
            eventually(lambda: at_cbs(knooppunt))
            share.server.kill()
            share.server.wait(60)
            eventually(lambda: set(others) <= set(at_cbs(knooppunt).values()))
            assert process.poll() is None
            share.end()
            share.serve()
            wanted = sorted(mine + others)
            eventually(lambda: sorted(at_cbs(knooppunt).values()) == wanted)
            eventually(lambda: knooppunt.installed_json("status")["under_way"] == 0)
        once(knooppunt)
    finally:
        share.end()


def history(knooppunt):
    """All that happened, in order."""
    said = knooppunt("tail", "-n", "10000", "--json").stdout
    return [json.loads(line) for line in said.splitlines()]


def once(knooppunt):
    """Nothing stands in the log twice, and it is whole."""
    found = [
        (one["type"], one["referentienummer"], one["place"], one["name"])
        for one in history(knooppunt)
    ]
    assert len(found) == len(set(found)), found
    knooppunt("audit", "verify")
