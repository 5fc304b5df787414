# SPDX-License-Identifier: EUPL-1.2
"""The development PKI that ``knooppunt init`` makes, and completes: never the same thing twice.

For each domain first its private key, in a directory that only its owner enters, then what others
need of it, in ``vertrouwen/``. So a crash leaves a key that nobody knows of yet, and the next init
publishes it. A domain that is published and whose key is not here, or not for us, has its key
elsewhere, as it should: it is left alone.

What this does not protect against: on one machine, under one user, every key is that user's. Give
each domain's directory to a user of its own, or take it to another machine (docs/howto-keys.md).
"""

from __future__ import annotations

import json
import os
from base64 import b32encode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway import durable
from gateway.config import Config
from gateway.errors import TrustError
from gateway.moment import Clock
from gateway.trust import deelnemers
from gateway.trust.domeinen import CA, GATEWAY, MEDEWERKER, Domein, Medewerker, Soort, domeinen
from gateway.trust.ketting import lees_certificaten, lees_lijsten, pem_van, signer_van
from gateway.trust.openbaar import getuige_vkey, jwk
from gateway.trust.sleutels import (
    AANKERS,
    KEYS,
    PSEUDONIEMEN,
    SLEUTEL,
    VERTROUWEN,
    Seal,
    lees,
    lees_pseudoniemen,
    load_ed25519,
    load_seal,
    openbaar,
    seal_van,
    sleutelmap,
)
from gateway.trust.uitgifte import (
    Uitgever,
    certificaat,
    intrekkingslijst,
    nieuwe_sleutel,
    nieuwe_uitgever,
    nieuwe_wortel,
    sleutel_pem,
)

KEY_DIR, KEY_FILE = 0o700, 0o600
PUBLIC_DIR, PUBLIC_FILE = 0o755, 0o644
ROOT, ISSUER, LIJST = AANKERS


def ensure_pki(state: str, config: Config) -> list[str]:
    """Make what is missing of the keys and what is public of them; what was done, a line each.

    Raises :class:`TrustError` when a key of one's own, or one of ours, cannot be used.
    """
    pki = Pki(state, config)
    pki.ken_wie_bekend_is()
    pki.maak_uitgevers()
    for domein in domeinen(config):
        pki.zorg_voor(domein)
    deelnemers.publiceer(state, config)
    kept = "made" if pki.made else "kept"
    said = f"{kept:<7} keys of {pki.made or 'all'} trust domains in {os.path.join(state, KEYS)}"
    return [said, *pki.said]


