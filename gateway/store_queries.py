# SPDX-License-Identifier: EUPL-1.2
"""What people ask of the store: where is my file, what happened, how do things stand. Read-only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from gateway import names, screens
from gateway import store_tables as t
from gateway.confirmed import Unconfirmed
from gateway.errors import StateError
from gateway.model import Key
from gateway.moment import iso
from gateway.store import connect
from gateway.store_held import held_rows, opened
from gateway.store_questions import leaves, lookup
from gateway.store_receipts import first_confirmed, unanswered, unconfirmed
from gateway.waits import Kept

Row = dict[str, Any]

MATCHES = 1_000
"""At most so many deliveries for one question: a name may have been used for years."""

_RECORD = "_metagegevens.xml"
_DIGEST = re.compile("[0-9a-f]{8,64}")


def _also_called(name: str) -> list[str]:
    """The names of what goes beside a file: a notice is recorded by its XML."""
    return [name, f"{name[:-4]}.xml"] if name.endswith(".txt") else [name]


class Reader:
    """A reader's own connection; it never writes and never waits for the engine."""

    def __init__(self, path: str) -> None:
        if not os.path.exists(path):
            raise StateError(
                f"there is no state at {os.path.dirname(path)}",
                hint="run `knooppunt init` first, or say where it lies with --state DIR",
            )
        self._engine = connect(path, writer=False)
        try:
            self._connection = self._engine.connect()
        except DatabaseError as error:
            raise StateError(f"the state at {path} cannot be read: {error.orig}") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rows(self, query: sa.Select[Any]) -> list[Row]:
        """The rows of a query, as dicts."""
        return [dict(row._mapping) for row in self._connection.execute(query)]

    # --- trace ---

    def trace(self, ref: str) -> list[Row]:
        """All deliveries that ``ref`` names, oldest first, as contracts.md has them.

        ``ref`` is a referentienummer, any name that the file ever had, or at least 8 digits of
        its SHA-256.
        """
        found = self._matching(ref)
        if not found:
            return []
        query = sa.select(t.levering).where(t.levering.c.seq.in_(found)).order_by(t.levering.c.seq)
        rows = self.rows(query)
        events = self._events_of(found)
        return [_message(row, events.get(row["seq"], [])) for row in rows]

    def answers_to(self, referentienummer: str) -> list[Row]:
        """What came back on a delivery, as :meth:`trace` tells it."""
        query = sa.select(t.levering).where(t.levering.c.answers_to == referentienummer)
        rows = self.rows(query.order_by(t.levering.c.seq))
        events = self._events_of([row["seq"] for row in rows])
        return [_message(row, events.get(row["seq"], [])) for row in rows]

    def _matching(self, ref: str) -> list[int]:
        shown = names.toonbaar(ref)
        ref = ref.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        spelled = {shown, ref}  # as the disk has the name, or as we show it
        if shown.endswith(".txt"):  # a notice for people is recorded by the one for programs
            spelled.add(f"{shown[:-4]}.xml")
        by_name = sa.select(t.event.c.levering).where(t.event.c.name.in_(spelled))
        by_original = sa.select(t.levering.c.seq).where(t.levering.c.naam.in_(spelled))
        by_reference = sa.select(t.levering.c.seq).where(
            t.levering.c.referentienummer == ref.lower()
        )
        queries: list[sa.Select[Any]] = [by_name, by_original, by_reference]
        if shown.endswith(_RECORD):  # the metagegevens of a delivered file, whatever its extension
            stem = shown.removesuffix(_RECORD)
            column = t.event.c.name
            queries.append(
                sa.select(t.event.c.levering).where(column >= f"{stem}.", column < f"{stem}/")
            )
        if _DIGEST.fullmatch(ref.lower()):
            low = ref.lower()
            digest = t.levering.c.sha256
            queries.append(sa.select(t.levering.c.seq).where(digest >= low, digest < low + "g"))
        found = {seq for query in queries for seq in self._connection.execute(query).scalars()}
        return sorted(found)[-MATCHES:]

    def _events_of(self, leveringen: Sequence[int]) -> dict[int, list[Row]]:
        query = sa.select(t.event).where(t.event.c.levering.in_(leveringen))
        found: dict[int, list[Row]] = {}
        for row in self.rows(query.order_by(t.event.c.seq)):
            found.setdefault(row["levering"], []).append(row)
        return found

    # --- receipts ---

    def unconfirmed(self, wanted: Mapping[str, str], before: str) -> list[Unconfirmed]:
        """What should have its receiver's sealed receipt by now, and has not."""
        return unconfirmed(self._connection, wanted, before)

    def first_confirmed(self, uitwisseling: str) -> str | None:
        """Since when an exchange's deliveries are confirmed: the first one's tijdstipBericht."""
        return first_confirmed(self._connection, uitwisseling)

    def tijdstip(self, id_: str) -> str:
        """A delivery's tijdstipBericht, by our id of it; empty when it has none."""
        query = sa.select(t.levering.c.tijdstip).where(t.levering.c.id == id_)
        return str(self._connection.execute(query).scalar() or "")

    # --- status and tail ---

    def counts(self) -> list[Row]:
        """How many deliveries stand where, by exchange and direction."""
        columns = (t.levering.c.uitwisseling, t.levering.c.direction, t.levering.c.status)
        query = sa.select(*columns, sa.func.count().label("count"), sa.func.max(t.levering.c.at))
        rows = self.rows(query.group_by(*columns).order_by(*columns))
        for row in rows:
            row["latest"] = iso(row.pop("max_1"))
        return rows

    def under_way(self) -> int:
        """Files that were claimed, or are about to be, and are not done."""
        return int(
            self._connection.execute(sa.select(sa.func.count()).select_from(t.arrival)).scalar_one()
        )

    def unanswered(self) -> Row:
        """Deliveries that the next hub has not answered: how many, since when.

        ``oldest`` is since when the first of them awaits it, None when there are none.
        """
        count, first = unanswered(self._connection)
        return {"count": count, "oldest": None if first is None else iso(first)}

    def last_event(self) -> int:
        """The number of the newest event; 0 for none."""
        return int(self._connection.execute(sa.select(sa.func.max(t.event.c.seq))).scalar() or 0)

    def tail(self, after: int, limit: int = 1000) -> Iterator[Row]:
        """Events after this one, oldest first, with the delivery they belong to."""
        query = (
            sa.select(t.event, *(c.label(f"l_{c.name}") for c in t.levering.c))
            .join(t.levering, t.levering.c.seq == t.event.c.levering)
            .where(t.event.c.seq > after)
            .order_by(t.event.c.seq)
            .limit(limit)
        )
        for row in self.rows(query):
            yield {
                "seq": row["seq"],
                "leaf": row["leaf"],
                "at": iso(row["at"]),
                "type": row["type"],
                "station": row["station"],
                "place": screens.place(row["place"]),
                "name": screens.name(row["name"]),
                "code": row["code"],
                "remark": screens.name(row["remark"]),
                "id": row["l_id"],
                "referentienummer": row["l_referentienummer"],
                "direction": row["l_direction"],
                "gemeentecode": row["l_gemeentecode"],
                "uitwisseling": row["l_uitwisseling"],
            }

    def waits(self) -> list[Kept]:
        """Since when files wait for what lasts."""
        return [Kept(row["key"], row["since"], row["detail"]) for row in self.rows(
            sa.select(t.waiting))]  # fmt: skip

    def journal(self) -> list[Row]:
        """Every file under way, in the order in which it was seen."""
        return self.rows(sa.select(t.arrival).order_by(t.arrival.c.seq))

    def lookup(self, wanted: Iterable[Key[object]]) -> Mapping[Key[object], object]:
        """What a station asks, answered as of the last commit."""
        return lookup(self._connection, wanted)

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """The bytes of leaves ``start`` up to but not including ``stop``."""
        return leaves(self._connection, start, stop)

    def meta(self, key: str) -> str | None:
        """A setting of this state."""
        query = sa.select(t.meta.c.value).where(t.meta.c.key == key)
        return self._connection.execute(query).scalar()

    def held(self) -> list[Row]:
        """Every folder that ever was in quarantine, oldest first (``store_held.py``)."""
        return held_rows(self._connection)

    def opened(self, leaf: int) -> dict[str, str]:
        """What the commitments of a leaf stand for, by label; empty when that was erased."""
        return opened(self._connection, leaf)

    def answer(self, request: str) -> str | None:
        """What the engine answered to a request (``requests.py``), as JSON; None: nothing yet."""
        query = sa.select(t.answered.c.answer).where(t.answered.c.id == request)
        return self._connection.execute(query).scalar()

    def head(self) -> Row | None:
        """Size and root of the audit log, as the database has them."""
        rows = self.rows(sa.select(t.head))
        return rows[0] if rows else None


def _message(row: Row, events: list[Row]) -> Row:
    names_had = list(dict.fromkeys([row["naam"], *(e["name"] for e in events if e["name"])]))
    told: list[Row] = []
    before = events[0]["at"] if events else 0
    for one in events:
        told.append(
            {
                "leaf": one["leaf"],
                "at": iso(one["at"]),
                "type": one["type"],
                "station": one["station"],
                "place": screens.place(one["place"]),
                "name": screens.name(one["name"]),
                "ms": one["at"] - before,
                "code": one["code"],
                "remark": screens.name(one["remark"]),
            }
        )
        before = one["at"]
    return {
        "id": row["id"],
        "referentienummer": row["referentienummer"],
        "direction": row["direction"],
        "gemeentecode": row["gemeentecode"],
        "uitwisseling": row["uitwisseling"],
        "uitvraag": row["uitvraag"],
        "status": row["status"],
        "names": [screens.name(one) for one in names_had],
        "sha256": row["sha256"],
        "size": row["size"],
        "answers_to": row["answers_to"],
        "events": told,
    }
