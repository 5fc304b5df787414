# SPDX-License-Identifier: EUPL-1.2
"""A municipality drops a file: which exchange, which user, what is recorded, what is kept."""

import hashlib
import os
import re
import time
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watchdog.events import FileMovedEvent, FileSystemEventHandler
from watchdog.observers import Observer

import envelopes
from gateway.setup import shipped_config
from gateway.testing import Keten

VIJANDIG = [
    "WMO met  spaties .csv",
    "regel\nnieuw.csv",
    "tab\ten\x1b[31mrood.csv",
    os.fsdecode(b"niet-\xff\xfe-utf8.csv"),
    unicodedata.normalize("NFC", "caf\u00e9.csv"),
    unicodedata.normalize("NFD", "caf\u00e9.csv"),
    "letter.csv",
    "LETTER.CSV",
    "Letter.Csv",
    "n" * 251 + ".csv",
    "\u00e9" * 125 + ".csv",
    "-rf",
    "--help.csv",
    "zonder-extensie",
    "veel.punten.in.de.naam.csv",
    'haken[1] <2> "3" ; 4 | 5 * 6 ? 7 : 8.csv',
    "rug\\streep.csv",
    "omgekeerd\u202evsc.exe",
    "CON",
    "nul.csv",
    "reden.txt",
    "metagegevens.xml",
    "x_metagegevens.xml",
    "WMO_H22025_0363_0001.csv",
    "punt.",
    " spatie-voor.csv",
    "$(touch x).csv",
    "%2e%2e%2fx.csv",
    "a",
]


class Names(FileSystemEventHandler):
    """The names that appear in a folder, in order."""

    def __init__(self):
        self.names = []

    def on_any_event(self, event):
        """Watchdog's thread: a file got its name."""
        self.names.append(os.path.basename(event.dest_path))


def with_config(folder, **replaced):
    """The shipped configuration with texts replaced; each must be there."""
    text = shipped_config().decode()
    for old, new in replaced.values():
        assert old in text
        text = text.replace(old, new)
    return Keten(folder, config=text)


# --- by name --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "exchange", "delivered"),
    [
        ("WMO_H22025.csv", "wmo", "WMO_H22025_0363_0001.csv"),
        ("wmo_h22025_vrij.CSV", "wmo", "WMO_H22025_vrij_0363_0001.CSV"),
        ("WMO_H12015_gestuurd door Henk.CSV", "wmo", "WMO_H12015_gestuurd door Henk_0363_0001.CSV"),
        ("WMO_alles.zip", "wmo", "WMO_alles_0363_0001.zip"),
        ("SBO_H22025.txt", "sbo", "SBO_H22025_0363_0001.txt"),
        ("JEUGD_H22025_x.csv", "jeugd", "JEUGD_H22025_x_0363_0001.csv"),
        ("WMO_H22025_0034.csv", "wmo", "WMO_H22025_0034_0363_0001.csv"),
    ],
)
def test_the_name_gives_the_exchange(keten, name, exchange, delivered):
    """A name that a pattern fits goes to that exchange, under the contract's name, bytes alike."""
    keten.drop("0363", name, b"kop\nregel\n")
    keten.settle()
    [received] = keten.received(exchange)
    assert (received.name, received.content) == (delivered, b"kop\nregel\n")
    assert received.metagegevens.uitwisseling == exchange


@pytest.mark.parametrize(
    "name", ["foto.jpg", "WMO.csv", "SISATERUG_2025_0363.xlsx", "TECHNISCH_H22025_0363.pdf"]
)
def test_a_name_that_no_rule_places_is_refused_with_advice(keten, name):
    """No exchange: quarantine under its own name, a Dutch and English notice, nothing sent."""
    keten.drop("0363", name, b"inhoud")
    keten.settle()
    [held] = keten.quarantine()
    assert sorted(p.name for p in held.iterdir()) == sorted([name, "reden.txt"])
    assert (held / name).read_bytes() == b"inhoud"
    [text] = keten.notices("0363", "weigering")
    assert "Wat nu?" in text
    assert "English:" in text
    assert "wmo" in text
    assert "geen-uitwisseling" in text
    assert text == (held / "reden.txt").read_text("utf-8")
    assert keten.verzonden("0363") == []
    assert not list(keten.hop("ggk/uit").glob("*.xml"))
    assert keten.types() == ["rejected", "notified"]


