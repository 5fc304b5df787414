# SPDX-License-Identifier: EUPL-1.2
"""A municipality's own leaves, with all it takes to check them, and nothing about others.

Its leaves (``leaves/``), the proof of each (``proofs/``), the checkpoint, and the hash tiles of the
whole log: of the leaves of others only their hashes. Entries bundles are not in it: they hold the
leaves of everybody. No opening is in it either: names stay where they are.

What this does not protect against: a leaf of this municipality that was left out. The hashes tell
how many leaves there are, not whose; in each message's chain a gap would show (``prev``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gateway.audit import checkpoint, leaf, reading
from gateway.audit.checkpoint import vkey_file
from gateway.audit.tiles import WIDTH, Tile, layout, unbundle
from gateway.config import Config
from gateway.errors import AuditError
from gateway.evidence import proofs
from gateway.evidence.container import Member
from gateway.evidence.proofs import Published
from gateway.location import Location

INDEX, CHECKPOINT, README = "export.json", "checkpoint", "README.txt"
LEAVES, PROOFS = "leaves/", "proofs/"
VERSION = 1

_README = """\
UITVOER VAN HET LOGBOEK VOOR EEN GEMEENTE

leaves/     de bladen van uw gemeente, byte voor byte
proofs/     van elk het bewijs dat het in het logboek staat (c2sp.org/tlog-proof)
checkpoint  het ondertekende controlepunt waar alles naartoe leidt
tile/       de hashes van het hele logboek (c2sp.org/tlog-tiles); van anderen
            staat er niets anders in dan die hashes
*.vkey      de openbare sleutel van het logboek; gebruik die welke u van ons op
            een andere manier hebt gekregen

Nagaan: knooppunt audit verify-export MAP --trust MAP-MET-WAT-U-VERTROUWT
Zonder onze programma's: zie docs/howto-verify.md. Namen van bestanden en
gebruikers staan hier niet in; in een blad staat er een hash van.
"""


def members(location: Location, config: Config, code: str) -> Iterator[Member]:
    """Every file of the export of one party, in a fixed order."""
    if config.partij(code) is None:
        raise AuditError(
            f"{code} is not connected here", hint="a party's code is a key under partijen"
        )
    content = _checkpoint(location, config)
    published = Published(location.audit, content)
    said = published.said
    own = list(_own(location.audit, published, code))
    index = {"v": VERSION, "origin": said.origin, "tenant": code, "size": said.size,
             "leaves": [at for at, _ in own]}  # fmt: skip
    yield Member(README, _README.encode())
    yield Member(INDEX, json.dumps(index).encode() + b"\n")
    yield Member(CHECKPOINT, content)
    name = vkey_file(said.origin)
    yield Member(name, reading.read(location.audit, name) or b"")
    for at, entry in own:
        yield Member(f"{LEAVES}{at}.json", entry)
        yield Member(f"{PROOFS}{at}.tlog-proof", published.proof(at, entry))
    for tile in layout(said.size):
        if tile.level >= 0:
            yield Member(tile.path, _read(location.audit, tile))


def _checkpoint(location: Location, config: Config) -> bytes:
    """The newest that a quorum of witnesses signed, where there is one; else the newest."""
    size = proofs.seals(location, config).newest().witnessed
    found = proofs.archived(location.audit, [size] if size else [])
    return found[0] if found else proofs.newest(location.audit)


def _own(directory: str, published: Published, code: str) -> Iterator[tuple[int, bytes]]:
    """The leaves of a party: those that name it as their tenant."""
    said: checkpoint.Checkpoint = published.said
    mark = f'"tenant":"{code}"'.encode()
    for index in range(-(-said.size // WIDTH)):
        width = min(WIDTH, said.size - index * WIDTH)
        entries, _ = unbundle(_read(directory, Tile(-1, index, width)))
        for at, entry in enumerate(entries, index * WIDTH):
            if mark in entry and leaf.decode(entry).get("tenant") == code:
                yield at, entry


def _read(directory: str, tile: Tile) -> bytes:
    content = reading.read_tile(directory, tile)
    if content is None:
        raise AuditError(
            f"{tile.path} is missing from the audit log",
            hint="run `knooppunt audit verify`: it says which file of the log is wrong",
        )
    return content
