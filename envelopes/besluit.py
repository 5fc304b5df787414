# SPDX-License-Identifier: EUPL-1.2
"""A decision on publication (schemas/publicatiebesluit.xsd): for whom it is, and what it decides.

Only what a hub must know to see whether its sender may decide that; the form is checked elsewhere,
and the rest is the receiver's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from envelopes.errors import EnvelopeError
from envelopes.xml import Limits, ontleed

_NAMESPACE = "urn:knooppunt:publicatiebesluit:1"
_ROOT = f"{{{_NAMESPACE}}}publicatiebesluit"
_BEGIN = 256
"""Bytes in which the first element must begin: what does not look like XML is not searched."""


@dataclass(frozen=True, slots=True)
class Besluit:
    """For which municipality a decision is, which of the schema's four, and whose it is."""

    gemeentecode: str
    besluit: str
    gebruiker: str = ""


def read_besluit(data: bytes) -> Besluit | None:
    """Read a decision; None for anything that is not one. Raises nothing."""
    if not data[:_BEGIN].lstrip().startswith(b"<") or _NAMESPACE.encode() not in data:
        return None
    try:
        root = ontleed(data, Limits())
    except EnvelopeError:
        return None
    if root.tag != _ROOT:
        return None
    n = f"{{{_NAMESPACE}}}"
    paths = (f"{n}gemeentecode", f"{n}besluit", f"{n}gebruiker/{n}id")
    return Besluit(*((root.findtext(path) or "").strip() for path in paths))
