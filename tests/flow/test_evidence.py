# SPDX-License-Identifier: EUPL-1.2
"""Bundles of evidence: what a whole one proves, and each way to forge one."""

import dataclasses
import hashlib
import io
import json
import re
import shutil
import struct
import zipfile
from datetime import timedelta

import jsonschema
import outloud
import pdfua
import pikepdf
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding

from envelopes import Binding, build_binding, build_metagegevens, read_metagegevens
from gateway import store_tables as t
from gateway.audit import leaf
from gateway.errors import TrustError
from gateway.evidence import believed, container, openings
from gateway.evidence.container import ContainerError, Member
from gateway.evidence.gather import gather
from gateway.evidence.index import INDEX, LEAVES, METAGEGEVENS, leaf_path
from gateway.evidence.index import read as read_index
from gateway.evidence.index import write as write_index
from gateway.evidence.parts import Bundle
from gateway.evidence.record import metagegevens
from gateway.evidence.wish import EvidenceError, Wish
from gateway.location import read_config
from gateway.store import connect
from gateway.testing import Keten
from gateway.trust.sleutels import Seal
from tests.flow.bewijs import (
    CONTENT,
    NAME,
    members,
    now,
    packed,
    regathered,
    resealed,
    round_of_everything,
)
from tests.flow.eigen import another_authority
from tests.test_docs import schema
from tests.unit.test_ketting import changed, odd


@pytest.fixture(scope="module")
def bewijs(tmp_path_factory):
    return round_of_everything(tmp_path_factory.mktemp("keten"))


def outcomes(report):
    return {one.name: one.outcome for one in report.steps}


def faults(report):
    assert not report.ok
    return " | ".join(one.detail for one in report.steps if one.outcome == "failed")


def names(data):
    return list(members(data))


# --- a whole one ----------------------------------------------------------------------------------


def test_a_whole_bundle_proves_every_step(bewijs):
    """All that can be in it is, and fits; the JSON is what its schema says."""
    report = bewijs.verify(bewijs.whole)
    found = outcomes(report)
    assert set(found.values()) == {"ok"}, report
    assert report.ok
    assert [one.n for one in report.steps] == list(range(1, 19))
    schema("evidence-verify").validate(report.to_json())
    whole = " ".join(one.detail for one in report.steps)
    assert "OIN 00000001999900002000" in whole  # the gateway's seal
    assert "OIN 00000001000000363000" in whole  # the employee's
    assert "OIN 00000001999900001000" in whole  # that of CBS


def test_its_form_is_that_of_asic_e(bewijs):
    """Mimetype first, stored, at byte 38; any ZIP reader agrees on the members."""
    assert bewijs.whole[30:38] == b"mimetype"
    assert bewijs.whole[38:69] == b"application/vnd.etsi.asic-e+zip"
    with zipfile.ZipFile(io.BytesIO(bewijs.whole)) as other:
        assert other.testzip() is None
        assert {one.filename: other.read(one) for one in other.infolist()} == members(bewijs.whole)
    assert {"META-INF/ASiCManifest.xml", "META-INF/signature.p7s"} <= set(names(bewijs.whole))


def test_its_pages_are_accessible_and_need_nothing_else(bewijs, tmp_path):
    """PDF/UA-1 and PDF/A-3a by a checker that is not ours; HTML without script or address."""
    found = members(bewijs.whole)
    path = tmp_path / "summary.pdf"
    path.write_bytes(found["summary.pdf"])
    assert [one.message for one in pdfua.validate(str(path)).findings] == []
    by_ear = outloud.check(str(path))
    assert (by_ear.error, by_ear.findings) == (None, [])
    with pikepdf.open(path) as pdf, pdf.open_metadata() as meta:
        assert (meta["pdfuaid:part"], meta["pdfaid:part"]) == ("1", "3")
        assert meta["pdfaid:conformance"] == "A"
    page = found["summary.html"].decode()
    assert '<html lang="nl">' in page
    assert not re.search(r"<script|<img|<link|src=|href=|https?://|@import|url[(]", page)
    assert page.count("<h1>") == 1
    assert "<caption>" in page
    assert 'scope="col"' in page


