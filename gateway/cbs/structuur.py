# SPDX-License-Identifier: EUPL-1.2
"""Step 2: the right columns, by their number, and no invalid characters (aanleverprotocol 2.5).

A line without any fault is recognised by one pattern, or by a second; only the others are looked at
rule by rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from gateway.cbs.bevindingen import Groep, Toets
from gateway.cbs.model import Bevinding, Ernst
from gateway.cbs.protocol import Kolom, Protocol

REGEL = pl.col("l")
AANTAL = pl.col("n")

_STUUR = r"\x00-\x1f\x7f-\u009f"
_STUURTEKEN = f"[{_STUUR}]"
_GEEN_TEKST = r"[\x00-\x08\x0a-\x1f\x7f-\u009f]"
_WETENSCHAPPELIJK = r"^[+-]?[0-9]+(?:[.,][0-9]+)? ?[eE][+-]?[0-9]+$"
_GETAL = re.compile(rf"[0-9]+\Z|{_WETENSCHAPPELIJK}")
_GETALLEN = 3
_TEKENS = {b",": "een komma", b"\t": "een tab"}


# --- rules on a line; the first that fits is told -------------------------------------------------


def te_lang(protocol: Protocol) -> pl.Expr:
    """Longer than anything that could be a row: the rest of it was not even read."""
    return REGEL.str.len_bytes() > protocol.langste_regel


def leeg(_protocol: Protocol) -> pl.Expr:
    """Nothing but its Enter."""
    return REGEL == ""


def aanhalingstekens(protocol: Protocol) -> pl.Expr:
    """Quotes, which Excel sets around a field or a line that it finds strange.

    Looked for in the basic set: what stands in the facultative one never rejects a file.
    """
    basis = sum(not kolom.facultatief for kolom in protocol.kolommen)
    veld = f'[^{protocol.scheidingsteken}"]*'
    return REGEL.str.contains(f'^(?:{veld}{protocol.scheidingsteken}){{0,{basis - 1}}}{veld}"')


def puntkomma_aan_eind(protocol: Protocol) -> pl.Expr:
    """One semicolon too many, at the end: the last variable was closed with one."""
    return (AANTAL.eq(len(protocol.kolommen))) & REGEL.str.ends_with(protocol.scheidingsteken)


def aantal_kolommen(protocol: Protocol) -> pl.Expr:
    """Too few or too many semicolons."""
    return AANTAL.ne(len(protocol.kolommen) - 1)


REGELREGELS: dict[str, Callable[[Protocol], pl.Expr]] = {
    "regel-te-lang": te_lang,
    "lege-regel": leeg,
    "aanhalingstekens": aanhalingstekens,
    "puntkomma-aan-eind": puntkomma_aan_eind,
    "aantal-kolommen": aantal_kolommen,
}


# --- rules on a field; the first that fits is told ------------------------------------------------


def stuurteken(veld: pl.Expr) -> pl.Expr:
    """A control character: C0, DEL or C1."""
    return veld.str.contains(_STUURTEKEN)


def wetenschappelijke_notatie(veld: pl.Expr) -> pl.Expr:
    """A number as Excel shortens it: 2,01804E+11, with or without a space."""
    return veld.str.contains(_WETENSCHAPPELIJK)


def ongeldig_teken(veld: pl.Expr) -> pl.Expr:
    """Anything but the digits 0 to 9."""
    return veld.str.contains("[^0-9]")


VELDREGELS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "stuurteken": stuurteken,
    "wetenschappelijke-notatie": wetenschappelijke_notatie,
    "ongeldig-teken": ongeldig_teken,
}


# --- what the rules are applied to ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Structuur:
    """The second step for one protocol, ready to be applied to block after block."""

    protocol: Protocol
    cijfers: pl.Expr
    schoon: pl.Expr
    regelgroepen: tuple[Groep, ...]
    veldgroepen: tuple[Groep, ...]
    zonder_kolommen: tuple[Groep, ...]

    @classmethod
    def van(cls, protocol: Protocol) -> Structuur:
        """Make the rules of a protocol into expressions."""
        rij = [
            _toets(protocol, code, REGELREGELS[code](protocol))
            for code in protocol.regels
            if code in REGELREGELS
        ]
        # A control character on a line that is not divided into fields belongs to no column.
        lang = te_lang(protocol)
        los = _toets(protocol, "stuurteken", stuurteken(REGEL) & ~lang)
        # Of SBO and JEUGD the separator is not known: a tab may be it.
        vorm = [
            _toets(protocol, "regel-te-lang", lang),
            replace(los, raak=REGEL.str.contains(_GEEN_TEKST)),
        ]
        velden: dict[int, list[Toets]] = {}
        for code in protocol.regels:
            for kolom, ernst in protocol.kolommen_van(code) if code in VELDREGELS else ():
                raak = VELDREGELS[code](pl.col(kolom.naam))
                toets = Toets(code, kolom.nummer, ernst, raak, protocol.tekst(code, kolom))
                velden.setdefault(kolom.nummer, []).append(toets)
        return cls(
            protocol, _cijfers(protocol), _schoon(protocol), (rij, [los]),
            tuple(velden.values()), (vorm,),
        )  # fmt: skip

    def met_tekens(self, regels: pl.DataFrame) -> pl.DataFrame:
        """Give the lines (columns ``regel``, ``l``) that are not digits and semicolons alone."""
        return regels.filter(~self.cijfers)

    def delen(self, regels: pl.DataFrame) -> list[tuple[pl.DataFrame, tuple[Groep, ...]]]:
        """Give what is to be judged of such lines: nothing, mostly."""
        vuil = regels.filter(~self.schoon)
        if not vuil.height:
            return []
        teken = self.protocol.scheidingsteken
        vuil = vuil.with_columns(REGEL.str.count_matches(teken, literal=True).alias("n"))
        fout = pl.any_horizontal(toets.raak for toets in self.regelgroepen[0])
        in_velden = gesplitst(vuil.filter(~fout), self.protocol)
        return [(vuil.filter(fout), self.regelgroepen), (in_velden, self.veldgroepen)]


def gesplitst(regels: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """Give lines as rows: ``regel`` and a column of text for each column of the protocol."""
    namen = [kolom.naam for kolom in protocol.kolommen]
    velden = REGEL.str.split_exact(protocol.scheidingsteken, len(namen) - 1)
    return regels.select(pl.col("regel"), velden.struct.rename_fields(namen)).unnest("l")


def kop(eerste: str, protocol: Protocol) -> list[Bevinding]:
    """Judge the row of headings: how many it has; and whether it is one (domain 5, step 2)."""
    if len(eerste.encode()) > protocol.langste_regel:
        return [_op_kop(protocol, "regel-te-lang")]
    velden = eerste.split(protocol.scheidingsteken)
    found = []
    heel = len(velden) == len(protocol.kolommen)
    if not heel:
        found.append(_op_kop(protocol, "kop-kolommen", kolommen=len(velden)))
    elif _lijkt_gegevens(velden, protocol):
        found.append(_op_kop(protocol, "geen-kopregel"))
    for nummer, veld in enumerate(velden if heel else [eerste], 1):
        if any(_is_stuurteken(one) for one in veld):
            tekst = protocol.tekst("stuurteken")
            kolom = nummer if heel else None
            found.append(Bevinding(1, kolom, Ernst.FOUT, "stuurteken", tekst))
    return found


def _lijkt_gegevens(velden: list[str], protocol: Protocol) -> bool:
    """Whether a first line is a row: most of its basic fields are numbers or empty, three numbers.

    A number as Excel shortens it is one. A heading is a word, whatever number stands in it.
    """
    basis = [velden[one.nummer - 1] for one in protocol.kolommen if not one.facultatief]
    getallen = sum(bool(_GETAL.match(one)) for one in basis)
    return getallen >= _GETALLEN and 2 * (getallen + basis.count("")) > len(basis)


def geen_enter(regel: int, protocol: Protocol) -> Bevinding:
    """Say that the last line does not end with an Enter."""
    code = "geen-enter"
    return Bevinding(regel, None, _ernst(protocol, code), code, protocol.tekst(code))


def ander_scheidingsteken(eerste: bytes) -> str | None:
    """Name what divides the columns when the first line has no semicolon; None when none does."""
    if b";" in eerste:
        return None
    many = {teken: eerste.count(teken) for teken in _TEKENS}
    meest = max(many, key=lambda teken: many[teken])
    return _TEKENS[meest] if many[meest] else None


def _is_stuurteken(teken: str) -> bool:
    return ord(teken) < 0x20 or 0x7F <= ord(teken) < 0xA0


def _op_kop(protocol: Protocol, code: str, **more: object) -> Bevinding:
    return Bevinding(1, None, _ernst(protocol, code), code, protocol.tekst(code, None, **more))


def _toets(protocol: Protocol, code: str, raak: pl.Expr) -> Toets:
    return Toets(code, None, _ernst(protocol, code), raak, _tekst(protocol, code))


def _ernst(protocol: Protocol, code: str) -> Ernst:
    return protocol.regels[code].ernst or Ernst.FOUT


def _tekst(protocol: Protocol, code: str) -> str | pl.Expr:
    """What a finding on a line says; the number of columns differs from line to line."""
    merk = "\0"
    said = protocol.tekst(code, kolommen=merk)
    if merk not in said:
        return said
    return pl.format(said.replace("{", "").replace(merk, "{}"), AANTAL + 1)


def _cijfers(protocol: Protocol) -> pl.Expr:
    """The line that is nothing but digits, in the right number of columns: almost every one."""
    patroon = protocol.scheidingsteken.join(["[0-9]*"] * len(protocol.kolommen))
    return REGEL.str.contains(f"^{patroon}$") & (REGEL.str.len_bytes() <= protocol.langste_regel)


def _schoon(protocol: Protocol) -> pl.Expr:
    """The line that no rule of this step finds fault with."""
    cijfers = {kolom.id for kolom, _ in protocol.kolommen_van("ongeldig-teken")}

    def veld(kolom: Kolom) -> str:
        return "[0-9]*" if kolom.id in cijfers else f"[^{protocol.scheidingsteken}{_STUUR}]*"

    patroon = protocol.scheidingsteken.join(veld(kolom) for kolom in protocol.kolommen)
    return REGEL.str.contains(f"^{patroon}$") & (REGEL.str.len_bytes() <= protocol.langste_regel)
