# SPDX-License-Identifier: EUPL-1.2
"""How many messages a second, against the floor: the fastest script that writes the same files.

The chain takes files of 10 KB from the outboxes of three municipalities to the inbox of CBS, with
the answer of RINIS and the municipality's receipt: for each message it writes and renames an
envelope, metagegevens, the file, a Bv03, and two notices. The floor writes and renames those same
six files, from the same bytes, in batches of 64 with one ``syncfs`` each: no checks, store or log.
Both run in turn, in one process each, on the same file system, until the last file is durable; the
ratio of each pair is what counts, since the machine's speed drifts.

Usage: python bench/throughput.py [--messages N] [--pairs N] [--folder DIR] [--stored N]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = 64
SIZE = 10 * 1024
CODES = ("0363", "0034", "1701")


def make_inputs(root: Path, count: int, first: int = 0) -> None:
    """Drop synthetic files of SIZE bytes, durable before the clock starts."""
    for number in range(first, first + count):
        folder = root / "folders" / "gemeenten" / CODES[number % 3] / "outbox"
        content = os.urandom(SIZE // 2).hex().encode()
        (folder / f"WMO_H22025_synthetisch_{number:07d}.csv").write_bytes(content)
    os.sync()


def chain(folder: str, count: int, stored: int) -> dict[str, float]:
    """The whole chain, from dropped files to the last durable one; seconds and CPU seconds."""
    from gateway.chain import Chain
    from gateway.location import Location
    from gateway.runs import tune
    from gateway.setup import init

    root = Path(folder) / "chain"
    init(str(root))
    tune()
    with Chain(Location.of(str(root / "config.yaml")), apart=True) as running:
        for first in range(0, stored, 5000):
            make_inputs(root, min(5000, stored - first), first)
            running.run_once()
        make_inputs(root, count, stored)
        took = _timed(running.run_once)
    delivered = list((root / "folders" / "cbs" / "in" / "GMSDWMO").glob("*.csv"))
    assert len(delivered) == count + stored, f"{len(delivered)} of {count + stored} arrived"
    return took


def floor(folder: str, count: int) -> dict[str, float]:
    """The same six files a message, written and renamed, one syncfs a batch of 64."""
    from gateway import durable

    kinds = {"uit": 15_800, "metagegevens": 800, "in": SIZE, "antwoord": 1_300, "txt": 950,
             "xml": 900}  # fmt: skip
    bytes_of = {kind: os.urandom(size // 2).hex().encode() for kind, size in kinds.items()}
    fds = {}
    for kind in kinds:
        path = Path(folder) / "floor" / kind / ".tmp"
        path.mkdir(parents=True)
        fds[kind] = (durable.open_dir(str(path)), durable.open_dir(str(path.parent)))
    any_fd = fds["in"][0]

    def work() -> None:
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            for number in numbers:
                for kind, content in bytes_of.items():
                    durable.stage(fds[kind][0], str(number), content)
            durable.sync_filesystem(any_fd)
            for number in numbers:
                for kind in bytes_of:
                    os.rename(str(number), str(number), src_dir_fd=fds[kind][0],
                              dst_dir_fd=fds[kind][1])  # fmt: skip
        durable.sync_filesystem(any_fd)

    return _timed(work)


def _timed(work: object) -> dict[str, float]:
    before = _cpu()
    began = time.perf_counter()
    work()  # type: ignore[operator]
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "cpu": _cpu() - before, "rss_mb": peak}


def _cpu() -> float:
    """CPU seconds of this process and of the clerk's beside it."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ticks = 0
    for child in multiprocessing.active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return own.ru_utime + own.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def child(kind: str, folder: str, count: int, stored: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", kind, "--folder", folder]
    command += ["--messages", str(count), "--stored", str(stored)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure pairs and print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--stored", type=int, default=0, help="messages already in the store")
    parser.add_argument("--folder", default=None, help="on which file system (default: here)")
    parser.add_argument("--child", choices=("chain", "floor"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        work = chain if asked.child == "chain" else lambda f, c, _: floor(f, c)
        print(json.dumps(work(asked.folder, asked.messages, asked.stored)))
        return
    # Removed at the very end: an ext4 without a journal does not give out an inode again within
    # minutes of its deletion, and looks past each of them at every new file.
    top = tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd())
    try:
        _measure(asked, top)
    finally:
        shutil.rmtree(top)


def _measure(asked: argparse.Namespace, top: str) -> None:
    rows = []
    for number in range(asked.pairs + 1):
        pair = {}
        for kind in ("chain", "floor"):
            folder = os.path.join(top, f"{number}-{kind}")
            os.mkdir(folder)
            pair[kind] = child(kind, folder, asked.messages, asked.stored)
        if number == 0:
            continue  # a warm-up
        rows.append(pair)
        rates = {kind: asked.messages / took["wall"] for kind, took in pair.items()}
        cpu = pair["chain"]["cpu"] / asked.messages * 1e3
        ratio = rates["floor"] / rates["chain"]
        print(f"pair {number}: chain {rates['chain']:7.0f}/s ({cpu:.2f} ms CPU a message), "
              f"floor {rates['floor']:7.0f}/s, ratio {ratio:.2f}", flush=True)  # fmt: skip
    ratios = [row["chain"]["wall"] / row["floor"]["wall"] for row in rows]
    rate = statistics.median(asked.messages / row["chain"]["wall"] for row in rows)
    cpu = statistics.median(row["chain"]["cpu"] for row in rows) / asked.messages * 1e3
    rss = statistics.median(row["chain"]["rss_mb"] for row in rows)
    print(f"median: {rate:.0f} messages/s, {statistics.median(ratios):.2f} times the floor's time, "
          f"{cpu:.2f} ms CPU a message, {rss:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
