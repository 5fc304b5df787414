# SPDX-License-Identifier: EUPL-1.2
"""Verifies a bundle from its bytes and the reader's own trust: no store, no configuration.

A bundle that is false is an answer (``ok`` is false); a file that is no bundle at all, or a trust
folder that cannot be read, is not (:class:`GatewayError`). The same steps can be taken without this
software: ``README.txt`` in the bundle has the commands.
"""

from __future__ import annotations

from datetime import datetime

from gateway import __version__, zetwerk
from gateway.audit import leaf, stamp
from gateway.audit.leaf import LeafError
from gateway.audit.stamp import StampError
from gateway.binding import der
from gateway.evidence import (
    cades,
    container,
    gezien,
    leesmij,
    opsomming,
    pagina,
    parts,
    pdf,
    pseudoniem,
    record,
)
from gateway.evidence import index as indexes
from gateway.evidence.believed import Belief
from gateway.evidence.cades import SealError
from gateway.evidence.container import MIMETYPE
from gateway.evidence.index import INDEX, PAGE, PDF, README, OngeldigError, Rol, leaf_path
from gateway.evidence.log import checkpoints, proofs, timestamp, witnesses
from gateway.evidence.opsomming import ARCHIVE, MANIFEST, SIGNATURE, TIMESTAMP, OpsommingError
from gateway.evidence.parts import Bundle
from gateway.evidence.steps import Found, Report, absent, failed, ok, unchecked
from gateway.evidence.verhaal import verhaal

_SEALS = (MANIFEST, SIGNATURE, ARCHIVE, TIMESTAMP)


def verify(data: bytes, belief: Belief) -> Report:
    """Take every step. Raises ``ContainerError`` for what is no ZIP at all."""
    report = Report()
    found = container.unpack(data)
    members = found.members
    count = f"{len(members)} members, each stored, and nothing else in the file"
    sound = report.add("container", failed(*found.faults) if found.faults else ok(count))
    if not report.add("manifest", _manifest(members)) or not sound:
        return report.end()
    time, at = _time(members, belief)
    report.add("time", time)
    seal, sealed = _seal(members, belief, at)
    if not report.add("seal", seal):
        return report.end()
    bundle = _bundle(members, belief, report, sealed if at is None else None)
    if bundle is None:
        return report.end()
    _rest(bundle, report)
    return report.end()


def _rest(bundle: Bundle, report: Report) -> None:
    """Steps that stand beside each other: one that fails hides no other."""
    message = bundle.index.message
    report.origin, report.sha256 = bundle.index.origin, message.sha256
    report.referentienummer = message.referentienummer
    if not bundle.of(Rol.MESSAGE):  # then there is nothing that the other steps are about
        report.add("index", parts.index(bundle))
        return
    for name, step in (
        ("index", parts.index),
        ("proofs", proofs),
        ("checkpoint", checkpoints),
        ("witnesses", witnesses),
        ("timestamp", timestamp),
        ("chain", parts.chain),
        ("openings", parts.opened),
        ("content", parts.content),
        ("metagegevens", record.metagegevens),
        ("binding", gezien.binding),
        ("person", pseudoniem.person),
        ("receipts", parts.receipts),
        ("pages", _pages),
    ):
        report.add(name, step(bundle))


def _manifest(members: dict[str, bytes]) -> Found:
    try:
        listed = opsomming.read(members.get(MANIFEST, b""))
    except OpsommingError as error:
        return failed(f"{MANIFEST}: {error}")
    odd = opsomming.differences(listed, members, (MIMETYPE, *_SEALS))
    faults = [f"by {MANIFEST}, {one}" for one in odd]
    if listed.seal != SIGNATURE:
        faults.append(f"{MANIFEST}: it names another seal than {SIGNATURE}")
    if (ARCHIVE in members) != (TIMESTAMP in members):
        faults.append(f"{ARCHIVE} and {TIMESTAMP}: one of the two is not there")
    return failed(*faults) if faults else ok(f"{len(listed.listed)} members, each as it is listed")


