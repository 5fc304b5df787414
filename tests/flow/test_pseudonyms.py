# SPDX-License-Identifier: EUPL-1.2
"""Whose a pseudonym is: in the log before it is believed, and never another's afterwards."""

import json
import sqlite3
from pathlib import Path

from gateway.audit import leaf
from gateway.audit.verify import verify as verify_log
from gateway.evidence import believed
from gateway.evidence.bundle import make
from gateway.evidence.container import unpack
from gateway.evidence.verify import verify
from gateway.evidence.wish import Wish
from gateway.health import checkup
from gateway.lifecycle import pseudonym_chain
from gateway.outside import ensure_policy
from gateway.store_health import reading
from gateway.store_links import links
from gateway.testing import Keten
from gateway.trust.sleutels import lees_pseudoniemen
from tests.flow.test_binding import OPTIN, leaves, streng
from tests.flow.test_eherkenning import Forge

__all__ = ["streng"]

LINK = "pseudonym.link"


def swapped(keten, old="coordinator", new="h.de.vries"):
    """The operator has one employee's pseudonym pass for that of another."""
    path = Path(keten.location.state) / "pseudoniemen.json"
    rows = json.loads(path.read_text())
    for one in rows.values():
        if one == {"gemeentecode": "0363", "gebruiker": old}:
            one["gebruiker"] = new
    path.write_text(json.dumps(rows))


def committed(keten):
    """What the log says, opened: whose, and with which result."""
    found = []
    for one in keten_links(keten):
        fields = json.loads(one.content)
        assert leaf.commit("name", one.value, one.salt) == fields["name"]
        found.append((fields["tenant"], one.value, fields["result"]))
    return found


def keten_links(keten):
    with reading(keten.location.database) as connection:
        return links(connection)


def proven(keten, name="OPTIN_H22025.xml", redact=()):
    """Make a bundle and verify it."""
    ensure_policy(keten.location, "knooppunt.example/audit-2026")
    made = make(keten.location, Wish(name, content=True, redact=frozenset(redact)))
    return verify(made.content, believed.load(f"{keten.location.state}/vertrouwen")), made.content


def sealed(keten):
    """The decision under coordinator's seal, made while the file said that it is his."""
    return keten.seal("0363", "OPTIN_H22025.xml", OPTIN, "coordinator")


def drop(keten, p7s):
    keten.drop("0363", "OPTIN_H22025.xml.p7s", p7s)
    keten.drop("0363", "OPTIN_H22025.xml", OPTIN)
    keten.settle()


def step(report, name):
    return next(one for one in report.steps if one.name == name)


def test_each_pair_is_committed_to_once(streng):
    """Before any file is judged by it; a name stands in the opening alone."""
    streng.settle()
    streng.settle()
    known = lees_pseudoniemen(streng.location.state)
    assert sorted(committed(streng)) == sorted((*one, "ok") for one in known.values())
    for one in leaves(streng, LINK):
        assert "coordinator" not in json.dumps(one)
        assert "prev" not in one


def test_a_pseudonym_that_was_given_to_another_stays_whose_it_was(streng):
    """The operator edits the file: told, alarmed and logged once; the seal counts as it did."""
    streng.settle()
    p7s = sealed(streng)
    swapped(streng)
    streng.grant("h.de.vries", "gmsd", "0363")
    drop(streng, p7s)
    streng.settle()
    [received] = streng.received("besluit")
    assert received.metagegevens.gebruiker.id == "coordinator"
    assert [one for one in committed(streng) if one[2] != "ok"] == [
        ("0363", "h.de.vries", "refused")
    ]
    alarms = {one.code: one.sentence for one in checkup(streng.location, streng.config)}
    assert "de.vries" not in alarms["pseudoniem-gewijzigd"]
    assert verify_log(streng.location.audit).ok
    swapped(streng, "h.de.vries", "coordinator")
    streng.settle()
    assert "pseudoniem-gewijzigd" not in [
        one.code for one in checkup(streng.location, streng.config)
    ]


def test_a_start_on_a_changed_file_goes_by_the_log(tmp_path):
    """And says so, with the leaf; whose the name is, it does not say."""
    with Keten(tmp_path) as keten:
        keten.make_keys()
        keten.grant("coordinator", "gmsd", "0363")
        keten.settle()
        p7s = sealed(keten)
        swapped(keten)
        keten.restart()
        [said] = [one for one in keten.said if "pseudoniemen.json" in one]
        assert "leaf" in said and "vries" not in said
        drop(keten, p7s)
        assert keten.received("besluit")[0].metagegevens.gebruiker.id == "coordinator"


