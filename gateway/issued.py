# SPDX-License-Identifier: EUPL-1.2
"""That a bundle of evidence was handed out is a leaf: who asked for it, and its hash.

A bundle holds names; so the leaf comes first, and without it no file is written. What it holds is
made by the command (``gateway/evidence``); here is the engine's side of it alone.
"""

from __future__ import annotations

import re

from gateway.custody import Ledger
from gateway.errors import GatewayError
from gateway.requests import Asked, Response
from gateway.store import Changes, Row

KIND = "evidence"
"""The word for it among the requests."""

_DIGEST = re.compile("[0-9a-f]{64}")
_CODE = re.compile("[0-9]{4}")
_WORDS = re.compile("[a-z, ]{0,100}")


class Issued:
    """The engine's side."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def handle(self, asked: Asked, changes: Changes) -> Response:
        """Note it. ``body``: ``by``, ``sha256``, ``gemeentecode``, ``left_out``."""
        try:
            fields = {name: str(asked.body[name]) for name in ("by", "sha256", "left_out")}
        except KeyError:
            raise GatewayError("a request about evidence names who asks, and the bundle") from None
        if not _DIGEST.fullmatch(fields["sha256"]) or not _WORDS.fullmatch(fields["left_out"]):
            raise GatewayError("a request about evidence holds the SHA-256 of a bundle")
        without = f" without {fields['left_out']}" if fields["left_out"] else ""
        about: Row = {
            "object": "bewijs",
            "action": f"bundle{without}",
            "evidence": [f"asice:{fields['sha256']}"],
        }
        code = str(asked.body.get("gemeentecode", ""))
        if _CODE.fullmatch(code):
            about["tenant"] = code
        leaf = self._ledger.act("evidence.export", fields["by"], about, changes)
        return Response({"leaf": leaf})
