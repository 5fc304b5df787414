# SPDX-License-Identifier: EUPL-1.2
"""What the tests by others' tools share: one round of everything, with its bundle."""

import pytest

from tests.flow.bewijs import round_of_everything


@pytest.fixture(scope="module")
def bewijs(tmp_path_factory):
    """Made once for each file of tests."""
    return round_of_everything(tmp_path_factory.mktemp("keten"))
