# SPDX-License-Identifier: EUPL-1.2
"""Leaves as they were published, and the proof of each under a checkpoint.

Taken from the files that everybody can have, never from the database: what a bundle shows is what
others were shown. Every proof is checked before it is given out.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from gateway.audit import checkpoint, proof, reading, statements
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import HashReader, check_inclusion, inclusion_proof
from gateway.audit.seals import Seals
from gateway.audit.tiles import WIDTH, Tile, hash_reader, unbundle
from gateway.config import Config
from gateway.errors import AuditError, GatewayError
from gateway.location import Location
from gateway.outside import policy_of, trust_of

KEPT = 1 << 16
"""Hashes of the tree that are kept between proofs."""

_WHOLE = "run `knooppunt audit verify`: it says which file of the log is wrong"


class Published:
    """One log's published files, under one of its checkpoints."""

    def __init__(self, directory: str, content: bytes) -> None:
        self.content = content
        self.said: Checkpoint = checkpoint.read_body(checkpoint.parse_note(content))
        self._directory = directory
        self._bundles: dict[int, list[bytes]] = {}
        reader = hash_reader(self.said.size, self._tile)
        self._hashes: HashReader = lru_cache(KEPT)(reader)  # neighbours share most of their path

    def leaf(self, index: int) -> bytes:
        """The bytes of a leaf."""
        at, place = divmod(index, WIDTH)
        if at not in self._bundles:
            width = min(WIDTH, self.said.size - at * WIDTH)
            self._bundles[at] = unbundle(self._tile(Tile(-1, at, width)))[0]
        try:
            return self._bundles[at][place]
        except IndexError:
            raise AuditError(f"leaf {index} is not in the published log", hint=_WHOLE) from None

    def proof(self, index: int, content: bytes) -> bytes:
        """The tlog-proof of a leaf."""
        hashes = inclusion_proof(index, self.said.size, self._hashes)
        if not check_inclusion(index, self.said.size, leaf_hash(content), hashes, self.said.root):
            raise AuditError(
                f"leaf {index} does not lead to the root of the checkpoint", hint=_WHOLE
            )
        return proof.build(index, hashes, self.content)

    def _tile(self, tile: Tile) -> bytes:
        content = reading.read_tile(self._directory, tile)
        if content is None:
            raise AuditError(f"{tile.path} is missing from the audit log", hint=_WHOLE)
        return content


def newest(directory: str) -> bytes:
    """The checkpoint that was published last."""
    content = reading.read(directory, "checkpoint")
    if content is None:
        raise AuditError(
            f"there is no checkpoint in {directory}",
            hint="the log is published within a second: is the gateway starting?",
        )
    return content


def keys(directory: str, origin: str) -> dict[str, bytes]:
    """The log's key, as ``log.vkey``, and what shows each change of it."""
    shown = reading.read(directory, checkpoint.vkey_file(origin))
    return {"log.vkey": shown or b"", **statements.files(directory)}


def archived(directory: str, sizes: Iterable[int]) -> list[bytes]:
    """The archived checkpoints of these sizes, smallest first."""
    found = (reading.read(directory, f"checkpoints/{size}") for size in sorted(set(sizes)))
    return [one for one in found if one is not None]


def seals(location: Location, config: Config) -> Seals:
    """What others signed of the log; where their keys cannot be read, nothing counts as signed."""
    policy, trust = None, None
    with suppress(GatewayError):
        trust = trust_of(location, config.getuigen)
        policy = policy_of(location, config.getuigen)
    return Seals(location.audit, policy, trust)
