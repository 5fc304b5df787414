# SPDX-License-Identifier: EUPL-1.2
"""A detached signature over a file: CMS SignedData (RFC 5652), in DER, by one signer.

``openssl cms -sign -binary -outform DER`` makes one, ``openssl cms -verify -binary -inform DER
-content FILE`` verifies one; ours may carry the manifest of the delivery as a signed attribute,
which OpenSSL verifies with the rest. Whether to believe the signer is not asked here (zegel.py).

Signed attributes are required. Without them nothing tells one signature over the same bytes from
another, and what signs attributes could be passed off as what signs a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.binding import der
from gateway.binding.der import DerError
from gateway.trust.ketting import ONLEESBAAR

MAX_BYTES = 32 * 1024
"""Largest signature that is read; with three RSA certificates one has about 7 KiB."""

MAX_CERTIFICATES = 8
_DATA, _SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"

MANIFEST = "2.25.329795257667272793696490398454635000266"
"""The signed attribute that holds the manifest: an identifier of our own, made of a UUID."""

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SIGNATURES: dict[str, tuple[str, hashes.HashAlgorithm | None]] = {
    "1.2.840.10045.4.3.2": ("ec", hashes.SHA256()),
    "1.2.840.10045.4.3.3": ("ec", hashes.SHA384()),
    "1.2.840.10045.4.3.4": ("ec", hashes.SHA512()),
    "1.2.840.113549.1.1.1": ("rsa", None),  # the hash is that of the digest
    "1.2.840.113549.1.1.11": ("rsa", hashes.SHA256()),
    "1.2.840.113549.1.1.12": ("rsa", hashes.SHA384()),
    "1.2.840.113549.1.1.13": ("rsa", hashes.SHA512()),
    "1.3.101.112": ("ed25519", None),
}
_SHA256, _ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"
_RSA = "1.2.840.113549.1.1.1"

MIN_RSA_BITS = 2048
NO_CERTIFICATE = "er staat een certificaat in dat niet te lezen is"
UNREADABLE = ONLEESBAAR


class CmsError(ValueError):
    """These bytes are no signature as we take them; the sentence is Dutch, for its sender."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it was read: nothing of it is verified yet.

    ``identity`` tells one act of signing from another: the digest of the signed attributes. The
    signature's own bytes would not: of an ECDSA signature anybody can make a second one.
    """

    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    digest: bytes
    hash: hashes.HashAlgorithm
    attributes: bytes
    scheme: str
    signed_hash: hashes.HashAlgorithm
    value: bytes
    manifest: bytes | None
    identity: str

    def covers(self, sha256: str, content: bytes | None) -> bool:
        """Whether it is over these bytes; of what was too large to hold only the SHA-256 is known.

        Raises :class:`CmsError` when it uses another digest, and the bytes are not at hand.
        """
        if self.hash.name == "sha256":
            return self.digest.hex() == sha256
        if content is None:
            raise CmsError(
                f"zo'n groot bestand vraagt een zegel met SHA-256, niet {self.hash.name}"
            )
        return self.digest == hashlib.new(self.hash.name, content).digest()

    def is_by_its_signer(self) -> bool:
        """Whether the certificate's key made it."""
        try:
            key = self.signer.public_key()
            if self.scheme == "ec" and isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(self.value, self.attributes, ec.ECDSA(self.signed_hash))
            elif self.scheme == "rsa" and isinstance(key, rsa.RSAPublicKey):
                if key.key_size < MIN_RSA_BITS:
                    return False
                key.verify(self.value, self.attributes, padding.PKCS1v15(), self.signed_hash)
            elif self.scheme == "ed25519" and isinstance(key, ed25519.Ed25519PublicKey):
                key.verify(self.value, self.attributes)
            else:
                return False
        except (InvalidSignature, *UNREADABLE):
            return False
        return True


# --- reading --------------------------------------------------------------------------------------


def read(content: bytes) -> Signature:
    """Read a detached signature; :class:`CmsError` for anything else."""
    if len(content) > MAX_BYTES:
        raise CmsError(f"het is groter dan {MAX_BYTES} bytes")
    if content.startswith(b"-----BEGIN"):
        raise CmsError("het is PEM; gebruik DER (openssl cms ... -outform DER)")
    try:
        return _read(content)
    except CmsError:
        raise
    except DerError:
        raise CmsError("het is geen CMS-handtekening in DER") from None
    except UNREADABLE:
        raise CmsError(NO_CERTIFICATE) from None


def _read(content: bytes) -> Signature:
    outer = der.whole(content)
    if der.read_oid(outer.take(der.OID).content) != _SIGNED_DATA:
        raise CmsError("het is CMS, maar geen handtekening (SignedData)")
    signed = der.whole(outer.take(der.CONTEXT).content)
    signed.take(der.INTEGER)
    signed.take(der.SET)  # the digest algorithms: said again where they are used
    encapsulated = der.fields(signed.take(der.SEQUENCE).content)
    if der.read_oid(encapsulated.take(der.OID).content) != _DATA:
        raise CmsError("de handtekening is niet over een bestand (id-data)")
    if encapsulated:
        raise CmsError("het bestand zit in de handtekening; het hoort er los naast (detached)")
    bag = signed.maybe(der.CONTEXT)
    certificates = _certificates(bag.content if bag else b"")
    signed.maybe(der.CONTEXT + 1)  # revocation lists of the sender's choice are not believed
    signers = der.fields(signed.take(der.SET).content)
    if len(signers) != 1:
        raise CmsError(f"er staan {len(signers)} ondertekenaars in; dat moet er een zijn")
    return _signer(der.fields(signers.take(der.SEQUENCE).content), certificates)


