# SPDX-License-Identifier: EUPL-1.2
"""The table of vectors. Columns: id, good message, what changed, from, to, code, source."""

from __future__ import annotations

from tests.vectors import Vector

REF = b"<StUF:referentienummer>0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01</StUF:referentienummer>"
MGREF = b"<mg:referentienummer>0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01</mg:referentienummer>"
TIJD = b"<StUF:tijdstipBericht>20260202100000000</StUF:tijdstipBericht>"
FUNCTIE = b"<StUF:functie>GMSDWMO</StUF:functie>"
ZENDER = b"<StUF:zender>\n          <StUF:organisatie>0363</StUF:organisatie>"
ONTVANGER = b"<StUF:ontvanger>\n          <StUF:organisatie>CBS</StUF:organisatie>"
GEBRUIKER = b"<StUF:gebruiker>b.bakker</StUF:gebruiker>"
ADMIN = b"<StUF:administratie>Amsterdam</StUF:administratie>"
B64 = b"a29wcmVnZWwKc3ludGhldGlzY2gKcmVnZWwK"
NAAM = b'bestandsnaam="WMO_H22025_gestuurd_door_Bea.csv"'
DECL = b'<?xml version="1.0" encoding="UTF-8"?>'
EINDE = b"</soap:Envelope>"
KRUIS = b"<StUF:crossRefnummer>0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01</StUF:crossRefnummer>"
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
XMLB = b"<GGK:xmlBestand>PHZlcnNsYWcvPg==</GGK:xmlBestand>"

GGK = "koppelvlak GGK 02.10"
STUF = "StUF 03.01"
SOAP = "SOAP 1.1"
XML = "XML 1.0"
EIGEN = "contracts.md, Schemas"
XSD_ZWIJGT = "envelope.md: the official schema lets these pass"
FOUTEN = "envelope.md: mistakes real implementers made"


def _tijd(t: str) -> bytes:
    return TIJD.replace(b"20260202100000000", t.encode())


def _functie(f: str) -> bytes:
    return FUNCTIE.replace(b"GMSDWMO", f.encode())


def _zender(o: str) -> bytes:
    return ZENDER.replace(b"0363", o.encode())


def _ontvanger(o: str) -> bytes:
    return ONTVANGER.replace(b"CBS", o.encode())


def _naam(n: str) -> bytes:
    return b'bestandsnaam="' + n.encode() + b'"'


def _v(id: str, richting: str, wat: str, oud: bytes, nieuw: bytes, code: str, bron: str) -> Vector:
    return Vector(id, richting, wat, oud, nieuw, code, bron)


