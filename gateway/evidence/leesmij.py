# SPDX-License-Identifier: EUPL-1.2
"""``README.txt``: the exact commands that verify a bundle with openssl, xmlsec1 and a shell alone.

The text stands in ``vorm/leesmij.txt``, in blocks; a bundle gets the blocks of what it holds, and
of what it lacks the sentence that says so. A test types every indented line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from gateway.evidence.index import LOGIN, SEAL, Index, Part, Stand


@cache
def _blocks() -> dict[str, str]:
    whole = resources.files("gateway.evidence").joinpath("vorm/leesmij.txt").read_text("utf-8")
    parts = (part.partition("\n") for part in whole.split("== ")[1:])
    return {name: text for name, _, text in parts}


def text(index: Index, members: Mapping[str, bytes]) -> bytes:
    """Write it for this bundle."""
    return "".join(_blocks()[name] for name in _wanted(index, members)).encode()


def _wanted(index: Index, members: Mapping[str, bytes]) -> Iterable[str]:
    def there(part: Part, name: str) -> str:
        return name if index.part(part).state == Stand.PRESENT else f"geen-{name}"

    yield from ("begin", "stempel", "log")
    yield there(Part.WITNESSES, "getuigen")
    yield there(Part.TIMESTAMP, "tsr")
    yield there(Part.OPENINGS, "openings")
    yield there(Part.CONTENT, "content")
    yield "zegel" if SEAL in members else "verklaring" if LOGIN in members else "geen-binding"
    yield there(Part.RECEIPTS, "receipts")
    yield "einde"
