# SPDX-License-Identifier: EUPL-1.2
"""Retention: what is past its time goes, and nothing else; the log stays whole."""

import errno
import hashlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import jsonschema
import pytest

from gateway import retention
from gateway.asking import ask
from gateway.config import parse
from gateway.errors import GatewayError
from gateway.lifecycle import Status
from gateway.names import stam_sleutel
from gateway.purge import KIND as PURGE
from gateway.quarantine import KIND as DECIDE
from gateway.requests import Asked, place
from gateway.setup import shipped_config
from gateway.store_digests import digest
from gateway.store_queries import Reader
from tests.faults.breaking import failing
from tests.flow.conftest import eventually
from tests.flow.test_hop import bv03_for

DAY = 24 * 3600 * 1000
NAAM = "Jansen-de-Vries"


def state(knooppunt):
    return knooppunt.folders / ".state"


def sql(knooppunt, statement, *values):
    with sqlite3.connect(state(knooppunt) / "knooppunt.db") as connection:
        rows = connection.execute(statement, values).fetchall()
    connection.close()
    return rows


def age(knooppunt, days, name="%"):
    """Let messages have been handed in so many days earlier."""
    sql(knooppunt, "UPDATE levering SET at = at - ? WHERE naam LIKE ?", days * DAY, name)


def past_its_time(keten):
    """Let all that was delivered have been handed in a day too long ago."""
    with sqlite3.connect(keten.location.database) as connection:
        connection.execute("UPDATE levering SET at = at - ?", (731 * DAY,))
    connection.close()


def purge(knooppunt, *words):
    found = knooppunt.json("purge", *words)
    path = Path(__file__).parents[2] / "docs" / "schemas" / "purge.schema.json"
    jsonschema.validate(found, json.loads(path.read_text("utf-8")))
    return {
        (r["soort"], r["uitwisseling"]): (r["berichten"], r["bestanden"]) for r in found["rows"]
    }


def verzonden(knooppunt):
    return sorted(
        p.name for p in (knooppunt.folders / "gemeenten" / "0363" / "verzonden").iterdir()
    )


def quarantine(knooppunt):
    top = knooppunt.folders / "quarantaine"
    return sorted(p.name for p in top.iterdir() if not p.name.startswith("."))


def one_order(keten):
    """What the engine is asked about all that is past its time: few enough for one request."""
    [part] = retention.parts(keten.location, keten.config, retention.Tally(), print)
    return retention.order(part, "tester").encode()


@pytest.fixture
def keten3(knooppunt):
    """A delivery, a refused file, and a report on its way back."""
    knooppunt.drop("0363", f"WMO_H22025_{NAAM}.csv", b"x", "wmo", "p.pietersen")
    knooppunt.drop("0363", f"{NAAM}.jpg", b"y")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    back = knooppunt.folders / "cbs" / "uit" / "GMSDTTK"
    (back / "TECHNISCH_H22025_0363_0001.pdf").write_bytes(b"%PDF")
    knooppunt("run", "--once")
    return knooppunt


ALL = {
    ("geweigerd", ""): (1, 2), ("levering", "wmo"): (1, 1),
    ("rapport", "technische-terugkoppeling"): (1, 0),
}  # fmt: skip


def test_nothing_is_past_its_time_before_its_days(keten3):
    """Two years, as CBS keeps deliveries."""
    age(keten3, 729)
    assert purge(keten3, "--do") == {}
    assert len(verzonden(keten3)) == 1


def test_without_do_it_only_says_what_would_go(keten3):
    """By kind of message and exchange; not a byte is changed."""
    age(keten3, 731)
    before = sql(keten3, "SELECT * FROM levering"), sql(keten3, "SELECT * FROM opening")
    assert purge(keten3) == ALL
    assert (sql(keten3, "SELECT * FROM levering"), sql(keten3, "SELECT * FROM opening")) == before
    assert (len(verzonden(keten3)), len(quarantine(keten3))) == (1, 1)


