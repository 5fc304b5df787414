# SPDX-License-Identifier: EUPL-1.2
"""Another configuration while the chain runs: taken over between two rounds, or refused whole."""

import hashlib
import io
import itertools
import json
import re
import sqlite3
import sys
from contextlib import closing

import pytest
from rich.console import Console

import envelopes
from gateway import show
from gateway.chain import Chain
from gateway.current import DIGEST, REFUSED
from gateway.current import TEXT as KEPT
from gateway.in_force import SCHEMAS
from gateway.setup import shipped_config
from gateway.standing import standing
from gateway.store_queries import Reader
from tests.flow.conftest import Gereedschap, eventually

TEXT = shipped_config().decode()
WITH_UTRECHT = TEXT.replace('  "1701":', '  "0344": {soort: gemeente, naam: Utrecht}\n  "1701":')
WITHOUT_ALMERE = TEXT.replace('  "0034": {soort: gemeente, naam: Almere}\n', "")
BAD = TEXT.replace("richting: heen", "richting: overdwars", 1)


def config_leaves(keten):
    """How many leaves say that a configuration came into force; partial tiles repeat them."""
    entries = b"".join(
        path.read_bytes()
        for path in sorted((keten.root / ".state/audit/tile/entries").rglob("*"))
        if path.is_file()
    )
    return len(set(re.findall(rb'"event":"(\w+)"[^}]*"type":"config.change"', entries)))


