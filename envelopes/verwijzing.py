# SPDX-License-Identifier: EUPL-1.2
"""Digikoppeling Grote Berichten: the document that stands in an envelope for a large file.

Source: Digikoppeling Koppelvlakstandaard Grote Berichten, chapter Metadata (rules MD000-MD010) and
the PULL schema (schemas/grote-berichten.xsd). The message carries this document as its payload; the
bytes lie elsewhere, at `url`, and whoever fetches them holds them to `omvang` and `sha256`.

Ours is narrower than the standard where the standard leaves a choice: one file a message, the
checksum by SHA-256 (MD005, MD006 recommend it; MD5 and SHA-1 prove nothing), fetched by the
receiver (senderUrl). What it does not hold: a signature. Who can change both the document and the
bytes is stopped by the binding in the metagegevens, not here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from envelopes.errors import BuildError, EnvelopeError
from envelopes.xml import Limits, escape, ontleed, ontleed_vertrouwd, regel_van
from envelopes.xsd import lokaal, validator

NAMESPACE = "http://www.logius.nl/digikoppeling/gb/2010/10"
"""Namespace of the document (Grote Berichten, PULL schema)."""

ROOT = "digikoppeling-external-data-references"
"""Name of its root element."""

MAX_BESTANDSNAAM = 200
"""Characters in filename (MD007)."""

_SCHEMA = "grote-berichten.xsd"
_LIMIETEN = Limits(bytes=64 * 1024)
_KENMERK = f"{{{NAMESPACE}}}{ROOT}"
_BESTANDSNAAM = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,199}")
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verwijzing:
    """One large file, by reference.

    `bestandsnaam`: 1 to 200 of letters, digits, `.`, `_`, `-`, beginning with a letter or `_`
    (MD007 and xs:NCName). `omvang` in bytes, more than 0; `sha256` in 64 lower-case hex digits;
    `url` where the bytes are fetched, unique to them (MD002); `type` a media type. `aangemaakt` and
    `vervalt` are RFC 3339 with a zone, or None: since when the bytes are there (MD003) and until
    when at least (MD004). `context` ties it to a message (MD008).
    """

    bestandsnaam: str
    omvang: int
    sha256: str
    url: str
    type: str
    aangemaakt: str | None = None
    vervalt: str | None = None
    context: str | None = None


def is_verwijzing(data: bytes) -> bool:
    """Tell whether a payload claims to be such a document: its root element has that name.

    Cheap for what is none. True does not mean that it is right: `read_verwijzing` says that.
    """
    if len(data) > _LIMIETEN.bytes or ROOT.encode() not in data:
        return False
    try:
        return bool(ontleed(data, _LIMIETEN).tag == _KENMERK)
    except EnvelopeError:
        return False


def build_verwijzing(v: Verwijzing) -> bytes:
    """Write the document, checked against its XSD and the rules of `read_verwijzing`.

    Raises BuildError for what is against them: then the calling program is wrong.
    """
    context = "" if v.context is None else f' contextId="{escape(v.context)}"'
    data = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<gb:{ROOT} xmlns:gb="{NAMESPACE}" profile="digikoppeling-gb-1.0">\n'
        f"<gb:data-reference{context}>\n"
        f"<gb:lifetime>{_moment('creationTime', v.aangemaakt)}"
        f"{_moment('expirationTime', v.vervalt)}</gb:lifetime>\n"
        f'<gb:content contentType="{escape(v.type)}">'
        f"<gb:filename>{escape(v.bestandsnaam)}</gb:filename>"
        f'<gb:checksum type="SHA256">{escape(v.sha256)}</gb:checksum>'
        f"<gb:size>{v.omvang}</gb:size></gb:content>\n"
        '<gb:transport><gb:location><gb:senderUrl type="xs:anyURI">'
        f"{escape(v.url)}</gb:senderUrl></gb:location></gb:transport>\n"
        f"</gb:data-reference>\n</gb:{ROOT}>\n"
    ).encode("utf-8", "surrogatepass")
    try:
        gelezen = _lees(ontleed_vertrouwd(data))
    except EnvelopeError as e:
        raise BuildError(f"verwijzing: {e.details}") from None
    if gelezen != v:
        raise BuildError("verwijzing: does not read back as it was given")
    return data


def _moment(naam: str, tijd: str | None) -> str:
    if tijd is None:
        return ""
    return f'<gb:{naam} type="xs:dateTime">{escape(tijd)}</gb:{naam}>'


def read_verwijzing(data: bytes) -> Verwijzing:
    """Read the document: limits, XML, XSD, then what the standard says in words.

    Raises EnvelopeError (RIN001; IB007 above 64 KB). The details begin with the standard's own
    word for what a receiver cannot do (CHECKSUM_TYPE_NOT_SUPPORTED), where it has one.
    """
    return _lees(ontleed(data, _LIMIETEN))


def _lees(root: etree._Element) -> Verwijzing:
    afwijking = validator(_SCHEMA).afwijking(root)
    if afwijking is not None:
        raise EnvelopeError("RIN001", str(afwijking), regel=afwijking.regel)
    verwijzingen = list(root.iterchildren(etree.Element))
    if len(verwijzingen) != 1:
        raise _fout(root, f"{len(verwijzingen)} bestanden, verwacht 1 per bericht")
    levensduur, inhoud, transport = verwijzingen[0].iterchildren(etree.Element)
    tijden = {lokaal(kind): _tekst(kind) for kind in levensduur.iterchildren(etree.Element)}
    naam, controle, omvang = inhoud.iterchildren(etree.Element)
    plaats = next(next(transport.iterchildren(etree.Element)).iterchildren(etree.Element))
    v = Verwijzing(
        bestandsnaam=_tekst(naam),
        omvang=int(_tekst(omvang)),
        sha256=_tekst(controle).lower(),
        url=_tekst(plaats),
        type=inhoud.get("contentType", ""),
        aangemaakt=tijden.get("creationTime"),
        vervalt=tijden.get("expirationTime"),
        context=verwijzingen[0].get("contextId"),
    )
    if lokaal(plaats) != "senderUrl":
        raise _fout(plaats, "receiverUrl, verwacht senderUrl: de ontvanger haalt het bestand op")
    if controle.get("type") != "SHA256":
        soort = controle.get("type")
        raise _fout(controle, f"CHECKSUM_TYPE_NOT_SUPPORTED: {soort}, verwacht SHA256")
    if not _SHA256.fullmatch(v.sha256):
        raise _fout(controle, "checksum is geen 64 hexadecimale cijfers")
    if not v.omvang:
        raise _fout(omvang, "INCORRECT_FILE_SIZE: 0 bytes")
    if not _BESTANDSNAAM.fullmatch(v.bestandsnaam):
        raise _fout(naam, "filename: hoogstens 200 letters, cijfers, punt, _ en -")
    return v


def _tekst(element: etree._Element) -> str:
    return (element.text or "").strip()


def _fout(element: etree._Element, tekst: str) -> EnvelopeError:
    return EnvelopeError("RIN001", tekst, regel=regel_van(element))