def test_names_users_and_copies_go(keten3):
    """From the folders, the rows, the openings and the bytes of the database."""
    age(keten3, 731)
    assert purge(keten3, "--do") == ALL
    assert (verzonden(keten3), quarantine(keten3)) == ([], [])
    for table, column in (("levering", "naam"), ("levering", "gebruiker"), ("event", "name"),
                          ("levering", "delivered_as"), ("opening", "value")):  # fmt: skip
        found = [str(row[0]) for row in sql(keten3, f"SELECT {column} FROM {table}")]
        assert not [one for one in found if NAAM in one or "pietersen" in one], (table, column)
    content = b"".join(p.read_bytes() for p in state(keten3).glob("knooppunt.db*"))
    assert b"p.pietersen" not in content
    assert NAAM.lower().encode() not in content.lower()
    assert purge(keten3) == {}


def test_the_log_stays_whole_and_says_that_there_was_a_purge(keten3):
    """Not a leaf is changed; the purge is one, without a name."""
    before = sql(keten3, "SELECT content FROM leaf ORDER BY idx")
    age(keten3, 731)
    purge(keten3, "--do")
    after = sql(keten3, "SELECT content FROM leaf ORDER BY idx")
    assert after[: len(before)] == before
    [leaf] = [json.loads(row[0]) for row in after[len(before) :]]
    assert (leaf["type"], leaf["action"]) == ("erasure", "3 messages, 3 files")
    assert leaf["actor"].startswith("c1:")
    assert keten3.json("audit", "verify")["ok"]


def test_the_chain_goes_on_after_a_purge(keten3):
    """Numbers go on, what was purged is still found by its reference, and stands where it stood."""
    [[ref]] = sql(keten3, "SELECT referentienummer FROM levering WHERE uitwisseling = 'wmo'")
    age(keten3, 731)
    purge(keten3, "--do")
    keten3.drop("0363", "WMO_H22025.csv", b"z")
    keten3("run", "--once")
    folder = keten3.folders / "cbs" / "in" / "GMSDWMO"
    assert "WMO_H22025_0363_0002.csv" in {p.name for p in folder.iterdir()}
    [message] = keten3.json("trace", ref)["messages"]
    assert message["status"] == Status.ACKNOWLEDGED
    assert message["names"] == ["gewist"]
    keten3("trace", ref)


def test_each_kind_and_each_exchange_has_its_own_days(keten3):
    """What is kept longer stays."""
    path = keten3.folder / "config.yaml"
    text = path.read_text("utf-8").replace(
        "GMSDWMO\n    bewaren_dagen: 730\n", "GMSDWMO\n    bewaren_dagen: 3650\n"
    )
    text = text.replace("rapporten_dagen: 730", "rapporten_dagen: 30")
    path.write_text(text.replace("geweigerd_dagen: 730", "geweigerd_dagen: 60"), "utf-8")
    age(keten3, 61)
    wanted = {key: ALL[key] for key in ALL if key[0] != "levering"}
    assert purge(keten3, "--do") == wanted
    age(keten3, 3000)
    assert purge(keten3, "--do") == {}
    assert len(verzonden(keten3)) == 1


def test_a_decision_has_days_of_its_own(knooppunt):
    """It is what CBS relies on: it may have to be shown for longer than the data themselves."""
    knooppunt.configure(("besluiten_dagen: 730", "besluiten_dagen: 2555"))
    knooppunt.configure(("    schema: publicatiebesluit.xsd\n", ""))
    knooppunt.configure(("    binding: sterk", "    binding: zwak"))
    knooppunt.drop("0363", "OPTIN_H22025.xml", b"<x/>")
    knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}
    age(knooppunt, 2555)
    assert purge(knooppunt, "--do") == {("besluit", "besluit"): (1, 1)}


def test_the_shipped_terms_of_gmsd_are_two_years():
    """Of each delivery that goes to CBS under the aanlevering, by name (PSA; CBS: 2 years)."""
    config = parse(shipped_config().decode())
    heen = [one for one in config.heen if one.aanlevering == "gmsd"]
    assert {one.id for one in heen} == {"wmo", "sbo", "jeugd", "besluit"}
    assert [one.bewaren_dagen for one in heen if one.stap == "aanlevering"] == [730] * 3
    assert set(config.bewaren.model_dump().values()) == {730}


