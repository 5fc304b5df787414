# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of more than one unit test."""

import pytest

from gateway.config import parse
from gateway.folders import Folders
from gateway.setup import shipped_config


@pytest.fixture
def folders(tmp_path):
    """The folders of the shipped configuration, in use."""
    made = Folders(str(tmp_path / "folders"), parse(shipped_config().decode()))
    made.make_all()
    yield made
    made.close()
