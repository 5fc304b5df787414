# SPDX-License-Identifier: EUPL-1.2
"""The counterpart at work: opens its state, goes round until nothing is due, closes.

Each round takes what lies in its inboxes, checks one file, and sends what is due; every step is
committed before the next (``inname.py``, ``toets.py``, ``verzending.py``). A crash anywhere: the
next start goes on from the last commit, by the same code. There is no other recovery.

The order of checks is that of upload. A file is checked only after a look at all inboxes that found
nothing new: what RINIS delivered before it is then there too.

What this does not protect against: RINIS acting on a rename of ours that a power failure then undid
gets the same answer, under the same name, again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from gateway import durable, screens
from gateway.cbs.inname import Inname
from gateway.cbs.lijn import GESTOPT, Afloop
from gateway.cbs.mappen import Mappen
from gateway.cbs.ontvangst import liggend
from gateway.cbs.planning import Planning
from gateway.cbs.staat import DATABASE, Rij, Staat, moment_van
from gateway.cbs.toets import Toets
from gateway.cbs.verzending import WACHT_SECONDS, Verzending
from gateway.cbs.werkplek import ONTVANGER, Werkplek
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.location import Location, read_config
from gateway.moment import Clock, monotonic, pause
from gateway.names import toonbaar
from gateway.owner import must_own
from gateway.watch import ConfigChanges

MAP = "cbs"
"""The folder of its own state, in that of the chain."""

_KLOK = "nu_offset_ms"


class Tegenpartij:
    """The simulated CBS on one state directory. Use as a context manager.

    Raises :class:`GatewayError` when another holds its lock, or its state cannot be used.
    ``zeg`` gets what a person should know. ``quiet_ms``: another quiet time, for tests.
    """

    def __init__(
        self,
        location: Location,
        klok: Clock | None = None,
        zeg: Callable[[str], None] = lambda _: None,
        *,
        quiet_ms: int | None = None,
    ) -> None:
        state = os.path.join(location.state, MAP)
        self._location, self._quiet_ms = location, quiet_ms
        self._file = ConfigChanges(location.config_path)
        config = self._config()
        must_own(location.state)
        durable.make_dir(state, 0o700)
        self._lock = durable.lock(
            os.path.join(state, "lock"),
            "another simulated CBS is running on this state",
            "a gateway with `--stations ... cbs` has one of its own; stop one of the two",
        )
        try:
            staat = Staat(os.path.join(state, DATABASE))
        except GatewayError:
            os.close(self._lock)
            raise
        kept = timedelta(milliseconds=int(staat.meta(_KLOK) or 0))
        mappen = Mappen(location.root, ONTVANGER)
        findings = os.path.join(state, "bevindingen")
        self.plek = Werkplek(
            staat, mappen, klok or Clock(kept), config, findings,
            lambda zin: zeg(screens.name(toonbaar(zin))), location.state,
        )  # fmt: skip
        self.onthoud_klok()
        self._inname, self._toets = Inname(self.plek), Toets(self.plek)
        self._planning = Planning(self.plek)
        self._verzending = Verzending(self.plek)
        self._later: dict[int, float] = {}
        self._gezegd: set[tuple[str, str, str]] = set()
        self._herstel(state)

    def _herstel(self, state: str) -> None:
        folder = durable.open_dir(state)
        try:
            if durable.remove(folder, GESTOPT):
                with self.plek.staat.stap():
                    self.plek.staat.opnieuw_geteld()
        finally:
            os.close(folder)
        self._verzending.herstel()
        self._plan()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        """End: nothing is under way between two steps."""
        self.plek.staat.close()
        os.close(self._lock)

    # --- its clock and its rules ---

    def draai(self, offset: timedelta) -> None:
        """Let its clock run as the chain's does: so far from the machine's."""
        self.plek.klok = Clock(offset)
        self.onthoud_klok()

    def onthoud_klok(self) -> None:
        """Keep how far the clock runs from the machine's, for who looks at the state."""
        ahead = self.plek.nu - Clock().nu()
        kept = int(self.plek.staat.meta(_KLOK) or 0)
        new = round(ahead.total_seconds() * 1000)
        if abs(new - kept) >= 1000:
            with self.plek.staat.stap():
                self.plek.staat.zet(_KLOK, str(new))

    def _config(self) -> Config:
        config = read_config(self._location.config_path)
        if self._quiet_ms is None:
            return config
        quiet = config.technisch.model_copy(update={"rusttijd_ms": self._quiet_ms})
        return config.model_copy(update={"technisch": quiet})

    def herlees(self) -> None:
        """Go by the configuration as it is now; the old one stays when it cannot be used."""
        try:
            self.plek.config = self._config()
        except GatewayError as error:
            self.plek.zeg(f"config.yaml was changed, and cannot be used: {error.sentence}")
            return
        self._plan()

    def _plan(self) -> None:
        with self.plek.staat.stap():
            self._planning.agenda()
            self._planning.opnieuw()

    # --- going round ---

    def ronde(self) -> bool:
        """One round; whether something was done."""
        if self._file.seen():
            self.herlees()
        worked = self._verzending.verzend()
        new = self._inname.zie()
        worked = self._inname.neem() or new or worked
        if not new:
            worked = self._toets_een() or worked
        worked = self._verzending.stel_op() or worked
        worked = self._verzending.zet_klaar() or worked
        return self._verzending.verzend() or worked

    def _toets_een(self) -> bool:
        """Check the first file whose turn it is; one that a disk holds up holds up its sender's."""
        blocked: set[str] = set()
        for row in self.plek.staat.leveringen("genomen"):
            if row["afzender"] in blocked:
                continue
            if monotonic() < self._later.get(row["nummer"], 0.0):
                blocked.add(row["afzender"])
                continue
            try:
                self._toets.volgende(row)
            except OSError as error:
                self._schijf(row, error)
                return False
            except GatewayError:  # its own state cannot be written: only a restart goes on
                raise
            except Exception as error:  # noqa: BLE001  a fault of ours: tried again, then set aside
                self.plek.fout(row, error)
            return True
        return False

    def _schijf(self, row: Rij, error: OSError) -> None:
        """A disk is to blame, not the file: that was no try."""
        with self.plek.staat.stap():
            self.plek.staat.wijzig("levering", row["nummer"], pogingen=row["pogingen"])
        self._later[row["nummer"]] = monotonic() + WACHT_SECONDS
        self.plek.hapert("levering", row, f"cannot be checked: {error.strerror}")

    def afwikkelen(self, stop: Callable[[], bool] = lambda: False) -> Afloop:
        """Go round until nothing is due now; what is still being written gets one quiet time."""
        done = 0
        patience = monotonic() + self.plek.config.technisch.rusttijd_ms / 1000 + 0.2
        self.onthoud_klok()
        while not stop():
            if self.ronde():
                done += 1
            elif not self._inname.onaf or monotonic() >= patience:
                break
            else:
                pause(0.02)
        self._zeg_liggend()
        return Afloop(done, self.volgende())

    def _zeg_liggend(self) -> None:
        """Say once what lies in an inbox and is not taken."""
        for one in liggend(self.plek.mappen, self.plek.postbussen):
            if one not in self._gezegd:
                self._gezegd.add(one)
                self.plek.zeg(f"{one[1]}: {one[2]}")

    def volgende(self) -> datetime | None:
        """When the next answer is due; None when none is planned."""
        planned = self.plek.staat.antwoorden("gepland")
        return moment_van(planned[0]["op"]) if planned else None