def test_a_newer_file_of_the_same_name_stays(knooppunt):
    """Of two deliveries under one name only the copy of the older one goes."""
    for content in (b"old", b"new"):
        knooppunt.drop("0363", "WMO_H22025.csv", content)
        knooppunt("run", "--once", "--nu", "2026-02-02")
    sql(knooppunt, "UPDATE levering SET at = at - ? WHERE seq = 1", 731 * DAY)
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}
    folder = knooppunt.folders / "gemeenten" / "0363" / "verzonden"
    assert [p.read_bytes() for p in folder.iterdir()] == [b"new"]
    age(knooppunt, 731, "WMO%")
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}
    assert verzonden(knooppunt) == []


def test_other_bytes_under_the_name_are_somebody_elses(knooppunt):
    """A file that people put in `verzonden` since is not ours to remove."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"old")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    path = knooppunt.folders / "gemeenten" / "0363" / "verzonden" / "WMO_H22025.csv"
    path.write_bytes(b"other")
    age(knooppunt, 731)
    purge(knooppunt, "--do")
    assert path.read_bytes() == b"other"


def test_a_copy_that_cannot_be_read_is_left_for_later_and_the_others_go(knooppunt):
    """It may be what must go: its message is not called erased, and it is said where it lies."""
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"old")
    knooppunt.drop("0363", "WMO_H22025_b.csv", b"other")
    knooppunt.drop("0034", "WMO_H22025.csv", b"another's")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    rule = ("read", "/verzonden/WMO_H22025.csv", errno.EIO)
    party = rule[0], "/0363" + rule[1], rule[2]
    for words, others in ((("purge",), 2), (("purge", "--do"), 2), (("purge",), 0)):
        done = failing(knooppunt, party, words=(*words, "--json"))
        knooppunt.configure(("rusttijd_ms: 100", "rusttijd_ms: 2000"))
        assert (done.returncode, path.exists()) == (2, False), done
        said = "a copy in gemeenten/0363/verzonden cannot be read: Input/output"
        assert said in done.stderr
        assert "WMO_H22025" not in done.stderr
        found = json.loads(done.stdout)
        [left] = found["left"]
        assert (left["berichten"], left["reden"].startswith(said)) == (1, True)
        assert sum(row["berichten"] for row in found["rows"]) == others
    assert verzonden(knooppunt) == ["WMO_H22025.csv"]
    assert sql(knooppunt, "SELECT gemeentecode FROM levering WHERE naam <> 'gewist'") == [("0363",)]
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}
    assert verzonden(knooppunt) == []
    assert knooppunt.json("audit", "verify")["ok"]


def test_what_the_gateway_cannot_remove_is_left_for_later_too(knooppunt):
    """Somebody made a folder in a folder of quarantine: the other message goes."""
    for name in ("a.jpg", "b.jpg"):
        knooppunt.drop("0363", name, b"y")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    first, second = quarantine(knooppunt)
    (knooppunt.folders / "quarantaine" / first / "map").mkdir()
    age(knooppunt, 731)
    said = knooppunt("purge", "--do", code=2)
    assert "1 messages, 2 files of ours" in said.stdout
    assert f"a copy in quarantaine/{first} cannot be removed: " in said.stderr.replace("\n", " ")
    assert quarantine(knooppunt) == [first]
    assert sql(knooppunt, "SELECT id FROM levering WHERE naam <> 'gewist'") == [(first,)]
    (knooppunt.folders / "quarantaine" / first / "map").rmdir()
    knooppunt("purge", "--do")
    assert (quarantine(knooppunt), second != first) == ([], True)


def test_what_of_a_message_went_before_the_rest_could_not_is_told_and_in_the_leaf(knooppunt):
    """A refused file, released, delivered: its archive goes, the copy in verzonden does not."""
    knooppunt.drop("0363", "onbekend.jpg", b"toch")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    [folder] = quarantine(knooppunt)
    knooppunt("quarantine", "release", folder, "--reason", "toch", "--as", "wmo")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    assert verzonden(knooppunt) == ["onbekend.jpg"]
    age(knooppunt, 731)
    rule = ("unlinkat", "/0363/verzonden/onbekend.jpg", errno.EPERM)
    done = failing(knooppunt, rule, words=("purge", "--do"))
    said = " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (2, "nothing went\n")
    assert "1 messages are left for later: 1 as a copy in gemeenten/0363/verzonden cannot" in said
    assert "Of their files 1 went; their names stay until all did" in said
    found = [json.loads(row[0]) for row in sql(knooppunt, "SELECT content FROM leaf ORDER BY idx")]
    assert [one["action"] for one in found if one["type"] == "erasure"] == ["0 messages, 1 files"]
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}
    assert verzonden(knooppunt) == []


def test_an_orphan_that_could_not_be_archived_goes_too(knooppunt):
    """A person decided on it, and the archive took nothing: it lies where it lay."""
    claimed = knooppunt.folders / "gemeenten" / "0363" / ".claimed"
    (claimed / "11111111").write_bytes(b"x")
    knooppunt("run", "--once")
    [folder] = quarantine(knooppunt)
    archive = knooppunt.folders / "quarantaine" / ".archief"
    archive.symlink_to(knooppunt.folders / "elders")
    knooppunt("quarantine", "drop", folder, "--reason", "niet van ons")
    assert quarantine(knooppunt) == [folder]
    sql(knooppunt, "UPDATE held SET at = at - ?", 731 * DAY)
    assert list(purge(knooppunt, "--do").values()) == [(1, 1)]
    assert quarantine(knooppunt) == []
    assert sql(knooppunt, "SELECT id FROM held") == []


def test_copies_of_a_party_that_the_configuration_no_longer_has_go_too(knooppunt):
    """Its folder is where it was."""
    knooppunt.drop("1701", "WMO_H22025.csv", b"x")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    copies = knooppunt.folders / "gemeenten" / "1701" / "verzonden"
    assert [one.name for one in copies.glob("*.csv")] == ["WMO_H22025.csv"]
    knooppunt.configure(('  "1701": {soort: gemeente, naam: Westerveld}\n', ""))
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}
    assert list(copies.glob("*.csv")) == []
    knooppunt("run", "--once")


def test_large_copies_are_read_by_who_asks_and_the_gateway_goes_on(knooppunt):
    """A file that is dropped meanwhile arrives, and the gateway ends, before they are gone."""
    for number in range(40):
        knooppunt.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    for path in (knooppunt.folders / "gemeenten" / "0363" / "verzonden").iterdir():
        os.truncate(path, 0)
        os.truncate(path, 2_000_000_000)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    sql(knooppunt, "UPDATE levering SET sha256 = ?", sha256)
    process = knooppunt.start("run", "--metrics", "0")
    for line in process.stderr:
        if b"metrics on" in line:
            break
    asking = knooppunt.start("purge", "--do")
    assert any(b"GB of copies read" in line for line in asking.stderr)
    eventually(lambda: len(verzonden(knooppunt)) < 40)
    arrived = knooppunt.folders / "cbs" / "in" / "GMSDWMO" / "WMO_H22025_nieuw_0363_0041.csv"
    knooppunt.drop("0363", "WMO_H22025_nieuw.csv", b"nieuw")
    eventually(arrived.exists)
    process.terminate()
    process.communicate(timeout=60)
    still, left = asking.poll() is None, len(verzonden(knooppunt))
    asking.kill()
    asking.communicate(timeout=60)
    assert (process.returncode, still) == (0, True)
    assert left > 2


def test_no_round_has_more_to_remove_than_the_bound(knooppunt, monkeypatch):
    """In bytes as well as in messages; one that is larger by itself goes alone."""
    for number, size in enumerate((4, 4, 20, 4, 4, 4)):
        knooppunt.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number * size)
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    monkeypatch.setattr(retention, "BYTES", 10)
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (6, 6)}
    found = [json.loads(row[0]) for row in sql(knooppunt, "SELECT content FROM leaf ORDER BY idx")]
    told = [one["action"].split(" ")[0] for one in found if one["type"] == "erasure"]
    assert told == ["2", "1", "2", "1"]


@pytest.mark.parametrize("how", ["replaced", "written", "new"])
def test_what_is_not_the_file_that_was_read_stays(keten, how):
    """Between the reading and the removing: not removed, not called erased, and told."""
    keten.drop("0363", "WMO_H22025.csv", b"inhoud")
    keten.settle()
    keten.empty_receivers()
    keten.close()
    past_its_time(keten)
    [copy] = keten.verzonden("0363")
    if how == "new":
        copy.unlink()
    order = one_order(keten)
    if how == "new":
        copy.write_bytes(b"inhoud")
    elif how == "written":
        os.utime(copy, ns=(copy.stat().st_atime_ns, copy.stat().st_mtime_ns))
    else:
        other = copy.with_name("ander")
        other.write_bytes(b"inhoud")
        other.rename(copy)
    answer = ask(keten.location, PURGE, order)
    said = "a copy in gemeenten/0363/verzonden was changed while it was being purged"
    assert (answer["gone"], answer["left"]) == ([], [[said, 0]])
    assert copy.read_bytes() == b"inhoud"
    tally = retention.carry_out(keten.location, keten.config, print)
    assert (tally.messages.total(), tally.files.total(), tally.left) == (1, 1, {})
    assert not copy.exists()
    keten._chain = keten._open()
    keten.settle()


def test_a_request_to_purge_of_another_version_is_refused(keten):
    """It lay there when the gateway was renewed: nothing is done, and it is said what now."""
    keten.close()
    with pytest.raises(GatewayError, match="which messages"):
        ask(keten.location, PURGE, {"after": 0, "by": "tester"})
    keten._chain = keten._open()


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, float("inf")])
def test_a_request_to_purge_a_number_that_there_cannot_be_is_refused(keten, number):
    """No database holds it: the request says nothing that we know, and the gateway goes on."""
    for id_, row in (("01A", [number, []]), ("01B", [1, [[number, 1, 1, 1, True]]])):
        place(keten.location.state, Asked(id_, PURGE, {"by": "x", "messages": [row], "loose": []}))
    keten.settle()
    with Reader(keten.location.database) as reader:
        answers = [json.loads(reader.answer(one)) for one in ("01A", "01B")]
    assert "says which messages" in answers[0]["error"]
    if number == float("inf"):
        assert "says which messages" in answers[1]["error"]


def test_many_messages_go_while_a_gateway_runs(knooppunt):
    """Some at a time, by the gateway itself: it is the only writer of its database."""
    for number in range(120):
        knooppunt.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    process = knooppunt.start("run", "--metrics", "0")
    for line in process.stderr:
        if b"metrics on" in line:
            break
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (120, 120)}
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert verzonden(knooppunt) == []
    assert sql(knooppunt, "SELECT count(*) FROM levering WHERE naam <> 'gewist'") == [(0,)]
    assert knooppunt.json("audit", "verify")["ok"]


def test_a_purge_that_was_cut_off_is_done_again(keten3):
    """The files are gone, the rows not: the next purge finds them still, and ends the work."""
    age(keten3, 731)
    for path in (keten3.folders / "gemeenten" / "0363" / "verzonden").iterdir():
        path.unlink()
    found = purge(keten3, "--do")
    assert found["levering", "wmo"] == (1, 0)
    assert sql(keten3, "SELECT naam FROM levering GROUP BY naam") == [("gewist",)]


def test_a_settled_chain_is_sound_after_a_purge(keten):
    """By every check that there is."""
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.drop("0363", "vakantie.jpg", b"x")
    keten.settle()
    keten.empty_receivers()
    keten.close()
    past_its_time(keten)
    keten._chain = keten._open()
    keten.close()
    tally = retention.carry_out(keten.location, keten.config, print)
    assert (tally.messages.total(), tally.files.total(), tally.left) == (2, 3, {})
    keten._chain = keten._open()
    keten.settle()
    keten.check()


def test_a_late_answer_brings_no_erased_name_back(keten):
    """Answers after the term, in one process: what it remembered of the delivery is not told."""
    keten.stations = ("ggk",)
    keten.restart()
    for letter in "abc":
        keten.drop("0363", f"WMO_{NAAM}_{letter}.csv", letter.encode())
    keten.settle()
    past_its_time(keten)
    place(keten.location.state, Asked("01P", PURGE, one_order(keten)))
    keten._chain.engine.look_now()
    keten.settle()
    paths = list(keten.hop("ggk/uit").glob("*.xml"))
    for path in paths:
        (keten.hop("ggk/uit/antwoord") / f"{path.stem}.bv03.xml").write_bytes(bv03_for(path))
        path.unlink()
    keten.settle()
    told = [path.name for path in keten.inbox("0363")]
    assert len(told) == 6
    assert not [name for name in told if NAAM in name]
    with sqlite3.connect(keten.location.database) as connection:
        kept = "\n".join(connection.iterdump())
    connection.close()
    assert "gewist" in kept
    assert NAAM not in kept


def test_where_one_cannot_look_no_copy_is_taken_for_gone(knooppunt):
    """A folder in which nothing can be found is not one in which nothing lies."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"old")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    age(knooppunt, 731)
    folder = knooppunt.folders / "gemeenten" / "0363" / "verzonden"
    folder.rename(folder.with_name("elders"))
    folder.symlink_to(folder)
    said = knooppunt("purge", code=2).stderr
    assert "a copy in gemeenten/0363/verzonden cannot be read: Too many levels" in said
    said = knooppunt("purge", "--do", code=2).stderr
    assert "gemeenten/0363/verzonden" in said
    folder.unlink()
    folder.with_name("elders").rename(folder)
    assert purge(knooppunt, "--do") == {("levering", "wmo"): (1, 1)}


