# SPDX-License-Identifier: EUPL-1.2
"""What RINIS decides (PSA chapter 7, Stichting RINIS).

Towards a receiver: check the envelope's header, answer the sending hub, take the envelope off, name
the file with the municipality's code, deliver the metagegevens and then the file. On the way back:
read from the name for which municipality a receiver's file is, wrap it, and pass it to GGk.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import envelopes
from envelopes import Bestand, Envelop, Gebruiker, Metagegevens, Stuurgegevens, Systeem
from gateway import names
from gateway.config import Config, Uitwisseling
from gateway.model import (
    READING_ENDS,
    Arrival,
    ByNumber,
    ByReference,
    Carry,
    Clash,
    Decision,
    Delivery,
    Direction,
    Event,
    EventType,
    Fate,
    Keys,
    Kind,
    Known,
    LastTime,
    Levering,
    Place,
    Recorded,
    Source,
    facts,
    keys,
)
from gateway.periods import rfc3339
from gateway.stations import groot, header, kinds, notices
from gateway.stations.naming import Named, Naming
from gateway.stations.refusals import (
    reading_ends,
    refuse_envelope,
    refuse_send,
    repeat_answer,
    unreadable,
)

COUNTER = header.Counter(
    "rinis",
    Direction.HEEN,
    ("Di01",),
    senders=lambda config: config.partijen,
    receivers=lambda config: (one.organisatie for one in config.ontvangers.values()),
)
"""RINIS takes what municipalities send (through GGk), for the receivers that are connected."""


def needs(arrival: Arrival, config: Config) -> Keys:
    """See ``stations/__init__.py``."""
    match arrival.place.kind:
        case Kind.GGK_UIT:
            return header.envelope_needs(COUNTER, arrival) | _number_needs(arrival, config)
        case Kind.RECEIVER_UIT:
            return _send_needs(arrival, config)
        case _:
            return keys(ByReference(names.envelop_referentie(arrival.name)))


def carries(arrival: Arrival, config: Config) -> Carry | None:
    """See ``stations/__init__.py``."""
    match arrival.place.kind:
        case Kind.GGK_UIT:
            exchange, who = header.routed(COUNTER, arrival, config)
            sent = arrival.envelop.stuurgegevens
            to = _inbox(exchange, sent) if exchange and sent and who else None
            return groot.of_envelope(arrival, exchange, to)
        case Kind.RECEIVER_UIT:
            exchange = config.op_rinis_code(arrival.place.uitwisseling)
            return groot.of_file(arrival, exchange, config, Place(Kind.GGK_IN))
        case _:
            return None


def decide(arrival: Arrival, known: Known, config: Config) -> Decision:
    """See ``stations/__init__.py``."""
    match arrival.place.kind:
        case Kind.GGK_UIT:
            return _envelope_from_ggk(arrival, known, config)
        case Kind.RECEIVER_UIT:
            return _sent_by_receiver(arrival, known, config)
        case _:
            return _answered(arrival, known, config)


# --- an envelope from GGk -------------------------------------------------------------------------


def _envelope_from_ggk(arrival: Arrival, known: Known, config: Config) -> Decision:
    envelope = arrival.envelop
    if isinstance(envelope, envelopes.EnvelopeError):
        return unreadable(COUNTER, arrival, known, config, envelope)
    examined = header.Checked(COUNTER, arrival, envelope, known, config)
    if examined.is_repeat:
        return repeat_answer(examined)
    fault = header.first_fault(examined)
    if fault is not None:
        return refuse_envelope(examined, fault)
    return _unwrap_and_deliver(examined)


def _inbox(exchange: Uitwisseling, envelope: Stuurgegevens) -> Place:
    """The folder of the code that the envelope names: the exchange's for this kind of party."""
    return Place(Kind.RECEIVER_IN, exchange.tegenpartij, envelope.functie or "")


def _number_needs(arrival: Arrival, config: Config) -> Keys:
    envelope = arrival.envelop
    if isinstance(envelope, envelopes.EnvelopeError):
        return keys()
    exchange = config.op_functie(envelope.stuurgegevens.functie or "")
    if exchange is None:
        return keys()
    original = groot.original_name(arrival, envelope, exchange)
    return Naming(original, envelope.stuurgegevens, exchange).needs()


