# SPDX-License-Identifier: EUPL-1.2
"""Between the hubs: envelopes of anybody's making, judged in the standard's order, answered."""

import os
import shutil
import sqlite3
import uuid
from collections import Counter

import pytest

import envelopes
from gateway import awaited
from gateway.clerk import Clerk
from gateway.folders import Folders
from gateway.inhand import Shared
from gateway.journal import Intent
from gateway.model import Kind, Place
from gateway.moment import monotonic
from gateway.store_queries import Reader
from tests.flow.vreemd import REF, antwoorden, envelop, goed, lees_antwoord
from tests.vectors import GOED, VECTOREN
from tests.vectors.tabel import B64, FUNCTIE, MGREF, ONTVANGER, TIJD, ZENDER

LATER = {
    "st-052",  # the rights of users: they come with the authorisation of a later issue
    "st-037",  # an exchange that is switched off: the configuration has no such switch
}
VREEMD = [v for v in VECTOREN if v.richting in ("heen", "retour") and v.id not in LATER]
ONLEESBAAR = [v for v in VREEMD if v.stage == "envelop" and v.code != "ok"]
OVERIG = [v for v in VREEMD if v not in ONLEESBAAR]


def hop_of(vector):
    return "ggk/uit" if vector.richting == "heen" else "ggk/in"


def send(keten, data, name="bericht.xml", hop="ggk/uit"):
    """Write an envelope into a hop folder, as any system would, and let the chain settle."""
    (keten.hop(hop) / name).write_bytes(data)
    keten.settle()


def answer_of(keten, name, hop="ggk/uit"):
    """The one answer to an envelope of this file name, and the file it stands in."""
    stem = name.removesuffix(".xml")
    [path] = [
        p for p in keten.hop(f"{hop}/antwoord").glob("*.xml") if p.name.startswith(f"{stem}.")
    ]
    answer = lees_antwoord(path)
    assert path.name == f"{stem}.{answer.berichtcode.lower()}.xml"
    return answer, path


def known_delivery(keten):
    """Make the delivery that the vectors of the way back answer."""
    send(keten, GOED["heen"], "eerder.xml")
    return REF.decode()


def test_every_vector_that_is_no_envelope_ends_with_its_code(keten):
    """Each bad vector, laid in its hop folder, is held under its code; answered where it can be."""
    known_delivery(keten)
    for vector in ONLEESBAAR:
        (keten.hop(hop_of(vector)) / f"{vector.id}.xml").write_bytes(vector.data)
    keten.settle()
    assert keten.types().count("delivered") == 1
    held = {}
    for folder in keten.quarantine():
        [path] = [p for p in folder.iterdir() if p.name != "reden.txt"]
        held[path.stem] = path.read_bytes(), (folder / "reden.txt").read_text("utf-8")
    assert set(held) == {v.id for v in ONLEESBAAR}
    answered = 0
    for vector in ONLEESBAAR:
        content, reason = held[vector.id]
        assert content == vector.data, vector.id
        assert f"Code:                {vector.code}\n" in reason, vector.id
        try:
            envelopes.read(vector.data)
        except envelopes.EnvelopeError as error:
            header = error.stuurgegevens
        path = keten.hop(f"{hop_of(vector)}/antwoord") / f"{vector.id}.fo03.xml"
        assert path.exists() == (header is not None and len(vector.data) < 25 << 20), vector.id
        if path.exists():
            answered += 1
            fault = lees_antwoord(path).fout
            assert (fault.code, fault.plek) == (vector.code, envelopes.foutcode(vector.code).plek)
    assert answered > len(ONLEESBAAR) // 2


