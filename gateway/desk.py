# SPDX-License-Identifier: EUPL-1.2
"""Where the clerk sits: in the engine's process, or in one of its own.

Both take a task and give it back done and durable. Here: the work is done at once, and synced in a
thread while the engine goes on. Apart: a second process does the work and the syncing; it holds the
state's lock with the engine, dies with it, and never writes to the store. When it dies by itself,
the engine ends as it would after a failed sync, and a restart recovers.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection

from gateway import durable
from gateway.clerk import Clerk, Done, Task
from gateway.errors import DurabilityError, GatewayError

_PR_SET_PDEATHSIG = 1
STOP_SECONDS = 5.0
"""How long the clerk's process gets to end before it is killed: it has nothing to lose."""


class Here:
    """The clerk in the engine's own process."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._flight: tuple[Done, Future[None]] | None = None

    def start(self, task: Task) -> None:
        """Do the work now; have it synced beside what comes next."""
        done, file_systems = self._clerk.work(task)
        self._flight = done, self._syncer.submit(_sync, file_systems)

    def finish(self) -> Done:
        """Wait until the task that was started is durable."""
        if self._flight is None:
            raise RuntimeError("no task was started")
        (done, synced), self._flight = self._flight, None
        synced.result()
        return done

    def close(self) -> None:
        """End."""
        self._syncer.shutdown(wait=True)


class Apart:
    """The clerk in a process of its own. Make it before any file or thread of the engine's.

    ``hire`` makes the clerk, over there.
    """

    def __init__(self, hire: Callable[[], Clerk]) -> None:
        context = multiprocessing.get_context("fork")
        self._line, far = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(hire, far, self._line, os.getpid()), name="clerk", daemon=True
        )
        self._process.start()
        far.close()

    def start(self, task: Task) -> None:
        """Hand over a task; returns at once."""
        try:
            self._line.send(task)
        except OSError:
            raise self._lost() from None

    def finish(self) -> Done:
        """Wait until the task that was started is done and durable."""
        try:
            answer = self._line.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        if isinstance(answer, Done):
            return answer
        kind, sentence, hint = answer
        raise kind(sentence, hint=hint)

    def _lost(self) -> DurabilityError:
        return DurabilityError(
            "the process that claims and stages files ended",
            hint="start again: a restart goes on from the last commit; if it ends again, look in "
            "the kernel's log (out of memory?)",
        )

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._line.send(None)
        self._line.close()
        self._process.join(STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(hire: Callable[[], Clerk], line: Connection, near: Connection, engine: int) -> None:
    """The clerk's process: until the engine hangs up, or dies."""
    near.close()
    # A killed engine must not leave a clerk that goes on staging under its successor.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != engine:
        return
    for number in (signal.SIGINT, signal.SIGTERM):  # the engine is told; it ends us in good order
        signal.signal(number, signal.SIG_IGN)
    clerk: Clerk | None = None
    while (task := _next(line)) is not None:
        try:
            clerk = clerk or hire()
            done, file_systems = clerk.work(task)
            _sync(file_systems)
        except GatewayError as error:
            line.send((type(error), error.sentence, error.hint))
            return
        line.send(done)


def _next(line: Connection) -> Task | None:
    try:
        task: Task | None = line.recv()
    except EOFError:
        return None
    return task


def _sync(file_systems: list[int]) -> None:
    for fd in file_systems:
        durable.sync_filesystem(fd)
