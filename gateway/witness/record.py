# SPDX-License-Identifier: EUPL-1.2
"""What a witness saw of each log, and what it answers to a checkpoint (c2sp.org/tlog-witness).

For each log one file, ``<SHA-256 of the origin>``: the newest checkpoint that it cosigned, as it
was sent. It is durable before the answer goes out, and read anew for each request, so that
what was signed and what is kept cannot part. Two requests never run at once.

A checkpoint that the log signed but that does not grow out of what was seen is kept in ``bewijs/``:
together with the newest one it proves a fork to anybody who has the log's key.

A log's key may be changed. Another key than those that its operator gave is taken only by the leaf
of a change (``audit/succession.py``), in the very tree that was cosigned last, when the key that
signed that is the one to be followed. From the first checkpoint that a successor signed, the keys
before it count no more by themselves: who stole one cannot have anything cosigned. Those taken
stand in ``<SHA-256 of the origin>.vkeys``, in order.

What this does not protect against: of the keys that the operator gave none follows on another, so
one that ended counts until he takes its line out of ``logs.vkey``. A thief of the key that still
counts can have a successor of his own taken; the gateway's next checkpoint then does not fit, and
it stops. A witness whose folder is lost or put back has forgotten what it saw. Its key must then be
retired; the gateway notices that its size went back.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import durable
from gateway.audit import checkpoint
from gateway.audit.checkpoint import Checkpoint, CheckpointError, Note, SignatureError, VerifierKey
from gateway.audit.cosign import cosign
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import check_consistency, check_inclusion
from gateway.audit.submission import (
    SIZE_TYPE,
    Submission,
    Succession,
    read_request,
    read_successor,
)
from gateway.audit.succession import successor
from gateway.ports import OWN_FOLDER

EVIDENCE = "bewijs"
_TAKEN = ".vkeys"
KEPT = 100
"""Checkpoints of a fork that are kept at most; the first ones say it all."""

TEXT = "text/plain; charset=utf-8"


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    body: bytes
    content_type: str = TEXT


class Record:
    """One witness: its folder, its key, the logs that it watches. Held by one process at a time."""

    def __init__(
        self,
        directory: str,
        name: str,
        key: Ed25519PrivateKey,
        logs: Sequence[VerifierKey],
        seconds: Callable[[], int],
    ) -> None:
        self.name = checkpoint.check_name(name)
        self._directory = directory
        self._key = key
        self._logs = tuple(logs)
        self._seconds = seconds
        self._turn = threading.Lock()
        durable.make_dir(directory, 0o700)
        self._lock = durable.lock(
            os.path.join(directory, "lock"),
            "this witness is running already, from its folder",
            OWN_FOLDER,
        )

    def newest(self, origin_hash: str) -> bytes | None:
        """The newest checkpoint of a log that was cosigned, by the hash of its origin, in hex."""
        known = {_hash(one.name) for one in self._logs}
        return self._read(origin_hash) if origin_hash in known else None

    def add(self, body: bytes) -> Answer:
        """Answer an ``add-checkpoint`` request. ``OSError``: nothing was kept, nothing signed."""
        try:
            asked = read_request(body)
            note = checkpoint.parse_note(asked.checkpoint)
            said = checkpoint.read_body(note)
        except CheckpointError as error:
            return _plain(400, error.sentence)
        if not self._given(said.origin):
            return _plain(404, "this log is not watched here")
        if asked.old > said.size:
            return _plain(400, "the old size is larger than the checkpoint's")
        with self._turn:
            try:
                signers = checkpoint.verify_note(note, self._keys(said.origin))
            except SignatureError as error:
                return _plain(403, error.sentence)
            return self._judge(asked, said, note, signers)

    def _judge(
        self, asked: Submission, said: Checkpoint, note: Note, signers: Sequence[VerifierKey]
    ) -> Answer:
        had = self._had(said.origin)
        if had is not None and self._rank(said.origin, signers) < self._rank(
            said.origin, had.signers
        ):
            return _plain(403, "the key that signed it was followed by another, which signed "
                          "what was cosigned here last")  # fmt: skip
        size = had.size if had else 0
        if asked.old != size:
            return Answer(409, f"{size}\n".encode(), SIZE_TYPE)
        if had is not None and said.size == size and said.root != had.root:
            self._keep(asked.checkpoint, said)
            return Answer(409, f"{size}\n".encode(), SIZE_TYPE)
        if not _grew(had, said, asked.proof):
            self._keep(asked.checkpoint, said)
            return _plain(422, "the proof does not lead from what was seen to this checkpoint")
        path = os.path.join(self._directory, _hash(said.origin))
        durable.put(path, asked.checkpoint, 0o600)
        line = cosign(note.text, self.name, self._key, self._seconds())
        return Answer(200, line.encode())

    # --- a change of the log's key ---

    def succeed(self, body: bytes) -> Answer:
        """Answer an ``add-successor`` request: take the key that follows on one of this log."""
        try:
            asked = read_successor(body)
        except CheckpointError as error:
            return _plain(400, error.sentence)
        if not self._given(asked.key.name):
            return _plain(404, "this log is not watched here")
        with self._turn:
            return self._follow(asked)

    def _follow(self, asked: Succession) -> Answer:
        origin = asked.key.name
        if asked.key in self._taken(origin):
            return _plain(200, "this key is known here")
        had = self._had(origin)
        if had is None or asked.size != had.size or asked.index >= had.size:
            return Answer(409, f"{had.size if had else 0}\n".encode(), SIZE_TYPE)
        leaf = leaf_hash(asked.leaf)
        if not check_inclusion(asked.index, had.size, leaf, asked.proof, had.root):
            return _plain(422, "the proof does not show that leaf in what was cosigned here last")
        rank = self._rank(origin, had.signers)
        count = [one for one in had.signers if self._rank(origin, [one]) == rank]
        if not successor(asked.leaf, asked.key, count):
            return _plain(403, "that leaf does not say that this key follows on the one that "
                          "signed what was cosigned here last")  # fmt: skip
        lines = [one.line() for one in (*self._taken(origin), asked.key)]
        path = os.path.join(self._directory, f"{_hash(origin)}{_TAKEN}")
        durable.put(path, "".join(f"{one}\n" for one in lines).encode(), 0o600)
        return _plain(200, "this key is known here from now on")

    def _given(self, origin: str) -> list[VerifierKey]:
        """The keys of a log that the operator gave."""
        return [one for one in self._logs if one.name == origin]

    def _taken(self, origin: str) -> list[VerifierKey]:
        """Those that followed on them, in order."""
        lines = (self._read(f"{_hash(origin)}{_TAKEN}") or b"").decode().splitlines()
        return [VerifierKey.parse(one) for one in lines]

    def _keys(self, origin: str) -> list[VerifierKey]:
        return [*self._given(origin), *self._taken(origin)]

    def _rank(self, origin: str, signers: Iterable[VerifierKey]) -> int:
        """How far along the changes of key the newest of these is."""
        taken = self._taken(origin)
        return max((taken.index(one) + 1 if one in taken else 0 for one in signers), default=0)

    # --- what was seen ---

    def _had(self, origin: str) -> Checkpoint | None:
        content = self._read(_hash(origin))
        if content is None:
            return None
        return checkpoint.parse(content, self._keys(origin))  # one that was changed ends it all

    def _read(self, name: str) -> bytes | None:
        try:
            with open(os.path.join(self._directory, name), "rb") as file:
                return file.read(checkpoint.MAX_NOTE)
        except FileNotFoundError:
            return None

    def _keep(self, content: bytes, said: Checkpoint) -> None:
        folder = os.path.join(self._directory, EVIDENCE)
        name = f"{said.size}-{said.root.hex()[:16]}"
        durable.make_dir(folder, 0o700)
        if name not in os.listdir(folder) and len(os.listdir(folder)) < KEPT:
            durable.put(os.path.join(folder, name), content, 0o600)

    def close(self) -> None:
        """Let another process hold it."""
        os.close(self._lock)


def _grew(had: Checkpoint | None, said: Checkpoint, proof: Sequence[bytes]) -> bool:
    if had is None or had.size == 0:
        return not proof  # tlog-witness: 'MUST be empty if the old size is zero'
    return check_consistency(had.size, said.size, had.root, said.root, proof)


def _hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def _plain(status: int, sentence: str) -> Answer:
    return Answer(status, f"{sentence}\n".encode())
