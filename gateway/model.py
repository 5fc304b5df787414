# SPDX-License-Identifier: EUPL-1.2
"""The nouns: what a station is told, what it may ask, and what it decides. Plain data only.

A station is two pure functions (``docs/architecture.md``)::

    needs(arrival, config)                  -> Keys        what must I know to decide?
    decide(arrival, known, config)          -> Decision    events, deliveries, what becomes of it

What is made by the thousand a second is a named tuple: as frozen as a dataclass, and five times
faster to make.

The engine looks the keys up in the store and in the decisions it took a moment ago, and acts on
the decision. Nothing here touches a disk, a clock or a random source: fresh ids and times come in
:class:`Moment`, are kept in the journal, and so a redo after a crash gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import ClassVar, Generic, NamedTuple, TypeVar, cast

import envelopes

Gemeentecode = str
"""The 4-digit CBS code as text, leading zero included: ``0363`` is Amsterdam."""

V = TypeVar("V")


class Direction(StrEnum):
    """Which way a file goes, in the chain's own words."""

    HEEN = "heen"
    RETOUR = "retour"


class Kind(StrEnum):
    """The kinds of folders in the chain; :attr:`Place.parts` knows where each lies."""

    __hash__ = str.__hash__  # Enum's own is Python code, and places are looked up all the time

    OUTBOX = "outbox"
    INBOX = "inbox"
    VERZONDEN = "verzonden"
    GGK_UIT = "ggk/uit"
    GGK_UIT_ANTWOORD = "ggk/uit/antwoord"
    GGK_UIT_GROOT = "ggk/uit/groot"
    GGK_IN = "ggk/in"
    GGK_IN_ANTWOORD = "ggk/in/antwoord"
    GGK_IN_GROOT = "ggk/in/groot"
    RECEIVER_IN = "in"
    RECEIVER_UIT = "uit"
    GEWEIGERD = "geweigerd"
    QUARANTAINE = "quarantaine"


STATION_OF: dict[Kind, str] = {
    Kind.OUTBOX: "ggk",
    Kind.GGK_IN: "ggk",
    Kind.GGK_UIT_ANTWOORD: "ggk",
    Kind.GGK_UIT: "rinis",
    Kind.RECEIVER_UIT: "rinis",
    Kind.GGK_IN_ANTWOORD: "rinis",
}
"""Who takes what arrives in a kind of place."""

ANSWERS = frozenset((Kind.GGK_UIT_ANTWOORD, Kind.GGK_IN_ANTWOORD))
"""Where answers lie: they are read in place, and stay."""

READING_ENDS = "lezen-loopt-vast"
"""Why a file is given up whose reading ended the process, again and again (``inhand.py``)."""

BESIDE: dict[Kind, Kind] = {Kind.GGK_UIT: Kind.GGK_UIT_GROOT, Kind.GGK_IN: Kind.GGK_IN_GROOT}
"""Where the bytes lie that the envelopes of a hop folder refer to."""


class Place(NamedTuple):
    """One folder of the chain: its kind and what tells it from others of that kind.

    ``partij`` is a municipality's code, a receiver's id (``cbs``) or a quarantine id;
    ``uitwisseling`` the exchange (an outbox's sub-folder, a receiver's folder);
    ``gebruiker`` the user's sub-folder of an outbox.
    """

    kind: Kind
    partij: str = ""
    uitwisseling: str = ""
    gebruiker: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The place's path below the root."""
        return _parts(self)

    def within(self, name: str) -> Place:
        """A sub-folder of an outbox: that of an exchange, and in it that of a user."""
        if self.uitwisseling:
            return self._replace(gebruiker=name)
        return self._replace(uitwisseling=name)

    def __str__(self) -> str:
        """The place for the route log; a user's sub-folder may name a person, and is left out."""
        return _shown(self)


@lru_cache(maxsize=16384)
def _parts(place: Place) -> tuple[str, ...]:
    """The only function that knows the layout."""
    kind, partij, uitwisseling, gebruiker = place
    parts: tuple[str, ...]
    match kind:
        case Kind.OUTBOX:
            parts = ("gemeenten", partij, "outbox", uitwisseling, gebruiker)
        case Kind.INBOX | Kind.VERZONDEN:
            parts = ("gemeenten", partij, kind.value)
        case Kind.RECEIVER_IN | Kind.RECEIVER_UIT:
            parts = (partij, kind.value, uitwisseling)
        case Kind.GEWEIGERD:
            parts = (partij, "uit", uitwisseling, "geweigerd")
        case Kind.QUARANTAINE:
            parts = ("quarantaine", partij)
        case _:
            parts = tuple(kind.value.split("/"))
    return tuple(part for part in parts if part)


