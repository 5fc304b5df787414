# SPDX-License-Identifier: EUPL-1.2
"""YAML text to plain data, remembering where each key and value stands.

ruamel composes the text into nodes with their places; the data is built from the nodes here, so
that every double key and every code without quotes is found, not only the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gateway.names_veilig import ONZICHTBAAR

Pad = tuple[str | int, ...]
"""The way to a value: the keys and list indexes that lead to it."""

MAX_TEKENS = 1_000_000
"""Longer texts are no configuration; composing them takes minutes."""

MAX_KNOPEN = 50_000
"""Values after aliases are filled in: a few lines of YAML can stand for more than memory holds."""


_PERSONEN: tuple[tuple[str | None, ...], ...] = (
    ("partijen", None, "medewerkers"),
    ("partijen", None, "standaardgebruiker"),
    ("partijen", None, "gebruiker"),
    ("eherkenning", "niveaus"),
)
"""Where an employee may be named, also by who mistook a field for another; None: any key."""


def noemt_iemand(pad: Pad) -> bool:
    """Whether an employee's name may stand there: no sentence about it quotes what does.

    A fault is told on screens, by alarms and in the state; line and column lead to the name.
    """
    if pad[:1] == ("sleutels",):  # zegel-medewerker-<code>-<user>
        return len(pad) == 2 and "medewerker" in str(pad[1]).casefold()
    begins = [(one, pad[: len(one)]) for one in _PERSONEN if len(pad) >= len(one)]
    return any(
        all(want in (None, part) for want, part in zip(one, begin, strict=True))
        for one, begin in begins
    )


class Plaats(NamedTuple):
    """Line and column, from 1, and the text that stands there."""

    regel: int
    kolom: int
    bron: str = ""
    aangehaald: bool = False


@dataclass
class Document:
    """What was read: the data, the place of each key and value, and what was wrong already."""

    data: Any = None
    sleutels: dict[Pad, Plaats] = field(default_factory=dict)
    waarden: dict[Pad, Plaats] = field(default_factory=dict)
    fouten: list[tuple[Plaats, str]] = field(default_factory=list)

    def sleutel(self, pad: Pad) -> Plaats:
        """Where the key of a value stands, or of the nearest thing around it."""
        while pad and pad not in self.sleutels:
            if pad in self.waarden:
                return self.waarden[pad]
            pad = pad[:-1]
        return self.sleutels.get(pad, Plaats(1, 1))

    def waarde(self, pad: Pad) -> Plaats:
        """Where a value stands, or the nearest thing around it."""
        return self.waarden[pad] if pad in self.waarden else self.sleutel(pad)


def lees(text: str) -> Document:
    """Read one YAML document; what is wrong with it stands in ``fouten``, never raised."""
    document = Document()
    if len(text) > MAX_TEKENS:
        document.fouten.append((Plaats(1, 1), "too large for a configuration; look what it is"))
        return document
    yaml = YAML(typ="rt", pure=True)
    yaml.composer.warn_double_anchors = False  # YAML 1.2, 3.2.2.2: the last one of a name counts
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        document.fouten.append(_syntaxis(error))
    except ReaderError as error:
        before = text[: error.position]
        place = Plaats(before.count("\n") + 1, error.position - before.rfind("\n"))
        document.fouten.append((place, "a character that no text holds; remove it"))
    except (YAMLError, RecursionError, ValueError) as error:
        document.fouten.append((Plaats(1, 1), f"this is not YAML ({error}); see docs/config.md"))
    else:
        if node is None:
            document.fouten.append((Plaats(1, 1), "the file is empty; `knooppunt init` writes one"))
        else:
            _Bouw(document).knoop(node, ())
    return document


def _syntaxis(error: MarkedYAMLError) -> tuple[Plaats, str]:
    mark = error.problem_mark or error.context_mark
    place = Plaats(mark.line + 1, mark.column + 1) if mark else Plaats(1, 1)
    problem = str(error.problem or error.context or "this is not YAML")
    if "\\t" in problem or "'\t'" in problem:
        fix = "indent with spaces, not with a tab"
    elif "alias" in problem or "alphabetic or numeric" in problem:
        fix = 'put quotes around a pattern that begins with *: "*_{uitvraag}.csv"'
    elif "another document" in problem:
        fix = "remove the line ---"
    else:
        fix = "check the indentation, the colon, and quotes around patterns with { or ["
    return place, f"{problem}; {fix}"


class _Bouw:
    """Builds plain data from nodes, into a :class:`Document`."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.aantal = 0
        self.boven: list[int] = []

    def knoop(self, node: Node, pad: Pad) -> Any:
        """Build one node and all below it."""
        self.aantal += 1
        if self.aantal > MAX_KNOPEN or id(node) in self.boven:
            if self.aantal != MAX_KNOPEN + 2:  # said once
                self.fout(_plaats(node), "an alias (*) that has no end; write it out")
            self.aantal = MAX_KNOPEN + 1
            return None
        empty = isinstance(node, ScalarNode) and not node.value and node.style is None
        # YAML puts an empty value where the next word is, which may be lines further.
        key = self.document.sleutel(pad)._replace(bron="", aangehaald=False)
        self.document.waarden[pad] = key if empty else _plaats(node)
        self.boven.append(id(node))
        data = self._inhoud(node, pad)
        self.boven.pop()
        if not pad:
            self.document.data = data
        return data

    def fout(self, place: Plaats, sentence: str) -> None:
        self.document.fouten.append((place, sentence))

    def _inhoud(self, node: Node, pad: Pad) -> Any:
        if isinstance(node, MappingNode):
            return self._tabel(node, pad)
        if isinstance(node, SequenceNode):
            return [self.knoop(one, (*pad, i)) for i, one in enumerate(node.value)]
        if ONZICHTBAAR.search(str(node.value)):
            self.fout(_plaats(node), "a line end or an invisible character; write plain text")
        try:
            return _scalair(node)
        except ValueError:
            self.fout(_plaats(node), f"the tag {node.tag} is not used here; remove it")
            return None

    def _tabel(self, node: MappingNode, pad: Pad) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = _plaats(key_node)
            if not isinstance(key_node, ScalarNode):
                self.fout(place, "a key must be one word; put quotes around text with { or [")
                continue
            key = key_node.value
            named = noemt_iemand((*pad, key))
            if not str(key_node.tag).endswith(":str") and not place.aangehaald:
                sentence = f'{key} is not read as text here; put quotes around it: "{key}"'
                if named:
                    sentence = "this is not read as text here; put quotes around it"
                self.fout(place, sentence if key else "a colon without a key; write the key")
            if key in out:
                first = self.document.sleutels[(*pad, key)]
                shown = "this" if named else f"`{key}`"
                sentence = f"{shown} stands here twice (first on line {first.regel})"
                self.fout(place, f"{sentence}; keep one")
                continue
            self.document.sleutels[(*pad, key)] = place
            out[key] = self.knoop(value_node, (*pad, key))
        return out


def _plaats(node: Node) -> Plaats:
    mark = node.start_mark
    raw = node.value if isinstance(node, ScalarNode) else ""
    quoted = isinstance(node, ScalarNode) and node.style is not None
    return Plaats(mark.line + 1, mark.column + 1, raw, quoted)


def _scalair(node: Node) -> Any:
    kind, text = str(node.tag).rpartition(":")[2], str(node.value)
    if kind in ("str", "timestamp"):
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int" and re.fullmatch("[-+]?[0-9]{1,18}", text):
        return int(text)
    if kind == "int":
        return text  # 0o7, 0x1F, 1_000: nothing here is written so
    if kind == "float":
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    raise ValueError(kind)