_GOED = [
    _v("ok-heen", "heen", "nothing", b"", b"", "ok", GGK),
    _v("ok-retour", "retour", "nothing", b"", b"", "ok", GGK),
    _v("ok-bv03", "bv03", "nothing", b"", b"", "ok", STUF),
    _v("ok-fo03", "fo03", "nothing", b"", b"", "ok", STUF),
    _v("ok-tijd-8", "heen", "time of 8 digits", TIJD, _tijd("20260202"), "ok", STUF),
    _v("ok-tijd-10", "heen", "time of 10 digits", TIJD, _tijd("2026020210"), "ok", STUF),
    _v("ok-tijd-12", "heen", "time of 12 digits", TIJD, _tijd("202602021000"), "ok", STUF),
    _v("ok-tijd-14", "heen", "time of 14 digits", TIJD, _tijd("20260202100000"), "ok", STUF),
    _v("ok-tijd-15", "heen", "time of 15 digits", TIJD, _tijd("202602021000001"), "ok", STUF),
    _v("ok-tijd-16", "heen", "time of 16 digits", TIJD, _tijd("2026020210000012"), "ok", FOUTEN),
    _v("ok-tijd-schrikkel", "heen", "29 February", TIJD, _tijd("20240229100000000"), "ok", STUF),
    _v("ok-admin-leeg", "heen", "empty administratie", ADMIN, b"<StUF:administratie/>", "ok", STUF),
    _v("ok-admin-weg", "heen", "no administratie", ADMIN, b"", "ok", STUF),
    _v("ok-gebruiker-weg", "heen", "no gebruiker", GEBRUIKER, b"", "ok", STUF),
    _v("ok-b64-regels", "heen", "base64 with line breaks", B64, B64[:20] + b"\r\n " + B64[20:],
       "ok", FOUTEN),
    _v("ok-b64-commentaar", "heen", "comment inside the base64", B64,
       B64[:8] + b"<!-- tekst -->" + B64[8:], "ok", XML),
    _v("ok-b64-cdata", "heen", "base64 in CDATA", B64, b"<![CDATA[" + B64 + b"]]>", "ok", XML),
    _v("ok-agb", "heen", "sender is a care provider (AGB)", ZENDER, _zender("54540051"), "ok", GGK),
    _v("ok-oin", "heen", "organisatie of another form is left to the station", ZENDER,
       _zender("00000001002220647000"), "ok", STUF),
    _v("ok-traceparent-weg", "heen", "traceparent renamed: a block of somebody else",
       b'xmlns:tr="urn:knooppunt:trace:1"', b'xmlns:tr="urn:voorbeeld:ander"', "ok", SOAP),
    _v("ok-blok-ander", "heen", "a header block of somebody else", b"<soap:Header>",
       b'<soap:Header><x:blok xmlns:x="urn:voorbeeld:x"/>', "ok", SOAP),
    _v("ok-mustunderstand-0", "heen", "mustUnderstand 0", b"<soap:Header>",
       b'<soap:Header><x:blok xmlns:x="urn:voorbeeld:x" soap:mustUnderstand="0"/>', "ok", SOAP),
    _v("ok-mustunderstand-ander", "heen", "mustUnderstand for another actor", b"<soap:Header>",
       b'<soap:Header><x:blok xmlns:x="urn:voorbeeld:x" soap:mustUnderstand="1" '
       b'soap:actor="urn:voorbeeld:ander"/>', "ok", SOAP + " section 4.2.2"),
    _v("ok-ascii", "retour", "declared as US-ASCII", DECL,
       DECL.replace(b"UTF-8", b"US-ASCII"), "ok", XML),
    _v("ok-decl-weg", "retour", "no XML declaration", DECL + b"\n", b"", "ok", XML),
    _v("ok-schemalocation", "heen", "schemaLocation hint is not followed",
       b'<soap:Envelope ', b'<soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
       b'xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd" ', "ok", "reliability.md row 62"),
    _v("ok-naam-4", "heen", "bestandsnaam of 4", NAAM, _naam("a.gz"), "ok", GGK),
    _v("ok-naam-255", "heen", "bestandsnaam of 255", NAAM, _naam("a" * 255), "ok", GGK),
    _v("ok-tekstbestand-retour", "retour", "tekstBestand", XMLB,
       b'<GGK:tekstBestand bestandsnaam="TECHNISCH_H22025_0363.pdf">UERG</GGK:tekstBestand>',
       "ok", GGK),
    _v("ok-du-ref-hoofd", "retour", "default namespace for the children", b"<StUF:functie>GMSDTTK"
       b"</StUF:functie>", b'<functie xmlns="http://www.egem.nl/StUF/StUF0301">GMSDTTK</functie>',
       "ok", XML),
    _v("ok-plek-hoofdletter", "fo03", "plek with a capital", b">client<", b">Client<", "ok",
       "envelope.md, SOAP over HTTP: read leniently"),
    _v("ok-faultcode-vreemd", "fo03", "unknown faultcode", b"soap:Client", b"soap:Vreemd", "ok",
       "envelope.md, SOAP over HTTP: read leniently"),
    _v("ok-foutcode-vreemd", "fo03", "unknown code", b"StUF016", b"XYZ999", "ok",
       "envelope.md, SOAP over HTTP: read leniently"),
    _v("ok-details-weg", "fo03", "no details",
       b"<StUF:details>dit nummer is al gebruikt</StUF:details>", b"", "ok", STUF),
]  # fmt: skip

