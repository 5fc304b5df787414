# SPDX-License-Identifier: EUPL-1.2
"""Refusing: the file goes to quarantine with the reason beside it, and its sender is told.

Nothing that was dropped is ever deleted by a refusal.
"""

from __future__ import annotations

from dataclasses import replace

import envelopes
from envelopes import EnvelopeError, Fout, Stuurgegevens
from gateway import names
from gateway.config import Config
from gateway.model import (
    READING_ENDS,
    STATION_OF,
    Arrival,
    ByReference,
    Clash,
    Decision,
    Delivery,
    Event,
    EventType,
    Fate,
    Kind,
    Known,
    Levering,
    Place,
    Source,
    facts,
)
from gateway.stations import header, notices

ANSWER_PLACE = {
    Kind.GGK_UIT: Place(Kind.GGK_UIT_ANTWOORD),
    Kind.GGK_IN: Place(Kind.GGK_IN_ANTWOORD),
}
"""Where the answer to an envelope goes: beside the folder that it lay in."""


def quarantine(arrival: Arrival) -> Place:
    """The quarantine folder of one file."""
    return Place(Kind.QUARANTAINE, arrival.id)


def _shown(arrival: Arrival) -> str:
    return f"quarantaine/{arrival.id}"


def _note(arrival: Arrival, levering: Levering, config: Config, reason: notices.Reason) -> Delivery:
    content = notices.note(levering, arrival.moment.nu, config, reason, _shown(arrival))
    return Delivery(quarantine(arrival), names.REDEN, content, Clash.NEXT)


def reading_ends() -> notices.Reason:
    """A file on which the program that read it was ended, again and again: it is read no more."""
    return notices.Reason(
        READING_ENDS,
        "Bij het lezen van dit bestand liep het programma van het knooppunt telkens vast; het "
        "wordt niet opnieuw gelezen.",
        "Laat nakijken of het bestand heel is, en maak het zo nodig opnieuw. De beheerder van het "
        "knooppunt kan het na onderzoek vrijgeven.",
        "Each time that this file was read, the process that read it was ended; it is not read "
        "again. For the operator: it may be meant to, or damaged; keep it for whoever mends the "
        "parser. A release has it read once more.",
    )


def refuse_drop(
    arrival: Arrival, levering: Levering, config: Config, reason: notices.Reason
) -> Decision:
    """Refuse a municipality's file at the door: quarantine, and a notice in its inbox."""
    levering = levering._replace(tijdstip="")  # it gets no envelope, so no tijdstipBericht
    event = Event(EventType.REJECTED, "ggk", levering.id, levering.naam, _shown(arrival),
                  reason.code, reason.english)  # fmt: skip
    inbox = Place(Kind.INBOX, levering.gemeentecode)
    told = notices.notice(notices.REFUSAL, levering, arrival.moment.nu, inbox, "ggk", config,
                          reason, _shown(arrival))  # fmt: skip
    return Decision(
        source=Source(Fate.QUARANTINE, quarantine(arrival), arrival.name),
        events=(event,),
        deliveries=(_note(arrival, levering, config, reason), *told),
        leveringen=(levering,),
    )


def refuse_send(
    arrival: Arrival, levering: Levering, config: Config, reason: notices.Reason
) -> Decision:
    """Refuse a receiver's file that cannot be addressed: quarantine, the reason in its folder."""
    event = Event(EventType.REJECTED, "rinis", levering.id, levering.naam, _shown(arrival),
                  reason.code, reason.english)  # fmt: skip
    back = Place(Kind.GEWEIGERD, arrival.place.partij, arrival.place.uitwisseling)
    told = notices.notice(notices.REFUSAL, levering, arrival.moment.nu, back, "rinis", config,
                          reason, _shown(arrival))  # fmt: skip
    return Decision(
        source=Source(Fate.QUARANTINE, quarantine(arrival), arrival.name),
        events=(event,),
        deliveries=(_note(arrival, levering, config, reason), *told),
        leveringen=(levering,),
    )


