# SPDX-License-Identifier: EUPL-1.2
"""A login, and the record for the receiver, by the commands of README.txt."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.binding import verklaring
from gateway.evidence.bundle import make
from gateway.evidence.wish import Wish
from gateway.outside import ensure_policy
from gateway.testing import Keten
from gateway.trust.domeinen import oin_van
from gateway.trust.sleutels import seal_van
from tests.flow.bewijs import members, now, resealed
from tests.flow.test_eherkenning import Forge, drop
from tests.onafhankelijk.schil import MISSING, SCRIPT, check, unpacked

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")

NAME = 'OPTIN_H22025_é€😀 & "zo".xml'
MEMBER = "binding/eherkenning.json"
LEAF_SAYS_SO = SCRIPT.read_text("utf-8").replace("genoemd() {", "genoemd() { return 0; ")
"""As if the leaf named it: the gateway writes the leaves too."""


class Ingelogd(NamedTuple):
    """A bundle with a login, what its readers trust, and who can sign for the broker."""

    whole: bytes
    trust: Path
    forge: Forge
    seal: object


@pytest.fixture(scope="module")
def ingelogd(tmp_path_factory):
    """Under a name that JSON and XML must both escape, and that is not ASCII."""
    with Keten(tmp_path_factory.mktemp("login")) as keten:
        keten.turn(datetime.now(UTC))
        forge = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        drop(keten, forge.sign(forge.said(name=NAME)), name=NAME)
    trust = Path(keten.location.state) / "vertrouwen"
    ensure_policy(keten.location, "knooppunt.example/audit-2026")
    known = {"uitgever": keten.config.eherkenning.uitgever, "client": "knooppunt"}
    plain = {"versie": 1, "inlogdiensten": [known], "namen": {}, "oins": {}}
    if not (trust / "deelnemers.json").exists():
        (trust / "deelnemers.json").write_text(json.dumps(plain, indent=1) + "\n")
    seal = seal_van(keten.location.state, keten.config, "zegel-gateway")
    return Ingelogd(make(keten.location, Wish(NAME, content=True)).content, trust, forge, seal)


def test_a_login_over_the_manifest(ingelogd, tmp_path):
    """Whose, for which municipality, at which level; and the record that its receiver got."""
    said = check(unpacked(ingelogd.whole, tmp_path / "bundel"), ingelogd.trust, "15")
    assert said.code == 0, said.text
    assert f"ingelogd als {ingelogd.forge.pseudonym()}, OIN {oin_van('0363')}" in said.text
    assert "FOUT" not in said.text


def other(ingelogd, tmp_path, assertion):
    """The bundle with another assertion, sealed by the gateway, whose leaf names it."""
    found = members(ingelogd.whole)
    found[MEMBER] = assertion
    folder = unpacked(resealed(found, ingelogd.seal, now()), tmp_path / "bundel")
    return check(folder, ingelogd.trust, script=LEAF_SAYS_SO)


WRONG = {
    "iss": ("https://evil.example", "een andere inlogdienst"),
    "aud": ("iets-anders", "een andere inlogdienst"),
    "nonce": ("c1:anders", "een ander manifest"),
    "LegalSubjectID": (oin_van("0034"), f"voor OIN {oin_van('0034')}, niet voor"),
    "acr": ("urn:etoegang:core:assurance-class:loa4", "een ander betrouwbaarheidsniveau"),
    "auth_time": (1, "niet van de tijd"),
    "exp": (1, "niet opnieuw ingelogd"),
}


@pytest.mark.parametrize("claim", WRONG)
def test_a_login_that_the_broker_signed_for_something_else(ingelogd, tmp_path, claim):
    """Its signature is right; what it says is not about this delivery."""
    value, word = WRONG[claim]
    forge = ingelogd.forge
    said = other(ingelogd, tmp_path, forge.sign(forge.said(name=NAME), **{claim: value}))
    assert said.fault[0] == "binding", said.text
    assert word in said.fault[1]


def test_a_manifest_of_another_delivery(ingelogd, tmp_path):
    """Other bytes, another name, another municipality: each signed as it stands."""
    forge = ingelogd.forge
    for more in ({"content": b"anders"}, {"name": "ANDERS.xml"}, {"code": "0034"}):
        said = other(
            ingelogd, tmp_path / next(iter(more)), forge.sign(forge.said(**{"name": NAME, **more}))
        )
        assert said.fault[0] == "binding", said.text
        assert "noemt dit bestand of deze gemeente niet" in said.fault[1]


def test_a_token_that_the_broker_did_not_sign(ingelogd, tmp_path):
    """By the gateway's own key; and a right one with another salt."""
    from joserfc.jwk import ECKey

    from gateway.trust.uitgifte import sleutel_pem

    forge = ingelogd.forge
    key = ECKey.import_key(sleutel_pem(ingelogd.seal.key))
    said = other(ingelogd, tmp_path / "a", forge.sign(forge.said(name=NAME), key=key))
    assert "niet ondertekend door de inlogdienst" in said.fault[1], said.text
    found = verklaring.read(members(ingelogd.whole)[MEMBER])
    moved = verklaring.Verklaring(found.manifest, b"y" * 32, found.id_token)
    said = other(ingelogd, tmp_path / "b", verklaring.build(moved))
    assert "over een ander manifest" in said.fault[1], said.text


def test_an_assertion_that_the_leaf_does_not_name(ingelogd, tmp_path):
    """A right one, made again."""
    found = members(ingelogd.whole)
    found[MEMBER] = ingelogd.forge.sign(ingelogd.forge.said(name=NAME))
    said = check(
        unpacked(resealed(found, ingelogd.seal, now()), tmp_path / "bundel"), ingelogd.trust
    )
    assert said.fault[0] == "binding"
    assert "noemt een andere inlogverklaring" in said.fault[1]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b">coordinator<", b">j.burgemeester<", "id is niet wat"),
        (b"&amp;", b"en", "oorspronkelijkeNaam is niet wat"),
        (b"<mg:omvang>", b"<mg:omvang>1", "gaat over een ander bericht"),
        (b"<kb:verklaring>", b"<kb:verklaring>AAAA", "een andere inlogverklaring"),
        (b"<mg:bestand>", b"<!--<mg:bestand>-->", "commentaar"),
    ],
)
def test_a_record_that_says_something_else(ingelogd, tmp_path, old, new, word):
    """Metagegevens with another user, file or binding than the leaves have."""
    found, path = members(ingelogd.whole), "metagegevens/metagegevens.xml"
    assert old in found[path]
    found[path] = found[path].replace(old, new, 1)
    folder = unpacked(resealed(found, ingelogd.seal, now()), tmp_path / "bundel")
    said = check(folder, ingelogd.trust)
    assert said.fault[0] == "metagegevens", said.text
    assert word in said.fault[1]
