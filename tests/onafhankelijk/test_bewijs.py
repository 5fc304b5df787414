# SPDX-License-Identifier: EUPL-1.2
"""Bundles and exports by tools that are not ours: openssl, xmlsec1, a shell, Go, pymerkle.

The commands of README.txt have tests of their own (``test_leesmij.py``).
"""

import json
import os
import shutil
import subprocess
import zipfile
from base64 import b64decode
from pathlib import Path

import pytest
from pymerkle import InmemoryTree

from gateway.audit import reading
from gateway.audit.tiles import WIDTH, Tile, unbundle
from gateway.evidence import check_export, issue
from tests.flow.bewijs import NAME, members
from tests.onafhankelijk.schil import MISSING, check, unpacked

HERE = Path(__file__).parent
PACKAGES = Path(os.environ.get("GOCODE", "/usr/share/gocode"))

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")


@pytest.mark.parametrize(
    "path",
    [
        "summary.html", "META-INF/ASiCManifest.xml", "META-INF/signature.p7s", "log/leaves/{}.json",
        "content/file.csv", "receipts/*", "binding/zegel.p7s", "log/*/checkpoint",
        "openings/{}.jsonl",
    ],
)  # fmt: skip
def test_the_commands_find_one_byte(bewijs, tmp_path, path):
    """In any member: the shell ends with a fault."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    first = min(int(one.stem) for one in (folder / "openings").iterdir())
    [found, *_] = folder.glob(path.format(first))
    content = bytearray(found.read_bytes())
    content[len(content) // 2] ^= 1
    found.write_bytes(content)
    assert check(folder, bewijs.trust).fault[0] in ("manifest", "seal", "time")


def test_openssl_verifies_the_seal_over_the_manifest(bewijs, tmp_path):
    """By one command; over any other bytes it does not."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    command = [
        "openssl", "cms", "-verify", "-binary", "-inform", "DER",
        "-in", str(folder / "META-INF/signature.p7s"),
        "-content", str(folder / "META-INF/ASiCManifest.xml"),
        "-CAfile", str(bewijs.trust / "root.pem"),
        "-certfile", str(bewijs.trust / "intermediate.pem"),
        "-purpose", "any", "-out", os.devnull,
    ]  # fmt: skip
    assert subprocess.run(command, capture_output=True).returncode == 0
    (folder / "META-INF/ASiCManifest.xml").write_bytes(b"anders")
    assert subprocess.run(command, capture_output=True).returncode != 0


