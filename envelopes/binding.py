# SPDX-License-Identifier: EUPL-1.2
"""What bound a user to a file, whole, as the one XML element that metagegevens have room for.

Our own (schemas/binding.xsd): ``<kb:zegel>`` holds a detached CMS signature, ``<kb:eherkenning>`` a
manifest and the login that signed it. Each as the bytes that were handed in, in base64: what was
signed must reach the receiver untouched, so nothing of it is written again.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import NamedTuple

from envelopes.errors import BuildError, EnvelopeError
from envelopes.xml import Limits, ontleed
from envelopes.xsd import lokaal, validator

NAMESPACE = "urn:knooppunt:binding:1"
ZEGEL, EHERKENNING = "zegel", "eherkenning"
_INHOUD = {ZEGEL: "p7s", EHERKENNING: "verklaring"}
_SCHEMA = "binding.xsd"


class Binding(NamedTuple):
    """A seal or an assertion (``soort``), and the bytes that lay beside the file."""

    soort: str
    inhoud: bytes


def build_binding(binding: Binding) -> bytes:
    """Write the element."""
    if binding.soort not in _INHOUD:
        raise BuildError(f"there is no binding of soort {binding.soort!r}")
    name, text = _INHOUD[binding.soort], b64encode(binding.inhoud).decode()
    return (
        f'<kb:{binding.soort} xmlns:kb="{NAMESPACE}"><kb:{name}>{text}</kb:{name}>'
        f"</kb:{binding.soort}>"
    ).encode()


def read_binding(data: bytes) -> Binding:
    """Read it; EnvelopeError (RIN001) for another element: another system may bind otherwise."""
    root = ontleed(data, Limits())
    afwijking = validator(_SCHEMA).afwijking(root)
    if afwijking is not None:
        raise EnvelopeError("RIN001", str(afwijking), regel=afwijking.regel)
    return Binding(lokaal(root), b64decode(root[0].text or ""))
