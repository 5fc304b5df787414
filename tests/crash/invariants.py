# SPDX-License-Identifier: EUPL-1.2
"""What must hold at the instant of a crash, and what once the chain has run to its end again.

Each function returns what does not hold, a sentence each; an empty list is a pass.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from base64 import b64encode
from collections import Counter
from pathlib import Path

import envelopes
from gateway import names
from gateway.audit.verify import verify
from tests.crash.scenario import EARLIER, FOREIGN, Chain, Taken

NOTICE = re.compile(r"(?P<name>.+)_(?P<soort>ontvangst|weigering)_[0-9]{17}\.(?P<ext>txt|xml)")
META = "_metagegevens.xml"
PRIVATE = (".claimed", ".tmp")


def _short(content: bytes) -> str:
    return repr(content[:24])


def _field(content: bytes, name: str) -> str:
    found = re.search(f"<(?:[a-z]+:)?{name}>([^<]*)<".encode(), content)
    return found[1].decode() if found else ""


def _files(folder: Path) -> list[Path]:
    """Files in one folder, ours (in folders with a dot) left out."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file())


def _at_receivers(chain: Chain) -> list[Taken]:
    """All that receivers have or took: inboxes of CBS and of the municipalities."""
    found = list(chain.bag)
    for folder in chain.inboxes():
        where = str(folder.relative_to(chain.folders))
        found += [Taken(where, p.name, p.read_bytes()) for p in _files(folder)]
    return found


def _is_whole_xml(content: bytes) -> bool:
    return content.startswith(b"<?xml") and content.rstrip().endswith(b">") and b"</" in content


# --- at the instant of the crash, before any restart ----------------------------------------------


def at_once(chain: Chain) -> list[str]:
    """Nobody sees a partial file; metagegevens never come after their file; nothing is lost."""
    wrong = []
    got = _at_receivers(chain)
    have = {(one.folder, one.name) for one in got}
    whole = {drop.content for drop in chain.drops} | {EARLIER.content, FOREIGN}
    for one in got:
        if one.folder.startswith("cbs/in/") and not one.name.endswith(META):
            if one.content not in whole:
                wrong.append(f"partial file visible: {one.folder}/{one.name}")
            record = (one.folder, names.metagegevens_naam(one.name))
            if record not in have and one.content != FOREIGN:
                wrong.append(f"without metagegevens: {one.folder}/{one.name}")
        elif one.name.endswith(".xml"):
            if not _is_whole_xml(one.content):
                wrong.append(f"partial XML visible: {one.folder}/{one.name}")
        elif one.name.endswith(".txt"):
            if not one.content.rstrip().endswith(b".") or b"English:" not in one.content:
                wrong.append(f"partial notice visible: {one.folder}/{one.name}")
        elif one.content not in whole:
            wrong.append(f"partial file visible: {one.folder}/{one.name}")
    for folder in ("ggk/uit", "ggk/in", "ggk/uit/antwoord", "ggk/in/antwoord"):
        for path in _files(chain.folders / folder):
            if path.read_bytes() not in whole and not _is_whole_xml(path.read_bytes()):
                wrong.append(f"partial envelope visible: {folder}/{path.name}")
    wrong += _beside_first(chain, whole)
    wrong += _lost(chain, got)
    wrong += _let_go_too_soon(chain) if chain.in_order else []
    for state in chain.states:
        wrong += _published(state / "audit")
    return wrong


def _beside_first(chain: Chain, whole: set[bytes]) -> list[str]:
    """Whoever finds an envelope that refers to bytes finds them, whole; nobody finds a part."""
    wrong = []
    for hop in ("ggk/uit", "ggk/in"):
        there = _files(chain.folders / hop / "groot")
        wrong += [f"partial bytes: {p.name} in {hop}" for p in there if p.read_bytes() not in whole]
        for path in _files(chain.folders / hop):
            data = path.read_bytes()
            if b"xmlBestand" not in data:
                continue
            found = envelopes.read(data)
            number = found.stuurgegevens.referentienummer
            if envelopes.is_verwijzing(found.payload) and f"{number}.bin" not in [
                one.name for one in there
            ]:
                wrong.append(f"{hop}/{path.name} refers to bytes that are not there")
    return wrong


def _enclosed(data: bytes) -> str:
    """The SHA-256 of the file that an envelope brings, inside it or beside it."""
    payload = envelopes.read(data).payload
    if envelopes.is_verwijzing(payload):
        return envelopes.read_verwijzing(payload).sha256
    return hashlib.sha256(payload).hexdigest()


