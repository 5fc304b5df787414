# SPDX-License-Identifier: EUPL-1.2
"""A file in hand: claimed and read, not yet decided on; whose it is, and whose turn."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from gateway.config import Config
from gateway.folders import Content
from gateway.inhand import key_of
from gateway.journal import Intent
from gateway.model import (
    ANSWERS,
    READING_ENDS,
    STATION_OF,
    Arrival,
    Carried,
    Carry,
    Kind,
    Place,
    Read,
)
from gateway.stations import STATIONS, Station

_HOPS = (Kind.GGK_UIT, Kind.GGK_IN)

DIGEST_BYTES = 4 << 30
"""What is refused for its size is read, to say its SHA-256, up to here: nobody waits for a sparse
terabyte to be read before it is told that it is too large."""


class Work(NamedTuple):
    """A file in hand: claimed (or, an answer, read in place) and read, not yet decided on.

    ``beside`` are the bytes that it refers to, when they were looked for; ``key`` is what it is
    called while somebody looks into it (``inhand.py``).
    """

    intent: Intent
    arrival: Arrival
    content: Content
    key: str
    beside: tuple[Place, str] | None = None

    @property
    def station(self) -> Station:
        """Who decides on it."""
        return STATIONS[STATION_OF[self.intent.place.kind]]

    def open(self) -> None:
        """Read what decides whose turn it is; from then on it is known."""
        if self.intent.place.kind in _HOPS:
            _ = self.arrival.envelop

    @property
    def line(self) -> object:
        """Whose turn it is: one sending system's envelopes, else one party's files in one place."""
        place = self.intent.place
        found = self.arrival.envelop if place.kind in _HOPS else None
        if found is not None and found.stuurgegevens is not None:
            return found.stuurgegevens.zender.sleutel
        if place.kind in ANSWERS:
            return self.intent.id
        return Place(place.kind, place.partij)

    @property
    def order(self) -> str:
        """Envelopes go in the order of tijdstipBericht, whatever their files are called."""
        return self.arrival.tijdstip if self.intent.place.kind in _HOPS else ""

    def asks(self, config: Config) -> tuple[bool, Carry | None]:
        """Whether there are bytes to read before it can be decided on; and where they are to go."""
        kind = self.intent.place.kind
        if kind in ANSWERS:
            return False, None
        whole = self.arrival.content is not None
        if whole and (kind not in _HOPS or self.arrival.verwijzing is None):
            return False, None
        carry = self.station.carries(self.arrival, config)
        return carry is not None or not (whole or self.content.size > DIGEST_BYTES), carry

    def with_bytes(self, carry: Carry | None, brought: Carried) -> Work:
        """The same, once they were read: its own, or those that it refers to."""
        if carry is not None and carry.source is not None:
            arrival = replace(self.arrival, carried=brought)
            return self._replace(arrival=arrival, beside=(carry.source, carry.name))
        carried = None if carry is None else brought
        arrival = replace(self.arrival, sha256=brought.sha256, carried=carried)
        return self._replace(arrival=arrival, content=self.content._replace(sha256=brought.sha256))


def in_hand(intent: Intent, content: Content, read: Read | None) -> Work:
    """Take in hand what was just read; ``read`` is what it says, when we wrote it ourselves.

    Of what must not be read, nobody gets the bytes to see.
    """
    proof = content.proof
    if intent.given_up == READING_ENDS:
        content, read, proof = content._replace(content=content.content and b""), None, None
    arrival = Arrival(
        intent.id,
        intent.place,
        intent.name,
        content.size,
        content.sha256,
        content.content,
        (intent.held and intent.held.owner) or content.owner,
        intent.moment,
        read,
        given_up=intent.given_up,
        again=intent.kept is not None,
        proof=proof,
    )
    return Work(intent, arrival, content, key_of(intent))
