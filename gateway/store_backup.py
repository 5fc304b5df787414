# SPDX-License-Identifier: EUPL-1.2
"""A copy of the store while the engine writes it, and a store that takes up leaves it forgot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from gateway import store_tables as t
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import Frontier
from gateway.errors import StateError
from gateway.lifecycle import PSEUDONYM_LINK, TRANSITIONS, Status, step
from gateway.model import STATION_OF, EventType, Kind, Used
from gateway.store import connect
from gateway.store_health import reading

STEP = 10_000
"""Leaves in memory at once."""

UNKNOWN = "onbekend"
"""The uitvraag of deliveries whose name gives none; they are numbered too."""

_ACCEPTED = TRANSITIONS[EventType.ACCEPTED].leaf
_USED_ONCE = ("seal", "idp-bound")
_EVENTS = {meaning.leaf: event for event, meaning in TRANSITIONS.items() if meaning.leaf}


def snapshot(path: str, copy: str) -> None:
    """Write the store as of the last commit into a new file; the engine goes on meanwhile.

    Not durable yet. ``VACUUM INTO`` reads one state of the database, whole, in one transaction: a
    copy of the file and its WAL beside a writer is no backup. Raises :class:`StateError`.
    """
    try:
        with reading(path) as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (copy,))
    except DatabaseError as error:
        raise StateError(f"{copy} could not be written: {error.orig}") from error


def head_of(path: str) -> tuple[str, int, bytes]:
    """The log in a store: its origin, number of leaves and root."""
    with reading(path) as connection:
        row = connection.execute(sa.select(t.head.c.size, t.head.c.root)).first()
    origin = setting(path, "origin")
    if row is None or origin is None:
        raise StateError(f"{path} holds no log", hint="is it the database of a gateway?")
    return origin, row.size, row.root


def setting(path: str, key: str) -> str | None:
    """A setting of the state in a store; None where it has none."""
    with reading(path) as connection:
        return connection.execute(sa.select(t.meta.c.value).where(t.meta.c.key == key)).scalar()


def roots_at(path: str, sizes: AbstractSet[int]) -> dict[int, bytes]:
    """The root that the log in a store had at each of these sizes, made again from its leaves."""
    found, frontier = {}, Frontier()
    with reading(path) as connection:
        for content in _leaves(connection, max(sizes, default=0)):
            if frontier.size in sizes:
                found[frontier.size] = frontier.root()
            frontier.append(leaf_hash(content))
    if frontier.size in sizes:
        found[frontier.size] = frontier.root()
    return found


def _leaves(connection: sa.Connection, stop: int) -> Iterator[bytes]:
    for start in range(0, stop, STEP):
        query = sa.select(t.leaf.c.content).where(
            t.leaf.c.idx >= start, t.leaf.c.idx < min(stop, start + STEP)
        )
        yield from connection.execute(query.order_by(t.leaf.c.idx)).scalars()


def refused_since(path: str, size: int) -> dict[str, str]:
    """Of the leaves from a place on: which drops GGk refused, each with its municipality."""
    rejected = TRANSITIONS[EventType.REJECTED].leaf
    with reading(path) as connection:
        query = sa.select(t.leaf.c.content).where(t.leaf.c.idx >= size)
        told = [json.loads(one) for one in connection.execute(query).scalars()]
    return {
        one["msg"]: one["tenant"]
        for one in told
        if one["type"] == rejected and one["source"] == STATION_OF[Kind.OUTBOX]
    }


def adopt(
    path: str, leaves: Iterable[bytes], uitvragen: Iterable[str], margin: int
) -> tuple[int, int]:
    """Append leaves that were published and that this store forgot.

    How many there were, and how many of them grant or revoke a role: those a person must do again,
    since a leaf names nobody.

    What they tell of deliveries that it knows becomes events and status. Of others only the leaf is
    left, and that the seal or login that a file was accepted on is used. So that no number is given
    again, each series of numbers of a party and exchange that they name is moved on by as many as
    there are such leaves, and ``margin``: for every uitvraag that the store or ``uitvragen`` knows.
    One transaction. The caller has verified the leaves.
    """
    engine = connect(path, writer=True)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            found = _Adoption(connection).take(leaves, {*uitvragen, UNKNOWN}, margin)
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()
    return found


class _Adoption:
    def __init__(self, connection: sa.Connection) -> None:
        self._run = connection
        row = connection.execute(sa.select(t.head)).one()
        self._frontier = Frontier.from_bytes(row.frontier)
        self._at = row.at
        self._pairs: dict[tuple[str, str], int] = {}

    def take(
        self, leaves: Iterable[bytes], uitvragen: AbstractSet[str], margin: int
    ) -> tuple[int, int]:
        before, roles = self._frontier.size, 0
        for content in leaves:
            index = self._frontier.append(leaf_hash(content))
            self._run.execute(sa.insert(t.leaf), {"idx": index, "content": content})
            fields = json.loads(content)
            self._at = max(self._at, fields["at"])
            roles += fields["type"].startswith("role.")
            if fields["type"] == PSEUDONYM_LINK:
                row = {"leaf": index, "msg": fields["msg"]}
                self._run.execute(sa.insert(t.koppeling), row)
            elif "msg" in fields:
                pair = fields.get("tenant", ""), fields["object"]
                self._pairs[pair] = self._pairs.get(pair, 0) + 1
                self._tell(index, fields)
                self._use(fields)
        root, frontier = self._frontier.root(), self._frontier.to_bytes()
        self._run.execute(
            sa.update(t.head).values(
                size=self._frontier.size, root=root, frontier=frontier, at=self._at
            )
        )
        for (code, exchange), count in self._pairs.items():
            self._move_on(code, exchange, count + margin, uitvragen)
        return self._frontier.size - before, roles

    def _tell(self, index: int, fields: dict[str, Any]) -> None:
        """What happened to a delivery that the store knows."""
        event = _EVENTS.get(fields["type"])
        query = sa.select(t.levering.c.seq, t.levering.c.status)
        row = self._run.execute(query.where(t.levering.c.id == fields["msg"])).first()
        if row is None or event is None:
            return
        last = self._run.execute(sa.select(sa.func.max(t.event.c.seq))).scalar() or 0
        result = fields["result"]
        told = {
            "seq": last + 1, "levering": row.seq, "leaf": index, "at": fields["at"],
            "type": event.value, "station": fields["source"], "place": "", "name": "",
            "code": "" if result == "ok" else result, "remark": "taken from the log at a restore",
        }  # fmt: skip
        self._run.execute(sa.insert(t.event), told)
        status = step(Status(row.status), EventType(event))
        self._run.execute(
            sa.update(t.levering)
            .where(t.levering.c.seq == row.seq)
            .values(status=status.value, last_leaf=index)
        )

    def _use(self, fields: dict[str, Any]) -> None:
        """The seal or login on which a file was accepted is not taken again; a session may be."""
        if fields["type"] != _ACCEPTED or fields.get("auth") not in _USED_ONCE:
            return
        sha256 = fields["content"] if fields["auth"] == "idp-bound" else ""
        for one in fields.get("evidence", []):
            row = {"identity": Used.by_leaf(one, sha256).identity, "arrival": fields["msg"]}
            self._run.execute(insert(t.used).values(row).on_conflict_do_nothing())

    def _move_on(self, code: str, exchange: str, count: int, uitvragen: AbstractSet[str]) -> None:
        table = t.last_number
        ours = (table.c.gemeentecode == code, table.c.uitwisseling == exchange)
        known = set(self._run.execute(sa.select(table.c.uitvraag).where(*ours)).scalars())
        self._run.execute(
            sa.update(table).where(*ours).values(volgnummer=table.c.volgnummer + count)
        )
        for one in uitvragen - known:
            row = {"gemeentecode": code, "uitwisseling": exchange, "uitvraag": one}
            self._run.execute(insert(table).values(volgnummer=count, **row))
