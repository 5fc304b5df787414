# SPDX-License-Identifier: EUPL-1.2
"""Envelopes of the GGk chain: StUF 03.01 and GGK 02.10 messages, built and read.

Stands alone: bytes in, dataclasses out, and back; no files, no clock, no network. Start with
`build` and `read` (berichten.py); answers are `bv03`, `fo03`, `fo01` and `read_answer`
(receipts.py). `compose` and `compose_bv03` also give what reading gives. Times and numbers are in
stuurgegevens.py, error codes in foutcodes.py, references to large files in verwijzing.py. How to
use it is in docs/envelopes.md.
"""

from envelopes.berichten import Envelop, Parameters, build, compose, draadnaam, read
from envelopes.besluit import Besluit, read_besluit
from envelopes.binding import Binding, build_binding, read_binding
from envelopes.errors import BuildError, EnvelopeError
from envelopes.foutcodes import Fout, Foutcode, fout, foutcode, tabel, volgorde
from envelopes.metagegevens import (
    Bestand,
    Gebruiker,
    Metagegevens,
    afgeleid,
    build_metagegevens,
    read_metagegevens,
)
from envelopes.ontvangstbewijs import (
    Ontvangstbewijs,
    build_ontvangstbewijs,
    check_ontvangstbewijs,
    lees_ontvangstbewijs,
    ontleed_ontvangstbewijs,
    read_ontvangstbewijs,
)
from envelopes.receipts import Antwoord, bv03, compose_bv03, fo01, fo03, read_answer
from envelopes.stuurgegevens import (
    Stuurgegevens,
    Systeem,
    is_referentienummer,
    is_tijdstip,
    na,
    opvul,
    rfc3339,
    stijgend,
    tijdstip,
)
from envelopes.verwijzing import Verwijzing, build_verwijzing, is_verwijzing, read_verwijzing
from envelopes.xml import Limits, xml_veilig
from envelopes.xsd import Probleem, Schematekst

__all__ = [
    "Antwoord",
    "Besluit",
    "Bestand",
    "Binding",
    "BuildError",
    "Envelop",
    "EnvelopeError",
    "Fout",
    "Foutcode",
    "Gebruiker",
    "Limits",
    "Metagegevens",
    "Ontvangstbewijs",
    "Parameters",
    "Probleem",
    "Schematekst",
    "Stuurgegevens",
    "Systeem",
    "Verwijzing",
    "afgeleid",
    "build",
    "build_binding",
    "build_metagegevens",
    "build_ontvangstbewijs",
    "build_verwijzing",
    "bv03",
    "check",
    "check_ontvangstbewijs",
    "compose",
    "compose_bv03",
    "draadnaam",
    "fo01",
    "fo03",
    "fout",
    "foutcode",
    "is_referentienummer",
    "is_tijdstip",
    "is_verwijzing",
    "lees_ontvangstbewijs",
    "na",
    "ontleed_ontvangstbewijs",
    "opvul",
    "read",
    "read_answer",
    "read_besluit",
    "read_binding",
    "read_metagegevens",
    "read_ontvangstbewijs",
    "read_verwijzing",
    "rfc3339",
    "stijgend",
    "tabel",
    "tijdstip",
    "volgorde",
    "xml_veilig",
]


def check(
    schema: str, data: bytes, limits: Limits | None = None, gelezen: Schematekst | None = None
) -> list[Probleem]:
    """Check a document against a schema of ours; give all problems (at most 100), for people.

    `schema` is the file name of a schema of ours, or the path of another; `gelezen` is what stood
    in that other when it was read, else it is read once. An empty list means the document is
    right. Bytes that pass a limit or are not well-formed give one problem; nothing is raised for a
    bad document, ValueError for a schema that cannot be read or would fetch another from the net.
    Slow (some ms, and a tenth of a second once): not for the hot path.
    """
    from envelopes.leesbaar import problemen

    return problemen(schema, data, limits or Limits(), gelezen)
