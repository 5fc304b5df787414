# SPDX-License-Identifier: EUPL-1.2
"""What a restored database does not know, and how that is told.

Of the quarantine the folders tell. A file that a person decided about after the backup is ``held``
again in the database, though its folder lies in the archive, under ``<request>.<id>``. A restore
makes the two tell one story: with the file still in it, it was dropped; without, it was released.
Who and why are lost. A folder of which the database has no row at all came there after the backup:
it becomes a ``wees``, which a person decides about, and which goes when it is past its time. A name
that no database can hold, or no screen show, gives way to one that it can (:func:`named_anew`).

Of what was taken meanwhile only the log knows: between which times that is, is remembered.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from gateway import durable, proofs
from gateway.journal import INTENT, Intent, encode_intent
from gateway.model import Kind, Moment, Place
from gateway.moment import iso
from gateway.names import REDEN, als_id, toonbaar
from gateway.store_health import millis_of
from gateway.store_held import DROPPED, HELD, RELEASED, held_file
from gateway.store_purge import ARCHIVE
from gateway.store_queries import Reader

Row = dict[str, Any]


def lies_there(root: str, row: Mapping[str, Any]) -> bool:
    """Whether what a person is to decide about lies in quarantine."""
    return os.path.lexists(os.path.join(root, "quarantaine", row["id"], row["name"]))


def lies_in(root: str, row: Mapping[str, Any]) -> str:
    """Where a folder of quarantine lies, below ``folders/``: the archive may not have taken it."""
    here, archived = (f"quarantaine/{one}" for one in (row["id"], f"{ARCHIVE}/{row['archive']}"))
    paths = [os.path.join(root, one) for one in (here, archived)]
    stays = row["state"] == HELD or [os.path.lexists(one) for one in paths] == [True, False]
    return here if stays else archived


def decided_since(database: str, root: str, now: int) -> list[Row]:
    """Decisions that this database forgot, as rows for ``Changes.decided_on``."""
    archived = _archived(root)
    with Reader(database) as reader:
        held = [row for row in reader.held() if row["state"] == HELD]
    found: list[Row] = []
    for row in held:
        name = archived.get(row["id"])
        if name is None or lies_there(root, row):
            continue
        state, when = _decision(root, name, row["name"], now)
        found.append(
            {"key": row["id"], "new_state": state, "new_archive": name, "new_at": when,
             "new_leaf": None}
        )  # fmt: skip
    return found


def named_anew(root: str) -> list[str]:
    """Give folders in quarantine a name that the database can hold; what was done, a line each.

    None of ours has another. What cannot get one is told, and not listed; it stays as it is.
    """
    said = [
        f"quarantaine/{ARCHIVE}/{toonbaar(name)} is no name of ours: it is not listed; look at it"
        for name in _listed(_folder(root, ARCHIVE))
        if not _archived_as(name) and _listed(_folder(root, f"{ARCHIVE}/{name}"))
    ]
    odd = [one for one in _there(root) if not _holds(one) and _listed(_folder(root, one))]
    if not odd:
        return said
    top = durable.open_dir(_folder(root))
    try:
        for name in odd:
            shown, new = f"quarantaine/{toonbaar(name)}", als_id(name)
            try:
                durable.rename_dir(top, name, top, new)
            except OSError as error:
                said.append(f"{shown} cannot be listed, and stays as it is: {error.strerror}")
            else:
                said.append(f"{shown} is called quarantaine/{new} now, by which it can be listed")
        durable.sync_filesystem(top)  # before a row speaks of it
    finally:
        os.close(top)
    return said


def _there(root: str) -> list[str]:
    return [one for one in _listed(_folder(root)) if not one.startswith(".")]


def _holds(name: str) -> bool:
    """Whether a name can be the id of a row: it prints, so it is UTF-8 as well."""
    return bool(name) and toonbaar(name) == name


def _archived_as(name: str) -> str:
    """The id of what lies in the archive under this name; empty: no name of ours."""
    return name.partition(".")[2] if _holds(name) else ""


def unknown_since(
    database: str, root: str, refused: Mapping[str, str], moment: Moment
) -> list[Row]:
    """Files in quarantine that this database never knew, as rows for ``Changes.held``.

    ``refused``: of which municipality a drop was, by its id, as far as the log tells. Where a file
    was taken that is told by neither the log nor the journal is not known: ``Kind.QUARANTAINE``.
    """
    with Reader(database) as reader:
        known = {row["id"] for row in reader.held()}
        journal = list(reader.journal())
    intended = {row["id"]: row["intent"] for row in journal if row["state"] == INTENT}
    known |= {row["id"] for row in journal if row["state"] != INTENT}  # they get a row as ever
    archived = _archived(root)
    there = {one: one for one in _there(root) if _holds(one)}
    paths = {one: f"{ARCHIVE}/{name}" for one, name in archived.items()} | there
    rows: list[Row] = []
    for folder, path in paths.items():
        names = _listed(_folder(root, path))
        if folder in known or not names:
            continue
        name = min(set(names) - {REDEN} or names, key=lambda one: (len(one), one))
        code = refused.get(folder)
        place = Place(Kind.OUTBOX, code) if code else Place(Kind.QUARANTAINE, folder)
        intent = intended.get(folder) or encode_intent(Intent(folder, place, name, 0, 0, moment))
        beside = next((one for one in proofs.of(name) if one in names), "")
        at = millis_of(folder.rpartition("-")[2]) or moment.klok
        row = held_file(folder, "wees", name, intent, "", at, beside)
        if path != folder:  # decided about since, too
            state, when = _decision(root, archived[folder], name, at)
            row |= {"state": state, "archive": archived[folder], "decided_at": when}
        rows.append(row)
    return rows


def _folder(root: str, below: str = "") -> str:
    return os.path.join(root, "quarantaine", below)


def _archived(root: str) -> dict[str, str]:
    """What lies in the archive of quarantine: by id the name there, of several the newest."""
    names = _listed(_folder(root, ARCHIVE))
    return {id_: name for name in names if (id_ := _archived_as(name))}


def _decision(root: str, archive: str, name: str, now: int) -> tuple[str, int]:
    """What was decided about a file by what its folder in the archive tells, and when."""
    dropped = os.path.lexists(os.path.join(_folder(root, ARCHIVE), archive, name))
    when = millis_of(archive.partition(".")[0])
    return DROPPED if dropped else RELEASED, now if when is None else when


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def lacks(decided: int, unknown: int, *, gap: bool) -> list[str]:
    """What a restore says of what the database lacks, a line each."""
    said = []
    if decided:
        said.append(
            f"{decided} files in quarantine were decided about after the backup; who and why are "
            "lost"
        )
    if unknown:
        said.append(
            f"{unknown} files in quarantine came there after the backup: knooppunt quarantine list"
        )
    if gap:
        said.append(
            "what happened after the backup is in the log alone: `trace`, `why` and `usage` lack "
            "it, and `purge` does not reach the copies of it in verzonden/ "
            "(docs/howto-operate.md, Restore)"
        )
    return said


# --- the gap --------------------------------------------------------------------------------------

GAPS = "hiaten"
"""The setting of a state that holds from when until when it forgot (JSON, pairs of RFC 3339)."""


def with_gap(before: str | None, since: str, until: int) -> str:
    """The setting :data:`GAPS`, with one more; ``before`` is what it was."""
    return json.dumps([*json.loads(before or "[]"), [since, iso(until)]])


def forgotten(reader: Reader) -> list[dict[str, str]]:
    """From when until when this state does not know what was taken; of each restore, in order."""
    found = json.loads(reader.meta(GAPS) or "[]")
    return [{"since": since, "until": until} for since, until in found]


def gaps(reader: Reader) -> str:
    """The same in a sentence; empty: there are none."""
    found = forgotten(reader)
    if not found:
        return ""
    told = ", and ".join(f"between {one['since']} and {one['until']}" for one in found)
    return f"of what was taken {told} only the log knows: a backup was restored"
