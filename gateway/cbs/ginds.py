# SPDX-License-Identifier: EUPL-1.2
"""The counterpart's own process: beside a gateway that tells it the time, or alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from multiprocessing.connection import Connection

from gateway.cbs.lijn import Afloop, Fout, Gereed, Gezegd, Klaar, Klok, Wikkel
from gateway.cbs.werk import Tegenpartij
from gateway.errors import GatewayError
from gateway.location import Location
from gateway.moment import Clock, pause

_PR_SET_PDEATHSIG = 1
NICE = 10
"""It yields to the chain, which people wait for."""

KIJK_SECONDS = 0.5
"""How often it looks in its inboxes when there is nothing to do."""


def alleen(
    location: Location, *, once: bool, nu: datetime | None, stop: Callable[[], bool],
    zeg: Callable[[str], None],
) -> Afloop:  # fmt: skip
    """Run the counterpart in this process, until told to stop; ``once``: until nothing is due."""
    done = 0
    with Tegenpartij(location, None, zeg) as cbs:
        if nu is not None:
            cbs.draai(nu - Clock().nu())
        if once:
            return cbs.afwikkelen(stop)
        while not stop():
            if cbs.ronde():
                done += 1
            else:
                pause(KIJK_SECONDS)
        return Afloop(done, cbs.volgende())


def main(config: str, root: str, state: str, line: str, gateway: str) -> int:
    """Be the counterpart of a gateway, until it hangs up."""
    # A killed gateway must not leave a counterpart that holds the lock of its successor's.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(gateway):
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):  # the gateway is told; it ends us in good order
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    with Connection(int(line)) as mouth:
        try:
            _werk(Location(config, root, state), mouth)
        except GatewayError as error:
            _zeg(mouth, Fout(error.sentence, error.hint))
            return 2
    return 0


def _werk(location: Location, mouth: Connection) -> None:
    with Tegenpartij(location, None, lambda zin: _zeg(mouth, Gezegd(zin))) as cbs:
        _zeg(mouth, Gereed())
        worked = False
        while True:
            try:
                said = mouth.recv() if mouth.poll(0 if worked else KIJK_SECONDS) else ...
            except EOFError:
                return
            match said:
                case None:
                    return
                case Klok(ahead):
                    cbs.draai(ahead)
                case Wikkel(nummer):
                    _zeg(mouth, Klaar(nummer, cbs.afwikkelen(lambda: mouth.poll(0))))
                case _:
                    worked = cbs.ronde()


def _zeg(mouth: Connection, what: Gereed | Gezegd | Klaar | Fout) -> None:
    with contextlib.suppress(OSError):  # the gateway hung up: there is nobody to tell
        mouth.send(what)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
