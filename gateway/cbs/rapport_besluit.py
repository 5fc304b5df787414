# SPDX-License-Identifier: EUPL-1.2
"""What is said of a decision, and the overview of all that a municipality delivered and decided."""

from __future__ import annotations

from typing import Any

from gateway import screens
from gateway.cbs.rapportmodel import Aanlevering, Besluit, Bevestiging, Omvang, Overzicht
from gateway.cbs.rapporttekst import (
    dag,
    gemeente,
    halfjaar,
    kop,
    kort,
    korte_dag,
    opmerkingen,
    tijdstip,
)


def besluit_naam(besluit: Besluit, omvang: Omvang) -> str:
    """A decision in words: ``intrekking van de facultatieve set``."""
    if besluit == "intrekking":
        return f"intrekking van de {'hele aanlevering' if omvang == 'geheel' else FACULTATIEF}"
    return {
        "opt-in": "opt-in (toestemming voor publicatie)",
        "opt-out": "opt-out (geen publicatie)",
        "accordering": "accordering van het spiegelrapport",
    }[besluit]


FACULTATIEF = "facultatieve set"


def _gevolg(invoer: Bevestiging) -> list[str]:
    """What the decision brings about (aanleverprotocol 2.5, step 4; PSA 5, Besluit opt-in)."""
    over = f"over het {halfjaar(invoer.uitvraag)}"
    if not invoer.werkt:
        return [
            "Er verandert niets: wat hiervoor gold, blijft gelden.",
        ]
    if invoer.besluit == "intrekking" and invoer.omvang == "geheel":
        return [
            f"De aangeleverde gegevens {over} worden niet gebruikt en niet gepubliceerd. Dat geldt "
            "voor de basisset en voor de facultatieve set.",
            "Een eerdere aanlevering komt er niet voor in de plaats.",
        ]
    if invoer.besluit == "intrekking":
        return [
            f"De facultatieve set {over} wordt niet gebruikt en niet gepubliceerd.",
            "De basisset blijft staan en wordt gebruikt voor publicatie.",
        ]
    if invoer.besluit == "opt-in":
        return [f"De resultaten {over} mogen worden gepubliceerd, de gegevensset als geheel."]
    if invoer.besluit == "opt-out":
        return [f"De resultaten {over} worden niet gepubliceerd."]
    return [f"Uw gemeente heeft het spiegelrapport {over} geaccordeerd."]


def bevestiging(invoer: Bevestiging) -> dict[str, Any]:
    """The confirmation as data."""
    wie = gemeente(invoer.gemeentecode, invoer.naam)
    naam = besluit_naam(invoer.besluit, invoer.omvang)
    feiten = [
        ("Uitvraag", f"{invoer.uitvraag}, {halfjaar(invoer.uitvraag)}"),
        ("Besluit", naam[0].upper() + naam[1:]),
        ("Ontvangen", tijdstip(invoer.ontvangen)),
        # Why another's decision was refused stands in the reason; not that it had a mandate.
        (
            "Ingediend door",
            f"{invoer.namens}, met mandaat" if invoer.namens and invoer.werkt else invoer.namens,
        ),
        ("Referentie", invoer.referentie),
    ]
    doen = []
    if invoer.wijzigen_tot:
        doen = [
            f"U kunt dit tot en met {dag(invoer.wijzigen_tot)} wijzigen met een nieuw besluit. Het "
            "laatste geldige besluit telt."
        ]
    kop_rapport = "Bevestiging van uw besluit" if invoer.werkt else "Uw besluit heeft geen gevolg"
    return {
        "kop": kop(kop_rapport, wie, f"{wie}: {invoer.uitvraag}", invoer.moment, feiten),
        "oordeel": {
            "goed": invoer.werkt,
            "woord": "Verwerkt" if invoer.werkt else "Niet verwerkt",
            "zin": invoer.reden or f"Uw besluit is verwerkt: {naam}.",
        },
        "gevolg": _gevolg(invoer),
        "vervangt": invoer.vervangt,
        "toelichting": invoer.toelichting,
        "doen": doen,
        "opmerkingen": opmerkingen(invoer.opmerkingen),
    }


def overzicht(invoer: Overzicht) -> dict[str, Any]:
    """The overview as data, the latest first."""
    wie = gemeente(invoer.gemeentecode, invoer.naam)
    leveringen = sorted(invoer.aanleveringen, key=lambda one: one.ontvangen, reverse=True)
    besluiten = sorted(invoer.besluiten, key=lambda one: one.ontvangen, reverse=True)
    return {
        "kop": kop("Overzicht van aanleveringen", wie, wie, invoer.moment, ()),
        "standen": [
            {
                "uitvraag": one.uitvraag,
                "soort": one.soort.upper(),
                "status": one.status,
                "goed": one.goed,
                "sinds": korte_dag(one.sinds),
                "venster": f"{korte_dag(one.van)} t/m {korte_dag(one.tot)}" if one.van else "–",
                "keren": one.keren,
            }
            for one in invoer.standen
        ],
        "aanleveringen": [_aanlevering(one) for one in leveringen],
        "besluiten": [
            {
                "ontvangen": kort(one.ontvangen),
                "uitvraag": one.uitvraag,
                "besluit": besluit_naam(one.besluit, one.omvang),
                "werkt": one.werkt,
                "uitleg": one.uitleg,
            }
            for one in besluiten
        ],
    }


def _aanlevering(one: Aanlevering) -> dict[str, Any]:
    oordeel = {None: "Nog niet beoordeeld", True: "Goedgekeurd", False: "Afgekeurd"}
    return {
        "ontvangen": kort(one.ontvangen),
        "bestand": screens.name(one.bestand),
        "soort": one.soort.upper(),
        "uitvraag": one.uitvraag or "onbekend",
        "goed": one.goedgekeurd,
        "oordeel": oordeel[one.goedgekeurd],
        "stap": one.stap,
        "rijen": one.rijen,
        "fouten": one.fouten,
        "signalen": one.signalen,
        "status": one.status,
    }
