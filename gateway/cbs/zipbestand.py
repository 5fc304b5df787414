# SPDX-License-Identifier: EUPL-1.2
"""A ZIP of deliveries: each member judged, none trusted (aanleverprotocol 2.5, step 1).

Nothing is ever unpacked to disk: a member is read as a stream, as often as is needed, by the same
code that reads a file. What is refused, before a byte is unpacked: a directory that does not hold
together, too many members, too much in all, members that overlap; and of a member: encryption, a
path, another archive, an unknown way of packing, an improbable ratio, a name that came before.

What this does not protect against: a member within all limits that is merely large. It costs time
in proportion, and no memory.
"""

from __future__ import annotations

import os
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import BinaryIO, cast

from gateway.cbs import bestand, naam
from gateway.cbs.bestand import Aanlevering
from gateway.cbs.bevindingen import Verzamelaar
from gateway.cbs.bron import Bron, Voortgang, stil, van_schijf
from gateway.cbs.codering import CP1252, ONLEESBAAR, UTF8, UTF8_BOM, UTF16
from gateway.cbs.model import Bevinding, Controle, Ernst
from gateway.cbs.protocol import Protocol, voor
from gateway.cbs.uitvoer import Uitvoer
from gateway.errors import GatewayError

MEESTE_LEDEN = 1000
"""Members: every municipality with two half-years comes to 684."""
MEESTE_BYTES = 4 << 30
"""Unpacked, all members together: some forty million rows."""
GROOTSTE_VERHOUDING = 200
"""Unpacked to packed. Rows of a delivery come to some 20; deflate can reach 1,032."""
KLEIN = 1 << 20
"""Bytes up to which a ratio says nothing."""
GROOTSTE_INHOUD = 8 << 20
"""Bytes of the list of members: a thousand long names and remarks fit. It is read as a whole."""

_INGEPAKT = {
    ".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".cab", ".arj", ".lzh",
}  # fmt: skip
_MERKEN = (
    b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b\x08",
    b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY",
)  # fmt: skip
_VERSLEUTELD = 0x1 | 0x40 | 0x2000  # encrypted; strongly; its directory too (APPNOTE 4.4.4)
_STUK = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    struct.error,
    OverflowError,
    UnicodeDecodeError,
)
"""What reading a damaged archive raises, by way of zipfile."""
_VAN_GOED_NAAR_SLECHT = (UTF8, UTF8_BOM, CP1252, UTF16, ONLEESBAAR)


@dataclass(frozen=True, slots=True)
class Inhoud:
    """What a ZIP holds. ``weigering``: the code of why nothing in it is read, None for reading."""

    leden: tuple[zipfile.ZipInfo, ...] = ()
    weigering: str | None = None


def controleer(
    pad: str, genoemd: str, dag: date, soort: str, uitvoer: Uitvoer | None = None,
    voortgang: Voortgang = stil,
) -> Controle:  # fmt: skip
    """Judge a ZIP and each of its members; it is approved when all of them are."""
    protocol = voor(None)
    fouten = naam.beoordeel(genoemd, protocol.soorten[soort], protocol)
    if fouten:
        return _samen(genoemd, 1, fouten, (), uitvoer)
    van_schijf(pad)
    inhoud = bekijk(pad)
    if inhoud.weigering:
        return _samen(genoemd, 2, [_bevinding(protocol, inhoud.weigering)], (), uitvoer)
    leden = []
    eerder: set[str] = set()
    with zipfile.ZipFile(pad) as archief:
        for nummer, info in enumerate(inhoud.leden, 1):
            if uitvoer:
                uitvoer.bestand = f"{genoemd}/{info.filename}"
            bron = Bron(partial(_openen, archief, info), info.file_size)
            weigering = _weiger(info, eerder)
            eerder.add(_gelijk(info.filename))
            wat = Aanlevering(bron, info.filename, dag, soort)
            leden.append(_lid(wat, nummer, weigering, protocol, uitvoer, voortgang))
    return _samen(genoemd, None, [], leden, uitvoer)


