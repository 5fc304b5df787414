# SPDX-License-Identifier: EUPL-1.2
"""The overview of what a municipality handed in and decided: from the state to the report's input.

It lists the municipality's own sets, whoever handed them in.
"""

from __future__ import annotations

from typing import Any, cast

from gateway.cbs import rapportmodel as r
from gateway.cbs.bewaard import controle_van
from gateway.cbs.cyclus import Beoordeeld
from gateway.cbs.staat import Rij, Staat, moment_van
from gateway.cbs.stand import Besloten, Overzicht, Stand, overzicht
from gateway.cbs.werkplek import Werkplek
from gateway.partijen import gemeenten
from gateway.periods import dag_van


def naam_van(code: str) -> str | None:
    """The name of a municipality in the CBS list; None for a code that is in none."""
    known = gemeenten().get(code)
    return known.naam if known else None


def sets_van(staat: Staat, code: str) -> list[Beoordeeld]:
    """A municipality's own sets, in order of upload."""
    return [one for one in staat.sets() if one.gegevens.gemeentecode == code]


def besluiten_van(staat: Staat, code: str) -> list[Besloten]:
    """The decisions about a municipality's data, in order of upload."""
    return [one for one in staat.besluiten() if one.besluit.gemeentecode == code]


class Lijst:
    """Draws up overviews from one counterpart's state."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek

    def invoer(self, row: Rij, known: dict[str, Any]) -> r.Overzicht:
        """What the overview says of the sets and decisions that were known when it was drawn up."""
        code, moment = row["gemeentecode"], moment_van(row["moment"])
        sets = [o for o in sets_van(self._plek.staat, code) if o.gegevens.nummer in known["sets"]]
        taken = [
            o
            for o in besluiten_van(self._plek.staat, code)
            if o.besluit.nummer in known["besluiten"]
        ]
        keys = sorted({(o.gegevens.uitvraag, o.gegevens.soort) for o in sets}
                      | {(row["uitvraag"], "wmo")})  # fmt: skip
        standen = [
            overzicht(code, uitvraag, soort, sets, taken, self._plek.vensters,
                      self._plek.config.cbs, moment)
            for uitvraag, soort in keys
        ]  # fmt: skip
        return r.Overzicht(
            moment=moment, gemeentecode=code, naam=naam_van(code),
            standen=tuple(self._stand(one) for one in standen),
            aanleveringen=tuple(self._aanlevering(one, sets) for one in sets),
            besluiten=tuple(_genomen(one) for one in taken),
        )  # fmt: skip

    def _stand(self, one: Overzicht) -> r.Stand:
        rows = self._plek.config.vensters.get(one.uitvraag, ())
        windows = [this for this in rows if this.stap == "aanlevering"]
        now = windows[0] if windows else None
        good = {Stand.GOEDGEKEURD: True, Stand.GECORRIGEERD: True, Stand.NIET_GELEVERD: None}
        return r.Stand(
            uitvraag=one.uitvraag, soort=cast("r.Soort", one.soort), status=one.stand.value,
            sinds=dag_van(one.sinds) if one.sinds else None, van=now.van if now else None,
            tot=now.tot if now else None, keren=one.leveringen, goed=good.get(one.stand, False),
        )  # fmt: skip

    def _aanlevering(self, one: Beoordeeld, sets: list[Beoordeeld]) -> r.Aanlevering:
        gegevens = one.gegevens
        levering = self._plek.staat.levering(self._plek.staat.levering_van(gegevens.nummer))
        found = controle_van(levering["controle"])
        place = next(row["plaats"] for row in self._plek.staat.rijen_van(levering["nummer"])
                     if row["nummer"] == gegevens.nummer)  # fmt: skip
        controle = found.leden[place - 1] if place else found
        return r.Aanlevering(
            ontvangen=gegevens.moment, bestand=controle.bestand if place else levering["origineel"],
            soort=cast("r.Soort", gegevens.soort), uitvraag=gegevens.uitvraag,
            goedgekeurd=gegevens.goedgekeurd, stap=controle.stap, rijen=controle.rijen,
            fouten=controle.fouten, signalen=controle.signalen,
            status=_wat_het_werd(one, sets), volgnummer=levering["volgnummer"],
        )  # fmt: skip


def _wat_het_werd(one: Beoordeeld, sets: list[Beoordeeld]) -> str:
    if not one.aanvaard:
        return "telt niet mee"
    later = [
        this for this in sets
        if this.aanvaard
        and (this.gegevens.moment, this.gegevens.nummer)
        > (one.gegevens.moment, one.gegevens.nummer)
        and (this.gegevens.soort, this.gegevens.uitvraag)
        == (one.gegevens.soort, one.gegevens.uitvraag)
    ]  # fmt: skip
    return "vervangen" if later else "telt mee"


def _genomen(one: Besloten) -> r.Genomen:
    return r.Genomen(
        ontvangen=one.besluit.moment, uitvraag=one.besluit.uitvraag,
        besluit=cast("r.Besluit", one.besluit.besluit),
        omvang=cast("r.Omvang", one.besluit.omvang), werkt=one.gevolg.geldig,
        uitleg=one.gevolg.zin,
    )  # fmt: skip
