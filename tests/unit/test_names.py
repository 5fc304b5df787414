# SPDX-License-Identifier: EUPL-1.2
"""File names: made and read back, whatever someone calls a file."""

import itertools
import os
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import names
from gateway.names import Patroon, PatroonFout

LELIJK = st.one_of(
    st.text(st.characters(), max_size=300),
    st.binary(max_size=255).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
    st.text("WMOwmo_H2025.;:\u037e\u212bé\u0301 -~$[]{}*\\/\ud800\udcff\u202e\n\x00", max_size=40),
    st.sampled_from(
        ["", ".", "..", "CON", "con.csv", "-rf", "~$x.csv", ".~lock.x#", "a.part", "x.tmp", "a.",
         "a .csv", "metagegevens.xml", "x_metagegevens.xml", ".csv", "x.csv ", "é" * 200 + ".csv",
         "a" * 251 + ".csv", "WMO_H22025.zip", "wmo_h22025", "x_0363_0001.csv", "LPT1.txt"]
    ),
)  # fmt: skip
CODES = st.integers(0, 9999).map("{:04d}".format)
NUMMERS = st.one_of(st.integers(1, 12), st.integers(1, 10**9))
SJABLONEN = st.sampled_from(
    [
        names.DEFAULT,
        "{gemeentecode}_{volgnummer:06d}_{stam}{ext}",
        "{volgnummer}-{stam}_{gemeentecode}{ext}",
        "CBS_{stam}_{volgnummer:01d}_{gemeentecode}_x{ext}",
        names.EIGEN,
    ]
)
VERBODEN = set(':\\/?;*"”><|][')
REF = "0b9c2e7a-1d1c-4c57-9f0e-2a6b3c4d5e6f"
TIJD = "20260202103000123"


def veilig_segment(name):
    assert 0 < len(name.encode()) <= 255  # encode refuses lone surrogates
    assert not VERBODEN & set(name)
    assert name[0] not in ".-~ " and name[-1] not in ". "
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in name)
    assert not names.is_onaf(name)
    assert names.toonbaar(name) == name


# --- delivered names ------------------------------------------------------------------------------


@given(LELIJK, CODES, NUMMERS, SJABLONEN)
def test_delivered_and_parse_are_inverses(original, code, nummer, sjabloon):
    """Whatever the name and template, what was delivered reads back to its exact parts."""
    made = names.delivered(original, code, nummer, sjabloon)
    read = names.parse(made, sjabloon)
    assert read is not None
    code = "" if sjabloon == names.EIGEN else code
    wanted = (names.stam(original, sjabloon), code, nummer)
    assert (read.stam, read.gemeentecode, read.volgnummer) == wanted
    assert names.Sjabloon.compile(sjabloon).maak.format(
        stam=read.stam, gemeentecode=code, volgnummer=nummer, ext=read.ext
    ) == made  # fmt: skip


@given(LELIJK, CODES, NUMMERS, SJABLONEN)
def test_delivered_is_always_one_safe_segment(original, code, nummer, sjabloon):
    """A delivered name is safe, holds one dot at most, and looks like none of our own names."""
    made = names.delivered(original, code, nummer, sjabloon)
    veilig_segment(made)
    assert made.count(".") <= 1
    assert not made.lower().endswith("_metagegevens.xml")
    assert not names.is_envelop_naam(made)
    veilig_segment(names.metagegevens_naam(made))
    assert len(names.stam(original, sjabloon).encode()) <= 200


@given(LELIJK)
def test_the_delivered_stem_is_a_fixed_point(original):
    """A delivered stem that is delivered again keeps its name."""
    assert names.stam(names.stam(original)) == names.stam(original)


@given(LELIJK, LELIJK, CODES)
def test_names_with_different_keys_never_meet(one, other, code):
    """Two stems with different keys differ for a receiver that folds case and Unicode form."""

    def seen(original):
        made = names.metagegevens_naam(names.delivered(original, code, 1))
        return unicodedata.normalize("NFC", made).casefold()

    keys = [names.stam_sleutel(names.stam(name), code) for name in (one, other)]
    assert keys[0] == keys[1] or seen(one) != seen(other)


