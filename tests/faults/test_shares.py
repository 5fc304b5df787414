# SPDX-License-Identifier: EUPL-1.2
"""Shares and folders that go, come back, or say no: rows 23-29 of the fault table."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from gateway.chain import Chain
from gateway.health import checkup
from gateway.location import Location
from gateway.testing import Keten
from gateway.watch import Watch
from tests.faults.breaking import codes, config, eventually, need, need_root, run
from tests.faults.processes import at_cbs
from tests.flow.test_finished import NIEMAND, as_nobody
from tests.flow.test_watching import end, lines, metrics, watched


class Served:
    """A folder of a chain over FUSE; the program that serves it can be stopped and killed."""

    def __init__(self, behind, folder):
        need("bindfs")
        if not os.path.exists("/dev/fuse"):
            pytest.skip("FUSE cannot be mounted here")
        need_root()
        self.behind, self.folder = behind, folder
        shutil.copytree(folder, behind)
        self.serve()

    def serve(self):
        """The share is there."""
        words = ["bindfs", "-f", "-o", "nonempty", self.behind, self.folder]
        self.server = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        eventually(lambda: os.path.ismount(self.folder))

    def end(self):
        """Nobody serves it, and it is not mounted."""
        self.server.kill()
        self.server.wait(60)
        subprocess.run(["umount", "--lazy", self.folder], capture_output=True)


@pytest.fixture
def keten(tmp_path):
    """A chain whose verification is asked for by hand: a share that is gone is not whole."""
    keten = Keten(tmp_path / "keten", config=config())
    yield keten
    keten.close()


def delivered(keten):
    """What CBS has, in order of its bytes."""
    return sorted(one.content for one in keten.received("wmo"))


# --- a share that goes ----------------------------------------------------------------------------


@pytest.fixture
def share(keten, tmp_path):
    """The folders of 0363 over FUSE, seen by the gateway at its start."""
    keten.settle()
    served = Served(tmp_path / "ver-weg", keten.root / "gemeenten/0363")
    keten.restart()
    yield served
    served.end()


@pytest.mark.parametrize("restarts", [False, True])
def test_row_23_server_of_a_share_dies(keten, share, restarts):
    """ENOTCONN, at a start too: told, an alarm stands, others go on; when it is back, all goes."""
    keten.drop("0363", "WMO_1.csv", b"een")
    keten.settle()
    keten.drop("0363", "WMO_2.csv.part", b"twee")
    share.server.kill()
    share.server.wait(60)
    with pytest.raises(OSError, match="Transport endpoint is not connected"):
        os.listdir(share.folder)
    if restarts:
        keten.restart()
    keten.drop("0034", "WMO_3.csv", b"drie")
    assert codes(keten)[""] == "andere-map"
    assert delivered(keten) == [b"drie", b"een"]
    assert "map-weg" in alarms(keten)
    share.end()
    assert codes(keten)[""] == "andere-map"
    share.serve()
    (keten.outbox("0363") / "WMO_2.csv.part").rename(keten.outbox("0363") / "WMO_2.csv")
    eventually(lambda: codes(keten) == {} and delivered(keten) == [b"drie", b"een", b"twee"])
    assert "map-weg" not in alarms(keten)
    keten.check()


def alarms(keten):
    """The codes of the alarms that stand."""
    return [one.code for one in checkup(keten.location, keten.config)]


@pytest.fixture
def distant(knooppunt, tmp_path):
    """The folders of 0363 over FUSE, and a chain that has not seen them yet."""
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 100"))
    share = Served(tmp_path / "ver-weg", knooppunt.folders / "gemeenten/0363")
    yield share
    share.server.send_signal(signal.SIGCONT)
    share.end()


def test_row_24_a_share_that_hangs_holds_up_nobody_else(knooppunt, distant):
    """Commands answer, the alarm stands, a stop and a start work; when it is back all goes on."""
    log, cbs = knooppunt.folder / "log.jsonl", lambda: sorted(at_cbs(knooppunt).values())
    process, url = watched(knooppunt, "--log", str(log))
    knooppunt.drop("0363", "WMO_1.csv", b"een")
    eventually(lambda: cbs() == [b"een"] and metrics(url)["knooppunt_under_way_files"] == 0)
    distant.server.send_signal(signal.SIGSTOP)
    path = knooppunt.drop("0034", "WMO_2.csv", b"twee")
    eventually(lambda: cbs() == [b"een", b"twee"])
    assert metrics(url)["knooppunt_folders_hanging"] == 1
    assert metrics(url)['knooppunt_alarms{code="map-hangt"}'] == 1
    eventually(lambda: "map-hangt" in [one.get("code") for one in lines(log)])
    barred = {one["path"]: one["code"] for one in knooppunt.installed_json("status")["waiting"]}
    assert barred["folders/gemeenten/0363/outbox"] == "andere-map"
    assert knooppunt.installed_json("why", str(path))["code"] == "genomen"
    far = knooppunt.installed_json("why", str(distant.folder / "outbox" / "WMO_1.csv"))
    assert (far["code"], far["lies_here"]) == ("andere-map", False)
    assert knooppunt.installed_json("why", str(distant.folder))["code"] == "andere-map"
    checked = knooppunt.start("status", "--check")
    assert b"gemeenten/0363; nothing is taken" in checked.communicate(timeout=60)[0]
    assert checked.returncode == 1
    end(process)
    process, url = watched(knooppunt)
    knooppunt.drop("0034", "WMO_3.csv", b"drie")
    eventually(lambda: cbs() == [b"drie", b"een", b"twee"])
    distant.server.send_signal(signal.SIGCONT)
    knooppunt.drop("0363", "WMO_4.csv", b"vier")
    eventually(lambda: cbs() == [b"drie", b"een", b"twee", b"vier"])
    eventually(lambda: metrics(url)["knooppunt_folders_hanging"] == 0)
    end(process)
    assert knooppunt.json("status")["waiting"] == []
    knooppunt("audit", "verify")


def test_row_24_a_quarantine_that_hangs_ends_nothing(knooppunt, tmp_path):
    """All wait for it, in two processes; a decision says why not; once it answers all is done."""
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 100"))
    share, cbs = Served(tmp_path / "ver-weg", knooppunt.folders / "quarantaine"), at_cbs
    try:
        log = knooppunt.folder / "log.jsonl"
        process, url = watched(knooppunt, "--log", str(log))
        knooppunt.drop("0363", "notulen.csv", b"a")
        eventually(lambda: knooppunt.json("quarantine", "list", code=None)["held"])
        [held] = knooppunt.json("quarantine", "list")["held"]
        drop = ("quarantine", "drop", held["id"], "--reason", "synthetisch", "--yes")
        share.server.send_signal(signal.SIGSTOP)
        eventually(lambda: metrics(url)["knooppunt_folders_hanging"] == 1)
        eventually(lambda: "map-hangt" in [one.get("code") for one in lines(log)])
        [alarm] = [one for one in lines(log) if one.get("code") == "map-hangt"]
        assert "quarantaine; nothing is taken" in alarm["sentence"]
        assert "ALL wait" in alarm["sentence"]
        told = knooppunt.start(*drop)
        assert b"does not answer" in b"".join(told.communicate(timeout=60))
        assert told.returncode != 0
        for name in ("WMO_1.csv", "WMO_2.csv"):
            knooppunt.drop("0034", name, name.encode())
            eventually(lambda: metrics(url)["knooppunt_folders_hanging"] == 1)  # noqa: B023  now
            assert process.poll() is None
            end(process)
            process, url = watched(knooppunt)
        share.server.send_signal(signal.SIGCONT)
        eventually(lambda: sorted(cbs(knooppunt).values()) == [b"WMO_1.csv", b"WMO_2.csv"])
        knooppunt(*drop)
        eventually(lambda: held["id"] not in os.listdir(share.folder))
        end(process)
        knooppunt("audit", "verify")
    finally:
        share.server.send_signal(signal.SIGCONT)
        share.end()


def test_row_24_in_the_middle_of_a_call_it_can_be_killed(knooppunt, distant):
    """As systemd does with a gateway that waits for its answer; then all goes, once."""
    process = knooppunt.start("run")
    knooppunt.drop("0363", "WMO_1.csv", b"een")
    inbox = knooppunt.folders / "cbs/in/GMSDWMO"
    eventually((inbox / "WMO_1_0363_0001.csv").exists)
    knooppunt.drop("0363", "WMO_2.csv", b"twee")
    distant.server.send_signal(signal.SIGSTOP)
    knooppunt.drop("0034", "WMO_3.csv", b"drie")
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    distant.server.send_signal(signal.SIGCONT)
    knooppunt("run", "--once")
    assert sorted(p.read_bytes() for p in inbox.glob("*.csv")) == [b"drie", b"een", b"twee"]
    knooppunt("audit", "verify")


def test_row_26_share_comes_back_with_old_files(keten):
    """A copy of before: what was under way then is not sent again; a person decides."""
    box = keten.root / "gemeenten/0363"
    keten.drop("0363", "WMO_1.csv", b"een")
    seen = Copying(box, keten.folder / "kopie")
    keten.happened = seen
    keten.restart()
    keten.settle()
    assert seen.copied
    assert delivered(keten) == [b"een"]
    shutil.rmtree(box)
    shutil.copytree(keten.folder / "kopie", box)
    keten.happened = []
    keten.restart()
    assert codes(keten) == {}
    assert delivered(keten) == [b"een"]
    assert keten.types() == []
    [held] = keten.quarantine()
    assert held.name.startswith("wees-")
    assert [p.read_bytes() for p in held.iterdir()] == [b"een"]


class Copying(list):
    """What happened; when a file was accepted, the folders of its sender are copied."""

    def __init__(self, folder, to):
        super().__init__()
        self.folder, self.to, self.copied = folder, to, False

    def extend(self, more):
        """Told of each commit."""
        super().extend(more)
        if not self.copied and any(event.type == "accepted" for event, _ in more):
            shutil.copytree(self.folder, self.to)
            self.copied = any((self.to / ".claimed").iterdir())


# --- a folder that says no ------------------------------------------------------------------------


def told_once(keten):
    """Go round again and again; what was told as stuck, and what is not taken."""
    for _ in range(3):
        left = keten.settle().waiting
    return [one.name for one in keten.told], {one.name: one.reason for one in left}


def test_row_27_read_only_outbox(keten, disks):
    """A share that became read-only: told once, delivered never; writable again, once."""
    keten.settle()
    box = keten.root / "gemeenten/0363"
    disks.tmpfs(box, "size=1m")
    keten.restart()
    path = keten.drop("0363", "WMO_1.csv", b"een")
    disks.again(box, "ro")
    keten.drop("0034", "WMO_2.csv", b"twee")
    told, left = told_once(keten)
    assert told == ["WMO_1.csv"]
    assert "Read-only file system" in left["WMO_1.csv"]
    assert path.exists()
    assert delivered(keten) == [b"twee"]
    disks.again(box, "rw")
    eventually(lambda: codes(keten) == {} and delivered(keten) == [b"een", b"twee"])
    keten.check()


def test_row_27_outbox_read_only_from_the_first_start(tmp_path, disks):
    """Not even .claimed can be made: that one is named at the start, the others go on."""
    with Keten(tmp_path / "keten", config=config()) as keten:
        box = keten.root / "gemeenten/0363"
    shutil.rmtree(box)
    disks.tmpfs(box, "size=1m")
    (box / "outbox").mkdir()
    (box / ".knooppunt").touch()
    (box / "outbox/WMO_1.csv").write_bytes(b"een")
    disks.again(box, "ro")
    keten = Keten(tmp_path / "keten", config=config())
    try:
        assert any("0363" in one and "Read-only" in one for one in keten.said)
        keten.drop("0034", "WMO_2.csv", b"twee")
        keten.settle()
        assert delivered(keten) == [b"twee"]
    finally:
        keten.close()


def test_row_27_immutable_file():
    """Chattr +i: EPERM, also for root; told once, delivered never; without it, once."""
    need_root()
    need("chattr")
    with tempfile.TemporaryDirectory() as folder, Keten(folder) as keten:
        path = keten.drop("0363", "WMO_1.csv", b"een")
        if subprocess.run(["chattr", "+i", path], capture_output=True).returncode:
            pytest.skip(f"the file system of {folder} has no immutable files; TMPDIR chooses")
        try:
            told, left = told_once(keten)
        finally:
            run("chattr", "-i", path)
        assert told == ["WMO_1.csv"]
        assert "Operation not permitted" in left["WMO_1.csv"]
        assert delivered(keten) == []
        eventually(lambda: codes(keten) == {} and delivered(keten) == [b"een"])


def test_row_28_no_rights():
    """As another user: what it may not read or list is named, once; the others go on."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with Keten(folder) as keten:
            keten.drop("0363", "WMO_0.csv", b"nul")
            keten.settle()
        for where, _, files in os.walk(folder):
            for one in (where, *(os.path.join(where, name) for name in files)):
                os.chown(one, NIEMAND, NIEMAND)
        shut = keten.drop("0363", "WMO_dicht.csv", b"dicht")
        shut.chmod(0)
        keten.drop("0363", "WMO_open.csv", b"open").chmod(0o644)
        keten.drop("0034", "WMO_achter.csv", b"achter")
        box = keten.outbox("0034")
        os.chown(box, 0, 0)
        box.chmod(0)
        keten.drop("1701", "WMO_achter.csv", b"achter")
        other = keten.outbox("1701")
        os.chown(other, 0, 0)
        other.chmod(0o444)  # it can be listed, and nothing in it can be opened
        assert as_nobody(lambda: rounds_of(folder, Path(folder, "gezien"))) == 0
        seen = Path(folder, "gezien").read_text("utf-8").splitlines()
        listed = "onleesbaar this folder cannot be listed: Permission denied"
        opened = "onleesbaar cannot be opened: Permission denied"
        assert set(seen) == {
            f"0034/outbox/ {listed}",
            f"0363/outbox/WMO_dicht.csv {opened}",
            *(f"1701/outbox/{one.id}/ {listed}" for one in keten.config.heen),
            f"1701/outbox/WMO_achter.csv {opened}",
        }
        assert len(seen) == len(set(seen))
        assert delivered(keten) == [b"nul", b"open"]
        box.chmod(0o755)
        shut.chmod(0o644)


