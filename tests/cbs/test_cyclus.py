# SPDX-License-Identifier: EUPL-1.2
"""The cycle as CBS plays it: working days, deliveries, decisions, status. Plain data, no disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cbs import antwoorden, besluiten, cyclus, stand
from gateway.cbs.besluiten import Besluit, Effect
from gateway.cbs.cyclus import Beoordeeld, Gegevensset
from gateway.cbs.stand import Besloten, Stand
from gateway.cbs.werkdagen import is_werkdag, uiterlijk, werkdagen_na
from gateway.config import parse
from gateway.config_cbs import Cbs, NietPubliceren
from gateway.periods import NEDERLAND, Uitvraag, dag_van

CONFIG = parse((Path(__file__).parents[2] / "config.yaml").read_text("utf-8"))
VENSTERS = [one for rows in CONFIG.vensters.values() for one in rows]
REGELS = Cbs()


def at(day: str, hour: int = 10) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), NEDERLAND).replace(
        hour=hour
    )


def een(nummer: int = 1, day: str = "2026-02-02", **more: object) -> Gegevensset:
    made = Gegevensset(nummer, "wmo", "0363", "H22025", at(day), True, "0363")
    return replace(made, **more)


def beoordeel(gegevens: Gegevensset, *eerdere: Beoordeeld, regels: Cbs = REGELS, afdwingen=False):
    return cyclus.beoordeel_set(gegevens, eerdere, VENSTERS, regels, afdwingen=afdwingen)


def geleverd(gegevens: Gegevensset, *eerdere: Beoordeeld) -> Beoordeeld:
    uitkomst = beoordeel(gegevens, *eerdere)
    return Beoordeeld(gegevens, uitkomst.aanvaard, uitkomst.code)


def besluit(soort: str, day: str, *, omvang="geheel", uitvraag="H22025", nummer=50) -> Besluit:
    return Besluit(nummer, "0363", uitvraag, soort, omvang, at(day), "0363")


def gevolg(one: Besluit, *, geleverd: bool = True):
    return besluiten.beoordeel(one, VENSTERS, REGELS.opt_in_cycli, geleverd=geleverd)


def staat(*sets: Beoordeeld, besloten=(), nu="2026-02-25", regels=REGELS, uitvraag="H22025"):
    return stand.overzicht("0363", uitvraag, "wmo", sets, besloten, VENSTERS, regels, at(nu))


# --- working days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "aantal", "wanted"),
    [
        ("2026-02-02", 3, "2026-02-05"),  # Monday
        ("2026-02-06", 3, "2026-02-11"),  # Friday: over the weekend
        ("2026-02-07", 3, "2026-02-11"),  # Saturday: Monday is the first
        ("2026-04-02", 3, "2026-04-09"),  # Good Friday and Easter Monday
        ("2026-04-24", 1, "2026-04-28"),  # King's Day on a Monday
        ("2026-12-24", 2, "2026-12-29"),  # Christmas
        ("2025-05-02", 1, "2025-05-06"),  # Liberation Day in a fifth year
        ("2026-05-04", 1, "2026-05-05"),  # and in another
        ("2026-02-07", 0, "2026-02-07"),
    ],
)
def test_working_days_leave_out_weekends_and_dutch_holidays(day, aantal, wanted):
    """Three working days are counted as a Dutch office counts them."""
    assert werkdagen_na(date.fromisoformat(day), aantal) == date.fromisoformat(wanted)


@given(st.dates(date(2016, 1, 1), date(2035, 1, 1)), st.integers(1, 30))
def test_a_term_ends_on_a_working_day_and_holds_so_many(day, aantal):
    """Whatever the day: the last is one, and there are that many in between."""
    last = werkdagen_na(day, aantal)
    between = (day + timedelta(days=n) for n in range(1, (last - day).days + 1))
    assert is_werkdag(last)
    assert sum(map(is_werkdag, between)) == aantal


def test_a_term_keeps_the_dutch_time_of_day_over_the_change_of_the_clock():
    """Friday 27 March 2026 at 10:00, three working days: Wednesday at 10:00, now summer time."""
    assert uiterlijk(at("2026-03-27"), 3) == at("2026-04-01")
    assert uiterlijk(at("2026-03-27"), 3).astimezone(UTC).hour == 8


def test_answers_are_due_by_the_protocol():
    """Feedback in three working days, the op-orde report two later; or both at once."""
    terug = cyclus.wanneer_terug(at("2026-02-05"), at("2026-02-05", 11), REGELS)
    assert dag_van(terug) == date(2026, 2, 10)
    op_orde = cyclus.wanneer_op_orde(terug, "H22025", VENSTERS, REGELS)
    assert dag_van(op_orde) == date(2026, 2, 12)
    direct = Cbs(antwoord="direct")
    assert cyclus.wanneer_terug(at("2026-02-05"), at("2026-02-06"), direct) == at("2026-02-06")
    assert cyclus.wanneer_op_orde(at("2026-02-06"), "H22025", VENSTERS, direct) == at("2026-02-06")


def test_an_upload_ahead_of_a_clock_that_was_turned_back_waits_no_longer():
    """The term begins now at the latest."""
    assert dag_van(cyclus.wanneer_terug(at("2026-03-02"), at("2026-02-02"), REGELS)) == date(
        2026, 2, 5
    )


def test_in_2016_the_op_orde_reports_wait_for_their_fixed_day():
    """PSA 5: spiegelrapport I goes out on 3 October; after that day two working days count."""
    early = cyclus.wanneer_op_orde(at("2016-09-01"), "H12016", VENSTERS, REGELS)
    assert dag_van(early) == date(2016, 10, 3)
    late = cyclus.wanneer_op_orde(at("2016-10-12"), "H12016", VENSTERS, REGELS)
    assert dag_van(late) == date(2016, 10, 14)


# --- deliveries -----------------------------------------------------------------------------------


def test_a_first_delivery_in_its_window_counts():
    """Approved, in time: nothing to remark; how many are left is for the report to say, once."""
    found = beoordeel(een())
    assert (found.aanvaard, found.code, found.hoeveelste, found.resterend) == (
        True, "goedgekeurd", 1, 20,
    )  # fmt: skip
    assert found.opmerkingen == ()


def test_twenty_corrections_and_no_more():
    """The first delivery and 20 more, rejected ones counted; the 22nd is not taken."""
    done: list[Beoordeeld] = []
    for n in range(1, 23):
        gegevens = een(n, goedgekeurd=n % 2 == 0)
        found = beoordeel(gegevens, *done)
        done.append(Beoordeeld(gegevens, found.aanvaard, found.code))
        assert found.code == ("te-vaak" if n > 21 else ["goedgekeurd", "afgekeurd"][n % 2])
    assert "21 keer aanleveren" in found.opmerkingen[0]
    assert staat(*done).resterend == 0


@pytest.mark.parametrize(
    "other",
    [{"gemeentecode": "0034", "afzender": "0034"}, {"uitvraag": "H12025"}, {"soort": "sbo"}],
)
def test_deliveries_are_counted_by_municipality_uitvraag_and_data(other):
    """What another did, or over another half-year, or of other data, does not count."""
    done = [geleverd(een(n, **other)) for n in range(1, 22)]
    assert beoordeel(een(50), *done).hoeveelste == 1


def test_a_correction_replaces_and_says_so():
    """A delivery is always a complete set (PSA 5)."""
    first = geleverd(een(1))
    found = beoordeel(een(2, "2026-02-10"), first)
    assert "vervangt de eerder goedgekeurde" in found.opmerkingen[0]
    assert "vervangt" not in " ".join(
        beoordeel(een(2, "2026-02-10"), geleverd(een(1, goedgekeurd=False))).opmerkingen
    )


@pytest.mark.parametrize(
    ("uitvraag", "day", "zinnen"),
    [
        ("H22025", "2026-03-02", ["eindigde op 20 februari 2026"]),
        ("H22025", "2026-01-20", ["begint op 26 januari 2026"]),
        ("H12026", "2026-02-02", ["begint op 1 augustus 2026", "nog niet voorbij"]),
        ("H12020", "2026-02-02", ["geen periode bekend", "H12020 is ouder"]),
        ("onbekend", "2026-02-02", ["geen uitvraag"]),
    ],
)
def test_late_early_and_wrong_periods_each_have_their_own_answer(uitvraag, day, zinnen):
    """A remark where the exchange reports; a refusal where it enforces (domain 3)."""
    gegevens = een(1, day, uitvraag=uitvraag)
    found = beoordeel(gegevens)
    assert found.aanvaard
    for one, zin in zip(found.opmerkingen, zinnen, strict=False):
        assert zin in one
    refused = beoordeel(gegevens, afdwingen=True)
    assert (refused.aanvaard, refused.code) == (False, "buiten-venster")


def test_the_previous_half_year_may_be_delivered_again_beside_the_current():
    """Protocol 2.2."""
    assert beoordeel(een(1, uitvraag="H12025")).opmerkingen == ()
    assert cyclus.afgelopen(date(2026, 2, 2)) == Uitvraag(2025, 2)
    assert cyclus.afgelopen(date(2026, 8, 1)) == Uitvraag(2026, 1)


def test_a_file_of_another_municipality_is_refused_alone_and_counts_in_a_zip():
    """A coordinator for several delivers a file each, together in one ZIP (protocol 2.5)."""
    alone = beoordeel(een(1, ander="0034"))
    assert (alone.aanvaard, alone.code) == (False, "andere-gemeente")
    assert "0034" in alone.opmerkingen[0]
    in_zip = beoordeel(een(1, gemeentecode="0034", in_zip=True))
    assert in_zip.aanvaard
    assert "Dit bestand telt voor gemeente 0034." in in_zip.opmerkingen


def test_who_may_not_deliver_for_another_is_told_so_in_a_zip():
    """That file counts for nobody: it uses up no turn."""
    gegevens = een(1, gemeentecode="", ander="0034", in_zip=True)
    found = beoordeel(gegevens, *[geleverd(een(n)) for n in range(1, 22)])
    assert (found.aanvaard, found.code, found.hoeveelste) == (False, "geen-mandaat", 0)
    assert "juridische grondslag" in found.opmerkingen[0]


@pytest.mark.parametrize("more", [{"gemeentecode": "", "in_zip": True}, {"uitvraag": "onbekend"}])
def test_what_is_nobodys_or_of_no_half_year_is_not_counted(more):
    """Not against the 21, and no sentence says how many are left."""
    done = [geleverd(een(n, goedgekeurd=False, **more)) for n in range(1, 30)]
    found = beoordeel(een(50, goedgekeurd=False, **more), *done)
    assert (found.code, found.hoeveelste) == ("afgekeurd", 0)
    assert "nog" not in " ".join(found.opmerkingen)
    assert beoordeel(een(51), *done).hoeveelste == 1
    assert {one.gemeentecode for one in cyclus.agenda(done, VENSTERS, REGELS)} <= {"0363"}


def test_a_clock_that_was_turned_back_gives_no_more_turns():
    """All that is known counts; and what was uploaded later stays the set."""
    done = [geleverd(een(n, "2026-02-10")) for n in range(1, 22)]
    assert beoordeel(een(50, "2026-02-03"), *done).code == "te-vaak"
    assert "die blijft tellen" in beoordeel(een(50, "2026-02-03"), done[0]).opmerkingen[0]


# --- decisions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("soort", "omvang", "geldig", "effect", "code"),
    [
        ("intrekking", "geheel", True, Effect.NIET_PUBLICEREN, "ingetrokken"),
        ("intrekking", "facultatief", True, Effect.ZONDER_FACULTATIEF, "facultatief-ingetrokken"),
        ("opt-in", "geheel", False, Effect.GEEN, "niet-nodig"),
        ("opt-in", "facultatief", False, Effect.GEEN, "niet-nodig"),
        ("opt-out", "geheel", True, Effect.NIET_PUBLICEREN, "ingetrokken"),
        ("opt-out", "facultatief", False, Effect.GEEN, "omvang"),
        ("accordering", "geheel", True, Effect.GEEN, "geaccordeerd"),
    ],
)
def test_where_silence_means_publication(soort, omvang, geldig, effect, code):
    """H22025: the whole or the facultative set is withdrawn; an opt-in is not needed."""
    found = gevolg(besluit(soort, "2026-02-24", omvang=omvang))
    assert (found.geldig, found.effect, found.code) == (geldig, effect, code)


@pytest.mark.parametrize(
    ("soort", "omvang", "geldig", "effect", "code"),
    [
        ("opt-in", "geheel", True, Effect.PUBLICEREN, "opt-in"),
        ("opt-in", "facultatief", False, Effect.GEEN, "alleen-geheel"),
        ("opt-out", "geheel", True, Effect.NIET_PUBLICEREN, "opt-out"),
        ("intrekking", "geheel", True, Effect.NIET_PUBLICEREN, "opt-out"),
        ("intrekking", "facultatief", False, Effect.GEEN, "alleen-geheel"),
        ("accordering", "geheel", True, Effect.GEEN, "geaccordeerd"),
    ],
)
def test_where_silence_means_that_nothing_is_published(soort, omvang, geldig, effect, code):
    """2016: an opt-in, over the complete set only (PSA 5)."""
    found = gevolg(besluit(soort, "2016-11-20", omvang=omvang, uitvraag="H12016"))
    assert (found.geldig, found.effect, found.code) == (geldig, effect, code)


@pytest.mark.parametrize(
    ("day", "uitvraag", "code"),
    [
        ("2026-02-10", "H22025", "te-vroeg"),
        ("2026-02-22", "H22025", "te-vroeg"),
        ("2026-03-07", "H22025", "te-laat"),
        ("2016-12-03", "H12016", "te-laat"),
        ("2026-02-24", "H12019", "geen-venster"),
    ],
)
def test_outside_its_window_a_decision_does_nothing_and_is_told_so(day, uitvraag, code):
    """No effect, and the confirmation says when it could be."""
    found = gevolg(besluit("intrekking", day, uitvraag=uitvraag))
    assert (found.geldig, found.effect, found.code) == (False, Effect.GEEN, code)
    assert "heeft geen gevolg" in found.zin


@pytest.mark.parametrize("day", ["2026-02-23", "2026-03-06"])
def test_both_days_are_in_the_window(day):
    """The first and the last."""
    assert gevolg(besluit("intrekking", day)).geldig


def test_what_was_not_delivered_cannot_be_withdrawn():
    """Nothing to decide about."""
    assert gevolg(besluit("intrekking", "2026-02-24"), geleverd=False).code == "geen-levering"


def test_for_another_municipality_a_mandate_is_needed():
    """Protocol 2.5, step 4: CBS must have the legal basis, once."""
    one = replace(besluit("intrekking", "2026-02-24"), afzender="0034")
    assert gevolg(one).code == "geen-mandaat"
    cycles = REGELS.opt_in_cycli
    found = besluiten.beoordeel(one, VENSTERS, cycles, geleverd=True, mandaat=True)
    assert found.code == "ingetrokken"


# --- status ---------------------------------------------------------------------------------------


def besloten(soort: str, day: str, **more) -> Besloten:
    one = besluit(soort, day, **more)
    return Besloten(one, gevolg(one))


def test_the_six_statuses():
    """Each in its words, with its date."""
    goed, fout = geleverd(een(1)), geleverd(een(2, "2026-02-03", goedgekeurd=False))
    weer = geleverd(een(3, "2026-02-10"), goed)
    weg = besloten("intrekking", "2026-02-24")
    niet = Cbs(
        niet_publiceren=(NietPubliceren(gemeente="0363", over="H22025", reden="een client"),)
    )
    assert staat().stand is Stand.NIET_GELEVERD
    assert staat(fout).stand is Stand.AFGEKEURD
    assert staat(goed).stand is Stand.GOEDGEKEURD
    assert staat(goed, fout).stand is Stand.GOEDGEKEURD
    assert staat(fout, weer).stand is Stand.GOEDGEKEURD
    assert (staat(goed, weer).stand, staat(goed, weer).sinds) == (
        Stand.GECORRIGEERD,
        at("2026-02-10"),
    )
    found = staat(goed, weer, besloten=[weg])
    assert (found.stand, found.sinds) == (Stand.INGETROKKEN, at("2026-02-24"))
    found = staat(goed, regels=niet)
    assert (found.stand, found.reden, found.publicatie) == (
        Stand.NIET_GEPUBLICEERD, "een client", "nee",
    )  # fmt: skip
    assert [one.value for one in Stand] == [
        "niet geleverd", "afgekeurd", "goedgekeurd", "gecorrigeerd", "ingetrokken",
        "niet gepubliceerd door CBS",
    ]  # fmt: skip


def test_order_is_that_of_the_upload_whatever_came_first():
    """A set that arrives late but was uploaded earlier replaces nothing."""
    newest, older = geleverd(een(1, "2026-02-10")), geleverd(een(2, "2026-02-03"))
    assert staat(newest, older).goedgekeurd_op == at("2026-02-10")


def test_the_last_valid_decision_counts():
    """Withdrawn, then the facultative set alone: the basic set is published after all."""
    goed = geleverd(een(1))
    geheel = besloten("intrekking", "2026-02-24", nummer=50)
    deel = besloten("intrekking", "2026-02-26", omvang="facultatief", nummer=51)
    niets = besloten("opt-in", "2026-02-27", nummer=52)
    found = staat(goed, besloten=[deel, niets, geheel])
    assert (found.stand, found.facultatief_ingetrokken) == (Stand.GOEDGEKEURD, True)
    assert staat(goed, besloten=[geheel, niets]).stand is Stand.INGETROKKEN


def test_a_withdrawal_revives_nothing_older_and_a_newer_set_begins_anew():
    """A set that was handed in after the decision was not decided about."""
    oud, nieuw = geleverd(een(1)), geleverd(een(2, "2026-02-10"), geleverd(een(1)))
    weg = besloten("intrekking", "2026-02-24")
    assert staat(oud, nieuw, besloten=[weg]).stand is Stand.INGETROKKEN
    later = geleverd(een(3, "2026-08-10"), oud, nieuw)
    assert staat(oud, nieuw, later, besloten=[weg], nu="2026-08-11").stand is Stand.GECORRIGEERD


@pytest.mark.parametrize("day", ["2026-02-25", "2026-03-10"])
def test_a_late_file_does_not_revive_what_was_withdrawn(day):
    """Accepted, in the decision window or after it: the last valid decision counts."""
    goed = geleverd(een(1))
    laat = geleverd(een(2, day), goed)
    assert laat.aanvaard
    weg = besloten("intrekking", "2026-02-24")
    found = staat(goed, laat, besloten=[weg], nu="2026-03-12")
    assert (found.stand, found.publicatie) == (Stand.INGETROKKEN, "nee")


def test_a_decision_at_the_moment_of_its_set_counts():
    """What is confirmed is not ignored."""
    goed = geleverd(een(1, "2026-02-24"))
    assert staat(goed, besloten=[besloten("intrekking", "2026-02-24")]).stand is Stand.INGETROKKEN


def test_silence_decides_by_the_cycle():
    """Published after the window for withdrawing; not published after that for opting in."""
    goed = geleverd(een(1))
    assert staat(goed, nu="2026-02-25").publicatie == "nog niet beslist"
    assert staat(goed, nu="2026-03-07").publicatie == "ja"
    toen = geleverd(een(1, "2016-09-01", uitvraag="H12016"))
    assert staat(toen, nu="2016-12-01", uitvraag="H12016").publicatie == "nog niet beslist"
    assert staat(toen, nu="2016-12-03", uitvraag="H12016").publicatie == "nee"
    ja = besloten("opt-in", "2016-11-20", uitvraag="H12016")
    found = staat(toen, besloten=[ja], nu="2016-12-03", uitvraag="H12016")
    assert (found.publicatie, found.stand) == ("ja", Stand.GOEDGEKEURD)


_SETS = st.lists(
    st.tuples(st.integers(0, 20), st.booleans()), max_size=25
)  # fmt: skip


@given(_SETS, st.randoms(use_true_random=False))
def test_the_status_does_not_depend_on_the_order_in_which_things_came(days, random):
    """It is made anew from all that came, in order of upload."""
    done: list[Beoordeeld] = []
    for n, (day, goed) in enumerate(sorted(days), 1):
        gegevens = een(n, goedgekeurd=goed, moment=at("2026-02-01") + timedelta(days=day))
        found = beoordeel(gegevens, *done)
        done.append(Beoordeeld(gegevens, found.aanvaard, found.code))
    shuffled = list(done)
    random.shuffle(shuffled)
    assert staat(*done) == staat(*shuffled)


# --- what CBS sends of itself ---------------------------------------------------------------------


def test_an_overview_follows_when_the_window_closes():
    """On the first working day after it, to each municipality that handed in something."""
    sets = [
        geleverd(een(1)),
        geleverd(een(2, gemeentecode="0034", afzender="0034", goedgekeurd=False)),
    ]
    found = list(cyclus.agenda(sets, VENSTERS, REGELS))
    assert [(o.soort, o.gemeentecode, dag_van(o.moment)) for o in found] == [
        ("overzicht", "0034", date(2026, 2, 23)), ("overzicht", "0363", date(2026, 2, 23)),
    ]  # fmt: skip
    assert len({one.sleutel for one in found}) == 2


def test_in_2016_spiegelrapport_2_and_the_request_come_on_their_days():
    """PSA 5: 7 and 9 November; to whoever has an approved set."""
    goed = geleverd(een(1, "2016-09-01", uitvraag="H12016"))
    fout = geleverd(een(2, "2016-09-01", uitvraag="H12016", gemeentecode="0034", goedgekeurd=False))
    found = {(o.soort, o.gemeentecode): dag_van(o.moment)
             for o in cyclus.agenda([goed, fout], VENSTERS, REGELS)}  # fmt: skip
    assert found == {
        ("overzicht", "0034"): date(2016, 10, 25), ("overzicht", "0363"): date(2016, 10, 25),
        ("spiegelrapport-2", "0363"): date(2016, 11, 7),
        ("opt-in-verzoek", "0363"): date(2016, 11, 9),
    }  # fmt: skip


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("soort", "over", "in_zip", "uitvraag", "wanted"),
    [
        ("technisch", "wmo", False, "H22025", "GMSDTTK/TECHNISCH_H22025_0363_0001.pdf"),
        ("technisch", "sbo", False, "H22025", "GMSDTTS/TECHNISCHSBO_H22025_0363_0001.pdf"),
        ("technisch", "jeugd", False, "H22025", "GMSDTTJ/TECHNISCHJEUGD_H22025_0363_0001.pdf"),
        ("technisch", "wmo", False, "onbekend", "GMSDTTK/TECHNISCH_onbekend_0363_0001.pdf"),
        ("op-orde", "wmo", False, "H22025", "GMSDSP1/OPORDE_H22025_0363_0001.pdf"),
        ("op-orde", "wmo", True, "onbekend", "GMSDSPZ/OPORDEZIP_onbekend_0363_0001_x.pdf"),
        ("bevestiging", "besluit", False, "H22025", "GMSDBVS/BEVESTIGING_H22025_0363_0001.pdf"),
        ("overzicht", "", False, "H22025", "GMSDOVZ/OVERZICHT_H22025_0363.pdf"),
    ],
)
def test_each_answer_has_an_exchange_and_a_name_of_its_own(soort, over, in_zip, uitvraag, wanted):
    """So that two answers never share one, and RINIS reads from it which delivery it answers."""
    kinds = antwoorden.kandidaten(soort, over, in_zip=in_zip)
    number = None if soort == "overzicht" else 1
    found = antwoorden.adres(CONFIG, kinds, "0363", uitvraag, number, "x" if in_zip else "")
    assert f"{found.rinis_code}/{found.naam}" == wanted
    one, fields = CONFIG.retour(found.rinis_code, found.naam)
    assert (one.id, fields["gemeentecode"], fields["uitvraag"]) == (
        found.uitwisseling, "0363", uitvraag,
    )  # fmt: skip


def test_an_answer_that_cannot_be_addressed_says_why():
    """A municipality that is no party, and an exchange that is not configured."""
    assert "9999" in antwoorden.adres(CONFIG, ("op-orde",), "9999", "H22025", 1).reden
    assert "no exchange" in antwoorden.adres(CONFIG, ("bestaat-niet",), "0363", "H22025", 1).reden
