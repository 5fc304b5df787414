# SPDX-License-Identifier: EUPL-1.2
"""A chain with witnesses and time stamps, and what happens when somebody cheats."""

import hashlib
import itertools
import json
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import standing
from gateway.audit import checkpoint, cosign, policy, publish
from gateway.audit.cosign import bare
from gateway.audit.keys import load_key
from gateway.audit.leaf import encode, leaf_hash
from gateway.audit.merkle import over
from gateway.audit.stamp import verified as stamped_at
from gateway.audit.verify import verify
from gateway.backup import backup, restore
from gateway.chain import Chain
from gateway.errors import AuditError, ForkError, StateError, TrustError
from gateway.evidence import believed
from gateway.evidence.bundle import make
from gateway.evidence.verify import verify as verify_bundle
from gateway.evidence.wish import Wish
from gateway.health import checkup
from gateway.location import read_config
from gateway.sealing import read_sealing
from gateway.testing import Keten
from gateway.trust import wissel
from gateway.trust.domeinen import domein
from gateway.trust.pki import Pki, seal_pem
from gateway.trust.tijdstempel import stempelaars
from tests.flow.conftest import eventually
from tests.flow.getuigen import NAMES, Getuigen


@pytest.fixture
def getuigen(tmp_path):
    with Getuigen(tmp_path) as parties:
        yield parties


_SEEDS = itertools.count(1)


def keten_of(parties, folder=None, *, config=None):
    """A gateway that is started on that folder; each gives other ids."""
    return Keten(folder or parties.folder, config=config or parties.config, seed=next(_SEEDS))


def one_delivery(keten, name="WMO_H22025.csv"):
    keten.drop("0363", name, name.encode())
    keten.settle()


def verified(parties, directory=None, **more):
    asked = policy.parse(parties.policy_file.read_bytes())
    trust = stempelaars(parties.ca())
    return verify(str(directory or parties.audit), policy=asked, trust=trust, **more)


def steps(report):
    return {one.name: (one.ok, one.detail) for one in report.steps}


def published(parties):
    return int((parties.audit / "checkpoint").read_text().split("\n")[1])


def witness_size(parties, name):
    [file] = [p for p in parties.memory(name).iterdir() if len(p.name) == 64]
    return int(file.read_text().split("\n")[1])


def reopened(parties):
    """A gateway that is started: closed at once, whatever came of it."""
    keten = keten_of(parties)
    said = list(keten.said)
    keten.close()
    return said


# --- when all is well -----------------------------------------------------------------------------


def test_each_leaf_is_witnessed_and_stamped_in_the_end(getuigen):
    """Trace, status and verify agree; openssl says the same of the token."""
    with keten_of(getuigen) as keten:
        one_delivery(keten)
    size = published(getuigen)
    content = (getuigen.audit / "checkpoints" / str(size)).read_bytes()
    enough, found = getuigen.policy.witnessed(checkpoint.parse_note(content))
    assert enough
    assert {one.key.name for one in found} == {
        w.key.name for w in getuigen.policy.witnesses.values()
    }
    report = verified(getuigen)
    assert report.ok, report
    assert [one.n for one in report.steps] == [*range(1, 10), 11, 12]
    assert report.not_proven == [
        one for one in report.not_proven if "--since" in one or "--vkey" in one or "is true" in one
    ]
    with keten_of(getuigen) as keten:
        messages = standing.traced(getuigen.location, keten.trace("WMO_H22025.csv"))
    seals = [e["seal"] for m in messages for e in m["events"] if e["leaf"] is not None]
    assert {one["state"] for one in seals} == {"timestamped"}
    assert all(one["witnessed"] is not None for one in seals)
    found = standing.standing(getuigen.location, keten.config)["audit"]
    assert found["witnessed"] == found["timestamped"] == found["size"]
    assert [one["name"] for one in found["peers"]] == [*NAMES, "tsa"]


