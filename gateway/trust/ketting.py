# SPDX-License-Identifier: EUPL-1.2
"""Whose certificate is this, and is it to be trusted at that moment.

The chain is walked from the signer to an issuer that we trust (RFC 5280 section 6): each
certificate is signed by the next, valid and not revoked at the moment; each issuer may issue. The
revocation list of each issuer must be there, signed by it, and not be past its time. Who signed is
an OIN, never "somebody under this root": a certificate of another party under the same root is a
certificate of another party.

The moment is the caller's to choose: that of the signature, where something proves it. That a
certificate expired, or was revoked, after it does no harm to what was signed before.

What this does not protect against: an issuer that gives a certificate to the wrong party; a moment
that is told by who wants to be believed; a revocation list that was withheld until its time was
over. Name constraints and policies are not understood: a certificate that insists on one (critical)
is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from gateway.errors import TrustError

MAX_LENGTH = 6
"""Certificates in a chain; a longer one is not walked."""

MIN_RSA = 2048
"""Bits of an RSA key that counts (NIST SP 800-57; ENISA)."""


class Code(StrEnum):
    """Why a signature is not believed."""

    VERLOPEN = "verlopen"
    NOG_NIET_GELDIG = "nog-niet-geldig"
    INGETROKKEN = "ingetrokken"
    ONBEKENDE_UITGEVER = "onbekende-uitgever"
    VERKEERDE_OIN = "verkeerde-oin"
    VERKEERD_DOEL = "verkeerd-doel"
    LIJST_VERLOPEN = "lijst-verlopen"
    HANDTEKENING_ONJUIST = "handtekening-onjuist"
    ANDERE_BYTES = "andere-bytes"


_ZINNEN: dict[Code, tuple[str, str]] = {
    Code.VERLOPEN: (
        "Het certificaat van {wie} gold tot {tot} en was op {op} verlopen.",
        "the certificate of {wie} was valid until {tot}, and had expired on {op}",
    ),
    Code.NOG_NIET_GELDIG: (
        "Het certificaat van {wie} geldt vanaf {van} en was op {op} nog niet geldig.",
        "the certificate of {wie} is valid from {van}, and was not valid yet on {op}",
    ),
    Code.INGETROKKEN: (
        "Het certificaat van {wie} is op {sinds} ingetrokken; {op} ligt daarna.",
        "the certificate of {wie} was revoked on {sinds}; {op} is after that",
    ),
    Code.ONBEKENDE_UITGEVER: (
        "Het certificaat van {wie} is niet uitgegeven door een uitgever die hier vertrouwd wordt.",
        "the certificate of {wie} was not issued by an issuer that is trusted here",
    ),
    Code.VERKEERDE_OIN: (
        "Er is ondertekend door OIN {oin}; verwacht werd OIN {verwacht}.",
        "it was signed by OIN {oin}; OIN {verwacht} was expected",
    ),
    Code.VERKEERD_DOEL: (
        "Het certificaat van {wie} is voor een ander doel uitgegeven dan {doel}.",
        "the certificate of {wie} was issued for another purpose than {doel}",
    ),
    Code.LIJST_VERLOPEN: (
        "Of het certificaat van {wie} is ingetrokken, is niet bekend: op {op} gold er geen lijst.",
        "whether the certificate of {wie} was revoked is not known: no list was valid on {op}",
    ),
    Code.HANDTEKENING_ONJUIST: (
        "De handtekening klopt niet.",
        "the signature does not fit",
    ),
    Code.ANDERE_BYTES: (
        "De handtekening is over andere bytes gezet dan die van dit bestand.",
        "the signature is over other bytes than those of this file",
    ),
}


@dataclass(frozen=True, slots=True)
class Weigering:
    """Why a signature is not believed: a word for programs, and a sentence in either language."""

    code: Code
    zin: str
    sentence: str

    @classmethod
    def om(cls, code: Code, **fields: str) -> Weigering:
        """Fill in the sentences of a code."""
        zin, sentence = _ZINNEN[code]
        return cls(code, zin.format(**fields), sentence.format(**fields))


class Doel(StrEnum):
    """What a certificate must be for."""

    ZEGEL = "een zegel"
    TIJDSTEMPEL = "een tijdstempel"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed. ``pseudoniem`` is that of an employee; empty: the organisation itself did."""

    oin: str
    naam: str
    pseudoniem: str
    serienummer: int
    vingerafdruk: str


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
        return tuple(one for one in self.certificaten if one.issuer == one.subject and _ca(one))

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


