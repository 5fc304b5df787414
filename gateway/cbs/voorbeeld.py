# SPDX-License-Identifier: EUPL-1.2
"""Synthetic Wmo files: plausible, valid to the last signal, and the same bytes for the same seed.

Nobody is in them. No source names numbers that are never issued as a BSN; those of the test persons
of RvIG begin with a 9, so ours do, and they satisfy the elfproef, as they must to be approved. That
one of them was ever issued cannot be excluded: each file says in its name and in its first column
heading that it is synthetic.

All that is drawn comes from ``random.Random(seed).random()``, the one method whose numbers Python
promises to keep from version to version. A longer file begins with the rows of a shorter one.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from gateway.cbs.voorbeeld_soorten import (
    REDENEN_EINDE,
    REDENEN_WIJZIGING,
    SINDS_2021_2,
    SOORTEN,
    Omvang,
    Soort,
)
from gateway.errors import GatewayError
from gateway.partijen import Gemeente, dichtstbij, gemeenten
from gateway.periods import Uitvraag

SEED = 1
"""The seed when none is given."""

ONBEKEND = "999999999"
"""The BSN of whoever has none, or whose is not known (aanleverprotocol 3.2.2)."""

KOPPEN = (
    "SYNTHETISCH - Aanmaakdatum bestand", "Gemeentecode", "BSN (synthetisch)",
    "Type maatwerkvoorziening (toewijzing)", "Beoogde startdatum ondersteuning",
    "Beoogde einddatum ondersteuning", "Leveringsvorm voorziening (toewijzing)",
    "Type maatwerkvoorziening (declaratie)", "Datum start daadwerkelijke ondersteuning",
    "Einddatum daadwerkelijke ondersteuning", "Nummer van de toewijzing",
    "Intensiteit ondersteuning (beschikt volume)", "Intensiteit ondersteuning (beschikt eenheid)",
    "Intensiteit ondersteuning (beschikte frequentie)",
    "Intensiteit ondersteuning (geleverde eenheid)",
    "Intensiteit van ondersteuning (geleverd volume)", "Reden beeindiging",
    "Reden wijziging toewijzing",
)  # fmt: skip
"""The header: names of the protocol's table, marked; CBS does not check the wording."""

_EERSTE_JAAR, _LAATSTE_JAAR = 2015, 2099
_TERUG, _VOORUIT = 366 * 11, 366 * 7
"""Days before and after the period's first day between which all dates lie."""

_ONBEKENDEN = 0.004
"""The share of clients without a known BSN."""

_AANTALLEN = (0.58, 0.83, 0.94, 0.98, 1.0)
"""The share of clients that has at most 1, 2, 3, 4, 5 arrangements."""


@dataclass(frozen=True, slots=True)
class Opdracht:
    """What is asked for: ``rijen`` data rows of one municipality over one half-year."""

    gemeente: Gemeente
    uitvraag: Uitvraag
    rijen: int
    seed: int = SEED

    @classmethod
    def lees(cls, gemeente: str, uitvraag: str, rijen: int, seed: int = SEED) -> Opdracht:
        """Read it as typed; :class:`GatewayError` for what CBS would not accept anyway."""
        asked = Uitvraag.lees(uitvraag)
        if asked is None or not _EERSTE_JAAR <= asked.jaar <= _LAATSTE_JAAR:
            raise GatewayError(
                f"--uitvraag {uitvraag}: not a half-year of the monitor",
                hint="write H1 or H2 and a year from 2015: H22025 is July to December 2025",
            )
        known = gemeenten().get(gemeente)
        if known is None:
            near = dichtstbij(gemeente)
            hint = "it is the four digits of the CBS list"
            if near is not None:
                hint += f"; {near.code} is {near.naam}"
            raise GatewayError(f"--gemeente {gemeente}: no municipality has this code", hint=hint)
        if not (known.geldig_op(asked.eerste_dag) or known.geldig_op(asked.laatste_dag)):
            later = " and ".join(known.opvolgers)
            raise GatewayError(
                f"--gemeente {gemeente}: {known.naam} was no municipality in {asked.code}",
                hint=f"it went on as {later}" if later else "choose a later half-year",
            )
        return cls(known, asked, rijen, seed)