def test_openssl_verifies_each_token_over_the_first_five_lines(getuigen, tmp_path):
    """Independent: ``openssl ts -verify``; not over the whole file, not over another checkpoint."""
    with keten_of(getuigen) as keten:
        one_delivery(keten)
    trust = Path(getuigen.location.state) / "vertrouwen"

    def openssl(data, token):
        command = ["openssl", "ts", "-verify", "-data", data, "-in", token, "-CAfile"]
        command += [trust / "root.pem", "-untrusted", trust / "intermediate.pem"]
        return subprocess.run(command, capture_output=True, text=True)

    tokens = sorted(getuigen.audit.glob("checkpoints/*.tsr"))
    assert tokens
    for token in tokens:
        stamped = tmp_path / "stamped"
        stamped.write_bytes(b"".join(token.with_suffix("").read_bytes().splitlines(True)[:5]))
        done = openssl(stamped, token)
        assert "Verification: OK" in done.stdout + done.stderr
        assert "mismatch" in openssl(token.with_suffix(""), token).stderr


def test_an_idle_chain_comes_to_rest_with_its_tokens_logged_beside_other_leaves(getuigen):
    """A token makes no checkpoint of its own: no token after token without end."""
    for name in ("WMO_1.csv", "WMO_2.csv"):
        with keten_of(getuigen) as keten:
            one_delivery(keten, name)
    sizes = {published(getuigen)}
    for _ in range(3):
        reopened(getuigen)
        sizes.add(published(getuigen))
    assert len(sizes) == 1
    with sqlite3.connect(getuigen.location.database) as database:
        leaves = [
            json.loads(c) for (c,) in database.execute("select content from leaf order by idx")
        ]
    tokens = [one for one in leaves if one["type"] == "tsa.token"]
    assert tokens
    files = {p.name: p.read_bytes() for p in getuigen.audit.glob("checkpoints/*.tsr")}
    known = {hashlib.sha256(data).hexdigest(): name for name, data in files.items()}
    for one in tokens:
        assert one["action"] == f"checkpoint {known[one['content']].removesuffix('.tsr')}"


def test_nobody_is_asked_where_it_is_off(getuigen):
    """The default: a lone chain needs no policy, no keys of others, and says what is not proven."""
    text = getuigen.config.replace("aan: true", "aan: false")
    getuigen.stop()
    with keten_of(getuigen, config=text) as keten:
        one_delivery(keten)
    assert not list(getuigen.audit.glob("checkpoints/*.tsr"))
    report = verify(str(getuigen.audit))
    assert report.ok
    assert any("--policy" in one for one in report.not_proven)
    assert any("--tsa-ca" in one for one in report.not_proven)
    assert not steps(verified(getuigen))["witnesses"][0]
    assert not steps(verified(getuigen))["tokens"][0]


# --- outages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["getuige-cbs", "tsa"])
def test_an_outage_is_told_and_caught_up(getuigen, who):
    """Deliveries go on; what came meanwhile is covered by the newest checkpoint afterwards."""
    party = getuigen.tsa if who == "tsa" else getuigen.witnesses[who]
    party.stop()
    with keten_of(getuigen) as keten:
        one_delivery(keten)
    failing = read_sealing(getuigen.location.state).peers[who]
    assert failing.since
    assert failing.said
    step = "tokens" if who == "tsa" else "witnesses"
    assert not steps(verified(getuigen))[step][0]
    party.start()
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_2.csv")
    assert verified(getuigen).ok
    assert not read_sealing(getuigen.location.state).peers[who].since


@pytest.mark.timeout(300)
def test_a_running_chain_catches_up_by_itself(getuigen):
    """No restart is needed: it asks again."""
    getuigen.witnesses["getuige-cbs"].stop()
    with keten_of(getuigen) as keten:
        one_delivery(keten)
        eventually(lambda: read_sealing(getuigen.location.state).peers["getuige-cbs"].since)
        getuigen.witnesses["getuige-cbs"].start()
        eventually(
            lambda: standing.standing(getuigen.location, keten.config)["audit"]["witnessed"] >= 8,
            240,
        )


def test_a_witness_that_is_down_at_the_start(tmp_path):
    """By setting: on with an alarm, or no start."""
    with Getuigen(tmp_path) as parties:
        parties.witnesses["getuige-gemeente"].stop()
        said = reopened(parties)
        assert any("alarm" in one and "getuige-gemeente" in one for one in said)
        strict = parties.config.replace("  aan: true\n", "  aan: true\n  onbereikbaar: weigeren\n")
        with pytest.raises(StateError, match="getuige-gemeente"):
            keten_of(parties, config=strict)


