# SPDX-License-Identifier: EUPL-1.2
"""XML from strangers: limits first, then the parser; and text of our own made safe for XML.

Two passes. Expat goes over the bytes first and counts; it builds nothing, so that a bomb costs
its own size and no more. Only bytes that passed go to lxml, which may then parse with huge_tree
(its own limit of 10,000,000 characters in a text would refuse a legal payload of 18 MB).

What this does not protect against: a payload that is itself hostile (it is never opened here),
and a fault in expat or libxml2 itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from lxml import etree

from envelopes.errors import EnvelopeError
from envelopes.stuurgegevens import ZONDER_ANTWOORD, Stuurgegevens, Systeem

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
STUF = "http://www.egem.nl/StUF/StUF0301"
GGK = "http://www.stufstandaarden.nl/koppelvlak/ggk0210"

_KOP_BYTES = 65_536
"""How far `kop` looks: the header of a legal message ends well within it."""

_CODERINGEN = frozenset({"utf-8", "us-ascii"})
_BEGINNEN = (
    (b"\xef\xbb\xbf", "byte order mark voor de XML"),
    (b"\xfe\xff", "UTF-16, verwacht UTF-8"),
    (b"\xff\xfe", "UTF-16 of UTF-32, verwacht UTF-8"),
    (b"\x00", "UTF-16 of UTF-32, verwacht UTF-8"),
    (b"<\x00", "UTF-16 of UTF-32, verwacht UTF-8"),
    (b"\x4c\x6f\xa7\x94", "EBCDIC, verwacht UTF-8"),
    (b"\x1f\x8b", "gzip, verwacht XML"),
    (b"PK\x03\x04", "ZIP, verwacht XML"),
)
# XML 1.0 section 2.2, Char: what may not stand in a document, not even as a reference
_VERBODEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's XML we are willing to look at; each limit has its reason.

    `bytes`: 25 MB for a whole message, base64 included (koppelvlak GGK, code IB007), read as
    25 * 1024 * 1024. `depth`: a full envelope with a signed assertion in the binding stays under
    40; lxml would recurse. `elements`: an envelope has about 40, a SAML assertion some hundreds.
    `attributes` (namespace declarations included), over the whole document: as elements; parsers
    compare each with its neighbours. `name`: characters in a name of an element or attribute; the
    longest in use has 28, but names are copied into messages for people.
    """

    bytes: int = 25 * 1024 * 1024
    depth: int = 100
    elements: int = 10_000
    attributes: int = 20_000
    name: int = 1_000


class _Telling:
    """The expat handlers of one pass: they count, and stop at the first limit passed."""

    __slots__ = ("attributes", "depth", "elements", "limits", "p")

    def __init__(self, p: expat.XMLParserType, limits: Limits) -> None:
        self.p = p
        self.limits = limits
        self.depth = self.elements = self.attributes = 0
        p.ordered_attributes = True
        p.StartElementHandler = self.start
        p.EndElementHandler = self.end
        p.StartDoctypeDeclHandler = self.doctype
        p.ProcessingInstructionHandler = self.pi
        p.XmlDeclHandler = self.declaratie

    def weiger(self, waarom: str) -> EnvelopeError:
        return EnvelopeError("RIN001", waarom, regel=self.p.CurrentLineNumber)

    def start(self, name: str, attrs: list[str]) -> None:
        limits = self.limits
        self.depth += 1
        self.elements += 1
        if self.depth > limits.depth:
            raise self.weiger(f"meer dan {limits.depth} elementen diep")
        if self.elements > limits.elements:
            raise self.weiger(f"meer dan {limits.elements} elementen")
        if len(name) > limits.name:
            raise self.weiger(f"naam van een element langer dan {limits.name} tekens")
        if attrs:
            self.attributes += len(attrs) // 2
            if self.attributes > limits.attributes:
                raise self.weiger(f"meer dan {limits.attributes} attributen")
            if max(map(len, attrs[::2])) > limits.name:
                raise self.weiger(f"naam van een attribuut langer dan {limits.name} tekens")

    def end(self, _name: str) -> None:
        self.depth -= 1

    def doctype(self, *_: object) -> None:
        raise self.weiger("DOCTYPE is niet toegestaan")

    def pi(self, *_: object) -> None:
        # SOAP 1.1 section 3: a message must not contain processing instructions
        raise self.weiger("processing instruction is niet toegestaan")

    def declaratie(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0":
            raise self.weiger("XML-versie anders dan 1.0")
        if encoding is not None and encoding.lower() not in _CODERINGEN:
            raise self.weiger("andere codering dan UTF-8 of US-ASCII in de XML-declaratie")


def controle(data: bytes, limits: Limits) -> None:
    """Go over the bytes once and refuse what passes a limit or may not stand in a message.

    Raises EnvelopeError: IB007 for too many bytes; RIN001 for another encoding than UTF-8 or
    US-ASCII, a byte order mark, gzip, a DOCTYPE, a processing instruction, bytes that are not
    well-formed XML 1.0, or too much depth, elements or attributes.
    """
    if len(data) > limits.bytes:
        raise EnvelopeError("IB007", f"{len(data)} bytes, verwacht hoogstens {limits.bytes}")
    for begin, wat in _BEGINNEN:
        if data.startswith(begin):
            raise EnvelopeError("RIN001", wat, regel=1)
    # the encoding is given here, not taken from the document: a wrong declaration cannot mislead
    p = expat.ParserCreate("UTF-8")
    telling = _Telling(p, limits)
    try:
        p.Parse(data, True)
    except expat.ExpatError as e:
        wat = f"geen welgevormde XML: {expat.ErrorString(e.code)}, kolom {e.offset + 1}"
        raise EnvelopeError("RIN001", wat, regel=e.lineno) from None
    finally:
        # the handlers hold the parser and the parser holds them: without this they wait for gc
        p.StartElementHandler = p.EndElementHandler = p.StartDoctypeDeclHandler = None
        p.ProcessingInstructionHandler = p.XmlDeclHandler = None
        del telling


_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=True,  # only ever used on bytes that passed `controle`
    remove_comments=True,  # else a comment inside the base64 would hide the half behind it
    remove_pis=True,
    strip_cdata=True,
)


