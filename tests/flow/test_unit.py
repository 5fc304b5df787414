# SPDX-License-Identifier: EUPL-1.2
"""The systemd unit that is shipped: what it starts is there, and systemd takes it."""

import configparser
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


def settings():
    """The settings of the unit, with their sections."""
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read_string(UNIT.read_text("utf-8"))
    return unit


def test_a_start_that_never_succeeds_ends_as_failed():
    """The limit can be reached: so many starts, each with its pause, fit in the interval twice."""
    unit, service = settings()["Unit"], settings()["Service"]
    assert service["Restart"] == "always"
    starts = int(unit["StartLimitBurst"]) * int(service["RestartSec"])
    assert 2 * starts <= int(unit["StartLimitIntervalSec"])
    assert starts >= 60  # a share or a lock that is there a minute later is no failure


def test_a_wrong_configuration_is_said_before_the_start(knooppunt):
    """By the very command of the unit: exit code 0 with the one of init, 2 with a fault in it."""
    words = shlex.split(settings()["Service"]["ExecStartPre"])[1:]
    words[words.index("--config") + 1] = str(knooppunt.folder / "config.yaml")
    knooppunt(*words)
    knooppunt.configure(("versie: 1", "versie: 1\nonzin: 2"))
    assert "onzin" in knooppunt(*words, code=2).stderr


def test_what_the_unit_starts_can_be_typed(knooppunt):
    """Its options are those of the command; an error would leave a server without a gateway."""
    [line] = [one for one in UNIT.read_text("utf-8").splitlines() if one.startswith("ExecStart=")]
    words = shlex.split(line)[1:]
    words[words.index("--config") + 1] = str(knooppunt.folder / "config.yaml")
    words[words.index("--metrics") + 1] = "0"
    done = knooppunt.installed(*words, "--once")
    assert '"gateway.started"' in done.stderr
