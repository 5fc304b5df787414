# SPDX-License-Identifier: EUPL-1.2
"""Which trust domains a configuration has, and the OIN of each.

A domain is a directory ``keys/<domain>/`` (0700) in the state: the key of one party, that no other
can read; an employee's bears a pseudonym in the place of the name. What others need of it, and
nothing secret, lies in ``vertrouwen/``.

An OIN names an organisation in 20 digits: 8 of the register (00000001: RSIN), the number, and three
zeros (Logius, OIN-stelsel). No source gives those of the parties here, so the numbers are ours: the
gemeentecode, and 9999000.. for the others. They look like no real RSIN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from gateway.config import Config
from gateway.trust.ketting import Signer

MEDEWERKER = "zegel-medewerker-"
"""What the domains of employees begin with: then come a party's code and the user."""

LOG, GATEWAY, CBS, IDP, TSA = "log", "zegel-gateway", "zegel-cbs", "idp", "tsa"
GETUIGEN = ("getuige-cbs", "getuige-gemeente")
CA = "ca"


class Soort(StrEnum):
    """What a domain does with its key."""

    LOG = "log"
    ZEGEL = "zegel"
    IDP = "idp"
    TSA = "tsa"
    GETUIGE = "getuige"


@dataclass(frozen=True, slots=True)
class Domein:
    """One trust domain. ``gebruiker`` is the employee whose seal it is; of nobody: empty.

    ``oin`` is empty for those that have no certificate (the log, witnesses); ``sleutelnaam`` is
    what their notes are signed with.
    """

    naam: str
    soort: Soort
    organisatie: str
    oin: str = ""
    gemeentecode: str = ""
    gebruiker: str = ""
    sleutelnaam: str = ""


class Medewerker(NamedTuple):
    """The employee behind a pseudonym."""

    gemeentecode: str
    gebruiker: str


def oin_van(code: str) -> str:
    """The OIN of a party here, by its code of 4 digits."""
    return f"00000001{code:0>9}000"


OIN_CBS, OIN_GATEWAY = oin_van("999900001"), oin_van("999900002")
OIN_IDP, OIN_TSA = oin_van("999900003"), oin_van("999900004")


def domeinen(config: Config) -> tuple[Domein, ...]:
    """Every trust domain of a chain, the gateway's own first."""
    naam = config.naam
    receiver = config.ontvangers.get("cbs")
    cbs = receiver.naam if receiver else "CBS"
    found = [
        Domein(LOG, Soort.LOG, naam),
        Domein(GATEWAY, Soort.ZEGEL, naam, OIN_GATEWAY),
        Domein(CBS, Soort.ZEGEL, cbs, (receiver and receiver.oin) or OIN_CBS),
        Domein(IDP, Soort.IDP, f"Inlogdienst van {naam}", OIN_IDP),
        Domein(TSA, Soort.TSA, f"Tijdstempeldienst van {naam}", OIN_TSA),
    ]
    found += [Domein(one, Soort.GETUIGE, one, sleutelnaam=f"{one}.{naam}") for one in GETUIGEN]
    for code, partij in config.partijen.items():
        oin, wie = oin_van(code), partij.naam
        found.append(Domein(f"zegel-{partij.soort}-{code}", Soort.ZEGEL, wie, oin, code))
        found += [
            Domein(f"{MEDEWERKER}{code}-{one}", Soort.ZEGEL, wie, oin, code, one)
            for one in partij.medewerkers
        ]
    own = {name: one.oin for name, one in config.sleutels.items() if one.oin}
    return tuple(replace(one, oin=own.get(one.naam, one.oin)) for one in found)


def domein(config: Config, naam: str) -> Domein | None:
    """The domain of that name."""
    return next((one for one in domeinen(config) if one.naam == naam), None)


def oin_cbs(config: Config) -> str:
    """The OIN that CBS signs under here."""
    return oin_van_ontvanger(config, "cbs") or OIN_CBS


def oin_van_ontvanger(config: Config, ontvanger: str) -> str:
    """The OIN that a receiver seals under; empty: none is known, and no seal of it counts."""
    found = domein(config, f"zegel-{ontvanger}")
    receiver = config.ontvangers.get(ontvanger)
    return found.oin if found else (receiver and receiver.oin) or ""


def partij_van(config: Config, signer: Signer) -> str | None:
    """The code of the party whose certificate it is, its employees' too; None: of no party."""
    codes = {one.oin: one.gemeentecode for one in domeinen(config) if one.gemeentecode}
    return codes.get(signer.oin)


def medewerker_van(signer: Signer, known: Mapping[str, Medewerker]) -> Medewerker | None:
    """The employee whose certificate it is; None: it is nobody's we know, or an organisation's."""
    return known.get(signer.pseudoniem) or known.get(signer.vingerafdruk)