@lru_cache(maxsize=4096)
def _shown(place: Place) -> str:
    return "/".join(place.parts[:-1] if place.gebruiker else place.parts)


class Moment(NamedTuple):
    """The only source of time and chance for a decision; kept in the journal until it is done.

    ``nu`` is the chain's clock (aware), which a tester may turn; ``ids`` are fresh UUIDs v4.
    ``stand`` is how many leaves the audit log had: what was granted by an earlier leaf held then.
    ``klok`` is the machine's clock (ms), which leaves bear and nobody turns.
    """

    nu: datetime
    ids: tuple[str, ...]
    stand: int
    klok: int

    @property
    def echt(self) -> datetime:
        """By the machine's clock: certificates, revocations and logins are judged by it."""
        return datetime.fromtimestamp(self.klok / 1000, UTC)


Read = envelopes.Envelop | envelopes.Antwoord
"""A message of the hubs, as it is read."""


class Carry(NamedTuple):
    """Large bytes that must be brought along before an arrival can be decided on.

    From ``name`` in ``source`` (empty: the claimed file itself) to the ``.tmp`` of ``to``; ``size``
    is how many there should be, None where nobody said.
    """

    to: Place
    source: Place | None = None
    name: str = ""
    size: int | None = None


class Carried(NamedTuple):
    """Bytes that were brought along: they lie beside their destination, read and hashed once.

    ``fault`` says why there are none, in the words of Digikoppeling Grote Berichten; else empty.
    """

    to: Place
    size: int = 0
    sha256: str = ""
    fault: str = ""


class Proof(NamedTuple):
    """What lies beside a file and binds its user to it: a seal, or a login's assertion.

    ``content`` is None when it is too large to be one.
    """

    size: int
    content: bytes | None


@dataclass(frozen=True)
class Arrival:
    """A file that was claimed and read, and that a station must now decide on.

    ``id`` names it in the journal. ``name`` is as found (undecodable bytes as surrogates).
    ``content`` is None when the file is larger than what may be held in memory; then only
    ``size`` and ``sha256`` are known. ``owner`` is the file owner's login name, if it has one.
    ``carried`` are the large bytes that the station asked for (``carries``): its own, or those
    that its envelope refers to. ``read`` is what the content says, when it is byte for byte what
    we wrote a moment ago;
    ``given_up`` the code for which it was taken only to be refused: not as its manifest says, or
    not to be read (:data:`READING_ENDS`: then ``content`` is empty, whatever ``size`` says);
    ``again``: it was decided on before, and a part of what it led to may be delivered already.
    ``proof`` is the seal or assertion that came with it.
    """

    id: str
    place: Place
    name: str
    size: int
    sha256: str
    content: bytes | None
    owner: str | None
    moment: Moment
    read: Read | None = None
    carried: Carried | None = None
    given_up: str = ""
    again: bool = False
    proof: Proof | None = None

    @cached_property
    def envelop(self) -> envelopes.Envelop | envelopes.EnvelopeError:
        """The envelope read, once: or the error that says why it cannot be."""
        if isinstance(self.read, envelopes.Envelop):
            return self.read
        if self.given_up == READING_ENDS:
            return envelopes.EnvelopeError("RIN001", "het lezen loopt vast; het is niet gelezen")
        if self.content is None:
            return envelopes.EnvelopeError("IB007", f"{self.size} bytes")
        try:
            return envelopes.read(self.content)
        except envelopes.EnvelopeError as error:
            return error

    @cached_property
    def verwijzing(self) -> envelopes.Verwijzing | envelopes.EnvelopeError | None:
        """What the envelope says of a file by reference; None when its payload is the file.

        A file of somebody's may itself be such a document: then the metagegevens speak of it.
        """
        found = self.envelop
        if isinstance(found, envelopes.EnvelopeError) or found.bestandsnaam is not None:
            return None
        if not envelopes.is_verwijzing(found.payload):
            return None
        block = found.metagegevens
        if block is not None and block.bestand.sha256 == _sha256(found.payload):
            return None
        try:
            return envelopes.read_verwijzing(found.payload)
        except envelopes.EnvelopeError as error:
            return error

    @property
    def tijdstip(self) -> str:
        """The envelope's tijdstipBericht, padded to 17 digits; empty when it cannot be read."""
        found = self.envelop
        time = found.stuurgegevens.tijdstip_bericht if found.stuurgegevens is not None else ""
        return envelopes.opvul(time) if envelopes.is_tijdstip(time) else ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Levering(NamedTuple):
    """One file under way, in either direction, with all that identifies it.

    ``tijdstip`` is the envelope's tijdstipBericht (17 digits), ``volgnummer`` the number under
    which the receiver got it, ``answers_to`` the referentienummer of the delivery it answers,
    ``opmerking`` what was remarked on it in passing (a closed window), for the receipt. ``auth``
    says how its user was bound to it, ``loa`` how surely, ``bewijs`` by what (``zegel:<SHA-256>``).
    """

    id: str
    referentienummer: str
    direction: Direction
    gemeentecode: Gemeentecode
    uitwisseling: str
    uitvraag: str
    naam: str
    sha256: str
    size: int
    tijdstip: str = ""
    volgnummer: int | None = None
    answers_to: str | None = None
    gebruiker: str = ""
    traceparent: str = ""
    delivered_as: str = ""
    opmerking: str = ""
    auth: str = "folder"
    loa: str = "geen"
    bewijs: str = ""

    @property
    def flow(self) -> str:
        """The conversation: a delivery and all that answers it share one."""
        return self.answers_to or self.referentienummer


