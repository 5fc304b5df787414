# SPDX-License-Identifier: EUPL-1.2
"""Every file name of the chain: made and read here, and nowhere else.

What a municipality calls a file is free: all names pass the chain, and CBS judges the original,
which travels in the metagegevens (domain 2.3). What we call it at each place is made here. Each
name is one safe path segment of at most 255 bytes, whatever it is made from. The language of the
patterns in ``config.yaml`` is :mod:`gateway.patroon`, that of the templates of delivered names
:mod:`gateway.sjabloon`; what makes a name safe to use or to show is :mod:`gateway.names_veilig`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from gateway.names_veilig import (
    MAX_NAAM,
    NIET_IN_STAM,
    als_id,
    is_onaf,
    knip,
    onaf_reden,
    splits,
    toonbaar,
    veilig,
)
from gateway.patroon import Patroon, PatroonFout
from gateway.sjabloon import DEFAULT, EIGEN, Sjabloon

__all__ = ["DEFAULT", "EIGEN", "ONBEKEND", "Geleverd", "Patroon", "PatroonFout", "Sjabloon"]
__all__ += [
    "als_id",
    "antwoord_naam",
    "delivered",
    "envelop_naam",
    "envelop_referentie",
    "envelop_stam",
    "is_envelop_naam",
    "is_onaf",
]
__all__ += ["metagegevens_naam", "neighbours", "nn_van", "notice", "onaf_reden", "parse", "stam"]
__all__ += ["stam_sleutel", "toonbaar", "uitvraag_van", "veilig", "wire_naam"]

GROOT = "groot"
"""The folder beside the envelopes of a hop for the bytes that they refer to."""

REDEN = "reden.txt"
"""The file beside a quarantined one that says why it is there."""

ONBEKEND = "onbekend"
"""The uitvraag of a file whose name gives none, and of every ZIP."""

MAX_STAM = 200
"""Bytes of a delivered stem: what is added to it never makes a name that a disk refuses."""

_NIET_OP_DE_DRAAD = re.compile("[^A-Za-z0-9._-]")
_SOORT = re.compile(r"(WMO|SBO|JEUGD)(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)
_HALFJAAR = re.compile(r"([^_]+_)(H[12][0-9]{4})(?![0-9])", re.IGNORECASE | re.ASCII)
_EIGEN = re.compile("(.+)_(0[1-9]|[1-9][0-9])", re.DOTALL)
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
ULID = "[0-9A-HJKMNP-TV-Z]{26}"
"""The forms of a referentienummer and of an id of ours, as ``moment.py`` makes them."""

_ENVELOP = re.compile(f"[0-9]{{17}}_{UUID}\\.xml")


# --- the name at the receiver ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Geleverd:
    """What a delivered name says; ``ext`` with its dot, or empty.

    A name of one's own (:data:`EIGEN`) says no ``gemeentecode``; its NN is the ``volgnummer``.
    """

    stam: str
    gemeentecode: str
    volgnummer: int
    ext: str


def delivered(original: str, gemeentecode: str, volgnummer: int, template: str = DEFAULT) -> str:
    """Name a file at the receiver: cleaned stem, municipality code and number (domain 2.2, 2.3).

    Every character that cannot stand there becomes ``_``. The extension is kept as it was
    written, when it is one: 1 to 10 letters or digits, and not that of a half upload. Under
    :data:`EIGEN` the number is the NN, which takes the place of the one that the name had.
    ``ValueError`` for a code that is not 4 digits or a number below 1.
    """
    if not re.fullmatch("[0-9]{4}", gemeentecode) or volgnummer < 1:
        raise ValueError(f"not a gemeentecode and volgnummer: {gemeentecode!r}, {volgnummer}")
    sjabloon = Sjabloon.compile(template)
    stem, ext = _eigen(original)[::2] if sjabloon.eigen else _stam_en_extensie(original)
    return sjabloon.maak.format(
        stam=stem, gemeentecode=gemeentecode, volgnummer=volgnummer, ext=ext
    )


def parse(name: str, template: str = DEFAULT) -> Geleverd | None:
    """Read back what :func:`delivered` made; None for a name that it cannot have made."""
    found = Sjabloon.compile(template).regex.fullmatch(name)
    if found is None:
        return None
    code = found.groupdict().get("gemeentecode", "")
    return Geleverd(found["stam"], code, int(found["volgnummer"]), found["ext"])


def stam(original: str, template: str = DEFAULT) -> str:
    """Give the stem under which a file is delivered: cleaned, at most 200 bytes, never empty.

    ``WMO``, ``SBO``, ``JEUGD`` and the ``H`` of the half-year in capitals, as at CBS (domain 2.3).
    Under :data:`EIGEN` in the letters that it has, and without its NN.
    """
    return _eigen(original)[0] if template == EIGEN else _stam_en_extensie(original)[0]


def nn_van(original: str) -> int | None:
    """Give the NN in which a name ends (QSD301 5.2), from 01 to 99; None when it has none.

    ``WMO_0034_2017_20180710_01.csv`` has 1. Longer numbers are no NN: they may be a date.
    """
    return _eigen(original)[1]


def _eigen(original: str) -> tuple[str, int | None, str]:
    stem, ext = splits(unicodedata.normalize("NFC", original))
    found = _EIGEN.fullmatch(stem)
    cut = knip(_schoon(found[1] if found else stem), MAX_STAM).rstrip()
    return cut or "bestand", int(found[2]) if found else None, ext


def _schoon(stem: str) -> str:
    stem = NIET_IN_STAM.sub("_", stem).strip()
    if stem.startswith(("-", "~")):
        stem = "_" + stem[1:]  # an option to a command, a lock file of Office
    return stem


@lru_cache(maxsize=4096)
def _stam_en_extensie(original: str) -> tuple[str, str]:
    # Composed first: one of the letters that compose to something else makes a `;`.
    stem, ext = splits(unicodedata.normalize("NFC", original))
    stem = _schoon(stem)
    stem = _SOORT.sub(lambda found: found[0].upper(), stem, count=1)
    stem = _HALFJAAR.sub(lambda found: found[1] + found[2].upper(), stem, count=1)
    stem = knip(stem, MAX_STAM).rstrip()
    if stem.casefold().endswith("metagegevens"):
        stem = stem[:-1] + "_"  # at the end that word is ours
    return stem or "bestand", ext


def stam_sleutel(stem: str, gemeentecode: str) -> str:
    """Fold a delivered stem, so that names which a receiver may confuse have one key.

    Letter case, Unicode form and the extension do not count: ``x.csv`` and ``X.txt`` would share
    ``x_0363_0001_metagegevens.xml``. A caller numbers on from the highest number of the key.
    """
    before, folded = "", unicodedata.normalize("NFKC", stem)
    while folded != before:
        before, folded = folded, unicodedata.normalize("NFKC", folded.casefold())
    return f"{folded}_{gemeentecode}"


def uitvraag_van(original: str) -> str:
    """Give the uitvraag that a name names after its first word (``H22025``), or ``onbekend``.

    Read from the delivered stem, so that the file's number and its name always agree. A ZIP may
    hold several, and is never opened on the way: ``onbekend``.
    """
    stem, ext = _stam_en_extensie(original)
    found = _HALFJAAR.match(stem)
    return found[2] if found and ext.lower() != ".zip" else ONBEKEND


def metagegevens_naam(delivered_name: str) -> str:
    """Name the metagegevens that stand beside a delivered file: no second dot (contracts)."""
    return f"{splits(delivered_name)[0]}_metagegevens.xml"


# --- envelopes ------------------------------------------------------------------------------------


def envelop_naam(tijdstip: str, referentienummer: str) -> str:
    """Name an envelope between GGk and RINIS; such names sort by time (contracts, Files).

    ``ValueError`` unless ``tijdstip`` is 17 digits and the number a lower-case UUID v4.
    """
    name = f"{tijdstip}_{referentienummer}.xml"
    if not is_envelop_naam(name):
        raise ValueError(f"not a tijdstip and referentienummer: {toonbaar(name)}")
    return name


def is_envelop_naam(name: str) -> bool:
    """Tell whether a name is one that :func:`envelop_naam` makes."""
    return _ENVELOP.fullmatch(name) is not None


def envelop_stam(name: str) -> str:
    """Give the stem that an envelope shares with its answers, for names of other systems too."""
    return re.sub(r"(\.(bv|fo)03)?\.xml\Z", "", name, flags=re.IGNORECASE)


def envelop_referentie(name: str) -> str:
    """Give the referentienummer in the name of an envelope of ours, or of an answer to it."""
    return envelop_stam(name).partition("_")[2]


def antwoord_naam(name: str, soort: str) -> str:
    """Name the answer to an envelope: ``soort`` is ``bv03`` or ``fo03`` (contracts, Files)."""
    if soort not in ("bv03", "fo03"):
        raise ValueError(f"an answer is bv03 or fo03, not {soort!r}")
    return knip(envelop_stam(name), MAX_NAAM - len(".fo03.xml")) + f".{soort}.xml"


def groot_naam(referentienummer: str) -> str:
    """Name the bytes that an envelope refers to: after the message's own number, and no other's.

    So a reference can only lead to the bytes of its own message. ``ValueError`` unless the number
    is a lower-case UUID v4.
    """
    if not re.fullmatch(UUID, referentienummer):
        raise ValueError(f"not a referentienummer: {toonbaar(referentienummer)}")
    return f"{referentienummer}.bin"


def groot_url(referentienummer: str) -> str:
    """Where those bytes lie, seen from the envelope: the senderUrl of its reference."""
    return f"{GROOT}/{groot_naam(referentienummer)}"


def verwijs_naam(original: str, referentienummer: str) -> str:
    """Make the filename of a reference: as on the wire, unique, at most 200 (MD007, NCName)."""
    stem, ext = splits(wire_naam(original))
    tail = f"_{referentienummer}{ext}"
    stem = stem if re.match("[A-Za-z_]", stem) else f"_{stem}"
    return stem[: 200 - len(tail)] + tail


def deel_naam(arrival: str) -> str:
    """Name what was brought along for an arrival, beside its destination: whole or in part."""
    return f"{arrival}.groot"


def wire_naam(original: str) -> str:
    """Make a name for ``tekstBestand@bestandsnaam``: 4 to 255 of ``[A-Za-z0-9-._]`` (envelope).

    Accents are dropped, all else that cannot stand there becomes ``_``. The true name travels in
    the metagegevens.
    """
    plain = unicodedata.normalize("NFKD", original)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    stem, ext = splits(_NIET_OP_DE_DRAAD.sub("_", plain))
    if stem.startswith((".", "-")):
        stem = "_" + stem[1:]
    stem = stem[: MAX_NAAM - len(ext)]
    return stem + "_" * (4 - len(stem) - len(ext)) + ext


# --- names in the folders of municipalities -------------------------------------------------------


def notice(original: str, soort: str, tijdstip: str) -> str:
    """Give the stem ``<name>_<soort>_<tijd>`` of a notice about a file (contracts, Files).

    The caller adds ``.txt`` for people and ``.xml`` for programs; there is room for both, and
    for a neighbour. ``ValueError`` unless ``soort`` is a word and ``tijdstip`` 17 digits.
    """
    tail = f"_{soort}_{tijdstip}"
    if not re.fullmatch("_[a-z0-9-]{1,40}_[0-9]{17}", tail):
        raise ValueError(f"not a kind of notice and a tijdstip: {tail!r}")
    return veilig(original, MAX_NAAM - len(tail) - 12) + tail


def neighbours(name: str) -> Iterator[str]:
    """Give ``name`` and then ``x_2.csv``, ``x_3.csv`` ...: for where a name is taken. Endless.

    Each is at most 255 bytes; the number is put where CBS would allow it too.
    """
    stem, ext = splits(name)
    yield knip(stem, MAX_NAAM - len(ext)) + ext
    for n in count(2):
        tail = f"_{n}{ext}"
        yield knip(stem, MAX_NAAM - len(tail)) + tail
