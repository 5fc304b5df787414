# SPDX-License-Identifier: EUPL-1.2
"""Names at CBS: unique, numbered, never given twice, and the record beside each."""

import re
import unicodedata
from hashlib import sha256

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway import names
from gateway.testing import Keten
from tests.flow.vreemd import envelop


def names_of(keten, exchange="wmo"):
    return [one.name for one in keten.received(exchange)]


def test_the_number_counts_per_municipality_exchange_and_uitvraag(keten):
    """Each of the three begins a count of its own; onbekend and ZIP count together."""
    for code in ("0363", "0034"):
        for name in ("WMO_H22025.csv", "WMO_H22025_b.csv", "WMO_H12025.csv", "SBO_H22025.csv",
                     "WMO_los.csv", "WMO_H22025_b.zip", "WMO_nog.csv"):  # fmt: skip
            keten.drop(code, name, name.encode())
            keten.settle()
    for code in ("0363", "0034"):
        assert [n for n in names_of(keten) if f"_{code}_" in n] == [
            f"WMO_H12025_{code}_0001.csv",
            f"WMO_H22025_{code}_0001.csv",
            f"WMO_H22025_b_{code}_0002.csv",
            f"WMO_H22025_b_{code}_0003.zip",  # 2, were it not for the .csv
            f"WMO_los_{code}_0001.csv",
            f"WMO_nog_{code}_0004.csv",
        ]
    assert names_of(keten, "sbo") == ["SBO_H22025_0034_0001.csv", "SBO_H22025_0363_0001.csv"]


def test_a_zip_and_a_csv_of_one_stem_never_share_their_metagegevens(keten):
    """x.csv, X.TXT and x.zip: three files, three records, each naming its own file."""
    for name in ("WMO_H22025.csv", "wmo_h22025.TXT", "WMO_H22025.zip", "WMO_H22025"):
        keten.drop("0363", name, name.encode())
        keten.settle()
    received = keten.received("wmo")
    assert len(received) == 4
    assert len({one.path.stem.casefold() for one in received}) == 4
    for one in received:
        assert one.metagegevens.bestand.oorspronkelijke_naam.encode() == one.content
        assert one.metagegevens.bestand.naam == one.name


def test_a_number_is_never_given_again(keten):
    """The receiver takes everything, the gateway restarts: the count goes on."""
    given_out = []
    for _ in range(3):
        for name in ("WMO_H22025.csv", "WMO_los.zip"):
            keten.drop("0363", name, b"x")
        keten.settle()
        given_out += names_of(keten)
        assert keten.empty_receivers()
        keten.restart()
    assert len(given_out) == 6
    assert len(set(given_out)) == 6
    assert sorted(n for n in given_out if n.endswith("csv"))[-1] == "WMO_H22025_0363_0003.csv"


def test_a_file_of_somebody_else_at_cbs_is_never_overwritten(keten):
    """The name is taken by a foreign file: ours is held for a person, theirs is untouched."""
    inbox = keten.root / "cbs/in/GMSDWMO"
    (inbox / "WMO_H22025_0363_0001.csv").write_bytes(b"van een ander")
    keten.drop("0363", "WMO_H22025.csv", b"van ons")
    keten.settle()
    assert (inbox / "WMO_H22025_0363_0001.csv").read_bytes() == b"van een ander"
    held = [p for folder in keten.quarantine() for p in folder.iterdir()]
    assert b"van ons" in [p.read_bytes() for p in held]
    [message] = keten.trace("WMO_H22025.csv")
    assert "conflict" in [event["type"] for event in message["events"]]
    for path in [*inbox.glob("WMO*"), *held]:  # a person took them away
        path.unlink()
    for folder in keten.quarantine():
        folder.rmdir()


def test_foreign_and_own_envelopes_share_one_count(keten):
    """What another system sends for a municipality is numbered with what it drops itself."""
    keten.drop("0363", "WMO_H22025.csv", b"1")
    keten.settle()
    (keten.hop("ggk/uit") / "a.xml").write_bytes(envelop(tijd="20260202110000", payload=b"2"))
    keten.settle()
    assert names_of(keten) == ["WMO_H22025_0363_0001.csv", "WMO_H22025_0363_0002.csv"]


FILES = st.lists(
    st.tuples(
        st.sampled_from(["0363", "0034"]),
        st.one_of(
            st.text("WMOwmo_H2025hé\u0301É.; -[1]", min_size=1, max_size=30),
            st.sampled_from(["x.csv", "X.CSV", "x.zip", "x_0001.csv", "x_0363_0001.csv", "x",
                             "WMO_H22025.csv", "wmo_h22025.csv", "WMO_H22025.ZIP"]),
        ),
    ).filter(lambda one: not names.is_onaf(one[1]) and one[1] not in (".", "..")),
    min_size=2, max_size=12,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_no_two_deliveries_ever_meet(tmp_path_factory, files):
    """Whatever files are called: as many names as files, also folded, and each reads back."""
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        for number, (code, name) in enumerate(files):
            keten.drop(code, name, b"%d" % number, uitwisseling="wmo")
            if number % 3 == 2:
                keten.settle()
        keten.settle()
        # A second file of one name replaces the first while that lies in the outbox still.
        received = keten.received("wmo")
        assert received
        folder = keten.root / "cbs/in/GMSDWMO"
        both = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
        assert len(both) == 2 * len(received)
        folded = {unicodedata.normalize("NFKC", name).casefold() for name in both}
        assert len(folded) == len(both)
        for one in received:
            code, name = files[int(one.content)]
            read = names.parse(one.name)
            assert (read.stam, read.gemeentecode) == (names.stam(name), code)
            assert re.fullmatch("[^.]+(\\.[A-Za-z0-9]{1,10})?", one.name)
            # Another file may have been dropped under the very name that this one got.
            digest = sha256(one.content).hexdigest()
            found = [message["sha256"] for message in keten.trace(one.name)]
            assert found.count(digest) == 1
