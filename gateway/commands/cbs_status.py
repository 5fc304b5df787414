# SPDX-License-Identifier: EUPL-1.2
"""The command ``cbs status``: how each municipality stands with the simulated CBS."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.commands.options import ConfigOption, JsonOption, StateOption, location_of, out

_COLOURS = {
    "goedgekeurd": "green",
    "gecorrigeerd": "green",
    "afgekeurd": "red",
    "ingetrokken": "yellow",
    "niet gepubliceerd door CBS": "yellow",
}


def status(
    uitvraag: Annotated[
        str, typer.Option("--uitvraag", help="Only this half-year, for example H22025.")
    ] = "",
    gemeente: Annotated[
        str, typer.Option("--gemeente", help="Only this municipality, by its code.")
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """How does each municipality stand with the simulated CBS, and when is what answered?

    Its status is one of: niet geleverd, afgekeurd, goedgekeurd, gecorrigeerd, ingetrokken, niet
    gepubliceerd door CBS. Below it stands what CBS still has to send, with the moment on the
    chain's clock at which it is due (knooppunt run --nu turns that clock).
    """
    from gateway.cbs.kijk import status as look

    found = look(location_of(config, state), uitvraag.upper(), gemeente)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        _show(out, found)


def _show(console: Console, found: dict[str, Any]) -> None:
    running = "" if found["runs"] else "; not running: knooppunt run --stations ggk,rinis,cbs"
    console.print(Text(f"nu (chain's clock)   {found['nu']}{running}"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("uitvraag", "gemeente", "data", "status", "since", "deliveries", "published"):
        table.add_column(head, no_wrap=True)
    for row in found["gemeenten"]:
        who = f"{row['gemeentecode']} {row['naam'] or ''}".strip()
        what = row["status"] + (" (zonder facultatief)" * row["facultatief_ingetrokken"])
        count = f"{row['leveringen']} ({row['resterend']} left)" if row["leveringen"] else "-"
        table.add_row(
            row["uitvraag"], who, row["uitwisseling"],
            Text(what, style=_COLOURS.get(row["status"], "")), _day(row["sinds"]), count,
            row["publicatie"],
        )  # fmt: skip
    console.print(table)
    if found["antwoorden"]:
        console.print("\nto be sent by CBS:")
    for row in found["antwoorden"]:
        why = f"  {row['reden']}" if row["reden"] else ""
        console.print(Text(f"  {row['op'][:16]}  {row['naam'] or row['soort']}{why}"))
    for row in found["terzijde"]:
        console.print(Text(f"set aside: {row['rinis_code']}/{row['naam']}: {row['reden']}"))


def _day(moment: str | None) -> str:
    return moment[:16].replace("T", " ") if moment else "-"
