# SPDX-License-Identifier: EUPL-1.2
"""The published log beside a backup: what of it is copied, and its leaves for a restore.

Archived checkpoints are copied, with the signatures of witnesses and the time stamps on them, and
what shows which key followed on which: all else is made again from the leaves, but those, once
lost, nobody can give again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from gateway import durable
from gateway.audit import reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError, SignatureError, VerifierKey, parse
from gateway.audit.keys import key_files, load_key
from gateway.audit.stamp import SUFFIX
from gateway.audit.succession import FOLDER as SUCCESSION
from gateway.audit.tiles import WIDTH, Tile, unbundle
from gateway.errors import AuditError
from gateway.location import Location
from gateway.sealing import shown

FOLDER = "checkpoints"
OTHER = "this is not the backup of this log; keep both as they are, and look for the right one"


def keep(audit: str, directory: str) -> int:
    """Copy them into a backup; how many. To be done before the database is copied.

    Each of them then speaks of leaves that the database holds: those are committed first.
    """
    return _copy(audit, directory)


def put_back(audit: str, directory: str) -> int:
    """Copy back what the log lacks; how many. What is there stays: more may have signed it."""
    return _copy(directory, audit)


def _copy(source: str, target: str) -> int:
    copied = 0
    for name in _names(source):
        there = _in(target, name)
        content = reading.read(source, name)
        if content is not None and not os.path.exists(there):
            durable.make_dir(os.path.dirname(there))
            durable.put(there, content, 0o644)
            copied += name.startswith(FOLDER) and not name.endswith(SUFFIX)
    return copied


def _names(source: str) -> Iterator[str]:
    for size in reading.archived_sizes(source):
        yield from (f"{FOLDER}/{size}", f"{FOLDER}/{size}{SUFFIX}")
    with contextlib.suppress(FileNotFoundError):  # the log's key was never changed
        yield from (f"{SUCCESSION}{one}" for one in sorted(os.listdir(_in(source, SUCCESSION)))
                    if not one.startswith("."))  # fmt: skip


def _in(directory: str, name: str) -> str:
    return os.path.join(directory, *name.split("/"))


def published(audit: str, size: int) -> Iterator[bytes]:
    """The leaves of the published log, in order."""
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        yield from unbundle(reading.read_tile(audit, Tile(-1, index, width)) or b"")[0]


def newest_checkpoints(location: Location, origin: str, since: bytes | None) -> list[Checkpoint]:
    """The newest checkpoints that can be found, each signed by this log's key."""
    own = [load_key(_content(path), path) for path in key_files(location.log_key)]
    keys = [VerifierKey.of(origin, one) for one in own] + reading.vkeys(location.audit, origin)
    paths = ["checkpoint", *(f"checkpoints/{n}" for n in reading.archived_sizes(location.audit))]
    contents = [reading.read(location.audit, path) for path in (paths[0], paths[-1])]
    found = []
    for content in [*contents, *shown(location.state), since]:
        if content is None:
            continue
        try:
            found.append(parse(content, keys))
        except SignatureError as error:
            raise AuditError(f"a checkpoint is not of this log: {error}", hint=OTHER) from error
        except CheckpointError:
            if content is since:
                raise  # a torn one in the folder is made again; this one was given to count
    if any(one.origin != origin for one in found):
        raise AuditError(f"a checkpoint is not of the log {origin}", hint=OTHER)
    return found


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
