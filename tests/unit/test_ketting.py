# SPDX-License-Identifier: EUPL-1.2
"""Each way in which a certificate is not to be believed, and what is said of it."""

from __future__ import annotations

import pickle
import random
import re
from base64 import b64encode, encodebytes
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from gateway.binding import cms, zegel
from gateway.errors import TrustError
from gateway.trust import uitgifte, xmlzegel
from gateway.trust.domeinen import CBS, OIN_CBS, Domein, Soort, oin_van
from gateway.trust.ketting import (
    Code,
    Doel,
    Signer,
    Vertrouwen,
    Weigering,
    check_chain,
    pem_van,
)

AT = datetime(2026, 2, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = ("wie", "van", "tot", "op", "sinds", "oin", "verwacht", "doel", "purpose")
ROOT = uitgifte.nieuwe_wortel("a.example")
ISSUER = uitgifte.nieuwe_uitgever("a.example", ROOT)
EMPTY = uitgifte.intrekkingslijst(ISSUER, 1), uitgifte.intrekkingslijst(ROOT, 1)
DOMEIN = Domein(CBS, Soort.ZEGEL, "CBS", OIN_CBS)
KEY = uitgifte.nieuwe_sleutel()
CERT = uitgifte.certificaat(DOMEIN, KEY.public_key(), ISSUER)


def trust(*lists, roots=(ROOT.certificate,)):
    return Vertrouwen.van_pem([pem_van(*roots, ISSUER.certificate, *(lists or EMPTY))])


TRUST = trust()


def leaf(*, van=AT - 9 * DAY, tot=AT + 9 * DAY, issuer=ISSUER, key=None, extra=(), **name):
    """A certificate with one thing other than it should be."""
    public = (key or KEY).public_key()
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "CBS"),
         x509.NameAttribute(NameOID.SERIAL_NUMBER, name.get("oin", OIN_CBS))]
    )  # fmt: skip
    built = x509.CertificateBuilder(issuer.certificate.subject, subject, public)
    built = built.serial_number(x509.random_serial_number())
    built = built.not_valid_before(van).not_valid_after(tot)
    for one, critical in extra:
        built = built.add_extension(one, critical)
    return built.sign(issuer.key, name.get("hash", hashes.SHA256()))


def code(found):
    assert isinstance(found, Weigering), found
    assert found.zin.endswith(".")
    assert found.sentence
    return found.code


def test_whose_it_is():
    found = check_chain(CERT, [], TRUST, AT, oin=OIN_CBS)
    assert isinstance(found, Signer)
    assert (found.oin, found.naam, found.pseudoniem) == (OIN_CBS, "CBS", "")
    assert found.vingerafdruk == CERT.fingerprint(hashes.SHA256()).hex()


def test_an_employee_is_known_by_a_pseudonym_alone():
    mdw = Domein("x", Soort.ZEGEL, "Almere", oin_van("0034"), "0034", "j.jansen")
    cert = uitgifte.certificaat(mdw, KEY.public_key(), ISSUER, "mdw-abc")
    found = check_chain(cert, [], TRUST, AT)
    assert (found.oin, found.naam, found.pseudoniem) == (oin_van("0034"), "mdw-abc", "mdw-abc")
    assert b"jansen" not in pem_van(cert) and "jansen" not in cert.subject.rfc4514_string()


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (AT - 9 * DAY, None), (AT - 10 * DAY, Code.NOG_NIET_GELDIG),
        (AT + 9 * DAY, None), (AT + 9 * DAY + timedelta(seconds=1), Code.VERLOPEN),
    ],
)  # fmt: skip
def test_validity_is_that_of_the_moment(at, wanted):
    found = check_chain(leaf(), [], TRUST, at)
    assert (isinstance(found, Signer) and wanted is None) or code(found) == wanted


