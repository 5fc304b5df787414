# SPDX-License-Identifier: EUPL-1.2
"""Retention: what is kept how long, and the purge of what is past its time.

A purge takes away the copies of files that we keep (``verzonden/``, ``quarantaine/``), the openings
of the leaves and the personal fields of the store; never a leaf, so every proof stays valid. The
engine does it, some messages a request (``requests.py``): files first, then rows and an ``erasure``
leaf in one transaction. A crash between the two: the same request is done again. Who asks has read
the copies (``retention.py``), so a round has no more to do than to look and to remove. A message of
which a copy cannot be seen or removed keeps its rows, and the answer says so; what of it did go is
in the leaf.

What this does not reach: inboxes, the receivers' folders and ``antwoord/``, which are theirs; the
technical log, which names nobody; backups, which must be kept no longer than the data; and grants.
Of the stems of names (``last_of_stem``), that keep a name from being given twice, the store has
digests alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from gateway import kept_copies
from gateway.config import Config
from gateway.custody import Ledger
from gateway.errors import FolderError, GatewayError
from gateway.folders import Folders
from gateway.journal import decode_promise
from gateway.kept_copies import Identity, Removal, Spot
from gateway.lifecycle import Status
from gateway.model import Direction
from gateway.moment import Clock
from gateway.requests import Asked, Response
from gateway.store import Changes, Store
from gateway.store_purge import Copy, Kept

KIND = "purge"
"""The word for it among the requests."""

DAY_MS = 24 * 3600 * 1000
_UNDER_WAY = "it is under way just now"
_REFUSED = (Status.REJECTED, Status.REFUSED, Status.CONFLICT, Status.DROPPED)


class Soort(NamedTuple):
    """A kind of message, and for how many days it is kept."""

    soort: str
    uitwisseling: str
    dagen: int


def soort_of(kept: Kept, config: Config) -> Soort:
    """What kind a message is, and for how long it is kept. An exchange may have its own days."""
    bewaren = config.bewaren
    exchange = config.uitwisselingen.get(kept.uitwisseling)
    own = exchange.bewaren_dagen if exchange else None
    if kept.status in _REFUSED:
        found, days = "geweigerd", bewaren.geweigerd_dagen
    elif kept.direction == Direction.HEEN and exchange and exchange.stap == "besluit":
        found, days = "besluit", bewaren.besluiten_dagen
    elif kept.direction == Direction.HEEN:
        found, days = "levering", bewaren.leveringen_dagen
    else:
        found, days = "rapport", bewaren.rapporten_dagen
    return Soort(found, kept.uitwisseling, own or days)


def shortest(config: Config) -> int:
    """The least number of days that anything is kept."""
    days = [one.bewaren_dagen for one in config.uitwisselingen.values()]
    bewaren = config.bewaren
    days += [bewaren.leveringen_dagen, bewaren.besluiten_dagen]
    days += [bewaren.rapporten_dagen, bewaren.geweigerd_dagen]
    return min(one for one in days if one)


def refused_ms(config: Config) -> int:
    """How long what was refused is kept."""
    return config.bewaren.geweigerd_dagen * DAY_MS


def past(rows: Iterable[Kept], config: Config, now: int) -> list[Kept]:
    """Those that are past their time.

    Not what a person has just sent in again: it is under way until that was decided on.
    """
    return [
        one
        for one in rows
        if one.status != Status.RELEASED and one.at < now - soort_of(one, config).dagen * DAY_MS
    ]


class Order(NamedTuple):
    """What is asked: messages (by their number in the store), and folders of no message.

    Of each message which files were read, and whether they are its own.
    """

    by: str
    messages: dict[int, dict[Identity, bool]]
    loose: list[str]

    def encode(self) -> dict[str, Any]:
        """As it goes into a request. No name of a file is in it."""
        read = [
            [seq, [[*identity, ours] for identity, ours in files.items()]]
            for seq, files in self.messages.items()
        ]
        return {"by": self.by, "messages": read, "loose": self.loose}

    @classmethod
    def decode(cls, body: dict[str, Any]) -> Order:
        """What :meth:`encode` gave; ``GatewayError`` for anything else."""
        try:
            messages = {
                _seq(seq): {
                    (int(a), int(b), int(c), int(d)): bool(ours) for a, b, c, d, ours in read
                }
                for seq, read in body["messages"]
            }
            return cls(str(body["by"]), messages, [str(one) for one in body["loose"]])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise GatewayError(
                "a request to purge says which messages, which files of theirs were read, and who "
                "asks",
                hint="ask anew: knooppunt purge --do",
            ) from None


def _seq(number: Any) -> int:
    """The number of a message in the store; ``ValueError`` for what no row can have."""
    found = int(number)
    if not 0 <= found < 1 << 63:
        raise ValueError(number)
    return found


class Purge:
    """The engine's side."""

    def __init__(self, store: Store, ledger: Ledger, folders: Folders) -> None:
        self._store = store
        self._ledger = ledger
        self._folders = folders

    def handle(self, asked: Asked, changes: Changes) -> Response:
        """Purge the messages that are named, those that are past their time and not under way.

        The answer: of each that went (``gone``), and each folder (``loose``), how many files; and
        of what is left for later (``left``) its place and the reason, and how many went by then.
        """
        order = Order.decode(asked.body)
        taking = _Taking(Removal(self._folders))
        due = self._due(order, taking.left)
        told = self._store.copies([one.seq for one in due])
        gone = {
            one.seq: files
            for one in due
            if (files := taking.all_of(self._files(one, told, order))) is not None
        }
        loose = {
            folder: files
            for folder, archive in self._loose(order)
            if (files := taking.all_of(kept_copies.decided(self._folders, folder, archive)))
            is not None
        }
        taking.removal.sync()
        total = sum([*gone.values(), *loose.values(), *(files for _, files in taking.left)])
        if gone or loose or total:
            about = {"object": KIND, "action": f"{len(gone)} messages, {total} files"}
            self._ledger.act("erasure", order.by, about, changes)
            changes.erased += gone
            changes.outdated.update(key for one in due if one.seq in gone for key in one.asked_by)
            changes.forgotten += loose
        answer = {"gone": list(gone.items()), "loose": list(loose.items()), "left": taking.left}
        return Response(answer)

    def _files(self, kept: Kept, told: list[Copy], order: Order) -> Iterator[Spot]:
        yield from kept_copies.held(self._folders, kept, told)
        yield from kept_copies.still_ours(self._folders, kept, told, order.messages[kept.seq])

    def _due(self, order: Order, left: list[tuple[str, int]]) -> list[Kept]:
        busy = {decode_promise(row["id"], row["promise"]).levering
                for row in self._store.journal() if row["promise"]}  # fmt: skip
        rows = self._store.kept(sorted(order.messages))
        due = past(rows, self._folders.config, Clock().klok())
        left += [(_UNDER_WAY, 0) for one in due if one.id in busy]
        return [one for one in due if one.id not in busy]

    def _loose(self, order: Order) -> list[tuple[str, str]]:
        if not order.loose:
            return []
        found = self._store.nobodys(Clock().klok() - refused_ms(self._folders.config))
        return [one for one in found if one[0] in order.loose]


class _Taking:
    """Takes copies away; and what was left, and why."""

    def __init__(self, removal: Removal) -> None:
        self.removal = removal
        self.left: list[tuple[str, int]] = []

    def all_of(self, spots: Iterable[Spot]) -> int | None:
        """How many files of one message went; None when any of them did not."""
        gone = 0
        try:
            found = list(spots)  # all of them seen, before one goes
            for spot in found:
                self.removal.take(spot)
                gone += 1
        except FolderError as error:
            self.left.append((error.sentence, gone))
            return None
        return gone
