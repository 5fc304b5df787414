# SPDX-License-Identifier: EUPL-1.2
"""What the feedback on a ZIP says of its members."""

import json
from types import SimpleNamespace

from gateway.cbs.opstellen import _opmerkingen


def test_the_same_of_many_members_is_said_once():
    """With how many; what is said of one names it."""
    sets = [
        {"code": "", "plaats": n, "opmerkingen": json.dumps(["Te laat." if n < 25 else "Anders."])}
        for n in range(1, 26)
    ]
    controle = SimpleNamespace(leden=[SimpleNamespace(bestand=f"WMO_{n}.csv") for n in range(25)])
    found = [(one.kop, one.tekst) for one in _opmerkingen(sets, controle)]
    assert found == [
        ("24 bestanden: over deze aanlevering", "Te laat."),
        ("WMO_24.csv: over deze aanlevering", "Anders."),
    ]
