# SPDX-License-Identifier: EUPL-1.2
"""What the engine asks of the clerk in a round, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.folders import Identity
from gateway.journal import Intent, Promise
from gateway.model import Event, Key, Levering, Place


class Task(NamedTuple):
    """One round's work: what to claim, in order, and which ``answers`` to read.

    ``committed`` is the newest round whose facts the store has; ``touched`` one place on each file
    system (by its device) that the engine itself changed, to be synced with the rest; ``outdated``
    what the store answers otherwise by now, though no decision of ours changed it; ``hanging`` and
    ``failing`` what is out of use. ``anew``: what was decided since the last commit is not true.
    """

    number: int
    committed: int
    intents: list[Intent]
    answers: list[Intent]
    touched: dict[int, Place]
    outdated: frozenset[Key[object]] = frozenset()
    hanging: frozenset[str] = frozenset()
    failing: Mapping[str, str] = {}
    anew: bool = False


class Flushed(NamedTuple):
    """A file system that a task changed: all of that is durable; or not, and ``fault`` says why.

    ``device`` is None where it was not there any more, or another in its place: nobody synced it.
    """

    place: Place
    device: int | None
    fault: str = ""


@dataclass(slots=True)
class Done:
    """What came of a task. Nothing of it is true before it is synced and committed.

    ``withdrawn`` was taken back by its owner before the claim; ``back`` could not be read or
    staged now, for the ``reasons`` by its id, and comes again in this order; ``ignored`` bears an
    answer's name and is none, as it was read. ``going`` is under way: large bytes of which a part
    was carried, and what must stay behind them; it goes on in the next round, before all else, in
    this order.
    """

    promises: list[Promise] = field(default_factory=list)
    leveringen: dict[str, Levering] = field(default_factory=dict)
    facts: dict[Key[object], object] = field(default_factory=dict)
    happened: list[tuple[Event, Levering]] = field(default_factory=list)
    withdrawn: list[Intent] = field(default_factory=list)
    back: list[Intent] = field(default_factory=list)
    going: list[Intent] = field(default_factory=list)
    ignored: list[tuple[Intent, Identity]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    answers: Done | None = None
    """What came of the answers: no file of theirs is claimed, and no fact is learned from them."""

    def add(self, other: Done) -> None:
        """What came of others, after these."""
        for name in ("promises", "happened", "withdrawn", "back", "going", "ignored"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("leveringen", "facts", "reasons"):
            getattr(self, name).update(getattr(other, name))