def toeval(*zaad: object) -> Callable[[], float]:
    """Numbers from 0 to 1 that follow from a seed, and from nothing else."""
    return random.Random("/".join(map(str, zaad))).random  # noqa: S311  no secret comes of it


def standaardnaam(uitvraag: Uitvraag) -> str:
    """The name under which a file is made: it says what it is."""
    return f"WMO_{uitvraag.code}_synthetisch.csv"


def kopregel() -> str:
    """The header row, without its end."""
    return ";".join(KOPPEN)


def aanmaakdatum(uitvraag: Uitvraag) -> str:
    """When the file says it was made: 09:30 on the 35th day after the period."""
    return f"{uitvraag.laatste_dag + timedelta(days=35):%Y%m%d}0930"


def rijen(opdracht: Opdracht) -> Iterator[list[str]]:
    """Give the data rows, 18 fields each, one after another: no row is kept."""
    bron = _Bron(opdracht)
    left = opdracht.rijen
    for bsn in _nummers(opdracht):
        r = bron.r
        if r() < _ONBEKENDEN:
            bsn, count = ONBEKEND, 1  # noqa: PLW2901  that number is left out
        else:
            count = 1 + bisect(_AANTALLEN, r())
        for _ in range(min(count, left)):
            yield bron.rij(bsn)
        left -= count
        if left <= 0:
            return


def _nummers(opdracht: Opdracht) -> Iterator[str]:
    """Numbers that begin with a 9 and satisfy the elfproef, in an order that looks like none.

    They differ until about 9 million have been given. They follow from seed and municipality, not
    from the half-year: the same people are there in the next.
    """
    at = int(toeval(opdracht.seed, opdracht.gemeente.code, "bsn")() * 10_000_000)
    while True:
        at = (at + 6_180_339) % 10_000_000  # no factor of 10 in it: it comes by all of them
        stam = f"9{at:07d}"
        a, b, c, d, e, f, g, h = map(int, stam)
        rest = (9 * a + 8 * b + 7 * c + 6 * d + 5 * e + 4 * f + 3 * g + 2 * h) % 11
        if rest < 10:
            yield f"{stam}{rest}"


