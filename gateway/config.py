# SPDX-License-Identifier: EUPL-1.2
"""What can be configured: :class:`Config`, and :func:`parse` that reads it.

Text in, :class:`Config` out; nothing here reads a file. The sections are described one by one in
:mod:`gateway.config_secties` and :mod:`gateway.config_uitwisseling`; what they ask of each other
stands in :mod:`gateway.config_kruis`.
Every fault is found at once, each with its line and column (:mod:`gateway.config_problems`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, Field, PrivateAttr, ValidationError, field_validator

from gateway.config_beheer import Alarmen, Bewaren, Getuigen, Verwerkingslog
from gateway.config_cbs import Cbs
from gateway.config_eherkenning import Eherkenning
from gateway.config_kruis import kruiscontrole, sleutelvelden
from gateway.config_overdracht import Overdracht
from gateway.config_problems import LOGNAAM, problems_of
from gateway.config_sectie import Sectie
from gateway.config_secties import (
    Aanlevering,
    Code,
    Id,
    Ontvanger,
    Partij,
    Technisch,
    Uitvraagcode,
    Venster,
)
from gateway.config_sleutels import Bestand, Domeinnaam, Sleutel
from gateway.config_uitwisseling import Uitwisseling
from gateway.config_yaml import Document, Pad, Plaats, lees
from gateway.errors import ConfigError, Fault
from gateway.names_veilig import toonbaar
from gateway.partijen import gemeenten

__all__ = [
    "Aanlevering",
    "Alarmen",
    "Bewaren",
    "Cbs",
    "Config",
    "Eherkenning",
    "Getuigen",
    "Ontvanger",
    "Overdracht",
    "Partij",
    "Sleutel",
    "Technisch",
    "Uitwisseling",
    "Venster",
    "Verwerkingslog",
    "parse",
]

if TYPE_CHECKING:
    from envelopes.xsd import Schematekst
    from gateway.binding.trust import Trust

_M = TypeVar("_M", bound=BaseModel)


class Config(Sectie):
    """The whole of ``config.yaml``."""

    versie: Literal[1] = Field(description="version of this format")
    naam: str = Field(
        pattern=LOGNAAM,
        description="name of this gateway, as a domain name; the log is `<naam>/audit-<year>`",
    )
    applicatie: str = Field(
        default="Knooppunt",
        min_length=3,
        max_length=50,
        description="zender.applicatie on envelopes",
    )
    partijen: dict[Code, Partij] = Field(
        min_length=1, description="who may hand in files, by code (between quotes)"
    )
    ontvangers: dict[Id, Ontvanger] = Field(min_length=1, description="who files are for, by id")
    aanleveringen: dict[Id, Aanlevering] = Field(
        default_factory=dict, description="what users are authorised for, by id; may be left out"
    )
    uitwisselingen: dict[Id, Uitwisseling] = Field(
        min_length=1, description="the exchanges by id; a file goes to the first that matches"
    )
    vensters: dict[Uitvraagcode, tuple[Venster, ...]] = Field(
        default_factory=dict, description="windows by uitvraag; more than one is possible"
    )
    technisch: Technisch = Field(
        default_factory=Technisch, description="how the machinery works; may be left out"
    )
    alarmen: Alarmen = Field(
        default_factory=Alarmen, description="when somebody should look; may be left out"
    )
    bewaren: Bewaren = Field(
        default_factory=Bewaren, description="how long what is kept; may be left out"
    )
    eherkenning: Eherkenning = Field(
        default_factory=Eherkenning, description="whose logins are believed; may be left out"
    )
    getuigen: Getuigen = Field(
        default_factory=Getuigen,
        description="who signs the log's checkpoints beside us; may be left out",
    )
    _trust: Trust | None = PrivateAttr(default=None)
    _schemas: Mapping[str, Schematekst] = PrivateAttr(default_factory=dict)

    sleutels: dict[Domeinnaam, Sleutel] = Field(
        default_factory=dict,
        description="keys of your own instead of those that init makes, by trust domain "
        "(`knooppunt keys list`); may be left out",
    )
    vertrouwen: tuple[Bestand, ...] = Field(
        default=(),
        description="PEM files with certificates and revocation lists of other issuers whose "
        "seals count, beside those in the state",
    )
    ldv: Verwerkingslog = Field(
        default_factory=Verwerkingslog,
        description="the Logboek dataverwerkingen; may be left out",
    )
    cbs: Cbs = Field(
        default_factory=Cbs, description="how the simulated CBS answers; may be left out"
    )

    @field_validator("partijen")
    @classmethod
    def _partijen(cls, items: dict[str, Partij]) -> dict[str, Partij]:
        known = gemeenten()
        out = {}
        for code, item in items.items():
            naam = item.naam or (known[code].naam if code in known else "")
            out[code] = item.model_copy(update={"code": code, "naam": naam})
        return out

    @field_validator("ontvangers", "aanleveringen", "uitwisselingen")
    @classmethod
    def _ids(cls, items: dict[str, _M]) -> dict[str, _M]:
        return {key: item.model_copy(update={"id": key}) for key, item in items.items()}

    @field_validator("vensters")
    @classmethod
    def _uitvragen(cls, items: dict[str, tuple[Venster, ...]]) -> dict[str, tuple[Venster, ...]]:
        return {
            key: tuple(item.model_copy(update={"uitvraag": key}) for item in rows)
            for key, rows in items.items()
        }

    @property
    def trust(self) -> Trust | None:
        """By what seals and logins are judged; None where there is nothing: all are refused."""
        return self._trust

    def with_trust(self, trust: Trust | None) -> Config:
        """The same configuration, with this to judge seals and logins by."""
        copied = self.model_copy()
        copied._trust = trust
        return copied

    @property
    def schemas(self) -> Mapping[str, Schematekst]:
        """The schemas beside ``config.yaml`` that exchanges name, by path, as they were read."""
        return self._schemas

    def with_schemas(self, paths: Mapping[str, str], read: Mapping[str, Schematekst]) -> Config:
        """The same configuration, with the schemas that exchanges name found and read."""
        found = {key: one.model_copy(update={"schema_": paths[key]}) if key in paths else one
                 for key, one in self.uitwisselingen.items()}  # fmt: skip
        copied = self.model_copy(update={"uitwisselingen": found})
        copied._schemas = dict(read)
        return copied

    @cached_property
    def heen(self) -> tuple[Uitwisseling, ...]:
        """The exchanges towards receivers, in the order of the file."""
        return tuple(one for one in self.uitwisselingen.values() if one.richting == "heen")

    @cached_property
    def op_code(self) -> Mapping[str, Uitwisseling]:
        """The exchanges by RINIS code, those of each kind of party."""
        return {code: one for one in self.uitwisselingen.values() for code in one.codes.values()}

    @cached_property
    def soorten(self) -> frozenset[str]:
        """The kinds of party that there are here."""
        return frozenset(one.soort for one in self.partijen.values())

    @property
    def register(self) -> str:
        """What the ids of processing activities begin with."""
        return self.ldv.verwerkingenregister or f"https://{self.naam}/verwerkingen"

    def uitwisseling_voor(self, name: str) -> Uitwisseling | None:
        """Find the exchange to which a file dropped under this name goes; None: no one knows.

        On a loose prefix, the first in the file wins; CBS judges the name strictly (domain 4).
        """
        for one in self.heen:
            if one.lees(name) is not None:
                return one
        return None

    def uitwisseling_in(self, folder: str, name: str) -> Uitwisseling | None:
        """Find the exchange of a file in an outbox: by its sub-folder, else by its name.

        In a sub-folder any name passes; one that is no exchange of richting heen takes nothing.
        """
        if not folder:
            return self.uitwisseling_voor(name)
        chosen = self.uitwisselingen.get(folder)
        return chosen if chosen is not None and chosen.richting == "heen" else None

    def grootste(self, exchange: Uitwisseling) -> int | None:
        """The largest file in bytes that an exchange takes, in or beside an envelope; None: any."""
        if exchange.groot == "verwijzen":
            return exchange.max_bytes
        return min(self.technisch.ruwe_bytes, exchange.max_bytes or self.technisch.ruwe_bytes)

    def op_rinis_code(self, code: str) -> Uitwisseling | None:
        """Find the exchange with this RINIS code, which also names a folder of it."""
        return self.op_code.get(code)

    def op_functie(self, functie: str) -> Uitwisseling | None:
        """Find the exchange that an envelope's ``functie`` names: its RINIS code (contracts)."""
        return self.op_code.get(functie)

    def retour(self, rinis_code: str, name: str) -> tuple[Uitwisseling, dict[str, str]] | None:
        """Read a name in a receiver's send folder: the exchange, and gemeentecode, uitvraag ...

        None when no exchange of richting retour has this code, or its patterns do not fit.
        """
        one = self.op_code.get(rinis_code)
        if one is None or one.richting != "retour":
            return None
        fields = one.lees(name)
        return None if fields is None else (one, fields)

    def aanlevering(self, uitwisseling: Uitwisseling) -> Aanlevering | None:
        """Find the aanlevering of an exchange; None for one that is part of none."""
        return self.aanleveringen.get(uitwisseling.aanlevering or "")

    def partij(self, code: str) -> Partij | None:
        """Find the party with this code."""
        return self.partijen.get(code)

    def codes_van(self, uitwisseling: Uitwisseling) -> tuple[str, ...]:
        """Give the codes of an exchange that are in use: of the kinds of party that there are."""
        return tuple(code for soort, code in uitwisseling.codes.items() if soort in self.soorten)

    def gebruikers_van(self, uitwisseling: str) -> tuple[str, ...]:
        """Give the codes of the parties that use an exchange, by their kind."""
        used = self.uitwisselingen[uitwisseling]
        return tuple(p.code for p in self.partijen.values() if used.code_voor(p.soort))

    def code_voor(self, uitwisseling: Uitwisseling, partij: str) -> str | None:
        """Find the code of an exchange for one party, by its kind; None: it does not use it."""
        one = self.partijen.get(partij)
        return None if one is None else uitwisseling.code_voor(one.soort)

    def vensters_voor(self, uitwisseling: Uitwisseling) -> tuple[Venster, ...]:
        """Give the windows that count for an exchange, of all uitvragen."""
        rows = [row for items in self.vensters.values() for row in items]
        return tuple(row for row in rows if row.stap == uitwisseling.stap)


