# SPDX-License-Identifier: EUPL-1.2
"""The whole chain as a state machine: people drop, take, release; machines crash and restart.

After each step the invariants hold that can be seen from outside: nothing is lost, nothing arrives
twice, nothing partial has a final name, the log verifies. What failed once is in ``seeds.txt``.
"""

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.fuzz.depth import runs, seeds
from tests.fuzz.world import CODES, RIGHT, WRONG, World, is_whole_notice, play

CODE = st.sampled_from(CODES)


class Chain(RuleBasedStateMachine):
    """Steps of a world, in any order."""

    def __init__(self):
        super().__init__()
        self.world = World()

    def _do(self, name, *args):
        self.world.steps.append([name, *args])
        note(f"steps so far: {self.world.steps}")
        getattr(self.world, name)(*args)

    @rule(code=CODE)
    def drop_right(self, code):
        """A file that a rule places: often the same name again."""
        self._do("drop", code, RIGHT)

    @rule(code=CODE)
    def drop_wrong(self, code):
        """A file that no rule places."""
        self._do("drop", code, WRONG)

    @precondition(lambda self: self.world.dropped)
    @rule(code=CODE)
    def report(self, code):
        """CBS sends something back."""
        self._do("report", code)

    @rule(rounds=st.integers(1, 6))
    def go(self, rounds):
        """A few rounds."""
        self._do("go", rounds)

    @rule(k=st.integers(1, 60))
    def crash(self, k):
        """The process dies at a changing call."""
        self._do("crash", k)

    @rule(k=st.integers(1, 60))
    def crash_and_rot(self, k):
        """It dies, and what was staged is not what the disk gives back."""
        self._do("crash_and_rot", k)

    @rule()
    def restart(self):
        """Stopped in good order."""
        self._do("restart")

    @rule()
    def take(self):
        """The receivers empty their inboxes."""
        self._do("take")

    @rule(days=st.sampled_from([-400, -1, 1, 30, 4000]))
    def clock(self, days):
        """The chain's clock jumps."""
        self._do("clock", days)

    @rule()
    def release(self):
        """An operator decides about the quarantine."""
        self._do("release")

    @rule()
    def settle(self):
        """Nothing is left to do."""
        self._do("settle")

    @invariant()
    def holds(self):
        """I1-I8."""
        self.world.check()

    def teardown(self):
        """In the end everything has arrived, or says why not."""
        try:
            self.world.end()
        finally:
            self.world.close()


def test_any_steps_in_any_order():
    """Whatever happens in whatever order, the invariants hold after each step."""
    run_state_machine_as_test(Chain, settings=runs(25, 3_000, stateful_step_count=20))


@pytest.mark.parametrize("number", range(len(seeds("world"))))
def test_what_once_failed(number):
    """The steps that once broke an invariant."""
    play(seeds("world")[number])


def test_half_a_notice_would_be_seen():
    """What the machine holds notices to: cut off anywhere, they are not whole."""
    world = World()
    for name in (RIGHT, WRONG):
        world.drop(CODES[0], name)
    world.settle()
    inbox = world.keten.root / "gemeenten" / CODES[0] / "inbox"
    notices = [path for path in inbox.iterdir() if path.is_file()]
    assert {path.suffix for path in notices} == {".txt", ".xml"}
    for path in notices:
        whole = path.read_bytes()
        assert is_whole_notice(path.suffix, whole)
        assert not any(is_whole_notice(path.suffix, whole[:end]) for end in range(len(whole)))
    world.close()
