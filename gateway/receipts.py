# SPDX-License-Identifier: EUPL-1.2
"""What people are told of receipts: of one delivery, and of all that miss theirs. Read-only.

A receiver's receipt is under its own seal. Of a download there are two words: ``served`` is ours,
``acknowledged`` that of the program that fetched it; which of them there is, is shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import envelopes
from gateway import confirmed, screens
from gateway.confirmed import RECEIPTS, Wanted
from gateway.location import Location
from gateway.model import EventType
from gateway.moment import Clock
from gateway.restored import forgotten, gaps
from gateway.store_queries import Reader

Row = dict[str, Any]


def trace(location: Location, ref: str, nu: datetime | None = None) -> tuple[list[Row], list[Row]]:
    """All deliveries that a reference names, and what came back on each, with their receipts.

    ``nu``: another time than that of the chain's clock, for tests whose clock stands still.
    """
    with Reader(location.database) as reader:
        messages = reader.trace(ref)
        told = {message["id"] for message in messages}
        came = [a for m in messages for a in reader.answers_to(m["referentienummer"])]
        answers = [answer for answer in came if answer["id"] not in told]
        said = reader.meta(RECEIPTS)  # as it is in force; a state where nothing ran has none
        wanted = Wanted.read(said) if said else None
        nu = nu or Clock(timedelta(milliseconds=int(reader.meta("nu_offset_ms") or 0))).nu()
        for one in messages + answers:
            one["receipt"] = of(reader, one, nu, wanted) if wanted else None
            one["downloads"] = downloads(one)
    return messages, answers


def gaps_of(location: Location) -> list[dict[str, str]]:
    """The times of which this state knows nothing, ``since`` and ``until`` of each."""
    with Reader(location.database) as reader:
        return forgotten(reader)


def nothing_called(location: Location, ref: str) -> str:
    """The sentence for a reference that names nothing; in a state that forgot, that it may have."""
    with Reader(location.database) as reader:
        told = gaps(reader)
    name = repr(screens.name(ref))
    return (
        f"Nothing known here was called {name}; {told}."
        if told
        else (f"Nothing here was ever called {name}.")
    )


def of(reader: Reader, message: Row, nu: datetime, wanted: Wanted) -> Row | None:
    """How a delivery's receipt stands: confirmed, awaited until, or missing; None: not expected."""
    since = reader.first_confirmed(message["uitwisseling"])
    return confirmed.standing(message, reader.tijdstip(message["id"]), since, nu, wanted)


def downloads(message: Row) -> list[Row]:
    """Each download of a message, the first one first: served, and whether it was acknowledged.

    ``binding``: how its user is known. A name that was typed is weak: nobody proved it.
    """
    found: dict[str, Row] = {}
    for one in message["events"]:
        if one["type"] == EventType.SERVED:
            found[one["code"]] = {
                "id": one["code"], "name": one["name"], "served": one["at"],
                "acknowledged": None, "binding": "zwak",
            }  # fmt: skip
        elif one["type"] == EventType.COLLECTED and one["code"] in found:
            found[one["code"]]["acknowledged"] = one["at"]
    return list(found.values())


def missed(reader: Reader, wanted: Wanted, nu: datetime) -> list[Row]:
    """Deliveries whose receiver's sealed receipt is missed, by exchange (``status --json``)."""
    found = reader.unconfirmed(wanted.how, wanted.before(nu))
    return [
        {"uitwisseling": one.uitwisseling, "count": one.aantal,
         "oldest": envelopes.rfc3339(one.oldest), "gemeenten": list(one.codes)}
        for one in found
    ]  # fmt: skip
