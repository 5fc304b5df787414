# SPDX-License-Identifier: EUPL-1.2
"""``seal``, ``deliver`` and ``idp run``: how a user signs what is handed in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, StateOption, err, location_of, out

FileArgument = Annotated[
    Path, typer.Argument(help="The file, under the name that it is to be handed in by.")
]
CodeOption = Annotated[str, typer.Option("--gemeente", help="Whose it is: a code, such as 0363.")]

idp = typer.Typer(
    no_args_is_help=True, help="The simulated identity broker, at which employees log in."
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        epilog="Example: knooppunt seal OPTIN_H22025.xml --gemeente 0363 --als coordinator"
    )(seal)
    app.command(
        epilog="Example: knooppunt deliver OPTIN_H22025.xml --gemeente 0363 --als coordinator"
    )(deliver)
    idp.command("run", epilog="Example: knooppunt idp run")(idp_run)
    app.add_typer(idp, name="idp")


def seal(
    file: FileArgument,
    gemeente: CodeOption,
    als: Annotated[
        str, typer.Option("--als", help="The employee who seals. Left out: the municipality does.")
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Seal a file: make FILE.p7s beside it. That is a detached CMS signature over its exact bytes.

    Signs with the key of that trust domain (knooppunt keys list). Drop FILE.p7s and FILE together
    in the outbox, the seal first. A seal that was there is replaced.
    """
    from gateway.binding import client

    made = client.seal(location_of(config, state), str(file), gemeente, als)
    out.print(Text(f"made    {made}"))
    out.print(Text(f"Next: put {os.path.basename(made)} and {file.name} in an outbox"))


def deliver(
    file: FileArgument,
    gemeente: CodeOption,
    als: Annotated[str, typer.Option("--als", help="The employee who logs in.")],
    idp: Annotated[
        str, typer.Option("--idp", help="The broker's address. Default: eherkenning.uitgever.")
    ] = "",
    uitwisseling: Annotated[
        str, typer.Option("--uitwisseling", help="The exchange, where the name does not say it.")
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Hand a file in with eHerkenning. Logs in over its manifest, then drops both in the outbox.

    The login (a new one, each time) signs the hash of the manifest: name, size and SHA-256 of the
    file, and the newest checkpoint of the log. Beside FILE comes FILE.eh.json with all of it.
    Needs the broker: knooppunt idp run.
    """
    from gateway.binding import client

    where = client.deliver(
        location_of(config, state), str(file), gemeente, als, broker=idp, exchange=uitwisseling
    )
    out.print(Text(f"dropped {os.path.relpath(where)}, signed by {als} of {gemeente}"))
    out.print("Next: knooppunt run      (or look with: knooppunt status)")


def idp_run(
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="Default: that of eherkenning.uitgever."),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Run the simulated identity broker on loopback, until Ctrl-C.

    An OpenID Connect provider (authorization code flow with PKCE). It asks no secret: whoever
    reaches it can log in as any employee of config.yaml. Never for real use.
    """
    from gateway.binding import client, serving
    from gateway.location import read_config

    location = location_of(config, state)
    known = read_config(location.config_path).eherkenning.uitgever
    own = urlsplit(known)
    issuer = f"http://127.0.0.1:{port}" if port else known
    if issuer != known:
        err.print(Text(f"note: GGk believes {known} (config.yaml: eherkenning.uitgever), not this"))
    made = client.broker(location, issuer)
    held = serving.bound(port or own.port or 80)
    out.print(
        Text(f"the broker listens on {issuer} for {len(made.users)} employees; Ctrl-C ends it")
    )
    serving.serve(made.app(), held)
