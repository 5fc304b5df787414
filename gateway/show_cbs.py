# SPDX-License-Identifier: EUPL-1.2
"""The simulated CBS for people: how each municipality stands, and what is still to come."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

_COLOURS = {
    "goedgekeurd": "green",
    "gecorrigeerd": "green",
    "afgekeurd": "red",
    "ingetrokken": "yellow",
    "niet gepubliceerd door CBS": "yellow",
}
_HEADS = ("uitvraag", "gemeente", "data", "status", "since", "handed in", "published")
_LINE = "{:<8} {:<18} {:<5} {:<32} {:<10} {:<11} {}"


def status(console: Console, found: dict[str, Any]) -> None:
    """What ``knooppunt cbs status`` shows of what ``--json`` gives."""
    running = "" if found["runs"] else "; not running: knooppunt run --stations ggk,rinis,cbs"
    console.print(Text(f"nu (chain's clock)   {found['nu']}{running}"))
    console.print(Text(_LINE.format(*_HEADS).rstrip(), style="dim"))
    for row in found["gemeenten"]:
        who = f"{row['gemeentecode']} {row['naam'] or ''}".strip()
        what = row["status"] + (" (zonder facultatief)" * row["facultatief_ingetrokken"])
        count = f"{row['leveringen']} ({row['resterend']} left)" if row["leveringen"] else "-"
        line = _LINE.format(
            row["uitvraag"], who, row["uitwisseling"], what, _day(row["sinds"]), count,
            row["publicatie"],
        )  # fmt: skip
        text = Text(line, no_wrap=True)
        text.highlight_words([row["status"]], _COLOURS.get(row["status"], ""))
        console.print(text, soft_wrap=True)
    if found["antwoorden"]:
        console.print("\nto be sent by CBS:")
    for row in found["antwoorden"]:
        why = f"  {row['reden']}" if row["reden"] else ""
        console.print(Text(f"  {row['op'][:16]}  {row['naam'] or row['soort']}{why}"))
    for row in found["terzijde"]:
        console.print(Text(f"set aside: {row['rinis_code']}/{row['naam']}: {row['reden']}"))


def _day(moment: str | None) -> str:
    return moment[:10] if moment else "-"
