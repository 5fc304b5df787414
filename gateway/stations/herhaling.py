# SPDX-License-Identifier: EUPL-1.2
"""The same bytes once more, from one municipality for one exchange: passed on, and said.

It may be meant (nobody but the sender knows), so it is a delivery like any other, with a number of
its own; but CBS counts it as a correction, so the receipt says that nothing changed.

Not seen: a repeat of what goes by reference, which is not read before it is decided on.
"""

from __future__ import annotations

from gateway.config import Uitwisseling
from gateway.model import Arrival, Keys, Known, SameContent, keys


def question(arrival: Arrival, exchange: Uitwisseling | None) -> SameContent | None:
    """What must be known to tell a repeat; None where it is not told."""
    if exchange is None or not arrival.content:
        return None
    return SameContent(arrival.place.partij, exchange.id, arrival.sha256)


def needs(arrival: Arrival, exchange: Uitwisseling | None) -> Keys:
    """The question, if there is one."""
    asked = question(arrival, exchange)
    return keys(asked) if asked is not None else keys()


def zin(asked: SameContent | None, known: Known, number: str) -> str:
    """Tell the sender that these bytes came before; empty when they did not.

    ``number`` is this delivery's own: decided on again (a crash, a release), it is no repeat.
    """
    first = known.get(asked) if asked is not None else None
    if first is None or first == number:
        return ""
    return (
        f"Precies deze inhoud is al eerder aangeleverd, onder referentienummer {first}. Zij is "
        "opnieuw doorgestuurd; was dat niet de bedoeling, dan hoeft u niets te doen."
    )
