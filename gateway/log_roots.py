# SPDX-License-Identifier: EUPL-1.2
"""The root that the log had at a size: whether what somebody saw of it is a beginning of it.

From the published tiles, in a few reads however long the log is; what is not published yet, from
the leaves in the database. Tiles that do not lead to the published checkpoint are not believed:
then every leaf is read, as often as somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.audit import checkpoint, reading
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import Frontier, check_consistency, consistency_proof, fold, peaks_of
from gateway.audit.tiles import Tile, hash_reader
from gateway.errors import AuditError
from gateway.model import Key, LogRoot

AT_ONCE = 4096
"""Leaves that are in memory together."""

Ask = Callable[[Iterable[Key[object]]], Mapping[Key[object], object]]
Leaves = Callable[[int, int], list[bytes]]


def with_roots(ask: Ask, leaves: Leaves, directory: str) -> Ask:
    """Who answers ``ask``'s questions, and those about roots of the log in ``directory`` too."""

    def answer(wanted: Iterable[Key[object]]) -> Mapping[Key[object], object]:
        others: list[Key[object]] = []
        found: dict[Any, object] = {}
        for key in wanted:
            one: object = key
            if isinstance(one, LogRoot):
                found[one] = root_at(one.size, leaves, directory)
            else:
                others.append(key)
        return {**ask(others), **found} if found else ask(others)

    return answer


def root_at(size: int, leaves: Leaves, directory: str) -> bytes | None:
    """The root over the first ``size`` leaves; None when there are not so many."""
    try:
        grown = _published(size, directory)
    except AuditError:
        grown = Frontier()
    while grown.size < size:
        found = leaves(grown.size, min(size, grown.size + AT_ONCE))
        if not found:
            return None
        for one in found:
            grown.append(leaf_hash(one))
    return grown.root()


def _published(size: int, directory: str) -> Frontier:
    """The tree of that size, or of all that is published; :class:`AuditError` where it is damaged.

    What the tiles give is held against the published root: it is a beginning of that.
    """
    said = checkpoint.read_body(checkpoint.parse_note(reading.read(directory, "checkpoint") or b""))
    size = min(size, said.size)

    def tile(one: Tile) -> bytes:
        content = reading.read_tile(directory, one)
        if content is None:
            raise AuditError(f"{one.path} is missing")
        return content

    read = hash_reader(said.size, tile)
    peaks = peaks_of(0, size, read)
    proof = consistency_proof(size, said.size, read)
    if not check_consistency(size, said.size, fold(peaks), said.root, proof):
        raise AuditError("the published tiles do not lead to the checkpoint")
    return Frontier(size, peaks)
