# SPDX-License-Identifier: EUPL-1.2
"""Which leaves say whose the pseudonym is that a message came under, from the store."""

from __future__ import annotations

from gateway.evidence.index import Part, Rol
from gateway.evidence.pseudoniem import bearer
from gateway.evidence.wish import Wish
from gateway.store_evidence import binding
from gateway.store_links import leaves_of
from gateway.store_queries import Reader


def links(reader: Reader, wish: Wish, levering: str, first: int) -> dict[int, str]:
    """The leaves to go along: whose the pseudonym is that this message came under."""
    found = None if wish.without(Part.BINDING) else binding(reader, levering)
    if found is None or found[0] not in ("zegel", "eherkenning"):
        return {}
    who = bearer(found[1], seal=found[0] == "zegel")
    rows = reader.rows(leaves_of(who.chains)) if who is not None else []
    return {row["leaf"]: Rol.LINK for row in rows if row["leaf"] < first}
