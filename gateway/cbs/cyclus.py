# SPDX-License-Identifier: EUPL-1.2
"""The half-yearly cycle as CBS plays it: what a delivery comes to, and when what is answered.

Pure: plain data in, plain data out. Sources: aanleverprotocol 2.2 to 2.5, PSA chapter 5, and where
both are silent the choices in ``docs/cbs.md``. What is said is Dutch, for the municipality.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.cbs.besluiten import Cyclusvenster
from gateway.cbs.werkdagen import ochtend, uiterlijk, werkdagen_na
from gateway.config_cbs import Cbs
from gateway.periods import Uitvraag, beoordeel, binnen, dag_van, voluit


@dataclass(frozen=True, slots=True)
class Gegevensset:
    """One checked file: what was handed in alone, or one member of a ZIP.

    ``soort``: wmo, sbo or jeugd. ``gemeentecode``: whose it counts as: in a ZIP that of the file,
    else that of ``afzender``, who handed it in; ``ander`` is then another's code in the file.
    Empty: nobody's, and so counted for nobody. ``goedgekeurd``: what the technical check said.
    ``levering``: the number of the delivery that it came in.
    """

    nummer: int
    soort: str
    gemeentecode: str
    uitvraag: str
    moment: datetime
    goedgekeurd: bool
    afzender: str
    in_zip: bool = False
    ander: str = ""
    levering: int = 0

    @property
    def geteld(self) -> bool:
        """Whether it counts for a municipality over a half-year: with neither there is no count."""
        return bool(self.gemeentecode) and Uitvraag.lees(self.uitvraag) is not None

    @property
    def orde(self) -> tuple[datetime, int, int]:
        """In which order sets and decisions are handled: upload, delivery, place in its ZIP."""
        return self.moment, self.levering, self.nummer


@dataclass(frozen=True, slots=True)
class Uitkomst:
    """What a set comes to in the cycle.

    ``aanvaard``: it is now the municipality's set, and replaces the former. ``code``: goedgekeurd,
    afgekeurd, te-vaak, andere-gemeente, geen-mandaat or buiten-venster. ``hoeveelste``: which
    delivery it was of this municipality over this uitvraag, 1 for the first, 0 where none is
    counted; ``resterend``: how many are left.
    """

    aanvaard: bool
    code: str
    hoeveelste: int
    resterend: int
    opmerkingen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beoordeeld:
    """A set with what it came to."""

    gegevens: Gegevensset
    aanvaard: bool
    code: str


@dataclass(frozen=True, slots=True)
class Gepland:
    """What CBS sends of itself on a fixed day. ``sleutel`` is its own: it is sent once."""

    sleutel: str
    soort: str
    gemeentecode: str
    uitvraag: str
    moment: datetime


# --- a delivery -----------------------------------------------------------------------------------


def beoordeel_set(
    gegevens: Gegevensset,
    eerdere: Iterable[Beoordeeld],
    vensters: Sequence[Cyclusvenster],
    regels: Cbs,
    *,
    afdwingen: bool,
) -> Uitkomst:
    """Judge a checked set by the cycle. ``eerdere``: all that is known already.

    All of it counts, whatever its moment: a clock that was turned back gives no more turns.

    ``afdwingen``: its exchange refuses what comes outside its window; else a remark says so.
    """
    same = [one for one in eerdere if gegevens.geteld and _zelfde(one.gegevens, gegevens)]
    hoeveelste = len(same) + 1 if gegevens.geteld else 0
    resterend = max(0, regels.correcties + 1 - hoeveelste)
    venster = _venster_zin(gegevens, vensters)
    opmerkingen = [zin for zin in (venster, _periode_zin(gegevens, vensters)) if zin]
    code = "goedgekeurd" if gegevens.goedgekeurd else "afgekeurd"
    if hoeveelste > regels.correcties + 1:  # protocol 2.5, step 3a
        code = "te-vaak"
        zin = f"Over {gegevens.uitvraag} kan een gemeente {regels.correcties + 1} keer aanleveren, "
        opmerkingen.insert(0, f"{zin}afgekeurde bestanden meegeteld; dit bestand is daar een meer.")
    elif afdwingen and venster:
        code = "buiten-venster"
    elif gegevens.ander and gegevens.in_zip:
        code = "geen-mandaat"
        zin = f"Het bestand bevat gegevens van gemeente {gegevens.ander}, en het CBS heeft geen "
        zin += f"juridische grondslag waarmee gemeente {gegevens.afzender} die aanlevert. Het "
        opmerkingen.insert(0, f"{zin}telt voor geen gemeente mee.")
    elif gegevens.ander:
        code = "andere-gemeente"
        zin = f"Het bestand bevat gegevens van gemeente {gegevens.ander}, en is aangeleverd "
        zin += (
            f"door gemeente {gegevens.afzender}. Wie voor een andere gemeente aanlevert, doet dat "
        )
        opmerkingen.insert(0, f"{zin}met een bestand per gemeente, samen in één ZIP.")
    elif code == "goedgekeurd":
        opmerkingen += _aanvaard_zinnen(gegevens, same)
    return Uitkomst(code == "goedgekeurd", code, hoeveelste, resterend, tuple(opmerkingen))


def _zelfde(een: Gegevensset, ander: Gegevensset) -> bool:
    return (een.soort, een.gemeentecode, een.uitvraag) == (
        ander.soort, ander.gemeentecode, ander.uitvraag,
    )  # fmt: skip


def _venster_zin(gegevens: Gegevensset, vensters: Sequence[Cyclusvenster]) -> str:
    """What is wrong with its day: early, late, or no window known; empty when it came in time."""
    ours = [one for one in vensters if one.stap == "aanlevering"]
    oordeel = beoordeel(ours, gegevens.uitvraag, dag_van(gegevens.moment))
    return "" if oordeel.open else oordeel.zin


def _periode_zin(gegevens: Gegevensset, vensters: Sequence[Cyclusvenster]) -> str:
    """What is wrong with its half-year: protocol 2.2 asks for the last one and that before it."""
    asked, dag = Uitvraag.lees(gegevens.uitvraag), dag_van(gegevens.moment)
    ours = (one for one in vensters if one.stap == "aanlevering")
    if asked is None or any(one.uitvraag == asked.code and binnen(one, dag) for one in ours):
        return ""
    laatste = afgelopen(dag)
    if asked > laatste:
        return f"{asked.code} was op {voluit(dag)} nog niet voorbij."
    if asked < laatste.vorige:
        zin = f"Op {voluit(dag)} vraagt het CBS {laatste.code} en hoogstens {laatste.vorige.code}; "
        return f"{zin}{asked.code} is ouder."
    return ""


def _aanvaard_zinnen(gegevens: Gegevensset, same: list[Beoordeeld]) -> Iterator[str]:
    accepted = [one.gegevens.moment for one in same if one.aanvaard]
    if accepted and max(accepted) > gegevens.moment:
        yield "Een later geüploade levering is al goedgekeurd: die blijft tellen."
    elif accepted:
        yield "Deze levering vervangt de eerder goedgekeurde: een levering is altijd volledig."
    if gegevens.gemeentecode != gegevens.afzender:
        yield f"Dit bestand telt voor gemeente {gegevens.gemeentecode}."


def afgelopen(dag: date) -> Uitvraag:
    """The half-year that was over last on a day (protocol 2.2)."""
    return Uitvraag(dag.year, 1 if dag.month <= 6 else 2).vorige


# --- when what is answered ------------------------------------------------------------------------


def wanneer_terug(upload: datetime, nu: datetime, regels: Cbs) -> datetime:
    """When the technical feedback, or the confirmation of a decision, is due.

    The term begins with the upload (protocol 2.5, step 3a); one that lies ahead of the chain's
    clock, which was turned back, counts as now.
    """
    if regels.antwoord == "direct":
        return nu
    return uiterlijk(min(upload, nu), regels.terugkoppeling_werkdagen)


def wanneer_op_orde(
    terug: datetime, uitvraag: str, vensters: Iterable[Cyclusvenster], regels: Cbs
) -> datetime:
    """When the op-orde report is due: so many working days after the approval was told.

    In a cycle with fixed days not before that of spiegelrapport I (PSA, chapter 5).
    """
    if regels.antwoord == "direct":
        return terug
    due = uiterlijk(terug, regels.op_orde_werkdagen)
    days = [
        ochtend(regels.opt_in_cycli[one.cyclus].spiegelrapport_1)
        for one in vensters
        if one.uitvraag == uitvraag and one.cyclus in regels.opt_in_cycli
        and binnen(one, dag_van(terug))
    ]  # fmt: skip
    return max([due, *days])


def agenda(
    sets: Sequence[Beoordeeld], vensters: Sequence[Cyclusvenster], regels: Cbs
) -> Iterator[Gepland]:
    """What CBS sends of itself, by the windows: overviews, spiegelrapport II, opt-in requests."""
    for one in vensters:
        if one.stap != "aanlevering" or one.tot is None:
            continue
        came = [
            this for this in sets
            if this.gegevens.uitvraag == one.uitvraag and binnen(one, dag_van(this.gegevens.moment))
        ]  # fmt: skip
        for code in sorted({this.gegevens.gemeentecode for this in came} - {""}):
            where = f"{one.cyclus}/{one.uitvraag}/{code}"
            after = ochtend(werkdagen_na(one.tot, 1))
            yield Gepland(f"overzicht/{where}", "overzicht", code, one.uitvraag, after)
        fixed = regels.opt_in_cycli.get(one.cyclus)
        if fixed is None:
            continue
        days = (("spiegelrapport-2", fixed.spiegelrapport_2),
                ("opt-in-verzoek", fixed.opt_in_verzoek))  # fmt: skip
        for code in sorted({this.gegevens.gemeentecode for this in came if this.aanvaard}):
            for soort, day in days:
                sleutel = f"{soort}/{one.cyclus}/{one.uitvraag}/{code}"
                yield Gepland(sleutel, soort, code, one.uitvraag, ochtend(day))
