# SPDX-License-Identifier: EUPL-1.2
"""The commands of README.txt over a change of the log's key, by a reader's folder of any time."""

import pytest

from gateway import rotation
from gateway.audit.checkpoint import VerifierKey
from gateway.location import read_config
from gateway.trust.sleutels import seal_van
from tests.flow.bewijs import members, now, resealed
from tests.flow.getuigen import Getuigen
from tests.flow.test_rotate_witnessed import bundle, change, deliver, kept_trust
from tests.onafhankelijk.schil import MISSING, check, unpacked

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")

SHOWN = ("4", "7", "8", "9", "10")


def test_a_change_of_key(tmp_path):
    """Bundles of before, during and after it; by the old key alone, and by both."""
    with Getuigen(tmp_path / "keten") as parties:
        deliver(parties, "WMO_1.csv", 11)
        old = kept_trust(parties, "toen")
        bundles = {"before": bundle(parties, "WMO_1.csv")}
        change(parties, rotation.ROTATE)
        deliver(parties, "WMO_2.csv", 12)
        bundles["during"] = bundle(parties, "WMO_2.csv")
        change(parties, rotation.FINISH)
        deliver(parties, "WMO_3.csv", 13)
        bundles["after"] = bundle(parties, "WMO_3.csv")
        new = kept_trust(parties, "nu")
    for when, data in bundles.items():
        folder = unpacked(data, tmp_path / when)
        for trust in (old, new):
            said = check(folder, trust, *SHOWN)
            assert said.code == 0, said.text
    assert_no_other_successor(parties, bundles["after"], old, tmp_path)


def assert_no_other_successor(parties, data, old, tmp_path):
    """Without what shows the change, or with another key in it, the new key is nobody's."""
    seal = seal_van(parties.location.state, read_config(parties.location.config_path),
                    "zegel-gateway")  # fmt: skip
    for way in ("gone", "another key", "another leaf"):
        found = members(data)
        path = next(
            one for one in found if one.startswith("trust/succession/") and one.endswith(".vkey")
        )
        stem = path.removesuffix(".vkey")
        if way == "gone":
            del found[path]
        elif way == "another key":
            name = found[path].decode().partition("+")[0]
            found[path] = f"{VerifierKey(name, bytes(range(32))).line()}\n".encode()
        else:
            found[f"{stem}.json"] = found[f"{stem}.json"].replace(
                b'"result":"ok"', b'"result":"no"'
            )
        folder = unpacked(resealed(found, seal, now()), tmp_path / way)
        said = check(folder, old)
        assert said.fault[0] in ("proofs", "checkpoint"), (way, said.text)
