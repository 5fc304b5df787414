# SPDX-License-Identifier: EUPL-1.2
"""Which file is being read right now: said where it outlives the process that reads it.

A fault in a parser (expat, libxml2, OpenSSL; or ours) ends the process, and the same file would end
the next. So whoever reads says of which file, for as long as it looks into it: the clerk's process
in memory that the engine shares, and an engine that reads by itself in ``.state/in-hand``. What
stands there when a process was ended counts one death for that file; after :data:`DEATHS` it is not
read again, but refused (``model.READING_ENDS``).

Nothing of this costs a sync, and most of it not even a call. An engine notes by itself only when
the process before it did not end well: for as long as all goes well there is no file.

Who reads by itself has nobody who sees it hang: the kernel ends it, after so much work on one file
(:data:`HANG_SECONDS`), without a word to Python, which a parser in C would not let speak.

What this does not protect against: a parser that waits for what never comes and does no work, in
an engine that reads by itself; one that spoils the memory of its process, which then ends while it
reads another file. That other is blamed, and a person may release it.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import signal
import struct
from collections.abc import Callable

from gateway import durable
from gateway.errors import GatewayError
from gateway.journal import Intent
from gateway.model import ANSWERS

DEATHS = 2
"""How often reading a file may have ended a process before it is read no more."""

HANG_SECONDS = 60.0
"""So much work of this process on one file: then the kernel ends it. Reading 25 MB takes a second;
what other threads work meanwhile counts as well, time that this machine was halted does not."""

FILE = "in-hand"
_SIZE = 64
_SHARED = struct.Struct(f"<Q{_SIZE}s")


def key_of(intent: Intent) -> str:
    """What tells a file in hand from all others: at most 64 characters, no name in it.

    Its intent; that of an answer is new at each try, so of an answer a digest of where it lies.
    """
    if intent.place.kind not in ANSWERS:
        return intent.id
    where = os.fsencode(f"{intent.place}/{intent.name}")
    return hashlib.sha256(where).hexdigest()


class Hand:
    """Says what is being read: ``with hand(key): ...``. ``show`` is told the key, and then ``""``.

    It stays said when our own code fails on the file; not for an end that has to do with no file.
    ``alone``: nobody watches this process, so the kernel ends it when it hangs.
    """

    def __init__(self, show: Callable[[str], None], *, alone: bool = False) -> None:
        self._show = show
        self._limit = HANG_SECONDS if alone else 0.0

    def __call__(self, key: str) -> Hand:
        """The file of that key is looked into from here on."""
        self._show(key)
        if self._limit:  # nothing of ours handles SIGVTALRM: it ends the process
            signal.setitimer(signal.ITIMER_VIRTUAL, self._limit)
        return self

    def __enter__(self) -> None:
        """See the class."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._limit:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        ours = kind is not None and issubclass(kind, Exception)
        if not ours or (kind is not None and issubclass(kind, GatewayError | OSError)):
            self._show("")


class Shared:
    """Memory that the clerk's process and the engine's share: make it before the one starts."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SHARED.size)
        self._count = 0

    def hand(self) -> Hand:
        """For who reads."""
        return Hand(self._show)

    def _show(self, key: str) -> None:
        self._count += 1
        _SHARED.pack_into(self._memory, 0, self._count, key.encode())

    def seen(self) -> tuple[int, str]:
        """For who watches: the key, and a number that tells one look into a file from the next."""
        count, key = _SHARED.unpack_from(self._memory)
        return count, key.rstrip(b"\0").decode("ascii", "replace")


class Noted:
    """The file ``in-hand``, while this process lives. Its caller holds the state's lock.

    ``died``: what the process before us was reading when it was ended; empty: nothing, or nobody
    knows. ``wary``: it did not end well, so this one notes what it reads.
    """

    def __init__(self, state: str) -> None:
        self._state, self._path = state, os.path.join(state, FILE)
        self.wary = os.path.exists(self._path)
        self.died = ""
        self._fd = -1  # held open while we note each file, and only then
        with contextlib.suppress(OSError):  # a full disk has other ways to be noticed
            fd = durable.open_note(self._path)
            self.died = os.pread(fd, _SIZE, 0).rstrip(b"\0").decode("ascii", "replace")
            durable.note(fd, bytes(_SIZE))
            if self.wary:
                self._fd = fd
            else:
                os.close(fd)

    def hand(self) -> Hand:
        """For an engine that reads by itself."""
        return Hand(self._show if self.wary else lambda _: None, alone=True)

    def _show(self, key: str) -> None:
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                durable.note(self._fd, key.encode().ljust(_SIZE, b"\0"))

    def killed(self, key: str) -> None:
        """Note what another process was reading when it died: this one ends, too."""
        self.wary = True
        with contextlib.suppress(OSError):
            self._fd = self._fd if self._fd >= 0 else durable.open_note(self._path)
        self._show(key)

    def close(self, *, well: bool) -> None:
        """End; ``well``: nothing was cut off, and the next one need not be wary."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if well:
            state = durable.open_dir(self._state)
            try:
                durable.remove(state, FILE)
            finally:
                os.close(state)
