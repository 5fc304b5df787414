# SPDX-License-Identifier: EUPL-1.2
"""The technical log: JSON, one object a line, for whoever keeps the gateway running.

Each line has ``at`` (UTC), ``level`` and ``event``; what a delivery went through also has ``trace``
(the W3C trace id, as in the audit log), ``ref`` (its referentienummer) and ``msg`` (our id).
No personal data: no content, no file name, no user, no sentence made of one of these; exchanges and
parties by their configured ids alone. As a net under that, nine digits that pass the 11-proof of a
BSN become asterisks wherever a word came from outside.

What this does not protect against: a power failure (lines are written, not synced), and a disk that
is full: then lines are lost, the next one that can be written says how many, and the chain goes on.
The proof of what happened is the audit log, never this one.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

from gateway import durable
from gateway.alarms import known
from gateway.audit.leaf import without_bsn
from gateway.config import Config
from gateway.folders import Waiting
from gateway.model import Event, EventType, Levering
from gateway.moment import Clock, iso
from gateway.waits import IGNORED

_OURS = frozenset({"at", "level", "event", "msg", "trace", "span"})
"""Fields that hold only what we made ourselves: hex digits in them are chance, not people."""

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WARN = (EventType.REJECTED, EventType.REFUSED, EventType.QUARANTINED)


class _Sink:
    """Collects rendered lines, so that a round is one write."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def msg(self, line: str) -> None:
        """Keep one line; a list's append is safe from any thread."""
        self.lines.append(line)

    info = warning = error = msg


def _mask(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> Any:
    """The net: what came from outside holds no BSN, whatever somebody called it."""
    for key, value in fields.items():
        if key not in _OURS and isinstance(value, str) and not _UUID.fullmatch(value):
            fields[key] = without_bsn(value)
    return fields


class JsonLog:
    """Writes the technical log to a file, or to standard error where no path is given.

    Safe from any thread. A file that was renamed (logrotate) is opened anew with the next line.
    """

    def __init__(self, path: str | None, config: Config) -> None:
        self._path = path
        self.follow(config)
        self._clock = Clock()
        self._turn = threading.Lock()
        self._fd = -1
        self._torn = False
        self._lost = 0
        self._sink = _Sink()
        self._log = structlog.wrap_logger(
            self._sink,
            processors=[structlog.stdlib.add_log_level, _mask, structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        if path is not None:
            self._fd = durable.open_log(path)  # a folder that is not there is told at once

    def follow(self, config: Config) -> None:
        """Go by this configuration: its words are those that may be written."""
        self._config = config
        self._exchanges = frozenset(config.uitwisselingen)

    def happened(self, happened: Iterable[tuple[Event, Levering]]) -> None:
        """What a commit made true, a line each: ``delivery.<event>``."""
        at = iso(self._clock.klok())
        for event, levering in happened:
            tell = self._log.warning if event.type in _WARN else self._log.info
            if event.type is EventType.CONFLICT:
                tell = self._log.error
            tell(f"delivery.{event.type.value}", at=at, **self._about(event, levering))
        self.flush()

    def _about(self, event: Event, levering: Levering) -> dict[str, object]:
        """Ids and words of ours; not ``event.name``, ``event.remark``, ``gebruiker``, ``naam``."""
        return self._message(levering) | {
            "station": event.station,
            "place": self._shown(event.place),
            "code": event.code,
            "size": levering.size,
        }

    def _message(self, levering: Levering) -> dict[str, object]:
        config = self._config
        parent = levering.traceparent.split("-")
        return {
            "trace": parent[1] if len(parent) == 4 else "",
            "span": parent[2] if len(parent) == 4 else "",
            "ref": levering.referentienummer,
            "msg": levering.id,
            "direction": levering.direction.value,
            "gemeentecode": known(levering.gemeentecode, config.partijen),
            "uitwisseling": known(levering.uitwisseling, config.uitwisselingen),
        }

    def _shown(self, place: str) -> str:
        """A place without a sub-folder of an outbox that is no exchange: who knows whose name."""
        parts = place.split("/")
        if parts[2:3] == ["outbox"] and not known(parts[-1], (*parts[:3], *self._exchanges)):
            parts = parts[:3]
        return "/".join(parts)

    def stuck(self, waiting: Waiting) -> None:
        """A file that was taken and cannot go on now; or an answer that cannot be used."""
        place = waiting.place
        if waiting.code == IGNORED:
            about = self._message(waiting.levering) if waiting.levering is not None else {}
            self.warning("answer.unusable", **about, code=waiting.code, place=str(place))
            return
        self.warning(
            "file.stuck", code=waiting.code, kind=place.kind.value,
            party=known(place.partij, (*self._config.partijen, *self._config.ontvangers)),
            retry_s=waiting.retry,
        )  # fmt: skip

    def info(self, event: str, **fields: object) -> None:
        """One line about the gateway itself; ``fields`` are words and numbers of ours."""
        self._log.info(event, at=iso(self._clock.klok()), **fields)
        self.flush()

    def warning(self, event: str, **fields: object) -> None:
        """One line about something that a person should look at."""
        self._log.warning(event, at=iso(self._clock.klok()), **fields)
        self.flush()

    def error(self, event: str, **fields: object) -> None:
        """One line about something that stopped."""
        self._log.error(event, at=iso(self._clock.klok()), **fields)
        self.flush()

    def flush(self) -> None:
        """Write what was collected, in one go; a disk that is full never stops the chain."""
        with self._turn:
            lines, self._sink.lines = self._sink.lines, []
            if not lines:
                return
            if self._lost:
                lost = f'{{"event": "log.lost", "level": "warning", "lines": {self._lost}}}'
                lines.insert(0, lost)
            start = "\n" if self._torn else ""
            try:
                durable.append(self._open(), (start + "\n".join(lines) + "\n").encode())
            except OSError:
                self._lost += len(lines) - bool(self._lost)
                self._torn = True
            else:
                self._lost, self._torn = 0, False

    def _open(self) -> int:
        if self._path is None:
            return sys.stderr.fileno()
        try:
            there, ours = os.stat(self._path), os.fstat(self._fd)
            moved = (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)
        except FileNotFoundError:
            moved = True
        if moved:
            fd, self._fd = self._fd, durable.open_log(self._path)
            os.close(fd)
        return self._fd

    def close(self) -> None:
        """Write what is left and close the file."""
        self.flush()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
