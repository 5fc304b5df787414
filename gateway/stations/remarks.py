# SPDX-License-Identifier: EUPL-1.2
"""What GGk remarks on a file that it passes on all the same: a closed window, a repeat.

The same bytes once more, from one municipality for one exchange, may be meant (nobody but the
sender knows): a delivery like any other, with a number of its own. But CBS counts it as a
correction, so the receipt says that nothing changed. Not seen: a repeat of what goes by reference,
which is not read before it is decided on.
"""

from __future__ import annotations

from gateway.config import Uitwisseling
from gateway.model import Arrival, Event, EventType, Keys, Known, Levering, SameContent, keys
from gateway.periods import Oordeel, Stand


def same_content(arrival: Arrival, exchange: Uitwisseling | None) -> SameContent | None:
    """What must be known to tell a repeat; None where it is not told."""
    if exchange is None or not arrival.content:
        return None
    return SameContent(arrival.place.partij, exchange.id, arrival.sha256)


def needs(arrival: Arrival, exchange: Uitwisseling | None) -> Keys:
    """The question, if there is one."""
    asked = same_content(arrival, exchange)
    return keys(asked) if asked is not None else keys()


def remarks(
    arrival: Arrival, levering: Levering, exchange: Uitwisseling, window: Oordeel, known: Known
) -> tuple[Event, ...]:
    """All that there is to remark; each is an event, and a sentence in the receipt."""
    found, where = [], str(arrival.place)
    judged = exchange.heeft_vensters and window.stand is not Stand.ONBEKEND
    if judged and not window.open:  # CBS judges names, not we
        found.append(Event(EventType.REMARK, "ggk", levering.id, levering.naam, where,
                           "venster", window.zin))  # fmt: skip
    first = earlier(arrival, levering, exchange, known)
    if first:
        zin = (
            f"Precies deze inhoud is al eerder aangeleverd, onder referentienummer {first}. Zij is "
            "opnieuw doorgestuurd; was dat niet de bedoeling, dan hoeft u niets te doen."
        )
        found.append(Event(EventType.REMARK, "ggk", levering.id, levering.naam, where,
                           "herhaling", zin))  # fmt: skip
    return tuple(found)


def earlier(
    arrival: Arrival, levering: Levering, exchange: Uitwisseling, known: Known
) -> str | None:
    """The first delivery of the same bytes; None when this is the first, or it is not known.

    Decided on again (a crash, a release) it finds its own number, and is no repeat.
    """
    asked = same_content(arrival, exchange)
    first = known.get(asked) if asked is not None else None
    return first if first != levering.referentienummer else None
