# SPDX-License-Identifier: EUPL-1.2
"""Where leaves stand, for ``trace`` and ``status``: logged, witnessed, time-stamped.

Most chains have no witnesses: what reads signatures is loaded where somebody signed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gateway.location import Location
from gateway.moment import iso
from gateway.sealing import FILE, read_sealing

if TYPE_CHECKING:
    from gateway.audit.seals import Seals

Row = dict[str, Any]


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


def _seals(location: Location) -> Seals | None:
    """What others signed; None: nobody was ever asked here."""
    if not os.path.exists(os.path.join(location.state, FILE)):
        return None
    from gateway.outside import seals_of

    return seals_of(location)
