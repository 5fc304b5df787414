# SPDX-License-Identifier: EUPL-1.2
"""The documentation tells the truth: commands run, tables are whole, links lead somewhere.

A ``sh`` or ``console`` block of a page is run as it stands, block after block in one shell and one
empty folder. In a ``console`` block what follows a ``$ `` line is compared with what comes out,
numbers and ids apart; ``...`` stands for anything, in a line or on a line of its own. A comment
right above a block may say ``<!-- not run: why -->`` or ``<!-- exit code: 1 -->``.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

import gateway
from gateway import errors, waits
from gateway.config import (
    Aanlevering,
    Alarmen,
    Bewaren,
    Config,
    Ontvanger,
    Partij,
    Technisch,
    Uitwisseling,
    Venster,
)
from gateway.evidence.index import Part, Rol, Stand
from gateway.lifecycle import SYSTEM_LEAVES, Status
from gateway.model import EventType, Kind
from gateway.stations import STATIONS
from gateway.trust.domeinen import Soort

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "folders" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BIN = Path(sys.executable).parent


def text(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# --- blocks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """One fenced block of a page, with the remark above it."""

    language: str
    body: str
    remark: str
    value: str


_BLOCK = re.compile(
    r"(?:<!-- (?P<remark>not run|exit code): (?P<value>[^>]+) -->\n)?"
    r"^```(?P<language>\w+)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def blocks(page: Path, *languages: str) -> list[Block]:
    return [
        Block(found["language"], found["body"], found["remark"] or "", found["value"] or "")
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))
        if found["language"] in languages
    ]


@dataclass(frozen=True)
class Command:
    """One command of a block: what is typed, what comes out, how it ends."""

    typed: str
    shown: tuple[str, ...]
    exit_code: int


def commands(block: Block) -> Iterator[Command]:
    code = int(block.value) if block.remark == "exit code" else 0
    if block.language == "sh":
        yield Command(block.body, (), code)
        return
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        typed = lines.pop(0)
        while typed.endswith("\\"):
            typed += "\n" + lines.pop(0)
        yield Command(typed, tuple(lines), code)


def environment() -> dict[str, str]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}


def run_all(typed: list[Command], folder: Path) -> list[tuple[int, str]]:
    """Run commands one after another in one shell; the exit code and output of each."""
    cut = "@@ end of a command @@"
    parts = [f"{one.typed}\ncode=$?; echo; echo '{cut}' $code" for one in typed]
    done = subprocess.run(
        ["bash", "-c", "exec 2>&1\n" + "\n".join(parts)],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=400,
    )  # fmt: skip
    found = re.findall(rf"(.*?)\n{cut} (\d+)\n", done.stdout, re.DOTALL)
    return [(int(code), out) for out, code in found]


_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|\b[0-9a-f]{16,}\b"
)


def plain(line: str) -> str:
    """A line without what differs each time: ids, hashes, keys, numbers, widths."""
    line = re.sub(r"\+[0-9a-f]{8}\+[\w+/=]+", "+KEY", _ID.sub("ID", line))
    return " ".join(re.sub(r"\d+", "0", line).split())


def missing(shown: tuple[str, ...], out: str) -> list[str]:
    """Lines of a page that did not come out, in their order."""
    lines = iter([plain(line) for line in out.splitlines()])
    lost = []
    for want in shown:
        if want.strip() in ("", "..."):
            continue
        pattern = re.compile(".*".join(re.escape(plain(part)) for part in want.split("...")))
        if not any(pattern.fullmatch(line) for line in lines):
            lost.append(want)
    return lost


def test_the_runner_sees_what_fails(tmp_path: Path) -> None:
    """A wrong exit code and a line that did not come out are both found."""
    block = Block("console", "$ echo een 1; false\neen ...\ntwee\n", "", "")
    [command] = commands(block)
    [(code, out)] = run_all([command], tmp_path)
    assert code == 1
    assert missing(command.shown, out) == ["twee"]


RUNNABLE = [page for page in PAGES if page.is_file() and blocks(page, "sh", "console")]


@pytest.mark.parametrize("page", RUNNABLE, ids=named)
def test_each_command_runs_and_gives_what_is_shown(page: Path, tmp_path: Path) -> None:
    """Page by page, from an empty folder."""
    typed = [
        command
        for block in blocks(page, "sh", "console")
        if block.remark != "not run"
        for command in commands(block)
    ]
    results = run_all(typed, tmp_path)
    for command, (code, out) in zip(typed, results, strict=True):
        assert code == command.exit_code, f"{command.typed}\n{out}"
        assert missing(command.shown, out) == [], f"{command.typed}\n{out}"


PYTHON = [(p, n) for p in PAGES if p.is_file() for n, _ in enumerate(blocks(p, "python"))]


@pytest.mark.parametrize(("page", "number"), PYTHON, ids=lambda one: str(getattr(one, "stem", one)))
def test_each_python_block_runs(page: Path, number: int, tmp_path: Path) -> None:
    """As a test when it holds one, else as a program."""
    block = blocks(page, "python")[number]
    path = tmp_path / "test_block.py"
    path.write_text(block.body, encoding="utf-8")
    how = ["-m", "pytest", "-q"] if "def test_" in block.body else []
    done = subprocess.run(
        [sys.executable, *how, path.name], cwd=tmp_path, env=environment(), capture_output=True,
        text=True, timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_make_target_that_is_named_is_there() -> None:
    """In the pages, and in `make help`."""
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    used = {
        target
        for page in PAGES
        for target in re.findall(
            r"(?:`|^\$ |^)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE
        )
    }
    assert used <= targets
    assert {"demo", "test"} <= used


# --- links and names ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_link_leads_somewhere(page: Path) -> None:
    """To a file that is there, and a heading in it."""
    dead = []
    prose = re.sub(r"`[^`\n]+`", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" in target:
            continue
        where, _, anchor = target.partition("#")
        path = (page.parent / where) if where else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            dead.append(target)
    assert dead == []


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


_MENTION = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|xsd|toml|lock))`")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_file_of_ours_that_is_named_is_there(page: Path) -> None:
    """By its path, or by its name where the page says in which folder."""
    known = {
        path.relative_to(ROOT).as_posix()
        for folder in ("gateway", "envelopes", "schemas", "tests", "docs", "bench")
        for path in (ROOT / folder).rglob("*.*")
    } | {path.name for path in ROOT.iterdir()}
    lost = [
        found
        for found in _MENTION.findall(page.read_text(encoding="utf-8"))
        if not any(one == found or one.endswith(f"/{found}") for one in known)
    ]
    assert lost == []


# --- what the code says already -------------------------------------------------------------------


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date() -> None:
    """`make docs` would change nothing."""
    for path, wanted in generator().pages().items():
        assert path.read_text(encoding="utf-8") == wanted, f"{named(path)}: run `make docs`"


def test_each_command_and_option_is_documented() -> None:
    """In docs/cli.md, each with a meaning."""
    make = generator()
    page = text("docs", "cli.md")
    for path, command in make.commands(make.typer.main.get_command(make.app)):
        assert f"## {path}\n" in page
        assert command.help, path
        for shown, option in make.options(command):
            assert f"| `{shown}` |" in page
            assert option.help, f"{path} {shown}"


def test_no_list_of_commands_cuts_a_sentence_short() -> None:
    """Each group lists its commands on 80 columns, each with a whole sentence."""
    make = generator()
    top = make.typer.main.get_command(make.app)
    groups = [top, *(one for one in top.commands.values() if getattr(one, "commands", None))]
    assert len(groups) > 5
    for group in groups:
        context = group.make_context("knooppunt", [], resilient_parsing=True, terminal_width=80)
        listed = group.get_help(context).rpartition("Commands:")[2]
        assert "..." not in listed, listed


def test_each_setting_is_documented() -> None:
    """In docs/config.md, under the name that one types."""
    page = text("docs", "config.md")
    for model in (
        Config,
        Partij,
        Ontvanger,
        Aanlevering,
        Uitwisseling,
        Venster,
        Technisch,
        Alarmen,
        Bewaren,
    ):
        for name, field in model.model_fields.items():
            assert field.exclude or f"| `{field.alias or name}` |" in page, f"{model}.{name}"


_TAKES_CODE = {"Waiting": 2, "Reason": 0, "Event": 5, "EventType": None, "Alarm": 0}


def codes_in_the_code() -> set[str]:
    """Every stable word that a user can meet: why a file waits, why it was refused, what is odd."""
    found = {
        cls.code for cls in vars(errors).values() if isinstance(cls, type) and hasattr(cls, "code")
    } | {waits.STUCK, waits.ASKS, waits.IGNORED}
    for path in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = _TAKES_CODE.get(node.func.id)
                if place is not None and len(node.args) > place:
                    given = node.args[place]
                    if isinstance(given, ast.Constant) and given.value:
                        found.add(str(given.value))
            if isinstance(node, ast.ClassDef) and node.name[0] != "_":
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                        found.add(str(ast.literal_eval(line.value)))
    return found


def test_each_code_is_documented() -> None:
    """Errors, refusals, findings and reasons to wait: in docs/internals.md."""
    page = text("docs", "internals.md")
    found = codes_in_the_code()
    assert {"onaf", "leeg-bestand", "naam-bezet", "venster", "durability", "occupied"} <= found
    assert {code for code in found if f"| `{code}` |" not in page} == set()


def test_each_event_status_and_leaf_is_documented() -> None:
    """In docs/internals.md."""
    page = text("docs", "internals.md")
    words = [*EventType, *Status, *SYSTEM_LEAVES]
    assert [word for word in words if f"| `{word}` |" not in page] == []


def test_each_gauge_is_documented() -> None:
    """In docs/howto-server.md, by its whole name: people look for what Prometheus shows."""
    page = text("docs", "howto-server.md")
    names = re.findall(r'(?:yield|_gauge\()\s*"([a-z_]+)"', text("gateway", "metrics.py"))
    assert {"leaves", "disk_free_bytes", "alarms"} <= set(names)
    assert [name for name in names if f"`knooppunt_{name}`" not in page] == []


def test_each_kind_of_place_is_documented() -> None:
    """In folders/README.md, which `init` does not copy: it is for who reads the repository."""
    page = text("folders", "README.md")
    assert [kind for kind in Kind if kind.value.split("/")[-1] not in page] == []


def test_each_version_has_its_changes() -> None:
    """The version in the code is the newest in CHANGELOG.md, and that of publiccode.yml."""
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    code = YAML(typ="safe").load(text("publiccode.yml"))
    assert newest[1] == gateway.__version__ == code["softwareVersion"]
    assert code["legal"]["license"] == "EUPL-1.2"


# --- JSON for programs ----------------------------------------------------------------------------


def schema(name: str) -> Any:
    found = json.loads(text("docs", "schemas", f"{name}.schema.json"))
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chain in which most things have happened: accepted, refused, reported on, waiting."""
    folder = tmp_path_factory.mktemp("chain")
    knooppunt(folder, "init", ".")
    outbox = folder / "folders" / "gemeenten" / "0363" / "outbox"
    (outbox / "WMO_H22025.csv").write_bytes(b"a;b\n")
    (outbox / "vakantie.jpg").write_bytes(b"x")
    (outbox / "WMO_H12016.csv").write_bytes(b"outside its window\n")
    (outbox / "WMO_H22025_2.csv.part").write_bytes(b"x")
    (outbox.parent / "WMO_H22025_3.csv").write_bytes(b"one folder too high")
    knooppunt(folder, "run", "--once", "--nu", "2026-02-02")
    back = folder / "folders" / "cbs" / "uit" / "GMSDTTK"
    (back / "TECHNISCH_H22025_0363_0001.pdf").write_bytes(b"%PDF")
    (back / "rapport.pdf").write_bytes(b"%PDF")
    (folder / "folders" / "ggk" / "uit" / "x.xml").write_bytes(b"<no-envelope/>")
    knooppunt(folder, "run", "--once")
    return folder


