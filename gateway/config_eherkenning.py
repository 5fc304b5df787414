# SPDX-License-Identifier: EUPL-1.2
"""The section ``eherkenning`` of ``config.yaml``: whose logins are believed, and for how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from gateway.config_problems import GEBRUIKERSNAAM, UITGEVER
from gateway.config_sectie import Sectie

Niveau = Literal["loa1", "loa2", "loa2plus", "loa3", "loa4"]
"""Assurance levels of eTD, lowest first; in a token ``urn:etoegang:core:assurance-class:loa3``."""

Gebruikersnaam = Annotated[str, Field(pattern=GEBRUIKERSNAAM)]
"""An employee of a party: its code, and what the user is called there."""

NIVEAUS: tuple[Niveau, ...] = ("loa1", "loa2", "loa2plus", "loa3", "loa4")
KLASSE = "urn:etoegang:core:assurance-class:"


class Eherkenning(Sectie):
    """Logging in at an identity broker (OpenID Connect); here it is the simulated one."""

    uitgever: str = Field(
        default="http://127.0.0.1:8363",
        pattern=UITGEVER,
        description="the broker's name in its tokens (`iss`): where `knooppunt idp run` answers",
    )
    client: str = Field(
        default="knooppunt",
        min_length=1,
        max_length=100,
        description="our name at the broker (`aud`)",
    )
    minimum: Niveau = Field(
        default="loa3",
        description="lowest assurance level where an exchange asks for a `binding`; that of a "
        "seal is its employee's, by `niveaus`",
    )
    niveaus: dict[Gebruikersnaam, Niveau] = Field(
        default_factory=dict,
        description="the assurance level of an employee, as `0363/coordinator: loa2`; `loa3` for "
        "those that are not here",
    )
    geldig_s: StrictInt = Field(
        default=900,
        ge=30,
        le=86_400,
        description="a login that signs a manifest was at most so long before the upload",
    )
    sessie_s: StrictInt = Field(
        default=3600,
        ge=30,
        le=86_400,
        description="the same for a login of `binding: sessie`, which signs no manifest",
    )

    def niveau_van(self, code: str, gebruiker: str) -> Niveau:
        """How surely an employee is known: when certificate or account were given out."""
        return self.niveaus.get(f"{code}/{gebruiker}", "loa3")

    def reikt(self, niveau: str) -> bool:
        """Whether a level is high enough where a binding is asked."""
        return niveau in NIVEAUS and NIVEAUS.index(niveau) >= NIVEAUS.index(self.minimum)
