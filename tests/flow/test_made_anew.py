# SPDX-License-Identifier: EUPL-1.2
"""A chain that somebody removes, or makes anew, while a gateway still runs on it."""

import shutil
import signal
from pathlib import Path

from gateway.location import Location, is_running
from tests.flow.conftest import eventually


def running(knooppunt):
    """A gateway on the chain, once it holds its lock."""
    process = knooppunt.start("run")
    state = Location.of(str(knooppunt.folder / "config.yaml")).state
    eventually(lambda: is_running(state))
    return process


def test_a_gateway_whose_state_was_made_anew_ends_and_writes_nothing_in_it(knooppunt):
    """The new chain is whole, and not its."""
    process = running(knooppunt)
    process.send_signal(signal.SIGSTOP)  # or it makes folders again while they are removed
    shutil.rmtree(knooppunt.folders)
    knooppunt("init", ".")
    knooppunt.drop("0363", "WMO_1.csv", b"een")
    process.send_signal(signal.SIGCONT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2, told
    assert b"was removed, or is another by now, while a gateway ran on it" in told
    assert knooppunt.json("audit", "verify")["ok"]


def test_a_demo_does_not_take_the_folders_of_a_gateway_away(knooppunt):
    """It says that one runs there; nothing is removed."""
    (knooppunt.folder / ".knooppunt-demo").write_bytes(b"")
    process = running(knooppunt)
    said = knooppunt("demo", str(Path(knooppunt.folder)), code=2)
    assert "a gateway runs in" in said.stderr
    assert (knooppunt.folder / "config.yaml").is_file()
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
