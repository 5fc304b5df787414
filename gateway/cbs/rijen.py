# SPDX-License-Identifier: EUPL-1.2
"""The rows of a file, for who counts them: statistics, not judgement."""

from __future__ import annotations

import polars as pl

from gateway.cbs import codering, zipbestand
from gateway.cbs.bestand import delen
from gateway.cbs.bron import van_schijf
from gateway.cbs.protocol import voor
from gateway.cbs.structuur import gesplitst


def lees(pad: str, lid: str | None = None) -> pl.DataFrame:
    """Give the rows of a file, or of the member ``lid`` of a ZIP, without the row of headings.

    Columns ``k1`` to ``k18`` (text; empty where nothing stands) and ``regel``, the physical line,
    of which the headings are 1. Meant for an approved file; of another, what is missing on a line
    is empty and what is too much is left out, and what cannot be read at all has no rows.
    """
    bron = van_schijf(pad) if lid is None else zipbestand.lid(pad, lid)
    protocol = voor(None)
    lezing = codering.verken(bron)
    namen = [kolom.naam for kolom in protocol.kolommen]
    leeg = pl.DataFrame(schema={"regel": pl.UInt32} | dict.fromkeys(namen, pl.String))
    if not lezing.leesbaar:
        return leeg
    rijen = [
        gesplitst(deel.filter(pl.col("regel") > 1), protocol)
        for deel in delen(bron, lezing, protocol.langste_regel)
    ]
    return pl.concat([leeg, *rijen]).with_columns(pl.col(namen).fill_null(""))
