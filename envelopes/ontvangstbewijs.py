# SPDX-License-Identifier: EUPL-1.2
"""A receiver's receipt (schemas/ontvangstbewijs.xsd): which bytes it got, and when.

Here is its form alone. Whose seal is on it, and whether it is to be believed, is not asked here:
whoever reads one must ask that of the bytes that were signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from envelopes.errors import BuildError, EnvelopeError
from envelopes.xml import Limits, escape, ontleed, xml_veilig
from envelopes.xsd import validator

NAMESPACE = "urn:knooppunt:ontvangstbewijs:1"

_SCHEMA = "ontvangstbewijs.xsd"
_LIMITS = Limits(bytes=64 * 1024, depth=12, elements=60, attributes=60)
"""A receipt has 29 elements; six certificates of 4 KiB still fit."""


@dataclass(frozen=True, slots=True)
class Ontvangstbewijs:
    """What a receiver says that it received.

    ``referentienummer`` and ``gemeentecode`` name the delivery; ``naam`` is the file's name as it
    was delivered, ``oorspronkelijke_naam`` as the municipality gave it; ``ontvangen`` (aware) when
    the receiver took it, in whole milliseconds; ``oin`` (20 digits) and ``ontvanger`` who it is.
    """

    referentienummer: str
    gemeentecode: str
    naam: str
    oorspronkelijke_naam: str
    omvang: int
    sha256: str
    ontvangen: datetime
    oin: str
    ontvanger: str


def build_ontvangstbewijs(b: Ontvangstbewijs) -> bytes:
    """Write the receipt as it is to be sealed, without its seal."""

    def element(name: str, value: str) -> str:
        return f"<{name}>{escape(xml_veilig(value))}</{name}>"

    moment = b.ontvangen.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    bestand = (
        element("naam", b.naam)
        + element("oorspronkelijkeNaam", b.oorspronkelijke_naam)
        + element("omvang", str(b.omvang))
        + element("sha256", b.sha256)
    )
    ontvanger = element("oin", b.oin) + element("naam", b.ontvanger)
    return (
        f'<ontvangstbewijs xmlns="{NAMESPACE}">'
        f"{element('referentienummer', b.referentienummer)}"
        f"{element('gemeentecode', b.gemeentecode)}"
        f"<bestand>{bestand}</bestand>{element('ontvangen', moment)}"
        f"<ontvanger>{ontvanger}</ontvanger></ontvangstbewijs>"
    ).encode()


def check_ontvangstbewijs(data: bytes) -> bytes:
    """Give back a sealed receipt of our own making. Raises BuildError for one of another form."""
    try:
        read_ontvangstbewijs(data)
    except EnvelopeError as error:
        raise BuildError(f"ontvangstbewijs: {error.details}") from None
    return data


def read_ontvangstbewijs(data: bytes) -> Ontvangstbewijs:
    """Read a sealed receipt. Raises EnvelopeError (RIN001, IB007) for anything of another form."""
    return lees_ontvangstbewijs(ontleed_ontvangstbewijs(data))


def ontleed_ontvangstbewijs(data: bytes) -> etree._Element:
    """Parse a sealed receipt of the right form: its root. Raises as `read_ontvangstbewijs` does."""
    root = ontleed(data, _LIMITS)
    afwijking = validator(_SCHEMA).afwijking(root)
    if afwijking is not None:
        raise EnvelopeError("RIN001", str(afwijking), regel=afwijking.regel)
    return root


def lees_ontvangstbewijs(root: etree._Element) -> Ontvangstbewijs:
    """Read what stands in a receipt of the right form, with or without its seal."""

    def text(*path: str) -> str:
        found = root.findtext("/".join(f"{{{NAMESPACE}}}{one}" for one in path))
        return found or ""

    return Ontvangstbewijs(
        text("referentienummer"),
        text("gemeentecode"),
        text("bestand", "naam"),
        text("bestand", "oorspronkelijkeNaam"),
        int(text("bestand", "omvang")),
        text("bestand", "sha256"),
        datetime.fromisoformat(text("ontvangen")),
        text("ontvanger", "oin"),
        text("ontvanger", "naam"),
    )
