# SPDX-License-Identifier: EUPL-1.2
"""Where the bytes of a message may still lie, and reading them if they are those."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from gateway.evidence.container import MAX_BYTES
from gateway.names import toonbaar
from gateway.store_queries import Row


def copies(root: str, message: Row) -> Iterator[tuple[str, str]]:
    """Folders and names: as accepted, then wherever it was on its way."""
    for name in message["names"]:
        yield os.path.join(root, "gemeenten", message["gemeentecode"], "verzonden"), name
    for event in message["events"]:
        yield os.path.join(root, event["place"]), event["name"] or message["names"][0]


def read(path: str, most: int = 1 << 24) -> bytes | None:
    """A file; None when it is not there, cannot be read, or is larger than is asked for."""
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except OSError:
        return None
    return content if len(content) <= most else None


def read_if(folder: str, name: str, size: int, sha256: str) -> bytes | None:
    """The bytes of a file, if they are those; by its name, or the one that we show for it."""
    try:
        found = [name] if os.path.exists(os.path.join(folder, name)) else []
        if not found and "\\" in name:  # something in it was escaped
            found = [one for one in os.listdir(folder) if toonbaar(one) == name]
        for one in found:
            path = os.path.join(folder, one)
            if os.path.isfile(path) and os.path.getsize(path) == size <= MAX_BYTES:
                content = read(path, MAX_BYTES)
                if content is not None and hashlib.sha256(content).hexdigest() == sha256:
                    return content
    except (OSError, ValueError):
        pass
    return None
