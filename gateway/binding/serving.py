# SPDX-License-Identifier: EUPL-1.2
"""Serves the broker on the loopback address, until SIGINT or SIGTERM; then it ends with 0."""

from __future__ import annotations

import signal

import uvicorn
from starlette.applications import Starlette

from gateway.binding.idp import HOST


def serve(app: Starlette, port: int) -> None:
    """Answer until told to stop. No access log: an address may hold a code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # uvicorn has its own, and hands it on when it ends
    config = uvicorn.Config(app, HOST, port, log_level="warning", access_log=False, lifespan="off")
    uvicorn.Server(config).run()
