# SPDX-License-Identifier: EUPL-1.2
"""``summary.pdf``: the same account as the page, as PDF/A-3a and PDF/UA-1 (``gateway/zetwerk``)."""

from __future__ import annotations

from dataclasses import asdict

from gateway import zetwerk
from gateway.evidence.verhaal import Verhaal
from gateway.names import toonbaar

_BRONNEN = zetwerk.bronnen("gateway.evidence", "vorm")


def pdf(told: Verhaal) -> bytes:
    """Set it. Its date is that of the newest leaf: no clock of ours, so the same again later."""
    plain = asdict(told)
    moment = plain.pop("moment")
    return zetwerk.pdf(
        _BRONNEN, "bewijs.typ", {key: _safe(one) for key, one in plain.items()}, moment
    )


def _safe(value: object) -> object:
    if isinstance(value, str):
        return toonbaar(value)
    if isinstance(value, dict):
        return {key: _safe(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(one) for one in value]
    return value
