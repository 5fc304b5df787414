# SPDX-License-Identifier: EUPL-1.2
"""ZIP (thin)."""

from __future__ import annotations
from gateway.cbs.bestand import Aanlevering
from gateway.cbs.bron import Bron, Voortgang, stil
from gateway.cbs.model import Controle
from gateway.cbs.uitvoer import Uitvoer


def controleer(
    wat: Aanlevering, uitvoer: Uitvoer | None = None, voortgang: Voortgang = stil
) -> Controle:
    raise NotImplementedError


def lid(bron: Bron, naam: str) -> Bron:
    raise NotImplementedError
