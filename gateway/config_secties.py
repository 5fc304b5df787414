# SPDX-License-Identifier: EUPL-1.2
"""The sections of ``config.yaml``: one model each, and what each field means.

``docs/config.md`` and the JSON Schema for editors are made from these descriptions.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt

from gateway.config_overdracht import Overdracht
from gateway.config_problems import CODE, ID, RINIS_CODE, UITVRAAG, XSD
from gateway.config_sectie import Sectie
from gateway.model import Direction
from gateway.names import DEFAULT, Patroon, Sjabloon

Id = Annotated[str, Field(pattern=ID)]
"""A word that also names a folder: small letters, digits and ``-``."""

Uitvraagcode = Annotated[str, Field(pattern=UITVRAAG)]
"""The half-year that a delivery is about: ``H22025`` is July to December 2025."""

Code = Annotated[str, Field(pattern=CODE)]
"""The code of a party: 4 digits, between quotes."""


ENVELOP_BYTES = 16 * 1024
"""Bytes of an envelope that are not payload, generously."""


def _patroon(text: str) -> str:
    Patroon.compile(text)
    return text


def _sjabloon(text: str) -> str:
    Sjabloon.compile(text)
    return text


Patroontekst = Annotated[str, AfterValidator(_patroon)]
"""A pattern of file names, in the language of :mod:`gateway.patroon`."""

Sjabloontekst = Annotated[str, AfterValidator(_sjabloon)]
"""A template of delivered names: {stam}, {gemeentecode}, {volgnummer}, {ext}."""


class Partij(Sectie):
    """A party that hands in files: a municipality, later a province or a water board."""

    code: str = Field(default="", exclude=True, description="the code in front of the colon")
    soort: Literal["gemeente", "provincie", "waterschap"] = Field(
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


class Uitwisseling(Sectie):
    """An exchange: which files go which way, under which code and names."""

    id: str = Field(default="", exclude=True, description="the word in front of the colon")
    naam: str = Field(min_length=1, max_length=200, description="name in full, for people")
    rinis_code: str = Field(
        pattern=RINIS_CODE,
        description="code that RINIS gave: names its folders, and is `functie` on the envelope",
    )
    richting: Literal["heen", "retour"] = Field(
        description="`heen`: from a party to a receiver; `retour`: the way back"
    )
    ontvanger: str | None = Field(
        default=None, description="who gets it (heen): an id of `ontvangers`"
    )
    afzender: str | None = Field(
        default=None, description="who sends it (retour): an id of `ontvangers`"
    )
    aanlevering: str | None = Field(
        default=None,
        description="the aanlevering that it is part of: an id of `aanleveringen`; who is "
        "authorised for that has this exchange too",
    )
    patronen: tuple[Patroontekst, ...] = Field(
        min_length=1,
        description="patterns of the file names that belong here; the first match wins",
    )
    behalve: tuple[Patroontekst, ...] = Field(
        default=(), description="patterns of names that look alike but do not belong here"
    )
    naamsjabloon: Sjabloontekst = Field(
        default=DEFAULT, description="how a file is named at the receiver, so that no two ever meet"
    )
    stap: Literal["aanlevering", "besluit"] = Field(
        default="aanlevering", description="which windows count for it: those with this `stap`"
    )
    vensters: Literal["melden", "afdwingen", "wachten"] = Field(
        default="melden",
        description="a file outside its window passes with a remark (`melden`) or is refused; "
        "`wachten`: before its window it waits in the outbox, after it it is refused",
    )
    schema_: str | None = Field(
        default=None,
        alias="schema",
        pattern=XSD,
        description="XSD in schemas/ that the content must satisfy; without it all content passes",
    )
    binding: Literal["zwak", "sterk"] = Field(
        default="zwak",
        description="`sterk`: the user's seal or signed assertion must come with the file",
    )
    antwoord_op: tuple[str, ...] = Field(
        default=(), description="for retour: ids of the exchanges whose deliveries it answers"
    )
    bewaren_dagen: StrictInt | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="days that its messages are kept, when not those of `bewaren`",
    )
    max_bytes: StrictInt | None = Field(
        default=None,
        gt=0,
        description="largest file in bytes; more than a message may be only with `groot: "
        "verwijzen`, which without it takes any size",
    )
    groot: Literal["weigeren", "verwijzen"] = Field(
        default="weigeren",
        description="a file too large for a message is refused (`weigeren`), or goes beside its "
        "envelope, which then refers to it (`verwijzen`, Digikoppeling Grote Berichten)",
    )

    @cached_property
    def lezers(self) -> tuple[Patroon, ...]:
        """The patterns, compiled."""
        return tuple(Patroon.compile(text) for text in self.patronen)

    @cached_property
    def uitgezonderd(self) -> tuple[Patroon, ...]:
        """The patterns of names that belong elsewhere, compiled."""
        return tuple(Patroon.compile(text) for text in self.behalve)

    @property
    def direction(self) -> Direction:
        """Which way it runs, as the stations say it."""
        return Direction(self.richting)

    @property
    def tegenpartij(self) -> str:
        """The id of the receiver (heen) or sender (retour) at the other end."""
        return self.ontvanger or self.afzender or ""

    def lees(self, name: str) -> dict[str, str] | None:
        """Read a file name by the patterns; None when it does not belong to this exchange."""
        for patroon in self.lezers:
            fields = patroon.match(name)
            if fields is not None:
                if any(one.match(name) is not None for one in self.uitgezonderd):
                    return None
                return fields
        return None


class Technisch(Sectie):
    """How the machinery works; the defaults suit a machine with local disks."""

    rusttijd_ms: StrictInt = Field(
        default=2000,
        ge=0,
        le=600_000,
        description="quiet time: a file that changed less long ago waits",
    )
    scan_ms: StrictInt = Field(
        default=2000, ge=100, le=600_000, description="time between two scans of all folders"
    )
    schijfreserve_bytes: StrictInt = Field(
        default=16 * 1024 * 1024,
        ge=0,
        le=1024**4,
        description="a file is only taken while twice its size and so much more is free on every "
        "disk that it touches",
    )
    batch: StrictInt = Field(default=192, ge=1, le=1024, description="most messages in one round")
    max_bytes: StrictInt = Field(
        default=25 * 1024 * 1024,
        ge=32 * 1024,
        le=25 * 1024 * 1024,
        description="largest message on the wire, base64 included (GGk: 25 MB)",
    )
    deel_bytes: StrictInt = Field(
        default=4 * 1024 * 1024,
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
