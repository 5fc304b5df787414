# SPDX-License-Identifier: EUPL-1.2
"""``/metrics`` for Prometheus, on the loopback address alone.

What happened is counted as it is committed; how things stand is measured when it is asked for, on
the asker's thread. Labels are configured ids and words of ours: no file name, no user, no number of
a person. Whoever must reach it from elsewhere puts a proxy with access control before it.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway import __version__
from gateway.alarms import Alarm, Health, known
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.model import Event, Levering

LOOPBACK = "127.0.0.1"

Standing = Callable[[], tuple[Health, list[Alarm], int, Tally[str]]]
"""How things stand now: what was measured, the alarms, rounds so far, files that wait by code."""


class Metrics:
    """Counts what happens and serves it. ``port`` 0 takes a free one; see :attr:`port`."""

    def __init__(self, config: Config, port: int, standing: Standing) -> None:
        self.follow(config)
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._events = Counter(
            "knooppunt_events", "What happened to deliveries since the start of this process",
            ("station", "event", "uitwisseling", "richting"), registry=registry,
        )  # fmt: skip
        registry.register(_Standing(standing))
        try:
            self._server, self._thread = start_http_server(port, LOOPBACK, registry)
        except OSError as error:
            raise GatewayError(
                f"--metrics {port}: {LOOPBACK}:{port} cannot be listened on: {error.strerror}",
                hint="choose another port, or end what uses this one",
            ) from None
        self.port: int = self._server.server_port

    def follow(self, config: Config) -> None:
        """Go by this configuration: its ids are those that may be labels."""
        self._known = frozenset(config.uitwisselingen)

    def happened(self, happened: Iterable[tuple[Event, Levering]]) -> None:
        """Count what a commit made true."""
        counted = Tally(
            (e.station, e.type.value, known(one.uitwisseling, self._known), one.direction.value)
            for e, one in happened
        )
        for labels, count in counted.items():
            self._events.labels(*labels).inc(count)

    def close(self) -> None:
        """Serve no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Standing(Collector):
    """Measures when somebody asks."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def describe(self) -> Iterable[Metric]:
        """Nothing: or registering would measure already."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """See :class:`Collector`."""
        health, alarms, rounds, waiting = self._standing()
        yield _gauge("info", "The version that runs", [((__version__,), 1)], "version")
        yield CounterMetricFamily("knooppunt_rounds", "Rounds that did something", value=rounds)
        yield _gauge("waiting_files", "Files that are not taken yet, by reason",
                     [((code,), count) for code, count in waiting.items()], "code")  # fmt: skip
        for name, text, value in _numbers(health):
            if value is not None:
                yield GaugeMetricFamily(f"knooppunt_{name}", text, value=value)
        yield _gauge("disk_free_bytes", "Room on the disk of a folder",
                     [((disk.folder,), disk.free) for disk in health.disks], "folder")  # fmt: skip
        standing = Tally(alarm.code for alarm in alarms)
        yield _gauge("alarms", "Alarms that stand now, by code (docs/internals.md, Alarms)",
                     [((code,), count) for code, count in standing.items()], "code")  # fmt: skip


def _numbers(health: Health) -> Iterator[tuple[str, str, float | None]]:
    yield "under_way_files", "Files that were taken, or are about to be", health.under_way
    yield "under_way_oldest_age_seconds", "Since when the oldest of them", health.oldest_s
    yield "quarantine_files", "Folders in quarantine", health.quarantine
    yield "quarantine_oldest_age_seconds", "Age of the oldest", health.quarantine_oldest_s
    yield "quarantine_files_last_day", "Set aside in the last 24 hours", health.quarantine_today
    yield "unanswered_deliveries", "Not answered by the next hub yet", health.unanswered
    yield "unanswered_oldest_age_seconds", "Since when the oldest of them", health.unanswered_s
    yield "leaves", "Leaves of the audit log in the database", health.leaves
    yield "published_leaves", "Leaves that the checkpoint on disk speaks of", health.published
    yield "checkpoint_age_seconds", "Since the last checkpoint was published", health.checkpoint_s
    yield "folders_gone", "Folders of the configuration that are not there", len(health.gone)
    yield "folders_hanging", "Folders that do not answer", len(health.hanging)
    yield "round_age_seconds", "Since the last round of the gateway began", health.round_s
    yield "measure_age_seconds", "Since when measuring all this is in vain; 0: it is not", (
        health.measure_s
    )  # fmt: skip


def _gauge(
    name: str, text: str, rows: Iterable[tuple[tuple[str, ...], float]], *labels: str
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"knooppunt_{name}", text, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family
