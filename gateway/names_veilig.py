# SPDX-License-Identifier: EUPL-1.2
"""What makes any text a safe name: what is removed, where it is cut, how it is shown.

Not protected against: names that only look alike (a Cyrillic A). No name is ever trusted for what
it looks like: a message is known by its id and its content.
"""

from __future__ import annotations

import hashlib
import re

MAX_NAAM = 255
"""Bytes of a name on any file system that we know."""

MAX_ID = 180
"""Bytes of an id that is made of a name: what is set before it still leaves a name for a disk."""

# What CBS forbids (PSA, chapter 6; aanleverprotocol 3.1), the dot apart.
_VERBODEN = ':\\\\/?;*"”><|\\]\\['
# Controls, what turns or hides text on a screen, and what is not a character in XML or UTF-8.
_ONZICHTBAAR = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    "\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e007f"
) + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
)
ONZICHTBAAR = re.compile(f"[{_ONZICHTBAAR}]")
NIET_IN_STAM = re.compile(f"[{_VERBODEN}{_ONZICHTBAAR}.]")
_NIET_IN_NAAM = re.compile(f"[{_VERBODEN}{_ONZICHTBAAR}]")
_NIET_TOONBAAR = re.compile(f"[{_ONZICHTBAAR}\\\\]")
_GEWOON = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_EXTENSIE = re.compile(r"\.[A-Za-z0-9]{1,10}")
_ONAF_EXTENSIES = frozenset({".part", ".partial", ".tmp", ".filepart", ".crdownload"})
_APPARAAT = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(?=\.|$)", re.IGNORECASE)


def veilig(name: str, ruimte: int = MAX_NAAM) -> str:
    """Make of any name one safe path segment of at most ``ruimte`` bytes, alike where it can be.

    For what comes off the wire and is placed under its own name. A safe name stays as it is.
    """
    text = re.sub(r"[\s.]+\Z", "", _NIET_IN_NAAM.sub("_", name).lstrip())
    if text.startswith((".", "-", "~")):
        text = "_" + text[1:]
    if _APPARAAT.match(text):
        text = "_" + text  # on Windows CON.csv is the console
    stem, ext = splits(text)
    if not ext and onaf_reden(text):
        stem = "_".join(text.rsplit(".", 1))
    stem = re.sub(r"[\s.]+\Z", "", knip(stem, ruimte - len(ext)))
    return (stem or "bestand") + ext


def onaf_reden(name: str) -> str | None:
    """Say why a name is that of a file that is not finished; None when it is not.

    Programs that upload or edit write under such a name first, and rename when they are done.
    """
    if name.startswith(".~lock.") and name.endswith("#"):
        return "LibreOffice has the file open"
    if name.startswith("."):
        return "a name with a leading dot is hidden or not finished"
    if name.startswith("~$"):
        return "Microsoft Office has the file open"
    ext = name[name.rfind(".") :].lower() if "." in name else ""
    if ext in _ONAF_EXTENSIES:
        return f"{ext} is the name of an upload under way"
    return None


def is_onaf(name: str) -> bool:
    """Tell whether a name is that of a file that is not finished."""
    return onaf_reden(name) is not None


def toonbaar(name: str | bytes) -> str:
    r"""Show any name on one line, unambiguously and harmless to a terminal.

    Bytes that are no UTF-8 as ``\xff``, controls and what turns text around as ``\x1b`` or
    ``\u202e``, a backslash doubled.
    """
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    return _NIET_TOONBAAR.sub(_ontsnap, text)


def als_id(name: str) -> str:
    """Make of any name an id that prints, types and is stored, its own: ``map%FF`` for bytes.

    A name of letters, digits and ``._-`` is its own id; of a very long one the end is a digest.
    """
    raw = name.encode("utf-8", "surrogateescape")
    text = "".join(chr(one) if one in _GEWOON else f"%{one:02X}" for one in raw)
    if len(text) <= MAX_ID:
        return text
    return f"{text[: MAX_ID - 33]}%{hashlib.sha256(raw).hexdigest()[:32]}"


def _ontsnap(found: re.Match[str]) -> str:
    char, number = found[0], ord(found[0])
    if char == "\\":
        return "\\\\"
    if number < 0x80:
        return f"\\x{number:02x}"
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def splits(name: str) -> tuple[str, str]:
    """Split off an extension, when it is one; a name never loses its stem to it."""
    stem, _, _ = name.rpartition(".")
    ext = name[len(stem) :]
    if stem and _EXTENSIE.fullmatch(ext) and ext.lower() not in _ONAF_EXTENSIES:
        return stem, ext
    return name, ""


def knip(text: str, room: int) -> str:
    """Cut to so many bytes, never inside a character."""
    text = text[:room]
    while _omvang(text) > room:
        text = text[:-1]
    return text


def _omvang(text: str) -> int:
    try:
        return len(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # a lone surrogate that no file system gave
        return len(text.encode("utf-8", "surrogatepass"))
