# SPDX-License-Identifier: EUPL-1.2
"""What people ask the engine to do, once: a durable file each, done exactly once, answered.

The engine is the only writer of the database, and it may be running or not. So a command does not
act: it puts a request in ``.state/verzoeken/<id>.json`` (durable before the command goes on) and
waits for the answer (``asking.py``). The engine takes one a round. What it does about it, and the
answer, are rows of the one transaction of that round; only then the file goes. A crash before the
commit: nothing was done, and the next start does it. A crash after it: the answer is there under
the request's id, and the file goes without being done again.

To add a kind of request: write a :data:`Handler` and name it in ``chain.py``.

What this does not protect against: somebody with the rights to write in the state directory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway import durable
from gateway.errors import DurabilityError, GatewayError
from gateway.journal import Intent
from gateway.model import Event, Levering
from gateway.store import Changes, Store

FOLDER = "verzoeken"
"""The folder of requests, in the state directory."""

UNREADABLE = "unreadable"
"""The kind of a request whose file cannot be read: that of another user, or on a bad disk."""

Answer = dict[str, Any]


class Asked(NamedTuple):
    """A request: its id (a ULID, so that names sort by time), what is asked, and the rest of it."""

    id: str
    kind: str
    body: dict[str, Any]


@dataclass(slots=True)
class Response:
    """What comes of a request, besides the rows that its handler added to the round's changes.

    ``answer`` is shown to who asked; ``happened`` are events to record, with their leaves;
    ``intents`` are files to be claimed from the next round on, ``archive`` folders in quarantine
    that go to the archive, each with its name there.
    """

    answer: Answer
    happened: list[tuple[Event, Levering]] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    archive: list[tuple[str, str]] = field(default_factory=list)


Handler = Callable[[Asked, Changes], Response]
"""Does what is asked by adding rows to the round's changes. It runs in the engine, on the state as
of the last commit. Before it adds anything it may raise ``GatewayError``: that is then the answer
(``error`` and ``hint``), and nothing is done."""


def place(state: str, asked: Asked) -> None:
    """Put a request where the engine finds it. Durable when this returns."""
    folder = os.path.join(state, FOLDER)
    durable.make_dir(folder, 0o700)
    content = json.dumps({"kind": asked.kind, "body": asked.body})
    durable.put(os.path.join(folder, f"{asked.id}.json"), content.encode(), 0o600)


class Requests:
    """The engine's side: what is asked, oldest first, each once."""

    def __init__(self, state: str, store: Store, handlers: Mapping[str, Handler]) -> None:
        self._folder = os.path.join(state, FOLDER)
        self._store = store
        self._handlers = handlers
        self._in_hand: set[str] = set()

    def next(self) -> Asked | None:
        """The oldest request that was not answered yet; None when nothing is asked."""
        try:
            found = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return None
        for name in found:
            id_, ext = os.path.splitext(name)
            if ext != ".json" or name.startswith(".") or id_ in self._in_hand:
                continue
            if self._store.answered(id_):  # done before a crash
                self._remove(id_)
                continue
            self._in_hand.add(id_)
            return self._read(id_)
        return None

    def _read(self, id_: str) -> Asked:
        """What cannot be read asks for nothing that we know, and is answered so."""
        try:
            with open(os.path.join(self._folder, f"{id_}.json"), "rb") as file:
                found = json.loads(file.read())
            json.dumps(found, ensure_ascii=False).encode()  # half a character: no store takes it
            return Asked(id_, str(found["kind"]), dict(found["body"]))
        except OSError as error:
            return Asked(id_, UNREADABLE, {"why": error.strerror or str(error)})
        except (ValueError, KeyError, TypeError, RecursionError):
            return Asked(id_, "", {})

    def answer(self, asked: Asked, changes: Changes) -> Response:
        """Do what is asked, as rows of this round's transaction; the answer is one of them."""
        handler = self._handlers.get(asked.kind)
        if asked.kind == UNREADABLE:
            response = _not_read(asked)
        elif handler is None:
            sentence = f"this gateway does not know the request {asked.kind!r}"
            response = Response({"error": sentence, "hint": "is it of the same version?"})
        else:
            try:
                response = handler(asked, changes)
            except DurabilityError:  # only a restart can go on
                raise
            except GatewayError as error:
                response = Response({"error": error.sentence, "hint": error.hint})
        changes.answered.append(
            {"id": asked.id, "kind": asked.kind, "answer": json.dumps(response.answer)}
        )
        return response

    def undone(self, asked: Asked) -> None:
        """Its round was not committed: it is asked still, and comes :meth:`next` again."""
        self._in_hand.discard(asked.id)

    def done(self, asked: Asked) -> None:
        """The answer is committed: the request may go."""
        self._remove(asked.id)
        self._in_hand.discard(asked.id)

    def _remove(self, id_: str) -> None:
        fd = durable.open_dir(self._folder)
        try:
            durable.remove(fd, f"{id_}.json")
        finally:
            os.close(fd)


def _not_read(asked: Asked) -> Response:
    """Not an unknown request: one that the gateway's user may not read, or the disk gives not."""
    return Response(
        {
            "error": f"the gateway could not read what is asked: {asked.body['why']}",
            "hint": "ask as the user that the gateway runs as: sudo -u NAME knooppunt ...",
        }
    )
