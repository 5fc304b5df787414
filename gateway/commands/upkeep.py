# SPDX-License-Identifier: EUPL-1.2
"""The commands that keep a chain going for years: ``backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, StateOption, location_of, out
from gateway.errors import StateError


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(epilog="Example: knooppunt backup /backup/knooppunt-2026-02-20")(backup)
    app.command(epilog="Example: knooppunt restore /backup/knooppunt-2026-02-20")(restore)


def backup(
    directory: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    keys: Annotated[
        bool, typer.Option("--keys", help="The log's private key too: then guard it like the key.")
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Make a backup of the state, also while a gateway runs.

    The database as of one commit, checked, and the configuration. The published log can be made
    again from it. Files of municipalities and receivers are not in it.
    """
    from gateway.backup import backup as make

    made = make(location_of(config, state), str(directory), keys=keys)
    out.print(Text(f"{made['size']} leaves of {made['origin']} in {directory}"))
    out.print(Text(f"Next: keep a copy on another machine; knooppunt restore {directory}"))


def restore(
    directory: Annotated[Path, typer.Argument(help="The folder that `backup` made.")],
    since: Annotated[
        Path | None, typer.Option(help="A checkpoint that somebody kept, newer perhaps than ours.")
    ] = None,
    go_on: Annotated[
        bool,
        typer.Option("--continue", help="Take up published leaves that the backup lacks."),
    ] = False,
    log_lost: Annotated[
        bool,
        typer.Option("--log-lost", help="No published log is left; you vouch that none was newer."),
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Put a backup in place of the database; stop the gateway first.

    Refuses to go back behind the newest checkpoint that it can find: that would fork the log. The
    database that was there is kept beside it. The restore is a leaf.
    """
    from gateway.backup import restore as put_back
    from gateway.location import read_config

    location = location_of(config, state)
    try:
        kept = since.read_bytes() if since else None
    except OSError as error:
        raise StateError(f"{since} cannot be read: {error.strerror}") from None
    found = read_config(location.config_path)
    for line in put_back(
        location, found, str(directory), since=kept, go_on=go_on, log_lost=log_lost
    ):
        out.print(Text(line))
    out.print("Next: knooppunt run, and knooppunt audit verify")
