# SPDX-License-Identifier: EUPL-1.2
"""The signed statement "this log has so many leaves and this root": a C2SP checkpoint.

A checkpoint is a signed note (c2sp.org/signed-note) with exactly three lines: the origin, the size
and the root (c2sp.org/tlog-checkpoint). The key's name is the origin. Signatures are Ed25519
(type 0x01). More signature lines may follow, of witnesses (c2sp.org/tlog-witness, a later issue);
keys that the reader does not know are passed over, as the format demands.

What this does not protect against: whoever holds the key can sign two histories, one for each
reader. Only a witness, or a checkpoint that a reader kept, shows that.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.audit.merkle import HASH_SIZE
from gateway.errors import AuditError

ED25519 = 0x01
"""Signature type of a note signed with Ed25519 (signed-note, 'Signature types')."""

MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
"""Limits on what is read from others (signed-note allows them; Go's note package has the same)."""

_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_OLDER = re.compile(r"\.[0-9a-f]{8}\.vkey\Z")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class CheckpointError(AuditError):
    """These bytes are not a checkpoint, or not one that a key we know has signed."""

    code = "checkpoint"


class SignatureError(CheckpointError):
    """The note is well formed, but no known key signed it, or a signature does not fit."""

    code = "signature"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and its name, as a ``vkey`` line holds them."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name || 0x0A || type || key) (signed-note, 'Key ID')."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()[:4]

    def _typed(self) -> bytes:
        return bytes([ED25519]) + self.public

    def line(self) -> str:
        """``<name>+<key id>+<base64(type || key)>`` (signed-note, 'Verifier keys')."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self._typed()).decode()}"

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> VerifierKey:
        """Take the public half of a signing key."""
        return cls(check_name(name), key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def parse(cls, line: str) -> VerifierKey:
        """Undo :meth:`line`; :class:`CheckpointError` when it is not one, or of another type."""
        name, _, rest = line.strip().partition("+")
        key_id, _, coded = rest.partition("+")
        typed = unbase64(coded, "verifier key")
        if len(typed) != 33 or typed[0] != ED25519:
            raise CheckpointError("a verifier key of ours is an Ed25519 key (type 01)")
        key = cls(check_name(name), typed[1:])
        if key.key_id.hex() != key_id:
            raise CheckpointError("the id in the verifier key does not belong to that name and key")
        return key

    def digest(self) -> str:
        """SHA-256 of its ``.vkey`` file: how a ``key.rotate`` leaf names it."""
        return hashlib.sha256(f"{self.line()}\n".encode()).hexdigest()

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether this key signed exactly these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note that nobody has verified yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says, and which of the known keys signed it (none: not verified)."""

    origin: str
    size: int
    root: bytes
    signers: tuple[VerifierKey, ...] = ()

    def body(self) -> str:
        """Give the three lines that are signed (tlog-checkpoint, 'Note text')."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def check_name(name: str) -> str:
    """Check a key name: not empty, no white space or plus sign (signed-note, 'Format')."""
    if not name or "+" in name or any(char.isspace() for char in name) or not name.isprintable():
        raise CheckpointError(f"{name!r} cannot be the name of a key")
    return name


def vkey_file(origin: str, older: VerifierKey | None = None) -> str:
    """Name of the file with the log's public key: ``<last segment of the origin>.vkey``.

    That of a key before it has the key's id in it: ``<last segment>.<key id>.vkey``.
    """
    last = check_name(origin).rsplit("/", 1)[-1]
    if not last or last.startswith("."):
        raise CheckpointError(f"the origin {origin!r} does not end in a name")
    return f"{last}.{older.key_id.hex()}.vkey" if older else f"{last}.vkey"


def is_older(name: str) -> bool:
    """Whether a file of this name holds a key of before, as :func:`vkey_file` names it."""
    return _OLDER.search(name) is not None


def sign_note(text: str, name: str, key: Ed25519PrivateKey, *older: Ed25519PrivateKey) -> bytes:
    """Make a note, signed by each key under that name (signed-note, 'Format')."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise CheckpointError(
            "the text of a note ends in a newline and holds no control characters"
        )
    lines = []
    for one in (key, *older):
        signature = VerifierKey.of(name, one).key_id + one.sign(text.encode())
        lines.append(f"— {name} {b64encode(signature).decode()}\n")
    return f"{text}\n{''.join(lines)}".encode()


