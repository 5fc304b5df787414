# SPDX-License-Identifier: EUPL-1.2
"""Every shipped exchange is played there and back; provinces and water boards by YAML alone."""

from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.health import Monitor
from gateway.setup import shipped_config
from gateway.testing import Keten
from tests.flow.vreemd import antwoorden, envelop
from tests.vectors.namen import HEEN, TERUG, TYPES

BESLUIT = (
    b'<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">'
    b"<gemeentecode>0363</gemeentecode><uitvraag>H22025</uitvraag><besluit>accordering</besluit>"
    b"<omvang>geheel</omvang><gebruiker><id>coordinator</id></gebruiker>"
    b"<tijdstip>2026-02-02T09:30:00+01:00</tijdstip></publicatiebesluit>"
)

PARTIES = """partijen:
  "9001": {soort: provincie, naam: Drenthe}
  "9101": {soort: waterschap, naam: Zuiderzeeland}
"""


@pytest.fixture
def overheden(tmp_path):
    """A chain with a province and a water board, added by YAML."""
    config = shipped_config().decode().replace("partijen:\n", PARTIES, 1)
    with Keten(tmp_path, config=config) as keten:
        yield keten


def test_every_shipped_exchange_runs_there(keten):
    """Each good name, dropped in the outbox, comes to the receiver meant, and only there."""
    sent = {}
    keten.grant("coordinator", "gmsd", "0363")
    for exchange, names in HEEN.items():
        for number, name in enumerate(names):
            content = BESLUIT if exchange == "besluit" else f"{exchange} {number}".encode()
            sealed = keten.config.uitwisselingen[exchange].binding == "sterk"
            (keten.drop_sealed if sealed else keten.drop)("0363", name, content)
            sent.setdefault(exchange, []).append((name, content))
        keten.settle()
    assert set(sent) == {one.id for one in keten.config.heen}
    for exchange, wanted in sent.items():
        got = keten.received(exchange)
        found = [(one.metagegevens.bestand.oorspronkelijke_naam, one.content) for one in got]
        assert sorted(found) == sorted(wanted)
        assert {one.metagegevens.uitwisseling for one in got} == {exchange}
        [message] = {m["id"]: m for one in got[:1] for m in keten.trace(one.name)}.values()
        assert (message["uitwisseling"], message["status"]) == (exchange, "acknowledged")
    assert len(keten.notices("0363", "ontvangst")) == sum(map(len, sent.values()))
    assert keten.quarantine() == []


@pytest.mark.parametrize("exchange", TERUG)
def test_every_shipped_exchange_runs_back_with_any_type(keten, exchange):
    """To the inbox of the party in the name, byte for byte, whatever it is."""
    for ext, content in TYPES.items():
        keten.send(exchange, TERUG[exchange].format(code="0034", ext=ext), content)
    bare = TERUG[exchange].format(code="1701", ext="").rstrip(".")
    keten.send(exchange, bare, b"zonder extensie")
    keten.settle()
    got = {path.name: path.read_bytes() for path in keten.inbox("0034")}
    assert got == {TERUG[exchange].format(code="0034", ext=e): c for e, c in TYPES.items()}
    gmsd = keten.config.uitwisselingen[exchange].rinis_code.startswith("GMSD")
    if gmsd:  # its names are agreed on, and have an extension (contracts)
        [folder] = keten.quarantine()
        assert bare in [path.name for path in folder.iterdir()]
    else:
        assert [path.read_bytes() for path in keten.inbox("1701")] == [b"zonder extensie"]


@pytest.mark.parametrize(
    ("heen", "name", "retour", "report"),
    [
        ("sisa", "SISA_2025.xlsx", "sisa-terug", "SISATERUG_2025_0363_0002.xlsx"),
        ("bus", "BUS_202511.csv", "bus-terug", "BUSTERUG_202511_0363_0002.csv"),
        ("srg", "SRG_202511.csv", "srg-terug", "SRGTERUG_202511_0363_0002.csv"),
        ("bams", "BAMS_202511.csv", "bams-terug", "BAMSTERUG_202511_0363_0002.csv"),
        ("bijstandsdebiteuren", "BDFS_202511.csv", "bijstandsdebiteuren-terug",
         "BDFSTERUG_202511_0363_0002"),
    ],
)  # fmt: skip
def test_what_comes_back_answers_its_delivery(keten, heen, name, retour, report):
    """By the number of the delivery at CBS: the second one's answer is not the first one's."""
    for content in (b"eerste", b"tweede"):
        keten.drop("0363", name, content)
        keten.settle()
    second = keten.received(heen)[1]
    keten.send(retour, report, b"terug")
    keten.settle()
    [back] = keten.trace(report)
    assert back["answers_to"] == second.metagegevens.referentienummer
    assert second.content == b"tweede"


