# SPDX-License-Identifier: EUPL-1.2
"""Steps of a verification: who bound himself to these bytes, and who sealed that he got them.

The moment that counts is that of the leaf: what was revoked later does no harm to what was signed
before. Whose certificate it is, is an OIN; an employee stands in it by a pseudonym.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

import envelopes
from envelopes.errors import EnvelopeError
from gateway.binding import cms, manifest, verklaring
from gateway.binding.manifest import ManifestError
from gateway.binding.verklaring import VerklaringError
from gateway.evidence.believed import Belief
from gateway.evidence.index import RECEIPT, SEAL, Message
from gateway.evidence.steps import Found, failed, ok, unchecked
from gateway.trust import xmlzegel
from gateway.trust.ketting import Weigering, check_chain


def bound(
    path: str, data: bytes, first: Mapping[str, Any], message: Message, belief: Belief,
    shown: bytes | None,
) -> Found:  # fmt: skip
    """Judge what lies in ``binding/``; ``first`` is the leaf of the handing in."""
    kind, auth = ("zegel", "seal") if path == SEAL else ("eherkenning", "idp-bound")
    named = f"{kind}:{hashlib.sha256(data).hexdigest()}"
    if named not in first.get("evidence", []):
        return failed(f"{path}: the leaf of the handing in names another seal or login than this")
    if first.get("auth") != auth:
        return failed(f"{path}: the leaf says that it was handed in by {first.get('auth')}")
    at = datetime.fromtimestamp(first["at"] / 1000, UTC)
    if kind == "zegel":
        return _seal(path, data, message, belief, at, shown)
    return _login(path, data, message, belief)


def _seal(
    path: str, data: bytes, message: Message, belief: Belief, at: datetime, shown: bytes | None
) -> Found:
    try:
        found = cms.read(data)
        if not found.covers(message.sha256, shown):
            return failed(f"{path}: it is a seal over other bytes")
    except cms.CmsError as error:
        return failed(f"{path}: {error}")
    if not found.is_by_its_signer():
        return failed(f"{path}: its signature does not fit")
    signer = check_chain(found.signer, found.certificates, belief.zegels, at)
    if isinstance(signer, Weigering):
        return failed(f"{path}: {signer.sentence}")
    wanted = belief.party(message.gemeentecode)
    who = signer.pseudoniem or signer.naam
    if not wanted:
        return unchecked(f"{path}: by OIN {signer.oin}; whose that is, is not known here")
    if signer.oin != wanted:
        return failed(f"{path}: it is the seal of OIN {signer.oin}, not of {wanted}")
    return ok(f"{path}: sealed by {who}, OIN {signer.oin}")


def _login(path: str, data: bytes, message: Message, belief: Belief) -> Found:
    if not belief.jwks:
        return unchecked(f"{path}: your trust folder has no idp.jwks to check a login by")
    try:
        found = verklaring.read(data)
        listed = manifest.read(found.manifest)
        keys = KeySet.import_key_set(json.loads(belief.jwks))
        claims = jwt.decode(found.id_token, keys, algorithms=[verklaring.ALGORITHM]).claims
    except (VerklaringError, ManifestError) as error:
        return failed(f"{path}: {error}")
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return failed(f"{path}: its token was not signed by the identity provider you trust")
    if claims.get("nonce") != found.nonce:
        return failed(f"{path}: its token signs another manifest")
    if all(one.sha256 != message.sha256 for one in listed.bestanden):
        return failed(f"{path}: its manifest does not list these bytes")
    return ok(f"{path}: {claims.get('ActingSubjectID', '')} logged in at {claims.get('acr', '')}")


def received(
    path: str, data: bytes, ours: Mapping[int, Mapping[str, Any]], message: Message, belief: Belief
) -> Found:
    """Judge a receipt of the receiver; ``ours`` are the leaves of the message.

    Signed by the gateway's own seal, under the same root, it would be a forgery: the OIN counts.
    """
    named = f"{RECEIPT}:{hashlib.sha256(data).hexdigest()}"
    about = [one for one in ours.values() if named in one.get("evidence", [])]
    if not about:
        return failed(f"{path}: no leaf of the message names this receipt")
    try:
        root = envelopes.ontleed_ontvangstbewijs(data)
    except EnvelopeError as error:
        return failed(f"{path}: {error.details}")
    at = datetime.fromtimestamp(about[0]["at"] / 1000, UTC)
    found = xmlzegel.controleer(root, belief.zegels, at, belief.cbs)
    if isinstance(found, Weigering):
        return failed(f"{path}: {found.sentence}")
    if found.signer.pseudoniem:
        return failed(f"{path}: it is sealed by an employee, not by the organisation")
    said = envelopes.lees_ontvangstbewijs(found.inhoud)
    same = (said.sha256, said.omvang, said.referentienummer, said.gemeentecode, said.oin)
    wanted = (message.sha256, message.size, message.referentienummer, message.gemeentecode)
    if same != (*wanted, belief.cbs):
        return failed(f"{path}: it is about another delivery or other bytes")
    return ok(f"{path}: sealed by {found.signer.naam}, OIN {found.signer.oin}")
