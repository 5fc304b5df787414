# SPDX-License-Identifier: EUPL-1.2
"""What watches over a running chain: technical log, metrics, alarms and the webhook.

Nothing here can stop or delay the chain: measuring and posting have threads of their own, and what
fails there is said in the log. Nor can the chain, or a disk that hangs, stop this: whether rounds
go on is told without a look at any folder.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.alarms import Alarm, Health, judge
from gateway.chain import Chain
from gateway.config import Config
from gateway.engine import Happened
from gateway.errors import ForkError, GatewayError
from gateway.folders import Waiting
from gateway.health import Monitor
from gateway.in_force import Outcome
from gateway.location import Location
from gateway.measuring import Measuring
from gateway.moment import Clock, iso, monotonic

if TYPE_CHECKING:  # each is loaded when it was asked for: most commands need none of them
    from gateway.jsonlog import JsonLog
    from gateway.metrics import Metrics
    from gateway.webhook import Webhook

STDERR = "-"
"""The technical log's path that means standard error."""

CHECK_SECONDS = 30.0
"""How often the chain is measured for alarms."""


@dataclass(frozen=True, slots=True)
class Watching:
    """What was asked for: a technical log (a path, ``-`` for standard error), a metrics port."""

    log: str | None = None
    metrics: int | None = None