def test_the_windows_of_gmsd_are_not_about_the_others(keten):
    """A half-year in the name of another exchange's file is no reason for a remark."""
    keten.drop("0363", "GECONTRACTEERDEN_H12016.xlsx", b"lijst")
    keten.drop("0363", "WMO_H12016.csv", b"buiten het venster")
    keten.settle()
    for name, remarks in (("GECONTRACTEERDEN_H12016.xlsx", 0), ("WMO_H12016.csv", 1)):
        [message] = keten.trace(name)
        assert [event["type"] for event in message["events"]].count("remark") == remarks
    assert keten.received("gecontracteerden")[0].metagegevens.uitvraag == "H12016"


# --- provinces and water boards -------------------------------------------------------------------


def test_each_kind_of_party_has_a_folder_of_its_own(overheden):
    """Where the source names provinces and water boards: there, under the code of their kind."""
    exchanges = [one for one in overheden.config.heen if len(one.codes) == 3]
    assert len(exchanges) == 8
    for one in exchanges:
        for code in ("0363", "9001", "9101"):
            overheden.drop(code, HEEN[one.id][0], code.encode())
    overheden.settle()
    for one in exchanges:
        got = {path.path.parent.name: path for path in overheden.received(one.id)}
        assert {folder: file.content.decode() for folder, file in got.items()} == dict(
            zip(one.codes.values(), ("0363", "9001", "9101"), strict=True)
        )
        for code, file in zip(("0363", "9001", "9101"), got.values(), strict=True):
            assert file.metagegevens.gemeentecode == code
            assert f"_{code}_0001" in file.name


def test_a_province_gets_back_what_is_in_its_folder(overheden):
    """As an answer to its own delivery; in the folder of another kind it is refused."""
    overheden.drop("9001", "SISA_2025.xlsx", b"heen")
    overheden.settle()
    [sent] = overheden.received("sisa")
    overheden.send("sisa-terug", "SISATERUG_2025_9001_0001.xlsx", b"terug", soort="provincie")
    overheden.send("sisa-terug", "SISATERUG_2025_9001.pdf", b"verdwaald")
    overheden.settle()
    [back] = overheden.trace("SISATERUG_2025_9001_0001.xlsx")
    assert back["answers_to"] == sent.metagegevens.referentienummer
    inbox = {path.name: path.read_bytes() for path in overheden.inbox("9001")}
    assert inbox["SISATERUG_2025_9001_0001.xlsx"] == b"terug"
    assert "SISATERUG_2025_9001.pdf" not in inbox
    refused = overheden.root / "cbs/uit/SISATRG/geweigerd"
    [text] = [path.read_text("utf-8") for path in refused.glob("*.txt")]
    assert "verkeerde-map" in text
    assert "SISATRGP" in text


def test_a_kind_without_a_code_does_not_use_an_exchange(overheden):
    """By name or by sub-folder: refused, with the kinds that do; it has no such sub-folder."""
    assert overheden.outbox("9101", "sisa").is_dir()
    assert not overheden.outbox("9101", "wmo").exists()
    overheden.drop("9101", "WMO_H22025.csv", b"op naam")
    overheden.drop("9101", "x.csv", b"op map", uitwisseling="wmo")
    overheden.settle()
    told = overheden.notices("9101", "weigering")
    assert len(told) == 2
    for text in told:
        assert "soort-niet-toegelaten" in text
        assert "wel voor: gemeente." in text
        assert "Waterschap:" in text
    assert overheden.received("wmo") == []
    assert len(overheden.quarantine()) == 2


def test_a_party_is_only_missed_where_its_kind_hands_in(overheden):
    """Near the end of GMSD's window the province and the water board are not reminded of it."""
    for exchange in ("wmo", "sbo", "jeugd"):
        assert overheden.config.gebruikers_van(exchange) == ("0363", "0034", "1701")
    overheden.turn(datetime(2026, 2, 18, 12, tzinfo=UTC))
    with closing(Monitor(overheden.location, overheden.config)) as monitor:
        missing = monitor.measure().missing
    assert {one.deadline.uitwisseling for one in missing} == {"wmo", "sbo", "jeugd"}
    assert {code for one in missing for code in one.codes} == {"0363", "0034", "1701"}


def test_another_system_cannot_send_under_the_code_of_another_kind(overheden):
    """A province's envelope with a municipality's functie is refused with StUF040."""
    folder = overheden.hop("ggk/uit")
    for stem, party, functie in (("a", "9001", "SISA"), ("b", "9001", "SISAP"),
                                 ("c", "0363", "SISAW"), ("d", "9001", "GMSDWMO")):  # fmt: skip
        data = envelop(gemeente=party, functie=functie, naam="SISA_2025.xlsx",
                       tijd=f"2026020210000000{ord(stem) - 96}")  # fmt: skip
        (folder / f"{stem}.xml").write_bytes(data)
    overheden.settle()
    assert antwoorden(overheden) == {"a": "StUF040", "b": "Bv03", "c": "StUF040", "d": "StUF040"}
    [got] = overheden.received("sisa")
    assert got.path.parent.name == "SISAP"
