# SPDX-License-Identifier: EUPL-1.2
"""A municipality beside its own earlier half-years, and beside others of like size.

Of others only means over a group come out, and no cell speaks of fewer than ten people:

- of like size is who has between half and twice as many clients, and ten at least; with fewer
  than three of those there is no comparison;
- a cell is shown when three or more of the group have ten clients or more in it, none has one to
  nine, and the mean is ten or more;
- what is left when the shown parts are taken from their sum is held to the same rule, or the
  smallest shown part goes too; below a category that is not shown no type is;
- means are rounded to fives and shares to whole percents, so that adding and subtracting does not
  give back a number exactly.

The sources ask for the comparison (PSA 5, spiegelrapport I), not how; the rules are our choice.
What they do not protect against: municipalities that lay their reports side by side, and a
municipality that compares two reports between which one other corrected its delivery. Rounding
makes either coarse, not impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.cbs.categorieen import HOOFDCATEGORIE
from gateway.cbs.cijfers import Cijfers, Telling, Vulling
from gateway.periods import Uitvraag

MIN_PERSONEN = 10
"""No cell speaks of fewer."""

MIN_GEMEENTEN = 3
"""A mean of two gives each of them the other's number."""

FACTOR = 2
"""Of like size: from this part of the municipality's clients to so many times as many."""

AFRONDING = 5
"""Means are rounded to multiples of this."""


@dataclass(frozen=True, slots=True)
class Cel:
    """A mean over the group: records and clients, rounded, and the share of clients in percents."""

    records: int
    clienten: int
    aandeel: int


@dataclass(frozen=True, slots=True)
class Groep:
    """The municipalities of like size as one: ``None`` for a cell that is not shown.

    ``gevuld``: per column the mean part of the records that is filled, in whole percents.
    """

    aantal: int
    totaal: Cel | None
    hoofd: Mapping[str, Cel | None]
    typen: Mapping[str, Cel | None]
    vormen: Mapping[str, Cel | None]
    gevuld: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Vergelijking:
    """The earlier half-years in order of time; the group, None where ``waarom`` says why not."""

    eerdere: tuple[Cijfers, ...]
    groep: Groep | None
    waarom: str = ""


def vergelijk(
    eigen: Cijfers, eerdere: Iterable[Cijfers], anderen: Iterable[Cijfers]
) -> Vergelijking:
    """Put a file beside the earlier ones of the municipality, and beside others of like size.

    ``anderen``: one a municipality, the same half-year, without the municipality itself.
    """
    eigen_reeks = _eerdere(eigen, eerdere)
    klanten = eigen.totaal.clienten
    if klanten < MIN_PERSONEN:
        return Vergelijking(eigen_reeks, None, "Uw gemeente heeft minder dan tien cliënten.")
    groep = [one for one in anderen if one.uitvraag == eigen.uitvraag and vergelijkbaar(eigen, one)]
    if len(groep) < MIN_GEMEENTEN:
        waarom = (
            f"Er zijn minder dan {_telwoord(MIN_GEMEENTEN)} andere gemeenten met tussen de helft "
            "en het dubbele van uw aantal cliënten waarvan een goedgekeurde aanlevering bekend is."
        )
        return Vergelijking(eigen_reeks, None, waarom)
    return Vergelijking(eigen_reeks, _groep(groep))


def vergelijkbaar(eigen: Cijfers, ander: Cijfers) -> bool:
    """Tell whether another is of like size by its number of clients."""
    mijn, hun = eigen.totaal.clienten, ander.totaal.clienten
    return hun >= MIN_PERSONEN and mijn <= hun * FACTOR and hun <= mijn * FACTOR


def toonbaar(bijdragen: Sequence[int]) -> bool:
    """Tell whether a mean over these numbers of people may be shown."""
    enkelen = any(0 < one < MIN_PERSONEN for one in bijdragen)
    genoeg = sum(one >= MIN_PERSONEN for one in bijdragen) >= MIN_GEMEENTEN
    return genoeg and not enkelen and sum(bijdragen) >= MIN_PERSONEN * len(bijdragen)


