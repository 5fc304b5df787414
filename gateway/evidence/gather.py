# SPDX-License-Identifier: EUPL-1.2
"""All that a bundle about one message holds: from the store, the published log, and the folders.

A part that is not there is named with its reason; nothing is made up in its place. What is left out
on request leaves no trace of what it was, no hash either: a name has too few possibilities for
that. Leaves, proofs and the seal do not depend on it, so such a bundle verifies all the same.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway import __version__, zetwerk
from gateway.audit import leaf
from gateway.audit.stamp import SUFFIX as TSR
from gateway.autorisatie import ONBEKEND
from gateway.config import Config
from gateway.evidence import links, openings, proofs, woorden
from gateway.evidence.copies import copies, read, read_if
from gateway.evidence.index import (
    CONTENT,
    LOGIN,
    METAGEGEVENS,
    RECEIPT,
    RECEIPTS,
    SEAL,
    TRUST,
    Index,
    Message,
    Part,
    Rol,
    Said,
    Stand,
    checkpoint_path,
    leaf_path,
    opening_path,
    proof_path,
    status,
)
from gateway.evidence.proofs import Published
from gateway.evidence.wish import REDACT, EvidenceError, Wish
from gateway.location import Location
from gateway.names import toonbaar
from gateway.store_evidence import binding, grants, metagegevens
from gateway.store_evidence import openings as kept_openings
from gateway.store_queries import Reader, Row
from gateway.trust.deelnemers import DEELNEMERS
from gateway.trust.sleutels import AANKERS, ELDERS, openbaar

_TRUST = (
    "policy", "zegel-gateway.pem", "zegel-cbs.pem", "tsa.pem", ELDERS, "idp.jwks", DEELNEMERS,
)  # fmt: skip
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}")


@dataclass(slots=True)
class Gathered:
    """The index of a bundle, and every member but those that are made of it."""

    index: Index
    members: dict[str, bytes] = field(default_factory=dict)
    leaves: dict[int, dict[str, Any]] = field(default_factory=dict)
    opened: dict[int, dict[str, str]] = field(default_factory=dict)


class _Gathering:
    """The work of one bundle."""

    def __init__(self, location: Location, config: Config, reader: Reader, wish: Wish) -> None:
        self._location, self._config, self._reader, self._wish = location, config, reader, wish
        self.members: dict[str, bytes] = {}
        self.parts: list[Said] = []
        self.leaves: dict[int, dict[str, Any]] = {}
        self.opened: dict[int, dict[str, str]] = {}
        self.roles: dict[int, str] = {}

    def run(self) -> Gathered:
        message = self._message()
        answers = self._answers(message)
        self._take(Rol.MESSAGE, message)
        for one in answers:
            self._take(Rol.ANSWER, one)
        first = min((at for at, role in self.roles.items() if role == Rol.MESSAGE), default=None)
        if first is None:
            raise EvidenceError("the log holds no leaf of this message: there is nothing to prove")
        self._grants(message, first)
        self.roles |= links.links(self._reader, self._wish, message["id"], first)
        sizes, origin = self._log(self._checkpoints())
        self._openings()
        self._content(message)
        self._metagegevens(message)
        self._binding(message, first)
        self._receipts(answers)
        self._seals(sizes)
        self._trust(origin)
        return Gathered(self._index(message, sizes, origin), self.members, self.leaves, self.opened)

    def _index(self, message: Row, sizes: list[int], origin: str) -> Index:
        facts = {name: message[name] or "" for name in _FIELDS}
        ours = [self.leaves[at] for at, role in sorted(self.roles.items()) if role == Rol.MESSAGE]
        facts["status"] = status(ours)
        return Index(
            origin=origin,
            message=Message(**facts, size=message["size"]),
            leaves=dict(sorted(self.roles.items())),
            checkpoints=tuple(sizes),
            parts=tuple(self.parts),
            build=__version__,
            setter=zetwerk.VERSIE,
            names=self._names(message),
        )

    # --- which message, and which leaves ---

    def _message(self) -> Row:
        found = self._reader.trace(self._wish.ref)
        if not found:
            raise EvidenceError(
                f"nothing here was ever called {toonbaar(self._wish.ref)!r}",
                hint="give a referentienummer, as knooppunt trace shows it", found=False,
            )  # fmt: skip
        if len(found) > 1:
            listed = ", ".join(one["referentienummer"] for one in found[-5:])
            shown = toonbaar(self._wish.ref)
            raise EvidenceError(
                f"{len(found)} messages fit {shown!r}, and a bundle is about one",
                hint=f"give the referentienummer of the one you mean; the newest are: {listed}",
            )
        return found[0]

    def _take(self, role: Rol, message: Row) -> None:
        for event in message["events"]:
            if event["leaf"] is not None:
                self.roles[event["leaf"]] = role

    def _answers(self, message: Row) -> list[Row]:
        if message["direction"] != "heen":
            return []
        return self._reader.answers_to(message["referentienummer"])

    def _grants(self, message: Row, first: int) -> None:
        """What the log says of its user's authorisation, before it was handed in."""
        exchange = self._config.uitwisselingen.get(message["uitwisseling"])
        purpose = self._config.aanlevering(exchange) if exchange else None
        who = kept_openings(self._reader, [first]).get(first, [])
        user = openings.values(who).get("actor", ONBEKEND)
        if purpose is None or user == ONBEKEND or message["direction"] != "heen":
            return
        found = grants(self._reader, user, message["gemeentecode"], purpose.id)
        self.roles |= {at: Rol.GRANT for at in found if at < first}

    # --- the log ---

    def _checkpoints(self) -> list[Published]:
        """The first checkpoints that show all leaves and that others signed; else the newest."""
        last = max(self.roles)
        self._standing = proofs.seals(self._location, self._config).of(last)
        sizes = [one for one in self._standing if one is not None]
        found = proofs.archived(self._location.audit, sizes)
        if not found:
            found = [proofs.newest(self._location.audit)]
        checkpoints = [Published(self._location.audit, content) for content in found]
        if checkpoints[0].said.size <= last:
            raise EvidenceError(
                f"leaf {last} is in no published checkpoint yet",
                hint="the log is published within a second while the gateway runs; try again",
            )
        return checkpoints

    def _log(self, checkpoints: list[Published]) -> tuple[list[int], str]:
        for one in checkpoints:
            size = one.said.size
            self.members[checkpoint_path(size)] = one.content
            for at in sorted(self.roles):
                content = one.leaf(at)
                self.members[leaf_path(at)] = content
                self.members[proof_path(size, at)] = one.proof(at, content)
                self.leaves[at] = leaf.decode(content)
        return [one.said.size for one in checkpoints], checkpoints[0].said.origin

    def _seals(self, sizes: Iterable[int]) -> None:
        witnessed, stamped = self._standing
        self._part(Part.WITNESSES, witnessed is not None, woorden.GEEN_QUORUM)
        for size in sizes:
            path = os.path.join(self._location.audit, "checkpoints", f"{size}{TSR}")
            if size == stamped and (content := read(path)) is not None:
                self.members[checkpoint_path(size, TSR)] = content
        self._part(Part.TIMESTAMP, stamped is not None, woorden.GEEN_STEMPEL)

    # --- what lies beside the log ---

    def _openings(self) -> None:
        if self._wish.without(Part.OPENINGS):
            self.parts.append(Said(Part.OPENINGS, Stand.REDACTED, woorden.WEG))
            return
        found = kept_openings(self._reader, self.roles)
        for at, rows in found.items():
            self.members[opening_path(at)] = openings.write(rows)
            self.opened[at] = openings.values(rows)
        self._part(Part.OPENINGS, bool(found), woorden.NAMEN_GEWIST)

    def _content(self, message: Row) -> None:
        if not self._wish.content or self._wish.without(Part.CONTENT):
            why = woorden.WEG if self._wish.without(Part.CONTENT) else woorden.NIET_GEVRAAGD
            self.parts.append(Said(Part.CONTENT, Stand.REDACTED, why))
            return
        for folder, name in copies(self._location.root, message):
            content = read_if(folder, name, message["size"], message["sha256"])
            if content is not None:
                found = _EXTENSION.fullmatch(os.path.splitext(name)[1])
                self.members[f"{CONTENT}file{found[0].lower() if found else ''}"] = content
                break
        there = any(one.startswith(CONTENT) for one in self.members)
        self._part(Part.CONTENT, there, woorden.BYTES_WEG)

    def _metagegevens(self, message: Row) -> None:
        if self._wish.without(Part.METAGEGEVENS):
            self.parts.append(Said(Part.METAGEGEVENS, Stand.REDACTED, woorden.WEG))
            return
        content = metagegevens(self._reader, message["id"])
        if content is not None:
            self.members[METAGEGEVENS] = content
        self._part(Part.METAGEGEVENS, METAGEGEVENS in self.members, woorden.GEEN_RECORD)

    def _binding(self, message: Row, first: int) -> None:
        if self._wish.without(Part.BINDING):
            self.parts.append(Said(Part.BINDING, Stand.REDACTED, woorden.WEG))
            return
        found = binding(self._reader, message["id"])
        path = {"zegel": SEAL, "eherkenning": LOGIN}.get(found[0]) if found else None
        if found is not None and path is not None:  # a receipt's own delivery holds the receipt
            self.members[path] = found[1]
        bound = self.leaves[first].get("auth") in ("seal", "idp-bound")
        self._part(
            Part.BINDING, path is not None, woorden.BINDING_GEWIST if bound else woorden.ONGETEKEND
        )

    def _receipts(self, answers: list[Row]) -> None:
        """What the receiver sealed, by the leaf that names it."""
        if self._wish.without(Part.RECEIPTS):
            self.parts.append(Said(Part.RECEIPTS, Stand.REDACTED, woorden.WEG))
            return
        for one in answers:
            found = binding(self._reader, one["id"])
            if found is None or found[0] != RECEIPT:
                continue
            named = f"{RECEIPT}:{hashlib.sha256(found[1]).hexdigest()}"
            for at, fields in self.leaves.items():
                if named in fields.get("evidence", []):
                    self.members[f"{RECEIPTS}{at}.xml"] = found[1]
        there = any(name.startswith(RECEIPTS) for name in self.members)
        self._part(Part.RECEIPTS, there, woorden.GEEN_BEWIJS)

    def _trust(self, origin: str) -> None:
        """What it can be verified by; a verifier believes his own copy, not this one."""
        for name in (*AANKERS, *_TRUST):
            content = read(openbaar(self._location.state, name))
            if content is not None:
                self.members[f"{TRUST}{name}"] = content
        shown = proofs.keys(self._location.audit, origin)
        self.members |= {f"{TRUST}{name}": content for name, content in shown.items()}

    def _part(self, name: Part, there: bool, why: str) -> None:
        stand = Stand.PRESENT if there else Stand.ABSENT
        self.parts.append(Said(name, stand, "" if there else why))

    def _names(self, message: Row) -> dict[str, str]:
        party = self._config.partij(message["gemeentecode"])
        exchange = self._config.uitwisselingen.get(message["uitwisseling"])
        found = {message["gemeentecode"]: party.naam if party else ""}
        found[message["uitwisseling"]] = exchange.naam if exchange else ""
        return {key: value for key, value in sorted(found.items()) if key and value}


_FIELDS = (
    "id", "referentienummer", "direction", "gemeentecode", "uitwisseling", "sha256",
)  # fmt: skip


def gather(location: Location, config: Config, wish: Wish) -> Gathered:
    """Gather it all. :class:`EvidenceError` says why there can be no bundle."""
    unknown = sorted(wish.redact - set(REDACT))
    if unknown:
        raise EvidenceError(
            f"--redact {unknown[0]}: there is no such part", hint=f"choose from {', '.join(REDACT)}"
        )
    with Reader(location.database) as reader:
        return _Gathering(location, config, reader, wish).run()
