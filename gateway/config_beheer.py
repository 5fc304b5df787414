# SPDX-License-Identifier: EUPL-1.2
"""The sections of ``config.yaml`` for who keeps the gateway: alarms and retention."""

from __future__ import annotations

from pydantic import Field, StrictInt

from gateway.config_problems import URL
from gateway.config_sectie import Sectie


class Alarmen(Sectie):
    """When somebody should look, and where that is told beside the log and ``status --check``."""

    url: str | None = Field(
        default=None,
        pattern=URL,
        max_length=2000,
        description="webhook: each alarm that begins or ends is posted here as JSON",
    )
    dagen_voor_sluiting: StrictInt = Field(
        default=3,
        ge=0,
        le=60,
        description="days before a window closes from which a party that handed in nothing is told",
    )
    schijf_vrij_mb: StrictInt = Field(
        default=500, ge=1, le=1_000_000, description="a disk with less room (MiB) is nearly full"
    )
    klok_sprong_s: StrictInt = Field(
        default=60, ge=1, le=86_400, description="a step of the machine's clock that is told (s)"
    )
    quarantaine: StrictInt = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="so many files in quarantine within 24 hours are told",
    )
    onderweg_minuten: StrictInt = Field(
        default=15,
        ge=1,
        le=10_080,
        description="a file that was taken and is not done after so many minutes is told",
    )
    blijft_liggen_uren: StrictInt = Field(
        default=24,
        ge=1,
        le=8760,
        description="a file that cannot be taken, and is still there after so many hours, is told",
    )
    ontvangstbewijs_uren: StrictInt = Field(
        default=24,
        ge=1,
        le=8760,
        description="hours, by the chain's clock, after which the sealed receipt of a delivery is "
        "missed, where its receiver gives one (`ontvangstbewijs`)",
    )


class Bewaren(Sectie):
    """How long names, users and copies are kept; `knooppunt purge` takes away what is older."""

    leveringen_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="what was handed in (CBS keeps it 2 years)"
    )
    rapporten_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="what came back to the parties"
    )
    geweigerd_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="what was refused, with its copy in quarantine"
    )
