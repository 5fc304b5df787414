# SPDX-License-Identifier: EUPL-1.2
"""How RINIS names a file at its receiver, so that no two ever meet (PSA chapter 7).

Two ways, by the exchange's ``naamsjabloon``. At CBS each file gets the next number of its
municipality, exchange and uitvraag. At Vektis it keeps its name; only when that was used before,
by whatever municipality and whether or not the file still lies there, it gets the next NN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from envelopes import Stuurgegevens
from gateway import names
from gateway.config import Uitwisseling
from gateway.model import Keys, Known, LastNumber, LastOfStem, keys
from gateway.sjabloon import EIGEN
from gateway.stations.header import Fact


@dataclass(frozen=True, slots=True)
class Named:
    """The delivered name, and the facts to remember so that nobody gets it again.

    ``volgnummer`` is the number to answer by; None where the name has none.
    """

    name: str
    volgnummer: int | None
    facts: tuple[Fact, ...]


class Naming(NamedTuple):
    """A file to be named: what its municipality called it, its envelope's header, its exchange."""

    original: str
    header: Stuurgegevens
    exchange: Uitwisseling

    def needs(self) -> Keys:
        """What must be known to name it."""
        return keys(self._used if self._keeps_its_name else self._counted, self._highest)

    def name(self, known: Known) -> Named:
        """The name that it gets."""
        return self._as_it_is(known) if self._keeps_its_name else self._numbered(known)

    @property
    def _keeps_its_name(self) -> bool:
        return self.exchange.naamsjabloon == EIGEN

    def _numbered(self, known: Known) -> Named:
        # The count of its uitvraag; and beyond every number that this stem had under another one,
        # since x.csv and x.zip share the name of their metagegevens.
        number = max(known.get(self._counted) or 0, known.get(self._highest) or 0) + 1
        facts = ((self._counted, number), (self._highest, number))
        return Named(self._delivered(number), number, facts)

    def _as_it_is(self, known: Known) -> Named:
        """The NN repeats with each date in a name, so it is no number to answer by."""
        highest = known.get(self._highest) or 0
        number = names.nn_van(self.original)
        if number is None or known.get(self._used) is not None:
            number = highest + 1
        facts = ((self._this(number), number), (self._highest, max(highest, number)))
        return Named(self._delivered(number), None, facts)

    def _delivered(self, number: int) -> str:
        code, template = self.header.zender.organisatie, self.exchange.naamsjabloon
        return names.delivered(self.original, code, number, template)

    @property
    def _counted(self) -> LastNumber:
        uitvraag = names.uitvraag_van(self.original)
        return LastNumber(self.header.zender.organisatie, self.exchange.id, uitvraag)

    @property
    def _highest(self) -> LastOfStem:
        """The highest number that this stem ever had in this folder."""
        return self._of_stem("" if self._keeps_its_name else self.header.zender.organisatie)

    @property
    def _used(self) -> LastOfStem:
        """Whether the very name that it has was given before."""
        return self._this(names.nn_van(self.original) or 0)

    def _this(self, number: int) -> LastOfStem:
        return self._of_stem(f"{number:02d}")

    def _of_stem(self, ending: str) -> LastOfStem:
        stem = names.stam(self.original, self.exchange.naamsjabloon)
        return LastOfStem(self.header.functie or "", names.stam_sleutel(stem, ending))