def sign(
    origin: str, size: int, root: bytes, key: Ed25519PrivateKey, *older: Ed25519PrivateKey
) -> bytes:
    """Make the checkpoint of a tree, signed by the log's key under the log's own name.

    ``older`` are the keys before it, that sign along for a while.
    """
    if size < 0 or len(root) != HASH_SIZE:
        raise CheckpointError("a checkpoint has a size and a root of 32 bytes")
    return sign_note(Checkpoint(origin, size, root).body(), origin, key, *older)


def parse_note(content: bytes) -> Note:
    """Text and signature lines of a note, nothing verified."""
    if len(content) > MAX_NOTE:
        raise CheckpointError("a note of this length is not read")
    try:
        whole = content.decode()
    except UnicodeDecodeError:
        raise CheckpointError("not a signed note: not UTF-8") from None
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n") or _CONTROL.search(whole):
        raise CheckpointError("not a signed note: torn, or no signature lines after an empty line")
    signatures = []
    for line in lines[:-1].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        value = unbase64(match[2], "signature") if match else b""
        if not match or len(value) < 5:
            raise CheckpointError("not a signed note: a signature line is malformed or torn")
        signatures.append(Signature(match[1], value[:4], value[4:]))
    if len(signatures) > MAX_SIGNATURES:
        raise CheckpointError("a note with this many signatures is not read")
    return Note(text + "\n", tuple(signatures))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Give the known keys that signed; :class:`SignatureError` if none did, or one did not fit.

    A signature under a known name and id that does not fit fails the whole note, whatever else
    stands below it (as in Go's note package): somebody changed the text.
    """
    known = {(key.name, key.key_id): key for key in keys}
    signers: dict[VerifierKey, None] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None or key in signers:
            continue
        if not key.verify(note.text.encode(), signature.value):
            raise SignatureError(f"the signature of {key.name} does not fit the text")
        signers[key] = None
    if not signers:
        raise SignatureError("not signed by any key that is known here")
    return tuple(signers)


def read_body(note: Note) -> Checkpoint:
    """Read what the note says, unverified; :class:`CheckpointError` unless three lines.

    The first, the origin, is the name of the key that signs it, and must be able to be one.
    """
    lines = note.text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise CheckpointError("a checkpoint of ours has exactly three lines")
    check_name(lines[0])
    if not _SIZE.fullmatch(lines[1]):
        raise CheckpointError("the second line of a checkpoint is the size")
    root = unbase64(lines[2], "root")
    if len(root) != HASH_SIZE:
        raise CheckpointError("the third line of a checkpoint is a root of 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def parse(content: bytes, vkeys: Iterable[VerifierKey]) -> Checkpoint:
    """Read a verified checkpoint: at least one known key signed it, one of them the log's own.

    The log's own key is the one whose name is the origin (tlog-checkpoint, 'Signatures').
    """
    note = parse_note(content)
    said = read_body(note)
    signers = verify_note(note, vkeys)
    if all(key.name != said.origin for key in signers):
        raise SignatureError("not signed by a key with the name of this log")
    return Checkpoint(said.origin, said.size, said.root, signers)


def unbase64(coded: str, what: str) -> bytes:
    """Bytes of canonical base64; :class:`CheckpointError` names ``what`` it was not."""
    try:
        value = b64decode(coded, validate=True)
    except ValueError:
        raise CheckpointError(f"the {what} is not base64") from None
    if b64encode(value).decode() != coded:  # one value, one spelling
        raise CheckpointError(f"the {what} is not canonical base64")
    return value
