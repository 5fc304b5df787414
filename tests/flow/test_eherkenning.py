# SPDX-License-Identifier: EUPL-1.2
"""Handing in with a login that signs the manifest: the broker, its client, and who forges."""

import hashlib
import hmac
import json
import re
import shutil
import socket
import threading
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import httpx
import jsonschema
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey

import envelopes
from gateway.backup import backup, restore
from gateway.binding import client, manifest, verklaring
from gateway.binding.login import LoginError, log_in
from gateway.errors import TrustError
from gateway.setup import shipped_config
from gateway.testing import Keten
from gateway.trust.domeinen import oin_van
from gateway.trust.sleutels import lees_pseudoniemen, seal_van
from gateway.trust.uitgifte import sleutel_pem
from tests.flow.test_binding import OPTIN, leaves
from tests.flow.test_decisions import besluit

SHIPPED = shipped_config().decode()
SESSIE = SHIPPED.replace("    binding: sterk", "    binding: sessie")
NAME = "OPTIN_H22025.xml"
SALT = b"z" * 32


class Forge:
    """Makes assertions for a chain: right ones, unless told what is to be wrong."""

    def __init__(self, keten):
        self.keten = keten
        keten.make_keys()
        key = seal_van(keten.location.state, keten.config, "idp").key
        self.key = ECKey.import_key(sleutel_pem(key))

    def pseudonym(self, code="0363", user="coordinator"):
        """Of an employee."""
        known = lees_pseudoniemen(self.keten.location.state)
        return next(key for key, who in known.items() if who == (code, user))

    def claims(self, said, **wrong):
        """What a token over this manifest says, and what of it is to be otherwise."""
        now = int(time.time())
        right = {
            "iss": self.keten.config.eherkenning.uitgever, "aud": "knooppunt", "sub": "x",
            "iat": now, "auth_time": now, "exp": now + 600, "nonce": said.nonce,
            "acr": "urn:etoegang:core:assurance-class:loa3",
            "ActingSubjectID": self.pseudonym(), "LegalSubjectID": oin_van("0363"),
        }  # fmt: skip
        found = right | wrong
        return {name: value for name, value in found.items() if value is not None}

    def said(self, content=OPTIN, name=NAME, code="0363", salt=SALT):
        """A manifest and its salt, not signed yet."""
        listed = manifest.Listed(name, len(content), hashlib.sha256(content).hexdigest())
        made = manifest.build(manifest.Manifest(code, (listed,), "2026-02-02T09:00:00Z"))
        return verklaring.Verklaring(made, salt, "")

    def sign(self, said, key=None, header=None, **wrong):
        """The assertion over it, as it lies beside the file."""
        header = header or {"alg": "ES256", "kid": self.key.thumbprint()}
        token = jwt.encode(header, self.claims(said, **wrong), key or self.key,
                           algorithms=[header["alg"]])  # fmt: skip
        return self.whole(said, token)

    def whole(self, said, token):
        """The same, with this token."""
        return verklaring.build(verklaring.Verklaring(said.manifest, said.salt, token))


@pytest.fixture
def forge(tmp_path):
    """A chain whose coordinator may hand in."""
    with Keten(tmp_path) as keten:
        made = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        yield made


def drop(keten, assertion, content=OPTIN, name=NAME):
    keten.drop("0363", f"{name}.eh.json", assertion)
    keten.drop("0363", name, content)
    keten.settle()


def eh_refused(forge, code, assertion, content=OPTIN):
    """Refused for this, with a leaf; file and assertion lie in quarantine."""
    keten = forge.keten
    drop(keten, assertion, content)
    assert keten.received("besluit") == []
    text = keten.notices("0363", "weigering")[-1]
    assert f"Code:                {code}\n" in text, text
    assert leaves(keten, "A.2")[-1]["result"] == code
    there = {one.name for one in keten.quarantine()[-1].iterdir()}
    assert there == {NAME, f"{NAME}.eh.json", "reden.txt"}
    return text


def test_a_login_that_signs_the_manifest_binds_its_user(forge):
    """Who, how surely and by what: in metagegevens, leaf and receipt."""
    assertion = forge.sign(forge.said())
    drop(forge.keten, assertion)
    [received] = forge.keten.received("besluit")
    record = received.metagegevens
    assert envelopes.read_binding(record.binding) == ("eherkenning", assertion)
    assert (record.gebruiker.id, record.gebruiker.herkomst) == ("coordinator", "eherkenning")
    assert record.gebruiker.betrouwbaarheidsniveau.endswith(":loa3")
    [leaf] = leaves(forge.keten, "A.1")
    assert (leaf["auth"], leaf["loa"]) == ("idp-bound", "loa3")
    assert leaf["evidence"] == [f"eherkenning:{hashlib.sha256(assertion).hexdigest()}"]
    assert "ondertekend met eHerkenning" in forge.keten.notices("0363", "ontvangst")[0]


