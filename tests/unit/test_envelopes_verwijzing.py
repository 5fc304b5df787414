# SPDX-License-Identifier: EUPL-1.2
"""References to large files (Digikoppeling Grote Berichten): built, read, told from content."""

from dataclasses import replace

import pytest

from envelopes import (
    BuildError,
    EnvelopeError,
    Verwijzing,
    build_verwijzing,
    check,
    is_verwijzing,
    read_verwijzing,
)
from tests.vectors import GOED, VERWIJZINGEN, Vector

REF = "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"
V = Verwijzing(
    f"WMO_H22025_{REF}.zip",
    2_147_483_648,
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    f"groot/{REF}.bin",
    "application/zip",
    "2026-02-02T10:00:00+01:00",
    "2026-03-04T10:00:00+01:00",
    REF,
)


@pytest.mark.parametrize("v", VERWIJZINGEN, ids=[v.id for v in VERWIJZINGEN])
def test_vectors(v: Vector) -> None:
    """Each edit of the good document gives its code; what is right reads as the good one does."""
    if v.code == "ok":
        assert read_verwijzing(v.data).omvang == V.omvang
        return
    with pytest.raises(EnvelopeError) as refused:
        read_verwijzing(v.data)
    assert refused.value.code == v.code
    assert refused.value.details


def test_the_good_document_is_written_by_hand_and_says_this() -> None:
    """The vector that our builder did not make reads as what it says."""
    assert read_verwijzing(GOED["verwijzing"]) == V


def test_there_and_back() -> None:
    """With and without what may be left out; valid for the other schema engine too."""
    for v in (V, replace(V, aangemaakt=None, vervalt=None, context=None), replace(V, type="a & b")):
        data = build_verwijzing(v)
        assert read_verwijzing(data) == v
        assert check("grote-berichten.xsd", data) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"bestandsnaam": "2025.zip"}, {"bestandsnaam": "a/b.zip"}, {"omvang": 0}, {"omvang": -1},
        {"sha256": "AB" * 32}, {"sha256": "ab"}, {"aangemaakt": "gisteren"}, {"url": " x"},
        {"type": "\x00"}, {"context": "\udcff"},
    ],
)  # fmt: skip
def test_what_is_wrong_is_never_written(wrong: dict[str, object]) -> None:
    """The builder refuses what the reader would, and what would come back as something else."""
    with pytest.raises(BuildError):
        build_verwijzing(replace(V, **wrong))  # type: ignore[arg-type]


def test_told_from_content_by_its_root() -> None:
    """A payload that merely speaks of one is content; a wrong one still claims to be one."""
    data = build_verwijzing(V)
    assert is_verwijzing(data)
    assert is_verwijzing(data.replace(b"SHA256", b"MD5"))
    for content in (
        b"", b"PK\x03\x04", b"<a>digikoppeling-external-data-references</a>", data[:-9],
        b"<a>" + data.partition(b"?>\n")[2] + b"</a>", data.replace(b"gb/2010/10", b"gb/2020/09"),
        data + b" " * 65_536,
    ):  # fmt: skip
        assert not is_verwijzing(content)


def test_too_large_to_be_one() -> None:
    """Above 64 KB it is not read: a reference is a page at most."""
    with pytest.raises(EnvelopeError) as refused:
        read_verwijzing(build_verwijzing(V) + b"\n" * 65_536)
    assert refused.value.code == "IB007"
