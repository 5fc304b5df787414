# SPDX-License-Identifier: EUPL-1.2
"""Envelopes: mutated, cut, or made of nothing: read, or refused by its code; nothing else."""

from hypothesis import given
from hypothesis import strategies as st

import envelopes
from gateway.testing import Keten
from tests.fuzz.depth import replayed, runs
from tests.vectors import GOED

KINDS = sorted(GOED)
WORDS = [
    b"<", b">", b"&", b"&#0;", b"&#xD800;", b"&lt;", b"\0", b"\xff", b"\xef\xbb\xbf", b"]]>",
    b"<![CDATA[", b"<!--", b"-->", b"<?x?>", b"<!DOCTYPE a>", b"<!ENTITY a 'b'>", b' xml:lang="nl"',
    b' xmlns="urn:x"', b' xsi:nil="true"', b"<x/>", b"Di01", b"Du01", b"Fo03", b"0363", b"CBS",
    b"99999999999999999", b"20260231250000000", b"-1", b"x" * 300, b"=", b"====", b" ", b"\r",
    "é".encode(), "\u202e".encode(),
]  # fmt: skip


@st.composite
def mutated(draw):
    """A good message with some edits: bytes taken out, doubled, moved, or put in."""
    data = GOED[draw(st.sampled_from(KINDS))]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.integers(0, 80)))
        match draw(st.sampled_from(["out", "double", "put", "bytes", "cut", "move"])):
            case "out":
                data = data[:at] + data[to:]
            case "double":
                data = data[:to] + data[at:]
            case "put":
                data = data[:at] + draw(st.sampled_from(WORDS)) + data[at:]
            case "bytes":
                data = data[:at] + draw(st.binary(max_size=8)) + data[to:]
            case "cut":
                data = data[:at]
            case "move":
                other = draw(st.integers(0, len(data)))
                data = data[:other] + data[at:to] + data[other:]
    return data


NAMES = st.sampled_from([
    "soap:Envelope", "soap:Body", "soap:Header", "GGK:stuurgegevens", "StUF:zender", "a", "b:c",
    "GGK:bericht", "StUF:Bv03Bericht", "mg:metagegevens", "envelopHeenbericht-ggk_Di01",
])  # fmt: skip
SPACES = (
    ' xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:GGK="http://www.stufstandaarden.nl/koppelvlak/ggk0210"'
    ' xmlns:StUF="http://www.egem.nl/StUF/StUF0301" xmlns:mg="urn:knooppunt:metagegevens:1"'
)
TREES = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=12),
    lambda below: st.tuples(NAMES, st.lists(below, max_size=4)).map(
        lambda one: f"<{one[0]}>{''.join(one[1])}</{one[0]}>"
    ),
    max_leaves=12,
)
RANDOM = st.one_of(
    st.binary(max_size=200),
    TREES.map(lambda tree: f"<soap:Envelope{SPACES}>{tree}</soap:Envelope>".encode()),
)
ANY = st.one_of(mutated(), mutated(), RANDOM)


def reads_or_refuses(data):
    """Every reader gives something, or EnvelopeError with a code; its words hold no payload."""
    for read in (envelopes.read, envelopes.read_answer, envelopes.read_verwijzing,
                 envelopes.read_metagegevens):  # fmt: skip
        try:
            read(data)
        except envelopes.EnvelopeError as error:
            assert 0 < len(error.code) <= 7
            assert len(error.details) <= 1000
    envelopes.is_verwijzing(data)
    envelopes.check("publicatiebesluit.xsd", data)


@runs(250, 50_000)
@given(ANY)
@replayed("envelopes")
def test_any_bytes_are_read_or_refused(data):
    """Each reader by itself."""
    reads_or_refuses(data)


def test_cut_at_each_byte():
    """Every good message, cut at every 3rd byte here; at each byte in the unit tests."""
    for data in GOED.values():
        for cut in range(0, len(data), 3):
            reads_or_refuses(data[:cut])


@runs(12, 2_000)
@given(st.lists(ANY, min_size=1, max_size=10), st.sampled_from(["ggk/uit", "ggk/in"]))
def test_any_bytes_in_a_hop_folder(tmp_path_factory, messages, hop):
    """Through the chain: each is delivered or held with its reason, and a good one goes on."""
    messages = [*messages, *seeds_of_envelopes()]
    with Keten(tmp_path_factory.mktemp("keten")) as keten:
        for number, data in enumerate(messages):
            (keten.hop(hop) / f"{number}.xml").write_bytes(data)
        keten.drop("0034", "WMO_H22025.csv", b"gewoon")
        waiting = {one.name for one in keten.settle().waiting}
        assert b"gewoon" in [one.content for one in keten.received("wmo")]
        held = [p.read_bytes() for place in keten.quarantine() for p in place.iterdir()]
        answered = {
            p.name.partition(".")[0] for p in keten.hop(f"{hop}/antwoord").glob("*.bv03.xml")
        }
        for number, data in enumerate(messages):
            lies = (keten.hop(hop) / f"{number}.xml").exists()
            assert (data in held) + (str(number) in answered) + lies >= 1, data
            assert not lies or f"{number}.xml" in waiting


def seeds_of_envelopes():
    """What once failed goes through the chain each time."""
    from tests.fuzz.depth import seeds

    return seeds("envelopes")
