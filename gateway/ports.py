# SPDX-License-Identifier: EUPL-1.2
"""Listening on a loopback port that may be taken: said of the port, before anything is promised."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import StateError

OWN_FOLDER = "stop it first, or give this one a folder of its own with --dir"
"""What to do when a party beside the chain is running already."""


@contextmanager
def listening(port: int) -> Iterator[None]:
    """Around the call that begins to listen; :class:`StateError` when another has the port."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "in use" if error.errno == errno.EADDRINUSE else "not for this user"
        raise StateError(
            f"port {port} of this machine is {why}",
            hint="is it running already? else choose another with --port N",
        ) from None
