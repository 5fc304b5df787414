# SPDX-License-Identifier: EUPL-1.2
"""The errors a user can meet: each says what, where, whose fault, and what now."""

from __future__ import annotations

from typing import NamedTuple


class GatewayError(Exception):
    """Something that the user must know, in one sentence, with the way out.

    ``code`` is a stable word for programs and docs, ``hint`` says what to do now.
    """

    code = "gateway"

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class Fault(NamedTuple):
    """One fault in the configuration: where it stands, and what is wrong, with the fix."""

    path: str
    line: int
    column: int
    said: str

    @property
    def place(self) -> str:
        """Line and column: words of ours alone, whatever the file holds."""
        return f"{self.line}:{self.column}"

    def __str__(self) -> str:
        return f"{self.path}:{self.place}: {self.said}"


class ConfigError(GatewayError):
    """The configuration cannot be used; ``faults`` holds every fault, in the order of the file."""

    code = "config"

    def __init__(self, sentence: str, *, hint: str = "", faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(sentence, hint=hint)
        self.faults = faults

    @property
    def problems(self) -> tuple[str, ...]:
        """Every fault as a line: ``config.yaml:6:12: what is wrong; the fix``."""
        return tuple(map(str, self.faults))


class StateError(GatewayError):
    """The state directory cannot be used: locked, damaged, of another version, or restored."""

    code = "state"


class DurabilityError(GatewayError):
    """The disk did not keep what it was given. The process ends; a restart recovers."""

    code = "durability"


class ReaderError(GatewayError):
    """The process that reads files was ended while it read one. The gateway goes on with a new one.

    ``key`` tells which file, to this program alone.
    """

    code = "reader"

    def __init__(self, sentence: str, key: str, *, hint: str = "") -> None:
        super().__init__(sentence, hint=hint)
        self.key = key


class FolderError(GatewayError):
    """A folder is not what the configuration says it is."""

    code = "folder"


class AuditError(GatewayError):
    """The audit log on disk and the database do not tell the same history."""

    code = "audit"


class ForkError(AuditError):
    """Somebody saw another history of this log, or more of it than we have: nothing goes on."""

    code = "fork"


class TrustError(GatewayError):
    """A key or certificate cannot be used: which file, and what is wrong with it."""

    code = "trust"
