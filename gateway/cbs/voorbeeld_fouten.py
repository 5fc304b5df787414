# SPDX-License-Identifier: EUPL-1.2
"""Faults to plant in a synthetic file: for each finding code a way to make it, and no other.

A row is changed as a whole, not one field alone: who makes an end fall before its start must see to
it that it does not also fall before the period. Columns are counted from 1, as in a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.cbs.model import Ernst
from gateway.partijen import gemeenten
from gateway.periods import Uitvraag

F, S = Ernst.FOUT, Ernst.SIGNAAL

Maak = Callable[["Rij", int], None]


class Plek(StrEnum):
    """Where a fault of a kind can be."""

    NAAM = "the name"
    BESTAND = "the file as a whole"
    KOP = "line 1"
    RIJ = "a data row"
    EIND = "the last line"


@dataclass(frozen=True, slots=True)
class Fout:
    """A kind of fault. ``kolommen``: where it can be, the usual one first; none: in no column.

    ``maak`` changes a row; where it is None the plan does it, to the line or to the file.
    """

    code: str
    stap: int
    plek: Plek
    zegt: str
    kolommen: tuple[int, ...] = ()
    ernst: Ernst = F
    maak: Maak | None = None


class Rij:
    """A row that is being changed: ``rij[9]`` is its column 9."""

    def __init__(self, velden: list[str], uitvraag: Uitvraag) -> None:
        self._velden = velden
        self.eerste, self.laatste = uitvraag.eerste_dag, uitvraag.laatste_dag

    def __getitem__(self, kolom: int) -> str:
        return self._velden[kolom - 1]

    def __setitem__(self, kolom: int, waarde: str | date) -> None:
        if isinstance(waarde, date):
            waarde = f"{waarde:%Y%m%d}"
        self._velden[kolom - 1] = waarde

    def leeg(self, *kolommen: int) -> None:
        """Empty these columns."""
        for kolom in kolommen:
            self[kolom] = ""

    def tekst(self) -> str:
        """The line, without its end."""
        return ";".join(self._velden)

    def loopt(self, start: date) -> None:
        """Let it run: started when it should, no end of any kind."""
        self[5] = self[9] = start
        self.leeg(6, 10, 17)

    def eindigt(self) -> None:
        """Let it have an actual end that nothing can be said against."""
        self.loopt(self.eerste)
        self[10] = self.laatste


def _dagen(aantal: int) -> timedelta:
    return timedelta(days=aantal)


_VOL = {1: 12, 2: 4, 3: 9, 4: 4, 5: 8, 6: 8, 7: 1, 8: 4, 9: 8, 10: 8, 11: 16, 12: 8, 16: 8}


def _lengte(rij: Rij, kolom: int) -> None:
    if kolom == 7:
        rij[7] = "04"
        return
    # The first character is lost: what a spreadsheet does to a leading zero.
    value = rij[kolom] or "1" * _VOL[kolom]
    rij[kolom] = value[1:]


def _code(rij: Rij, kolom: int) -> None:
    _geen_generiek(rij)
    if kolom == 17:
        rij.eindigt()
    rij[kolom] = "0099" if kolom in (4, 8) else "9" if kolom in (7, 14) else "99"


def _geen_generiek(rij: Rij) -> None:
    for kolom in (4, 8):
        if rij[kolom] == "0088":
            rij[kolom] = "0002"


def _tijdstip(rij: Rij, _: int) -> None:
    rij[1] = rij[1][:8] + "2560"


def _datum(rij: Rij, kolom: int) -> None:
    rij[kolom] = f"{rij.eerste.year}0231"


def _andere_gemeente(rij: Rij, _: int) -> None:
    rij[2] = next(
        one.code
        for one in gemeenten().values()
        if one.code != rij[2] and one.geldig_op(rij.eerste) and one.geldig_op(rij.laatste)
    )


def _elfproef(rij: Rij, _: int) -> None:
    # One more at the end is 1 less, or 9 more, of what must be a multiple of 11.
    last = "8" if rij[3] == "9" * 9 else str((int(rij[3][8]) + 1) % 10)
    rij[3] = rij[3][:8] + last


def _start_na(rij: Rij, kolom: int) -> None:
    rij.loopt(rij.laatste)
    rij[kolom] = rij.laatste + _dagen(3)
    if kolom == 5:
        rij.leeg(8, 9, 15, 16)


def _einde_voor_start(rij: Rij, kolom: int) -> None:
    rij.loopt(rij.laatste - _dagen(20))
    rij[kolom] = rij.laatste - _dagen(30)


def _einde_voor_periode(rij: Rij, kolom: int) -> None:
    rij.loopt(rij.eerste - _dagen(400))
    rij[kolom] = rij.eerste - _dagen(10)


def _ander_tijdstip(rij: Rij, _: int) -> None:
    rij[1] = rij[1][:8] + "0931"


def _start_voor_beoogd(rij: Rij, _: int) -> None:
    rij.loopt(rij.eerste + _dagen(20))
    rij[9] = rij.eerste + _dagen(6)


def _einde_na_beoogd(rij: Rij, _: int) -> None:
    rij.eindigt()
    rij[6] = rij.laatste - _dagen(14)


def _einde_ontbreekt(rij: Rij, _: int) -> None:
    rij[10], rij[17] = "", "19"


def _geen_getal(rij: Rij, kolom: int) -> None:
    rij[kolom] = "T" + (rij[kolom] or "0" * _VOL[kolom])[1:]


def _niet_geheel(rij: Rij, kolom: int) -> None:
    rij[kolom] = "000001,5"


def _oude_code(rij: Rij, kolom: int) -> None:
    if kolom == 17:
        rij.eindigt()
    rij[kolom] = "2"


def _generiek(rij: Rij, kolom: int) -> None:
    rij[4] = rij[8] = "0088"
    rij[12], rij[13], rij[14], rij[15], rij[16] = "00000100", "83", "6", "83", "00000080"
    rij[kolom] = "04"


def _stuurteken(rij: Rij, kolom: int) -> None:
    rij[kolom] += "\t"


def _notatie(rij: Rij, kolom: int) -> None:
    cijfers = rij[kolom] or rij[1]
    rij[kolom] = f"{cijfers[0]},{(cijfers + '0000')[1:6]}E+{len(cijfers) - 1:02d}"


def _ongeldig(rij: Rij, kolom: int) -> None:
    rij[kolom] = rij[kolom][:-1] + "x"


def _leeg(rij: Rij, kolom: int) -> None:
    rij.leeg(kolom)


def _type(rij: Rij, _: int) -> None:
    rij.leeg(4, 8)


def _start(rij: Rij, _: int) -> None:
    rij.leeg(5, 9)


def _onbekend(rij: Rij, _: int) -> None:
    rij[2] = "9999"


_BASIS = tuple(range(1, 11))
_NAAM, _BESTAND, _KOP, _RIJ, _EIND = Plek

FOUTEN = (
    Fout("naam-begin", 1, _NAAM, "the name begins otherwise: GMSD_H22025_..."),
    Fout("naam-uitvraag", 1, _NAAM, "the half-year is no code: WMO_2025H2_..."),
    Fout("naam-vrije-tekst", 1, _NAAM, "no _ before the free text: WMO_H22025synthetisch"),
    Fout("naam-teken", 1, _NAAM, "a character that is forbidden: WMO_H22025_[synthetisch]"),
    Fout("naam-punt", 1, _NAAM, "a second full stop: WMO_H22025_v1.synthetisch.csv"),
    Fout("naam-extensie", 1, _NAAM, "neither csv nor txt: .xls"),
    Fout("bestand-leeg", 2, _BESTAND, "a header and no rows"),
    Fout("codering-utf16", 2, _BESTAND, "the file in UTF-16"),
    Fout("codering-onleesbaar", 2, _BESTAND, "a byte that is neither UTF-8 nor Windows-1252"),
    Fout("byte-order-mark", 2, _BESTAND, "a UTF-8 byte order mark before it", (), S),
    Fout("regeleinden-mac", 2, _BESTAND, "lines that end with a CR alone"),
    Fout("scheidingsteken", 2, _BESTAND, "commas for semicolons; =tab: tabs"),
    Fout("geen-kopregel", 2, _KOP, "a data row where the header should be"),
    Fout("kop-kolommen", 2, _KOP, "a header of 17 columns"),
    Fout("aantal-kolommen", 2, _RIJ, "a row of 17 columns"),
    Fout("puntkomma-aan-eind", 2, _RIJ, "a semicolon after the last column"),
    Fout("aanhalingstekens", 2, _RIJ, "each field in quotes"),
    Fout("lege-regel", 2, _RIJ, "an empty line in place of the row"),
    Fout("geen-enter", 2, _EIND, "no Enter after the last line"),
    Fout("stuurteken", 2, _RIJ, "a tab in the field", (4, *range(1, 19)), F, _stuurteken),
    Fout("wetenschappelijke-notatie", 2, _RIJ, "2,02602E+11", _BASIS, F, _notatie),
    Fout("ongeldig-teken", 2, _RIJ, "a letter in the field", (9, *_BASIS), F, _ongeldig),
    Fout("verplicht-leeg", 3, _RIJ, "the field empty", (3, 1, 2), F, _leeg),
    Fout("lengte", 3, _RIJ, "the first digit lost", (2, *_BASIS), F, _lengte),
    Fout("lengte", 3, _RIJ, "the first digit lost", (11, 12, 16), S, _lengte),
    Fout("code-onbekend", 3, _RIJ, "a code that is not in the list", (4, 7, 8), F, _code),
    Fout("code-onbekend", 3, _RIJ, "the same", (18, 13, 14, 15, 17), S, _code),
    Fout("geen-tijdstip", 3, _RIJ, "25:60 o'clock", (1,), F, _tijdstip),
    Fout("geen-datum", 3, _RIJ, "31 February", (9, 5, 6, 10), F, _datum),
    Fout("gemeente-onbekend", 3, _RIJ, "municipality 9999", (2,), F, _onbekend),
    Fout("gemeente-verschilt", 3, _RIJ, "another municipality", (2,), F, _andere_gemeente),
    Fout("elfproef", 3, _RIJ, "a BSN with a wrong last digit", (3,), F, _elfproef),
    Fout("type-ontbreekt", 3, _RIJ, "columns 4 and 8 empty", (4,), F, _type),
    Fout("start-ontbreekt", 3, _RIJ, "columns 5 and 9 empty", (5,), F, _start),
    Fout("start-na-periode", 3, _RIJ, "a start after the period", (9, 5), F, _start_na),
    Fout("einde-voor-start", 3, _RIJ, "an end before its start", (10, 6), F, _einde_voor_start),
    Fout("einde-voor-periode", 3, _RIJ, "an end before it", (10, 6), F, _einde_voor_periode),
    Fout("aanmaakdatum-verschilt", 3, _RIJ, "a minute later", (1,), S, _ander_tijdstip),
    Fout("leveringsvorm-leeg", 3, _RIJ, "the field empty", (7,), S, _leeg),
    Fout("start-voor-beoogd", 3, _RIJ, "before the intended start", (9,), S, _start_voor_beoogd),
    Fout("einde-na-beoogd", 3, _RIJ, "after the intended end", (10,), S, _einde_na_beoogd),
    Fout("einde-ontbreekt", 3, _RIJ, "a reason and no end", (10,), S, _einde_ontbreekt),
    Fout("geen-getal", 3, _RIJ, "a letter in a number", (11, 12, 16), S, _geen_getal),
    Fout("niet-geheel", 3, _RIJ, "1,5", (12, 16), S, _niet_geheel),
    Fout("oude-code", 3, _RIJ, "a code of one digit", (18, 17), S, _oude_code),
    Fout("generiek-advies", 3, _RIJ, "0088 not in euros", (13, 15), S, _generiek),
)
"""Every finding code; twice where its columns differ in gravity."""

NAMEN = {
    "naam-begin": "GMSD_{code}_synthetisch.csv",
    "naam-uitvraag": "WMO_{jaar}H{half}_synthetisch.csv",
    "naam-vrije-tekst": "WMO_{code}synthetisch.csv",
    "naam-teken": "WMO_{code}_[synthetisch].csv",
    "naam-punt": "WMO_{code}_v1.synthetisch.csv",
    "naam-extensie": "WMO_{code}_synthetisch.xls",
}

LIJNEN: dict[str, Callable[[list[str]], str]] = {
    "aantal-kolommen": lambda velden: ";".join(velden[:-1]),
    "kop-kolommen": lambda velden: ";".join(velden[:-1]),
    "puntkomma-aan-eind": lambda velden: ";".join(velden) + ";",
    "aanhalingstekens": lambda velden: ";".join(f'"{veld}"' for veld in velden),
    "lege-regel": lambda _: "",
}
"""What becomes of a line whose form is wrong."""

ENIG = frozenset(
    {"bestand-leeg", "codering-utf16", "codering-onleesbaar", "regeleinden-mac", "scheidingsteken"}
)
"""Of a file with one of these nothing else is said in step 2 but a byte order mark."""
