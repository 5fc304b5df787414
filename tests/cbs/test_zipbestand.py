# SPDX-License-Identifier: EUPL-1.2
"""A ZIP of deliveries: each member judged, and each attack refused by its name."""

import struct
import warnings
import zipfile

import pytest

from gateway.cbs import controle, protocol, rijen, zipbestand
from gateway.errors import GatewayError
from tests.cbs.gevallen import DAG, GOED, bestand, rij

NAAM = "WMO_leveringen.zip"
EEN = "WMO_H22025_een.csv"
AMBER = bestand(rij({2: "0034", 5: "20240101", 9: "20240101"}))


@pytest.fixture
def pad(tmp_path):
    return tmp_path / NAAM


def maak(pad, *leden, knoei=None, **how):
    """Make a ZIP of (name, content); then perhaps damage its bytes."""
    with warnings.catch_warnings(), zipfile.ZipFile(pad, "w", zipfile.ZIP_DEFLATED) as archief:
        warnings.simplefilter("ignore")  # two members of one name: that is the point
        for naam, inhoud in leden:
            archief.writestr(naam, inhoud, **how)
    if knoei:
        data = bytearray(pad.read_bytes())
        knoei(data)
        pad.write_bytes(data)
    return pad


def oordeel(pad, naam=NAAM, **more):
    return controle.controleer(str(pad), naam, dag=DAG, **more)


def codes(found):
    return [one.code for one in found.bevindingen]


