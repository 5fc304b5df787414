# SPDX-License-Identifier: EUPL-1.2
"""A chain in which everything that can be proven happened: seals, receipt, witnesses, stamps."""

import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.evidence import believed, container, opsomming
from gateway.evidence.believed import Belief
from gateway.evidence.bundle import make, sealed
from gateway.evidence.container import Member
from gateway.evidence.gather import gather
from gateway.evidence.opsomming import MANIFEST, SIGNATURE, Opsomming
from gateway.evidence.verify import verify
from gateway.evidence.wish import Wish
from gateway.location import Location, read_config
from gateway.testing import Keten
from gateway.trust.ketting import pem_van
from gateway.trust.pki import seal_pem
from gateway.trust.sleutels import seal_van
from tests.flow.getuigen import Getuigen

NAME = "WMO_H22025.csv"
CONTENT = b"kop;x\n1;2\n"


@dataclass
class Bewijs:
    """The chain's place, what its relying parties trust, and bundles of it."""

    location: Location
    trust: Path
    belief: Belief
    whole: bytes

    def make(self, ref=NAME, content=True, redact=()):
        """A bundle, without a time stamp: the authority does not listen any more."""
        return make(self.location, Wish(ref, content, frozenset(redact))).content

    def seal(self, domain="zegel-gateway"):
        """The key of a trust domain."""
        return seal_van(self.location.state, read_config(self.location.config_path), domain)

    def verify(self, data):
        """What our verifier says."""
        return verify(data, self.belief)


def round_of_everything(folder, prepare=None, **settings):
    """Play it, and make the whole bundle while the authority still listens."""
    with Getuigen(folder, **settings) as parties:
        if prepare:
            prepare(parties)
        config = parties.config.replace("antwoord: protocol", "antwoord: direct")
        with Keten(folder, config=config, stations=("ggk", "rinis", "cbs")) as keten:
            keten.make_keys()
            keten.grant("coordinator", "gmsd", "0363")
            keten.drop_sealed("0363", NAME, CONTENT)
            keten.drop("0034", "WMO_H22025_ander.csv", b"van een ander\n")
            keten.drop("0363", "onbekend.jpg", b"wat geen uitwisseling neemt")
            keten.settle()
        Keten(folder, config=config, seed=7).close()  # what was not yet witnessed is now
        trust = Path(parties.location.state) / "vertrouwen"
        whole = make(parties.location, Wish(NAME, content=True)).content
    return Bewijs(parties.location, trust, believed.load(str(trust)), whole)


def members(data):
    """The members of a container, in order."""
    return dict(container.unpack(data).members)


def packed(found):
    """A container of these members; mimetype comes first by itself."""
    return container.pack(Member(*one) for one in found.items() if one[0] != "mimetype")


def resealed(found, seal, at):
    """The members under a fresh manifest and seal: what who holds a seal could make of them."""
    from gateway.evidence import cades

    own = ("mimetype", MANIFEST, SIGNATURE, opsomming.ARCHIVE, opsomming.TIMESTAMP)
    inner = {k: v for k, v in found.items() if k not in own}
    manifest = opsomming.build(Opsomming(SIGNATURE, opsomming.listed(inner.items())))
    return packed({**inner, MANIFEST: manifest, SIGNATURE: cades.sign(manifest, seal, at)})


def sealed_with(keten, md, content, domain="zegel-medewerker-0363-coordinator"):
    """A seal as openssl makes it of these bytes, with that digest; without a manifest."""
    keten.make_keys()
    seal = seal_van(keten.location.state, keten.config, domain)
    with TemporaryDirectory() as folder:
        pem, data, chain = (Path(folder, one) for one in ("sleutel.pem", "bestand", "keten.pem"))
        pem.write_bytes(seal_pem(seal))
        chain.write_bytes(pem_van(*seal.chain))
        data.write_bytes(content)
        words = ["openssl", "cms", "-sign", "-binary", "-md", md, "-outform", "DER", "-in", data,
                 "-signer", pem, "-certfile", chain]  # fmt: skip
        return subprocess.run(words, capture_output=True, check=True).stdout


def regathered(bewijs, change, at, ref=NAME):
    """A bundle of what was gathered and then changed, pages and all made anew, sealed by us."""
    config = read_config(bewijs.location.config_path)
    found = gather(bewijs.location, config, Wish(ref, content=True))
    found = change(found) or found
    return container.pack(sealed(found, bewijs.seal(), at))


__all__ = ["CONTENT", "NAME", "Bewijs", "members", "packed", "regathered", "replace", "resealed"]


def now():
    """The moment of sealing: after all leaves, whatever came before this test."""
    return datetime.now(UTC)
