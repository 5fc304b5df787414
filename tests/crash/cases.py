# SPDX-License-Identifier: EUPL-1.2
"""A case: copy the prepared chain, end it at call N in a certain way, restart it, check it.

A case's name is ``<mode>@<N>``, or ``<mode>@<N>+<M>`` when its recovery is ended too, at call M.
"""

from __future__ import annotations

import os
import queue
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash import invariants, scenario
from tests.crash.machine import ROOT, Disk, Ended, Machine, why_no_power_loss, work
from tests.crash.scenario import Chain

LAST = 20
"""Calls before the end that a failure shows."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to fail.

    ``off``: which disks lose power (``share``, ``state``); none: the process is killed, no more.
    ``apart``: the state lies on a disk of its own. ``taken``: the receivers empty their inboxes
    between the crash and the restart; ``acted``: they did so before the power went. ``again``: the
    senders drop other files under the same names meanwhile. ``torn``: half of the last write is
    done.
    """

    name: str
    off: tuple[str, ...] = ()
    apart: bool = False
    taken: bool = False
    acted: bool = False
    again: bool = False
    torn: bool = False


MODES = {
    mode.name: mode
    for mode in (
        Mode("kill"),
        Mode("kill-taken", taken=True),
        Mode("kill-again", taken=True, again=True),
        Mode("kill-torn", torn=True),
        Mode("power", off=("share",)),
        Mode("power-taken", off=("share",), taken=True),
        Mode("power-torn", off=("share",), torn=True),
        Mode("power-acted", off=("share",), acted=True),
        Mode("power-apart", off=("share", "state"), apart=True),
        Mode("power-apart-taken", off=("share", "state"), apart=True, taken=True),
        Mode("power-share", off=("share",), apart=True),
        Mode("power-share-taken", off=("share",), apart=True, taken=True),
        Mode("power-share-acted", off=("share",), apart=True, acted=True),
        Mode("power-state", off=("state",), apart=True),
        Mode("power-state-taken", off=("state",), apart=True, taken=True),
    )
}
KILLS = [name for name, mode in MODES.items() if not mode.off]
POWER = [name for name, mode in MODES.items() if mode.off]


@dataclass(frozen=True, slots=True)
class Case:
    """One way to fail at one moment."""

    mode: Mode
    at: int
    then: int = 0

    def __str__(self) -> str:
        return f"{self.mode.name}@{self.at}" + (f"+{self.then}" if self.then else "")

    @classmethod
    def parse(cls, text: str) -> Case:
        """The inverse of ``str``."""
        mode, _, moment = text.partition("@")
        at, _, then = moment.partition("+")
        return cls(MODES[mode], int(at), int(then or 0))


@dataclass(slots=True)
class Result:
    """What came of a case. ``fired``: the run got as far as its call N (and M)."""

    case: Case
    fired: bool = True
    wrong: list[str] = field(default_factory=list)
    calls: tuple[str, ...] = ()
    said: str = ""

    def __str__(self) -> str:
        lines = [f"{self.case}:", *(f"  - {one}" for one in self.wrong[:12])]
        lines += [f"      {call}" for call in self.calls[-LAST:]]
        lines += [f"      | {line}" for line in self.said.splitlines()[-12:]]
        return "\n".join(lines)


