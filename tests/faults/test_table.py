# SPDX-License-Identifier: EUPL-1.2
"""docs/faults.md tells of every fault case which test holds it, or how it was judged."""

import ast
import functools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = range(1, 89)
JUDGED_BY_CBS = range(68, 73)
MAY_BE_JUDGED = {13, 14, 15, 19, 22, 23, 24, 48, 51, 54, 67, *JUDGED_BY_CBS}
TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")
OURS = re.compile(r"test_row_(\d\d)_")


def table():
    """The rows of the page, in order: number and how it is held."""
    text = (ROOT / "docs/faults.md").read_text("utf-8")
    found = re.findall(r"^\| (\d+) \| .+? \| (.+) \|$", text, re.MULTILINE)
    return [(int(number), how) for number, how in found]


@functools.cache
def names_in(path):
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_is_there_once_and_in_order():
    """Rows 1 to 88, each once."""
    assert [number for number, _ in table()] == list(ROWS)


def test_every_row_is_held_by_a_test_that_exists():
    """One is named after its row; or the row is one that may be judged, and says how."""
    for number, how in table():
        named = TEST.findall(how)
        own = [name for _, name in named if name.startswith(f"test_row_{number:02d}_")]
        assert own or not named or number in JUDGED_BY_CBS, (number, "no test is named after it")
        for path, name in named:
            assert name in names_in(path), (number, path, name)
        if not named:
            assert number in MAY_BE_JUDGED, number
            assert re.search(r"[Jj]udged: \S.{20}", how), number
        assert how.count("::") == len(named), (number, "a test that cannot be read")


def test_every_test_named_after_a_row_is_in_its_row():
    """What holds a row is found from the page."""
    rows = {number: {name for _, name in TEST.findall(how)} for number, how in table()}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in names_in(path.relative_to(ROOT)):
            found = OURS.match(name)
            if found is not None:
                assert name in rows.get(int(found[1]), ()), (path.name, name)
