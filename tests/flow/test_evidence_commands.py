# SPDX-License-Identifier: EUPL-1.2
"""The commands of evidence: what they write, what they say, how they end, and the leaf of each."""

import hashlib
import json

import pytest
import sqlalchemy as sa

from gateway import store_tables as t
from gateway.location import Location
from gateway.store import connect
from gateway.store_purge import erase
from gateway.store_queries import Reader
from tests.test_docs import schema


@pytest.fixture
def chain(knooppunt):
    """A chain with one delivery of each of two municipalities, and its trust copied away."""
    knooppunt("init", ".")
    for code in ("0363", "0034"):
        outbox = knooppunt.folder / "folders" / "gemeenten" / code / "outbox"
        (outbox / f"WMO_H22025_{code}.csv").write_bytes(code.encode())
    knooppunt("run", "--once", "--nu", "2026-02-02")
    return knooppunt


TRUST = "folders/.state/vertrouwen"


def test_a_bundle_is_made_noted_and_verified(chain):
    """The leaf names the file by its hash, and no person in the open."""
    done = chain("evidence", "WMO_H22025_0363.csv", "-o", "b.asice", "--content")
    assert "b.asice" in done.stdout
    data = (chain.folder / "b.asice").read_bytes()
    verified = chain("evidence", "verify", "b.asice", "--trust", TRUST)
    assert "the bundle is whole, but its time rests on the gateway's own word" in verified.stdout
    chain("evidence", "verify", "b.asice", "--trust", TRUST, "--strict", code=1)
    assert "not proven: binding" in verified.stdout
    found = json.loads(chain("evidence", "verify", "b.asice", "--trust", TRUST, "--json").stdout)
    schema("evidence-verify").validate(found)
    assert found["ok"]
    leaves = [json.loads(one) for one in _leaves(chain)]
    [told] = [one for one in leaves if one["type"] == "evidence.export"]
    assert told["evidence"] == [f"asice:{hashlib.sha256(data).hexdigest()}"]
    assert (told["tenant"], told["actor"][:3]) == ("0363", "c1:")
    assert chain("audit", "verify").returncode == 0


def _leaves(chain):
    with Reader(Location.of(str(chain.folder / "config.yaml")).database) as reader:
        return [row["content"] for row in reader.rows(sa.select(t.leaf).order_by(t.leaf.c.idx))]


def test_how_the_commands_end(chain):
    """0 done or yes, 1 the answer is no, 2 wrong use."""
    one = ("WMO_H22025_0363.csv", "-o", "b.asice")
    assert chain("evidence", "make", *one).returncode == 0
    assert chain("evidence", *one, code=2).returncode == 2  # it is there already
    assert chain("evidence", *one, "--replace").returncode == 0
    assert "nothing here" in chain("evidence", "nooit.csv", "-o", "c.asice", code=1).stdout
    assert not (chain.folder / "c.asice").exists()
    chain("evidence", "WMO_H22025_0363.csv", "-o", "c.asice", "--redact", "alles", code=2)
    path = chain.folder / "b.asice"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "NOT whole" in chain("evidence", "verify", "b.asice", "--trust", TRUST, code=1).stdout
    path.write_bytes(b"hallo")
    chain("evidence", "verify", "b.asice", "--trust", TRUST, code=2)
    chain("evidence", "verify", "geen.asice", "--trust", TRUST, code=2)
    chain("evidence", "verify", "b.asice", "--trust", "geen", code=2)


def test_a_redacted_bundle_names_nobody(chain):
    """And what was left out is in the leaf."""
    chain("evidence", "WMO_H22025_0363.csv", "-o", "b.asice", "--redact", "all")
    assert b"WMO_H22025_0363" not in (chain.folder / "b.asice").read_bytes()
    chain("evidence", "verify", "b.asice", "--trust", TRUST)
    assert b"bundle without all" in _leaves(chain)[-1]


