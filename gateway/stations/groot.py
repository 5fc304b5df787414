# SPDX-License-Identifier: EUPL-1.2
"""A file too large for a message: refused, or sent by reference (Digikoppeling Grote Berichten).

By reference the envelope holds a document that says which bytes lie beside it (in ``groot/`` of the
hop folder), how many, and their SHA-256. The bytes are brought along before a station decides
(``carries``), a part in each round; the station judges what was brought.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

import envelopes
from envelopes import Envelop, EnvelopeError, Verwijzing
from gateway import names
from gateway.config import Config, Uitwisseling
from gateway.model import BESIDE, Arrival, Carried, Carry, Delivery, Place
from gateway.periods import rfc3339
from gateway.stations import notices

BEWAARD = timedelta(days=30)
"""How long at least the bytes can be fetched (expirationTime): nobody takes them away before."""


# --- a file that comes in -------------------------------------------------------------------------


def too_large(arrival: Arrival, exchange: Uitwisseling, config: Config) -> notices.Reason | None:
    """Say why a file is refused for its size; None when it goes, in its envelope or beside it."""
    limit = config.grootste(exchange)
    if limit is None or arrival.size <= limit:
        return None
    return notices.too_large(arrival.size, limit, config)


def of_file(
    arrival: Arrival, exchange: Uitwisseling | None, config: Config, hop: Place
) -> Carry | None:
    """What a file that comes in asks to bring along: its own bytes, to beside its envelope."""
    if exchange is None or arrival.size <= config.technisch.ruwe_bytes:
        return None
    if exchange.groot != "verwijzen" or too_large(arrival, exchange, config) is not None:
        return None
    return Carry(Place(BESIDE[hop.kind]), size=arrival.size)


def enclosed(
    arrival: Arrival, referentienummer: str, wire: str | None, soort: str
) -> tuple[bytes, str | None, tuple[Delivery, ...]]:
    """What stands in a new envelope: payload, bestandsnaam, and what is to lie beside it.

    ``wire`` is the bestandsnaam of a file that goes inside, ``soort`` the file's media type.
    Beside it first: whoever finds the envelope finds the bytes.
    """
    carried = arrival.carried
    if carried is None:
        return arrival.content or b"", wire, ()
    nu = arrival.moment.nu
    document = envelopes.build_verwijzing(
        Verwijzing(
            bestandsnaam=names.verwijs_naam(arrival.name, referentienummer),
            omvang=arrival.size,
            sha256=arrival.sha256,
            url=names.groot_url(referentienummer),
            type=soort,
            aangemaakt=rfc3339(nu),
            vervalt=rfc3339(nu + BEWAARD),
            context=referentienummer,
        )
    )
    beside = Delivery(carried.to, names.groot_naam(referentienummer), carried)
    return document, None, (beside,)


# --- an envelope that refers ----------------------------------------------------------------------


def reference(arrival: Arrival, exchange: Uitwisseling | None) -> Verwijzing | EnvelopeError | None:
    """What an envelope refers to; None when it does not, or when its exchange does not know that.

    Where large files are refused, a document that looks like a reference is content like any other.
    """
    if exchange is None or exchange.groot != "verwijzen":
        return None
    return arrival.verwijzing


def of_envelope(arrival: Arrival, exchange: Uitwisseling | None, to: Place | None) -> Carry | None:
    """What an envelope asks to bring along: the bytes that it refers to, to where they will go."""
    found = reference(arrival, exchange)
    if to is None or not isinstance(found, Verwijzing):
        return None
    if wrong_place(arrival, found) is not None or over_limit(arrival, exchange) is not None:
        return None
    name = names.groot_naam(_number(arrival))
    return Carry(to, Place(BESIDE[arrival.place.kind]), name, found.omvang)


def _number(arrival: Arrival) -> str:
    found = arrival.envelop.stuurgegevens
    return found.referentienummer if found is not None else ""


def wrong_place(arrival: Arrival, found: Verwijzing) -> str | None:
    """Say where the bytes of this message must lie, when its reference says otherwise."""
    wanted = names.groot_url(_number(arrival))
    return None if found.url == wanted else f"FILE_NOT_FOUND: senderUrl is niet {wanted}"


def over_limit(arrival: Arrival, exchange: Uitwisseling | None) -> str | None:
    """Say by how much the file of a reference is larger than its exchange takes."""
    found = reference(arrival, exchange)
    limit = exchange.max_bytes if exchange is not None else None
    if not isinstance(found, Verwijzing) or limit is None or found.omvang <= limit:
        return None
    return f"{found.omvang} bytes, verwacht hoogstens {limit}"


def bytes_fit(arrival: Arrival, exchange: Uitwisseling | None) -> str | None:
    """Say what is wrong with a reference or its bytes, beginning with the standard's own word."""
    found = reference(arrival, exchange)
    if found is None:
        return None
    if isinstance(found, EnvelopeError):
        return found.details
    carried = arrival.carried
    if wrong_place(arrival, found) is not None:
        return wrong_place(arrival, found)
    if carried is None or carried.fault:
        return carried.fault if carried is not None else "FILE_NOT_FOUND"
    if carried.sha256 != found.sha256:
        return f"CHECKSUM_ERROR: {found.url} heeft een andere SHA-256 dan in het bericht staat"
    return None


def of_what(arrival: Arrival, envelop: Envelop, exchange: Uitwisseling | None) -> tuple[int, str]:
    """Size and SHA-256 of the file that an envelope brings, inside it or by reference."""
    found = reference(arrival, exchange)
    if isinstance(found, Verwijzing):
        return found.omvang, found.sha256
    return len(envelop.payload), hashlib.sha256(envelop.payload).hexdigest()


def original_name(arrival: Arrival, envelop: Envelop, exchange: Uitwisseling | None) -> str:
    """As the municipality called it; another's envelope has only the name on the wire."""
    if envelop.metagegevens is not None:
        return envelop.metagegevens.bestand.oorspronkelijke_naam
    found = reference(arrival, exchange)
    if isinstance(found, Verwijzing):
        return found.bestandsnaam
    return envelop.bestandsnaam or f"{envelop.stuurgegevens.referentienummer}.xml"


def content(arrival: Arrival, envelop: Envelop, exchange: Uitwisseling | None) -> bytes | Carried:
    """What is delivered: the payload, or the bytes that were brought along for it."""
    if reference(arrival, exchange) is None or arrival.carried is None:
        return envelop.payload
    return arrival.carried