_XML = [
    _v("bom", "heen", "byte order mark", DECL, b"\xef\xbb\xbf" + DECL, "RIN001", XSD_ZWIJGT),
    _v("spatie-vooraf", "heen", "space before the declaration", DECL, b" " + DECL, "RIN001", XML),
    _v("doctype", "heen", "DOCTYPE", DECL, DECL + b"<!DOCTYPE x>", "RIN001", SOAP + " section 3"),
    _v("laughs", "heen", "entity expansion", DECL,
       DECL + b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>', "RIN001",
       "reliability.md row 60"),
    _v("xxe", "heen", "external DTD", DECL,
       DECL + b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "RIN001", "reliability.md row 61"),
    _v("pi", "heen", "processing instruction", b"<soap:Body>", b"<?x y?><soap:Body>", "RIN001",
       SOAP + " section 3"),
    _v("latin1", "heen", "other encoding declared", DECL, DECL.replace(b"UTF-8", b"ISO-8859-1"),
       "RIN001", "our choice: UTF-8"),
    _v("xml11", "heen", "XML 1.1", DECL, DECL.replace(b"1.0", b"1.1"), "RIN001", XML),
    _v("nul", "heen", "NUL in a field", GEBRUIKER, b"<StUF:gebruiker>b\x00b</StUF:gebruiker>",
       "RIN001", "reliability.md row 65"),
    _v("fffe", "heen", "U+FFFE in a field", GEBRUIKER,
       b"<StUF:gebruiker>\xef\xbf\xbe</StUF:gebruiker>", "RIN001", "reliability.md row 65"),
    _v("surrogaat", "heen", "lone surrogate", GEBRUIKER,
       b"<StUF:gebruiker>\xed\xa0\x80</StUF:gebruiker>", "RIN001", "reliability.md row 65"),
    _v("entiteit", "heen", "undefined entity", GEBRUIKER,
       b"<StUF:gebruiker>&wie;</StUF:gebruiker>", "RIN001", XML),
    _v("afgekapt", "heen", "cut before the end", EINDE, b"", "RIN001", "reliability.md row 66"),
    _v("tweede-wortel", "heen", "two roots", EINDE, EINDE + b"<x/>", "RIN001",
       "reliability.md row 66"),
    _v("staart", "heen", "bytes after the end", EINDE, EINDE + b"x", "RIN001",
       "reliability.md row 66"),
    _v("prefix-onbekend", "heen", "prefix nowhere declared", b"<soap:Header>",
       b"<soap:Header><q:x/>", "RIN001", "Namespaces in XML 1.0"),
    Vector("te-groot", "heen", "over 25 MB", B64, b"QUFB", "IB007", GGK, maal=6_600_000),
    Vector("te-diep", "heen", "too deep", b"<soap:Header>", b"<soap:Header>" + b'<x xmlns="urn:x">'
           * 200 + b"</x>" * 200, "RIN001", "reliability.md row 63"),
]  # fmt: skip

_SOAP = [
    _v("soap12", "heen", "SOAP 1.2", b"http://schemas.xmlsoap.org/soap/envelope/",
       b"http://www.w3.org/2003/05/soap-envelope", "RIN001", SOAP),
    _v("twee-berichten", "retour", "two messages in the Body", b"<soap:Body>",
       b'<soap:Body><StUF:Bv03Bericht xmlns:StUF="http://www.egem.nl/StUF/StUF0301"/>', "RIN001",
       "WS-I Basic Profile R9981"),
    _v("na-body", "heen", "an element after the Body", b"</soap:Body>",
       b'</soap:Body><x xmlns="urn:x"/>', "RIN001", "WS-I Basic Profile R1011"),
    _v("tweede-body", "heen", "two Bodies", b"</soap:Body>", b"</soap:Body><soap:Body/>", "RIN001",
       SOAP),
    _v("mustunderstand", "heen", "unknown block with mustUnderstand", b"<soap:Header>",
       b'<soap:Header><x:blok xmlns:x="urn:voorbeeld:x" soap:mustUnderstand="1"/>', "RIN001",
       SOAP + " section 4.2.3"),
    _v("trace-twee", "heen", "two traceparents", b"</soap:Header>",
       b'<t:traceparent xmlns:t="urn:knooppunt:trace:1">' + TRACE
       + b"</t:traceparent></soap:Header>", "RIN001", "reliability.md row 67"),
    _v("trace-vorm", "heen", "traceparent of another form", TRACE, b"abc", "RIN001", EIGEN),
    _v("trace-nul", "heen", "traceparent all zeros", TRACE, b"00-" + b"0" * 32
       + b"-00f067aa0ba902b7-01", "RIN001", "W3C Trace Context 3.2.2.3"),
    _v("mg-ref-ander", "heen", "metagegevens of another message", MGREF,
       MGREF.replace(b"0c6f", b"0c60"), "RIN001", "reliability.md row 67"),
    _v("mg-zone-weg", "heen", "tijdstipUpload without a zone", b"09:59:58.120+01:00",
       b"09:59:58.120", "RIN001", EIGEN),
    _v("mg-herkomst", "heen", "unknown herkomst", b"<mg:herkomst>map", b"<mg:herkomst>gok",
       "RIN001", EIGEN),
    _v("mg-gemeentecode", "heen", "gemeentecode of 3 digits", b"<mg:gemeentecode>0363",
       b"<mg:gemeentecode>363", "RIN001", EIGEN),
    _v("mg-omvang", "heen", "size below zero", b"<mg:omvang>27", b"<mg:omvang>-1", "RIN001", EIGEN),
    _v("mg-sha", "heen", "sha256 not in hex", b"<mg:sha256>9", b"<mg:sha256>X", "RIN001",
       EIGEN),
]  # fmt: skip

