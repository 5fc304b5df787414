# SPDX-License-Identifier: EUPL-1.2
"""Taking files out of the inbox: first it is written down that they will be, then they are moved.

A crash between the two finds the file in the inbox, or already in the archive, and goes on there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway import durable
from gateway.cbs.bewijzen import Bewijzen
from gateway.cbs.mappen import Gevonden
from gateway.cbs.ontvangst import Herkomst, herkomst, omvang_volgens
from gateway.cbs.planning import Planning
from gateway.cbs.staat import Rij, tekst
from gateway.cbs.terzijde import BIJ_REDEN, OMVANG, Terzijde, zelfde_nummer
from gateway.cbs.werkplek import Werkplek
from gateway.config import Uitwisseling
from gateway.errors import GatewayError
from gateway.periods import dag_van

TERZIJDE = "terzijde"
"""The folder in the archive of what was set aside before it was taken."""


class Inname:
    """The first two steps of the counterpart."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek
        self._bewijzen, self._planning = Bewijzen(plek), Planning(plek)
        self._mislukt: set[tuple[str, str, int]] = set()
        self.onaf = False
        """Whether something lies in an inbox that may still be written."""

    # --- seen ---

    def zie(self) -> bool:
        """Write down every whole file that lies in an inbox and was not written down yet."""
        plek, known = self._plek, self._al_gezien()
        self.onaf = False
        rows: list[dict[str, Any]] = []
        bezet: set[str] = set()
        for code, exchange in plek.postbussen.items():
            for one in plek.mappen.lijst(code):
                if (code, one.naam, one.ino) in known:
                    continue
                if not self._is_heel(one):
                    self.onaf = True
                    continue
                row = self._gelezen(one, exchange, bezet)
                if row is None:
                    continue
                bezet.add(row["archief"])
                rows.append(row)
        if rows:
            with plek.staat.stap():
                for row in rows:
                    plek.staat.nieuw("levering", **row)
        return bool(rows)

    def _al_gezien(self) -> set[tuple[str, str, int]]:
        rows = self._plek.staat.leveringen("gezien")
        return {(row["rinis_code"], row["naam"], row["ino"]) for row in rows}

    def _is_heel(self, one: Gevonden) -> bool:
        """RINIS puts whole files there; others may not. Metagegevens give the size.

        What nobody writes any more is taken, whatever its size: else it would lie there for ever.
        """
        if omvang_volgens(one.record) == one.omvang:
            return True
        quiet = timedelta(milliseconds=self._plek.config.technisch.rusttijd_ms)
        still = self._plek.klok.klok() / 1000 - one.mtime_ns / 1e9 >= quiet.total_seconds()
        return still and not self._plek.mappen.heeft_schrijver(one)

    def _gelezen(self, one: Gevonden, exchange: Uitwisseling, bezet: set[str]) -> Rij | None:
        """What is written down of a file; None where our own code fails on it: it is left lying."""
        try:
            return self._rij(one, exchange, bezet)
        except (GatewayError, OSError):
            raise
        except Exception as error:  # noqa: BLE001  one file must not hold up all others
            if one[:3] not in self._mislukt:
                self._mislukt.add(one[:3])
                self._plek.fout({"naam": one.naam}, error)
            return None

    def _rij(self, one: Gevonden, exchange: Uitwisseling, bezet: set[str]) -> Rij:
        nu = self._plek.nu
        from_whom = herkomst(one.naam, one.record, exchange, nu)
        size = omvang_volgens(one.record)
        reden = from_whom.reden or (OMVANG if size not in (None, one.omvang) else None)
        return {
            "toestand": "gezien", "reden": reden.reden if reden else "",
            "rinis_code": one.rinis_code,
            "uitwisseling": exchange.id, "naam": one.naam, "ino": one.ino,
            "archief": self._archief(one, from_whom, reden, bezet), "gezien_op": tekst(nu),
            "referentienummer": from_whom.referentienummer, "metagegevens": one.record,
            "afzender": from_whom.afzender, "origineel": from_whom.origineel,
            "uitvraag": from_whom.uitvraag, "volgnummer": from_whom.volgnummer,
            "upload": tekst(from_whom.upload), "sha256": from_whom.sha256,
        }  # fmt: skip

    def _archief(
        self, one: Gevonden, from_whom: Herkomst, reden: Terzijde | None, bezet: set[str]
    ) -> str:
        below = TERZIJDE if reden else str(dag_van(from_whom.upload).year)
        return self._plek.mappen.vrije_naam(one.rinis_code, below, one.naam, bezet=bezet)

    # --- taken ---

    def neem(self) -> bool:
        """Move what was written down to the archive; then write down that it is ours."""
        plek = self._plek
        moved: list[tuple[Rij, bool]] = []
        for row in plek.staat.leveringen("gezien"):
            try:
                ours = plek.mappen.neem(
                    row["rinis_code"], row["naam"], row["ino"], row["archief"], row["metagegevens"]
                )
            except durable.Occupied:  # somebody put a file of that name in our archive since
                self._elders(row)
            except OSError as error:
                plek.hapert("levering", row, f"cannot be taken: {error.strerror}")
            else:
                moved.append((row, ours))
        if moved:
            if any(ours for _, ours in moved):
                plek.mappen.synchroniseer("in")
                plek.mappen.synchroniseer("archief")
            with plek.staat.stap():
                for row, ours in moved:
                    self._boek(row, ours=ours)
        return bool(moved)

    def _elders(self, row: Rij) -> None:
        plek, below = self._plek, row["archief"].partition("/")[0]
        free = plek.mappen.vrije_naam(row["rinis_code"], below, row["naam"], bezet=set())
        with plek.staat.stap():
            plek.staat.wijzig("levering", row["nummer"], archief=free)

    def _boek(self, row: Rij, *, ours: bool) -> None:
        """Write down what a file is now: to be checked, a repeat, set aside, or taken back."""
        staat, nummer = self._plek.staat, row["nummer"]
        waarom = self._waarom(row)
        if not ours:
            staat.wijzig("levering", nummer, hapert="", toestand="weg")
        elif waarom is not None:
            self._planning.terzijde(row, waarom)
        elif before := self._eerder(row):
            staat.wijzig("levering", nummer, hapert="", toestand="herhaling",
                         reden=f"came before, as {before['naam']}")  # fmt: skip
        else:
            staat.wijzig("levering", nummer, hapert="", toestand="genomen")
            self._bewijzen.plan(row)

    def _eerder(self, row: Rij) -> Rij | None:
        number = row["referentienummer"]
        return self._plek.staat.genomen_als(number) if number else None

    def _waarom(self, row: Rij) -> Terzijde | None:
        """Why a file is set aside; None when it is not."""
        if row["reden"]:
            return BIJ_REDEN[row["reden"]]
        before = self._eerder(row)
        if before is None or before["sha256"] == row["sha256"]:
            return None
        return zelfde_nummer(before["naam"])
