# SPDX-License-Identifier: EUPL-1.2
"""What pydantic found wrong, said so that the author of ``config.yaml`` knows what to type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from gateway.config_kruis import of_bedoelde_u
from gateway.config_yaml import Document, Pad, Plaats, noemt_iemand
from gateway.names import PatroonFout

ID = r"^[a-z0-9][a-z0-9-]{0,39}$"
UITVRAAG = r"^H[12][0-9]{4}$"
CODE = r"^[0-9]{4}$"
RINIS_CODE = r"^[A-Z][A-Z0-9]{1,29}$"
XSD = r"^[A-Za-z0-9][A-Za-z0-9._-]*\.xsd$"
ACHTERVOEGSEL = r"^[._-][A-Za-z0-9._-]{0,29}[A-Za-z0-9]$"
GEBRUIKERSNAAM = r"^[0-9]{4}/.{1,100}$"
UITGEVER = r"^https?://[!-~]{1,200}$"
LOGNAAM = r"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$"
MEDEWERKER = r"^[a-z0-9]([a-z0-9._-]{0,38}[a-z0-9])?$"
DOMEIN = r"^(zegel-[a-z0-9._-]{1,80}|idp|tsa)$"
OIN = r"^[0-9]{20}$"
VARIABELE = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
URL = r"^https?://[^\s/]+(/\S*)?$"
SAFE_URL = r"^(https://[^\s/@]+|http://(127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/\S*)?$"
REGISTER = r"^(https?://[^\s/]+(/\S*[^\s/])?|urn:[A-Za-z0-9][A-Za-z0-9-]*:\S*[^\s/])$"

FORMS = {
    ID: "write small letters, digits and -, at most 40, beginning with a letter or digit",
    UITVRAAG: "write H1 or H2 and the year, for example H22025",
    CODE: 'write the 4 digits of the code between quotes, for example "0363"',
    RINIS_CODE: "write 2 to 30 capitals and digits, for example GMSDWMO",
    XSD: "write the name of a file in schemas/, for example publicatiebesluit.xsd",
    ACHTERVOEGSEL: "write what comes behind a name, for example .klaar",
    LOGNAAM: "write it as a domain name, for example knooppunt.example",
    MEDEWERKER: "write small letters, digits and . _ -, at most 40, as the user is called here",
    DOMEIN: "write a trust domain whose key has a certificate, for example zegel-gateway",
    OIN: "write the 20 digits of the OIN between quotes",
    VARIABELE: "write the name of a variable, for example KNOOPPUNT_WACHTWOORD",
    URL: "write an address that begins with https:// (or http://), without spaces",
    SAFE_URL: "write an address that begins with https://; http:// only to 127.0.0.1",
    GEBRUIKERSNAAM: "write the party's code, / and what the user is called there: 0363/coordinator",
    UITGEVER: "write an address that begins with http:// or https://, without spaces",
    REGISTER: "write an address (https://...) or a URN, without a / at its end",
}
"""By the pattern of a value: how to write it."""

_LIJST = "write a list, for example: [first, second]"
_BLOK = "write its fields below it, indented: `name: value`"


def problems_of(
    errors: list[ErrorDetails], document: Document, model: type[BaseModel]
) -> Iterator[tuple[Pad, Plaats, str]]:
    """Give for each error the way to it, its place and a sentence that ends in the fix."""
    for error in errors:
        pad = tuple(part for part in error["loc"] if part != "[key]")
        kind = error["type"]
        if kind in ("missing", "extra_forbidden") or "[key]" in error["loc"]:
            place = document.sleutel(pad)
        else:
            place = document.waarde(pad)
        if kind == "value_error":
            place = _binnen(place, error.get("ctx", {}).get("error"))
        if noemt_iemand(pad):
            yield pad, place, _zonder_naam(error, pad, place, document)
        else:
            yield pad, place, _zin(error, pad, place, model)


def _binnen(place: Plaats, fout: object) -> Plaats:
    """Move to the character at fault inside a pattern that stands on one line."""
    if not isinstance(fout, PatroonFout) or place.bron != fout.text:
        return place
    return place._replace(kolom=place.kolom + fout.positie + place.aangehaald)


def _zonder_naam(error: ErrorDetails, pad: Pad, place: Plaats, document: Document) -> str:
    """The sentence about a place where an employee may be named: which one it is, by its number."""
    name, ctx = pad[-1], error.get("ctx", {})
    beside = [one for one in document.sleutels if one[:-1] == pad[:-1]]
    if pad[:-1] in (("eherkenning", "niveaus"), ("sleutels",)):
        name = beside.index(pad) if pad in beside else 0
    what = f"`{name}`" if isinstance(name, str) else f"item {name + 1} of `{pad[-2]}`"
    match error["type"]:
        case "string_type" if place.bron:
            return f"{what} is not read as text here; put quotes around it"
        case "literal_error":
            wanted = str(ctx["expected"]).replace("'", "`")
            return f"{what} is {'something else' if place.bron else 'empty'}; write {wanted}"
        case "string_pattern_mismatch":
            return f"{what} does not fit; {FORMS[ctx['pattern']]}"
        case kind:
            return f"{what}: {_overig(kind, ctx, error['msg'])}"


def _zin(error: ErrorDetails, pad: Pad, place: Plaats, model: type[BaseModel]) -> str:
    kind, ctx = error["type"], error.get("ctx", {})
    name, raw = (pad[-1] if pad else "the file"), place.bron
    what = f"`{name}`" if isinstance(name, str) else f"item {name + 1}"
    shown = raw if len(raw) <= 60 else raw[:57] + "..."
    if kind == "missing":
        description = _velden(model, pad[:-1])[str(name)].description
        return f"{what} is missing; add it: {description}"
    if kind == "extra_forbidden":
        return f"unknown field {what}; {of_bedoelde_u(str(name), _namen(model, pad[:-1]))}"
    if kind == "string_type" and raw:
        return f'{shown} is not read as text here; put quotes around it: "{shown}"'
    if kind == "literal_error":
        wanted = str(ctx["expected"]).replace("'", "`")
        return f"{what} is {shown or 'empty'}; write {wanted}"
    if kind == "string_pattern_mismatch":
        return f"{shown or name} does not fit; {FORMS[ctx['pattern']]}"
    if kind == "value_error":
        return str(ctx["error"])
    if kind == "int_type":
        fix = "remove the quotes" if place.aangehaald and raw.isdecimal() else "write digits only"
        return f"{what} must be a whole number; {fix}"
    if kind.startswith("date"):
        return f"{shown or 'nothing'} is no date; write year, month and day: 2026-02-20"
    return f"{what}: {_overig(kind, ctx, error['msg'])}"


def _overig(kind: str, ctx: dict[str, Any], message: str) -> str:
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return f"nothing or something else stands here; {_BLOK}"
    if kind in ("tuple_type", "list_type"):
        return f"a list is expected here; {_LIJST}"
    limits = {
        "too_short": ("empty", "at least {min_length} must stand here"),
        "string_too_short": ("too short", "write at least {min_length} characters"),
        "string_too_long": ("too long", "write at most {max_length} characters"),
        "greater_than": ("too small", "write more than {gt}"),
        "greater_than_equal": ("too small", "write at least {ge}"),
        "less_than_equal": ("too large", "write at most {le}"),
        "string_type": ("empty", "write a value, or remove the line"),
    }
    if kind in limits:
        fault, fix = limits[kind]
        return f"{fault}; {fix.format(**ctx)}"
    return f"{message}; see docs/config.md"


def _velden(model: type[BaseModel], pad: Pad) -> dict[str, Any]:
    """Give the fields that can stand at a place, by walking the models."""
    kind: Any = model
    for part in pad:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {field.alias or name: field for name, field in kind.model_fields.items()}
            if part not in fields:
                return {}
            kind = fields[str(part)].annotation
        else:  # dict[key, value] or tuple[item, ...]
            parts = [arg for arg in get_args(kind) if arg is not Ellipsis]
            kind = parts[-1] if parts else None
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {}
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def _namen(model: type[BaseModel], pad: Pad) -> list[str]:
    fields = _velden(model, pad)
    return [name for name, field in fields.items() if not field.exclude]
