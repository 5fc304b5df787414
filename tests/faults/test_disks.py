# SPDX-License-Identifier: EUPL-1.2
"""Disks that are full or fail, limits, and file systems that cannot do what we ask: rows 11-22."""

import errno
import os
import resource

import pytest

from gateway.chain import Chain
from gateway.errors import FolderError, StateError
from gateway.testing import Keten
from tests.faults.breaking import (
    codes,
    config,
    failing,
    fill,
    goes_on,
    half_done,
    limited,
    need,
    received,
)
from tests.flow.vreemd import envelop

CONTENT = b"kop;kop\n" * 250
"""A file of which the envelope needs one page of a disk more than the file."""


@pytest.fixture
def cramped(tmp_path, disks):
    """A chain whose folders lie on a disk of 4 MiB; its state lies elsewhere."""
    disks.tmpfs(tmp_path / "keten/folders", "size=4m")
    chain = Keten(tmp_path / "keten", config=config(), state=tmp_path / "staat")
    yield chain
    chain.close()


@pytest.fixture
def kept(cramped):
    """The same, and the disk was filled by somebody between the look and the writing."""
    cramped.drop("0363", "WMO_1.csv", CONTENT)
    cramped.filler = fill(cramped.root, left=4096)
    return cramped


# --- full -----------------------------------------------------------------------------------------


def test_row_11_disk_full_not_claimed(cramped):
    """No room for twice its size: it stays in the outbox, is told, and goes when there is room."""
    dropped = cramped.drop("0363", "WMO_1.csv", CONTENT)
    filler = fill(cramped.root)
    [left] = cramped.settle().waiting
    assert (left.name, left.code) == ("WMO_1.csv", "schijf-vol")
    assert "is full" in left.reason
    assert dropped.read_bytes() == CONTENT
    assert cramped.types() == []
    filler.unlink()
    goes_on(cramped, "wmo", CONTENT)


def test_row_11_disk_full_kept(kept):
    """Full after the claim: it is kept, says which folder has no room, and goes on later."""
    [left] = kept.settle().waiting
    assert (left.name, left.code) == ("WMO_1.csv", "kan-niet-verder")
    assert "No space left on device (ggk/uit)" in left.reason
    assert [p.read_bytes() for p in (kept.root / "gemeenten/0363/.claimed").iterdir()] == [CONTENT]
    assert list((kept.root / "ggk/uit/.tmp").iterdir()) == []
    kept.filler.unlink()
    goes_on(kept, "wmo", CONTENT)


def test_row_12_disk_full_in_inbox(tmp_path, disks):
    """The receiver's disk is full: that delivery waits and says so, smaller ones go on."""
    cbs = disks.tmpfs(tmp_path / "keten/folders/cbs", "size=64k")
    with Keten(tmp_path / "keten", config=config()) as keten:
        keten.drop("0363", "WMO_groot.csv", CONTENT * 50)
        keten.drop("0034", "WMO_klein.csv", CONTENT)
        [left] = keten.settle().waiting
        assert left.code == "kan-niet-verder"
        assert "No space left on device (cbs/in/GMSDWMO)" in left.reason
        assert [one.content for one in keten.received("wmo")] == [CONTENT]
        disks.again(cbs, "size=1m")
        goes_on(keten, "wmo", CONTENT, CONTENT * 50)


def test_row_12_disk_full_in_journal(tmp_path, disks):
    """The database's disk is full: the process ends with a sentence, a restart loses nothing."""
    state = disks.tmpfs(tmp_path / "staat", "size=4m")
    keten = Keten(tmp_path / "keten", config=config(), state=state)
    keten.close()
    keten.drop("0363", "WMO_1.csv", CONTENT)
    filler = []

    def fills(_happened):
        if not filler:
            filler.append(fill(state))

    with (
        pytest.raises(StateError, match="journal could not be written: database or disk is full"),
        Chain(keten.location, listener=fills) as chain,
    ):
        chain.run_once()
    assert filler
    filler[0].unlink()
    with Keten(tmp_path / "keten", config=config(), state=state) as keten:
        goes_on(keten, "wmo", CONTENT)