class Bench:
    """One worker's machine: a fork server and two disks, with a prepared chain of each layout."""

    _made = 0

    def __init__(self, package: Path = ROOT) -> None:
        Bench._made += 1
        self.name = f"bench{Bench._made}"
        self.machine = Machine(package)
        self.has_disks = not why_no_power_loss()
        self._share, self._state = Disk(f"{self.name}-share"), Disk(f"{self.name}-state")
        self._prepared: dict[bool, Chain] = {}
        self._mounted: bool | None = None

    def close(self) -> None:
        """Give everything back."""
        self._share.unmount()
        self._state.unmount()
        self.machine.stop()

    # --- a fresh chain for each case ---

    def _home(self, apart: bool) -> tuple[Path, Path | None]:
        return self._share.at / "keten", (self._state.at / "staat/hier") if apart else None

    def _images(self, apart: bool) -> tuple[Path, Path]:
        kind = "apart" if apart else "one"
        return work() / f"{self.name}-{kind}-share.img", work() / f"{self.name}-{kind}-state.img"

    def _prepare(self, apart: bool) -> Chain:
        """Make the chain of a layout once; keep what the disks hold then."""
        if apart not in self._prepared:
            if self.has_disks:
                for disk in (self._share, self._state):
                    disk.unmount()
                    disk.format()
                    disk.mount()
            chain = scenario.make(self.machine, *self._home(apart))
            if self.has_disks:
                for disk, image in zip((self._share, self._state), self._images(apart), strict=True):
                    disk.unmount()
                    shutil.copyfile(disk.image, image)
            else:
                shutil.copytree(self._share.at, work() / f"{self.name}-{apart}", symlinks=True)
            self._prepared[apart] = chain
        return self._prepared[apart]

    @contextmanager
    def chain(self, mode: Mode) -> Iterator[Chain]:
        """A copy of the prepared chain, on disks as they are after a clean shutdown."""
        prepared = self._prepare(mode.apart)
        if self.has_disks:
            for disk, image in zip(
                (self._share, self._state), self._images(mode.apart), strict=True
            ):
                disk.unmount()
                if disk is self._share or mode.apart:
                    disk.become(image)
                    disk.mount()
        else:
            shutil.rmtree(self._share.at)
            shutil.copytree(work() / f"{self.name}-{mode.apart}", self._share.at)
        yield Chain(prepared.config, prepared.state, list(prepared.drops))

    def _lose_power(self, mode: Mode) -> None:
        for name in mode.off:
            disk = self._share if name == "share" else self._state
            disk.again()

    def _off(self, mode: Mode) -> tuple[Path, ...]:
        return tuple((self._share if one == "share" else self._state).at for one in mode.off)

    # --- a case ---

    def run(self, case: Case) -> Result:
        """Play a case from beginning to end."""
        mode, result = case.mode, Result(case)
        with self.chain(mode) as chain:
            ended = self._crash(chain, mode, case.at)
            result.calls, result.said = ended.calls, ended.said
            if not self._is_crash(ended, case.at, result):
                return result
            self._meanwhile(chain, mode, result)
            if case.then and not result.wrong:
                ended = self._crash(chain, mode, case.then)
                result.calls += ("-- restart --", *ended.calls)
                result.said += ended.said
                if not self._is_crash(ended, case.then, result):
                    return result
                self._meanwhile(chain, mode, result)
            if not result.wrong:
                self._finish(chain, result)
            if result.wrong:
                self._keep(case)
        return result

    def _crash(self, chain: Chain, mode: Mode, at: int) -> Ended:
        off = () if mode.acted else self._off(mode)
        argv = chain.argv("run", "--once")
        return self.machine.run(argv, chain.roots, at, torn=mode.torn, off=off)

    def _is_crash(self, ended: Ended, at: int, result: Result) -> bool:
        if ended.died:
            return True
        result.fired = False
        if ended.code != 0 or len(ended.calls) >= at:
            result.wrong.append(f"ended with {ended.code} instead of dying")
        return False

    def _meanwhile(self, chain: Chain, mode: Mode, result: Result) -> None:
        """Between the crash and the restart."""
        if mode.acted:
            chain.receivers_empty_their_inboxes()
            chain.at_least_once = True
            for name in mode.off:
                (self._share if name == "share" else self._state).power_off()
        self._lose_power(mode)
        result.wrong += [f"at once: {one}" for one in invariants.at_once(chain)]
        if mode.taken:
            chain.receivers_empty_their_inboxes()
        if mode.again:
            chain.senders_drop_the_same_names_again()

    def _finish(self, chain: Chain, result: Result) -> None:
        ended = self.machine.run(chain.argv("run", "--once"), chain.roots)
        result.said += "-- last run --\n" + ended.said
        if ended.code != 0:
            result.wrong.append(f"the restart ended with {ended.code}")
            return
        result.wrong += invariants.at_the_end(chain)

    def count(self, mode: Mode) -> tuple[str, ...]:
        """The changing calls of a run that nothing ends, and that it passes every check."""
        with self.chain(mode) as chain:
            ended = self.machine.run(chain.argv("run", "--once"), chain.roots)
            assert ended.code == 0, ended.said
            wrong = invariants.at_the_end(chain)
            assert not wrong, "\n".join([*wrong, ended.said])
        return ended.calls

    def count_recovery(self, mode: Mode, at: int) -> tuple[str, ...]:
        """The changing calls of the restart after a crash at call N."""
        with self.chain(mode) as chain:
            ended = self._crash(chain, mode, at)
            if not ended.died:
                return ()
            self._meanwhile(chain, mode, Result(Case(mode, at)))
            return self.machine.run(chain.argv("run", "--once"), chain.roots).calls

    def _keep(self, case: Case) -> None:
        """KNOOPPUNT_CRASH_KEEP=DIR keeps what a failed case left behind."""
        keep = os.environ.get("KNOOPPUNT_CRASH_KEEP")
        if keep:
            shutil.copytree(self._share.at, Path(keep) / str(case), dirs_exist_ok=True)
            if case.mode.apart:
                shutil.copytree(self._state.at, Path(keep) / f"{case}.state", dirs_exist_ok=True)


class Benches:
    """As many benches as jobs, lent to whoever has a case to play."""

    def __init__(self, jobs: int, package: Path = ROOT) -> None:
        self.jobs = jobs
        self._free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        self._all = [Bench(package) for _ in range(jobs)]
        for bench in self._all:
            self._free.put(bench)

    @contextmanager
    def one(self) -> Iterator[Bench]:
        """A bench, for a while."""
        bench = self._free.get()
        try:
            yield bench
        finally:
            self._free.put(bench)

    def play(self, cases: Iterable[Case]) -> list[Result]:
        """Play cases, side by side; results in the order of the cases."""

        def play(case: Case) -> Result:
            with self.one() as bench:
                return bench.run(case)

        with ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(play, cases))

    def close(self) -> None:
        """Give everything back."""
        for bench in self._all:
            bench.close()


def sample(calls: tuple[str, ...], wanted: int) -> list[int]:
    """Moments to fail at, evenly over a run; few of them among the many writes to the WAL."""
    rare = [
        number
        for number, line in enumerate(calls, 1)
        if not (" pwrite " in line and number % 16) and "-shm" not in line
    ]
    step = max(1.0, len(rare) / wanted)
    return sorted({rare[int(i * step)] for i in range(min(wanted, len(rare)))})
