# SPDX-License-Identifier: EUPL-1.2
"""A case: copy the prepared chain, end it at call N in a certain way, restart it, check it.

A case's name is ``<mode>@<N>``, or ``<mode>@<N>+<M>`` when its recovery is ended too, at call M.
"""

from __future__ import annotations

import os
import queue
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from tests.crash import invariants, scenario
from tests.crash.machine import ROOT, Disk, Machine, why_no_power_loss, work
from tests.crash.scenario import Chain, Gateway

T = TypeVar("T")
R = TypeVar("R")
LAST = 20
"""Calls before the end that a failure shows."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A way to fail.

    ``layout``: what lies where. ``one``: all on one disk; ``apart``: the state on the far disk;
    ``spread``: CBS's folders and the quarantine on the far disk; ``beside``: one disk, but a
    gateway for each station, each with a state of its own.
    ``off``: which disks lose power (``near``, ``far``); none: the process is killed, no more.
    ``flushed``: their file systems had just committed their journals by themselves.
    ``taken``: the receivers empty their inboxes between the crash and the restart; ``acted``: they
    did so before the power went. ``again``: the senders drop other files under the same names
    meanwhile. ``torn``: half of the last write is done. ``clash``: a file of another has the name
    that one of ours is to get. ``weak``: the far disk has no journal, so that nothing but our
    own syncs puts names on it. ``two``: the clerk has a process of its own; ``alone``: only the
    process that makes the call ends.
    """

    name: str
    layout: str = "one"
    off: tuple[str, ...] = ()
    flushed: bool = False
    taken: bool = False
    acted: bool = False
    again: bool = False
    torn: bool = False
    clash: bool = False
    weak: bool = False
    two: bool = False
    alone: bool = False


_BOTH = ("near", "far")
MODES = {
    mode.name: mode
    for mode in (
        Mode("kill"),
        Mode("kill-taken", taken=True),
        Mode("kill-again", taken=True, again=True),
        Mode("kill-torn", torn=True),
        Mode("kill-clash", clash=True),
        Mode("kill-spread", "spread"),
        Mode("kill-spread-clash", "spread", clash=True),
        Mode("kill-beside", "beside", taken=True),
        Mode("kill-two", two=True, taken=True),
        Mode("kill-two-alone", two=True, alone=True),
        Mode("power", off=("near",)),
        Mode("power-taken", off=("near",), taken=True),
        Mode("power-acted", off=("near",), acted=True),
        Mode("power-torn", off=("near",), torn=True),
        Mode("power-flushed", off=("near",), flushed=True),
        Mode("power-state-weak", "apart", ("far",), weak=True),
        Mode("power-apart", "apart", _BOTH),
        Mode("power-apart-taken", "apart", _BOTH, taken=True),
        Mode("power-apart-flushed", "apart", _BOTH, flushed=True),
        Mode("power-two", "apart", _BOTH, two=True, taken=True),
        Mode("power-share", "apart", ("near",)),
        Mode("power-share-taken", "apart", ("near",), taken=True),
        Mode("power-share-acted", "apart", ("near",), acted=True),
        Mode("power-state", "apart", ("far",)),
        Mode("power-state-taken", "apart", ("far",), taken=True),
        Mode("power-spread", "spread", _BOTH),
        Mode("power-spread-far", "spread", ("far",), taken=True),
        Mode("power-spread-flushed", "spread", _BOTH, flushed=True),
    )
}
KILLS = [name for name, mode in MODES.items() if not mode.off]
POWER = [name for name, mode in MODES.items() if mode.off]
FAR_FOLDERS = ("cbs", "quarantaine")
TURNS = 3
"""How often each gateway of a chain runs: more than answers need to travel both ways."""


class InvariantError(AssertionError):
    """What must hold does not, after a run that was not ended; ``calls`` are those it made."""

    def __init__(self, said: str, calls: tuple[str, ...]) -> None:
        super().__init__(said)
        self.calls = calls


@dataclass(frozen=True, slots=True)
class Case:
    """One way to fail at one moment."""

    mode: Mode
    at: int
    then: int = 0
    near: str = ""
    """When given, ``at`` counts only calls whose line this expression matches, and not the others,
    of which there are now more and now less: how often the log is published goes by the clock."""
    past: int = 0
    """With ``near``: so many calls after that one."""

    def __str__(self) -> str:
        moment = f"{self.at}" + (f"+{self.then}" if self.then else "")
        return f"{self.mode.name}@{moment}" + (f" of {self.near!r}+{self.past}" * bool(self.near))

    def counted(self, calls: tuple[str, ...]) -> int:
        """How many of these calls count."""
        return sum(not self.near or bool(re.search(self.near, line)) for line in calls)

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
        return "\n".join(lines).replace(f"{work()}/", "")


