# SPDX-License-Identifier: EUPL-1.2
"""What was agreed on handing over: event, quiet time, rename, marker, manifest."""

import hashlib
import os
from datetime import UTC, datetime

import pytest

from gateway.lying import Lying
from gateway.model import Kind, Place
from gateway.setup import shipped_config
from gateway.store_queries import Reader
from gateway.testing import Keten
from gateway.why import explain


def agreed(overdracht, *edits):
    """The shipped configuration, with this agreement for 0363."""
    text = shipped_config().decode()
    old = '"0363": {soort: gemeente, naam: Amsterdam}'
    edits = [(old, f'"0363": {{naam: Amsterdam, overdracht: {{{overdracht}}}}}'), *edits]
    for one, other in edits:
        assert one in text, one
        text = text.replace(one, other)
    return text


@pytest.fixture
def keten_of(tmp_path):
    """Make a chain in which 0363 hands over in this way."""
    made = []

    def make(overdracht, *edits, **how):
        made.append(Keten(tmp_path / "keten", config=agreed(overdracht, *edits), **how))
        return made[-1]

    yield make
    for keten in made:
        with keten:
            pass  # settles, and checks all of it


def reasons(keten):
    """Every file that was not taken, with the code of its reason."""
    return {one.name: one.code for one in keten.settle().waiting}


def listed(*files):
    """A manifest of these files, as its senders write it."""
    lines = [f"{hashlib.sha256(text).hexdigest()} {len(text)} {name}\n" for name, text in files]
    return "".join(lines).encode("utf-8", "surrogateescape")


def names(keten):
    """The names under which the receiver got files."""
    return [one.name for one in keten.received("wmo")]


# --- marker ---------------------------------------------------------------------------------------


def test_a_file_waits_for_its_marker_and_takes_it_along(keten_of):
    """Without x.csv.klaar it waits; with it both go, and the next of that name waits again."""
    keten = keten_of("wijze: merkteken")
    keten.drop("0363", "WMO_1.csv", b"een")
    assert reasons(keten) == {"WMO_1.csv": "merkteken-ontbreekt"}
    keten.drop("0363", "WMO_1.csv.klaar", b"")
    assert reasons(keten) == {}
    assert list(keten.outbox("0363").glob("*.csv*")) == []
    assert list((keten.root / "gemeenten/0363/.claimed").iterdir()) == []
    keten.drop("0363", "WMO_1.csv", b"twee")
    assert reasons(keten) == {"WMO_1.csv": "merkteken-ontbreekt"}
    assert names(keten) == ["WMO_1_0363_0001.csv"]


@pytest.mark.parametrize("name", ["x" * 300, "x\0y"])
def test_a_name_that_no_file_can_have_is_a_bad_line(keten_of, name):
    """And stops nobody: neither this gateway nor another municipality."""
    keten = keten_of("wijze: manifest")
    line = f"{hashlib.sha256(b'').hexdigest()} 0 {name}\n"
    keten.drop("0363", "vandaag.manifest", line.encode())
    keten.drop("0034", "WMO_1.csv", b"een")
    assert reasons(keten) == {"vandaag.manifest": "manifest-fout"}
    assert names(keten) == ["WMO_1_0034_0001.csv"]


def test_a_marker_waits_for_its_file(keten_of):
    """It may come first; it is never a delivery of its own."""
    keten = keten_of("wijze: merkteken, achtervoegsel: .ok")
    keten.drop("0363", "WMO_1.csv.ok", b"")
    assert reasons(keten) == {"WMO_1.csv.ok": "merkteken"}
    keten.drop("0363", "WMO_1.csv", b"een")
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0363_0001.csv"]
    assert keten.quarantine() == []


def test_an_agreement_is_of_one_outbox(keten_of):
    """The neighbour hands over as before, and .klaar means nothing there."""
    keten = keten_of("wijze: merkteken")
    keten.drop("0034", "WMO_1.csv", b"een")
    keten.drop("0034", "WMO_1.csv.klaar", b"x")
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0034_0001.csv", "WMO_1_csv_0034_0002.klaar"]


def test_a_marked_file_that_is_still_open_waits(keten_of):
    """A marker that came too early: what the kernel knows to be open is not taken."""
    keten = keten_of("wijze: merkteken")
    with keten.drop("0363", "WMO_1.csv", b"een").open("ab") as file:
        keten.drop("0363", "WMO_1.csv.klaar", b"")
        assert reasons(keten)["WMO_1.csv"] == "schrijver"
        file.write(b" en twee")
    assert reasons(keten) == {}
    assert keten.received("wmo")[0].content == b"een en twee"


