# SPDX-License-Identifier: EUPL-1.2
"""A release, and a drop, that are killed at any call: done once, or not yet, and never twice.

The command is ended just before one of its changing calls; then a person types it again, as people
do, and the chain runs on. KNOOPPUNT_CRASH=full plays every call, otherwise a sample of them.
"""

import json
import shutil
from pathlib import Path

import pytest

from gateway.testing import Keten
from gateway.testing.checks import faults
from tests.crash.machine import FULL, MARKS, Machine, work
from tests.flow.vreemd import envelop

MOMENTS = 4
"""Of a command, in a sampled run."""
pytestmark = MARKS

KINDS = ("drop", "envelope", "conflict")
SENT = b"inhoud"


def held(kind: str, folder: Path) -> str:
    """Make a chain with one file in quarantine; its id there."""
    with Keten(folder) as keten:
        if kind == "drop":
            keten.drop("0363", "vakantie.csv", SENT)
        elif kind == "envelope":
            for time, payload in (("12", b"later"), ("10", SENT)):
                name = f"{time}.xml"
                message = envelop(tijd=f"20260202{time}0000", payload=payload)
                (keten.hop("ggk/uit") / name).write_bytes(message)
                keten.settle()
            keten.empty_receivers()
        else:
            inbox = keten.root / "cbs/in/GMSDWMO"
            (inbox / "WMO_H22025_0363_0001.csv").write_bytes(b"van een ander")
            keten.drop("0363", "WMO_H22025.csv", SENT)
            keten.settle()
            for path in inbox.glob("WMO*"):
                path.unlink()
        keten.settle()
        [found] = keten.quarantine()
    return found.name


def words(action: str, kind: str, id_: str, config: Path) -> list[str]:
    """What the person types."""
    chosen = ["--as", "wmo"] if (action, kind) == ("release", "drop") else []
    said = ["--reason", "omdat", "--config", str(config), "--json"]
    return ["quarantine", action, id_, *chosen, *said]


def wrong(folder: Path, action: str) -> list[str]:
    """What does not hold after it all, in sentences."""
    with Keten(folder) as keten:
        found = faults(keten.location, keten.config)
        got = [one.content for one in keten.received("wmo")]
        if got != ([SENT] if action == "release" else []):
            found.append(f"CBS has {got}")
        if keten.quarantine():
            found.append("quarantine still holds it")
        if len(list((keten.root / "quarantaine/.archief").iterdir())) != 1:
            found.append("the archive does not hold what was decided on once")
        if any((keten.root / ".state/verzoeken").iterdir()):
            found.append("a request was left")
        decided = "released" if action == "release" else "dropped"
        if keten.types().count(decided):
            found.append(f"{decided} again at the end")
    return found


@pytest.mark.parametrize("action", ["release", "drop"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_call(machine: Machine, kind: str, action: str) -> None:
    """Typed again and run on, the file was delivered (or archived) once, and the log is whole."""
    made = work() / f"{action}-{kind}"
    id_ = held(kind, made / "start")

    def fresh(name: str) -> tuple[Path, list[str]]:
        shutil.copytree(made / "start", made / name)
        return made / name, words(action, kind, id_, made / name / "config.yaml")

    whole, typed = fresh("whole")
    ended = machine.run(typed, [whole])
    assert ended.code == 0, ended.said
    calls = len(ended.calls)
    step = 1 if FULL else max(1, calls // MOMENTS)
    failed, fired = [], 0
    for at in range(1, calls + 1, step):
        chain, typed = fresh(f"at{at}")
        fired += machine.run(typed, [chain], at).died
        again = machine.run(typed, [chain])
        said = json.loads(again.said[again.said.index("{") :])
        if not said["done"] and "already" not in said["refused"][0]["reason"]:
            failed.append(f"@{at}: {again.said}")
        run = machine.run(["run", "--once", "--config", str(chain / "config.yaml")], [chain])
        failed += [f"@{at}: {one}" for one in wrong(chain, action)]
        failed += [f"@{at}: run ended with {run.code}: {run.said}"] if run.code else []
        shutil.rmtree(chain)
    assert fired > 2
    assert not failed, "\n".join(failed[:10])
