# SPDX-License-Identifier: EUPL-1.2
"""The memory of the chain: one writer, one transaction a round. Tables: ``store_tables.py``.

SQLite in WAL mode with ``synchronous=FULL``: both are set and read back on every connection, since
a build or a pragma elsewhere may say otherwise, and then a power failure would forget commits.
The engine is the only writer (it holds the lock); readers open their own read-only connection.

What this does not protect against: a disk that lies about flushes; a database file copied while it
is written; a second writer, were it not for the lock beside it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DatabaseError

from gateway import store_digests, store_links, store_purge
from gateway import store_tables as t
from gateway.errors import StateError
from gateway.lifecycle import Status
from gateway.model import EventType, Key, Levering
from gateway.store_held import HELD, held_row
from gateway.store_questions import KEEP, leaves, levering_of, lookup
from gateway.store_statements import Many, upsert
from gateway.waits import Kept

UNREADABLE = DatabaseError
"""What is raised when a database is damaged, wherever it is noticed first."""

BUSY_MS = 5_000
"""How long a commit waits for a reader that holds the database before the process stops."""

_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

CACHE_KIB = 65_536
"""Page cache: at a million messages the indexes' upper pages still fit."""

CHECKPOINT_PAGES = 8_192
"""Pages in the WAL (32 MiB) before they are folded in: a page that changes with every round is
then written once for many rounds. A restart after a crash reads at most this much again."""

Row = dict[str, Any]
V = TypeVar("V")
_LEVERING_COLUMNS = tuple(
    column.name
    for column in t.levering.c
    if column.name not in ("seq", "status", "last_leaf", "at")
)


@dataclass(slots=True)
class Line:
    """What the writer must know of a delivery to append to its history."""

    seq: int
    status: Status
    last_leaf: int | None


@dataclass(slots=True)
class Head:
    """The audit log's newest state, as the database has it."""

    size: int
    root: bytes
    frontier: bytes
    at: int


@dataclass(slots=True)
class Changes:
    """All that one round writes, in rows: the store makes it one transaction."""

    intents: list[Row] = field(default_factory=list)
    decided: list[Row] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    leveringen: list[Levering] = field(default_factory=list)
    facts: dict[Key[object], object] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    leaves: list[Row] = field(default_factory=list)
    openings: list[Row] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    answered: list[Row] = field(default_factory=list)
    rows: dict[sa.Table, list[Row]] = field(default_factory=dict)
    """What is only ever added to: new rows of tables that have no statement of their own here."""
    outdated: set[Any] = field(default_factory=set)
    """Questions that ``rows`` answers otherwise than before: the clerk must ask them again."""
    held: list[Row] = field(default_factory=list)
    decided_on: list[Row] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    """Messages past their time, and folders of quarantine of no message: what they hold of persons
    goes (``store_purge.py``)."""
    waits: list[Kept] = field(default_factory=list)
    deaths: dict[str, int] = field(default_factory=dict)
    """Files whose reading ended a process, and how often by now; 0: it was read since."""
    head_before: Head | None = None
    head_after: Head | None = None
    at: int = 0
    """The machine's clock, for deliveries that are new in this round (their leaves may follow)."""

    def add(self, table: sa.Table, row: Row) -> None:
        """A new row of a table that is only ever added to."""
        self.rows.setdefault(table, []).append(row)

    def __bool__(self) -> bool:
        return bool(self.intents or self.decided or self.done or self.events or self.leaves)


