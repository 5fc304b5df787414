# SPDX-License-Identifier: EUPL-1.2
"""What GGk decides (PSA chapter 6 and 7, Inlichtingenbureau).

From the outbox: to which exchange a file belongs, who handed it in and when (metagegevens), and the
envelope to RINIS. From ``ggk/in``: whose download place an envelope's payload is put in. From the
answer folder: what RINIS said of an envelope of ours, and what the municipality is told. GGk never
looks at content; a form check is made only where the exchange names a schema.
"""

from __future__ import annotations

from dataclasses import replace

import envelopes
from envelopes import Bestand, Envelop, Gebruiker, Metagegevens, Stuurgegevens, Systeem
from gateway import names
from gateway.config import Config, Partij, Uitwisseling
from gateway.model import (
    READING_ENDS,
    Arrival,
    ByReference,
    Carry,
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
    Source,
    facts,
    keys,
)
from gateway.periods import Stand, beoordeel, dag_van, rfc3339
from gateway.stations import (
    autorisatie,
    bestand,
    binding,
    groot,
    header,
    inbox,
    kinds,
    notices,
    remarks,
)
from gateway.stations.notices import Reason
from gateway.stations.refusals import (
    reading_ends,
    refuse_drop,
    refuse_envelope,
    repeat_answer,
    unreadable,
)

COUNTER = header.Counter(
    "ggk",
    Direction.RETOUR,
    ("Di01", "Du01"),
    senders=lambda config: (one.organisatie for one in config.ontvangers.values()),
    receivers=lambda config: config.partijen,
)
"""GGk takes what receivers send (through RINIS), for the municipalities that are connected."""


def needs(arrival: Arrival, config: Config) -> Keys:
    """See ``stations/__init__.py``."""
    match arrival.place.kind:
        case Kind.OUTBOX:
            known_of = _sender(arrival, config).sleutel
            exchange = config.uitwisseling_in(arrival.place.uitwisseling, arrival.name)
            asked = autorisatie.needs(arrival) | remarks.needs(arrival, exchange)
            return keys(LastTime("uit", known_of)) | asked | binding.needs(arrival, config)
        case Kind.GGK_IN:
            return header.envelope_needs(COUNTER, arrival) | inbox.needs(arrival, config)
        case _:
            return keys(ByReference(names.envelop_referentie(arrival.name)))


def carries(arrival: Arrival, config: Config) -> Carry | None:
    """See ``stations/__init__.py``."""
    match arrival.place.kind:
        case Kind.OUTBOX:
            exchange = config.uitwisseling_in(arrival.place.uitwisseling, arrival.name)
            return groot.of_file(arrival, exchange, config, Place(Kind.GGK_UIT))
        case Kind.GGK_IN:
            exchange, who = header.routed(COUNTER, arrival, config)
            return groot.of_envelope(arrival, exchange, Place(Kind.INBOX, who) if who else None)
        case _:
            return None


def decide(arrival: Arrival, known: Known, config: Config) -> Decision:
    """See ``stations/__init__.py``."""
    match arrival.place.kind:
        case Kind.OUTBOX:
            return _dropped(arrival, known, config)
        case Kind.GGK_IN:
            return _envelope_from_rinis(arrival, known, config)
        case _:
            return _answered(arrival, known, config)


# --- a municipality's file ------------------------------------------------------------------------


