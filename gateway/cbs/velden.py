# SPDX-License-Identifier: EUPL-1.2
"""Step 3: each field to its specification (aanleverprotocol 3.2, annex I 4.1.2).

Each rule is one function: from the column and what the file is measured by, to the rows where it
is broken. Severities and columns stand in the protocol's table. By now columns 1 to 10 hold digits
or nothing: step 2 saw to that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from gateway.cbs.bevindingen import Groep, Toets
from gateway.cbs.model import Ernst
from gateway.cbs.protocol import Kolom, Protocol
from gateway.periods import Uitvraag, voluit


@dataclass(frozen=True, slots=True)
class Maat:
    """What a file is measured by.

    ``gemeenten``: the codes that the CBS list held on a day of the period or on that of delivery.
    ``aanmaak`` and ``gemeente``: those of the first row with data.
    """

    protocol: Protocol
    uitvraag: Uitvraag
    gemeenten: tuple[str, ...]
    aanmaak: str
    gemeente: str


def veld(kolom: Kolom) -> pl.Expr:
    """The text of a column; empty when it was left out."""
    return pl.col(kolom.naam)


def gevuld(kolom: Kolom) -> pl.Expr:
    """Whether there is anything."""
    return veld(kolom) != ""


def datum(kolom: Kolom) -> pl.Expr:
    """The date as a number EEJJMMDD; null when it is empty or no real date."""
    return pl.col(f"d{kolom.nummer}")


def met_datums(rijen: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """Add each date as a number (column ``d5`` for ``k5``), so that dates can be compared."""
    return rijen.with_columns(
        _echte_datum(veld(kolom), kolom.posities).alias(f"d{kolom.nummer}")
        for kolom in protocol.kolommen
        if kolom.datum
    )


def _echte_datum(tekst: pl.Expr, posities: int) -> pl.Expr:
    dag = tekst.cast(pl.Int32, strict=False)
    return pl.when((tekst.str.len_bytes() == posities) & _op_kalender(dag)).then(dag)


def _op_kalender(eejjmmdd: pl.Expr) -> pl.Expr:
    """Whether a number is a day of the calendar: from 1 January of the year 1."""
    jaar, maand, dag = eejjmmdd // 10000, eejjmmdd // 100 % 100, eejjmmdd % 100
    schrikkel = (jaar % 4 == 0) & ((jaar % 100 != 0) | (jaar % 400 == 0))
    langste = (
        pl.when(maand == 2)
        .then(28 + schrikkel.cast(pl.Int32))
        .otherwise(31 - maand.is_in([4, 6, 9, 11]).cast(pl.Int32))
    )
    return (jaar >= 1) & maand.is_between(1, 12) & dag.is_between(1, langste)


def _echt_tijdstip(tekst: pl.Expr, kolom: Kolom) -> pl.Expr:
    """Whether it is a day of the calendar and a time, from 00:00 to 23:59."""
    tijdstip = tekst.cast(pl.Int64, strict=False)
    dag, uur, minuut = tijdstip // 10000, tijdstip // 100 % 100, tijdstip % 100
    heel = tekst.str.len_bytes() == kolom.posities
    return heel & _op_kalender(dag.cast(pl.Int32, strict=False)) & (uur < 24) & (minuut < 60)


# --- the rules ------------------------------------------------------------------------------------


def verplicht_leeg(kolom: Kolom, _maat: Maat) -> pl.Expr:
    """Must be filled on every row, and is not."""
    return veld(kolom) == ""


def lengte(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Filled, but not with exactly so many characters."""
    anders = gevuld(kolom) & (veld(kolom).str.len_chars() != kolom.posities)
    return anders & ~oude_code(kolom, maat) if _heeft(kolom, "oude-code", maat) else anders


