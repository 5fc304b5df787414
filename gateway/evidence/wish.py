# SPDX-License-Identifier: EUPL-1.2
"""What is asked of a bundle: which message, whether its bytes come along, what is left out."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.evidence.index import Part

REDACT = (Part.OPENINGS.value, Part.BINDING.value, Part.CONTENT.value, "all")
"""What may be left out: ``openings`` is every name of a person or a file (so the binding and the
metagegevens and the receipts too), ``binding`` the seal or login (so the metagegevens, which hold
it, too), ``content`` the bytes."""


_NAMED = (Part.METAGEGEVENS, Part.BINDING, Part.RECEIPTS)
"""What holds the name of a file or a user beside the openings."""


class EvidenceError(GatewayError):
    """No bundle can be made of this. ``found`` tells whether there is anything by that name."""

    code = "bewijs"

    def __init__(self, sentence: str, *, hint: str = "", found: bool = True) -> None:
        super().__init__(sentence, hint=hint)
        self.found = found


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: the message, whether its bytes come along, and what is left out."""

    ref: str
    content: bool = False
    redact: frozenset[str] = frozenset()

    def without(self, part: Part) -> bool:
        """Whether this part is left out."""
        names_too = part in _NAMED and Part.OPENINGS in self.redact
        holds_it = part is Part.METAGEGEVENS and Part.BINDING in self.redact
        return "all" in self.redact or part.value in self.redact or names_too or holds_it
