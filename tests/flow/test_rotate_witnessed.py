# SPDX-License-Identifier: EUPL-1.2
"""The log's key is changed while others sign along: evidence of before and after stays whole."""

import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import rotation, standing
from gateway.asking import ask
from gateway.audit import checkpoint, leaf, policy, reading, statements
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.keys import load_key
from gateway.audit.merkle import inclusion_proof
from gateway.audit.submission import PATH, Succession, request, successor_request
from gateway.audit.succession import followed
from gateway.audit.tiles import hash_reader
from gateway.audit.verify import verify as audit_verify
from gateway.errors import GatewayError
from gateway.evidence import believed, check_export, container, export, proofs
from gateway.evidence.bundle import make
from gateway.evidence.verify import verify
from gateway.evidence.wish import Wish
from gateway.location import read_config
from gateway.outside import trust_of
from gateway.peers import call
from gateway.sealing import read_sealing
from gateway.testing import Keten
from gateway.witness.record import Answer
from gateway.witness.serve import Server
from tests.flow.getuigen import Getuigen


@pytest.fixture
def getuigen(tmp_path):
    with Getuigen(tmp_path) as parties:
        yield parties


def deliver(parties, name, seed):
    with Keten(parties.folder, config=parties.config, seed=seed) as keten:
        keten.drop("0363", name, name.encode())
        keten.settle()


def change(parties, action, **more):
    return ask(parties.location, rotation.KIND,
               {"action": action, "domain": rotation.LOG, "by": "m.beheer", **more})  # fmt: skip


def bundle(parties, name):
    return make(parties.location, Wish(name, content=True)).content


def trust_folder(parties):
    return Path(parties.location.state) / "vertrouwen"


def kept_trust(parties, name):
    """A reader's copy, as it is now."""
    return shutil.copytree(trust_folder(parties), parties.folder / name)


def outcomes(report):
    return {one.name: (one.outcome, one.detail) for one in report.steps}


def exported(parties):
    config = read_config(parties.location.config_path)
    return container.pack(export.members(parties.location, config, "0363"), container.EXPORT)


def exports(parties, trust):
    found = container.unpack(exported(parties), container.EXPORT)
    return check_export.verify(found, believed.load(str(trust)))


def stand(parties):
    """What status says of the log and of who signs it."""
    config = read_config(parties.location.config_path)
    return standing.standing(parties.location, config)["audit"]


def signers(parties):
    note = checkpoint.parse_note((parties.audit / "checkpoint").read_bytes())
    origin = checkpoint.read_body(note).origin
    return sum(one.name == origin for one in note.signatures)


def audited(parties, asked):
    settings = read_config(parties.location.config_path).getuigen
    return audit_verify(str(parties.audit), policy=policy.parse(asked.read_bytes()),
                        trust=trust_of(parties.location, settings))  # fmt: skip


class Ander(Server):
    """A witness by other software: it has the call of the protocol, and no more."""

    def post(self, path, body):
        """Nothing but add-checkpoint."""
        return super().post(path, body) if path == PATH else Answer(404, b"no such call\n")


class Weigert(Server):
    """A witness that knows no log at all."""

    def post(self, path, body):
        """Refuse."""
        return Answer(403, b"not signed by any key that is known here\n<b>more</b>")


def other_software(parties, name, kind):
    """From now on this witness is that one."""
    parties.kinds[name] = kind
    parties.witnesses[name].stop()
    parties.witnesses[name].start()


def tree(parties, size):
    return hash_reader(size, lambda tile: reading.read_tile(str(parties.audit), tile))


def proven(report):
    """Everything that a round without seals or receipts can prove, is."""
    found = outcomes(report)
    assert report.ok, found
    for name in ("proofs", "checkpoint", "witnesses", "timestamp", "time", "seal"):
        assert found[name][0] == "ok", found[name]


