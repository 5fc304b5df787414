# SPDX-License-Identifier: EUPL-1.2
"""Steps of a verification beside the log: the index, the chain of a message, and what opens it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.audit.others import SLACK_S
from gateway.evidence import openings
from gateway.evidence.believed import Belief
from gateway.evidence.container import MIMETYPE
from gateway.evidence.index import (
    BINDING,
    CONTENT,
    INDEX,
    LOGIN,
    METAGEGEVENS,
    OPENINGS,
    PAGE,
    PDF,
    README,
    RECEIPTS,
    SEAL,
    TRUST,
    Index,
    Part,
    Rol,
    Stand,
    checkpoint_path,
    content_path,
    leaf_path,
    opening_path,
    proof_path,
    status,
)
from gateway.evidence.openings import OpeningError
from gateway.evidence.opsomming import ARCHIVE, MANIFEST, SIGNATURE, TIMESTAMP
from gateway.evidence.steps import Found, Outcome, absent, failed, ok
from gateway.evidence.wie import Handed, bound, received
from gateway.evidence.woorden import REDENEN
from gateway.names import ULID, UUID

_PLACES = {
    Part.OPENINGS: OPENINGS,
    Part.CONTENT: CONTENT,
    Part.METAGEGEVENS: METAGEGEVENS,
    Part.BINDING: BINDING,
    Part.RECEIPTS: RECEIPTS,
}


_WAY = {
    ("A.1", "ggk"): "heen", ("A.2", "ggk"): "heen", ("D.1", "rinis"): "heen",
    ("A.1", "rinis"): "retour", ("A.2", "rinis"): "retour", ("D.1", "ggk"): "retour",
}  # fmt: skip
"""Which way a message goes, by who took it and who placed it."""


_FORMS = {
    "id": re.compile(ULID),
    "referentienummer": re.compile(UUID),
    "direction": re.compile("heen|retour"),
}
"""What the gateway itself makes, and nothing else: ``moment.py``, ``model.Direction``."""


_OURS = re.compile(f"{CONTENT}file([.][a-z0-9]+)?|{TRUST}(succession/)?[A-Za-z0-9._-]+")
"""Members whose names follow from no leaf: the message's own bytes, and what is believed."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose seal and leaves were read, and what its reader believes."""

    members: Mapping[str, bytes]
    index: Index
    leaves: Mapping[int, Mapping[str, Any]]
    belief: Belief
    sealed: datetime | None = None
    """When it was sealed, where nothing but the seal itself says so."""

    def of(self, role: Rol) -> dict[int, Mapping[str, Any]]:
        """The leaves that are here for this reason, oldest first."""
        found = sorted(at for at, one in self.index.leaves.items() if one == role)
        return {at: self.leaves[at] for at in found}

    def openings(self, at: int) -> bytes:
        """The file of openings of a leaf; empty when there is none."""
        return self.members.get(opening_path(at), b"")

    def opened(self, at: int) -> dict[str, str]:
        """What the commitments of a leaf stand for, by their labels; empty when that is not here.

        That each opens its commitment is a step of its own.
        """
        try:
            return openings.values(openings.read(self.openings(at)))
        except OpeningError:
            return {}

    def lacks(self, part: Part) -> Found:
        """The step of a part that is not there."""
        said = self.index.part(part)
        word = "left out" if said.state == Stand.REDACTED else "not in it"
        return absent(f"{word}; the bundle says why: {said.why}" if said.why else word)


def index(bundle: Bundle) -> Found:
    """What ``evidence.json`` says follows from the leaves, and each member has its place."""
    faults = [*_facts(bundle), *_names(bundle), *_strays(bundle), *_states(bundle)]
    newest = max((one["at"] for one in bundle.leaves.values()), default=0) / 1000
    if bundle.sealed is not None and bundle.sealed.timestamp() + SLACK_S < newest:
        faults.append("META-INF/signature.p7s: it says to be older than a leaf that it seals")
    if faults:
        return failed(*faults)
    alone = "" if bundle.belief.deelnemers else "; names of party and exchange are the gateway's"
    return ok(f"message {bundle.index.message.referentienummer}{alone}")


def _facts(bundle: Bundle) -> Iterator[str]:
    message, ours = bundle.index.message, bundle.of(Rol.MESSAGE)
    for name, form in _FORMS.items():
        if not form.fullmatch(getattr(message, name)):
            yield f"{INDEX}: no message has such a {name}"
    if not ours:
        yield f"{INDEX}: it names no leaf of the message"
    forth = message.direction == "heen"
    for at, one in ours.items():
        same = (one.get("msg"), one.get("content"), one.get("size"), one.get("tenant", ""))
        if same != (message.id, message.sha256, message.size, message.gemeentecode):
            yield f"{INDEX}: {leaf_path(at)} is about another message, other bytes or another party"
        elif one["object"] != (message.uitwisseling or "onbekend"):
            yield f"{INDEX}: {leaf_path(at)} is of another exchange"
        elif forth and one.get("flow") != message.referentienummer:
            yield f"{INDEX}: {leaf_path(at)} is of another referentienummer"
    if message.status != status(ours.values()):
        yield f"{INDEX}: it says {message.status}, the leaves say {status(ours.values())}"
    if any(message.direction != _WAY.get((one["type"][:3], one["source"]), message.direction)
           for one in ours.values()):  # fmt: skip
        yield f"{INDEX}: by the leaves it went the other way than {message.direction}"
    for at, one in bundle.of(Rol.ANSWER).items():
        if one.get("msg") in (None, message.id) or one.get("flow") != message.referentienummer:
            yield f"{INDEX}: {leaf_path(at)} is no leaf of an answer"
    for at, one in bundle.of(Rol.GRANT).items():
        if one["type"] not in ("role.grant", "role.revoke") or at > min(ours, default=at):
            yield f"{INDEX}: {leaf_path(at)} is no grant from before the message"