class Bench:
    """One worker's machine: a fork server and two disks, with a prepared chain of each layout."""

    _numbers = count(1)

    def __init__(self, package: Path = ROOT) -> None:
        self.name = f"bench{next(Bench._numbers)}"
        self.machine = Machine(package)
        self.has_disks = not why_no_power_loss()
        self.near, self._journaled = Disk(f"{self.name}-near"), Disk(f"{self.name}-far")
        self._weak = Disk(f"{self.name}-weak", journal=False)
        self.far = self._journaled
        self._prepared: dict[tuple[str, bool], Chain] = {}

    def close(self) -> None:
        """Give everything back."""
        self.unmount()
        self.machine.stop()

    # --- disks ---

    def mount(self, layout: str, *, swapped: bool = False) -> None:
        """Mount the disks; for ``spread``, folders of the far one in the chain on the near one.

        ``swapped``: in the other order, so that each gets another device number than before.
        """
        for disk in (self.far, self.near) if swapped else (self.near, self.far):
            disk.mount()
        if layout == "spread":
            for name in FAR_FOLDERS:
                self.near.bind(self.far.at / name, f"keten/folders/{name}")

    def unmount(self) -> None:
        """Unmount them; what lost power loses what was not synced."""
        self.near.unmount()
        self.far.unmount()

    def empty(self) -> None:
        """Both disks, empty and mounted."""
        self.unmount()
        for disk in (self.near, self.far):
            disk.format()
            disk.mount()

    # --- a fresh chain for each case ---

    def _new(self, layout: str) -> Chain:
        config = self.near.at / "keten" / "config.yaml"
        if layout == "apart":
            return Chain(config, (Gateway(state=self.far.at / "staat/hier"),))
        if layout == "beside":
            return Chain(config, (Gateway("ggk"), Gateway("rinis", self.near.at / "staat-rinis")))
        return Chain(config)

    def _kept(self, layout: str, disk: Disk) -> Path:
        return work() / f"{disk.image.stem}-{layout}-{self.far.journal}"

    def _prepare(self, layout: str) -> Chain:
        """Make the chain of a layout once; keep what the disks hold then."""
        if (layout, self.far.journal) in self._prepared:
            return self._prepared[layout, self.far.journal]
        chain = self._new(layout)
        if self.has_disks:
            self.empty()
            if layout == "spread":
                for name in FAR_FOLDERS:
                    (self.far.at / name).mkdir()
                    (chain.folders / name).mkdir(parents=True)
                self.mount(layout)
        else:
            _clear(self.near.at)
            _clear(self.far.at)
        scenario.make(self.machine, chain)
        self.unmount()
        for disk in (self.near, self.far):
            if self.has_disks:
                shutil.copyfile(disk.image, self._kept(layout, disk))
            else:
                shutil.copytree(disk.at, self._kept(layout, disk))
        self._prepared[layout, self.far.journal] = chain
        return chain

    @contextmanager
    def chain(self, mode: Mode) -> Iterator[Chain]:
        """A copy of the prepared chain, on disks as they are after a clean shutdown."""
        self.unmount()
        self.far = self._weak if mode.weak else self._journaled
        prepared = self._prepare(mode.layout)
        self.unmount()
        for disk in (self.near, self.far):
            if self.has_disks:
                disk.become(self._kept(mode.layout, disk))
            else:
                _clear(disk.at)
                shutil.copytree(self._kept(mode.layout, disk), disk.at, dirs_exist_ok=True)
        if self.has_disks:
            self.mount(mode.layout)
        chain = replace(prepared, drops=list(prepared.drops), bag=[])
        chain.in_order = not (mode.off and mode.layout == "spread")
        if mode.clash:
            chain.a_foreign_file_has_the_name()
        yield chain

    def _off(self, mode: Mode) -> list[Disk]:
        return [self.near if one == "near" else self.far for one in mode.off]

    # --- a case ---

    def run(self, case: Case) -> Result:
        """Play a case from beginning to end."""
        mode, result = case.mode, Result(case)
        with self.chain(mode) as chain:
            if not self._crash(chain, case, result):
                return result
            if case.then and not result.wrong:
                result.calls += ("-- restart --",)
                if not self._crash(chain, Case(mode, case.then), result):
                    return result
            if not result.wrong:
                self._finish(chain, result)
            if result.wrong:
                self._keep(case)
        return result

    def _runs(self, chain: Chain) -> list[Gateway]:
        """A whole round is each gateway's run; with several, in turns."""
        return list(chain.gateways * (1 if len(chain.gateways) == 1 else TURNS))

    def _crash(self, chain: Chain, case: Case, result: Result) -> bool:
        """Run, be ended at call N of these runs, and let happen what happens before a restart."""
        mode, at = case.mode, case.at
        off = () if mode.acted or mode.weak else tuple(disk.at for disk in self._off(mode))
        for gateway in self._runs(chain):
            ended = self.machine.run(
                chain.run(gateway, two=mode.two),
                chain.roots,
                at,
                near=case.near,
                past=case.past,
                torn=mode.torn,
                flushed=mode.flushed,
                alone=mode.alone,
                off=off,
            )
            result.calls += ended.calls
            result.said += ended.said
            # Without its clerk the engine says so and ends, as after any failed sync.
            ended_alone = mode.alone and ended.code == 2 and case.counted(ended.calls) >= at
            if ended.died or ended_alone:
                self._meanwhile(chain, mode, result)
                return True
            if ended.code != 0 or (not case.past and case.counted(ended.calls) >= at):
                result.wrong.append(f"ended with {ended.code} instead of dying")
                return False
            at -= case.counted(ended.calls)
        result.fired = False
        return False

    def _meanwhile(self, chain: Chain, mode: Mode, result: Result) -> None:
        """Between the crash and the restart."""
        if mode.acted:
            chain.receivers_empty_their_inboxes()
            chain.at_least_once = True
        if mode.acted or mode.weak:
            for disk in self._off(mode):
                disk.power_off()
        self._power_returns(mode)
        result.wrong += [f"at once: {one}" for one in invariants.at_once(chain)]
        if mode.taken:
            chain.receivers_empty_their_inboxes()
        if mode.again:
            chain.senders_drop_the_same_names_again()
        os.sync()  # what others did meanwhile lasts, also when the power goes again

    def _power_returns(self, mode: Mode) -> None:
        if mode.off:
            self.unmount()
            self.mount(mode.layout, swapped=True)  # as after a start of the machine

    def _finish(self, chain: Chain, result: Result) -> None:
        # With several gateways it is another than the one that crashed that goes on first.
        for gateway in self._runs(chain)[::-1]:
            ended = self.machine.run(chain.run(gateway), chain.roots)
            result.said += "-- restart --\n" + ended.said
            if ended.code != 0:
                result.wrong.append(f"the restart ended with {ended.code}")
                return
        result.wrong += invariants.at_the_end(chain)

    def count(self, mode: Mode) -> tuple[str, ...]:
        """The changing calls of a run that nothing ends; checks that one as well.

        Raises :class:`InvariantError`.
        """
        calls: tuple[str, ...] = ()
        with self.chain(mode) as chain:
            for gateway in self._runs(chain):
                ended = self.machine.run(chain.run(gateway, two=mode.two), chain.roots)
                assert ended.code == 0, ended.said
                calls += ended.calls
            for disk in self._off(mode):  # what was said to be done is done, and stays so
                disk.power_off()
            self._power_returns(mode)
            wrong = invariants.at_once(chain) + invariants.at_the_end(chain)
            if wrong:
                raise InvariantError(f"{mode.name}@end: " + "\n".join([*wrong, ended.said]), calls)
        return calls

    def count_recovery(self, mode: Mode, at: int) -> tuple[str, ...]:
        """The changing calls of the restart after a crash at call N."""
        with self.chain(mode) as chain:
            case = Case(mode, at)
            if not self._crash(chain, case, Result(case)):
                return ()
            calls: tuple[str, ...] = ()
            for gateway in self._runs(chain):
                argv = chain.run(gateway, two=mode.two)
                calls += self.machine.run(argv, chain.roots).calls
            return calls

    def _keep(self, case: Case) -> None:
        """KNOOPPUNT_CRASH_KEEP=DIR keeps what a failed case left behind."""
        keep = os.environ.get("KNOOPPUNT_CRASH_KEEP")
        for disk in (self.near, self.far):
            if keep:
                kept = Path(keep) / f"{case}-{disk.at.stem.split('-')[-1]}"
                shutil.copytree(disk.at, kept, dirs_exist_ok=True)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path)


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
        return self.each(lambda bench, case: bench.run(case), cases)

    def each(self, do: Callable[[Bench, T], R], things: Iterable[T]) -> list[R]:
        """Do something for each, on any bench; results in their order."""

        def one(thing: T) -> R:
            with self.one() as bench:
                return do(bench, thing)

        with ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(one, things))

    def close(self) -> None:
        """Give everything back."""
        for bench in self._all:
            bench.close()


def sample(calls: tuple[str, ...], wanted: int, phase: float = 0.0) -> list[int]:
    """Moments to fail at, evenly over a run; few of them among the many writes to the WAL.

    ``phase``, from 0 to 1, shifts them all, so that several modes do not fail at the same ones.
    """
    rare = [
        number
        for number, line in enumerate(calls, 1)
        if not (" pwrite " in line and ".groot" not in line and number % 16) and "-shm" not in line
    ]
    wanted = min(wanted, len(rare))
    return sorted({rare[int((i + phase) * len(rare) / wanted) % len(rare)] for i in range(wanted)})
