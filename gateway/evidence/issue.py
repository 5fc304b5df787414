# SPDX-License-Identifier: EUPL-1.2
"""Hands evidence out: the leaf first, then the file.

A bundle that nobody noted is not written. An export holds no names, and is written as it is.
"""

from __future__ import annotations

import hashlib
import json
import os

from gateway import durable, issued
from gateway.asking import ask, asker
from gateway.current import in_use
from gateway.errors import GatewayError
from gateway.evidence import container, export
from gateway.evidence.bundle import Bundle, make
from gateway.evidence.container import EXPORT
from gateway.evidence.export import INDEX
from gateway.evidence.wish import Wish
from gateway.location import Location

_MODE = 0o640


def issue(location: Location, wish: Wish, path: str, *, replace: bool = False) -> Bundle:
    """Make a bundle, note it in the log, and write it."""
    if os.path.exists(path) and not replace:
        raise GatewayError(f"{path} exists already", hint="say --replace, or another name")
    made = make(location, wish)
    body = {
        "by": asker(),
        "sha256": hashlib.sha256(made.content).hexdigest(),
        "gemeentecode": made.index.message.gemeentecode,
        "left_out": ", ".join(sorted(wish.redact)),
    }
    ask(location, issued.KIND, body)
    durable.put(os.path.abspath(path), made.content, _MODE)
    return made


def export_to(location: Location, code: str, path: str) -> tuple[int, int]:
    """Write a municipality's export; how many leaves it holds, and how many others witnessed."""
    found = list(export.members(location, in_use(location), code))
    whole = os.path.abspath(path)
    if whole.endswith(".zip"):
        durable.put(whole, container.pack(found, EXPORT), _MODE)
    else:
        if os.path.isdir(whole) and os.listdir(whole):
            raise GatewayError(f"{path} is not empty", hint="name a new folder, or a .zip file")
        for name, content in found:
            durable.put(os.path.join(whole, name), content, _MODE)
    index = json.loads(next(one.content for one in found if one.name == INDEX))
    return len(index["leaves"]), sum(at < index["witnessed"] for at in index["leaves"])
