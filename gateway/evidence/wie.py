# SPDX-License-Identifier: EUPL-1.2
"""Steps of a verification: who bound himself to these bytes, and who sealed that he got them.

The moment that counts is that of the leaf: what was revoked later does no harm to what was signed
before. Whose certificate it is, is an OIN; an employee stands in it by a pseudonym. What the
gateway asks of a seal or login at the door is asked again here, from the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import envelopes
from envelopes.errors import EnvelopeError
from gateway.binding import cms, manifest, verklaring
from gateway.binding.manifest import ManifestError
from gateway.binding.verklaring import Login, Verklaring, VerklaringError
from gateway.config_eherkenning import Eherkenning
from gateway.evidence.believed import Belief
from gateway.evidence.index import RECEIPT, SEAL, Message
from gateway.evidence.steps import Found, absent, failed, ok, unchecked
from gateway.trust import xmlzegel
from gateway.trust.deelnemers import DEELNEMERS
from gateway.trust.ketting import Weigering, check_chain

LAG_S = 24 * 3600
"""By how much a leaf may be later than the login that it tells of: what a gateway may allow at most
(``geldig_s``), and a gateway that was down in between."""

_ENGLISH = {
    "onbekende-uitgever": "its token was issued by another identity provider than yours",
    "andere-ontvanger": "its token was issued for another system than this gateway",
    "manifest-niet-ondertekend": "its token signs another manifest",
    "nog-niet-geldig": "its token is of later than the leaf of the handing in",
    "verlopen": "its token had expired long before the leaf of the handing in",
    "niet-opnieuw-ingelogd": "nobody logged in anew for it",
    "niveau-te-laag": "its token names no assurance level",
    "handtekening-onjuist": "its token was not signed by the identity provider you trust",
}


class Handed(NamedTuple):
    """What the leaf of the handing in says, and the name of the file, where it is opened."""

    leaf: Mapping[str, Any]
    name: str

    @property
    def at(self) -> datetime:
        """When it was logged."""
        return datetime.fromtimestamp(self.leaf["at"] / 1000, UTC)


def bound(
    path: str, data: bytes, handed: Handed, message: Message, belief: Belief, shown: bytes | None
) -> Found:
    """Judge what lies in ``binding/``."""
    auths = {"zegel": ("seal",), "eherkenning": ("idp-bound", "session")}
    kind = "zegel" if path == SEAL else "eherkenning"
    named = f"{kind}:{hashlib.sha256(data).hexdigest()}"
    if named not in handed.leaf.get("evidence", []):
        return failed(f"{path}: the leaf of the handing in names another seal or login than this")
    auth = handed.leaf.get("auth")
    if auth not in auths[kind]:
        return failed(f"{path}: the leaf says that it was handed in by {auth}")
    if kind == "zegel":
        return _seal(path, data, handed, message, belief, shown)
    return _login(path, data, handed, message, belief)


def _seal(
    path: str, data: bytes, handed: Handed, message: Message, belief: Belief, shown: bytes | None
) -> Found:
    try:
        found = cms.read(data)
        hidden = shown is None and found.hash.name != "sha256"  # only the SHA-256 is known here
        if not hidden and not found.covers(message.sha256, shown):
            return failed(f"{path}: it is a seal over other bytes")
    except cms.CmsError as error:
        return failed(f"{path}: {error}")
    if not found.is_by_its_signer():
        return failed(f"{path}: its signature does not fit")
    signer = check_chain(found.signer, found.certificates, belief.zegels, handed.at)
    if isinstance(signer, Weigering):
        return failed(f"{path}: {signer.sentence}")
    wrong = _other_delivery(found.manifest, handed.name, message) if found.manifest else ""
    if wrong:
        return failed(f"{path}: {wrong}")
    if fault := _other_party(signer.oin, handed.at, message, belief):
        return fault._replace(detail=f"{path}: {fault.detail}")
    who = f"{path}: sealed by {signer.pseudoniem or signer.naam}, OIN {signer.oin}"
    if hidden:
        return unchecked(f"{who}; over which bytes only these can say: it has no SHA-256 of them, "
                         f"but {found.hash.name}")  # fmt: skip
    return ok(who)


def _other_delivery(content: bytes, name: str, message: Message) -> str:
    """Why a manifest, signed, is not that of this message; empty when it is."""
    try:
        found = manifest.read(content)
    except ManifestError:
        return "its manifest cannot be read"
    if found.gemeentecode != message.gemeentecode:
        return f"its manifest is of {found.gemeentecode}, the message of {message.gemeentecode}"
    listed = [one for one in found.bestanden if name in ("", one.naam)]
    if not listed:
        return "its manifest does not list a file of this name"
    if all((one.sha256, one.omvang) != (message.sha256, message.size) for one in listed):
        return "its manifest does not list these bytes"
    return ""


def _other_party(oin: str, at: datetime, message: Message, belief: Belief) -> Found | None:
    """Why it is not of who handed in the message, by the reader's own folder; None when it is."""
    wanted = belief.party(message.gemeentecode, at)
    if not wanted:
        return unchecked(f"by OIN {oin}; whose that is, is not known here")
    return None if oin in wanted else failed(f"it is of OIN {oin}, not of {', '.join(wanted)}")


