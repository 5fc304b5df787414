# SPDX-License-Identifier: EUPL-1.2
"""Who handed a file in, when, and as what: by its metagegevens, or else by the name that it has.

Pure but for reading XML. A file without metagegevens is answered all the same where its name tells
the municipality; what tells nothing is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import envelopes
from gateway import names
from gateway.config import Uitwisseling

SOORTEN = ("wmo", "sbo", "jeugd")
"""The exchanges that bring data; each is an id of ``config.yaml``."""

BESLUIT = "besluit"
"""The exchange that brings decisions."""


@dataclass(frozen=True, slots=True)
class Herkomst:
    """What is known of a file beside its bytes.

    ``afzender``: who handed it in, who gets the answer; empty: nobody knows. ``uitvraag`` is that
    of its name, under which it was numbered; ``volgnummer`` None where the name has no number.
    """

    afzender: str
    origineel: str
    uitvraag: str
    volgnummer: int | None
    upload: datetime
    referentienummer: str | None = None
    sha256: str = ""


def herkomst(
    naam: str, record: bytes | None, exchange: Uitwisseling, gevonden: datetime
) -> Herkomst:
    """What the metagegevens say; without them (or when they cannot be read), what the name does.

    ``gevonden``: when the file was seen, for one whose upload nobody tells.
    """
    parsed = names.parse(naam, exchange.naamsjabloon)
    number = parsed.volgnummer if parsed is not None and parsed.gemeentecode else None
    if record is not None:
        try:
            read = envelopes.read_metagegevens(record)
        except envelopes.EnvelopeError:
            read = None
        if read is not None:
            origineel = read.bestand.oorspronkelijke_naam
            return Herkomst(
                read.gemeentecode, origineel, names.uitvraag_van(origineel), number,
                datetime.fromisoformat(read.tijdstip_upload).astimezone(UTC),
                read.referentienummer, read.bestand.sha256,
            )  # fmt: skip
    if parsed is None:
        return Herkomst("", naam, names.uitvraag_van(naam), None, gevonden)
    origineel = parsed.stam + parsed.ext
    uitvraag = names.uitvraag_van(origineel)
    return Herkomst(parsed.gemeentecode, origineel, uitvraag, number, gevonden)


def omvang_volgens(record: bytes | None) -> int | None:
    """The size that metagegevens give; None without them."""
    if record is None:
        return None
    try:
        return envelopes.read_metagegevens(record).bestand.omvang
    except envelopes.EnvelopeError:
        return None
