# SPDX-License-Identifier: EUPL-1.2
"""The commands ``knooppunt config ...``."""

from __future__ import annotations

import json
import os

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, JsonOption, location_of, out
from gateway.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="The configuration.")


@app.command("check", epilog="Example: knooppunt config check")
def config_check(
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Is the configuration right?

    Every fault at once, with line, column and the fix; and notes on parties that CBS's list
    of today knows otherwise (merged since, or by another name), which are no faults.
    Exit code 0 when it is, 2 when it is not.
    """
    from gateway.location import read_config
    from gateway.moment import Clock
    from gateway.partijen import opmerkingen
    from gateway.periods import dag_van

    location = location_of(config, None)
    try:
        found = read_config(location.config_path)
    except ConfigError as error:
        if not as_json:
            raise
        typer.echo(json.dumps({"ok": False, "problems": list(error.problems) or [error.sentence]}))
        raise typer.Exit(2) from None
    named = {code: one.naam for code, one in found.partijen.items()}
    notes = opmerkingen(named, dag_van(Clock().nu()))
    if as_json:
        typer.echo(json.dumps({"ok": True, "problems": [], "notes": notes}))
        return
    out.print(
        Text(f"{location.config_path} is right: {len(found.partijen)} parties, "
             f"{len(found.uitwisselingen)} exchanges.")
    )  # fmt: skip
    for note in notes:
        out.print(Text(f"note: {note}", style="yellow"))
    where = os.path.relpath(os.path.dirname(os.path.abspath(location.config_path)))
    out.print(Text(f"Next: a running gateway takes it over by itself; or: knooppunt init {where}"))
