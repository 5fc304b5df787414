# SPDX-License-Identifier: EUPL-1.2
"""The real chain with the real counterpart: through ``Keten``, and as processes of their own."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pymupdf
import pytest

from gateway.setup import shipped_config
from gateway.testing import Keten, unbound

KOP = ";".join(f"kolom{n}" for n in range(1, 19)) + "\n"
ALL = ("ggk", "rinis", "cbs")
SECONDS = 40


def wmo(code: str = "0363", rows: int = 12) -> bytes:
    """A valid Wmo file over H22025, of nobody in particular."""
    row = f"202601201200;{code};999999999;0001;20250801;;4;0001;20250801;;;;;;;;;\n"
    return (KOP + row * rows).encode()


def besluit(soort: str, code: str = "0363", omvang: str = "geheel") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">
<gemeentecode>{code}</gemeentecode><uitvraag>H22025</uitvraag><besluit>{soort}</besluit>
<omvang>{omvang}</omvang><gebruiker><id>j.jansen</id></gebruiker>
<tijdstip>2026-02-24T10:00:00+01:00</tijdstip></publicatiebesluit>
""".encode()


def direct() -> str:
    return unbound().replace("antwoord: protocol", "antwoord: direct")


@pytest.fixture
def keten(tmp_path: Path) -> Iterator[Keten]:
    """A chain with CBS at the other end, that answers by the protocol."""
    with Keten(tmp_path, stations=ALL, config=unbound()) as made:
        yield made


@pytest.fixture
def snel(tmp_path: Path) -> Iterator[Keten]:
    """The same, with answers at once."""
    with Keten(tmp_path, stations=ALL, config=direct()) as made:
        yield made


def reports(keten: Keten, code: str) -> list[str]:
    return [path.name for path in keten.inbox(code) if path.suffix == ".pdf"]


# --- a whole cycle --------------------------------------------------------------------------------


def test_a_whole_cycle_of_half_a_year(keten: Keten) -> None:
    """Rejected, corrected, approved, op-orde, overview, withdrawn, confirmed: each in its time."""
    keten.drop("0363", "WMO_H22025.csv", b"kapot\n")
    keten.settle()
    assert keten.cbs is not None
    assert reports(keten, "0363") == []
    assert keten.cbs.stand("0363", "H22025") == "afgekeurd"
    keten.advance(days=3)
    keten.settle()
    assert reports(keten, "0363") == ["TECHNISCH_H22025_0363_0001.pdf"]
    keten.drop("0363", "WMO_H22025_beter.csv", wmo())
    keten.settle()
    assert keten.cbs.stand("0363", "H22025") == "goedgekeurd"
    keten.advance(days=5)  # Thursday to Tuesday: three working days
    keten.settle()
    assert reports(keten, "0363")[-1] == "TECHNISCH_H22025_0363_0002.pdf"
    keten.advance(days=2)
    keten.settle()
    assert reports(keten, "0363")[0] == "OPORDE_H22025_0363_0002.pdf"
    keten.turn(datetime(2026, 2, 23, 9, tzinfo=UTC))
    keten.settle()
    assert "OVERZICHT_H22025_0363.pdf" in reports(keten, "0363")
    keten.drop("0363", "INTREKKING_H22025.xml", besluit("intrekking"))
    keten.settle()
    assert keten.cbs.stand("0363", "H22025") == "ingetrokken"
    keten.advance(days=3)
    keten.settle()
    assert "BEVESTIGING_H22025_0363_0001.pdf" in reports(keten, "0363")
    assert keten.cbs.stand("0034", "H22025") == "niet geleverd"


