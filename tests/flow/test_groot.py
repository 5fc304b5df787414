# SPDX-License-Identifier: EUPL-1.2
"""Files too large for a message: refused, or by reference beside their envelope, both ways."""

import hashlib
import io
import os
import random
import subprocess
import sys
import uuid
import zipfile

import pytest

import envelopes
from envelopes import Verwijzing, build_verwijzing
from gateway.journal import decode_promise
from gateway.setup import shipped_config
from gateway.testing import Keten
from tests.flow.conftest import eventually
from tests.flow.test_drop import with_config
from tests.flow.vreemd import antwoorden, envelop, lees_antwoord

LIMIT = 65536
"""Bytes of a message in these tests, instead of 25 MB."""
RAW = (LIMIT - 16384) * 3 // 4
"""The largest file that goes inside one."""
PART = 300_000
"""Bytes of large files that are copied in a round, instead of 4 MiB."""
WAY = {
    "size": ("max_bytes: 26214400", f"max_bytes: {LIMIT}\n  deel_bytes: {PART}"),
    "there": ('patronen: ["WMO_*"]', 'patronen: ["WMO_*"]\n    groot: verwijzen'),
    "back": ('patronen: ["TECHNISCH_', 'groot: verwijzen\n    patronen: ["TECHNISCH_'),
}


def chance(size, seed=1):
    """Bytes that no part of is like another."""
    return random.Random(seed).randbytes(size)


def by_reference(tmp_path, **more):
    return with_config(tmp_path, **WAY, **more)


def reference(content, number, **changed):
    """What the envelope of another system says of bytes that lie beside it."""
    fields = {
        "bestandsnaam": "WMO_H22025.zip", "omvang": len(content), "url": f"groot/{number}.bin",
        "sha256": hashlib.sha256(content).hexdigest(), "type": "application/zip",
    }  # fmt: skip
    return build_verwijzing(Verwijzing(**fields | changed))


def foreign(keten, content, *, lies=None, number=None, **changed):
    """Lay bytes and then an envelope of another system in ggk/uit; its referentienummer."""
    number = number or str(uuid.uuid4())
    if lies is None or lies:
        (keten.hop("ggk/uit") / "groot" / f"{number}.bin").write_bytes(lies or content)
    data = envelop(number, payload=reference(content, number, **changed), naam=None)
    (keten.hop("ggk/uit") / f"{number}.xml").write_bytes(data)
    keten.settle()
    return number


def beside(keten, hop="ggk/uit"):
    return [p.name for p in (keten.hop(hop) / "groot").iterdir() if not p.name.startswith(".")]


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("generation", "code"), [(2018, "IB007"), (2025, "RIN001")])
def test_refused_with_the_code_of_its_generation(tmp_path, generation, code):
    """Without `groot: verwijzen`: IB007, which the second generation uses otherwise: RIN001."""
    codes = ("foutcodes: 2018", f"foutcodes: {generation}")
    with with_config(tmp_path, size=WAY["size"], codes=codes) as keten:
        content = chance(2 * PART)
        keten.drop("0363", "WMO_H22025.zip", content)
        keten.send("technische-terugkoppeling", "TECHNISCH_H22025_0363.pdf", content)
        (keten.hop("ggk/uit") / "x.xml").write_bytes(envelop(payload=content, naam="WMO_x.csv"))
        keten.settle()
        [text] = keten.notices("0363", "weigering")
        assert f"Code:                {code}" in text
        assert hashlib.sha256(content).hexdigest() in text
        [back] = (keten.root / "cbs/uit/GMSDTTK/geweigerd").glob("*.txt")
        assert f"Code:                {code}" in back.read_text("utf-8")
        assert antwoorden(keten) == {}  # an envelope that large is not read, not even its header
        held = [path for one in keten.quarantine() for path in one.iterdir()]
        assert sum(path.read_bytes() == content for path in held) == 2
        assert keten.received("wmo") == []