def test_same_inputs_same_bytes_but_for_the_seal(bewijs):
    """Page, PDF, index, proofs, manifest: the same again."""
    one, two = members(bewijs.make()), members(bewijs.make())
    assert list(one) == list(two)
    assert [name for name in one if one[name] != two[name]] == ["META-INF/signature.p7s"]


@pytest.mark.parametrize("redact", [["openings"], ["binding"], ["content"], ["all"]])
def test_a_redacted_bundle_verifies_all_the_same(bewijs, redact):
    """What is left out is called so, and no name of it is left behind anywhere."""
    data = bewijs.make(redact=redact)
    report = bewijs.verify(data)
    assert report.ok, faults(report)
    left = {one for one, how in outcomes(report).items() if how == "absent"}
    assert {"all": "openings", "binding": "binding"}.get(redact[0], redact[0]) in left
    if redact[0] in ("openings", "all"):
        assert b"WMO_H22025" not in data
        assert b"coordinator" not in data
        assert {"openings", "metagegevens", "binding", "receipts"} <= left
    if redact[0] == "all":
        assert CONTENT not in data


def test_without_content_it_is_not_in_it(bewijs):
    """Only when asked for."""
    assert CONTENT not in bewijs.make(content=False)


def test_what_fits_nothing_or_too_much_makes_no_bundle(bewijs):
    """Nothing by that name; a name that several had; a part that there is not."""
    with pytest.raises(EvidenceError, match="nothing here") as nothing:
        bewijs.make("nooit-gezien.csv")
    assert not nothing.value.found
    with pytest.raises(EvidenceError, match="no such part"):
        bewijs.make(redact=["alles"])


def test_a_bundle_tells_of_the_answers_and_of_the_grant(bewijs):
    """The leaves of what came back on it, and of why its user might hand it in."""
    found = json.loads(members(bewijs.whole)[INDEX])
    roles = {one["role"] for one in found["leaves"]}
    assert roles == {"message", "answer", "grant", "link"}


# --- one byte, one member -------------------------------------------------------------------------


def test_one_byte_changed_in_each_member_is_found_and_named(bewijs):
    """With the checksums of the ZIP made to fit: as somebody would who knows ZIP."""
    found = members(bewijs.whole)
    for name, content in found.items():
        for at in {0, len(content) // 2, len(content) - 1}:
            other = bytearray(content)
            other[at] ^= 1
            changed = {**found, name: bytes(other)}
            data = raw([*changed.items()])
            assert name in faults(bewijs.verify(data)), (name, at)


def test_one_byte_changed_and_the_checksum_left_is_named(bewijs):
    """As a disk would do it."""
    for name, content in members(bewijs.whole).items():
        at = bewijs.whole.index(content, bewijs.whole.index(name.encode()))
        data = bytearray(bewijs.whole)
        data[at] ^= 1
        assert name in faults(bewijs.verify(bytes(data)))


def test_each_member_removed_renamed_or_added_is_named(bewijs):
    """Also when nothing else was touched."""
    found = members(bewijs.whole)
    for name in found:
        if name == "mimetype":
            continue
        less = {k: v for k, v in found.items() if k != name}
        assert name in faults(bewijs.verify(packed(less)))
        more = {(f"{k}-2" if k == name else k): v for k, v in found.items()}
        told = faults(bewijs.verify(packed(more)))
        assert name in told
    assert "log/leaves/999.json" in faults(
        bewijs.verify(packed({**found, "log/leaves/999.json": b"{}"}))
    )


def test_members_of_another_bundle_are_named(bewijs):
    """Swapped one for one with those of the other municipality's message."""
    found, other = members(bewijs.whole), members(bewijs.make("WMO_H22025_ander.csv"))
    for name in ("summary.html", "summary.pdf", INDEX):
        assert found[name] != other[name]
        assert name in faults(bewijs.verify(packed({**found, name: other[name]})))
    seals = {k: v for k, v in other.items() if k.startswith("META-INF/")}
    told = faults(bewijs.verify(packed({**found, **seals})))
    assert "it is not in the container" in told


# --- tricks with ZIP ------------------------------------------------------------------------------


def raw(found, **odd):
    """A ZIP as we write it, of anything in any order."""
    parts, rows, at = [], [], 0
    import zlib

    for name, content in found:
        coded = name.encode()
        crc, size = zlib.crc32(content), len(content)
        head = struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, 0x21, crc, size, size, len(coded), 0
        )
        parts += [head, coded, content]
        rows.append((coded, crc, size, at))
        at += len(head) + len(coded) + size
    whole = b"".join(
        struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 3 << 8 | 20, 20, 0, 0, 0, 0x21, crc, size, size, len(coded),
            0, 0, 0, 0, 0o100644 << 16, start,
        ) + coded
        for coded, crc, size, start in rows
    )  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(rows), len(rows), len(whole), at, 0)
    return b"".join([*parts, odd.get("between", b""), whole, end, odd.get("behind", b"")])