def test_all_of_it_goes_on_over_a_change_of_key(getuigen):
    """Overlap, the end of it, two deliveries; old evidence and new, by old trust and new."""
    deliver(getuigen, "WMO_1.csv", 11)
    old_trust = kept_trust(getuigen, "toen")
    before = bundle(getuigen, "WMO_1.csv")
    [old] = policy.parse((old_trust / "policy").read_bytes()).logs

    change(getuigen, rotation.ROTATE)
    assert signers(getuigen) == 2
    both = policy.parse((trust_folder(getuigen) / "policy").read_bytes()).logs
    assert next(iter(both)) == old
    assert len(both) == 2
    deliver(getuigen, "WMO_2.csv", 12)
    during = bundle(getuigen, "WMO_2.csv")
    change(getuigen, rotation.FINISH)
    deliver(getuigen, "WMO_3.csv", 13)
    deliver(getuigen, "WMO_4.csv", 14)
    assert signers(getuigen) == 1
    after = bundle(getuigen, "WMO_4.csv")

    found = stand(getuigen)
    assert found["witnessed"] == found["timestamped"] == found["size"]
    assert not [one for one in found["peers"] if one["failing_since"]]
    new_trust = kept_trust(getuigen, "nu")
    for trust in (old_trust, new_trust):
        report = audited(getuigen, trust / "policy")
        assert report.ok, report
        belief = believed.load(str(trust))
        for data in (before, during, after):
            proven(verify(data, belief))
        report = exports(getuigen, trust)
        assert report.ok, outcomes(report)
        assert outcomes(report)["witnesses"][0] == "ok"


def test_an_export_holds_what_no_witness_saw_yet(getuigen):
    """All leaves up to the newest checkpoint; the witnessed one shown to be its beginning."""
    deliver(getuigen, "WMO_1.csv", 11)
    seen = stand(getuigen)["size"]
    for one in getuigen.witnesses.values():
        one.stop()
    deliver(getuigen, "WMO_2.csv", 12)
    size = stand(getuigen)["size"]
    assert seen < size
    report = exports(getuigen, trust_folder(getuigen))
    assert report.ok, outcomes(report)
    outcome, detail = outcomes(report)["witnesses"]
    assert outcome == "ok"
    assert f"the first {seen} leaves" in detail
    assert any("no quorum yet" in one for one in report.not_proven)
    found = container.unpack(exported(getuigen), container.EXPORT)
    index = json.loads(found.members["export.json"])
    assert (index["size"], index["witnessed"]) == (size, seen)
    assert index["leaves"][-1] >= seen

    # a witnessed checkpoint of another history does not pass, nor does one that is not there
    said = checkpoint.read_body(checkpoint.parse_note(found.members[f"checkpoints/{seen}"]))
    key = load_key(Path(getuigen.location.log_key).read_bytes(), "log.key")
    other = checkpoint.sign(said.origin, seen, b"x" * 32, key)
    belief = believed.load(str(trust_folder(getuigen)))
    for content, words in ((other, "did not grow out of"), (b"", "not a signed note")):
        found.members[f"checkpoints/{seen}"] = content
        report = check_export.verify(found, belief)
        assert not report.ok
        assert words in outcomes(report)["witnesses"][1]


def test_the_times_of_an_exports_leaves_are_compared(getuigen):
    """With each other, and with when a witness signed: before it those behind, after it the others.

    Whoever forges them here has not the log's key; the steps do not lean on each other.
    """
    deliver(getuigen, "WMO_1.csv", 11)
    seen = stand(getuigen)["size"]
    for one in getuigen.witnesses.values():
        one.stop()
    deliver(getuigen, "WMO_2.csv", 12)
    found = container.unpack(exported(getuigen), container.EXPORT)
    belief = believed.load(str(trust_folder(getuigen)))
    report = check_export.verify(found, belief)
    assert report.ok, outcomes(report)
    leaves = json.loads(found.members["export.json"])["leaves"]
    before, behind = max(at for at in leaves if at < seen), min(at for at in leaves if at >= seen)
    hour = 3600_000
    for at, moved, step, words in (
        (behind, -hour, "chain", "it is earlier than a leaf before it"),
        (behind, -hour, "witnesses", "back-dated, it was not there when a witness signed"),
        (before, hour, "witnesses", "it says to be later than when a witness signed it"),
        (before, hour, "chain", "it is earlier than a leaf before it"),
    ):
        path = f"leaves/{at}.json"
        kept = found.members[path]
        fields = leaf.decode(kept)
        found.members[path] = leaf.encode(fields | {"at": fields["at"] + moved})
        outcome, detail = outcomes(check_export.verify(found, belief))[step]
        assert (outcome, words in detail) == ("failed", True), detail
        later = f"leaves/{behind}.json" if step == "chain" else path
        assert later in detail
        found.members[path] = kept


