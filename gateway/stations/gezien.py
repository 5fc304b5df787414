# SPDX-License-Identifier: EUPL-1.2
"""What a signer saw of our log, by the manifest that he signed: it must be a beginning of it.

Who makes a manifest puts the newest checkpoint in it. The log's own key signed that it had so many
leaves and that root. A log that has fewer now, or at that size another root, was put back, or is
not the only one under its key. No witness is needed to see it: a user holds the proof.

A checkpoint that no key of this log signed accuses nobody, and is passed over, as is a manifest
without one.

What this does not protect against: a log that was put back when nobody had signed what is gone, or
nobody hands that in: who signs anew signs what there is then.
"""

from __future__ import annotations

from gateway.audit.checkpoint import Checkpoint
from gateway.binding.gezien import seen
from gateway.config import Config
from gateway.model import NO_KEYS, Arrival, Keys, Known, LogRoot, keys
from gateway.stations.notices import Reason


def needs(arrival: Arrival, config: Config) -> Keys:
    """The root that our log had at the size that the signer saw."""
    said = _seen(arrival, config)
    return keys(LogRoot(said.size)) if said is not None else NO_KEYS


def judge(arrival: Arrival, known: Known, config: Config) -> Reason | None:
    """Why what the signer saw is not our log; None when it is, or when nothing says so."""
    said = _seen(arrival, config)
    if said is None or known.get(LogRoot(said.size)) == said.root:
        return None
    return _put_back(said.size)


def _seen(arrival: Arrival, config: Config) -> Checkpoint | None:
    """The checkpoint in the manifest, if a key of this log signed it."""
    content = arrival.proof.content if arrival.proof is not None else None
    if content is None or config.trust is None:
        return None
    return seen(content, config.trust.logs)


def _put_back(size: int) -> Reason:
    return Reason(
        "logboek-teruggezet",
        f"Het manifest noemt een stand van het logboek ({size} regels), ondertekend door het "
        "logboek zelf, die het nu niet heeft: er is een oude kopie van het logboek teruggezet, of "
        "er zijn er twee.",
        "Dit ligt niet aan u: geef dit bericht aan de beheerder van het knooppunt, en lever pas "
        "opnieuw aan als die zegt hoe het kwam. Bewaar wat u ondertekende: het is het bewijs.",
        "The signed manifest holds a checkpoint of this log that this log does not have: it was "
        "put back to an earlier state, or there are two. The operator must look.",
    )
