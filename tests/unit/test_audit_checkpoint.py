# SPDX-License-Identifier: EUPL-1.2
"""Signed notes against the vectors that the specification and Go's note package publish."""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit import checkpoint
from gateway.audit.checkpoint import CheckpointError, SignatureError, VerifierKey

ORIGIN = "knooppunt.example/audit-2026"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
ROOT = bytes(range(32))

# golang.org/x/mod/sumdb/note: its documentation and tests.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_LINE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = (
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# c2sp.org/signed-note: the example of the specification.
SPEC_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_the_vectors_of_go_are_verified_and_made_byte_for_byte():
    key = VerifierKey.parse(GO_VKEY)
    assert key.line() == GO_VKEY
    whole = f"{GO_TEXT}\n{GO_LINE}".encode()
    note = checkpoint.parse_note(whole)
    assert note.text == GO_TEXT
    assert checkpoint.verify_note(note, [key]) == (key,)
    private = Ed25519PrivateKey.from_private_bytes(GO_SEED)
    assert VerifierKey.of("PeterNeumann", private) == key
    assert checkpoint.sign_note(GO_TEXT, "PeterNeumann", private) == whole


def test_the_vector_of_the_specification():
    note = checkpoint.parse_note(SPEC_NOTE.encode())
    assert checkpoint.verify_note(note, [VerifierKey.parse(SPEC_VKEY)])


def test_several_signatures_in_any_order():
    peter, enoch = VerifierKey.parse(GO_VKEY), VerifierKey.parse(ENOCH_VKEY)
    for lines in (GO_LINE + ENOCH_LINE, ENOCH_LINE + GO_LINE):
        note = checkpoint.parse_note(f"{GO_TEXT}\n{lines}".encode())
        assert set(checkpoint.verify_note(note, [peter, enoch])) == {peter, enoch}
        assert checkpoint.verify_note(note, [enoch]) == (enoch,)  # unknown keys are passed over
    with pytest.raises(SignatureError, match="not signed by any"):
        checkpoint.verify_note(note, [VerifierKey.parse(SPEC_VKEY)])


def signed(size: int = 7) -> bytes:
    return checkpoint.sign(ORIGIN, size, ROOT, KEY)


VKEY = VerifierKey.of(ORIGIN, KEY)


def test_a_checkpoint_has_three_lines_and_reads_back():
    content = signed()
    assert content.decode().split("\n")[:4] == [ORIGIN, "7", b64encode(ROOT).decode(), ""]
    found = checkpoint.parse(content, [VKEY])
    assert (found.origin, found.size, found.root, found.signers) == (ORIGIN, 7, ROOT, (VKEY,))


def test_a_witness_may_sign_below_but_not_instead():
    text = checkpoint.read_body(checkpoint.parse_note(signed())).body()
    witness = checkpoint.sign_note(text, "witness.example/cbs", OTHER).decode().split("\n\n")[1]
    both = signed() + witness.encode()
    known = VerifierKey.of("witness.example/cbs", OTHER)
    assert checkpoint.parse(both, [VKEY, known]).signers == (VKEY, known)
    assert checkpoint.parse(both, [VKEY]).signers == (VKEY,)
    with pytest.raises(SignatureError, match="name of this log"):
        checkpoint.parse(both, [known])


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\n7\n", b"\n8\n"), (b"audit-2026\n7", b"audit-2027\n7"), (b"AAECAwQF", b"BBECAwQF")],
)
def test_a_changed_text_does_not_fit_its_signature(old, new):
    content = signed()
    assert old in content
    with pytest.raises(SignatureError):
        checkpoint.parse(content.replace(old, new, 1), [VKEY])


def test_another_key_under_the_same_name_is_unknown():
    with pytest.raises(SignatureError, match="not signed by any"):
        checkpoint.parse(checkpoint.sign(ORIGIN, 7, ROOT, OTHER), [VKEY])


@pytest.mark.parametrize("cut", [1, 5, 50, 95, 96, 130])
def test_a_torn_checkpoint_is_refused(cut):
    with pytest.raises(CheckpointError):
        checkpoint.parse(signed()[:-cut], [VKEY])


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n7\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT).decode()}\nextension\n",
        f"{ORIGIN}\n07\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n-7\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n٧\n{b64encode(ROOT).decode()}\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT[:31]).decode()}\n",
        f"{ORIGIN}\n7\n{b64encode(ROOT).decode()[:-2]}9=\n",
        f"\n7\n{b64encode(ROOT).decode()}\n",
    ],
)
def test_what_is_signed_but_no_checkpoint(text):
    with pytest.raises(CheckpointError):
        checkpoint.parse(checkpoint.sign_note(text, ORIGIN, KEY), [VKEY])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"text\n",
        b"text\n\n",
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— na+me AAAAAAA=\n".encode(),
        "te\x01xt\n\n— name AAAAAAA=\n".encode(),
        "text\r\n\n— name AAAAAAA=\n".encode(),
        ("text\n\n" + "— name AAAAAAA=\n" * 101).encode(),
        b"x" * 1_000_001,
    ],
)
def test_what_is_not_a_note(content):
    with pytest.raises(CheckpointError):
        checkpoint.parse_note(content)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "name",
        "name+c74f20a3",
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("PeterNeumann", "PeterNewman"),
        GO_VKEY[:-4],
        "name+00000000+" + b64encode(b"\x04" + b"k" * 32).decode(),
    ],
)
def test_what_is_not_a_verifier_key(line):
    with pytest.raises(CheckpointError):
        VerifierKey.parse(line)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\x00b"])
def test_what_cannot_be_a_name(name):
    with pytest.raises(CheckpointError):
        checkpoint.check_name(name)


def test_the_file_of_the_key_is_named_after_the_log():
    assert checkpoint.vkey_file(ORIGIN) == "audit-2026.vkey"
    for origin in ("knooppunt.example/", "a/..", "a/.hidden"):
        with pytest.raises(CheckpointError):
            checkpoint.vkey_file(origin)
    with pytest.raises(CheckpointError):
        checkpoint.sign(ORIGIN, -1, ROOT, KEY)
    with pytest.raises(CheckpointError):
        checkpoint.sign_note("no newline", ORIGIN, KEY)
