# SPDX-License-Identifier: EUPL-1.2
"""What the op-orde report says (spiegelrapport I): the figures, beside what they can be held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from gateway import screens
from gateway.cbs.categorieen import HOOFDCATEGORIE, KOLOMMEN, LEVERINGSVORMEN, NAMEN, TYPEN
from gateway.cbs.cijfers import Cijfers, Telling
from gateway.cbs.opvallend import opvallend, procent
from gateway.cbs.rapportmodel import OpOrde
from gateway.cbs.rapporttekst import dag, gemeente, halfjaar, kop, opmerkingen, tijdstip
from gateway.cbs.vergelijking import Cel, Groep, Vergelijking, vergelijk
from gateway.periods import dag_van

_TITELS = {1: "Op-orde rapport", 2: "Spiegelrapport II"}

MAX_HALFJAREN = 5
"""So many earlier half-years fit beside the current one."""

_Veld = Literal["hoofd", "typen", "vormen"]
_KORT = {"2": "PGB", "4": "ZIN", "6": "Anders", "": "Leeg"}


def gegevens(invoer: OpOrde) -> dict[str, Any]:
    """The report as data."""
    eigen, afzender = invoer.cijfers, invoer.afzender
    # Whoever compares with itself learns the others from the mean.
    anderen = [one for code, one in invoer.anderen.items() if code != afzender.gemeentecode]
    naast = vergelijk(eigen, invoer.eerdere, anderen)
    wie = gemeente(afzender.gemeentecode, afzender.naam)
    feiten = [
        ("Verslagperiode", f"{eigen.uitvraag}, {halfjaar(eigen.uitvraag)}"),
        ("Bestand", screens.name(afzender.bestand)),
        ("Ontvangen", tijdstip(afzender.ontvangen)),
        ("Referentie", afzender.referentie),
    ]
    return {
        "kop": kop(
            _TITELS[invoer.deel], wie, f"{wie}: Wmo {eigen.uitvraag}", invoer.moment, feiten
        ),
        "doen": list(_doen(invoer)),
        "opmerkingen": opmerkingen(invoer.opmerkingen),
        "opvallend": [
            {"wat": one.wat, "cijfers": one.cijfers, "regel": one.regel}
            for one in opvallend(eigen, naast)
        ],
        **_cijfers(eigen, naast),
    }


def _cijfers(eigen: Cijfers, naast: Vergelijking) -> dict[str, Any]:
    """Every table: now, the half-year before, the group, as far as there are."""
    vorige = naast.eerdere[-1] if naast.eerdere else None
    groep = naast.groep

    def tabel(veld: _Veld, namen: Mapping[str, str]) -> list[dict[str, Any]]:
        return [_rij(veld, key, naam, eigen, vorige, groep) for key, naam in namen.items()]

    return {
        "uitvraag": eigen.uitvraag,
        "vorige": vorige.uitvraag if vorige else None,
        "groep": groep.aantal if groep else None,
        "waarom_geen_groep": naast.waarom,
        "zonder_bsn": eigen.zonder_bsn,
        "totaal": {
            "nu": _telling(eigen.totaal),
            "toen": _telling(vorige.totaal) if vorige else None,
            "elders": _cel(groep.totaal) if groep else None,
        },
        "hoofd": tabel("hoofd", {naam: naam for naam in TYPEN}),
        "typen": [one | {"hoofd": HOOFDCATEGORIE[one["sleutel"]]} for one in tabel("typen", NAMEN)],
        "vormen": tabel("vormen", LEVERINGSVORMEN),
        "kruis": [
            {"naam": naam, "vormen": [eigen.kruis[naam][vorm].records for vorm in LEVERINGSVORMEN]}
            for naam in TYPEN
        ],
        "reeks": [_halfjaar(one) for one in (*naast.eerdere[-MAX_HALFJAREN:], eigen)],
        "kolommen": [
            {
                "nummer": i + 1,
                "naam": naam,
                "nu": _gevuld(eigen, i),
                "toen": _gevuld(vorige, i) if vorige else None,
                "elders": groep.gevuld[i] if groep else None,
            }
            for i, naam in enumerate(KOLOMMEN)
        ],
    }


def _gevuld(one: Cijfers, kolom: int) -> float:
    return procent(one.kolommen[kolom].gevuld, one.totaal.records)


def _telling(een: Telling) -> dict[str, int]:
    return {"records": een.records, "clienten": een.clienten}


def _cel(cel: Cel | None) -> dict[str, int] | None:
    if cel is None:
        return None
    return {"records": cel.records, "clienten": cel.clienten, "aandeel": cel.aandeel}


def _rij(
    veld: _Veld,
    sleutel: str,
    naam: str,
    eigen: Cijfers,
    vorige: Cijfers | None,
    groep: Groep | None,
) -> dict[str, Any]:
    nu: Telling = getattr(eigen, veld)[sleutel]
    return {
        "sleutel": sleutel,
        "naam": naam,
        "kort": _KORT.get(sleutel, ""),
        "nu": _telling(nu) | {"aandeel": procent(nu.clienten, eigen.totaal.clienten)},
        "toen": _telling(getattr(vorige, veld)[sleutel]) if vorige else None,
        "elders": _cel(getattr(groep, veld)[sleutel]) if groep else None,
    }


def _halfjaar(one: Cijfers) -> dict[str, Any]:
    return {
        "uitvraag": one.uitvraag,
        "clienten": one.totaal.clienten,
        "records": one.totaal.records,
        "zonder_bsn": one.zonder_bsn,
        "hoofd": [one.hoofd[naam].clienten for naam in TYPEN],
        "vormen": [one.vormen[vorm].records for vorm in LEVERINGSVORMEN],
    }


def _doen(invoer: OpOrde) -> Iterator[str]:
    """What the municipality does with the report, and by when (2.5, steps 3b, 3c and 4)."""
    vandaag = dag_van(invoer.moment)
    if invoer.deel == 2:
        yield "Ga na of de resultaten aannemelijk zijn."
        uiterlijk = f", uiterlijk {dag(invoer.opt_in_tot)}" if invoer.opt_in_tot else ""
        yield (
            "Besluit of de resultaten gepubliceerd mogen worden en stuur een opt-in of een opt-out"
            f"{uiterlijk}. Zonder opt-in wordt er niets gepubliceerd."
        )
        return
    yield "Toets of de cijfers juist en volledig zijn, en ga na wat er aan de opvallende punten is."
    if invoer.laatste_dag and vandaag <= invoer.laatste_dag:
        yield (
            "Klopt er iets niet, lever dan een volledig nieuw bestand aan, uiterlijk "
            f"{dag(invoer.laatste_dag)}."
        )
    elif invoer.laatste_dag:
        yield f"De aanleverperiode eindigde op {dag(invoer.laatste_dag)}."
    if invoer.intrekken_tot and vandaag <= invoer.intrekken_tot:
        van = f"van {dag(invoer.intrekken_van)} " if invoer.intrekken_van else ""
        yield (
            f"Wilt u niet dat de gegevens worden gebruikt, trek ze dan in, {van}tot en met "
            f"{dag(invoer.intrekken_tot)}. Zonder intrekking geeft u toestemming voor publicatie."
        )
