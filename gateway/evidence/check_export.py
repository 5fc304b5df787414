# SPDX-License-Identifier: EUPL-1.2
"""Verifies a municipality's export from its files and the reader's own trust alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.audit import checkpoint, leaf, proof
from gateway.audit.checkpoint import Checkpoint, CheckpointError
from gateway.audit.leaf import LeafError, leaf_hash
from gateway.audit.merkle import check_inclusion, root_of, subtree_root
from gateway.audit.others import SLACK_S
from gateway.audit.policy import NONE
from gateway.audit.proof import ProofError
from gateway.audit.succession import followed, statements
from gateway.audit.tiles import WIDTH, Tile, hash_reader, layout, split_hashes
from gateway.errors import AuditError
from gateway.evidence import container
from gateway.evidence.believed import Belief
from gateway.evidence.container import EXPORT, MIMETYPE, Container
from gateway.evidence.export import (
    ARCHIVED,
    CHECKPOINT,
    INDEX,
    LEAVES,
    PROOFS,
    README,
    VERSION,
)
from gateway.evidence.steps import EXPORT_MEANINGS, Found, Report, absent, failed, ok, unchecked

Files = Mapping[str, bytes]
Leaves = Mapping[int, Mapping[str, Any]]


def read(path: str) -> Container:
    """The files of an export: a ZIP, or a folder. Raises :class:`AuditError` for neither."""
    if os.path.isdir(path):
        found = Container()
        for folder, _, names in os.walk(path):
            for name in names:
                full = os.path.join(folder, name)
                found.members[os.path.relpath(full, path).replace(os.sep, "/")] = _bytes(full)
    else:
        found = container.unpack(_bytes(path), EXPORT)
    if INDEX not in found.members and not found.faults:
        raise AuditError(f"{path} is no export of an audit log: it holds no {INDEX}")
    return found


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(container.MAX_BYTES + 1)
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from None


def verify(found: Container, belief: Belief) -> Report:
    """Take every step."""
    report, files = Report(_meanings=EXPORT_MEANINGS), found.members
    try:
        index, leaves = _index(files)
        said = checkpoint.read_body(checkpoint.parse_note(files.get(CHECKPOINT, b"")))
    except (AuditError, CheckpointError) as error:
        report.add("container", failed(*found.faults, error.sentence))
        return report.end()
    faults = [*found.faults, *_strays(files, index, said)]
    count = f"{len(leaves)} leaves of {index['tenant']}, in a log of {said.size}"
    report.add("container", failed(*faults) if faults else ok(count))
    report.origin = said.origin
    report.add("key", _key(files, index, said, belief))
    report.add("witnesses", _witnesses(files, index, leaves, said, belief, report))
    report.add("tiles", _tiles(files, said))
    report.add("leaves", _leaves(files, index, leaves, said))
    report.add("proofs", _proofs(files, leaves, said))
    report.add("chain", _chain(leaves))
    return report.end()


def _index(files: Files) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    try:
        index = json.loads(files.get(INDEX, b"").decode())
        sound = index["v"] == VERSION and all(type(at) is int for at in index["leaves"])
        sound = sound and type(index["size"]) is int and type(index["witnessed"]) is int
        sound = sound and isinstance(index["tenant"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise AuditError(f"{INDEX}: it is not that of an export")
    leaves = {}
    for at in index["leaves"]:
        path = f"{LEAVES}{at}.json"
        try:
            leaves[at] = leaf.decode(files.get(path, b""))
        except LeafError as error:
            raise AuditError(f"{path}: {error.sentence}") from None
    return index, leaves


def _strays(files: Files, index: Mapping[str, Any], said: Checkpoint) -> list[str]:
    known = {INDEX, CHECKPOINT, README, MIMETYPE, checkpoint.vkey_file(said.origin)}
    known |= {f"{LEAVES}{at}.json" for at in index["leaves"]}
    known |= {f"{PROOFS}{at}.tlog-proof" for at in index["leaves"]}
    known |= {_witnessed(index, said)} | {name for one in statements(files) for name in one.files}
    known |= {tile.path for tile in layout(said.size) if tile.level >= 0}
    faults = [f"{name}: it has no place in an export" for name in files if name not in known]
    return [*faults, *(f"{name}: it is missing" for name in known - {MIMETYPE, *files})]


def _key(files: Files, index: Mapping[str, Any], said: Checkpoint, belief: Belief) -> Found:
    try:
        found = checkpoint.parse(files[CHECKPOINT], followed(belief.logs, statements(files)))
    except CheckpointError as error:
        return failed(f"{CHECKPOINT}: {error.sentence}")
    if (index.get("origin"), index["size"]) != (said.origin, said.size):
        return failed(f"{INDEX}: it is of another log or size than {CHECKPOINT}")
    follows = "" if found.signers[0] in belief.logs else ", which follows on a key that you know"
    return ok(f"{said.size} leaves, signed by {found.signers[0].line()}{follows}")


def _witnessed(index: Mapping[str, Any], said: Checkpoint) -> str:
    """The file of the checkpoint that witnesses signed: an older one, or the newest itself."""
    size = index["witnessed"]
    return f"{ARCHIVED}{size}" if 0 < size < said.size else CHECKPOINT


def _witnesses(
    files: Files, index: Mapping[str, Any], leaves: Leaves, said: Checkpoint, belief: Belief,
    report: Report,
) -> Found:  # fmt: skip
    """A quorum signed the checkpoint, or an older one, and the hashes show that the log grew."""
    if belief.policy is None or belief.policy.quorum == NONE:
        return unchecked("your trust folder has no policy that asks for witnesses")
    path = _witnessed(index, said)
    try:
        enough, found = belief.policy.witnessed(checkpoint.parse_note(files.get(path, b"")))
        seen = checkpoint.parse(files.get(path, b""), followed(belief.logs, statements(files)))
        root = subtree_root(0, seen.size, hash_reader(said.size, lambda tile: files[tile.path]))
    except (CheckpointError, AuditError) as error:
        return failed(f"{path}: {error.sentence}")
    except KeyError as error:
        return failed(f"{path}: {error.args[0]} is missing: no hashes lead to it")
    if (seen.origin, root) != (said.origin, seen.root) or seen.size > said.size:
        return failed(f"{path}: the log of {CHECKPOINT} did not grow out of this one")
    faults = [*_untimely(leaves, seen, path, [one.at for one in found])]
    if faults:
        return failed(*faults)
    if not enough:
        return absent("no quorum of your policy cosigned it")
    who = ", ".join(sorted(one.key.name for one in found))
    behind = [at for at in index["leaves"] if at >= seen.size]
    if not behind:
        return ok(f"{path}: cosigned by {who}")
    told = f"{len(behind)} of the leaves here, from leaf {behind[0]} on,"
    report.not_proven.append(f"witnesses: that anybody saw {told} in this very log: no quorum yet")
    return ok(f"{path}: the first {seen.size} leaves of the log, cosigned by {who}; {told} came "
              "after that, and no quorum saw them yet")  # fmt: skip


def _untimely(leaves: Leaves, seen: Checkpoint, path: str, signed: list[int]) -> Iterator[str]:
    """Leaves whose time contradicts when witnesses signed the checkpoint: at most one either way.

    What it holds was there by then; what came behind it was not (``audit/others.py``).
    """
    times = {at: one["at"] / 1000 for at, one in leaves.items()}
    before = max((at for at in times if at < seen.size), key=times.__getitem__, default=None)
    behind = min((at for at in times if at >= seen.size), key=times.__getitem__, default=None)
    if signed and before is not None and times[before] > min(signed) + SLACK_S:
        yield f"{LEAVES}{before}.json: it says to be later than when a witness signed it in {path}"
    if signed and behind is not None and times[behind] < max(signed) - SLACK_S:
        yield f"{LEAVES}{behind}.json: back-dated, it was not there when a witness signed {path}"


def _tiles(files: Files, said: Checkpoint) -> Found:
    """Each tile holds the roots of those below it; the highest lead to the root."""
    faults = []
    for tile in layout(said.size):
        content = files.get(tile.path, b"")
        if tile.level < 0:
            continue
        if len(content) != 32 * tile.width:
            faults.append(f"{tile.path}: it has the wrong length")
        elif tile.width == WIDTH:
            above = tile.index // WIDTH
            width = min(WIDTH, (said.size >> 8 * (tile.level + 1)) - above * WIDTH)
            row = split_hashes(files.get(Tile(tile.level + 1, above, width).path, b""))
            at = tile.index % WIDTH
            if row[at : at + 1] != [root_of(split_hashes(content))]:
                faults.append(f"{tile.path}: it does not lead to the hash of it above")
    if not faults and said.size:
        reader = hash_reader(said.size, lambda tile: files[tile.path])
        if subtree_root(0, said.size, reader) != said.root:
            edge = [one.path for one in layout(said.size) if one.level >= 0 and one.width < WIDTH]
            which = " or ".join(edge) or Tile(0, 0).path
            faults.append(f"{which}: the hashes do not lead to the root in {CHECKPOINT}")
    return failed(*faults) if faults else ok("all hashes lead to the signed root")


def _leaves(files: Files, index: Mapping[str, Any], leaves: Leaves, said: Checkpoint) -> Found:
    faults = []
    for at, fields in leaves.items():
        path = f"{LEAVES}{at}.json"
        if fields["origin"] != said.origin or fields.get("tenant") != index["tenant"]:
            faults.append(f"{path}: it is of another log or party")
            continue
        start = at // WIDTH
        tile = Tile(0, start, max(1, min(WIDTH, said.size - start * WIDTH)))
        row = split_hashes(files.get(tile.path, b""))
        if row[at % WIDTH : at % WIDTH + 1] != [leaf_hash(files[path])]:
            faults.append(f"{path}: it is not the leaf whose hash stands in the tile")
    return failed(*faults) if faults else ok(f"{len(leaves)} leaves, each at its place")


def _proofs(files: Files, leaves: Mapping[int, object], said: Checkpoint) -> Found:
    faults = []
    for at in leaves:
        path = f"{PROOFS}{at}.tlog-proof"
        try:
            found = proof.parse(files.get(path, b""))
        except ProofError as error:
            faults.append(f"{path}: {error.sentence}")
            continue
        mine = leaf_hash(files[f"{LEAVES}{at}.json"])
        fits = check_inclusion(at, said.size, mine, found.hashes, said.root)
        if not fits or found.index != at or found.checkpoint != files[CHECKPOINT]:
            faults.append(f"{path}: it is not the proof of leaf {at} under {CHECKPOINT}")
    return failed(*faults) if faults else ok(f"{len(leaves)} proofs")


def _chain(leaves: Mapping[int, Mapping[str, Any]]) -> Found:
    """Each leaf of a message names the one before it, and time never goes back."""
    faults, last, times = [], dict[str, int](), 0
    for at in sorted(leaves):
        if leaves[at]["at"] < times:
            faults.append(f"{LEAVES}{at}.json: it is earlier than a leaf before it")
        times = max(times, leaves[at]["at"])
        message = leaves[at].get("msg")
        if message is None:
            continue
        if leaves[at].get("prev") != last.get(message):
            told = leaves[at].get("prev", "none")
            faults.append(f"{LEAVES}{at}.json: the leaf before it is {told}, and that is not here")
        last[message] = at
    return failed(*faults) if faults else ok(f"{len(last)} messages, each without a gap")
