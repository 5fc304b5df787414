# SPDX-License-Identifier: EUPL-1.2
"""What a municipality (or a receiver) is told: receipts and refusals, as text and as XML.

All words to people outside stand here, Dutch first, then English. The XML says the same to a
program (``schemas/kennisgeving.xsd``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

import envelopes
from gateway import names
from gateway.config import Config
from gateway.model import Clash, Delivery, Event, EventType, Levering, Place
from gateway.periods import NEDERLAND, voluit
from gateway.stations.how_bound import how_bound

NAMESPACE = "urn:knooppunt:kennisgeving:1"
RECEIPT = "ontvangst"
REFUSAL = "weigering"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file was refused: a stable code, what is wrong, and what to do now (Dutch, English)."""

    code: str
    reden: str
    wat_nu: str
    english: str


def no_rule(name: str, known: list[str]) -> Reason:
    """No exchange's pattern fits the name of a file in the outbox."""
    shown = names.toonbaar(name)
    return Reason(
        "geen-uitwisseling",
        f"Aan de naam '{shown}' is niet te zien bij welke uitwisseling dit bestand hoort.",
        "Geef het bestand een naam die past (bijvoorbeeld WMO_H22025.csv) en leg het opnieuw in de "
        f"outbox, of leg het in de map van de uitwisseling: {', '.join(known)}.",
        "No exchange matches this file name. Rename the file, or drop it in the sub-folder of its "
        "exchange, where any name passes.",
    )


def unknown_exchange(folder: str, known: list[str]) -> Reason:
    """The outbox's sub-folder is no exchange, or one that only brings files back."""
    return Reason(
        "uitwisseling-onbekend",
        f"De map '{names.toonbaar(folder)}' is geen uitwisseling waarover u kunt aanleveren.",
        f"Leg het bestand in een van deze mappen: {', '.join(known)}.",
        "This sub-folder is not an exchange that takes files. Use one of those listed.",
    )


def empty() -> Reason:
    """A file without content."""
    return Reason(
        "leeg-bestand",
        "Het bestand is leeg (0 bytes).",
        "Controleer de export uit uw systeem en leg het gevulde bestand opnieuw in de outbox.",
        "The file is empty. Check the export and drop the file again.",
    )


def empty_send() -> Reason:
    """A file without content in a receiver's send folder."""
    return Reason(
        "leeg-bestand",
        "Het bestand is leeg (0 bytes).",
        "Controleer hoe het is gemaakt, en zet het gevulde bestand opnieuw in de map.",
        "The file is empty. Check how it was made, and put it in the folder again.",
    )


def too_large(size: int, limit: int, config: Config) -> Reason:
    """A file over the limit of a message (GGk: 25 MB, base64 included), or of its exchange."""
    return Reason(
        envelopes.foutcode("IB007", config.technisch.foutcodes).code,
        f"Het bestand is met {_bytes(size)} te groot; dit kan tot {_bytes(limit)}.",
        "Lever het bestand als ZIP aan, of verdeel het over meer bestanden.",
        "The file is larger than a message may be. Send it as a ZIP, or in parts.",
    )


def wrong_form(schema: str, problems: list[str]) -> Reason:
    """The content does not satisfy the schema of its exchange."""
    found = "; ".join(problems[:5])
    return Reason(
        "StUF055",
        f"De inhoud voldoet niet aan {schema}: {found}.",
        "Verbeter het bericht op de genoemde plaatsen en leg het opnieuw in de outbox.",
        "The content does not satisfy the schema of this exchange. Mend it where it says.",
    )


def window_closed(said: str) -> Reason:
    """The exchange enforces its windows, and this one is not open."""
    return Reason(
        "venster-gesloten",
        f"{said} Deze uitwisseling neemt dan niets aan.",
        "Lever aan binnen het venster, of neem contact op met de ontvanger.",
        "The delivery window is not open, and this exchange enforces it.",
    )


