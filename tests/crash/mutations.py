# SPDX-License-Identifier: EUPL-1.2
"""The suite itself is tested: each sync taken away, steps swapped, and the case that fails.

Each mutation is applied to a copy of the package. ``caught_by`` is a mode of ``cases.py`` (at one
of its moments a case must fail), or a function of ``small.py``. ``near`` finds lines of
changing calls, as the shim logs them: the moments around such calls are tried first. ``says``: a
word of what must be found wrong, where a mutation upsets other things as well.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash import small
from tests.crash.cases import MODES, Bench, Case, InvariantError, Mode, sample
from tests.crash.machine import ROOT, work

MOST = 120
"""Moments of a mode that are tried before a mutation counts as not caught."""

_BROKEN = re.compile(
    r"^(?:Name|Type|Attribute|Import|ModuleNotFound|Syntax|Indentation|UnboundLocal)Error: .*", re.M
)
"""What a program says that is wrong in itself: such a mutation proves nothing about the suite."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change to one file: each ``old`` text stands there exactly once."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    caught_by: str
    near: str = ""
    says: str = ""
    sampled: bool = False
    """Is it one of the few that every run of the tests tries?"""


MUTATIONS = (
    # --- each sync, taken away ---
    Mutation(
        "make_dir does not sync the parent",
        "durable.py",
        (("    sync_dir(parent)\n", ""),),
        "make_dir",
    ),
    Mutation(
        "init leaves its folders unsynced",
        "durable.py",
        (("    sync_dir(parent)\n", ""),),
        "init_end",
    ),
    Mutation(
        "a large staged file is not synced",
        "durable.py",
        (("            os.fsync(fd)\n        inode", "            pass\n        inode"),),
        "stage",
    ),
    Mutation(
        "put does not sync the file",
        "durable.py",
        (("            os.fsync(fd)\n        finally:\n            os.close(fd)\n        os.rename",
          "            pass\n        finally:\n            os.close(fd)\n        os.rename"),),
        "put",
    ),
    Mutation(
        "put does not sync the folder",
        "durable.py",
        (("dst_dir_fd=dir_fd)\n        os.fsync(dir_fd)\n", "dst_dir_fd=dir_fd)\n"),),
        "put",
    ),
    Mutation(
        "the round does not sync",
        "desk.py",
        (("        durable.sync_filesystem(fd)\n", "        pass\n"),),
        "power-apart",
        "fdatasync",
        sampled=True,
    ),
    Mutation(
        "the round syncs one file system of two",
        "desk.py",
        (("for one in file_systems]", "for one in file_systems[:1]]"),),
        "power-spread",
        "fdatasync",
    ),
    Mutation(
        "tiles get their names before their content is synced",
        "audit/publish.py",
        (("            durable.sync_filesystem(any_folder)  # content first", "            #"),),
        "power-flushed",
        "renameat2 .*/audit/tile",
    ),
    Mutation(
        "tiles have unsynced names when the checkpoint comes",
        "audit/publish.py",
        (("            durable.sync_filesystem(any_folder)  # names too", "            #"),),
        "power-state-weak",
        "audit/",
    ),
    Mutation(
        "the database commits without a sync",
        "store.py",
        (("synchronous=FULL\"", "synchronous=NORMAL\""), ("(\"wal\", 2):", "(\"wal\", 1):")),
        "power-apart",
        "renameat2",
    ),
    Mutation(
        "a file moved between disks has its name before its content",
        "durable.py",
        (("                append(fd, part)\n            os.fsync(fd)\n",
          "                append(fd, part)\n"),),
        "power-spread-flushed",
        "quarantaine/",
    ),
    Mutation(
        "a file moved between disks is removed before its name is synced",
        "moves.py",
        (("        folders.sync(tmp)  # only when", "        pass  #"),),
        "power-spread-far",
        "quarantaine/",
    ),
    Mutation(
        "an orphan is set aside without a sync",
        "engine.py",
        (("        self._folders.sync(self._folders.fd(held))\n", ""),),
        "restored",
    ),
    # --- two steps, swapped ---
    Mutation(
        "renames come before the commit",
        "engine.py",
        (("        self._store.commit(changes)\n",
          "        for promise in done.promises:\n"
          "            promises.perform(self._folders, promise)\n"
          "        self._store.commit(changes)\n"),),
        "kill-taken",
        "_metagegevens.xml",
        "metagegevens",
        sampled=True,
    ),
    Mutation(
        "renames come before the sync",
        "desk.py",
        (("        self._done.append(done)\n",
          "        self._done.append(done)\n"
          "        from gateway import promises\n"
          "        for promise in done.promises:\n"
          "            promises.perform(self._clerk.folders, promise)\n"),),
        "power-flushed",
        "renameat2",
        "partial",
    ),
    Mutation(
        "the commit comes before the sync",
        "desk.py",
        (("        self._syncing.append(self._syncer.submit(_sync, file_systems))\n",
          "        self._late.append(file_systems)\n"
          "        self._syncing.append(self._syncer.submit(_sync, self._late.popleft()))\n"),
         ("        self._clerk = clerk\n",
          "        self._clerk = clerk\n        self._late: deque[list[int]] = deque([[], []])\n")),
        "power-apart-flushed",
        "renameat2 .*ggk/uit",
        "partial",
    ),
    Mutation(
        "a source goes before what it led to is in place",
        "promises.py",
        (("    outcome = Outcome()\n    for put in",
          "    outcome = Outcome()\n    _let_go(folders, promise, outcome)\n    for put in"),),
        "kill",
        "ggk/uit/2",
    ),
    Mutation(
        "metagegevens come after their file",
        "stations/rinis.py",
        (("            Delivery(inbox, name, c.content, Clash.HOLD, arrived),\n", ""),
         ("            Delivery(inbox, names.metagegevens_naam(name)",
          "            Delivery(inbox, name, c.content, Clash.HOLD, arrived),\n"
          "            Delivery(inbox, names.metagegevens_naam(name)")),
        "kill",
        "_metagegevens.xml",
        sampled=True,
    ),
    Mutation(
        "the checkpoint comes before its tiles",
        "audit/publish.py",
        (("        if head_size - before.size > STEP:",
          "        content = checkpoint.sign(self._origin, head_size, head_root, *self.keys)\n"
          "        path = os.path.join(self._directory, \"checkpoint\")\n"
          "        durable.put(path, content, TILE_MODE)\n"
          "        if head_size - before.size > STEP:"),),
        "kill",
        "audit/tile",
    ),
    Mutation(
        "a file is claimed before its intent is committed",
        "engine.py",
        (("        self._to_claim = later\n",
          "        self._to_claim = later\n        batch.claims += batch.intents\n"),
         ("        self._to_claim.extend(batch.intents)\n", "")),
        "kill",
        ".claimed/",
    ),
    Mutation(
        "a file is claimed before its seal",
        "folders.py",
        (("        for name, as_ in _beside(intent):\n"
          "            self._claim_beside(intent, name, claimed, as_)\n", ""),
         ("claimed, intent.id)\n        except FileNotFoundError:\n            return False\n",
          "claimed, intent.id)\n        except FileNotFoundError:\n            return False\n"
          "        for name, as_ in _beside(intent):\n"
          "            self._claim_beside(intent, name, claimed, as_)\n")),
        "kill",
        ".bewijs",
    ),
    # --- what holds it together besides ---
    Mutation(
        "a rename replaces what is there",
        "durable.py",
        (("_RENAME_NOREPLACE = 1", "_RENAME_NOREPLACE = 0"),),
        "kill-clash",
        "cbs/in/GMSDJGD",
    ),
    Mutation(
        "a restart claims whatever has the name now",
        "folders.py",
        (("            if _exists(claimed, intent.id):\n                return True\n", ""),
         ("            if not self._is_same(intent):\n                return False\n",
          "            pass\n")),
        "kill-again",
        ".claimed/",
    ),
    Mutation(
        "a file that is gone from .tmp is staged and delivered once more",
        "promises.py",
        (("        name = _delivered_as(target, put)\n    except durable.Occupied",
          "        return Landing.REDO\n    except durable.Occupied"),),
        "kill-taken",
        "cbs/in/",
    ),
    Mutation(
        "what was staged for an answer is taken for an orphan",
        "engine.py",
        (("        if which == \".tmp\" and not orphan:\n", "        if not which:\n"),),
        "kill",
        "inbox/.tmp",
    ),
    Mutation(
        "a restart touches what another gateway staged",
        "folders.py",
        (("                if place.kind is not Kind.QUARANTAINE and whose.get(place.kind) not in",
          "                if place.kind is not Kind.QUARANTAINE and not"),),
        "kill-beside",
        "cbs/in/",
    ),
)  # fmt: skip


