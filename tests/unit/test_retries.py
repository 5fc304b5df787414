# SPDX-License-Identifier: EUPL-1.2
"""The pauses between tries: moments are given, none is waited for."""

from gateway.retries import LAST_SECONDS, Retries


def test_each_pause_is_twice_the_one_before_up_to_a_minute():
    """Half a second, one, two; and never more than a minute."""
    retries = Retries()
    pauses = [retries.failed("a", 0.0)[1] for _ in range(40)]
    assert pauses[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert max(pauses) == pauses[-1] == LAST_SECONDS


def test_it_rests_until_its_moment_and_counts_on():
    """The next failure counts on; success, or a person who looks, ends the pause."""
    retries = Retries()
    retries.failed("a", 100.0)
    assert retries.rests("a", 100.4) and not retries.rests("a", 100.5)
    assert not retries.rests("b", 100.0)
    assert retries.failed("a", 101.0) == (2, 1.0)
    retries.try_now()
    assert not retries.rests("a", 101.0) and "a" in retries
    assert retries.failed("a", 102.0) == (3, 2.0)
    assert retries.done("a") and "a" not in retries
    assert not retries.done("a")
