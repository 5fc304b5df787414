# SPDX-License-Identifier: EUPL-1.2
"""``vertrouwen/deelnemers.json``: who takes part, as a reader of evidence must know it.

What certificates do not say: what parties and exchanges are called, under which OIN the receiver of
an exchange seals, and which identity provider logs in for whom. A verifier compares a bundle with
his own copy of it, so that the gateway cannot call a municipality or exchange something else.

``knooppunt init`` writes it from the configuration. What was so before stays in it, behind the
newest: evidence of then stays good.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway import durable
from gateway.config import Config
from gateway.errors import TrustError
from gateway.trust.domeinen import oin_van_ontvanger
from gateway.trust.sleutels import lees, openbaar

DEELNEMERS = "deelnemers.json"
VERSION = 1
_MODE = 0o644

Names = Mapping[str, tuple[str, ...]]


class Inlogdienst(NamedTuple):
    """An identity provider by its name in tokens (``iss``), and ours there (``aud``)."""

    uitgever: str
    client: str


class Deelnemers(NamedTuple):
    """Who takes part. Each list has the newest first.

    ``namen``: of a party by its code, of an exchange by its id. ``oins``: those that the receiver
    of an exchange seals under, by the exchange.
    """

    inlogdiensten: tuple[Inlogdienst, ...]
    namen: Names
    oins: Names


def van(config: Config) -> Deelnemers:
    """Those of a configuration."""
    eh = config.eherkenning
    exchanges = config.uitwisselingen.values()
    names = {code: (one.naam,) for code, one in config.partijen.items() if one.naam}
    names |= {one.id: (one.naam,) for one in exchanges if one.naam}
    found = {one.id: oin_van_ontvanger(config, one.tegenpartij) for one in exchanges}
    oins = {key: (oin,) for key, oin in found.items() if oin}
    return Deelnemers((Inlogdienst(eh.uitgever, eh.client),), names, oins)


def publiceer(state: str, config: Config) -> None:
    """Write those of now before those of earlier; nothing where that changes nothing."""
    path = openbaar(state, DEELNEMERS)
    kept = lees(path) if os.path.exists(path) else b""
    before = parse(kept, path) if kept else Deelnemers((), {}, {})
    now = van(config)
    logins = dict.fromkeys((*now.inlogdiensten, *before.inlogdiensten))
    content = _write(Deelnemers(
        tuple(logins), _merged(now.namen, before.namen), _merged(now.oins, before.oins)
    ))  # fmt: skip
    if content != kept:
        durable.put(path, content, _MODE)


def _merged(now: Names, before: Names) -> Names:
    keys = sorted({*now, *before})
    return {key: tuple(dict.fromkeys((*now.get(key, ()), *before.get(key, ())))) for key in keys}


def _write(found: Deelnemers) -> bytes:
    plain: dict[str, Any] = {"versie": VERSION, **found._asdict()}
    plain["inlogdiensten"] = [one._asdict() for one in found.inlogdiensten]
    return json.dumps(plain, indent=1, ensure_ascii=False).encode() + b"\n"


def parse(content: bytes, path: str) -> Deelnemers:
    """Read it; :class:`TrustError` for anything else."""
    try:
        plain = json.loads(content.decode())
        version = plain.pop("versie")
        logins = tuple(Inlogdienst(**one) for one in plain.pop("inlogdiensten"))
        found = Deelnemers(logins, _names(plain.pop("namen")), _names(plain.pop("oins")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        version, found = None, Deelnemers((), {}, {})
    if version != VERSION:
        raise TrustError(
            f"{path} is damaged, or not of version {VERSION}",
            hint="copy it from the gateway's vertrouwen/ again; there: knooppunt init",
        )
    return found


def _names(plain: Mapping[str, list[str]]) -> Names:
    return {str(key): tuple(map(str, rows)) for key, rows in plain.items()}
