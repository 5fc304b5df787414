# SPDX-License-Identifier: EUPL-1.2
"""CBS says what it received: a receipt under its own seal, for each delivery that it took.

Planned in the very step that makes a file ours; sealed when it is drawn up, over the bytes as they
lie in the archive. The sealed bytes are kept until they are sent: a redo after a crash sends the
same. What its metagegevens do not name (no referentienummer) gets none: nobody could say of which
delivery it is.

What this does not protect against: whoever reads the key of ``zegel-cbs`` can seal as CBS does.
"""

from __future__ import annotations

import json

import envelopes
from envelopes import Ontvangstbewijs
from gateway.cbs import antwoorden
from gateway.cbs.staat import Rij, moment_van, tekst
from gateway.cbs.werkplek import ONTVANGER, Werkplek
from gateway.errors import TrustError
from gateway.moment import monotonic
from gateway.trust import xmlzegel
from gateway.trust.domeinen import CBS
from gateway.trust.ketting import signer_van
from gateway.trust.sleutels import seal_van

WACHT_SECONDS = 5.0
"""After the key could not be read: until it is tried again."""


class Bewijzen:
    """The receipts of one counterpart."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek
        self._weer = 0.0

    def plan(self, row: Rij) -> None:
        """Plan the receipt of a file that was taken; inside the step that takes it."""
        plek = self._plek
        exchanges = antwoorden.kandidaten(antwoorden.BEWIJS, row["uitwisseling"])
        asked = plek.config.ontvangers[ONTVANGER].ontvangstbewijs != "nee"
        if not asked or not row["referentienummer"]:
            return
        if exchanges[0] not in plek.config.uitwisselingen:
            return  # a configuration of before there were receipts
        where = antwoorden.adres(
            plek.config, exchanges, row["afzender"], row["uitvraag"], row["volgnummer"]
        )
        plek.staat.plan(
            sleutel=f"{antwoorden.BEWIJS}/{row['nummer']}", soort=antwoorden.BEWIJS,
            uitwisseling=where.uitwisseling, naam=where.naam, rinis_code=where.rinis_code,
            gemeentecode=row["afzender"], uitvraag=row["uitvraag"], op=tekst(plek.nu),
            reden=where.reden, toestand="mislukt" if where.reden else "gepland",
            levering=row["nummer"],
        )  # fmt: skip

    def verzegel(self, row: Rij) -> str | None:
        """The sealed receipt, as an answer's input; None while the key cannot be read.

        Empty when the file is not the one that its metagegevens tell of. Raises OSError.
        """
        if monotonic() < self._weer:
            return None
        plek, levering = self._plek, self._plek.staat.levering(row["levering"])
        digest, size = plek.mappen.hash(levering["rinis_code"], levering["archief"])
        if levering["sha256"] not in ("", digest):
            return ""
        try:
            seal = seal_van(plek.staatmap, plek.config, CBS)
        except TrustError as error:
            self._weer = monotonic() + WACHT_SECONDS
            plek.hapert("antwoord", row, f"cannot be sealed: {error.sentence}")
            return None
        said = Ontvangstbewijs(
            levering["referentienummer"], levering["afzender"], levering["naam"],
            levering["origineel"], size, digest, moment_van(row["op"]),
            signer_van(seal.certificate).oin, plek.config.ontvangers[ONTVANGER].naam,
        )  # fmt: skip
        sealed = xmlzegel.verzegel(
            envelopes.build_ontvangstbewijs(said), seal.key, [seal.certificate, *seal.chain]
        )
        return json.dumps({"document": envelopes.check_ontvangstbewijs(sealed).decode()})
