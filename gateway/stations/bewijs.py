# SPDX-License-Identifier: EUPL-1.2
"""A receiver's sealed receipt, as GGk judges it: is it his, and is it of that delivery.

The seal must be right, of a certificate that counted now, and of the receiver's own OIN: one of
another party under the same root, the gateway itself, is a forgery. What it says must be the
delivery that its envelope answers, byte for byte. One that is not believed is refused to who sent
it, lies in quarantine with the reason, and is remarked on the delivery; one that is goes to the
municipality, which can check it by itself, and confirms the delivery, once.

The moment that counts is when GGk got it: what a receipt says of its own time is its signer's word.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import envelopes
from envelopes import Envelop, Ontvangstbewijs
from gateway.config import Config, Uitwisseling
from gateway.model import (
    Arrival,
    ByReference,
    Decision,
    Direction,
    Event,
    EventType,
    Evidence,
    Keys,
    Levering,
    Used,
    facts,
    keys,
)
from gateway.names import toonbaar
from gateway.stations import header
from gateway.stations.refusals import refuse_envelope
from gateway.trust import xmlzegel
from gateway.trust.domeinen import oin_van_ontvanger
from gateway.trust.weigering import Code, Weigering

SOORT = "ontvangstbewijs"
"""What ``inhoud`` calls it, and what names it among the evidence in a leaf."""

AHEAD = timedelta(minutes=5)
"""How far a receiver's clock may run ahead of ours."""


class Nee(NamedTuple):
    """Why a receipt is not believed: a stable word, and a sentence for people."""

    code: str
    zin: str


class Ja(NamedTuple):
    """A receipt that is believed: the delivery that it confirms, and whose seal it is."""

    levering: Levering
    oin: str
    content: bytes
    first: bool

    @property
    def bewijs(self) -> str:
        """What names it in a leaf."""
        return f"{SOORT}:{hashlib.sha256(self.content).hexdigest()}"


def brings(c: header.Checked) -> bool:
    """Whether an envelope brings a receipt."""
    return _is_of(c.exchange)


def judged(c: header.Checked, delivered: Decision) -> Decision:
    """What becomes of it: delivered, and the delivery that it names confirmed; or refused."""
    found = judge(c)
    return _refuse(c, found) if isinstance(found, Nee) else _confirm(c, found, delivered)


def _is_of(exchange: Uitwisseling | None) -> bool:
    return exchange is not None and exchange.inhoud == SOORT


def needs(arrival: Arrival, config: Config) -> Keys:
    """The delivery that a receipt names, and whether it was confirmed before."""
    found = arrival.envelop
    if not isinstance(found, Envelop):
        return keys()
    if not _is_of(config.op_functie(found.stuurgegevens.functie or "")):
        return keys()
    try:
        said = envelopes.read_ontvangstbewijs(found.payload)
    except envelopes.EnvelopeError:
        return keys()
    return keys(ByReference(said.referentienummer, said.gemeentecode), _used(said))


def _used(said: Ontvangstbewijs) -> Used:
    return Used(f"{SOORT}:{said.gemeentecode}:{said.referentienummer}")


def judge(c: header.Checked) -> Ja | Nee:
    """Believe the receipt that an envelope brings, or say why not."""
    content = c.content
    if not isinstance(content, bytes):
        return Nee("geen-ontvangstbewijs", "een ontvangstbewijs is nooit zo groot")
    said = _sealed(content, c)
    if isinstance(said, Nee):
        return said
    levering = c.known.get(ByReference(said.referentienummer, said.gemeentecode))
    wrong = _other_delivery(said, levering, c) or _other_bytes(said, levering)
    if wrong is not None or levering is None:
        return wrong or _unknown()
    first = c.known.get(_used(said)) in (None, c.arrival.id)
    return Ja(levering, said.oin, content, first)


def _sealed(content: bytes, c: header.Checked) -> Ontvangstbewijs | Nee:
    """What was sealed by the receiver itself; nothing else of the document counts."""
    try:
        root = envelopes.ontleed_ontvangstbewijs(content)
    except envelopes.EnvelopeError as error:
        return Nee("geen-ontvangstbewijs", f"het voldoet niet aan {SOORT}.xsd: {error.details}")
    if c.config.trust is None or c.exchange is None:
        return Nee("geen-vertrouwen", "dit knooppunt heeft geen certificaten om op te vertrouwen "
                   "(maak ze met knooppunt init)")  # fmt: skip
    oin = oin_van_ontvanger(c.config, c.exchange.tegenpartij)
    if not oin:
        return Nee(Code.VERKEERDE_OIN.value, f"van {c.exchange.tegenpartij} is geen OIN bekend")
    found = xmlzegel.controleer(root, c.config.trust.zegels, c.arrival.moment.echt, oin)
    if isinstance(found, Weigering):
        return Nee(found.code.value, found.zin.rstrip("."))
    if found.signer.pseudoniem:
        return Nee("geen-organisatiezegel", "het is ondertekend met het certificaat van een "
                   "medewerker, niet met het zegel van de organisatie")  # fmt: skip
    said = envelopes.lees_ontvangstbewijs(found.inhoud)
    if said.oin != oin:
        return Nee(Code.VERKEERDE_OIN.value, f"het noemt OIN {said.oin}; ondertekend is door {oin}")
    if said.ontvangen > c.arrival.moment.nu + AHEAD:
        return Nee("in-de-toekomst", "het noemt een moment van ontvangst dat nog komen moet")
    return said


