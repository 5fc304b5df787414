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
    found = [(one.kop, one.tekst) for one in _opmerkingen(sets, controle, 21)]
    assert found == [
        ("24 bestanden: over deze aanlevering", "Te laat."),
        ("WMO_24.csv: over deze aanlevering", "Anders."),
    ]


def test_how_often_again_is_said_of_each_file_of_a_zip():
    """Of a single file it is not a remark: what there is to do says it, once."""
    row = {"uitvraag": "H22025", "code": "goedgekeurd", "opmerkingen": "[]"}
    sets = [row | {"plaats": 1, "hoeveelste": 2}, row | {"plaats": 2, "hoeveelste": 21}]
    controle = SimpleNamespace(leden=[SimpleNamespace(bestand=f"WMO_{n}.csv") for n in (1, 2)])
    found = [one.tekst for one in _opmerkingen(sets, controle, 21)]
    assert found == [
        "U kunt over H22025 nog 19 keer aanleveren.",
        "U kunt over H22025 niet opnieuw aanleveren.",
    ]
    assert _opmerkingen(sets[:1], controle, 21) == []
