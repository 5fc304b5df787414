# SPDX-License-Identifier: EUPL-1.2
"""Users and grants: who may hand in what, what held at the time, and who is told what."""

import json
import os
import pwd
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from gateway import store_tables as t
from gateway.errors import GatewayError
from gateway.model import Kind
from gateway.moment import monotonic
from gateway.requests import Asked, place
from gateway.store import connect
from gateway.store_queries import Reader
from gateway.testing import Keten, unbound
from tests.flow.test_decisions import besluit

ME = pwd.getpwuid(os.getuid()).pw_name
OPEN = unbound()
VERPLICHT = OPEN.replace("autorisatie: open", "autorisatie: verplicht")


@pytest.fixture
def streng(tmp_path):
    """A chain in which the aanlevering gmsd asks for a grant."""
    assert VERPLICHT != OPEN
    with Keten(tmp_path, config=VERPLICHT) as keten:
        yield keten


def refusals(keten, code="0363"):
    return keten.notices(code, "weigering")


def leaves(keten):
    engine = connect(keten.location.database, writer=False)
    with engine.connect() as connection:
        rows = connection.execute(select(t.leaf.c.content).order_by(t.leaf.c.idx)).scalars()
        found = [json.loads(row) for row in rows]
    engine.dispose()
    return found


# --- who the user is ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "sub", "user", "herkomst"),
    [
        ("", "", ME, "bestandseigenaar"),
        ("", "bea", "bea", "map"),
        (", standaardgebruiker: bo", "", "bo", "standaard"),
        (", standaardgebruiker: bo", "bea", "bea", "map"),
        (", standaardgebruiker: bo, gebruiker: standaard", "bea", "bo", "standaard"),
        (", standaardgebruiker: bo, gebruiker: bestandseigenaar", "bea", ME, "bestandseigenaar"),
        (", standaardgebruiker: bo, gebruiker: map", "bea", "bea", "map"),
        (", standaardgebruiker: bo, gebruiker: map", "", "onbekend", "standaard"),
    ],
)
def test_who_counts_as_the_user_of_a_drop(tmp_path, party, sub, user, herkomst):
    """By sub-folder, by the outbox's default, by the file's owner: or only the one it names."""
    config = OPEN.replace('"0363": {soort: gemeente, naam: Amsterdam', '"0363": {naam: A' + party)
    assert config != OPEN
    with Keten(tmp_path, config=config) as keten:
        where = {"uitwisseling": "wmo", "gebruiker": sub} if sub else {}
        keten.drop("0363", "WMO_H22025.csv", b"x", **where)
        keten.settle()
        [received] = keten.received("wmo")
        who = received.metagegevens.gebruiker
        assert (who.id, who.herkomst) == (user, herkomst)


# --- a grant is asked, or not ---------------------------------------------------------------------


def test_where_nothing_is_asked_everybody_passes(keten):
    """The aanlevering is open: no grant, and a decision for another passes too."""
    keten.reconfigure(OPEN)
    keten.drop("0363", "WMO_H22025.csv", b"x")
    keten.drop("0363", "INTREKKING_H22025.xml", besluit("intrekking", code="0034"))
    keten.settle()
    assert refusals(keten) == []
    assert len(keten.received("wmo")) == len(keten.received("besluit")) == 1


def test_without_a_grant_a_drop_is_refused_and_says_who_may_help(streng):
    """With a code, the coordinator of that municipality and aanlevering, and the operator."""
    streng.grant("c.oordinator", "gmsd", "0363", rol="coordinator")
    streng.grant("elders", "gmsd", "0034", rol="coordinator")
    streng.drop("0363", "WMO_H22025.csv", b"x")
    streng.settle()
    assert streng.received("wmo") == []
    [text] = refusals(streng)
    assert "niet-geautoriseerd" in text
    assert f"Gebruiker '{ME}' is niet geautoriseerd" in text
    assert "de coördinator van Amsterdam" in text
    assert "c.oordinator" in text
    assert "elders" not in text
    assert "beheerder van het knooppunt" in text
    [held] = streng.quarantine()
    assert (held / "WMO_H22025.csv").read_bytes() == b"x"


