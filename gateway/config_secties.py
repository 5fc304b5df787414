# SPDX-License-Identifier: EUPL-1.2
"""The sections of ``config.yaml``: one model each, and what each field means.

``docs/config.md`` and the JSON Schema for editors are made from these descriptions.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from gateway.config_overdracht import Overdracht
from gateway.config_problems import CODE, ID, MEDEWERKER, OIN, RINIS_CODE, UITVRAAG
from gateway.config_sectie import Sectie

Id = Annotated[str, Field(pattern=ID)]
"""A word that also names a folder: small letters, digits and ``-``."""

Uitvraagcode = Annotated[str, Field(pattern=UITVRAAG)]
"""The half-year that a delivery is about: ``H22025`` is July to December 2025."""

Code = Annotated[str, Field(pattern=CODE)]
"""The code of a party: 4 digits, between quotes."""


ENVELOP_BYTES = 16 * 1024
"""Bytes of an envelope that are not payload, generously."""


Soort = Literal["gemeente", "provincie", "waterschap"]
"""The kinds of party (PSA, section 9)."""

Riniscode = Annotated[str, Field(pattern=RINIS_CODE)]
"""A code that RINIS gives: it names folders on its server."""


Medewerker = Annotated[str, Field(pattern=MEDEWERKER)]
"""A user of a party who has a seal of his own."""


class Partij(Sectie):
    """A party that hands in files: a municipality, a province or a water board."""

    code: str = Field(default="", exclude=True, description="the code in front of the colon")
    soort: Soort = Field(
        default="gemeente", description="the kind of party; RINIS gives each kind its own codes"
    )
    naam: str = Field(
        default="",
        max_length=200,
        description="name; for a gemeente it comes from the CBS list when left out",
    )
    standaardgebruiker: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="user named in the metagegevens when the folder names none; without it the "
        "file's owner is",
    )
    gebruiker: Literal["volgorde", "map", "standaard", "bestandseigenaar"] = Field(
        default="volgorde",
        description="who counts as the user of a drop: `map` the sub-folder's, `standaard` always "
        "`standaardgebruiker`, `bestandseigenaar` the file's owner, `volgorde` the first of these "
        "that there is",
    )
    applicatie: str | None = Field(
        default=None,
        min_length=3,
        max_length=50,
        description="zender.applicatie of this party's envelopes, when it is not the general one",
    )
    medewerkers: tuple[Medewerker, ...] = Field(
        default=("coordinator",),
        description="users who have a seal of their own; `knooppunt init` makes their keys, and "
        "their certificates name them by a pseudonym",
    )
    overdracht: Overdracht = Field(
        default_factory=Overdracht,
        description="how a file in its outbox is known to be finished; safe when left out",
    )


class Ontvanger(Sectie):
    """A receiver at the other end of the chain; its files lie in ``folders/<id>/``."""

    id: str = Field(default="", exclude=True, description="the word in front of the colon")
    naam: str = Field(min_length=1, max_length=200, description="name in full, for people")
    organisatie: str = Field(
        min_length=1,
        max_length=200,
        description="the fixed word on the envelope (StUF organisatie), for example CBS",
    )
    oin: str | None = Field(
        default=None,
        pattern=OIN,
        description="OIN that it seals its receipts under; left out, that of the development keys",
    )
    ontvangstbewijs: Literal["eerder", "ja", "nee"] = Field(
        default="eerder",
        description="whether a sealed receipt is expected of what it got: `ja` of all, `nee` of "
        "nothing (what comes is checked all the same), `eerder` of all that was handed in since "
        "the first one that it sealed, for each exchange",
    )


class Aanlevering(Sectie):
    """What a user is authorised for: one purpose, with every exchange that serves it (PSA 4)."""

    id: str = Field(default="", exclude=True, description="the word in front of the colon")
    naam: str = Field(min_length=1, max_length=200, description="name in full, for people")
    autorisatie: Literal["open", "verplicht"] = Field(
        default="open",
        description="`open`: whoever can drop a file may hand it in; `verplicht`: only a user with "
        "a grant (`knooppunt grant`)",
    )


class Venster(Sectie):
    """One period in which deliveries over an uitvraag are expected; both days are in it."""

    uitvraag: str = Field(
        default="", exclude=True, description="the uitvraag in front of the colon"
    )
    cyclus: str = Field(
        min_length=1, max_length=60, description="name of the cycle that this window belongs to"
    )
    stap: Literal["aanlevering", "besluit"] = Field(
        default="aanlevering",
        description="the step of the cycle: handing in, or deciding (opt-in, intrekken)",
    )
    van: date = Field(description="first day")
    tot: date | None = Field(
        default=None, description="last day; left out while it is not announced"
    )
    toelichting: str = Field(default="", max_length=500, description="remark for people")


class Technisch(Sectie):
    """How the machinery works; the defaults suit a machine with local disks."""

    rusttijd_ms: StrictInt = Field(
        default=2000,
        ge=0,
        le=600_000,
        description="quiet time: a file that changed less long ago waits",
    )
    scan_ms: StrictInt = Field(
        default=2000,
        ge=100,
        le=600_000,
        description="time between two scans of all "
        "folders; with hundreds of outboxes at rest up to 10 s, if that is more",
    )
    schijfreserve_bytes: StrictInt = Field(
        default=16 * 1024 * 1024,
        ge=0,
        le=1024**4,
        description="a file is only taken while twice its size and so much more is free on every "
        "disk that it touches",
    )
    pogingen: StrictInt = Field(
        default=10,
        ge=1,
        le=1000,
        description="tries of what cannot be done now (0.5 s apart, then twice as long each time, "
        "up to a minute) before a person is asked to look",
    )
    batch: StrictInt = Field(default=192, ge=1, le=1024, description="most messages in one round")
    max_bytes: StrictInt = Field(
        default=25 * 1024 * 1024,
        ge=32 * 1024,
        le=25 * 1024 * 1024,
        description="largest message on the wire, base64 included (GGk: 25 MB)",
    )
    deel_bytes: StrictInt = Field(
        default=16 * 1024 * 1024,
        ge=4096,
        le=1024 * 1024 * 1024,
        description="how much of large files is copied in one round, while small ones go on",
    )
    foutcodes: Literal[2018, 2025] = Field(
        default=2018, description="generation of GGk's hub codes (IB007 and IB009 changed meaning)"
    )

    @property
    def ruwe_bytes(self) -> int:
        """Largest file whose envelope stays within the message limit: base64 makes 4 bytes of 3."""
        return (self.max_bytes - ENVELOP_BYTES) * 3 // 4
