# SPDX-License-Identifier: EUPL-1.2
"""How data becomes a PDF: typst, without disk, network or the system's fonts.

PDF/A-3a and PDF/UA-1: tagged, in Dutch, with attachments; typst refuses what is not accessible. The
data goes in as a JSON file beside the source, never pasted into it, so that no text can be read as
markup. Same data and moment, same bytes.

What this does not protect against: another version of typst may set the same page otherwise.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any

import typst

VERSIE = f"typst {version('typst')}"
"""What sets the pages: only the same gives the same bytes."""

_MAP = resources.files("gateway.zetwerk")


def pdf(bronnen: Mapping[str, bytes], sjabloon: str, gegevens: Mapping[str, Any], moment: datetime,
        bijlagen: Mapping[str, bytes] | None = None) -> bytes:  # fmt: skip
    """Set one page: ``sjabloon`` is one of :func:`bronnen`, ``bijlagen`` files by name.

    The other sources may be imported. ``moment`` must have a zone; its seconds are the PDF's
    date.
    """
    bestanden = {
        "main.typ": bronnen[sjabloon],
        "gegevens.json": json.dumps(toonbare_tekst(gegevens), ensure_ascii=False).encode(),
        **{naam: bron for naam, bron in bronnen.items() if naam != sjabloon},
        **(bijlagen or {}),
    }
    gezet = typst.compile(
        bestanden,  # type: ignore[call-overload]  # a dict of files: not in the binding's stubs
        font_paths=_letters(),
        pdf_standards=["a-3a", "ua-1"],
        timestamp=int(moment.astimezone(UTC).timestamp()),
    )
    return bytes(gezet)


@cache
def bronnen(pakket: str, folder: str) -> Mapping[str, bytes]:
    """The sources in a folder of a package, by name."""
    alle = resources.files(pakket).joinpath(folder).iterdir()
    found = (one for one in alle if one.name.endswith(".typ"))
    return {one.name: one.read_bytes() for one in sorted(found, key=lambda one: one.name)}


@cache
def _letters() -> typst.Fonts:
    """The one typeface that travels with us; what it lacks is spelled out, see below."""
    with resources.as_file(_MAP.joinpath("lettertype")) as folder:
        return typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
        )


@cache
def _dekking() -> frozenset[int]:
    """Every character that the typeface can draw."""
    regels = _MAP.joinpath("lettertype/dekking.txt").read_text("ascii").split()
    grenzen = ((int(a, 16), int(b, 16)) for a, _, b in (one.partition("-") for one in regels))
    return frozenset(code for a, b in grenzen for code in range(a, b + 1))


def toonbare_tekst(gegevens: Any) -> Any:
    """All strings with what cannot be drawn, or would be invisible, written as ⟨U+1F600⟩.

    A character without a glyph would make the PDF inaccessible, and one that turns the direction
    of writing could make a name look like another. A letter whose accent is a character of its own,
    as in names from a Mac, is drawn as one.
    """
    if isinstance(gegevens, str):
        heel = unicodedata.normalize("NFC", gegevens)
        return "".join(one if _toonbaar(one) else f"⟨U+{ord(one):04X}⟩" for one in heel)
    if isinstance(gegevens, Mapping):
        return {key: toonbare_tekst(value) for key, value in gegevens.items()}
    if isinstance(gegevens, list | tuple):
        return [toonbare_tekst(one) for one in gegevens]
    return gegevens


def _toonbaar(teken: str) -> bool:
    soort = unicodedata.category(teken)
    return ord(teken) in _dekking() and soort[0] != "C" and soort not in ("Zl", "Zp", "Mn", "Me")
