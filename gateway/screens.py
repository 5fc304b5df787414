# SPDX-License-Identifier: EUPL-1.2
"""What a screen may tell of a file: its name, or nobody could find it; no BSN, and no account.

For the operator's screens: route log, ``tail``, ``trace``, ``status``, ``quarantine``. What goes to
other systems (technical log, metrics, alarms, LDV) names no file at all.
"""

from __future__ import annotations

from gateway.audit.leaf import without_bsn

_EXCHANGE = 4
"""``gemeenten/<code>/outbox/<exchange>``: what lies deeper is called after a user."""


def name(text: str) -> str:
    """A file's name, with asterisks for a number that can be a BSN; a shell finds it even so."""
    return without_bsn(text)


def place(text: str) -> str:
    """A place, without the sub-folder of an outbox that is called after its user."""
    parts = text.split("/")
    return name("/".join(parts[:_EXCHANGE] if parts[2:3] == ["outbox"] else parts))
