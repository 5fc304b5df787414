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


@dataclass(slots=True)
class Verzamelaar:
    """What was found so far in one file."""

    uitvoer: Uitvoer | None = None
    eerste: list[Bevinding] = field(default_factory=list)
    aantallen: Counter[tuple[str, int | None, Ernst]] = field(default_factory=Counter)

    def aantal(self, ernst: Ernst) -> int:
        """How many of one severity."""
        return sum(many for (_, _, one), many in self.aantallen.items() if one is ernst)

    def telling(self) -> tuple[Aantal, ...]:
        """Give the counts, in the order of column and code."""
        order = sorted(self.aantallen.items(), key=lambda one: (one[0][1] or 0, one[0][0]))
        return tuple(Aantal(code, kolom, ernst, n) for (code, kolom, ernst), n in order)

    def een(self, bevindingen: Sequence[Bevinding]) -> None:
        """Add single findings, already in order."""
        for one in bevindingen:
            self.aantallen[one.code, one.kolom, one.ernst] += 1
        self.eerste += bevindingen[: EERSTE_BEVINDINGEN - len(self.eerste)]
        if self.uitvoer and bevindingen:
            rows = [(b.regel, b.kolom, b.ernst.value, b.code, b.tekst) for b in bevindingen]
            self.uitvoer.schrijf(pl.DataFrame(rows, schema=_SCHEMA, orient="row"))

    def veel(
        self, delen: Sequence[tuple[pl.DataFrame, Sequence[Groep]]], los: Sequence[Bevinding] = ()
    ) -> None:
        """Judge some lines (each frame with its column ``regel``) and add what is found there.

        ``los`` are findings on the same lines that were made singly.
        """
        nodig = None if self.uitvoer else EERSTE_BEVINDINGEN - len(self.eerste)
        gevonden = []
        for frame, groepen in delen:
            for toets, raak, many in _treffers(frame, groepen):
                self.aantallen[toets.code, toets.kolom, toets.ernst] += many
                if nodig != 0:
                    gevonden.append(_bevindingen(frame, toets, raak, nodig))
        if los:
            for one in los:
                self.aantallen[one.code, one.kolom, one.ernst] += 1
            rows = [(b.regel, b.kolom, b.ernst.value, b.code, b.tekst) for b in los]
            gevonden.append(pl.DataFrame(rows, schema=_SCHEMA, orient="row"))
        if gevonden:
            samen = pl.concat(gevonden).sort(_VOLGORDE, nulls_last=False)
            for row in samen.head(EERSTE_BEVINDINGEN - len(self.eerste)).iter_rows():
                self.eerste.append(Bevinding(row[0], row[1], Ernst(row[2]), row[3], row[4]))
            if self.uitvoer:
                self.uitvoer.schrijf(samen)


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
