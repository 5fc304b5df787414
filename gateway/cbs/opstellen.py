# SPDX-License-Identifier: EUPL-1.2
"""Drawing up an answer: from what the state holds to the input of a report, and its bytes.

What goes in is fixed when it is drawn up (``moment``, and in ``invoer`` the numbers of the sets and
decisions that it speaks of), so that a redo after a crash gives the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import date
from typing import Any

from gateway.cbs import antwoorden, rapport
from gateway.cbs import rapportmodel as r
from gateway.cbs.besluiten import OPT_OUT, Effect
from gateway.cbs.bewaard import controle_van
from gateway.cbs.bewijzen import Bewijzen
from gateway.cbs.cijfers import Cijfers
from gateway.cbs.lijst import Lijst, besluiten_van, naam_van, sets_van
from gateway.cbs.model import Controle
from gateway.cbs.ontvangst import BESLUIT
from gateway.cbs.staat import Rij, moment_van
from gateway.cbs.stand import Stand, overzicht
from gateway.cbs.werkplek import Werkplek
from gateway.config import Venster
from gateway.periods import binnen, dag_van, voluit

MAX_BIJLAGE = 8 << 20
"""Bytes of the list of findings inside a PDF: it must fit in a message of 25 MB, in base64."""

_KOPPEN = {
    "te-vaak": "Niet in behandeling: het aantal aanleveringen is op",
    "andere-gemeente": "Niet in behandeling: gegevens van een andere gemeente",
    "geen-mandaat": "Niet in behandeling: gegevens van een andere gemeente",
    "buiten-venster": "Niet in behandeling: buiten de aanleverperiode",
}


class Opstellen:
    """Draws up answers from one counterpart's state."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek
        self._bewijzen = Bewijzen(plek)

    # --- what goes in, fixed ---

    def invoer(self, row: Rij) -> str | None:
        """What an answer speaks of as things stand now, in one line of JSON.

        None for a receipt that cannot be sealed now, empty for one that never can. Raises OSError.
        """
        if row["soort"] == antwoorden.BEWIJS:
            return self._bewijzen.verzegel(row)
        soort, found, staat = row["soort"], dict[str, Any](), self._plek.staat
        if soort in (antwoorden.TECHNISCH, antwoorden.BEVESTIGING):
            pass  # the delivery, or the decision, that it answers: that changes no more
        elif soort == antwoorden.OP_ORDE:
            found = self._vergelijken(self._set(row))
        elif soort in (antwoorden.SPIEGEL_2, antwoorden.VERZOEK):
            newest = self._nieuwste(row["gemeentecode"], row["uitvraag"])
            found = {"set": newest["nummer"], **self._vergelijken(newest)} if newest else {}
        else:
            found = {
                "sets": [o.gegevens.nummer for o in sets_van(staat, row["gemeentecode"])],
                "besluiten": [o.besluit.nummer for o in besluiten_van(staat, row["gemeentecode"])],
            }
        return json.dumps(found)

    def _set(self, row: Rij) -> Rij:
        [found] = [
            one for one in self._plek.staat.rijen_van(row["levering"])
            if one["nummer"] == row["gegevensset"]
        ]  # fmt: skip
        return found

    def _nieuwste(self, gemeentecode: str, uitvraag: str) -> Rij | None:
        found = self._plek.staat.cijfers(uitvraag, gemeentecode)
        return found[-1] if found else None

    def _vergelijken(self, own: Rij) -> dict[str, Any]:
        """With what a set is compared: the newest accepted one of each half-year and of others.

        Of others only what will not be withheld: what was withdrawn is used for nothing.
        """
        same = self._plek.staat.cijfers(own["uitvraag"])
        others = {one["gemeentecode"]: one["nummer"] for one in same}
        others.pop(own["gemeentecode"], None)
        for code in self._niet_gebruikt(others, own["uitvraag"]):
            del others[code]
        earlier = {
            one["uitvraag"]: one["nummer"]
            for one in self._plek.staat.cijfers(gemeentecode=own["gemeentecode"])
            if one["uitvraag"] != own["uitvraag"]
        }
        return {"anderen": others, "eerdere": list(earlier.values())}

    def _niet_gebruikt(self, codes: Iterable[str], uitvraag: str) -> list[str]:
        """Whose set was withdrawn, or is not published by CBS."""
        plek = self._plek
        sets, besloten = plek.staat.sets(), plek.staat.besluiten()
        weg = (Stand.INGETROKKEN, Stand.NIET_GEPUBLICEERD)
        return [
            code for code in codes
            if overzicht(code, uitvraag, "wmo", sets, besloten, plek.vensters, plek.config.cbs,
                         plek.nu).stand in weg
        ]  # fmt: skip

    # --- the bytes ---

    def bytes(self, row: Rij) -> bytes:
        """The PDF of an answer that was drawn up; of a receipt what was sealed then."""
        known = json.loads(row["invoer"])
        match row["soort"]:
            case antwoorden.BEWIJS:
                return str(known["document"]).encode()
            case antwoorden.TECHNISCH:
                return rapport.technische_terugkoppeling(self._terugkoppeling(row))
            case antwoorden.OP_ORDE:
                return rapport.op_orde(self._op_orde(row, self._set(row)["nummer"], known))
            case antwoorden.SPIEGEL_2 | antwoorden.VERZOEK:
                return rapport.op_orde(self._op_orde(row, known["set"], known))
            case antwoorden.BEVESTIGING:
                return rapport.bevestiging(self._bevestiging(row))
            case _:
                return rapport.overzicht(Lijst(self._plek).invoer(row, known))

    def _terugkoppeling(self, row: Rij) -> r.Terugkoppeling:
        levering = self._plek.staat.levering(row["levering"])
        sets = self._plek.staat.rijen_van(row["levering"])
        controle = controle_van(levering["controle"])
        alone = sets[0] if len(sets) == 1 else None
        refused = alone["code"] in _KOPPEN if alone else False
        most = self._plek.config.cbs.correcties + 1
        orders = [dag_van(moment_van(one["op"])) for one in self._op_orde_van(row["levering"])]
        return r.Terugkoppeling(
            moment=moment_van(row["moment"]),
            afzender=_afzender(levering),
            soort="wmo" if levering["uitwisseling"] == BESLUIT else levering["uitwisseling"],
            controle=controle,
            keer=(alone["hoeveelste"] or None) if alone else None,
            ten_hoogste=most,
            laatste_dag=self._laatste_dag_van(levering, sets),
            op_orde_voor=max(orders, default=None),
            opmerkingen=() if refused else tuple(_opmerkingen(sets, controle, most)),
            bijlagen=self._bijlagen(levering, controle),
            niet_behandeld=_zinnen(alone) if alone and refused else None,
        )

    def _op_orde_van(self, levering: int) -> list[Rij]:
        states = ("gepland", "opgesteld", "beloofd", "verzonden")
        return [
            one for one in self._plek.staat.antwoorden(*states)
            if one["levering"] == levering and one["soort"] == antwoorden.OP_ORDE
        ]  # fmt: skip

    def _csv(self, levering: Rij) -> str:
        return os.path.join(self._plek.bevindingen, f"{levering['nummer']}.csv")

    def _bijlagen(self, levering: Rij, controle: Controle) -> tuple[r.Bijlage, ...]:
        """All findings, or as many whole lines of them as a message holds."""
        if controle.fouten + controle.signalen == 0 or levering["toestand"] == "terzijde":
            return ()
        with open(self._csv(levering), "rb") as file:
            content = file.read(MAX_BIJLAGE + 1)
        if len(content) > MAX_BIJLAGE:
            content = content[: content.rindex(b"\n", 0, MAX_BIJLAGE) + 1]
        whole = len(content) == os.path.getsize(self._csv(levering))
        return (r.Bijlage("bevindingen.csv", content, volledig=whole),)

    def _laatste_dag(self, uitvraag: str, upload: str) -> date | None:
        """The last day of the window in which a delivery came; None outside one."""
        dag = dag_van(moment_van(upload))
        open_ones = (one for one in self._aanlevervensters(uitvraag) if binnen(one, dag))
        return next((one.tot for one in open_ones), None)

    def _laatste_dag_van(self, levering: Rij, sets: list[Rij]) -> date | None:
        """The first day on which the window of one of the files closes: a ZIP names no uitvraag."""
        asked = {one["uitvraag"] for one in sets} or {levering["uitvraag"]}
        days = (self._laatste_dag(one, levering["upload"]) for one in asked)
        return min((one for one in days if one), default=None)

    def _aanlevervensters(self, uitvraag: str) -> list[Venster]:
        rows = self._plek.config.vensters.get(uitvraag, ())
        return [one for one in rows if one.stap == "aanlevering"]

    def _op_orde(self, row: Rij, number: int, known: dict[str, Any]) -> r.OpOrde:
        figures = {one["nummer"]: one for one in self._plek.staat.cijfers()}
        own = figures[number]
        levering = self._plek.staat.levering(self._plek.staat.levering_van(number))
        besluit = self._besluitvenster(own["uitvraag"], levering["upload"], opt_in=False)
        fixed = row["soort"] in (antwoorden.SPIEGEL_2, antwoorden.VERZOEK)
        asked = row["soort"] == antwoorden.VERZOEK
        opt_in_tot = self._opt_in_tot(own["uitvraag"], levering["upload"]) if fixed else None
        return r.OpOrde(
            moment=moment_van(row["moment"]),
            afzender=_afzender(levering, own["gemeentecode"]),
            cijfers=Cijfers.from_json(own["cijfers"]),
            eerdere=tuple(Cijfers.from_json(figures[n]["cijfers"]) for n in known["eerdere"]),
            anderen={
                code: Cijfers.from_json(figures[n]["cijfers"])
                for code, n in known["anderen"].items()
            },
            laatste_dag=self._laatste_dag(own["uitvraag"], levering["upload"]),
            intrekken_van=besluit.van if besluit else None,
            intrekken_tot=besluit.tot if besluit else None,
            opmerkingen=(_verzoek(own["uitvraag"], opt_in_tot),) if asked else (),
            deel=2 if fixed else 1,
            opt_in_tot=opt_in_tot,
        )

    def _besluitvenster(self, uitvraag: str, upload: str, *, opt_in: bool) -> Venster | None:
        """The window for deciding in the cycle in which a set came; of that kind of cycle alone."""
        dag = dag_van(moment_van(upload))
        now = next((o for o in self._aanlevervensters(uitvraag) if binnen(o, dag)), None)
        if now is None or (now.cyclus in self._plek.config.cbs.opt_in_cycli) is not opt_in:
            return None
        rows = self._plek.config.vensters.get(uitvraag, ())
        return next((o for o in rows if o.stap == "besluit" and o.cyclus == now.cyclus), None)

    def _opt_in_tot(self, uitvraag: str, upload: str) -> date | None:
        found = self._besluitvenster(uitvraag, upload, opt_in=True)
        return found.tot if found else None

    def _bevestiging(self, row: Rij) -> r.Bevestiging:
        found = self._plek.staat.besluit(row["levering"])
        levering = self._plek.staat.levering(row["levering"])
        dag = dag_van(moment_van(found["moment"]))
        rows = self._plek.config.vensters.get(found["uitvraag"], ())
        now = next((o for o in rows if o.stap == "besluit" and binnen(o, dag)), None)
        other = found["afzender"] != found["gemeentecode"]
        # The report says what each decision means; not that one form was taken for another.
        taken_as = found["besluit"] == OPT_OUT and found["code"] == "ingetrokken"
        return r.Bevestiging(
            moment=moment_van(row["moment"]),
            gemeentecode=found["gemeentecode"],
            naam=naam_van(found["gemeentecode"]),
            uitvraag=found["uitvraag"],
            besluit=found["besluit"],
            omvang=found["omvang"],
            ontvangen=moment_van(found["moment"]),
            reden=None if found["geldig"] else found["zin"],
            vervangt=self._vervangt(found),
            wijzigen_tot=now.tot if now else None,
            namens=_voluit(found["afzender"]) if other else None,
            referentie=levering["referentienummer"],
            toelichting=found["toelichting"] or None,
            opmerkingen=(r.Opmerking("Uw opt-out", found["zin"]),) if taken_as else (),
        )

    def _vervangt(self, found: Rij) -> str | None:
        """The valid decision that this one takes the place of."""
        if not found["geldig"] or found["effect"] == Effect.GEEN:
            return None
        before = [
            one for one in besluiten_van(self._plek.staat, found["gemeentecode"])
            if one.besluit.uitvraag == found["uitvraag"] and one.gevolg.geldig
            and one.gevolg.effect is not Effect.GEEN and one.besluit.nummer != found["nummer"]
            and one.besluit.moment <= moment_van(found["moment"])
        ]  # fmt: skip
        if not before:
            return None
        last = before[-1].besluit
        return f"uw {last.besluit} ({last.omvang}) van {voluit(dag_van(last.moment))}"