def test_a_token_of_a_stranger_or_over_other_bytes_is_not_kept(getuigen):
    """Checked when it comes: what an authority answers is not believed unseen."""
    other = getuigen.folder / "elders"
    with Getuigen(other) as strangers:
        text = getuigen.config.replace(str(getuigen.tsa.port), str(strangers.tsa.port))
        with keten_of(getuigen, config=text) as keten:
            one_delivery(keten)
    assert not list(getuigen.audit.glob("checkpoints/*.tsr"))
    assert "not to be trusted" in read_sealing(getuigen.location.state).peers["tsa"].said


# --- forks ----------------------------------------------------------------------------------------


def test_yesterdays_database_and_audit_folder_put_back_whole(getuigen, tmp_path):
    """Everything of the gateway rolled back, published log included: the witnesses know better."""
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_1.csv")
    copy = tmp_path / "gisteren"
    shutil.copytree(getuigen.location.state, copy, ignore=shutil.ignore_patterns("*.sock"))
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_2.csv")
    today, seen = published(getuigen), witness_size(getuigen, "getuige-cbs")
    shutil.rmtree(getuigen.location.state)
    shutil.copytree(copy, getuigen.location.state)
    before = published(getuigen)
    assert verify(str(getuigen.audit)).ok  # by itself it looks whole
    path = keten.drop("0363", "WMO_3.csv", b"3")
    with pytest.raises(ForkError, match=f"has seen {seen} leaves .* we have {before}") as told:
        keten_of(getuigen)
    assert "restore" in told.value.hint
    assert "--since" in told.value.hint
    assert path.exists()
    assert published(getuigen) == before < today
    shown = Path(getuigen.location.state) / "splitsing" / "getuige-cbs"
    assert int(shown.read_text().split("\n")[1]) == seen
    report = verify(str(getuigen.audit), since=shown.read_bytes())
    assert not steps(report)["since"][0]
    codes = {one.code for one in checkup(getuigen.location, config_of(getuigen))}
    assert "splitsing" in codes


def config_of(parties):
    return read_config(parties.location.config_path)


def test_a_restored_backup_goes_on_once_it_holds_what_the_witnesses_saw(getuigen, tmp_path):
    """After the refusal the operator does what it says, and the chain runs."""
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_1.csv")
        backup(getuigen.location, str(tmp_path / "backup"), keys=False)
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_2.csv")
    how = {"since": None, "log_lost": False}
    where = (getuigen.location, config_of(getuigen), str(tmp_path / "backup"))
    with pytest.raises(AuditError, match="fork the log"):
        restore(*where, go_on=False, **how)
    restore(*where, go_on=True, **how)
    keten = keten_of(getuigen)
    one_delivery(keten, "WMO_3.csv")
    keten.close()
    assert verified(getuigen).ok


def test_what_others_signed_comes_back_with_a_backup(getuigen, tmp_path):
    """The disk of the log is lost: its leaves are made again, signatures of others cannot be."""
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_1.csv")
    backup(getuigen.location, str(tmp_path / "backup"), keys=False)
    before = verified(getuigen)
    shutil.rmtree(getuigen.audit)
    how = {"since": None, "go_on": False, "log_lost": True}
    said = restore(getuigen.location, config_of(getuigen), str(tmp_path / "backup"), **how)
    assert "archived checkpoints put back, with what others signed of them" in "\n".join(said)
    with Chain(getuigen.location, getuigen={"aan": False}):
        pass
    after = verified(getuigen)
    assert after.ok
    for name in ("witnesses", "tokens"):
        assert steps(before)[name][1].split()[0] == steps(after)[name][1].split()[0] != "0"


