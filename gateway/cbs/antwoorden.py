# SPDX-License-Identifier: EUPL-1.2
"""Which exchange carries an answer back, and under which name: as ``config.yaml`` has it.

Pure. The names come from the patterns of the exchange, so that RINIS can read from them what it
must: to whom, and which delivery is answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config import Config, Uitwisseling

TECHNISCH, OP_ORDE, BEVESTIGING = "technisch", "op-orde", "bevestiging"
BEWIJS = "ontvangstbewijs"
OVERZICHT, SPIEGEL_2, VERZOEK = "overzicht", "spiegelrapport-2", "opt-in-verzoek"

_TERUG = "technische-terugkoppeling"


@dataclass(frozen=True, slots=True)
class Adres:
    """How an answer goes back. ``reden`` says why it cannot, in a sentence; then there is none."""

    uitwisseling: str
    rinis_code: str
    naam: str
    reden: str = ""


def kandidaten(soort: str, over: str, *, in_zip: bool = False) -> tuple[str, ...]:
    """The exchanges for a kind of answer, the best first; a configuration may lack the first.

    ``over``: the exchange of what is answered. Wmo, SBO and JEUGD files are numbered each by
    themselves, so each has an exchange for its feedback: one name never stands for two answers.
    """
    if soort == TECHNISCH and over == "besluit":  # numbered by itself too: set aside, never judged
        return (BEVESTIGING,)
    if soort == TECHNISCH:
        return (_TERUG,) if over == "wmo" else (f"{_TERUG}-{over}", _TERUG)
    if soort == BEWIJS:
        return (soort,) if over == "wmo" else (f"{soort}-{over}",)
    if soort == OP_ORDE:
        return ("op-orde-zip", "op-orde") if in_zip else ("op-orde",)
    return (soort,)


def adres(
    config: Config, exchanges: tuple[str, ...], gemeentecode: str, uitvraag: str,
    volgnummer: int | None, vrij: str = "",
) -> Adres:  # fmt: skip
    """The folder and the name for an answer to a municipality.

    ``volgnummer``: of the delivery that it answers; None: it answers none, or one whose name has no
    number. ``vrij`` tells several answers to one delivery apart.
    """
    if config.partij(gemeentecode) is None:
        return Adres("", "", "", f"{gemeentecode} is no party of this chain (`partijen`)")
    found = [config.uitwisselingen[one] for one in exchanges if one in config.uitwisselingen]
    if not found or found[0].richting != "retour":
        return Adres("", "", "", f"config.yaml has no exchange `{exchanges[0]}` of richting retour")
    exchange = found[0]
    code = config.code_voor(exchange, gemeentecode)
    if code is None:
        said = f"`{exchange.id}` has no rinis_code for the kind of party that {gemeentecode} is"
        return Adres("", "", "", said)
    naam = _naam(exchange, gemeentecode, uitvraag, volgnummer, vrij)
    if naam is None:
        said = f"no pattern of `{exchange.id}` gives a name for this answer"
        return Adres("", "", "", said)
    return Adres(exchange.id, code, naam)


def _naam(
    exchange: Uitwisseling, gemeentecode: str, uitvraag: str, volgnummer: int | None, vrij: str
) -> str | None:
    values: dict[str, str | int] = {
        "gemeentecode": gemeentecode, "uitvraag": uitvraag, "ext": "pdf", "vrij": vrij,
    }  # fmt: skip
    if volgnummer is not None:
        values["volgnummer"] = volgnummer
    for patroon in exchange.lezers:
        try:
            naam = patroon.format(**values)
        except ValueError:
            continue
        if exchange.lees(naam) is not None:
            return naam
    return None
