# SPDX-License-Identifier: EUPL-1.2
"""What a Wmo file comes to in numbers: records and clients, per type and form; how full it is.

One pass over the rows, each block of them brought down to ten bytes a record; one grouping by
person; what comes out holds counts and no person. Records
are counted as they came: those that are about one provision are not merged here (domain 6).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import polars as pl

from gateway.cbs.categorieen import HOOFDCATEGORIE, KOLOMMEN, LEVERINGSVORMEN, ONBEKEND, TYPEN

ONBEKEND_BSN = 999_999_999
"""Stands for an unknown person, or none (aanleverprotocol 3.2.2, BSN): it is not one client."""

_CODES = [*HOOFDCATEGORIE, ""]
_HOOFD = [*TYPEN, ONBEKEND]
_VORMEN = list(LEVERINGSVORMEN)
_GEEN = pl.DataFrame(
    schema={"bsn": pl.UInt32, "soort": pl.UInt8, "vorm": pl.UInt8, "gevuld": pl.UInt32}
)


@dataclass(frozen=True, slots=True)
class Telling:
    """How many records, and how many different clients stand in them.

    A client with two types counts in both, so clients do not add up; records do. Records without
    a known BSN are in ``records`` and in no ``clienten``.
    """

    records: int
    clienten: int


@dataclass(frozen=True, slots=True)
class Vulling:
    """How full one column is: records with a value, and the clients on either side.

    A client with a full and an empty record counts on both.
    """

    gevuld: int
    clienten_gevuld: int
    clienten_leeg: int


@dataclass(frozen=True, slots=True)
class Cijfers:
    """The aggregates of one approved file.

    ``typen`` by code, ``hoofd`` by category (with :data:`ONBEKEND`), ``vormen`` by code of
    leveringsvorm ("" is empty), ``kruis`` by category and then form: all keys always there.
    ``kolommen``: the 18 columns in order. ``zonder_bsn``: records whose person is not known.
    """

    uitvraag: str
    totaal: Telling
    zonder_bsn: int
    typen: Mapping[str, Telling]
    hoofd: Mapping[str, Telling]
    vormen: Mapping[str, Telling]
    kruis: Mapping[str, Mapping[str, Telling]]
    kolommen: tuple[Vulling, ...]

    def to_json(self) -> str:
        """One line of JSON, the same for the same numbers."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        found: dict[str, Any] = json.loads(text)
        return cls(
            uitvraag=found["uitvraag"],
            totaal=Telling(**found["totaal"]),
            zonder_bsn=found["zonder_bsn"],
            typen=_tellingen(found["typen"]),
            hoofd=_tellingen(found["hoofd"]),
            vormen=_tellingen(found["vormen"]),
            kruis={hoofd: _tellingen(rij) for hoofd, rij in found["kruis"].items()},
            kolommen=tuple(Vulling(**one) for one in found["kolommen"]),
        )


def _tellingen(found: dict[str, dict[str, int]]) -> dict[str, Telling]:
    return {key: Telling(**one) for key, one in found.items()}


def cijfers(frame: pl.DataFrame | Iterable[pl.DataFrame], uitvraag: str) -> Cijfers:
    """Count a file, whole or some rows at a time.

    A frame has String columns ``k1`` to ``k18``, an empty string where empty. Of many the next is
    asked for when the one before it is gone.

    Type: the actual (k8), or the intended (k4) where the actual is missing or in no list (domain
    6). Leveringsvorm is k7, the only one there is.
    """
    frames = [frame] if isinstance(frame, pl.DataFrame) else frame
    rijen = pl.concat([_GEEN, *(_rijen(one.lazy()).collect() for one in frames)])
    records = {
        (soort, vorm): aantal
        for soort, vorm, aantal in rijen.group_by("soort", "vorm").len().iter_rows()
    }
    gevuld = _per_bit(rijen, "gevuld", len(KOLOMMEN))
    personen = _personen(rijen.lazy().filter(pl.col("bsn").is_not_null()))
    return _samen(uitvraag, rijen, records, gevuld, personen)


def _rijen(lazy: pl.LazyFrame) -> pl.LazyFrame:
    """Four small numbers a record: the person, the place of its type and form, which are full."""
    codes = pl.Series(_CODES[:-1])
    soort = pl.when(pl.col("k8").is_in(codes.implode())).then(pl.col("k8")).otherwise(pl.col("k4"))
    vol = [pl.col(f"k{i + 1}") != "" for i in range(len(KOLOMMEN))]
    bsn = pl.col("k3").cast(pl.UInt32, strict=False)
    return lazy.select(
        pl.when(bsn != ONBEKEND_BSN).then(bsn).alias("bsn"),
        _plaats(soort, _CODES).alias("soort"),
        _plaats(pl.col("k7"), _VORMEN).alias("vorm"),
        pl.sum_horizontal(
            [one.cast(pl.UInt32) * (1 << i) for i, one in enumerate(vol)]
        ).cast(pl.UInt32).alias("gevuld"),
    )  # fmt: skip


