# SPDX-License-Identifier: EUPL-1.2
"""Downloads: served is our word, acknowledged is the digest of what the other got. Two leaves."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway import fetching
from gateway.cli import app
from gateway.errors import GatewayError
from gateway.testing import Keten

PDF = b"%PDF-1.7 rapport"
NAAM = "OPORDE_H22025_0363_0001.pdf"


@pytest.fixture
def keten(tmp_path: Path) -> Any:
    """A chain of which a report lies in the inbox of 0363; its gateway is stopped."""
    with Keten(tmp_path / "keten") as made:
        made.drop("0363", "WMO_H22025.csv", b"a;b\n")
        made.settle()
        made.send("op-orde", NAAM, PDF)
        made.settle()
    return made


def knooppunt(keten: Keten, *argv: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [*argv, "--config", keten.location.config_path])
    return ended.exit_code, ended.output


def leaves(keten: Keten, kind: str = "download.") -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{keten.location.database}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT content FROM leaf ORDER BY idx").fetchall()
    return [one for (text,) in rows if kind in (one := json.loads(text))["type"]]


def downloads(keten: Keten, name: str = NAAM) -> list[dict[str, Any]]:
    return list(keten.trace(name)[0]["downloads"])


def test_a_file_is_served_and_acknowledged(keten: Keten, tmp_path: Path) -> None:
    """Copied, not taken; two leaves over the same bytes; the user is a commitment alone."""
    code, said = knooppunt(
        keten, "fetch", NAAM, "--gemeente", "0363", "--als", "m.jansen", "-o", str(tmp_path / "uit")
    )
    assert (code, "acknowledged" in said, "weak binding" in said) == (0, True, True)
    assert (tmp_path / "uit" / NAAM).read_bytes() == PDF
    assert NAAM in [path.name for path in keten.inbox("0363")]
    served, got = leaves(keten)
    assert (served["type"], got["type"]) == ("download.served", "download.acknowledged")
    assert served["content"] == got["content"] == keten.trace(NAAM)[0]["sha256"]
    assert {(one["auth"], one["loa"], one["result"]) for one in (served, got)} == {
        ("named", "geen", "ok")
    }
    assert got["prev"] == leaves(keten)[0]["prev"] + 1
    assert "m.jansen" not in json.dumps(leaves(keten))
    knooppunt(keten, "grant", "coordinator", "gmsd", "--gemeente", "0363")
    assert {one["auth"] for one in leaves(keten, "role.grant")} == {"named"}  # typed, as well
    [one] = downloads(keten)
    assert (one["binding"], one["acknowledged"] is not None) == ("zwak", True)
    assert "acknowledged" in knooppunt(keten, "trace", NAAM)[1]


def test_served_is_shown_apart_from_acknowledged(keten: Keten, tmp_path: Path) -> None:
    """Until the digest is posted; once is enough."""
    code, _ = knooppunt(
        keten, "fetch", NAAM, "--gemeente", "0363", "-o", str(tmp_path), "--no-confirm"
    )
    assert code == 0
    [one] = downloads(keten)
    assert one["acknowledged"] is None
    assert "served, not acknowledged" in knooppunt(keten, "trace", NAAM)[1]
    for _ in range(2):
        code, _ = knooppunt(
            keten, "fetch", NAAM, "--gemeente", "0363", "-o", str(tmp_path), "--confirm", one["id"]
        )
        assert code == 0
    assert [leaf["type"] for leaf in leaves(keten)] == ["download.served", "download.acknowledged"]


def test_a_wrong_digest_is_refused_and_said(keten: Keten, tmp_path: Path) -> None:
    """It stays served, not acknowledged, and the trace tells of the attempt."""
    fetched = fetching.fetch(keten.location, NAAM, "0363", str(tmp_path))
    (tmp_path / NAAM).write_bytes(PDF + b"!")
    code, said = knooppunt(
        keten, "fetch", NAAM, "--gemeente", "0363", "-o", str(tmp_path), "--confirm", fetched.id
    )
    assert code == 1
    assert "is not that of what was served" in said
    [one] = downloads(keten)
    assert one["acknowledged"] is None
    assert keten.trace(NAAM)[0]["events"][-1]["code"] == "andere-bytes"
    assert len(leaves(keten)) == 1


def test_what_was_changed_in_the_inbox_is_not_served(keten: Keten, tmp_path: Path) -> None:
    (keten.root / "gemeenten/0363/inbox" / NAAM).write_bytes(b"%PDF vervalst")
    with pytest.raises(GatewayError, match="other bytes than were delivered"):
        fetching.fetch(keten.location, NAAM, "0363", str(tmp_path))
    assert leaves(keten) == []
    assert not (tmp_path / NAAM).exists()


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        (NAAM, "0034", "cannot be read"),
        (NAAM, "9999", "not connected"),
        ("../../0363/inbox/" + NAAM, "0034", "no name of a file"),
        ("vreemd.pdf", "0363", "put nothing called vreemd.pdf"),
    ],
)
def test_what_is_not_there_is_not_served(
    keten: Keten, tmp_path: Path, name: str, code: str, why: str
) -> None:
    """Another's inbox, no party, a path, and a file that somebody else put there."""
    (keten.root / "gemeenten/0363/inbox/vreemd.pdf").write_bytes(b"x")
    with pytest.raises(GatewayError, match=why):
        fetching.fetch(keten.location, name, code, str(tmp_path / "uit"))
    assert leaves(keten) == []


def test_nothing_is_overwritten(keten: Keten, tmp_path: Path) -> None:
    (tmp_path / NAAM).write_bytes(b"van mij")
    with pytest.raises(GatewayError, match="is there already"):
        fetching.fetch(keten.location, NAAM, "0363", str(tmp_path))
    assert (tmp_path / NAAM).read_bytes() == b"van mij"
    assert leaves(keten) == []


def test_a_notice_can_be_fetched_too(keten: Keten, tmp_path: Path) -> None:
    """It is of the delivery that it tells of; the digest in the leaf is its own."""
    [text] = [path for path in keten.inbox("0363") if path.suffix == ".txt"]
    fetched = fetching.fetch(keten.location, text.name, "0363", str(tmp_path))
    fetching.confirm(keten.location, fetched.id, fetched.path)
    assert [one["content"] for one in leaves(keten)] == [fetched.sha256] * 2
    assert len(downloads(keten, "WMO_H22025.csv")) == 1


def test_a_download_that_never_was_cannot_be_acknowledged(keten: Keten, tmp_path: Path) -> None:
    (tmp_path / NAAM).write_bytes(PDF)
    with pytest.raises(GatewayError, match="there was no download"):
        fetching.confirm(keten.location, "01ABC", str(tmp_path / NAAM))
