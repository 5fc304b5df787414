# SPDX-License-Identifier: EUPL-1.2
"""The table of references to large files. Columns: id, what changed, from, to, code, source."""

from __future__ import annotations

from tests.vectors import Vector

DECL = b'<?xml version="1.0" encoding="UTF-8"?>'
PROFIEL = b' profile="digikoppeling-gb-1.0"'
CONTEXT = b' contextId="0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"'
CREATIE = b'<tns:creationTime type="xs:dateTime">2026-02-02T10:00:00+01:00</tns:creationTime>'
VERVAL = b'<tns:expirationTime type="xs:dateTime">2026-03-04T10:00:00+01:00</tns:expirationTime>'
NAAM = b"<tns:filename>WMO_H22025_0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01.zip</tns:filename>"
SOORT = b' type="SHA256"'
SHA = b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OMVANG = b"<tns:size>2147483648</tns:size>"
URL = (b'<tns:senderUrl type="xs:anyURI">groot/0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01.bin'
       b"</tns:senderUrl>")  # fmt: skip
EINDE = b"</tns:data-reference>"

XSD = "Grote Berichten, PULL schema"
XML = "XML 1.0"


def _naam(naam: str) -> bytes:
    return b"<tns:filename>" + naam.encode() + b"</tns:filename>"


def _v(id: str, wat: str, oud: bytes, nieuw: bytes, code: str, bron: str) -> Vector:
    return Vector(id, "verwijzing", wat, oud, nieuw, code, bron)


VERWIJZINGEN: list[Vector] = [
    _v("gb-ok", "nothing", b"", b"", "ok", XSD),
    _v("gb-ok-profiel-weg", "no profile", PROFIEL, b"", "ok", XSD),
    _v("gb-ok-context-weg", "no contextId", CONTEXT, b"", "ok", "MD008: may"),
    _v("gb-ok-creatie-weg", "no creationTime", CREATIE, b"", "ok", "MD003: may"),
    _v("gb-ok-verval-weg", "no expirationTime", VERVAL, b"", "ok", "MD004: may"),
    _v("gb-ok-hoofdletters", "checksum in capitals", SHA, SHA.upper(), "ok", "MD006: hexadecimal"),
    _v("gb-ok-spaties", "white space around the size", OMVANG,
       b"<tns:size>\n 2147483648\n </tns:size>", "ok", "the standard's own example"),
    _v("gb-ok-naam-200", "a name of 200", NAAM, _naam("a" * 196 + ".zip"), "ok", "MD007"),
    _v("gb-ok-commentaar", "a comment between the parts", EINDE, b"<!-- x -->" + EINDE, "ok", XML),
    _v("gb-ok-url-https", "a URL of another kind: the station's to judge", URL,
       b'<tns:senderUrl type="xs:anyURI">https://my.host.nl/1</tns:senderUrl>', "ok", "MD002"),
    _v("gb-doctype", "DOCTYPE", DECL, DECL + b"<!DOCTYPE x>", "RIN001", "reliability.md row 61"),
    _v("gb-afgekapt", "cut off", EINDE + b"\n</tns:digikoppeling-external-data-references>", b"",
       "RIN001", XML),
    _v("gb-push", "namespace of PUSH", b"digikoppeling/gb/2010/10", b"digikoppeling/gb/2020/09",
       "RIN001", XSD),
    _v("gb-profiel", "another profile", PROFIEL, b' profile="digikoppeling-gb-4.0"', "RIN001", XSD),
    _v("gb-geen-levensduur", "lifetime under another name",
       b"<tns:lifetime>\n      " + CREATIE, b"<tns:leven>\n      " + CREATIE, "RIN001", XML),
    _v("gb-creatie-soort", "creationTime without its type", b"<tns:creationTime "
       b'type="xs:dateTime">', b"<tns:creationTime>", "RIN001", XSD),
    _v("gb-creatie-datum", "creationTime is a day", b"2026-02-02T10:00:00+01:00", b"2026-02-02",
       "RIN001", XSD),
    _v("gb-volgorde", "expirationTime before creationTime", CREATIE, VERVAL.replace(b"03", b"04")
       + CREATIE, "RIN001", XSD),
    _v("gb-naam-weg", "no filename", NAAM, b"", "RIN001", "MD007"),
    _v("gb-naam-pad", "a path for a name", NAAM, _naam("../x.zip"), "RIN001", "MD007"),
    _v("gb-naam-spatie", "a name with a space", NAAM, _naam("a b.zip"), "RIN001", "MD007"),
    _v("gb-naam-accent", "a name with an accent", NAAM, _naam("é.zip"), "RIN001", "MD007"),
    _v("gb-naam-201", "a name of 201", NAAM, _naam("a" * 197 + ".zip"), "RIN001", "MD007"),
    _v("gb-md5", "a checksum by MD5", SOORT, b' type="MD5"', "RIN001", "MD006: ours is narrower"),
    _v("gb-soort-onbekend", "a checksum by CRC32", SOORT, b' type="CRC32"', "RIN001", "MD006"),
    _v("gb-soort-weg", "a checksum by nothing", SOORT, b"", "RIN001", XSD),
    _v("gb-sha-kort", "a digit short", SHA, SHA[1:], "RIN001", "MD006"),
    _v("gb-sha-geen-hex", "a letter that is no digit", SHA, b"g" + SHA[1:], "RIN001", "MD006"),
    _v("gb-sha-leeg", "no digits", SHA, b"", "RIN001", "MD006"),
    _v("gb-omvang-0", "0 bytes", OMVANG, b"<tns:size>0</tns:size>", "RIN001", "MD005"),
    _v("gb-omvang-min", "fewer than none", OMVANG, b"<tns:size>-1</tns:size>", "RIN001", "MD005"),
    _v("gb-omvang-kb", "in kilobytes", OMVANG, b"<tns:size>2097152K</tns:size>", "RIN001", "MD005"),
    _v("gb-omvang-weg", "no size", OMVANG, b"", "RIN001", "MD005"),
    _v("gb-soort-inhoud-weg", "no contentType", b' contentType="application/zip"', b"", "RIN001",
       "MD009"),
    _v("gb-url-weg", "no URL", URL, b"", "RIN001", "MD010"),
    _v("gb-url-soort", "a URL without its type", b'<tns:senderUrl type="xs:anyURI">',
       b"<tns:senderUrl>", "RIN001", XSD),
    _v("gb-url-push", "receiverUrl: that is PUSH", URL,
       URL.replace(b"senderUrl", b"receiverUrl"), "RIN001", "MD010: ours is narrower"),
    _v("gb-twee-urls", "two URLs", URL, URL + URL, "RIN001", XSD),
    _v("gb-twee", "two files", EINDE,
       EINDE + b'<tns:data-reference><tns:lifetime/><tns:content contentType="a/b"><tns:filename>'
       b'b</tns:filename><tns:checksum type="SHA256">' + b"0" * 64 + b"</tns:checksum><tns:size>1"
       b'</tns:size></tns:content><tns:transport><tns:location><tns:senderUrl type="xs:anyURI">b'
       b"</tns:senderUrl></tns:location></tns:transport></tns:data-reference>", "RIN001",
       "MD001: ours is narrower"),
]  # fmt: skip
