# SPDX-License-Identifier: EUPL-1.2
"""Half-years and windows: what a delivery is about, and whether it comes in its time.

Days are days in the Netherlands, whatever zone a clock is in: a window that ends on 20 February
ends at midnight in Amsterdam. A window never makes a delivery invalid by itself; the exchange's
``vensters`` setting says what follows (domain 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.errors import GatewayError

NEDERLAND = ZoneInfo("Europe/Amsterdam")

_MAANDEN = ["januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus"]
_MAANDEN += ["september", "oktober", "november", "december"]


@dataclass(frozen=True, slots=True, order=True)
class Uitvraag:
    """The half-year that a delivery is about; in order of time."""

    jaar: int
    half: int

    @classmethod
    def lees(cls, code: str) -> Uitvraag | None:
        """Read a code such as ``H22025``, in either letter case; None when it is not one.

        Source: aanleverprotocol 2.2 and 3.1.
        """
        found = re.fullmatch("[Hh]([12])([1-9][0-9]{3})", code)
        return cls(int(found[2]), int(found[1])) if found else None

    @property
    def code(self) -> str:
        """The code as CBS writes it."""
        return f"H{self.half}{self.jaar:04d}"

    @property
    def eerste_dag(self) -> date:
        """1 January or 1 July."""
        return date(self.jaar, 1 if self.half == 1 else 7, 1)

    @property
    def laatste_dag(self) -> date:
        """30 June or 31 December."""
        return date(self.jaar, 6, 30) if self.half == 1 else date(self.jaar, 12, 31)

    @property
    def vorige(self) -> Uitvraag:
        """The half-year before: at most that one is handed in beside the current (domain 2.8)."""
        return Uitvraag(self.jaar - 1, 2) if self.half == 1 else Uitvraag(self.jaar, 1)

    def bevat(self, day: date) -> bool:
        """Tell whether a day lies in the half-year."""
        return self.eerste_dag <= day <= self.laatste_dag


class Tijdvak(Protocol):
    """What is asked of a window here; ``config.Venster`` is one. ``tot`` None: not announced."""

    @property
    def uitvraag(self) -> str:
        """The code of the half-year that is handed in."""

    @property
    def van(self) -> date:
        """The first day."""

    @property
    def tot(self) -> date | None:
        """The last day."""


class Stand(StrEnum):
    """How a delivery stands to its windows."""

    OPEN = "open"
    TE_VROEG = "te vroeg"
    TE_LAAT = "te laat"
    GEEN_VENSTER = "geen venster bekend"
    ONBEKEND = "onbekende uitvraag"


@dataclass(frozen=True, slots=True)
class Oordeel:
    """The window status of a delivery.

    ``datum``: open: the last day, if announced; te vroeg: the first day on which it is open;
    te laat: the first day on which it was too late. ``zin`` is a Dutch sentence for a receipt.
    """

    stand: Stand
    datum: date | None
    zin: str

    @property
    def open(self) -> bool:
        """Whether the delivery came inside a window."""
        return self.stand is Stand.OPEN


def dag_van(moment: datetime) -> date:
    """Give the day in the Netherlands of a moment; ``ValueError`` when it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone has no day")
    return moment.astimezone(NEDERLAND).date()


def moment_of(text: str, option: str) -> datetime:
    """A time or day as a person types it after an option (ISO 8601); Dutch without a zone.

    Raises :class:`GatewayError` for anything else.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise GatewayError(
            f"{option} {text}: not a time", hint="write it as 2026-02-02 or 2026-02-02T09:30"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=NEDERLAND)


def klok_of(text: str, option: str, *, end: bool = False) -> int:
    """The same in ms since 1970; with ``end`` a bare day means the midnight after it."""
    found = moment_of(text, option)
    if end and len(text) <= len("2026-02-02"):
        found += timedelta(days=1)
    return int(found.timestamp() * 1000)


def rfc3339(moment: datetime) -> str:
    """Write a moment with its Dutch zone; right in the hour that occurs twice, too."""
    return moment.astimezone(NEDERLAND).isoformat(timespec="milliseconds")


def dutch(moment: str) -> str:
    """Write a moment of a JSON output as people read it: Dutch time, with its zone, in seconds."""
    return f"{datetime.fromisoformat(moment).astimezone(NEDERLAND):%Y-%m-%d %H:%M:%S %Z}"


def voluit(day: date) -> str:
    """Write a day as people do: ``20 februari 2026``."""
    return f"{day.day} {_MAANDEN[day.month - 1]} {day.year}"


def binnen(venster: Tijdvak, day: date) -> bool:
    """Tell whether a day lies in a window; its first and last day do."""
    return venster.van <= day and (venster.tot is None or day <= venster.tot)


def beoordeel(vensters: Iterable[Tijdvak], uitvraag: str, day: date) -> Oordeel:
    """Judge a delivery over ``uitvraag`` on ``day`` by the windows that count for its exchange.

    Between two windows it is too late, and the sentence names the next one (domain 3).
    """
    asked = Uitvraag.lees(uitvraag)
    if asked is None:
        zin = "De bestandsnaam noemt geen uitvraag (zoals H22025), dus ook geen aanleverperiode."
        return Oordeel(Stand.ONBEKEND, None, zin)
    code = asked.code
    ours = sorted((one for one in vensters if one.uitvraag == code), key=lambda one: one.van)
    if not ours:
        return Oordeel(Stand.GEEN_VENSTER, None, f"Voor {code} is geen periode bekend.")
    now = [one for one in ours if binnen(one, day)]
    if now:
        ends = [one.tot for one in now if one.tot is not None]
        if len(ends) < len(now):
            zin = f"De periode voor {code} is open; de laatste dag is nog niet bekend."
            return Oordeel(Stand.OPEN, None, zin)
        zin = f"De periode voor {code} is open tot en met {voluit(max(ends))}."
        return Oordeel(Stand.OPEN, max(ends), zin)
    return _gesloten(ours, code, day)


def _gesloten(ours: list[Tijdvak], code: str, day: date) -> Oordeel:
    came = f"dit bestand kwam op {voluit(day)}"
    ended = [one.tot for one in ours if one.tot is not None and one.tot < day]
    coming = [one.van for one in ours if one.van > day]
    if not ended:
        zin = f"De periode voor {code} begint op {voluit(coming[0])}; {came}."
        return Oordeel(Stand.TE_VROEG, coming[0], zin)
    zin = f"De periode voor {code} eindigde op {voluit(max(ended))}; {came}."
    if coming:
        zin += f" De volgende periode begint op {voluit(coming[0])}."
    return Oordeel(Stand.TE_LAAT, max(ended) + timedelta(days=1), zin)