def knooppunt(folder: Path, *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [str(BIN / "knooppunt"), *words], cwd=folder, env=environment(), capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("ref", "count"),
    [("WMO_H22025.csv", 1), ("rapport.pdf", 1), ("vakantie.jpg", 1), ("x.xml", 1), ("nothing", 0)],
)
def test_trace_is_what_its_schema_says(chain: Path, ref: str, count: int) -> None:
    """Also when there is nothing to tell."""
    found = json.loads(knooppunt(chain, "trace", ref, "--json", code=0 if count else 1))
    schema("trace").validate(found)
    assert len(found["messages"]) == count


def test_status_is_what_its_schema_says(chain: Path) -> None:
    """With files that wait."""
    found = json.loads(knooppunt(chain, "status", "--json"))
    schema("status").validate(found)
    assert {one["code"] for one in found["waiting"]} == {"onaf", "geen-plaats"}
    assert found["deliveries"]
    waiting = json.loads(knooppunt(chain, "status", "--waiting", "--json"))
    schema("status-waiting").validate(waiting)
    assert waiting["waiting"] == found["waiting"]


@pytest.mark.parametrize(
    ("where", "code", "exit_code"),
    [
        ("gemeenten/0363/outbox/WMO_H22025.csv", "genomen", 0),
        ("gemeenten/0363/outbox/WMO_H22025_2.csv.part", "onaf", 0),
        ("gemeenten/0363/outbox/WMO_H22026.csv", "onbekend", 1),
        ("gemeenten/0363/WMO_H22025_3.csv", "geen-plaats", 0),
    ],
)
def test_why_is_what_its_schema_says(chain: Path, where: str, code: str, exit_code: int) -> None:
    """Of what was taken, what waits, what nobody takes, and what never was."""
    found = json.loads(knooppunt(chain, "why", f"folders/{where}", "--json", code=exit_code))
    schema("why").validate(found)
    assert found["code"] == code


