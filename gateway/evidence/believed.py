# SPDX-License-Identifier: EUPL-1.2
"""What a verifier believes in, read from a folder of his own: ``--trust DIR``.

The folder is a copy of the gateway's ``vertrouwen/``, received another way than with what is
verified, and compared with what others have: ``root.pem``, ``intermediate.pem``, ``crl.pem``,
``policy`` (the log's key, the witnesses, the quorum), ``idp.jwks`` and ``deelnemers.json`` (who is
called what, who seals and who logs in), and the certificates of who may seal, by which only their
OINs are known (``zegel-gateway.pem``, ``zegel-cbs.pem``, ``zegel-gemeente-...``), and of who may
stamp (``tsa.pem`` with its older ones, ``tsa_ca.pem``). One of before lies beside it under its
serial number (``zegel-gateway-<serial>.pem``); its OIN counts for what is of the time that it was
valid. A key of the log that follows on one of these need not be here: a bundle shows the change
(``audit/succession.py``).

What this does not protect against: a folder that came from who made the forgery.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from gateway.audit import policy as policies
from gateway.audit import stamp
from gateway.audit.checkpoint import CheckpointError, VerifierKey
from gateway.audit.policy import Policy
from gateway.binding.verklaring import read_jwks
from gateway.errors import TrustError
from gateway.trust.deelnemers import DEELNEMERS, Deelnemers, parse
from gateway.trust.domeinen import CBS, GATEWAY, IDP
from gateway.trust.ketting import Vertrouwen, lees_certificaten, signer_van
from gateway.trust.sleutels import AANKERS, lees, lees_stempelaars
from gateway.trust.tijdstempel import stempelaars

POLICY = "policy"
_PARTY = "zegel-"
_SERIAL = re.compile(r"[0-9a-f]{1,40}")


class Known(NamedTuple):
    """An OIN, by a certificate in the folder; of one of before: between when it was valid."""

    oin: str
    between: tuple[datetime, datetime] | None = None

    def counts(self, at: datetime) -> bool:
        """Whether it is believed of what is of that moment."""
        return self.between is None or self.between[0] <= at <= self.between[1]


class Belief(NamedTuple):
    """What is believed. ``oins``: by the name of the newest certificate's file, that one first.

    ``deelnemers`` is None where the folder has no such file.
    """

    zegels: Vertrouwen
    stamps: stamp.Trust
    logs: tuple[VerifierKey, ...]
    policy: Policy | None
    oins: Mapping[str, tuple[Known, ...]]
    jwks: str
    deelnemers: Deelnemers | None

    def gateway(self, at: datetime) -> tuple[str, ...]:
        """The OINs that a bundle may be sealed under."""
        return _at(self.oins[GATEWAY], at)

    def receiver(self, exchange: str, at: datetime) -> tuple[str, ...]:
        """The OINs that the receiver of an exchange seals under; empty: not known here.

        A folder without ``deelnemers.json`` knows no receiver but CBS.
        """
        if self.deelnemers is not None:
            return self.deelnemers.oins.get(exchange, ())
        return _at(self.oins.get(CBS, ()), at)

    def party(self, code: str, at: datetime) -> tuple[str, ...]:
        """The OINs of a municipality or another party; empty: not known here."""
        ends = f"-{code}"
        return next((_at(one, at) for name, one in self.oins.items() if name.endswith(ends)), ())


_COPY = (
    "copy vertrouwen/ from the gateway's state (folders/.state) once, compare it with others, "
    "and keep it"
)


def load(folder: str) -> Belief:
    """Read the folder; :class:`TrustError` says what is missing or wrong."""
    if not os.path.isdir(folder):
        raise TrustError(
            f"there is no folder {folder} with what you trust",
            hint=_COPY,
        )
    absent = [one for one in AANKERS if not os.path.exists(os.path.join(folder, one))]
    if absent:
        raise TrustError(
            f"{folder} lacks {', '.join(absent)}: it is no folder of what you trust",
            hint=_COPY,
        )
    anchors = {path: lees(path) for path in (os.path.join(folder, one) for one in AANKERS)}
    zegels = Vertrouwen.van_pem(anchors.values())
    stamps = stempelaars(anchors | lees_stempelaars(folder), strict=True)
    oins = _oins(folder)
    policy = _policy(os.path.join(folder, POLICY))
    logs = (*(policy.logs if policy else ()), *_vkeys(folder))
    if not logs:
        raise TrustError(
            f"{folder} holds no key of a log",
            hint="put the file policy in it, or the log's .vkey file",
        )
    if not any(one.oin for one in oins.get(GATEWAY, ())):
        there = os.path.exists(os.path.join(folder, f"{GATEWAY}.pem"))
        lacks = f"{GATEWAY}.pem in it names no OIN" if there else f"it holds no {GATEWAY}.pem"
        raise TrustError(
            f"{folder}: {lacks}: whose seal a bundle must bear is not known",
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


def _at(known: Iterable[Known], at: datetime) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.oin for one in known if one.oin and one.counts(at)))


def _oins(folder: str) -> dict[str, tuple[Known, ...]]:
    """By role: the newest certificate of each, then those of before."""
    found: dict[str, tuple[Known, ...]] = {}
    names = {one.removesuffix(".pem") for one in os.listdir(folder) if one.endswith(".pem")}
    for name in sorted(names):  # a role comes before its older ones, which begin with its name
        if not name.startswith(_PARTY):
            continue
        path = os.path.join(folder, f"{name}.pem")
        role, _, serial = name.rpartition("-")
        for cert in lees_certificaten(lees(path), path)[:1]:
            oin = signer_van(cert).oin
            if role in found and _SERIAL.fullmatch(serial):
                between = cert.not_valid_before_utc, cert.not_valid_after_utc
                found[role] += (Known(oin, between),)
            else:
                found[name] = (Known(oin),)
    return found