def lid(pad: str, welk: str) -> Bron:
    """Give one member to read, safely; :class:`GatewayError` when it is not there or is refused."""
    inhoud = bekijk(pad)
    for info in inhoud.leden:
        if info.filename == welk and not _weiger(info, set()):
            return Bron(partial(_los_openen, pad, info), info.file_size)
    raise GatewayError(f"{os.path.basename(pad)} holds no member {welk!r} that can be read")


def bekijk(pad: str) -> Inhoud:
    """Look at the list of members, and judge the archive as a whole."""
    try:
        with open(pad, "rb") as file:
            if not _lijst_is_klein(file):
                return Inhoud(weigering="zip-te-veel-leden")
            with zipfile.ZipFile(file) as archief:
                leden = tuple(archief.infolist())
                return Inhoud(leden, _weiger_geheel(file, leden, archief.start_dir))
    except _STUK:
        return Inhoud(weigering="zip-onleesbaar")


def _weiger_geheel(
    file: BinaryIO, leden: Sequence[zipfile.ZipInfo], begin_lijst: int
) -> str | None:
    if not leden:
        return "zip-leeg"
    if len(leden) > MEESTE_LEDEN:
        return "zip-te-veel-leden"
    if sum(info.file_size for info in leden) > MEESTE_BYTES:
        return "zip-te-groot"
    plaatsen = sorted(_plaats(file, info, begin_lijst) for info in leden)
    eindes = [einde for _, einde in plaatsen]
    volgende = [begin for begin, _ in plaatsen[1:]] + [begin_lijst]
    if any(einde > begin for einde, begin in zip(eindes, volgende, strict=True)):
        return "zip-overlap"
    return None


