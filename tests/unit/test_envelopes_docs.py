# SPDX-License-Identifier: EUPL-1.2
"""The page about envelopes tells the truth."""

import re
from pathlib import Path

import envelopes

PAGINA = (Path(__file__).parents[2] / "docs" / "envelopes.md").read_text(encoding="utf-8")


def test_the_examples_run() -> None:
    """Each python block runs as it stands."""
    blokken = re.findall(r"```python\n(.*?)```", PAGINA, re.S)
    assert blokken
    for blok in blokken:
        exec(compile(blok, "docs/envelopes.md", "exec"), {})


def test_the_files_it_names_are_there() -> None:
    """The table of files is whole."""
    map_ = Path(envelopes.__file__).parent
    genoemd = set(re.findall(r"`(\w+\.py)`", PAGINA)) - {"tabel.py"}
    assert genoemd == {p.name for p in map_.glob("*.py")} - {"__init__.py"}