def test_a_refusal_without_a_coordinator_sends_to_the_operator(streng):
    """Nobody is invented."""
    streng.drop("0363", "WMO_H22025.csv", b"x")
    streng.settle()
    [text] = refusals(streng)
    assert "Vraag de beheerder van het knooppunt; Amsterdam heeft hier geen coördinator" in text


def test_a_grant_covers_every_exchange_of_its_aanlevering_and_no_other_municipality(streng):
    """PSA 4: authorised for the aanlevering, so for all exchanges in it."""
    streng.grant(ME, "gmsd", "0363")
    for code in ("0363", "0034"):
        for name in ("WMO_H22025.csv", "SBO_H22025.csv", "JEUGD_H22025.csv"):
            streng.drop(code, name, name.encode())
        streng.drop(code, "OPTIN_H22025.xml", besluit("opt-in", code=code))
    streng.settle()
    for exchange in ("wmo", "sbo", "jeugd", "besluit"):
        [received] = streng.received(exchange)
        assert received.metagegevens.gemeentecode == "0363"
    assert refusals(streng) == []
    assert len(refusals(streng, "0034")) == 4


def test_a_user_may_act_for_several_municipalities(streng):
    """One file each, from each outbox, under one name."""
    streng.grant("bea", "gmsd", "0363", "0034")
    for code in ("0363", "0034", "1701"):
        streng.drop(code, "WMO_H22025.csv", b"x", uitwisseling="wmo", gebruiker="bea")
    streng.settle()
    assert {one.metagegevens.gemeentecode for one in streng.received("wmo")} == {"0363", "0034"}
    assert len(refusals(streng, "1701")) == 1


def test_an_exchange_outside_the_aanlevering_asks_for_no_grant(tmp_path):
    """An exchange that names no aanlevering is as open as before."""
    sbo = '    patronen: ["SBO_*"]\n'
    config = VERPLICHT.replace(f"    aanlevering: gmsd\n{sbo}", sbo)
    assert config != VERPLICHT
    with Keten(tmp_path, config=config) as keten:
        keten.drop("0363", "SBO_H22025.csv", b"x")
        keten.drop("0363", "WMO_H22025.csv", b"x")
        keten.settle()
        assert len(keten.received("sbo")) == 1
        assert keten.received("wmo") == []


# --- what held at the time ------------------------------------------------------------------------


def test_a_grant_holds_from_its_leaf_until_it_is_revoked(streng):
    """Refused before, accepted between, refused after; the clock of the chain plays no part."""
    for number, step in enumerate(("", "grant", "revoke", "grant")):
        if step:
            getattr(streng, step)(ME, "gmsd", "0363")
        streng.advance(days=-1)
        streng.drop("0363", f"WMO_H22025_{number}.csv", b"x")
        streng.settle()
    assert [one.name for one in streng.received("wmo")] == [
        "WMO_H22025_1_0363_0001.csv",
        "WMO_H22025_3_0363_0002.csv",
    ]
    assert len(refusals(streng)) == 2


@contextmanager
def seen(keten, restart):
    """What lies in Amsterdam's outbox is seen, and is not decided on before the block ends."""
    engine = keten._chain.engine
    engine._resting[Kind.OUTBOX, "0363"] = monotonic() + 3600
    engine.try_now = engine.look_now  # its rest is not ended by a settle
    keten.settle()
    assert engine.unfinished
    yield
    assert engine.unfinished
    if restart:
        keten.restart()
    else:
        engine._resting.clear()
    keten.settle()


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("late", ["grant", "revoke"])
def test_a_decision_uses_the_grants_of_the_moment_of_upload(streng, late, restart):
    """Granted or revoked after a file was seen and before it is decided on: that comes too late."""
    if late == "revoke":
        streng.grant(ME, "gmsd", "0363")
    streng.drop("0363", "WMO_H22025_1.csv", b"1")
    with seen(streng, restart):
        getattr(streng, late)(ME, "gmsd", "0363")
    streng.drop("0363", "WMO_H22025_2.csv", b"2")
    streng.settle()
    passed = b"1" if late == "revoke" else b"2"
    assert [one.content for one in streng.received("wmo")] == [passed]
    assert len(refusals(streng)) == 1


