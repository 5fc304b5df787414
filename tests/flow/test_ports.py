# SPDX-License-Identifier: EUPL-1.2
"""What stands beside a chain and listens: a port that is taken, or one that runs twice."""

import socket

import pytest

from tests.flow.conftest import eventually

LISTENERS = [("idp", "run"), ("witness", "run", "cbs"), ("tsa", "run")]


@pytest.mark.parametrize("words", LISTENERS, ids=" ".join)
def test_a_port_that_another_has_is_told_before_anything_is_promised(knooppunt, words):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = knooppunt(*words, "--port", str(port), code=2)
    assert f"port {port} of this machine is in use" in told.stderr
    assert "--port N" in told.stderr
    assert "listens" not in told.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [(LISTENERS[1], "this witness is running already"), (LISTENERS[2], "another authority")],
    ids=["witness", "tsa"],
)
def test_one_that_runs_already_is_called_what_it_is(knooppunt, words, said):
    process = knooppunt.start(*words, "--port", "0")
    try:
        name = words[2] if len(words) > 2 else "tsa"
        lock = knooppunt.folder / "getuigen" / name / "lock"
        eventually(lambda: lock.exists() and held(lock))
        told = knooppunt(*words, "--port", "0", code=2)
        assert said in told.stderr
        assert "gateway" not in told.stderr
    finally:
        process.terminate()
        process.communicate()


def held(lock):
    """Whether the kernel knows a holder of this file."""
    with open("/proc/locks") as file:
        return f":{lock.stat().st_ino} " in file.read()
