# SPDX-License-Identifier: EUPL-1.2
"""The commands grant, revoke, grants and usage: with a gateway running and without one."""

import hashlib
import json
import os
import pwd
import signal

import pytest

from gateway.store_use import Wanted, ever_used, grants_of, used
from gateway.testing import Keten, unbound
from tests.flow.conftest import eventually
from tests.flow.test_commands import as_promised
from tests.flow.test_decisions import besluit

ME = pwd.getpwuid(os.getuid()).pw_name
STRENG = ("autorisatie: open", "autorisatie: verplicht")


def held(knooppunt, *words):
    """The grants in force, as the command says it; exit code 1 for none."""
    found = as_promised(
        json.loads(knooppunt("grants", *words, "--json", code=None).stdout), "grants"
    )
    return [
        (g["gebruiker"], g["gemeentecode"], g["mandaat_van"], g["rol"]) for g in found["grants"]
    ]


# --- grants ---------------------------------------------------------------------------------------


def test_granting_and_revoking_without_a_gateway(knooppunt):
    """Done at once, once, and told; who did it and why are kept; a leaf each."""
    size = knooppunt.json("audit", "verify")["size"]
    assert held(knooppunt) == []
    knooppunt("grants", code=1)
    said = knooppunt(
        "grant", "m.jansen", "gmsd", "--gemeente", "0363", "--gemeente", "0034", "--coordinator",
        "--reason", "brief 12",
    ).stdout  # fmt: skip
    assert "granted    m.jansen: gmsd of 0034, coordinator" in said
    assert "gmsd is open" in said
    assert held(knooppunt) == [
        ("m.jansen", "0363", "", "coordinator"),
        ("m.jansen", "0034", "", "coordinator"),
    ]
    answer = knooppunt.json("revoke", "m.jansen", "gmsd", "--gemeente", "0034")
    assert [g["gemeentecode"] for g in as_promised(answer, "grant")["done"]] == ["0034"]
    assert held(knooppunt, "--gemeente", "0034") == []
    assert held(knooppunt, "--gebruiker", "m.jansen") == [("m.jansen", "0363", "", "coordinator")]
    history = json.loads(knooppunt("grants", "--all", "--json").stdout)["grants"]
    assert [(g["soort"], g["reden"]) for g in history] == [
        ("grant", "brief 12"), ("grant", "brief 12"), ("revoke", ""),
    ]  # fmt: skip
    assert all(g["door"] for g in history)
    assert knooppunt.json("audit", "verify")["size"] == size + 3
    assert "m.jansen" in knooppunt("grants").stdout


def test_what_held_or_did_not_hold_already_is_said(knooppunt):
    """Granting twice is fine; revoking what nobody has is exit code 1."""
    knooppunt("grant", "bea", "gmsd", "--gemeente", "0363")
    assert "held it" in knooppunt("grant", "bea", "gmsd", "--gemeente", "0363").stdout
    answer = knooppunt.json("grant", "bea", "gmsd", "--gemeente", "0363")
    assert (answer["done"], len(answer["already"])) == ([], 1)
    as_promised(answer, "grant")
    assert "not held" in knooppunt("revoke", "bo", "gmsd", "--gemeente", "0363", code=1).stdout


def test_a_mandate_keeps_the_hash_of_what_it_rests_on(knooppunt):
    """--grondslag: the document's SHA-256 stands in the leaf, not the document."""
    paper = knooppunt.folder / "brief.pdf"
    paper.write_bytes(b"%PDF brief")
    knooppunt("grant", "bea.v.loon", "gmsd", "--gemeente", "0363", "--mandate", "0034",
              "--grondslag", "brief.pdf")  # fmt: skip
    assert held(knooppunt) == [("bea.v.loon", "0363", "0034", "gebruiker")]
    entries = b"".join(
        path.read_bytes()
        for path in (knooppunt.folders / ".state/audit/tile/entries").rglob("*")
        if path.is_file()
    )
    assert f"grondslag:{hashlib.sha256(b'%PDF brief').hexdigest()}".encode() in entries
    assert b'"type":"role.grant"' in entries
    assert b"bea.v.loon" not in entries


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gmds", "--gemeente", "0363"), "there is no aanlevering 'gmds'"),
        (("gmsd", "--gemeente", "0518"), "0518 is not connected"),
        (("gmsd", "--gemeente", "0363", "--mandate", "0363"), "no mandate of its own"),
        (("gmsd", "--gemeente", "0363", "--grondslag", "weg.pdf"), "weg.pdf"),
    ],
)
def test_a_wrong_grant_is_refused_with_a_sentence(knooppunt, words, says):
    """Exit code 2, what is wrong, and nothing given."""
    assert says in knooppunt("grant", "bea", *words, code=2).stderr
    assert held(knooppunt) == []


