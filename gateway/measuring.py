# SPDX-License-Identifier: EUPL-1.2
"""Measures on a thread of its own: who asks how a chain is waits a while, and no more.

So metrics and alarms are told whatever disk or share measuring hangs on. One measuring at a time:
while one hangs no other begins, and what was measured before is what there is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from gateway.alarms import Health
from gateway.errors import GatewayError
from gateway.moment import monotonic

WAIT_SECONDS = 5.0
"""How long who asks waits: less than a scraper of metrics does."""


class Measuring:
    """Asks one monitor, as often as it is asked itself. Safe from any thread."""

    def __init__(self, measure: Callable[[], Health]) -> None:
        self._measure = measure
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began = 0.0
        self._failed: Exception | None = None
        self.last = Health()

    def now(self, seconds: float = WAIT_SECONDS) -> Health:
        """How the chain is; as it was, with ``measure_s``, where that cannot be told in time.

        Raises what measuring raised: :class:`GatewayError` or ``OSError``.
        """
        with self._turn:
            if self._thread is None or not self._thread.is_alive():
                self._began = monotonic()
                self._thread = threading.Thread(target=self._go, name="measure", daemon=True)
                self._thread.start()
            thread, began = self._thread, self._began
        thread.join(seconds)
        if thread.is_alive():
            return replace(self.last, measure_s=monotonic() - began)
        if self._failed is not None:
            raise self._failed
        return self.last

    def _go(self) -> None:
        try:
            self.last, self._failed = self._measure(), None
        except (GatewayError, OSError) as error:
            self._failed = error
        except BaseException as error:
            self._failed = GatewayError(f"measuring failed: {type(error).__name__}")
            raise

    def ended(self) -> bool:
        """Whether none is under way: else it still has its folders in hand."""
        return self._thread is None or not self._thread.is_alive()
