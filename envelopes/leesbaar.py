# SPDX-License-Identifier: EUPL-1.2
"""All that is wrong with a document, in sentences for people; slow, so not for the hot path.

Loaded by the first call of `envelopes.check`: a chain at work and a command that only reads the
store have no use for the library behind it, which takes a tenth of a second to load.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import xmlschema
from lxml import etree
from xmlschema.validators import (
    XsdAttributeGroup,
    XsdEnumerationFacets,
    XsdMaxLengthFacet,
    XsdMinLengthFacet,
    XsdPatternFacets,
    XsdType,
)

from envelopes.errors import EnvelopeError
from envelopes.xml import Limits, ontleed, regel_van
from envelopes.xsd import Probleem, Schematekst, eigen, pad_van

MAX_PROBLEMEN = 100
"""`check` gives no more: a file of another kind would give one for each of its elements."""


BEWAARD = 256
"""So many schemas are kept, built: more than there are exchanges."""


@lru_cache(maxsize=BEWAARD)
def _leesbaar(name: str, gelezen: Schematekst | None) -> xmlschema.XMLSchema:
    # sandbox: imports come from the schema's own folder; a remote one is an error, not a fetch
    try:
        if gelezen is not None:
            folder = name.rpartition("/")[0] or "."
            return xmlschema.XMLSchema(
                gelezen.tekst, base_url=folder, allow="sandbox", defuse="always"
            )
        return xmlschema.XMLSchema(str(eigen(name) or name), allow="sandbox", defuse="always")
    except (xmlschema.XMLSchemaException, SyntaxError, OSError) as e:
        raise ValueError(f"schema {name!r} cannot be used: {e}") from e


def problemen(
    schema: str, data: bytes, limits: Limits, gelezen: Schematekst | None = None
) -> list[Probleem]:
    """Give what `envelopes.check` gives."""
    regels = _leesbaar(schema, gelezen)
    try:
        root = ontleed(data, limits)
    except EnvelopeError as e:
        return [Probleem(e.details, "", e.regel)]
    gevonden: list[Probleem] = []
    bron = xmlschema.XMLResource(root, allow="none")
    for fout in regels.iter_errors(bron, use_location_hints=False):
        gevonden.append(_probleem(fout))
        if len(gevonden) == MAX_PROBLEMEN:
            break
    return gevonden


def _probleem(fout: xmlschema.XMLSchemaValidationError) -> Probleem:
    elem: Any = fout.elem
    node = elem if isinstance(elem, etree._Element) else None
    if isinstance(fout, xmlschema.XMLSchemaChildrenValidationError):
        kind: Any = fout.invalid_child
        if isinstance(kind, etree._Element):
            node = kind
    pad = pad_van(node) if node is not None else (fout.path or "")
    regel = regel_van(node) if node is not None else fout.sourceline
    return Probleem(f"{pad}: {_woorden(fout)}", pad, regel)


def _woorden(fout: xmlschema.XMLSchemaValidationError) -> str:
    """Say what was expected, from the schema's side only: xmlschema's reasons quote values."""
    if isinstance(fout, xmlschema.XMLSchemaChildrenValidationError):
        verwacht = " of ".join(str(x.local_name) for x in fout.expected or () if x.local_name)
        if fout.invalid_tag is not None:
            return "element hoort hier niet" + (f", verwacht {verwacht}" if verwacht else "")
        return f"inhoud is niet volledig, verwacht {verwacht or 'meer elementen'}"
    regel = fout.validator
    if isinstance(regel, XsdPatternFacets):
        return f"waarde past niet op patroon {' of '.join(regel.regexps)}"
    if isinstance(regel, XsdEnumerationFacets):
        return f"waarde moet een zijn van {', '.join(map(str, regel.enumeration))}"
    if isinstance(regel, XsdMinLengthFacet):
        return f"waarde is te kort, minstens {regel.value} tekens"
    if isinstance(regel, XsdMaxLengthFacet):
        return f"waarde is te lang, hoogstens {regel.value} tekens"
    if isinstance(regel, XsdType):
        return f"waarde is geen {regel.local_name or 'geldige waarde'}"
    if isinstance(regel, XsdAttributeGroup):
        return "attribuut ontbreekt of hoort hier niet"
    return "voldoet niet aan het schema"
