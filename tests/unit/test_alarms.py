# SPDX-License-Identifier: EUPL-1.2
"""When somebody should look, by what was measured."""

from datetime import date

import pytest

from gateway.alarms import INODES, Deadline, Disk, Health, Missing, deadlines, judge
from gateway.config import Config, parse
from gateway.setup import shipped_config

CONFIG = parse(shipped_config().decode())


def codes(health: Health, config: Config = CONFIG) -> list[str]:
    return [one.code for one in judge(health, config)]


def test_a_chain_that_is_well_gives_no_alarm() -> None:
    """Nothing measured, nothing to tell."""
    assert codes(Health(disks=(Disk("folders", 1 << 40, 1 << 30),), oldest_s=10.0)) == []


@pytest.mark.parametrize(
    ("health", "code"),
    [
        (Health(disks=(Disk("state", 499 << 20, None),)), "schijf-vol"),
        (Health(disks=(Disk("state", 1 << 40, INODES - 1),)), "schijf-vol"),
        (Health(clock_s=60.0), "klok-sprong"),
        (Health(clock_s=-60.0), "klok-sprong"),
        (Health(gone=("gemeenten/0363/outbox",)), "map-weg"),
        (Health(hanging=("gemeenten/0363",)), "map-hangt"),
        (Health(round_s=60.0), "ronde-hangt"),
        (Health(measure_s=5.0), "meting-hangt"),
        (Health(quarantine_today=10), "quarantaine-groeit"),
        (Health(oldest_s=900.0), "blijft-steken"),
        (Health(lying=("0363",)), "blijft-liggen"),
        (Health(unserved=1), "geen-gateway"),
        (Health(asks=1), "vraagt-aandacht"),
        (Health(unanswered=2, unanswered_s=86_400.0), "geen-antwoord"),
        (Health(config_refused=True), "configuratie-geweigerd"),
        (Health(damage="row 3 missing"), "database-stuk"),
    ],
)  # fmt: skip
def test_each_limit_gives_its_alarm(health: Health, code: str) -> None:
    """Exactly at it."""
    assert codes(health) == [code]


def test_a_folder_of_all_that_hangs_is_told_as_such() -> None:
    """What goes through ggk, or may be refused, waits: whoever it is of."""
    for hanging, rest in (
        (("gemeenten/0363",), "the others go on"),
        (("cbs/in/GMSDWMO",), "the others go on"),
        (("gemeenten/0363", "ggk/uit"), "ALL wait: it belongs on a local disk"),
        (("quarantaine",), "ALL wait: it belongs on a local disk"),
    ):
        [alarm] = judge(Health(hanging=hanging), CONFIG)
        assert alarm.sentence.endswith(f"until they do, {rest}")


@pytest.mark.parametrize(
    "health",
    [
        Health(disks=(Disk("state", 500 << 20, INODES),)),
        Health(clock_s=-59.9), Health(quarantine_today=9), Health(oldest_s=899.0),
        Health(round_s=59.9), Health(unanswered=2, unanswered_s=86_399.0),
    ],
)  # fmt: skip
def test_just_inside_a_limit_gives_none(health: Health) -> None:
    """One less."""
    assert codes(health) == []


@pytest.mark.parametrize(
    ("day", "days"),
    [
        (date(2026, 2, 16), []), (date(2026, 2, 17), [3]), (date(2026, 2, 20), [0]),
        (date(2026, 2, 21), []), (date(2026, 1, 25), []),
    ],
)  # fmt: skip
def test_a_window_is_near_its_end_from_so_many_days_before_to_its_last(
    day: date, days: list[int]
) -> None:
    """Three days, as shipped; the last day is in it."""
    assert sorted({one.days for one in deadlines(CONFIG, day)}) == days


def test_only_the_newest_uitvraag_of_a_cycle_is_expected() -> None:
    """The half-year before may come once more, and a decision may be silence."""
    found = deadlines(CONFIG, date(2026, 2, 20))
    assert {one.uitvraag for one in found} == {"H22025"}
    assert [one.uitwisseling for one in found] == ["wmo", "sbo", "jeugd"]
    assert deadlines(CONFIG, date(2026, 3, 6)) == []


def test_a_sentence_names_some_parties_and_counts_the_others() -> None:
    """342 codes on one line help nobody."""
    due = Deadline("wmo", "H22025", date(2026, 2, 20), 0)
    [alarm] = judge(Health(missing=(Missing(due, tuple(map(str, range(1000, 1342)))),)), CONFIG)
    assert alarm.key == ("venster-sluit", "wmo H22025")
    assert "342 parties" in alarm.sentence
    assert alarm.sentence.endswith("1009 and 332 more")
