# SPDX-License-Identifier: EUPL-1.2
"""The small language in which ``config.yaml`` describes file names: it reads names and makes them.

==================  =======================================  ===================
in a pattern        stands for                               example
==================  =======================================  ===================
``{uitvraag}``      H1 or H2 and a year, or ``onbekend``     ``H22025``
``{gemeentecode}``  4 digits                                 ``0363``
``{volgnummer}``    4 to 10 digits; an int is written 04d    ``0002``
``{jaar}``          4 digits                                 ``2025``
``{datum}``         8 digits                                 ``20260202``
``{nn}``            2 digits                                 ``01``
``{ext}``           1 to 10 letters or digits                ``csv``
``{vrij}``          any text, none included                  ``door Henk``
``*``               the same, without a name; reads only     ``WMO_*``
``[...]``           a part that may be absent                ``[_{volgnummer}]``
==================  =======================================  ===================

Everything else stands for itself, in either letter case. Three limits keep reading a name linear in
its length, whatever someone calls a file: at most four optional parts, none inside another; between
two free texts only parts of a fixed length; a free text in an optional part only when it is the
pattern's one free text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

VELDEN = {
    "uitvraag": "H[12][0-9]{4}|onbekend",
    "gemeentecode": "[0-9]{4}",
    "volgnummer": "[0-9]{4,10}",
    "jaar": "[0-9]{4}",
    "datum": "[0-9]{8}",
    "nn": "[0-9]{2}",
    "ext": "[A-Za-z0-9]{1,10}",
    "vrij": ".*",
}
"""Each field and the text that it stands for, as a regular expression."""

MAX_OPTIONEEL = 4
"""Optional parts in one pattern: each doubles the ways in which a name can be read."""

MAX_NAAM = 1024
"""Longer names match no pattern: no file system gives one, so only a form could have."""

_VARIABEL = frozenset({"volgnummer", "ext"})


class PatroonFout(ValueError):  # noqa: N818 - the sources' word
    """A pattern that cannot be read; ``positie`` is the index of the character at fault."""

    def __init__(self, text: str, positie: int, sentence: str) -> None:
        super().__init__(sentence)
        self.text = text
        self.positie = positie
        self.sentence = sentence


class _Deel(NamedTuple):
    """One piece of a pattern: ``soort`` is tekst, veld, ster, open or dicht."""

    soort: str
    waarde: str
    positie: int


@dataclass(frozen=True, slots=True)
class Patroon:
    """A compiled pattern: :meth:`match` reads a name, :meth:`format` makes one."""

    text: str
    regex: re.Pattern[str] = field(repr=False, compare=False)
    delen: tuple[_Deel, ...] = field(repr=False, compare=False)

    @staticmethod
    @lru_cache(maxsize=1024)
    def compile(text: str) -> Patroon:
        """Read a pattern; :class:`PatroonFout` says where it cannot be read, and why."""
        delen = tuple(_delen(unicodedata.normalize("NFC", text)))
        _controleer(text, delen)
        regex = re.compile(_regex(delen), re.IGNORECASE | re.DOTALL)
        return Patroon(text, regex, delen)

    def match(self, name: str) -> dict[str, str] | None:
        """Read the fields of ``name``, those in absent parts left out; None: another name.

        Letter case does not count, nor does the Unicode form (a Mac writes u + two dots);
        ``uitvraag`` comes back in capitals, as CBS writes it.
        """
        if len(name) > MAX_NAAM:
            return None
        if not name.isascii():
            name = unicodedata.normalize("NFC", name)
        found = self.regex.fullmatch(name)
        if found is None:
            return None
        fields = {key: value for key, value in found.groupdict().items() if value is not None}
        if "uitvraag" in fields:
            code = fields["uitvraag"]
            fields["uitvraag"] = "onbekend" if code.lower() == "onbekend" else code.upper()
        return fields

    def format(self, **values: str | int) -> str:
        """Make the name with these values; an optional part that lacks a value is left out.

        Raises ``ValueError`` for a missing value elsewhere, one that does not fit its field, and
        a pattern with ``*``, which has no name to fill it by.
        """
        out: list[str] = []
        optional: list[str] | None = None
        dropped = False
        for soort, waarde, _ in self.delen:
            if soort == "open":
                optional, dropped = [], False
                continue
            if soort == "dicht":
                if optional and not dropped:
                    out += optional
                optional = None
                continue
            if optional is not None and soort == "veld" and waarde not in values:
                dropped = True
                continue
            (out if optional is None else optional).append(self._schrijf(soort, waarde, values))
        return "".join(out)

    def _schrijf(self, soort: str, waarde: str, values: dict[str, str | int]) -> str:
        if soort == "tekst":
            return waarde
        if soort == "ster":
            raise ValueError(f"{self.text}: a name cannot be made with *; use {{vrij}}")
        if waarde not in values:
            raise ValueError(f"{self.text}: no value for {{{waarde}}}")
        value = values[waarde]
        text = f"{value:04d}" if isinstance(value, int) else value
        if not re.fullmatch(VELDEN[waarde], text, re.DOTALL | re.IGNORECASE) or "/" in text:
            raise ValueError(f"{self.text}: {text!r} does not fit {{{waarde}}}")
        return text


def _delen(text: str) -> Iterator[_Deel]:
    i = 0
    while i < len(text):
        char = text[i]
        if char == "{":
            end = text.find("}", i)
            if end < 0:
                raise PatroonFout(text, i, "`{` is not closed; write for example {uitvraag}")
            yield _Deel("veld", text[i + 1 : end], i)
            i = end + 1
            continue
        if char in "/\\" or ord(char) < 32 or char == "\x7f":
            raise PatroonFout(text, i, f"{char!r} cannot stand in a file name; remove it")
        if char == "}":
            raise PatroonFout(text, i, "`}` without `{`; remove it")
        soort = {"*": "ster", "[": "open", "]": "dicht"}.get(char, "tekst")
        yield _Deel(soort, char, i)
        i += 1


def _controleer(text: str, delen: tuple[_Deel, ...]) -> None:
    """Hold a pattern to the language, and to the limits that keep it linear."""
    if not delen:
        raise PatroonFout(text, 0, "a pattern cannot be empty; write for example WMO_*")
    seen: set[str] = set()
    for deel in delen:
        if deel.soort != "veld":
            continue
        if deel.waarde not in VELDEN:
            known = ", ".join(f"{{{name}}}" for name in VELDEN)
            raise PatroonFout(text, deel.positie, f"unknown {{{deel.waarde}}}; use {known}")
        if deel.waarde in seen:
            sentence = f"{{{deel.waarde}}} stands here twice; keep one, or use * for the other"
            raise PatroonFout(text, deel.positie, sentence)
        seen.add(deel.waarde)
    _controleer_opties(text, delen)
    _controleer_vrij(text, delen)


def _controleer_opties(text: str, delen: tuple[_Deel, ...]) -> None:
    opened: int | None = None
    for i, (soort, _, positie) in enumerate(delen):
        if soort == "open":
            if opened is not None:
                raise PatroonFout(text, positie, "an optional part inside another; close the first")
            opened = positie
        elif soort == "dicht":
            if opened is None:
                raise PatroonFout(text, positie, "`]` without `[`; remove it")
            if delen[i - 1].soort == "open":
                raise PatroonFout(text, positie, "an empty optional part; remove the brackets")
            opened = None
    if opened is not None:
        raise PatroonFout(text, opened, "`[` is not closed; add `]`")
    starts = [deel.positie for deel in delen if deel.soort == "open"]
    if len(starts) > MAX_OPTIONEEL:
        sentence = f"more than {MAX_OPTIONEEL} optional parts; split it into two patterns"
        raise PatroonFout(text, starts[MAX_OPTIONEEL], sentence)


def _is_vrij(deel: _Deel) -> bool:
    return deel.soort == "ster" or deel.waarde == "vrij"


def _controleer_vrij(text: str, delen: tuple[_Deel, ...]) -> None:
    free = [i for i, deel in enumerate(delen) if _is_vrij(deel)]
    if len(free) < 2:
        return
    inside = False
    for i in range(free[-1] + 1):
        deel = delen[i]
        inside = (inside or deel.soort == "open") and deel.soort != "dicht"
        if _is_vrij(deel) and inside:
            sentence = "a free text in an optional part, beside another; split it into two patterns"
            raise PatroonFout(text, deel.positie, sentence)
        if free[0] < i and (deel.soort == "open" or deel.waarde in _VARIABEL):
            sentence = "between two free texts only text and fields of a fixed length can stand"
            raise PatroonFout(text, deel.positie, f"{sentence}; split it into two patterns")


def _regex(delen: tuple[_Deel, ...]) -> str:
    """Build the expression; each free text but the last is atomic up to the next free text.

    What stands between two free texts has a fixed length, so its first place is as good as any
    later one and need never be tried again: no name makes the search more than linear.
    """
    free = [i for i, deel in enumerate(delen) if _is_vrij(deel)]
    out: list[str] = []
    for i, (soort, waarde, _) in enumerate(delen):
        if i in free[1:]:
            out.append(")")
        if i in free[:-1]:
            out.append("(?>")
        if soort in ("ster", "veld"):
            lazy = "?" if i in free[:-1] else ""
            inner = VELDEN[waarde] if soort == "veld" else ".*"
            out.append(f"(?P<{waarde}>{inner}{lazy})" if soort == "veld" else inner + lazy)
        else:
            out.append({"open": "(?:", "dicht": ")?"}.get(soort) or re.escape(waarde))
    return "".join(out)
