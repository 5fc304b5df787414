# SPDX-License-Identifier: EUPL-1.2
"""A promise of which a part was kept when a folder failed: the rest comes later, nothing twice."""

import errno
import os
import tempfile

import pytest

from gateway.testing import Keten
from tests.faults.breaking import eventually, need_root
from tests.faults.child import in_a_child
from tests.faults.test_leftovers_rows import without_capabilities

SENT = "gemeenten/0363/verzonden"
CLAIMED = "gemeenten/0363/.claimed"
KILLED = 9


def test_row_28_an_envelope_that_is_answered_before_its_source_can_go():
    """Its answer is booked first; that it was relayed is told after that, and takes nothing back.

    The envelope landed, ``verzonden`` was no folder; then, at a start, ``.claimed`` is shut.
    """
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        keten = Keten(folder)
        sent = keten.root / SENT
        sent.rmdir()
        sent.write_bytes(b"")
        keten.drop("0363", "WMO_H22025.csv", b"kop\n")
        keten.settle()
        keten.close()
        sent.unlink()
        (keten.root / CLAIMED).chmod(0)
        assert without_capabilities(lambda: is_acknowledged_once(folder)) == 0


def is_acknowledged_once(folder):
    """Start, let the answer come, then open what was shut."""
    keten = Keten(folder)
    keten.settle()
    assert "acknowledged" in keten.types()
    assert "relayed" not in keten.types()
    (keten.root / CLAIMED).chmod(0o750)
    eventually(lambda: not keten.settle().waiting and keten.verzonden("0363"))
    assert keten.types().count("relayed") == 1
    is_settled(keten)


def test_row_16_a_delivery_that_is_answered_before_its_envelope_can_go(tmp_path, monkeypatch):
    """The same at the other hub: its answer lies there, its envelope cannot be removed."""
    real, broken = os.unlink, ["ggk/uit/.claimed"]

    def unlink(name, *, dir_fd=None):
        if dir_fd is not None and broken:
            folder = os.readlink(f"/proc/self/fd/{dir_fd}")
            if folder.endswith(broken[0]):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    keten = Keten(tmp_path)
    keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert "acknowledged" in keten.types()
    assert "delivered" not in keten.types()
    broken.clear()
    eventually(lambda: not keten.settle().waiting)
    assert keten.types().count("delivered") == 1
    is_settled(keten)


def is_settled(keten):
    """Acknowledged once, in this process and after a restart, which looks at the status anew."""
    for _ in range(2):
        assert keten.types().count("acknowledged") == 1
        assert keten.trace("WMO_H22025.csv")[0]["status"] == "acknowledged"
        keten.check()
        keten.restart()
        keten.settle()
    keten.close()


@pytest.mark.parametrize("removals", [0, 3], ids=["", "nor removed at first"])
def test_row_17_what_was_staged_for_an_answer_that_comes_again_is_removed(
    tmp_path, monkeypatch, removals
):
    """Its notices were staged, and then their folder failed: it is read again, under another id."""
    inbox = tmp_path / "folders/gemeenten/0363/inbox"
    stat, unlink, broken = os.stat, os.unlink, {"stat": 1, "unlink": removals}

    def failing(call):
        broken[call] -= 1
        raise OSError(errno.EIO, os.strerror(errno.EIO), "gemeenten/0363/inbox")

    def stat_once(path, **more):
        if broken["stat"] and str(path) == str(inbox) and os.listdir(inbox / ".tmp"):
            failing("stat")
        return stat(path, **more)

    def unlink_later(name, *, dir_fd=None):
        where = "" if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")
        if broken["unlink"] and where == str(inbox / ".tmp"):
            failing("unlink")
        return unlink(name, dir_fd=dir_fd)

    keten = Keten(tmp_path)
    keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    monkeypatch.setattr(os, "stat", stat_once)
    monkeypatch.setattr(os, "unlink", unlink_later)
    eventually(lambda: keten.settle() and keten.notices("0363", "ontvangst"))
    assert broken == {"stat": 0, "unlink": 0}
    assert len(keten.notices("0363", "ontvangst")) == 1
    assert os.listdir(inbox / ".tmp") == []
    is_settled(keten)


def test_row_29_what_was_delivered_before_a_crash_is_known_though_its_tmp_was_made_anew(tmp_path):
    """Killed between the delivery and its record; then somebody clears out, folders too."""
    Keten(tmp_path).close()
    assert in_a_child(lambda: is_killed_when_delivered(tmp_path)) == KILLED
    inbox = tmp_path / "folders/cbs/in/GMSDWMO"
    (inbox / ".tmp").rename(tmp_path / "weg")
    (inbox / ".tmp").mkdir(mode=0o700)
    keten = Keten(tmp_path)
    keten.settle()
    assert [one.content for one in keten.received("wmo")] == [b"een"]
    assert keten.types().count("delivered") == 1
    is_settled(keten)


def is_killed_when_delivered(folder):
    """At the first commit after the file is in the inbox of CBS."""
    keten = Keten(folder)
    store = keten._chain.store
    commit = store.commit

    def killed(changes):
        if keten.received("wmo"):
            os._exit(KILLED)
        return commit(changes)

    store.commit = killed
    keten.drop("0363", "WMO_H22025.csv", b"een")
    keten.settle()
