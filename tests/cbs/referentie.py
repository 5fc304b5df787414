# SPDX-License-Identifier: EUPL-1.2
"""The technical check once more: slow, plain, and written from the text alone.

Line by line over the bytes, rule by rule in the order of the text: aanleverprotocol H22025 (2.5
step 3a, 3.1, 3.2, bijlage I) and the domain page's section 5. It shares no rule with the check
that it judges, only the words of ``gateway/cbs/model.py`` and the list of municipalities.

Where the text leaves a choice, the choice is made in the function that needs it, and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from stdnum.nl import bsn

from gateway.cbs.model import Ernst
from gateway.partijen import gemeenten
from gateway.periods import Uitvraag

F, S = Ernst.FOUT, Ernst.SIGNAAL

Gevonden = tuple[int | None, int | None, Ernst, str]
"""Line, column, gravity, code."""

VELDEN = 18
LENGTE = {1: 12, 2: 4, 3: 9, 4: 4, 5: 8, 6: 8, 7: 1, 8: 4, 9: 8, 10: 8}
LENGTE |= {11: 16, 12: 8, 13: 2, 14: 1, 15: 2, 16: 8, 17: 2, 18: 2}

BASIS = range(1, 11)
"""The columns whose faults reject; those of 11 to 18, the facultative set, are only reported."""

SOORTEN = {f"{nummer:04d}" for nummer in range(1, 19)} | {"0088", "0115", "0215", "0315"}
EENHEDEN = {"01", "04", "14", "16", "82", "83", "84"}
CODES = {
    4: SOORTEN,
    7: {"2", "4", "6"},
    8: SOORTEN,
    13: EENHEDEN,
    14: {"1", "2", "4", "6"},
    15: EENHEDEN,
    17: {"02", "19", "20", "21", "22", "23", "31", "36", "37", "38", "39"},
    18: {f"{nummer:02d}" for nummer in range(2, 15)},
}
DATA = (5, 6, 9, 10)


@dataclass
class Uitslag:
    """What the reference says of a file; ``bevindingen`` holds all of them, in order."""

    goedgekeurd: bool
    stap: int | None
    uitvraag: str | None
    rijen: int = 0
    codering: str = "onleesbaar"
    gemeentecode: str | None = None
    bevindingen: list[Gevonden] = field(default_factory=list)


def volgorde(one: Gevonden) -> tuple[int, int, str]:
    """The order in which findings are told: by line, column and code, those of the file first."""
    return one[0] or 0, one[1] or 0, one[3]


def controleer(data: bytes, naam: str, dag: date, soort: str = "wmo") -> Uitslag:
    """Judge a file by the first step that it fails (protocol, step 3a)."""
    assert soort == "wmo"
    fouten, uitvraag = stap_1(naam)
    if fouten:
        return _af(Uitslag(False, 1, uitvraag.code if uitvraag else None), fouten)
    assert uitvraag is not None
    uitslag = Uitslag(True, None, uitvraag.code)
    rest, regels = _inlezen(data, uitslag)
    uitslag.rijen = max(0, len(regels) - 1)
    if rest is None:
        rest = [one for nr, regel in enumerate(regels, 1) for one in _regel(nr, regel, regels)]
    if data.startswith(b"\xef\xbb\xbf"):
        rest.append((None, None, S, "byte-order-mark"))
    if any(one[2] is F for one in rest):
        uitslag.stap, uitslag.goedgekeurd = 2, False
        return _af(uitslag, rest)
    rijen = [_kaal(regel).split(";") for regel in regels[1:]]
    rest += stap_3(rijen, uitvraag, dag)
    if any(one[2] is F for one in rest):
        uitslag.stap, uitslag.goedgekeurd = 3, False
    codes = {rij[1] for rij in rijen}
    uitslag.gemeentecode = codes.pop() if len(codes) == 1 else None
    return _af(uitslag, rest)


def _af(uitslag: Uitslag, bevindingen: list[Gevonden]) -> Uitslag:
    uitslag.bevindingen = sorted(bevindingen, key=volgorde)
    return uitslag


# --- step 1: the name (3.1, 4.1.1) ----------------------------------------------------------------


def stap_1(naam: str) -> tuple[list[Gevonden], Uitvraag | None]:
    """``WMO_[H1|H2][jjjj][_vrije tekst].csv`` or ``.txt``; the extension in either letter case.

    Choice: each fault of a name is told, not the first alone. After a wrong beginning nothing can
    be said of what should follow it.
    """
    fouten = []
    stam, punt, ext = naam.rpartition(".")
    if not punt:
        stam, ext = naam, ""
    if ext.lower() not in ("csv", "txt"):
        fouten.append("naam-extensie")
    if "." in stam:
        fouten.append("naam-punt")
    if any(teken in ':\\/?;*"”><|][' for teken in naam):
        fouten.append("naam-teken")
    uitvraag = None
    if not stam.startswith("WMO_"):
        fouten.append("naam-begin")
    else:
        code, rest = stam[4:10], stam[10:]
        uitvraag = Uitvraag.lees(code) if code.startswith("H") else None
        if uitvraag is None:
            fouten.append("naam-uitvraag")
        elif rest and not rest.startswith("_"):
            fouten.append("naam-vrije-tekst")
    return [(None, None, F, code) for code in fouten], uitvraag


# --- step 2: structure and characters (3.1, 4.1.1, domain 5) --------------------------------------


def _inlezen(data: bytes, uitslag: Uitslag) -> tuple[list[Gevonden] | None, list[str]]:
    """Decode, and divide in physical lines, each with its end.

    The findings come back when nothing more can be said of the file; else None.
    """
    if not data:
        uitslag.codering = "utf-8"
        return [(None, None, F, "bestand-leeg")], []
    if _utf16(data):
        uitslag.codering = "utf-16"
        return [(None, None, F, "codering-utf16")], []
    tekst = _tekst(data, uitslag)
    if tekst is None:
        return [(None, None, F, "codering-onleesbaar")], []
    regels = re.findall("[^\n]*\n|[^\n]+", tekst)
    if len(regels) == 1 and "\r" in regels[0].rstrip("\n").rstrip("\r"):
        return [(None, None, F, "regeleinden-mac")], regels
    if len(regels) < 2:
        return [(None, None, F, "bestand-leeg")], regels
    if ";" not in regels[0] and ("," in regels[0] or "\t" in regels[0]):
        return [(None, None, F, "scheidingsteken")], regels
    return None, regels


def _utf16(data: bytes) -> bool:
    """By its byte order mark; or, without one, two characters that are each half a NUL."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    even, oneven = data[0:4:2], data[1:4:2]
    return len(data) >= 4 and (
        (even == b"\0\0" and 0 not in oneven) or (oneven == b"\0\0" and 0 not in even)
    )


