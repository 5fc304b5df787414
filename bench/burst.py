# SPDX-License-Identifier: EUPL-1.2
"""Very many files at once: in one outbox, or spread over all; is one missed, does another starve?

``knooppunt run`` works while the files are renamed into place as fast as they can be. Meanwhile
another municipality drops a file every half second and waits for it at CBS.

Usage: python bench/burst.py [--files N] [--outboxes N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import country

OTHER = "0363"


def main() -> None:
    """Make the chain, let it rain, and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--outboxes", type=int, default=1, help="spread over so many")
    parser.add_argument("--folder", default=None)
    asked = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd()))
    others = [code for code in country.codes() if code != OTHER][: asked.outboxes]
    config = country.make(top / "chain", [*others, OTHER])
    command = [sys.executable, "-m", "gateway.cli", "run", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _rain(config, others, asked.files)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(top)


def _rain(config: Path, codes: list[str], count: int) -> None:
    inbox = config.parent / "folders/cbs/in/GMSDWMO"
    lone = country.outbox(config, OTHER)
    _drop(lone, "WMO_H22025_warm.csv")
    while not _arrived(inbox):
        time.sleep(0.05)
    began = time.monotonic()
    for number in range(count):
        _drop(country.outbox(config, codes[number % len(codes)]), f"WMO_H22025_{number:06d}.csv")
    dropped = time.monotonic() - began
    waited, number = [], 0
    while len(_arrived(inbox)) < count + 1 + number:
        name = f"WMO_H22025_ander_{number}"
        at = time.monotonic()
        _drop(lone, f"{name}.csv")
        while not list(inbox.glob(f"{name}_*.csv")):
            time.sleep(0.05)
        waited.append(time.monotonic() - at)
        number += 1
        time.sleep(0.5)
    took = time.monotonic() - began
    out_of_order = _out_of_order(inbox, codes)
    print(f"{count} files in {len(codes)} outboxes, dropped in {dropped:.1f} s: all at CBS after "
          f"{took:.0f} s ({count / took:.0f} a second); out of order: {out_of_order}")  # fmt: skip
    print(f"another municipality's file meanwhile: median {statistics.median(waited):.1f} s, "
          f"slowest {max(waited):.1f} s, {len(waited)} files")  # fmt: skip


def _drop(outbox: Path, name: str) -> None:
    part = outbox / f"{name}.part"
    part.write_bytes(f"synthetic;{outbox.parent.name};{name}\n".encode())
    part.rename(outbox / name)


def _arrived(inbox: Path) -> list[str]:
    found = os.listdir(inbox)
    return [one for one in found if one.endswith(".csv")]


def _out_of_order(inbox: Path, codes: list[str]) -> int:
    """How many got a lower number (the last four digits) than one that was dropped before it."""
    wrong, highest = 0, dict.fromkeys(codes, 0)
    for name in sorted(_arrived(inbox)):
        stem, code, number = name.removesuffix(".csv").rsplit("_", 2)
        if code in highest and stem.rsplit("_", 1)[1].isdigit():
            wrong += int(number) < highest[code]
            highest[code] = max(highest[code], int(number))
    return wrong


if __name__ == "__main__":
    main()
