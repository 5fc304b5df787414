# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt why PATH``: why a file lies there, or where it went.

One answer for each path: it waits (the codes of ``docs/internals.md``), it was taken, nothing is
ever taken there, or nothing is known of it. Of a finished file it is also told what the station
will decide: stations are pure, so asking one changes nothing.
"""

from __future__ import annotations

import os
from typing import Any, cast

import envelopes
from gateway import names, receipts, screens
from gateway.config import Config
from gateway.confirmed import Wanted
from gateway.folders import place_of
from gateway.journal import PROMISE, decode_intent, decode_promise
from gateway.location import Location
from gateway.log_roots import with_roots
from gateway.lying import Lying
from gateway.model import (
    STATION_OF,
    Arrival,
    ByReference,
    EventType,
    Key,
    Kind,
    Known,
    Levering,
    Place,
)
from gateway.moment import iso
from gateway.names import toonbaar
from gateway.restored import gaps
from gateway.stations import STATIONS
from gateway.store_queries import Reader
from gateway.waits import IGNORED, Unusable

Row = dict[str, Any]

_REFUSALS = (EventType.REJECTED, EventType.REFUSED, EventType.QUARANTINED)
_PUT = (EventType.ACCEPTED, EventType.RELAYED, EventType.DELIVERED)
"""Events whose place is where the file, or its envelope, was put: not an answer or a notice."""

_RECEIPT = {
    "confirmed": "; its receiver confirmed it under its own seal",
    "awaited": "; its receiver's sealed receipt is awaited",
    "missing": "; its receiver's sealed receipt is missing",
}
MESSAGES = 20
"""At most so many earlier files of the same name are told, the newest."""


def explain(location: Location, config: Config, path: str) -> Row:
    """Why a path is as it is (docs/schemas/why.schema.json)."""
    path = os.path.abspath(path)
    with Reader(location.database) as reader, Lying(location, config, reader) as lying:
        silent = lying.silent(path)
        if silent is not None:  # nobody can see whether it lies there
            return {**_empty(silent), "lies_here": False}
        path, name = _resolved(location, path), os.path.basename(path)
        purpose = lying.purpose(path)
        if purpose is not None:
            return {**_empty(purpose), "lies_here": True}
        place = place_of(os.fsencode(os.path.relpath(path, location.root)))
        unusable = _unusable(lying, reader, place, name) if place else None
        if unusable is not None:
            return {**_empty({**lying.stray(path), **unusable}), "lies_here": True}
        # An outbox may have had sub-folders that were removed since.
        top = place and Place(place.kind, place.partij)
        if place is not None and (place in lying.sources or top in lying.sources):
            lying.read_announcements(place)
            return _of_place(lying, reader, place, name)
        return {
            **_empty(lying.stray(path)),
            "lies_here": os.path.lexists(path),
            "meant": lying.meant(path),
        }


def _resolved(location: Location, path: str) -> str:
    """The folder's links are resolved, the file's own are not: a link is a finding."""
    folder, name = os.path.split(path)
    path = os.path.join(os.path.realpath(folder), name)
    real_root = os.path.realpath(location.root)
    if path.startswith(real_root + os.sep):
        path = os.path.join(location.root, os.path.relpath(path, real_root))
    return path


def _empty(row: Row) -> Row:
    return {**row, "lies_here": True, "foreseen": None, "messages": [], "meant": None}


def _of_place(lying: Lying, reader: Reader, place: Place, name: str) -> Row:
    path = os.path.join(lying.folders.path(place), name)
    here = os.path.lexists(path) and os.path.isdir(lying.folders.path(place))
    waiting = lying.look(place, name) if here else None
    messages = _messages(lying, reader, place, name)
    if waiting is not None:
        row = {**_empty(lying.row(waiting)), "messages": messages}
        return _foresee(lying, reader, place, name, row) if waiting.code == "klaar" else row
    under_way = _under_way(lying, reader, place, name)
    if under_way is not None:
        code, reason = "onderweg", under_way
    elif messages:
        last = messages[-1]
        code = "genomen"
        reason = f"taken; it stands at {last['status']}, last in {last['place']} as {last['name']}"
        reason += _RECEIPT.get((last["receipt"] or {}).get("state", ""), "")
    else:
        code, reason = "onbekend", "nothing lies here, and nothing of this name was ever taken here"
        if told := gaps(reader):
            reason = f"nothing lies here, and nothing known was taken here by this name; {told}"
    row = {"path": lying.shown(path), "code": code, "reason": reason, "retry_s": None}
    return {**_empty({**row, "since": None, "next": None}), "lies_here": False,
            "messages": messages}  # fmt: skip


def _messages(lying: Lying, reader: Reader, place: Place, name: str) -> list[Row]:
    """What was taken from this place under this name, oldest first, and where it is now."""
    found, shown = [], screens.place(str(place))
    wanted = Wanted.of(lying.config)
    for one in reader.trace(name):
        taken = [e for e in one["events"] if e["place"] == shown or e["type"] == "rejected"]
        if place.kind is Kind.OUTBOX and (one["gemeentecode"] != place.partij or not taken):
            continue
        last = _last_put(one["events"])
        found.append(
            {
                "referentienummer": one["referentienummer"],
                "gemeentecode": one["gemeentecode"],
                "uitwisseling": one["uitwisseling"],
                "status": one["status"],
                "at": last["at"] if last else None,
                "place": last["place"] if last else "",
                "name": last["name"] if last else toonbaar(name),
                "receipt": receipts.of(reader, one, lying.clock.nu(), wanted),
            }
        )
    return found[-MESSAGES:]


def _last_put(events: list[Row]) -> Row | None:
    """The event that says where the file is, as far as the chain knows."""
    for one in reversed(events):
        if one["type"] in _PUT or one["place"].startswith("quarantaine/"):
            return one
    return events[-1] if events else None


def _under_way(lying: Lying, reader: Reader, place: Place, name: str) -> str | None:
    """Whether the journal has a file of this place and name: it was claimed, and is not done."""
    for row in reader.journal():
        if row["state"] == PROMISE:
            promise = decode_promise(row["id"], row["promise"])
            same = (promise.place, promise.name) == (place, name)
        else:
            intent = decode_intent(row["id"], row["intent"])
            same = (intent.place, intent.name) == (place, name)
        if same:
            stuck = lying.stuck(place, name)
            said = f" since it cannot go on: {stuck.reason}" if stuck else ""
            goes = "goes on by itself" if lying.runs else "goes on as soon as a gateway runs"
            return f"taken, and not done yet{said}; {goes}"
    return None


def _unusable(lying: Lying, reader: Reader, place: Place, name: str) -> Row | None:
    """What lies there in place of an answer and was left: why, whose fault, and what now."""
    wait = lying.waits.get(place, name, IGNORED)
    found = lying.folders.identity(place, name) if wait is not None else None
    if wait is None or found is None:
        return None
    read = Unusable.of(wait)
    number = names.envelop_referentie(name)
    asked = cast("Key[object]", ByReference(number))
    message = cast("Levering | None", reader.lookup([asked])[asked])
    hub = "RINIS" if place.kind is Kind.GGK_UIT_ANTWOORD else "GGk"
    reason = f"it bears the name of the answer to {number}, which is awaited, and "
    if list(found) != read.file:
        reason += "what was read under it was none; this is another: it is read in the next round"
    else:
        why = _no_answer(lying, place, name, message, unread=read.unread)
        reason += (
            f"cannot be used: {why}. It stays, and the message stays unanswered. That is for "
            f"{hub} to mend, or for who put this here: it lays its answer down anew, under this "
            f"name and whole; then that is read (knooppunt trace {number})"
        )
    return {"code": IGNORED, "reason": screens.name(reason), "since": iso(wait.since)}


def _no_answer(
    lying: Lying, place: Place, name: str, message: Levering | None, *, unread: bool
) -> str:
    """Why a station made nothing of it, in words."""
    if message is None:
        return "no message of this gateway has that number"
    if unread:
        return "reading it ended the gateway too often, so it is not looked into"
    try:
        content = lying.folders.read_in_place(place, name)
    except OSError as error:
        return f"reading it fails: {error.strerror}"
    if content is None or content.content is None:
        return "it is larger than an answer can be, or somebody is writing it"
    try:
        envelopes.read_answer(content.content)
    except envelopes.EnvelopeError as error:
        return f"it is no whole Bv03 or Fo03 ({error.details or error.omschrijving})"
    return "it answers another message (crossRefnummer)"


def _foresee(lying: Lying, reader: Reader, place: Place, name: str, row: Row) -> Row:
    """What the station will decide on a finished file: a refusal is told before it happens."""
    try:
        content = lying.folders.read_in_place(place, name)
    except OSError as error:
        return {**row, "reason": f"{row['reason']}; reading it fails: {error.strerror}"}
    if content is None or content.content is None:
        return row
    head = reader.head()
    stand = head["size"] if head else 0
    arrival = Arrival("why", place, name, content.size, content.sha256, content.content,
                      content.owner, lying.clock.moment(stand),
                      proof=lying.folders.read_proof(place, name))  # fmt: skip
    station = STATIONS[STATION_OF[place.kind]]
    ask = with_roots(reader.lookup, reader.leaves, lying.audit)
    known = Known(ask(station.needs(arrival, lying.config)))
    decision = station.decide(arrival, known, lying.config)
    for event in decision.events:
        if event.type in _REFUSALS:
            reason = f"{row['reason']}; it will be refused, and lie in quarantine: {event.remark}"
            return {**row, "reason": reason, "foreseen": event.code}
    return row
