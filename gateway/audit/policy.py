# SPDX-License-Identifier: EUPL-1.2
"""How many witnesses, and which, make a checkpoint count as witnessed: a C2SP policy file.

The format is c2sp.org/tlog-policy: lines ``log``, ``witness``, ``group`` and one ``quorum``. Names
are opaque octets; a name that is a member of two groups is refused, so that no witness counts
twice.

What this does not protect against: a quorum that two different sets of witnesses can each reach.
With ``any`` two histories can both be witnessed; ask for more than half of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.audit.checkpoint import CheckpointError, Note, VerifierKey
from gateway.audit.cosign import Cosignature, CosignerKey, cosignatures
from gateway.errors import AuditError

NONE = "none"
"""The name that asks for no witness at all."""

MAX_LINES = 10_000
_ALLOWED = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_COUNT = re.compile(r"[1-9][0-9]{0,5}")


class PolicyError(AuditError):
    """This is not a policy file."""

    code = "policy"


@dataclass(frozen=True, slots=True)
class Known:
    """A witness of a policy: its name there, its key, and where it takes checkpoints."""

    name: str
    key: CosignerKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    count: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """What a policy file says. ``logs`` is empty when the log is known from elsewhere."""

    logs: dict[VerifierKey, str] = field(default_factory=dict)
    witnesses: dict[str, Known] = field(default_factory=dict)
    quorum: str = ""
    _groups: dict[str, _Group] = field(default_factory=dict)
    _members: set[str] = field(default_factory=set)

    @property
    def known(self) -> tuple[Known, ...]:
        """Its witnesses, in the order of the file."""
        return tuple(self.witnesses.values())

    @property
    def keys(self) -> tuple[CosignerKey, ...]:
        """The keys of its witnesses."""
        return tuple(one.key for one in self.witnesses.values())

    def satisfied(self, signers: Iterable[CosignerKey]) -> bool:
        """Whether these witnesses together are a quorum."""
        if self.quorum == NONE:
            return True
        signed = set(signers)
        holds = {name: one.key in signed for name, one in self.witnesses.items()}
        for name, group in self._groups.items():  # members stand on lines before it
            holds[name] = sum(holds[one] for one in group.members) >= group.count
        return holds[self.quorum]

    def witnessed(self, note: Note) -> tuple[bool, tuple[Cosignature, ...]]:
        """Whether a quorum cosigned this checkpoint, and who did.

        Raises ``SignatureError`` when a cosignature under a known name and id does not fit.
        """
        found = cosignatures(note, self.keys)
        return self.satisfied(one.key for one in found), found

    # --- reading ---

    def _take(self, words: list[str]) -> None:
        kind, *rest = words
        if kind == "log" and len(rest) in (1, 2):
            key = VerifierKey.parse(rest[0])
            if any(key.public == one.public for one in self.logs):
                raise PolicyError("a log's key stands there twice")
            self.logs[key] = rest[1] if rest[1:] else ""
        elif kind == "witness" and len(rest) in (2, 3):
            self._witness(*rest)
        elif kind == "group" and len(rest) >= 3:
            self._group(rest[0], rest[1], rest[2:])
        elif kind == "quorum" and len(rest) == 1:
            if self.quorum:
                raise PolicyError("there is one quorum line, not two")
            if rest[0] != NONE and rest[0] not in self._defined:
                raise PolicyError(f"{rest[0]!r} is no witness or group of a line before it")
            self.quorum = rest[0]
        else:
            raise PolicyError(f"a line begins with {kind!r} and is no line of a policy")

    @property
    def _defined(self) -> set[str]:
        return {*self.witnesses, *self._groups}

    def _new(self, name: str) -> None:
        if name == NONE or name in self._defined:
            raise PolicyError(f"the name {name!r} is taken")

    def _witness(self, name: str, vkey: str, url: str = "") -> None:
        self._new(name)
        key = CosignerKey.parse(vkey)
        if any(key.public == one.key.public for one in self.witnesses.values()):
            raise PolicyError("a witness's key stands there twice")
        self.witnesses[name] = Known(name, key, url)

    def _group(self, name: str, count: str, members: list[str]) -> None:
        self._new(name)
        for one in members:
            if one not in self._defined:
                raise PolicyError(f"{one!r} is no witness or group of a line before it")
            if one in self._members:
                raise PolicyError(f"{one!r} is a member of a group twice; it would count twice")
            self._members.add(one)
        wanted = {"all": len(members), "any": 1}.get(count)
        if wanted is None and _COUNT.fullmatch(count):
            wanted = int(count)
        if wanted is None or wanted > len(members):
            raise PolicyError(f"{count!r} is not all, any, or a number of its members")
        self._groups[name] = _Group(wanted, tuple(members))


def parse(content: bytes) -> Policy:
    """Read a policy file; :class:`PolicyError` names the line that is not one."""
    if not _ALLOWED.fullmatch(content):
        raise PolicyError("a policy file holds no control characters but tab and newline")
    if content and not content.endswith(b"\n"):
        raise PolicyError("the last line of a policy file ends in a newline; it may be torn")
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    if len(lines) > MAX_LINES:
        raise PolicyError("a policy file of this length is not read")
    policy = Policy()
    for number, line in enumerate(lines, 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            policy._take(words)
        except (PolicyError, CheckpointError) as error:
            raise PolicyError(f"line {number} of the policy: {error.sentence}") from error
    if not policy.quorum:
        raise PolicyError("a policy has one quorum line; there is none")
    return policy
