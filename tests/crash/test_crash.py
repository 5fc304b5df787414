# SPDX-License-Identifier: EUPL-1.2
"""Every way to fail, at every call or a sample of them; docs/crash.md says how to read a failure.

KNOOPPUNT_CRASH=full plays every case; KNOOPPUNT_CRASH=kill-taken@137 with -k one_case that one.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.crash import invariants, mutations, small
from tests.crash.cases import KILLS, MODES, POWER, Bench, Benches, Case, Mode, Result, sample
from tests.crash.machine import FULL, MARKS, ROOT, shim, why_no_power_loss

CHOSEN = os.environ.get("KNOOPPUNT_CRASH", "")
SAMPLE = {"kill": 10, "kill-taken": 8, "kill-again": 4, "kill-torn": 4, "kill-clash": 3}
"""Moments of a mode in a sampled run; of any other mode two."""
TAKEN = [name for name in MODES if name.endswith(("-taken", "-acted"))]
AGAIN = [name for name in MODES if name.endswith("-again")]
KILLED = [name for name in KILLS if name not in (*TAKEN, *AGAIN)]
SHARE = [name for name in POWER if name.startswith("power-share") and name not in TAKEN]
STATE = [name for name in POWER if name.startswith("power-state") and name not in TAKEN]
LOST = [name for name in POWER if name not in (*TAKEN, *SHARE, *STATE)]
"""The modes of a whole round, each under the row of reliability.md that it is of."""
RECOVERIES = ("kill", "kill-taken", "kill-spread-clash", "power-taken", "power-apart-taken")
FIRST, SECOND = (12, 60) if FULL else (1, 2)
"""Of a recovery: at how many moments the run is ended, and for each the restart."""

pytestmark = MARKS


def needs_disks(mode: Mode) -> None:
    if (mode.off or mode.layout == "spread") and why_no_power_loss():
        pytest.skip(why_no_power_loss())


def report(results: list[Result]) -> str:
    failed = [result for result in results if result.wrong]
    shown = "\n\n".join(map(str, failed[:5]))
    named = " ".join(str(result.case) for result in failed[:200])
    return f"{len(failed)} of {len(results)} cases fail: {named}\n\n{shown}"


def whole_round(benches: Benches, name: str) -> None:
    """Ended at any call, the chain goes on as if nothing had happened: once, whole, in order."""
    mode = MODES[name]
    needs_disks(mode)
    with benches.one() as bench:
        calls = bench.count(mode)
    phase = list(MODES).index(name) / len(MODES)
    moments = range(1, len(calls) + 1) if FULL else sample(calls, SAMPLE.get(name, 2), phase)
    results = benches.play(Case(mode, at) for at in moments)
    after = len(calls)
    while FULL and results[-1].fired and after < 2 * len(calls):  # threads vary: until none fires
        after += 1
        results += benches.play([Case(mode, after)])
    assert not any(result.wrong for result in results), report(results)
    assert sum(result.fired for result in results) >= 0.9 * len(results)


@pytest.mark.parametrize("name", KILLED)
def test_row_01_killed_at_every_call(benches: Benches, name: str) -> None:
    """Killed anywhere; where another has our name too."""
    whole_round(benches, name)


@pytest.mark.parametrize("name", LOST)
def test_row_03_power_loss_at_every_call(benches: Benches, name: str) -> None:
    """All the disks at once, or one that holds all."""
    whole_round(benches, name)


@pytest.mark.parametrize("name", SHARE)
def test_row_04_power_loss_of_the_share_only(benches: Benches, name: str) -> None:
    """The state stays: what it promised is held to what the disk gives back."""
    whole_round(benches, name)


@pytest.mark.parametrize("name", STATE)
def test_row_05_power_loss_of_the_state_only(benches: Benches, name: str) -> None:
    """The inbox stays: nothing is delivered twice."""
    whole_round(benches, name)


@pytest.mark.parametrize("name", TAKEN)
def test_row_06_the_inbox_is_emptied_in_between(benches: Benches, name: str) -> None:
    """The receivers took what lay there before the restart, or the power: no second copy."""
    whole_round(benches, name)


@pytest.mark.parametrize("name", AGAIN)
def test_row_34_the_same_name_again_after_a_kill(benches: Benches, name: str) -> None:
    """Other files under the same names come before the restart: each goes, with its own bytes."""
    whole_round(benches, name)


@pytest.mark.parametrize("name", RECOVERIES)
def test_row_02_killed_while_it_recovers(benches: Benches, name: str) -> None:
    """Ended while it recovers, at any call, it recovers from that as well."""
    mode = MODES[name]
    needs_disks(mode)
    with benches.one() as bench:
        calls = bench.count(mode)
    phase = (list(MODES).index(name) + 0.5) / len(MODES)
    moments = sample(calls, FIRST, phase)
    restarts = benches.each(lambda one, at: one.count_recovery(mode, at), moments)
    cases = [
        Case(mode, at, then)
        for at, restart in zip(moments, restarts, strict=True)
        for then in sample(restart, SECOND, phase)
    ]
    results = benches.play(cases)
    assert not any(result.wrong for result in results), report(results)


def test_init(benches: Benches) -> None:
    """``init`` that loses power at any call is finished by a second one; done, it stays done."""
    needs_disks(MODES["power"])
    with benches.one() as bench:
        count = small.init_calls(bench)
    moments = [0, *range(1, count + 1, 1 if FULL else count // 3)]
    cases = [(at, flushed) for flushed in (False, True) for at in moments]
    found = benches.each(lambda one, case: small.init(one, case[0], flushed=case[1]), cases)
    assert not any(found), "\n".join(line for lines in found for line in lines)


@pytest.mark.parametrize("name", ["put", "make_dir", "stage", "restored"])
def test_small(bench: Bench, name: str) -> None:
    """What ``durable.py`` promises by itself holds at power loss; so does an orphan's new place."""
    needs_disks(MODES["power"])
    wrong = getattr(small, name)(bench)
    assert not wrong, "\n".join(wrong)