def _tekst(data: bytes, uitslag: Uitslag) -> str | None:
    bom = data.startswith(b"\xef\xbb\xbf")
    body = data[3:] if bom else data
    for codering in ("utf-8", "cp1252"):
        try:
            tekst = body.decode(codering)
        except UnicodeDecodeError:
            continue
        uitslag.codering = "utf-8-bom" if bom and codering == "utf-8" else codering
        return tekst
    uitslag.codering = "onleesbaar"
    return None


def _kaal(regel: str) -> str:
    """A line without its end: LF, or CR LF."""
    if regel.endswith("\r\n"):
        return regel[:-2]
    return regel.removesuffix("\n")


def _regel(nr: int, regel: str, regels: list[str]) -> Iterator[Gevonden]:
    """What step 2 finds on one physical line."""
    if nr == len(regels) and not regel.endswith("\n"):
        yield nr, None, F, "geen-enter"
    kaal = _kaal(regel)
    vorm = _kop(kaal) if nr == 1 else _vorm(kaal)
    if vorm:
        yield nr, None, F, vorm
    if vorm and vorm != "geen-kopregel":
        if any(_stuur(teken) for teken in kaal):
            yield nr, None, F, "stuurteken"
        return
    for kolom, veld in enumerate(kaal.split(";"), 1):
        code = _tekens(veld, basis=nr > 1 and kolom in BASIS)
        if code:
            yield nr, kolom, F, code


