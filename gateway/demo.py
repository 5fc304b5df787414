# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt demo``: a whole cycle of the monitor with three municipalities, and how to read it.

Nothing is staged: the files are dropped in real outboxes, the real stations take them, the
simulated CBS checks and answers them in a process of its own, and what is shown afterwards is what
the commands show. Only the clock is turned, from one day of the cycle to the next. All data is
synthetic.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from gateway import durable, receipts, show, show_cbs
from gateway.audit.verify import verify
from gateway.binding.client import sealed
from gateway.bystanders import Bystanders
from gateway.cbs import kijk
from gateway.cbs.proces import Apart
from gateway.cbs.voorbeeld import Opdracht
from gateway.cbs.voorbeeld_bestand import stukken
from gateway.cbs.voorbeeld_plan import lees
from gateway.chain import Chain
from gateway.engine import Happened
from gateway.errors import FolderError
from gateway.location import Location, is_running, read_config
from gateway.model import Kind, Place
from gateway.moment import Clock, pause
from gateway.outside import policy_of, trust_of
from gateway.periods import NEDERLAND, voluit
from gateway.requests import Asked, place
from gateway.runs import until_quiet
from gateway.setup import init
from gateway.standing import traced

MARK = ".knooppunt-demo"
"""Stands in a demo's folder: only what bears it is thrown away to play again."""

FAULTS = "elfproef@12,geen-datum@30:9,code-onbekend@41:4,lengte*2"
"""What is wrong with Amsterdam's first file; see ``knooppunt sample faults``."""


def play(directory: str, out: Console) -> None:
    """Play the demo in a fresh ``directory``; raises :class:`FolderError` if it is not a demo's."""
    directory = os.path.abspath(directory)
    shown = os.path.relpath(directory)
    _fresh(directory)
    init(directory)
    location = Location.of(os.path.join(directory, "config.yaml"))
    _say(
        out,
        f"A fresh chain lies in {shown}/: three municipalities, GGk, RINIS, a simulated CBS, "
        + ("two witnesses and a time stamping authority." if _stamps() else "and two witnesses."),
    )
    _say(out, "The route log, as it happens (-> to CBS, <- back):")

    def tell(happened: list[Happened]) -> None:
        show.route_lines(out, happened)

    def warn(said: str) -> None:
        out.print(Text(said, style="yellow"))

    with (
        Bystanders(location, tsa=_stamps()) as others,
        Chain(location, listener=tell, getuigen=others.settings) as chain,
        Apart(location, timedelta(0), warn) as counterpart,
    ):
        place(location.state, _grant())  # done in the first round
        for act in ACTS:
            out.print()
            _say(out, f"{voluit(act.day.date())}. {act.what}")
            chain.turn_clock(act.day)
            counterpart.draai(chain.clock.nu() - Clock().nu())
            act.drops(location.root)
            until_quiet(chain, counterpart)
    _explain(location, shown, out)


def _stamps() -> bool:
    """Whether there can be an authority: it makes its tokens by openssl."""
    return shutil.which("openssl") is not None


def _say(out: Console, text: str) -> None:
    out.print(Text(text, style="bold"))


def _fresh(directory: str) -> None:
    if os.path.isdir(directory):
        if os.listdir(directory) and not os.path.exists(os.path.join(directory, MARK)):
            raise FolderError(
                f"{directory} holds something that is not a demo",
                hint="name another folder: knooppunt demo DIR",
            )
        if is_running(Location.of(os.path.join(directory, "config.yaml")).state):
            raise FolderError(
                f"a gateway runs in {directory}: a new demo would take its folders away",
                hint="stop it first (Ctrl-C where it runs), or name another folder: "
                "knooppunt demo DIR",
            )
        shutil.rmtree(directory)
    durable.put(os.path.join(directory, MARK), b"made by knooppunt demo; played again, it goes\n")


def _wmo(code: str, uitvraag: str, rows: int, faults: str = "") -> bytes:
    """A synthetic Wmo file, as ``knooppunt sample wmo`` makes it."""
    asked = Opdracht.lees(code, uitvraag, rows)
    return b"".join(stukken(asked, lees(faults, asked), lambda _: None))


def _zip(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for uitvraag, rows in (("H22025", 400), ("H12025", 380)):
            archive.writestr(f"WMO_{uitvraag}.csv", _wmo(code, uitvraag, rows))
    return buffer.getvalue()


def _decision() -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">'
        b"<gemeentecode>0363</gemeentecode><uitvraag>H22025</uitvraag>"
        b"<besluit>intrekking</besluit><omvang>facultatief</omvang>"
        b"<gebruiker><id>coordinator</id></gebruiker><tijdstip>2026-02-24T10:00:00+01:00</tijdstip>"
        b"<toelichting>synthetisch voorbeeld</toelichting></publicatiebesluit>\n"
    )


def _drop(root: str, place: Place, name: str, content: bytes) -> None:
    """As an employee's program would: written in the folder itself, then closed."""
    folder = os.path.join(root, *place.parts)
    durable.make_dir(folder)
    durable.put(os.path.join(folder, name), content)
    pause(0.02)  # one after the other, so that the log reads in the order of the drops