def lijst(data, nummer=0):
    """Where the entry of a member begins in the list of members."""
    at = -1
    for _ in range(nummer + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    return at


# --- members --------------------------------------------------------------------------------------


def test_members_are_judged_each_and_may_differ(pad):
    """In municipality and in half-year; one verdict, and one for each."""
    found = oordeel(maak(pad, (EEN, GOED), ("WMO_H12025_twee.txt", AMBER)))
    assert (found.oordeel, found.stap, found.rijen) == ("goedgekeurd", None, 3)
    assert (found.uitvraag, found.gemeentecode, found.codering) == (None, None, "utf-8")
    told = [(one.bestand, one.uitvraag, one.gemeentecode, one.oordeel) for one in found.leden]
    assert told == [
        (EEN, "H22025", "0363", "goedgekeurd"),
        ("WMO_H12025_twee.txt", "H12025", "0034", "goedgekeurd"),
    ]


def test_what_members_share_is_told_of_all(pad):
    """And of their encodings the worst."""
    found = oordeel(maak(pad, (EEN, GOED), ("WMO_H22025_b.csv", b"\xef\xbb\xbf" + GOED)))
    assert (found.uitvraag, found.gemeentecode, found.codering) == ("H22025", "0363", "utf-8-bom")
    assert (found.goedgekeurd, found.fouten, found.signalen) == (True, 0, 1)


def test_one_rejected_member_rejects_and_the_others_are_judged(pad, tmp_path):
    """On the step that it failed; the CSV says of which file each finding is."""
    broken = bestand(rij(), rij({3: "1"}))
    path = tmp_path / "alle.csv"
    leden = (EEN, broken), ("WMO_H22025_b.csv", GOED), ("WMO_H22025_c.csv", GOED[:-1])
    found = oordeel(maak(pad, *leden), csv=str(path))
    assert (found.goedgekeurd, found.stap, found.fouten) == (False, 2, 2)
    assert [one.stap for one in found.leden] == [3, None, 2]
    head, *rows = path.read_text("utf-8").splitlines()
    assert head == "regel;kolom;ernst;code;tekst;bestand"
    assert [(row.split(";")[3], row.split(";")[-1]) for row in rows] == [
        ("lengte", f"{NAAM}/{EEN}"), ("geen-enter", f"{NAAM}/WMO_H22025_c.csv"),
    ]  # fmt: skip


def test_the_zip_itself_has_a_name(pad):
    """It begins as a delivery does; its half-year is in its members' names."""
    maak(pad, (EEN, GOED))
    assert oordeel(pad, "WMO_x.ZIP").goedgekeurd
    for naam, code in (("x.zip", "naam-begin"), ("WMO_1.2.zip", "naam-punt"),
                       ("WMO_[1].zip", "naam-teken")):  # fmt: skip
        found = oordeel(pad, naam)
        assert (found.stap, codes(found), found.leden) == (1, [code], ())


def test_other_kinds_come_in_a_zip_too(pad):
    """Judged on name and form, as by themselves."""
    maak(pad, ("SBO_H22025_a.csv", b"x"), (EEN, GOED))
    found = oordeel(pad, "SBO_x.zip", soort="sbo")
    assert [codes(one) for one in found.leden] == [[], ["naam-begin"]]


def test_rows_of_one_member_are_read(pad):
    """For who counts them; one that is refused, or not there, is not."""
    maak(pad, (EEN, GOED), ("WMO_H12025.csv", AMBER), ("map/WMO_H12025.csv", AMBER))
    assert rijen.lees(str(pad), EEN)["k2"].to_list() == ["0363", "0363"]
    assert rijen.lees(str(pad), "WMO_H12025.csv")["k2"].to_list() == ["0034"]
    for naam in ("map/WMO_H12025.csv", "none.csv"):
        with pytest.raises(GatewayError, match="no member"):
            rijen.lees(str(pad), naam)


# --- members that are refused ---------------------------------------------------------------------

BOM = b"\n" * (300 << 10) * 4
LEDEN = {
    "een map": ("map/" + EEN, GOED, "zip-pad"),
    "een map zelf": ("map/", b"", "zip-pad"),
    "omhoog": ("../" + EEN, GOED, "zip-pad"),
    "van de wortel": ("/" + EEN, GOED, "zip-pad"),
    "als in Windows": ("..\\" + EEN, GOED, "zip-pad"),
    "een schijf": ("C:" + EEN, GOED, "zip-pad"),
    "puntjes": ("..", GOED, "zip-pad"),
    "een zip": ("WMO_H22025.zip", b"PK", "zip-genest"),
    "een gz": ("WMO_H22025.csv.gz", b"x", "zip-genest"),
    "een zip als csv": ("WMO_H22025.csv", b"PK\x03\x04" + b"x" * 40, "zip-genest"),
    "een gz als txt": ("WMO_H22025.txt", b"\x1f\x8b\x08" + b"x" * 40, "zip-genest"),
    "een bom": ("WMO_H22025.csv", BOM, "zip-verhouding"),
    "nog eens": (EEN, GOED, "zip-dubbel"),
    "nog eens, kleine letters": (EEN.lower(), GOED, "zip-dubbel"),
    "een pdf": ("WMO_H22025.pdf", b"x", "naam-extensie"),
    "van een Mac": (".DS_Store", b"x", "naam-extensie"),
    "zonder extensie": ("WMO_H22025", GOED, "naam-extensie"),
}


@pytest.mark.parametrize("welk", LEDEN)
def test_a_member_that_is_refused_says_why(pad, welk):
    """And the member beside it is judged all the same."""
    naam, inhoud, code = LEDEN[welk]
    found = oordeel(maak(pad, (EEN, GOED), (naam, inhoud)))
    een, ander = found.leden
    assert een.goedgekeurd
    assert code in codes(ander)
    assert not ander.goedgekeurd
    assert ander.rijen == 0
    assert found.stap == ander.stap == (1 if code == "naam-extensie" else 2)


def test_an_encrypted_member_is_named_as_such(pad):
    """By the flag of its entry; no password is asked."""

    def knoei(data):
        data[6] |= 1
        data[lijst(data) + 8] |= 1

    found = oordeel(maak(pad, (EEN, GOED), ("WMO_H12025.txt", AMBER), knoei=knoei))
    assert [codes(one) for one in found.leden] == [["zip-versleuteld"], []]


def test_another_way_of_packing_is_refused(pad):
    """Only stored and deflated are read: fewer decoders, fewer holes."""
    found = oordeel(maak(pad, (EEN, GOED), compress_type=zipfile.ZIP_LZMA))
    assert [codes(one) for one in found.leden] == [["zip-methode"]]


@pytest.mark.parametrize(
    "knoei",
    [
        lambda data: data.__setitem__(60, data[60] ^ 255),
        lambda data: data.__setitem__(lijst(data) + 16, data[lijst(data) + 16] ^ 255),
        lambda data: data.__setitem__(slice(30, 33), b"ABC"),
        lambda data: data.__setitem__(lijst(data) + 24, data[lijst(data) + 24] - 1),
        lambda data: data.__setitem__(8, 99),
    ],
    ids=["content", "checksum", "name", "size", "method in its own header"],
)
def test_a_damaged_member_is_rejected(pad, tmp_path, knoei):
    """Without a finding on what could still be read of it, and without harm to the next."""
    path = tmp_path / "alle.csv"
    leden = (EEN, GOED + b"x\n"), ("WMO_H12025.txt", AMBER)
    found = oordeel(maak(pad, *leden, knoei=knoei), csv=str(path))
    een, ander = found.leden
    assert ander.goedgekeurd
    assert codes(een) in (["zip-bestand-beschadigd"], ["aantal-kolommen"])
    assert len(path.read_text("utf-8").splitlines()) == 2


def test_a_damaged_member_is_told_by_its_number(pad):
    """Which it is, and what to do; not that this is no ZIP."""

    def knoei(data):
        at = data.rindex(b"PK\x03\x04") + 30 + len("WMO_H12025.txt") + 5
        data[at] ^= 0xFF  # in the content of the second member

    [_, ander] = oordeel(maak(pad, (EEN, GOED), ("WMO_H12025.txt", AMBER), knoei=knoei)).leden
    [one] = ander.bevindingen
    assert one.code == "zip-bestand-beschadigd"
    assert one.tekst.startswith("Bestand 2 in het ZIP-bestand is beschadigd")
    assert "Maak het ZIP-bestand opnieuw" in one.tekst


# --- archives that are refused --------------------------------------------------------------------


def veel(pad):
    maak(pad, *((f"WMO_H22025_{n}.csv", b"") for n in range(zipbestand.MEESTE_LEDEN + 1)))


def lange_lijst(pad):
    """Few members, but remarks of 64 KB on each: the list alone is over 8 MB."""
    with zipfile.ZipFile(pad, "w") as archief:
        for n in range(140):
            info = zipfile.ZipInfo(f"WMO_H22025_{n}.csv")
            info.comment = b"x" * 65535
            archief.writestr(info, b"")


def te_groot(pad):
    def knoei(data):
        for nummer in (0, 1):
            at = lijst(data, nummer) + 24
            data[at : at + 4] = struct.pack("<I", 0xFFFFFFF0)

    maak(pad, (EEN, GOED), ("WMO_H12025.csv", AMBER), knoei=knoei)


def overlap(pad):
    """Two entries that are the same bytes: a bomb that no ratio shows."""

    def knoei(data):
        at = lijst(data, 1) + 42
        data[at : at + 4] = data[lijst(data) + 42 : lijst(data) + 46]

    maak(pad, (EEN, GOED), ("WMO_H22025_twe.csv", GOED), knoei=knoei)


def te_lang(pad):
    """A member that claims to go on through the list of members."""

    def knoei(data):
        at = lijst(data) + 20
        data[at : at + 4] = struct.pack("<I", len(data))

    maak(pad, (EEN, GOED), knoei=knoei)


def zip64(pad):
    """A ZIP64 record that claims a list of an exabyte."""

    def knoei(data):
        slot = data.rindex(b"PK\x05\x06")
        record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 1 << 60, 0)
        data[slot:slot] = record + struct.pack("<4sIQI", b"PK\x06\x07", 0, slot, 1)

    maak(pad, (EEN, GOED), knoei=knoei)