# --- what a station may ask -------------------------------------------------------------------


class Sent:
    """Goes from one process to the other, often: in half the time of what a dataclass has for it.

    For dataclasses with slots, whose fields are all there is to them.
    """

    __slots__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Made again from its fields."""
        return type(self), tuple([getattr(self, name) for name in self.__slots__])


class Key(Sent, Generic[V]):
    """A question whose answer is of type ``V``; equal questions have equal answers.

    ``kept``: no decision ever changes the answer, only a person does (a grant, the configuration);
    so it is asked once, and again when something said that it changed. Not ``asked``: it is only
    ever written, so nobody need remember it.
    """

    __slots__ = ()
    kept: ClassVar[bool] = False
    asked: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class LastTime(Key[str]):
    """The newest tijdstipBericht of a sending system, given (``rol`` uit) or accepted (in)."""

    rol: str
    systeem: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Reply(Sent):
    """What was answered to a request: enough to give the same bytes again to a repeat.

    ``digest`` is the request's content, ``soort`` ``bv03`` or ``fo03``, ``referentienummer`` and
    ``tijdstip`` the answer's own, ``code`` and ``details`` the fault of a Fo03; ``arrival`` is the
    file that it answered, so that deciding on that very file again is not taken for a repeat.
    """

    digest: str
    soort: str
    referentienummer: str
    tijdstip: str
    code: str = ""
    details: str = ""
    arrival: str = ""


@dataclass(frozen=True, slots=True)
class Request(Key[Reply]):
    """The answer that a station gave earlier to this referentienummer of this system."""

    station: str
    systeem: tuple[str, str, str]
    referentienummer: str


@dataclass(frozen=True, slots=True)
class LastNumber(Key[int]):
    """The newest volgnummer of a municipality, exchange and uitvraag."""

    gemeentecode: str
    uitwisseling: str
    uitvraag: str


@dataclass(frozen=True, slots=True)
class LastOfStem(Key[int]):
    """The highest volgnummer ever used in a receiver's folder under this folded stem."""

    rinis_code: str
    stem: str


@dataclass(frozen=True, slots=True)
class SameContent(Key[str]):
    """The referentienummer of the first delivery of these bytes that was not refused."""

    gemeentecode: str
    uitwisseling: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Used(Key[str]):
    """Which arrival was accepted on this signature or login: each is used once.

    ``identity`` tells one act of signing, or one nonce for one file of a manifest, from another.
    """

    identity: str

    @classmethod
    def by_leaf(cls, evidence: str, sha256: str = "") -> Used:
        """As the leaf of an upload tells of it: all that is left of a use after a restore.

        Of a login by the file's SHA-256 too: it may be for several files.
        """
        return cls(f"blad:{evidence}:{sha256}" if sha256 else f"blad:{evidence}")


@dataclass(frozen=True, slots=True)
class Evidence(Key[tuple[str, bytes]]):
    """What bound a user to a delivery, by its id: the kind, and the bytes.

    Kept as evidence, and asked by no station.
    """

    asked: ClassVar[bool] = False
    levering: str


@dataclass(frozen=True, slots=True)
class Recorded(Key[bytes]):
    """The metagegevens that the receiver of a delivery got with it, by the delivery's id.

    Kept as evidence, since he takes them away; and asked by no station.
    """

    asked: ClassVar[bool] = False
    levering: str


@dataclass(frozen=True, slots=True)
class ByReference(Key[Levering]):
    """The first delivery with this referentienummer; of this municipality, where one is named.

    A number is unique within its sending system: two municipalities may well use the same.
    """

    referentienummer: str
    gemeentecode: str = ""