def refused_by_hub(code: str, description: str, details: str) -> Reason:
    """The next hub answered with a Fo03."""
    said = f"{description}: {details}" if details else description
    return Reason(
        code or "onbekend",
        f"De keten heeft de levering geweigerd: {said}.",
        "Dit ligt niet aan uw bestand, dat nog in 'verzonden' ligt: opnieuw aanleveren helpt niet. "
        "Geef het referentienummer hieronder aan de beheerder van het knooppunt; die kan zien wat "
        "er aan de hand is.",
        "The chain refused the delivery for the reason given. It is not your file, which is still "
        "in 'verzonden': give the referentienummer to the operator.",
    )


def refused_envelope(code: str, description: str, details: str) -> Reason:
    """An envelope that a hub refused: for the operator who finds it in quarantine."""
    said = f"{description}: {details}" if details else description
    return Reason(
        code or "onbekend",
        f"Deze envelop is geweigerd: {said}.",
        "Voor de beheerder: het zendende systeem kreeg een Fo03, als zijn kop te lezen was. "
        "Verbeter het daar en zend de envelop opnieuw, met een nieuw referentienummer.",
        "For the operator: the sending system got a Fo03, if its header could be read. Mend it "
        "there and send the envelope again under a new referentienummer.",
    )


def unaddressable(name: str, patterns: tuple[str, ...]) -> Reason:
    """A file in a receiver's send folder whose name does not say for whom it is."""
    return Reason(
        "niet-adresseerbaar",
        f"Uit de naam '{names.toonbaar(name)}' is niet af te leiden voor welke gemeente dit is.",
        f"Noem het bestand volgens {' of '.join(patterns)} en zet het opnieuw in de map.",
        "The name does not say for which municipality the file is. Name it by the pattern.",
    )


def unknown_party(code: str) -> Reason:
    """A file for (or from) a municipality that this gateway does not serve."""
    return Reason(
        "ontvanger-onbekend",
        f"Gemeente {code} is hier niet aangesloten.",
        "Controleer de gemeentecode in de naam. Is die juist, vraag dan de beheerder van het "
        "knooppunt om de gemeente aan te sluiten.",
        "This municipality is not connected here. Check the code in the name.",
    )


# --- as files -------------------------------------------------------------------------------------


def notice(
    soort: str, levering: Levering, moment: datetime, inbox: Place, station: str, config: Config,
    reason: Reason | None = None, quarantine: str = "",
) -> tuple[Delivery, Delivery]:  # fmt: skip
    """A receipt or refusal for an inbox: the text for people first, then the XML, then it is said.

    The stem is ``<name>_<soort>_<tijd>`` (contracts.md, Files).
    """
    tijd = levering.tijdstip or envelopes.tijdstip(moment)
    stem = names.notice(levering.naam, soort, tijd)
    event = Event(EventType.NOTIFIED, station, levering.id, stem, str(inbox),
                  reason.code if reason else "", soort)  # fmt: skip
    text = _text(levering, moment, config, reason, quarantine)
    xml = _xml(soort, levering, moment, reason, quarantine)
    return (
        Delivery(inbox, f"{stem}.txt", text.encode("utf-8", "backslashreplace"), Clash.NEXT),
        Delivery(inbox, f"{stem}.xml", xml.encode("utf-8", "backslashreplace"), Clash.NEXT, event),
    )


def note(levering: Levering, moment: datetime, config: Config, reason: Reason,
         quarantine: str) -> bytes:  # fmt: skip
    """The refusal as the text that lies beside a file in quarantine (``reden.txt``)."""
    text = _text(levering, moment, config, reason, quarantine)
    return text.encode("utf-8", "backslashreplace")


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _bytes(size: int) -> str:
    return "1 byte" if size == 1 else f"{_number(size)} bytes"


def _dutch_time(moment: datetime) -> str:
    local = moment.astimezone(NEDERLAND)
    return f"{voluit(local.date())}, {local:%H:%M:%S} (Nederlandse tijd)"