# --- by sub-folder --------------------------------------------------------------------------------


def test_in_an_exchange_folder_any_name_passes(keten):
    """Whatever a file is called, in the folder of an exchange it is delivered, byte for byte."""
    for number, name in enumerate(VIJANDIG):
        keten.drop("0363", name, b"%d" % number, uitwisseling="wmo")
    keten.settle()
    received = keten.received("wmo")
    assert sorted(int(one.content) for one in received) == list(range(len(VIJANDIG)))
    for one in received:
        assert not set(':\\/?;*"”><|][\n') & set(one.name)
        assert one.name.count(".") <= 1
        assert len(os.fsencode(one.name)) <= 255
    assert len({unicodedata.normalize("NFKC", one.name).casefold() for one in received}) == len(
        received
    )
    kept = {os.fsencode(p.name) for p in keten.verzonden("0363")}
    assert kept == {os.fsencode(name) for name in VIJANDIG}
    assert keten.quarantine() == []


def test_every_hostile_name_can_be_traced(keten):
    """The name as it was dropped is a name that trace knows, whatever bytes it holds."""
    for name in VIJANDIG:
        keten.drop("0363", name, name.encode("utf-8", "surrogateescape"), uitwisseling="wmo")
    keten.settle()
    for name in VIJANDIG:
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()
        assert digest in {one["sha256"] for one in keten.trace(name)}, repr(name)


def test_a_hostile_name_that_no_rule_places_is_refused_like_any_other(keten):
    """Refusal works for names that XML, the store or a terminal could not take raw."""
    placed = {name for name in VIJANDIG if keten.config.uitwisseling_voor(name)}
    rest = [name for name in VIJANDIG if name not in placed]
    for name in rest:
        keten.drop("0363", name, b"x")
    keten.settle()
    held = [p.name for folder in keten.quarantine() for p in folder.iterdir()]
    assert len(held) == 2 * len(rest)
    assert len(keten.notices("0363", "weigering")) == len(rest)
    for path in keten.inbox("0363"):
        assert envelopes.xml_veilig(path.name) == path.name
        if path.suffix == ".xml":
            assert envelopes.check("kennisgeving.xsd", path.read_bytes()) == []


@pytest.mark.parametrize("folder", ["jeugdd", "technische-terugkoppeling", os.fsdecode(b"\xff\n")])
def test_an_unknown_exchange_folder_is_refused(keten, folder):
    """A sub-folder that is no exchange of this direction refuses what is in it, name or no name."""
    keten.drop("0363", "WMO_H22025.csv", b"x", uitwisseling=folder)
    keten.settle()
    [text] = keten.notices("0363", "weigering")
    assert "uitwisseling-onbekend" in text
    assert "jeugd, besluit" in text
    assert len(keten.quarantine()) == 1
    assert keten.received("wmo") == []


@pytest.mark.parametrize(
    "user", ["b.bakker", "Ren\u00e9 de Vries", "a&<b>", os.fsdecode(b"j\xffn"), "u" * 150]
)
def test_the_user_folder_gives_the_user(keten, user):
    """In exchange/user/ the folder is the user, herkomst map; also one that XML must escape."""
    keten.drop("0363", "x.csv", b"x", uitwisseling="jeugd", gebruiker=user)
    keten.settle()
    [received] = keten.received("jeugd")
    assert received.metagegevens.gebruiker.herkomst == "map"
    assert received.metagegevens.gebruiker.id == envelopes.xml_veilig(user)[:100]


def test_without_a_user_folder_the_file_owner_is_the_user(keten):
    """The file's owner is the user: herkomst bestandseigenaar."""
    import pwd

    keten.drop("0363", "x.csv", b"x", uitwisseling="wmo")
    keten.settle()
    [received] = keten.received("wmo")
    who = received.metagegevens.gebruiker
    assert (who.id, who.herkomst) == (pwd.getpwuid(os.getuid()).pw_name, "bestandseigenaar")


def test_a_party_may_have_a_default_user(tmp_path):
    """Standaardgebruiker names the user of what lies outside user folders: herkomst standaard."""
    party = ("naam: Amsterdam}", "naam: Amsterdam, standaardgebruiker: w.loket}")
    with with_config(tmp_path, party=party) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"1")
        keten.drop("0363", "WMO_H22025.csv", b"2", uitwisseling="wmo", gebruiker="b.bakker")
        keten.settle()
        who = {one.content: one.metagegevens.gebruiker for one in keten.received("wmo")}
        assert (who[b"1"].id, who[b"1"].herkomst) == ("w.loket", "standaard")
        assert (who[b"2"].id, who[b"2"].herkomst) == ("b.bakker", "map")


