# SPDX-License-Identifier: EUPL-1.2
"""The Dutch words of a bundle's pages: what each kind of leaf, binding and part is called."""

from __future__ import annotations

from gateway.evidence.index import Part, Rol, Stand

SOORTEN = {
    "A.1.SubmissionAcceptance": "Ingeleverd: door het knooppunt in bewaring genomen",
    "A.2.SubmissionRejection": "Bij de inlevering geweigerd",
    "B.Relay": "Klaargelegd voor het volgende station",
    "B.1.RelayAcceptance": "Het volgende station bevestigde de ontvangst",
    "B.2.RelayRejection": "Het volgende station weigerde",
    "D.1.ContentConsignment": "In de map van de ontvanger geplaatst",
    "D.2.ContentConsignmentFailure": "Niet geplaatst: de naam was al in gebruik",
    "D.3.ConsignmentNotification": "Aan de afzender gemeld",
    "E.1.ContentHandover": "De ontvanger verzegelde een ontvangstbewijs over deze bytes",
    "download.served": "Aan een gebruiker uitgereikt (eigen woord van het knooppunt)",
    "download.acknowledged": "Het programma van die gebruiker meldde wat het kreeg",
    "quarantine.release": "Door een medewerker vrijgegeven uit quarantaine",
    "quarantine.drop": "Door een medewerker definitief tegengehouden",
    "pseudonym.link": "Vastgelegd van wie een pseudoniem is",
    "role.grant": "Autorisatie gegeven",
    "role.revoke": "Autorisatie ingetrokken",
}
"""What each type of leaf means (``gateway/lifecycle.py``); another is shown as it is called."""

ROLLEN = {
    Rol.MESSAGE: "bericht",
    Rol.ANSWER: "antwoord",
    Rol.GRANT: "autorisatie",
    Rol.LINK: "pseudoniem",
}
BINDING = {
    "seal": (
        "ja",
        "Bij het bestand lag een elektronisch zegel over precies deze bytes. Wie niet over de "
        "sleutel van het zegel beschikt, het knooppunt inbegrepen, kan het niet maken.",
    ),
    "idp-bound": (
        "ja",
        "De gebruiker logde voor deze levering opnieuw in; de inlogdienst ondertekende een "
        "verklaring waarin de hash van de lijst van bestanden staat. Het knooppunt kan die "
        "verklaring niet zelf maken.",
    ),
    "session": (
        "zwak",
        "De gebruiker was ingelogd, maar ondertekende dit bestand niet. Dit steunt op het woord "
        "van het knooppunt.",
    ),
    "folder": (
        "zwak",
        "De gebruiker is afgeleid uit de map waarin het bestand werd gezet. Iedereen die daar mag "
        "schrijven kan het gedaan hebben; er is geen handtekening.",
    ),
}

ORGANISATIE = (
    "zwak",
    "Bij het bestand lag het zegel van de organisatie zelf over precies deze bytes. Dat zij het "
    "inleverde staat daarmee vast, welke persoon dat deed niet.",
)
"""Of a seal that names no person: ``loa`` is ``organisatie``."""

ONGEBONDEN = "zwak", "Hoe de gebruiker aan het bestand is gebonden, staat niet in het blad."

DELEN = {
    Part.OPENINGS: "Namen van bestand en gebruiker",
    Part.CONTENT: "Het bestand zelf",
    Part.METAGEGEVENS: "Metagegevens zoals de ontvanger ze kreeg",
    Part.BINDING: "Zegel of inlogverklaring van de gebruiker",
    Part.RECEIPTS: "Ontvangstbewijs van de ontvanger",
    Part.WITNESSES: "Handtekeningen van getuigen",
    Part.TIMESTAMP: "Tijdstempel over het logboek",
}
STANDEN = {Stand.PRESENT: "aanwezig", Stand.ABSENT: "niet aanwezig", Stand.REDACTED: "weggelaten"}

WEG = "Weggelaten toen de bundel werd gemaakt."
_ZELF = "Wie het bestand heeft, kan de SHA-256 zelf vergelijken."
NIET_GEVRAAGD = f"Niet gevraagd. {_ZELF}"
BYTES_WEG = f"Het knooppunt heeft deze bytes niet meer. {_ZELF}"
NAMEN_GEWIST = "Ze zijn gewist; de bewaartermijn is voorbij. Alle bewijzen blijven geldig."
GEEN_RECORD = "Het bericht is niet bij een ontvanger afgeleverd, of de bewaartermijn is voorbij."
BINDING_GEWIST = "Het is gewist; de bewaartermijn is voorbij."
ONGETEKEND = "Het bericht kwam zonder zegel en zonder inlogverklaring."
GEEN_BEWIJS = (
    "Het knooppunt heeft van de ontvanger geen verzegeld ontvangstbewijs voor dit bericht."
)
GEEN_QUORUM = (
    "Geen quorum van getuigen ondertekende een controlepunt met al deze bladen, of er zijn geen "
    "getuigen ingesteld."
)
GEEN_STEMPEL = "Er is geen tijdstempel over een controlepunt met al deze bladen."

REDENEN: dict[Part, dict[Stand, tuple[str, ...]]] = {
    Part.OPENINGS: {Stand.ABSENT: (NAMEN_GEWIST,), Stand.REDACTED: (WEG,)},
    Part.CONTENT: {Stand.ABSENT: (BYTES_WEG,), Stand.REDACTED: (WEG, NIET_GEVRAAGD)},
    Part.METAGEGEVENS: {Stand.ABSENT: (GEEN_RECORD,), Stand.REDACTED: (WEG,)},
    Part.BINDING: {Stand.ABSENT: (BINDING_GEWIST, ONGETEKEND), Stand.REDACTED: (WEG,)},
    Part.RECEIPTS: {Stand.ABSENT: (GEEN_BEWIJS,), Stand.REDACTED: (WEG,)},
    Part.WITNESSES: {Stand.ABSENT: (GEEN_QUORUM,)},
    Part.TIMESTAMP: {Stand.ABSENT: (GEEN_STEMPEL,)},
}
"""Why a part is not there, as it stands on the page: a verifier takes no other sentence."""

NIET = (
    "Dat wat in het logboek staat ook zo gebeurd is. Bewezen is dat het toen zo is opgeschreven en "
    "dat het sindsdien niet is veranderd, verwijderd of verschoven.",
    "Dat er na het laatste blad in deze bundel niets meer met het bericht is gebeurd.",
    "Hoe de gemeente en de uitwisseling heten. De namen bij de codes zijn die van het knooppunt; "
    "de codes staan in de bladen.",
    "Dat de tijden juist zijn. Het zijn de tijden van het knooppunt; alleen waar een getuige of "
    "een tijdstempeldienst tekende, staat een ander ervoor in dat de bladen er toen al waren.",
)
