# SPDX-License-Identifier: EUPL-1.2
"""What the commands do: run a chain until told to stop, tell how it stands, verify its log."""

from __future__ import annotations

import gc
import json
import os
import signal
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from gateway import show
from gateway.audit import policy as policies
from gateway.audit import verify as audit_verify
from gateway.audit.report import Report
from gateway.audit.stamp import Trust
from gateway.chain import Chain, Summary
from gateway.engine import Happened
from gateway.errors import AuditError, GatewayError
from gateway.folders import Folders, Waiting
from gateway.health import checkup
from gateway.in_force import DIGEST, REFUSED
from gateway.location import Location, read_config
from gateway.lying import Lying
from gateway.moment import Clock, monotonic, pause
from gateway.names import toonbaar
from gateway.oversight import STDERR, Oversight, Watching
from gateway.periods import moment_of
from gateway.standing import sealed
from gateway.stations import STATIONS
from gateway.store_queries import Reader

Row = dict[str, Any]
FOLLOW_SECONDS = 0.3
PROGRESS_SECONDS = 2.0
NOTHING = Watching()


def stations_of(text: str) -> tuple[str, ...]:
    """The stations that ``--stations`` names; an error lists those there are."""
    chosen = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [one for one in chosen if one not in STATIONS]
    if not chosen or unknown:
        raise GatewayError(
            f"--stations {text}: there is no station {', '.join(unknown) or '(none named)'}",
            hint=f"choose from: {', '.join(STATIONS)}",
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

    watch = Oversight(location, read_config(location.config_path), watching, say)

    def tell(happened: list[Happened]) -> None:
        watch.happened(happened)
        show.route_lines(out, happened)

    def warn(stuck: Waiting) -> None:
        watch.stuck(stuck)
        say(_told(stuck))

    apart = not once and (os.cpu_count() or 1) > 1  # what runs for long gets a second process
    hear = (tell, warn, watch.reloaded, watch.blind)
    with watch, Chain(location, chosen, *hear, apart=apart, witnesses=witnesses or None) as chain:
        metrics = watch.begin(chain, alarms=not once)
        where = "" if once else f"{', '.join(chosen)} on {location.root}; Ctrl-C ends it"
        for line in filter(None, (*chain.said, metrics and f"metrics on {metrics}", where)):
            say(line)
        if moment is not None:
            chain.turn_clock(moment)
        summary = (chain.run_once if once else chain.run)(lambda: bool(stopped))
        _tell_waiting(chain, summary, out)
    err.print(Text(f"done: {summary.happened} events. Next: knooppunt status", style="dim"))


def _told(stuck: Waiting) -> str:
    where = f"{stuck.place}/{toonbaar(stuck.name)}"
    return f"cannot go on: {where}: {stuck.reason}; the others go on, this one is tried again"


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
    path = os.path.join("folders", folders.shown(one.place), toonbaar(one.name))
    return {"path": path, "code": one.code, "reason": one.reason, "next": one.due or None}


def standing(location: Location) -> Row:
    """How things stand, as ``status --json`` gives it (docs/schemas/status.schema.json)."""
    with Reader(location.database) as reader:
        head = reader.head()
        offset = timedelta(milliseconds=int(reader.meta("nu_offset_ms") or 0))
        found: Row = {
            "nu": Clock(offset).nu().isoformat(timespec="seconds"),
            "under_way": reader.under_way(),
            "unanswered": reader.unanswered(),
            "config": {
                "in_force": reader.meta(DIGEST) or "",
                "refused": reader.meta(REFUSED) or "",
            },
            "quarantine": _quarantined(location.root),
            "audit": {
                "size": head["size"] if head else 0,
                "root": b64encode(head["root"]).decode() if head else "",
                **sealed(location),
            },
            "deliveries": reader.counts(),
        }
        with Lying(location, reader) as lying:
            found["waiting"] = list(lying.all())
    return found


def checked(location: Location, out: Console, *, as_json: bool) -> int:
    """``knooppunt status --check``: the alarms that stand (docs/schemas/check.schema.json)."""
    alarms = checkup(location, read_config(location.config_path))
    if as_json:
        found = {"ok": not alarms, "alarms": [one._asdict() for one in alarms]}
        out.file.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        for one in alarms:
            out.print(Text(f"{one.sentence} [{one.code}]"))
        out.print(f"{len(alarms)} to look at (docs/internals.md, Alarms)" if alarms else "all well")
    return 1 if alarms else 0


def waiting(location: Location) -> Row:
    """What was not taken and why, as ``status --waiting --json`` gives it."""
    with Reader(location.database) as reader, Lying(location, reader) as lying:
        return {"nu": lying.clock.nu().isoformat(timespec="seconds"), "waiting": list(lying.all())}


def _quarantined(root: str) -> int:
    try:
        entries = os.scandir(os.path.join(root, "quarantaine"))
        return sum(not entry.name.startswith(".") for entry in entries)
    except FileNotFoundError:
        return 0


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


def verify(
    directory: str, since: Path | None, vkey: Path | None, err: Console,
    policy: Path | None = None, tsa_ca: Path | None = None,
) -> Report:  # fmt: skip
    """``knooppunt audit verify``, with progress on standard error once it takes a while."""
    began = monotonic()
    told = [began]

    def progress(done: int, size: int) -> None:
        now = monotonic()
        if now - told[0] >= PROGRESS_SECONDS:
            told[0] = now
            err.print(Text(f"verified {done:,} of {size:,} leaves", style="dim"))

    kept = _read(since) if since else None
    key = _read(vkey).decode("utf-8", "replace").strip() if vkey else None
    asked = policies.parse(_read(policy)) if policy else None
    trust = Trust.parse(_read(tsa_ca)) if tsa_ca else None
    return audit_verify.verify(directory, kept, key, progress, asked, trust)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from None
