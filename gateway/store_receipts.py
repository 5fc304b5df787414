# SPDX-License-Identifier: EUPL-1.2
"""Which deliveries were answered or confirmed, which should be, who fetched what. Read-only.

A look walks the deliveries that end as ``acknowledged``: of a million it takes seconds, so it is
taken beside the engine, and never where no receipt is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from gateway import store_tables as t
from gateway.confirmed import SINCE_THE_FIRST, Unconfirmed
from gateway.lifecycle import UNANSWERED, Status
from gateway.model import Direction, Download, EventType, InInbox, Kind, Place, Served

_SENT = (EventType.ACCEPTED, EventType.RELAYED)
"""What comes last before the next hub's turn."""


def first_confirmed(run: sa.Connection, uitwisseling: str) -> str | None:
    """The tijdstipBericht of the first delivery of an exchange that was confirmed."""
    row = t.levering.c
    sealed = row.status.in_((Status.CONFIRMED, Status.RECEIVED))
    if run.execute(sa.select(row.seq).where(sealed).limit(1)).first() is None:
        return None  # by the index of statuses: else every delivery would be looked at in vain
    query = sa.select(row.tijdstip).where(row.uitwisseling == uitwisseling, sealed)
    found = run.execute(query.order_by(row.seq).limit(1)).scalar()
    return str(found) if found else None


def unanswered(run: sa.Connection) -> tuple[int, int | None]:
    """What the next hub has not answered: how many, and since when (ms) the oldest.

    Since it was accepted, or went on, last: a file that a person released is days older than that.
    """
    row, event = t.levering.c, t.event.c
    ours = row.tijdstip > ""  # an envelope of ours has one; what another hub sent gets no answer
    sent = sa.select(sa.func.max(event.at)).where(event.levering == row.seq, event.type.in_(_SENT))
    since = sa.func.min(sa.func.coalesce(sent.scalar_subquery(), row.at))
    query = sa.select(sa.func.count(), since).where(row.status.in_(UNANSWERED), ours)
    count, first = run.execute(query).one()
    return count, first


def unconfirmed(run: sa.Connection, expected: Mapping[str, str], before: str) -> list[Unconfirmed]:
    """What should have its receipt by now and has not, for each exchange, the first of it."""
    found, row = [], t.levering.c
    for uitwisseling, how in expected.items():
        since = first_confirmed(run, uitwisseling) if how == SINCE_THE_FIRST else ""
        if since is None:
            continue
        query = sa.select(row.gemeentecode, sa.func.count(), sa.func.min(row.tijdstip)).where(
            row.status == Status.ACKNOWLEDGED,
            row.uitwisseling == uitwisseling,
            row.direction == Direction.HEEN,
            row.tijdstip != "",
            row.tijdstip <= before,
            row.tijdstip >= since,
        )
        rows = run.execute(query.group_by(row.gemeentecode).order_by(row.gemeentecode)).all()
        if rows:
            count, oldest = sum(one[1] for one in rows), min(one[2] for one in rows)
            found.append(Unconfirmed(uitwisseling, count, oldest, tuple(one[0] for one in rows)))
    return found


def ask_in_inbox(run: sa.Connection, asked: list[InInbox], answers: dict[Any, object]) -> None:
    """What was put in an inbox last under each name."""
    event = t.event.c
    for key in asked:
        query = sa.select(t.levering.c.id, event.type).where(
            event.name.in_([key.naam, *_notice(key.naam)]),
            event.place == str(Place(Kind.INBOX, key.gemeentecode)),
            event.type.in_((EventType.DELIVERED, EventType.NOTIFIED)),
            t.levering.c.seq == event.levering,
        )
        found = run.execute(query.order_by(event.seq.desc()).limit(1)).first()
        answers[key] = tuple(found) if found else None


def _notice(naam: str) -> list[str]:
    """A notice for people is recorded by that for programs, which lies beside it."""
    return [f"{naam[:-4]}.xml"] if naam.endswith(".txt") else []


def ask_download(run: sa.Connection, asked: list[Download], answers: dict[Any, object]) -> None:
    """What each download was of, and whether it was acknowledged."""
    row = t.download.c
    for key in asked:
        query = sa.select(row.levering, row.sha256, row.size).where(row.id == key.id)
        found = run.execute(query).all()
        answers[key] = Served(*found[0], len(found) > 1) if found else None