@pytest.mark.parametrize("vector", OVERIG, ids=[v.id for v in OVERIG])
def test_every_other_vector_ends_with_its_code(keten, vector):
    """Each vector is delivered with Bv03, or refused by the station with its code in a Fo03."""
    hop = hop_of(vector)
    if vector.richting == "retour" and vector.id != "st-043":
        known_delivery(keten)
    for number, data in enumerate(vector.vooraf):
        send(keten, data, f"vooraf-{number}.xml", hop)
    delivered = keten.types().count("delivered")
    send(keten, vector.data, hop=hop)
    # well formed, but of a sender that nobody here knows
    expected = "StUF013" if vector.id in ("ok-agb", "ok-oin") else vector.code
    answer, _ = answer_of(keten, "bericht.xml", hop)
    if expected == "ok":
        assert answer.berichtcode == "Bv03"
        again = vector.id == "st-herhaald"
        assert keten.types().count("delivered") == delivered + (not again)
        assert keten.quarantine() == []
        return
    assert (answer.berichtcode, answer.fout.code) == ("Fo03", expected)
    assert answer.fout.plek == envelopes.foutcode(expected).plek
    assert keten.types().count("delivered") == delivered
    [held] = keten.quarantine()
    assert (held / "bericht.xml").read_bytes() == vector.data
    assert expected in (held / "reden.txt").read_text("utf-8")
    request = envelopes.read(vector.data).stuurgegevens
    head = answer.stuurgegevens
    assert head.cross_refnummer == request.referentienummer
    assert head.zender.organisatie == request.ontvanger.organisatie
    assert head.ontvanger.organisatie == request.zender.organisatie


# --- envelopes of others --------------------------------------------------------------------------


def test_an_envelope_without_our_block_gets_derived_metagegevens(keten):
    """Herkomst afgeleid: user from zender.gebruiker, moment from tijdstipBericht, name as sent."""
    data = envelop(
        tijd="20260202093015", payload=b"x;y\n", naam="WMO_H22025_x.csv", gemeente="0034"
    )
    send(keten, data)
    [received] = keten.received("wmo")
    assert (received.name, received.content) == ("WMO_H22025_x_0034_0001.csv", b"x;y\n")
    told = received.metagegevens
    assert told.referentienummer == envelopes.read(data).stuurgegevens.referentienummer
    assert (told.gemeentecode, told.uitwisseling, told.uitvraag) == ("0034", "wmo", "H22025")
    assert told.tijdstip_upload == "2026-02-02T09:30:15.000+01:00"
    assert told.gebruiker == envelopes.Gebruiker("p.ander", "afgeleid")
    assert told.bestand.oorspronkelijke_naam == "WMO_H22025_x.csv"
    assert told.bestand.naam == received.name
    assert told.bestand.omvang == 4


def test_an_envelope_with_our_block_keeps_what_it_says(keten):
    """The block of the good vector travels on: user, upload time and the name with spaces."""
    send(keten, GOED["heen"])
    [received] = keten.received("wmo")
    assert received.name == "WMO_H22025_gestuurd door Bea_0363_0001.csv"
    told = received.metagegevens
    assert told.gebruiker == envelopes.Gebruiker("b.bakker", "map")
    assert told.tijdstip_upload == "2026-02-02T09:59:58.120+01:00"
    assert told.bestand.oorspronkelijke_naam == "WMO_H22025_gestuurd door Bea.csv"


def test_a_block_about_other_bytes_is_refused(keten):
    """Size or digest in the block is not that of the payload: RIN001, nothing delivered."""
    send(keten, goed(a=(B64, b"YW5kZXJl")))
    answer, _ = answer_of(keten, "bericht.xml")
    assert answer.fout.code == "RIN001"
    assert keten.received("wmo") == []


def test_the_envelope_routes_not_the_block(keten):
    """A block that names another municipality or exchange changes nothing of the routing."""
    data = goed(
        code=(b"<mg:gemeentecode>0363", b"<mg:gemeentecode>0034"),
        exchange=(b"<mg:uitwisseling>wmo", b"<mg:uitwisseling>jeugd"),
    )
    send(keten, data)
    [received] = keten.received("wmo")
    assert received.name.endswith("_0363_0001.csv")
    assert received.metagegevens.gemeentecode == "0363"
    assert received.metagegevens.uitwisseling == "wmo"


def test_a_name_in_the_block_is_never_a_path(keten):
    """A hostile name in the metagegevens is cleaned: it lands in the folder of its exchange."""
    for number, name in enumerate(["../../../etc/x.csv", "/etc/passwd", "..", "a/b\\c.csv", "CON"]):
        ref = str(uuid.uuid4()).encode()
        data = goed(
            ref=(b"<StUF:referentienummer>" + REF, b"<StUF:referentienummer>" + ref),
            mg=(MGREF, MGREF.replace(REF, ref)),
            tijd=(TIJD, TIJD.replace(b"100000000", b"1000000%02d" % number)),
            naam=(b"<mg:oorspronkelijkeNaam>WMO_H22025_gestuurd door Bea.csv",
                  b"<mg:oorspronkelijkeNaam>" + name.encode()),
        )  # fmt: skip
        send(keten, data, f"b{number}.xml")
    assert len(keten.received("wmo")) == 5
    assert keten.quarantine() == []


