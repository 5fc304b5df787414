# SPDX-License-Identifier: EUPL-1.2
"""One leaf's proof as a file that anybody can check by itself: a C2SP tlog-proof.

The index of the leaf, the hashes from its sibling up to the root's child (RFC 6962 section 2.1.1),
and the checkpoint, whole, with what witnesses added (c2sp.org/tlog-proof, 'Format'). The leaf
itself lies beside it: its hash is that of RFC 6962 section 2.1 over its bytes.

What this does not protect against: a proof says that a leaf is in a tree. That it is the tree that
everybody sees, only the cosignatures below the checkpoint can say.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.audit.checkpoint import CheckpointError, unbase64
from gateway.audit.merkle import HASH_SIZE
from gateway.errors import AuditError

HEAD = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_HASHES = 64
"""Hashes in a proof: a tree of 2**64 leaves has no more."""

MAX_PROOF = 1 << 20
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


class ProofError(AuditError):
    """These bytes are not a tlog-proof."""

    code = "tlog-proof"


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a leaf stands, its audit path, and the checkpoint that this leads to, as bytes."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def build(index: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Write the proof; without the line ``extra``, which nothing authenticates."""
    lines = [HEAD, f"index {index}", *(b64encode(one).decode() for one in hashes)]
    return "\n".join([*lines, "", ""]).encode() + checkpoint


def parse(content: bytes) -> Proof:
    """Undo :func:`build`; what stands in a line ``extra`` is passed over, as the format demands."""
    if len(content) > MAX_PROOF:
        raise ProofError("a proof of this length is not read")
    above, blank, note = content.partition(b"\n\n")
    try:
        lines = above.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofError("not a tlog-proof: not ASCII above the checkpoint") from None
    if not blank or lines.pop(0) != HEAD:
        raise ProofError(f"not a tlog-proof: it begins with {HEAD}, and holds a checkpoint")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    found = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if found is None or len(lines) > MAX_HASHES:
        raise ProofError("not a tlog-proof: no index, or more hashes than a tree can ask for")
    try:
        hashes = tuple(unbase64(one, "hash in a tlog-proof") for one in lines)
    except CheckpointError as error:
        raise ProofError(error.sentence) from None
    if any(len(one) != HASH_SIZE for one in hashes):
        raise ProofError("a hash in a tlog-proof has 32 bytes")
    return Proof(int(found[1]), hashes, note)
