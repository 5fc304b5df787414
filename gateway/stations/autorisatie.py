# SPDX-License-Identifier: EUPL-1.2
"""May this user hand in this file? What GGk's authorisation asks (PSA 4; domain 2, point 6 and 7).

Who the user is, what they were granted, and whether the aanlevering asks for a grant: each as it
was when the file was seen, by the log's order (``Moment.stand``), whatever changed since. A refusal
says who may help.

What this does not protect against: a folder drop binds a user only weakly. Whoever may make a
sub-folder may give it any user's name; ``gebruiker: bestandseigenaar`` believes the disk alone.
"""

from __future__ import annotations

import envelopes
from envelopes import Besluit, Gebruiker
from gateway.autorisatie import (
    ONBEKEND,
    PARTIJEN,
    UITWISSELINGEN,
    VERPLICHT,
    Grant,
    Grants,
    Rol,
    held,
    in_force,
    regel_van_partij,
    regel_van_uitwisseling,
)
from gateway.config import Config, Partij, Uitwisseling
from gateway.model import Arrival, Keys, Known, keys
from gateway.names import toonbaar
from gateway.stations.notices import Reason

INTREKKING = "intrekking"


def needs(arrival: Arrival) -> Keys:
    """The rules, and the grants of the municipality (and of the one that it decides for)."""
    wanted = [PARTIJEN, UITWISSELINGEN, Grants(arrival.place.partij)]
    decision = _decision(arrival)
    if decision is not None:
        wanted.append(Grants(decision.gemeentecode))
    return keys(*wanted)


def _decision(arrival: Arrival) -> Besluit | None:
    return envelopes.read_besluit(arrival.content) if arrival.content else None


def user(arrival: Arrival, known: Known, party: Partij) -> Gebruiker:
    """Who handed it in: the sub-folder's user, else the outbox's default, else the file's owner.

    Or only the one of them that the outbox's ``gebruiker`` names.
    """
    now = regel_van_partij(party)
    which, default = held(known.get(PARTIJEN), party.code, arrival.moment.stand, now)
    found = {
        "map": arrival.place.gebruiker,
        "standaard": default,
        "bestandseigenaar": arrival.owner or "",
    }
    for herkomst, name in found.items():
        if name and which in ("volgorde", herkomst):
            return Gebruiker(envelopes.xml_veilig(name)[:100], herkomst)
    return Gebruiker(ONBEKEND, "standaard")


def not_allowed(
    arrival: Arrival, who: Gebruiker, exchange: Uitwisseling, known: Known, config: Config
) -> Reason | None:
    """Why this user may not hand in for this exchange; None when they may."""
    aanlevering = _asks_for(arrival, exchange, known, config)
    if aanlevering is None:
        return None
    code = arrival.place.partij
    grants = _of(code, aanlevering, arrival, known)
    if any(one.gebruiker == who.id and not one.mandaat_van for one in grants):
        return None
    return _no_grant(who.id, aanlevering, code, grants, config)


def not_on_behalf(
    arrival: Arrival, who: Gebruiker, exchange: Uitwisseling, known: Known, config: Config
) -> Reason | None:
    """Why this user may not decide for another municipality than the outbox's; None: they may.

    Withdrawing needs that municipality's mandate. For any other decision it is enough to be
    authorised there too (choice: the PSA wants an authorised employee of the one concerned).
    """
    aanlevering = _asks_for(arrival, exchange, known, config)
    decision = _decision(arrival) if aanlevering is not None else None
    code = arrival.place.partij
    if aanlevering is None or decision is None or decision.gemeentecode == code:
        return None
    other = decision.gemeentecode
    theirs = _of(other, aanlevering, arrival, known)
    if decision.besluit == INTREKKING:
        mandates = _of(code, aanlevering, arrival, known)
        allowed = any(one.gebruiker == who.id and one.mandaat_van == other for one in mandates)
    else:
        allowed = any(one.gebruiker == who.id and not one.mandaat_van for one in theirs)
    return None if allowed else _no_mandate(who.id, aanlevering, code, decision, theirs, config)


def _asks_for(arrival: Arrival, exchange: Uitwisseling, known: Known, config: Config) -> str | None:
    """The aanlevering that one must be authorised for; None where none is asked."""
    now = regel_van_uitwisseling(exchange, config)
    rules = known.get(UITWISSELINGEN)
    aanlevering, mode = held(rules, exchange.id, arrival.moment.stand, now)
    return aanlevering if mode == VERPLICHT else None


def _of(code: str, aanlevering: str, arrival: Arrival, known: Known) -> list[Grant]:
    found = in_force(known.get(Grants(code)), arrival.moment.stand)
    return [one for one in found if one.aanlevering == aanlevering]


# --- what is said -----------------------------------------------------------------------------


def _names(aanlevering: str, code: str, config: Config) -> tuple[str, str]:
    found, party = config.aanleveringen.get(aanlevering), config.partij(code)
    return (found.naam if found else aanlevering, party.naam if party and party.naam else code)


def _helper(grants: list[Grant], naam: str, gemeente: str) -> str:
    who = sorted(one.gebruiker for one in grants if one.rol == Rol.COORDINATOR)
    if not who:
        return f"de beheerder van het knooppunt; {gemeente} heeft hier geen coördinator voor {naam}"
    named = " of ".join(toonbaar(one) for one in who)
    return f"de coördinator van {gemeente} voor {naam} ({named}), of de beheerder van het knooppunt"


def _no_grant(who: str, aanlevering: str, code: str, grants: list[Grant], config: Config) -> Reason:
    naam, gemeente = _names(aanlevering, code, config)
    helper = _helper(grants, naam, gemeente)
    told = (
        f"Wie dit bestand aanlevert is niet te zien, en alleen wie geautoriseerd is voor {naam} "
        f"van {gemeente} mag dit."
        if who == ONBEKEND
        else f"Gebruiker '{toonbaar(who)}' is niet geautoriseerd voor {naam} van {gemeente}."
    )
    return Reason(
        "niet-geautoriseerd",
        told,
        f"Vraag {helper}. Leg het bestand daarna opnieuw in de outbox.",
        f"This user has no grant for {aanlevering} of {code}. The municipality's coordinator can "
        "hand the file in; the operator can authorise the user (knooppunt grant).",
    )


def _no_mandate(
    who: str, aanlevering: str, code: str, decision: Besluit, theirs: list[Grant], config: Config
) -> Reason:
    other = decision.gemeentecode
    naam, gemeente = _names(aanlevering, other, config)
    own = _names(aanlevering, code, config)[1]
    helper = _helper(theirs, naam, gemeente)
    return Reason(
        "geen-mandaat",
        f"Dit besluit ({decision.besluit}) is voor {gemeente}, en gebruiker '{toonbaar(who)}' van "
        f"{own} mag dat niet namens {gemeente} nemen.",
        f"Laat {gemeente} het besluit zelf insturen: vraag {helper}. De beheerder kan ook een "
        "mandaat vastleggen, op grond van een verklaring van die gemeente.",
        f"A decision for {other} from the outbox of {code}: the user has no mandate of {other} for "
        f"{aanlevering} (an authorisation there, for other decisions than a withdrawal). The "
        "operator can lodge one (knooppunt grant --mandate).",
    )