@pytest.mark.parametrize(
    "pair",
    [
        ("wmo_h22025_x.csv", "WMO_H22025_X.CSV"),
        ("WMO_H22025_x.csv", "WMO_H22025_x.txt"),
        ("WMO_H22025_caf\u00e9.csv", "WMO_H22025_cafe\u0301.csv"),
        ("WMO_H22025_\ufb01n.csv", "WMO_H22025_fin.csv"),
        ("WMO_H22025_Straße.csv", "WMO_H22025_STRASSE.csv"),
        ("WMO_H22025_a;b.csv", "WMO_H22025_a:b.csv"),
    ],
)
def test_names_that_a_receiver_may_confuse_share_a_key(pair):
    """Case, Unicode form, extension and cleaned characters do not make another key."""
    one, other = (names.stam_sleutel(names.stam(name), "0363") for name in pair)
    assert one == other


@pytest.mark.parametrize(
    ("original", "delivered"),
    [
        ("WMO_H22025_gemeenteWesterveld.CSV", "WMO_H22025_gemeenteWesterveld_1701_0002.CSV"),
        ("WMO_H12015_gestuurd door Henk.CSV", "WMO_H12015_gestuurd door Henk_1701_0002.CSV"),
        ("wmo_h22025.csv", "WMO_H22025_1701_0002.csv"),
        ("jeugd_h22025_mijn wmo.txt", "JEUGD_H22025_mijn wmo_1701_0002.txt"),
        ("besluit_h22025.xml", "besluit_H22025_1701_0002.xml"),
        ("wmoverzicht.csv", "wmoverzicht_1701_0002.csv"),
        ("WMO_H22025_versie 1.2.csv", "WMO_H22025_versie 1_2_1701_0002.csv"),
        ('a:b\\c/d?e;f*g"h”i>j<k|l]m[n.csv', "a_b_c_d_e_f_g_h_i_j_k_l_m_n_1701_0002.csv"),
        ("WMO_H22025.c-v", "WMO_H22025_c-v_1701_0002"),
        ("WMO_H22025.csv.part", "WMO_H22025_csv_part_1701_0002"),
        ("../../etc/passwd", "______etc_passwd_1701_0002"),
    ],
)
def test_delivered_examples(original, delivered):
    """Examples of the sources, and of what CBS forbids (PSA chapter 6, domain 2.3)."""
    assert names.delivered(original, "1701", 2) == delivered


# --- delivered under their own name ---------------------------------------------------------------


@given(
    st.from_regex(r"\A[A-Za-z0-9é_ ]{1,60}_(0[1-9]|[1-9][0-9])(\.[A-Za-z0-9]{1,10})?\Z").filter(
        lambda name: name[0] != " " and " _" not in name and not names.is_onaf(name)
    )
)
def test_a_name_that_ends_in_nn_is_kept_to_the_letter(name):
    """When its NN is given to it: in the letters, and the letter case, that it has."""
    number = names.nn_van(name)
    assert names.delivered(name, "0363", number, names.EIGEN) == name


@given(LELIJK)
def test_an_own_name_delivered_again_is_itself(original):
    """What was delivered has the stem, and the NN up to 99, that it was given."""
    for number in (1, 37, 99):
        made = names.delivered(original, "0363", number, names.EIGEN)
        assert names.nn_van(made) == number
        assert names.delivered(made, "0034", number, names.EIGEN) == made


@given(LELIJK, LELIJK, NUMMERS, NUMMERS)
def test_own_names_meet_only_when_their_keys_say_so(one, other, first, second):
    """For a receiver that folds case and Unicode form, and sees metagegevens beside each."""
    made, keys = [], []
    for original, number in ((one, first), (other, second)):
        name = names.metagegevens_naam(names.delivered(original, "0363", number, names.EIGEN))
        made.append(unicodedata.normalize("NFC", name).casefold())
        stem = names.stam(original, names.EIGEN)
        keys.append(names.stam_sleutel(stem, f"{number:02d}"))
    assert made[0] != made[1] or keys[0] == keys[1]


