# SPDX-License-Identifier: EUPL-1.2
"""The figures of a file: held against counting one by one."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapportinvoer import frame

from gateway.cbs.categorieen import (
    HOOFDCATEGORIE,
    KOLOMMEN,
    LEVERINGSVORMEN,
    NAMEN,
    ONBEKEND,
    TYPEN,
)
from gateway.cbs.cijfers import Cijfers, Telling, Vulling, cijfers

BSN = st.sampled_from(["123456782", "111222333", "999999990", "999999999", "100000009"])
TYPE = st.sampled_from(["", "0001", "0002", "0012", "0115", "0088", "0099"])
RIJ = st.fixed_dictionaries(
    {
        3: BSN,
        4: TYPE,
        7: st.sampled_from(["", "2", "4", "6"]),
        8: TYPE,
        17: st.sampled_from(["", "02"]),
    }
)
RIJEN = st.lists(RIJ, max_size=40)


def soort_van(rij: dict[int, str]) -> str:
    return rij[8] if rij[8] in NAMEN else rij[4]


def tel(rijen: list[dict[int, str]]) -> Telling:
    return Telling(len(rijen), len({rij[3] for rij in rijen} - {"999999999"}))


@settings(deadline=None)
@given(RIJEN)
def test_counting_one_by_one_gives_the_same(rijen: list[dict[int, str]]) -> None:
    """Every number is that of a plain loop over the rows."""
    found = cijfers(frame(rijen), "H22025")
    hoofd = [HOOFDCATEGORIE.get(soort_van(rij), ONBEKEND) for rij in rijen]
    assert found.totaal == tel(rijen)
    assert found.zonder_bsn == sum(rij[3] == "999999999" for rij in rijen)
    for code in NAMEN:
        assert found.typen[code] == tel([rij for rij in rijen if soort_van(rij) == code])
    for naam in [*TYPEN, ONBEKEND]:
        mine = [rij for rij, h in zip(rijen, hoofd, strict=True) if h == naam]
        assert found.hoofd[naam] == tel(mine)
        for vorm in LEVERINGSVORMEN:
            assert found.kruis[naam][vorm] == tel([rij for rij in mine if rij[7] == vorm])
    for vorm in LEVERINGSVORMEN:
        assert found.vormen[vorm] == tel([rij for rij in rijen if rij[7] == vorm])
    for i, kolom in enumerate(found.kolommen, 1):
        vol = [rij for rij in rijen if rij.get(i)]
        leeg = [rij for rij in rijen if not rij.get(i)]
        assert kolom == Vulling(len(vol), tel(vol).clienten, tel(leeg).clienten)


@settings(deadline=None)
@given(RIJEN, st.integers(1, 7))
def test_rows_that_come_some_at_a_time_count_the_same(rijen, many) -> None:
    """Also when a person stands in several of them; and of no rows at all."""
    whole = frame(rijen)
    assert cijfers(iter(list(whole.iter_slices(many))), "H22025") == cijfers(whole, "H22025")
    assert cijfers(iter(()), "H22025") == cijfers(frame([]), "H22025")


@settings(deadline=None)
@given(RIJEN)
def test_the_json_gives_the_same_figures_back(rijen: list[dict[int, str]]) -> None:
    """What the counterpart keeps is what was counted."""
    found = cijfers(frame(rijen), "H22025")
    assert Cijfers.from_json(found.to_json()) == found


@settings(deadline=None)
@given(RIJEN)
def test_no_person_is_in_what_is_kept(rijen: list[dict[int, str]]) -> None:
    """No nine digits in a row, so no BSN."""
    assert not re.search("[0-9]{9}", cijfers(frame(rijen), "H22025").to_json())


def test_an_unknown_person_is_no_client() -> None:
    """A hundred records of 999999999 are a hundred records and nobody."""
    found = cijfers(frame([{3: "999999999", 4: "0011"}] * 100), "H22025")
    assert found.totaal == Telling(100, 0)
    assert found.zonder_bsn == 100


@pytest.mark.parametrize(
    ("toewijzing", "declaratie", "telt"),
    [("0001", "0002", "0002"), ("0001", "", "0001"), ("0001", "0099", "0001")],
)
def test_the_actual_type_counts_and_else_the_intended(
    toewijzing: str, declaratie: str, telt: str
) -> None:
    """Intended where the actual is missing or not correct (domain 6)."""
    found = cijfers(frame([{3: "123456782", 4: toewijzing, 8: declaratie}]), "H22025")
    assert [code for code, een in found.typen.items() if een.records] == [telt]


def test_every_type_and_column_of_the_protocol_is_there() -> None:
    """22 codes in five categories, 18 columns (aanleverprotocol 3.2.1, 3.2.2)."""
    found = cijfers(frame([]), "H22025")
    wanted = {f"{i:04d}" for i in range(1, 19)} | {"0088", "0115", "0215", "0315"}
    assert set(found.typen) == wanted
    assert len(TYPEN) == 5
    assert len(found.kolommen) == len(KOLOMMEN) == 18


def test_the_frame_is_left_as_it_was() -> None:
    """Counting changes nothing of the rows."""
    rows = frame([{3: "123456782", 4: "0001"}])
    before = rows.clone()
    cijfers(rows, "H22025")
    assert rows.equals(before)
    assert rows.schema["k3"] == pl.String