def test_the_helper_of_these_tests_writes_what_we_write(bewijs):
    """Else the attacks below would be found for the wrong reason."""
    assert raw(members(bewijs.whole).items()) == bewijs.whole


def zipped(found, **how):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **how) as made:
        for name, content in found:
            made.writestr(name, content)
    return out.getvalue()


def test_tricks_with_zip_are_named(bewijs):
    """Another order, the same name twice, a way out, bytes nobody listed, a bomb."""
    found = list(members(bewijs.whole).items())
    attacks = {
        "mimetype is not the first member": raw([found[1], found[0], *found[2:]]),
        "README.txt: it is in the container twice": raw([*found, ("README.txt", b"anders")]),
        "readme.txt: it is in the container twice": raw([*found, ("readme.txt", b"anders")]),
        "a name that leads outside": raw([*found, ("../../etc/passwd", b"x")]),
        "leads outside": raw([*found, ("/etc/passwd", b"x")]),
        "or is not one of a member": raw([*found, ("log\\leaves", b"x")]),
        "the directory at the end": raw(found, between=b"verborgen"),
        "something was added": raw(found, behind=b"verborgen"),
        "it is compressed": zipped(
            [("mimetype", b"x"), ("bom", b"0" * 10_000_000)], compression=zipfile.ZIP_DEFLATED
        ),
        "cut off": bewijs.whole[: len(bewijs.whole) // 2],
    }
    for word, data in attacks.items():
        report = bewijs.verify(data)
        assert outcomes(report)["container"] == "failed", word
        assert word in faults(report)
    # What a directory says of a member, and its own header does not.
    data = bytearray(bewijs.whole)
    data[bewijs.whole.rindex(b"PK\1\2") + 24] ^= 1
    assert "the directory" in faults(bewijs.verify(bytes(data)))


@pytest.mark.parametrize("data", [b"", b"hallo", b"%PDF-1.7", b"PK\5\6" + bytes(18)])
def test_what_is_no_container_is_no_answer(bewijs, data):
    """Exit code 2: there is nothing to judge."""
    with pytest.raises(ContainerError):
        bewijs.verify(data)


def test_no_member_can_be_packed_under_a_bad_name():
    """Nor one twice."""
    for name in ("../x", "/x", "a//b", "", "a\nb", ".x", "x" * 300):
        with pytest.raises(ContainerError):
            container.pack([Member(name, b"")])
    with pytest.raises(ContainerError):
        container.pack([Member("x", b""), Member("X", b"")])


# --- seals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "word"),
    [
        ("zegel-cbs", "it was signed by OIN 00000001999900001000"),
        ("zegel-gemeente-0363", "it was signed by OIN 00000001000000363000"),
        ("zegel-medewerker-0363-coordinator", "it was signed by OIN 00000001000000363000"),
        ("tsa", "another purpose"),
    ],
)
def test_another_seal_under_the_same_root_is_a_forgery(bewijs, domain, word):
    """That of CBS, of a municipality, of an employee, of the time stamping authority."""
    told = faults(bewijs.verify(resealed(members(bewijs.whole), bewijs.seal(domain), now())))
    assert "META-INF/signature.p7s" in told
    assert word in told


