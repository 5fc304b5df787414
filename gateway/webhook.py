# SPDX-License-Identifier: EUPL-1.2
"""Posts alarms to a webhook: on a thread of its own, tried again until it is taken.

The chain never waits for it. What is not posted when the process ends is not kept: the alarms that
then still stand are told again by the next start. ``docs/schemas/alarm.schema.json`` says what is
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
        self._waiting: deque[bytes] = deque(maxlen=KEPT)
        self._more = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, name="webhook", daemon=True)
        self._thread.start()

    def post(self, message: dict[str, Any]) -> None:
        """Have a message posted; returns at once."""
        self._waiting.append(json.dumps(message, ensure_ascii=False).encode())
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
            content = self._waiting[0]
            reason = self._send(content)
            if not reason:
                if self._waiting and self._waiting[0] is content:  # not pushed out meanwhile
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

    def close(self) -> None:
        """Post what is left, if it is taken at the first attempt; then end."""
        self._stop.set()
        self._more.set()
        self._thread.join(2.0)
