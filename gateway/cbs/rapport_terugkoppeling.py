# SPDX-License-Identifier: EUPL-1.2
"""What the technical feedback says: the verdict, what to do by when, the findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from gateway import screens
from gateway.cbs.model import Controle
from gateway.cbs.protocol import voor
from gateway.cbs.rapport_bevindingen import bestand, ruimte_per_bestand
from gateway.cbs.rapportmodel import Bijlage, Terugkoppeling
from gateway.cbs.rapporttekst import dag, gemeente, halfjaar, kop, opmerkingen, telwoord
from gateway.cbs.rapporttekst import tijdstip as tijd
from gateway.periods import dag_van

_STAPPEN = (
    ("Bestandsnaam", "begin, uitvraag en extensie"),
    ("Structuur", "kolommen, regels en tekens"),
    ("Velden", "lengte, codes, datums en BSN"),
)
"""The three steps of the check (aanleverprotocol 2.5, step 3a, the box)."""


def gegevens(invoer: Terugkoppeling) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The page as data, and its attachments by the names that they have in the PDF."""
    controle, afzender = invoer.controle, invoer.afzender
    bijlagen = dict(_bijlagen(invoer.bijlagen))
    leden = controle.leden or (controle,)
    ruimte = ruimte_per_bestand(leden)
    uitvraag = controle.uitvraag
    feiten = [
        ("Bestand", screens.name(afzender.bestand)),
        ("Ontvangen", tijd(afzender.ontvangen)),
        ("Uitvraag", f"{uitvraag}, {halfjaar(uitvraag)}" if uitvraag else None),
        ("Volgnummer", str(afzender.volgnummer) if afzender.volgnummer is not None else None),
        ("Referentie", afzender.referentie),
    ]
    wie = gemeente(afzender.gemeentecode, afzender.naam)
    titel = f"{wie}: {invoer.soort.upper()}" + (f" {uitvraag}" if uitvraag else "")
    return {
        "kop": kop("Technische terugkoppeling", wie, titel, invoer.moment, feiten),
        "oordeel": _oordeel(controle, invoer.niet_behandeld),
        "stappen": [] if controle.leden else _stappen(controle),
        "doen": list(_doen(invoer)),
        "opmerkingen": [*opmerkingen(invoer.opmerkingen), *_over_soort(invoer)],
        "leden": [_lid(one) for one in controle.leden],
        "bestanden": [bestand(one, ruimte) for one in leden],
        "bijlagen": [
            {"pad": naam, "omschrijving": one.omschrijving, "volledig": one.volledig}
            for naam, one in zip(bijlagen, invoer.bijlagen, strict=True)
        ],
        "protocol": voor(uitvraag).titel,
    }, bijlagen


def _bijlagen(alle: Iterable[Bijlage]) -> Iterator[tuple[str, bytes]]:
    """Each under a name that is safe anywhere, and its own."""
    for i, one in enumerate(alle, 1):
        stam = re.sub(r"[^A-Za-z0-9_-]+", "-", one.naam.removesuffix(".csv")).strip("-")[:80]
        yield f"{i:02d}-{stam or 'bevindingen'}.csv", one.inhoud


def _oordeel(controle: Controle, niet_behandeld: str | None) -> dict[str, Any]:
    woord, zin = controle.oordeel.capitalize(), _oordeel_in_een_zin(controle)
    if niet_behandeld and controle.goedgekeurd:
        # Never a green panel on top of a delivery that does not count.
        woord, zin = "Niet in behandeling", f"{niet_behandeld} Technisch is alles goedgekeurd."
    goed = controle.goedgekeurd and not niet_behandeld
    return {"goed": goed, "woord": woord, "zin": zin}


def _oordeel_in_een_zin(controle: Controle) -> str:
    if controle.goedgekeurd:
        zin = "Het bestand voldoet aan de technische eisen van het aanleverprotocol."
        if controle.leden:
            zin = f"Alle {len(controle.leden)} bestanden in het ZIP-bestand zijn goedgekeurd."
        elif controle.signalen:
            wel = "Wel is er" if controle.signalen == 1 else "Wel zijn er"
            zin += f" {wel} {telwoord(controle.signalen, 'signaal', 'signalen')}."
    elif controle.leden:
        fout = sum(not one.goedgekeurd for one in controle.leden)
        zin = f"{fout} van de {len(controle.leden)} bestanden in het ZIP-bestand zijn afgekeurd."
        zin = zin.replace("zijn", "is") if fout == 1 else zin
    elif controle.stap:
        zin = f"In stap {controle.stap} van 3 ({_STAPPEN[controle.stap - 1][0].lower()}): "
        zin += telwoord(controle.fouten, "fout", "fouten")
        if controle.signalen:
            zin += f" en {telwoord(controle.signalen, 'signaal', 'signalen')}"
        zin += "."
    else:
        zin = f"{telwoord(controle.fouten, 'fout', 'fouten')} in de aanlevering als geheel."
    return zin


