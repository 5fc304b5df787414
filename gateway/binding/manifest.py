# SPDX-License-Identifier: EUPL-1.2
"""The manifest of a delivery: its files with SHA-256 and size, and the newest checkpoint seen.

It is what a user signs when handing in: inside a seal as a signed attribute, or by its hash as the
nonce of a login (``docs/schemas/leveringsmanifest.schema.json``). The checkpoint, the gateway's log
as its client saw it, is held against that log when the file is taken (``stations/gezien.py``) and
by who verifies a bundle (``evidence/gezien.py``): a log that was put back to before it has the
user's own signature against it. One that no key of that log signed says nothing, and nor does none.

Written as canonical JSON (RFC 8785); a reader hashes the bytes that he got, and never writes them
again. Not to be confused with the list by which files are handed over (``gateway/manifest.py``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from gateway.audit import leaf

VERSION = 1
MAX_BYTES = 16 * 1024
MAX_FILES = 100


class ManifestError(ValueError):
    """These bytes are no manifest; the sentence is Dutch, for its sender."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a delivery: its name as it can be shown, its size and SHA-256."""

    naam: str
    omvang: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which files a municipality hands in. ``checkpoint`` is the signed note, whole; may be empty.

    ``tijdstip`` is when it was made, by the client's clock (RFC 3339); it proves nothing.
    """

    gemeentecode: str
    bestanden: tuple[Listed, ...]
    tijdstip: str
    checkpoint: str = ""

    def lists(self, naam: str, omvang: int, sha256: str) -> bool:
        """Whether this very file, under this name, is part of it."""
        return Listed(naam, omvang, sha256) in self.bestanden


def build(manifest: Manifest) -> bytes:
    """Write it down."""
    plain: dict[str, Any] = {
        "versie": VERSION,
        "gemeentecode": manifest.gemeentecode,
        "tijdstip": manifest.tijdstip,
        "bestanden": [
            {"naam": one.naam, "omvang": one.omvang, "sha256": one.sha256}
            for one in manifest.bestanden
        ],
    }
    if manifest.checkpoint:
        plain["checkpoint"] = manifest.checkpoint
    return leaf.canonical(plain)


def read(content: bytes) -> Manifest:
    """Read one; :class:`ManifestError` for anything that :func:`build` could not have meant."""
    if len(content) > MAX_BYTES:
        raise ManifestError(f"het manifest is groter dan {MAX_BYTES} bytes")
    try:
        plain = json.loads(content.decode())
        version = plain.pop("versie")
        listed = tuple(Listed(**one) for one in plain.pop("bestanden"))
        found = Manifest(bestanden=listed, **plain)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ManifestError("het manifest is niet te lezen") from None
    words = [found.gemeentecode, found.tijdstip, found.checkpoint]
    words += [word for one in listed for word in (one.naam, one.sha256)]
    if not all(isinstance(word, str) for word in words) or not 0 < len(listed) <= MAX_FILES:
        raise ManifestError("het manifest is niet te lezen")
    if version != VERSION or not all(type(one.omvang) is int for one in listed):
        raise ManifestError(f"het manifest is niet te lezen, of niet van versie {VERSION}")
    return found