def _unwrap_and_deliver(c: header.Checked) -> Decision:
    exchange = c.exchange
    if exchange is None:
        raise ValueError("an envelope without exchange passed the checks")
    original = groot.original_name(c.arrival, c.envelop, exchange)
    found = header.levering_of(c)
    given = Naming(original, c.header, exchange).name(c.known)
    if c.arrival.again and found.delivered_as:
        # Some of it may lie there already under its name; what was counted for it still is.
        given = Named(found.delivered_as, found.volgnummer, ())
    name = given.name
    levering = found._replace(volgnummer=given.volgnummer, delivered_as=name)
    record = envelopes.build_metagegevens(_metagegevens(c, exchange, original, name))
    inbox = _inbox(exchange, c.header)
    told = f"metagegevens:{hashlib.sha256(record).hexdigest()}"
    arrived = Event(EventType.DELIVERED, "rinis", levering.id, name, str(inbox), bewijs=told)
    reply = header.new_reply(c.arrival, c.header, c.known, c.envelop.body_digest)
    answers = Place(Kind.GGK_UIT_ANTWOORD)
    return Decision(
        source=Source(Fate.REMOVE),
        deliveries=(
            Delivery(inbox, names.metagegevens_naam(name), record),
            Delivery(inbox, name, c.content, Clash.HOLD, arrived),
            header.answer(c.arrival, c.header, answers, reply, c.config, levering.id),
        ),
        leveringen=(levering,),
        facts=facts(
            [
                *header.reply_facts("rinis", c.header, reply, c.known),
                *given.facts,
                (Recorded(levering.id), record),
            ]
        ),
    )


def _metagegevens(
    c: header.Checked, exchange: Uitwisseling, original: str, name: str
) -> Metagegevens:
    """The upload's record as the receiver gets it, under the name of the file it speaks of.

    What routes is the envelope: its number, municipality and exchange stand above what the block
    says. Without a block it is derived, and marked so.
    """
    uitvraag = names.uitvraag_van(original)
    known = uitvraag if uitvraag != names.ONBEKEND else None
    block = c.envelop.metagegevens
    size, digest = c.file
    if block is None:
        block = envelopes.afgeleid(
            c.envelop, uitwisseling=exchange.id, sha256=digest, uitvraag=known,
            type=header.media_type(original), naam=original,
        )  # fmt: skip
    return replace(
        block,
        referentienummer=c.header.referentienummer,
        gemeentecode=c.header.zender.organisatie,
        uitwisseling=exchange.id,
        uitvraag=known,
        bestand=replace(block.bestand, naam=name, omvang=size),
    )


# --- a file that a receiver sends back ------------------------------------------------------------


def _send_needs(arrival: Arrival, config: Config) -> Keys:
    wanted: list[object] = []
    exchange = config.op_rinis_code(arrival.place.uitwisseling)
    if exchange is not None:
        wanted.append(LastTime("uit", _receiver_system(exchange, config).sleutel))
    read = config.retour(arrival.place.uitwisseling, arrival.name)
    if read is not None:
        wanted += _answered_keys(*read)
    return keys(*wanted)


def _answered_keys(exchange: Uitwisseling, fields: dict[str, str]) -> list[ByNumber]:
    number = fields.get("volgnummer")
    if not number:
        return []
    return [
        ByNumber(one, fields["gemeentecode"], fields.get("uitvraag", names.ONBEKEND), int(number))
        for one in exchange.antwoord_op
    ]


def _receiver_system(exchange: Uitwisseling, config: Config) -> Systeem:
    return Systeem(config.ontvangers[exchange.tegenpartij].organisatie, config.applicatie)


def _sent_by_receiver(arrival: Arrival, known: Known, config: Config) -> Decision:
    exchange = config.op_rinis_code(arrival.place.uitwisseling)
    read = config.retour(arrival.place.uitwisseling, arrival.name)
    code = read[1].get("gemeentecode", "") if read is not None else ""
    levering = _returning(arrival, exchange, code)
    if read is not None:
        levering = levering._replace(uitvraag=read[1].get("uitvraag", names.ONBEKEND))
    if arrival.given_up == READING_ENDS:
        return refuse_send(arrival, levering, config, reading_ends())
    if exchange is None or read is None or not code:
        patterns = exchange.patronen if exchange is not None else ()
        return refuse_send(arrival, levering, config, notices.unaddressable(arrival.name, patterns))
    if config.partij(code) is None:
        return refuse_send(arrival, levering, config, notices.unknown_party(code))
    own = config.code_voor(exchange, code)
    if own != arrival.place.uitwisseling:
        return refuse_send(arrival, levering, config, kinds.wrong_folder(code, own))
    if arrival.size == 0:
        return refuse_send(arrival, levering, config, notices.empty_send())
    heavy = groot.too_large(arrival, exchange, config)
    if heavy is not None:
        return refuse_send(arrival, levering, config, heavy)
    found = [one for key in _answered_keys(*read) if (one := known.get(key)) is not None]
    last = known.get(LastTime("uit", _receiver_system(exchange, config).sleutel))
    levering = levering._replace(
        tijdstip=envelopes.stijgend(arrival.moment.nu, last),
        answers_to=found[0].referentienummer if found else None,
    )
    return _wrap(arrival, levering, exchange, config, _ambiguous(arrival, levering, found))


def _ambiguous(arrival: Arrival, levering: Levering, found: list[Levering]) -> tuple[Event, ...]:
    """A report's name has a number but no exchange: it may speak of several deliveries."""
    if len(found) < 2:
        return ()
    others = ", ".join(f"{one.uitwisseling} {one.referentienummer}" for one in found[1:])
    remark = f"taken as the answer to {found[0].uitwisseling}; its name also fits {others}"
    return (
        Event(EventType.REMARK, "rinis", levering.id, levering.naam, str(arrival.place),
              "meer-leveringen", remark),
    )  # fmt: skip


