# SPDX-License-Identifier: EUPL-1.2
"""A receiver's sealed receipt: believed when it is his and of these bytes, refused by name else.

The tests play CBS by hand, with the key of ``zegel-cbs`` or with one that is not CBS's.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from lxml import etree

import envelopes
from envelopes import Ontvangstbewijs
from gateway import durable, receipts
from gateway.confirmed import Wanted
from gateway.health import Monitor, judge
from gateway.location import Location
from gateway.setup import shipped_config
from gateway.store_queries import Reader
from gateway.testing import Keten
from gateway.trust import uitgifte, xmlzegel
from gateway.trust.domeinen import OIN_CBS, Domein, Soort
from gateway.trust.pki import ISSUER, lees_lijst, lees_uitgever
from gateway.trust.sleutels import Seal, load_seal, openbaar, sleutelmap

NAAM = "ONTVANGSTBEWIJS_H22025_0363_0001.xml"
CSV = b"a;b\n1;2\n"
VAN, TOT = uitgifte.VANAF, uitgifte.TOT


@pytest.fixture
def keten(tmp_path: Path) -> Iterator[Keten]:
    """A chain with keys, that delivered one file to CBS."""
    with Keten(tmp_path) as made:
        made.make_keys()
        made.drop("0363", "WMO_H22025.csv", CSV)
        made.settle()
        yield made


def seal_of(keten: Keten, domein: str = "zegel-cbs") -> Seal:
    return load_seal(sleutelmap(keten.location.state, domein))


def said_of(keten: Keten, name: str = "WMO_H22025.csv") -> Ontvangstbewijs:
    """What CBS would say of a delivery."""
    [delivery] = keten.trace(name)
    return Ontvangstbewijs(
        delivery["referentienummer"], delivery["gemeentecode"], delivery["names"][1], name,
        delivery["size"], delivery["sha256"], keten.nu, OIN_CBS, "CBS",
    )  # fmt: skip


def sealed(said: Ontvangstbewijs, seal: Seal) -> bytes:
    built = envelopes.build_ontvangstbewijs(said)
    return xmlzegel.verzegel(built, seal.key, [seal.certificate, *seal.chain])


def send(keten: Keten, content: bytes, name: str = NAAM, via: str = "ontvangstbewijs") -> None:
    keten.send(via, name, content)
    keten.settle()


def leaves(keten: Keten) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{keten.location.database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT content FROM leaf ORDER BY idx").fetchall()
    return [json.loads(one) for (one,) in rows]


def status(keten: Keten) -> str:
    return str(keten.trace("WMO_H22025.csv")[0]["status"])


def rejection(keten: Keten) -> str:
    """The result in the leaf that GGk wrote of what it refused."""
    return next(str(o["result"]) for o in leaves(keten) if o["type"] == "B.2.RelayRejection")


def refused(keten: Keten, code: str, words: str) -> None:
    """In quarantine and told to CBS, with the reason; a leaf says so; nothing is confirmed."""
    [folder] = keten.quarantine()
    assert words in (folder / "reden.txt").read_text("utf-8")
    told = list((keten.root / "cbs/uit").glob("GMSDOV*/geweigerd/*weigering*.txt"))
    assert any(words in one.read_text("utf-8") for one in told), told
    assert rejection(keten) == code
    assert not [one for one in leaves(keten) if one["type"] == "E.1.ContentHandover"]
    assert not [path for path in keten.inbox("0363") if path.name.startswith("ONTVANGSTBEWIJS")]
    assert status(keten) == "acknowledged"


# --- believed -------------------------------------------------------------------------------------


def test_a_receipt_confirms_its_delivery_once(keten: Keten) -> None:
    """Its own leaf, with the seal as evidence; a second one is delivered, and confirms nothing."""
    content = sealed(said_of(keten), seal_of(keten))
    send(keten, content)
    [delivery] = keten.trace("WMO_H22025.csv")
    assert delivery["status"] == "confirmed"
    assert delivery["receipt"]["state"] == "confirmed"
    [leaf] = [one for one in leaves(keten) if one["type"] == "E.1.ContentHandover"]
    assert leaf["msg"] == delivery["id"]
    assert (leaf["auth"], leaf["result"], leaf["content"]) == ("seal", "ok", delivery["sha256"])
    assert leaf["evidence"] == [f"ontvangstbewijs:{hashlib.sha256(content).hexdigest()}"]
    assert (keten.root / "gemeenten/0363/inbox" / NAAM).read_bytes() == content
    [_, answer] = keten.trace(NAAM)  # the delivery was confirmed by it
    assert answer["answers_to"] == delivery["referentienummer"]
    send(keten, sealed(said_of(keten), seal_of(keten)))
    assert len([one for one in leaves(keten) if one["type"] == "E.1.ContentHandover"]) == 1
    codes = [one["code"] for one in keten.trace("WMO_H22025.csv")[0]["events"]]
    assert codes[-1] == "bewijs-herhaald"


def test_xmlsec1_verifies_what_lies_in_the_inbox(keten: Keten) -> None:
    """With the root alone to trust: the municipality needs nothing of ours."""
    send(keten, sealed(said_of(keten), seal_of(keten)))
    path = keten.root / "gemeenten/0363/inbox" / NAAM
    trusted = openbaar(keten.location.state, "root.pem")
    argv = ["xmlsec1", "--verify", "--trusted-pem", trusted, str(path)]
    checked = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    path.with_suffix(".kapot").write_bytes(path.read_bytes().replace(b"omvang>8<", b"omvang>9<"))
    argv[-1] = str(path.with_suffix(".kapot"))
    assert subprocess.run(argv, capture_output=True, check=False).returncode != 0
    path.with_suffix(".kapot").unlink()


def test_a_receipt_that_comes_before_the_hub_answered(tmp_path: Path) -> None:
    """The status says so, and the answer, which the municipality is told of, is still awaited."""
    ggk = Keten(tmp_path, stations=("ggk",), state=tmp_path / "ggk")
    rinis = Keten(tmp_path, stations=("rinis",), state=tmp_path / "rinis", seed=1)
    try:
        ggk.make_keys()
        ggk.drop("0363", "WMO_H22025.csv", CSV)
        ggk.settle()
        rinis.settle()
        [answer] = [path for path in ggk.hop("ggk/uit/antwoord").iterdir() if path.is_file()]
        content = answer.read_bytes()
        answer.unlink()
        rinis.send("ontvangstbewijs", NAAM, sealed(said_of(ggk), seal_of(ggk)))
        rinis.settle()
        ggk.settle()
        assert status(ggk) == "received"
        ggk.restart()
        answer.write_bytes(content)
        ggk.settle()
        assert status(ggk) == "confirmed"
        assert len(ggk.notices("0363", "ontvangst")) == 1
    finally:
        ggk.close()
        rinis.close()


# --- forged, and refused --------------------------------------------------------------------------


def test_by_the_gateways_seal_under_the_same_root(keten: Keten) -> None:
    """The chain is right; the OIN is not CBS's. xmlsec1 would have taken it."""
    forged = sealed(said_of(keten), seal_of(keten, "zegel-gateway"))
    (keten.folder / "forged.xml").write_bytes(forged)
    argv = ["xmlsec1", "--verify", "--trusted-pem", openbaar(keten.location.state, "root.pem"),
            str(keten.folder / "forged.xml")]  # fmt: skip
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 0
    send(keten, forged)
    refused(keten, "verkeerde-oin", f"verwacht werd OIN {OIN_CBS}")
    codes = [one["code"] for one in keten.trace("WMO_H22025.csv")[0]["events"]]
    assert codes[-1] == "bewijs-geweigerd"


