# SPDX-License-Identifier: EUPL-1.2
"""A plan of faults: read, laid over the lines of a synthetic file, and what must come back of it.

A plan is a list by comma of ``soort[=variant][@regel][:kolom]`` or ``soort[:kolom]*aantal``: the
finding code, the physical line (the header is 1), the column, or how many on lines that follow from
the seed. One fault a line: what is found is then what was planted, no more and no less.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.cbs.model import Ernst
from gateway.cbs.voorbeeld import (
    KOPPEN,
    Opdracht,
    kopregel,
    rijen,
    standaardnaam,
    toeval,
)
from gateway.cbs.voorbeeld_fouten import ENIG, FOUTEN, LIJNEN, NAMEN, Fout, Plek, Rij
from gateway.errors import GatewayError

EINDE = "\r\n"
"""The Enter after each line, as a municipality's Windows writes it."""

_DEEL = re.compile(
    "(?P<soort>[a-z0-9-]+)(=(?P<variant>[a-z]+))?(@(?P<regel>[0-9]{1,12}))?"
    r"(:(?P<kolom>[0-9]{1,2}))?(\*(?P<aantal>[0-9]{1,9}))?"
)
_VARIANTEN = {"scheidingsteken": ("komma", "tab")}


@dataclass(frozen=True, slots=True)
class Geplant:
    """One fault at its place; ``regel`` None: the file or its name, ``kolom`` None: no column."""

    fout: Fout
    regel: int | None
    kolom: int | None


@dataclass(slots=True)
class Plan:
    """Where which fault is planted, and in what the file is written."""

    regels: dict[int, Geplant] = field(default_factory=dict)
    heel: dict[str, Geplant] = field(default_factory=dict)
    scheiding: str = ";"
    einde: str = EINDE

    @property
    def geplant(self) -> list[Geplant]:
        """All of them, in the order of a report."""
        found = [*self.heel.values(), *self.regels.values()]
        return sorted(found, key=lambda one: (one.regel or 0, one.kolom or 0, one.fout.code))

    def naam(self, opdracht: Opdracht) -> str:
        """The file's name, with the fault that was planted in it."""
        for one in self.geplant:
            if one.fout.plek is Plek.NAAM:
                uitvraag = opdracht.uitvraag
                return NAMEN[one.fout.code].format(
                    code=uitvraag.code, jaar=uitvraag.jaar, half=uitvraag.half
                )
        return standaardnaam(opdracht.uitvraag)

    def verwacht(self) -> tuple[int | None, list[Geplant], list[Geplant]]:
        """The step at which the check ends, what it finds, and what it does not come to see.

        The first step with a ``fout`` decides (aanleverprotocol 2.5, step 3a); a signal of a step
        that was passed is told all the same.
        """
        stap = min((one.fout.stap for one in self.geplant if _fout(one)), default=None)
        alone = stap == 2 and any(code in ENIG for code in self.heel)
        seen: list[Geplant] = []
        hidden: list[Geplant] = []
        for one in self.geplant:
            covered = alone and one.fout.code not in {*ENIG, "byte-order-mark"}
            reached = stap is None or one.fout.stap <= stap
            (seen if reached and not covered else hidden).append(one)
        return stap, seen, hidden


def _fout(one: Geplant) -> bool:
    return one.fout.ernst is Ernst.FOUT


def lees(tekst: str, opdracht: Opdracht) -> Plan:
    """Read a plan; :class:`GatewayError` says which part of it cannot be, and why."""
    plan = Plan()
    parts = [part.strip() for part in tekst.split(",") if part.strip()]
    asked = [_deel(number, part) for number, part in enumerate(parts, 1)]
    # Those with a place of their own first: chance takes from what is left.
    for deel in sorted(asked, key=lambda one: one.is_vrij):
        if deel.is_vrij:
            for regel in _lijnen(deel, plan, opdracht):
                plan.regels[regel] = Geplant(deel.fout, regel, deel.kolom)
        else:
            _leg(deel, plan, opdracht)
    return plan


@dataclass(frozen=True, slots=True)
class _Deel:
    """One part of a plan as it was typed."""

    number: int
    tekst: str
    fout: Fout
    regel: int | None
    kolom: int | None
    variant: str
    aantal: int

    @property
    def is_vrij(self) -> bool:
        """Whether it can be on any row: no place was named, and it has none of its own."""
        return self.fout.plek is Plek.RIJ and self.regel is None

    def weiger(self, why: str, hint: str = "") -> GatewayError:
        return _weiger(self.number, self.tekst, why, hint)


def _weiger(number: int, tekst: str, why: str, hint: str = "") -> GatewayError:
    return GatewayError(f"--fouten: part {number}, {tekst!r}: {why}", hint=hint)


def soorten() -> list[str]:
    """Give the codes that can be planted, each once, in the order of the check."""
    return list(dict.fromkeys(one.code for one in FOUTEN))


