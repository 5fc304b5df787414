# SPDX-License-Identifier: EUPL-1.2
"""A manifest: the list by which a sender says which files it hands over, and what is in them.

One line a file, ``<sha-256> <bytes> <name>``, each ended by a newline; the name is what follows the
second space, whatever is in it. Lines that begin with ``#`` and empty lines say nothing. By hand::

    for f in *.csv; do
      echo "$(sha256sum < "$f" | cut -c -64) $(stat -c %s "$f") $f"
    done > levering.manifest

A line that is cut off is no line: a list that is still being written announces what it has.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_BYTES = 1 << 20
"""Largest manifest that is read: some 8,000 files."""

NAME_BYTES = 255
"""What a name may have on Linux's file systems."""

_LINE = re.compile(r"([0-9a-fA-F]{64}) ([0-9]{1,15}) (.+)")


class Listed(NamedTuple):
    """What a manifest says of one file."""

    sha256: str
    size: int


class Manifest(NamedTuple):
    """What a manifest says of each file, by name; and the number of the first line that is bad."""

    files: dict[str, Listed]
    bad_line: int | None


def _is_name(text: str) -> bool:
    """Whether a file may be called so: else it is no line, and never asked of the disk."""
    return not set("/\0") & set(text) and len(text.encode("utf-8", "surrogateescape")) <= NAME_BYTES


def parse(content: bytes) -> Manifest:
    """Read a manifest. A file that is listed twice counts as it was listed last."""
    files: dict[str, Listed] = {}
    bad_line = None
    lines = content.split(b"\n")
    for number, raw in enumerate(lines, 1):
        line = raw.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or not _is_name(found[3]) or number == len(lines):
            bad_line = bad_line or number
            continue
        files[found[3]] = Listed(found[1].lower(), int(found[2]))
    return Manifest(files, bad_line)
