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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from gateway.trust.vertrouwen import (
    ONLEESBAAR,
    Vertrouwen,
    attribuut,
    lees_certificaten,
    lees_lijsten,
    mag_uitgeven,
    naam_van,
    pem_van,
)
from gateway.trust.weigering import Code, Weigering

__all__ = [
    "ONLEESBAAR",
    "Code",
    "Doel",
    "Signer",
    "Vertrouwen",
    "Weigering",
    "check_chain",
    "lees_certificaten",
    "lees_lijsten",
    "naam_van",
    "pem_van",
    "signer_van",
]

MAX_LENGTH = 6
"""Certificates in a chain; a longer one is not walked."""

MAX_LOOKED = 64
"""Beginnings of chains that are looked at: what came along may be made to have no end of them."""

MIN_RSA = 2048
"""Bits of an RSA key that counts (NIST SP 800-57; ENISA)."""


class Doel(StrEnum):
    """What a certificate must be for."""

    ZEGEL = "een zegel"
    TIJDSTEMPEL = "een tijdstempel"

    @property
    def purpose(self) -> str:
        """The same in English."""
        return "a seal" if self is Doel.ZEGEL else "a time stamp"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed. ``pseudoniem`` is that of an employee; empty: the organisation itself did."""

    oin: str
    naam: str
    pseudoniem: str
    serienummer: int
    vingerafdruk: str


def check_chain(
    cert: x509.Certificate,
    tussen: Iterable[x509.Certificate],
    trust: Vertrouwen,
    at: datetime,
    *,
    oin: str | tuple[str, ...] | None = None,
    doel: Doel = Doel.ZEGEL,
) -> Signer | Weigering:
    """Who signed with this certificate, or why that is not believed; it may be a stranger's.

    ``tussen`` are certificates of issuers that came with the signature; they count only when they
    lead to a root of ``trust``. ``at`` (aware) is the moment of the signature. ``oin``: whose the
    signature must be, or of one of whom. That the bytes were signed by it the caller must check.
    """
    if at.tzinfo is None:  # ours, not the stranger's: it may not be told as a fault of his
        raise ValueError("a moment without a zone says nothing about a certificate")
    issuers = [*tussen, *trust.certificaten]
    try:
        return _check_chain(cert, issuers, trust, at, oin, doel)
    except ONLEESBAAR:
        return Weigering.onleesbaar()


def _check_chain(
    cert: x509.Certificate,
    issuers: list[x509.Certificate],
    trust: Vertrouwen,
    at: datetime,
    oin: str | tuple[str, ...] | None,
    doel: Doel,
) -> Signer | Weigering:
    refusals = []
    for path in _paden(cert, issuers, trust):
        refusal = _langs(path, trust, at)
        if refusal is None:
            break
        refusals.append(refusal)
    else:
        unknown = Weigering.om(Code.ONBEKENDE_UITGEVER, wie=naam_van(cert.subject))
        return refusals[0] if refusals else unknown
    if not _voor(cert, doel):
        wie = naam_van(cert.subject)
        return Weigering.om(Code.VERKEERD_DOEL, wie=wie, doel=doel.value, purpose=doel.purpose)
    signer = signer_van(cert)
    oins = (oin,) if isinstance(oin, str) else oin
    if oins is not None and signer.oin not in oins:
        verwacht = ", ".join(oins)
        return Weigering.om(Code.VERKEERDE_OIN, oin=signer.oin or "onbekend", verwacht=verwacht)
    return signer


def signer_van(cert: x509.Certificate) -> Signer:
    """What a certificate says of whose it is; nothing of it is checked here."""
    return Signer(
        attribuut(cert.subject, NameOID.SERIAL_NUMBER),
        naam_van(cert.subject),
        attribuut(cert.subject, NameOID.PSEUDONYM),
        cert.serial_number,
        cert.fingerprint(hashes.SHA256()).hex(),
    )


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


def _paden(
    cert: x509.Certificate, issuers: list[x509.Certificate], trust: Vertrouwen
) -> Iterator[list[x509.Certificate]]:
    """Every way from the signer to a root: an issuer may have more than one certificate."""
    if not _bruikbaar(cert) or mag_uitgeven(cert):
        return
    open_, looked = [[cert]], 0
    while open_ and looked < MAX_LOOKED:
        path = open_.pop(0)  # the shortest ones first
        if len(path) == MAX_LENGTH:
            continue
        looked += 1
        below = len(path) - 1  # issuers between the signer and the next one
        for root in _uitgevers(path[-1], trust.wortels, below):
            yield [*path, root]
        rest = [one for one in dict.fromkeys(issuers) if one not in (*path, *trust.wortels)]
        open_ += [[*path, one] for one in _uitgevers(path[-1], rest, below)]


def _uitgevers(
    cert: x509.Certificate, candidates: Iterable[x509.Certificate], below: int
) -> Iterator[x509.Certificate]:
    for one in candidates:
        if one.subject == cert.issuer and _bruikbaar(one) and mag_uitgeven(one, below):
            try:
                cert.verify_directly_issued_by(one)
            except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
                continue
            yield one


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


def _langs(path: list[x509.Certificate], trust: Vertrouwen, at: datetime) -> Weigering | None:
    """What is wrong with the first certificate of a path that did not count at that moment."""
    for place, one in enumerate(path):
        issuer = path[min(place + 1, len(path) - 1)]
        refusal = _op_moment(one, at) or _ingetrokken(one, issuer, trust, at)
        if refusal is not None:
            return refusal
    return None


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


def _dag(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
