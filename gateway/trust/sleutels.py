# SPDX-License-Identifier: EUPL-1.2
"""Reads private keys and what is trusted: the files of ``keys/``, and one's own.

A seal is a private key with its certificate and those of its issuers. In a state they stand in one
PEM file, ``keys/<domain>/sleutel.pem``: a change of it is one rename, so key and certificate never
belong to different seals. One's own may be PKCS#12, or PEM in one file or two.

What this does not protect against: whoever may read the file. An error names the file and what is
wrong with it, never what it holds, nor the password.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from gateway.config import Config, Sleutel
from gateway.errors import TrustError
from gateway.trust.domeinen import MEDEWERKER, TSA, Medewerker
from gateway.trust.ketting import MIN_RSA, Vertrouwen, lees_certificaten

KEYS, VERTROUWEN = "keys", "vertrouwen"
"""The directories in the state: of the private keys, and of what relying parties need."""

SLEUTEL = "sleutel.pem"
"""The file of a domain's private key, with its certificate and that of its issuer behind it."""

PSEUDONIEMEN = "pseudoniemen.json"
"""Who is who: the employee behind each pseudonym. The gateway's own, 0600; nobody else's."""

AANKERS = ("root.pem", "intermediate.pem", "crl.pem")
"""The files in ``vertrouwen/`` that a verifier believes in."""

ELDERS = f"{TSA}_ca.pem"
"""The file in ``vertrouwen/`` of an authority elsewhere (``getuigen: tsa_ca``): its certificate,
those of its issuers, and their lists."""

_ONES = re.compile(rf"{TSA}(-[0-9a-f]+)?[.]pem|{re.escape(ELDERS)}")

SealKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Seal:
    """A private key, its certificate, and the issuers above it (without those one must know)."""

    key: SealKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


def sleutelmap(state: str, domein: str) -> str:
    """The directory of a domain's private key; an employee's is called by the pseudonym."""
    if not domein.startswith(MEDEWERKER):
        return os.path.join(state, KEYS, domein)
    who = Medewerker(*domein.removeprefix(MEDEWERKER).split("-", 1))
    start = os.path.join(state, KEYS, f"{MEDEWERKER}{who.gemeentecode}-")
    known = [start + key for key, one in lees_pseudoniemen(state).items() if one == who]
    there = [path for path in known if os.path.isdir(path)]
    return next(iter([*there, *known]), f"{start}onbekend")


def openbaar(state: str, bestand: str = "") -> str:
    """The directory of what relying parties need, or a file in it."""
    return os.path.join(state, VERTROUWEN, bestand) if bestand else os.path.join(state, VERTROUWEN)


def load_seal(path: str, password: bytes | None = None, *, certificates: str = "") -> Seal:
    """The seal in a file, or in a domain's directory; :class:`TrustError` says what is wrong.

    ``certificates``: a PEM file with the certificate and its issuers, when ``path`` has none.
    """
    if os.path.isdir(path):
        path = os.path.join(path, SLEUTEL)
    content = lees(path)
    if b"-----BEGIN" not in content:
        seal = _pkcs12(content, password, path)
    else:
        where = certificates or path
        found = lees_certificaten(lees(where) if certificates else content, where)
        seal = _paar(_prive(content, password, path), found, path, where)
    _sterk(seal, path)
    return seal


def seal_van(state: str, config: Config, domein: str) -> Seal:
    """The seal of a domain: one's own where the configuration names it, else that of the state."""
    own = config.sleutels.get(domein)
    if own is None:
        return load_seal(sleutelmap(state, domein))
    return load_seal(own.bestand, wachtwoord(own), certificates=own.certificaten or "")


def wachtwoord(own: Sleutel) -> bytes | None:
    """The password of one's own key; None when none is named."""
    if own.wachtwoord_variabele:
        found = os.environ.get(own.wachtwoord_variabele)
        if found is None:
            raise TrustError(
                f"the variable {own.wachtwoord_variabele} with the password of {own.bestand} is "
                "not set",
                hint="set it in the environment of this process",
            )
        return found.encode()
    if own.wachtwoord_bestand:
        return lees(own.wachtwoord_bestand).partition(b"\n")[0].rstrip(b"\r")
    return None


