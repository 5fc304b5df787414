# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt sample``: synthetic deliveries to test with, right or wrong as one wishes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from gateway.commands.options import err, out
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.cbs.voorbeeld import Opdracht
    from gateway.cbs.voorbeeld_plan import Plan

app = typer.Typer(
    no_args_is_help=True,
    help="Synthetic deliveries: nobody is in them. With faults at places that you choose, so that "
    "you know what must come back.",
)

MUNICIPALITY = typer.Option(help="Whose file it is: four digits, such as 0363.")
HALF_YEAR = typer.Option(help="Which half-year it is about: H22025 is July to December 2025.")
PLAN = typer.Option(
    metavar="PLAN",
    help="Faults to plant, by comma: kind@line:column, kind@line, kind*number, kind. The line is "
    "the physical one (the header is 1). `knooppunt sample faults` lists the kinds.",
)
OUTPUT = typer.Option(
    "-o", "--output", metavar="FILE", help="Where: a file, a folder, or - for standard output."
)
NAME = typer.Option(
    "--naam",
    metavar="NAME",
    help="Another file name, to see what CBS makes of it; in a ZIP the member's.",
)
EXPECTED = typer.Option(
    metavar="FILE", help="Write here, as JSON, the findings that must come back."
)

PROGRESS_ABOVE = 200_000
"""Rows above which one is told how far it is."""


@app.command(
    epilog="Example: knooppunt sample wmo --gemeente 0363 --uitvraag H22025 --rijen 1000      "
    "Example: knooppunt sample wmo --gemeente 0363 --uitvraag H22025 --rijen 100 "
    "--fouten 'elfproef@12,geen-datum@7:9,lengte*3' --verwacht verwacht.json"
)
def wmo(
    gemeente: Annotated[str, MUNICIPALITY],
    uitvraag: Annotated[str, HALF_YEAR],
    rijen: Annotated[int, typer.Option(min=1, help="How many data rows.")] = 1000,
    fouten: Annotated[str, PLAN] = "",
    seed: Annotated[
        int, typer.Option(help="Another seed gives other people; the same, these.")
    ] = 1,
    output: Annotated[str, OUTPUT] = "",
    name: Annotated[str, NAME] = "",
    as_zip: Annotated[bool, typer.Option("--zip", help="In a ZIP, as its one member.")] = False,
    verwacht: Annotated[str, EXPECTED] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Replace what is there.")] = False,
) -> None:
    """Make a Wmo file that CBS approves, or one with planned faults.

    The same arguments give the same bytes. A longer file begins with the rows of a shorter one,
    and another half-year has the same people. Its name and its first heading say that it is
    synthetic; the BSNs satisfy the elfproef and begin with a 9. Any number of rows: it is never
    held in memory.

    A file is judged on the first step that it fails: a fault of form (step 2) hides those of
    fields (step 3). What --verwacht writes counts with that, and lists the hidden ones apart.
    """
    from gateway.cbs.voorbeeld import Opdracht
    from gateway.cbs.voorbeeld_plan import lees

    opdracht = Opdracht.lees(gemeente, uitvraag, rijen, seed)
    plan = lees(fouten, opdracht)
    path, named = _names(output, name, plan.naam(opdracht), as_zip=as_zip)
    known = _known(named, plan, opdracht)
    if verwacht and not known:
        raise GatewayError(
            f"--verwacht: what CBS makes of the name {named!r} is not known here",
            hint="let the plan choose a wrong name: --fouten naam-teken",
        )
    _make(path, named if as_zip else None, opdracht, plan, replace=replace)
    if verwacht:
        _expect(verwacht, named, plan)
    _tell(path, named, opdracht, plan if known else None)


@app.command(epilog="Example: knooppunt sample faults")
def faults() -> None:
    """List the faults that can be planted, in the order of the check.

    `fout` rejects the file, `signaal` is only reported. The first column named is the one that is
    meant when a plan names none.
    """
    from gateway.cbs.voorbeeld_fouten import FOUTEN

    out.print(Text(_LINE.format("kind", "step", "gravity", "columns", "what is planted")))
    for one in FOUTEN:
        columns = _columns(one.kolommen) or one.plek.value
        line = _LINE.format(one.code, one.stap, one.ernst.value, columns, one.zegt)
        out.print(Text(line.rstrip()))