def test_the_cycle_of_2016_asks_for_an_opt_in(tmp_path: Path) -> None:
    """Op-orde on its fixed day, spiegelrapport II, the request; silence, then an opt-in."""
    row = "201608151200;0363;999999999;0001;20160101;;4;0001;20160101;;;;;;;;;\n"
    start = datetime(2016, 9, 1, 9, tzinfo=UTC)
    with Keten(tmp_path, stations=ALL, config=unbound(), nu=start) as keten:
        assert keten.cbs is not None
        keten.drop("0363", "WMO_H12016.csv", (KOP + row * 12).encode())
        keten.settle()
        came: dict[str, str] = {}
        for day in ("09-06", "10-02", "10-03", "10-25", "11-06", "11-07", "11-09"):
            keten.turn(datetime.fromisoformat(f"2016-{day}T12:00+01:00"))
            keten.settle()
            came |= {name: day for name in reports(keten, "0363") if name not in came}
        assert came == {
            "TECHNISCH_H12016_0363_0001.pdf": "09-06", "OPORDE_H12016_0363_0001.pdf": "10-03",
            "OVERZICHT_H12016_0363.pdf": "10-25", "SPIEGEL2_H12016_0363.pdf": "11-07",
            "OPTINVERZOEK_H12016_0363.pdf": "11-09",
        }  # fmt: skip
        opt_in = besluit("opt-in").replace(b"H22025", b"H12016")
        keten.drop("0363", "OPTIN_H12016.xml", opt_in)
        keten.settle()
        [row_of] = keten.cbs.status(uitvraag="H12016", gemeente="0363")["gemeenten"]
        assert (row_of["status"], row_of["publicatie"]) == ("goedgekeurd", "ja")


def test_a_delivery_too_many_and_one_of_another_are_told_apart(tmp_path: Path) -> None:
    """Each gets its own answer, and neither counts."""
    config = direct().replace("correcties: 20", "correcties: 2")
    with Keten(tmp_path, stations=ALL, config=config) as keten:
        assert keten.cbs is not None
        for name, content in (
            ("WMO_H22025_1.csv", wmo()), ("WMO_H22025_2.csv", wmo("0034")),
            ("WMO_H22025_3.csv", wmo()), ("WMO_H22025_4.csv", wmo()),
        ):  # fmt: skip
            keten.drop("0363", name, content)
            keten.settle()
        assert [name for name in reports(keten, "0363") if name.startswith("OPORDE")] == [
            "OPORDE_H22025_0363_0001.pdf", "OPORDE_H22025_0363_0003.pdf",
        ]  # fmt: skip
        assert len(reports(keten, "0363")) == 6
        assert keten.cbs.stand("0363", "H22025") == "gecorrigeerd"
        assert keten.cbs.stand("0034", "H22025") == "niet geleverd"


def test_the_answer_answers_the_delivery(snel: Keten) -> None:
    """RINIS wraps each as the answer to that very delivery (Du01), and none speaks of another's."""
    snel.drop("0363", "WMO_H22025.csv", wmo())
    snel.drop("0363", "SBO_H22025.csv", b"x;1\n")
    snel.drop("0363", "JEUGD_H22025.csv", b"x;1\n")
    snel.settle()
    for name, of in (
        ("TECHNISCH_H22025_0363_0001.pdf", "WMO_H22025.csv"),
        ("TECHNISCHSBO_H22025_0363_0001.pdf", "SBO_H22025.csv"),
        ("TECHNISCHJEUGD_H22025_0363_0001.pdf", "JEUGD_H22025.csv"),
        ("OPORDE_H22025_0363_0001.pdf", "WMO_H22025.csv"),
    ):
        [answer], [delivery] = snel.trace(name), snel.trace(of)
        assert answer["answers_to"] == delivery["referentienummer"], name


@pytest.fixture
def met_mandaat(tmp_path: Path) -> Iterator[Keten]:
    """Answers at once; and 0363 may deliver for 1701."""
    config = direct().replace("mandaten: {}", 'mandaten: {"1701": ["0363"]}')
    with Keten(tmp_path, stations=ALL, config=config) as made:
        yield made