@pytest.mark.parametrize(
    "name",
    [
        os.fsdecode(b"\xff\xfe.xml"),
        "regel\nnieuw.xml",
        "x" * 251 + ".xml",
        "geen-extensie",
        "-rf",
        "bericht.fo03.xml",
        "\u202egpj.xml",
    ],
)
@pytest.mark.parametrize("good", [True, False])
def test_an_envelope_may_have_any_file_name(keten, name, good):
    """What the file of an envelope is called changes nothing: it is answered, good or bad."""
    send(keten, envelop(functie="GMSDWMO" if good else "ONBEKEND"), name)
    [path] = keten.hop("ggk/uit/antwoord").glob("*.xml")
    answer = lees_antwoord(path)
    assert (answer.fout.code if answer.fout else "ok") == ("ok" if good else "StUF034")
    assert len(keten.received("wmo")) == good
    assert len(keten.quarantine()) == (not good)


def test_rubbish_goes_to_quarantine_with_its_reason(keten):
    """No header to answer to: the file is held with reden.txt, and nothing else happens."""
    for number, data in enumerate(
        [b"geen xml", b"\x1f\x8b\x08", b"<x/>", b"%PDF-1.7", b"\x00" * 99]
    ):
        send(keten, data, f"r{number}.xml")
    assert len(keten.quarantine()) == 5
    for held in keten.quarantine():
        text = (held / "reden.txt").read_text("utf-8")
        assert "RIN001" in text
        assert "Wat nu?" in text
    assert antwoorden(keten) == {}


# --- order ----------------------------------------------------------------------------------------


def test_envelopes_of_one_sender_go_by_tijdstip_whatever_their_names(keten):
    """Three envelopes named in the wrong order, one with a short time: delivered by time."""
    times = {"c.xml": "20260202", "a.xml": "20260202000001", "b.xml": "2026020200000050"}
    hop = keten.hop("ggk/uit")
    for name, time in times.items():
        (hop / name).write_bytes(envelop(tijd=time, payload=name.encode()))
    keten.settle()
    assert antwoorden(keten) == {"a": "Bv03", "b": "Bv03", "c": "Bv03"}
    assert [one.content for one in keten.received("wmo")] == [b"c.xml", b"b.xml", b"a.xml"]


def test_more_than_one_batch_in_the_wrong_order_goes_by_tijdstip(keten):
    """150 envelopes of one sender, named backwards, more than a round takes: none is too late."""
    hop = keten.hop("ggk/uit")
    for number in range(150):
        data = envelop(
            tijd=f"2026020210{number // 60:02d}{number % 60:02d}", payload=b"%03d" % number
        )
        (hop / f"{999 - number}.xml").write_bytes(data)
    keten.settle()
    assert Counter(antwoorden(keten).values()) == {"Bv03": 150}
    assert [one.content for one in keten.received("wmo")] == [b"%03d" % n for n in range(150)]


def test_an_envelope_that_comes_too_late_is_refused(keten):
    """Time not after the sender's former: StUF019; padded, so 8 digits is midnight."""
    send(keten, envelop(tijd="20260202000000000"), "eerst.xml")
    send(keten, envelop(tijd="20260202"), "gelijk.xml")
    send(keten, envelop(tijd="20260201235959999"), "eerder.xml")
    send(keten, envelop(tijd="20260202000000001"), "later.xml")
    assert antwoorden(keten) == {
        "eerst": "Bv03", "gelijk": "StUF019", "eerder": "StUF019", "later": "Bv03",
    }  # fmt: skip
    assert len(keten.received("wmo")) == 2


def test_a_short_time_is_padded_on_either_side(keten):
    """First 8 digits, then the same midnight in 17: not later, so StUF019."""
    send(keten, envelop(tijd="20260202"), "kort.xml")
    send(keten, envelop(tijd="20260202000000000"), "lang.xml")
    assert antwoorden(keten) == {"kort": "Bv03", "lang": "StUF019"}


