# SPDX-License-Identifier: EUPL-1.2
"""How a municipality stands over an uitvraag, by what it handed in and what it decided.

Pure. The status is made anew from all that came each time, in order of upload; nothing is kept that
could disagree with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.cbs.besluiten import Besluit, Cyclusvenster, Effect, Gevolg
from gateway.cbs.cyclus import Beoordeeld
from gateway.config_cbs import Cbs
from gateway.periods import binnen, dag_van


class Stand(StrEnum):
    """How a municipality stands over one uitvraag: these six, and no other."""

    NIET_GELEVERD = "niet geleverd"
    AFGEKEURD = "afgekeurd"
    GOEDGEKEURD = "goedgekeurd"
    GECORRIGEERD = "gecorrigeerd"
    INGETROKKEN = "ingetrokken"
    NIET_GEPUBLICEERD = "niet gepubliceerd door CBS"


@dataclass(frozen=True, slots=True)
class Besloten:
    """A decision with what it came to."""

    besluit: Besluit
    gevolg: Gevolg


@dataclass(frozen=True, slots=True)
class Overzicht:
    """How one municipality stands over one uitvraag with one kind of data, with the dates.

    ``sinds``: since when it has this status. ``publicatie``: ja, nee, or nog niet beslist.
    """

    gemeentecode: str
    uitvraag: str
    soort: str
    stand: Stand
    sinds: datetime | None
    leveringen: int
    afgekeurd: int
    resterend: int
    eerste: datetime | None
    laatste: datetime | None
    goedgekeurd_op: datetime | None
    besluit: str
    besloten_op: datetime | None
    facultatief_ingetrokken: bool
    publicatie: str
    reden: str


def _sleutel(een: Beoordeeld) -> tuple[str, str, str]:
    return een.gegevens.soort, een.gegevens.gemeentecode, een.gegevens.uitvraag


def overzicht(
    gemeentecode: str,
    uitvraag: str,
    soort: str,
    sets: Iterable[Beoordeeld],
    besloten: Iterable[Besloten],
    vensters: Sequence[Cyclusvenster],
    regels: Cbs,
    nu: datetime,
) -> Overzicht:
    """How a municipality stands at ``nu``.

    In order of upload. The newest accepted set counts, and the last valid decision. A decision ends
    only with a set that came in a later delivery window, a new round: what comes late revives
    nothing that was withdrawn.
    """
    key = (soort, gemeentecode, uitvraag)
    ours = sorted((o for o in sets if _sleutel(o) == key), key=lambda one: one.gegevens.orde)
    accepted = [one for one in ours if one.aanvaard]
    since = accepted[-1].gegevens.moment if accepted else None
    last = laatste_besluit(gemeentecode, uitvraag, besloten, accepted, vensters)
    stand, sinds = _stand(ours, accepted, last)
    withheld = _niet_door_cbs(gemeentecode, uitvraag, regels)
    reden = ""
    if withheld is not None and stand in (Stand.GOEDGEKEURD, Stand.GECORRIGEERD):
        stand, reden = Stand.NIET_GEPUBLICEERD, withheld
    return Overzicht(
        gemeentecode, uitvraag, soort, stand, sinds, len(ours), len(ours) - len(accepted),
        max(0, regels.correcties + 1 - len(ours)),
        ours[0].gegevens.moment if ours else None,
        ours[-1].gegevens.moment if ours else None,
        since,
        last.besluit.besluit if last else "",
        last.besluit.moment if last else None,
        last is not None and last.gevolg.effect is Effect.ZONDER_FACULTATIEF,
        _publicatie(stand, uitvraag, last, vensters, regels, dag_van(nu)),
        reden,
    )  # fmt: skip


def laatste_besluit(
    gemeentecode: str, uitvraag: str, besloten: Iterable[Besloten], accepted: Sequence[Beoordeeld],
    vensters: Sequence[Cyclusvenster],
) -> Besloten | None:  # fmt: skip
    """The decision that counts: the last valid one, unless a new round began since."""
    if not accepted:
        return None
    ours = [
        one for one in besloten
        if (one.besluit.gemeentecode, one.besluit.uitvraag) == (gemeentecode, uitvraag)
        and one.gevolg.geldig and one.gevolg.effect is not Effect.GEEN
    ]  # fmt: skip
    last = max(ours, key=lambda one: (one.besluit.moment, one.besluit.nummer), default=None)
    if last is None:
        return None
    decided = dag_van(last.besluit.moment)
    days = [dag_van(one.gegevens.moment) for one in accepted]
    over = any(
        one.uitvraag == uitvraag and one.stap == "aanlevering" and one.van > decided
        and any(binnen(one, day) for day in days)
        for one in vensters
    )  # fmt: skip
    return None if over else last


def _stand(
    ours: list[Beoordeeld], accepted: list[Beoordeeld], last: Besloten | None
) -> tuple[Stand, datetime | None]:
    if not ours:
        return Stand.NIET_GELEVERD, None
    if not accepted:
        return Stand.AFGEKEURD, ours[-1].gegevens.moment
    if last is not None and last.gevolg.effect is Effect.NIET_PUBLICEREN:
        return Stand.INGETROKKEN, last.besluit.moment
    stand = Stand.GECORRIGEERD if len(accepted) > 1 else Stand.GOEDGEKEURD
    return stand, accepted[-1].gegevens.moment


def _niet_door_cbs(gemeentecode: str, uitvraag: str, regels: Cbs) -> str | None:
    """Why CBS does not publish this; None when it does."""
    for one in regels.niet_publiceren:
        if (one.gemeente, one.over) == (gemeentecode, uitvraag):
            return one.reden or "besluit van het CBS"
    return None


def _publicatie(
    stand: Stand, uitvraag: str, last: Besloten | None, vensters: Sequence[Cyclusvenster],
    regels: Cbs, dag: date,
) -> str:  # fmt: skip
    """Whether it is published: ``ja``, ``nee``, or ``nog niet beslist``."""
    if stand not in (Stand.GOEDGEKEURD, Stand.GECORRIGEERD):
        return "nog niet beslist" if stand in (Stand.NIET_GELEVERD, Stand.AFGEKEURD) else "nee"
    if last is not None and last.gevolg.effect is Effect.PUBLICEREN:
        return "ja"
    decide = [one for one in vensters if one.uitvraag == uitvraag and one.stap == "besluit"]
    if not decide or any(one.tot is None or one.tot >= dag for one in decide):
        return "nog niet beslist"
    newest = max(decide, key=lambda one: one.van)
    return "nee" if newest.cyclus in regels.opt_in_cycli else "ja"
