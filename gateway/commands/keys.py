# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt keys``: which keys there are, a new one for a domain, a certificate revoked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from gateway.commands.options import ConfigOption, JsonOption, StateOption, location_of, out

if TYPE_CHECKING:
    from gateway.location import Location
    from gateway.trust.wissel import Record

app = typer.Typer(no_args_is_help=True, help="The keys of each trust domain.")

DomainArgument = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="A trust domain: see `knooppunt keys list`.")
]
ByOption = Annotated[
    str, typer.Option("--by", help="Who does it. Default: your login name. It is recorded.")
]


@app.command("list", epilog="Example: knooppunt keys list")
def list_(
    as_json: JsonOption = False, config: ConfigOption = None, state: StateOption = None
) -> None:
    """Every trust domain: is its key here, whose is it, until when.

    hier: you can read it; elders: it is another's; eigen: config.yaml names it.
    """
    from gateway.location import read_config
    from gateway.trust.wissel import overzicht

    location = location_of(config, state)
    rows = overzicht(location, read_config(location.config_path))
    if as_json:
        typer.echo(json.dumps({"domeinen": rows}, ensure_ascii=False, indent=2))
        return
    for row in rows:
        out.print(Text(_line(row)))


@app.command(epilog="Example: knooppunt keys rotate log      Example: knooppunt keys rotate tsa")
def rotate(
    domain: DomainArgument,
    finish: Annotated[
        bool, typer.Option("--finish", help="End the overlap: the old private keys go.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="With --finish, of log: though a witness lacks the new key."),
    ] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Give a domain a new key. What was signed with the old one stays valid.

    log: a gateway may be running or not; the new key and the old both sign, until --finish, which
    waits until every witness signed under the new key.
    Other domains: a new certificate; the old key is kept under its serial number, until --finish.
    Each change is a leaf of the audit log. Exit code 1 when there was no old key to end.
    """
    from gateway import rotation
    from gateway.asking import ask

    location = location_of(config, state)
    if domain == rotation.LOG:
        action = rotation.FINISH if finish else rotation.ROTATE
        body = {"action": action, "domain": domain, "by": _who(by), "force": force}
        told = ask(location, rotation.KIND, body)
        _tell(as_json, {"domein": domain, **told}, _log_said(told, finish))
    elif finish:
        _finish(location, domain, by, as_json)
    else:
        _rotate(location, domain, by, as_json)


def _finish(location: Location, domain: str, by: str, as_json: bool) -> None:
    from gateway import rotation
    from gateway.location import read_config
    from gateway.owner import must_own
    from gateway.trust import wissel

    must_own(location.state)
    read = read_config(location.config_path)
    one = wissel.gekozen(read, domain)
    gone, leaf = 0, None
    while old := wissel.oude(location.state, one):
        record = wissel.einde(location.state, read, one, old)
        leaf = _record(location, rotation.FINISH, record, by)["leaf"]
        wissel.beeindig(location.state, one, old)
        gone += len(old)
    told = {"domein": domain, "weg": gone, "leaf": leaf}
    _tell(as_json, told, f"{gone} old private keys of {domain} gone")
    raise typer.Exit(0 if gone else 1)


def _rotate(location: Location, domain: str, by: str, as_json: bool) -> None:
    from gateway import rotation
    from gateway.location import read_config
    from gateway.owner import must_own
    from gateway.trust import wissel

    must_own(location.state)
    read = read_config(location.config_path)
    one = wissel.gekozen(read, domain)
    if wissel.hervat(location.state, read, one):
        said = f"a change of {domain} that was cut off is complete now"
        _tell(as_json, {"domein": domain, "leaf": None}, said)
        return
    record = wissel.bereid(location.state, read, one)
    told = _record(location, rotation.ROTATE, record, by)
    wissel.voltooi(location.state, read, one)
    said = f"{domain} has a new key, SHA-256 {record.content}"
    _tell(as_json, {"domein": domain, "sha256": record.content, **told},
          f"{said}\nNext: restart the process that uses it")  # fmt: skip


@app.command(epilog="Example: knooppunt keys revoke zegel-gemeente-0363 --since 2026-02-20T09:00")
def revoke(
    domain: DomainArgument,
    since: Annotated[
        str, typer.Option("--since", help="From this moment on (ISO 8601). Default: now.")
    ] = "",
    serial: Annotated[
        str, typer.Option("--serial", help="An older certificate of it, by serial number.")
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Revoke a certificate of a domain. What it signs from that moment on counts no more.

    What was signed before stays valid. The new list is vertrouwen/crl.pem in the state. The moment
    is one of the machine's clock, as leaves have it; turning the chain's does not touch it.
    """
    from gateway import rotation
    from gateway.location import read_config
    from gateway.moment import Clock
    from gateway.owner import must_own
    from gateway.periods import moment_of
    from gateway.trust import wissel

    location = location_of(config, state)
    must_own(location.state)
    now = Clock().nu()
    moment = moment_of(since, "--since") if since else now
    read = read_config(location.config_path)
    one = wissel.gekozen(read, domain)
    record = wissel.trek_in(location.state, read, one, moment, now, serial)
    told = _record(location, rotation.REVOKE, record, by)
    said = f"revoked from {moment:%Y-%m-%d %H:%M:%S%z} on: {domain}, SHA-256 {record.content}"
    _tell(as_json, {"domein": domain, "sha256": record.content, **told},
          f"{said}\nNext: knooppunt keys rotate {domain}")  # fmt: skip


def _record(location: Location, action: str, record: Record, by: str) -> dict[str, Any]:
    from gateway import rotation
    from gateway.asking import ask

    return ask(location, rotation.KIND, {"action": action, "by": _who(by), **record._asdict()})


def _who(by: str) -> str:
    from gateway.asking import asker

    return by or asker()


def _tell(as_json: bool, told: dict[str, Any], said: str) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        out.print(Text(said))


def _log_said(told: dict[str, Any], finish: bool) -> str:
    lines = [f"leaf {told['leaf']}; these sign the log now, the newest first:", *told["keys"]]
    if finish:
        return "\n".join([*lines, "The others sign no more; keep their .vkey files."])
    next_ = (
        "Next: give readers vertrouwen/policy anew, or the new .vkey; when they and the witnesses "
        "have it: knooppunt keys rotate log --finish"
    )
    return "\n".join([*lines, next_])


def _line(row: dict[str, Any]) -> str:
    if row["vkeys"]:
        rest = " ".join(row["vkeys"])
    elif row["geldig_tot"]:
        since = f", INGETROKKEN {row['ingetrokken'][:10]}" if row["ingetrokken"] else ""
        older = f", {row['ouder']} ouder" if row["ouder"] else ""
        rest = f"OIN {row['oin']} tot {row['geldig_tot'][:10]}{since}{older}"
    else:
        rest = "niet gemaakt; zie: knooppunt init"
    return f"{row['domein']:<36} {row['sleutel']:<7} {rest}"
