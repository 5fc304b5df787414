# SPDX-License-Identifier: EUPL-1.2
"""What must be right of a municipality's file itself: announced, filled, not too large, valid."""

from __future__ import annotations

import envelopes
from gateway.config import Config, Uitwisseling
from gateway.model import Arrival
from gateway.stations import groot, notices
from gateway.stations.notices import Reason


def misshapen(arrival: Arrival, exchange: Uitwisseling, config: Config) -> Reason | None:
    """What is wrong with the file itself: not what was announced, empty, too large, of no form."""
    if arrival.given_up:
        return not_as_announced()
    if arrival.size == 0:
        return notices.empty()
    heavy = groot.too_large(arrival, exchange, config)
    if heavy is not None:
        return heavy
    schema = exchange.schema_
    if schema is None:
        return None
    read = config.schemas.get(schema)
    problems = envelopes.check(schema, arrival.content or b"", gelezen=read)
    return notices.wrong_form(schema, [one.tekst for one in problems]) if problems else None


def not_as_announced() -> Reason:
    """The manifest gives another size or SHA-256, and has done so for too long."""
    return Reason(
        "manifest-wijkt-af",
        "Het bestand is niet wat het manifest zegt: de omvang of de SHA-256 wijkt af.",
        "Maak het manifest opnieuw van dit bestand, en leg beide opnieuw in de outbox.",
        "The file is not what its manifest says: size or SHA-256 differ. Make the manifest anew "
        "and drop both again.",
    )
