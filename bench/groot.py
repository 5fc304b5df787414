# SPDX-License-Identifier: EUPL-1.2
"""A large file by reference, against ``cp`` and a sync of the same bytes.

The chain takes one file of 2 GiB from an outbox to the inbox of CBS: GGk hashes it and copies it to
beside its envelope, RINIS hashes and copies it again, and both are durable. Beside it ``cp`` copies
the same file once, and ``sync -f``. Both in turn, on the same file system, the source in the page
cache. While it is under way, small messages of another municipality are dropped one by one: how
long the slowest took says what a large file costs the others. The ratio within a pair is what
counts. Before each run free memory is filled with the cache of a file of holes: a virtual machine
that touches memory for the first time waits for its host, up to 3 ms a megabyte, and that is not
what is measured.

With ``--embedded`` the file goes inside its envelope, as those of at most 18 MB do.

Usage: python bench/groot.py [--mib N] [--embedded] [--pairs N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BLOCK = 1 << 20
BETWEEN = 0.2
"""Seconds between two small messages."""


def make(path: Path, mib: int) -> None:
    """A file of chance, durable before the clock starts."""
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(BLOCK))
        os.fsync(file.fileno())


def fill(folder: Path) -> None:
    """Let no memory be free but what can be had for the asking: the cache of a file of holes."""
    free = int(re.findall(r"MemFree:\s+([0-9]+)", Path("/proc/meminfo").read_text())[0]) << 10
    with (folder / "holes").open("w+b") as file:
        file.truncate(max(0, free - (600 << 20)))
        while file.read(BLOCK):
            pass
    os.sync()


def _memory() -> float:
    """MiB of this process and the clerk's beside it; what they share counts once."""
    pids = [os.getpid(), *(one.pid for one in multiprocessing.active_children())]
    said = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(re.findall(r"Pss:\s+([0-9]+)", one)[0]) for one in said) / 1024


def chain(folder: str, mib: int, *, embedded: bool) -> dict[str, float]:
    """The whole chain, from a file in the outbox to it at CBS, with small ones meanwhile."""
    from gateway.chain import Chain
    from gateway.location import Location
    from gateway.runs import tune
    from gateway.setup import init

    root = Path(folder) / "chain"
    init(str(root))
    config = root / "config.yaml"
    text = config.read_text()
    assert 'patronen: ["WMO_*"]' in text
    if not embedded:
        aside = 'patronen: ["WMO_*"]\n    groot: verwijzen'
        config.write_text(text.replace('patronen: ["WMO_*"]', aside))
    outbox = root / "folders" / "gemeenten" / "0363" / "outbox"
    make(outbox / ".WMO_groot.zip", mib)
    fill(Path(folder))
    inbox = root / "folders" / "cbs" / "in" / "GMSDWMO"
    tune()
    with Chain(Location.of(str(config)), apart=True) as running:
        stop, took = threading.Event(), []
        small = threading.Thread(target=_small, args=(root / "folders", stop, took))
        began = time.perf_counter()
        os.rename(outbox / ".WMO_groot.zip", outbox / "WMO_groot.zip")
        small.start()
        end = {}
        peak, looked = 0.0, began

        def arrived() -> bool:
            nonlocal peak, looked
            if time.perf_counter() - looked > BETWEEN:  # it takes milliseconds: not each round
                peak, looked = max(peak, _memory()), time.perf_counter()
            if not end and any(inbox.glob("WMO_groot*.zip")):
                end["at"] = time.perf_counter()
                stop.set()
            return bool(end) and not small.is_alive()

        running.run(arrived)
        wall = end["at"] - began
    return {"wall": wall, "rss_mb": peak, "small": len(took), "slowest": max(took, default=0.0)}


def _small(folders: Path, stop: threading.Event, took: list[float]) -> None:
    """Drop a small file, wait until it lies at CBS, and again."""
    number = 0
    while not stop.wait(BETWEEN):
        number += 1
        name = f"SBO_{number:05d}"
        began = time.perf_counter()
        (folders / "gemeenten" / "0034" / "outbox" / f"{name}.csv").write_bytes(b"x" * 10_240)
        while not (folders / "cbs" / "in" / "GMSDSBO" / f"{name}_0034_{number:04d}.csv").exists():
            time.sleep(0.002)
        took.append(time.perf_counter() - began)


def floor(folder: str, mib: int) -> dict[str, float]:
    """``cp`` and ``sync -f``: the same bytes once, durable."""
    source, target = Path(folder) / "source", Path(folder) / "target"
    make(source, mib)
    fill(Path(folder))
    began = time.perf_counter()
    subprocess.run(["cp", source, target], check=True)
    subprocess.run(["sync", "-f", target], check=True)
    return {"wall": time.perf_counter() - began}


def _child(kind: str, folder: str, asked: argparse.Namespace) -> dict[str, float]:
    os.mkdir(folder)
    command = [sys.executable, __file__, "--child", kind, "--folder", folder,
               "--mib", str(asked.mib), *(["--embedded"] if asked.embedded else [])]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    shutil.rmtree(folder)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure pairs and print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--embedded", action="store_true", help="inside its envelope: --mib 17")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--folder", default=None, help="on which file system (default: here)")
    parser.add_argument("--child", choices=("chain", "floor"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        took = (
            chain(asked.folder, asked.mib, embedded=asked.embedded)
            if asked.child == "chain"
            else floor(asked.folder, asked.mib)
        )
        print(json.dumps(took))
        return
    rows: list[dict[str, dict[str, float]]] = []
    with tempfile.TemporaryDirectory(dir=asked.folder or os.getcwd()) as top:
        for number in range(asked.pairs):
            pair = {kind: _child(kind, os.path.join(top, f"{number}-{kind}"), asked)
                    for kind in ("floor", "chain")}  # fmt: skip
            rows.append(pair)
            took, bare = pair["chain"], pair["floor"]["wall"]
            print(f"pair {number + 1}: chain {took['wall']:.1f} s, cp and sync {bare:.1f} s, ratio "
                  f"{took['wall'] / bare:.2f}; {took['rss_mb']:.0f} MB; {took['small']:.0f} small "
                  f"ones meanwhile, slowest {took['slowest']:.2f} s", flush=True)  # fmt: skip
    ratio = statistics.median(one["chain"]["wall"] / one["floor"]["wall"] for one in rows)
    print(f"median: {ratio:.2f} times cp and sync")


if __name__ == "__main__":
    main()
