# SPDX-License-Identifier: EUPL-1.2
"""The nouns of the counterpart: what a check finds, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EERSTE_BEVINDINGEN = 1000
"""So many findings are kept with a verdict; all of them go to a CSV file (contracts, cbs check)."""


class Ernst(StrEnum):
    """What a finding does: a ``fout`` rejects the file, a ``signaal`` is only reported."""

    FOUT = "fout"
    SIGNAAL = "signaal"


@dataclass(frozen=True, slots=True, order=True)
class Bevinding:
    """One finding: where, how grave, what.

    ``regel`` is the physical line (the header is 1), None for the file as a whole; ``kolom`` 1 to
    18, None for the line. ``tekst`` is a Dutch sentence and never holds a BSN.
    """

    regel: int | None
    kolom: int | None
    ernst: Ernst
    code: str
    tekst: str


@dataclass(frozen=True, slots=True)
class Aantal:
    """How often one code was found in one column."""

    code: str
    kolom: int | None
    ernst: Ernst
    aantal: int


@dataclass(frozen=True, slots=True)
class Controle:
    """What the technical check of one file comes to (aanleverprotocol 2.5, step 3a).

    ``stap``: the step that it failed (1, 2, 3), None when approved. ``rijen``: data rows.
    ``codering``: utf-8, utf-8-bom, cp1252, utf-16, onleesbaar. ``gemeentecode``: the one in the
    file, where all rows agree. ``bevindingen``: the first thousand; ``aantallen`` counts them all.
    ``leden``: for a ZIP the verdict of each member; it is approved when all of them are.
    """

    bestand: str
    goedgekeurd: bool
    stap: int | None
    uitvraag: str | None
    rijen: int
    codering: str
    gemeentecode: str | None
    fouten: int
    signalen: int
    aantallen: tuple[Aantal, ...] = ()
    bevindingen: tuple[Bevinding, ...] = ()
    leden: tuple[Controle, ...] = ()

    @property
    def oordeel(self) -> str:
        """The verdict in the word of the protocol."""
        return "goedgekeurd" if self.goedgekeurd else "afgekeurd"
