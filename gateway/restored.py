# SPDX-License-Identifier: EUPL-1.2
"""What a restored database does not know of the quarantine: the folders tell.

A file that a person decided about after the backup is ``held`` again in the database, though its
folder lies in the archive, under ``<request>.<id>``. A restore makes the two tell one story: with
the file still in it, it was dropped; without, it was released. Who and why are lost.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gateway.store_health import millis_of
from gateway.store_held import DROPPED, HELD, RELEASED
from gateway.store_purge import ARCHIVE
from gateway.store_queries import Reader

Row = dict[str, Any]


def lies_there(root: str, row: Mapping[str, Any]) -> bool:
    """Whether what a person is to decide about lies in quarantine."""
    return os.path.lexists(os.path.join(root, "quarantaine", row["id"], row["name"]))


def decided_since(database: str, root: str, now: int) -> list[Row]:
    """Decisions that this database forgot, as rows for ``Changes.decided_on``."""
    archive = os.path.join(root, "quarantaine", ARCHIVE)
    try:
        names = sorted(os.listdir(archive))
    except FileNotFoundError:
        return []
    archived = {name.partition(".")[2]: name for name in names}  # of several the newest
    with Reader(database) as reader:
        held = [row for row in reader.held() if row["state"] == HELD]
    found: list[Row] = []
    for row in held:
        name = archived.get(row["id"])
        if name is None or lies_there(root, row):
            continue
        dropped = os.path.lexists(os.path.join(archive, name, row["name"]))
        when = millis_of(name.partition(".")[0])
        found.append(
            {"key": row["id"], "new_state": DROPPED if dropped else RELEASED, "new_archive": name,
             "new_at": now if when is None else when, "new_leaf": None}
        )  # fmt: skip
    return found
