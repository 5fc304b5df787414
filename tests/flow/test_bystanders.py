# SPDX-License-Identifier: EUPL-1.2
"""Witnesses and a time stamping authority that are started beside a chain, as the demo does."""

import os

import pytest

from gateway.audit.verify import verify
from gateway.bystanders import Bystanders
from gateway.chain import Chain
from gateway.errors import AuditError
from gateway.location import Location, read_config
from gateway.outside import policy_of, trust_of
from gateway.setup import init
from gateway.trust.sleutels import sleutelmap


@pytest.fixture
def location(tmp_path):
    init(str(tmp_path))
    return Location.of(str(tmp_path / "config.yaml"))


def test_they_sign_the_log_of_a_chain_and_end_with_it(location):
    before = children()
    with Bystanders(location) as others:
        started = children() - before
        with Chain(location, getuigen=others.settings) as chain:
            chain.run_once()
    settings = read_config(location.config_path).getuigen
    policy, trust = policy_of(location, settings), trust_of(location, settings)
    report = verify(location.audit, policy=policy, trust=trust)
    steps = {one.name: one for one in report.steps}
    assert report.ok
    assert steps["witnesses"].detail.startswith(f"{chain.ledger.size} of")
    assert steps["tokens"].detail.startswith(f"{chain.ledger.size} of")
    assert len(started) == 3
    assert not started & children()


def test_one_that_cannot_start_says_why_and_none_is_left(location):
    key = os.path.join(sleutelmap(location.state, "getuige-cbs"), "sleutel.pem")
    os.remove(key)
    before = children()
    with pytest.raises(AuditError, match=r"witness run cbs.*did not start: .*getuige-cbs"):
        Bystanders(location)
    assert children() == before


def children():
    """The processes that this one started and that still are."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return set(file.read().split())
