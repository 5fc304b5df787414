# SPDX-License-Identifier: EUPL-1.2
"""The numbered steps of a verification, with what each proves and what it does not.

A step is ``ok``, ``failed``, ``absent`` (the bundle does not hold that part, and says so) or
``not-checked`` (an earlier step failed, or the reader's folder lacks what it takes). Only a step
that failed makes a bundle false; what is absent is not proven, and is listed. What makes a whole
bundle say less than it seems to is a doubt, and stands in the verdict itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Outcome(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    ABSENT = "absent"
    NOT_CHECKED = "not-checked"


class Found(NamedTuple):
    """The outcome of one step, in words."""

    outcome: Outcome
    detail: str


class Meaning(NamedTuple):
    """What a step proves when it is ok, and what even then it does not."""

    proves: str
    does_not: str


MEANINGS: dict[str, Meaning] = {
    "container": Meaning(
        "the file is one container that every reader unpacks to the same members",
        "anything about what those members say",
    ),
    "manifest": Meaning(
        "no member was changed, added, removed or renamed since the manifest was made",
        "who made the manifest",
    ),
    "time": Meaning(
        "a time stamping authority saw the whole bundle at that time",
        "that what the bundle says happened then",
    ),
    "seal": Meaning(
        "the gateway, by its OIN, stands for this bundle",
        "that what it says is true; the gateway seals its own account",
    ),
    "index": Meaning(
        "the bundle holds what it says it holds, about one message",
        "that nothing else is known of that message",
    ),
    "leaves": Meaning(
        "each leaf is a whole record of this log, in its canonical form",
        "that what a leaf says happened: it is what was written down",
    ),
    "proofs": Meaning(
        "each leaf stands in the log, at its place, under the checkpoint",
        "that others were shown this log",
    ),
    "checkpoint": Meaning(
        "the log's own key signed that it has these leaves and no others",
        "that it did not sign another history as well, or not later than it says",
    ),
    "witnesses": Meaning(
        "a quorum of witnesses saw this very log, and that it only grew",
        "anything about leaves behind that checkpoint",
    ),
    "timestamp": Meaning(
        "these leaves were in the log at that time: they are not of later date",
        "that they were not written some time after what they tell",
    ),
    "chain": Meaning(
        "no leaf of this message was left out between the first and the last one here",
        "that no later leaf about it exists",
    ),
    "openings": Meaning(
        "the names here are those that were committed to when the leaf was written",
        "that the person of that name did it; see binding",
    ),
    "content": Meaning(
        "these bytes are the ones that the leaves are about",
        "anything about what the bytes say",
    ),
    "metagegevens": Meaning(
        "the record delivered with the file says of user, names and binding what the leaves say",
        "that the receiver read it",
    ),
    "binding": Meaning(
        "the holder of that certificate or login signed these bytes; the gateway cannot have",
        "that nobody else used that key or login",
    ),
    "person": Meaning(
        "the pseudonym in the seal or login is that of the employee whom the leaf names: the log "
        "said so before, and has not changed it since",
        "that the log said it rightly: see the first leaf about it in the municipality's export",
    ),
    "receipts": Meaning(
        "the receiver sealed that he got these bytes; the gateway cannot have",
        "what he did with them",
    ),
    "pages": Meaning(
        "summary.html, summary.pdf and README.txt say what the leaves say",
        "that what the leaves say is true",
    ),
}
EXPORT_MEANINGS: dict[str, Meaning] = {
    "container": MEANINGS["container"],
    "key": Meaning(
        "the log's own key signed that it has these leaves and no others",
        "that it did not sign another history as well",
    ),
    "witnesses": MEANINGS["witnesses"],
    "tiles": Meaning(
        "the hashes of all leaves of the log, others' too, lead to the signed root",
        "what the leaves of others say: only their hashes are here",
    ),
    "leaves": Meaning(
        "each leaf here stands in the log at its place, and is of this party",
        "that no other leaf of the log is of this party",
    ),
    "proofs": Meaning(
        "each leaf can be shown to others by itself, with its own proof",
        "more than the step before it",
    ),
    "chain": Meaning(
        "no leaf of a message that is here was left out before its last one, and none says to be "
        "of before an earlier one",
        "that no message was left out whole",
    ),
}
"""The steps of a municipality's export (``check_export.py``)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is reported."""

    n: int
    name: str
    outcome: str
    detail: str
    proves: str
    does_not_prove: str


@dataclass(slots=True)
class Report:
    """The answer, in the shape of ``docs/schemas/evidence-verify.schema.json``."""

    ok: bool = False
    origin: str = ""
    referentienummer: str = ""
    sha256: str = ""
    steps: list[Step] = field(default_factory=list)
    not_proven: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    _meanings: dict[str, Meaning] = field(default_factory=lambda: MEANINGS)

    def add(self, name: str, found: Found) -> bool:
        """Add a step; whether the next ones can build on it."""
        meaning, number = self._meanings[name], [*self._meanings].index(name) + 1
        self.steps.append(Step(number, name, found.outcome.value, found.detail, *meaning))
        if found.outcome is not Outcome.OK:
            self.not_proven.append(f"{name}: that {_that(meaning.proves)}")
        return found.outcome is not Outcome.FAILED

    def end(self) -> Report:
        """Say of the steps that were not taken that they were not; and judge."""
        taken = {one.name for one in self.steps}
        for name in self._meanings:
            if name not in taken:
                self.add(name, Found(Outcome.NOT_CHECKED, "an earlier step failed"))
        self.steps.sort(key=lambda one: one.n)
        self.ok = all(one.outcome != Outcome.FAILED for one in self.steps)
        if self.ok:
            self.doubts = list(_doubts({one.name: one.outcome for one in self.steps}))
        self.not_proven += [
            "that what the leaves say is true: the log proves what was written down and stayed so",
            "that what you trust (--trust) is what others trust: compare it with them",
        ]
        return self

    def to_json(self) -> dict[str, Any]:
        """Give it as plain data, in the documented order."""
        return {key: one for key, one in asdict(self).items() if not key.startswith("_")}


def _doubts(how: Mapping[str, str]) -> Iterator[str]:
    """Why a bundle that is whole says less than it seems to. An export has no steps for it."""
    if "time" not in how:
        return
    sealed = how["time"] == Outcome.OK
    logged = Outcome.OK in (how["timestamp"], how["witnesses"])
    if not (sealed and logged):
        what = "when it was sealed" if logged else "when its leaves were written"
        yield f"{'its time' if not (sealed or logged) else what} rests on the gateway's own word"
    if how["pages"] != Outcome.OK:
        yield "its pages were not checked"


def _that(words: str) -> str:
    return words.removeprefix("that ")


def ok(detail: str) -> Found:
    """It fits."""
    return Found(Outcome.OK, detail)


def failed(*faults: str) -> Found:
    """It does not; the first few faults, each in words."""
    more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""
    return Found(Outcome.FAILED, "; ".join(faults[:5]) + more)


def absent(detail: str) -> Found:
    """The bundle does not hold it."""
    return Found(Outcome.ABSENT, detail)


def unchecked(detail: str) -> Found:
    """It is there, and could not be judged here."""
    return Found(Outcome.NOT_CHECKED, detail)
