# SPDX-License-Identifier: EUPL-1.2
"""A login that binds its user to the bytes: an OpenID Connect token whose nonce signs a manifest.

``x.csv.eh.json`` (``docs/schemas/verklaring.schema.json``) holds the manifest as it was hashed,
the salt, and the token. The nonce is the commitment that leaves use too (``c1:``, docs/audit.md),
to the manifest: the broker signs it without learning what is handed in, and the operator of the
gateway, who cannot log in as somebody else, cannot sign it at all.

Source: OpenID Connect Core 1.0, 3.1.3.7 (the checks of a token), in the Dutch profile's words
(eTD: ActingSubjectID, LegalSubjectID, assurance classes).

What this does not protect against: a broker that lies; a user who logs in for whoever asks.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.audit import leaf
from gateway.config_eherkenning import KLASSE, NIVEAUS, Eherkenning
from gateway.errors import TrustError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

VERSION = 1
ALGORITHM = "ES256"
_KEY = ("EC", "P-256")
"""Type and curve of a key that signs by it (RFC 7518 section 3.4)."""

SKEW_S = 60
"""By how much the clocks of the broker and of the gateway may differ."""

FRESH_S = 60
"""A login was forced for this delivery: it was at most so long before its token."""


class VerklaringError(ValueError):
    """This assertion is not believed. ``code`` says why in a word, the sentence in Dutch."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Verklaring:
    """An assertion as it was read; nothing of it is verified yet."""

    manifest: bytes
    salt: bytes
    id_token: str

    @property
    def nonce(self) -> str:
        """The nonce by which a token signs this manifest."""
        return leaf.commit("manifest", self.manifest.decode(), self.salt)


@dataclass(frozen=True, slots=True)
class Login:
    """What a believed token says: who, for which organisation, how surely, over which nonce."""

    subject: str
    organisatie: str
    niveau: str
    nonce: str
    signs: bool
    """Whether it signs the manifest, and so the bytes; else it is a session and no more."""


def build(verklaring: Verklaring) -> bytes:
    """Write down what lies beside the file."""
    plain = {
        "versie": VERSION,
        "manifest": verklaring.manifest.decode(),
        "salt": urlsafe_b64encode(verklaring.salt).rstrip(b"=").decode(),
        "id_token": verklaring.id_token,
    }
    return json.dumps(plain, indent=1).encode() + b"\n"


def is_one(content: bytes) -> bool:
    """Whether it is to be read as an assertion, and not as a seal."""
    return content.lstrip()[:1] == b"{"


def read(content: bytes) -> Verklaring:
    """Read it; :class:`VerklaringError` for anything else."""
    wrong = VerklaringError(
        "verklaring-onleesbaar", "de verklaring van eHerkenning is niet te lezen"
    )
    try:
        plain = json.loads(content.decode())
        version, token = plain.pop("versie"), str(plain.pop("id_token"))
        salt = urlsafe_b64decode(str(plain.pop("salt")) + "=")
        found = Verklaring(str(plain.pop("manifest")).encode(), salt, token)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise wrong from None
    if version != VERSION or plain or len(salt) != 32 or not token.isascii():
        raise wrong
    return found


@lru_cache(maxsize=4)
def _keys(jwks: str) -> KeySet:
    from joserfc.jwk import KeySet

    return KeySet.import_key_set(json.loads(jwks))


def read_jwks(content: bytes, path: str) -> str:
    """The broker's keys (RFC 7517) in a file of what is trusted; at least one signs as we ask.

    Raises :class:`TrustError`, which names the file: a token is not false because this is.
    """
    from joserfc.errors import JoseError

    try:
        jwks = content.decode()
        sound = any((one.key_type, one.get("crv")) == _KEY for one in _keys(jwks).keys)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise TrustError(
            f"{path} is damaged, or holds no key that a login is signed with ({ALGORITHM})",
            hint="copy it from the gateway's vertrouwen/ again; there: knooppunt init",
        )
    return jwks


def check(
    verklaring: Verklaring, jwks: str, settings: Eherkenning, moment: datetime, *, session: bool,
    lag_s: int = 0,
) -> Login:  # fmt: skip
    """Believe a token, or say why not, in the order of OpenID Connect Core 3.1.3.7.

    The gateway asks at the upload, a reader of evidence again by the time of the leaf. ``moment``
    is that time; ``lag_s`` by how much it may be behind the upload. ``session``: a login that signs
    no manifest will do.
    """
    claims = _claims(verklaring.id_token, jwks)
    if claims.get("iss") != settings.uitgever:
        raise VerklaringError("onbekende-uitgever", "de inlogverklaring is van een andere uitgever")
    aud = claims.get("aud")
    if aud not in (settings.client, [settings.client]):
        raise VerklaringError(
            "andere-ontvanger", "de inlogverklaring is voor een ander systeem bedoeld"
        )
    signs = claims.get("nonce") == verklaring.nonce
    if not signs and not session:
        raise VerklaringError(
            "manifest-niet-ondertekend", "de inlogverklaring is niet over dit manifest"
        )
    most = (settings.geldig_s if signs else settings.sessie_s) + lag_s
    _check_times(claims, most, moment, lag_s, signs=signs)
    acr = str(claims.get("acr", ""))
    niveau = acr.removeprefix(KLASSE)
    if not acr.startswith(KLASSE) or niveau not in NIVEAUS:
        raise VerklaringError(
            "niveau-te-laag", "de inlogverklaring noemt geen betrouwbaarheidsniveau"
        )
    names = (claims.get("ActingSubjectID"), claims.get("LegalSubjectID"), claims.get("nonce"))
    if not all(isinstance(one, str) and 0 < len(one) <= 200 for one in names):
        raise VerklaringError("verklaring-onleesbaar", "de inlogverklaring noemt geen persoon")
    subject, organisation, nonce = map(str, names)
    return Login(subject, organisation, niveau, nonce, signs)


def _claims(token: str, jwks: str) -> dict[str, Any]:
    from joserfc import jwt  # by the first token: most chains and commands never see one
    from joserfc.errors import JoseError

    try:
        decoded = jwt.decode(token, _keys(jwks), algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise VerklaringError(
            "handtekening-onjuist",
            "de inlogverklaring is niet ondertekend door de inlogdienst die wij kennen",
        ) from None
    return decoded.claims


def _check_times(
    claims: dict[str, Any], most: int, moment: datetime, lag_s: int, *, signs: bool
) -> None:
    now = moment.timestamp()
    times = [claims.get(name) for name in ("iat", "auth_time", "exp")]
    if not all(type(one) is int for one in times):
        raise VerklaringError("verklaring-onleesbaar", "de inlogverklaring noemt geen tijden")
    iat, auth_time, exp = (float(str(one)) for one in times)
    if max(iat, auth_time) > now + SKEW_S:
        raise VerklaringError("nog-niet-geldig", "de inlogverklaring is van later dan nu")
    if now - auth_time > most or (signs and now > exp + SKEW_S + lag_s):
        raise VerklaringError("verlopen", f"het inloggen is langer dan {most} seconden geleden")
    if signs and iat - auth_time > FRESH_S:
        raise VerklaringError("niet-opnieuw-ingelogd", "er is voor deze levering niet ingelogd")
