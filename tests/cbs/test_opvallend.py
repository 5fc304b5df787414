# SPDX-License-Identifier: EUPL-1.2
"""What stands out: each rule at its threshold, and silence without something to hold against."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rapportinvoer import getallen

from gateway.cbs.categorieen import KOLOMMEN, ONBEKEND, TYPEN
from gateway.cbs.cijfers import Cijfers, Telling, Vulling
from gateway.cbs.opvallend import Opvallend, opvallend
from gateway.cbs.vergelijking import vergelijk

ALLE = {"0001": 200, "0002": 100, "0012": 100, "0115": 50, "0088": 50}


def heel(aantal: int, typen: dict[str, int] | None = None, uitvraag: str = "H22025") -> Cijfers:
    """A file with every category and both ways to deliver."""
    found = getallen(aantal, ALLE if typen is None else typen, uitvraag)
    return replace(found, vormen={**found.vormen, "2": Telling(20, 20)})


def zonder_kolom(found: Cijfers, kolom: int, deel: float) -> Cijfers:
    """The same with one column filled for a part."""
    gevuld = list(found.kolommen)
    n, k = round(found.totaal.records * deel), found.totaal.clienten
    gevuld[kolom - 1] = Vulling(n, round(k * deel), k - round(k * deel))
    return replace(found, kolommen=tuple(gevuld))


def zoek(eigen: Cijfers, *, eerdere: tuple[Cijfers, ...] = (), anderen: tuple[Cijfers, ...] = ()
         ) -> list[Opvallend]:  # fmt: skip
    return list(opvallend(eigen, vergelijk(eigen, eerdere, anderen)))


def test_an_ordinary_file_stands_out_in_nothing() -> None:
    """The same as before and as elsewhere: silence."""
    eerder = heel(300, uitvraag="H12025")
    assert zoek(heel(300), eerdere=(eerder,), anderen=(heel(300),) * 3) == []


@pytest.mark.parametrize(
    ("nu", "wat"),
    [(375, None), (376, "gestegen"), (225, None), (224, "gedaald")],
)
def test_more_than_a_quarter_of_change(nu: int, wat: str | None) -> None:
    """Against the half-year before: at 25 % not, beyond it, both ways."""
    found = zoek(heel(nu), eerdere=(heel(300, uitvraag="H12025"),))
    assert [one.wat for one in found] == ([f"Aantal cliënten {wat}"] if wat else [])
    assert not wat or "25 %" in found[0].regel


def test_a_category_that_changed_is_named() -> None:
    """With its numbers and its rule."""
    eerder = heel(300, {**ALLE, "0012": 50}, "H12025")
    [one] = zoek(heel(300), eerdere=(eerder,))
    assert one.wat == "Hulpmiddelen en diensten: aantal cliënten gestegen"
    assert one.cijfers == "Van 50 in H12025 naar 100 in H22025 (+100,0 %)."


def test_a_change_among_a_few_people_is_chance() -> None:
    """From three to nine clients is no news."""
    typen = {**ALLE, "0088": 9}
    assert zoek(heel(300, typen), eerdere=(heel(300, {**ALLE, "0088": 3}, "H12025"),)) == []


@pytest.mark.parametrize("naam", TYPEN)
def test_an_empty_category_is_named(naam: str) -> None:
    """Each of the five; with what there was before."""
    code = dict(zip(TYPEN, ALLE, strict=True))[naam]
    typen = {c: n for c, n in ALLE.items() if c != code}
    [one] = zoek(heel(300, typen), eerdere=(heel(300, uitvraag="H12025"),))
    assert one.wat == f"{naam} ontbreekt geheel"
    assert f"In H12025 waren het er {ALLE[code]}" in one.cijfers
    assert ("centrumgemeenten" in one.regel) == (naam == "Verblijf en opvang")


@pytest.mark.parametrize(("vorm", "wat"), [("2", "PGB"), ("4", "ZIN")])
def test_a_form_that_is_not_there_is_named(vorm: str, wat: str) -> None:
    """Both are asked for (aanleverprotocol 3.2)."""
    found = heel(300)
    [one] = zoek(replace(found, vormen={**found.vormen, vorm: Telling(0, 0)}))
    assert wat in one.wat


@pytest.mark.parametrize(("zonder", "valt_op"), [(5, False), (6, True)])
def test_unknown_persons_above_one_percent(zonder: int, valt_op: bool) -> None:
    """Five of five hundred are not many, six are."""
    found = [one.wat for one in zoek(replace(heel(300), zonder_bsn=zonder))]
    assert found == (["Veel records zonder bekend BSN"] if valt_op else [])


def test_a_share_that_is_not_that_of_others() -> None:
    """More than ten percent points beside the mean of the group."""
    anderen = tuple(heel(300, {**ALLE, "0012": 140}) for _ in range(3))
    [one] = zoek(heel(300), anderen=anderen)
    assert one.wat == "Hulpmiddelen en diensten: kleiner aandeel dan elders"
    assert "47 %" in one.cijfers


def test_a_column_that_is_emptier_than_before_and_than_elsewhere() -> None:
    """One line that names both, with the percentages."""
    eerder = heel(300, uitvraag="H12025")
    [one] = zoek(zonder_kolom(heel(300), 11, 0.9), eerdere=(eerder,), anderen=(heel(300),) * 3)
    assert one.wat == f"Kolom 11, {KOLOMMEN[10]}: minder vaak ingevuld"
    assert "90,0 %" in one.cijfers
    assert "gemiddeld 100 %" in one.cijfers
    assert "100,0 % in H12025" in one.cijfers


def test_five_points_emptier_is_not_yet_much() -> None:
    """The threshold itself does not stand out."""
    eerder = heel(300, uitvraag="H12025")
    assert zoek(zonder_kolom(heel(300), 11, 0.95), eerdere=(eerder,)) == []


def test_a_file_with_hardly_a_client() -> None:
    """What cannot be true, CBS may decide not to publish (aanleverprotocol 2)."""
    found = zoek(heel(9, dict.fromkeys(ALLE, 9)))
    assert [one.wat for one in found] == ["Het bestand telt vrijwel geen cliënten"]


def test_a_type_that_is_in_no_list() -> None:
    """It is told, though no approved file has one."""
    found = heel(300)
    [one] = zoek(replace(found, hoofd={**found.hoofd, ONBEKEND: Telling(2, 2)}))
    assert one.wat == "Records met een onbekend type"


def test_a_file_of_nothing_does_not_fail() -> None:
    """No records at all: everything is missing, and nothing is divided by."""
    found = zoek(getallen(0, {}), eerdere=(getallen(0, {}, "H12025"),))
    assert len(found) == 1 + len(TYPEN)
