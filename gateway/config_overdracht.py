# SPDX-License-Identifier: EUPL-1.2
"""The section ``overdracht`` of a party: how a file in its outbox is known to be finished."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from gateway.config_problems import ACHTERVOEGSEL
from gateway.config_sectie import Sectie


class Overdracht(Sectie):
    """How a file in this outbox is known to be finished: what was agreed with who drops."""

    wijze: Literal["gebeurtenis", "rusttijd", "hernoemen", "merkteken", "manifest"] = Field(
        default="gebeurtenis",
        description="`gebeurtenis`: nobody has it open, asked of the kernel, and where it cannot "
        "tell (a share) a quiet time; `rusttijd`: always a quiet time; `hernoemen`: it is written "
        "under a partial name, and finished once renamed; `merkteken`: a marker lies beside it; "
        "`manifest`: a list gives its size and SHA-256",
    )
    rusttijd_ms: StrictInt | None = Field(
        default=None,
        ge=0,
        le=3_600_000,
        description="quiet time of this outbox; without it that of `technisch`",
    )
    onaf: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(
        default=(),
        description="ends of names that are partial here, beside the usual (`.part`, `.tmp` ...)",
    )
    achtervoegsel: str | None = Field(
        default=None,
        pattern=ACHTERVOEGSEL,
        description="what a marker's name has behind the file's (without it `.klaar`), or what the "
        "name of a manifest ends in (`.manifest`)",
    )
    wachttijd_s: StrictInt = Field(
        default=3600,
        ge=0,
        le=2_592_000,
        description="a file that differs from its manifest for so long is refused",
    )
    bedenktijd_s: StrictInt = Field(
        default=0,
        ge=0,
        le=2_592_000,
        description="a file whose name no exchange takes lies in the outbox for so long before it "
        "is refused, so that it can still be renamed",
    )

    @property
    def einde(self) -> str:
        """What the name of a marker or manifest ends in; empty where there is none."""
        return {"merkteken": self.achtervoegsel or ".klaar",
                "manifest": self.achtervoegsel or ".manifest"}.get(self.wijze, "")  # fmt: skip
