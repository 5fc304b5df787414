# SPDX-License-Identifier: EUPL-1.2
"""What operators and testers see in a terminal: route log, trace, status, verification.

Every value that came from outside is shown by :func:`gateway.names.toonbaar`: no control
characters, one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

from gateway import screens
from gateway.audit.report import ASKED, NAMES, Report
from gateway.model import Event, Levering
from gateway.periods import dutch

Row = dict[str, Any]

_COLOURS = {
    "accepted": "cyan",
    "relayed": "blue",
    "delivered": "green",
    "acknowledged": "bold green",
    "received": "bold green",
    "confirmed": "bold green",
    "rejected": "red",
    "refused": "red",
    "conflict": "bold red",
    "quarantined": "yellow",
    "remark": "yellow",
    "repeated": "yellow",
}
_CODES = {"cyan": "36", "blue": "34", "green": "32", "red": "31", "yellow": "33"}
_ANSI = {
    kind: ";".join(["1"] * style.startswith("bold ") + [_CODES[style.removeprefix("bold ")]])
    for kind, style in _COLOURS.items()
}
"""The same colours as terminals know them: the route log is too fast for anything richer."""


def route_lines(console: Console, happened: Iterable[tuple[Event, Levering]]) -> None:
    """The route log as it happens. Written in one go: at full speed it is thousands of lines."""
    colour = console.is_terminal
    console.file.write(
        "".join(
            _line(
                levering.gemeentecode, levering.uitwisseling, levering.direction, event.station,
                event.type, screens.place(event.place), screens.name(event.name or levering.naam),
                event.code, colour,
            )
            for event, levering in happened
        )
    )  # fmt: skip
    console.file.flush()


def tail_line(console: Console, row: Row) -> None:
    """One line of the route log, as the store remembers it."""
    line = _line(
        row["gemeentecode"], row["uitwisseling"], row["direction"], row["station"], row["type"],
        row["place"], row["name"], row["code"], console.is_terminal,
    )  # fmt: skip
    console.file.write(f"{row['at'][11:23]} {line}")
    console.file.flush()


def _line(code: str, exchange: str, direction: str, station: str, kind: str, place: str,
          name: str, why: str, colour: bool) -> str:  # fmt: skip
    arrow = "->" if direction == "heen" else "<-"
    if place.startswith("quarantaine/"):
        place = place[: len("quarantaine/") + 8] + "..."
    told = f"{kind:<13}"
    if colour and kind in _ANSI:
        told = f"\x1b[{_ANSI[kind]}m{told}\x1b[0m"
    reason = f"  [{why}]" if why else ""
    start = f"{code or '----':<5}{exchange or '-':<26}{arrow} {station:<6}"
    return f"{start}{told}{place:<24} {name}{reason}\n"


def trace(console: Console, messages: list[Row]) -> None:
    """All that happened to each delivery, step by step."""
    for message in messages:
        console.print()
        head = Text(message["names"][0], style="bold")
        head.append(f"  {message['status']}", style=_COLOURS.get(message["status"], ""))
        console.print(head)
        rows = [
            ("referentienummer", message["referentienummer"]),
            ("gemeente", message["gemeentecode"]),
            ("uitwisseling", f"{message['uitwisseling'] or '-'} ({message['direction']})"),
            ("uitvraag", message["uitvraag"]),
            ("sha-256", f"{message['sha256']}  {message['size']} bytes"),
            ("answers", message["answers_to"] or ""),
        ]
        for label, value in rows:
            if value:
                console.print(Text(f"  {label:<17} {value}"))
        _receipts(console, message)
        _events(console, message["events"])


_RECEIPT = {
    "confirmed": "confirmed by its receiver's own seal: {name}",
    "awaited": "its receiver's sealed receipt is awaited until {due}",
    "missing": "its receiver's sealed receipt was to be here by {due}, and is MISSING",
}


def _receipts(console: Console, message: Row) -> None:
    """What its receiver sealed, and who fetched it: with a digest posted, or by our word alone."""
    receipt = message["receipt"]
    if receipt:
        style = "bold red" if receipt["state"] == "missing" else ""
        told = _RECEIPT[receipt["state"]].format(**receipt)
        console.print(Text(f"  {'receipt':<17} {told}", style=style))
    for one in message["downloads"]:
        when = one["acknowledged"]
        said = f"acknowledged {when}" if when else "served, not acknowledged"
        console.print(Text(f"  {'download':<17} {one['served']}  {one['name']}: {said} "
                           "(weak binding: a name that was typed)"))  # fmt: skip


def _events(console: Console, events: list[Row]) -> None:
    width = max((len(one["place"]) for one in events), default=0)
    sealed = any(_standing(one) not in ("", "logged") for one in events)
    console.print(Text(f"  {'at (UTC)':<13}{'+ms':>7}  station event         {'place':<{width}}"
                       f"   leaf  {'stands at    ' * sealed}name", style="dim"))  # fmt: skip
    for one in events:
        leaf = "" if one["leaf"] is None else str(one["leaf"])
        leaf += f" {_standing(one):<12}" if sealed else ""
        line = Text(f"  {one['at'][11:23]:<13}{one['ms']:>7}  {one['station']:<8}")
        line.append(f"{one['type']:<14}", style=_COLOURS.get(one["type"], ""))
        console.print(line + Text(f"{one['place']:<{width}}{leaf:>{20 if sealed else 7}}"
                                  f"  {one['name']}"))  # fmt: skip
        if one["remark"] and one["type"] in ("remark", "rejected", "refused", "conflict"):
            console.print(Text(f"{'':>38}{one['remark']}", style="yellow"))


def _standing(event: Row) -> str:
    """Where a leaf stands: logged, witnessed, timestamped; stamped only: witnesses lack."""
    seal = event.get("seal")
    if seal is None:
        return ""
    lacks = seal["state"] == "timestamped" and seal["witnessed"] is None
    return "stamped only" if lacks else str(seal["state"])


def status(console: Console, found: Row) -> None:
    """How things stand, in one screen."""
    console.print(Text(f"nu (chain's clock)   {found['nu']}"))
    console.print(Text(f"under way            {found['under_way']}"))
    unanswered = found["unanswered"]
    since = f", the oldest since {unanswered['oldest']}" if unanswered["count"] else ""
    console.print(Text(f"no answer yet        {unanswered['count']}{since}"))
    for one in found["unconfirmed"]:
        console.print(Text(f"no receipt           {one['count']} of {one['uitwisseling']}, the "
                           f"oldest of {one['oldest']}", style="bold red"))  # fmt: skip
    console.print(Text(f"in quarantine        {found['quarantine']}"))
    if found["cbs"]:
        console.print(Text(f"CBS (simulated)      {_counterpart(found['cbs'])}"))
    _refused(console, found["config"]["refused"])
    size, root = found["audit"]["size"], found["audit"]["root"]
    console.print(Text(f"audit log            {size} leaves" + (f", root {root}" if root else "")))
    told = [f"{place} {number} behind" if number else f"{place} up to date"
            for place, number in found["ldv"].items() if number is not None]  # fmt: skip
    console.print(Text(f"logboek (LDV)        {', '.join(told) or 'off'}"))
    _sealed(console, found["audit"])
    if found["deliveries"]:
        width = max(len(row["uitwisseling"]) for row in found["deliveries"])
        width = max(width, len("(none)"))
        console.print()
        console.print(Text(f"{'exchange':<{width}}  way     status          files  latest",
                           style="dim"))  # fmt: skip
        for row in found["deliveries"]:
            line = Text(f"{row['uitwisseling'] or '(none)':<{width}}  {row['direction']:<8}")
            line.append(f"{row['status']:<13}", style=_COLOURS.get(row["status"], ""))
            console.print(line + Text(f"{row['count']:>8}  {row['latest']}"))
    if found["waiting"]:
        console.print()
        console.print(Text("not taken yet:"))
        waiting(console, found["waiting"])
    if not found["deliveries"] and not found["waiting"]:
        console.print("\nNothing was delivered yet: drop a file in "
                      "folders/gemeenten/<code>/outbox/ and type: knooppunt run")  # fmt: skip


def _refused(console: Console, refused: str) -> None:
    """Why config.yaml as it is on the disk is not in force, a fault a line."""
    if refused:
        said = f"\n{'':<21}".join(one.strip() for one in refused.split("\n"))
        console.print(Text(f"config.yaml          {said}", style="bold red"))
        console.print("                     the one before stays in force until this is mended")


def _counterpart(found: Row) -> str:
    """How the simulated CBS stands, in a line."""
    running = "runs" if found["runs"] else "does not run (knooppunt run --stations ggk,rinis,cbs)"
    due = f", the next at {found['next_due']}" if found["next_due"] else ""
    aside = f"; {found['set_aside']} set aside" if found["set_aside"] else ""
    return (
        f"{running}; {found['to_check']} files to check, {found['to_send']} answers to send"
        f"{due}{aside}: knooppunt cbs status"
    )


def _sealed(console: Console, audit: Row) -> None:
    """What others signed of the log, and who of them fails."""
    if audit["fork"]:
        console.print(Text(f"FORK                 {audit['fork']}", style="bold red"))
    if audit["witnessed"] or audit["timestamped"] or audit["peers"]:
        told = f"{audit['witnessed']} leaves, {audit['timestamped']} time-stamped"
        console.print(Text(f"witnessed            {told}"))
    for one in audit["peers"]:
        if one["failing_since"]:
            told = f"{one['name']} fails since {one['failing_since']}: {one['reason']}"
            console.print(Text(f"                     {told}", style="yellow"))


def waiting(console: Console, rows: list[Row]) -> None:
    """Files that lie where we claim from, each with its reason."""
    for row in rows:
        console.print(Text(f"  {row['path']}: {row['reason']} [{row['code']}]"))


def waiting_long(console: Console, rows: list[Row]) -> None:
    """Files that are not taken, each with its reason, since when, and what comes next."""
    for row in rows:
        console.print(Text(f"{row['path']}: {row['reason']} [{row['code']}]"))
        _moments(console, row)
    if not rows:
        console.print("Everything that lay where the chain takes from was taken.")


def _moments(console: Console, row: Row) -> None:
    if row["since"]:
        console.print(Text(f"  since {dutch(row['since'])}"))
    if row["next"]:
        console.print(Text(f"  next  {dutch(row['next'])}"))
    elif row["code"] not in ("genomen", "onderweg", "onbekend", "geen-plaats", "map"):
        console.print(Text("  next  when somebody changes that; it is not tried by itself"))


def why(console: Console, row: Row) -> None:
    """The answer for one path."""
    console.print(Text(f"{row['path']}: {row['reason']} [{row['code']}]"))
    _moments(console, row)
    if row["meant"]:
        console.print(Text(f"  perhaps meant: {row['meant']}"))
    told = row["messages"][:-1] if row["code"] == "genomen" else row["messages"]
    for one in told:
        console.print(Text(f"  taken before: {one['referentienummer']} {one['status']}, "
                           f"last in {one['place']} as {one['name']}"))  # fmt: skip
    if row["messages"]:
        number = row["messages"][-1]["referentienummer"]
        console.print(Text(f"Next: knooppunt trace {number}"))


def verification(console: Console, report: Report) -> None:
    """The numbered steps of ``audit verify``, the verdict, and what it does not prove."""
    taken = {step.name: step for step in report.steps}
    for number, name in enumerate(NAMES, 1):
        step = taken.get(name)
        if step is None:
            mark, detail = Text("-   ", style="yellow"), f"not taken, for it takes {ASKED[name]}"
        else:
            mark = Text("ok  ", style="green") if step.ok else Text("BAD ", style="bold red")
            detail = step.detail
        console.print(Text(f"{number:>2}. ") + mark + Text(f"{name}: {detail}"))
    verdict = "the log is whole" if report.ok else "the log is NOT whole"
    style = "bold green" if report.ok else "bold red"
    console.print(Text(f"{verdict}: {report.origin}, {report.size} leaves", style=style))
    if report.first_bad_leaf is not None:
        console.print(Text(f"first bad leaf: {report.first_bad_leaf}", style="red"))
    if report.first_bad_tile is not None:
        console.print(Text(f"first bad tile: {report.first_bad_tile}", style="red"))
    for one in report.not_proven:
        console.print(Text(f"not proven: {one}", style="dim"))
