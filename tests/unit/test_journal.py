# SPDX-License-Identifier: EUPL-1.2
"""What the journal keeps reads back as it was, and where each event leads."""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal import (
    Intent,
    Promise,
    Put,
    decode_intent,
    decode_promise,
    encode_intent,
    encode_promise,
)
from gateway.lifecycle import CUSTODY, DECIDED, FINAL, TRANSITIONS, Status, fold, step
from gateway.model import Clash, Event, EventType, Fate, Kind, Moment, Place
from gateway.moment import Clock

NAMES = st.binary(min_size=1, max_size=255).map(os.fsdecode)
PLACES = st.builds(Place, st.sampled_from(Kind), st.just("0363"), NAMES, NAMES)
MOMENTS = st.builds(
    Moment,
    st.datetimes(timezones=st.just(UTC)),
    st.tuples(st.uuids(version=4).map(str), st.uuids(version=4).map(str)),
    st.integers(0),
)
EVENTS = st.builds(Event, st.sampled_from(EventType), NAMES, NAMES, NAMES, NAMES, NAMES, NAMES)
PUTS = st.builds(
    Put, PLACES, NAMES, NAMES, st.integers(0), st.integers(0), st.sampled_from(Clash),
    st.none() | EVENTS,
)  # fmt: skip


@given(PLACES, NAMES, st.integers(0), st.integers(0), MOMENTS)
def test_an_intent_reads_back(place, name, dev, ino, moment):
    """Any bytes in a name survive, and the moment survives whole; marked as found again."""
    text = encode_intent(Intent("id", place, name, dev, ino, moment))
    text.encode("utf-8")
    assert decode_intent("id", text) == Intent("id", place, name, dev, ino, moment, again=True)


@given(PLACES, st.lists(PUTS, max_size=4), st.sampled_from(Fate), st.none() | PLACES, NAMES)
def test_a_promise_reads_back(place, puts, fate, target, name):
    """Each staged file, its final name and event, and the fate of the source survive."""
    promise = Promise("id", place, puts, fate, target, name, 7, 8, "levering")
    text = encode_promise(promise)
    text.encode("utf-8")
    found = decode_promise("id", text)
    promise.again = True
    assert found == promise


def test_every_event_has_a_meaning_and_custody_has_leaves_of_its_own():
    """No event without a row; no two custody events share the type of their leaf."""
    assert set(TRANSITIONS) == set(EventType)
    leaves = [TRANSITIONS[event].leaf for event in CUSTODY]
    assert len(set(leaves)) == len(leaves)
    way = ("accepted", "relayed", "delivered", "acknowledged", "rejected", "refused", "notified")
    assert {EventType(one) for one in way} <= CUSTODY
    journal_only = {EventType.ANSWERED, EventType.REPEATED, EventType.REMARK}
    assert journal_only.isdisjoint(CUSTODY)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], "new"),
        (["accepted"], "accepted"),
        (["accepted", "remark", "relayed"], "relayed"),
        (
            ["accepted", "relayed", "delivered", "answered", "acknowledged", "notified"],
            "acknowledged",
        ),
        (["accepted", "relayed", "refused", "answered"], "refused"),
        (["accepted", "relayed", "refused", "acknowledged"], "refused"),
        (["rejected", "notified"], "rejected"),
        (["delivered", "repeated", "repeated"], "delivered"),
        (["accepted", "relayed", "conflict"], "conflict"),
        (["accepted", "relayed", "refused", "released"], "released"),
        (["accepted", "refused", "released", "delivered", "acknowledged"], "acknowledged"),
        (["rejected", "dropped"], "dropped"),
        (["rejected", "dropped", "relayed"], "dropped"),
        (["accepted", "delivered", "acknowledged", "quarantined", "dropped"], "acknowledged"),
        (["accepted", "delivered", "quarantined", "released"], "delivered"),
        (["accepted", "acknowledged", "relayed"], "acknowledged"),
        (["accepted", "relayed", "acknowledged", "delivered"], "acknowledged"),
        (["accepted", "acknowledged", "conflict"], "conflict"),
        (["accepted", "delivered", "acknowledged", "notified", "confirmed"], "confirmed"),
        (["accepted", "delivered", "confirmed"], "received"),
        (["accepted", "relayed", "confirmed", "delivered"], "received"),
        (["accepted", "delivered", "confirmed", "acknowledged"], "confirmed"),
        (["accepted", "delivered", "acknowledged", "confirmed", "confirmed"], "confirmed"),
        (["accepted", "refused", "confirmed"], "refused"),
        (["accepted", "delivered", "confirmed", "refused"], "refused"),
        (["accepted", "delivered", "acknowledged", "served", "collected"], "acknowledged"),
    ],
)
def test_where_events_lead(events, status):
    """Status is what the events fold to; a refusal stands."""
    assert fold(EventType(one) for one in events) == status


@given(st.lists(st.sampled_from([one for one in EventType if one not in DECIDED])))
def test_a_refusal_is_never_undone_but_by_a_person(events):
    """Whatever else comes after it."""
    assert fold([EventType.REFUSED, *events]) is Status.REFUSED
    assert Status.REFUSED in FINAL
    assert step(Status.REFUSED, EventType.DELIVERED) is Status.REFUSED


# --- clocks ---------------------------------------------------------------------------------------


def test_klok_never_goes_back():
    """Not between two readings, and not behind the last leaf of the log."""
    clock = Clock()
    first = clock.klok()
    assert clock.klok() >= first
    clock.not_before(first + 10**9)
    assert clock.klok() == first + 10**9
    assert clock.klok() >= first + 10**9


def test_nu_is_turned_and_klok_is_not():
    """Turning nu moves nu alone; the distance is told in whole milliseconds."""
    clock = Clock()
    before = clock.klok()
    offset = clock.turn(datetime.now(UTC) + timedelta(days=400))
    assert abs(offset - timedelta(days=400)) < timedelta(minutes=1)
    assert offset.microseconds % 1000 == 0
    assert clock.nu() - datetime.now(UTC) > timedelta(days=399)
    assert clock.klok() - before < 10**8
    again = Clock(offset)
    assert again.nu() - datetime.now(UTC) > timedelta(days=399)


def test_ids_are_of_their_form():
    """Numbers are UUID v4, events ULIDs; no two alike."""
    import envelopes

    clock = Clock()
    moment = clock.moment(7)
    assert envelopes.is_referentienummer(moment.ids[0])
    assert len(set(moment.ids)) == len(moment.ids)
    ulids = [clock.fresh_ulid() for _ in range(100)]
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", one) for one in ulids)
    assert len(set(ulids)) == 100
    assert clock.fresh_salt() != clock.fresh_salt()