@pytest.fixture(scope="module")
def go(tmp_path_factory):
    """The verifier of tlog-proofs in Go, built offline from the packages of the distribution."""
    if not (shutil.which("go") and (PACKAGES / "src/golang.org/x/mod/sumdb/note").is_dir()):
        pytest.skip("needs Go and its sumdb packages: golang-go, golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOFLAGS": "",
        "GOCACHE": str(folder / "cache"), "HOME": str(folder),
    }  # fmt: skip
    binary = folder / "tlog-proof"
    command = ["go", "build", "-o", str(binary), str(HERE / "bewijs" / "main.go")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    def run(leaves, proofs, vkey):
        command = [str(binary), str(leaves), str(proofs), vkey]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return run


def vkey(bewijs):
    return next(iter(bewijs.belief.policy.logs)).line()


def test_go_agrees_on_each_proof_of_a_bundle(bewijs, go, tmp_path):
    """And no longer when a leaf, its proof, or the key is another."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    [size] = [one for one in (folder / "log").iterdir() if one.name != "leaves"]
    code, said = go(folder / "log" / "leaves", size, vkey(bewijs))
    assert code == 0, said
    assert said.count("is in the log of") == len(list((folder / "log" / "leaves").iterdir()))
    [one, two, *_] = sorted(size.glob("*.tlog-proof"))
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    assert go(folder / "log" / "leaves", size, vkey(bewijs))[0] == 1
    one.write_bytes(kept)
    leaf = folder / "log" / "leaves" / f"{one.stem}.json"
    leaf.write_bytes(leaf.read_bytes().replace(b'"v":1', b'"v":2'))
    assert go(folder / "log" / "leaves", size, vkey(bewijs))[0] == 1
    other = "knooppunt.example/audit-2026+30f29c2e+ATLNh4WSg8vqUtmHAuCdcrwZxaepXYyaPtGjTdRgo/9v"
    assert go(folder / "log" / "leaves", size, other)[0] != 0


def test_go_agrees_on_each_proof_of_an_export(bewijs, go, tmp_path):
    """A municipality checks its own leaves without us."""
    issue.export_to(bewijs.location, "0363", str(tmp_path / "uit"))
    code, said = go(tmp_path / "uit" / "leaves", tmp_path / "uit" / "proofs", vkey(bewijs))
    assert code == 0, said


def test_pymerkle_makes_the_same_root(bewijs, tmp_path):
    """Of all leaves, as the published bundles hold them: the root in the bundle's checkpoint."""
    found = members(bewijs.whole)
    [path] = [one for one in found if one.endswith("/checkpoint")]
    _, size, root, *_ = found[path].decode().split("\n")
    tree = InmemoryTree(algorithm="sha256")
    for index in range(-(-int(size) // WIDTH)):
        width = min(WIDTH, int(size) - index * WIDTH)
        content = reading.read_tile(bewijs.location.audit, Tile(-1, index, width))
        for entry in unbundle(content)[0]:
            tree.append_entry(entry)
    assert tree.get_root() == b64decode(root)
    for name, content in found.items():
        if name.startswith("log/leaves/"):
            assert tree.get_leaf(int(Path(name).stem) + 1) == tree.hash_buff(content)


def test_a_repacked_bundle_is_told_from_the_one_that_was_made(bewijs, tmp_path):
    """Unpacked and zipped again by others: not the file that we made, and that is said."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    made = tmp_path / "weer.zip"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                out.write(path, path.relative_to(folder))
    report = bewijs.verify(made.read_bytes())
    assert not report.ok
    assert "stored as it is" in report.steps[0].detail


def test_an_export_holds_nothing_of_others(bewijs, tmp_path):
    """Not one leaf, name or code of another municipality; the trust folder verifies it."""
    issue.export_to(bewijs.location, "0363", str(tmp_path / "uit.zip"))
    data = (tmp_path / "uit.zip").read_bytes()
    assert b'"0034"' not in data
    assert NAME.encode() not in data
    found = check_export.read(str(tmp_path / "uit.zip"))
    report = check_export.verify(found, bewijs.belief)
    assert report.ok, report
    index = json.loads(found.members["export.json"])
    tenants = {json.loads(found.members[f"leaves/{at}.json"])["tenant"] for at in index["leaves"]}
    assert tenants == {"0363"}
    assert not any("entries" in name for name in found.members)


def test_each_change_to_an_export_is_named(bewijs, tmp_path):
    """One byte in each file; a file gone, or added."""
    issue.export_to(bewijs.location, "0363", str(tmp_path / "uit"))
    whole = check_export.read(str(tmp_path / "uit"))
    assert check_export.verify(whole, bewijs.belief).ok
    for name, content in list(whole.members.items()):
        if name == "README.txt" or name.endswith(".vkey"):  # unsigned; nothing rests on them
            continue
        first = bytes([content[0] ^ 1]) + content[1:]
        last = content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]
        for other in (first, last):
            whole.members[name] = other
            report = check_export.verify(whole, bewijs.belief)
            told = " ".join(one.detail for one in report.steps if one.outcome == "failed")
            assert not report.ok
            assert name in told or name == "checkpoint", (name, told)
        whole.members[name] = content
    gone = whole.members.pop(f"leaves/{_some(whole)}.json")
    assert not check_export.verify(whole, bewijs.belief).ok
    assert gone
    whole = check_export.read(str(tmp_path / "uit"))
    whole.members["leaves/9999.json"] = gone
    assert "9999" in check_export.verify(whole, bewijs.belief).steps[0].detail


def _some(whole):
    return json.loads(whole.members["export.json"])["leaves"][0]