def test_a_seal_of_nobody_we_trust(bewijs, tmp_path):
    """Another chain's gateway, with the same names and OINs."""
    with Keten(tmp_path) as keten:
        keten.make_keys()
    other = dataclasses.replace(bewijs, location=keten.location)
    told = faults(bewijs.verify(resealed(members(bewijs.whole), other.seal(), now())))
    assert "was not issued by an issuer that is trusted here" in told


def test_a_seal_by_a_certificate_that_no_library_can_read(bewijs):
    """Whoever made it: it leads to no issuer, and is named."""
    seal = Seal(*odd(), ())
    told = faults(bewijs.verify(resealed(members(bewijs.whole), seal, now())))
    assert "META-INF/signature.p7s" in told
    assert "cannot be read: who issued it is not known" in told


@pytest.mark.parametrize("seed", range(0, 40, 10))
def test_a_certificate_with_odd_bytes_in_a_bundle(bewijs, seed):
    """Of who sealed it: named. Of the issuer beside it: the reader has his own, and reads on."""
    whole, seal = members(bewijs.make()), bewijs.seal()
    for one in range(seed, seed + 10):
        for cert in (seal.certificate, *seal.chain):
            der = cert.public_bytes(Encoding.DER)
            p7s = whole["META-INF/signature.p7s"].replace(der, changed(der, one))
            report = bewijs.verify(packed({**whole, "META-INF/signature.p7s": p7s}))
            assert report.ok or "META-INF/signature.p7s" in faults(report)
            assert cert != seal.certificate or not report.ok


@pytest.mark.parametrize("years", [-20, 20])
def test_a_seal_of_before_or_after_its_certificate(bewijs, years):
    """By its own word, which is all there is without a time stamp."""
    at = now() + timedelta(days=365 * years)
    told = faults(bewijs.verify(resealed(members(bewijs.whole), bewijs.seal(), at)))
    assert "not valid yet" in told or "had expired" in told


def test_a_time_stamp_over_another_bundle(bewijs):
    """Its manifest does not list these members."""
    found, other = members(bewijs.whole), members(bewijs.make())
    stamps = {k: v for k, v in found.items() if "rchive" in k or "timestamp.tst" in k}
    told = faults(bewijs.verify(packed({**other, **stamps})))
    assert "META-INF/signature.p7s: its bytes are not those" in told


# --- what the gateway itself could forge, with its own seal ---------------------------------------


def test_a_checkpoint_that_is_older_than_a_leaf(bewijs):
    """A checkpoint that was archived before the leaf was written."""

    def older(found):
        audit = bewijs.location.audit
        [size] = found.index.checkpoints
        before = min(at for at, role in found.index.leaves.items() if role == "message")
        name = f"log/{size}/checkpoint"
        from gateway.audit import reading

        early = [n for n in reading.archived_sizes(audit) if n <= before]
        content = reading.read(audit, f"checkpoints/{early[-1]}")
        for path in list(found.members):
            if path.endswith(".tlog-proof"):
                proof = found.members[path]
                found.members[path] = proof.partition(b"\n\n")[0] + b"\n\n" + content
        found.members[name] = content
        found.members.pop(f"{name}.tsr", None)

    told = faults(bewijs.verify(regathered(bewijs, older, now())))
    assert "so it is older than leaf" in told


def test_the_proof_of_another_leaf(bewijs):
    """Swapped for that of its neighbour, all sealed by the gateway itself."""

    def swap(found):
        [size] = found.index.checkpoints
        one, two = sorted(found.index.leaves)[:2]
        paths = [f"log/{size}/{at}.tlog-proof" for at in (one, two)]
        found.members[paths[0]] = found.members[paths[1]]

    told = faults(bewijs.verify(regathered(bewijs, swap, now())))
    assert "it is the proof of leaf" in told


