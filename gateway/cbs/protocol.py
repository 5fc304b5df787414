# SPDX-License-Identifier: EUPL-1.2
"""What CBS checks, read from the tables in ``protocollen/``: columns, codes, severities, texts.

A table is named after the first uitvraag that it holds for. Next half-year's protocol is a new
table; Python is only needed for a rule that says something new.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from gateway.cbs.model import Ernst
from gateway.periods import Uitvraag


@dataclass(frozen=True, slots=True)
class Kolom:
    """A column of the file (aanleverprotocol 3.2.1).

    ``nummer`` counts from 1; ``posities`` is its length in characters; ``codes`` what it may hold,
    empty where that is no code list. ``begin``, ``beoogd`` and ``reserve`` are ids of other
    columns: the start that an end belongs to, the intended date of an actual one, the stand-in.
    """

    nummer: int
    id: str
    veld: str
    posities: int
    datum: bool = False
    facultatief: bool = False
    codelijst: str | None = None
    codes: tuple[str, ...] = ()
    begin: str | None = None
    beoogd: str | None = None
    reserve: str | None = None

    @property
    def naam(self) -> str:
        """The name of this column in a frame: ``k1`` to ``k18``."""
        return f"k{self.nummer}"


@dataclass(frozen=True, slots=True)
class Regel:
    """A rule of the table: its step, its source paragraph, what it asks, what a finding says.

    ``ernst`` is that of a finding on the file or on a line; ``per_kolom`` gives it by column id.
    """

    code: str
    stap: int
    bron: str
    eis: str
    tekst: str
    ernst: Ernst | None
    per_kolom: Mapping[str, Ernst]


@dataclass(frozen=True, slots=True)
class Soort:
    """A kind of file: how its name begins, and whether its columns are checked."""

    begin: str
    kolommen: bool


@dataclass(frozen=True, slots=True)
class Generiek:
    """What is advised for a generic allocation (aanleverprotocol 3.2.2, categorie 0088)."""

    type: str
    eenheid: str
    frequentie: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """One table. ``regels`` are by code, in the order of judgement."""

    uitvraag: Uitvraag
    titel: str
    scheidingsteken: str
    langste_regel: int
    bsn_onbekend: str
    verboden: str
    extensies: tuple[str, ...]
    soorten: Mapping[str, Soort]
    codelijsten: Mapping[str, Mapping[str, str]]
    kolommen: tuple[Kolom, ...]
    generiek: Generiek
    regels: Mapping[str, Regel]

    def kolom(self, wie: str) -> Kolom:
        """Give a column by its id."""
        return next(one for one in self.kolommen if one.id == wie)

    def kolommen_van(self, code: str) -> list[tuple[Kolom, Ernst]]:
        """Give the columns that a rule judges, in the order of the file, with the severity."""
        per = self.regels[code].per_kolom if code in self.regels else {}
        return [(one, per[one.id]) for one in self.kolommen if one.id in per]

    def tekst(self, code: str, kolom: Kolom | None = None, **more: object) -> str:
        """Give what a finding says, with the names of the columns filled in."""
        words: dict[str, object] = {
            "verwacht": len(self.kolommen),
            "langste_regel": self.langste_regel,
        }
        if kolom is not None:
            words |= {"veld": kolom.veld, "nummer": kolom.nummer, "posities": kolom.posities}
            words["codes"] = _reeks(kolom.codes)
            for name in ("begin", "beoogd", "reserve"):
                other = getattr(kolom, name)
                if other is not None:
                    words[name] = self.kolom(other).veld
        said = self.regels[code].tekst.format_map(words | more)
        return said[0].upper() + said[1:]


def voor(uitvraag: str | None, bekend: tuple[Protocol, ...] = ()) -> Protocol:
    """Give the newest protocol that is not after this uitvraag, of those that are known.

    One before the first that we know falls to the first; an unknown one (None) to the newest.
    """
    known = bekend or protocollen()
    asked = Uitvraag.lees(uitvraag) if uitvraag else None
    if asked is None:
        return known[-1]
    return next((one for one in reversed(known) if one.uitvraag <= asked), known[0])


@cache
def protocollen() -> tuple[Protocol, ...]:
    """Give every table, oldest first."""
    folder = resources.files("gateway.cbs").joinpath("protocollen")
    found = [lees(one.read_text("utf-8")) for one in folder.iterdir() if one.name.endswith(".toml")]
    return tuple(sorted(found, key=lambda one: one.uitvraag))


def lees(tekst: str) -> Protocol:
    """Read one table; ``ValueError`` or ``KeyError`` where it does not hold together."""
    data = tomllib.loads(tekst)
    uitvraag = Uitvraag.lees(data["uitvraag"])
    if uitvraag is None:
        raise ValueError(f"not an uitvraag: {data['uitvraag']}")
    lijsten = {
        name: MappingProxyType({str(code): str(means) for code, means in codes.items()})
        for name, codes in data["codelijst"].items()
    }
    kolommen = tuple(
        Kolom(nummer, codes=tuple(lijsten.get(one.get("codelijst"), ())), **one)
        for nummer, one in enumerate(data["kolom"], 1)
    )
    return Protocol(
        uitvraag,
        data["titel"],
        data["scheidingsteken"],
        data["langste_regel"],
        data["bsn_onbekend"],
        data["naam"]["verboden"],
        tuple(data["naam"]["extensies"]),
        MappingProxyType({name: Soort(**one) for name, one in data["soort"].items()}),
        MappingProxyType(lijsten),
        kolommen,
        Generiek(**data["generiek"]),
        MappingProxyType({one["code"]: _regel(one, kolommen) for one in data["regel"]}),
    )


def _regel(data: dict[str, Any], kolommen: tuple[Kolom, ...]) -> Regel:
    known = {one.id for one in kolommen}
    per: dict[str, Ernst] = {}
    for grave in Ernst:
        named = data.get(grave.value, [])
        per |= dict.fromkeys(known if named == "*" else named, grave)
    if not set(per) <= known:
        raise ValueError(f"{data['code']}: no such column: {sorted(set(per) - known)}")
    ernst = Ernst(data["ernst"]) if "ernst" in data else None
    return Regel(
        data["code"], data["stap"], data["bron"], data["eis"], data["tekst"], ernst,
        MappingProxyType(per),
    )  # fmt: skip


def _reeks(codes: tuple[str, ...]) -> str:
    """Write codes as people do, runs of numbers closed up: ``0001 t/m 0018, 0088``."""
    runs: list[list[str]] = []
    for code in codes:
        if runs and int(code) == int(runs[-1][-1]) + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    parts = [f"{run[0]} t/m {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs]
    return ", ".join(parts)
