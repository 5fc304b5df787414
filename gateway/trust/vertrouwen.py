# SPDX-License-Identifier: EUPL-1.2
"""What a verifier believes in: roots, the issuers below them, and what these revoked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.errors import TrustError

ONLEESBAAR = (
    ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion,
    x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What a certificate of somebody's own making may raise, when it is looked at."""


class Vertrouwen:
    """What a verifier believes in: root certificates, and the issuers and lists below them.

    Made of PEM text alone, and pickled as that. Raises :class:`TrustError` for what is not PEM, a
    list that its issuer did not sign, and when there is no root in it.
    """

    def __init__(self, pem: bytes) -> None:
        self.pem = pem
        if not self.wortels:
            raise TrustError("there is no root certificate in what is to be trusted")
        if self._los:
            raise TrustError(
                f"a revocation list of {naam_van(self._los[0].issuer)} is not signed by an issuer "
                "that is here, or is not a list of all that he issued",
                hint="put the certificate of the issuer beside its list",
            )

    @classmethod
    def van_pem(cls, texts: Iterable[bytes | str]) -> Vertrouwen:
        """Certificates and lists in any order; one that issued itself is a root."""
        return cls(b"\n".join(t.encode() if isinstance(t, str) else t for t in texts))

    def __reduce__(self) -> tuple[type[Vertrouwen], tuple[bytes]]:
        return Vertrouwen, (self.pem,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vertrouwen) and other.pem == self.pem

    def __hash__(self) -> int:
        return hash(self.pem)

    @cached_property
    def certificaten(self) -> tuple[x509.Certificate, ...]:
        """Every certificate, roots among them."""
        return tuple(lees_certificaten(self.pem, "the trusted certificates"))

    @cached_property
    def wortels(self) -> tuple[x509.Certificate, ...]:
        """The roots: issuers that issued themselves."""
        return tuple(
            one for one in self.certificaten if one.issuer == one.subject and mag_uitgeven(one)
        )

    @cached_property
    def lijsten(self) -> tuple[tuple[x509.Certificate, x509.CertificateRevocationList], ...]:
        """Each revocation list, with the issuer whose it is."""
        found = []
        for lijst in self._alle_lijsten:
            found += [(one, lijst) for one in self.certificaten if _tekende(one, lijst)][:1]
        return tuple(found)

    @cached_property
    def _alle_lijsten(self) -> tuple[x509.CertificateRevocationList, ...]:
        return tuple(lees_lijsten(self.pem))

    @property
    def _los(self) -> list[x509.CertificateRevocationList]:
        known = [lijst for _, lijst in self.lijsten]
        return [one for one in self._alle_lijsten if one not in known]


def naam_van(name: x509.Name) -> str:
    """The common name in a certificate, for sentences; never the name of a person here."""
    return attribuut(name, NameOID.COMMON_NAME) or "een onbekende"


def lees_certificaten(pem: bytes, what: str) -> list[x509.Certificate]:
    """Every certificate in a PEM text; what else is in it is passed over."""
    found = []
    for block in _blokken(pem, b"CERTIFICATE"):
        try:
            one = x509.load_pem_x509_certificate(block)
            _ = one.subject, one.issuer  # they are read when they are asked for, not before
            found.append(one)
        except ONLEESBAAR:
            raise TrustError(f"a certificate in {what} is damaged") from None
    return found


def lees_lijsten(pem: bytes) -> list[x509.CertificateRevocationList]:
    """Every revocation list in a PEM text."""
    found = []
    for block in _blokken(pem, b"X509 CRL"):
        try:
            found.append(x509.load_pem_x509_crl(block))
        except ONLEESBAAR:
            raise TrustError("a revocation list is damaged") from None
    return found


def pem_van(*items: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """The PEM text of certificates and lists, one after another."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in items)


def _blokken(pem: bytes, label: bytes) -> list[bytes]:
    begin, end = b"-----BEGIN %s-----" % label, b"-----END %s-----" % label
    parts = pem.split(begin)[1:]
    return [begin + part.partition(end)[0] + end + b"\n" for part in parts]


def attribuut(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The value of an attribute; empty when there is none, or more than one to choose from."""
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else ""


def mag_uitgeven(cert: x509.Certificate, below: int = 0) -> bool:
    """Whether it may issue, with so many issuers between it and the signer."""
    try:
        basic = cert.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = cert.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, *ONLEESBAAR):
        return False
    long_enough = basic.path_length is None or below <= basic.path_length
    return basic.ca and usage.key_cert_sign and long_enough


def _tekende(issuer: x509.Certificate, lijst: x509.CertificateRevocationList) -> bool:
    if issuer.subject != lijst.issuer or any(one.critical for one in lijst.extensions):
        return False  # one with a condition that we do not understand is no list of all
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        return usage.crl_sign and lijst.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (x509.ExtensionNotFound, TypeError, ValueError, UnsupportedAlgorithm):
        return False
