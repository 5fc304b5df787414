# SPDX-License-Identifier: EUPL-1.2
"""The command ``knooppunt``: each command short, each calls one function, each says what next."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from gateway import __version__
from gateway.commands import (
    audit,
    autorisatie,
    cbs,
    configuration,
    evidence,
    fetching,
    keys,
    quarantine,
    sample,
    signing,
    upkeep,
    usage,
    witness,
)
from gateway.commands.options import (
    ConfigOption,
    JsonOption,
    StateOption,
    config_of,
    err,
    fail,
    location_of,
    out,
)
from gateway.commands.why import why
from gateway.errors import FolderError, GatewayError, StateError

app = typer.Typer(
    name="knooppunt",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The chain GGk -> RINIS -> CBS on your own machine.\n\n"
    "Start with: knooppunt init demo-chain; cd demo-chain; knooppunt run. Then drop a file in "
    "folders/gemeenten/0363/outbox/ and look in its inbox/.",
    epilog="Exit codes: 0 done or yes, 1 the answer is no, 2 wrong use or unreadable input.",
)
app.add_typer(configuration.app, name="config")
evidence.register(audit.app)
app.add_typer(audit.app, name="audit")
app.add_typer(evidence.app, name="evidence")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(cbs.app, name="cbs")
app.add_typer(sample.app, name="sample")
app.add_typer(keys.app, name="keys")
app.add_typer(witness.app, name="witness")
app.add_typer(witness.tsa, name="tsa")
app.add_typer(keys.app, name="keys")
app.add_typer(cbs.app, name="cbs")
app.add_typer(sample.app, name="sample")
app.command(epilog="Example: knooppunt why folders/gemeenten/0363/outbox/WMO_H22025.csv")(why)

autorisatie.register(app)
fetching.register(app)
signing.register(app)
usage.register(app)

StationsOption = Annotated[
    str,
    typer.Option(
        "--stations",
        help="Which stations this process plays, by comma: ggk, rinis; cbs simulates CBS.",
    ),
]


def main() -> None:
    """Run the command line; every foreseen error is a sentence, never a traceback."""
    from gateway.store import UNREADABLE

    try:
        app()
    except GatewayError as error:
        fail(error)
    except UNREADABLE as error:
        fail(
            StateError(
                f"the database of this state cannot be read: {error.orig}",
                hint="stop the gateway and restore it from a backup; keep the damaged one",
            )
        )
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        fail(
            FolderError(
                f"{error.filename or 'a file'}: {error.strerror or error}",
                hint="mend that file or folder (is it of the right kind, and may we use it?), "
                "then type it again; nothing was lost",
            )
        )


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(f"knooppunt {__version__}")
        raise typer.Exit


@app.command(epilog="Example: knooppunt init ~/keten")
def init(
    directory: Annotated[Path, typer.Argument(help="Where; made if missing.")] = Path(),
    state: StateOption = None,
) -> None:
    """Make a chain: config, folders, key and a first checkpoint.

    Nothing that exists is overwritten; what is missing is added. Run it again after you added a
    municipality or an exchange to config.yaml.
    """
    from gateway.setup import init as make

    made = make(str(directory), str(state) if state else None)
    for line in made:
        out.print(Text(line))
    where = "" if str(directory) == "." else f"cd {directory} && "
    out.print(Text(f"Next: {where}knooppunt run      (and drop a file in an outbox)"))


@app.command(epilog="Example: knooppunt run --once      Example: knooppunt run --stations rinis")
def run(
    once: Annotated[
        bool, typer.Option("--once", help="Until nothing is due now; then end.")
    ] = False,
    stations: StationsOption = "ggk,rinis",
    nu: Annotated[
        str, typer.Option("--nu", help="Turn the chain's clock to this time first (ISO 8601).")
    ] = "",
    log: Annotated[
        str, typer.Option("--log", help="Technical log, as JSON lines: a file, or - for stderr.")
    ] = "",
    metrics: Annotated[
        int | None,
        typer.Option("--metrics", min=0, max=65535, help="Serve /metrics on this loopback port."),
    ] = None,
    getuigen: Annotated[
        bool,
        typer.Option("--getuigen", help="Have witnesses sign the log, whatever config.yaml says."),
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Run the chain, and show each thing that happens.

    Takes what lies in outboxes, hop folders and send folders, and routes it.
    Prints one line for each thing that happens. End it with Ctrl-C: nothing is left half done.
    Files that are still being written wait; --once gives them one quiet time and then lists them.
    """
    from gateway.oversight import Watching
    from gateway.runs import run_chain

    run_chain(
        location_of(config, state), stations, once=once, nu=nu, out=out, err=err,
        watching=Watching(log or None, metrics), witnesses=getuigen,
    )  # fmt: skip


