# SPDX-License-Identifier: EUPL-1.2
"""When somebody should look: what was measured, and the rules that make an alarm of it.

An alarm has a code, a subject (a word of the configuration or a folder of ours) and a sentence. It
stands as long as what it tells is so, and holds no personal data: it goes to logs and webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gateway.config import Config, Uitwisseling
from gateway.confirmed import Unconfirmed
from gateway.periods import Uitvraag, voluit

NAMED = 10
"""At most so many parties or folders are named in one sentence."""

LDV_S = 900
"""A line of the Logboek dataverwerkingen that is not where it goes to after so long is told."""

ROUND_S = 60
"""A round that takes longer than this stands still: each waits half a second at most."""

INODES = 10_000
"""Fewer files than this can still be made on a disk: as full as one without bytes."""


class Alarm(NamedTuple):
    """Something to look at. ``code`` and ``subject`` together tell one alarm from another."""

    code: str
    subject: str
    sentence: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from another, while its sentence counts on."""
        return self.code, self.subject


class Disk(NamedTuple):
    """Room on the file system of a folder: bytes and files that we may still make."""

    folder: str
    free: int
    inodes: int | None


class Deadline(NamedTuple):
    """A window that closes soon: an exchange, an uitvraag and the last day."""

    uitwisseling: str
    uitvraag: str
    last: date
    days: int


class Missing(NamedTuple):
    """The parties that handed in nothing for a deadline."""

    deadline: Deadline
    codes: tuple[str, ...]


class Lagging(NamedTuple):
    """A place of the Logboek dataverwerkingen that has not seen so many leaves, since when."""

    place: str
    leaves: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Health:
    """What was measured. Ages in seconds; None where there is nothing to measure.

    ``clock_s``: by how many seconds the machine's clock moved against its own counter, or lies
    behind the newest leaf (negative). ``lying``: of each file that waits for somebody for too long
    the party. ``unserved``: finished files while no gateway runs. ``asks``: files that were tried
    too often in vain. ``pseudonyms``: those that the operator's file gives to another employee
    than the log. ``fork``: what stopped the gateway. ``silent``: of each witness or authority that
    fails its name, for how many seconds, and why. ``unconfirmed``: deliveries whose receiver's
    sealed receipt is missed. ``unanswered``: deliveries that the next hub has not answered, and
    since when the oldest. ``config_refused``: a running gateway refused what stands on the disk.
    ``hanging``: folders that do not answer. Of a gateway that runs:
    ``round_s``, since when its round goes on, and ``measure_s``, since when all the rest of this is
    measured in vain, and as it was before.
    """

    under_way: int = 0
    oldest_s: float | None = None
    quarantine: int = 0
    quarantine_oldest_s: float | None = None
    quarantine_today: int = 0
    leaves: int = 0
    published: int = 0
    checkpoint_s: float | None = None
    clock_s: float = 0.0
    disks: tuple[Disk, ...] = ()
    gone: tuple[str, ...] = ()
    hanging: tuple[str, ...] = ()
    round_s: float | None = None
    measure_s: float = 0.0
    missing: tuple[Missing, ...] = ()
    lying: tuple[str, ...] = ()
    damage: str = ""
    unserved: int = 0
    asks: int = 0
    pseudonyms: int = 0
    ldv: tuple[Lagging, ...] = ()
    fork: str = ""
    silent: tuple[tuple[str, float, str], ...] = ()
    unconfirmed: tuple[Unconfirmed, ...] = ()
    unanswered: int = 0
    unanswered_s: float | None = None
    config_refused: bool = False


def deadlines(config: Config, today: date) -> list[Deadline]:
    """The windows that close within ``dagen_voor_sluiting`` days, for each exchange they are for.

    Of one cycle only the newest uitvraag is expected: the half-year before it may be handed in once
    more, and a decision may be silence (domain 3). So neither is an alarm when it does not come.
    """
    days = config.alarmen.dagen_voor_sluiting
    rows = [(key, row) for key, items in config.vensters.items() for row in items]
    newest: dict[str, Uitvraag] = {}
    for key, row in rows:
        asked = Uitvraag.lees(key)
        if asked is not None and row.stap == "aanlevering":
            newest[row.cyclus] = max(newest.get(row.cyclus, asked), asked)
    found = []
    for key, row in rows:
        asked = Uitvraag.lees(key)
        if row.tot is None or asked is None or newest.get(row.cyclus) != asked:
            continue
        left = (row.tot - today).days
        if row.stap == "aanlevering" and row.van <= today and 0 <= left <= days:
            found += [Deadline(one.id, key, row.tot, left) for one in _expected(config)]
    return found