def _kop(kaal: str) -> str | None:
    """The header: its columns are counted, its wording is free; it must not look like data.

    Choice: it looks like data when more than half of columns 1 to 10 hold nothing but a number (as
    Excel writes one too) or are empty, and three or more of them a number.
    """
    velden = kaal.split(";")
    if len(velden) != VELDEN:
        return "kop-kolommen"
    getallen = [veld for veld in velden[:10] if _cijfers(veld) or _excel(veld)]
    leeg = [veld for veld in velden[:10] if not veld]
    return "geen-kopregel" if len(getallen) >= 3 and len(getallen) + len(leeg) > 5 else None


def _vorm(kaal: str) -> str | None:
    """A data row: 17 semicolons, no more, no fewer.

    Choice: quotes count where anything but a digit does, in columns 1 to 10; the facultative
    columns never reject, and the wording of the header is free.
    """
    if not kaal:
        return "lege-regel"
    velden = kaal.split(";")
    if any('"' in veld for veld in velden[:10]):
        return "aanhalingstekens"
    if len(velden) == VELDEN + 1 and kaal.endswith(";"):
        return "puntkomma-aan-eind"
    return "aantal-kolommen" if len(velden) != VELDEN else None


def _tekens(veld: str, *, basis: bool) -> str | None:
    if any(_stuur(teken) for teken in veld):
        return "stuurteken"
    if not basis or not veld or _cijfers(veld):
        return None
    if _excel(veld):
        return "wetenschappelijke-notatie"
    return "ongeldig-teken"


def _excel(veld: str) -> bool:
    """A number in scientific notation."""
    return bool(re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)? ?[Ee][+-]?[0-9]+", veld))


def _stuur(teken: str) -> bool:
    """A control character: Unicode's category Cc (C0 with NUL, tab and a stray CR; DEL; C1)."""
    return unicodedata.category(teken) == "Cc"


def _cijfers(tekst: str) -> bool:
    return tekst != "" and all(teken in "0123456789" for teken in tekst)


# --- step 3: each field to its specification (3.2, 4.1.2, domain 5) -------------------------------


def stap_3(rijen: list[list[str]], uitvraag: Uitvraag, dag: date) -> list[Gevonden]:
    """All rows; the first data row is what the others are compared with."""
    bevindingen: list[Gevonden] = []
    eerste = _Rij(rijen[0], rijen[0], uitvraag, dag)
    for regel, velden in enumerate(rijen, 2):
        rij = _Rij(velden, eerste.velden[1:], uitvraag, dag)
        for kolom in range(1, VELDEN + 1):
            fout = next(rij.fouten(kolom), None)
            if fout:
                bevindingen.append((regel, kolom, F, fout))
            bevindingen += [(regel, kolom, S, code) for code in set(rij.signalen(kolom))]
    return bevindingen


def datum(tekst: str) -> date | None:
    """EEJJMMDD as a day that was, or None."""
    if len(tekst) != 8 or not _cijfers(tekst):
        return None
    try:
        return date(int(tekst[:4]), int(tekst[4:6]), int(tekst[6:]))
    except ValueError:
        return None


def tijdstip(tekst: str) -> bool:
    """EEJJMMDDUUMM, from 00:00 to 23:59."""
    if len(tekst) != 12 or not _cijfers(tekst) or datum(tekst[:8]) is None:
        return False
    return int(tekst[8:10]) < 24 and int(tekst[10:]) < 60