@pytest.mark.parametrize(("before", "after"), [(OPEN, VERPLICHT), (VERPLICHT, OPEN)])
def test_a_decision_uses_the_rules_of_the_moment_of_upload(tmp_path, before, after):
    """A configuration that asks for grants since, or no longer does, judges what is seen later."""
    with Keten(tmp_path, config=before) as keten:
        keten.drop("0363", "WMO_H22025_1.csv", b"1")
        with seen(keten, restart=True):
            (tmp_path / "config.yaml").write_text(after)
        keten.drop("0363", "WMO_H22025_2.csv", b"2")
        keten.settle()
        passed = b"1" if before == OPEN else b"2"
        assert [one.content for one in keten.received("wmo")] == [passed]
        assert len(refusals(keten)) == 1


def test_the_default_user_is_that_of_the_moment_of_upload(tmp_path):
    """Another standaardgebruiker since did not hand in what was handed in before."""
    party = '"0363": {soort: gemeente, naam: Amsterdam'
    bo = OPEN.replace(party, party + ", standaardgebruiker: bo")
    with Keten(tmp_path, config=bo) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"1")
        with seen(keten, restart=True):
            (tmp_path / "config.yaml").write_text(bo.replace("bo}", "ba}"))
        assert keten.config.partijen["0363"].standaardgebruiker == "ba"
        assert keten.received("wmo")[0].metagegevens.gebruiker.id == "bo"


# --- mandates -------------------------------------------------------------------------------------


def test_withdrawing_for_another_municipality_needs_its_mandate(streng):
    """A grant there is not enough; a mandate is, and one of another municipality is not."""
    streng.grant(ME, "gmsd", "0363", "0034")
    streng.grant("wethouder", "gmsd", "0034", rol="coordinator")
    content = besluit("intrekking", code="0034")
    streng.drop("0363", "INTREKKING_H22025_1.xml", content)
    streng.drop("0363", "INTREKKING_H22025_2.xml", besluit("intrekking", code="0363"))
    streng.settle()
    [text] = refusals(streng)
    assert "geen-mandaat" in text
    assert "is voor Almere" in text
    assert "de coördinator van Almere" in text
    assert "wethouder" in text
    streng.grant(ME, "gmsd", "0363", mandaat_van="1701")
    streng.drop("0363", "INTREKKING_H22025_3.xml", content)
    streng.settle()
    assert len(refusals(streng)) == 2
    streng.grant(ME, "gmsd", "0363", mandaat_van="0034")
    streng.drop("0363", "INTREKKING_H22025_4.xml", content)
    streng.settle()
    streng.revoke(ME, "gmsd", "0363", mandaat_van="0034")
    streng.drop("0363", "INTREKKING_H22025_5.xml", content)
    streng.settle()
    assert len(refusals(streng)) == 3
    assert [one.name[:19] for one in streng.received("besluit")] == [
        "INTREKKING_H22025_2",
        "INTREKKING_H22025_4",
    ]


def test_a_mandate_alone_is_no_grant(streng):
    """Who may only withdraw for another may not hand in."""
    streng.grant(ME, "gmsd", "0363", mandaat_van="0034")
    streng.drop("0363", "WMO_H22025.csv", b"x")
    streng.settle()
    assert "niet-geautoriseerd" in refusals(streng)[0]


@pytest.mark.parametrize("soort", ["opt-in", "opt-out", "accordering"])
def test_another_decision_for_another_municipality_needs_a_grant_there(streng, soort):
    """The PSA wants an authorised employee of the municipality concerned."""
    streng.grant(ME, "gmsd", "0363")
    streng.drop("0363", "OPTIN_H22025_1.xml", besluit(soort, code="0034"))
    streng.settle()
    assert "geen-mandaat" in refusals(streng)[0]
    streng.grant(ME, "gmsd", "0034")
    streng.drop("0363", "OPTIN_H22025_2.xml", besluit(soort, code="0034"))
    streng.settle()
    assert len(streng.received("besluit")) == 1


# --- the log --------------------------------------------------------------------------------------