def test_granting_while_a_gateway_runs(knooppunt):
    """The gateway does it: refused before, accepted after, refused after the revocation."""
    knooppunt.configure(STRENG)
    inbox, received = (knooppunt.folders / p for p in ("gemeenten/0363/inbox", "cbs/in/GMSDWMO"))

    def refused():
        return len(list(inbox.glob("*_weigering_*.xml")))

    process = knooppunt.start("run")
    try:
        knooppunt.drop("0363", "WMO_H22025_1.csv", b"1")
        eventually(lambda: refused() == 1)
        knooppunt("grant", ME, "gmsd", "--gemeente", "0363")
        knooppunt.drop("0363", "WMO_H22025_2.csv", b"2")
        eventually(lambda: len(list(received.glob("*.csv"))) == 1)
        knooppunt("revoke", ME, "gmsd", "--gemeente", "0363")
        knooppunt.drop("0363", "WMO_H22025_3.csv", b"3")
        eventually(lambda: refused() == 2)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert [path.read_bytes() for path in received.glob("*.csv")] == [b"2"]
    assert knooppunt.json("audit", "verify")["ok"]


def test_the_grants_as_they_were_at_a_time(keten):
    """By the time of the log: before it nothing, between the two it, after them nothing."""
    database = keten.location.database
    keten.grant("bea", "gmsd", "0363")
    keten.revoke("bea", "gmsd", "0363")
    granted, revoked = grants_of(database, {}, None, history=True)
    assert grants_of(database, {}, None, history=False) == []
    assert granted["leaf"] < revoked["leaf"]
    assert grants_of(database, {}, 0, history=False) == []


def test_a_time_can_be_asked_on_the_command_line(knooppunt):
    """--op: nothing was granted yesterday, and it is still there tomorrow."""
    knooppunt("grant", "bea", "gmsd", "--gemeente", "0363")
    assert held(knooppunt, "--op", "2020-01-01") == []
    assert held(knooppunt, "--op", "2090-01-01T12:00") == [("bea", "0363", "", "gebruiker")]
    assert "--op gisteren" in knooppunt("grants", "--op", "gisteren", code=2).stderr


# --- usage ----------------------------------------------------------------------------------------


@pytest.fixture
def drukte(tmp_path):
    """A chain in which two users of two municipalities did some things, and CBS answered one."""
    with Keten(tmp_path, config=unbound().replace(*STRENG)) as keten:
        keten.grant("bea", "gmsd", "0363", "0034")
        for code in ("0363", "0034"):
            keten.drop(code, "WMO_H22025.csv", code.encode(), uitwisseling="wmo", gebruiker="bea")
        keten.drop("0363", "SBO_H22025.csv", b"x", uitwisseling="sbo", gebruiker="bo")
        keten.drop("0363", "x.xml", besluit("opt-in"), uitwisseling="besluit", gebruiker="bea")
        keten.settle()
        keten.send("technische-terugkoppeling", "TECHNISCH_H22025_0363_0001.pdf", b"%PDF")
        keten.send("op-orde", "OPORDE_H22025_0363.pdf", b"%PDF2")
        keten.settle()
        yield keten


def uses(keten, *, exchanges=None, gebruiker="", gemeente="", since=None, until=None, limit=99):
    wanted = Wanted(exchanges, gebruiker, gemeente, since, until)
    rows, more = used(keten.location.database, wanted, limit)
    return [(r["use"], r["gebruiker"], r["gemeentecode"], r["uitwisseling"]) for r in rows], more


def test_who_used_what(drukte):
    """By exchange, user and municipality; a report is for whose delivery it answers."""
    report = ("download", "bea", "0363", "technische-terugkoppeling")
    assert uses(drukte, exchanges={"wmo"}) == (
        [("upload", "bea", "0363", "wmo"), ("upload", "bea", "0034", "wmo")][:: _order(drukte)],
        False,
    )
    assert uses(drukte, gebruiker="bo")[0] == [("upload", "bo", "0363", "sbo")]
    assert report in uses(drukte, gebruiker="bea")[0]
    assert ("download", "", "0363", "op-orde") in uses(drukte, gemeente="0363")[0]
    assert len(uses(drukte, gemeente="0034")[0]) == 1
    assert uses(drukte, exchanges={"jeugd"}) == ([], False)
    assert uses(drukte, exchanges=set()) == ([], False)
    everything, more = uses(drukte)
    assert (len(everything), more) == (6, False)


def _order(keten):
    """Which of the two outboxes was looked at first is the scan's affair."""
    first = uses(keten, exchanges={"wmo"})[0][0]
    return 1 if first[2] == "0363" else -1


def test_the_newest_are_given_and_that_there_were_more(drukte):
    """With a limit the oldest are left out, and it is said."""
    all_of_them = uses(drukte)[0]
    assert uses(drukte, limit=2) == (all_of_them[-2:], True)
    assert uses(drukte, limit=6) == (all_of_them, False)


def test_a_refused_upload_is_a_use_with_its_code(drukte):
    """Somebody tried; that is asked for too."""
    rows, _ = used(drukte.location.database, Wanted(None, "bo", "", None, None), 9)
    assert [(row["status"], row["code"]) for row in rows] == [("rejected", "niet-geautoriseerd")]