class Oversight:
    """Watches one chain. ``told`` gets each line for the screen: an alarm that begins, say."""

    def __init__(
        self, location: Location, config: Config, wanted: Watching,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._location = location
        self._config = config
        self._wanted = wanted
        self._told = told
        self._log: JsonLog | None = None
        if wanted.log:
            from gateway.jsonlog import JsonLog

            self._log = JsonLog(None if wanted.log == STDERR else wanted.log, config)
        self._chain: Chain | None = None
        self._metrics: Metrics | None = None
        self._webhook: Webhook | None = None
        self._monitor: Monitor | None = None
        self._measuring = Measuring(self._measure)
        self._standing: dict[tuple[str, str], Alarm] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # --- told by the engine ---

    def happened(self, happened: list[Happened]) -> None:
        """What a commit made true."""
        if self._log is not None:
            self._log.happened(happened)
        if self._metrics is not None:
            self._metrics.happened(happened)

    def stuck(self, waiting: Waiting) -> None:
        """A file that was taken and cannot go on now."""
        if self._log is not None:
            self._log.stuck(waiting)

    def reloaded(self, outcome: Outcome) -> None:
        """The configuration was changed: the chain goes by it now, or could not use it."""
        chain = self._chain
        if chain is not None and chain.config is not self._config:
            self._config = chain.config
            for follower in (self._log, self._metrics):  # the monitor follows when it measures next
                if follower is not None:
                    follower.follow(chain.config)
        if self._log is not None:
            tell = self._log.warning if outcome.wrong else self._log.info
            tell(outcome.event, **outcome.fields)

    def blind(self, why: str) -> None:
        """The kernel tells nothing of files that come: they are found by scanning alone."""
        seconds = self._config.technisch.scan_ms / 1000
        self._told(f"no hints from the kernel ({why}; inotify's limits: docs/howto-server.md); "
                   f"files are found by scanning, every {seconds:g} s")  # fmt: skip
        if self._log is not None:
            self._log.warning("watch.blind", reason=why)

    # --- begin and end ---

    def begin(self, chain: Chain, *, alarms: bool) -> str:
        """Begin to watch, after the chain was opened; where the metrics are, if they are asked for.

        ``alarms``: measure every half minute too; without it only when the metrics are asked for.
        """
        self._chain = chain
        config = self._config = chain.config
        where = ""
        self._monitor = Monitor(self._location, config, chain.folders.reach)
        self._say("gateway.started", version=__version__, origin=chain.ledger.origin,
                  leaves=chain.ledger.size, notes=len(chain.said))  # fmt: skip
        if self._wanted.metrics is not None:
            from gateway.metrics import LOOPBACK, Metrics

            self._metrics = Metrics(config, self._wanted.metrics, lambda: self._now(chain))
            where = f"http://{LOOPBACK}:{self._metrics.port}/metrics"
        if alarms:
            self._thread = threading.Thread(target=self._go, name="health", daemon=True)
            self._thread.start()
        return where

    def _now(self, chain: Chain) -> tuple[Health, list[Alarm], int, Counter[str]]:
        health = self._with_rounds(self._measuring.now())
        return health, judge(health, self._config), chain.rounds, chain.engine.inbound.counts()

    def _measure(self) -> Health:
        if self._monitor is None:
            raise GatewayError("the chain is not watched yet")
        if self._monitor.config is not self._config:
            self._monitor.follow(self._config)
        return self._monitor.measure()

    def _with_rounds(self, health: Health) -> Health:
        """With what the chain itself knows: whether it goes round, and what keeps nothing."""
        if self._chain is None or self._chain.beat is None:
            return health
        gone = dict.fromkeys((*health.gone, *self._chain.engine.shares.told))
        return replace(health, round_s=monotonic() - self._chain.beat, gone=tuple(gone))

    def _go(self) -> None:
        while True:
            self.check()
            if self._stop.wait(CHECK_SECONDS):
                return

    def check(self) -> None:
        """Measure, and tell which alarms began and which ended."""
        try:
            health = self._measuring.now()
        except (GatewayError, OSError) as error:
            if self._log is not None:
                self._log.warning("health.failed", reason=type(error).__name__)
            health = self._measuring.last
        found = judge(self._with_rounds(health), self._config)
        now = {alarm.key: alarm for alarm in found}
        began = [alarm for key, alarm in now.items() if key not in self._standing]
        ended = [alarm for key, alarm in self._standing.items() if key not in now]
        self._standing = now
        for alarm in began:
            self._told(f"alarm: {alarm.sentence} [{alarm.code}]")
        if self._log is not None:
            for alarm in began:
                self._log.warning("alarm.began", **alarm._asdict())
            for alarm in ended:
                self._log.info("alarm.ended", code=alarm.code, subject=alarm.subject)
        if began + ended:
            self._post(message(self._config, began, ended))

    def _post(self, what: dict[str, Any]) -> None:
        url = self._config.alarmen.url
        left: list[dict[str, Any]] = []
        if self._webhook is not None and self._webhook.url != url:
            left, self._webhook = self._webhook.close(), None
        if self._webhook is None and url:
            from gateway.webhook import Webhook

            self._webhook = Webhook(url, self._unsent)
        if self._webhook is None:
            self._lost(left)
            return
        for one in (*left, what):
            self._webhook.post(one)

    def _say(self, event: str, **fields: object) -> None:
        if self._log is not None:
            self._log.info(event, **fields)

    def _unsent(self, reason: str) -> None:
        if self._log is not None:
            self._log.warning("alarm.unsent", reason=reason)

    def _lost(self, left: list[dict[str, Any]]) -> None:
        """The webhook did not take these, and nobody tries again. Its address is a secret."""
        for message in left:
            for one in message["alarms"]:
                self._told(
                    f"not taken by the webhook before the end: {one['state']} of the alarm "
                    f"{one['code']} ({one['subject']}) of {message['at']}"
                )
                if self._log is not None:
                    about = {name: one[name] for name in ("code", "subject", "state")}
                    self._log.warning("alarm.lost", posted=message["at"], **about)

    def __enter__(self) -> Oversight:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if self._log is not None and isinstance(error, GatewayError):
            # Its sentence is for the screen alone: it may name a file.
            self._log.error("gateway.failed", code=error.code)
        if isinstance(error, ForkError):
            self._forked(error)
        self.close()

    def _forked(self, error: ForkError) -> None:
        """The alarm of all alarms is told before the end: nobody measures any more after it."""
        alarm = Alarm("splitsing", "log", error.sentence)
        if alarm.key in self._standing:
            return
        if self._log is not None:
            self._log.warning("alarm.began", **alarm._asdict())
        self._post(message(self._config, [alarm], []))

    def close(self) -> None:
        """End; what was not posted yet gets one more attempt."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2.0)
        if self._metrics is not None:
            self._metrics.close()
        if self._webhook is not None:
            self._lost(self._webhook.close())
        if self._monitor is not None and self._measuring.ended():
            self._monitor.close()
        if self._log is not None:
            self._log.info("gateway.stopped")
            self._log.close()


def message(config: Config, began: list[Alarm], ended: list[Alarm]) -> dict[str, Any]:
    """What is posted to a webhook (docs/schemas/alarm.schema.json)."""
    rows = [(alarm, "begin") for alarm in began] + [(alarm, "end") for alarm in ended]
    return {
        "gateway": config.naam,
        "at": iso(Clock().klok()),
        "alarms": [{**alarm._asdict(), "state": state} for alarm, state in rows],
    }
