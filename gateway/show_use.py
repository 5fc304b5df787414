# SPDX-License-Identifier: EUPL-1.2
"""What people see of grants and of use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from gateway.names import toonbaar

Row = dict[str, Any]


def grants(console: Console, rows: list[Row]) -> None:
    """Grants (and, in a history, revocations), oldest first."""
    if not rows:
        console.print("Nobody is authorised for what you asked about.")
        console.print("Give a grant with: knooppunt grant USER AANLEVERING --gemeente CODE")
        return
    table = [("since (UTC)", "", "gemeente", "aanlevering", "user", "as", "by", "leaf")]
    for row in rows:
        what = f"withdraws for {row['mandaat_van']}" if row["mandaat_van"] else row["rol"]
        table.append(
            (row["at"][:19].replace("T", " "), row["soort"], row["gemeentecode"],
             row["aanlevering"], toonbaar(row["gebruiker"]), what, toonbaar(row["door"]),
             str(row["leaf"]))
        )  # fmt: skip
    _print(console, table)


def uses(console: Console, rows: list[Row], *, more: bool) -> None:
    """Who used what, oldest first. File names are shown as the store keeps them: safely written."""
    if not rows:
        console.print("Nothing here fits what you asked about.")
        return
    table = [("at (UTC)", "use", "user", "gemeente", "uitwisseling", "status", "name")]
    for row in rows:
        status = f"{row['status']} [{row['code']}]" if row["code"] else row["status"]
        table.append(
            (row["at"][:19].replace("T", " "), row["use"], toonbaar(row["gebruiker"]) or "-",
             row["gemeentecode"] or "----", row["uitwisseling"] or "-", status,
             row["naam"])
        )  # fmt: skip
    _print(console, table)
    if more:
        console.print(Text("there were more, older ones: ask for fewer, or for more with -n",
                           style="yellow"))  # fmt: skip


def _print(console: Console, table: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for number, cells in enumerate(table):
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        console.print(Text(line.rstrip(), style="" if number else "dim"))
