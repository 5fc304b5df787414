# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt quarantine``: what was set aside, why, and what a person decides about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from gateway.location import Location

app = typer.Typer(
    no_args_is_help=True, help="Files that were set aside: what they are, what becomes of them."
)

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Folders in quarantine; the first characters of a name will do."),
]
CodeOption = Annotated[str, typer.Option("--code", help="Only those with this code.")]
PartyOption = Annotated[str, typer.Option("--gemeente", help="Only those of this party (code).")]
ExchangeOption = Annotated[str, typer.Option("--uitwisseling", help="Only those of this exchange.")]
BeforeOption = Annotated[
    str, typer.Option("--before", help="Only those set aside before this time (ISO 8601).")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why you decide this; it is recorded. Required.")
]
ByOption = Annotated[
    str, typer.Option("--by", help="Who decides it. Default: your login name. It is recorded.")
]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Do not ask, when files are chosen by a filter.")
]


@app.command("list", epilog="Example: knooppunt quarantine list --code geen-uitwisseling")
def list_(
    code: CodeOption = "",
    gemeente: PartyOption = "",
    uitwisseling: ExchangeOption = "",
    before: BeforeOption = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that a person decided on.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """What was set aside, why, and since when; oldest first.

    Exit code 1 when nothing is held, or no file fits; 2 for an exchange or municipality that there
    is not.
    """
    from gateway import held

    location = location_of(config, state)
    wanted = held.Filter(code, gemeente, uitwisseling, before, everything=everything)
    _known(location, gemeente, uitwisseling)
    found = held.listed(location, wanted)
    if as_json:
        typer.echo(json.dumps({"held": found}, ensure_ascii=False, indent=2))
    elif found:
        held.show_list(out, found)
    else:
        out.print(Text(held.nothing_fits(location, wanted)))
    raise typer.Exit(0 if found else 1)


@app.command(epilog="Example: knooppunt quarantine show 01KAQ7")
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A folder in quarantine.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """One file: what it is, why it lies there. What release would mean, and who decided what.

    Exit code 1 when there is no such file.
    """
    from gateway import held

    location = location_of(config, state)
    found = held.one(location, config_of(location), id_)
    if found is None:
        out.print(Text(f"There is no {id_!r} in quarantine. See: knooppunt quarantine list --all"))
        raise typer.Exit(1)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        held.show_one(out, found)


@app.command(epilog="Example: knooppunt quarantine release 01KAQ7 --as wmo --reason 'naam klopt'")
def release(
    ids: Ids = None,
    chosen: Annotated[
        str, typer.Option("--as", help="The exchange of a municipality's file, chosen by you.")
    ] = "",
    reason: ReasonOption = "",
    by: ByOption = "",
    dry_run: DryOption = False,
    yes: YesOption = False,
    code: CodeOption = "",
    gemeente: PartyOption = "",
    uitwisseling: ExchangeOption = "",
    before: BeforeOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Send files into the chain again. Once, also when two people do it at the same time.

    By name, or by filters. A refused drop goes on as the delivery that it was; a refused envelope
    is judged again; after a name conflict ours gets the next number. What would be refused again
    for the same reason is not released: it says why. A gateway may be running or not; when none
    runs the file goes as far as the next folder, and on when one does.

    Exit code 1 when one of the files was not released, or none fits; 2 for a filter by an exchange
    or municipality that there is not.
    """
    from gateway import held

    location = location_of(config, state)
    wanted = held.Filter(code, gemeente, uitwisseling, before)
    _known(location, gemeente, uitwisseling)
    order = held.Order("release", by, reason, chosen, ids or [], wanted)
    _decide(held.plan(location, config_of(location), order), location, dry_run, yes, as_json)


@app.command(epilog="Example: knooppunt quarantine drop --code leeg-bestand --before 2026-01-01 "
             "--reason opgeruimd")  # fmt: skip
def drop(
    ids: Ids = None,
    reason: ReasonOption = "",
    by: ByOption = "",
    dry_run: DryOption = False,
    yes: YesOption = False,
    code: CodeOption = "",
    gemeente: PartyOption = "",
    uitwisseling: ExchangeOption = "",
    before: BeforeOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Decide that files go no further. Nothing is destroyed: they move to the archive.

    The archive is folders/quarantaine/.archief/; who decided it and why is in the log.

    Exit code 1 when one of the files was not dropped, or none fits; 2 for a filter by an exchange
    or municipality that there is not.
    """
    from gateway import held

    location = location_of(config, state)
    wanted = held.Filter(code, gemeente, uitwisseling, before)
    _known(location, gemeente, uitwisseling)
    order = held.Order("drop", by, reason, "", ids or [], wanted)
    _decide(held.plan(location, config_of(location), order), location, dry_run, yes, as_json)


def _known(location: Location, gemeente: str, uitwisseling: str) -> None:
    """Say so when there is no such party or exchange: a slip is no "nothing is held of it".

    What was ever set aside here counts beside the configuration: its exchange may be gone since.
    """
    from gateway import held
    from gateway.config_kruis import of_bedoelde_u
    from gateway.errors import GatewayError

    rows = held.listed(location, held.Filter(everything=True)) if gemeente or uitwisseling else []
    there = "in config.yaml, and nothing of it was ever set aside here"
    if gemeente and all(gemeente != one["gemeentecode"] for one in rows):
        parties = config_of(location).partijen
        if gemeente not in parties:
            raise GatewayError(
                f"there is no party {gemeente!r} {there}", hint=of_bedoelde_u(gemeente, parties)
            )
    if uitwisseling and all(uitwisseling != one["uitwisseling"] for one in rows):
        exchanges = config_of(location).uitwisselingen
        if uitwisseling not in exchanges:
            raise GatewayError(
                f"there is no exchange {uitwisseling!r} {there}",
                hint=of_bedoelde_u(uitwisseling, exchanges),
            )


def _decide(plan: Any, location: Any, dry_run: bool, yes: bool, as_json: bool) -> None:
    from gateway import held

    bulk = not plan.order.ids
    if bulk and not plan.would and not plan.refused:
        if as_json:
            typer.echo(json.dumps(plan.to_json(), ensure_ascii=False, indent=2))
        else:
            out.print(Text(held.nothing_fits(location, plan.order.wanted)))
        raise typer.Exit(1)
    if dry_run or (bulk and not yes):
        if as_json:
            typer.echo(json.dumps(plan.to_json(), ensure_ascii=False, indent=2))
        else:
            held.show_plan(out, plan)
        if not dry_run and plan.would:
            err.print(Text("Nothing was done. Do it with the same words and --yes."))
        raise typer.Exit(0 if dry_run and not plan.refused else 1)
    done = held.carry_out(location, plan)
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False, indent=2))
    else:
        held.show_done(out, location, plan.order.action, done)
    raise typer.Exit(1 if done["refused"] else 0)