def _time(members: dict[str, bytes], belief: Belief) -> tuple[Found, datetime | None]:
    if TIMESTAMP not in members:
        return absent("no time stamp over the whole bundle"), None
    try:
        listed = opsomming.read(members[ARCHIVE])
    except OpsommingError as error:
        return failed(f"{ARCHIVE}: {error}"), None
    faults = opsomming.differences(listed, members, (MIMETYPE, ARCHIVE, TIMESTAMP))
    if faults or listed.seal != TIMESTAMP:
        odd = [f"by {ARCHIVE}, {one}" for one in faults] or [f"{ARCHIVE}: it names another stamp"]
        return failed(*odd), None
    token = members[TIMESTAMP]
    reply = der.put(der.SEQUENCE, der.put(der.SEQUENCE, der.put_integer(0)), token)
    try:
        found = stamp.verified(reply, members[ARCHIVE], belief.stamps)
    except StampError as error:
        return failed(f"{TIMESTAMP}, over {ARCHIVE}: {error.sentence}"), None
    return ok(f"stamped at {found.at:%Y-%m-%d %H:%M:%S} UTC"), found.at


def _seal(
    members: dict[str, bytes], belief: Belief, at: datetime | None
) -> tuple[Found, datetime | None]:
    """Whether it is the gateway's, and when by its own word."""
    if SIGNATURE not in members:
        return failed(f"{SIGNATURE}: it is not in the container"), None
    manifest = members[MANIFEST]
    try:
        found = cades.verify(members[SIGNATURE], manifest, belief.zegels, belief.gateway, at)
    except SealError as error:
        return failed(f"{SIGNATURE}, over {MANIFEST}: {error}"), None
    when = f"{found.said_at:%Y-%m-%d %H:%M:%S} UTC"
    word = "a time stamp says when it was there" if at else "by its own word"
    who = f"sealed by {found.signer.naam}, OIN {found.signer.oin}, at {when} ({word})"
    return ok(who), found.said_at


def _bundle(
    members: dict[str, bytes], belief: Belief, report: Report, sealed: datetime | None
) -> Bundle | None:
    """Read the index and the leaves; None when nothing can be said without them."""
    try:
        index = indexes.read(members.get(INDEX, b""))
    except OngeldigError as error:
        report.add("index", failed(f"{INDEX}: {error}"))
        return None
    leaves, faults = {}, []
    for at in index.leaves:
        path = leaf_path(at)
        try:
            leaves[at] = leaf.decode(members.get(path, b""))
        except LeafError as error:
            faults.append(f"{path}: {error.sentence}")
            continue
        if leaves[at]["origin"] != index.origin:
            faults.append(f"{path}: it is of the log {leaves[at]['origin']}")
    report.add("leaves", failed(*faults) if faults else ok(f"{len(leaves)} leaves"))
    return None if faults else Bundle(members, index, leaves, belief, sealed)


def _pages(bundle: Bundle) -> Found:
    """Made again from the leaves, and compared; by another version of ours that cannot be done."""
    index = bundle.index
    if index.build != __version__:
        return unchecked(f"they were made by version {index.build}, this is {__version__}: "
                         "believe the leaves, not the pages")  # fmt: skip
    told = verhaal(index, bundle.leaves, {at: bundle.opened(at) for at in bundle.leaves})
    wanted = {PAGE: pagina.html(told), README: leesmij.text()}
    if index.setter == zetwerk.VERSIE:
        wanted[PDF] = pdf.pdf(told)
    odd = [name for name, page in wanted.items() if bundle.members.get(name) != page]
    if odd:
        return failed(*(f"{name}: it is not the page that these leaves give" for name in odd))
    if PDF not in wanted:
        return unchecked(f"{PDF}: it was set by {index.setter}, this is {zetwerk.VERSIE}: "
                         f"believe {PAGE}")  # fmt: skip
    return ok(f"{PAGE}, {PDF} and {README} are what these leaves give")
