# SPDX-License-Identifier: EUPL-1.2
"""Gateways as processes of their own, for the fault cases: started, stopped, and waited for."""

import contextlib
import json
import shutil
import signal
import subprocess
import time

import pytest

from gateway.location import is_running
from gateway.partijen import gemeenten
from gateway.setup import shipped_config
from tests.flow.conftest import KNOOPPUNT, eventually

LAST = '  "1701": {soort: gemeente, naam: Westerveld}\n'


def many_parties(count):
    """The text of a config.yaml with so many municipalities, the shipped three among them."""
    more = "".join(f'  "{code}": {{naam: Plaats {code}}}\n' for code in codes(count)[3:])
    text = shipped_config().decode()
    assert LAST in text
    return text.replace(LAST, LAST + more)


def codes(count):
    """The codes of :func:`many_parties`."""
    shipped = ["0363", "0034", "1701"]
    return [*shipped, *(one for one in sorted(gemeenten()) if one not in shipped)][:count]


def need(program):
    """Skip where it is not installed; .ci/run installs it, and there nothing may be skipped."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed; .ci/run installs it")


@contextlib.contextmanager
def running(knooppunt, *words, under=(), command=(KNOOPPUNT,), **how):
    """A gateway that runs, and is ended as a service is: it must end with 0.

    ``under``: the command that starts it in another world (a clock, a namespace).
    """
    command = [*under, *command, "run", *words]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=knooppunt.folder, text=True, **pipes, **how)
    try:
        yield process
        process.send_signal(signal.SIGCONT)
        state = str(knooppunt.folders / ".state")  # before it holds this, a signal just ends it
        eventually(lambda: is_running(state) or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        process.told = told
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def at_cbs(knooppunt, folder="GMSDWMO"):
    """The files that CBS got, without their metagegevens: name -> content."""
    inbox = knooppunt.folders / "cbs/in" / folder
    found = {}
    for path in inbox.iterdir():
        if path.is_file() and not path.name.endswith("_metagegevens.xml"):
            found[path.name] = path.read_bytes()
    return found


def told(log):
    """The events of a technical log."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def verified(knooppunt, *words):
    """Nothing is under way, and the log is whole."""
    knooppunt.installed("run", "--once", *words)
    assert knooppunt.json("status", *words)["under_way"] == 0
    assert knooppunt.json("audit", "verify", *words)["ok"]


def pause(seconds):
    """Let the gateway have its time: for what must not happen."""
    time.sleep(seconds)
