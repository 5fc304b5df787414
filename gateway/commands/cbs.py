# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt cbs``: the counterpart at the other end, also by itself."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from gateway import screens
from gateway.commands.cbs_status import status
from gateway.commands.options import ConfigOption, StateOption, err, fail, location_of, out
from gateway.errors import ConfigError, FolderError

if TYPE_CHECKING:
    from gateway.cbs.bron import Voortgang
    from gateway.cbs.model import Controle
    from gateway.cbs.uitvoer import Uitvoer

app = typer.Typer(
    no_args_is_help=True, help="The simulated CBS: judge files by its rules, without a chain."
)

app.command(
    epilog="Example: knooppunt cbs status      Example: knooppunt cbs status --uitvraag H22025"
)(status)

_STAPPEN = {1: "the name", 2: "the structure", 3: "the fields"}
_GROOT = 32 << 20
"""Bytes from which it takes long enough to show how far it is."""


@app.command(epilog="Example: knooppunt cbs check WMO_H22025.csv --csv bevindingen.csv")
def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES", help="Files as they would be handed in.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, for programs.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write every finding to this file, as CSV.")
    ] = None,
    dag: Annotated[
        str,
        typer.Option(
            "--dag", help="Day of delivery (2026-02-02). Default: today, by the chain's clock."
        ),
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Would CBS approve this file? The technical check, by itself.

    Three steps: the name, the structure, the fields; a file is judged on the first that it fails.
    A name that begins with SBO or JEUGD is judged on name and form alone; of a ZIP each member is
    judged. Nothing is sent and nothing is changed. All rules: docs/cbs-controle.md.

    Exit code 0 when all are approved, 1 when one is rejected, 2 when one cannot be read.
    """
    if csv:
        _geen_invoer(csv, files)
    day = _dag(dag, config, state)
    try:
        raise typer.Exit(_oordelen(files, day, csv, as_json=as_json))
    except FolderError as error:
        fail(error)


def _geen_invoer(csv: Path, files: list[str]) -> None:
    """Refuse to write the findings over what is judged."""
    for file in files:
        zelfde = os.path.realpath(file) == os.path.realpath(csv)
        if zelfde or (os.path.exists(file) and os.path.exists(csv) and os.path.samefile(file, csv)):
            fail(FolderError(
                f"--csv {_toonbaar(str(csv))} is one of the files to be judged",
                hint="give the findings a name of their own",
            ))  # fmt: skip


def _oordelen(files: list[str], dag: date, csv: Path | None, *, as_json: bool) -> int:
    """Judge file after file, and say of each what it comes to; the exit code."""
    from gateway.cbs import uitvoer

    slechtst = 0
    met_bestand = len(files) > 1 or _is_zip(files[0])
    with uitvoer.naar(str(csv), met_bestand=met_bestand) if csv else nullcontext() as naar:
        for number, file in enumerate(files):
            found = _gelezen(file, dag, naar, stil=as_json)
            if found is None:
                slechtst = 2
                continue
            slechtst = max(slechtst, 0 if found.goedgekeurd else 1)
            if as_json:
                typer.echo(json.dumps(_json(found, file), ensure_ascii=False))
            else:
                _toon(found, file, met_regel=number > 0)
    if csv and not as_json:
        out.print(Text(f"All findings: {_toonbaar(str(csv))}"))
    return slechtst


def _dag(typed: str, config: Path | None, state: Path | None) -> date:
    """Give the day of delivery: as typed, else by the clock of a chain that is here, else today."""
    from gateway.location import Location, find_config
    from gateway.moment import Clock
    from gateway.periods import dag_van, moment_of

    if typed:
        return dag_van(moment_of(typed, "--dag"))
    if config:
        location = location_of(config, state)
    else:
        try:
            location = Location.of(find_config(os.getcwd()), str(state) if state else None)
        except ConfigError:
            return dag_van(Clock().nu())
    if not os.path.isfile(location.database):
        return dag_van(Clock().nu())
    from gateway.store_queries import Reader

    with Reader(location.database) as reader:
        offset = timedelta(milliseconds=int(reader.meta("nu_offset_ms") or 0))
    today = dag_van(Clock(offset).nu())
    err.print(Text(f"using {os.path.relpath(location.config_path)}: it is {today}", style="dim"))
    return today


def _gelezen(file: str, dag: date, naar: Uitvoer | None, *, stil: bool) -> Controle | None:
    """Judge one file; None, and said so, when it cannot be read."""
    try:
        return _beoordeel(file, dag, naar, stil=stil)
    except OSError as error:
        if error.filename != file:
            raise
        err.print(Text(f"knooppunt: {_toonbaar(file)}: {error.strerror}"))
        return None


def _beoordeel(file: str, dag: date, naar: Uitvoer | None, *, stil: bool) -> Controle:
    """Judge one file; on a screen, with how far it is when it is large."""
    from gateway.cbs import controle, naam
    from gateway.cbs.protocol import voor

    genoemd = os.path.basename(file)
    soort = naam.soort_van(genoemd, voor(None))
    omvang = os.path.getsize(file)

    def judge(voortgang: Voortgang) -> Controle:
        return controle.beoordeel(
            file, genoemd, dag=dag, soort=soort, uitvoer=naar, voortgang=voortgang
        )

    if stil or omvang < _GROOT or not err.is_terminal:
        return judge(lambda _: None)
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=err, transient=True) as progress:
        # Twice: once for the encoding, once for the lines. What a ZIP unpacks to is not known yet.
        total = None if _is_zip(file) else 2 * omvang
        task = progress.add_task(_toonbaar(genoemd), total=total)
        return judge(lambda many: progress.advance(task, many))


def _is_zip(file: str) -> bool:
    return file.lower().endswith(".zip")


def _json(found: Controle, bestand: str) -> dict[str, Any]:
    """Give the verdict as docs/schemas/cbs-check.schema.json has it."""
    made: dict[str, Any] = {
        "bestand": _zonder_bsn(bestand),
        "oordeel": found.oordeel,
        "stap": found.stap,
        "uitvraag": found.uitvraag,
        "rijen": found.rijen,
        "codering": found.codering,
        "aantallen": {"fout": found.fouten, "signaal": found.signalen},
        "bevindingen": [
            {
                "regel": one.regel,
                "kolom": one.kolom,
                "ernst": one.ernst.value,
                "code": one.code,
                "tekst": one.tekst,
            }
            for one in found.bevindingen
        ],
    }
    if found.leden:
        made["leden"] = [_json(one, one.bestand) for one in found.leden]
    return made


def _toon(found: Controle, bestand: str, *, met_regel: bool = False, diep: str = "") -> None:
    """Say what became of a file: each kind of finding once, with how often and where first."""
    if met_regel:
        out.print()
    waar = f" in step {found.stap} of 3, {_STAPPEN[found.stap]}" if found.stap else ""
    style = "green" if found.goedgekeurd else "bold red"
    out.print(Text(f"{diep}{_toonbaar(bestand)}: "), Text(found.oordeel, style=style), Text(waar),
              sep="")  # fmt: skip
    out.print(Text(
        f"{diep}  {found.uitvraag or 'no uitvraag'}, {found.rijen:,} rows, {found.codering}; "
        f"fouten: {found.fouten:,}, signalen: {found.signalen:,}"
    ))  # fmt: skip
    for one in found.aantallen:
        zo = [b for b in found.bevindingen if (b.code, b.kolom) == (one.code, one.kolom)]
        plaats = f"column {one.kolom}, " if one.kolom else ""
        regels = ", ".join(str(b.regel) for b in zo[:5] if b.regel)
        if regels:
            more = ", ..." if one.aantal > 5 else ""
            plaats += f"{one.aantal:,} x, line {regels}{more}"
        plaats = plaats.removesuffix(", ")
        tekst = zo[0].tekst if zo else "(beyond the first thousand findings; see --csv)"
        out.print(
            Text(f"{diep}  {one.ernst.value:7} {one.code}" + (f" ({plaats})" if plaats else ""))
        )
        out.print(Text(f"{diep}          {tekst}"))
    for lid in found.leden:
        _toon(lid, lid.bestand, diep=diep + "  ")
    if not diep and found.stap in (1, 2) and not found.leden:
        out.print(Text("  Not judged yet: what comes after this step. Mend this, and check again."))


def _toonbaar(naam: str) -> str:
    """A name without a BSN, and without what would drive a screen."""
    shown = _zonder_bsn(naam)
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown)


def _zonder_bsn(naam: str) -> str:
    """A name in text, with asterisks for what can be a BSN."""
    return screens.name(naam.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))
