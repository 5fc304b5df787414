# SPDX-License-Identifier: EUPL-1.2
"""Words that all reports share: days, moments, numbers and names as Dutch readers write them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from gateway import screens
from gateway.cbs.rapportmodel import Opmerking
from gateway.periods import NEDERLAND, voluit

NIET_BESCHIKBAAR = "niet beschikbaar"
"""Where a source names data that we do not have: nothing is made up."""

_DAGEN = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")


def tijdstip(moment: datetime) -> str:
    """A moment in the Netherlands: ``2 februari 2026, 09.30 uur``."""
    hier = moment.astimezone(NEDERLAND)
    return f"{voluit(hier.date())}, {hier:%H.%M} uur"


def dag(day: date) -> str:
    """A day by name, for what must be done by then: ``vrijdag 20 februari 2026``."""
    return f"{_DAGEN[day.weekday()]} {voluit(day)}"


def kort(moment: datetime) -> str:
    """A moment in a table: ``02-02-2026 09.30``."""
    return f"{moment.astimezone(NEDERLAND):%d-%m-%Y %H.%M}"


def korte_dag(day: date | None) -> str:
    """A day in a table: ``02-02-2026``; a dash when there is none."""
    return f"{day:%d-%m-%Y}" if day else "–"


def getal(aantal: int) -> str:
    """A number as Dutch people write it: 1.234."""
    return f"{aantal:,}".replace(",", ".")


def telwoord(aantal: int, enkel: str, meer: str) -> str:
    """``1 fout``, ``1.234 fouten``."""
    return f"{getal(aantal)} {enkel if aantal == 1 else meer}"


def gemeente(code: str, naam: str | None) -> str:
    """``Amsterdam (0363)``; the code alone when it is in no list."""
    return f"{naam} ({code})" if naam else f"Gemeente {code}"


def halfjaar(uitvraag: str | None) -> str:
    """``tweede halfjaar 2025``; what was said where it is no code."""
    if uitvraag and len(uitvraag) == len("H22025") and uitvraag[:2].upper() in ("H1", "H2"):
        return f"{'eerste' if uitvraag[1] == '1' else 'tweede'} halfjaar {uitvraag[2:]}"
    return uitvraag or "onbekende uitvraag"


def opmerkingen(alle: Iterable[Opmerking]) -> list[dict[str, str]]:
    """Remarks as data for a page."""
    return [{"kop": screens.name(one.kop), "tekst": one.tekst} for one in alle]


def kop(rapport: str, wie: str, onderwerp: str, moment: datetime,
        feiten: Iterable[tuple[str, str | None]]) -> dict[str, Any]:  # fmt: skip
    """The head that every report has; facts without a value are left out."""
    return {
        "rapport": rapport,
        "gemeente": wie,
        "onderwerp": onderwerp,
        "datum": {"jaar": moment.astimezone(NEDERLAND).year},
        "feiten": [
            *([naam, waarde] for naam, waarde in feiten if waarde is not None),
            ["Rapport gemaakt", tijdstip(moment)],
        ],
    }
