# SPDX-License-Identifier: EUPL-1.2
"""Decisions on publication, and the windows: the form is ours to check, the content is CBS's."""

from datetime import UTC, date, datetime

import pytest

from gateway.config import parse
from gateway.setup import shipped_config
from gateway.testing import Keten, unbound


@pytest.fixture
def keten(tmp_path):
    """A chain in which a decision needs no seal: these tests are about its form and its windows."""
    with Keten(tmp_path, config=unbound()) as keten:
        yield keten


def besluit(soort, omvang="geheel", code="0363", extra="", gebruiker="b.bakker-jansen"):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<p:publicatiebesluit xmlns:p="urn:knooppunt:publicatiebesluit:1">\n'
        f"  <p:gemeentecode>{code}</p:gemeentecode><p:uitvraag>H22025</p:uitvraag>\n"
        f"  <p:besluit>{soort}</p:besluit><p:omvang>{omvang}</p:omvang>\n"
        f"  <p:gebruiker><p:id>{gebruiker}</p:id></p:gebruiker>\n"
        f"  <p:tijdstip>2026-02-24T10:00:00+01:00</p:tijdstip>{extra}\n"
        "</p:publicatiebesluit>\n"
    ).encode()


@pytest.mark.parametrize("soort", ["opt-in", "opt-out", "intrekking", "accordering"])
@pytest.mark.parametrize("by_name", [True, False])
def test_each_decision_reaches_cbs_byte_for_byte(keten, soort, by_name):
    """By name or by folder: any decision of the right form lies at CBS as it was written."""
    content = besluit(soort, "facultatief" if soort == "intrekking" else "geheel")
    name = f"{soort.replace('-', '').upper()}_H22025.xml"
    keten.drop(
        "0363", name if by_name else "x.xml", content, uitwisseling="" if by_name else "besluit"
    )
    keten.settle()
    [received] = keten.received("besluit")
    assert received.content == content
    assert received.path.parent.name == "GMSDBSL"
    assert received.metagegevens.bestand.type == "application/xml"


def test_the_content_of_a_decision_is_not_judged_here(keten):
    """For another municipality, another uitvraag, not needed: CBS's to say, it passes."""
    extra = (
        "<p:betreft>0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01</p:betreft>"
        "<p:toelichting>zie &lt;brief&gt;</p:toelichting>"
    )
    keten.drop("0363", "OPTIN_H22025.xml", besluit("opt-in", code="0034", extra=extra))
    keten.settle()
    assert len(keten.received("besluit")) == 1


