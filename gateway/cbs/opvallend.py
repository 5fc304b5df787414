# SPDX-License-Identifier: EUPL-1.2
"""What stands out in a delivery: each rule with its threshold, and why it is one.

The protocol says that CBS points out what may be wrong (2.1; 2.5, step 3b), not how it finds it:
the thresholds are our choice and stand in the report beside what they found. Nothing here is a
fault: the municipality judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.cbs.categorieen import KOLOMMEN, LEVERINGSVORMEN, ONBEKEND, TYPEN
from gateway.cbs.cijfers import Cijfers
from gateway.cbs.vergelijking import MIN_PERSONEN, Groep, Vergelijking

MAX_VERANDERING = 25
"""Percents of change against the half-year before: a change that large asks for a reason, in the
care or in how it was registered and selected."""

MAX_ACHTER = 5
"""Percent points that a column may be less full than before, or than the mean of others."""

MAX_AFWIJKING = 10
"""Percent points that a category's share of the clients may differ from the mean of others."""

MAX_ZONDER_BSN = 1
"""Percents of the records without a known person: CBS cannot link those to anything."""


@dataclass(frozen=True, slots=True)
class Opvallend:
    """One thing that stands out: what, the numbers, and the rule that found it."""

    wat: str
    cijfers: str
    regel: str


def opvallend(eigen: Cijfers, naast: Vergelijking) -> tuple[Opvallend, ...]:
    """Everything that stands out, the whole file first, then categories, then columns."""
    vorige = naast.eerdere[-1] if naast.eerdere else None
    found = [*_omvang(eigen), *_zonder_bsn(eigen)]
    if vorige is not None:
        found += _verandering(eigen, vorige)
    found += _leeg(eigen, vorige)
    if naast.groep is not None:
        found += _aandelen(eigen, naast.groep)
    found += _vulling(eigen, vorige, naast.groep)
    return tuple(found)


def getal(aantal: int) -> str:
    """A number as Dutch people write it: 1.234."""
    return f"{aantal:,}".replace(",", ".")


def _omvang(eigen: Cijfers) -> Iterator[Opvallend]:
    if eigen.totaal.clienten < MIN_PERSONEN:
        yield Opvallend(
            "Het bestand telt vrijwel geen cliënten",
            f"{eigen.totaal.clienten} cliënten in {getal(eigen.totaal.records)} records.",
            f"Minder dan {MIN_PERSONEN} cliënten in een heel bestand. Het CBS kan besluiten "
            "cijfers die klaarblijkelijk niet kloppen niet te publiceren (aanleverprotocol 2).",
        )


def _zonder_bsn(eigen: Cijfers) -> Iterator[Opvallend]:
    deel = procent(eigen.zonder_bsn, eigen.totaal.records)
    if deel > MAX_ZONDER_BSN:
        yield Opvallend(
            "Veel records zonder bekend BSN",
            f"{getal(eigen.zonder_bsn)} van {getal(eigen.totaal.records)} records "
            f"({_komma(deel)} %).",
            f"Meer dan {MAX_ZONDER_BSN} % van de records heeft BSN 999999999. Die zijn niet aan "
            "een persoon te koppelen en tellen bij geen enkel aantal cliënten mee.",
        )


def _verandering(eigen: Cijfers, vorige: Cijfers) -> Iterator[Opvallend]:
    paren = [("Aantal cliënten", vorige.totaal.clienten, eigen.totaal.clienten)]
    paren += [
        (f"{naam}: aantal cliënten", vorige.hoofd[naam].clienten, eigen.hoofd[naam].clienten)
        for naam in TYPEN
    ]
    for naam, toen, nu in paren:
        # From or to nothing at all is said by the rule on empty categories.
        klein = max(toen, nu) < MIN_PERSONEN
        if klein or not toen or not nu:
            continue
        verschil = (nu - toen) / toen * 100
        if abs(verschil) > MAX_VERANDERING:
            yield Opvallend(
                f"{naam} {'gestegen' if nu > toen else 'gedaald'}",
                f"Van {getal(toen)} in {vorige.uitvraag} naar {getal(nu)} in {eigen.uitvraag} "
                f"({'+' if nu > toen else '−'}{_komma(abs(verschil))} %).",
                f"Meer dan {MAX_VERANDERING} % verschil met het vorige aangeleverde halfjaar. "
                "Ga na of een andere registratie of selectie de oorzaak is.",
            )