def test_row_12_disk_full_in_audit(knooppunt, disks):
    """The log's disk is full: a sentence with the file; what was committed is logged later."""
    audit = knooppunt.folders / ".state/audit"
    there = {p.relative_to(audit): p.read_bytes() for p in audit.rglob("*") if p.is_file()}
    disks.tmpfs(audit, "size=64k")
    for path, content in there.items():
        (audit / path).parent.mkdir(parents=True, exist_ok=True)
        (audit / path).write_bytes(content)
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    filler = fill(audit)
    done = knooppunt("run", "--once", code=2)
    assert "No space left on device" in done.stderr
    assert "/.state/audit: " in done.stderr
    filler.unlink()
    knooppunt("run", "--once")
    knooppunt("audit", "verify")
    assert list(received(knooppunt).values()) == [CONTENT]


def test_row_13_no_inodes(cramped, disks):
    """Bytes enough, and no more files can be made: as a full disk, and said so."""
    dropped = cramped.drop("0363", "WMO_1.csv", CONTENT)
    found = os.statvfs(cramped.root)
    disks.again(cramped.root, f"nr_inodes={found.f_files - found.f_ffree + 2}")
    [left] = cramped.settle().waiting
    assert left.code == "schijf-vol"
    assert "fewer than 16 files can be made" in left.reason
    assert dropped.exists()
    disks.again(cramped.root, "nr_inodes=10000")
    goes_on(cramped, "wmo", CONTENT)


def test_row_14_disk_stays_full_through_restart(kept):
    """It starts on a disk that is still full, says what waits, and resumes when there is room."""
    assert codes(kept) == {"WMO_1.csv": "kan-niet-verder"}
    kept.restart()
    kept.drop("0034", "WMO_2.csv", b"")  # takes no room, so it can be dropped
    found = codes(kept)
    assert found["WMO_1.csv"] == "kan-niet-verder"
    kept.filler.unlink()
    (kept.outbox("0034") / "WMO_2.csv").unlink(missing_ok=True)
    goes_on(kept, "wmo", CONTENT)


def test_row_15_file_size_limit(tmp_path):
    """EFBIG after a short write, as with a quota: not fatal, the one file waits, others go on."""
    with Keten(tmp_path / "keten", config=config()) as keten:
        large = CONTENT * 1000
        keten.drop("0363", "WMO_groot.csv", large)
        keten.drop("0034", "WMO_klein.csv", CONTENT)
        with limited(resource.RLIMIT_FSIZE, 1_500_000):
            [left] = keten.settle().waiting
            assert (left.name, left.code) == ("WMO_groot.csv", "kan-niet-verder")
            assert "File too large (ggk/uit)" in left.reason
            assert [one.content for one in keten.received("wmo")] == [CONTENT]
        goes_on(keten, "wmo", CONTENT, large)


# --- failing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["read", "open"])
def test_row_16_eio_on_read_of_source(knooppunt, call):
    """The source cannot be read: it is kept in .claimed, told, and read again later."""
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    done = failing(knooppunt, (call, "/.claimed/", errno.EIO))
    assert done.returncode == 0
    assert "gemeenten/0363/outbox/WMO_1.csv: Input/output error" in done.stderr
    assert [p.read_bytes() for p in half_done(knooppunt, ".claimed")] == [CONTENT]
    knooppunt("run", "--once")
    assert list(received(knooppunt).values()) == [CONTENT]


def test_row_16_eio_on_an_envelope_in_a_hop(knooppunt):
    """An envelope of another system that cannot be read, where it lies or claimed: so too."""
    (knooppunt.folders / "ggk/uit/vreemd.xml").write_bytes(envelop())
    knooppunt.drop("0363", "SBO_1.csv", CONTENT)
    rules = ("read", "/ggk/uit/vreemd.xml", errno.EIO), ("read", "/ggk/uit/.claimed/", errno.EIO)
    done = failing(knooppunt, *rules)
    assert done.returncode == 0, done.stderr
    assert "ggk/uit/vreemd.xml: Input/output error" in done.stderr
    knooppunt("run", "--once")
    assert list(received(knooppunt).values()) == [b"kop\nregel\n"]
    assert list(received(knooppunt, "GMSDSBO").values()) == [CONTENT]


@pytest.mark.parametrize("call", ["write", "fsync", "close"])
def test_row_17_eio_on_write_fsync_or_close(knooppunt, call):
    """What was staged is dropped, never renamed; another sender's goes on; later it is anew."""
    large = CONTENT * 1000  # so large that it is synced by itself
    knooppunt.drop("0363", "WMO_1.csv", large)
    knooppunt.drop("0363", "SBO_1.csv", CONTENT)
    done = failing(knooppunt, (call, "/cbs/in/GMSDWMO/.tmp/", errno.EIO))
    assert done.returncode == 0
    assert "Input/output error (cbs/in/GMSDWMO)" in done.stderr
    assert half_done(knooppunt) == []
    assert received(knooppunt) == {}
    knooppunt("run", "--once")
    assert list(received(knooppunt).values()) == [large]
    assert list(received(knooppunt, "GMSDSBO").values()) == [CONTENT]


