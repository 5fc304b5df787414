# SPDX-License-Identifier: EUPL-1.2
"""What the flow leaves in the audit log, and what the log never holds."""

import json
import shutil
import sqlite3
from collections import Counter

import pytest

from gateway.audit import leaf
from gateway.chain import Location
from gateway.errors import AuditError, GatewayError
from gateway.lifecycle import TRANSITIONS
from gateway.model import EventType
from gateway.setup import shipped_config
from gateway.testing import Keten, unbound
from tests.flow.vreemd import envelop

BSN = "123456782"
GEHEIM = ["Jan-de-Vries", BSN, "geheime inhoud", "w.loketmedewerker"]


def rows(keten, query):
    with sqlite3.connect(f"file:{keten.location.database}?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


def leaves(keten):
    """Every leaf of the store, in order."""
    return [json.loads(one) for (one,) in rows(keten, "select content from leaf order by idx")]


def leaf_of(event):
    return TRANSITIONS[EventType(event)].leaf


def test_a_delivery_has_four_leaves_and_one_for_its_notice(keten):
    """accepted, relayed, delivered, acknowledged, and the receipt; linked by prev, one flow."""
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    [message] = keten.trace("WMO_H22025.csv")
    own = [(n, one) for n, one in enumerate(leaves(keten)) if one.get("msg") == message["id"]]
    assert [one["type"] for _, one in own] == [
        leaf_of(e) for e in ("accepted", "relayed", "delivered", "acknowledged", "notified")
    ]
    assert [one.get("prev") for _, one in own] == [None, *[n for n, _ in own][:-1]]
    assert {one["content"] for _, one in own} == {message["sha256"]}
    assert {one["flow"] for _, one in own} == {message["referentienummer"]}
    assert {one["tenant"] for _, one in own} == {"0363"}
    assert [one["source"] for _, one in own] == ["ggk", "ggk", "rinis", "ggk", "ggk"]
    assert [n for n, _ in own] == [e["leaf"] for e in message["events"] if e["leaf"] is not None]


def test_a_report_shares_the_flow_of_what_it_answers(keten):
    """By flow the log tells a delivery and its report together; the report has four leaves."""
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    keten.send("op-orde", "OPORDE_H22025_0363_0001.pdf", b"%PDF")
    keten.settle()
    reference = keten.trace("WMO_H22025.csv")[0]["referentienummer"]
    back = keten.trace("OPORDE_H22025_0363_0001.pdf")[0]["id"]
    own = [one for one in leaves(keten) if one.get("msg") == back]
    assert [one["type"] for one in own] == [
        leaf_of(e) for e in ("accepted", "relayed", "delivered", "acknowledged")
    ]
    assert {one["flow"] for one in own} == {reference}


@pytest.mark.parametrize("refused", ["door", "rinis", "foreign"])
def test_a_refusal_is_in_the_log_with_its_code(keten, refused):
    """At the door, by RINIS, and what is another's: its code is in the log."""
    if refused == "door":
        keten.drop("0363", "onzin.csv", b"x")
        expected = "geen-uitwisseling"
    elif refused == "foreign":
        (keten.hop("ggk/uit") / "a.xml").write_bytes(envelop(functie="ONBEKEND"))
        expected = "StUF034"
    else:
        keten.stations = ("ggk",)
        keten.restart()
        keten.drop("0363", "WMO_H22025.csv", b"x")
        keten.settle()
        [path] = keten.hop("ggk/uit").glob("*.xml")
        path.write_bytes(path.read_bytes().replace(b">GMSDWMO<", b">ONBEKEND<"))
        keten.stations = ("ggk", "rinis")
        keten.restart()
        expected = "StUF034"
    keten.settle()
    count = Counter(
        one["msg"] for one in leaves(keten) if "msg" in one and one["action"] != "notified"
    )
    assert max(count.values()) <= 4
    assert expected in {one["result"] for one in leaves(keten)}


def test_nothing_personal_is_ever_published(tmp_path):
    """BSN, user, file name and content of every route: none is in any file of the audit folder."""
    text = unbound().replace(
        "naam: Amsterdam}", "naam: Amsterdam, standaardgebruiker: w.loketmedewerker}"
    )
    content = f"{BSN};geheime inhoud Jan-de-Vries\n".encode()
    with Keten(tmp_path, config=text) as keten:
        keten.drop("0363", f"WMO_H22025_Jan-de-Vries {BSN}.csv", content)
        keten.drop("0363", f"Jan-de-Vries {BSN}.csv", content)
        keten.drop("0363", f"{BSN}.csv", content, uitwisseling="jeugd", gebruiker="Jan-de-Vries")
        keten.drop("0363", f"OPTIN_{BSN}.xml", content)
        keten.drop("0363", f"{BSN}.csv", content, uitwisseling=f"Jan-de-Vries {BSN}")
        keten.send("op-orde", f"OPORDE_H22025_0363_0001.{BSN}", content)
        keten.send("op-orde", f"Jan-de-Vries {BSN}.pdf", content)
        foreign = envelop(gebruiker="Jan-de-Vries", naam=f"WMO_{BSN}.csv", payload=content)
        (keten.hop("ggk/uit") / f"{BSN}.xml").write_bytes(foreign)
        (keten.hop("ggk/uit") / f"{BSN}-kapot.xml").write_bytes(
            foreign.replace(b">Di01<", b">Jan-de-Vries<")
        )
        (keten.hop("ggk/in") / f"Jan-de-Vries {BSN}.xml").write_bytes(content)
        keten.settle()
        for path in keten.quarantine():
            assert (path / "reden.txt").exists()
        keten.restart()
        published = {
            p.relative_to(keten.location.audit): p.read_bytes()
            for p in keten.root.joinpath(".state/audit").rglob("*")
            if p.is_file()
        }
        size = len(leaves(keten))
    assert size > 20
    entries = b"".join(data for path, data in published.items() if "entries" in path.parts)
    assert entries.count(b'"type"') >= size
    for path, data in published.items():
        for secret in GEHEIM:
            assert secret.encode() not in data, (path, secret)
            assert secret not in str(path)


def test_every_commitment_opens_with_its_opening(keten):
    """Name and user of each leaf can be opened from the store, and only with what was said."""
    keten.drop("0363", "x y.csv", b"x", uitwisseling="wmo", gebruiker="b.bakker")
    keten.settle()
    told = leaves(keten)
    openings = rows(keten, "select leaf, label, salt, value from opening")
    committed = {
        (number, label)
        for number, one in enumerate(told)
        for label in ("actor", "name")
        if str(one.get(label, "")).startswith("c1:")
    }
    assert committed == {(number, label) for number, label, _, _ in openings}
    for number, label, salt, value in openings:
        assert leaf.commit(label, value, salt) == told[number][label]
        assert leaf.commit(label, value + "x", salt) != told[number][label]
        assert len(salt) == 32
    assert len({salt for _, _, salt, _ in openings}) == len(openings)
    assert {"x y.csv", "b.bakker"} <= {value for *_, value in openings}


def test_turning_the_clock_and_a_new_configuration_are_leaves(tmp_path):
    """clock.step at each turn; config.change once for each configuration, not for each start."""
    with Keten(tmp_path) as keten:
        keten.advance(days=3)
        keten.restart()
        keten.restart()
        types = Counter(one["type"] for one in leaves(keten))
        assert (types["clock.step"], types["config.change"]) == (1, 1)
    text = shipped_config().decode() + "# een regel meer\n"
    with Keten(tmp_path, config=text) as keten:
        types = Counter(one["type"] for one in leaves(keten))
        assert (types["clock.step"], types["config.change"]) == (1, 2)
        digests = [one["content"] for one in leaves(keten) if one["type"] == "config.change"]
        assert len(set(digests)) == 2


def test_the_machines_clock_and_the_chains_are_apart(keten):
    """Nu goes back a year: leaves keep their order of time, deliveries theirs."""
    keten.drop("0363", "WMO_1.csv", b"1")
    keten.settle()
    keten.advance(days=-365)
    keten.drop("0363", "WMO_2.csv", b"2")
    keten.settle()
    ats = [one["at"] for one in leaves(keten)]
    assert ats == sorted(ats)
    assert [one.content for one in keten.received("wmo")] == [b"1", b"2"]
    times = [one.metagegevens.tijdstip_upload for one in keten.received("wmo")]
    assert times[1] < times[0]


def test_it_does_not_start_on_a_database_that_is_older_than_the_log(tmp_path):
    """Yesterday's database beside today's published log: refused, with advice; nothing moves."""
    with Keten(tmp_path) as keten:
        keten.drop("0363", "WMO_1.csv", b"1")
    database = keten.location.database
    shutil.copy(database, tmp_path / "gisteren.db")
    with Keten(tmp_path) as keten:
        keten.drop("0363", "WMO_2.csv", b"2")
    shutil.copy(tmp_path / "gisteren.db", database)
    path = keten.drop("0363", "WMO_3.csv", b"3")
    with pytest.raises(AuditError, match="the database only") as told:
        Keten(tmp_path)
    assert "backup" in told.value.hint
    assert path.exists()


def test_it_does_not_start_when_the_database_tells_another_history(tmp_path):
    """The same size, one leaf another: refused."""
    keten = Keten(tmp_path)
    keten.drop("0363", "WMO_1.csv", b"1")
    keten.settle()
    keten.close()
    with sqlite3.connect(keten.location.database) as database:
        database.execute("update head set root = zeroblob(32)")
    with pytest.raises(AuditError, match="contradicts itself"):
        Keten(tmp_path)


def test_it_does_not_start_on_an_empty_database_beside_a_log(tmp_path):
    """The database is gone, the log is there: never a fresh start in silence."""
    keten = Keten(tmp_path)
    keten.close()
    for path in (keten.root / ".state").glob("knooppunt.db*"):
        path.unlink()
    with pytest.raises(GatewayError, match="is gone") as told:
        Keten(tmp_path)
    assert told.value.hint


def test_the_log_is_where_contracts_say(keten):
    """checkpoint, tiles, archived checkpoints and the key, all below .state/audit."""
    keten.drop("0363", "WMO_1.csv", b"1")
    keten.settle()
    keten.restart()
    audit = keten.root / ".state/audit"
    size = len(leaves(keten))
    assert str(Location.of(str(keten.folder / "config.yaml")).audit) == str(audit)
    assert (audit / "checkpoint").read_text().splitlines()[1] == str(size)
    assert (audit / "checkpoints" / str(size)).read_bytes() == (audit / "checkpoint").read_bytes()
    assert (audit / f"tile/entries/000.p/{size}").exists()
    assert oct((keten.root / ".state/keys/log/log.key").stat().st_mode & 0o777) == "0o600"
