# SPDX-License-Identifier: EUPL-1.2
"""A key is changed, and what was signed before stays valid; a certificate is revoked."""

import hashlib
import json
import os
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import checkpoint, keys, reading, tiles
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.keys import LogKeys
from gateway.trust.domeinen import OIN_CBS
from gateway.trust.ketting import Signer, check_chain
from gateway.trust.sleutels import lees_vertrouwen, load_seal, sleutelmap
from tests.flow.conftest import eventually

CBS = "zegel-cbs"
MEDEWERKER = "zegel-medewerker-0363-coordinator"


@pytest.fixture
def state(knooppunt):
    return knooppunt.folders / ".state"


@pytest.fixture
def audit(state):
    return state / "audit"


def main_vkey(audit):
    [found] = [path for path in audit.glob("*.vkey") if path.name.count(".") == 1]
    return found


def keep(knooppunt, audit, name):
    """A reader's copy of the newest public key."""
    return shutil.copy(main_vkey(audit), knooppunt.folder / name)


def signers(content):
    return len(checkpoint.parse_note(content).signatures)


def leaves(audit):
    said = checkpoint.read_body(checkpoint.parse_note((audit / "checkpoint").read_bytes()))
    content = reading.read_tile(str(audit), tiles.Tile(-1, 0, said.size))
    return [json.loads(one) for one in tiles.unbundle(content)[0]]


def verified(knooppunt, *words, code=0):
    return knooppunt.json("audit", "verify", *words, code=code)


def step(report, name):
    return next(one for one in report["steps"] if one["name"] == name)


# --- the log --------------------------------------------------------------------------------------


def test_both_keys_sign_until_the_overlap_is_ended(knooppunt, state, audit):
    old = keep(knooppunt, audit, "old.vkey")
    before = shutil.copy(audit / "checkpoint", knooppunt.folder / "kept")
    told = knooppunt.json("keys", "rotate", "log")
    new = keep(knooppunt, audit, "new.vkey")
    assert told["keys"] == [Path(one).read_text().strip() for one in (new, old)]
    assert signers((audit / "checkpoint").read_bytes()) == 2
    for vkey in (old, new):
        assert verified(knooppunt, "--vkey", vkey, "--since", before)["ok"]
    knooppunt("run", "--once")
    assert signers((audit / "checkpoint").read_bytes()) == 2

    knooppunt("keys", "rotate", "log", "--finish")
    assert os.listdir(state / "keys" / "log") == ["log.key"]
    knooppunt.drop("0363", "WMO_H22025.csv", b"a;b\n")
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 0"))
    knooppunt("run", "--once")
    assert signers((audit / "checkpoint").read_bytes()) == 1
    for vkey in (old, new):
        report = verified(knooppunt, "--vkey", vkey, "--since", before)
        assert report["ok"], report
    said = step(verified(knooppunt, "--vkey", old), "checkpoint")["detail"]
    assert "follows on" in said
    assert verified(knooppunt)["ok"]
    assert "no overlap" in knooppunt("keys", "rotate", "log", "--finish", code=2).stderr


def test_the_leaf_names_both_keys_by_their_files(knooppunt, audit):
    old = hashlib.sha256(main_vkey(audit).read_bytes()).hexdigest()
    at = knooppunt.json("keys", "rotate", "log", "--by", "m.beheer")["leaf"]
    new = hashlib.sha256(main_vkey(audit).read_bytes()).hexdigest()
    leaf = leaves(audit)[at]
    assert (leaf["type"], leaf["object"]) == ("key.rotate", "log")
    assert (leaf["content"], leaf["evidence"]) == (new, [f"vkey:{old}"])
    assert "beheer" not in json.dumps(leaf)
    [older] = [path for path in audit.glob("*.vkey") if path != main_vkey(audit)]
    assert hashlib.sha256(older.read_bytes()).hexdigest() == old


def test_thrice_in_a_row(knooppunt, audit):
    first = keep(knooppunt, audit, "first.vkey")
    for _ in range(3):
        knooppunt("keys", "rotate", "log")
    assert signers((audit / "checkpoint").read_bytes()) == 4
    knooppunt("keys", "rotate", "log", "--finish")
    knooppunt("keys", "rotate", "log")
    knooppunt("keys", "rotate", "log", "--finish")
    knooppunt("run", "--once")
    assert verified(knooppunt, "--vkey", first)["ok"]


