# SPDX-License-Identifier: EUPL-1.2
"""What every step of the counterpart works with: its state, folders, clock and configuration."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.cbs.mappen import Mappen
from gateway.cbs.ontvangst import BESLUIT, SOORTEN
from gateway.cbs.staat import Rij, Staat
from gateway.config import Config, Uitwisseling, Venster
from gateway.moment import Clock

ONTVANGER = "cbs"
"""The receiver whose part is played: an id of ``ontvangers``, and the name of its folders."""

MAX_POGINGEN = 5
"""So often a file is checked, or an answer drawn up, before it is set aside: a process that ended
in the middle counts, since what brings it down would do so for ever."""


def postbussen(config: Config) -> dict[str, Uitwisseling]:
    """The inboxes that the counterpart looks in, by RINIS code."""
    known = (config.uitwisselingen.get(one) for one in (*SOORTEN, BESLUIT))
    return {
        one.rinis_code: one
        for one in known
        if one is not None and one.richting == "heen" and one.ontvanger == ONTVANGER
    }


@dataclass(slots=True)
class Werkplek:
    """One counterpart's means. ``zeg`` gets what a person should know, a sentence at a time.

    ``bevindingen`` is the folder of its state where the full list of findings of each file lies.
    """

    staat: Staat
    mappen: Mappen
    klok: Clock
    config: Config
    bevindingen: str
    zeg: Callable[[str], None]
    staatmap: str = ""
    """The chain's state: its own key lies there (``keys/zegel-cbs``); it reads no other."""

    def hapert(self, tabel: str, row: Rij, said: str) -> None:
        """Remember why something cannot go on now, and say it once; empty: it goes on."""
        if row["hapert"] == said:
            return
        with self.staat.stap():
            self.staat.wijzig(tabel, row["nummer"], hapert=said)
        if said:
            self.zeg(f"{row['naam']}: {said}; it is tried again")

    def fout(self, row: Rij, error: Exception) -> None:
        """Say where our own code failed; not what on: a message may hold what is in the file."""
        at = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(at.filename)}:{at.lineno}"
        self.zeg(f"{row['naam']}: a fault of ours ({type(error).__name__} in {where})")

    @property
    def nu(self) -> datetime:
        """The chain's time."""
        return self.klok.nu()

    @property
    def postbussen(self) -> dict[str, Uitwisseling]:
        """The inboxes that it looks in, by RINIS code: GMSD's data and decisions, no others."""
        return postbussen(self.config)

    @property
    def vensters(self) -> list[Venster]:
        """Every window of every uitvraag."""
        return [one for rows in self.config.vensters.values() for one in rows]
