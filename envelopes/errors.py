# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with an envelope, and whose fault it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envelopes.foutcodes import MAX_OMSCHRIJVING, Fout, fout, inkorten

if TYPE_CHECKING:
    from envelopes.stuurgegevens import Stuurgegevens


class EnvelopeError(Exception):
    """Bytes we were given are not an envelope that we may take.

    Holds what a Fo03 needs: `code`, `plek` ("client" or "server"), `omschrijving` (at most 200
    characters), `details` (at most 1,000: line, path, expected, found; never bytes of the payload)
    and `regel`, the line in the XML, or None where there is none. `stuurgegevens` is the header
    as far as it could be read, so that an answer can be addressed; None where it could not, or
    where the message is itself an answer (no Fo03 upon a Fo03, envelope.md 'Answers').
    """

    def __init__(
        self,
        code: str,
        details: str = "",
        *,
        regel: int | None = None,
        stuurgegevens: Stuurgegevens | None = None,
    ) -> None:
        """Take plek and omschrijving from the code table; an unknown code is a ValueError."""
        if regel is not None:
            details = f"regel {regel}: {details}"
        rij = fout(code, details)
        self.code = rij.code
        self.plek = rij.plek
        self.omschrijving = inkorten(rij.omschrijving, MAX_OMSCHRIJVING)
        self.details = rij.details
        self.regel = regel
        self.stuurgegevens = stuurgegevens
        super().__init__(f"{self.code} {self.omschrijving}: {self.details}")

    @property
    def fout(self) -> Fout:
        """The same as a Fout, ready for `fo03`."""
        return Fout(self.code, self.plek, self.omschrijving, self.details)


class BuildError(ValueError):
    """We tried to build a message that is against the rules: a fault in the calling program."""