def test_an_exchange_that_refers_may_have_a_limit_of_its_own(tmp_path):
    """`max_bytes` above a message's limit: up to there by reference, one byte more is refused."""
    own = ("groot: verwijzen\n    behalve", f"groot: verwijzen\n    max_bytes: {PART}\n    behalve")
    there = ('patronen: ["WMO_*"]', WAY["there"][1])
    text = WAY | {"there": there}
    with with_config(tmp_path, **text) as keten:
        config = (keten.folder / "config.yaml").read_text()
    assert own[0].split("\n")[0] in config
    limit = ("groot: verwijzen\n    # This", f"groot: verwijzen\n    max_bytes: {PART}\n    # This")
    with Keten(tmp_path / "b", config=config.replace(*limit)) as keten:
        assert keten.config.uitwisselingen["wmo"].max_bytes == PART
        keten.drop("0363", "WMO_past.csv", chance(PART))
        keten.drop("0363", "WMO_niet.csv", chance(PART + 1))
        foreign(keten, chance(PART + 1))
        assert [len(one.content) for one in keten.received("wmo")] == [PART]
        [text] = keten.notices("0363", "weigering")
        assert "IB007" in text
        assert list(antwoorden(keten).values()).count("IB007") == 1


# --- by reference ---------------------------------------------------------------------------------


def test_there_by_reference(tmp_path):
    """A large drop reaches CBS whole, with its metagegevens; nothing is left on the way."""
    content = chance(5 * PART + 7)
    with by_reference(tmp_path) as keten:
        keten.drop("0363", "WMO_H22025_gestuurd door Bea.csv", content)
        keten.settle()
        [received] = keten.received("wmo")
        assert received.name == "WMO_H22025_gestuurd door Bea_0363_0001.csv"
        assert received.content == content
        record = received.metagegevens.bestand
        assert (record.omvang, record.sha256) == (
            len(content), hashlib.sha256(content).hexdigest())  # fmt: skip
        assert record.oorspronkelijke_naam == "WMO_H22025_gestuurd door Bea.csv"
        assert beside(keten) == []
        assert keten.types() == ["accepted", "relayed", "delivered", "answered", "acknowledged",
                                 "notified"]  # fmt: skip
        [kept] = keten.verzonden("0363")
        assert kept.read_bytes() == content
        assert received.path.stat().st_ino != kept.stat().st_ino


