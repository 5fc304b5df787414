# SPDX-License-Identifier: EUPL-1.2
"""What a gateway costs while nothing happens: every municipality's outbox, thousands that wait.

``knooppunt run`` on a chain of all municipalities, with files that cannot be taken yet; after it
has seen them all, the CPU time of its processes over a while, as a part of one core.

Usage: python bench/idle.py [--outboxes N] [--files N] [--why onaf|merkteken|venster]
                            [--seconds N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import country

WHY = {
    "onaf": ("", (), "WMO_H22025_{number}.csv.part"),
    "merkteken": ("{wijze: merkteken}", (), "WMO_H22025_{number}.csv"),
    "venster": ("", (("vensters: melden", "vensters: wachten"),), "WMO_H22026_{number}.csv"),
}


def cpu_of(top: int) -> float:
    """CPU seconds of a process and its children, so far."""
    ticks = 0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(entry) == top or int(fields[1]) == top:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Make the chain, let it come to rest, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outboxes", type=int, default=342)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--why", choices=sorted(WHY), default="onaf")
    parser.add_argument("--settle", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--folder", default=None)
    asked = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd()))
    try:
        _measure(asked, top)
    finally:
        shutil.rmtree(top)


def _measure(asked: argparse.Namespace, top: Path) -> None:
    overdracht, edits, template = WHY[asked.why]
    codes = country.codes(asked.outboxes)
    config = country.make(top / "chain", codes, overdracht, edits)
    for number in range(asked.files):
        outbox = country.outbox(config, codes[number % len(codes)])
        (outbox / template.format(number=number)).write_bytes(b"synthetic\n")
    command = [sys.executable, "-m", "gateway.cli", "run", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(asked.settle)
        before, began = cpu_of(process.pid), time.monotonic()
        print(f"start and first look: {before:.1f} s of CPU")
        time.sleep(asked.seconds)
        spent, took = cpu_of(process.pid) - before, time.monotonic() - began
        print(f"{len(codes)} outboxes, {asked.files} files wait ({asked.why}): "
              f"{100 * spent / took:.2f} % of a core over {took:.0f} s")  # fmt: skip
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


if __name__ == "__main__":
    main()
