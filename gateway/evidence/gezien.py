# SPDX-License-Identifier: EUPL-1.2
"""The step ``binding``: who signed, and what he saw of the log when he did.

The checkpoint in his manifest is older than the leaf of his handing in. One of this log's own key
that is newer, or that is no beginning of the log of this bundle, is his word, and the log's own,
against who made the bundle.

What this does not protect against: a bundle shows the root of its checkpoints, and by the proof of
each leaf that of the log just before and just after that leaf; of no other size. The whole log
does: ``audit verify --since``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from gateway.audit import checkpoint, proof
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import Frontier
from gateway.audit.succession import followed, statements
from gateway.binding.gezien import seen
from gateway.errors import AuditError
from gateway.evidence import parts
from gateway.evidence.index import (
    BINDING,
    TRUST,
    Rol,
    checkpoint_path,
    leaf_path,
    proof_path,
)
from gateway.evidence.parts import Bundle
from gateway.evidence.steps import Found, Outcome, failed


def binding(bundle: Bundle) -> Found:
    """Who signed; and that what he saw of the log is a beginning of it."""
    found = parts.binding(bundle)
    path = next((name for name in bundle.members if name.startswith(BINDING)), "")
    if found.outcome is Outcome.FAILED or not path:
        return found
    said = _seen(path, bundle)
    wrong = _contradicts(said, bundle) if said is not None else ""
    return failed(f"{path}: {wrong}") if wrong else found


def _seen(path: str, bundle: Bundle) -> Checkpoint | None:
    """The checkpoint in the manifest, if a key of this log signed it that the reader can follow."""
    known = (one for one in bundle.belief.logs if one.name == bundle.index.origin)
    return seen(bundle.members[path], followed(known, statements(bundle.members, TRUST)))


def _contradicts(said: Checkpoint, bundle: Bundle) -> str:
    """Why it is not what its signer can have seen of this log; empty when nothing says so."""
    at = min(bundle.of(Rol.MESSAGE))
    what = f"its manifest holds a checkpoint of {said.size} leaves that this log's own key signed"
    if said.size > at:
        return (f"{what}, and it was handed in as leaf {at}: the log was put back to before what "
                "its signer saw, or there are two")  # fmt: skip
    shown = _roots(bundle).get(said.size, said.root)
    if shown != said.root:
        return f"{what}, and here the log has another root at that size: it is another log"
    return ""


def _roots(bundle: Bundle) -> dict[int, bytes]:
    """The root of the log at each size at which the bundle shows it, as its proofs say.

    On the path of leaf n, what joins it from the left are the whole subtrees of the tree of n.
    That each proof leads to its checkpoint is a step of its own.
    """
    found: dict[int, bytes] = {}
    for size in bundle.index.checkpoints:
        try:
            note = checkpoint.parse_note(bundle.members.get(checkpoint_path(size), b""))
            found[size] = checkpoint.read_body(note).root
        except AuditError:  # the step about checkpoints says what is wrong
            continue
        for at in bundle.leaves:
            with suppress(AuditError):  # the step about proofs says what is wrong
                path = proof.parse(bundle.members.get(proof_path(size, at), b"")).hashes
                grown = Frontier(at, _before(at, size, path))
                found[at] = grown.root()
                grown.append(leaf_hash(bundle.members[leaf_path(at)]))
                found[at + 1] = grown.root()
    return found


def _before(at: int, size: int, path: Sequence[bytes]) -> list[bytes]:
    """What a proof joins from the left, largest first (RFC 9162 2.1.3.2)."""
    node, last, found = at, size - 1, []
    for item in path:
        if node & 1 or node == last:
            found.append(item)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    return found[::-1]
