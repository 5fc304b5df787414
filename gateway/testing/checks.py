# SPDX-License-Identifier: EUPL-1.2
"""Does a settled chain hold together? Every fault found, in words; used by ``Keten.check``."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from gateway import store_tables as t
from gateway.audit import leaf
from gateway.audit.merkle import root_of
from gateway.audit.verify import verify
from gateway.config import Config
from gateway.lifecycle import BESIDE, CUSTODY, fold
from gateway.location import Location
from gateway.model import Direction, EventType
from gateway.names import REDEN
from gateway.store import connect
from gateway.store_purge import GEWIST

MAX_LEAVES = 4
"""Custody leaves that one message may have on its way, notices apart (contracts.md, Leaves)."""


class Unsound(AssertionError):  # noqa: N818  the word that a tester reads
    """The chain does not hold together; the message lists every fault."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("the chain does not hold together:\n- " + "\n- ".join(found))
        self.faults = tuple(found)


def faults(location: Location, config: Config) -> list[str]:
    """Everything that does not fit in a chain that has settled; an empty list when all does."""
    root = Path(location.root)
    engine = connect(location.database, writer=False)
    with engine.connect() as connection:
        found = [
            *_half_done(root, connection),
            *_quarantined(root),
            *_store_and_folders(root, config, connection),
            *_numbers(connection),
            *_kept_at_senders(root, config, connection),
            *_inboxes(root, config, connection),
            *_history(connection),
            *_log(location, connection),
        ]
    engine.dispose()
    return found


def _half_done(root: Path, connection: sa.Connection) -> Iterator[str]:
    for which in (".claimed", ".tmp"):
        for folder in filter(Path.is_dir, root.rglob(which)):  # a file may be called so
            for path in folder.iterdir():
                yield f"half done: {path.relative_to(root)}"
    for row in connection.execute(sa.select(t.arrival.c.id, t.arrival.c.state)):
        yield f"half done: the journal still has {row.id} ({row.state})"


def _quarantined(root: Path) -> Iterator[str]:
    for folder in (root / "quarantaine").iterdir():
        if folder.name.startswith(".") or folder.name.startswith("wees-"):
            continue
        names = [path.name for path in folder.iterdir()]
        if REDEN not in names:
            yield f"no {REDEN} in {folder.relative_to(root)}"
        if len(names) < 2:
            yield f"{folder.relative_to(root)} holds {len(names)} file, not one and its reason"


def _store_and_folders(root: Path, config: Config, connection: sa.Connection) -> Iterator[str]:
    """Each file that lies at a receiver is one that the store delivered, byte for byte."""
    delivered = {
        (row.uitwisseling, row.delivered_as): row.sha256
        for row in connection.execute(sa.select(t.levering).where(t.levering.c.delivered_as != ""))
        if row.direction == "heen"
    }
    codes = [(exchange, code) for exchange in config.heen for code in exchange.codes.values()]
    for exchange, code in codes:
        folder = root / exchange.tegenpartij / "in" / code
        names = {path.name for path in folder.glob("*") if path.is_file()}
        for name in sorted(names):
            record = f"{name.rpartition('.')[0] or name}_metagegevens.xml"
            if name.endswith("_metagegevens.xml"):
                continue
            digest = _digest(folder / name)
            known = delivered.get((exchange.id, name))
            if known is None:
                yield f"{name} lies in {code}, but nothing was delivered so"
            elif known != digest:
                yield f"{name} in {code} has other bytes than were dropped"
            if record not in names:
                yield f"{name} in {code} has no metagegevens"


def _numbers(connection: sa.Connection) -> Iterator[str]:
    """A number is given once: by it the receiver answers."""
    row, many = t.levering.c, sa.func.count()
    series = (row.uitwisseling, row.gemeentecode, row.uitvraag, row.volgnummer)
    given = row.direction == Direction.HEEN, row.volgnummer.is_not(None), row.delivered_as != ""
    query = sa.select(*series, many.label("times")).where(*given).group_by(*series)
    for found in connection.execute(query.having(many > 1)):
        yield (
            f"number {found.volgnummer} of {found.uitwisseling} of {found.gemeentecode} "
            f"({found.uitvraag or 'no uitvraag'}) was given {found.times} times"
        )