@pytest.mark.parametrize(
    ("name", "nn"),
    [
        ("WMO_0034_2017_20180710_01.csv", 1),
        ("WMO_0034_2017_20180710_99.CSV", 99),
        ("WMO_0034_2017_20180710_00.csv", None),
        ("WMO_0034_2017_20180710.csv", None),
        ("x_100.csv", None),
        ("x_1.csv", None),
        ("_01.csv", None),
        ("a.b_07", 7),
        ("x_\uff10\uff11.csv", None),
        ("01.csv", None),
        ("", None),
    ],
)
def test_nn_van(name, nn):
    """Two digits after an underscore at the end of the stem, from 01: no date, no other script."""
    assert names.nn_van(name) == nn


def test_a_long_name_is_cut_before_its_nn():
    """What is cut is the stem; the NN that tells two files apart stays."""
    made = names.delivered("é" * 120 + "_07.csv", "0363", 7, names.EIGEN)
    assert made == "é" * 100 + "_07.csv"


def test_numbers_grow_wider_than_the_template():
    """Number 10000 does not meet number 1000, and a number has one spelling."""
    assert names.delivered("x.csv", "0363", 10000) == "x_0363_10000.csv"
    assert names.parse("x_0363_10000.csv").volgnummer == 10000
    assert names.parse("x_0363_00001.csv") is None


def test_not_our_names_do_not_parse():
    """Names that `delivered` cannot make are None."""
    for name in ("x.csv", "x_363_0001.csv", "a.b_0363_0001.csv", "_0363_0001", "x_0363_0001.csv\n"):
        assert names.parse(name) is None


@pytest.mark.parametrize(("code", "nummer"), [("363", 1), ("036x", 1), ("0363", 0), ("٠٣٦٣", 1)])
def test_delivered_refuses_a_wrong_code_or_number(code, nummer):
    """A code that is not 4 ASCII digits or a number below 1 is a mistake of the caller."""
    with pytest.raises(ValueError, match="gemeentecode"):
        names.delivered("x.csv", code, nummer)


@pytest.mark.parametrize(
    ("text", "positie"),
    [
        ("{stam}_{gemeentecode}{ext}", 26),
        ("{stam}{gemeentecode}_{volgnummer}{ext}", 6),
        ("{stam}_{gemeentecode}_{volgnummer}", 34),
        ("{stam}_{gemeentecode}_{ext}_{volgnummer}", 22),
        ("{stam}_{stam}", 7),
        ("{stam:04d}_", 0),
        ("{stam}/{gemeentecode}", 6),
        ("-{stam}", 0),
        ("{stam}_0_{gemeentecode}", 6),
        ("{stam", 0),
        ("{gemeentecode}_{volgnummer}_{stam}_metagegevens{ext}", 34),
        ("", 0),
        ("{stam}_{gemeentecode}_{nn}{ext}", 22),
        ("{nn}_{stam}{ext}", 0),
        ("{stam}_{nn}", 7),
    ],
)
def test_a_template_that_could_mix_up_deliveries_is_refused(text, positie):
    """The error names the character at fault."""
    with pytest.raises(PatroonFout) as caught:
        names.Sjabloon.compile(text)
    assert caught.value.positie == positie


@pytest.mark.parametrize(
    ("name", "uitvraag"),
    [
        ("WMO_H22025_x.csv", "H22025"),
        ("wmo_h12015.TXT", "H12015"),
        ("WMO.H22025.csv", "H22025"),
        ("SPIEGEL2_H22025_0363.pdf", "H22025"),
        ("WMO_H22025_0363_0001.csv", "H22025"),
        ("WMO_H22025.zip", "onbekend"),
        ("WMO_H22025.ZIP", "onbekend"),
        ("WMO_H32025.csv", "onbekend"),
        ("WMO_H220256.csv", "onbekend"),
        ("WMO_x_H22025.csv", "onbekend"),
        ("WMO_0034_2017_20180710_01.csv", "onbekend"),
        ("", "onbekend"),
    ],
)
def test_uitvraag_van(name, uitvraag):
    """The uitvraag stands after the first word of the delivered stem; a ZIP has none."""
    assert names.uitvraag_van(name) == uitvraag


