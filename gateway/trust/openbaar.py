# SPDX-License-Identifier: EUPL-1.2
"""Public keys as others read them: a witness's line, and a key of the identity provider."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import TrustError

WITNESS = 0x04
"""Type of a witness's signature: cosignature/v1 by Ed25519 (c2sp.org/tlog-cosignature)."""


def getuige_vkey(naam: str, public: ed25519.Ed25519PublicKey) -> str:
    """The public key line of a witness (c2sp.org/tlog-cosignature, 'Format')."""
    typed = bytes([WITNESS]) + public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_id = hashlib.sha256(naam.encode() + b"\n" + typed).hexdigest()[:8]
    return f"{naam}+{key_id}+{b64encode(typed).decode()}"


def jwk(cert: x509.Certificate) -> dict[str, str]:
    """A key of the identity provider (RFC 7517), with its thumbprint as id (RFC 7638)."""
    public = cert.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
        raise TrustError("the identity provider's key is a P-256 key")
    numbers = public.public_numbers()
    point = {"crv": "P-256", "kty": "EC", "x": _coord(numbers.x), "y": _coord(numbers.y)}
    thumb = json.dumps(point, separators=(",", ":"), sort_keys=True).encode()  # RFC 7638
    kid = urlsafe_b64encode(hashlib.sha256(thumb).digest()).rstrip(b"=").decode()
    return {**point, "use": "sig", "alg": "ES256", "kid": kid}


def _coord(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes(32)).rstrip(b"=").decode()
