# SPDX-License-Identifier: EUPL-1.2
"""A share that dies between its use and the sync of the round."""

import pytest

from gateway.awaited import Awaited
from gateway.clerk import Clerk
from gateway.errors import DurabilityError
from gateway.inhand import Hand
from gateway.model import Kind, Place
from gateway.shares import Shares
from gateway.task import Flushed, Task

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


def worked(folders, device):
    """What the clerk's syncs are to be, of a task in which the engine renamed something there."""
    clerk = Clerk(folders, lambda _: {}, Hand(lambda _: None))
    _, unsynced = clerk.work(Task(1, 0, [], [], {device: INBOX}))
    for one in unsynced:
        one.close()
    return [one.flushed for one in unsynced]


def test_what_the_clerk_cannot_sync_is_said(folders, tmp_path):
    """Nothing of that round may be recorded as done; nobody synced it, so it has no device."""
    device, _ = folders.file_system(INBOX)
    assert worked(folders, device) == [Flushed(INBOX, device)]
    away(folders, "gemeenten/0363", tmp_path)
    [lost] = worked(folders, device)
    assert (lost.place, lost.device) == (INBOX, None)
    assert "Not a directory" in lost.fault


def test_another_disk_than_was_renamed_on_is_not_synced_for_it(folders):
    """What is mounted there by now may be durable: what was renamed lies elsewhere."""
    device, _ = folders.file_system(INBOX)
    [lost, _] = worked(folders, device + 1)
    assert (lost.place, lost.device) == (INBOX, None)
    assert "another disk" in lost.fault


def test_a_sync_that_fails_ends_it_on_the_disk_of_all_folders_alone(folders):
    """Else that share rests, and is asked again; what it keeps then ends that."""
    shares, (device, _) = Shares(folders), folders.file_system(INBOX)
    with pytest.raises(DurabilityError, match="kapot"):
        shares.judge([Flushed(INBOX, device, "kapot")])
    [told] = shares.judge([Flushed(INBOX, device + 1, "kapot")])
    assert told.reason.endswith("gemeenten/0363/inbox is done anew: kapot")
    with pytest.raises(TimeoutError, match="kapot"):
        folders.fd(INBOX)
    shares.try_now()
    shares.refresh()
    folders.fd(INBOX)
    shares.judge([Flushed(INBOX, device + 1, "kapot")])
    well = Flushed(INBOX, device + 1)
    assert shares.judge([well], undone=True) == []  # of a round that is undone: nothing was kept
    assert len(shares.judge([Flushed(INBOX, None, "weg"), well])) == 1
    assert shares.told
    with pytest.raises(TimeoutError, match="weg"):
        folders.fd(INBOX)
    assert shares.judge([well]) == []
    assert shares.told == ()
    shares.refresh()
    folders.fd(INBOX)


def test_what_was_told_of_a_folder_of_a_share_is_over_when_the_share_keeps_something(folders):
    """It was gone when it failed, so it was not known where it begins."""
    shares, outbox = Shares(folders), Place(Kind.OUTBOX, "0363")
    shares.judge([Flushed(outbox.within("wmo"), None, "weg")])
    assert shares.told == ("gemeenten/0363/outbox/wmo",)
    shares.judge([Flushed(outbox, 12345)])
    assert shares.told == ()
