# SPDX-License-Identifier: EUPL-1.2
"""The configuration that a command goes by: the one in force, as the gateway keeps it in the store.

While a gateway runs, what stands on the disk may be another: not taken over yet, or refused. Who
looks at that gateway, or orders something of it, goes by what it goes by. Where none runs the disk
counts: that is what the next start will read.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.config import Config
from gateway.errors import ConfigError, StateError
from gateway.location import Location, is_running, read_config, understood
from gateway.store import UNREADABLE
from gateway.store_queries import Reader

DIGEST = "config"
"""Setting of a state: SHA-256 of the configuration in force."""

TEXT = "config_text"
"""Setting of a state: the configuration in force, whole."""

REFUSED = "config_refused"
"""Setting of a state: why the configuration as it stands on the disk is not in force; or empty."""


def in_use(location: Location, say: Callable[[str], None] = lambda _: None) -> Config:
    """The configuration in force while a gateway runs, else the one on the disk.

    Where that one cannot be used, the other. ``say`` gets a line when it is not what stands on the
    disk. Raises :class:`ConfigError`, about what stands on the disk, when neither can be used.
    """
    kept = _kept(location)
    if kept is None:
        return read_config(location.config_path)
    if is_running(location.state):
        try:
            config = understood(kept, location.config_path)
        except ConfigError:  # kept by another version, or a schema beside it is gone
            return read_config(location.config_path)
        if _on_disk(location) != kept.encode():
            say("config.yaml on the disk is not in force, or not yet; this goes by the one that is "
                "(knooppunt status)")  # fmt: skip
        return config
    try:
        return read_config(location.config_path)
    except ConfigError as error:
        try:
            config = understood(kept, location.config_path)
        except ConfigError:
            raise error from None
        say(f"{error.sentence}; this goes by the one that was in force last. A start wants it "
            "mended: knooppunt config check")  # fmt: skip
        return config


def _kept(location: Location) -> str | None:
    """The text in force; None where there is no state yet, or none that can be read."""
    try:
        with Reader(location.database) as reader:
            return reader.meta(TEXT)
    except (StateError, UNREADABLE):
        return None  # whoever asks the store itself says what is wrong with it


def _on_disk(location: Location) -> bytes | None:
    try:
        with open(location.config_path, "rb") as file:
            return file.read()
    except OSError:
        return None