def test_in_a_zip_another_municipality_needs_a_mandate(snel: Keten) -> None:
    """Without it that file is not taken, and replaces nothing; the others count."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as zipped:
        zipped.writestr("WMO_H22025_a.csv", wmo("0363"))
        zipped.writestr("WMO_H22025_b.csv", wmo("1701"))
    snel.drop("0363", "WMO_samen.zip", held.getvalue())
    snel.settle()
    assert snel.cbs is not None
    assert snel.cbs.stand("1701", "H22025") == "niet geleverd"
    [row] = snel.cbs.status(uitvraag="H22025", gemeente="0363")["gemeenten"]
    assert (row["status"], row["leveringen"]) == ("goedgekeurd", 1)


def test_answers_go_by_the_configuration_of_now(keten: Keten) -> None:
    """What was planned moves when answers become direct."""
    keten.drop("0363", "WMO_H22025.csv", wmo())
    keten.settle()
    assert reports(keten, "0363") == []
    assert keten.reconfigure(direct())
    keten.settle()
    assert reports(keten, "0363") == [
        "OPORDE_H22025_0363_0001.pdf", "TECHNISCH_H22025_0363_0001.pdf",
    ]  # fmt: skip


def test_a_zip_gets_one_answer_and_counts_for_each_municipality(met_mandaat: Keten) -> None:
    """A coordinator of 0363 delivers for 1701 too: the verdict comes back to 0363 alone."""
    snel = met_mandaat
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as zipped:
        zipped.writestr("WMO_H22025_a.csv", wmo("0363"))
        zipped.writestr("WMO_H22025_b.csv", wmo("1701"))
        zipped.writestr("WMO_H22025_c.csv", b"kapot\n")
    snel.drop("0363", "WMO_samen.zip", held.getvalue())
    snel.settle()
    assert snel.cbs is not None
    assert reports(snel, "0363") == [
        "OPORDEZIP_onbekend_0363_0001_0363-H22025-01.pdf",
        "OPORDEZIP_onbekend_0363_0001_1701-H22025-02.pdf",
        "TECHNISCH_onbekend_0363_0001.pdf",
    ]
    assert reports(snel, "1701") == []
    assert snel.cbs.stand("1701", "H22025") == "goedgekeurd"
    [answer], [delivery] = (
        snel.trace("TECHNISCH_onbekend_0363_0001.pdf"),
        snel.trace("WMO_samen.zip"),
    )
    assert answer["answers_to"] == delivery["referentienummer"]


def test_only_gmsd_is_taken(snel: Keten) -> None:
    """What other exchanges deliver to CBS, or to Vektis, is left lying."""
    snel.drop("0363", "IV3KWARTAAL_2025_3.xlsx", b"x")
    snel.drop("0034", "WMO_0034_2017_20180710_01.csv", b"x")
    snel.settle()
    assert [one.name for one in snel.received("iv3-kwartaal")] == [
        "IV3KWARTAAL_2025_3_0363_0001.xlsx"
    ]
    assert len(snel.received("vektis")) == 1


def test_what_is_taken_lies_in_the_archive_with_its_metagegevens(snel: Keten) -> None:
    """Renamed out of the inbox, byte for byte, by RINIS code and year of upload."""
    snel.drop("0363", "WMO_H22025.csv", wmo())
    snel.settle()
    assert snel.received("wmo") == []
    folder = snel.root / "cbs/archief/GMSDWMO/2026"
    assert sorted(path.name for path in folder.iterdir()) == [
        "WMO_H22025_0363_0001.csv", "WMO_H22025_0363_0001_metagegevens.xml",
    ]  # fmt: skip
    assert (folder / "WMO_H22025_0363_0001.csv").read_bytes() == wmo()


def test_a_restart_goes_on_where_it_was(keten: Keten) -> None:
    """What was planned is still due, and nothing is sent twice."""
    keten.drop("0363", "WMO_H22025.csv", wmo())
    keten.settle()
    keten.restart()
    keten.advance(days=8)
    keten.settle()
    keten.restart()
    keten.settle()
    assert reports(keten, "0363") == [
        "OPORDE_H22025_0363_0001.pdf",
        "TECHNISCH_H22025_0363_0001.pdf",
    ]


# --- its receipts ---------------------------------------------------------------------------------


def test_each_delivery_is_confirmed_under_its_seal(keten: Keten) -> None:
    """Data and decisions alike, at once, each by its own exchange; rejected ones too."""
    keten.drop("0363", "WMO_H22025.csv", b"kapot\n")
    keten.drop("0363", "SBO_H22025.csv", b"x;1\n")
    keten.drop("0363", "JEUGD_H22025.csv", b"x;1\n")
    keten.drop("0363", "OPTIN_H22025.xml", besluit("opt-in"))
    keten.settle()
    got = sorted(path.name for path in keten.inbox("0363") if "ONTVANGSTBEWIJS" in path.name)
    assert got == [
        "ONTVANGSTBEWIJSBESLUIT_H22025_0363_0001.xml", "ONTVANGSTBEWIJSJEUGD_H22025_0363_0001.xml",
        "ONTVANGSTBEWIJSSBO_H22025_0363_0001.xml", "ONTVANGSTBEWIJS_H22025_0363_0001.xml",
    ]  # fmt: skip
    for name in ("WMO_H22025.csv", "SBO_H22025.csv", "JEUGD_H22025.csv", "OPTIN_H22025.xml"):
        assert [one["status"] for one in keten.trace(name)] == ["confirmed"], name


def test_a_repeat_gets_no_second_receipt_and_a_restart_none(keten: Keten) -> None:
    """Each delivery has one, however often the counterpart is started."""
    keten.drop("0363", "WMO_H22025.csv", wmo())
    keten.settle()
    keten.restart()
    keten.settle()
    assert [path.name for path in keten.inbox("0363")].count("ONTVANGSTBEWIJS_H22025_0363_0001.xml")
    assert keten.types().count("confirmed") == 1


def test_without_its_key_it_says_so_and_goes_on(tmp_path: Path) -> None:
    """Other answers are not held up; the receipt is sealed once the key is there."""
    with Keten(tmp_path, stations=ALL, config=direct()) as keten:
        key = Path(keten.location.state, "keys/zegel-cbs/sleutel.pem")
        key.rename(key.with_suffix(".weg"))
        keten.drop("0363", "WMO_H22025.csv", wmo())
        keten.settle()
        assert keten.cbs is not None
        assert "TECHNISCH_H22025_0363_0001.pdf" in reports(keten, "0363")
        assert any("cannot be sealed" in line for line in keten.cbs.said)
        assert keten.trace("WMO_H22025.csv")[0]["status"] == "acknowledged"
        key.with_suffix(".weg").rename(key)
        keten.restart()
        keten.settle()
        assert keten.trace("WMO_H22025.csv")[0]["status"] == "confirmed"


def test_where_no_receipts_are_asked_none_is_sent(tmp_path: Path) -> None:
    text = direct().replace("ontvangstbewijs: eerder", "ontvangstbewijs: nee")
    with Keten(tmp_path, stations=ALL, config=text) as keten:
        keten.drop("0363", "WMO_H22025.csv", wmo())
        keten.settle()
        assert keten.trace("WMO_H22025.csv")[0]["status"] == "acknowledged"


# --- what lies there by another way ---------------------------------------------------------------


def inbox(keten: Keten, name: str, content: bytes, code: str = "GMSDWMO") -> None:
    folder = keten.root / "cbs/in" / code
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def test_a_file_without_metagegevens_is_answered_by_its_name(tmp_path: Path) -> None:
    """Its name tells the municipality and the number; it waits until nobody writes it."""
    with Keten(tmp_path, stations=ALL, config=direct()) as keten:
        inbox(keten, "WMO_H22025_0363_0007.csv", wmo())
        keten.settle()
        assert "TECHNISCH_H22025_0363_0007.pdf" in reports(keten, "0363")


def test_what_tells_nothing_is_set_aside_and_said(snel: Keten) -> None:
    """No metagegevens and no municipality in the name: in the archive, and in the status."""
    inbox(snel, "zomaar.csv", b"x")
    snel.settle()
    assert snel.cbs is not None
    [aside] = snel.cbs.status()["terzijde"]
    assert aside["archief"] == "terzijde/zomaar.csv"
    assert (snel.root / "cbs/archief/GMSDWMO/terzijde/zomaar.csv").exists()


def test_the_same_message_again_is_not_answered_again(snel: Keten) -> None:
    """After a power failure RINIS may deliver once more what we had: the same referentienummer."""
    snel.drop("0363", "WMO_H22025.csv", wmo())
    snel.settle()
    kept = snel.root / "cbs/archief/GMSDWMO/2026"
    for path in sorted(kept.iterdir(), reverse=True):
        inbox(snel, path.name, path.read_bytes())
    snel.settle()
    assert len(reports(snel, "0363")) == 2
    assert len(list(kept.iterdir())) == 4
    assert snel.received("wmo") == []


def test_another_file_with_the_answers_name_holds_it_up_and_loses_nothing(tmp_path: Path) -> None:
    """Until RINIS has taken that one; the status says so meanwhile."""
    keten = Keten(tmp_path, stations=ALL, config=direct())
    try:
        assert keten.cbs is not None
        foreign = keten.root / "cbs/uit/GMSDTTK/TECHNISCH_H22025_0363_0001.pdf"
        inbox(keten, "WMO_H22025_0363_0001.csv", b"kapot\n")
        foreign.write_bytes(b"of another")
        time.sleep(0.1)
        keten.cbs.settle()
        [held] = [o for o in keten.cbs.status()["antwoorden"] if o["toestand"] == "beloofd"]
        assert "another file of its name" in held["reden"]
        assert foreign.read_bytes() == b"of another"
        keten.settle()
        assert reports(keten, "0363") == [
            "TECHNISCH_H22025_0363_0001.pdf", "TECHNISCH_H22025_0363_0001_2.pdf",
        ]  # fmt: skip
    finally:
        keten.close()


def test_a_decision_is_confirmed_whatever_it_comes_to(snel: Keten) -> None:
    """Outside its window it has no effect, and that is said."""
    snel.drop("0363", "WMO_H22025.csv", wmo())
    snel.drop("0363", "INTREKKING_H22025.xml", besluit("intrekking"))
    snel.settle()
    assert "BEVESTIGING_H22025_0363_0001.pdf" in reports(snel, "0363")
    assert snel.cbs is not None
    assert snel.cbs.stand("0363", "H22025") == "goedgekeurd"


def test_a_late_file_is_told_that_the_withdrawal_stands(snel: Keten) -> None:
    """It is accepted with a remark, and what was withdrawn stays so."""
    snel.drop("0363", "WMO_H22025.csv", wmo())
    snel.settle()
    snel.turn(datetime(2026, 2, 24, 9, tzinfo=UTC))
    snel.drop("0363", "INTREKKING_H22025.xml", besluit("intrekking"))
    snel.settle()
    snel.turn(datetime(2026, 2, 25, 9, tzinfo=UTC))
    snel.drop("0363", "WMO_H22025_laat.csv", wmo())
    snel.settle()
    assert snel.cbs is not None
    assert snel.cbs.stand("0363", "H22025") == "ingetrokken"
    [path] = [o for o in snel.inbox("0363") if o.name == "TECHNISCH_H22025_0363_0002.pdf"]
    with pymupdf.open(path) as document:
        text = " ".join(" ".join(page.get_text() for page in document).split())
    assert "maakt een besluit niet ongedaan" in text


@pytest.mark.parametrize("mandaten", ["{}", '{"0034": ["0363"]}'])
def test_who_decides_for_another_needs_a_mandate(tmp_path: Path, mandaten: str) -> None:
    """Else it has no effect; either way who sent it is told."""
    config = direct().replace("mandaten: {}", f"mandaten: {mandaten}")
    with Keten(tmp_path, stations=ALL, config=config) as keten:
        assert keten.cbs is not None
        keten.drop("0034", "WMO_H22025.csv", wmo("0034"))
        keten.settle()
        keten.turn(datetime(2026, 2, 24, 9, tzinfo=UTC))
        keten.drop("0363", "INTREKKING_H22025.xml", besluit("intrekking", "0034"))
        keten.settle()
        assert "BEVESTIGING_H22025_0363_0001.pdf" in reports(keten, "0363")
        wanted = "goedgekeurd" if mandaten == "{}" else "ingetrokken"
        assert keten.cbs.stand("0034", "H22025") == wanted


def test_the_configuration_counts_from_when_it_is_changed(keten: Keten) -> None:
    """CBS decides not to publish, while it runs."""
    keten.drop("0363", "WMO_H22025.csv", wmo())
    keten.settle()
    assert keten.cbs is not None
    text = (
        shipped_config()
        .decode()
        .replace(
            "niet_publiceren: []",
            'niet_publiceren: [{gemeente: "0363", over: H22025, reden: te weinig}]',
        )
    )
    assert keten.reconfigure(text)
    assert keten.cbs.stand("0363", "H22025") == "niet gepubliceerd door CBS"


# --- as processes ---------------------------------------------------------------------------------


class Gateway:
    """``knooppunt run`` in a folder of its own."""

    def __init__(self, home: Path, *more: str) -> None:
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", *more,
             "--config", str(home / "config.yaml")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def children(self) -> list[int]:
        """The counterparts that this gateway started and that live."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                told = (path / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"gateway.cbs.ginds" in told and str(self.home / "config.yaml").encode() in told:
                found.append(int(path.name))
        return found

    def end(self, number: int = signal.SIGTERM) -> str:
        """Signal it, and give what it printed."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=SECONDS)[0]


def until(what, seconds: float = SECONDS):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A chain on disk, whose CBS answers at once."""
    subprocess.run([sys.executable, "-m", "gateway.cli", "init", str(tmp_path)],
                   check=True, capture_output=True)  # fmt: skip
    text = direct().replace("rusttijd_ms: 2000", "rusttijd_ms: 50")
    (tmp_path / "config.yaml").write_text(text)
    return tmp_path


