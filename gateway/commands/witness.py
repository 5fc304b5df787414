# SPDX-License-Identifier: EUPL-1.2
"""The commands ``knooppunt witness run`` and ``knooppunt tsa run``: parties beside the chain."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, StateOption, location_of, out
from gateway.errors import AuditError

if TYPE_CHECKING:
    from http.server import HTTPServer

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.audit.policy import Known
    from gateway.location import Location

app = typer.Typer(no_args_is_help=True, help="A witness of the log, as another party runs it.")
tsa = typer.Typer(no_args_is_help=True, help="A time stamping authority, for development.")

PREFIX = "getuige-"
TSA_URL = "http://127.0.0.1:8743"
"""Where the authority of the development chain listens, when config.yaml names no other."""

PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="On this loopback port; 0 takes a free one."),
]
FolderOption = Annotated[
    Path | None, typer.Option("--dir", help="Its own folder. Default: beside config.yaml.")
]


@app.callback()
def _app() -> None:
    pass


@tsa.callback()
def _tsa() -> None:
    pass


@app.command("run", epilog="Example: knooppunt witness run cbs")
def witness_run(
    name: Annotated[str, typer.Argument(help="Which witness of the policy: cbs, or gemeente.")],
    port: PortOption = None,
    log: Annotated[
        list[Path] | None,
        typer.Option(
            help="Public keys of the logs it watches (.vkey). Default: at first those of this "
            "chain; from then on those in its own folder (logs.vkey)."
        ),
    ] = None,
    directory: FolderOption = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Watch a log, and sign each checkpoint that grew out of the last.

    Its folder (getuigen/NAME) is its memory: never put it back from a backup. Another key of the
    log is taken only when the log shows the leaf of that change. End it with Ctrl-C.
    """
    from gateway.audit.checkpoint import is_older
    from gateway.moment import Clock
    from gateway.witness.known import keys
    from gateway.witness.record import Record
    from gateway.witness.serve import Server

    location = location_of(config, state)
    short = name.removeprefix(PREFIX)
    known, key = _identity(location, short)
    where = str(directory) if directory else _beside(location, "getuigen", short)
    beside = [one for one in sorted(Path(location.audit).glob("*.vkey")) if not is_older(one.name)]
    logs, source = keys(where, map(str, log or ()), map(str, beside))
    clock = Clock()
    record = Record(where, known.key.name, key, logs, lambda: clock.klok() // 1000)
    server = Server(record, _port(port, known.url))
    watched = ", ".join(dict.fromkeys(one.name for one in logs))
    out.print(Text(f"{known.key.name} watches {watched} (its keys {source}) on {server.url}; "
                   "Ctrl-C ends it"))  # fmt: skip
    _serve(server)


@tsa.command("run", epilog="Example: knooppunt tsa run")
def tsa_run(
    port: PortOption = None,
    directory: FolderOption = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Give time stamps (RFC 3161) by openssl, one at a time.

    For development: a real authority is used by its address (getuigen: tsa: in config.yaml).
    """
    from gateway.location import read_config
    from gateway.trust.domeinen import TSA
    from gateway.trust.sleutels import SLEUTEL, sleutelmap
    from gateway.tsa import Authority

    location = location_of(config, state)
    where = str(directory) if directory else _beside(location, "getuigen", TSA)
    found = read_config(location.config_path)
    own = found.sleutels.get(TSA)
    key = own.bestand if own else os.path.join(sleutelmap(location.state, TSA), SLEUTEL)
    certificate = (own.certificaten if own else None) or key
    server = Authority(where, certificate, key, _port(port, found.getuigen.tsa or TSA_URL))
    out.print(Text(f"time stamps on {server.url}; Ctrl-C ends it"))
    _serve(server)


def _identity(location: Location, name: str) -> tuple[Known, Ed25519PrivateKey]:
    """The witness by its place in the policy, and its key."""
    from gateway.audit.cosign import CosignerKey
    from gateway.location import read_config
    from gateway.outside import policy_of
    from gateway.trust.sleutels import load_ed25519, sleutelmap

    policy = policy_of(location, read_config(location.config_path).getuigen)
    known = policy.witnesses.get(PREFIX + name) or policy.witnesses.get(name)
    if known is None:
        raise AuditError(
            f"there is no witness {name} in the policy",
            hint=f"choose from: {', '.join(policy.witnesses) or '(none)'}",
        )
    key = load_ed25519(sleutelmap(location.state, PREFIX + name))
    if CosignerKey.of(known.key.name, key) != known.key:
        raise AuditError(
            f"the key of {name} is not the one that the policy names",
            hint="a key that was changed gets a line of its own in the policy",
        )
    return known, key


def _serve(server: HTTPServer) -> None:
    """Until a signal to end."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    out.file.flush()
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _port(asked: int | None, url: str) -> int:
    """The port that was asked for, else that of the address by which it is known."""
    from urllib.parse import urlsplit

    return asked if asked is not None else urlsplit(url).port or 0


def _beside(location: Location, *parts: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(location.config_path)), *parts)