def test_a_development_certificate_is_valid_from_2015_to_2036():
    for year in (2015, 2016, 2026, 2035):
        assert isinstance(check_chain(CERT, [], TRUST, datetime(year, 6, 1, tzinfo=UTC)), Signer)
    assert code(check_chain(CERT, [], TRUST, datetime(2014, 6, 1, tzinfo=UTC))) == "nog-niet-geldig"
    assert code(check_chain(CERT, [], TRUST, datetime(2036, 6, 1, tzinfo=UTC))) == "verlopen"


def test_revoked_counts_from_its_moment_on():
    rows = [uitgifte.ingetrokken(CERT.serial_number, AT)]
    revoked = trust(uitgifte.intrekkingslijst(ISSUER, 2, AT, rows), *EMPTY)  # the older one too
    assert isinstance(check_chain(CERT, [], revoked, AT - timedelta(seconds=1)), Signer)
    assert code(check_chain(CERT, [], revoked, AT)) == "ingetrokken"
    assert code(check_chain(CERT, [], revoked, AT + DAY)) == "ingetrokken"
    other = uitgifte.certificaat(DOMEIN, KEY.public_key(), ISSUER)
    assert isinstance(check_chain(other, [], revoked, AT + DAY), Signer)


def test_an_issuer_that_was_revoked():
    rows = [uitgifte.ingetrokken(ISSUER.certificate.serial_number, AT)]
    revoked = trust(EMPTY[0], uitgifte.intrekkingslijst(ROOT, 2, AT, rows))
    assert code(check_chain(CERT, [], revoked, AT)) == "ingetrokken"


def test_without_a_list_nobody_knows():
    assert code(check_chain(CERT, [], trust(EMPTY[1]), AT)) == "lijst-verlopen"
    built = x509.CertificateRevocationListBuilder(ISSUER.certificate.subject, AT - DAY, AT)
    short = trust(built.sign(ISSUER.key, hashes.SHA256()), EMPTY[1])
    assert isinstance(check_chain(CERT, [], short, AT), Signer)
    assert code(check_chain(CERT, [], short, AT + DAY)) == "lijst-verlopen"


def test_another_pki_of_the_same_names():
    """All names are equal, the keys are not; its own issuer and root do not help it."""
    root = uitgifte.nieuwe_wortel("a.example")
    issuer = uitgifte.nieuwe_uitgever("a.example", root)
    forged = uitgifte.certificaat(DOMEIN, KEY.public_key(), issuer)
    for tussen in ([], issuer.chain):
        assert code(check_chain(forged, tussen, TRUST, AT)) == "onbekende-uitgever"


def test_a_seal_issues_nothing():
    """A municipality signs a certificate in the name of CBS with its own seal."""
    thief = uitgifte.Uitgever(KEY, (CERT, *ISSUER.chain))
    forged = leaf(issuer=thief, key=uitgifte.nieuwe_sleutel())
    assert code(check_chain(forged, [CERT], TRUST, AT)) == "onbekende-uitgever"


def test_an_issuer_below_the_issuer_is_one_too_many():
    """The issuer's path length is 0."""
    below = uitgifte.nieuwe_uitgever("b.example", ISSUER)
    forged = uitgifte.certificaat(DOMEIN, KEY.public_key(), below)
    assert code(check_chain(forged, below.chain, TRUST, AT)) == "onbekende-uitgever"


def test_an_issuer_is_no_signer():
    assert code(check_chain(ISSUER.certificate, [], TRUST, AT)) == "onbekende-uitgever"


def test_the_chain_alone_is_not_enough():
    """A receipt of CBS that was signed by another party under the same root."""
    other = Domein("zegel-gateway", Soort.ZEGEL, "us", oin_van("999900002"))
    cert = uitgifte.certificaat(other, KEY.public_key(), ISSUER)
    found = check_chain(cert, [], TRUST, AT, oin=OIN_CBS)
    assert code(found) == "verkeerde-oin"
    assert OIN_CBS in found.zin and other.oin in found.zin
    assert code(check_chain(leaf(oin=""), [], TRUST, AT, oin=OIN_CBS)) == "verkeerde-oin"


