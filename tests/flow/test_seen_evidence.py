# SPDX-License-Identifier: EUPL-1.2
"""What a signer saw of the log, in a bundle: older than his leaf, and a beginning of this log.

The state was put back to before a change of the log's key: its door does not know the key that
signed what the user saw. The reader of the bundle does.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import checkpoint
from gateway.audit.checkpoint import VerifierKey
from gateway.evidence import container, gezien
from gateway.evidence.bundle import make
from gateway.evidence.steps import Report
from gateway.evidence.verify import _bundle, verify
from gateway.evidence.wish import Wish
from tests.flow.test_binding import leaves
from tests.flow.test_eherkenning import NAME
from tests.flow.test_evidence_binding import trusted
from tests.flow.test_seen import HOW, forge, hand_in, logged, newest, origin_of, root, size_of

__all__ = ["forge"]


class Later:
    """The key that followed, of which the state that was put back knows nothing."""

    def __init__(self, keten):
        self.keten = keten
        self.key = Ed25519PrivateKey.generate()

    def signed(self, size, root):
        return checkpoint.sign(origin_of(self.keten), size, root, self.key).decode()

    def step(self, knows=True):
        """What the step says, and whether the bundle is whole."""
        self.keten.publish()
        belief = trusted(self.keten)
        if knows:
            key = VerifierKey.of(origin_of(self.keten), self.key)
            belief = belief._replace(logs=(*belief.logs, key))
        report = verify(make(self.keten.location, Wish(NAME, True, frozenset())).content, belief)
        [found] = [one for one in report.steps if one.name == "binding"]
        assert report.ok is (found.outcome != "failed"), report
        return found


@pytest.fixture
def later(forge):
    return Later(forge.keten)


def first(keten):
    """The leaf of the handing in."""
    [found] = [at for at, one in enumerate(leaves(keten)) if one["type"].startswith("A.1")][:1]
    return found


@HOW
def test_newer_than_its_leaf_is_false(forge, later, how):
    """By one leaf or by many; for a reader who does not know that key it says nothing."""
    size = size_of(newest(forge.keten)) + 1
    hand_in(forge, later.signed(size, b"x" * 32), how)
    assert first(forge.keten) == size - 1
    found = later.step()
    assert found.outcome == "failed"
    assert f"a checkpoint of {size} leaves" in found.detail
    assert f"handed in as leaf {size - 1}: the log was put back" in found.detail
    assert later.step(knows=False).outcome == "ok"


@HOW
def test_of_the_log_just_before_its_leaf_the_root_must_be_that(forge, later, how):
    """As most are, in a log where little happens: the proof of the leaf shows that root."""
    size = size_of(newest(forge.keten))
    hand_in(forge, later.signed(size, root(forge.keten, size)), how)
    assert first(forge.keten) == size
    assert later.step().outcome == "ok"


@HOW
def test_another_root_where_the_bundle_shows_it_is_false(forge, later, how):
    """Another history of as many leaves."""
    size = size_of(newest(forge.keten))
    hand_in(forge, later.signed(size, b"x" * 32), how)
    found = later.step()
    assert (found.outcome, "another root at that size" in found.detail) == ("failed", True)


def test_what_the_bundle_does_not_show_is_left(forge, later):
    """Older than all that it has a proof of: only the whole log can say."""
    hand_in(forge, later.signed(1, b"x" * 32), "zegel")
    assert later.step().outcome == "ok"


def test_all_roots_that_a_bundle_shows_are_those_of_the_log(forge, later):
    """Before and behind each leaf in it, in a log of many; the checkpoint's own too."""
    keten = forge.keten
    for number in range(40):
        keten.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
        keten.settle()
        if number == 20:
            hand_in(forge, "", "zegel")
    keten.publish()
    data = make(keten.location, Wish(NAME, True, frozenset())).content
    bundle = _bundle(container.unpack(data).members, trusted(keten), Report(), None)
    shown = gezien._roots(bundle)
    assert {*bundle.leaves, *bundle.index.checkpoints} <= set(shown)
    assert shown == {size: root(keten, size) for size in shown}
    assert max(shown) == len(logged(keten))
