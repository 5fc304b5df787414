# SPDX-License-Identifier: EUPL-1.2
"""Looking at the counterpart's state, whether it runs or not. Takes nothing, writes nothing.

The status of municipalities, what is still to be sent and when, and what was set aside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from gateway.cbs.cyclus import Beoordeeld
from gateway.cbs.lijst import naam_van
from gateway.cbs.mappen import Mappen
from gateway.cbs.ontvangst import SOORTEN, liggend
from gateway.cbs.staat import DATABASE, Staat, moment_van
from gateway.cbs.stand import Overzicht, overzicht
from gateway.cbs.werkplek import ONTVANGER, postbussen
from gateway.config import Config
from gateway.current import in_use
from gateway.location import Location, is_running
from gateway.moment import Clock
from gateway.names import toonbaar
from gateway.periods import binnen, dag_van, rfc3339

Row = dict[str, Any]

OPEN = ("gepland", "opgesteld", "beloofd")
"""Answers that are still to be sent."""


def _map(location: Location) -> str:
    return os.path.join(location.state, "cbs")


def _staat(location: Location) -> Staat:
    return Staat(os.path.join(_map(location), DATABASE), writer=False)


def kort(location: Location) -> Row:
    """How the counterpart stands, as ``status --json`` has it."""
    with _staat(location) as staat:
        planned = staat.antwoorden(*OPEN)
        return {
            "runs": is_running(_map(location)),
            "to_check": len(staat.leveringen("gezien", "genomen")),
            "to_send": len(planned),
            "next_due": _tijd(moment_van(planned[0]["op"])) if planned else None,
            "set_aside": len(_terzijde(staat)),
        }


def status(location: Location, uitvraag: str = "", gemeente: str = "") -> Row:
    """What ``cbs status --json`` gives (docs/schemas/cbs-status.schema.json).

    ``uitvraag`` and ``gemeente`` leave out all others.
    """
    config = in_use(location)
    with _staat(location) as staat:
        nu = Clock(timedelta(milliseconds=int(staat.meta("nu_offset_ms") or 0))).nu()
        standen = [
            one for one in _standen(staat, config, nu, uitvraag)
            if not gemeente or one.gemeentecode == gemeente
        ]  # fmt: skip
        return {
            "nu": _tijd(nu),
            "runs": is_running(_map(location)),
            "gemeenten": [_stand(one) for one in standen],
            "antwoorden": [
                row for row in _antwoorden(staat)
                if (not gemeente or row["gemeentecode"] == gemeente)
                and (not uitvraag or row["uitvraag"] in (uitvraag, "onbekend"))
            ],
            "terzijde": _terzijde(staat) + _liggend(location, config),
        }  # fmt: skip


def _standen(staat: Staat, config: Config, nu: datetime, uitvraag: str) -> Iterator[Overzicht]:
    """Wmo of everybody, over what is asked now; and whatever else was handed in."""
    sets, besloten = staat.sets(), staat.besluiten()
    vensters = [one for rows in config.vensters.values() for one in rows]
    asked = {uitvraag} if uitvraag else _gevraagd(config, sets, nu)
    codes = [code for code, one in config.partijen.items() if one.soort == "gemeente"]
    keys = {(code, over, "wmo") for code in codes for over in asked}
    keys |= {
        (one.gegevens.gemeentecode, one.gegevens.uitvraag, one.gegevens.soort)
        for one in sets
        if one.gegevens.geteld and (not uitvraag or one.gegevens.uitvraag == uitvraag)
    }
    for code, over, soort in sorted(keys, key=lambda key: (key[1], key[0], SOORTEN.index(key[2]))):
        yield overzicht(code, over, soort, sets, besloten, vensters, config.cbs, nu)


def _gevraagd(config: Config, sets: list[Beoordeeld], nu: datetime) -> set[str]:
    """Over which half-years deliveries are asked on this day, or were in the last window."""
    dag = dag_van(nu)
    rows = [o for many in config.vensters.values() for o in many if o.stap == "aanlevering"]
    now = {one.uitvraag for one in rows if binnen(one, dag)}
    if now:
        return now
    past = [one for one in rows if one.tot is not None and one.tot < dag]
    last = max((one.tot for one in past if one.tot is not None), default=None)
    recent = {one.uitvraag for one in past if one.tot == last}
    return recent | {
        one.gegevens.uitvraag for one in sets if one.gegevens.soort == "wmo" and one.gegevens.geteld
    }


def _tijd(moment: datetime) -> str:
    return rfc3339(moment)


def _of_niets(moment: datetime | None) -> str | None:
    return None if moment is None else _tijd(moment)


def _stand(one: Overzicht) -> Row:
    return {
        "gemeentecode": one.gemeentecode,
        "naam": naam_van(one.gemeentecode),
        "uitvraag": one.uitvraag,
        "uitwisseling": one.soort,
        "status": one.stand.value,
        "sinds": _of_niets(one.sinds),
        "leveringen": one.leveringen,
        "afgekeurd": one.afgekeurd,
        "resterend": one.resterend,
        "eerste_levering": _of_niets(one.eerste),
        "laatste_levering": _of_niets(one.laatste),
        "goedgekeurd_op": _of_niets(one.goedgekeurd_op),
        "besluit": one.besluit or None,
        "besloten_op": _of_niets(one.besloten_op),
        "facultatief_ingetrokken": one.facultatief_ingetrokken,
        "publicatie": one.publicatie,
        "reden": one.reden or None,
    }


def _antwoorden(staat: Staat) -> list[Row]:
    """What is still to be sent, the first that is due in front; and what never can be."""
    return [
        {
            "naam": row["naam"],
            "soort": row["soort"],
            "gemeentecode": row["gemeentecode"],
            "uitvraag": row["uitvraag"],
            "toestand": row["toestand"],
            "op": _tijd(moment_van(row["op"])),
            "reden": row["reden"] or row["hapert"] or None,
        }
        for row in staat.antwoorden(*OPEN, "mislukt")
    ]


def _terzijde(staat: Staat) -> list[Row]:
    """What was set aside, or cannot be taken or checked for the moment: each with its reason."""
    return [
        {
            "naam": toonbaar(row["naam"]),
            "rinis_code": row["rinis_code"],
            "archief": row["archief"],
            "reden": row["reden"] or row["hapert"],
        }
        for row in staat.bijzonder()
    ]


def _liggend(location: Location, config: Config) -> list[Row]:
    """What lies in an inbox and is not taken: it has no place in the archive."""
    found = liggend(Mappen(location.root, ONTVANGER), postbussen(config))
    return [
        {"naam": toonbaar(naam), "rinis_code": code, "archief": "", "reden": reden}
        for code, naam, reden in found
    ]
