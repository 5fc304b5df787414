# SPDX-License-Identifier: EUPL-1.2
"""The envelope messages of the GGk chain: Di01 (heen) and Du01 (retour), in SOAP 1.1.

Source: koppelvlak GGK 02.10, StUF 03.01, SOAP 1.1; the rules that the official schema lets pass
are collected in docs/envelopes.md. `build` and `read` face each other: both go through the same
XSD and the same `regels`, so that we cannot write what we would refuse.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from binascii import a2b_base64
from dataclasses import dataclass, field

from lxml import etree

from envelopes.errors import BuildError, EnvelopeError
from envelopes.kop import lees_stuurgegevens, onjuist, red_kop, regels, stuurgegevens_xml, uit_kop
from envelopes.metagegevens import NAMESPACE as METAGEGEVENS
from envelopes.metagegevens import Metagegevens, blok, lees_blok
from envelopes.stuurgegevens import Stuurgegevens
from envelopes.xml import GGK, SOAP, STUF, Limits, escape, ontleed, ontleed_vertrouwd, regel_van
from envelopes.xsd import validator

TRACE = "urn:knooppunt:trace:1"
"""Namespace of our header block that holds the W3C traceparent."""

_SCHEMA = "soap11-envelop.xsd"
_HEEN = "envelopHeenbericht-ggk_Di01"
_RETOUR = "envelopRetourbericht-ggk_Du01"
_ELEMENT = {"Di01": _HEEN, "Du01": _RETOUR}
_BERICHTEN = {f"{{{GGK}}}{_HEEN}": "Di01", f"{{{GGK}}}{_RETOUR}": "Du01"}
_NULLEN = re.compile(r"00-0{32}-|00-[0-9a-f]{32}-0{16}-")
_LIMIETEN = Limits()
_VULSEL = "AAAA"  # stands in the place of the base64
_GAT = f">{_VULSEL}</"  # the last in a message: "</" stands in no attribute, ">" in no text
_GAT_BYTES = _GAT.encode()
_VOLGENDE = "http://schemas.xmlsoap.org/soap/actor/next"


@dataclass(frozen=True, slots=True)
class Parameters:
    """The versions in `parameters`, each exactly 4 digits (koppelvlak GGK, Versienr)."""

    applicatie_versie: str = "0001"
    applicatie_subversie: str = "0000"
    functie_versie: str = "0001"
    functie_subversie: str = "0000"


@dataclass(frozen=True, slots=True)
class Envelop:
    """One heen- or retourbericht, whole.

    `payload`: the bytes of the file, never empty. `bestandsnaam`: None for xmlBestand, else the
    attribute of tekstBestand, 4 to 255 of A-Z a-z 0-9 - . _ (see `draadnaam`). `metagegevens` and
    `traceparent` (W3C Trace Context, version 00) are our header blocks; None where there is none.

    `body_digest` is filled by `read`: hex SHA-256 of the exclusive canonical XML (1.0, without
    comments) of the message element in the SOAP Body. Two messages with one digest say the same,
    whatever stands in the Header and whichever way prefixes are declared around the message; a
    retry by another prefix inside the message or another line length of the base64 differs. It is
    "" in an Envelop you make, and does not count in comparing.
    """

    stuurgegevens: Stuurgegevens
    payload: bytes = field(repr=False)
    bestandsnaam: str | None = None
    metagegevens: Metagegevens | None = None
    traceparent: str | None = None
    parameters: Parameters = field(default_factory=Parameters)
    body_digest: str = field(default="", compare=False)


def draadnaam(naam: str) -> str:
    """Make a bestandsnaam that may stand in an envelope of any file name.

    Other characters become `_`, the extension is kept, 4 to 255 characters. The real name travels
    in the metagegevens (docs/envelopes.md).
    """
    schoon = re.sub(r"[^A-Za-z0-9\-._]", "_", naam).rjust(4, "_")
    if len(schoon) <= 255:
        return schoon
    stam, punt, ext = schoon.rpartition(".")
    if not punt or len(ext) > 20:
        return schoon[:255]
    return stam[: 254 - len(ext)] + "." + ext


def build(envelop: Envelop) -> bytes:
    """Write the complete SOAP envelope: UTF-8, with an XML declaration.

    What is written is parsed and checked by the XSD and the rules that an XSD cannot hold, before
    it is returned. Raises BuildError for an envelope that is against the rules: then the calling
    program is wrong.
    """
    return _gebouwd(envelop)[0]


def compose(envelop: Envelop) -> tuple[bytes, Envelop]:
    """Write as `build` does, and give beside the bytes what `read` makes of them.

    For who will get the same bytes back and need not read them again: the same envelope, with its
    `body_digest`. Raises BuildError as `build` does.
    """
    data, inhoud, root = _gebouwd(envelop)
    return data, _met_digest(envelop, root, inhoud)


def _gebouwd(envelop: Envelop) -> tuple[bytes, memoryview[int], etree._Element]:
    """The bytes, the base64 in them, and what is around it: parsed, checked."""
    sg = envelop.stuurgegevens
    if sg.berichtcode not in _ELEMENT:
        raise BuildError(f"berichtcode {sg.berichtcode!r}: an envelope is a Di01 or a Du01")
    try:
        omhulsel = _tekst(envelop).encode("utf-8")
        voor, _, na = omhulsel.rpartition(_GAT_BYTES)
        data = b"".join((voor, b">", b64encode(envelop.payload), b"</", na))
        if len(data) > _LIMIETEN.bytes:
            raise BuildError(f"message of {len(data)} bytes, limit {_LIMIETEN.bytes}")
        root = ontleed_vertrouwd(omhulsel)
        _toets(root, envelop)
    except UnicodeEncodeError as e:
        raise BuildError("lone surrogate in the envelope: use xml_veilig") from e
    except EnvelopeError as e:
        raise BuildError(f"{e.code} {e.omschrijving}: {e.details}") from None
    inhoud = memoryview(data)[len(voor) + 1 : len(data) - len(na) - 2]
    return data, inhoud, root


def _toets(root: etree._Element, envelop: Envelop) -> None:
    """Hold what we wrote against the XSD and the rules; what was written is what was given.

    In the place of the base64 stands `_GAT`: what b64encode gives is base64Binary, and needs no
    escape in XML or in its canonical form. Checking it too, or reading it all back, would prove no
    more (a property test does) and costs more than all else of `build`.
    """
    afwijking = validator(_SCHEMA).afwijking(root)
    if afwijking is not None:
        raise EnvelopeError("RIN001", str(afwijking), regel=afwijking.regel)
    sg, metagegevens = envelop.stuurgegevens, envelop.metagegevens
    regels(sg, root)
    if not envelop.payload:
        raise onjuist(root, "inhoud is leeg")
    if metagegevens is not None and metagegevens.referentienummer != sg.referentienummer:
        raise onjuist(root, "metagegevens hebben een ander referentienummer dan het bericht")
    if envelop.traceparent is not None and _NULLEN.match(envelop.traceparent):
        raise onjuist(root, "traceparent bestaat uit nullen")


def _tekst(envelop: Envelop) -> str:
    sg = envelop.stuurgegevens
    p = envelop.parameters
    naam = _ELEMENT[sg.berichtcode]
    if envelop.bestandsnaam is None:
        bestand = f"<GGK:xmlBestand{_GAT}GGK:xmlBestand>"
    else:
        attribuut = escape(envelop.bestandsnaam)
        bestand = f'<GGK:tekstBestand bestandsnaam="{attribuut}"{_GAT}GGK:tekstBestand>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP}">\n{_header(envelop)}<soap:Body>\n'
        f'<GGK:{naam} xmlns:GGK="{GGK}" xmlns:StUF="{STUF}">\n'
        f"<GGK:stuurgegevens>{stuurgegevens_xml(sg)}</GGK:stuurgegevens>\n"
        "<GGK:parameters>"
        f"<GGK:applicatieVersie>{escape(p.applicatie_versie)}</GGK:applicatieVersie>"
        f"<GGK:applicatieSubversie>{escape(p.applicatie_subversie)}</GGK:applicatieSubversie>"
        f"<GGK:functieVersie>{escape(p.functie_versie)}</GGK:functieVersie>"
        f"<GGK:functieSubversie>{escape(p.functie_subversie)}</GGK:functieSubversie>\n"
        f"<GGK:bericht>{bestand}</GGK:bericht></GGK:parameters>\n"
        f"</GGK:{naam}>\n</soap:Body>\n</soap:Envelope>\n"
    )


def _header(envelop: Envelop) -> str:
    blokken = "" if envelop.metagegevens is None else blok(envelop.metagegevens)
    if envelop.traceparent is not None:
        tekst = escape(envelop.traceparent)
        blokken += f'<tr:traceparent xmlns:tr="{TRACE}">{tekst}</tr:traceparent>'
    return f"<soap:Header>{blokken}</soap:Header>\n" if blokken else ""


def read(data: bytes, limits: Limits = _LIMIETEN) -> Envelop:
    """Read a hop message: limits, XML, XSD, then the rules that an XSD cannot hold.

    Accepts any prefixes, a default namespace, 8 to 17 digit times, an empty administratie, base64
    with line breaks, comments, and a message without our header blocks. Fetches nothing.

    Raises EnvelopeError with the first code, in the standard's order, of what is wrong: StUF010
    and StUF013 for an organisatie that can be nobody's, StUF022 and StUF025 for a berichtcode that
    does not exist or is not for us, StUF034 for a functie with a version in it, StUF043 for a
    message that answers itself, IB007 for size, IB009 for a referentienummer that is no UUID v4,
    RIN001 for all else.
    """
    try:
        root = ontleed(data, limits)
        envelop = _lees(root, data)
        bestand = root[-1][0][1][4][0]
        inhoud = (bestand.text or "").replace("\r", "&#xD;").encode()
        bestand.text = _VULSEL
        return _met_digest(envelop, root, inhoud)
    except EnvelopeError as e:
        e.stuurgegevens, velden = red_kop(data)
        eerder = uit_kop(velden) if e.code == "RIN001" else None
        if eerder is not None:
            raise EnvelopeError(*eerder, stuurgegevens=e.stuurgegevens) from None
        raise


def _lees(root: etree._Element, data: bytes) -> Envelop:
    """Read a parsed document; all checks but the limits."""
    afwijking = validator(_SCHEMA).afwijking(root)
    if afwijking is not None:
        raise EnvelopeError("RIN001", str(afwijking), regel=afwijking.regel)
    if root.tag != f"{{{SOAP}}}Envelope":
        raise EnvelopeError("RIN001", "verwacht een SOAP 1.1 Envelope", regel=regel_van(root))
    bericht = root[-1][0]
    if bericht.tag not in _BERICHTEN:
        raise EnvelopeError("StUF025", "verwacht heen- of retourbericht", regel=regel_van(bericht))
    metagegevens, traceparent = _blokken(root, data)
    # one message in the Body, two children in it: the XSD has made sure
    sg = lees_stuurgegevens(bericht[0])
    p = bericht[1]
    bestand = p[4][0]
    regels(sg, bericht[0])
    if metagegevens is not None and metagegevens.referentienummer != sg.referentienummer:
        raise onjuist(root, "metagegevens hebben een ander referentienummer dan het bericht")
    if traceparent is not None and _NULLEN.match(traceparent):
        raise onjuist(root, "traceparent bestaat uit nullen")
    return Envelop(
        stuurgegevens=sg,
        payload=_payload(bestand),
        bestandsnaam=bestand.get("bestandsnaam"),
        metagegevens=metagegevens,
        traceparent=traceparent,
        parameters=Parameters(*(p[n].text or "" for n in range(4))),
    )


def _blokken(root: etree._Element, data: bytes) -> tuple[Metagegevens | None, str | None]:
    """Find our header blocks; each at most once, and nobody's that we would have to understand."""
    metagegevens: etree._Element | None = None
    traceparent: etree._Element | None = None
    if len(root) == 1:
        return None, None
    for kind in root[0]:
        if kind.tag == f"{{{METAGEGEVENS}}}metagegevens":
            if metagegevens is not None:
                raise onjuist(kind, "metagegevens staan er twee keer")
            metagegevens = kind
        elif kind.tag == f"{{{TRACE}}}traceparent":
            if traceparent is not None:
                raise onjuist(kind, "traceparent staat er twee keer")
            traceparent = kind
        elif (
            kind.get(f"{{{SOAP}}}mustUnderstand") == "1"
            and kind.get(f"{{{SOAP}}}actor", _VOLGENDE) == _VOLGENDE
        ):
            # SOAP 1.1 section 4.2.3: who it is meant for and does not understand must not go on
            raise onjuist(kind, "onbekend headerblok met mustUnderstand")
    return (
        None if metagegevens is None else lees_blok(metagegevens, data),
        None if traceparent is None else traceparent.text,
    )


def _payload(bestand: etree._Element) -> bytes:
    # the XSD has held it to base64Binary: alphabet, padding, whole quanta; a2b skips line breaks
    payload = a2b_base64(bestand.text or "")
    if not payload:
        raise onjuist(bestand, "inhoud is leeg")
    return payload


def _met_digest(e: Envelop, root: etree._Element, inhoud: bytes | memoryview[int]) -> Envelop:
    """The same with its digest. In the document stands `_VULSEL`; `inhoud`: what belongs there.

    Canonical XML of 25 MB costs 100 MB. Base64 is its own canonical form, but for a CR in it.
    """
    canoniek = etree.tostring(root[-1][0], method="c14n", exclusive=True, with_comments=False)
    voor, _, na = canoniek.rpartition(_GAT_BYTES)
    digest = hashlib.sha256(voor + b">")
    digest.update(inhoud)
    digest.update(b"</" + na)
    return Envelop(
        e.stuurgegevens,
        e.payload,
        e.bestandsnaam,
        e.metagegevens,
        e.traceparent,
        e.parameters,
        digest.hexdigest(),
    )