def test_a_leaf_that_was_never_in_the_log(bewijs):
    """Re-written and sealed by the gateway itself; the log does not have it."""

    def rewrite(found):
        at = min(found.index.leaves)
        path = f"{LEAVES}{at}.json"
        found.members[path] = found.members[path].replace(b'"result":"ok"', b'"result":"no"')

    told = faults(bewijs.verify(regathered(bewijs, rewrite, now())))
    assert "does not lead to the root" in told


@pytest.mark.parametrize("at", [leaf.MAX_INT, 253402300799999])
@pytest.mark.parametrize("which", ["message", "answer", "grant"])
def test_a_leaf_of_a_time_that_no_calendar_holds(bewijs, at, which):
    """Refused by its name, before anything reckons with it; 9999-12-31T23:59:59.999Z as well."""
    found = members(bewijs.whole)
    roles = read_index(found[INDEX]).leaves
    path = leaf_path(min(one for one, role in roles.items() if role == which))
    found[path] = re.sub(rb'"at":[0-9]+', b'"at":%d' % at, found[path])
    told = faults(bewijs.verify(resealed(found, bewijs.seal(), now())))
    assert f"{path}: the field at of a leaf is out of range" in told


def test_an_opening_that_does_not_open(bewijs):
    """Another name than the one committed to; one salt for another leaf; a label twice."""
    path = f"openings/{_first(bewijs)}.jsonl"

    def other(found):
        [actor, name] = openings.read(found.members[path])
        wrong = name._replace(value="WMO_H22025_anders.csv")
        found.members[path] = openings.write([actor, wrong])
        found.opened[_first(bewijs)] = openings.values([actor, wrong])

    told = faults(bewijs.verify(regathered(bewijs, other, now())))
    assert f"{path}: name: it does not open the commitment" in told


def _first(bewijs):
    found = gather(bewijs.location, read_config(bewijs.location.config_path), Wish(NAME))
    return min(at for at, role in found.index.leaves.items() if role == "message")


@pytest.mark.parametrize("what", ["content", "binding", "receipts"])
def test_bytes_seal_and_receipt_that_are_not_the_messages(bewijs, what):
    """Sealed by the gateway itself: the leaf, the user's seal and CBS's seal say otherwise."""

    def change(found):
        [path] = [name for name in found.members if name.startswith(f"{what}/")]
        other = bytearray(found.members[path])
        other[len(other) // 2] ^= 1
        found.members[path] = bytes(other)

    report = bewijs.verify(regathered(bewijs, change, now()))
    assert outcomes(report)[what] == "failed"
    assert f"{what}/" in faults(report)


def _metagegevens(bewijs, **other):
    """What a verifier says when the record names something else, sealed by the gateway itself."""

    def change(found):
        content = found.members[METAGEGEVENS]
        for old, new in other.items():
            assert old.encode() in content
            content = content.replace(old.encode(), new.encode())
        found.members[METAGEGEVENS] = content

    return faults(bewijs.verify(regathered(bewijs, change, now())))


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("coordinator", "j.burgemeester", "it names another user than"),
        ("WMO_H22025.csv", "ANDERS_H22025.csv", "it names another file than"),
        ("WMO_H22025_0363_0001.csv", "x.csv", "it names the delivered file otherwise than"),
        ("uitwisseling>wmo<", "uitwisseling>sbo<", "it is of another exchange"),
    ],
)
def test_metagegevens_that_say_something_else(bewijs, old, new, word):
    """Each against its own leaf; and none of them is the record that was delivered."""
    told = _metagegevens(bewijs, **{old: new})
    assert word in told
    assert "it is not the one that the leaf of the delivery names" in told


