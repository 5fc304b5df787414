# SPDX-License-Identifier: EUPL-1.2
"""The rows of a file, for who counts them: statistics, not judgement."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from gateway.cbs import codering, zipbestand
from gateway.cbs.bestand import delen
from gateway.cbs.bron import van_schijf
from gateway.cbs.protocol import Protocol, voor
from gateway.cbs.structuur import gesplitst


def stukken(
    pad: str, lid: str | None = None, *, uitvraag: str | None = None
) -> Iterator[pl.DataFrame]:
    """Give the rows of a file, or of the member ``lid`` of a ZIP, some at a time.

    Columns ``k1`` to ``k18`` (text; empty where nothing stands) and ``regel``, the physical line,
    of which the headings are 1. Meant for an approved file; of another, what is missing on a line
    is empty and what is too much is left out, and what cannot be read at all has no rows.
    ``uitvraag``: whose columns it has.
    """
    bron = van_schijf(pad) if lid is None else zipbestand.lid(pad, lid)
    protocol = voor(uitvraag)
    lezing = codering.verken(bron)
    if not lezing.leesbaar:
        return
    for deel in delen(bron, lezing, protocol.langste_regel):
        rijen = gesplitst(deel.filter(pl.col("regel") > 1), protocol)
        yield rijen.with_columns(pl.col(_namen(protocol)).fill_null(""))


def lees(pad: str, lid: str | None = None, *, uitvraag: str | None = None) -> pl.DataFrame:
    """Give all of them at once: of a large file that is a large frame."""
    schema = {"regel": pl.UInt32} | dict.fromkeys(_namen(voor(uitvraag)), pl.String)
    return pl.concat([pl.DataFrame(schema=schema), *stukken(pad, lid, uitvraag=uitvraag)])


def _namen(protocol: Protocol) -> list[str]:
    return [kolom.naam for kolom in protocol.kolommen]
