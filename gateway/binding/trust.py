# SPDX-License-Identifier: EUPL-1.2
"""By what seals and logins are judged: roots with their lists, the broker's keys, who is who.

It is handed to the stations with the configuration: who decides reads no disk. It pickles as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.audit.checkpoint import VerifierKey
from gateway.trust.domeinen import Medewerker, medewerker_van
from gateway.trust.ketting import Signer, Vertrouwen


class Trust(NamedTuple):
    """What a gateway believes in.

    ``jwks``: a JSON Web Key Set; empty: no login is believed. ``oins``: the party behind each OIN.
    ``medewerkers``: the employee behind each pseudonym. ``logs``: the keys of this gateway's own
    log, those of before too; by no other a manifest can say what its signer saw of it.
    """

    zegels: Vertrouwen
    jwks: str
    oins: Mapping[str, str]
    medewerkers: Mapping[str, Medewerker]
    logs: tuple[VerifierKey, ...] = ()

    def employee(self, pseudoniem: str) -> Medewerker | None:
        """The employee behind a pseudonym that a login names."""
        return self.medewerkers.get(pseudoniem)

    def signed_by(self, signer: Signer) -> Medewerker | None:
        """The employee whose certificate it is; None: nobody's we know, or an organisation's."""
        return medewerker_van(signer, self.medewerkers)
