# SPDX-License-Identifier: EUPL-1.2
"""Up to which leaf each place of the Logboek dataverwerkingen has its lines, kept durably."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import NamedTuple

from gateway import durable
from gateway.config import Config
from gateway.logregel import span_id
from gateway.store_health import leaves_between, reading

FOLDER = "ldv"
MODE = 0o640

STEP = 1024
"""Leaves that are in memory at once, and in one append, when much is to be caught up."""


class Point(NamedTuple):
    """A resume point: leaves dealt with, the span id of the last of them, the file's length."""

    leaf: int = 0
    last: str = ""
    length: int = 0


class Resume:
    """One resume point on disk."""

    def __init__(self, state: str, name: str) -> None:
        self._path = os.path.join(state, FOLDER, f"{name}.json")

    def load(self) -> Point:
        """What was kept; the very beginning when there is nothing, or nothing that can be read."""
        try:
            with open(self._path, encoding="ascii") as file:
                found = json.load(file)
            return Point(int(found["leaf"]), str(found["last"]), int(found["length"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Point()

    def save(self, point: Point) -> None:
        """Keep it durably."""
        durable.put(self._path, json.dumps(point._asdict()).encode(), MODE)


def behind(state: str, config: Config, size: int) -> dict[str, int | None]:
    """How many leaves of a log of this size each place has not seen; None: nothing goes there."""
    wanted = {"file": config.ldv.bestand, "otlp": bool(config.ldv.otlp)}
    return {
        name: max(0, size - Resume(state, name).load().leaf) if on else None
        for name, on in wanted.items()
    }


def continues(database: str, point: Point) -> bool:
    """Whether the log still holds the leaf that was dealt with last: not so after some restores."""
    if not point.leaf:
        return True
    with reading(database) as connection:
        found = leaves_between(connection, point.leaf - 1, point.leaf)
    return [span_id(content) for content in found] == [point.last]


def missing(database: str, start: int, stop: int) -> Iterator[tuple[int, list[bytes]]]:
    """The committed leaves from ``start`` up to ``stop``, some at a time."""
    with reading(database) as connection:
        while start < stop:
            some = leaves_between(connection, start, min(stop, start + STEP))
            if not some:
                return
            yield start, some
            start += len(some)