def _plaats(file: BinaryIO, info: zipfile.ZipInfo, begin_lijst: int) -> tuple[int, int]:
    """Where a member begins and ends, by its own header (APPNOTE 4.3.7)."""
    if not 0 <= info.header_offset <= begin_lijst:
        raise zipfile.BadZipFile("a member that is not before the list of members")
    file.seek(info.header_offset)
    kop = file.read(30)
    if len(kop) < 30 or kop[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile("no member where the list says that there is one")
    lengtes = struct.unpack("<HH", kop[26:30])
    return info.header_offset, info.header_offset + 30 + sum(lengtes) + info.compress_size


def _lijst_is_klein(file: BinaryIO) -> bool:
    """Whether the list of members is small enough to be read, before anybody does.

    ``zipfile`` reads it whole, and makes an object of each entry, on the word of the last record
    (APPNOTE 4.3.16; 4.3.14 where a ZIP64 locator stands before it).
    """
    omvang = file.seek(0, os.SEEK_END)
    file.seek(max(0, omvang - 65557))
    staart = file.read()
    slot = staart.rfind(b"PK\x05\x06")
    if slot < 0 or len(staart) < slot + 22:
        raise zipfile.BadZipFile("no end of central directory")
    (lijst,) = struct.unpack("<I", staart[slot + 12 : slot + 16])
    wijzer = staart[slot - 20 : slot] if slot >= 20 else b""
    if wijzer[:4] == b"PK\x06\x07":
        (plaats,) = struct.unpack("<Q", wijzer[8:16])
        file.seek(min(plaats, omvang))
        kop = file.read(56)
        if len(kop) < 56 or kop[:4] != b"PK\x06\x06":
            raise zipfile.BadZipFile("no ZIP64 end of central directory")
        (lijst,) = struct.unpack("<Q", kop[40:48])
    return bool(lijst <= GROOTSTE_INHOUD)


def _weiger(info: zipfile.ZipInfo, eerder: set[str]) -> str | None:
    """Give why a member is not even read, by what the list says of it."""
    genoemd = info.orig_filename
    if info.flag_bits & _VERSLEUTELD:
        return "zip-versleuteld"
    if not genoemd.strip(". ") or any(teken in genoemd for teken in "/\\\0") or genoemd[1:2] == ":":
        return "zip-pad"
    if os.path.splitext(genoemd)[1].lower() in _INGEPAKT:
        return "zip-genest"
    if _gelijk(info.filename) in eerder:
        return "zip-dubbel"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "zip-methode"
    if info.file_size > max(KLEIN, GROOTSTE_VERHOUDING * info.compress_size):
        return "zip-verhouding"
    return None


def _gelijk(genoemd: str) -> str:
    """What two names have in common that somebody would take for the same."""
    return unicodedata.normalize("NFC", genoemd).casefold()


def _openen(archief: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    return cast(BinaryIO, archief.open(info))


def _los_openen(pad: str, info: zipfile.ZipInfo) -> BinaryIO:
    """Open one member by itself. The archive closes with it: zipfile counts who still reads."""
    with zipfile.ZipFile(pad) as archief:
        return _openen(archief, info)


def _lid(
    wat: Aanlevering, nummer: int, weigering: str | None, protocol: Protocol,
    uitvoer: Uitvoer | None, voortgang: Voortgang,
) -> Controle:  # fmt: skip
    begin = uitvoer.plaats if uitvoer else 0
    # What has another extension fails on its name, and is not unpacked to find out more.
    if not weigering and not _andere_extensie(wat, protocol):
        try:
            with wat.bron.open() as file:
                genest = file.read(16).startswith(_MERKEN)
            if not genest:
                return bestand.controleer(wat, uitvoer, voortgang)
            weigering = "zip-genest"
        except _STUK:
            if uitvoer:
                uitvoer.terug(begin)
            weigering = "zip-bestand-beschadigd"
    if weigering:
        return _geweigerd(wat.naam, 2, [_bevinding(protocol, weigering, nummer)], uitvoer)
    fouten = naam.beoordeel(wat.naam, protocol.soorten[wat.soort], protocol)
    return _geweigerd(wat.naam, 1, fouten, uitvoer)


def _andere_extensie(wat: Aanlevering, protocol: Protocol) -> bool:
    one = naam.Naam.lees(wat.naam, protocol.soorten[wat.soort])
    return naam.extensie(one, protocol)


def _geweigerd(
    genoemd: str, stap: int, fouten: list[Bevinding], uitvoer: Uitvoer | None
) -> Controle:
    """Give the verdict on what was not read."""
    gevonden = Verzamelaar(uitvoer)
    gevonden.een(fouten)
    return Controle(
        bestand=genoemd,
        goedgekeurd=False,
        stap=stap,
        uitvraag=None,
        rijen=0,
        codering=ONLEESBAAR,
        gemeentecode=None,
        fouten=gevonden.aantal(Ernst.FOUT),
        signalen=gevonden.aantal(Ernst.SIGNAAL),
        aantallen=gevonden.telling(),
        bevindingen=tuple(gevonden.eerste),
    )


def _samen(
    genoemd: str, stap: int | None, fouten: list[Bevinding], leden: Sequence[Controle],
    uitvoer: Uitvoer | None,
) -> Controle:  # fmt: skip
    """Put one verdict together. Its findings are on the archive; its numbers count the members too.

    What members have in common stands here too; where they differ: nothing, and of their encodings
    the worst.
    """
    zelf = _geweigerd(genoemd, stap or 2, fouten, uitvoer)
    if not leden:
        return zelf
    mislukt = [one.stap for one in leden if one.stap is not None]
    return replace(
        zelf,
        goedgekeurd=not mislukt,
        stap=min(mislukt, default=None),
        uitvraag=_gedeeld([one.uitvraag for one in leden]),
        rijen=sum(one.rijen for one in leden),
        codering=max((one.codering for one in leden), key=_VAN_GOED_NAAR_SLECHT.index),
        gemeentecode=_gedeeld([one.gemeentecode for one in leden]),
        fouten=sum(one.fouten for one in leden),
        signalen=sum(one.signalen for one in leden),
        leden=tuple(leden),
    )


def _gedeeld(waarden: list[str | None]) -> str | None:
    return waarden[0] if len(set(waarden)) == 1 else None


def _bevinding(protocol: Protocol, code: str, lid: int = 0) -> Bevinding:
    """Give the finding; ``lid`` is the place of the member in the archive, from 1."""
    ernst = protocol.regels[code].ernst or Ernst.FOUT
    return Bevinding(None, None, ernst, code, protocol.tekst(code, lid=lid))
