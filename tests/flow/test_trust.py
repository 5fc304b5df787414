# SPDX-License-Identifier: EUPL-1.2
"""The trust domains of a chain: made once, kept apart, and none needed but the gateway's own."""

import json
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    pkcs12,
)

from gateway.errors import TrustError
from gateway.location import read_config
from gateway.trust import uitgifte
from gateway.trust.domeinen import (
    CBS,
    GATEWAY,
    OIN_CBS,
    Domein,
    Soort,
    domeinen,
    medewerker_van,
    partij_van,
)
from gateway.trust.ketting import Signer, check_chain, pem_van
from gateway.trust.sleutels import (
    lees_pseudoniemen,
    lees_vertrouwen,
    load_ed25519,
    load_seal,
    seal_van,
    sleutelmap,
)
from tests.flow.conftest import KNOOPPUNT

AT = datetime(2026, 2, 2, tzinfo=UTC)
OTHER_USER = 65534
WITHOUT = "-dac_override,-dac_read_search"
MEDEWERKER = "zegel-medewerker-0363-coordinator"
OURS = {"log", GATEWAY}
SECRET = "geheim-w8woord"


@pytest.fixture
def state(knooppunt):
    return knooppunt.folders / ".state"


def config_of(knooppunt):
    return read_config(str(knooppunt.folder / "config.yaml"))


