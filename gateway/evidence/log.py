# SPDX-License-Identifier: EUPL-1.2
"""Steps of a verification against the log: proofs, the log's own key, witnesses, time stamps."""

from __future__ import annotations

from gateway.audit import checkpoint, proof, stamp
from gateway.audit.checkpoint import Checkpoint, CheckpointError, VerifierKey
from gateway.audit.cosign import bare
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import check_inclusion
from gateway.audit.others import SLACK_S
from gateway.audit.policy import NONE
from gateway.audit.proof import ProofError
from gateway.audit.stamp import SUFFIX as TSR
from gateway.audit.stamp import StampError
from gateway.audit.succession import followed, statements
from gateway.evidence.index import TRUST, Part, Stand, checkpoint_path, leaf_path, proof_path
from gateway.evidence.parts import Bundle
from gateway.evidence.steps import Found, absent, failed, ok, unchecked


def _said(bundle: Bundle, size: int) -> Checkpoint:
    content = bundle.members.get(checkpoint_path(size), b"")
    return checkpoint.read_body(checkpoint.parse_note(content))


def proofs(bundle: Bundle) -> Found:
    """Each leaf stands at its place under each checkpoint."""
    faults = []
    for size in bundle.index.checkpoints:
        for at in bundle.leaves:
            if fault := _proof(bundle, size, at):
                faults.append(fault)
    if not bundle.index.checkpoints:
        faults.append("there is no checkpoint in it")
    if faults:
        return failed(*faults)
    sizes = " and ".join(map(str, bundle.index.checkpoints))
    return ok(f"{len(bundle.leaves)} leaves under the checkpoint of {sizes} leaves")


def _proof(bundle: Bundle, size: int, at: int) -> str:
    path, beside = proof_path(size, at), checkpoint_path(size)
    try:
        found = proof.parse(bundle.members.get(path, b""))
        said = _said(bundle, size)
    except (ProofError, CheckpointError) as error:
        return f"{path}: {error.sentence}"
    if found.checkpoint != bundle.members.get(beside):
        return f"{path}: it leads to another checkpoint than {beside}"
    if found.index != at:
        return f"{path}: it is the proof of leaf {found.index}, not of leaf {at}"
    if at >= said.size or size != said.size:
        return f"{path}: its checkpoint has {said.size} leaves, so it is older than leaf {at}"
    leaf = leaf_hash(bundle.members[leaf_path(at)])
    if not check_inclusion(at, said.size, leaf, found.hashes, said.root):
        return f"{path}: {leaf_path(at)} does not lead to the root in {beside}"
    return ""


def checkpoints(bundle: Bundle) -> Found:
    """The log's own key signed each: one that you know, or that is shown to follow on it."""
    faults = []
    shown = statements(bundle.members, TRUST)
    logs = followed((one for one in bundle.belief.logs if one.name == bundle.index.origin), shown)
    signers: dict[VerifierKey, None] = {}
    for size in bundle.index.checkpoints:
        path = checkpoint_path(size)
        try:
            said = checkpoint.parse(bundle.members.get(path, b""), logs)
        except CheckpointError as error:
            faults.append(f"{path}: {error.sentence}")
            continue
        if said.origin != bundle.index.origin:
            faults.append(f"{path}: it is of the log {said.origin}")
        signers |= dict.fromkeys(said.signers)
    told = [
        one.line() + ("" if one in bundle.belief.logs else ", which follows on a key that you know")
        for one in signers
    ]
    return failed(*faults) if faults else ok(f"signed by {', '.join(told)}")


def witnesses(bundle: Bundle) -> Found:
    """A quorum of the reader's own policy cosigned a checkpoint."""
    policy = bundle.belief.policy
    claimed = bundle.index.part(Part.WITNESSES).state == Stand.PRESENT
    if policy is None or policy.quorum == NONE:
        return unchecked("your trust folder has no policy that asks for witnesses")
    newest = max((one["at"] for one in bundle.leaves.values()), default=0)
    for size in bundle.index.checkpoints:
        path = checkpoint_path(size)
        try:
            enough, found = policy.witnessed(checkpoint.parse_note(bundle.members.get(path, b"")))
        except CheckpointError as error:
            return failed(f"{path}: {error.sentence}")
        if any(one.at + SLACK_S < newest / 1000 for one in found):
            return failed(f"{path}: a witness signed it before a leaf in it says it was written")
        if enough and found:
            return ok(f"{path}: cosigned by {', '.join(sorted(one.key.name for one in found))}")
    if claimed:
        return failed("the bundle says that witnesses signed; by your policy they are not enough")
    return absent("no checkpoint in it was cosigned by a quorum of your policy")


def timestamp(bundle: Bundle) -> Found:
    """An authority that the reader trusts stamped a checkpoint."""
    said, faults = "", []
    newest = max((one["at"] for one in bundle.leaves.values()), default=0)
    for size in bundle.index.checkpoints:
        path, token = checkpoint_path(size), bundle.members.get(checkpoint_path(size, TSR))
        if token is None:
            continue
        try:
            kept = bare(bundle.members.get(path, b""))
            found = stamp.verified(token, kept, bundle.belief.stamps)
        except (StampError, CheckpointError) as error:
            faults.append(f"{path}{TSR}: {error.sentence}")
            continue
        if found.at.timestamp() + SLACK_S < newest / 1000:
            faults.append(f"{path}{TSR}: it is older than a leaf in it says to be")
        said = f"{path}: stamped at {found.at:%Y-%m-%d %H:%M:%S} UTC"
    if faults:
        return failed(*faults)
    if not said and bundle.index.part(Part.TIMESTAMP).state == Stand.PRESENT:
        return failed("the bundle says that an authority stamped a checkpoint, and holds no stamp")
    return ok(said) if said else absent("no time stamp over a checkpoint in it")
