# SPDX-License-Identifier: EUPL-1.2
"""Decisions of municipalities on publication: what each comes to by the rules of its cycle.

Two kinds of cycle. Where silence means publication (aanleverprotocol 2.5, step 4: H22025) a
municipality may withdraw the whole delivery or the facultative set alone, between the end of the
window for deliveries and the start of CBS's work. Where silence means that nothing is published
(PSA, chapter 5: 2016) it must opt in, and only with the complete set. Pure: plain data in, plain
data out; what is said is Dutch, for the confirmation that the municipality gets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from gateway.periods import binnen, dag_van, voluit

OPT_IN, OPT_OUT, INTREKKING, ACCORDERING = "opt-in", "opt-out", "intrekking", "accordering"
"""The four decisions (schemas/publicatiebesluit.xsd)."""

FACULTATIEF = "facultatief"
"""The extent of a decision about the facultative set alone."""


class Cyclusvenster(Protocol):
    """What is asked of a window here: beside its days (``periods.Tijdvak``), its cycle and step."""

    @property
    def uitvraag(self) -> str:
        """The code of the half-year that is handed in, or decided about."""

    @property
    def van(self) -> date:
        """The first day."""

    @property
    def tot(self) -> date | None:
        """The last day; None: not announced."""

    @property
    def cyclus(self) -> str:
        """The name of its cycle."""

    @property
    def stap(self) -> str:
        """``aanlevering`` or ``besluit``."""


class Effect(StrEnum):
    """What a decision does to the set that it is about."""

    GEEN = "geen"
    PUBLICEREN = "publiceren"
    NIET_PUBLICEREN = "niet publiceren"
    ZONDER_FACULTATIEF = "zonder facultatieve set"


@dataclass(frozen=True, slots=True)
class Besluit:
    """A decision as it was sent in. ``moment``: when it was uploaded; ``afzender``: by whom."""

    nummer: int
    gemeentecode: str
    uitvraag: str
    besluit: str
    omvang: str
    moment: datetime
    afzender: str


@dataclass(frozen=True, slots=True)
class Gevolg:
    """What a decision comes to. ``geldig``: it was taken as one, in its time and by the rules.

    ``code`` is a stable word; ``zin`` the Dutch sentence in the confirmation.
    """

    geldig: bool
    effect: Effect
    code: str
    zin: str


def _geen(code: str, zin: str) -> Gevolg:
    return Gevolg(False, Effect.GEEN, code, f"{zin} Dit besluit heeft geen gevolg.")


def beoordeel(
    besluit: Besluit,
    vensters: Iterable[Cyclusvenster],
    opt_in_cycli: Iterable[str],
    *,
    geleverd: bool,
    mandaat: bool = False,
) -> Gevolg:
    """Judge a decision by the window that its day is in.

    ``geleverd``: CBS holds an approved set of this municipality over this uitvraag, handed in
    before the decision was. ``mandaat``: who sent it may decide for another.
    """
    if besluit.afzender != besluit.gemeentecode and not mandaat:  # protocol 2.5, Uitzondering
        zin = f"Het besluit is voor gemeente {besluit.gemeentecode}, en het CBS heeft geen "
        return _geen("geen-mandaat", f"{zin}juridische grondslag van {besluit.afzender} daarvoor.")
    dag = dag_van(besluit.moment)
    ours = [one for one in vensters if one.uitvraag == besluit.uitvraag and one.stap == "besluit"]
    now = next((one for one in ours if binnen(one, dag)), None)
    if now is None:
        return _buiten(besluit, ours, dag)
    if not geleverd:
        zin = f"Over {besluit.uitvraag} heeft het CBS geen goedgekeurde levering van uw gemeente."
        return _geen("geen-levering", zin)
    if besluit.besluit == ACCORDERING:
        zin = "Uw accordering van het spiegelrapport is vastgelegd; aan de publicatie verandert "
        return Gevolg(True, Effect.GEEN, "geaccordeerd", f"{zin}zij niets.")
    if now.cyclus in frozenset(opt_in_cycli):
        return _opt_in_cyclus(besluit)
    return _intrekcyclus(besluit)


def _buiten(besluit: Besluit, ours: list[Cyclusvenster], dag: date) -> Gevolg:
    """Outside its window a decision does nothing (protocol 2.2 and 2.5, step 4)."""
    if not ours:
        zin = f"Voor besluiten over {besluit.uitvraag} is geen periode bekend."
        return _geen("geen-venster", zin)
    coming = [one for one in ours if one.van > dag]
    if coming:
        first = min(coming, key=lambda one: one.van)
        until = f" tot en met {voluit(first.tot)}" if first.tot else ""
        zin = f"Besluiten over {besluit.uitvraag} kunnen van {voluit(first.van)}{until}; "
        zin += f"het uwe kwam op {voluit(dag)}. Stuur het dan opnieuw."
        return _geen("te-vroeg", zin)
    ended = max(one.tot for one in ours if one.tot is not None)
    zin = f"Besluiten over {besluit.uitvraag} konden tot en met {voluit(ended)}; "
    return _geen("te-laat", f"{zin}het uwe kwam op {voluit(dag)}.")


def _opt_in_cyclus(besluit: Besluit) -> Gevolg:
    """PSA chapter 5, Besluit opt-in: only the complete set can be approved; silence is no."""
    if besluit.omvang == FACULTATIEF:
        zin = "In deze cyclus beslist een gemeente alleen over de volledige gegevensset."
        return _geen("alleen-geheel", zin)
    if besluit.besluit == OPT_IN:
        zin = "Uw gemeente staat publicatie toe; de volledige gegevensset wordt verwerkt."
        return Gevolg(True, Effect.PUBLICEREN, "opt-in", zin)
    zin = "De gegevens van uw gemeente worden niet gepubliceerd."
    return Gevolg(True, Effect.NIET_PUBLICEREN, "opt-out", zin)


def _intrekcyclus(besluit: Besluit) -> Gevolg:
    """Protocol 2.5, step 4 and its box: the basic set takes the facultative one with it.

    An opt-out is no form of this cycle, but its meaning is plain: it is taken as a withdrawal of
    the whole, rather than publish what a municipality said it does not want published (choice).
    """
    if besluit.besluit == OPT_IN:
        zin = (
            "In deze cyclus is een opt-in niet nodig: zonder intrekking worden de gegevens "
            "gepubliceerd. Aan een eerder besluit verandert deze opt-in niets."
        )
        return Gevolg(False, Effect.GEEN, "niet-nodig", zin)
    if besluit.besluit == INTREKKING and besluit.omvang == FACULTATIEF:
        zin = "De facultatieve set is ingetrokken; de basisset wordt gepubliceerd."
        return Gevolg(True, Effect.ZONDER_FACULTATIEF, "facultatief-ingetrokken", zin)
    if besluit.omvang == FACULTATIEF:
        zin = "Wie alleen de facultatieve set niet wil publiceren, trekt die in: stuur een "
        return _geen("omvang", f"{zin}intrekking met omvang facultatief.")
    what = "Uw opt-out geldt in deze cyclus als intrekking. " * (besluit.besluit == OPT_OUT)
    zin = f"{what}De hele levering is ingetrokken, basisset en facultatieve set; er wordt niets "
    return Gevolg(True, Effect.NIET_PUBLICEREN, "ingetrokken", f"{zin}van gepubliceerd.")
