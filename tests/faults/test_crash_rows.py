# SPDX-License-Identifier: EUPL-1.2
"""Processes that are ended or halted: rows 7, 8 and 10. tests/crash holds the rest of 1-10."""

import os
import random
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.breaking import eventually, need_root, received

CONTENT = random.Random(7).randbytes(8 << 20)
LARGE = 2 * CONTENT
"""Near the limit of a message: wrapping it takes far more memory than a gateway that rests."""
CGROUP = Path("/sys/fs/cgroup")


def end(process, number=signal.SIGTERM):
    """Tell a gateway to end; it does, and says that all is well."""
    process.send_signal(number)
    said = process.communicate(timeout=60)
    assert process.returncode == 0, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_row_07_signal_in_mid_copy(knooppunt, number):
    """A large file is half copied: it ends with exit code 0, the next run goes on from there."""
    knooppunt.configure(
        ("max_bytes: 26214400", "max_bytes: 65536\n  deel_bytes: 32768"),
        ('patronen: ["WMO_*"]', 'patronen: ["WMO_*"]\n    groot: verwijzen'),
    )
    knooppunt.drop("0363", "WMO_1.csv", CONTENT)
    process = knooppunt.start("run")
    tmp = knooppunt.folders / "ggk/uit/groot/.tmp"
    eventually(lambda: [p for p in tmp.glob("*.groot") if p.stat().st_size > 65536])
    end(process, number)
    [part] = tmp.glob("*.groot")
    assert 65536 < part.stat().st_size < len(CONTENT)
    inode = part.stat().st_ino
    assert received(knooppunt) == {}
    knooppunt.configure(("deel_bytes: 32768", "deel_bytes: 4194304"))
    knooppunt("run", "--once", "--stations", "ggk")
    [lies] = (knooppunt.folders / "ggk/uit/groot").glob("*.bin")
    assert lies.stat().st_ino == inode  # what was copied was not copied again
    knooppunt("run", "--once")
    assert list(received(knooppunt).values()) == [CONTENT]


@contextmanager
def memory(limit):
    """A control group of so many bytes; gives its folder."""
    need_root()
    top = CGROUP / "memory" if (CGROUP / "memory").is_dir() else CGROUP
    group = top / f"knooppunt-{os.getpid()}"
    try:
        group.mkdir(exist_ok=True)
        file = next(group / one for one in ("memory.limit_in_bytes", "memory.max")
                    if (group / one).exists())  # fmt: skip
        file.write_text(str(limit))
        swap = group / "memory.swap.max"
        if swap.exists():
            swap.write_text("0")
    except (OSError, StopIteration) as error:
        pytest.skip(f"no control group that limits memory can be made here: {error!r}")
    try:
        yield group
    finally:
        group.rmdir()


def peak(group):
    """The most memory that a control group had, in bytes."""
    files = (group / one for one in ("memory.max_usage_in_bytes", "memory.peak"))
    return int(next(file for file in files if file.exists()).read_text())


def test_row_08_oom_kill(knooppunt):
    """The kernel ends it in the middle of work: as kill -9, nothing lost, nothing twice."""
    knooppunt.installed("run", "--once")  # the first start compiles, and needs more memory for it
    into = ("sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"')
    with memory(4 << 30) as group:
        knooppunt.start("run", "--once", before=(*into, str(group))).communicate(timeout=100)
        at_rest = peak(group)
    for number in range(4):
        knooppunt.drop("0363", f"WMO_{number}.csv", LARGE + b"%d" % number)
    with memory(at_rest + (8 << 20)) as group:
        process = knooppunt.start("run", "--once", before=(*into, str(group)))
        process.communicate(timeout=100)
        assert process.returncode == -signal.SIGKILL
    assert len(received(knooppunt)) < 4
    knooppunt("run", "--once")
    assert sorted(received(knooppunt).values()) == [LARGE + b"%d" % n for n in range(4)]
    knooppunt("audit", "verify")


def test_row_10_halted_while_the_queue_overflows(knooppunt):
    """SIGSTOP, more events than the kernel keeps, SIGCONT: the rescan finds what was not told."""
    knooppunt.configure(("scan_ms: 2000", "scan_ms: 300"))
    process = knooppunt.start("run")
    try:
        first = knooppunt.drop("0363", "WMO_eerst.csv", b"eerst")
        eventually(lambda: not first.exists() and len(received(knooppunt)) == 1)
        kept = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        process.send_signal(signal.SIGSTOP)
        parts = [first.with_name(f"{one}.part") for one in "ab"]
        for number in range(kept + 100):  # equal events in a row are one; those of two are not
            os.close(os.open(parts[number % 2], os.O_WRONLY | os.O_CREAT))
        for number in range(3):
            knooppunt.drop("0363", f"WMO_{number}.csv", b"%d" % number)
        process.send_signal(signal.SIGCONT)
        eventually(lambda: len(received(knooppunt)) == 4)
        knooppunt.drop("0363", "WMO_laatst.csv", b"laatst")
        eventually(lambda: len(received(knooppunt)) == 5)
    finally:
        process.send_signal(signal.SIGCONT)
        end(process)
    assert sorted(received(knooppunt).values()) == [b"0", b"1", b"2", b"eerst", b"laatst"]
