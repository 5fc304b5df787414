# SPDX-License-Identifier: EUPL-1.2
"""The stations: each a party of the chain, as two pure functions.

``needs(arrival, config)`` says what the station must know, ``decide(arrival, known, config)`` what
it does with a file that came in. ``carries(arrival, config)`` says which bytes, too large for a
message, must be brought along before that. No station touches a disk, a clock or a random source.
"""

from __future__ import annotations

from typing import Protocol

from gateway.config import Config
from gateway.model import Arrival, Carry, Decision, Keys, Known
from gateway.stations import ggk, rinis


class Station(Protocol):
    """What the engine asks of a party of the chain."""

    def needs(self, arrival: Arrival, config: Config) -> Keys:
        """The questions whose answers decide on this arrival."""
        ...

    def carries(self, arrival: Arrival, config: Config) -> Carry | None:
        """The large bytes that it needs before it decides; None: what was read is all there is."""
        ...

    def decide(self, arrival: Arrival, known: Known, config: Config) -> Decision:
        """What happens to this arrival."""
        ...


STATIONS: dict[str, Station] = {"ggk": ggk, "rinis": rinis}
"""The stations by the name that ``--stations`` takes. CBS is a counterpart, not a station."""
