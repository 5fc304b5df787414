# SPDX-License-Identifier: EUPL-1.2
"""A user bound to the bytes: seals beside files, end to end, and what is refused."""

import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

import envelopes
from envelopes import Gebruiker
from gateway import store_tables as t
from gateway.backup import backup, restore
from gateway.binding import cms
from gateway.setup import shipped_config
from gateway.store import connect
from gateway.testing import Keten
from gateway.trust.wissel import bereid, gekozen, trek_in, voltooi
from tests.flow.test_decisions import besluit

SHIPPED = shipped_config().decode()
OPTIN = besluit("opt-in")
"""By the shipped configuration a decision must be bound to an employee with a grant."""


def rows(keten, column):
    engine = connect(keten.location.database, writer=False)
    with engine.connect() as connection:
        found = list(connection.execute(select(column)).scalars())
    engine.dispose()
    return found


def leaves(keten, word=""):
    found = [json.loads(one) for one in rows(keten, t.leaf.c.content)]
    return [one for one in found if word in one["type"]]


@pytest.fixture
def streng(tmp_path):
    """The shipped chain, with keys; its coordinator may hand in."""
    with Keten(tmp_path) as keten:
        keten.make_keys()
        keten.grant("coordinator", "gmsd", "0363")
        yield keten


def test_a_sealed_decision_reaches_cbs_with_its_seal_whole(streng):
    """By an employee: who, how surely and by what stand in metagegevens, leaf and receipt."""
    p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
    streng.drop("0363", "OPTIN_H22025.xml.p7s", p7s)
    streng.drop("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    [received] = streng.received("besluit")
    assert received.content == OPTIN
    record = received.metagegevens
    assert envelopes.read_binding(record.binding) == ("zegel", p7s)
    assert (record.gebruiker.id, record.gebruiker.herkomst) == ("coordinator", "zegel")
    assert record.gebruiker.betrouwbaarheidsniveau == "urn:etoegang:core:assurance-class:loa3"
    [accepted] = leaves(streng, "A.1")
    assert (accepted["auth"], accepted["loa"]) == ("seal", "loa3")
    assert accepted["evidence"][0].startswith("zegel:")
    [text] = streng.notices("0363", "ontvangst")
    assert "coordinator (ondertekend met een eigen zegel, betrouwbaarheidsniveau loa3)" in text
    assert rows(streng, t.binding.c.content) == [p7s]
    assert [one.name for one in streng.verzonden("0363")] == ["OPTIN_H22025.xml"]
    assert list(streng.outbox("0363").glob("OPTIN*")) == []


@pytest.mark.parametrize("first", ["file", "seal"])
def test_either_may_come_first(streng, first):
    """A file waits for its seal, a seal for its file, each with a reason; then they go as one."""
    p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
    drops = {"file": ("OPTIN_H22025.xml", OPTIN), "seal": ("OPTIN_H22025.xml.p7s", p7s)}
    streng.drop("0363", *drops.pop(first))
    [waiting] = streng.settle().waiting
    assert waiting.code == ("zegel-ontbreekt" if first == "file" else "zegel")
    assert waiting.retry is not None
    assert bool(waiting.due) is (first == "file")
    [(name, content)] = drops.values()
    streng.drop("0363", name, content)
    streng.settle()
    assert len(streng.received("besluit")) == 1


def test_a_file_without_its_seal_is_refused_when_its_time_is_over(tmp_path):
    """A reason that says what to do, a leaf, and the file in quarantine."""
    config = SHIPPED.replace("    binding: sterk", "    binding: sterk\n    binding_wachttijd_s: 0")
    with Keten(tmp_path, config=config) as keten:
        keten.drop("0363", "OPTIN_H22025.xml", OPTIN)
        keten.settle()
        [text] = keten.notices("0363", "weigering")
        assert "binding-ontbreekt" in text
        assert "knooppunt seal" in text
        assert "zwakke binding" in text
        [refused] = leaves(keten, "A.2")
        assert (refused["result"], refused["auth"]) == ("binding-ontbreekt", "folder")
        [held] = keten.quarantine()
        assert (held / "OPTIN_H22025.xml").read_bytes() == OPTIN


def test_the_seal_of_a_municipality_is_not_that_of_an_employee(streng):
    """It has no person and no level; who a decision names is what somebody wrote in it."""
    decision = besluit("opt-in", gebruiker="coordinator")
    p7s = streng.seal("0363", "OPTIN_H22025.xml", decision)
    text = refused(streng, "geen-medewerker", p7s=p7s, content=decision)
    assert "welke medewerker" in text
    assert "h.de.vries" not in text and "0363 (ondertekend met het zegel van de organisatie" in text


def test_where_the_seal_of_a_municipality_will_do_it_speaks_for_itself(tmp_path):
    """By configuration: the municipality is who hands in, and who must have the grant."""
    config = SHIPPED.replace("organisatiezegel: weigeren", "organisatiezegel: volstaat")
    decision = besluit("opt-in", gebruiker="h.de.vries")
    with Keten(tmp_path, config=config) as keten:
        keten.make_keys()
        keten.grant("h.de.vries", "gmsd", "0363")
        keten.drop_sealed("0363", "OPTIN_H22025.xml", decision, als="")
        keten.settle()
        assert "niet-geautoriseerd" in keten.notices("0363", "weigering")[0]
        keten.grant("0363", "gmsd", "0363")
        keten.drop_sealed("0363", "OPTIN_H22025.xml", decision, als="")
        keten.settle()
        [received] = keten.received("besluit")
        assert received.metagegevens.gebruiker == Gebruiker("0363", "zegel")
        [text] = keten.notices("0363", "ontvangst")
        assert "0363 (ondertekend met het zegel van de organisatie" in text
        assert "h.de.vries" not in text
        [accepted] = leaves(keten, "A.1")
        assert (accepted["auth"], accepted["loa"]) == ("seal", "organisatie")
        assert set(rows(keten, t.levering.c.gebruiker)) == {"0363"}


def test_a_folder_does_not_name_the_person_behind_the_seal_of_a_municipality(streng):
    """Where no binding is asked either: who sealed is who handed in."""
    p7s = streng.seal("0363", "WMO_H22025.csv", b"x")
    streng.drop("0363", "WMO_H22025.csv.p7s", p7s, gebruiker="jan", uitwisseling="wmo")
    streng.drop("0363", "WMO_H22025.csv", b"x", gebruiker="jan", uitwisseling="wmo")
    streng.settle()
    assert streng.received("wmo")[0].metagegevens.gebruiker == Gebruiker("0363", "zegel")


def test_a_seal_where_none_is_asked_counts_all_the_same(streng):
    """It names the user, and reaches the receiver."""
    streng.drop_sealed("0363", "WMO_H22025.csv", b"x")
    streng.settle()
    [received] = streng.received("wmo")
    assert received.metagegevens.gebruiker.id == "coordinator"
    assert received.metagegevens.binding is not None


def test_a_large_file_by_reference_is_sealed_too(tmp_path):
    """Its SHA-256, read while it is carried, is held against the seal's."""
    config = SHIPPED.replace(
        '    patronen: ["WMO_*"]', '    patronen: ["WMO_*"]\n    groot: verwijzen'
    )
    config = config.replace("max_bytes: 26214400", "max_bytes: 65536")
    large = b"regel;0363\n" * 20_000
    with Keten(tmp_path, config=config) as keten:
        keten.drop_sealed("0363", "WMO_H22025.csv", large)
        keten.settle()
        [received] = keten.received("wmo")
        assert received.content == large
        assert received.metagegevens.gebruiker.herkomst == "zegel"
        keten.drop("0363", "WMO_H22025_2.csv.p7s", keten.seal("0363", "WMO_H22025_2.csv", b"x"))
        keten.drop("0363", "WMO_H22025_2.csv", large)
        keten.settle()
        assert "andere-bytes" in keten.notices("0363", "weigering")[0]


def test_a_list_may_name_a_file_and_its_seal(tmp_path):
    """Handed over by manifest: both are taken when the file is, and the list goes with them."""
    config = SHIPPED.replace("naam: Amsterdam}", "naam: Amsterdam, overdracht: {wijze: manifest}}")
    with Keten(tmp_path, config=config) as keten:
        keten.drop_sealed("0363", "WMO_H22025.csv", b"x")
        lines = [
            f"{hashlib.sha256(one.read_bytes()).hexdigest()} {one.stat().st_size} {one.name}\n"
            for one in sorted(keten.outbox("0363").glob("WMO*"))
        ]
        assert len(lines) == 2
        keten.drop("0363", "x.manifest", "".join(lines).encode())
        keten.settle()
        assert keten.received("wmo")[0].metagegevens.gebruiker.id == "coordinator"
        assert [one.name for one in keten.outbox("0363").iterdir() if one.is_file()] == []


def test_what_is_beside_a_file_is_never_followed_or_waited_for(streng, tmp_path):
    """A link and a pipe in place of a seal: the file is refused for it."""
    for number, make in enumerate((lambda p: p.symlink_to(tmp_path / "config.yaml"), os.mkfifo)):
        name = f"OPTIN_H22025_{number}.xml"
        make(streng.outbox("0363") / f"{name}.p7s")
        streng.drop("0363", name, OPTIN)
        streng.settle()
    assert streng.received("besluit") == []
    assert ["zegel-onleesbaar" in one for one in streng.notices("0363", "weigering")] == [True] * 2


# --- by whom --------------------------------------------------------------------------------------


def test_without_that_aanlevering_or_a_mandate_a_seal_does_not_help(tmp_path):
    """Who signed is known, and may not: refused, for himself and on behalf of another."""
    with Keten(tmp_path) as keten:
        keten.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
        keten.settle()
        assert "niet-geautoriseerd" in keten.notices("0363", "weigering")[0]
        assert leaves(keten, "A.2")[0]["auth"] == "seal"
        keten.grant("coordinator", "gmsd", "0363")
        keten.drop_sealed("0363", "INTREKKING_H22025.xml", besluit("intrekking", code="0034"))
        keten.settle()
        assert "geen-mandaat" in "".join(keten.notices("0363", "weigering"))
        keten.grant("coordinator", "gmsd", "0363", mandaat_van="0034")
        keten.drop_sealed("0363", "INTREKKING_H22025.xml", besluit("intrekking", code="0034"))
        keten.settle()
        assert len(keten.received("besluit")) == 1


def test_under_assurance_level_3_a_seal_does_not_help(tmp_path):
    """An employee whose certificate was given out at level 2 cannot decide, and can hand in."""
    config = SHIPPED + "\neherkenning: {niveaus: {0363/coordinator: loa2}}\n"
    with Keten(tmp_path, config=config) as keten:
        keten.make_keys()
        keten.grant("coordinator", "gmsd", "0363")
        keten.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
        keten.drop_sealed("0363", "WMO_H22025.csv", b"x")
        keten.settle()
        [text] = keten.notices("0363", "weigering")
        assert "niveau-te-laag" in text
        assert "loa2" in text
        assert leaves(keten, "A.2")[0]["result"] == "niveau-te-laag"
        assert len(keten.received("wmo")) == 1


# --- attacks --------------------------------------------------------------------------------------


def refused(keten, code, name="OPTIN_H22025.xml", p7s=None, content=OPTIN):
    """Drop a file with this seal: refused for that, with a leaf; both lie in quarantine."""
    before = len(keten.quarantine())
    keten.drop("0363", f"{name}.p7s", p7s)
    keten.drop("0363", name, content)
    keten.settle()
    assert keten.received("besluit") == []
    text = keten.notices("0363", "weigering")[-1]
    assert f"Code:                {code}\n" in text, text
    assert leaves(keten, "A.2")[-1]["result"] == code
    held = keten.quarantine()
    assert len(held) == before + 1
    there = {one.name for one in held[-1].iterdir()}
    assert there == {name, f"{name}.p7s", "reden.txt"}
    return text


def test_a_seal_of_another_municipality_is_refused(streng):
    """Under the same root, and it says so."""
    p7s = streng.seal("0034", "OPTIN_H22025.xml", OPTIN, "coordinator")
    assert "andere organisatie" in refused(streng, "verkeerde-oin", p7s=p7s)


def test_a_seal_over_other_bytes_is_refused(streng):
    """One byte is enough."""
    p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN + b" ", "coordinator")
    refused(streng, "andere-bytes", p7s=p7s)


