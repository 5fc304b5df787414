# SPDX-License-Identifier: EUPL-1.2
"""File names: whatever bytes a file system allows, each file ends somewhere, and it is said why."""

import os

from hypothesis import given
from hypothesis import strategies as st

from gateway.testing import Keten
from tests.fuzz.depth import replayed, runs

LIKE_OURS = [
    b"reden.txt", b".claimed", b".tmp", b".knooppunt", b"_metagegevens.xml", b"lock", b"groot",
    b"antwoord", b"geweigerd", b"01ARZ3NDEKTSV4RRFFQ69G5FAV", b"01ARZ3NDEKTSV4RRFFQ69G5FAV.0",
    b"01ARZ3NDEKTSV4RRFFQ69G5FAV.groot", b"01ARZ3NDEKTSV4RRFFQ69G5FAV.erbij",
    b"WMO_H22025_0363_0001.csv", b"WMO_H22025_0363_0001_metagegevens.xml",
    b"WMO_H22025.csv_ontvangst_20260202100000000.txt", b"con.csv", b"WMO_NUL.csv", b"WMO_..csv",
    b"WMO_%2e%2e%2fpasswd.csv", b"-rf", b"~", b"WMO_H22025.csv.", b"WMO_H22025.csv ", b"WMO_",
]  # fmt: skip
"""Names that a program of ours, or another system, gives a meaning."""
BYTES = st.binary(min_size=1, max_size=255)
PREFIXED = st.builds(
    lambda head, tail: (head + tail)[:255],
    st.sampled_from([b"WMO_", b"wmo_h22025_", b"SBO_H12025", b"JEUGD_", b"BESLUIT_H22025"]),
    BYTES,
)
TEXTS = st.text(
    st.sampled_from("WMO_H2025.csvzip\u00e9e\u0301\u0130\u212a\u200b\u202e\ufeff\uff0f\u2044 "
                    "\n\t\x1b\x7f'\"&<>\\$`;|*?[]{}%-~"), min_size=1, max_size=60,
).map(str.encode)  # fmt: skip
LONG = st.sampled_from([b"WMO_" + b"x" * 251, b"WMO_" + "é".encode() * 125, b"x" * 255])
NAMES = st.one_of(BYTES, PREFIXED, TEXTS, LONG, st.sampled_from(LIKE_OURS)).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)

REPORTS = NAMES.filter(lambda name: name not in (b".claimed", b".tmp"))
"""In a send folder, which is ours to claim in, these two are our own folders."""


def put(folder, names):
    """Write files of these names, each with a content of its own; gives name -> content."""
    dropped = {}
    for number, name in enumerate(names):
        path = os.path.join(os.fsencode(folder), name[:255])
        if not os.path.isdir(path):
            with open(path, "wb") as file:
                file.write(b"inhoud %d" % number)
            dropped[name[:255]] = b"inhoud %d" % number
    return dropped


def ends(keten, dropped, below=b""):
    """Each file was delivered, refused with a reason, or lies there with a reason."""
    waiting = {os.fsencode(one.name) for one in keten.settle().waiting}
    at_cbs = [one.content for exchange in keten.config.heen for one in keten.received(exchange.id)]
    held = {}
    for folder in keten.quarantine():
        assert (folder / "reden.txt").is_file()
        for path in folder.iterdir():
            held.setdefault(path.read_bytes(), []).append(path.name)
    for name, content in dropped.items():
        lies = os.path.lexists(os.path.join(os.fsencode(keten.outbox("0363")), below, name))
        where = [content in at_cbs, content in held, lies]
        assert where.count(True) == 1, (name, where)
        assert not lies or name in waiting, name
    assert len(at_cbs) == len(set(at_cbs))


@runs(25, 2_000)
@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
@replayed("names")
def test_any_names_in_an_outbox(tmp_path_factory, names):
    """By name alone: delivered, refused or waiting; trace and status can tell of each."""
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        dropped = put(keten.outbox("0363"), names)
        ends(keten, dropped)
        for name in dropped:
            keten.trace(os.fsdecode(name))


@runs(15, 1_000)
@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
@replayed("names")
def test_any_names_where_the_exchange_is_chosen(tmp_path_factory, names):
    """In a user's folder of an exchange every name passes that is not that of an upload."""
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        folder = keten.outbox("0363", "wmo", "u")
        folder.mkdir(parents=True)
        ends(keten, put(folder, names), b"wmo/u")
        assert keten.quarantine() == []


@runs(10, 500)
@given(st.lists(REPORTS, min_size=1, max_size=6, unique=True))
def test_any_names_of_reports(tmp_path_factory, names):
    """In a receiver's send folder: brought to an inbox, held with a reason, or waiting with one."""
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        folder = keten.root / "cbs/uit/GMSDTTK"
        dropped = put(folder, [*names, b"TECHNISCH_H22025_0363.pdf"])
        waiting = {os.fsencode(one.name) for one in keten.settle().waiting}
        inboxes = [p.read_bytes() for code in keten.config.partijen for p in keten.inbox(code)]
        held = [p.read_bytes() for place in keten.quarantine() for p in place.iterdir()]
        for name, content in dropped.items():
            lies = os.path.isfile(os.path.join(os.fsencode(folder), name))
            where = [content in inboxes, content in held, lies]
            assert where.count(True) == 1, (name, where)
            assert not lies or name in waiting, name