def _grant() -> Asked:
    """What ``knooppunt grant coordinator gmsd --gemeente 0363`` asks: who may decide."""
    body = {"gebruiker": "coordinator", "aanlevering": "gmsd", "gemeenten": ["0363"],
            "mandaat_van": "", "rol": "coordinator", "door": "demo", "reden": "",
            "grondslag": ""}  # fmt: skip
    return Asked(Clock().fresh_ulid(), "grant", body)


def _drop_sealed(root: str, code: str, name: str, content: bytes) -> None:
    """With the coordinator's seal beside it, which comes first: a decision demands one."""
    location = Location.of(os.path.join(os.path.dirname(root), "config.yaml"))
    seal = sealed(location, name, content, code, "coordinator")
    _drop(root, Place(Kind.OUTBOX, code), f"{name}.p7s", seal)
    _drop(root, Place(Kind.OUTBOX, code), name, content)


def _deliver(root: str) -> None:
    amsterdam, almere, westerveld = (Place(Kind.OUTBOX, code) for code in ("0363", "0034", "1701"))
    _drop(root, amsterdam, "WMO_H22025.csv", _wmo("0363", "H22025", 1200, FAULTS))
    _drop(root, almere, "WMO_twee_halfjaren.zip", _zip("0034"))
    _drop(root, westerveld, "WMO_H22025_gemeenteWesterveld.CSV", _wmo("1701", "H22025", 250))
    _drop(root, amsterdam, "WMO_H12015_gestuurd door Henk.CSV", _wmo("0363", "H12015", 1150))
    _drop(root, westerveld, "notulen.csv", b"geen uitwisseling;synthetisch\r\n")


def _correct(root: str) -> None:
    """A correction under the same name: at CBS it gets the next number."""
    _drop(root, Place(Kind.OUTBOX, "0363"), "WMO_H22025.csv", _wmo("0363", "H22025", 1200))


def _withdraw(root: str) -> None:
    _drop_sealed(root, "0363", "INTREKKING_H22025.xml", _decision())


def _nothing(_root: str) -> None:
    """Nobody hands anything in: it is CBS's turn."""


class Act(NamedTuple):
    """A day of the cycle: what is handed in, and what it is about, in words."""

    day: datetime
    what: str
    drops: Callable[[str], None]


def _day(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, 30, tzinfo=NEDERLAND)


ACTS = (
    Act(_day(2, 2), "The window of H22025 is open; five files are handed in.", _deliver),
    Act(
        _day(2, 5, 11),
        "Three working days later CBS has checked them. Amsterdam's file has faults.",
        _nothing,
    ),
    Act(_day(2, 6), "Amsterdam hands in a correction, under the same name.", _correct),
    Act(_day(2, 11, 11), "CBS approves it.", _nothing),
    Act(_day(2, 13, 11), "Two working days after approval: the op-orde reports.", _nothing),
    Act(
        _day(2, 24),
        "The window is closed, CBS sends overviews; Amsterdam withdraws the facultative set.",
        _withdraw,
    ),
    Act(_day(2, 27, 11), "CBS confirms the decision.", _nothing),
)
"""The cycle of H22025 (aanleverprotocol 2.3 and 2.5)."""


def _activate() -> list[str]:
    """How to have ``knooppunt`` at hand, where it is not on the PATH (after ``make demo``)."""
    if shutil.which("knooppunt"):
        return []
    return [f". {os.path.relpath(os.path.join(sys.prefix, 'bin', 'activate'))}"]


def _explain(location: Location, shown: str, out: Console) -> None:
    messages, answers = receipts.trace(location, "WMO_H22025_0363_0002.csv")
    traced(location, messages + answers)
    out.print()
    _say(out, "One delivery, to CBS and back (knooppunt trace WMO_H22025_0363_0002.csv):")
    show.trace(out, [*messages, *answers])
    out.print()
    _say(out, "How each municipality stands with CBS (knooppunt cbs status):")
    show_cbs.status(out, kijk.status(location))
    out.print()
    settings = read_config(location.config_path).getuigen
    policy = policy_of(location, settings)
    trust = trust_of(location, settings) if _stamps() else None
    _say(out, "The audit log, verified from its folder, by what witnesses and a time stamping")
    _say(out, "authority signed (knooppunt audit verify --policy FILE --tsa-ca FILE):")
    show.verification(out, verify(location.audit, policy=policy, trust=trust))
    out.print()
    _say(out, "Look:")
    for path, what in (
        ("folders/gemeenten/0363/inbox/", "receipts, and the reports of CBS: PDFs, open them"),
        ("folders/cbs/archief/GMSDWMO/2026/", "what CBS took, under unique names"),
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
        "knooppunt evidence WMO_H22025_0363_0002.csv -o bewijs.asice",
        "knooppunt run --stations ggk,rinis,cbs   # then drop a file in an outbox",
    ):
        out.print(Text(f"  {command}"))
