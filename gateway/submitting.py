# SPDX-License-Identifier: EUPL-1.2
"""Sends a checkpoint to one witness, proves that the log only grew, and judges what it says.

The proof is made from the published tiles, and checked against our own roots before it is sent: a
witness that refuses it then has another root than ours, and that is a fork.

It is sent signed by the log's newest key alone, so that who signs it knows that key. A witness that
does not is shown the changes of key that lead there; one that takes none still signs, until
``--finish``, what an older key signed along.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from gateway.audit import checkpoint, reading
from gateway.audit.checkpoint import Checkpoint, CheckpointError
from gateway.audit.cosign import bare, taken
from gateway.audit.merkle import (
    check_consistency,
    consistency_proof,
    inclusion_proof,
    subtree_root,
)
from gateway.audit.policy import Known
from gateway.audit.proof import parse as parse_proof
from gateway.audit.statements import read as read_statements
from gateway.audit.submission import (
    FORKS,
    PATH,
    SUCCESSOR_PATH,
    Succession,
    Verdict,
    judge,
    read_size,
    request,
    successor_request,
)
from gateway.audit.succession import Statement
from gateway.audit.tiles import Tile, hash_reader
from gateway.errors import AuditError, ForkError
from gateway.names import toonbaar
from gateway.peers import Reply, Unreachable, call

TRIES = 3
"""Sizes that a witness may name before it must agree: a second gateway may be at it too."""

_ADVICE = (
    "do not start again as it is. Was the state put back from a copy? Put back the newest one: "
    "`knooppunt restore BACKUP{since}`, with the audit folder in its place. Is another gateway "
    "writing under this log's key? Stop it. Keep all of it as it is: with the witness's checkpoint "
    "it shows what happened (docs/audit.md, Witnesses)"
)


_WHY = {
    400: "it and this gateway are not of one protocol; are they of one version?",
    403: "none of the keys that signed this counts there; its operator gives it the .vkey file",
    404: "it does not watch this log; its operator gives it the log's .vkey file",
    429: "it is asked too much; raise tussenpoos_s under getuigen",
    503: "it cannot do its work now; its operator looks at its disk and starts it again",
}
_SAID = 160
"""Characters of an answer that are quoted: it goes into a log and onto a screen."""


def refusal(reply: Reply) -> str:
    """A refusal in its own words, what that means, and who can mend it."""
    first = reply.body[: 4 * _SAID].decode("utf-8", "replace").split("\n")[0]
    words = f', "{toonbaar(first[:_SAID])}"' if reply.content_type == "text/plain" and first else ""
    why = _WHY.get(reply.status, "ask who runs it why; it is asked again")
    return f"it answered {reply.status}{words}: {why}"


class Trouble(AuditError):  # noqa: N818  what it is
    """A witness did not cosign now; trying again may help. ``stranger``: it knows not our key."""

    code = "witness"

    def __init__(self, sentence: str, *, stranger: bool = False) -> None:
        super().__init__(sentence)
        self.stranger = stranger


class Taken(NamedTuple):
    """A cosignature: its line. ``forgot``: the witness had seen more before, and lost it.

    ``key`` is the id of the log's newest key, where it signed under that; else empty.
    """

    line: str
    forgot: bool
    key: str = ""


class Submitter:
    """One witness. ``known`` is the size of what it cosigned last, as far as we know."""

    def __init__(
        self, directory: str, witness: Known, url: str, origin: str,
        keep: Callable[[str, bytes], str],
    ) -> None:  # fmt: skip
        self.name = witness.name
        self.known = 0
        self._directory = directory
        self._key = witness.key
        self._url = url.rstrip("/")
        self._origin = origin
        self._keep = keep

    def submit(self, content: bytes, seconds: float) -> Taken:
        """Get a cosignature. :class:`Trouble`, or :class:`ForkError` when nothing may go on."""
        newest = bare(content)
        key = checkpoint.parse_note(newest).signatures[0].key_id.hex()
        try:
            return self._send(newest, seconds)._replace(key=key)
        except Trouble as error:
            if not error.stranger:
                raise
            said = checkpoint.read_body(checkpoint.parse_note(content))
            along = self._along(content, said, seconds)
            try:
                self._introduce(said, seconds)
                got = self._send(newest, seconds)
                return got._replace(key=key, forgot=got.forgot or (along or got).forgot)
            except Trouble as why:
                if along is not None:
                    return along
                told = f"it does not know the log's key {key}, and {why.sentence}"
                raise Trouble(f"{error.sentence} ({told})") from None

    def _along(self, content: bytes, said: Checkpoint, seconds: float) -> Taken | None:
        """In an overlap: its cosignature under an older key that signed this too."""
        names = [one.name for one in checkpoint.parse_note(content).signatures]
        if names.count(said.origin) < 2:
            return None
        try:
            return self._send(content, seconds)
        except Trouble as error:
            if error.stranger:
                return None
            raise

    def _send(self, content: bytes, seconds: float) -> Taken:
        said = checkpoint.read_body(checkpoint.parse_note(content))
        old, forgot = min(self.known, said.size), False
        for _ in range(TRIES):
            body = request(old, self._proof(old, said), content)
            reply = self._call(PATH, body, seconds)
            if reply.status == 200:
                line = self._line(content, reply.body)
                self.known = said.size
                return Taken(line, forgot)
            if reply.status not in (409, 422):
                raise Trouble(refusal(reply), stranger=reply.status == 403)
            verdict, size = judge(reply.status, reply.body, old, said.size)
            if verdict in FORKS:
                raise self._fork(verdict, size, said, seconds)
            if verdict is Verdict.ODD:
                break
            forgot, old = forgot or size < self.known, size
        raise Trouble("it did not agree on the size of what it saw last")

    def _call(self, path: str, body: bytes, seconds: float) -> Reply:
        try:
            return call(self._url + path, body, "text/plain; charset=utf-8", seconds)
        except Unreachable as error:
            raise Trouble(error.sentence) from None

    # --- a key that it does not know ---

    def _introduce(self, said: Checkpoint, seconds: float) -> None:
        """Show it each change of key up to here, oldest first."""
        shown = [one for one in read_statements(self._directory) if one.at < said.size]
        if not shown:
            raise Trouble("there is no change of key to show it")
        for one in shown:
            self._show(one, said, seconds)

    def _show(self, one: Statement, said: Checkpoint, seconds: float) -> None:
        size = min(max(self.known, one.at + 1), said.size)
        read = hash_reader(said.size, self._tile)
        for _ in range(TRIES):
            proof = tuple(inclusion_proof(one.at, size, read))
            asked = Succession(one.key, one.at, size, proof, one.leaf)
            reply = self._call(SUCCESSOR_PATH, successor_request(asked), seconds)
            if reply.status == 200:
                return
            had = read_size(reply.body) if reply.status == 409 else None
            if had is None:
                raise Trouble(f"it takes no other key: {refusal(reply)}")
            if had > said.size:
                raise self._fork(Verdict.AHEAD, had, said, seconds)
            if had <= one.at:  # it must see the leaf first, under a key that it knows
                before = parse_proof(one.proof).checkpoint
                self._send(before, seconds)
                had = self.known
            size = had
        raise Trouble("it did not agree on the size of what it saw last")

    def _line(self, content: bytes, answer: bytes) -> str:
        try:
            return taken(content, answer, self._key)
        except CheckpointError as error:
            raise Trouble(f"it answered, but {error.sentence}") from None

    def _proof(self, old: int, said: Checkpoint) -> list[bytes]:
        read = hash_reader(said.size, self._tile)
        proof = consistency_proof(old, said.size, read)
        if old and not check_consistency(
            old, said.size, subtree_root(0, old, read), said.root, proof
        ):
            raise Trouble("the published tiles do not lead to the checkpoint")
        return proof

    def _tile(self, tile: Tile) -> bytes:
        content = reading.read_tile(self._directory, tile)
        if content is None:
            raise Trouble(f"{tile.path} is missing")
        return content

    def _fork(self, verdict: Verdict, size: int, said: Checkpoint, seconds: float) -> ForkError:
        """What the witness knows, with what it can show for it."""
        shown = self._shown(seconds)
        since = f" --since {shown}" if shown else ""
        proof = f"it shows the checkpoint that this log's key signed: {shown}" if shown else (
            "it shows no checkpoint of ours for that"
        )  # fmt: skip
        if verdict is Verdict.AHEAD:
            told = f"has seen {size} leaves of this log, and we have {said.size}: the state was "
            told += "put back, or another gateway writes under this log's key"
        else:
            root = b64encode(said.root).decode()
            told = f"has seen another history of this log: ours, of {said.size} leaves with root "
            told += f"{root}, does not grow out of what it saw at {size}"
        sentence = f"fork: the witness {self.name} {told}; {proof}"
        return ForkError(sentence, hint=_ADVICE.format(since=since))

    def _shown(self, seconds: float) -> str:
        """Where the witness's newest checkpoint is kept, if it is one of this log; else nothing."""
        origin = hashlib.sha256(self._origin.encode()).hexdigest()
        try:
            reply = call(f"{self._url}/{origin}/checkpoint", None, "", seconds)
            if reply.status == 200:
                checkpoint.parse(reply.body, reading.vkeys(self._directory, self._origin))
                return self._keep(self.name, reply.body)
        except (Unreachable, CheckpointError, OSError):
            pass
        return ""
