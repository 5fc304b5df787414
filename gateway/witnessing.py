# SPDX-License-Identifier: EUPL-1.2
"""Has others sign what the log published: witnesses first, then a time stamp. Never on a round.

A thread takes the newest published checkpoint, at most one in ``tussenpoos_s`` seconds, archives
it as ``checkpoints/<size>``, asks each witness for a cosignature, which is added to that file, and
a time stamping authority for a token, which lies beside it. Who does not answer is asked again,
later each time; when he is back the newest checkpoint covers all that came before. At a clean stop
there is one more attempt, and at the start each witness is asked before anything new is logged.

Only a fork stops the gateway (``fault``): a witness that saw more than we have, or other leaves.

What this does not protect against: leaves of the last minute. Until a witness saw them, who holds
key and state can still write others in their place.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable

from gateway import durable
from gateway.audit import checkpoint, reading
from gateway.audit.cosign import bare, cosignatures, with_lines
from gateway.audit.policy import Policy
from gateway.audit.publish import TILE_MODE
from gateway.audit.seals import Token
from gateway.audit.stamp import QUERY_TYPE, SUFFIX, Trust, answered, query
from gateway.config import Getuigen
from gateway.errors import AuditError, ForkError, GatewayError, StateError
from gateway.moment import monotonic
from gateway.peers import call
from gateway.sealing import FORK_FOLDER, Peer, Sealing, read_sealing
from gateway.submitting import Submitter, Taken, Trouble, refusal

CALL_SECONDS = 5.0
LAST_SECONDS = 0.6
"""For each call at a clean stop: a process that is told to end does so within two seconds."""

ENDING_SECONDS = 1.2

FIRST_REST, LAST_REST = 1.0, 60.0
TSA = "tsa"


class Witnessing:
    """The witnesses and the authority of one log. ``say`` gets what an operator should see."""

    def __init__(
        self, audit: str, state: str, origin: str, policy: Policy,
        trust: Callable[[], Trust | None], settings: Getuigen, klok: Callable[[], int],
        say: Callable[[str], None], archiving: threading.Lock,
    ) -> None:  # fmt: skip
        self._audit, self._state = audit, state
        self._policy, self._trust, self._settings = policy, trust, settings
        self._klok, self._say = klok, say
        self.fault: ForkError | None = None
        self.tokens: deque[Token] = deque()  # that are not in the log yet
        had = read_sealing(state)
        where = {one: settings.adressen.get(one.name) or one.url for one in policy.known}
        self._peers = [
            Submitter(audit, one, url, origin, self._keep) for one, url in where.items() if url
        ]
        names = [one.name for one in self._peers] + [TSA] * bool(settings.tsa)
        self._sealing = Sealing({name: had.peers.get(name, Peer()) for name in names}, had.fork)
        for one in self._peers:
            one.known = self._sealing.peers[one.name].size
        self._offered: tuple[int, bytes] | None = None
        self._size, self._content, self._kept = 0, b"", b""
        self._save_at = 0.0
        self._next = 0.0  # when another checkpoint may be archived
        self._due: dict[str, tuple[float, float]] = {}  # when to ask again, and the rest after it
        self._wake = threading.Condition()
        self._writing = archiving
        self._ending = self._over = False
        self._thread = threading.Thread(target=self._go, name="witness", daemon=True)

    # --- at start ---

    def check_start(self, content: bytes) -> list[str]:
        """Ask each witness whether it knows this log as we do. :class:`ForkError` if not."""
        lines, silent = [], []
        asked = {one.name for one in self._peers}
        said = [f"witnesses: {one} has no address in the policy, and none under adressen"
                for one in self._policy.witnesses if one not in asked]  # fmt: skip
        for one in self._peers:
            try:
                got = one.submit(content, CALL_SECONDS)
            except Trouble as error:
                silent.append(f"{one.name} ({error.sentence})")
                self._failed(one.name, error.sentence)
                continue
            except ForkError as error:
                self._stop(error)
                raise
            lines.append(got.line)
            said += self._went_well(one, got)
        if silent:
            self._silent(silent, said)
        elif self._sealing.fork:
            self._sealing.fork = ""
            said.append("witnesses: they know this log as it is now; the fork of before is over")
        size = checkpoint.read_body(checkpoint.parse_note(content)).size
        if lines and size:
            self._take(size, content)
            self._add(lines)
            self._archive()
        else:
            self._due.clear()  # nothing was archived yet
        self._save()
        return said

    def _silent(self, silent: list[str], said: list[str]) -> None:
        told = f"witnesses that could not be asked: {', '.join(silent)}"
        if self._sealing.fork:
            raise ForkError(
                f"a fork was seen, and not every witness can say that it is over: {told}",
                hint=f"{self._sealing.fork}",
            )
        if self._settings.onbereikbaar == "weigeren":
            self._save()
            raise StateError(
                told,
                hint="start them, or set onbereikbaar: doorgaan under getuigen in config.yaml",
            )
        said.append(f"alarm: {told}; going on without them, whether the log is whole they cannot "
                    "say now [getuige-zwijgt]")  # fmt: skip

    # --- beside the rounds ---

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def offer(self, size: int, content: bytes) -> None:
        """This was published; returns at once."""
        if content and size:
            with self._wake:
                self._offered = size, content
                self._wake.notify()

    def close(self) -> None:
        """One more attempt with what was offered last; then end, whoever still has not answered."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(ENDING_SECONDS)
        with self._writing:  # after this nothing is written, whoever still answers
            self._over = True

    def abandon(self) -> None:
        """End as after a kill."""
        self._over = self._ending = True
        with self._wake:
            self._wake.notify()

    def _go(self) -> None:
        while True:
            with self._wake:
                if not self._ending and (rest := self._rest()) > 0:
                    self._wake.wait(rest)
                ending = self._ending
            if self._over:
                return
            try:
                self._pass(ending=ending)
            except ForkError as error:
                self._stop(error)
                return
            except (AuditError, OSError) as error:
                self._say(f"witnesses: {getattr(error, 'sentence', error)}; tried again")
                later = self._next = monotonic() + LAST_REST
                self._due = dict.fromkeys(self._due, (later, LAST_REST))
            if ending:
                return

    def _rest(self) -> float:
        """Seconds until there is something to do."""
        now = monotonic()
        due = [at for at, _ in self._due.values()]
        if self._offered is not None and self._offered[0] > self._size:
            due.append(self._next)
        return max(0.0, min(due, default=now + LAST_REST) - now)

    def _pass(self, *, ending: bool) -> None:
        now = monotonic()
        if self._offered and self._offered[0] > self._size and (ending or now >= self._next):
            self._take(*self._offered)
        if ending:
            self._due = {name: (0.0, rest) for name, (_, rest) in self._due.items()}
        changed = False
        for one in self._peers:
            if self._is_due(one.name):
                changed |= self._ask(one, LAST_SECONDS if ending else CALL_SECONDS)
        self._archive()
        if self._is_due(TSA):
            changed |= self._stamp(LAST_SECONDS if ending else CALL_SECONDS)
        if changed or ending or monotonic() >= self._save_at:
            self._save()

    def _is_due(self, name: str) -> bool:
        return name in self._due and monotonic() >= self._due[name][0] and not self._over

    def _take(self, size: int, content: bytes) -> None:
        """Go on with this checkpoint, and what signatures it has already."""
        path = f"checkpoints/{size}"
        self._kept = reading.read(self._audit, path) or b""
        self._size, self._content = size, self._kept or content
        now = monotonic()
        self._next = now + self._settings.tussenpoos_s
        note = checkpoint.parse_note(self._content)
        signed = {one.key for one in cosignatures(note, self._policy.keys)}
        left = [n for n, one in self._policy.witnesses.items() if one.key not in signed]
        stamped = reading.read(self._audit, f"{path}{SUFFIX}") is not None
        left += [] if stamped else [TSA]
        self._due = {n: (now, FIRST_REST) for n in left if n in self._sealing.peers}

    def _ask(self, one: Submitter, seconds: float) -> bool:
        try:
            got = one.submit(self._content, seconds)
        except Trouble as error:
            return self._failed(one.name, error.sentence)
        self._add([got.line])
        was = self._sealing.peers[one.name].key
        said = self._went_well(one, got)
        for line in said:
            self._say(line)
        return bool(said) or was != got.key

    def _add(self, lines: list[str]) -> None:
        content = with_lines(self._content, lines)
        self._policy.witnessed(checkpoint.parse_note(content))  # never keep one that does not fit
        self._content = content

    def _archive(self) -> None:
        """Once for all who signed: each sync of the disk is one that the rounds wait for."""
        if self._content != self._kept:
            self._put(f"checkpoints/{self._size}", self._content)
            self._kept = self._content

    def _put(self, path: str, content: bytes) -> None:
        with self._writing:
            if not self._over:
                durable.put(os.path.join(self._audit, path), content, TILE_MODE)

    def _stamp(self, seconds: float) -> bool:
        content = bare(self._content)
        asked = query(content)
        try:
            reply = call(self._settings.tsa or "", asked.as_bytes(), QUERY_TYPE, seconds)
            if reply.status != 200:
                return self._failed(TSA, refusal(reply))
            answered(asked, reply.body, content, self._trust())  # read anew: one may be revoked
        except GatewayError as error:
            return self._failed(TSA, error.sentence)
        self._put(f"checkpoints/{self._size}{SUFFIX}", reply.body)
        self.tokens.append(Token(self._size, hashlib.sha256(reply.body).hexdigest()))
        self._due.pop(TSA, None)
        return bool(self._sealing.went_well(TSA, self._size, self._klok()).since)

    # --- how it stands ---

    def _went_well(self, one: Submitter, got: Taken) -> list[str]:
        self._due.pop(one.name, None)
        was = self._sealing.went_well(one.name, one.known, self._klok(), got.key)
        if got.forgot:
            return [f"alarm: the witness {one.name} had seen {was.size} leaves and forgot that: "
                    "its state was lost or put back; its key proves nothing any more"]  # fmt: skip
        if was.key and not got.key:
            return [f"witnesses: {one.name} does not know the log's new key, and signs by an "
                    "older one alone; its operator gives it the .vkey file"]  # fmt: skip
        return [f"witnesses: {one.name} is there again"] if was.since else []

    def strangers(self, key: str) -> list[str]:
        """The witnesses that have not signed under this key of the log yet, each with why."""
        return self._sealing.strangers([one.name for one in self._peers], key)

    def _failed(self, name: str, reason: str) -> bool:
        rest = self._due.get(name, (0.0, FIRST_REST))[1]
        self._due[name] = (monotonic() + rest, min(2 * rest, LAST_REST))
        return self._sealing.failed(name, reason, self._klok())

    def _keep(self, name: str, content: bytes) -> str:
        path = os.path.join(self._state, FORK_FOLDER, name)
        durable.put(path, content)
        return path

    def _stop(self, error: ForkError) -> None:
        self._sealing.fork = error.sentence
        self._save()
        self.fault = error

    def _save(self) -> None:
        with self._writing:
            if not self._over:
                self._sealing.write(self._state)
        self._save_at = monotonic() + LAST_REST