@pytest.mark.parametrize("path", ["uit", "uit.zip"])
def test_an_export_is_made_and_verified(chain, path):
    """A folder or a ZIP; of the other municipality nothing."""
    assert "leaves of 0363" in chain("audit", "export", "--gemeente", "0363", "-o", path).stdout
    said = chain("audit", "verify-export", path, "--trust", TRUST)
    assert "the export is whole" in said.stdout
    found = json.loads(chain("audit", "verify-export", path, "--trust", TRUST, "--json").stdout)
    schema("evidence-verify").validate(found)
    whole = chain.folder / path
    files = [whole] if whole.is_file() else [one for one in whole.rglob("*") if one.is_file()]
    assert not any(b'"0034"' in one.read_bytes() for one in files)
    chain("audit", "export", "--gemeente", "9999", "-o", "ander", code=2)
    if whole.is_dir():
        chain("audit", "export", "--gemeente", "0363", "-o", path, code=2)
        next(whole.glob("leaves/*")).unlink()
        chain("audit", "verify-export", path, "--trust", TRUST, code=1)


def test_after_erasure_the_bundle_says_that_names_are_gone(chain):
    """Every proof stays."""
    [found] = json.loads(chain("trace", "WMO_H22025_0363.csv", "--json").stdout)["messages"]
    engine = connect(Location.of(str(chain.folder / "config.yaml")).database, writer=True)
    with engine.begin() as run:
        query = sa.select(t.levering.c.seq).where(t.levering.c.id == found["id"])
        erase(run, [run.execute(query).scalar_one()], [], 0)
    engine.dispose()
    chain("evidence", found["referentienummer"], "-o", "b.asice")
    said = json.loads(chain("evidence", "verify", "b.asice", "--trust", TRUST, "--json").stdout)
    [step] = [one for one in said["steps"] if one["name"] == "openings"]
    assert step["outcome"] == "absent"
    assert "gewist" in step["detail"]
    assert said["ok"]


def test_each_step_of_audit_verify_has_its_line(chain):
    """Those that were not taken too, with what they take."""
    said = chain("audit", "verify").stdout
    numbers = [line.split(".")[0].strip() for line in said.splitlines() if line[:3].strip(" .")]
    assert numbers[:12] == [str(n) for n in range(1, 13)]
    assert "10. -   since: not taken, for it takes --since" in said


def test_certificates_of_an_authority_in_several_files(chain):
    """All of them are read; what is wrong with one names it."""
    options = [("--tsa-ca", f"{TRUST}/{one}.pem") for one in ("root", "intermediate", "crl", "tsa")]
    said = chain("audit", "verify", *(word for one in options for word in one), code=1).stdout
    assert "no archived checkpoint has a time stamp" in said
    assert "was not revoked" not in said
    told = chain("audit", "verify", "--tsa-ca", f"{TRUST}/intermediate.pem", code=2).stderr
    assert "intermediate.pem: there is no root certificate" in told


def test_what_a_bundle_lacks_is_said_once(chain):
    """The step's name, what is not there, and the bundle's own words for why."""
    chain("evidence", "WMO_H22025_0363.csv", "-o", "zonder.asice")
    said = chain("evidence", "verify", "zonder.asice", "--trust", TRUST).stdout
    assert "binding: not in it; the bundle says why: Het bericht kwam zonder zegel" in said


def test_a_revocation_from_now_on_leaves_what_was_sealed_before_whole(knooppunt):
    """The chain's clock stands months back; certificates live by the machine's, as leaves do."""
    knooppunt("init", ".")
    path = knooppunt.drop("0363", "WMO_H22025.csv", b"x")
    knooppunt("seal", str(path), "--gemeente", "0363", "--als", "coordinator")
    knooppunt("run", "--once", "--nu", "2026-02-02")
    knooppunt("evidence", "WMO_H22025.csv", "-o", "b.asice")
    knooppunt("keys", "revoke", "zegel-medewerker-0363-coordinator")
    said = json.loads(knooppunt("evidence", "verify", "b.asice", "--trust", TRUST, "--json").stdout)
    [step] = [one for one in said["steps"] if one["name"] == "binding"]
    assert step["outcome"] == "ok"
