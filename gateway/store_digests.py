# SPDX-License-Identifier: EUPL-1.2
"""Keys that are kept for ever and may name a person: their digests."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from gateway import store_tables as t


def digest(text: str) -> str:
    """How a key is kept that serves as long as the chain runs, and may name a person.

    The stem of a file's name, what another system calls itself: the same gives the same digest.
    """
    return "h1:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest_keys(run: sa.Connection) -> None:
    """Replace the keys themselves, as databases of before kept them; nothing where there are none.

    One statement a table: all of it or, at a crash, none.
    """
    raw: Any = run.connection.driver_connection
    raw.create_function("digest", 1, digest, deterministic=True)
    for column in (t.last_of_stem.c.stem, t.last_time.c.systeem, t.request.c.systeem):
        plain = column.not_like("h1:%")
        if run.execute(sa.select(column).where(plain).limit(1)).first() is not None:
            changed = {column.name: sa.func.digest(column)}
            run.execute(sa.update(column.table).where(plain).values(changed))
