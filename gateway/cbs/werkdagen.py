# SPDX-License-Identifier: EUPL-1.2
"""Working days in the Netherlands: Monday to Friday without the public holidays.

The terms of the aanleverprotocol (2.2, the boxes) count in them: three for the technical feedback,
two more for the op-orde report. Holidays come from the ``holidays`` package: Good Friday is one (it
counts as one in the Algemene termijnenwet, article 3), 5 May only every fifth year.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

from gateway.periods import NEDERLAND

_DAY = timedelta(days=1)
_WEEKEND = 5


@lru_cache(maxsize=64)
def _feestdagen(jaar: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NL", years=jaar))


def is_werkdag(day: date) -> bool:
    """Whether people work on a day."""
    return day.weekday() < _WEEKEND and day not in _feestdagen(day.year)


def werkdagen_na(day: date, aantal: int) -> date:
    """The working day that is so many after ``day``; 0 is the day itself, whatever day it is."""
    while aantal > 0:
        day += _DAY
        aantal -= is_werkdag(day)
    return day


def uiterlijk(moment: datetime, aantal: int) -> datetime:
    """The same time of the Dutch day, so many working days later. ``moment`` has a zone."""
    here = moment.astimezone(NEDERLAND)
    return datetime.combine(werkdagen_na(here.date(), aantal), here.timetz())


def ochtend(day: date) -> datetime:
    """Nine o'clock in the Netherlands: when what has a fixed day is sent."""
    return datetime(day.year, day.month, day.day, 9, tzinfo=NEDERLAND)
