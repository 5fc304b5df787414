# SPDX-License-Identifier: EUPL-1.2
"""The shipped exchanges: all rows of the PSA's section 9, and no name that could go two ways."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import parse
from gateway.errors import ConfigError
from tests.vectors.namen import BEWIJZEN, HEEN, NERGENS, TERUG, TYPES

SHIPPED = (Path(__file__).parents[2] / "config.yaml").read_text("utf-8")
CONFIG = parse(SHIPPED)
EVERYBODY = {"gemeente", "provincie", "waterschap"}


def knowing(name):
    """Every exchange that has a pattern for a name, whatever the order of the file."""
    return [one.id for one in CONFIG.heen if one.lees(name) is not None]


# --- section 9 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rij", "heen", "retour"),
    [
        (1, {"iv3-kwartaal"}, set()),
        (2, {"iv3-begroting"}, set()),
        (3, {"iv3-jaar"}, set()),
        (4, {"emu"}, set()),
        (5, {"begrotingsstukken"}, set()),
        (6, {"jaarstukken"}, set()),
        (7, {"rijksfinancien"}, set()),
        (8, {"sisa"}, {"sisa-terug"}),
        (9, {"bijstandsdebiteuren"}, {"bijstandsdebiteuren-terug"}),
        (10, {"bus"}, {"bus-terug"}),
        (11, {"srg"}, {"srg-terug"}),
        (12, {"bams"}, {"bams-terug"}),
        (13, {"gecontracteerden"}, {"gecontracteerden-lijst"}),
        (14, {"wmo", "sbo", "jeugd", "besluit"}, {"technische-terugkoppeling"}),
        (15, set(), {"op-orde", "spiegelrapport-2", "opt-in-verzoek"}),
    ],
)
def test_each_row_of_section_9_is_there(rij, heen, retour):
    """By its source, with a period and a volume; provinces and water boards where it says so."""
    found = [one for one in CONFIG.uitwisselingen.values() if re.search(rf"rij {rij}\b", one.bron)]
    assert {one.id for one in found if one.richting == "heen"} == heen
    assert {one.id for one in found if one.richting == "retour"} == retour
    for one in found:
        assert one.periode
        assert one.volume
        assert one.tegenpartij == "cbs"
        assert one.aanlevering == ("gmsd" if rij >= 14 else min(heen))
        assert set(one.codes) == (EVERYBODY if rij <= 8 else {"gemeente"})


def test_the_other_receivers_are_there():
    """Vektis and CAK: one exchange each, and Vektis reports back (QSD301 2.2)."""
    far = {one.id: one.tegenpartij for one in CONFIG.uitwisselingen.values()}
    assert {one: who for one, who in far.items() if who != "cbs"} == {
        "vektis": "vektis", "vektis-terugkoppeling": "vektis", "eigen-bijdrage": "cak",
    }  # fmt: skip


def test_no_two_exchanges_or_kinds_share_a_code():
    """Each code leads to one exchange."""
    codes = [code for one in CONFIG.uitwisselingen.values() for code in one.codes.values()]
    assert len(codes) == len(set(codes)) == len(CONFIG.op_code)


# --- routing --------------------------------------------------------------------------------------


def test_the_tables_of_names_cover_every_exchange():
    """A new exchange asks for its good names."""
    assert set(HEEN) | set(TERUG) | set(BEWIJZEN) == set(CONFIG.uitwisselingen)


@pytest.mark.parametrize(("name", "wanted"), [(n, e) for e, found in HEEN.items() for n in found])
def test_each_good_name_goes_to_one_exchange(name, wanted):
    """The one meant; no other one would have taken it, so the order of the file decides nothing."""
    assert knowing(name) == [wanted]
    assert knowing(name.upper()) == knowing(name.lower()) == [wanted]
    assert CONFIG.uitwisseling_voor(name).id == wanted


@pytest.mark.parametrize("name", NERGENS)
def test_other_names_go_nowhere(name):
    """No exchange guesses."""
    assert knowing(name) == []


@given(st.data())
def test_whatever_stands_after_a_prefix_a_name_goes_one_way(data):
    """Any text in the place of `*`: exactly one exchange; Vektis's form is Vektis's."""
    one = data.draw(st.sampled_from(CONFIG.heen))
    pattern = data.draw(st.sampled_from(one.patronen))
    free = st.one_of(
        st.text(max_size=20),
        st.lists(st.sampled_from(["0034", "2017", "20180710", "01", "WMO", "SISA", "IV3JAAR", "EMU",
                                  "H22025", "csv", "_", "_", "_", ".", "x"])).map("".join),
    )  # fmt: skip
    name = pattern.replace("*", data.draw(free))
    for field, text in (("gemeentecode", "0034"), ("jaar", "2017"), ("datum", "20180710"),
                        ("nn", "07")):  # fmt: skip
        name = name.replace(f"{{{field}}}", text)
    [found] = knowing(name)
    vektis = re.fullmatch(r"WMO_\d{4}_\d{4}_\d{8}_\d{2}\.csv", name, re.IGNORECASE | re.ASCII)
    assert found == ("vektis" if vektis else one.id)


@pytest.mark.parametrize("uitwisseling", BEWIJZEN)
def test_each_receipt_is_read_by_its_own_exchange_alone(uitwisseling):
    """So no two receipts ever share a name, nor one the number of another kind's delivery."""
    name = BEWIJZEN[uitwisseling].format(code="0363")
    reading = [one.id for one in CONFIG.uitwisselingen.values() if one.lees(name) is not None]
    assert reading == [uitwisseling]
    assert CONFIG.uitwisselingen[uitwisseling].inhoud == "ontvangstbewijs"
    assert len(CONFIG.uitwisselingen[uitwisseling].antwoord_op) == 1


