# SPDX-License-Identifier: EUPL-1.2
"""Planning answers: of which kind, by which exchange, under which name, due when.

All of it inside a step of the caller's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.cbs import antwoorden, cyclus, terzijde
from gateway.cbs.bewaard import controle_tekst
from gateway.cbs.cyclus import Gegevensset
from gateway.cbs.staat import Rij, moment_van, tekst
from gateway.cbs.terzijde import Terzijde
from gateway.cbs.werkplek import Werkplek


class Planning:
    """Plans the answers of one counterpart."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek

    def antwoord(
        self, row: Rij, soort: str, due: datetime, number: int | None = None,
        gegevens: Gegevensset | None = None, vrij: str = "",
    ) -> None:  # fmt: skip
        """Plan the answer to a delivery, for who handed it in."""
        in_zip = gegevens is not None and gegevens.in_zip
        exchanges = antwoorden.kandidaten(soort, row["uitwisseling"], in_zip=in_zip)
        where = antwoorden.adres(
            self._plek.config, exchanges, row["afzender"], row["uitvraag"], row["volgnummer"],
            vrij if in_zip else "",
        )  # fmt: skip
        own = f"{soort}/{row['nummer']}" + (f"/{number}" if number else "")
        self._bewaar(own, soort, where, row["afzender"], row["uitvraag"], due,
                     levering=row["nummer"], gegevensset=number)  # fmt: skip

    def terzijde(self, row: Rij, waarom: Terzijde) -> None:
        """Set a file aside, and plan to tell whoever handed it in, where that is known."""
        plek = self._plek
        plek.zeg(f"{row['naam']} is set aside: {waarom.reden}")
        plek.staat.wijzig(
            "levering", row["nummer"], toestand="terzijde", reden=waarom.reden, hapert="",
            controle=controle_tekst(terzijde.controle(waarom, row["origineel"])),
            gecontroleerd_op=tekst(plek.nu),
        )  # fmt: skip
        if row["afzender"]:
            due = cyclus.wanneer_terug(moment_van(row["upload"]), plek.nu, plek.config.cbs)
            self.antwoord(row, antwoorden.TECHNISCH, due)

    def agenda(self) -> None:
        """Plan what is sent on fixed days, for all that came."""
        plek = self._plek
        for one in cyclus.agenda(plek.staat.sets(), plek.vensters, plek.config.cbs):
            if plek.config.partij(one.gemeentecode) is None:
                continue  # delivered for by another; it has no inbox here
            where = antwoorden.adres(
                plek.config, antwoorden.kandidaten(one.soort, ""), one.gemeentecode, one.uitvraag,
                None,
            )  # fmt: skip
            self._bewaar(one.sleutel, one.soort, where, one.gemeentecode, one.uitvraag, one.moment)

    def opnieuw(self) -> None:
        """Go by the configuration as it is now: days that move, and answers that had no address."""
        for row in self._plek.staat.antwoorden("gepland", "mislukt"):
            if row["toestand"] == "mislukt":
                if not row["uitwisseling"]:
                    self._adresseer(row)
            elif row["levering"] is not None and row["soort"] != antwoorden.BEWIJS:
                self._verzet(row, self._plek.staat.levering(row["levering"]))

    def _verzet(self, row: Rij, levering: Rij) -> None:
        """An answer that is planned: due by the rules of now, from when it was checked."""
        plek, regels = self._plek, self._plek.config.cbs
        checked = moment_van(levering["gecontroleerd_op"])
        due = cyclus.wanneer_terug(moment_van(levering["upload"]), checked, regels)
        if row["soort"] == antwoorden.OP_ORDE:
            over = self._set(row)["uitvraag"]
            due = cyclus.wanneer_op_orde(due, over, plek.vensters, regels)
        if tekst(due) != row["op"]:
            plek.staat.wijzig("antwoord", row["nummer"], op=tekst(due))

    def _set(self, row: Rij) -> Rij:
        sets = self._plek.staat.rijen_van(row["levering"])
        return next(one for one in sets if one["nummer"] == row["gegevensset"])

    def _adresseer(self, row: Rij) -> None:
        """An answer that could not be addressed: perhaps it can now."""
        staat, over, number, vrij = self._plek.staat, "", None, ""
        if row["levering"] is not None:
            levering = staat.levering(row["levering"])
            over, number = levering["uitwisseling"], levering["volgnummer"]
        if row["gegevensset"] is not None and (one := self._set(row))["in_zip"]:
            vrij = f"{one['gemeentecode']}-{one['uitvraag']}-{one['plaats']:02d}"
        exchanges = antwoorden.kandidaten(row["soort"], over, in_zip=bool(vrij))
        where = antwoorden.adres(
            self._plek.config, exchanges, row["gemeentecode"], row["uitvraag"], number, vrij
        )
        if not where.reden:
            staat.wijzig(
                "antwoord", row["nummer"], toestand="gepland", reden="", naam=where.naam,
                uitwisseling=where.uitwisseling, rinis_code=where.rinis_code,
            )  # fmt: skip

    def _bewaar(
        self, sleutel: str, soort: str, where: antwoorden.Adres, gemeentecode: str, uitvraag: str,
        due: datetime, **more: Any,
    ) -> None:  # fmt: skip
        if where.reden:
            self._plek.zeg(f"{soort} for {gemeentecode} cannot be sent: {where.reden}")
        self._plek.staat.plan(
            sleutel=sleutel, soort=soort, uitwisseling=where.uitwisseling, naam=where.naam,
            rinis_code=where.rinis_code, gemeentecode=gemeentecode, uitvraag=uitvraag,
            op=tekst(due), reden=where.reden, toestand="mislukt" if where.reden else "gepland",
            **more,
        )  # fmt: skip
