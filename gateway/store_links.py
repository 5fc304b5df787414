# SPDX-License-Identifier: EUPL-1.2
"""What the log says of pseudonyms: its leaves about them, each with its opening. Read-only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from gateway import store_tables as t

REFUSED = "pseudonyms_refused"
"""Setting of a state: leaves that the operator's file of pseudonyms is against now; or empty."""


class Link(NamedTuple):
    """A leaf about a pseudonym, by the id of its chain; what opens its commitment, while kept."""

    leaf: int
    msg: str
    content: bytes
    salt: bytes | None
    value: str | None


def links(run: sa.Connection) -> list[Link]:
    """All of them, oldest first."""
    c = t.koppeling.c
    opening = (t.opening.c.leaf == c.leaf) & (t.opening.c.label == "name")
    query = (
        sa.select(c.leaf, c.msg, t.leaf.c.content, t.opening.c.salt, t.opening.c.value)
        .join(t.leaf, t.leaf.c.idx == c.leaf)
        .outerjoin(t.opening, opening)
        .select_from(t.koppeling)
    )
    return [Link(*row) for row in run.execute(query.order_by(c.leaf))]


def leaves_of(msgs: Iterable[str]) -> sa.Select[tuple[int]]:
    """The leaves of these chains, to be asked of a reader."""
    c = t.koppeling.c
    return sa.select(c.leaf).where(c.msg.in_(list(msgs))).order_by(c.leaf)
