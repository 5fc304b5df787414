# SPDX-License-Identifier: EUPL-1.2
"""Sends a checkpoint to one witness, proves that the log only grew, and judges what it says.

The proof is made from the published tiles, and checked against our own roots before it is sent: a
witness that refuses it then has another root than ours, and that is a fork.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError
from gateway.audit.cosign import taken
from gateway.audit.merkle import check_consistency, consistency_proof, subtree_root
from gateway.audit.policy import Known
from gateway.audit.submission import FORKS, PATH, Verdict, judge, request
from gateway.audit.tiles import Tile, hash_reader
from gateway.errors import AuditError, ForkError
from gateway.peers import Unreachable, call

TRIES = 3
"""Sizes that a witness may name before it must agree: a second gateway may be at it too."""

_ADVICE = (
    "do not start again as it is. Was the state put back from a copy? Put back the newest one: "
    "`knooppunt restore BACKUP{since}`, with the audit folder in its place. Is another gateway "
    "writing under this log's key? Stop it. Keep all of it as it is: with the witness's checkpoint "
    "it shows what happened (docs/audit.md, Witnesses)"
)


class Trouble(AuditError):  # noqa: N818  what it is
    """A witness did not cosign now; trying again may help."""

    code = "witness"


class Taken(NamedTuple):
    """A cosignature: its line. ``forgot``: the witness had seen more before, and lost it."""

    line: str
    forgot: bool


class Submitter:
    """One witness. ``known`` is the size of what it cosigned last, as far as we know."""

    def __init__(
        self, directory: str, witness: Known, url: str, origin: str,
        keep: Callable[[str, bytes], str],
    ) -> None:  # fmt: skip
        self.name = witness.name
        self.known = 0
        self._directory = directory
        self._key = witness.key
        self._url = url.rstrip("/")
        self._origin = origin
        self._keep = keep

    def submit(self, content: bytes, seconds: float) -> Taken:
        """Get a cosignature. :class:`Trouble`, or :class:`ForkError` when nothing may go on."""
        said = checkpoint.read_body(checkpoint.parse_note(content))
        old, forgot = min(self.known, said.size), False
        for _ in range(TRIES):
            body = request(old, self._proof(old, said), content)
            try:
                reply = call(self._url + PATH, body, "text/plain; charset=utf-8", seconds)
            except Unreachable as error:
                raise Trouble(error.sentence) from None
            if reply.status == 200:
                line = self._line(content, reply.body)
                self.known = said.size
                return Taken(line, forgot)
            if reply.status not in (409, 422):
                raise Trouble(f"it answered {reply.status}")
            verdict, size = judge(reply.status, reply.body, old, said.size)
            if verdict in FORKS:
                raise self._fork(verdict, size, said, seconds)
            if verdict is Verdict.ODD:
                break
            forgot, old = forgot or size < self.known, size
        raise Trouble("it did not agree on the size of what it saw last")

    def _line(self, content: bytes, answer: bytes) -> str:
        try:
            return taken(content, answer, self._key)
        except CheckpointError as error:
            raise Trouble(f"it answered, but {error.sentence}") from None

    def _proof(self, old: int, said: Checkpoint) -> list[bytes]:
        read = hash_reader(said.size, self._tile)
        proof = consistency_proof(old, said.size, read)
        if old and not check_consistency(
            old, said.size, subtree_root(0, old, read), said.root, proof
        ):
            raise Trouble("the published tiles do not lead to the checkpoint")
        return proof

    def _tile(self, tile: Tile) -> bytes:
        content = reading.read_tile(self._directory, tile)
        if content is None:
            raise Trouble(f"{tile.path} is missing")
        return content

    def _fork(self, verdict: Verdict, size: int, said: Checkpoint, seconds: float) -> ForkError:
        """What the witness knows, with what it can show for it."""
        shown = self._shown(seconds)
        since = f" --since {shown}" if shown else ""
        proof = f"it shows the checkpoint that this log's key signed: {shown}" if shown else (
            "it shows no checkpoint of ours for that"
        )  # fmt: skip
        if verdict is Verdict.AHEAD:
            told = f"has seen {size} leaves of this log, and we have {said.size}: the state was "
            told += "put back, or another gateway writes under this log's key"
        else:
            root = b64encode(said.root).decode()
            told = f"has seen another history of this log: ours, of {said.size} leaves with root "
            told += f"{root}, does not grow out of what it saw at {size}"
        sentence = f"fork: the witness {self.name} {told}; {proof}"
        return ForkError(sentence, hint=_ADVICE.format(since=since))

    def _shown(self, seconds: float) -> str:
        """Where the witness's newest checkpoint is kept, if it is one of this log; else nothing."""
        origin = hashlib.sha256(self._origin.encode()).hexdigest()
        try:
            reply = call(f"{self._url}/{origin}/checkpoint", None, "", seconds)
            if reply.status == 200:
                checkpoint.parse(reply.body, reading.vkeys(self._directory, self._origin))
                return self._keep(self.name, reply.body)
        except (Unreachable, CheckpointError, OSError):
            pass
        return ""
