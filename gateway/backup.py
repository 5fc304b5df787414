# SPDX-License-Identifier: EUPL-1.2
"""Backup of the state while a gateway runs, and a restore that cannot fork the log.

A backup is a folder: ``knooppunt.db`` (the store as of one commit, all leaves in it), the
configuration in force in that commit, what is public of all keys, the log's own when they are asked
for, and ``backup.json``, written last: without it the backup was cut off. Of the published log it
holds what others signed (``archived.py``); the rest is made again from the leaves.

A database that is older than what was published would sign other leaves under the same numbers: two
histories with one key. So a restore looks for the newest checkpoint that it can find (the audit
folder, its archive, one that somebody kept) and refuses to go back behind it; or, when it is told
to, takes up the published leaves that the backup lacks and goes on above them.

What this does not protect against: a restore with the audit folder gone and no checkpoint kept
elsewhere. Whoever then says ``--log-lost`` vouches that nothing newer was published.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64encode
from itertools import islice
from typing import Any

from gateway import __version__, archived, durable
from gateway.archived import OTHER, newest_checkpoints, published
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.keys import KEY_DIR_MODE, KEY_MODE, key_files
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import Frontier
from gateway.audit.verify import verify
from gateway.config import Config
from gateway.current import TEXT
from gateway.custody import Ledger
from gateway.errors import AuditError, StateError
from gateway.location import DATABASE, Location
from gateway.moment import Clock, iso
from gateway.owner import must_own
from gateway.replaced import FILES, STAGED, replace
from gateway.restored import GAPS, decided_since, lacks, named_anew, unknown_since, with_gap
from gateway.store import Changes, Store
from gateway.store_backup import adopt, head_of, refused_since, roots_at, setting, snapshot
from gateway.store_health import damage
from gateway.trust.kopie import bewaar, zet_terug

MANIFEST = "backup.json"
CONFIG, ON_DISK = "config.yaml", "config.on-disk.yaml"

_AHEAD = (
    "restore a newer backup if there is one; with --continue the published leaves that this backup "
    "lacks are taken up, and the log goes on above them (docs/howto-operate.md, Restore)"
)


def backup(location: Location, directory: str, *, keys: bool) -> list[str]:
    """Write a backup into a new folder; what was done, a line each. A gateway may be running.

    Raises :class:`StateError` when the folder is not empty or the copy is not sound.
    """
    typed, directory = directory, os.path.abspath(directory)
    if os.path.isdir(directory) and os.listdir(directory):
        raise StateError(f"{directory} is not empty", hint="give each backup a folder of its own")
    if not os.path.exists(location.database):
        raise StateError(f"there is no state at {location.state}", hint="say --state DIR")
    durable.make_dir(directory, 0o700)  # it holds names and users, and perhaps a key
    archived.keep(location.audit, directory)
    copy = os.path.join(directory, DATABASE)
    snapshot(location.database, copy)
    if wrong := damage(copy):
        raise StateError(f"the database is damaged: {wrong}", hint="keep your older backups")
    origin, size, root = head_of(copy)
    found = {
        "versie": 1, "knooppunt": __version__, "at": iso(Clock().klok()), "origin": origin,
        "size": size, "root": b64encode(root).decode(), "sha256": _digest(copy), "keys": keys,
    }  # fmt: skip
    said = [f"{size} leaves of {origin} in {typed}", *_put_config(location, directory, copy)]
    if keys:
        for path in key_files(location.log_key):
            durable.put(os.path.join(directory, os.path.basename(path)), _content(path), KEY_MODE)
    bewaar(location.state, directory)
    fd = durable.open_dir(directory)
    try:
        durable.sync_filesystem(fd)  # SQLite's copy too, before anything says that it is there
    finally:
        os.close(fd)
    durable.put(os.path.join(directory, MANIFEST), json.dumps(found, indent=2).encode())
    return said


def _put_config(location: Location, directory: str, copy: str) -> list[str]:
    """The configuration in force, as the store has it; what lies on the disk may be refused."""
    kept = setting(copy, TEXT)
    try:
        there: bytes | None = _content(location.config_path)
    except FileNotFoundError:
        if kept is None:  # a state of an older version
            raise
        there = None
    in_force = kept.encode() if kept is not None else there or b""
    durable.put(os.path.join(directory, CONFIG), in_force)
    if there is None or there == in_force:
        return []
    durable.put(os.path.join(directory, ON_DISK), there)
    return [f"the configuration in force is in it as {CONFIG}; the one on the disk is another, and "
            f"is in it as {ON_DISK}"]  # fmt: skip


def restore(
    location: Location, config: Config, directory: str, *,
    since: bytes | None, go_on: bool, log_lost: bool,
) -> list[str]:  # fmt: skip
    """Put a backup in the place of the state's database; what was done, a line each.

    Refused while a gateway runs; when the backup is damaged or cut off; when the newest checkpoint
    that can be found is not a beginning of its log. The database that was there is kept beside it.
    """
    must_own(location.state)
    durable.make_dir(location.state, 0o700)
    lock = durable.lock(os.path.join(location.state, "lock"))
    state = durable.open_dir(location.state)
    try:
        return _restore(location, config, os.path.abspath(directory), state, since, go_on, log_lost)
    finally:
        os.close(state)
        os.close(lock)


def _restore(
    location: Location, config: Config, directory: str, state: int,
    since: bytes | None, go_on: bool, log_lost: bool,
) -> list[str]:  # fmt: skip
    manifest = _manifest(directory)
    staged = _stage(location, directory, state, manifest)
    origin, size, _ = head_of(staged)
    _put_key(location, directory)
    zet_terug(location.state, directory)
    found = newest_checkpoints(location, origin, since)
    if not found and not log_lost:
        raise AuditError(
            "there is no published log here to compare the backup with",
            hint="give a checkpoint that somebody kept with --since FILE; or vouch with --log-lost "
            f"that no leaf after the {size} of this backup was ever published",
        )
    _agree(staged, size, found)
    taken = roles = 0
    if found and (newest := max(one.size for one in found)) > size:
        taken, roles = _go_on(location, config, staged, size, newest, go_on=go_on)
    told = f"backup of {manifest['at']}, {taken} published leaves taken up"
    whole = bool(found) and since is None and not taken  # nothing can have come after it
    lacking = _tell(staged, origin, told, location.root, size, "" if whole else manifest["at"])
    said = [f"restored: backup of {manifest['at']}, {size} leaves of {origin}"]
    if taken:
        said.append(
            f"{taken} published leaves taken up; the numbers of the parties in them were moved on"
        )
    if roles:
        said.append(
            f"{roles} grants or revocations of after the backup are NOT in force: do them again "
            "(knooppunt grants, knooppunt revoke)"
        )
    if back := archived.put_back(location.audit, directory):
        said.append(f"{back} archived checkpoints put back, with what others signed of them")
    said += lacking
    return said + replace(location.state, state)


def _stage(location: Location, directory: str, state: int, manifest: dict[str, Any]) -> str:
    """The backup's database beside the one that it is to replace: whole and sound, or refused."""
    staged = os.path.join(location.state, STAGED)
    for tail in FILES:
        durable.remove(state, STAGED + tail)
    durable.copy(os.path.join(directory, DATABASE), state, STAGED, 0o600)
    if _digest(staged) != manifest["sha256"]:
        raise StateError(
            f"{directory} is damaged: the database in it is not the one that was written",
            hint="take another backup",
        )
    if wrong := damage(staged):
        raise StateError(f"the database in {directory} is damaged: {wrong}", hint="take another")
    return staged


