# SPDX-License-Identifier: EUPL-1.2
"""Verifies a log from its folder alone, in numbered steps, each told in words.

``knooppunt audit verify`` runs this; so can anybody who has a copy of the folder, with the
database gone. The formats are public (RFC 6962, RFC 8785, C2SP tlog-tiles and signed-note), so a
tool that we did not write can come to the same answer.

A log that does not pass is an answer (``ok`` is false); a folder or file that cannot be read is
not (:class:`AuditError`).

What this does not prove stands in every report, under ``not_proven``. The steps of witnesses and
time stamps (``others.py``) are taken when the reader gives a policy, or certificates.
"""

from __future__ import annotations

import os
from base64 import b64encode

from gateway.audit import checkpoint, others, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError, Note, VerifierKey
from gateway.audit.merkle import EMPTY_ROOT
from gateway.audit.older import Archive, Since
from gateway.audit.policy import Policy
from gateway.audit.report import (
    ALWAYS_UNPROVEN,
    BEYOND,
    NO_SINCE,
    NO_TOKENS,
    NO_VKEY,
    NO_WITNESS,
    WITH_CHECKPOINT,
    Fault,
    Report,
)
from gateway.audit.stamp import Trust
from gateway.audit.succession import believed
from gateway.audit.tiles import WIDTH, Tile
from gateway.audit.walk import Progress, Walk, walk
from gateway.errors import AuditError

_NOT_BELIEVED = (
    "the checkpoint is not to be trusted: the key that signed it does not follow, by a leaf of "
    "this log, on the key that is believed"
)


def verify(
    directory: str,
    since: bytes | None = None,
    vkey: str | None = None,
    progress: Progress | None = None,
    policy: Policy | None = None,
    trust: Trust | None = None,
) -> Report:
    """Verify the log in ``directory``; ``since`` is an older checkpoint, ``vkey`` a key line.

    ``policy`` says which witnesses count, ``trust`` whose time stamps. ``progress(done, size)`` is
    called now and then with the number of leaves that were read.
    Raises :class:`AuditError` when there is no log, or it, ``since`` or ``vkey`` cannot be read.
    """
    _look(directory)
    given = VerifierKey.parse(vkey) if vkey is not None else None
    kept = checkpoint.parse_note(since) if since is not None else None
    report = Report(not_proven=[*ALWAYS_UNPROVEN])
    report.not_proven += [NO_TOKENS] * (trust is None) + [NO_WITNESS] * (policy is None)
    report.not_proven += [NO_SINCE] * (since is None) + [NO_VKEY] * (vkey is None)

    content = reading.read(directory, "checkpoint")  # first: a gateway may be publishing
    said, trouble = _said(content)
    shown = reading.vkeys(directory, said.origin) if said else []
    key = _key(directory, given, said, shown, report)
    if said is None:
        report.add("checkpoint", "", trouble)
        asked = ["witnesses"] * (policy is not None) + ["tokens"] * (trust is not None)
        for name in (*WITH_CHECKPOINT, *asked):
            report.add(name, "", Fault("not checked: there is no checkpoint to check against"))
        return report
    report.origin, report.size, report.root = said.origin, said.size, b64encode(said.root).decode()
    keys = list(dict.fromkeys([key, *shown])) if key else []
    times = _contents(directory, content or b"", said, keys, kept, report, progress)
    _others(directory, said, policy, trust, times, report)
    if _beyond(directory, said.size):
        report.not_proven.append(BEYOND)
    report.ok = all(step.ok for step in report.steps)
    return report