def test_what_a_person_dropped_goes_too(knooppunt):
    """With its name in the table of quarantine, and who decided it and why."""
    knooppunt.drop("0363", f"{NAAM}.jpg", b"x")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    [folder] = quarantine(knooppunt)
    knooppunt("quarantine", "drop", folder, "--reason", "van p.pietersen")
    archive = knooppunt.folders / "quarantaine" / ".archief"
    assert list(archive.iterdir())
    age(knooppunt, 731)
    assert purge(knooppunt, "--do") == {("geweigerd", ""): (1, 2)}
    assert list(archive.iterdir()) == []
    assert sql(knooppunt, "SELECT id FROM held") == []
    assert sql(knooppunt, "SELECT count(*) FROM opening WHERE value LIKE '%pietersen%'") == [(0,)]
    assert knooppunt.json("quarantine", "list", code=1)["held"] == []
    knooppunt("run", "--once")


def test_an_orphan_that_was_decided_on_goes_when_it_is_past_its_time(knooppunt):
    """One that nobody decided on stays: a person must look at it."""
    claimed = knooppunt.folders / "gemeenten" / "0363" / ".claimed"
    for name in ("11111111", "22222222"):
        (claimed / name).write_bytes(b"x")
    knooppunt("run", "--once")
    first, second = quarantine(knooppunt)
    knooppunt("quarantine", "drop", first, "--reason", "niet van ons")
    sql(knooppunt, "UPDATE held SET at = at - ?", 731 * DAY)
    [(messages, files)] = purge(knooppunt, "--do").values()
    assert messages == 1
    assert files >= 1
    assert quarantine(knooppunt) == [second]
    assert sql(knooppunt, "SELECT id FROM held") == [(second,)]
    assert list((knooppunt.folders / "quarantaine" / ".archief").iterdir()) == []


