# SPDX-License-Identifier: EUPL-1.2
"""Bundles by a shell that has nothing of ours: what it says, step by step."""

import os
import re
import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).parents[2] / "docs" / "bewijs-controleren.sh"
TOOLS = ("openssl", "xmlsec1", "sh", "sed", "awk", "grep", "od", "cmp", "comm", "base64")
MISSING = [one for one in TOOLS if not shutil.which(one)]

_STAP = re.compile(r"^stap (\d+) (\w+): (goed|niet aangetoond|FOUT): (.*)$", re.MULTILINE)


class Said(NamedTuple):
    """How the script ended, each step with its outcome and words, and all of its output."""

    code: int
    steps: dict[int, tuple[str, str, str]]
    text: str

    @property
    def fault(self):
        """The step that failed, and why; empty when none did."""
        found = [(name, words) for name, how, words in self.steps.values() if how == "FOUT"]
        return found[0] if found else ("", "")


def unpacked(data, folder):
    """The members of a bundle, in a folder."""
    with zipfile.ZipFile(BytesIO(data)) as found:
        found.extractall(folder)
    return folder


def typed(folder):
    """What README.txt there has one type."""
    text = (folder / "README.txt").read_text("utf-8")
    return "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))


def check(folder, trust, *demanded, script=None, before=(), path=""):
    """Run the script in that folder: the one of docs/, or this text; by the tools on that path."""
    text = SCRIPT.read_text("utf-8") if script is None else script
    environment = {"PATH": path or os.environ["PATH"], "TMPDIR": str(folder.parent)}
    done = subprocess.run(
        [*before, "sh", "-c", text, "bewijs-controleren", str(trust), " ".join(demanded)],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    said = done.stdout + done.stderr
    steps = {int(n): (name, how, words) for n, name, how, words in _STAP.findall(done.stdout)}
    assert (done.returncode == 0) == ("alles klopt" in said) == ("NIET IN ORDE" not in said), said
    return Said(done.returncode, steps, said)
