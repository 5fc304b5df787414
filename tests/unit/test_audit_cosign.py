# SPDX-License-Identifier: EUPL-1.2
"""Cosignatures, policy files and the add-checkpoint call, against the letter of c2sp.org."""

import hashlib
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit import checkpoint, cosign, policy, submission
from gateway.audit.checkpoint import CheckpointError, SignatureError, VerifierKey
from gateway.audit.cosign import CosignerKey
from gateway.audit.policy import PolicyError
from gateway.audit.submission import Verdict

LOG = Ed25519PrivateKey.from_private_bytes(b"L" * 32)
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(1, 7)]
ORIGIN = "knooppunt.example/audit-2026"
NAMES = [f"w{n}.example" for n in range(6)]
WITNESSES = [CosignerKey.of(name, key) for name, key in zip(NAMES, KEYS, strict=True)]


def signed(size=7, root=b"r" * 32):
    return checkpoint.sign(ORIGIN, size, root, LOG)


def text(content):
    return checkpoint.parse_note(content).text


def line(content, n=0, at=1679315147):
    return cosign.cosign(text(content), NAMES[n], KEYS[n], at)


def test_the_bytes_that_are_signed_are_those_of_the_specification():
    """The example of tlog-cosignature, to the letter; key id over type 0x04; time big-endian."""
    body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert cosign.message(body, 1679315147) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    made = cosign.cosign(body, "w.example/w1", KEYS[0], 1679315147)
    dash, name, coded = made[:-1].split(" ")
    value = b64decode(coded)
    public = CosignerKey.of("w.example/w1", KEYS[0]).public
    assert (dash, name, made[-1]) == ("—", "w.example/w1", "\n")
    assert value[:4] == hashlib.sha256(b"w.example/w1\n\x04" + public).digest()[:4]
    assert value[4:12] == (1679315147).to_bytes(8, "big")
    KEYS[0].public_key().verify(value[12:], cosign.message(body, 1679315147))


def test_a_key_line_is_read_back_and_no_other_type_is():
    """Type 04 alone; the id belongs to name and key."""
    shown = WITNESSES[0].line()
    assert CosignerKey.parse(shown + "\n") == WITNESSES[0]
    name, key_id, coded = shown.split("+", 2)
    other = b64encode(b"\x06" + b64decode(coded)[1:]).decode()
    for bad in (
        VerifierKey.of(NAMES[0], KEYS[0]).line(), f"{name}+00000000+{coded}", f"x+{key_id}+{coded}",
        f"{name}+{key_id}+{other}", f"{name}+{key_id}", "",
    ):  # fmt: skip
        with pytest.raises(CheckpointError):
            CosignerKey.parse(bad)
    with pytest.raises(CheckpointError):
        VerifierKey.parse(shown)


def test_cosignatures_are_added_below_and_the_log_still_reads_its_own():
    """Each once; the first five lines stay what is time-stamped."""
    content = signed()
    both = cosign.with_lines(content, [line(content), line(content, 1), line(content, 0, at=9)])
    assert both.startswith(content)
    assert both.count("—".encode()) == 3
    found = cosign.cosignatures(checkpoint.parse_note(both), WITNESSES)
    assert [(one.key, one.at) for one in found] == [(w, 1679315147) for w in WITNESSES[:2]]
    assert checkpoint.parse(both, [VerifierKey.of(ORIGIN, LOG)]).size == 7
    assert cosign.bare(both) == content == b"".join(both.splitlines(keepends=True)[:5])


def test_a_cosignature_of_another_checkpoint_time_or_key_does_not_fit():
    """Replayed, with its time changed, by the wrong key under the right name and id."""
    content, older = signed(), signed(size=6)
    replayed = cosign.with_lines(content, [line(older)])
    value = b64decode(line(content).split(" ")[2])
    later = value[:4] + (1 + int.from_bytes(value[4:12], "big")).to_bytes(8, "big") + value[12:]
    forged = value[:12] + KEYS[1].sign(cosign.message(text(content), 1679315147))
    for bad in (
        replayed, content + f"— {NAMES[0]} {b64encode(later).decode()}\n".encode(),
        content + f"— {NAMES[0]} {b64encode(forged).decode()}\n".encode(),
        content + f"— {NAMES[0]} {b64encode(value[:-1]).decode()}\n".encode(),
        content + f"— {NAMES[0]} {b64encode(value[:4] + b'x').decode()}\n".encode(),
    ):  # fmt: skip
        with pytest.raises(SignatureError, match="does not fit"):
            cosign.cosignatures(checkpoint.parse_note(bad), WITNESSES)
        assert cosign.cosignatures(checkpoint.parse_note(bad), WITNESSES[1:]) == ()


def test_of_an_answer_only_the_witness_that_was_asked_counts():
    """Others are passed over; none, one that does not fit, and nonsense are errors."""
    content = signed()
    answer = (line(content, 1) + line(content, 0)).encode()
    assert cosign.taken(content, answer, WITNESSES[0]) == line(content)
    for bad in (b"", line(content, 1).encode(), line(signed(size=6)).encode(), b"hello\n", b"\xff"):
        with pytest.raises(CheckpointError):
            cosign.taken(content, bad, WITNESSES[0])


