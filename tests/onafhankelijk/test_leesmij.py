# SPDX-License-Identifier: EUPL-1.2
"""The commands of README.txt, in a shell that has nothing of ours.

They are tried as docs/bewijs-controleren.sh: whoever suspects the gateway takes them from there.
What the gateway itself could forge: ``test_leesmij_vervalst.py``.
"""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.audit.checkpoint import VerifierKey
from gateway.errors import TrustError
from gateway.evidence import believed, leesmij
from gateway.evidence.bundle import make
from gateway.evidence.index import SEAL
from gateway.evidence.steps import MEANINGS
from gateway.evidence.verify import verify
from gateway.evidence.wish import Wish
from gateway.location import read_config
from gateway.outside import ensure_policy
from gateway.setup import init
from gateway.store_queries import Reader
from gateway.testing import Keten
from gateway.trust import uitgifte, wissel
from gateway.trust.domeinen import Domein, Soort, domein
from gateway.trust.ketting import pem_van
from gateway.trust.pki import seal_pem
from gateway.trust.sleutels import Seal, seal_van
from tests.flow.bewijs import (
    CONTENT,
    NAME,
    members,
    now,
    resealed,
    round_of_everything,
    sealed_with,
)
from tests.onafhankelijk.schil import MISSING, SCRIPT, check, typed, unpacked
from tests.onafhankelijk.vervalsingen import (
    FORGED,
    forged,
    receipt_of_the_gateway,
    seal_of_the_gateway,
)

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")

FAKETIME = shutil.which("faketime")
LATER = datetime(2030, 1, 1, tzinfo=UTC)
SINCE = datetime(2016, 1, 1, tzinfo=UTC)


def open_steps(said):
    return {name for name, how, _ in said.steps.values() if how == "niet aangetoond"}


# --- which commands -------------------------------------------------------------------------------


def test_the_script_and_the_readme_are_the_same(bewijs, tmp_path):
    """Command by command; the README is that of every bundle, and says where the script is."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    script = SCRIPT.read_text("utf-8")
    assert script == leesmij.script()
    assert (folder / "README.txt").read_bytes() == leesmij.text()
    commands = [line for line in script.splitlines() if line and not re.match(r"#( |!|$)", line)]
    typing = [one for one in typed(folder).splitlines() if not one.startswith("# ")]
    assert commands == typing
    assert "docs/bewijs-controleren.sh" in (folder / "README.txt").read_text("utf-8")


def test_its_steps_are_those_of_evidence_verify(bewijs, tmp_path):
    """The same numbers, names and order; typed from the README itself."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(folder, bewijs.trust, script=typed(folder))
    assert said.code == 0, said.text
    assert {n: name for n, (name, _, _) in said.steps.items()} == dict(enumerate(MEANINGS, 1))
    assert [*said.steps] == sorted(said.steps)
    ours = {one.name for one in bewijs.verify(bewijs.whole).steps if one.outcome != "ok"}
    assert open_steps(said) == ours | {"pages"}


# --- honest bundles -------------------------------------------------------------------------------


@pytest.mark.parametrize("redact", [("openings",), ("all",), ("content",)])
def test_a_redacted_bundle_verifies_all_the_same(bewijs, tmp_path, redact):
    """What was left out is not shown, and said; the user's seal is judged without the bytes."""
    folder = unpacked(bewijs.make(redact=redact), tmp_path / "bundel")
    said = check(folder, bewijs.trust)
    assert said.code == 0, said.text
    named = {"openings", "metagegevens", "binding", "person", "receipts"}
    left = {"openings": named, "content": {"content"}}
    left["all"] = left["openings"] | left["content"]
    assert open_steps(said) == left[redact[0]] | {"time", "pages"}
    assert said.text.count("tekende log/") == 2


def test_what_came_back_verifies_too(bewijs, tmp_path):
    """A report of CBS went the other way, as its leaves say, under a reference of its own."""
    with Reader(bewijs.location.database) as reader:
        [sent] = reader.trace(NAME)
        back = [one["referentienummer"] for one in reader.answers_to(sent["referentienummer"])]
    said = check(unpacked(bewijs.make(back[0]), tmp_path / "bundel"), bewijs.trust)
    assert said.code == 0, said.text
    assert f"bericht {back[0]}" in said.steps[5][2]