def test_two_histories_for_two_readers(getuigen, tmp_path):
    """A copy of the gateway, key included, writes other leaves: a witness stops the second one."""
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_1.csv")
    copy = tmp_path / "tweede"
    shutil.copytree(getuigen.folder, copy, ignore=shutil.ignore_patterns("getuigen"))
    with keten_of(getuigen) as keten:
        one_delivery(keten, "WMO_2.csv")
    seen = witness_size(getuigen, "getuige-cbs")
    # the second begins while the witnesses are away, and goes further than the first
    for one in getuigen.witnesses.values():
        one.stop()
    second = keten_of(getuigen, copy)
    for n in range(3):
        one_delivery(second, f"WMO_9{n}.csv")
    assert second._chain.ledger.size > seen
    for one in getuigen.witnesses.values():
        one.start()

    def stopped():
        try:
            second.settle()
        except ForkError as error:
            return error
        return None

    eventually(stopped)
    error = stopped()
    assert "another history" in error.sentence
    assert "it shows the checkpoint that this log's key signed" in error.sentence
    second._chain.abandon()
    sealing = read_sealing(second.location.state)
    assert sealing.fork == error.sentence
    assert witness_size(getuigen, "getuige-cbs") == seen  # nothing of it was signed
    kept = list(getuigen.memory("getuige-cbs").glob("bewijs/*"))
    assert kept  # two checkpoints by one key that no proof joins
    with pytest.raises(ForkError):
        keten_of(getuigen, copy)
    for one in getuigen.witnesses.values():
        one.stop()
    with pytest.raises(ForkError, match="not every witness can say that it is over"):
        keten_of(getuigen, copy)


def test_the_same_size_with_another_root(tmp_path):
    """As many leaves, other ones."""
    with Getuigen(tmp_path, tsa=False) as parties:
        with keten_of(parties) as keten:
            one_delivery(keten, "WMO_1.csv")
        copy = tmp_path / "tweede"
        shutil.copytree(parties.folder, copy, ignore=shutil.ignore_patterns("getuigen", "tweede"))
        with keten_of(parties) as keten:
            one_delivery(keten, "WMO_2.csv")
        seen = witness_size(parties, "getuige-cbs")
        for one in parties.witnesses.values():
            one.stop()
        with keten_of(parties, copy) as keten:
            one_delivery(keten, "WMO_9.csv")
        for one in parties.witnesses.values():
            one.start()
        there = (copy / "folders/.state/audit/checkpoint").read_text().split("\n")[1]
        assert int(there) == seen
        with pytest.raises(ForkError, match="another history"):
            keten_of(parties, copy)


def test_an_answer_that_got_lost_is_no_fork(getuigen):
    """The witness is further than we know, and knows our log: it goes on without a word."""
    with keten_of(getuigen) as keten:
        one_delivery(keten)
    path = Path(getuigen.location.state) / "getuigen.json"
    found = json.loads(path.read_text())
    for name in NAMES:
        found["peers"][name]["size"] = 1
    path.write_text(json.dumps(found))
    assert not [one for one in reopened(getuigen) if "alarm" in one or "forgot" in one]
    assert verified(getuigen).ok


def test_a_witness_that_forgot_is_told(getuigen):
    """Its folder was put back: it signs from nothing, and that is said."""
    with keten_of(getuigen) as keten:
        one_delivery(keten)
    getuigen.witnesses["getuige-cbs"].stop()
    shutil.rmtree(getuigen.memory("getuige-cbs"))
    getuigen.witnesses["getuige-cbs"].start()
    assert any("forgot that" in one for one in reopened(getuigen))


# --- what a verifier finds ------------------------------------------------------------------------


@pytest.fixture
def log(getuigen):
    """A folder of a log with four witnessed and stamped checkpoints, to spoil."""
    for name in ("WMO_1.csv", "WMO_2.csv", "WMO_3.csv"):
        with keten_of(getuigen) as keten:
            one_delivery(keten, name)
    assert verified(getuigen).ok
    return getuigen


def archived(parties):
    return sorted(int(p.name) for p in parties.audit.glob("checkpoints/*") if p.name.isdecimal())


def test_a_log_that_was_cut_off(log):
    """The checkpoint is back, a witnessed one is not; and with those taken away, --since tells."""
    sizes = archived(log)
    last = (log.audit / "checkpoints" / str(sizes[-1])).read_bytes()
    shutil.copy(log.audit / "checkpoints" / str(sizes[-2]), log.audit / "checkpoint")
    report = verified(log)
    assert "the end was cut off" in steps(report)["archive"][1]
    for path in log.audit.glob(f"checkpoints/{sizes[-1]}*"):
        path.unlink()
    assert not verified(log, since=last).ok


