# SPDX-License-Identifier: EUPL-1.2
"""From what happened to what is recorded: events become rows, custody events become leaves too.

A leaf holds no BSN, no file content, no plain user and no plain file name: the last two are
commitments, whose openings lie in the store and can be erased (``docs/audit.md``).
"""

from __future__ import annotations

from collections.abc import Callable

from gateway import __version__
from gateway.audit import leaf
from gateway.audit.merkle import Frontier
from gateway.errors import AuditError
from gateway.lifecycle import CUSTODY, TRANSITIONS, step
from gateway.model import Event, EventType, Levering
from gateway.moment import Clock
from gateway.store import Changes, Head, Row, Store

_BY_THE_USER = (EventType.ACCEPTED, EventType.REJECTED)
"""The leaves that say what a user handed in: the seal or assertion that came with it is named."""

_DOWNLOADS = (EventType.SERVED, EventType.COLLECTED)
"""Their code is the download's id, not how it ended."""

NAMED = "named"
"""The ``auth`` of who gave a name, or typed a command under one, and did not log in for it. Leaves
of before say ``session`` of these too, which is the word for a login that signs no bytes."""

_RESULTS = {EventType.REJECTED: "rejected", EventType.REFUSED: "refused"}


class Ledger:
    """Appends to the history and to the audit log, in the round's one transaction."""

    def __init__(self, store: Store, clock: Clock, origin: str) -> None:
        self.origin = origin
        self._store = store
        self._clock = clock
        found = store.head()
        self._head = found
        self._frontier = Frontier.from_bytes(found.frontier) if found else Frontier()
        self.size = found.size if found else 0
        self.unpublished: list[bytes] = []
        self.beside: Callable[[Changes], None] = lambda _: None
        if found:
            clock.not_before(found.at)
            if self._frontier.root() != found.root or self._frontier.size != found.size:
                raise AuditError(
                    "the audit log's head in the database contradicts itself",
                    hint="restore the state from a backup, and keep this one for examination",
                )

    @property
    def root(self) -> bytes:
        """The tree's root now."""
        return self._frontier.root()

    def record(self, happened: list[tuple[Event, Levering]], changes: Changes) -> None:
        """Add these events, oldest first, and the leaves of those that are custody."""
        at = changes.at = self._clock.klok()
        lines = self._store.lines(dict.fromkeys(levering.id for _, levering in happened))
        for event, levering in happened:
            line = lines[levering.id]
            line.status = step(line.status, event.type)
            index = None
            if event.type in CUSTODY:
                index = self._append(self._leaf(event, levering, line.last_leaf, at, changes))
                changes.leaves.append({"idx": index, "content": self.unpublished[-1]})
                line.last_leaf = index
            changes.lines[levering.id] = line
            changes.events.append(
                {
                    "seq": self._store.next_event(),
                    "levering": line.seq,
                    "leaf": index,
                    "at": at,
                    "type": event.type.value,
                    "station": event.station,
                    "place": event.place,
                    "name": event.name,
                    "code": event.code,
                    "remark": event.remark,
                }
            )
        self._move(changes, at)
        if changes.leaves:
            self.beside(changes)  # what is logged beside other leaves, never for itself

    def act(
        self, type_: str, by: str, about: Row, changes: Changes, *, name: str = "", why: str = ""
    ) -> int:
        """Add a leaf of what a person did at a command line; return its index.

        ``by`` is who, ``name`` the person or file that it is about, ``why`` his words: all become
        commitments. ``about`` holds the other fields, ``object`` and ``action`` among them.
        """
        at = changes.at = self._clock.klok()
        fields = self._frame(type_, at) | {"loa": "geen", "auth": NAMED, "result": "ok"}
        fields |= {"actor": self._commit("actor", by, changes), "source": "request"} | about
        if name:
            fields["name"] = self._commit("name", name, changes)
        if why:
            fields["reason"] = self._commit("reason", why, changes)
        index = self._append(leaf.encode(fields))
        changes.leaves.append({"idx": index, "content": self.unpublished[-1]})
        self._move(changes, at)
        return index

    def system(
        self, type_: str, action: str, content: str, changes: Changes, *,
        about: Row | None = None, name: str = "",
    ) -> None:  # fmt: skip
        """Add a leaf that belongs to no delivery: a configuration, a turn of the clock.

        ``about`` holds more fields; ``name``, the person that it is about, becomes a commitment.
        """
        at = self._clock.klok()
        fields: dict[str, object] = (
            self._frame(type_, at)
            | {
                "actor": "system:gateway",
                "object": type_.split(".")[0],
                "action": action,
                "result": "ok",
                "source": "gateway",
            }
            | (about or {})
        )
        if content:
            fields["content"] = content
        if name:
            fields["name"] = self._commit("name", name, changes)
        index = self._append(leaf.encode(fields))
        changes.leaves.append({"idx": index, "content": self.unpublished[-1]})
        self._move(changes, at)

    def _frame(self, type_: str, at: int) -> dict[str, object]:
        return {
            "v": leaf.VERSION,
            "origin": self.origin,
            "at": at,
            "type": type_,
            "event": self._clock.fresh_ulid(),
            "build": __version__,
        }

    def _leaf(
        self, event: Event, levering: Levering, prev: int | None, at: int, changes: Changes
    ) -> bytes:
        fields = self._frame(TRANSITIONS[event.type].leaf or "", at)
        fields |= {
            "msg": levering.id,
            "flow": levering.flow,
            "tenant": levering.gemeentecode,
            "actor": self._commit(
                "actor", event.by or levering.gebruiker or event.station, changes
            ),
            "loa": "geen" if event.by else levering.loa,
            "auth": NAMED if event.by else levering.auth,
            "object": levering.uitwisseling or "onbekend",
            "action": event.type.value,
            "result": _result(event),
            "source": event.station,
            "content": levering.sha256,
            "size": levering.size,
            "name": self._commit("name", event.name or levering.naam, changes),
        }
        if levering.bewijs and event.type in _BY_THE_USER:
            fields["evidence"] = [levering.bewijs]
        if event.type is EventType.CONFIRMED:
            fields |= {"auth": "seal", "loa": "organisatie"}
        if event.bewijs:
            fields["evidence"] = [event.bewijs]
        if event.why:
            fields["reason"] = self._commit("reason", event.why, changes)
        if prev is not None:
            fields["prev"] = prev
        if levering.traceparent:
            _, fields["trace"], fields["span"], _ = levering.traceparent.split("-")
        return leaf.encode(fields)

    def _commit(self, label: str, value: str, changes: Changes) -> str:
        salt = self._clock.fresh_salt()
        row: Row = {"leaf": self.size, "label": label, "salt": salt, "value": value}
        changes.openings.append(row)
        return leaf.commit(label, value, salt)

    def _append(self, content: bytes) -> int:
        index = self.size
        self._frontier.append(leaf.leaf_hash(content))
        self.unpublished.append(content)
        self.size += 1
        return index

    def _move(self, changes: Changes, at: int) -> None:
        if not changes.leaves:
            return
        if changes.head_after is None:
            changes.head_before = self._head
        self._head = Head(self.size, self._frontier.root(), self._frontier.to_bytes(), at)
        changes.head_after = self._head


def _result(event: Event) -> str:
    code = "" if event.type in _DOWNLOADS else event.code
    return code or _RESULTS.get(event.type, "ok")
