# SPDX-License-Identifier: EUPL-1.2
"""What a bundle of evidence costs: made, and verified; on a short log and on a long one.

A thousand messages go the whole way; the rest are recorded as copies of one of them, as in
`stored.py`. Then the bundle of one message is made again and again, with its bytes, in a process
that is there already; and by the command, whose start counts too. The limit is a second, the
median.

Usage: python bench/evidence.py [--leaves N] [--times N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import stored

LIMIT_S = 1.0


def _timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Median of wall time and of CPU time, in ms."""
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.process_time() - cpu) * 1e3)
    return statistics.median(walls), statistics.median(cpus)


def measure(root: Path, times: int) -> float:
    """One message's bundle, and its parts; the median of the whole, in seconds."""
    from gateway.audit.checkpoint import parse_note, read_body
    from gateway.evidence import bundle, export
    from gateway.evidence.believed import load
    from gateway.evidence.gather import gather
    from gateway.evidence.verify import verify
    from gateway.evidence.wish import Wish
    from gateway.location import Location, read_config

    location = Location.of(str(root / "config.yaml"))
    config = read_config(location.config_path)
    wish = Wish("WMO_H22025_synthetisch_0000500.csv", content=True)
    made = bundle.make(location, wish).content
    belief = load(f"{location.state}/vertrouwen")
    assert verify(made, belief).ok
    size = read_body(parse_note((Path(location.audit) / "checkpoint").read_bytes())).size
    whole, cpu = _timed(lambda: bundle.make(location, wish), times)
    found = gather(location, config, wish)
    print(f"log of {size} leaves, bundle of {len(made) / 1024:.0f} KiB:")
    print(f"  made       {whole:7.0f} ms ({cpu:.0f} ms CPU)")
    for name, work in (
        ("gathered", lambda: gather(location, config, wish)),
        ("pages, PDF", lambda: bundle.pages(found)),
        ("verified", lambda: verify(made, belief)),
    ):
        wall, cpu = _timed(work, times)
        print(f"  {name:<10} {wall:7.0f} ms ({cpu:.0f} ms CPU)")
    wall, cpu = _timed(lambda: list(export.members(location, config, "1701")), 1)
    print(f"  export of one municipality {wall:.0f} ms ({cpu:.0f} ms CPU)")
    print(f"  command    {_command(root):7.0f} ms, its start and the leaf included", flush=True)
    return whole / 1e3


def _command(root: Path) -> float:
    words = ["evidence", "WMO_H22025_synthetisch_0000500.csv", "--replace", "--content"]
    words += ["-o", str(root / "bewijs.asice"), "--config", str(root / "config.yaml")]
    took = []
    for _ in range(3):
        began = time.perf_counter()
        command = [sys.executable, "-m", "gateway.cli", *words]
        subprocess.run(command, check=True, capture_output=True)
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took)


def main() -> None:
    """Fill, measure, fill up, measure again."""
    from gateway.setup import init

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leaves", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--folder", help="where the chain is made; default: the temporary folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        root = Path(folder) / "chain"
        root.mkdir()
        init(str(root))
        stored.fill(root, 0, stored.MEASURED)
        slow = [measure(root, asked.times)]
        count = -(-asked.leaves // 5) - stored.MEASURED
        if count > 0:
            stored.record(root, stored.MEASURED, count)
            slow.append(measure(root, asked.times))
    if max(slow) > LIMIT_S:
        sys.exit(f"a bundle took {max(slow):.2f} s; the limit is {LIMIT_S:g} s")


if __name__ == "__main__":
    main()
