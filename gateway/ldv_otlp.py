# SPDX-License-Identifier: EUPL-1.2
"""Sends lines of the Logboek dataverwerkingen over OTLP/HTTP, with OpenTelemetry's own SDK.

Every line goes through a ``SimpleSpanProcessor``: no sampling ('de Applicatie mag niet gebruik
maken van Log Sampling') and no queue in memory that a kill would empty. That processor tells nobody
how an export ended, so :class:`_Remembering` does: 'het Logboek moet het wegschrijven van elke
logregel bevestigen'.

Headers (a token), certificates and a proxy are taken from the environment, as OpenTelemetry names
them (``OTEL_EXPORTER_OTLP_HEADERS`` ...): nothing secret stands in ``config.yaml``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

from gateway.logregel import Logregel

TIMEOUT_S = 5.0

_SCOPE = InstrumentationScope("gateway.ldv")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)

# What it complains of would stand between the lines of the technical log on standard error.
logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
logging.getLogger("opentelemetry").propagate = False


class _Remembering(SpanExporter):
    """Another exporter, and how its last export ended."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.taken = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See :class:`SpanExporter`."""
        self.taken = False
        result = self._exporter.export(spans)
        self.taken = result is SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        """See :class:`SpanExporter`."""
        self._exporter.shutdown()


class Receiver:
    """A logbook elsewhere, that takes lines one by one."""

    def __init__(self, url: str) -> None:
        session = requests.Session()
        session.hooks["response"].append(_taken_here)
        exporter = OTLPSpanExporter(endpoint=url, timeout=TIMEOUT_S, session=session)
        self._exporter = _Remembering(exporter)
        self._processor = SimpleSpanProcessor(self._exporter)

    def takes(self, one: Logregel) -> bool:
        """Send a line; False when it was not confirmed."""
        self._exporter.taken = False
        self._processor.on_end(span(one))
        return self._exporter.taken

    def close(self) -> None:
        """Let go of the connection."""
        self._processor.shutdown()


def _taken_here(response: requests.Response, *_: Any, **__: Any) -> None:
    """A redirect confirms nothing: the exporter does not follow it, and counts it as success."""
    if 300 <= response.status_code < 400:
        raise requests.TooManyRedirects(f"it answered {response.status_code}")


def span(one: Logregel) -> ReadableSpan:
    """The line as a span that ended."""
    trace = int(one.trace, 16)
    parent = SpanContext(trace, int(one.parent, 16), True, _SAMPLED) if one.parent else None
    moment = one.at * 1_000_000
    return ReadableSpan(
        name=one.name,
        context=SpanContext(trace, int(one.span, 16), False, _SAMPLED),
        parent=parent,
        resource=Resource(one.resource),
        attributes=one.attributes,
        kind=SpanKind.INTERNAL,
        instrumentation_scope=_SCOPE,
        status=Status(StatusCode.ERROR if one.failed else StatusCode.UNSET),
        start_time=moment,
        end_time=moment,
    )
