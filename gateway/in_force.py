# SPDX-License-Identifier: EUPL-1.2
"""Which configuration is in force, and why the one on the disk is not: kept in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from gateway.config import Config
from gateway.confirmed import RECEIPTS, Wanted
from gateway.current import DIGEST, REFUSED, TEXT
from gateway.custody import Ledger
from gateway.errors import ConfigError, GatewayError
from gateway.grants import note_rules
from gateway.model import Key
from gateway.store import Changes, Store

SHOWN = 3
"""So many faults are told, and how many more there are: one screen, and one line of a log."""


class Outcome(NamedTuple):
    """What became of a change: as the technical log has it, and for the screen."""

    event: str
    said: str
    fields: Mapping[str, object] = {}
    """Words and numbers of ours: no text of the file."""

    @property
    def wrong(self) -> bool:
        """Whether a person should look at it."""
        return self.event.endswith(".refused")


class Noted(NamedTuple):
    """Whether it is another configuration than before, and which questions it answers otherwise."""

    changed: bool
    outdated: set[Key[object]]


class InForce:
    """The configuration of one chain, as its store and its log know it."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def note(self, config: Config, text: str) -> Noted:
        """This is in force: a leaf, when it is another than before.

        ``text`` is what ``config`` was made of. What stands on the disk by now may be another, so
        nothing is read here.
        """
        digest, meta = hashlib.sha256(text.encode()).hexdigest(), self._store.meta()
        changed, receipts = meta.get(DIGEST) != digest, Wanted.of(config).text()
        if not changed and not meta.get(REFUSED) and meta.get(RECEIPTS) == receipts:
            return Noted(changed, set())
        settings = {DIGEST: digest, TEXT: text, REFUSED: "", RECEIPTS: receipts}
        settings["origin"] = self._ledger.origin
        changes = Changes(meta=settings)
        if changed:
            self._ledger.system("config.change", "in force", digest, changes)
            note_rules(self._store, config, self._ledger.size - 1, changes)
        self._store.commit(changes)
        return Noted(changed, changes.outdated)

    def refuse(self, error: GatewayError | OSError) -> Outcome | None:
        """What stands on the disk cannot be used: why, for ``status``; None if said before."""
        faults = error.faults if isinstance(error, ConfigError) else ()
        first = faults[:SHOWN]
        lines = [str(error), *(f"  {one.place}: {one.said}" for one in first)]
        if len(faults) > SHOWN:
            lines.append(f"  {len(faults) - SHOWN} more: knooppunt config check")
        said = "\n".join(lines)
        if said == self._store.meta().get(REFUSED):
            return None
        self._store.commit(Changes(meta={REFUSED: said}))
        told = {"reason": type(error).__name__, "faults": len(faults),
                "places": [one.place for one in first]}  # fmt: skip
        return Outcome(
            "config.refused", f"config.yaml was changed; the old one stays: {said}", told
        )
