# SPDX-License-Identifier: EUPL-1.2
"""Makes the bundle: members in a fixed order, the manifest, the gateway's seal, a time stamp.

Same inputs, same bytes; only the seal (it holds the time, and ECDSA is not the same twice) and the
time stamp differ. The stamp is asked of the authority in the configuration, where one is set; when
it does not answer the bundle goes without, and a verifier says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from rfc3161_client import decode_timestamp_response

from gateway.audit import stamp
from gateway.audit.stamp import QUERY_TYPE, StampError
from gateway.current import in_use
from gateway.evidence import cades, container, leesmij, opsomming, pagina, pdf
from gateway.evidence.container import Member
from gateway.evidence.gather import Gathered, gather
from gateway.evidence.index import INDEX, PAGE, PDF, README, Index
from gateway.evidence.index import write as write_index
from gateway.evidence.opsomming import ARCHIVE, MANIFEST, SIGNATURE, TIMESTAMP, Opsomming
from gateway.evidence.verhaal import verhaal
from gateway.evidence.wish import Wish
from gateway.location import Location
from gateway.moment import Clock
from gateway.outside import trust_of
from gateway.peers import Unreachable, call
from gateway.trust.domeinen import GATEWAY
from gateway.trust.sleutels import Seal, seal_van

TSA_SECONDS = 5.0
"""How long the authority gets: a bundle is asked for by a person who waits."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle: its bytes, what it holds, and why there is no time stamp, where there is none."""

    content: bytes
    index: Index
    unstamped: str


def make(location: Location, wish: Wish) -> Bundle:
    """Make the bundle of one message."""
    config = in_use(location)
    found = gather(location, config, wish)
    seal = seal_van(location.state, config, GATEWAY)
    at = datetime.fromtimestamp(Clock().klok() / 1000, UTC)
    members = sealed(found, seal, at)
    unstamped = "no authority is set (getuigen: tsa)"
    if config.getuigen.tsa:
        try:
            trust = trust_of(location, config.getuigen)
            members += stamped(members, config.getuigen.tsa, trust)
            unstamped = ""
        except (Unreachable, StampError) as error:
            unstamped = error.sentence
    return Bundle(container.pack(members), found.index, unstamped)


def pages(found: Gathered) -> list[Member]:
    """What is made of the rest, for people: the same for the same leaves."""
    told = verhaal(found.index, found.leaves, found.opened)
    return [
        Member(README, leesmij.text()),
        Member(PAGE, pagina.html(told)),
        Member(PDF, pdf.pdf(told)),
        Member(INDEX, write_index(found.index)),
    ]


def sealed(found: Gathered, seal: Seal, at: datetime) -> list[Member]:
    """All members, the manifest and the seal over it."""
    members = [*pages(found), *(Member(*one) for one in sorted(found.members.items()))]
    listed = opsomming.listed(members)
    manifest = opsomming.build(Opsomming(SIGNATURE, listed))
    return [
        *members, Member(MANIFEST, manifest), Member(SIGNATURE, cades.sign(manifest, seal, at))
    ]  # fmt: skip


def stamped(members: list[Member], url: str, trust: stamp.Trust | None) -> list[Member]:
    """A time stamp over all of it: its manifest, and the token (RFC 3161) over that."""
    listed = opsomming.listed(members)
    manifest = opsomming.build(Opsomming(TIMESTAMP, listed))
    asked = stamp.query(manifest)
    reply = call(url, asked.as_bytes(), QUERY_TYPE, TSA_SECONDS)
    if reply.status != 200:
        raise StampError(f"the authority answered {reply.status}")
    stamp.answered(asked, reply.body, manifest, trust)
    token = decode_timestamp_response(reply.body).time_stamp_token()
    return [Member(ARCHIVE, manifest), Member(TIMESTAMP, token)]