class _Rij:
    """One row: ``velden[n]`` is column n, ``dagen[n]`` its day where it is a real date."""

    def __init__(self, velden: list[str], eerste: list[str], uitvraag: Uitvraag, dag: date) -> None:
        self.velden = ["", *velden]
        self.eerste = ["", *eerste]
        self.dagen = {kolom: datum(self.velden[kolom]) for kolom in DATA}
        self.uitvraag, self.dag = uitvraag, dag

    def fouten(self, kolom: int) -> Iterator[str]:
        """What rejects in a field, in the order of the list: the first one counts."""
        veld = self.velden[kolom]
        if kolom not in BASIS:
            return
        if kolom in (1, 2, 3) and not veld:
            yield "verplicht-leeg"
        if veld and len(veld) != LENGTE[kolom]:
            yield "lengte"
        if veld and kolom in CODES and veld not in CODES[kolom]:
            yield "code-onbekend"
        if kolom == 1 and not tijdstip(veld):
            yield "geen-tijdstip"
        if kolom in DATA and veld and self.dagen[kolom] is None:
            yield "geen-datum"
        if kolom == 2 and not self._bestaat(veld):
            yield "gemeente-onbekend"
        if kolom == 2 and veld != self.eerste[2]:
            yield "gemeente-verschilt"
        if kolom == 3 and veld != "999999999" and not bsn.is_valid(veld):
            yield "elfproef"
        if kolom == 4 and not veld and not self.velden[8]:
            yield "type-ontbreekt"
        if kolom == 5 and not veld and not self.velden[9]:
            yield "start-ontbreekt"
        if kolom in DATA:
            yield from self._periode(kolom)

    def _bestaat(self, code: str) -> bool:
        """In the CBS list on a day of the period, or on the day of delivery."""
        gemeente = gemeenten().get(code)
        if gemeente is None:
            return False
        van, tot = gemeente.geldig_vanaf or date.min, gemeente.geldig_tot or date.max
        in_periode = van <= self.uitvraag.laatste_dag and tot > self.uitvraag.eerste_dag
        return in_periode or van <= self.dag < tot

    def _periode(self, kolom: int) -> Iterator[str]:
        dag = self.dagen[kolom]
        if dag is None:
            return
        if kolom in (5, 9) and dag > self.uitvraag.laatste_dag:
            yield "start-na-periode"
        if kolom in (6, 10) and _voor(dag, self.dagen[kolom - 1]):
            yield "einde-voor-start"
        if kolom in (6, 10) and dag < self.uitvraag.eerste_dag:
            yield "einde-voor-periode"

    def signalen(self, kolom: int) -> Iterator[str]:
        """What is only reported of a field: all of it."""
        veld, velden, dagen = self.velden[kolom], self.velden, self.dagen
        if kolom == 1 and tijdstip(veld) and tijdstip(self.eerste[1]) and veld != self.eerste[1]:
            yield "aanmaakdatum-verschilt"
        if kolom == 7 and not veld:
            yield "leveringsvorm-leeg"
        if kolom == 9 and _voor(dagen[9], dagen[5]):
            yield "start-voor-beoogd"
        if kolom == 10 and _voor(dagen[6], dagen[10]):
            yield "einde-na-beoogd"
        if kolom == 10 and not veld and velden[17]:
            yield "einde-ontbreekt"
        if kolom > 10 and veld:
            yield from self._facultatief(kolom, veld)
        beschikt = velden[13], velden[14]
        if kolom == 13 and velden[4] == "0088" and beschikt not in (("", ""), ("83", "6")):
            yield "generiek-advies"
        if kolom == 15 and "0088" in (velden[4], velden[8]) and veld not in ("", "83"):
            yield "generiek-advies"

    def _facultatief(self, kolom: int, veld: str) -> Iterator[str]:
        """Form and codes of the facultative set.

        Choice: one digit in a column of reasons is an old code, and no fault of length or code
        besides (3.2.2: it is taken for one); a number with a decimal mark is not also called no
        number.
        """
        if kolom in (17, 18) and len(veld) == 1 and _cijfers(veld):
            yield "oude-code"
            return
        if len(veld) != LENGTE[kolom]:
            yield "lengte"
        if kolom in CODES and veld not in CODES[kolom]:
            yield "code-onbekend"
        if kolom in (12, 16) and re.fullmatch("[0-9]+[.,][0-9]+", veld):
            yield "niet-geheel"
        elif not _cijfers(veld):
            yield "geen-getal"


def _voor(een: date | None, ander: date | None) -> bool:
    return een is not None and ander is not None and een < ander
