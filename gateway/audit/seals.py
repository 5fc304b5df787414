# SPDX-License-Identifier: EUPL-1.2
"""Where a leaf stands: logged, witnessed, time-stamped; read from the archived checkpoints.

A checkpoint speaks of every leaf before its size. So a leaf is witnessed by the first archived
checkpoint after it that a quorum of the policy cosigned, and time-stamped by the first with a
token. Each signature is verified again when it is asked.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from typing import NamedTuple

from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import CheckpointError
from gateway.audit.cosign import Cosignature, bare
from gateway.audit.policy import NONE, Policy
from gateway.audit.stamp import SUFFIX, Stamp, StampError, Trust, verified

LOGGED, WITNESSED, STAMPED = "logged", "witnessed", "timestamped"


class Seal(NamedTuple):
    """What others signed of one archived checkpoint."""

    size: int
    quorum: bool = False
    cosignatures: tuple[Cosignature, ...] = ()
    stamp: Stamp | None = None


class Standing(NamedTuple):
    """Where a leaf stands: sizes of the first checkpoints that show it; None: there is none."""

    witnessed: int | None
    timestamped: int | None

    @property
    def state(self) -> str:
        """The furthest of the three."""
        if self.timestamped is not None:
            return STAMPED
        return LOGGED if self.witnessed is None else WITNESSED


class Token(NamedTuple):
    """A time stamp that is kept: over how many leaves, and the SHA-256 of its file."""

    size: int
    sha256: str


def tokens_after(directory: str, size: int) -> list[Token]:
    """The time stamps over more leaves than this, smallest first."""
    found = []
    for one in reading.archived_sizes(directory, SUFFIX):
        content = reading.read(directory, f"checkpoints/{one}{SUFFIX}") if one > size else None
        if content is not None:
            found.append(Token(one, hashlib.sha256(content).hexdigest()))
    return found


class Seals:
    """The archived checkpoints of one log. What was read is kept: make a new one to look again."""

    def __init__(self, directory: str, policy: Policy | None, trust: Trust | None) -> None:
        self._directory = directory
        self._policy, self._trust = policy, trust
        witnessing = policy is not None and policy.quorum != NONE
        self._sizes = reading.archived_sizes(directory) if witnessing else []
        self._tokens = reading.archived_sizes(directory, SUFFIX)
        self._read: dict[int, Seal] = {}

    def of(self, leaf: int) -> Standing:
        """Where this leaf stands."""
        later = (sizes[bisect_right(sizes, leaf) :] for sizes in (self._sizes, self._tokens))
        return self._first(*later)

    def newest(self) -> Standing:
        """How many leaves are witnessed, and how many time-stamped, at most."""
        return self._first(self._sizes[::-1], self._tokens[::-1])

    def _first(self, sizes: list[int], tokens: list[int]) -> Standing:
        return Standing(
            next((size for size in sizes if self.at(size).quorum), None),
            next((size for size in tokens if self.at(size).stamp), None),
        )

    def at(self, size: int) -> Seal:
        """What others signed of this checkpoint; what does not fit does not count."""
        if size not in self._read:
            self._read[size] = self._look(size)
        return self._read[size]

    def _look(self, size: int) -> Seal:
        content = reading.read(self._directory, f"checkpoints/{size}")
        quorum, found = False, tuple[Cosignature, ...]()
        try:
            note = checkpoint.parse_note(content or b"")
            if checkpoint.read_body(note).size != size:
                return Seal(size)
            if self._policy is not None and self._sizes:
                quorum, found = self._policy.witnessed(note)
        except CheckpointError:
            return Seal(size)
        return Seal(size, quorum, found, self._stamp(size, content or b""))

    def _stamp(self, size: int, content: bytes) -> Stamp | None:
        token = reading.read(self._directory, f"checkpoints/{size}{SUFFIX}")
        if token is None:
            return None
        try:
            return verified(token, bare(content), self._trust)
        except (StampError, CheckpointError):
            return None
