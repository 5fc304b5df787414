# SPDX-License-Identifier: EUPL-1.2
"""The two witnesses and the time stamping authority of a development chain, as processes beside it.

Each is what ``knooppunt witness run`` and ``knooppunt tsa run`` start: a process of its own, with
its own key and folder, on a free port. They end with who started them. The authority makes its
tokens by openssl; ``tsa=False`` goes without it.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Self, cast

from gateway.errors import AuditError
from gateway.location import Location
from gateway.trust.domeinen import GETUIGEN, TSA

_COMMAND = "import sys; from gateway.cli import main; sys.exit(main())"
_PREFIX = "getuige-"
_WAIT_SECONDS = 5.0
"""How long one gets to end when it is told to; it writes nothing that it would lose."""


class Bystanders:
    """They run while this is open; ``settings`` is the section ``getuigen`` that asks them."""

    def __init__(self, location: Location, *, tsa: bool = True) -> None:
        self._open = ExitStack()
        where = ("--config", location.config_path, "--state", location.state, "--port", "0")
        commands: dict[str, tuple[str, ...]] = {
            one: ("witness", "run", one.removeprefix(_PREFIX)) for one in GETUIGEN
        }
        if tsa:
            commands[TSA] = ("tsa", "run")
        with ExitStack() as stack:  # all are starting before the first is waited for
            started = {
                name: stack.enter_context(_Process((*command, *where)))
                for name, command in commands.items()
            }
            found = {name: one.url() for name, one in started.items()}
            self._open = stack.pop_all()
        stamps = found.pop(TSA, None)
        self.settings: dict[str, Any] = {"aan": True, "adressen": found, "tsa": stamps}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._open.close()


class _Process:
    """One command of ours that listens, and says where in its first line."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and command
            [sys.executable, "-c", _COMMAND, *self._command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            process_group=0,  # Ctrl-C is for who started it
        )  # fmt: skip
        return self

    def url(self) -> str:
        """Where it listens. Raises :class:`AuditError` with what it said when it does not."""
        said, out = "", cast("IO[str]", self._process.stdout)
        while "Ctrl-C" not in said and (line := out.readline()):
            said += line  # the width of a terminal may have folded it
        words = [word.strip(";") for word in said.split() if word.startswith("http://")]
        if not words:
            raise AuditError(
                f"`knooppunt {' '.join(self._command[:3])}` did not start: {self._why()}",
                hint="run it by itself to see why",
            )
        return words[0]

    def _why(self) -> str:
        self._process.kill()
        return " ".join(cast("IO[str]", self._process.stderr).read().split()) or "it said nothing"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        with self._process as process:  # closes its pipes, and waits
            process.terminate()
            try:
                process.wait(_WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