def test_metagegevens_of_another_binding_that_a_leaf_was_made_for(bewijs):
    """The operator may name any record in a leaf of his; its seal must be that of handing in."""
    found = members(bewijs.whole)
    index = read_index(found[INDEX])
    leaves = {at: leaf.decode(found[leaf_path(at)]) for at in index.leaves}
    record = read_metagegevens(found[METAGEGEVENS])
    other = build_binding(Binding("zegel", b"een ander zegel"))
    found[METAGEGEVENS] = build_metagegevens(dataclasses.replace(record, binding=other))
    ours = [leaves[at] for at, role in index.leaves.items() if role == "message"]
    [placed] = [one for one in ours if one["type"].startswith("D.1.")]
    placed["evidence"] = [f"metagegevens:{hashlib.sha256(found[METAGEGEVENS]).hexdigest()}"]
    told = metagegevens(Bundle(found, index, leaves, bewijs.belief))
    assert (told.outcome, "the seal or login in it" in told.detail) == ("failed", True)
    del placed["evidence"]
    found[METAGEGEVENS] = build_metagegevens(record)
    assert metagegevens(Bundle(found, index, leaves, bewijs.belief)).outcome == "not-checked"


def test_a_leaf_left_out_between_two(bewijs):
    """The chain of a message shows the gap."""

    def less(found):
        ours = sorted(at for at, role in found.index.leaves.items() if role == "message")
        gone = ours[1]
        for path in [p for p in found.members if p.rpartition("/")[2].split(".")[0] == str(gone)]:
            del found.members[path]
        left = {at: role for at, role in found.index.leaves.items() if at != gone}
        del found.leaves[gone]
        found.index = dataclasses.replace(found.index, leaves=left)

    told = faults(bewijs.verify(regathered(bewijs, less, now())))
    assert "and that is not here" in told


def test_a_page_that_says_something_else(bewijs):
    """summary.html is made again from the leaves, and compared."""
    found = members(bewijs.whole)
    found["summary.html"] = found["summary.html"].replace(b"0363", b"0364")
    told = faults(bewijs.verify(resealed(found, bewijs.seal(), now())))
    assert "summary.html: it is not the page that these leaves give" in told


def test_a_pdf_that_says_something_else(bewijs):
    """It is set again too."""
    found = members(bewijs.whole)
    found["summary.pdf"] = found["summary.pdf"] + b"%"
    told = faults(bewijs.verify(resealed(found, bewijs.seal(), now())))
    assert "summary.pdf: it is not the page that these leaves give" in told


@pytest.mark.parametrize("field", ["build", "setter"])
def test_pages_of_another_version_make_no_plain_verdict(bewijs, field):
    """A false page under a version that is not here: it cannot be judged, and that is said."""
    found = members(bewijs.whole)
    index = dataclasses.replace(read_index(found[INDEX]), **{field: "0.0.9"})
    found[INDEX], found["summary.pdf"] = write_index(index), b"%PDF-vals"
    if field == "build":
        found["summary.html"] = b"<h1>Alles is door CBS bevestigd</h1>"
    report = bewijs.verify(resealed(found, bewijs.seal(), now()))
    assert outcomes(report)["pages"] == "not-checked"
    assert "its pages were not checked" in report.doubts


def test_without_a_stamp_the_verdict_says_whose_word_the_time_is(bewijs):
    """With stamps and witnesses it is plain; each that lacks is told."""
    assert bewijs.verify(bewijs.whole).doubts == []
    assert bewijs.verify(bewijs.make()).doubts == [
        "when it was sealed rests on the gateway's own word"
    ]


def test_a_seal_that_is_older_than_its_leaves(bewijs):
    """Back-dated by a thief, to before the certificate was revoked."""
    at = now() - timedelta(days=2)
    told = faults(bewijs.verify(resealed(members(bewijs.whole), bewijs.seal(), at)))
    assert "META-INF/signature.p7s: it says to be older than a leaf" in told


