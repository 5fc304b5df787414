# SPDX-License-Identifier: EUPL-1.2
"""What a hub checks of an envelope's header, in the standard's order, and how it answers.

StUF 03.01 section on Fo03: everything that may stand in a Fo03 is checked before Bv03 is given;
of several faults the first in the table's order is told. GGk and RINIS check alike; they differ in
whom they know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import envelopes
from envelopes import Envelop, Fout, Stuurgegevens
from gateway import names
from gateway.config import Config, Uitwisseling
from gateway.model import (
    STATION_OF,
    Arrival,
    ByReference,
    Carried,
    Clash,
    Delivery,
    Direction,
    Event,
    EventType,
    Key,
    Keys,
    Known,
    LastTime,
    Levering,
    Place,
    Reply,
    Request,
    keys,
)
from gateway.stations import groot

Fact = tuple[object, object]

MEDIA_TYPES = {"csv": "text/csv", "txt": "text/plain", "pdf": "application/pdf",
               "zip": "application/zip", "xml": "application/xml"}  # fmt: skip
"""``bestand/type`` of the metagegevens, by extension: what a name says, never what content is."""

BERICHTCODES = ("Di01", "Di02", "Du01", "Du02", "Lk01", "Lk02", "La01", "Bv01", "Bv02", "Bv03",
                "Bv04", "Fo01", "Fo02", "Fo03", "Sh01", "Sa01", "Lv01", "Tr01")  # fmt: skip
"""Codes that exist in StUF 03.01: another one is unknown, one of these may be unsupported."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One hub's desk: who it is, which way it works, whom it knows on either side."""

    station: str
    direction: Direction
    berichtcodes: tuple[str, ...]
    senders: Callable[[Config], Iterable[str]]
    receivers: Callable[[Config], Iterable[str]]

    def municipality(self, header: Stuurgegevens) -> str:
        """The organisation on the municipality's side: whose delivery it is."""
        near = header.zender if self.direction is Direction.HEEN else header.ontvanger
        return near.organisatie


@dataclass(frozen=True, slots=True)
class Checked:
    """An envelope under examination, with what is known about it."""

    counter: Counter
    arrival: Arrival
    envelop: Envelop
    known: Known
    config: Config

    @property
    def header(self) -> Stuurgegevens:
        """The envelope's stuurgegevens."""
        return self.envelop.stuurgegevens

    @property
    def exchange(self) -> Uitwisseling | None:
        """The exchange that ``functie`` names."""
        return self.config.op_functie(self.header.functie or "")

    @property
    def file(self) -> tuple[int, str]:
        """Size and SHA-256 of the file that it brings."""
        return groot.of_what(self.arrival, self.envelop, self.exchange)

    @property
    def content(self) -> bytes | Carried:
        """That file, as it is to be delivered."""
        return groot.content(self.arrival, self.envelop, self.exchange)

    @property
    def earlier(self) -> Reply | None:
        """What was answered to this referentienummer before; not: to this very file."""
        reply = self.known.get(request_key(self.counter.station, self.header))
        return reply if reply is not None and reply.arrival != self.arrival.id else None

    @property
    def is_repeat(self) -> bool:
        """The same message once more: same number, same content (canonical XML of the Body)."""
        return self.earlier is not None and self.earlier.digest == self.envelop.body_digest


def request_key(station: str, header: Stuurgegevens) -> Request:
    """Which request this is: a referentienummer is unique within the sending system."""
    return Request(station, header.zender.sleutel, header.referentienummer)


def envelope_needs(counter: Counter, arrival: Arrival) -> Keys:
    """What a hub must know to judge an envelope; the answer's own rising time included."""
    found = arrival.envelop
    header = found.stuurgegevens
    if header is None:
        return keys()
    wanted: list[Key[object]] = [
        *keys(
            request_key(counter.station, header),
            LastTime("in", header.zender.sleutel),
            LastTime("uit", header.ontvanger.sleutel),
            ByReference(header.referentienummer),
            ByReference(header.referentienummer, counter.municipality(header)),
        )
    ]
    if header.cross_refnummer:
        wanted += keys(ByReference(header.cross_refnummer, header.ontvanger.organisatie))
    return frozenset(wanted)


def routed(counter: Counter, arrival: Arrival, config: Config) -> tuple[Uitwisseling | None, str]:
    """The exchange and the receiving organisation of an envelope that this hub would take.

    No organisation where it would not: then nothing is brought along for it.
    """
    header = arrival.envelop.stuurgegevens
    if header is None:
        return None, ""
    exchange = config.op_functie(header.functie or "")
    who = header.ontvanger.organisatie
    ours = exchange is not None and exchange.direction is counter.direction
    taken = header.zender.organisatie in counter.senders(config)
    if exchange is not None and not _is_for_its_kind(exchange, counter, header, config):
        ours = False
    return exchange, who if ours and taken and who in counter.receivers(config) else ""


