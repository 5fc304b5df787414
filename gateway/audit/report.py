# SPDX-License-Identifier: EUPL-1.2
"""What a verification says: numbered steps, the first fault of each, and what was not proven."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ALWAYS_UNPROVEN = (
    "that what a leaf says is true: the log proves what was written down and that it stayed so",
)
NO_TOKENS = (
    "that the times are right: they are the gateway's own clock, and without time stamps of others "
    "(--tsa-ca), whoever holds the key could write a new log with older times"
)
NO_WITNESS = (
    "that everybody is shown this same log: whether witnesses signed it was not looked at; give "
    "the policy that names them with --policy"
)
NO_SINCE = (
    "that the log is not cut short: without --since an older but whole state of the log looks "
    "whole; give a checkpoint that you kept yourself"
)
NO_VKEY = (
    "that the key is the gateway's: without --vkey it was taken from the folder itself, and who "
    "made a new folder would have made a new key; give the key that you received another way"
)
WITH_CHECKPOINT = ("entries", "leaves", "time", "chain", "tiles", "root", "archive")
NAMES = ("key", "checkpoint", *WITH_CHECKPOINT, "since", "witnesses", "tokens")
NUMBERS = {name: number for number, name in enumerate(NAMES, 1)}
"""Each step has its number, whether others are taken or not."""
ASKED = {"since": "--since", "witnesses": "--policy", "tokens": "--tsa-ca"}
"""What a step takes that is not always taken."""
BEYOND = (
    "what the files beyond the checkpoint mean: there are some, from a publication that was going "
    "on or was cut off, or because an older checkpoint was put back"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong in one step: in words, and where."""

    detail: str
    leaf: int | None = None
    tile: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a verification: its number, name, outcome, and what was found in words."""

    n: int
    name: str
    ok: bool
    detail: str


@dataclass(slots=True)
class Report:
    """The answer, in the shape of ``docs/schemas/audit-verify.schema.json``."""

    ok: bool = False
    origin: str = ""
    size: int = 0
    root: str = ""
    steps: list[Step] = field(default_factory=list)
    first_bad_leaf: int | None = None
    first_bad_tile: str | None = None
    not_proven: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain data, in the documented order."""
        return asdict(self)

    def add(self, name: str, right: str, fault: Fault | None) -> None:
        """Add the outcome of a step; without a fault ``right`` says what was found."""
        detail = fault.detail if fault else right
        self.steps.append(Step(NUMBERS[name], name, fault is None, detail))
        if fault and fault.leaf is not None:
            known = self.first_bad_leaf
            self.first_bad_leaf = fault.leaf if known is None else min(known, fault.leaf)
        if fault and fault.tile is not None and self.first_bad_tile is None:
            self.first_bad_tile = fault.tile
