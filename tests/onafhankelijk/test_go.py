# SPDX-License-Identifier: EUPL-1.2
"""The log by a checker in Go, with ``sumdb/note`` and ``sumdb/tlog``: none of our code judges."""

import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import checkpoint, cosign
from gateway.audit.checkpoint import VerifierKey, vkey_file
from gateway.audit.cosign import CosignerKey
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import over
from gateway.audit.publish import Publisher
from gateway.testing import Keten
from tests.flow.getuigen import Getuigen

SOURCE = Path(__file__).with_name("main.go")
PACKAGES = Path(os.environ.get("GOCODE", "/usr/share/gocode"))  # Debian: golang-golang-x-mod-dev
ORIGIN = "knooppunt.example/audit-2026"
LOG = Ed25519PrivateKey.from_private_bytes(b"L" * 32)
KEYS = {f"w{n}.example": Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)}
VKEYS = [VerifierKey.of(ORIGIN, LOG).line()]
VKEYS += [CosignerKey.of(name, key).line() for name, key in KEYS.items()]

pytestmark = pytest.mark.skipif(
    not (shutil.which("go") and (PACKAGES / "src/golang.org/x/mod/sumdb/note").is_dir()),
    reason="needs Go and its sumdb packages: golang-go, golang-golang-x-mod-dev",
)


@pytest.fixture(scope="session")
def checker(tmp_path_factory):
    """The checker, built offline from the packages of the distribution."""
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"), "HOME": str(folder),
    }  # fmt: skip
    binary = folder / "checker"
    command = ["go", "build", "-o", str(binary), str(SOURCE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def check(directory, *vkeys):
        command = [str(binary), str(directory), *(vkeys or VKEYS)]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return check


def cosigned(content, at=1_700_000_000):
    text = checkpoint.parse_note(content).text
    return cosign.with_lines(
        content, [cosign.cosign(text, name, key, at) for name, key in KEYS.items()]
    )


@pytest.fixture
def log(tmp_path):
    """A log of 1,000 leaves that grew in steps, each archived and cosigned."""
    leaves = [b"leaf %d" % n for n in range(1000)]
    publisher = Publisher(str(tmp_path), ORIGIN, LOG)
    for size in (1, 2, 255, 256, 257, 511, 700, 1000):
        root = over(leaf_hash(one) for one in leaves[:size]).root()
        publisher.publish(size, root, lambda a, b: leaves[a:b])
        archived = tmp_path / "checkpoints" / str(size)
        archived.parent.mkdir(exist_ok=True)
        archived.write_bytes(cosigned(publisher.current))
    (tmp_path / vkey_file(ORIGIN)).write_text(VKEYS[0] + "\n")
    return tmp_path


def test_it_agrees_that_a_log_is_whole(checker, log):
    """Notes, cosignatures of type 4, inclusion of each leaf, consistency with each checkpoint."""
    code, said = checker(log)
    assert code == 0, said
    assert "1000 leaves" in said
    assert "8 archived checkpoints" in said
    assert "8 cosigned by all of 2 witnesses" in said


def test_it_agrees_on_a_chain_of_ours(checker, tmp_path):
    """What the gateway, two witness processes and ``init`` made."""
    with Getuigen(tmp_path, tsa=False) as parties:
        with Keten(tmp_path, config=parties.config) as keten:
            keten.drop("0363", "WMO_H22025.csv", b"x")
            keten.settle()
        trust = Path(parties.location.state) / "vertrouwen"
        [vkey] = parties.audit.glob("*.vkey")
        vkeys = [vkey, *sorted(trust.glob("getuige-*.vkey"))]
        code, said = checker(parties.audit, *(one.read_text().strip() for one in vkeys))
    assert code == 0, said
    assert "cosigned by all of 2 witnesses" in said
    assert " 0 cosigned" not in said


def _byte(path, at=-1):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def _replayed(folder):
    older, newer = folder / "700", folder / "1000"
    lines = older.read_text().splitlines(True)
    newer.write_text("".join([*newer.read_text().splitlines(True)[:5], *lines[5:]]))


def _later(folder):
    """Another time in a cosignature, everything else as it was."""
    path = folder / "1000"
    lines = path.read_text().splitlines(True)
    dash, name, coded = lines[5].split(" ")
    value = bytearray(b64decode(coded))
    value[11] ^= 1
    lines[5] = f"{dash} {name} {b64encode(value).decode()}\n"
    path.write_text("".join(lines))


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda log: _byte(log / "tile/entries/001"), "leaf 511"),
        (lambda log: _byte(log / "tile/0/000", 0), "leaf 1:"),
        (lambda log: _byte(log / "tile/1/000.p/3", 0), "leaf"),
        (lambda log: (log / "tile/entries/002").unlink(), "entries"),
        (lambda log: _replayed(log / "checkpoints"), "checkpoints/1000"),
        (lambda log: _later(log / "checkpoints"), "checkpoints/1000"),
        (lambda log: shutil.copy(log / "checkpoints/700", log / "checkpoint"), "beyond the log"),
        (lambda log: shutil.copy(log / "checkpoints/2", log / "checkpoints/1"), "another size"),
        (lambda log: (log / "checkpoint").unlink(), "checkpoint"),
    ],
)
def test_it_finds_what_was_changed(checker, log, spoil, word):
    """One byte of a leaf or hash, a cosignature replayed or changed, an end cut off."""
    spoil(log)
    code, said = checker(log)
    assert code == 1, said
    assert word in said


def test_another_history_under_the_same_key(checker, log):
    """Re-signed by who holds the log's key, with the witnesses' checkpoints left beside it."""
    leaves = [b"other %d" % n if n == 600 else b"leaf %d" % n for n in range(1000)]
    other = log / "other"
    root = over(leaf_hash(one) for one in leaves).root()
    Publisher(str(other), ORIGIN, LOG).publish(1000, root, lambda a, b: leaves[a:b])
    shutil.copytree(log / "checkpoints", other / "checkpoints")
    code, said = checker(other)
    assert code == 1
    assert "checkpoints/700" in said
    assert checker(other, VKEYS[0], VKEYS[2])[0] == 1
