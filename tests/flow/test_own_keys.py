# SPDX-License-Identifier: EUPL-1.2
"""Keys of one's own under another OIN: bundles of before and of after, by one folder of trust."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.evidence import believed
from gateway.evidence.verify import verify
from gateway.trust import uitgifte
from gateway.trust.domeinen import OIN_GATEWAY
from gateway.trust.ketting import pem_van
from tests.flow.bewijs import members, now, resealed
from tests.flow.eigen import OWN, own_keys


@pytest.fixture(scope="module")
def eigen(tmp_path_factory):
    return own_keys(tmp_path_factory.mktemp("eigen"))


def judged(data, trust):
    report = verify(data, believed.load(str(trust)))
    return report, {one.name: one for one in report.steps}


def test_bundles_of_before_and_after_both_verify(eigen):
    """The gateway's seal, the municipality's and CBS's; the folder keeps those of before."""
    for data, oin in ((eigen.old, OIN_GATEWAY), (eigen.new, OWN["zegel-gateway"])):
        report, steps = judged(data, eigen.trust)
        assert report.ok, report
        assert f"OIN {oin}" in steps["seal"].detail
        assert {steps[one].outcome for one in ("seal", "binding", "receipts")} == {"ok"}
        (eigen.trust / "deelnemers.json").rename(eigen.trust / "weg")
        without = judged(data, eigen.trust)[1]["receipts"]  # by the certificates of CBS alone
        (eigen.trust / "weg").rename(eigen.trust / "deelnemers.json")
        assert without.outcome == "ok"
    assert not judged(eigen.new, eigen.first)[0].ok  # who has the folder of then knows it not


@pytest.mark.parametrize("oin", [OWN["zegel-cbs"], "00000003000000000009"])
def test_the_seal_of_another_is_refused(eigen, oin):
    """Under the same root: of another role, and of one that is in no file."""
    seal = eigen.pki.seal("zegel-gateway", oin)
    report, steps = judged(resealed(members(eigen.new), seal, now()), eigen.trust)
    assert not report.ok
    assert steps["seal"].outcome == "failed"
    expected = f"OIN {OWN['zegel-gateway']}, {OIN_GATEWAY} was expected"
    assert f"signed by OIN {oin}; {expected}" in steps["seal"].detail


def test_one_of_before_counts_while_it_was_valid(eigen, tmp_path):
    """Over before the bundle was sealed: its OIN says nothing of it any more."""
    folder = tmp_path / "vertrouwen"
    shutil.copytree(eigen.trust, folder)
    [older] = folder.glob("zegel-gateway-*.pem")
    for until, outcome in ((now() + timedelta(days=1), "ok"), (now() - timedelta(2), "failed")):
        older.write_bytes(_certificate(OIN_GATEWAY, until))
        assert judged(eigen.old, folder)[1]["seal"].outcome == outcome


def test_a_serial_number_is_no_municipality(eigen, tmp_path):
    """``zegel-gateway-363.pem`` would be one of the gateway; so would one of four digits."""
    folder = tmp_path / "vertrouwen"
    shutil.copytree(eigen.trust, folder)
    (folder / "zegel-gateway-0777.pem").write_bytes(_certificate("0" * 20, now()))
    assert believed.load(str(folder)).party("0777", now()) == ()


def _certificate(oin, until):
    """One that is valid until then; nobody asks who issued it."""
    key = uitgifte.nieuwe_sleutel()
    name = x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, oin)])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    built = built.public_key(key.public_key()).serial_number(1).not_valid_after(until)
    built = built.not_valid_before(datetime(2015, 1, 1, tzinfo=UTC))
    return pem_van(built.sign(key, uitgifte.SHA256))
