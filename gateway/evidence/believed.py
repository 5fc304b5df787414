# SPDX-License-Identifier: EUPL-1.2
"""What a verifier believes in, read from a folder of his own: ``--trust DIR``.

The folder is a copy of the gateway's ``vertrouwen/``, received another way than with what is
verified, and compared with what others have: ``root.pem``, ``intermediate.pem``, ``crl.pem``,
``policy`` (the log's key, the witnesses, the quorum), ``idp.jwks`` and ``deelnemers.json`` (who is
called what, who seals and who logs in), and the certificates of who may seal, by which only their
OINs are known (``zegel-gateway.pem``, ``zegel-cbs.pem``, ``zegel-gemeente-...``), and of who may
stamp (``tsa.pem``). A key of the log that follows on one of these need not be here: a bundle shows
the change (``audit/succession.py``).

What this does not protect against: a folder that came from who made the forgery.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.audit import policy as policies
from gateway.audit import stamp
from gateway.audit.checkpoint import CheckpointError, VerifierKey
from gateway.audit.policy import Policy
from gateway.binding.verklaring import read_jwks
from gateway.errors import TrustError
from gateway.trust.deelnemers import DEELNEMERS, Deelnemers, parse
from gateway.trust.domeinen import CBS, GATEWAY, IDP, TSA
from gateway.trust.ketting import Vertrouwen, lees_certificaten, signer_van
from gateway.trust.sleutels import AANKERS, lees
from gateway.trust.tijdstempel import stempelaars

POLICY = "policy"
_PARTY = "zegel-"


class Belief(NamedTuple):
    """What is believed. ``oins``: the OIN by the name of its certificate's file.

    ``deelnemers`` is None where the folder has no such file.
    """

    zegels: Vertrouwen
    stamps: stamp.Trust
    logs: tuple[VerifierKey, ...]
    policy: Policy | None
    oins: Mapping[str, str]
    jwks: str
    deelnemers: Deelnemers | None

    @property
    def gateway(self) -> str:
        """The OIN that a bundle must be sealed under."""
        return self.oins[GATEWAY]

    def receiver(self, exchange: str) -> tuple[str, ...]:
        """The OINs that the receiver of an exchange seals under; empty: not known here.

        A folder without ``deelnemers.json`` knows no receiver but CBS.
        """
        if self.deelnemers is not None:
            return self.deelnemers.oins.get(exchange, ())
        return (self.oins[CBS],) if CBS in self.oins else ()

    def party(self, code: str) -> str:
        """The OIN of a municipality or another party; empty: not known here."""
        ends = f"-{code}"
        return next((oin for name, oin in self.oins.items() if name.endswith(ends)), "")


def load(folder: str) -> Belief:
    """Read the folder; :class:`TrustError` says what is missing or wrong."""
    if not os.path.isdir(folder):
        raise TrustError(
            f"there is no folder {folder} with what you trust",
            hint="copy the gateway's vertrouwen/ once, compare it with others, and keep it",
        )
    absent = [one for one in AANKERS if not os.path.exists(os.path.join(folder, one))]
    if absent:
        raise TrustError(
            f"{folder} lacks {', '.join(absent)}: it is no folder of what you trust",
            hint="copy the gateway's vertrouwen/ once, compare it with others, and keep it",
        )
    anchors = {path: lees(path) for path in (os.path.join(folder, one) for one in AANKERS)}
    zegels = Vertrouwen.van_pem(anchors.values())
    tsa = os.path.join(folder, f"{TSA}.pem")
    stamps = stempelaars(anchors | ({tsa: lees(tsa)} if os.path.exists(tsa) else {}), strict=True)
    policy = _policy(os.path.join(folder, POLICY))
    logs = (*(policy.logs if policy else ()), *_vkeys(folder))
    if not logs:
        raise TrustError(
            f"{folder} holds no key of a log",
            hint="put the file policy in it, or the log's .vkey file",
        )
    oins = dict(_oins(folder))
    if GATEWAY not in oins:
        raise TrustError(
            f"{folder} does not hold {GATEWAY}.pem: whose seal a bundle must bear is not known",
            hint="put the gateway's certificate in it",
        )
    jwks = os.path.join(folder, f"{IDP}.jwks")
    known = read_jwks(lees(jwks), jwks) if os.path.exists(jwks) else ""
    who = os.path.join(folder, DEELNEMERS)
    taking_part = parse(lees(who), who) if os.path.exists(who) else None
    return Belief(zegels, stamps, logs, policy, oins, known, taking_part)


def _policy(path: str) -> Policy | None:
    return policies.parse(lees(path)) if os.path.exists(path) else None


def _vkeys(folder: str) -> Iterable[VerifierKey]:
    for name in sorted(os.listdir(folder)):
        if name.endswith(".vkey"):
            for line in lees(os.path.join(folder, name)).decode("utf-8", "replace").splitlines():
                try:
                    yield VerifierKey.parse(line)
                except CheckpointError:  # a witness's, of another type
                    continue


def _oins(folder: str) -> Iterable[tuple[str, str]]:
    for name in sorted(os.listdir(folder), reverse=True):  # the newest of a party comes last
        if name.startswith(_PARTY) and name.endswith(".pem"):
            path = os.path.join(folder, name)
            for one in lees_certificaten(lees(path), path)[:1]:
                yield name.removesuffix(".pem"), signer_van(one).oin
