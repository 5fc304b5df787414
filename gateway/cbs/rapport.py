# SPDX-License-Identifier: EUPL-1.2
"""The four reports as PDF. What they say stands in ``rapport_*.py``, how they look in rapporten/.

Every function is pure: the same input gives the same bytes.
"""

from __future__ import annotations

from gateway import zetwerk
from gateway.cbs import rapport_besluit, rapport_oporde, rapport_terugkoppeling
from gateway.cbs.rapportmodel import Bevestiging, OpOrde, Overzicht, Terugkoppeling

_BRONNEN = zetwerk.bronnen("gateway.cbs", "rapporten")


def technische_terugkoppeling(invoer: Terugkoppeling) -> bytes:
    """What the technical check of one delivery came to; all findings attached as CSV."""
    gegevens, bijlagen = rapport_terugkoppeling.gegevens(invoer)
    return zetwerk.pdf(_BRONNEN, "terugkoppeling.typ", gegevens, invoer.moment, bijlagen)


def op_orde(invoer: OpOrde) -> bytes:
    """The op-orde report (spiegelrapport I) on an approved Wmo file."""
    return zetwerk.pdf(_BRONNEN, "oporde.typ", rapport_oporde.gegevens(invoer), invoer.moment)


def bevestiging(invoer: Bevestiging) -> bytes:
    """That a decision counts, or why it has no effect."""
    gegevens = rapport_besluit.bevestiging(invoer)
    return zetwerk.pdf(_BRONNEN, "bevestiging.typ", gegevens, invoer.moment)


def overzicht(invoer: Overzicht) -> bytes:
    """All that a municipality delivered and decided."""
    gegevens = rapport_besluit.overzicht(invoer)
    return zetwerk.pdf(_BRONNEN, "overzicht.typ", gegevens, invoer.moment)
