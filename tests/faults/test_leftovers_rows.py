# SPDX-License-Identifier: EUPL-1.2
"""What a crash left lies in folders that nobody may look into: row 28, at a start."""

import ctypes
import os
import struct
import tempfile
from pathlib import Path

import pytest

from gateway.held import Filter, listed
from gateway.lying import Lying
from gateway.store_queries import Reader
from gateway.testing import Keten
from gateway.why import explain
from tests.faults.breaking import eventually, need_root
from tests.faults.child import in_a_child

_CAPABILITIES_3 = 0x20080522

ORPHAN = "01JWEES0000000000000000000"
"""The id of a file that the journal does not know."""

SHUT = ["gemeenten/0363/.claimed", "gemeenten/0363/inbox/.tmp", "gemeenten/0363",
        "cbs/in/GMSDWMO/.tmp", "quarantaine/.tmp", "ggk/uit/.claimed"]  # fmt: skip


@pytest.mark.parametrize("shut", SHUT)
def test_row_28_no_rights_on_what_a_crash_left(shut):
    """The others go on from the start; what lies there is recovered once it can be read."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        keten = Keten(folder)
        staged = keten.root / "ggk/uit/.tmp"  # nothing can be staged: it is claimed, and waits
        if staged.exists():
            staged.rmdir()
        staged.write_bytes(b"")
        keten.drop("0363", "WMO_1.csv", b"een")
        keten.settle()
        keten.close()
        staged.unlink()
        root = keten.root
        claimed = root / "gemeenten/0363/.claimed"
        assert [p.read_bytes() for p in claimed.iterdir()] == [b"een"]
        (claimed / ORPHAN).write_bytes(b"wees")
        for place in ("cbs/in/GMSDWMO", "gemeenten/0363/inbox", "quarantaine"):
            (root / place / ".tmp").mkdir(parents=True, exist_ok=True)
            (root / place / ".tmp" / f"{ORPHAN}.0").write_bytes(b"gemaakt")
        (root / shut).mkdir(parents=True, exist_ok=True)
        (root / shut).chmod(0)
        assert without_capabilities(lambda: goes_on_and_recovers(folder, shut)) == 0


def test_row_28_what_cannot_be_claimed_is_told_once_with_the_reason():
    """It lies where it was dropped: one row, in ``status --waiting`` and for ``why``."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        keten = Keten(folder)
        keten.drop("0363", "WMO_1.csv", b"een")
        keten.settle()
        keten.close()
        (keten.root / "gemeenten/0363/.claimed").chmod(0)
        assert without_capabilities(lambda: is_told_once(folder)) == 0


def is_told_once(folder):
    """Without rights on ``.claimed``; what was claimed and another of its name are two."""
    keten = Keten(folder)
    path = keten.drop("0363", "WMO_2.csv", b"twee")
    keten.settle()
    shown = "folders/gemeenten/0363/outbox/WMO_2.csv"
    [row] = [one for one in waiting(keten) if one["path"] == shown]
    assert row["code"] == "kan-niet-verder"
    assert "Permission denied" in row["reason"]
    why = explain(keten.location, keten.config, str(path))
    assert (why["code"], why["reason"].partition(";")[0]) == (
        "kan-niet-verder", row["reason"].partition(";")[0],
    )  # fmt: skip
    path.rename(path.with_name("elders.tmp"))
    keten.drop("0363", "WMO_2.csv", b"een andere")
    codes = sorted(one["code"] for one in waiting(keten) if one["path"] == shown)
    assert codes == ["kan-niet-verder", "klaar"]
    path.with_name("elders.tmp").unlink()
    (keten.root / "gemeenten/0363/.claimed").chmod(0o750)
    eventually(lambda: keten.settle() and [*keten.outbox("0363").glob("WMO*")] == [])
    assert waiting(keten) == []
    keten.check()
    keten.close()


def waiting(keten):
    """What ``status --waiting`` tells."""
    with (
        Reader(keten.location.database) as reader,
        Lying(keten.location, keten.config, reader) as lying,
    ):
        return list(lying.all())