def _kept_at_senders(root: Path, config: Config, connection: sa.Connection) -> Iterator[str]:
    """Each file that was accepted lies in its sender's ``verzonden``, byte for byte, once."""
    of = sa.select(t.event.c.levering)
    accepted = of.where(t.event.c.type == EventType.ACCEPTED, t.event.c.station == "ggk")
    held = of.where(t.event.c.type == EventType.QUARANTINED)  # written to after it was taken
    query = sa.select(t.levering.c.gemeentecode, t.levering.c.sha256).where(
        t.levering.c.direction == Direction.HEEN,
        t.levering.c.seq.in_(accepted),
        t.levering.c.seq.not_in(held),
        t.levering.c.gebruiker != GEWIST,  # past its time: its copy is gone, as it should be
    )
    wanted: Counter[tuple[str, str]] = Counter()
    for row in connection.execute(query):
        wanted[row.gemeentecode, row.sha256] += 1
    for code in config.partijen:
        found: Counter[str] = Counter()
        for path in _files(root / "gemeenten" / code / "verzonden"):
            digest = _digest(path)
            found[digest] += 1
            if found[digest] > wanted[code, digest]:
                yield f"{path.relative_to(root)} was not accepted so often, with these bytes"
        for (who, digest), times in wanted.items():
            if who == code and times > found[digest]:
                yield f"a file of {code} was accepted that is not in verzonden: {digest}"


def _inboxes(root: Path, config: Config, connection: sa.Connection) -> Iterator[str]:
    """What was delivered to a municipality, and is still there, has the bytes that were sent."""
    query = (
        sa.select(t.levering.c.gemeentecode, t.levering.c.sha256, t.event.c.name)
        .join(t.event, t.event.c.levering == t.levering.c.seq)
        .where(t.event.c.type == EventType.DELIVERED, t.event.c.station == "ggk")
    )
    for code, digest, name in connection.execute(query):
        path = root / "gemeenten" / code / "inbox" / name
        if code in config.partijen and path.is_file() and _digest(path) != digest:
            yield f"{path.relative_to(root)} has other bytes than were sent"


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _history(connection: sa.Connection) -> Iterator[str]:
    """Each status is what its events lead to; no message has too many leaves, or one twice."""
    for row in connection.execute(sa.select(t.levering)):
        query = sa.select(t.event).where(t.event.c.levering == row.seq).order_by(t.event.c.seq)
        events = connection.execute(query).all()
        types = [EventType(one.type) for one in events]
        if fold(types) != row.status:
            yield f"{row.id} is {row.status}, but its events lead to {fold(types)}"
        ways: list[list[str]] = [[]]  # a release begins a new one
        for one in events:
            kind = EventType(one.type)
            if kind is EventType.RELEASED:
                ways.append([])
            elif kind in CUSTODY - BESIDE - {EventType.DROPPED}:
                # a refusal is RINIS's, and GGk's when it hears of it
                ways[-1].append(f"{one.type} ({one.station})")
        for custody in ways:
            if len(custody) > MAX_LEAVES or len(set(custody)) < len(custody):
                yield f"{row.id} has the custody events {', '.join(custody)}"
        leaves = [one.leaf for one in events if EventType(one.type) in CUSTODY]
        if None in leaves:
            yield f"{row.id} has a custody event without a leaf"


def _log(location: Location, connection: sa.Connection) -> Iterator[str]:
    report = verify(location.audit)
    for step in report.steps:
        if not step.ok:
            yield f"audit verify, step {step.n} {step.name}: {step.detail}"
    head = connection.execute(sa.select(t.head)).first()
    if head is None or (head.size, b64encode(head.root).decode()) != (report.size, report.root):
        size = head.size if head else 0
        yield f"the published log ({report.size} leaves) is not the store's ({size})"
    stored = connection.execute(sa.select(t.leaf.c.content).order_by(t.leaf.c.idx)).scalars()
    if head is not None and root_of(leaf.leaf_hash(one) for one in stored) != head.root:
        yield "the leaves of the store are not those of its head"
    for row in connection.execute(
        sa.select(t.opening, t.leaf.c.content).join(t.leaf, t.leaf.c.idx == t.opening.c.leaf)
    ):
        committed = json.loads(row.content)[row.label]
        if leaf.commit(row.label, row.value, row.salt) != committed:
            yield f"the opening of {row.label} in leaf {row.leaf} does not open it"
