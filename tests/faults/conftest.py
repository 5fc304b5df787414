# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the fault tests: those of the flow tests, and disks of their own."""

import pytest

from tests.faults.breaking import Disks
from tests.flow.conftest import gemaakt, knooppunt, tmp_path

__all__ = ["disks", "gemaakt", "knooppunt", "tmp_path"]


@pytest.fixture
def disks(tmp_path):
    """Small disks on folders of this test; taken away at its end."""
    made = Disks()
    yield made
    made.umount()
