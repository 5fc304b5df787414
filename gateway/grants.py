# SPDX-License-Identifier: EUPL-1.2
"""Grants, revocations and changed rules become rows and leaves: the engine's side of it.

A leaf holds no user's name: that is a commitment, like every name in the log (``custody.py``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import envelopes
from gateway import store_tables as t
from gateway.autorisatie import (
    ONBEKEND,
    OPEN,
    Grant,
    Grants,
    Rol,
    Soort,
    in_force,
    regels,
)
from gateway.config import Config
from gateway.custody import Ledger
from gateway.errors import GatewayError
from gateway.partijen import gemeenten
from gateway.requests import Asked, Handler, Response
from gateway.store import Changes, Row, Store

MAX_NAME = 100
"""Characters of a user's name: what an envelope has room for (StUF zender.gebruiker)."""


class GrantError(GatewayError):
    """This grant cannot be given or taken back: nobody or nothing here is called so."""

    code = "grant"


class Wish(NamedTuple):
    """A request about grants, read: who, what for, from whose outboxes, and why."""

    gebruiker: str
    aanlevering: str
    gemeenten: list[str]
    mandaat_van: str
    rol: Rol
    door: str
    reden: str
    grondslag: str

    @classmethod
    def read(cls, asked: Asked) -> Wish:
        """Read it; ``GrantError`` for one that is not whole."""
        try:
            fields = {name: asked.body[name] for name in cls._fields}
            codes, rol = list(dict.fromkeys(fields.pop("gemeenten"))), Rol(fields.pop("rol"))
            plain = {name: str(value) for name, value in fields.items()}
        except (KeyError, TypeError, ValueError):
            codes, rol, plain = [], Rol.GEBRUIKER, {}
        if not codes or not plain.get("door"):
            raise GrantError("this request about grants is not a whole one", hint="type it again")
        return cls(gemeenten=codes, rol=rol, **plain)

    def grants(self) -> list[Grant]:
        """The grants that it is about; they have no leaf yet."""
        who, what, of = self.gebruiker, self.aanlevering, self.mandaat_van
        return [Grant(0, Soort.GRANT, who, what, code, of, self.rol) for code in self.gemeenten]


class Administration:
    """Does what people ask about grants. ``config`` gives the configuration in force."""

    def __init__(self, store: Store, ledger: Ledger, config: Callable[[], Config]) -> None:
        self._store = store
        self._ledger = ledger
        self._config = config

    def handlers(self) -> dict[str, Handler]:
        """Which kinds of requests are done here."""
        return {"grant": self._grant, "revoke": self._revoke}

    def _grant(self, asked: Asked, changes: Changes) -> Response:
        wish, config = Wish.read(asked), self._config()
        _check(wish, config)
        new: list[Grant] = []
        already: list[Grant] = []
        for one in wish.grants():
            before = self._held(one)
            (new if before is None or before.rol != one.rol else already).append(one)
        self._record(new, wish, changes)
        mode = config.aanleveringen[wish.aanlevering].autorisatie
        return Response({"done": _rows(new), "already": _rows(already), "open": mode == OPEN})

    def _revoke(self, asked: Asked, changes: Changes) -> Response:
        wish = Wish.read(asked)
        there, already = [], []
        for one in wish.grants():
            before = self._held(one)
            if before is None:
                already.append(one._replace(soort=Soort.REVOKE))
            else:
                there.append(before._replace(soort=Soort.REVOKE))
        self._record(there, wish, changes)
        return Response({"done": _rows(there), "already": _rows(already)})

    def _held(self, wanted: Grant) -> Grant | None:
        """The grant about the same that is in force now, if one is."""
        history = self._store.ask(Grants(wanted.gemeentecode))
        return {one.what: one for one in in_force(history, self._ledger.size)}.get(wanted.what)

    def _record(self, grants: list[Grant], wish: Wish, changes: Changes) -> None:
        for one in grants:
            as_what = f"mandaat van {one.mandaat_van}" if one.mandaat_van else one.rol
            about: Row = {
                "tenant": one.gemeentecode,
                "object": f"aanlevering {one.aanlevering}",
                "action": f"{one.soort} {as_what}",
            }
            if wish.grondslag:
                about["evidence"] = [f"grondslag:{wish.grondslag}"]
            leaf = self._ledger.act(
                f"role.{one.soort}", wish.door, about, changes, name=one.gebruiker
            )
            row = one._replace(leaf=leaf)._asdict()
            more = {"at": changes.at, "door": wish.door, "reden": wish.reden}
            changes.add(t.autorisatie, row | more)
            changes.outdated.add(Grants(one.gemeentecode))


def _check(wish: Wish, config: Config) -> None:
    """Refuse a grant to nobody, or for nothing that is here."""
    who, other = wish.gebruiker, wish.mandaat_van
    if not 0 < len(who) <= MAX_NAME or who == ONBEKEND or who != envelopes.xml_veilig(who):
        raise GrantError(
            f"a user's name has 1 to {MAX_NAME} characters that XML can hold, "
            f"and is not {ONBEKEND!r}",
            hint="write it as the chain sees it: a login name, or the name of a sub-folder",
        )
    if wish.aanlevering not in config.aanleveringen:
        known = ", ".join(config.aanleveringen) or "none; add the section to config.yaml"
        raise GrantError(
            f"there is no aanlevering {wish.aanlevering!r} in config.yaml",
            hint=f"there are: {known}",
        )
    for code in wish.gemeenten:
        if config.partij(code) is None:
            raise GrantError(
                f"{code} is not connected here", hint="add it under partijen in config.yaml"
            )
    if other and other not in gemeenten() and config.partij(other) is None:
        raise GrantError(f"{other} is no gemeentecode", hint="a code has 4 digits, as 0034")
    if other in wish.gemeenten:
        raise GrantError(
            f"{other} needs no mandate of its own", hint="give a grant, without --mandate"
        )


def _rows(grants: list[Grant]) -> list[Row]:
    return [
        {name: str(value) for name, value in one._asdict().items() if name != "leaf"}
        for one in grants
    ]


def note_rules(store: Store, config: Config, leaf: int, changes: Changes) -> None:
    """Keep what the configuration says of authorisation from this leaf on, where it is new.

    ``leaf`` is that of the ``config.change``. A clerk that works already must ask anew what then
    stands in ``changes.outdated``.
    """
    for key, wanted in regels(config).items():
        before = store.ask(key) or {}
        for sleutel, waarde in wanted.items():
            if not before.get(sleutel) or before[sleutel][-1].waarde != waarde:
                changes.add(t.regel, {"soort": key.soort, "sleutel": sleutel, "leaf": leaf,
                                      "waarde": json.dumps(waarde)})  # fmt: skip
                changes.outdated.add(key)