_RECEIPT_TEXT = (
    "Uw bestand is aangenomen door het GGk en bevestigd door RINIS, dat het aflevert bij "
    "{receiver}.",
    "U hoeft nu niets te doen. De terugkoppeling van {receiver} komt in deze inbox.",
    "Your file was accepted by GGk and confirmed by RINIS, which delivers it to {receiver}. "
    "Nothing is asked of you now.",
)


def _handed_in(levering: Levering, moment: datetime) -> datetime:
    """When it was handed in: tijdstipBericht, which a clock that was turned back must not pass."""
    tijd = levering.tijdstip
    return min(datetime.fromisoformat(envelopes.rfc3339(tijd)), moment) if tijd else moment


def _local(moment: datetime) -> str:
    return moment.astimezone(NEDERLAND).isoformat(timespec="milliseconds")


def _text(levering: Levering, moment: datetime, config: Config,
          reason: Reason | None, quarantine: str) -> str:  # fmt: skip
    exchange = config.uitwisselingen.get(levering.uitwisseling)
    if reason is None:
        receiver = config.ontvangers[exchange.tegenpartij].naam if exchange else "de ontvanger"
        said, now, english = (line.format(receiver=receiver) for line in _RECEIPT_TEXT)
        title = "ONTVANGSTBEVESTIGING"
    else:
        said, now, english = reason.reden, reason.wat_nu, reason.english
        title = "GEWEIGERD: uw bestand is niet doorgestuurd"
    party = config.partij(levering.gemeentecode)
    rows = [
        ("Bestand", names.toonbaar(levering.naam)),
        (
            party.soort.capitalize() if party else "Gemeente",
            f"{party.naam} ({party.code})" if party else levering.gemeentecode,
        ),
        ("Uitwisseling", f"{exchange.naam} ({exchange.id})" if exchange else "onbekend"),
        ("Uitvraag", levering.uitvraag),
        (
            "Aangeleverd door",
            f"{names.toonbaar(levering.gebruiker)} ({how_bound(levering)})",
        ),
        ("Aangeleverd op", _dutch_time(_handed_in(levering, moment))),
        ("Bevestigd op" if reason is None else "Geweigerd op", _dutch_time(moment)),
        ("Omvang", _bytes(levering.size)),
        ("SHA-256", levering.sha256),
        ("Referentienummer", levering.referentienummer),
        ("Code", reason.code if reason else ""),
        ("Het bestand ligt in", quarantine),
    ]
    lines = [title, "=" * len(title), "", said, "", f"Wat nu? {now}", ""]
    if levering.opmerking:
        lines += [f"Let op: {levering.opmerking}", ""]
    lines += [f"{label + ':':<20} {value}" for label, value in rows if value]
    return "\n".join([*lines, "", f"English: {english}", ""])


def _xml(soort: str, levering: Levering, moment: datetime, reason: Reason | None,
         quarantine: str) -> str:  # fmt: skip
    def element(name: str, value: str) -> str:
        return f"<{name}>{escape(envelopes.xml_veilig(value))}</{name}>" if value else ""

    code = levering.gemeentecode if len(levering.gemeentecode) == 4 else ""
    now = reason.wat_nu if reason else "Niets: de terugkoppeling komt in deze inbox."
    return "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n',
            f'<kennisgeving xmlns="{NAMESPACE}">',
            element("soort", soort),
            element("tijdstip", _local(moment)),
            element("tijdstipAanlevering", _local(_handed_in(levering, moment))),
            element("gemeentecode", code),
            element("uitwisseling", levering.uitwisseling),
            element("uitvraag", levering.uitvraag),
            element("referentienummer", levering.referentienummer),
            "<bestand>",
            element("naam", names.toonbaar(levering.naam)),
            element("omvang", str(levering.size)),
            element("sha256", levering.sha256),
            "</bestand>",
            element("code", reason.code if reason else ""),
            element("reden", reason.reden if reason else ""),
            element("watNu", now),
            element("opmerking", levering.opmerking),
            element("binding", levering.auth),
            element("quarantaine", quarantine),
            "</kennisgeving>\n",
        ]
    )
