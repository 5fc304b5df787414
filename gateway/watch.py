# SPDX-License-Identifier: EUPL-1.2
"""Hints that a file has come: from watchdog, one recursive schedule at the root.

A hint saves waiting for the next scan, no more: in a burst the kernel's queue overflows and events
are lost by the thousand, and a share has none at all. So: watch first, then scan; and while the
chain is busy, when a scan finds everything anyway and the events of our own work would only cost
time, the watcher sleeps.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import threading
import warnings
from collections.abc import Callable

from watchdog.events import FileClosedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from gateway.folders import place_of
from gateway.location import beside
from gateway.model import Place
from gateway.moment import monotonic

# Its warnings list every folder that is watched, and some are called after a user: they would stand
# on standard error, which goes to the machine's journal.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.")

AGAIN_SECONDS = 60.0
"""How long to wait before another attempt to watch, after one that the kernel refused."""

HANGS_SECONDS = 2.0
"""The same, while a folder does not answer: until then the scan does it alone."""

BUSY_SECONDS = 0.5
"""After so long without a quiet moment the watcher is put to sleep."""

LOOK_SECONDS = 0.5
"""How often the configuration is looked at."""
_GONE = (0, 0, 0)
_Look = tuple[tuple[int, int, int], tuple[tuple[str, int, int, int], ...]]
_IN_DELETE_SELF = 0x400
_libc = ctypes.CDLL(None, use_errno=True)

# An overflow of the queue costs hints, which the scan makes good: nothing for a person to read, and
# standard error may be a technical log.
logging.getLogger("watchdog").addHandler(logging.NullHandler())


class ConfigChanges:
    """Tells when a configuration has become another, and has been left alone since.

    That is its file and the schemas beside it, which are read with it: who mends one of those need
    not touch the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._found = self._look()
        self._settled: _Look | None = self._found
        self._next = monotonic() + LOOK_SECONDS

    def _look(self) -> _Look:
        try:
            found = os.stat(self._path)
        except OSError:
            return _GONE, beside(self._path)
        return (found.st_ino, found.st_size, found.st_mtime_ns), beside(self._path)

    def seen(self) -> bool:
        """Whether it is another than at the last True, and was so at two looks.

        To be gone is a change too, at two looks as well: an editor may be putting a new one there.
        """
        now = monotonic()
        if now < self._next:
            return False
        self._next = now + LOOK_SECONDS
        before, self._found = self._found, self._look()
        if self._found != before or self._found == self._settled:
            return False
        self._settled = self._found
        return True

    def look_again(self) -> None:
        """What it said could not be used now, through no fault of a file: tell of it again."""
        self._settled = None


class Watch(FileSystemEventHandler):
    """Turns file events into hints, and wakes whoever waits for one.

    ``blind`` is told once why there are no hints, where the kernel has none to give. ``hangs``:
    whether some folder does not answer: each has to be looked into before it is watched.
    """

    def __init__(
        self,
        root: str,
        hint: Callable[[Place, str], None],
        scan: Callable[[], None],
        blind: Callable[[str], None],
        hangs: Callable[[], bool] = lambda: False,
    ) -> None:
        self._root = os.fsencode(os.path.abspath(root))
        self._hint = hint
        self._scan = scan
        self._blind = blind
        self._hangs = hangs
        self._told = False
        self._not_before = 0.0
        self._woken = threading.Event()
        self._observer: BaseObserver | None = None
        self._busy_since: float | None = None

    def start(self) -> None:
        """Watch, and ask for a scan: what came before is not told."""
        if self._hangs():
            self._not_before = monotonic() + HANGS_SECONDS
            return
        try:
            observer = Observer()
            observer.schedule(
                self, os.fsdecode(self._root), recursive=True,
                event_filter=[FileClosedEvent, FileMovedEvent],
            )  # fmt: skip
            observer.start()
        except OSError as error:  # inotify's limits are reached: the scan does it alone
            self._not_before = monotonic() + AGAIN_SECONDS
            self._tell_once(error.strerror or str(error))
            return
        self._observer = observer
        if not _one_more(self._root):
            self._tell_once("inotify watch limit reached")
        self._scan()

    def _tell_once(self, why: str) -> None:
        if not self._told:
            self._told = True
            self._blind(why)

    def stop(self) -> None:
        """Stop watching; end the threads."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Watchdog's thread: a file was closed by its writer, or got another name."""
        path = event.dest_path or event.src_path
        place = place_of(os.path.relpath(os.fsencode(path), self._root))
        if place is not None:
            self._hint(place, os.fsdecode(os.path.basename(os.fsencode(path))))
            self._woken.set()

    def wait(self, seconds: float) -> None:
        """Sleep until a hint comes, or so long. A quiet moment: the watcher is awake after it."""
        self.be_awake()
        self._woken.wait(seconds)
        self._woken.clear()

    def be_awake(self) -> None:
        """Watch: there is time to look up. While large bytes are copied, too: that takes long."""
        self._busy_since = None
        if self._observer is not None and not all(e.is_alive() for e in self._observer.emitters):
            self.stop()  # the root was removed and made again: its emitter died without a word
        if self._observer is None and monotonic() >= self._not_before and os.path.isdir(self._root):
            self.start()

    def worked(self) -> None:
        """A round did something: sleep once there is no end to it."""
        now = monotonic()
        if self._busy_since is None:
            self._busy_since = now
        elif self._observer is not None and now - self._busy_since > BUSY_SECONDS:
            self.stop()
            self._scan()  # from now on that alone finds files: not after the pause of a quiet time


def _one_more(path: bytes) -> bool:
    """Whether the kernel would watch one more folder for us.

    If not, watchdog left some out without a word: it tells of its topmost folder alone.
    """
    fd = _libc.inotify_init1(os.O_CLOEXEC)
    if fd < 0:
        return True  # of instances there are no more; watchdog has its own
    try:
        watched = _libc.inotify_add_watch(fd, path, _IN_DELETE_SELF) >= 0
        return watched or ctypes.get_errno() != errno.ENOSPC
    finally:
        os.close(fd)