def test_what_shows_a_change_comes_back_with_a_backup(knooppunt, audit):
    """The folder of the log is lost: no leaf says again what the old key signed of it."""
    knooppunt("keys", "rotate", "log")
    knooppunt("keys", "rotate", "log", "--finish")
    before = {path.name: path.read_bytes() for path in (audit / "succession").iterdir()}
    assert before
    knooppunt("backup", "copy")
    shutil.rmtree(audit)
    knooppunt("restore", "copy", "--log-lost")
    assert {path.name: path.read_bytes() for path in (audit / "succession").iterdir()} == before


def test_while_a_gateway_runs(knooppunt, audit):
    old = keep(knooppunt, audit, "old.vkey")
    knooppunt.drop("0363", "WMO_H12025.csv", b"a;b\n")
    process = knooppunt.start("run")
    try:
        delivered = knooppunt.folders / "cbs/in/GMSDWMO"
        eventually(lambda: len(list(delivered.glob("*.csv"))) == 1)
        knooppunt("keys", "rotate", "log")
        eventually(lambda: signers((audit / "checkpoint").read_bytes()) == 2)
        knooppunt("keys", "rotate", "log", "--finish")
        knooppunt.drop("0363", "WMO_H22025.csv", b"a;b\n")
        eventually(lambda: signers((audit / "checkpoint").read_bytes()) == 1)
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert verified(knooppunt, "--vkey", old)["ok"]


@pytest.mark.parametrize("without", ["log-*.key", "*.vkey", "log.key"])
def test_a_change_that_was_cut_off_is_completed_by_the_next_start(knooppunt, state, audit, without):
    """The leaf is committed; of the files that change places after it, none or some have."""
    folder = state / "keys" / "log"
    before = (folder / "log.key").read_bytes()
    shown = {path: path.read_bytes() for path in audit.glob("*.vkey")}
    signed = (audit / "checkpoint").read_bytes()
    knooppunt("keys", "rotate", "log")
    after = (folder / "log.key").read_bytes()
    # As it was right after the commit, but for what was done already.
    (folder / "log-next.key").write_bytes(after)
    (audit / "checkpoint").write_bytes(signed)
    for path in audit.glob("checkpoints/*"):
        path.unlink()
    if without != "*.vkey":
        for path in audit.glob("*.vkey"):
            path.unlink()
        for path, content in shown.items():
            path.write_bytes(content)
    if without == "log-*.key":
        next(folder.glob("log-????????.key")).unlink()
    if without != "*.vkey":
        (folder / "log.key").write_bytes(before)
    knooppunt("run", "--once")
    assert (folder / "log.key").read_bytes() == after
    assert {path.name[:4] for path in folder.iterdir()} == {"log.", "log-"}
    assert len(list(folder.iterdir())) == 2
    assert signers((audit / "checkpoint").read_bytes()) == 2
    assert verified(knooppunt)["ok"]


def test_a_change_that_no_leaf_speaks_of_did_not_happen(knooppunt, state, audit):
    """The next key lies there; the commit did not come. Asked again, it is that same one."""
    folder, before = state / "keys" / "log", main_vkey(audit).read_bytes()
    origin = before.decode().partition("+")[0]
    staged = LogKeys(str(folder / "log.key"), str(audit), origin).stage()
    knooppunt("run", "--once")
    assert main_vkey(audit).read_bytes() == before
    assert signers((audit / "checkpoint").read_bytes()) == 1
    assert knooppunt.json("keys", "rotate", "log")["keys"][0] == staged.line()