def package(mutation: Mutation) -> Path:
    """A copy of the package with the change made; ``AssertionError`` where it does not fit."""
    copy = work() / "mutated" / "".join(c if c.isalnum() else "-" for c in mutation.name)
    shutil.copytree(
        ROOT / "gateway", copy / "gateway", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "config.yaml", copy)
    path = copy / "gateway" / mutation.file
    text = path.read_text()
    for old, new in mutation.changes:
        count = text.count(old)
        assert count == 1, f"{mutation.file} changed: {count} times {old!r}"
        text = text.replace(old, new)
    path.write_text(text)
    return copy


def caught(mutation: Mutation) -> str:
    """The first failure of the case that must catch it; empty when nothing fails."""
    bench = Bench(package(mutation))
    try:
        return next((one for one in _failures(bench, mutation) if mutation.says in one), "")
    finally:
        bench.close()


def _failures(bench: Bench, mutation: Mutation) -> Iterator[str]:
    if mutation.caught_by == "init_end":
        yield from small.init(bench, 0)
    elif mutation.caught_by in ("put", "make_dir", "stage", "restored"):
        yield from getattr(small, mutation.caught_by)(bench)
    else:
        mode = MODES[mutation.caught_by]
        try:
            calls = bench.count(mode)
        except InvariantError as error:
            yield str(error)
            calls = error.calls
        for case in _cases(mode, calls, mutation.near):
            result = bench.run(case)
            broken = _BROKEN.search(result.said)
            assert broken is None, f"it breaks the package itself: {broken and broken.group()}"
            yield from (f"{result.case}: {one}" for one in result.wrong)


def _cases(mode: Mode, calls: tuple[str, ...], near: str) -> Iterator[Case]:
    """The calls of that kind and those after them first, then others from all over the run."""
    many = sum(bool(re.search(near, line)) for line in calls) if near else 0
    spread = range(1, many + 1, max(1, many // 12))
    first = [Case(mode, nth, near=near, past=past) for nth in spread for past in (0, 1)]
    others = [Case(mode, at) for at in sample(calls, 40)]
    rest = [Case(mode, nth, near=near) for nth in range(1, many + 1) if nth not in spread]
    yield from (first + others + rest)[:MOST]