def _is_for_its_kind(
    exchange: Uitwisseling, counter: Counter, header: Stuurgegevens, config: Config
) -> bool:
    """Each kind of party has a code of its own: a province's file does not go as a gemeente's."""
    return config.code_voor(exchange, counter.municipality(header)) == header.functie


# --- the checks, each a sentence of the standard ------------------------------------------------


def receiver_is_known(c: Checked) -> str | None:
    """StUF010: the receiving organisation is one that this hub delivers to."""
    who = c.header.ontvanger.organisatie
    return None if who in c.counter.receivers(c.config) else f"ontvanger {who!r} is onbekend"


def sender_is_known(c: Checked) -> str | None:
    """StUF013: the sending organisation is one that this hub takes from."""
    who = c.header.zender.organisatie
    return None if who in c.counter.senders(c.config) else f"zender {who!r} is onbekend"


def reference_is_unique(c: Checked) -> str | None:
    """StUF016: this referentienummer was not used by this system for another message."""
    if c.earlier is None or c.is_repeat:
        return None
    return "hetzelfde referentienummer kwam eerder met een andere inhoud"


def time_rises(c: Checked) -> str | None:
    """StUF019: tijdstipBericht is later than that of the sender's message before.

    Shorter times are padded first. A message that we decide on once more is exempt.
    """
    last = c.known.get(LastTime("in", c.header.zender.sleutel))
    again = c.known.get(request_key(c.counter.station, c.header)) is not None
    now = envelopes.opvul(c.header.tijdstip_bericht)
    return None if last is None or again or now > last else f"{now} is niet later dan {last}"


def code_is_known(c: Checked) -> str | None:
    """StUF022: the berichtcode exists."""
    code = c.header.berichtcode
    return None if code in BERICHTCODES else f"berichtcode {code!r} bestaat niet"


def code_is_supported(c: Checked) -> str | None:
    """StUF025: this hub takes messages of this berichtcode here."""
    code = c.header.berichtcode
    return None if code in c.counter.berichtcodes else f"{code} wordt hier niet aangenomen"


def function_is_known(c: Checked) -> str | None:
    """StUF034: functie is the RINIS code of an exchange."""
    return None if c.exchange is not None else f"functie {c.header.functie!r} is onbekend"


def combination_is_supported(c: Checked) -> str | None:
    """StUF040: this exchange runs in this direction, between these two parties, of this kind."""
    if c.exchange is None:
        return None
    if c.exchange.direction is not c.counter.direction:
        return f"functie {c.header.functie} loopt {c.exchange.richting}"
    far = c.header.ontvanger if c.counter.direction == Direction.HEEN else c.header.zender
    partner = c.config.ontvangers[c.exchange.tegenpartij].organisatie
    if far.organisatie != partner:
        return f"functie {c.header.functie} is van {partner}, niet van {far.organisatie}"
    party = c.counter.municipality(c.header)
    if _is_for_its_kind(c.exchange, c.counter, c.header, c.config):
        return None
    return f"functie {c.header.functie} is niet voor een partij van de soort van {party}"


def crossref_is_known(c: Checked) -> str | None:
    """StUF043: what a Du01 answers is a delivery of the municipality that it is addressed to."""
    cross = c.header.cross_refnummer
    if not cross:
        return None
    answered = c.known.get(ByReference(cross, c.header.ontvanger.organisatie))
    if answered is not None and answered.direction is not c.counter.direction:
        return None
    return "crossRefnummer noemt geen levering van deze ontvanger"


def size_fits(c: Checked) -> str | None:
    """IB007: what comes by reference is no larger than its exchange takes."""
    return groot.over_limit(c.arrival, c.exchange)


def metagegevens_fit(c: Checked) -> str | None:
    """RIN001: our header block, where there is one, speaks of this file."""
    block = c.envelop.metagegevens
    if block is None:
        return None
    size, digest = c.file
    if block.bestand.omvang != size:
        return "metagegevens/bestand/omvang is niet die van de inhoud"
    if block.bestand.sha256 != digest:
        return "metagegevens/bestand/sha256 is niet die van de inhoud"
    return None


def bytes_fit(c: Checked) -> str | None:
    """RIN001: what the envelope refers to lies beside it, whole and with the right checksum."""
    return groot.bytes_fit(c.arrival, c.exchange)