def test_tail_is_what_its_schema_says(chain: Path) -> None:
    """Line by line."""
    lines = knooppunt(chain, "tail", "--json", "-n", "100").splitlines()
    for line in lines:
        schema("tail").validate(json.loads(line))
    told = {json.loads(line)["type"] for line in lines}
    assert {"accepted", "rejected", "remark", "refused", "notified"} <= told


def test_audit_verify_is_what_its_schema_says(chain: Path) -> None:
    """On the log of that chain."""
    found = json.loads(knooppunt(chain, "audit", "verify", "--json"))
    schema("audit-verify").validate(found)
    assert found["ok"]


def test_keys_is_what_its_schemas_say(chain: Path) -> None:
    """The list, before and after changes; each change; what a bundle and an export hold."""
    commands = ("keys rotate tsa", "keys rotate log", "keys rotate log --finish",
                "keys rotate tsa --finish", "keys revoke idp")  # fmt: skip
    schema("keys-list").validate(json.loads(knooppunt(chain, "keys", "list", "--json")))
    for one in commands:
        schema("keys-change").validate(json.loads(knooppunt(chain, *one.split(), "--json")))
    found = json.loads(knooppunt(chain, "keys", "list", "--json"))
    schema("keys-list").validate(found)
    assert [one["domein"] for one in found["domeinen"] if one["ingetrokken"]] == ["idp"]
    knooppunt(chain, "audit", "export", "--gemeente", "0363", "-o", "uitvoer")
    schema("evidence-export").validate(json.loads((chain / "uitvoer/export.json").read_text()))
    for name in ("WMO_H22025.csv", "vakantie.jpg", "rapport.pdf", "x.xml"):
        knooppunt(chain, "evidence", name, "-o", f"{name}.asice")
        with zipfile.ZipFile(chain / f"{name}.asice") as bundle:
            schema("evidence-index").validate(json.loads(bundle.read("evidence.json")))


