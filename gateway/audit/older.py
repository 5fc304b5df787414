# SPDX-License-Identifier: EUPL-1.2
"""Steps of a verification against older checkpoints: those archived, and one the reader kept.

Each is met with the root that the leaves, as they lie there now, give at its size. An older
checkpoint that does not fit shows that the log did not only grow. Who signed each is kept: which of
those keys are to be believed is known only when all leaves were read (``succession.py``).

What this does not protect against: archived checkpoints lie in the same folder as the log, and go
when somebody takes them away. The one that the reader kept elsewhere does not.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError, Note, VerifierKey
from gateway.audit.merkle import EMPTY_ROOT
from gateway.audit.report import Fault

_UNKNOWN = "not signed by any key that is known here"


class Archive:
    """Step 9: each archived checkpoint is signed, and is a beginning of this log."""

    def __init__(self, directory: str, said: Checkpoint, keys: Sequence[VerifierKey]) -> None:
        self._directory, self._keys = directory, keys
        archived = reading.archived_sizes(directory)
        self.sizes = [size for size in archived if size <= said.size]
        self.signed: dict[int, tuple[VerifierKey, ...]] = {}
        self._seen, self._last = 0, 0
        self._fault: Fault | None = None
        if len(self.sizes) != len(archived):
            detail = (
                f"checkpoints/{archived[-1]} was archived, but the checkpoint is back at "
                f"{said.size} leaves: the end was cut off"
            )
            self._fault = Fault(detail, said.size)

    @property
    def good(self) -> int:
        """How many lie on its path."""
        return len(self.signed)

    def met(self, size: int, root: bytes) -> None:
        """Compare the archived checkpoint of this size, if there is one."""
        if self._seen == len(self.sizes) or self.sizes[self._seen] != size:
            return
        self._seen += 1
        path = f"checkpoints/{size}"
        try:
            content = reading.read(self._directory, path) or b""
            found = checkpoint.parse(content, self._keys)
        except CheckpointError as error:
            self._fault = self._fault or Fault(f"{path}: {error.sentence}")
            return
        if (found.size, found.root) != (size, root):
            detail = f"{path}: the leaves lead to another root; a leaf from {self._last} up to "
            self._fault = self._fault or Fault(f"{detail}{size - 1} was changed")
            return
        self.signed[size], self._last = found.signers, size

    def end(self, believed: Collection[VerifierKey]) -> Fault | None:
        """Give the first fault, once all roots were met; None when each fitted."""
        if self._fault is None and self._seen != len(self.sizes):
            size = self.sizes[self._seen]
            return Fault(f"checkpoints/{size} cannot be compared: leaves before it are missing")
        strange = [size for size, by in self.signed.items() if not set(by) & set(believed)]
        if strange:
            return self._fault or Fault(f"checkpoints/{strange[0]}: {_UNKNOWN}")
        return self._fault


class Since:
    """Step 10, with ``--since``: a checkpoint that the reader kept is a beginning of this log."""

    def __init__(self, kept: Note | None, said: Checkpoint, keys: Sequence[VerifierKey]) -> None:
        self.given = kept is not None
        self.sizes: list[int] = []
        self._signers: tuple[VerifierKey, ...] = ()
        self._root: bytes | None = None
        self._met: bytes | None = EMPTY_ROOT
        self._fault: Fault | None = None
        if kept is None:
            return
        older = checkpoint.read_body(kept)
        self._size, self._root = older.size, older.root
        try:
            self._signers = checkpoint.verify_note(kept, keys)
        except CheckpointError as error:
            self._fault = Fault(f"the older checkpoint: {error.sentence}")
        if older.origin != said.origin:
            self._fault = Fault(f"the older checkpoint is of another log: {older.origin}")
        elif older.size > said.size:
            detail = f"the older checkpoint has {older.size} leaves, this log only {said.size}"
            self._fault = Fault(f"{detail}: the end was cut off", said.size)
        elif older.size:
            self.sizes, self._met = [older.size], None

    def met(self, size: int, root: bytes) -> None:
        """Keep the root, if it is of the size of the older checkpoint."""
        if size in self.sizes:
            self._met = root

    @property
    def signed(self) -> dict[int, tuple[VerifierKey, ...]]:
        """Who signed it, when it lies on the path of this log."""
        fits = self.given and self._fault is None and self._root == self._met
        return {self._size: self._signers} if fits else {}

    def end(self, believed: Collection[VerifierKey]) -> Fault | None:
        """Give the fault, once all roots were met; None when it fitted."""
        if self._fault is None and not set(self._signers) & set(believed):
            return Fault(f"the older checkpoint: {_UNKNOWN}")
        if self._fault or self._root == self._met:
            return self._fault
        if self._met is None:
            return Fault("it cannot be compared: leaves before it are missing")
        return Fault("the older checkpoint has another root: what it covers was changed since")
