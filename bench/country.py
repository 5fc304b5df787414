# SPDX-License-Identifier: EUPL-1.2
"""A chain with every municipality of a day: what the other benches of many outboxes start from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.partijen import gemeenten
from gateway.setup import init, shipped_config

ALL_ON = date(2025, 7, 1)
"""A day on which there were 342 municipalities."""


def codes(count: int | None = None) -> list[str]:
    """The codes of so many municipalities that existed on that day; None: of all."""
    found = sorted(code for code, one in gemeenten().items() if one.geldig_op(ALL_ON))
    return found[:count]


def make(folder: Path, parties: list[str], overdracht: str = "",
         edits: tuple[tuple[str, str], ...] = ()) -> Path:  # fmt: skip
    """Make a chain for these parties; returns its config.yaml."""
    agreed = f", overdracht: {overdracht}" if overdracht else ""
    lines = [f'  "{code}": {{soort: gemeente{agreed}}}' for code in parties]
    text = shipped_config().decode()
    head, rest = text.split("partijen:\n", 1)
    tail = rest[rest.index("\n# --- Ontvangers") :]
    text = head + "partijen:\n" + "\n".join(lines) + "\n" + tail
    for before, after in edits:
        if before not in text:
            raise SystemExit(f"the shipped config.yaml has no {before!r}")
        text = text.replace(before, after)
    folder.mkdir(parents=True)
    path = folder / "config.yaml"
    path.write_text(text)
    init(str(folder))
    return path


def outbox(config: Path, code: str) -> Path:
    """The outbox of a party."""
    return config.parent / "folders" / "gemeenten" / code / "outbox"
