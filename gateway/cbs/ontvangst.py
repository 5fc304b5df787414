# SPDX-License-Identifier: EUPL-1.2
"""Who handed a file in, when, and as what: by its metagegevens, or else by the name that it has.

Pure but for reading XML. A file without metagegevens is answered all the same where its name tells
the municipality; what tells nothing is set aside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import envelopes
from gateway import names
from gateway.cbs.mappen import Mappen
from gateway.cbs.terzijde import ONBEKEND, TIJDSTIP, Terzijde
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
    ``reden`` says why it is set aside whatever is in it; None: it is not.
    """

    afzender: str
    origineel: str
    uitvraag: str
    volgnummer: int | None
    upload: datetime
    referentienummer: str | None = None
    sha256: str = ""
    reden: Terzijde | None = None


_JAREN = range(1900, 3000)
"""Years that working days can be counted in; ``xs:dateTime`` allows many more."""


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
            upload = _moment(read.tijdstip_upload)
            return Herkomst(
                read.gemeentecode, origineel, names.uitvraag_van(origineel), number,
                upload or gevonden, read.referentienummer, read.bestand.sha256,
                None if upload else TIJDSTIP,
            )  # fmt: skip
    if parsed is None or not parsed.gemeentecode:
        return Herkomst("", naam, names.uitvraag_van(naam), None, gevonden, reden=ONBEKEND)
    origineel = parsed.stam + parsed.ext
    uitvraag = names.uitvraag_van(origineel)
    return Herkomst(parsed.gemeentecode, origineel, uitvraag, number, gevonden)


def _moment(text: str) -> datetime | None:
    """A moment of the schema, in UTC; None for what the calendar here does not hold."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _JAREN else None


def omvang_volgens(record: bytes | None) -> int | None:
    """The size that metagegevens give; None without them."""
    if record is None:
        return None
    try:
        return envelopes.read_metagegevens(record).bestand.omvang
    except envelopes.EnvelopeError:
        return None


def liggend(mappen: Mappen, codes: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """What lies in inboxes and is not taken now: RINIS code, name, and why."""
    for code in codes:
        for naam in mappen.vreemd(code):
            yield code, naam, "it is no regular file; it is left in the inbox"
        for one in mappen.lijst(code):
            size = omvang_volgens(one.record)
            if size not in (None, one.omvang):
                reden = "its metagegevens tell another size: it may still be written"
                yield code, one.naam, reden
