# SPDX-License-Identifier: EUPL-1.2
"""Files with a seal or an assertion beside them (``proofs.py``): taken together, or waited for.

Either may come first. What lies there alone waits for its file, as long as it takes; a file whose
exchange demands one waits as long as that says, and is then taken, to be refused.

What this does not protect against: a seal that comes too late, where none is demanded: its file is
gone, and it waits for the next file of that name, which it then does not fit.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from gateway import proofs
from gateway.folders import Folders, Waiting
from gateway.model import Kind, Place
from gateway.moment import Clock, iso
from gateway.waits import Waits

AGAIN_SECONDS = 5.0
"""How often a file, or what lies beside it, is looked at without a hint."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Accompanied:
    """Knows what lies beside files, for :class:`gateway.handover.Handover`."""

    def __init__(self, folders: Folders, clock: Clock, waits: Waits) -> None:
        self._folders = folders
        self._clock = clock
        self._waits = waits

    def alone(self, place: Place, name: str) -> Waiting | None:
        """What a seal or assertion waits for; None when it is gone. It is never sent itself."""
        if not self._is_there(place, name):
            return None
        subject = proofs.subject_of(name)
        if self._is_there(place, subject):
            self._waits.over(place, name, "zegel")
            reason = f"the seal or assertion of {subject}, which is here: taken with it"
            return Waiting(place, name, "zegel", reason, AGAIN_SECONDS, (subject,))
        since = self._waits.first(place, name, "zegel", self._clock.klok())
        reason = f"the seal or assertion of {subject}, which is not here yet"
        return Waiting(place, name, "zegel", reason, AGAIN_SECONDS, (subject,), since=iso(since))

    def proof(
        self, place: Place, name: str, unfinished: Callable[[str, int], Waiting | None]
    ) -> str | Waiting:
        """What to claim with a file: finished, as ``unfinished`` sees it; empty: it goes alone."""
        if place.kind is not Kind.OUTBOX:
            return ""
        for one in proofs.of(name):
            if self._is_there(place, one):
                self._waits.over(place, name, "zegel-ontbreekt")
                return self._barrier(place, name, one, unfinished) or one
        exchange = self._folders.config.uitwisseling_in(place.uitwisseling, name)
        if exchange is None or exchange.binding == "zwak":
            return ""
        klok = self._clock.klok()
        since = self._waits.first(place, name, "zegel-ontbreekt", klok)
        ends = since + exchange.binding_wachttijd_s * 1000
        if klok >= ends:
            return ""
        reason = f"{exchange.id} demands a seal ({name}.p7s) or a login ({name}.eh.json) beside it"
        retry = min(AGAIN_SECONDS, (ends - klok) / 1000)
        return Waiting(place, name, "zegel-ontbreekt", reason, retry,
                       since=iso(since), due=iso(ends))  # fmt: skip

    def _is_there(self, place: Place, name: str) -> bool:
        try:
            os.stat(name, dir_fd=self._folders.fd(place), follow_symlinks=False)
        except OSError:  # gone, or the name is too long to be one
            return False
        return True

    def _barrier(
        self, place: Place, name: str, proof: str, unfinished: Callable[[str, int], Waiting | None]
    ) -> Waiting | None:
        try:
            fd = os.open(proof, _OPEN, dir_fd=self._folders.fd(place))
        except OSError:  # a link, a pipe, gone again: what is wrong with it is told by the refusal
            return None
        try:
            waits = unfinished(proof, fd)
        finally:
            os.close(fd)
        if waits is None:
            return None
        return Waiting(place, name, waits.code, f"its {proof}: {waits.reason}", waits.retry)
