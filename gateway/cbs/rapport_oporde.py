# SPDX-License-Identifier: EUPL-1.2
"""What the op-orde report says (spiegelrapport I): the figures, beside what they can be held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.cbs.categorieen import HOOFDCATEGORIE, KOLOMMEN, LEVERINGSVORMEN, NAMEN, TYPEN
from gateway.cbs.cijfers import Cijfers, Telling
from gateway.cbs.opvallend import opvallend, procent
from gateway.cbs.rapportmodel import OpOrde
from gateway.cbs.rapporttekst import dag, gemeente, halfjaar, kop, opmerkingen, tijdstip
from gateway.cbs.vergelijking import Cel, Vergelijking, vergelijk
from gateway.periods import dag_van

MAX_HALFJAREN = 5
"""So many earlier half-years fit beside the current one."""

_KORT = {"2": "PGB", "4": "ZIN", "6": "Anders", "": "Leeg"}


def gegevens(invoer: OpOrde) -> dict[str, Any]:
    """The report as data."""
    eigen, afzender = invoer.cijfers, invoer.afzender
    anderen = [one for code, one in invoer.anderen.items() if code != afzender.gemeentecode]
    naast = vergelijk(eigen, invoer.eerdere, anderen)
    vorige = naast.eerdere[-1] if naast.eerdere else None
    groep = naast.groep
    wie = gemeente(afzender.gemeentecode, afzender.naam)
    feiten = [
        ("Verslagperiode", f"{eigen.uitvraag}, {halfjaar(eigen.uitvraag)}"),
        ("Bestand", afzender.bestand),
        ("Ontvangen", tijdstip(afzender.ontvangen)),
        ("Referentie", afzender.referentie),
    ]
    return {
        "kop": kop("Op-orde rapport", wie, f"{wie}: Wmo {eigen.uitvraag}", invoer.moment, feiten),
        "uitvraag": eigen.uitvraag,
        "vorige": vorige.uitvraag if vorige else None,
        "groep": groep.aantal if groep else None,
        "waarom_geen_groep": naast.waarom,
        "totaal": _totaal(eigen, vorige, naast),
        "zonder_bsn": eigen.zonder_bsn,
        "doen": list(_doen(invoer)),
        "opmerkingen": opmerkingen(invoer.opmerkingen),
        "opvallend": [
            {"wat": one.wat, "cijfers": one.cijfers, "regel": one.regel}
            for one in opvallend(eigen, naast)
        ],
        "hoofd": [
            _rij(naam, "", eigen, eigen.hoofd, vorige and vorige.hoofd, groep and groep.hoofd)
            for naam in TYPEN
        ],
        "typen": [
            _rij(code, NAMEN[code], eigen, eigen.typen, vorige and vorige.typen,
                 groep and groep.typen) | {"hoofd": HOOFDCATEGORIE[code]}
            for code in NAMEN
        ],  # fmt: skip
        "vormen": [
            _rij(code, naam, eigen, eigen.vormen, vorige and vorige.vormen, groep and groep.vormen)
            for code, naam in LEVERINGSVORMEN.items()
        ],
        "kruis": [
            {"naam": naam, "vormen": [eigen.kruis[naam][vorm].records for vorm in LEVERINGSVORMEN]}
            for naam in TYPEN
        ],
        "reeks": [_halfjaar(one) for one in (*naast.eerdere[-MAX_HALFJAREN:], eigen)],
        "kolommen": [
            {
                "nummer": i + 1,
                "naam": naam,
                "nu": procent(eigen.kolommen[i].gevuld, eigen.totaal.records),
                "toen": procent(vorige.kolommen[i].gevuld, vorige.totaal.records)
                if vorige
                else None,
                "elders": groep.gevuld[i] if groep else None,
            }
            for i, naam in enumerate(KOLOMMEN)
        ],
    }


def _totaal(eigen: Cijfers, vorige: Cijfers | None, naast: Vergelijking) -> dict[str, Any]:
    return {
        "nu": _telling(eigen.totaal),
        "toen": _telling(vorige.totaal) if vorige else None,
        "elders": _cel(naast.groep.totaal) if naast.groep else None,
    }


def _telling(een: Telling) -> dict[str, int]:
    return {"records": een.records, "clienten": een.clienten}


def _cel(cel: Cel | None) -> dict[str, int] | None:
    if cel is None:
        return None
    return {"records": cel.records, "clienten": cel.clienten, "aandeel": cel.aandeel}


def _rij(
    sleutel: str,
    naam: str,
    eigen: Cijfers,
    nu: Mapping[str, Telling],
    toen: Mapping[str, Telling] | None,
    elders: Mapping[str, Cel | None] | None,
) -> dict[str, Any]:
    """One line of a table: now, the half-year before, the group, as far as there are."""
    return {
        "sleutel": sleutel,
        "naam": naam or sleutel,
        "kort": _KORT.get(sleutel, ""),
        "nu": _telling(nu[sleutel])
        | {"aandeel": procent(nu[sleutel].clienten, eigen.totaal.clienten)}
        | {"deel": procent(nu[sleutel].records, eigen.totaal.records)},
        "toen": _telling(toen[sleutel]) if toen else None,
        "elders": _cel(elders[sleutel]) if elders else None,
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
