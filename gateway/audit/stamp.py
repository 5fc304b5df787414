# SPDX-License-Identifier: EUPL-1.2
"""Time stamps of RFC 3161 over archived checkpoints: the question, the answer, and checking it.

What is stamped is the checkpoint as the log signed it (``cosign.bare``): the first five lines of
its file, so that cosignatures may come before the stamp or after it. ``openssl ts`` checks the
same (``docs/audit.md``). The token says that this root, and so every leaf under it, existed then;
it is the word of a third party against a log that was written later with older times.

Whose stamp counts is for :class:`Trust` to judge: by the certificate that signed, and whether that
counted at the time in the stamp (``gateway/trust/tijdstempel.py``).

What this does not protect against: a time stamping authority that lies about the time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import TimeStampRequest, TimeStampResponse

from gateway.errors import AuditError

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
SUFFIX = ".tsr"
"""A token lies beside its checkpoint: ``checkpoints/<size>.tsr``, the whole answer (RFC 3161)."""

MAX_REPLY = 64 * 1024
_GRANTED = 0


class StampError(AuditError):
    """This is no time stamp, or not one over these bytes by somebody who is trusted.

    ``void``: it is a whole one over these bytes, but its signer did not count, or not then.
    """

    code = "timestamp"

    def __init__(self, sentence: str, *, void: bool = False) -> None:
        super().__init__(sentence)
        self.void = void


Judge = Callable[[x509.Certificate, Sequence[x509.Certificate], datetime], str]
"""Why a certificate did not count when it signed a time stamp; empty: it did. What came with the
stamp, and the time in it, go along."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose time stamps are believed: root certificates, and what lies between.

    ``judge`` looks at the certificate that signed; ``unproven`` says what nobody looks at.
    """

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...] = ()
    judge: Judge | None = None
    unproven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time stamp says."""

    at: datetime
    serial: int


def query(content: bytes) -> TimeStampRequest:
    """Ask for a time stamp over these bytes: SHA-256, a nonce, and the signer's certificate."""
    return TimestampRequestBuilder(data=content, hash_algorithm=HashAlgorithm.SHA256).build()


def answered(asked: TimeStampRequest, reply: bytes, content: bytes, trust: Trust | None) -> Stamp:
    """Check an answer to a question just asked, nonce included.

    Without ``trust`` who signed it is left open: a verifier looks again.
    """
    found = _decoded(reply)
    if found.tst_info.nonce != asked.nonce:
        raise StampError("the time stamp answers another question: its nonce is not ours")
    return _checked(found, content, trust)


def verified(reply: bytes, content: bytes, trust: Trust | None) -> Stamp:
    """Check a time stamp that was kept: over these bytes, by a signer under ``trust``, if given."""
    return _checked(_decoded(reply), content, trust)


def _decoded(reply: bytes) -> TimeStampResponse:
    if len(reply) > MAX_REPLY:
        raise StampError("a time stamp of this length is not read")
    try:
        found = decode_timestamp_response(reply)
        if found.status != _GRANTED:
            raise StampError(f"the authority gave no time stamp: {_said(found.status_string)}")
        _ = found.tst_info
    except ValueError as error:
        raise StampError("this is no answer of a time stamping authority") from error
    return found


def _said(words: Sequence[str]) -> str:
    return "; ".join(words)[:200] or "without a reason"


def _why(error: Exception) -> str:
    """The reason in the library's words, without its trace through openssl."""
    found = re.search(r'Verify error: ([^"]+)', str(error))
    if found:
        return found[1]
    return "its signature does not fit" if "PKCS7" in str(error) else str(error)[:200]


def _checked(found: TimeStampResponse, content: bytes, trust: Trust | None) -> Stamp:
    info = found.tst_info
    if info.message_imprint.message not in (
        hashlib.sha256(content).digest(),
        hashlib.sha512(content).digest(),
    ):
        raise StampError("the time stamp is over other bytes")
    if trust is not None:
        verifier = VerifierBuilder(roots=[*trust.roots], intermediates=[*trust.others]).build()
        try:
            verifier.verify_message(found, content)
        except (VerificationError, ValueError) as error:
            raise StampError(f"the time stamp is not to be trusted: {_why(error)}") from error
    at = info.gen_time if info.gen_time.tzinfo else info.gen_time.replace(tzinfo=UTC)
    if trust is not None and trust.judge is not None:
        reason = trust.judge(*_signer(found), at)
        if reason:
            raise StampError(f"the time stamp is not to be trusted: {reason}", void=True)
    return Stamp(at, info.serial_number)


def _signer(found: TimeStampResponse) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The certificate that signed, and all that came along."""
    try:
        along = [x509.load_der_x509_certificate(one) for one in found.signed_data.certificates]
        [who] = found.signed_data.signer_infos
    except ValueError as error:
        raise StampError("the time stamp has no certificate, or not one signer") from error
    for one in along:
        if (one.issuer, one.serial_number) == (who.issuer, who.serial_number):
            return one, along
    raise StampError("the certificate that signed the time stamp did not come with it")