class Sweeper(list):
    """What happened so far; the first time that something is staged for a folder, it is removed."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def extend(self, more):
        """Told of each commit."""
        super().extend(more)
        if self.folder and list(self.folder.glob(".tmp/*")):
            shutil.rmtree(self.folder)
            self.folder = None


def test_a_message_that_is_decided_on_again_is_not_late_nor_a_duplicate(keten):
    """The receiver's folder goes with our staged files in it: delivered all the same, one Bv03."""
    keten.happened = Sweeper(keten.root / "cbs/in/GMSDWMO")
    keten.restart()
    send(keten, GOED["heen"], "a.xml")
    assert keten.happened.folder is None
    assert len(keten.received("wmo")) == 1
    assert antwoorden(keten) == {"a": "Bv03"}
    assert keten.types().count("delivered") == 1
    assert keten.quarantine() == []


def test_each_sending_system_has_its_own_time(keten):
    """Rising counts per organisatie, applicatie and administratie: others do not hold it up."""
    send(keten, envelop(tijd="20260202120000"), "a.xml")
    send(keten, envelop(tijd="20260202110000", gemeente="0034"), "b.xml")
    send(keten, envelop(tijd="20260202100000", applicatie="Nog Een"), "c.xml")
    assert set(antwoorden(keten).values()) == {"Bv03"}


def test_a_refused_message_does_not_move_the_time_on(keten):
    """What was refused was never sent: the next, of an earlier time, is still in order."""
    send(keten, envelop(tijd="20260202120000", functie="ONBEKEND"), "a.xml")
    send(keten, envelop(tijd="20260202110000"), "b.xml")
    assert antwoorden(keten) == {"a": "StUF034", "b": "Bv03"}


# --- the same again -------------------------------------------------------------------------------


def test_a_duplicate_gets_the_same_bv03_and_nothing_twice(keten):
    """Same number and content: byte for byte the same Bv03; also renamed, and after a restart."""
    send(keten, GOED["heen"], "a.xml")
    _, path = answer_of(keten, "a.xml")
    first = path.read_bytes()
    send(keten, GOED["heen"], "a.xml")
    assert [p.read_bytes() for p in keten.hop("ggk/uit/antwoord").glob("*.xml")] == [first]
    path.unlink()
    keten.advance(hours=3)
    keten.restart()
    send(keten, GOED["heen"], "a.xml")
    send(keten, GOED["heen"], "heel-anders.xml")
    assert path.read_bytes() == first
    assert answer_of(keten, "heel-anders.xml")[1].read_bytes() == first
    assert len(keten.received("wmo")) == 1
    assert keten.types().count("delivered") == 1
    [message] = keten.trace(REF.decode())
    assert [e["type"] for e in message["events"]].count("repeated") == 3


def test_a_duplicate_in_the_same_round_is_a_duplicate(keten):
    """Two copies laid down together: one delivery, two equal answers."""
    for name in ("a.xml", "b.xml"):
        (keten.hop("ggk/uit") / name).write_bytes(GOED["heen"])
    keten.settle()
    a, b = (answer_of(keten, name)[1].read_bytes() for name in ("a.xml", "b.xml"))
    assert a == b
    assert len(keten.received("wmo")) == 1


def test_the_same_content_in_other_clothes_is_a_duplicate(keten):
    """Compared as canonical XML of the Body: what differs elsewhere does not count."""
    send(keten, GOED["heen"], "a.xml")
    dressed = GOED["heen"].replace(b"<soap:Header>", b'<soap:Header ><x:y xmlns:x="urn:x"/>')
    dressed = dressed.replace(b'<?xml version="1.0" encoding="UTF-8"?>\n', b"")
    assert dressed != GOED["heen"]
    send(keten, dressed, "b.xml")
    assert antwoorden(keten) == {"a": "Bv03", "b": "Bv03"}
    assert len(keten.received("wmo")) == 1