def test_by_the_gateways_seal_that_names_its_own_oin(keten: Keten) -> None:
    """Nor does it help to be honest about it."""
    seal = seal_of(keten, "zegel-gateway")
    said = replace(said_of(keten), oin="00000001999900002000")
    send(keten, sealed(said, seal))
    refused(keten, "verkeerde-oin", "verwacht werd OIN")


def test_that_names_another_oin_than_it_is_sealed_under(keten: Keten) -> None:
    """What it says of itself must be what its certificate says."""
    send(keten, sealed(replace(said_of(keten), oin="0" * 20), seal_of(keten)))
    refused(keten, "verkeerde-oin", "ondertekend is door")


def test_by_an_employees_seal(keten: Keten) -> None:
    """Of a municipality: another OIN. Of CBS itself: not its own seal either."""
    send(keten, sealed(said_of(keten), seal_of(keten, "zegel-medewerker-0363-coordinator")))
    refused(keten, "verkeerde-oin", "verwacht werd OIN")


def made(keten: Keten, van: datetime = VAN, tot: datetime = TOT, pseudoniem: str = "") -> Seal:
    """A seal of CBS's OIN by the issuer that is trusted, valid for another time."""
    issuer = lees_uitgever(keten.location.state, ISSUER)
    key = uitgifte.nieuwe_sleutel()
    domein = Domein("zegel-cbs", Soort.ZEGEL, "CBS", OIN_CBS)
    like = uitgifte.certificaat(domein, key.public_key(), issuer, pseudoniem)
    built = x509.CertificateBuilder(like.issuer, like.subject, key.public_key(), like.serial_number)
    built = built.not_valid_before(van).not_valid_after(tot)
    for one in like.extensions:
        built = built.add_extension(one.value, one.critical)
    return Seal(key, built.sign(issuer.key, uitgifte.SHA256), issuer.chain[:1])


