# SPDX-License-Identifier: EUPL-1.2
"""What a log sends to a witness and gets back: ``add-checkpoint`` of c2sp.org/tlog-witness.

A request is ``old <size>``, at most 63 lines of a consistency proof, an empty line, and the
checkpoint. The answers: 200 with signature lines; 409 with the size that the witness has
(``text/x.tlog.size``); 422 when the proof does not hold; 403, 404 and 400 when it is not for us.

A 409 is mostly harmless: an answer got lost, and the witness is where we did not know it to be. It
is a fork when the witness has seen more than we have, or another root at the same size. A 422 on a
proof that holds by our own leaves is one too: the witness's root of before is not ours.

Ours, beside the protocol: a log whose key was changed shows its witness the leaf that says so
(``add-successor``): the new key, the leaf's index, the size of what the witness cosigned last, the
leaf's inclusion proof in that, an empty line, and the leaf.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.audit.checkpoint import MAX_NOTE, CheckpointError, VerifierKey, unbase64
from gateway.audit.merkle import HASH_SIZE

PATH = "/add-checkpoint"
SUCCESSOR_PATH = "/add-successor"
SIZE_TYPE = "text/x.tlog.size"
MAX_PROOF = 63
MAX_BODY = MAX_NOTE + 64 * 64

_LEAF = re.compile(r"leaf (0|[1-9][0-9]{0,18}) of (0|[1-9][0-9]{0,18})")
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class Submission:
    """A request, read but not verified."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def request(old: int, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Give the body of an ``add-checkpoint`` request."""
    lines = [f"old {old}", *(b64encode(one).decode() for one in proof), "", ""]
    return "\n".join(lines).encode() + checkpoint


def read_request(body: bytes) -> Submission:
    """Undo :func:`request`; :class:`CheckpointError` when it is not one."""
    head, blank, checkpoint = body.partition(b"\n\n")
    if len(body) > MAX_BODY or not blank:
        raise CheckpointError("not an add-checkpoint request: too long, or without an empty line")
    try:
        first, *rest = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise CheckpointError("not an add-checkpoint request: not ASCII") from None
    old = _OLD.fullmatch(first)
    if not old or len(rest) > MAX_PROOF:
        raise CheckpointError("not an add-checkpoint request: its first line, or a proof too long")
    return Submission(int(old[1]), _hashes(rest, "consistency proof"), checkpoint)


def _hashes(lines: Sequence[str], what: str) -> tuple[bytes, ...]:
    proof = tuple(unbase64(line, what) for line in lines)
    if any(len(one) != HASH_SIZE for one in proof):
        raise CheckpointError(f"a line of a {what} is a hash of 32 bytes")
    return proof


@dataclass(frozen=True, slots=True)
class Succession:
    """What shows a witness a new key: the leaf that names it, in the tree of ``size`` leaves."""

    key: VerifierKey
    index: int
    size: int
    proof: tuple[bytes, ...]
    leaf: bytes


def successor_request(asked: Succession) -> bytes:
    """Give the body of an ``add-successor`` request."""
    lines = [f"key {asked.key.line()}", f"leaf {asked.index} of {asked.size}"]
    lines += [b64encode(one).decode() for one in asked.proof]
    return "\n".join([*lines, "", ""]).encode() + asked.leaf


def read_successor(body: bytes) -> Succession:
    """Undo :func:`successor_request`; :class:`CheckpointError` when it is not one."""
    head, blank, entry = body.partition(b"\n\n")
    if len(body) > MAX_BODY or not blank:
        raise CheckpointError("not an add-successor request: too long, or without an empty line")
    try:
        first, second, *rest = head.decode().split("\n")
    except ValueError:
        raise CheckpointError("not an add-successor request: not text, or too short") from None
    where = _LEAF.fullmatch(second)
    if not first.startswith("key ") or not where or len(rest) > MAX_PROOF + 1:
        raise CheckpointError("not an add-successor request: its key, its leaf, or its proof")
    key = VerifierKey.parse(first.removeprefix("key "))
    proof = _hashes(rest, "proof of inclusion")
    return Succession(key, int(where[1]), int(where[2]), proof, entry)


def read_size(body: bytes) -> int | None:
    """The size in a 409; None when it gives none."""
    found = _SIZE.fullmatch(body)
    return int(found[1]) if found else None


class Verdict(StrEnum):
    """What the refusal of a witness means for the log."""

    STALE = "stale"  # it is at another size than we thought, which we know: send from there
    AHEAD = "ahead"  # it has seen more leaves than we have
    OTHER_ROOT = "other-root"  # it has seen other leaves than ours
    ODD = "odd"  # no answer that the protocol knows


FORKS = frozenset({Verdict.AHEAD, Verdict.OTHER_ROOT})


def judge(status: int, body: bytes, old: int, size: int) -> tuple[Verdict, int]:
    """What a 409 or 422 means, and the size that the witness has.

    ``old`` is what was sent, with a proof that holds by our own leaves; ``size`` the checkpoint's.
    """
    if status == 422:
        return Verdict.OTHER_ROOT, old
    said = read_size(body)
    if status != 409 or said is None:
        # Of equal sizes with other roots the protocol asks a 409, and gives it no body.
        return (Verdict.OTHER_ROOT if status == 409 and old == size else Verdict.ODD), old
    if said > size:
        return Verdict.AHEAD, said
    if said == old:
        return (Verdict.OTHER_ROOT if old == size else Verdict.ODD), said
    return Verdict.STALE, said
