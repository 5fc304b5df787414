# SPDX-License-Identifier: EUPL-1.2
"""Statements and queries of the store, compiled once and run for many rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

Row = dict[str, Any]
_DIALECT = sqlite.dialect()


class Many:
    """A Core statement compiled once, to be run for many rows.

    Compiling and binding each time costs more than SQLite does. Rows are dicts of plain values, as
    the driver takes them.
    """

    def __init__(self, statement: Any) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._values = _in_order(compiled.positiontup)

    def run(self, connection: sa.Connection, rows: list[Row]) -> None:
        """Run the statement once for each row."""
        connection.exec_driver_sql(self._sql, list(map(self._values, rows)))


class One:
    """A Core query compiled once, asked for one key after the other.

    Ten keys in ten small queries cost a third of what one query over ten row values does.
    """

    def __init__(self, query: Any) -> None:
        compiled = query.compile(dialect=_DIALECT)
        self._sql = str(compiled)
        self._values = _in_order(compiled.positiontup)

    def first(self, connection: sa.Connection, values: Row) -> tuple[Any, ...] | None:
        """The first row for these values of the query's parameters."""
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection to the database is closed")
        rows: list[tuple[Any, ...]] = driver.execute(self._sql, self._values(values)).fetchall()
        return rows[0] if rows else None


def _in_order(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    """Gives a row's values in the order in which a statement has them."""
    if len(names) == 1:
        [only] = names
        return lambda row: (row[only],)
    return itemgetter(*names)


def upsert(table: sa.Table, *keys: str) -> Any:
    """An insert that gives an existing row with these keys its new values."""
    statement = sqlite_insert(table)
    rest = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=rest)
