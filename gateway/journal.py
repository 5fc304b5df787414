# SPDX-License-Identifier: EUPL-1.2
"""What the journal remembers of a file under way: the intent to claim it, the promise made of it.

Two states, each a row that the last commit holds (``docs/internals.md`` has the table):

- *intent*: this file, in this place, will be (or was just) claimed under this id;
- *promise*: it was decided on; these staged files will get these names; then the source goes.

Everything else a restart needs it sees on the disk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gateway.model import Clash, Event, EventType, Fate, Kind, Moment, Place, Sent

INTENT = "intent"
PROMISE = "promise"


class Held(NamedTuple):
    """A file in quarantine that a person released: it is claimed from there.

    ``folder`` and ``name`` say where it lies, ``archive`` where the rest of the folder goes once
    it was claimed, ``owner`` who handed it in: a copy to another disk has another owner. ``beside``
    is the name of the bytes that it refers to, which lie in the same folder.
    """

    folder: str
    name: str
    archive: str
    owner: str | None
    beside: str = ""


@dataclass(slots=True)
class Intent(Sent):
    """A finished file that will be claimed: the moment it was seen decides its times and ids.

    ``announced_by`` is claimed with it, and so is ``proof``, its seal or assertion; ``given_up`` is
    the code for which it is to be refused.
    ``kept``: it was decided on before, and that is recorded; of its files these had landed, and the
    others are made anew. None: never decided on.
    """

    id: str
    place: Place
    name: str
    dev: int
    ino: int
    moment: Moment
    again: bool = False
    held: Held | None = None
    announced_by: str = ""
    given_up: str = ""
    kept: list[Put] | None = None
    proof: str = ""


def announcer_id(arrival: str) -> str:
    """What announced a file (a marker, a manifest) is called while both are claimed."""
    return f"{arrival}.erbij"


def proof_id(arrival: str) -> str:
    """What binds a user to a file (a seal, an assertion) is called while both are claimed."""
    return f"{arrival}.bewijs"


class Put(NamedTuple):
    """One staged file and the name it will get. Its absence proves that it got it."""

    place: Place
    staged: str
    name: str
    ino: int
    folder: int
    """Inode of the ``.tmp`` folder it was staged in: if that is another now, somebody removed the
    folder with everything in it, and absence proves nothing."""
    clash: Clash
    event: Event | None
    sha256: str
    """Of its content: what the disk gives back after a crash is held against it."""


@dataclass(slots=True)
class Promise(Sent):
    """What one decision leads to on the disk, and what becomes of its source."""

    id: str
    place: Place
    puts: list[Put]
    fate: Fate
    target: Place | None
    name: str
    size: int
    mtime_ns: int
    levering: str
    beside: tuple[Place, str] | None = None
    """The bytes that the source refers to: they share its fate."""
    again: bool = False
    announced: bool = False
    """Whether what announced it was claimed with it, and goes with it."""
    proof: str = ""
    """The name of the seal or assertion that was claimed with it; in quarantine it lies beside."""

    @property
    def places(self) -> list[Place]:
        """Every place that keeping it touches."""
        found = [self.place, *(put.place for put in self.puts)]
        found += [self.target] if self.target is not None else []
        return found + ([self.beside[0]] if self.beside is not None else [])


def _place(place: Place | None) -> list[str] | None:
    if place is None:
        return None
    return [place.kind.value, place.partij, place.uitwisseling, place.gebruiker]


def _to_place(parts: list[str]) -> Place:
    return Place(Kind(parts[0]), *parts[1:])


def encode_intent(intent: Intent) -> str:
    """An intent as the journal keeps it. Undecodable bytes of a name survive as escapes."""
    moment = intent.moment
    where = (_place(intent.place), intent.name, intent.dev, intent.ino)
    seen = (moment.nu.isoformat(), list(moment.ids), moment.stand)
    beside = (intent.announced_by, intent.given_up, intent.proof, moment.klok)
    return json.dumps([*where, *seen, intent.held, *beside])


def decode_intent(arrival: str, text: str, promise: str | None = None) -> Intent:
    """The inverse of :func:`encode_intent`, as found after a restart.

    ``promise``: what it led to before, of which the rest is made anew.
    """
    place, name, dev, ino, nu, ids, stand, held, *more = json.loads(text)
    announced_by, given_up, proof, klok = more
    moment = Moment(datetime.fromisoformat(nu), tuple(ids), stand, klok)
    return Intent(
        arrival, _to_place(place), name, dev, ino, moment, again=True,
        held=Held(*held) if held else None, announced_by=announced_by, given_up=given_up,
        kept=decode_promise(arrival, promise).puts if promise else None,
        proof=proof,
    )  # fmt: skip


def encode_promise(promise: Promise) -> str:
    """A promise as the journal keeps it."""
    puts = [
        [
            _place(p.place),
            p.staged,
            p.name,
            p.ino,
            p.folder,
            p.clash.value,
            _event(p.event),
            p.sha256,
        ]
        for p in promise.puts
    ]
    fate = (promise.fate.value, _place(promise.target), promise.name)
    source = (promise.size, promise.mtime_ns, promise.levering)
    beside = [_place(promise.beside[0]), promise.beside[1]] if promise.beside else None
    with_it = (beside, promise.announced, promise.proof)
    return json.dumps([_place(promise.place), puts, *fate, *source, *with_it])


def _event(event: Event | None) -> list[str] | None:
    if event is None:
        return None
    return [
        event.type.value,
        event.station,
        event.levering,
        event.name,
        event.place,
        event.code,
        event.remark,
        event.by,
        event.why,
        event.bewijs,
    ]


def decode_promise(arrival: str, text: str) -> Promise:
    """The inverse of :func:`encode_promise`, as found after a restart."""
    place, puts, fate, target, name, size, mtime_ns, levering, beside, announced, *more = (
        json.loads(text)
    )
    return Promise(
        arrival,
        _to_place(place),
        [_to_put(*put) for put in puts],
        Fate(fate),
        _to_place(target) if target else None,
        name,
        size,
        mtime_ns,
        levering,
        (_to_place(beside[0]), beside[1]) if beside else None,
        again=True,
        announced=announced,
        proof=more[0] if more else "",
    )


def _to_put(
    place: list[str],
    staged: str,
    name: str,
    ino: int,
    folder: int,
    clash: str,
    event: list[str] | None,
    sha256: str,
) -> Put:
    known = Event(EventType(event[0]), *event[1:]) if event else None
    return Put(_to_place(place), staged, name, ino, folder, Clash(clash), known, sha256)