def test_the_manifest_of_another_delivery_is_refused(streng):
    """The same bytes, sealed to go under another name."""
    p7s = streng.seal("0363", "OPTOUT_H22025.xml", OPTIN, "coordinator")
    assert "andere levering" in refused(streng, "andere-levering", p7s=p7s)


def test_a_seal_is_used_once(streng):
    """Whoever may write in the outbox cannot hand in an earlier decision again."""
    p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
    streng.drop("0363", "OPTIN_H22025.xml.p7s", p7s)
    streng.drop("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    assert len(streng.empty_receivers()) == 2
    refused(streng, "al-gebruikt", p7s=p7s)


def test_a_seal_stays_used_after_a_restore(tmp_path):
    """It was used after the backup: the log tells so. One of after it, over the same, is taken."""
    back, folder = str(tmp_path / "backup"), tmp_path / "keten"
    with Keten(folder) as keten:
        keten.make_keys()
        keten.grant("coordinator", "gmsd", "0363")
        backup(keten.location, back, keys=False)
        p7s = keten.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
        keten.drop("0363", "OPTIN_H22025.xml.p7s", p7s)
        keten.drop("0363", "OPTIN_H22025.xml", OPTIN)
        keten.settle()
        assert len(keten.empty_receivers()) == 2
    restore(keten.location, keten.config, back, since=None, go_on=True, log_lost=False)
    shutil.rmtree(folder / "folders/gemeenten/0363/verzonden")  # its owner took them away
    with Keten(folder, seed=7) as keten:
        refused(keten, "al-gebruikt", p7s=p7s)
        keten.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
        keten.settle()
        assert len(keten.received("besluit")) == 1


@pytest.mark.parametrize(("since", "passes"), [(-1, False), (1, True)])
def test_a_revocation_counts_without_a_restart_from_its_moment_on(streng, since, passes):
    """The list in the state is another than before: what was sealed before that moment stays."""
    domain = gekozen(streng.config, "zegel-medewerker-0363-coordinator")
    moment, now = (datetime.now(UTC) + timedelta(days=days) for days in (since, 2))
    trek_in(streng.location.state, streng.config, domain, moment, now)
    if passes:
        streng.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
        streng.settle()
        assert len(streng.received("besluit")) == 1
    else:
        p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
        assert "ingetrokken" in refused(streng, "ingetrokken", p7s=p7s)


def test_the_seal_of_a_new_key_and_that_of_the_old_one_both_count(streng):
    """After a rotation the employee is known by either."""
    old = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
    domain = gekozen(streng.config, "zegel-medewerker-0363-coordinator")
    bereid(streng.location.state, streng.config, domain)
    voltooi(streng.location.state, streng.config, domain)
    streng.drop("0363", "OPTIN_H22025.xml.p7s", old)
    streng.drop("0363", "OPTIN_H22025.xml", OPTIN)
    streng.drop_sealed("0363", "OPTOUT_H22025.xml", OPTIN)
    streng.settle()
    found = [one.metagegevens.gebruiker.id for one in streng.received("besluit")]
    assert found == ["coordinator", "coordinator"]


def malformed(p7s):
    """Whole families of what is no seal."""
    return {
        "empty": b"",
        "words": b"dit is geen zegel",
        "json": b'{"versie": 1}',
        "cut": p7s[:-1],
        "more": p7s + b"\0",
        "huge": p7s + b"\0" * 40_000,
        "nested": b"\x30\x80" * 10_000,
        "length": b"\x30\x84\xff\xff\xff\xff",
        "pem": b"-----BEGIN PKCS7-----\n",
        "no signer": p7s.replace(b"\x02\x01\x01\x30", b"\x02\x01\x01\x31"),
    }


@pytest.mark.parametrize("family", malformed(b"").keys())
def test_what_is_no_seal_is_refused_and_nothing_breaks(streng, family):
    """Refused with the file, whatever it is."""
    p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
    code = "verklaring-onleesbaar" if family == "json" else "zegel-onleesbaar"
    refused(streng, code, p7s=malformed(p7s)[family])


@pytest.mark.parametrize("at", range(0, 2000, 97))
def test_a_seal_with_one_bit_changed_is_refused(streng, at):
    """Wherever that bit is, but in the certificate of the issuer, which is known here anyway."""
    p7s = streng.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")
    at = len(p7s) - 1 - at % len(p7s)
    changed = p7s[:at] + bytes([p7s[at] ^ 4]) + p7s[at + 1 :]
    streng.drop("0363", "OPTIN_H22025.xml.p7s", changed)
    streng.drop("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    received = streng.received("besluit")
    if received:  # what was changed was not signed, and says nothing of who signed
        before, after = cms.read(p7s), cms.read(changed)
        assert (before.attributes, before.signer) == (after.attributes, after.signer)


# --- what came of it ------------------------------------------------------------------------------


def test_a_refused_file_is_released_with_its_seal(tmp_path):
    """Once the grant is there, a person sends it in again: the seal still counts, once."""
    with Keten(tmp_path) as keten:
        keten.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
        keten.settle()
        [held] = keten.quarantine()
        keten.grant("coordinator", "gmsd", "0363")
        from tests.flow.test_quarantine import released

        released(keten, held.name)
        keten.settle()
        [received] = keten.received("besluit")
        assert received.metagegevens.gebruiker.herkomst == "zegel"


def test_openssl_verifies_what_reached_cbs(streng, tmp_path):
    """The seal in the metagegevens, over the file beside it, by a tool that is not ours."""
    streng.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    [received] = streng.received("besluit")
    p7s = tmp_path / "seal.p7s"
    p7s.write_bytes(envelopes.read_binding(received.metagegevens.binding).inhoud)
    trusted = streng.folder / "folders" / ".state" / "vertrouwen" / "root.pem"
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", p7s, "-content",
         received.path, "-CAfile", trusted, "-out", "/dev/null"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
