# SPDX-License-Identifier: EUPL-1.2
"""Starts gateways fast: imports everything once, then forks for each run that is asked for.

Started by ``machine.py`` with the shim preloaded. Each line on standard input is a request; the
answer is a line with the child's process id and how it ended. The child is a process of its own
that runs the real entry point, ``gateway.cli.main``, with the shim armed: what it saves over
starting Python anew is a second of importing. ``test_crash.py`` shows that a process started
the ordinary way makes the same calls.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from typing import Any

import sqlalchemy.dialects.sqlite.pysqlite  # noqa: F401
import watchdog.observers  # noqa: F401

import envelopes
import gateway.cbs.ginds
import gateway.cli
import gateway.runs
import gateway.setup
from gateway import durable
from gateway.chain import Chain
from gateway.errors import GatewayError
from gateway.location import Location

_PR_SET_CHILD_SUBREAPER = 36
SECONDS = 60
"""A run that takes longer hangs: SIGALRM ends it, and the case fails."""


def _stage(folder: str, size: str) -> None:
    fd = durable.open_dir(folder)
    durable.stage(fd, "staged", b"x" * int(size))


def _in_two_processes(config: str, state: str) -> None:
    with Chain(Location.of(config, state), apart=True) as chain:
        chain.run_once()


PROGRAMS = {
    "in two processes": _in_two_processes,
    "durable.put": lambda path, text: durable.put(path, text.encode()),
    "durable.make_dir": durable.make_dir,
    "durable.stage": _stage,
}
"""What no command does by itself: functions of ``durable.py`` that promise something of their own,
and a run that ends by itself with the clerk in a second process."""


def _program(name: str, *argv: str) -> None:
    try:
        PROGRAMS[name](*argv)
    except GatewayError as error:
        gateway.cli.fail(error)


def child(request: dict[str, Any]) -> None:
    """Be the gateway; never return."""
    signal.alarm(SECONDS)
    out = os.open(str(request["out"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    arm = ctypes.CDLL(None).knooppunt_crash_arm
    text, flag = ctypes.c_char_p, ctypes.c_int
    number = ctypes.c_long
    arm.argtypes = [text, number, text, number, flag, flag, flag, text, text]
    arm.restype = None
    arm(
        str(request["root"]).encode(),
        int(str(request["at"])),
        str(request["near"]).encode(),
        int(str(request["past"])),
        int(bool(request["torn"])),
        int(bool(request["flushed"])),
        int(bool(request["alone"])),
        str(request["off"]).encode(),
        str(request["log"]).encode(),
    )
    argv = request["argv"]
    sys.argv = ["knooppunt", *argv]
    code = 70
    try:
        if argv[0] in PROGRAMS:
            _program(*argv)
        else:
            gateway.cli.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _wait_for_orphans() -> None:
    """What a run forked and left behind ends with it; only then is the run over."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main() -> None:
    """Serve until standard input ends."""
    envelopes.check("publicatiebesluit.xsd", b"<x/>")  # the schemas are compiled once, here
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(json.dumps({"ready": gateway.__file__}), file=answers, flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            child(json.loads(line))
        _, status = os.waitpid(pid, 0)
        _wait_for_orphans()
        ended = {"code": os.waitstatus_to_exitcode(status)}
        print(json.dumps(ended), file=answers, flush=True)


if __name__ == "__main__":
    main()