@app.command(epilog="Example: knooppunt demo && cd demo && knooppunt trace WMO_H22025.csv")
def demo(
    directory: Annotated[
        Path | None, typer.Argument(help="Where; a fresh demo/ here by default.")
    ] = None,
) -> None:
    """Play one real round with three municipalities, and explain it.

    Prints the route log, one delivery's whole trace, the verification of the audit log, and what
    to type next. The folder is made anew each time.
    """
    from gateway.demo import play

    play(str(directory) if directory else "demo", out)


@app.command(epilog="Example: knooppunt trace WMO_H22025.csv --json")
def trace(
    ref: Annotated[
        str,
        typer.Argument(
            help="A referentienummer, any name the file ever had, or 8 or more digits of its "
            "SHA-256."
        ),
    ],
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Where is my file, and what happened to it?

    All deliveries that the reference fits, oldest first, and what came back on each.

    Exit code 1 when nothing by that reference was ever here.
    """
    from gateway import receipts, show
    from gateway.standing import traced

    location = location_of(config, state)
    messages, answers = receipts.trace(location, ref)
    traced(location, messages + answers)
    if as_json:
        query = ref.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        found = {"query": query, "messages": messages, "gaps": receipts.gaps_of(location)}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif messages:
        show.trace(out, messages + answers)
    else:
        out.print(Text(receipts.nothing_called(location, ref)))
        out.print("Still lying in an outbox? `knooppunt status` lists what is not taken, and why.")
    raise typer.Exit(0 if messages else 1)


@app.command(epilog="Example: knooppunt status      Example: knooppunt status --check --json")
def status(
    check: Annotated[
        bool, typer.Option("--check", help="Only what somebody should look at; exit code 1 if any.")
    ] = False,
    waiting: Annotated[
        bool,
        typer.Option("--waiting", help="Only what was not taken: why, since when, what is next."),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """How do things stand: what was delivered, what waits, and why.

    Also how far the audit log is, and how many files are in quarantine. With --check: the alarms
    that stand now, the whole database read once; exit code 0 when there are none, 1 when there are.
    """
    from gateway import show, standing

    location = location_of(config, state)
    in_force = config_of(location)
    if check:
        raise typer.Exit(standing.checked(location, in_force, out, as_json=as_json))
    found = (standing.waiting if waiting else standing.standing)(location, in_force)
    if waiting and not as_json:
        show.waiting_long(out, found["waiting"])
    elif as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show.status(out, found)


@app.command(epilog="Example: knooppunt tail -f")
def tail(
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as things happen.")] = False,
    lines: Annotated[int, typer.Option("-n", min=0, help="How many of the newest first.")] = 20,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """The route log: what happened last, oldest first.

    With --json one object a line; with -f it goes on until Ctrl-C.
    """
    from gateway import show
    from gateway.runs import tail_events

    for row in tail_events(location_of(config, state), lines, follow=follow):
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            show.tail_line(out, row)


upkeep.add(app)


if __name__ == "__main__":
    main()
