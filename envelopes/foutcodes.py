# SPDX-License-Identifier: EUPL-1.2
"""The error codes of the chain: StUF 03.01's own and the hub codes of the GGk.

Source: StUF 03.01 section 4.4 (codes, plek, in which kind of message) and the GGk's code list of
2018. The order of the table is the standard's: when a message has several faults, the first in
this order is the one that is answered.

The hub list has a second generation (2025) that gives IB007 and IB009 other meanings. Our sources
do not say which, so `tabel(2025)` leaves both out, and what they meant is then said with RIN001.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

GENERATIES = (2018, 2025)
"""The generations of the hub code list that `tabel` knows."""

MAX_OMSCHRIJVING = 200
"""Characters in omschrijving (StUF 03.01, Foutomschrijving)."""
MAX_DETAILS = 1000
"""Characters in details (StUF 03.01, Foutdetails)."""


@dataclass(frozen=True, slots=True)
class Foutcode:
    """One row of the table: what a code means and in which message it may stand.

    `soort` is "Fo03" (technical, hub to hub) or "Fo01" (functional, travels back to the sender);
    `plek` is whose fault it is: "client" (the sender's) or "server" (the receiver's).
    """

    code: str
    soort: str
    plek: str
    omschrijving: str


@dataclass(frozen=True, slots=True)
class Fout:
    """A fault as it stands in the body of a Fo01 or Fo03 message.

    `code` at most 7 characters, `plek` "client" or "server", `omschrijving` at most 200 and
    `details` at most 1,000 characters (StUF 03.01, Foutbericht).
    """

    code: str
    plek: str
    omschrijving: str
    details: str = ""


_STUF = (
    Foutcode("StUF010", "Fo03", "client", "Ontvanger onbekend"),
    Foutcode("StUF013", "Fo03", "client", "Zender onbekend"),
    Foutcode("StUF016", "Fo03", "client", "Referentienummer is niet uniek"),
    Foutcode("StUF019", "Fo03", "client", "TijdstipBericht is niet oplopend"),
    Foutcode("StUF022", "Fo03", "client", "Berichtcode onbekend"),
    Foutcode("StUF025", "Fo03", "server", "Berichtcode wordt niet ondersteund"),
    Foutcode("StUF034", "Fo03", "client", "Functie onbekend"),
    Foutcode("StUF037", "Fo03", "server", "Functie wordt niet ondersteund"),
    Foutcode("StUF040", "Fo03", "server", "Combinatie van berichtcode en functie niet ondersteund"),
    Foutcode("StUF043", "Fo03", "client", "CrossRefnummer onbekend"),
    Foutcode("StUF046", "Fo03", "server", "Bericht kon niet worden opgeslagen"),
    Foutcode("StUF052", "Fo01", "client", "Zender is niet geautoriseerd"),
    Foutcode("StUF055", "Fo01", "client", "Inhoud van het bericht voldoet niet aan het schema"),
    Foutcode("StUF058", "Fo01", "server", "Verwerking van het bericht is mislukt"),
)

_HUB_2018 = (
    Foutcode("IB002", "Fo01", "client", "Niet geautoriseerd"),
    Foutcode("IB007", "Fo03", "client", "Bericht is groter dan 25 MB"),
    Foutcode("IB009", "Fo03", "client", "Referentienummer is geen UUID versie 4"),
    Foutcode("IB101", "Fo01", "server", "Geen CPA gevonden"),
    Foutcode("IB102", "Fo01", "server", "Geen route gevonden"),
    Foutcode("IB103", "Fo01", "server", "Berichttype is bevroren"),
    Foutcode("IB210", "Fo01", "client", "Ontvangende organisatie onbekend"),
    Foutcode("IB213", "Fo01", "client", "Verzendende organisatie onbekend"),
    Foutcode("IB216", "Fo01", "client", "Referentienummer is niet uniek"),
    Foutcode("IB234", "Fo01", "client", "Combinatie van functie en organisatie is niet toegestaan"),
    Foutcode("IB240", "Fo01", "client", "Combinatie van berichtcode en functie is niet toegestaan"),
    Foutcode("IB798", "Fo01", "client", "Versie wijkt af"),
    Foutcode("RIN001", "Fo03", "client", "Envelop voldoet niet aan de specificatie"),
)

_ANDERS_IN_2025 = frozenset({"IB007", "IB009"})


@cache
def tabel(generatie: int = 2018) -> tuple[Foutcode, ...]:
    """Give all codes of a generation, in the standard's order.

    Raises ValueError for a generation that is not in `GENERATIES`.
    """
    if generatie not in GENERATIES:
        raise ValueError(f"unknown generation {generatie}: choose one of {GENERATIES}")
    hub: tuple[Foutcode, ...] = _HUB_2018
    if generatie == 2025:
        hub = tuple(rij for rij in hub if rij.code not in _ANDERS_IN_2025)
    return _STUF + hub


@cache
def _rijen(generatie: int) -> dict[str, tuple[int, Foutcode]]:
    return {rij.code: (n, rij) for n, rij in enumerate(tabel(generatie))}


def foutcode(code: str, generatie: int = 2018) -> Foutcode:
    """Look a code up; a code of 2018 that 2025 uses otherwise gives the row of RIN001.

    Raises ValueError for a code in no table: that is our own fault, not the sender's.
    """
    rijen = _rijen(generatie)
    if code not in rijen and code in _ANDERS_IN_2025:
        code = "RIN001"
    if code not in rijen:
        raise ValueError(f"code {code!r} is not in the table of {generatie}")
    return rijen[code][1]


def volgorde(code: str, generatie: int = 2018) -> int:
    """Give the place of a code in the table, to answer the first of several faults."""
    return _rijen(generatie)[foutcode(code, generatie).code][0]


def fout(code: str, details: str = "", generatie: int = 2018) -> Fout:
    """Make a Fout with the plek and omschrijving of its code.

    `details` is cut to 1,000 characters. Where `generatie` gives the code another meaning, the
    words of 2018 go in front of the details, so that nobody reads the wrong sentence.
    """
    rij = foutcode(code, generatie)
    if rij.code != code:
        woorden = foutcode(code, 2018).omschrijving
        details = f"{woorden}. {details}" if details else woorden
    return Fout(rij.code, rij.plek, rij.omschrijving, inkorten(details, MAX_DETAILS))


def inkorten(tekst: str, maximum: int) -> str:
    """Cut a text to `maximum` characters, with an ellipsis where something went."""
    return tekst if len(tekst) <= maximum else tekst[: maximum - 1] + "…"
