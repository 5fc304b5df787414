# SPDX-License-Identifier: EUPL-1.2
"""Which act of signing lies beside a file: each counts once, for one file.

An act is known by what was signed (the signed attributes of a seal, the nonce of a login). After a
restore the log is all that tells of those used since the backup, and the leaf of an upload names
the bytes that lay there. So both are asked; a use is written down by the first alone, for the store
has it in every case but that.

What this does not protect against: after such a restore, who writes the same signature down in
other bytes (other certificates beside it, other spaces in an assertion).
"""

from __future__ import annotations

import hashlib

from gateway.binding import cms, manifest, verklaring, zegel
from gateway.model import Arrival, Used
from gateway.names import toonbaar


def named(soort: str, content: bytes) -> str:
    """What names a seal or assertion in a leaf."""
    return f"{soort}:{hashlib.sha256(content).hexdigest()}"


def uses(arrival: Arrival) -> tuple[Used, ...]:
    """This act, by itself and as a leaf names it; none when it cannot be read."""
    content = arrival.proof.content if arrival.proof is not None else None
    if content is None:
        return ()
    try:
        if verklaring.is_one(content):
            return _login(content, toonbaar(arrival.name))
        by_itself = Used(f"zegel:{zegel.read(content).identity}")
    except (verklaring.VerklaringError, cms.CmsError):
        return ()
    return by_itself, Used.by_leaf(named("zegel", content))


def _login(content: bytes, name: str) -> tuple[Used, ...]:
    """One login may be for several files: the manifest tells the bytes of this one."""
    said = verklaring.read(content)
    one = hashlib.sha256(f"{said.nonce} {name}".encode()).hexdigest()
    by_itself = Used(f"eherkenning:{one}")
    try:
        listed = manifest.read(said.manifest).bestanden
    except manifest.ManifestError:
        return (by_itself,)
    shas = [each.sha256 for each in listed if each.naam == name]
    return by_itself, *(Used.by_leaf(named("eherkenning", content), sha) for sha in shas)
