# SPDX-License-Identifier: EUPL-1.2
"""What a signer saw of the log, against what the log is now: one that was put back is refused."""

import hashlib
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import rotation, why
from gateway.audit import checkpoint
from gateway.audit.keys import key_files, load_key
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import EMPTY_ROOT, Frontier
from gateway.binding import cms, manifest, verklaring
from gateway.chain import Chain
from gateway.log_roots import root_at
from gateway.moment import Clock
from gateway.requests import Asked, place
from gateway.store_queries import Reader
from gateway.testing import START, Keten
from gateway.trust.sleutels import seal_van
from tests.flow.test_binding import OPTIN, leaves, refused
from tests.flow.test_eherkenning import NAME, SESSIE, Forge, drop, eh_refused

CODE = "logboek-teruggezet"
HALF = rb"\ud800"


class Again(Keten):
    """A chain that goes on where another gateway stopped."""

    def reopen(self):
        """Start it."""
        self._chain = self._open()

    def publish(self):
        """What is committed, now: else it takes half a second."""
        self._chain.publish()


@pytest.fixture
def forge(tmp_path):
    """A chain whose coordinator may hand in."""
    with Again(tmp_path) as keten:
        made = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        keten.settle()
        yield made


def audit(keten):
    return Path(keten.location.audit)


def newest(keten):
    """What anybody sees of the log, once all of it is published."""
    keten.publish()
    return (audit(keten) / "checkpoint").read_text()


def size_of(note):
    return checkpoint.read_body(checkpoint.parse_note(note.encode())).size


def origin_of(keten):
    return (audit(keten) / "checkpoint").read_text().split("\n")[0]


def logged(keten):
    with Reader(keten.location.database) as reader:
        return reader.leaves(0, 1 << 20)


def root(keten, size):
    tree = Frontier()
    for one in logged(keten)[:size]:
        tree.append(leaf_hash(one))
    return tree.root()


def signed(keten, size, root, origin=""):
    """A checkpoint that the log's own key signs: the operator's, or of a state that is gone."""
    key = load_key(Path(keten.location.log_key).read_bytes(), "log.key")
    return checkpoint.sign(origin or origin_of(keten), size, root, key).decode()


def said(seen, name=NAME, salt=b"z" * 32, content=OPTIN):
    """A manifest with this checkpoint, and its salt."""
    listed = manifest.Listed(name, len(content), hashlib.sha256(content).hexdigest())
    made = manifest.Manifest("0363", (listed,), "2026-02-02T09:00:00Z", seen)
    return verklaring.Verklaring(manifest.build(made).replace(b"HALF", HALF), salt, "")


def sealed(keten, seen, name=NAME):
    """The seal of an employee over a manifest with this checkpoint."""
    by = seal_van(keten.location.state, keten.config, "zegel-medewerker-0363-coordinator")
    made = said(seen, name).manifest
    return cms.sign(OPTIN, by.key, by.certificate, by.chain, datetime.now(UTC), made)


def hand_in(forge, seen, how):
    """Sign what was seen, and drop it with the file."""
    keten = forge.keten
    if how == "zegel":
        keten.drop("0363", f"{NAME}.p7s", sealed(keten, seen))
        keten.drop("0363", NAME, OPTIN)
        keten.settle()
    else:
        drop(keten, forge.sign(said(seen)))


def refused_for(forge, seen, how, code=CODE):
    if how == "zegel":
        return refused(forge.keten, code, p7s=sealed(forge.keten, seen))
    return eh_refused(forge, code, forge.sign(said(seen)))


HOW = pytest.mark.parametrize("how", ["zegel", "eherkenning"])


# --- what was put back ----------------------------------------------------------------------------


def put_back(keten, copy):
    """Yesterday's state, published log and all, in the place of today's; no witness watches."""
    keten.close()
    shutil.rmtree(keten.location.state)
    shutil.copytree(copy, keten.location.state)
    return Again(keten.folder, seed=5)


@HOW
def test_yesterdays_state_is_found_out_by_what_a_user_signed_today(tmp_path, how):
    """By itself it looks whole. It is refused then, and when it has grown past what he saw."""
    keten = Again(tmp_path / "keten")
    made = Forge(keten)
    keten.grant("coordinator", "gmsd", "0363")
    keten.close()
    shutil.copytree(keten.location.state, tmp_path / "gisteren")
    keten = made.keten = Again(keten.folder, seed=4)
    keten.drop("0363", "WMO_H22025.csv", b"vandaag")
    keten.settle()
    seen = newest(keten)
    p7s, assertion = keten.seal("0363", NAME, OPTIN, "coordinator"), made.sign(said(seen))
    assert manifest.read(cms.read(p7s).manifest).checkpoint == seen

    keten = made.keten = put_back(keten, tmp_path / "gisteren")
    with closing(keten):
        assert size_of(newest(keten)) < size_of(seen)
        for _ in range(2):
            if how == "zegel":
                text = refused(keten, CODE, p7s=p7s)
            else:
                text = eh_refused(made, CODE, assertion)
            assert f"({size_of(seen)} regels)" in text
            assert "beheerder van het knooppunt" in text
            for number in range(3):
                keten.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
            keten.settle()
            assert size_of(newest(keten)) > size_of(seen)
        hand_in(made, newest(keten), how)  # who signs anew signs what there is
        assert len(keten.received("besluit")) == 1


@HOW
@pytest.mark.parametrize("more", [-3, 0, 1, 10**18])
def test_another_history_under_the_logs_key_is_refused(forge, how, more):
    """Of fewer leaves, of as many, of more."""
    size = size_of(newest(forge.keten)) + more
    text = refused_for(forge, signed(forge.keten, size, b"x" * 32), how)
    assert f"({size} regels)" in text
    [leaf] = leaves(forge.keten, "A.2")
    assert (leaf["auth"], leaf["result"]) == ("folder", CODE)


