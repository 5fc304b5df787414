# SPDX-License-Identifier: EUPL-1.2
"""What an employee does: seal a file, or hand it in with a login that signs its manifest.

Both write down the manifest first: the file's name, size and SHA-256, and the newest checkpoint
that this client saw. What lies in an outbox under the same name already is not touched.
"""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway import durable
from gateway.binding import cms, verklaring
from gateway.binding.idp import Broker, User
from gateway.binding.login import log_in
from gateway.binding.manifest import Listed, Manifest, build
from gateway.config import Config
from gateway.errors import FolderError, GatewayError
from gateway.location import Location, read_config
from gateway.model import Kind, Place
from gateway.moment import Clock
from gateway.names_veilig import toonbaar
from gateway.periods import rfc3339
from gateway.proofs import ASSERTION, SEAL
from gateway.store_queries import Reader
from gateway.trust.domeinen import IDP, MEDEWERKER, domein
from gateway.trust.sleutels import lees_pseudoniemen, seal_van

MAX_FILE = 1 << 30
"""A file is read whole to be signed; by far more than a message may be."""


class ClientError(GatewayError):
    """This cannot be signed or handed in so; the sentence says why."""

    code = "client"


def clock_of(location: Location) -> Clock:
    """The chain's clock, which a tester may have turned: what a manifest and a seal say of time."""
    if not os.path.exists(location.database):
        return Clock()
    with Reader(location.database) as reader:
        return Clock(timedelta(milliseconds=int(reader.meta("nu_offset_ms") or 0)))


def seal(location: Location, path: str, code: str, user: str = "") -> str:
    """Seal a file by the municipality's key, or an employee's; give the seal's path."""
    made = sealed(location, os.path.basename(path), _content(path), code, user)
    durable.put(os.path.abspath(path) + SEAL, made)
    return path + SEAL


def sealed(location: Location, name: str, content: bytes, code: str, user: str = "") -> bytes:
    """A seal over these bytes, to be handed in under this name.

    Raises :class:`TrustError` when the key is not here, or not ours to read.
    """
    config = read_config(location.config_path)
    found = seal_van(location.state, config, _domain(config, code, user))
    said = _manifest(location, name, content, code)
    nu = clock_of(location).nu()
    return cms.sign(content, found.key, found.certificate, found.chain, nu, said)


def deliver(
    location: Location, path: str, code: str, user: str, *, broker: str = "", exchange: str = ""
) -> str:
    """Log in over this file's manifest, and put both in the outbox; give where the file lies."""
    config = read_config(location.config_path)
    if config.partij(code) is None:
        raise ClientError(f"{code} is not connected here", hint="look in config.yaml: partijen")
    content = _content(path)
    outbox = Place(Kind.OUTBOX, code, exchange)
    folder = os.path.join(location.root, *outbox.parts)
    name = os.path.basename(path)
    _free(folder, name, name + ASSERTION)
    chance = Clock()
    salt = chance.fresh_salt()
    said = verklaring.Verklaring(_manifest(location, name, content, code), salt, "")
    token = log_in(
        broker or config.eherkenning.uitgever, config.eherkenning.client, f"{code}/{user}",
        said.nonce, chance.fresh_salt(), chance.fresh_id(),
    )  # fmt: skip
    assertion = verklaring.build(verklaring.Verklaring(said.manifest, salt, token))
    _drop(folder, {name + ASSERTION: assertion, name: content})
    return os.path.join(folder, name)


def broker(location: Location, issuer: str) -> Broker:
    """The identity broker of a chain, for the employees of its configuration."""
    from joserfc.jwk import ECKey

    from gateway.trust.uitgifte import sleutel_pem

    config = read_config(location.config_path)
    key = seal_van(location.state, config, IDP).key
    if isinstance(key, rsa.RSAPrivateKey):
        raise ClientError("the broker signs by ES256, so its key is a P-256 key, not RSA")
    chance, oins = Clock(), {}
    for code, party in config.partijen.items():
        found = domein(config, f"zegel-{party.soort}-{code}")
        oins[code] = found.oin if found else ""
    users = [
        User(f"{one.gemeentecode}/{one.gebruiker}", pseudonym, oins[one.gemeentecode],
             config.eherkenning.niveau_van(*one))
        for pseudonym, one in lees_pseudoniemen(location.state).items()
        if one.gemeentecode in oins
    ]  # fmt: skip
    return Broker(
        issuer, config.eherkenning.client, ECKey.import_key(sleutel_pem(key)), users,
        now=lambda: chance.klok() // 1000,
        chance=lambda: chance.fresh_salt().hex(),
    )  # fmt: skip


def _domain(config: Config, code: str, user: str) -> str:
    party = config.partij(code)
    if party is None:
        raise ClientError(f"{code} is not connected here", hint="look in config.yaml: partijen")
    if user and user not in party.medewerkers:
        raise ClientError(
            f"{user!r} is no employee of {code} with a seal",
            hint=f"look in config.yaml: partijen, {code}, medewerkers",
        )
    return f"{MEDEWERKER}{code}-{user}" if user else f"zegel-{party.soort}-{code}"


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ClientError(f"{toonbaar(path)} cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE:
        raise ClientError(f"{toonbaar(path)} is larger than {MAX_FILE} bytes")
    return content


def _manifest(location: Location, name: str, content: bytes, code: str) -> bytes:
    listed = Listed(toonbaar(name), len(content), hashlib.sha256(content).hexdigest())
    moment = rfc3339(clock_of(location).nu())
    return build(Manifest(code, (listed,), moment, _checkpoint(location)))


def _checkpoint(location: Location) -> str:
    """The newest checkpoint that is published here; empty where there is none."""
    try:
        with open(os.path.join(location.audit, "checkpoint"), encoding="utf-8") as file:
            return file.read(4096)
    except (OSError, UnicodeDecodeError):
        return ""


def _free(folder: str, *names: str) -> None:
    for name in names:
        if os.path.lexists(os.path.join(folder, name)):
            raise FolderError(
                f"{toonbaar(name)} lies in the outbox already",
                hint="wait until it was taken, or take it away",
            )


def _drop(folder: str, files: dict[str, bytes]) -> None:
    """Put files in an outbox, in this order; what is there already is not replaced."""
    durable.make_dir(folder)
    fd = durable.open_dir(folder)
    try:
        for name, content in files.items():
            staged = f".{name}.new"
            durable.remove(fd, staged)
            durable.stage(fd, staged, content)
            durable.sync_filesystem(fd)
            durable.rename(fd, staged, fd, name)
        durable.sync_filesystem(fd)
    finally:
        os.close(fd)
