# SPDX-License-Identifier: EUPL-1.2
"""Is this user bound to these bytes? A seal or a login's assertion is judged, or its lack.

What lies beside a file is believed whole or the file is refused, also where no binding is asked: a
seal that does not fit is news. What is asked depends on the exchange (``binding``). The moment that
counts is that of the upload, whatever is revoked later. A signature or login is used once: who may
write in an outbox could otherwise hand in an earlier, withdrawn decision again.
"""

from __future__ import annotations

from typing import NamedTuple

import envelopes
from envelopes import Gebruiker
from gateway.binding import cms, manifest, verklaring, zegel
from gateway.binding.trust import Trust
from gateway.config import Config, Uitwisseling
from gateway.config_eherkenning import KLASSE
from gateway.model import Arrival, Evidence, Keys, Known, keys
from gateway.names import toonbaar
from gateway.stations import gezien, once
from gateway.stations.how_bound import ORGANISATIE
from gateway.stations.notices import Reason, too_large
from gateway.trust.ketting import Weigering


class Bound(NamedTuple):
    """How a file is bound to its user: ``auth`` and ``loa`` as leaves have them.

    ``gebruiker`` is who is known by it: an employee, or the organisation itself by its code.
    ``element`` goes into the metagegevens, ``evidence`` into the leaf; ``identity`` is used up by
    this file.
    """

    auth: str
    loa: str
    gebruiker: Gebruiker
    soort: str
    content: bytes
    identity: str

    @property
    def element(self) -> bytes:
        """The whole of it, for the receiver."""
        return envelopes.build_binding(envelopes.Binding(self.soort, self.content))

    @property
    def evidence(self) -> str:
        """What names it in a leaf."""
        return once.named(self.soort, self.content)


def needs(arrival: Arrival, config: Config) -> Keys:
    """Whether it was used before, unless it cannot be read; and what its signer saw of our log."""
    return keys(*once.uses(arrival)) | gezien.needs(arrival, config)


def judge(
    arrival: Arrival, exchange: Uitwisseling | None, known: Known, config: Config
) -> Bound | Reason | None:
    """Judge what lies beside a file; None when nothing does."""
    proof, trust = arrival.proof, config.trust
    if proof is None:
        return None
    if proof.content is None:
        return _unreadable(f"het is met {proof.size} bytes te groot", "it is too large")
    login = verklaring.is_one(proof.content)
    if trust is None or (login and not trust.jwks):
        return _no_trust()
    if login:
        session = exchange is not None and exchange.binding == "sessie"
        found = _login(arrival, proof.content, trust, config, session=session)
    else:
        found = _seal(arrival, proof.content, trust, config)
    if isinstance(found, Reason):
        return found
    wrong = gezien.judge(arrival, known, config)
    if wrong is not None or not found.identity:
        return wrong or found
    first = {known.get(one) for one in once.uses(arrival)} - {None, arrival.id}
    return _used_before() if first else found


def lacking(bound: Bound | None, exchange: Uitwisseling, config: Config) -> Reason | None:
    """What its exchange asks and a file has not; None when it has."""
    if exchange.binding == "zwak":
        return None
    if bound is None:
        return _none()
    if bound.loa == ORGANISATIE:
        suffices = exchange.organisatiezegel == "volstaat"
        return None if suffices else _no_person(config.eherkenning.minimum)
    if not config.eherkenning.reikt(bound.loa):
        return _too_low(bound.loa, config.eherkenning.minimum)
    return None


def too_heavy(bound: Bound | None, arrival: Arrival, config: Config) -> Reason | None:
    """A file that fits a message, but not together with what binds it."""
    if bound is None or arrival.carried is not None:
        return None
    limit = config.technisch.ruwe_bytes - len(bound.content)
    return too_large(arrival.size, limit, config) if arrival.size > limit else None


def facts_of(bound: Bound | None, arrival: Arrival) -> list[tuple[object, object]]:
    """What to remember of a file that was accepted: this was used, and kept as evidence."""
    if bound is None:
        return []
    learned: list[tuple[object, object]] = [(Evidence(arrival.id), (bound.soort, bound.content))]
    uses = once.uses(arrival)[:1] if bound.identity else ()
    return [*learned, *((one, arrival.id) for one in uses)]


# --- a seal ---------------------------------------------------------------------------------------


def _seal(arrival: Arrival, content: bytes, trust: Trust, config: Config) -> Bound | Reason:
    code = arrival.place.partij
    try:
        found = zegel.check(
            content, arrival.sha256, arrival.content, trust.zegels, arrival.moment.echt
        )
    except cms.CmsError as error:
        return _unreadable(str(error), "it is no detached CMS signature in DER that is taken here")
    if isinstance(found, Weigering):
        return _refused(found.code.value, found.zin, found.sentence)
    if trust.oins.get(found.signer.oin) != code:
        return _other_party(found.signer.oin, code)
    wrong = _other_delivery(arrival, found.manifest) if found.manifest is not None else None
    if wrong is not None:
        return wrong
    employee = trust.signed_by(found.signer)
    if employee is None and not found.signer.pseudoniem:
        itself = Gebruiker(code, "zegel")
        return Bound("seal", ORGANISATIE, itself, "zegel", content, found.identity)
    if employee is None or employee.gemeentecode != code:
        return _nobody(code)
    level = config.eherkenning.niveau_van(code, employee.gebruiker)
    who = Gebruiker(employee.gebruiker, "zegel", KLASSE + level)
    return Bound("seal", level, who, "zegel", content, found.identity)


