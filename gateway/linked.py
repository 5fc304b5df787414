# SPDX-License-Identifier: EUPL-1.2
"""Whose a pseudonym is: committed to in the log before it is believed, and never changed after.

Who is behind a pseudonym stands in a file of the operator (``pseudoniemen.json``). So that he
cannot have one employee's seal pass for another's, a leaf commits to each pair when it is first
seen: ``pseudonym.link``, with the employee as a commitment, whose opening lies with the others. All
leaves about one pseudonym are a chain (``msg``, ``prev``): a second pair cannot be hidden behind
the first. From then on the log is what counts: a file that says otherwise is not followed, and what
it says is a leaf too (``refused``).

What this does not protect against: a first pair that is wrong. The employee's municipality has the
leaf in its own export of the log, and can ask for its opening.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from gateway import store_tables as t
from gateway.audit import leaf
from gateway.config import Config
from gateway.custody import Ledger
from gateway.lifecycle import PSEUDONYM_LINK, pseudonym_chain
from gateway.store import Changes, Row, Store
from gateway.store_links import REFUSED, Link
from gateway.trust.domeinen import Medewerker
from gateway.trust.sleutels import PSEUDONIEMEN


class Settled(NamedTuple):
    """The configuration to go by, and what is wrong with the file, if something is."""

    config: Config
    said: str


class _Pair(NamedTuple):
    """What the log says of a pseudonym: of whom it is, or (``who`` is None) nothing that opens."""

    leaf: int
    tenant: str
    who: Medewerker | None
    last: int
    refused: tuple[str, ...]


class Links:
    """Commits to pairs, and holds the file against those that were committed to."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def settle(self, config: Config) -> Settled:
        """Commit to what is new in the trust of this configuration, and correct what is other."""
        trust = config.trust
        if trust is None:
            return Settled(config, "")
        known, changes = _pairs(self._store.links()), Changes()
        believed: dict[str, Medewerker] = {}
        wrong: list[int] = []
        for pseudonym, who in trust.medewerkers.items():
            pair = known.get(pseudonym_chain(pseudonym))
            if pair is None or pair.who is None:
                self._add(pseudonym, who, who.gemeentecode, pair, changes)
            elif pair.who != who:
                wrong.append(pair.leaf)
                if who.gebruiker not in pair.refused:
                    self._add(pseudonym, who, pair.tenant, pair, changes, result="refused")
                who = pair.who  # noqa: PLW2901
            believed[pseudonym] = who
        refused = " ".join(map(str, sorted(wrong)))
        if changes.leaves or self._store.meta().get(REFUSED, "") != refused:
            changes.meta[REFUSED] = refused
            self._store.commit(changes)
        return Settled(config.with_trust(trust._replace(medewerkers=believed)), _sentence(wrong))

    def _add(
        self, pseudonym: str, who: Medewerker, tenant: str, pair: _Pair | None, changes: Changes,
        result: str = "ok",
    ) -> None:  # fmt: skip
        msg = pseudonym_chain(pseudonym)
        about: Row = {"msg": msg, "tenant": tenant, "result": result}
        if pair is not None:
            about["prev"] = pair.last
        self._ledger.system(PSEUDONYM_LINK, "link", "", changes, about=about, name=who.gebruiker)
        changes.add(t.koppeling, {"leaf": self._ledger.size - 1, "msg": msg})


def _pairs(links: list[Link]) -> dict[str, _Pair]:
    """By chain: the first pair that opens. An opening that does not fit its leaf opens nothing."""
    found: dict[str, _Pair] = {}
    for one in links:
        fields: dict[str, Any] = json.loads(one.content)
        value = one.value if _opens(one, fields) else None
        pair = found.get(one.msg) or _Pair(one.leaf, fields["tenant"], None, one.leaf, ())
        if fields["result"] != "ok":
            pair = pair._replace(refused=(*pair.refused, *([value] if value else [])))
        elif value is not None and pair.who is None:
            pair = pair._replace(leaf=one.leaf, who=Medewerker(fields["tenant"], value))
        found[one.msg] = pair._replace(last=one.leaf)
    return found


def _opens(one: Link, fields: dict[str, Any]) -> bool:
    if one.value is None or one.salt is None:
        return False
    return bool(leaf.commit("name", one.value, one.salt) == fields.get("name"))


def _sentence(wrong: list[int]) -> str:
    if not wrong:
        return ""
    leaves = f"{'leaves' if len(wrong) > 1 else 'leaf'} {', '.join(map(str, sorted(wrong)))}"
    return (
        f"{PSEUDONIEMEN} says of {len(wrong)} pseudonyms that they are of another employee than "
        f"the log committed to ({leaves}); the log counts. Put the file back from a backup: a "
        "pseudonym is never given to another (docs/howto-keys.md)"
    )
