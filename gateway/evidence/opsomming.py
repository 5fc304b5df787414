# SPDX-License-Identifier: EUPL-1.2
"""Which members a container has, with the digest of each: ASiCManifest (ETSI EN 319 162-1, A.4).

The seal is over this file, so through it over every member that it lists. One element a line, so
that a shell can read it (``leesmij.py``).

What this does not protect against: a member that it does not list. A verifier asks for exactly
these members, no more and no fewer.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from envelopes.errors import EnvelopeError
from envelopes.xml import Limits, ontleed

NAMESPACE = "http://uri.etsi.org/02918/v1.2.1#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

MANIFEST, SIGNATURE = "META-INF/ASiCManifest.xml", "META-INF/signature.p7s"
ARCHIVE, TIMESTAMP = "META-INF/ASiCArchiveManifest.xml", "META-INF/timestamp.tst"
P7S, TST = "application/pkcs7-signature", "application/vnd.etsi.timestamp-token"

_TYPES = {
    ".json": "application/json", ".html": "text/html", ".pdf": "application/pdf",
    ".txt": "text/plain", ".xml": "application/xml", ".pem": "application/x-pem-file",
    ".p7s": P7S, ".tsr": "application/timestamp-reply",
}  # fmt: skip


class Listed(NamedTuple):
    """One member as a manifest has it."""

    name: str
    digest: bytes


class Opsomming(NamedTuple):
    """A manifest: the member that seals or stamps it, and those that it is about."""

    seal: str
    listed: tuple[Listed, ...]


class OpsommingError(ValueError):
    """These bytes are no ASiCManifest of a bundle."""


def listed(members: Iterable[tuple[str, bytes]]) -> tuple[Listed, ...]:
    """The digest of each member."""
    return tuple(Listed(name, hashlib.sha256(content).digest()) for name, content in members)


def build(found: Opsomming) -> bytes:
    """Write it."""
    sealed = TST if found.seal == TIMESTAMP else P7S
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<ASiCManifest xmlns="{NAMESPACE}" xmlns:ds="{DSIG}">',
        f"<SigReference URI={quoteattr(found.seal)} MimeType={quoteattr(sealed)}/>",
    ]
    for one in found.listed:
        digest, kind = b64encode(one.digest).decode(), quoteattr(_type(one.name))
        lines += [
            f"<DataObjectReference URI={quoteattr(one.name)} MimeType={kind}>",
            f'<ds:DigestMethod Algorithm="{SHA256}"/>',
            f"<ds:DigestValue>{digest}</ds:DigestValue>",
            "</DataObjectReference>",
        ]
    return "\n".join([*lines, "</ASiCManifest>", ""]).encode()


def read(content: bytes) -> Opsomming:
    """Read it; :class:`OpsommingError` for anything that :func:`build` would not have written."""
    try:
        root = ontleed(content, Limits(bytes=4 << 20, elements=50_000, attributes=100_000))
        seal = str(root[0].get("URI", ""))
        rows = tuple(
            Listed(str(one.get("URI", "")), b64decode(one[1].text or "", validate=True))
            for one in list(root)[1:]
        )
    except (EnvelopeError, IndexError, ValueError):
        raise OpsommingError("it is no ASiCManifest") from None
    found = Opsomming(seal, rows)
    if build(found) != content:
        raise OpsommingError("it is not written as the manifest of a bundle is")
    return found


def differences(found: Opsomming, members: Mapping[str, bytes], apart: Iterable[str]) -> list[str]:
    """What is not as it is listed; each sentence names the member. ``apart``: members unlisted."""
    told, skip = dict(found.listed), set(apart)
    faults = [f"{name}: it is not in the container" for name in told if name not in members]
    for name, content in members.items():
        if name in told:
            if hashlib.sha256(content).digest() != told[name]:
                faults.append(f"{name}: its bytes are not those that were sealed")
        elif name not in skip:
            faults.append(f"{name}: nobody sealed it; it was added, or has another name")
    if len(told) != len(found.listed):
        faults.append("a member is listed twice")
    return faults


def _type(name: str) -> str:
    dot = name.rfind(".")
    return _TYPES.get(name[dot:], "application/octet-stream") if dot > 0 else "text/plain"
