# SPDX-License-Identifier: EUPL-1.2
"""Where a gateway's things lie: its configuration, its folders, its state."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

import envelopes
from envelopes.xsd import Schematekst, schema_bytes
from gateway.config import Config, parse
from gateway.errors import ConfigError, Fault

DATABASE = "knooppunt.db"
AUDIT = "audit"

COUNTERPART = "cbs"
"""The receiver that the simulator can play: its folder, and the name of what plays it."""

_SCHEMA_FIX = "name a schema of ours, or put yours in schemas/ beside the configuration"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a gateway's things lie: configuration, folders, state."""

    config_path: str
    root: str
    state: str

    @classmethod
    def of(cls, config_path: str, state: str | None = None) -> Location:
        """``folders/`` beside the configuration; ``.state`` in it, unless placed elsewhere."""
        root = os.path.join(os.path.dirname(os.path.abspath(config_path)), "folders")
        return cls(config_path, root, os.path.abspath(state or os.path.join(root, ".state")))

    @property
    def database(self) -> str:
        """The store's file."""
        return os.path.join(self.state, DATABASE)

    @property
    def lock(self) -> str:
        """The file that a running gateway holds."""
        return os.path.join(self.state, "lock")

    @property
    def audit(self) -> str:
        """The folder of the published log."""
        return os.path.join(self.state, AUDIT)

    @property
    def log_key(self) -> str:
        """The log's private key, in the folder of its own trust domain."""
        return os.path.join(self.state, "keys", "log", "log.key")


def find_config(here: str, state: str | None = None) -> str:
    """``config.yaml`` in this directory, or in the nearest one above that has it.

    Raises :class:`ConfigError` where there is none: of the nearest chain, or of the one whose
    ``state`` is named.
    """
    folder, seen = os.path.abspath(here), list[str]()
    while True:
        path = os.path.join(folder, "config.yaml")
        if os.path.isfile(path):
            return path
        seen.append(path)
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    chains = [one for one in seen if os.path.exists(Location.of(one).database)]
    path = (chains or seen)[0]
    raise missing(path, f"there is no config.yaml in {here} or above it", state)


def is_running(state: str) -> bool:
    """Whether a gateway holds the lock of a state. Looks it up; trying it might be in its way."""
    try:
        inode = os.stat(os.path.join(state, "lock")).st_ino
        with open("/proc/locks", encoding="ascii") as file:
            lines = [line.split() for line in file]
    except OSError:
        return False
    return any("FLOCK" in one and one[-3].endswith(f":{inode}") for one in lines)


def missing(path: str, said: str = "", state: str | None = None) -> ConfigError:
    """There is no configuration there; where a chain has its state, a new one would not do."""
    location = Location.of(path, state)
    hint = "make a chain with: knooppunt init DIR      or say --config FILE"
    if os.path.exists(location.database):
        hint = (
            f"a chain has its state in {location.state}: put its config.yaml back (each backup "
            "holds it); a gateway that runs goes on with the one it had. Not `init`: it would "
            "write the configuration of an example"
        )
    return ConfigError(said or f"there is no configuration at {path}", hint=hint)


class Version(NamedTuple):
    """One text of the configuration, and what it means: read once, so that both are the same."""

    config: Config
    text: str
    """As it stands in the file, to the byte."""


def read_config(path: str) -> Config:
    """The configuration in a file; :class:`ConfigError` with every fault and its place."""
    return read_version(path).config


def read_version(path: str) -> Version:
    """The configuration in a file, and its text; :class:`ConfigError` as above."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    except FileNotFoundError:
        raise missing(path) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path} is not UTF-8: line {line} holds a byte that is no part of a character",
            hint="save it as UTF-8, then run: knooppunt config check",
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}",
            hint="give the user of the gateway the right to read it",
        ) from None
    return Version(understood(text, path), text)


def understood(text: str, path: str) -> Config:
    """What a text means as the configuration at ``path``; :class:`ConfigError` as above."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _with_schemas(_with_keys(parse(text, path), path), text, path)


def _with_keys(config: Config, path: str) -> Config:
    """The files of keys and certificates that the configuration names, found from beside it."""
    beside = os.path.dirname(os.path.abspath(path))

    def found(name: str | None) -> str | None:
        return name and os.path.join(beside, name)

    files = ("bestand", "certificaten", "wachtwoord_bestand")
    keys = {
        domain: one.model_copy(update={name: found(getattr(one, name)) for name in files})
        for domain, one in config.sleutels.items()
    }
    others = tuple(os.path.join(beside, one) for one in config.vertrouwen)
    return config.model_copy(update={"sleutels": keys, "vertrouwen": others})


def _with_schemas(config: Config, text: str, path: str) -> Config:
    """The schemas that exchanges name, found: ``schemas/`` beside the file, else one of ours."""
    paths: dict[str, str] = {}
    read: dict[str, Schematekst] = {}
    faults = []
    mark = repr(beside(path))  # before they are read, or a change is missed
    for key, exchange in config.uitwisselingen.items():
        if exchange.schema_ is None:
            continue
        own = os.path.join(_schemas(path), exchange.schema_)
        paths[key] = own if os.path.isfile(own) else exchange.schema_
        try:
            if paths[key] == own:
                read[own] = _read_schema(own, mark)
            else:
                schema_bytes(exchange.schema_)  # ours is whole, or there is none of this name
        except ValueError as error:
            place = _place(text, exchange.schema_)
            faults.append(Fault(path, *place, f"{error}; {_SCHEMA_FIX}"))
    if faults:
        raise ConfigError(
            f"{path} cannot be used: {len(faults)} of its schemas cannot",
            hint="mend each line above, then run: knooppunt config check",
            faults=tuple(faults),
        )
    return config.with_schemas(paths, read)


def _read_schema(path: str, mark: str) -> Schematekst:
    """A schema beside the configuration; ValueError when it is none."""
    try:
        with open(path, "rb") as file:
            read = Schematekst(file.read(), mark)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    envelopes.check(path, b"<x/>", gelezen=read)
    return read


def _schemas(path: str) -> str:
    return os.path.join(os.path.dirname(os.path.abspath(path)), "schemas")


def beside(path: str) -> tuple[tuple[str, int, int, int], ...]:
    """What tells the schemas beside a configuration from those schemas changed.

    Every file of that folder: one schema may include another, and one that is missing may come.
    """
    found = []
    for folder, _, names in os.walk(_schemas(path)):
        for one in (os.path.join(folder, name) for name in names):
            try:
                seen = os.stat(one)
            except OSError:
                continue  # gone since: that is a change
            found.append((one, seen.st_ino, seen.st_size, seen.st_mtime_ns))
    return tuple(sorted(found))


def _place(text: str, schema: str) -> tuple[int, int]:
    for number, line in enumerate(text.splitlines(), 1):
        if schema in line and not line.lstrip().startswith("#"):
            return number, line.index(schema) + 1
    return 1, 1