def test_an_end_that_was_cut_off_is_completed_by_the_next_start(knooppunt, state, audit):
    """Its leaf is committed; the old private key is still there, nothing was archived."""
    folder, old = state / "keys" / "log", keep(knooppunt, audit, "old.vkey")
    knooppunt("keys", "rotate", "log")
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    archived = {path.name for path in audit.glob("checkpoints/*")}
    signed = (audit / "checkpoint").read_bytes()
    knooppunt("keys", "rotate", "log", "--finish")
    for path, content in kept.items():
        path.write_bytes(content)
    (audit / "checkpoint").write_bytes(signed)
    for path in audit.glob("checkpoints/*"):
        if path.name not in archived:
            path.unlink()
    knooppunt("run", "--once")
    assert os.listdir(folder) == ["log.key"]
    assert verified(knooppunt, "--vkey", old)["ok"]


def test_who_only_changes_the_folder_does_not_change_the_key(knooppunt, audit):
    """A thief signs the checkpoint anew and shows his own key, also as if it were an older one."""
    old = keep(knooppunt, audit, "old.vkey")
    said = checkpoint.read_body(checkpoint.parse_note((audit / "checkpoint").read_bytes()))
    thief = Ed25519PrivateKey.generate()
    mine = VerifierKey.of(said.origin, thief)
    (audit / "checkpoint").write_bytes(checkpoint.sign(said.origin, said.size, said.root, thief))
    (audit / checkpoint.vkey_file(said.origin, mine)).write_text(f"{mine.line()}\n")
    report = verified(knooppunt, "--vkey", old, code=1)
    assert "does not follow" in step(report, "checkpoint")["detail"]
    assert not verified(knooppunt, code=1)["ok"]


def test_a_successor_named_in_a_log_that_the_old_key_never_signed(knooppunt, audit, state):
    """The thief writes the leaf too: all of it fits, but no checkpoint of the old key holds it."""
    old = keep(knooppunt, audit, "old.vkey")
    for path in audit.glob("checkpoints/*"):
        path.unlink()
    before = (audit / "checkpoint").read_bytes()
    knooppunt("keys", "rotate", "log")
    said = checkpoint.read_body(checkpoint.parse_note((audit / "checkpoint").read_bytes()))
    pem = (state / "keys/log/log.key").read_bytes()
    new = keys.load_key(pem, "new")
    (audit / "checkpoint").write_bytes(checkpoint.sign(said.origin, said.size, said.root, new))
    for path in audit.glob("checkpoints/*"):
        path.unlink()
    (audit / "checkpoints/1").write_bytes(before)  # what the old key did sign: without the leaf
    report = verified(knooppunt, "--vkey", old, code=1)
    assert "does not follow" in step(report, "checkpoint")["detail"]


def test_a_backup_holds_every_key_that_signs(knooppunt, state, audit):
    knooppunt("keys", "rotate", "log")
    knooppunt("backup", "kopie", "--keys")
    before = {path.name: path.read_bytes() for path in (state / "keys/log").iterdir()}
    shutil.rmtree(state / "keys/log")
    knooppunt("restore", "kopie")
    assert {p.name: p.read_bytes() for p in (state / "keys/log").iterdir()} == before
    knooppunt("run", "--once")
    assert verified(knooppunt)["ok"]


# --- seals ----------------------------------------------------------------------------------------


def signed_by(state, domain, content):
    seal = load_seal(sleutelmap(str(state), domain))
    return seal.certificate, seal.chain, seal.key.sign(content, ec.ECDSA(hashes.SHA256()))


def test_what_a_seal_signed_before_it_was_changed_stays_valid(knooppunt, state, audit):
    at = datetime(2026, 2, 2, tzinfo=UTC)
    old, chain, signature = signed_by(state, CBS, b"x")
    told = knooppunt.json("keys", "rotate", CBS)
    new, _, _ = signed_by(state, CBS, b"x")
    assert new != old
    trust = lees_vertrouwen(str(state))
    for one in (old, new):
        assert isinstance(check_chain(one, chain, trust, at, oin=OIN_CBS), Signer)
    old.public_key().verify(signature, b"x", ec.ECDSA(hashes.SHA256()))
    leaf = leaves(audit)[told["leaf"]]
    assert (leaf["type"], leaf["object"], leaf["action"]) == ("key.rotate", CBS, "rotate")
    assert leaf["content"] == new.fingerprint(hashes.SHA256()).hex()
    assert leaf["evidence"] == [f"certificate:{old.fingerprint(hashes.SHA256()).hex()}"]
    shown = (state / "vertrouwen" / f"{CBS}-{old.serial_number:x}.pem").read_bytes()
    assert x509.load_pem_x509_certificate(shown) == old
    kept = state / "keys" / CBS / f"sleutel-{old.serial_number:x}.pem"
    assert load_seal(str(kept)).certificate == old
    knooppunt("keys", "rotate", CBS, "--finish")
    assert os.listdir(state / "keys" / CBS) == ["sleutel.pem"]
    before = len(leaves(audit))
    told = knooppunt.json("keys", "rotate", CBS, "--finish", code=1)
    assert (told["weg"], told["leaf"]) == (0, None)
    assert len(leaves(audit)) == before