def test_a_bundle_shows_who_is_behind_the_seal(streng):
    """Certificate, leaf from before, opening and actor: one step, and one row of the page."""
    streng.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    report, content = proven(streng)
    assert report.ok
    found = step(report, "person")
    assert (found.outcome, "is the employee that leaf" in found.detail) == ("ok", True)
    assert (
        "Dat dit pseudoniem van deze gebruiker is"
        in unpack(content).members["summary.html"].decode()
    )
    report, _ = proven(streng, redact=["openings"])
    assert (report.ok, step(report, "person").outcome) == (True, "absent")


def test_a_bundle_shows_who_logged_in(streng):
    """The pseudonym in the token, by the same leaf."""
    forge = Forge(streng)
    streng.drop("0363", "OPTIN_H22025.xml.eh.json", forge.sign(forge.said()))
    streng.drop("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    report, _ = proven(streng)
    assert step(report, "binding").outcome == "ok"
    assert step(report, "person").outcome == "ok"
    assert forge.pseudonym() in step(report, "person").detail


def test_a_bundle_says_that_an_organisation_is_no_person(streng):
    """Its own seal: proven is that it handed in, and the page calls the person weak."""
    streng.drop_sealed("0363", "WMO_H22025.csv", b"x", als="")
    streng.settle()
    report, content = proven(streng, "WMO_H22025.csv")
    assert (report.ok, "0363 itself, and no person") == (True, step(report, "person").detail[17:])
    page = unpack(content).members["summary.html"].decode()
    assert "het zegel van de organisatie zelf" in page
    assert "Het pseudoniem in het zegel" not in page


def test_an_operator_who_gives_a_pseudonym_twice_is_found_out(tmp_path):
    """He rids the database of the first leaf's row: the log and each bundle with it tell."""
    keten = Keten(tmp_path)
    keten.make_keys()
    keten.grant("coordinator", "gmsd", "0363")
    keten.settle()
    [first] = [one for one in keten_links(keten) if (one.value, one.msg) == coordinator(keten)]
    change(keten, "DELETE FROM koppeling WHERE leaf = ?", first.leaf)
    p7s = sealed(keten)
    swapped(keten)
    keten.grant("h.de.vries", "gmsd", "0363")
    drop(keten, p7s)
    assert keten.received("besluit")[0].metagegevens.gebruiker.id == "h.de.vries"
    report = verify_log(keten.location.audit)
    assert not report.ok
    assert f"it is {first.leaf}" in next(s for s in report.steps if s.name == "chain").detail
    change(keten, "INSERT INTO koppeling VALUES (?, ?)", first.leaf, first.msg)
    report, _ = proven(keten)
    assert not report.ok
    assert "is another employee than log/leaves/" in step(report, "person").detail
    keten.close()  # not as a context: at its end that would find him out too


def test_where_the_opening_is_gone_the_pair_is_told_anew_behind_the_first(streng):
    """As after a restore; who reads a bundle is told that nobody shows whose it was at first."""
    streng.settle()
    before = len(keten_links(streng))
    change(streng, "DELETE FROM opening WHERE leaf IN (SELECT leaf FROM koppeling)")
    streng.restart()
    again = [json.loads(one.content) for one in keten_links(streng)][before:]
    assert [one["prev"] for one in again] == [one.leaf for one in keten_links(streng)][:before]
    streng.drop_sealed("0363", "OPTIN_H22025.xml", OPTIN)
    streng.settle()
    assert streng.received("besluit")[0].metagegevens.gebruiker.id == "coordinator"
    report, _ = proven(streng)
    assert (report.ok, step(report, "person").outcome) == (True, "not-checked")
    assert "no opening of leaf" in step(report, "person").detail


def coordinator(keten):
    """The pair of 0363's coordinator, as the store has it."""
    known = lees_pseudoniemen(keten.location.state)
    [pseudonym] = [one for one, who in known.items() if who == ("0363", "coordinator")]
    return "coordinator", pseudonym_chain(pseudonym)


def change(keten, statement, *values):
    """What an operator can do to the database."""
    with sqlite3.connect(keten.location.database) as connection:
        connection.execute(statement, values)
    connection.close()
