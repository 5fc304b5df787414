# SPDX-License-Identifier: EUPL-1.2
"""Where a gateway's things lie: its configuration, its folders, its state."""

from __future__ import annotations

import os
from dataclasses import dataclass

from gateway.config import Config, parse
from gateway.errors import ConfigError

DATABASE = "knooppunt.db"


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
    def audit(self) -> str:
        """The folder of the published log."""
        return os.path.join(self.state, "audit")

    @property
    def log_key(self) -> str:
        """The log's private key, in the folder of its own trust domain."""
        return os.path.join(self.state, "keys", "log", "log.key")


def find_config(here: str) -> str:
    """``config.yaml`` in this directory, or in the nearest one above that has it."""
    folder = os.path.abspath(here)
    while True:
        path = os.path.join(folder, "config.yaml")
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            raise ConfigError(
                f"there is no config.yaml in {here} or above it",
                hint="make a chain with: knooppunt init DIR      or say --config FILE",
            )
        folder = parent


def read_config(path: str) -> Config:
    """The configuration in a file; :class:`ConfigError` with every fault and its place."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration at {path}",
            hint="make one with: knooppunt init DIR",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    return parse(text, path)