def test_a_new_municipality_needs_no_restart(keten):
    """Its folders are made, its file is taken, and the change is a leaf."""
    assert keten.reconfigure(WITH_UTRECHT)
    keten.drop("0344", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert [one.path.name for one in keten.received("wmo")] == ["WMO_H22025_0344_0001.csv"]
    keten.check()
    assert config_leaves(keten) == 2


def test_a_setting_that_changes_counts_for_the_next_file(keten):
    """A pattern taken away: what it placed before is now refused; what was under way is not."""
    keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert keten.reconfigure(TEXT.replace('patronen: ["WMO_*"]', 'patronen: ["MAATWERK_*"]'))
    keten.drop("0363", "WMO_H22025.csv", b"kop 2\n")
    keten.drop("0363", "MAATWERK_H22025.csv", b"kop 3\n")
    keten.settle()
    assert [one.content for one in keten.received("wmo")] == [b"kop 3\n", b"kop\n"]
    assert len(keten.quarantine()) == 1


def test_a_municipality_that_leaves_is_no_longer_looked_at(keten):
    """What lies in its outbox stays there, untouched, until it is connected again."""
    assert keten.reconfigure(WITHOUT_ALMERE)
    path = keten.drop("0034", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert path.exists()
    assert keten.reconfigure(TEXT)
    keten.settle()
    assert not path.exists()
    assert [one.content for one in keten.received("wmo")] == [b"kop\n"]


def test_a_bad_one_is_refused_and_the_old_one_stays(keten):
    """Status says what is wrong and where, a delivery goes on, and mending it clears that."""
    assert not keten.reconfigure(BAD)
    found = standing(keten.location, keten.config)
    line = BAD[: BAD.index("overdwars")].count("\n") + 1
    assert f"config.yaml cannot be used: one fault\n  {line}:15: " in found["config"]["refused"]
    assert "richting" in found["config"]["refused"]
    keten.drop("0363", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert len(keten.received("wmo")) == 1
    assert standing(keten.location, keten.config)["waiting"] == []
    assert keten.reconfigure(TEXT)
    assert standing(keten.location, keten.config)["config"]["refused"] == ""
    assert config_leaves(keten) == 1  # nothing else was ever in force


def test_one_that_is_no_utf_8_is_refused_with_its_line(keten, tmp_path):
    """Another encoding, as an old editor saves it: told by a gateway, a start, the check."""
    content = TEXT.encode() + "# één regel\n".encode("latin-1")
    line = content.count(b"\n")
    says = f"is not UTF-8: line {line} holds a byte that is no part of a character"
    (keten.folder / "config.yaml").write_bytes(content)
    assert not keten._chain.reload()
    assert says in standing(keten.location, keten.config)["config"]["refused"]
    assert keten.reconfigure(TEXT)
    knooppunt = Gereedschap(tmp_path / "ander")
    knooppunt.folder.mkdir()
    (knooppunt.folder / "config.yaml").write_bytes(content)
    for words in (("config", "check"), ("run", "--once"), ("status",)):
        said = knooppunt(*words, code=2).stderr
        assert says in said
        assert "save it as UTF-8" in said
        assert "regel" not in said
    [problem] = knooppunt.json("config", "check", code=2)["problems"]
    assert problem.endswith(says)
    (knooppunt.folder / "config.yaml").write_bytes(TEXT.encode("utf-16"))
    assert "line 1 holds" in knooppunt("config", "check", code=2).stderr


def test_many_faults_are_three_lines_and_a_number(keten):
    """On the screen and in ``status``: the first, each on a line of its own, the path once."""
    text = TEXT.replace("richting: heen", "richting: overdwars")
    count = TEXT.count("richting: heen")
    assert not keten.reconfigure(text)
    first, *faults, more = standing(keten.location, keten.config)["config"]["refused"].split("\n")
    assert first == f"{keten.location.config_path} cannot be used: {count} faults"
    assert [re.sub("[0-9]+:[0-9]+", "n:n", one) for one in faults] == [
        "  n:n: `richting` is overdwars; write `heen` or `retour`"
    ] * 3
    assert more == f"  {count - 3} more: knooppunt config check"
    screen = io.StringIO()
    show.status(Console(file=screen, width=200), standing(keten.location, keten.config))
    assert sum("overdwars" in line for line in screen.getvalue().splitlines()) == 3
    assert screen.getvalue().count(keten.location.config_path) == 1
    assert keten.reconfigure(TEXT)


def test_a_file_that_was_put_back_is_as_before(keten):
    """Nothing changed, and nobody is told that it did: no leaf, and other words."""
    said, became = [], []
    keten.close()
    with Chain(keten.location, say=said.append, reloaded=became.append) as chain:
        path = keten.folder / "config.yaml"
        for text in (TEXT, BAD, BAD, TEXT, WITH_UTRECHT):
            path.write_text(text)
            chain.reload()
    assert [one.event for one in became] == [
        "config.unchanged", "config.refused", "config.unchanged", "config.changed"
    ]  # fmt: skip
    assert [one.said for one in became] == said
    assert said[0] == said[2] == "config.yaml is as before, and stays in force; 0 folders made"
    assert config_leaves(keten) == 2
    path.write_text(TEXT)
    keten._chain = keten._open()


@pytest.mark.parametrize("texts", [(WITH_UTRECHT, BAD, WITHOUT_ALMERE, TEXT)])
def test_files_that_come_meanwhile_all_arrive(keten, texts):
    """Dropped before each change, and taken after it: none is lost, none comes twice."""
    for number, text in enumerate(texts):
        for code in ("0363", "0034", "1701"):
            keten.drop(code, f"WMO_H22025_{number}.csv", f"{code} {number}".encode())
        keten.reconfigure(text)
    keten.settle()
    arrived = sorted(one.content.decode() for one in keten.received("wmo"))
    assert arrived == sorted(f"{c} {n}" for n in range(4) for c in ("0363", "0034", "1701"))


MEANWHILE = []
"""What to do when the next folder is made: once, and then nothing any more."""


def _make_folder(event, _arguments):
    if event == "os.mkdir" and MEANWHILE:
        MEANWHILE.pop()()


sys.addaudithook(_make_folder)  # for good; it does nothing where nobody asks


@pytest.mark.parametrize(
    "after", [TEXT.encode(), BAD.encode(), b"\xff\xfe", None], ids=["other", "bad", "latin", "gone"]
)
def test_what_is_recorded_is_what_was_read(keten, after):
    """The file changes again while its folders are made: the log tells of what is in force."""
    path = keten.folder / "config.yaml"
    before = config_leaves(keten)
    MEANWHILE.append(lambda: path.unlink() if after is None else path.write_bytes(after))
    assert keten.reconfigure(WITH_UTRECHT)
    assert MEANWHILE == []
    assert (path.read_bytes() if path.exists() else None) == after
    with Reader(keten.location.database) as reader:
        assert reader.meta(KEPT) == WITH_UTRECHT
        assert reader.meta(DIGEST) == hashlib.sha256(WITH_UTRECHT.encode()).hexdigest()
    assert "0344" in keten.config.partijen
    assert config_leaves(keten) == before + 1
    keten.drop("0344", "WMO_H22025.csv", b"kop\n")
    keten.settle()
    assert len(keten.received("wmo")) == 1
    path.write_text(WITH_UTRECHT)


def test_line_ends_of_another_system_are_kept_as_they_are(keten):
    """The digest is that of the file's bytes, as ``sha256sum`` gives it."""
    text = WITH_UTRECHT.replace("\n", "\r\n")
    assert keten.reconfigure(text)
    with Reader(keten.location.database) as reader:
        assert reader.meta(DIGEST) == hashlib.sha256(text.encode()).hexdigest()
        assert reader.meta(KEPT) == text


SCHEMA = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{}<xs:element name="{}"/></xs:schema>'
)
WITH_SCHEMA = TEXT.replace('patronen: ["WMO_*"]', 'patronen: ["WMO_*"]\n    schema: eigen.xsd')


def schema_leaves(keten):
    """Digests of the schemas that came into force, in order."""
    with closing(sqlite3.connect(keten.location.database)) as database:
        told = [json.loads(one) for (one,) in database.execute("select content from leaf")]
    return [one["content"] for one in told if one.get("action") == "schema in force: eigen.xsd"]


def test_a_schema_beside_it_that_changes_counts_for_the_next_file(keten):
    """One that is none changes nothing; which one decided is a leaf each time."""
    folder = keten.folder / "schemas"
    folder.mkdir()
    own, numbers = folder / "eigen.xsd", itertools.count(1)

    def refused(content):
        before = len(keten.notices("0034", "weigering"))
        keten.drop("0034", f"WMO_{next(numbers)}.xml", content)
        keten.settle()
        return len(keten.notices("0034", "weigering")) > before

    own.write_text(SCHEMA.format("", "een"))
    assert keten.reconfigure(WITH_SCHEMA)
    assert not refused(b"<een/>")
    assert refused(b"<twee/>")
    own.write_text("dit is geen schema")
    assert not keten.reconfigure(WITH_SCHEMA)
    assert not refused(b"<een>2</een>")
    own.write_text(SCHEMA.format("", "twee"))
    assert keten.reconfigure(WITH_SCHEMA)
    assert refused(b"<een>3</een>")
    assert not refused(b"<twee/>")
    digests = [hashlib.sha256(SCHEMA.format("", one).encode()).hexdigest()
               for one in ("een", "twee")]  # fmt: skip
    assert schema_leaves(keten) == digests
    keten.restart()
    assert schema_leaves(keten) == digests


def test_what_a_schema_includes_counts_too(keten):
    """Another file of that folder changes: the schema is built again, though it is the same."""
    folder = keten.folder / "schemas"
    folder.mkdir()
    own, deel = folder / "eigen.xsd", folder / "deel.xsd"
    own.write_text(SCHEMA.format('<xs:include schemaLocation="deel.xsd"/>', "een"))
    deel.write_text(SCHEMA.format("", "twee"))
    assert keten.reconfigure(WITH_SCHEMA)
    path = keten.config.uitwisselingen["wmo"].schema_

    def wrong(content):
        return envelopes.check(path, content, gelezen=keten.config.schemas[path])

    assert wrong(b"<twee/>") == []
    deel.write_text(SCHEMA.format("", "drie"))
    assert keten.reconfigure(WITH_SCHEMA)
    assert wrong(b"<twee/>")
    assert wrong(b"<drie/>") == []


def test_a_schema_alone_is_mended_under_a_running_gateway(knooppunt):
    """Refused because of it, config.yaml is not touched again: it is taken in, and logged."""
    process = knooppunt.start("run")
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    eventually((knooppunt.folders / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv").exists)  # it runs
    folder = knooppunt.folder / "schemas"
    folder.mkdir()
    (folder / "eigen.xsd").write_text("dit is geen schema")
    (knooppunt.folder / "config.yaml").write_text(WITH_SCHEMA)
    eventually(lambda: "eigen.xsd" in knooppunt.json("status")["config"]["refused"])
    text = SCHEMA.format("", "een")
    (folder / "eigen.xsd").write_text(text)
    eventually(lambda: knooppunt.json("status")["config"]["refused"] == "")
    with Reader(str(knooppunt.folders / ".state/knooppunt.db")) as reader:
        assert reader.meta(KEPT) == WITH_SCHEMA
        assert json.loads(reader.meta(SCHEMAS)) == {
            "eigen.xsd": hashlib.sha256(text.encode()).hexdigest()
        }
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"config.yaml and schemas/eigen.xsd were changed, and are in force now" in said


def test_a_running_gateway_sees_that_its_configuration_was_changed(knooppunt):
    """Edited by hand under ``knooppunt run``: in force without a restart; a bad one is told."""
    process = knooppunt.start("run")
    path = knooppunt.folders.parent / "config.yaml"
    outbox = knooppunt.folders / "gemeenten/0344/outbox"
    cbs = knooppunt.folders / "cbs/in/GMSDWMO"
    knooppunt.drop("0363", "WMO_H22025.csv", b"kop\n")
    eventually((cbs / "WMO_H22025_0363_0001.csv").exists)  # it runs
    path.write_text(BAD)
    eventually(lambda: "richting" in knooppunt.json("status")["config"]["refused"])
    alarms = knooppunt.json("status", "--check", code=1)["alarms"]
    assert [one["code"] for one in alarms] == ["configuratie-geweigerd"]
    path.write_text(WITH_UTRECHT)
    eventually(outbox.is_dir)
    (outbox / "WMO_H22025.csv").write_bytes(b"kop\n")
    eventually(
        (cbs / "WMO_H22025_0344_0001.csv").exists,
        told=lambda: (knooppunt("status").stdout, knooppunt("why", str(outbox), code=None)),
    )
    path.unlink()
    said = knooppunt("status", code=2).stderr
    assert "put its config.yaml back" in said
    assert "knooppunt init DIR" not in said
    with Reader(str(knooppunt.folders / ".state/knooppunt.db")) as reader:
        eventually(lambda: "there is no configuration" in (reader.meta(REFUSED) or ""))
    path.write_text(WITH_UTRECHT)
    eventually(lambda: knooppunt.json("status")["config"]["refused"] == "")
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"config.yaml was changed; the old one stays: " in said
    assert b"there is no configuration at" in said
    assert b"is in force now" in said
    assert knooppunt.json("status")["config"]["refused"] == ""
