# SPDX-License-Identifier: EUPL-1.2
"""Detached signatures: ours and OpenSSL's, and what is made of anything else."""

import hashlib
import random
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from gateway.binding import cms, der, zegel
from gateway.binding.manifest import Listed, Manifest, ManifestError, build, read
from gateway.trust.ketting import Vertrouwen, Weigering, pem_van
from gateway.trust.uitgifte import (
    ingetrokken,
    intrekkingslijst,
    nieuwe_uitgever,
    nieuwe_wortel,
)

NU = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
CONTENT = b"opt-in\r\n\x00\xff"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ROOT = nieuwe_wortel("test")
ISSUER = nieuwe_uitgever("test", ROOT)


def trust(*revoked):
    lists = (intrekkingslijst(ISSUER, 2, NU, revoked), intrekkingslijst(ROOT, 1))
    return Vertrouwen.van_pem([pem_van(ROOT.certificate, ISSUER.certificate, *lists)])


def certificate(key, issuer=ISSUER, since=timedelta(days=-30), until=timedelta(days=30)):
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "Amsterdam"),
         x509.NameAttribute(NameOID.SERIAL_NUMBER, "00000001000000363000")]
    )  # fmt: skip
    public, serial = key.public_key(), x509.random_serial_number()
    valid = (NU + since, NU + until)
    built = x509.CertificateBuilder(issuer.certificate.subject, subject, public, serial, *valid)
    built = built.add_extension(x509.BasicConstraints(False, None), critical=True)
    ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return built.add_extension(ski, critical=False).sign(issuer.key, hashes.SHA256())


def seal(key=None, content=CONTENT, **more):
    key = key or ec.generate_private_key(ec.SECP256R1())
    return cms.sign(content, key, certificate(key, **more), (ISSUER.certificate,), NU)


def verdict(p7s, trusted=None, at=NU):
    found = zegel.check(p7s, SHA256, CONTENT, trusted or trust(), at)
    return found.code.value if isinstance(found, Weigering) else "goed"


def run(*words, folder):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def folder(tmp_path):
    """A folder with a file, and who is trusted."""
    (tmp_path / "file").write_bytes(CONTENT)
    (tmp_path / "root.pem").write_bytes(pem_van(ROOT.certificate))
    (tmp_path / "issuer.pem").write_bytes(pem_van(ISSUER.certificate))
    return tmp_path


@pytest.fixture(params=["ec", "p384", "rsa"])
def key(request):
    """A key of each kind that we take."""
    if request.param == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key({"ec": ec.SECP256R1, "p384": ec.SECP384R1}[request.param]())


def test_openssl_verifies_ours(folder, key):
    """With a manifest in it, of which OpenSSL knows nothing; and not over other bytes."""
    p7s = cms.sign(CONTENT, key, certificate(key), (ISSUER.certificate,), NU, b'{"versie":1}')
    (folder / "s.p7s").write_bytes(p7s)
    words = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "s.p7s", "-content", "file",
             "-CAfile", "root.pem", "-attime", str(int(NU.timestamp())), "-out", "out"]  # fmt: skip
    run(*words, folder=folder)
    assert (folder / "out").read_bytes() == CONTENT
    (folder / "file").write_bytes(CONTENT + b"\n")
    with pytest.raises(AssertionError, match="verification failure"):
        run(*words, folder=folder)


@pytest.mark.parametrize("more", [(), ("-keyid",), ("-md", "sha512"), ("-nosmimecap",)])
def test_ours_verifies_openssls(folder, key, more):
    """By issuer and serial or by key id, with another digest."""
    made = certificate(key)
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
             serialization.NoEncryption())  # fmt: skip
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    (folder / "own.pem").write_bytes(pem_van(made))
    run("cms", "-sign", "-binary", "-in", "file", "-signer", "own.pem", "-inkey", "key.pem",
        "-certfile", "issuer.pem", "-outform", "DER", "-out", "s.p7s", *more,
        folder=folder)  # fmt: skip
    p7s = (folder / "s.p7s").read_bytes()
    assert verdict(p7s) == "goed"
    found = zegel.check(p7s, SHA256, CONTENT, trust(), NU)
    assert found.manifest is None
    assert found.signer.oin == "00000001000000363000"


@pytest.mark.parametrize(
    ("more", "says"),
    [(("-nodetach",), "los naast"), (("-noattr",), "kenmerken"), (("-nocerts",), "certificaat"),
     (("-md", "sha1"), "algoritme"), (("-outform", "PEM"), "PEM")],
)  # fmt: skip
def test_a_signature_of_openssl_that_we_do_not_take_says_why(folder, more, says):
    """Each with what to do otherwise."""
    key = ec.generate_private_key(ec.SECP256R1())
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
             serialization.NoEncryption())  # fmt: skip
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    (folder / "own.pem").write_bytes(pem_van(certificate(key)))
    form = () if "-outform" in more else ("-outform", "DER")
    run("cms", "-sign", "-binary", "-in", "file", "-signer", "own.pem", "-inkey", "key.pem",
        *form, "-out", "s.p7s", *more, folder=folder)  # fmt: skip
    with pytest.raises(cms.CmsError, match=says):
        cms.read((folder / "s.p7s").read_bytes())


