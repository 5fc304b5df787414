# SPDX-License-Identifier: EUPL-1.2
"""Verifies a log from its folder alone, in numbered steps, each told in words.

``knooppunt audit verify`` runs this; so can anybody who has a copy of the folder, with the
database gone. The formats are public (RFC 6962, RFC 8785, C2SP tlog-tiles and signed-note), so a
tool that we did not write can come to the same answer.

A log that does not pass is an answer (``ok`` is false); a folder or file that cannot be read is
not (:class:`AuditError`).

What this does not prove stands in every report, under ``not_proven``. Cosignatures of witnesses,
time stamps, the seals in a leaf's ``evidence`` and evidence bundles are checked in steps that come
with those issues.
"""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError, Note, VerifierKey
from gateway.audit.merkle import EMPTY_ROOT
from gateway.audit.tiles import WIDTH, Tile
from gateway.audit.walk import Fault, Progress, Walk, walk
from gateway.errors import AuditError

ALWAYS_UNPROVEN = (
    "that what a leaf says is true: the log proves what was written down and that it stayed so",
    "that the times are right: they are the gateway's own clock, and until others have stamped or "
    "witnessed a checkpoint, whoever holds the key could write a new log with older times",
    "that everybody is shown this same log: it bears no signature of a witness yet",
)
NO_SINCE = (
    "that the log is not cut short: without --since an older but whole state of the log looks "
    "whole; give a checkpoint that you kept yourself"
)
NO_VKEY = (
    "that the key is the gateway's: without --vkey it was taken from the folder itself, and who "
    "made a new folder would have made a new key; give the key that you received another way"
)
BEYOND = (
    "what the files beyond the checkpoint mean: there are some, from a publication that was going "
    "on or was cut off, or because an older checkpoint was put back"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a verification: its number, name, outcome, and what was found in words."""

    n: int
    name: str
    ok: bool
    detail: str


@dataclass(slots=True)
class Report:
    """The answer, in the shape of ``docs/schemas/audit-verify.schema.json``."""

    ok: bool = False
    origin: str = ""
    size: int = 0
    root: str = ""
    steps: list[Step] = field(default_factory=list)
    first_bad_leaf: int | None = None
    first_bad_tile: str | None = None
    not_proven: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, in the documented order."""
        return asdict(self)

    def add(self, name: str, right: str, fault: Fault | None) -> None:
        """Add the outcome of a step; without a fault ``right`` says what was found."""
        detail = fault.detail if fault else right
        self.steps.append(Step(len(self.steps) + 1, name, fault is None, detail))
        if fault and fault.leaf is not None:
            known = self.first_bad_leaf
            self.first_bad_leaf = fault.leaf if known is None else min(known, fault.leaf)
        if fault and fault.tile is not None and self.first_bad_tile is None:
            self.first_bad_tile = fault.tile


def verify(
    directory: str,
    since: bytes | None = None,
    vkey: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify the log in ``directory``; ``since`` is an older checkpoint, ``vkey`` a key line.

    ``progress(done, size)`` is called now and then with the number of leaves that were read.
    Raises :class:`AuditError` when there is no log, or it, ``since`` or ``vkey`` cannot be read.
    """
    _look(directory)
    given = VerifierKey.parse(vkey) if vkey is not None else None
    kept = checkpoint.parse_note(since) if since is not None else None
    report = Report(not_proven=[*ALWAYS_UNPROVEN])
    report.not_proven += [NO_SINCE] * (since is None) + [NO_VKEY] * (vkey is None)

    content = reading.read(directory, "checkpoint")  # first: a gateway may be publishing
    said, trouble = _said(content)
    key = _key(directory, given, said, report)
    if said is not None and trouble is None:
        trouble = _signed(content or b"", key)
    size = said.size if said else 0
    report.add("checkpoint", f"{size} leaves, signed by {key.name if key else ''}", trouble)
    if said is None:
        for name in ("entries", "leaves", "time", "chain", "tiles", "root", "archive"):
            report.add(name, "", Fault("not checked: there is no checkpoint to check against"))
        return report

    report.origin, report.size = said.origin, said.size
    report.root = b64encode(said.root).decode()
    archive, older = _Archive(directory, said, key), _Since(kept, said, key)

    def met(at: int, root: bytes) -> None:
        archive.met(at, root)
        older.met(at, root)

    found = walk(directory, said, sorted({*archive.sizes, *older.sizes}), met, progress)
    _tell(report, said, found)
    report.add("archive", f"{archive.good} archived checkpoints lie on its path", archive.end())
    if kept is not None:
        report.add("since", "the older checkpoint is a beginning of this log", older.end())
    if _beyond(directory, said.size):
        report.not_proven.append(BEYOND)
    report.ok = all(step.ok for step in report.steps)
    return report


def _look(directory: str) -> None:
    try:
        names = os.listdir(directory)
    except OSError as error:
        raise AuditError(
            f"the audit folder {directory} cannot be read: {error.strerror}",
            hint="give the folder that holds the file named checkpoint",
        ) from error
    if "checkpoint" not in names and "tile" not in names:
        raise AuditError(
            f"there is no audit log in {directory}",
            hint="give the folder that holds the file named checkpoint, usually .state/audit",
        )


def _said(content: bytes | None) -> tuple[Checkpoint | None, Fault | None]:
    """What the checkpoint says, before anybody believes it."""
    if content is None:
        return None, Fault("the file checkpoint is missing")
    try:
        return checkpoint.read_body(checkpoint.parse_note(content)), None
    except CheckpointError as error:
        return None, Fault(f"the file checkpoint is damaged: {error.sentence}")


def _key(
    directory: str, given: VerifierKey | None, said: Checkpoint | None, report: Report
) -> VerifierKey | None:
    """Step 1: the key to verify with: the reader's own, else the one in the folder."""
    shown, fault = None, None
    try:
        name = checkpoint.vkey_file(said.origin) if said else ""
        line = reading.read(directory, name) if name else None
        shown = VerifierKey.parse(line.decode("utf-8", "replace")) if line else None
        fault = None if shown else Fault("there is no .vkey file for this log in the folder")
    except CheckpointError as error:
        fault = Fault(f"the .vkey file in the folder is damaged: {error.sentence}")
    if given is None:
        report.add("key", f"{shown.line() if shown else ''}, from the folder itself", fault)
        return shown
    right = f"{given.line()}, given by the reader"
    other = Fault(f"{right}; the folder names another key") if shown and shown != given else None
    report.add("key", right, other)
    return given


def _signed(content: bytes, key: VerifierKey | None) -> Fault | None:
    if key is None:
        return Fault("no key to verify the signature with")
    try:
        checkpoint.parse(content, [key])
    except CheckpointError as error:
        return Fault(f"the checkpoint is not to be trusted: {error.sentence}")
    return None


def _tell(report: Report, said: Checkpoint, found: Walk) -> None:
    """Steps 3 to 8: what the pass over all leaves found."""
    faults = found.faults
    right = {
        "entries": f"{found.read} leaves in {-(-said.size // WIDTH)} bundles",
        "leaves": "each is canonical JSON (RFC 8785) with the fields it must have",
        "time": "the time of logging never goes back",
        "chain": f"each leaf names the previous one of its message ({found.messages} messages)",
        "tiles": "every hash tile holds the hashes of the leaves below it",
    }
    if not found.read == said.size and "entries" not in faults:
        found.note("entries", f"{found.read} of {said.size} leaves were read")
    for name, words in right.items():
        report.add(name, words, faults.get(name))
    root = found.root if said.size else EMPTY_ROOT
    fault = None
    if root is None:
        fault = Fault("it cannot be recomputed: leaves are missing")
    elif root != said.root:
        fault = Fault(f"the leaves lead to {b64encode(root).decode()}, not to the signed root")
    report.add("root", "the leaves lead to the root in the checkpoint", fault)


class _Archive:
    """Step 9: each archived checkpoint is signed, and is a beginning of this log."""

    def __init__(self, directory: str, said: Checkpoint, key: VerifierKey | None) -> None:
        self._directory, self._key = directory, key
        archived = reading.archived_sizes(directory)
        self.sizes = [size for size in archived if size <= said.size]
        self.good, self._seen, self._last = 0, 0, 0
        self._fault: Fault | None = None
        if len(self.sizes) != len(archived):
            detail = (
                f"checkpoints/{archived[-1]} was archived, but the checkpoint is back at "
                f"{said.size} leaves: the end was cut off"
            )
            self._fault = Fault(detail, said.size)

    def met(self, size: int, root: bytes) -> None:
        if self._seen == len(self.sizes) or self.sizes[self._seen] != size:
            return
        self._seen += 1
        path = f"checkpoints/{size}"
        try:
            content = reading.read(self._directory, path) or b""
            found = checkpoint.parse(content, [self._key] if self._key else [])
        except CheckpointError as error:
            self._fault = self._fault or Fault(f"{path}: {error.sentence}")
            return
        if (found.size, found.root) != (size, root):
            detail = f"{path}: the leaves lead to another root; a leaf from {self._last} up to "
            self._fault = self._fault or Fault(f"{detail}{size - 1} was changed")
            return
        self.good, self._last = self.good + 1, size

    def end(self) -> Fault | None:
        if self._fault is None and self._seen != len(self.sizes):
            size = self.sizes[self._seen]
            return Fault(f"checkpoints/{size} cannot be compared: leaves before it are missing")
        return self._fault


class _Since:
    """Step 10, with ``--since``: a checkpoint that the reader kept is a beginning of this log."""

    def __init__(self, kept: Note | None, said: Checkpoint, key: VerifierKey | None) -> None:
        self.sizes: list[int] = []
        self._root: bytes | None = None
        self._met: bytes | None = EMPTY_ROOT
        self._fault: Fault | None = None
        if kept is None:
            return
        older = checkpoint.read_body(kept)
        self._root = older.root
        try:
            checkpoint.verify_note(kept, [key] if key else [])
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
        if size in self.sizes:
            self._met = root

    def end(self) -> Fault | None:
        if self._fault or self._root == self._met:
            return self._fault
        if self._met is None:
            return Fault("it cannot be compared: leaves before it are missing")
        return Fault("the older checkpoint has another root: what it covers was changed since")


def _beyond(directory: str, size: int) -> bool:
    """Whether there are leaves on disk that the checkpoint does not speak of."""
    index, width = divmod(size, WIDTH)
    paths = [Tile(-1, index).path, Tile(-1, index + 1).path]
    if any(os.path.exists(os.path.join(directory, path)) for path in paths):
        return True
    try:
        names = os.listdir(os.path.join(directory, f"{paths[0]}.p"))
    except OSError:
        return False
    return any(name.isdecimal() and int(name) > width for name in names)
