# SPDX-License-Identifier: EUPL-1.2
"""The counterpart as a process of its own beside a gateway, seen from the gateway.

It dies with the gateway, and what it does never holds up the chain: it is another process, and a
nicer one (``ginds.py``). When it dies by itself the gateway goes on, says so, and starts it again,
ever later; its state lets it go on where it was. The gateway tells it how the chain's clock runs,
and may ask it to go round until nothing is due.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from gateway import durable
from gateway.cbs.lijn import GESTOPT, Afloop, Fout, Gereed, Gezegd, Klaar, Klok, Wikkel
from gateway.errors import StateError
from gateway.location import Location
from gateway.moment import monotonic

STOP_SECONDS = 1.0
"""How long it gets to end a step before it is killed: it has nothing to lose."""

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 60.0
"""After it died: how long to wait before it is started again; twice as long each time."""

MOST_DEATHS = 12
"""So often it may die while somebody waits for it: more than one file can make it."""


class Apart:
    """The counterpart's process. ``zeg`` is called in a thread of its own."""

    def __init__(self, location: Location, ahead: timedelta, zeg: Callable[[str], None]) -> None:
        self._location, self._ahead, self._zeg = location, ahead, zeg
        self._turn = threading.Condition()
        self._line: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._asked = 0
        self._afloop: Klaar | None = None
        self._fout: Fout | None = None
        self._deaths = 0
        self._thread = threading.Thread(target=self._bewaak, name="cbs", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    # --- what the gateway asks ---

    def draai(self, ahead: timedelta) -> None:
        """Tell that the chain's clock was turned."""
        with self._turn:
            self._ahead = ahead
            self._vertel(Klok(ahead))

    def afwikkelen(self, stop: Callable[[], bool] = lambda: False) -> Afloop:
        """Let it go round until nothing is due now. Raises :class:`GatewayError` if it cannot."""
        with self._turn:
            self._asked += 1
            self._deaths = 0
            self._vertel(Wikkel(self._asked))
            while self._afloop is None or self._afloop.nummer < self._asked:
                if self._fout is not None:
                    raise StateError(self._fout.zin, hint=self._fout.hint)
                if self._deaths > MOST_DEATHS:
                    said = "the simulated CBS dies each time that it is started"
                    hint = "run it alone to see why: knooppunt run --stations cbs"
                    raise StateError(said, hint=hint)
                if stop():
                    return Afloop(0, None)
                self._turn.wait(0.2)
            return self._afloop.afloop

    def _vertel(self, what: Klok | Wikkel | None) -> None:
        if self._line is not None:
            with contextlib.suppress(OSError):  # it died: told again when it is started again
                self._line.send(what)

    def close(self) -> None:
        """End the process."""
        with self._turn:
            self._stop.set()
            self._vertel(None)
            self._turn.notify_all()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            if self._process is not None:
                durable.put(os.path.join(self._location.state, "cbs", GESTOPT), b"")
                self._process.kill()
            self._thread.join()

    # --- the thread that keeps it alive ---

    def _bewaak(self) -> None:
        """Start it, hear it, and start it again: until the gateway stops."""
        wait = FIRST_SECONDS
        while not self._stop.is_set():
            began = monotonic()
            line, process = self._start()
            self._hoor(line)
            code = process.wait()
            with self._turn:
                self._line = None
                self._deaths += 1
                if self._stop.is_set():
                    return
            wait = FIRST_SECONDS if monotonic() - began > LONGEST_SECONDS else wait
            if self._fout is None:
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                self._zeg(f"the simulated CBS ended by itself ({how}); the chain goes on, and CBS "
                          f"is started again in {wait:g} s")  # fmt: skip
            with self._turn:
                self._turn.wait_for(self._stop.is_set, wait)
            wait = min(wait * 2, LONGEST_SECONDS)

    def _start(self) -> tuple[Connection, subprocess.Popen[bytes]]:
        near, far = Pipe()
        command = [sys.executable, "-m", "gateway.cbs.ginds", self._location.config_path,
                   self._location.root, self._location.state, str(far.fileno()),
                   str(os.getpid())]  # fmt: skip
        # Not in the terminal's group: Ctrl-C is for the gateway, which ends it in good order.
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command, pass_fds=[far.fileno()], stdin=subprocess.DEVNULL, process_group=0
        )
        far.close()
        with self._turn:
            self._line, self._process = near, process
            self._vertel(Klok(self._ahead))
            if self._afloop is None or self._afloop.nummer < self._asked:
                self._vertel(Wikkel(self._asked))
            if self._stop.is_set():
                self._vertel(None)
        return near, process

    def _hoor(self, line: Connection) -> None:
        """Hear it until it hangs up."""
        while True:
            try:
                said: Any = line.recv()
            except (EOFError, OSError):
                return
            match said:
                case Gezegd(zin):
                    self._zeg(f"cbs: {zin}")
                case Klaar():
                    with self._turn:
                        self._afloop = said
                        self._turn.notify_all()
                case Gereed():
                    with self._turn:
                        self._fout = None
                case Fout(zin, _):
                    if self._fout != said:
                        self._zeg(f"the simulated CBS cannot work: {zin}; the chain goes on")
                    with self._turn:
                        self._fout = said
                        self._turn.notify_all()
