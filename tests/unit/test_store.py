# SPDX-License-Identifier: EUPL-1.2
"""The store refuses what it cannot trust, and keeps its settings on every connection."""

import sqlite3

import pytest
import sqlalchemy as sa

from gateway.errors import StateError
from gateway.model import (
    ByNumber,
    ByReference,
    Direction,
    LastNumber,
    LastOfStem,
    LastTime,
    Levering,
    Reply,
    Request,
)
from gateway.store import Changes, Head, Store
from gateway.store_health import reading
from gateway.store_receipts import unanswered

EEN = Levering("id-1", "ref", Direction.HEEN, "0363", "wmo", "H22025", "a.csv", "0" * 64, 1,
               volgnummer=1)  # fmt: skip
TWEE = EEN._replace(id="id-2", gemeentecode="0034")
DRIE = EEN._replace(id="id-3", volgnummer=2)


@pytest.fixture
def store(tmp_path):
    made = Store(str(tmp_path / "knooppunt.db"))
    yield made
    made.close()


def test_a_database_of_a_newer_version_is_refused_and_not_touched(tmp_path):
    """Its schema is not guessed at: a sentence, and not a byte changed."""
    path = tmp_path / "knooppunt.db"
    with sqlite3.connect(path) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("create table later (x)")
        database.execute("pragma user_version = 99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="newer Knooppunt"):
        Store(str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"geen database" * 99, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_damaged_database_is_refused(tmp_path, content):
    """Never a traceback, never an empty one in its place."""
    path = tmp_path / "knooppunt.db"
    path.write_bytes(content)
    with pytest.raises(StateError):
        Store(str(path))
    assert path.read_bytes() == content


def test_a_database_that_is_held_ends_the_commit_with_a_sentence(store, monkeypatch):
    """Another process holds it for good: StateError, and what was there stands."""
    store._connection.exec_driver_sql("pragma busy_timeout = 10")
    with sqlite3.connect(store.path, isolation_level=None) as other:
        other.execute("begin exclusive")
        with pytest.raises(StateError, match="could not be written"):
            store.commit(Changes(meta={"naam": "waarde"}))
    other.close()


def test_the_head_moves_only_from_where_it_was(store):
    """A second writer between two commits is found out: compare-and-swap."""
    first, second = Head(1, b"1" * 32, b"", 1), Head(2, b"2" * 32, b"", 2)
    store.commit(Changes(head_after=first))
    with pytest.raises(StateError, match="another writer"):
        store.commit(Changes(head_before=Head(7, b"7" * 32, b"", 0), head_after=second))


def test_questions_have_the_answers_that_were_given(tmp_path):
    """Every kind of fact reads back after a restart; None where nothing was."""
    facts = {
        LastTime("uit", ("0363", "App", "")): "20260202100000000",
        LastNumber("0363", "wmo", "H22025"): 7,
        LastOfStem("GMSDWMO", "wmo_0363"): 9,
        Request("rinis", ("0363", "App", ""), "ref"): Reply("d", "fo03", "r", "t", "c", "x", "a"),
    }
    path = str(tmp_path / "knooppunt.db")
    store = Store(path)
    store.commit(Changes(facts=dict(facts), leveringen=[EEN, TWEE, DRIE]))
    store.close()
    store = Store(path)
    others = [LastTime("in", ("0363", "App", "")), LastTime("uit", ("0363", "App", "x")),
              LastNumber("0363", "wmo", "onbekend"), ByReference("geen"),
              Request("ggk", ("0363", "App", ""), "ref"), ByReference("ref", "0599")]  # fmt: skip
    numbered = ByNumber("wmo", "0363", "H22025", 2)
    found = store.lookup([*facts, *others, numbered])
    assert {key: found[key] for key in facts} == facts
    assert [found[key] for key in others] == [None] * len(others)
    assert found[numbered] == DRIE
    store.close()


def test_a_reference_names_the_first_that_had_it(store):
    """Of one number the first delivery stands; of each municipality its own first."""
    store.commit(Changes(leveringen=[EEN, TWEE, DRIE]))
    keys = [ByReference("ref"), ByReference("ref", "0363"), ByReference("ref", "0034")]
    found = store.lookup(keys)
    assert [found[key].id for key in keys] == ["id-1", "id-1", "id-2"]


def test_what_is_unanswered_is_counted_at_the_price_of_what_is_unanswered(store):
    """Of a million messages few are: by the index of statuses, and the events of those alone."""
    store.commit(Changes(leveringen=[EEN, TWEE, DRIE]))
    asked = []
    with reading(store.path) as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
        assert unanswered(connection) == (0, None)
        [(statement, values)] = asked
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}",
                                                             values)]  # fmt: skip
    assert [one for one in plan if one.startswith("SCAN")] == []
    assert any("levering_status (status=? AND tijdstip>?)" in one for one in plan)
    assert any("ix_event_levering (levering=?)" in one for one in plan)
