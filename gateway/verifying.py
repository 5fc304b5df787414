# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt audit verify``: its files read, its progress told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gateway.audit import checkpoint
from gateway.audit import policy as policies
from gateway.audit import verify as audit_verify
from gateway.audit.checkpoint import CheckpointError
from gateway.audit.report import Report
from gateway.errors import AuditError
from gateway.moment import monotonic
from gateway.trust.tijdstempel import stempelaars

PROGRESS_SECONDS = 2.0


def verify(
    directory: str, since: Path | None, vkey: Path | None, err: Console,
    policy: Path | None = None, tsa_ca: Sequence[Path] = (),
) -> Report:  # fmt: skip
    """``knooppunt audit verify``, with progress on standard error once it takes a while."""
    began = monotonic()
    told = [began]

    def progress(done: int, size: int) -> None:
        now = monotonic()
        if now - told[0] >= PROGRESS_SECONDS:
            told[0] = now
            err.print(Text(f"verified {done:,} of {size:,} leaves", style="dim"))

    kept = kept_checkpoint(since) if since else None
    key = _read(vkey).decode("utf-8", "replace").strip() if vkey else None
    asked = policies.parse(_read(policy)) if policy else None
    trust = stempelaars({str(one): _read(one) for one in tsa_ca}) if tsa_ca else None
    return audit_verify.verify(directory, kept, key, progress, asked, trust)


def kept_checkpoint(path: Path) -> bytes:
    """A checkpoint that somebody kept; ``AuditError``, which names the file, when it is none."""
    content = _read(path)
    try:
        checkpoint.parse_note(content)
    except CheckpointError as error:
        raise AuditError(
            f"{path} is no checkpoint: {error.sentence}",
            hint="--since takes a copy that was kept of .state/audit/checkpoint",
        ) from None
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuditError(
            f"{path} cannot be read: {error.strerror}", hint="look at its name and its rights"
        ) from None
