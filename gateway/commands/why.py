# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt why``: the answer for one file."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gateway.commands.options import (
    ConfigOption,
    JsonOption,
    StateOption,
    config_of,
    location_of,
    out,
)


def why(
    path: Annotated[  # as text: a path is looked at before we know whether it answers
        str, typer.Argument(metavar="PATH", help="A file, or where it lay when it was dropped.")
    ],
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Why does this file lie there, or where did it go?

    A file that waits has a reason, and a moment at which it is looked at again. One that was taken
    is told with where it is now. In a folder where nothing is ever taken: which was perhaps meant.

    Exit code 1 when nothing lies there and nothing was taken there under that name.
    """
    from gateway import show
    from gateway.why import explain

    location = location_of(config, state)
    found = explain(location, config_of(location), path)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show.why(out, found)
    known = found["lies_here"] or found["code"] in ("onderweg", "genomen", "andere-map")
    raise typer.Exit(0 if known else 1)
