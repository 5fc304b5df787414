# SPDX-License-Identifier: EUPL-1.2
"""The commands of README.txt over keys of one's own, under other OINs than the first had."""

import pytest

from tests.flow.bewijs import members, now, resealed, round_of_everything
from tests.flow.eigen import OWN, another_authority, own_keys
from tests.onafhankelijk.schil import MISSING, check, unpacked

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")


def test_keys_of_ones_own(tmp_path):
    """Bundles of before and after, with and without deelnemers.json; and one of another."""
    eigen = own_keys(tmp_path)
    bundles = {"old": eigen.old, "new": eigen.new}
    for when, data in bundles.items():
        said = check(unpacked(data, tmp_path / when), eigen.trust, "4", "15", "17")
        assert said.code == 0, said.text
    said = check(tmp_path / "new", eigen.first)
    assert said.fault[0] == "seal", said.text
    seal = eigen.pki.seal("zegel-gateway", OWN["zegel-cbs"])
    forged = unpacked(resealed(members(eigen.new), seal, now()), tmp_path / "forged")
    name, words = check(forged, eigen.trust).fault
    assert name == "seal"
    assert f"het zegel van OIN {OWN['zegel-cbs']}, niet dat van het knooppunt" in words
    (eigen.trust / "deelnemers.json").unlink()
    for when in bundles:
        said = check(tmp_path / when, eigen.trust, "4", "15", "17")
        assert said.code == 0, said.text


def test_another_authority(tmp_path):
    """Stamps of the one before it count while its certificate lies beside tsa.pem."""
    bewijs = round_of_everything(tmp_path / "keten")
    bundle = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(bundle, another_authority(bewijs.trust, tmp_path / "beide", keeps=True), "3", "11")
    assert said.code == 0, said.text
    said = check(bundle, another_authority(bewijs.trust, tmp_path / "een", keeps=False))
    assert said.fault[0] == "time", said.text
