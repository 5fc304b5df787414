# SPDX-License-Identifier: EUPL-1.2
"""What lies in quarantine, as the store remembers it: for the engine that decides, and for people.

What really lies there is on the disk: people may have taken a file away by hand.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from gateway import store_tables as t

Row = dict[str, Any]

HELD = "held"
RELEASED = "released"
DROPPED = "dropped"


def held_file(
    folder: str, soort: str, name: str, intent: str, levering: str, at: int, beside: str = ""
) -> Row:
    """The row of a file that goes to quarantine: as nobody has decided on it yet."""
    # A name may hold bytes that are no UTF-8: JSON keeps them as escapes.
    return {"id": folder, "soort": soort, "state": HELD, "name": json.dumps(name),
            "beside": json.dumps(beside), "intent": intent, "levering": levering, "at": at,
            "leaf": None, "decided_at": None, "archive": ""}  # fmt: skip


def _plain(row: Any) -> Row:
    found = dict(row._mapping)
    return found | {one: json.loads(found[one]) for one in ("name", "beside")}


def _query() -> sa.Select[Any]:
    """Each folder with its delivery, and the event that put it there (the newest, if several)."""
    newest = (
        sa.select(sa.func.max(t.event.c.seq))
        .where(
            t.event.c.levering == t.levering.c.seq,
            t.event.c.place == sa.literal("quarantaine/") + t.held.c.id,
            t.event.c.type.not_in((RELEASED, DROPPED)),
        )
        .correlate(t.levering, t.held)
        .scalar_subquery()
    )
    decided = (
        sa.select(sa.func.max(t.event.c.leaf))
        .where(
            t.event.c.levering == t.levering.c.seq,
            t.event.c.place == sa.literal("quarantaine/") + t.held.c.id,
            t.event.c.type.in_((RELEASED, DROPPED)),
        )
        .correlate(t.levering, t.held)
        .scalar_subquery()
    )
    columns = ("referentienummer", "direction", "gemeentecode", "uitwisseling", "naam", "sha256",
               "size", "gebruiker", "status")  # fmt: skip
    return (
        sa.select(
            t.held,
            *(t.levering.c[name].label(f"l_{name}") for name in columns),
            t.event.c.code.label("code"),
            t.event.c.remark.label("remark"),
            sa.func.coalesce(t.held.c.leaf, decided).label("decision_leaf"),
        )
        .outerjoin(t.levering, t.levering.c.id == t.held.c.levering)
        .outerjoin(t.event, t.event.c.seq == newest)
    )


def held_row(connection: sa.Connection, folder: str) -> Row | None:
    """One folder in quarantine; None when we know of none by that name."""
    found = connection.execute(_query().where(t.held.c.id == folder)).first()
    return None if found is None else _plain(found)


def held_rows(connection: sa.Connection) -> list[Row]:
    """Every folder that ever was in quarantine, oldest first."""
    rows = connection.execute(_query().order_by(t.held.c.at, t.held.c.id))
    return [_plain(row) for row in rows]


def opened(connection: sa.Connection, leaf: int) -> dict[str, str]:
    """What the commitments of a leaf stand for, by label; empty when that was erased."""
    query = sa.select(t.opening.c.label, t.opening.c.value).where(t.opening.c.leaf == leaf)
    return {row.label: row.value for row in connection.execute(query)}
