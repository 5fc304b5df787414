# SPDX-License-Identifier: EUPL-1.2
"""Is a file finished, and may it be taken now? If not: why, since when, and when to look again.

What counts as finished was agreed for each outbox (``overdracht``; ``docs/howto-hand-over.md``).
Whatever was agreed, a file that somebody has open for writing, as far as the kernel can tell,
waits. Nothing is decided by a file's date: it may lie in 1970 or in the future, and the clock of a
share may differ from ours.

What this does not protect against: a writer that opens, writes and closes a file, and later opens
it again to add more (each close looks finished); a sender that breaks what was agreed on a share.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time

from gateway import names, plain, proofs
from gateway.accompanied import Accompanied
from gateway.announced import Announced, is_announcement
from gateway.config import Overdracht
from gateway.folders import Folders, Seen, Waiting
from gateway.lease import has_no_writer
from gateway.model import Kind, Place
from gateway.moment import Clock, iso
from gateway.periods import NEDERLAND, Stand, beoordeel, dag_van
from gateway.room import Room
from gateway.waits import Waits

_DEFAULT = Overdracht()
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
WRITER_SECONDS = 0.1
CLOSED_SECONDS = 300.0
"""How often at least a file before its window is looked at: thousands may wait for months."""
BARRED_SECONDS = 2.0
FULL_SECONDS = 2.0
EDITED_SECONDS = 1.0


class Handover:
    """Looks at files for one process. ``state`` is where its database lies."""

    def __init__(self, folders: Folders, clock: Clock, state: str, waits: Waits) -> None:
        self._folders = folders
        self._clock = clock
        self._room = Room(folders, state)
        self.waits = waits
        self._looks: dict[tuple[Place, str], tuple[int, int, int, float]] = {}
        self.announced = Announced(folders, clock, waits)
        self._accompanied = Accompanied(folders, clock, waits)
        self._agreed: dict[str, Overdracht] = {}
        self.adopt()

    def adopt(self) -> None:
        """The folders go by another configuration: what was agreed may be another too."""
        self._config = self._folders.config
        self._some_wait = any(one.vensters == "wachten" for one in self._config.heen)
        self._agreed = {
            code: one.overdracht
            for code, one in self._config.partijen.items()
            if one.overdracht != _DEFAULT
        }

    def agreed(self, place: Place) -> Overdracht:
        """What was agreed for this place."""
        if place.kind is not Kind.OUTBOX:
            return _DEFAULT
        return self._agreed.get(place.partij, _DEFAULT)

    def forget(self, place: Place, name: str) -> None:
        """The file is gone, or taken: what comes under its name is another."""
        for one in (name, *proofs.of(name)):
            self._looks.pop((place, one), None)
        self.announced.forget(place, name)
        self.waits.forget(place, name)

    def all_barred(self, places: Iterable[Place]) -> list[Waiting]:
        """The folders among these from which nothing is taken; of another disk the uppermost.

        What could not be listed is known after a scan.
        """
        places = set(places)
        tops = (one for one in places if one.kind is not Kind.OUTBOX or not one.uitwisseling)
        found = [found for one in tops if (found := self.barred(one)) is not None]
        away = {one.place.partij for one in found}
        for place, why in self._folders.unlisted.items():
            top = place._replace(uitwisseling="", gebruiker="")
            if (place in places or top in places) and place.partij not in away:
                said = f"this folder cannot be listed: {why}"
                found.append(self._unreadable(place, "", said, BARRED_SECONDS))
        return found

    def barred(self, place: Place, name: str = "") -> Waiting | None:
        """Why nothing is taken from a place: it is not the folder that it was at first."""
        said = self._folders.fault(place)
        if not said:
            return None
        since = iso(self.waits.first(place, name, "andere-map", self._clock.klok()))
        return Waiting(place, name, "andere-map", said, BARRED_SECONDS, since=since)

    def look(self, place: Place, name: str, now: float) -> Seen | Waiting | None:
        """Is this file finished? None when it is gone. ``now`` is monotonic seconds."""
        barred = self.barred(place, name)
        if barred is not None:
            return barred
        self.waits.over(place, name, "andere-map")
        agreed = self.agreed(place)
        if is_announcement(name, agreed):
            try:
                return self.announced.announcement(place, name, agreed)
            except OSError as error:  # a disk that fails
                return self._unreadable(place, name, f"cannot be read: {error.strerror}")
        reason = names.onaf_reden(name) or _partial(name, agreed)
        if reason is not None:
            since = self.waits.first(place, name, "onaf", self._clock.klok())
            return Waiting(place, name, "onaf", reason, None, since=iso(since))
        if place.kind is Kind.OUTBOX and proofs.subject_of(name):
            return self._accompanied.alone(place, name)
        try:
            fd = os.open(name, _OPEN, dir_fd=self._folders.fd(place))
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._unopened(place, name, f"cannot be opened: {error.strerror}")
        try:
            found = self._judge(place, name, fd, agreed, now)
        except OSError as error:  # a disk that fails, under what was agreed to announce it too
            return self._unreadable(place, name, f"cannot be read: {error.strerror}")
        else:
            self.waits.over(place, name, "onleesbaar")
            self.waits.over(place, name, "symbolische-link")
            return found
        finally:
            os.close(fd)

    def _unopened(self, place: Place, name: str, reason: str) -> Waiting:
        found = plain.unopened(self._folders, place, name)
        if found is None or found.code != "symbolische-link":
            self.waits.over(place, name, "symbolische-link")
            return found or self._unreadable(place, name, reason)
        self.waits.over(place, name, "onleesbaar")
        since = iso(self.waits.first(place, name, found.code, self._clock.klok()))
        return replace(found, since=since)

    def _unreadable(self, place: Place, name: str, reason: str, retry: float = 10.0) -> Waiting:
        since = iso(self.waits.first(place, name, "onleesbaar", self._clock.klok()))
        return Waiting(place, name, "onleesbaar", reason, retry, since=since)

    def _judge(
        self, place: Place, name: str, fd: int, agreed: Overdracht, now: float
    ) -> Seen | Waiting:
        found = os.fstat(fd)
        barrier = (
            plain.barrier(place, name, found)
            or self._edited(place, name)
            or self._unfinished(place, name, fd, found, agreed, now)
        )
        if barrier is not None:
            return barrier
        announced_by, given_up = "", ""
        if agreed.einde:
            answer = self.announced.check(place, name, fd, found, agreed)
            if isinstance(answer, Waiting):
                return answer
            announced_by, given_up = answer
        proof = self._accompanied.proof(
            place, name, lambda one, fd: self._unfinished(place, one, fd, os.fstat(fd), agreed, now)
        )
        if isinstance(proof, Waiting):
            return proof
        barrier = (
            self._too_early(place, name)
            or self._unplaced(place, name, agreed)
            or self._no_room(place, name, found.st_size, now)
        )
        if barrier is not None:
            return barrier
        if agreed.einde:
            self.announced.taken(place, name, announced_by)
        return Seen(place, name, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns,
                    announced_by, given_up, proof)  # fmt: skip

    # --- finished ---

    def _edited(self, place: Place, name: str) -> Waiting | None:
        """LibreOffice keeps a lock beside what it has open; on a share it is all that we see."""
        if place.kind not in (Kind.OUTBOX, Kind.RECEIVER_UIT):
            return None
        try:
            os.stat(f".~lock.{name}#", dir_fd=self._folders.fd(place), follow_symlinks=False)
        except OSError:  # gone, or the name is too long to have a lock
            return None
        reason = "LibreOffice has it open: the lock .~lock.NAME# lies beside it"
        return Waiting(place, name, "bewerkt", reason, EDITED_SECONDS)

    def _unfinished(
        self,
        place: Place,
        name: str,
        fd: int,
        found: os.stat_result,
        agreed: Overdracht,
        now: float,
    ) -> Waiting | None:
        finished = has_no_writer(fd)
        if finished is False:
            return Waiting(place, name, "schrijver", "a writer has it open", WRITER_SECONDS)
        if agreed.wijze in ("hernoemen", "merkteken", "manifest"):
            return None
        if finished and found.st_size > 0 and agreed.wijze == "gebeurtenis":
            return None
        # Where no lease can be had (a share, not our file), and for an empty file that somebody
        # may be about to fill, only time tells. Differences count, not the share's clock.
        quiet = (
            self._config.technisch.rusttijd_ms if agreed.rusttijd_ms is None else agreed.rusttijd_ms
        ) / 1000
        look = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        before = self._looks.get((place, name))
        if before is None:
            self._looks[place, name] = (*look, now)
            return Waiting(place, name, "rusttijd", f"must be quiet for {quiet:g} s", quiet)
        if before[:3] != look:
            self._looks[place, name] = (*look, now)
            grown = f"still growing: it changed in the last {now - before[3]:.1f} s"
            return Waiting(
                place, name, "rusttijd", f"{grown}; must be quiet for {quiet:g} s", quiet
            )
        left = before[3] + quiet - now
        if left > 0:
            reason = f"did not change for {now - before[3]:.1f} s; must be quiet for {quiet:g} s"
            return Waiting(place, name, "rusttijd", reason, left)
        return None

    # --- finished, but not now ---

    def _too_early(self, place: Place, name: str) -> Waiting | None:
        if place.kind is not Kind.OUTBOX or not self._some_wait:
            return None
        exchange = self._config.uitwisseling_in(place.uitwisseling, name)
        if exchange is None or exchange.vensters != "wachten":
            return None
        windows = self._config.vensters_voor(exchange)
        window = beoordeel(windows, names.uitvraag_van(name), dag_van(self._clock.nu()))
        if window.stand is not Stand.TE_VROEG or window.datum is None:
            return None
        opens = datetime.combine(window.datum, time(), NEDERLAND)
        left = max(0.1, (opens - self._clock.nu()).total_seconds())
        return Waiting(place, name, "venster-dicht", f"its window opens on {window.datum:%A} "
                       f"{window.datum}", min(left, CLOSED_SECONDS),
                       due=opens.isoformat())  # fmt: skip

    def _unplaced(self, place: Place, name: str, agreed: Overdracht) -> Waiting | None:
        if not agreed.bedenktijd_s:
            return None
        if self._config.uitwisseling_in(place.uitwisseling, name) is not None:
            return None
        since = self.waits.first(place, name, "naam-onbekend", self._clock.klok())
        ends = since + agreed.bedenktijd_s * 1000
        left = (ends - self._clock.klok()) / 1000
        if left <= 0:
            return None
        reason = "no exchange takes this name; rename it, or it is refused"
        return Waiting(place, name, "naam-onbekend", reason, left, since=iso(since), due=iso(ends))

    def _no_room(self, place: Place, name: str, size: int, now: float) -> Waiting | None:
        if self._is_refused(place, name, size):
            size = 0  # it goes to quarantine by a rename
        full = self._room.lacking(place, size, now)
        if not full:
            self.waits.over(place, name, "schijf-vol")
            return None
        since = iso(self.waits.first(place, name, "schijf-vol", self._clock.klok()))
        return Waiting(place, name, "schijf-vol", full, FULL_SECONDS, since=since)

    def _is_refused(self, place: Place, name: str, size: int) -> bool:
        """Whether no station takes a file of this size, or of this name."""
        config = self._config
        if place.kind is Kind.OUTBOX:
            exchange = config.uitwisseling_in(place.uitwisseling, name)
        elif place.kind is Kind.RECEIVER_UIT:
            exchange = config.op_rinis_code(place.uitwisseling)
        else:
            return size > config.technisch.max_bytes
        limit = config.grootste(exchange) if exchange is not None else 0
        return limit is not None and size > limit


def _partial(name: str, agreed: Overdracht) -> str | None:
    for end in agreed.onaf:
        if name.lower().endswith(end.lower()):
            return f"{end} was agreed to be a partial name"
    return None