def test_an_index_that_says_something_else(bewijs):
    """Of another party, other bytes, another status or way, or a part that is not there."""
    wrong = {"gemeentecode": "0034", "sha256": "0" * 64, "uitwisseling": "sbo",
             "status": "refused", "direction": "retour"}  # fmt: skip
    for field, value in wrong.items():

        def change(found, field=field, value=value):
            about = dataclasses.replace(found.index.message, **{field: value})
            found.index = dataclasses.replace(found.index, message=about)

        report = bewijs.verify(regathered(bewijs, change, now()))
        assert outcomes(report)["index"] == "failed"

    def claims(found):
        del found.members[next(one for one in found.members if one.startswith("receipts/"))]

    assert "it says that receipts is present" in faults(
        bewijs.verify(regathered(bewijs, claims, now()))
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"names": {"0363": "Rotterdam", "wmo": "Wmo"}}, "it calls 0363 'Rotterdam'"),
        ({"names": {"0363": "Amsterdam", "wmo": "Jeugdwet"}}, "it calls wmo 'Jeugdwet'"),
        ({"names": {"0599": "Rotterdam"}}, "it names 0599"),
    ],
)
def test_names_of_party_and_exchange_are_the_readers(bewijs, change, word):
    """The codes stand in leaves; what they are called he has in his own folder."""

    def other(found):
        found.index = dataclasses.replace(found.index, **change)

    data = regathered(bewijs, other, now())
    assert word in faults(bewijs.verify(data))
    alone = dataclasses.replace(bewijs, belief=bewijs.belief._replace(deelnemers=None))
    [told] = [one.detail for one in alone.verify(bewijs.whole).steps if one.name == "index"]
    assert "names of party and exchange are the gateway's" in told


def test_a_reason_is_one_of_ours_and_a_stamp_is_not_claimed(bewijs):
    """It stands on the page: no room for a sentence of somebody's own."""

    def other(part, **how):
        def change(found):
            parts = [dataclasses.replace(one, **how) if one.name == part else one
                     for one in found.index.parts]  # fmt: skip
            found.index = dataclasses.replace(found.index, parts=tuple(parts))

        return change

    change = other("witnesses", state="absent", why="Alles is bevestigd.")
    told = faults(bewijs.verify(regathered(bewijs, change, now())))
    assert "no bundle says of witnesses: 'Alles is bevestigd.'" in told

    def unstamped(found):
        [size] = found.index.checkpoints
        del found.members[f"log/{size}/checkpoint.tsr"]

    told = faults(bewijs.verify(regathered(bewijs, unstamped, now())))
    assert "holds no stamp" in told


def test_every_message_of_a_chain_gives_a_bundle_that_is_whole(bewijs):
    """Sent, refused, and what came back; its status is what trace says."""
    engine = connect(bewijs.location.database, writer=False)
    with engine.connect() as run:
        rows = list(run.execute(sa.select(t.levering.c.referentienummer, t.levering.c.status)))
    engine.dispose()
    assert {one.status for one in rows} >= {"confirmed", "rejected", "acknowledged"}
    for one in rows:
        data = bewijs.make(one.referentienummer)
        report = bewijs.verify(data)
        assert report.ok, (one, faults(report))
        assert json.loads(members(data)[INDEX])["message"]["status"] == one.status


def test_witnesses_that_did_not_sign_are_not_claimed(bewijs):
    """Their lines taken from the checkpoint: the bundle's claim is then false."""

    def bare(found):
        [size] = found.index.checkpoints
        name = f"log/{size}/checkpoint"
        short = b"".join(found.members[name].splitlines(True)[:5])
        for path in list(found.members):
            if path.endswith(".tlog-proof"):
                above = found.members[path].partition(b"\n\n")[0]
                found.members[path] = above + b"\n\n" + short
        found.members[name] = short

    told = faults(bewijs.verify(regathered(bewijs, bare, now())))
    assert "by your policy they are not enough" in told


# --- what is trusted ------------------------------------------------------------------------------


