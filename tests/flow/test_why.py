# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt why``, as people read it: a folder, a place of nobody, a file that was taken."""

import os
import re
import uuid

import pytest

import envelopes
from tests.flow.test_commands import as_promised
from tests.flow.vreemd import envelop

GGK = ("--stations", "ggk")


def asked(knooppunt, path, code=0):
    """What it says, on the screen and to programs."""
    found = as_promised(knooppunt.json("why", str(path), code=code), "why")
    return found, knooppunt("why", str(path), code=code).stdout


FOLDERS = {
    "": "a folder of the chain, that holds others",
    "gemeenten/0363": "a folder of the chain, that holds others",
    "gemeenten/0363/outbox": "the outbox of 0363: files are taken from here",
    "gemeenten/0363/outbox/wmo": "the folder for wmo in the outbox of 0363: what is dropped in it",
    "gemeenten/0363/outbox/wmo/bea": "the folder of one user for wmo in the outbox of 0363",
    "gemeenten/0363/outbox/onzin": "named after no exchange: what is dropped in it is refused",
    "gemeenten/0363/inbox": "an inbox is what the chain delivers to; nothing is taken from here",
    "ggk/uit": "a hop folder: envelopes that are put here go on",
    "ggk/uit/antwoord": "here lie the answers to envelopes",
    "cbs/uit/GMSDTTK": "the send folder of cbs",
    "quarantaine": "here lies what was refused",
}


@pytest.mark.parametrize("below", FOLDERS)
def test_of_a_folder_it_says_what_that_is_for(knooppunt, below):
    """Not that it is no file, and not that somebody must change it."""
    (knooppunt.folders / below).mkdir(parents=True, exist_ok=True)
    found, said = asked(knooppunt, knooppunt.folders / below)
    assert found["code"] == "map"
    assert FOLDERS[below] in found["reason"]
    assert "\n  next" not in said


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/etc/passwd", "outside the folders of this chain: nothing is taken from here"),
        (".", "outside the folders of this chain: nothing is taken from here"),
        ("folders/gemeenten/0363/inbox/x.txt", "what the chain delivers to: nothing is taken from"),
        ("folders/cbs/in/GMSDWMO/x.csv", "what the chain delivers to: nothing is taken from here"),
    ],
)
def test_where_nothing_is_taken_no_next_moment_is_promised(knooppunt, path, says):
    """It is no place that the chain takes from: nobody can change that by waiting."""
    path = os.path.join(knooppunt.folder, path)
    if path.startswith(str(knooppunt.folders)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii"):
            pass
    found, said = asked(knooppunt, path)
    assert found["code"] == "geen-plaats"
    assert says in found["reason"]
    assert "\n  next" not in said
    outbox = "folders/gemeenten/0363/outbox" if "inbox" in path else None
    assert found["meant"] == outbox


def test_a_taken_file_is_told_once_with_where_it_is(knooppunt):
    """Where the file lies, not the notice of it; a second line only for an earlier one."""
    for number in (1, 2):
        path = knooppunt.drop("0363", "WMO_H22025.csv", b"%d" % number)
        knooppunt("run", "--once")
        found, said = asked(knooppunt, path)
        assert found["code"] == "genomen"
        name = f"WMO_H22025_0363_000{number}.csv"
        assert f"last in cbs/in/GMSDWMO as {name}" in found["reason"]
        last = found["messages"][-1]
        assert (last["place"], last["name"]) == ("cbs/in/GMSDWMO", name)
        assert said.count("taken") == number
        assert said.count("taken before: ") == number - 1
    path = knooppunt.drop("0363", "vakantie.jpg", b"1")
    knooppunt("run", "--once")
    assert re.search(
        "rejected, last in quarantaine/[0-9A-Z]+ as vakantie.jpg", asked(knooppunt, path)[1]
    )


def test_people_read_dutch_time(knooppunt):
    """To the second, with its zone; programs get UTC as ever."""
    path = knooppunt.folders / "gemeenten/0363/outbox/WMO_H22025.csv"
    path.symlink_to("/etc/passwd")
    knooppunt("run", "--once")
    found, said = asked(knooppunt, path)
    assert found["since"].endswith("Z")
    assert re.search(r"\n  since 20[0-9-]{8} [0-9]{2}:[0-9]{2}:[0-9]{2} CES?T\n", said)
    waiting = knooppunt("status", "--waiting").stdout
    assert re.search(r"\n  since 20[0-9-]{8} [0-9]{2}:[0-9]{2}:[0-9]{2} CES?T\n", waiting)


@pytest.fixture
def unanswered(knooppunt):
    """A message whose hub does not run: its number, and where its answer will lie."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    knooppunt("run", "--once", *GGK)
    [envelope] = (knooppunt.folders / "ggk/uit").glob("*.xml")
    number = envelope.stem.partition("_")[2]
    return number, knooppunt.folders / "ggk/uit/antwoord" / f"{envelope.stem}.bv03.xml"


def of_another_message():
    """A good answer, to a message of another system."""
    about = envelopes.read(envelop()).stuurgegevens
    number = str(uuid.uuid4())
    return envelopes.bv03(about, referentienummer=number, tijdstip_bericht="20260202100001")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no whole Bv03 or Fo03"),
        (b"<onzin/>", "it is no whole Bv03 or Fo03"),
        (of_another_message(), "it answers another message"),
    ],
    ids=["empty", "nonsense", "another"],
)
def test_of_an_answer_that_cannot_be_used_it_says_why_and_whose_that_is(
    knooppunt, unanswered, content, why
):
    """Since when, too: from the first time that it was read, over a restart."""
    number, answer = unanswered
    answer.write_bytes(content)
    before, _ = asked(knooppunt, answer)
    assert before["code"] == "geen-plaats"  # nobody has read it yet
    knooppunt("run", "--once", *GGK)
    found, said = asked(knooppunt, answer)
    assert (found["code"], found["lies_here"]) == ("antwoord-onbruikbaar", True)
    assert f"the answer to {number}, which is awaited" in found["reason"]
    assert why in found["reason"]
    assert "for RINIS to mend" in found["reason"]
    assert f"knooppunt trace {number}" in said
    assert "\n  since 20" in said
    knooppunt("run", "--once", *GGK)
    again, _ = asked(knooppunt, answer)
    assert again["since"] == found["since"] is not None
    assert [one["code"] for one in knooppunt.json("status")["waiting"]] == ["klaar"]  # the envelope


def test_what_is_put_in_the_place_of_an_unusable_answer_is_read(knooppunt, unanswered):
    """Until then it is said that it will be; after it nothing is told of what was there."""
    _, answer = unanswered
    answer.write_bytes(b"<onzin/>")
    knooppunt("run", "--once", *GGK)
    answer.unlink()
    knooppunt("run", "--once", "--stations", "rinis", "--state", "rinis-state")
    assert "it is read in the next round" in asked(knooppunt, answer)[0]["reason"]
    knooppunt("run", "--once", *GGK)
    found, _ = asked(knooppunt, answer)
    assert (found["code"], found["since"]) == ("geen-plaats", None)
    assert "they are read and stay" in found["reason"]