def test_a_cosignature_of_another_checkpoint_below_this_one(log):
    """Replayed: named by file and witness."""
    older, newer = (log.audit / "checkpoints" / str(n) for n in archived(log)[-2:])
    lines = older.read_text().splitlines(True)
    newer.write_text("".join([*newer.read_text().splitlines(True)[:5], *lines[5:]]))
    ok, detail = steps(verified(log))["witnesses"]
    assert not ok
    assert newer.name in detail
    assert "does not fit" in detail


def test_a_cosignature_by_the_wrong_key(log):
    """Under the witness's name, by the log's own key: another id, and the quorum is not there."""
    key = load_key(Path(log.location.log_key).read_bytes(), "log.key")
    for size in archived(log):
        path = log.audit / "checkpoints" / str(size)
        content = "".join(path.read_text().splitlines(True)[:5]).encode()
        text = checkpoint.parse_note(content).text
        names = [one.key.name for one in log.policy.witnesses.values()]
        path.write_bytes(
            cosign.with_lines(content, [cosign.cosign(text, n, key, 1) for n in names])
        )
    ok, detail = steps(verified(log))["witnesses"]
    assert not ok
    assert "quorum" in detail


def test_a_token_over_other_bytes(log):
    """Moved to another checkpoint; torn; of a stranger."""
    older, newer = (log.audit / "checkpoints" / f"{n}.tsr" for n in archived(log)[-2:])
    good = newer.read_bytes()
    for content, words in ((older.read_bytes(), "other bytes"), (good[:-9], "no answer")):
        newer.write_bytes(content)
        ok, detail = steps(verified(log))["tokens"]
        assert not ok
        assert newer.name in detail
        assert words in detail
    newer.write_bytes(good)
    with Getuigen(log.folder / "elders") as other:
        trust = stempelaars(other.ca())
    ok, detail = steps(verify(str(log.audit), trust=trust))["tokens"]
    assert not ok
    assert "not to be trusted" in detail


def forged(parties, directory, change):
    """The log written anew by who holds its key, each leaf changed by ``change(index, fields)``."""
    with sqlite3.connect(parties.location.database) as database:
        rows = database.execute("select content from leaf order by idx").fetchall()
    leaves = [encode(change(n, json.loads(c))) for n, (c,) in enumerate(rows)]
    key = load_key(Path(parties.location.log_key).read_bytes(), "log.key")
    origin = json.loads(rows[0][0])["origin"]
    root = over(leaf_hash(one) for one in leaves).root()
    publisher = publish.Publisher(str(directory), origin, key)
    publisher.publish(len(leaves), root, lambda a, b: leaves[a:b])
    for vkey in parties.audit.glob("*.vkey"):
        shutil.copy(vkey, directory)
    shutil.copytree(parties.audit / "checkpoints", directory / "checkpoints", dirs_exist_ok=True)
    return publisher


def test_a_leaf_that_was_back_dated_by_who_holds_the_key(log, tmp_path):
    """All of it re-signed with one leaf an hour earlier: the witnessed checkpoints do not fit."""

    def earlier(index, fields):
        return {**fields, "at": fields["at"] - 3_600_000} if index < 4 else fields

    forged(log, tmp_path / "vals", earlier)
    report = verified(log, tmp_path / "vals")
    assert not report.ok
    assert "was changed" in steps(report)["archive"][1]
    # with the checkpoints that do not fit taken away, nobody witnessed what is left
    shutil.rmtree(tmp_path / "vals" / "checkpoints")
    ok, detail = steps(verified(log, tmp_path / "vals"))["witnesses"]
    assert not ok
    assert "no witness of it signed" in detail


@pytest.mark.parametrize(("hours", "words"), [(-1, "back-dated"), (1, "later than it was there")])
def test_a_time_that_the_witnesses_contradict(tmp_path, hours, words):
    """Their clock, an hour off from the log's, stands for a log that lies by an hour."""
    with Getuigen(tmp_path, tsa=False) as parties:
        for name in NAMES:
            now = parties.seconds[name]
            parties.seconds[name] = lambda now=now: now() - hours * 3600
        for name in ("WMO_1.csv", "WMO_2.csv"):
            with keten_of(parties) as keten:
                one_delivery(keten, name)
        asked = policy.parse(parties.policy_file.read_bytes())
        report = verify(str(parties.audit), policy=asked)
    ok, detail = steps(report)["witnesses"]
    assert not ok
    assert words in detail
    assert report.first_bad_leaf is not None


