# SPDX-License-Identifier: EUPL-1.2
"""How things stand: what ``status`` and ``trace`` tell beside what the store holds."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from gateway import receipts
from gateway.confirmed import Wanted
from gateway.current import DIGEST, REFUSED
from gateway.ldv_resume import behind
from gateway.location import COUNTERPART, Location
from gateway.moment import Clock, iso
from gateway.sealing import FILE, read_sealing
from gateway.store_queries import Reader

if TYPE_CHECKING:
    from gateway.audit.seals import Seals
    from gateway.config import Config
    from gateway.folders import Folders

Row = dict[str, Any]


def standing(location: Location, config: Config) -> Row:
    """How things stand, as ``status --json`` gives it (docs/schemas/status.schema.json)."""
    from gateway.lying import Lying

    with Reader(location.database) as reader:
        head = reader.head()
        offset = timedelta(milliseconds=int(reader.meta("nu_offset_ms") or 0))
        found: Row = {
            "nu": Clock(offset).nu().isoformat(timespec="seconds"),
            "under_way": reader.under_way(),
            "unanswered": reader.unanswered(),
            "config": {
                "in_force": reader.meta(DIGEST) or "",
                "refused": reader.meta(REFUSED) or "",
            },
            "quarantine": 0,
            "audit": {
                "size": head["size"] if head else 0,
                "root": b64encode(head["root"]).decode() if head else "",
                **sealed(location),
            },
            "deliveries": reader.counts(),
        }
        with Lying(location, config, reader) as lying:
            found["ldv"] = behind(location.state, lying.config, found["audit"]["size"])
            found["waiting"] = list(lying.all())
            found["quarantine"] = _quarantined(lying.folders)
            found["unconfirmed"] = receipts.missed(
                reader, Wanted.of(lying.config), lying.clock.nu()
            )
    found["cbs"] = _counterpart(location)
    return found


def _counterpart(location: Location) -> Row | None:
    """How the simulated CBS stands; None where it never ran on this state."""
    if not os.path.isdir(os.path.join(location.state, COUNTERPART)):
        return None
    from gateway.cbs.kijk import kort

    return kort(location)


def sealed(location: Location) -> Row:
    """How many leaves others signed, and who of them fails."""
    seals, sealing = _seals(location), read_sealing(location.state)
    stand = seals.newest() if seals is not None else None
    return {
        "witnessed": (stand and stand.witnessed) or 0,
        "timestamped": (stand and stand.timestamped) or 0,
        "fork": sealing.fork,
        "peers": [
            {
                "name": name,
                "size": one.size,
                "at": iso(one.at) if one.at else None,
                "failing_since": iso(one.since) if one.since else None,
                "reason": one.said,
            }
            for name, one in sealing.peers.items()
        ],
    }


def traced(location: Location, messages: list[Row]) -> list[Row]:
    """What the store tells of messages, and where each leaf stands (docs/audit.md, Witnesses)."""
    seals = _seals(location)
    for event in (event for message in messages for event in message["events"]):
        if event["leaf"] is not None:
            seal: Row = {"state": "logged", "witnessed": None, "timestamped": None}
            if seals is not None:
                stand = seals.of(event["leaf"])
                seal = {"state": stand.state, **stand._asdict()}
            event["seal"] = seal
    return messages


def checked(location: Location, config: Config, out: Console, *, as_json: bool) -> int:
    """``knooppunt status --check``: the alarms that stand (docs/schemas/check.schema.json)."""
    from gateway.health import checkup  # it loads what the stations decide by

    alarms = checkup(location, config)
    if as_json:
        found = {"ok": not alarms, "alarms": [one._asdict() for one in alarms]}
        out.file.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        for one in alarms:
            out.print(Text(f"{one.sentence} [{one.code}]"))
        out.print(f"{len(alarms)} to look at (docs/internals.md, Alarms)" if alarms else "all well")
    return 1 if alarms else 0


def waiting(location: Location, config: Config) -> Row:
    """What was not taken and why, as ``status --waiting --json`` gives it."""
    from gateway.lying import Lying

    with Reader(location.database) as reader, Lying(location, config, reader) as lying:
        return {"nu": lying.clock.nu().isoformat(timespec="seconds"), "waiting": list(lying.all())}


def _quarantined(folders: Folders) -> int:
    path = os.path.join(folders.root, "quarantaine")
    try:
        names = [] if folders.hangs(path) else os.listdir(path)
        return sum(not name.startswith(".") for name in names)
    except FileNotFoundError:
        return 0


def _seals(location: Location) -> Seals | None:
    """What others signed; None: nobody was ever asked here."""
    if not os.path.exists(os.path.join(location.state, FILE)):
        return None
    from gateway.outside import seals_of

    return seals_of(location)
