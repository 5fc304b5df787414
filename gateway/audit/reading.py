# SPDX-License-Identifier: EUPL-1.2
"""Reads the files of a log back: for the publisher at start, and for a verifier. Writes nothing.

What this does not protect against: somebody who changes the files while they are being read. A
verifier who wants to be sure copies the folder first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from gateway.audit.checkpoint import CheckpointError, VerifierKey, is_older, vkey_file
from gateway.audit.tiles import (
    MAX_ENTRY,
    WIDTH,
    Edge,
    Tile,
    bundle,
    edge_tiles,
    layout,
    split_hashes,
    unbundle,
)
from gateway.errors import AuditError

MAX_FILE = WIDTH * (MAX_ENTRY + 2)
"""Bytes of the largest file a log can hold; a longer one is not read into memory."""

NEWEST = 4
"""Whole bundles at the right edge whose inside is looked at when the gateway starts."""


def read(directory: str, path: str) -> bytes | None:
    """Read one file of the log; None when there is no such file.

    Raises :class:`AuditError` when it is there but cannot be read: that is no verdict on the log.
    """
    try:
        with open(os.path.join(directory, path), "rb", buffering=0) as file:
            content = file.read(MAX_FILE + 1)
            while 0 < len(content) <= MAX_FILE:  # a raw read may be short
                more = file.read(MAX_FILE + 1 - len(content))
                if not more:
                    break
                content += more
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise AuditError(
            f"{path} in the audit log cannot be read: {error.strerror}",
            hint="run this as a user who may read the folder, on a disk that works",
        ) from error
    if len(content) > MAX_FILE:
        raise AuditError(f"{path} in the audit log is longer than any file of a log can be")
    return content


def read_tile(directory: str, tile: Tile) -> bytes | None:
    """Read a tile; of a partial one that is gone, the start of the whole one.

    A log may remove a partial tile once the whole one is there (tlog-tiles, 'Partial Tiles').
    """
    content = read(directory, tile.path)
    if content is not None or tile.width == WIDTH:
        return content
    whole = read(directory, tile.whole.path)
    if whole is None:
        return None
    if tile.level < 0:
        return bundle(unbundle(whole)[0][: tile.width])
    return b"".join(split_hashes(whole)[: tile.width])


def archived_sizes(directory: str, suffix: str = "") -> list[int]:
    """List the sizes whose checkpoints were archived, smallest first; or what lies beside them."""
    try:
        names = os.listdir(os.path.join(directory, "checkpoints"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AuditError(f"the archived checkpoints cannot be read: {error.strerror}") from error
    stems = (name.removesuffix(suffix) for name in names if name.endswith(suffix))
    return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdecimal())


def vkeys(directory: str, origin: str) -> list[VerifierKey]:
    """The log's public keys as its folder shows them: the newest first, then those before it.

    One that is no key of this log is passed over; whom to believe is the reader's to decide.
    """
    newest = vkey_file(origin)
    stem = newest.removesuffix("vkey")
    try:
        names = [
            one for one in sorted(os.listdir(directory)) if one.startswith(stem) and is_older(one)
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AuditError(f"the audit folder cannot be read: {error.strerror}") from error
    found = []
    for name in [newest, *names]:
        try:
            line = read(directory, name)
            found += [VerifierKey.parse(line.decode("utf-8", "replace"))] if line else []
        except CheckpointError:
            continue
    return [one for one in dict.fromkeys(found) if one.name == origin]


def vkey_files(directory: str) -> list[str]:
    """Where public keys lie in the log's folder; none where there is no log yet."""
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AuditError(f"the audit folder cannot be read: {error.strerror}") from error
    return [os.path.join(directory, one) for one in names if one.endswith(".vkey")]


def load_edge(directory: str, size: int) -> Edge | None:
    """Read the right edge of a tree; None when a file of it is missing or torn."""
    entries: tuple[bytes, ...] = ()
    rows: dict[int, tuple[bytes, ...]] = {}
    for tile in edge_tiles(size):
        content = read_tile(directory, tile)
        if content is None:
            return None
        whole = True
        if tile.level < 0:
            leaves, whole = unbundle(content)
            entries = tuple(leaves)
        else:
            rows[tile.level] = tuple(split_hashes(content))
            leaves, whole = list(rows[tile.level]), len(content) == 32 * tile.width
        if not whole or len(leaves) != tile.width:
            return None
    height = (size.bit_length() + 7) // 8
    return Edge(size, entries, tuple(rows.get(level, ()) for level in range(height)))


def damaged(directory: str, size: int) -> Iterator[Tile]:
    """Find the files of a tree that are missing or, as far as their length tells, torn.

    Of entries bundles only the newest :data:`NEWEST` whole ones are read: a start that read all
    leaves would take a minute in a large log. ``audit verify`` reads them all.
    """
    newest = size // WIDTH - NEWEST
    for tile in layout(size):
        try:
            length = os.stat(os.path.join(directory, tile.path)).st_size
        except (FileNotFoundError, NotADirectoryError):
            length = 0
        except OSError as error:
            raise AuditError(f"{tile.path} cannot be read: {error.strerror}") from error
        if tile.level >= 0:
            torn = length != 32 * tile.width
        else:
            torn = not length or (tile.index >= newest and not _sound(directory, tile))
        if torn:
            yield tile


def _sound(directory: str, tile: Tile) -> bool:
    entries, whole = unbundle(read(directory, tile.path) or b"")
    return whole and len(entries) == tile.width
