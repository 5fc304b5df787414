# SPDX-License-Identifier: EUPL-1.2
"""Why a file is set aside: in English for the operator, in Dutch for who handed it in.

Whoever is known gets an answer: technical feedback with the reason as its one finding. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.cbs.model import Aantal, Bevinding, Controle, Ernst


@dataclass(frozen=True, slots=True)
class Terzijde:
    """A reason. ``zin`` is empty where nobody can be answered."""

    reden: str
    zin: str


_OPNIEUW = "Het CBS kan het niet verwerken."

ONBEKEND = Terzijde(
    "nothing tells whose it is: no metagegevens, and no municipality in its name", ""
)
TIJDSTIP = Terzijde(
    "its metagegevens cannot be read: tijdstipUpload is no moment that can be reckoned with",
    f"Het tijdstip van uploaden in de metagegevens van dit bestand is niet te lezen. {_OPNIEUW}",
)
OMVANG = Terzijde(
    "its size is not that which its metagegevens tell, and nobody writes it any more",
    f"Het bestand is niet in zijn geheel bij het CBS aangekomen. {_OPNIEUW}",
)
ANDER = Terzijde(
    "its bytes are not those that its metagegevens tell of",
    f"Het bestand is onderweg veranderd: het is niet wat is geüpload. {_OPNIEUW}",
)
GEEN_BESLUIT = Terzijde(
    "it is no decision in the form of publicatiebesluit.xsd",
    "Het bestand is geen besluit in de voorgeschreven vorm (publicatiebesluit.xsd). Dit besluit "
    "heeft geen gevolg.",
)
BESLUIT_TE_GROOT = Terzijde(
    "it is too large for a decision",
    "Het bestand is te groot voor een besluit. Dit besluit heeft geen gevolg.",
)


BIJ_REDEN = {one.reden: one for one in (ONBEKEND, TIJDSTIP, OMVANG)}
"""What a file in an inbox was already found to be, by what was written down of it."""


def niet_geteld(pogingen: int) -> Terzijde:
    """What did not come to an end, so many times."""
    return Terzijde(
        f"its check did not come to an end, {pogingen} times",
        f"De controle van dit bestand is {pogingen} keer afgebroken. {_OPNIEUW}",
    )


def zelfde_nummer(naam: str) -> Terzijde:
    """Another file came before under its referentienummer."""
    return Terzijde(
        f"it has the referentienummer of {naam}, and other bytes",
        f"Onder het referentienummer van dit bestand kwam eerder een ander bestand. {_OPNIEUW}",
    )


def controle(waarom: Terzijde, bestand: str) -> Controle:
    """The verdict on a file that was not checked: rejected as a whole, for this reason."""
    code = "niet-te-verwerken"
    return Controle(
        bestand, False, None, None, 0, "niet gelezen", None, 1, 0,
        (Aantal(code, None, Ernst.FOUT, 1),),
        (Bevinding(None, None, Ernst.FOUT, code, waarom.zin),),
    )  # fmt: skip