class _Bron:
    """Draws rows. Days are counted from the first day of the period, which is 0."""

    def __init__(self, opdracht: Opdracht) -> None:
        uitvraag = opdracht.uitvraag
        self.r = toeval(opdracht.seed, opdracht.gemeente.code, uitvraag.code, "rijen")
        eerste = uitvraag.eerste_dag.toordinal()
        self._laatste = uitvraag.laatste_dag.toordinal() - eerste
        days = range(eerste - _TERUG, eerste + _VOORUIT)
        self._tekst = [f"{date.fromordinal(day):%Y%m%d}" for day in days]
        self._begin = [aanmaakdatum(uitvraag), opdracht.gemeente.code]
        later = uitvraag >= Uitvraag(2021, 2)
        self._soorten = [one for one in SOORTEN if later or one.code not in SINDS_2021_2]
        self._aandelen = list(accumulate(one.aandeel for one in self._soorten))
        self._nummer = 100_000_000 + int(self.r() * 500_000_000)

    def rij(self, bsn: str) -> list[str]:
        """One arrangement of a client."""
        r = self.r
        soort = self._soorten[bisect(self._aandelen, r() * self._aandelen[-1])]
        begin, einde = self._beoogd(soort)
        vorm = "4"
        if (x := r()) < soort.pgb + soort.anders:
            vorm = "2" if x < soort.pgb else "6"
        start, stop, reden = self._daadwerkelijk(begin, einde)
        omvang = soort.omvang[int(r() * len(soort.omvang))] if self._gemeten(soort, vorm) else None
        volume = omvang.minst + int(r() * (omvang.meest - omvang.minst + 1)) if omvang else 0
        declared = start is not None and (vorm == "4" or r() < 0.3) and r() < 0.9
        geleverd = ""
        if declared and omvang is not None and start is not None:
            geleverd = f"{self._geleverd(omvang, volume, start, stop, begin, einde):08d}"
        return [
            *self._begin, bsn, soort.code, self._dag(begin), self._dag(einde), vorm,
            soort.code if declared else "", self._dag(start), self._dag(stop),
            self._toewijzing(vorm),
            f"{volume:08d}" if omvang else "",
            omvang.eenheid if omvang else "", omvang.frequentie if omvang else "",
            omvang.eenheid if omvang and geleverd else "", geleverd, reden,
            REDENEN_WIJZIGING[int(r() * len(REDENEN_WIJZIGING))] if r() < 0.08 else "",
        ]  # fmt: skip

    def _dag(self, day: int | None) -> str:
        return "" if day is None else self._tekst[day + _TERUG]

    def _beoogd(self, soort: Soort) -> tuple[int, int | None]:
        """Intended start and end of what stood open on some day of the period (3.1.1).

        A start that is drawn evenly from all days on which it still would: long ones are many.
        """
        if not soort.weken:  # material: a start in the last ten years, an end now and then
            begin = self._laatste - int((self.r() ** 2) * 3650)
            return begin, max(begin, 0) + int(self.r() * 1800) if self.r() < 0.15 else None
        days = soort.weken[int(self.r() * len(soort.weken))] * 7
        begin = 1 - days + int(self.r() * (self._laatste + days))
        return begin, begin + days - 1 if self.r() < 0.97 else None

    def _daadwerkelijk(self, begin: int, einde: int | None) -> tuple[int | None, int | None, str]:
        """Actual start and end, inside the intended ones; and why it ended."""
        r = self.r
        start = begin + (int(r() * 28) if r() < 0.35 else 0)
        if start > self._laatste or (einde is not None and start > einde) or r() < 0.03:
            return None, None, ""
        if (x := r()) < 0.06:  # before its time
            first = max(start, 0)
            last = self._laatste if einde is None else min(self._laatste, einde)
            reden = REDENEN_EINDE[int(r() * len(REDENEN_EINDE))]
            return start, first + int(r() * (last - first + 1)), reden
        if einde is None or einde > self._laatste or x > 0.95:  # it goes on, or is not known yet
            return start, None, ""
        return start, einde, "19" if r() < 0.95 else ""

    def _gemeten(self, soort: Soort, vorm: str) -> bool:
        """Whether the volume is known: seldom for what is material, or no zorg in natura."""
        known = 0.97 if soort.weken else 0.15
        return self.r() < (known if vorm == "4" else known / 2)

    def _geleverd(
        self, omvang: Omvang, volume: int, start: int, stop: int | None, begin: int,
        einde: int | None,
    ) -> int:  # fmt: skip
        """What was delivered in the period: 70 to 100 per cent of what was intended for it."""
        days = (self._laatste if stop is None else stop) - max(start, 0) + 1
        whole = 365 if einde is None else einde - begin + 1
        per = {"1": 1.0, "2": 7.0, "4": 30.4, "6": float(whole)}[omvang.frequentie]
        return int(volume * min(days, whole) / per * (0.7 + 0.3 * self.r()))

    def _toewijzing(self, vorm: str) -> str:
        """A number of its own, 9 digits filled up to 16; many PGBs have none."""
        self._nummer += 1 + int(self.r() * 9)
        if self.r() < (0.02 if vorm == "4" else 0.5):
            return ""
        return f"{self._nummer:016d}"
