# SPDX-License-Identifier: EUPL-1.2
"""Publishes the log: what the database has committed becomes files that anybody can check.

The engine commits leaves in its own transaction; that makes them lasting. Then, within a second,
before the process ends and again when it starts, it calls :meth:`Publisher.publish`, which writes
the entries and tiles, makes them durable under their final names, and writes ``checkpoint`` last.
So a checkpoint on disk never speaks of a tile that is not there, and a crash at any point leaves
an older checkpoint, true for its size; the next call catches up.

A whole tile is written once. Should the same name exist with other bytes, that is fatal: one of
the two was changed. A partial tile stays until its whole tile is published: a checkpoint of that
size was given out, and may be checked (c2sp.org/tlog-tiles, 'Partial Tiles').

What this does not protect against: an operator who replaces database, files and key together. For
that others must have seen a checkpoint: witnesses and time stamps come in a later issue, and
so does closing a year (the last checkpoint of one origin in the first leaf of the next).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import durable
from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError, SignatureError, VerifierKey
from gateway.audit.tiles import WIDTH, Edge, File, edge_files, edge_tiles, growth
from gateway.errors import AuditError

ReadLeaves = Callable[[int, int], Sequence[bytes]]
"""``read(start, stop)``: the leaves with these indexes, from the database."""

STEP = WIDTH * WIDTH
"""Leaves that are in memory at once when much is to be caught up; whole tiles at two levels."""

ARCHIVE_SECONDS = 60.0
"""At most one checkpoint a minute is archived: a year gives half a million files at most."""

TILE_MODE = 0o644
"""The log is made to be read by others; nothing in it is secret (see ``leaf.py``)."""

_AHEAD = (
    "do not remove the audit folder: it is the newer evidence. Most often the database was put "
    "back from a backup: `knooppunt restore BACKUP` puts back the newest one; if that lacks "
    "leaves that were published, `knooppunt restore BACKUP --continue` takes them up"
)
_DIFFERENT = (
    "one of the two was changed. Keep both as they are, run `knooppunt audit verify`, and compare "
    "with a checkpoint that somebody else kept (docs/audit.md)"
)


class Publisher:
    """Writes one log's files. One thread at a time calls it."""

    def __init__(self, directory: str, origin: str, *keys: Ed25519PrivateKey) -> None:
        self._directory = directory
        self._origin = origin
        self.keys = keys  # that sign, the newest first
        self.archiving = threading.Lock()  # held by who writes into checkpoints/
        self._edge: Edge | None = None
        self._current: bytes | None = None
        self._archived_at: float | None = None

    @property
    def size(self) -> int:
        """Leaves that the checkpoint on disk speaks of, as far as this publisher knows."""
        return self._edge.size if self._edge else 0

    @property
    def current(self) -> bytes:
        """The checkpoint on disk, as far as this publisher knows; empty before there is one."""
        return self._current or b""

    def check_start(
        self, head_size: int, head_root: bytes, read_leaves: ReadLeaves
    ) -> tuple[str, ...]:
        """Compare the files with the database, repair what is missing or torn, and say so.

        Raises :class:`AuditError` when the files are ahead of the database or tell another
        history: the gateway must not start. Being behind is fine; :meth:`publish` catches up.
        """
        durable.make_dir(self._directory)
        said: list[str] = []
        current = self._read_checkpoint("checkpoint", said)
        archived = reading.archived_sizes(self._directory)
        if current and archived and archived[-1] > current.size:
            said.append(
                f"audit: the checkpoint was back at {current.size} leaves, while one of "
                f"{archived[-1]} was archived; it is made again"
            )
        known = current
        if known is None and archived:
            known = self._read_checkpoint(f"checkpoints/{archived[-1]}", said)
        size = known.size if known else 0
        ahead = max(size, *archived, 0)
        if ahead > head_size:
            raise AuditError(
                f"the published audit log holds {ahead} leaves, the database only {head_size}",
                hint=_AHEAD,
            )
        root = known.root if known else Edge().root()
        if size == head_size and root != head_root:
            raise AuditError(
                f"the published audit log and the database differ, both with {size} leaves",
                hint=_DIFFERENT,
            )
        edge = reading.load_edge(self._directory, size)
        bad = list(reading.damaged(self._directory, size))
        if bad or edge is None or edge.root() != root:
            edge = self._make_again(size, root, read_leaves, said)
        self._edge = edge
        self._current = reading.read(self._directory, "checkpoint") if current else None
        return tuple(said)

    def _read_checkpoint(self, path: str, said: list[str]) -> Checkpoint | None:
        """Read a checkpoint of ours; None when it is missing or torn, which is said."""
        content = reading.read(self._directory, path)
        if content is None:
            return None
        try:
            found = checkpoint.read_body(checkpoint.parse_note(content))
            if found.origin == self._origin:
                return checkpoint.parse(
                    content, [VerifierKey.of(self._origin, one) for one in self.keys]
                )
        except SignatureError as error:
            raise AuditError(f"{path} in the audit log: {error}", hint=_DIFFERENT) from error
        except CheckpointError as error:
            said.append(f"audit: {path} was damaged ({error.sentence}); it is made again")
            return None
        raise AuditError(
            f"the audit folder holds the log {found.origin}, not {self._origin}",
            hint="give each log a folder of its own; a year is closed by a command, not by a name",
        )

    def _make_again(self, size: int, root: bytes, read_leaves: ReadLeaves, said: list[str]) -> Edge:
        """Write every file of the published tree that is missing or torn, from the database."""
        edge = Edge()
        for leaves in _steps(0, size, read_leaves):
            edge, _ = growth(edge, leaves)
        if edge.root() != root:  # before anything is written
            raise AuditError(
                f"the database's first {size} leaves are not those that were published",
                hint=_DIFFERENT,
            )
        edge, made = self._write_steps(Edge(), size, read_leaves)
        said += [f"audit: {path} was missing or torn; made again" for path in made]
        return edge

    def _write_steps(
        self, edge: Edge, size: int, read_leaves: ReadLeaves
    ) -> tuple[Edge, list[str]]:
        """Grow the files to ``size`` a step at a time, where holding all of it is too much."""
        made: list[str] = []
        for leaves in _steps(edge.size, size, read_leaves):
            edge, files = growth(edge, leaves)
            # no checkpoint speaks of the sizes between two steps: their partial tiles are not due
            made += self._write([file for file in files if file.tile.width == WIDTH])
        return edge, made + self._write(edge_files(edge))

    def publish(self, head_size: int, head_root: bytes, read_leaves: ReadLeaves) -> int:
        """Write what the database has and the files have not; return how many leaves that were.

        ``head_size`` and ``head_root`` are the database's; ``read_leaves`` is asked only for the
        leaves since the last call. Nothing is written when they do not lead to that root.
        """
        if self._edge is None:
            self.check_start(head_size, head_root, read_leaves)
        before = self._edge
        if before is None:
            raise AuditError("the audit log was not read")
        if head_size < before.size or (head_size == before.size and head_root != before.root()):
            raise AuditError("the database went back behind what was published", hint=_AHEAD)
        if head_size == before.size and self._current is not None:
            return 0
        edge, files = before, list[File]()
        for leaves in _steps(before.size, head_size, read_leaves):
            edge, files = growth(edge, leaves)
        if edge.root() != head_root:
            raise AuditError(
                "the database's leaves do not lead from the published root to its own",
                hint=_DIFFERENT,
            )
        if head_size - before.size > STEP:  # the first pass was only to know the root
            self._write_steps(before, head_size, read_leaves)
        else:
            self._write(files)
        content = checkpoint.sign(self._origin, head_size, head_root, *self.keys)
        durable.put(os.path.join(self._directory, "checkpoint"), content, TILE_MODE)
        self._edge, self._current = edge, content
        self._drop_partials(before.size, head_size)
        return head_size - before.size

    def _write(self, files: Sequence[File]) -> list[str]:
        """Make the files durable under their names; the paths of those that were not there yet."""
        due: list[tuple[File, bool]] = []
        for file in files:
            there = reading.read(self._directory, file.tile.path)
            if there == file.content:
                continue
            if there is not None and not file.content.startswith(there):
                raise AuditError(
                    f"{file.tile.path} in the audit log holds other bytes than the database gives",
                    hint=_DIFFERENT,
                )
            due.append((file, there is not None))
        if due:
            self._rename_in(due)
        return [file.tile.path for file, _ in due]

    def _rename_in(self, due: Sequence[tuple[File, bool]]) -> None:
        folders: dict[str, int] = {}
        try:
            for file, _ in due:
                folder, name = self._place(file)
                if folder not in folders:
                    durable.make_dir(folder)
                    folders[folder] = durable.open_dir(folder)
                durable.remove(folders[folder], _staged(name))
                durable.stage(folders[folder], _staged(name), file.content, TILE_MODE)
            any_folder = next(iter(folders.values()))
            durable.sync_filesystem(any_folder)  # content first: a name never shows torn bytes
            for file, torn in due:
                folder, name = self._place(file)
                if torn:
                    durable.remove(folders[folder], name)
                durable.rename(folders[folder], _staged(name), folders[folder], name)
            durable.sync_filesystem(any_folder)  # names too, before a checkpoint counts on them
        except OSError as error:
            error.filename = self._directory
            raise
        finally:
            for fd in folders.values():
                os.close(fd)

    def _place(self, file: File) -> tuple[str, str]:
        folder, name = os.path.split(file.tile.path)
        return os.path.join(self._directory, folder), name

    def _drop_partials(self, before: int, size: int) -> None:
        """Remove the partial tiles whose whole tile has just been published.

        A crash before this leaves files too many, which no reader minds.
        """
        for tile in edge_tiles(before):
            if (tile.index + 1) * WIDTH > size >> 8 * max(tile.level, 0):
                continue
            folder = os.path.join(self._directory, f"{tile.whole.path}.p")
            try:
                fd = durable.open_dir(folder)
            except FileNotFoundError:
                continue
            try:
                for name in os.listdir(fd):
                    durable.remove(fd, name)
            finally:
                os.close(fd)
            durable.remove_dir(folder)

    def archive(self, now: float, *, stopping: bool = False) -> bool:
        """Keep the checkpoint as ``checkpoints/<size>``; True when one was written.

        ``now`` is the caller's monotonic clock in seconds. At most one a minute, and one at a
        clean stop. Archived checkpoints show a reader that the log only ever grew.
        """
        if self._current is None or not self.size:
            return False
        recent = self._archived_at is not None and now - self._archived_at < ARCHIVE_SECONDS
        path = os.path.join("checkpoints", str(self.size))
        with self.archiving:
            if (recent and not stopping) or reading.read(self._directory, path) is not None:
                return False  # the one that is there may carry signatures of witnesses by now
            durable.put(os.path.join(self._directory, path), self._current, TILE_MODE)
        self._archived_at = now
        return True


def _steps(start: int, stop: int, read_leaves: ReadLeaves) -> Iterator[Sequence[bytes]]:
    while start < stop:
        end = min(stop, start - start % STEP + STEP)
        leaves = read_leaves(start, end)
        if len(leaves) != end - start:
            raise AuditError(f"the database does not hold leaves {start} to {end - 1}")
        yield leaves
        start = end


def _staged(name: str) -> str:
    return f".{name}.new"
