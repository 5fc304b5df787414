# SPDX-License-Identifier: EUPL-1.2
"""What a gateway and the counterpart beside it say to each other, over a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

GESTOPT = "gestopt"
"""A file in the counterpart's state: its gateway ended it in the middle of a step, being told to
stop. So that step is no try that failed."""


@dataclass(frozen=True, slots=True)
class Afloop:
    """What a run came to: how much was done, and when the next answer is due."""

    gedaan: int
    volgende: datetime | None


class Klok(NamedTuple):
    """To the counterpart: the chain's clock runs so far from the machine's."""

    ahead: timedelta


class Wikkel(NamedTuple):
    """To the counterpart: go round until nothing is due, then answer with this number."""

    nummer: int


class Gereed(NamedTuple):
    """From the counterpart: it has its state, and works."""


class Klaar(NamedTuple):
    """From the counterpart: that was done."""

    nummer: int
    afloop: Afloop


class Gezegd(NamedTuple):
    """From the counterpart: what a person should know."""

    zin: str


class Fout(NamedTuple):
    """From the counterpart: why it cannot work, and what to do."""

    zin: str
    hint: str
