# SPDX-License-Identifier: EUPL-1.2
"""Folders that answer, and folders that hang: the program behind a mount is stopped."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.reach import Reach, within
from tests.flow.conftest import eventually


class Shares:
    """Folders over FUSE below ``root``, each with a program of its own."""

    def __init__(self, root: Path, behind: Path) -> None:
        self.root, self.behind = root, behind
        self.servers: dict[Path, subprocess.Popen[bytes]] = {}

    def serve(self, name: str) -> Path:
        """Serve one, of which nothing is remembered here."""
        folder = self.root / name
        folder.mkdir(parents=True)
        self.behind.mkdir(exist_ok=True)
        words = ["bindfs", "-f", "-o", "attr_timeout=0,entry_timeout=0", self.behind, folder]
        server = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        self.servers[folder] = server
        eventually(lambda: os.path.ismount(folder))
        return folder

    def tell(self, number: int) -> None:
        """Stop them all, or let them go on."""
        for server in self.servers.values():
            server.send_signal(number)


@pytest.fixture
def shares(tmp_path: Path) -> Iterator[Shares]:
    if shutil.which("bindfs") is None or not os.path.exists("/dev/fuse") or os.geteuid():
        pytest.skip("needs root, bindfs and /dev/fuse: a share that can be made to hang")
    made = Shares(tmp_path / "folders", tmp_path / "behind")
    yield made
    made.tell(signal.SIGCONT)
    for folder, server in made.servers.items():
        server.kill()
        server.wait(60)
        subprocess.run(["umount", "--lazy", folder], capture_output=True, check=False)


def asking() -> int:
    """How many threads ask, or are left behind."""
    return sum(one.name == "reach" for one in threading.enumerate())


def test_what_hangs_is_left_out_and_asked_by_one_thread_alone(shares: Shares) -> None:
    """However often it is asked after; the others answer, and it does when its server is back."""
    one, two = (str(shares.serve(name)) for name in ("gemeenten/0363", "cbs"))
    well = shares.root / "gemeenten/0034"
    well.mkdir()
    reach = Reach(str(shares.root), 0.2)
    assert reach.refresh() == set()
    assert reach.answers.keys() >= {one, two, str(shares.root)}
    shares.tell(signal.SIGSTOP)
    eventually(lambda: reach.refresh() == {one, two})
    for _ in range(5):
        assert reach.ask([one, str(well), two]).keys() == {str(well)}
    eventually(lambda: asking() == 2)
    shares.tell(signal.SIGCONT)
    eventually(lambda: reach.refresh() == set() and asking() == 0)
    assert reach.ask([one])[one].device is not None


def test_a_link_to_a_share_is_asked_after_without_being_followed_here(shares: Shares) -> None:
    """Who administers the server may put a party's folder elsewhere."""
    far = shares.serve("../elsewhere")
    (shares.root / "gemeenten").mkdir(parents=True)
    link = shares.root / "gemeenten/0363"
    link.symlink_to(far)
    reach = Reach(str(shares.root), 0.2)
    reach.refresh()
    assert str(link) in reach.answers
    shares.tell(signal.SIGSTOP)
    eventually(lambda: reach.refresh() == {str(link)})


def test_a_root_behind_a_link_that_hangs_is_left_out(shares: Shares) -> None:
    """The look for what lies below it is as little ours to wait for as the folder itself."""
    far = shares.serve("../elsewhere")
    (shares.behind / "keten/folders").mkdir(parents=True)
    link = shares.root.parent / "link"
    link.symlink_to(far)
    reach, seen = Reach(str(link / "keten/folders"), 0.2), []

    def look() -> None:
        while reach.root not in (found := reach.refresh()):
            continue
        seen.append(found)

    assert reach.refresh() == set()
    shares.tell(signal.SIGSTOP)
    threading.Thread(target=look, daemon=True).start()
    eventually(lambda: seen)
    shares.tell(signal.SIGCONT)
    eventually(lambda: reach.refresh() == set() and asking() == 0)


def test_a_mount_below_a_link_is_asked_after(shares: Shares) -> None:
    """Where all folders, or all municipalities, were put elsewhere by a link."""
    shares.serve("../elsewhere/gemeenten/0363")
    tmp = shares.root.parent
    (tmp / "link").symlink_to(tmp / "elsewhere")
    (tmp / "folders/gemeenten").symlink_to(tmp / "elsewhere/gemeenten")
    roots = [tmp / "link", tmp / "folders"]
    reaches = [Reach(str(one), 0.2) for one in roots]
    mounted = [str(one / "gemeenten/0363") for one in roots]
    for reach, folder in zip(reaches, mounted, strict=True):
        reach.refresh()
        assert folder in reach.answers
    shares.tell(signal.SIGSTOP)
    for reach, folder in zip(reaches, mounted, strict=True):
        eventually(lambda reach=reach, folder=folder: reach.refresh() == {folder})


def test_what_is_not_there_answers_that(tmp_path: Path) -> None:
    """No folder hangs for being gone, or for being a file."""
    (tmp_path / "file").touch()
    paths = [str(tmp_path / "file"), str(tmp_path / "gone"), str(tmp_path)]
    found = Reach(str(tmp_path)).ask(paths)
    assert [found[one].device for one in paths] == [None, None, os.stat(tmp_path).st_dev]


def test_within_goes_by_whole_names() -> None:
    """A neighbour whose name begins alike is not below it."""
    assert within("/a/b/c", ["/x", "/a/b"]) == "/a/b"
    assert within("/a/b", ["/a/b"]) == "/a/b"
    assert within("/a/bc", ["/a/b"]) == ""
