# SPDX-License-Identifier: EUPL-1.2
"""A chain that took keys of its own, of another PKI and under other OINs, after a first bundle."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from gateway.evidence.bundle import make
from gateway.evidence.wish import Wish
from gateway.location import Location, read_config
from gateway.outside import ensure_policy
from gateway.setup import shipped_config
from gateway.testing import Keten
from gateway.trust import uitgifte
from gateway.trust.domeinen import Domein, Soort
from gateway.trust.ketting import lees_certificaten, pem_van
from gateway.trust.sleutels import Seal, seal_van
from tests.flow.bewijs import CONTENT

OWN = {
    "zegel-gateway": "00000003000000000001",
    "zegel-cbs": "00000003000000000002",
    "zegel-gemeente-0363": "00000003000000000003",
}
SHIPPED = shipped_config().decode().replace("antwoord: protocol", "antwoord: direct")


class Pki:
    """A root, an issuer and their lists."""

    def __init__(self):
        self.root = uitgifte.nieuwe_wortel("pki.example")
        self.issuer = uitgifte.nieuwe_uitgever("pki.example", self.root)
        both = self.issuer, self.root
        self.lists = pem_van(*(uitgifte.intrekkingslijst(one, 1) for one in both))

    def seal(self, domain, oin):
        """The seal of a domain under this OIN."""
        key = uitgifte.nieuwe_sleutel()
        made = Domein(domain, Soort.ZEGEL, domain, oin)
        cert = uitgifte.certificaat(made, key.public_key(), self.issuer)
        return Seal(key, cert, (self.issuer.certificate,))


@dataclass
class Eigen:
    """Bundles of before and after; the reader's folder, in which both PKIs are."""

    location: Location
    pki: Pki
    old: bytes
    new: bytes
    first: Path
    trust: Path

    def seal(self):
        """The gateway's seal of now."""
        return seal_van(self.location.state, read_config(self.location.config_path),
                        "zegel-gateway")  # fmt: skip


def own_keys(folder):
    """Play it."""
    pki, here, stations = Pki(), folder / "keten", ("ggk", "rinis", "cbs")
    with Keten(here, config=SHIPPED, stations=stations) as keten:
        keten.make_keys()
        keten.grant("coordinator", "gmsd", "0363")
        ensure_policy(keten.location, "knooppunt.example/audit-2026")
        keten.drop_sealed("0363", "WMO_1.csv", CONTENT, als="")
        keten.settle()
    old = make(keten.location, Wish("WMO_1.csv", content=True)).content
    vertrouwen = Path(keten.location.state) / "vertrouwen"
    first = _copy(vertrouwen, folder / "toen", pki)
    (here / "eigen-pki.pem").write_bytes(
        pem_van(pki.root.certificate, pki.issuer.certificate) + pki.lists
    )
    config = SHIPPED + "\nvertrouwen: [eigen-pki.pem]\nsleutels:\n"
    for name, oin in OWN.items():
        seal = pki.seal(name, oin)
        (here / f"{name}.key").write_bytes(
            uitgifte.sleutel_pem(seal.key) + pem_van(seal.certificate, *seal.chain)
        )
        config += f'  {name}: {{bestand: {name}.key, oin: "{oin}"}}\n'
    with Keten(here, config=config, stations=stations, seed=7) as keten:
        keten.make_keys()
        keten.drop_sealed("0363", "WMO_2.csv", CONTENT + b"3;4\n", als="")
        keten.settle()
    new = make(keten.location, Wish("WMO_2.csv", content=True)).content
    return Eigen(keten.location, pki, old, new, first, _copy(vertrouwen, folder / "nu", pki))


def another_authority(trust, folder, *, keeps):
    """A reader's folder with another authority in tsa.pem; the first beside it, if it ``keeps``."""
    shutil.copytree(trust, folder)
    tsa = folder / "tsa.pem"
    [before] = lees_certificaten(tsa.read_bytes(), "tsa.pem")
    if keeps:
        tsa.rename(folder / f"tsa-{before.serial_number:x}.pem")
    tsa.write_bytes(pem_van(Pki().seal("tsa", "00000003000000000004").certificate))
    return folder


def _copy(vertrouwen, folder, pki):
    """A reader's own, with the roots and lists of the other PKI beside those of the first."""
    folder.mkdir()
    for one in vertrouwen.iterdir():
        (folder / one.name).write_bytes(one.read_bytes())
    for name, more in (
        ("root.pem", pem_van(pki.root.certificate)),
        ("intermediate.pem", pem_van(pki.issuer.certificate)),
        ("crl.pem", pki.lists),
    ):
        (folder / name).write_bytes((folder / name).read_bytes() + more)
    return folder
