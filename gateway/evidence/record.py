# SPDX-License-Identifier: EUPL-1.2
"""A step of a verification: the record (metagegevens) that the receiver got with the file.

The leaf of the delivery names it by its SHA-256. What it says of who handed in what, and by which
seal or login, must be what the leaves and what opens them say: it is by this record that a receiver
knows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import envelopes
from envelopes import Metagegevens
from envelopes.errors import EnvelopeError
from gateway.evidence.index import METAGEGEVENS, Part, Rol, leaf_path
from gateway.evidence.parts import Bundle
from gateway.evidence.steps import Found, failed, ok, unchecked

_NAMED = "metagegevens:"


def metagegevens(bundle: Bundle) -> Found:
    """It is the one that was delivered, about this message, its user and what bound him."""
    data = bundle.members.get(METAGEGEVENS)
    if data is None:
        return bundle.lacks(Part.METAGEGEVENS)
    try:
        found = envelopes.read_metagegevens(data)
    except EnvelopeError as error:
        return failed(f"{METAGEGEVENS}: {error.details}")
    ours = bundle.of(Rol.MESSAGE)
    delivered = {at: one for at, one in ours.items() if one["type"].startswith("D.1.")}
    faults = [*_about(found, bundle), *_names(found, bundle, ours, delivered)]
    named = [one for leaf in delivered.values() for one in leaf.get("evidence", [])]
    named = [one for one in named if one.startswith(_NAMED)]
    if named and f"{_NAMED}{hashlib.sha256(data).hexdigest()}" not in named:
        faults.append("it is not the one that the leaf of the delivery names")
    if faults:
        return failed(*(f"{METAGEGEVENS}: {one}" for one in faults))
    if not named:
        return unchecked(f"{METAGEGEVENS}: no leaf names it, so it is the gateway's own account")
    return ok(f"{METAGEGEVENS}: about these bytes, as it was delivered")


def _about(found: Metagegevens, bundle: Bundle) -> Iterator[str]:
    message, file = bundle.index.message, found.bestand
    same = (file.sha256, file.omvang, found.referentienummer, found.gemeentecode)
    if same != (message.sha256, message.size, message.referentienummer, message.gemeentecode):
        yield "it is about another message"
    if found.uitwisseling != message.uitwisseling:
        yield f"it is of another exchange: {found.uitwisseling}"


def _names(
    found: Metagegevens, bundle: Bundle, ours: Mapping[int, Mapping[str, Any]],
    delivered: Mapping[int, object],
) -> Iterator[str]:  # fmt: skip
    """User, names and binding, held against the leaves of handing in and delivery."""
    for at, one in ours.items():
        opened = bundle.opened(at)
        if at in delivered and opened.get("name", found.bestand.naam) != found.bestand.naam:
            yield f"it names the delivered file otherwise than {leaf_path(at)}"
        if not one["type"].startswith("A.1.") or one["source"] != "ggk":
            continue
        if opened.get("actor", found.gebruiker.id) != found.gebruiker.id:
            yield f"it names another user than {leaf_path(at)}"
        name = opened.get("name")
        if name is not None and envelopes.xml_veilig(name) != found.bestand.oorspronkelijke_naam:
            yield f"it names another file than {leaf_path(at)}"
        if _binding(found.binding) != one.get("evidence", []):
            yield f"the seal or login in it is not the one that {leaf_path(at)} names"


def _binding(element: bytes | None) -> list[str]:
    """How a leaf would name what bound the user."""
    if element is None:
        return []
    try:
        found = envelopes.read_binding(element)
    except EnvelopeError:
        return ["unreadable"]
    return [f"{found.soort}:{hashlib.sha256(found.inhoud).hexdigest()}"]