def test_by_an_employee_of_cbs(keten: Keten) -> None:
    """The right OIN under a pseudonym: a person, not the organisation."""
    send(keten, sealed(said_of(keten), made(keten, pseudoniem="mdw-iemand")))
    refused(keten, "geen-organisatiezegel", "medewerker")


def test_over_another_digest(keten: Keten) -> None:
    """CBS says that it got other bytes: then it did not get this delivery."""
    send(keten, sealed(replace(said_of(keten), sha256="0" * 64), seal_of(keten)))
    refused(keten, "andere-bytes", "over andere bytes dan die van levering")


def test_of_another_size(keten: Keten) -> None:
    send(keten, sealed(replace(said_of(keten), omvang=9), seal_of(keten)))
    refused(keten, "andere-bytes", "(9 bytes)")


def test_for_another_delivery(keten: Keten) -> None:
    """A right one of the second delivery, under the name of an answer to the first."""
    keten.drop("0363", "WMO_H22025_beter.csv", b"c;d\n")
    keten.settle()
    send(keten, sealed(said_of(keten, "WMO_H22025_beter.csv"), seal_of(keten)))
    refused(keten, "andere-levering", "kwam als antwoord op")
    assert keten.trace("WMO_H22025_beter.csv")[0]["status"] == "acknowledged"


def test_for_another_municipalitys_delivery(keten: Keten) -> None:
    keten.drop("0034", "WMO_H22025.csv", b"e;f\n")
    keten.settle()
    [_, other] = keten.trace("WMO_H22025.csv")
    said = replace(said_of_row(keten, other), gemeentecode="0363")
    send(keten, sealed(said, seal_of(keten)))
    refused(keten, "levering-onbekend", "noemt geen levering")


def said_of_row(keten: Keten, row: dict[str, Any]) -> Ontvangstbewijs:
    return Ontvangstbewijs(
        row["referentienummer"], row["gemeentecode"], "x.csv", "x.csv", row["size"], row["sha256"],
        keten.nu, OIN_CBS, "CBS",
    )  # fmt: skip


def test_of_a_delivery_of_another_exchange(keten: Keten) -> None:
    """One that this exchange brings no receipts of, whatever its name says."""
    keten.drop("0363", "SBO_H22025.csv", b"g\n")
    keten.settle()
    name = "ONTVANGSTBEWIJS_H22025_0363.xml"
    send(keten, sealed(said_of(keten, "SBO_H22025.csv"), seal_of(keten)), name)
    refused(keten, "levering-onbekend", "noemt geen levering")


def test_of_what_the_receiver_has_yet_to_receive(keten: Keten) -> None:
    said = replace(said_of(keten), ontvangen=keten.nu + timedelta(hours=1))
    send(keten, sealed(said, seal_of(keten)))
    refused(keten, "in-de-toekomst", "nog komen moet")


def test_by_an_expired_certificate(keten: Keten) -> None:
    send(keten, sealed(said_of(keten), made(keten, tot=datetime.now(UTC) - timedelta(days=1))))
    refused(keten, "verlopen", "verlopen")


def test_by_a_certificate_that_is_not_valid_yet(keten: Keten) -> None:
    send(keten, sealed(said_of(keten), made(keten, van=datetime.now(UTC) + timedelta(days=1))))
    refused(keten, "nog-niet-geldig", "nog niet geldig")


