# SPDX-License-Identifier: EUPL-1.2
"""The commands ``cbs ...``: what the simulated CBS can be asked."""

from __future__ import annotations

import typer

from gateway.commands.cbs_status import status

app = typer.Typer(no_args_is_help=True, help="What the simulated CBS can be asked.")
app.command(
    epilog="Example: knooppunt cbs status      Example: knooppunt cbs status --uitvraag H22025"
)(status)
