# SPDX-License-Identifier: EUPL-1.2
"""What sections of the configuration ask of each other, checked on the data as it was written.

On the data, not on the models: a slip in one section does not hide the faults in the others. But
what is wrong only because something else is, is not said: of one wrong word one fault is told, not
also every line that refers to it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from gateway.config_yaml import Pad
from gateway.partijen import dichtstbij, gemeenten
from gateway.sjabloon import EIGEN

Fout = tuple[Pad, str]

_SLEUTELS = (
    ("partijen", "code"),
    ("ontvangers", "id"),
    ("aanleveringen", "id"),
    ("uitwisselingen", "id"),
)
_ONZE_MAPPEN = frozenset({"gemeenten", "ggk", "quarantaine"})


def kruiscontrole(data: Any) -> Iterator[Fout]:
    """Give every fault between sections: the way to it, and a sentence with the fix."""
    partijen, ontvangers = _tabel(data, "partijen"), _tabel(data, "ontvangers")
    uitwisselingen, vensters = _tabel(data, "uitwisselingen"), _tabel(data, "vensters")
    for code, partij in partijen.items():
        yield from _partij(code, partij)
    for one in ontvangers.keys() & _ONZE_MAPPEN:
        yield ("ontvangers", one), f"`{one}` is a folder of the chain itself; choose another id"
    yield from _codes(uitwisselingen)
    yield from _eens(_verwijzingen(data))
    for one, item in uitwisselingen.items():
        if isinstance(item, dict):
            pad = ("uitwisselingen", one)
            yield from _richting(pad, item)
            yield from _inhoud(pad, item)
            yield from _omvang(pad, item, _tabel(data, "technisch"))
    for uitvraag, rows in vensters.items():
        yield from _vensters(("vensters", uitvraag), rows)


def sleutelvelden(data: Any) -> Iterator[Fout]:
    """Give every field that says again what stands in front of the colon above it."""
    for section, name in _SLEUTELS:
        for key, item in _tabel(data, section).items():
            if isinstance(item, dict) and name in item:
                yield (section, key, name), _dubbel(name)
    for uitvraag, rows in _tabel(data, "vensters").items():
        for i, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict) and "uitvraag" in row:
                yield ("vensters", uitvraag, i, "uitvraag"), _dubbel("uitvraag")


def _dubbel(name: str) -> str:
    return f"unknown field `{name}`; what stands in front of the colon above says it already"


def _tabel(data: Any, name: str) -> dict[str, Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def of_bedoelde_u(word: str, known: Iterable[str]) -> str:
    """Give the fix for a wrong word: the known one that is near it, or all of them."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known) or 'none'}"


def _partij(code: str, partij: Any) -> Iterator[Fout]:
    given = partij if isinstance(partij, dict) else {}
    soort, naam = given.get("soort", "gemeente"), given.get("naam")
    if soort == "gemeente" and re.fullmatch("[0-9]{4}", code) and code not in gemeenten():
        near = dichtstbij(naam if isinstance(naam, str) and naam else code)
        fix = f'did you mean "{near.code}" ({near.naam})?' if near else "see gateway/data"
        yield ("partijen", code), f"{code} is no gemeentecode of 2015 or later; {fix}"
    if given.get("gebruiker") == "standaard" and not given.get("standaardgebruiker"):
        sentence = "`standaard` names nobody without a standaardgebruiker; add one"
        yield ("partijen", code, "gebruiker"), sentence
    if soort in ("provincie", "waterschap") and code in gemeenten():
        owner = gemeenten()[code].naam
        yield ("partijen", code), f"{code} is the code of gemeente {owner}; choose another code"
    if soort in ("provincie", "waterschap") and not naam:
        yield ("partijen", code), f"a {soort} needs a name; add `naam: ...`"


def _codes(items: dict[str, Any]) -> Iterator[Fout]:
    """Two exchanges can share neither a code, its folder, nor a pattern."""
    codes: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for one, item in items.items():
        if not isinstance(item, dict):
            continue
        for pad, code in _codes_van(item):
            other = codes.setdefault(code.upper(), ".".join((one, *pad)))
            if other != ".".join((one, *pad)):
                owner = other.partition(".")[0]
                sentence = f"{code} is the code of `{owner}` already; each exchange has its own"
                yield ("uitwisselingen", one, *pad), sentence
        if item.get("richting") != "heen" or not isinstance(item.get("patronen"), list):
            continue
        for i, text in enumerate(item["patronen"]):
            other = patterns.setdefault(str(text).casefold(), one)
            if other != one:
                sentence = f"{text} goes to `{other}` already, which stands first; remove one"
                yield ("uitwisselingen", one, "patronen", i), sentence


