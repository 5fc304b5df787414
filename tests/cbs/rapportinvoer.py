# SPDX-License-Identifier: EUPL-1.2
"""Inputs for the tests of figures and reports: small, synthetic, without chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import polars as pl

from gateway.cbs import rapportmodel as r
from gateway.cbs.categorieen import (
    HOOFDCATEGORIE,
    KOLOMMEN,
    LEVERINGSVORMEN,
    NAMEN,
    ONBEKEND,
    TYPEN,
)
from gateway.cbs.cijfers import Cijfers, Telling, Vulling
from gateway.cbs.model import Aantal, Bevinding, Controle, Ernst
from gateway.periods import NEDERLAND

MOMENT = datetime(2026, 2, 4, 9, 12, tzinfo=NEDERLAND)
ONTVANGEN = datetime(2026, 2, 2, 14, 31, tzinfo=NEDERLAND)
LAATSTE_DAG = date(2026, 2, 20)


def frame(rijen: Iterable[dict[int, str]]) -> pl.DataFrame:
    """Rows of a Wmo file, each given by its filled columns."""
    velden = [f"k{i}" for i in range(1, 19)]
    gevuld = [[rij.get(i, "") for i in range(1, 19)] for rij in rijen]
    data = {veld: [rij[i] for rij in gevuld] for i, veld in enumerate(velden)}
    regels = pl.Series("regel", range(2, len(gevuld) + 2), dtype=pl.UInt32)
    return pl.DataFrame(
        [regels, *(pl.Series(veld, data[veld], dtype=pl.String) for veld in velden)]
    )


def getallen(
    klanten: int,
    typen: dict[str, int] | None = None,
    uitvraag: str = "H22025",
    gevuld: Sequence[Vulling] | None = None,
    zonder_bsn: int = 0,
) -> Cijfers:
    """Figures with one record a client and type: so many clients of each type, all ZIN."""
    typen = {"0001": klanten} if typen is None else typen
    leeg = Telling(0, 0)
    per_type = {code: Telling(typen.get(code, 0), typen.get(code, 0)) for code in NAMEN}
    records = sum(typen.values()) + zonder_bsn
    hoofd = {
        h: Telling(
            sum(n for code, n in typen.items() if HOOFDCATEGORIE[code] == h),
            max([n for code, n in typen.items() if HOOFDCATEGORIE[code] == h], default=0),
        )
        for h in TYPEN
    }
    vormen = {v: Telling(records, klanten) if v == "4" else leeg for v in LEVERINGSVORMEN}
    return Cijfers(
        uitvraag=uitvraag,
        totaal=Telling(records, klanten),
        zonder_bsn=zonder_bsn,
        typen=per_type,
        hoofd=hoofd | {ONBEKEND: leeg},
        vormen=vormen,
        kruis={
            h: {v: een if v == "4" else leeg for v in LEVERINGSVORMEN}
            for h, een in (hoofd | {ONBEKEND: leeg}).items()
        },
        kolommen=tuple(gevuld or [Vulling(records, klanten, 0)] * len(KOLOMMEN)),
    )


def bevindingen(aantal: int) -> tuple[Bevinding, ...]:
    """So many findings, faults and signals in turn."""
    soorten = [
        (3, Ernst.FOUT, "elfproef", "BSN: voldoet niet aan de elfproef."),
        (7, Ernst.SIGNAAL, "leveringsvorm-leeg", "De leveringsvorm is leeg."),
        (5, Ernst.FOUT, "geen-datum", "Geen bestaande datum (EEJJMMDD)."),
    ]
    return tuple(
        Bevinding(i + 2, *soorten[i % len(soorten)])  # type: ignore[arg-type]
        for i in range(aantal)
    )


def controle(
    found: Sequence[Bevinding] = (),
    naam: str = "WMO_H22025.csv",
    stap: int = 3,
    leden: tuple[Controle, ...] = (),
) -> Controle:
    """The verdict that goes with these findings."""
    telling = Counter((one.code, one.kolom, one.ernst) for one in found)
    fouten = sum(one.ernst is Ernst.FOUT for one in found) + sum(one.fouten for one in leden)
    return Controle(
        bestand=naam,
        goedgekeurd=fouten == 0,
        stap=stap if fouten and not leden else None,
        uitvraag="H22025",
        rijen=1000,
        codering="utf-8",
        gemeentecode="0363",
        fouten=fouten,
        signalen=sum(one.ernst is Ernst.SIGNAAL for one in found),
        aantallen=tuple(Aantal(c, k, e, n) for (c, k, e), n in telling.items()),
        bevindingen=tuple(found[:1000]),
        leden=leden,
    )


def csv_van(found: Iterable[Bevinding]) -> bytes:
    """The list of findings as the check writes it."""
    regels = [f"{one.regel};{one.kolom};{one.ernst};{one.code};{one.tekst}" for one in found]
    return "\r\n".join(["regel;kolom;ernst;code;tekst", *regels, ""]).encode()


def afzender(bestand: str = "WMO_H22025.csv", naam: str | None = "Amsterdam") -> r.Afzender:
    """Who a report is for."""
    return r.Afzender("0363", naam, bestand, ONTVANGEN, "6f1f7b0e-1d5c-4f0a-9a5e-2b7f3a3b9f10", 3)


def terugkoppeling(found: Sequence[Bevinding] = (), **more: object) -> r.Terugkoppeling:
    """Feedback on a file with these findings, and their list inside."""
    bijlagen = (r.Bijlage("bevindingen.csv", csv_van(found)),) if found else ()
    given = {"keer": 3, "laatste_dag": LAATSTE_DAG, "bijlagen": bijlagen, **more}
    return r.Terugkoppeling(MOMENT, afzender(), "wmo", controle(found), **given)  # type: ignore[arg-type]


def op_orde(eigen: Cijfers | None = None, **more: object) -> r.OpOrde:
    """An op-orde report, without earlier half-years or others unless they are given."""
    return r.OpOrde(MOMENT, afzender(), eigen or getallen(400), **more)  # type: ignore[arg-type]


def vol() -> r.OpOrde:
    """An op-orde report with everything that there can be in one."""
    typen = {"0001": 300, "0002": 120, "0012": 90, "0115": 30, "0088": 4}
    anderen = {
        f"{i:04d}": getallen(300 + 40 * i, {c: n + 7 * i for c, n in typen.items()})
        for i in range(1, 6)
    }
    eerdere = (getallen(250, {"0001": 250}, "H12025"), getallen(380, typen, "H22024"))
    return op_orde(
        getallen(400, typen, zonder_bsn=25), eerdere=eerdere, anderen=anderen,
        laatste_dag=LAATSTE_DAG, intrekken_van=date(2026, 2, 23), intrekken_tot=date(2026, 3, 6),
    )  # fmt: skip


def besluit(**more: object) -> r.Bevestiging:
    """The confirmation of a withdrawal, unless something else is given."""
    given: dict[str, object] = {
        "moment": MOMENT, "gemeentecode": "0363", "naam": "Amsterdam", "uitvraag": "H22025",
        "besluit": "intrekking", "omvang": "geheel", "ontvangen": ONTVANGEN, **more,
    }  # fmt: skip
    return r.Bevestiging(**given)  # type: ignore[arg-type]


def overzicht() -> r.Overzicht:
    """An overview with something in every table."""
    open_van = date(2026, 1, 26)
    standen = (
        r.Stand("H22025", "wmo", "Goedgekeurd", MOMENT.date(), open_van, LAATSTE_DAG, 2, True),
        r.Stand("H12025", "wmo", "Niet aangeleverd"),
    )
    eerste, tweede = "WMO_H22025.csv", "WMO_H22025_b.csv"
    aanleveringen = (
        r.Aanlevering(ONTVANGEN, eerste, "wmo", "H22025", False, 3, 12, 2, 0, "Afgekeurd"),
        r.Aanlevering(MOMENT, tweede, "wmo", "H22025", None, status="Wordt beoordeeld"),
    )
    besluiten = (r.Genomen(MOMENT, "H22025", "opt-in", "geheel", False, "Niet nodig."),)
    return r.Overzicht(MOMENT, "0363", "Amsterdam", standen, aanleveringen, besluiten)
