# SPDX-License-Identifier: EUPL-1.2
"""Who may, and who did: grants as they stand or stood, and who used what, when. Read-only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway import store_tables as t
from gateway.autorisatie import Grant, in_force
from gateway.lifecycle import Status
from gateway.model import Direction, EventType
from gateway.moment import iso
from gateway.store_queries import Reader, Row

_READY = (Status.DELIVERED, Status.ACKNOWLEDGED)
_REFUSED = (Status.REJECTED, Status.REFUSED, Status.DROPPED)
"""A delivery that stands so has the code of its refusal; one that a person released goes on."""


class Wanted(NamedTuple):
    """Which uses are asked for; times in ms since 1970, ``until`` not included."""

    exchanges: set[str] | None
    gebruiker: str
    gemeentecode: str
    since: int | None
    until: int | None


def grants_of(
    database: str, wanted: dict[str, str], until: int | None, *, history: bool
) -> list[Row]:
    """Grants in force now, or before ``until`` (ms since 1970); with ``history`` all that was.

    ``wanted`` narrows by column; an empty value does not.
    """
    table = t.autorisatie
    query = sa.select(table).order_by(table.c.leaf)
    for column, value in wanted.items():
        if value:
            query = query.where(table.c[column] == value)
    if until is not None:
        query = query.where(table.c.at < until)
    with Reader(database) as reader:
        rows = reader.rows(query)
    if not history:
        grants = [Grant(*(row[name] for name in Grant._fields)) for row in rows]
        last = max((one.leaf for one in grants), default=-1)
        kept = {one.leaf for one in in_force(grants, last + 1)}
        rows = [row for row in rows if row["leaf"] in kept]
    return [row | {"at": iso(row["at"])} for row in rows]


def used(database: str, wanted: Wanted, limit: int) -> tuple[list[Row], bool]:
    """The newest uses that fit, oldest first, at most ``limit``; and whether there were more.

    An upload is one of the user that handed it in; what came back is one of the user whose
    delivery it answers, if that is known.
    """
    with Reader(database) as reader:
        rows = reader.rows(_query(wanted, reader).limit(limit + 1))
    return [_use(row) for row in reversed(rows[:limit])], len(rows) > limit


def ever_used(database: str, uitwisseling: str) -> bool:
    """Whether the store knows a delivery of this exchange, which may be configured no more."""
    one = t.levering
    query = sa.select(one.c.seq).where(one.c.uitwisseling == uitwisseling).limit(1)
    with Reader(database) as reader:
        return bool(reader.rows(query))


def _query(wanted: Wanted, reader: Reader) -> sa.Select[Any]:
    one, answered = t.levering, t.levering.alias("answered")
    of_answered = (
        sa.select(answered.c.gebruiker)
        .where(
            answered.c.referentienummer == one.c.answers_to,
            answered.c.gemeentecode == one.c.gemeentecode,
            answered.c.direction == Direction.HEEN.value,
        )
        .limit(1)
        .scalar_subquery()
    )
    back = one.c.direction == Direction.RETOUR.value
    user = sa.case((back, sa.func.coalesce(of_answered, "")), else_=one.c.gebruiker)
    why = (
        sa.select(t.event.c.code)
        .where(t.event.c.levering == one.c.seq)
        .where(t.event.c.type.in_([EventType.REJECTED.value, EventType.REFUSED.value]))
        .order_by(t.event.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(one, user.label("user"), why.label("why")).order_by(one.c.seq.desc())
    query = query.where(~back | one.c.status.in_(_READY))
    if wanted.exchanges is not None:
        query = query.where(one.c.uitwisseling.in_(wanted.exchanges))
    if wanted.gemeentecode:
        query = query.where(one.c.gemeentecode == wanted.gemeentecode)
    if wanted.gebruiker:
        query = query.where(user == wanted.gebruiker)
    if wanted.since is not None:
        query = query.where(one.c.seq >= _first_at(wanted.since, reader))
    if wanted.until is not None:
        query = query.where(one.c.seq < _first_at(wanted.until, reader))
    return query


def _first_at(klok: int, reader: Reader) -> int:
    """The number of the first delivery from this time on: numbers and times rise together.

    Halving finds it in twenty looks among a million, without an index that each message pays for.
    """
    table = t.levering
    newest = reader.rows(sa.select(sa.func.max(table.c.seq).label("seq")))[0]["seq"] or 0

    def is_earlier(seq: int) -> bool:
        query = sa.select(table.c.at).where(table.c.seq >= seq).order_by(table.c.seq).limit(1)
        return bool(reader.rows(query)[0]["at"] < klok)

    return _bisect(newest, is_earlier)


def _bisect(newest: int, is_earlier: Callable[[int], bool]) -> int:
    low, high = 0, newest + 1
    while low < high:
        middle = (low + high) // 2
        if is_earlier(middle):
            low = middle + 1
        else:
            high = middle
    return low


def _use(row: Row) -> Row:
    upload = row["direction"] == Direction.HEEN
    return {
        "at": iso(row["at"]),
        "use": "upload" if upload else "download",
        "gebruiker": row["user"],
        "gemeentecode": row["gemeentecode"],
        "uitwisseling": row["uitwisseling"],
        "uitvraag": row["uitvraag"],
        "referentienummer": row["referentienummer"],
        "naam": row["naam"] if upload else row["delivered_as"] or row["naam"],
        "sha256": row["sha256"],
        "status": row["status"],
        "code": (row["why"] or "") if row["status"] in _REFUSED else "",
    }
