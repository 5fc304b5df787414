# SPDX-License-Identifier: EUPL-1.2
"""A state has one user: others write nothing in it, and are told whom to be."""

import os
import pwd
import shutil

import pytest

from gateway import requests
from gateway.errors import StateError
from gateway.owner import must_own
from gateway.requests import Asked
from gateway.store import Changes, Store

NOBODY = 65534
NAME = "nobody"
READS = "+dac_read_search"
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             f"--inh-caps={READS}", f"--ambient-caps={READS}")  # fmt: skip
"""He may read where Python lies; what he writes is his."""


def root_only():
    if os.geteuid() != 0:
        pytest.skip("only root can give a state to another user, and be one")
    if pwd.getpwuid(NOBODY).pw_name != NAME:
        pytest.skip(f"user {NOBODY} is not {NAME} here")


def give_away(knooppunt, uid):
    """The whole chain is that user's, as one that a service made."""
    for folder, _, files in os.walk(knooppunt.folder):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, uid, uid)


def owners(knooppunt):
    """Who owns what lies there."""
    return {path.lstat().st_uid for path in knooppunt.folder.rglob("*")}


def quarantined(knooppunt):
    """One file in quarantine, by its id."""
    knooppunt.drop("0363", "onbekend.csv", b"x")
    knooppunt("run", "--once")
    [row] = knooppunt.json("quarantine", "list")["held"]
    return row["id"]


COMMANDS = (
    ("run", "--once"),
    ("run", "--once", "--stations", "cbs"),
    ("init",),
    ("restore", "../b"),
    ("grant", "m.jansen", "gmsd", "--gemeente", "0363"),
    ("revoke", "m.jansen", "gmsd", "--gemeente", "0363"),
    ("quarantine", "release", "ID", "--as", "wmo", "--reason", "x"),
    ("quarantine", "drop", "ID", "--reason", "x"),
    ("keys", "rotate", "log"),
    ("keys", "rotate", "tsa"),
    ("keys", "rotate", "tsa", "--finish"),
    ("keys", "revoke", "zegel-cbs"),
)


def refused(knooppunt, held):
    """Each command that would write, by root: it says whom to be."""
    for words in COMMANDS:
        said = knooppunt(*(held if word == "ID" else word for word in words), code=2).stderr
        assert f"is of {NAME}, and you are root: nothing was done" in said, words
        assert f"sudo -u {NAME} knooppunt" in said


def test_who_is_not_its_user_is_told_so_and_leaves_nothing(knooppunt, tmp_path):
    """Root too, with no gateway running: else it would do the round itself, and leave root's."""
    root_only()
    held = quarantined(knooppunt)
    knooppunt("backup", str(tmp_path / "b"))
    give_away(knooppunt, NOBODY)
    before = sorted(knooppunt.folder.rglob("*"))
    refused(knooppunt, held)
    assert sorted(knooppunt.folder.rglob("*")) == before
    assert knooppunt.json("quarantine", "list")["held"][0]["state"] == "held"  # to look is free
    assert owners(knooppunt) == {NOBODY}


def test_the_same_beside_a_gateway_that_runs(knooppunt, tmp_path):
    """It runs as another user than we are, as on a server."""
    root_only()
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to be another user")
    held = quarantined(knooppunt)
    knooppunt("backup", str(tmp_path / "b"))
    give_away(knooppunt, NOBODY)
    process = knooppunt.start("run", "--metrics", "0", before=AS_NOBODY)
    try:
        for line in process.stderr:
            if b"metrics on" in line:
                break
        refused(knooppunt, held)
        assert not (knooppunt.folders / ".state" / requests.FOLDER).exists()
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert owners(knooppunt) == {NOBODY}


def test_a_request_that_cannot_be_read_is_no_unknown_one(tmp_path):
    """Root put it there, past the command: the answer says so, and the request goes."""
    root_only()
    os.chmod(tmp_path, 0o755)  # that user must come to it
    store = Store(str(tmp_path / "knooppunt.db"))
    (tmp_path / requests.FOLDER).mkdir()
    os.chown(tmp_path / requests.FOLDER, NOBODY, NOBODY)
    requests.place(str(tmp_path), Asked("01A", "grant", {}))
    os.seteuid(NOBODY)
    try:
        asked = requests.Requests(str(tmp_path), store, {})
        found = asked.next()
        said = asked.answer(found, Changes()).answer
        asked.done(found)
    finally:
        os.seteuid(0)
        store.close()
    assert said["error"] == "the gateway could not read what is asked: Permission denied"
    assert "sudo -u" in said["hint"]
    assert list((tmp_path / requests.FOLDER).iterdir()) == []


def test_a_state_that_is_not_there_yet_is_anybodys(tmp_path):
    """Who makes it owns it; and one's own is one's own."""
    must_own(str(tmp_path / "nothing"))
    must_own(str(tmp_path))


def test_a_state_in_a_folder_that_is_closed_to_us(tmp_path):
    """Then its user is not known, and the sentence does without."""
    root_only()
    (tmp_path / "state").mkdir()
    os.chmod(tmp_path, 0o700)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(StateError, match="is of another user, and you are nobody"):
            must_own(str(tmp_path / "state"))
    finally:
        os.seteuid(0)
