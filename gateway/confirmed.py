# SPDX-License-Identifier: EUPL-1.2
"""Of which deliveries a receiver's sealed receipt is expected, and since when it is missed.

Two things must be so: an exchange brings receipts on this one (``inhoud: ontvangstbewijs``), and
its receiver gives them (``ontvangers``, ``ontvangstbewijs``). With ``eerder``, the default, it does
once it sealed one: so a chain at whose end nobody seals is not full of alarms.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import envelopes
from gateway.lifecycle import Status
from gateway.model import EventType

if TYPE_CHECKING:
    from gateway.config import Config

Row = Mapping[str, Any]

ALL, SINCE_THE_FIRST = "ja", "eerder"

RECEIPTS = "receipts"
"""Setting of a state: which receipts are waited for, by the configuration in force."""


class Unconfirmed(NamedTuple):
    """Deliveries of one exchange that their receiver should have confirmed by now."""

    uitwisseling: str
    aantal: int
    oldest: str
    """tijdstipBericht of the first of them."""
    codes: tuple[str, ...]


class Wanted(NamedTuple):
    """Which receipts are waited for, as the configuration in force has it."""

    how: Mapping[str, str]
    """Each exchange of which receipts can come, and of which of its deliveries one is expected."""
    uren: int
    """Hours after which a receipt is missed."""

    @classmethod
    def of(cls, config: Config) -> Wanted:
        """What a configuration asks."""
        found: dict[str, str] = {}
        for one in config.uitwisselingen.values():
            if one.inhoud == "ontvangstbewijs":
                said = config.ontvangers[one.tegenpartij].ontvangstbewijs
                found |= {answered: said for answered in one.antwoord_op if said != "nee"}
        return cls(found, config.alarmen.ontvangstbewijs_uren)

    @classmethod
    def read(cls, text: str) -> Wanted:
        """The same from the store, for who has no need of a whole configuration."""
        return cls(**json.loads(text))

    def text(self) -> str:
        """As it stands in the store."""
        return json.dumps(self._asdict(), sort_keys=True)

    def before(self, nu: datetime) -> str:
        """The tijdstipBericht up to which a delivery should have its receipt by now."""
        return envelopes.tijdstip(nu - timedelta(hours=self.uren))


def standing(
    message: Row, tijdstip: str, since: str | None, nu: datetime, wanted: Wanted
) -> dict[str, Any] | None:
    """What is known of one delivery's receipt; None where none is expected, and none came.

    ``since``: the tijdstipBericht of the first delivery of its exchange that was confirmed.
    """
    for event in message["events"]:
        if event["type"] == EventType.CONFIRMED:
            return {"state": "confirmed", "at": event["at"], "name": event["name"], "due": None}
    how = wanted.how.get(message["uitwisseling"])
    early = how == SINCE_THE_FIRST and (since is None or tijdstip < since)
    if how is None or early or message["direction"] != "heen":
        return None
    if not tijdstip or message["status"] not in (Status.ACKNOWLEDGED, Status.DELIVERED):
        return None
    due = datetime.fromisoformat(envelopes.rfc3339(tijdstip)) + timedelta(hours=wanted.uren)
    late = tijdstip <= wanted.before(nu)
    shown = due.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"state": "missing" if late else "awaited", "at": None, "name": None, "due": shown}