def _codes_van(item: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    more = item.get("rinis_codes")
    codes: dict[tuple[str, ...], Any] = {("rinis_code",): item.get("rinis_code")}
    if isinstance(more, dict):
        codes |= {("rinis_codes", str(soort)): code for soort, code in more.items()}
    yield from ((pad, code) for pad, code in codes.items() if isinstance(code, str))


def _eens(found: Iterable[Fout]) -> Iterator[Fout]:
    """Give each sentence once, at its first place: many lines may refer to one word."""
    pads: dict[str, list[Pad]] = {}
    for pad, sentence in found:
        pads.setdefault(sentence, []).append(pad)
    for sentence, (pad, *more) in pads.items():
        yield pad, sentence + (f" (so in {len(more)} more)" if more else "")


def _verwijzingen(data: Any) -> Iterator[Fout]:
    """What exchanges refer to and is not there. What is there and is itself at fault counts."""
    items = _tabel(data, "uitwisselingen")
    for one, item in items.items():
        if isinstance(item, dict):
            pad = ("uitwisselingen", one)
            yield from _tegenpartij(pad, item, _tabel(data, "ontvangers"))
            yield from _aanlevering(pad, item, data)
            yield from _antwoord(pad, item, items)


def _tegenpartij(pad: Pad, item: dict[str, Any], ontvangers: dict[str, Any]) -> Iterator[Fout]:
    for name in ("ontvanger", "afzender"):
        one = item.get(name)
        # Without `ontvangers` that is the fault, and it is told.
        if ontvangers and isinstance(one, str) and one not in ontvangers:
            fix = of_bedoelde_u(one, ontvangers)
            yield (*pad, name), f"`{one}` does not stand under `ontvangers`; {fix}"


def _richting(pad: Pad, item: dict[str, Any]) -> Iterator[Fout]:
    richting = item.get("richting")
    if richting not in ("heen", "retour"):
        return
    wanted, other = ("ontvanger", "afzender")[:: 1 if richting == "heen" else -1]
    if item.get(other) is not None:
        yield (*pad, other), f"richting {richting} has no `{other}`; write `{wanted}`"
    elif item.get(wanted) is None:
        yield pad, f"richting {richting} needs `{wanted}`; add for example `{wanted}: cbs`"
    patterns = item.get("patronen")
    for i, text in enumerate(patterns if isinstance(patterns, list) else ()):
        if richting == "retour" and isinstance(text, str) and "{gemeentecode}" not in text:
            sentence = "without {gemeentecode} nobody knows who it is for; add it to the pattern"
            yield (*pad, "patronen", i), sentence


def _aanlevering(pad: Pad, item: dict[str, Any], data: dict[str, Any]) -> Iterator[Fout]:
    one, aanleveringen = item.get("aanlevering"), _tabel(data, "aanleveringen")
    if not isinstance(one, str):
        return
    if "aanleveringen" not in data:
        sentence = "there is no section `aanleveringen` for it to stand under; add one"
        yield (*pad, "aanlevering"), sentence
    elif one not in aanleveringen and isinstance(data["aanleveringen"], dict):
        fix = of_bedoelde_u(one, aanleveringen)
        yield (*pad, "aanlevering"), f"`{one}` does not stand under `aanleveringen`; {fix}"


def _antwoord(pad: Pad, item: dict[str, Any], items: dict[str, Any]) -> Iterator[Fout]:
    answered = item.get("antwoord_op")
    if not isinstance(answered, list):
        return
    if answered and item.get("richting") == "heen":
        yield (*pad, "antwoord_op"), "only richting retour answers something; remove it"
        return
    heen = [
        one for one, it in items.items() if isinstance(it, dict) and it.get("richting") == "heen"
    ]
    for i, one in enumerate(answered):
        if _onbruikbaar(one, items):
            continue
        if one not in heen:
            sentence = f"`{one}` is no exchange of richting heen; {of_bedoelde_u(str(one), heen)}"
            yield (*pad, "antwoord_op", i), sentence
        elif items[one].get("naamsjabloon") == EIGEN:
            sentence = f"files of `{one}` get no number to answer by ({EIGEN}); remove it"
            yield (*pad, "antwoord_op", i), sentence


def _onbruikbaar(one: Any, items: dict[str, Any]) -> bool:
    """Whether this exchange is there, and what is told of it already makes it no exchange."""
    if not isinstance(one, str) or one not in items:
        return False
    item = items[one]
    return not isinstance(item, dict) or item.get("richting") not in ("heen", "retour")


def _inhoud(pad: Pad, item: dict[str, Any]) -> Iterator[Fout]:
    if item.get("inhoud") != "ontvangstbewijs":
        return
    if item.get("richting") == "heen":
        yield (*pad, "inhoud"), "only a receiver gives receipts (richting retour); remove it"
    elif not item.get("antwoord_op"):
        sentence = "a receipt is of deliveries; name their exchanges with `antwoord_op`"
        yield (*pad, "inhoud"), sentence


def _omvang(pad: Pad, item: dict[str, Any], technisch: dict[str, Any]) -> Iterator[Fout]:
    own, general = item.get("max_bytes"), technisch.get("max_bytes")
    if item.get("groot") == "verwijzen":
        if item.get("schema") is not None or item.get("stap") == "besluit":
            sentence = "a file by reference is not read, and a schema or a decision must be"
            yield (*pad, "groot"), f"{sentence}; write `groot: weigeren`"
        return
    if isinstance(own, int) and isinstance(general, int) and own > general:
        sentence = f"{own} is more than technisch.max_bytes ({general})"
        yield (*pad, "max_bytes"), f"{sentence}; write `groot: verwijzen`, or lower it"


def _vensters(pad: Pad, rows: Any) -> Iterator[Fout]:
    for i, row in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(row, dict):
            continue
        van, tot = _dag(row.get("van")), _dag(row.get("tot"))
        if van and tot and tot < van:
            sentence = f"`tot` ({tot}) lies before `van` ({van}); both days are in the window"
            yield (*pad, i, "tot"), f"{sentence}: put the later day last"


def _dag(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
