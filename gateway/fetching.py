# SPDX-License-Identifier: EUPL-1.2
"""Fetching a file from a municipality's inbox, as a portal does: asked, copied, acknowledged.

First the engine logs that it is served, then the bytes are copied; then the digest of what was
written, read back from the disk, is posted. A file of the same name that is there is not touched.
"""

from __future__ import annotations

import os
import stat
from typing import Any, NamedTuple

from gateway import durable
from gateway.asking import ask, asker
from gateway.current import in_use
from gateway.downloads import CONFIRM, SERVE, DownloadError
from gateway.folders import digest_of
from gateway.location import Location
from gateway.model import Kind, Place
from gateway.names import toonbaar


class Fetched(NamedTuple):
    """A download: its id, where the file is now, its digest there, and of which delivery it is."""

    id: str
    path: str
    sha256: str
    referentienummer: str | None


def fetch(location: Location, name: str, code: str, directory: str, user: str = "") -> Fetched:
    """Copy a file out of an inbox; the leaf that it was served is there before the copy is.

    Raises :class:`GatewayError` when it is not there, was changed there, or cannot be written.
    """
    config = in_use(location)
    if config.partij(code) is None:
        raise DownloadError(f"{code} is not connected here", hint="the codes are under partijen")
    if name != os.path.basename(name) or name.startswith("."):
        raise DownloadError(f"{toonbaar(name)} is no name of a file in an inbox",
                            hint="type its name alone, without a folder")  # fmt: skip
    source = os.path.join(location.root, *Place(Kind.INBOX, code).parts, name)
    sha256, size = digest(source)
    target = os.path.join(os.path.abspath(directory), name)
    if os.path.lexists(target):
        raise DownloadError(f"{target} is there already", hint="choose another folder with -o")
    body = {"gemeente": code, "name": name, "sha256": sha256, "size": size, "by": user or asker()}
    served = ask(location, SERVE, body)
    _copy(source, target)
    written, _ = digest(target)
    return Fetched(served["id"], target, written, served["referentienummer"])


def confirm(location: Location, id_: str, path: str, user: str = "") -> dict[str, Any]:
    """Post the digest of a file that was fetched. Raises when it is not that of what was served."""
    sha256, size = digest(path)
    body = {"id": id_, "sha256": sha256, "size": size, "by": user or asker()}
    return ask(location, CONFIRM, body)


def digest(path: str) -> tuple[str, int]:
    """The SHA-256 and the size of a file, as they are on the disk."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DownloadError(f"{toonbaar(path)} cannot be read: {error.strerror}") from None
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise DownloadError(f"{toonbaar(path)} is no file")
        return digest_of(fd), found.st_size
    finally:
        os.close(fd)


def _copy(source: str, target: str) -> None:
    """Under another name first: a copy that was broken off does not look like the file."""
    folder, name = os.path.split(target)
    durable.make_dir(folder)
    into = durable.open_dir(folder)
    try:
        part = f".{name}.deel"
        durable.remove(into, part)
        durable.copy(source, into, part)
        durable.rename(into, part, into, name)
        durable.sync_filesystem(into)
    except OSError as error:
        said = f"{toonbaar(target)} cannot be written: {error.strerror}"
        raise DownloadError(said, hint="it stays served, not acknowledged") from None
    finally:
        os.close(into)