@pytest.mark.parametrize("domain", [CBS, "tsa", "getuige-cbs", MEDEWERKER])
def test_the_end_of_old_keys_is_a_leaf(knooppunt, state, audit, domain):
    """Which key is left, and which went; under the name that the changes themselves have."""
    at = [knooppunt.json("keys", "rotate", domain)["leaf"] for _ in range(2)]
    changes = [leaves(audit)[one] for one in at]
    told = knooppunt.json("keys", "rotate", domain, "--finish", "--by", "m.beheer")
    leaf = leaves(audit)[told["leaf"]]
    assert (told["weg"], leaf["type"], leaf["action"]) == (2, "key.rotate", "finish")
    assert (leaf["object"], leaf["content"]) == (changes[1]["object"], changes[1]["content"])
    assert set(leaf["evidence"]) == {one["evidence"][0] for one in changes}
    assert "beheer" not in json.dumps(leaf) and "coordinator" not in json.dumps(leaf)
    assert verified(knooppunt)["ok"]


def test_an_end_that_was_cut_off_before_the_keys_went(knooppunt, state, audit):
    """Typed again it is one end: one leaf."""
    knooppunt("keys", "rotate", CBS)
    kept = {path: path.read_bytes() for path in (state / "keys" / CBS).iterdir()}
    knooppunt("keys", "rotate", CBS, "--finish")
    for path, content in kept.items():
        path.write_bytes(content)
    knooppunt("keys", "rotate", CBS, "--finish")
    assert os.listdir(state / "keys" / CBS) == ["sleutel.pem"]
    assert [one["action"] for one in leaves(audit) if one["type"] == "key.rotate"] == [
        "rotate", "finish",
    ]  # fmt: skip


def test_a_damaged_old_key_goes_too(knooppunt, state, audit):
    """No certificate tells which it was: the leaf names its bytes."""
    knooppunt("keys", "rotate", CBS)
    [old] = (state / "keys" / CBS).glob("sleutel-*.pem")
    old.write_bytes(b"kapot")
    told = knooppunt.json("keys", "rotate", CBS, "--finish")
    assert not old.exists()
    digest = hashlib.sha256(b"kapot").hexdigest()
    assert leaves(audit)[told["leaf"]]["evidence"] == [f"file:{digest}"]


def test_more_old_keys_than_one_leaf_names(knooppunt, state, audit):
    """Each is named, in as many leaves as that takes."""
    folder = state / "keys" / CBS
    for number in range(21):
        pem = (folder / "sleutel.pem").read_bytes()
        (folder / f"sleutel-{number:x}.pem").write_bytes(pem)
    assert knooppunt.json("keys", "rotate", CBS, "--finish")["weg"] == 21
    ends = [one for one in leaves(audit) if one.get("action") == "finish"]
    assert [len(one["evidence"]) for one in ends] == [20, 1]


def test_an_employee_keeps_the_pseudonym_and_no_name_is_logged(knooppunt, state, audit):
    old, _, _ = signed_by(state, MEDEWERKER, b"x")
    knooppunt("keys", "revoke", MEDEWERKER)
    knooppunt("keys", "rotate", MEDEWERKER)
    new, _, _ = signed_by(state, MEDEWERKER, b"x")
    assert new.subject == old.subject and new.serial_number != old.serial_number
    assert not [one for one in leaves(audit) if "coordinator" in json.dumps(one)]
    types = [one["type"] for one in leaves(audit)]
    assert types[-2:] == ["key.revoke", "key.rotate"]


