# SPDX-License-Identifier: EUPL-1.2
"""How long one file takes, alone, from when it is closed until it is in CBS's inbox.

``knooppunt run`` on a fresh chain; a file of 10 KB is dropped, its arrival awaited, and after a
pause of a random length comes the next. Beside it the same without a chain: what one `fsync` and
`rename` for each of the two hops would take on this disk.

Usage: python bench/latency.py [--files N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import country

LOOK_SECONDS = 0.001
PATIENCE_SECONDS = 60


def lone(config: Path, count: int) -> list[float]:
    """Seconds for each file."""
    inbox = config.parent / "folders/cbs/in/GMSDWMO"
    took = []
    for number in range(count):
        time.sleep(random.uniform(0.2, 0.8))
        content = os.urandom(5 * 1024).hex().encode()
        code = ("0363", "0034", "1701")[number % 3]
        path = country.outbox(config, code) / f"WMO_H22025_synthetisch_{number}.csv"
        with path.open("wb") as file:
            file.write(content)
        began = time.perf_counter()
        while not list(inbox.glob(f"WMO_H22025_synthetisch_{number}_*.csv")):
            time.sleep(LOOK_SECONDS)
            if time.perf_counter() - began > PATIENCE_SECONDS:
                raise SystemExit(f"{path.name} did not arrive in {PATIENCE_SECONDS} s")
        took.append(time.perf_counter() - began)
    return took


def bare(folder: Path, count: int) -> list[float]:
    """Write, sync and rename twice: the two hops without a chain."""
    took = []
    for number in range(count):
        content = os.urandom(5 * 1024).hex().encode()
        began = time.perf_counter()
        for hop in "ab":
            part = folder / f"{hop}{number}.part"
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(part.with_suffix(""))
        took.append(time.perf_counter() - began)
    return took


def _shown(what: str, took: list[float]) -> str:
    cuts = statistics.quantiles(took, n=100)
    return (f"{what}: median {1000 * statistics.median(took):.1f} ms, 99 of 100 within "
            f"{1000 * cuts[98]:.1f} ms, slowest {1000 * max(took):.1f} ms")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--folder", default=None)
    asked = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd()))
    config = country.make(top / "chain", ["0034", "0363", "1701"])
    command = [sys.executable, "-m", "gateway.cli", "run", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        lone(config, 5)  # it is warm then, and not counted
        for path in (config.parent / "folders/cbs/in/GMSDWMO").iterdir():
            if path.is_file():
                path.unlink()
        print(_shown("a lone file", lone(config, asked.files)))
        print(_shown("two hops, bare", bare(top, asked.files)))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
