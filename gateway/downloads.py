# SPDX-License-Identifier: EUPL-1.2
"""Downloads by municipalities: two words each, and two leaves. The engine's side.

*Served* is ours: this file was about to be handed to this user. The leaf comes first, then the
bytes: no log, no download. *Acknowledged* is theirs: the program that fetched it posts the digest
of what it got, and it must be that of what was served. Who fetches is a name that was typed
(``--als``): a weak binding, ``named`` in the leaf, until a portal logs users in.

What this does not protect against: whoever may read the inbox may copy a file without a word; and
who posts a digest may know it without having the file.
"""

from __future__ import annotations

from typing import Any

from gateway import store_tables as t
from gateway.errors import GatewayError
from gateway.model import Download, Event, EventType, InInbox, Kind, Levering, Place
from gateway.names import toonbaar
from gateway.requests import Asked, Handler, Response
from gateway.store import Changes, Store

SERVE, CONFIRM = "download.serve", "download.confirm"
"""The kinds of request (``requests.py``)."""

WEAK = "weak binding: a name that was typed"


class DownloadError(GatewayError):
    """This cannot be downloaded, or acknowledged, so; the sentence says why."""

    code = "download"


class Downloads:
    """Does what people ask about downloads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def handlers(self) -> dict[str, Handler]:
        """Which kinds of requests are done here."""
        return {SERVE: self._serve, CONFIRM: self._confirm}

    def _serve(self, asked: Asked, changes: Changes) -> Response:
        code, name, sha256, size, by = _fields(
            asked, gemeente=str, name=str, sha256=str, size=int, by=str
        )
        levering, delivered = self._lies_there(code, name)
        if delivered and (sha256, size) != (levering.sha256, levering.size):
            raise DownloadError(
                f"{toonbaar(name)} in the inbox of {code} has other bytes than were delivered",
                hint="somebody changed it there: have the operator look; nothing was handed out",
            )
        served = levering._replace(sha256=sha256, size=size)
        changes.add(t.download, {"id": asked.id, "soort": SERVE, "levering": levering.id,
                                 "sha256": sha256, "size": size})  # fmt: skip
        event = _event(EventType.SERVED, served, asked.id, by)._replace(
            name=toonbaar(name), place=str(Place(Kind.INBOX, code))
        )
        answer = {"id": asked.id, "referentienummer": levering.referentienummer, "sha256": sha256}
        return Response(answer, happened=[(event, served)])

    def _lies_there(self, code: str, name: str) -> tuple[Levering, bool]:
        """The delivery that a file in an inbox is of; and whether it is its file, or a notice."""
        found = self._store.ask(InInbox(code, name))
        if found is None:
            raise DownloadError(
                f"the chain put nothing called {toonbaar(name)} in the inbox of {code}",
                hint=f"what lies there: folders/gemeenten/{code}/inbox",
            )
        levering, kind = found
        return self._store.levering(levering), kind == EventType.DELIVERED

    def _confirm(self, asked: Asked, changes: Changes) -> Response:
        id_, sha256, size, by = _fields(asked, id=str, sha256=str, size=int, by=str)
        served = self._store.ask(Download(id_))
        if served is None:
            raise DownloadError(
                f"there was no download {toonbaar(id_)}", hint="fetch it first: knooppunt fetch"
            )
        levering = self._store.levering(served.levering)
        if (sha256, size) != (served.sha256, served.size):
            return _other_bytes(levering, id_, sha256, served.sha256)
        if served.collected:
            return Response({"id": id_, "already": True})
        changes.add(t.download, {"id": id_, "soort": CONFIRM, "levering": levering.id,
                                 "sha256": sha256, "size": size})  # fmt: skip
        got = levering._replace(sha256=sha256, size=size)
        return Response(
            {"id": id_, "already": False},
            happened=[(_event(EventType.COLLECTED, got, id_, by), got)],
        )


def _event(kind: EventType, levering: Levering, id_: str, by: str) -> Event:
    place = str(Place(Kind.INBOX, levering.gemeentecode))
    return Event(kind, "ggk", levering.id, "", place, id_, WEAK, by=by)


def _other_bytes(levering: Levering, id_: str, got: str, sent: str) -> Response:
    """A digest that is not that of what was served: refused, said, and to be seen in trace."""
    said = (
        f"the digest that was posted ({got[:16]}...) is not that of what was served "
        f"({sent[:16]}...)"
    )
    event = Event(EventType.REMARK, "ggk", levering.id, "",
                  str(Place(Kind.INBOX, levering.gemeentecode)), "andere-bytes",
                  f"download {id_}: {said}; not acknowledged")  # fmt: skip
    hint = "what you have is not the file: fetch it again; it stays served, not acknowledged"
    return Response({"error": said, "hint": hint}, happened=[(event, levering)])


def _fields(asked: Asked, **wanted: type) -> list[Any]:
    found = [asked.body.get(name) for name in wanted]
    kinds = wanted.values()
    whole = all(type(one) is kind and one != "" for one, kind in zip(found, kinds, strict=True))
    if not whole:
        raise DownloadError(
            "this request about a download is not a whole one", hint="type it again"
        )
    return found
