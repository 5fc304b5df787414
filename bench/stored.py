# SPDX-License-Identifier: EUPL-1.2
"""What a full store costs: after N messages, `trace`, a start, `audit verify`, and the rate itself.

The messages go the whole way, in parts; what arrived is moved away, so that folders stay small and
the store alone grows (not removed: README.md, "How to repeat it"). 1,000,000 messages take half an
hour or more.

Usage: python bench/stored.py [--messages N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import throughput

PART = 5_000
MEASURED = 1_000


def fill(root: Path, first: int, count: int) -> float:
    """Send so many through, and move what arrived away; messages a second."""
    from gateway.chain import Chain
    from gateway.location import Location
    from gateway.runs import tune

    tune()
    throughput.make_inputs(root, count, first)
    with Chain(Location.of(str(root / "config.yaml")), apart=True) as chain:
        began = time.perf_counter()
        chain.run_once()
        took = time.perf_counter() - began
    away = root.parent / "away"
    away.mkdir(exist_ok=True)
    for pattern in ("cbs/in/*/*", "gemeenten/*/inbox/*", "gemeenten/*/verzonden/*",
                    "ggk/*/antwoord/*"):  # fmt: skip
        for path in (root / "folders").glob(pattern):
            if path.is_file():
                path.rename(away / f"{first}-{path.parent.name}-{path.name}")
    return count / took


def _seconds(root: Path, *words: str, times: int = 5) -> float:
    command = [sys.executable, "-m", "gateway.cli", *words, "--config", str(root / "config.yaml")]
    took = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> None:
    """Fill, and measure before and after."""
    from gateway.setup import init

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--folder", default=None)
    asked = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd()))
    root = top / "chain"
    try:
        init(str(root))
        fill(root, 0, MEASURED)  # warm
        empty = fill(root, MEASURED, MEASURED)
        sent = 2 * MEASURED
        while sent < asked.messages:
            part = min(PART, asked.messages - sent)
            fill(root, sent, part)
            sent += part
            print(f"\r{sent} of {asked.messages}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        full = fill(root, sent, MEASURED)
        print(f"{sent} messages stored: {full:.0f} messages/s, {full / empty:.2f} of the rate at "
              f"{MEASURED}")  # fmt: skip
        name = f"WMO_H22025_synthetisch_{sent // 2:07d}.csv"
        print(f"trace: {_seconds(root, 'trace', name):.2f} s, the whole command")
        print(f"run --once with nothing to do: {_seconds(root, 'run', '--once'):.2f} s")
        print(f"audit verify: {_seconds(root, 'audit', 'verify', times=1):.1f} s")
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