@pytest.mark.parametrize("ext", TYPES)
@pytest.mark.parametrize("uitwisseling", TERUG)
def test_each_way_back_reads_its_names_whatever_the_type(uitwisseling, ext):
    """To whom it is; and only under the codes of its exchange."""
    name = TERUG[uitwisseling].format(code="0363", ext=ext)
    for code in CONFIG.uitwisselingen[uitwisseling].codes.values():
        one, fields = CONFIG.retour(code, name)
        assert (one.id, fields["gemeentecode"]) == (uitwisseling, "0363")
    reading = [
        one.id for one in CONFIG.uitwisselingen.values()
        if one.richting == "retour" and one.lees(name) is not None
    ]  # fmt: skip
    assert reading == [uitwisseling]


# --- kinds of party -------------------------------------------------------------------------------


def with_party(line):
    return SHIPPED.replace("partijen:\n", f"partijen:\n  {line}\n", 1)


def test_a_kind_of_party_has_its_own_code():
    """A province's is not a municipality's; where a kind has none, it does not use the exchange."""
    config = parse(with_party('"9001": {soort: provincie, naam: Drenthe}'))
    sisa, wmo = config.uitwisselingen["sisa"], config.uitwisselingen["wmo"]
    assert config.code_voor(sisa, "0363") == "SISA"
    assert config.code_voor(sisa, "9001") == "SISAP"
    assert config.code_voor(wmo, "9001") is None
    assert config.code_voor(sisa, "9999") is None
    assert config.codes_van(sisa) == ("SISA", "SISAP")
    assert CONFIG.codes_van(sisa) == ("SISA",)
    assert config.op_functie("SISAW") is sisa


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"0363": {soort: gemeente, naam: Amsterdam}', '"0363": {soort: provincie, naam: X}',
         "0363 is the code of gemeente Amsterdam; choose another code"),
        ("waterschap: SISAW}", "waterschap: SISAP}", "SISAP is the code of `sisa` already"),
        ("waterschap: SISAW}", "waterschap: GMSDWMO}", "GMSDWMO is the code of `wmo` already"),
        ("waterschap: SISAW}", "waterschap: s}", "s does not fit; write 2 to 30 capitals"),
        ("waterschap: SISAW}", "gemeente: SISAG}", "`gemeente`"),
        ("antwoord_op: [bus]", "antwoord_op: [vektis]", "files of `vektis` get no number"),
        ('"{stam}_{nn}{ext}"', '"x{stam}_{nn}{ext}"', "{nn} stands only in {stam}_{nn}{ext}"),
    ],
)  # fmt: skip
def test_faults_of_kinds_and_names_are_found(old, new, said):
    """Each said once, at its place."""
    assert SHIPPED.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        parse(SHIPPED.replace(old, new))
    line = SHIPPED[: SHIPPED.index(old)].count("\n") + 1
    about = [one for one in caught.value.problems if said in one]
    assert len(about) == 1, caught.value.problems
    assert about[0].startswith(f"config.yaml:{line}:")
