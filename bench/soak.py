# SPDX-License-Identifier: EUPL-1.2
"""Half an hour of everything at once: load, faults at random, kills and restarts; then the count.

A gateway of its own runs on a fresh chain while this script plays the people around it. They drop
files, right and wrong, large and small, whole and in parts; CBS takes what it gets and sends
reports back; and now and then something breaks: SIGKILL, SIGTERM, SIGSTOP, a folder of a
municipality that lets nobody write, a database that another program holds, a backup, a changed
configuration, a wrong one. An operator releases or drops what was refused. At the end all is
mended, the chain comes to rest, and every file must be where it belongs, once: at CBS, in a
municipality's inbox or in quarantine; nothing half done; the log verified.

Usage: python bench/soak.py [--seconds 1800] [--seed N] [--folder DIR] [--keep]
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import country

*CODES, GUEST = country.codes(13)
"""Twelve that hand in files, and one that joins and leaves."""
PAUSE = 0.05
"""Seconds between two acts of the people around the chain."""

REFUSED = b"the old one stays"
"""What the gateway says of a configuration that it cannot use."""

COMMAND = [sys.executable, "-m", "gateway.cli"]


@dataclass
class World:
    """The chain's folders, what was put in, and what was taken out: content -> how often."""

    config: Path
    chance: random.Random
    heen: Counter[bytes] = field(default_factory=Counter)
    retour: Counter[bytes] = field(default_factory=Counter)
    wrong: Counter[bytes] = field(default_factory=Counter)
    dropped: Counter[bytes] = field(default_factory=Counter)
    at_cbs: Counter[bytes] = field(default_factory=Counter)
    at_home: Counter[bytes] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    process: subprocess.Popen[bytes] | None = None
    number: int = 0
    spoiled: list[tuple[float, Path]] = field(default_factory=list)

    @property
    def folders(self) -> Path:
        """The root of all places."""
        return self.config.parent / "folders"

    def content(self, size: int) -> bytes:
        """Bytes that nobody else has; synthetic."""
        self.number += 1
        line = f"synthetic;{self.number};{self.chance.random()}\n".encode()
        return line * max(1, size // len(line))

    # --- the gateway ---

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.process is None or self.process.poll() is not None:
            log = (self.config.parent / "gateway.log").open("ab")
            command = [*COMMAND, "run", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> None:
        """End it by a signal, and wait until it is gone."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(number)
            self.process.wait(timeout=120)
            self.done[number.name] += 1
            self.process = None

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of the gateway, beside it."""
        return subprocess.run(
            [*COMMAND, *words, "--config", str(self.config)], capture_output=True, text=True
        )


# --- what people do -------------------------------------------------------------------------------


def drop(world: World) -> None:
    """A municipality hands in a file: most often a right one."""
    code, kind = world.chance.choice(CODES), world.chance.random()
    outbox = country.outbox(world.config, code)
    size = world.chance.choice((200, 2_000, 10_000, 10_000, 400_000))
    content = world.content(size)
    if kind < 0.08:
        name, kept = f"brief_{world.number}.txt", world.wrong
    else:
        exchange = world.chance.choice(("WMO", "WMO", "SBO", "JEUGD"))
        again = world.chance.random() < 0.2  # a name that is used more often
        name = f"{exchange}_H22025{'' if again else f'_{world.number}'}.csv"
        kept = world.heen
    if kind > 0.7:  # in parts, then renamed
        part = outbox / f"{world.number}.part"
        part.write_bytes(content)
        if (outbox / name).exists():
            part.unlink()  # a rename would destroy what lies there: no employee means that
            return
        part.rename(outbox / name)
    else:
        try:
            with (outbox / name).open("xb") as file:
                file.write(content)
        except FileExistsError:
            return
    kept[content] += 1
    world.done["dropped"] += 1


def report(world: World) -> None:
    """CBS sends a report to a municipality."""
    content = b"%PDF-1.4 " + world.content(3_000)
    path = world.folders / "cbs/uit/GMSDTTK" / f"TECHNISCH_H22025_{world.chance.choice(CODES)}.pdf"
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return  # the one before was not fetched yet
    world.retour[content] += 1
    world.done["reports"] += 1


def take(world: World) -> None:
    """CBS and the municipalities take what they find, and remember it."""
    for folder in world.folders.glob("cbs/in/*"):
        for path in _files(folder):
            if path.name.endswith("_metagegevens.xml"):
                path.unlink()
            else:
                world.at_cbs[path.read_bytes()] += 1
                path.unlink()
    for folder in world.folders.glob("gemeenten/*/inbox"):
        for path in _files(folder):
            if path.suffix == ".pdf":
                world.at_home[path.read_bytes()] += 1
            path.unlink()
    world.done["emptied"] += 1


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [one for one in folder.iterdir() if one.is_file() and one.name[0] != "."]
    # The record first, the file after it: who takes files takes them with their records.
    return sorted(found, key=lambda one: not one.name.endswith("_metagegevens.xml"))


# --- what breaks ----------------------------------------------------------------------------------


def kill(world: World) -> None:
    """As a power switch, but for the disk."""
    world.end(signal.SIGKILL)


def stop(world: World) -> None:
    """As an operator ends a service."""
    world.end(signal.SIGTERM)


def halt(world: World) -> None:
    """The machine is busy elsewhere for a while."""
    if world.process is not None:
        world.process.send_signal(signal.SIGSTOP)
        time.sleep(world.chance.uniform(0.1, 2.0))
        world.process.send_signal(signal.SIGCONT)
        world.done["halted"] += 1


def spoil(world: World) -> None:
    """Where a municipality's sent files are kept there is a file: nothing can be put there."""
    code = world.chance.choice(CODES)
    kept = world.folders / "gemeenten" / code / "verzonden"
    aside = kept.with_name(".elders")
    if kept.is_dir() and not aside.exists():
        kept.rename(aside)
        kept.write_bytes(b"")
        world.spoiled.append((time.monotonic() + world.chance.uniform(1, 20), kept))
        world.done["spoiled"] += 1


def mend(world: World, *, all_of_it: bool = False) -> None:
    """What was spoiled is put right, after its time."""
    for due, kept in list(world.spoiled):
        if all_of_it or due <= time.monotonic():
            kept.unlink()
            kept.with_name(".elders").rename(kept)
            world.spoiled.remove((due, kept))


def hold_database(world: World) -> None:
    """Another program holds the database for a second: the engine waits."""
    path = world.folders / ".state" / "knooppunt.db"
    held = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        held.execute("BEGIN IMMEDIATE")
        time.sleep(world.chance.uniform(0.1, 1.0))
        held.execute("ROLLBACK")
        world.done["held"] += 1
    except sqlite3.OperationalError:
        world.done["not held"] += 1  # the engine had it for so long
    finally:
        held.close()


def reconfigure(world: World) -> None:
    """A municipality joins or leaves, and the folders are looked at more or less often."""
    text = world.config.read_text(encoding="utf-8")
    guest = f'  "{GUEST}": {{soort: gemeente}}\n'
    text = text.replace(guest, "") if guest in text else text.replace(
        "partijen:\n", f"partijen:\n{guest}", 1)  # fmt: skip
    scan = world.chance.choice((300, 500, 900))
    write(world, re.sub(r"scan_ms: \d+", f"scan_ms: {scan}", text))
    world.done["reconfigured"] += 1


def write(world: World, text: str) -> None:
    """Another configuration, whole at once: as an editor saves it."""
    beside = world.config.with_name("config.yaml.new")
    beside.write_text(text, encoding="utf-8")
    beside.rename(world.config)


def misconfigure(world: World) -> None:
    """A wrong configuration: who runs refuses it and goes on by the old one; it is put right."""
    log, text = world.config.parent / "gateway.log", world.config.read_text(encoding="utf-8")
    before = log.read_bytes().count(REFUSED)
    unknown = f"soak_{world.chance.randrange(1 << 30)}: 1"  # a fault is told once: each is another
    write(world, text.replace("  scan_ms: ", f"  {unknown}\n  scan_ms: "))
    try:
        for _ in range(100):
            if world.process is None or world.process.poll() is not None:
                world.done["wrong configuration, not started"] += 1
                return
            if log.read_bytes().count(REFUSED) > before:
                world.done["wrong configuration refused"] += 1
                return
            time.sleep(0.1)
    finally:
        write(world, text)
    raise SystemExit("a wrong configuration was not refused within 10 seconds")


def decide(world: World) -> None:
    """An operator sends a refused file in again, as one of an exchange, or decides against it."""
    found = [path for path in world.folders.glob("quarantaine/*/brief_*") if path.is_file()]
    if not found:
        return
    path = world.chance.choice(found)
    content, held = path.read_bytes(), path.parent.name
    release = world.chance.random() < 0.5
    words = ("release", held, "--as", "wmo") if release else ("drop", held)
    ended = world.command("quarantine", *words, "--reason", "soak")
    if ended.returncode:
        world.done["decisions refused"] += 1  # it stays where it is, and is counted there
        return
    world.wrong[content] -= 1
    (world.heen if release else world.dropped)[content] += 1
    world.done["released" if release else "dropped from quarantine"] += 1


def back_up(world: World) -> None:
    """A backup beside the running gateway."""
    target = world.config.parent / "backup"
    shutil.rmtree(target, ignore_errors=True)
    ended = world.command("backup", str(target))
    world.done["backups" if ended.returncode == 0 else "backups refused"] += 1


PEOPLE = ((drop, 80), (report, 12), (take, 4))
FAULTS = ((kill, 4), (stop, 2), (halt, 4), (spoil, 4), (hold_database, 3), (reconfigure, 2),
          (misconfigure, 1), (decide, 3), (back_up, 1))  # fmt: skip


def play(world: World, seconds: float) -> None:
    """People act all the time; about every five seconds something breaks."""
    end, trouble, told = time.monotonic() + seconds, time.monotonic() + 5, time.monotonic()
    while time.monotonic() < end:
        world.start()
        chosen, weights = zip(*PEOPLE, strict=True)
        world.chance.choices(chosen, weights)[0](world)
        mend(world)
        if time.monotonic() >= trouble:
            trouble = time.monotonic() + world.chance.uniform(2, 8)
            chosen, weights = zip(*FAULTS, strict=True)
            world.chance.choices(chosen, weights)[0](world)
        if time.monotonic() >= told + 60:
            told = time.monotonic()
            print(f"{(end - told) / 60:5.1f} min left: {dict(world.done)}", flush=True)
        time.sleep(PAUSE)


def settle(world: World) -> None:
    """Mend everything, and let the chain come to rest."""
    mend(world, all_of_it=True)
    world.end(signal.SIGTERM)
    for _ in range(3):
        ended = world.command("run", "--once")
        if ended.returncode not in (0, 1):
            raise SystemExit(f"run --once: {ended.stderr}")
        take(world)


def faults(world: World) -> list[str]:
    """What is not as it must be, a sentence each."""
    held, gone = (
        Counter(path.read_bytes() for path in world.folders.glob(where) if path.is_file())
        for where in ("quarantaine/[!.]*/brief_*", "quarantaine/.archief/*/brief_*")
    )
    wrong = []
    for what, put, got in (("to CBS", world.heen, world.at_cbs),
                           ("back", world.retour, world.at_home),
                           ("refused", world.wrong, held),
                           ("dropped", world.dropped, gone)):  # fmt: skip
        lost, more = put - got, got - put
        wrong += [f"{what}: {count} lost: {one[:40]!r}" for one, count in lost.items()]
        wrong += [f"{what}: {count} too many: {one[:40]!r}" for one, count in more.items()]
    for path in world.folders.rglob("*"):
        private = path.parent.name in (".tmp", ".claimed") and path.is_file()
        if private or (path.parent.name == "outbox" and path.is_file()):
            wrong.append(f"left behind: {path.relative_to(world.folders)}")
    verified = world.command("audit", "verify")
    if verified.returncode:
        wrong.append(f"audit verify: {verified.stdout}{verified.stderr}")
    return wrong


def main() -> None:
    """Play, settle, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--keep", action="store_true", help="leave the chain when all is well, too")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(1 << 30)
    print(f"seed {seed}", flush=True)
    top = Path(tempfile.mkdtemp(prefix="knooppunt-soak-", dir=asked.folder or os.getcwd()))
    edits = (("rusttijd_ms: 2000", "rusttijd_ms: 200"), ("scan_ms: 2000", "scan_ms: 500"))
    world = World(country.make(top / "chain", CODES, edits=edits), random.Random(seed))
    try:
        play(world, asked.seconds)
    finally:
        settle(world)
    wrong = faults(world)
    print(dict(world.done))
    print(f"{sum(world.heen.values())} to CBS, {sum(world.retour.values())} back, "
          f"{sum(world.wrong.values())} refused, {sum(world.dropped.values())} dropped: "
          f"{'each where it belongs, once' if not wrong else f'{len(wrong)} faults'}")  # fmt: skip
    if wrong:
        print("\n".join(wrong[:50]))
        raise SystemExit(f"the chain is kept in {top}; again: --seed {seed}")
    if not asked.keep:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
