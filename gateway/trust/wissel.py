# SPDX-License-Identifier: EUPL-1.2
"""A new key for a domain, and a certificate revoked; done by who may read that domain's key.

A change: the new key lies beside the old one (``nieuw.pem``), the caller has it recorded in the
log, and then it takes the place of the old, which is kept under its serial number. Done again after
a crash, each step finds what was done. Old signatures stay valid: their certificate is not revoked.
The end of the old keys is recorded before they go.

A revocation says from when: what was signed before that moment stays valid. The list goes out
before it is recorded.

What this does not protect against: a verifier that has an older list; one takes it from
``vertrouwen/`` again and again.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from gateway import durable
from gateway.audit import reading
from gateway.audit.checkpoint import CheckpointError, VerifierKey
from gateway.config import Config
from gateway.errors import TrustError
from gateway.location import Location
from gateway.trust.domeinen import CA, Domein, Soort, domein, domeinen
from gateway.trust.ketting import lees_certificaten, lees_lijsten, pem_van, signer_van
from gateway.trust.openbaar import getuige_vkey
from gateway.trust.pki import (
    ISSUER,
    KEY_FILE,
    LIJST,
    PUBLIC_FILE,
    Pki,
    lees_lijst,
    lees_uitgever,
    seal_pem,
)
from gateway.trust.sleutels import (
    SLEUTEL,
    lees,
    load_ed25519,
    load_seal,
    openbaar,
    sleutelmap,
)
from gateway.trust.uitgifte import ingetrokken, intrekkingslijst, sleutel_pem

NIEUW = "nieuw.pem"
MAX_EVIDENCE = 20
"""So many keys a request about keys names at most (``gateway/rotation.py``)."""

_OUD = re.compile(r"sleutel-[0-9a-f]{1,40}\.pem")


class Record(NamedTuple):
    """What the log is to say of a change: under which name, of what, beside or after what."""

    domain: str
    content: str
    evidence: list[str]


def gekozen(config: Config, naam: str) -> Domein:
    """The domain of that name, whose keys are ours to change; :class:`TrustError` otherwise."""
    found = domein(config, naam)
    if found is None:
        raise TrustError(
            f"there is no trust domain {naam!r}", hint="see which there are: knooppunt keys list"
        )
    if naam in config.sleutels:
        raise TrustError(
            f"the key of {naam} is your own: {config.sleutels[naam].bestand}",
            hint="put the new one in its place, or name it in config.yaml, and run: knooppunt init",
        )
    return found


def bereid(state: str, config: Config, one: Domein) -> Record:
    """Put a new key beside that of the domain; what the log is to say of it."""
    pki, folder = Pki(state, config), sleutelmap(state, one.naam)
    path = os.path.join(folder, NIEUW)
    if not os.path.exists(path):
        getuige = one.soort is Soort.GETUIGE
        new = ed25519.Ed25519PrivateKey.generate()
        content = sleutel_pem(new) if getuige else seal_pem(pki.nieuw(one))
        durable.put(path, content, KEY_FILE)
    before = _afdruk(one, os.path.join(folder, SLEUTEL))
    return Record(pki.openbare_naam(one), _afdruk(one, path), [f"{_bewijs(one)}:{before}"])


def hervat(state: str, config: Config, one: Domein) -> bool:
    """Complete a change that took place, and was cut off before all was told of it."""
    folder = sleutelmap(state, one.naam)
    new, now = os.path.join(folder, NIEUW), os.path.join(folder, SLEUTEL)
    if not os.path.exists(new) or lees(new) != lees(now):
        return False
    voltooi(state, config, one)
    return True


def voltooi(state: str, config: Config, one: Domein) -> None:
    """Let the new key take the place of the old, and publish what is public of it."""
    pki, folder = Pki(state, config), sleutelmap(state, one.naam)
    now, path = os.path.join(folder, SLEUTEL), os.path.join(folder, NIEUW)
    old, new = lees(now), lees(path)
    if old != new:
        durable.put(os.path.join(folder, f"sleutel-{_nummer(one, now)}.pem"), old, KEY_FILE)
        durable.put(now, new, KEY_FILE)
    if one.soort is Soort.GETUIGE:
        pki.publiceer_vkey(one, load_ed25519(now))
    else:
        pki.publiceer(one, load_seal(now))
    _verwijder(folder, [NIEUW])


def oude(state: str, one: Domein) -> list[str]:
    """The old private keys of a domain: as many as one leaf names."""
    names = sorted(os.listdir(sleutelmap(state, one.naam)))
    return [name for name in names if _OUD.fullmatch(name)][:MAX_EVIDENCE]


def einde(state: str, config: Config, one: Domein, old: list[str]) -> Record:
    """What the log is to say of the end of these old keys: which one is left, and after which."""
    folder = sleutelmap(state, one.naam)
    kind = _bewijs(one)
    gone = [_genoemd(kind, one, os.path.join(folder, name)) for name in old]
    name = Pki(state, config).openbare_naam(one)
    return Record(name, _afdruk(one, os.path.join(folder, SLEUTEL)), gone)


def beeindig(state: str, one: Domein, old: list[str]) -> None:
    """Take these old private keys away. What was public of them stays."""
    _verwijder(sleutelmap(state, one.naam), old)


def trek_in(
    state: str, config: Config, one: Domein, since: datetime, now: datetime, serial: str = ""
) -> Record:
    """Revoke a domain's certificate, or an older one by its serial number, from a moment on.

    Revoked before: the earlier moment counts. A list tells whole seconds: what was signed in the
    second of the moment itself is from before it. Raises :class:`TrustError` when there is none.
    """
    if not one.oin:
        raise TrustError(f"{one.naam} has no certificate to revoke",
                         hint=f"change its key with: knooppunt keys rotate {one.naam}")  # fmt: skip
    if since > now:
        raise TrustError("a certificate is not revoked from a moment that is yet to come",
                         hint="leave --since out, or give an earlier moment")  # fmt: skip
    if since.microsecond:
        since = since.replace(microsecond=0) + timedelta(seconds=1)
    cert = _openbaar_certificaat(state, Pki(state, config), one, serial)
    uitgever = lees_uitgever(state, ISSUER)
    lists = lees_lijst(state)
    ours = next(each for each in lists if each.issuer == uitgever.certificate.subject)
    rows = {row.serial_number: row.revocation_date_utc for row in ours}
    known = rows.get(cert.serial_number)
    if known is None or since < known:
        rows[cert.serial_number] = since
        number = ours.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
        at = max(now, ours.last_update_utc + timedelta(seconds=1))
        revoked = [ingetrokken(each, moment) for each, moment in rows.items()]
        lists[lists.index(ours)] = intrekkingslijst(uitgever, number, at, revoked)
        durable.put(os.path.join(sleutelmap(state, CA), LIJST), pem_van(*lists), PUBLIC_FILE)
    durable.put(openbaar(state, LIJST), pem_van(*lists), PUBLIC_FILE)
    return Record(Pki(state, config).openbare_naam(one), _vingerafdruk(cert), [])


def overzicht(location: Location, config: Config) -> list[dict[str, Any]]:
    """Every domain: whose, whether its key is here, its certificate, and how that stands."""
    state = location.state
    pki = Pki(state, config)
    revoked = {}
    if os.path.exists(openbaar(state, LIJST)):
        lists = lees_lijsten(lees(openbaar(state, LIJST)))
        revoked = {row.serial_number: row.revocation_date_utc for each in lists for row in each}
    return [_rij(location, config, pki, one, revoked) for one in domeinen(config)]


def _rij(
    location: Location, config: Config, pki: Pki, one: Domein, revoked: dict[int, datetime]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "domein": one.naam, "soort": one.soort.value, "organisatie": one.organisatie,
        "oin": one.oin or None, "sleutel": _waar(location, config, one), "openbaar": None,
        "serienummer": None, "sha256": None, "geldig_van": None, "geldig_tot": None,
        "ingetrokken": None, "ouder": 0, "vkeys": [],
    }  # fmt: skip
    path = openbaar(location.state, f"{pki.openbare_naam(one)}.pem")
    if one.soort is Soort.LOG:
        row["vkeys"] = _log_vkeys(location.audit)
    elif one.soort is Soort.GETUIGE:
        public = openbaar(location.state, f"{one.naam}.vkey")
        row["vkeys"] = lees(public).decode().split() if os.path.exists(public) else []
    elif os.path.exists(path):
        cert = lees_certificaten(lees(path), path)[0]
        since = revoked.get(cert.serial_number)
        row |= {
            "openbaar": os.path.basename(path), "serienummer": f"{cert.serial_number:x}",
            "sha256": _vingerafdruk(cert), "geldig_van": cert.not_valid_before_utc.isoformat(),
            "geldig_tot": cert.not_valid_after_utc.isoformat(),
            "ingetrokken": since.isoformat() if since else None, "ouder": len(pki.ouder(one)),
        }  # fmt: skip
    return row


def _waar(location: Location, config: Config, one: Domein) -> str:
    if one.naam in config.sleutels:
        return "eigen"
    path = os.path.join(sleutelmap(location.state, one.naam), SLEUTEL)
    if one.soort is Soort.LOG:
        path = location.log_key
    return "hier" if os.access(path, os.R_OK) else "elders"


def _log_vkeys(audit: str) -> list[str]:
    """The log's public keys: the newest first. Which still sign, its private keys tell."""
    if not os.path.isdir(audit):
        return []
    found = []
    for name in sorted(os.listdir(audit), key=lambda one: (one.count("."), one)):
        line = reading.read(audit, name) if name.endswith(".vkey") else None
        try:
            found += [VerifierKey.parse(line.decode()).line()] if line else []
        except (CheckpointError, UnicodeDecodeError):
            continue
    return found