def _dropped(arrival: Arrival, known: Known, config: Config) -> Decision:
    exchange = config.uitwisseling_in(arrival.place.uitwisseling, arrival.name)
    party = _party(arrival, config)
    if arrival.given_up == READING_ENDS:
        who = autorisatie.user(arrival, known, party)
        unread = _levering(arrival, known, config, exchange, who, None)
        return refuse_drop(arrival, unread, config, reading_ends())
    bound = binding.judge(arrival, exchange, known, config)
    believed = bound if isinstance(bound, binding.Bound) else None
    who = believed.gebruiker if believed else autorisatie.user(arrival, known, party)
    levering = _levering(arrival, known, config, exchange, who, believed)
    if exchange is None:
        unplaced = kinds.nowhere(arrival, party.soort, config)
        return refuse_drop(arrival, levering, config, unplaced)
    reason = (
        kinds.not_for(party.soort, exchange)
        or (bound if isinstance(bound, Reason) else None)
        or binding.lacking(believed, exchange, config)
        or autorisatie.not_allowed(arrival, who, exchange, known, config)
        or bestand.misshapen(arrival, exchange, config)
        or binding.too_heavy(believed, arrival, config)
        or autorisatie.not_on_behalf(arrival, who, exchange, known, config)
    )
    if reason is not None:
        return refuse_drop(arrival, levering, config, reason)
    window = beoordeel(
        config.vensters_voor(exchange), levering.uitvraag, dag_van(arrival.moment.nu)
    )
    enforced = exchange.vensters in ("afdwingen", "wachten")
    if enforced and window.stand in (Stand.TE_VROEG, Stand.TE_LAAT):
        return refuse_drop(arrival, levering, config, notices.window_closed(window.zin))
    said = remarks.remarks(arrival, levering, exchange, window, known)
    levering = levering._replace(opmerking=" ".join(one.remark for one in said))
    decision = _envelope(arrival, levering, exchange, config, who, said, believed)
    learned = binding.facts_of(believed, arrival)
    asked = remarks.same_content(arrival, exchange)
    if asked is not None and not remarks.earlier(arrival, levering, exchange, known):
        learned.append((asked, levering.referentienummer))
    return replace(decision, facts={**decision.facts, **facts(learned)})


def _party(arrival: Arrival, config: Config) -> Partij:
    """The outbox's owner. Taken out of the configuration since, it is a stranger to RINIS too."""
    code = arrival.place.partij
    return config.partij(code) or Partij(code=code)


def _sender(arrival: Arrival, config: Config) -> Systeem:
    party = _party(arrival, config)
    return Systeem(
        organisatie=party.code,
        applicatie=party.applicatie or config.applicatie,
        administratie=party.naam[:50],
    )


def _levering(
    arrival: Arrival, known: Known, config: Config, exchange: Uitwisseling | None, who: Gebruiker,
    bound: binding.Bound | None,
) -> Levering:  # fmt: skip
    number, trace, span = arrival.moment.ids
    last = known.get(LastTime("uit", _sender(arrival, config).sleutel))
    return Levering(
        id=arrival.id,
        referentienummer=number,
        direction=Direction.HEEN,
        gemeentecode=arrival.place.partij,
        uitwisseling=exchange.id if exchange else "",
        uitvraag=names.uitvraag_van(arrival.name),
        naam=names.toonbaar(arrival.name),
        sha256=arrival.sha256,
        size=arrival.size,
        tijdstip=envelopes.stijgend(arrival.moment.nu, last),
        gebruiker=who.id,
        traceparent=f"00-{trace.replace('-', '')}-{span.replace('-', '')[:16]}-01",
        auth=bound.auth if bound is not None else "folder",
        loa=bound.loa if bound is not None else "geen",
        bewijs=bound.evidence if bound is not None else "",
    )