def _verzoek(uitvraag: str, tot: date | None) -> r.Opmerking:
    """The request itself (PSA chapter 5, Besluit opt-in)."""
    before = f" uiterlijk op {voluit(tot)}" if tot else ""
    return r.Opmerking(
        "Verzoek om een opt-in besluit",
        f"Laat het CBS{before} weten of de gegevens over {uitvraag} gepubliceerd mogen worden, met "
        f"een besluit OPTIN_{uitvraag}.xml of OPTOUT_{uitvraag}.xml. Alleen de volledige "
        "gegevensset kan worden goedgekeurd; zonder besluit wordt er niets gepubliceerd.",
    )


def _voluit(code: str) -> str:
    return f"{naam_van(code) or 'gemeente'} ({code})"


def _afzender(levering: Rij, gemeentecode: str = "") -> r.Afzender:
    code = gemeentecode or levering["afzender"]
    return r.Afzender(
        code, naam_van(code), levering["origineel"], moment_van(levering["upload"]),
        levering["referentienummer"], levering["volgnummer"],
    )  # fmt: skip


def _opmerkingen(sets: list[Rij], controle: Controle, ten_hoogste: int) -> list[r.Opmerking]:
    """What the cycle says of each file, beside the verdict; the same of several files once.

    How often one can deliver again is said of each file of a ZIP; of a single one the report says
    it in what there is to do.
    """
    over: dict[tuple[str, str], list[str]] = {}
    for one in sets:
        zinnen = _zinnen(one)
        if len(sets) > 1 and one["code"] in ("goedgekeurd", "afgekeurd") and one["hoeveelste"]:
            rest = max(0, ten_hoogste - one["hoeveelste"])
            wat = f"nog {rest} keer" if rest else "niet opnieuw"
            zinnen = f"{zinnen} U kunt over {one['uitvraag']} {wat} aanleveren.".lstrip()
        if zinnen:
            kop = _KOPPEN.get(one["code"], "Over deze aanlevering")
            naam = controle.leden[one["plaats"] - 1].bestand if len(sets) > 1 else ""
            over.setdefault((kop, zinnen), []).append(naam)
    found = []
    for (kop, zinnen), namen in over.items():
        wie = namen[0] if len(namen) == 1 else f"{len(namen)} bestanden"
        heel = f"{wie}: {kop[0].lower()}{kop[1:]}" if len(sets) > 1 else kop
        found.append(r.Opmerking(heel, zinnen))
    return found


def _zinnen(row: Rij) -> str:
    return " ".join(json.loads(row["opmerkingen"]))