_KOP = [
    _v("code-onbekend", "heen", "berichtcode that does not exist", b">Di01<", b">Xx99<", "StUF022",
       STUF),
    _v("code-kleine-letter", "heen", "berichtcode in lower case", b">Di01<", b">di01<", "StUF022",
       STUF),
    _v("code-niet-ondersteund", "heen", "berichtcode Lk01", b">Di01<", b">Lk01<", "StUF025", STUF),
    _v("code-synchroon", "heen", "berichtcode Di02", b">Di01<", b">Di02<", "StUF025", STUF),
    _v("code-anders", "heen", "Du01 in a heenbericht", b">Di01<", b">Du01<", "RIN001", GGK),
    _v("bericht-onbekend", "bv03", "berichtcode of another answer", b">Bv03<", b">Bv01<", "RIN001",
       STUF),
    _v("ns-kind", "heen", "child of stuurgegevens in the koppelvlak namespace", FUNCTIE,
       b"<GGK:functie>GMSDWMO</GGK:functie>", "RIN001", FOUTEN),
    _v("ns-leeg", "heen", "child of stuurgegevens in no namespace", FUNCTIE,
       b"<functie>GMSDWMO</functie>", "RIN001", FOUTEN),
    _v("volgorde", "heen", "functie before tijdstipBericht", TIJD + b"\n        " + FUNCTIE,
       FUNCTIE + TIJD, "RIN001", FOUTEN),
    _v("ontvanger-ongepad", "heen", "receiver 363", ONTVANGER, _ontvanger("363"), "StUF010",
       XSD_ZWIJGT),
    _v("ontvanger-leeg", "heen", "receiver empty", ONTVANGER, _ontvanger(""), "StUF010", GGK),
    _v("zender-ongepad", "heen", "sender 363", ZENDER, _zender("363"), "StUF013", XSD_ZWIJGT),
    _v("zender-leeg", "heen", "sender empty", ZENDER, _zender(""), "StUF013", GGK),
    _v("zender-spatie", "heen", "space behind the code", ZENDER, _zender("0363 "), "StUF013",
       "our choice: not the same text"),
    _v("zender-org-weg", "heen", "no organisatie", ZENDER, b"<StUF:zender>", "RIN001", GGK),
    _v("zender-org-201", "heen", "organisatie of 201", ZENDER, _zender("x" * 201), "RIN001", STUF),
    _v("applicatie-2", "heen", "applicatie of 2", b">Wmo Suite<", b">Wm<", "RIN001", STUF),
    _v("applicatie-51", "heen", "applicatie of 51", b">Wmo Suite<", b">" + b"a" * 51 + b"<",
       "RIN001", STUF),
    _v("administratie-51", "heen", "administratie of 51", b">Amsterdam<", b">" + b"a" * 51 + b"<",
       "RIN001", STUF),
    _v("gebruiker-101", "heen", "gebruiker of 101", GEBRUIKER,
       b"<StUF:gebruiker>" + b"a" * 101 + b"</StUF:gebruiker>", "RIN001", STUF),
    _v("ref-hoofdletters", "heen", "referentienummer in capitals", REF, REF.replace(b"c6f", b"C6F"),
       "IB009", GGK),
    _v("ref-v1", "heen", "UUID version 1", REF, REF.replace(b"-4d1e", b"-1d1e"), "IB009", GGK),
    _v("ref-variant", "heen", "UUID of another variant", REF, REF.replace(b"-9a40", b"-ca40"),
       "IB009", GGK),
    _v("ref-accolades", "heen", "UUID in braces", REF,
       REF.replace(b">0c6f", b">{0c6f").replace(b"01<", b"01}<"), "IB009", GGK),
    _v("ref-leeg", "heen", "referentienummer empty", REF, b"<StUF:referentienummer/>", "IB009",
       GGK),
    _v("ref-weg", "heen", "no referentienummer", REF, b"", "RIN001", GGK),
    _v("tijd-7", "heen", "time of 7 digits", TIJD, _tijd("2026020"), "RIN001", STUF),
    _v("tijd-9", "heen", "time of 9 digits", TIJD, _tijd("202602021"), "RIN001", XSD_ZWIJGT),
    _v("tijd-11", "heen", "time of 11 digits", TIJD, _tijd("20260202100"), "RIN001", XSD_ZWIJGT),
    _v("tijd-13", "heen", "time of 13 digits", TIJD, _tijd("2026020210000"), "RIN001", XSD_ZWIJGT),
    _v("tijd-18", "heen", "time of 18 digits", TIJD, _tijd("202602021000000000"), "RIN001", STUF),
    _v("tijd-30-feb", "heen", "30 February", TIJD, _tijd("20260230100000000"), "RIN001",
       XSD_ZWIJGT),
    _v("tijd-29-feb", "heen", "29 February in no leap year", TIJD, _tijd("20260229"), "RIN001",
       XSD_ZWIJGT),
    _v("tijd-24-uur", "heen", "24:00", TIJD, _tijd("20260202240000000"), "RIN001", XSD_ZWIJGT),
    _v("tijd-zone", "heen", "time with a zone", TIJD, _tijd("20260202100000Z"), "RIN001", STUF),
    _v("functie-leeg", "heen", "functie empty", FUNCTIE, _functie(""), "StUF034", GGK),
    _v("functie-versie", "heen", "functie with a version", FUNCTIE, _functie("GMSDWMO-00010004"),
       "StUF034", GGK),
    _v("functie-31", "heen", "functie of 31", FUNCTIE, _functie("F" * 31), "RIN001", STUF),
    _v("functie-weg", "heen", "no functie", FUNCTIE, b"", "RIN001", GGK),
    _v("cross-in-di01", "heen", "crossRefnummer in Di01", FUNCTIE, KRUIS + FUNCTIE, "RIN001", GGK),
    _v("cross-weg", "retour", "no crossRefnummer in Du01", KRUIS, b"", "RIN001", GGK),
    _v("cross-leeg", "retour", "crossRefnummer empty", KRUIS, b"<StUF:crossRefnummer/>", "RIN001",
       XSD_ZWIJGT),
    _v("cross-zelf", "retour", "crossRefnummer is its own number", KRUIS,
       KRUIS.replace(b"0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01",
                     b"6a1d2f40-93c8-4b7e-8f15-0d3e7a6c5b02"), "StUF043", XSD_ZWIJGT),
]  # fmt: skip

