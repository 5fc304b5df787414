# SPDX-License-Identifier: EUPL-1.2
"""The chain's rate with two witnesses and a time stamping authority running, against without them.

The load is that of ``throughput.py``: 10 KB files of three municipalities, from outbox to CBS's
inbox. With: two witness processes, ``knooppunt tsa run``, and a checkpoint sent to all of them each
five seconds, twelve times as often as by default. Both run in turn, pair by pair, since the
machine's speed drifts; what counts is the ratio of each pair. The clean stop, with its last
attempt, is timed apart.

Usage: python bench/witness.py [--messages N] [--pairs N] [--folder DIR] [--seconds S]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from throughput import _timed, make_inputs

WITNESSES = ("cbs", "gemeente")
PARTIES = (("witness", "run", "cbs"), ("witness", "run", "gemeente"), ("tsa", "run"))


def measure(folder: str, count: int, seconds: int, *, witnesses: bool) -> dict[str, float]:
    """One run in this process: seconds and CPU of the chain, CPU of the parties, time to stop."""
    from gateway.chain import Chain
    from gateway.location import Location
    from gateway.runs import tune
    from gateway.setup import init

    root = Path(folder) / "chain"
    init(str(root))
    parties = [_party(root, words) for words in PARTIES] if witnesses else []
    try:
        _configure(root, [url for _, url in parties], seconds)
        tune()
        location = Location.of(str(root / "config.yaml"))
        with Chain(location, apart=True, getuigen={"aan": witnesses}) as running:
            make_inputs(root, count)
            found = _timed(running.run_once)
            began = time.perf_counter()
        found["stop"] = time.perf_counter() - began
        found["parties"] = sum(_cpu_of(one.pid) for one, _ in parties)
        checkpoints = Path(location.audit) / "checkpoints"
        found["archived"] = len(list(checkpoints.glob("*[0-9]")))
        found["tokens"] = len(list(checkpoints.glob("*.tsr")))
    finally:
        for one, _ in parties:
            one.terminate()
            one.wait()
    delivered = list((root / "folders" / "cbs" / "in" / "GMSDWMO").glob("*.csv"))
    assert len(delivered) == count, f"{len(delivered)} of {count} arrived"
    return found


def _party(root: Path, words: tuple[str, ...]) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "gateway.cli", *words, "--port", "0"]
    one = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    line = one.stdout.readline() if one.stdout else ""
    return one, line.rpartition(" on ")[2].partition(";")[0]


def _configure(root: Path, urls: list[str], seconds: int) -> None:
    if not urls:
        return
    lines = [f"\ngetuigen:\n  tussenpoos_s: {seconds}\n  tsa: {urls[2]}\n  adressen:\n"]
    lines += [f"    getuige-{n}: {url}\n" for n, url in zip(WITNESSES, urls, strict=False)]
    with (root / "config.yaml").open("a", encoding="utf-8") as file:
        file.writelines(lines)


def _cpu_of(pid: int) -> float:
    """CPU seconds of a process and of those it waited for (openssl, once a token)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(n) for n in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def child(kind: str, folder: str, asked: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", kind, "--folder", folder]
    command += ["--messages", str(asked.messages), "--seconds", str(asked.seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure pairs and print the ratio of each, and the median."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="between two checkpoints")
    parser.add_argument("--folder", default=None, help="on which file system (default: here)")
    parser.add_argument("--child", choices=("with", "without"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        found = measure(
            asked.folder, asked.messages, asked.seconds, witnesses=asked.child == "with"
        )
        print(json.dumps(found))
        return
    top = tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd())
    try:
        _pairs(asked, top)
    finally:
        shutil.rmtree(top)


def _pairs(asked: argparse.Namespace, top: str) -> None:
    rows = []
    for number in range(asked.pairs + 1):
        kinds = ("with", "without") if number % 2 else ("without", "with")
        pair = {}
        for kind in kinds:
            folder = os.path.join(top, f"{number}-{kind}")
            os.mkdir(folder)
            pair[kind] = child(kind, folder, asked)
        if number == 0:
            continue  # a warm-up
        rows.append(pair)
        on, off = pair["with"], pair["without"]
        rates = [asked.messages / one["wall"] for one in (on, off)]
        print(f"pair {number}: {rates[0]:.0f}/s with, {rates[1]:.0f}/s without, "
              f"ratio {rates[0] / rates[1]:.2f}; "
              f"CPU {on['cpu']:.2f} s and {on['parties']:.2f} s of the parties, against "
              f"{off['cpu']:.2f} s; {on['archived']:.0f} checkpoints, {on['tokens']:.0f} tokens; "
              f"stop {on['stop']:.2f} s against {off['stop']:.2f} s", flush=True)  # fmt: skip
    walls = [row["without"]["wall"] / row["with"]["wall"] for row in rows]
    cpus = [row["without"]["cpu"] / row["with"]["cpu"] for row in rows]
    print(f"median: {statistics.median(walls):.2f} of the rate without, "
          f"{statistics.median(cpus):.2f} by the chain's CPU")  # fmt: skip


if __name__ == "__main__":
    main()
