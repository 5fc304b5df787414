# SPDX-License-Identifier: EUPL-1.2
"""Where a synthetic file goes: to disk, into a ZIP, or to standard output; a piece at a time.

On disk it grows under a temporary name and gets its own when it is whole; memory holds one piece,
whatever the number of rows. Nothing that stood there is replaced unless that was asked for. After a
crash the temporary file is left; the next run under that name begins by removing it.
"""

from __future__ import annotations

import codecs
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import IO, Any

from gateway import durable
from gateway.cbs.voorbeeld import Opdracht, aanmaakdatum
from gateway.cbs.voorbeeld_plan import Geplant, Plan, regels
from gateway.errors import GatewayError

STUK = 20_000
"""Lines that are made before they are written: about 2 MB."""

Voortgang = Callable[[int], None]
"""Is told how many lines were made so far."""


def stukken(opdracht: Opdracht, plan: Plan, voortgang: Voortgang) -> Iterator[bytes]:
    """Give the bytes of the file, one piece after another."""
    if "byte-order-mark" in plan.heel:
        yield codecs.BOM_UTF8
    utf16 = "codering-utf16" in plan.heel
    if utf16:
        yield codecs.BOM_UTF16_LE
    lines, done = regels(opdracht, plan), 0
    while piece := list(islice(lines, STUK)):
        text = "".join(piece)
        yield text.encode("utf-16-le") if utf16 else text.encode("utf-8", "surrogateescape")
        done += len(piece)
        voortgang(done)


def schrijf(uit: IO[bytes], naam: str | None, opdracht: Opdracht, inhoud: Iterator[bytes]) -> None:
    """Write the pieces; with a name as the one member of a ZIP, whose bytes are the same each time.

    The member bears the time that the file says it was made.
    """
    if naam is None:
        for stuk in inhoud:
            uit.write(stuk)
        return
    made = datetime.strptime(aanmaakdatum(opdracht.uitvraag), "%Y%m%d%H%M")  # noqa: DTZ007  a ZIP knows no zone
    member = zipfile.ZipInfo(naam, made.timetuple()[:6])
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o640 << 16
    with zipfile.ZipFile(uit, "w") as archive, archive.open(member, "w", force_zip64=True) as into:
        for stuk in inhoud:
            into.write(stuk)


def bewaar(path: str, vul: Callable[[IO[bytes]], None], *, replace: bool) -> None:
    """Make a file of that name, filled by ``vul``; :class:`GatewayError` when there is one already.

    With ``replace`` what stood there goes first; between that and the rename nothing bears the
    name.
    """
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.lexists(path) and not replace:
        raise GatewayError(
            f"{path} is there already", hint="add --replace, or choose another name with -o"
        )
    durable.make_dir(folder)
    dir_fd = durable.open_dir(folder)
    try:
        staged = f".{name}.new"
        durable.remove(dir_fd, staged)
        try:
            part = _Groei(durable.open_part(dir_fd, staged, new=True))
            with io.BufferedWriter(part, STUK * 100) as into:
                vul(into)
            durable.sync_filesystem(dir_fd)
            if replace:
                durable.remove(dir_fd, name)
            durable.rename(dir_fd, staged, dir_fd, name)
        except BaseException:  # Ctrl-C too: half a file helps nobody
            durable.remove(dir_fd, staged)
            raise
    finally:
        os.close(dir_fd)


class _Groei(io.RawIOBase):
    """A file of ``durable`` as the standard library's writers want it."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd, self._at, self._size = fd, 0, 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, content: Any) -> int:
        view = memoryview(content)
        durable.write_part(self._fd, view, self._at)
        self._at += len(view)
        self._size = max(self._size, self._at)
        return len(view)

    def close(self) -> None:
        if not self.closed:
            os.close(self._fd)
        super().close()


def verwachting(naam: str, plan: Plan) -> dict[str, Any]:
    """What must come back, in the words of ``cbs check --json``.

    ``verborgen``: what is in the file too, and shows only when what is in ``bevindingen`` has been
    mended: a file is judged on the first step that it fails.
    """
    stap, seen, hidden = plan.verwacht()
    return {
        "bestand": naam,
        "oordeel": "goedgekeurd" if stap is None else "afgekeurd",
        "stap": stap,
        "bevindingen": [_bevinding(one) for one in seen],
        "verborgen": [_bevinding(one) for one in hidden],
    }


def _bevinding(one: Geplant) -> dict[str, Any]:
    return {
        "regel": one.regel,
        "kolom": one.kolom,
        "ernst": one.fout.ernst.value,
        "code": one.fout.code,
    }