def test_a_number_that_no_database_holds_is_refused_too(forge):
    """Nineteen nines."""
    refused_for(forge, signed(forge.keten, 10**19 - 1, b"x" * 32), "zegel")


def test_a_session_that_names_another_history_is_refused(tmp_path):
    """It signs no manifest; the log's own key signed the checkpoint."""
    with Again(tmp_path, config=SESSIE) as keten:
        made = Forge(keten)
        keten.grant("coordinator", "gmsd", "0363")
        seen = signed(keten, size_of(newest(keten)) + 9, b"x" * 32)
        eh_refused(made, CODE, made.sign(said(seen), nonce="x"))


def test_it_is_foretold(forge):
    """``knooppunt why``, of a file that lies there: another history, and the one there is."""
    keten = forge.keten
    for seen, code in ((signed(keten, 2, b"x" * 32), CODE), (newest(keten), None)):
        keten.drop("0363", f"{NAME}.p7s", sealed(keten, seen))
        path = keten.drop("0363", NAME, OPTIN)
        assert why.explain(keten.location, keten.config, str(path))["foreseen"] == code
    keten.settle()


def test_the_clerk_in_a_process_of_its_own_knows_it_too(forge):
    """Both ways: a beginning of this log passes, another history does not."""
    keten = forge.keten
    right, wrong = signed(keten, 2, root(keten, 2)), signed(keten, 2, b"x" * 32)
    for name, seen in ((NAME, right), ("OPTOUT_H22025.xml", wrong)):
        keten.drop("0363", f"{name}.p7s", sealed(keten, seen, name))
        keten.drop("0363", name, OPTIN)
    keten.close()
    with Chain(keten.location, clock=Clock(standing=START), apart=True, quiet_ms=50) as chain:
        chain.run_once()
    keten.reopen()
    assert len(keten.received("besluit")) == 1
    [leaf] = leaves(keten, "A.2")
    assert leaf["result"] == CODE


# --- what is no accusation ------------------------------------------------------------------------


@HOW
def test_any_beginning_of_the_log_passes(forge, how):
    """Nothing, a part, all that is published; the log goes on meanwhile, and starts again."""
    keten = forge.keten
    size = size_of(newest(keten))
    for seen in ((0, EMPTY_ROOT), (size - 3, root(keten, size - 3)), (size, root(keten, size))):
        hand_in(forge, signed(keten, *seen), how)
        assert len(keten.received("besluit")) == 1, keten.notices("0363", "weigering")
        keten.empty_receivers()
        keten.restart()


def test_one_that_a_key_of_before_signed_counts_as_well(forge):
    """For what is right and for what is not."""
    keten = forge.keten
    before = [signed(keten, 2, root(keten, 2)), signed(keten, 2, b"x" * 32)]
    for action in (rotation.ROTATE, rotation.FINISH):
        body = {"action": action, "domain": rotation.LOG, "by": "beheer"}
        place(keten.location.state, Asked(Clock().fresh_ulid(), rotation.KIND, body))
        keten.settle()
        keten.publish()
    assert len(key_files(keten.location.log_key)) == 1
    refused_for(forge, before[1], "zegel")
    refused_for(forge, signed(keten, 2, b"x" * 32), "zegel")
    hand_in(forge, before[0], "zegel")
    assert len(keten.received("besluit")) == 1


def odd(keten):
    """What accuses nobody: by who signed it, or because it is nothing."""
    wrong = signed(keten, 9999, b"x" * 32)
    text, _, line = wrong.partition("\n\n")
    other = signed(keten, 9999, b"x" * 32, "elders.example/audit-2026")
    return {
        "none": "",
        "not signed": f"{text}\n\n— elders {'QUJD' * 20}\n",
        "another text under that signature": f"{text.replace('9999', '9998')}\n\n{line}",
        "of another log": other,
        "words": "wat ik zag",
        "half a character": "HALF",
    }


@HOW
@pytest.mark.parametrize("what", ["none", "not signed", "another text under that signature",
                                  "of another log", "words", "half a character"])  # fmt: skip
def test_what_no_key_of_this_log_signed_accuses_nobody(forge, how, what):
    """It is passed over, as a manifest without one is."""
    hand_in(forge, odd(forge.keten)[what], how)
    assert len(forge.keten.received("besluit")) == 1


# --- the root at a size ---------------------------------------------------------------------------


def test_a_root_is_that_of_the_leaves_wherever_it_is_read(forge):
    """From tiles, from leaves behind them, from leaves alone when a tile is damaged or gone."""
    keten = forge.keten
    for number in range(300):
        keten.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
    keten.settle()
    old = newest(keten)
    keten.drop("0363", "WMO_H22025_x.csv", b"x")
    keten.settle()
    keten.check()
    known = logged(keten)
    wanted = {size: root(keten, size) for size in (0, 1, 255, 256, 257, 700, len(known))}
    asked = []

    def read(start, stop):
        asked.append((start, stop))
        return known[start:stop]

    def all_there():
        found = {size: root_at(size, read, keten.location.audit) for size in wanted}
        assert found == wanted
        assert root_at(len(known) + 1, read, keten.location.audit) is None

    all_there()
    assert {start for start, _ in asked} == {len(known)}  # the one that is not there
    path = audit(keten) / "checkpoint"
    new = path.read_text()
    path.write_text(old)
    all_there()
    path.write_text(new)
    tile = audit(keten) / "tile" / "0" / "000"
    whole = tile.read_bytes()
    tile.write_bytes(b"y" * len(whole))
    all_there()
    tile.unlink()
    all_there()
    tile.write_bytes(whole)
