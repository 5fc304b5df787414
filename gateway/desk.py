# SPDX-License-Identifier: EUPL-1.2
"""Where the clerk sits: in the engine's process, or in one of its own.

Both take a task and give it back done, and then durable: a thread syncs one task while the next is
worked on. Here: the work is done at once. Apart: a second process does the work and the syncing; it
holds the state's lock with the engine, dies with it, and never writes to the store. When it dies by
itself, the engine ends as it would after a failed sync, and a restart recovers. While it reads one
file for too long it is killed; which file it was reading is noted for the next start.

The engine calls, in turn: ``start`` a task, ``finish`` it, ``start`` the next, ``durable``. So at
most one task is being worked on, and one synced.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple

from gateway import durable
from gateway.clerk import Clerk
from gateway.config import Config
from gateway.errors import DurabilityError, GatewayError, ReaderError
from gateway.inhand import Hand, Shared
from gateway.task import Done, Flushed, Task
from gateway.touched import Unsynced

_PR_SET_PDEATHSIG = 1
STOP_SECONDS = 5.0
"""How long the clerk's process gets to end before it is killed: it has nothing to lose."""


LOOK_SECONDS = 1.0
"""How often to look whether a clerk that says nothing is still at the same file."""

HANG_LOOKS = 60
"""How often it may be seen at one look into one file. Reading 25 MB takes a second. Counted, not
timed: when all of this machine was halted for a while, nothing hangs."""


class Synced(NamedTuple):
    """The oldest task that was not yet durable is so now, but for what ``flushed`` says."""

    flushed: list[Flushed]


class Failed(NamedTuple):
    """The clerk's process ends: why, and what to do."""

    kind: type[GatewayError]
    sentence: str
    hint: str


class Here:
    """The clerk in the engine's own process."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._done: deque[Done] = deque()
        self._syncing: deque[Future[list[Flushed]]] = deque()

    def adopt(self, _config: Config) -> None:
        """The clerk goes by another configuration: its folders are the engine's, and do already."""

    def start(self, task: Task) -> None:
        """Do the work now; have it synced beside what comes next."""
        done, file_systems = self._clerk.work(task)
        self._done.append(done)
        self._syncing.append(self._syncer.submit(_sync, file_systems))

    def finish(self) -> Done:
        """What came of the task that was started. Not durable yet."""
        return self._done.popleft()

    def durable(self) -> list[Flushed]:
        """Wait until the oldest task that was finished is durable, or its disks say that not."""
        return self._syncing.popleft().result()

    def close(self) -> None:
        """End."""
        self._syncer.shutdown(wait=True)


class Apart:
    """The clerk in a process of its own. Make it before any file or thread of the engine's.

    ``hire`` makes the clerk, over there; ``note`` is told what it was reading when it died.
    """

    def __init__(self, hire: Callable[[Hand], Clerk], note: Callable[[str], None]) -> None:
        self._note = note
        self._shared = Shared()
        context = multiprocessing.get_context("fork")
        self._line, far = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(partial(hire, self._shared.hand()), far, self._line, os.getpid()),
            name="clerk", daemon=True,
        )  # fmt: skip
        self._process.start()
        far.close()
        self._done: deque[Done] = deque()
        self._synced: deque[Synced] = deque()

    def adopt(self, config: Config) -> None:
        """Let the clerk go by another configuration, from the next task on."""
        self._tell(config)

    def start(self, task: Task) -> None:
        """Hand over a task; returns at once."""
        self._tell(task)

    def _tell(self, what: Task | Config) -> None:
        try:
            self._line.send(what)
        except OSError:
            raise self._lost() from None

    def finish(self) -> Done:
        """Wait until the task that was started is done. Not durable yet."""
        while not self._done:
            self._hear()
        return self._done.popleft()

    def durable(self) -> list[Flushed]:
        """Wait until the oldest task that was finished is durable, or its disks say that not."""
        while not self._synced:
            self._hear()
        return self._synced.popleft().flushed

    def _hear(self) -> None:
        try:
            self._wait()
            said = self._line.recv()
        except (EOFError, OSError):
            raise self._lost() from None
        match said:
            case Done():
                self._done.append(said)
            case Synced(_):
                self._synced.append(said)
            case Failed(kind, sentence, hint):
                raise kind(sentence, hint=hint)

    def _wait(self) -> None:
        """Until it says something, or is gone; a disk or share that hangs is waited for."""
        before, looks = (0, ""), 0
        while not self._line.poll(LOOK_SECONDS):
            now = self._shared.seen()
            looks = looks + 1 if now == before and now[1] else 0
            before = now
            if looks >= HANG_LOOKS:
                self._process.kill()
                return

    def _lost(self) -> GatewayError:
        self._process.join(STOP_SECONDS)
        code = self._process.exitcode or 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        _, key = self._shared.seen()
        if key:
            self._note(key)
            return ReaderError(
                f"the process that reads files ended ({how}) while it read one", key,
                hint="start again: a restart goes on from the last commit; a file on which it ends "
                "again and again is held",
            )  # fmt: skip
        return DurabilityError(
            f"the process that claims and stages files ended ({how})",
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
    mouth = Mouth(line)
    with ThreadPoolExecutor(1, thread_name_prefix="sync") as syncer:
        while (task := _next(line)) is not None:
            try:
                clerk = clerk or hire()
                if isinstance(task, Config):
                    clerk.folders.adopt(task)
                    continue
                done, file_systems = clerk.work(task)
            except GatewayError as error:
                mouth.fail(error)
                return
            syncer.submit(_sync_and_say, file_systems, mouth)  # while the engine has no ear for us
            mouth.say(done)


class Mouth:
    """The clerk's end of the line: two threads speak, one at a time."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._turn = threading.Lock()

    def say(self, what: Done | Synced | Failed) -> None:
        """Send; when the engine hung up there is nobody to tell."""
        with self._turn, contextlib.suppress(OSError):
            self._line.send(what)

    def fail(self, error: GatewayError) -> None:
        """Tell why this process cannot go on: the engine ends with that."""
        self.say(Failed(type(error), error.sentence, error.hint))


def _sync_and_say(file_systems: list[Unsynced], mouth: Mouth) -> None:
    try:
        flushed = _sync(file_systems)
    except Exception:  # noqa: BLE001  a fault of ours: say it, do not let the engine wait for ever
        traceback.print_exc()
        os._exit(1)
    else:
        mouth.say(Synced(flushed))


def _next(line: Connection) -> Task | Config | None:
    try:
        task: Task | Config | None = line.recv()
    except EOFError:
        return None
    return task


def _sync(file_systems: list[Unsynced]) -> list[Flushed]:
    return [_sync_one(*one) for one in file_systems]


def _sync_one(flushed: Flushed, fd: int | None) -> Flushed:
    if fd is None:
        return flushed
    try:
        durable.sync_filesystem(fd)
    except DurabilityError as error:
        return flushed._replace(fault=error.sentence)
    finally:
        os.close(fd)
    return flushed