def test_revoked_from_a_moment_on(knooppunt, state):
    """Before it the seal counts; an earlier moment that is learnt later counts from then."""
    cert, chain, _ = signed_by(state, CBS, b"x")
    knooppunt("keys", "revoke", CBS, "--since", "2026-02-20T09:00+00:00")

    def found(day):
        return check_chain(
            cert, chain, lees_vertrouwen(str(state)), datetime(2026, 2, day, tzinfo=UTC)
        )

    assert isinstance(found(20), Signer)
    assert found(21).code == "ingetrokken"
    knooppunt("keys", "rotate", CBS)
    serial = f"{cert.serial_number:x}"
    knooppunt("keys", "revoke", CBS, "--serial", serial, "--since", "2026-02-10T09:00+00:00")
    assert found(11).code == "ingetrokken"
    knooppunt("keys", "revoke", CBS, "--serial", serial, "--since", "2026-02-25T09:00+00:00")
    assert found(11).code == "ingetrokken"  # no way back
    new, chain, _ = signed_by(state, CBS, b"x")
    at = datetime(2026, 2, 26, tzinfo=UTC)
    assert isinstance(check_chain(new, chain, lees_vertrouwen(str(state)), at), Signer)
    assert "yet to come" in knooppunt("keys", "revoke", CBS, "--since", "2035-01-01", code=2).stderr


@pytest.mark.parametrize("domain", ["tsa", "idp", "getuige-cbs"])
def test_the_other_domains(knooppunt, state, domain):
    before = (state / "keys" / domain / "sleutel.pem").read_bytes()
    knooppunt("keys", "rotate", domain)
    after = (state / "keys" / domain / "sleutel.pem").read_bytes()
    assert after != before
    old = [path for path in (state / "keys" / domain).iterdir() if path.read_bytes() == before]
    assert len(old) == 1
    if domain == "idp":
        found = json.loads((state / "vertrouwen/idp.jwks").read_text())["keys"]
        assert len({one["kid"] for one in found}) == 2
    if domain == "getuige-cbs":
        lines = (state / "vertrouwen/getuige-cbs.vkey").read_text().split()
        assert len(set(lines)) == 2


@pytest.mark.parametrize("cut", ["before the leaf", "after the leaf", "after the switch"])
def test_a_change_of_a_seal_that_was_cut_off(knooppunt, state, audit, cut):
    """Typed again it is one change: one leaf, one old key, nothing left beside it."""
    folder = state / "keys" / CBS
    old, _, _ = signed_by(state, CBS, b"x")
    before = (folder / "sleutel.pem").read_bytes()
    knooppunt("keys", "rotate", CBS)
    after = (folder / "sleutel.pem").read_bytes()
    (folder / "nieuw.pem").write_bytes(after)
    if cut != "after the switch":
        (folder / "sleutel.pem").write_bytes(before)
        next(folder.glob("sleutel-*.pem")).unlink()
    (state / "vertrouwen" / "zegel-cbs.pem").write_bytes(
        next((state / "vertrouwen").glob("zegel-cbs-*.pem")).read_bytes()
    )
    if cut == "before the leaf":
        (folder / "nieuw.pem").unlink()
    knooppunt("keys", "rotate", CBS)
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(["sleutel.pem", f"sleutel-{old.serial_number:x}.pem"])
    told = [one for one in leaves(audit) if one["type"] == "key.rotate"]
    assert len(told) == (2 if cut == "before the leaf" else 1)
    new = load_seal(str(folder)).certificate
    shown = (state / "vertrouwen" / "zegel-cbs.pem").read_bytes()
    assert x509.load_pem_x509_certificate(shown) == new


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rotate", "zegel-niemand"], "there is no trust domain"),
        (["revoke", "getuige-cbs"], "no certificate to revoke"),
        (["revoke", "log"], "no certificate to revoke"),
        (["revoke", CBS, "--serial", "zz"], "no serial number"),
        (["revoke", CBS, "--serial", "abc"], "no certificate of zegel-cbs"),
    ],
)
def test_what_cannot_be_done_is_said(knooppunt, words, said):
    assert said in knooppunt("keys", *words, code=2).stderr
