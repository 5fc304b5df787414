# SPDX-License-Identifier: EUPL-1.2
"""The way back: what a receiver puts in its send folder reaches the right inbox, or none."""

import uuid

import pytest

import envelopes
from gateway.testing import unbound
from tests.flow.vreemd import antwoorden, envelop, lees_antwoord

PDF = b"%PDF-1.7 verslag"


def deliver(keten, code="0363", name="WMO_H22025.csv"):
    """Drop a file and give the referentienummer under which it was delivered."""
    keten.drop(code, name, b"kop\n")
    keten.settle()
    return keten.trace(name)[-1]["referentienummer"]


def reports(keten, code):
    """What lies in an inbox, notices apart."""
    return [
        p for p in keten.inbox(code) if "_ontvangst_" not in p.name and "_weigering_" not in p.name
    ]


def envelope_back(keten, name, content=PDF, exchange="technische-terugkoppeling"):
    """Let RINIS alone wrap a file, and read the envelope that it puts in ggk/in."""
    keten.stations = ("rinis",)
    keten.restart()
    keten.send(exchange, name, content)
    keten.settle()
    [path] = keten.hop("ggk/in").glob("*.xml")
    found = envelopes.read(path.read_bytes())
    keten.stations = ("ggk", "rinis")
    keten.restart()
    keten.settle()
    return path.name, found


@pytest.mark.parametrize(
    ("exchange", "name"),
    [
        ("technische-terugkoppeling", "TECHNISCH_H22025_0363_0001.pdf"),
        ("op-orde", "OPORDE_H22025_0363_0001.pdf"),
        ("spiegelrapport-2", "SPIEGEL2_H22025_0363_0001.pdf"),
        ("opt-in-verzoek", "OPTINVERZOEK_H22025_0363_0001.pdf"),
    ],
)
def test_a_report_on_a_known_delivery_is_a_du01_that_names_it(keten, exchange, name):
    """Du01 with the delivery's number in crossRefnummer; in the inbox under its own name."""
    reference = deliver(keten)
    file_name, found = envelope_back(keten, name, exchange=exchange)
    head = found.stuurgegevens
    assert (head.berichtcode, head.cross_refnummer) == ("Du01", reference)
    assert head.functie == keten.config.uitwisselingen[exchange].rinis_code
    assert (head.zender.organisatie, head.ontvanger.organisatie) == ("CBS", "0363")
    assert head.ontvanger.applicatie == "GGk"
    assert file_name == f"{head.tijdstip_bericht}_{head.referentienummer}.xml"
    assert found.bestandsnaam == name
    [path] = reports(keten, "0363")
    assert (path.name, path.read_bytes()) == (name, PDF)
    assert reports(keten, "0034") == []
    back = keten.trace(name)[0]
    assert (back["direction"], back["answers_to"], back["status"]) == (
        "retour",
        reference,
        "acknowledged",
    )
    assert not (keten.root / "cbs/uit" / head.functie / name).exists()
    assert set(antwoorden(keten, "ggk/in").values()) == {"Bv03"}


@pytest.mark.parametrize(
    "name",
    [
        "TECHNISCH_H22025_0363_0009.pdf",
        "TECHNISCH_H22025_0363.pdf",
        "TECHNISCH_H12025_0363_0001.pdf",
    ],
)
def test_a_report_on_no_delivery_that_we_know_is_a_di01(keten, name):
    """Another number, no number, another uitvraag: Di01 without crossRefnummer; it arrives."""
    deliver(keten)
    _, found = envelope_back(keten, name)
    assert (found.stuurgegevens.berichtcode, found.stuurgegevens.cross_refnummer) == ("Di01", None)
    assert [p.name for p in reports(keten, "0363")] == [name]


def test_a_number_of_another_municipality_is_not_this_ones_delivery(keten):
    """Number 1 is known for 0363 only: one on it for 0034 answers nothing there."""
    deliver(keten, "0363")
    _, found = envelope_back(keten, "TECHNISCH_H22025_0034_0001.pdf")
    assert found.stuurgegevens.berichtcode == "Di01"
    assert len(reports(keten, "0034")) == 1
    assert reports(keten, "0363") == []


def test_a_retour_exchange_answers_only_what_it_says(keten):
    """A besluit has numbers of its own: antwoord_op does not name it, so nothing is answered."""
    keten.reconfigure(unbound())
    keten.drop("0363", "x.xml", BESLUIT, uitwisseling="besluit")
    keten.settle()
    assert len(keten.received("besluit")) == 1
    keten.send("technische-terugkoppeling", "TECHNISCH_H22025_0363_0001.pdf", PDF)
    keten.settle()
    assert keten.trace("TECHNISCH_H22025_0363_0001.pdf")[0]["answers_to"] is None


