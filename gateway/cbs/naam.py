# SPDX-License-Identifier: EUPL-1.2
"""Step 1: the name under which the file was handed in (aanleverprotocol 3.1, annex I 4.1.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.cbs.model import Bevinding, Ernst
from gateway.cbs.protocol import Protocol, Soort
from gateway.periods import Uitvraag

ZIP = ".zip"


@dataclass(frozen=True, slots=True)
class Naam:
    """A name taken apart. ``rest`` is what follows the fixed text; ``extensie`` has its dot."""

    geheel: str
    stam: str
    extensie: str
    begin: str

    @classmethod
    def lees(cls, naam: str, soort: Soort) -> Naam:
        """Take a name apart at its last dot."""
        stam, dot, extensie = naam.rpartition(".")
        return cls(naam, stam if dot else naam, f".{extensie}" if dot else "", soort.begin)

    @property
    def begint_goed(self) -> bool:
        """Whether it begins with the fixed text, in capitals, and an underscore."""
        return self.stam.startswith(f"{self.begin}_")

    @property
    def uitvraag(self) -> str | None:
        """The code of the half-year right behind the fixed text, None when none stands there."""
        found = re.match(rf"{self.begin}_(H[12][0-9]{{4}})", self.stam)
        return found[1] if found and Uitvraag.lees(found[1]) else None


def soort_van(naam: str, protocol: Protocol) -> str:
    """Tell which kind of file a name is meant for, in either letter case; else wmo."""
    for soort, one in protocol.soorten.items():
        if naam.upper().startswith(one.begin):
            return soort
    return next(iter(protocol.soorten))


def begin(naam: Naam, _protocol: Protocol) -> bool:
    """It does not begin with the fixed text."""
    return not naam.begint_goed


def uitvraag(naam: Naam, _protocol: Protocol) -> bool:
    """It begins well, but no code of a half-year follows."""
    return naam.begint_goed and naam.uitvraag is None


def vrije_tekst(naam: Naam, _protocol: Protocol) -> bool:
    """Something stands behind the code, without an underscore before it."""
    if naam.uitvraag is None:
        return False
    rest = naam.stam[len(naam.begin) + 1 + len(naam.uitvraag) :]
    return rest != "" and not rest.startswith("_")


def teken(naam: Naam, protocol: Protocol) -> bool:
    """It holds a character that CBS forbids."""
    return any(one in protocol.verboden for one in naam.geheel)


def punt(naam: Naam, _protocol: Protocol) -> bool:
    """It holds a dot elsewhere than before the extension."""
    return "." in naam.stam


def extensie(naam: Naam, protocol: Protocol) -> bool:
    """It is neither csv nor txt."""
    return naam.extensie.lower() not in protocol.extensies


REGELS: dict[str, Callable[[Naam, Protocol], bool]] = {
    "naam-begin": begin,
    "naam-uitvraag": uitvraag,
    "naam-vrije-tekst": vrije_tekst,
    "naam-teken": teken,
    "naam-punt": punt,
    "naam-extensie": extensie,
}
"""Each rule by its code; true means a finding. SBO and JEUGD have the same form of name, with their
own beginning."""

VAN_EEN_ZIP = ("naam-begin", "naam-teken", "naam-punt")
"""What a ZIP's own name is held to: its members name the half-year (domain 4: ``WMO_*.zip``)."""


def beoordeel(naam: str, soort: Soort, protocol: Protocol) -> list[Bevinding]:
    """Give what is wrong with a name, in the order of code."""
    one = Naam.lees(naam, soort)
    is_zip = one.extensie.lower() == ZIP
    found = []
    for code, regel in protocol.regels.items():
        judged = REGELS.get(code)
        if judged is None or (is_zip and code not in VAN_EEN_ZIP) or not judged(one, protocol):
            continue
        tekst = protocol.tekst(code, begin=soort.begin, uitvraag=protocol.uitvraag.code)
        found.append(Bevinding(None, None, regel.ernst or Ernst.FOUT, code, tekst))
    return sorted(found, key=lambda bevinding: bevinding.code)