def test_what_shows_a_change_of_key_shows_no_other(getuigen):
    """A bundle by a key that lies beside it, or in a statement of a thief's, is not believed."""
    deliver(getuigen, "WMO_1.csv", 11)
    old_trust = kept_trust(getuigen, "toen")
    [old] = policy.parse((old_trust / "policy").read_bytes()).logs
    change(getuigen, rotation.ROTATE)
    [good] = statements.read(str(getuigen.audit))
    assert followed([old], [good]) == [old, good.key]

    mine = VerifierKey.of(old.name, Ed25519PrivateKey.generate())
    assert followed([mine], [good]) == [mine]  # it leads from the old key on, not from any key
    assert followed([good.key], [good]) == [good.key]  # nor from the new one back
    other = leaf.decode(good.leaf)
    other["content"] = mine.digest()
    forged = leaf.encode(other)
    for bad in (
        good._replace(key=mine),
        good._replace(key=mine, leaf=forged),
        good._replace(leaf=forged),
        good._replace(proof=b""),
        good._replace(proof=good.proof.replace(b"index ", b"index 1")),
    ):
        assert followed([old], [bad]) == [old]


def test_a_witness_takes_no_key_that_only_lies_in_the_folder(getuigen):
    """A thief of the folder puts his .vkey there and signs: refused, also after a restart."""
    deliver(getuigen, "WMO_1.csv", 11)
    said = checkpoint.read_body(checkpoint.parse_note((getuigen.audit / "checkpoint").read_bytes()))
    thief = Ed25519PrivateKey.generate()
    mine = VerifierKey.of(said.origin, thief)
    (getuigen.audit / checkpoint.vkey_file(said.origin, mine)).write_text(f"{mine.line()}\n")
    (getuigen.audit / checkpoint.vkey_file(said.origin)).write_text(f"{mine.line()}\n")
    content = checkpoint.sign(said.origin, said.size, said.root, thief)
    for one in getuigen.witnesses.values():
        one.stop()
        one.start()
        asked = request(said.size, [], content)
        reply = call(f"{one.server.url}/add-checkpoint", asked, "text/plain", 5)
        assert reply.status == 403
        # nor by a leaf that is in the log but speaks of no key
        entry = proofs.Published(str(getuigen.audit), content).leaf(0)
        for index, size in ((0, said.size), (0, 1), (said.size, said.size + 1)):
            way = inclusion_proof(0, said.size, tree(getuigen, said.size)) if index == 0 else []
            asked = successor_request(Succession(mine, index, size, tuple(way), entry))
            reply = call(f"{one.server.url}/add-successor", asked, "text/plain", 5)
            assert reply.status in (403, 409, 422)
        reply = call(f"{one.server.url}/add-checkpoint", request(said.size, [], content), "t/p", 5)
        assert reply.status == 403


def test_the_overlap_is_not_ended_before_each_witness_knows_the_key(getuigen):
    """One is down: refused, and named; with --force it ends, and he catches up when he is back."""
    deliver(getuigen, "WMO_1.csv", 11)
    away = getuigen.witnesses["getuige-cbs"]
    away.stop()
    change(getuigen, rotation.ROTATE)
    with pytest.raises(GatewayError, match="getuige-cbs") as told:
        change(getuigen, rotation.FINISH)
    assert "getuige-gemeente" not in told.value.sentence
    assert "--force" in told.value.hint
    assert signers(getuigen) == 2
    change(getuigen, rotation.FINISH, force=True)
    deliver(getuigen, "WMO_2.csv", 12)
    change(getuigen, rotation.ROTATE)
    change(getuigen, rotation.FINISH, force=True)
    deliver(getuigen, "WMO_3.csv", 13)
    assert signers(getuigen) == 1
    away.start()  # it knows the first key alone, and saw none of either change
    deliver(getuigen, "WMO_4.csv", 14)
    found = stand(getuigen)
    assert found["witnessed"] == found["size"]