_INHOUD = [
    _v("versie-3", "heen", "version of 3 digits", b">0004<", b">004<", "RIN001", GGK),
    _v("versie-letter", "heen", "version with a letter", b">0004<", b">v004<", "RIN001", GGK),
    _v("b64-leeg", "heen", "payload empty", B64, b"", "RIN001", XSD_ZWIJGT),
    _v("b64-wit", "heen", "payload only white space", B64, b" \n ", "RIN001", XSD_ZWIJGT),
    _v("b64-teken", "heen", "character outside base64", B64, b"a29*" + B64[4:], "RIN001", GGK),
    _v("b64-url", "heen", "base64url", B64, b"a29-" + B64[4:], "RIN001", "RFC 4648 section 4"),
    _v("b64-vulling", "heen", "padding is missing", B64, B64 + b"QQ", "RIN001", GGK),
    _v("b64-midden", "heen", "padding in the middle", B64, b"QQ==" + B64, "RIN001", GGK),
    _v("inline-xml", "heen", "inline XML", B64, b"<x/>", "RIN001", GGK),
    _v("twee-bestanden", "retour", "xmlBestand twice", XMLB, XMLB + XMLB, "RIN001", GGK),
    _v("geen-bestand", "retour", "bericht is empty", XMLB, b"", "RIN001", GGK),
    _v("xml-met-naam", "retour", "bestandsnaam on xmlBestand", b"<GGK:xmlBestand>",
       b'<GGK:xmlBestand bestandsnaam="abcd.xml">', "RIN001", GGK),
    _v("naam-weg", "heen", "no bestandsnaam", b" " + NAAM, b"", "RIN001", GGK),
    _v("naam-qualified", "heen", "StUF:bestandsnaam", NAAM, b"StUF:" + NAAM, "RIN001", FOUTEN),
    _v("naam-3", "heen", "bestandsnaam of 3", NAAM, _naam("a.c"), "RIN001", GGK),
    _v("naam-256", "heen", "bestandsnaam of 256", NAAM, _naam("a" * 256), "RIN001", GGK),
    _v("naam-spatie", "heen", "bestandsnaam with a space", NAAM, _naam("WMO H2.csv"), "RIN001",
       GGK),
    _v("naam-pad", "heen", "bestandsnaam with a path", NAAM, _naam("../../x.csv"), "RIN001", GGK),
    _v("bv-cross-weg", "bv03", "no crossRefnummer in Bv03", KRUIS, b"", "RIN001", STUF),
    _v("bv-cross-leeg", "bv03", "crossRefnummer empty", KRUIS, b"<StUF:crossRefnummer/>", "RIN001",
       XSD_ZWIJGT),
    _v("bv-cross-zelf", "bv03", "answer echoes the request's number",
       b"d3b07384-d9a0-4c9b-8f7e-1a2b3c4d5e03", b"0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01", "RIN001",
       FOUTEN),
    _v("fo-cross-weg", "fo03", "no crossRefnummer in Fo03", KRUIS, b"", "RIN001", STUF),
    _v("ok-fo-onbekend-kind", "fo03", "an unknown child of stuurgegevens", b"<StUF:crossRefnummer>",
       b"<StUF:x/><StUF:crossRefnummer>", "ok", "envelope.md, SOAP over HTTP: read leniently"),
]  # fmt: skip

