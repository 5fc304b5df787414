# SPDX-License-Identifier: EUPL-1.2
"""What cannot be done now is tried again: soon, then ever later, and in the end a person is asked.

A full disk, a share that is away, a folder without rights: each pause is twice the one before, from
half a second to a minute. After ``technisch.pogingen`` tries in vain the file is marked
(``vraagt-aandacht``): it is tried on, but holds up nothing that comes behind it, and is an alarm.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from gateway.waits import Wait

FIRST_SECONDS = 0.5
LAST_SECONDS = 60.0


class Try(NamedTuple):
    """What failed: how often by now, why, and when (``klok``, ms) it is tried again."""

    tries: int
    reason: str
    next: int

    def detail(self) -> str:
        """As a wait remembers it, for ``status``, which is another process."""
        return json.dumps(self)

    @classmethod
    def of(cls, wait: Wait) -> Try:
        """Read :meth:`detail`."""
        return cls(*json.loads(wait.detail))


class Retries:
    """When what failed is tried again, by a key of whoever asks. Moments are monotonic seconds."""

    def __init__(self) -> None:
        self._tries: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def __contains__(self, key: str) -> bool:
        """Whether this failed, and has not been done since."""
        return key in self._tries

    def failed(self, key: str, now: float) -> tuple[int, float]:
        """Note a failure; returns how many it makes, and the pause in seconds."""
        count = self._tries.get(key, 0) + 1
        pause = min(FIRST_SECONDS * 2 ** min(count - 1, 16), LAST_SECONDS)
        self._tries[key], self._until[key] = count, now + pause
        return count, pause

    def rests(self, key: str, now: float) -> bool:
        """Whether this is to be left alone now."""
        return self._until.get(key, 0.0) > now

    def done(self, key: str) -> bool:
        """It went well, or is no more; returns whether it had failed."""
        self._until.pop(key, None)
        return self._tries.pop(key, None) is not None

    def try_now(self) -> None:
        """End every pause: somebody came to look, or changed the configuration."""
        self._until.clear()