def report_of(home: Path) -> Path:
    return home / "folders/gemeenten/0363/inbox/TECHNISCH_H22025_0363_0001.pdf"


def drop(home: Path) -> None:
    (home / "folders/gemeenten/0363/outbox/WMO_H22025.csv").write_bytes(wmo())


def test_it_dies_with_its_gateway_and_the_next_one_goes_on(home: Path) -> None:
    """SIGKILL of the gateway: no counterpart is left to hold the lock, and the answer comes."""
    gateway = Gateway(home, "--stations", "ggk,rinis,cbs")
    [child] = until(gateway.children)
    until((home / "folders/.state/cbs/lock").exists)
    gateway.process.kill()
    gateway.process.communicate(timeout=SECONDS)
    until(lambda: not Path(f"/proc/{child}").exists())
    drop(home)
    said = Gateway(home, "--stations", "ggk,rinis,cbs", "--once").process.communicate(
        timeout=SECONDS
    )
    assert report_of(home).exists(), said


def test_when_it_dies_by_itself_the_chain_goes_on_and_starts_it_again(home: Path) -> None:
    """Said on the screen; the answer comes after all; and SIGTERM ends both within two seconds."""
    gateway = Gateway(home, "--stations", "ggk,rinis,cbs")
    [child] = until(gateway.children)
    until((home / "folders/.state/cbs/cbs.db").exists)
    os.kill(child, signal.SIGKILL)
    drop(home)
    [other] = until(lambda: [one for one in gateway.children() if one != child])
    until(report_of(home).exists)
    began = time.monotonic()
    said = gateway.end()
    assert time.monotonic() - began < 4, "two seconds, on a machine that does other things"
    assert gateway.process.returncode == 0
    assert "the simulated CBS ended by itself (signal 9); the chain goes on" in said
    assert not Path(f"/proc/{other}").exists()


