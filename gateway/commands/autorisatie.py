# SPDX-License-Identifier: EUPL-1.2
"""``grant``, ``revoke`` and ``grants``: who is authorised for which aanlevering."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, JsonOption, StateOption, location_of, out

if TYPE_CHECKING:
    from gateway.location import Location

UserArgument = Annotated[
    str,
    typer.Argument(
        help="The user as the chain sees one: a login name, or the name of a sub-folder."
    ),
]
AanleveringArgument = Annotated[
    str, typer.Argument(help="What for: an id of aanleveringen in config.yaml, such as gmsd.")
]
GemeenteOption = Annotated[
    list[str],
    typer.Option("--gemeente", help="From whose outbox: a code. Repeat it for more of them."),
]
MandateOption = Annotated[
    str,
    typer.Option(
        "--mandate", help="The municipality on whose behalf the user may withdraw: its code."
    ),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why, for who reads it later; stays in the database.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        epilog="Example: knooppunt grant m.jansen gmsd --gemeente 0363 --coordinator      "
        "Example: knooppunt grant m.jansen gmsd --gemeente 0363 --mandate 0034"
    )(grant)
    app.command(epilog="Example: knooppunt revoke m.jansen gmsd --gemeente 0363")(revoke)
    app.command(epilog="Example: knooppunt grants --gemeente 0363")(grants)


def grant(
    user: UserArgument,
    aanlevering: AanleveringArgument,
    gemeente: GemeenteOption,
    mandate: MandateOption = "",
    coordinator: Annotated[
        bool,
        typer.Option(
            "--coordinator", help="This user is who refusals send people to, there and for this."
        ),
    ] = False,
    reason: ReasonOption = "",
    grondslag: Annotated[
        Path | None,
        typer.Option(help="The document that a mandate rests on: its SHA-256 goes into the log."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Authorise a user for an aanlevering, with every exchange in it.

    Asked only where config.yaml says `autorisatie: verplicht` of that aanlevering. With --mandate:
    the right to withdraw on behalf of that other municipality, from the outbox of --gemeente.
    Works while a gateway runs and while none does. Each grant is a leaf in the audit log; files
    seen before it are judged without it. The user's name stands in the log as a commitment only.
    """
    body = _body(user, aanlevering, gemeente, mandate, reason) | {
        "rol": "coordinator" if coordinator else "gebruiker",
        "grondslag": _digest(grondslag),
    }
    answer = _ask(location_of(config, state), "grant", body, as_json=as_json)
    if not as_json:
        _tell_granted(answer, aanlevering)


def _tell_granted(answer: dict[str, Any], aanlevering: str) -> None:
    for one in answer["done"]:
        out.print(Text(f"granted    {_shown(one)}"))
    for one in answer["already"]:
        out.print(Text(f"held it    {_shown(one)}"))
    if answer["open"]:
        out.print(
            Text(
                f"note: {aanlevering} is open, so everybody passes, but where an exchange demands "
                "a binding; once config.yaml says autorisatie: verplicht all need a grant",
                style="yellow",
            )
        )
    out.print("Next: knooppunt grants")


def revoke(
    user: UserArgument,
    aanlevering: AanleveringArgument,
    gemeente: GemeenteOption,
    mandate: MandateOption = "",
    reason: ReasonOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Take a grant, or with --mandate a mandate, back.

    What was seen before is judged as it was then. Exit code 1 when there was no such grant.
    """
    body = _body(user, aanlevering, gemeente, mandate, reason)
    answer = _ask(location_of(config, state), "revoke", body, as_json=as_json)
    if not as_json:
        for one in answer["done"]:
            out.print(Text(f"revoked    {_shown(one)}"))
        for one in answer["already"]:
            out.print(Text(f"not held   {_shown(one)}"))
    raise typer.Exit(1 if answer["already"] else 0)


def grants(
    gemeente: Annotated[str, typer.Option(help="Only for this municipality's outbox.")] = "",
    aanlevering: Annotated[str, typer.Option(help="Only for this aanlevering.")] = "",
    gebruiker: Annotated[str, typer.Option(help="Only of this user.")] = "",
    op: Annotated[
        str,
        typer.Option(help="As it was at this time (ISO 8601, Dutch time), not as it is now."),
    ] = "",
    history: Annotated[
        bool, typer.Option("--all", help="Every grant and revocation, also of what ended.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Who is authorised for what, since when and by whom.

    Exit code 1 when nobody is.
    """
    from gateway import show_use
    from gateway.periods import klok_of
    from gateway.store_use import grants_of

    location = location_of(config, state)
    until = klok_of(op, "--op") if op else None
    wanted = {"gemeentecode": gemeente, "aanlevering": aanlevering, "gebruiker": gebruiker}
    found = grants_of(location.database, wanted, until, history=history)
    if as_json:
        typer.echo(json.dumps({"grants": found}, ensure_ascii=False, indent=2))
    else:
        show_use.grants(out, found)
    raise typer.Exit(0 if found else 1)


def _body(
    user: str, aanlevering: str, gemeenten: list[str], mandate: str, reason: str
) -> dict[str, Any]:
    from gateway.asking import asker

    return {
        "gebruiker": user,
        "aanlevering": aanlevering,
        "gemeenten": list(dict.fromkeys(gemeenten)),
        "mandaat_van": mandate,
        "rol": "gebruiker",
        "reden": reason,
        "grondslag": "",
        "door": asker(),
    }


def _digest(path: Path | None) -> str:
    if path is None:
        return ""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ask(location: Location, kind: str, body: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    from gateway.asking import ask

    answer = ask(location, kind, body)
    if as_json:
        told = {"done": answer["done"], "already": answer["already"]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    return answer


def _shown(one: dict[str, str]) -> str:
    from gateway.names import toonbaar

    mandate = f", withdrawing on behalf of {one['mandaat_van']}" if one["mandaat_van"] else ""
    role = ", coordinator" if one["rol"] == "coordinator" else ""
    who = toonbaar(one["gebruiker"])
    return f"{who}: {one['aanlevering']} of {one['gemeentecode']}{role}{mandate}"
