# SPDX-License-Identifier: EUPL-1.2
"""The header of each message (stuurgegevens), its moments and its numbers.

Source: StUF 03.01 section 4 and koppelvlak GGK 02.10, as collected in docs/envelopes.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_NEDERLAND = ZoneInfo("Europe/Amsterdam")
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LENGTES = frozenset({8, 10, 12, 14, 15, 16, 17})
_CIJFERS = re.compile(r"[0-9]+")
_VERSIE = re.compile(r"[0-9]+\.[0-9]+|[-_ ][vV]?0[0-9]{3}(?:[-_.]?[0-9]{4})?$|[-_ ][vV][0-9]+$")

VASTE_ORGANISATIES = frozenset({"CBS", "CAK", "SVB", "UWV", "VWS"})
"""Organisations that are addressed by a fixed word (koppelvlak GGK, 'Addressing')."""

ZONDER_ANTWOORD = frozenset({"Bv01", "Bv02", "Bv03", "Bv04", "Fo01", "Fo02", "Fo03"})
"""Message codes that are themselves answers, upon which no Fo03 is sent."""

BEKENDE_BERICHTCODES = frozenset(
    {
        "Bv01", "Bv02", "Bv03", "Bv04", "Di01", "Di02", "Du01", "Du02", "Fo01", "Fo02", "Fo03",
        "La01", "La02", "La03", "La04", "La05", "La06", "La07", "La08", "La09", "La10", "La11",
        "La12", "La13", "La14", "Lk01", "Lk02", "Lk03", "Lk04", "Lk05", "Lk06", "Lv01", "Lv02",
        "Lv03", "Lv04", "Lv05", "Lv06", "Lv07", "Lv08", "Lv09", "Lv10", "Lv11", "Lv12", "Lv13",
        "Lv14", "Sa01", "Sa02", "Sa03", "Sa04", "Sh01", "Sh02", "Sh03", "Sh04", "Tr01",
    }
)  # fmt: skip
"""All message codes of StUF 03.01: outside it is 'unknown', inside it may be 'not supported'."""


@dataclass(frozen=True, slots=True)
class Systeem:
    """A sending or receiving system (zender, ontvanger).

    `organisatie` names the first sender or last receiver, not the hop: a municipality by its
    4-digit code, CBS CAK SVB UWV VWS by that word, a care provider by its 8-digit AGB code; at most
    200 characters. `applicatie` 3 to 50, `administratie` at most 50, `gebruiker` at most 100.
    An absent element and an empty one mean the same here: "".
    """

    organisatie: str
    applicatie: str
    administratie: str = ""
    gebruiker: str = ""

    @property
    def sleutel(self) -> tuple[str, str, str]:
        """Who this is, for uniqueness of referentienummer and the rising of tijdstipBericht."""
        return (self.organisatie, self.applicatie, self.administratie)


@dataclass(frozen=True, slots=True)
class Stuurgegevens:
    """The header of a message (StUF 03.01, stuurgegevens).

    `referentienummer`: lower-case UUID v4. `tijdstip_bericht`: 8 to 17 digits yyyyMMddHHmmssSSS,
    Dutch local time. `cross_refnummer`: the number of the message this one answers, None in Di01.
    `functie`: at most 30 characters, without a version, None in answers between hubs.
    """

    berichtcode: str
    zender: Systeem
    ontvanger: Systeem
    referentienummer: str
    tijdstip_bericht: str
    cross_refnummer: str | None = None
    functie: str | None = None


def tijdstip(moment: datetime) -> str:
    """Write a moment as 17 digits of Dutch local time, milliseconds cut, not rounded.

    Raises ValueError for a moment without a zone. In the hour that occurs twice (October) the
    result falls back: use `stijgend` where it must rise.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone: 12:00 is not the same everywhere")
    return _cijfers(moment.astimezone(_NEDERLAND))


