# SPDX-License-Identifier: EUPL-1.2
"""Time stamps of RFC 3161 over archived checkpoints: the question, the answer, and checking it.

What is stamped is the checkpoint as the log signed it (``cosign.bare``): the first five lines of
its file, so that cosignatures may come before the stamp or after it. ``openssl ts`` checks the
same (``docs/audit.md``). The token says that this root, and so every leaf under it, existed then;
it is the word of a third party against a log that was written later with older times.

What this does not protect against: a time stamping authority that lies about the time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
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
    """This is no time stamp, or not one over these bytes by somebody who is trusted."""

    code = "timestamp"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose time stamps are believed: root certificates, and what lies between."""

    roots: tuple[x509.Certificate, ...]
    others: tuple[x509.Certificate, ...] = ()

    @classmethod
    def parse(cls, *pems: bytes) -> Trust:
        """Read certificates; one that issued itself is a root."""
        try:
            found = [one for pem in pems for one in x509.load_pem_x509_certificates(pem)]
        except ValueError:
            raise StampError("these are no certificates in PEM") from None
        roots = tuple(one for one in found if one.issuer == one.subject)
        if not roots:
            raise StampError("there is no root certificate among these")
        return cls(roots, tuple(one for one in found if one not in roots))


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
    at = info.gen_time
    return Stamp(at if at.tzinfo else at.replace(tzinfo=UTC), info.serial_number)
