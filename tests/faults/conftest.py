# SPDX-License-Identifier: EUPL-1.2
"""The fault cases work on the chains of the flow tests: in memory, or made by the command."""

from tests.flow.conftest import gemaakt, knooppunt, tmp_path

__all__ = ["gemaakt", "knooppunt", "tmp_path"]