def _unknown() -> Nee:
    return Nee("levering-onbekend", "het noemt geen levering van deze gemeente aan deze ontvanger")


def _other_delivery(
    said: Ontvangstbewijs, levering: Levering | None, c: header.Checked
) -> Nee | None:
    """It is of a delivery to who sealed it, of who gets it; that which its envelope answers."""
    exchange = c.exchange
    of_these = levering is not None and exchange is not None and (
        levering.direction is Direction.HEEN
        and levering.uitwisseling in exchange.antwoord_op
        and levering.gemeentecode == c.header.ontvanger.organisatie
        and c.config.uitwisselingen[levering.uitwisseling].tegenpartij == exchange.tegenpartij
    )  # fmt: skip
    if not of_these:
        return _unknown()
    if c.header.cross_refnummer not in (None, said.referentienummer):
        return Nee(
            "andere-levering",
            f"het is van levering {said.referentienummer}, maar kwam als antwoord op "
            f"{c.header.cross_refnummer}",
        )
    return None


def _other_bytes(said: Ontvangstbewijs, levering: Levering | None) -> Nee | None:
    if levering is None or (said.sha256, said.omvang) == (levering.sha256, levering.size):
        return None
    return Nee(
        Code.ANDERE_BYTES.value,
        f"het is over andere bytes dan die van levering {levering.referentienummer}: SHA-256 "
        f"{said.sha256[:16]}... ({said.omvang} bytes), geleverd is {levering.sha256[:16]}... "
        f"({levering.size} bytes)",
    )


# --- what follows ---------------------------------------------------------------------------------


def _refuse(c: header.Checked, why: Nee) -> Decision:
    """Refuse a receipt that is not believed; the delivery that it answers stays as it was."""
    fault = envelopes.fout("RIN001", f"{SOORT} geweigerd ({why.code}): {why.zin}",
                           c.config.technisch.foutcodes)  # fmt: skip
    refused = refuse_envelope(c, fault)
    events = tuple(
        one._replace(code=why.code, remark=f"{SOORT}: {why.zin}")
        if one.type is EventType.REFUSED else one
        for one in refused.events
    )  # fmt: skip
    cross = c.header.cross_refnummer
    about = c.known.get(ByReference(cross, c.header.ontvanger.organisatie)) if cross else None
    if about is None or about.direction is not Direction.HEEN:
        return replace(refused, events=events)
    remark = f"a receipt of it was refused ({why.code}): {why.zin}"
    told = Event(EventType.REMARK, "ggk", about.id, toonbaar(c.arrival.name), str(c.arrival.place),
                 "bewijs-geweigerd", remark)  # fmt: skip
    return replace(refused, events=(*events, told), leveringen=(*refused.leveringen, about))


def _confirm(c: header.Checked, found: Ja, delivered: Decision) -> Decision:
    """Beside the receipt's own delivery: the delivery that it is of is confirmed, once."""
    about = found.levering
    receipt, place = delivered.leveringen[0], str(delivered.deliveries[0].place)
    name = receipt.delivered_as
    if not found.first:
        again = Event(EventType.REMARK, "ggk", about.id, name, place, "bewijs-herhaald",
                      "a receipt of it came once more")  # fmt: skip
        return replace(delivered, events=(*delivered.events, again),
                       leveringen=(*delivered.leveringen, about))  # fmt: skip
    event = Event(EventType.CONFIRMED, "ggk", about.id, name, place, "",
                  f"sealed by OIN {found.oin}", by=found.oin, bewijs=found.bewijs)  # fmt: skip
    learned = facts(
        [
            (Used(f"{SOORT}:{about.gemeentecode}:{about.referentienummer}"), c.arrival.id),
            (Evidence(receipt.id), (SOORT, found.content)),
        ]
    )
    return replace(
        delivered,
        events=(*delivered.events, event),
        leveringen=(*delivered.leveringen, about),
        facts={**delivered.facts, **learned},
    )