class Pki:
    """The keys of one state, as far as they are ours to make and to read."""

    def __init__(self, state: str, config: Config) -> None:
        self.state = state
        self.config = config
        self.made = 0
        self.said: list[str] = []
        durable.make_dir(os.path.join(state, KEYS), KEY_DIR)
        durable.make_dir(os.path.join(state, VERTROUWEN), PUBLIC_DIR)
        self.uitgever: Uitgever | None = None
        self._wie = dict(lees_pseudoniemen(state))

    # --- issuers ---

    def maak_uitgevers(self) -> None:
        """The root, the issuer below it, and their lists; read, where they were made before."""
        naam = self.config.naam
        root = self._uitgever(ROOT, lambda: nieuwe_wortel(naam))
        if root is None:
            return
        self.uitgever = self._uitgever(ISSUER, lambda: nieuwe_uitgever(naam, root))
        if self.uitgever is None:
            return
        kept = self._ca(LIJST)
        if not os.path.exists(kept):
            first = pem_van(intrekkingslijst(self.uitgever, 1), intrekkingslijst(root, 1))
            durable.put(kept, first, PUBLIC_FILE)
        if not os.path.exists(openbaar(self.state, LIJST)):
            durable.put(openbaar(self.state, LIJST), lees(kept), PUBLIC_FILE)

    def _uitgever(self, name: str, make: Any) -> Uitgever | None:
        path, public = self._ca(name), openbaar(self.state, name)
        if not os.path.exists(path):
            if os.path.exists(public):
                return None  # the key was taken away: nothing new can be issued here
            made: Uitgever = make()
            self._sleutel(CA, made.pem(), name)
        found = lees_uitgever(self.state, name)
        if not os.path.exists(public):
            durable.put(public, pem_van(found.certificate), PUBLIC_FILE)
        return found

    def _ca(self, name: str) -> str:
        return os.path.join(sleutelmap(self.state, CA), name)

    # --- domains ---

    def ken_wie_bekend_is(self) -> None:
        """Refuse to give anybody a second pseudonym because the file of the first was lost."""
        shown = os.listdir(openbaar(self.state))
        if not self._wie and any(one.startswith(MEDEWERKER) for one in shown):
            raise TrustError(
                f"{os.path.join(self.state, PSEUDONIEMEN)} is gone; employees have certificates",
                hint="put it back from a backup: nothing else says whose they are",
            )

    def zorg_voor(self, domein: Domein) -> None:
        """The key of one domain, and what is public of it."""
        if domein.soort is Soort.LOG:
            return  # made with the log itself (gateway.audit.keys)
        if domein.naam in self.config.sleutels:
            self._eigen(domein)
        elif domein.soort is Soort.GETUIGE:
            self._getuige(domein)
        else:
            self._zegel(domein)

    def _eigen(self, domein: Domein) -> None:
        """One's own key: only what is public of it is ours to keep."""
        own = self.config.sleutels[domein.naam]
        if domein.naam != GATEWAY and not os.access(own.bestand, os.R_OK):
            self.said.append(f"kept    {domein.naam}: its key is not for us to read")
            return
        seal = seal_van(self.state, self.config, domein.naam)
        signer = signer_van(seal.certificate)
        nameless = domein.soort is Soort.TSA and not signer.oin  # known by its certificate
        if signer.oin != domein.oin and not nameless:
            raise TrustError(
                f"the certificate in {own.bestand} is of OIN {signer.oin or '(none)'}, "
                f"{domein.naam} is of OIN {domein.oin}",
                hint=f"take the right certificate, or write its OIN with sleutels: "
                f"{{{domein.naam}: {{oin: ...}}}}",
            )
        self.publiceer(domein, seal)

    def _zegel(self, domein: Domein) -> None:
        if domein.gebruiker and not self.pseudoniem(domein) and self.uitgever is not None:
            self._onthoud(domein, _nieuw_pseudoniem())  # first: it is what the directory is called
        path = os.path.join(sleutelmap(self.state, domein.naam), SLEUTEL)
        if os.path.exists(path) and os.access(path, os.R_OK):
            self.publiceer(domein, load_seal(path))
        elif not self._is_openbaar(domein):
            if self.uitgever is None:
                self.said.append(f"MISSING {domein.naam}: the key of the issuer is not here")
                return
            seal = self.nieuw(domein)
            self._sleutel(domein.naam, seal_pem(seal))
            self.publiceer(domein, seal)
            self.made += 1

    def nieuw(self, domein: Domein) -> Seal:
        """A new key with its certificate; an employee keeps the pseudonym that he has."""
        if self.uitgever is None:
            self.uitgever = lees_uitgever(self.state, ISSUER)
        key = nieuwe_sleutel()
        pseudonym = self.pseudoniem(domein) if domein.gebruiker else ""
        made = certificaat(domein, key.public_key(), self.uitgever, pseudonym)
        return Seal(key, made, self.uitgever.chain[:1])

    def pseudoniem(self, domein: Domein) -> str:
        """The pseudonym of an employee; empty when there is none yet."""
        who = Medewerker(domein.gemeentecode, domein.gebruiker)
        return next((key for key, one in self._wie.items() if one == who), "")

    def openbare_naam(self, domein: Domein) -> str:
        """The name under which a domain is public: an employee's holds the pseudonym."""
        if not domein.gebruiker:
            return domein.naam
        return f"{MEDEWERKER}{domein.gemeentecode}-{self.pseudoniem(domein) or 'onbekend'}"

    def _is_openbaar(self, domein: Domein) -> bool:
        return os.path.exists(openbaar(self.state, f"{self.openbare_naam(domein)}.pem"))

    def publiceer(self, domein: Domein, seal: Seal) -> None:
        """Put a certificate where relying parties find it; another that was there stays, by serial.

        What lies there already is not written again.
        """
        if domein.gebruiker:
            signer = signer_van(seal.certificate)
            self._onthoud(domein, signer.pseudoniem or signer.vingerafdruk)
        name = self.openbare_naam(domein)
        path = openbaar(self.state, f"{name}.pem")
        content = pem_van(seal.certificate)
        shown = lees(path) if os.path.exists(path) else content
        if shown != content:
            serial = lees_certificaten(shown, path)[0].serial_number
            durable.put(openbaar(self.state, f"{name}-{serial:x}.pem"), shown, PUBLIC_FILE)
        if shown != content or not os.path.exists(path):
            durable.put(path, content, PUBLIC_FILE)
        if domein.soort is Soort.IDP:
            self._jwks(domein)

    def _onthoud(self, domein: Domein, key: str) -> None:
        who = Medewerker(domein.gemeentecode, domein.gebruiker)
        if self._wie.get(key) == who:
            return
        self._wie = {key: who, **self._wie}  # the newest first
        rows = {one: found._asdict() for one, found in self._wie.items()}
        content = json.dumps(rows, indent=1).encode()
        durable.put(os.path.join(self.state, PSEUDONIEMEN), content, KEY_FILE)

    def _jwks(self, domein: Domein) -> None:
        """The keys of the identity provider, the newest first (RFC 7517)."""
        names = [f"{domein.naam}.pem", *self.ouder(domein)]
        found = [lees_certificaten(lees(openbaar(self.state, one)), one)[0] for one in names]
        content = json.dumps({"keys": [jwk(one) for one in found]}, indent=1).encode()
        path = openbaar(self.state, f"{domein.naam}.jwks")
        if not os.path.exists(path) or lees(path) != content:
            durable.put(path, content, PUBLIC_FILE)

    def ouder(self, domein: Domein) -> list[str]:
        """The public files of a domain's older certificates."""
        start = f"{self.openbare_naam(domein)}-"
        names = sorted(os.listdir(openbaar(self.state)))
        tails = [(one, one[len(start) : -4]) for one in names if one.startswith(start)]
        return [one for one, tail in tails if one.endswith(".pem") and _is_serial(tail)]

    def _getuige(self, domein: Domein) -> None:
        path = os.path.join(sleutelmap(self.state, domein.naam), SLEUTEL)
        public = openbaar(self.state, f"{domein.naam}.vkey")
        if not os.path.exists(path) and not os.path.exists(public):
            self._sleutel(domein.naam, sleutel_pem(ed25519.Ed25519PrivateKey.generate()))
            self.made += 1
        if not os.path.exists(public):
            self.publiceer_vkey(domein, load_ed25519(path))

    def publiceer_vkey(self, domein: Domein, key: ed25519.Ed25519PrivateKey) -> None:
        """A line for the witness's key; those it had before stay below it."""
        path = openbaar(self.state, f"{domein.naam}.vkey")
        shown = lees(path) if os.path.exists(path) else b""
        line = f"{getuige_vkey(domein.sleutelnaam, key.public_key())}\n".encode()
        if line not in shown:
            durable.put(path, line + shown, PUBLIC_FILE)

    def _sleutel(self, domein: str, content: bytes, name: str = SLEUTEL) -> None:
        durable.make_dir(sleutelmap(self.state, domein), KEY_DIR)
        durable.put(os.path.join(sleutelmap(self.state, domein), name), content, KEY_FILE)


def lees_uitgever(state: str, name: str) -> Uitgever:
    """A key of the development PKI that issues, with its certificates."""
    found = load_seal(os.path.join(sleutelmap(state, CA), name))
    if not isinstance(found.key, ec.EllipticCurvePrivateKey):
        raise TrustError(f"the issuer's key {name} in {sleutelmap(state, CA)} is not ours")
    return Uitgever(found.key, (found.certificate, *found.chain))


def lees_lijst(state: str) -> list[x509.CertificateRevocationList]:
    """The revocation lists as the issuers keep them: of the issuer, of the root."""
    return lees_lijsten(lees(os.path.join(sleutelmap(state, CA), LIJST)))


def seal_pem(seal: Seal) -> bytes:
    """A seal as a domain's file holds it."""
    if not isinstance(seal.key, ec.EllipticCurvePrivateKey):
        raise TrustError("only the keys that init makes are written")
    return sleutel_pem(seal.key) + pem_van(seal.certificate, *seal.chain)


def _nieuw_pseudoniem() -> str:
    return "mdw-" + b32encode(Clock().fresh_salt()[:10]).decode().lower()


def _is_serial(text: str) -> bool:
    return bool(text) and all(char in "0123456789abcdef" for char in text)
