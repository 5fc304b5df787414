# SPDX-License-Identifier: EUPL-1.2
"""Make ``docs/config.md`` and the JSON Schema for editors from the models.

``python -m gateway.config_doc > docs/config.md``
``python -m gateway.config_doc schema > docs/schemas/config.schema.json``
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gateway import patroon
from gateway.config import (
    Aanlevering,
    Alarmen,
    Bewaren,
    Config,
    Eherkenning,
    Getuigen,
    Ontvanger,
    Partij,
    Sleutel,
    Technisch,
    Uitwisseling,
    Venster,
)
from gateway.config_cbs import Cbs, NietPubliceren, OptInCyclus
from gateway.config_overdracht import Overdracht

_KOP = """\
# What can be configured

<!-- Made by `python -m gateway.config_doc > docs/config.md`; change the descriptions there. -->

All settings stand in one file, `config.yaml`; `knooppunt init` writes one with comments. Check it
with `knooppunt config check`: it names every fault at once, each with its line and column. An
unknown setting is a fault. Codes stand between quotes (`"0363"`): without them YAML reads a number.
"""

_SECTIES: tuple[tuple[str, type[BaseModel], str], ...] = (
    ("The file", Config, "The sections, at the left margin."),
    ("partijen", Partij, 'Below each code, for example `"0363":`. A code is 4 digits.'),
    (
        "overdracht",
        Overdracht,
        "Below `overdracht:` of a party. Why and how: [howto-hand-over.md](howto-hand-over.md).",
    ),
    ("ontvangers", Ontvanger, "Below each id, for example `cbs:`."),
    (
        "aanleveringen",
        Aanlevering,
        "Below each id, for example `gmsd:`. [Who may hand in what](howto-authorise.md) says how.",
    ),
    (
        "uitwisselingen",
        Uitwisseling,
        "Below each id, for example `wmo:`. The order counts: a dropped file goes to the first "
        "exchange of richting heen that knows its name.",
    ),
    ("vensters", Venster, "A list below each uitvraag, for example `H22025:`."),
    ("technisch", Technisch, "May be left out, wholly or in part."),
    (
        "alarmen",
        Alarmen,
        "May be left out, wholly or in part. The alarms: [internals.md](internals.md#alarms).",
    ),
    ("bewaren", Bewaren, "May be left out, wholly or in part. In days."),
    (
        "getuigen",
        Getuigen,
        "May be left out, wholly or in part. What they are: [audit.md](audit.md#witnesses).",
    ),
    (
        "eherkenning",
        Eherkenning,
        "May be left out, wholly or in part. How users sign: [howto-sign.md](howto-sign.md).",
    ),
    (
        "sleutels",
        Sleutel,
        "Below each trust domain, for example `zegel-gateway:`. [howto-keys.md](howto-keys.md).",
    ),
    ("cbs", Cbs, "May be left out, wholly or in part. What it does: [cbs.md](cbs.md)."),
    ("niet_publiceren", NietPubliceren, "A list below `niet_publiceren:` of `cbs`."),
    ("opt_in_cycli", OptInCyclus, 'Below the name of a cycle in `cbs`, for example `"2016":`.'),
)

_SJABLOON = """\
## Template of delivered names

`naamsjabloon` holds `{stam}`, `{gemeentecode}` and `{volgnummer:04d}` in any order, with letters,
`_` or `-` between them, and ends in `{ext}`. `{stam}` is the name that the file was given, without
its extension: what CBS forbids in a name becomes `_`, and it is cut to 200 bytes. `{ext}` is the
extension with its dot, or nothing. A larger number takes more digits than the template asks.

`{stam}_{nn}{ext}`, to the letter, lets a file keep its name, which ends in two digits. When that
name was delivered before it gets the next number; see [uitwisselingen.md](uitwisselingen.md).
"""


def pagina() -> str:
    """Give the text of ``docs/config.md``."""
    parts = [_KOP]
    for title, model, intro in _SECTIES:
        parts.append(f"## {title}\n\n{intro}\n\n{chr(10).join(_tabel(model))}\n")
    parts.append(_patronen())
    parts.append(_SJABLOON)
    return "\n".join(parts)


def _tabel(model: type[BaseModel]) -> Iterator[str]:
    yield "| setting | default | values | meaning |"
    yield "|---|---|---|---|"
    schema = model.model_json_schema(by_alias=True).get("properties", {})
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        key = field.alias or name
        values = _waarden(schema[key])
        description = (field.description or "").replace("|", "\\|")
        yield f"| `{key}` | {_standaard(field)} | {values} | {description} |"


def _standaard(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default = field.get_default(call_default_factory=False)
    if default in (None, "", ()) or default is PydanticUndefined:
        return ""
    return f"`{default}`"


def _waarden(schema: dict[str, Any]) -> str:
    """Say in words what a JSON Schema lets pass."""
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            schema = {**schema, **one}
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if choices:
        return ", ".join(f"`{one}`" for one in choices)
    kind = {"string": "text", "integer": "whole number", "array": "list", "object": "section"}
    words = kind.get(schema.get("type", "object"), "section")
    if schema.get("format") == "date":
        words = "date, as 2026-02-20"
    if "pattern" in schema:
        words += f" as `{schema['pattern'].replace('|', chr(92) + '|')}`"
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    unit = " characters" if "minLength" in schema or "maxLength" in schema else ""
    if high is not None:
        words += f", {low or 0} to {high}{unit}"
    return words


def _patronen() -> str:
    table = (patroon.__doc__ or "").split("\n\n")[1]
    rows = [row for row in table.splitlines() if not row.startswith("=")]
    cells = [re.split(r"\s{2,}", row.replace("``", "`")) for row in rows]
    lines = ["| " + " | ".join(cell) + " |" for cell in cells]
    rest = "\n\n".join((patroon.__doc__ or "").split("\n\n")[2:]).strip()
    head = "## Patterns of file names\n\nPut quotes around them."
    return f"{head}\n\n{lines[0]}\n|---|---|---|\n" + "\n".join(lines[1:]) + f"\n\n{rest}\n"


def schema() -> str:
    """Give the text of ``docs/schemas/config.schema.json``."""
    made = Config.model_json_schema(by_alias=True)
    for one in made["properties"].values():
        if "patternProperties" in one:  # other keys are faults, as `parse` has it
            one["additionalProperties"] = False
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "config.yaml of Knooppunt"
    return json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema() if sys.argv[1:] == ["schema"] else pagina())
