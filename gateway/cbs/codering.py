# SPDX-License-Identifier: EUPL-1.2
"""Step 2, before anything else: in what the text is written, seen in one pass over the bytes.

UTF-8 and Windows-1252 are read, in that order; what is neither cannot be judged further. Sources:
aanleverprotocol 2.5 (step 3b, second check: no invalid characters), annex I 4.1.1.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from gateway.cbs.bron import Bron, Voortgang, stil, stukken

UTF8, UTF8_BOM, CP1252, UTF16, ONLEESBAAR = "utf-8", "utf-8-bom", "cp1252", "utf-16", "onleesbaar"

_BOM16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ZONDER_TEKEN = b"\x81\x8d\x8f\x90\x9d"
"""The five bytes that stand for no character in Windows-1252."""
_EERSTE_REGEL = 65536


@dataclass(frozen=True, slots=True)
class Lezing:
    """What one pass over the bytes tells.

    ``bom``: bytes of the byte order mark at the start, 0 for none. ``regels``: physical lines, an
    unfinished last one counted. ``afgesloten``: whether the last one ends with an LF. ``eerste``:
    the begin of the first line, at most 64 KiB, as it was found.
    """

    codering: str
    bom: int
    regels: int
    afgesloten: bool
    eerste: bytes

    @property
    def alleen_cr(self) -> bool:
        """Whether it is one line by its LFs, and several by its CRs: as old Macs ended lines."""
        return self.regels == 1 and b"\r" in self.eerste.rstrip(b"\r")

    @property
    def leesbaar(self) -> bool:
        """Whether there is text to go on with."""
        return self.codering not in (UTF16, ONLEESBAAR)


def verken(bron: Bron, voortgang: Voortgang = stil) -> Lezing:
    """Read everything once, and tell how it is written and how many lines it has."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = is_cp1252 = True
    regels, laatste, kop = 0, b"", b""
    for stuk in stukken(bron, voortgang):
        if not laatste:
            kop = stuk[:_EERSTE_REGEL]
        laatste = stuk[-1:]
        regels += stuk.count(b"\n")
        if is_utf8 and not (stuk.isascii() and not utf8.getstate()[0]):
            is_utf8 = _past(utf8, stuk)
        if not (is_utf8 or is_cp1252):
            break
        is_cp1252 = is_cp1252 and (stuk.isascii() or not any(b in stuk for b in _ZONDER_TEKEN))
    is_utf8 = is_utf8 and _past(utf8, b"", final=True)
    bom = _bom(kop)
    if _is_utf16(kop):
        codering = UTF16
    elif is_utf8:
        codering = UTF8_BOM if bom else UTF8
    else:
        # A mark of UTF-8 before what is not UTF-8 is left out of the text all the same.
        codering = CP1252 if is_cp1252 else ONLEESBAAR
    onaf = bool(laatste) and laatste != b"\n"
    leeg = regels == 0 and len(kop) == bom
    eerste = kop[bom:].partition(b"\n")[0]
    return Lezing(codering, bom, 0 if leeg else regels + onaf, not onaf, eerste)


def tekst(blok: bytes, codering: str) -> bytes:
    """Give a block of whole lines in UTF-8.

    A character can only be cut in two at the end of a line that is too long: it is left out.
    """
    if blok.isascii():
        return blok
    if codering == CP1252:
        return blok.decode("cp1252", "replace").encode()
    return blok.decode("utf-8", "ignore").encode()


def _past(decoder: codecs.IncrementalDecoder, stuk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(stuk, final)
    except UnicodeDecodeError:
        return False
    return True


def _bom(kop: bytes) -> int:
    """Bytes of the mark of UTF-8; that of UTF-16 is no remark on a file that fails by it."""
    return len(codecs.BOM_UTF8) if kop.startswith(codecs.BOM_UTF8) else 0


def _is_utf16(kop: bytes) -> bool:
    """With a mark; or, without one, when each of the first two characters is half a NUL."""
    if kop.startswith(_BOM16):
        return True
    even, oneven = kop[0:4:2], kop[1:4:2]
    return len(kop) >= 4 and sorted((even.count(0), oneven.count(0))) == [0, 2]