def code_onbekend(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Not in the code list."""
    vreemd = ~veld(kolom).is_in(["", *kolom.codes])
    return vreemd & ~oude_code(kolom, maat) if _heeft(kolom, "oude-code", maat) else vreemd


def geen_tijdstip(kolom: Kolom, _maat: Maat) -> pl.Expr:
    """No moment that ever was or will be."""
    return gevuld(kolom) & ~_echt_tijdstip(veld(kolom), kolom).fill_null(value=False)


def geen_datum(kolom: Kolom, _maat: Maat) -> pl.Expr:
    """No day of the calendar."""
    return gevuld(kolom) & datum(kolom).is_null()


def gemeente_onbekend(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Not on the CBS list in the period, nor on the day of delivery."""
    return gevuld(kolom) & ~veld(kolom).is_in(list(maat.gemeenten))


def gemeente_verschilt(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Another municipality than on the first row with data: a file is of one."""
    return gevuld(kolom) & (veld(kolom) != maat.gemeente)


def elfproef(kolom: Kolom, maat: Maat) -> pl.Expr:
    """No BSN: not divisible by eleven when weighed 9 to 2 and -1, or nought."""
    bsn = veld(kolom).cast(pl.Int32, strict=False)
    som = pl.sum_horizontal(bsn // 10**plaats % 10 * (plaats + 1) for plaats in range(1, 9))
    goed = ((som - bsn % 10) % 11 == 0) & (bsn > 0)
    onbekend = veld(kolom) == maat.protocol.bsn_onbekend
    return gevuld(kolom) & ~goed.fill_null(value=False) & ~onbekend


def beide_leeg(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Empty, and so is the column that may stand in for it."""
    ander = maat.protocol.kolom(kolom.reserve or kolom.id)
    return (veld(kolom) == "") & (veld(ander) == "")


def start_na_periode(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Later than the last day of the half-year."""
    return datum(kolom) > int(f"{maat.uitvraag.laatste_dag:%Y%m%d}")


def einde_voor_start(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Earlier than the start that it belongs to."""
    return datum(kolom) < datum(maat.protocol.kolom(kolom.begin or kolom.id))


def einde_voor_periode(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Earlier than the first day of the half-year."""
    return datum(kolom) < int(f"{maat.uitvraag.eerste_dag:%Y%m%d}")


def aanmaakdatum_verschilt(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Another moment than on the first row with data, where both are real ones."""
    eerste = _echt_tijdstip(pl.lit(maat.aanmaak), kolom)
    ander = veld(kolom) != maat.aanmaak
    return ander & eerste & _echt_tijdstip(veld(kolom), kolom)


def start_voor_beoogd(kolom: Kolom, maat: Maat) -> pl.Expr:
    """The actual start is earlier than the intended one."""
    return datum(kolom) < datum(maat.protocol.kolom(kolom.beoogd or kolom.id))


def einde_na_beoogd(kolom: Kolom, maat: Maat) -> pl.Expr:
    """The actual end is later than the intended one."""
    return datum(kolom) > datum(maat.protocol.kolom(kolom.beoogd or kolom.id))


def einde_ontbreekt(kolom: Kolom, maat: Maat) -> pl.Expr:
    """No end, though a reason says that it ended."""
    return (veld(kolom) == "") & gevuld(maat.protocol.kolom("reden_beeindiging"))


def geen_getal(kolom: Kolom, maat: Maat) -> pl.Expr:
    """Anything but the digits 0 to 9; a number with a fraction has its own rule."""
    anders = veld(kolom).str.contains("[^0-9]")
    return anders & ~niet_geheel(kolom, maat) if _heeft(kolom, "niet-geheel", maat) else anders


def niet_geheel(kolom: Kolom, _maat: Maat) -> pl.Expr:
    """A number with a fraction: 1,5 or 1.5."""
    return veld(kolom).str.contains(r"^[0-9]+[.,][0-9]+$")


def oude_code(kolom: Kolom, _maat: Maat) -> pl.Expr:
    """One digit: taken for a code of iWmo 2.0, and so no fault of length or code besides."""
    return veld(kolom).str.contains("^[0-9]$")


def _heeft(kolom: Kolom, code: str, maat: Maat) -> bool:
    """Whether the table has such a rule for the column."""
    return any(one == kolom for one, _ in maat.protocol.kolommen_van(code))


def generiek_advies(kolom: Kolom, maat: Maat) -> pl.Expr:
    """A generic allocation that is not in euros for its whole duration, nor left empty.

    What was granted is advised on the type that was granted; what was delivered on either type.
    """
    protocol, generiek = maat.protocol, maat.protocol.generiek
    toegewezen = veld(protocol.kolom("type_toewijzing")) == generiek.type
    if kolom.id == "geleverde_eenheid":
        gedeclareerd = veld(protocol.kolom("type_declaratie")) == generiek.type
        return (toegewezen | gedeclareerd) & ~veld(kolom).is_in(["", generiek.eenheid])
    frequentie = veld(protocol.kolom("frequentie"))
    leeg = (veld(kolom) == "") & (frequentie == "")
    zoals = (veld(kolom) == generiek.eenheid) & (frequentie == generiek.frequentie)
    return toegewezen & ~(leeg | zoals)


REGELS: dict[str, Callable[[Kolom, Maat], pl.Expr]] = {
    "verplicht-leeg": verplicht_leeg,
    "lengte": lengte,
    "code-onbekend": code_onbekend,
    "geen-tijdstip": geen_tijdstip,
    "geen-datum": geen_datum,
    "gemeente-onbekend": gemeente_onbekend,
    "gemeente-verschilt": gemeente_verschilt,
    "elfproef": elfproef,
    "type-ontbreekt": beide_leeg,
    "start-ontbreekt": beide_leeg,
    "start-na-periode": start_na_periode,
    "einde-voor-start": einde_voor_start,
    "einde-voor-periode": einde_voor_periode,
    "aanmaakdatum-verschilt": aanmaakdatum_verschilt,
    "leveringsvorm-leeg": verplicht_leeg,
    "start-voor-beoogd": start_voor_beoogd,
    "einde-na-beoogd": einde_na_beoogd,
    "einde-ontbreekt": einde_ontbreekt,
    "geen-getal": geen_getal,
    "niet-geheel": niet_geheel,
    "oude-code": oude_code,
    "generiek-advies": generiek_advies,
}
"""Each rule of step 3 by its code; the order of judgement is that of the table."""


_BIJ_TEKENS = frozenset({"geen-getal", "niet-geheel"})
"""Signals that no row of nothing but digits can have: looked for in the other rows alone."""


@dataclass(frozen=True, slots=True)
class Groepen:
    """The rules as they are applied: of the faults on one field the first is told, each signal is.

    ``bij_tekens``: those that only a row with something else than digits can break.
    """

    gewoon: Sequence[Groep]
    bij_tekens: Sequence[Groep]


def groepen(maat: Maat) -> Groepen:
    """Make the rules of a protocol into expressions, for one file."""
    protocol = maat.protocol
    woorden = {
        "eerste_dag": voluit(maat.uitvraag.eerste_dag),
        "laatste_dag": voluit(maat.uitvraag.laatste_dag),
    }
    fouten: dict[int, list[Toets]] = {}
    signalen: list[Groep] = []
    bij_tekens: list[Groep] = []
    for code in protocol.regels:
        if code not in REGELS:
            continue
        for kolom, ernst in protocol.kolommen_van(code):
            raak = REGELS[code](kolom, maat).fill_null(value=False)
            tekst = protocol.tekst(code, kolom, **woorden)
            toets = Toets(code, kolom.nummer, ernst, raak, tekst)
            if ernst is Ernst.FOUT:
                fouten.setdefault(kolom.nummer, []).append(toets)
            else:
                (bij_tekens if code in _BIJ_TEKENS else signalen).append([toets])
    return Groepen([*fouten.values(), *signalen], bij_tekens)
