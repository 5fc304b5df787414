# SPDX-License-Identifier: EUPL-1.2
"""Municipalities, provinces, water boards: who is told what when a file is of the wrong kind.

RINIS gives each kind of party a code, so a folder, of its own (``rinis_codes``). A kind without one
does not use the exchange.
"""

from __future__ import annotations

from gateway.config import Config, Uitwisseling
from gateway.model import Arrival
from gateway.stations.notices import Reason, no_rule, unknown_exchange


def nowhere(arrival: Arrival, soort: str, config: Config) -> Reason:
    """Why no exchange takes a file; those that take one of this kind of party are named."""
    wanted = [one.id for one in config.heen if one.code_voor(soort)]
    if arrival.place.uitwisseling:
        return unknown_exchange(arrival.place.uitwisseling, wanted)
    return no_rule(arrival.name, wanted)


def not_for(soort: str, exchange: Uitwisseling) -> Reason | None:
    """Why parties of this kind do not hand in here: they have no code; None when they have."""
    if exchange.code_voor(soort) is not None:
        return None
    known = ", ".join(exchange.codes)
    return Reason(
        "soort-niet-toegelaten",
        f"De uitwisseling {exchange.naam} is er niet voor een {soort}; wel voor: {known}.",
        "Controleer de naam van het bestand, of de map waarin u het legde. Moet een "
        f"{soort} hier wel kunnen aanleveren, vraag dat dan de beheerder van het knooppunt.",
        "This exchange is not open to parties of this kind. Check the file's name or its folder.",
    )


def wrong_folder(code: str, own: str | None) -> Reason:
    """A receiver's file lies in the folder of another kind of party than it is for."""
    there = f"die van {code} is {own}" if own else f"{code} heeft er geen"
    return Reason(
        "verkeerde-map",
        f"Dit is niet de map voor partijen van de soort van {code}: {there}.",
        "Zet het bestand in de map van die soort partij, of verbeter de code in de naam.",
        "Each kind of party has a folder of its own; this file lies in that of another kind.",
    )
