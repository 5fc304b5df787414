# SPDX-License-Identifier: EUPL-1.2
"""The comparison with others: no cell of fewer than ten people, by itself or by difference."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapportinvoer import getallen

from gateway.cbs.categorieen import HOOFDCATEGORIE, KOLOMMEN, NAMEN
from gateway.cbs.cijfers import Cijfers, Telling, Vulling
from gateway.cbs.vergelijking import Cel, Groep, vergelijk

EIGEN = getallen(200)
WEINIG = st.sampled_from([0, 0, 1, 5, 9, 10, 11, 60, 150])
KLANTEN = st.integers(100, 400)


@st.composite
def gemeente(draw: st.DrawFn) -> Cijfers:
    """A municipality of like size with many small and some empty cells."""
    codes = draw(st.sets(st.sampled_from(list(NAMEN)), min_size=1, max_size=8))
    found = getallen(draw(KLANTEN), {code: draw(WEINIG) for code in codes})
    vormen = {vorm: Telling(n, n) for vorm in found.vormen for n in [draw(WEINIG)]}
    return replace(found, vormen=vormen)


GROEPEN = st.lists(gemeente(), min_size=3, max_size=6)


def groep_van(anderen: list[Cijfers]) -> Groep:
    found = vergelijk(EIGEN, (), anderen).groep
    assert found is not None
    return found


def veilig(bijdragen: list[int]) -> bool:
    """The rule, said again: nobody at all, or three with ten or more and none with fewer."""
    groot = [n for n in bijdragen if n >= 10]
    return not any(bijdragen) or (len(groot) >= 3 and all(n == 0 or n >= 10 for n in bijdragen))


@settings(deadline=None)
@given(GROEPEN)
def test_a_shown_cell_speaks_of_ten_people_or_more(anderen: list[Cijfers]) -> None:
    """Three municipalities with ten or more each, none with one to nine, a mean of ten at least."""
    groep = groep_van(anderen)
    for veld in ("hoofd", "typen", "vormen"):
        shown: dict[str, Cel | None] = getattr(groep, veld)
        for key, cel in shown.items():
            people = [getattr(one, veld)[key].clienten for one in anderen]
            if cel is not None:
                assert sum(people) >= 10 * len(people)
                assert any(people)
                assert veilig(people)
                assert cel.clienten >= 10
                assert cel.records >= 10


@settings(deadline=None)
@given(GROEPEN)
def test_what_is_left_by_subtraction_is_safe_too(anderen: list[Cijfers]) -> None:
    """The hidden parts of one sum, taken together, are nobody or may be known."""
    groep = groep_van(anderen)
    sommen = [list(groep.hoofd), list(groep.vormen)]
    velden = ["hoofd", "vormen"]
    for hoofd, cel in groep.hoofd.items():
        onder = [code for code in NAMEN if HOOFDCATEGORIE[code] == hoofd]
        if cel is None:
            assert all(groep.typen[code] is None for code in onder)
        elif onder:
            sommen.append(onder)
            velden.append("typen")
    for veld, delen in zip(velden, sommen, strict=True):
        weg = [key for key in delen if getattr(groep, veld)[key] is None]
        if len(weg) < len(delen):
            rest = [max((getattr(o, veld)[k].clienten for k in weg), default=0) for o in anderen]
            assert veilig(rest)


@settings(deadline=None)
@given(GROEPEN)
def test_numbers_are_rounded(anderen: list[Cijfers]) -> None:
    """Means come in fives, so that one person more is hardly ever seen."""
    groep = groep_van(anderen)
    cellen = [groep.totaal, *groep.hoofd.values(), *groep.typen.values(), *groep.vormen.values()]
    assert all(c is None or (c.clienten % 5 == 0 and c.records % 5 == 0) for c in cellen)


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_few_people_do_not_move_a_completeness(een: int, twee: int, leeg: bool) -> None:
    """Fewer than ten on one side of a column count as the other side."""

    def groep(aantal: int) -> Groep:
        few = Vulling(aantal, aantal, 200) if leeg else Vulling(200 - aantal, 200, aantal)
        return groep_van([getallen(200, gevuld=[few] * len(KOLOMMEN)) for _ in range(3)])

    assert groep(een).gevuld == groep(twee).gevuld == ((0 if leeg else 100),) * len(KOLOMMEN)


def test_records_of_nobody_known_are_not_shown() -> None:
    """How many people they are is unknown, so it may be fewer than ten."""
    bekend = getallen(200, {"0001": 200, "0011": 50})
    onbekend = replace(bekend, typen={**bekend.typen, "0011": Telling(50, 0)})
    assert groep_van([bekend] * 4).typen["0011"] is not None
    assert groep_van([*[bekend] * 3, onbekend]).typen["0011"] is None


@pytest.mark.parametrize(("klanten", "past"), [(99, False), (100, True), (400, True), (401, False)])
def test_like_size_is_half_to_twice_as_many(klanten: int, past: bool) -> None:
    """Both bounds belong to it."""
    found = vergelijk(EIGEN, (), [getallen(klanten)] * 3)
    assert (found.groep is not None) == past
    assert past or "minder dan drie" in found.waarom


def test_two_others_are_too_few() -> None:
    """Each of two would learn the other's number."""
    assert vergelijk(EIGEN, (), [EIGEN, EIGEN]).groep is None


def test_a_municipality_with_hardly_a_client_is_not_compared() -> None:
    """Its group would be as small as it is."""
    found = vergelijk(getallen(9), (), [getallen(10)] * 5)
    assert found.groep is None
    assert "minder dan tien" in found.waarom


def test_another_half_year_is_not_compared_with() -> None:
    """Only figures over the same half-year stand side by side."""
    assert vergelijk(EIGEN, (), [getallen(200, uitvraag="H12025")] * 5).groep is None


def test_earlier_half_years_come_in_order_and_later_ones_not() -> None:
    """A correction of an old half-year is not compared with what came after it."""
    nu = getallen(200, uitvraag="H12025")
    alle = [getallen(9, uitvraag=code) for code in ("H22025", "H12025", "H22024", "H12023")]
    assert [one.uitvraag for one in vergelijk(nu, alle, ()).eerdere] == ["H12023", "H22024"]


def test_a_plain_group_gives_plain_means() -> None:
    """The mean, the share and how full, where nothing is small."""
    groep = groep_van([getallen(n, {"0001": n, "0002": 50}) for n in (100, 200, 330)])
    assert groep.aantal == 3
    assert groep.typen["0001"] == Cel(210, 210, 100)
    assert groep.hoofd["Ondersteuning thuis"] == Cel(50, 50, 30)
    assert groep.gevuld == (100,) * len(KOLOMMEN)