def test_by_a_revoked_certificate(keten: Keten) -> None:
    """From the moment that the list says so; the gateway that runs reads it anew."""
    state, seal = keten.location.state, seal_of(keten)
    issuer = lees_uitgever(state, ISSUER)
    row = uitgifte.ingetrokken(
        seal.certificate.serial_number, datetime.now(UTC) - timedelta(hours=1)
    )
    newer = uitgifte.intrekkingslijst(issuer, 2, datetime(2026, 1, 1, tzinfo=UTC), [row])
    others = [one for one in lees_lijst(state) if one.issuer != newer.issuer]
    durable.put(openbaar(state, "crl.pem"), uitgifte.pem_van(newer, *others))
    send(keten, sealed(said_of(keten), seal))
    refused(keten, "ingetrokken", "ingetrokken")


def test_by_an_issuer_that_is_not_trusted(keten: Keten) -> None:
    root = uitgifte.nieuwe_wortel("Elders")
    issuer = uitgifte.nieuwe_uitgever("Elders", root)
    key = uitgifte.nieuwe_sleutel()
    domein = Domein("zegel-cbs", Soort.ZEGEL, "CBS", OIN_CBS)
    cert = uitgifte.certificaat(domein, key.public_key(), issuer)
    send(keten, sealed(said_of(keten), Seal(key, cert, issuer.chain)))
    refused(keten, "onbekende-uitgever", "niet uitgegeven door")


def test_changed_after_it_was_sealed(keten: Keten) -> None:
    """A right seal over the digest of other bytes, and the digest then put right."""
    wrong = replace(said_of(keten), sha256="0" * 64)
    content = sealed(wrong, seal_of(keten))
    send(keten, content.replace(b"0" * 64, said_of(keten).sha256.encode()))
    refused(keten, "andere-bytes", "over andere bytes gezet")


def test_with_a_signature_of_nothing(keten: Keten) -> None:
    """Another signature's value under this one's SignedInfo."""
    mine, other = sealed(said_of(keten), seal_of(keten)), sealed(said_of(keten), seal_of(keten))
    tree, donor = etree.fromstring(mine), etree.fromstring(other)
    path = f".//{{{xmlzegel.DS}}}SignatureValue"
    value = donor.find(path)
    changed = bytearray(value.text.encode())
    changed[:8] = b"AAAAAAAA"
    tree.find(path).text = changed.decode()
    send(keten, etree.tostring(tree))
    refused(keten, "handtekening-onjuist", "handtekening klopt niet")


def test_without_any_seal(keten: Keten) -> None:
    send(keten, envelopes.build_ontvangstbewijs(said_of(keten)))
    refused(keten, "geen-ontvangstbewijs", "ontvangstbewijs.xsd")


def wrapped(content: bytes, genuine: Ontvangstbewijs, how: str) -> bytes:
    """The classic attacks: what is signed is moved, and something else stands where one reads."""
    ns, ds = "urn:knooppunt:ontvangstbewijs:1", xmlzegel.DS
    signed = etree.fromstring(content)
    signature = signed.find(f"{{{ds}}}Signature")
    if how == "second-root":  # what is read first is not what is signed
        outer = etree.fromstring(envelopes.build_ontvangstbewijs(genuine))
        outer.append(signed)
        return etree.tostring(outer)
    if how == "moved-into-object":  # the signed element inside the signature, referred to by Id
        outer = etree.fromstring(envelopes.build_ontvangstbewijs(genuine))
        signed.remove(signature)
        signed.set("Id", "echt")
        outer.append(signature)
        signature.find(f".//{{{ds}}}Reference").set("URI", "#echt")
        etree.SubElement(signature, f"{{{ds}}}Object").append(signed)
        return etree.tostring(outer)
    if how == "moved-beside":  # a second statement beside the first, in the same root
        for one in etree.fromstring(envelopes.build_ontvangstbewijs(genuine)):
            signed.insert(0, one)
        return etree.tostring(signed)
    if how == "two-references":
        reference = signature.find(f".//{{{ds}}}Reference")
        signature.find(f"{{{ds}}}SignedInfo").append(etree.fromstring(etree.tostring(reference)))
        return etree.tostring(signed)
    if how == "transforms-turned":
        transforms = signature.find(f".//{{{ds}}}Transforms")
        transforms.append(transforms[0])
        return etree.tostring(signed)
    if how == "xpath-transform":
        first = signature.find(f".//{{{ds}}}Transform")
        first.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
        return etree.tostring(signed)
    assert how == "signature-in-bestand"
    signed.find(f"{{{ns}}}bestand").append(signature)
    return etree.tostring(signed)


