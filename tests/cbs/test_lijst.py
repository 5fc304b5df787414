# SPDX-License-Identifier: EUPL-1.2
"""What the overview says of each set."""

from datetime import datetime, time

from gateway.cbs.cyclus import Beoordeeld, Gegevensset
from gateway.cbs.lijst import _wat_het_werd
from gateway.periods import NEDERLAND
from tests.cbs.gevallen import DAG


def test_of_two_sets_of_one_moment_the_last_counts():
    """By their numbers: only one of them counts."""
    moment = datetime.combine(DAG, time(9), NEDERLAND)
    sets = [
        Beoordeeld(Gegevensset(n, "wmo", "0363", "H22025", moment, True, "0363"), True, "")
        for n in (1, 2)
    ]
    assert [_wat_het_werd(one, sets) for one in sets] == ["vervangen", "telt mee"]
