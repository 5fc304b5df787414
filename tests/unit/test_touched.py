# SPDX-License-Identifier: EUPL-1.2
"""A share that dies between its use and the sync of the round."""

import pytest

from gateway.awaited import Awaited
from gateway.clerk import Clerk
from gateway.errors import DurabilityError
from gateway.inhand import Hand
from gateway.model import Kind, Place
from gateway.task import Task

ANSWERS = Place(Kind.GGK_UIT_ANTWOORD)
INBOX = Place(Kind.INBOX, "0363")


def away(folders, top, tmp_path):
    """What lay there is elsewhere, and a file stands in its place: no look into it succeeds."""
    (tmp_path / "folders" / top).rename(tmp_path / "elders")
    (tmp_path / "folders" / top).write_bytes(b"")


def test_what_cannot_be_seen_is_none(folders, tmp_path):
    """Whatever the error: no traceback out of the round, and what was ignored stays so."""
    (tmp_path / "folders/ggk/uit/antwoord/x.bv03.xml").write_bytes(b"x")
    read = folders.identity(ANSWERS, "x.bv03.xml")
    awaited = Awaited(folders, ("ggk", "rinis"))
    awaited.ignore(ANSWERS, "x.bv03.xml", read)
    folders.forget(ANSWERS)
    away(folders, "ggk", tmp_path)
    assert folders.identity(ANSWERS, "x.bv03.xml") is None
    awaited.see(ANSWERS, "x.bv03.xml")
    assert not awaited
    (tmp_path / "folders/ggk").unlink()
    (tmp_path / "elders").rename(tmp_path / "folders/ggk")
    awaited.see(ANSWERS, "x.bv03.xml")
    assert not awaited
    (tmp_path / "folders/ggk/uit/antwoord/x.bv03.xml").write_bytes(b"another")
    awaited.see(ANSWERS, "x.bv03.xml")
    assert awaited


def test_what_the_clerk_cannot_sync_is_said(folders, tmp_path):
    """Nothing of that round may be recorded as done: it ends with a sentence and what to do."""
    folders.fd(INBOX)
    away(folders, "gemeenten/0363", tmp_path)
    clerk = Clerk(folders, lambda _: {}, Hand(lambda _: None))
    with pytest.raises(DurabilityError, match="gemeenten/0363/inbox cannot be made durable"):
        clerk.work(Task(1, 0, [], [], [INBOX]))