def _names(bundle: Bundle) -> Iterator[str]:
    """What party and exchange are called, as the reader knows them."""
    known = bundle.belief.deelnemers.namen if bundle.belief.deelnemers else {}
    about = (bundle.index.message.gemeentecode, bundle.index.message.uitwisseling)
    for key, name in bundle.index.names.items():
        if key not in about:
            yield f"{INDEX}: it names {key}, and the message is not about that"
        elif name not in known.get(key, (name,)):
            yield f"{INDEX}: it calls {key} {name!r}; you know it as {known[key][0]!r}"


def _strays(bundle: Bundle) -> Iterator[str]:
    """By exact names, as ``vreemd`` in the README has them; a folder makes nothing ours."""
    known = {INDEX, PAGE, PDF, README, METAGEGEVENS, MIMETYPE, SEAL, LOGIN}
    known |= {MANIFEST, SIGNATURE, ARCHIVE, TIMESTAMP}
    for at in bundle.leaves:
        known |= {leaf_path(at), opening_path(at), f"{RECEIPTS}{at}.xml"}
        known |= {proof_path(size, at) for size in bundle.index.checkpoints}
    for size in bundle.index.checkpoints:
        known |= {checkpoint_path(size), checkpoint_path(size, ".tsr")}
    for name in bundle.members:
        if name not in known and not _OURS.fullmatch(name):
            yield f"{name}: {INDEX} does not say what it is for"


def _states(bundle: Bundle) -> Iterator[str]:
    for part, place in _PLACES.items():
        there = any(name.startswith(place) for name in bundle.members)
        if there != (bundle.index.part(part).state == Stand.PRESENT):
            yield f"{INDEX}: it says that {part} is {bundle.index.part(part).state}"
    if sorted(one.name for one in bundle.index.parts) != sorted(Part):
        yield f"{INDEX}: it does not say of each part once how that stands"
    for one in bundle.index.parts:
        whys = {Stand.PRESENT: ("",), **REDENEN[Part(one.name)]}
        if one.why not in whys.get(Stand(one.state), ()):
            yield f"{INDEX}: no bundle says of {one.name}: {one.why!r}"


def chain(bundle: Bundle) -> Found:
    """Each leaf of a message names the one before it, and time never goes back."""
    faults: list[str] = []
    last: dict[str, int] = {}
    times = 0
    for at in sorted(bundle.leaves):
        one = bundle.leaves[at]
        if one["at"] < times:
            faults.append(f"{leaf_path(at)}: it is earlier than a leaf before it")
        times = max(times, one["at"])
        message = one.get("msg")
        if message is None:
            continue
        if one.get("prev") != last.get(message):
            told = one.get("prev", "none")
            faults.append(f"{leaf_path(at)}: the leaf before it is {told}, and that is not here")
        last[message] = at
    if faults:
        return failed(*faults)
    first, final = min(bundle.of(Rol.MESSAGE)), max(bundle.of(Rol.MESSAGE))
    return ok(f"leaves {first} to {final} of the message, none missing between them")


def opened(bundle: Bundle) -> Found:
    """Each opening opens a commitment in its leaf."""
    count, faults = 0, []
    for at, fields in bundle.leaves.items():
        path = opening_path(at)
        if path not in bundle.members:
            continue
        try:
            rows = openings.read(bundle.members[path])
        except OpeningError as error:
            faults.append(f"{path}: {error}")
            continue
        faults += [f"{path}: {one}" for one in openings.faults(rows, fields)]
        count += len(rows)
    if faults:
        return failed(*faults)
    return ok(f"{count} names, each the one committed to") if count else bundle.lacks(Part.OPENINGS)


def content(bundle: Bundle) -> Found:
    """The bytes are those of the leaves."""
    path, message = content_path(bundle.members), bundle.index.message
    if not path:
        return bundle.lacks(Part.CONTENT)
    files = [name for name in bundle.members if name.startswith(CONTENT)]
    if len(files) > 1:
        return failed(*(f"{name}: a message is one file" for name in files))
    found = bundle.members[path]
    if (hashlib.sha256(found).hexdigest(), len(found)) != (message.sha256, message.size):
        return failed(f"{path}: these are other bytes than those of the leaves")
    return ok(f"{path}: {len(found)} bytes, SHA-256 {message.sha256}")


def binding(bundle: Bundle) -> Found:
    """The seal or login is over these bytes, and by somebody of this party."""
    files = [name for name in bundle.members if name.startswith(BINDING)]
    if not files:
        return bundle.lacks(Part.BINDING)
    if len(files) > 1:
        return failed(*(f"{name}: a message has one seal or login" for name in files))
    path = content_path(bundle.members)
    shown = bundle.members[path] if path else None
    at, first = next(iter(bundle.of(Rol.MESSAGE).items()))
    handed = Handed(first, bundle.opened(at).get("name", ""))
    data = bundle.members[files[0]]
    return bound(files[0], data, handed, bundle.index.message, bundle.belief, shown)


def receipts(bundle: Bundle) -> Found:
    """The receiver sealed that he got it."""
    files = [name for name in bundle.members if name.startswith(RECEIPTS)]
    if not files:
        return bundle.lacks(Part.RECEIPTS)
    found = [
        received(name, bundle.members[name], bundle.of(Rol.MESSAGE), bundle.index.message,
                 bundle.belief)
        for name in files
    ]  # fmt: skip
    wrong = [one.detail for one in found if one.outcome is Outcome.FAILED]
    unsure = [one for one in found if one.outcome is not Outcome.OK]
    return failed(*wrong) if wrong else (unsure or found)[0]
