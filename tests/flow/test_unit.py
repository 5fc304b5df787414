# SPDX-License-Identifier: EUPL-1.2
"""The systemd unit that is shipped: what it starts is there, and systemd takes it."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.flow.conftest import KNOOPPUNT

UNIT = Path(__file__).parents[2] / "docs" / "knooppunt.service"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed here"
)


@pytest.fixture
def unit(tmp_path):
    """The unit with the command of this machine in place of the server's."""
    text = UNIT.read_text("utf-8").replace("/srv/knooppunt/.venv/bin/knooppunt", KNOOPPUNT)
    path = tmp_path / UNIT.name
    path.write_text(text.replace("RequiresMountsFor=/srv/knooppunt", ""), "utf-8")
    return path


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60)


@needs_systemd
def test_systemd_takes_the_unit(unit):
    """Every setting is known and well formed."""
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_unit_is_hardened(unit):
    """By systemd's own measure: 10 is open to all, 0 can do nothing."""
    done = analyze("security", "--offline=true", "--threshold=25", "--no-pager", str(unit))
    assert done.returncode == 0, done.stdout


def test_what_the_unit_starts_can_be_typed(knooppunt):
    """Its options are those of the command; an error would leave a server without a gateway."""
    [line] = [one for one in UNIT.read_text("utf-8").splitlines() if one.startswith("ExecStart=")]
    words = shlex.split(line)[1:]
    words[words.index("--config") + 1] = str(knooppunt.folder / "config.yaml")
    words[words.index("--metrics") + 1] = "0"
    done = knooppunt.installed(*words, "--once")
    assert '"gateway.started"' in done.stderr
