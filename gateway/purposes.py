# SPDX-License-Identifier: EUPL-1.2
"""What a folder of the chain is for, in words for people."""

from __future__ import annotations

from gateway.config import Config
from gateway.model import Kind, Place


def takes_from(place: Place, config: Config) -> str:
    """What a folder is for, when files are taken from it."""
    if place.kind is Kind.RECEIVER_UIT:
        return f"the send folder of {place.partij}: its files go to the municipality in their name"
    if place.kind is not Kind.OUTBOX:
        return "a hop folder: envelopes that are put here go on to the next station"
    if not place.uitwisseling:
        return (
            f"the outbox of {place.partij}: files are taken from here; the name of each tells its "
            "exchange, or the folder in here in which it lies"
        )
    if config.uitwisseling_in(place.uitwisseling, "") is None:
        return (
            f"a folder in the outbox of {place.partij} that is named after no exchange: what is "
            "dropped in it is refused"
        )
    whose = " of one user" if place.gebruiker else ""
    return (
        f"the folder{whose} for {place.uitwisseling} in the outbox of {place.partij}: what is "
        f"dropped in it is handed in as {place.uitwisseling}, whatever its name"
    )


def delivers_to(parts: list[str], config: Config) -> str:
    """What a folder is for, when the chain puts files there; empty for others."""
    match parts:
        case ["gemeenten", _, "inbox", *_]:
            return "an inbox is what the chain delivers to"
        case ["gemeenten", _, "verzonden", *_]:
            return "here lies what was accepted"
        case ["quarantaine", *_]:
            return "here lies what was refused, with the reason beside it"
        case ["ggk", "uit" | "in", "antwoord", *_]:
            return "here lie the answers to envelopes; they are read and stay"
        case [".state", *_]:
            return "this is the state of the gateway"
        case [receiver, "in", *_] if receiver in config.ontvangers:
            return "this is what the chain delivers to"
        case [receiver, "archief", *_] if receiver in config.ontvangers:
            return "here lies what the receiver took out of its inbox"
        case [receiver, "uit", _, "geweigerd", *_] if receiver in config.ontvangers:
            return "here lies why something could not be passed on"
    return ""