def ontleed(data: bytes, limits: Limits) -> etree._Element:
    """Check against the limits, then parse; gives the root element.

    Raises EnvelopeError as `controle` does, and RIN001 for a prefix that is nowhere declared and
    for bytes above 127 in a document that says it is US-ASCII.
    """
    controle(data, limits)
    return ontleed_vertrouwd(data)


def ontleed_vertrouwd(data: bytes) -> etree._Element:
    """Parse bytes that passed `controle`, or that we made ourselves. Raises EnvelopeError."""
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as e:
        # not str(e): it may quote the document
        soort = e.args[1] if len(e.args) > 1 else 0
        raise EnvelopeError(
            "RIN001", f"geen welgevormde XML (libxml2 {soort})", regel=e.lineno
        ) from None


def escape(tekst: str) -> str:
    """Write text so that it stands in XML as it is; CR too, which a parser would make a newline."""
    return (
        tekst.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("\r", "&#13;")
    )


def xml_veilig(tekst: str) -> str:
    r"""Make any text fit for XML: what may not stand there becomes a backslash escape.

    A byte that was no UTF-8 in a file name (Python's surrogateescape) becomes \xNN, any other
    character that XML 1.0 forbids \xNN or \uNNNN. All else stays as it is, the backslash too:
    this is for reading by people and comparing, not for turning back.
    """
    return _VERBODEN.sub(_backslash, tekst)


def _backslash(m: re.Match[str]) -> str:
    n = ord(m.group())
    if 0xDC80 <= n <= 0xDCFF:  # surrogateescape: a raw byte
        n -= 0xDC00
    return f"\\x{n:02x}" if n < 0x100 else f"\\u{n:04x}"


class _KopLezer:
    """Reads the first stuurgegevens by local names, whatever else is wrong with the message."""

    def __init__(self, p: expat.XMLParserType) -> None:
        self.pad: list[str] = []
        self.velden: dict[str, str] = {}
        self.klaar = False
        self._tekst: list[str] = []
        p.StartElementHandler = self.start
        p.EndElementHandler = self.end
        p.CharacterDataHandler = self._tekst.append

    def start(self, name: str, _attrs: dict[str, str]) -> None:
        self._tekst.clear()
        name = name.rpartition(":")[2]
        if self.pad or name == "stuurgegevens":
            self.pad.append(name)

    def end(self, _name: str) -> None:
        if not self.pad:
            return
        sleutel = "/".join(self.pad[1:])
        if not self.klaar and sleutel not in self.velden:
            self.velden[sleutel] = "".join(self._tekst)
        self._tekst.clear()
        self.pad.pop()
        self.klaar = self.klaar or not self.pad


def kop(data: bytes) -> tuple[Stuurgegevens | None, dict[str, str]]:
    """Read the header as well as it goes, to address an answer to a message that is refused.

    Gives None for a header that no legal answer can be addressed to (no zender, no ontvanger, no
    referentienummer, a name too long) and for a message that is itself an answer; and the fields
    that were found, by path ("zender/organisatie"). Looks at 64 KiB; raises nothing.
    """
    p = expat.ParserCreate("UTF-8")
    lezer = _KopLezer(p)
    p.StartDoctypeDeclHandler = _stop
    try:
        p.Parse(data[:_KOP_BYTES], False)
    except (expat.ExpatError, EnvelopeError):
        pass  # what came before the fault is what we came for
    p.StartElementHandler = p.EndElementHandler = p.CharacterDataHandler = None
    v = lezer.velden
    sg = Stuurgegevens(
        v.get("berichtcode", ""),
        _systeem(v, "zender"),
        _systeem(v, "ontvanger"),
        v.get("referentienummer", ""),
        v.get("tijdstipBericht", ""),
        v.get("crossRefnummer"),
        v.get("functie"),
    )
    return (sg if _adresseerbaar(sg) else None), v


def _stop(*_: object) -> Any:
    raise EnvelopeError("RIN001", "DOCTYPE")


def _systeem(v: dict[str, str], wie: str) -> Systeem:
    return Systeem(
        v.get(f"{wie}/organisatie", ""),
        v.get(f"{wie}/applicatie", ""),
        v.get(f"{wie}/administratie", ""),
        v.get(f"{wie}/gebruiker", ""),
    )


def _adresseerbaar(sg: Stuurgegevens) -> bool:
    if sg.berichtcode in ZONDER_ANTWOORD or not 0 < len(sg.referentienummer) <= 40:
        return False
    return all(
        0 < len(s.organisatie) <= 200
        and 3 <= len(s.applicatie) <= 50
        and len(s.administratie) <= 50
        and len(s.gebruiker) <= 100
        for s in (sg.zender, sg.ontvanger)
    )
