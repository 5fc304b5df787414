# SPDX-License-Identifier: EUPL-1.2
"""The tables of the store. Readers: ``store.py`` (the writer) and ``store_queries.py`` (people)."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 1
"""Written into the database; a database of a newer version is refused, never guessed at."""

metadata = sa.MetaData()

meta = sa.Table(
    "meta", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text)
)
"""Settings of this state: origin, clock offset, hash of the configuration in force."""

head = sa.Table(
    "head",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
)
"""The audit log's newest state: one row, moved by compare-and-swap on (size, root)."""

leaf = sa.Table(
    "leaf",
    metadata,
    sa.Column("idx", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The audit log itself, byte for byte; tiles on disk are published from it."""

opening = sa.Table(
    "opening",
    metadata,
    sa.Column("leaf", sa.Integer, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("leaf", "label"),
    sqlite_with_rowid=False,
)
"""What opens the commitments in a leaf: erasable, and never in the log."""

arrival = sa.Table(
    "arrival",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("intent", sa.Text, nullable=False),
    sa.Column("promise", sa.Text),
    sqlite_with_rowid=False,
)
"""The journal: only what is under way. ``docs/internals.md`` has the table of its states."""

levering = sa.Table(
    "levering",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("referentienummer", sa.Text, nullable=False, index=True),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("gemeentecode", sa.Text, nullable=False),
    sa.Column("uitwisseling", sa.Text, nullable=False),
    sa.Column("uitvraag", sa.Text, nullable=False),
    sa.Column("naam", sa.Text, nullable=False, index=True),
    sa.Column("sha256", sa.Text, nullable=False, index=True),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("tijdstip", sa.Text, nullable=False),
    sa.Column("volgnummer", sa.Integer),
    sa.Column("answers_to", sa.Text),
    sa.Column("gebruiker", sa.Text, nullable=False),
    sa.Column("traceparent", sa.Text, nullable=False),
    sa.Column("delivered_as", sa.Text, nullable=False),
    sa.Column("opmerking", sa.Text, nullable=False),
    sa.Column("auth", sa.Text, nullable=False, server_default="folder"),
    sa.Column("loa", sa.Text, nullable=False, server_default="geen"),
    sa.Column("bewijs", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.Text, nullable=False, server_default="new"),
    sa.Column("last_leaf", sa.Integer),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Index("levering_number", "uitwisseling", "gemeentecode", "uitvraag", "volgnummer"),
    sa.Index("levering_status", "status", "tijdstip"),
)
"""One row a delivery, in either direction, with its status."""

event = sa.Table(
    "event",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("levering", sa.Integer, nullable=False, index=True),
    sa.Column("leaf", sa.Integer),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("station", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("remark", sa.Text, nullable=False),
)
"""All that happened, in order; the custody events among them carry the index of their leaf."""

held = sa.Table(
    "held",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("beside", sa.Text, nullable=False),
    sa.Column("intent", sa.Text, nullable=False),
    sa.Column("levering", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("leaf", sa.Integer),
    sa.Column("decided_at", sa.Integer),
    sa.Column("archive", sa.Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)
"""One row a folder in quarantine: what lies there, where it came from (the intent that it was
claimed by), and what a person decided about it (the leaf leads to who and why)."""

death = sa.Table(
    "death",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How often a process was ended while it read a file under way, or an answer (``inhand.py``)."""

answered = sa.Table(
    "answered",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What people asked the engine to do, and its answer: under its id a request is done once."""

last_time = sa.Table(
    "last_time",
    metadata,
    sa.Column("rol", sa.Text, nullable=False),
    sa.Column("systeem", sa.Text, nullable=False),
    sa.Column("tijdstip", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("rol", "systeem"),
    sqlite_with_rowid=False,
)

request = sa.Table(
    "request",
    metadata,
    sa.Column("station", sa.Text, nullable=False),
    sa.Column("referentienummer", sa.Text, nullable=False),
    sa.Column("systeem", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("antwoord", sa.Text, nullable=False),
    sa.Column("tijdstip", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("arrival", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("station", "referentienummer", "systeem"),
    sqlite_with_rowid=False,
)
"""What was answered to each request: enough to say the same, byte for byte, to a repeat."""

last_number = sa.Table(
    "last_number",
    metadata,
    sa.Column("gemeentecode", sa.Text, nullable=False),
    sa.Column("uitwisseling", sa.Text, nullable=False),
    sa.Column("uitvraag", sa.Text, nullable=False),
    sa.Column("volgnummer", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("gemeentecode", "uitwisseling", "uitvraag"),
    sqlite_with_rowid=False,
)

last_of_stem = sa.Table(
    "last_of_stem",
    metadata,
    sa.Column("rinis_code", sa.Text, nullable=False),
    sa.Column("stem", sa.Text, nullable=False),
    sa.Column("volgnummer", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("rinis_code", "stem"),
    sqlite_with_rowid=False,
)
"""The highest number that a stem of names had, by the stem's digest: it outlives the names."""

used = sa.Table(
    "used",
    metadata,
    sa.Column("identity", sa.Text, primary_key=True),
    sa.Column("arrival", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Signatures and logins on which a file was accepted: none of them is taken a second time."""

binding = sa.Table(
    "binding",
    metadata,
    sa.Column("levering", sa.Text, primary_key=True),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The seal or assertion that a delivery came with, whole, by the delivery's id: evidence, erased
with what it may say of a person."""

metagegevens = sa.Table(
    "metagegevens",
    metadata,
    sa.Column("levering", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The record that the receiver of a delivery got with it, by the delivery's id: as ``binding``."""

download = sa.Table(
    "download",
    metadata,
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("levering", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("id", "soort"),
    sqlite_with_rowid=False,
)
"""What was handed to users of municipalities: a row when it is served, one when its digest was
posted. Who it was stands in the openings of their leaves alone."""

autorisatie = sa.Table(
    "autorisatie",
    metadata,
    sa.Column("leaf", sa.Integer, primary_key=True),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("gebruiker", sa.Text, nullable=False),
    sa.Column("aanlevering", sa.Text, nullable=False),
    sa.Column("gemeentecode", sa.Text, nullable=False, index=True),
    sa.Column("mandaat_van", sa.Text, nullable=False),
    sa.Column("rol", sa.Text, nullable=False),
    sa.Column("at", sa.Integer, nullable=False),
    sa.Column("door", sa.Text, nullable=False),
    sa.Column("reden", sa.Text, nullable=False),
)
"""Every grant and revocation, in the order of their leaves; none is ever changed."""

koppeling = sa.Table(
    "koppeling",
    metadata,
    sa.Column("leaf", sa.Integer, primary_key=True),
    sa.Column("msg", sa.Text, nullable=False, index=True),
)
"""The leaves that say whose a pseudonym is, by their chain (``linked.py``); whose it is stands in
their openings alone."""

regel = sa.Table(
    "regel",
    metadata,
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("sleutel", sa.Text, nullable=False),
    sa.Column("leaf", sa.Integer, nullable=False),
    sa.Column("waarde", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("soort", "sleutel", "leaf"),
    sqlite_with_rowid=False,
)
"""What the configuration said of authorisation, from which leaf (``config.change``) on."""

waiting = sa.Table(
    "waiting",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("since", sa.Integer, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Since when a file waits for what lasts (``waits.py``): place, name and code are the key."""
