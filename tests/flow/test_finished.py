# SPDX-License-Identifier: EUPL-1.2
"""When a file is finished: never taken while written, always taken afterwards, in every folder."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from gateway.chain import Chain
from gateway.location import Location
from gateway.testing import Keten
from tests.faults.child import in_a_child
from tests.flow.conftest import eventually
from tests.flow.vreemd import envelop

NIEMAND = 65534

ONAF = [
    "WMO_H22025.csv.part",
    "WMO_H22025.csv.PART",
    "WMO_H22025.csv.tmp",
    "WMO_H22025.csv.filepart",
    "~$WMO_H22025.csv",
    ".~lock.WMO_H22025.csv#",
    ".WMO_H22025.csv",
]


def reasons(keten):
    """Every file that was not taken, with the code of its reason."""
    return {os.fsdecode(one.name): one.code for one in keten.settle().waiting}


def place(keten, where):
    """A folder from which files are claimed, and a good name and content for it."""
    if where == "outbox":
        return keten.outbox("0363"), "WMO_H22025.csv", b"kop\n"
    if where == "map":
        return keten.outbox("0363", "wmo", "b.bakker"), "x.csv", b"kop\n"
    if where == "ggk/uit":
        return keten.hop("ggk/uit"), "van-een-ander.xml", envelop()
    if where == "ggk/in":
        return keten.hop("ggk/in"), "van-een-ander.xml", envelop(terug=True)
    return keten.root / "cbs/uit/GMSDTTK", "TECHNISCH_H22025_0363.pdf", b"%PDF-1.7"


def waiting(knooppunt):
    """What ``knooppunt status`` lists as not taken, with the code of its reason."""
    found = knooppunt.json("status")["waiting"]
    return {os.path.basename(one["path"]): one["code"] for one in found}


WAAR = ["outbox", "map", "ggk/uit", "ggk/in", "cbs/uit"]


@pytest.mark.parametrize("where", WAAR)
def test_row_30_a_file_that_is_being_written_is_never_taken(keten, where):
    """An open writer: it waits, however long it pauses; closed, it is taken whole."""
    folder, name, content = place(keten, where)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("wb") as file:
        file.write(content[:2])
        file.flush()
        assert reasons(keten) == {name: "schrijver"}
        assert reasons(keten) == {name: "schrijver"}  # a pause longer than the quiet time
        assert keten.types() == []
        file.write(content[2:])
    assert reasons(keten) == {}
    assert not (folder / name).exists()
    assert "delivered" in keten.types()
    assert keten.quarantine() == []


@pytest.mark.parametrize("where", WAAR)
def test_row_33_an_upload_under_way_waits_under_its_partial_name(keten, where):
    """Names of uploads and of editors are left where they are; renamed, the file goes, once."""
    folder, name, content = place(keten, where)
    folder.mkdir(parents=True, exist_ok=True)
    stem = name.rpartition(".")[0]
    partial = [one.replace("WMO_H22025", stem) for one in ONAF]
    for one in partial:
        (folder / one).write_bytes(content)
    keten.settle()
    assert keten.types() == []
    for one in partial:
        assert (folder / one).read_bytes() == content
    (folder / f".~lock.{name}#").unlink(missing_ok=True)  # while it is edited it waits as well
    (folder / partial[0]).rename(folder / name)
    keten.settle()
    assert keten.types().count("delivered") == 1
    assert keten.quarantine() == []


def test_every_partial_name_is_listed_with_its_reason(keten):
    """Nothing lies in an outbox in silence: each partial name is listed as not finished."""
    for one in ONAF:
        keten.drop("0363", one, b"x")
    assert reasons(keten) == dict.fromkeys(ONAF, "onaf")


@pytest.mark.parametrize("where", WAAR)
def test_what_is_no_plain_file_stays_with_a_reason(keten, where, tmp_path):
    """Symlink, dangling link, FIFO and hard link stay, are listed, and are never followed."""
    folder, name, content = place(keten, where)
    folder.mkdir(parents=True, exist_ok=True)
    target = tmp_path / "doel"
    target.write_bytes(content)
    stem, _, ext = name.rpartition(".")
    link, dangling, fifo, hard = (folder / f"{stem}{n}.{ext}" for n in "1234")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "nergens")
    os.mkfifo(fifo)
    os.link(target, hard)
    found = reasons(keten)
    assert set(found) == {p.name for p in (link, dangling, fifo, hard)}
    assert found[fifo.name] == "geen-bestand"
    assert found[hard.name] == "harde-link"
    assert keten.types() == []
    assert target.read_bytes() == content
    target.unlink()  # now the hard link is a plain file
    fifo.unlink()
    fifo.write_bytes(content)
    link.unlink()
    dangling.unlink()
    assert reasons(keten) == {}
    assert not hard.exists()
    assert not fifo.exists()
    assert keten.types()


@pytest.mark.parametrize("where", WAAR[1:])
def test_a_directory_stays_with_a_reason(keten, where):
    """A directory where only files belong is listed, and what is in it is not lost from sight."""
    folder, _, content = place(keten, where)
    (folder / "zip uitgepakt").mkdir(parents=True)
    (folder / "zip uitgepakt" / "WMO_H22025.csv").write_bytes(content)
    assert reasons(keten) == {"zip uitgepakt": "geen-bestand"}
    assert (folder / "zip uitgepakt" / "WMO_H22025.csv").read_bytes() == content
    assert keten.types() == []
    shutil.rmtree(folder / "zip uitgepakt")


def test_a_symlinked_sub_folder_is_not_followed(keten, tmp_path):
    """An exchange folder that is a link leads nowhere: what is behind it stays there."""
    behind = tmp_path / "elders"
    behind.mkdir()
    (behind / "x.csv").write_bytes(b"x")
    folder = keten.outbox("0363", "wmo")
    folder.rmdir()
    folder.symlink_to(behind)
    keten.settle()
    assert (behind / "x.csv").exists()
    assert keten.types() == []
    folder.unlink()
    keten.restart()


def test_the_outbox_may_be_removed_and_made_again(keten):
    """Somebody clears away the folders: made again, by hand or by drop, they work."""
    shutil.rmtree(keten.outbox("0363"))
    keten.settle()
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    assert len(keten.received("wmo")) == 1


def test_a_missing_receiver_folder_is_made_again(keten):
    """The receiver removed its folder: the delivery makes it again and loses nothing."""
    keten.drop("0363", "WMO_1.csv", b"1")
    keten.settle()
    shutil.rmtree(keten.root / "cbs/in/GMSDWMO")
    keten.drop("0363", "WMO_2.csv", b"2")
    keten.settle()
    assert [one.content for one in keten.received("wmo")] == [b"2"]


def test_a_file_taken_back_before_the_claim_was_never_ours(keten):
    """Dropped and removed again: nothing is recorded, nothing is complained of."""
    with keten.drop("0363", "WMO_H22025.csv", b"x").open("ab"):
        assert reasons(keten) == {"WMO_H22025.csv": "schrijver"}
        (keten.outbox("0363") / "WMO_H22025.csv").unlink()
    assert reasons(keten) == {}
    assert keten.types() == []


def test_row_58_a_file_from_the_future_or_the_past_is_taken(keten):
    """Mtime says nothing about being finished: 1970 and 2038 are taken at once."""
    for number, when in enumerate((0, 2**31)):
        os.utime(keten.drop("0363", f"WMO_{number}.csv", b"x"), (when, when))
    assert reasons(keten) == {}
    assert len(keten.received("wmo")) == 2


class Meddler(list):
    """What happened so far; and with each thing that happens, someone writes to what we claimed."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def extend(self, more):
        """Told of each commit."""
        super().extend(more)
        for path in self.folder.iterdir():
            with path.open("ab") as file:
                file.write(b" en meer")


