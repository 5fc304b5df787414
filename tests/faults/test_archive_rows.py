# SPDX-License-Identifier: EUPL-1.2
"""A decision on quarantine that cannot be carried out: rows 13 and 20, for its archive."""

import json
import os
import shutil

import pytest

from gateway import held, requests
from gateway.health import checkup
from gateway.lying import Lying
from gateway.quarantine import KIND
from gateway.requests import Asked
from gateway.store_queries import Reader
from gateway.testing import Keten
from tests.faults.breaking import config, eventually

FEW = config().replace("batch: 192", "batch: 192\n  pogingen: 2")


@pytest.fixture
def keten(tmp_path, disks):
    """A chain of which the quarantine is a disk of its own, with one refused file in it."""
    disks.tmpfs(tmp_path / "keten/folders/quarantaine", "size=4m")
    made = Keten(tmp_path / "keten", config=FEW)
    made.drop("0363", "vakantie.csv", b"x")
    made.settle()
    yield made
    made.close()


def decided(keten, action="drop", **more):
    """Decide on the one file that is held; gives its id."""
    [folder] = [one.name for one in keten.quarantine()]
    id_ = f"{action}{os.urandom(4).hex()}"
    body = {"action": action, "ids": [folder], "by": "ada", "reason": "weg ermee", **more}
    requests.place(keten.location.state, Asked(id_, KIND, body))
    keten.settle()
    with Reader(keten.location.database) as reader:
        assert json.loads(reader.answer(id_))["refused"] == []
    return folder


def archived(keten):
    """What lies in the archive: the files of each folder."""
    archive = keten.root / "quarantaine/.archief"
    return [sorted(p.name for p in one.iterdir()) for one in archive.iterdir()]


def told(keten, name):
    """Why what has this name in quarantine does not go on, as ``status --waiting`` has it."""
    with (
        Reader(keten.location.database) as reader,
        Lying(keten.location, keten.config, reader) as lying,
    ):
        path = f"folders/quarantaine/{name}"
        return [row["reason"] for row in lying.all() if row["path"] == path]


def shown(keten, folder):
    """Where ``quarantine show`` and the list say that it lies, and which files."""
    row = held.one(keten.location, keten.config, folder)
    [listed] = held.listed(keten.location, held.Filter(everything=True))
    assert listed["folder"] == row["folder"]
    return row["folder"], row["files"]


def delivered(keten):
    """What CBS has."""
    return sorted(one.content for one in keten.received("wmo"))


def no_inodes(keten, disks):
    """No file or folder can be made in quarantine any more."""
    found = os.statvfs(keten.root / "quarantaine")
    disks.again(keten.root / "quarantaine", f"nr_inodes={found.f_files - found.f_ffree}")
    return lambda: disks.again(keten.root / "quarantaine", "nr_inodes=1000")


def a_disk_of_its_own(keten, disks):
    """Somebody mounted a larger disk on the archive."""
    archive = disks.tmpfs(keten.root / "quarantaine/.archief", "size=1m")
    return lambda: disks.umount(archive)


def a_link(keten, _disks):
    """Somebody put a link to a larger disk in its place."""
    (keten.folder / "groter").mkdir()
    link = keten.root / "quarantaine/.archief"
    link.symlink_to(keten.folder / "groter")
    return link.unlink


WRONG = [
    (no_inodes, "No space left on device"),
    (a_disk_of_its_own, "must be a plain folder on the disk of quarantine"),
    (a_link, "must be a plain folder on the disk of quarantine"),
]


@pytest.mark.parametrize(("spoil", "why"), WRONG)
def test_an_archive_that_takes_nothing_ends_nobody(keten, disks, spoil, why):
    """The others go on, over a start too; it is told, becomes an alarm, and is done when it can."""
    mend = spoil(keten, disks)
    folder = decided(keten)
    keten.drop("0363", "WMO_1.csv", b"een")
    keten.settle()
    [reason] = told(keten, folder)
    assert why in reason
    assert "(quarantaine/.archief)" in reason
    keten.restart()
    keten.drop("0363", "WMO_2.csv", b"twee")
    left = [one.code for one in keten.settle().waiting]
    full = spoil is no_inodes and "schijf-vol" in left  # no room for what might be refused
    assert full or delivered(keten) == [b"een", b"twee"]
    eventually(lambda: keten.settle() and "vraagt-aandacht" in
               [one.code for one in checkup(keten.location, keten.config)])  # fmt: skip
    assert [p.name for p in keten.quarantine()] == [folder]
    assert shown(keten, folder) == (f"quarantaine/{folder}", ["reden.txt", "vakantie.csv"])
    mend()
    keten.settle()
    assert archived(keten) == [["reden.txt", "vakantie.csv"]]
    [name] = [one.name for one in (keten.root / "quarantaine/.archief").iterdir()]
    assert shown(keten, folder) == (
        f"quarantaine/.archief/{name}", ["reden.txt", "vakantie.csv"],
    )  # fmt: skip
    keten.settle()
    assert told(keten, folder) == []
    assert keten.quarantine() == []
    eventually(lambda: keten.settle() and delivered(keten) == [b"een", b"twee"])
    assert "vraagt-aandacht" not in [one.code for one in checkup(keten.location, keten.config)]
    keten.check()


@pytest.mark.parametrize("restart", [False, True])
def test_what_is_refused_again_stays_held_while_the_archive_takes_nothing(keten, disks, restart):
    """Released, and refused once more: the rest was not archived, so it stays beside it."""
    mend = a_link(keten, disks)
    folder = decided(keten, "release", **{"as": "besluit"})
    if restart:
        keten.restart()
    mend()
    keten.settle()
    [held] = keten.quarantine()
    assert held.name == folder
    assert (held / "vakantie.csv").read_bytes() == b"x"
    assert told(keten, folder) == []
    keten.check()
    decided(keten)
    keten.settle()
    [kept] = archived(keten)
    assert {"reden.txt", "vakantie.csv"} <= set(kept)
    assert keten.quarantine() == []


def test_the_archive_is_removed_while_it_runs(keten):
    """It is made anew: a folder that was taken away is not taken for one that was filled."""
    decided(keten)
    assert archived(keten) == [["reden.txt", "vakantie.csv"]]
    shutil.rmtree(keten.root / "quarantaine/.archief")
    keten.drop("0034", "vakantie.csv", b"y")
    keten.settle()
    decided(keten)
    assert archived(keten) == [["reden.txt", "vakantie.csv"]]
    assert keten.quarantine() == []