if "@" in CHOSEN:

    def test_one_case(bench: Bench) -> None:
        """The case that KNOOPPUNT_CRASH names."""
        case = Case.parse(CHOSEN)
        needs_disks(case.mode)
        result = bench.run(case)
        print(result)
        assert not result.wrong, report([result])


@pytest.mark.parametrize(
    "mutation", [m for m in mutations.MUTATIONS if FULL or m.sampled], ids=lambda m: m.name
)
def test_the_suite_itself(mutation: mutations.Mutation) -> None:
    """Without this sync, or with these steps swapped, the named case fails."""
    needs_disks(MODES["power"])
    assert mutations.caught(mutation), f"{mutation.caught_by} does not catch: {mutation.name}"


def test_every_mutation_applies() -> None:
    """The table of mutations is in step with the code."""
    for mutation in mutations.MUTATIONS:
        text = (ROOT / "gateway" / mutation.file).read_text()
        for old, _ in mutation.changes:
            assert text.count(old) == 1, f"{mutation.name}: {mutation.file} no longer has {old!r}"


# --- the shim, and processes started the ordinary way ---------------------------------------------


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", *argv]


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | more


_VARIES = re.compile(r"knooppunt\.db|/\.state/(audit|ldv)(/|$)")


def kinds(calls: tuple[str, ...]) -> Counter[str]:
    """Calls without what differs from run to run: ids, times, how the WAL is cut into writes.

    Nor how often leaves are published: each half second, which under load is more often.
    """
    found: Counter[str] = Counter()
    for line in calls:
        _, call, path = line.split(" ", 2)
        path = re.sub(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-HJKMNP-TV-Z]{26}|[0-9]{17}", "*", path
        )
        if not _VARIES.search(path) and call != "syncfs":
            found[f"{call} {path}"] += 1
    return found


def test_a_real_start_makes_the_same_calls(bench: Bench, tmp_path: Path) -> None:
    """What the fork server's children do is what a process started from the shell does."""
    forked = bench.count(MODES["kill"])
    with bench.chain(MODES["kill"]) as chain:
        log = tmp_path / "log"
        ended = subprocess.run(
            command(*chain.run(chain.gateways[0])),
            env=environment(
                LD_PRELOAD=str(shim()),
                KNOOPPUNT_CRASH_ROOT=":".join(map(str, chain.roots)),
                KNOOPPUNT_CRASH_LOG=str(log),
            ),
            capture_output=True,
        )
        assert ended.returncode == 0, ended.stderr.decode()
        assert not invariants.at_the_end(chain)
    assert kinds(tuple(log.read_text().splitlines())) == kinds(forked)


