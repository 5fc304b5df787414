# SPDX-License-Identifier: EUPL-1.2
"""Whose seal is it, and is it over these bytes? Everything that can be wrong has a word.

In this order: it can be read, the bytes are these, the certificate's key made it, the certificate
counted at that moment. The moment is that of the upload, as GGk saw it: what
the seal itself says of its time is the signer's own word.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from gateway.binding import cms
from gateway.trust.ketting import Code, Signer, Vertrouwen, Weigering, check_chain

read = lru_cache(maxsize=64)(cms.read)
"""Read a seal: what must be known of it, and whether it is right, are asked one after the other."""


class Zegel(NamedTuple):
    """A seal that is believed: who made it, the manifest in it, what tells it from another."""

    signer: Signer
    manifest: bytes | None
    identity: str


def check(
    p7s: bytes, sha256: str, content: bytes | None, trust: Vertrouwen, at: datetime
) -> Zegel | Weigering:
    """Believe a seal over these bytes, or say why not. Whose it must be is the caller's to ask.

    Raises ``cms.CmsError`` for what is no seal at all.
    """
    found = read(p7s)
    if not found.covers(sha256, content):
        return Weigering.om(Code.ANDERE_BYTES)
    if not found.is_by_its_signer():
        return Weigering.om(Code.HANDTEKENING_ONJUIST)
    signer = check_chain(found.signer, found.certificates, trust, at)
    if isinstance(signer, Weigering):
        return signer
    return Zegel(signer, found.manifest, f"zegel:{signer.vingerafdruk}:{found.identity}")