def test_a_time_stamp_is_no_seal_and_a_seal_no_time_stamp():
    tsa = uitgifte.certificaat(
        Domein("tsa", Soort.TSA, "t", oin_van("1")), KEY.public_key(), ISSUER
    )
    assert code(check_chain(tsa, [], TRUST, AT)) == "verkeerd-doel"
    assert code(check_chain(CERT, [], TRUST, AT, doel=Doel.TIJDSTEMPEL)) == "verkeerd-doel"
    assert isinstance(check_chain(tsa, [], TRUST, AT, doel=Doel.TIJDSTEMPEL), Signer)


def test_what_a_certificate_insists_on_and_we_do_not_understand():
    constraint = x509.NameConstraints([x509.DNSName("x.example")], None)
    assert isinstance(check_chain(leaf(extra=[(constraint, False)]), [], TRUST, AT), Signer)
    assert (
        code(check_chain(leaf(extra=[(constraint, True)]), [], TRUST, AT)) == "onbekende-uitgever"
    )


def test_a_weak_key_counts_for_nothing():
    weak = rsa.generate_private_key(65537, 1024)
    assert code(check_chain(leaf(key=weak), [], TRUST, AT)) == "onbekende-uitgever"
    strong = rsa.generate_private_key(65537, 2048)
    assert isinstance(check_chain(leaf(key=strong), [], TRUST, AT), Signer)


def test_what_is_trusted_must_hold_together():
    with pytest.raises(TrustError, match="no root"):
        Vertrouwen.van_pem([pem_van(ISSUER.certificate, *EMPTY)])
    stranger = uitgifte.nieuwe_uitgever("a.example", uitgifte.nieuwe_wortel("a.example"))
    with pytest.raises(TrustError, match="not signed by an issuer"):
        trust(uitgifte.intrekkingslijst(stranger, 9))
    torn = pem_van(ROOT.certificate)[:200] + pem_van(ROOT.certificate)[260:]
    with pytest.raises(TrustError, match="damaged"):
        Vertrouwen.van_pem([torn])


def test_it_goes_to_another_process_whole():
    again = pickle.loads(pickle.dumps(TRUST))
    assert again == TRUST
    assert isinstance(check_chain(CERT, [], again, AT), Signer)


def test_another_curve_will_do():
    key = ec.generate_private_key(ec.SECP384R1())
    assert isinstance(check_chain(leaf(key=key), [], TRUST, AT), Signer)


@pytest.mark.parametrize("one", list(Code))
def test_every_code_has_its_sentences(one):
    fields = dict.fromkeys(WORDS, "?")
    found = Weigering.om(one, **fields)
    assert found.zin != found.sentence and "{" not in found.zin + found.sentence


def test_an_issuer_with_two_certificates():
    """Renewed under one name and key: whichever comes first, the one that counts is found."""
    keys = ISSUER.key

    def issuer(van, tot):
        subject = ISSUER.certificate.subject
        built = x509.CertificateBuilder(ROOT.certificate.subject, subject, keys.public_key())
        built = built.serial_number(x509.random_serial_number())
        built = built.not_valid_before(van).not_valid_after(tot)
        for one in ISSUER.certificate.extensions:
            built = built.add_extension(one.value, one.critical)
        return built.sign(ROOT.key, hashes.SHA256())

    old = issuer(AT - 90 * DAY, AT - 30 * DAY)
    dead = uitgifte.nieuwe_uitgever("a.example", uitgifte.nieuwe_wortel("b.example")).certificate
    for along in ([old, ISSUER.certificate], [ISSUER.certificate, old], [dead, old], [old] * 80):
        assert isinstance(check_chain(CERT, along, TRUST, AT), Signer)
    only = Vertrouwen.van_pem([pem_van(ROOT.certificate, old, *EMPTY)])
    found = check_chain(CERT, [], only, AT)
    assert isinstance(found, Weigering)
    assert found.code is Code.VERLOPEN


def test_a_fault_of_ours_is_no_unknown_issuer():
    """A moment without a zone is nobody's certificate; it would have been told of the signer."""
    with pytest.raises(ValueError, match="without a zone"):
        check_chain(CERT, [], TRUST, AT.replace(tzinfo=None))