# --- metagegevens ---------------------------------------------------------------------------------


def test_metagegevens_say_who_what_and_when(keten):
    """Every field of the record at CBS is that of the upload; it stands beside the file."""
    keten.turn(datetime(2026, 2, 3, 13, 37, 42, 123000, tzinfo=UTC))
    content = b"kop;kop\n1;2\n"
    keten.drop(
        "1701", "WMO_H22025_gemeenteWesterveld.CSV", content, uitwisseling="wmo", gebruiker="h.post"
    )
    keten.settle()
    [received] = keten.received("wmo")
    record = received.path.with_name("WMO_H22025_gemeenteWesterveld_1701_0001_metagegevens.xml")
    assert envelopes.check("metagegevens.xsd", record.read_bytes()) == []
    [message] = keten.trace("WMO_H22025_gemeenteWesterveld.CSV")
    told = received.metagegevens
    assert told == envelopes.Metagegevens(
        referentienummer=message["referentienummer"],
        gemeentecode="1701",
        uitwisseling="wmo",
        uitvraag="H22025",
        tijdstip_upload="2026-02-03T14:37:42.123+01:00",
        gebruiker=envelopes.Gebruiker("h.post", "map"),
        bestand=envelopes.Bestand(
            oorspronkelijke_naam="WMO_H22025_gemeenteWesterveld.CSV",
            naam="WMO_H22025_gemeenteWesterveld_1701_0001.CSV",
            omvang=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            type="text/csv",
        ),
    )


def test_upload_time_and_order_in_the_hour_that_occurs_twice(keten):
    """02:30 in summer time and 02:30 an hour later: two moments, told apart, in order."""
    for number, hour in enumerate((0, 1)):
        keten.turn(datetime(2026, 10, 25, hour, 30, tzinfo=UTC))
        keten.drop("0363", f"WMO_{number}.csv", b"x")
        keten.settle()
    assert [one.metagegevens.tijdstip_upload for one in keten.received("wmo")] == [
        "2026-10-25T02:30:00.000+02:00",
        "2026-10-25T02:30:00.000+01:00",
    ]
    assert len(keten.notices("0363", "ontvangst")) == 2


def test_a_name_without_uitvraag_and_a_zip_have_none(keten):
    """Uitvraag is left out where the name gives none, and for a ZIP, which is never opened."""
    keten.drop("0363", "WMO_correctie.csv", b"1")
    keten.drop("0363", "WMO_H22025.zip", b"PK\x03\x04")
    keten.settle()
    assert [one.metagegevens.uitvraag for one in keten.received("wmo")] == [None, None]
    assert {m["uitvraag"] for m in keten.trace("WMO_H22025.zip")} == {"onbekend"}


@pytest.mark.parametrize(
    ("exchange", "folder", "name"),
    [
        ("wmo", "cbs/in/GMSDWMO", "WMO_{}.csv"),
        ("vektis", "vektis/in/GZSWMO", "WMO_0034_2017_20180710_1{}.csv"),
    ],
)
def test_metagegevens_are_there_before_the_file(keten, exchange, folder, name):
    """Whoever watches a receiver's folder sees the record appear first, and then the file."""
    seen = Names()
    observer = Observer()
    inbox = str(keten.root / folder)
    observer.schedule(seen, inbox, recursive=True, event_filter=[FileMovedEvent])
    observer.start()
    for number in range(5):
        keten.drop("0363", name.format(number), b"x")
    keten.settle()
    deadline = time.monotonic() + 30
    while len(seen.names) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    observer.stop()
    observer.join()
    wanted = [one.name for one in keten.received(exchange)]
    records = [f"{name[:-4]}_metagegevens.xml" for name in wanted]
    assert sorted(seen.names) == sorted(wanted + records)
    for name, record in zip(wanted, records, strict=True):
        assert seen.names.index(record) < seen.names.index(name)


# --- the same again -------------------------------------------------------------------------------


