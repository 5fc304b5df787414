# SPDX-License-Identifier: EUPL-1.2
"""Who may hand in what: grants, mandates, and what the configuration says of them, as they held.

A grant is given for an aanlevering of a municipality, and covers every exchange in it (PSA 4). A
mandate is another municipality's: with it a user may withdraw on that one's behalf (domain 2.6).
Each grant, revocation and change of the rules has a leaf in the audit log. What held when a file
was handed in is what earlier leaves say: the order of the log counts, never a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

from gateway.config import Config, Partij, Uitwisseling
from gateway.model import Key

OPEN, VERPLICHT = "open", "verplicht"

ONBEKEND = "onbekend"
"""The user of a drop of which nothing tells who made it; nobody can be granted anything so."""


class Soort(StrEnum):
    """What happened to a grant."""

    GRANT = "grant"
    REVOKE = "revoke"


class Rol(StrEnum):
    """What a user is for an aanlevering; the coordinator is who others are sent to for help."""

    GEBRUIKER = "gebruiker"
    COORDINATOR = "coordinator"


class Grant(NamedTuple):
    """One grant or revocation, by its leaf in the audit log.

    ``mandaat_van`` is the municipality on whose behalf the user may withdraw, from the outbox of
    ``gemeentecode``; empty for a grant of that municipality itself.
    """

    leaf: int
    soort: str
    gebruiker: str
    aanlevering: str
    gemeentecode: str
    mandaat_van: str = ""
    rol: str = Rol.GEBRUIKER

    @property
    def what(self) -> tuple[str, str, str, str]:
        """What it is about: a later one about the same takes its place."""
        return self.gebruiker, self.aanlevering, self.gemeentecode, self.mandaat_van


class Regel(NamedTuple):
    """What the configuration said of one thing, from a leaf on."""

    leaf: int
    waarde: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grants(Key[tuple[Grant, ...]]):
    """All grants and revocations for one municipality, by leaf."""

    kept: ClassVar[bool] = True
    gemeentecode: str


@dataclass(frozen=True, slots=True)
class Regels(Key[Mapping[str, tuple[Regel, ...]]]):
    """All rules of a kind (``uitwisseling``, ``partij``), by id or code; each by leaf."""

    kept: ClassVar[bool] = True
    soort: str


UITWISSELINGEN, PARTIJEN = Regels("uitwisseling"), Regels("partij")


def in_force(history: Iterable[Grant] | None, stand: int) -> tuple[Grant, ...]:
    """The grants that held when the log had ``stand`` leaves, oldest first."""
    last: dict[tuple[str, ...], Grant] = {}
    for one in history or ():
        if one.leaf < stand:
            last.pop(one.what, None)
            last[one.what] = one
    return tuple(one for one in last.values() if one.soort == Soort.GRANT)


def held(
    history: Mapping[str, tuple[Regel, ...]] | None, key: str, stand: int, now: tuple[str, ...]
) -> tuple[str, ...]:
    """What the rule for ``key`` was when the log had ``stand`` leaves; ``now`` if none was kept."""
    for rule in reversed((history or {}).get(key, ())):
        if rule.leaf < stand:
            return rule.waarde
    return now


def regel_van_uitwisseling(exchange: Uitwisseling, config: Config) -> tuple[str, ...]:
    """The aanlevering that an exchange is part of, and whether that asks for a grant.

    Where a user must be bound to the bytes, it must be one who may hand them in: always asked.
    """
    found = config.aanlevering(exchange)
    if found is None:
        return "", OPEN
    return found.id, found.autorisatie if exchange.binding == "zwak" else VERPLICHT


def regel_van_partij(party: Partij) -> tuple[str, ...]:
    """Who counts as the user of a drop in a party's outbox."""
    return party.gebruiker, party.standaardgebruiker or ""


def regels(config: Config) -> dict[Regels, dict[str, tuple[str, ...]]]:
    """All that the configuration says of authorisation, rule by rule."""
    return {
        UITWISSELINGEN: {
            one.id: regel_van_uitwisseling(one, config) for one in config.uitwisselingen.values()
        },
        PARTIJEN: {one.code: regel_van_partij(one) for one in config.partijen.values()},
    }