def _login(path: str, data: bytes, handed: Handed, message: Message, belief: Belief) -> Found:
    if not belief.jwks or belief.deelnemers is None:
        lacks = DEELNEMERS if belief.jwks else "idp.jwks"
        return unchecked(f"{path}: your trust folder has no {lacks} to check a login by")
    try:
        said = verklaring.read(data)
        found = _logged_in(said, handed, belief)
    except VerklaringError as error:
        return failed(f"{path}: {_ENGLISH.get(error.code, 'it cannot be read')}")
    wrong = _other_delivery(said.manifest, handed.name, message)
    if wrong:
        return failed(f"{path}: {wrong}")
    if found.niveau != handed.leaf.get("loa"):
        return failed(f"{path}: at {found.niveau}; the leaf says {handed.leaf.get('loa')}")
    if fault := _other_party(found.organisatie, handed.at, message, belief):
        return fault._replace(detail=f"{path}: {fault.detail}")
    who = f"{found.subject}, for OIN {found.organisatie}, logged in at {found.niveau}"
    if not found.signs:
        return absent(f"{path}: {who}; that is a session, and signs no bytes")
    return ok(f"{path}: {who}")


def _logged_in(said: Verklaring, handed: Handed, belief: Belief) -> Login:
    """By the first identity provider that the reader knows and the token is of."""
    session = handed.leaf.get("auth") == "session"
    refused = VerklaringError("onbekende-uitgever", "")
    for one in belief.deelnemers.inlogdiensten if belief.deelnemers else ():
        try:
            return verklaring.check(
                said, belief.jwks, Eherkenning(uitgever=one.uitgever, client=one.client), handed.at,
                session=session, lag_s=LAG_S,
            )  # fmt: skip
        except VerklaringError as error:
            refused = error
            if error.code not in ("onbekende-uitgever", "andere-ontvanger"):
                break
    raise refused


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
    oins = belief.receiver(message.uitwisseling, at)
    tried = (xmlzegel.controleer(root, belief.zegels, at, oin) for oin in oins)
    found = min(tried, key=lambda one: isinstance(one, Weigering), default=None)
    if found is None:
        return unchecked(f"{path}: under which OIN the receiver seals is not known here")
    if isinstance(found, Weigering):
        return failed(f"{path}: {found.sentence}")
    if found.signer.pseudoniem:
        return failed(f"{path}: it is sealed by an employee, not by the organisation")
    said = envelopes.lees_ontvangstbewijs(found.inhoud)
    same = (said.sha256, said.omvang, said.referentienummer, said.gemeentecode, said.oin)
    wanted = (message.sha256, message.size, message.referentienummer, message.gemeentecode)
    if same != (*wanted, found.signer.oin):
        return failed(f"{path}: it is about another delivery or other bytes")
    return ok(f"{path}: sealed by {found.signer.naam}, OIN {found.signer.oin}")
