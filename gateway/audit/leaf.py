# SPDX-License-Identifier: EUPL-1.2
"""One leaf of the audit log: which fields it has, and the exact bytes that are hashed.

A leaf is canonical JSON (RFC 8785, JCS) of at most 8 KiB with ASCII keys, without floats and
without null. Under those restrictions JCS equals Python's sorted ``json.dumps`` (a property test
holds it against the ``rfc8785`` package), which is four times faster. A verifier hashes the bytes
that are stored; nobody has to canonicalise again to check a proof.

What this does not protect against: a leaf that tells an untruth in the right form. And the guard
against citizen numbers (:func:`encode`) sees only a whole number of nine digits in a field of free
words; it is a net under the rule that such a number is never offered to the log, not the rule.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from gateway.errors import AuditError

VERSION = 1
"""Value of ``v``: the version of this list of fields."""

MAX_LEAF = 8192
"""Bytes a leaf may have; far below the 65,535 that an entries bundle can hold (C2SP tlog-tiles)."""

MAX_INT = 2**53 - 1
"""Largest number that every JSON reader keeps exactly (RFC 8785 section 3.2.2.3, RFC 7493)."""

MAX_AT = 253_370_764_799_999
"""Latest ``at``: the last millisecond of 9998. A date of every library holds it (they end with
9999), in each time zone, and with what a reader adds to it."""

MAX_DEPTH = 8

FIELDS: dict[str, tuple[type, bool, str]] = {
    # name: (type, required, meaning)
    "v": (int, True, "version of this list of fields: 1"),
    "origin": (str, True, "the log this leaf belongs to: the first line of its checkpoints"),
    "at": (
        int,
        True,
        "when it was logged: machine time, UTC, ms since 1970, before 9999; never decreasing",
    ),
    "type": (str, True, "what happened: ETSI EN 319 522 event (A.1, B.1, ...) or our own word"),
    "event": (str, True, "ULID of the event; the same event is never logged twice"),
    "msg": (str, False, "our id of the message (or pseudonym) it is about; absent when of none"),
    "flow": (str, False, "the exchange and its direction, such as wmo/heen"),
    "tenant": (str, False, "the party whose message it is: gemeentecode"),
    "actor": (str, True, "who did it: a commitment (c1:...) to a person, or system:<part>"),
    "loa": (str, False, "level of assurance of that actor's authentication"),
    "auth": (
        str,
        False,
        "how the actor was bound to it: idp-bound, seal, session (login), folder, named (no login)",
    ),
    "object": (str, True, "what was acted upon, by our own words and ids"),
    "action": (str, True, "what was done to it"),
    "result": (str, True, "how that ended: ok, or the code of the refusal"),
    "source": (str, True, "where it came from: the station and place (BIO2 8.15.01 'herkomst')"),
    "content": (str, False, "SHA-256 of the message's bytes, lower-case hexadecimal"),
    "size": (int, False, "number of those bytes"),
    "name": (
        str,
        False,
        "commitment (c1:...) to the name of the file (it may name a person) or user",
    ),
    "reason": (str, False, "commitment (c1:...) to why a person decided it, in his words"),
    "evidence": (list, False, "what else proves it: a list of <kind>:<SHA-256 hexadecimal>"),
    "prev": (int, False, "index of the previous leaf of the same msg; absent on its first"),
    "trace": (str, False, "trace id that ties the leaf to the technical logs"),
    "span": (str, False, "span id within that trace"),
    "build": (str, True, "version of the software that logged it"),
}
"""Every field a leaf may have: its JSON type, whether it must be there, and what it means."""

FREE_FIELDS = ("object", "action", "result", "source")
"""The fields of free words, where a citizen number could slip in. The others hold hashes, ids and
commitments, in which nine digits that pass the proof are chance: refusing those would refuse
about one message in some tens of thousands for nothing."""

_KINDS: dict[str, Any] = {name: kind for name, (kind, _, _) in FIELDS.items()}
_REQUIRED = frozenset(name for name, (_, required, _) in FIELDS.items() if required)
_NINE_DIGITS = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
_dumps = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode

_quote = json.encoder.encode_basestring  # a JSON string, not ASCII only


class Rotated(NamedTuple):
    """A ``key.rotate`` leaf of the log's own key: which one signs since, beside or after which."""

    leaf: int
    new: str
    old: tuple[str, ...]


class LeafError(AuditError):
    """These fields, or these bytes, are not a leaf."""

    code = "leaf"


def encode(fields: Mapping[str, object]) -> bytes:
    """Give the bytes of a leaf: RFC 8785 JSON of ``fields``, checked against :data:`FIELDS`.

    Raises :class:`LeafError` when a field is unknown, missing or of another type, when ``actor``
    or ``name`` is not a commitment, when a field of free words holds a number of nine digits that
    passes the 11-proof of the Dutch citizen number (BSN), or when the leaf is over 8 KiB.
    """
    plain: dict[str, Any] = fields if type(fields) is dict else dict(fields)
    _check_fields(plain)
    if not plain["actor"].startswith(("c1:", "system:")):
        raise LeafError("a leaf's actor is a commitment (c1:...) or system:<part>")
    for one in ("name", "reason"):
        if one in plain and not plain[one].startswith("c1:"):
            raise LeafError(f"a leaf's {one} is a commitment (c1:...): it may name a person")
    for name in FREE_FIELDS:
        for run in _NINE_DIGITS.findall(plain[name]):
            if _eleven_proof(run):
                raise LeafError(
                    f"the field {name} holds nine digits that can be a citizen number",
                    hint="log an id of ours or a commitment; a BSN has no place in a leaf",
                )
    return _bytes(plain)


