# SPDX-License-Identifier: EUPL-1.2
"""Half-years and windows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.periods import Stand, Uitvraag, beoordeel, binnen, dag_van, dutch, voluit


@dataclass(frozen=True)
class Venster:
    """A window, as the configuration gives it."""

    uitvraag: str
    van: date
    tot: date | None


EERSTE = Venster("H22025", date(2026, 1, 26), date(2026, 2, 20))
TWEEDE = Venster("H22025", date(2026, 8, 1), None)
ANDER = Venster("H12026", date(2026, 8, 1), None)


def test_uitvraag_is_a_half_year():
    """H1 is January to June, H2 is July to December (aanleverprotocol 2.2)."""
    tweede = Uitvraag.lees("h22025")
    assert tweede == Uitvraag(2025, 2)
    assert (tweede.eerste_dag, tweede.laatste_dag) == (date(2025, 7, 1), date(2025, 12, 31))
    eerste = tweede.vorige
    assert (eerste.code, eerste.laatste_dag) == ("H12025", date(2025, 6, 30))
    assert eerste.vorige.code == "H22024"
    assert tweede.bevat(date(2025, 7, 1))
    assert not tweede.bevat(date(2026, 1, 1))


@pytest.mark.parametrize("code", ["", "H32025", "H2202", "H220255", "onbekend", "H2٢٠٢٥", "H20000"])
def test_what_is_no_uitvraag(code):
    """Anything but H1 or H2 and a year of four ASCII digits is None."""
    assert Uitvraag.lees(code) is None


@given(st.integers(1001, 9999), st.sampled_from([1, 2]))
def test_half_years_follow_each_other(jaar, half):
    """The half-year before ends on the day before; its code reads back."""
    one = Uitvraag(jaar, half)
    assert one.vorige.laatste_dag + timedelta(days=1) == one.eerste_dag
    assert one.vorige < one
    assert Uitvraag.lees(one.code) == one


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 2, 20, 22, 59, 59, tzinfo=UTC), date(2026, 2, 20)),
        (datetime(2026, 2, 20, 23, 0, tzinfo=UTC), date(2026, 2, 21)),
        (datetime(2026, 7, 31, 22, 0, tzinfo=UTC), date(2026, 8, 1)),
        (datetime(2026, 1, 26, 8, 0, tzinfo=timezone(timedelta(hours=9))), date(2026, 1, 26)),
    ],
)
def test_a_day_is_a_dutch_day(moment, day):
    """Midnight is that of Amsterdam, in winter and in summer."""
    assert dag_van(moment) == day


def test_a_moment_without_a_zone_has_no_day():
    """A naive time is a mistake of the caller."""
    with pytest.raises(ValueError, match="zone"):
        dag_van(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "stand", "datum"),
    [
        (date(2026, 1, 25), Stand.TE_VROEG, date(2026, 1, 26)),
        (date(2026, 1, 26), Stand.OPEN, date(2026, 2, 20)),
        (date(2026, 2, 20), Stand.OPEN, date(2026, 2, 20)),
        (date(2026, 2, 21), Stand.TE_LAAT, date(2026, 2, 21)),
        (date(2026, 7, 31), Stand.TE_LAAT, date(2026, 2, 21)),
        (date(2026, 8, 1), Stand.OPEN, None),
        (date(2030, 1, 1), Stand.OPEN, None),
    ],
)
def test_window_status(day, stand, datum):
    """Both days are in the window; between two it is too late; without an end it stays open."""
    found = beoordeel([TWEEDE, ANDER, EERSTE], "H22025", day)
    assert (found.stand, found.datum) == (stand, datum)
    assert found.open == (stand is Stand.OPEN)


def test_window_sentences():
    """The sentence says what a municipality needs to know, in Dutch."""
    say = {
        day: beoordeel([EERSTE, TWEEDE], "h22025", day).zin
        for day in (date(2026, 1, 2), date(2026, 2, 1), date(2026, 3, 1), date(2026, 9, 1))
    }
    assert list(say.values()) == [
        "De periode voor H22025 begint op 26 januari 2026; dit bestand kwam op 2 januari 2026.",
        "De periode voor H22025 is open tot en met 20 februari 2026.",
        "De periode voor H22025 eindigde op 20 februari 2026; dit bestand kwam op 1 maart 2026."
        " De volgende periode begint op 1 augustus 2026.",
        "De periode voor H22025 is open; de laatste dag is nog niet bekend.",
    ]
    assert beoordeel([ANDER], "H22025", date(2026, 1, 2)).stand is Stand.GEEN_VENSTER
    assert beoordeel([EERSTE], "onbekend", date(2026, 1, 2)).stand is Stand.ONBEKEND


@given(
    st.lists(
        st.tuples(st.dates(), st.one_of(st.none(), st.integers(0, 400))).map(
            lambda pair: Venster(
                "H12025",
                pair[0],
                None
                if pair[1] is None or pair[0] > date(9000, 1, 1)
                else pair[0] + timedelta(days=pair[1]),
            )
        ),
        max_size=4,
    ),
    st.dates(),
)
def test_open_exactly_inside_a_window(vensters, day):
    """Whatever the windows: open inside one of them, never outside, and always a sentence."""
    found = beoordeel(vensters, "H12025", day)
    assert found.open == any(binnen(one, day) for one in vensters)
    assert found.zin.endswith(".")
    if found.stand is Stand.TE_VROEG:
        assert found.datum > day
    if found.stand is Stand.TE_LAAT:
        assert found.datum <= day


def test_days_in_full():
    """Days are written as people do."""
    assert voluit(date(2026, 8, 1)) == "1 augustus 2026"


def test_a_moment_as_people_read_it():
    """Dutch time in seconds, with the zone that tells the hour that occurs twice apart."""
    assert dutch("2026-02-02T08:30:15.120Z") == "2026-02-02 09:30:15 CET"
    assert dutch("2026-10-25T00:30:00.000Z") == "2026-10-25 02:30:00 CEST"
    assert dutch("2026-10-25T01:30:00.000Z") == "2026-10-25 02:30:00 CET"
    assert dutch("2026-07-01T00:00:00+02:00") == "2026-07-01 00:00:00 CEST"
