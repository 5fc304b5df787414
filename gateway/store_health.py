# SPDX-License-Identifier: EUPL-1.2
"""What the store says about its own health and that of the chain. Read-only, beside the engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from gateway import store_tables as t
from gateway.errors import StateError
from gateway.lifecycle import Status
from gateway.store import connect
from gateway.store_links import REFUSED
from gateway.waits import ASKS, Kept

Reading = sa.Connection
"""What :func:`reading` gives, for who may not import a database."""

PARTS = 500
"""Parties asked for at once: SQLite takes a limited number of values in one statement."""

_REFUSED = (Status.REJECTED, Status.REFUSED)
_ASKS = f'"{ASKS}"]'
"""How the keys of what asks for a person end (``waits.py``)."""

_TIME = 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Vitals(NamedTuple):
    """Numbers of the store: files under way, since when (ms since 1970) the oldest, and the log."""

    under_way: int
    oldest: int | None
    leaves: int
    last_leaf: int
    nu_offset_ms: int
    asks: int
    pseudonyms: int


@contextmanager
def reading(path: str) -> Iterator[sa.Connection]:
    """A connection of one's own, that never writes and never waits for the engine.

    Raises :class:`StateError` when the database cannot be read.
    """
    engine = connect(path, writer=False)
    try:
        with engine.connect() as connection:
            yield connection
    except DatabaseError as error:
        raise StateError(
            f"the database at {path} cannot be read: {error.orig}",
            hint="is it there, and may this user read it? A damaged one: knooppunt restore",
        ) from error
    finally:
        engine.dispose()


def vitals(connection: sa.Connection) -> Vitals:
    """How the store stands now; quick, whatever its size."""
    count, first = connection.execute(
        sa.select(sa.func.count(), sa.func.min(t.arrival.c.id)).select_from(t.arrival)
    ).one()
    head = connection.execute(sa.select(t.head.c.size, t.head.c.at)).first()
    offset = connection.execute(sa.select(t.meta.c.value).where(t.meta.c.key == "nu_offset_ms"))
    asks = connection.execute(
        sa.select(sa.func.count()).select_from(t.waiting).where(t.waiting.c.key.endswith(_ASKS))
    ).scalar()
    refused = connection.execute(sa.select(t.meta.c.value).where(t.meta.c.key == REFUSED))
    return Vitals(
        count, millis_of(first), head.size if head else 0, head.at if head else 0,
        int(offset.scalar() or 0), asks or 0, len((refused.scalar() or "").split()),
    )  # fmt: skip


def setting(connection: sa.Connection, key: str) -> str:
    """A setting of the state; empty where it has none."""
    value = connection.execute(sa.select(t.meta.c.value).where(t.meta.c.key == key)).scalar()
    return str(value or "")


def leaves_between(connection: sa.Connection, start: int, stop: int) -> list[bytes]:
    """The committed leaves from ``start`` up to but not including ``stop``, as far as there are."""
    query = sa.select(t.leaf.c.content).where(t.leaf.c.idx >= start, t.leaf.c.idx < stop)
    return list(connection.execute(query.order_by(t.leaf.c.idx)).scalars())


def leaf_at(connection: sa.Connection, index: int) -> int | None:
    """When a leaf was committed (ms since 1970); None when there is no such leaf."""
    for content in leaves_between(connection, index, index + 1):
        return int(json.loads(content)["at"])
    return None


def waits(connection: sa.Connection, before: int) -> list[Kept]:
    """What files wait for since before then (ms since 1970)."""
    rows = connection.execute(sa.select(t.waiting).where(t.waiting.c.since < before))
    return [Kept(row.key, row.since, row.detail) for row in rows]


def millis_of(ulid: str | None) -> int | None:
    """When an id of ours was given: it is a ULID, which begins with the time (ms since 1970)."""
    if ulid is None or any(one not in _CROCKFORD for one in ulid[:_TIME]):
        return None
    value = 0
    for one in ulid[:_TIME]:
        value = value << 5 | _CROCKFORD.index(one)
    return value


def delivered_by(
    connection: sa.Connection, uitwisseling: str, uitvraag: str, codes: Iterable[str]
) -> set[str]:
    """Which of these parties handed in something over an uitvraag that was not refused."""
    wanted, found = list(codes), set[str]()
    row = t.levering.c
    for start in range(0, len(wanted), PARTS):
        query = sa.select(row.gemeentecode).distinct().where(
            row.uitwisseling == uitwisseling,
            row.gemeentecode.in_(wanted[start : start + PARTS]),
            row.uitvraag == uitvraag,
            row.status.not_in(_REFUSED),
        )  # fmt: skip
        found |= set(connection.execute(query).scalars())
    return found


def damage(path: str) -> str:
    """What ``PRAGMA quick_check`` finds wrong; empty when the database is sound."""
    try:
        with reading(path) as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    except StateError as error:
        return error.sentence
    return "" if found == ["ok"] else "; ".join(str(one).replace("\n", " ") for one in found)