_LINE = "{:<27}{:<6}{:<10}{:<28}{}"


def _columns(numbers: tuple[int, ...]) -> str:
    """The usual column, and after it all that can be."""
    if len(numbers) < 2:
        return "".join(map(str, numbers))
    every = sorted(set(numbers))
    whole = every == list(range(every[0], every[-1] + 1))
    shown = f"{every[0]}-{every[-1]}" if whole else ", ".join(map(str, every))
    return f"{numbers[0]} (of {shown})"


def _names(output: str, name: str, usual: str, *, as_zip: bool) -> tuple[str, str]:
    """The path that is written (- for standard output), and the name that CBS will judge."""
    if name and (name in (".", "..") or "/" in name or "\0" in name):
        raise GatewayError(f"--naam {name!r}: no disk can hold that name")
    named = name or usual
    file = f"{named.rpartition('.')[0] or named}.zip" if as_zip else named
    if output in ("", "-"):
        return output or file, named
    if output.endswith("/") or os.path.isdir(output):
        return os.path.join(output, file), named
    if as_zip:
        return output, named
    if name:
        raise GatewayError(
            "-o and --naam both name the file", hint="give -o a folder, or leave --naam out"
        )
    return output, os.path.basename(output)


def _known(named: str, plan: Plan, opdracht: Opdracht) -> bool:
    """Whether it is known what CBS makes of a name: one of ours, or one that is surely right."""
    right = re.fullmatch(rf"WMO_{opdracht.uitvraag.code}(_[A-Za-z0-9_-]+)?\.(csv|txt)", named)
    ours = plan.naam(opdracht)
    return named == ours or (right is not None and not any(c.startswith("naam") for c in plan.heel))


def _make(path: str, member: str | None, opdracht: Opdracht, plan: Plan, *, replace: bool) -> None:
    from gateway.cbs.voorbeeld_bestand import bewaar, schrijf, stukken

    def fill(into: IO[bytes]) -> None:
        schrijf(into, member, opdracht, stukken(opdracht, plan, _progress(opdracht.rijen)))

    if path == "-":
        fill(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        bewaar(path, fill, replace=replace)


def _progress(total: int) -> Callable[[int], None]:
    told = 0

    def tell(done: int) -> None:
        nonlocal told
        if done * 10 // total > told and done < total:
            told = done * 10 // total
            err.print(Text(f"{done:,} of {total:,} rows"))

    return tell if total > PROGRESS_ABOVE else lambda _: None


def _expect(path: str, named: str, plan: Plan) -> None:
    from gateway import durable
    from gateway.cbs.voorbeeld_bestand import verwachting

    text = json.dumps(verwachting(named, plan), ensure_ascii=False, indent=2) + "\n"
    durable.put(os.path.abspath(path), text.encode())


def _tell(path: str, named: str, opdracht: Opdracht, plan: Plan | None) -> None:
    """Say what was made, what must come back where that is known, and what to type next."""
    screen = err if path == "-" else out
    who = f"{opdracht.gemeente.code} {opdracht.gemeente.naam}"
    made = (
        f"made {named if path == '-' else path}: {opdracht.rijen:,} synthetic rows of {who} over "
        f"{opdracht.uitvraag.code}, seed {opdracht.seed}"
    )
    screen.print(Text(made))
    stap, seen, hidden = plan.verwacht() if plan else (None, [], [])
    if seen:
        outcome = f"rejected in step {stap}" if stap else "approved"
        count = f"{len(seen):,} finding" + "s" * (len(seen) != 1)
        more = f"; {len(hidden):,} more once that is mended" if hidden else ""
        screen.print(Text(f"must come back: {outcome}, {count}{more}"))
    if path != "-":
        screen.print(Text(f"Next: knooppunt cbs check {path}"))
