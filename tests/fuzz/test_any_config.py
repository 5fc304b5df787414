# SPDX-License-Identifier: EUPL-1.2
"""config.yaml: whatever is in it, it is right, or each fault is told by its line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import parse
from gateway.errors import ConfigError
from gateway.location import read_config
from gateway.setup import shipped_config
from tests.fuzz.depth import replayed, runs

TEXT = shipped_config().decode()
LINES = TEXT.splitlines(keepends=True)
MEANT = [number for number, line in enumerate(LINES) if line.strip() and "#" not in line[:3]]
VALUES = [
    "", " ", "null", "~", "[]", "{}", "0363", "'0363'", "1e309", "-1", "99999999999999999999999",
    "true", "2026-02-31", "2026-02-02T00:00", "!!python/object:os.system x", "!x y", "&a [*a]",
    "*a", "<<: *a", "|", ">-", "- - -", "? ", ": :", "{a: b", '"', "'", "@", "%", "\t", "[" * 200,
    "{a: " * 200, "x" * 5_000, "\u202e", "\x85", "\ud7ff", "\ufeff", "é" * 100, "*", "[*][*][*]",
    "{uitvraag}{uitvraag}{vrij}*[*]", "{onbekend}", "../../etc/passwd", "wmo", "cbs", "---", "...",
    "\n---\nversie: 1", "&a " * 50, "0o7", "1:1", "=", ".inf",
]  # fmt: skip
KEYS = sorted(set(re.findall(r"^ *(\w+):", TEXT, re.M)))


@st.composite
def mutated(draw):
    """The shipped configuration with some edits of lines and values."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from([n for n in MEANT if n < len(lines)]))
        line = lines[at]
        match draw(st.sampled_from(["out", "double", "value", "key", "indent", "put", "cut"])):
            case "out":
                del lines[at]
            case "double":
                lines.insert(at, line)
            case "value":
                head, colon, _ = line.partition(":")
                lines[at] = f"{head}{colon} {draw(st.sampled_from(VALUES))}\n"
            case "key":
                indent = line[: len(line) - len(line.lstrip())]
                _, colon, value = line.partition(":")
                lines[at] = f"{indent}{draw(st.sampled_from(KEYS))}{colon}{value}"
            case "indent":
                lines[at] = " " * draw(st.integers(0, 8)) + line.lstrip()
            case "put":
                column = draw(st.integers(0, len(line)))
                some = draw(st.one_of(st.sampled_from(VALUES), st.text(max_size=6)))
                lines[at] = line[:column] + some + line[column:]
            case "cut":
                lines[at:] = [line[: draw(st.integers(0, len(line)))]]
    return "".join(lines)


def right_or_told(text):
    """It is a configuration, or ConfigError says of each fault on which line."""
    try:
        parse(text)
    except ConfigError as error:
        assert error.problems
        count = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text)) + 1
        for problem in error.problems:
            found = re.match(r"config\.yaml:(\d+):(\d+): \S", problem)
            assert found, problem
            assert 1 <= int(found[1]) <= count, problem
            assert "\n" not in problem


@runs(70, 10_000)
@given(st.one_of(mutated(), mutated(), st.text(max_size=200)))
@replayed("config")
def test_any_text_is_right_or_its_faults_are_told(text):
    """Never anything but ConfigError, and never a fault without its line."""
    right_or_told(text)


@runs(20, 2_000)
@given(st.binary(max_size=300))
def test_any_bytes_of_a_file(tmp_path_factory, data):
    """What is no text is no configuration either: a sentence."""
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read_config(str(path))
    assert caught.value.sentence
