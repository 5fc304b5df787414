# SPDX-License-Identifier: EUPL-1.2
"""Makes keys, certificates and revocation lists of a development PKI: bytes, no files.

A root, one issuer below it, and leaves (P-256): seals with digitalSignature and nonRepudiation,
the TSA's with the critical extended key usage timeStamping alone (RFC 3161 section 2.3). An
organisation stands in the subject with its OIN as serialNumber; an employee with the OIN of who he
works for and a pseudonym (RFC 3739 section 3.1.2), never a name, never a BSN.

All are valid from 2015 until 2036.

What this does not protect against: whoever reads the issuer's key can be any party. It is a PKI to
develop with; in earnest each party brings a certificate of its own (``sleutels`` in config.yaml).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.trust.domeinen import Domein, Soort
from gateway.trust.ketting import pem_van

VANAF = datetime(2015, 1, 1, tzinfo=UTC)
TOT = datetime(2036, 1, 1, tzinfo=UTC)
"""When a development certificate is valid, whenever it was made."""

SHA256 = hashes.SHA256()


@dataclass(frozen=True, slots=True)
class Uitgever:
    """Who issues certificates: a key, and the certificates from its own to the root."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """Its own certificate."""
        return self.chain[0]

    def pem(self) -> bytes:
        """As a file holds it: the key, then the certificates."""
        return sleutel_pem(self.key) + pem_van(*self.chain)


def sleutel_pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    """A private key as PKCS 8 PEM, without a password: the directory is what guards it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def nieuwe_sleutel() -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def nieuwe_wortel(naam: str) -> Uitgever:
    """A root that issues to one issuer below it."""
    key = nieuwe_sleutel()
    subject = _naam(f"{naam} root (development)", naam)
    built = _builder(subject, subject, key.public_key())
    built = _als_uitgever(built, key.public_key(), key.public_key(), path_length=1)
    return Uitgever(key, (built.sign(key, SHA256),))


def nieuwe_uitgever(naam: str, wortel: Uitgever) -> Uitgever:
    """The issuer below a root."""
    key = nieuwe_sleutel()
    subject = _naam(f"{naam} issuer (development)", naam)
    built = _builder(subject, wortel.certificate.subject, key.public_key())
    built = _als_uitgever(built, key.public_key(), wortel.key.public_key(), path_length=0)
    return Uitgever(key, (built.sign(wortel.key, SHA256), *wortel.chain))


def certificaat(
    domein: Domein, public: CertificatePublicKeyTypes, uitgever: Uitgever, pseudoniem: str = ""
) -> x509.Certificate:
    """The certificate of a domain; of an employee under that pseudonym."""
    subject = _naam(pseudoniem or domein.organisatie, domein.organisatie, domein.oin, pseudoniem)
    built = _builder(subject, uitgever.certificate.subject, public)
    built = built.add_extension(x509.BasicConstraints(False, None), critical=True)
    built = built.add_extension(_gebruik(seal=True), critical=True)
    if domein.soort is Soort.TSA:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        built = built.add_extension(purpose, critical=True)
    return _met_ids(built, public, uitgever.key.public_key()).sign(uitgever.key, SHA256)


def intrekkingslijst(
    uitgever: Uitgever,
    number: int,
    at: datetime = VANAF,
    revoked: Iterable[x509.RevokedCertificate] = (),
) -> x509.CertificateRevocationList:
    """The list of what an issuer revoked, as of a moment; the first one is empty, of 2015."""
    built = x509.CertificateRevocationListBuilder(uitgever.certificate.subject, at, TOT)
    for one in revoked:
        built = built.add_revoked_certificate(one)
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(uitgever.key.public_key())
    built = built.add_extension(key_id, critical=False)
    built = built.add_extension(x509.CRLNumber(number), critical=False)
    return built.sign(uitgever.key, SHA256)


def ingetrokken(serial: int, at: datetime) -> x509.RevokedCertificate:
    """A row of such a list."""
    return x509.RevokedCertificateBuilder(serial, at).build()


def _naam(cn: str, organisatie: str, oin: str = "", pseudoniem: str = "") -> x509.Name:
    found = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "NL"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisatie[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, cn[:64]),
    ]
    if pseudoniem:
        found.append(x509.NameAttribute(NameOID.PSEUDONYM, pseudoniem))
    if oin:
        found.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, oin))
    return x509.Name(found)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: CertificatePublicKeyTypes
) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    built = built.public_key(public).serial_number(x509.random_serial_number())
    return built.not_valid_before(VANAF).not_valid_after(TOT)


def _als_uitgever(
    built: x509.CertificateBuilder,
    public: CertificatePublicKeyTypes,
    signer: CertificatePublicKeyTypes,
    path_length: int,
) -> x509.CertificateBuilder:
    built = built.add_extension(x509.BasicConstraints(True, path_length), critical=True)
    built = built.add_extension(_gebruik(seal=False), critical=True)
    return _met_ids(built, public, signer)


def _met_ids(
    built: x509.CertificateBuilder,
    public: CertificatePublicKeyTypes,
    signer: CertificatePublicKeyTypes,
) -> x509.CertificateBuilder:
    own = x509.SubjectKeyIdentifier.from_public_key(public)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer)  # type: ignore[arg-type]
    return built.add_extension(own, critical=False).add_extension(above, critical=False)


def _gebruik(*, seal: bool) -> x509.KeyUsage:
    """Key usage (RFC 5280 section 4.2.1.3): to sign as oneself, or to issue."""
    return x509.KeyUsage(
        digital_signature=seal, content_commitment=seal, key_cert_sign=not seal, crl_sign=not seal,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