def test_alone_it_answers_beside_a_chain_that_others_play(home: Path) -> None:
    """``--stations cbs`` with a state elsewhere: it knows only its folders, and its own clock."""
    run = [
        sys.executable,
        "-m",
        "gateway.cli",
        "run",
        "--once",
        "--config",
        str(home / "config.yaml"),
    ]
    drop(home)
    subprocess.run([*run, "--nu", "2026-02-02"], check=True, capture_output=True)
    elsewhere = ["--stations", "cbs", "--state", str(home / "bij-cbs")]
    subprocess.run([*run, *elsewhere, "--nu", "2026-02-03"], check=True, capture_output=True)
    assert (home / "folders/cbs/uit/GMSDTTK/TECHNISCH_H22025_0363_0001.pdf").exists()
    assert not (home / "folders/.state/cbs").exists()
    subprocess.run(run, check=True, capture_output=True)
    assert report_of(home).exists()


def test_two_on_one_state_is_said(home: Path) -> None:
    """The second ends with exit code 2 and does nothing."""
    command = [sys.executable, "-m", "gateway.cli", "run", "--stations", "cbs", "--config",
               str(home / "config.yaml")]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE) as first:
        until((home / "folders/.state/cbs/cbs.db").exists)
        second = subprocess.run(
            [*command, "--once"], capture_output=True, text=True, timeout=SECONDS
        )
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=SECONDS)
    assert first.returncode == 0
    assert second.returncode == 2
    assert "another simulated CBS is running on this state" in second.stderr