_STATION = [
    Vector("st-010", "heen", "receiver nobody knows", ONTVANGER, _ontvanger("9999"), "StUF010",
           STUF, "station"),
    Vector("st-013", "heen", "sender nobody knows", ZENDER, _zender("9998"), "StUF013", STUF,
           "station"),
    Vector("st-016", "heen", "same number, other content", B64, b"YW5kZXJl", "StUF016", STUF,
           "station", eerst=((b"", b""),)),
    Vector("st-016-tijd", "heen", "same number, other time", TIJD, _tijd("20260202100000001"),
           "StUF016", STUF, "station", eerst=((b"", b""),)),
    Vector("st-herhaald", "heen", "same number, same content: the same Bv03 again", b"", b"", "ok",
           STUF, "station", eerst=((b"", b""),)),
    Vector("st-019", "retour", "time before the former one of this sender",
           b"<StUF:tijdstipBericht>20260204090000000", b"<StUF:tijdstipBericht>20260204085959999",
           "StUF019", STUF, "station",
           eerst=((b"6a1d2f40-93c8-4b7e-8f15-0d3e7a6c5b02",
                   b"6a1d2f40-93c8-4b7e-8f15-0d3e7a6c5b99"),),
           vraagt="a delivery 0c6f3e1a-... of 0363"),
    Vector("st-034", "heen", "functie nobody knows", FUNCTIE, _functie("GMSDXYZ"), "StUF034", STUF,
           "station"),
    Vector("st-037", "heen", "functie known, but not served here", FUNCTIE, _functie("GMSDUIT"),
           "StUF037", STUF, "station", vraagt="an exchange with rinis_code GMSDUIT, switched off"),
    Vector("st-040", "heen", "Di01 with the functie of a way back", FUNCTIE, _functie("GMSDTTK"),
           "StUF040", STUF, "station"),
    Vector("st-043", "retour", "crossRefnummer of no delivery", KRUIS,
           KRUIS.replace(b"0c6f", b"ffff"), "StUF043", STUF, "station"),
    Vector("st-052", "heen", "user without the right", GEBRUIKER,
           b"<StUF:gebruiker>onbevoegd</StUF:gebruiker>", "StUF052", STUF, "station",
           vraagt="an exchange whose users are named in the configuration"),
]  # fmt: skip

VECTOREN: list[Vector] = [*_GOED, *_XML, *_SOAP, *_KOP, *_INHOUD, *_STATION]