def parse(text: str, filename: str = "config.yaml") -> Config:
    """Read a configuration.

    Raises :class:`ConfigError`, whose ``faults`` hold every fault that there is, in the order of
    the file, and whose ``problems`` tell each in a line.
    """
    document = lees(text)
    config, found = _controleer(document)
    if config is not None and not found:
        return config
    places = sorted(found, key=lambda one: (one[0].regel, one[0].kolom))
    faults = tuple(Fault(filename, at.regel, at.kolom, _regel(said)) for at, said in places)
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise ConfigError(
        f"{filename} cannot be used: {count}",
        hint="mend each line above, then run: knooppunt config check",
        faults=faults,
    )


def _regel(sentence: str) -> str:
    """Keep what was quoted from the file on one line, and harmless to a terminal."""
    shown = toonbaar(sentence).replace("\\\\", "\\")
    return f'""{shown}' if shown.startswith(" ") else shown  # an empty word begins it


def _controleer(document: Document) -> tuple[Config | None, list[tuple[Plaats, str]]]:
    found = list(document.fouten)
    if found and document.data is None:
        return None, found
    config = None
    seen: set[Pad] = set()
    try:
        config = Config.model_validate(document.data)
    except ValidationError as error:
        for pad, place, sentence in problems_of(error.errors(), document, Config):
            if place != document.sleutel(pad):  # a wrong key says nothing about what is below it
                seen.add(pad)
            found.append((place, sentence))
    found += [(document.sleutel(pad), said) for pad, said in sleutelvelden(document.data)]
    for pad, sentence in kruiscontrole(document.data):
        if pad not in seen:  # one fault is said once
            at = document.waarde(pad) if len(pad) > 2 else document.sleutel(pad)
            found.append((at, sentence))
    return config, found
