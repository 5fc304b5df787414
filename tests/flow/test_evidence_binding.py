# SPDX-License-Identifier: EUPL-1.2
"""Who handed in, as a bundle's reader judges it: all that the gateway asks at the door, again.

The forger here is the operator: leaves, log and bundle are his to write and seal; the keys of the
identity provider and of employees are not, so he uses what they once signed for something else.
"""

import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.binding import cms, verklaring
from gateway.evidence import believed
from gateway.evidence.bundle import make
from gateway.evidence.index import LOGIN, SEAL, Message
from gateway.evidence.verify import verify
from gateway.evidence.wie import LAG_S, Handed, bound
from gateway.evidence.wish import Wish
from gateway.outside import ensure_policy
from gateway.testing import Keten
from gateway.trust.deelnemers import DEELNEMERS
from gateway.trust.domeinen import oin_van
from tests.flow.bewijs import sealed_with
from tests.flow.test_binding import OPTIN
from tests.flow.test_eherkenning import NAME, SESSIE, Forge, drop
from tests.unit.test_ketting import changed

DAY = 24 * 3600


@pytest.fixture
def forge(tmp_path):
    with Keten(tmp_path) as keten:
        made = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        yield made


def trusted(keten):
    """What a relying party of this chain believes in."""
    ensure_policy(keten.location, "knooppunt.example/audit-2026")
    return believed.load(f"{keten.location.state}/vertrouwen")


def judged(forge, data, path=LOGIN, shown=OPTIN, **wrong):
    """What the verifier says of an assertion that the leaf names, whatever is in it."""
    kind, auth = ("eherkenning", "idp-bound") if path == LOGIN else ("zegel", "seal")
    evidence, at = [f"{kind}:{hashlib.sha256(data).hexdigest()}"], (now(forge) + 1) * 1000
    leaf = {"auth": auth, "loa": "loa3", "evidence": evidence, "at": at} | wrong
    digest = hashlib.sha256(OPTIN).hexdigest()
    about = Message("x", "r", "heen", "0363", "besluit", "", digest, len(OPTIN))
    return bound(path, data, Handed(leaf, NAME), about, trusted(forge.keten), shown)


def now(forge):
    return forge.claims(forge.said())["iat"]


def test_a_login_for_this_delivery_is_believed(forge):
    """By whom, for whom and at which level; also when the gateway was down in between."""
    found = judged(forge, forge.sign(forge.said()))
    assert found.outcome == "ok"
    assert forge.pseudonym() in found.detail
    assert f"OIN {oin_van('0363')}" in found.detail
    late = (now(forge) + LAG_S) * 1000
    assert judged(forge, forge.sign(forge.said()), at=late).outcome == "ok"


CLAIMS = {
    "another issuer": ("another identity provider", {"iss": "https://evil.example"}),
    "another audience": ("for another system", {"aud": "another-service"}),
    "no level": ("no assurance level", {"acr": ""}),
    "a lower level": ("at loa2; the leaf says loa3", {"acr": verklaring.KLASSE + "loa2"}),
    "another municipality": ("it is of OIN", {"LegalSubjectID": oin_van("0034")}),
    "nobody": ("cannot be read", {"ActingSubjectID": None}),
    "another nonce": ("signs another manifest", {"nonce": "c1:other"}),
    "1970": ("had expired", {"iat": 1, "auth_time": 1, "exp": 2}),
}


@pytest.mark.parametrize("what", CLAIMS)
def test_a_login_for_something_else_is_not(forge, what):
    """Signed by the identity provider, and never for this delivery."""
    word, wrong = CLAIMS[what]
    found = judged(forge, forge.sign(forge.said(), **wrong))
    assert found.outcome == "failed"
    assert word in found.detail


def test_a_login_of_another_time_or_delivery_is_not(forge):
    """After the leaf; days before; a manifest of another file, bytes or municipality."""
    assert (
        "later than the leaf"
        in judged(forge, forge.sign(forge.said()), at=(now(forge) - DAY) * 1000).detail
    )
    assert (
        "had expired"
        in judged(forge, forge.sign(forge.said()), at=(now(forge) + 3 * DAY) * 1000).detail
    )
    for said, word in (
        (forge.said(name="anders.xml"), "a file of this name"),
        (forge.said(content=b"anders"), "these bytes"),
        (forge.said(code="0034"), "its manifest is of 0034"),
    ):
        found = judged(forge, forge.sign(said))
        assert (found.outcome, word in found.detail) == ("failed", True)