def test_a_step_that_its_reader_demands(bewijs, tmp_path):
    """What the bundle does not show is then a fault."""
    folder = unpacked(bewijs.make(redact=["binding"]), tmp_path / "bundel")
    said = check(folder, bewijs.trust, "9", "15")
    assert said.fault == ("binding", "niet aangetoond: er zit geen zegel of inlogverklaring in")


def test_a_chain_without_others(tmp_path):
    """No witness, no stamp, no seal, no receipt: honest, and each of them is called."""
    with Keten(tmp_path / "keten") as keten:
        keten.make_keys()
        keten.drop("0363", "WMO_H22025.csv", b"kop;x\n")
        keten.settle()
    ensure_policy(keten.location, "knooppunt.example/audit-2026")
    made = make(keten.location, Wish("WMO_H22025.csv", content=True))
    trust = Path(keten.location.state) / "vertrouwen"
    said = check(unpacked(made.content, tmp_path / "bundel"), trust)
    assert said.code == 0, said.text
    left = {"time", "witnesses", "timestamp", "binding", "person", "receipts", "pages"}
    assert open_steps(said) == left


@pytest.mark.skipif(not FAKETIME, reason="needs faketime")
def test_in_2037_it_still_verifies(bewijs, tmp_path):
    """Certificates and lists have expired by then; what counts is the time of signing."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(folder, bewijs.trust, before=[FAKETIME, "2037-01-01"])
    assert said.code == 0, said.text


DOMAINS = {
    "zegel-gateway": "seal", "zegel-cbs": "receipts", "tsa": "time",
    "zegel-medewerker-0363-coordinator": "binding",
}  # fmt: skip


def revoked(bewijs, tmp_path, name, since):
    """What a reader trusts after that revocation, of a copy of the chain."""
    shutil.copytree(bewijs.location.state, tmp_path / "state")
    config = read_config(bewijs.location.config_path)
    wissel.trek_in(str(tmp_path / "state"), config, domein(config, name), since, LATER)
    return tmp_path / "state" / "vertrouwen"


def test_what_was_revoked_later_does_no_harm(bewijs, tmp_path):
    """All of them at once, after the bundle was made."""
    shutil.copytree(bewijs.location.state, tmp_path / "state")
    config = read_config(bewijs.location.config_path)
    for name in DOMAINS:
        wissel.trek_in(str(tmp_path / "state"), config, domein(config, name), LATER, LATER)
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(folder, tmp_path / "state" / "vertrouwen")
    assert said.code == 0, said.text


@pytest.mark.parametrize(("name", "step"), DOMAINS.items())
def test_what_was_revoked_before_does_not_count(bewijs, tmp_path, name, step):
    """The step of whose it was says since when."""
    trust = revoked(bewijs, tmp_path, name, SINCE)
    said = check(unpacked(bewijs.whole, tmp_path / "bundel"), trust)
    assert said.fault[0] == step, said.text
    assert "is ingetrokken sinds Jan  1 00:00:00 2016 GMT" in said.fault[1]


def with_trust(bewijs, tmp_path, **changed):
    """A reader's folder in which some files are others; empty: not there."""
    trust = tmp_path / "vertrouwen"
    shutil.copytree(bewijs.trust, trust)
    for name, content in changed.items():
        path = trust / name.replace("__", ".").replace("zegel_", "zegel-")
        path.unlink(missing_ok=True)
        if content:
            path.write_bytes(content)
    return trust


def test_more_than_one_key_of_the_log(bewijs, tmp_path):
    """During a rotation: lines go by key id, both in the policy and under the checkpoint."""
    [ours] = bewijs.belief.policy.logs
    other = VerifierKey(ours.name, bytes(range(32)))
    policy = (bewijs.trust / "policy").read_text()
    both = policy.replace("log ", f"log {other.line()}\nlog ", 1).encode()
    trust = with_trust(bewijs, tmp_path, policy=both)

    def signed_twice(_, found):
        path = next(one for one in found if one.endswith("/checkpoint"))
        lines = found[path].decode().splitlines(True)
        strange = f"— {ours.name} AAAAAAAA{'A' * 84}AAA=\n"
        content = "".join([*lines[:5], strange, *lines[5:]]).encode()
        for one in list(found):
            found[one] = found[one].replace(found[path], content) if one != path else found[one]
        found[path] = content

    data, folder = forged(bewijs, tmp_path, signed_twice)
    said = check(folder, trust)
    assert said.code == 0, said.text
    assert open_steps(said) == {"time", "pages"}
    assert data