def test_grants_and_revocations_are_leaves_without_a_name(streng):
    """role.grant and role.revoke, in order, for the municipality; who and whom as commitments."""
    before = len(leaves(streng))
    digest = "ab" * 32
    streng.grant("m.jansen", "gmsd", "0363", mandaat_van="0034", grondslag=digest)
    streng.revoke("m.jansen", "gmsd", "0363", mandaat_van="0034")
    new = leaves(streng)[before:]
    assert [one["type"] for one in new] == ["role.grant", "role.revoke"]
    for one in new:
        assert one["tenant"] == "0363"
        assert one["object"] == "aanlevering gmsd"
        assert "0034" in one["action"]
        assert one["actor"].startswith("c1:")
        assert one["name"].startswith("c1:")
        assert "jansen" not in json.dumps(one)
    assert new[0]["evidence"] == [f"grondslag:{digest}"]


def test_a_refusal_names_nobody_in_the_log(streng):
    """Who was refused and who may help stand in the notice, not in events or leaves."""
    streng.grant("c.oordinator", "gmsd", "0363", rol="coordinator")
    streng.drop("0363", "WMO_H22025.csv", b"x", uitwisseling="wmo", gebruiker="u.nieknaam")
    streng.settle()
    [text] = refusals(streng)
    assert "u.nieknaam" in text
    told = json.dumps([streng.trace("WMO_H22025.csv"), leaves(streng)])
    assert "niet-geautoriseerd" in told
    assert "knooppunt grant" in told
    assert "c.oordinator" not in told
    assert "u.nieknaam" not in told


def test_what_was_granted_already_or_was_never_granted_leaves_no_leaf(streng):
    """Twice is once."""
    streng.grant(ME, "gmsd", "0363")
    before = len(leaves(streng))
    streng.grant(ME, "gmsd", "0363")
    streng.revoke("niemand", "gmsd", "0363")
    assert len(leaves(streng)) == before


# --- requests that are wrong ----------------------------------------------------------------------


WHOLE = {"gebruiker": "x", "aanlevering": "gmsd", "gemeenten": ["0363"], "mandaat_van": "",
         "rol": "gebruiker", "door": "y", "reden": "", "grondslag": ""}  # fmt: skip


@pytest.mark.parametrize(
    "edit",
    [{"rol": "baas"}, {"gemeenten": []}, {"gemeenten": 7}, {"gemeenten": [[]]}, {"door": ""},
     *({name: None} for name in ("gemeenten", "rol"))],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["grant", "revoke"])
def test_a_request_that_is_not_whole_is_answered_and_changes_nothing(streng, kind, edit):
    """A hand-made file in the state does not stop the gateway."""
    before = len(leaves(streng))
    place(streng.location.state, Asked("01A", kind, WHOLE | edit))
    place(streng.location.state, Asked("01B", kind, {}))
    streng.settle()
    assert len(leaves(streng)) == before
    with Reader(streng.location.database) as reader:
        for id_ in ("01A", "01B"):
            assert "not a whole one" in json.loads(reader.answer(id_))["error"]


@pytest.mark.parametrize(
    ("user", "aanlevering", "code", "more"),
    [
        ("", "gmsd", "0363", {}),
        ("onbekend", "gmsd", "0363", {}),
        ("x" * 101, "gmsd", "0363", {}),
        ("a\x1bb", "gmsd", "0363", {}),
        (ME, "gmds", "0363", {}),
        (ME, "gmsd", "0518", {}),
        (ME, "gmsd", "0363", {"mandaat_van": "9999"}),
        (ME, "gmsd", "0363", {"mandaat_van": "0363"}),
    ],
)
def test_a_grant_for_nobody_or_nothing_is_refused(streng, user, aanlevering, code, more):
    """No name, no such aanlevering, no such party, no mandate of one's own: nothing is logged."""
    before = len(leaves(streng))
    with pytest.raises(ValueError, match="error"):
        streng.grant(user, aanlevering, code, **more)
    assert len(leaves(streng)) == before


def test_a_moment_that_is_none_is_said():
    """Options that take a time say how to write one."""
    from gateway.periods import klok_of

    with pytest.raises(GatewayError, match="--van gisteren"):
        klok_of("gisteren", "--van")
