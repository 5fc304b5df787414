# SPDX-License-Identifier: EUPL-1.2
"""What a bundle holds, for programs: ``evidence.json``, and where each member lies.

What it says of the message follows from the leaves, and a verifier checks that it does; but for
what people call a party or an exchange, which he compares with his own folder of trust. What a
bundle lacks it names here, with the reason: a part that is not there proves nothing, and must not
look as if it did.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from gateway.lifecycle import TRANSITIONS, fold

VERSION = 1

INDEX, PAGE, PDF, README = "evidence.json", "summary.html", "summary.pdf", "README.txt"
METAGEGEVENS, RECEIPTS = "metagegevens/metagegevens.xml", "receipts/"
RECEIPT = "ontvangstbewijs"
"""What a receipt is called among the evidence in a leaf."""

CONTENT, OPENINGS, BINDING, TRUST, LOG = "content/", "openings/", "binding/", "trust/", "log/"
LEAVES = f"{LOG}leaves/"
SEAL, LOGIN = f"{BINDING}zegel.p7s", f"{BINDING}eherkenning.json"


_EVENTS = {meaning.leaf: event for event, meaning in TRANSITIONS.items() if meaning.leaf}


class Rol(StrEnum):
    """Why a leaf is in a bundle."""

    MESSAGE = "message"
    ANSWER = "answer"
    GRANT = "grant"
    LINK = "link"


class Stand(StrEnum):
    """How a part of a bundle stands."""

    PRESENT = "present"
    ABSENT = "absent"
    REDACTED = "redacted"


class Part(StrEnum):
    """The parts that a bundle may lack."""

    OPENINGS = "openings"
    CONTENT = "content"
    METAGEGEVENS = "metagegevens"
    BINDING = "binding"
    RECEIPTS = "receipts"
    WITNESSES = "witnesses"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class Said:
    """One part: how it stands, and why it is not there, in Dutch."""

    name: str
    state: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """The message that a bundle is about. None of this is personal."""

    id: str
    referentienummer: str
    direction: str
    gemeentecode: str
    uitwisseling: str
    status: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Index:
    """The whole of ``evidence.json``. ``leaves`` gives the role of each; ``checkpoints`` sizes.

    ``build`` is the version of ours that made the pages, ``setter`` that of typst, which set one.
    """

    origin: str
    message: Message
    leaves: dict[int, str]
    checkpoints: tuple[int, ...]
    parts: tuple[Said, ...]
    build: str
    setter: str
    names: dict[str, str] = field(default_factory=dict)
    """What people call what has only a code here: the municipality, the exchange."""

    def part(self, name: Part) -> Said:
        """How a part stands."""
        return next((one for one in self.parts if one.name == name), Said(name, Stand.ABSENT))


class OngeldigError(ValueError):
    """These bytes are no index of a bundle."""


def status(leaves: Iterable[Mapping[str, Any]]) -> str:
    """Where a message stands, by its own leaves, oldest first."""
    return fold(_EVENTS[one["type"]] for one in leaves if one["type"] in _EVENTS).value


def write(index: Index) -> bytes:
    """Write it, for programs and for who looks."""
    plain: dict[str, Any] = {"v": VERSION, **asdict(index)}
    plain["leaves"] = [{"index": at, "role": role} for at, role in sorted(index.leaves.items())]
    return json.dumps(plain, ensure_ascii=False, indent=1).encode() + b"\n"


def read(content: bytes) -> Index:
    """Read it; :class:`OngeldigError` for anything else."""
    try:
        plain = json.loads(content.decode())
        version = plain.pop("v")
        plain["leaves"] = {_whole(row["index"]): Rol(row["role"]) for row in plain["leaves"]}
        plain["message"] = Message(**plain["message"])
        plain["checkpoints"] = tuple(map(_whole, plain["checkpoints"]))
        plain["parts"] = tuple(_part(**one) for one in plain["parts"])
        plain["names"] = {str(key): str(value) for key, value in plain["names"].items()}
        found = Index(**plain)
        words = {key: one for key, one in asdict(found.message).items() if key != "size"}
        sound = version == VERSION and all(isinstance(one, str) for one in words.values())
        _whole(found.message.size)
        words = {"origin": found.origin, "build": found.build, "setter": found.setter}
        sound = sound and all(isinstance(one, str) for one in words.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise OngeldigError("it cannot be read") from None
    if not sound:
        raise OngeldigError(f"it is not of version {VERSION}, or not whole")
    if write(found) != content:
        raise OngeldigError("it is not written as that of a bundle is")
    return found


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise OngeldigError("a leaf or a size is a whole number")
    return value


def _part(name: str, state: str, why: str) -> Said:
    return Said(Part(name), Stand(state), str(why))


def leaf_path(index: int) -> str:
    """Where the bytes of a leaf lie."""
    return f"{LEAVES}{index}.json"


def proof_path(size: int, index: int) -> str:
    """Where the proof of a leaf under the checkpoint of this size lies."""
    return f"{LOG}{size}/{index}.tlog-proof"


def checkpoint_path(size: int, suffix: str = "") -> str:
    """Where a checkpoint lies, or with a suffix what lies beside it."""
    return f"{LOG}{size}/checkpoint{suffix}"


def opening_path(index: int) -> str:
    """Where the openings of a leaf lie."""
    return f"{OPENINGS}{index}.jsonl"


def content_path(members: Mapping[str, bytes]) -> str:
    """Where the message's own bytes lie; empty when they are not there."""
    return next((name for name in members if name.startswith(CONTENT)), "")
