# SPDX-License-Identifier: EUPL-1.2
"""The errors a user can meet: each says what, where, whose fault, and what now."""

from __future__ import annotations


class GatewayError(Exception):
    """Something that the user must know, in one sentence, with the way out.

    ``code`` is a stable word for programs and docs, ``hint`` says what to do now.
    """

    code = "gateway"

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class ConfigError(GatewayError):
    """The configuration cannot be used; ``problems`` holds every fault, each with its place."""

    code = "config"

    def __init__(self, sentence: str, *, hint: str = "", problems: tuple[str, ...] = ()) -> None:
        super().__init__(sentence, hint=hint)
        self.problems = problems


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