def _let_go_too_soon(chain: Chain) -> list[str]:
    """A source goes when all that it led to is in place: its envelope is no longer staged.

    Two disks that lose power may keep the one and not the other; then the promise, committed
    before both, has the envelope renamed again.
    """
    staged = {}
    for folder in ("ggk/uit/.tmp", "ggk/in/.tmp"):
        for path in _files(chain.folders / folder):
            try:
                staged[_enclosed(path.read_bytes())] = path.name
            except envelopes.EnvelopeError:
                continue
    wrong = []
    for drop in chain.drops:
        if hashlib.sha256(drop.content).hexdigest() not in staged:
            continue
        top = chain.folders / "/".join(drop.folder.split("/")[: 3 if drop.fate == "retour" else 2])
        claimed = [path.read_bytes() for path in _files(top / ".claimed")]
        if drop.content not in claimed and not (chain.folders / drop.path).exists():
            wrong.append(f"{drop.path} was let go while its envelope is staged")
    return wrong


def _published(audit: Path) -> list[str]:
    """Whoever reads the log now finds it whole, and no torn tile under a final name."""
    if not (audit / "checkpoint").exists():
        return [] if not (audit / "tile").exists() else [f"{audit}: tiles without a checkpoint"]
    wrong = []
    for path in sorted((audit / "tile").rglob("*")):
        if path.is_file() and path.name[0] != ".":
            width = int(path.name) if path.parent.suffix == ".p" else 256
            size = path.stat().st_size
            hashes = path.relative_to(audit / "tile").parts[0] != "entries"
            if size == 0 or (hashes and size != 32 * width):
                wrong.append(f"torn tile: {path.relative_to(audit)} has {size} bytes")
    report = verify(str(audit))
    wrong += [f"audit: {one.name}: {one.detail}" for one in report.steps if not one.ok]
    return wrong


def _lost(chain: Chain, got: list[Taken]) -> list[str]:
    """I1: a whole copy of each file that was handed in is somewhere."""
    there = {hashlib.sha256(one.content).digest() for one in got}
    for path in chain.all_files():
        content = path.read_bytes()
        there.add(hashlib.sha256(content).digest())
        if path.is_relative_to(chain.folders / "ggk"):
            try:
                there.add(hashlib.sha256(envelopes.read(content).payload).digest())
            except envelopes.EnvelopeError:
                continue
    return [
        f"lost: no whole copy of {drop.path} {_short(drop.content)}"
        for drop in chain.drops
        if hashlib.sha256(drop.content).digest() not in there
    ]


# --- once it has run to its end again -------------------------------------------------------------


def at_the_end(chain: Chain) -> list[str]:
    """Everything exactly once, under the right name, in the right place; the log tells the same."""
    wrong: list[str] = []
    got = _at_receivers(chain)
    if chain.at_least_once:  # the same file under the same name is one file: reliability.md, 2
        got = list({(one.folder, one.name, one.content): one for one in got}.values())
    _delivered(chain, got, wrong)
    _brought_back(chain, got, wrong)
    _noticed(chain, got, wrong)
    _refused(chain, wrong)
    _kept(chain, wrong)
    _nothing_left(chain, wrong)
    for state in chain.states:
        _database(chain, state, wrong)
    return wrong


def _delivered(chain: Chain, got: list[Taken], wrong: list[str]) -> None:
    at_cbs = [one for one in got if one.folder.startswith("cbs/in/")]
    data = [one for one in at_cbs if not one.name.endswith(META) and one.content != FOREIGN]
    meta = [one for one in at_cbs if one.name.endswith(META)]
    held = [drop for drop in chain.drops if drop.fate == "held"]
    if sum(one.content == FOREIGN for one in at_cbs) != len(held):
        wrong.append("the file of another at CBS was touched")
    heen = [drop for drop in chain.drops if drop.fate == "heen"]
    numbers: dict[tuple[str, str], list[int]] = {}
    for drop in heen:
        mine = [one for one in data if one.content == drop.content]
        if [one.folder for one in mine] != [drop.target]:
            found = [f"{one.folder}/{one.name}" for one in mine]
            wrong.append(f"{drop.path} {_short(drop.content)}: delivered as {found}")
            continue
        name = mine[0].name
        parsed = names.parse(name)
        if parsed is None or (parsed.stam, parsed.gemeentecode) != (drop.name[:-4], drop.code):
            wrong.append(f"{drop.path} of {drop.code} came as {name}")
            continue
        numbers.setdefault((drop.code, drop.target), []).append(parsed.volgnummer)
        records = [
            one.content
            for one in meta
            if one.folder == drop.target and one.name == names.metagegevens_naam(name)
        ]
        if len(records) != 1:
            wrong.append(f"{name}: {len(records)} metagegevens")
            continue
        told = {key: _field(records[0], key) for key in
                ("gemeentecode", "oorspronkelijkeNaam", "naam", "sha256", "omvang")}  # fmt: skip
        if told != {
            "gemeentecode": drop.code,
            "oorspronkelijkeNaam": drop.name,
            "naam": name,
            "sha256": hashlib.sha256(drop.content).hexdigest(),
            "omvang": str(len(drop.content)),
        }:
            wrong.append(f"{name}: its metagegevens say {told}")
    if (len(data), len(meta)) != (len(heen), len(heen)):
        wrong.append(f"CBS has {len(data)} files and {len(meta)} metagegevens, not {len(heen)}")
    for (code, target), found in numbers.items():
        first = 2 if (code, target) == ("0363", "cbs/in/GMSDWMO") else 1
        if sorted(found) != list(range(first, first + len(found))):
            wrong.append(f"{code} in {target}: numbers {sorted(found)}")


