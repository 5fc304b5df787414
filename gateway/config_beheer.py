# SPDX-License-Identifier: EUPL-1.2
"""The sections of ``config.yaml`` for who keeps the gateway: alarms, retention, LDV, witnesses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from gateway.config_problems import REGISTER, SAFE_URL, URL
from gateway.config_sectie import Sectie

Adres = Annotated[str, Field(pattern=URL, max_length=2000)]
"""Where something is asked over HTTP."""


class Alarmen(Sectie):
    """When somebody should look, and where that is told beside the log and ``status --check``."""

    url: str | None = Field(
        default=None,
        pattern=URL,
        max_length=2000,
        description="webhook: each alarm that begins or ends is posted here as JSON",
    )
    dagen_voor_sluiting: StrictInt = Field(
        default=3,
        ge=0,
        le=60,
        description="days before a window closes from which a party that handed in nothing is told",
    )
    schijf_vrij_mb: StrictInt = Field(
        default=500, ge=1, le=1_000_000, description="a disk with less room (MiB) is nearly full"
    )
    klok_sprong_s: StrictInt = Field(
        default=60, ge=1, le=86_400, description="a step of the machine's clock that is told (s)"
    )
    quarantaine: StrictInt = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="so many files in quarantine within 24 hours are told",
    )
    onderweg_minuten: StrictInt = Field(
        default=15,
        ge=1,
        le=10_080,
        description="a file that was taken and is not done after so many minutes is told",
    )
    blijft_liggen_uren: StrictInt = Field(
        default=24,
        ge=1,
        le=8760,
        description="a file that cannot be taken, and is still there after so many hours, is told",
    )
    getuige_minuten: StrictInt = Field(
        default=10,
        ge=1,
        le=10_080,
        description="a witness, or time stamping authority, that fails for so many minutes is told",
    )
    antwoord_uren: StrictInt = Field(
        default=24,
        ge=1,
        le=8760,
        description="a delivery that the next hub has not answered after so many hours is told",
    )
    ontvangstbewijs_uren: StrictInt = Field(
        default=24,
        ge=1,
        le=8760,
        description="hours, by the chain's clock, after which the sealed receipt of a delivery is "
        "missed, where its receiver gives one (`ontvangstbewijs`)",
    )


class Bewaren(Sectie):
    """How long names, users and copies are kept; `knooppunt purge` takes away what is older."""

    leveringen_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="what was handed in (CBS keeps it 2 years)"
    )
    besluiten_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="decisions: of exchanges with `stap: besluit`"
    )
    rapporten_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="what came back to the parties"
    )
    geweigerd_dagen: StrictInt = Field(
        default=730, ge=1, le=36_500, description="what was refused, with its copy in quarantine"
    )


class Verwerkingslog(Sectie):
    """The Logboek dataverwerkingen (LDV): where the lines go that are made of the audit log."""

    bestand: StrictBool = Field(
        default=True, description="to a file: `ldv/spans.jsonl` in the state, a line each"
    )
    otlp: str | None = Field(
        default=None,
        pattern=SAFE_URL,
        max_length=2000,
        description="address of a logbook that takes OTLP over HTTP (`https://.../v1/traces`)",
    )
    verwerkingenregister: str | None = Field(
        default=None,
        pattern=REGISTER,
        max_length=500,
        description="what the ids of processing activities begin with: the register (AVG art. 30); "
        "left out `https://<naam>/verwerkingen`. Behind it come `/` and the id of the exchange",
    )


class Getuigen(Sectie):
    """Who signs what the log published beside the gateway itself: witnesses, and time stamps."""

    aan: StrictBool = Field(
        default=False,
        description="whether they are asked; counts from the next start, as all of this section",
    )
    policy: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="C2SP policy file: which witnesses there are, where, and how many are enough; "
        "left out: `vertrouwen/policy` in the state",
    )
    adressen: dict[Annotated[str, Field(min_length=1, max_length=200)], Adres] = Field(
        default_factory=dict,
        description="where a witness takes checkpoints, by its name in the policy, when that does "
        "not say it or it is elsewhere",
    )
    tsa: str | None = Field(
        default=None,
        pattern=URL,
        max_length=2000,
        description="time stamping authority (RFC 3161), asked for a token over each checkpoint "
        "that is archived",
    )
    tsa_ca: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="PEM file with the certificates that its tokens are checked by (its own, those "
        "of its issuers) and their revocation lists, which `init` publishes; left out: those in "
        "`vertrouwen/` in the state",
    )
    tussenpoos_s: StrictInt = Field(
        default=60,
        ge=1,
        le=120,
        description="at most one checkpoint in so many seconds is sent to them, and archived",
    )
    onbereikbaar: Literal["doorgaan", "weigeren"] = Field(
        default="doorgaan",
        description="a witness that does not answer at the start: go on with an alarm, or do not "
        "start",
    )