def test_a_number_that_two_exchanges_gave_is_remarked_on(keten):
    """TECHNISCH_..._0001 fits the first Wmo file and the first sbo file: one is taken, and said."""
    first = deliver(keten)
    second = deliver(keten, name="SBO_H22025.csv")
    name = "TECHNISCH_H22025_0363_0001.pdf"
    keten.send("technische-terugkoppeling", name, PDF)
    keten.settle()
    [told] = keten.trace(name)
    assert told["answers_to"] == first
    [remark] = [one for one in told["events"] if one["type"] == "remark"]
    assert remark["code"] == "meer-leveringen"
    assert f"sbo {second}" in remark["remark"]


BESLUIT = (
    b'<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">'
    b"<gemeentecode>0363</gemeentecode>"
    b"<uitvraag>H22025</uitvraag><besluit>opt-in</besluit><omvang>geheel</omvang><gebruiker>"
    b"<id>b.bakker</id></gebruiker><tijdstip>2026-02-02T10:00:00Z</tijdstip></publicatiebesluit>"
)


@pytest.mark.parametrize(
    ("ext", "content"),
    [
        ("xml", b"<verslag/>"),
        ("zip", b"PK\x03\x04"),
        ("csv", b"a;b\r\n"),
        ("xlsx", b"\x00\xff"),
        ("txt", b"\xef\xbb\xbfx"),
    ],
)
def test_the_way_back_takes_any_type(keten, ext, content):
    """Reports of any type arrive byte for byte."""
    keten.send("op-orde", f"OPORDE_H22025_1701.{ext}", content)
    keten.settle()
    [path] = reports(keten, "1701")
    assert (path.name, path.read_bytes()) == (f"OPORDE_H22025_1701.{ext}", content)


def test_a_name_in_use_in_the_inbox_is_made_unique(keten):
    """The same report twice, and a file of the municipality itself: none is overwritten."""
    name = "OPORDE_H22025_0363.pdf"
    (keten.root / "gemeenten/0363/inbox" / name).write_bytes(b"van de gemeente")
    for content in (b"een", b"twee", b"twee"):
        keten.send("op-orde", name, content)
        keten.settle()
    found = {p.name: p.read_bytes() for p in reports(keten, "0363")}
    assert found.pop(name) == b"van de gemeente"
    assert sorted(found) == [f"OPORDE_H22025_0363_{n}.pdf" for n in (2, 3, 4)]
    assert list(found.values()) == [b"een", b"twee", b"twee"]
    assert len(keten.trace("OPORDE_H22025_0363_3.pdf")) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("verslag.pdf", "niet-adresseerbaar"),
        ("OPORDE_H22025_0363.pdf", "niet-adresseerbaar"),  # of another exchange
        ("TECHNISCH_H22025_363.pdf", "niet-adresseerbaar"),
        ("TECHNISCH_H22025_0599.pdf", "ontvanger-onbekend"),
        ("TECHNISCH_H22025_0363", "niet-adresseerbaar"),
        ("regel\nnieuw\x1b.pdf", "niet-adresseerbaar"),
    ],
)
def test_what_cannot_be_addressed_is_held_and_its_sender_told(keten, name, code):
    """Quarantine with reden.txt, the reason in geweigerd/ as text and XML; no inbox gets it."""
    keten.send("technische-terugkoppeling", name, PDF)
    keten.settle()
    [held] = keten.quarantine()
    assert {p.name for p in held.iterdir()} == {name, "reden.txt"}
    assert (held / name).read_bytes() == PDF
    back = keten.root / "cbs/uit/GMSDTTK/geweigerd"
    text, xml = sorted(p for p in back.iterdir() if p.is_file())
    assert code in text.read_text("utf-8")
    assert "Wat nu?" in text.read_text("utf-8")
    assert "\x1b" not in text.read_text("utf-8")
    assert envelopes.check("kennisgeving.xsd", xml.read_bytes()) == []
    for municipality in ("0363", "0034", "1701"):
        assert keten.inbox(municipality) == []
    assert keten.types() == ["rejected", "notified"]


def test_an_empty_report_is_refused(keten):
    """0 bytes from a receiver: held, and told in geweigerd/."""
    keten.send("op-orde", "OPORDE_H22025_0363.pdf", b"")
    keten.settle()
    assert len(keten.quarantine()) == 1
    assert list((keten.root / "cbs/uit/GMSDSP1/geweigerd").glob("*.txt"))


