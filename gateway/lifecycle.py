# SPDX-License-Identifier: EUPL-1.2
"""The life of a delivery: which event leads to which status, and which events are leaves.

Docs (``docs/internals.md``) and tests read the tables here; nobody repeats them. Event names in
the log come from ETSI EN 319 522-1 (events of a registered delivery service); the word that people
see is ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.model import EventType


class Status(StrEnum):
    """Where a delivery stands, in one word."""

    NEW = "new"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RELAYED = "relayed"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    RECEIVED = "received"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CONFLICT = "conflict"
    RELEASED = "released"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table of events.

    ``leads_to`` is the status after it (None: unchanged); ``leaf`` the ``type`` of its leaf in
    the audit log (None: journal only); ``text`` what it tells a person.
    """

    leads_to: Status | None
    leaf: str | None
    text: str


TRANSITIONS: dict[EventType, Meaning] = {
    EventType.ACCEPTED: Meaning(
        Status.ACCEPTED, "A.1.SubmissionAcceptance", "taken into custody and enveloped"
    ),
    EventType.REJECTED: Meaning(
        Status.REJECTED, "A.2.SubmissionRejection", "refused at the door; the file is in quarantine"
    ),
    EventType.RELAYED: Meaning(
        Status.RELAYED, "B.Relay", "the envelope lies in the hop folder of the next station"
    ),
    EventType.DELIVERED: Meaning(
        Status.DELIVERED, "D.1.ContentConsignment", "placed in the folder of its receiver"
    ),
    EventType.ACKNOWLEDGED: Meaning(
        Status.ACKNOWLEDGED, "B.1.RelayAcceptance", "the next station confirmed it (Bv03)"
    ),
    EventType.REFUSED: Meaning(
        Status.REFUSED, "B.2.RelayRejection", "the next station refused it (Fo03)"
    ),
    EventType.CONFIRMED: Meaning(
        Status.CONFIRMED,
        "E.1.ContentHandover",
        "its receiver sealed a receipt over exactly these bytes",
    ),
    EventType.NOTIFIED: Meaning(
        None, "D.3.ConsignmentNotification", "its sender was told, by text and XML"
    ),
    EventType.ANSWERED: Meaning(None, None, "a Bv03 or Fo03 was put in the answer folder"),
    EventType.REPEATED: Meaning(None, None, "the same message came again; answered the same"),
    EventType.REMARK: Meaning(None, None, "passed with a remark"),
    EventType.QUARANTINED: Meaning(None, None, "set aside, with the reason beside it"),
    EventType.CONFLICT: Meaning(
        Status.CONFLICT,
        "D.2.ContentConsignmentFailure",
        "another file has the name it was to get; held for a person",
    ),
    EventType.RELEASED: Meaning(
        Status.RELEASED, "quarantine.release", "a person sent it into the chain again"
    ),
    EventType.DROPPED: Meaning(
        Status.DROPPED, "quarantine.drop", "a person decided that it goes no further"
    ),
    EventType.SERVED: Meaning(
        None, "download.served", "handed to a user of its municipality: our word alone"
    ),
    EventType.COLLECTED: Meaning(
        None, "download.acknowledged", "that user's program posted the digest of what it got"
    ),
}

CUSTODY: frozenset[EventType] = frozenset(
    event for event, meaning in TRANSITIONS.items() if meaning.leaf is not None
)
"""The few events that become leaves: at most four a message on its way (contracts.md)."""

BESIDE: frozenset[EventType] = frozenset(
    {EventType.NOTIFIED, EventType.CONFIRMED, EventType.SERVED, EventType.COLLECTED}
)
"""Custody events that are not of a message's way through the chain, and have a leaf beside those
four: that somebody was told, what its receiver sealed, and each download."""

FINAL: frozenset[Status] = frozenset(
    {
        Status.REJECTED,
        Status.ACKNOWLEDGED,
        Status.CONFIRMED,
        Status.REFUSED,
        Status.DROPPED,
    }
)
"""Nothing more is expected of a delivery in one of these."""

PSEUDONYM_LINK = "pseudonym.link"
"""Type of the leaves that say whose a pseudonym is."""


def pseudonym_chain(pseudonym: str) -> str:
    """What ties the leaves about one pseudonym together: their ``msg``."""
    return f"pseudonym:{hashlib.sha256(pseudonym.encode()).hexdigest()}"


SYSTEM_LEAVES: dict[str, str] = {
    "config.change": "the configuration that is in force from here on (its hash), or a schema "
    "beside it",
    "clock.step": "the chain's clock was turned by a tester",
    "role.grant": "a user got a grant for an aanlevering of a municipality, or a mandate",
    "role.revoke": "such a grant or mandate was taken back",
    PSEUDONYM_LINK: "whose a pseudonym is (the employee as a commitment); `refused`: what the "
    "operator's file said otherwise since, and is not followed",
    "key.rotate": "a new key or certificate of a trust domain (its hash), or the end of an old one",
    "key.revoke": "a certificate of a trust domain (its hash) was revoked",
    "erasure": "names, users and copies of messages past their time were erased",
    "tsa.token": "a time stamp over an archived checkpoint came (the hash of its file)",
    "evidence.export": "a bundle of evidence was handed out (the hash of its file)",
    "state.restore": "the database was restored from a backup; what was published was kept",
    "quarantine.release": "a person sent a file that belongs to no delivery into the chain",
    "quarantine.drop": "a person decided that such a file goes no further",
}
"""Leaves that belong to no delivery."""


DECIDED = frozenset({EventType.RELEASED, EventType.DROPPED})
"""What a person decides about a file in quarantine."""

UNANSWERED = (Status.ACCEPTED, Status.RELAYED, Status.DELIVERED, Status.RECEIVED)
"""Of what we sent to the next hub: it has not answered. Where one state plays both hubs, we know
that it lies at its receiver, and its sender does not; of what another sent, that is the end."""

_HELD = frozenset({Status.REJECTED, Status.REFUSED, Status.CONFLICT})
_STANDS = frozenset({Status.REFUSED, Status.CONFLICT, Status.DROPPED})
_SAID = frozenset({Status.RECEIVED, Status.CONFIRMED})


_ON_ITS_WAY = frozenset(
    {EventType.ACCEPTED, EventType.RELAYED, EventType.DELIVERED, EventType.ACKNOWLEDGED}
)


def step(status: Status, event: EventType) -> Status:
    """The status after one event.

    A refusal or conflict stands until a person decides otherwise; and what a person decides about
    a copy that was held (of a file written to after it was taken) is not about the delivery. What
    its receiver sealed stands too; where that comes before the next station's answer, the answer is
    still awaited (``received``). And so does that answer: where a source could not go, a step is
    told after what came of it.
    """
    after = TRANSITIONS[event].leads_to
    if after is None or (event in DECIDED and status not in _HELD):
        return status
    if status in _STANDS and event not in DECIDED:
        return status
    if event is EventType.CONFIRMED:
        answered = status in (Status.ACKNOWLEDGED, Status.CONFIRMED)
        return Status.CONFIRMED if answered else Status.RECEIVED
    if status is Status.ACKNOWLEDGED and event in _ON_ITS_WAY:
        return status
    if status in _SAID and event in _ON_ITS_WAY:
        return Status.CONFIRMED if event is EventType.ACKNOWLEDGED else status
    return after


def fold(events: Iterable[EventType]) -> Status:
    """The status that a list of events, oldest first, leads to."""
    status = Status.NEW
    for event in events:
        status = step(status, event)
    return status
