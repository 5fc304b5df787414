# SPDX-License-Identifier: EUPL-1.2
"""By what seals and logins are judged: roots with their lists, the broker's keys, who is who.

It is handed to the stations with the configuration: who decides reads no disk. It pickles as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.trust.ketting import Vertrouwen


class Trust(NamedTuple):
    """What a gateway believes in.

    ``jwks``: a JSON Web Key Set; empty: no login is believed. ``medewerkers``: the municipality and
    the user behind each pseudonym of an employee.
    """

    zegels: Vertrouwen
    jwks: str
    medewerkers: Mapping[str, tuple[str, str]]

    def medewerker(self, pseudoniem: str, code: str) -> str | None:
        """The employee of this party behind a pseudonym; None: there is none such."""
        found = self.medewerkers.get(pseudoniem)
        return found[1] if found is not None and found[0] == code else None
