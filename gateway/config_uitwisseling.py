# SPDX-License-Identifier: EUPL-1.2
"""The section ``uitwisselingen`` of ``config.yaml``: what each field of an exchange means.

``docs/config.md`` and the JSON Schema for editors are made from these descriptions.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt

from gateway.config_problems import XSD
from gateway.config_sectie import Sectie
from gateway.config_secties import Riniscode
from gateway.model import Direction
from gateway.names import DEFAULT, Patroon, Sjabloon


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


class Uitwisseling(Sectie):
    """An exchange: which files go which way, under which code and names."""

    id: str = Field(default="", exclude=True, description="the word in front of the colon")
    naam: str = Field(min_length=1, max_length=200, description="name in full, for people")
    rinis_code: Riniscode = Field(
        description="code that RINIS gave: names its folders, and is `functie` on the envelope"
    )
    rinis_codes: dict[Literal["provincie", "waterschap"], Riniscode] = Field(
        default_factory=dict,
        description="the codes for other kinds of party; a kind without one does not use it",
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
    vensters: Literal["melden", "afdwingen", "wachten", "geen"] = Field(
        default="melden",
        description="a file outside its window passes with a remark (`melden`) or is refused "
        "(`afdwingen`); `wachten`: before its window it waits in the outbox, after it it is "
        "refused; `geen`: the windows are not about this exchange",
    )
    schema_: str | None = Field(
        default=None,
        alias="schema",
        pattern=XSD,
        description="XSD in schemas/ that the content must satisfy; without it all content passes",
    )
    binding: Literal["zwak", "sessie", "sterk"] = Field(
        default="zwak",
        description="`sterk`: a seal over the file, or a login over its manifest, by a user with a "
        "grant and of assurance level 3 must come with it; `sessie`: a login at that level will "
        "do, though it does not sign the file; `zwak`: a name will do",
    )
    organisatiezegel: Literal["weigeren", "volstaat"] = Field(
        default="weigeren",
        description="where `binding` asks for something: the seal of the party itself, which names "
        "no person and so has no assurance level, is not enough (`weigeren`), or is (`volstaat`)",
    )
    binding_wachttijd_s: StrictInt = Field(
        default=300,
        ge=0,
        le=2_592_000,
        description="how long a file waits for its seal or assertion before it is refused, where "
        "`binding` asks for one",
    )
    antwoord_op: tuple[str, ...] = Field(
        default=(), description="for retour: ids of the exchanges whose deliveries it answers"
    )
    inhoud: Literal["bestand", "ontvangstbewijs"] = Field(
        default="bestand",
        description="for retour: `ontvangstbewijs` brings the sealed receipts of who receives the "
        "exchanges in `antwoord_op` (schemas/ontvangstbewijs.xsd), which GGk checks",
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
    periode: str = Field(
        default="", max_length=200, description="how often, for people and docs/uitwisselingen.md"
    )
    volume: str = Field(
        default="", max_length=200, description="how many, by the source; for people"
    )
    bron: str = Field(
        default="", max_length=200, description="where this exchange is described; for people"
    )

    @cached_property
    def lezers(self) -> tuple[Patroon, ...]:
        """The patterns, compiled."""
        return tuple(Patroon.compile(text) for text in self.patronen)

    @cached_property
    def uitgezonderd(self) -> tuple[Patroon, ...]:
        """The patterns of names that belong elsewhere, compiled."""
        return tuple(Patroon.compile(text) for text in self.behalve)

    @cached_property
    def codes(self) -> dict[str, str]:
        """The RINIS codes by kind of party: who may use it, and which folder is theirs."""
        codes: dict[str, str] = {"gemeente": self.rinis_code}
        return codes | {str(soort): code for soort, code in self.rinis_codes.items()}

    def code_voor(self, soort: str) -> str | None:
        """Find the code for a kind of party; None: that kind does not use this exchange."""
        return self.codes.get(soort)

    @property
    def heeft_vensters(self) -> bool:
        """Whether the section `vensters` is about this exchange."""
        return self.vensters != "geen"

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