def test_the_manifest_inside_a_seal_is_read_too(forge):
    """These bytes, sealed to go under another name: not this delivery."""
    assert judged(forge, forge.keten.seal("0363", NAME, OPTIN, "coordinator"), SEAL).outcome == "ok"
    found = judged(forge, forge.keten.seal("0363", "anders.xml", OPTIN, "coordinator"), SEAL)
    assert (found.outcome, "a file of this name" in found.detail) == ("failed", True)
    found = judged(forge, forge.keten.seal("0034", NAME, OPTIN, "coordinator"), SEAL)
    assert found.outcome == "failed"


@pytest.mark.parametrize("md", ["sha384", "sha512"])
def test_a_seal_with_another_digest_leaves_redacted_bytes_open(forge, md):
    """Only the SHA-256 of these is in the leaves. All else that makes a seal false still does."""
    seal = sealed_with(forge.keten, md, OPTIN)
    assert judged(forge, seal, SEAL).outcome == "ok"
    found = judged(forge, seal, SEAL, shown=None)
    assert (found.outcome, f"but {md}" in found.detail) == ("not-checked", True)
    found = judged(forge, sealed_with(forge.keten, md, b"anders"), SEAL)
    assert (found.outcome, "other bytes" in found.detail) == ("failed", True)
    other = sealed_with(forge.keten, md, OPTIN, "zegel-gemeente-0034")
    found = judged(forge, other, SEAL, shown=None)
    assert (found.outcome, "it is of OIN" in found.detail) == ("failed", True)
    bad = bytes([*seal[:-1], seal[-1] ^ 1])
    found = judged(forge, bad, SEAL, shown=None)
    assert (found.outcome, "does not fit" in found.detail) == ("failed", True)


def test_a_certificate_with_odd_bytes_in_the_seal_of_who_handed_in(forge):
    """Of the employee: refused by name. Of the issuer beside it: the reader has his own."""
    p7s = forge.keten.seal("0363", NAME, OPTIN, "coordinator")
    signed = cms.read(p7s)
    for seed in range(30):
        for cert in signed.certificates:
            der = cert.public_bytes(Encoding.DER)
            found = judged(forge, p7s.replace(der, changed(der, seed)), SEAL)
            assert SEAL in found.detail
            assert found.outcome == "failed" or cert != signed.signer


def test_a_folder_that_does_not_say_who_logs_in_leaves_it_open(forge):
    """Not checked, and said; never ok."""
    folder = forge.keten.folder / "folders" / ".state" / "vertrouwen"
    (folder / DEELNEMERS).unlink()
    found = judged(forge, forge.sign(forge.said()))
    assert (found.outcome, DEELNEMERS in found.detail) == ("not-checked", True)


def step(keten, name="binding", ref=NAME):
    keten.check()  # published
    report = verify(make(keten.location, Wish(ref)).content, trusted(keten))
    assert report.ok, report
    return next(one for one in report.steps if one.name == name)


def test_a_bundle_with_a_login_is_whole(forge):
    """The whole way: handed in, gathered, verified."""
    drop(forge.keten, forge.sign(forge.said()))
    assert step(forge.keten).outcome == "ok"


def test_a_bundle_with_a_session_does_not_call_it_signed(tmp_path):
    """It is whole; that its user signed these bytes is not proven."""
    with Keten(tmp_path, config=SESSIE) as keten:
        forge = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        drop(keten, forge.sign(forge.said(), nonce="x"))
        found = step(keten)
        assert (found.outcome, "signs no bytes" in found.detail) == ("absent", True)


def test_who_took_part_before_stays_known(forge):
    """Another issuer and name in the configuration: evidence of before is still good."""
    drop(forge.keten, forge.sign(forge.said()))
    changed = forge.keten.folder.joinpath("config.yaml").read_text()
    forge.keten.reconfigure(changed + "\neherkenning: {uitgever: 'http://127.0.0.1:1'}\n")
    forge.keten.make_keys()
    assert step(forge.keten).outcome == "ok"
    [new, old] = trusted(forge.keten).deelnemers.inlogdiensten
    assert (new.uitgever, old.uitgever) == ("http://127.0.0.1:1", "http://127.0.0.1:8363")