def _agree(staged: str, size: int, found: list[Checkpoint]) -> None:
    """Each checkpoint that is not newer than the backup is a beginning of its log."""
    older = [one for one in found if one.size <= size]
    roots = roots_at(staged, {one.size for one in older})
    for one in older:
        if roots[one.size] != one.root:
            raise AuditError(
                f"the log that was published, of {one.size} leaves, is not a beginning of the log "
                "in this backup",
                hint=OTHER,
            )


def _go_on(
    location: Location, config: Config, staged: str, size: int, newest: int, *, go_on: bool
) -> tuple[int, int]:
    """The backup lacks leaves that were published: refuse, or take them up (see ``adopt``)."""
    behind = f"the newest checkpoint speaks of {newest} leaves, this backup holds {size}"
    if not go_on:
        raise AuditError(f"{behind}: going back would fork the log", hint=_AHEAD)
    report = verify(location.audit)
    if not report.ok or report.size < newest:
        raise AuditError(
            f"{behind}, and the audit folder does not hold the others whole",
            hint="get a whole copy of the audit folder from who has one",
        )
    frontier = Frontier()
    for content in islice(published(location.audit, report.size), size):
        frontier.append(leaf_hash(content))
    if frontier.root() != roots_at(staged, {size})[size]:
        raise AuditError("this backup is not a beginning of the published log", hint=OTHER)
    rest = islice(published(location.audit, report.size), size, None)
    return adopt(staged, rest, config.vensters, config.technisch.batch)


def _put_key(location: Location, directory: str) -> None:
    """The log goes on under its own key, or not at all: a new one would look like a forgery."""
    if os.path.exists(location.log_key):
        return
    kept = os.path.join(directory, "log.key")
    if not os.path.exists(kept):
        raise AuditError(
            f"the audit log's private key is gone: {location.log_key}",
            hint="put it back from its own backup; this backup was made without --keys",
        )
    folder = os.path.dirname(location.log_key)
    durable.make_dir(folder, KEY_DIR_MODE)
    for path in key_files(kept):
        durable.put(os.path.join(folder, os.path.basename(path)), _content(path), KEY_MODE)


def _tell(staged: str, origin: str, action: str, root: str, size: int, since: str) -> list[str]:
    """The restore itself is a leaf; what the folders tell of quarantine becomes rows.

    Gives what the database lacks, a line each. ``since``: of when the backup is, where something
    may have come after it.
    """
    store, clock = Store(staged), Clock()
    named = named_anew(root)
    decided = decided_since(staged, root, clock.klok())
    unknown = unknown_since(staged, root, refused_since(staged, size), clock.moment(size))
    changes = Changes(decided_on=decided, held=unknown)
    if since:
        changes.meta[GAPS] = with_gap(store.meta().get(GAPS), since, clock.klok())
    Ledger(store, clock, origin).system("state.restore", action, "", changes)
    store.commit(changes)
    store.close()
    return lacks(len(decided), len(unknown), gap=bool(since)) + named


def _manifest(directory: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_content(os.path.join(directory, MANIFEST)))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise StateError(
            f"{directory} is no backup, or one that was cut off: {MANIFEST} is not in it",
            hint="take another; `knooppunt backup` writes it last",
        ) from None
    if found.get("versie") != 1:
        raise StateError(f"{directory} was written by another version of Knooppunt",
                         hint="restore it with that version")  # fmt: skip
    return found


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
