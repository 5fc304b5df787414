# SPDX-License-Identifier: EUPL-1.2
"""What the commitments in a leaf stand for, as a file beside it: ``openings/<leaf>.jsonl``.

Each line is canonical JSON, ``{"label","salt","value"}``, the salt in base64url: exactly the bytes
whose SHA-256, in base64url behind ``c1:``, is the commitment in the leaf (``audit/leaf.py``). So a
shell can check it (``leesmij.py``).

What this does not protect against: an opening shows what was committed to, not that it was true.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.audit import leaf
from gateway.audit.leaf import LeafError, Opening


class OpeningError(ValueError):
    """This is no file of openings."""


def write(found: Iterable[Opening]) -> bytes:
    """Write the openings of one leaf."""
    lines = (
        leaf.canonical({"label": one.label, "salt": _coded(one.salt), "value": one.value})
        for one in found
    )
    return b"".join(line + b"\n" for line in lines)


def read(content: bytes) -> list[Opening]:
    """Read it; :class:`OpeningError` for anything else."""
    try:
        rows = [json.loads(line) for line in content.decode().split("\n")[:-1]]
        found = [
            Opening(str(row["label"]), urlsafe_b64decode(row["salt"] + "="), str(row["value"]))
            for row in rows
        ]
        same = write(found) == content
    except (ValueError, KeyError, TypeError, RecursionError, LeafError):
        raise OpeningError("it cannot be read") from None
    if not same:
        raise OpeningError("it is not written as openings are")
    return found


def faults(found: Iterable[Opening], fields: Mapping[str, Any]) -> list[str]:
    """Which of them do not open the commitment in this leaf, in words."""
    told, seen = [], set[str]()
    for one in found:
        try:
            made = leaf.commit(one.label, one.value, one.salt)
        except LeafError as error:
            told.append(f"{one.label}: {error.sentence}")
            continue
        if one.label in seen:
            told.append(f"{one.label}: it is opened twice")
        elif fields.get(one.label) != made:
            told.append(f"{one.label}: it does not open the commitment in the leaf")
        seen.add(one.label)
    return told


def values(found: Iterable[Opening]) -> dict[str, str]:
    """What they say, by label."""
    return {one.label: one.value for one in found}


def _coded(salt: bytes) -> str:
    return urlsafe_b64encode(salt).rstrip(b"=").decode()
