# SPDX-License-Identifier: EUPL-1.2
"""Disks that come and go under the folders: never 'all gone', never a delivery into the void."""

import os
import sqlite3
import subprocess

import pytest

from gateway.retention import carry_out, plan
from gateway.testing import Keten

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


def run(*words):
    """Run a command that must end well."""
    subprocess.run(words, check=True, capture_output=True)


class Share:
    """A disk of its own on a folder of the chain, that can be taken away and brought back."""

    def __init__(self, behind, folder):
        self.behind, self.folder = behind, folder
        run("mount", "-t", "tmpfs", "tmpfs", behind)

    def mount(self):
        """The share is there."""
        run("mount", "--bind", self.behind, self.folder)

    def umount(self):
        """The share is not there: what remains is the folder that it was mounted on."""
        run("umount", "--lazy", self.folder)


@pytest.fixture
def keten(tmp_path):
    """A chain whose verification is asked for by hand: a missing share is not whole."""
    keten = Keten(tmp_path / "keten")
    yield keten
    keten.close()


@pytest.fixture
def share(keten, tmp_path):
    """A disk for the folders of 0363; the gateway has seen them in place so far."""
    behind = tmp_path / "ver-weg"
    behind.mkdir()
    made = Share(behind, keten.root / "gemeenten/0363")
    yield made
    for path in (made.folder, made.behind):
        while not subprocess.run(["umount", "--lazy", path], capture_output=True).returncode:
            pass  # one may lie over another


def codes(keten):
    """What is listed as not taken: its party and name, and the code."""
    return {(one.place.partij, one.name): one.code for one in keten.settle().waiting}


def test_row_25_a_share_that_is_not_mounted_is_not_an_empty_outbox(keten, share):
    """Row 25. Nothing is taken, made or delivered there; its files wait for it and then go."""
    share.mount()
    keten.restart()
    mark = (share.folder / ".knooppunt").read_text()
    keten.drop("0363", "WMO_1.csv", b"een")
    keten.settle()
    keten.drop("0363", "WMO_2.csv.part", b"twee")
    assert codes(keten) == {("0363", "WMO_2.csv.part"): "onaf"}

    share.umount()
    under = keten.drop("0363", "WMO_3.csv", b"drie")  # onto the bare folder
    keten.drop("0034", "WMO_4.csv", b"vier")  # the others go on
    assert codes(keten)["0363", ""] == "andere-map"
    assert under.exists()
    keten.restart()
    found = codes(keten)
    assert found["0363", ""] == found["0363", "WMO_3.csv"] == "andere-map"
    assert not (share.folder / ".knooppunt").exists()
    assert [one.name for one in keten.received("wmo")] == [
        "WMO_1_0363_0001.csv", "WMO_4_0034_0001.csv",
    ]  # fmt: skip

    share.mount()
    assert (share.folder / ".knooppunt").read_text() == mark
    keten.restart()
    (keten.outbox("0363") / "WMO_2.csv.part").rename(keten.outbox("0363") / "WMO_2.csv")
    assert codes(keten) == {}
    assert "WMO_2_0363_0002.csv" in [one.name for one in keten.received("wmo")]
    keten.check()


class Vanishing(list):
    """What happened; the share goes as soon as the receiver has the file."""

    def __init__(self, share):
        super().__init__()
        self.share, self.gone = share, False

    def extend(self, more):
        """Told of each commit."""
        if not self.gone and any(event.type == "delivered" for event, _ in more):
            self.gone = True
            self.share.umount()


def test_row_25_what_was_promised_waits_for_the_share(keten, share):
    """A receipt for an inbox on a share that went: it waits, and is not called delivered."""
    share.mount()
    keten.happened = Vanishing(share)
    keten.restart()
    keten.drop("0363", "WMO_1.csv", b"een")
    keten.settle()
    assert keten.happened.gone
    assert list(share.folder.rglob("*.txt")) == []
    assert codes(keten)["0363", ""] == "andere-map"
    share.mount()
    keten.restart()
    keten.settle()
    assert len(keten.notices("0363", "ontvangst")) == 1
    keten.check()


def test_row_25_another_disk_is_not_taken_for_it_until_somebody_says_so(keten, share):
    """A disk without our mark: left alone; with an empty mark it is the one from then on."""
    share.mount()
    keten.restart()
    share.umount()
    Share(share.behind, share.folder).mount()  # a new one, over the old one's place
    path = keten.drop("0363", "WMO_1.csv", b"een")
    keten.restart()
    assert codes(keten)["0363", "WMO_1.csv"] == "andere-map"
    assert path.exists()
    (share.folder / ".knooppunt").touch()
    keten.restart()
    assert codes(keten) == {}
    assert [one.name for one in keten.received("wmo")] == ["WMO_1_0363_0001.csv"]
    assert (share.folder / ".knooppunt").read_text().strip()
    keten.check()


def test_a_device_number_may_change(keten, share):
    """After a reboot the same share has another number: its mark tells it."""
    share.mount()
    keten.restart()
    first = os.stat(share.folder).st_dev
    share.umount()
    run("mount", "-t", "tmpfs", "tmpfs", share.folder)
    run("cp", "-a", f"{share.behind}/.", share.folder)
    assert os.stat(share.folder).st_dev != first
    keten.drop("0363", "WMO_1.csv", b"een")
    keten.restart()
    assert codes(keten) == {}
    assert len(keten.received("wmo")) == 1
    keten.check()


def test_a_purge_tells_the_same_as_it_does_while_a_share_is_away(keten, share):
    """Its messages are left for later, with the reason; not counted as without a copy."""
    share.mount()
    keten.restart()
    for code in ("0363", "0034"):
        keten.drop(code, "WMO_1.csv", code.encode())
    keten.settle()
    keten.empty_receivers()
    keten.close()
    with sqlite3.connect(keten.location.database) as connection:
        connection.execute("UPDATE levering SET at = at - ?", (731 * 24 * 3600 * 1000,))
    connection.close()
    share.umount()
    for do in (plan, carry_out):
        tally = do(keten.location, keten.config, print)
        assert (tally.messages.total(), tally.files.total()) == (1, 1)
        [said] = tally.left
        assert said.startswith("folders/gemeenten/0363 is not the one configured")
    share.mount()
    for do in (plan, carry_out):
        tally = do(keten.location, keten.config, print)
        assert (tally.messages.total(), tally.files.total(), tally.left) == (1, 1, {})
    assert keten.verzonden("0363") == []
    keten._chain = keten._open()
