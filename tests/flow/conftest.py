# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the flow tests: the installed command, on a chain that it made itself."""

import json
import os
import subprocess
import sysconfig
import time
from pathlib import Path

import pytest

KNOOPPUNT = str(Path(sysconfig.get_path("scripts")) / "knooppunt")


def eventually(holds, seconds=60):
    """Wait until something holds; no test depends on how soon."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


class Gereedschap:
    """The command ``knooppunt`` in a folder: as a person types it, in a process of its own."""

    def __init__(self, folder):
        self.folder = folder

    @property
    def folders(self):
        """The chain's folders."""
        return self.folder / "folders"

    def __call__(self, *words, code=0, **how):
        """Run it; the exit code must be ``code``. Returns the finished process."""
        done = subprocess.run(
            [KNOOPPUNT, *words], cwd=self.folder, capture_output=True, timeout=100,
            env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}, **how,
        )  # fmt: skip
        done.stdout = done.stdout.decode()
        done.stderr = done.stderr.decode()
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words, code=0):
        """Run it with --json and read what it says."""
        return json.loads(self(*words, "--json", code=code).stdout)

    def start(self, *words, **how):
        """Start it and leave it running."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([KNOOPPUNT, *words], cwd=self.folder, **pipes, **how)

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
def knooppunt(tmp_path):
    """A chain that ``knooppunt init`` made, and the command to work on it."""
    tool = Gereedschap(tmp_path)
    tool("init", "keten")
    tool.folder = tmp_path / "keten"
    return tool
