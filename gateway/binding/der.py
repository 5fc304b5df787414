# SPDX-License-Identifier: EUPL-1.2
"""DER (ITU-T X.690), as much as a detached signature needs: read strictly, written minimally.

What somebody else sends is read here first, so: no recursion, nothing is allocated by a length that
is not there, and BER's freedoms (indefinite lengths, lengths longer than needed) are refused: one
signature has one form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

INTEGER, OCTET_STRING, OID, UTF8 = 0x02, 0x04, 0x06, 0x0C
NULL, UTC_TIME, GENERALIZED_TIME = 0x05, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
CONTEXT = 0xA0
"""``CONTEXT + n``: a constructed field ``[n]``; the primitive one is ``0x80 + n``."""


class DerError(ValueError):
    """These bytes are no DER, or not of the form that was asked."""


class Item(NamedTuple):
    """One element: its tag, its content, and the bytes that it was read from, whole."""

    tag: int
    content: bytes
    raw: bytes


def items(content: bytes) -> Iterator[Item]:
    """Read the elements that stand one after the other in ``content``, to its last byte."""
    at = 0
    while at < len(content):
        start, tag = at, content[at]
        if tag & 0x1F == 0x1F:
            raise DerError("a tag of more than one byte")
        length, at = _length(content, at + 1)
        if at + length > len(content):
            raise DerError("cut off")
        yield Item(tag, content[at : at + length], content[start : at + length])
        at += length


def _length(content: bytes, at: int) -> tuple[int, int]:
    if at >= len(content):
        raise DerError("cut off")
    first, at = content[at], at + 1
    if first < 0x80:
        return first, at
    count = first & 0x7F
    if count == 0:
        raise DerError("an indefinite length: this is BER, not DER")
    if count > 4 or at + count > len(content):
        raise DerError("a length that does not fit")
    length = int.from_bytes(content[at : at + count])
    if length < 0x80 or content[at] == 0:
        raise DerError("a length that is longer than it need be")
    return length, at + count


class Fields(list[Item]):
    """The elements of a sequence or set, to be taken from the front in order."""

    def take(self, tag: int) -> Item:
        """The next element, which must have this tag."""
        if not self or self[0].tag != tag:
            found = f"0x{self[0].tag:02x}" if self else "the end"
            raise DerError(f"0x{tag:02x} was expected, {found} is there")
        return self.pop(0)

    def maybe(self, tag: int) -> Item | None:
        """The next element, if it has this tag."""
        return self.pop(0) if self and self[0].tag == tag else None


def fields(content: bytes, most: int = 64) -> Fields:
    """The elements in ``content``; more than ``most`` are no honest signature."""
    found = Fields()
    for item in items(content):
        if len(found) == most:
            raise DerError("too many elements")
        found.append(item)
    return found


def whole(content: bytes, tag: int = SEQUENCE) -> Fields:
    """What the one element that ``content`` holds is made of."""
    outer = fields(content, 1)
    return fields(outer.take(tag).content)


def read_oid(content: bytes) -> str:
    """An object identifier in dotted digits."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise DerError("an object identifier that is cut off")
    arcs, value, fresh = [], 0, True
    for byte in content:
        if fresh and byte == 0x80:
            raise DerError("an object identifier with a padded number")
        value, fresh = value << 7 | byte & 0x7F, not byte & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


# --- writing --------------------------------------------------------------------------------------


def put(tag: int, *parts: bytes) -> bytes:
    """An element with this tag, made of these."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def put_set(parts: Iterable[bytes], tag: int = SET) -> bytes:
    """A SET OF: its elements in the order of their bytes."""
    return put(tag, *sorted(parts))


def put_oid(dotted: str) -> bytes:
    """An object identifier of dotted digits."""
    first, second, *rest = map(int, dotted.split("."))
    return put(OID, *(_arc(arc) for arc in (40 * first + second, *rest)))


def _arc(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def put_integer(value: int) -> bytes:
    """A whole number that is not negative."""
    return put(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))
