# SPDX-License-Identifier: EUPL-1.2
"""Vectors: good messages, each edited in exactly one place, and the code that this must give.

`VECTOREN` is the table, in tabel.py; `VERWIJZINGEN` that of references to large files, in
verwijzingen.py. The good ones are files beside them, written by hand and not by our own builder. To
add a vector, add a line to the table; a vector whose code only a station can give has stage
"station", and is replayed by the tests of the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HIER = Path(__file__).parent

GOED = {
    naam: (_HIER / f"{naam}.xml").read_bytes()
    for naam in ("heen", "retour", "bv03", "fo03", "verwijzing")
}
"""The good messages, by name; and a good reference to a large file."""


@dataclass(frozen=True)
class Vector:
    """One edit of a good message.

    `richting` names the good message; `oud` occurs in it exactly once and becomes `nieuw` (`maal`
    times). `code` is the code it must give, or "ok". `stage`: "envelop" where `envelopes` itself
    gives the code, "station" where only a station can: then `eerst` are messages to send before
    it, each the good one with one edit (oud, nieuw), and `vraagt` says what the chain must be set
    up with. `bron` is the rule and where it stands.
    """

    id: str
    richting: str
    wat: str
    oud: bytes
    nieuw: bytes
    code: str
    bron: str
    stage: str = "envelop"
    maal: int = 1
    eerst: tuple[tuple[bytes, bytes], ...] = ()
    vraagt: str = ""

    @property
    def data(self) -> bytes:
        """The edited message."""
        return bewerk(GOED[self.richting], self.oud, self.nieuw * self.maal)

    @property
    def vooraf(self) -> list[bytes]:
        """The messages to send before it."""
        return [bewerk(GOED[self.richting], oud, nieuw) for oud, nieuw in self.eerst]


def bewerk(goed: bytes, oud: bytes, nieuw: bytes) -> bytes:
    """Replace `oud`, which must occur exactly once; an empty edit gives the message itself."""
    if not oud and not nieuw:
        return goed
    if goed.count(oud) != 1:
        raise ValueError(f"{oud!r} occurs {goed.count(oud)} times: an edit is of one place")
    return goed.replace(oud, nieuw)


from tests.vectors.tabel import VECTOREN  # noqa: E402  the table needs Vector
from tests.vectors.verwijzingen import VERWIJZINGEN  # noqa: E402  this one too

__all__ = ["GOED", "VECTOREN", "VERWIJZINGEN", "Vector", "bewerk"]
