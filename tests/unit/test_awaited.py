# SPDX-License-Identifier: EUPL-1.2
"""An awaited answer is asked for by its name: what else lies in its folder costs nothing."""

import os
import shutil

import pytest

from gateway import awaited as module
from gateway import names
from gateway.awaited import PART, Awaited
from gateway.model import Direction, Kind, Levering, Place

PLACE = Place(Kind.GGK_UIT_ANTWOORD)
INTERVAL = 2.0


@pytest.fixture
def listed(monkeypatch):
    """The directories of which a list was read."""
    found = []
    real = os.scandir

    def scandir(path):
        found.append(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return found


def levering(number):
    """A delivery whose envelope was sent."""
    reference = f"00000000-0000-4000-8000-{number:012d}"
    return Levering(f"{number:026d}", reference, Direction.HEEN, "0363", "WMO", "H22025",
                    "a.csv", "0" * 64, 1, tijdstip=f"202602{number:011d}")  # fmt: skip


def answer(folders, number, kind="bv03", content=b"<a/>"):
    """Lay down an answer; gives its name."""
    one = levering(number)
    stem = names.envelop_stam(names.envelop_naam(one.tijdstip, one.referentienummer))
    name = f"{stem}.{kind}.xml"
    with open(os.path.join(folders.path(PLACE), name), "wb") as file:
        file.write(content)
    return name


def awaiting(folders, numbers):
    """All of these deliveries await their answers."""
    made = Awaited(folders, ("ggk",))
    for number in numbers:
        made.expect(levering(number))
    return made


def come(awaited, now):
    """The names of what has come."""
    return sorted(name for _, name in awaited.come(now, INTERVAL, 10_000))


def test_what_else_lies_there_is_not_listed(folders, listed):
    """However much lies there: the folder never empties."""
    for number in range(2000):
        answer(folders, number)
    awaited = awaiting(folders, [5000, 5001])
    assert come(awaited, 0.0) == []
    late = [answer(folders, 5000), answer(folders, 5001, "fo03")]
    assert come(awaited, INTERVAL) == sorted(late)
    assert folders.path(PLACE) not in listed


def test_an_answer_that_was_there_before_it_was_awaited_is_found(folders):
    """A restart; and a folder that is made anew, whose predecessor we still hold open."""
    name = answer(folders, 1)
    awaited = awaiting(folders, [1, 2])
    assert come(awaited, 0.0) == [name]
    folders.fd(PLACE)
    shutil.move(folders.path(PLACE), folders.path(PLACE) + ".oud")
    assert come(awaited, INTERVAL) == []
    os.mkdir(folders.path(PLACE))
    name = answer(folders, 2)
    assert come(awaited, 2 * INTERVAL) == [name]


def test_no_look_asks_for_more_than_a_part(folders, monkeypatch):
    """On a slow share each name is a wait for all who wait; the next look goes on after it."""
    asked, looks, real = [], [], os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: (asked.append(path), real(path))[1])
    awaited = awaiting(folders, range(4 * PART + 1))
    late = [answer(folders, 0), answer(folders, 4 * PART)]
    found = []
    while not looks or awaited.looking:
        before = len(asked)
        found += come(awaited, 0.0)
        looks.append(len(asked) - before)
    assert found == late
    assert looks == [2 * PART] * 4 + [2]
    assert len(set(asked)) == len(asked)
    answer(folders, 1)
    assert come(awaited, INTERVAL / 2) == []  # it was looked through: only after an interval again
    assert len(asked) == sum(looks)


def test_a_look_that_is_asked_for_meanwhile_begins_when_this_one_ends(folders):
    """A watcher that lost its hints: what was asked for before that is asked for again."""
    awaited = awaiting(folders, range(PART + 1))
    assert come(awaited, 0.0) == []
    name = answer(folders, 0)
    awaited.look_now()
    assert [come(awaited, 0.0), come(awaited, 0.0)] == [[], [name]]


def test_what_is_answered_meanwhile_is_not_asked_for(folders):
    """Told by the watcher, all of it: the look ends."""
    awaited = awaiting(folders, range(PART + 1))
    assert come(awaited, 0.0) == []
    for number in range(PART + 1):
        awaited.see(PLACE, answer(folders, number))
    assert len(come(awaited, 0.0)) == PART + 1
    assert not awaited.looking


def test_when_more_is_awaited_than_lies_there_it_is_listed(folders, listed, monkeypatch):
    """Many are awaited: the shorter of the two is gone through, and none is missed."""
    monkeypatch.setattr(module, "FEW", 2)
    awaited = awaiting(folders, range(10))
    first = [answer(folders, number) for number in range(3)]
    assert come(awaited, 0.0) == sorted(first)
    assert folders.path(PLACE) in listed
    for number in range(100, 200):
        answer(folders, number)
    assert come(awaited, 100.0) == []  # it listed 3 before, so it lists again: 103
    listed.clear()
    second = [answer(folders, number) for number in range(3, 10)]
    assert come(awaited, 200.0) == sorted(second)
    assert folders.path(PLACE) not in listed


def test_what_was_read_and_is_none_is_news_only_when_it_changed(folders):
    """Written anew in place, which no date of its folder tells."""
    name = answer(folders, 1, content=b"<half")
    awaited = awaiting(folders, [1])
    assert come(awaited, 0.0) == [name]
    read = folders.identity(PLACE, name)
    awaited.ignore(PLACE, name, read)
    assert come(awaited, INTERVAL) == []
    answer(folders, 1, content=b"<whole/>")
    assert come(awaited, 2 * INTERVAL) == [name]


def test_of_a_released_message_the_refusal_that_lies_there_is_no_news(folders):
    """Only a Bv03 is."""
    awaited = Awaited(folders, ("ggk",))
    awaited.expect(levering(1), refused=True)
    answer(folders, 1, "fo03")
    assert come(awaited, 0.0) == []
    name = answer(folders, 1)
    assert come(awaited, INTERVAL) == [name]


def test_an_answer_in_hand_is_not_awaited_again(folders):
    """It was read before it is told that its envelope went: it comes again when it is put back."""
    name = answer(folders, 1)
    awaited = awaiting(folders, [1])
    assert come(awaited, 0.0) == [name]
    awaited.expect(levering(1))
    assert come(awaited, INTERVAL) == []
    awaited.again(PLACE, name)
    assert come(awaited, 2 * INTERVAL) == [name]
    awaited.booked(PLACE, name)
    awaited.expect(levering(1))  # its notices must be made anew
    assert come(awaited, 3 * INTERVAL) == [name]


def test_a_folder_that_nobody_may_enter_says_so(folders):
    """And is looked at again."""
    if os.geteuid() == 0:
        place = Place(Kind.GGK_UIT_ANTWOORD)
        os.rmdir(folders.path(place))
        os.symlink("antwoord", folders.path(place))  # ELOOP: an error for root too
    else:
        os.chmod(folders.path(PLACE), 0)
    awaited = awaiting(folders, [1])
    assert come(awaited, 0.0) == []
    assert PLACE in folders.unlisted