def _openbaar_certificaat(state: str, pki: Pki, one: Domein, serial: str) -> x509.Certificate:
    name = pki.openbare_naam(one)
    tail = f"-{serial.lower().lstrip('0')}" if serial else ""
    for path in (openbaar(state, f"{name}{tail}.pem"), openbaar(state, f"{name}.pem")):
        if not os.path.exists(path):
            continue
        cert = lees_certificaten(lees(path), path)[0]
        if not serial or cert.serial_number == _getal(serial):
            return cert
    raise TrustError(
        f"no certificate of {one.naam} is known{f' with serial number {serial}' if serial else ''}",
        hint="see: knooppunt keys list --json",
    )


def _getal(serial: str) -> int:
    try:
        return int(serial, 16)
    except ValueError:
        raise TrustError(f"{serial!r} is no serial number", hint="hexadecimal digits") from None


def _afdruk(one: Domein, path: str) -> str:
    """How the log names a key: SHA-256 of the certificate, or of the line of a witness."""
    if one.soort is Soort.GETUIGE:
        line = getuige_vkey(one.sleutelnaam, load_ed25519(path).public_key())
        return hashlib.sha256(f"{line}\n".encode()).hexdigest()
    return _vingerafdruk(load_seal(path).certificate)


def _genoemd(kind: str, one: Domein, path: str) -> str:
    """How a leaf names an old key; one that is damaged goes too, named by its bytes."""
    try:
        return f"{kind}:{_afdruk(one, path)}"
    except TrustError:
        return f"file:{hashlib.sha256(lees(path)).hexdigest()}"


def _bewijs(one: Domein) -> str:
    return "vkey" if one.soort is Soort.GETUIGE else "certificate"


def _vingerafdruk(cert: x509.Certificate) -> str:
    return signer_van(cert).vingerafdruk


def _nummer(one: Domein, path: str) -> str:
    if one.soort is Soort.GETUIGE:
        return _afdruk(one, path)[:16]
    return f"{load_seal(path).certificate.serial_number:x}"


def _verwijder(folder: str, names: list[str]) -> None:
    fd = durable.open_dir(folder)
    try:
        for name in names:
            durable.remove(fd, name)
    finally:
        os.close(fd)
    durable.sync_dir(folder)