def test_an_empty_file_with_a_marker_is_refused_and_its_marker_goes(keten_of):
    """What was agreed to be finished is judged at once."""
    keten = keten_of("wijze: merkteken", ("rusttijd_ms: 2000", "rusttijd_ms: 600000"))
    keten.drop("0363", "WMO_1.csv", b"")
    keten.drop("0363", "WMO_1.csv.klaar", b"")
    assert reasons(keten) == {}
    assert "leeg-bestand" in [event.code for event, _ in keten.happened]
    assert list(keten.outbox("0363").glob("WMO*")) == []


# --- manifest -------------------------------------------------------------------------------------


def test_files_are_taken_when_they_are_what_the_manifest_says(keten_of):
    """One by one as they come; the manifest stays until its last file went, over a restart too."""
    keten = keten_of("wijze: manifest")
    keten.drop("0363", "WMO_1.csv", b"een")
    assert reasons(keten) == {"WMO_1.csv": "manifest-ontbreekt"}
    both = listed(("WMO_1.csv", b"een"), ("WMO_2 é.csv", b"twee"))
    keten.drop("0363", "lijst.manifest", both)
    assert reasons(keten) == {"lijst.manifest": "manifest"}
    assert names(keten) == ["WMO_1_0363_0001.csv"]
    keten.restart()
    assert reasons(keten) == {"lijst.manifest": "manifest"}
    keten.drop("0363", "WMO_2 é.csv", b"twee")
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0363_0001.csv", "WMO_2 é_0363_0002.csv"]
    assert not (keten.outbox("0363") / "lijst.manifest").exists()


@pytest.mark.parametrize("content", [b"ee", b"twe"])
def test_a_file_that_is_not_what_the_manifest_says_waits(keten_of, content):
    """Another size, another SHA-256: it waits with that reason; made right, it goes."""
    keten = keten_of("wijze: manifest")
    keten.drop("0363", "lijst.manifest", listed(("WMO_1.csv", b"een")))
    path = keten.drop("0363", "WMO_1.csv", content)
    found = {one.name: one for one in keten.settle().waiting}
    assert found["WMO_1.csv"].code == "manifest-wijkt-af"
    assert found["WMO_1.csv"].since
    assert found["WMO_1.csv"].due > found["WMO_1.csv"].since
    assert keten.types() == []
    path.write_bytes(b"een")
    keten.restart()
    assert reasons(keten) == {}
    assert keten.received("wmo")[0].content == b"een"


def test_a_file_that_stays_different_is_refused(keten_of):
    """After its time it goes to quarantine, its sender is told, and the manifest goes with it."""
    keten = keten_of("wijze: manifest, wachttijd_s: 0")
    keten.drop("0363", "lijst.manifest", listed(("WMO_1.csv", b"een")))
    keten.drop("0363", "WMO_1.csv", b"iets anders")
    assert reasons(keten) == {}
    [held] = keten.quarantine()
    assert (held / "WMO_1.csv").read_bytes() == b"iets anders"
    assert "manifest" in keten.notices("0363", "weigering")[0]
    assert not (keten.outbox("0363") / "lijst.manifest").exists()


def test_a_manifest_of_which_a_line_is_wrong_says_which(keten_of):
    """The other lines count; the wrong one is told by its number."""
    keten = keten_of("wijze: manifest")
    text = listed(("WMO_1.csv", b"een")) + b"dit is geen regel\n"
    keten.drop("0363", "lijst.manifest", text)
    keten.drop("0363", "WMO_1.csv", b"een")
    [left] = keten.settle().waiting
    assert (left.name, left.code) == ("lijst.manifest", "manifest-fout")
    assert "line 2" in left.reason
    assert names(keten) == ["WMO_1_0363_0001.csv"]
    keten.drop("0363", "lijst.manifest", listed(("WMO_1.csv", b"een"), ("WMO_2.csv", b"twee")))
    keten.drop("0363", "WMO_2.csv", b"twee")
    assert reasons(keten) == {}
    assert list(keten.outbox("0363").glob("*.*")) == []


# --- what is large is read by and by --------------------------------------------------------------


SMALL_PARTS = ("max_bytes: 26214400", "max_bytes: 26214400\n  deel_bytes: 4096")


def looked_at(keten):
    """What a command says of each file that lies there."""
    with (
        Reader(keten.location.database) as reader,
        Lying(keten.location, keten.config, reader) as lying,
    ):
        lying.read_announcements(Place(Kind.OUTBOX, "0363"))
        return {os.path.basename(row["path"]): row["code"] for row in lying.all()}