def _certificates(content: bytes) -> tuple[x509.Certificate, ...]:
    found = der.fields(content, MAX_CERTIFICATES)
    return tuple(x509.load_der_x509_certificate(one.raw) for one in found)


def _signer(info: der.Fields, certificates: tuple[x509.Certificate, ...]) -> Signature:
    info.take(der.INTEGER)
    signer = _certificate_of(info.pop(0), certificates) if info else None
    if signer is None:
        raise CmsError("het certificaat van de ondertekenaar zit er niet in")
    digest_oid = _algorithm(info.take(der.SEQUENCE))
    signed = info.maybe(der.CONTEXT)
    if signed is None:
        raise CmsError("de ondertekende kenmerken ontbreken (gebruik openssl cms zonder -noattr)")
    signature_oid = _algorithm(info.take(der.SEQUENCE))
    if digest_oid not in _HASHES or signature_oid not in _SIGNATURES:
        raise CmsError("dit algoritme nemen we niet aan; gebruik SHA-256 met ECDSA of RSA")
    hash_, (scheme, signed_hash) = _HASHES[digest_oid], _SIGNATURES[signature_oid]
    said = _attributes(signed.content)
    if der.read_oid(_one(said, _CONTENT_TYPE, der.OID)) != _DATA:
        raise CmsError("de handtekening is niet over een bestand (id-data)")
    attributes = der.put(der.SET, signed.content)  # what is signed: RFC 5652 section 5.4
    return Signature(
        signer=signer,
        certificates=certificates,
        hash=hash_,
        digest=_one(said, _MESSAGE_DIGEST, der.OCTET_STRING),
        attributes=attributes,
        scheme=scheme,
        signed_hash=signed_hash or hash_,
        value=info.take(der.OCTET_STRING).content,
        manifest=_one(said, MANIFEST, der.UTF8) if MANIFEST in said else None,
        identity=hashlib.sha256(attributes).hexdigest(),
    )


def _certificate_of(
    who: der.Item, certificates: tuple[x509.Certificate, ...]
) -> x509.Certificate | None:
    """The certificate that a signature names, among those that it brings."""
    for one in certificates:
        if who.tag == der.SEQUENCE:
            serial = der.put_integer(one.serial_number) if one.serial_number >= 0 else b""
            if who.content == one.issuer.public_bytes() + serial:
                return one
        elif who.tag == 0x80:
            try:
                found = one.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            except x509.ExtensionNotFound:
                continue
            if found.value.digest == who.content:
                return one
    return None


def _algorithm(item: der.Item) -> str:
    return der.read_oid(der.fields(item.content).take(der.OID).content)


def _attributes(content: bytes) -> dict[str, der.Fields]:
    """The values of each attribute; one that is there twice has two meanings, so none."""
    found: dict[str, der.Fields] = {}
    for item in der.fields(content):
        attribute = der.fields(item.content)
        name = der.read_oid(attribute.take(der.OID).content)
        if name in found:
            raise CmsError("een ondertekend kenmerk staat er twee keer in")
        found[name] = der.fields(attribute.take(der.SET).content)
    return found


def _one(said: dict[str, der.Fields], name: str, tag: int) -> bytes:
    values = said.get(name, der.Fields())
    if len(values) != 1:
        raise CmsError("een ondertekend kenmerk ontbreekt, of heeft meer dan een waarde")
    return values.take(tag).content


# --- writing --------------------------------------------------------------------------------------


def sign(
    content: bytes,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate],
    moment: datetime,
    manifest: bytes | None = None,
    more: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """Sign a file: SHA-256, by ECDSA or RSA. ``chain``: up to the root; ``more``: to sign too."""
    if manifest is not None:
        more = [*more, (MANIFEST, der.put(der.UTF8, manifest))]
    attributes = _signed(content, moment, more)
    oid, value = _by(key, der.put(der.SET, attributes))
    digest_algorithm = der.put(der.SEQUENCE, der.put_oid(_SHA256))
    scheme = der.put(der.SEQUENCE, der.put_oid(oid), *([der.put(der.NULL)] if oid == _RSA else []))
    serial = der.put_integer(certificate.serial_number)
    signer = der.put(
        der.SEQUENCE,
        der.put_integer(1),
        der.put(der.SEQUENCE, certificate.issuer.public_bytes(), serial),
        digest_algorithm,
        der.put(der.CONTEXT, attributes),
        scheme,
        der.put(der.OCTET_STRING, value),
    )
    signed = der.put(
        der.SEQUENCE,
        der.put_integer(1),
        der.put_set([digest_algorithm]),
        der.put(der.SEQUENCE, der.put_oid(_DATA)),
        der.put_set((one.public_bytes(Encoding.DER) for one in (certificate, *chain)), der.CONTEXT),
        der.put_set([signer]),
    )
    return der.put(der.SEQUENCE, der.put_oid(_SIGNED_DATA), der.put(der.CONTEXT, signed))


def _by(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, signed: bytes) -> tuple[str, bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        return _RSA, key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return _ECDSA_SHA256, key.sign(signed, ec.ECDSA(hashes.SHA256()))


def _signed(content: bytes, moment: datetime, more: Sequence[tuple[str, bytes]]) -> bytes:
    """The signed attributes, in the order of DER, without the tag around them."""
    time = f"{moment.astimezone(UTC):%y%m%d%H%M%S}Z".encode()
    attributes = [
        (_CONTENT_TYPE, der.put_oid(_DATA)),
        (_SIGNING_TIME, der.put(der.UTC_TIME, time)),
        (_MESSAGE_DIGEST, der.put(der.OCTET_STRING, hashlib.sha256(content).digest())),
        *more,
    ]
    return b"".join(
        sorted(
            der.put(der.SEQUENCE, der.put_oid(oid), der.put_set([value]))
            for oid, value in attributes
        )
    )
