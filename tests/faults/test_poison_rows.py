# SPDX-License-Identifier: EUPL-1.2
"""Row 85: a file on which whoever reads it dies, hangs or fails. It is held, the rest go on."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys

import pytest

from gateway.testing import unbound
from tests.faults import poisoned
from tests.faults.breaking import shim
from tests.faults.poisoned import DEADLY, HANGING, ODD
from tests.faults.processes import at_cbs, running, verified
from tests.flow.conftest import eventually

POISONED = (sys.executable, poisoned.__file__)
CODE = "lezen-loopt-vast"
BESLUIT = (
    b"<publicatiebesluit xmlns='urn:knooppunt:publicatiebesluit:1'><!-- %s --></publicatiebesluit>"
)


@pytest.fixture
def chain(knooppunt):
    """A chain where a decision needs no seal: its XML is parsed at the door."""
    path = knooppunt.folder / "config.yaml"
    path.write_text(unbound(path.read_text("utf-8")), "utf-8")
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 50"))
    return knooppunt


def drop_all(knooppunt, mark):
    """Poison at the door and between the hubs; before, between and after it what is sound."""
    sound = {}
    for number in range(12):
        code = ("0363", "0034", "1701")[number % 3]
        knooppunt.drop(code, f"WMO_{number:02d}.csv", b"%d" % number)
        sound[b"%d" % number] = code
        if number == 5:
            knooppunt.drop("0034", "BESLUIT_H22025.xml", BESLUIT % mark)
            (knooppunt.folders / "ggk/uit/vreemd.xml").write_bytes(b"<a>%s</a>" % mark)
    return sound


def held(knooppunt):
    """What lies in quarantine: from where, and why."""
    rows = knooppunt.json("quarantine", "list", code=None)["held"]
    return sorted((one["from"], one["code"]) for one in rows)


BOTH = [("gemeenten/0034/outbox", CODE), ("ggk/uit", CODE)]


def all_arrived(knooppunt, sound):
    """Each sound file once, of its own sender."""
    found = at_cbs(knooppunt)
    return sorted(found.values()) == sorted(sound) and all(
        sound[content] in name for name, content in found.items()
    )


@pytest.mark.parametrize(("mark", "how"), [
    (DEADLY, "signal 11"), (HANGING, "signal 9"), (ODD, "exit code 1"),
], ids=["dies", "hangs", "fails"])  # fmt: skip
def test_row_85_a_file_that_ends_its_reader_is_held(chain, mark, how):
    """The clerk's process dies of it, twice; the gateway itself goes on, and so do all others."""
    sound = drop_all(chain, mark)
    with running(chain, command=POISONED) as process:
        eventually(lambda: held(chain) == BOTH and all_arrived(chain, sound), seconds=120)
        chain.drop("0363", "WMO_later.csv", b"later")
        eventually(lambda: b"later" in at_cbs(chain).values())
    assert process.told.count(f"ended ({how}) while it read one; the gateway goes on") == 4
    assert process.told.count("(2x); it is not read again") == 2
    verified(chain)
    assert len(at_cbs(chain)) == len(sound) + 1
    [notice] = (chain.folders / "gemeenten/0034/inbox").glob("*_weigering_*.txt")
    text = notice.read_text("utf-8")
    assert "liep het programma van het knooppunt telkens vast" in text
    assert CODE in text


def until_it_lives(knooppunt, *words, of=signal.SIGSEGV, before=lambda: None, env=None):
    """Start ``run --once`` again and again, as systemd would; how often it died.

    ``before`` is done before each start.
    """
    for deaths in range(20):
        before()
        done = subprocess.run([*POISONED, "run", "--once", *words], cwd=knooppunt.folder, env=env,
                              capture_output=True, text=True, timeout=100)  # fmt: skip
        if done.returncode == 0:
            return deaths
        assert done.returncode == -of, done.stderr
    raise AssertionError("it dies for ever")


@pytest.mark.parametrize(("mark", "of"), [
    (DEADLY, signal.SIGSEGV), (HANGING, signal.SIGVTALRM),
], ids=["dies", "hangs"])  # fmt: skip
def test_row_85_the_whole_gateway_dies_of_it(chain, mark, of):
    """One process for all: each start is wary of what was under way, and in the end holds it."""
    sound = drop_all(chain, mark)
    # Of the first death nobody knows the cause; then each file is known by two.
    assert until_it_lives(chain, of=of) <= 5
    assert held(chain) == BOTH
    verified(chain)
    assert all_arrived(chain, sound)
    assert not (chain.folders / ".state/in-hand").exists()


