# SPDX-License-Identifier: EUPL-1.2
"""Sending answers: drawn up, staged and promised, given their name, noted. A commit after each.

A crash anywhere finds the last of these in the state and goes on there. What was staged and not
promised is staged again; what was promised and is not staged any more was sent.
"""

from __future__ import annotations

import hashlib
from typing import Any

from gateway import durable
from gateway.cbs.opstellen import Opstellen
from gateway.cbs.staat import Rij, tekst
from gateway.cbs.terzijde import ANDER
from gateway.cbs.werkplek import MAX_POGINGEN, Werkplek
from gateway.errors import GatewayError
from gateway.moment import monotonic

WACHT_SECONDS = 5.0
"""After a disk said no: until what could not be staged is drawn up again."""

TEGELIJK = 16
"""Answers staged in one step: setting a page takes a tenth of a second, and the clock goes on."""


class Verzending:
    """The last steps of the counterpart."""

    def __init__(self, plek: Werkplek) -> None:
        self._plek = plek
        self._opstellen = Opstellen(plek)
        self._weer = 0.0

    def herstel(self) -> None:
        """At a start: what was promised and is not what was staged is staged again."""
        plek = self._plek
        for row in plek.staat.antwoorden("beloofd"):
            there = plek.mappen.klaargezet(row["rinis_code"], row["nummer"])
            if there is not None and hashlib.sha256(there).hexdigest() != row["sha256"]:
                self._opnieuw(row)

    def _opnieuw(self, row: Rij) -> None:
        with self._plek.staat.stap():
            self._plek.staat.wijzig("antwoord", row["nummer"], toestand="opgesteld")

    # --- due: what goes in is fixed ---

    def stel_op(self) -> bool:
        """Fix the moment and the input of what is due."""
        plek, nu = self._plek, self._plek.nu
        ready: list[tuple[Rij, str]] = []
        for row in plek.staat.antwoorden("gepland", tot=nu):
            if len(ready) == TEGELIJK:
                break
            found = self._invoer(row)
            if found is not None:
                ready.append((row, found))
        if ready:
            with plek.staat.stap():
                for row, found in ready:
                    values = {"toestand": "opgesteld", "moment": tekst(nu), "invoer": found}
                    if not found:
                        values = {"toestand": "mislukt", "reden": ANDER.reden}
                    plek.staat.wijzig("antwoord", row["nummer"], hapert="", **values)
        return bool(ready)

    def _invoer(self, row: Rij) -> str | None:
        """What goes into an answer; None when that cannot be had now."""
        try:
            return self._opstellen.invoer(row)
        except OSError as error:
            self._plek.hapert("antwoord", row, f"cannot be drawn up: {error.strerror}")
            return None

    # --- staged, and promised ---

    def zet_klaar(self) -> bool:
        """Stage what was drawn up, sync, and promise it."""
        plek = self._plek
        if monotonic() < self._weer:
            return False
        staged: list[tuple[Rij, dict[str, Any]]] = []
        for row in plek.staat.antwoorden("opgesteld")[:TEGELIJK]:
            with plek.staat.stap():
                plek.staat.wijzig("antwoord", row["nummer"], pogingen=row["pogingen"] + 1)
            if row["pogingen"] >= MAX_POGINGEN:
                self._mislukt(row)
                continue
            try:
                content = self._opstellen.bytes(row)
                tmp = plek.mappen.zet_klaar(row["rinis_code"], row["nummer"], content)
            except OSError as error:
                with plek.staat.stap():  # a disk is to blame, not what is in the answer
                    plek.staat.wijzig("antwoord", row["nummer"], pogingen=row["pogingen"])
                plek.hapert("antwoord", row, f"cannot be staged: {error.strerror}")
                self._weer = monotonic() + WACHT_SECONDS
                continue
            except GatewayError:
                raise
            except Exception as error:  # noqa: BLE001  a fault of ours: tried again, then set aside
                plek.fout(row, error)
                continue
            promise = {"sha256": hashlib.sha256(content).hexdigest(), "tmp": tmp}
            staged.append((row, promise))
        if staged:
            for code in sorted({row["rinis_code"] for row, _ in staged}):
                plek.mappen.synchroniseer("uit", code)
            with plek.staat.stap():
                for row, promise in staged:
                    plek.staat.wijzig("antwoord", row["nummer"], toestand="beloofd", **promise)
        return bool(staged)

    def _mislukt(self, row: Rij) -> None:
        reden = f"drawing it up did not come to an end, {MAX_POGINGEN} times"
        self._plek.zeg(f"{row['naam']} is set aside: {reden}")
        with self._plek.staat.stap():
            self._plek.staat.wijzig("antwoord", row["nummer"], toestand="mislukt", reden=reden)

    # --- sent ---

    def verzend(self) -> bool:
        """Give what was promised its name; sync; note it."""
        plek = self._plek
        sent: list[Rij] = []
        for row in plek.staat.antwoorden("beloofd"):
            try:
                known = plek.mappen.verzend(
                    row["rinis_code"], row["nummer"], row["naam"], row["tmp"]
                )
            except durable.Occupied:
                plek.hapert("antwoord", row, "another file of its name waits to be taken by RINIS")
                continue
            except OSError as error:
                plek.hapert("antwoord", row, f"cannot be sent: {error.strerror}")
                continue
            if known:
                sent.append(row)
            else:  # the folder was taken away, and what was staged in it with it
                self._opnieuw(row)
        if sent:
            for code in sorted({row["rinis_code"] for row in sent}):
                plek.mappen.synchroniseer("uit", code)
            with plek.staat.stap():
                for row in sent:
                    plek.staat.wijzig(
                        "antwoord", row["nummer"], toestand="verzonden", hapert="",
                        verzonden_op=tekst(plek.nu),
                    )  # fmt: skip
            for row in sent:
                plek.zeg(f"{row['naam']} sent")
        return bool(sent)
