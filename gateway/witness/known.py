# SPDX-License-Identifier: EUPL-1.2
"""Which logs a witness watches: the public keys that its operator gave, or those of first sight.

Keys that were not given are taken once, when there are none yet, from where the log lies, and kept
in the witness's own folder (``logs.vkey``). What lies with the log later counts no more: another
key is taken by a change that the log itself shows (``record.py``), or because the operator gives it
(``--log``, or a line in that file).

What this does not protect against: a log that shows a false key at first sight. Who does not run
log and witness on one machine gives the key himself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from gateway import durable
from gateway.audit.checkpoint import CheckpointError, VerifierKey
from gateway.errors import AuditError, StateError

FILE = "logs.vkey"


def keys(folder: str, given: Iterable[str], beside: Iterable[str]) -> tuple[list[VerifierKey], str]:
    """The keys to believe, and where they are from.

    ``given`` are the operator's files; ``beside`` those that lie with the log, for first sight.
    """
    own = os.path.join(folder, FILE)
    for paths, source in ((list(given), "given"), ([own] * os.path.exists(own), "known before")):
        if paths:
            return _read(paths), source
    found = _read(beside)
    if not found:
        raise StateError("there is no public key of a log to watch", hint="run knooppunt init")
    durable.make_dir(folder, 0o700)
    durable.put(own, "".join(f"{one.line()}\n" for one in found).encode(), 0o600)
    return found, f"of first sight, kept in {own}"


def _read(paths: Iterable[str]) -> list[VerifierKey]:
    found = []
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                lines = [line for line in file.read().split("\n") if line.strip()]
            found += [VerifierKey.parse(line) for line in lines]
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise AuditError(f"{path} cannot be read: {reason}") from None
        except CheckpointError as error:
            raise AuditError(f"{path}: {error.sentence}", hint="a .vkey file of a log") from None
    return list(dict.fromkeys(found))
