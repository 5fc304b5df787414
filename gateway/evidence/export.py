# SPDX-License-Identifier: EUPL-1.2
"""A municipality's own leaves, with all it takes to check them, and nothing about others.

Its leaves (``leaves/``), the proof of each (``proofs/``), the newest checkpoint, and the hash tiles
of the whole log: of the leaves of others only their hashes. Where witnesses are not that far yet,
the newest checkpoint that a quorum signed lies beside it (``checkpoints/<size>``): the tiles show
that the log grew from there. A change of the log's key goes along (``succession/``). Entries
bundles are not in it: they hold the leaves of everybody. No opening is in it either: names stay
where they are.

What this does not protect against: a leaf of this municipality that was left out. The hashes tell
how many leaves there are, not whose; in each message's chain a gap would show (``prev``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gateway.audit import checkpoint, leaf, reading, statements
from gateway.audit.checkpoint import vkey_file
from gateway.audit.tiles import WIDTH, Tile, layout, unbundle
from gateway.config import Config
from gateway.errors import AuditError
from gateway.evidence import proofs
from gateway.evidence.container import Member
from gateway.evidence.proofs import Published
from gateway.location import Location

INDEX, CHECKPOINT, README = "export.json", "checkpoint", "README.txt"
LEAVES, PROOFS, ARCHIVED = "leaves/", "proofs/", "checkpoints/"
VERSION = 1

_README = """\
UITVOER VAN HET LOGBOEK VOOR EEN GEMEENTE

leaves/     de bladen van uw gemeente, byte voor byte
proofs/     van elk het bewijs dat het in het logboek staat (c2sp.org/tlog-proof)
checkpoint  het nieuwste ondertekende controlepunt, waar alles naartoe leidt
checkpoints/<aantal>  het nieuwste dat ook door getuigen is ondertekend, als
            dat een ander is; de hashes laten zien dat het logboek daaruit groeide
tile/       de hashes van het hele logboek (c2sp.org/tlog-tiles); van anderen
            staat er niets anders in dan die hashes
*.vkey      de openbare sleutel van het logboek; gebruik die welke u van ons op
            een andere manier hebt gekregen
succession/ voor elke wissel van die sleutel: het blad dat de nieuwe noemt, met
            zijn bewijs onder een controlepunt dat de oude sleutel tekende

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
    content, witnessed, older = _checkpoints(location, config)
    published = Published(location.audit, content)
    said = published.said
    own = list(_own(location.audit, published, code))
    index = {"v": VERSION, "origin": said.origin, "tenant": code, "size": said.size,
             "witnessed": witnessed, "leaves": [at for at, _ in own]}  # fmt: skip
    yield Member(README, _README.encode())
    yield Member(INDEX, json.dumps(index).encode() + b"\n")
    yield Member(CHECKPOINT, content)
    yield from ([Member(f"{ARCHIVED}{witnessed}", older)] if older else ())
    yield from (Member(*one) for one in statements.files(location.audit).items())
    name = vkey_file(said.origin)
    yield Member(name, reading.read(location.audit, name) or b"")
    for at, entry in own:
        yield Member(f"{LEAVES}{at}.json", entry)
        yield Member(f"{PROOFS}{at}.tlog-proof", published.proof(at, entry))
    for tile in layout(said.size):
        if tile.level >= 0:
            yield Member(tile.path, _read(location.audit, tile))


def _checkpoints(location: Location, config: Config) -> tuple[bytes, int, bytes]:
    """The newest checkpoint; how many leaves a quorum witnessed; and the checkpoint that shows it.

    The last is empty where that is the newest itself, or there is none.
    """
    content = proofs.newest(location.audit)
    size = checkpoint.read_body(checkpoint.parse_note(content)).size
    witnessed = proofs.seals(location, config).newest().witnessed or 0
    found = proofs.archived(location.audit, [witnessed] if witnessed else [])
    if not found:
        return content, 0, b""
    return (found[0], witnessed, b"") if witnessed >= size else (content, witnessed, found[0])


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
