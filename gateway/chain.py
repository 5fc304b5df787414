# SPDX-License-Identifier: EUPL-1.2
"""One gateway process: opens the state, goes round until nothing is left (or for good), closes.

What holds from the moment it is open: the state is locked, the published log and the database tell
one history, everything that the last commit left under way has been taken up again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from gateway import believed, durable, issued, purge, quarantine, rotation
from gateway.anchors import Anchors
from gateway.audit.keys import LogKeys
from gateway.audit.publish import Publisher
from gateway.audit.seals import tokens_after
from gateway.clerk import Clerk
from gateway.config import Config
from gateway.custody import Ledger
from gateway.desk import Apart, Here
from gateway.downloads import Downloads
from gateway.engine import Engine, Happened
from gateway.errors import AuditError, ConfigError, GatewayError, StateError, TrustError
from gateway.folders import Folders, Waiting
from gateway.grants import Administration
from gateway.handover import Handover
from gateway.in_force import InForce, Outcome
from gateway.inhand import Hand, Noted
from gateway.issued import Issued
from gateway.ldv import Ldv
from gateway.linked import Links
from gateway.location import Location, Version, read_version
from gateway.log_roots import with_roots
from gateway.moment import Clock, monotonic, pause
from gateway.outside import learn, policy_of, trust_of
from gateway.owner import must_own
from gateway.purge import Purge
from gateway.quarantine import Quarantine
from gateway.reach import Reach
from gateway.requests import Handler, Requests
from gateway.rotation import Rotation
from gateway.store import Changes, Store, connect
from gateway.store_questions import leaves, lookup
from gateway.waits import Waits
from gateway.watch import ConfigChanges, Watch
from gateway.witnessing import Witnessing

PUBLISH_SECONDS = 0.5
"""Leaves are on disk as tiles within a second of their commit (audit.md): half of that."""

PUBLISH_LEAVES = 512
"""So many at once hold a round up for some 20 ms; more of them would let the clerk wait."""

STOP_SECONDS = 0.5
"""How often an idle gateway looks whether it was told to stop."""

TOKENS = "tsa_token"
"""Key of the setting: of how many leaves the checkpoint is whose time stamp was logged last."""

DEFAULT_STATIONS = ("ggk", "rinis")


@dataclass(slots=True)
class Summary:
    """What a run came to: for the last lines on the screen."""

    rounds: int = 0
    happened: int = 0
    waiting: list[Waiting] = field(default_factory=list)


def _hire(location: Location, config: Config, hand: Hand) -> Clerk:
    """The clerk of a process apart: its own folders, and a reader of the store."""
    connection = connect(location.database, writer=False).connect()
    anchors = Anchors(location.root, location.state)
    ask = with_roots(partial(lookup, connection), partial(leaves, connection), location.audit)
    return Clerk(Folders(location.root, config, anchors), ask, hand)


def _as_asked(config: Config, quiet_ms: int | None, getuigen: Mapping[str, Any]) -> Config:
    """The configuration with another section of witnesses, or another quiet time, for tests."""
    if getuigen:
        asked = config.getuigen.model_copy(update=getuigen)
        config = config.model_copy(update={"getuigen": asked})
    if quiet_ms is None:
        return config
    quiet = config.technisch.model_copy(update={"rusttijd_ms": quiet_ms})
    return config.model_copy(update={"technisch": quiet})


class Chain:
    """A gateway on one state directory. Use as a context manager; raises ``GatewayError``.

    ``say`` gets lines for the screen, ``reloaded`` what became of a changed configuration, for the
    technical log; ``blind`` why files are found by scanning alone. ``apart`` gives the clerk a
    process of its own: for long runs, on two cores. ``lock`` is the state's lock, when the caller
    holds it already; ``getuigen``: fields of that section of the configuration that are other than
    it says.
    """

    rounds = 0  # that did something
    beat: float | None = None  # when the last round began, of a gateway that runs for long

    def __init__(
        self,
        location: Location,
        stations: tuple[str, ...] = DEFAULT_STATIONS,
        listener: Callable[[list[Happened]], None] = lambda _: None,
        trouble: Callable[[Waiting], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        blind: Callable[[str], None] = lambda _: None,
        *,
        clock: Clock | None = None,
        quiet_ms: int | None = None,
        apart: bool = False,
        lock: int | None = None,
        getuigen: Mapping[str, Any] | None = None,
        reloaded: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        self.location = location
        self._as_asked = partial(_as_asked, quiet_ms=quiet_ms, getuigen=getuigen or {})
        self._say = say
        self._reloaded = reloaded
        self._blind = blind
        self._file = ConfigChanges(location.config_path)  # before it is read, or one is missed
        self.config, text = self._read_config()
        self.said: list[str] = []
        must_own(location.state)
        durable.make_dir(location.state, 0o700)
        self._lock = lock or durable.lock(location.lock)
        # Before the first file or thread: the clerk's process starts as a copy of this one.
        self._noted = Noted(location.state)
        aside = Apart(partial(_hire, location, self.config), self._noted.killed) if apart else None
        anchors = Anchors(location.root, location.state, learns=True)
        self.folders = Folders(location.root, self.config, anchors, Reach(location.root))
        self.folders.make_all()
        self._refuse_lost_database()
        self.store = Store(location.database)
        meta = self.store.meta()
        turned = timedelta(milliseconds=int(meta.get("nu_offset_ms", "0")))
        self.clock = clock or Clock(turned)
        self._open_log(meta.get("origin") or self._origin(stations), text)
        ask = with_roots(self.store.lookup, self.store.leaves, location.audit)
        desk = aside or Here(Clerk(self.folders, ask, self._noted.hand()))
        desk.adopt(self.config)
        self.handlers = self._handlers()
        requests = Requests(location.state, self.store, self.handlers)
        hear = self._heard(listener)
        handover = Handover(self.folders, self.clock, location.state, Waits(self.store.waits()))
        self.engine = Engine(self.folders, self.store, self.ledger, self.clock, desk, requests,
                             stations, handover, self._noted, hear, trouble)  # fmt: skip
        self.engine.recover()
        self.said += [self.engine.blamed] if self.engine.blamed else []
        self.said += [f"{path} cannot be used ({why}); the others go on"
                      for path, why in self.folders.unusable.items()]  # fmt: skip
        self.said += self._orphans()

    def __enter__(self) -> Chain:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After a commit or a sync that failed, nothing more may be committed: what came after it in
        # this process was decided on what is not true. A restart goes on from the last commit.
        if kind is not None:
            self.abandon()
            return
        try:
            self.close()
        except BaseException:
            self.abandon()
            raise

    # --- opening ---

    def _read_config(self) -> Version:
        """What stands on the disk, read once: the configuration, and what seals are judged by."""
        state = self.location.state
        read, text = read_version(self.location.config_path)
        config = self._as_asked(read)
        self._trusted, self._trust_due = believed.stamp(config, state), 0.0
        return Version(believed.with_trust(config, state), text)

    def _look_at_trust(self) -> None:
        """A certificate was revoked, or a key changed: that counts from the next round on."""
        if monotonic() < self._trust_due:
            return
        self._trust_due = monotonic() + believed.LOOK_SECONDS
        found = believed.stamp(self.config, self.location.state)
        if found == self._trusted:
            return
        self._trusted = found
        try:
            config = self._with_logs(believed.with_trust(self.config, self.location.state))
        except (TrustError, AuditError) as error:
            why = ": ".join(filter(None, (error.sentence, error.hint)))
            said = f"what seals and logins are judged by was changed, and the old one stays: {why}"
            self._tell(Outcome("trust.refused", said))
            return
        self.engine.settle()
        self.config = self._linked(config)
        self.engine.adopt(self.config, set())
        self.publish()

    def _linked(self, config: Config) -> Config:
        """With pseudonyms as the log has them, from the next leaf on."""
        settled = self._links.settle(config)
        if settled.said:
            self._tell(Outcome("trust.refused", settled.said))
        return settled.config

    def _with_logs(self, config: Config) -> Config:
        """With the log's keys; :class:`AuditError` where they cannot be read."""
        return believed.with_logs(config, self.location.state, self.ledger.origin)

    def _handlers(self) -> dict[str, Handler]:
        """What people may ask for."""
        store, ledger, folders = self.store, self.ledger, self.folders
        return {
            **Administration(store, ledger, lambda: self.config).handlers(),
            **Downloads(store).handlers(),
            quarantine.KIND: Quarantine(store, ledger, self.clock, folders).handle,
            purge.KIND: Purge(store, ledger, folders).handle,
            issued.KIND: Issued(ledger).handle,
            rotation.KIND: Rotation(store, ledger, self._log_keys, self._strangers).handle,
        }

    def _refuse_lost_database(self) -> None:
        """A log that was published speaks of a database that was here: never begin a new one."""
        published = os.path.join(self.location.audit, "checkpoint")
        if os.path.exists(published) and not os.path.exists(self.location.database):
            raise StateError(
                f"the database {self.location.database} is gone; the audit log beside it is not",
                hint="restore it from a backup; or, to begin a new chain, move the whole of "
                f"{self.location.state} away and keep it: it is the proof of what was",
            )

    def _origin(self, stations: tuple[str, ...]) -> str:
        """The name of a new log: one station of a chain alone keeps a log of its own."""
        alone = f"{stations[0]}/" if len(stations) == 1 else ""
        return f"{self.config.naam}/{alone}audit-{self.clock.year()}"

    def _open_log(self, origin: str, text: str) -> None:
        self.ledger = Ledger(self.store, self.clock, origin)
        audit = self.location.audit
        self._log_keys = LogKeys(self.location.log_key, audit, origin, self.store.meta())
        self._publishing: Future[None] | None = None
        self._published_at = monotonic()
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="publish")
        self._publisher = Publisher(audit, origin, *self._log_keys.keys)
        self.said += self._publisher.check_start(
            self.ledger.size, self.ledger.root, self.store.leaves
        )
        self._publisher.publish(self.ledger.size, self.ledger.root, self.store.leaves)
        if self._log_keys.ending or self._log_keys.untold:  # a crash came in between
            self._keep_and_drop()
        self._ldv = Ldv(self.location.state, self.location.database, self.config)
        self._witnessing = self._ask_witnesses(origin)
        self._publishing = self._beside.submit(self._behind_publication(self.ledger.size, []))
        self._in_force = InForce(self.store, self.ledger)
        self._in_force.note(self.config, text)
        self._links = Links(self.store, self.ledger)
        self.config, wrong = self._links.settle(self._with_logs(self.config))
        self.said += [wrong] * bool(wrong)
        self.folders.adopt(self.config)
        self.publish()
        if self._witnessing is not None:
            self._witnessing.start()

    def _ask_witnesses(self, origin: str) -> Witnessing | None:
        """Before anything is logged: ask whether others know this log as the database has it."""
        settings = self.config.getuigen
        if not settings.aan:
            return None
        trust = partial(trust_of, self.location, settings)
        trust()  # what cannot be read is said now
        asked = Witnessing(
            self.location.audit, self.location.state, origin,
            policy_of(self.location, settings), trust, settings,
            Clock().klok, self._say, self._publisher.archiving,
        )  # fmt: skip
        self.ledger.beside = self._note_tokens
        logged = int(self.store.meta().get(TOKENS, "0"))
        asked.tokens.extend(tokens_after(self.location.audit, logged))
        try:
            self.said += asked.check_start(self._publisher.current)
        except GatewayError:
            self._let_go()
            raise
        return asked

    def reload(self) -> bool:
        """Go by the configuration as it is now, from the next round on; no message is disturbed.

        False, and the old one stays in force, when it cannot be used: ``status`` says why until it
        is mended. What was claimed before is decided by the new one.
        """
        try:
            read, text = self._read_config()
            config = self._with_logs(read)
            shared = self.folders.anchors, self.folders.reach
            checked = Folders(self.location.root, config, *shared)
            try:
                made = checked.make_all()
            finally:
                checked.close()
        except (GatewayError, OSError) as error:
            if not isinstance(error, ConfigError) or not error.problems:
                self._file.look_again()  # no fault of the text: a full disk, say, has an end
            refused = self._in_force.refuse(error)
            if refused is not None:
                self._tell(refused)
            return False
        self.engine.settle()
        noted = self._in_force.note(config, text)
        config = self._linked(config)
        self.engine.adopt(config, noted.outdated)
        self.config = config
        self.publish()
        self._ldv.follow(config)
        self._tell(noted.outcome(made))
        return True

    def _tell(self, outcome: Outcome) -> None:
        self._say(outcome.said)
        self._reloaded(outcome)

    def _heard(
        self, listener: Callable[[list[Happened]], None]
    ) -> Callable[[list[Happened]], None]:
        self.happened = 0

        def hear(happened: list[Happened]) -> None:
            self.happened += len(happened)
            listener(happened)

        return hear

    # --- going round ---

    def run_once(self, stop: Callable[[], bool] = lambda: False) -> Summary:
        """Go round until nothing is due now. Unfinished files get one quiet time, no more."""
        summary = Summary()
        patience = monotonic() + self.config.technisch.rusttijd_ms / 1000 + 0.2
        self._trust_due = 0.0
        self._look_at_trust()
        self.engine.try_now()
        self.engine.look_now()
        while not stop():
            if self._look_through():
                summary.rounds += 1
                continue
            self.engine.look_now()
            if self._look_through():
                summary.rounds += 1
                continue
            if monotonic() >= patience or not self._could_finish():
                break
            pause(0.02)
        self.engine.settle()
        summary.waiting = self._waiting()
        summary.happened = self.happened
        return summary

    def _look_through(self) -> bool:
        """Go round until something was done, or all that is awaited was asked for."""
        worked = self._round()
        while not worked and self.engine.inbound.awaited.looking:
            worked = self._round()
        return worked

    def _waiting(self) -> list[Waiting]:
        return [*self.engine.inbound.waiting(), *self.engine.stuck.values()]

    def _could_finish(self) -> bool:
        return self.engine.unfinished or any(
            one.retry is not None for one in self.engine.inbound.waiting()
        )

    def run(self, stop: Callable[[], bool]) -> Summary:
        """Go round until told to stop, woken by hints and, where none come, by the scan."""
        inbound = self.engine.inbound
        watch = Watch(self.location.root, inbound.hint, inbound.scan_now, self._blind, self._hangs)
        watch.start()
        try:
            while not stop():
                self.beat = monotonic()
                if self._file.seen():
                    self.reload()
                self._look_at_trust()
                if self._round():
                    if self.engine.only_carries:
                        watch.be_awake()
                    else:
                        watch.worked()
                else:
                    watch.wait(min(inbound.next_due(monotonic()), STOP_SECONDS))
        finally:
            watch.stop()
        self.engine.settle()
        return Summary(happened=self.happened, waiting=self._waiting())

    def _hangs(self) -> bool:
        self.folders.refresh()
        return bool(self.folders.hanging)

    def _round(self) -> bool:
        if self._witnessing is not None and self._witnessing.fault is not None:
            raise self._witnessing.fault
        worked = self.engine.round()
        for line in self._orphans():
            self._say(line)
        self.rounds += worked
        self._publish_beside(idle=not worked)
        return worked

    def _orphans(self) -> list[str]:
        """What was set aside since this was asked last: at the start, as a rule."""
        found, self.engine.orphans = self.engine.orphans, []
        return [f"set aside, unknown to the journal: {one}" for one in dict.fromkeys(found)]

    def _publish_beside(self, *, idle: bool) -> None:
        if self._publishing is not None:
            if not self._publishing.done():
                return
            self._wait_published()
        due = idle or monotonic() - self._published_at >= PUBLISH_SECONDS
        due = due or len(self.ledger.unpublished) >= PUBLISH_LEAVES
        if due and (self.ledger.unpublished or self._ldv.lagging):
            self._publishing = self._beside.submit(self._publication())

    def _publication(self) -> Callable[[], None]:
        leaves, self.ledger.unpublished = self.ledger.unpublished, []
        size, root = self.ledger.size, self.ledger.root
        self._published_at = monotonic()
        first = size - len(leaves)

        def read(start: int, stop: int) -> list[bytes]:
            return leaves[start - first : stop - first]

        taken = self._log_keys.take()  # a change of keys that was committed by now
        self._publisher.keys = self._log_keys.keys
        behind = self._behind_publication(first, leaves)

        def publish() -> None:
            self._require_state()
            self._publisher.publish(size, root, read)
            if taken or self._log_keys.ending:
                self._keep_and_drop()
            behind()
            if self._witnessing is not None:
                self._witnessing.offer(size, self._publisher.current)

        return publish

    def _note_tokens(self, changes: Changes) -> None:
        """Log the time stamps that came. Only beside other leaves: each would bring the next."""
        while self._witnessing is not None and self._witnessing.tokens:
            one = self._witnessing.tokens.popleft()
            self.ledger.system("tsa.token", f"checkpoint {one.size}", one.sha256, changes)
            changes.meta[TOKENS] = str(one.size)

    def _keep_and_drop(self) -> None:
        """Archive what all keys signed, so that a reader of any finds the others; the ended go."""
        self._publisher.archive(monotonic(), stopping=True)
        self._log_keys.tell(self._publisher.current)
        for line in learn(self.location, self.config.getuigen, self._log_keys.vkeys[0]):
            self._say(line)
        self._log_keys.drop()

    def _strangers(self, key: str) -> list[str]:
        return self._witnessing.strangers(key) if self._witnessing is not None else []

    def _behind_publication(self, first: int, leaves: list[bytes]) -> Callable[[], None]:
        return partial(self._ldv.published, first, leaves)

    def publish(self) -> None:
        """Publish every committed leaf now."""
        self._wait_published()
        if self.ledger.unpublished:
            self._publication()()

    def _require_state(self) -> None:
        """Nothing is published in a state that somebody made anew in the place of ours."""
        try:
            ours = os.path.samestat(os.stat(self.location.lock), os.fstat(self._lock))
        except FileNotFoundError:
            ours = False
        if not ours:
            raise StateError(
                f"{self.location.state} was removed, or is another by now, while a gateway ran on "
                "it: it ends, and writes nothing there",
                hint="if it was moved away, put it back and start again",
            )

    def _wait_published(self) -> None:
        publishing, self._publishing = self._publishing, None
        if publishing is not None:
            publishing.result()

    # --- the clock ---

    def turn_clock(self, nu: datetime) -> None:
        """Set the chain's clock. That is a leaf: a log that hides it would prove nothing."""
        offset = self.clock.turn(nu)
        self.engine.inbound.look_again()
        changes = Changes(meta={"nu_offset_ms": str(round(offset.total_seconds() * 1000))})
        self.ledger.system("clock.step", f"nu is {nu.isoformat(timespec='seconds')}", "", changes)
        self.store.commit(changes)
        self.publish()

    def abandon(self) -> None:
        """End as after a kill: write nothing more, and let go of everything."""
        if self._witnessing is not None:
            self._witnessing.abandon()
        self.engine.abandon()
        self._beside.shutdown()
        self._ldv.abandon()
        self._let_go()

    def close(self) -> None:
        """End cleanly: nothing half done, every leaf published, the checkpoint archived."""
        self.engine.close()
        self.publish()
        self._beside.shutdown()
        if self._witnessing is not None:
            self._witnessing.close()
        self._publisher.archive(monotonic(), stopping=True)
        self._ldv.close()
        self._let_go(well=True)

    def _let_go(self, *, well: bool = False) -> None:
        self._noted.close(well=well)
        self.store.close()
        self.folders.close()
        os.close(self._lock)
