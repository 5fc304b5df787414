# SPDX-License-Identifier: EUPL-1.2
"""Benches for the crash tests: made once, closed at the end."""

import os
from collections.abc import Iterator

import pytest

from tests.crash.cases import Bench, Benches
from tests.crash.machine import Machine

JOBS = int(os.environ.get("KNOOPPUNT_CRASH_JOBS", "0")) or min(4, os.cpu_count() or 1)


@pytest.fixture(scope="session")
def benches() -> Iterator[Benches]:
    """As many benches as this machine has processors, four at most."""
    made = Benches(JOBS)
    yield made
    made.close()


@pytest.fixture
def bench(benches: Benches) -> Iterator[Bench]:
    """One bench."""
    with benches.one() as one:
        yield one


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Commands under the shim."""
    made = Machine()
    yield made
    made.stop()
