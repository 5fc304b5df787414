# SPDX-License-Identifier: EUPL-1.2
"""Each forgery that the gateway could seal itself, by the commands of README.txt.

It is found by the step of the same number and name as in ``knooppunt evidence verify``.
"""

import pytest

from tests.onafhankelijk.schil import MISSING, check
from tests.onafhankelijk.vervalsingen import FORGED, forged

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")


@pytest.mark.parametrize("name", FORGED)
def test_what_the_gateway_itself_could_forge(bewijs, tmp_path, name):
    """Sealed anew by the gateway: found by the same step as ``evidence verify`` finds it."""
    one = FORGED[name]
    data, folder = forged(bewijs, tmp_path, one.make)
    said = check(folder, bewijs.trust)
    assert said.fault[0] == one.step, said.text
    assert one.word in said.fault[1]
    failed = {each.name for each in bewijs.verify(data).steps if each.outcome == "failed"}
    assert failed & {one.step, "leaves"}  # a listed leaf that is not there: by either
