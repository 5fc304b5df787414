# SPDX-License-Identifier: EUPL-1.2
"""Retention: what is kept how long, and the purge of what is past its time.

A purge takes away the copies of files that we keep (``verzonden/``, ``quarantaine/``), the openings
of the leaves and the personal fields of the store; never a leaf, so every proof stays valid. The
engine does it, some messages a request (``requests.py``): files first, then rows and an ``erasure``
leaf in one transaction. A crash between the two: the same request is done again.

What this does not reach: inboxes, the receivers' folders and ``antwoord/``, which are theirs; the
technical log, which names nobody; backups, which must be kept no longer than the data; and grants.
Of the stems of names (``last_of_stem``), that keep a name from being given twice, the store has
digests alone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gateway import durable
from gateway.config import Config
from gateway.custody import Ledger
from gateway.errors import FolderError, GatewayError
from gateway.folders import Folders
from gateway.journal import decode_promise
from gateway.lifecycle import Status
from gateway.location import Location
from gateway.model import Direction, Kind, Place
from gateway.moment import Clock
from gateway.names import toonbaar
from gateway.reach import Reach
from gateway.requests import Asked, Response
from gateway.store import Changes, Store
from gateway.store_health import reading
from gateway.store_purge import ARCHIVE, Copy, Kept, copies, kept_since, nobodys

KIND = "purge"
"""The word for it among the requests."""

DAY_MS = 24 * 3600 * 1000
SOME = 50
"""Messages in one request: files go on being routed in between."""

_REFUSED = (Status.REJECTED, Status.REFUSED, Status.CONFLICT, Status.DROPPED)


class Soort(NamedTuple):
    """A kind of message, and for how many days it is kept."""

    soort: str
    uitwisseling: str
    dagen: int


def soort_of(kept: Kept, config: Config) -> Soort:
    """What kind a message is, and for how long it is kept. An exchange may have its own days."""
    bewaren = config.bewaren
    exchange = config.uitwisselingen.get(kept.uitwisseling)
    own = exchange.bewaren_dagen if exchange else None
    if kept.status in _REFUSED:
        found, days = "geweigerd", bewaren.geweigerd_dagen
    elif kept.direction == Direction.HEEN and exchange and exchange.stap == "besluit":
        found, days = "besluit", bewaren.besluiten_dagen
    elif kept.direction == Direction.HEEN:
        found, days = "levering", bewaren.leveringen_dagen
    else:
        found, days = "rapport", bewaren.rapporten_dagen
    return Soort(found, kept.uitwisseling, own or days)


def _shortest(config: Config) -> int:
    days = [one.bewaren_dagen for one in config.uitwisselingen.values()]
    bewaren = config.bewaren
    days += [bewaren.leveringen_dagen, bewaren.besluiten_dagen]
    days += [bewaren.rapporten_dagen, bewaren.geweigerd_dagen]
    return min(one for one in days if one)


def _refused_ms(config: Config) -> int:
    return config.bewaren.geweigerd_dagen * DAY_MS


def _due(rows: Iterable[Kept], config: Config, now: int) -> list[Kept]:
    """Not what a person has just sent in again: it is under way until that was decided on."""
    return [
        one
        for one in rows
        if one.status != Status.RELEASED and one.at < now - soort_of(one, config).dagen * DAY_MS
    ]


def plan(location: Location, config: Config) -> list[tuple[Soort, int, int]]:
    """What a purge would take away now: messages and files of ours, by kind and exchange."""
    now = Clock().klok()
    before, after = now - _shortest(config) * DAY_MS, 0
    messages: Counter[Soort] = Counter()
    files: Counter[Soort] = Counter()
    folders = Folders(location.root, config, reach=Reach(location.root))
    folders.refresh()
    _require_all(folders)
    with reading(location.database) as connection:
        while rows := kept_since(connection, after, before, SOME):
            after = rows[-1].seq
            due = _due(rows, config, now)
            told = copies(connection, [one.seq for one in due])
            for one in due:
                messages[soort_of(one, config)] += 1
                files[soort_of(one, config)] += len(list(_files(folders, one, told)))
        loose = nobodys(connection, now - _refused_ms(config))
    if loose:
        soort = Soort("geweigerd", "", config.bewaren.geweigerd_dagen)
        messages[soort] += len(loose)
        files[soort] += sum(len(_archived(folders, archive)) for _, archive in loose)
    folders.close()
    return [(soort, messages[soort], files[soort]) for soort in sorted(messages)]


class Purge:
    """The engine's side."""

    def __init__(self, store: Store, ledger: Ledger, folders: Folders) -> None:
        self._store = store
        self._ledger = ledger
        self._folders = folders

    def handle(self, asked: Asked, changes: Changes) -> Response:
        """Purge the next messages that are past their time.

        ``body``: ``after`` (the place to go on from) and ``by`` (who asks).
        """
        config, now = self._folders.config, Clock().klok()
        try:
            after, by = int(asked.body["after"]), str(asked.body["by"])
        except (KeyError, TypeError, ValueError):
            raise GatewayError("a request to purge says after what, and who asks") from None
        _require_all(self._folders)
        before = now - _shortest(config) * DAY_MS
        rows = self._store.kept_since(after, before, SOME)
        busy = {decode_promise(row["id"], row["promise"]).levering
                for row in self._store.journal() if row["promise"]}  # fmt: skip
        due = [one for one in _due(rows, config, now) if one.id not in busy]
        told = self._store.copies([one.seq for one in due])
        gone = [spot for one in due for spot in _files(self._folders, one, told)]
        more = len(rows) == SOME
        loose = [] if more else self._store.nobodys(now - _refused_ms(config))
        gone += [spot for _, archive in loose for spot in _archived(self._folders, archive)]
        try:
            _remove(self._folders, gone)
        except OSError as error:
            raise FolderError(
                f"a copy cannot be removed: {error.strerror}",
                hint="give the gateway's user rights on verzonden/ and quarantaine/, then again",
            ) from error
        if due or loose:
            about = {"object": KIND, "action": f"{len(due)} messages, {len(gone)} files"}
            self._ledger.act("erasure", by, about, changes)
            changes.erased += [one.seq for one in due]
            changes.outdated.update(key for one in due for key in one.asked_by)
            changes.forgotten += [folder for folder, _ in loose]
        last = rows[-1].seq if rows else after
        return Response({"after": last, "messages": len(due), "files": len(gone), "more": more})


