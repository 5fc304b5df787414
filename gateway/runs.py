# SPDX-License-Identifier: EUPL-1.2
"""What the commands do: run a chain until told to stop, tell how it stands, verify its log."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from gateway import screens, show
from gateway.chain import Chain, Summary
from gateway.engine import Happened
from gateway.errors import GatewayError, ReaderError
from gateway.folders import Folders, Waiting
from gateway.inhand import DEATHS
from gateway.location import COUNTERPART, Location, read_config
from gateway.moment import Clock, pause
from gateway.names import toonbaar
from gateway.oversight import STDERR, Oversight, Watching
from gateway.periods import moment_of, rfc3339
from gateway.stations import STATIONS
from gateway.store_queries import Reader

if TYPE_CHECKING:  # the simulated CBS and all that it loads only where it was asked for
    from gateway.cbs.lijn import Afloop
    from gateway.cbs.proces import Apart

Row = dict[str, Any]
FOLLOW_SECONDS = 0.3
THREAD_SECONDS = 1.0
"""How long to wait for a thread of a chain that ended; one that a share holds does not end."""

NOTHING = Watching()
"""The simulated CBS: no station, but a process of its own, beside a chain or alone."""


def stations_of(text: str) -> tuple[str, ...]:
    """The stations that ``--stations`` names, or ``cbs``; an error lists those there are."""
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [one for one in chosen if one not in (*STATIONS, COUNTERPART)]
    if not chosen or unknown:
        raise GatewayError(
            f"--stations {text}: there is no station {', '.join(unknown) or '(none named)'}",
            hint=f"choose from: {', '.join((*STATIONS, COUNTERPART))}",
        )
    return chosen


def run_chain(
    location: Location, stations: str, *, once: bool, nu: str, out: Console, err: Console,
    watching: Watching = NOTHING, witnesses: bool = False,
) -> None:  # fmt: skip
    """``knooppunt run``: until stopped by a signal, or with ``once`` until nothing is due.

    A technical log on standard error is alone there: what people read is left out.
    """
    stopped = _stop_by_signal()
    if watching.log == STDERR:
        err = Console(quiet=True)
    tune()
    chosen = stations_of(stations)
    moment = moment_of(nu, "--nu") if nu else None

    def say(line: str) -> None:
        err.print(Text(line, style="yellow"))

    def stop() -> bool:
        return bool(stopped)

    if chosen == (COUNTERPART,):
        _counterpart_alone(location, moment, say, stop, once=once)
        return
    play = partial(_play, location, chosen, say=say, stop=stop, once=once, out=out,
                   watching=watching, witnesses=witnesses)  # fmt: skip
    happened = _play_on(play, moment, say)
    err.print(Text(f"done: {happened} events. Next: knooppunt status", style="dim"))


def _play_on(
    play: Callable[[datetime | None], int], moment: datetime | None, say: Callable[[str], None]
) -> int:
    """Play; when the process that reads files dies of one, go on from the last commit.

    That is a start in this process; the end of it all when a thread of ours is left (a new clerk
    would be a copy of it), or when a file goes on ending it though it is not read any more.
    """
    deaths: Counter[str] = Counter()
    while True:
        try:
            return play(moment)
        except ReaderError as error:
            deaths[error.key] += 1
            if deaths[error.key] > DEATHS or not _alone():
                raise
            say(f"{error.sentence}; the gateway goes on")
            moment = None  # the clock was turned


def _alone() -> bool:
    """Whether no other thread of ours is left: those of a chain that ended go soon."""
    for one in threading.enumerate():
        if one is not threading.current_thread():
            one.join(THREAD_SECONDS)
    return threading.active_count() == 1


def _play(
    location: Location, chosen: tuple[str, ...], moment: datetime | None,
    say: Callable[[str], None], stop: Callable[[], bool], *, once: bool, out: Console,
    watching: Watching, witnesses: bool,
) -> int:  # fmt: skip
    """Play stations, and the counterpart if it is among them; how many events it came to."""
    watch = Oversight(location, read_config(location.config_path), watching, say)

    def tell(happened: list[Happened]) -> None:
        watch.happened(happened)
        show.route_lines(out, happened)

    def warn(stuck: Waiting) -> None:
        watch.stuck(stuck)
        say(_told(stuck))

    apart = not once and (os.cpu_count() or 1) > 1  # what runs for long gets a second process
    hear = (tell, warn, say, watch.blind)
    played = tuple(one for one in chosen if one != COUNTERPART)
    asked = {"aan": True} if witnesses else None
    with (
        watch,
        Chain(
            location, played, *hear, apart=apart, getuigen=asked, reloaded=watch.reloaded
        ) as chain,
    ):
        metrics = watch.begin(chain, alarms=not once)
        where = "" if once else f"{', '.join(chosen)} on {location.root}; Ctrl-C ends it"
        for line in filter(None, (*chain.said, metrics and f"metrics on {metrics}", where)):
            say(line)
        if moment is not None:
            chain.turn_clock(moment)
        summary = _go(chain, say, stop, once=once, cbs=COUNTERPART in chosen)
        _tell_waiting(chain, summary, out)
    return summary.happened


def _go(
    chain: Chain, say: Callable[[str], None], stop: Callable[[], bool], *, once: bool, cbs: bool
) -> Summary:
    """Go round, with the counterpart beside it where that was asked."""
    if not cbs:
        return (chain.run_once if once else chain.run)(stop)
    from gateway.cbs.proces import Apart

    with Apart(chain.location, chain.clock.nu() - Clock().nu(), say) as counterpart:
        if not once:
            return chain.run(stop)
        summary, after = until_quiet(chain, counterpart, stop)
        _say_next(after.volgende, say)
        return summary


def until_quiet(
    chain: Chain, counterpart: Apart, stop: Callable[[], bool] = lambda: False
) -> tuple[Summary, Afloop]:
    """Let both go round: what one sends the other may answer, until neither has anything due."""
    while True:
        summary = chain.run_once(stop)
        after = counterpart.afwikkelen(stop)
        if stop() or not after.gedaan:
            return summary, after


def _counterpart_alone(
    location: Location, moment: datetime | None, say: Callable[[str], None],
    stop: Callable[[], bool], *, once: bool,
) -> None:  # fmt: skip
    """The simulated CBS on the folders of a chain that others play."""
    from gateway.cbs.ginds import alleen

    if not once:
        say(f"{COUNTERPART} on {os.path.join(location.root, COUNTERPART)}; Ctrl-C ends it")
    after = alleen(location, once=once, nu=moment, stop=stop, zeg=say)
    _say_next(after.volgende, say)


def _say_next(moment: datetime | None, say: Callable[[str], None]) -> None:
    if moment is not None:
        say(f"cbs: the next answer is due at {rfc3339(moment)[:16]}, by the chain's clock (--nu "
            "turns it). Next: knooppunt cbs status")  # fmt: skip


def _told(stuck: Waiting) -> str:
    where = f"{screens.place(str(stuck.place))}/{screens.name(toonbaar(stuck.name))}"
    why = screens.name(stuck.reason)
    if stuck.retry is None:
        return f"not used: {where}: {why}"
    return f"cannot go on: {where}: {why}; the others go on, this one is tried again"


def _stop_by_signal() -> list[int]:
    """A list that is filled by the first signal to end."""
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: stopped.append(got))
    return stopped


def tune() -> None:
    """Ready a process that routes and does nothing else.

    What is loaded stays loaded: the collector need not walk over it for every few messages.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _tell_waiting(chain: Chain, summary: Summary, out: Console) -> None:
    if summary.waiting:
        out.print("not taken:")
        show.waiting(out, [_waiting_row(chain.folders, one) for one in summary.waiting])


def _waiting_row(folders: Folders, one: Waiting) -> Row:
    path = screens.name(os.path.join("folders", folders.shown(one.place), toonbaar(one.name)))
    return {"path": path, "code": one.code, "reason": one.reason, "next": one.due or None}


def tail_events(location: Location, lines: int, *, follow: bool) -> Iterator[Row]:
    """The newest events, oldest first; with ``follow`` until interrupted, as they happen."""
    with Reader(location.database) as reader:
        after = max(0, reader.last_event() - lines)
        try:
            while True:
                for row in reader.tail(after):
                    after = row["seq"]
                    yield row
                if not follow:
                    if after >= reader.last_event():
                        return
                    continue
                pause(FOLLOW_SECONDS)
        except KeyboardInterrupt:
            return
