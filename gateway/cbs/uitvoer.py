# SPDX-License-Identifier: EUPL-1.2
"""All findings as CSV, written as they are found: ``regel;kolom;ernst;code;tekst``.

The file takes its name when it is whole; until then it grows under another one beside it. In place
of a file that does not begin as one of ours does (somebody's data) nothing is written. Where
several files are judged into one CSV (a ZIP, or several on the command line), a last column
``bestand`` says of which file each finding is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from gateway import durable, screens
from gateway.errors import FolderError

KOP = "regel;kolom;ernst;code;tekst"
STUK = 100_000
"""Findings that are made into text at once: some 15 MB."""
_FORMULE = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Uitvoer:
    """A CSV file in the making. ``bestand``: what the last column says, None for no such column."""

    fd: int
    plaats: int = 0
    bestand: str | None = None
    met_bestand: bool = field(default=False)

    def schrijf(self, bevindingen: pl.DataFrame) -> None:
        """Add findings: a frame with the columns of the head, in that order."""
        if self.met_bestand:
            bevindingen = bevindingen.with_columns(pl.lit(_veilig(self.bestand or "")).alias("b"))
        for deel in bevindingen.iter_slices(STUK):
            self._bij(deel.write_csv(separator=";", include_header=False).encode())

    def terug(self, plaats: int) -> None:
        """Take back all that was written since the file was so long."""
        durable.cut_part(self.fd, plaats)
        self.plaats = plaats

    def _bij(self, content: bytes) -> None:
        durable.write_part(self.fd, memoryview(content), self.plaats)
        self.plaats += len(content)


@contextmanager
def naar(pad: str, *, met_bestand: bool) -> Iterator[Uitvoer]:
    """Make such a file at ``pad``, in place of one that was there; nothing is left after an error.

    ``FolderError`` when something else has that name: it is not replaced.

    What this does not protect against: power failing between the removal of the old file and the
    naming of the new one. It is a report that can be made again, not mail.
    """
    map_, naam = os.path.split(os.path.abspath(pad))
    dir_fd = durable.open_dir(map_)
    tijdelijk = f".{naam}.new"
    try:
        for een in (naam, tijdelijk):
            if not _onze(dir_fd, een):
                raise FolderError(
                    f"{os.path.join(map_, een)} is no list of findings: it is not replaced",
                    hint="give another name",
                )
        durable.remove(dir_fd, tijdelijk)
        fd = durable.open_part(dir_fd, tijdelijk, new=True)
        try:
            uitvoer = Uitvoer(fd, met_bestand=met_bestand)
            uitvoer._bij((KOP + (";bestand" if met_bestand else "") + "\n").encode())
            yield uitvoer
        except BaseException:
            durable.remove(dir_fd, tijdelijk)
            raise
        finally:
            os.close(fd)
        if not _onze(dir_fd, naam):  # somebody else took the name while we were reading
            durable.remove(dir_fd, tijdelijk)
            raise FolderError(f"{pad} was made by somebody else meanwhile: it is not replaced")
        durable.remove(dir_fd, naam)
        durable.rename(dir_fd, tijdelijk, dir_fd, naam)
    finally:
        os.close(dir_fd)


def _onze(dir_fd: int, naam: str) -> bool:
    """Whether a name is free, or of a file that begins as ours does (or broke off in doing so)."""
    try:
        # Without waiting for somebody to write into a pipe.
        fd = os.open(naam, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                     dir_fd=dir_fd)  # fmt: skip
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return False
        begin = os.read(fd, len(KOP))
    finally:
        os.close(fd)
    return KOP.encode().startswith(begin)


def _veilig(naam: str) -> str:
    """A name without a BSN, that a spreadsheet does not take for a formula."""
    naam = screens.name(naam)
    return f"'{naam}" if naam.startswith(_FORMULE) else naam
