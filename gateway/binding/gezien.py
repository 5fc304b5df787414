# SPDX-License-Identifier: EUPL-1.2
"""What the signer of a manifest saw of the log: the checkpoint that stands in it.

The log's own key signed that, so it says something of the log, whoever signed the manifest. One
that is damaged, or that another log signed, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.audit import checkpoint
from gateway.audit.checkpoint import Checkpoint, CheckpointError, VerifierKey
from gateway.binding import cms, manifest, verklaring, zegel


def seen(content: bytes, logs: Iterable[VerifierKey]) -> Checkpoint | None:
    """The checkpoint in the manifest of a seal or login, if one of these keys signed it."""
    try:
        login = verklaring.is_one(content)
        signed = verklaring.read(content).manifest if login else zegel.read(content).manifest
        said = manifest.read(signed or b"").checkpoint.encode("utf-8", "surrogatepass")
        return checkpoint.parse(said, logs)
    except (verklaring.VerklaringError, cms.CmsError, manifest.ManifestError, CheckpointError):
        return None