def test_row_28_a_name_that_is_no_text_in_what_could_not_be_read():
    """Recovered between two rounds, it ends no gateway."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        keten = Keten(folder)
        keten.close()
        claimed = keten.root / "gemeenten/0363/.claimed"
        Path(os.fsdecode(os.fsencode(claimed) + b"/bad\xff")).write_bytes(b"wees")
        claimed.chmod(0)
        assert without_capabilities(lambda: goes_on_with_any_name(folder)) == 0


def goes_on_with_any_name(folder):
    """Without rights in ``.claimed``, at first."""
    keten = Keten(folder)
    claimed = keten.root / "gemeenten/0363/.claimed"
    claimed.chmod(0o750)
    eventually(lambda: keten.settle() and not list(claimed.iterdir()))
    [row] = listed(keten.location, Filter())
    assert (row["id"], row["from"]) == ("wees-bad%FF", "gemeenten/0363/outbox")
    assert [one.read_bytes() for one in (keten.root / row["folder"]).iterdir()] == [b"wees"]
    keten.close()


@pytest.mark.parametrize("ends", ["set aside", "taken away"])
def test_row_28_no_rights_to_set_aside_what_a_crash_left(ends):
    """It is not listed as if it were: it is told, where it lies, until it can be moved or goes."""
    need_root()
    with tempfile.TemporaryDirectory() as folder:
        keten = Keten(folder)
        keten.close()
        for name in (ORPHAN, f"{ORPHAN}.bewijs"):
            (keten.root / "gemeenten/0363/.claimed" / name).write_bytes(b"wees")
        (keten.root / "quarantaine").chmod(0o500)
        assert without_capabilities(lambda: is_told_until_it_is_aside(folder, ends)) == 0


def is_told_until_it_is_aside(folder, ends):
    """Without rights to write in quarantine, at first."""
    keten = Keten(folder)
    claimed, since = keten.root / "gemeenten/0363/.claimed", set()
    for _ in range(2):
        for _ in range(3):
            left = {one.name: one for one in keten.settle().waiting}
        assert sorted(one.name for one in keten.told) == [ORPHAN, f"{ORPHAN}.bewijs"]
        for one in keten.told:
            assert one.code == "kan-niet-verder"
            assert "it lies in gemeenten/0363/.claimed, and cannot be set aside" in one.reason
            assert "Permission denied" in one.reason
        assert not any("outbox/.claimed" in one for one in keten.said)
        assert left.keys() == {ORPHAN, f"{ORPHAN}.bewijs"}
        since.add(left[ORPHAN].since)
        assert listed(keten.location, Filter()) == []
        keten.told.clear()
        keten.restart()
    assert len(since) == 1
    if ends == "taken away":
        for path in claimed.iterdir():
            path.unlink()
    (keten.root / "quarantaine").chmod(0o750)
    eventually(lambda: not keten.settle().waiting)
    rows = [(one["id"], one["from"]) for one in listed(keten.location, Filter())]
    assert rows == [(f"wees-{ORPHAN}", "gemeenten/0363/outbox")] * (ends == "set aside")
    with Reader(keten.location.database) as reader:
        assert list(reader.waits()) == []
    keten.restart()
    assert keten.settle().waiting == []
    keten.close()


def without_capabilities(work):
    """Do this in a process that reads only what the mode of a file lets its owner read."""

    def lose():
        header, none = struct.pack("=Ii", _CAPABILITIES_3, 0), bytes(24)
        assert ctypes.CDLL(None).capset(header, none) == 0

    return in_a_child(lose, work)


def goes_on_and_recovers(folder, shut):
    """Without rights there."""
    keten = Keten(folder)
    assert any(one.startswith(shut) and "Permission denied" in one for one in keten.said)
    keten.drop("0034", "SBO_2.csv", b"twee")
    keten.settle()
    if not shut.startswith(("ggk", "cbs")):  # else the first of ggk/uit holds up the next a while
        assert [one.content for one in keten.received("sbo")] == [b"twee"]
    (keten.root / shut).chmod(0o750)
    eventually(lambda: keten.settle() and all_recovered(keten))
    keten.restart()
    keten.settle()
    assert all_recovered(keten)
    assert keten.types().count("accepted") == 2
    keten.check()
    keten.close()


def all_recovered(keten):
    """Each file is once where it belongs; of the one that nobody knows all is in quarantine."""
    held = [one for one in keten.quarantine() if one.name == f"wees-{ORPHAN}"]
    wanted = {ORPHAN: b"wees", f"{ORPHAN}.0": b"gemaakt"}
    return (
        [one.content for one in keten.received("wmo")] == [b"een"]
        and [one.content for one in keten.received("sbo")] == [b"twee"]
        and [path.name for path in keten.verzonden("0363")] == ["WMO_1.csv"]
        and [*(keten.root / "gemeenten/0363/.claimed").iterdir()] == []
        and any(all((one / n).read_bytes() == w for n, w in wanted.items()) for one in held)
        and not list(keten.root.rglob(f".tmp/{ORPHAN}*"))
    )
