# SPDX-License-Identifier: EUPL-1.2
"""What a bundle proves, in Dutch, for a clerk, a judge or a journalist: the text of its pages.

Made of the index, the leaves and the openings alone, so that a verifier can make it again and see
whether the page says what the leaves say. Weak is called weak: a file that came through a folder
was handed in by whoever could write there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.evidence.index import Index, Message, Part, Rol, Stand
from gateway.evidence.woorden import (
    BINDING,
    DELEN,
    NIET,
    ONGEBONDEN,
    ORGANISATIE,
    ROLLEN,
    SOORTEN,
    STANDEN,
)
from gateway.names import ONBEKEND, uitvraag_van
from gateway.periods import NEDERLAND, voluit

Fields = Mapping[str, Any]
Leaves = Mapping[int, Fields]


@dataclass(frozen=True, slots=True)
class Stelling:
    """One thing that somebody may want to rely on.

    ``stand``: ja (others than the gateway can be held to it, or it is mathematics), vast (the
    gateway wrote it down, and cannot change that), zwak, or nee.
    """

    kop: str
    stand: str
    tekst: str
    grond: str


@dataclass(frozen=True, slots=True)
class Regel:
    """One row of what happened."""

    blad: int
    tijd: str
    utc: str
    wat: str
    over: str
    waar: str
    uitkomst: str
    wie: str


@dataclass(frozen=True, slots=True)
class Verhaal:
    """All that the pages say."""

    titel: str
    onder: str
    feiten: tuple[tuple[str, str], ...]
    stellingen: tuple[Stelling, ...]
    regels: tuple[Regel, ...]
    delen: tuple[tuple[str, str, str], ...]
    niet: tuple[str, ...]
    moment: datetime


def verhaal(index: Index, leaves: Leaves, opened: Mapping[int, Mapping[str, str]]) -> Verhaal:
    """Tell it. ``opened``: what the commitments of each leaf stand for, as far as it is there."""
    ours = {at: one for at, one in leaves.items() if index.leaves.get(at) == Rol.MESSAGE}
    first = min(ours, default=0)
    name = opened.get(first, {}).get("name", "")
    newest = max((one["at"] for one in leaves.values()), default=0)
    return Verhaal(
        titel="Bewijs van één bericht",
        onder=f"{_gemeente(index)}, {_uitwisseling(index)}",
        feiten=tuple(_feiten(index, name, opened.get(first, {}).get("actor", ""))),
        stellingen=tuple(_stellingen(index, ours, leaves, opened)),
        regels=tuple(_regel(index, at, leaves[at], opened.get(at, {})) for at in sorted(leaves)),
        delen=tuple(_delen(index)),
        niet=NIET,
        moment=datetime.fromtimestamp(newest // 1000, UTC),
    )


def _feiten(index: Index, name: str, actor: str) -> Iterator[tuple[str, str]]:
    message = index.message
    hidden = index.part(Part.OPENINGS).state != Stand.PRESENT
    away = "niet in deze bundel" if hidden else "onbekend"
    yield "Bestand", name or away
    yield "Ingeleverd door", actor or away
    yield "Gemeente", _gemeente(index)
    yield "Uitwisseling", f"{_uitwisseling(index)} ({_richting(message)})"
    if name and message.direction == "heen" and (asked := uitvraag_van(name)) != ONBEKEND:
        yield "Uitvraag", asked
    yield "Referentienummer", message.referentienummer
    yield "Omvang", f"{_getal(message.size)} bytes"
    yield "SHA-256", message.sha256
    yield "Logboek", index.origin


def _stellingen(
    index: Index, ours: Leaves, leaves: Leaves, opened: Mapping[int, Mapping[str, str]]
) -> Iterator[Stelling]:
    yield _ingeleverd(ours)
    yield _gebonden(index, ours)
    yield from _pseudoniem(index, ours, leaves, opened)
    yield _geplaatst(ours)
    yield _bevestigd(index)
    yield _logboek(index, leaves)
    yield _getuigen(index)
    yield _tijdstempel(index)


def _ingeleverd(ours: Leaves) -> Stelling:
    for at, one in sorted(ours.items()):
        if one["type"].startswith(("A.1.", "A.2.")):
            kept = "in bewaring genomen" if one["type"].startswith("A.1.") else "geweigerd"
            size = _getal(one.get("size", 0))
            text = f"Op {_tijd(one['at'])} is een bestand van {size} bytes {kept}"
            return Stelling(
                "Precies deze bytes zijn ingeleverd", "vast",
                f"{text}, met de SHA-256 hierboven. Wie het bestand heeft, kan zelf nagaan of het "
                "dit bestand is.", _bladen(at),
            )  # fmt: skip
    stand = "vast" if ours else "nee"
    text = "De bladen van dit bericht noemen de SHA-256 hierboven; een blad van inlevering is er "
    return Stelling("Precies deze bytes zijn verwerkt", stand, f"{text}niet.", _bladen(*ours))


def _gebonden(index: Index, ours: Leaves) -> Stelling:
    head = "Wie het inleverde"
    for at, one in sorted(ours.items()):
        if one["type"].startswith(("A.1.", "A.2.")):
            stand, text = BINDING.get(one.get("auth", ""), ONGEBONDEN)
            if one.get("loa") == "organisatie":
                stand, text = ORGANISATIE
            part = index.part(Part.BINDING)
            if stand == "ja" and part.state != Stand.PRESENT:
                text += f" Het zegel of de verklaring zelf zit niet in deze bundel: {part.why}"
                stand = "zwak"
            loa = one.get("loa", "geen")
            extra = "" if loa in ("geen", "organisatie") else f" Betrouwbaarheidsniveau: {loa}."
            return Stelling(head, stand, f"{text}{extra}", f"{_bladen(at)}, map binding")
    return Stelling(head, "nee", "Er is geen blad van de inlevering in deze bundel.", "")


def _pseudoniem(
    index: Index, ours: Leaves, leaves: Leaves, opened: Mapping[int, Mapping[str, str]]
) -> Iterator[Stelling]:
    """Whose the pseudonym is that signed: by the log, and from before."""
    links = [at for at, role in sorted(index.leaves.items()) if role == Rol.LINK]
    said = [at for at in links if leaves.get(at, {}).get("result") == "ok"]
    if not said:
        return
    first = min(ours, default=0)
    names = {opened.get(at, {}).get("name", "") for at in said}
    actor = opened.get(first, {}).get("actor", "")
    stand, text = (
        "vast",
        "Dat dit pseudoniem van deze gebruiker is, stond al eerder in het logboek.",
    )
    if "" in names or not actor:
        stand, text = "zwak", "Van wie dit pseudoniem is, wordt in deze bundel niet getoond."
    elif names != {actor}:
        stand, text = "nee", "Het logboek noemt een ander dan degene die hier als gebruiker staat."
    head = "Het pseudoniem in het zegel of de inlogverklaring is van deze gebruiker"
    yield Stelling(head, stand, text, _bladen(*said, first))


def _geplaatst(ours: Leaves) -> Stelling:
    head = "In de map van de ontvanger geplaatst"
    for at, one in sorted(ours.items()):
        if one["type"].startswith("D.1."):
            text = f"Op {_tijd(one['at'])} is het bestand in de map van de ontvanger geplaatst."
            return Stelling(head, "vast", text, _bladen(at))
    return Stelling(head, "nee", "Er is geen blad dat dit zegt.", "")


def _bevestigd(index: Index) -> Stelling:
    part = index.part(Part.RECEIPTS)
    head = "De ontvanger bevestigde met zijn eigen zegel"
    if part.state == Stand.PRESENT:
        text = (
            "In de bundel zit een ontvangstbewijs dat de ontvanger heeft verzegeld; het noemt de "
            "SHA-256 van wat hij kreeg. Het knooppunt kan dat zegel niet maken."
        )
        return Stelling(head, "ja", text, "map receipts")
    return Stelling(head, "nee", part.why, "")


def _logboek(index: Index, leaves: Leaves) -> Stelling:
    sizes = " en ".join(_getal(one) for one in index.checkpoints)
    text = (
        f"De bundel bevat {len(leaves)} bladen van het logboek. Van elk leidt een bewijs naar een "
        f"ondertekend controlepunt van het logboek met {sizes} bladen."
    )
    return Stelling("Het staat in het logboek, en is daarna niet veranderd", "ja", text, "map log")


def _getuigen(index: Index) -> Stelling:
    part, head = index.part(Part.WITNESSES), "Anderen hebben hetzelfde logboek gezien"
    if part.state == Stand.PRESENT:
        text = (
            "Genoeg getuigen ondertekenden een controlepunt dat deze bladen bevat. Het knooppunt "
            "kan dus niet aan een ander een ander logboek hebben getoond."
        )
        return Stelling(head, "ja", text, "map log, bestand checkpoint")
    return Stelling(head, "nee", part.why, "")


def _tijdstempel(index: Index) -> Stelling:
    part, head = index.part(Part.TIMESTAMP), "Een tijdstempeldienst bevestigt wanneer het er al was"
    if part.state == Stand.PRESENT:
        text = (
            "In de bundel zit een tijdstempel (RFC 3161) over een controlepunt dat deze bladen "
            "bevat: ze zijn niet later geschreven."
        )
        return Stelling(head, "ja", text, "map log, bestand checkpoint.tsr")
    return Stelling(head, "nee", part.why, "")


def _regel(index: Index, at: int, one: Fields, opened: Mapping[str, str]) -> Regel:
    role = ROLLEN[Rol(index.leaves.get(at, Rol.MESSAGE))]
    who = opened.get("actor", "")
    if one["actor"].startswith("system:"):
        who = one["actor"]
    return Regel(
        blad=at,
        tijd=_kort(one["at"]),
        utc=f"{datetime.fromtimestamp(one['at'] / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
        wat=SOORTEN.get(str(one["type"]), str(one["type"])),
        over=role,
        waar=str(one["source"]),
        uitkomst="goed" if one["result"] == "ok" else str(one["result"]),
        wie=who,
    )


def _delen(index: Index) -> Iterator[tuple[str, str, str]]:
    for name, shown in DELEN.items():
        part = index.part(name)
        yield shown, STANDEN[Stand(part.state)], part.why


def _gemeente(index: Index) -> str:
    code = index.message.gemeentecode
    name = index.names.get(code)
    return f"{name} ({code})" if name else code or "onbekend"


def _uitwisseling(index: Index) -> str:
    key = index.message.uitwisseling
    return index.names.get(key) or key or "onbekende uitwisseling"


def _richting(message: Message) -> str:
    return "van de gemeente" if message.direction == "heen" else "naar de gemeente"


def _bladen(*indexes: int) -> str:
    if not indexes:
        return ""
    word = "blad" if len(indexes) == 1 else "bladen"
    return f"{word} {', '.join(str(one) for one in indexes)}"


def _tijd(at: int) -> str:
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(NEDERLAND)
    return f"{voluit(moment.date())} om {moment:%H.%M.%S} uur"


def _kort(at: int) -> str:
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(NEDERLAND)
    return f"{moment:%d-%m-%Y %H.%M.%S}"


def _getal(value: int) -> str:
    return f"{value:,}".replace(",", ".")