def test_row_17_eio_on_the_sync_of_a_round(knooppunt):
    """Nothing is promised that the disk did not keep: the process ends, a restart decides anew."""
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    done = failing(knooppunt, ("syncfs", "/folders", errno.EIO))
    assert done.returncode == 2
    assert "the disk did not keep what was written: Input/output error" in done.stderr
    assert list((knooppunt.folders / "ggk/uit").glob("*.xml")) == []
    knooppunt("run", "--once")
    assert list(received(knooppunt).values()) == [CONTENT]


def test_row_18_short_writes(knooppunt):
    """Each write takes a few bytes: all arrives, inside an envelope and by reference."""
    knooppunt.configure(("max_bytes: 26214400", "max_bytes: 65536\n  deel_bytes: 50000"))
    large = CONTENT * 40
    knooppunt.configure(('patronen: ["SBO_*"]', 'patronen: ["SBO_*"]\n    groot: verwijzen'))
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    knooppunt.drop("0363", "SBO_1.csv", large)
    done = failing(knooppunt, ("write", "/folders/", -100), ("pwrite", "/.tmp/", -1000))
    assert done.returncode == 0, done.stderr
    assert list(received(knooppunt).values()) == [CONTENT]
    assert list(received(knooppunt, "GMSDSBO").values()) == [large]
    knooppunt("audit", "verify")


@pytest.mark.parametrize("files", [12, 20])
def test_row_19_too_few_descriptors(knooppunt, files):
    """EMFILE at the start or in the middle: a sentence and no more; then it goes on, once."""
    need("prlimit")
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    process = knooppunt.start("run", "--once", before=("prlimit", f"--nofile={files}"))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"Traceback" not in said
    assert len(said.splitlines()) < 10
    knooppunt("run", "--once")
    assert list(received(knooppunt).values()) == [CONTENT]


# --- what a file system cannot --------------------------------------------------------------------


def test_row_20_outbox_on_another_file_system(tmp_path, disks):
    """A claim is a rename: an outbox that is a mount of its own is refused at the start."""
    with Keten(tmp_path / "keten") as keten:
        outbox = keten.outbox("0363")
    disks.tmpfs(outbox, "size=1m")
    (outbox / "WMO_1.csv").write_bytes(CONTENT)
    with pytest.raises(FolderError, match=r"0363/outbox and \.claimed beside it lie on different"):
        Keten(tmp_path / "keten")
    assert (outbox / "WMO_1.csv").exists()


def test_row_21_no_rename_without_replacing(knooppunt):
    """Link and unlink instead: delivered once; a name that is taken is never replaced."""
    foreign = knooppunt.folders / "cbs/in/GMSDWMO/WMO_1_0363_0001.csv"
    foreign.write_bytes(b"van een ander")
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    knooppunt.drop("0034", "WMO_1.csv", CONTENT)
    done = failing(knooppunt, ("renameat2", "/", errno.EINVAL))
    assert done.returncode == 0, done.stderr
    assert "conflict" in done.stdout
    assert received(knooppunt) == {
        "WMO_1_0363_0001.csv": b"van een ander", "WMO_1_0034_0001.csv": CONTENT,
    }  # fmt: skip
    assert len(knooppunt.json("quarantine", "list")["held"]) == 1
    assert half_done(knooppunt) == half_done(knooppunt, ".claimed") == []


def test_row_22_no_links_either(knooppunt):
    """A share that can do neither: nothing is replaced there, it is told why, others go on."""
    dropped = knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    knooppunt.drop("0034", "WMO_2.csv", CONTENT)
    done = failing(
        knooppunt,
        ("renameat2", "/gemeenten/0363/", errno.EINVAL),
        ("linkat", "/gemeenten/0363/", errno.EPERM),
    )
    assert done.returncode == 0
    assert "can neither rename without replacing nor make hard links" in done.stderr
    assert "put the folders on a local one" in done.stderr
    assert dropped.read_bytes() == CONTENT
    assert list(received(knooppunt)) == ["WMO_2_0034_0001.csv"]
    knooppunt("run", "--once")
    assert sorted(received(knooppunt)) == ["WMO_1_0363_0001.csv", "WMO_2_0034_0001.csv"]