# --- envelopes and notices ------------------------------------------------------------------------


def test_envelope_names():
    """An envelope and its answers share a stem (contracts, Files)."""
    name = names.envelop_naam(TIJD, REF)
    assert name == f"{TIJD}_{REF}.xml"
    assert names.is_envelop_naam(name)
    assert names.antwoord_naam(name, "bv03") == f"{TIJD}_{REF}.bv03.xml"
    assert names.envelop_stam(f"{TIJD}_{REF}.fo03.xml") == names.envelop_stam(name)
    assert not names.is_envelop_naam(names.antwoord_naam(name, "fo03"))


@pytest.mark.parametrize(
    ("tijd", "ref"), [(TIJD[:-1], REF), (TIJD, REF.upper()), (TIJD, "x"), (TIJD, REF + "\n")]
)
def test_envelope_names_refuse_what_does_not_fit(tijd, ref):
    """Nothing from the wire becomes a name unseen."""
    with pytest.raises(ValueError, match="referentienummer"):
        names.envelop_naam(tijd, ref)


def test_answer_to_an_envelope_of_another_system():
    """Any name of an envelope has an answer's name of at most 255 bytes."""
    assert names.antwoord_naam("test.XML", "fo03") == "test.fo03.xml"
    assert len(names.antwoord_naam("é" * 125 + ".xml", "fo03").encode()) <= 255
    with pytest.raises(ValueError, match="bv03 or fo03"):
        names.antwoord_naam("test.xml", "../x")


@given(LELIJK)
def test_wire_names_are_legal(original):
    """Every name becomes 4 to 255 of [A-Za-z0-9-._], and such a name stays as it is."""
    made = names.wire_naam(original)
    assert 4 <= len(made) <= 255
    assert all(char.isascii() and (char.isalnum() or char in "-._") for char in made)
    assert names.wire_naam(made) == made


def test_wire_name_keeps_what_it_can():
    """Accents go, the extension stays."""
    assert names.wire_naam("WMO_H22025_café à Zoë.csv") == "WMO_H22025_cafe_a_Zoe.csv"
    assert names.wire_naam("x" * 300 + ".csv").endswith("x.csv")


@given(LELIJK)
def test_notices_and_safe_names_are_safe(original):
    """A notice, and a name off the wire, is one safe segment with room for its suffixes."""
    for ext in (".txt", ".xml"):
        name = names.notice(original, "geweigerd", TIJD) + ext
        veilig_segment(name)
        veilig_segment(next(itertools.islice(names.neighbours(name), 1, None)))
    veilig_segment(names.veilig(original))
    assert names.veilig(names.veilig(original)) == names.veilig(original)


def test_notice_keeps_a_decent_name():
    """The notice names the file as its owner did; a device of Windows is defused."""
    made = names.notice("wmo_H22025 é.csv", "ontvangen", TIJD)
    assert made == f"wmo_H22025 é.csv_ontvangen_{TIJD}"
    assert names.veilig("CON.csv") == "_CON.csv"
    with pytest.raises(ValueError, match="kind of notice"):
        names.notice("x", "../x", TIJD)


@given(LELIJK)
def test_neighbours_differ_and_fit(name):
    """The first neighbour is the name itself; all differ and fit on a disk."""
    found = list(itertools.islice(names.neighbours(name), 12))
    assert len(set(found)) == 12
    for one in found:
        assert len(one.encode("utf-8", "surrogatepass")) <= 765
        try:
            assert len(one.encode("utf-8", "surrogateescape")) <= 255
        except UnicodeEncodeError:
            pass  # a lone surrogate, which no file system gives


