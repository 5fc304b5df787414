# SPDX-License-Identifier: EUPL-1.2
"""The commands that keep a chain going for years: ``backup``, ``restore`` and ``purge``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from gateway.commands.options import (
    ConfigOption,
    JsonOption,
    StateOption,
    config_of,
    err,
    location_of,
    out,
)
from gateway.errors import FolderError


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(epilog="Example: knooppunt backup /backup/knooppunt-2026-02-20")(backup)
    app.command(epilog="Example: knooppunt restore /backup/knooppunt-2026-02-20")(restore)
    app.command(epilog="Example: knooppunt purge      Example: knooppunt purge --do")(purge)


def backup(
    directory: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    keys: Annotated[
        bool, typer.Option("--keys", help="The log's private key too: then guard it like the key.")
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Make a backup of the state, also while a gateway runs.

    The database as of one commit, checked, and the configuration that was in force. The published
    log can be made again from it. Files of municipalities and receivers are not in it.
    """
    from gateway.backup import backup as make

    for line in make(location_of(config, state), str(directory), keys=keys):
        out.print(Text(line))
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
    from gateway.verifying import kept_checkpoint

    location = location_of(config, state)
    kept = kept_checkpoint(since) if since else None
    found = read_config(location.config_path)
    for line in put_back(
        location, found, str(directory), since=kept, go_on=go_on, log_lost=log_lost
    ):
        out.print(Text(line))
    out.print("Next: knooppunt run, and knooppunt audit verify")


def purge(
    do: Annotated[
        bool, typer.Option("--do", help="Take it away; without it, only say what.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """What is past its time to be kept: names, users, copies.

    `bewaren` in config.yaml says how long. Without --do only what would go, by kind of message.
    With it: the copies in verzonden/ and quarantaine/, the personal fields of the store and what
    opens the leaves; never a leaf, so the log stays whole and says who purged. Works while a
    gateway runs and while none does.

    Exit code 2 when a copy cannot be seen, read or removed: what belongs to that message is left
    for later, the others go.
    """
    from gateway.retention import carry_out, plan

    location = location_of(config, state)
    found = (carry_out if do else plan)(
        location, config_of(location), lambda line: err.print(Text(line))
    )
    told = {"done": do, **found.to_json()}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _tell_purged(told, done=do)
    if found.left:
        partly = found.partly.total()
        raise FolderError(
            f"{found.left.total()} messages are left for later: "
            + "; ".join(f"{one['berichten']} as {one['reden']}" for one in told["left"])
            + (f". Of their files {partly} went; their names stay until all did" if partly else ""),
            hint="mend that (rights on what lies there, a share that is away), then purge again",
        )


def _tell_purged(told: dict[str, Any], *, done: bool) -> None:
    rows = told["rows"]
    for row in rows:
        out.print(Text(
            f"{row['soort']:<10} {row['uitwisseling'] or '(none)':<26} older than {row['dagen']} "
            f"days: {row['berichten']} messages, {row['bestanden']} files of ours"
        ))  # fmt: skip
    if not rows:
        out.print("nothing went" if told["left"] else "nothing is past its time")
    elif done:
        out.print("purged. Backups of before hold it still: remove those too")
    else:
        out.print("nothing was taken away. Next: knooppunt purge --do")