def test_what_a_person_released_is_not_purged_before_it_was_decided_on(keten):
    """Both are asked at once, of a message past its time: it arrives, and nothing of it is half."""
    keten.drop("0363", "onbekend.jpg", b"toch")
    keten.settle()
    [held] = keten.quarantine()
    past_its_time(keten)
    order = one_order(keten)
    release = {"action": "release", "ids": [held.name], "by": "anna", "reason": "toch", "as": "wmo"}
    place(keten.location.state, Asked("01A", DECIDE, release))
    place(keten.location.state, Asked("01B", PURGE, order))
    keten.settle()
    assert [one.content for one in keten.received("wmo")] == [b"toch"]
    assert [path.name for path in keten.verzonden("0363")] == ["onbekend.jpg"]
    with Reader(keten.location.database) as reader:
        assert reader.trace("onbekend.jpg")


# --- nothing is left on the disk ---


def holding(folder, *wanted):
    """Each file below a folder in whose name or bytes one of these is."""
    found = []
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if any(one in content or one in str(path.name).encode() for one in wanted):
            found.append(path.relative_to(folder).as_posix())
    return found


def test_what_was_erased_is_nowhere_on_the_disk_while_the_gateway_runs(knooppunt):
    """Names, users, salts, payload: not in a page of the database, nor in its WAL, nor in a copy.

    Many messages, so that pages were split, filled and freed. Every proof holds before and after,
    and the leaf's commitments can no longer be opened: what would open them is gone.
    """
    count = 60
    for number in range(count):
        name = f"WMO_H22025_{NAAM}{number:03d}.csv"
        knooppunt.drop(
            "0363", name, b"VERTROUWELIJK-%d" % number, "wmo", f"p.pietersen{number:03d}"
        )
        knooppunt.drop("0363", f"{NAAM}{number:03d}.jpg", b"VERTROUWELIJK-x%d" % number)
    knooppunt("run", "--once", "--nu", "2026-02-02")
    some = quarantine(knooppunt)[0]
    knooppunt("quarantine", "drop", some, "--reason", f"van {NAAM}")
    for folder in ("cbs", "ggk", "gemeenten/0363/inbox"):  # their owners took what lay there
        for path in (knooppunt.folders / folder).rglob("*"):
            if path.is_file():
                path.unlink()
    for path in (knooppunt.folders / "gemeenten" / "0363" / "outbox" / "wmo").glob("p.*"):
        shutil.rmtree(path)  # a folder that its user made
    openings = sql(knooppunt, "SELECT leaf, label, salt, value FROM opening")
    personal = {bytes(salt) for _, _, salt, value in openings
                if NAAM in value or "pietersen" in value}  # fmt: skip
    assert len(personal) > 3 * count
    assert knooppunt.json("audit", "verify")["ok"]
    before = sql(knooppunt, "SELECT content FROM leaf ORDER BY idx")
    traced = NAAM.encode(), NAAM.lower().encode(), b"pietersen", b"VERTROUWELIJK"
    process = knooppunt.start("run", "--metrics", "0")  # it holds the database open: there is a WAL
    for line in process.stderr:
        if b"metrics on" in line:
            break
    assert holding(knooppunt.folders, *traced)
    age(knooppunt, 731)
    sql(knooppunt, "UPDATE answered SET at = at - ?", 731 * DAY)
    purge(knooppunt, "--do")
    wal = state(knooppunt) / "knooppunt.db-wal"
    assert wal.exists()
    assert holding(knooppunt.folders, *traced, *personal) == []
    process.terminate()
    process.communicate(timeout=60)
    assert holding(knooppunt.folders, *traced, *personal) == []
    assert knooppunt.json("audit", "verify")["ok"]
    after = sql(knooppunt, "SELECT content FROM leaf ORDER BY idx")
    assert after[: len(before)] == before
    committed = [json.loads(content) for [content] in after]
    left = {leaf for [leaf] in sql(knooppunt, "SELECT leaf FROM opening")}
    about = {
        n
        for n, one in enumerate(committed)
        if "msg" in one and one["type"] != "pseudonym.link"  # kept: docs/privacy.md
    }
    assert len(about) >= 6 * count
    assert left & about == set()
    assert all(committed[n]["name"].startswith("c1:") for n in about)
    assert [one["type"] for one in committed].count("erasure") >= 1


def test_a_store_of_before_gets_digests_for_its_stems(knooppunt):
    """Once, at its next start; and the next number is the one that it would have been."""
    knooppunt.drop("0363", "WMO_H22025.csv", b"1")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    [[kept]] = sql(knooppunt, "SELECT stem FROM last_of_stem WHERE volgnummer = 1")
    stem = stam_sleutel("WMO_H22025", "0363")
    assert kept == digest(stem)
    sql(knooppunt, "UPDATE last_of_stem SET stem = ?", stem)
    knooppunt.drop("0363", "WMO_H22025.csv", b"2")
    knooppunt("run", "--once")
    assert sql(knooppunt, "SELECT stem, volgnummer FROM last_of_stem") == [(kept, 2)]
