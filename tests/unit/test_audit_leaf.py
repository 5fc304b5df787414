# SPDX-License-Identifier: EUPL-1.2
"""The leaf: the bytes equal RFC 8785's, and what has no place in a leaf is refused."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import leaf
from gateway.audit.leaf import LeafError

LEAST = {
    "v": 1,
    "origin": "knooppunt.example/audit-2026",
    "at": 1767225600000,
    "type": "A.1",
    "event": "01JGGGGGGGGGGGGGGGGGGGGGGG",
    "actor": "system:ggk",
    "object": "message",
    "action": "submit",
    "result": "ok",
    "source": "ggk/outbox",
    "build": "0.1.0",
}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
whole = st.integers(-leaf.MAX_INT, leaf.MAX_INT)
keys = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    texts | whole | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_canonical_equals_rfc_8785(value):
    assert leaf.canonical(value) == rfc8785.dumps(value)


words = texts.filter(lambda text: not leaf._NINE_DIGITS.search(text))


@given(
    st.fixed_dictionaries(
        {
            **{name: st.just(value) for name, value in LEAST.items()},
            "object": words,
            "result": words,
        },
        optional={
            "msg": texts,
            "loa": texts,
            "size": st.integers(0, leaf.MAX_INT),
            "evidence": st.lists(texts, max_size=5),
            "name": texts.map(lambda text: f"c1:{text}"),
            "prev": st.integers(0, leaf.MAX_INT),
        },
    )
)
def test_a_leaf_equals_rfc_8785_and_reads_back(fields):
    content = leaf.encode(fields)
    assert content == rfc8785.dumps(fields)
    assert leaf.decode(content) == fields


def test_every_field_is_documented_and_the_required_ones_are_enough():
    assert leaf.decode(leaf.encode(LEAST)) == LEAST
    assert all(meaning for _, _, meaning in leaf.FIELDS.values())
    assert {name for name, (_, required, _) in leaf.FIELDS.items() if required} == set(LEAST)


@pytest.mark.parametrize("name", sorted(LEAST))
def test_a_required_field_that_is_missing_is_named(name):
    fields = {key: value for key, value in LEAST.items() if key != name}
    with pytest.raises(LeafError, match=name):
        leaf.encode(fields)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"extra": "x"}, "no field 'extra'"),
        ({"at": "2026"}, "at of a leaf is a int"),
        ({"at": 1.5}, "at of a leaf is a int"),
        ({"at": True}, "at of a leaf is a int"),
        ({"at": 2**53}, "out of range"),
        ({"at": leaf.MAX_AT + 1}, "at of a leaf is out of range"),
        ({"at": leaf.MAX_INT}, "at of a leaf is out of range"),
        ({"prev": -1}, "out of range"),
        ({"msg": None}, "msg of a leaf is a str"),
        ({"evidence": ["a", 1]}, "list of strings"),
        ({"evidence": [None]}, "list of strings"),
        ({"v": 2}, "v = 1"),
        ({"actor": "Jan Jansen"}, "commitment"),
        ({"name": "Jansen.xlsx"}, "commitment"),
        ({"object": "x" * 9000}, "at most 8192 bytes"),
        ({"object": "\ud800"}, "surrogate"),
    ],
)
def test_what_is_not_a_leaf_is_refused(change, says):
    with pytest.raises(LeafError, match=says):
        leaf.encode({**LEAST, **change})


def test_the_last_moment_of_a_leaf_fits_a_date_in_every_time_zone():
    """And a year of room for who reckons with it."""
    assert leaf.decode(leaf.encode({**LEAST, "at": leaf.MAX_AT}))["at"] == leaf.MAX_AT
    last = datetime.fromtimestamp(leaf.MAX_AT / 1000, UTC)
    assert last.astimezone(timezone(timedelta(hours=14))) + timedelta(days=300)


@pytest.mark.parametrize("name", leaf.FREE_FIELDS)
def test_a_number_that_can_be_a_bsn_is_refused_in_free_words(name):
    with pytest.raises(LeafError, match="citizen number"):
        leaf.encode({**LEAST, name: "client 111222333 refused"})  # the official test number
    leaf.encode({**LEAST, name: "client 111222334"})  # does not pass the 11-proof
    leaf.encode({**LEAST, name: "20260202111222333"})  # a longer number is no BSN
    leaf.encode({**LEAST, name: "000000000"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 8000,
        b'{"at":' + b"9" * 5000 + b"}",
        b"x" * 9000,
        json.dumps(LEAST).encode(),  # spaces, and not sorted
        leaf.encode(LEAST) + b"\n",
        leaf.encode(LEAST).replace(b'"v":1', b'"v":1.0'),
        leaf.encode(LEAST).replace(b'"v":1', b'"v":1,"v":1'),
        leaf.encode(LEAST).replace(b'"v":1', b'"v":NaN'),
        leaf.encode(LEAST).replace(b'"A.1"', b'"\\u0041.1"'),
        leaf.encode(LEAST).replace(b'"A.1"', b"null"),
    ],
)
def test_bytes_that_are_not_a_canonical_leaf_are_refused(content):
    with pytest.raises(LeafError):
        leaf.decode(content)


@pytest.mark.parametrize("value", [1.0, None, {"é": 1}, {1: 1}, 2**53, b"x", ["\ud800"], object()])
def test_outside_our_restrictions_there_is_no_canonical_form(value):
    with pytest.raises(LeafError):
        leaf.canonical(value)


def test_nesting_is_limited():
    value: object = "x"
    for _ in range(leaf.MAX_DEPTH):
        value = [value]
    assert leaf.canonical(value) == rfc8785.dumps(value)
    with pytest.raises(LeafError, match="nested"):
        leaf.canonical([value])


def test_a_commitment_is_the_hash_of_label_salt_and_value():
    salt = bytes(range(32))
    opening = {
        "label": "name",
        "salt": urlsafe_b64encode(salt).rstrip(b"=").decode(),
        "value": "Gemeente Almere é.xlsx",
    }
    digest = hashlib.sha256(rfc8785.dumps(opening)).digest()
    expected = "c1:" + urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert leaf.commit("name", opening["value"], salt) == expected
    assert leaf.commit("actor", opening["value"], salt) != expected
    assert leaf.commit("name", opening["value"], bytes(32)) != expected


def test_a_short_salt_is_refused():
    with pytest.raises(LeafError, match="32 bytes"):
        leaf.commit("name", "x", b"salt")


def test_leaf_hash_of_rfc_6962():
    empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf.leaf_hash(b"").hex() == empty


def test_the_table_in_the_docs_is_the_list_of_fields():
    text = (Path(__file__).parents[2] / "docs/audit.md").read_text("utf-8")
    rows = [
        f"| `{name}` | {kind.__name__} | {'yes' if required else ''} | {meaning} |".replace(
            "|  |", "| |"
        )
        for name, (kind, required, meaning) in leaf.FIELDS.items()
    ]
    assert "\n".join(rows) in text
