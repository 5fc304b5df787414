# SPDX-License-Identifier: EUPL-1.2
"""The rules of the house that imports cannot show. Each exception stands here, with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GATEWAY = sorted((ROOT / "gateway").rglob("*.py"))
PRODUCT = [*GATEWAY, *sorted((ROOT / "envelopes").rglob("*.py"))]

LONG_FILES = {
    "gateway/cbs/opstellen.py": "what each answer of CBS says, from what it knows",
    "gateway/chain.py": "one process, whole: what it opens, in which order, and how it ends",
    "gateway/config.py": "every section of config.yaml, a line of meaning each",
    "gateway/durable.py": "all that writes: whoever asks what a power failure does has one file",
    "gateway/testing/__init__.py": "all that a tester types, on one page",
    "gateway/engine.py": "the round, whole: who asks what a crash does must not turn a page",
    "gateway/folders.py": "every path and every look at a folder, so that no other module has one",
    "gateway/model.py": "the nouns of the chain: plain data with a docstring each",
    "gateway/stations/header.py": "one check a header field, in the standard's order",
    "gateway/stations/rinis.py": "all that RINIS decides, readable from top to bottom",
    "gateway/store.py": "the one transaction, and all that the engine asks of it",
}
LONG_FUNCTIONS = {
    "gateway/cbs/cyclus.py:beoordeel_set": "every reason against a set, in the order of asking",
    "gateway/chain.py:__init__": "the order in which a process opens things, none left out",
    "gateway/stations/ggk.py:_envelope": "one literal: every field of the envelope, none computed",
    "gateway/stations/rinis.py:_wrap": "one literal: every field of the envelope, none computed",
}
MAX_FILE, MAX_FUNCTION = 300, 40

WRITERS = {
    "gateway/durable.py": "the one that does",
    "gateway/testing/__init__.py": "plays the people around the chain: they drop and they take",
    "gateway/demo.py": "plays the people around the chain, and clears its own earlier demo/",
}
CLOCKS = {
    "gateway/moment.py": "the one where they enter",
    "gateway/testing/__init__.py": "ids from a seed, handed to the clock: the opposite of chance",
    "gateway/cbs/voorbeeld.py": "rows from a seed: the same again, the opposite of chance",
}
SQL = {
    "gateway/cbs/staat.py": "the counterpart's own memory: another party's, so never the store's",
    "gateway/cbs/staat_tabellen.py": "its tables",
    "gateway/testing/checks.py": "asks the database itself, or it would trust what it examines",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node: ast.expr) -> str:
    """``os.path.join`` for that expression; the last attribute for what is no plain name."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else f"?.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{one.name}" for one in node.names)


# --- only durable.py writes -----------------------------------------------------------------------

_OS_WRITES = words(
    "fsync fdatasync sync rename renames replace unlink remove rmdir removedirs link symlink mkdir "
    "makedirs truncate ftruncate write pwrite writev sendfile copy_file_range chmod fchmod chown "
    "mknod mkfifo utime"
)
_PATH_WRITES = words(
    "write_bytes write_text touch unlink rmdir symlink_to hardlink_to renameat2 syncfs"
)
_WRITE_FLAGS = words("O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND O_TMPFILE")


def writes(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every place that syncs, renames, unlinks, or opens for writing. SQLite's own do not show."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            full = dotted(node)
            by_os = full.startswith("os.") and node.attr in _OS_WRITES | _WRITE_FLAGS
            by_path = node.attr in _PATH_WRITES and not full.startswith("durable.")
            if by_os or by_path:
                yield node.lineno, full
        elif isinstance(node, ast.Call) and dotted(node.func) in ("open", "io.open", "os.fdopen"):
            modes = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "mode")]
            for mode in modes:
                if not isinstance(mode, ast.Constant) or set(str(mode.value)) & set("wax+"):
                    yield node.lineno, f"{dotted(node.func)} for writing"
    for one in imported(module):
        if one.split(".")[0] in ("shutil", "tempfile"):
            yield 1, f"import {one}"
        if one in {f"os.{call}" for call in _OS_WRITES | _WRITE_FLAGS}:
            yield 1, f"from os import {one}"


def test_only_durable_syncs_renames_or_opens_for_writing() -> None:
    """Whoever wants to know what a power failure can do has one file to read."""
    found = [
        f"{name(path)}:{line} {what}"
        for path in GATEWAY
        if name(path) not in WRITERS
        for line, what in writes(tree(path))
        # A broken pipe: what is left to print goes to the null device.
        if (name(path), what) != ("gateway/cli.py", "os.O_WRONLY")
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "os.fsync(fd)", "os.rename(a, b)", "path.write_bytes(b'')", "open(p, 'w')",
        "open(p, mode='ab')", "os.open(p, os.O_RDWR)", "from os import unlink", "import shutil",
        "_libc.syncfs(fd)", "open(p, how)",
    ],
)  # fmt: skip
def test_the_rule_sees_each_way_to_write(line: str) -> None:
    """A planted write is found."""
    assert list(writes(ast.parse(line)))


def test_each_function_of_durable_names_its_system_calls() -> None:
    """The comment above each says what the kernel is asked, in order."""
    path = ROOT / "gateway" / "durable.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    bare = [
        node.name
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not lines[node.lineno - 2].startswith("# ")
    ]
    assert bare == []


# --- clocks and chance enter at one place ---------------------------------------------------------