def _check_fields(plain: dict[str, Any]) -> None:
    for name, value in plain.items():
        kind = _KINDS.get(name)
        if kind is None:
            raise LeafError(f"a leaf has no field {name!r}")
        if type(value) is not kind and (not isinstance(value, kind) or isinstance(value, bool)):
            raise LeafError(f"the field {name} of a leaf is a {kind.__name__}")
        if kind is int:
            if not 0 <= value <= (MAX_AT if name == "at" else MAX_INT):
                raise LeafError(f"the field {name} of a leaf is out of range")
        elif kind is list and not all(isinstance(item, str) for item in value):
            raise LeafError(f"the field {name} of a leaf is a list of strings")
    if not plain.keys() >= _REQUIRED:
        missing = ", ".join(sorted(_REQUIRED - plain.keys()))
        raise LeafError(f"a leaf must have the fields {missing}")
    if plain["v"] != VERSION:
        raise LeafError(f"this version writes and reads leaves with v = {VERSION}")


def _bytes(plain: dict[str, Any]) -> bytes:
    try:
        content = _dumps(plain).encode()
    except UnicodeEncodeError:
        raise LeafError("a leaf holds half a character (a lone surrogate)") from None
    if len(content) > MAX_LEAF:
        raise LeafError(f"a leaf is at most {MAX_LEAF} bytes, this one is {len(content)}")
    return content


def decode(content: bytes) -> dict[str, Any]:
    """Read a stored leaf; :class:`LeafError` unless :func:`encode` could have written it.

    The guards on personal data are not run again: what is in the log is in the log.
    """
    if len(content) > MAX_LEAF:
        raise LeafError(f"a leaf is at most {MAX_LEAF} bytes, this one is {len(content)}")
    try:
        fields = _decoder.decode(content.decode())
    except (ValueError, RecursionError) as error:
        raise LeafError(f"not JSON as a leaf has it: {error}") from None
    if type(fields) is not dict:
        raise LeafError("not a JSON object")
    _check_fields(fields)
    if _bytes(fields) != content:
        raise LeafError("not canonical JSON (RFC 8785)")
    return fields


def rotated(index: int, fields: Mapping[str, Any]) -> list[Rotated]:
    """The change of the log's key that a leaf tells of; none for any other."""
    if fields["type"] != "key.rotate" or fields["object"] != "log":
        return []
    return [Rotated(index, fields.get("content", ""), tuple(fields.get("evidence", ())))]


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a leaf holds no such number as {text}")


_decoder = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)


def canonical(value: object) -> bytes:
    """RFC 8785 (JCS) bytes of any value within our restrictions; :class:`LeafError` outside them.

    Strings, numbers below 2**53, true and false, lists, and objects with ASCII keys; no floats,
    no null. For ASCII keys sorting by code point is the UTF-16 order that RFC 8785 asks for.
    """
    _check(value, 0)
    try:
        return _dumps(value).encode()
    except UnicodeEncodeError:
        raise LeafError("half a character (a lone surrogate) has no canonical form") from None


def _check(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise LeafError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise LeafError("a key is an ASCII string")
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, int):
        if not -MAX_INT <= value <= MAX_INT:
            raise LeafError("a number is below 2**53")
    elif not isinstance(value, str):
        raise LeafError(f"no {type(value).__name__} in canonical JSON of ours")


class Opening(NamedTuple):
    """What a commitment stands for: the label and value that went into it, and the salt."""

    label: str
    salt: bytes
    value: str


def commit(label: str, value: str, salt: bytes) -> str:
    """Commit to something personal: ``c1:`` and the hash of label, salt and value.

    ``label`` says what the value is (``name``, ``actor``), so that an opening cannot be passed off
    as that of another field. ``salt`` is 32 fresh random bytes for each value in each leaf: with
    one salt twice, equal values would show; without salt, values could be guessed. Who erases the
    opening (value and salt) leaves nothing that can be guessed, and no proof is lost.

    Never for a citizen number (BSN), salted or not.
    """
    if len(salt) != 32:
        raise LeafError("the salt of a commitment is 32 bytes")
    opening = f'{{"label":{_quote(label)},"salt":"{_base64url(salt)}","value":{_quote(value)}}}'
    try:
        content = opening.encode()
    except UnicodeEncodeError:
        raise LeafError("a commitment holds half a character (a lone surrogate)") from None
    return "c1:" + _base64url(hashlib.sha256(content).digest())


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def leaf_hash(content: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256(0x00 || leaf); the prefix keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + content).digest()


def without_bsn(text: str) -> str:
    """The text with asterisks for each number of nine digits that can be a citizen number."""
    return _NINE_DIGITS.sub(lambda run: "*" * 9 if _eleven_proof(run[0]) else run[0], text)


def _eleven_proof(nine: str) -> bool:
    total = sum((9 - i) * int(digit) for i, digit in enumerate(nine[:8])) - int(nine[8])
    return total % 11 == 0 and nine != "000000000"