@pytest.mark.parametrize("quarantaine", [10, 1])
def test_status_check_is_what_its_schema_says(chain: Path, quarantaine: int) -> None:
    """With and without something to look at."""
    path = chain / "config.yaml"
    before = path.read_text("utf-8")
    path.write_text(f"{before}alarmen:\n  quarantaine: {quarantaine}\n", "utf-8")
    found = json.loads(knooppunt(chain, "status", "--check", "--json", code=int(quarantaine == 1)))
    path.write_text(before, "utf-8")
    schema("check").validate(found)
    assert found["ok"] == (quarantaine != 1)


def test_schemas_know_every_word() -> None:
    """What a schema lists is what the code can say."""
    event = schema("trace").schema["properties"]["messages"]["items"]["properties"]
    one = event["events"]["items"]["properties"]
    assert one["type"]["enum"] == [e.value for e in EventType]
    assert schema("tail").schema["properties"]["type"]["enum"] == [e.value for e in EventType]
    assert event["status"]["enum"] == [s.value for s in Status]
    assert one["station"]["enum"] == list(STATIONS)
    waiting = schema("status").schema["properties"]["waiting"]["items"]["properties"]["code"]
    assert set(waiting["enum"]) <= codes_in_the_code() | {"geen-plaats"}
    assert (
        schema("status-waiting").schema["properties"]["waiting"]
        == (schema("status").schema["properties"]["waiting"])
    )
    why = set(schema("why").schema["properties"]["code"]["enum"])
    assert why - set(waiting["enum"]) == {"onderweg", "genomen", "onbekend", "map", waits.IGNORED}
    index = schema("evidence-index").schema["properties"]
    part = index["parts"]["items"]["properties"]
    assert part["name"]["enum"] == [one.value for one in Part]
    assert part["state"]["enum"] == [one.value for one in Stand]
    assert index["leaves"]["items"]["properties"]["role"]["enum"] == [one.value for one in Rol]
    keys = schema("keys-list").schema["properties"]["domeinen"]["items"]["properties"]
    assert keys["soort"]["enum"] == [one.value for one in Soort]
    told = re.findall(r'Alarm\("([a-z-]+)"', text("gateway", "alarms.py"))
    for name in ("check", "alarm"):
        alarm = schema(name).schema["properties"]["alarms"]["items"]["properties"]
        assert set(alarm["code"]["enum"]) == set(told)