def _stappen(controle: Controle) -> list[dict[str, Any]]:
    """How each step ended: goed, fout, or not looked at because an earlier one failed."""
    if controle.stap is None and not controle.goedgekeurd:
        return []
    fout = controle.stap or len(_STAPPEN) + 1
    standen = ["goed" if i < fout else "fout" if i == fout else "niet" for i in range(1, 4)]
    return [
        {"naam": naam, "uitleg": uitleg, "stand": stand}
        for (naam, uitleg), stand in zip(_STAPPEN, standen, strict=True)
    ]


def _doen(invoer: Terugkoppeling) -> Iterator[str]:
    """What the municipality does now, and by when."""
    controle = invoer.controle
    te_laat = invoer.laatste_dag is not None and dag_van(invoer.moment) > invoer.laatste_dag
    if controle.goedgekeurd and invoer.niet_behandeld is None:
        yield from _na_goedkeuring(invoer, te_laat=te_laat)
        return
    if controle.goedgekeurd:
        yield "Er volgt geen op-orde rapport: met deze aanlevering gebeurt verder niets."
        return
    lijst = ""
    if invoer.bijlagen and all(one.volledig for one in invoer.bijlagen):
        lijst = " De bijlage in deze PDF bevat ze allemaal."
    if controle.leden:
        yield f"Herstel de fouten in de afgekeurde bestanden.{lijst}"
    else:
        yield f"Herstel de {'fout' if controle.fouten == 1 else 'fouten'} hieronder.{lijst}"
        if controle.stap and controle.stap < len(_STAPPEN):
            volgende = f"stap {controle.stap + 1}" + (" en 3" if controle.stap == 1 else "")
            yield (
                f"Houd rekening met meer fouten: {volgende} van de controle "
                f"{'zijn' if controle.stap == 1 else 'is'} nog niet uitgevoerd."
            )
    if te_laat and invoer.laatste_dag:
        yield f"De aanleverperiode eindigde op {dag(invoer.laatste_dag)}: opnieuw aanleveren " + (
            "is daarna te laat."
        )
    elif not _op(invoer):
        wat = "de herstelde bestanden" if controle.leden else "het hele bestand"
        yield f"Lever {wat} opnieuw aan{_uiterlijk(invoer.laatste_dag)}."
    if not te_laat:
        yield from _keren(invoer)


def _na_goedkeuring(invoer: Terugkoppeling, *, te_laat: bool) -> Iterator[str]:
    if invoer.controle.signalen:
        yield (
            "Bekijk de signalen. Ze leiden niet tot afkeuring, maar kunnen op fouten in de "
            "registratie wijzen."
        )
    else:
        yield "U hoeft nu niets te doen."
    if invoer.op_orde_voor:
        yield f"Het op-orde rapport volgt uiterlijk {dag(invoer.op_orde_voor)}."
    if invoer.laatste_dag and not te_laat and not _op(invoer):
        yield (
            "Wilt u nog iets verbeteren, lever dan een volledig nieuw bestand aan, uiterlijk "
            f"{dag(invoer.laatste_dag)}. Als dat is goedgekeurd, vervangt het dit bestand."
        )
    if not te_laat:
        yield from _keren(invoer)


def _op(invoer: Terugkoppeling) -> bool:
    """Whether this was the last delivery that there could be."""
    return invoer.keer is not None and invoer.keer >= invoer.ten_hoogste


def _uiterlijk(laatste: date | None) -> str:
    if laatste is None:
        return ". De laatste dag van de aanleverperiode is niet beschikbaar"
    return f", uiterlijk {dag(laatste)}"


def _keren(invoer: Terugkoppeling) -> Iterator[str]:
    """The first delivery and twenty more (2.5, steps 3a and 3c)."""
    if invoer.keer is None:
        return
    rest = invoer.ten_hoogste - invoer.keer
    periode = invoer.controle.uitvraag or "deze uitvraag"
    begin = f"Dit was aanlevering {invoer.keer} van ten hoogste {invoer.ten_hoogste} over {periode}"
    if rest > 0:
        yield f"{begin}; u kunt nog {rest} keer aanleveren."
    elif rest == 0:
        yield f"{begin}: opnieuw aanleveren kan niet meer."
    else:
        yield f"U heeft over {periode} al {invoer.ten_hoogste} keer aangeleverd, het maximum."


def _over_soort(invoer: Terugkoppeling) -> list[dict[str, str]]:
    if invoer.soort == "wmo":
        return []
    tekst = "Van SBO- en JEUGD-bestanden worden de naam en de vorm beoordeeld, niet de velden."
    return [{"kop": "Omvang van de controle", "tekst": tekst}]


def _lid(controle: Controle) -> dict[str, Any]:
    return {
        "naam": screens.name(controle.bestand),
        "goed": controle.goedgekeurd,
        "oordeel": controle.oordeel.capitalize()
        + (f", stap {controle.stap}" if controle.stap and not controle.goedgekeurd else ""),
        "uitvraag": controle.uitvraag or "–",
        "gemeente": controle.gemeentecode or "–",
        "rijen": controle.rijen,
        "fouten": controle.fouten,
        "signalen": controle.signalen,
    }
