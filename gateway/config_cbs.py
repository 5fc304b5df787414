# SPDX-License-Identifier: EUPL-1.2
"""The section ``cbs`` of ``config.yaml``: how the simulated CBS plays its half-yearly cycle."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, StrictInt

from gateway.config_sectie import Sectie
from gateway.config_secties import Code, Uitvraagcode


class NietPubliceren(Sectie):
    """A set that CBS itself decides not to publish (aanleverprotocol, 1.1, Kwaliteit data)."""

    gemeente: Code = Field(description="whose data, by gemeentecode (between quotes)")
    over: Uitvraagcode = Field(description="over which half-year: its uitvraag")
    reden: str = Field(
        default="", max_length=500, description="why, in Dutch: it stands in the status"
    )


class OptInCyclus(Sectie):
    """The fixed days of a cycle in which nothing is published without an opt-in (PSA 5)."""

    spiegelrapport_1: date = Field(
        description="op-orde reports of sets that were approved before it are sent on this day"
    )
    spiegelrapport_2: date = Field(description="spiegelrapport II is sent on this day")
    opt_in_verzoek: date = Field(description="the request for an opt-in is sent on this day")


def _cyclus_2016() -> dict[str, OptInCyclus]:
    return {
        "2016": OptInCyclus(
            spiegelrapport_1=date(2016, 10, 3),
            spiegelrapport_2=date(2016, 11, 7),
            opt_in_verzoek=date(2016, 11, 9),
        )
    }


class Cbs(Sectie):
    """How the simulated CBS answers, when it is run (`--stations ggk,rinis,cbs`)."""

    antwoord: Literal["protocol", "direct"] = Field(
        default="protocol",
        description="`protocol`: answers come after the working days below, by the chain's clock "
        "(`knooppunt cbs status` says when each is due; `run --nu` turns the clock); `direct`: at "
        "once",
    )
    terugkoppeling_werkdagen: StrictInt = Field(
        default=3,
        ge=0,
        le=60,
        description="working days after the upload in which the technical feedback comes, and the "
        "confirmation of a decision",
    )
    op_orde_werkdagen: StrictInt = Field(
        default=2,
        ge=0,
        le=60,
        description="working days after an approval in which the op-orde report comes",
    )
    correcties: StrictInt = Field(
        default=20,
        ge=0,
        le=10_000,
        description="deliveries after the first that a municipality may do over one uitvraag, "
        "rejected ones counted",
    )
    mandaten: dict[Code, tuple[Code, ...]] = Field(
        default_factory=dict,
        description="below the code of a municipality: those that may deliver for it in a ZIP and "
        "decide for it, of which CBS has the legal basis (for decisions GGk's mandates are enough, "
        "where it asks for authorisation)",
    )
    niet_publiceren: tuple[NietPubliceren, ...] = Field(
        default=(), description="sets that CBS decides not to publish"
    )
    opt_in_cycli: dict[str, OptInCyclus] = Field(
        default_factory=_cyclus_2016,
        description="cycles (the word at `cyclus` of a window) in which silence means that "
        "nothing is published, with their fixed days; in all others silence means publication",
    )
