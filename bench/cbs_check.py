# SPDX-License-Identifier: EUPL-1.2
"""The technical check against a bare polars read of the same file, in the same run.

Each measurement is a process of its own, in turn, so that its memory is its own: the check of a
valid file, of one in which one row in fifty has a fault, and ``polars.read_csv`` of the same bytes
into eighteen columns of text. Time is that of the call, without the start of Python.

Usage: python bench/cbs_check.py [--rows 1000000 3000000] [--pairs 3] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAAM = "WMO_H22025_bench.csv"
BLOCK = 20_000

CHECK = """
import sys, time, json, resource
from datetime import date
from gateway.cbs import controle
began = time.perf_counter()
found = controle.controleer(sys.argv[1], "WMO_H22025_bench.csv", dag=date(2026, 2, 2))
took = time.perf_counter() - began
said = [found.oordeel, found.rijen, found.fouten]
"""
BARE = """
import sys, time, json, resource
import polars as pl
began = time.perf_counter()
frame = pl.read_csv(sys.argv[1], separator=";", quote_char=None, infer_schema=False)
took = time.perf_counter() - began
said = [frame.height, frame.width]
"""
TAIL = """
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([took, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime, said]))
"""


def bsn(chance: random.Random) -> str:
    """A made-up number that passes the eleven-test."""
    while True:
        digits = [chance.randrange(10) for _ in range(8)]
        last = sum((9 - n) * one for n, one in enumerate(digits)) % 11
        if last < 10 and any(digits):
            return "".join(map(str, digits)) + str(last)


def row(chance: random.Random, *, wrong: bool) -> str:
    """A plausible row; a wrong one has a BSN that fails, or a code that is none."""
    kind = chance.choice(["0001", "0002", "0007", "0012", "0015", "0115"])
    start = f"2025{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
    end = f"2026{chance.randrange(1, 13):02d}15" if chance.random() < 0.7 else ""
    who = bsn(chance)
    if wrong and chance.random() < 0.5:
        who, wrong = str(int(who) ^ 1).zfill(9), False
    done = ("20251231", "19") if chance.random() < 0.2 else ("", "")
    return ";".join(
        ["202601150930", "0363", who, "0099" if wrong else kind, start, end,
         chance.choice("24446"), kind, start, done[0], f"{chance.randrange(10**9):016d}",
         "00000004", "04", "2", "04", f"{chance.randrange(500):08d}", done[1], ""]
    )  # fmt: skip


def lines(rows: int, wrong: float) -> Iterator[str]:
    """The headings, and then a block of rows over and over: each is judged as if it were new."""
    chance = random.Random(4)
    yield ";".join(f"kolom {n}" for n in range(1, 19)) + "\n"
    block = [row(chance, wrong=chance.random() < wrong) + "\n" for _ in range(BLOCK)]
    for begin in range(0, rows, BLOCK):
        yield "".join(block[: rows - begin])


def measure(code: str, path: Path) -> tuple[float, float, float, list[object]]:
    """Seconds, megabytes at the peak, seconds of CPU with the start, and what came of it."""
    done = subprocess.run(
        [sys.executable, "-c", code + TAIL, str(path)], check=True, capture_output=True, text=True
    )
    took, peak, cpu, said = json.loads(done.stdout)
    return took, peak, cpu, said


def compare(path: Path, pairs: int) -> None:
    """Bare and check in turn; the medians, and the ratio within each pair."""
    bare, check, ratios, peaks, busy = [], [], [], [], []
    said: list[object] = []
    for _ in range(pairs):
        plain, plain_peak, _, _ = measure(BARE, path)
        took, peak, cpu, said = measure(CHECK, path)
        busy.append(cpu)
        bare.append(plain)
        check.append(took)
        ratios.append(took / plain)
        peaks.append((peak, plain_peak))
    size = path.stat().st_size / 1e6
    print(f"  {size:,.0f} MB, {said[0]}, {said[1]:,} rows, {said[2]:,} fouten")
    print(f"  check {_spread(check)} s, at most {max(p for p, _ in peaks):,.0f} MB of memory")
    print(f"        {_spread(busy)} s of CPU, the start of Python with it")
    print(f"  bare  {_spread(bare)} s, at most {max(p for _, p in peaks):,.0f} MB of memory")
    print(f"  check's time to that of the bare read: {_spread(ratios)}", flush=True)


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 3_000_000])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for rows in given.rows:
            for wrong in (0.0, 0.02):
                path = Path(folder) / NAAM
                with path.open("w", encoding="ascii") as file:
                    file.writelines(lines(rows, wrong))
                print(f"{rows:,} rows, {wrong:.0%} of them wrong")
                compare(path, given.pairs)


if __name__ == "__main__":
    main()