def test_what_lies_in_the_hop_folder(tmp_path):
    """GGk alone: the bytes under the message's number, and an envelope that says what they are."""
    content = chance(PART + 1)
    with by_reference(tmp_path) as keten:
        text = (keten.folder / "config.yaml").read_text()
    with Keten(tmp_path / "ggk", config=text, stations=["ggk"]) as keten:
        keten.drop("0363", "2025 wmo.zip", content, uitwisseling="wmo")
        keten.settle()
        [path] = keten.hop("ggk/uit").glob("*.xml")
        found = envelopes.read(path.read_bytes())
        number = found.stuurgegevens.referentienummer
        said = envelopes.read_verwijzing(found.payload)
        assert found.bestandsnaam is None
        assert (said.url, said.context) == (f"groot/{number}.bin", number)
        assert said.bestandsnaam == f"_2025_wmo_{number}.zip"
        assert (said.omvang, said.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert (said.type, said.aangemaakt, said.vervalt) == (
            "application/zip", "2026-02-02T10:00:00.000+01:00", "2026-03-04T10:00:00.000+01:00",
        )  # fmt: skip
        assert found.metagegevens.bestand.oorspronkelijke_naam == "2025 wmo.zip"
        assert beside(keten) == [f"{number}.bin"]
        assert (keten.hop("ggk/uit") / said.url).read_bytes() == content


@pytest.mark.parametrize("way", ["heen", "retour"])
def test_the_bytes_lie_there_before_the_envelope(tmp_path, way):
    """What is promised in order is done in order: whoever finds the envelope finds its bytes."""
    with by_reference(tmp_path) as keten:
        if way == "heen":
            keten.drop("0363", "WMO_H22025.csv", chance(PART))
        else:
            keten.send("technische-terugkoppeling", "TECHNISCH_H22025_0363.pdf", chance(PART))
        promised = []

        def seen():
            rows = [row for row in keten._chain.store.journal() if row["promise"]]
            promised.extend(decode_promise(row["id"], row["promise"]) for row in rows)
            return promised

        rounds(keten, seen)
        assert [put.place.kind.value for put in promised[0].puts] == (
            ["ggk/uit/groot", "ggk/uit"] if way == "heen" else ["ggk/in/groot", "ggk/in"]
        )


def test_back_by_reference(tmp_path):
    """A large report of CBS reaches the municipality's inbox whole; its send folder is empty."""
    content = chance(3 * PART)
    with by_reference(tmp_path) as keten:
        sent = keten.send("technische-terugkoppeling", "TECHNISCH_H22025_0363.zip", content)
        keten.settle()
        [got] = keten.inbox("0363")
        assert (got.name, got.read_bytes()) == ("TECHNISCH_H22025_0363.zip", content)
        assert not sent.exists()
        assert beside(keten, "ggk/in") == []
        assert antwoorden(keten, "ggk/in") == {
            p.name.split(".")[0]: "Bv03" for p in keten.hop("ggk/in/antwoord").glob("*.xml")
        }


def test_a_zip_passes_unopened(tmp_path):
    """A ZIP, broken or a bomb, is bytes: it arrives as it was dropped."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("WMO_H22025.csv", b"0" * 10_000_000)
    bomb = made.getvalue() + chance(PART)
    with by_reference(tmp_path) as keten:
        keten.drop("0363", "WMO_bom.zip", bomb)
        keten.drop("0363", "WMO_stuk.zip", b"PK\x03\x04" + chance(PART))
        keten.settle()
        assert sorted(one.content[-9:] for one in keten.received("wmo")) == sorted(
            [bomb[-9:], chance(PART)[-9:]]
        )


def test_at_the_limit_it_goes_inside(tmp_path):
    """The largest file that fits a message goes inside it; one byte more goes beside it."""
    with by_reference(tmp_path) as keten:
        text = (keten.folder / "config.yaml").read_text()
    with Keten(tmp_path / "ggk", config=text, stations=["ggk"]) as keten:
        keten.drop("0363", "WMO_binnen.csv", chance(RAW))
        keten.drop("0034", "WMO_naast.csv", chance(RAW + 1))
        keten.settle()
        payloads = {
            found.stuurgegevens.zender.organisatie: found.payload
            for path in keten.hop("ggk/uit").glob("*.xml")
            for found in [envelopes.read(path.read_bytes())]
        }
        assert payloads["0363"] == chance(RAW)
        assert envelopes.is_verwijzing(payloads["0034"])


def test_small_messages_go_on_and_order_is_kept(tmp_path):
    """While it is copied, others are delivered; what its own sender drops later comes later."""
    with by_reference(tmp_path) as keten:
        keten.drop("0363", "WMO_groot.csv", chance(20 * PART))
        os.utime(keten.outbox("0363") / "WMO_groot.csv", (1, 1))
        keten.drop("0363", "WMO_klein.csv", b"na de grote")
        keten.drop("0034", "WMO_ander.csv", b"van een ander")
        keten.send("technische-terugkoppeling", "TECHNISCH_H22025_1701.pdf", b"terug")
        keten.settle()
        came = [(one.gemeentecode, one.naam) for event, one in keten.happened
                if event.type == "delivered"]  # fmt: skip
        assert came.index(("0034", "WMO_ander.csv")) < came.index(("0363", "WMO_groot.csv"))
        assert came.index(("1701", "TECHNISCH_H22025_1701.pdf")) < came.index(
            ("0363", "WMO_groot.csv")
        )
        assert came.index(("0363", "WMO_groot.csv")) < came.index(("0363", "WMO_klein.csv"))
        assert len(came) == 4
        assert "refused" not in keten.types()


def test_several_large_ones_at_once(tmp_path):
    """Of several municipalities and both ways: each arrives once, whole, as it was sent."""
    with by_reference(tmp_path) as keten:
        for seed, code in enumerate(("0363", "0034", "1701")):
            for n in range(2):
                keten.drop(code, f"WMO_{n}.csv", chance(2 * PART + n, seed * 10 + n))
        keten.send("technische-terugkoppeling", "TECHNISCH_H22025_0363.pdf", chance(PART, 99))
        keten.settle()
        got = {(one.metagegevens.gemeentecode, one.metagegevens.bestand.oorspronkelijke_naam):
               one.content for one in keten.received("wmo")}  # fmt: skip
        assert got == {
            (code, f"WMO_{n}.csv"): chance(2 * PART + n, seed * 10 + n)
            for seed, code in enumerate(("0363", "0034", "1701"))
            for n in range(2)
        }


# --- what another system sends --------------------------------------------------------------------


def test_another_system_refers(tmp_path):
    """An envelope without our header blocks: name and digest come from its reference."""
    content = chance(2 * PART)
    with by_reference(tmp_path) as keten:
        number = foreign(keten, content)
        [received] = keten.received("wmo")
        assert received.content == content
        assert received.name == "WMO_H22025_0363_0001.zip"
        record = received.metagegevens.bestand
        assert (record.oorspronkelijke_naam, record.omvang, record.type) == (
            "WMO_H22025.zip", len(content), "application/zip")  # fmt: skip
        assert antwoorden(keten) == {number: "Bv03"}
        assert beside(keten) == []


@pytest.mark.parametrize(
    ("word", "changed"),
    [
        ("FILE_NOT_FOUND", {"lies": b""}),
        ("FILE_NOT_FOUND", {"url": "groot/../../../config.yaml"}),
        ("FILE_NOT_FOUND", {"url": "https://my.host.nl/x"}),
        ("FILE_NOT_FOUND", {"url": f"groot/{uuid.UUID(int=4, version=4)}.bin"}),
        ("INCORRECT_FILE_SIZE", {"lies": chance(2 * PART - 1)}),
        ("INCORRECT_FILE_SIZE", {"omvang": 2 * PART + 1}),
        ("CHECKSUM_ERROR", {"lies": chance(2 * PART, 2)}),
        ("CHECKSUM_ERROR", {"sha256": "0" * 64}),
    ],
)
def test_missing_or_damaged_bytes_are_refused(tmp_path, word, changed):
    """RIN001 with the standard's word; envelope and bytes are kept, nothing is delivered."""
    content = chance(2 * PART)
    with by_reference(tmp_path) as keten:
        number = foreign(keten, content, **changed)
        [path] = keten.hop("ggk/uit/antwoord").glob("*.fo03.xml")
        fault = lees_antwoord(path).fout
        assert fault.code == "RIN001"
        assert fault.details.startswith(word)
        assert keten.received("wmo") == []
        [held] = keten.quarantine()
        assert (held / f"{number}.xml").exists()
        lies = changed.get("lies", content)
        if "url" not in changed and lies:
            assert (held / f"{number}.bin").read_bytes() == lies
            assert beside(keten) == []
        elif lies:
            assert beside(keten) == [f"{number}.bin"]


def test_a_reference_that_is_wrong_is_refused(tmp_path):
    """What claims to be a reference and is not right gets the code and words of reading it."""
    with by_reference(tmp_path) as keten:
        number = str(uuid.uuid4())
        wrong = reference(chance(9), number).replace(b"SHA256", b"MD5")
        (keten.hop("ggk/uit") / "x.xml").write_bytes(envelop(number, payload=wrong, naam=None))
        keten.settle()
        [path] = keten.hop("ggk/uit/antwoord").glob("*.fo03.xml")
        assert "CHECKSUM_TYPE_NOT_SUPPORTED" in lees_antwoord(path).fout.details


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_what_is_no_file_is_not_read(tmp_path, kind):
    """A link, a folder or a pipe under the name of the bytes: refused, and left alone."""
    with by_reference(tmp_path) as keten:
        number = str(uuid.uuid4())
        path = keten.hop("ggk/uit") / "groot" / f"{number}.bin"
        {"link": lambda: path.symlink_to(keten.folder / "config.yaml"),
         "folder": path.mkdir, "fifo": lambda: os.mkfifo(path)}[kind]()  # fmt: skip
        foreign(keten, chance(PART), lies=b"", number=number)
        [answer] = keten.hop("ggk/uit/antwoord").glob("*.fo03.xml")
        assert lees_antwoord(answer).fout.details.startswith("FILE_NOT_FOUND")
        assert os.path.lexists(path)


def test_a_repeat_is_answered_the_same_and_its_bytes_go(tmp_path):
    """The same message again, with or without its bytes: delivered once, the same Bv03."""
    content = chance(2 * PART)
    with by_reference(tmp_path) as keten:
        number = foreign(keten, content)
        [answer] = keten.hop("ggk/uit/antwoord").glob("*.xml")
        before = answer.read_bytes()
        foreign(keten, content, number=number)
        foreign(keten, content, number=number, lies=b"")
        assert len(keten.received("wmo")) == 1
        assert keten.types().count("repeated") == 2
        assert answer.read_bytes() == before
        assert beside(keten) == []


def test_a_reference_that_somebody_hands_in_is_content(tmp_path):
    """A municipality's own file that is such a document goes to CBS as it is."""
    content = reference(chance(PART), str(uuid.uuid4()))
    with by_reference(tmp_path) as keten:
        keten.drop("0363", "WMO_H22025.xml", content)
        keten.settle()
        [received] = keten.received("wmo")
        assert received.content == content


def test_where_large_files_are_refused_a_reference_is_content(tmp_path):
    """An exchange that does not refer never looks beside an envelope."""
    with with_config(tmp_path, size=WAY["size"]) as keten:
        number = foreign_refused(keten)
        [received] = keten.received("wmo")
        assert envelopes.is_verwijzing(received.content)
        (keten.hop("ggk/uit") / "groot" / f"{number}.bin").unlink()


def foreign_refused(keten):
    return foreign(keten, chance(PART))


# --- broken off, and changed ----------------------------------------------------------------------


def rounds(keten, wanted):
    """Go round until ``wanted()``; the chain is not settled then."""
    keten._chain.engine.inbound.scan_now()

    def holds():
        keten._chain.engine.round()
        return wanted()

    eventually(holds)


def parts(keten):
    """What was copied so far, beside where it goes: path and size."""
    return {p: p.stat().st_size for p in keten.root.rglob(".tmp/*.groot")}


@pytest.mark.parametrize("hop", ["ggk/uit/groot", "cbs/in"])
def test_a_restart_goes_on_where_it_was(tmp_path, hop):
    """Stopped in the middle of either copy, it goes on: what was copied is not written again."""
    content = chance(10 * PART)
    with by_reference(tmp_path) as keten:
        keten.drop("0363", "WMO_H22025.csv", content)
        rounds(keten, lambda: any(
            hop in str(p) and size > 3 * PART for p, size in parts(keten).items()))  # fmt: skip
        keten._chain.engine.settle()
        [(part, size)] = parts(keten).items()
        inode, stamp = part.stat().st_ino, part.stat().st_mtime_ns
        keten.restart()
        rounds(keten, lambda: keten._chain.engine._in_flight is not None)
        assert part.stat().st_size >= size
        rounds(keten, lambda: not part.exists() or part.stat().st_mtime_ns != stamp)
        assert not part.exists() or part.stat().st_ino == inode
        keten.settle()
        [received] = keten.received("wmo")
        assert received.content == content
        if hop == "cbs/in":
            assert received.path.stat().st_ino == inode


def test_what_the_disk_lost_of_a_part_is_copied_again(tmp_path):
    """After a restart a part is held to its source: a hole, or bytes too many, are mended."""
    content = chance(10 * PART)
    for damage in ("hole", "longer", "gone"):
        with by_reference(tmp_path / damage) as keten:
            keten.drop("0363", "WMO_H22025.csv", content)
            rounds(keten, lambda keten=keten: any(s > 3 * PART for s in parts(keten).values()))
            keten._chain.engine.settle()
            [part] = parts(keten)
            keten._chain.close()
            with part.open("r+b") as file:
                if damage == "hole":
                    file.seek(PART)
                    file.write(b"\0" * 5000)
                else:
                    file.truncate(len(content) + 4096)
            if damage == "gone":
                part.unlink()
            keten._chain = keten._open()
            keten.settle()
            [received] = keten.received("wmo")
            assert received.content == content


def test_a_part_that_is_taken_away_is_begun_anew(tmp_path):
    """Somebody clears our .tmp while it is copied: it begins anew, and nothing is torn."""
    content = chance(10 * PART)
    with by_reference(tmp_path) as keten:
        keten.drop("0363", "WMO_H22025.csv", content)
        rounds(keten, lambda: any(s > 3 * PART for s in parts(keten).values()))
        next(iter(parts(keten))).unlink()
        keten.settle()
        [received] = keten.received("wmo")
        assert received.content == content


def test_a_source_that_changes_is_read_again(tmp_path):
    """Written to while it is copied: what is delivered is one version of it, whole."""
    content = chance(10 * PART)
    with by_reference(tmp_path) as keten:
        path = keten.drop("0363", "WMO_H22025.csv", content)
        with path.open("rb"):
            rounds(keten, lambda: any(s > 3 * PART for s in parts(keten).values()))
            [claimed] = (keten.root / "gemeenten/0363/.claimed").iterdir()
            with claimed.open("r+b") as late:
                late.write(b"later")
                keten._chain.engine.round()
                keten._chain.engine.round()
                assert keten.received("wmo") == []
        rounds(keten, lambda: keten.received("wmo"))
        [received] = keten.received("wmo")
        assert received.content == b"later" + content[5:]


def test_bytes_that_are_still_written_are_waited_for(tmp_path):
    """A system that lays the envelope first: while it writes the bytes nothing is refused."""
    content = chance(2 * PART)
    number = str(uuid.uuid4())
    with by_reference(tmp_path) as keten:
        path = keten.hop("ggk/uit") / "groot" / f"{number}.bin"
        with path.open("wb") as writer:
            writer.write(content[:PART])
            writer.flush()
            data = envelop(number, payload=reference(content, number), naam=None)
            (keten.hop("ggk/uit") / f"{number}.xml").write_bytes(data)
            keten.settle()
            assert antwoorden(keten) == {}
            assert any("writer" in one.reason for one in keten._chain.engine.stuck.values())
            writer.write(content[PART:])
        keten.settle()
        [received] = keten.received("wmo")
        assert received.content == content


def test_no_room_is_said_and_nothing_is_begun(tmp_path, monkeypatch):
    """A disk without room for it: it waits, said so; others go on; with room it goes on."""
    real = os.fstatvfs
    with by_reference(tmp_path) as keten:
        full = True

        def fstatvfs(fd):
            found = list(real(fd))
            if full:
                found[4] = 10
            return os.statvfs_result(found)

        monkeypatch.setattr(os, "fstatvfs", fstatvfs)
        keten.drop("0363", "WMO_H22025.csv", chance(2 * PART))
        keten.drop("0034", "WMO_H22025.csv", b"klein")
        keten.settle()
        assert [one.content for one in keten.received("wmo")] == [b"klein"]
        [stuck] = keten._chain.engine.stuck.values()
        assert "no room" in stuck.reason
        assert set(parts(keten).values()) <= {0}
        full = False

        def both_arrived():
            keten.settle()  # what could not go on rests a while before it is tried again
            return len(keten.received("wmo")) == 2

        eventually(both_arrived)


def test_a_name_that_is_taken_holds_all_of_it(tmp_path):
    """Another file has the name at CBS: ours is kept in quarantine, whole."""
    content = chance(2 * PART)
    with by_reference(tmp_path) as keten:
        theirs = keten.root / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
        theirs.write_bytes(b"van een ander")
        keten.drop("0363", "WMO_H22025.csv", content)
        keten.settle()
        [held] = keten.quarantine()
        assert (held / theirs.name).read_bytes() == content
        assert theirs.read_bytes() == b"van een ander"
        assert beside(keten) == []
        theirs.unlink()


# --- memory ---------------------------------------------------------------------------------------

SCRIPT = """
import sys
from pathlib import Path
from gateway.setup import shipped_config
from gateway.testing import Keten

config, folder, size, count = sys.argv[1:]
with Keten(folder, config=Path(config).read_text()) as keten:
    for n in range(int(count)):
        path = keten.outbox("0363") / f"WMO_{n}.csv.part"
        with path.open("wb") as file:
            file.truncate(int(size))
        path.rename(path.with_suffix(""))
    keten.settle()
    got = [p.stat().st_size for p in (keten.root / "cbs/in/GMSDWMO").glob("*.csv")]
    assert got == [int(size)] * int(count), got
    [peak] = [x for x in open("/proc/self/status") if x.startswith("VmHWM")]
    print(int(peak.split()[1]) // 1024)
    keten.check = lambda: None
"""
"""Drops files of zeros, prints the peak of memory in MiB; what ``check`` reads does not count."""


def peak(tmp_path, size, count=1):
    config = tmp_path / "config.yaml"
    old, new = WAY["there"]
    config.write_text(shipped_config().decode().replace(old, new))
    words = [str(config), str(tmp_path / "keten"), str(size), str(count)]
    ended = subprocess.run([sys.executable, "-c", SCRIPT, *words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_what_goes_by_reference_is_never_whole_in_memory(tmp_path):
    """300 MB from outbox to CBS: under 150 MB of memory, in the real limits and parts."""
    assert peak(tmp_path, 300_000_000) < 150


@pytest.mark.parametrize("count", [1, 8])
def test_what_goes_inside_an_envelope_fits(tmp_path, count):
    """18 MB inside its envelope, through the whole chain, and eight of them: under 250 MB."""
    assert peak(tmp_path, 18_000_000, count) < 250
