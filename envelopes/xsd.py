# SPDX-License-Identifier: EUPL-1.2
"""Our XSDs, and the prebuilt validators of the hot path. Problems for people: leesbaar.py.

The only file of this library that reads from disk, and it reads nothing but our own schemas: from
`envelopes/_schemas` in an installed wheel, from the repository's `schemas/` in a checkout. Nothing
is ever fetched and a document's schemaLocation hint is not followed (libxml2 follows it only when
it has no schema yet; xmlschema is told not to).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

from lxml import etree

SCHEMAS = (
    "soap11-envelop.xsd",
    "stuf0301.xsd",
    "ggk0210.xsd",
    "grote-berichten.xsd",
    "metagegevens.xsd",
    "ontvangstbewijs.xsd",
    "publicatiebesluit.xsd",
    "trace.xsd",
    "xmldsig-zegel.xsd",
)
"""The schemas that this library itself uses; see schemas/README.md."""


@dataclass(frozen=True, slots=True)
class Probleem:
    """One thing that is wrong with a document, for people.

    `pad` is the path of the element, `regel` its line (None where unknown), `tekst` one Dutch
    sentence with what was expected. The offending value itself is never in it: a document may
    hold personal data, and a problem ends up in logs and notices.
    """

    tekst: str
    pad: str = ""
    regel: int | None = None


@dataclass(frozen=True, slots=True)
class Afwijking:
    """What libxml2 found first: where, what was expected there, and what was found (its form)."""

    pad: str
    regel: int
    verwacht: str
    gevonden: str

    def __str__(self) -> str:
        return f"{self.pad}: verwacht {self.verwacht}, gevonden {self.gevonden}"


class Schematekst(NamedTuple):
    """A schema that is not ours, as it was read: what is checked does not look at the disk again.

    `merk` tells this reading from another, when what the schema includes became another.
    """

    tekst: bytes
    merk: str = ""


def schema_bytes(name: str) -> bytes:
    """Give the text of one of our schemas, by file name. Raises ValueError for another name."""
    bron = eigen(name)
    if bron is None:
        raise ValueError(f"no schema of ours is called {name!r}; choose from {', '.join(SCHEMAS)}")
    return bron.read_bytes()


def eigen(name: str) -> Traversable | None:
    """Find a file name among our schemas; a name with a folder in it is never ours."""
    if "/" in name or "\\" in name or not name.endswith(".xsd"):
        return None
    bron = _map().joinpath(name)
    return bron if bron.is_file() else None


@cache
def _map() -> Traversable:
    pakket = files("envelopes")
    ingepakt = pakket.joinpath("_schemas")
    return ingepakt if ingepakt.is_dir() else pakket.joinpath("..", "schemas")


class _EigenSchemas(etree.Resolver):
    """Lets an import in a schema find our own files and nothing else."""

    # the stubs of lxml leave out the third argument, which lxml does give
    def resolve(self, system_url: str, _public_id: str, context: Any) -> Any:  # type: ignore[override]
        name = system_url.rpartition("/")[2]
        return self.resolve_string(schema_bytes(name), context, base_url=name)


class Validator:
    """One schema, built once. Threads take turns: libxml2's list of errors is the schema's."""

    def __init__(self, name: str) -> None:
        """Build from the schema of that file name."""
        parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
        parser.resolvers.add(_EigenSchemas())
        self._schema = etree.XMLSchema(etree.fromstring(schema_bytes(name), parser))
        self._slot = threading.Lock()

    def afwijking(self, root: etree._Element) -> Afwijking | None:
        """Validate; give the first thing that is wrong, or None."""
        with self._slot:
            if self._schema.validate(root):
                return None
            log: Any = self._schema.error_log
            return _uit_libxml2(log[0], root)


@cache
def validator(name: str) -> Validator:
    """Give the validator of a schema of ours, built once per process."""
    return Validator(name)


_VERWACHT = re.compile(r"Expected is (?:one of )?\( (.*) \)\.$")
_NS = re.compile(r"\{[^}]*:[^}]*\}")  # a namespace has a colon; the {4} of a pattern has none
_BSN = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
_TOONBAAR = frozenset(
    {
        "berichtcode", "organisatie", "referentienummer", "crossRefnummer", "functie", "code",
        "plek",
        "applicatieVersie", "applicatieSubversie", "functieVersie", "functieSubversie",
    }
)  # fmt: skip
_STAARTEN = (
    (re.compile(r"not accepted by the pattern '([^']*)'\.$"), "patroon {}"),
    (re.compile(r"exceeds the allowed maximum length of '(\d+)'\.$"), "hoogstens {} tekens"),
    (re.compile(r"underruns the allowed minimum length of '(\d+)'\.$"), "minstens {} tekens"),
    (re.compile(r"not an element of the set \{([^}]*)\}\.$"), "een van {}"),
    (re.compile(r"not a valid value of the (?:atomic|local atomic) type '([^']*)'\.$"), "{}"),
    (re.compile(r"does not match the fixed value constraint '([^']*)'\.$"), "{}"),
    (re.compile(r"The attribute '([^']*)' is required but missing\.$"), "attribuut {}"),
    (re.compile(r"The attribute '[^']*' is not allowed\.$"), "geen ander attribuut"),
    (re.compile(r"This element is not expected\.$"), "dit element hier niet"),
    (re.compile(r"No matching global (?:element )?declaration available"), "een ander element"),
    (re.compile(r"Character content (?:.*)is not allowed"), "geen tekst tussen de elementen"),
    (re.compile(r"Element content is not allowed"), "tekst, geen elementen"),
)


def _uit_libxml2(e: Any, root: etree._Element) -> Afwijking:
    """Take from libxml2's message what is safe: names and our own schema's words, no value."""
    node = _knoop(root, e.path or "")
    gevonden = "" if node is None else vorm(lokaal(node), node.text, len(node))
    pad = (e.path or "") if node is None else pad_van(node)
    return Afwijking(pad, e.line, _verwacht(e.message or ""), gevonden)


def _verwacht(bericht: str) -> str:
    soort = _VERWACHT.search(bericht)
    if soort:
        return _NS.sub("", soort.group(1)).replace(", ", " of ")
    for staart, woorden in _STAARTEN:
        m = staart.search(bericht)
        if m:
            # the only group is a piece of the schema (a pattern, a length, a name)
            return woorden.format(*(_NS.sub("", g) for g in m.groups()))
    return "volgens het schema"


def _knoop(root: etree._Element, pad: str) -> etree._Element | None:
    """Find the node that libxml2 names by a path in the document's own prefixes."""
    prefixes: dict[str, str] = {}
    for element in root.iter(etree.Element):
        prefixes.update({k: v for k, v in element.nsmap.items() if k})
    try:
        gevonden = root.xpath(pad, namespaces=prefixes)
    except etree.XPathError:
        return None
    node = gevonden[0] if isinstance(gevonden, list) and gevonden else None
    return node if isinstance(node, etree._Element) else None


def lokaal(node: etree._Element) -> str:
    """Give the name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2]


def pad_van(node: etree._Element) -> str:
    """Give the path of an element from the root, without prefixes: "/Envelope/Body/..."."""
    namen = [lokaal(node), *(lokaal(ouder) for ouder in node.iterancestors())]
    return "/" + "/".join(naam[:60] for naam in reversed(namen))


def vorm(naam: str, waarde: str | None, kinderen: int = 0) -> str:
    """Describe a value for an error message without giving away what is nobody's business.

    The fields that routing needs are shown, at most 40 characters, with any 9 digits in a row
    masked (they may be a BSN); of every other field only its length.
    """
    if kinderen:
        return f"{naam[:60]} met {kinderen} elementen"
    if not waarde:
        return f"{naam[:60]} leeg"
    if naam not in _TOONBAAR:
        return f"{naam[:60]} van {len(waarde)} tekens"
    tekst = _BSN.sub("#########", waarde[:200])
    return f"{naam} {tekst[:40]!r}"
