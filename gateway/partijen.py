# SPDX-License-Identifier: EUPL-1.2
"""The Dutch municipalities since 2015: code, name and validity, by date (``data/README.md``)."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Gemeente:
    """A municipality of the CBS list. Compare on code, never on name.

    ``geldig_vanaf`` None: since before the list began; ``geldig_tot`` is exclusive, None: to date.
    ``opvolgers`` has several codes where a municipality was split.
    """

    code: str
    naam: str
    geldig_vanaf: date | None
    geldig_tot: date | None
    opvolgers: tuple[str, ...]
    provincie: str

    def geldig_op(self, day: date) -> bool:
        """Tell whether the code was in the CBS list on that day."""
        after = self.geldig_vanaf is None or self.geldig_vanaf <= day
        return after and (self.geldig_tot is None or day < self.geldig_tot)


@cache
def gemeenten() -> Mapping[str, Gemeente]:
    """Give all municipalities that existed on or after 1 January 2015, by code."""
    text = resources.files("gateway").joinpath("data/gemeenten.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter=";")
    return MappingProxyType({row["code"]: _gemeente(row) for row in rows})


def _gemeente(row: dict[str, str]) -> Gemeente:
    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    return Gemeente(
        row["code"],
        row["naam"],
        day(row["geldig_vanaf"]),
        day(row["geldig_tot"]),
        tuple(code for code in row["opvolger"].split("|") if code),
        row["provincie"],
    )


def opmerkingen(namen: Mapping[str, str], day: date) -> list[str]:
    """Say of parties (name by code) what the CBS list of that day says otherwise.

    No fault: who delivers over an old half-year does so under the code of then.
    """
    said = []
    for code, naam in namen.items():
        known = gemeenten().get(code)
        if known is None:
            continue
        if not known.geldig_op(day):
            said.append(f"{code} {known.naam} {_geldigheid(known, day)}")
        if naam and naam.casefold() != known.naam.casefold():
            said.append(f"{code} is called {known.naam!r} by CBS, and {naam!r} here")
    return said


def _geldigheid(one: Gemeente, day: date) -> str:
    if one.geldig_vanaf is not None and day < one.geldig_vanaf:
        return f"is a municipality only from {one.geldig_vanaf}"
    later = ", ".join(f"{code} {gemeenten()[code].naam}" for code in one.opvolgers)
    return f"is no municipality since {one.geldig_tot}" + (f"; it went on as {later}" * bool(later))


def dichtstbij(text: str) -> Gemeente | None:
    """Find the municipality that someone may have meant by a wrong code, or by a name."""
    known = gemeenten()
    if text.isdecimal():
        wanted = text.zfill(4)
        # A slip of one digit first, then the code that is next to it.
        code = min(
            known,
            key=lambda one: (
                sum(a != b for a, b in zip(one, wanted, strict=False)),
                abs(int(one) - int(wanted)),
            ),
        )
        return known[code]
    by_name = {one.naam.casefold(): one for one in known.values()}
    near = difflib.get_close_matches(text.casefold(), by_name, n=1, cutoff=0.7)
    return by_name[near[0]] if near else None
