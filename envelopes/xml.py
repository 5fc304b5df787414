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

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
STUF = "http://www.egem.nl/StUF/StUF0301"
GGK = "http://www.stufstandaarden.nl/koppelvlak/ggk0210"

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
_VREEMD = tuple(begin for begin, _ in _BEGINNEN)
# XML 1.0 section 2.2, Char: what may not stand in a document, not even as a reference
_VERBODEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stranger's XML we are willing to look at; each limit has its reason.

    `bytes`: 25 MB for a whole message, base64 included (koppelvlak GGK, code IB007), read as
    25 * 1024 * 1024. `depth`: a full envelope with a signed assertion in the binding stays under
    40; lxml would recurse. `elements`: an envelope has about 40, a SAML assertion some hundreds.
    `attributes` (namespace declarations included), over the whole document: as elements; parsers
    compare each with its neighbours.
    """

    bytes: int = 25 * 1024 * 1024
    depth: int = 100
    elements: int = 10_000
    attributes: int = 20_000


class _Telling:
    """The expat handlers of one pass: they count, and stop at the first limit passed."""

    __slots__ = ("attributes", "depth", "elements", "limits", "p")

    def __init__(self, p: expat.XMLParserType, limits: Limits) -> None:
        self.p = p
        self.limits = limits
        self.depth = self.elements = self.attributes = 0

    def luister(self, tellen: bool) -> None:
        p = self.p
        p.StartDoctypeDeclHandler = self.doctype
        p.ProcessingInstructionHandler = self.pi
        p.XmlDeclHandler = self.declaratie
        if tellen:
            p.ordered_attributes = True
            p.StartElementHandler = self.start
            p.EndElementHandler = self.end

    def zwijg(self) -> None:
        # the handlers hold the parser and the parser holds them: without this they wait for gc
        p = self.p
        p.StartDoctypeDeclHandler = p.ProcessingInstructionHandler = p.XmlDeclHandler = None
        p.StartElementHandler = p.EndElementHandler = None

    def weiger(self, waarom: str) -> EnvelopeError:
        return EnvelopeError("RIN001", waarom, regel=self.p.CurrentLineNumber)

    def start(self, _name: str, attrs: list[str]) -> None:
        limits = self.limits
        self.depth += 1
        self.elements += 1
        self.attributes += len(attrs) // 2
        if self.depth > limits.depth:
            raise self.weiger(f"meer dan {limits.depth} elementen diep")
        if self.elements > limits.elements:
            raise self.weiger(f"meer dan {limits.elements} elementen")
        if self.attributes > limits.attributes:
            raise self.weiger(f"meer dan {limits.attributes} attributen")

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


def _te_tellen(data: bytes, limits: Limits) -> bool:
    """Say whether elements must be counted one by one, which costs more than all else here.

    Every element begins with "<" and every attribute has a "=": where there are no more of those
    than the limits allow, the limits hold without counting. True of any ordinary envelope.
    """
    tags = data.count(b"<")
    return tags > min(limits.depth, limits.elements) or data.count(b"=") > limits.attributes


def controle(data: bytes, limits: Limits) -> None:
    """Go over the bytes once and refuse what passes a limit or may not stand in a message.

    Raises EnvelopeError: IB007 for too many bytes; RIN001 for another encoding than UTF-8 or
    US-ASCII, a byte order mark, gzip, a DOCTYPE, a processing instruction, bytes that are not
    well-formed XML 1.0, or too much depth, elements or attributes.
    """
    if len(data) > limits.bytes:
        raise EnvelopeError("IB007", f"{len(data)} bytes, verwacht hoogstens {limits.bytes}")
    if data.startswith(_VREEMD):
        wat = next(wat for begin, wat in _BEGINNEN if data.startswith(begin))
        raise EnvelopeError("RIN001", wat, regel=1)
    # the encoding is given here, not taken from the document: a wrong declaration cannot mislead
    p = expat.ParserCreate("UTF-8")
    telling = _Telling(p, limits)
    telling.luister(_te_tellen(data, limits))
    try:
        p.Parse(data, True)
    except expat.ExpatError as e:
        wat = f"geen welgevormde XML: {expat.ErrorString(e.code)}, kolom {e.offset + 1}"
        raise EnvelopeError("RIN001", wat, regel=e.lineno) from None
    finally:
        telling.zwijg()


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


def regel_van(element: etree._Element) -> int | None:
    """Give the line an element begins on."""
    regel: Any = element.sourceline
    return regel if isinstance(regel, int) else None


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
