# SPDX-License-Identifier: EUPL-1.2
"""The container of a bundle: a ZIP as ASiC-E wants it (ETSI EN 319 162-1, 4.4 and annex A).

``mimetype`` comes first, stored, without extra field, so that the kind shows at byte 38. Every
other member is stored too. So the same members give the same bytes under any version of zlib, and
a member can never be larger than the file that it came in: there is no bomb to make.

It is read as strictly: local headers one after the other from the first byte, then exactly the
central directory that belongs to them, then the end. What two readers could understand in two ways
(a second member of the same name, bytes between members, a directory that says otherwise) is a
fault, and named.

What this does not protect against: a member that was changed, with its checksum. That the manifest
shows (``opsomming.py``), and the seal over it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import GatewayError

MIMETYPE = "mimetype"
ASIC_E = b"application/vnd.etsi.asic-e+zip"
EXPORT = b"application/vnd.knooppunt.audit-export+zip"
"""What ``mimetype`` says: a bundle, or a municipality's export (of that no standard speaks)."""

SUFFIX = ".asice"

MAX_BYTES = 1 << 30
"""Bytes of a container that is read or written: it is held in memory, whole."""

MAX_MEMBERS = 65_000
"""More do not fit the directory of a plain ZIP."""

_MAX_NAME = 200
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_MIDNIGHT, _DAY = 0, 0x21  # 1980-01-01: the first moment that a ZIP can tell; no clock of ours
_MODE = 0o100644 << 16
_VERSION = 20
_UNIX = 3 << 8


_Row = tuple[str, int, int, int]
"""Name, CRC-32, size, and where its header begins."""


class ContainerError(GatewayError):
    """This file is no container at all, or one that is too large to read or to make."""

    code = "bewijsbundel"


class Member(NamedTuple):
    """One member: its name in the container and its bytes."""

    name: str
    content: bytes


@dataclass(slots=True)
class Container:
    """What was read: the members by name, and what is wrong with how they are packed."""

    members: dict[str, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)


def pack(members: Iterable[Member], kind: bytes = ASIC_E) -> bytes:
    """Write a container; ``mimetype`` is added, the others stand in the order given."""
    rows, parts, at = list[_Row](), list[bytes](), 0
    taken = set[str]()
    for name, content in [Member(MIMETYPE, kind), *members]:
        if not _sound(name) or name.lower() in taken or len(rows) == MAX_MEMBERS:
            raise ContainerError(
                f"{name!r} cannot be added: no such name, there is one, or there are too many"
            )
        taken.add(name.lower())
        row = (name, zlib.crc32(content), len(content), at)
        head = _local(row)
        parts += [head, content]
        at += len(head) + len(content)
        rows.append(row)
        if at > MAX_BYTES:
            raise ContainerError(
                f"a bundle has at most {MAX_BYTES >> 20} MiB",
                hint="make it without --content, and hand over the file itself beside it",
            )
    return b"".join([*parts, _directory(rows, at)])


def _local(row: _Row) -> bytes:
    name, crc, size, _ = row
    raw = name.encode()
    head = _LOCAL.pack(
        b"PK\3\4", _VERSION, 0, 0, _MIDNIGHT, _DAY, crc, size, size, len(raw), 0
    )  # fmt: skip
    return head + raw


def _directory(rows: list[_Row], at: int) -> bytes:
    parts = []
    for name, crc, size, offset in rows:
        raw = name.encode()
        parts.append(
            _CENTRAL.pack(
                b"PK\1\2", _UNIX | _VERSION, _VERSION, 0, 0, _MIDNIGHT, _DAY, crc, size, size,
                len(raw), 0, 0, 0, 0, _MODE, offset,
            )
        )  # fmt: skip
        parts.append(raw)
    whole = b"".join(parts)
    return whole + _END.pack(b"PK\5\6", 0, 0, len(rows), len(rows), len(whole), at, 0)


def unpack(data: bytes, kind: bytes = ASIC_E) -> Container:
    """Read a container, and say everything that is odd about it.

    Raises :class:`ContainerError` for a file that is no ZIP, or larger than is read.
    """
    if len(data) > MAX_BYTES:
        raise ContainerError(f"this file is larger than the {MAX_BYTES >> 20} MiB that are read")
    if not data.startswith(b"PK\3\4"):
        raise ContainerError(
            "this is no bundle: a ZIP that begins with a member was expected",
            hint="give the .asice file as it was made; do not unpack it first",
        )
    found, rows, at = Container(), list[_Row](), 0
    while data[at : at + 4] == b"PK\3\4":
        row, at = _member(data, at, found)
        if row is None:
            return found
        rows.append(row)
        if len(rows) > MAX_MEMBERS:
            found.faults.append(f"there are more than {MAX_MEMBERS} members in it")
            return found
    _first(rows, found, kind)
    if not found.faults and data[at:] != _directory(rows, at):
        found.faults.append(
            "the directory at the end of the ZIP is not the one that belongs to its members: "
            "something was added to the file, or another reader would see other members"
        )
    return found


def _member(data: bytes, at: int, found: Container) -> tuple[_Row | None, int]:
    """One member; None when nothing after it can be read."""
    if at + _LOCAL.size > len(data):
        found.faults.append("the file is cut off in the header of a member")
        return None, at
    fields = _LOCAL.unpack_from(data, at)
    _, _, flags, method, time, day, crc, packed, size, length, extra = fields
    start = at + _LOCAL.size
    name = data[start : start + length].decode("utf-8", "backslashreplace")
    shown = name[:_MAX_NAME]
    begin = start + length + extra
    end = begin + packed
    if method or flags or packed != size:
        found.faults.append(
            f"{shown}: it is compressed, encrypted or has no length in front; every member of a "
            "bundle is stored as it is"
        )
        return None, at
    if end > len(data):
        found.faults.append(f"{shown}: it is cut off")
        return None, at
    if not _sound(name):
        found.faults.append(f"{shown!r}: a name that leads outside, or is not one of a member")
    elif name.lower() in found.taken:
        found.faults.append(f"{shown}: it is in the container twice")
    content = data[begin:end]
    if zlib.crc32(content) != crc:
        found.faults.append(f"{shown}: it was changed (its checksum in the ZIP does not fit)")
    if extra or (time, day) != (_MIDNIGHT, _DAY):
        found.faults.append(f"{shown}: its header holds more than that of a bundle")
    found.taken.add(name.lower())
    found.members.setdefault(name, content)
    return (name, crc, size, at), end


def _first(rows: list[_Row], found: Container, kind: bytes) -> None:
    if rows[0][0] != MIMETYPE:
        found.faults.append(f"mimetype is not the first member: {rows[0][0][:_MAX_NAME]} is")
    elif found.members[MIMETYPE] != kind:
        found.faults.append(f"mimetype: it does not say {kind.decode()}")


def _sound(name: str) -> bool:
    return len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None