def rounds_of(folder, into):
    """Go round a few times, and write what was told and what is left."""
    os.environ["HOME"] = folder
    told = []
    location = Location.of(f"{folder}/config.yaml")
    with Chain(location, quiet_ms=50, trouble=lambda one: told.append(one.name)) as chain:
        for _ in range(3):
            left = chain.run_once().waiting
    lines = [f"told {name}" for name in told]
    for one in left:
        where = str(one.place).removeprefix("gemeenten/")
        lines.append(f"{where}/{one.name} {one.code} {one.reason}")
    into.write_text("\n".join(lines))


# --- a folder that goes and comes -----------------------------------------------------------------


def test_row_29_removed_and_made_again_is_watched_again(tmp_path):
    """The outbox alone, then all of it: hints come again by themselves."""
    root, hints = tmp_path / "folders", set()
    outbox = root / "gemeenten/0363/outbox"
    outbox.mkdir(parents=True)
    watch = Watch(str(root), lambda _place, name: hints.add(name), lambda: None, lambda _why: None)
    watch.start()
    try:
        for number, gone in enumerate((None, outbox, root)):
            if gone is not None:
                shutil.rmtree(gone)
                outbox.mkdir(parents=True)
            eventually(lambda number=number: hinted(watch, outbox / f"WMO_{number}.csv", hints))
    finally:
        watch.stop()


