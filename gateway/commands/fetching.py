# SPDX-License-Identifier: EUPL-1.2
"""``fetch``: take a file out of a municipality's inbox, and say that it was received."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, JsonOption, StateOption, err, location_of, out
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.fetching import Fetched
    from gateway.location import Location


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        epilog="Example: knooppunt fetch OPORDE_H22025_0363_0001.pdf --gemeente 0363 --als "
        "m.jansen -o downloads"
    )(fetch)


def fetch(
    name: Annotated[str, typer.Argument(help="The file's name in the inbox.")],
    gemeente: Annotated[str, typer.Option(help="Whose inbox: a code.")],
    directory: Annotated[Path, typer.Option("-o", help="The folder to put it in.")],
    als: Annotated[
        str,
        typer.Option(help="The user who fetches it. A name that is typed is a weak binding."),
    ] = "",
    confirm: Annotated[
        str,
        typer.Option(help="Fetch nothing: acknowledge this earlier download, of the file in -o."),
    ] = "",
    no_confirm: Annotated[
        bool, typer.Option("--no-confirm", help="Do not acknowledge it: --confirm does so later.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Copy a file out of an inbox, and acknowledge it. Each is a leaf in the audit log.

    Served is our word, and comes before the copy. Acknowledged is the digest of what was written,
    read back: it must be that of what was served. `trace` shows which of them there is.

    Exit code 1 when the digest is not that of what was served: then it is not acknowledged.
    """
    from gateway import fetching

    location = location_of(config, state)
    if confirm:
        path = os.path.join(directory, name)
        got = fetching.Fetched(confirm, path, fetching.digest(path)[0], None)
    else:
        got = fetching.fetch(location, name, gemeente, str(directory), als)
    posts = bool(confirm) or not no_confirm
    wrong = _confirm(location, got, als) if posts else None
    _tell(got, posts and wrong is None, wrong, as_json=as_json)
    raise typer.Exit(0 if wrong is None else 1)


def _confirm(location: Location, got: Fetched, user: str) -> GatewayError | None:
    """Post the digest; why it was refused, if it was."""
    from gateway import fetching

    try:
        fetching.confirm(location, got.id, got.path, user)
    except GatewayError as error:
        return error
    return None


def _tell(got: Fetched, done: bool, wrong: GatewayError | None, *, as_json: bool) -> None:
    if as_json:
        found = got._asdict() | {"acknowledged": done, "binding": "zwak"}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        said = "acknowledged" if done else "served, not acknowledged"
        weak = "(weak binding: a name that was typed)"
        out.print(Text(f"{got.path}: {said}, download {got.id} {weak}"))
    if wrong is not None:
        err.print(Text(f"knooppunt: {wrong.sentence}"))
        err.print(Text(f"  {wrong.hint}"))
