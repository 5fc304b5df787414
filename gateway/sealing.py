# SPDX-License-Identifier: EUPL-1.2
"""How it stands with witnesses and time stamps, as one file tells it: ``<state>/getuigen.json``.

The gateway writes it whenever that changes; ``status`` and the alarms read it, also when no gateway
runs. It is no proof: the signatures are in the log's folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from gateway import durable

FILE = "getuigen.json"
FORK_FOLDER = "splitsing"
"""Where the checkpoints are kept that witnesses showed when they had seen another history."""


class Peer(NamedTuple):
    """A witness or authority: what it signed last (leaves, ms); since when it fails, and why.

    ``key`` is the id of the log's newest key at that time, where a witness signed under that one.
    """

    size: int = 0
    at: int = 0
    since: int = 0
    said: str = ""
    key: str = ""


@dataclass(slots=True)
class Sealing:
    """All of them, by name. ``fork``: what stopped the gateway; empty when nothing did."""

    peers: dict[str, Peer]
    fork: str = ""

    def went_well(self, name: str, size: int, at: int, key: str = "") -> Peer:
        """He signed so many leaves; how it was before."""
        was, self.peers[name] = self.peers[name], Peer(size, at, key=key)
        return was

    def failed(self, name: str, reason: str, at: int) -> bool:
        """He did not; whether that is another thing than it was."""
        was = self.peers[name]
        if was.said == reason:
            return False
        self.peers[name] = was._replace(since=was.since or at, said=reason)
        return True

    def strangers(self, names: Iterable[str], key: str) -> list[str]:
        """Who of these has not signed under this key of the log, each with why he fails, if so."""
        found = [(name, self.peers[name]) for name in names]
        return [f"{n} ({one.said})" if one.said else n for n, one in found if one.key != key]

    def silent(self, now: int) -> tuple[tuple[str, float, str], ...]:
        """Who fails: his name, for how many seconds, and why."""
        failing = [(name, one) for name, one in self.peers.items() if one.since]
        return tuple((name, (now - one.since) / 1000, one.said) for name, one in failing)

    def write(self, state: str) -> None:
        """Keep it."""
        found = {"peers": {name: one._asdict() for name, one in self.peers.items()}}
        content = json.dumps({**found, "fork": self.fork}, ensure_ascii=False, indent=2)
        durable.put(os.path.join(state, FILE), f"{content}\n".encode())


def read_sealing(state: str) -> Sealing:
    """Read it; nothing is known when it is not there, or torn."""
    try:
        with open(os.path.join(state, FILE), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return Sealing({n: Peer(**one) for n, one in found["peers"].items()}, str(found["fork"]))
    except FileNotFoundError:
        return Sealing({})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Sealing({})


def shown(state: str) -> list[bytes]:
    """The checkpoints that witnesses showed when the gateway stopped for a fork."""
    folder, found = os.path.join(state, FORK_FOLDER), []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if not name.startswith("."):
            with open(os.path.join(folder, name), "rb") as file:
                found.append(file.read(1 << 20))
    return found
