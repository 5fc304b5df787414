# SPDX-License-Identifier: EUPL-1.2
"""The bytes that are judged: a file on disk or a member of a ZIP, read in blocks of whole lines.

Nothing here holds more than a few blocks: a file of any size, one line of two gigabytes and ten
million empty lines take the same memory. A line is what ends at an LF, of whatever length, with
one CR before it that belongs to the line's end.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOK = 16 << 20
"""Bytes of one block: some 150,000 rows, so that the work per block outweighs its start."""

Voortgang = Callable[[int], None]
"""Told how many bytes were read since the last time."""


def stil(_: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Bron:
    """Something to read, as often as is needed. ``omvang`` in bytes, as far as it is known."""

    open: Callable[[], BinaryIO]
    omvang: int


def van_schijf(pad: str) -> Bron:
    """Give the source that a file on disk is; ``OSError`` for what cannot be read twice."""
    found = os.stat(pad)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", pad)
    return Bron(lambda: open(pad, "rb"), found.st_size)


def stukken(bron: Bron, voortgang: Voortgang = stil) -> Iterator[bytes]:
    """Give all bytes, block by block."""
    with bron.open() as file:
        while stuk := file.read(BLOK):
            voortgang(len(stuk))
            yield stuk


def regelblokken(
    bron: Bron, langste: int, *, voorbij: int = 0, voortgang: Voortgang = stil
) -> Iterator[bytes]:
    """Give the same in blocks of whole lines; the first ``voorbij`` bytes are left out.

    Only the last block may end without an LF. Of a line that is longer than a block and longer
    than ``langste``, a little more than ``langste`` bytes are given: enough to see that it is.
    """
    rest, weg = b"", False  # weg: the remainder of a line that is too long is being left out
    for stuk in stukken(bron, voortgang):
        nieuw, voorbij = stuk[voorbij:], 0
        if weg:
            einde = nieuw.find(b"\n")
            if einde < 0:
                continue
            nieuw, weg = nieuw[einde:], False
        slot = nieuw.rfind(b"\n") + 1
        if slot:
            yield rest + nieuw[:slot]
            rest = nieuw[slot:]
        else:
            rest += nieuw
            if len(rest) > max(langste, BLOK // 2):
                rest, weg = rest[: langste + _OVER], True
    if rest:
        yield rest


_OVER = 16
"""Bytes over the limit that are kept of a line: a character cut in two takes at most three away."""
