# SPDX-License-Identifier: EUPL-1.2
"""The header on the wire: stuurgegevens written, read, judged, and rescued from a bad message.

Source: StUF 03.01 section 4 and koppelvlak GGK 02.10, as collected in docs/envelopes.md.
"""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree

from envelopes.errors import EnvelopeError
from envelopes.stuurgegevens import (
    BEKENDE_BERICHTCODES,
    ZONDER_ANTWOORD,
    Stuurgegevens,
    Systeem,
    functie_met_versie,
    is_referentienummer,
    is_tijdstip,
    organisatie_bezwaar,
)
from envelopes.xml import escape, regel_van

_KOP_BYTES = 65_536
"""How far `red_kop` looks: the header of a legal message ends well within it."""


def stuurgegevens_xml(sg: Stuurgegevens) -> str:
    """Write the children of stuurgegevens, in the standard's order, prefix StUF. Not validated."""
    cross = "" if sg.cross_refnummer is None else _el("crossRefnummer", sg.cross_refnummer)
    functie = "" if sg.functie is None else _el("functie", sg.functie)
    return (
        f"<StUF:berichtcode>{escape(sg.berichtcode)}</StUF:berichtcode>"
        f"<StUF:zender>{_systeem_xml(sg.zender)}</StUF:zender>"
        f"<StUF:ontvanger>{_systeem_xml(sg.ontvanger)}</StUF:ontvanger>"
        f"<StUF:referentienummer>{escape(sg.referentienummer)}</StUF:referentienummer>"
        f"<StUF:tijdstipBericht>{escape(sg.tijdstip_bericht)}</StUF:tijdstipBericht>"
        f"{cross}{functie}"
    )


def _systeem_xml(s: Systeem) -> str:
    return (
        _el("organisatie", s.organisatie)
        + _el("applicatie", s.applicatie)
        + (_el("administratie", s.administratie) if s.administratie else "")
        + (_el("gebruiker", s.gebruiker) if s.gebruiker else "")
    )


def _el(naam: str, tekst: str) -> str:
    return f"<StUF:{naam}>{escape(tekst)}</StUF:{naam}>"


def lees_stuurgegevens(element: etree._Element) -> Stuurgegevens:
    """Read a stuurgegevens element that its XSD has found right."""
    v = {kind.tag.rpartition("}")[2]: kind for kind in element}
    cross = v.get("crossRefnummer")
    functie = v.get("functie")
    return Stuurgegevens(
        berichtcode=v["berichtcode"].text or "",
        zender=_systeem(v["zender"]),
        ontvanger=_systeem(v["ontvanger"]),
        referentienummer=v["referentienummer"].text or "",
        tijdstip_bericht=v["tijdstipBericht"].text or "",
        cross_refnummer=None if cross is None else cross.text or "",
        functie=None if functie is None else functie.text or "",
    )


def _systeem(element: etree._Element) -> Systeem:
    v = {kind.tag.rpartition("}")[2]: kind.text or "" for kind in element}
    return Systeem(
        v.get("organisatie", ""),
        v.get("applicatie", ""),
        v.get("administratie", ""),
        v.get("gebruiker", ""),
    )


def regels(sg: Stuurgegevens, element: etree._Element) -> None:
    """Check what the official schema lets pass, in the order of the code table."""
    bezwaar = organisatie_bezwaar(sg.ontvanger.organisatie)
    if bezwaar:
        raise onjuist(element, f"ontvanger: {bezwaar}", "StUF010")
    bezwaar = organisatie_bezwaar(sg.zender.organisatie)
    if bezwaar:
        raise onjuist(element, f"zender: {bezwaar}", "StUF013")
    if not (sg.functie or "").strip():
        raise onjuist(element, "functie is leeg", "StUF034")
    if functie_met_versie(sg.functie or ""):
        raise onjuist(element, "functie bevat een versie; die hoort in parameters", "StUF034")
    if sg.cross_refnummer == sg.referentienummer:
        raise onjuist(element, "crossRefnummer is het eigen referentienummer", "StUF043")
    if not is_tijdstip(sg.tijdstip_bericht):
        n = len(sg.tijdstip_bericht)
        raise onjuist(
            element,
            f"tijdstipBericht van {n} cijfers is geen bestaand moment, "
            "verwacht 8, 10, 12, 14, 15, 16 of 17 cijfers",
        )


def onjuist(waar: etree._Element, wat: str, code: str = "RIN001") -> EnvelopeError:
    """Make the error for a fault at an element, to be raised."""
    return EnvelopeError(code, wat, regel=regel_van(waar))


def uit_kop(velden: dict[str, str]) -> tuple[str, str] | None:
    """Name the fault by the header where the XSD saw only that something does not fit."""
    code = velden.get("berichtcode")
    if code is None:
        return None
    if code not in BEKENDE_BERICHTCODES:
        return "StUF022", "berichtcode bestaat niet in StUF 03.01, verwacht Di01 of Du01"
    if code not in ("Di01", "Du01"):
        return "StUF025", f"berichtcode {code}, verwacht Di01 of Du01"
    nummer = velden.get("referentienummer")
    if nummer is not None and not is_referentienummer(nummer):
        return (
            "IB009",
            f"referentienummer van {len(nummer)} tekens, verwacht UUID v4, kleine letters",
        )
    return None


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


def red_kop(data: bytes) -> tuple[Stuurgegevens | None, dict[str, str]]:
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
        _velden_systeem(v, "zender"),
        _velden_systeem(v, "ontvanger"),
        v.get("referentienummer", ""),
        v.get("tijdstipBericht", ""),
        v.get("crossRefnummer"),
        v.get("functie"),
    )
    return (sg if _adresseerbaar(sg) else None), v


def _stop(*_: object) -> None:
    raise EnvelopeError("RIN001", "DOCTYPE")


def _velden_systeem(v: dict[str, str], wie: str) -> Systeem:
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
