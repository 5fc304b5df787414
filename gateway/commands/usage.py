# SPDX-License-Identifier: EUPL-1.2
"""``usage``: who used what, when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.options import (
    ConfigOption,
    JsonOption,
    StateOption,
    config_of,
    location_of,
    out,
)

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.store_use import Wanted

UserOption = Annotated[
    str, typer.Option(help="Only of this user, and what came back on that user's files.")
]
SinceOption = Annotated[
    str, typer.Option(help="From this day or time (ISO 8601, Dutch time), itself included.")
]
UntilOption = Annotated[
    str, typer.Option(help="Until this day or time; a day is included as a whole.")
]


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        epilog="Example: knooppunt usage --uitwisseling wmo --van 2026-02-01 --tot 2026-02-28      "
        "Example: knooppunt usage --gebruiker m.jansen --json"
    )(usage)


def usage(
    uitwisseling: Annotated[str, typer.Option(help="Only this exchange.")] = "",
    aanlevering: Annotated[str, typer.Option(help="Only the exchanges of this aanlevering.")] = "",
    gebruiker: UserOption = "",
    van: SinceOption = "",
    tot: UntilOption = "",
    gemeente: Annotated[str, typer.Option(help="Only this municipality.")] = "",
    lines: Annotated[
        int, typer.Option("-n", min=1, help="How many of the newest, at most.")
    ] = 1000,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Who used what, when: uploads, and what was put ready to fetch.

    By exchange, user, municipality and date, oldest first; no reference is needed. Times are those
    of the log (the machine's clock), also when a tester turned the chain's. Who opened a file that
    was put in an inbox folder is not known here: a folder does not tell.

    Exit code 1 when nothing fits, 2 for an exchange or aanlevering that there is not.
    """
    from gateway import show_use
    from gateway.store_use import used

    location = location_of(config, state)
    of = _aanleveringen(config_of(location))
    _known(location.database, of, uitwisseling, aanlevering)
    wanted = _wanted(of, uitwisseling, aanlevering, gebruiker, gemeente, van, tot)
    found, more = used(location.database, wanted, lines)
    for row in found:
        row["aanlevering"] = of.get(row["uitwisseling"], "")
    if as_json:
        typer.echo(json.dumps({"uses": found, "more": more}, ensure_ascii=False, indent=2))
    else:
        show_use.uses(out, found, more=more)
    raise typer.Exit(0 if found else 1)


def _aanleveringen(config: Config) -> dict[str, str]:
    """The aanlevering of each exchange, by today's configuration."""
    return {one.id: one.aanlevering or "" for one in config.uitwisselingen.values()}


def _known(database: str, of: dict[str, str], uitwisseling: str, aanlevering: str) -> None:
    """Say so when there is no such exchange or aanlevering: a slip is no "nobody used it"."""
    from gateway.config_kruis import of_bedoelde_u
    from gateway.errors import GatewayError
    from gateway.store_use import ever_used

    groups = {group for group in of.values() if group}
    if aanlevering and aanlevering not in groups:
        raise GatewayError(
            f"there is no aanlevering {aanlevering!r} in config.yaml",
            hint=of_bedoelde_u(aanlevering, groups),
        )
    if uitwisseling and uitwisseling not in of and not ever_used(database, uitwisseling):
        raise GatewayError(
            f"there is no exchange {uitwisseling!r} in config.yaml, and none was ever used here",
            hint=of_bedoelde_u(uitwisseling, of),
        )


def _wanted(
    of: dict[str, str], uitwisseling: str, aanlevering: str, gebruiker: str, gemeente: str,
    van: str, tot: str,
) -> Wanted:  # fmt: skip
    from gateway.errors import GatewayError
    from gateway.periods import klok_of
    from gateway.store_use import Wanted

    only = {one for one, group in of.items() if group == aanlevering} if aanlevering else None
    if uitwisseling:
        only = {uitwisseling} if only is None else only & {uitwisseling}
    since = klok_of(van, "--van") if van else None
    until = klok_of(tot, "--tot", end=True) if tot else None
    if since is not None and until is not None and until <= since:
        raise GatewayError(
            f"--tot {tot} is before --van {van}: nothing lies between them",
            hint="give the first day with --van and the last with --tot",
        )
    return Wanted(only, gebruiker, gemeente, since, until)