# --- forgeries ------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [r"\n", "\n", r"\c", "\r", "\x1b[1A"])
def test_no_value_of_a_bundle_becomes_a_line_of_its_own(bewijs, tmp_path, line):
    """As if nobody had looked at the reference: it stays on its own line, and moves no cursor."""
    shown = 'goed "bericht $REF'
    script = SCRIPT.read_text("utf-8")
    assert script.count(shown) == 1
    script = script.replace(shown, f"REF='x{line}stap 99 niets: goed: verzonnen'; {shown}")
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(folder, bewijs.trust, script=script)
    kept = line if line.isprintable() else line.replace(line[0], "?")
    assert f"bericht x{kept}stap 99 niets: goed: verzonnen, inge" in said.steps[5][2], said.text
    assert 99 not in said.steps


def test_a_name_with_a_character_that_no_member_has(bewijs, tmp_path):
    """What an unpacker made of the container is looked at too, directories among it."""
    for at, name in enumerate(("een\ntwee", "een\x1b[1A", "een twee", "caf\u00e9")):
        folder = unpacked(bewijs.whole, tmp_path / f"bundel-{at}")
        (folder / "content" / name).mkdir()
        said = check(folder, bewijs.trust)
        assert said.fault[0] == "container", said.text
        assert "teken in zijn naam" in said.fault[1]


def tools_but(tmp_path, **other):
    """A path with every tool; some are otherwise (a script), or not there (empty)."""
    tools = tmp_path / "gereedschap"
    tools.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for found in Path(place).iterdir() if os.path.isdir(place) else ():
            if found.name not in other and not (tools / found.name).is_symlink():
                (tools / found.name).symlink_to(found)
    for name, text in other.items():
        if text:
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
    return str(tools)


@pytest.mark.parametrize(
    ("tool", "text", "word"),
    [
        ("openssl", "echo LibreSSL 3.3.6", "LibreSSL 3.3.6; versie 3 van OpenSSL is nodig"),
        ("openssl", "echo OpenSSL 1.1.1w", "OpenSSL 1.1.1w; versie 3 van OpenSSL is nodig"),
        ("date", "echo date: illegal option; exit 1", "date kent hier geen -d"),
        ("base64", "echo base64: invalid option; exit 1", "base64 kent hier geen -w"),
        ("sed", "exit 1", "sed doet hier iets anders"),
        ("grep", "exit 1", "grep kent hier geen"),
        ("comm", "", "comm is er niet"),
    ],
)
def test_a_tool_that_cannot_do_it(bewijs, tmp_path, tool, text, word):
    """Said in a sentence before any step; nothing of the bundle was looked at."""
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(folder, bewijs.trust, path=tools_but(tmp_path, **{tool: text}))
    assert said.code == 1
    assert said.text.startswith("NIET IN ORDE: ")
    assert word in said.text
    assert not said.steps
    assert said.text.count("\n") == 1


def test_a_seal_whose_oin_the_reader_does_not_know(bewijs, tmp_path):
    """A certificate without an OIN in the reader's folder would fit every seal without one."""
    nameless = (bewijs.trust / "root.pem").read_bytes()
    trust = with_trust(bewijs, tmp_path, zegel_gateway__pem=nameless)
    said = check(unpacked(bewijs.whole, tmp_path / "bundel"), trust)
    assert said.fault[0] == "seal", said.text
    assert "in uw zegel-gateway.pem staat geen OIN" in said.fault[1]
    with pytest.raises(TrustError, match="names no OIN"):
        believed.load(str(trust))


LEAF_SAYS_SO = SCRIPT.read_text("utf-8").replace("genoemd() {", "genoemd() { return 0; ")
"""As if the leaf named it: the gateway writes the leaves too."""


def test_a_receipt_by_the_gateway_that_the_leaf_names(bewijs, tmp_path):
    """Its own certificate in it, that of CBS beside it, in a comment or as a second signature."""
    assert LEAF_SAYS_SO.count("return 0; ") == 1
    for way, word in (
        (b"%.0s</ontvangstbewijs>", "is verzegeld door OIN 00000001999900002000"),
        (b"<!--%s-->", "commentaar"),
        (b"<x>%s</ds:X509Data></x>", "de handtekening past bij geen certificaat"),
    ):

        def change(of, found, way=way):
            path, made, put = receipt_of_the_gateway(of, found)
            end = b"</ontvangstbewijs>"
            namespace = put.replace(b"<ds:X509Data>", b'<ds:X509Data xmlns:ds="x">')
            added = way % namespace
            found[path] = made.replace(end, added if end in added else added + end)

        shutil.rmtree(tmp_path / "bundel", ignore_errors=True)
        _, folder = forged(bewijs, tmp_path, change)
        said = check(folder, bewijs.trust, script=LEAF_SAYS_SO)
        assert said.fault[0] == "receipts", said.text
        assert word in said.fault[1]