def _telwoord(aantal: int) -> str:
    return {2: "twee", 3: "drie", 4: "vier", 5: "vijf"}.get(aantal, str(aantal))


def _eerdere(eigen: Cijfers, eerdere: Iterable[Cijfers]) -> tuple[Cijfers, ...]:
    nu = Uitvraag.lees(eigen.uitvraag)
    reeks = {}
    for one in eerdere:
        toen = Uitvraag.lees(one.uitvraag)
        if toen is not None and (nu is None or toen < nu):
            reeks[toen] = one
    return tuple(reeks[toen] for toen in sorted(reeks))


def _groep(groep: list[Cijfers]) -> Groep:
    klanten = [one.totaal.clienten for one in groep]
    hoofd = {key: [one.hoofd[key] for one in groep] for key in groep[0].hoofd}
    typen = {key: [one.typen[key] for one in groep] for key in groep[0].typen}
    vormen = {key: [one.vormen[key] for one in groep] for key in groep[0].vormen}
    zichtbaar = _zichtbaar(hoofd)
    onder = {h: {t: cel for t, cel in typen.items() if HOOFDCATEGORIE[t] == h} for h in zichtbaar}
    getoond = {t for delen in onder.values() for t in _zichtbaar(delen)}

    def cellen(alle: Mapping[str, list[Telling]], zicht: set[str]) -> dict[str, Cel | None]:
        return {key: _cel(cel, klanten) if key in zicht else None for key, cel in alle.items()}

    return Groep(
        aantal=len(groep),
        totaal=_cel([one.totaal for one in groep], klanten),
        hoofd=cellen(hoofd, zichtbaar),
        typen=cellen(typen, getoond),
        vormen=cellen(vormen, _zichtbaar(vormen)),
        gevuld=tuple(
            _gevuld([(one.kolommen[i], one.totaal.records) for one in groep])
            for i in range(len(groep[0].kolommen))
        ),
    )


def _personen(cel: Telling) -> int:
    """People in a cell; records that belong to nobody known count as one, which is too few."""
    return cel.clienten or min(cel.records, 1)


def _zichtbaar(delen: Mapping[str, list[Telling]]) -> set[str]:
    """Which parts of one sum may be shown, so that what is left of it may be known too."""
    personen = {key: [_personen(one) for one in cel] for key, cel in delen.items()}
    zicht = {key for key, aantallen in personen.items() if toonbaar(aantallen)}
    while zicht and not _rest_veilig([p for key, p in personen.items() if key not in zicht]):
        zicht.remove(min(zicht, key=lambda key: (sum(personen[key]), key)))
    return zicht


def _rest_veilig(verborgen: list[list[int]]) -> bool:
    """Whether all hidden parts together may be known.

    A person may be in several, so the largest part of a municipality is the fewest that they can
    be. Nobody at all is nobody's data.
    """
    samen = [max(gemeente) for gemeente in zip(*verborgen, strict=True)]
    return not any(samen) or toonbaar(samen)


def _cel(cel: list[Telling], klanten: list[int]) -> Cel:
    aandeel = sum(one.clienten / alle for one, alle in zip(cel, klanten, strict=True)) / len(cel)
    return Cel(
        records=_rond(sum(one.records for one in cel) / len(cel)),
        clienten=_rond(sum(one.clienten for one in cel) / len(cel)),
        aandeel=round(aandeel * 100),
    )


def _rond(gemiddelde: float) -> int:
    return AFRONDING * round(gemiddelde / AFRONDING)


def _gevuld(kolom: list[tuple[Vulling, int]]) -> int | None:
    """The mean part that is filled, in percents.

    Where fewer than ten clients of a municipality are on one side, they count as the other: 99,9 %
    would speak of them. None where both sides of one are that small.
    """
    delen = []
    for een, records in kolom:
        weinig_vol, weinig_leeg = (
            n < MIN_PERSONEN for n in (een.clienten_gevuld, een.clienten_leeg)
        )
        if weinig_vol and weinig_leeg:
            return None
        delen.append(1.0 if weinig_leeg else 0.0 if weinig_vol else een.gevuld / records)
    return round(sum(delen) / len(delen) * 100)
