# SPDX-License-Identifier: EUPL-1.2
"""The pytest plugin: a whole chain as a fixture. Installed with Knooppunt, nothing to configure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.testing import Keten


@pytest.fixture
def keten(tmp_path: Path) -> Iterator[Keten]:
    """A chain of its own for this test; at the end everything in it is verified once more."""
    from gateway.testing import Keten

    with Keten(tmp_path / "keten") as chain:
        yield chain
