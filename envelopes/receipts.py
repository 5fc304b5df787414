# SPDX-License-Identifier: EUPL-1.2
"""Answers between hubs: Bv03, Bv04 (received), Fo01 and Fo03 (refused).

Source: StUF 03.01 section 4.4; docs/envelopes.md 'Answers'. An answer is the same bytes as a file
and over HTTP: a SOAP 1.1 envelope whose Body holds the message or, for a Fo03, a SOAP Fault whose
unqualified detail holds it. An answer swaps zender and ontvanger, has its own referentienummer and
tijdstipBericht, and names the request in crossRefnummer.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from envelopes.errors import BuildError, EnvelopeError
from envelopes.foutcodes import MAX_DETAILS, MAX_OMSCHRIJVING, Fout, inkorten
from envelopes.kop import lees_stuurgegevens, stuurgegevens_xml
from envelopes.stuurgegevens import Stuurgegevens, is_referentienummer, is_tijdstip
from envelopes.xml import (
    SOAP,
    STUF,
    Limits,
    escape,
    ontleed,
    ontleed_vertrouwd,
    regel_van,
    xml_veilig,
)
from envelopes.xsd import lokaal, validator

_SCHEMA = "soap11-envelop.xsd"
_CODES = ("Bv03", "Bv04", "Fo01", "Fo03")
_ONBEKEND = "onbekende fout"


@dataclass(frozen=True, slots=True)
class Antwoord:
    """An answer as it was read.

    `berichtcode` Bv03, Bv04, Fo01 or Fo03. `stuurgegevens` is None for a bare Bv04 and for a SOAP
    Fault without detail, which say nothing about themselves. `fout` is None for a Bv.
    """

    berichtcode: str
    stuurgegevens: Stuurgegevens | None
    fout: Fout | None = None

    @property
    def cross_refnummer(self) -> str | None:
        """The referentienummer of the message that this answers; None where it is not told."""
        return None if self.stuurgegevens is None else self.stuurgegevens.cross_refnummer


def bv03(
    request: Stuurgegevens, *, referentienummer: str, tijdstip_bericht: str, bv04: bool = False
) -> bytes:
    """Write the receipt for a request: Bv03 (checked and stored) or Bv04 (passed on by a relay).

    Raises BuildError for a number that is not a new UUID v4 or a time that is no tijdstip.
    """
    code = "Bv04" if bv04 else "Bv03"
    kop = _kop_xml(_kop(code, request, referentienummer, tijdstip_bericht))
    return _omhul(f'<StUF:{code}Bericht xmlns:StUF="{STUF}">{kop}</StUF:{code}Bericht>')


def compose_bv03(
    request: Stuurgegevens, *, referentienummer: str, tijdstip_bericht: str
) -> tuple[bytes, Antwoord]:
    """Write as `bv03` does, and give beside the bytes what `read_answer` makes of them."""
    data = bv03(request, referentienummer=referentienummer, tijdstip_bericht=tijdstip_bericht)
    return data, Antwoord("Bv03", _kop("Bv03", request, referentienummer, tijdstip_bericht))


def fo03(
    request: Stuurgegevens, fout: Fout, *, referentienummer: str, tijdstip_bericht: str
) -> bytes:
    """Write a technical refusal, hub to hub: a SOAP Fault that holds the Fo03.

    Texts that are too long are cut. Raises BuildError as `bv03` does, for a plek other than client
    or server, a code longer than 7, StUF055 (never in a Fo03), and for a request that is itself a
    Fo03.
    """
    if request.berichtcode == "Fo03":
        raise BuildError("no Fo03 upon a Fo03 (StUF 03.01)")
    if fout.code == "StUF055":
        raise BuildError("StUF055 is never in a Fo03 (StUF 03.01): use fo01")
    bericht = _foutbericht("Fo03", request, fout, referentienummer, tijdstip_bericht)
    plek = "Client" if fout.plek == "client" else "Server"
    reden = _xml(fout.omschrijving, MAX_OMSCHRIJVING)
    return _omhul(
        f"<soap:Fault><faultcode>soap:{plek}</faultcode><faultstring>{reden}</faultstring>"
        f"<detail>{bericht}</detail></soap:Fault>"
    )


def fo01(
    request: Stuurgegevens, fout: Fout, *, referentienummer: str, tijdstip_bericht: str
) -> bytes:
    """Write a functional refusal, which travels back to the sender as a message of its own.

    Raises BuildError as `fo03` does.
    """
    return _omhul(_foutbericht("Fo01", request, fout, referentienummer, tijdstip_bericht))


def _kop(
    code: str, request: Stuurgegevens, referentienummer: str, tijdstip_bericht: str
) -> Stuurgegevens:
    if not is_referentienummer(referentienummer) or referentienummer == request.referentienummer:
        raise BuildError("an answer needs a new referentienummer of its own, a UUID v4")
    if not is_tijdstip(tijdstip_bericht):
        raise BuildError("tijdstip_bericht is not a tijdstip")
    return Stuurgegevens(
        code,
        request.ontvanger,
        request.zender,
        referentienummer,
        tijdstip_bericht,
        request.referentienummer,
    )


def _kop_xml(sg: Stuurgegevens) -> str:
    return f"<StUF:stuurgegevens>{stuurgegevens_xml(sg)}</StUF:stuurgegevens>"


def _foutbericht(
    code: str, request: Stuurgegevens, fout: Fout, referentienummer: str, tijdstip_bericht: str
) -> str:
    kop = _kop_xml(_kop(code, request, referentienummer, tijdstip_bericht))
    details = _xml(fout.details, MAX_DETAILS)
    return (
        f'<StUF:{code}Bericht xmlns:StUF="{STUF}">{kop}<StUF:body>'
        f"<StUF:code>{escape(fout.code)}</StUF:code><StUF:plek>{escape(fout.plek)}</StUF:plek>"
        f"<StUF:omschrijving>{_xml(fout.omschrijving, MAX_OMSCHRIJVING)}</StUF:omschrijving>"
        + (f"<StUF:details>{details}</StUF:details>" if details else "")
        + f"</StUF:body></StUF:{code}Bericht>"
    )


def _xml(tekst: str, maximum: int) -> str:
    return escape(inkorten(xml_veilig(tekst), maximum))


def _omhul(inhoud: str) -> bytes:
    data = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<soap:Envelope xmlns:soap="{SOAP}">\n<soap:Body>{inhoud}</soap:Body>\n</soap:Envelope>\n'
    ).encode("utf-8", "backslashreplace")
    try:
        afwijking = validator(_SCHEMA).afwijking(ontleed_vertrouwd(data))
    except EnvelopeError as e:
        raise BuildError(f"answer: {e.details}") from None
    if afwijking is not None:
        raise BuildError(f"answer: {afwijking}")
    return data


def read_answer(data: bytes, limits: Limits | None = None) -> Antwoord:
    """Read an answer, leniently: for what comes back, being understood is worth more than form.

    Accepts the message with or without SOAP around it, a plek with a capital, a fault without
    detail, unknown faultcodes and error codes, and a bare Bv04 (berichtcode alone). Raises
    EnvelopeError (RIN001; IB007 for size) for what is no answer at all, and for a Bv03, Fo01 or
    Fo03 with stuurgegevens that do not name the request or name the answer itself.
    """
    element = _bericht(ontleed(data, limits or Limits()))
    if lokaal(element) == "Fault":
        binnen = _zoek(element, "Fo03Bericht")
        if binnen is None:
            return _kale_fault(element)
        element = binnen
    code = lokaal(element).removesuffix("Bericht")
    if code not in _CODES or etree.QName(element).namespace != STUF:
        raise EnvelopeError(
            "RIN001", f"verwacht een van {', '.join(_CODES)}", regel=regel_van(element)
        )
    sg = _stuurgegevens(element, code)
    if code.startswith("Bv"):
        return Antwoord(code, sg)
    return Antwoord(code, sg, _fout(element))


def _bericht(root: etree._Element) -> etree._Element:
    """Give the message: the one child of Body, or the root where there is no SOAP around it."""
    if root.tag != f"{{{SOAP}}}Envelope":
        return root
    bodies = [kind for kind in root if kind.tag == f"{{{SOAP}}}Body"]
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise EnvelopeError("RIN001", "verwacht een Body met een bericht", regel=regel_van(root))
    return bodies[0][0]


def _zoek(element: etree._Element, naam: str) -> etree._Element | None:
    gevonden = [kind for kind in element.iter(etree.Element) if lokaal(kind) == naam]
    return gevonden[0] if len(gevonden) == 1 else None


def _tekst(element: etree._Element, naam: str) -> str:
    gevonden = _zoek(element, naam)
    return "" if gevonden is None else (gevonden.text or "").strip()


def _kale_fault(element: etree._Element) -> Antwoord:
    # "soap:Client", "SOAP-ENV:Client.Authentication"; SOAP 1.1 section 4.4.1
    code = _tekst(element, "faultcode").rpartition(":")[2].lower()
    plek = "client" if code.startswith("client") else "server"
    reden = inkorten(_tekst(element, "faultstring"), MAX_OMSCHRIJVING) or _ONBEKEND
    return Antwoord("Fo03", None, Fout("", plek, reden))


def _stuurgegevens(element: etree._Element, code: str) -> Stuurgegevens | None:
    kop = _zoek(element, "stuurgegevens")
    if kop is not None and code == "Bv04" and [lokaal(kind) for kind in kop] == ["berichtcode"]:
        return None
    regel = regel_van(element)
    if kop is None:
        raise EnvelopeError("RIN001", f"{code} zonder stuurgegevens", regel=regel)
    try:
        sg = lees_stuurgegevens(kop)
    except KeyError as e:
        raise EnvelopeError("RIN001", f"{code} zonder {e.args[0]}", regel=regel) from None
    if sg.berichtcode != code:
        raise EnvelopeError("RIN001", f"berichtcode is niet {code}", regel=regel)
    if not sg.cross_refnummer:
        raise EnvelopeError("RIN001", f"{code} zonder crossRefnummer", regel=regel)
    if sg.cross_refnummer == sg.referentienummer:
        raise EnvelopeError("RIN001", f"{code} beantwoordt zichzelf", regel=regel)
    return sg


def _fout(element: etree._Element) -> Fout:
    plek = _tekst(element, "plek").lower()
    return Fout(
        _tekst(element, "code")[:7],
        plek if plek in ("client", "server") else "server",
        inkorten(_tekst(element, "omschrijving"), MAX_OMSCHRIJVING) or _ONBEKEND,
        inkorten(_tekst(element, "details"), MAX_DETAILS),
    )
