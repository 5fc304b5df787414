# SPDX-License-Identifier: EUPL-1.2
"""A whole chain, and everything that people and machines do to it: for the stateful tests.

A crash is true but for the power: at the k-th call that changes anything (``durable.py`` holds all
of them, and the store's commit) the process "dies": that call and every later one does not happen,
and the chain is abandoned and opened anew. A write that dies leaves half of its bytes.
"""

import functools
import os
import tempfile
import threading
from collections import Counter
from pathlib import Path

import envelopes
from gateway import durable, requests
from gateway.audit.verify import verify
from gateway.chain import Chain
from gateway.quarantine import KIND
from gateway.requests import Asked
from gateway.store import Store
from gateway.store_queries import Reader
from gateway.testing import Keten
from gateway.testing.checks import faults

CODES = ("0363", "0034")
RIGHT, WRONG = "WMO_H22025.csv", "vakantie.jpg"
CHANGING = (
    "make_dir", "stage", "open_part", "write_part", "cut_part", "rename", "rename_dir", "remove",
    "remove_dir", "sync_filesystem", "put", "copy",
)  # fmt: skip
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None


class Died(BaseException):
    """The process ended here. Not an Exception: nothing may catch it and go on."""


class Fuse:
    """Counts changing calls and, when it is set, ends the process at the k-th."""

    def __init__(self):
        self._left = 0
        self.dead = False
        self._turn = threading.Lock()
        self._real = {name: getattr(durable, name) for name in CHANGING}
        self._commit = Store.commit

    def set(self, k):
        """Die at the k-th changing call from now; 0: do not."""
        self._left, self.dead = k, False

    def burns(self):
        """Whether this call is the one, or comes after it."""
        with self._turn:
            if not self.dead and self._left:
                self._left -= 1
                self.dead = self._left == 0
                return self.dead
            return self.dead

    def __enter__(self):
        for name, real in self._real.items():
            setattr(durable, name, self._wrapped(name, real))
        Store.commit = self._wrapped("commit", self._commit)
        return self

    def __exit__(self, *_):
        for name, real in self._real.items():
            setattr(durable, name, real)
        Store.commit = self._commit

    def _wrapped(self, name, real):
        @functools.wraps(real)
        def call(*args, **more):
            first = not self.dead
            if self.burns():
                if first and name == "stage":
                    dir_fd, to, content, *_ = args
                    real(dir_fd, to, content[: len(content) // 2])
                raise Died
            return real(*args, **more)

        return call


class World:
    """One chain, what was dropped in it, and what its receivers took."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="wereld-", dir=MEMORY)
        self.fuse = Fuse()
        self.keten = Keten(Path(self._folder.name) / "keten")
        self.dropped = {}  # content -> (code, name)
        self.sent = {}  # content of a report -> code
        self.bag = []  # (where it lay, content) of what was taken
        self.steps = []
        self.crashes = 0

    def close(self):
        """End, and remove everything."""
        self.keten.close()
        self._folder.cleanup()

    # --- what people do ---

    def drop(self, code, name):
        """Somebody drops a file, under a name that may lie there already: then it waits."""
        content = b"%s bij %d" % (code.encode(), len(self.dropped))
        if not (self.keten.outbox(code) / name).exists():
            self.keten.drop(code, name, content)
            self.dropped[content] = (code, name)

    def report(self, code):
        """CBS sends a report, on the newest delivery of this municipality."""
        content = b"%%PDF %s %d" % (code.encode(), len(self.sent))
        name = f"TECHNISCH_H22025_{code}_{len(self.sent) + 1:04d}.pdf"
        self.keten.send("technische-terugkoppeling", name, content)
        self.sent[content] = code

    def take(self):
        """Every receiver takes what lies there, and the municipalities empty their inboxes.

        A record without its file stays: that is still to come.
        """
        folders = [self.keten.root / "cbs/in", *(self._inbox(code) for code in CODES)]
        for folder in folders:
            for path in sorted(folder.rglob("*"), reverse=True):  # the record before its file
                if path.is_file() and ".tmp" not in path.parts and not _is_alone(path):
                    self.bag.append((path.relative_to(self.keten.root), path.read_bytes()))
                    path.unlink()

    def clock(self, days):
        """The chain's clock jumps."""
        self.keten.advance(days=days)

    def release(self):
        """An operator sends everything in quarantine on, as if it were a Wmo file."""
        ids = [path.name for path in self.keten.quarantine()]
        if not ids:
            return
        asked = Asked(f"vrij{len(self.steps)}x{self.crashes}", KIND, {
            "action": "release", "ids": ids, "as": "wmo", "by": "ada", "reason": "omdat",
        })  # fmt: skip
        requests.place(self.keten.location.state, asked)
        self.keten.settle()
        with Reader(self.keten.location.database) as reader:
            assert reader.answer(asked.id) is not None

    # --- what machines do ---

    def go(self, rounds):
        """Go round so often."""
        self.keten._chain.engine.look_now()
        for _ in range(rounds):
            self.keten._chain.engine.round()

    def settle(self):
        """Go round until nothing is due; then everything that was dropped has ended somewhere."""
        waiting = {one.name for one in self.keten.settle().waiting}
        for code in CODES:
            for path in self.keten.outbox(code).iterdir():
                assert path.is_dir() or path.name in waiting, path.name

    def restart(self):
        """Stop, and start again."""
        self.keten.restart()

    def crash(self, k, *, rot=False):
        """Die at the k-th changing call from here, and start again.

        ``rot``: meanwhile a byte of each staged file changes on the disk.
        """
        with self.fuse as fuse:
            fuse.set(k)
            try:
                self.keten.settle()
                self.keten._chain.publish()
            except Died:
                self.crashes += 1
            finally:
                if fuse.dead:
                    self._abandon()
        if fuse.dead:
            if rot:
                self._rot()
            self.keten._chain = self.keten._open()

    def crash_and_rot(self, k):
        """Die, and find other bytes in what was staged."""
        self.crash(k, rot=True)

    def _rot(self):
        for path in self.keten.root.rglob(".tmp/*"):
            if path.is_file() and path.stat().st_size:
                content = bytearray(path.read_bytes())
                content[len(content) // 2] ^= 1
                path.write_bytes(content)

    def _abandon(self):
        chain = self.keten._chain
        try:
            chain.abandon()
        except Died:
            Chain._let_go(chain)

    # --- what must hold after each step ---

    def _inbox(self, code):
        return self.keten.root / "gemeenten" / code / "inbox"

    def _lying(self):
        """Every file in the chain's folders but those of the state: (path, content)."""
        for path in self.keten.root.rglob("*"):
            if ".state" not in path.parts and path.is_file():
                yield path, path.read_bytes()

    def check(self):
        """I1-I8, as far as they can be seen between two steps."""
        lying = list(self._lying())
        self._nothing_lost(lying)
        self._at_most_once(lying)
        self._whole(lying)
        report = verify(self.keten.location.audit)
        assert all(step.ok for step in report.steps), report

    def _nothing_lost(self, lying):
        there = {content for _, content in lying} | {content for _, content in self.bag}
        inside = [content for _, content in lying if content.startswith(b"<?xml")]
        for content in [*self.dropped, *self.sent]:
            assert content in there or any(_brings(one, content) for one in inside), content

    def _at_most_once(self, lying):
        got = Counter(content for where, content in self.bag)
        for path, content in lying:
            below = path.relative_to(self.keten.root).parts
            final = not any(part.startswith(".") for part in below)
            if final and (below[:2] == ("cbs", "in") or "inbox" in below):
                got[content] += 1
        for content in [*self.dropped, *self.sent]:
            assert got[content] <= 1, (content, got[content])

    def _whole(self, lying):
        """Nothing partial lies under a final name, at CBS or in an inbox."""
        known = {*self.dropped, *self.sent}
        for path, content in lying:
            below = path.relative_to(self.keten.root).parts
            if any(part.startswith(".") for part in below):
                continue
            if below[:2] == ("cbs", "in") or "inbox" in below:
                if path.name.endswith("_metagegevens.xml"):
                    envelopes.read_metagegevens(content)
                elif "_ontvangst_" in path.name or "_weigering_" in path.name:
                    assert is_whole_notice(path.suffix, content), (path, content)
                else:
                    assert content in known, path
            elif below[0] == "ggk" and path.name.endswith(".xml") and "antwoord" not in below:
                envelopes.read(content)

    def end(self):
        """Once it has settled everything fits, and what was accepted arrived."""
        self.settle()
        self.keten._chain.publish()
        found = faults(self.keten.location, self.keten.config)
        assert found == [], found
        there = {content for _, content in self._lying()} | {content for _, content in self.bag}
        missing = [one for one in [*self.dropped, *self.sent] if one not in there]
        assert missing == []


def is_whole_notice(suffix, content):
    """Its XML is closed; its words are there in both languages, to the full stop at their end."""
    if suffix == ".xml":
        return content.startswith(b"<?xml") and content.endswith(b"</kennisgeving>\n")
    return b"\nEnglish: " in content and content.endswith(b".\n")


def _is_alone(path):
    stem = path.name.removesuffix("_metagegevens.xml")
    return stem != path.name and not list(path.parent.glob(f"{stem}.*"))


@functools.lru_cache(maxsize=4096)
def _brings(envelope, content):
    try:
        return envelopes.read(envelope).payload == content
    except envelopes.EnvelopeError:
        return False


def play(steps):
    """Do these steps, each a name and its arguments, and check after each."""
    world = World()
    try:
        for name, *args in steps:
            getattr(world, name)(*args)
            world.check()
        world.end()
    finally:
        world.close()
