# SPDX-License-Identifier: EUPL-1.2
"""Rows 46-51: what lies in an outbox and is no plain file of its own, or brings more than bytes."""

import os
import socket
import stat

import pytest

from gateway.testing import Keten


def not_taken(keten):
    """What lies there and was not taken, with the code of its reason."""
    return {one.name: one.code for one in keten.settle().waiting}


def until_seen(keten, name):
    """Go round until the intent to claim this file is about to be committed, and no further."""
    keten._chain.engine.look_now()
    keten._chain.engine.round()
    assert keten.types() == []
    assert (keten.outbox("0363") / name).exists()


def test_row_46_symlinks_are_not_followed(keten, tmp_path):
    """To /etc/passwd, to nothing, to itself: refused where they lie, and the target is not read."""
    outbox = keten.outbox("0363")
    (outbox / "WMO_passwd.csv").symlink_to("/etc/passwd")
    (outbox / "WMO_nergens.csv").symlink_to(tmp_path / "nergens")
    (outbox / "WMO_kring.csv").symlink_to(outbox / "WMO_kring.csv")
    keten.drop("0363", "WMO_echt.csv", b"echt\n")
    waiting = keten.settle().waiting
    assert {one.name: one.code for one in waiting} == dict.fromkeys(
        ["WMO_passwd.csv", "WMO_nergens.csv", "WMO_kring.csv"], "symbolische-link"
    )
    for one in waiting:  # not tried for ever: somebody must do something
        assert one.retry is None
        assert one.since
        assert "is a symbolic link, which is never followed: remove it" in one.reason
    assert [one.content for one in keten.received("wmo")] == [b"echt\n"]
    assert (outbox / "WMO_passwd.csv").is_symlink()


@pytest.mark.parametrize("after", ["a file", "nothing", "a pipe"])
def test_row_46_what_comes_in_place_of_a_link_is_seen(keten, after):
    """Without tries in between: the change of the folder tells. What it waited for is over."""
    path = keten.outbox("0363") / "WMO_H22025.csv"
    path.symlink_to("/etc/passwd")
    assert not_taken(keten) == {path.name: "symbolische-link"}
    path.unlink()
    if after == "a file":
        path.write_bytes(b"echt\n")
    elif after == "a pipe":
        os.mkfifo(path)
    assert not_taken(keten) == ({path.name: "geen-bestand"} if after == "a pipe" else {})
    assert [one.content for one in keten.received("wmo")] == [b"echt\n"] * (after == "a file")
    assert keten._chain.engine._waits.spots() == []


@pytest.mark.parametrize("swapped", ["link", "fifo", "folder"])
def test_row_47_swapped_after_the_check(keten, swapped):
    """In the place of a file that was seen: given back unread, told as any other, also later."""
    path = keten.drop("0363", "WMO_H22025.csv", b"gezien\n")
    keten.drop("0034", "WMO_H22025.csv", b"van een ander\n")
    until_seen(keten, path.name)
    path.unlink()
    match swapped:
        case "link":
            path.symlink_to("/etc/passwd")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    for _ in range(2):
        if swapped != "folder":  # in an outbox a folder is where a user drops: no file that waits
            code = "symbolische-link" if swapped == "link" else "geen-bestand"
            assert not_taken(keten) == {path.name: code}
        keten.settle()
        assert list(path.parent.parent.joinpath(".claimed").iterdir()) == []
        assert os.path.lexists(path)
        keten.restart()
    assert [one.content for one in keten.received("wmo")] == [b"van een ander\n"]
    if swapped == "folder":
        path.rmdir()


def test_row_48_an_outbox_that_is_a_link_is_refused_at_the_start(tmp_path):
    """It is told, what lies behind it stays there, and the other outboxes go on."""
    Keten(tmp_path / "keten").close()
    outbox = tmp_path / "keten/folders/gemeenten/0363/outbox"
    outbox.rename(tmp_path / "elders")
    outbox.symlink_to(tmp_path / "elders")
    (tmp_path / "elders/WMO_H22025.csv").write_bytes(b"achter een link\n")
    with Keten(tmp_path / "keten") as keten:
        assert any("gemeenten/0363/outbox cannot be used" in one for one in keten._chain.said)
        keten.drop("0034", "WMO_H22025.csv", b"gewoon\n")
        assert not_taken(keten) == {"WMO_H22025.csv": "onleesbaar"}
        assert [one.content for one in keten.received("wmo")] == [b"gewoon\n"]
        assert (tmp_path / "elders/WMO_H22025.csv").read_bytes() == b"achter een link\n"


def test_row_49_a_hard_link_to_a_foreign_file(keten, tmp_path):
    """Refused while it has a second name: a rename would take somebody's file along."""
    foreign = tmp_path / "van-een-ander.csv"
    foreign.write_bytes(b"niet van 0363\n")
    os.link(foreign, keten.outbox("0363") / "WMO_H22025.csv")
    assert not_taken(keten) == {"WMO_H22025.csv": "harde-link"}
    assert keten.types() == []
    assert foreign.read_bytes() == b"niet van 0363\n"


def test_row_50_what_is_no_file_is_refused_without_hanging(keten):
    """A FIFO, a socket, a device and a folder named x.csv; a file beside them goes."""
    outbox = keten.outbox("0363", "wmo", "b.bakker")
    outbox.mkdir(parents=True)
    os.mkfifo(outbox / "fifo.csv")
    (outbox / "map.csv").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(outbox, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/socket.csv")
        os.close(here)
    expected = {"fifo.csv": "geen-bestand", "map.csv": "geen-bestand", "socket.csv": "geen-bestand"}
    if os.geteuid() == 0:
        os.mknod(outbox / "device.csv", stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
        expected["device.csv"] = "geen-bestand"
    (outbox / "WMO_echt.csv").write_bytes(b"echt\n")
    assert not_taken(keten) == expected
    assert [one.content for one in keten.received("wmo")] == [b"echt\n"]


def test_row_51_rights_and_attributes_are_not_carried_over(keten):
    """A setuid file with an attribute is delivered as bytes: 0640, nothing else of it."""
    path = keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    path.chmod(0o6777)
    os.setxattr(path, "user.herkomst", b"van buiten")
    keten.settle()
    [received] = keten.received("wmo")
    record = received.path.with_name(f"{received.path.stem}_metagegevens.xml")
    for one in (received.path, record, *keten.inbox("0363")):
        assert stat.S_IMODE(one.stat().st_mode) == 0o640
        assert os.listxattr(one) == []
