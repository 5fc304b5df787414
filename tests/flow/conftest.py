# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the flow tests: the installed command, on a chain that it made itself."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.cli import main

KNOOPPUNT = str(Path(sysconfig.get_path("scripts")) / "knooppunt")


def eventually(holds, seconds=60, told=lambda: ""):
    """Wait until something holds; no test depends on how soon. ``told``: what to say if not."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, ("it never came", told())
        time.sleep(0.02)


class Done(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


class Gereedschap:
    """The command ``knooppunt`` in a folder: as a person types it."""

    def __init__(self, folder):
        self.folder = folder

    @property
    def folders(self):
        """The chain's folders."""
        return self.folder / "folders"

    def __call__(self, *words, code=0):
        """Run its entry point here, which is quicker; the exit code must be ``code``."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "12")
        handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
        argv, sys.argv = sys.argv, ["knooppunt", *words]
        try:
            with chdir(self.folder), redirect_stdout(out), redirect_stderr(err):
                main()
            got = 0
        except SystemExit as ended:
            got = ended.code or 0
        finally:
            sys.argv = argv
            for number, handler in handlers.items():
                signal.signal(number, handler)
        done = Done(got, *(stream.buffer.getvalue().decode() for stream in (out, err)))
        assert code in (None, got), (words, done)
        return done

    def installed(self, *words):
        """Run the installed command in a process of its own; it must end with 0."""
        done = subprocess.run(
            [KNOOPPUNT, *words], cwd=self.folder, capture_output=True, timeout=100, text=True
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done

    def json(self, *words, code=0):
        """Run it with --json and read what it says."""
        return json.loads(self(*words, "--json", code=code).stdout)

    def installed_json(self, *words):
        """Run the installed command with --json and read what it says."""
        return json.loads(self.installed(*words, "--json").stdout)

    def start(self, *words, before=(), **how):
        """Start it and leave it running; ``before`` is a command that starts it in its turn."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*before, KNOOPPUNT, *words], cwd=self.folder, **pipes, **how)

    def drop(self, code, name, content, *below):
        """Drop a file in an outbox, or in a sub-folder of it."""
        folder = self.folders.joinpath("gemeenten", code, "outbox", *below)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return folder / name

    def configure(self, *edits):
        """Replace texts in config.yaml; each must be there."""
        path = self.folder / "config.yaml"
        text = path.read_text("utf-8")
        for old, new in edits:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


@pytest.fixture
def tmp_path():
    """A folder in memory where there is one: these tests are of what happens, not of a disk."""
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=memory if os.path.isdir(memory) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def gemaakt(tmp_path_factory):
    """A chain as ``knooppunt init`` makes it, made once."""
    folder = tmp_path_factory.mktemp("gemaakt")
    Gereedschap(folder)("init", "keten")
    return folder / "keten"


@pytest.fixture
def knooppunt(tmp_path, gemaakt):
    """A chain that ``knooppunt init`` made, and the command to work on it."""
    shutil.copytree(gemaakt, tmp_path / "keten")
    return Gereedschap(tmp_path / "keten")