def test_neighbours_keep_the_extension():
    """The number stands before the extension, in characters that CBS allows."""
    assert list(itertools.islice(names.neighbours("a.b.csv"), 3)) == [
        "a.b.csv", "a.b_2.csv", "a.b_3.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["x.part", "x.csv.PART", "x.tmp", "x.filepart", "~$WMO.csv", ".~lock.WMO.csv#", ".hidden"],
)
def test_unfinished_names(name):
    """Names of uploads and edits under way are known, with a reason."""
    assert names.is_onaf(name)
    assert names.onaf_reden(name)


@pytest.mark.parametrize("name", ["WMO_H22025.csv", "part", "x.parts", "tmp", "a~$b", "x~", "-x"])
def test_finished_names(name):
    """Names that only resemble those of uploads are finished."""
    assert not names.is_onaf(name)


@given(LELIJK)
def test_shown_names_are_one_harmless_line_and_unambiguous(name):
    """What is shown holds nothing that moves a cursor, and two names are never shown alike."""
    shown = names.toonbaar(name)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in shown)
    assert names.toonbaar(name + "\\") == shown + "\\\\"


def test_shown_names():
    """Bytes, controls and what turns text around are escaped."""
    assert names.toonbaar(b"bad\xff.csv") == r"bad\xff.csv"
    assert names.toonbaar("a\x1b[31m\u202eb\\c\nd é") == r"a\x1b[31m\u202eb\\c\x0ad é"
    assert names.toonbaar("\u0080") == r"\u0080"


# --- patterns -------------------------------------------------------------------------------------

TERUG = "TECHNISCH_{uitvraag}_{gemeentecode}[_{volgnummer}].{ext}"


@pytest.mark.parametrize(
    ("text", "name", "fields"),
    [
        ("WMO_*", "wmo_h22025.csv", {}),
        ("WMO_*", "WMO.csv", None),
        ("WMO_*.zip", "WMO_a\nb.ZIP", {}),
        ("WMO_*.zip", "WMO_a.zip\n", None),
        (TERUG, "technisch_h22025_0363.pdf",
         {"uitvraag": "H22025", "gemeentecode": "0363", "ext": "pdf"}),
        (TERUG, "TECHNISCH_H22025_0363_10000.pdf",
         {"uitvraag": "H22025", "gemeentecode": "0363", "volgnummer": "10000", "ext": "pdf"}),
        (TERUG, "TECHNISCH_H22025_0363_1.pdf", None),
        (TERUG, "TECHNISCH_H22025_٠٣٦٣.pdf", None),
        ("WMO_{gemeentecode}_{jaar}_{datum}_{nn}.csv", "WMO_0034_2017_20180710_01.csv",
         {"gemeentecode": "0034", "jaar": "2017", "datum": "20180710", "nn": "01"}),
        ("WMO_{gemeentecode}_{jaar}_{datum}_{nn}.csv", "WMO_H22025_0034.csv", None),
        ("WMO_{uitvraag}[_{vrij}].{ext}", "WMO_H22025_door. Henk.csv",
         {"uitvraag": "H22025", "vrij": "door. Henk", "ext": "csv"}),
        ("*{gemeentecode}*_x_{vrij}.{ext}", "aa0363bb_x_cc_x_.csv",
         {"gemeentecode": "0363", "vrij": "cc_x_", "ext": "csv"}),
        ("caf\u00e9_*", "CAFE\u0301_x", {}),
    ],
)  # fmt: skip
def test_patterns_read_names(text, name, fields):
    """Fields are read whole, in either case, in either Unicode form, in ASCII digits only."""
    assert Patroon.compile(text).match(name) == fields


