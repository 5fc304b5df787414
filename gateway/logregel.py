# SPDX-License-Identifier: EUPL-1.2
"""From a leaf of the audit log to a line of the Logboek dataverwerkingen (LDV). Pure.

The standard is Logius' Logboek dataverwerkingen 1.0.0 (gitdocumentatie.logius.nl, publicatie/
logboek/dataverwerkingen/1.0.0): a line (logregel) is an OpenTelemetry span, with attributes in the
namespace ``dpl.core``. All of it follows from the leaf's bytes, so that a line that is made again
is the same line: its ``span_id`` is the beginning of the leaf's hash, its ``trace_id`` that of the
message, as in the envelope, the leaf and the technical log.

No person is in it: no actor, name, reason, gemeentecode or free words of the leaf. And no
``dpl.core.data_subject_id``: a line refers to 0 or 1 persons ('Component: Applicatie'), and the
gateway does not open what it carries, so it knows none.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

from gateway.audit.leaf import leaf_hash

STANDARD = "Logboek dataverwerkingen 1.0.0"
ACTIVITY = "dpl.core.processing_activity_id"
"""URI: where the register of processing activities tells more ('Interface', attributes)."""

ABOUT_ITSELF = frozenset(
    {"config.change", "clock.step", "key.rotate", "pseudonym.link", "tsa.token", "fault.fired"}
)
"""Leaves about the gateway itself, its keys and whose they are: no data of a municipality is
processed, so they give no line. A type that is not named here gives one: what is new is never left
out unseen."""

FAILED = frozenset({"D.2.ContentConsignmentFailure"})
"""What could not be done for a technical cause. A refusal is no error: 'een dataverwerking die niet
klopt op basis van de input, maar zonder fouten is afgehandeld, krijgt Unset' (status)."""

SPAN_DIGITS = 16
"""Of the hexadecimal hash of a leaf: so many are its span's id."""

_TRACE = re.compile("[0-9a-f]{32}")
_SPAN = re.compile("[0-9a-f]{16}")
_NOT_IN_URI = re.compile("[^A-Za-z0-9._~-]+")
_KIND_INTERNAL = 1  # opentelemetry.proto.trace.v1 Span.SpanKind
_STATUS_ERROR = 2  # opentelemetry.proto.trace.v1 Status.StatusCode
_dumps = json.JSONEncoder(separators=(",", ":")).encode


class Logregel(NamedTuple):
    """One line: ids in hexadecimal, ``at`` in ms since 1970 (begin and end: a leaf is a moment)."""

    leaf: int
    trace: str
    span: str
    parent: str
    name: str
    at: int
    failed: bool
    activity: str
    version: str
    log: str

    @property
    def resource(self) -> dict[str, str]:
        """Which system it was, by the names that OpenTelemetry gives such attributes."""
        return _resource(self.version, self.log)

    @property
    def attributes(self) -> dict[str, str]:
        """What stands in ``dpl.core``."""
        return {ACTIVITY: self.activity}


def logregel(index: int, content: bytes, register: str) -> Logregel | None:
    """The line of a committed leaf; None for a leaf about the gateway itself.

    ``register`` is the address that the ids of processing activities begin with.
    """
    fields: dict[str, Any] = json.loads(content)
    if fields["type"] in ABOUT_ITSELF:
        return None
    digest = leaf_hash(content).hex()
    trace, parent = fields.get("trace", ""), fields.get("span", "")
    if not _TRACE.fullmatch(trace) or not int(trace, 16):
        trace, parent = digest[16:48], ""  # about no message: a processing of its own
    if not _SPAN.fullmatch(parent) or not int(parent, 16):
        parent = ""
    return Logregel(
        leaf=index,
        trace=trace,
        span=digest[:SPAN_DIGITS],
        parent=parent,
        name=fields["type"],
        at=fields["at"],
        failed=fields["type"] in FAILED,
        activity=f"{register}/{_NOT_IN_URI.sub('-', fields['object'])}",
        version=fields["build"],
        log=fields["origin"],
    )


def span_id(content: bytes) -> str:
    """The first 8 bytes of the leaf's hash: who has the leaf finds its line, and the reverse."""
    return leaf_hash(content).hex()[:SPAN_DIGITS]


def line(one: Logregel) -> bytes:
    """The line as OpenTelemetry's file format has it: OTLP/JSON, one ``TracesData`` a line.

    opentelemetry.io/docs/specs/otel/protocol/file-exporter. Ids are hexadecimal there,
    enumerations numbers, long integers strings (opentelemetry.io/docs/specs/otlp, 'JSON Protobuf').
    """
    span: dict[str, Any] = {"traceId": one.trace, "spanId": one.span}
    if one.parent:
        span["parentSpanId"] = one.parent
    moment = f"{one.at}000000"
    span |= {
        "name": one.name,
        "kind": _KIND_INTERNAL,
        "startTimeUnixNano": moment,
        "endTimeUnixNano": moment,
        "attributes": _pairs(one.attributes),
        "status": {"code": _STATUS_ERROR} if one.failed else {},
    }
    before, after = _around(one.version, one.log)
    return f"{before}{_dumps([span])}{after}\n".encode()


@lru_cache(maxsize=8)
def _around(version: str, log: str) -> tuple[str, str]:
    """What stands before and after the spans: the same for all lines of one version and log."""
    scope = {"scope": {"name": "gateway.ldv"}, "spans": []}
    found = {"resource": {"attributes": _pairs(_resource(version, log))}, "scopeSpans": [scope]}
    before, _, after = _dumps({"resourceSpans": [found]}).rpartition("[]")
    return before, after


def _resource(version: str, log: str) -> dict[str, str]:
    return {
        "service.name": "knooppunt",
        "service.version": version,
        "service.instance.id": log,
    }


def _pairs(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
