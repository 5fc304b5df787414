# SPDX-License-Identifier: EUPL-1.2
"""What may lie beside a file in an outbox and binds its user to it: a seal, or a login's assertion.

``x.csv.p7s`` is the seal of ``x.csv``, ``x.csv.eh.json`` the assertion. It is never sent by itself:
it is claimed with its file. Where both are there the seal goes, and the other waits for the next
file of that name. Which it is, the station reads from the bytes; here only names count.
"""

from __future__ import annotations

SEAL, ASSERTION = ".p7s", ".eh.json"
ENDS = (SEAL, ASSERTION)

MAX_BYTES = 32 * 1024
"""A proof larger than this is not read: it is refused with its file."""


def subject_of(name: str) -> str:
    """The file that this is the proof of, by its name; empty for any other name."""
    for end in ENDS:
        if name.endswith(end) and name != end:
            return name[: -len(end)]
    return ""


def of(name: str) -> tuple[str, ...]:
    """What the proof of a file may be called, in the order in which it is looked for."""
    return tuple(name + end for end in ENDS)
