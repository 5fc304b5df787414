# SPDX-License-Identifier: EUPL-1.2
"""Files that are right, and for each rule of the table one that is not, with what must be found.

All people are made up: the BSN passes the eleven-test and is a row of digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DAG = date(2026, 2, 2)
NAAM = "WMO_H22025.csv"
KOP = [f"kop {nummer}" for nummer in range(1, 19)]
RIJ = [
    "202601150930", "0363", "123456782", "0002", "20250701", "20261231", "4", "0002", "20250702",
    "", "0000000000000001", "00000004", "04", "2", "04", "00000100", "", "",
]  # fmt: skip


def rij(velden: dict[int, str] | None = None) -> str:
    """A right row, with some columns (from 1) otherwise."""
    made = list(RIJ)
    for kolom, waarde in (velden or {}).items():
        made[kolom - 1] = waarde
    return ";".join(made)


def bestand(*rijen: str, kop: str = ";".join(KOP), einde: str = "\n") -> bytes:
    """A file of such rows, with its headings; each line ended."""
    return "".join(one + einde for one in [kop, *rijen]).encode()


GOED = bestand(rij(), rij())

Plaats = tuple[int | None, int | None, str]
"""Line, column, code."""


@dataclass(frozen=True, slots=True)
class Geval:
    """A file that breaks a rule, all that must be found in it, and one like it that does not."""

    code: str
    fout: bytes
    gevonden: tuple[Plaats, ...]
    goed: bytes = GOED
    naam: str = NAAM
    goede_naam: str = NAAM
    kolom: int | None = None


def op_naam(code: str, naam: str, goed: str, *ook: str) -> Geval:
    """A fault of the name."""
    found = tuple((None, None, one) for one in sorted([code, *ook]))
    return Geval(code, GOED, found, naam=naam, goede_naam=goed)


def veld(
    code: str, kolom: int, waarde: str, *ook: str, goed: str | None = None,
    bij: dict[int, str] | None = None,
) -> Geval:  # fmt: skip
    """A fault of one field, on line 3; ``ook``: other codes on that field, or ``kolom:code``."""
    plaatsen = [(kolom, code)]
    for one in ook:
        where, _, what = one.rpartition(":")
        plaatsen.append((int(where or kolom), what))
    found = tuple((3, where, what) for where, what in sorted(plaatsen))
    right = rij() if goed is None else rij({**(bij or {}), kolom: goed})
    wrong = rij({**(bij or {}), kolom: waarde})
    return Geval(code, bestand(rij(), wrong), found, bestand(rij(), right), kolom=kolom)


NAMEN = [
    op_naam("naam-begin", "wmo_H22025.csv", "WMO_H22025.csv"),
    op_naam("naam-begin", "Bestand.csv", "WMO_H22025_Bestand.CSV"),
    op_naam("naam-uitvraag", "WMO_2025.csv", "WMO_H22025.csv"),
    op_naam("naam-uitvraag", "WMO_h22025.csv", "WMO_H22025_h1.txt"),
    op_naam("naam-uitvraag", "WMO_H32025.csv", "WMO_H22025_H32025.TXT"),
    op_naam("naam-vrije-tekst", "WMO_H22025 versie 2.csv", "WMO_H22025_versie 2.csv"),
    op_naam("naam-vrije-tekst", "WMO_H220250.csv", "WMO_H22025_.csv"),
    *(
        op_naam("naam-teken", f"WMO_H22025_a{teken}b.csv", "WMO_H22025_a,b(c)‘é’ {d}.csv")
        for teken in ':\\/?;*"”><|]['
    ),
    op_naam("naam-punt", "WMO_H22025_v1.2.csv", "WMO_H22025_v1-2.csv"),
    op_naam("naam-punt", "WMO_H22025.csv.csv", "WMO_H22025_csv.csv", "naam-vrije-tekst"),
    op_naam("naam-extensie", "WMO_H22025.xlsx", "WMO_H22025.Csv"),
    op_naam("naam-extensie", "WMO_H22025", "WMO_H22025.tXt"),
]


def geheel(code: str, fout: bytes, *ook: str, goed: bytes = GOED) -> Geval:
    """A fault of the file as a whole."""
    return Geval(code, fout, tuple((None, None, one) for one in sorted([code, *ook])), goed)


def regels(code: str, fout: bytes, *plaatsen: Plaats, goed: bytes = GOED) -> Geval:
    """A fault of one line or more."""
    return Geval(code, fout, plaatsen, goed)


TEKST = GOED.decode()
LANG = rij({12: "1" * 65536})

STRUCTUUR = [
    geheel("codering-utf16", TEKST.encode("utf-16")),
    geheel("codering-utf16", TEKST.encode("utf-16-le")),
    geheel("codering-utf16", TEKST.encode("utf-16-be")),
    geheel("codering-onleesbaar", GOED + b"\x81\xff\n", goed=bestand(rij(), kop="é;" * 17)),
    geheel("byte-order-mark", b"\xef\xbb\xbf" + GOED),
    geheel("bestand-leeg", b""),
    geheel("bestand-leeg", bestand()),
    geheel("bestand-leeg", b"\xef\xbb\xbf", "byte-order-mark"),
    geheel("bestand-leeg", bestand().replace(b"\n", b"\r")),
    geheel("regeleinden-mac", GOED.replace(b"\n", b"\r"), goed=GOED.replace(b"\n", b"\r\n")),
    geheel("regeleinden-mac", GOED.replace(b"\n", b"\r") + b"\n"),
    geheel("regeleinden-mac", GOED.replace(b"\n", b"\r").replace(b";", b",")),
    geheel("regeleinden-mac", b"\xef\xbb\xbf" + GOED.replace(b"\n", b"\r"), "byte-order-mark"),
    geheel("scheidingsteken", GOED.replace(b";", b",")),
    geheel("scheidingsteken", GOED.replace(b";", b"\t")),
    regels("regel-te-lang", bestand(rij(), LANG), (3, None, "regel-te-lang")),
    regels("regel-te-lang", bestand(rij(), kop="k" * 70000), (1, None, "regel-te-lang")),
    regels("geen-kopregel", bestand(rij(), kop=rij()), (1, None, "geen-kopregel")),
    *(
        regels("geen-kopregel", bestand(rij(), kop=rij(one)), (1, None, "geen-kopregel"))
        for one in ({1: "2,02E+11"}, {1: ""}, {2: ""}, {1: "x", 2: "y"}, {3: "1E8", 5: "5-7-2025"})
    ),
    regels("kop-kolommen", bestand(rij(), kop="a;b"), (1, None, "kop-kolommen")),
    regels("kop-kolommen", bestand(rij(), kop=";".join([*KOP, ""])), (1, None, "kop-kolommen"),
           goed=bestand(rij(), kop=";".join(f'"{one}"' for one in KOP))),
    regels("lege-regel", bestand(rij(), "", rij(), ""), (3, None, "lege-regel"),
           (5, None, "lege-regel")),
    regels("aanhalingstekens", bestand(rij(), f'"{rij()}"'), (3, None, "aanhalingstekens")),
    regels("aanhalingstekens", bestand(";".join(f'"{one}"' for one in RIJ)),
           (2, None, "aanhalingstekens")),
    regels("puntkomma-aan-eind", bestand(rij(), rij() + ";"), (3, None, "puntkomma-aan-eind")),
    regels("aantal-kolommen", bestand(rij(), rij() + ";0"), (3, None, "aantal-kolommen")),
    regels("aantal-kolommen", bestand(rij(), rij() + ";;"), (3, None, "aantal-kolommen")),
    regels("aantal-kolommen", bestand("0363", rij()), (2, None, "aantal-kolommen")),
    regels("geen-enter", GOED[:-1], (3, None, "geen-enter")),
    regels("stuurteken", bestand(rij(), "\t"), (3, None, "aantal-kolommen"),
           (3, None, "stuurteken")),
    regels("stuurteken", bestand(rij(), kop="a\0;" + ";" * 16), (1, 1, "stuurteken")),
    regels("stuurteken", GOED[:-1] + b"\r", (3, None, "geen-enter"), (3, 18, "stuurteken")),
]  # fmt: skip

TEKENS = [
    *(veld("stuurteken", kolom, "\x07") for kolom in range(1, 19)),
    *(veld("stuurteken", 2, f"0363{one}") for one in "\t\0\r\x7f\x85"),
    *(veld("wetenschappelijke-notatie", kolom, "2,01804E+11") for kolom in range(1, 11)),
    *(veld("wetenschappelijke-notatie", 1, one) for one in ("2,01804 E+11", "2E11", "2.0e-3")),
    *(veld("ongeldig-teken", kolom, "1-1") for kolom in range(1, 11)),
    *(
        veld("ongeldig-teken", 5, one)
        for one in (" 20250701", "2025-07-01", "２０２５０７０１", "é")
    ),
]

OPEN = "10:einde-ontbreekt"
EINDE = {10: "20251231"}
GENERIEK = {4: "0088", 14: "6", 15: "83"}
VELDEN = [
    *(veld("verplicht-leeg", kolom, "") for kolom in (1, 2, 3)),
    *(veld("lengte", kolom, waarde) for kolom, waarde in
      ((1, "20260115093"), (3, "12345678"), (4, "002"), (5, "2025701"), (6, "202612310"), (7, "04"),
       (8, "00002"), (9, "1"), (10, "251231"))),
    veld("lengte", 2, "363"),
    *(veld("lengte", kolom, waarde, *ook) for kolom, waarde, *ook in
      ((11, "1"), (12, "4"), (13, "4", "code-onbekend"), (14, "02", "code-onbekend"),
       (15, "004", "code-onbekend"), (16, "100"), (17, "019", "code-onbekend", OPEN),
       (18, "002", "code-onbekend"))),
    *(veld("code-onbekend", kolom, waarde) for kolom, waarde in
      ((4, "0019"), (4, "0000"), (7, "1"), (8, "5100"), (13, "05"), (14, "3"), (15, "00"),
       (18, "01"))),
    veld("code-onbekend", 17, "01", bij=EINDE, goed="19"),
    *(veld("geen-tijdstip", 1, one) for one in
      ("202601152400", "202601150960", "202602300930", "000001010000")),
    *(veld("geen-datum", kolom, "20250231") for kolom in (5, 6, 9, 10)),
    veld("geen-datum", 6, "21000229", goed="20280229"),
    veld("geen-datum", 5, "00000101", goed="00010101"),
    veld("gemeente-onbekend", 2, "9999"),
    veld("gemeente-onbekend", 2, "0457"),
    veld("gemeente-verschilt", 2, "0034"),
    veld("elfproef", 3, "123456789", goed="999999999"),
    veld("elfproef", 3, "000000000"),
    veld("type-ontbreekt", 4, "", bij={8: ""}, goed="0001"),
    veld("start-ontbreekt", 5, "", bij={9: ""}, goed="20250801"),
    veld("start-na-periode", 5, "20260101", "9:start-voor-beoogd", goed="20250702"),
    veld("start-na-periode", 9, "20260101", goed="20251231"),
    veld("einde-voor-start", 6, "20250630", bij={5: "20250701"}, goed="20250701"),
    veld("einde-voor-start", 10, "20250701", goed="20250702"),
    veld("einde-voor-periode", 6, "20250630", bij={5: "20240101"}, goed="20250701"),
    veld("einde-voor-periode", 10, "20250630", "9:start-voor-beoogd", bij={9: "20240101"}),
    veld("aanmaakdatum-verschilt", 1, "202601150931"),
    veld("leveringsvorm-leeg", 7, "", goed="6"),
    veld("start-voor-beoogd", 9, "20250630", goed="20250701"),
    veld("einde-na-beoogd", 10, "20270101", goed="20261231"),
    veld("einde-ontbreekt", 10, "", bij={17: "19"}, goed="20251231"),
    *(veld("geen-getal", kolom, waarde, *ook) for kolom, waarde, *ook in
      ((11, "1,23457E+15     "), (12, "vier    "), (13, "0x", "code-onbekend"),
       (14, "x", "code-onbekend"), (15, '0"', "code-onbekend"), (16, "1 000 00"),
       (17, "xx", "code-onbekend", OPEN), (18, "éé", "code-onbekend"))),
    *(veld("niet-geheel", kolom, one) for kolom in (12, 16) for one in ("000001,5", "00001.50")),
    veld("niet-geheel", 12, "1,5", "lengte", goed="00000000"),
    veld("oude-code", 17, "3", bij=EINDE, goed="23"),
    veld("oude-code", 18, "0", goed="14"),
    veld("generiek-advies", 13, "04", bij=GENERIEK, goed="83"),
    veld("generiek-advies", 13, "", bij=GENERIEK),
    veld("generiek-advies", 13, "83", bij=GENERIEK | {14: ""}),
    veld("generiek-advies", 15, "04", bij={8: "0088"}, goed="83"),
    veld("generiek-advies", 15, "04", bij=GENERIEK | {13: "", 14: ""}, goed=""),
]  # fmt: skip

GEVALLEN = [*NAMEN, *STRUCTUUR, *TEKENS, *VELDEN]
