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
from gateway.cbs.staat import Rij, tekst
from gateway.cbs.werkplek import Werkplek
from gateway.config import Uitwisseling
from gateway.periods import dag_van

TERZIJDE = "terzijde"
"""The folder in the archive of what nobody can be answered about."""

_ONBEKEND = "nothing tells whose it is: no metagegevens, and no municipality in its name"


class Inname:
    """The first two steps of the counterpart."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek
        self._bewijzen = Bewijzen(plek)
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
                row = self._rij(one, exchange, bezet)
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
        """RINIS puts whole files there; others may not. Metagegevens give the size."""
        size = omvang_volgens(one.record)
        if size is not None:
            return size == one.omvang
        quiet = timedelta(milliseconds=self._plek.config.technisch.rusttijd_ms)
        still = self._plek.klok.klok() / 1000 - one.mtime_ns / 1e9 >= quiet.total_seconds()
        return still and not self._plek.mappen.heeft_schrijver(one)

    def _rij(self, one: Gevonden, exchange: Uitwisseling, bezet: set[str]) -> Rij:
        nu = self._plek.nu
        from_whom = herkomst(one.naam, one.record, exchange, nu)
        reden = "" if from_whom.afzender else _ONBEKEND
        return {
            "toestand": "gezien", "reden": reden, "rinis_code": one.rinis_code,
            "uitwisseling": exchange.id, "naam": one.naam, "ino": one.ino,
            "archief": self._archief(one, from_whom, bezet), "gezien_op": tekst(nu),
            "referentienummer": from_whom.referentienummer, "metagegevens": one.record,
            "afzender": from_whom.afzender, "origineel": from_whom.origineel,
            "uitvraag": from_whom.uitvraag, "volgnummer": from_whom.volgnummer,
            "upload": tekst(from_whom.upload), "sha256": from_whom.sha256,
        }  # fmt: skip

    def _archief(self, one: Gevonden, from_whom: Herkomst, bezet: set[str]) -> str:
        below = str(dag_van(from_whom.upload).year) if from_whom.afzender else TERZIJDE
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
                    values = self._nu_is_het(row) if ours else {"toestand": "weg"}
                    plek.staat.wijzig("levering", row["nummer"], hapert="", **values)
                    if values["toestand"] == "genomen":
                        self._bewijzen.plan(row)
        return bool(moved)

    def _elders(self, row: Rij) -> None:
        plek, below = self._plek, row["archief"].partition("/")[0]
        free = plek.mappen.vrije_naam(row["rinis_code"], below, row["naam"], bezet=set())
        with plek.staat.stap():
            plek.staat.wijzig("levering", row["nummer"], archief=free)

    def _nu_is_het(self, row: Rij) -> dict[str, str]:
        """What a file is now that it is ours: to be checked, a repeat, or set aside."""
        if row["reden"]:
            self._plek.zeg(f"{row['naam']} is set aside: {row['reden']}")
            return {"toestand": "terzijde"}
        number = row["referentienummer"]
        before = self._plek.staat.genomen_als(number) if number else None
        if before is None:
            return {"toestand": "genomen"}
        if before["sha256"] == row["sha256"]:
            return {"toestand": "herhaling", "reden": f"came before, as {before['naam']}"}
        said = f"it has the referentienummer of {before['naam']}, and other bytes"
        self._plek.zeg(f"{row['naam']} is set aside: {said}")
        return {"toestand": "terzijde", "reden": said}
