# SPDX-License-Identifier: EUPL-1.2
"""The commands ``knooppunt audit ...``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import ConfigOption, JsonOption, StateOption, err, location_of, out

app = typer.Typer(no_args_is_help=True, help="The audit log.")


@app.command("verify", epilog="Example: knooppunt audit verify --since old-checkpoint")
def audit_verify(
    directory: Annotated[
        Path | None, typer.Argument(help="The audit folder. Default: that of this chain.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="A checkpoint that you kept: is this log its continuation?")
    ] = None,
    vkey: Annotated[
        Path | None, typer.Option(help="The log's key as you got it from elsewhere (a .vkey file).")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(help="A C2SP policy file: did the witnesses that it names sign this log?"),
    ] = None,
    tsa_ca: Annotated[
        list[Path] | None,
        typer.Option(
            help="PEM files, the option once for each: root, issuers, their revocation list, and "
            "the certificate of the authority whose time stamps count."
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Was the log changed, shortened or re-signed?

    Step by step, from its folder alone; the database is not read. Says also what it did not
    prove. Exit code 1 when the log is not whole.
    """
    from gateway import show
    from gateway.verifying import verify

    where = str(directory) if directory else location_of(config, state).audit
    report = verify(where, since, vkey, err, policy, tsa_ca or ())
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        show.verification(out, report)
    raise typer.Exit(0 if report.ok else 1)