def test_the_same_name_twice_is_two_deliveries(keten):
    """A correction under the same name gets the next number; nothing is overwritten anywhere."""
    for content in (b"eerste", b"tweede", b"tweede"):
        keten.drop("0363", "WMO_H22025.csv", content)
        keten.settle()
    assert [(one.name, one.content) for one in keten.received("wmo")] == [
        ("WMO_H22025_0363_0001.csv", b"eerste"),
        ("WMO_H22025_0363_0002.csv", b"tweede"),
        ("WMO_H22025_0363_0003.csv", b"tweede"),
    ]
    assert [(p.name, p.read_bytes()) for p in keten.verzonden("0363")] == [
        ("WMO_H22025.csv", b"eerste"),
        ("WMO_H22025_2.csv", b"tweede"),
        ("WMO_H22025_3.csv", b"tweede"),
    ]
    messages = keten.trace("WMO_H22025.csv")
    assert len({one["referentienummer"] for one in messages}) == 3
    assert len(keten.notices("0363", "ontvangst")) == 3


def test_row_34_the_same_name_again_while_the_first_is_under_way(tmp_path):
    """A second file of that name, dropped before the first left the hop, is a second message."""
    with Keten(tmp_path, stations=("ggk",)) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"eerste")
        keten.settle()
        keten.drop("0363", "WMO_H22025.csv", b"tweede")
        keten.stations = ("ggk", "rinis")
        keten.restart()
        keten.settle()
        assert [one.content for one in keten.received("wmo")] == [b"eerste", b"tweede"]


def test_row_36_two_municipalities_may_use_one_name_and_content(keten):
    """The same name and bytes from two municipalities meet nowhere."""
    for code in ("0363", "0034"):
        keten.drop(code, "WMO_H22025.csv", b"x")
    keten.settle()
    assert [(one.name, one.metagegevens.gemeentecode) for one in keten.received("wmo")] == [
        ("WMO_H22025_0034_0001.csv", "0034"),
        ("WMO_H22025_0363_0001.csv", "0363"),
    ]
    for code in ("0363", "0034"):
        assert len(keten.notices(code, "ontvangst")) == 1


def test_names_that_differ_in_case_only_do_not_meet(keten):
    """WMO_H22025.csv and wmo_h22025.CSV are two deliveries whose names differ in more than case."""
    keten.drop("0363", "WMO_H22025.csv", b"1")
    keten.drop("0363", "wmo_h22025.CSV", b"2")
    keten.settle()
    names = [one.name for one in keten.received("wmo")]
    assert len(names) == 2
    assert len({name.casefold() for name in names}) == 2


# --- refused at the door --------------------------------------------------------------------------


def test_row_38_an_empty_file_is_refused_with_the_reason(keten):
    """0 bytes: refused after its quiet time, with what to do now."""
    keten.drop("0363", "WMO_H22025.csv", b"")
    keten.settle()
    [text] = keten.notices("0363", "weigering")
    assert "leeg-bestand" in text
    assert "0 bytes" in text
    [held] = keten.quarantine()
    assert (held / "WMO_H22025.csv").read_bytes() == b""
    assert keten.received("wmo") == []


def test_a_file_over_the_exchange_limit_is_refused_with_ib007(tmp_path):
    """One byte over max_bytes: IB007, never sent; at the limit it passes."""
    small = ('patronen: ["SBO_*"]', 'patronen: ["SBO_*"]\n    max_bytes: 1000')
    with with_config(tmp_path, small=small) as keten:
        keten.drop("0363", "SBO_te_groot.csv", b"x" * 1001)
        keten.drop("0363", "SBO_past.csv", b"x" * 1000)
        keten.settle()
        assert [one.metagegevens.bestand.oorspronkelijke_naam for one in keten.received("sbo")] == [
            "SBO_past.csv"
        ]
        [text] = keten.notices("0363", "weigering")
        assert "IB007" in text
        assert "1.001 bytes" in text
        [held] = keten.quarantine()
        assert (held / "SBO_te_groot.csv").stat().st_size == 1001


