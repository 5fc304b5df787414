# SPDX-License-Identifier: EUPL-1.2
"""Into a municipality's inbox: what RINIS brought, taken out of its envelope (PSA chapter 7).

A receiver's receipt is put there only when it is believed (``bewijs.py``).
"""

from __future__ import annotations

from gateway import names
from gateway.config import Config
from gateway.model import (
    Arrival,
    Clash,
    Decision,
    Delivery,
    Event,
    EventType,
    Fate,
    Keys,
    Kind,
    Place,
    Source,
    facts,
)
from gateway.stations import bewijs, header


def needs(arrival: Arrival, config: Config) -> Keys:
    """What must be known beside what the envelope's header asks."""
    return bewijs.needs(arrival, config)


def deliver(c: header.Checked) -> Decision:
    """Take the envelope off; put the payload in the municipality's inbox, under a readable name."""
    levering = header.levering_of(c)
    reply = header.new_reply(c.arrival, c.header, c.known, c.envelop.body_digest)
    inbox = Place(Kind.INBOX, c.header.ontvanger.organisatie)
    readable = names.veilig(levering.naam)
    arrived = Event(EventType.DELIVERED, "ggk", levering.id, readable, str(inbox))
    answers = Place(Kind.GGK_IN_ANTWOORD)
    delivered = Decision(
        source=Source(Fate.REMOVE),
        deliveries=(
            Delivery(inbox, readable, c.content, Clash.NEXT, arrived),
            header.answer(c.arrival, c.header, answers, reply, c.config, levering.id),
        ),
        leveringen=(levering._replace(delivered_as=readable),),
        facts=facts(header.reply_facts("ggk", c.header, reply, c.known)),
    )
    return bewijs.judged(c, delivered) if bewijs.brings(c) else delivered