def _plaats(waarde: pl.Expr, lijst: list[str]) -> pl.Expr:
    """The place of a value in a list; the last place for what is not in it."""
    plaatsen = list(range(len(lijst)))
    return waarde.replace_strict(
        lijst, plaatsen, default=len(lijst) - 1, return_dtype=pl.UInt8
    )  # fmt: skip


def _personen(rijen: pl.LazyFrame) -> pl.DataFrame:
    """One row a person: bit sets of types, of categories with form, of columns full and empty."""
    hoofd = [_HOOFD.index(HOOFDCATEGORIE.get(code, ONBEKEND)) for code in _CODES]
    cel = pl.col("soort").replace_strict(
        list(range(len(_CODES))), hoofd, return_dtype=pl.UInt8
    ) * len(_VORMEN) + pl.col("vorm")
    alle = (1 << len(KOLOMMEN)) - 1
    return (
        rijen.select(
            "bsn",
            _bit(pl.col("soort"), len(_CODES)).alias("typen"),
            _bit(cel, len(_HOOFD) * len(_VORMEN)).alias("kruis"),
            "gevuld",
            (pl.col("gevuld") ^ pl.lit(alle, pl.UInt32)).alias("leeg"),
        )
        .group_by("bsn")
        .agg(pl.col("typen", "kruis", "gevuld", "leeg").bitwise_or())
        .collect(engine="streaming")
    )


def _bit(plaats: pl.Expr, aantal: int) -> pl.Expr:
    bits = [1 << i for i in range(aantal)]
    return plaats.replace_strict(list(range(aantal)), bits, return_dtype=pl.UInt32)


def _per_bit(frame: pl.DataFrame, kolom: str, aantal: int) -> list[int]:
    """How many rows have each bit."""
    telt = [((pl.col(kolom) & (1 << i)) != 0).sum().alias(str(i)) for i in range(aantal)]
    return [int(n) for n in frame.select(telt).row(0)]


def _met(frame: pl.DataFrame, kolom: str, bits: list[int]) -> int:
    """How many rows have at least one of these bits."""
    masker = sum(1 << i for i in bits)
    return int(frame.select(((pl.col(kolom) & masker) != 0).sum()).item())


def _samen(
    uitvraag: str,
    rijen: pl.DataFrame,
    records: dict[tuple[int, int], int],
    gevuld: list[int],
    personen: pl.DataFrame,
) -> Cijfers:
    soorten = {code: i for i, code in enumerate(_CODES)}
    hoofden = {hoofd: [i for c, i in soorten.items() if HOOFDCATEGORIE.get(c, ONBEKEND) == hoofd]
               for hoofd in _HOOFD}  # fmt: skip

    def tel(bij_soort: list[int], bij_vorm: list[int]) -> int:
        return sum(records.get((s, v), 0) for s in bij_soort for v in bij_vorm)

    alle_s, alle_v = list(soorten.values()), list(range(len(_VORMEN)))
    per_type = _per_bit(personen, "typen", len(_CODES))
    per_cel = _per_bit(personen, "kruis", len(_HOOFD) * len(_VORMEN))
    vol, leeg = (_per_bit(personen, kolom, len(KOLOMMEN)) for kolom in ("gevuld", "leeg"))
    return Cijfers(
        uitvraag=uitvraag,
        totaal=Telling(rijen.height, personen.height),
        zonder_bsn=int(rijen["bsn"].null_count()),
        typen={c: Telling(tel([i], alle_v), per_type[i]) for c, i in soorten.items() if c},
        hoofd={h: Telling(tel(s, alle_v), _met(personen, "typen", s)) for h, s in hoofden.items()},
        vormen={
            v: Telling(tel(alle_s, [j]), _met(personen, "kruis", _cellen(j)))
            for j, v in enumerate(_VORMEN)
        },
        kruis={
            h: {
                v: Telling(tel(hoofden[h], [j]), per_cel[i * len(_VORMEN) + j])
                for j, v in enumerate(_VORMEN)
            }
            for i, h in enumerate(_HOOFD)
        },
        kolommen=tuple(map(Vulling, gevuld, vol, leeg)),
    )


def _cellen(vorm: int) -> list[int]:
    return [i * len(_VORMEN) + vorm for i in range(len(_HOOFD))]
