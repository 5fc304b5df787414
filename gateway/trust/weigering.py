# SPDX-License-Identifier: EUPL-1.2
"""Why a signature is not believed: the codes, with their sentences for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why a signature is not believed."""

    VERLOPEN = "verlopen"
    NOG_NIET_GELDIG = "nog-niet-geldig"
    INGETROKKEN = "ingetrokken"
    ONBEKENDE_UITGEVER = "onbekende-uitgever"
    VERKEERDE_OIN = "verkeerde-oin"
    VERKEERD_DOEL = "verkeerd-doel"
    LIJST_VERLOPEN = "lijst-verlopen"
    HANDTEKENING_ONJUIST = "handtekening-onjuist"
    ANDERE_BYTES = "andere-bytes"


_ZINNEN: dict[Code, tuple[str, str]] = {
    Code.VERLOPEN: (
        "Het certificaat van {wie} gold tot {tot} en was op {op} verlopen.",
        "the certificate of {wie} was valid until {tot}, and had expired on {op}",
    ),
    Code.NOG_NIET_GELDIG: (
        "Het certificaat van {wie} geldt vanaf {van} en was op {op} nog niet geldig.",
        "the certificate of {wie} is valid from {van}, and was not valid yet on {op}",
    ),
    Code.INGETROKKEN: (
        "Het certificaat van {wie} is op {sinds} ingetrokken; {op} ligt daarna.",
        "the certificate of {wie} was revoked on {sinds}; {op} is after that",
    ),
    Code.ONBEKENDE_UITGEVER: (
        "Het certificaat van {wie} is niet uitgegeven door een uitgever die hier vertrouwd wordt.",
        "the certificate of {wie} was not issued by an issuer that is trusted here",
    ),
    Code.VERKEERDE_OIN: (
        "Er is ondertekend door OIN {oin}; verwacht werd OIN {verwacht}.",
        "it was signed by OIN {oin}; OIN {verwacht} was expected",
    ),
    Code.VERKEERD_DOEL: (
        "Het certificaat van {wie} is voor een ander doel uitgegeven dan {doel}.",
        "the certificate of {wie} was issued for another purpose than {purpose}",
    ),
    Code.LIJST_VERLOPEN: (
        "Of het certificaat van {wie} is ingetrokken, is niet bekend: op {op} gold er geen lijst.",
        "whether the certificate of {wie} was revoked is not known: no list was valid on {op}",
    ),
    Code.HANDTEKENING_ONJUIST: (
        "De handtekening klopt niet.",
        "the signature does not fit",
    ),
    Code.ANDERE_BYTES: (
        "De handtekening is over andere bytes gezet dan die van dit bestand.",
        "the signature is over other bytes than those of this file",
    ),
}


_ONLEESBAAR = (
    "Het certificaat, of een dat erbij zit, is niet te lezen; wie het uitgaf staat niet vast.",
    "the certificate, or one that came with it, cannot be read: who issued it is not known",
)


@dataclass(frozen=True, slots=True)
class Weigering:
    """Why a signature is not believed: a word for programs, and a sentence in either language."""

    code: Code
    zin: str
    sentence: str

    @classmethod
    def om(cls, code: Code, **fields: str) -> Weigering:
        """Fill in the sentences of a code."""
        zin, sentence = _ZINNEN[code]
        return cls(code, zin.format(**fields), sentence.format(**fields))

    @classmethod
    def onleesbaar(cls) -> Weigering:
        """Of a certificate that cannot be read: nothing of it can be named, its issuer least."""
        return cls(Code.ONBEKENDE_UITGEVER, *_ONLEESBAAR)