def test_another_receipt_that_the_leaf_names(bewijs, tmp_path):
    """A genuine one, of another delivery."""
    _, folder = forged(bewijs, tmp_path, FORGED["the receipt of another delivery"].make)
    said = check(folder, bewijs.trust, script=LEAF_SAYS_SO)
    assert said.fault[0] == "receipts"
    assert "een andere levering" in said.fault[1]


@pytest.mark.parametrize("content", [True, False])
def test_a_seal_by_the_gateway_that_the_leaf_names(bewijs, tmp_path, content):
    """With the bytes or without them, the OIN is not that of the municipality."""

    def change(of, found):
        seal_of_the_gateway(of, found)
        if not content:
            del found["content/file.csv"]
            index = found["evidence.json"].decode()
            said = index.replace('"content",\n   "state": "present"',
                                 '"content",\n   "state": "redacted"')  # fmt: skip
            found["evidence.json"] = said.encode()

    _, folder = forged(bewijs, tmp_path, change)
    said = check(folder, bewijs.trust, script=LEAF_SAYS_SO)
    assert said.fault[0] == "binding", said.text
    assert "het zegel van OIN 00000001999900002000, niet van 00000001000000363000" in said.fault[1]


@pytest.mark.parametrize("md", ["sha384", "sha512"])
def test_a_seal_with_another_digest(tmp_path, md):
    """With the bytes it is judged; without them it is open, and all else of that step is asked."""
    with Keten(tmp_path / "keten") as keten:
        seal = sealed_with(keten, md, CONTENT)
        keten.grant("coordinator", "gmsd", "0363")
        keten.drop("0363", f"{NAME}.p7s", seal)
        keten.drop("0363", NAME, CONTENT)
        keten.settle()
    ensure_policy(keten.location, "knooppunt.example/audit-2026")
    trust = Path(keten.location.state) / "vertrouwen"
    whole = make(keten.location, Wish(NAME, content=True)).content
    said = check(unpacked(whole, tmp_path / "met"), trust)
    assert (said.code, said.steps[15][1]) == (0, "goed"), said.text
    bare = make(keten.location, Wish(NAME)).content
    said = check(unpacked(bare, tmp_path / "zonder"), trust)
    assert (said.code, said.steps[15][1]) == (0, "niet aangetoond"), said.text
    assert f"met {md.upper().replace('SHA', 'SHA-')}" in said.steps[15][2]
    [ours] = [one for one in verify(bare, believed.load(str(trust))).steps if one.n == 15]
    assert ours.outcome == "not-checked"
    found = members(bare)
    found[SEAL] = sealed_with(keten, md, CONTENT, "zegel-gemeente-0034")
    data = resealed(found, seal_van(keten.location.state, keten.config, "zegel-gateway"), now())
    said = check(unpacked(data, tmp_path / "ander"), trust, script=LEAF_SAYS_SO)
    assert said.fault[0] == "binding", said.text
    assert "niet van 00000001000000363000" in said.fault[1]


def test_a_seal_that_says_to_be_from_before_its_leaves(bewijs, tmp_path):
    """Without a stamp its own word counts for the certificate; the leaves gainsay it."""
    data = resealed(members(bewijs.whole), bewijs.seal(), SINCE)
    said = check(unpacked(data, tmp_path / "bundel"), bewijs.trust)
    assert said.fault == (
        "index", "META-INF/signature.p7s zegt ouder te zijn dan een blad dat het verzegelt"
    )  # fmt: skip


def test_a_pseudonym_that_is_anothers(bewijs, tmp_path):
    """As if the leaf of the handing in named another user than the log had before."""
    put = 'GEBRUIKER=$(geopend "$AAN" actor)'
    script = SCRIPT.read_text("utf-8")
    assert put in script
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    said = check(folder, bewijs.trust, script=script.replace(put, "GEBRUIKER=h.de.vries"))
    assert said.fault[0] == "person", said.text
    assert "is een ander dan" in said.fault[1]