def nergens(pad):
    """A ZIP64 locator that points beyond the end."""

    def knoei(data):
        slot = data.rindex(b"PK\x05\x06")
        data[slot:slot] = struct.pack("<4sIQI", b"PK\x06\x07", 0, 1 << 62, 1)

    maak(pad, (EEN, GOED), knoei=knoei)


def elders(pad):
    """An entry whose member would be after the list, where nothing is."""

    def knoei(data):
        at = lijst(data) + 42
        data[at : at + 4] = struct.pack("<I", 0xFFFFFF00)

    maak(pad, (EEN, GOED), knoei=knoei)


ARCHIEVEN = {
    "zip-leeg": [maak],
    "zip-te-veel-leden": [veel, lange_lijst, zip64],
    "zip-te-groot": [te_groot],
    "zip-overlap": [overlap, te_lang],
    "zip-onleesbaar": [
        lambda pad: pad.write_bytes(b""),
        lambda pad: pad.write_bytes(GOED),
        lambda pad: pad.write_bytes(b"PK\x03\x04" + bytes(100)),
        lambda pad: maak(pad, (EEN, GOED), knoei=lambda data: data.__delitem__(slice(80, None))),
        lambda pad: maak(pad, (EEN, GOED), knoei=lambda data: data.__delitem__(slice(0, 40))),
        lambda pad: maak(pad, (EEN, GOED), knoei=lambda data: data.__setitem__(0, 0)),
        nergens,
        elders,
    ],
}


@pytest.mark.parametrize(
    ("code", "bouw"), [(code, one) for code, many in ARCHIEVEN.items() for one in many]
)
def test_an_archive_that_is_refused_says_why(pad, code, bouw):
    """On the archive itself; nothing in it is read."""
    bouw(pad)
    found = oordeel(pad)
    assert (codes(found), found.leden, found.goedgekeurd) == ([code], (), False)
    assert (found.stap, found.fouten) == (2, 1)


def test_every_rule_on_a_zip_has_a_case():
    """Of an archive or of a member."""
    shown = {*ARCHIEVEN, *(code for _, _, code in LEDEN.values())}
    shown |= {"zip-versleuteld", "zip-methode", "zip-bestand-beschadigd"}
    rules = {code for code in protocol.voor(None).regels if code.startswith("zip-")}
    assert rules <= shown


def test_any_broken_zip_gets_a_verdict(pad):
    """One byte changed, here or there: approved or rejected, and never an error."""
    maak(pad, (EEN, bestand(rij())), ("WMO_H12025.txt", AMBER))
    whole = pad.read_bytes()
    verdicts = set()
    for at in range(0, len(whole), 4):
        data = bytearray(whole)
        data[at] ^= 0x81
        pad.write_bytes(data)
        verdicts.add(oordeel(pad).oordeel)
    assert verdicts == {"goedgekeurd", "afgekeurd"}
