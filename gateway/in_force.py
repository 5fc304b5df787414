# SPDX-License-Identifier: EUPL-1.2
"""Which configuration is in force, and why the one on the disk is not: kept in the store."""

from __future__ import annotations

import hashlib
import json
import os
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

SCHEMAS = "config_schemas"
"""Setting of a state: SHA-256 of each schema beside the configuration in force, by name; JSON."""

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
    """What of it is another than before, and which questions are answered otherwise since."""

    changed: tuple[str, ...]
    """``config.yaml``, and schemas beside it."""
    outdated: set[Key[object]]

    def outcome(self, made: int) -> Outcome:
        """The same for people; so many folders were made for it."""
        event, said = "config.unchanged", "config.yaml is as before, and stays in force"
        if self.changed:
            event = "config.changed"
            verbs = ("was", "is") if len(self.changed) == 1 else ("were", "are")
            said = f"{' and '.join(self.changed)} {verbs[0]} changed, and {verbs[1]} in force now"
        return Outcome(event, f"{said}; {made} folders made", {"folders": made})


class InForce:
    """The configuration of one chain, as its store and its log know it."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def note(self, config: Config, text: str) -> Noted:
        """This is in force: a leaf, when it is another than before, and one for each such schema.

        ``text`` is what ``config`` was made of. What stands on the disk by now may be another, so
        nothing is read here.
        """
        digest, meta = hashlib.sha256(text.encode()).hexdigest(), self._store.meta()
        schemas = {os.path.basename(path): hashlib.sha256(one.tekst).hexdigest()
                   for path, one in sorted(config.schemas.items())}  # fmt: skip
        before, receipts = json.loads(meta.get(SCHEMAS) or "{}"), Wanted.of(config).text()
        others = [name for name, one in schemas.items() if before.get(name) != one]
        renewed = meta.get(DIGEST) != digest
        told = not meta.get(REFUSED) and meta.get(RECEIPTS) == receipts
        if not renewed and told and before == schemas:
            return Noted((), set())
        settings = {DIGEST: digest, TEXT: text, REFUSED: "", RECEIPTS: receipts}
        settings |= {"origin": self._ledger.origin, SCHEMAS: json.dumps(schemas)}
        changes = Changes(meta=settings)
        if renewed:
            self._ledger.system("config.change", "in force", digest, changes)
            note_rules(self._store, config, self._ledger.size - 1, changes)
        for name in others:
            self._ledger.system("config.change", f"schema in force: {name}", schemas[name], changes)
        self._store.commit(changes)
        changed = ("config.yaml",) * renewed + tuple(f"schemas/{one}" for one in others)
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
