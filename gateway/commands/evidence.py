# SPDX-License-Identifier: EUPL-1.2
"""The commands ``knooppunt evidence ...``, and ``audit export`` and ``audit verify-export``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from gateway.commands.options import ConfigOption, JsonOption, StateOption, err, location_of, out
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from gateway.evidence.bundle import Bundle
    from gateway.evidence.steps import Report
    from gateway.location import Location

TrustOption = Annotated[
    Path,
    typer.Option(
        help="A folder of your own with what you trust: a copy of the gateway's vertrouwen/."
    ),
]


class _RefFirst(TyperGroup):
    """``evidence REF`` means ``evidence make REF``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["make", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_RefFirst, no_args_is_help=True, help="Evidence for who has nothing of ours but the file."
)


@app.command(epilog="Example: knooppunt evidence WMO_H22025.csv -o bewijs.asice")
def make(
    ref: Annotated[
        str,
        typer.Argument(help="Which message: its referentienummer, or a name that only it had."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .asice file to write.")],
    content: Annotated[
        bool, typer.Option("--content", help="With the bytes of the message itself.")
    ] = False,
    redact: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave out: openings (all that names a file or person), binding, content, all."
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what is there.")] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Make the bundle of one message. All that proves what happened to it, in one file.

    An ASiC-E container with the gateway's seal: leaves with their proofs, checkpoints with
    cosignatures and time stamps, the user's seal or login, the receiver's receipt, what names
    stand for, a page and a PDF, and how to verify it without this software. That it was handed
    out is a leaf. `make` may be left out: knooppunt evidence REF -o FILE.

    Exit code 1 when nothing by that reference was ever here.
    """
    from gateway.evidence import issue
    from gateway.evidence.wish import EvidenceError, Wish

    wish, location = Wish(ref, content, frozenset(redact or ())), location_of(config, state)
    try:
        made = issue.issue(location, wish, str(output), replace=replace)
    except EvidenceError as error:
        if error.found:
            raise
        out.print(Text(f"{error.sentence}."))
        raise typer.Exit(1) from None
    _shown(made, output, location)


@app.command(epilog="Example: knooppunt evidence verify bewijs.asice --trust vertrouwen")
def verify(
    file: Annotated[Path, typer.Argument(help="The .asice file.")],
    trust: TrustOption,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 for a bundle with a doubt, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Is this bundle whole, and what does it prove?

    Step by step, offline: no store, no configuration, nothing but the file and what you trust.
    Each step says what it proves and what it does not. What a bundle does not hold it does not
    prove: that is said, and is no fault of it. Where nobody else vouches for its time, or its pages
    could not be made again here, the verdict is "whole, but ..." (in JSON: doubts).

    Exit code 0 when no step failed, doubts or not; 1 when one did (with --strict: or there is a
    doubt), 2 when the file is no bundle or the folder cannot be used.
    """
    from gateway.evidence import believed
    from gateway.evidence import verify as steps

    try:
        data = file.read_bytes()
    except OSError as error:
        raise GatewayError(f"{file} cannot be read: {error.strerror}") from None
    report = steps.verify(data, believed.load(str(trust)))
    _tell(report, "the bundle", as_json=as_json, strict=strict)


def audit_export(
    gemeente: Annotated[str, typer.Option(help="Whose leaves: a code.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A folder that is new or empty, or a .zip file.")
    ],
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """A municipality's own leaves with their proofs. To check by itself; nothing about others.

    From the published log alone. Of the leaves of others only their hashes are in it.
    """
    from gateway.evidence import issue

    location = location_of(config, state)
    count, seen = issue.export_to(location, gemeente, str(output))
    out.print(Text(f"{output}: {count} leaves of {gemeente}, {seen} of them witnessed"))
    _next("knooppunt audit verify-export", output, location)


def audit_verify_export(
    path: Annotated[Path, typer.Argument(help="The folder or .zip file of the export.")],
    trust: TrustOption,
    as_json: JsonOption = False,
) -> None:
    """Is this export of a municipality's leaves whole?

    From its files and what you trust alone. Exit code 1 when a step failed.
    """
    from gateway.evidence import believed, check_export

    if not os.path.exists(path):
        raise GatewayError(f"there is no {path}")
    report = check_export.verify(check_export.read(str(path)), believed.load(str(trust)))
    _tell(report, "the export", as_json=as_json)


def register(audit: typer.Typer) -> None:
    """Add what belongs to the audit log to its commands."""
    audit.command("export", epilog="Example: knooppunt audit export --gemeente 0363 -o uitvoer")(
        audit_export
    )
    audit.command(
        "verify-export", epilog="Example: knooppunt audit verify-export uitvoer --trust vertrouwen"
    )(audit_verify_export)


def _shown(made: Bundle, output: Path, location: Location) -> None:
    message = made.index.message
    out.print(Text(f"{output}: {message.referentienummer}, {len(made.index.leaves)} leaves"))
    for part in made.index.parts:
        style = "" if part.state == "present" else "dim"
        out.print(Text(f"  {part.name:<13}{part.state}", style=style))
    if made.unstamped:
        out.print(Text(f"  no time stamp over the bundle: {made.unstamped}", style="dim"))
    _next("knooppunt evidence verify", output, location)


def _next(command: str, output: Path, location: Location) -> None:
    """What to type to check it; a reader elsewhere has a copy of that folder."""
    from gateway.trust.sleutels import VERTROUWEN

    trust = os.path.relpath(os.path.join(location.state, VERTROUWEN))
    out.print(Text(f"Next: {command} {output} --trust {trust}"))


def _tell(report: Report, what: str, *, as_json: bool, strict: bool = False) -> None:
    from gateway import show_evidence

    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        show_evidence.report(out, report, what)
    if not report.ok:
        err.print(Text(f"{what} is not to be trusted", style="bold red"))
    raise typer.Exit(0 if report.ok and not (strict and report.doubts) else 1)
