# SPDX-License-Identifier: EUPL-1.2
"""Where our copies of a message lie, which of them are really its own, and taking them away.

A copy in ``verzonden/`` lies among files of people, so its bytes tell that it is ours. Reading them
takes as long as they are large; the engine, which all wait for, does not do it. Who asks for a
purge reads them and says which file that was (:data:`Identity`); the engine removes a file only
when what lies there is still that one.

Raises ``FolderError``, with the place and the reason, for what cannot be seen, read or removed: it
may be what must go, so it is never taken for gone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from gateway import durable
from gateway.errors import FolderError
from gateway.folders import Folders
from gateway.model import Direction, Kind, Place
from gateway.names import toonbaar
from gateway.store_purge import ARCHIVE, Copy, Kept

Identity = tuple[int, int, int, int]
"""Inode, size, mtime and ctime (ns): any writing, replacing or renaming gives another."""

_CHUNK = 1 << 20
_RIGHTS = "give the gateway's user rights on what lies there, then purge again"


class Spot(NamedTuple):
    """A file of ours: where it lies, and its name there."""

    place: Place
    name: str


def held(folders: Folders, kept: Kept, told: Iterable[Copy]) -> Iterator[Spot]:
    """What lies in quarantine for a message: its folder there is ours, whole."""
    mine = [one.place for one in told if one.seq == kept.seq and _is_held(one.place)]
    for quarantine in dict.fromkeys(mine):
        yield from _all_in(folders, Place(Kind.QUARANTAINE, quarantine.partition("/")[2]))


def decided(folders: Folders, folder: str, archive: str) -> Iterator[Spot]:
    """What lies in a folder of quarantine that was decided on: archived, or not yet."""
    for one in (folder, f"{ARCHIVE}/{archive}"):
        yield from _all_in(folders, Place(Kind.QUARANTAINE, one))


def sent(folders: Folders, kept: Kept, told: Iterable[Copy]) -> Iterator[tuple[Spot, Identity]]:
    """The files in ``verzonden`` that may be a copy of a message, by their names.

    So too of a party that config.yaml no longer has: its folder may be there still.
    """
    if kept.direction != Direction.HEEN:
        return
    place = Place(Kind.VERZONDEN, kept.gemeentecode)
    _require(folders, place)
    mine = [one for one in told if one.seq == kept.seq]
    names = [one.name for one in mine if one.place.endswith("/verzonden")] or [kept.naam]
    for shown in names:
        for name in _spelled(folders, place, shown):
            found = _look(folders, Spot(place, name))
            if found is not None and stat.S_ISREG(found.st_mode):
                yield Spot(place, name), _identity(found)
                break


def still_ours(
    folders: Folders, kept: Kept, told: Iterable[Copy], read: Mapping[Identity, bool]
) -> Iterator[Spot]:
    """The files in ``verzonden`` that were read and are this message's; no byte is read here.

    ``read`` tells of each file that was read whether it is. One that is not among them came, or
    was changed, since.
    """
    for spot, identity in sent(folders, kept, told):
        if identity not in read:
            raise FolderError(
                f"a copy in {folders.shown(spot.place)} was changed while it was being purged",
                hint="purge again",
            )
        if read[identity]:
            yield spot


def is_copy(
    folders: Folders, spot: Spot, identity: Identity, sha256: str, progress: Callable[[int], None]
) -> bool:
    """Whether what lies there has these bytes; reads it all, told to ``progress`` as it goes."""
    digest = hashlib.sha256()
    try:
        fd = os.open(_path(folders, spot), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            while chunk := os.read(fd, _CHUNK):
                digest.update(chunk)
                progress(len(chunk))
            same = _identity(os.fstat(fd)) == identity
        finally:
            os.close(fd)
    except FileNotFoundError:
        same = False
    except OSError as error:
        raise _unread(folders, spot.place, error) from error
    if not same:
        where = folders.shown(spot.place)
        raise FolderError(f"a copy in {where} was changed while it was read", hint="purge again")
    return digest.hexdigest() == sha256


def size(folders: Folders, spot: Spot) -> int:
    """How many bytes lie there; none when it is gone."""
    found = _look(folders, spot)
    return found.st_size if found is not None else 0


class Removal:
    """Takes files away, and folders of quarantine that are empty then; durable after a sync."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._touched: dict[int, int] = {}

    def take(self, spot: Spot) -> None:
        """Remove this one; again: nothing."""
        try:
            self._take(spot)
        except OSError as error:
            raise FolderError(
                f"a copy in {self._folders.shown(spot.place)} cannot be removed: "
                f"{error.strerror or error}",
                hint=_RIGHTS,
            ) from error

    def _take(self, spot: Spot) -> None:
        folders, place = self._folders, spot.place
        durable.remove(folders.fd(place), spot.name)
        top = place
        if place.kind is Kind.QUARANTAINE:
            folders.forget(place)
            durable.remove_dir(folders.path(place))
            top = Place(Kind.QUARANTAINE)
        device, fd = folders.file_system(top)
        if device not in self._touched:
            self._touched[device] = os.dup(fd)

    def sync(self) -> None:
        """What was removed stays so after a power failure."""
        failed: OSError | None = None
        while self._touched:
            fd = self._touched.popitem()[1]
            try:
                self._folders.sync(fd)
            except OSError as error:
                failed = failed or error
            finally:
                os.close(fd)
        if failed is not None:
            raise FolderError(
                f"a share did not keep that copies were removed: {failed.strerror}",
                hint="nothing is recorded as purged; purge again when the share is well",
            ) from failed


# --- what lies there ------------------------------------------------------------------------------


def _is_held(place: str) -> bool:
    """A folder of quarantine, or of its archive; nothing that leads elsewhere."""
    top, *folders = place.split("/")
    if folders[:1] == [ARCHIVE]:
        folders = folders[1:]
    return top == "quarantaine" and len(folders) == 1 and folders[0][:1] not in ("", ".")


def _require(folders: Folders, place: Place) -> None:
    """What lies where nobody answers, or on another disk, can be neither counted nor removed."""
    if said := folders.fault(place):
        raise FolderError(said, hint="purge again when it is what it was")


def _all_in(folders: Folders, place: Place) -> Iterator[Spot]:
    _require(folders, place)
    yield from (Spot(place, name) for name in _names(folders, place))


def _names(folders: Folders, place: Place) -> list[str]:
    try:
        return sorted(os.listdir(folders.path(place)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unread(folders, place, error) from error


def _spelled(folders: Folders, place: Place, shown: str) -> Iterator[str]:
    """How the disk may spell what the store knows by a name that can be shown."""
    yield shown
    if "\\" in shown:  # something may have been escaped
        yield from (one for one in _names(folders, place) if toonbaar(one) == shown)


def _look(folders: Folders, spot: Spot) -> os.stat_result | None:
    try:
        return os.stat(_path(folders, spot), follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # so it can be with what was escaped
            return None
        raise _unread(folders, spot.place, error) from error


def _identity(found: os.stat_result) -> Identity:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _path(folders: Folders, spot: Spot) -> str:
    return os.path.join(folders.path(spot.place), spot.name)


def _unread(folders: Folders, place: Place, error: OSError) -> FolderError:
    return FolderError(
        f"a copy in {folders.shown(place)} cannot be read: {error.strerror}", hint=_RIGHTS
    )
