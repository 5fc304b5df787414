# SPDX-License-Identifier: EUPL-1.2
"""A change of keys becomes a leaf: the engine's side of ``knooppunt keys``.

The log's key is changed by the engine alone, which signs with it: the request says only that it is
asked for, and the next checkpoint is signed by old and new (``audit/keys.py``). The keys of other
domains are not the gateway's to read; whoever has one tells what it was changed to, by its hash,
and lets it count when that is a leaf.

The overlap of the log's keys is not ended while a witness has not signed under the new one: what it
would not sign then, no reader with a policy would believe. ``force`` ends it all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gateway.audit.keys import LogKeys
from gateway.custody import Ledger
from gateway.errors import GatewayError
from gateway.requests import Asked, Response
from gateway.store import Changes, Row, Store

KIND = "key"
"""The word for it among the requests."""

LOG = "log"
ROTATE, FINISH, REVOKE = "rotate", "finish", "revoke"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_HASH = re.compile(r"[0-9a-f]{64}")
_EVIDENCE = re.compile(r"[a-z]{1,20}:[0-9a-f]{64}")


class Rotation:
    """Does what people ask about keys."""

    def __init__(
        self, store: Store, ledger: Ledger, keys: LogKeys, strangers: Callable[[str], list[str]]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._keys = keys
        self._strangers = strangers  # witnesses that have not signed under the key of this id

    def handle(self, asked: Asked, changes: Changes) -> Response:
        """Add the leaf of a change of keys; what of it is public is the answer."""
        body = asked.body
        action, domain, by = (str(body.get(one, "")) for one in ("action", "domain", "by"))
        if action not in (ROTATE, FINISH, REVOKE) or not _NAME.fullmatch(domain) or not by:
            raise GatewayError("this request about keys is not a whole one", hint="type it again")
        if domain != LOG:
            return self._other(action, domain, by, body, changes)
        if action == ROTATE:
            return self._rotate(by, changes)
        if action == FINISH:
            return self._finish(by, changes, force=body.get("force") is True)
        raise GatewayError("a log's key is not revoked", hint="knooppunt keys rotate log")

    def _rotate(self, by: str, changes: Changes) -> Response:
        old, new = self._keys.vkeys, self._keys.stage()
        about: Row = {
            "object": LOG,
            "action": "a new key signs too",
            "content": new.digest(),
            "evidence": [f"vkey:{one.digest()}" for one in old],
        }
        leaf = self._ledger.act("key.rotate", by, about, changes)
        changes.meta |= self._keys.rotated(new, leaf)
        return Response({"leaf": leaf, "keys": [one.line() for one in (new, *old)]})

    def _finish(self, by: str, changes: Changes, *, force: bool) -> Response:
        newest, *old = self._keys.vkeys
        if not old:
            raise GatewayError("one key signs the log: there is no overlap to end",
                               hint="begin one with: knooppunt keys rotate log")  # fmt: skip
        left = self._strangers(newest.key_id.hex())
        if left and not force:
            raise GatewayError(
                f"the overlap cannot end yet: {', '.join(left)} has not signed under the new key",
                hint="a witness is asked about once a minute while the gateway runs: wait, or see "
                "why with `knooppunt status`. One of other software gets the new .vkey from you. "
                "With --force the overlap ends all the same: what comes after it is not witnessed "
                "until he takes the key",
            )
        about: Row = {
            "object": LOG,
            "action": "the keys before it sign no more",
            "content": newest.digest(),
            "evidence": [f"vkey:{one.digest()}" for one in old],
        }
        leaf = self._ledger.act("key.rotate", by, about, changes)
        changes.meta |= self._keys.ended()
        return Response({"leaf": leaf, "keys": [newest.line()]})

    def _other(
        self, action: str, domain: str, by: str, body: dict[str, Any], changes: Changes
    ) -> Response:
        content, evidence = body.get("content"), body.get("evidence")
        whole = isinstance(content, str) and _HASH.fullmatch(content)
        if not whole or not isinstance(evidence, list) or len(evidence) > 20:
            raise GatewayError("this request about keys is not a whole one", hint="type it again")
        if not all(isinstance(one, str) and _EVIDENCE.fullmatch(one) for one in evidence):
            raise GatewayError("this request about keys is not a whole one", hint="type it again")
        ended = evidence if action == FINISH else []  # of several ends each names its own keys
        setting, value = f"key:{domain}", " ".join([action, str(content), *ended])
        if self._store.meta().get(setting) == value:  # asked again, after a crash of who asked
            return Response({"leaf": None})
        about: Row = {"object": domain, "action": action, "content": content}
        if evidence:
            about["evidence"] = evidence
        type_ = "key.revoke" if action == REVOKE else "key.rotate"
        leaf = self._ledger.act(type_, by, about, changes)
        changes.meta[setting] = value
        return Response({"leaf": leaf})