def _brought_back(chain: Chain, got: list[Taken], wrong: list[str]) -> None:
    back = [one for one in got if one.folder.startswith("gemeenten/")]
    back = [one for one in back if not NOTICE.fullmatch(one.name)]
    expected = [drop for drop in chain.drops if drop.fate == "retour"]
    for drop in expected:
        where = [one for one in back if one.content == drop.content]
        right = f"gemeenten/{drop.code}/inbox"
        if [one.folder for one in where] != [right] or where[0].name[:10] != drop.name[:10]:
            wrong.append(f"{drop.path}: brought to {[(one.folder, one.name) for one in where]}")
    if len(back) != len(expected):
        wrong.append(f"inboxes hold {[one.name for one in back]}, not {len(expected)} reports")


def _noticed(chain: Chain, got: list[Taken], wrong: list[str]) -> None:
    due: Counter[tuple[str, str, str, str]] = Counter()
    for drop in chain.drops:
        told = ("ontvangst", f"gemeenten/{drop.code}/inbox") if drop.fate == "heen" else None
        if drop.fate == "refused" and drop.target:
            told = ("weigering", drop.target)
        if told is not None:
            due.update((told[1], drop.name, told[0], ext) for ext in ("txt", "xml"))
    back = chain.folders / "cbs/uit/GMSDTTK/geweigerd"
    sent = [(one.folder, one.name) for one in got if not one.folder.startswith("cbs/in/")]
    sent += [("cbs/uit/GMSDTTK/geweigerd", path.name) for path in _files(back)]
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for folder, name in sent:
        found = NOTICE.fullmatch(name)
        if found is not None:
            seen[folder, found["name"], found["soort"], found["ext"]] += 1
    if seen != due:
        wrong.append(f"notices: missing {dict(due - seen)}, too many {dict(seen - due)}")


def _refused(chain: Chain, wrong: list[str]) -> None:
    held = chain.folders / "quarantaine"
    found, kept = [], []
    for place in sorted(p for p in held.iterdir() if p.is_dir() and p.name[0] != "."):
        inside = {path.name: path.read_bytes() for path in _files(place)}
        if any(name.endswith(".bv03.xml") for name in inside):
            kept += [inside[name] for name in inside if name.endswith(".csv")]
            if len(inside) != 5 or "reden.txt" not in inside or not any(META in n for n in inside):
                wrong.append(f"quarantaine/{place.name} holds of a conflict {sorted(inside)}")
            continue
        if len(inside) != 2 or "reden.txt" not in inside:
            wrong.append(f"quarantaine/{place.name} holds {sorted(inside)}")
        found += [(name, content) for name, content in inside.items() if name != "reden.txt"]
    if kept != [drop.content for drop in chain.drops if drop.fate == "held"]:
        wrong.append(f"quarantine holds of a conflict: {[_short(one) for one in kept]}")
    due = [(drop.name, drop.content) for drop in chain.drops if drop.fate == "refused"]
    if sorted(found) != sorted(due):
        names_found = sorted(name for name, _ in found)
        wrong.append(f"quarantine holds {names_found}, not {sorted(name for name, _ in due)}")


def _kept(chain: Chain, wrong: list[str]) -> None:
    for folder in sorted(chain.folders.glob("gemeenten/*/verzonden")):
        code = folder.parent.name
        kept = sorted(path.read_bytes() for path in _files(folder))
        due = sorted(
            d.content for d in chain.drops if d.fate in ("heen", "held") and d.code == code
        )
        if kept != due:
            wrong.append(f"verzonden of {code} holds {len(kept)} files, not {len(due)}, or others")