@pytest.mark.parametrize("name", ["WMO_H22025.csv", os.fsdecode(b"WMO_\xff\n.csv")])
def test_what_is_written_after_the_claim_is_held_and_told(keten, name):
    """A writer that comes too late: what was read is delivered, what it wrote is not lost."""
    keten.happened = Meddler(keten.root / "gemeenten/0363/.claimed")
    keten.restart()
    keten.drop("0363", name, b"inhoud")
    keten.settle()
    [received] = keten.received("wmo")
    assert received.content == b"inhoud"
    [held] = keten.quarantine()
    kept = {p.name: p.read_bytes() for p in held.iterdir()}
    assert kept[name].startswith(b"inhoud en meer")
    assert b"written to after it was taken" in kept["reden.txt"]
    [message] = keten.trace(name)
    assert "gewijzigd-na-overname" in [event["code"] for event in message["events"]]
    assert message["status"] == "acknowledged"


def test_a_folder_of_nobody_here_is_left_alone(knooppunt):
    """A party that is no longer configured: what is dropped in its folder stays, nothing stops."""
    process = knooppunt.start("run")
    stranger = knooppunt.drop("0599", "WMO_H22025.csv", b"x")
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    eventually((knooppunt.folders / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv").exists)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert stranger.exists()


def test_an_empty_file_waits_for_who_may_fill_it(knooppunt):
    """touch, then write later: within its quiet time an empty file is not judged."""
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 600000"))
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"")
    # --once gives one quiet time; SIGINT ends the waiting
    process = knooppunt.start("run")
    eventually(lambda: waiting(knooppunt) == {"WMO_H22025.csv": "rusttijd"})
    path.write_bytes(b"gevuld")
    inbox = knooppunt.folders / "cbs/in/GMSDWMO"
    eventually((inbox / "WMO_H22025_0363_0001.csv").exists)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (inbox / "WMO_H22025_0363_0001.csv").read_bytes() == b"gevuld"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop a file as another user")
def test_where_no_lease_can_be_had_quiet_time_decides():
    """A gateway that may not ask the kernel (another's file) takes it once it has been quiet."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with Keten(folder) as keten:  # also: what is imported late is imported now, as root
            keten.drop("0363", "WMO_root.csv", b"root")
            keten.settle()
            outbox, inbox = keten.outbox("0363"), keten.root / "cbs/in/GMSDWMO"
        for where, _, files in os.walk(folder):
            for one in (where, *(os.path.join(where, name) for name in files)):
                os.chown(one, NIEMAND, NIEMAND)

        (outbox / "WMO_stil.csv").write_bytes(b"stil")
        assert as_nobody(lambda: take(folder, 300, lambda: False)) == 0
        assert (inbox / "WMO_stil_0363_0002.csv").read_bytes() == b"stil"

        # The quiet time is what it waited for: with an endless one such a file stays, and one
        # of the gateway's own user, for which the kernel answers, does not wait.
        (outbox / "WMO_wacht.csv").write_bytes(b"wacht")
        (outbox / "WMO_eigen.csv").write_bytes(b"eigen")
        os.chown(outbox / "WMO_eigen.csv", NIEMAND, NIEMAND)
        own = inbox / "WMO_eigen_0363_0003.csv"
        assert as_nobody(lambda: take(folder, 600_000, own.exists)) == 0
        assert (outbox / "WMO_wacht.csv").read_bytes() == b"wacht"
        assert own.read_bytes() == b"eigen"


def take(folder, quiet_ms, until):
    """Run the chain in this folder: to the end, or until something holds."""
    with Chain(Location.of(f"{folder}/config.yaml"), quiet_ms=quiet_ms) as chain:
        if quiet_ms < 1000:
            chain.run_once()
        else:
            chain.run(until)


def as_nobody(work):
    """Do this in a process of another user, who may not take leases on our files."""

    def become():
        os.setgroups([])
        os.setgid(NIEMAND)
        os.setuid(NIEMAND)

    return in_a_child(become, work)
