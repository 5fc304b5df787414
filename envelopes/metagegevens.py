# SPDX-License-Identifier: EUPL-1.2
"""Metagegevens: who handed in which file, and when.

Our own document (schemas/metagegevens.xsd), for the PSA GGk-CBS asks for a separate metadata
record per upload that travels beside the payload and reaches the receiver apart from the file. In
an envelope it is a block in the SOAP Header, without mustUnderstand: a real GGk sends none, and a
system that does not know it may pass it by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.parsers import expat

from lxml import etree

from envelopes.errors import BuildError, EnvelopeError
from envelopes.stuurgegevens import Stuurgegevens, rfc3339
from envelopes.xml import Limits, controle, escape, ontleed, ontleed_vertrouwd, xml_veilig
from envelopes.xsd import lokaal, validator

if TYPE_CHECKING:
    from envelopes.berichten import Envelop

NAMESPACE = "urn:knooppunt:metagegevens:1"
"""Namespace of the document and of the header block."""

HERKOMSTEN = ("bestandseigenaar", "map", "standaard", "zegel", "eherkenning", "afgeleid")
"""How the user was established: `Gebruiker.herkomst` is one of these."""

_SCHEMA = "metagegevens.xsd"
_BEGIN = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Gebruiker:
    """Who handed the file in: an id of 1 to 200 characters and how we know (`HERKOMSTEN`).

    `betrouwbaarheidsniveau` is the assurance level that an assertion states, as its own word.
    """

    id: str
    herkomst: str
    betrouwbaarheidsniveau: str | None = None


@dataclass(frozen=True, slots=True)
class Bestand:
    """The file: its name as the municipality gave it, the name on its way, and its bytes.

    Names 1 to 2,000 characters, made safe by `xml_veilig`; `omvang` in bytes; `sha256` in 64
    lower-case hex digits; `type` a media type or an extension, 1 to 100 characters.
    """

    oorspronkelijke_naam: str
    naam: str
    omvang: int
    sha256: str
    type: str


@dataclass(frozen=True, slots=True)
class Metagegevens:
    """The record of one upload (schemas/metagegevens.xsd; docs/contracts 'Schemas').

    `referentienummer` is the envelope's own; `gemeentecode` 4 digits; `uitwisseling` and `uitvraag`
    ids of 1 to 100 characters; `tijdstip_upload` RFC 3339 with a zone. `binding` is the seal or
    signed assertion, whole: the bytes of one XML element, which come back as they went in, so that
    a signature over them stays good.
    """

    referentienummer: str
    gemeentecode: str
    uitwisseling: str
    uitvraag: str | None
    tijdstip_upload: str
    gebruiker: Gebruiker
    bestand: Bestand
    binding: bytes | None = None


def build_metagegevens(m: Metagegevens) -> bytes:
    """Write the stand-alone document that the receiver gets, checked against its XSD.

    Raises BuildError for a record that is against the schema.
    """
    data = _BEGIN + blok(m).encode("utf-8", "surrogatepass") + b"\n"
    try:
        afwijking = validator(_SCHEMA).afwijking(ontleed_vertrouwd(data))
    except EnvelopeError as e:
        raise BuildError(f"metagegevens: {e.details}") from None
    if afwijking is not None:
        raise BuildError(f"metagegevens: {afwijking}")
    return data


def read_metagegevens(data: bytes, limits: Limits | None = None) -> Metagegevens:
    """Read the stand-alone document. Raises EnvelopeError (RIN001, IB007) for anything else."""
    root = ontleed(data, limits or Limits())
    afwijking = validator(_SCHEMA).afwijking(root)
    if afwijking is not None:
        raise EnvelopeError("RIN001", str(afwijking), regel=afwijking.regel)
    return lees_blok(root, data)


def afgeleid(
    envelop: Envelop,
    *,
    uitwisseling: str,
    sha256: str,
    uitvraag: str | None = None,
    type: str = "application/octet-stream",
    naam: str | None = None,
) -> Metagegevens:
    """Derive metagegevens for an envelope of another system, which has no block of ours.

    User from zender.gebruiker ("onbekend" where it is empty), moment from tijdstipBericht, names
    from `naam` or else bestandsnaam. gemeentecode is zender.organisatie, or for a message to a
    municipality ontvanger.organisatie. Raises ValueError where neither is a gemeentecode.
    """
    sg = envelop.stuurgegevens
    naam = xml_veilig(naam or envelop.bestandsnaam or f"{sg.referentienummer}.xml")
    return Metagegevens(
        referentienummer=sg.referentienummer,
        gemeentecode=_gemeentecode(sg),
        uitwisseling=uitwisseling,
        uitvraag=uitvraag,
        tijdstip_upload=rfc3339(sg.tijdstip_bericht),
        gebruiker=Gebruiker(sg.zender.gebruiker or "onbekend", "afgeleid"),
        bestand=Bestand(naam, naam, len(envelop.payload), sha256, type),
    )


def _gemeentecode(sg: Stuurgegevens) -> str:
    for organisatie in (sg.zender.organisatie, sg.ontvanger.organisatie):
        if len(organisatie) == 4 and organisatie.isascii() and organisatie.isdigit():
            return organisatie
    raise ValueError("neither zender nor ontvanger is a municipality: no gemeentecode to derive")


def blok(m: Metagegevens) -> str:
    """Write the element, without a declaration: for the Header or a document. Not yet validated.

    Raises BuildError for a binding that is not one self-contained XML element.
    """
    # a prefix, not a default namespace: an unqualified binding must stay unqualified
    uitvraag = "" if m.uitvraag is None else f"<mg:uitvraag>{escape(m.uitvraag)}</mg:uitvraag>"
    niveau = m.gebruiker.betrouwbaarheidsniveau
    niveau = (
        ""
        if niveau is None
        else f"<mg:betrouwbaarheidsniveau>{escape(niveau)}</mg:betrouwbaarheidsniveau>"
    )
    return (
        f'<mg:metagegevens xmlns:mg="{NAMESPACE}">'
        f"<mg:referentienummer>{escape(m.referentienummer)}</mg:referentienummer>"
        f"<mg:gemeentecode>{escape(m.gemeentecode)}</mg:gemeentecode>"
        f"<mg:uitwisseling>{escape(m.uitwisseling)}</mg:uitwisseling>{uitvraag}"
        f"<mg:tijdstipUpload>{escape(m.tijdstip_upload)}</mg:tijdstipUpload>"
        f"<mg:gebruiker><mg:id>{escape(m.gebruiker.id)}</mg:id>"
        f"<mg:herkomst>{escape(m.gebruiker.herkomst)}</mg:herkomst>{niveau}</mg:gebruiker>"
        f"<mg:bestand>"
        f"<mg:oorspronkelijkeNaam>{escape(m.bestand.oorspronkelijke_naam)}</mg:oorspronkelijkeNaam>"
        f"<mg:naam>{escape(m.bestand.naam)}</mg:naam><mg:omvang>{m.bestand.omvang}</mg:omvang>"
        f"<mg:sha256>{escape(m.bestand.sha256)}</mg:sha256>"
        f"<mg:type>{escape(m.bestand.type)}</mg:type></mg:bestand>"
        f"{_binding(m.binding)}</mg:metagegevens>"
    )


def _binding(binding: bytes | None) -> str:
    if binding is None:
        return ""
    try:
        # on its own, so that every prefix it uses is its own: moved elsewhere it means the same
        ontleed(binding, Limits())
        tekst = binding.decode("utf-8")
    except (EnvelopeError, UnicodeDecodeError):
        raise BuildError("binding is not one well-formed, self-contained XML element") from None
    if binding.startswith(b"<?") or binding != binding.strip():
        raise BuildError("binding has an XML declaration or space around it: give the element only")
    return f"<mg:binding>{tekst}</mg:binding>"


def lees_blok(element: etree._Element, data: bytes) -> Metagegevens:
    """Read an element that its XSD has found right; `data` is the document it stands in."""
    v = {lokaal(kind): kind for kind in element.iterchildren(etree.Element)}
    gebruiker = {lokaal(kind): kind.text or "" for kind in v["gebruiker"]}
    bestand = {lokaal(kind): kind.text or "" for kind in v["bestand"]}
    uitvraag = v.get("uitvraag")
    return Metagegevens(
        referentienummer=v["referentienummer"].text or "",
        gemeentecode=v["gemeentecode"].text or "",
        uitwisseling=v["uitwisseling"].text or "",
        uitvraag=None if uitvraag is None else uitvraag.text,
        tijdstip_upload=(v["tijdstipUpload"].text or "").strip(),
        gebruiker=Gebruiker(
            gebruiker["id"], gebruiker["herkomst"], gebruiker.get("betrouwbaarheidsniveau")
        ),
        bestand=Bestand(
            bestand["oorspronkelijkeNaam"],
            bestand["naam"],
            int(bestand["omvang"]),
            bestand["sha256"],
            bestand["type"],
        ),
        binding=_lees_binding(v["binding"], data) if "binding" in v else None,
    )


def _lees_binding(element: etree._Element, data: bytes) -> bytes:
    """Give the bytes between the tags as they stand in the document, if they stand by themselves.

    A signature may be over inclusive canonical XML, which changes with the declarations around
    it: only the very bytes are sure to verify. Where another system let the binding lean on a
    prefix declared outside it, exclusive canonical XML of the element is the best there is.
    """
    ruw = _tussen(data)
    try:
        controle(ruw, Limits())
        ontleed_vertrouwd(ruw)
    except EnvelopeError:
        ruw = etree.tostring(element[0], method="c14n", exclusive=True)
    return ruw


def _tussen(data: bytes) -> bytes:
    """Cut out what the first binding of our namespace holds, from its first to its last byte."""
    p = expat.ParserCreate("UTF-8", namespace_separator=" ")
    zoek = f"{NAMESPACE} binding"
    plaats = [-1, -1]
    diepte = [0]  # below the binding; 0 = not in it

    def start(name: str, _attrs: dict[str, str]) -> None:
        if diepte[0]:
            if plaats[0] < 0:
                plaats[0] = p.CurrentByteIndex
            diepte[0] += 1
        elif name == zoek and plaats[0] < 0:
            diepte[0] = 1

    def end(_name: str) -> None:
        if diepte[0]:
            diepte[0] -= 1
            if not diepte[0] and plaats[1] < 0:
                plaats[1] = p.CurrentByteIndex

    p.StartElementHandler = start
    p.EndElementHandler = end
    p.Parse(data, True)
    p.StartElementHandler = p.EndElementHandler = None
    return data[plaats[0] : plaats[1]].strip()