@dataclass(frozen=True, slots=True)
class ByNumber(Key[Levering]):
    """The delivery that a receiver got under this number."""

    uitwisseling: str
    gemeentecode: str
    uitvraag: str
    volgnummer: int


@dataclass(frozen=True, slots=True)
class InInbox(Key[tuple[str, str]]):
    """What the chain put in an inbox under this name last: the delivery's id, and the event."""

    gemeentecode: str
    naam: str


@dataclass(frozen=True, slots=True)
class LogRoot(Key[bytes]):
    """The root that the audit log had at this size; None where it has fewer leaves."""

    size: int


class Served(NamedTuple):
    """A file that was handed to a user: of which delivery (its id), which bytes.

    ``collected``: the program that fetched it posted their digest.
    """

    levering: str
    sha256: str
    size: int
    collected: bool


@dataclass(frozen=True, slots=True)
class Download(Key[Served]):
    """One download, by its id."""

    id: str


Keys = frozenset[Key[object]]
NO_KEYS: Keys = frozenset()


def keys(*wanted: object) -> Keys:
    """A set of questions of whatever types."""
    return cast(Keys, frozenset(wanted))


class Known:
    """The answers to the questions that a station asked; None is an answer."""

    __slots__ = ("_answers",)

    def __init__(self, answers: Mapping[Key[object], object]) -> None:
        self._answers = answers

    def get(self, key: Key[V]) -> V | None:
        """The answer; KeyError when the station did not ask: its ``needs`` is wrong."""
        return cast("V | None", self._answers[cast(Key[object], key)])

    def first(self, key: Key[V], new: V) -> V:
        """The answer, or else what is new: for questions that keep their first answer."""
        return cast(V, self._answers.get(cast(Key[object], key)) or new)


# --- what a station decides ---------------------------------------------------------------------


class EventType(StrEnum):
    """What can happen to a delivery. ``lifecycle.py`` holds what each means and leads to."""

    __hash__ = str.__hash__  # as in Kind

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RELAYED = "relayed"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    NOTIFIED = "notified"
    ANSWERED = "answered"
    REPEATED = "repeated"
    REMARK = "remark"
    QUARANTINED = "quarantined"
    CONFLICT = "conflict"
    RELEASED = "released"
    DROPPED = "dropped"
    SERVED = "served"
    COLLECTED = "collected"


class Event(NamedTuple):
    """Something that happened to a delivery, at a station, to be recorded.

    ``remark`` is a sentence for the operator, free of personal data; ``code`` a stable word. ``by``
    and ``why`` are of a person who decided it: they are committed to in the leaf, and stand nowhere
    but in its openings. ``bewijs`` names what else proves it (``ontvangstbewijs:<SHA-256>``).
    """

    type: EventType
    station: str
    levering: str
    name: str = ""
    place: str = ""
    code: str = ""
    remark: str = ""
    by: str = ""
    why: str = ""
    bewijs: str = ""


class Clash(StrEnum):
    """What to do when the name that a delivery was to get is taken.

    HOLD: the same bytes mean that it is ours already, other bytes are a conflict for a person.
    NEXT: take the next free neighbour of the name.
    SAME: the same bytes mean that it is ours already, else as NEXT.
    """

    HOLD = "hold"
    NEXT = "next"
    SAME = "same"


class Delivery(NamedTuple):
    """A file to be put in a place, and the event that becomes true when it is there.

    ``content`` is :class:`Carried` for bytes that were brought to beside that place already.
    ``read`` is what reading ``content`` gives, for the hub that will find it there.
    """

    place: Place
    name: str
    content: bytes | Carried
    clash: Clash = Clash.HOLD
    event: Event | None = None
    read: Read | None = None


class Fate(StrEnum):
    """What becomes of the file that was claimed, once all that it led to is durable."""

    SENT = "verzonden"
    REMOVE = "remove"
    QUARANTINE = "quarantine"
    LEAVE = "leave"


class Source(NamedTuple):
    """The claimed file's fate, and where it goes under which name."""

    fate: Fate
    place: Place | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """All that a station wants done about one arrival. The engine does it, in one round.

    ``leveringen`` are deliveries that are new or known better now, ``facts`` the answers that
    questions have from here on.
    """

    source: Source
    events: tuple[Event, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    leveringen: tuple[Levering, ...] = ()
    facts: Mapping[Key[object], object] = field(default_factory=dict)


def facts(pairs: Iterable[tuple[object, object]]) -> Mapping[Key[object], object]:
    """Facts from (question, answer) pairs of whatever types."""
    return cast("Mapping[Key[object], object]", dict(pairs))
