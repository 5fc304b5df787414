# SPDX-License-Identifier: EUPL-1.2
"""What the commands share: options, the screen, and finding the chain that is meant.

Larger groups of commands stand beside this file, each in a module of its own; ``cli.py`` puts them
together.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from gateway.errors import ConfigError, GatewayError

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.location import Location

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="The config.yaml to use. Default: config.yaml here, else above."),
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", help="Where the state lies. Default: folders/.state beside config."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document, for programs.")]


def fail(error: GatewayError) -> NoReturn:
    """Say what is wrong, where, and what now; end with exit code 2."""
    if isinstance(error, ConfigError):
        for problem in error.problems:
            err.print(Text(problem))
    err.print(Text(f"knooppunt: {error.sentence}"))
    if error.hint:
        err.print(Text(f"  {error.hint}"))
    sys.exit(2)


def location_of(config: Path | None, state: Path | None) -> Location:
    """Find the chain that is meant; say which configuration, where none was named."""
    from gateway.location import Location, find_config, missing

    placed = str(state) if state else None
    path = str(config) if config else find_config(os.getcwd(), placed)
    if not os.path.isfile(path):
        raise missing(path, state=placed)
    if config is None:
        err.print(Text(f"using {os.path.relpath(path)}", style="dim"))
    return Location.of(path, placed)


def config_of(location: Location) -> Config:
    """The configuration in force (``current.py``); a line where that is not the one on the disk."""
    from gateway.current import in_use

    return in_use(location, lambda line: err.print(Text(line, style="yellow")))