# --- the copies -----------------------------------------------------------------------------------

Spot = tuple[Place, str]


def _require_all(folders: Folders) -> None:
    """What lies in a share that hangs can be neither counted nor removed; to forget it is worse."""
    for one in sorted(folders.hanging):
        raise FolderError(folders.hangs(one), hint="purge again when it answers")


def _files(folders: Folders, kept: Kept, told: Iterable[Copy]) -> Iterator[Spot]:
    """The copies of a message that we keep and that are still there."""
    mine = [one for one in told if one.seq == kept.seq]
    for quarantine in dict.fromkeys(one.place for one in mine if _is_held(one.place)):
        place = Place(Kind.QUARANTAINE, quarantine.partition("/")[2])
        yield from ((place, name) for name in _names(folders, place))
    if kept.direction == Direction.HEEN and kept.gemeentecode in folders.config.partijen:
        place = Place(Kind.VERZONDEN, kept.gemeentecode)
        if said := folders.fault(place):
            raise FolderError(said, hint="purge again when it is what it was")
        names = [one.name for one in mine if one.place.endswith("/verzonden")] or [kept.naam]
        for shown in names:
            name = _found(folders, place, shown)
            if name and _digest(folders, place, name) == kept.sha256:
                yield place, name


def _is_held(place: str) -> bool:
    """A folder of quarantine, or of its archive; nothing that leads elsewhere."""
    top, *folders = place.split("/")
    if folders[:1] == [ARCHIVE]:
        folders = folders[1:]
    return top == "quarantaine" and len(folders) == 1 and folders[0][:1] not in ("", ".")


def _archived(folders: Folders, archive: str) -> list[Spot]:
    place = Place(Kind.QUARANTAINE, f"{ARCHIVE}/{archive}")
    return [(place, name) for name in _names(folders, place)]


def _names(folders: Folders, place: Place) -> list[str]:
    try:
        return sorted(os.listdir(folders.path(place)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unread(folders, place, error) from error


def _found(folders: Folders, place: Place, shown: str) -> str:
    """The name on the disk of what the store knows by a name that can be shown."""
    try:
        if stat.S_ISREG(os.stat(os.path.join(folders.path(place), shown)).st_mode):
            return shown
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # so it can be with what was escaped
            raise _unread(folders, place, error) from error
    if "\\" not in shown:  # nothing was escaped: it is not there any more
        return ""
    return next((one for one in _names(folders, place) if toonbaar(one) == shown), "")


def _digest(folders: Folders, place: Place, name: str) -> str:
    """Of what lies there now. What cannot be read is not passed over: it may be what must go."""
    try:
        with open(os.path.join(folders.path(place), name), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unread(folders, place, error) from error


def _unread(folders: Folders, place: Place, error: OSError) -> FolderError:
    return FolderError(
        f"a copy in {folders.shown(place)} cannot be read: {error.strerror}",
        hint="give the gateway's user rights on what lies there, then purge again",
    )


def _remove(folders: Folders, spots: Iterable[Spot]) -> None:
    """Remove files, and folders of quarantine that are empty then; durably."""
    touched: dict[int, int] = {}
    for place, name in spots:
        durable.remove(folders.fd(place), name)
        top = place
        if place.kind is Kind.QUARANTAINE:
            folders.forget(place)
            durable.remove_dir(folders.path(place))
            top = Place(Kind.QUARANTAINE)
        device, fd = folders.file_system(top)
        touched[device] = fd
    for fd in touched.values():
        durable.sync_filesystem(fd)