def test_a_witness_that_takes_no_key_still_signs_the_overlap(getuigen):
    """One by other software: told, and --finish waits until its operator gave it the key."""
    deliver(getuigen, "WMO_1.csv", 11)
    name = "getuige-cbs"
    other_software(getuigen, name, Ander)
    change(getuigen, rotation.ROTATE)
    deliver(getuigen, "WMO_2.csv", 12)
    found = stand(getuigen)
    assert found["witnessed"] == found["size"]
    with pytest.raises(GatewayError, match=name):
        change(getuigen, rotation.FINISH)
    # its operator adds the key by hand
    getuigen.witnesses[name].stop()
    own = getuigen.memory(name) / "logs.vkey"
    new = getuigen.audit / "audit-2026.vkey"
    own.write_text(own.read_text() + new.read_text())
    getuigen.witnesses[name].start()
    change(getuigen, rotation.FINISH)
    deliver(getuigen, "WMO_3.csv", 13)
    assert signers(getuigen) == 1


def test_a_key_that_was_followed_has_nothing_cosigned(getuigen):
    """A thief kept the old key: the witnesses know that it was followed."""
    deliver(getuigen, "WMO_1.csv", 11)
    stolen = load_key(Path(getuigen.location.log_key).read_bytes(), "log.key")
    change(getuigen, rotation.ROTATE)
    change(getuigen, rotation.FINISH)
    deliver(getuigen, "WMO_2.csv", 12)
    said = checkpoint.read_body(checkpoint.parse_note((getuigen.audit / "checkpoint").read_bytes()))
    content = checkpoint.sign(said.origin, said.size, said.root, stolen)
    for one in getuigen.witnesses.values():
        reply = call(f"{one.server.url}/add-checkpoint", request(said.size, [], content), "t/p", 5)
        assert reply.status == 403
        assert b"followed by another" in reply.body


def test_a_refusal_is_told_in_the_words_of_the_witness(getuigen):
    """What it answered, what that means, and who mends it; in status too."""
    deliver(getuigen, "WMO_1.csv", 11)
    other_software(getuigen, "getuige-cbs", Weigert)
    deliver(getuigen, "WMO_2.csv", 12)
    said = read_sealing(getuigen.location.state).peers["getuige-cbs"].said
    assert "403" in said
    assert '"not signed by any key that is known here"' in said
    assert "operator" in said
    assert "<b>" not in said


def test_a_witness_that_was_given_a_key_takes_its_place_in_the_row_all_the_same(getuigen):
    """Its operator did what a refusal advised; the log's own proof of the change comes after it."""
    deliver(getuigen, "WMO_1.csv", 11)
    change(getuigen, rotation.ROTATE)
    deliver(getuigen, "WMO_2.csv", 12)
    change(getuigen, rotation.FINISH)
    deliver(getuigen, "WMO_3.csv", 13)
    name = "getuige-cbs"
    getuigen.witnesses[name].stop()
    change(getuigen, rotation.ROTATE)
    own = getuigen.memory(name) / "logs.vkey"
    own.write_text(own.read_text() + (getuigen.audit / "audit-2026.vkey").read_text())
    getuigen.witnesses[name].start()
    deliver(getuigen, "WMO_4.csv", 14)
    change(getuigen, rotation.FINISH)
    deliver(getuigen, "WMO_5.csv", 15)
    found = stand(getuigen)
    assert found["witnessed"] == found["size"]


def test_at_first_sight_a_key_that_ended_is_not_taken(getuigen):
    """A witness that begins after a change: who stole the old key has nothing cosigned by it."""
    deliver(getuigen, "WMO_1.csv", 11)
    stolen = load_key(Path(getuigen.location.log_key).read_bytes(), "log.key")
    change(getuigen, rotation.ROTATE)
    change(getuigen, rotation.FINISH)
    name = "getuige-cbs"
    getuigen.witnesses[name].stop()
    shutil.rmtree(getuigen.memory(name))
    getuigen.witnesses[name].start()
    said = checkpoint.read_body(checkpoint.parse_note((getuigen.audit / "checkpoint").read_bytes()))
    made_up = checkpoint.sign(said.origin, said.size + 1, b"x" * 32, stolen)
    url = f"{getuigen.witnesses[name].server.url}{PATH}"
    assert call(url, request(0, [], made_up), "text/plain", 5).status == 403
