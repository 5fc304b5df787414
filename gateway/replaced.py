# SPDX-License-Identifier: EUPL-1.2
"""A restored database takes the place of the one that was there, which is kept beside it.

A database and its WAL are one thing: each without the other is another database. So both get one
name, which is written down before the first of them moves. A restore that was cut off finds the
name again; it never guesses it from what lies there, which may be of an earlier restore.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import count

from gateway import durable
from gateway.location import DATABASE
from gateway.moment import Clock

STAGED = ".restore.db"
FILES = ("", "-wal", "-shm", "-journal")
"""What SQLite calls a database and what belongs to it, the database itself first."""

_ASIDE = f"{DATABASE}.before-"
_NOTE = ".restore.aside"
"""Holds the name under which the database is kept, while it is moved away."""


def replace(folder: str, state: int) -> list[str]:
    """Put the staged database in its place; what was kept, in a line.

    ``folder`` and ``state``: the state's directory, as a path and as a descriptor.
    """
    names = set(os.listdir(state))
    there = [tail for tail in FILES if DATABASE + tail in names]
    aside = _noted(folder) if _NOTE in names else ""
    if not _is_free(aside, there, names):
        tries = (f"{_ASIDE}{number}" for number in count(Clock().klok()))
        aside = next(one for one in tries if _is_free(one, FILES, names)) if there else ""
    if there:
        durable.put(os.path.join(folder, _NOTE), aside.encode(), 0o600)
    for tail in there:
        durable.rename(state, DATABASE + tail, state, aside + tail)
    durable.sync_filesystem(state)
    if durable.remove(state, _NOTE):
        durable.sync_filesystem(state)  # it must not speak of a database that is lost later
    durable.rename(state, STAGED, state, DATABASE)
    durable.sync_filesystem(state)
    if not aside:
        return []
    if "" in there or aside in names:
        return [f"the database that was here is kept as {aside}"]
    return [f"what was left of the database that was here is kept as {aside}{there[0]}"]


def _noted(folder: str) -> str:
    with open(os.path.join(folder, _NOTE), "rb") as file:
        return file.read().decode(errors="replace")


def _is_free(aside: str, tails: Iterable[str], names: set[str]) -> bool:
    """Whether this is a name of ours, under which files with these tails can be kept."""
    ours = aside.startswith(_ASIDE) and aside.removeprefix(_ASIDE).isdecimal()
    return ours and not any(aside + tail in names for tail in tails)