def _returning(arrival: Arrival, exchange: Uitwisseling | None, code: str) -> Levering:
    number, trace, span = arrival.moment.ids
    return Levering(
        id=arrival.id,
        referentienummer=number,
        direction=Direction.RETOUR,
        gemeentecode=code,
        uitwisseling=exchange.id if exchange else "",
        uitvraag=names.ONBEKEND,
        naam=names.toonbaar(arrival.name),
        sha256=arrival.sha256,
        size=arrival.size,
        gebruiker=arrival.owner or "onbekend",
        traceparent=f"00-{trace.replace('-', '')}-{span.replace('-', '')[:16]}-01",
    )


def _wrap(
    arrival: Arrival, levering: Levering, exchange: Uitwisseling, config: Config,
    remarks: tuple[Event, ...],
) -> Decision:  # fmt: skip
    """Du01 when it answers a delivery that we know, else Di01 (contracts.md, Files)."""
    sender = _receiver_system(exchange, config)
    wire, soort = names.wire_naam(arrival.name), header.media_type(arrival.name)
    payload, bestandsnaam, beside = groot.enclosed(arrival, levering.referentienummer, wire, soort)
    envelope = Envelop(
        stuurgegevens=Stuurgegevens(
            berichtcode="Du01" if levering.answers_to else "Di01",
            zender=sender,
            ontvanger=Systeem(levering.gemeentecode, "GGk"),
            referentienummer=levering.referentienummer,
            tijdstip_bericht=levering.tijdstip,
            cross_refnummer=levering.answers_to,
            functie=arrival.place.uitwisseling,
        ),
        payload=payload,
        bestandsnaam=bestandsnaam,
        metagegevens=Metagegevens(
            referentienummer=levering.referentienummer,
            gemeentecode=levering.gemeentecode,
            uitwisseling=exchange.id,
            uitvraag=levering.uitvraag if levering.uitvraag != names.ONBEKEND else None,
            tijdstip_upload=rfc3339(arrival.moment.nu),
            gebruiker=Gebruiker(levering.gebruiker[:100], "bestandseigenaar"),
            bestand=Bestand(
                oorspronkelijke_naam=envelopes.xml_veilig(levering.naam),
                naam=wire,
                omvang=arrival.size,
                sha256=arrival.sha256,
                type=soort,
            ),
        ),
        traceparent=levering.traceparent,
    )
    name = names.envelop_naam(levering.tijdstip, levering.referentienummer)
    accepted = Event(EventType.ACCEPTED, "rinis", levering.id, levering.naam, str(arrival.place))
    relayed = Event(EventType.RELAYED, "rinis", levering.id, name, str(Place(Kind.GGK_IN)))
    content, read = envelopes.compose(envelope)
    return Decision(
        source=Source(Fate.REMOVE),
        events=(accepted, *remarks),
        deliveries=(*beside, Delivery(Place(Kind.GGK_IN), name, content, event=relayed, read=read)),
        leveringen=(levering,),
        facts=facts([(LastTime("uit", sender.sleutel), levering.tijdstip)]),
    )


# --- GGk's answer to an envelope of ours ----------------------------------------------------------


def _answered(arrival: Arrival, known: Known, config: Config) -> Decision:
    """Bv03: done. Fo03: the receiver that sent the file is told why, in its own folder."""
    levering = known.get(ByReference(names.envelop_referentie(arrival.name)))
    verdict = header.read_verdict(arrival, levering) if levering else None
    if levering is None or verdict is None:
        return Decision(source=Source(Fate.LEAVE))
    if verdict.fout is None:
        event = Event(EventType.ACKNOWLEDGED, "rinis", levering.id, arrival.name,
                      str(arrival.place), "", verdict.berichtcode)  # fmt: skip
        return Decision(source=Source(Fate.LEAVE), events=(event,), leveringen=(levering,))
    fault = verdict.fout
    event = Event(EventType.REFUSED, "rinis", levering.id, arrival.name,
                  str(arrival.place), fault.code, fault.omschrijving)  # fmt: skip
    reason = notices.refused_by_hub(fault.code, fault.omschrijving, fault.details)
    exchange = config.uitwisselingen.get(levering.uitwisseling)
    if exchange is None:  # taken out of the configuration since: there is no folder to tell it in
        return Decision(source=Source(Fate.LEAVE), events=(event,), leveringen=(levering,))
    folder = config.code_voor(exchange, levering.gemeentecode) or exchange.rinis_code
    back = Place(Kind.GEWEIGERD, exchange.tegenpartij, folder)
    told = notices.notice(
        notices.REFUSAL, levering, arrival.moment.nu, back, "rinis", config, reason
    )
    return Decision(
        source=Source(Fate.LEAVE), events=(event,), deliveries=told, leveringen=(levering,)
    )
