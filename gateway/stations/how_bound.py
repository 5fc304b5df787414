# SPDX-License-Identifier: EUPL-1.2
"""How surely it was this user, in the words of a receipt: a weak binding is called so."""

from __future__ import annotations

from gateway.model import Levering

ORGANISATIE = "organisatie"
"""The ``loa`` of a municipality's own seal: it binds the organisation, and no person."""

_BOUND = {
    "seal": "ondertekend met een eigen zegel",
    "idp-bound": "ondertekend met eHerkenning",
    "session": "zwakke binding: wel ingelogd, maar het bestand is niet ondertekend",
}


def how_bound(levering: Levering) -> str:
    """What a receipt says behind the name of a user."""
    if levering.auth == "seal" and levering.loa == ORGANISATIE:
        return "ondertekend met het zegel van de organisatie; door wie is niet bevestigd"
    if levering.auth in _BOUND:
        return f"{_BOUND[levering.auth]}, betrouwbaarheidsniveau {levering.loa}"
    return "zwakke binding: niet bevestigd"
