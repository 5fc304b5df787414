# SPDX-License-Identifier: EUPL-1.2
"""What people see of the quarantine, and what they order: lists, plans, and having it done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from gateway import quarantine, screens
from gateway.aside import SOORTEN
from gateway.asking import ask, asker
from gateway.config import Config
from gateway.errors import GatewayError
from gateway.journal import decode_intent
from gateway.location import Location, is_running
from gateway.model import STATION_OF
from gateway.moment import iso
from gateway.names import toonbaar
from gateway.periods import moment_of
from gateway.restored import lies_in
from gateway.store_held import HELD
from gateway.store_queries import Reader

Row = dict[str, Any]

AT_ONCE = 64
"""Files in one request: the engine does a request in one round."""


class Filter(NamedTuple):
    """Which files are meant; empty words mean any."""

    code: str = ""
    gemeente: str = ""
    uitwisseling: str = ""
    before: str = ""
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.code or self.gemeente or self.uitwisseling or self.before)

    @property
    def words(self) -> str:
        """As they were typed."""
        options = ("--code", "--gemeente", "--uitwisseling", "--before")
        told = zip(options, map(toonbaar, self[:4]), strict=True)
        return " ".join(f"{one} {screens.name(word)}" for one, word in told if word)

    def limit(self) -> float | None:
        """``before`` (ms since 1970); ``GatewayError`` for a word that means nothing."""
        return moment_of(self.before, "--before").timestamp() * 1000 if self.before else None

    def matches(self, row: Row) -> bool:
        """Whether it is one of those (of :func:`_described`)."""
        return (
            (self.everything or row["state"] == HELD)
            and self.code in ("", row["code"])
            and self.gemeente in ("", row["gemeentecode"])
            and self.uitwisseling in ("", row["uitwisseling"])
            and ((limit := self.limit()) is None or row["at"] < limit)
        )


class Order(NamedTuple):
    """What a person wants done, with which files, and why."""

    action: str
    by: str
    reason: str
    chosen: str
    ids: list[str]
    wanted: Filter


@dataclass(frozen=True, slots=True)
class Plan:
    """What an order would come to now: what it would do, and what not, each with its reason."""

    order: Order
    would: list[Row]
    refused: list[dict[str, str]]

    def to_json(self) -> Row:
        """As ``--dry-run --json`` gives it (docs/schemas/quarantine-decision.schema.json)."""
        done = [{key: one[key] for key in ("id", "name", "referentienummer")} for one in self.would]
        return {"dry_run": True, "done": done, "refused": self.refused}


def _described(row: Row) -> Row:
    """A row of the store as people and programs see it."""
    place = decode_intent(row["id"], row["intent"])
    return {
        "id": row["id"],
        "name": screens.name(toonbaar(place.name)),
        "soort": row["soort"],
        "code": row["code"] or row["soort"],
        "reason": row["remark"] or SOORTEN[row["soort"]],
        "at": row["at"],
        "from": screens.place(str(place.place)) if place.place.kind in STATION_OF else "",
        "gemeentecode": row["l_gemeentecode"] or _party(row),
        "uitwisseling": row["l_uitwisseling"] or "",
        "referentienummer": row["l_referentienummer"] or "",
        "sha256": row["l_sha256"] or "",
        "size": row["l_size"],
        "status": row["l_status"] or "",
        "state": row["state"],
        "archive": row["archive"],
    }


def _party(row: Row) -> str:
    place = decode_intent(row["id"], row["intent"]).place
    return place.partij if place.partij.isdigit() else ""


def _told(root: str, row: Row) -> Row:
    found = row | {"at": iso(row["at"]), "folder": lies_in(root, row)}
    return {key: value for key, value in found.items() if key != "archive"}


def listed(location: Location, wanted: Filter) -> list[Row]:
    """Files in quarantine, oldest first, as docs/schemas/quarantine-list.schema.json has them."""
    wanted.limit()
    with Reader(location.database) as reader:
        rows = [_described(row) for row in reader.held()]
    return [_told(location.root, row) for row in rows if wanted.matches(row)]


def nothing_fits(location: Location, wanted: Filter) -> str:
    """The sentence for a filter that fits no file: that some are held must not be missed."""
    with Reader(location.database) as reader:
        held = sum(row["state"] == HELD for row in reader.held())
    if not wanted or not held:
        return "Nothing is held in quarantine."
    number = f"{held} is" if held == 1 else f"{held} are"
    return f"No file here fits: {wanted.words}; {number} held. See: knooppunt quarantine list"


def one(location: Location, config: Config, id_: str) -> Row | None:
    """All that is known of one file (docs/schemas/quarantine-show.schema.json); None: no such."""
    with Reader(location.database) as reader:
        rows = {row["id"]: row for row in reader.held()}
        found = _meant(id_, list(rows))
        if found is None:
            return None
        row = rows[found]
        shown = _told(location.root, _described(row))
        shown["release"] = quarantine.objection(row, "release", "", location.root, config) or ""
        shown["decision"] = None
        if row["state"] != HELD and row["decision_leaf"] is not None:
            said = reader.opened(row["decision_leaf"])
            shown["decision"] = {
                "at": iso(row["decided_at"]), "leaf": row["decision_leaf"],
                "by": said.get("actor", ""), "reason": said.get("reason", ""),
            }  # fmt: skip
    folder = os.path.join(location.root, shown["folder"])
    there = os.listdir(folder) if os.path.isdir(folder) else []
    return shown | {"files": sorted(screens.name(toonbaar(one)) for one in there)}


def _meant(id_: str, known: list[str]) -> str | None:
    """The folder that begins so; an error when there are several."""
    if id_ in known:
        return id_
    found = [one for one in known if one.startswith(id_)]
    if len(found) > 1:
        raise GatewayError(
            f"{len(found)} files in quarantine begin with {id_!r}", hint="give more of the name"
        )
    return found[0] if found else None


# --- deciding -------------------------------------------------------------------------------------


def plan(location: Location, config: Config, order: Order) -> Plan:
    """What an order comes to, by the configuration in force; ``GatewayError``: too little."""
    if not order.reason.strip():
        raise GatewayError("say why, with --reason: it is recorded with the decision")
    if bool(order.ids) == bool(order.wanted):
        raise GatewayError(
            "name the files, or choose them by a filter (--code, --gemeente, --uitwisseling, "
            "--before); not both",
            hint="see what there is: knooppunt quarantine list",
        )
    order.wanted.limit()
    with Reader(location.database) as reader:
        rows = {row["id"]: row for row in reader.held()}
    would, refused = list[Row](), list[dict[str, str]]()
    for folder in dict.fromkeys(_folders(order, rows)):
        row = rows.get(folder)
        said = quarantine.objection(row, order.action, order.chosen, location.root, config)
        if row is None or said is not None:
            refused.append({"id": screens.name(toonbaar(folder)), "reason": said or ""})
        else:
            would.append(_described(row))
    return Plan(order, would, refused)


def _folders(order: Order, rows: dict[str, Row]) -> Iterator[str]:
    if order.ids:
        yield from (_meant(id_, list(rows)) or id_ for id_ in order.ids)
    else:
        yield from (id_ for id_, row in rows.items() if order.wanted.matches(_described(row)))


def carry_out(location: Location, wanted: Plan) -> Row:
    """Have the engine do it; what it did (docs/schemas/quarantine-decision.schema.json).

    It looks again at each file: somebody else may have decided about it since the plan.
    """
    order = wanted.order
    ids = [row["id"] for row in wanted.would]
    found: Row = {"dry_run": False, "done": [], "refused": list(wanted.refused)}
    for start in range(0, len(ids), AT_ONCE):
        body = {"action": order.action, "ids": ids[start : start + AT_ONCE], "as": order.chosen,
                "by": toonbaar(order.by or asker()), "reason": toonbaar(order.reason)}  # fmt: skip
        answer = ask(location, quarantine.KIND, body)
        found["done"] += answer["done"]
        found["refused"] += answer["refused"]
    return found


# --- on the screen --------------------------------------------------------------------------------


def show_list(out: Console, rows: list[Row]) -> None:
    """One line a file."""
    for row in rows:
        party = f"{row['gemeentecode'] or '----'} {row['uitwisseling'] or '-'}"
        line = Text(f"{row['at'][:16]}  {row['id']}  {party:<22} ")
        line.append(f"[{row['code']}] ", style="yellow")
        state = "" if row["state"] == HELD else f"  ({row['state']})"
        out.print(line + Text(f"{row['name']}{state}"))
    out.print("Next: knooppunt quarantine show ID")


def show_one(out: Console, row: Row) -> None:
    """All of one file, and what can be done about it."""
    labels = (("file", "name"), ("set aside", "at"), ("because", "reason"), ("code", "code"),
              ("kind", "soort"), ("taken from", "from"), ("gemeente", "gemeentecode"),
              ("uitwisseling", "uitwisseling"), ("referentienummer", "referentienummer"),
              ("sha-256", "sha256"), ("lies in", "folder"))  # fmt: skip
    for label, key in labels:
        if row[key]:
            out.print(Text(f"{label:<17} {row[key]}"))
    for name in row["files"]:
        out.print(Text(f"{'':<17} - {name}"))
    if row["decision"] is not None:
        told = row["decision"]
        by = f"{told['by'] or '(erased)'}, {told['at']}, leaf {told['leaf']}"
        out.print(Text(f"{row['state']:<17} by {by}: {told['reason'] or '(erased)'}"))
    elif row["state"] != HELD:
        out.print(Text(f"{row['state']:<17} {row['release']}; who and why went with the database"))
    elif row["release"]:
        out.print(Text(f"release           not now: {row['release']}"))
    else:
        out.print(Text(f"Next: knooppunt quarantine release {row['id']} --reason '...'"))


def show_plan(out: Console, wanted: Plan) -> None:
    """What would happen, file by file."""
    for row in wanted.would:
        out.print(Text(f"would {wanted.order.action} {row['id']}  {row['name']}  [{row['code']}]"))
    _show_refused(out, wanted.refused)
    out.print(Text(f"{len(wanted.would)} files, {len(wanted.refused)} not"))


def show_done(out: Console, location: Location, action: str, done: Row) -> None:
    """What was done, file by file."""
    word = "released" if action == "release" else "dropped"
    for row in done["done"]:
        out.print(Text(f"{word} {row['id']}  {screens.name(toonbaar(row['name']))}"))
    _show_refused(out, done["refused"])
    if action == "release" and done["done"]:
        ref = done["done"][0]["referentienummer"] or done["done"][0]["id"]
        if not is_running(location.state):
            where = _place_of(location, done["done"])
            out.print(Text(f"No gateway runs: {where}, and on when one does: knooppunt run",
                           style="yellow"))  # fmt: skip
        out.print(Text(f"Next: knooppunt trace {ref}"))


def _place_of(location: Location, done: list[Row]) -> str:
    """How far the files went by themselves."""
    if len(done) > 1 or not done[0]["referentienummer"]:
        return "these go as far as the next folder"
    with Reader(location.database) as reader:
        events = [e for m in reader.trace(done[0]["referentienummer"]) for e in m["events"]]
    return f"it went as far as {events[-1]['place']}"


def _show_refused(out: Console, refused: list[dict[str, str]]) -> None:
    for row in refused:
        out.print(Text(f"not {row['id']}: {row['reason']}", style="yellow"))
