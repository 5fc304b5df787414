# SPDX-License-Identifier: EUPL-1.2
"""The log's private keys: made once, kept apart from the log, changed with a leaf that says so.

``log.key`` is the newest, ``log-<key id>.key`` are those before it that still sign. A change: the
next key is put beside them (``log-next.key``); a ``key.rotate`` leaf that names it is committed,
and with it, in the database, that it counts; only then the files change places, and the checkpoint
over that leaf is signed by both. So a crash leaves the old key, or a change that the next start
completes. The end of the overlap: a leaf, a checkpoint over it that all sign, which is archived;
then the old private keys go. Their ``.vkey`` files stay: old evidence is verified with them.

What this does not protect against: whoever can read a key file can sign as the log.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway import durable
from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.statements import keep
from gateway.audit.succession import FOLDER, KEY
from gateway.errors import AuditError

KEY_MODE = 0o600
VKEY_MODE = 0o644
KEY_DIR_MODE = 0o700

NEWEST, LEAF, ENDED = "log_key", "log_key_leaf", "log_keys_ended"
"""Settings of a state: the id of the key that was rotated to, and the index of the leaf that says
so; the ids of the keys that ended."""

_NEXT = "log-next.key"
_OLDER = re.compile(r"log-[0-9a-f]{8}\.key")


def ensure_key(key_file: str, directory: str, origin: str) -> Ed25519PrivateKey:
    """Give the log's private key, made when there is none; its ``.vkey`` stands in the log.

    The key is PKCS 8 PEM, mode 0600, and belongs outside ``directory``, which others may read.
    Raises :class:`AuditError` when the key is gone but the log is there (a new key would make
    every reader believe in a forgery), or when the key is not the one that the log names.
    """
    vkey_path = os.path.join(directory, checkpoint.vkey_file(origin))
    shown = reading.read(directory, checkpoint.vkey_file(origin))
    pem = reading.read(*os.path.split(os.path.abspath(key_file)))
    if pem is None:
        if shown is not None or reading.read(directory, "checkpoint") is not None:
            raise AuditError(
                f"the audit log's private key is gone: {key_file}",
                hint="put the key back from its own backup, or start a new log under a new origin",
            )
        key = Ed25519PrivateKey.generate()
        pem = _pem(key)
        durable.make_dir(os.path.dirname(os.path.abspath(key_file)), KEY_DIR_MODE)
        durable.put(key_file, pem, KEY_MODE)
    loaded = load_key(pem, key_file)
    line = f"{VerifierKey.of(origin, loaded).line()}\n".encode()
    if shown is None:
        durable.put(vkey_path, line, VKEY_MODE)
    elif shown != line:
        raise AuditError(
            f"{vkey_path} is not the public half of {key_file}",
            hint="put back the key that belongs to this log; compare with a .vkey others kept",
        )
    return loaded


def load_key(pem: bytes, key_file: str) -> Ed25519PrivateKey:
    """Read the PEM of the log's private key; :class:`AuditError` when it is not one."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise AuditError(f"{key_file} is not a private key without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditError(f"{key_file} is not an Ed25519 key")
    return key


def key_files(key_file: str) -> list[str]:
    """The files of the keys that sign: the newest first."""
    folder = os.path.dirname(os.path.abspath(key_file))
    try:
        older = [one for one in sorted(os.listdir(folder)) if _OLDER.fullmatch(one)]
    except FileNotFoundError:
        older = []
    return [key_file, *(os.path.join(folder, one) for one in older)]


