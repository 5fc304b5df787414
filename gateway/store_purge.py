# SPDX-License-Identifier: EUPL-1.2
"""What the store holds of persons, and how it forgets that: never a leaf, never a number.

Of a message that is past its time go: the file's names, the user, the remark on it, and what opens
the commitments in its leaves. What stays names nobody: ids, numbers, hashes, sizes, times, codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from gateway import store_tables as t
from gateway.model import ByNumber, ByReference, Key, Levering

GEWIST = "gewist"
"""What stands in place of a name and a user that were erased."""

ARCHIVE = ".archief"
"""The folder, in quarantine, of what a person decided on; no station looks in it."""

PARTS = 500

ANSWERS_MS = 7 * 24 * 3600 * 1000
"""How long an answer to what people asked is kept once something is erased: it may name a file, and
serves who asked, in the minute after it."""


class Kept(NamedTuple):
    """A message of which something personal is kept, with what tells where its copies lie."""

    seq: int
    id: str
    direction: str
    gemeentecode: str
    uitwisseling: str
    naam: str
    sha256: str
    status: str
    at: int
    referentienummer: str
    uitvraag: str
    volgnummer: int | None

    @property
    def asked_by(self) -> list[Key[Levering]]:
        """The questions that it answers, with its name and user: no more to be remembered."""
        number = self.volgnummer or 0
        return [
            ByReference(self.referentienummer),
            ByReference(self.referentienummer, self.gemeentecode),
            ByNumber(self.uitwisseling, self.gemeentecode, self.uitvraag, number),
        ]


class Copy(NamedTuple):
    """An event that tells where a copy may lie: a folder of ours, and the name in it."""

    seq: int
    place: str
    name: str
    code: str


def kept_since(run: sa.Connection, after: int, before: int, limit: int) -> list[Kept]:
    """Messages of before this time (ms since 1970) that were not erased, from a place on."""
    c = t.levering.c
    query = _kept().where(c.seq > after, c.at < before)
    return [Kept(**row._mapping) for row in run.execute(query.order_by(c.seq).limit(limit))]


def kept(run: sa.Connection, seqs: Sequence[int]) -> list[Kept]:
    """Of these messages those that were not erased."""
    c = t.levering.c
    rows = run.execute(_kept().where(c.seq.in_(seqs)).order_by(c.seq))
    return [Kept(**row._mapping) for row in rows]


def _kept() -> sa.Select[Any]:
    c = t.levering.c
    query = sa.select(*(c[name] for name in Kept._fields))
    return query.where(sa.or_(c.naam != GEWIST, c.gebruiker != GEWIST))


def copies(run: sa.Connection, seqs: Sequence[int]) -> list[Copy]:
    """Where copies of these messages may lie: in quarantine, or in ``verzonden`` as a neighbour."""
    c = t.event.c
    query = sa.select(c.levering, c.place, c.name, c.code).where(
        c.levering.in_(seqs), sa.or_(c.place.like("quarantaine/%"), c.place.like("%/verzonden"))
    )
    found = [Copy(*row) for row in run.execute(query)]
    held = (
        sa.select(c.levering, t.held.c.archive)
        .join(t.levering, t.levering.c.seq == c.levering)
        .join(t.held, t.held.c.levering == t.levering.c.id)
        .where(c.levering.in_(seqs), t.held.c.archive != "")
        .distinct()
    )
    return found + [
        Copy(row.levering, f"quarantaine/{ARCHIVE}/{row.archive}", "", "")
        for row in run.execute(held)
    ]


def nobodys(run: sa.Connection, before: int) -> list[tuple[str, str]]:
    """Folders of no delivery that a person decided on before this time: id, and where archived."""
    query = sa.select(t.held.c.id, t.held.c.archive).where(
        t.held.c.levering == "", t.held.c.archive != "", t.held.c.at < before
    )
    return [(row.id, row.archive) for row in run.execute(query)]


def erase(run: sa.Connection, seqs: Sequence[int], folders: Sequence[str], at: int) -> None:
    """Forget who and by which name, of these messages; inside the round's transaction.

    So too for ``folders`` of quarantine that belong to no message, and for the answers that people
    got more than :data:`ANSWERS_MS` before ``at``.

    The bytes that held it are overwritten in the database itself, as all that the writer takes away
    (``secure_delete``, ``store.py``). In the WAL they stand until :func:`empty_wal`.
    """
    for start in range(0, len(seqs), PARTS):
        some = seqs[start : start + PARTS]
        of_theirs = sa.select(t.event.c.leaf).where(
            t.event.c.levering.in_(some), t.event.c.leaf.is_not(None)
        )
        run.execute(sa.delete(t.opening).where(t.opening.c.leaf.in_(of_theirs)))
        run.execute(sa.update(t.event).where(t.event.c.levering.in_(some)).values(name=""))
        named = t.event.c.place.like("%/outbox/%")  # a sub-folder that somebody named
        theirs = t.event.c.levering.in_(some)
        run.execute(sa.update(t.event).where(theirs, named).values(place=""))
        numbers = sa.select(t.levering.c.referentienummer).where(t.levering.c.seq.in_(some))
        told = t.request.c.referentienummer.in_(numbers)
        run.execute(sa.update(t.request).where(told).values(details=""))
        ours = sa.select(t.levering.c.id).where(t.levering.c.seq.in_(some))
        run.execute(sa.delete(t.held).where(t.held.c.levering.in_(ours)))
        for kept in (t.binding, t.metagegevens):
            run.execute(sa.delete(kept).where(kept.c.levering.in_(ours)))
        run.execute(
            sa.update(t.levering)
            .where(t.levering.c.seq.in_(some))
            .values(naam=GEWIST, gebruiker=GEWIST, delivered_as="", opmerking="")
        )
        run.execute(sa.update(t.event).where(theirs).values(remark=""))
    if folders:
        decided = sa.select(t.held.c.leaf).where(
            t.held.c.id.in_(folders), t.held.c.leaf.is_not(None)
        )
        run.execute(sa.delete(t.opening).where(t.opening.c.leaf.in_(decided)))
        run.execute(sa.delete(t.held).where(t.held.c.id.in_(folders)))
    run.execute(sa.delete(t.answered).where(t.answered.c.at < at - ANSWERS_MS))


def empty_wal(run: sa.Connection) -> bool:
    """Fold the WAL in and cut it to nothing; False when a reader is at it just now.

    Never waits: the round goes on, and it is tried again after the next.
    """
    before = run.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    run.exec_driver_sql("PRAGMA busy_timeout=0")
    busy = run.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
    run.exec_driver_sql(f"PRAGMA busy_timeout={int(before)}")
    return not busy