HOUR = 3600
WRONG = {
    "another audience": ("andere-ontvanger", {"aud": "een-ander"}),
    "several audiences": ("andere-ontvanger", {"aud": ["knooppunt", "een-ander"]}),
    "another issuer": ("onbekende-uitgever", {"iss": "http://127.0.0.1:1"}),
    "level 2": ("niveau-te-laag", {"acr": "urn:etoegang:core:assurance-class:loa2"}),
    "level 2 plus": ("niveau-te-laag", {"acr": "urn:etoegang:core:assurance-class:loa2plus"}),
    "no level": ("niveau-te-laag", {"acr": None}),
    "a level of somebody's own": ("niveau-te-laag", {"acr": "loa4"}),
    "another nonce": ("manifest-niet-ondertekend", {"nonce": "c1:other"}),
    "no nonce": ("manifest-niet-ondertekend", {"nonce": None}),
    "another municipality": ("verkeerde-oin", {"LegalSubjectID": oin_van("0034")}),
    "nobody's OIN": ("verkeerde-oin", {"LegalSubjectID": "00000000000000000000"}),
    "nobody": ("onbekende-medewerker", {"ActingSubjectID": "mdw-onbekend"}),
    "no person": ("verklaring-onleesbaar", {"ActingSubjectID": None}),
    "no times": ("verklaring-onleesbaar", {"auth_time": None}),
    "a time in words": ("verklaring-onleesbaar", {"iat": "nu"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_token_that_says_otherwise_is_refused(forge, what):
    """Signed by the broker, and not for this."""
    code, wrong = WRONG[what]
    eh_refused(forge, code, forge.sign(forge.said(), **wrong))


@pytest.mark.parametrize(
    ("code", "iat", "auth_time"),
    [("verlopen", -HOUR, -HOUR), ("verlopen", 0, -HOUR), ("nog-niet-geldig", HOUR, 0),
     ("nog-niet-geldig", 0, HOUR), ("niet-opnieuw-ingelogd", 0, -300)],
)  # fmt: skip
def test_a_login_of_another_time_is_refused(forge, code, iat, auth_time):
    """Too long ago, later than now, or one of before for which nobody logged in anew."""
    now = int(time.time())
    times = {"iat": now + iat, "auth_time": now + auth_time, "exp": now + iat + 600}
    eh_refused(forge, code, forge.sign(forge.said(), **times))


def test_a_token_of_another_key_is_refused(forge):
    """Also when it says to be of the broker's."""
    said, other = forge.said(), ECKey.generate_key("P-256")
    for kid in (other.thumbprint(), forge.key.thumbprint()):
        signed = forge.sign(said, key=other, header={"alg": "ES256", "kid": kid})
        eh_refused(forge, "handtekening-onjuist", signed)


def test_a_token_without_signature_or_with_the_public_key_as_a_secret_is_refused(forge):
    """Alg none, and HS256 with what everybody knows."""
    said = forge.said()

    def part(one):
        return urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode()

    none = f"{part({'alg': 'none'})}.{part(forge.claims(said))}."
    eh_refused(forge, "handtekening-onjuist", forge.whole(said, none))
    head = part({"alg": "HS256", "kid": forge.key.thumbprint()})
    signed = f"{head}.{part(forge.claims(said))}"
    mac = hmac.new(forge.key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    eh_refused(forge, "handtekening-onjuist", forge.whole(said, token))


def test_other_bytes_or_another_delivery_than_was_signed_is_refused(forge):
    """The manifest lists this file, with these bytes, for this municipality."""
    eh_refused(forge, "andere-bytes", forge.sign(forge.said()), OPTIN + b"\n")
    eh_refused(forge, "andere-levering", forge.sign(forge.said(name="OPTOUT_H22025.xml")))
    eh_refused(forge, "andere-levering", forge.sign(forge.said(code="0034")))
    other = forge.said(b"something else")
    swapped = verklaring.read(forge.sign(other))
    mixed = forge.whole(forge.said(), swapped.id_token)
    eh_refused(forge, "manifest-niet-ondertekend", mixed)


def test_a_login_stays_used_after_a_restore(tmp_path):
    """Used after the backup, for this file: for another file of its manifest it still counts."""
    two = {NAME: OPTIN, "OPTOUT_H22025.xml": besluit("opt-out")}
    listed = [manifest.Listed(name, len(one), hashlib.sha256(one).hexdigest())
              for name, one in two.items()]  # fmt: skip
    made = manifest.build(manifest.Manifest("0363", tuple(listed), "2026-02-02T09:00:00Z"))
    back, folder = str(tmp_path / "backup"), tmp_path / "keten"
    with Keten(folder) as keten:
        forge = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        backup(keten.location, back, keys=False)
        assertion = forge.sign(verklaring.Verklaring(made, SALT, ""))
        drop(keten, assertion)
        assert len(keten.empty_receivers()) == 2
    restore(keten.location, keten.config, back, since=None, go_on=True, log_lost=False)
    shutil.rmtree(folder / "folders/gemeenten/0363/verzonden")  # its owner took them away
    with Keten(folder, seed=7) as forge.keten:
        eh_refused(forge, "al-gebruikt", assertion)
        drop(forge.keten, assertion, two["OPTOUT_H22025.xml"], "OPTOUT_H22025.xml")
        assert len(forge.keten.received("besluit")) == 1


def test_a_login_is_used_once(forge):
    """The same again is a replay; it survives a restart."""
    assertion = forge.sign(forge.said())
    drop(forge.keten, assertion)
    assert len(forge.keten.empty_receivers()) == 2
    forge.keten.restart()
    eh_refused(forge, "al-gebruikt", assertion)
    # The token in another assertion: its nonce is still that of this manifest and this salt.
    again = forge.sign(forge.said(), sub="y")
    eh_refused(forge, "al-gebruikt", again)


@pytest.mark.parametrize(
    "assertion",
    [b"{", b"{}", b"[1]", b'{"versie": 1, "manifest": "", "salt": "", "id_token": ""}',
     b"{" + b"[" * 9000, b"{" + b" " * 40_000],
)  # fmt: skip
def test_what_is_no_assertion_is_refused(forge, assertion):
    """And nothing breaks."""
    drop(forge.keten, assertion)
    [text] = forge.keten.notices("0363", "weigering")
    assert "onleesbaar" in text


# --- the keys of the broker -----------------------------------------------------------------------


def jwks(forge):
    return forge.keten.folder / "folders" / ".state" / "vertrouwen" / "idp.jwks"


def wrong_keys(text):
    """Whole families of what is no set of keys that a login can be signed with."""
    key = json.loads(text)["keys"][0]
    other = {"kty": {"kty": "XX"}, "curve": {"crv": "P-1"}, "point": {"x": key["y"]},
             "base64": {"x": "é"}, "number": {"x": 5}, "list": {"kty": [1]}}  # fmt: skip
    found = {name: json.dumps({"keys": [key | one]}) for name, one in other.items()}
    p521 = ECKey.generate_key("P-521").as_dict(private=False)
    found |= {"curve of another signature": json.dumps({"keys": [p521]})}
    return found | {"cut": text[:-9], "empty": "", "no keys": "{}", "null": "null", "none": "[1]"}


def test_keys_that_are_damaged_are_not_blamed_on_who_logged_in(forge):
    """What was read counts as long as the gateway runs; a start names the file; init mends it."""
    path = jwks(forge)
    whole = path.read_text()
    for name, text in wrong_keys(whole).items():
        with pytest.raises(TrustError, match=r"idp\.jwks is damaged") as caught:
            verklaring.read_jwks(text.encode(), str(path))
        assert "knooppunt init" in caught.value.hint, name
    path.write_text(whole[:-9])
    forge.keten._chain._trust_due = 0.0
    drop(forge.keten, forge.sign(forge.said()))
    assert len(forge.keten.received("besluit")) == 1
    with pytest.raises(TrustError, match=re.escape(str(path))):
        Keten(forge.keten.folder)
    forge.keten.make_keys()
    assert path.read_text() == whole
    forge.keten.restart()


def test_without_keys_of_the_broker_nobody_is_blamed(forge):
    """A login cannot be judged: that is for who runs the gateway."""
    jwks(forge).unlink()
    forge.keten.restart()
    assertion = forge.sign(forge.said())
    assert "Dit ligt niet aan u" in eh_refused(forge, "vertrouwen-ontbreekt", assertion)


# --- a session ------------------------------------------------------------------------------------


def test_a_session_suffices_only_where_it_is_configured(tmp_path):
    """At level 3, marked as the weak binding that it is; not at level 2."""
    with Keten(tmp_path, config=SESSIE) as keten:
        forge = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        low = forge.sign(forge.said(), nonce="x", acr="urn:etoegang:core:assurance-class:loa2")
        eh_refused(forge, "niveau-te-laag", low)
        earlier = int(time.time()) - 50 * 60
        drop(keten, forge.sign(forge.said(), nonce="x", auth_time=earlier))
        [received] = keten.received("besluit")
        assert received.metagegevens.gebruiker.herkomst == "eherkenning"
        [text] = keten.notices("0363", "ontvangst")
        assert "zwakke binding: wel ingelogd, maar het bestand is niet ondertekend" in text
        assert leaves(keten, "A.1")[0]["auth"] == "session"
        keten.drop_sealed("0363", "OPTOUT_H22025.xml", OPTIN)
        keten.settle()
        assert len(keten.received("besluit")) == 2


# --- the broker itself ----------------------------------------------------------------------------


@pytest.fixture
def broker(forge):
    """The broker of that chain, answering on a port of its own."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    made = client.broker(forge.keten.location, issuer)
    config = uvicorn.Config(made.app(), "127.0.0.1", port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield issuer
    server.should_exit = True
    thread.join()


def reissued(forge, issuer):
    forge.keten.reconfigure(SHIPPED + f"\neherkenning: {{uitgever: '{issuer}'}}\n")


def test_a_user_logs_in_and_hands_in_by_the_command_line_client(forge, broker, tmp_path):
    """Knooppunt deliver, against the real provider over HTTP."""
    reissued(forge, broker)
    file = tmp_path / "hier" / NAME
    file.parent.mkdir()
    file.write_bytes(OPTIN)
    client.deliver(forge.keten.location, str(file), "0363", "coordinator")
    forge.keten.settle()
    [received] = forge.keten.received("besluit")
    said = json.loads(envelopes.read_binding(received.metagegevens.binding).inhoud)
    assert "audit-20" in json.loads(said["manifest"])["checkpoint"]
    schemas = Path(__file__).parents[2] / "docs" / "schemas"
    for name, one in (("verklaring", said), ("leveringsmanifest", json.loads(said["manifest"]))):
        schema = json.loads((schemas / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(one)
    assert leaves(forge.keten, "A.1")[0]["auth"] == "idp-bound"


def test_the_broker_lets_nobody_in_whom_it_does_not_know(forge, broker):
    """Nor another client."""
    for user, who in (("0363/niemand", "knooppunt"), ("0363/coordinator", "een-ander")):
        with pytest.raises(LoginError, match="refused"):
            log_in(broker, who, user, "n", b"s" * 32, "t")


def ask(broker, **other):
    query = {
        "response_type": "code", "client_id": "knooppunt", "scope": "openid", "state": "t",
        "redirect_uri": "http://127.0.0.1/terug", "nonce": "n", "prompt": "login",
        "code_challenge": urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode()[:43],
        "code_challenge_method": "S256", **other,
    }  # fmt: skip
    return httpx.get(f"{broker}/inloggen", params={k: v for k, v in query.items() if v})


def test_the_broker_refuses_what_the_profile_forbids(broker):
    """Without PKCE or nonce, to an address elsewhere, from another host's name; a code once."""
    assert "error=invalid_request" in ask(broker, code_challenge_method="plain").headers["location"]
    assert "error=invalid_request" in ask(broker, nonce="").headers["location"]
    assert "error=login_required" in ask(broker, prompt="none").headers["location"]
    assert ask(broker, redirect_uri="http://example.org/").status_code == 400
    assert httpx.get(f"{broker}/jwks", headers={"Host": "example.org"}).status_code == 400
    page = ask(broker).text
    number = page.partition('name="verzoek" value="')[2].partition('"')[0]
    form = {"verzoek": number, "gebruiker": "0363/coordinator"}
    back = httpx.post(f"{broker}/ingelogd", data=form)
    code = back.headers["location"].partition("code=")[2].partition("&")[0]
    assert httpx.post(f"{broker}/ingelogd", data=form).status_code == 400
    grant = {"grant_type": "authorization_code", "code": code, "client_id": "knooppunt",
             "redirect_uri": "http://127.0.0.1/terug", "code_verifier": "w" * 43}  # fmt: skip
    for _ in range(2):  # the wrong verifier; and that was the code's only use
        answer = httpx.post(f"{broker}/token", data=grant)
        assert answer.json() == {"error": "invalid_grant"}
        grant["code_verifier"] = "v" * 43


def test_a_session_at_the_broker_is_not_enough_where_a_new_login_is_asked(broker):
    """prompt=login shows the page to whoever is logged in already; without it he passes."""
    with httpx.Client() as http:
        page = http.get(ask(broker).url).text
        number = page.partition('name="verzoek" value="')[2].partition('"')[0]
        http.post(f"{broker}/ingelogd", data={"verzoek": number, "gebruiker": "0363/coordinator"})
        assert http.get(ask(broker).url).status_code == 200
        assert "code=" in http.get(ask(broker, prompt="").url).headers["location"]


def test_the_keys_that_the_broker_shows_are_those_that_the_gateway_believes(forge, broker):
    """Jwks over HTTP and in what init published."""
    shown = httpx.get(f"{broker}/jwks").json()["keys"]
    path = forge.keten.folder / "folders" / ".state" / "vertrouwen" / "idp.jwks"
    kept = json.loads(path.read_text())["keys"]
    assert [one["kid"] for one in shown] == [one["kid"] for one in kept]
    assert all("d" not in one for one in shown)
    found = httpx.get(f"{broker}/.well-known/openid-configuration").json()
    assert found["issuer"] == broker