def _envelope(
    arrival: Arrival,
    levering: Levering,
    exchange: Uitwisseling,
    config: Config,
    who: Gebruiker,
    said: tuple[Event, ...],
    bound: binding.Bound | None,
) -> Decision:
    sender = replace(_sender(arrival, config), gebruiker=who.id)
    receiver = config.ontvangers[exchange.tegenpartij]
    wire = names.wire_naam(arrival.name)
    is_xml = arrival.name.lower().endswith(".xml")
    soort = header.media_type(arrival.name)
    payload, bestandsnaam, beside = groot.enclosed(
        arrival, levering.referentienummer, None if is_xml else wire, soort
    )
    envelope = Envelop(
        stuurgegevens=Stuurgegevens(
            berichtcode="Di01",
            zender=sender,
            ontvanger=Systeem(receiver.organisatie, "GGk"),
            referentienummer=levering.referentienummer,
            tijdstip_bericht=levering.tijdstip,
            functie=exchange.code_voor(_party(arrival, config).soort),
        ),
        payload=payload,
        bestandsnaam=bestandsnaam,
        metagegevens=Metagegevens(
            referentienummer=levering.referentienummer,
            gemeentecode=levering.gemeentecode,
            uitwisseling=exchange.id,
            uitvraag=levering.uitvraag if levering.uitvraag != names.ONBEKEND else None,
            tijdstip_upload=rfc3339(arrival.moment.nu),
            gebruiker=who,
            bestand=Bestand(
                oorspronkelijke_naam=envelopes.xml_veilig(levering.naam),
                naam=wire,
                omvang=arrival.size,
                sha256=arrival.sha256,
                type=soort,
            ),
            binding=bound.element if bound is not None else None,
        ),
        traceparent=levering.traceparent,
    )
    name = names.envelop_naam(levering.tijdstip, levering.referentienummer)
    relayed = Event(EventType.RELAYED, "ggk", levering.id, name, str(Place(Kind.GGK_UIT)))
    content, read = envelopes.compose(envelope)
    accepted = Event(EventType.ACCEPTED, "ggk", levering.id, levering.naam, str(arrival.place))
    return Decision(
        source=Source(Fate.SENT, Place(Kind.VERZONDEN, levering.gemeentecode), arrival.name),
        events=(accepted, *said),
        deliveries=(
            *beside,
            Delivery(Place(Kind.GGK_UIT), name, content, event=relayed, read=read),
        ),
        leveringen=(levering,),
        facts=facts([(LastTime("uit", sender.sleutel), levering.tijdstip)]),
    )


# --- an envelope from RINIS -----------------------------------------------------------------------


def _envelope_from_rinis(arrival: Arrival, known: Known, config: Config) -> Decision:
    envelope = arrival.envelop
    if isinstance(envelope, envelopes.EnvelopeError):
        return unreadable(COUNTER, arrival, known, config, envelope)
    examined = header.Checked(COUNTER, arrival, envelope, known, config)
    if examined.is_repeat:
        return repeat_answer(examined)
    fault = header.first_fault(examined)
    if fault is not None:
        return refuse_envelope(examined, fault)
    return inbox.deliver(examined)


# --- what RINIS answered to an envelope of ours ------------------------------


def _answered(arrival: Arrival, known: Known, config: Config) -> Decision:
    """Bv03: the municipality gets its receipt. Fo03: it is told what, and what now."""
    levering = known.get(ByReference(names.envelop_referentie(arrival.name)))
    verdict = header.read_verdict(arrival, levering) if levering else None
    if levering is None or verdict is None:
        return Decision(source=Source(Fate.LEAVE))
    if verdict.fout is None:
        event = Event(EventType.ACKNOWLEDGED, "ggk", levering.id, arrival.name,
                      str(arrival.place), "", verdict.berichtcode)  # fmt: skip
        soort, reason = notices.RECEIPT, None
    else:
        fault = verdict.fout
        event = Event(EventType.REFUSED, "ggk", levering.id, arrival.name,
                      str(arrival.place), fault.code, fault.omschrijving)  # fmt: skip
        soort = notices.REFUSAL
        reason = notices.refused_by_hub(fault.code, fault.omschrijving, fault.details)
    inbox = Place(Kind.INBOX, levering.gemeentecode)
    told = notices.notice(soort, levering, arrival.moment.nu, inbox, "ggk", config, reason)
    return Decision(
        source=Source(Fate.LEAVE), events=(event,), deliveries=told, leveringen=(levering,)
    )
