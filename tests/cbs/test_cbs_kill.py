# SPDX-License-Identifier: EUPL-1.2
"""The counterpart ended at any call that changes its disk: each delivery is answered exactly once.

The shim of the crash suite ends it (docs/crash.md); KNOOPPUNT_CRASH=full ends it at every call.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import envelopes
from gateway.cbs.staat import DATABASE, Staat
from gateway.testing import unbound
from tests.crash.machine import Disk, Machine, why_no_power_loss, work

FULL = os.environ.get("KNOOPPUNT_CRASH", "") == "full"
MOMENTS = 4
"""Of each way to end: at how many moments, in a sampled run."""

pytestmark = [pytest.mark.timeout(0 if FULL else 300)]
if FULL:
    pytestmark.append(pytest.mark.crash_full)

KOP = ";".join(f"kolom{n}" for n in range(1, 19)) + "\n"
RIJ = "202601201200;0363;999999999;0001;20250801;;4;0001;20250801;;;;;;;;;\n"
BESLUIT = """<?xml version="1.0" encoding="UTF-8"?>
<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">
<gemeentecode>0034</gemeentecode><uitvraag>H22025</uitvraag><besluit>opt-out</besluit>
<omvang>geheel</omvang><gebruiker><id>j.jansen</id></gebruiker>
<tijdstip>2026-02-02T10:00:00+01:00</tijdstip></publicatiebesluit>
"""
DROPS = {
    "gemeenten/0363/outbox/WMO_H22025.csv": KOP + RIJ * 20,
    "gemeenten/0363/outbox/SBO_H22025.csv": "sbo;1\n",
    "gemeenten/0034/outbox/WMO_H22025.csv": "kapot\n",
    "gemeenten/0034/outbox/BESLUIT_H22025.xml": BESLUIT,
}
DELIVERED = {
    "GMSDWMO/WMO_H22025_0363_0001.csv", "GMSDSBO/SBO_H22025_0363_0001.csv",
    "GMSDWMO/WMO_H22025_0034_0001.csv", "GMSDBSL/BESLUIT_H22025_0034_0001.xml",
}  # fmt: skip
ANSWERS = [
    "GMSDBVS/BEVESTIGING_H22025_0034_0001.pdf",
    "GMSDSP1/OPORDE_H22025_0363_0001.pdf",
    "GMSDTTK/TECHNISCH_H22025_0034_0001.pdf",
    "GMSDTTK/TECHNISCH_H22025_0363_0001.pdf",
    "GMSDTTS/TECHNISCHSBO_H22025_0363_0001.pdf",
]
RECEIPTS = [
    "GMSDOVB/ONTVANGSTBEWIJS_H22025_0034_0001.xml",
    "GMSDOVB/ONTVANGSTBEWIJS_H22025_0363_0001.xml",
    "GMSDOVD/ONTVANGSTBEWIJSBESLUIT_H22025_0034_0001.xml",
    "GMSDOVS/ONTVANGSTBEWIJSSBO_H22025_0363_0001.xml",
]


@dataclass
class Loop:
    """One chain on disk, of which the counterpart is ended, and what RINIS took from it."""

    machine: Machine
    home: Path
    bag: list[str] = field(default_factory=list)

    @property
    def cbs(self) -> Path:
        """The folders of CBS."""
        return self.home / "folders/cbs"

    def run(self, stations: str, hour: int, **how: object):
        """Run until nothing is due, at this hour of 2 February."""
        argv = ["run", "--once", "--stations", stations, "--nu", f"2026-02-02T{hour}:00",
                "--config", str(self.home / "config.yaml")]  # fmt: skip
        return self.machine.run(argv, [self.home], **how)

    def sent(self) -> list[str]:
        """What lies in the send folders, whole each."""
        found = []
        for path in sorted(self.cbs.glob("uit/*/*")):
            if path.is_file():
                content = path.read_bytes()
                if path.suffix == ".xml":  # a receipt: whole, and of what lies in the archive
                    said = envelopes.read_ontvangstbewijs(content)
                    assert said.sha256 in self.digests(), path
                else:
                    assert content.startswith(b"%PDF"), path
                    assert b"%%EOF" in content[-16:], path
                found.append(f"{path.parent.name}/{path.name}")
        return found

    def digests(self) -> set[str]:
        """Of all that CBS has in its archive."""
        found = self.archived("archief/*/*/*").values()
        return {hashlib.sha256(content).hexdigest() for content in found}

    def take(self) -> None:
        """Be RINIS: take all that lies in the send folders."""
        self.bag += self.sent()
        for path in self.cbs.glob("uit/*/*"):
            if path.is_file():
                path.unlink()

    def archived(self, where: str) -> dict[str, bytes]:
        """The files below a folder of CBS, by RINIS code and name."""
        found = {}
        for path in self.cbs.glob(where):
            if path.is_file():
                code = path.relative_to(self.cbs).parts[1]
                found[f"{code}/{path.name}"] = path.read_bytes()
        return found

    def check_now(self, delivered: dict[str, bytes]) -> None:
        """At the instant of the end: nothing partial is to be seen, and nothing is lost."""
        self.sent()
        there = self.archived("in/*/*") | self.archived("archief/*/*/*")
        assert there == delivered

    def check_end(self, delivered: dict[str, bytes]) -> None:
        """Once all is done: each delivery was answered once, and lies in the archive once."""
        assert sorted(self.bag + self.sent()) == sorted(ANSWERS + RECEIPTS)
        assert self.archived("in/*/*") == {}
        assert self.archived("archief/*/*/*") == delivered
        assert list(self.cbs.glob("uit/*/.tmp/*")) == []
        with Staat(str(self.home / "folders/.state/cbs" / DATABASE), writer=False) as staat:
            assert [row["toestand"] for row in staat.leveringen()] == ["gecontroleerd"] * 4
            due = staat.antwoorden("gepland", "opgesteld", "beloofd", "mislukt")
            assert {row["soort"] for row in due} == {"overzicht"}


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    made = Machine()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def prepared(machine: Machine) -> Loop:
    """A chain that delivered four files to CBS, which never ran."""
    loop = Loop(machine, work() / "cbs-prepared")
    assert machine.run(["init", str(loop.home)], [loop.home]).code == 0
    config = loop.home / "config.yaml"
    text = unbound(config.read_text()).replace("antwoord: protocol", "antwoord: direct")
    config.write_text(text.replace("rusttijd_ms: 2000", "rusttijd_ms: 10"))
    for path, content in DROPS.items():
        (loop.home / "folders" / path).write_text(content)
    ended = loop.run("ggk,rinis", 10)
    assert ended.code == 0, ended.said
    there = {name for name in loop.archived("in/*/*") if not name.endswith("_metagegevens.xml")}
    assert there == DELIVERED
    return loop


def copy_of(prepared: Loop, home: Path) -> Loop:
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(prepared.home, home, symlinks=True)
    return Loop(prepared.machine, home)


def moments(calls: int, phase: float) -> list[int]:
    if FULL:
        return list(range(1, calls + 1))
    step = calls / MOMENTS
    return sorted({max(1, round(step * (n + phase))) for n in range(MOMENTS)})


def calls_of(prepared: Loop, home: Path) -> int:
    loop = copy_of(prepared, home)
    delivered = loop.archived("in/*/*")
    ended = loop.run("cbs", 12)
    assert ended.code == 0, ended.said
    loop.check_end(delivered)
    return len(ended.calls)


@pytest.mark.parametrize(
    ("how", "phase"), [("lying", 0.1), ("taken", 0.4), ("torn", 0.7), ("twice", 0.9)]
)
def test_killed_at_any_call_each_delivery_is_answered_once(
    prepared: Loop, how: str, phase: float
) -> None:
    """SIGKILL; answers left lying, taken meanwhile, half a write, and again in recovery."""
    home = work() / f"cbs-{how}"
    delivered = prepared.archived("in/*/*")
    for at in moments(calls_of(prepared, home), phase):
        loop = copy_of(prepared, home)
        ended = loop.run("cbs", 12, at=at, torn=how == "torn")
        assert ended.died, (at, ended.said)
        loop.check_now(delivered)
        if how in ("taken", "twice"):
            loop.take()
        if how == "twice":
            again = loop.run("cbs", 13, at=max(1, at // 2))
            loop.check_now(delivered)
            assert again.died or again.code == 0, (at, again.said)
            loop.take()
        last = loop.run("cbs", 14)
        assert last.code == 0, (at, last.said)
        loop.check_end(delivered)


@pytest.mark.parametrize(("how", "phase"), [("lying", 0.2), ("taken", 0.6)])
def test_without_power_at_any_call_each_delivery_is_answered_once(
    prepared: Loop, how: str, phase: float
) -> None:
    """What was not synced is gone: a file, its name, the commit; one answer each is left."""
    if why_no_power_loss():
        pytest.skip(why_no_power_loss())
    delivered = prepared.archived("in/*/*")
    total = calls_of(prepared, work() / "cbs-power-count")
    disk = Disk(f"cbs-{how}")
    try:
        for at in moments(total, phase):
            disk.format()
            disk.mount()
            loop = copy_of(prepared, disk.at / "keten")
            os.sync()
            ended = loop.run("cbs", 12, at=at, off=(disk.at,))
            assert ended.died, (at, ended.said)
            disk.unmount()
            disk.mount()
            loop.check_now(delivered)
            if how == "taken":
                loop.take()
            last = loop.run("cbs", 13)
            assert last.code == 0, (at, last.said)
            loop.check_end(delivered)
            disk.unmount()
    finally:
        disk.unmount()
