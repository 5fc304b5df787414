# SPDX-License-Identifier: EUPL-1.2
"""A decision on publication (schemas/publicatiebesluit.xsd): for whom it is, and what it decides.

The form is checked elsewhere: what is not there is an empty text.
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
    """For which municipality a decision is, and which of the schema's four it is, and whose.

    That is what a hub must know, to see whether its sender may decide it; the rest is the
    receiver's: over which ``uitvraag``, ``omvang`` geheel or facultatief, and why.
    """

    gemeentecode: str
    besluit: str
    uitvraag: str = ""
    omvang: str = ""
    toelichting: str = ""
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
    plain = ("gemeentecode", "besluit", "uitvraag", "omvang", "toelichting", f"gebruiker/{n}id")
    paths = (f"{n}{one}" for one in plain)
    return Besluit(*((root.findtext(path) or "").strip() for path in paths))
