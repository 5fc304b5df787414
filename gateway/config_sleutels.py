# SPDX-License-Identifier: EUPL-1.2
"""The section ``sleutels`` of ``config.yaml``: keys of one's own, from PEM or PKCS#12.

A password never stands in the configuration: in a file that others cannot read, or in a variable
of the environment.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.config_problems import DOMEIN, OIN, VARIABELE
from gateway.config_sectie import Sectie

Bestand = Annotated[str, Field(min_length=1, max_length=4000)]
"""A file; a path that does not begin with ``/`` is beside ``config.yaml``."""

Domeinnaam = Annotated[str, Field(pattern=DOMEIN)]
"""The name of a trust domain whose key has a certificate."""


class Sleutel(Sectie):
    """Where the key of a trust domain lies, when it is not one that init made."""

    bestand: Bestand = Field(
        description="PKCS#12 (`.p12`, `.pfx`) or PEM, with the private key; beside config.yaml, "
        "or from `/`"
    )
    certificaten: Bestand | None = Field(
        default=None,
        description="PEM with the certificate and those of its issuers, when `bestand` holds the "
        "key alone",
    )
    wachtwoord_bestand: Bestand | None = Field(
        default=None, description="file whose first line is the password"
    )
    wachtwoord_variabele: str | None = Field(
        default=None,
        pattern=VARIABELE,
        description="variable of the environment that holds the password",
    )
    oin: str | None = Field(
        default=None,
        pattern=OIN,
        description="OIN in the certificate (subject serialNumber), when it is not the one that "
        "init would use",
    )
