# SPDX-License-Identifier: EUPL-1.2
"""A witness, called over HTTP as c2sp.org/tlog-witness says; and killed in the middle."""

import hashlib
import http.client
import random
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import checkpoint, cosign
from gateway.audit.checkpoint import VerifierKey
from gateway.audit.cosign import CosignerKey
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import consistency_proof, over, root_of
from gateway.audit.submission import request
from gateway.errors import StateError
from gateway.witness.record import Record
from gateway.witness.serve import Server

LOG = Ed25519PrivateKey.from_private_bytes(b"L" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"O" * 32)
KEY = Ed25519PrivateKey.from_private_bytes(b"W" * 32)
ORIGIN, NAME = "knooppunt.example/audit-2026", "getuige.example"
WITNESS = CosignerKey.of(NAME, KEY)
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def leaves(count, kind=b""):
    return [leaf_hash(kind + str(n).encode()) for n in range(count)]


def reader(hashes):
    return lambda level, index: root_of(hashes[index << level : (index + 1) << level])


def signed(hashes, key=LOG, origin=ORIGIN):
    return checkpoint.sign(origin, len(hashes), over(hashes).root(), key)


def grown(hashes, old):
    """A request from ``old`` leaves to all of these, with its proof."""
    proof = consistency_proof(old, len(hashes), reader(hashes)) if old <= len(hashes) else []
    return request(old, proof, signed(hashes))


def record_in(folder, now=lambda: 1_700_000_000):
    return Record(str(folder), NAME, KEY, [VerifierKey.of(ORIGIN, LOG)], now)


@pytest.fixture
def witness(tmp_path):
    record = record_in(tmp_path / "w")
    server = Server(record, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
    record.close()


def post(server, body, path="/add-checkpoint"):
    try:
        with OPENER.open(urllib.request.Request(server.url + path, body)) as reply:
            return reply.status, reply.headers["Content-Type"], reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def newest(server):
    url = f"{server.url}/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    with OPENER.open(url) as reply:
        return reply.read()


def test_it_signs_what_grew_and_keeps_it_first(witness):
    """From nothing, then on, then the same again; each answer a cosignature that fits."""
    for old, size in ((0, 3), (3, 8), (8, 300), (300, 300)):
        content = signed(leaves(size))
        status, _, body = post(witness, grown(leaves(size), old))
        assert status == 200
        line = cosign.taken(content, body, WITNESS)
        note = checkpoint.parse_note(cosign.with_lines(content, [line]))
        assert cosign.cosignatures(note, [WITNESS])[0].at == 1_700_000_000
        assert newest(witness) == content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"hello", 400),
        (request(0, [], b"no checkpoint"), 400),
        (request(9, [], signed(leaves(8))), 400),
        (request(5, [], signed(leaves(8), OTHER)), 403),
        (request(5, [], signed(leaves(8), LOG, "other.example/log")), 404),
        (grown(leaves(8), 3), 409),
        (grown(leaves(8), 0), 409),
        (request(5, [], signed(leaves(8))), 422),
        (request(5, [b"x" * 32], signed(leaves(8))), 422),
        (grown([*leaves(3), *leaves(7, b"other")], 5), 422),
        (grown(leaves(5, b"other"), 5), 409),
    ],
)
def test_it_refuses_by_the_book(witness, body, status):
    """The code of each refusal; nothing is signed and nothing is forgotten."""
    post(witness, grown(leaves(5), 0))
    kept = newest(witness)
    got, kind, said = post(witness, body)
    assert got == status
    assert "—" not in said.decode()
    if status == 409:
        assert (kind, said) == ("text/x.tlog.size", b"5\n")
    assert newest(witness) == kept


def test_a_proof_from_nothing_is_empty(witness):
    """The letter of the specification."""
    assert post(witness, request(0, [b"x" * 32], signed(leaves(4))))[0] == 422


