# SPDX-License-Identifier: EUPL-1.2
"""The findings of one file as a report shows them: how often each, and the first of them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from gateway import screens
from gateway.cbs.categorieen import KOLOMMEN
from gateway.cbs.model import Bevinding, Controle, Ernst
from gateway.cbs.rapporttekst import getal

MAX_GETOOND = 50
"""So many findings stand on paper; all of them in the attachment."""

MIN_GETOOND = 5
"""Of a ZIP with many members, each that has findings shows this many."""


def ruimte_per_bestand(bestanden: Sequence[Controle]) -> int:
    """How many findings of each file there is room for."""
    met_bevindingen = sum(bool(one.bevindingen) for one in bestanden)
    return max(MIN_GETOOND, MAX_GETOOND // (met_bevindingen or 1))


@cache
def _codes() -> dict[str, dict[str, str]]:
    bron = resources.files("gateway.cbs").joinpath("rapporten/codes.toml")
    return tomllib.loads(bron.read_text("utf-8"))


def _code(code: str) -> dict[str, str]:
    return _codes().get(code, {"titel": code, "bron": "–", "herstel": ""})


def bestand(controle: Controle, ruimte: int) -> dict[str, Any]:
    """The findings of one file: how often each, and the first of them."""
    getoond = _eerste(controle.bevindingen, ruimte)
    tellingen = sorted(
        controle.aantallen, key=lambda one: (one.ernst, -one.aantal, one.kolom or 0, one.code)
    )
    return {
        "naam": screens.name(controle.bestand),
        "goed": controle.goedgekeurd,
        "oordeel": controle.oordeel.capitalize(),
        # A file that failed on its name was not opened.
        "feiten": []
        if controle.stap == 1
        else [
            ["Gegevensregels", getal(controle.rijen)],
            ["Tekencodering", controle.codering],
            ["Gemeentecode in het bestand", controle.gemeentecode or "–"],
        ],
        "totaal": controle.fouten + controle.signalen,
        "tellingen": [
            {
                "titel": _code(one.code)["titel"],
                "code": one.code,
                "kolom": _kolom(one.kolom),
                "fout": one.ernst is Ernst.FOUT,
                "aantal": one.aantal,
                "bron": _code(one.code)["bron"],
                "herstel": _code(one.code)["herstel"],
            }
            for one in tellingen
        ],
        "fouten": [_regel(one) for one in getoond if one.ernst is Ernst.FOUT],
        "signalen": [_regel(one) for one in getoond if one.ernst is Ernst.SIGNAAL],
    }


def _regel(one: Bevinding) -> dict[str, Any]:
    return {
        "regel": one.regel,
        "kolom": _kolom(one.kolom),
        "tekst": _zonder_veld(one),
        "bron": _code(one.code)["bron"],
    }


def _zonder_veld(one: Bevinding) -> str:
    """The text without the name of the column that stands beside it."""
    naam = KOLOMMEN[one.kolom - 1] if one.kolom and one.kolom <= len(KOLOMMEN) else ""
    if not naam or not one.tekst.startswith(f"{naam}: "):
        return one.tekst
    rest = one.tekst.removeprefix(f"{naam}: ")
    return rest[:1].upper() + rest[1:]


def _kolom(kolom: int | None) -> dict[str, Any] | None:
    if kolom is None:
        return None
    naam = KOLOMMEN[kolom - 1] if 1 <= kolom <= len(KOLOMMEN) else ""
    return {"nummer": kolom, "naam": naam}


def _eerste(alle: Iterable[Bevinding], ruimte: int) -> list[Bevinding]:
    """The first findings: of each kind the first; then the next of each, faults before signals.

    A million of one kind must not hide the one of another kind.
    """
    beurten: Counter[tuple[str, int | None]] = Counter()
    rangen: list[tuple[bool, bool, int, int, Bevinding]] = []
    for plaats, one in enumerate(alle):
        beurt = beurten[one.code, one.kolom]
        beurten[one.code, one.kolom] += 1
        rangen.append((beurt > 0, one.ernst is not Ernst.FOUT, beurt, plaats, one))
    gekozen = sorted(rangen, key=lambda rang: rang[:4])[:ruimte]
    return [one for *_, one in sorted(gekozen, key=lambda rang: rang[3])]
