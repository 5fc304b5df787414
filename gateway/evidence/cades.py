# SPDX-License-Identifier: EUPL-1.2
"""The gateway's seal over a manifest: a detached CMS signature as CAdES has it (B-B).

The signed attributes are those of ETSI EN 319 122-1 for the baseline: content type, message digest,
signing time, and signing-certificate-v2 (RFC 5035), which says by which certificate it was made,
so that no other certificate of the same key can be put in its place. ``openssl cms -verify`` checks
it.

What this does not protect against: the signing time is the signer's own word. A time stamp over the
container (``ASiCArchiveManifest``), or over the log, is somebody else's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.binding import cms, der
from gateway.trust.ketting import Signer, Vertrouwen, check_chain
from gateway.trust.sleutels import Seal

_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_CENTURY = 50
"""A year of two digits under this is of this century (RFC 5652 section 11.3)."""


class SealError(ValueError):
    """This seal is not believed, and why."""


class Sealed(NamedTuple):
    """A seal that fits: who made it, and when it says so."""

    signer: Signer
    said_at: datetime


def sign(content: bytes, seal: Seal, at: datetime) -> bytes:
    """Seal these bytes, detached, in DER."""
    more = [(_SIGNING_CERTIFICATE, _names(seal.certificate))]
    return cms.sign(content, seal.key, seal.certificate, seal.chain, at, more=more)


def verify(
    p7s: bytes, content: bytes, trust: Vertrouwen,
    oins: Callable[[datetime], tuple[str, ...]], at: datetime | None,
) -> Sealed:  # fmt: skip
    """Whose seal it is over these bytes; :class:`SealError` says why it is not believed.

    ``at``: the moment that counts, where somebody else proved one; else what the seal itself says.
    ``oins``: under which it may be sealed at a moment.
    """
    try:
        found = cms.read(p7s)
        fits = found.covers(hashlib.sha256(content).hexdigest(), content)
        said, names = _attributes(found.attributes)
    except (cms.CmsError, der.DerError, ValueError) as error:
        raise SealError(f"it is no seal: {error}") from None
    if not fits:
        raise SealError("it is a seal over other bytes than this manifest")
    if not found.is_by_its_signer():
        raise SealError("its signature does not fit: it was changed, or the manifest was")
    if names != _names(found.signer):
        raise SealError("it does not name the certificate that it was made by")
    moment = at or said
    signer = check_chain(found.signer, found.certificates, trust, moment, oin=oins(moment))
    if not isinstance(signer, Signer):
        raise SealError(signer.sentence)
    if signer.pseudoniem:
        raise SealError("it is the seal of an employee, not of the organisation")
    return Sealed(signer, said)


def _names(certificate: x509.Certificate) -> bytes:
    """SigningCertificateV2 (RFC 5035 section 3): SHA-256, the default, of the certificate."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    one = der.put(der.SEQUENCE, der.put(der.OCTET_STRING, digest))
    return der.put(der.SEQUENCE, der.put(der.SEQUENCE, one))


def _attributes(signed: bytes) -> tuple[datetime, bytes]:
    """When it says that it was made, and the certificate that it names."""
    values = {}
    for item in der.whole(signed, der.SET):
        attribute = der.fields(item.content)
        name = der.read_oid(attribute.take(der.OID).content)
        values[name] = der.fields(attribute.take(der.SET).content)
    if not values.get(_SIGNING_TIME) or not values.get(_SIGNING_CERTIFICATE):
        raise SealError("it lacks what a baseline signature signs (CAdES B-B)")
    text = values[_SIGNING_TIME].take(der.UTC_TIME).content.decode("ascii")
    century = "20" if int(text[:2]) < _CENTURY else "19"
    at = datetime.strptime(f"{century}{text}", "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    return at, values[_SIGNING_CERTIFICATE][0].raw
