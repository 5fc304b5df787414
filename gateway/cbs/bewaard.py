# SPDX-License-Identifier: EUPL-1.2
"""A verdict as it is kept in the state, and read back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from gateway.cbs.model import Aantal, Bevinding, Controle, Ernst


def controle_tekst(controle: Controle) -> str:
    """One line of JSON, with the findings that the verdict holds."""
    return json.dumps(asdict(controle), ensure_ascii=False, separators=(",", ":"))


def controle_van(text: str) -> Controle:
    """Read what :func:`controle_tekst` wrote."""
    return _controle(json.loads(text))


def _controle(found: dict[str, Any]) -> Controle:
    return Controle(
        **found
        | {
            "aantallen": tuple(Aantal(**_ernst(one)) for one in found["aantallen"]),
            "bevindingen": tuple(Bevinding(**_ernst(one)) for one in found["bevindingen"]),
            "leden": tuple(_controle(one) for one in found["leden"]),
        }
    )


def _ernst(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"ernst": Ernst(found["ernst"])}
