# SPDX-License-Identifier: EUPL-1.2
"""What a full store costs: after N messages, `trace`, a start, `audit verify`, and the rate itself.

The messages go the whole way, in parts; what arrived is moved away, so that folders stay small and
the store alone grows (not removed: README.md, "How to repeat it"). With ``--direct`` only the first
go the whole way; the rest are recorded as copies of one of them, with ids, names and digests of
their own, by the same ledger and the same transaction, but without their six files: a million would
fill 50 GB.

Usage: python bench/stored.py [--messages N] [--folder DIR] [--direct]
"""

from __future__ import annotations

import argparse
import hashlib
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
PAIRS = 5


def fill(root: Path, first: int, count: int) -> dict[str, float]:
    """Send so many through, and move what arrived away; what it took."""
    from gateway.chain import Chain
    from gateway.location import Location
    from gateway.runs import tune

    tune()
    throughput.make_inputs(root, count, first)
    with Chain(Location.of(str(root / "config.yaml")), apart=True) as chain:
        took = throughput._timed(chain.run_once)
    away = root.parent / "away"
    away.mkdir(exist_ok=True)
    for pattern in ("cbs/in/*/*", "gemeenten/*/inbox/*", "gemeenten/*/verzonden/*",
                    "ggk/*/antwoord/*"):  # fmt: skip
        for path in (root / "folders").glob(pattern):
            if path.is_file():
                path.rename(away / f"{first}-{path.parent.name}-{path.name}")
    return took


def record(root: Path, first: int, count: int) -> None:
    """Record so many messages as if they had come, in rounds of 192: rows and leaves, no files."""
    from gateway.chain import Chain
    from gateway.location import Location
    from gateway.model import Direction, Event, EventType
    from gateway.store import Changes
    from gateway.store_queries import Reader

    location = Location.of(str(root / "config.yaml"))
    name = "WMO_H22025_synthetisch_{:07d}.csv"
    with Reader(location.database) as reader:
        [pattern] = reader.trace(name.format(MEASURED // 2))
    with Chain(location) as chain:
        like = chain.store.levering(pattern["id"])
        assert like.direction is Direction.HEEN
        for start in range(first, first + count, 192):
            changes, happened = Changes(), []
            for number in range(start, min(start + 192, first + count)):
                id_ = chain.clock.fresh_ulid()
                levering = like._replace(
                    id=id_, referentienummer=chain.clock.fresh_id(), naam=name.format(number),
                    sha256=hashlib.sha256(b"%d" % number).hexdigest(), volgnummer=number,
                    delivered_as=name.format(number).replace(".csv", f"_0363_{number:04d}.csv"),
                )  # fmt: skip
                changes.leveringen.append(levering)
                happened += [
                    (Event(EventType(one["type"]), one["station"], id_, levering.naam,
                           one["place"] or ""), levering)
                    for one in pattern["events"]
                ]  # fmt: skip
            chain.ledger.record(happened, changes)
            chain.store.commit(changes)
            if chain.ledger.size // 100_000 != (chain.ledger.size - len(changes.leaves)) // 100_000:
                chain.publish()
                print(f"\r{start} of {first + count}", end="", file=sys.stderr, flush=True)


def _seconds(root: Path, *words: str, times: int = 5) -> float:
    command = [sys.executable, "-m", "gateway.cli", *words, "--config", str(root / "config.yaml")]
    took = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def compare(root: Path, sent: int, other: Path) -> None:
    """The rate of the full store beside that of a small one, in turn."""
    from gateway.setup import init

    other.parent.mkdir()
    init(str(other))
    fill(other, 0, MEASURED)
    walls, cpus = [], []
    for pair in range(PAIRS):
        small = fill(other, (pair + 1) * MEASURED, MEASURED)
        full = fill(root, sent + pair * MEASURED, MEASURED)
        walls.append(small["wall"] / full["wall"])
        cpus.append(small["cpu"] / full["cpu"])
        print(f"pair {pair + 1}: full {MEASURED / full['wall']:.0f}/s "
              f"({full['cpu'] / MEASURED * 1e3:.2f} ms CPU), "
              f"small {MEASURED / small['wall']:.0f}/s "
              f"({small['cpu'] / MEASURED * 1e3:.2f} ms)", flush=True)  # fmt: skip
    print(f"rate {statistics.median(walls):.2f} of that at {MEASURED}; "
          f"by CPU time {statistics.median(cpus):.2f}")  # fmt: skip


def _answer(root: Path, name: str) -> float:
    """How long the question itself takes, in a process that is there already."""
    from gateway.location import Location
    from gateway.store_queries import Reader

    took = []
    for _ in range(5):
        with Reader(Location.of(str(root / "config.yaml")).database) as reader:
            began = time.perf_counter()
            assert reader.trace(name)
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> None:
    """Fill, and measure before and after."""
    from gateway.setup import init

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--direct", action="store_true", help="all but the first without files")
    asked = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd()))
    root = top / "chain"
    try:
        init(str(root))
        fill(root, 0, MEASURED)
        sent = MEASURED
        if asked.direct:
            record(root, sent, asked.messages - sent)
            sent = asked.messages
        while sent < asked.messages:
            part = min(PART, asked.messages - sent)
            fill(root, sent, part)
            sent += part
            print(f"\r{sent} of {asked.messages}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        leaves = int((root / "folders/.state/audit/checkpoint").read_text().splitlines()[1])
        print(f"{sent} messages and {leaves} leaves stored")
        compare(root, sent, top / "small" / "chain")
        name = f"WMO_H22025_synthetisch_{sent // 2:07d}.csv"
        print(f"trace: {_answer(root, name) * 1000:.0f} ms the answer alone")
        print(f"trace: {_seconds(root, 'trace', name):.2f} s, the whole command")
        print(f"run --once with nothing to do: {_seconds(root, 'run', '--once'):.2f} s")
        print(f"audit verify: {_seconds(root, 'audit', 'verify', times=1):.1f} s")
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