def everything(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# --- what init makes ------------------------------------------------------------------------------


def test_each_domain_has_a_key_of_its_own_behind_its_own_door(knooppunt, state):
    wanted = {one.naam for one in domeinen(config_of(knooppunt))}
    assert {"log", GATEWAY, CBS, "idp", "tsa", "getuige-cbs", "getuige-gemeente"} < wanted
    assert {"zegel-gemeente-0363", MEDEWERKER, "zegel-gemeente-1701"} < wanted
    made = {path.name for path in (state / "keys").iterdir()}
    assert made == {Path(sleutelmap(str(state), one)).name for one in wanted} | {"ca"}
    assert len(made) == len(wanted) + 1
    assert not [one for one in made if "coordinator" in one]
    for folder in (state / "keys").iterdir():
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
        for path in folder.iterdir():
            public = path.name == "crl.pem"
            assert stat.S_IMODE(path.stat().st_mode) == (0o644 if public else 0o600), path
    keys = [path.read_bytes().partition(b"-----END PRIVATE")[0]
            for path in (state / "keys").glob("*/*") if path.name != "crl.pem"]  # fmt: skip
    assert len(set(keys)) == len(wanted) + 2  # the root and the issuer
    assert not [
        path for path in (state / "vertrouwen").iterdir() if b"PRIVATE" in path.read_bytes()
    ]


def test_each_seal_is_of_whom_it_should_be(knooppunt, state):
    config = config_of(knooppunt)
    trust, known = lees_vertrouwen(str(state), config), lees_pseudoniemen(str(state))
    for one in domeinen(config):
        if one.soort is not Soort.ZEGEL:
            continue
        seal = load_seal(sleutelmap(str(state), one.naam))
        found = check_chain(seal.certificate, seal.chain, trust, AT, oin=one.oin)
        assert isinstance(found, Signer)
        assert (partij_van(config, found) or "") == one.gemeentecode
        who = medewerker_van(found, known)
        assert (who.gebruiker if who else "") == one.gebruiker
    assert load_ed25519(sleutelmap(str(state), "getuige-cbs"))


def test_no_name_of_an_employee_is_public(knooppunt, state):
    shown = everything(state / "vertrouwen") | everything(state / "audit")
    assert not [path for path in shown if "coordinator" in path.name]
    assert not [path for path, content in shown.items() if b"coordinator" in content]
    assert stat.S_IMODE((state / "pseudoniemen.json").stat().st_mode) == 0o600


def test_init_makes_nothing_twice_and_completes_what_is_missing(knooppunt, state):
    before = everything(state / "keys") | everything(state / "vertrouwen")
    (state / "vertrouwen" / "zegel-cbs.pem").unlink()
    (state / "vertrouwen" / "crl.pem").unlink()
    (state / "vertrouwen" / "idp.jwks").unlink()
    knooppunt("init")
    assert everything(state / "keys") | everything(state / "vertrouwen") == before
    knooppunt.configure(('  "1701"', '  "0599": {medewerkers: [j.jansen, coordinator]}\n  "1701"'))
    knooppunt("init")
    new = {p.name for p in (state / "keys").iterdir()} - {p.parent.name for p in before}
    domains = ("zegel-gemeente-0599", "zegel-medewerker-0599-j.jansen",
               "zegel-medewerker-0599-coordinator")  # fmt: skip
    assert new == {Path(sleutelmap(str(state), one)).name for one in domains}
    assert len(new) == 3 and not [one for one in new if "jansen" in one]
    after = everything(state / "keys") | everything(state / "vertrouwen")
    known = state / "vertrouwen" / "deelnemers.json"  # it names the new party too
    assert b'"0599"' in after.pop(known)
    before.pop(known)
    assert before.items() <= after.items()


def test_a_key_that_was_taken_elsewhere_is_not_made_again(knooppunt, state):
    """Also when the issuer's is gone: then a new party is told to be without."""
    for name in (CBS, MEDEWERKER, "getuige-cbs", "ca"):
        shutil.move(sleutelmap(str(state), name), knooppunt.folder / name)
    knooppunt.configure(('  "1701"', '  "0599": {medewerkers: []}\n  "1701"'))
    said = knooppunt("init").stdout
    assert "MISSING zegel-gemeente-0599" in said
    assert not (state / "keys" / CBS).exists() and not (state / "keys" / "ca").exists()
    row = {one["domein"]: one for one in knooppunt.json("keys", "list")["domeinen"]}
    assert (row[CBS]["sleutel"], row["log"]["sleutel"]) == ("elders", "hier")
    assert row["zegel-gemeente-0599"]["serienummer"] is None


def test_nobody_gets_a_second_pseudonym_because_the_first_was_lost(knooppunt, state):
    """Who is who stands in one file: without it init makes nothing, and says what to do."""
    (state / "pseudoniemen.json").rename(knooppunt.folder / "weg")
    before = everything(state)
    assert "put it back from a backup" in knooppunt("init", code=2).stderr
    assert everything(state) == before
    (knooppunt.folder / "weg").rename(state / "pseudoniemen.json")
    knooppunt("init")


def test_openssl_believes_it_too(knooppunt, state):
    """Chain, lists, purpose and moment, by a tool that is not ours."""
    public = state / "vertrouwen"

    def verify(*words, code=0):
        done = subprocess.run(
            ["openssl", "verify", "-CAfile", "root.pem", "-untrusted", "intermediate.pem",
             "-CRLfile", "crl.pem", "-crl_check_all", *words],
            cwd=public, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode != 0) == code, (words, done)
        return done.stdout + done.stderr

    seals = [path.name for path in public.glob("zegel-*.pem")]
    assert len(seals) == 8
    for moment in ("1464739200", "1770000000"):  # 2016, 2026
        verify("-attime", moment, *seals, "idp.pem")
    verify("-purpose", "timestampsign", "tsa.pem")
    assert "unsuitable" in verify("-purpose", "timestampsign", "zegel-cbs.pem", code=1)
    assert "expired" in verify("-attime", "2100000000", "zegel-cbs.pem", code=1)
    tsa = x509.load_pem_x509_certificate((public / "tsa.pem").read_bytes())
    assert tsa.extensions.get_extension_for_class(x509.ExtendedKeyUsage).critical
    knooppunt("keys", "revoke", CBS)
    assert "revoked" in verify("zegel-cbs.pem", code=1)
    verify("zegel-gateway.pem")


# --- kept apart -----------------------------------------------------------------------------------


def test_the_gateway_runs_without_the_keys_of_others(knooppunt, state):
    """Another user has them, 0700: a full round, a restart, and the log's key changed.

    The gateway's user has no power over permissions, as any but root; the kernel refuses it the
    other keys, which is shown first. So what passes did not need them.
    """
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can give keys to another user, and needs setpriv to be as others")
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 0"))
    knooppunt.drop("0363", "WMO_H22025.csv", b"a;b\n")
    others = [path for path in (state / "keys").iterdir() if path.name not in OURS]
    assert len(others) == 12
    for folder in others:
        for path in (folder, *folder.iterdir()):
            os.chown(path, OTHER_USER, OTHER_USER)

    def as_gateway(*words, code=0):
        done = subprocess.run(
            ["setpriv", "--inh-caps", WITHOUT, "--bounding-set", WITHOUT, *words],
            cwd=knooppunt.folder, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    def command(*words):
        return as_gateway(KNOOPPUNT, *words)

    for folder in others:
        as_gateway("test", "!", "-r", str(folder / "sleutel.pem"))
        as_gateway("ls", str(folder), code=2)
    command("run", "--once")
    assert (knooppunt.folders / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv").read_bytes() == b"a;b\n"
    assert json.loads(command("audit", "verify", "--json"))["ok"]
    command("keys", "rotate", "log")
    command("keys", "rotate", "log", "--finish")
    command("init")
    command("run", "--once")
    assert json.loads(command("audit", "verify", "--json"))["ok"]
    rows = json.loads(command("keys", "list", "--json"))["domeinen"]
    assert {one["domein"] for one in rows if one["sleutel"] == "hier"} == OURS
    seal = "import sys; from gateway.trust.sleutels import load_seal; load_seal(sys.argv[1])"
    as_gateway(sys.executable, "-c", seal, str(state / "keys" / GATEWAY))
    as_gateway(sys.executable, "-c", seal, str(state / "keys" / CBS), code=1)


# --- keys of one's own ----------------------------------------------------------------------------


def own_seal(oin=OIN_CBS):
    """A seal of another PKI, and the texts of that PKI."""
    root = uitgifte.nieuwe_wortel("pki.example")
    issuer = uitgifte.nieuwe_uitgever("pki.example", root)
    key = uitgifte.nieuwe_sleutel()
    cert = uitgifte.certificaat(Domein(CBS, Soort.ZEGEL, "CBS", oin), key.public_key(), issuer)
    lists = [uitgifte.intrekkingslijst(one, 1) for one in (issuer, root)]
    return key, cert, issuer, pem_van(root.certificate, issuer.certificate, *lists)


def encrypted(key):
    how = BestAvailableEncryption(SECRET.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def configured(knooppunt, *lines):
    path = knooppunt.folder / "config.yaml"
    text = path.read_text("utf-8").partition("\nsleutels:")[0]
    path.write_text(text + "\nsleutels:\n  zegel-cbs:\n" + "".join(f"    {one}\n" for one in lines)
                    + "vertrouwen: [eigen-pki.pem]\n", "utf-8")  # fmt: skip
    return config_of(knooppunt)


@pytest.mark.parametrize("how", ["pem", "two files", "pkcs12", "variable"])
def test_a_key_of_ones_own(knooppunt, state, monkeypatch, how):
    key, cert, issuer, pki = own_seal()
    here = knooppunt.folder
    (here / "eigen-pki.pem").write_bytes(pki)
    (here / "woord").write_text(f"{SECRET}\n")
    (here / "keten.pem").write_bytes(pem_van(issuer.certificate, cert))
    lines = ["bestand: cbs.key", "wachtwoord_bestand: woord"]
    if how == "pkcs12":
        packed = pkcs12.serialize_key_and_certificates(
            b"x", key, cert, [issuer.certificate], BestAvailableEncryption(SECRET.encode())
        )
        (here / "cbs.key").write_bytes(packed)
    elif how == "two files":
        (here / "cbs.key").write_bytes(encrypted(key))
        lines.append("certificaten: keten.pem")
    else:
        (here / "cbs.key").write_bytes(encrypted(key) + pem_van(cert, issuer.certificate))
    if how == "variable":
        monkeypatch.setenv("ONS_WOORD", SECRET)
        lines[1] = "wachtwoord_variabele: ONS_WOORD"
    config = configured(knooppunt, *lines)
    knooppunt("init")
    seal = seal_van(str(state), config, CBS)
    assert (seal.certificate, seal.chain) == (cert, (issuer.certificate,))
    trust = lees_vertrouwen(str(state), config)
    assert isinstance(check_chain(cert, seal.chain, trust, AT, oin=OIN_CBS), Signer)
    assert (state / "vertrouwen" / "zegel-cbs.pem").read_bytes() == pem_van(cert)
    assert len(list((state / "vertrouwen").glob("zegel-cbs-*.pem"))) == 1  # the one before it
    row = next(r for r in knooppunt.json("keys", "list")["domeinen"] if r["domein"] == CBS)
    assert row["sleutel"] == "eigen"
    assert "your own" in knooppunt("keys", "rotate", CBS, code=2).stderr


def test_what_is_wrong_with_a_key_of_ones_own_is_said_and_no_password(knooppunt, state):
    key, _, issuer, pki = own_seal()
    here = knooppunt.folder
    (here / "eigen-pki.pem").write_bytes(pki)
    (here / "woord").write_text(f"{SECRET}\n")
    (here / "ander").write_text("ander-w8woord\n")
    (here / "sleutel.pem").write_bytes(encrypted(key))
    (here / "los.pem").write_bytes(pem_van(issuer.certificate))
    (here / "rommel").write_bytes(b"\x30\x82 no key")
    (here / "torn.pem").write_bytes(encrypted(key)[:90])
    with_word = ("bestand: sleutel.pem", "wachtwoord_bestand: woord")
    cases = {
        ("bestand: nergens.p12",): ("nergens.p12", "no key"),
        ("bestand: sleutel.pem",): ("sleutel.pem", "needs a password"),
        ("bestand: sleutel.pem", "wachtwoord_bestand: ander"): ("sleutel.pem", "cannot be opened"),
        ("bestand: sleutel.pem", "wachtwoord_bestand: weg"): ("weg", "no key"),
        ("bestand: sleutel.pem", "wachtwoord_variabele: ER_NIET"): ("ER_NIET", "not set"),
        with_word: ("sleutel.pem", "holds no certificate"),
        (*with_word, "certificaten: los.pem"): ("los.pem", "no certificate of the key"),
        ("bestand: rommel", "wachtwoord_bestand: woord"): ("rommel", "no PKCS#12"),
        ("bestand: torn.pem", "wachtwoord_bestand: woord"): ("torn.pem", "private key"),
    }
    for lines, wanted in cases.items():
        config = configured(knooppunt, *lines)
        with pytest.raises(TrustError) as failed:
            seal_van(str(state), config, CBS)
        said = f"{failed.value.sentence} {failed.value.hint}"
        assert all(one in said for one in wanted), (lines, said)
        assert SECRET not in said and "w8woord" not in repr(failed.value.__cause__)


def test_a_certificate_of_another_is_not_taken_for_ours(knooppunt):
    """Exit 2, and which OIN it is of; unless config.yaml says that this is the OIN."""
    key, cert, _, pki = own_seal(oin="00000003123456780000")
    here = knooppunt.folder
    (here / "eigen-pki.pem").write_bytes(pki)
    (here / "cbs.pem").write_bytes(uitgifte.sleutel_pem(key) + pem_van(cert))
    configured(knooppunt, "bestand: cbs.pem")
    assert "is of OIN 00000003123456780000" in knooppunt("init", code=2).stderr
    config = configured(knooppunt, "bestand: cbs.pem", 'oin: "00000003123456780000"')
    knooppunt("init")
    assert next(one for one in domeinen(config) if one.naam == CBS).oin == "00000003123456780000"


def test_a_key_of_ones_own_without_an_oin_is_of_a_time_stamping_authority(knooppunt, state):
    """That one is known by its certificate, which is published; a seal's owner is an OIN."""
    key, _, issuer, _ = own_seal()
    path = knooppunt.folder / "config.yaml"
    text = path.read_text("utf-8")
    for name, kind, code in (("tsa", Soort.TSA, 0), (CBS, Soort.ZEGEL, 2)):
        cert = uitgifte.certificaat(Domein(name, kind, "Naamloos"), key.public_key(), issuer)
        own = knooppunt.folder / f"{name}.pem"
        own.write_bytes(uitgifte.sleutel_pem(key) + pem_van(cert))
        path.write_text(f"{text}\nsleutels:\n  {name}:\n    bestand: {own.name}\n", "utf-8")
        said = knooppunt("init", code=code)
        shown = (state / "vertrouwen" / f"{name}.pem").read_bytes()
        assert (shown == pem_van(cert)) == (code == 0)
    assert "is of OIN (none)" in said.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wachtwoord: geheim", "unknown field `wachtwoord`"),
        ('oin: "123"', "20 digits"),
        ("wachtwoord_variabele: 1-2", "name of a variable"),
    ],
)
def test_slips_in_the_section_are_told(knooppunt, line, said):
    path = knooppunt.folder / "config.yaml"
    path.write_text(path.read_text() + f"\nsleutels:\n  tsa:\n    bestand: x\n    {line}\n")
    assert said in knooppunt("config", "check", code=2).stderr


def test_a_backup_holds_who_is_who_and_no_key_of_others(knooppunt, state):
    knooppunt("backup", "kopie", "--keys")
    held = everything(knooppunt.folder / "kopie")
    names = {path.relative_to(knooppunt.folder / "kopie").as_posix() for path in held}
    assert {"log.key", "pseudoniemen.json", "vertrouwen/crl.pem"} < names
    private = [path.name for path, content in held.items() if b"PRIVATE" in content]
    assert private == ["log.key"]
    known = lees_pseudoniemen(str(state))
    shutil.rmtree(state / "vertrouwen")
    (state / "pseudoniemen.json").unlink()
    knooppunt("restore", "kopie")
    assert lees_pseudoniemen(str(state)) == known
    assert Path(state / "vertrouwen" / "root.pem").exists()