def test_when(drukte):
    """From a time, itself included, and until one, which is not: the times of the log."""
    from gateway.periods import klok_of

    rows, _ = used(drukte.location.database, Wanted(None, "", "", None, None), 99)
    times = [klok_of(row["at"], "at") for row in rows]
    assert times == sorted(times)
    for at in {0, *times, times[0] - 1, times[-1] + 1}:
        assert len(uses(drukte, since=at)[0]) == sum(one >= at for one in times)
        assert len(uses(drukte, until=at)[0]) == sum(one < at for one in times)


def test_usage_on_the_command_line(knooppunt):
    """As its schema says; by aanlevering and exchange; days in the Netherlands; exit code 1."""
    knooppunt("usage", code=1)
    knooppunt.drop("0363", "WMO_H22025.csv", b"x", "wmo", "bea")
    knooppunt("run", "--once")
    found = as_promised(
        knooppunt.json("usage", "--gebruiker", "bea", "--gemeente", "0363"), "usage"
    )
    [row] = found["uses"]
    assert (row["aanlevering"], row["uitwisseling"], row["use"]) == ("gmsd", "wmo", "upload")
    assert not found["more"]
    day = row["at"][:10]
    assert (
        "WMO_H22025.csv" in knooppunt("usage", "--van", "2020-01-01", "--tot", "2090-01-01").stdout
    )
    for words in (
        ("--van", "2090-01-01"),
        ("--tot", "2020-01-01"),
        ("--uitwisseling", "sbo"),
        ("--aanlevering", "gmsd", "--uitwisseling", "sbo"),
    ):
        assert knooppunt.json("usage", *words, code=1)["uses"] == []
    assert knooppunt.json("usage", "--aanlevering", "gmsd", "--van", f"{day}T00:00Z")["uses"] == [
        row
    ]
    assert "--tot morgen" in knooppunt("usage", "--tot", "morgen", code=2).stderr


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (("--uitwisseling", "womo"), "there is no exchange 'womo'", "did you mean `wmo`?"),
        (("--uitwisseling", "nope"), "there is no exchange 'nope'", "known here: "),
        (
            ("--van", "2027-01-01", "--tot", "2026-01-01"),
            "--tot 2026-01-01 is before --van 2027-01-01",
            "the first day with --van",
        ),
        (("--aanlevering", "gmds"), "there is no aanlevering 'gmds'", "did you mean `gmsd`?"),
    ],
)
def test_a_slip_is_told_and_is_not_nobody_used_it(knooppunt, words, says, hint):
    """Exit code 2: what there is not is wrong use; what nobody used is exit code 1."""
    said = knooppunt("usage", *words, code=2).stderr
    assert says in said
    assert hint in said


def test_an_exchange_that_is_configured_no_more_can_be_asked(drukte):
    """What was used stays known."""
    assert ever_used(drukte.location.database, "wmo")
    assert not ever_used(drukte.location.database, "jeugd")


def test_a_name_is_written_as_trace_writes_it(knooppunt):
    """A control in a name is shown once as an escape: not the escape escaped again."""
    (knooppunt.folders / "gemeenten/0363/outbox/wmo/WMO_\x1b[31mred.csv").write_bytes(b"1")
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 50"))
    knooppunt("run", "--once")
    [row] = knooppunt.json("usage")["uses"]
    assert row["naam"] == r"WMO_\x1b[31mred.csv"
    assert row["naam"] in knooppunt("trace", row["referentienummer"]).stdout
    assert knooppunt("usage").stdout.rstrip().endswith("  " + row["naam"])


def test_a_released_file_has_the_code_of_its_refusal_no_more(knooppunt):
    """Refused: with the code. Released and delivered: without."""
    knooppunt.drop("0363", "een.csv", b"1")
    knooppunt("run", "--once")
    [row] = knooppunt.json("usage")["uses"]
    assert (row["status"], row["code"]) == ("rejected", "geen-uitwisseling")
    [one] = knooppunt.json("quarantine", "list")["held"]
    knooppunt("quarantine", "release", one["id"], "--as", "wmo", "--reason", "gebeld")
    knooppunt("run", "--once")
    [row] = knooppunt.json("usage")["uses"]
    assert row["status"] in ("delivered", "acknowledged")
    assert row["code"] == ""
    assert "geen-uitwisseling" not in knooppunt("usage").stdout


def test_a_day_is_included_as_a_whole():
    """--tot of a day means the midnight after it, in the Netherlands; of a time that time."""
    from gateway.periods import klok_of

    assert klok_of("2026-02-02", "--van") == klok_of("2026-02-01T23:00Z", "--van")
    assert klok_of("2026-02-02", "--tot", end=True) == klok_of("2026-02-02T23:00Z", "--tot")
    assert klok_of("2026-02-02T10:00", "--tot", end=True) == klok_of("2026-02-02T09:00Z", "--tot")
    # A day of 23 hours: the clock goes forward.
    assert klok_of("2026-03-29", "--tot", end=True) == klok_of("2026-03-29T22:00Z", "--tot")
