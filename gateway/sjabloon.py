# SPDX-License-Identifier: EUPL-1.2
"""The template of delivered names (``naamsjabloon``): compiled, checked, and exactly invertible.

There are two families. :data:`DEFAULT` and what is alike it add the municipality's code and a
number to the name; :data:`EIGEN` lets the file keep the name that it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.patroon import PatroonFout

DEFAULT = "{stam}_{gemeentecode}_{volgnummer:04d}{ext}"
"""How CBS's copy is named unless an exchange says otherwise (contracts, Files)."""

EIGEN = "{stam}_{nn}{ext}"
"""The file keeps its name, which ends in a number NN; is it taken, the next NN (QSD301 5.2)."""

_TEKST = re.compile("(?!.*metagegevens)[A-Za-z_-]{1,20}", re.IGNORECASE)
_EXT = r"(?:\.[A-Za-z0-9]{1,10})?"
_EIGEN = re.compile(f"(?P<stam>[^.]+)_(?P<volgnummer>0[1-9]|[1-9][0-9]+)(?P<ext>{_EXT})")


@dataclass(frozen=True, slots=True)
class Sjabloon:
    """A compiled template of delivered names (``naamsjabloon``), exactly invertible."""

    text: str
    regex: re.Pattern[str]
    maak: str

    @property
    def eigen(self) -> bool:
        """Whether a file keeps its name under this template (:data:`EIGEN`)."""
        return self.text == EIGEN

    @staticmethod
    @lru_cache(maxsize=64)
    def compile(text: str) -> Sjabloon:
        """Read a template; :class:`PatroonFout` says where it cannot be used, and why.

        It holds {stam}, {gemeentecode}, {volgnummer} in any order and {ext} at its end, with text
        between them that no number can run into: else two deliveries could get one name.
        :data:`EIGEN` is taken to the letter.
        """
        if text == EIGEN:
            return Sjabloon(text, _EIGEN, "{stam}_{volgnummer:02d}{ext}")
        if "{nn}" in text:
            raise PatroonFout(
                text, text.index("{nn}"), f"{{nn}} stands only in {EIGEN}; write that"
            )
        regex, maak, at = "", "", 0
        todo = ["stam", "gemeentecode", "volgnummer", "ext"]
        for part in re.findall(r"\{[^{}]*\}|[^{}]+|.", text, re.DOTALL):
            name, _, width = part[1:-1].partition(":0") if part[0] == "{" else ("", "", "")
            if name in todo:
                if regex.endswith(")") and name != "ext":
                    raise PatroonFout(text, at, f"put text before {part}, for example _")
                todo.remove(name)
                regex += f"(?P<{name}>{_veld(text, at, name, width)})"
                maak += f"{{{name}:0{width or '4d'}}}" if name == "volgnummer" else f"{{{name}}}"
            elif _TEKST.fullmatch(part) and (at or part[0] != "-"):
                regex, maak = regex + part, maak + part
            else:
                raise PatroonFout(text, at, f"{part} cannot stand here; write {DEFAULT}")
            at += len(part)
        if todo:
            raise PatroonFout(text, len(text), f"{{{todo[0]}}} is missing; write {DEFAULT}")
        if not text.endswith("{ext}"):
            raise PatroonFout(text, text.index("{ext}"), f"{{ext}} must come last; write {DEFAULT}")
        return Sjabloon(text, re.compile(regex), maak)


def _veld(text: str, at: int, name: str, width: str) -> str:
    """Give the expression of a template's field; the number has one spelling only."""
    if width and (name != "volgnummer" or not re.fullmatch("[1-9]d", width)):
        raise PatroonFout(
            text,
            at,
            f"a width stands only with a number: {{volgnummer:04d}}, not {{{name}:0{width}}}",
        )
    n = int(width[:1] or 4)
    return {
        "stam": "[^.]+",
        "gemeentecode": "[0-9]{4}",
        "volgnummer": f"[0-9]{{{n}}}|[1-9][0-9]{{{n},}}",
        "ext": _EXT,
    }[name]
