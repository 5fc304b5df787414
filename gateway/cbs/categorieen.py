# SPDX-License-Identifier: EUPL-1.2
"""The types of provision, and the five categories in which they are published.

Source: aanleverprotocol H22025, 3.2.2, Type maatwerkvoorziening (toewijzing en declaratie), with
the table of the five categories and the box on the kinds of beschermd wonen. The order here is the
order of the reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TYPEN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Hulp bij het huishouden": {"0001": "Hulp bij het huishouden"},
        "Ondersteuning thuis": {
            "0002": "Begeleiding",
            "0003": "Persoonlijke verzorging",
            "0004": "Kortdurend verblijf",
            "0006": "Overige ondersteuning gericht op het individu of huishouden/gezin",
            "0007": "Dagbesteding",
            "0009": "Overige groepsgerichte ondersteuning",
        },
        "Hulpmiddelen en diensten": {
            "0005": "Woondiensten",
            "0008": "Vervoersdiensten",
            "0011": "Rolstoelen",
            "0012": "Vervoervoorzieningen",
            "0013": "Woonvoorzieningen",
            "0014": "Overige hulpmiddelen",
        },
        "Verblijf en opvang": {
            "0015": "Beschermd wonen",
            "0115": "Klassiek beschermd wonen",
            "0215": "Beschermd thuis",
            "0315": "Tussenvormen van beschermd thuis",
            "0016": "Opvang",
            "0017": "Spoedopvang",
            "0018": "Overige beschermd wonen en opvang",
        },
        "Overig": {
            "0088": "Generieke toewijzing",
            "0010": "Overige maatwerkarrangementen",
        },
    }
)
"""By category: code and name of each type."""

NAMEN: Mapping[str, str] = MappingProxyType(
    {code: naam for typen in TYPEN.values() for code, naam in typen.items()}
)
"""The name of each type by its code."""

HOOFDCATEGORIE: Mapping[str, str] = MappingProxyType(
    {code: hoofd for hoofd, typen in TYPEN.items() for code in typen}
)
"""The category of each type by its code."""

LEVERINGSVORMEN: Mapping[str, str] = MappingProxyType(
    {
        "2": "Persoonsgebonden budget (PGB)",
        "4": "Zorg in natura (ZIN)",
        "6": "Anders",
        "": "Niet ingevuld",
    }
)
"""Leveringsvorm by code (3.2.2, Leveringsvorm); the empty one is legal, and reported."""

ONBEKEND = "Onbekend type"
"""Where a record lands whose type is in no list: an approved file has none."""

KOLOMMEN: tuple[str, ...] = (
    "Aanmaakdatum bestand",
    "Gemeentecode",
    "BSN",
    "Type maatwerkvoorziening (toewijzing)",
    "Beoogde startdatum ondersteuning",
    "Beoogde einddatum ondersteuning",
    "Leveringsvorm voorziening (toewijzing)",
    "Type maatwerkvoorziening (declaratie)",
    "Datum start daadwerkelijke ondersteuning",
    "Einddatum daadwerkelijke ondersteuning",
    "Nummer van de toewijzing",
    "Intensiteit ondersteuning (beschikt volume)",
    "Intensiteit ondersteuning (beschikt eenheid)",
    "Intensiteit ondersteuning (beschikte frequentie)",
    "Intensiteit van ondersteuning (geleverde eenheid)",
    "Intensiteit van ondersteuning (geleverd volume)",
    "Reden beëindiging",
    "Reden wijziging toewijzing",
)
"""The 18 fields of a Wmo file, in order (3.2.1)."""