def test_another_seal_under_the_same_root(bewijs, tmp_path):
    """``openssl cms`` accepts it; the OIN is compared."""
    data = resealed(members(bewijs.whole), bewijs.seal("zegel-cbs"), now())
    said = check(unpacked(data, tmp_path / "bundel"), bewijs.trust)
    assert said.fault[0] == "seal"
    assert "het zegel van OIN 00000001999900001000, niet dat van het knooppunt" in said.fault[1]


def test_a_stamp_of_another_authority_under_the_same_root(bewijs, tmp_path):
    """It may stamp, by its certificate; it is not the one that the reader knows."""
    gateway = (bewijs.trust / "zegel-gateway.pem").read_bytes()
    trust = with_trust(bewijs, tmp_path, tsa__pem=gateway)
    said = check(unpacked(bewijs.whole, tmp_path / "bundel"), trust)
    assert said.fault[0] == "time"
    assert "niet van de tijdstempeldienst" in said.fault[1]
    (trust / "tsa-1a.pem").write_bytes((bewijs.trust / "tsa.pem").read_bytes())  # an older one
    assert check(tmp_path / "bundel", trust, "3", "10").code == 0
    assert verify(bewijs.whole, believed.load(str(trust))).ok


class Elders:
    """An authority under a root of its own, without an OIN, as most are (``getuigen: tsa_ca``)."""

    def __init__(self, name="elders.example"):
        self.root = uitgifte.nieuwe_wortel(name)
        self.issuer = uitgifte.nieuwe_uitgever(name, self.root)
        self.key, self.certificate = self.issue()

    def issue(self):
        """Another certificate of the same issuer for the same use."""
        key = uitgifte.nieuwe_sleutel()
        who = Domein("tsa", Soort.TSA, "Tijd Elders")
        return key, uitgifte.certificaat(who, key.public_key(), self.issuer)

    def pem(self, certificate):
        """What one believes its time stamps by."""
        lists = [uitgifte.intrekkingslijst(one, 1) for one in (self.issuer, self.root)]
        return pem_van(certificate, self.issuer.certificate, self.root.certificate, *lists)

    def at_work(self, parties):
        """It stamps in the place of the chain's own; ``init`` publishes its certificates."""
        beside = parties.folder / "tijd.pem"
        beside.write_bytes(self.pem(self.certificate))
        seal = Seal(self.key, self.certificate, self.issuer.chain[:1])
        (parties.memory("tsa") / "elders.pem").write_bytes(seal_pem(seal))
        parties.tsa.stop()
        parties.authority = str(parties.memory("tsa") / "elders.pem")
        parties.tsa.start()
        assert any("tsa_ca.pem" in one for one in init(str(parties.folder)))
        assert not any("tsa_ca.pem" in one for one in init(str(parties.folder)))


def test_a_stamp_of_an_authority_without_an_oin(tmp_path):
    """By its own certificate, published with those of its issuers; by no other of that issuer."""
    elders = Elders()
    bewijs = round_of_everything(tmp_path / "keten", elders.at_work, tsa_ca="tijd.pem")
    folder = unpacked(bewijs.whole, tmp_path / "bundel")
    assert (folder / "trust" / "tsa_ca.pem").exists()
    assert bewijs.verify(bewijs.whole).ok, bewijs.verify(bewijs.whole)
    said = check(folder, bewijs.trust, "3", "10")
    assert said.code == 0, said.text
    _, other = elders.issue()
    for way, content in (("another", elders.pem(other)), ("none", b"")):
        (tmp_path / way).mkdir()
        trust = with_trust(bewijs, tmp_path / way, tsa_ca__pem=content)
        [step] = [one for one in verify(bewijs.whole, believed.load(str(trust))).steps
                  if one.name == "time"]  # fmt: skip
        assert step.outcome == "failed", way
        said = check(folder, trust)
        assert said.fault[0] == "time", said.text
    another = Elders("later.example")  # of which the gateway has its stamps from now on
    (tmp_path / "keten" / "tijd.pem").write_bytes(another.pem(another.certificate))
    assert len(init(str(tmp_path / "keten"))) > 0
    assert bewijs.verify(bewijs.whole).ok, bewijs.verify(bewijs.whole)
    assert check(folder, bewijs.trust, "3", "10").code == 0
    assert any(name.endswith(".tsr") for name in members(bewijs.make()))
    trust = with_trust(bewijs, tmp_path, tsa__pem=elders.pem(elders.certificate), tsa_ca__pem=b"")
    assert verify(bewijs.whole, believed.load(str(trust))).ok
    assert check(folder, trust, "3", "10").code == 0