def test_a_duplicate_comes_before_the_time(keten):
    """A retry keeps its time: later messages were taken meanwhile, yet no StUF019."""
    send(keten, GOED["heen"], "a.xml")
    later = goed(
        r=(b"<StUF:referentienummer>" + REF, b"<StUF:referentienummer>" + REF[:-1] + b"9"),
        m=(MGREF, MGREF.replace(REF, REF[:-1] + b"9")),
        t=(TIJD, TIJD.replace(b"100000000", b"110000000")),
    )
    send(keten, later, "b.xml")
    send(keten, GOED["heen"], "c.xml")
    assert antwoorden(keten) == {"a": "Bv03", "b": "Bv03", "c": "Bv03"}
    assert len(keten.received("wmo")) == 2


def test_the_same_number_with_other_content_leaves_the_first_alone(keten):
    """StUF016 is about the second message: the first stays delivered, and no answer changes."""
    send(keten, GOED["heen"], "a.xml")
    _, first = answer_of(keten, "a.xml")
    before = first.read_bytes()
    other = goed(t=(TIJD, TIJD.replace(b"100000000", b"120000000")))
    send(keten, other, "b.xml")
    assert antwoorden(keten) == {"a": "Bv03", "b": "StUF016"}
    assert first.read_bytes() == before
    assert [m["status"] for m in keten.trace(REF.decode())] == ["delivered", "refused"]
    send(keten, GOED["heen"], "c.xml")
    assert answer_of(keten, "c.xml")[1].read_bytes() == before


def test_one_number_of_two_systems_is_two_messages(keten):
    """A referentienummer is unique within its sending system; another's message is its own."""
    ref = str(uuid.uuid4())
    send(keten, envelop(ref, gemeente="0363", payload=b"van 0363"), "a.xml")
    send(keten, envelop(ref, gemeente="0034", payload=b"van 0034"), "b.xml")
    assert antwoorden(keten) == {"a": "Bv03", "b": "Bv03"}
    got = {one.content: one.metagegevens.gemeentecode for one in keten.received("wmo")}
    assert got == {b"van 0363": "0363", b"van 0034": "0034"}
    told = {m["gemeentecode"]: (m["status"], m["names"][-1]) for m in keten.trace(ref)}
    assert sorted(told) == ["0034", "0363"]


@pytest.mark.parametrize("functie", ["ONBEKEND", "GMSDTTK"])
def test_a_duplicate_of_what_was_refused_gets_the_same_fo03(keten, functie):
    """Same number, same content, refused before: byte for byte the same Fo03."""
    data = envelop(functie=functie)
    send(keten, data, "a.xml")
    send(keten, data, "b.xml")
    a, b = (answer_of(keten, name)[1].read_bytes() for name in ("a.xml", "b.xml"))
    assert a == b
    assert lees_antwoord(keten.hop("ggk/uit/antwoord") / "a.fo03.xml").fout is not None


FOUTEN = {
    "StUF010": (ONTVANGER, ONTVANGER.replace(b"CBS", b"9999")),
    "StUF013": (ZENDER, ZENDER.replace(b"0363", b"9998")),
    "StUF034": (FUNCTIE, FUNCTIE.replace(b"GMSDWMO", b"ONBEKEND")),
    "RIN001": (b"<mg:omvang>27", b"<mg:omvang>28"),
}


@pytest.mark.parametrize("first", range(len(FOUTEN)))
def test_of_several_faults_the_first_in_the_table_is_told(keten, first):
    """All faults from here on in one message: the answer names the first in table order."""
    codes = list(FOUTEN)[first:]
    send(keten, goed(**{code: FOUTEN[code] for code in codes}))
    answer, _ = answer_of(keten, "bericht.xml")
    assert answer.fout.code == codes[0]


def test_an_answer_has_its_own_number_and_time(keten):
    """Swapped parties, its own UUID v4 and time, crossRefnummer of the request."""
    for number in range(3):
        data = envelop(str(uuid.uuid4()), f"2026020210000{number}")
        send(keten, data, f"b{number}.xml")
        request = envelopes.read(data).stuurgegevens
        head = answer_of(keten, f"b{number}.xml")[0].stuurgegevens
        assert head.cross_refnummer == request.referentienummer
        assert envelopes.is_referentienummer(head.referentienummer)
        assert head.referentienummer != request.referentienummer
        assert head.tijdstip_bericht != request.tijdstip_bericht
        assert head.zender.organisatie == request.ontvanger.organisatie
        assert head.zender.applicatie == request.ontvanger.applicatie
        assert head.ontvanger.organisatie == request.zender.organisatie
        assert head.ontvanger.applicatie == request.zender.applicatie
        assert head.functie is None
    heads = [
        lees_antwoord(p).stuurgegevens for p in keten.hop("ggk/uit/antwoord").iterdir() if p.suffix
    ]
    assert len({h.tijdstip_bericht for h in heads}) == 3
    assert len({h.referentienummer for h in heads}) == 3


