# SPDX-License-Identifier: EUPL-1.2
"""Keeps, in the log's folder, what shows a change of key to who does not have the whole log.

``succession/<index>.json`` is the leaf, ``.tlog-proof`` its proof under a checkpoint of the
overlap, that old and new key signed, ``.vkey`` the new key. Bundles and exports hold copies, and a
witness is shown it (``succession.py`` says what it proves).

What this does not protect against: files that were taken away. The log's own leaves and archived
checkpoints still show it, to who has all of them.
"""

from __future__ import annotations

import os

from gateway import durable
from gateway.audit import checkpoint, proof, reading
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import check_inclusion, inclusion_proof
from gateway.audit.succession import FOLDER, Statement, statements
from gateway.audit.tiles import WIDTH, Tile, hash_reader, unbundle
from gateway.errors import AuditError

FILE_MODE = 0o644


def keep(directory: str, index: int, key: VerifierKey, content: bytes) -> None:
    """Keep the statement of the leaf with this index, under this checkpoint; once."""
    said = checkpoint.read_body(checkpoint.parse_note(content))
    if index >= said.size or index in {one.at for one in read(directory)}:
        return
    start = index // WIDTH
    width = min(WIDTH, said.size - start * WIDTH)
    entry = unbundle(_tile(directory, Tile(-1, start, width)))[0][index % WIDTH]
    hashes = inclusion_proof(
        index, said.size, hash_reader(said.size, lambda tile: _tile(directory, tile))
    )
    if not check_inclusion(index, said.size, leaf_hash(entry), hashes, said.root):
        raise AuditError(
            f"leaf {index} of the audit log does not lead to the root of its checkpoint",
            hint="run `knooppunt audit verify`: it says which file of the log is wrong",
        )
    made = Statement(index, key, entry, proof.build(index, hashes, content))
    for name, data in made.files.items():  # the key comes last: with it the statement is there
        durable.put(os.path.join(directory, name), data, FILE_MODE)


def read(directory: str) -> list[Statement]:
    """Those that are kept, oldest first."""
    return statements(files(directory))


def files(directory: str) -> dict[str, bytes]:
    """Their files, by the path in the log's folder."""
    try:
        names = sorted(os.listdir(os.path.join(directory, FOLDER)))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise AuditError(f"{FOLDER} in the audit log cannot be read: {error.strerror}") from error
    paths = [f"{FOLDER}{name}" for name in names if not name.startswith(".")]
    found = {path: reading.read(directory, path) for path in paths}
    return {path: content for path, content in found.items() if content is not None}


def _tile(directory: str, tile: Tile) -> bytes:
    content = reading.read_tile(directory, tile)
    if content is None:
        raise AuditError(f"{tile.path} is missing from the audit log")
    return content