def _contents(
    directory: str,
    content: bytes,
    said: Checkpoint,
    keys: list[VerifierKey],
    kept: Note | None,
    report: Report,
    progress: Progress | None,
) -> others.Times:
    """Add steps 2 to 10. ``keys``: the one to start from, then those that the folder shows.

    All leaves are read before anything is said of a signature: they tell of a change of key. Gives
    the times of those that lie beside a checkpoint.
    """
    archive, older = Archive(directory, said, keys), Since(kept, said, keys)

    def met(size: int, root: bytes) -> None:
        archive.met(size, root)
        older.met(size, root)

    timed = others.moments(directory, said)
    found = walk(directory, said, sorted({*archive.sizes, *older.sizes}), met, progress, timed)
    signers, trouble = _signed(content, keys)
    signed = {**older.signed, **archive.signed}
    if found.root == said.root:
        signed[said.size] = (*signers, *signed.get(said.size, ()))
    trust = believed(keys[0] if keys else None, keys, found.rotations, signed)
    by = [one for one in trust if one in signers]
    if trouble is None and not by:
        trouble = Fault(_NOT_BELIEVED)
    report.add("checkpoint", f"{said.size} leaves, signed by {_told(by, trust)}", trouble)
    _tell(report, said, found)
    right = f"{archive.good} archived checkpoints lie on its path"
    report.add("archive", right, archive.end(trust))
    if older.given:
        right = "the older checkpoint is a beginning of this log"
        report.add("since", right, older.end(trust))
    return found.times


def _others(
    directory: str, said: Checkpoint, policy: Policy | None, trust: Trust | None,
    times: others.Times, report: Report,
) -> None:  # fmt: skip
    """Add steps 11 and 12, and say which leaves they do not speak of."""
    if policy is not None:
        right, fault, size = others.witnesses(directory, said, policy, times)
        report.add("witnesses", right, fault)
        if size < said.size:
            report.not_proven.append(f"that everybody is shown the same leaves {size} to "
                                     f"{said.size - 1}: no quorum witnessed them yet")  # fmt: skip
    if trust is not None:
        right, fault, size = others.tokens(directory, said, trust, times)
        report.add("tokens", right, fault)
        report.not_proven += trust.unproven
        if size < said.size:
            report.not_proven.append(f"when the leaves {size} to {said.size - 1} were written: no "
                                     "time stamp covers them yet")  # fmt: skip


def _told(by: list[VerifierKey], trust: list[VerifierKey]) -> str:
    """Who signed, in words; the key's id where the log has had more than one."""
    if not by:
        return ""
    if len(trust) == 1:
        return by[0].name
    ids = " and ".join(one.key_id.hex() for one in by)
    start = "" if trust[0] in by else f", which follows on {trust[0].key_id.hex()} by a leaf of it"
    return f"{by[0].name} ({ids}{start})"


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
    """Read what the checkpoint says, before anybody believes it."""
    if content is None:
        return None, Fault("the file checkpoint is missing")
    try:
        return checkpoint.read_body(checkpoint.parse_note(content)), None
    except CheckpointError as error:
        return None, Fault(f"the file checkpoint is damaged: {error.sentence}")


def _key(
    directory: str,
    given: VerifierKey | None,
    said: Checkpoint | None,
    others: list[VerifierKey],
    report: Report,
) -> VerifierKey | None:
    """Add step 1: the key to start from: the reader's own, else the newest in the folder."""
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
    other = shown and given not in (shown, *others)
    report.add("key", right, Fault(f"{right}; the folder names another key") if other else None)
    return given


def _signed(
    content: bytes, keys: list[VerifierKey]
) -> tuple[tuple[VerifierKey, ...], Fault | None]:
    """The keys that signed the checkpoint, whether they are to be believed or not."""
    if not keys:
        return (), Fault("no key to verify the signature with")
    try:
        return checkpoint.parse(content, keys).signers, None
    except CheckpointError as error:
        return (), Fault(f"the checkpoint is not to be trusted: {error.sentence}")


def _tell(report: Report, said: Checkpoint, found: Walk) -> None:
    """Add steps 3 to 8: what the pass over all leaves found."""
    faults = found.faults
    right = {
        "entries": f"{found.read} leaves in {-(-said.size // WIDTH)} bundles",
        "leaves": "each is canonical JSON (RFC 8785) with the fields it must have",
        "time": "the time of logging never goes back",
        "chain": f"each leaf names the previous one of its message ({found.messages} messages)",
        "tiles": "every hash tile holds the hashes of the leaves below it",
    }
    if found.read != said.size and "entries" not in faults:
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