def refuse_envelope(c: header.Checked, fault: Fout) -> Decision:
    """Refuse an envelope: a Fo03 to its sender; the envelope itself goes to quarantine."""
    # A number that was answered before is another message's: that one stands as it is.
    levering = header.levering_of(c) if c.earlier is None else header.foreign_levering(c)
    return _refused(c.counter, c.arrival, c.header, c.known, c.config, fault, levering,
                    c.envelop.body_digest, remember=c.earlier is None)  # fmt: skip


def unreadable(
    counter: header.Counter, arrival: Arrival, known: Known, config: Config, error: EnvelopeError
) -> Decision:
    """Refuse what is no envelope. Answered when a referentienummer could be read at all."""
    sender = error.stuurgegevens
    nobody = _nobody(arrival, counter, sender)
    levering = nobody
    if sender is not None and known.get(header.request_key(counter.station, sender)) is None:
        own = known.get(ByReference(sender.referentienummer, nobody.gemeentecode))
        levering = own if own is not None and own.tijdstip else nobody  # sent by us, and broken
    fault = envelopes.fout(error.code, error.details, config.technisch.foutcodes)
    refused = _refused(counter, arrival, sender, known, config, fault, levering,
                       f"file:{arrival.sha256}", remember=False)  # fmt: skip
    return _unread(refused, arrival, config) if arrival.given_up else refused


def _unread(refused: Decision, arrival: Arrival, config: Config) -> Decision:
    """The same of one that we dare not read: that is why, not what stands in it."""
    reason = reading_ends()
    event = refused.events[0]._replace(code=reason.code, remark=reason.english)
    note = _note(arrival, refused.leveringen[0], config, reason)
    return replace(refused, events=(event,), deliveries=(note,))


def _nobody(arrival: Arrival, counter: header.Counter, sender: Stuurgegevens | None) -> Levering:
    party = ""
    if sender is not None:
        party = counter.municipality(sender)
    number = sender.referentienummer if sender is not None else ""
    if not envelopes.is_referentienummer(number):  # what somebody wrote there is in no leaf
        number = arrival.moment.ids[0]
    return Levering(arrival.id, number, counter.direction, party, "", names.ONBEKEND,
                    names.toonbaar(arrival.name), arrival.sha256, arrival.size)  # fmt: skip


def _refused(
    counter: header.Counter, arrival: Arrival, sender: Stuurgegevens | None, known: Known,
    config: Config, fault: Fout, levering: Levering, digest: str, *, remember: bool,
) -> Decision:  # fmt: skip
    reason = notices.refused_envelope(fault.code, fault.omschrijving, fault.details)
    event = Event(EventType.REFUSED, counter.station, levering.id, names.toonbaar(arrival.name),
                  _shown(arrival), fault.code, fault.omschrijving)  # fmt: skip
    deliveries = [_note(arrival, levering, config, reason)]
    learned: tuple[header.Fact, ...] = ()
    if sender is not None:
        reply = header.new_reply(arrival, sender, known, digest, fault)
        place = ANSWER_PLACE[arrival.place.kind]
        deliveries.append(header.answer(arrival, sender, place, reply, config, levering.id))
        # A number that was answered before keeps its first answer: that is what a retry gets.
        learned = header.reply_facts(counter.station, sender, reply, known)
        learned = learned[: 2 if remember else 1]
    return Decision(
        source=Source(Fate.QUARANTINE, quarantine(arrival), arrival.name),
        events=(event,),
        deliveries=tuple(deliveries),
        leveringen=(levering,),
        facts=facts(learned),
    )


def repeat_answer(c: header.Checked) -> Decision:
    """The same message once more: the same answer, and nothing stored or delivered twice."""
    levering = header.levering_of(c)
    place = ANSWER_PLACE[c.arrival.place.kind]
    reply = c.earlier
    if reply is None:
        raise ValueError("a repeat without an earlier answer")
    event = Event(EventType.REPEATED, STATION_OF[c.arrival.place.kind], levering.id,
                  names.toonbaar(c.arrival.name), str(c.arrival.place))  # fmt: skip
    return Decision(
        source=Source(Fate.REMOVE),
        events=(event,),
        deliveries=(header.answer(c.arrival, c.header, place, reply, c.config, levering.id),),
        leveringen=(levering,),
    )