def check_chain(
    cert: x509.Certificate,
    tussen: Iterable[x509.Certificate],
    trust: Vertrouwen,
    at: datetime,
    *,
    oin: str | None = None,
    doel: Doel = Doel.ZEGEL,
) -> Signer | Weigering:
    """Who signed with this certificate, or why that is not believed.

    ``tussen`` are certificates of issuers that came with the signature; they count only when they
    lead to a root of ``trust``. ``at`` (aware) is the moment of the signature. ``oin``: whose the
    signature must be. That the bytes were signed by it is the caller's to check.
    """
    path = _pad(cert, [*tussen, *trust.certificaten], trust)
    if path is None:
        return Weigering.om(Code.ONBEKENDE_UITGEVER, wie=naam_van(cert.subject))
    for place, one in enumerate(path):
        issuer = path[min(place + 1, len(path) - 1)]
        refusal = _op_moment(one, at) or _ingetrokken(one, issuer, trust, at)
        if refusal is not None:
            return refusal
    if not _voor(cert, doel):
        return Weigering.om(Code.VERKEERD_DOEL, wie=naam_van(cert.subject), doel=doel.value)
    signer = signer_van(cert)
    if oin is not None and signer.oin != oin:
        return Weigering.om(Code.VERKEERDE_OIN, oin=signer.oin or "onbekend", verwacht=oin)
    return signer


def signer_van(cert: x509.Certificate) -> Signer:
    """What a certificate says of whose it is; nothing of it is checked here."""
    return Signer(
        _een(cert.subject, NameOID.SERIAL_NUMBER),
        naam_van(cert.subject),
        _een(cert.subject, NameOID.PSEUDONYM),
        cert.serial_number,
        cert.fingerprint(hashes.SHA256()).hex(),
    )


def naam_van(name: x509.Name) -> str:
    """The common name in a certificate, for sentences; never the name of a person here."""
    return _een(name, NameOID.COMMON_NAME) or "een onbekende"


def lees_certificaten(pem: bytes, what: str) -> list[x509.Certificate]:
    """Every certificate in a PEM text; what else is in it is passed over."""
    found = []
    for block in _blokken(pem, b"CERTIFICATE"):
        try:
            found.append(x509.load_pem_x509_certificate(block))
        except ValueError:
            raise TrustError(f"a certificate in {what} is damaged") from None
    return found


def lees_lijsten(pem: bytes) -> list[x509.CertificateRevocationList]:
    """Every revocation list in a PEM text."""
    found = []
    for block in _blokken(pem, b"X509 CRL"):
        try:
            found.append(x509.load_pem_x509_crl(block))
        except ValueError:
            raise TrustError("a revocation list is damaged") from None
    return found


