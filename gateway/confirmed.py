# SPDX-License-Identifier: EUPL-1.2
"""Of which deliveries a receiver's sealed receipt is expected, and since when it is missed.

Two things must be so: an exchange brings receipts on this one (``inhoud: ontvangstbewijs``), and
its receiver gives them (``ontvangers``, ``ontvangstbewijs``). With ``eerder``, the default, it does
once it sealed one: so a chain at whose end nobody seals is not full of alarms.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import envelopes
from gateway.config import Config
from gateway.lifecycle import Status
from gateway.model import EventType

Row = Mapping[str, Any]

ALL, SINCE_THE_FIRST = "ja", "eerder"


class Unconfirmed(NamedTuple):
    """Deliveries of one exchange that their receiver should have confirmed by now."""

    uitwisseling: str
    aantal: int
    oldest: str
    """tijdstipBericht of the first of them."""
    codes: tuple[str, ...]


def expected(config: Config) -> dict[str, str]:
    """Each exchange of which receipts can come, and of which of its deliveries one is expected."""
    found: dict[str, str] = {}
    for one in config.uitwisselingen.values():
        if one.inhoud == "ontvangstbewijs":
            said = config.ontvangers[one.tegenpartij].ontvangstbewijs
            found |= {answered: said for answered in one.antwoord_op if said != "nee"}
    return found


def before(nu: datetime, config: Config) -> str:
    """The tijdstipBericht up to which a delivery should have its receipt by now."""
    return envelopes.tijdstip(nu - timedelta(hours=config.alarmen.ontvangstbewijs_uren))


def standing(
    message: Row, tijdstip: str, since: str | None, nu: datetime, config: Config
) -> dict[str, Any] | None:
    """What is known of one delivery's receipt; None where none is expected, and none came.

    ``since``: the tijdstipBericht of the first delivery of its exchange that was confirmed.
    """
    for event in message["events"]:
        if event["type"] == EventType.CONFIRMED:
            return {"state": "confirmed", "at": event["at"], "name": event["name"], "due": None}
    how = expected(config).get(message["uitwisseling"])
    early = how == SINCE_THE_FIRST and (since is None or tijdstip < since)
    if how is None or early or message["direction"] != "heen":
        return None
    if not tijdstip or message["status"] not in (Status.ACKNOWLEDGED, Status.DELIVERED):
        return None
    due = datetime.fromisoformat(envelopes.rfc3339(tijdstip)) + timedelta(
        hours=config.alarmen.ontvangstbewijs_uren
    )
    late = tijdstip <= before(nu, config)
    shown = due.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"state": "missing" if late else "awaited", "at": None, "name": None, "due": shown}
