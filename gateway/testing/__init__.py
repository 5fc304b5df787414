# SPDX-License-Identifier: EUPL-1.2
"""A whole chain for your tests: drop, settle, look; at the end all of it is verified once more.

::

    from gateway.testing import Keten

    with Keten(tmp_path) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"...")
        keten.settle()
        [received] = keten.received("wmo")
        assert received.name == "WMO_H22025_0363_0001.csv"

With pytest the fixture ``keten`` gives one. Nothing is faked: the real stations work on real
folders, a real store and a real log; only the chain's clock (``nu``) stands still until you turn
it, and ids come from a seed.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import envelopes
from gateway import durable, receipts
from gateway.chain import DEFAULT_STATIONS, Chain, Summary
from gateway.config import Uitwisseling
from gateway.folders import Waiting
from gateway.location import Location
from gateway.model import Direction, Event, Kind, Levering, Place
from gateway.moment import Clock
from gateway.requests import Asked, Handler, place
from gateway.setup import shipped_config
from gateway.store_queries import Reader
from gateway.testing.checks import Unsound, faults
from gateway.testing.tegenpartij import Beside
from gateway.trust.pki import ensure_pki

__all__ = ["Keten", "Received", "Unsound", "unbound"]

START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
"""Where ``nu`` stands at first: inside the window of H22025."""


def unbound(config: str | None = None) -> str:
    """A configuration (the shipped one) in which no exchange demands a seal or a login."""
    text = config if config is not None else shipped_config().decode()
    return text.replace("    binding: sterk\n", "    binding: zwak\n")


QUIET_MS = 50
"""Quiet time in a test's chain: long enough to be a time, short enough not to be felt."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file in a receiver's inbox, with its metagegevens."""

    path: Path
    content: bytes
    metagegevens: envelopes.Metagegevens

    @property
    def name(self) -> str:
        """The name under which it was delivered."""
        return self.path.name


class Keten:
    """A chain in a folder of its own. ``check`` runs when the ``with`` block ends well.

    ``config`` is the text of a config.yaml (the shipped one when left out); ``nu`` where the
    chain's clock stands; ``seed`` what its ids come from; ``stations`` what it plays: with ``cbs``
    among them the simulated CBS takes what comes and answers, when the clock says so.
    ``happened`` is all that happened so far, ``told`` what was taken and could not go on, each time
    that it was said.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        config: str | None = None,
        nu: datetime = START,
        seed: int = 0,
        stations: Sequence[str] = DEFAULT_STATIONS,
        state: Path | str | None = None,
    ) -> None:
        self.folder = Path(folder)
        path = self.folder / "config.yaml"
        text = config.encode() if config is not None else shipped_config()
        durable.make_dir(str(self.folder))
        durable.put(str(path), text)
        self.location = Location.of(str(path), str(state) if state else None)
        self.root = Path(self.location.root)
        self.stations = tuple(stations)
        self.happened: list[tuple[Event, Levering]] = []
        self.told: list[Waiting] = []
        self._clock = Clock(standing=nu, chance=random.Random(seed).randbytes)  # noqa: S311
        self._chain = self._open()
        if "cbs" in self.stations:  # it seals what it receives
            self.make_keys()
        self.cbs = Beside(self.location, self._clock, QUIET_MS) if "cbs" in self.stations else None

    def _open(self) -> Chain:
        played = tuple(one for one in self.stations if one != "cbs")
        chain = Chain(
            self.location, played, clock=self._clock, listener=self.happened.extend,
            trouble=self.told.append, quiet_ms=QUIET_MS,
        )  # fmt: skip
        self.config = chain.config
        return chain

    def __enter__(self) -> Keten:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.close()
            return
        try:
            self.settle()
            self.check()
        finally:
            self.close()

    # --- the municipality's side ---

    def outbox(self, code: str, uitwisseling: str = "", gebruiker: str = "") -> Path:
        """The folder to drop in: by name, or with the exchange (and user) chosen."""
        return self._path(Place(Kind.OUTBOX, code, uitwisseling, gebruiker))

    def drop(
        self, code: str, name: str, content: bytes, *, uitwisseling: str = "", gebruiker: str = ""
    ) -> Path:
        """Drop a file in a municipality's outbox, as an employee would: written, then closed."""
        return _write(self.outbox(code, uitwisseling, gebruiker), name, content)

    def seal(self, code: str, name: str, content: bytes, als: str = "") -> bytes:
        """Seal a file as ``knooppunt seal`` does: by the municipality's key, or an employee's."""
        from gateway.binding import client  # what logs in over HTTP is not in every test's memory

        self.make_keys()
        return client.sealed(self.location, name, content, code, als)

    def drop_sealed(
        self, code: str, name: str, content: bytes, *, als: str = "coordinator",
        uitwisseling: str = "",
    ) -> Path:  # fmt: skip
        """Drop a file with its seal, the seal first."""
        self.drop(code, f"{name}.p7s", self.seal(code, name, content, als),
                  uitwisseling=uitwisseling)  # fmt: skip
        return self.drop(code, name, content, uitwisseling=uitwisseling)

    def make_keys(self) -> None:
        """The development keys and certificates that ``knooppunt init`` makes."""
        ensure_pki(self.location.state, self.config)

    def grant(self, gebruiker: str, aanlevering: str, *gemeenten: str, **more: str) -> None:
        """What ``knooppunt grant`` does; ``mandaat_van`` and ``rol`` may be given."""
        self._ask("grant", gebruiker, aanlevering, gemeenten, more)

    def revoke(self, gebruiker: str, aanlevering: str, *gemeenten: str, **more: str) -> None:
        """What ``knooppunt revoke`` does."""
        self._ask("revoke", gebruiker, aanlevering, gemeenten, more)

    def _ask(
        self, kind: str, gebruiker: str, aanlevering: str, gemeenten: Sequence[str],
        more: dict[str, str],
    ) -> None:  # fmt: skip
        body: dict[str, object] = {"gebruiker": gebruiker, "aanlevering": aanlevering}
        body |= {"gemeenten": list(gemeenten), "mandaat_van": "", "rol": "gebruiker"}
        body |= {"door": "beheer", "reden": "", "grondslag": "", **more}
        asked = Asked(Clock().fresh_ulid(), kind, body)
        place(self.location.state, asked)
        self.settle()
        with Reader(self.location.database) as reader:
            answer = json.loads(reader.answer(asked.id) or "{}")
        if "done" not in answer:
            raise ValueError(f"{kind}: {answer}")

    def inbox(self, code: str) -> list[Path]:
        """What lies in a municipality's inbox, by name."""
        return _files(self._path(Place(Kind.INBOX, code)))

    def verzonden(self, code: str) -> list[Path]:
        """What was accepted from a municipality, by name."""
        return _files(self._path(Place(Kind.VERZONDEN, code)))

    def notices(self, code: str, soort: str = "") -> list[str]:
        """The texts of the receipts (``ontvangst``) and refusals (``weigering``) in an inbox."""
        found = [p for p in self.inbox(code) if p.suffix == ".txt" and f"_{soort}" in p.name]
        return [path.read_text("utf-8") for path in found]

    # --- the receiver's side ---

    def received(self, uitwisseling: str) -> list[Received]:
        """What an exchange's receiver got and has not taken away, in order of name.

        Each kind of party has a folder of its own; that of municipalities comes first.
        """
        found = []
        for path in self._at_receiver(uitwisseling):
            if path.name.endswith("_metagegevens.xml"):
                continue
            record = path.parent / f"{path.stem}_metagegevens.xml"
            found.append(
                Received(path, path.read_bytes(), envelopes.read_metagegevens(record.read_bytes()))
            )
        return found

    def send(
        self, uitwisseling: str, name: str, content: bytes, *, soort: str = "gemeente"
    ) -> Path:
        """Put a file in a receiver's send folder: a report on its way back to a ``soort``."""
        places = dict(self._receiver(uitwisseling, Kind.RECEIVER_UIT))
        return _write(self._path(places[soort]), name, content)

    def empty_receivers(self) -> list[Path]:
        """Let every receiver take what lies in its inbox; returns what was taken."""
        taken = []
        for exchange in self.config.heen:
            for path in self._at_receiver(exchange.id):
                path.unlink()
                taken.append(path)
        return taken

    def _at_receiver(self, uitwisseling: str) -> list[Path]:
        places = self._receiver(uitwisseling, Kind.RECEIVER_IN)
        return [path for _, place in places for path in _files(self._path(place))]

    def _receiver(self, uitwisseling: str, kind: Kind) -> list[tuple[str, Place]]:
        exchange: Uitwisseling = self.config.uitwisselingen[uitwisseling]
        heen = exchange.direction is Direction.HEEN
        if heen != (kind is Kind.RECEIVER_IN):
            raise ValueError(f"{uitwisseling} runs {exchange.richting}")
        at = exchange.tegenpartij
        return [(soort, Place(kind, at, code)) for soort, code in exchange.codes.items()]

    # --- between the hubs ---

    def hop(self, name: str) -> Path:
        """A hop folder: ``ggk/uit``, ``ggk/uit/antwoord``, ``ggk/in`` or ``ggk/in/antwoord``."""
        return self._path(Place(Kind(name)))

    def quarantine(self) -> list[Path]:
        """The folders in quarantine, one a file."""
        top = self.root / "quarantaine"
        return sorted(p for p in top.iterdir() if not p.name.startswith("."))

    # --- time and rounds ---

    def settle(self) -> Summary:
        """Go round until nothing is due now; unfinished files get one quiet time."""
        while True:
            summary = self._chain.run_once()
            if self.cbs is None or not self.cbs.settle():
                return summary

    @property
    def nu(self) -> datetime:
        """The chain's time."""
        return self._clock.nu()

    def advance(self, **by: float) -> datetime:
        """Turn the chain's clock on, by the words of ``timedelta``: ``advance(days=3)``."""
        return self.turn(self.nu + timedelta(**by))

    def turn(self, nu: datetime) -> datetime:
        """Turn the chain's clock to a time of its own; that is a leaf."""
        self._chain.turn_clock(nu)
        return self.nu

    def reconfigure(self, config: str) -> bool:
        """Put another config.yaml in place, as an operator would; False when it is refused."""
        durable.put(str(self.folder / "config.yaml"), config.encode())
        taken = self._chain.reload()
        self.config = self._chain.config
        if self.cbs is not None:
            self.cbs.reload()
        return taken

    def restart(self) -> None:
        """Stop the gateway and start it again on the same state."""
        self._chain.close()
        self._chain = self._open()
        if self.cbs is not None:
            self.cbs.restart()

    @property
    def said(self) -> list[str]:
        """What the gateway said when it was started."""
        return self._chain.said

    def close(self) -> None:
        """Stop the gateway."""
        if self.cbs is not None:
            self.cbs.close()
        self._chain.close()

    @property
    def handlers(self) -> dict[str, Handler]:
        """What this chain does when a person asks it, by kind (``gateway/requests.py``)."""
        return self._chain.handlers

    # --- questions ---

    def trace(self, ref: str) -> list[dict[str, Any]]:
        """What ``knooppunt trace REF --json`` gives as ``messages``."""
        return receipts.trace(self.location, ref, self.nu)[0]

    def types(self) -> list[str]:
        """The types of all events so far, in order."""
        return [event.type.value for event, _ in self.happened]

    def check(self) -> None:
        """Verify everything again; :class:`Unsound` lists all that does not fit.

        Nothing half claimed, store and folders agree, every quarantined file has its reason, the
        log verifies and is the store's.
        """
        self._chain.publish()
        found = faults(self.location, self.config)
        if found:
            raise Unsound(found)

    def _path(self, place: Place) -> Path:
        return self.root.joinpath(*place.parts)


def _write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and not os.path.islink(p))
