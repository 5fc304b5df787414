# SPDX-License-Identifier: EUPL-1.2
"""Vektis: a file keeps its name; on a clash it gets the next NN; no two ever meet (domain 7)."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import names
from gateway.testing import Keten

NAME = "WMO_0034_2017_20180710_01.csv"


def drop_one_by_one(keten, *dropped):
    """Drop files as (municipality, name), settled one after another; the names at Vektis."""
    for number, (code, name) in enumerate(dropped):
        keten.drop(code, name, f"{number}".encode(), uitwisseling="vektis")
        keten.settle()
    found = {int(one.content): one.name for one in keten.received("vektis")}
    return [found[number] for number in range(len(dropped))]


def test_a_vektis_file_keeps_its_name(keten):
    """By its name alone to Vektis, not to CBS; the record says what it was called and by whom."""
    keten.drop("0034", NAME, b"Jaar;Gemcode\r\n")
    keten.drop("0034", "WMO_H22025_0034.csv", b"voor CBS")
    keten.settle()
    [got] = keten.received("vektis")
    assert got.name == NAME
    assert got.path.parent == keten.root / "vektis/in/GZSWMO"
    assert got.metagegevens.bestand.naam == got.metagegevens.bestand.oorspronkelijke_naam == NAME
    assert (got.metagegevens.gemeentecode, got.metagegevens.uitwisseling) == ("0034", "vektis")
    [at_cbs] = keten.received("wmo")
    assert at_cbs.content == b"voor CBS"
    [message] = keten.trace(NAME)
    assert message["status"] == "acknowledged"


@pytest.mark.parametrize(
    ("dropped", "delivered"),
    [
        (("01", "01", "01"), ("01", "02", "03")),
        (("02", "01", "01"), ("02", "01", "03")),
        (("01", "01", "02", "05", "03"), ("01", "02", "03", "05", "06")),
        (("98", "98", "98", "99", "01"), ("98", "99", "100", "101", "01")),
    ],
)
def test_on_a_clash_the_next_nn(keten, dropped, delivered):
    """What is free stays as it is; what was used gets the number after the highest one."""
    stem = "WMO_0034_2017_20180710_"
    found = drop_one_by_one(keten, *[("0034", f"{stem}{nn}.csv") for nn in dropped])
    assert found == [f"{stem}{nn}.csv" for nn in delivered]


def test_a_clash_is_one_of_letter_case_extension_and_municipality_too(keten):
    """Names that the receiver may confuse, and those whose metagegevens would be one file."""
    low = "wmo_0034_2017_20180710_01.CSV"
    found = drop_one_by_one(
        keten, ("0034", NAME), ("0363", low), ("1701", NAME.replace("csv", "txt")), ("0034", low)
    )
    assert found == [NAME, "wmo_0034_2017_20180710_02.CSV", "WMO_0034_2017_20180710_03.txt",
                     "wmo_0034_2017_20180710_04.CSV"]  # fmt: skip
    for one in keten.received("vektis"):
        assert one.metagegevens.bestand.naam == one.name


def test_a_name_is_not_given_again_when_vektis_took_the_file(keten):
    """Nor after a restart."""
    given_out = []
    for _ in range(3):
        given_out += drop_one_by_one(keten, ("0034", NAME))
        keten.empty_receivers()
        keten.restart()
    assert given_out == [NAME, NAME.replace("_01", "_02"), NAME.replace("_01", "_03")]


def test_a_name_without_nn_gets_one(keten):
    """In the sub-folder any name passes; a date at the end is no number, nor are 00 or 100."""
    found = drop_one_by_one(
        keten, ("0034", "wijken.csv"), ("0034", "WMO_0034_2017_20180710.csv"),
        ("0034", "WMO_0034_2017_20180710.csv"), ("0034", "x_00.csv"), ("0034", "x_100"),
        ("0034", "_01.csv"),
    )  # fmt: skip
    assert found == ["wijken_01.csv", NAME, "WMO_0034_2017_20180710_02.csv", "x_00_01.csv",
                     "x_100_01", "_01_01.csv"]  # fmt: skip


def test_a_file_of_somebody_else_at_vektis_is_never_overwritten(keten):
    """It was not delivered by us: ours is held for a person, theirs is not touched."""
    inbox = keten.root / "vektis/in/GZSWMO"
    (inbox / NAME).write_bytes(b"van een ander")
    keten.drop("0034", NAME, b"van ons")
    keten.settle()
    assert (inbox / NAME).read_bytes() == b"van een ander"
    [folder] = keten.quarantine()
    assert b"van ons" in [path.read_bytes() for path in folder.iterdir()]
    for path in [inbox / NAME, *folder.iterdir()]:  # a person took them away
        path.unlink()
    folder.rmdir()


def test_a_report_of_vektis_comes_to_the_municipality(keten):
    """It is no answer to one delivery: files keep their names, and NN repeats."""
    drop_one_by_one(keten, ("0034", NAME))
    keten.send("vektis-terugkoppeling", "GZSTERUG_0034_2017_20180710_01.xlsx", b"afwijkingen")
    keten.settle()
    [back] = keten.trace("GZSTERUG_0034_2017_20180710_01.xlsx")
    assert (back["status"], back["answers_to"]) == ("acknowledged", None)
    assert b"afwijkingen" in [path.read_bytes() for path in keten.inbox("0034")]


FILES = st.lists(
    st.tuples(
        st.sampled_from(["0363", "0034"]),
        st.one_of(
            st.sampled_from([NAME, NAME.lower(), NAME.replace("01.", "02."), "x.csv", "X_01.CSV",
                             "x_01.zip", "x_02", "x_01_01.csv", "x_01_02", "x_99.csv", "x_100.csv",
                             "x_1.csv", "x_00.csv", "x_\uff10\uff11.csv", "x_01_metagegevens.xml",
                             "\ufb01n_01.csv", "fin_01.csv"]),
            st.text("WMOxé\u0301É_012.; -[]", min_size=1, max_size=20),
        ),
    ).filter(lambda one: not names.is_onaf(one[1]) and one[1] not in (".", "..")),
    min_size=2, max_size=12,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_no_two_files_ever_meet_at_vektis(tmp_path_factory, files):
    """Whatever they are called, many in a round: as many names as files, also folded."""
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        for number, (code, name) in enumerate(files):
            keten.drop(code, name, b"%d" % number, uitwisseling="vektis")
            if number % 3 == 2:
                keten.settle()
        keten.settle()
        received = keten.received("vektis")
        folder = keten.root / "vektis/in/GZSWMO"
        both = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        assert received
        assert len(both) == 2 * len(received)
        assert len({unicodedata.normalize("NFKC", name).casefold() for name in both}) == len(both)
        for one in received:
            read = names.parse(one.name, names.EIGEN)
            assert read.stam == names.stam(files[int(one.content)][1], names.EIGEN)
            assert one.metagegevens.bestand.naam == one.name
