# SPDX-License-Identifier: EUPL-1.2
"""The technical check of what was handed in: a file, or a ZIP of files."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date

from gateway.cbs import bestand, zipbestand
from gateway.cbs.bron import Voortgang, stil, van_schijf
from gateway.cbs.model import Controle
from gateway.cbs.naam import ZIP
from gateway.cbs.uitvoer import Uitvoer, naar


def controleer(
    pad: str, naam: str, *, dag: date, soort: str = "wmo", csv: str | None = None
) -> Controle:
    """Judge the file at ``pad`` that was handed in as ``naam``.

    ``dag``: the Dutch day of delivery. ``soort``: wmo, sbo or jeugd. ``csv``: where to write all
    findings. ``OSError`` when a file cannot be read or written.
    """
    met_leden = naam.lower().endswith(ZIP)
    with naar(csv, met_bestand=met_leden) if csv else nullcontext() as uitvoer:
        return beoordeel(pad, naam, dag=dag, soort=soort, uitvoer=uitvoer)


def beoordeel(
    pad: str, naam: str, *, dag: date, soort: str, uitvoer: Uitvoer | None = None,
    voortgang: Voortgang = stil,
) -> Controle:  # fmt: skip
    """Judge it as :func:`controleer` does, into a CSV that is open already."""
    if uitvoer:
        uitvoer.bestand = naam
    if naam.lower().endswith(ZIP):
        return zipbestand.controleer(pad, naam, dag, soort, uitvoer, voortgang)
    wat = bestand.Aanlevering(van_schijf(pad), naam, dag, soort)
    return bestand.controleer(wat, uitvoer, voortgang)
