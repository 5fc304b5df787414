# SPDX-License-Identifier: EUPL-1.2
"""The log's private key: made once, kept apart from the log, never made again in silence.

What this does not protect against: whoever can read the key file can sign as the log. A key in
hardware, and a change of key (a ``key.rotate`` leaf, both keys signing meanwhile), come later.
"""

from __future__ import annotations

import os

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
from gateway.errors import AuditError

KEY_MODE = 0o600
VKEY_MODE = 0o644


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
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        durable.make_dir(os.path.dirname(os.path.abspath(key_file)), 0o700)
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