def lees_vertrouwen(state: str, config: Config | None = None) -> Vertrouwen:
    """What a verifier of this chain believes in: that of the state, and what config.yaml adds."""
    paths = [openbaar(state, one) for one in AANKERS]
    paths += config.vertrouwen if config is not None else ()
    return Vertrouwen.van_pem([lees(path) for path in paths])


def lees_stempelaars(folder: str) -> dict[str, bytes]:
    """The files of authorities in a folder of what is trusted: today's, older ones, elsewhere's."""
    names = sorted(one for one in os.listdir(folder) if _ONES.fullmatch(one))
    return {path: lees(path) for path in (os.path.join(folder, one) for one in names)}


def lees_pseudoniemen(state: str) -> Mapping[str, Medewerker]:
    """Who is behind each pseudonym; empty when no employee has a seal."""
    path = os.path.join(state, PSEUDONIEMEN)
    if not os.path.exists(path):
        return {}
    try:
        rows = json.loads(lees(path))
        return {key: Medewerker(row["gemeentecode"], row["gebruiker"]) for key, row in rows.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TrustError(f"{path} is damaged", hint="put it back from a backup") from None


def lees(path: str) -> bytes:
    """A small file; :class:`TrustError` when it is not there or not for us."""
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20)
    except FileNotFoundError:
        raise TrustError(
            f"there is no key or certificate at {path}",
            hint="make the development keys with: knooppunt init; your own: see docs/howto-keys.md",
        ) from None
    except OSError as error:
        raise TrustError(
            f"{path} cannot be read: {error.strerror}",
            hint="each domain's key is for its own process: run this as the user whose it is",
        ) from None


def _prive(content: bytes, password: bytes | None, path: str) -> object:
    try:
        return load_pem_private_key(content, password)
    except TypeError:
        asked = "needs a password, and none is named" if password is None else "has no password"
        raise TrustError(f"the private key in {path} {asked}", hint=_PASSWORD) from None
    except ValueError:
        wrong = "is damaged, or is not there"
        if password is not None:
            wrong = "cannot be opened with the password that is named, or is damaged"
        raise TrustError(f"the private key in {path} {wrong}", hint=_PASSWORD) from None


_PASSWORD = "name it with wachtwoord_bestand or wachtwoord_variabele; see docs/howto-keys.md"  # noqa: S105


def _pkcs12(content: bytes, password: bytes | None, path: str) -> Seal:
    try:
        found = pkcs12.load_pkcs12(content, password)
    except ValueError:
        raise TrustError(
            f"{path} is no PEM, and no PKCS#12 that the password which is named opens",
            hint=_PASSWORD,
        ) from None
    certificates = [found.cert, *found.additional_certs]
    return _paar(found.key, [one.certificate for one in certificates if one], path, path)


def _paar(key: object, found: list[x509.Certificate], path: str, where: str) -> Seal:
    """The key with its certificate, wherever that stands among the others."""
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise TrustError(
            f"{path} holds no EC or RSA private key", hint="a seal's key is one of these"
        )
    own = [one for one in found if one.public_key() == key.public_key()]
    if not own:
        said = "holds no certificate" if not found else "holds no certificate of the key"
        raise TrustError(
            f"{where} {said}{'' if where == path else f' in {path}'}",
            hint="put the certificate and those of its issuers behind the key, or name their file "
            "with certificaten",
        )
    return Seal(key, own[0], tuple(one for one in found if one != own[0]))


def _sterk(seal: Seal, path: str) -> None:
    if isinstance(seal.key, rsa.RSAPrivateKey) and seal.key.key_size < MIN_RSA:
        raise TrustError(f"the RSA key in {path} has {seal.key.key_size} bits",
                         hint=f"take one of {MIN_RSA} bits or more")  # fmt: skip


def load_ed25519(path: str) -> ed25519.Ed25519PrivateKey:
    """The key of a witness, in a file or in a domain's directory."""
    if os.path.isdir(path):
        path = os.path.join(path, SLEUTEL)
    key = _prive(lees(path), None, path)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise TrustError(f"{path} holds no Ed25519 key")
    return key
