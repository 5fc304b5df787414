# SPDX-License-Identifier: EUPL-1.2
"""``README.txt``: the exact commands that verify a bundle with openssl, xmlsec1 and a shell alone.

The text stands in ``vorm/leesmij.txt`` and is the same for every bundle: the commands look for
themselves what is in it. The same commands as a script, to be had from elsewhere than from whoever
made the bundle, are ``docs/bewijs-controleren.sh``; a test holds the two together.

What this does not protect against: a README that the gateway changed before it sealed the bundle.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

_TYPED = "    "
"""What a line to be typed begins with; all else is for people."""

_HEAD = """\
#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Made by `make docs` from gateway/evidence/vorm/leesmij.txt: the README.txt of every bundle.
"""


@cache
def text() -> bytes:
    """Give it, as it lies in a bundle."""
    return resources.files("gateway.evidence").joinpath("vorm/leesmij.txt").read_bytes()


def script() -> str:
    """The same as a script: what is to be typed, and between it the words as remarks."""
    return _HEAD + "".join(f"{_line(one)}\n" for one in text().decode().splitlines())


def _line(one: str) -> str:
    return one.removeprefix(_TYPED) if one.startswith(_TYPED) else f"# {one}".rstrip()
