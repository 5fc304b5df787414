# SPDX-License-Identifier: EUPL-1.2
"""What a plausible Wmo file consists of: how common each kind of arrangement is, and its volume.

The shares are of the order of CBS's published figures of Wmo arrangements (about a quarter help in
the household, over a third aids and services); they are no statistics, and no municipality's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Omvang:
    """An intended volume: ``minst`` to ``meest`` times ``eenheid`` per ``frequentie``.

    Codes of iWmo 3.2 (aanleverprotocol 3.2.2, "Omvang van de ondersteuning").
    """

    eenheid: str
    frequentie: str
    minst: int
    meest: int


@dataclass(frozen=True, slots=True)
class Soort:
    """One type maatwerkvoorziening and what is usual for it.

    ``aandeel``: parts of about a hundred. ``weken``: usual durations; none for what is material
    (0011 to 0014), which needs no end and no volume. ``pgb``, ``anders``: the share of
    leveringsvorm 2 and 6; the rest is 4.
    """

    code: str
    aandeel: float
    weken: tuple[int, ...]
    omvang: tuple[Omvang, ...]
    pgb: float
    anders: float = 0.0


_VERBLIJF = (Omvang("14", "2", 7, 7), Omvang("14", "1", 1, 1))
_STUKS = (Omvang("82", "6", 1, 1),)

SOORTEN = (
    Soort(
        "0001", 27.0, (52, 104, 156, 260),
        (Omvang("04", "2", 2, 4), Omvang("01", "2", 120, 300), Omvang("04", "4", 8, 16)), 0.06,
    ),
    Soort(
        "0002", 15.0, (26, 52, 104),
        (Omvang("04", "2", 1, 8), Omvang("01", "2", 60, 480), Omvang("04", "4", 4, 30)), 0.12,
    ),
    Soort("0003", 0.8, (52, 104), (Omvang("01", "2", 60, 420),), 0.15),
    Soort("0004", 0.6, (26, 52), (Omvang("14", "2", 1, 3), Omvang("14", "4", 2, 8)), 0.1),
    Soort("0005", 0.5, (52, 104), (Omvang("82", "6", 1, 4),), 0.02),
    Soort("0006", 1.4, (26, 52), (Omvang("04", "2", 1, 6), Omvang("84", "6", 5, 40)), 0.05),
    Soort("0007", 5.5, (26, 52, 104), (Omvang("16", "2", 1, 9),), 0.06),
    Soort(
        "0008", 16.0, (52, 104, 260),
        (Omvang("82", "4", 2, 20), Omvang("82", "6", 10, 200), Omvang("83", "6", 100, 2000)),
        0.01, 0.06,
    ),
    Soort("0009", 0.7, (26, 52), (Omvang("16", "2", 1, 4),), 0.01),
    Soort("0010", 1.0, (26, 52), (Omvang("82", "6", 1, 10), Omvang("83", "6", 200, 5000)), 0.03),
    Soort("0011", 8.0, (), _STUKS, 0.02),
    Soort("0012", 8.5, (), _STUKS, 0.03, 0.05),
    Soort("0013", 6.0, (), _STUKS, 0.02, 0.12),
    Soort("0014", 4.0, (), _STUKS, 0.03, 0.05),
    Soort("0015", 0.7, (52, 104), _VERBLIJF, 0.08),
    Soort("0016", 0.8, (13, 26, 52), _VERBLIJF, 0.0),
    Soort("0017", 0.2, (1, 2, 4), _VERBLIJF, 0.0),
    Soort("0018", 0.3, (26, 52), _VERBLIJF, 0.02),
    Soort("0088", 1.5, (26, 52), (Omvang("83", "6", 1000, 30000),), 0.0),
    Soort("0115", 0.6, (52, 104), _VERBLIJF, 0.06),
    Soort("0215", 0.5, (52, 104), (Omvang("04", "2", 5, 20), Omvang("16", "2", 2, 9)), 0.06),
    Soort("0315", 0.4, (52, 104), (Omvang("04", "2", 4, 15),), 0.06),
)  # fmt: skip

SINDS_2021_2 = frozenset({"0115", "0215", "0315"})
"""Kinds of beschermd wonen that are told apart since H22021 (aanleverprotocol 3.2.2)."""

REDENEN_EINDE = ("02", "20", "21", "22", "23", "31", "36", "37", "38", "39")
"""Why something ends before its time; ``19`` is an end according to plan."""

REDENEN_WIJZIGING = ("03", "04", "04", "04", "05", "07", "08", "09", "10", "12", "14")
