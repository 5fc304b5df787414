# SPDX-License-Identifier: EUPL-1.2
"""Checking what was taken: its verdict, what it comes to in the cycle, and which answers it gets.

All of that is one transaction; the full list of findings is on disk before it, under a name of its
own, and a redo after a crash writes the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import envelopes
from gateway import durable
from gateway.cbs import antwoorden, besluiten, cyclus, rijen, terzijde
from gateway.cbs.besluiten import Besluit, Effect
from gateway.cbs.bewaard import controle_tekst
from gateway.cbs.cijfers import cijfers
from gateway.cbs.controle import controleer
from gateway.cbs.cyclus import Beoordeeld, Gegevensset, Uitkomst
from gateway.cbs.model import Controle
from gateway.cbs.ontvangst import BESLUIT
from gateway.cbs.planning import Planning
from gateway.cbs.staat import Rij, moment_van, tekst
from gateway.cbs.stand import laatste_besluit
from gateway.cbs.terzijde import Terzijde
from gateway.cbs.werkplek import MAX_POGINGEN, Werkplek
from gateway.periods import dag_van, voluit

MAX_BESLUIT = 1 << 20
"""Bytes of a decision that are read: its explanation is at most 4,000 characters."""

_BLIJFT_INGETROKKEN = (
    "De gegevens over dit halfjaar zijn ingetrokken, en dat blijft zo: een levering na de "
    "aanleverperiode maakt een besluit niet ongedaan."
)


@dataclass(frozen=True, slots=True)
class _Lid:
    """One checked file of a delivery, with what it comes to."""

    plaats: int
    gegevens: Gegevensset
    uitkomst: Uitkomst
    cijfers: str | None


class Toets:
    """The third step of the counterpart: one delivery at a time, in order of upload."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek
        self._planning = Planning(plek)

    def volgende(self, row: Rij) -> None:
        """Check one file. A process that ends in the middle of it has tried once."""
        plek = self._plek
        with plek.staat.stap():
            plek.staat.wijzig("levering", row["nummer"], pogingen=row["pogingen"] + 1)
        if row["pogingen"] >= MAX_POGINGEN:
            self._terzijde(row, terzijde.niet_geteld(MAX_POGINGEN))
            return
        digest, _ = plek.mappen.hash(row["rinis_code"], row["archief"])
        if row["sha256"] not in ("", digest):
            self._terzijde(row, terzijde.ANDER)
        elif row["uitwisseling"] == BESLUIT:
            self._besluit(row)
        else:
            self._gegevens(row)

    def _terzijde(self, row: Rij, waarom: Terzijde) -> None:
        with self._plek.staat.stap():
            self._planning.terzijde(row, waarom)

    def _pad(self, row: Rij) -> str:
        return self._plek.mappen.archief(row["rinis_code"], row["archief"])

    # --- data ---

    def _gegevens(self, row: Rij) -> None:
        plek = self._plek
        durable.make_dir(plek.bevindingen)
        upload, soort = moment_van(row["upload"]), row["uitwisseling"]
        found = controleer(
            self._pad(row), row["origineel"], dag=dag_van(upload), soort=soort,
            csv=os.path.join(plek.bevindingen, f"{row['nummer']}.csv"),
        )  # fmt: skip
        # The list goes into the answer, days later: it must be on the disk before the verdict is.
        folder = durable.open_dir(plek.bevindingen)
        try:
            durable.sync_filesystem(folder)
        finally:
            os.close(folder)
        leden = list(self._leden(row, found))
        terug = cyclus.wanneer_terug(upload, plek.nu, plek.config.cbs)
        with plek.staat.stap():
            plek.staat.wijzig(
                "levering", row["nummer"], toestand="gecontroleerd", hapert="",
                controle=controle_tekst(found), gecontroleerd_op=tekst(plek.nu),
            )  # fmt: skip
            numbers = [plek.staat.nieuw("gegevensset", **_rij(row, lid)) for lid in leden]
            self._planning.antwoord(row, antwoorden.TECHNISCH, terug)
            for number, lid in zip(numbers, leden, strict=True):
                if lid.uitkomst.aanvaard and soort == "wmo":
                    self._plan_op_orde(row, lid, number, terug)
            self._planning.agenda()
        plek.zeg(f"{row['naam']}: {found.oordeel}{self._zin(terug)}")

    def _leden(self, row: Rij, found: Controle) -> Iterator[_Lid]:
        """Each file of a delivery, those before it in its ZIP counted before it."""
        plek, upload = self._plek, moment_van(row["upload"])
        mandaten = plek.config.cbs.mandaten
        exchange = plek.config.uitwisselingen[row["uitwisseling"]]
        eerdere = plek.staat.sets()
        for plaats, one in enumerate(found.leden or (found,), 1):
            in_zip, own = bool(found.leden), one.gemeentecode or row["afzender"]
            ander = "" if own == row["afzender"] else own
            if in_zip and row["afzender"] in mandaten.get(own, ()):
                ander = ""
            # Nobody's: of a Wmo file that names no one municipality, or one without a mandate.
            niemand = in_zip and (
                bool(ander) or (row["uitwisseling"] == "wmo" and not one.gemeentecode)
            )
            gegevens = Gegevensset(
                0, row["uitwisseling"],
                "" if niemand else own if in_zip else row["afzender"],
                one.uitvraag or row["uitvraag"], upload, one.goedgekeurd, row["afzender"],
                in_zip=in_zip, ander=ander, levering=row["nummer"],
            )  # fmt: skip
            uitkomst = cyclus.beoordeel_set(
                gegevens, eerdere, plek.vensters, plek.config.cbs,
                afdwingen=exchange.vensters in ("afdwingen", "wachten"),
            )  # fmt: skip
            if uitkomst.aanvaard and self._ingetrokken(gegevens, eerdere):
                zinnen = (*uitkomst.opmerkingen, _BLIJFT_INGETROKKEN)
                uitkomst = replace(uitkomst, opmerkingen=zinnen)
            eerdere.append(Beoordeeld(gegevens, uitkomst.aanvaard, uitkomst.code))
            yield _Lid(plaats, gegevens, uitkomst, self._cijfers(row, one, gegevens, uitkomst))

    def _ingetrokken(self, gegevens: Gegevensset, eerdere: list[Beoordeeld]) -> bool:
        """Whether a decision withdrew what a newly accepted set would replace, and stands."""
        plek, code, over = self._plek, gegevens.gemeentecode, gegevens.uitvraag
        ours = [one for one in eerdere if one.aanvaard and
                (one.gegevens.soort, one.gegevens.gemeentecode, one.gegevens.uitvraag)
                == (gegevens.soort, code, over)]  # fmt: skip
        all_of_it = [*ours, Beoordeeld(gegevens, True, "goedgekeurd")]
        last = laatste_besluit(code, over, plek.staat.besluiten(), all_of_it, plek.vensters)
        return last is not None and last.gevolg.effect is Effect.NIET_PUBLICEREN

    def _cijfers(
        self, row: Rij, one: Controle, gegevens: Gegevensset, uitkomst: Uitkomst
    ) -> str | None:
        if not uitkomst.aanvaard or gegevens.soort != "wmo":
            return None
        uitvraag = gegevens.uitvraag
        lid = one.bestand if gegevens.in_zip else None
        return cijfers(rijen.stukken(self._pad(row), lid, uitvraag=uitvraag), uitvraag).to_json()

    def _plan_op_orde(self, row: Rij, lid: _Lid, number: int, terug: datetime) -> None:
        plek, gegevens = self._plek, lid.gegevens
        due = cyclus.wanneer_op_orde(terug, gegevens.uitvraag, plek.vensters, plek.config.cbs)
        vrij = f"{gegevens.gemeentecode}-{gegevens.uitvraag}-{lid.plaats:02d}"
        self._planning.antwoord(row, antwoorden.OP_ORDE, due, number, gegevens, vrij)

    # --- decisions ---

    def _besluit(self, row: Rij) -> None:
        plek = self._plek
        if os.path.getsize(self._pad(row)) > MAX_BESLUIT:
            self._terzijde(row, terzijde.BESLUIT_TE_GROOT)
            return
        with open(self._pad(row), "rb") as file:
            read = envelopes.read_besluit(file.read())
        if read is None or not (read.gemeentecode and read.uitvraag and read.omvang):
            self._terzijde(row, terzijde.GEEN_BESLUIT)
            return
        upload = moment_van(row["upload"])
        besluit = Besluit(row["nummer"], read.gemeentecode, read.uitvraag.upper(), read.besluit,
                          read.omvang, upload, row["afzender"])  # fmt: skip
        geleverd = any(
            one.aanvaard
            and (one.gegevens.moment, one.gegevens.levering) < (upload, row["nummer"])
            and one.gegevens.gemeentecode == besluit.gemeentecode
            and one.gegevens.uitvraag == besluit.uitvraag
            for one in plek.staat.sets()
        )  # fmt: skip
        gevolg = besluiten.beoordeel(
            besluit, plek.vensters, plek.config.cbs.opt_in_cycli, geleverd=geleverd,
            mandaat=self._mandaat(row, besluit),
        )  # fmt: skip
        terug = cyclus.wanneer_terug(upload, plek.nu, plek.config.cbs)
        with plek.staat.stap():
            plek.staat.wijzig("levering", row["nummer"], toestand="gecontroleerd", hapert="",
                              gecontroleerd_op=tekst(plek.nu))  # fmt: skip
            plek.staat.nieuw(
                "besluit", nummer=row["nummer"], gemeentecode=besluit.gemeentecode,
                uitvraag=besluit.uitvraag, besluit=besluit.besluit, omvang=besluit.omvang,
                moment=row["upload"], afzender=row["afzender"], toelichting=read.toelichting,
                geldig=gevolg.geldig, effect=gevolg.effect.value, code=gevolg.code, zin=gevolg.zin,
            )  # fmt: skip
            self._planning.antwoord(row, antwoorden.BEVESTIGING, terug)
        plek.zeg(f"{row['naam']}: {besluit.besluit}, {gevolg.code}{self._zin(terug)}")

    def _mandaat(self, row: Rij, besluit: Besluit) -> bool:
        """Whether another may decide for this municipality: by what CBS has, or GGk asked for."""
        config = self._plek.config
        aanlevering = config.aanlevering(config.uitwisselingen[row["uitwisseling"]])
        if aanlevering is not None and aanlevering.autorisatie == "verplicht":
            return True
        return besluit.afzender in config.cbs.mandaten.get(besluit.gemeentecode, ())

    # --- what is said ---

    def _zin(self, terug: datetime) -> str:
        """When the answer comes, where that is not at once."""
        if terug <= self._plek.nu:
            return ""
        return f"; answered on {voluit(dag_van(terug))} (knooppunt cbs status)"


def _rij(row: Rij, lid: _Lid) -> dict[str, Any]:
    gegevens, uitkomst = lid.gegevens, lid.uitkomst
    return {
        "levering": row["nummer"], "plaats": lid.plaats if gegevens.in_zip else 0,
        "soort": gegevens.soort, "gemeentecode": gegevens.gemeentecode,
        "uitvraag": gegevens.uitvraag, "moment": row["upload"],
        "goedgekeurd": gegevens.goedgekeurd, "afzender": gegevens.afzender,
        "in_zip": gegevens.in_zip, "aanvaard": uitkomst.aanvaard, "code": uitkomst.code,
        "hoeveelste": uitkomst.hoeveelste, "opmerkingen": json.dumps(uitkomst.opmerkingen),
        "cijfers": lid.cijfers,
    }  # fmt: skip