def test_cbs_status_says_what_waits_and_until_when(home: Path) -> None:
    """In JSON and for people; exit code 2 where it never ran."""
    config = home / "config.yaml"
    config.write_text(config.read_text().replace("antwoord: direct", "antwoord: protocol"))
    ask = [sys.executable, "-m", "gateway.cli", "cbs", "status", "--config", str(config)]
    assert subprocess.run(ask, capture_output=True).returncode == 2
    drop(home)
    subprocess.run([sys.executable, "-m", "gateway.cli", "run", "--once", "--stations",
                    "ggk,rinis,cbs", "--nu", "2026-02-02T10:00", "--config", str(config)],
                   check=True, capture_output=True)  # fmt: skip
    only = ["--json", "--gemeente", "0363", "--uitvraag", "h22025"]
    told = subprocess.run([*ask, *only], check=True, capture_output=True).stdout
    found = json.loads(told)
    schema = Path(__file__).parents[2] / "docs/schemas/cbs-status.schema.json"
    jsonschema.validate(found, json.loads(schema.read_text("utf-8")))
    [row] = found["gemeenten"]
    assert (row["status"], row["leveringen"], row["resterend"]) == ("goedgekeurd", 1, 20)
    due = {one["naam"]: one["op"][:10] for one in found["antwoorden"]}
    assert due == {
        "TECHNISCH_H22025_0363_0001.pdf": "2026-02-05",
        "OPORDE_H22025_0363_0001.pdf": "2026-02-09",
        "OVERZICHT_H22025_0363.pdf": "2026-02-23",
    }
    shown = subprocess.run(ask, check=True, capture_output=True, text=True).stdout
    assert "goedgekeurd" in shown
    assert "2026-02-05T" in shown


def test_a_turn_of_the_clock_is_told_to_it(home: Path) -> None:
    """--nu a week later: what was due meanwhile comes."""
    config = home / "config.yaml"
    config.write_text(config.read_text().replace("antwoord: direct", "antwoord: protocol"))
    drop(home)
    for day in ("2026-02-02", "2026-02-06"):
        assert not report_of(home).exists()
        gateway = Gateway(home, "--stations", "ggk,rinis,cbs", "--once", "--nu", day)
        assert gateway.process.communicate(timeout=SECONDS)
    assert report_of(home).exists()


def test_reports_are_made_at_the_moment_that_they_are_sent(keten: Keten) -> None:
    """A counterpart that was off for a week sends late, and dates the report by then."""
    keten.drop("0363", "WMO_H22025.csv", wmo())
    keten.settle()
    later = keten.turn(keten.nu + timedelta(days=14))
    keten.settle()
    [path] = [one for one in keten.inbox("0363") if one.name.startswith("TECHNISCH")]
    assert f"D:{later:%Y%m%d}".encode() in path.read_bytes()
