# SPDX-License-Identifier: EUPL-1.2
"""The counterpart's own state and folders: what a step keeps, and what a redo of it does."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import envelopes
from gateway import durable
from gateway.cbs import kijk
from gateway.cbs.bewaard import controle_tekst, controle_van
from gateway.cbs.lijn import GESTOPT
from gateway.cbs.mappen import Mappen
from gateway.cbs.model import Aantal, Bevinding, Controle, Ernst
from gateway.cbs.ontvangst import herkomst
from gateway.cbs.opstellen import Opstellen
from gateway.cbs.staat import Staat, moment_van, tekst
from gateway.cbs.werk import Tegenpartij
from gateway.cbs.werkplek import MAX_POGINGEN
from gateway.config import parse
from gateway.errors import StateError
from gateway.location import Location
from gateway.moment import Clock
from gateway.setup import shipped_config

NU = datetime(2026, 2, 2, 9, tzinfo=UTC)
CONFIG = parse(shipped_config().decode())
WMO = CONFIG.uitwisselingen["wmo"]
ANTWOORD = {
    "sleutel": "technisch/1", "soort": "technisch", "uitwisseling": "x", "rinis_code": "GMSDTTK",
    "naam": "a.pdf", "gemeentecode": "0363", "uitvraag": "H22025", "toestand": "gepland",
}  # fmt: skip


@pytest.fixture
def staat(tmp_path: Path):
    with Staat(str(tmp_path / "cbs.db")) as made:
        yield made


@pytest.fixture
def mappen(tmp_path: Path) -> Mappen:
    (tmp_path / "cbs/in/GMSDWMO").mkdir(parents=True)
    (tmp_path / "cbs/uit/GMSDTTK").mkdir(parents=True)
    return Mappen(str(tmp_path), "cbs")


# --- the database ---------------------------------------------------------------------------------


def test_a_step_is_kept_whole_or_not_at_all(staat: Staat) -> None:
    """An error inside it leaves nothing behind."""
    with pytest.raises(ZeroDivisionError), staat.stap():
        staat.zet("nu_offset_ms", "1")
        staat.plan(**ANTWOORD, op=tekst(NU))
        raise ZeroDivisionError
    assert staat.meta("nu_offset_ms") == ""
    assert staat.antwoorden("gepland") == []


def test_nothing_is_planned_twice(staat: Staat) -> None:
    """By what it answers; a day may move until it is due, and what was sent stays sent."""
    for hour in (9, 10):
        with staat.stap():
            staat.plan(**ANTWOORD, op=tekst(NU.replace(hour=hour)))
    [row] = staat.antwoorden("gepland")
    assert moment_van(row["op"]).hour == 10
    with staat.stap():
        staat.wijzig("antwoord", row["nummer"], toestand="verzonden")
        staat.plan(**ANTWOORD, op=tekst(NU))
    [row] = staat.antwoorden("gepland", "verzonden")
    assert (row["toestand"], moment_van(row["op"]).hour) == ("verzonden", 10)


def test_moments_sort_as_text_whatever_their_zone() -> None:
    """UTC with milliseconds, and back again."""
    later = datetime.fromisoformat("2026-02-02T10:30:00.250+01:00")
    assert tekst(NU) < tekst(later)
    assert moment_van(tekst(later)) == later


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """Never guessed at."""
    path = tmp_path / "cbs.db"
    Staat(str(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StateError, match="newer Knooppunt"):
        Staat(str(path))


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    """What it is and what to do."""
    path = tmp_path / "cbs.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StateError, match="cannot be read"):
        Staat(str(path))


def test_a_verdict_is_read_back_as_it_was() -> None:
    """Members and findings too."""
    lid = Controle("b.csv", False, 3, "H22025", 1, "utf-8", "0363", 1, 0,
                   (Aantal("elfproef", 3, Ernst.FOUT, 1),),
                   (Bevinding(2, 3, Ernst.FOUT, "elfproef", "niet elfproef"),))  # fmt: skip
    whole = Controle("a.zip", False, None, None, 1, "utf-8", None, 1, 0, leden=(lid,))
    assert controle_van(controle_tekst(whole)) == whole


# --- who a file is of -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("naam", "afzender", "origineel", "uitvraag", "volgnummer"),
    [
        ("WMO_H22025_0363_0007.csv", "0363", "WMO_H22025.csv", "H22025", 7),
        ("WMO_samen_0034_0001.zip", "0034", "WMO_samen.zip", "onbekend", 1),
        ("zomaar.csv", "", "zomaar.csv", "onbekend", None),
    ],
)
def test_without_metagegevens_the_name_tells(naam, afzender, origineel, uitvraag, volgnummer):
    """Municipality and number, as RINIS put them there; metagegevens that are none are no help."""
    for metagegevens in (None, b"<geen/>"):
        found = herkomst(naam, metagegevens, WMO, NU)
        assert (found.afzender, found.origineel, found.uitvraag, found.volgnummer) == (
            afzender, origineel, uitvraag, volgnummer,
        )  # fmt: skip
        assert found.upload == NU


def record(tijdstip: str = "2026-02-02T09:00:00Z", content: bytes = b"kapot\n") -> bytes:
    """The metagegevens of a delivery of 0363."""
    digest, name = hashlib.sha256(content).hexdigest(), "WMO_H22025_0363_0001.csv"
    held = envelopes.Bestand("WMO_H22025.csv", name, len(content), digest, "text/csv")
    user = envelopes.Gebruiker("b.bakker", "map", None)
    number = "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"
    return envelopes.build_metagegevens(
        envelopes.Metagegevens(number, "0363", "wmo", "H22025", tijdstip, user, held)
    )


@pytest.mark.parametrize(
    "tijdstip",
    ["2026-02-02T24:00:00+01:00", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+14:00"],
)
def test_a_moment_that_no_calendar_holds_sets_a_file_aside(location, tijdstip):
    """The schema allows it, so RINIS delivers it: the others still get their answers."""
    inbox = Path(location.root) / "cbs/in/GMSDWMO"
    for name in ("WMO_H22025_0363_0001", "WMO_H22025_0034_0001"):
        (inbox / f"{name}.csv").write_bytes(b"kapot\n")
    (inbox / "WMO_H22025_0363_0001_metagegevens.xml").write_bytes(record(tijdstip))
    with open_at(location, []) as cbs:
        cbs.afwikkelen()
        found = {r["afzender"]: (r["toestand"], r["reden"]) for r in cbs.plek.staat.leveringen()}
    assert found["0034"] == ("gecontroleerd", "")
    assert found["0363"][0] == "terzijde"
    assert "tijdstipUpload" in found["0363"][1]


_TIJDSTIP = st.builds(
    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    st.integers(1, 9999), st.integers(1, 12), st.integers(1, 28), st.integers(0, 24),
    st.just(0), st.just(0), st.sampled_from(["", ".1", ".123456789"]),
    st.sampled_from(["Z", "+14:00", "-14:00", "+01:00"]),
)  # fmt: skip


@settings(deadline=None)
@given(_TIJDSTIP)
def test_whatever_moment_the_schema_allows_is_kept_or_said(tijdstip):
    """It never brings the counterpart down, and what is kept is read back as it was."""
    found = herkomst("WMO_H22025_0363_0001.csv", record(tijdstip), WMO, NU)
    assert found.afzender == "0363"
    assert abs(moment_van(tekst(found.upload)) - found.upload) < timedelta(milliseconds=1)
    assert (found.upload == NU) or not found.reden


def test_a_fault_of_ours_in_one_file_holds_up_no_other(location, monkeypatch):
    """It is left lying, and said once."""
    inbox = Path(location.root) / "cbs/in/GMSDWMO"
    for name in ("WMO_H22025_0363_0001.csv", "WMO_H22025_0034_0001.csv"):
        (inbox / name).write_bytes(b"kapot\n")

    def faulty(naam, *more):
        if "_0363_" in naam:
            raise RecursionError
        return herkomst(naam, *more)

    monkeypatch.setattr("gateway.cbs.inname.herkomst", faulty)
    said: list[str] = []
    with open_at(location, said) as cbs:
        cbs.afwikkelen()
        assert [r["afzender"] for r in cbs.plek.staat.leveringen()] == ["0034"]
    assert [one for one in said if "a fault of ours" in one and "_0363_" in one] == [
        one for one in said if "_0363_" in one
    ]
    assert sum("_0363_" in one for one in said) == 1


# --- taking ---------------------------------------------------------------------------------------


def lay(mappen: Mappen, naam: str, content: bytes = b"x") -> int:
    path = Path(mappen.pad("in", "GMSDWMO", naam))
    path.write_bytes(content)
    return path.stat().st_ino


def take(mappen: Mappen, ino: int, record: bytes | None = None) -> bool:
    return mappen.neem("GMSDWMO", "a.csv", ino, "2026/a.csv", record)


def test_taking_again_finds_what_was_taken(mappen: Mappen) -> None:
    """After a crash between the file and its metagegevens, and after one behind both."""
    ino = lay(mappen, "a.csv")
    lay(mappen, "a_metagegevens.xml", b"<m/>")
    assert take(mappen, ino)
    assert take(mappen, ino, b"<m/>")
    assert take(mappen, ino, b"<m/>")
    folder = Path(mappen.archief("GMSDWMO", "2026"))
    assert {path.name for path in folder.iterdir()} == {"a.csv", "a_metagegevens.xml"}


def test_what_was_taken_back_is_not_ours_nor_what_has_its_name_since(mappen: Mappen) -> None:
    """Another file under the name is another file."""
    ino = lay(mappen, "a.csv")
    os.rename(mappen.pad("in", "GMSDWMO", "a.csv"), mappen.pad("in", "GMSDWMO", "b.csv"))
    other = lay(mappen, "a.csv", b"other")
    assert other != ino
    assert not take(mappen, ino)
    assert Path(mappen.pad("in", "GMSDWMO", "a.csv")).read_bytes() == b"other"


def test_the_archive_never_holds_two_files_on_one_name(mappen: Mappen) -> None:
    """Another name is found; a rename never replaces."""
    take(mappen, lay(mappen, "a.csv"))
    again = lay(mappen, "a.csv", b"new")
    with pytest.raises(durable.Occupied):
        take(mappen, again)
    free = mappen.vrije_naam("GMSDWMO", "2026", "a.csv", bezet={"2026/a_2.csv"})
    assert free == "2026/a_3.csv"


def test_the_metagegevens_of_a_later_file_are_left(mappen: Mappen) -> None:
    """They came under the same name after a crash: they are not those that were read."""
    ino = lay(mappen, "a.csv")
    lay(mappen, "a_metagegevens.xml", b"<of-another/>")
    assert take(mappen, ino, b"<m/>")
    assert Path(mappen.pad("in", "GMSDWMO", "a_metagegevens.xml")).exists()


# --- sending --------------------------------------------------------------------------------------


def test_that_it_is_gone_proves_that_it_was_sent(mappen: Mappen) -> None:
    """Whether it lies there or was taken: no second one comes."""
    tmp = mappen.zet_klaar("GMSDTTK", 1, b"pdf")
    assert mappen.klaargezet("GMSDTTK", 1) == b"pdf"
    assert mappen.verzend("GMSDTTK", 1, "a.pdf", tmp)
    sent = Path(mappen.pad("uit", "GMSDTTK", "a.pdf"))
    sent.unlink()
    assert mappen.verzend("GMSDTTK", 1, "a.pdf", tmp)
    assert not sent.exists()


def test_a_folder_that_was_made_anew_proves_nothing(mappen: Mappen) -> None:
    """What was staged went with it: it is staged again."""
    tmp = mappen.zet_klaar("GMSDTTK", 1, b"pdf")
    out = Path(mappen.pad("uit", "GMSDTTK"))
    out.rename(out.with_name("weg"))
    assert not mappen.verzend("GMSDTTK", 1, "a.pdf", tmp)
    mappen.zet_klaar("GMSDTTK", 2, b"pdf")
    assert not mappen.verzend("GMSDTTK", 1, "a.pdf", tmp)


def test_a_name_that_is_taken_is_never_replaced(mappen: Mappen) -> None:
    """The answer waits in .tmp."""
    tmp = mappen.zet_klaar("GMSDTTK", 1, b"pdf")
    there = Path(mappen.pad("uit", "GMSDTTK", "a.pdf"))
    there.write_bytes(b"other")
    with pytest.raises(durable.Occupied):
        mappen.verzend("GMSDTTK", 1, "a.pdf", tmp)
    assert (there.read_bytes(), mappen.klaargezet("GMSDTTK", 1)) == (b"other", b"pdf")


# --- what does not come to an end -----------------------------------------------------------------


@pytest.fixture
def location(tmp_path: Path) -> Location:
    text = shipped_config().decode().replace("antwoord: protocol", "antwoord: direct")
    (tmp_path / "config.yaml").write_text(text)
    (tmp_path / "folders/cbs/in/GMSDWMO").mkdir(parents=True)
    for code in ("GMSDTTK", "GMSDSP1"):
        (tmp_path / "folders/cbs/uit" / code).mkdir(parents=True)
    return Location.of(str(tmp_path / "config.yaml"))


def open_at(location: Location, said: list[str]) -> Tegenpartij:
    return Tegenpartij(location, Clock(standing=NU), said.append, quiet_ms=0)


def test_a_file_that_brings_the_process_down_is_set_aside_in_the_end(location: Location) -> None:
    """Each start has tried once; the others go on."""
    said: list[str] = []
    inbox = Path(location.root) / "cbs/in/GMSDWMO"
    for name in ("WMO_H22025_0363_0001.csv", "WMO_H22025_0034_0001.csv"):
        (inbox / name).write_bytes(b"kapot\n")
    with open_at(location, said) as cbs:
        while not cbs.plek.staat.leveringen("genomen"):
            cbs.ronde()
        [first] = [r for r in cbs.plek.staat.leveringen() if r["afzender"] == "0363"]
        with cbs.plek.staat.stap():  # as so many processes that ended in the middle of it
            cbs.plek.staat.wijzig("levering", first["nummer"], pogingen=MAX_POGINGEN,
                                  toestand="genomen")  # fmt: skip
        cbs.afwikkelen()
        states = {r["afzender"]: r["toestand"] for r in cbs.plek.staat.leveringen()}
    assert states == {"0363": "terzijde", "0034": "gecontroleerd"}
    assert any("did not come to an end" in one for one in said)
    assert "GMSDTTK/TECHNISCH_H22025_0363_0001.pdf" in answers(location)


def test_a_process_that_was_told_to_stop_in_the_middle_is_no_failed_try(location: Location) -> None:
    """Its gateway leaves word when it has to kill it."""
    path = Path(location.root) / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
    path.write_bytes(b"kapot\n")
    with open_at(location, []) as cbs:
        while not cbs.plek.staat.leveringen("genomen"):
            cbs.ronde()
        with cbs.plek.staat.stap():
            cbs.plek.staat.wijzig("levering", 1, pogingen=MAX_POGINGEN)
    durable.put(str(Path(location.state) / "cbs" / GESTOPT), b"")
    with open_at(location, []) as cbs:
        cbs.afwikkelen()
        assert [r["toestand"] for r in cbs.plek.staat.leveringen()] == ["gecontroleerd"]
    assert not (Path(location.state) / "cbs" / GESTOPT).exists()


def test_a_file_that_is_not_what_its_metagegevens_tell_is_set_aside(location: Location) -> None:
    """The bytes changed on the way: nobody is told that CBS judged what he sent."""
    said: list[str] = []
    path = Path(location.root) / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
    path.write_bytes(b"kapot\n")
    with open_at(location, said) as cbs:
        while not cbs.plek.staat.leveringen("genomen"):
            cbs.ronde()
        [row] = cbs.plek.staat.leveringen("genomen")
        with cbs.plek.staat.stap():
            cbs.plek.staat.wijzig("levering", row["nummer"], sha256="0" * 64)
        cbs.afwikkelen()
        [row] = cbs.plek.staat.leveringen()
    assert (row["toestand"], "metagegevens" in row["reden"]) == ("terzijde", True)
    assert answers(location) == ["GMSDTTK/TECHNISCH_H22025_0363_0001.pdf"]


def test_an_answer_without_an_address_gets_one_when_there_is(location: Location) -> None:
    """At a start: the configuration lacked the municipality."""
    config = Path(location.config_path)
    whole = config.read_text()
    config.write_text(whole.replace("technische-terugkoppeling:", "een-andere:"))
    path = Path(location.root) / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
    path.write_bytes(b"kapot\n")
    with open_at(location, []) as cbs:
        cbs.afwikkelen()
        assert len(cbs.plek.staat.antwoorden("mislukt")) == 1
    config.write_text(whole)
    with open_at(location, []) as cbs:
        cbs.afwikkelen()
    assert answers(location) == ["GMSDTTK/TECHNISCH_H22025_0363_0001.pdf"]


def test_what_was_withdrawn_is_compared_with_nobody(location: Location) -> None:
    """Nor what CBS does not publish."""
    with open_at(location, []) as cbs:
        staat = cbs.plek.staat
        with staat.stap():
            for n, code in enumerate(("0363", "0034", "1701"), 1):
                staat.nieuw("gegevensset", nummer=n, levering=n, plaats=0, soort="wmo",
                            gemeentecode=code, uitvraag="H22025", moment=tekst(NU), in_zip=False,
                            goedgekeurd=True, afzender=code, aanvaard=True, code="goedgekeurd",
                            hoeveelste=1, opmerkingen="[]", cijfers="{}")  # fmt: skip
            staat.nieuw("besluit", nummer=9, gemeentecode="0034", uitvraag="H22025",
                        besluit="intrekking", omvang="geheel", moment=tekst(NU), afzender="0034",
                        geldig=True, effect="niet publiceren", code="x", zin="x")  # fmt: skip
        row = {"soort": "op-orde", "levering": 1, "gegevensset": 1}
        found = Opstellen(cbs.plek).invoer(row)
    assert json.loads(found or "")["anderen"] == {"1701": 3}


def answers(location: Location) -> list[str]:
    out = Path(location.root) / "cbs/uit"
    return sorted(f"{path.parent.name}/{path.name}" for path in out.glob("*/*.pdf"))


def text_of(location: Location, name: str) -> str:
    with pymupdf.open(Path(location.root) / "cbs/uit" / name) as document:
        return " ".join(" ".join(page.get_text() for page in document).split())


def test_a_file_of_another_size_than_its_metagegevens_tell_is_answered(location: Location) -> None:
    """Once nobody writes it any more: it does not lie there for ever, unseen."""
    inbox = Path(location.root) / "cbs/in/GMSDWMO"
    (inbox / "WMO_H22025_0363_0001_metagegevens.xml").write_bytes(record())
    path = inbox / "WMO_H22025_0363_0001.csv"
    path.write_bytes(b"half")
    with open_at(location, []) as cbs, path.open("ab"):
        cbs.afwikkelen()
        assert cbs.plek.staat.leveringen() == []
        assert "still be written" in kijk.status(location)["terzijde"][0]["reden"]
    with open_at(location, []) as cbs:
        cbs.afwikkelen()
        [row] = cbs.plek.staat.leveringen()
    assert (row["toestand"], "its size" in row["reden"]) == ("terzijde", True)
    assert not path.exists()
    [name] = answers(location)
    assert "niet in zijn geheel" in text_of(location, name)


@pytest.mark.parametrize("content", [b"<geen-besluit/>", b" " * (1 << 20) + b"<a/>"])
def test_a_decision_that_is_none_is_answered(location: Location, content: bytes) -> None:
    """In the exchange of the confirmations: decisions are numbered by themselves."""
    for folder in ("in/GMSDOPT", "uit/GMSDBVS"):
        (Path(location.root) / "cbs" / folder).mkdir(parents=True)
    [code] = [one.rinis_code for one in CONFIG.uitwisselingen.values() if one.id == "besluit"]
    inbox = Path(location.root) / "cbs/in" / code
    inbox.mkdir(exist_ok=True)
    (inbox / "INTREKKING_H22025_0363_0001.xml").write_bytes(content)
    with open_at(location, []) as cbs:
        cbs.afwikkelen()
    [name] = answers(location)
    assert name == "GMSDBVS/BEVESTIGING_H22025_0363_0001.pdf"
    assert "geen gevolg" in text_of(location, name)


def test_what_is_no_file_is_told_and_left(location: Location) -> None:
    """A pipe, a link and a folder in an inbox: in what a run says, and in the status."""
    inbox = Path(location.root) / "cbs/in/GMSDWMO"
    os.mkfifo(inbox / "WMO_pijp.csv")
    (inbox / "WMO_link.csv").symlink_to("elders")
    (inbox / "WMO_map.csv").mkdir()
    said: list[str] = []
    with open_at(location, said) as cbs:
        cbs.afwikkelen()
        cbs.afwikkelen()
    names = ["WMO_link.csv", "WMO_map.csv", "WMO_pijp.csv"]
    told = kijk.status(location)["terzijde"]
    assert sorted(one["naam"] for one in told) == names
    assert {one["archief"] for one in told} == {""}
    assert sorted(one.partition(":")[0] for one in said if "no regular file" in one) == names


def test_a_disk_that_says_no_is_no_fault_of_the_file(location: Location) -> None:
    """It is said once, tried again, and then goes on."""
    said: list[str] = []
    blocked = Path(location.state) / "cbs/bevindingen"
    blocked.parent.mkdir(parents=True)
    blocked.write_bytes(b"a file where a folder should be")
    path = Path(location.root) / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
    path.write_bytes(b"kapot\n")
    with open_at(location, said) as cbs:
        for _ in range(4):
            cbs.ronde()
        [row] = cbs.plek.staat.leveringen()
        assert (row["toestand"], row["pogingen"]) == ("genomen", 0)
        assert [one for one in said if "cannot be checked" in one] == [
            f"{path.name}: {row['hapert']}; it is tried again"
        ]
    blocked.unlink()
    with open_at(location, said) as cbs:
        cbs.afwikkelen()
        assert [r["toestand"] for r in cbs.plek.staat.leveringen()] == ["gecontroleerd"]
    assert (Path(location.root) / "cbs/uit/GMSDTTK/TECHNISCH_H22025_0363_0001.pdf").exists()


def test_what_rotted_before_it_was_sent_is_made_anew(location: Location) -> None:
    """A start compares what is staged with what was promised; the same bytes come out again."""
    said: list[str] = []
    path = Path(location.root) / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
    path.write_bytes(b"kapot\n")
    sent = Path(location.root) / "cbs/uit/GMSDTTK/TECHNISCH_H22025_0363_0001.pdf"
    sent.write_bytes(b"in the way")
    with open_at(location, said) as cbs:
        cbs.afwikkelen()
        [row] = cbs.plek.staat.antwoorden("beloofd")
    staged = sent.parent / ".tmp" / f"antwoord-{row['nummer']}"
    whole = staged.read_bytes()
    staged.write_bytes(whole[:-10] + b"x" * 10)
    sent.unlink()
    with open_at(location, said) as cbs:
        cbs.afwikkelen()
    assert sent.read_bytes() == whole