IN_ORDER: tuple[tuple[str, Callable[[Checked], str | None]], ...] = (
    ("StUF010", receiver_is_known),
    ("StUF013", sender_is_known),
    ("StUF016", reference_is_unique),
    ("StUF019", time_rises),
    ("StUF022", code_is_known),
    ("StUF025", code_is_supported),
    ("StUF034", function_is_known),
    ("StUF040", combination_is_supported),
    ("StUF043", crossref_is_known),
    ("IB007", size_fits),
    ("RIN001", metagegevens_fit),
    ("RIN001", bytes_fit),
)
"""The table of checks. The first that fails is the answer."""


def first_fault(c: Checked) -> Fout | None:
    """The first fault in the standard's order; None when the header is right."""
    for code, check in IN_ORDER:
        said = check(c)
        if said is not None:
            return envelopes.fout(code, said, c.config.technisch.foutcodes)
    return None


# --- answering ------------------------------------------------------------------------------------


def new_reply(arrival: Arrival, header: Stuurgegevens, known: Known, digest: str,
              fault: Fout | None = None) -> Reply:  # fmt: skip
    """A new answer: its own number, and a time that rises for the system that answers."""
    last = known.get(LastTime("uit", header.ontvanger.sleutel))
    time = envelopes.stijgend(arrival.moment.nu, last)
    number = arrival.moment.ids[1]
    if fault is None:
        return Reply(digest, "bv03", number, time, arrival=arrival.id)
    return Reply(digest, "fo03", number, time, fault.code, fault.details, arrival.id)


def reply_facts(
    station: str, header: Stuurgegevens, reply: Reply, known: Known
) -> tuple[Fact, ...]:
    """What to remember of a new answer. Only an accepted message moves its sender's time on.

    Never back: a message that a person released may be older than what came after it.
    """
    own = (LastTime("uit", header.ontvanger.sleutel), reply.tijdstip)
    if reply.soort != "bv03":
        return (own, (request_key(station, header), reply))
    sender = LastTime("in", header.zender.sleutel)
    newest = max(known.get(sender) or "", envelopes.opvul(header.tijdstip_bericht))
    return (own, (request_key(station, header), reply), (sender, newest))


def answer(arrival: Arrival, header: Stuurgegevens, place: Place, reply: Reply, config: Config,
           levering: str) -> Delivery:  # fmt: skip
    """The answer as a file beside the request's stem, in the hop folder's ``antwoord/``.

    The same reply gives the same bytes: a repeat finds its answer there already.
    """
    read = None
    if reply.soort == "bv03":
        content, read = envelopes.compose_bv03(
            header, referentienummer=reply.referentienummer, tijdstip_bericht=reply.tijdstip
        )
    else:
        content = envelopes.fo03(
            header,
            envelopes.fout(reply.code, reply.details, config.technisch.foutcodes),
            referentienummer=reply.referentienummer,
            tijdstip_bericht=reply.tijdstip,
        )
    name = names.antwoord_naam(arrival.name, reply.soort)
    station = STATION_OF[arrival.place.kind]
    event = Event(EventType.ANSWERED, station, levering, name, str(place), reply.code, reply.soort)
    return Delivery(place, name, content, Clash.SAME, event, read)


def read_verdict(arrival: Arrival, levering: Levering) -> envelopes.Antwoord | None:
    """What the other hub said of our envelope; None when the file is no answer to it at all."""
    if isinstance(arrival.read, envelopes.Antwoord):
        found = arrival.read
    else:
        try:
            found = envelopes.read_answer(arrival.content or b"")
        except envelopes.EnvelopeError:
            return None
    return found if found.cross_refnummer in (None, levering.referentienummer) else None


def levering_of(c: Checked) -> Levering:
    """The delivery that this envelope carries: as we know it, when it is that very one."""
    municipality = c.counter.municipality(c.header)
    known = c.known.get(ByReference(c.header.referentienummer, municipality))
    if known is not None and known.direction is c.counter.direction and known.sha256 == c.file[1]:
        return known
    return foreign_levering(c)


def foreign_levering(c: Checked) -> Levering:
    """A delivery that we first meet here: its envelope comes from another's system."""
    name = groot.original_name(c.arrival, c.envelop, c.exchange)
    size, digest = c.file
    return Levering(
        id=c.arrival.id,
        referentienummer=c.header.referentienummer,
        direction=c.counter.direction,
        gemeentecode=c.counter.municipality(c.header),
        uitwisseling=c.exchange.id if c.exchange else "",
        uitvraag=names.uitvraag_van(name),
        naam=names.toonbaar(name),
        sha256=digest,
        size=size,
        answers_to=c.header.cross_refnummer,
        gebruiker=c.header.zender.gebruiker,
        traceparent=c.envelop.traceparent or "",
    )


def media_type(name: str) -> str:
    """The media type that a file's extension promises."""
    return MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
