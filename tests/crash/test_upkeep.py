# SPDX-License-Identifier: EUPL-1.2
"""A purge, a restore, a start that sets aside, killed at any call: typed again, all is as it was.

The command is ended just before one of its changing calls; then a person types it again, as people
do, and the chain runs on. KNOOPPUNT_CRASH=full plays every call, otherwise a sample of them.
"""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.asking import ask
from gateway.audit.verify import verify
from gateway.backup import backup
from gateway.held import Filter, listed
from gateway.quarantine import KIND as DECIDE
from gateway.testing import Keten
from gateway.testing.checks import faults
from tests.crash.machine import FULL, MARKS, Machine, work

MOMENTS = 12
"""Of a command, in a sampled run."""
pytestmark = MARKS


def rows(database: str, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(database) as connection:
        found = connection.execute(query).fetchall()
    connection.close()
    return found


def past_its_time(folder: Path) -> None:
    """Two deliveries, one that was refused, one that a person dropped; all of three years ago."""
    keten = Keten(folder)
    for name in ("WMO_a.csv", "WMO_b.csv", "vakantie.jpg"):
        keten.drop("0363", name, name.encode())
    (keten.root / "gemeenten/0363/.claimed/11111111").write_bytes(b"wees")
    keten.restart()
    keten.settle()
    keten.empty_receivers()
    for path in keten.inbox("0363"):
        path.unlink()
    keten.close()
    order = {"action": "drop", "ids": ["wees-11111111"], "by": "anna", "reason": "niet van ons"}
    assert ask(keten.location, DECIDE, order)["done"]
    for table in ("levering", "held"):
        rows(keten.location.database, f"UPDATE {table} SET at = at - {1100 * 86_400_000}")


def lost(folder: Path) -> None:
    """A backup; then a file that is refused and one that arrives; and the database is gone."""
    with Keten(folder) as keten:
        keten.drop("0363", "WMO_a.csv", b"a")
        keten.drop("0363", "foto.jpg", b"van voor de backup")
        keten.settle()
        backup(keten.location, str(folder / "b"), keys=False)
        for name in ("WMO_b.csv", "vakantie.jpg"):
            keten.drop("0363", name, name.encode())
        keten.settle()
        keten.empty_receivers()
    for path in (folder / "folders/.state").glob("knooppunt.db*"):
        path.unlink()


def orphaned(folder: Path) -> None:
    """A file was claimed that the database does not know, with its seal: as after a restore."""
    with Keten(folder) as keten:
        keten.settle()
    for name in ("11111111", "11111111.bewijs", "22222222"):
        (folder / "folders/gemeenten/0363/.claimed" / name).write_bytes(name.encode())


def damaged(folder: Path) -> None:
    """The same, but the database is there, and can no longer be read; an older one was kept."""
    lost(folder)
    for name in ("knooppunt.db", "knooppunt.db-wal", "knooppunt.db.before-5"):
        (folder / "folders/.state" / name).write_bytes(name.encode())


def purged(keten: Keten) -> dict[str, object]:
    """What is left when all is done."""
    database = keten.location.database
    return {
        "names": rows(database, "SELECT DISTINCT naam, gebruiker, delivered_as FROM levering"),
        "held": rows(database, "SELECT id FROM held"),
        "events": rows(database, "SELECT DISTINCT name, remark FROM event"),
        "openings": rows(database, "SELECT DISTINCT label FROM opening WHERE label = 'name'"),
        "copies": [one.name for one in keten.verzonden("0363")],
        "quarantine": [one.name for one in (keten.root / "quarantaine").glob("[!.]*")],
        "archive": [one.name for one in (keten.root / "quarantaine/.archief").iterdir()],
        "asked": [one.name for one in (keten.root / ".state/verzoeken").iterdir()],
        "faults": faults(keten.location, keten.config),
    }


def restored(keten: Keten) -> dict[str, object]:
    """What is known when all is done."""
    database = keten.location.database
    told = "SELECT count(*) FROM leaf WHERE content LIKE '%\"state.restore\"%'"
    gaps = "SELECT json_array_length(value) FROM meta WHERE key = 'hiaten'"
    found = listed(keten.location, Filter(everything=True))
    return {
        "held": sorted((one["name"], one["soort"], one["state"]) for one in found),
        "names": rows(database, "SELECT naam, status FROM levering ORDER BY seq"),
        "restored": rows(database, told),
        "gaps": rows(database, gaps),
        "quarantine": len(keten.quarantine()),
    }


def set_aside(keten: Keten) -> dict[str, object]:
    """What is listed, and from where, when all is done."""
    found = listed(keten.location, Filter(everything=True))
    return {
        "held": sorted((one["id"], one["name"], one["state"], one["from"]) for one in found),
        "lies": sorted(str(one.relative_to(keten.root)) for one in keten.root.rglob("wees-*/*")),
        "claimed": [one.name for one in (keten.root / "gemeenten/0363/.claimed").iterdir()],
    }


def replaced(keten: Keten) -> dict[str, object]:
    """The same, and what is kept: the database with its own WAL, and the older one without.

    Killed when it was done, it does it again: what it had restored is kept as well then.
    """
    there = {
        path.read_bytes(): path.name
        for path in (keten.root / ".state").glob("knooppunt.db.before-*")
        if path.stat().st_size < 100
    }
    name = there.get(b"knooppunt.db", "")
    return restored(keten) | {
        "kept": sorted(one.decode() for one in there),
        "together": there.get(b"knooppunt.db-wal") == f"{name}-wal",
        "older": there.get(b"knooppunt.db.before-5"),
        "rest": sorted(one.name for one in (keten.root / ".state").glob(".restore*")),
    }


CASES = {
    "orphan": (orphaned, ["run", "--once"], set_aside),
    "purge": (past_its_time, ["purge", "--do"], purged),
    "restore": (lost, ["restore", "b", "--continue"], restored),
    "replace": (damaged, ["restore", "b", "--continue"], replaced),
}


@pytest.mark.parametrize("name", CASES)
def test_killed_at_any_call(machine: Machine, name: str) -> None:
    """Typed again and run on, all is as it is when nothing ends it; and the log is whole."""
    make, typed, seen = CASES[name]
    made = work() / name
    make(made / "start")
    whole, calls = play(machine, made, "whole", typed, seen, 0)
    assert not whole["wrong"], whole
    step = 1 if FULL else max(1, calls // MOMENTS)
    failed, fired = [], 0
    for at in range(1, calls + 1, step):
        found, died = play(machine, made, f"at{at}", typed, seen, at)
        fired += died
        failed += [f"@{at}: {key}: {found[key]}, not {whole[key]}"
                   for key in whole if found[key] != whole[key]]  # fmt: skip
    assert fired > 2
    assert not failed, "\n".join(failed[:10])


def play(
    machine: Machine, made: Path, name: str, typed: list[str],
    seen: Callable[[Keten], dict[str, object]], at: int,
) -> tuple[dict[str, object], int]:  # fmt: skip
    """What is there after the command, ended at that call and typed again, and a run.

    With it how many calls the command made; of one that is ended, whether it was.
    """
    chain = made / name
    shutil.copytree(made / "start", chain)
    config = ["--config", str(chain / "config.yaml")]
    words = [str(chain / one) if one == "b" else one for one in typed] + config
    wrong = []
    ended = machine.run(words, [chain], at)
    count = ended.died if at else len(ended.calls)
    if at and ended.died:
        ended = machine.run(words, [chain])
    wrong += [ended.said] if ended.code else []
    run = machine.run(["run", "--once", *config], [chain])
    wrong += [run.said] if run.code else []
    assert not wrong, (name, wrong)
    keten = Keten(chain)
    report = verify(keten.location.audit)
    wrong += [one.detail for one in report.steps if not one.ok]
    found = seen(keten) | {"wrong": wrong}
    keten.close()
    shutil.rmtree(chain)
    return found, count
