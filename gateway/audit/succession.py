# SPDX-License-Identifier: EUPL-1.2
"""Which keys of a log to believe, when you believe one of them: its key may have been changed.

A change of key is a ``key.rotate`` leaf that names the new key and those before it, by the SHA-256
of their ``.vkey`` files, and both sign for a while. Who has the old key believes the new one
because a checkpoint that the old one signed holds that leaf; who has the new one believes the old
for what it signed before, because a checkpoint that the new one signed holds it. The folder's
``.vkey`` files only tell which keys to look for: by themselves they prove nothing.

Who does not have the whole log is *shown* it: the leaf, its tlog-proof under a checkpoint that the
old key signed, and the new key (``statements.py`` keeps these in the log's folder). That leads from
old to new alone: that what an old key signed is a beginning of this log, only the log can show.

What this does not protect against: a thief of an old key, who can name a successor of his own
choosing in a log of his own making. Others who kept checkpoints, and witnesses, see that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.audit import checkpoint, leaf, proof
from gateway.audit.checkpoint import CheckpointError, VerifierKey
from gateway.audit.leaf import LeafError, Rotated, leaf_hash
from gateway.audit.merkle import check_inclusion
from gateway.audit.proof import ProofError

Signed = Mapping[int, tuple[VerifierKey, ...]]
"""By size: who signed a checkpoint of this log, whose root is that of the leaves as they lie."""

FOLDER = "succession/"
LEAF, PROOF, KEY = ".json", proof.SUFFIX, ".vkey"
_INDEX = re.compile("0|[1-9][0-9]{0,18}")


class Statement(NamedTuple):
    """A change of key, by the leaf with this index, as it is shown to who lacks the log."""

    at: int
    key: VerifierKey
    leaf: bytes
    proof: bytes

    @property
    def files(self) -> dict[str, bytes]:
        """Its three files, by name."""
        stem = f"{FOLDER}{self.at}"
        line = f"{self.key.line()}\n".encode()
        return {f"{stem}{LEAF}": self.leaf, f"{stem}{PROOF}": self.proof, f"{stem}{KEY}": line}


def believed(
    first: VerifierKey | None,
    shown: Iterable[VerifierKey],
    rotations: Iterable[Rotated],
    signed: Signed,
) -> list[VerifierKey]:
    """The keys that follow from ``first``; itself first."""
    if first is None:
        return []
    found = [first]
    rest = [one for one in dict.fromkeys(shown) if one != first and one.name == first.name]
    changes = list(rotations)
    again = True
    while again:
        new = [one for one in rest if any(_leads(change, found, one, signed) for change in changes)]
        rest = [one for one in rest if one not in new]
        found += new
        again = bool(new)
    return found


def _leads(change: Rotated, known: list[VerifierKey], other: VerifierKey, signed: Signed) -> bool:
    """Whether a leaf names this key, and one we know has signed a log with that leaf in it."""
    here = [_named(change, one) for one in known if _signed_over(change.leaf, one, signed)]
    there = _named(change, other)
    return there != "" and any(one not in ("", there) for one in here)


def _named(change: Rotated, key: VerifierKey) -> str:
    """As what a leaf names this key: ``new``, ``old``, or not at all."""
    digest = key.digest()
    if change.new == digest:
        return "new"
    return "old" if f"vkey:{digest}" in change.old else ""


def _signed_over(leaf: int, key: VerifierKey, signed: Signed) -> bool:
    return any(size > leaf and key in signers for size, signers in signed.items())


def successor(entry: bytes, key: VerifierKey, signers: Iterable[VerifierKey]) -> bool:
    """Whether this leaf, in a log that these keys signed, says that ``key`` follows on one of them.

    That the leaf stands in that log is the caller's to check.
    """
    try:
        fields = leaf.decode(entry)
    except LeafError:
        return False
    if fields["origin"] != key.name:
        return False
    old = {f"vkey:{one.digest()}" for one in signers if one.name == key.name and one != key}
    changes = leaf.rotated(0, fields)
    return any(one.new == key.digest() and old & {*one.old} for one in changes)


def statements(files: Mapping[str, bytes], place: str = "") -> list[Statement]:
    """The statements among these files, oldest first; what is none is passed over."""
    found = []
    for name, content in files.items():
        stem = name.removesuffix(KEY)
        number = stem.removeprefix(f"{place}{FOLDER}")
        if stem == name or number == stem or not _INDEX.fullmatch(number):
            continue
        try:
            key = VerifierKey.parse(content.decode("utf-8", "replace"))
        except CheckpointError:
            continue
        one = Statement(int(number), key, files.get(stem + LEAF, b""), files.get(stem + PROOF, b""))
        found.append(one)
    return sorted(found, key=lambda one: one.at)


def followed(known: Iterable[VerifierKey], shown: Iterable[Statement]) -> list[VerifierKey]:
    """The known keys, and those that follow on them by what is shown."""
    found, rest = list(dict.fromkeys(known)), list(shown)
    again = True
    while again:
        new = [one for one in rest if one.key not in found and _proves(one, found)]
        found += dict.fromkeys(one.key for one in new)
        again = bool(new)
    return found


def _proves(one: Statement, known: list[VerifierKey]) -> bool:
    """Whether a checkpoint that a known key signed holds the leaf that names this one."""
    try:
        found = proof.parse(one.proof)
        said = checkpoint.parse(found.checkpoint, known)
    except (ProofError, CheckpointError):
        return False
    there = check_inclusion(found.index, said.size, leaf_hash(one.leaf), found.hashes, said.root)
    return there and said.origin == one.key.name and successor(one.leaf, one.key, said.signers)
