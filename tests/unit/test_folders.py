# SPDX-License-Identifier: EUPL-1.2
"""Places, and what may be taken from them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import parse
from gateway.folders import Folders, Seen, Waiting, place_of
from gateway.handover import Handover
from gateway.inbound import Inbound
from gateway.lease import has_no_writer
from gateway.model import STATION_OF, Kind, Place
from gateway.moment import Clock
from gateway.setup import shipped_config
from gateway.waits import Waits

CONFIG = parse(shipped_config().decode())
BOTH = ("ggk", "rinis")


def write(folders, place, name, content=b"x"):
    os.makedirs(folders.path(place), exist_ok=True)
    path = os.path.join(folders.path(place), name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def handover_of(folders):
    return Handover(folders, Clock(), folders.root, Waits())


def inbound_of(folders, stations=BOTH, limit=64):
    return Inbound(folders, handover_of(folders), stations, limit)


def drain(inbound, now=0.0):
    """All that is finished now, in the order in which it is taken."""
    found = []
    while more := inbound.finished(now):
        found += more
        for seen in more:
            inbound.release(seen.place, seen.name)
            os.unlink(os.path.join(inbound._folders.path(seen.place), seen.name))
    return [seen.name for seen in found]


def test_every_place_that_is_taken_from_is_found_by_its_path(folders):
    """place_of is the inverse of path for all that the stations take from, answers included."""
    places = [*folders.sources(BOTH), Place(Kind.OUTBOX, "0363", "wmo", "b.bakker"),
              Place(Kind.GGK_UIT_ANTWOORD), Place(Kind.GGK_IN_ANTWOORD)]  # fmt: skip
    assert len(places) > 12
    for place in places:
        assert place_of(os.fsencode("/".join([*place.parts, "bestand.csv"]))) == place


@pytest.mark.parametrize(
    "path",
    ["gemeenten/0363/outbox/.tmp/x", "gemeenten/0363/.claimed/x", "gemeenten/0363/inbox/x",
     "gemeenten/0363/outbox/a/b/c/x", "cbs/in/GMSDWMO/x", "cbs/uit/GMSDTTK/geweigerd/x",
     "quarantaine/id/x", ".state/audit/checkpoint", "ggk/uit/.claimed/x", "ggk/uit/diep/x", "x"],
)  # fmt: skip
def test_nothing_else_is_a_place_to_take_from(path):
    """Our own folders, inboxes, and what lies deeper are never taken from on a hint."""
    assert place_of(path.encode()) is None


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_a_user_is_never_shown_in_a_place(user):
    """The route log shows the exchange's folder; the sub-folder of a user stays unsaid."""
    assert str(Place(Kind.OUTBOX, "0363", "wmo", user)) == "gemeenten/0363/outbox/wmo"


def test_every_kind_has_its_station():
    """Whoever takes from a place is ggk or rinis; the other kinds are for delivering only."""
    taken = set(STATION_OF)
    assert set(STATION_OF.values()) == set(BOTH)
    assert taken.isdisjoint({Kind.INBOX, Kind.VERZONDEN, Kind.RECEIVER_IN, Kind.QUARANTAINE})


def test_a_lease_tells_a_writer(tmp_path):
    """Open for writing: False; closed: True; where the kernel does not say: None."""
    path = tmp_path / "x"
    with path.open("wb") as file:
        fd = os.open(path, os.O_RDONLY)
        assert has_no_writer(fd) is False
        file.close()
        assert has_no_writer(fd) is True
        os.close(fd)
    read, written = os.pipe()
    assert has_no_writer(read) is None
    os.close(read)
    os.close(written)


def test_an_outbox_that_is_a_link_is_told_at_the_start(tmp_path):
    """Nothing is made or taken behind it; that of a mount of its own: tests/faults, row 20."""
    root = tmp_path / "folders"
    outbox = root / "gemeenten/0363/outbox"
    outbox.parent.mkdir(parents=True)
    outbox.symlink_to(tmp_path / "elders")
    (tmp_path / "elders").mkdir()
    folders = Folders(str(root), CONFIG)
    assert folders.make_all()
    assert folders.unusable["gemeenten/0363/outbox"] == "Not a directory"
    folders.close()


def test_what_is_seen_is_not_seen_again_before_it_is_claimed(folders):
    """A hint, a scan and a second hint of one file: one sight of it, until it is released."""
    outbox = Place(Kind.OUTBOX, "0363")
    write(folders, outbox, "WMO_1.csv")
    inbound = inbound_of(folders)
    [seen] = inbound.finished(0.0)
    assert isinstance(seen, Seen)
    inbound.hint(outbox, "WMO_1.csv")
    inbound.scan_now()
    assert inbound.finished(0.0) == []
    inbound.release(outbox, "WMO_1.csv")
    inbound.scan_now()
    assert [one.name for one in inbound.finished(0.0)] == ["WMO_1.csv"]


def test_a_hint_finds_what_no_scan_has_found_yet(folders):
    """Between two scans a hint is enough; without one the next scan is."""
    outbox = Place(Kind.OUTBOX, "0363")
    inbound = inbound_of(folders)
    assert inbound.finished(0.0) == []
    write(folders, outbox, "WMO_1.csv")
    assert inbound.finished(0.01) == []
    inbound.hint(outbox, "WMO_1.csv")
    assert [one.name for one in inbound.finished(0.02)] == ["WMO_1.csv"]
    write(folders, outbox, "WMO_2.csv")
    assert [one.name for one in inbound.finished(10_000.0)] == ["WMO_2.csv"]