def test_a_large_file_is_held_to_its_manifest_by_parts_and_holds_up_nobody(keten_of):
    """It takes as many rounds as it has parts; the neighbour's file goes in the first."""
    keten = keten_of("wijze: manifest", SMALL_PARTS)
    large = os.urandom(5 * 4096 + 1)
    keten.drop("0363", "lijst.manifest", listed(("WMO_1.csv", large)))
    keten.drop("0363", "WMO_1.csv", large)
    keten.drop("0034", "WMO_2.csv", b"klein")
    engine = keten._chain.engine
    engine.look_now()
    taken = []
    while "0363" not in taken:
        assert engine.round()
        taken += [place.partij for place, _ in engine.inbound._taken if place.partij not in taken]
        codes = {one.name: one.code for one in engine.inbound.waiting()}
        if "0363" not in taken:
            assert codes["WMO_1.csv"] == "manifest-lezen"
    assert taken[0] == "0034"
    assert reasons(keten) == {}
    assert sorted(one.content for one in keten.received("wmo")) == sorted([large, b"klein"])


def test_listed_files_are_read_in_turn_and_small_ones_at_once(keten_of):
    """A listed neighbour does not wait for a large one; two large ones end about together."""
    too = [(f"naam: {name}}}", f"naam: {name}, overdracht: {{wijze: manifest}}}}")
           for name in ("Almere", "Westerveld")]  # fmt: skip
    keten = keten_of("wijze: manifest", SMALL_PARTS, *too)
    files = {"0363": os.urandom(9 * 4096), "0034": b"klein", "1701": os.urandom(3 * 4096)}
    for code, content in files.items():
        keten.drop(code, "lijst.manifest", listed((f"WMO_{code}.csv", content)))
        keten.drop(code, f"WMO_{code}.csv", content)
    engine = keten._chain.engine
    engine.look_now()
    rounds, taken = 0, {}
    while not {"0034", "1701"} <= taken.keys():
        rounds += 1
        if rounds > 1:  # somebody goes on touching it, so it is read anew each time
            os.utime(keten.outbox("0363") / "WMO_0363.csv", ns=(rounds, rounds))
        assert engine.round()
        for place, _ in engine.inbound._taken:
            taken.setdefault(place.partij, rounds)
    assert taken["0034"] == 1
    assert 3 <= taken["1701"] <= 2 * 3 + 1
    assert "0363" not in taken
    assert reasons(keten) == {}
    assert sorted(one.content for one in keten.received("wmo")) == sorted(files.values())


def test_a_large_file_that_changes_while_it_is_read_is_read_anew(keten_of):
    """Parts of two versions are nobody's file: what it is in the end is held to the list."""
    keten = keten_of("wijze: manifest", SMALL_PARTS)
    before, after = b"a" * 20_000, b"b" * 20_000
    keten.drop("0363", "lijst.manifest", listed(("WMO_1.csv", before)))
    path = keten.drop("0363", "WMO_1.csv", before)
    engine = keten._chain.engine
    engine.look_now()
    engine.round()
    path.write_bytes(after)
    assert reasons(keten)["WMO_1.csv"] == "manifest-wijkt-af"
    assert keten.received("wmo") == []
    path.unlink()
    (keten.outbox("0363") / "lijst.manifest").unlink()


def test_no_gateway_reads_a_large_file_and_that_is_said(keten_of):
    """Where none runs nobody reads it: a command tells when it will be, as of what is ready."""
    keten = keten_of("wijze: manifest", SMALL_PARTS)
    path = keten.drop("0363", "WMO_1.csv", b"a" * 20_000)
    keten.drop("0363", "lijst.manifest", listed(("WMO_1.csv", b"a" * 20_000)))
    for runs, said in ((True, "it is read, a part in each round"), (False, "as soon as a gateway")):
        if not runs:
            keten.close()
        found = explain(keten.location, keten.config, str(path))
        assert found["code"] == "manifest-lezen"
        assert ("as soon as a gateway runs" in found["reason"]) is not runs
        assert said in found["reason"]
    keten._chain = keten._open()


def test_a_command_does_not_read_a_large_file_and_says_what_the_gateway_found(keten_of):
    """A small one it reads itself; of a large one it has the gateway's word."""
    keten = keten_of("wijze: manifest", SMALL_PARTS)
    files = {"WMO_1.csv": b"a" * 20_000, "WMO_2.csv": b"klein"}
    keten.drop("0363", "lijst.manifest", listed(*files.items()))
    for name in files:
        keten.drop("0363", name, files[name].replace(b"a", b"b"))
    found = looked_at(keten)
    assert (found["WMO_1.csv"], found["WMO_2.csv"]) == ("manifest-lezen", "klaar")
    assert reasons(keten)["WMO_1.csv"] == "manifest-wijkt-af"
    assert looked_at(keten)["WMO_1.csv"] == "manifest-wijkt-af"
    keten.drop("0363", "WMO_1.csv", files["WMO_1.csv"])
    keten.restart()
    assert reasons(keten) == {}
    assert sorted(one.content for one in keten.received("wmo")) == sorted(files.values())