def connect(path: str, *, writer: bool) -> sa.Engine:
    """An SQLAlchemy engine on the database, with every setting that durability needs.

    Raises :class:`StateError` when a setting did not take.
    """
    url = sa.URL.create("sqlite", database=path if writer else f"file:{path}",
                        query={} if writer else {"mode": "ro", "uri": "true"})  # fmt: skip
    engine = sa.create_engine(url, poolclass=sa.StaticPool)

    @sa_event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: object) -> None:
        # No implicit transactions: the one BEGIN IMMEDIATE is ours (a deferred read-then-write
        # in WAL mode fails at once with SQLITE_BUSY_SNAPSHOT, whatever the timeout).
        connection.isolation_level = None
        run = connection.execute
        run(f"PRAGMA busy_timeout={BUSY_MS}")
        run(f"PRAGMA cache_size=-{CACHE_KIB}")
        if not writer:
            return
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA secure_delete=ON")  # what is replaced or goes leaves no copy in the file
        run(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        found = (run("PRAGMA journal_mode").fetchone()[0], run("PRAGMA synchronous").fetchone()[0])
        if found != ("wal", 2):
            raise StateError(
                f"the database at {path} does not keep the settings that durability needs: "
                f"journal_mode and synchronous are {found}, not ('wal', 2)",
                hint="put --state on a local file system",
            )

    return engine


class Store:
    """The writer's side. Opens (and makes) the database; raises :class:`StateError`."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._engine = connect(path, writer=True)
            self._connection = self._engine.connect()
            self._check_version()
        except DatabaseError as error:
            if getattr(error.orig, "sqlite_errorcode", None) in _HELD:
                raise StateError(
                    f"another program holds the database at {path}, for longer than "
                    f"{BUSY_MS / 1000:g} s",
                    hint="end it (a backup, a database shell) and start again; nothing is wrong",
                ) from error
            raise StateError(
                f"the database at {path} cannot be read: {error.orig}",
                hint="restore it from a backup; never start on an empty one in its place",
            ) from error
        self._lines: dict[str, Line] = {}
        self._wal_holds_erased = False
        self._next_levering = self._max(t.levering.c.seq) + 1
        self._next_event = self._max(t.event.c.seq) + 1
        self._next_arrival = self._max(t.arrival.c.seq) + 1

    def _check_version(self) -> None:
        version = self._connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > t.SCHEMA_VERSION:
            raise StateError(
                f"the database at {self.path} was written by a newer Knooppunt "
                f"(schema {version}; this one knows {t.SCHEMA_VERSION})",
                hint="install that version again; nothing was changed",
            )
        t.metadata.create_all(self._connection)
        self._add_missing_columns()
        store_digests.digest_keys(self._connection)
        self._connection.exec_driver_sql(f"PRAGMA user_version={t.SCHEMA_VERSION}")

    def _add_missing_columns(self) -> None:
        """What a table has got since the database was made, each with its default."""
        inspector = sa.inspect(self._connection)
        for table in t.metadata.sorted_tables:
            there = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in there:
                    made = sa.schema.CreateColumn(column).compile(dialect=self._engine.dialect)
                    self._connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {made}")

    def close(self) -> None:
        """Close the database; its WAL is folded in by SQLite."""
        self._connection.close()
        self._engine.dispose()

    def _max(self, column: sa.Column[int]) -> int:
        return int(self._connection.execute(sa.select(sa.func.max(column))).scalar() or 0)

    # --- what the engine asks ---

    def meta(self) -> dict[str, str]:
        """All settings of this state."""
        rows = self._connection.execute(sa.select(t.meta.c.key, t.meta.c.value))
        return {row.key: row.value for row in rows}

    def head(self) -> Head | None:
        """The audit log's newest state; None for a log that was never begun."""
        row = self._connection.execute(sa.select(t.head)).first()
        return Head(row.size, row.root, row.frontier, row.at) if row else None

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """The bytes of leaves ``start`` up to but not including ``stop``."""
        return leaves(self._connection, start, stop)

    def waits(self) -> list[Kept]:
        """Since when files wait for what lasts."""
        rows = self._connection.execute(sa.select(t.waiting))
        return [Kept(row.key, row.since, row.detail) for row in rows]

    def deaths(self) -> dict[str, int]:
        """How often reading a file ended a process, by its key (``inhand.py``)."""
        return {row.key: row.times for row in self._connection.execute(sa.select(t.death))}

    def journal(self) -> list[Row]:
        """Everything under way, in the order in which it was seen."""
        rows = self._connection.execute(sa.select(t.arrival).order_by(t.arrival.c.seq))
        return [dict(row._mapping) for row in rows]

    def levering(self, id_: str) -> Levering:
        """The delivery with this id of ours; KeyError when there is none."""
        row = self._connection.execute(sa.select(t.levering).where(t.levering.c.id == id_)).first()
        if row is None:
            raise KeyError(id_)
        return levering_of(row)

    def awaiting(self) -> list[tuple[Levering, bool]]:
        """Deliveries of which an envelope lies in a hop folder, or just did: no answer yet.

        With each, whether it was refused before a person released it: that answer is no news.
        """
        open_ones = (
            Status.ACCEPTED,
            Status.RELAYED,
            Status.DELIVERED,
            Status.RECEIVED,
            Status.RELEASED,
        )
        query = sa.select(t.levering).where(
            t.levering.c.status.in_(open_ones),
            t.levering.c.tijdstip != "",
        )
        refused = sa.select(t.event.c.levering).where(
            t.event.c.type == EventType.REFUSED,
            t.event.c.levering.in_(query.with_only_columns(t.levering.c.seq)),
        )
        before = set(self._connection.execute(refused).scalars())
        return [(levering_of(row), row.seq in before) for row in self._connection.execute(query)]

    def intent(self, arrival: str) -> str:
        """The intent by which a file under way was claimed, as the journal has it."""
        query = sa.select(t.arrival.c.intent).where(t.arrival.c.id == arrival)
        return str(self._connection.execute(query).scalar_one())

    def held(self, folder: str) -> Row | None:
        """What is known of a folder in quarantine, with the code for which it lies there."""
        return held_row(self._connection, folder)

    def decided_on(self) -> list[tuple[str, str]]:
        """Folders in quarantine that a person decided about, and where in the archive they go."""
        query = sa.select(t.held.c.id, t.held.c.archive).where(t.held.c.state != HELD)
        return [(row.id, row.archive) for row in self._connection.execute(query)]

    def answered(self, request: str) -> bool:
        """Whether a request of a person (``requests.py``) was done already."""
        query = sa.select(t.answered.c.id).where(t.answered.c.id == request)
        return self._connection.execute(query).first() is not None

    def lines(self, leveringen: Iterable[str]) -> dict[str, Line]:
        """What the history of each delivery stands at; a new one begins here."""
        wanted = list(leveringen)
        missing = [one for one in wanted if one not in self._lines]
        if missing:
            columns = (t.levering.c.id, t.levering.c.seq, t.levering.c.status)
            query = sa.select(*columns, t.levering.c.last_leaf).where(t.levering.c.id.in_(missing))
            for row in self._connection.execute(query):
                self._lines[row.id] = Line(row.seq, Status(row.status), row.last_leaf)
        for one in missing:
            if one not in self._lines:
                self._lines[one] = Line(self._next_levering, Status.NEW, None)
                self._next_levering += 1
        return {one: self._lines[one] for one in wanted}

    def next_event(self) -> int:
        """The number of the next event."""
        self._next_event += 1
        return self._next_event - 1

    def next_arrival(self) -> int:
        """The place of the next file in the journal's order."""
        self._next_arrival += 1
        return self._next_arrival - 1

    def kept(self, seqs: list[int]) -> list[store_purge.Kept]:
        """See :func:`store_purge.kept`."""
        return store_purge.kept(self._connection, seqs)

    def copies(self, seqs: list[int]) -> list[store_purge.Copy]:
        """See :func:`store_purge.copies`."""
        return store_purge.copies(self._connection, seqs)

    def nobodys(self, before: int) -> list[tuple[str, str]]:
        """See :func:`store_purge.nobodys`."""
        return store_purge.nobodys(self._connection, before)

    def links(self) -> list[store_links.Link]:
        """See :func:`store_links.links`."""
        return store_links.links(self._connection)

    def lookup(self, wanted: Iterable[Key[object]]) -> dict[Key[object], object]:
        """The answers to questions as of the last commit; see :func:`lookup`."""
        return lookup(self._connection, wanted)

    def ask(self, key: Key[V]) -> V | None:
        """The answer to one question as of the last commit."""
        asked = cast(Key[object], key)
        return cast("V | None", lookup(self._connection, [asked])[asked])

    # --- the one transaction of a round ---

    def commit(self, changes: Changes) -> None:
        """Write a round's changes: all of them, or (at a crash) none.

        Raises :class:`StateError` when the database refuses; the process must then end, and its
        restart recovers from the last commit.
        """
        try:
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            self._write(changes)
            self._connection.exec_driver_sql("COMMIT")
        except DatabaseError as error:
            raise StateError(
                f"the journal could not be written: {error.orig}",
                hint="free the disk or end what holds the database, then start again; "
                "nothing is lost, the restart goes on from the last commit",
            ) from error
        if self._wal_holds_erased:
            self._wal_holds_erased = not store_purge.empty_wal(self._connection)
        if len(self._lines) > 50_000:  # only those under way matter; the others are read again
            self._lines.clear()

    def _write(self, changes: Changes) -> None:
        run = self._connection
        if changes.head_after is not None:
            self._move_head(changes)
        if changes.intents:
            _INSERT_ARRIVAL.run(run, changes.intents)
        if changes.decided:
            _DECIDE_ARRIVAL.run(run, changes.decided)
        if changes.leveringen:
            rows = [self._levering_row(one, changes) for one in changes.leveringen]
            _UPSERT_LEVERING.run(run, rows)
            for one in changes.leveringen:
                changes.lines.pop(one.id, None)
        if changes.events:
            _INSERT_EVENT.run(run, changes.events)
        if changes.lines:
            _UPDATE_LINE.run(run, [_line_row(line) for line in changes.lines.values()])
        if changes.leaves:
            _INSERT_LEAF.run(run, changes.leaves)
        if changes.openings:
            _INSERT_OPENING.run(run, changes.openings)
        if changes.done:
            _DELETE_ARRIVAL.run(run, [{"key": one} for one in changes.done])
        if changes.erased or changes.forgotten:
            store_purge.erase(run, changes.erased, changes.forgotten, changes.at)
            self._wal_holds_erased = True
        if changes.meta:
            _UPSERT_META.run(run, [{"key": k, "value": v} for k, v in changes.meta.items()])
        if changes.held:
            _UPSERT_HELD.run(run, changes.held)
        if changes.decided_on:
            _DECIDE_HELD.run(run, changes.decided_on)
        if changes.answered:
            _INSERT_ANSWERED.run(run, [{**row, "at": changes.at} for row in changes.answered])
        for table, rows in changes.rows.items():
            run.execute(sa.insert(table), rows)
        self._write_waits(changes.waits)
        self._write_deaths(changes.deaths)
        self._write_facts(changes.facts)

    def _move_head(self, changes: Changes) -> None:
        before, after = changes.head_before, cast(Head, changes.head_after)
        values = {
            "size": after.size,
            "root": after.root,
            "frontier": after.frontier,
            "at": after.at,
        }
        if before is None:
            self._connection.execute(sa.insert(t.head), {"one": 1, **values})
            return
        moved = self._connection.execute(
            sa.update(t.head).where(t.head.c.size == before.size, t.head.c.root == before.root),
            values,
        )
        if moved.rowcount != 1:
            raise StateError(
                "the audit log in the database moved under our hands: another writer was there",
                hint="find out which process writes to this state directory before you start again",
            )

    def _levering_row(self, levering: Levering, changes: Changes) -> Row:
        line = self.lines([levering.id])[levering.id]
        row = {column: getattr(levering, column) for column in _LEVERING_COLUMNS}
        row["seq"], row["status"], row["last_leaf"] = line.seq, line.status.value, line.last_leaf
        row["at"] = changes.at
        return row

    def _write_waits(self, waits: list[Kept]) -> None:
        if not waits:
            return
        _DELETE_WAIT.run(self._connection, [{"old": one.key} for one in waits])
        kept = [one._asdict() for one in waits if one.since is not None]
        if kept:
            _INSERT_WAIT.run(self._connection, kept)

    def _write_deaths(self, deaths: Mapping[str, int]) -> None:
        if not deaths:
            return
        _DELETE_DEATH.run(self._connection, [{"old": key} for key in deaths])
        kept = [{"key": key, "times": times} for key, times in deaths.items() if times]
        if kept:
            _INSERT_DEATH.run(self._connection, kept)

    def _write_facts(self, facts: Mapping[Key[object], object]) -> None:
        rows: dict[type, list[Row]] = defaultdict(list)
        for key, value in facts.items():
            if type(key) in KEEP:
                rows[type(key)].append(KEEP[type(key)][1](key, value))
        for kind, all_of_kind in rows.items():
            KEEP[kind][0].run(self._connection, all_of_kind)


# --- statements, made once ------------------------------------------------------------------------


_INSERT_ARRIVAL = Many(sa.insert(t.arrival))
_DECIDE_ARRIVAL = Many(
    sa.update(t.arrival)
    .where(t.arrival.c.id == sa.bindparam("key"))
    .values(state=sa.bindparam("new_state"), promise=sa.bindparam("new_promise"))
)
_DELETE_ARRIVAL = Many(sa.delete(t.arrival).where(t.arrival.c.id == sa.bindparam("key")))
_DELETE_WAIT = Many(sa.delete(t.waiting).where(t.waiting.c.key == sa.bindparam("old")))
_INSERT_WAIT = Many(sa.insert(t.waiting))
_DELETE_DEATH = Many(sa.delete(t.death).where(t.death.c.key == sa.bindparam("old")))
_INSERT_DEATH = Many(sa.insert(t.death))
_INSERT_EVENT = Many(sa.insert(t.event))
_INSERT_LEAF = Many(sa.insert(t.leaf))
_INSERT_OPENING = Many(sa.insert(t.opening))
_UPSERT_META = Many(upsert(t.meta, "key"))
_UPSERT_HELD = Many(upsert(t.held, "id"))
_DECIDE_HELD = Many(
    sa.update(t.held)
    .where(t.held.c.id == sa.bindparam("key"))
    .values(state=sa.bindparam("new_state"), leaf=sa.bindparam("new_leaf"),
            decided_at=sa.bindparam("new_at"), archive=sa.bindparam("new_archive"))
)  # fmt: skip
_INSERT_ANSWERED = Many(sa.insert(t.answered))
_UPDATE_LINE = Many(
    sa.update(t.levering)
    .where(t.levering.c.seq == sa.bindparam("key"))
    .values(status=sa.bindparam("new_status"), last_leaf=sa.bindparam("new_leaf"))
)


def _upsert_levering() -> Any:
    statement = sqlite_insert(t.levering)
    learned = ("volgnummer", "delivered_as", "answers_to", "tijdstip", "status", "last_leaf",
               "uitwisseling", "opmerking", "auth", "loa", "bewijs")  # fmt: skip
    return statement.on_conflict_do_update(
        index_elements=["seq"], set_={name: statement.excluded[name] for name in learned}
    )


_UPSERT_LEVERING = Many(_upsert_levering())


def _line_row(line: Line) -> Row:
    return {"key": line.seq, "new_status": line.status, "new_leaf": line.last_leaf}
