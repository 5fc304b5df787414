# SPDX-License-Identifier: EUPL-1.2
"""What the store knows beside the log, for evidence: openings, bindings, records, grants."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from gateway import store_tables as t
from gateway.audit.leaf import Opening
from gateway.store_queries import Reader


def openings(reader: Reader, leaves: Iterable[int]) -> dict[int, list[Opening]]:
    """The openings of these leaves, by leaf; those that were erased are not there."""
    columns = (t.opening.c.leaf, t.opening.c.label, t.opening.c.salt, t.opening.c.value)
    query = sa.select(*columns).where(t.opening.c.leaf.in_(list(leaves)))
    found: dict[int, list[Opening]] = {}
    for row in reader.rows(query.order_by(t.opening.c.leaf, t.opening.c.label)):
        found.setdefault(row.pop("leaf"), []).append(Opening(**row))
    return found


def binding(reader: Reader, levering: str) -> tuple[str, bytes] | None:
    """The seal or login that a delivery came with: its kind and bytes; None: none, or erased."""
    query = sa.select(t.binding.c.soort, t.binding.c.content).where(
        t.binding.c.levering == levering
    )
    rows = reader.rows(query)
    return (rows[0]["soort"], rows[0]["content"]) if rows else None


def metagegevens(reader: Reader, levering: str) -> bytes | None:
    """The record that the receiver of a delivery got; None: none, or erased."""
    query = sa.select(t.metagegevens.c.content).where(t.metagegevens.c.levering == levering)
    rows = reader.rows(query)
    return rows[0]["content"] if rows else None


def grants(reader: Reader, gebruiker: str, gemeentecode: str, aanlevering: str) -> list[int]:
    """The leaves of every grant and revocation of this user for it, oldest first."""
    c = t.autorisatie.c
    query = sa.select(c.leaf).where(
        c.gebruiker == gebruiker, c.gemeentecode == gemeentecode, c.aanlevering == aanlevering
    )
    return [row["leaf"] for row in reader.rows(query.order_by(c.leaf))]
