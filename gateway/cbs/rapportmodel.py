# SPDX-License-Identifier: EUPL-1.2
"""What goes into a report: plain data, no BSN in any of it. ``rapport.py`` makes the PDF.

``moment`` is when the report is made, on the chain's clock: it stands on the page and is the PDF's
own timestamp, so that the same input gives the same bytes. Text from outside (names, remarks,
explanations) may hold anything: it is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from gateway.cbs.cijfers import Cijfers
from gateway.cbs.model import Controle

MAX_AANLEVERINGEN = 21
"""The first delivery and twenty more (aanleverprotocol 2.5, step 3a; domain 3)."""

Soort = Literal["wmo", "sbo", "jeugd"]
Besluit = Literal["opt-in", "opt-out", "intrekking", "accordering"]
Omvang = Literal["geheel", "facultatief"]


@dataclass(frozen=True, slots=True)
class Opmerking:
    """Something that the reader must know beside the verdict: a heading and a few sentences."""

    kop: str
    tekst: str


@dataclass(frozen=True, slots=True)
class Bijlage:
    """A CSV that travels inside the PDF: ``regel;kolom;ernst;code;tekst``, UTF-8, with a header.

    ``volledig``: False where only the first findings fit; the report then says so.
    """

    naam: str
    inhoud: bytes
    omschrijving: str = "Bevindingen van de technische controle"
    volledig: bool = True


@dataclass(frozen=True, slots=True)
class Afzender:
    """The municipality that a report is for, and the delivery that it answers.

    ``naam``: the name in the CBS list, None when the code is in no list. ``bestand``: as the
    municipality called it. ``ontvangen``: the upload. ``volgnummer``: the number at CBS.
    """

    gemeentecode: str
    naam: str | None
    bestand: str
    ontvangen: datetime
    referentie: str | None = None
    volgnummer: int | None = None


@dataclass(frozen=True, slots=True)
class Terugkoppeling:
    """The technical feedback on one delivery (aanleverprotocol 2.5, step 3a).

    ``keer``: which delivery of this half-year it is (1 is the first) of at most ``ten_hoogste``,
    None where that is not counted (a ZIP with several). ``laatste_dag``: of the window;
    ``op_orde_voor``: the last day on which the op-orde report follows; None where there is none.
    ``bijlagen``: the full list of findings, one for the file or one for each member of a ZIP.
    ``niet_behandeld``: a Dutch sentence why CBS does nothing with the delivery, whatever the check
    came to (another municipality's data, one delivery too many); None where it counts.
    """

    moment: datetime
    afzender: Afzender
    soort: Soort
    controle: Controle
    keer: int | None = None
    ten_hoogste: int = MAX_AANLEVERINGEN
    laatste_dag: date | None = None
    op_orde_voor: date | None = None
    opmerkingen: tuple[Opmerking, ...] = ()
    bijlagen: tuple[Bijlage, ...] = ()
    niet_behandeld: str | None = None


@dataclass(frozen=True, slots=True)
class OpOrde:
    """The op-orde report, spiegelrapport I (aanleverprotocol 2.5, step 3b; PSA 5).

    ``eerdere``: the municipality's own earlier half-years, in any order. ``anderen``: the latest
    approved figures of every other municipality over the same half-year, by gemeentecode; who is
    of like size is found out here, and no code of them ever comes into the report. ``deel``: 2 for
    spiegelrapport II, on which a municipality opts in until ``opt_in_tot`` (PSA 5).
    """

    moment: datetime
    afzender: Afzender
    cijfers: Cijfers
    eerdere: tuple[Cijfers, ...] = ()
    anderen: Mapping[str, Cijfers] = field(default_factory=dict)
    laatste_dag: date | None = None
    intrekken_van: date | None = None
    intrekken_tot: date | None = None
    opmerkingen: tuple[Opmerking, ...] = ()
    deel: Literal[1, 2] = 1
    opt_in_tot: date | None = None


@dataclass(frozen=True, slots=True)
class Bevestiging:
    """What CBS says of a decision: that it counts from now on, or why it has no effect.

    ``reden``: a Dutch sentence, None when it takes effect. ``gemeentecode``/``naam``: whom the
    decision is about; ``namens``: who sent it under a mandate, when that is another. ``vervangt``:
    a Dutch phrase for the earlier decision that no longer counts. ``wijzigen_tot``: the last day
    on which another decision can be sent.
    """

    moment: datetime
    gemeentecode: str
    naam: str | None
    uitvraag: str
    besluit: Besluit
    omvang: Omvang
    ontvangen: datetime
    reden: str | None = None
    vervangt: str | None = None
    wijzigen_tot: date | None = None
    namens: str | None = None
    referentie: str | None = None
    toelichting: str | None = None
    opmerkingen: tuple[Opmerking, ...] = ()

    @property
    def werkt(self) -> bool:
        """Whether the decision takes effect."""
        return self.reden is None


@dataclass(frozen=True, slots=True)
class Stand:
    """How a municipality stands for one half-year; ``status`` is a Dutch phrase.

    ``goed``: whether a delivery counts for publication now; None while that is open.
    """

    uitvraag: str
    soort: Soort
    status: str
    sinds: date | None = None
    van: date | None = None
    tot: date | None = None
    keren: int = 0
    goed: bool | None = None


@dataclass(frozen=True, slots=True)
class Aanlevering:
    """One delivery in the overview; nobody's name. ``goedgekeurd`` None: not judged yet.

    ``status``: what became of it, a Dutch phrase (telt mee, vervangen, ingetrokken).
    """

    ontvangen: datetime
    bestand: str
    soort: Soort
    uitvraag: str | None
    goedgekeurd: bool | None
    stap: int | None = None
    rijen: int | None = None
    fouten: int = 0
    signalen: int = 0
    status: str = ""
    volgnummer: int | None = None


@dataclass(frozen=True, slots=True)
class Genomen:
    """One decision in the overview. ``werkt``: whether it took effect; ``uitleg``: why (not)."""

    ontvangen: datetime
    uitvraag: str
    besluit: Besluit
    omvang: Omvang
    werkt: bool
    uitleg: str = ""


@dataclass(frozen=True, slots=True)
class Overzicht:
    """All that a municipality delivered and decided, as CBS has it at ``moment``."""

    moment: datetime
    gemeentecode: str
    naam: str | None
    standen: tuple[Stand, ...] = ()
    aanleveringen: tuple[Aanlevering, ...] = ()
    besluiten: tuple[Genomen, ...] = ()