def test_a_report_for_anothers_delivery_is_never_delivered(keten):
    """A foreign Du01 for 0034 that answers a delivery of 0363: StUF043, held, no inbox (row 73)."""
    reference = deliver(keten, "0363")
    data = envelop(
        terug=True, gemeente="0034", antwoord_op=reference, payload=PDF, naam="verslag.pdf"
    )
    (keten.hop("ggk/in") / "vreemd.xml").write_bytes(data)
    keten.settle()
    answer = lees_antwoord(keten.hop("ggk/in/antwoord") / "vreemd.fo03.xml")
    assert answer.fout.code == "StUF043"
    assert reports(keten, "0034") == []
    assert reports(keten, "0363") == []
    assert len(keten.quarantine()) == 1


def test_a_report_that_answers_a_report_is_refused(keten):
    """A crossRefnummer must name a delivery: the number of what went back itself is none."""
    keten.send("op-orde", "OPORDE_H22025_0363.pdf", PDF)
    keten.settle()
    reference = keten.trace("OPORDE_H22025_0363.pdf")[0]["referentienummer"]
    data = envelop(terug=True, antwoord_op=reference, naam="verslag.pdf")
    (keten.hop("ggk/in") / "vreemd.xml").write_bytes(data)
    keten.settle()
    assert lees_antwoord(keten.hop("ggk/in/antwoord") / "vreemd.fo03.xml").fout.code == "StUF043"


def test_a_foreign_report_arrives_under_its_wire_name(keten):
    """A Di01 of another system, without our block: the payload, under bestandsnaam."""
    data = envelop(terug=True, naam="verslag.pdf", payload=PDF, gemeente="1701")
    (keten.hop("ggk/in") / "vreemd.xml").write_bytes(data)
    keten.settle()
    [path] = reports(keten, "1701")
    assert (path.name, path.read_bytes()) == ("verslag.pdf", PDF)


def test_a_foreign_report_twice_arrives_once(keten):
    """The same envelope again: the same Bv03, one report; other content: StUF016."""
    ref = str(uuid.uuid4())
    first = envelop(ref, terug=True, naam="verslag.pdf", payload=PDF)
    for name in ("a.xml", "b.xml"):
        (keten.hop("ggk/in") / name).write_bytes(first)
        keten.settle()
    answers = keten.hop("ggk/in/antwoord")
    assert (answers / "a.bv03.xml").read_bytes() == (answers / "b.bv03.xml").read_bytes()
    (keten.hop("ggk/in") / "c.xml").write_bytes(
        envelop(ref, terug=True, naam="verslag.pdf", payload=b"x")
    )
    keten.settle()
    assert lees_antwoord(answers / "c.fo03.xml").fout.code == "StUF016"
    assert len(reports(keten, "0363")) == 1


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"gemeente": "0599"}, "StUF010"),
        ({"functie": "ONBEKEND"}, "StUF034"),
        ({"functie": "GMSDWMO"}, "StUF040"),
        ({"antwoord_op": "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"}, "StUF043"),
    ],
)
def test_ggk_judges_what_comes_back_like_rinis_does(keten, edit, code):
    """Each fault of an envelope on its way back gives its code in a Fo03."""
    (keten.hop("ggk/in") / "vreemd.xml").write_bytes(envelop(terug=True, **edit))
    keten.settle()
    assert lees_antwoord(keten.hop("ggk/in/antwoord") / "vreemd.fo03.xml").fout.code == code


def test_a_receiver_reads_why_ggk_refused_its_report(keten):
    """GGk answers our Du01 with a Fo03: the receiver finds the reason in geweigerd/."""
    keten.stations = ("rinis",)
    keten.restart()
    keten.send("op-orde", "OPORDE_H22025_0363.pdf", PDF)
    keten.settle()
    [path] = keten.hop("ggk/in").glob("*.xml")
    path.write_bytes(path.read_bytes().replace(b">GMSDSP1<", b">ONBEKEND<"))
    keten.stations = ("ggk", "rinis")
    keten.restart()
    keten.settle()
    [text] = (keten.root / "cbs/uit/GMSDSP1/geweigerd").glob("*.txt")
    assert "StUF034" in text.read_text("utf-8")
    assert reports(keten, "0363") == []
    assert keten.trace("OPORDE_H22025_0363.pdf")[0]["status"] == "refused"


def test_reports_in_one_moment_keep_their_order_in_time(keten):
    """20 reports at once: each envelope has a later tijdstipBericht, none is refused."""
    for number in range(20):
        keten.send("op-orde", f"OPORDE_H22025_0363_{number:04d}.pdf", b"x")
    keten.settle()
    assert len(reports(keten, "0363")) == 20
    assert set(antwoorden(keten, "ggk/in").values()) == {"Bv03"}