def _nothing_left(chain: Chain, wrong: list[str]) -> None:
    for path in chain.all_files():
        if path.parent.name in PRIVATE:
            wrong.append(f"left behind: {path.relative_to(chain.folders)}")
    emptied = ["ggk/uit", "ggk/in", "ggk/uit/groot", "ggk/in/groot", "cbs/uit/GMSDTTK"]
    emptied += [str(p.relative_to(chain.folders)) for p in chain.folders.glob("gemeenten/*/outbox")]
    emptied += [
        str(p.relative_to(chain.folders)) for p in chain.folders.glob("gemeenten/*/outbox/*")
        if p.is_dir()
    ]  # fmt: skip
    for folder in emptied:
        left = [path.name for path in _files(chain.folders / folder)]
        if left:
            wrong.append(f"not taken: {left} in {folder}")
    answers = Counter(
        path.name.split(".", 1)[1] for path in _files(chain.folders / "ggk/uit/antwoord")
    )
    heen = sum(drop.fate == "heen" for drop in chain.drops)
    if answers != Counter({"bv03.xml": heen + 1}):
        wrong.append(f"ggk/uit/antwoord: {dict(answers)}, not {heen + 1} bv03")
    answers = Counter(
        path.name.split(".", 1)[1] for path in _files(chain.folders / "ggk/in/antwoord")
    )
    retour = sum(drop.fate == "retour" for drop in chain.drops)
    if answers != Counter({"bv03.xml": retour}):
        wrong.append(f"ggk/in/antwoord: {dict(answers)}, not {retour} bv03")


MOST_LEAVES = {"heen": 5, "retour": 4}
"""Four on the way (accepted, relayed, delivered, acknowledged), and one notice of receipt."""


def _database(chain: Chain, state: Path, wrong: list[str]) -> None:
    db = sqlite3.connect(f"file:{state}/knooppunt.db?mode=ro", uri=True)
    try:
        _tables(db, wrong)
        if len(chain.gateways) == 1:
            _statuses(chain, db, wrong)
        size, root = db.execute("SELECT size, root FROM head").fetchone()
        leaves = db.execute("SELECT count(*), min(idx), max(idx) FROM leaf").fetchone()
    finally:
        db.close()
    if leaves != (size, 0, size - 1):
        wrong.append(f"database: {leaves} leaves for a head of {size}")
    wrong += _published(state / "audit")
    report = verify(str(state / "audit"))
    if (report.size, report.root) != (size, b64encode(root).decode()):
        wrong.append(f"audit: published {report.size} leaves, the database has {size}")
    if not (state / "audit" / "checkpoints" / str(size)).exists():
        wrong.append(f"audit: no archived checkpoint of {size} leaves after a clean end")


def _tables(db: sqlite3.Connection, wrong: list[str]) -> None:
    checked = db.execute("PRAGMA quick_check").fetchall()
    if checked != [("ok",)]:
        wrong.append(f"database: {checked}")
    under_way = db.execute("SELECT state, intent, promise FROM arrival").fetchall()
    if under_way:
        wrong.append(f"journal still holds {under_way}")
    twice = db.execute(
        "SELECT levering, type, code, count(*) FROM event GROUP BY 1, 2, 3 HAVING count(*) > 1"
    ).fetchall()
    if twice:
        wrong.append(f"recorded more than once: {twice}")


def _statuses(chain: Chain, db: sqlite3.Connection, wrong: list[str]) -> None:
    per_message = db.execute(
        "SELECT l.direction, l.status, l.naam, count(e.leaf) FROM levering l LEFT JOIN event e "
        "ON e.levering = l.seq GROUP BY l.seq"
    ).fetchall()
    for direction, status, name, leaves in per_message:
        if status not in ("acknowledged", "rejected", "refused", "conflict"):
            wrong.append(f"{direction} {name} ends as {status}")
        if leaves > MOST_LEAVES[direction]:
            wrong.append(f"{direction} {name} has {leaves} leaves")
    due = Counter(d.fate for d in chain.drops)
    statuses = Counter(status for _, status, _, _ in per_message)
    acknowledged = due["heen"] + due["retour"] + 1
    if (statuses["acknowledged"], statuses["conflict"]) != (acknowledged, due["held"]):
        wrong.append(f"deliveries end as {dict(statuses)}")
    events = Counter(one for (one,) in db.execute("SELECT type FROM event"))
    expected = {"delivered": due["heen"] + due["retour"] + 1, "conflict": due["held"]}
    found = {key: events[key] for key in expected}
    if found != expected:
        wrong.append(f"events: {found}, not {expected}")