def _deel(number: int, tekst: str) -> _Deel:
    found = _DEEL.fullmatch(tekst)
    kinds = "the kinds are: " + ", ".join(soorten())
    if found is None:
        raise _weiger(number, tekst, "not of the form kind@line:column or kind*number", kinds)
    same = [one for one in FOUTEN if one.code == found["soort"]]
    if not same:
        near = difflib.get_close_matches(found["soort"], soorten(), n=1)
        meant = f" (perhaps {near[0]})" if near else ""
        raise _weiger(number, tekst, f"there is no kind {found['soort']}{meant}", kinds)
    if found["aantal"] and found["regel"]:
        raise _weiger(number, tekst, "a line and a number: one of the two", kinds)
    kolom = int(found["kolom"]) if found["kolom"] else None
    fits = [one for one in same if kolom is None or kolom in one.kolommen]
    if not fits:
        columns = sorted({kolom for one in same for kolom in one.kolommen})
        can = f"it can be in {', '.join(map(str, columns))}" if columns else "it is in no column"
        raise _weiger(number, tekst, f"{found['soort']} is never in column {kolom}", can)
    fout = fits[0]
    deel = _Deel(
        number, tekst, fout, int(found["regel"]) if found["regel"] else None,
        kolom or (fout.kolommen[0] if fout.kolommen else None), found["variant"] or "",
        int(found["aantal"] or 1),
    )  # fmt: skip
    known = _VARIANTEN.get(fout.code, ())
    if deel.variant and deel.variant not in known:
        said = f"{fout.code} is {' or '.join(known)}" if known else f"{fout.code} has none"
        raise deel.weiger(f"there is no variant {deel.variant}", said)
    if deel.aantal != 1 and fout.plek is not Plek.RIJ:
        raise deel.weiger(f"{fout.code} is of {fout.plek}: it is there once, or not")
    return deel


def _leg(deel: _Deel, plan: Plan, opdracht: Opdracht) -> None:
    """Put one fault at the one place where it can be, or that was named."""
    fout, last = deel.fout, opdracht.rijen + 1
    if fout.plek in (Plek.NAAM, Plek.BESTAND):
        _leg_heel(deel, plan)
        return
    regel = {Plek.KOP: 1, Plek.EIND: last}.get(fout.plek, deel.regel or last)
    if deel.regel not in (None, regel):
        raise deel.weiger(f"{fout.code} is on line {regel} in a file of {last} lines")
    first = _eerste(deel)
    if fout.plek is Plek.RIJ and not first <= regel <= last:
        why = "the others are compared with line 2" if regel == 2 else "line 1 is the header"
        raise deel.weiger(f"line {regel} cannot be: the rows are lines {first} to {last}", why)
    if regel in plan.regels:
        raise deel.weiger(
            f"line {regel} has {plan.regels[regel].fout.code} already",
            "one fault a line, or one would hide the other",
        )
    plan.regels[regel] = Geplant(fout, regel, deel.kolom)


def _leg_heel(deel: _Deel, plan: Plan) -> None:
    """Put a fault in the file as a whole, or in its name."""
    fout = deel.fout
    if deel.regel is not None:
        raise deel.weiger(f"{fout.code} is of {fout.plek}, and on no line")
    for other in plan.heel.values():
        alone = fout.code in ENIG and other.fout.code in ENIG
        marks = {fout.code, other.fout.code} == {"byte-order-mark", "codering-utf16"}
        names = fout.plek is Plek.NAAM and other.fout.plek is Plek.NAAM
        if alone or marks or names or fout.code == other.fout.code:
            raise deel.weiger(f"a file cannot show it beside {other.fout.code}")
    plan.heel[fout.code] = Geplant(fout, None, None)
    if fout.code == "scheidingsteken":
        plan.scheiding = "\t" if deel.variant == "tab" else ","
    if fout.code == "regeleinden-mac":
        plan.einde = "\r"


def _eerste(deel: _Deel) -> int:
    """The first line that it can be on: with line 2 the others are compared (step 3, k1 and k2)."""
    return 3 if deel.fout.stap == 3 and deel.kolom in (1, 2) else 2


def _lijnen(deel: _Deel, plan: Plan, opdracht: Opdracht) -> Iterator[int]:
    """Choose lines that are free, each with the same chance, in order; by the seed and the part."""
    r = toeval(opdracht.seed, deel.fout.code, deel.kolom, opdracht.rijen)
    lines = range(_eerste(deel), opdracht.rijen + 2)
    free = len(lines) - sum(regel in lines for regel in plan.regels)
    if deel.aantal > free:
        said = "one fault a line: ask for fewer, or make more rows with --rijen"
        raise deel.weiger(f"only {free} lines are free for it", said)
    wanted = deel.aantal
    for regel in lines:
        if wanted and regel not in plan.regels:
            if r() * free < wanted:
                wanted -= 1
                yield regel
            free -= 1


def regels(opdracht: Opdracht, plan: Plan) -> Iterator[str]:
    """Give the lines of the file, each with its end, faults and all; no line is kept."""
    einde, scheiding = plan.einde, plan.scheiding
    mark = "\udc81" if "codering-onleesbaar" in plan.heel else ""
    kop = mark + _kop(opdracht, plan)
    yield (kop if scheiding == ";" else kop.replace(";", scheiding)) + einde
    if "bestand-leeg" in plan.heel:
        return
    planted = plan.regels
    for regel, rij in enumerate(rijen(opdracht), 2):
        one = planted.get(regel)
        line = scheiding.join(rij) + einde if one is None else _fout_regel(one, rij, opdracht, plan)
        yield line


def _kop(opdracht: Opdracht, plan: Plan) -> str:
    one = plan.regels.get(1)
    if one is None:
        return kopregel()
    if one.fout.code == "geen-kopregel":
        return ";".join(next(rijen(opdracht)))
    return LIJNEN[one.fout.code](list(KOPPEN))


def _fout_regel(one: Geplant, velden: list[str], opdracht: Opdracht, plan: Plan) -> str:
    code = one.fout.code
    if code == "geen-enter":
        return plan.scheiding.join(velden)
    if one.fout.maak is not None and one.kolom is not None:
        rij = Rij(velden, opdracht.uitvraag)
        one.fout.maak(rij, one.kolom)
        line = rij.tekst()
    else:
        line = LIJNEN[code](velden)
    return line.replace(";", plan.scheiding) + plan.einde
