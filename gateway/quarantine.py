# SPDX-License-Identifier: EUPL-1.2
"""What a person may decide about a file in quarantine, and how the engine does it.

*Release* sends a file into the chain again, at the place where it was taken, once:

- a refused drop or report: the same delivery goes on, under its own referentienummer and with the
  time at which it was handed in, by the configuration and the grants of now; ``--as`` chooses the
  exchange of a drop;
- a refused envelope: the hub judges the same message again (it is known, so StUF019 does not hold);
- a name conflict: the envelope is judged again and gets the next number;
- a file that was written to after it was taken, or that the journal does not know: a new delivery,
  where it is known at which place it was taken.

*Drop* says that it goes no further; the folder moves to the archive. Both are an event and a leaf,
with who decided it and why; two people who decide at once are heard one after the other, and the
second is told what the first did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.config import Config
from gateway.custody import Ledger
from gateway.errors import GatewayError
from gateway.folders import Folders
from gateway.journal import Held, Intent, decode_intent
from gateway.model import READING_ENDS, STATION_OF, Direction, Event, EventType, Kind, Place
from gateway.moment import Clock, iso
from gateway.names import als_id
from gateway.requests import Asked, Response
from gateway.restored import lies_there
from gateway.store import Changes, Store
from gateway.store_held import DROPPED, HELD, RELEASED

Row = Mapping[str, Any]

KIND = "quarantine"
"""The kind of request (``requests.py``)."""

CURABLE = ("StUF010", "StUF013", "StUF019", "StUF034", "StUF040", "StUF043", "IB007",
           "geen-vertrouwen", "lijst-verlopen", "onbekende-uitgever", "verkeerde-oin",
           READING_ENDS)  # fmt: skip
"""Why an envelope may be refused that can be otherwise by now: by configuration, by what came
since, or by the release itself. Anything else is wrong in the envelope, and stays wrong."""

NOBODY = "onbekend"
"""The user of a file whose owner has no name."""

_HOPS = (Kind.GGK_UIT, Kind.GGK_IN)
_STATES = {RELEASED: "released", DROPPED: "dropped"}


def objection(row: Row | None, action: str, chosen: str, root: str, config: Config) -> str | None:
    """Why this cannot be done about this file, in a sentence; None when it can."""
    if row is None:
        return "there is no such file in quarantine; knooppunt quarantine list"
    if row["state"] != HELD:
        # Every decision that this database knows of has a leaf.
        since = ", after the backup that was restored" if row["decision_leaf"] is None else ""
        return f"it was {_STATES[row['state']]} already{since}, at {iso(row['decided_at'])}"
    if action == "drop":
        return None
    if not lies_there(root, row):
        return (
            "its file is not there any more: it was released after the backup that was restored, "
            "or somebody took it away by hand; drop takes it off the list"
        )
    return _not_again(row, chosen, config)


def _not_again(row: Row, chosen: str, config: Config) -> str | None:
    """Why a release would lead to nothing."""
    place = decode_intent(row["id"], row["intent"]).place
    if place.kind is Kind.QUARANTAINE:
        return (
            "where it was taken went with the database: whose it is must be found out; lay a copy "
            "of it in that outbox, where it is a new delivery, and drop this one"
        )
    if row["soort"] == "naam-bezet" and place.kind is Kind.OUTBOX:
        return (
            "its envelope lies here, and the file itself in 'verzonden': move the other file away "
            "from ggk/uit, then move the envelope there by hand"
        )
    if place.kind is Kind.OUTBOX:
        return _not_dropped_again(row, place, chosen, config)
    if chosen:
        return "--as chooses the exchange of a municipality's drop; this file came another way"
    if place.kind in _HOPS and row["soort"] == "geweigerd" and row["code"] not in CURABLE:
        return (
            f"{row['code']} is a fault in the envelope itself: the system that sent it must mend "
            "it and send it anew; drop this one"
        )
    return None


def _not_dropped_again(row: Row, place: Place, chosen: str, config: Config) -> str | None:
    if config.partij(place.partij) is None:
        return f"party {place.partij} is not in the configuration any more"
    wanted = ", ".join(one.id for one in config.heen)
    exchange = config.uitwisselingen.get(chosen or place.uitwisseling)
    if chosen and (exchange is None or exchange.direction is not Direction.HEEN):
        return f"there is no exchange {chosen} that takes files; choose from: {wanted}"
    lost = row["soort"] == "wees" and row["id"].startswith(f"wees-{als_id(_name(row))}")
    if lost and not exchange:
        return f"its name is lost, so say which exchange it is for: --as {wanted}"
    if row["l_size"] == 0:
        return "it is empty: ask for a filled one, and drop this one"
    if not exchange and config.uitwisseling_voor(_name(row)) is None:
        return f"still no exchange fits its name; choose one: --as {wanted}"
    return None


def _name(row: Row) -> str:
    return decode_intent(row["id"], row["intent"]).name


class Quarantine:
    """Does what people decide, in the engine. :meth:`handle` is the handler of the requests."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock, folders: Folders) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._folders = folders

    def handle(self, asked: Asked, changes: Changes) -> Response:
        """Release or drop the files that are named, each for itself.

        The answer tells of each id ``done``, or else ``refused`` with the objection.
        """
        body = asked.body
        action = body.get("action")
        if action not in ("release", "drop") or not body.get("by") or not body.get("reason"):
            raise GatewayError("a decision says what is to be done, who decided it, and why")
        if hangs := self._folders.hangs(self._folders.path(Place(Kind.QUARANTAINE))):
            raise GatewayError(hangs, hint="decide once it answers again; nothing was done")
        done: list[dict[str, str]] = []
        refused: list[dict[str, str]] = []
        response = Response({"done": done, "refused": refused})
        for folder in dict.fromkeys(map(str, body.get("ids", ()))):
            row = self._store.held(folder)
            config = self._folders.config
            said = objection(row, action, body.get("as", ""), self._folders.root, config)
            if row is None or said is not None:
                refused.append({"id": folder, "reason": said or ""})
            else:
                done.append(self._decide(row, asked, changes, response))
        return response

    def _decide(
        self, row: Row, asked: Asked, changes: Changes, response: Response
    ) -> dict[str, str]:
        body, folder = asked.body, row["id"]
        release = body["action"] == "release"
        archive = f"{asked.id}.{folder}"
        kind = EventType.RELEASED if release else EventType.DROPPED
        told = {"id": folder, "name": _name(row), "referentienummer": ""}
        leaf = None
        if row["levering"]:
            levering = self._store.levering(row["levering"])
            told["referentienummer"] = levering.referentienummer
            event = Event(kind, _station(row), levering.id, levering.naam, f"quarantaine/{folder}",
                          row["soort"], f"who and why: knooppunt quarantine show {folder}",
                          body["by"], body["reason"])  # fmt: skip
            response.happened.append((event, levering))
        else:
            about = {"object": "quarantine", "action": body["action"]}
            leaf = self._ledger.act(f"quarantine.{body['action']}", body["by"], about, changes,
                                    name=folder, why=body["reason"])  # fmt: skip
        changes.decided_on.append(
            {"key": folder, "new_state": RELEASED if release else DROPPED, "new_archive": archive,
             "new_at": self._clock.klok(), "new_leaf": leaf}
        )  # fmt: skip
        if release:
            response.intents.append(self._intent(row, body.get("as", ""), archive))
        else:
            response.archive.append((folder, archive))
        return told

    def _intent(self, row: Row, chosen: str, archive: str) -> Intent:
        """By what it is claimed again: the first intent where the delivery goes on."""
        first = decode_intent(row["id"], row["intent"])
        place, name, id_, moment = first.place, first.name, first.id, first.moment
        if chosen:
            place = Place(Kind.OUTBOX, place.partij, chosen, place.gebruiker)
        if row["soort"] in ("gewijzigd", "wees"):  # it never was a delivery of its own
            id_ = self._clock.fresh_ulid()
        if id_ != first.id or place.kind in _HOPS:  # an answer has a number of its own
            moment = self._clock.moment(self._ledger.size)
        moment = moment._replace(stand=self._ledger.size)  # by the grants of now
        user = row["l_gebruiker"]
        held = Held(row["id"], row["name"], archive, user if user != NOBODY else None,
                    row["beside"])  # fmt: skip
        proof = row["beside"] if place.kind is Kind.OUTBOX else ""
        return Intent(id_, place, name, 0, 0, moment, again=True, held=held, proof=proof)


def _station(row: Row) -> str:
    return STATION_OF[decode_intent(row["id"], row["intent"]).place.kind]