@lru_cache(maxsize=1024)
def is_tijdstip(t: str) -> bool:
    """Say whether `t` is a legal tijdstipBericht: 8 10 12 14 15 16 or 17 digits of a real moment.

    The standard's schema also lets 9, 11 and 13 digits and 30 February pass; the rules do not.
    """
    if len(t) not in _LENGTES or not t.isascii() or not t.isdigit():
        return False
    try:
        _moment(t)
    except ValueError:
        return False
    return True


def opvul(t: str) -> str:
    """Fill a legal shorter moment up to 17 digits with zeros, so that moments can be compared.

    Raises ValueError for what is not a tijdstip.
    """
    if not is_tijdstip(t):
        raise ValueError("not a tijdstip of 8, 10, 12, 14, 15, 16 or 17 digits")
    return _vul(t)


def na(t17: str) -> str:
    """Give the moment one millisecond later, as 17 digits; right over month and year ends.

    Raises ValueError for what is not a tijdstip, and OverflowError after the year 9999.
    """
    d = _moment(opvul(t17)) + timedelta(milliseconds=1)
    return _cijfers(d)


def stijgend(moment: datetime, laatste: str | None) -> str:
    """Write a moment so that it comes after `laatste`, the sender's former tijdstipBericht.

    Several messages in one millisecond and the hour that occurs twice make it run ahead of the
    clock, which the standard allows.
    """
    nu = tijdstip(moment)
    return nu if laatste is None or nu > opvul(laatste) else na(laatste)


def rfc3339(t: str) -> str:
    """Write a tijdstipBericht with its zone: "2026-02-02T10:00:00.000+01:00".

    In the hour that occurs twice the first is taken. Raises ValueError for what is no tijdstip.
    """
    return _moment(opvul(t)).replace(tzinfo=_NEDERLAND).isoformat(timespec="milliseconds")


def is_referentienummer(tekst: str) -> bool:
    """Say whether a text is a lower-case UUID version 4 (koppelvlak GGK; else code IB009)."""
    return _UUID4.fullmatch(tekst) is not None


def functie_met_versie(functie: str) -> bool:
    """Say whether a functie seems to carry a version ("GMSDWMO-00010004", "GMSDWMO v2", "X 1.0").

    Four digits at the end count as one when the first is 0: "IV3-2025" ends in a year.

    The version belongs in the parameters (koppelvlak GGK, functie).
    """
    return _VERSIE.search(functie) is not None


def organisatie_bezwaar(organisatie: str) -> str | None:
    """Say what is wrong with the form of an organisatie, or None.

    Refused: empty, spaces around it, and 1 to 3 digits, which is a gemeentecode without its
    leading zeros. Any other form is left to the station, which knows its parties: an OIN or the
    word IB is legal StUF, and the answer to a stranger is 'unknown', not 'malformed'.
    """
    if not organisatie.strip():
        return "organisatie is leeg"
    if organisatie != organisatie.strip():
        return "organisatie heeft spaties aan het begin of eind"
    if len(organisatie) < 4 and _CIJFERS.fullmatch(organisatie):
        return f"gemeentecode heeft {len(organisatie)} cijfers, verwacht 4 met voorloopnullen"
    return None


def _vul(t: str) -> str:
    return t.ljust(17, "0")


@lru_cache(maxsize=1024)
def _moment(t: str) -> datetime:
    t = _vul(t)
    return datetime(  # noqa: DTZ001  local by definition: the wire carries no zone
        int(t[:4]),
        int(t[4:6]),
        int(t[6:8]),
        int(t[8:10]),
        int(t[10:12]),
        int(t[12:14]),
        int(t[14:17]) * 1000,
    )


def _cijfers(d: datetime) -> str:
    # not strftime: %Y does not pad, and %G beside it is the week-year mistake waiting to happen
    return (
        f"{d.year:04}{d.month:02}{d.day:02}{d.hour:02}{d.minute:02}{d.second:02}"
        f"{d.microsecond // 1000:03}"
    )
