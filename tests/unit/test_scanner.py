# SPDX-License-Identifier: EUPL-1.2
"""A folder is read when it changed, when that is not certain, and now and then all the same."""

import os

from gateway.model import Kind, Place
from gateway.scanner import SURELY_SECONDS, TICK_SECONDS, Scanner

OUTBOX = Place(Kind.OUTBOX, "0363")


def seen(scanner, now):
    """The places that were read, with what lies there."""
    return {place: names for place, names, _ in scanner.changed(now)}


def test_a_folder_that_did_not_change_is_not_read_again(folders):
    """Not before a tick of its clock has passed, for it may change twice in one; then never."""
    scanner = Scanner(folders, ("ggk", "rinis"))
    assert seen(scanner, 0.0)[OUTBOX] == []
    assert OUTBOX in seen(scanner, TICK_SECONDS / 2)
    assert OUTBOX in seen(scanner, TICK_SECONDS)
    assert seen(scanner, TICK_SECONDS + 0.1) == {}


def test_a_file_and_a_sub_folder_are_found_where_they_come(folders):
    """The folder's own date tells; another folder is left alone."""
    scanner = Scanner(folders, ("ggk",))
    for now in (0.0, TICK_SECONDS):
        seen(scanner, now)
    user = Place(Kind.OUTBOX, "0363", "wmo", "j.jansen")
    os.mkdir(folders.path(user))
    with open(os.path.join(folders.path(user), "a.csv"), "wb"):
        pass
    found = seen(scanner, 2 * TICK_SECONDS)
    assert found[user] == ["a.csv"]
    assert OUTBOX not in found


def test_a_folder_of_which_enough_is_known_is_read_later(folders):
    """What came meanwhile is found then."""
    scanner = Scanner(folders, ("ggk",))
    for now in (0.0, TICK_SECONDS):
        seen(scanner, now)
    with open(os.path.join(folders.path(OUTBOX), "a.csv"), "wb"):
        pass
    assert list(scanner.changed(2 * TICK_SECONDS, lambda place: place == OUTBOX)) == []
    assert seen(scanner, 2 * TICK_SECONDS) == {OUTBOX: ["a.csv"]}


def test_what_is_gone_comes_once_more_without_names(folders):
    """So that nothing is said to wait there; then it is forgotten."""
    scanner = Scanner(folders, ("ggk",))
    for now in (0.0, TICK_SECONDS):
        seen(scanner, now)
    gone = Place(Kind.OUTBOX, "0363", "wmo")
    os.rmdir(folders.path(gone))
    assert seen(scanner, 2 * TICK_SECONDS)[gone] == []
    assert gone not in seen(scanner, 3 * TICK_SECONDS)


def test_each_folder_is_read_now_and_then_whatever_its_date(folders):
    """For a file system that keeps no dates of folders; spread, not all at one moment."""
    scanner = Scanner(folders, ("ggk", "rinis"))
    everything = set(seen(scanner, 0.0))
    seen(scanner, TICK_SECONDS)
    half = set(seen(scanner, SURELY_SECONDS / 2))
    assert half and half != everything
    assert half | set(seen(scanner, SURELY_SECONDS + TICK_SECONDS)) == everything
