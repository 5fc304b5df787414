# SPDX-License-Identifier: EUPL-1.2
"""How long it takes to seal one message, and to judge a seal and a login, as GGk does it.

In one process, without disks: a P-256 employee's key under root and issuer, a file of 10 KB, the
manifest in it. A judgement holds all of it: CMS or token, chain, revocation lists, manifest. Each
seal is judged once, as in a chain; what is parsed once for many (roots, lists) is.

Usage: python bench/seal.py [--count N]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.believed import with_trust
from gateway.binding import cms, manifest, verklaring
from gateway.location import Location, read_config
from gateway.model import Arrival, Kind, Known, Moment, Place, Proof
from gateway.moment import Clock
from gateway.setup import init
from gateway.stations import binding
from gateway.trust.domeinen import oin_van
from gateway.trust.sleutels import lees_pseudoniemen, seal_van
from gateway.trust.uitgifte import sleutel_pem

NAME = "WMO_H22025.csv"


def told(what: str, took: list[float]) -> None:
    took.sort()
    late = took[int(len(took) * 0.99)]
    print(f"{what:<34} median {statistics.median(took) * 1e3:6.2f} ms   "
          f"99 of 100 within {late * 1e3:6.2f} ms")  # fmt: skip


def measured(make: Callable[[int], object], count: int) -> list[float]:
    took = []
    for number in range(count):
        began = time.perf_counter()
        make(number)
        took.append(time.perf_counter() - began)
    return took


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--count", type=int, default=500)
    count = words.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        init(folder)
        location = Location.of(str(Path(folder) / "config.yaml"))
        config = with_trust(read_config(location.config_path), location.state)
        contents = [os.urandom(5 * 1024).hex().encode() for _ in range(count)]
        seals: list[bytes] = []

        own = seal_van(location.state, config, "zegel-medewerker-0363-coordinator")

        def seal(number: int) -> None:
            said, nu = listed(contents[number]), Clock().nu()
            made = cms.sign(contents[number], own.key, own.certificate, own.chain, nu, said)
            seals.append(made)

        told("sealing, its key at hand", measured(seal, count))
        logins = tokens(location, contents)
        exchange = config.uitwisselingen["wmo"]

        def judged(proofs: list[bytes]) -> Callable[[int], object]:
            arrivals = [arrival(one, proof) for one, proof in zip(contents, proofs, strict=True)]

            def judge(number: int) -> object:
                one = arrivals[number]
                known = Known(dict.fromkeys(binding.needs(one)))
                bound = binding.judge(one, exchange, known, config)
                assert isinstance(bound, binding.Bound), bound
                return bound.element

            return judge

        told("judging a seal", measured(judged(seals), count))
        told("judging a login", measured(judged(logins), count))


def tokens(location: Location, contents: list[bytes]) -> list[bytes]:
    found = read_config(location.config_path)
    key = ECKey.import_key(sleutel_pem(seal_van(location.state, found, "idp").key))
    who = next(k for k, one in lees_pseudoniemen(location.state).items()
               if one == ("0363", "coordinator"))  # fmt: skip
    now, made = int(Clock().nu().timestamp()), []
    for content in contents:
        plain = listed(content)
        said = verklaring.Verklaring(plain, os.urandom(32), "")
        claims = {"iss": found.eherkenning.uitgever, "aud": "knooppunt", "iat": now,
                  "auth_time": now, "exp": now + 600, "nonce": said.nonce,
                  "acr": "urn:etoegang:core:assurance-class:loa3", "ActingSubjectID": who,
                  "LegalSubjectID": oin_van("0363")}  # fmt: skip
        token = jwt.encode({"alg": "ES256", "kid": key.thumbprint()}, claims, key)
        made.append(verklaring.build(verklaring.Verklaring(plain, said.salt, token)))
    return made


def listed(content: bytes) -> bytes:
    one = manifest.Listed(NAME, len(content), digest(content))
    return manifest.build(manifest.Manifest("0363", (one,), "2026-02-02T09:00:00Z"))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def arrival(content: bytes, proof: bytes) -> Arrival:
    moment = Moment(Clock().nu(), ("", "", ""), 0, Clock().klok())
    return Arrival("x", Place(Kind.OUTBOX, "0363"), NAME, len(content), digest(content), content,
                   None, moment, proof=Proof(len(proof), proof))  # fmt: skip


if __name__ == "__main__":
    main()