def test_a_refused_number_that_is_none_is_in_no_leaf(keten):
    """Whatever its sender wrote there: the refusal has a number of ours, and a bundle by it."""
    bad = b"Jansen, 999990019"
    data = goed(ref=(b"<StUF:referentienummer>" + REF, b"<StUF:referentienummer>" + bad))
    send(keten, data)
    assert len(keten.quarantine()) == 1
    with Reader(keten.location.database) as reader:
        [found] = reader.trace("bericht.xml")
    assert found["status"] == "refused"
    assert envelopes.is_referentienummer(found["referentienummer"])
    with sqlite3.connect(keten.location.database) as connection:
        leaves = connection.execute("SELECT content FROM leaf").fetchall()
    connection.close()
    assert not [one for (one,) in leaves if b"Jansen" in one]


# --- our own envelopes, when somebody meddles -----------------------------------------------------


def meddle(keten, change):
    """Let GGk put an envelope in the hop folder, change it there, then let RINIS go on."""
    keten.stations = ("ggk",)
    keten.restart()
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    [path] = keten.hop("ggk/uit").glob("*.xml")
    path.write_bytes(change(path.read_bytes()))
    keten.stations = ("ggk", "rinis")
    keten.restart()
    keten.settle()


def test_our_envelope_refused_by_rinis_reaches_the_municipality(keten):
    """RINIS refuses what GGk sent: the sender reads why, and its file still lies in verzonden."""
    meddle(keten, lambda data: data.replace(b">GMSDWMO<", b">ONBEKEND<"))
    [text] = keten.notices("0363", "weigering")
    assert "StUF034" in text
    assert "verzonden" in text
    assert keten.notices("0363", "ontvangst") == []
    [message] = keten.trace("WMO_H22025.csv")
    assert message["status"] == "refused"
    assert [p.name for p in keten.verzonden("0363")] == ["WMO_H22025.csv"]


def test_our_envelope_damaged_under_way_reaches_the_municipality(keten):
    """The envelope is broken in the hop folder: refused as RIN001, told, nothing delivered."""
    meddle(keten, lambda data: data.replace(b"<GGK:tekstBestand ", b"<GGK:anders "))
    assert keten.received("wmo") == []
    assert len(keten.quarantine()) == 1


def test_a_payload_changed_under_way_is_not_said_to_be_what_was_dropped(keten):
    """Block and payload changed together: what CBS got and what was dropped are not one content."""
    import base64
    import hashlib

    def change(data):
        old, new = b"x", b"gewijzigd"
        data = data.replace(
            b">" + base64.b64encode(old) + b"<", b">" + base64.b64encode(new) + b"<"
        )
        data = data.replace(
            hashlib.sha256(old).hexdigest().encode(), hashlib.sha256(new).hexdigest().encode()
        )
        return data.replace(b"<mg:omvang>1<", b"<mg:omvang>9<")

    meddle(keten, change)
    [received] = keten.received("wmo")
    assert received.content == b"gewijzigd"
    for message in keten.trace(received.name):
        assert message["sha256"] == hashlib.sha256(b"gewijzigd").hexdigest()


def test_an_answer_that_is_not_for_us_changes_nothing(keten):
    """A Bv03 under our stem that answers another message is not believed; the right one is."""
    keten.stations = ("ggk",)
    keten.restart()
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    [path] = keten.hop("ggk/uit").glob("*.xml")
    answers = keten.hop("ggk/uit/antwoord")
    (answers / f"{path.stem}.bv03.xml").write_bytes(GOED["bv03"])
    (answers / f"{path.stem}.txt").write_bytes(b"aantekening")
    keten.settle()
    [message] = keten.trace("WMO_H22025.csv")
    assert message["status"] == "relayed"
    assert keten.notices("0363") == []
    (answers / f"{path.stem}.bv03.xml").unlink()
    keten.stations = ("ggk", "rinis")
    keten.restart()
    keten.settle()
    [message] = keten.trace("WMO_H22025.csv")
    assert message["status"] == "acknowledged"
    assert len(keten.notices("0363", "ontvangst")) == 1
    (answers / f"{path.stem}.txt").unlink()


