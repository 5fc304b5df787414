# SPDX-License-Identifier: EUPL-1.2
"""Cases beside the whole round: what ``durable.py`` promises by itself, ``init``, an old backup.

Each returns what does not hold, a sentence each.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import envelopes
from gateway.audit.verify import verify
from gateway.durable import FSYNC_ABOVE
from tests.crash.cases import MODES, Bench
from tests.crash.scenario import Chain

MOST = 500
"""No function here makes so many calls; a loop over them ends."""


def put(bench: Bench) -> list[str]:
    """``durable.put``: whole and lasting when it returns; before that the old bytes or the new."""
    wrong = []
    bench.empty()
    path = bench.near.at / "new" / "folder" / "file"
    _to_the_end(bench, "durable.put", str(path), "old" * 999)
    if _text(path) != "old" * 999:
        wrong.append(f"put@end: power loss leaves {_text(path)[:9]!r}")
        return wrong
    for flushed in (False, True):
        for at in range(1, MOST):
            argv = ["durable.put", str(path), f"new{flushed}" * 999]
            ended = bench.machine.run(
                argv, [bench.near.at], at, flushed=flushed, off=(bench.near.at,)
            )
            if not ended.died:
                break
            _power_returns(bench)
            if _text(path) not in ("old" * 999, f"new{flushed}" * 999, "newFalse" * 999):
                wrong.append(f"put@{at} (flushed: {flushed}): {_text(path)[:9]!r} under its name")
    return wrong


def make_dir(bench: Bench) -> list[str]:
    """``durable.make_dir``: a directory, and those above it, last when it returns."""
    bench.empty()
    path = bench.near.at / "one" / "two" / "three"
    _to_the_end(bench, "durable.make_dir", str(path))
    return [] if path.is_dir() else ["make_dir@end: power loss takes the directory away"]


def stage(bench: Bench) -> list[str]:
    """``durable.stage``: a large file is on the disk when it returns, not at the round's sync."""
    bench.empty()
    _to_the_end(bench, "durable.stage", str(bench.near.at), str(FSYNC_ABOVE + 1))
    path = bench.near.at / "staged"
    size = path.stat().st_size if path.exists() else None
    return [] if size == FSYNC_ABOVE + 1 else [f"stage@end: power loss leaves {size} bytes"]


def init_calls(bench: Bench) -> int:
    """How many changing calls an ``init`` makes."""
    bench.empty()
    return len(bench.machine.run(_init(bench), _roots(bench)).calls)


def init(bench: Bench, at: int, *, flushed: bool = False) -> list[str]:
    """``init`` that loses power at call N is finished by a second one; 0: at its end, by none."""
    bench.empty()
    off = (bench.near.at, bench.far.at)
    ended = bench.machine.run(_init(bench), _roots(bench), at, flushed=flushed, off=off)
    if at and not ended.died:
        return []
    if not at:
        bench.near.power_off()
        bench.far.power_off()
    _power_returns(bench)
    wrong = []
    if at:
        ended = bench.machine.run(_init(bench), _roots(bench))
        if ended.code != 0:
            return [f"init@{at}: the second init ended with {ended.code}: {ended.said}"]
    audit = bench.far.at / "staat/hier/audit"
    folders = bench.near.at / "keten/folders"
    for path in (
        *(folders / f"gemeenten/{code}/outbox/wmo" for code in ("0363", "0034", "1701")),
        *(folders / one for one in ("cbs/in/GMSDWMO", "cbs/uit/GMSDTTK", "ggk/in/antwoord")),
        folders / "quarantaine",
        bench.near.at / "keten/config.yaml",
        bench.far.at / "staat/hier/keys/log/log.key",
        *(audit.parent / f"keys/{one}/sleutel.pem" for one in ("zegel-gateway", "tsa", "idp")),
        *(audit.parent / f"vertrouwen/{one}" for one in ("root.pem", "crl.pem", "zegel-cbs.pem")),
        next(iter((audit / "checkpoints").glob("[0-9]*")), audit / "checkpoints/N"),
    ):
        if not path.exists():
            wrong.append(f"init@{at or 'end'}: {path.name} is not there")
    if not wrong:
        report = verify(str(audit))
        wrong += [f"init@{at}: audit: {one.detail}" for one in report.steps if not one.ok]
    chain = Chain(bench.near.at / "keten/config.yaml", bench._new("apart").gateways)
    ended = bench.machine.run(chain.run(chain.gateways[0]), chain.roots)
    if ended.code != 0:
        wrong.append(f"init@{at or 'end'}: a run ended with {ended.code}: {ended.said}")
    return wrong


def restored(bench: Bench) -> list[str]:
    """A restart on yesterday's state: what it does not know is set aside, said, and stays so."""
    mode = MODES["power-share"]
    calls = bench.count(mode)
    after_staging = 1 + next(i for i, line in enumerate(calls) if " syncfs " in line)
    with bench.chain(mode) as chain:
        state = chain.states[0]
        backup = bench.near.image.with_suffix(".backup")
        shutil.copytree(state, backup)
        gateway = chain.gateways[0]
        ended = bench.machine.run(chain.run(gateway), chain.roots, after_staging)
        assert ended.died, ended.said
        shutil.rmtree(state)
        shutil.move(backup, state)
        ended = bench.machine.run(chain.run(gateway), chain.roots)
        before = _orphans(chain)
        bench.near.power_off()
        bench.unmount()
        bench.mount(mode.layout)
        wrong = [f"restored: {one} is lost" for one in sorted(before - _orphans(chain))]
        return wrong + _set_aside(chain, ended.code, ended.said)


def _orphans(chain: Chain) -> set[tuple[str, bytes]]:
    found = chain.folders.glob("quarantaine/wees-*/*")
    return {(f"{path.parent.name}/{path.name}", path.read_bytes()[:40]) for path in found}


def _set_aside(chain: Chain, code: int, said: str) -> list[str]:
    wrong = [] if code == 0 else [f"restored: the restart ended with {code}"]
    mark = "set aside, unknown to the journal: "
    told = [line.partition(mark)[2] for line in said.splitlines() if mark in line]
    if not told:
        wrong.append("restored: nothing was said to be set aside")
    for place in told:
        held = chain.folders / place
        if not held.is_dir() or not any(path.stat().st_size for path in held.iterdir()):
            wrong.append(f"restored: {place} was told, and is not there")
    there = set()
    for path in chain.all_files():
        there.add(path.read_bytes())
        if path.parent.name == ".claimed":
            wrong.append(f"restored: {path.name} is still claimed")
        try:
            there.add(envelopes.read(path.read_bytes()).payload)
        except envelopes.EnvelopeError:
            continue
    wrong += [f"restored: lost {one.path}" for one in chain.drops if one.content not in there]
    return wrong


def _init(bench: Bench) -> list[str]:
    return ["init", str(bench.near.at / "keten"), "--state", str(bench.far.at / "staat/hier")]


def _roots(bench: Bench) -> list[Path]:
    return [bench.near.at, bench.far.at]


def _to_the_end(bench: Bench, *argv: str) -> None:
    ended = bench.machine.run(list(argv), [bench.near.at])
    assert ended.code == 0, ended.said
    bench.near.power_off()
    _power_returns(bench)


def _power_returns(bench: Bench) -> None:
    bench.unmount()
    bench.mount("one")


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
