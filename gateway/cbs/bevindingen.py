# SPDX-License-Identifier: EUPL-1.2
"""From rules over many rows at once to findings: the first thousand, exact counts, all to a CSV.

A rule is one boolean expression over a whole block of lines. First only its hits are counted; rows
are looked up for what has hits, and no more of them than are still wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from gateway.cbs.model import EERSTE_BEVINDINGEN, Aantal, Bevinding, Ernst
from gateway.cbs.uitvoer import Uitvoer

_SCHEMA = {
    "regel": pl.UInt32(), "kolom": pl.UInt8(), "ernst": pl.String(), "code": pl.String(),
    "tekst": pl.String(),
}  # fmt: skip
_VOLGORDE = ("regel", "kolom", "code")


@dataclass(frozen=True, slots=True)
class Toets:
    """One rule on one column (None: the line): where ``raak`` is true, there is a finding.

    ``tekst`` is what it says, or an expression where that differs from line to line.
    """

    code: str
    kolom: int | None
    ernst: Ernst
    raak: pl.Expr
    tekst: str | pl.Expr


Groep = Sequence[Toets]
"""Rules of which at most one is told per line: the first that fits."""

Deel = tuple[pl.DataFrame, Sequence[Groep]]
"""Some lines (with a column ``regel``), and what they are held to."""


@dataclass(frozen=True, slots=True)
class Vondst:
    """What was found on some lines: how often each rule hit, and findings in order.

    ``bevindingen`` is None for none; it may hold fewer than were counted, never fewer than asked.
    """

    aantallen: Counter[tuple[str, int | None, Ernst]]
    bevindingen: pl.DataFrame | None

    @property
    def fout(self) -> bool:
        """Whether there is anything that rejects."""
        return any(ernst is Ernst.FOUT for _, _, ernst in self.aantallen)


def zoek(delen: Sequence[Deel], los: Sequence[Bevinding] = (), *, nodig: int | None) -> Vondst:
    """Judge some lines. ``los`` are findings on them that were made singly.

    ``nodig``: at least so many findings are wanted, if there are so many; None: all.
    """
    aantallen = Counter((one.code, one.kolom, one.ernst) for one in los)
    gevonden = [_losse(los)] if los else []
    for frame, groepen in delen:
        for toets, raak, many in _treffers(frame, groepen):
            aantallen[toets.code, toets.kolom, toets.ernst] += many
            if nodig != 0:
                gevonden.append(_bevindingen(frame, toets, raak, nodig))
    samen = pl.concat(gevonden).sort(_VOLGORDE, nulls_last=False) if gevonden else None
    return Vondst(aantallen, samen)


@dataclass(slots=True)
class Verzamelaar:
    """What was found so far in one file."""

    uitvoer: Uitvoer | None = None
    eerste: list[Bevinding] = field(default_factory=list)
    aantallen: Counter[tuple[str, int | None, Ernst]] = field(default_factory=Counter)

    @property
    def nodig(self) -> int | None:
        """How many findings are still wanted: None for all."""
        return None if self.uitvoer else EERSTE_BEVINDINGEN - len(self.eerste)

    def aantal(self, ernst: Ernst) -> int:
        """How many of one severity."""
        return sum(many for (_, _, one), many in self.aantallen.items() if one is ernst)

    def telling(self) -> tuple[Aantal, ...]:
        """Give the counts, in the order of column and code."""
        order = sorted(self.aantallen.items(), key=lambda one: (one[0][1] or 0, one[0][0]))
        return tuple(Aantal(code, kolom, ernst, n) for (code, kolom, ernst), n in order)

    def een(self, bevindingen: Sequence[Bevinding]) -> None:
        """Add findings on the file as a whole, already in order."""
        self.bij(zoek([], bevindingen, nodig=self.nodig))

    def bij(self, vondst: Vondst) -> None:
        """Add what was found on the lines that follow those before."""
        self.aantallen += vondst.aantallen
        if vondst.bevindingen is None:
            return
        for row in vondst.bevindingen.head(EERSTE_BEVINDINGEN - len(self.eerste)).iter_rows():
            self.eerste.append(Bevinding(row[0], row[1], Ernst(row[2]), row[3], row[4]))
        if self.uitvoer:
            self.uitvoer.schrijf(vondst.bevindingen)


def _losse(los: Sequence[Bevinding]) -> pl.DataFrame:
    rows = [(one.regel, one.kolom, one.ernst.value, one.code, one.tekst) for one in los]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _treffers(frame: pl.DataFrame, groepen: Sequence[Groep]) -> list[tuple[Toets, pl.Expr, int]]:
    """Give the rules that hit, each with where, and how often; one per group and line."""
    alle = [toets for groep in groepen for toets in groep]
    if not alle or not frame.height:
        return []
    telling = dict(zip(map(id, alle), _tel(frame, [toets.raak for toets in alle]), strict=True))
    found = []
    for groep in groepen:
        raken = [toets for toets in groep if telling[id(toets)]]
        eerder: list[pl.Expr] = []
        for toets in raken:
            raak, many = toets.raak, telling[id(toets)]
            if eerder:
                raak = raak & ~pl.any_horizontal(eerder)
                many = _tel(frame, [raak])[0]
            eerder.append(toets.raak)
            if many:
                found.append((toets, raak, many))
    return found


def _tel(frame: pl.DataFrame, raken: Sequence[pl.Expr]) -> tuple[int, ...]:
    sums = [raak.sum().alias(str(n)) for n, raak in enumerate(raken)]
    return frame.lazy().select(sums).collect().row(0)


def _bevindingen(
    frame: pl.DataFrame, toets: Toets, raak: pl.Expr, nodig: int | None
) -> pl.DataFrame:
    tekst = pl.lit(toets.tekst) if isinstance(toets.tekst, str) else toets.tekst
    rows = frame.lazy().filter(raak)
    if nodig is not None:
        rows = rows.head(nodig)
    return rows.select(
        pl.col("regel"), pl.lit(toets.kolom, pl.UInt8).alias("kolom"),
        pl.lit(toets.ernst.value).alias("ernst"), pl.lit(toets.code).alias("code"),
        tekst.alias("tekst"),
    ).collect()  # fmt: skip