def sent_by_ggk(keten, count):
    """GGk alone, and the envelopes of so many files that it sent; who asks removes them again."""
    keten.stations = ("ggk",)
    keten.restart()
    for number in range(count):
        keten.drop("0363", f"WMO_H22025_{number}.csv", b"%d" % number)
    keten.settle()
    return sorted(keten.hop("ggk/uit").glob("*.xml"))


def bv03_for(path):
    """The answer that RINIS would give to an envelope in ``ggk/uit``."""
    request = envelopes.read(path.read_bytes()).stuurgegevens
    number = str(uuid.uuid4())
    return envelopes.bv03(request, referentienummer=number, tijdstip_bericht="20260202100001")


def test_answers_are_asked_for_a_part_in_each_round(keten, monkeypatch):
    """A slow share holds up no round for long; whoever runs once has seen them all at the end."""
    monkeypatch.setattr(awaited, "PART", 1)
    paths = sent_by_ggk(keten, 5)
    keten.settle()
    engine = keten._chain.engine
    engine.look_now()
    engine.round()
    assert engine.inbound.next_due(monotonic()) == 0.0  # it goes on at once
    path = paths[-1]
    (keten.hop("ggk/uit/antwoord") / f"{path.stem}.bv03.xml").write_bytes(bv03_for(path))
    keten.settle()
    assert len(keten.notices("0363", "ontvangst")) == 1
    for path in paths:
        path.unlink()


def test_an_answer_written_in_two_goes_is_taken_when_it_is_whole(keten):
    """A half answer, closed, is no answer yet: when it is written anew it is taken."""
    [path] = sent_by_ggk(keten, 1)
    whole = bv03_for(path)
    answer = keten.hop("ggk/uit/antwoord") / f"{path.stem}.bv03.xml"
    answer.write_bytes(whole[:100])
    keten.settle()
    assert keten.notices("0363") == []
    answer.write_bytes(whole)
    keten.settle()
    assert len(keten.notices("0363", "ontvangst")) == 1
    path.unlink()


def test_of_more_answers_in_two_goes_none_stays_unread(keten):
    """Every other one is read by the clerk, a round before the engine hears that it was none."""
    paths = sent_by_ggk(keten, 5)
    folder = keten.hop("ggk/uit/antwoord")
    answers = {folder / f"{path.stem}.bv03.xml": bv03_for(path) for path in paths}
    for path, whole in answers.items():
        path.write_bytes(whole[:100])
    engine = keten._chain.engine
    engine.look_now()
    engine.round()
    for path, whole in answers.items():
        path.write_bytes(whole)
    keten.settle()
    assert len(keten.notices("0363", "ontvangst")) == 5
    for path in paths:
        path.unlink()


def test_a_clerk_reads_answers_in_the_folder_that_is_there_now(keten):
    """Moved aside and made again: the clerk's process has folders of its own, as this one has."""
    paths = sent_by_ggk(keten, 2)
    folder, place = keten.hop("ggk/uit/antwoord"), Place(Kind.GGK_UIT_ANTWOORD)
    chain = keten._chain
    folders = Folders(keten.location.root, chain.config)
    clerk = Clerk(folders, chain.store.lookup, Shared().hand())
    aside = folder.parent.parent / "oud"
    for path in paths:
        name = f"{path.stem}.bv03.xml"
        (folder / name).write_bytes(bv03_for(path)[:100])  # it is none: nothing is staged for it
        done, _ = clerk.answer([Intent("01A", place, name, 0, 0, chain.clock.moment(0))])
        assert ([one.name for one, _ in done.ignored], done.back) == ([name], [])
        if path == paths[0]:
            folder.rename(aside)
            folder.mkdir()
    folders.close()
    shutil.rmtree(aside)
    for path in paths:
        path.unlink()
        (folder / f"{path.stem}.bv03.xml").unlink(missing_ok=True)
