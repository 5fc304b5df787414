# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt demo``: one real round with three municipalities, and how to read what happened.

Nothing is staged: the files are dropped in real outboxes and CBS's real send folder, the real
stations take them, and what is shown afterwards is what the commands show. All data is synthetic.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import zipfile
from datetime import datetime

from rich.console import Console
from rich.text import Text

from gateway import durable, show
from gateway.audit.verify import verify
from gateway.chain import Chain
from gateway.engine import Happened
from gateway.errors import FolderError
from gateway.location import Location
from gateway.model import Direction, Kind, Place
from gateway.moment import pause
from gateway.periods import NEDERLAND
from gateway.setup import init
from gateway.store_queries import Reader

NU = datetime(2026, 2, 2, 9, 30, tzinfo=NEDERLAND)
"""The demo's day: inside the window of H22025."""

MARK = ".knooppunt-demo"
"""Stands in a demo's folder: only what bears it is thrown away to play again."""

_HEADER = ";".join(f"kolom{number}" for number in range(1, 19))


def play(directory: str, out: Console) -> None:
    """Play the demo in a fresh ``directory``; raises :class:`FolderError` if it is not a demo's."""
    directory = os.path.abspath(directory)
    shown = os.path.relpath(directory)
    _fresh(directory)
    init(directory)
    location = Location.of(os.path.join(directory, "config.yaml"))
    _say(
        out, f"A fresh chain lies in {shown}/: three municipalities, GGk, RINIS and CBS's folders."
    )
    _say(out, "Synthetic files are dropped; the route log, as it happens (-> to CBS, <- back):")
    out.print()

    def tell(happened: list[Happened]) -> None:
        show.route_lines(out, happened)

    with Chain(location, listener=tell) as chain:
        chain.turn_clock(NU)
        _deliver(location.root)
        chain.run_once()
        _correct(location.root)
        chain.run_once()
        _answer(location.root)
        chain.run_once()
    _explain(location, shown, out)


def _say(out: Console, text: str) -> None:
    out.print(Text(text, style="bold"))


def _fresh(directory: str) -> None:
    if os.path.isdir(directory):
        if os.listdir(directory) and not os.path.exists(os.path.join(directory, MARK)):
            raise FolderError(
                f"{directory} holds something that is not a demo",
                hint="name another folder: knooppunt demo DIR",
            )
        shutil.rmtree(directory)
    durable.put(os.path.join(directory, MARK), b"made by knooppunt demo; played again, it goes\n")


def _csv(code: str, rows: int, *, day: str = "20260202") -> bytes:
    """A synthetic Wmo file: form only, no persons (the unknown BSN 999999999 on every row)."""
    row = f"{day}0930;{code};999999999;0001;20250701;;4;0001;20250703;;;;;;;;;"
    return ("\r\n".join([_HEADER, *[row] * rows]) + "\r\n").encode()


def _zip(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("WMO_H22025.csv", _csv(code, 40))
        archive.writestr("WMO_H12025.csv", _csv(code, 30))
    return buffer.getvalue()


def _decision() -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">'
        b"<gemeentecode>0363</gemeentecode><uitvraag>H22025</uitvraag>"
        b"<besluit>accordering</besluit><omvang>geheel</omvang>"
        b"<gebruiker><id>coordinator</id></gebruiker><tijdstip>2026-02-02T09:30:00+01:00</tijdstip>"
        b"<toelichting>synthetisch voorbeeld</toelichting></publicatiebesluit>\n"
    )


def _pdf(text: str) -> bytes:
    """The smallest honest PDF: one page with one line, for a report that CBS sends back."""
    stream = f"BT /F1 14 Tf 60 760 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(content)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, start)
    )


def _drop(root: str, place: Place, name: str, content: bytes) -> None:
    """As an employee's program would: written in the folder itself, then closed."""
    folder = os.path.join(root, *place.parts)
    durable.make_dir(folder)
    durable.put(os.path.join(folder, name), content)
    pause(0.02)  # one after the other, so that the log reads in the order of the drops


def _deliver(root: str) -> None:
    amsterdam, almere, westerveld = (Place(Kind.OUTBOX, code) for code in ("0363", "0034", "1701"))
    _drop(root, amsterdam, "WMO_H22025.csv", _csv("0363", 120))
    _drop(root, almere, "WMO_H22025.csv", _csv("0034", 80))
    _drop(root, amsterdam, "WMO_H12015_gestuurd door Henk.CSV", _csv("0363", 60))
    _drop(root, westerveld, "WMO_H22025_gemeenteWesterveld.CSV", _csv("1701", 25))
    _drop(root, almere, "WMO_twee_halfjaren.zip", _zip("0034"))
    _drop(root, westerveld, "notulen.csv", b"geen uitwisseling;synthetisch\r\n")
    _drop(root, amsterdam, "BESLUIT_H22025.xml", _decision())


def _correct(root: str) -> None:
    """A correction under the same name: at CBS it gets the next number."""
    _drop(root, Place(Kind.OUTBOX, "0363"), "WMO_H22025.csv", _csv("0363", 121))


def _answer(root: str) -> None:
    """CBS answers each municipality with a PDF in its send folder."""
    send = Place(Kind.RECEIVER_UIT, "cbs", "GMSDTTK")
    for code in ("0363", "0034", "1701"):
        name = f"TECHNISCH_H22025_{code}_0001.pdf"
        _drop(root, send, name, _pdf(f"Technische terugkoppeling {code} - synthetisch"))


def _activate() -> list[str]:
    """How to have ``knooppunt`` at hand, where it is not on the PATH (after ``make demo``)."""
    if shutil.which("knooppunt"):
        return []
    return [f". {os.path.relpath(os.path.join(sys.prefix, 'bin', 'activate'))}"]


def _explain(location: Location, shown: str, out: Console) -> None:
    with Reader(location.database) as reader:
        messages = reader.trace("WMO_H22025_0363_0001.csv")
        first = messages[0]["referentienummer"]
        answers = [m for m in reader.answers_to(first) if m["direction"] == Direction.RETOUR]
    out.print()
    _say(
        out, "One delivery, from outbox to CBS and back (knooppunt trace WMO_H22025_0363_0001.csv):"
    )
    show.trace(out, [*messages, *answers])
    out.print()
    _say(out, "The audit log, verified from its folder alone (knooppunt audit verify):")
    show.verification(out, verify(location.audit))
    out.print()
    _say(out, "Look:")
    for path, what in (
        ("folders/gemeenten/0363/inbox/", "receipts, and CBS's report"),
        ("folders/cbs/in/GMSDWMO/", "what CBS got, under unique names, with metagegevens"),
        ("folders/gemeenten/1701/inbox/", "why notulen.csv was refused"),
        ("folders/quarantaine/", "notulen.csv itself: nothing is thrown away"),
        ("folders/.state/audit/", "the log"),
    ):
        out.print(Text(f"  {shown + '/' + path:<45} {what}"))
    _say(out, "Type next:")
    for command in (
        *_activate(),
        f"cd {shown}",
        "knooppunt status",
        "knooppunt trace 'WMO_H12015_gestuurd door Henk.CSV'",
        "knooppunt run            # then drop a file in folders/gemeenten/0363/outbox/",
    ):
        out.print(Text(f"  {command}"))