def test_a_trust_folder_that_lacks_what_it_takes(bewijs, tmp_path):
    """No folder, no key of a log, no seal of the gateway: exit code 2, with what is missing."""
    with pytest.raises(TrustError, match="no folder"):
        believed.load(str(tmp_path / "niets"))
    for name in ("root.pem", "intermediate.pem", "crl.pem"):
        (tmp_path / name).write_bytes((bewijs.trust / name).read_bytes())
    with pytest.raises(TrustError, match="no key of a log"):
        believed.load(str(tmp_path))
    (tmp_path / "policy").write_bytes((bewijs.trust / "policy").read_bytes())
    with pytest.raises(TrustError, match="zegel-gateway"):
        believed.load(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": []}', b"\xff", b"[" * 9000])
def test_keys_of_logins_that_are_damaged_are_the_folders_fault(bewijs, tmp_path, content):
    """Exit code 2, by the name of the file: no bundle is false because of it."""
    folder = tmp_path / "vertrouwen"
    shutil.copytree(bewijs.trust, folder)
    (folder / "idp.jwks").write_bytes(content)
    with pytest.raises(TrustError, match=r"idp\.jwks is damaged") as caught:
        believed.load(str(folder))
    assert "copy it from the gateway's vertrouwen/ again" in caught.value.hint


def test_another_logs_key_is_not_ours(bewijs):
    """A reader who trusts another log does not believe this one."""
    other = bewijs.belief._replace(logs=())
    report = dataclasses.replace(bewijs, belief=other).verify(bewijs.whole)
    assert outcomes(report)["checkpoint"] == "failed"


def test_a_reader_without_policy_is_told_so(bewijs):
    """Witnesses count by the reader's policy, never by what is in the bundle."""
    other = bewijs.belief._replace(policy=None)
    report = dataclasses.replace(bewijs, belief=other).verify(bewijs.whole)
    assert outcomes(report)["witnesses"] == "not-checked"
    assert report.ok
    assert any(one.startswith("witnesses:") for one in report.not_proven)


def test_a_receipt_is_judged_by_the_receiver_of_its_exchange(bewijs):
    """Which OINs those are, the reader's own folder says: not CBS for all, and not the bundle."""
    cbs, other = "00000001999900001000", "00000001999900009000"
    for oins, outcome in (
        ({"wmo": (other,)}, "failed"),
        ({"wmo": (other, cbs)}, "ok"),
        ({"sbo": (cbs,)}, "not-checked"),
    ):
        known = bewijs.belief.deelnemers._replace(oins=oins)
        belief = bewijs.belief._replace(deelnemers=known)
        report = dataclasses.replace(bewijs, belief=belief).verify(bewijs.whole)
        assert outcomes(report)["receipts"] == outcome
    alone = bewijs.belief._replace(deelnemers=None)  # a folder of before: CBS, by its certificate
    report = dataclasses.replace(bewijs, belief=alone).verify(bewijs.whole)
    assert outcomes(report)["receipts"] == "ok"


@pytest.mark.parametrize("keeps", [True, False])
def test_stamps_of_the_authority_before_this_one_count_by_its_certificate(bewijs, tmp_path, keeps):
    """Beside tsa.pem, under its serial number; without it they are those of another."""
    folder = another_authority(bewijs.trust, tmp_path / "vertrouwen", keeps=keeps)
    reader = dataclasses.replace(bewijs, belief=believed.load(str(folder)))
    found = outcomes(reader.verify(bewijs.whole))
    assert found["time"] == ("ok" if keeps else "failed")
    assert found.get("timestamp", "failed") == found["time"]


# --- a lone chain ---------------------------------------------------------------------------------


def test_a_bundle_of_a_lone_chain_says_what_it_lacks(tmp_path):
    """No witness, no stamp, no seal, no receipt: honest, and whole."""
    with Keten(tmp_path) as keten:
        keten.make_keys()
        keten.drop("0363", NAME, CONTENT)
        keten.settle()
        from gateway.evidence.bundle import make
        from gateway.outside import ensure_policy

        ensure_policy(keten.location, "knooppunt.example/audit-2026")
        made = make(keten.location, Wish(NAME, content=True))
        belief = believed.load(f"{keten.location.state}/vertrouwen")
        from gateway.evidence.verify import verify

        report = verify(made.content, belief)
        assert report.ok, faults(report)
        left = {one for one, how in outcomes(report).items() if how == "absent"}
        assert left == {"time", "witnesses", "timestamp", "binding", "person", "receipts"}
        assert outcomes(report)["metagegevens"] == "ok"
        page = members(made.content)["summary.html"].decode()
        assert "Iedereen die daar mag" in page
        assert "<script" not in page
        jsonschema.validate(report.to_json(), schema("evidence-verify").schema)