@pytest.mark.parametrize(
    "place",
    [Place(Kind.OUTBOX, "0599"), Place(Kind.OUTBOX, "0599", "wmo"),
     Place(Kind.RECEIVER_UIT, "cbs", "GMSDWMO"), Place(Kind.RECEIVER_UIT, "svb", "X")],
)  # fmt: skip
def test_a_hint_from_where_no_scan_looks_is_none(folders, place):
    """A party, receiver or exchange that is not configured has no folder to take from."""
    write(folders, place, "WMO_1.csv")
    inbound = inbound_of(folders)
    inbound.hint(place, "WMO_1.csv")
    assert inbound.finished(0.0) == []


def test_each_place_has_its_turn(folders):
    """1,000 files of one municipality do not hold up the one of another."""
    for number in range(1000):
        write(folders, Place(Kind.OUTBOX, "0363"), f"WMO_{number}.csv")
    write(folders, Place(Kind.OUTBOX, "0034"), "WMO_een.csv")
    inbound = inbound_of(folders)
    first = inbound.finished(0.0)
    assert len(first) == 64
    assert "WMO_een.csv" in {one.name for one in first}


def test_the_oldest_goes_first_and_envelopes_go_by_name(folders):
    """An outbox by age, a hop folder by tijdstip in the name."""
    outbox, hop = Place(Kind.OUTBOX, "0363"), Place(Kind.GGK_UIT)
    for age, name in enumerate(["WMO_c.csv", "WMO_a.csv", "WMO_b.csv"]):
        os.utime(write(folders, outbox, name), (1000 + age, 1000 + age))
    assert drain(inbound_of(folders, ("ggk",), 1)) == ["WMO_c.csv", "WMO_a.csv", "WMO_b.csv"]
    number = "0b9c2e7a-1d1c-4c57-9f0e-2a6b3c4d5e6f"
    for time in ("20260202100000003", "20260202100000001", "20260202100000002"):
        write(folders, hop, f"{time}_{number}.xml")
    assert [name[16] for name in drain(inbound_of(folders, ("rinis",), 1))] == ["1", "2", "3"]


def test_what_waits_says_why_and_when_it_is_looked_at_again(folders):
    """A name of an upload waits for its owner; an empty file for its quiet time."""
    outbox = Place(Kind.OUTBOX, "0363")
    write(folders, outbox, "a.part")
    write(folders, outbox, "WMO_leeg.csv", b"")
    inbound = inbound_of(folders)
    assert inbound.finished(0.0) == []
    found = {one.name: (one.code, one.retry) for one in inbound.waiting()}
    assert found == {"a.part": ("onaf", None), "WMO_leeg.csv": ("rusttijd", 2.0)}
    assert inbound.finished(1.9) == []
    assert [one.name for one in inbound.finished(2.1)] == ["WMO_leeg.csv"]


def test_a_change_begins_the_quiet_time_anew(folders):
    """Written to within the quiet time: it counts from there."""
    outbox, look = Place(Kind.OUTBOX, "0363"), handover_of(folders).look
    path = write(folders, outbox, "WMO_leeg.csv", b"")
    assert isinstance(look(outbox, "WMO_leeg.csv", 0.0), Waiting)
    os.utime(path, (1, 1))
    assert isinstance(look(outbox, "WMO_leeg.csv", 2.1), Waiting)
    assert isinstance(look(outbox, "WMO_leeg.csv", 4.2), Seen)


def test_a_file_that_is_gone_is_nothing(folders):
    """Removed before it was looked at: not seen, not waiting."""
    assert handover_of(folders).look(Place(Kind.OUTBOX, "0363"), "weg.csv", 0.0) is None


def test_the_next_file_of_a_name_is_seen_though_no_hint_comes(folders):
    """It lay there while the first was taken: when that is claimed, it is looked at."""
    outbox = Place(Kind.OUTBOX, "0363")
    inbound = inbound_of(folders)
    path = write(folders, outbox, "WMO_1.csv", b"een")
    [seen] = inbound.finished(0.0)
    os.unlink(path)
    write(folders, outbox, "WMO_1.csv", b"twee")
    for now in (10.0, 20.0, 30.0):  # nothing changes there any more
        assert inbound.finished(now) == []
    inbound.release(seen.place, seen.name)
    [again] = inbound.finished(40.0)
    assert (again.name, again.size) == ("WMO_1.csv", 4)


def test_however_often_it_is_looked_at_a_file_has_one_next_moment(folders):
    """A writer has it open, and its folder changes all the time: looks do not multiply."""
    outbox = Place(Kind.OUTBOX, "0363")
    path = os.path.join(folders.path(outbox), "WMO_1.csv")
    inbound = inbound_of(folders)
    with open(path, "wb"):
        for number in range(30):
            inbound.hint(outbox, "WMO_1.csv")
            assert inbound.finished(number / 1000) == []
        kept = [at for at, _, spot in inbound._due if inbound._next[spot] == at]
    assert len(kept) == 1