# --- an authority that does not count -------------------------------------------------------------


def revoked(parties, since):
    read = config_of(parties)
    now = datetime.now(UTC)
    wissel.trek_in(parties.location.state, read, wissel.gekozen(read, "tsa"), since, now)


def stamps(parties):
    """How far the gateway itself says that its leaves are time-stamped."""
    return standing.standing(parties.location, config_of(parties))["audit"]["timestamped"]


def test_an_authority_that_was_revoked_stamps_nothing(log, tmp_path):
    """From before all its stamps; then verify, status and bundles say so, with the reason."""
    data = make(log.location, Wish("WMO_3.csv", content=True)).content
    shutil.copytree(Path(log.location.state) / "vertrouwen", tmp_path / "toen")
    assert verify_bundle(data, believed.load(str(tmp_path / "toen"))).ok
    revoked(log, datetime(2016, 1, 1, tzinfo=UTC))
    ok, detail = steps(verified(log))["tokens"]
    assert not ok
    assert ".tsr" in detail
    assert "was revoked on 2016-01-01" in detail
    assert stamps(log) == 0
    report = verify_bundle(data, believed.load(str(Path(log.location.state) / "vertrouwen")))
    found = {one.name: one.detail for one in report.steps if one.outcome == "failed"}
    assert set(found) == {"time", "timestamp"}
    assert all("was revoked on 2016-01-01" in one for one in found.values())


def test_what_it_stamped_before_it_was_revoked_stays(log):
    """Revoked between two stamps: those from before count, the later one does not."""
    newest = max(int(p.stem) for p in log.audit.glob("checkpoints/*.tsr"))
    path = log.audit / "checkpoints" / str(newest)
    token = path.with_suffix(".tsr").read_bytes()
    since = stamped_at(token, bare(path.read_bytes()), None).at + timedelta(seconds=1)
    eventually(lambda: datetime.now(UTC) > since + timedelta(seconds=1))
    with keten_of(log) as keten:
        one_delivery(keten, "WMO_9.csv")
    assert stamps(log) > newest
    revoked(log, since)
    ok, detail = steps(verified(log))["tokens"]
    assert ok
    assert "1 more count for nothing" in detail
    assert stamps(log) == newest


def test_a_revocation_counts_for_a_gateway_that_runs(getuigen):
    """It keeps no stamp of an authority that was revoked since it started."""
    with keten_of(getuigen) as keten:
        revoked(getuigen, datetime(2016, 1, 1, tzinfo=UTC))
        one_delivery(keten)
    assert not (getuigen.audit / f"checkpoints/{published(getuigen)}.tsr").exists()
    assert "was revoked" in read_sealing(getuigen.location.state).peers["tsa"].said


def test_another_authority_under_the_same_root(log):
    """It may stamp, but it is not the one whose stamps count: its OIN is another."""
    read = config_of(log)
    pki = Pki(log.location.state, read)
    one = replace(domein(read, "tsa"), oin="00000009999999990000", organisatie="Een ander")
    seal = log.memory("tsa") / "ander.pem"
    seal.write_bytes(seal_pem(pki.nieuw(one)))
    log.tsa.stop()
    log.authority = str(seal)
    log.tsa.start()
    with keten_of(log) as keten:
        one_delivery(keten, "WMO_9.csv")
    said = read_sealing(log.location.state).peers["tsa"].said
    assert "it was signed by OIN 00000009999999990000" in said


def test_what_a_reader_leaves_out_of_the_certificates_is_said(log):
    """Without the list, without the authority's own; and a file that holds neither is named."""
    pems = log.ca()
    for left, words in (("crl", "revocation list"), ("tsa", "of one authority")):
        trust = stempelaars({name: pem for name, pem in pems.items() if name != left})
        report = verify(str(log.audit), trust=trust)
        assert steps(report)["tokens"][0]
        assert any(words in one for one in report.not_proven), left
    with pytest.raises(TrustError, match=r"leeg\.pem holds no certificate"):
        stempelaars(pems | {"leeg.pem": b"x"})
    with pytest.raises(TrustError, match=r"tussen\.pem: there is no root certificate"):
        stempelaars({"tussen.pem": pems["intermediate"]})