def test_a_file_over_the_message_limit_is_refused_unread(tmp_path):
    """Above technisch.max_bytes nothing is held in memory: refused by size, sparse or not."""
    small = ("max_bytes: 26214400", "max_bytes: 65536")
    with with_config(tmp_path, small=small) as keten:
        path = keten.drop("0363", "WMO_reus.csv", b"x")
        os.truncate(path, 5_000_000)
        keten.drop("0363", "WMO_grens.csv", b"y" * ((65536 - 16384) * 3 // 4))
        keten.drop("0363", "WMO_erover.csv", b"z" * ((65536 - 16384) * 3 // 4 + 1))
        keten.settle()
        assert [one.content[:1] for one in keten.received("wmo")] == [b"y"]
        assert all("IB007" in text for text in keten.notices("0363", "weigering"))
        assert len(keten.quarantine()) == 2


def test_the_largest_file_makes_the_largest_message(keten):
    """A file of exactly the limit for files gives an envelope within the 25 MB of a message."""
    content = os.urandom(1 << 20) * 19
    limit = (25 * 1024 * 1024 - 16 * 1024) * 3 // 4
    keten.drop("0363", "WMO_grens.csv", content[:limit])
    keten.settle()
    [received] = keten.received("wmo")
    assert received.content == content[:limit]
    assert keten.notices("0363", "weigering") == []


# --- what the sender has afterwards ---------------------------------------------------------------


def test_the_receipt_says_what_was_taken(keten):
    """Text and XML under one stem: name, size, digest, number, time, and that nothing is asked."""
    keten.drop("0363", "WMO_H22025.csv", b"twaalf bytes")
    keten.settle()
    text_file, xml_file = keten.inbox("0363")
    assert text_file.name == "WMO_H22025.csv_ontvangst_20260202100000000.txt"
    assert xml_file.name == "WMO_H22025.csv_ontvangst_20260202100000000.xml"
    assert envelopes.check("kennisgeving.xsd", xml_file.read_bytes()) == []
    [message] = keten.trace("WMO_H22025.csv")
    text = text_file.read_text("utf-8")
    for wanted in ("ONTVANGSTBEVESTIGING", "WMO_H22025.csv", "12 bytes", message["sha256"],
                   message["referentienummer"], "2 februari 2026, 10:00:00", "Amsterdam (0363)",
                   "Wat nu?", "English:", "zwakke binding"):  # fmt: skip
        assert wanted in text, wanted
    assert message["status"] == "acknowledged"
    assert keten.types() == [
        "accepted",
        "relayed",
        "delivered",
        "answered",
        "acknowledged",
        "notified",
    ]


def test_outbox_and_claimed_are_empty_and_verzonden_has_it(keten):
    """What was accepted leaves the outbox and lies in verzonden, bytes and name as dropped."""
    path = keten.drop("0363", "WMO_H22025.csv", b"\x00\xff\r\n")
    keten.settle()
    assert not path.exists()
    [kept] = keten.verzonden("0363")
    assert (kept.name, kept.read_bytes()) == ("WMO_H22025.csv", b"\x00\xff\r\n")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(min_size=1, max_size=200_000), min_size=1, max_size=6))
def test_any_bytes_arrive_as_they_were_dropped(tmp_path_factory, contents):
    """Byte for byte, whatever a file holds, several at a time."""
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        for number, content in enumerate(contents):
            keten.drop("0363", f"WMO_{number}.csv", content)
        keten.settle()
        got = {
            one.metagegevens.bestand.oorspronkelijke_naam: one.content
            for one in keten.received("wmo")
        }
        assert got == {f"WMO_{number}.csv": content for number, content in enumerate(contents)}


def test_a_zip_with_its_members_passes_unopened(keten):
    """A ZIP is bytes: also one that is damaged, or claims what it is not."""
    keten.drop("0363", "WMO_leveringen.zip", b"PK\x03\x04 geen echte zip")
    keten.settle()
    [received] = keten.received("wmo")
    assert received.content == b"PK\x03\x04 geen echte zip"
    assert received.metagegevens.bestand.type == "application/zip"


def test_tijdstip_rises_for_files_dropped_in_one_moment(keten):
    """Nu stands still, yet each envelope of a municipality has a later tijdstipBericht."""
    for number in range(20):
        keten.drop("0363", f"WMO_{number}.csv", b"x")
    keten.settle()
    stems = [re.sub("_.*", "", p.name) for p in keten.hop("ggk/uit/antwoord").glob("*.bv03.xml")]
    assert len(set(stems)) == 20
    assert {one["status"] for n in range(20) for one in keten.trace(f"WMO_{n}.csv")} == {
        "acknowledged"
    }