class LogKeys:
    """The keys that sign one log, the newest first; and the change of them.

    ``meta`` are the settings of the state as of its last commit: a change that it knows of is
    completed here. One thread at a time calls it.
    """

    def __init__(
        self, key_file: str, directory: str, origin: str, meta: Mapping[str, str] | None = None
    ) -> None:
        self._key_file, self._directory, self._origin = key_file, directory, origin
        self._folder = os.path.dirname(os.path.abspath(key_file))
        known = meta or {}
        self._due, self._leaf = known.get(NEWEST, ""), known.get(LEAF, "")
        self._ended = set(known.get(ENDED, "").split())
        self.take()
        ensure_key(key_file, directory, origin)
        self._load()

    def _load(self) -> None:
        paths = key_files(self._key_file)
        self.keys = tuple(load_key(self._read(path) or b"", path) for path in paths)

    @property
    def vkeys(self) -> list[VerifierKey]:
        """The public keys of those that sign, the newest first."""
        return [VerifierKey.of(self._origin, key) for key in self.keys]

    @property
    def ending(self) -> bool:
        """Whether a key that ended still signs: until a checkpoint over that leaf is archived."""
        return any(one.key_id.hex() in self._ended for one in self.vkeys[1:])

    # --- a new key ---

    def stage(self) -> VerifierKey:
        """Put the next key beside the others; the same one again, after a crash."""
        path = os.path.join(self._folder, _NEXT)
        pem = self._read(path)
        if pem is None:
            pem = _pem(Ed25519PrivateKey.generate())
            durable.put(path, pem, KEY_MODE)
        return VerifierKey.of(self._origin, load_key(pem, path))

    def rotated(self, new: VerifierKey, leaf: int) -> dict[str, str]:
        """The next key counts once this is committed; the settings to commit with its leaf."""
        self._due, self._leaf = new.key_id.hex(), str(leaf)
        return {NEWEST: self._due, LEAF: self._leaf}

    @property
    def untold(self) -> bool:
        """Whether the newest change is not yet kept as a statement in the log's folder."""
        if not self._leaf or len(self.keys) == 1:  # an old key signs no more: nothing can show it
            return False
        return reading.read(self._directory, f"{FOLDER}{self._leaf}{KEY}") is None

    def tell(self, content: bytes) -> None:
        """Keep it, under this checkpoint, that old and new signed."""
        if self.untold:
            keep(self._directory, int(self._leaf), self.vkeys[0], content)

    def take(self) -> bool:
        """After that commit: let the files change places. True when something changed."""
        path = os.path.join(self._folder, _NEXT)
        pem = self._read(path)
        if pem is None:
            return False
        new = VerifierKey.of(self._origin, load_key(pem, path))
        if new.key_id.hex() != self._due:
            return False  # no leaf names it: whoever asks again gets this same one
        before = self._read(self._key_file)
        if before is not None and before != pem:
            old = VerifierKey.of(self._origin, load_key(before, self._key_file))
            aside = os.path.join(self._folder, f"log-{old.key_id.hex()}.key")
            durable.put(aside, before, KEY_MODE)
            self._show(old, checkpoint.vkey_file(self._origin, old))
            durable.put(self._key_file, pem, KEY_MODE)
        self._show(new, checkpoint.vkey_file(self._origin))
        self._remove(_NEXT)
        self._load()
        return True

    # --- the end of the old ones ---

    def ended(self) -> dict[str, str]:
        """The older keys end once this is committed; the settings to commit with that leaf."""
        self._ended |= {one.key_id.hex() for one in self.vkeys[1:]}
        return {ENDED: " ".join(sorted(self._ended))}

    def drop(self) -> None:
        """After that commit, and a checkpoint that was archived: the old private keys go."""
        for one in self.vkeys[1:]:
            if one.key_id.hex() in self._ended:
                self._remove(f"log-{one.key_id.hex()}.key")
        self._load()

    def _show(self, vkey: VerifierKey, name: str) -> None:
        durable.put(os.path.join(self._directory, name), f"{vkey.line()}\n".encode(), VKEY_MODE)

    def _read(self, path: str) -> bytes | None:
        return reading.read(*os.path.split(os.path.abspath(path)))

    def _remove(self, name: str) -> None:
        fd = durable.open_dir(self._folder)
        try:
            durable.remove(fd, name)
        finally:
            os.close(fd)
        durable.sync_dir(self._folder)


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
