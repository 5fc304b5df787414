# SPDX-License-Identifier: EUPL-1.2
"""Posts alarms to a webhook: on a thread of its own, tried again until it is taken.

The chain never waits for it. What is not posted when the process ends is not kept, but told
(``alarm.lost`` in the technical log): the alarms that then still stand are told again by the next
start. ``docs/schemas/alarm.schema.json`` says what is
posted.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from gateway.peers import Unreachable, call

TIMEOUT_SECONDS = 10.0
FIRST_SECONDS, LAST_SECONDS = 1.0, 300.0
"""Tried again after a second, then after twice as long each time, at most five minutes."""

CLOSE_SECONDS = 2.0
"""How long the end waits for a webhook that does not answer."""

KEPT = 1_000
"""Messages that wait at most: the oldest go first, the newest tell how things stand."""


class Webhook:
    """One address. ``failed`` is told of each attempt that did not succeed, with the reason."""

    def __init__(
        self, url: str, failed: Callable[[str], None], first_s: float = FIRST_SECONDS
    ) -> None:
        self.url = url
        self._failed = failed
        self._first_s = first_s
        self._waiting: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._more = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, name="webhook", daemon=True)
        self._thread.start()

    def post(self, message: dict[str, Any]) -> None:
        """Have a message posted; returns at once."""
        if len(self._waiting) == KEPT:
            self._failed(f"more than {KEPT} messages wait: the oldest was let go")
        self._waiting.append(message)
        self._more.set()

    def _go(self) -> None:
        rest = self._first_s
        while True:
            if not self._waiting:
                rest = self._first_s
                if self._stop.is_set():
                    return
                self._more.wait()
                self._more.clear()
                continue
            message = self._waiting[0]
            reason = self._send(json.dumps(message, ensure_ascii=False).encode())
            if not reason:
                if self._waiting and self._waiting[0] is message:  # not pushed out meanwhile
                    self._waiting.popleft()
                rest = self._first_s
                continue
            self._failed(reason)
            if self._stop.wait(rest):
                return
            rest = min(2 * rest, LAST_SECONDS)

    def _send(self, content: bytes) -> str:
        """Why it was not taken, without its address, which is a secret; empty: it was."""
        try:
            status = call(
                self.url, content, "application/json", TIMEOUT_SECONDS, heard=False
            ).status
        except Unreachable as error:
            return error.sentence
        return "" if 200 <= status < 300 else f"HTTP {status}"

    def close(self) -> list[dict[str, Any]]:
        """Post what is left, if it is taken at the first attempt; then end. Gives what was not.

        Of one that is being posted while nobody waits any more it is not known: it is among them.
        """
        self._stop.set()
        self._more.set()
        self._thread.join(CLOSE_SECONDS)
        return list(self._waiting)
