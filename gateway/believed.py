# SPDX-License-Identifier: EUPL-1.2
"""What a gateway believes in, read from its state: roots, lists, the broker's keys, who is who.

And the keys of its own log, by which it knows what a signer saw of it.

Stations read no disk: the configuration that they are given carries it (``Config.trust``). It is
read again when one of its files is another than before: a revocation counts within a second.
"""

from __future__ import annotations

import os

from gateway.audit import reading
from gateway.binding.trust import Trust
from gateway.binding.verklaring import read_jwks
from gateway.config import Config
from gateway.location import AUDIT
from gateway.trust.domeinen import IDP, domeinen
from gateway.trust.sleutels import (
    AANKERS,
    PSEUDONIEMEN,
    lees,
    lees_pseudoniemen,
    lees_vertrouwen,
    openbaar,
)

LOOK_SECONDS = 1.0

Stamp = tuple[tuple[int, int, int] | None, ...]


def with_trust(config: Config, state: str) -> Config:
    """The configuration with what seals and logins are judged by; without, where there is none.

    Raises :class:`TrustError` when what is there cannot be used.
    """
    if not os.path.exists(openbaar(state, AANKERS[0])):
        return config
    jwks = openbaar(state, f"{IDP}.jwks")
    trust = Trust(
        lees_vertrouwen(state, config),
        read_jwks(lees(jwks), jwks) if os.path.exists(jwks) else "",
        {one.oin: one.gemeentecode for one in domeinen(config) if one.gemeentecode},
        dict(lees_pseudoniemen(state)),
    )
    return config.with_trust(trust)


def with_logs(config: Config, state: str, origin: str) -> Config:
    """The same with the keys of this log, of now and of before, as its folder shows them."""
    if config.trust is None:
        return config
    keys = reading.vkeys(os.path.join(state, AUDIT), origin)
    return config.with_trust(config.trust._replace(logs=tuple(keys)))


def stamp(config: Config, state: str) -> Stamp:
    """What tells the files that it was read from, from those files changed."""
    paths = [openbaar(state, one) for one in (*AANKERS, f"{IDP}.jwks")]
    paths += [os.path.join(state, PSEUDONIEMEN), *config.vertrouwen]
    paths += reading.vkey_files(os.path.join(state, AUDIT))
    return tuple(map(_identity, paths))


def _identity(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
