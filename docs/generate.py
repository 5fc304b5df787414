# SPDX-License-Identifier: EUPL-1.2
"""Make what is said elsewhere: whole pages (``cli.md``), a script, and tables of ``internals.md``.

``python docs/generate.py`` writes them; ``tests/test_docs.py`` finds out when somebody forgot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer.main

import envelopes
from gateway import exchanges_doc
from gateway.cbs import regelpagina
from gateway.cli import app
from gateway.config import parse
from gateway.evidence import leesmij
from gateway.lifecycle import CUSTODY, FINAL, SYSTEM_LEAVES, TRANSITIONS, Status
from gateway.model import EventType
from gateway.stations.header import IN_ORDER

HERE = Path(__file__).parent

_CLI_HEAD = """\
# What can be typed

<!-- Made by `make docs` from the commands: gateway/cli.py, gateway/commands/ -->

`knooppunt COMMAND --help` says the same. A command that needs a chain takes the `config.yaml`
of the directory you are in, or of the nearest one above it, and says which it took.

Exit codes: 0 done or yes; 1 the answer is no (nothing found, a log that is not whole); 2 wrong use,
or input that cannot be read. A refused file is an answer to its sender, not a failure of `run`.
"""


def cli_page() -> str:
    """Give the text of ``docs/cli.md``."""
    group = typer.main.get_command(app)
    parts = [_CLI_HEAD]
    parts += [_section(path, command) for path, command in commands(group)]
    parts.append("## knooppunt\n\n" + _options(group) + "\n")
    return "\n".join(parts)


def commands(group: Any, path: str = "knooppunt") -> Iterator[tuple[str, Any]]:
    """Give each command with the words that one types for it."""
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def options(command: Any) -> Iterator[tuple[str, Any]]:
    """Give each option and argument as it is typed."""
    for one in command.params:
        if one.param_type_name == "argument":
            shown = one.name.upper()
            yield (shown if one.required else f"[{shown}]"), one
        else:
            value = "" if is_flag(one) else " " + one.name.removeprefix("as_").upper()
            yield ", ".join(one.opts) + value, one


def is_flag(one: Any) -> bool:
    """Tell whether an option takes no value."""
    return bool(getattr(one, "is_flag", False))


def _section(path: str, command: Any) -> str:
    words = [shown for shown, one in options(command) if one.param_type_name == "argument"]
    usage = " ".join([path, *words, "[OPTIONS]"])
    said = re.sub(r"\n[ \t]+", "\n", command.help or "").strip()
    parts = [f"## {path}", f"`{usage}`", said]
    if command.params:
        parts.append(_options(command))
    examples = [one.strip() for one in (command.epilog or "").split("Example:") if one.strip()]
    if examples:
        parts.append("Example: " + ", ".join(f"`{one}`" for one in examples))
    return "\n\n".join(parts) + "\n"


def _options(command: Any) -> str:
    rows = ["| option | default | meaning |", "|---|---|---|"]
    for shown, one in options(command):
        default = "" if is_flag(one) or one.default in (None, "") else f"`{one.default}`"
        rows.append(f"| `{shown}` | {default} | {(one.help or '').replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


# --- tables of internals.md -----------------------------------------------------------------------


def events_table() -> str:
    """Give each event: the status after it, its leaf, its meaning."""
    rows = ["| event | status after it | leaf | what it tells |", "|---|---|---|---|"]
    for event, meaning in TRANSITIONS.items():
        status = f"`{meaning.leads_to.value}`" if meaning.leads_to else "as it was"
        leaf = f"`{meaning.leaf}`" if event in CUSTODY else "none"
        rows.append(f"| `{event.value}` | {status} | {leaf} | {meaning.text} |")
    return "\n".join(rows)


def statuses_table() -> str:
    """Give each status with the event that leads to it, and whether more is expected."""
    rows = ["| status | reached by | more is expected |", "|---|---|---|"]
    for status in Status:
        to = [f"`{e.value}`" for e, m in TRANSITIONS.items() if m.leads_to is status]
        if status is Status.RECEIVED:
            to = [f"`{EventType.CONFIRMED.value}`, before `{EventType.ACKNOWLEDGED.value}`"]
        more = "no" if status in FINAL else "yes"
        rows.append(f"| `{status.value}` | {', '.join(to) or 'no event yet'} | {more} |")
    return "\n".join(rows)


def system_leaves_table() -> str:
    """Give the leaves that belong to no delivery."""
    rows = ["| leaf | what it tells |", "|---|---|"]
    rows += [f"| `{leaf}` | {text} |" for leaf, text in SYSTEM_LEAVES.items()]
    return "\n".join(rows)


def checks_table() -> str:
    """Give the header checks of a hub, in the order in which they are made."""
    rows = ["| n | code | omschrijving | function in `stations/header.py` |", "|---|---|---|---|"]
    for number, (code, check) in enumerate(IN_ORDER, 1):
        words = envelopes.fout(code, "").omschrijving
        rows.append(f"| {number} | `{code}` | {words} | `{check.__name__}` |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "events": events_table,
    "statuses": statuses_table,
    "system leaves": system_leaves_table,
    "checks": checks_table,
}


def with_tables(page: str) -> str:
    """Give a page with each marked table made anew."""
    for name, make in TABLES.items():
        begin = f"<!-- made: {name} -->\n"
        before, found, rest = page.partition(begin)
        if not found:
            raise ValueError(f"there is no place for the table of {name}")
        page = before + begin + make() + "\n<!-- end -->" + rest.partition("<!-- end -->")[2]
    return page


def pages() -> dict[Path, str]:
    """Give each page that is made, wholly or in part, as it should be."""
    internals = HERE / "internals.md"
    shipped = parse((HERE.parent / "config.yaml").read_text(encoding="utf-8"))
    return {
        HERE / "uitwisselingen.md": exchanges_doc.pagina(shipped),
        HERE / "cli.md": cli_page(),
        HERE / "cbs-controle.md": regelpagina.pagina(),
        internals: with_tables(internals.read_text(encoding="utf-8")),
        HERE / "bewijs-controleren.sh": leesmij.script(),
    }


if __name__ == "__main__":
    for where, text in pages().items():
        where.write_text(text, encoding="utf-8")