def odd():
    """A stranger's certificate with a name (x400Address) that no library here can read."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, AT - DAY, AT + DAY)
    alternative = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.5.29.17"), bytes.fromhex("3004a3023000")
    )
    return key, builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())


def test_what_no_library_can_read_is_refused_and_ends_nothing():
    """Anybody can make such a certificate: it is an unknown issuer's, in a seal on XML as well."""
    key, certificate = odd()
    said = check_chain(certificate, [], TRUST, AT)
    assert code(said) == Code.ONBEKENDE_UITGEVER
    assert said.zin == (
        "Het certificaat, of een dat erbij zit, is niet te lezen; wie het uitgaf staat niet vast."
    )
    assert "cannot be read" in said.sentence
    sealed = xmlzegel.verzegel(b'<?xml version="1.0" encoding="UTF-8"?>\n<a><b/></a>\n', key,
                               [certificate])  # fmt: skip
    found = xmlzegel.controleer(etree.fromstring(sealed), TRUST, AT, OIN_CBS)
    assert isinstance(found, Weigering)


ONLY_ROOT = Vertrouwen.van_pem([pem_van(ROOT.certificate, EMPTY[1])])
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<a><b/></a>\n'


def changed(der, seed):
    """The same with one to three bytes other than they were."""
    chance, found = random.Random(seed), bytearray(der)
    for _ in range(chance.randint(1, 3)):
        found[chance.randrange(len(found))] ^= chance.randint(1, 255)
    return bytes(found)


@pytest.mark.parametrize("seed", range(0, 300, 60))
@pytest.mark.parametrize("place", [0, 1])
def test_a_certificate_with_odd_bytes_is_refused_by_name(seed, place):
    """As the signer's own, and as its issuer's: in a seal beside a file and in one on XML."""
    der = (CERT, ISSUER.certificate)[place].public_bytes(Encoding.DER)
    belief = (TRUST, ONLY_ROOT)[place]
    p7s = cms.sign(b"x", KEY, CERT, (ISSUER.certificate,), AT)
    sealed = xmlzegel.verzegel(XML, KEY, [CERT, ISSUER.certificate])
    shown = re.findall(rb"X509Certificate>([^<]+)<", sealed)
    for one in range(seed, seed + 60):
        other = changed(der, one)
        try:
            found = zegel.check(p7s.replace(der, other), sha256(b"x").hexdigest(), b"x", belief, AT)
        except cms.CmsError as error:
            assert str(error)
        else:
            assert code(found)
        root = etree.fromstring(sealed.replace(shown[place], b64encode(other)))
        assert code(xmlzegel.controleer(root, belief, AT, OIN_CBS))


@pytest.mark.parametrize("seed", range(0, 600, 100))
def test_a_trusted_certificate_with_odd_bytes_is_an_error_of_its_file(seed):
    """It is named as damaged; or it can be read, and leads nobody to the root."""
    der = ISSUER.certificate.public_bytes(Encoding.DER)
    for one in range(seed, seed + 100):
        body = encodebytes(changed(der, one))
        pem = b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"
        try:
            belief = Vertrouwen.van_pem([ONLY_ROOT.pem, pem])
        except TrustError as error:
            assert "is damaged" in error.sentence
        else:
            assert code(check_chain(CERT, [], belief, AT))


def test_an_odd_certificate_among_those_that_are_trusted_ends_nothing():
    """Of a version that there is not: damaged. With a name that no library reads: no issuer."""
    der = ISSUER.certificate.public_bytes(Encoding.DER)
    body = encodebytes(der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020114"), 1))
    pem = b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"
    with pytest.raises(TrustError, match="is damaged"):
        Vertrouwen.van_pem([TRUST.pem, pem])
    belief = Vertrouwen.van_pem([TRUST.pem, pem_van(odd()[1])])
    assert isinstance(check_chain(CERT, [], belief, AT), Signer)