def _leeg(eigen: Cijfers, vorige: Cijfers | None) -> Iterator[Opvallend]:
    for naam in TYPEN:
        if eigen.hoofd[naam].records:
            continue
        toen = vorige.hoofd[naam].records if vorige else 0
        eerder = f" In {vorige.uitvraag} waren het er {getal(toen)}." if vorige and toen else ""
        slot = ""
        if naam == "Verblijf en opvang":
            slot = " Beschermd wonen wordt door centrumgemeenten aangeleverd (3.2.2)."
        yield Opvallend(
            f"{naam} ontbreekt geheel",
            f"Geen enkel record in deze categorie.{eerder}",
            f"Een van de vijf categorieën is leeg; ga na of de selectie volledig is.{slot}",
        )
    for code in ("2", "4"):
        if not eigen.vormen[code].records and eigen.totaal.records:
            yield Opvallend(
                f"{LEVERINGSVORMEN[code]} komt niet voor",
                f"Geen enkel record met leveringsvorm {code}.",
                "De gevraagde informatie betreft zowel ZIN als PGB (aanleverprotocol 3.2).",
            )
    if eigen.hoofd[ONBEKEND].records:
        yield Opvallend(
            "Records met een onbekend type",
            f"{getal(eigen.hoofd[ONBEKEND].records)} records.",
            "De code staat niet in de lijst van het aanleverprotocol (3.2.2).",
        )


def _aandelen(eigen: Cijfers, groep: Groep) -> Iterator[Opvallend]:
    for naam in TYPEN:
        cel = groep.hoofd[naam]
        deel = procent(eigen.hoofd[naam].clienten, eigen.totaal.clienten)
        if cel is not None and abs(deel - cel.aandeel) > MAX_AFWIJKING:
            yield Opvallend(
                f"{naam}: {'groter' if deel > cel.aandeel else 'kleiner'} aandeel dan elders",
                f"{_komma(deel)} % van uw cliënten; gemiddeld {cel.aandeel} % bij gemeenten van "
                "vergelijkbare grootte.",
                f"Meer dan {MAX_AFWIJKING} procentpunt verschil. Dat kan beleid zijn, of een "
                "andere indeling van de voorzieningen.",
            )


def _vulling(eigen: Cijfers, vorige: Cijfers | None, groep: Groep | None) -> Iterator[Opvallend]:
    for i, naam in enumerate(KOLOMMEN):
        nu = procent(eigen.kolommen[i].gevuld, eigen.totaal.records)
        anders = groep.gevuld[i] if groep else None
        toen = procent(vorige.kolommen[i].gevuld, vorige.totaal.records) if vorige else None
        zinnen = []
        if anders is not None and nu < anders - MAX_ACHTER:
            zinnen.append(f"gemiddeld {anders} % bij gemeenten van vergelijkbare grootte")
        if toen is not None and vorige is not None and nu < toen - MAX_ACHTER:
            zinnen.append(f"{_komma(toen)} % in {vorige.uitvraag}")
        if zinnen:
            yield Opvallend(
                f"Kolom {i + 1}, {naam}: minder vaak ingevuld",
                f"{_komma(nu)} % van de records; {' en '.join(zinnen)}.",
                f"Meer dan {MAX_ACHTER} procentpunt minder gevuld.",
            )


def procent(deel: int, geheel: int) -> float:
    """A part in percents; of nothing it is 0."""
    return deel / geheel * 100 if geheel else 0.0


def _komma(getal: float) -> str:
    return f"{getal:.1f}".replace(".", ",")