# --- policies -------------------------------------------------------------------------------------


def lines(*more):
    named = [f"witness X{n} {one.line()}" for n, one in enumerate(WITNESSES)]
    return "\n".join([*named, *more, ""]).encode()


TWO_LEVELS = lines(
    "group X 2 X0 X1 X2",
    "group Y any X3 X4 X5",
    "group both  all\tX Y",
    "",
    " # who",
    "quorum both",
)


@pytest.mark.parametrize(
    ("who", "enough"),
    [((0, 1, 3), True), ((0, 1, 2, 5), True), ((0, 1), False), ((0, 3, 4, 5), False), ((), False)],
)
def test_a_quorum_of_two_levels(who, enough):
    """The example of tlog-policy."""
    found = policy.parse(TWO_LEVELS)
    assert found.satisfied(WITNESSES[n] for n in who) is enough
    content = signed()
    note = checkpoint.parse_note(cosign.with_lines(content, [line(content, n) for n in who]))
    assert found.witnessed(note)[0] is enough


def test_logs_urls_and_none():
    """A log and a witness with an address; a quorum that asks nobody."""
    vkey = VerifierKey.of(ORIGIN, LOG)
    found = policy.parse(
        f"log {vkey.line()} http://a\n"
        f"witness é {WITNESSES[0].line()} http://b/c\nquorum none\n".encode()
    )
    assert found.logs == {vkey: "http://a"}
    assert found.witnesses["é"].url == "http://b/c"
    assert found.satisfied([])


@pytest.mark.parametrize(
    "bad",
    [
        b"", lines(), lines("quorum X0", "quorum X1"), lines("quorum X9"), lines("quorum"),
        lines("group g 0 X0", "quorum g"), lines("group g 3 X0 X1", "quorum g"),
        lines("group g 01 X0", "quorum g"), lines("group g all", "quorum g"),
        lines("group g all X0 X0", "quorum g"), lines("group X0 all X1", "quorum X0"),
        lines("group g all h", "group h all X0", "quorum g"),
        lines("group g all X0", "group h all X0", "quorum g"),
        lines("group g any none", "quorum g"), lines("group none all X0", "quorum none"),
        lines(f"witness X9 {WITNESSES[0].line()}", "quorum X9"),
        lines(f"witness X9 {VerifierKey.of(ORIGIN, LOG).line()}", "quorum X0"),
        lines(f"log {WITNESSES[0].line()}", "quorum X0"), lines("Quorum X0"),
        lines("quorum X0")[:-1],
        lines("quorum X0").replace(b"\n", b"\r\n"), lines("quorum X0\x00"), lines("quorum\x0bX0"),
        lines(*[f"log {VerifierKey.of(n, LOG).line()}" for n in "ab"], "quorum X0"),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(bad):
    """Each rule of the format; a witness never counts twice."""
    with pytest.raises(PolicyError):
        policy.parse(bad)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_policy_or_a_policy_error(content):
    """Nothing else."""
    try:
        policy.parse(content)
    except PolicyError:
        pass


# --- add-checkpoint -------------------------------------------------------------------------------


def test_a_request_is_read_back():
    """The layout of tlog-witness."""
    body = submission.request(5, [b"a" * 32, b"b" * 32], signed())
    assert body.startswith(b"old 5\nYWFh")
    assert body.endswith(b"\n\n" + signed())
    assert submission.read_request(body) == submission.Submission(
        5, (b"a" * 32, b"b" * 32), signed()
    )
    assert submission.request(0, [], signed()) == b"old 0\n\n" + signed()


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"old 5\n", b"old 05\n\nx", b"old -1\n\nx", b"old 5\nYQ==\n\nx", b"old 5 \n\nx",
        b"new 5\n\nx", b"old 5\r\n\nx", "old ٥\n\nx".encode(), b"old 5\n" + b"YWFh\n" * 64 + b"\nx",
        submission.request(5, [b"a" * 32] * 64, signed()),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(bad):
    """At most 63 lines of 32 bytes, no leading zeroes."""
    with pytest.raises(CheckpointError):
        submission.read_request(bad)


@pytest.mark.parametrize(
    ("status", "body", "old", "size", "verdict"),
    [
        (409, b"7\n", 5, 10, Verdict.STALE),  # an answer got lost
        (409, b"0\n", 5, 10, Verdict.STALE),  # it has forgotten
        (409, b"10\n", 5, 10, Verdict.STALE),  # it has this size: the next try tells which root
        (409, b"11\n", 5, 10, Verdict.AHEAD),
        (409, b"10\n", 10, 10, Verdict.OTHER_ROOT),
        (409, b"", 10, 10, Verdict.OTHER_ROOT),
        (422, b"", 5, 10, Verdict.OTHER_ROOT),
        (409, b"5\n", 5, 10, Verdict.ODD),
        (409, b"07\n", 5, 10, Verdict.ODD),
        (409, b"", 5, 10, Verdict.ODD),
    ],
)
def test_a_fork_is_told_from_an_answer_that_got_lost(status, body, old, size, verdict):
    """Only the witness that saw more, or other leaves, stops the gateway."""
    assert submission.judge(status, body, old, size)[0] is verdict