def test_row_85_deaths_are_counted_over_restarts(chain):
    """One death alone, one with a clerk's process, killed in between: it is the same file."""
    chain.drop("0034", "BESLUIT_H22025.xml", BESLUIT % DEADLY)
    for _ in range(2):
        done = subprocess.run([*POISONED, "run", "--once"], cwd=chain.folder, capture_output=True)
        assert done.returncode == -signal.SIGSEGV
    with running(chain, command=POISONED) as process:
        eventually(lambda: held(chain) == BOTH[:1])
    assert process.told.count("the gateway goes on") == 1
    verified(chain)


@pytest.mark.parametrize(("mark", "of"), [
    (DEADLY, signal.SIGSEGV), (HANGING, signal.SIGVTALRM),
], ids=["dies", "hangs"])  # fmt: skip
def test_row_85_an_answer_that_ends_its_reader_is_left_alone(chain, mark, of):
    """A lone one the engine itself reads; the answer stays where it is, nothing else waits."""
    ggk = ("--stations", "ggk")
    chain.drop("0363", "WMO_a.csv", b"a")
    chain("run", "--once", *ggk)
    [envelope] = (chain.folders / "ggk/uit").glob("*.xml")
    answer = chain.folders / "ggk/uit/antwoord" / f"{envelope.stem}.bv03.xml"
    answer.write_bytes(b"<a>%s</a>" % mark)
    assert until_it_lives(chain, *ggk, of=of) == 3
    chain.drop("0034", "WMO_b.csv", b"b")
    assert until_it_lives(chain, *ggk) == 0
    assert len(list((chain.folders / "ggk/uit").glob("*.xml"))) == 2
    assert answer.exists()
    assert chain.json("status")["unanswered"]["count"] == 2


def test_row_85_what_was_held_may_be_released(chain):
    """The parser was mended: it is read once more, and goes."""
    chain.drop("0034", "BESLUIT_H22025.xml", BESLUIT % DEADLY)
    until_it_lives(chain)
    [row] = chain.json("quarantine", "list")["held"]
    chain("quarantine", "release", row["id"], "--reason", "nagekeken")
    chain("run", "--once")
    [row] = chain.json("quarantine", "list")["held"]
    assert row["code"] == "StUF055"  # it was read: it does not satisfy its schema


def renewed(*inboxes):
    """Other folders in their place, as after each mount of a disk that numbers them anew."""
    for inbox in inboxes:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(inbox)
        inbox.mkdir()


def refusing(*parts):
    """An environment in which no file can be put in these folders."""
    rules = ";".join(f"renameat2,{part}/,{errno.EIO}" for part in parts)
    return os.environ | {"LD_PRELOAD": str(shim()), "KNOOPPUNT_FAULTS": rules}


def test_row_85_its_refusal_has_to_be_made_anew(chain):
    """What was staged of it is gone before it could land: that is no reason to read the file."""
    inbox = chain.folders / "gemeenten/0034/inbox"
    chain.drop("0034", "BESLUIT_H22025.xml", BESLUIT % DEADLY)
    assert until_it_lives(chain, env=refusing("0034/inbox")) == 3
    assert held(chain) == []
    renewed(inbox)
    assert until_it_lives(chain) == 0
    assert held(chain) == BOTH[:1]
    assert len(list(inbox.glob("*_weigering_*.txt"))) == 1
    verified(chain)


def test_row_85_two_of_them_where_all_has_to_be_made_anew_at_each_start(chain):
    """The refusal of the one is made anew while the other is read: that comes to an end."""
    codes = ("0034", "0363")
    inboxes = [chain.folders / f"gemeenten/{code}/inbox" for code in codes]
    for code in codes:
        chain.drop(code, "BESLUIT_H22025.xml", BESLUIT % DEADLY)
    # The one is refused, and cannot be told; the other is not even claimed.
    until_it_lives(chain, env=refusing("0034/inbox", "0363/.claimed"))
    assert held(chain) == []
    assert until_it_lives(chain, before=lambda: renewed(*inboxes)) <= 3
    assert held(chain) == [(f"gemeenten/{code}/outbox", CODE) for code in codes]
    verified(chain)


def test_row_85_a_kill_is_nobodys_fault(chain):
    """Ended from outside, again and again, while it works: no file is blamed for it."""
    for number in range(60):
        chain.drop("0363", f"WMO_{number:02d}.csv", b"%d" % number)
    for part in range(1, 4):
        # Alone; since the first kill it notes what it reads.
        process = chain.start("run", "--once")
        eventually(lambda part=part: len(at_cbs(chain)) >= part * 10)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    chain("run", "--once")
    verified(chain)
    assert held(chain) == []
    assert len(at_cbs(chain)) == 60
