# SPDX-License-Identifier: EUPL-1.2
"""What goes through the chain in every case: files of three municipalities and reports of CBS.

A chain is made and used once (its first delivery is the one that a report answers); every case
starts from a copy of it with these files dropped.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from gateway.binding.client import sealed
from gateway.location import Location
from tests.crash.machine import Machine

TTK = "cbs/uit/GMSDTTK"
BIG = 1_300_000
"""Bytes of the one large file in an envelope: above ``durable.FSYNC_ABOVE``, bare and wrapped."""
BESIDE = 1_700_000
"""Bytes of those that go beside theirs: more than a message takes here, copied in two parts."""
SETTINGS = (
    ("rusttijd_ms: 2000", "rusttijd_ms: 10"),
    ("scan_ms: 2000", "scan_ms: 100"),
    ("max_bytes: 26214400", "max_bytes: 2000000\n  deel_bytes: 1000000"),
    ('patronen: ["WMO_*"]', 'patronen: ["WMO_*"]\n    groot: verwijzen'),
    ('patronen: ["TECHNISCH_', 'groot: verwijzen\n    patronen: ["TECHNISCH_'),
    ("naam: Westerveld", "naam: Westerveld, overdracht: {wijze: merkteken}"),
)
"""What is changed in the shipped configuration."""

DECISION = "BESLUIT_H22025.xml"
"""The file that must be sealed: its seal lies beside it, and is claimed with it."""

MARKS = "1701"
"""The municipality that lays a marker beside each file that is finished."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A file that is dropped, and what must become of it.

    ``fate``: ``heen`` (delivered in ``target``, a folder of CBS), ``retour`` (delivered in the
    inbox of ``code``), ``refused`` (quarantine; a notice in ``target``, if there is one), ``held``
    (another file has its name at CBS: kept in quarantine for a person).
    """

    folder: str
    name: str
    content: bytes
    fate: str
    code: str = ""
    target: str = ""

    @property
    def path(self) -> str:
        """Where it is dropped."""
        return f"{self.folder}/{self.name}"


def _heen(code: str, name: str, folder: str, content: str, below: str = "") -> Drop:
    place = f"gemeenten/{code}/outbox{below}"
    return Drop(place, name, content.encode(), "heen", code, f"cbs/in/{folder}")


EARLIER = _heen("0363", "WMO_H22025.csv", "GMSDWMO", "earlier;0363\n" * 3)
"""Delivered in a run before, and taken by CBS: TECHNISCH_H22025_0363_0001.pdf answers it."""

BESLUIT = """<?xml version="1.0" encoding="UTF-8"?>
<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">
<gemeentecode>0034</gemeentecode><uitvraag>H22025</uitvraag><besluit>opt-in</besluit>
<omvang>geheel</omvang><gebruiker><id>j.jansen</id></gebruiker>
<tijdstip>2026-02-24T10:00:00+01:00</tijdstip></publicatiebesluit>
"""

DROPS = (
    _heen("0363", "WMO_H22025.csv", "GMSDWMO", "correction;0363\n" * 40),
    _heen("0363", "WMO_H22025.csv", "GMSDWMO", "chosen;0363\n" * 50, "/wmo"),
    _heen("0363", "SBO_H22025.csv", "GMSDSBO", "large;0363;x\n" * (BIG // 13)),
    _heen("0034", "WMO_H22025.csv", "GMSDWMO", "same name;0034\n" * 30),
    _heen("0034", DECISION, "GMSDBSL", BESLUIT),
    _heen("1701", "JEUGD_H22025.csv", "GMSDJGD", "jeugd;1701\n" * 20),
    _heen("1701", "WMO_H22025.csv", "GMSDWMO", "beside;1701;\n" * (BESIDE // 13)),
    Drop("gemeenten/0034/outbox", "brief.txt", b"no exchange takes this\n", "refused", "0034",
         "gemeenten/0034/inbox"),
    Drop("ggk/uit", "geen-envelop.xml", b"<geen/>", "refused"),
    Drop(TTK, "TECHNISCH_H22025_0363_0001.pdf", b"%PDF-1.4 answers a delivery\n" * 9, "retour",
         "0363"),
    Drop(TTK, "TECHNISCH_H22025_0034.pdf", b"%PDF-1.4 answers none\n" * 9, "retour", "0034"),
    Drop(TTK, "TECHNISCH_H22025_1701.pdf", b"%PDF-1.4 beside\n" * (BESIDE // 16), "retour", "1701"),
    Drop(TTK, "TECHNISCH_H22025.pdf", b"%PDF-1.4 for whom\n", "refused", "", TTK + "/geweigerd"),
)  # fmt: skip


FOREIGN = b"this file is not ours\n"
"""What lies at CBS under the name that a delivery of ours is to get, where a case wants that."""

CLASH = "cbs/in/GMSDJGD/JEUGD_H22025_1701_0001.csv"


@dataclass(frozen=True, slots=True)
class Gateway:
    """One process of a chain: the stations it plays, and the state it keeps (None: the usual)."""

    stations: str = "ggk,rinis"
    state: Path | None = None


@dataclass(slots=True)
class Taken:
    """A file that its receiver took: where it lay, its name and bytes."""

    folder: str
    name: str
    content: bytes


@dataclass(slots=True)
class Chain:
    """One chain on disk, with what was dropped in it and what its receivers took."""

    config: Path
    gateways: tuple[Gateway, ...] = (Gateway(),)
    drops: list[Drop] = field(default_factory=list)
    bag: list[Taken] = field(default_factory=list)
    at_least_once: bool = False
    """A receiver acted on a rename before power was lost: it may get that file again."""
    in_order: bool = True
    """Whatever is on disk came there in the order of the calls: not so when disks lose power."""

    @property
    def folders(self) -> Path:
        """The root of all places."""
        return self.config.parent / "folders"

    @property
    def location(self) -> Location:
        """Where the first gateway finds its things, the keys among them."""
        return Location.of(str(self.config), str(self.states[0]))

    @property
    def states(self) -> list[Path]:
        """Where the state of each gateway lies."""
        return [one.state or self.folders / ".state" for one in self.gateways]

    @property
    def roots(self) -> list[Path]:
        """The directories in which changing calls count."""
        states = (one.state for one in self.gateways)
        return [self.config.parent, *(one for one in states if one is not None)]

    def run(self, gateway: Gateway, *, two: bool = False) -> list[str]:
        """The command that runs a gateway of this chain until nothing is due.

        ``two``: with its clerk in a process of its own, as in a run without ``--once``.
        """
        if two:
            state = gateway.state or self.folders / ".state"
            return ["in two processes", str(self.config), str(state)]
        placed = ["--state", str(gateway.state)] if gateway.state else []
        command = ["run", "--once", "--stations", gateway.stations]
        return [*command, "--config", str(self.config), *placed]

    def drop(self, what: Drop) -> None:
        """Put a file where it is handed in, whole."""
        path = self.folders / what.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if what.name == DECISION:
            seal = sealed(self.location, what.name, what.content, what.code, "coordinator")
            path.with_name(what.name + ".p7s").write_bytes(seal)
        path.write_bytes(what.content)
        if what.code == MARKS and "outbox" in what.folder:
            path.with_name(what.name + ".klaar").write_bytes(b"")
        self.drops.append(what)

    def all_files(self) -> list[Path]:
        """Every file in the chain's folders but those of the state."""
        found = []
        for top, below, files in os.walk(self.folders):
            below[:] = [one for one in below if one != ".state"]
            found += [Path(top, one) for one in files]
        return sorted(found)

    def inboxes(self) -> list[Path]:
        """The folders that receivers look in."""
        return sorted([*self.folders.glob("cbs/in/*"), *self.folders.glob("gemeenten/*/inbox")])

    def a_foreign_file_has_the_name(self) -> None:
        """At CBS lies a file of another system under the name that one of ours will get."""
        (self.folders / CLASH).write_bytes(FOREIGN)
        name = "JEUGD_H22025.csv"
        self.drops = [replace(d, fate="held") if d.name == name else d for d in self.drops]

    def receivers_empty_their_inboxes(self) -> None:
        """CBS and the municipalities take all that they see."""
        for folder in self.inboxes():
            for path in sorted(folder.iterdir()):
                if path.is_file() and path.name[0] != ".":
                    where = str(folder.relative_to(self.folders))
                    self.bag.append(Taken(where, path.name, path.read_bytes()))
                    path.unlink()

    def senders_drop_the_same_names_again(self) -> None:
        """Where a name is free again, another file comes under it: a correction."""
        for drop in list(self.drops):
            place = self.folders / drop.path
            if drop.fate != "refused" and not place.exists():
                content = b"again: " + drop.content[:1000]
                if drop.name.endswith(".xml"):
                    content = drop.content.replace(b"opt-in", b"opt-out")
                self.drop(Drop(drop.folder, drop.name, content, drop.fate, drop.code, drop.target))


def make(machine: Machine, chain: Chain) -> None:
    """Make the chain, let one delivery go through it, and drop all files."""
    home = chain.config.parent
    state = chain.gateways[0].state
    _must(machine, ["init", str(home), *(["--state", str(state)] if state else [])], chain)
    text = chain.config.read_text()
    for before, after in SETTINGS:
        assert before in text
        text = text.replace(before, after)
    chain.config.write_text(text)
    grant = ["grant", "coordinator", "gmsd", "--gemeente", "0034", "--config", str(chain.config)]
    _must(machine, [*grant, *(["--state", str(state)] if state else [])], chain)
    chain.drop(EARLIER)
    for gateway in chain.gateways * 2:
        _must(machine, chain.run(gateway), chain)
    chain.receivers_empty_their_inboxes()
    shutil.rmtree(chain.folders / "gemeenten/0363/verzonden")
    (chain.folders / "gemeenten/0363/verzonden").mkdir()
    chain.bag.clear()
    chain.drops.clear()
    for drop in DROPS:
        chain.drop(drop)


def _must(machine: Machine, argv: list[str], chain: Chain) -> None:
    ended = machine.run(argv, chain.roots)
    assert ended.code == 0, ended.said
