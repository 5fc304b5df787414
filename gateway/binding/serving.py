# SPDX-License-Identifier: EUPL-1.2
"""Serves the broker on the loopback address, until SIGINT or SIGTERM; then it ends with 0."""

from __future__ import annotations

import signal
import socket

import uvicorn
from starlette.applications import Starlette

from gateway.binding.idp import HOST
from gateway.errors import StateError
from gateway.ports import listening


def bound(port: int) -> socket.socket:
    """The port, held; :class:`StateError` when another has it."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        with listening(port):
            found.bind((HOST, port))
            found.listen()  # who is told that it listens may ask at once
    except StateError:
        found.close()
        raise
    return found


def serve(app: Starlette, port: socket.socket) -> None:
    """Answer until told to stop. No access log: an address may hold a code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # uvicorn has its own, and hands it on when it ends
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[port])