FOUT = {
    "no XML": b"dit is geen xml",
    "cut off": besluit("opt-in")[:-30],
    "DOCTYPE": besluit("opt-in").replace(b"?>\n", b"?>\n<!DOCTYPE x>\n", 1),
    "unknown decision": besluit("misschien"),
    "unknown scope": besluit("opt-in", "half"),
    "code of 3 digits": besluit("opt-in", code="363"),
    "time without zone": besluit("opt-in").replace(b"+01:00", b""),
    "user left out": besluit("opt-in").replace(b"<p:id>b.bakker-jansen</p:id>", b""),
    "extra element": besluit("opt-in", extra="<p:bsn>123456782</p:bsn>"),
    "other namespace": besluit("opt-in").replace(b"publicatiebesluit:1", b"publicatiebesluit:2"),
    "two of them": besluit("opt-in") + besluit("opt-in"),
    "order": besluit("opt-in").replace(b"<p:besluit>opt-in</p:besluit><p:omvang>geheel</p:omvang>",
                                       b"<p:omvang>geheel</p:omvang><p:besluit>opt-in</p:besluit>"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FOUT)
def test_a_decision_of_the_wrong_form_is_refused_with_its_places(keten, fault):
    """Refused at the door, in Dutch, with the place; no personal value is repeated."""
    keten.drop("0363", "OPTIN_H22025.xml", FOUT[fault])
    keten.settle()
    assert keten.received("besluit") == []
    [text] = keten.notices("0363", "weigering")
    assert "StUF055" in text
    assert "voldoet niet aan publicatiebesluit.xsd" in text
    assert "regel" in text or "/" in text.split("publicatiebesluit.xsd: ")[1]
    assert "b.bakker-jansen" not in text
    assert "123456782" not in text
    [held] = keten.quarantine()
    assert (held / "OPTIN_H22025.xml").read_bytes() == FOUT[fault]


def test_binding_stands_at_strong():
    """As shipped a decision demands a seal or a login (test_binding.py); nothing else does."""
    found = parse(shipped_config().decode()).uitwisselingen.values()
    assert {one.id for one in found if one.binding != "zwak"} == {"besluit"}
    assert all(one.binding == "zwak" for one in parse(unbound()).uitwisselingen.values())


# --- windows --------------------------------------------------------------------------------------


def test_the_cycles_of_2016_and_h22025_stand_in_the_shipped_configuration():
    """The windows of the sources, for delivering and for deciding."""
    vensters = parse(shipped_config().decode()).vensters
    h22025 = {one.stap: (one.van, one.tot) for one in vensters["H22025"] if one.cyclus == "H22025"}
    assert h22025 == {
        "aanlevering": (date(2026, 1, 26), date(2026, 2, 20)),
        "besluit": (date(2026, 2, 23), date(2026, 3, 6)),
    }
    assert {one.stap for one in vensters["H12016"] if one.cyclus == "2016"} == {
        "aanlevering",
        "besluit",
    }
    assert any(one.van == date(2026, 1, 26) for one in vensters["H12025"])


@pytest.mark.parametrize(
    ("nu", "says"),
    [
        (datetime(2026, 1, 25, 22, 59, tzinfo=UTC), "begint op 26 januari 2026"),
        (datetime(2026, 1, 25, 23, 0, tzinfo=UTC), None),  # midnight in the Netherlands
        (datetime(2026, 2, 20, 22, 59, tzinfo=UTC), None),
        (datetime(2026, 2, 20, 23, 0, tzinfo=UTC), "eindigde op 20 februari 2026"),
    ],
)
def test_a_delivery_outside_its_window_passes_with_a_remark(keten, nu, says):
    """Delivered all the same; the remark stands in the receipt, its XML and the trace."""
    keten.turn(nu)
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    assert len(keten.received("wmo")) == 1
    [text] = keten.notices("0363", "ontvangst")
    xml = next(p for p in keten.inbox("0363") if p.suffix == ".xml").read_text("utf-8")
    [message] = keten.trace("WMO_H22025.csv")
    remarks = [one["remark"] for one in message["events"] if one["type"] == "remark"]
    if says is None:
        assert "Let op" not in text
        assert "<opmerking>" not in xml
        assert remarks == []
    else:
        assert says in text
        assert says in xml
        assert says in remarks[0]
    assert message["status"] == "acknowledged"


def test_a_decision_has_windows_of_its_own(keten):
    """On 24 February deciding is open and delivering is not."""
    keten.turn(datetime(2026, 2, 24, 9, 0, tzinfo=UTC))
    keten.drop("0363", "INTREKKING_H22025.xml", besluit("intrekking"))
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.settle()
    remarked = [text for text in keten.notices("0363", "ontvangst") if "Let op" in text]
    assert len(remarked) == 1
    assert "WMO_H22025.csv" in remarked[0]


def test_a_window_is_enforced_only_where_the_exchange_says_so(tmp_path):
    """vensters: afdwingen refuses outside the window, and nothing inside it."""
    text = shipped_config().decode().replace("    vensters: melden", "    vensters: afdwingen")
    with Keten(tmp_path, config=text) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"1")
        keten.settle()
        keten.turn(datetime(2026, 3, 1, tzinfo=UTC))
        keten.drop("0363", "WMO_H22025.csv", b"2")
        keten.drop("0363", "SBO_H22025.csv", b"3")
        keten.settle()
        assert [one.content for one in keten.received("wmo")] == [b"1"]
        assert [one.content for one in keten.received("sbo")] == [b"3"]
        [refused] = keten.notices("0363", "weigering")
        assert "venster-gesloten" in refused
        assert "20 februari 2026" in refused
        assert len(keten.quarantine()) == 1