def _expected(config: Config) -> Iterator[Uitwisseling]:
    return (one for one in config.heen if one.stap == "aanlevering" and one.heeft_vensters)


def judge(health: Health, config: Config) -> list[Alarm]:
    """Every alarm that stands now, by what was measured."""
    rules = config.alarmen
    found = [*_disks(health, rules.schijf_vrij_mb), *_deadlines(health.missing)]
    found += _behind(health.ldv)
    found += _receipts(health.unconfirmed, config)
    found += [*_others(health, rules.getuige_minuten), *_pseudonyms(health.pseudonyms)]
    found += [*_unanswered(health, rules.antwoord_uren), *_standstill(health)]
    found += [*_machine(health, rules.klok_sprong_s), *_waiting(health, config)]
    return found


def _machine(health: Health, jump: int) -> Iterator[Alarm]:
    """What is wrong with the disk, the clock or the shares."""
    if health.damage:
        yield Alarm("database-stuk", "database", f"the database is damaged: {health.damage};"
                    " stop the gateway and restore the newest backup")  # fmt: skip
    if abs(health.clock_s) >= jump:
        way = "forward" if health.clock_s > 0 else "back"
        yield Alarm("klok-sprong", "klok", f"the machine's clock went {way} by "
                    f"{abs(health.clock_s):.0f} s; look at its time synchronisation; times "
                    "in the log stand still until it is past them again")  # fmt: skip
    if health.gone:
        yield Alarm("map-weg", "folders", f"{len(health.gone)} folders of the configuration "
                    "are gone, lie on another disk than at the start (a share that is not "
                    "mounted?), or did not keep what was written: "
                    f"{_some(health.gone)}")  # fmt: skip


def _waiting(health: Health, config: Config) -> Iterator[Alarm]:
    """What lies somewhere for too long, or in too great a number."""
    rules = config.alarmen
    if health.quarantine_today >= rules.quarantaine:
        yield Alarm("quarantaine-groeit", "quarantaine", f"{health.quarantine_today} files "
                    "went to quarantine in the last 24 hours")  # fmt: skip
    if health.oldest_s is not None and health.oldest_s >= rules.onderweg_minuten * 60:
        yield Alarm("blijft-steken", "onderweg", f"the oldest file that was taken is under "
                    f"way for {health.oldest_s / 60:.0f} minutes; `knooppunt status` and "
                    "the log tell why")  # fmt: skip
    if health.asks:
        yield Alarm("vraagt-aandacht", "onderweg", f"{health.asks} files that were taken "
                    "were tried again and again and cannot go on; `knooppunt status "
                    "--waiting` tells why")  # fmt: skip
    if health.lying:
        whose = _some(tuple(sorted(known(one, config.partijen) or "-" for one in {*health.lying})))
        yield Alarm("blijft-liggen", "outbox", f"{len(health.lying)} files lie there for "
                    f"more than {rules.blijft_liggen_uren} hours and cannot be taken (an "
                    f"upload that was broken off?): {whose}; `knooppunt status --waiting` "
                    "says why")  # fmt: skip
    if health.unserved:
        yield Alarm("geen-gateway", "gateway", f"{health.unserved} finished files wait and "
                    "no gateway is running; start it")  # fmt: skip


def _others(health: Health, minutes: int) -> Iterator[Alarm]:
    """What witnesses saw, and who of them does not sign."""
    if health.fork:
        yield Alarm("splitsing", "log", f"{health.fork}; the gateway stops until that is mended "
                    "(docs/audit.md, Witnesses)")  # fmt: skip
    for name, age, why in health.silent:
        if age >= minutes * 60:
            yield Alarm("getuige-zwijgt", name, f"{name} has not signed the log for "
                        f"{age / 60:.0f} minutes: {why}; leaves since then are logged, and not "
                        "witnessed or time-stamped")  # fmt: skip