def test_what_else_it_is_asked(witness):
    """Another place, another method, a log that it does not watch: 404, and it goes on."""
    assert post(witness, b"x", "/elsewhere")[0] == 404
    for path in ("/", "/" + "0" * 64 + "/checkpoint", "/../lock"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            OPENER.open(witness.url + path)
    assert post(witness, grown(leaves(2), 0))[0] == 200


def test_evidence_of_a_fork_is_kept(witness, tmp_path):
    """Both signed by the log's key: the proof that it told two stories."""
    post(witness, grown(leaves(5), 0))
    other = [*leaves(3), *leaves(7, b"other")]
    post(witness, grown(other, 5))
    [kept] = (tmp_path / "w" / "bewijs").iterdir()
    assert checkpoint.parse(kept.read_bytes(), [VerifierKey.of(ORIGIN, LOG)]).size == 10


def test_two_at_once_never_roll_it_back(witness):
    """The race of the specification: many threads, each with the size it saw; it only grows."""
    sizes, worst = [], []

    def submit(seed):
        chance = random.Random(seed)
        old = 0
        for _ in range(15):
            size = old + chance.randrange(0, 20)
            status, _, body = post(witness, grown(leaves(size), old))
            if status == 409:
                old = int(body)
            elif status == 200:
                sizes.append(size)
                seen = int(newest(witness).split(b"\n")[1])
                worst.append(seen - size)
                old = size

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert min(worst) >= 0
    assert int(newest(witness).split(b"\n")[1]) == max(sizes)


def test_one_process_holds_its_folder(tmp_path):
    """Two witnesses on one memory would sign two histories."""
    record = record_in(tmp_path)
    with pytest.raises(StateError):
        record_in(tmp_path)
    record.close()


def test_a_memory_that_was_changed_ends_it(witness, tmp_path):
    """It signs nothing any more, until somebody looked."""
    post(witness, grown(leaves(5), 0))
    [file] = [p for p in (tmp_path / "w").iterdir() if len(p.name) == 64]
    file.write_bytes(file.read_bytes().replace(b"\n5\n", b"\n4\n"))
    assert witness.post("/add-checkpoint", grown(leaves(8), 4)).status == 503
    assert witness.post("/add-checkpoint", grown(leaves(8), 5)).status == 503
    witness.broken = None  # or the thread of this test's server ends with it


_CHILD = """
import sys
from tests.unit.test_witness import record_in
from gateway.witness.serve import Server
server = Server(record_in(sys.argv[1]), 0)
print(server.server_address[1], flush=True)
server.serve_forever(0.01)
"""


def test_killed_in_the_middle_it_never_goes_back(tmp_path):
    """SIGKILL at chance moments: what it signed it still knows, and never signs another root."""
    chance = random.Random(3161)
    mine, other = leaves(400), leaves(400, b"other")
    given, size = {}, 0
    for turn in range(6):
        command = [sys.executable, "-c", _CHILD, str(tmp_path / "w")]
        child = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
        )
        url = f"http://127.0.0.1:{int(child.stdout.readline())}/add-checkpoint"
        timer = threading.Timer(chance.random() / 4, child.send_signal, [signal.SIGKILL])
        timer.start()
        try:
            while True:
                story = other if given and chance.random() < 0.3 else mine
                want = size + chance.randrange(0, 4)
                body = grown(story[:want], size)
                try:
                    with OPENER.open(urllib.request.Request(url, body), timeout=5) as reply:
                        line = reply.read()
                except urllib.error.HTTPError as error:
                    with error:
                        said = error.read()
                    assert error.code in (409, 422)
                    if error.code == 409:
                        assert int(said) >= max(given, default=0)  # never behind what it signed
                        size = int(said)
                    continue
                cosign.taken(signed(story[:want]), line, WITNESS)
                assert (
                    given.setdefault(want, over(story[:want]).root()) == over(story[:want]).root()
                )
                size = want
        except (OSError, http.client.HTTPException):
            pass  # it was killed
        finally:
            timer.cancel()
            child.kill()
            child.wait()
            child.stdout.close()
        assert turn or given
    assert all(root == over(mine[:n]).root() for n, root in given.items() if n)