# --- rename and quiet time ------------------------------------------------------------------------


def test_names_that_were_agreed_to_be_partial_wait(keten_of):
    """hernoemen: what bears a partial name waits; renamed, it goes at once, empty ones too."""
    keten = keten_of(
        "wijze: hernoemen, onaf: [.bezig]", ("rusttijd_ms: 2000", "rusttijd_ms: 600000")
    )
    partial = keten.drop("0363", "WMO_1.csv.BEZIG", b"een")
    assert reasons(keten) == {"WMO_1.csv.BEZIG": "onaf"}
    partial.rename(keten.outbox("0363") / "WMO_1.csv")
    (keten.outbox("0363") / "WMO_leeg.csv.bezig").touch()
    (keten.outbox("0363") / "WMO_leeg.csv.bezig").rename(keten.outbox("0363") / "WMO_leeg.csv")
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0363_0001.csv"]
    assert "leeg-bestand" in [event.code for event, _ in keten.happened]


def test_an_outbox_has_a_quiet_time_of_its_own(keten_of):
    """rusttijd: also where the kernel says that nobody has it open."""
    keten = keten_of("wijze: rusttijd, rusttijd_ms: 600000")
    path = keten.drop("0363", "WMO_1.csv", b"een")
    keten.drop("0034", "WMO_1.csv", b"een")
    assert reasons(keten) == {"WMO_1.csv": "rusttijd"}
    assert names(keten) == ["WMO_1_0034_0001.csv"]
    path.unlink()


# --- reasons that are not about being finished ----------------------------------------------------


def test_a_file_before_its_window_waits_until_it_opens(keten_of):
    """vensters: wachten. The day is told; when it comes the file goes by itself."""
    edit = ("vensters: melden", "vensters: wachten")
    keten = keten_of("", edit, nu=datetime(2026, 1, 20, 9, tzinfo=UTC))
    keten.drop("0363", "WMO_H22025.csv", b"een")
    [left] = keten.settle().waiting
    assert (left.code, left.due) == ("venster-dicht", "2026-01-26T00:00:00+01:00")
    assert "Monday 2026-01-26" in left.reason
    keten.turn(datetime(2026, 1, 26, 9, tzinfo=UTC))
    keten.restart()
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_H22025_0363_0001.csv"]
    keten.turn(datetime(2026, 2, 21, 9, tzinfo=UTC))
    keten.drop("0363", "WMO_H22025_2.csv", b"een")
    assert reasons(keten) == {}
    assert "venster-gesloten" in [event.code for event, _ in keten.happened]


def test_a_name_that_nobody_knows_may_be_mended(keten_of):
    """bedenktijd: it lies there until it is renamed, or until a moment that is told."""
    keten = keten_of("bedenktijd_s: 3600")
    path = keten.drop("0363", "vakantie.csv", b"een")
    [left] = keten.settle().waiting
    assert left.code == "naam-onbekend"
    keten.restart()
    [again] = keten.settle().waiting
    assert (again.since, again.due) == (left.since, left.due)
    path.rename(keten.outbox("0363") / "WMO_1.csv")
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0363_0001.csv"]


def test_a_full_disk_leaves_the_file_in_the_outbox(keten_of):
    """More must be free than there is: nothing is claimed, and since when is remembered."""
    edit = ("technisch:\n", f"technisch:\n  schijfreserve_bytes: {1024**4}\n")
    keten = keten_of("", edit)
    path = keten.drop("0363", "WMO_1.csv", b"een")
    [left] = keten.settle().waiting
    assert left.code == "schijf-vol"
    assert "is full" in left.reason
    keten.restart()
    assert keten.settle().waiting[0].since == left.since
    assert path.read_bytes() == b"een"
    assert keten.types() == []
    config = keten.folder / "config.yaml"
    config.write_text(config.read_text().replace(f"schijfreserve_bytes: {1024**4}\n", "\n"))
    keten.restart()
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0363_0001.csv"]


def test_a_document_that_is_being_edited_waits(keten):
    """The lock of LibreOffice beside it: it waits until the lock is gone."""
    lock = keten.drop("0363", ".~lock.WMO_1.csv#", b",ambtenaar,;")
    keten.drop("0363", "WMO_1.csv", b"een")
    assert reasons(keten)["WMO_1.csv"] == "bewerkt"
    lock.unlink()
    assert reasons(keten) == {}
    assert names(keten) == ["WMO_1_0363_0001.csv"]
