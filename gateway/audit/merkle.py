# SPDX-License-Identifier: EUPL-1.2
"""The Merkle tree of RFC 6962 section 2.1, SHA-256: running root, and both kinds of proof.

Pure: who has the hashes passes a reader ``read(level, index)``, which gives the hash of the whole
subtree of ``2**level`` leaves that starts at leaf ``index * 2**level``.

What this does not protect against: a tree proves that nothing changed between two roots. Whether
the root is the one that others saw, only a signature, a witness or a kept checkpoint can say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from gateway.errors import AuditError

HASH_SIZE = 32

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 section 2.1)."""

HashReader = Callable[[int, int], bytes]


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of the tree: all that is needed to add leaves and to know the root.

    Holds the roots of the whole subtrees that make up the tree, largest first: one hash for each
    bit of ``size``. The database keeps :meth:`to_bytes` in its ``head`` row.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count():
            raise AuditError(f"a tree of {size} leaves does not have {len(self.peaks)} peaks")

    def append(self, leaf: bytes) -> int:
        """Add the hash of one leaf; return the index that it got."""
        index = self.size
        peaks = self.peaks
        rest = index
        while rest & 1:
            leaf = hashlib.sha256(b"\x01" + peaks.pop() + leaf).digest()
            rest >>= 1
        peaks.append(leaf)
        self.size = index + 1
        return index

    def root(self) -> bytes:
        """Give the root of the tree as it stands."""
        return fold(self.peaks)

    def copy(self) -> Frontier:
        """Make an independent copy, to try a batch on and throw away if the transaction fails."""
        return Frontier(self.size, self.peaks)

    def to_bytes(self) -> bytes:
        """Size as eight bytes, big-endian, and the peaks, largest first."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, content: bytes) -> Frontier:
        """Undo :meth:`to_bytes`; :class:`AuditError` when the length does not fit the size."""
        size = int.from_bytes(content[:8], "big")
        if len(content) != 8 + HASH_SIZE * size.bit_count():
            raise AuditError("the stored edge of the audit tree is damaged")
        peaks = (content[i : i + HASH_SIZE] for i in range(8, len(content), HASH_SIZE))
        return cls(size, peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Give the root over whole subtrees, largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def over(hashes: Iterable[bytes]) -> Frontier:
    """Make the tree over these leaf hashes, or the subtree over these node hashes."""
    frontier = Frontier()
    for item in hashes:
        frontier.append(item)
    return frontier


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Give the root over these leaf hashes."""
    return over(hashes).root()


def _split(count: int) -> int:
    """Largest power of two smaller than ``count`` (RFC 6962 section 2.1: ``k``)."""
    return 1 << ((count - 1).bit_length() - 1)


def subtree_root(start: int, stop: int, read: HashReader) -> bytes:
    """Root over leaves ``start`` to ``stop``; ``start`` is where RFC 6962 would split a tree."""
    return fold(peaks_of(start, stop, read))


def peaks_of(start: int, stop: int, read: HashReader) -> list[bytes]:
    """The whole subtrees that make up these leaves, largest first; ``start`` is as above."""
    peaks = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        peaks.append(read(level, start >> level))
        start += 1 << level
    return peaks


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """Give the audit path of a leaf (RFC 6962 section 2.1.1), from the leaf upwards."""
    if not 0 <= index < size:
        raise AuditError(f"a tree of {size} leaves has no leaf {index}")
    proof, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(subtree_root(middle, stop, read))
            stop = middle
        else:
            proof.append(subtree_root(start, middle, read))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, read: HashReader) -> list[bytes]:
    """Prove that the first ``old`` leaves are a prefix of the tree (RFC 6962 section 2.1.2)."""
    if not 0 <= old <= size:
        raise AuditError(f"a tree of {size} leaves never had {old} of them first")
    if old in (0, size):
        return []
    proof, start, stop, whole = [], 0, size, True
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(subtree_root(middle, stop, read))
            stop = middle
        else:
            proof.append(subtree_root(start, middle, read))
            start, whole = middle, False
    if not whole:
        proof.append(subtree_root(start, stop, read))
    return proof[::-1]


def check_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``proof`` shows this leaf hash at ``index`` under ``root`` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(item, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, item)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def check_consistency(
    old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows that ``old_root`` is a prefix of ``root`` (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(item, first), node_hash(item, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, item)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == root
