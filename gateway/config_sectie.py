# SPDX-License-Identifier: EUPL-1.2
"""What every section of ``config.yaml`` has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def _zonder_sleutel(schema: dict[str, Any]) -> None:
    """Leave out of the schema what stands in front of the colon, not below it."""
    for name in ("id", "code", "uitvraag"):
        schema.get("properties", {}).pop(name, None)


class Sectie(BaseModel):
    """Frozen, and no field that we do not know: a slip of the pen never passes for a setting."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        json_schema_extra=_zonder_sleutel,
    )