# --- a login --------------------------------------------------------------------------------------


def _login(
    arrival: Arrival, content: bytes, trust: Trust, config: Config, *, session: bool
) -> Bound | Reason:
    code = arrival.place.partij
    try:
        said = verklaring.read(content)
        found = verklaring.check(
            said, trust.jwks, config.eherkenning, arrival.moment.echt, session=session
        )
    except verklaring.VerklaringError as error:
        return _refused(error.code, f"{error.sentence[0].upper()}{error.sentence[1:]}.",
                        "the assertion of the login is not believed", login=True)  # fmt: skip
    wrong = _other_delivery(arrival, said.manifest)
    if wrong is not None:
        return wrong
    if trust.oins.get(found.organisatie) != code:
        return _other_party(found.organisatie, code)
    employee = trust.employee(found.subject)
    if employee is None or employee.gemeentecode != code:
        return _nobody(code)
    who = Gebruiker(employee.gebruiker, "eherkenning", KLASSE + found.niveau)
    if not found.signs:
        return Bound("session", found.niveau, who, "eherkenning", content, "")
    return Bound("idp-bound", found.niveau, who, "eherkenning", content, found.nonce)


def _other_delivery(arrival: Arrival, content: bytes) -> Reason | None:
    """Why a manifest, believed, is not that of this file."""
    name = toonbaar(arrival.name)
    try:
        found = manifest.read(content)
    except manifest.ManifestError as error:
        return _unreadable(str(error), "its manifest cannot be read")
    if found.gemeentecode != arrival.place.partij or name not in {b.naam for b in found.bestanden}:
        return _refused(
            "andere-levering",
            f"Het manifest is van een andere levering: '{name}' van {arrival.place.partij} staat "
            "er niet in.",
            "the manifest is that of another delivery",
        )
    if found.lists(name, arrival.size, arrival.sha256):
        return None
    return _refused(
        "andere-bytes",
        "Omvang of SHA-256 in het manifest zijn niet die van dit bestand.",
        "the manifest lists other bytes than those of this file",
    )


# --- what is said ---------------------------------------------------------------------------------

_AGAIN = "Onderteken dit bestand opnieuw (knooppunt seal) en leg bestand en .p7s in de outbox."
_LOG_IN = "Lever opnieuw aan met een nieuwe aanmelding (knooppunt deliver)."


def _refused(code: str, zin: str, english: str, *, login: bool = False) -> Reason:
    return Reason(code, zin, _LOG_IN if login else _AGAIN, f"Not taken: {english}.")


def _unreadable(said: str, english: str) -> Reason:
    return _refused(
        "zegel-onleesbaar", f"Wat naast het bestand ligt is geen geldig zegel: {said}.", english
    )


def _other_party(oin: str, code: str) -> Reason:
    return _refused(
        "verkeerde-oin",
        f"Ondertekend namens een andere organisatie (OIN {toonbaar(oin)}) dan {code}, uit wier "
        "outbox het bestand komt.",
        "it was signed for another organisation than the outbox's",
    )


def _used_before() -> Reason:
    return _refused(
        "al-gebruikt",
        "Op deze ondertekening is al eerder een bestand aangenomen; zij geldt een keer.",
        "this very signature was used before",
    )


def _nobody(code: str) -> Reason:
    return Reason(
        "onbekende-medewerker",
        f"Ondertekend door iemand die hier niet bekend is als medewerker van {code}.",
        "Vraag de beheerder van het knooppunt om de medewerker op te nemen.",
        "Signed by nobody who is known here as an employee of this party.",
    )


def _too_low(level: str, minimum: str) -> Reason:
    return Reason(
        "niveau-te-laag",
        f"Het betrouwbaarheidsniveau is {level}; deze uitwisseling vraagt ten minste {minimum}.",
        "Log in met een middel van een hoger niveau, of laat een collega met zo'n middel "
        "aanleveren.",
        f"The assurance level is {level}, and this exchange asks {minimum} at least.",
    )


def _no_person(minimum: str) -> Reason:
    return Reason(
        "geen-medewerker",
        "Het zegel is dat van de organisatie: welke medewerker dit inlevert staat daarmee niet "
        f"vast, en deze uitwisseling vraagt er een, met betrouwbaarheidsniveau {minimum} of hoger.",
        "Laat een medewerker ondertekenen (knooppunt seal --als, of knooppunt deliver) en leg "
        "bestand en zegel opnieuw in de outbox.",
        "It is the organisation's own seal, which names no person; this exchange demands an "
        "employee's (or organisatiezegel: volstaat, in config.yaml).",
    )


def _none() -> Reason:
    return Reason(
        "binding-ontbreekt",
        "Deze uitwisseling vraagt een zegel of een ondertekende verklaring van de gebruiker, en "
        "die lag niet op tijd naast het bestand.",
        "Onderteken het bestand (knooppunt seal) of lever het aan met eHerkenning (knooppunt "
        "deliver); leg bestand en zegel samen opnieuw in de outbox.",
        "This exchange demands a seal or a signed assertion of the user beside the file.",
    )


def _no_trust() -> Reason:
    return Reason(
        "vertrouwen-ontbreekt",
        "Een zegel of aanmelding kan hier niet worden beoordeeld.",
        "Dit ligt niet aan u: geef dit bericht aan de beheerder van het knooppunt.",
        "There is nothing here to judge it by: knooppunt init makes it (docs/howto-keys.md).",
    )
