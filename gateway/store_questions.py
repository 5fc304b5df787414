# SPDX-License-Identifier: EUPL-1.2
"""Questions of the stations: how each kind is answered from the store, and kept in it."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from gateway import store_tables as t
from gateway.autorisatie import Grant, Grants, Regel, Regels
from gateway.errors import StateError
from gateway.lifecycle import Status
from gateway.model import (
    ByNumber,
    ByReference,
    Direction,
    Download,
    Evidence,
    InInbox,
    Key,
    LastNumber,
    LastOfStem,
    LastTime,
    Levering,
    Recorded,
    Reply,
    Request,
    SameContent,
    Used,
)
from gateway.store_digests import digest
from gateway.store_receipts import ask_download, ask_in_inbox
from gateway.store_statements import Many, One, upsert

Answers = dict[Any, object]
_SEPARATOR = "\x1f"


def _systeem(systeem: Iterable[str]) -> str:
    """A digest: how a system called itself is kept for ever, and it may have named a person."""
    return digest(_SEPARATOR.join(systeem))


def levering_of(row: Any) -> Levering:
    """The delivery in a row of the table."""
    fields = dict(row._mapping)
    for column in ("seq", "status", "last_leaf", "at"):
        fields.pop(column)
    fields["direction"] = Direction(fields["direction"])
    return Levering(**fields)


def lookup(connection: sa.Connection, wanted: Iterable[Key[object]]) -> dict[Key[object], object]:
    """The answers to questions, None where there is none: one query for each kind of question.

    Raises :class:`StateError` when the database cannot be read.
    """
    kinds: dict[type, list[Any]] = defaultdict(list)
    for key in wanted:
        kinds[type(key)].append(key)
    answers: dict[Key[object], object] = {}
    for kind, asked in kinds.items():
        answers.update(dict.fromkeys(asked))
        try:
            _ASK[kind](connection, asked, answers)
        except (DatabaseError, sqlite3.DatabaseError) as error:
            raise _unreadable(error) from error
    return answers


def _unreadable(error: Exception) -> StateError:
    return StateError(
        f"the database cannot be read: {getattr(error, 'orig', error)}",
        hint="stop; look with `knooppunt status --check`, and put back the newest backup",
    )


def leaves(connection: sa.Connection, start: int, stop: int) -> list[bytes]:
    """The bytes of leaves ``start`` up to but not including ``stop``, as far as there are.

    Raises :class:`StateError` as above.
    """
    query = sa.select(t.leaf.c.content).where(t.leaf.c.idx >= start, t.leaf.c.idx < stop)
    try:
        return list(connection.execute(query.order_by(t.leaf.c.idx)).scalars())
    except (DatabaseError, sqlite3.DatabaseError) as error:
        raise _unreadable(error) from error


def _by_key(table: sa.Table, *columns: str) -> One:
    query = sa.select(*(table.c[name] for name in columns))
    for column in table.primary_key:
        query = query.where(column == sa.bindparam(f"key_{column.name}"))
    return One(query)


_LAST_TIME = _by_key(t.last_time, "tijdstip")
_REQUEST = _by_key(
    t.request, "digest", "soort", "antwoord", "tijdstip", "code", "details", "arrival"
)
_LAST_NUMBER = _by_key(t.last_number, "volgnummer")
_LAST_OF_STEM = _by_key(t.last_of_stem, "volgnummer")


def _ask_last_time(run: sa.Connection, asked: list[LastTime], answers: Answers) -> None:
    for key in asked:
        values = {"key_rol": key.rol, "key_systeem": _systeem(key.systeem)}
        found = _LAST_TIME.first(run, values)
        answers[key] = found[0] if found else None


def _ask_request(run: sa.Connection, asked: list[Request], answers: Answers) -> None:
    for key in asked:
        values = {"key_station": key.station, "key_referentienummer": key.referentienummer,
                  "key_systeem": _systeem(key.systeem)}  # fmt: skip
        found = _REQUEST.first(run, values)
        answers[key] = Reply(*found) if found else None


def _ask_last_number(run: sa.Connection, asked: list[LastNumber], answers: Answers) -> None:
    for key in asked:
        values = {"key_gemeentecode": key.gemeentecode, "key_uitwisseling": key.uitwisseling,
                  "key_uitvraag": key.uitvraag}  # fmt: skip
        found = _LAST_NUMBER.first(run, values)
        answers[key] = found[0] if found else None


def _ask_last_of_stem(run: sa.Connection, asked: list[LastOfStem], answers: Answers) -> None:
    for key in asked:
        values = {"key_rinis_code": key.rinis_code, "key_stem": digest(key.stem)}
        found = _LAST_OF_STEM.first(run, values)
        answers[key] = found[0] if found else None


_USED = _by_key(t.used, "arrival")


def _ask_used(run: sa.Connection, asked: list[Used], answers: Answers) -> None:
    for key in asked:
        found = _USED.first(run, {"key_identity": key.identity})
        answers[key] = found[0] if found else None


_LEVERING = sa.select(*(t.levering.c[name] for name in Levering._fields))
_FIRST = _LEVERING.order_by(t.levering.c.seq)  # the first stands
_NUMBER = t.levering.c.referentienummer == sa.bindparam("number")
_BY_REFERENCE = One(_FIRST.where(_NUMBER))
_BY_REFERENCE_OF = One(_FIRST.where(_NUMBER, t.levering.c.gemeentecode == sa.bindparam("code")))


def _ask_by_reference(run: sa.Connection, asked: list[ByReference], answers: Answers) -> None:
    for key in asked:
        query = _BY_REFERENCE_OF if key.gemeentecode else _BY_REFERENCE
        values = {"number": key.referentienummer, "code": key.gemeentecode}
        found = query.first(run, values)
        if found is not None:
            levering = Levering._make(found)
            answers[key] = levering._replace(direction=Direction(levering.direction))


_SAME_CONTENT = One(
    sa.select(t.levering.c.referentienummer)
    .where(
        t.levering.c.sha256 == sa.bindparam("key_sha256"),
        t.levering.c.gemeentecode == sa.bindparam("key_gemeentecode"),
        t.levering.c.uitwisseling == sa.bindparam("key_uitwisseling"),
        t.levering.c.direction == sa.bindparam("heen"),
        t.levering.c.status != sa.bindparam("rejected"),
        t.levering.c.status != sa.bindparam("refused"),
    )
    .order_by(t.levering.c.seq)
    .limit(sa.bindparam("one"))
    .offset(sa.bindparam("none"))
)


def _ask_same_content(run: sa.Connection, asked: list[SameContent], answers: Answers) -> None:
    for key in asked:
        values = {"key_sha256": key.sha256, "key_gemeentecode": key.gemeentecode,
                  "key_uitwisseling": key.uitwisseling, "heen": Direction.HEEN.value,
                  "rejected": Status.REJECTED.value, "refused": Status.REFUSED.value,
                  "one": 1, "none": 0}  # fmt: skip
        found = _SAME_CONTENT.first(run, values)
        answers[key] = found[0] if found else None


def _ask_by_number(run: sa.Connection, asked: list[ByNumber], answers: Answers) -> None:
    by_row = {(k.uitwisseling, k.gemeentecode, k.uitvraag, k.volgnummer): k for k in asked}
    columns = (
        t.levering.c.uitwisseling,
        t.levering.c.gemeentecode,
        t.levering.c.uitvraag,
        t.levering.c.volgnummer,
    )
    for row in run.execute(sa.select(t.levering).where(sa.tuple_(*columns).in_(list(by_row)))):
        key = by_row[row.uitwisseling, row.gemeentecode, row.uitvraag, row.volgnummer]
        answers[key] = levering_of(row)


def _ask_grants(run: sa.Connection, asked: list[Grants], answers: Answers) -> None:
    table, codes = t.autorisatie, [key.gemeentecode for key in asked]
    found: dict[str, list[Grant]] = {code: [] for code in codes}
    query = sa.select(*(table.c[name] for name in Grant._fields))
    query = query.where(table.c.gemeentecode.in_(codes)).order_by(table.c.leaf)
    for row in run.execute(query):
        found[row.gemeentecode].append(Grant(*row))
    answers.update((key, tuple(found[key.gemeentecode])) for key in asked)


def _ask_regels(run: sa.Connection, asked: list[Regels], answers: Answers) -> None:
    table = t.regel
    for key in asked:
        found: dict[str, tuple[Regel, ...]] = {}
        query = sa.select(table.c.sleutel, table.c.leaf, table.c.waarde)
        for sleutel, leaf, waarde in run.execute(
            query.where(table.c.soort == key.soort).order_by(table.c.leaf)
        ):
            rule = Regel(leaf, tuple(json.loads(waarde)))
            found[sleutel] = (*found.get(sleutel, ()), rule)
        answers[key] = found


_ASK: dict[type, Any] = {
    Grants: _ask_grants,
    Regels: _ask_regels,
    LastTime: _ask_last_time,
    Request: _ask_request,
    LastNumber: _ask_last_number,
    LastOfStem: _ask_last_of_stem,
    SameContent: _ask_same_content,
    ByReference: _ask_by_reference,
    ByNumber: _ask_by_number,
    Used: _ask_used,
    InInbox: ask_in_inbox,
    Download: ask_download,
}

KEEP: dict[type, tuple[Any, Any]] = {
    LastTime: (
        Many(upsert(t.last_time, "rol", "systeem")),
        lambda k, v: {"rol": k.rol, "systeem": _systeem(k.systeem), "tijdstip": v},
    ),
    Request: (
        Many(upsert(t.request, "station", "referentienummer", "systeem")),
        lambda k, v: {
            "station": k.station,
            "referentienummer": k.referentienummer,
            "systeem": _systeem(k.systeem),
            "digest": v.digest,
            "soort": v.soort,
            "antwoord": v.referentienummer,
            "tijdstip": v.tijdstip,
            "code": v.code,
            "details": v.details,
            "arrival": v.arrival,
        },
    ),
    LastNumber: (Many(upsert(t.last_number, "gemeentecode", "uitwisseling", "uitvraag")),
        lambda k, v: {"gemeentecode": k.gemeentecode, "uitwisseling": k.uitwisseling,
                      "uitvraag": k.uitvraag, "volgnummer": v}),
    LastOfStem: (Many(upsert(t.last_of_stem, "rinis_code", "stem")),
        lambda k, v: {"rinis_code": k.rinis_code, "stem": digest(k.stem),
                      "volgnummer": v}),
    Used: (Many(upsert(t.used, "identity")),
        lambda k, v: {"identity": k.identity, "arrival": v}),
    Evidence: (Many(upsert(t.binding, "levering")),
        lambda k, v: {"levering": k.levering, "soort": v[0], "content": v[1]}),
    Recorded: (Many(upsert(t.metagegevens, "levering")),
        lambda k, v: {"levering": k.levering, "content": v}),
}  # fmt: skip
"""How each kind of fact is kept. SameContent, ByReference and ByNumber are read from deliveries,
Grants and Regels from rows that no decision writes."""