def pem_van(*items: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """The PEM text of certificates and lists, one after another."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in items)


def _blokken(pem: bytes, label: bytes) -> list[bytes]:
    begin, end = b"-----BEGIN %s-----" % label, b"-----END %s-----" % label
    parts = pem.split(begin)[1:]
    return [begin + part.partition(end)[0] + end + b"\n" for part in parts]


def _een(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The value of an attribute; empty when there is none, or more than one to choose from."""
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else ""


# --- the path -------------------------------------------------------------------------------------

_BEGREPEN = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_STERK = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def _pad(
    cert: x509.Certificate, issuers: list[x509.Certificate], trust: Vertrouwen
) -> list[x509.Certificate] | None:
    """The certificates from the signer to a root; None when none leads there."""
    if not _bruikbaar(cert) or _ca(cert):
        return None
    path = [cert]
    while len(path) < MAX_LENGTH:
        below = len(path) - 1  # issuers between the signer and the next one
        root = _uitgever(path[-1], trust.wortels, below)
        if root is not None:
            return [*path, root]
        rest = [one for one in issuers if one not in path]
        issuer = _uitgever(path[-1], rest, below)
        if issuer is None:
            return None
        path.append(issuer)
    return None


def _uitgever(
    cert: x509.Certificate, candidates: Iterable[x509.Certificate], below: int
) -> x509.Certificate | None:
    for one in candidates:
        if one.subject == cert.issuer and _bruikbaar(one) and _ca(one, below):
            try:
                cert.verify_directly_issued_by(one)
            except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
                continue
            return one
    return None


def _bruikbaar(cert: x509.Certificate) -> bool:
    """A key and a signature that are strong enough, and nothing that we must but cannot obey."""
    try:
        key, algorithm = cert.public_key(), cert.signature_hash_algorithm
        extensions = list(cert.extensions)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return False
    if isinstance(key, rsa.RSAPublicKey):
        strong = key.key_size >= MIN_RSA
    else:
        strong = isinstance(key, (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey))
    obeyed = all(one.oid in _BEGREPEN for one in extensions if one.critical)
    return strong and obeyed and (algorithm is None or isinstance(algorithm, _STERK))


def _ca(cert: x509.Certificate, below: int = 0) -> bool:
    """Whether it may issue, with so many issuers between it and the signer."""
    try:
        basic = cert.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = cert.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    long_enough = basic.path_length is None or below <= basic.path_length
    return basic.ca and usage.key_cert_sign and long_enough


def _voor(cert: x509.Certificate, doel: Doel) -> bool:
    """Whether it is for that: a time stamp's certificate seals nothing, and the other way about."""
    extensions = cert.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        signs = usage.digital_signature or usage.content_commitment
    except x509.ExtensionNotFound:
        signs = doel is Doel.ZEGEL
    try:
        extended = set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        extended = set()
    stamps = extended == {ExtendedKeyUsageOID.TIME_STAMPING}  # RFC 3161 section 2.3: that alone
    return signs and stamps == (doel is Doel.TIJDSTEMPEL)


# --- the moment -----------------------------------------------------------------------------------


def _op_moment(cert: x509.Certificate, at: datetime) -> Weigering | None:
    wie = naam_van(cert.subject)
    if at < cert.not_valid_before_utc:
        van = _dag(cert.not_valid_before_utc)
        return Weigering.om(Code.NOG_NIET_GELDIG, wie=wie, van=van, op=_dag(at))
    if at > cert.not_valid_after_utc:
        tot = _dag(cert.not_valid_after_utc)
        return Weigering.om(Code.VERLOPEN, wie=wie, tot=tot, op=_dag(at))
    return None


def _ingetrokken(
    cert: x509.Certificate, issuer: x509.Certificate, trust: Vertrouwen, at: datetime
) -> Weigering | None:
    """By the issuer's newest list. A root is taken away from what is trusted, not revoked."""
    if cert == issuer:
        return None
    wie = naam_van(cert.subject)
    lists = [lijst for one, lijst in trust.lijsten if one.subject == issuer.subject]
    if not lists:
        return Weigering.om(Code.LIJST_VERLOPEN, wie=wie, op=_dag(at))
    newest = max(lists, key=lambda one: one.last_update_utc)
    row = newest.get_revoked_certificate_by_serial_number(cert.serial_number)
    if row is not None and row.revocation_date_utc <= at:
        sinds = _dag(row.revocation_date_utc)
        return Weigering.om(Code.INGETROKKEN, wie=wie, sinds=sinds, op=_dag(at))
    if newest.next_update_utc is not None and newest.next_update_utc < at:
        return Weigering.om(Code.LIJST_VERLOPEN, wie=wie, op=_dag(at))
    return None


def _tekende(issuer: x509.Certificate, lijst: x509.CertificateRevocationList) -> bool:
    if issuer.subject != lijst.issuer or any(one.critical for one in lijst.extensions):
        return False  # one with a condition that we do not understand is no list of all
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        return usage.crl_sign and lijst.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (x509.ExtensionNotFound, TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _dag(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