_CLOCK_MODULES = frozenset({"time", "uuid", "random", "secrets"})
_CLOCK_CALLS = words(
    "datetime.now datetime.utcnow datetime.today date.today os.urandom os.getrandom "
    "datetime.datetime.now datetime.date.today"
)


def clocks(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every place that asks what time it is, or for something that nobody can foresee."""
    for one in imported(module):
        if one.split(".")[0] in _CLOCK_MODULES or one in ("os.urandom", "os.getrandom"):
            yield 1, f"import {one}"
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and dotted(node) in _CLOCK_CALLS:
            yield node.lineno, dotted(node)


def test_clocks_and_ids_enter_in_moment_alone() -> None:
    """A decision that is taken again after a crash gives the same bytes."""
    found = [
        f"{name(path)}:{line} {what}"
        for path in PRODUCT
        if name(path) not in CLOCKS
        for line, what in clocks(tree(path))
    ]
    assert found == []


@pytest.mark.parametrize("line", ["import time", "datetime.now(UTC)", "os.urandom(8)"])
def test_the_rule_sees_each_clock(line: str) -> None:
    """A planted clock is found."""
    assert list(clocks(ast.parse(line)))


# --- where SQL stands -----------------------------------------------------------------------------


def test_sql_stands_in_the_store_alone() -> None:
    """Nobody else imports a database."""
    found = [
        f"{name(path)} imports {one}"
        for path in PRODUCT
        if not path.name.startswith("store") and name(path) not in SQL
        for one in imported(tree(path))
        if one.split(".")[0] in ("sqlalchemy", "sqlite3")
    ]
    assert found == []


# --- the shape of modules, classes and functions --------------------------------------------------


def test_no_module_is_a_drawer() -> None:
    """A file is called after the question that it answers."""
    drawers = {
        "util",
        "utils",
        "helper",
        "helpers",
        "common",
        "manager",
        "managers",
        "misc",
        "base",
    }
    assert [name(p) for p in PRODUCT if drawers & set(re.split(r"[_.]", p.stem))] == []


def test_no_sync_and_async_twins() -> None:
    """There is one way to call a thing; nothing here is asynchronous."""
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [name(p) for p in PRODUCT if any(isinstance(n, kinds) for n in ast.walk(tree(p)))]
    assert found == []


def test_no_base_class_with_one_child() -> None:
    """A class is divided in two when there are two, and not before."""
    children: dict[str, set[str]] = {}
    own: set[str] = set()
    for path in PRODUCT:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                own.add(node.name)
                for base in node.bases:
                    bare = base.value if isinstance(base, ast.Subscript) else base
                    children.setdefault(dotted(bare).rpartition(".")[2], set()).add(node.name)
    # An error with one special case is caught by either name: that is what a class of errors is.
    lonely = [b for b in own if len(children.get(b, ())) == 1 and not b.endswith("Error")]
    assert lonely == []


def test_long_files_and_functions_have_a_reason() -> None:
    """Over 300 lines, or 40: on the list above, or shorter; and nothing is on it for nothing."""
    files, functions = set(), set()
    for path in PRODUCT:
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > MAX_FILE:
            files.add(name(path))
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION:
                    functions.add(f"{name(path)}:{node.name}")
    assert files == set(LONG_FILES)
    assert functions == set(LONG_FUNCTIONS)


# --- every text file ------------------------------------------------------------------------------

_FOLDERS = ("gateway", "envelopes", "schemas", "tests", "docs", "bench", ".ci", "folders")
_TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".xsd", ".xml", ".json", ".c", ".csv", ".lock"}
_SOURCE = {".py", ".c", ".xsd", ".toml", ".yml"}
_BARE = {"Makefile", "run"}


def texts() -> list[Path]:
    found = [p for p in ROOT.iterdir() if p.is_file()]
    for folder in _FOLDERS:
        found += [p for p in (ROOT / folder).rglob("*") if p.is_file()]
    wanted = [p for p in found if p.suffix in _TEXT or p.name in _BARE]
    # What people drop in folders/ is theirs.
    mine = [p for p in wanted if "folders" not in p.relative_to(ROOT).parts[:1]]
    return sorted(p for p in mine if "__pycache__" not in p.parts and not p.name.startswith("."))


def test_every_source_file_names_its_licence() -> None:
    """SPDX, in the first lines."""
    bare = [
        name(p)
        for p in texts()
        if (p.suffix in _SOURCE or p.name in _BARE)
        and "SPDX-License-Identifier: EUPL-1.2" not in "\n".join(_head(p))
    ]
    assert bare == []


def _head(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()[:4]


# Written so that they do not match themselves.
_UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + "X|HAC" + r"K)\b")
_MACHINE = re.compile(
    r"(?<![\w.])/(work|opt|root|home|mnt)/|py" + r"pi\.org|registry\.npm" + "js|local" + "host:"
)


def test_nothing_is_left_for_later_in_a_comment() -> None:
    """What is undone is in an issue."""
    found = [name(p) for p in texts() if _UNFINISHED.search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_no_path_of_a_machine_and_no_registry() -> None:
    """What is here runs anywhere; where packages come from is the machine's business."""
    found = {
        f"{name(p)}: {match[0]}"
        for p in texts()
        for match in _MACHINE.finditer(p.read_text(encoding="utf-8"))
    }
    assert found == set()
