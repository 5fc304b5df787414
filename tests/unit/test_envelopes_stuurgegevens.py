# SPDX-License-Identifier: EUPL-1.2
"""Moments, numbers and organisations of the header."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envelopes import (
    Systeem,
    is_referentienummer,
    is_tijdstip,
    na,
    opvul,
    rfc3339,
    stijgend,
    tijdstip,
)
from envelopes.stuurgegevens import functie_met_versie, organisatie_bezwaar


def test_is_dutch_local_time() -> None:
    """UTC becomes winter or summer time; milliseconds are cut, not rounded."""
    assert tijdstip(datetime(2026, 2, 2, 9, 0, 0, 1999, UTC)) == "20260202100000001"
    assert tijdstip(datetime(2026, 7, 1, 9, 0, tzinfo=UTC)) == "20260701110000000"
    oost = timezone(timedelta(hours=5, minutes=30))
    assert tijdstip(datetime(2026, 2, 2, 0, 0, tzinfo=oost)) == "20260201193000000"


def test_week_year_is_not_the_year() -> None:
    """31 December 2025 lies in week 1 of 2026, and is still 2025."""
    assert tijdstip(datetime(2025, 12, 31, 22, 0, tzinfo=UTC)).startswith("20251231")


def test_a_moment_without_a_zone_is_refused() -> None:
    """A naive moment is an error, not a guess."""
    with pytest.raises(ValueError, match="zone"):
        tijdstip(datetime(2026, 2, 2))  # noqa: DTZ001


def test_the_hour_that_occurs_twice() -> None:
    """Through the end of summer time `stijgend` keeps rising where `tijdstip` falls back."""
    voor = datetime(2026, 10, 25, 0, 59, 59, 999000, UTC)
    erna = voor + timedelta(milliseconds=1)
    assert tijdstip(erna) < tijdstip(voor)
    assert stijgend(erna, tijdstip(voor)) == "20261025030000000"
    assert stijgend(erna, None) == tijdstip(erna)


@pytest.mark.parametrize(
    ("t", "goed"),
    [
        ("20260202", True),
        ("2026020210", True),
        ("202602021000", True),
        ("20260202100000", True),
        ("202602021000001", True),
        ("2026020210000012", True),
        ("20260202100000123", True),
        ("20240229", True),
        ("20260229", False),
        ("00000101", False),
        ("202602021", False),
        ("20260202100", False),
        ("2026020210000", False),
        ("202602021000001234", False),
        ("20261301", False),
        ("2026020224", False),
        ("202602021060", False),
        ("20260202100060", False),
        ("2026020a", False),
        ("٢٠٢٦٠٢٠٢", False),
        ("", False),
    ],
)
def test_legal_moments(t: str, goed: bool) -> None:
    """Lengths 8 10 12 14 15 16 17 of a real moment, in ASCII digits; nothing else."""
    assert is_tijdstip(t) is goed
    if not goed:
        with pytest.raises(ValueError, match="tijdstip"):
            opvul(t)


def test_shorter_moments_compare_after_filling() -> None:
    """A shorter moment counts as the begin of what it names."""
    assert opvul("20260202") == "20260202000000000"
    assert opvul("202602021000001") == "20260202100000100"


@pytest.mark.parametrize(
    ("t", "later"),
    [
        ("20260202100000999", "20260202100001000"),
        ("20261231235959999", "20270101000000000"),
        ("20240228235959999", "20240229000000000"),
        ("20260202", "20260202000000001"),
    ],
)
def test_one_millisecond_later(t: str, later: str) -> None:
    """Over the end of a second, a year and a February."""
    assert na(t) == later


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9998, 12, 31)))  # noqa: DTZ001
def test_rises_strictly(moment: datetime) -> None:
    """Whatever the moment, `na` comes later as text, and both are legal."""
    t = tijdstip(moment.replace(tzinfo=UTC))
    assert len(t) == 17
    assert is_tijdstip(t)
    assert na(t) > t
    assert is_tijdstip(na(t))


def test_with_its_zone() -> None:
    """Local time gets the offset of that day; the hour that occurs twice is read as the first."""
    assert rfc3339("20260202100000000") == "2026-02-02T10:00:00.000+01:00"
    assert rfc3339("20260701100000000") == "2026-07-01T10:00:00.000+02:00"
    assert rfc3339("20261025023000000") == "2026-10-25T02:30:00.000+02:00"


def test_reference_numbers() -> None:
    """Lower-case UUID version 4, nothing around it."""
    goed = "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"
    assert is_referentienummer(goed)
    for fout in (goed.upper(), goed + "\n", "{" + goed + "}", goed.replace("-4d", "-1d"), ""):
        assert not is_referentienummer(fout)


def test_who_a_system_is() -> None:
    """The user is no part of the identity of a system."""
    assert Systeem("0363", "App", "A", "x").sleutel == Systeem("0363", "App", "A", "y").sleutel
    assert Systeem("0363", "App").sleutel != Systeem("0363", "App", "B").sleutel


def test_organisations() -> None:
    """A code without its zeros can be nobody's; other forms are left to the station."""
    for goed in ("0363", "CBS", "54540051", "IB", "00000001002220647000", "Vektis"):
        assert organisatie_bezwaar(goed) is None
    for fout in ("", " ", "363", "34", " 0363"):
        assert organisatie_bezwaar(fout)


def test_versions_in_a_functie() -> None:
    """The shipped codes pass, digits included; a version behind one does not."""
    for goed in ("GMSDWMO", "GMSDSP1", "GMSDSP2", "JW315", "IV3-2025", "WMO301"):
        assert not functie_met_versie(goed)
    for fout in ("JW315-00010004", "GMSDWMO_0002", "GMSDWMO v2", "GMSDWMO 1.0"):
        assert functie_met_versie(fout)