@pytest.mark.parametrize(
    "how",
    ["second-root", "moved-into-object", "moved-beside", "two-references", "transforms-turned",
     "xpath-transform", "signature-in-bestand"],
)  # fmt: skip
def test_signature_wrapping(keten: Keten, how: str) -> None:
    """A genuine seal of CBS over another statement, bent to cover one that it never made."""
    mine = said_of(keten)
    other = replace(mine, sha256="1" * 64, omvang=1)
    send(keten, wrapped(sealed(other, seal_of(keten)), mine, how))
    code = rejection(keten)
    refused(keten, code, f"ontvangstbewijs geweigerd ({code})")
    assert code in ("geen-ontvangstbewijs", "handtekening-onjuist")


def test_without_anything_to_trust(tmp_path: Path) -> None:
    """A gateway without certificates believes nobody, and goes on."""
    with Keten(tmp_path / "a") as other:
        other.make_keys()
        seal = seal_of(other)
    with Keten(tmp_path / "b") as keten:
        keten.drop("0363", "WMO_H22025.csv", CSV)
        keten.settle()
        send(keten, sealed(said_of(keten), seal))
        refused(keten, "geen-vertrouwen", "geen certificaten")


# --- missed ---------------------------------------------------------------------------------------


def alarms(location: Location, config: Any) -> list[str]:
    monitor = Monitor(location, config)
    try:
        found = [one for one in judge(monitor.measure(), config) if one.code == "bewijs-ontbreekt"]
        return [one.sentence for one in found]
    finally:
        monitor.close()


def test_nothing_is_missed_where_nobody_ever_sealed(keten: Keten) -> None:
    """`eerder`: a chain without CBS at its end has no alarm, however long it waits."""
    keten.advance(days=30)
    keten.settle()
    assert keten.trace("WMO_H22025.csv")[0]["receipt"] is None
    assert alarms(keten.location, keten.config) == []


def test_from_the_first_receipt_on_others_are_missed(keten: Keten) -> None:
    """Awaited for a day, by the chain's clock; then shown, and an alarm."""
    keten.turn(keten.nu)
    send(keten, sealed(said_of(keten), seal_of(keten)))
    keten.drop("0363", "WMO_H22025_beter.csv", b"c;d\n")
    keten.settle()
    [row] = keten.trace("WMO_H22025_beter.csv")
    assert row["receipt"]["state"] == "awaited"
    assert alarms(keten.location, keten.config) == []
    keten.advance(hours=25)
    assert keten.trace("WMO_H22025_beter.csv")[0]["receipt"]["state"] == "missing"
    [sentence] = alarms(keten.location, keten.config)
    assert "1 delivery was delivered to cbs more than 24 hours ago (wmo)" in sentence
    with Reader(keten.location.database) as reader:
        [missed] = receipts.missed(reader, Wanted.of(keten.config), keten.nu)
    assert (missed["uitwisseling"], missed["count"], missed["gemeenten"]) == ("wmo", 1, ["0363"])
    late = sealed(said_of(keten, "WMO_H22025_beter.csv"), seal_of(keten))
    send(keten, late, "ONTVANGSTBEWIJS_H22025_0363_0002.xml")
    assert alarms(keten.location, keten.config) == []


@pytest.mark.parametrize(("how", "expected"), [("ja", 1), ("nee", 0)])
def test_a_receiver_may_be_known_to_seal_or_not(tmp_path: Path, how: str, expected: int) -> None:
    text = shipped_config().decode()
    text = text.replace("ontvangstbewijs: eerder", f"ontvangstbewijs: {how}")
    with Keten(tmp_path, config=text) as keten:
        keten.drop("0363", "WMO_H22025.csv", CSV)
        keten.settle()
        keten.advance(hours=25)
        keten.settle()
        assert len(alarms(keten.location, keten.config)) == expected