def hinted(watch, path, hints):
    """Whether a file that is written there is told of; an idle gateway waits like this."""
    path.write_bytes(b"x")
    watch.wait(0.05)
    return path.name in hints


def test_what_could_not_go_on_is_not_overtaken():
    """A hop folder takes nothing for a while: what was decided first lands first, none is refused.

    RINIS refuses an envelope that is older than one it had of that sender (StUF019).
    """
    need_root()
    need("chattr")
    with tempfile.TemporaryDirectory() as folder, Keten(folder) as keten:
        keten.drop("0034", "WMO_H22025.csv", b"eerder")
        keten.settle()
        hop, engine = keten.hop("ggk/uit"), keten._chain.engine
        if subprocess.run(["chattr", "+i", hop], capture_output=True).returncode:
            pytest.skip(f"the file system of {folder} has no immutable folders; TMPDIR chooses")

        def going(holds):
            """Go round, as a gateway that runs: nobody ends a pause."""
            return lambda: (engine.look_now(), engine.round(), holds())[-1]

        try:
            keten.drop("0363", "WMO_H22025.csv", b"eerste")
            eventually(going(lambda: any(one.retry > 2 for one in engine.stuck.values())))
            keten.drop("0363", "JEUGD_H22025.csv", b"tweede")
            eventually(going(lambda: len(engine._to_perform) == 2))
        finally:
            run("chattr", "-i", hop)
        eventually(going(lambda: len(delivered(keten)) == 2 and keten.received("jeugd")))
        assert keten.notices("0363", "weigering") == []