# --- whose, and when ------------------------------------------------------------------------------


def test_expired_not_yet_valid_and_revoked_count_at_the_moment_of_upload():
    """A certificate that ended, or was revoked, after the upload does no harm to it."""
    day = timedelta(days=1)
    assert verdict(seal(until=-day)) == "verlopen"
    assert verdict(seal(since=day)) == "nog-niet-geldig"
    p7s = seal()
    serial = cms.read(p7s).signer.serial_number
    assert verdict(p7s, trust(ingetrokken(serial, NU - day))) == "ingetrokken"
    assert verdict(p7s, trust(ingetrokken(serial, NU + day))) == "goed"
    assert verdict(p7s, at=NU + 31 * day) == "verlopen"


def test_an_embedded_root_is_not_believed():
    """Whoever signs brings his own root along: it leads nowhere."""
    root = nieuwe_wortel("foreign")
    issuer = nieuwe_uitgever("foreign", root)
    key = ec.generate_private_key(ec.SECP256R1())
    chain = (issuer.certificate, root.certificate)
    p7s = cms.sign(CONTENT, key, certificate(key, issuer), chain, NU)
    assert verdict(p7s) == "onbekende-uitgever"
    assert verdict(seal(issuer=root)) == "onbekende-uitgever"


def test_a_root_of_our_name_and_another_key_is_not_ours():
    """Names are no keys."""
    key = ec.generate_private_key(ec.SECP256R1())
    twin = nieuwe_uitgever("test", nieuwe_wortel("test"))
    p7s = cms.sign(CONTENT, key, certificate(key, twin), twin.chain, NU)
    assert verdict(p7s) == "onbekende-uitgever"


def test_a_signature_under_anothers_certificate_is_refused():
    """The certificate is right, the key was not there."""
    mine, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in "12")
    p7s = cms.sign(CONTENT, mine, certificate(theirs), (), NU)
    assert verdict(p7s) == "handtekening-onjuist"
    ours, other = (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1()))
    assert verdict(cms.sign(CONTENT, other, certificate(ours), (), NU)) == "handtekening-onjuist"


def test_other_bytes_are_told_before_anything_else():
    """So a sender who sealed an earlier version hears that."""
    assert verdict(seal(content=b"other", until=-timedelta(days=1))) == "andere-bytes"


def test_a_second_signature_made_of_the_first_is_no_second_signature():
    """Of an ECDSA signature (r, s) anybody makes (r, n - s): it is the same act of signing."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    found = cms.read(seal())
    [r, s] = der.whole(found.value)
    other = der.put_integer(order - int.from_bytes(s.content))
    twin = replace(found, value=der.put(der.SEQUENCE, r.raw, other))
    assert twin.value != found.value
    assert twin.is_by_its_signer()
    assert twin.identity == found.identity


def test_whatever_comes_it_is_judged_and_nothing_else_is_raised():
    """Thousands of signatures with bytes changed, cut out or put in."""
    chance = random.Random(1)
    p7s, trusted = bytearray(seal()), trust()
    for _ in range(3000):
        made = bytearray(p7s)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(made))
            if chance.random() < 0.7:
                made[at] = chance.choice((0, 0x30, 0x80, 0xFF, chance.randrange(256)))
            else:
                made[at : at + chance.randrange(9)] = chance.randbytes(chance.randrange(9))
        try:
            verdict(bytes(made), trusted)
        except cms.CmsError:
            continue


# --- manifests ------------------------------------------------------------------------------------


def test_a_manifest_is_read_as_it_was_written():
    """Names of any kind; with and without a checkpoint."""
    listed = (Listed("WMO é\\xff.csv", 3, "ab" * 32), Listed("b", 0, "cd" * 32))
    for checkpoint in ("", "knooppunt.example/audit-2026\n3\nAAAA\n"):
        one = Manifest("0363", listed, "2026-02-02T10:00:00+01:00", checkpoint)
        assert read(build(one)) == one


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"versie":2}', b"\xff", b"[" * 9000,
     build(Manifest("0363", (), "x")), build(Manifest("0363", (Listed("a", 1, "b"),), "x"))[:-1],
     build(Manifest("0363", (Listed("a", 1, "b"),), "x")).replace(b'"omvang":1', b'"omvang":"1"'),
     build(Manifest("0363", (Listed("a", 1, "b"),), "x")).replace(b'"naam"', b'"name"'),
     build(Manifest("0363", (Listed("a" * 20_000, 1, "b"),), "x"))],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(content):
    """With a sentence, whatever it is."""
    with pytest.raises(ManifestError, match="manifest"):
        read(content)