def _unanswered(health: Health, hours: int) -> Iterator[Alarm]:
    """What the gateway waits for in vain: a hub, or a configuration that can be used."""
    if health.unanswered_s is not None and health.unanswered_s >= hours * 3600:
        yield Alarm("geen-antwoord", "antwoord", f"{health.unanswered} deliveries are not answered "
                    f"by the next hub, the oldest for {health.unanswered_s / 3600:.0f} hours: does "
                    "that hub run, did somebody take its answer away? One that cannot be used does "
                    "not count; `knooppunt why` on it tells why")  # fmt: skip
    if health.config_refused:
        yield Alarm("configuratie-geweigerd", "config.yaml", "config.yaml as it stands on the disk "
                    "was refused; the one before stays in force, and a start would fail: "
                    "`knooppunt status` says why, `knooppunt config check` where")  # fmt: skip


def _pseudonyms(changed: int) -> Iterator[Alarm]:
    if changed:
        yield Alarm("pseudoniem-gewijzigd", "pseudoniemen", f"{changed} pseudonyms are of another "
                    "employee by pseudoniemen.json than the log committed to; the log counts; put "
                    "the file back from a backup")  # fmt: skip


def _standstill(health: Health) -> Iterator[Alarm]:
    """What does not answer, and what waits for it."""
    if health.hanging:
        of_all = {one.split("/")[0] for one in health.hanging} & {"folders", "ggk", "quarantaine"}
        rest = "ALL wait: it belongs on a local disk" if of_all else "the others go on"
        yield Alarm("map-hangt", "folders", f"{len(health.hanging)} folders do not answer (a share "
                    f"whose server hangs?): {_some(health.hanging)}; nothing is taken from them or "
                    f"delivered to them until they do, {rest}")  # fmt: skip
    if health.round_s is not None and health.round_s >= ROUND_S:
        yield Alarm("ronde-hangt", "gateway", "the gateway has not gone round for "
                    f"{health.round_s:.0f} s, and nothing is routed: a disk or share in use does "
                    "not answer; mend that, or restart the gateway: it begins without what "
                    "hangs")  # fmt: skip
    if health.measure_s:
        yield Alarm("meting-hangt", "gateway", "how the chain is could not be measured for "
                    f"{health.measure_s:.0f} s: a disk or share does not answer; until it does the "
                    "other alarms stand as they were")  # fmt: skip


def _disks(health: Health, megabytes: int) -> Iterator[Alarm]:
    for disk in health.disks:
        if disk.free < megabytes << 20:
            yield Alarm("schijf-vol", disk.folder, f"{disk.free >> 20} MiB are left on the disk of "
                        f"{disk.folder}; when it is full nothing is taken any more")  # fmt: skip
        elif disk.inodes is not None and disk.inodes < INODES:
            yield Alarm("schijf-vol", disk.folder, f"{disk.inodes} files can still be made on the "
                        f"disk of {disk.folder}; then nothing is taken any more")  # fmt: skip


def _behind(lagging: Iterable[Lagging]) -> Iterator[Alarm]:
    for place, leaves, seconds in lagging:
        if seconds >= LDV_S:
            yield Alarm("ldv-achter", place, f"the Logboek dataverwerkingen ({place}) is {leaves} "
                        f"leaves behind, for {seconds / 60:.0f} minutes; nothing is lost: it "
                        "catches up (docs/howto-ldv.md)")  # fmt: skip


def _deadlines(missing: Iterable[Missing]) -> Iterator[Alarm]:
    for (exchange, uitvraag, last, days), codes in missing:
        when = "today" if days == 0 else f"in {days} days"
        yield Alarm("venster-sluit", f"{exchange} {uitvraag}", f"the window of {exchange} for "
                    f"{uitvraag} closes {when} (last day: {voluit(last)}) and {len(codes)} parties "
                    f"handed in nothing: {_some(codes)}")  # fmt: skip


def _receipts(missed: Iterable[Unconfirmed], config: Config) -> Iterator[Alarm]:
    hours = config.alarmen.ontvangstbewijs_uren
    for exchange, count, _, codes in missed:
        receiver = config.uitwisselingen[exchange].tegenpartij
        many = "deliveries were" if count > 1 else "delivery was"
        yield Alarm("bewijs-ontbreekt", exchange, f"{count} {many} delivered to {receiver} more "
                    f"than {hours} hours ago ({exchange}), and no sealed receipt came that is "
                    f"believed: {_some(codes)}; does {receiver} take and seal them? `knooppunt "
                    "status` and `quarantine list` tell more")  # fmt: skip


def _some(words: tuple[str, ...]) -> str:
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more} more" if more > 0 else "")


def known(word: str, configured: Iterable[str]) -> str:
    """A word of the configuration, else nothing: what others call things may name a person."""
    return word if word in configured else ""