def test_a_real_start_dies_and_recovers(bench: Bench) -> None:
    """The same without any fork server: SIGKILL in the middle, an ordinary start, all is well."""
    with bench.chain(MODES["kill"]) as chain:
        argv = command(*chain.run(chain.gateways[0]))
        armed = environment(
            LD_PRELOAD=str(shim()),
            KNOOPPUNT_CRASH_ROOT=":".join(map(str, chain.roots)),
            KNOOPPUNT_CRASH_AT="200",
        )
        assert subprocess.run(argv, env=armed, capture_output=True).returncode == -signal.SIGKILL
        assert not invariants.at_once(chain)
        chain.receivers_empty_their_inboxes()
        ended = subprocess.run(argv, env=environment(), capture_output=True)
        assert ended.returncode == 0, ended.stderr.decode()
        assert not invariants.at_the_end(chain)


if FULL and shutil.which("strace"):

    def test_strace_counts_the_same(bench: Bench, tmp_path: Path) -> None:
        """No changing system call escapes the shim."""
        names = "openat,write,pwrite64,writev,ftruncate,fallocate,rename,renameat,renameat2,link"
        names += ",linkat,unlink,unlinkat,rmdir,mkdir,mkdirat,fsync,fdatasync,syncfs,fchmod,chmod"
        names += ",copy_file_range,sendfile,creat,open,symlink,symlinkat,truncate,utimensat"
        log, seen = tmp_path / "log", tmp_path / "strace"
        with bench.chain(MODES["kill"]) as chain:
            tracer = ["strace", "-f", "-qq", "-y", "-e", f"trace={names}", "-o", str(seen)]
            tracer += ["-E", f"LD_PRELOAD={shim()}", "-E", f"KNOOPPUNT_CRASH_LOG={log}"]
            tracer += ["-E", f"KNOOPPUNT_CRASH_ROOT={':'.join(map(str, chain.roots))}"]
            ended = subprocess.run(
                [*tracer, *command(*chain.run(chain.gateways[0]))],
                env=environment(),
                capture_output=True,
            )
            assert ended.returncode == 0, ended.stderr.decode()
            root = str(chain.config.parent)
        # A call that another thread interrupts is two lines; only its first half counts.
        lines = [line for line in seen.read_text().splitlines() if " resumed>" not in line]
        ours = [
            line
            for line in lines
            if root in line
            and str(log) not in line
            and ("open" not in line.split("(")[0] or "O_CREAT" in line or "O_TRUNC" in line)
        ]
        assert len(ours) == len(log.read_text().splitlines())


# --- reliability.md, rows 7 and 9 -----------------------------------------------------------------


def test_row_09_a_second_gateway_on_one_state(bench: Bench) -> None:
    """A second one on the same state says so, ends with an error, and changes nothing."""
    with bench.chain(MODES["kill"]) as chain:
        one = chain.run(chain.gateways[0])
        first = subprocess.Popen(
            command(*(part for part in one if part != "--once")),
            env=environment(),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        try:
            assert first.stderr is not None
            assert b"Ctrl-C" in first.stderr.readline()
            second = bench.machine.run(one, chain.roots)
            assert second.code == 2
            assert "another gateway is running on this state" in second.said
            changing = {line.split(" ", 1)[1] for line in second.calls}
            assert changing == {f"open {chain.states[0]}/lock"}
        finally:
            first.terminate()
            assert first.wait(30) == 0
            first.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_nothing_half_done(bench: Bench, number: int) -> None:
    """Told to stop while it works, it ends soon with exit code 0; the next run goes on."""
    with bench.chain(MODES["kill"]) as chain:
        one = chain.run(chain.gateways[0])
        running = subprocess.Popen(
            command(*(part for part in one if part != "--once")),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert running.stdout is not None
        running.stdout.readline()  # the first event was committed: it is in the middle of things
        asked = time.monotonic()
        running.send_signal(number)
        running.stdout.read()
        assert running.wait(60) == 0
        assert time.monotonic() - asked < 30
        running.stdout.close()
        assert not invariants.at_once(chain)
        ended = bench.machine.run(one, chain.roots)
        assert ended.code == 0, ended.said
        assert not invariants.at_the_end(chain)
