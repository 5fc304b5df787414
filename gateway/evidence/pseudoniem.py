# SPDX-License-Identifier: EUPL-1.2
"""Who is behind the certificate or login by which a file was handed in, by the log.

In a seal or a token stands a pseudonym, in the leaf of the handing in a commitment to an employee.
What ties the two is a leaf from before (``pseudonym.link``): so the operator cannot name another
afterwards. Leaves about one pseudonym are a chain, so that a second one shows.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import NamedTuple

from gateway.binding import cms, verklaring
from gateway.binding.cms import CmsError
from gateway.binding.verklaring import VerklaringError
from gateway.evidence import openings
from gateway.evidence.index import BINDING, SEAL, Rol, leaf_path
from gateway.evidence.openings import OpeningError
from gateway.evidence.parts import Bundle
from gateway.evidence.steps import Found, absent, failed, ok, unchecked
from gateway.lifecycle import PSEUDONYM_LINK, pseudonym_chain
from gateway.stations.how_bound import ORGANISATIE
from gateway.trust.ketting import signer_van


class Bearer(NamedTuple):
    """Who a seal or login names: a pseudonym; empty for an organisation's own seal.

    ``certificate`` is how an employee is known whose certificate holds none.
    """

    pseudonym: str
    certificate: str

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains of leaves that may say who it is."""
        return tuple(pseudonym_chain(one) for one in (self.pseudonym or self.certificate,) if one)


def bearer(content: bytes, *, seal: bool) -> Bearer | None:
    """Read it from what lay beside the file; whether that is right, another step says."""
    try:
        if seal:
            signer = signer_van(cms.read(content).signer)
            return Bearer(signer.pseudoniem, signer.vingerafdruk)
        body = verklaring.read(content).id_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return Bearer(str(claims["ActingSubjectID"]), "")
    except (CmsError, VerklaringError, ValueError, LookupError, TypeError):
        return None


def person(bundle: Bundle) -> Found:
    """The pseudonym that signed is that of the employee in the leaf, by a leaf from before."""
    first, fields = next(iter(bundle.of(Rol.MESSAGE).items()), (0, {}))
    strange = [
        f"{leaf_path(at)}: it does not say, from before the handing in, whose a pseudonym is"
        for at, one in bundle.of(Rol.LINK).items()
        if one["type"] != PSEUDONYM_LINK or at > first
    ]
    if strange:
        return failed(*strange)
    files = [name for name in bundle.members if name.startswith(BINDING)]
    if not files:
        return absent("no seal or login is in it, so nobody's pseudonym")
    found = bearer(bundle.members[files[0]], seal=files[0] == SEAL)
    if found is None:
        return failed(f"{files[0]}: it does not say who signed")
    actor = _opened(bundle, first).get("actor", "")
    if fields.get("loa") == ORGANISATIE:
        return _organisation(found, actor, bundle.index.message.gemeentecode)
    return _employee(bundle, found, first, actor)


def _organisation(found: Bearer, actor: str, code: str) -> Found:
    if found.pseudonym:
        return failed("the leaf says that an organisation sealed; it was an employee of it")
    if actor not in ("", code):
        return failed("the leaf names a person; an organisation sealed, which names none")
    return ok(f"the organisation {code} itself, and no person")


def _employee(bundle: Bundle, found: Bearer, first: int, actor: str) -> Found:
    who = found.pseudonym or f"certificate {found.certificate}"
    links = {
        at: one
        for at, one in bundle.of(Rol.LINK).items()
        if one.get("msg") in found.chains and one["result"] == "ok"
    }
    if not links:
        return failed(f"{who}: no leaf from before the handing in says whose that is")
    names = {at: _opened(bundle, at).get("name", "") for at in links}
    faults = [
        f"{leaf_path(at)}: {who} is of another party"
        for at, one in links.items()
        if one.get("tenant") != bundle.index.message.gemeentecode
    ]
    faults += [
        f"{leaf_path(at)}: {who} is another employee than {leaf_path(first)} names"
        for at, name in names.items()
        if actor and name not in ("", actor)
    ]
    if faults:
        return failed(*faults)
    shut = [at for at, name in names.items() if not name] or [first] * (not actor)
    if shut:
        return unchecked(f"{who}: whose that is, is not shown (no opening of leaf {shut[0]})")
    return ok(f"{who} is the employee that leaf {first} names, by leaf {min(links)} from before")


def _opened(bundle: Bundle, at: int) -> Mapping[str, str]:
    try:
        return openings.values(openings.read(bundle.openings(at)))
    except OpeningError:
        return {}  # told by its own step
