# SPDX-License-Identifier: EUPL-1.2
"""Steps of a verification against what others signed: witnesses (11) and time stamps (12).

The archived checkpoints are read once more, for the cosignatures below them and the tokens beside
them. Each must fit; and what they say of time must fit what the leaves say. A leaf before the size
of a checkpoint was there when it was signed, so it cannot claim to be later. A leaf behind it came
later: the gateway sends what it published last, so it cannot claim to be much earlier.

What this does not protect against: leaves behind the newest such checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError
from gateway.audit.cosign import bare
from gateway.audit.policy import Policy
from gateway.audit.report import Fault
from gateway.audit.stamp import SUFFIX, StampError, Trust, verified

SLACK_S = 300
"""By how many seconds the clocks of a gateway and of a witness may differ, waiting included."""

Times = dict[int, int]
"""When a leaf was logged (ms), by its index: of the leaves on either side of a checkpoint."""


def moments(directory: str, said: Checkpoint) -> frozenset[int]:
    """The leaves whose times are to be compared with those of others."""
    sizes = reading.archived_sizes(directory)
    return frozenset(n for size in sizes if size <= said.size for n in (size - 1, size) if n >= 0)


def witnesses(
    directory: str, said: Checkpoint, policy: Policy, times: Times
) -> tuple[str, Fault | None, int]:
    """Step 11: what was found, the fault, and how many leaves a quorum witnessed."""
    if policy.logs and all(key.name != said.origin for key in policy.logs):
        return "", Fault(f"the policy is not for this log: {said.origin} is not in it"), 0
    count = newest = 0
    names: dict[str, str] = {one.key.name: name for name, one in policy.witnesses.items()}
    signed: set[str] = set()
    for size, content in _archived(directory, said.size):
        path = f"checkpoints/{size}"
        try:
            enough, found = policy.witnessed(checkpoint.parse_note(content))
        except CheckpointError as error:
            return "", Fault(f"{path}: {error.sentence}"), newest
        signed |= {names[one.key.name] for one in found}
        for one in found:
            if fault := _untimely(times, size, one.at, f"the witness {names[one.key.name]}"):
                return "", fault, newest
        if enough and found:
            count, newest = count + 1, size
    if not count:
        who = f"only {', '.join(sorted(signed))} signed" if signed else "no witness of it signed"
        return "", Fault(f"no archived checkpoint has the quorum of the policy: {who}"), 0
    right = f"{newest} of {said.size} leaves are witnessed, by {count} checkpoints: "
    return right + ", ".join(sorted(signed)), None, newest


def tokens(
    directory: str, said: Checkpoint, trust: Trust, times: Times
) -> tuple[str, Fault | None, int]:
    """Step 12: what was found, the fault, and how many leaves are time-stamped."""
    count, newest, last, void = 0, 0, "", list[str]()
    for size in reading.archived_sizes(directory, SUFFIX):
        path = f"checkpoints/{size}"
        content = reading.read(directory, path)
        token = reading.read(directory, f"{path}{SUFFIX}") or b""
        if content is None:
            return "", Fault(f"{path}{SUFFIX}: the checkpoint that it stamps is gone", size), newest
        try:
            stamp = verified(token, bare(content), trust)
        except (StampError, CheckpointError) as error:
            told = f"{path}{SUFFIX}: {error.sentence}"
            if isinstance(error, StampError) and error.void:  # the log did not do that
                void.append(told)
                continue
            return "", Fault(told), newest
        if fault := _untimely(times, size, int(stamp.at.timestamp()), "the time stamp"):
            return "", fault, newest
        if size <= said.size:
            count, newest, last = count + 1, size, _iso(int(stamp.at.timestamp()))
    if not count:
        return "", Fault(void[-1] if void else "no archived checkpoint has a time stamp"), 0
    right = f"{newest} of {said.size} leaves are time-stamped, by {count} tokens, "
    more = f"; {len(void)} more count for nothing: {void[-1]}" if void else ""
    return f"{right}the last of {last}{more}", None, newest


def _archived(directory: str, size: int) -> Iterator[tuple[int, bytes]]:
    for one in reading.archived_sizes(directory):
        if one <= size:
            yield one, reading.read(directory, f"checkpoints/{one}") or b""


def _untimely(times: Times, size: int, at: int, who: str) -> Fault | None:
    """Whether the leaves on either side of a checkpoint contradict who signed it at that time."""
    before, behind = times.get(size - 1), times.get(size)
    if before is not None and before // 1000 > at + SLACK_S:
        told = f"leaf {size - 1} says {_iso(before // 1000)}, but {who} signed it at {_iso(at)}"
        return Fault(f"{told}: its time is later than it was there", size - 1)
    if behind is not None and behind // 1000 < at - SLACK_S:
        told = f"leaf {size} says {_iso(behind // 1000)}, but was not there at {_iso(at)}, when "
        return Fault(f"{told}{who} signed the {size} leaves before it: back-dated", size)
    return None


def _iso(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s after 1970"