@given(
    st.builds("H{}{:04d}".format, st.integers(1, 2), st.integers(0, 9999)),
    CODES,
    st.one_of(st.none(), st.integers(1, 10**9)),
    st.from_regex("[A-Za-z0-9]{1,8}", fullmatch=True),
)
def test_patterns_read_what_they_make(uitvraag, code, nummer, ext):
    """Formatting and matching are inverses, with and without the optional part."""
    values = {"uitvraag": uitvraag, "gemeentecode": code, "ext": ext}
    if nummer is not None:
        values["volgnummer"] = f"{nummer:04d}"
    patroon = Patroon.compile(TERUG)
    assert patroon.match(patroon.format(**values)) == values
    if nummer is not None:
        assert patroon.format(**{**values, "volgnummer": nummer}) == patroon.format(**values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (TERUG, {"uitvraag": "H22025", "gemeentecode": "0363"}),
        (TERUG, {"uitvraag": "H32025", "gemeentecode": "0363", "ext": "pdf"}),
        ("x_{vrij}", {"vrij": "../x"}),
        ("x_*", {}),
    ],
)
def test_patterns_make_no_name_of_what_does_not_fit(text, values):
    """A missing value, one that does not fit, a slash and a * are refused."""
    with pytest.raises(ValueError, match=r"value|fit|made"):
        Patroon.compile(text).format(**values)


@pytest.mark.parametrize(
    ("text", "positie"),
    [
        ("", 0),
        ("WMO_{uitvrag}", 4),
        ("WMO_{uitvraag", 4),
        ("WMO}", 3),
        ("a/b", 1),
        ("a[b", 1),
        ("ab]", 2),
        ("a[]", 2),
        ("a[b[c]]", 3),
        ("{nn}{nn}", 4),
        ("*{volgnummer}*", 1),
        ("*[a]*", 1),
        ("*x[_*]", 2),
        ("[*]x*", 1),
        ("[a][a][a][a][a]", 12),
    ],
)
def test_pattern_errors_name_their_place(text, positie):
    """A pattern outside the language is refused, with the index of the character at fault."""
    with pytest.raises(PatroonFout) as caught:
        Patroon.compile(text)
    assert (caught.value.positie, caught.value.text) == (positie, text)
    assert caught.value.sentence


TOKENS = st.sampled_from(
    ["*", "{vrij}", "{uitvraag}", "{volgnummer}", "{ext}", "{nn}", "a", "0", "H1", "[a]", "[0{nn}]"]
)


@given(st.lists(TOKENS, min_size=1, max_size=9).map("".join), st.text("aH012", max_size=40))
@settings(max_examples=300)
def test_patterns_match_as_plain_backtracking_would(text, name):
    """The atomic groups that keep matching linear never change the answer."""
    import re

    try:
        patroon = Patroon.compile(text)
    except PatroonFout:
        return
    plain = re.compile(patroon.regex.pattern.replace("(?>", "(?:"), patroon.regex.flags)
    assert (patroon.match(name) is not None) == (plain.fullmatch(name) is not None)


@pytest.mark.parametrize(
    "text", ["*a*a*a*a*a*a*a*b", "{volgnummer}[0][0][0][0]*0*0*.{ext}", "*{nn}*{jaar}*{datum}*b"]
)
@pytest.mark.parametrize("char", ["a", "0"])
def test_no_name_makes_matching_slow(text, char):
    """The worst name takes milliseconds, not the age of the universe."""
    patroon = Patroon.compile(text)
    start = time.perf_counter()
    assert patroon.match(char * 1000) is None
    assert time.perf_counter() - start < 0.2
    assert patroon.match("b" * 5000) is None


def test_an_id_of_any_name_prints_and_is_its_own():
    """Letters, digits and ``._-`` are kept; a long one ends in a digest."""
    assert names.als_id("01KAQ7-x_1.erbij") == "01KAQ7-x_1.erbij"
    assert names.als_id(os.fsdecode(b"bad\xff")) == "bad%FF"
    assert names.als_id("bad%FF") == "bad%25FF"
    assert names.als_id("a b\n\u202e") == "a%20b%0A%E2%80%AE"
    first, second = (names.als_id(os.fsdecode(b"\xff" * 200 + end)) for end in (b"a", b"b"))
    assert first != second
    assert len(first) == len(second) == 180
