# SPDX-License-Identifier: EUPL-1.2
"""Keeps the Logboek dataverwerkingen: a line for each committed leaf, none lost and none invented.

The lines are derived from the leaves (``logregel.py``), after those were published. Each place that
they go to has a *resume point*, durable beside it: how many leaves were dealt with. So an outage, a
full disk or a kill costs nothing but time.

- ``<state>/ldv/spans.jsonl``: each line once. First the lines are appended and synced, then the
  resume point moves, with the length of the file; what lies behind that length is what a crash left
  of an append that was not confirmed: it is cut off, and made again from the same leaves.
- OTLP over HTTP (``ldv_otlp.py``), when the configuration names an address: from a thread of its
  own. A line may be sent again after a crash; its ids are the same, so that it is seen to be one.

Nothing here stops or delays the chain: the file is written beside the rounds, behind the publisher,
and what fails is tried again later. How far it is behind is in ``status`` and an alarm.

What this does not protect against: somebody who changes the file. The lines are no proof; the log
that they were made of is (``docs/audit.md``). Who removes the resume point gets all lines again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from gateway import durable
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.ldv_resume import FOLDER, MODE, STEP, Point, Resume, continues, missing
from gateway.ldv_sending import CLOSING_S, Sending
from gateway.logregel import Logregel, line, logregel, span_id

SPANS = "spans.jsonl"

MOST = 16 * STEP
"""Leaves that are caught up in one go: the publisher, whose thread it is, waits for it."""


class Ldv:
    """One gateway's logbook. :meth:`published` is called by one thread at a time."""

    def __init__(self, state: str, database: str, config: Config) -> None:
        self._state = state
        self._database = database
        self._config = config
        self._file = Spans(state)
        self._sending: Sending | None = None
        self.lagging = False  # leaves that were published have no line in the file yet
        self.follow(config)

    def follow(self, config: Config) -> None:
        """Go by this configuration: where lines go, and what their ids begin with."""
        self._config = config
        url = config.ldv.otlp
        if self._sending is not None and self._sending.url != url:
            self._sending.close(0.0)
            self._sending = None
        if self._sending is None and url:
            self._sending = Sending(self._state, self._database, url, self._line)
            self._sending.wake()

    def _line(self, index: int, content: bytes) -> Logregel | None:
        return logregel(index, content, self._config.register)

    def published(self, first: int, leaves: Sequence[bytes]) -> None:
        """These leaves were published: write their lines, after those that are still missing.

        Raises nothing that a disk or a database that is away gives: the next call catches up, and
        is due while :attr:`lagging`.
        """
        self.lagging = False
        if self._config.ldv.bestand:
            try:
                self._write(first, leaves)
                self.lagging = self._file.point(self._database).leaf < first + len(leaves)
            except (OSError, GatewayError):
                self._file.forget()
                self.lagging = True
        if self._sending is not None:
            self._sending.wake()

    def _write(self, first: int, leaves: Sequence[bytes]) -> None:
        point = self._file.point(self._database)
        if point.leaf < first:
            for start, some in missing(self._database, point.leaf, min(first, point.leaf + MOST)):
                self._append(start, some)
            point = self._file.point(self._database)
        if point.leaf >= first:
            self._append(point.leaf, leaves[point.leaf - first :])

    def _append(self, start: int, leaves: Sequence[bytes]) -> None:
        if leaves:
            found = [self._line(start + n, content) for n, content in enumerate(leaves)]
            lines = b"".join(line(one) for one in found if one is not None)
            self._file.append(start + len(leaves), span_id(leaves[-1]), lines)

    def close(self) -> None:
        """Send what can be sent in a few seconds, and end."""
        if self._sending is not None:
            self._sending.close(CLOSING_S)

    def abandon(self) -> None:
        """End at once."""
        if self._sending is not None:
            self._sending.close(0.0)


class Spans:
    """The file of lines, each of which is in it once."""

    def __init__(self, state: str) -> None:
        self._folder = os.path.join(state, FOLDER)
        self._path = os.path.join(self._folder, SPANS)
        self._resume = Resume(state, "file")
        self._point: Point | None = None

    def forget(self) -> None:
        """Look at the disk again before the next append: something went wrong."""
        self._point = None

    def point(self, database: str) -> Point:
        """Where it stands. Begins anew, beside the old file, when the log is not the one it was."""
        if self._point is None:
            durable.make_dir(self._folder, 0o750)
            found = self._resume.load()
            if not continues(database, found):
                self._set_aside(found.leaf)
                found = Point()
                self._resume.save(found)
            self._point = found
        return self._point

    def _set_aside(self, leaf: int) -> None:
        fd = durable.open_dir(self._folder)
        try:
            durable.rename(fd, SPANS, fd, f"spans-{leaf}-{self._size()}.jsonl")
        except FileNotFoundError:
            pass
        finally:
            os.close(fd)
        durable.sync_dir(self._folder)

    def append(self, leaf: int, last: str, lines: bytes) -> None:
        """Add the lines up to this leaf; what a crash left half confirmed is cut off first."""
        before = self._point or Point()
        size = self._size()
        if size < before.length:  # rotated: a new file begins, and that is kept before it grows
            before = before._replace(length=size)
            self._resume.save(before)
        if lines:
            durable.append_at(self._path, before.length, lines, MODE)
        self._point = Point(leaf, last, before.length + len(lines))
        self._resume.save(self._point)

    def _size(self) -> int:
        try:
            return os.stat(self._path).st_size
        except FileNotFoundError:
            return 0
