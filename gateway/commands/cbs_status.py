# SPDX-License-Identifier: EUPL-1.2
"""The command ``cbs status``: how each municipality stands with the simulated CBS."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gateway.commands.options import ConfigOption, JsonOption, StateOption, location_of, out


def status(
    uitvraag: Annotated[
        str, typer.Option("--uitvraag", help="Only this half-year, for example H22025.")
    ] = "",
    gemeente: Annotated[
        str, typer.Option("--gemeente", help="Only this municipality, by its code.")
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """How each municipality stands with the simulated CBS. And what is answered when.

    Its status is one of: niet geleverd, afgekeurd, goedgekeurd, gecorrigeerd, ingetrokken, niet
    gepubliceerd door CBS. Below it stands what CBS still has to send, with the moment on the
    chain's clock at which it is due (knooppunt run --nu turns that clock).
    """
    from gateway import show_cbs
    from gateway.cbs.kijk import status as look

    found = look(location_of(config, state), uitvraag.upper(), gemeente)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show_cbs.status(out, found)
