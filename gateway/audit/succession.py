# SPDX-License-Identifier: EUPL-1.2
"""Which keys of a log to believe, when you believe one of them: its key may have been changed.

A change of key is a ``key.rotate`` leaf that names the new key and those before it, by the SHA-256
of their ``.vkey`` files, and both sign for a while. Who has the old key believes the new one
because a checkpoint that the old one signed holds that leaf; who has the new one believes the old
for what it signed before, because a checkpoint that the new one signed holds it. The folder's
``.vkey`` files only tell which keys to look for: by themselves they prove nothing.

What this does not protect against: a thief of an old key, who can name a successor of his own
choosing in a log of his own making. Others who kept checkpoints, and witnesses, see that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.audit.checkpoint import VerifierKey
from gateway.audit.leaf import Rotated

Signed = Mapping[int, tuple[VerifierKey, ...]]
"""By size: who signed a checkpoint of this log, whose root is that of the leaves as they lie."""


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
