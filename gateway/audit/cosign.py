# SPDX-License-Identifier: EUPL-1.2
"""What a witness adds to a checkpoint: a cosignature with the time, one more line of the note.

A cosignature (c2sp.org/tlog-cosignature, v1) is Ed25519, signature type 0x04. It says: at this time
the largest tree that I saw of this log, and that only grew, has this root. It is made over
``cosignature/v1``, a line with the time and the text of the checkpoint, and is written as
timestamp (eight bytes, big-endian) and signature, behind the key id.

What this does not protect against: a witness that signs whatever it is shown. That is why a policy
(``policy.py``) asks several, of parties that do not have the same interest.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.audit.checkpoint import (
    CheckpointError,
    Note,
    Signature,
    SignatureError,
    check_name,
    parse_note,
    unbase64,
)

COSIGNATURE = 0x04
"""Signature type of a cosignature with Ed25519 (signed-note, 'Signature types')."""

_TIME = 8
_LENGTH = _TIME + 64
MAX_TIME = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CosignerKey:
    """The public key of a witness and its name, as a ``vkey`` line of type 0x04 holds them."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name || 0x0A || 0x04 || key) (tlog-cosignature, 'Format')."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()[:4]

    def _typed(self) -> bytes:
        return bytes([COSIGNATURE]) + self.public

    def line(self) -> str:
        """``<name>+<key id>+<base64(type || key)>`` (signed-note, 'Verifier keys')."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self._typed()).decode()}"

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> CosignerKey:
        """Take the public half of a witness's key."""
        return cls(check_name(name), key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def parse(cls, line: str) -> CosignerKey:
        """Undo :meth:`line`; :class:`CheckpointError` when it is not one, or of another type."""
        name, _, rest = line.strip().partition("+")
        key_id, _, coded = rest.partition("+")
        typed = unbase64(coded, "key of a witness")
        if len(typed) != 33 or typed[0] != COSIGNATURE:
            raise CheckpointError("a witness's key is an Ed25519 key for cosignatures (type 04)")
        key = cls(check_name(name), typed[1:])
        if key.key_id.hex() != key_id:
            raise CheckpointError("the id in a witness's key does not belong to that name and key")
        return key

    def time(self, text: str, value: bytes) -> int | None:
        """When this key cosigned exactly this text, in seconds since 1970; None: it did not."""
        if len(value) != _LENGTH:
            return None
        at = int.from_bytes(value[:_TIME], "big")
        if at > MAX_TIME:
            return None
        try:
            public = Ed25519PublicKey.from_public_bytes(self.public)
            public.verify(value[_TIME:], message(text, at))
        except (InvalidSignature, ValueError):
            return None
        return at


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was verified: whose, and the time it gives (seconds since 1970)."""

    key: CosignerKey
    at: int


def message(text: str, at: int) -> bytes:
    """The bytes that are signed (tlog-cosignature, 'Ed25519 signed message')."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosign(text: str, name: str, key: Ed25519PrivateKey, at: int) -> str:
    """Make the signature line of a witness under the text of a checkpoint."""
    if not 0 <= at <= MAX_TIME:
        raise CheckpointError("the time of a cosignature is in seconds since 1970")
    value = at.to_bytes(_TIME, "big") + key.sign(message(text, at))
    return _line(Signature(name, CosignerKey.of(name, key).key_id, value))


def _line(one: Signature) -> str:
    return f"— {one.name} {b64encode(one.key_id + one.value).decode()}\n"


def cosignatures(note: Note, keys: Iterable[CosignerKey]) -> tuple[Cosignature, ...]:
    """Give the cosignatures of known witnesses; :class:`SignatureError` if one does not fit.

    None at all is no error here: a policy judges whether there are enough. Signature lines of keys
    that are not known are passed over, as the format demands.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[CosignerKey, Cosignature] = {}
    for one in note.signatures:
        key = known.get((one.name, one.key_id))
        if key is None or key in found:
            continue
        at = key.time(note.text, one.value)
        if at is None:
            raise SignatureError(f"the cosignature of {key.name} does not fit this checkpoint")
        found[key] = Cosignature(key, at)
    return tuple(found.values())


def taken(content: bytes, answer: bytes, key: CosignerKey) -> str:
    """The signature line of this witness in its answer to a checkpoint, verified.

    Anything else in the answer is passed over (tlog-witness: 'MUST ignore any cosignatures from
    unknown keys'). :class:`CheckpointError` when its line is not there or does not fit.
    """
    own = len(parse_note(content).signatures)
    note = parse_note(content + answer)
    for one in note.signatures[own:]:
        if (one.name, one.key_id) == (key.name, key.key_id):
            if key.time(note.text, one.value) is None:
                raise SignatureError(f"the cosignature of {key.name} does not fit this checkpoint")
            return _line(one)
    raise SignatureError(f"the answer holds no cosignature of {key.name}")


def with_lines(content: bytes, lines: Iterable[str]) -> bytes:
    """The checkpoint with these signature lines below it, but for keys that signed it already."""
    had = {(one.name, one.key_id) for one in parse_note(content).signatures}
    for line in lines:
        both = content + line.encode()
        new = parse_note(both).signatures[-1]
        if (new.name, new.key_id) not in had:
            content = both
            had.add((new.name, new.key_id))
    return content


def bare(content: bytes) -> bytes:
    """The checkpoint as the log alone signed it: its text and the first signature line.

    These are the first five lines of the file, whatever witnesses add later; a time stamp is made
    over them.
    """
    note = parse_note(content)
    return f"{note.text}\n{_line(note.signatures[0])}".encode()
