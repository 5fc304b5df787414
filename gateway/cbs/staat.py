# SPDX-License-Identifier: EUPL-1.2
"""The counterpart's own memory: one writer, one transaction for each step that it takes.

SQLite as the chain's store has it (WAL, ``synchronous=FULL``, set and read back). Whoever only
looks opens it read-only; the one that writes holds the lock beside it.

What this does not protect against: what ``gateway/store.py`` says; and a state that was put back
from a copy sends again what it sent since.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from gateway.cbs import staat_tabellen as t
from gateway.cbs.besluiten import Besluit, Effect, Gevolg
from gateway.cbs.cyclus import Beoordeeld, Gegevensset
from gateway.cbs.stand import Besloten
from gateway.errors import StateError
from gateway.store import connect

DATABASE = "cbs.db"

Rij = dict[str, Any]


def tekst(moment: datetime) -> str:
    """A moment as the tables have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def moment_van(text: str) -> datetime:
    """The moment that :func:`tekst` wrote."""
    return datetime.fromisoformat(text)


class Staat:
    """The state at a path. Raises :class:`StateError`.

    ``writer``: the counterpart, which makes it where there is none. What is written stands inside
    ``with staat.stap():``.
    """

    def __init__(self, path: str, *, writer: bool = True) -> None:
        if not writer and not os.path.exists(path):
            raise StateError(
                f"the simulated CBS never ran on this state: there is no {path}",
                hint="run it: knooppunt run --stations ggk,rinis,cbs",
            )
        self.path = path
        try:
            self._engine = connect(path, writer=writer)
            self._connection = self._engine.connect()
        except DatabaseError as error:
            raise StateError(
                f"the state of the simulated CBS at {path} cannot be read: {error.orig}",
                hint="move its folder away and keep it; a new one begins without memory",
            ) from error
        if writer:
            self._open_to_write()

    def _open_to_write(self) -> None:
        version = self._connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > t.SCHEMA_VERSION:
            raise StateError(
                f"the database at {self.path} was written by a newer Knooppunt (schema {version}; "
                f"this one knows {t.SCHEMA_VERSION})",
                hint="install that version again; nothing was changed",
            )
        t.metadata.create_all(self._connection)
        self._connection.exec_driver_sql(f"PRAGMA user_version={t.SCHEMA_VERSION}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
        self._engine.dispose()

    def _rijen(self, query: sa.Select[Any]) -> list[Rij]:
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def meta(self, key: str) -> str:
        """A setting of this state; empty when there is none."""
        query = sa.select(t.meta.c.value).where(t.meta.c.key == key)
        return str(self._connection.execute(query).scalar() or "")

    def leveringen(self, *toestanden: str) -> list[Rij]:
        """Files in these states, in order of upload; of one moment as they were seen."""
        query = sa.select(t.levering).order_by(t.levering.c.upload, t.levering.c.nummer)
        if toestanden:
            query = query.where(t.levering.c.toestand.in_(toestanden))
        return self._rijen(query)

    def bijzonder(self) -> list[Rij]:
        """Files that were set aside, or that cannot go on now: name, code, place, and why."""
        was = t.levering.c
        query = sa.select(
            was.nummer, was.naam, was.rinis_code, was.archief, was.reden, was.hapert
        ).where(sa.or_(was.toestand == "terzijde", was.hapert != ""))
        return self._rijen(query.order_by(was.nummer))

    def levering(self, nummer: int) -> Rij:
        """One file that was taken."""
        return self._rijen(sa.select(t.levering).where(t.levering.c.nummer == nummer))[0]

    def genomen_als(self, referentienummer: str) -> Rij | None:
        """What was taken before under a referentienummer; None when nothing was."""
        was = t.levering.c
        query = sa.select(t.levering).where(
            was.referentienummer == referentienummer,
            was.toestand.in_(("genomen", "gecontroleerd")),
        )
        found = self._rijen(query)
        return found[0] if found else None

    def rijen_van(self, levering: int) -> list[Rij]:
        """The sets of one delivery, in the order of its ZIP."""
        query = sa.select(t.gegevensset).where(t.gegevensset.c.levering == levering)
        return self._rijen(query.order_by(t.gegevensset.c.plaats))

    def levering_van(self, gegevensset: int) -> int:
        """The delivery that a set came in."""
        row = t.gegevensset.c
        query = sa.select(row.levering).where(row.nummer == gegevensset)
        return int(self._connection.execute(query).scalar_one())

    def sets(self) -> list[Beoordeeld]:
        """Every set, in order of upload."""
        row = t.gegevensset.c
        query = sa.select(
            row.nummer, row.soort, row.gemeentecode, row.uitvraag, row.moment, row.goedgekeurd,
            row.afzender, row.in_zip, row.levering, row.aanvaard, row.code,
        ).order_by(row.moment, row.nummer)  # fmt: skip
        return [_beoordeeld(tuple(one)) for one in self._connection.execute(query)]

    def cijfers(self, uitvraag: str | None = None, gemeentecode: str | None = None) -> list[Rij]:
        """The figures of accepted Wmo sets, in order of upload: gemeentecode, uitvraag, cijfers."""
        row = t.gegevensset.c
        query = sa.select(row.nummer, row.gemeentecode, row.uitvraag, row.cijfers).where(
            row.aanvaard, row.cijfers.is_not(None)
        )
        if uitvraag is not None:
            query = query.where(row.uitvraag == uitvraag)
        if gemeentecode is not None:
            query = query.where(row.gemeentecode == gemeentecode)
        return self._rijen(query.order_by(row.moment, row.nummer))

    def besluiten(self) -> list[Besloten]:
        """Every decision with what it came to, in order of upload."""
        query = sa.select(t.besluit).order_by(t.besluit.c.moment, t.besluit.c.nummer)
        return [_besloten(row) for row in self._rijen(query)]

    def besluit(self, nummer: int) -> Rij:
        """One decision, by the number of its delivery."""
        return self._rijen(sa.select(t.besluit).where(t.besluit.c.nummer == nummer))[0]

    def antwoorden(self, *toestanden: str, tot: datetime | None = None) -> list[Rij]:
        """Answers in these states, the one that is due first in front; ``tot``: due by then."""
        query = sa.select(t.antwoord).order_by(t.antwoord.c.op, t.antwoord.c.nummer)
        query = query.where(t.antwoord.c.toestand.in_(toestanden))
        if tot is not None:
            query = query.where(t.antwoord.c.op <= tekst(tot))
        return self._rijen(query)

    # --- writing ---

    @contextmanager
    def stap(self) -> Iterator[None]:
        """One transaction: all that is written inside, or nothing.

        Raises :class:`StateError` when it cannot be kept; a restart then goes on from the one
        before.
        """
        try:
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.exec_driver_sql("ROLLBACK")
                raise
            self._connection.exec_driver_sql("COMMIT")
        except DatabaseError as error:
            raise StateError(
                f"the state of the simulated CBS cannot be written: {error.orig}",
                hint="is its disk full, or read-only? mend that; a restart goes on from here",
            ) from error

    def zet(self, key: str, value: str) -> None:
        """Keep a setting of this state."""
        row = insert(t.meta).values(key=key, value=value)
        put = row.on_conflict_do_update(index_elements=["key"], set_={"value": value})
        self._connection.execute(put)

    def nieuw(self, tabel: str, **values: Any) -> int:
        """A new row of a table, by name; its number."""
        made = self._connection.execute(sa.insert(t.metadata.tables[tabel]).values(values))
        key = made.inserted_primary_key
        return int(key[0]) if key is not None else 0

    def wijzig(self, tabel: str, nummer: int, **values: Any) -> None:
        """Change a row, by its number."""
        table = t.metadata.tables[tabel]
        self._connection.execute(sa.update(table).where(table.c.nummer == nummer).values(values))

    def opnieuw_geteld(self) -> None:
        """Nothing that is under way was tried: a process that was told to stop is no fault."""
        for table in (t.levering, t.antwoord):
            self._connection.execute(sa.update(table).values(pogingen=0))

    def plan(self, **values: Any) -> None:
        """Plan an answer, unless what it answers has one; its day may move until it is due."""
        row = insert(t.antwoord).values(**values)
        later = row.on_conflict_do_update(
            index_elements=["sleutel"],
            set_={"op": values["op"]},
            where=sa.and_(t.antwoord.c.toestand == "gepland", t.antwoord.c.op != values["op"]),
        )
        self._connection.execute(later)


def _beoordeeld(row: tuple[Any, ...]) -> Beoordeeld:
    nummer, soort, code, uitvraag, moment, goed, afzender, in_zip, levering, aanvaard, uitkomst = (
        row
    )
    gegevens = Gegevensset(
        nummer,
        soort,
        code,
        uitvraag,
        moment_van(moment),
        goed,
        afzender,
        in_zip=in_zip,
        levering=levering,
    )
    return Beoordeeld(gegevens, aanvaard, uitkomst)


def _besloten(row: Rij) -> Besloten:
    besluit = Besluit(
        row["nummer"], row["gemeentecode"], row["uitvraag"], row["besluit"], row["omvang"],
        moment_van(row["moment"]), row["afzender"],
    )  # fmt: skip
    gevolg = Gevolg(row["geldig"], Effect(row["effect"]), row["code"], row["zin"])
    return Besloten(besluit, gevolg)
