# SPDX-License-Identifier: EUPL-1.2
"""A change of the log's key, by a shell that has nothing of ours; old trust and new."""

import pytest

from gateway import rotation
from tests.flow.getuigen import Getuigen
from tests.flow.test_rotate_witnessed import bundle, change, deliver, kept_trust
from tests.onafhankelijk.schil import MISSING, check, unpacked

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"without {', '.join(MISSING)}")


def test_bundles_of_before_within_and_after_a_change_of_key(tmp_path):
    """The new key is in the new policy; who has the old one is shown the leaf that names it."""
    with Getuigen(tmp_path / "keten") as parties:
        deliver(parties, "WMO_1.csv", 11)
        old = kept_trust(parties, "toen")
        data = {"voor": bundle(parties, "WMO_1.csv")}
        change(parties, rotation.ROTATE)
        deliver(parties, "WMO_2.csv", 12)
        data["in"] = bundle(parties, "WMO_2.csv")
        change(parties, rotation.FINISH)
        deliver(parties, "WMO_3.csv", 13)
        data["na"] = bundle(parties, "WMO_3.csv")
        new = kept_trust(parties, "nu")
    for name, content in data.items():
        folder = unpacked(content, tmp_path / name)
        for trust in (old, new):
            said = check(folder, trust, "witnesses", "timestamp")
            assert said.code == 0, (name, trust.name, said.fault)
