# SPDX-License-Identifier: EUPL-1.2
"""The tree against RFC 6962's known vectors, and against pymerkle, which others wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from gateway.audit import merkle
from gateway.audit.leaf import leaf_hash
from gateway.audit.merkle import Frontier
from gateway.errors import AuditError

# The leaves and roots of Certificate Transparency's own test vectors.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(4, "big")) for index in range(count)]


def reader(all_hashes):
    def read(level, index):
        return merkle.root_of(all_hashes[index << level : (index + 1) << level])

    return read


def test_known_roots():
    frontier = Frontier()
    for index, root in enumerate(ROOTS):
        assert frontier.root().hex() == root
        if index < len(LEAVES):
            assert frontier.append(leaf_hash(LEAVES[index])) == index


def test_known_proofs():
    read = reader([leaf_hash(item) for item in LEAVES])
    assert [item.hex() for item in merkle.inclusion_proof(5, 8, read)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [item.hex() for item in merkle.consistency_proof(6, 8, read)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_against_pymerkle():
    oracle = InmemoryTree(algorithm="sha256")
    frontier, all_hashes = Frontier(), hashes(70)
    for size in range(1, 71):
        oracle.append_entry((size - 1).to_bytes(4, "big"))
        frontier.append(all_hashes[size - 1])
        assert frontier.root() == oracle.get_root()
    read = reader(all_hashes)
    for size in (1, 2, 3, 7, 8, 33, 64, 70):
        for index in range(size):
            ours = merkle.inclusion_proof(index, size, read)
            path = [
                bytes.fromhex(h)
                for h in oracle.prove_inclusion(index + 1, size).serialize()["path"]
            ]
            assert sorted([all_hashes[index], *ours]) == sorted(path)


def test_every_proof_holds_and_no_neighbour_does():
    all_hashes = hashes(40)
    read = reader(all_hashes)
    roots = [merkle.root_of(all_hashes[:size]) for size in range(41)]
    for size in range(1, 41):
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, read)
            leaf, root = all_hashes[index], roots[size]
            assert merkle.check_inclusion(index, size, leaf, proof, root)
            assert not merkle.check_inclusion(index, size, leaf, [*proof, leaf], root)
            assert not merkle.check_inclusion(index, size, leaf, proof, roots[size - 1])
            assert not merkle.check_inclusion(index, size, leaf_hash(b"x"), proof, root)
            assert not merkle.check_inclusion(index + 1, size, leaf, proof, root)
            assert not proof or not merkle.check_inclusion(index, size, leaf, proof[:-1], root)
        for old in range(size + 1):
            proof = merkle.consistency_proof(old, size, read)
            assert merkle.check_consistency(old, size, roots[old], roots[size], proof)
            assert not merkle.check_consistency(old, size, leaf_hash(b"x"), roots[size], proof)
            if old < size and old:
                assert not merkle.check_consistency(old, size, roots[old], leaf_hash(b"x"), proof)
                assert not merkle.check_consistency(old, size, roots[old], roots[size], proof[:-1])
                longer = [*proof, proof[-1]]
                assert not merkle.check_consistency(old, size, roots[old], roots[size], longer)


@given(st.integers(0, 300), st.integers(0, 60))
def test_the_edge_survives_the_database(size, more):
    one, other = merkle.over(hashes(size)), None
    other = Frontier.from_bytes(one.to_bytes())
    tried = one.copy()
    for item in hashes(size + more)[size:]:
        tried.append(item)
        other.append(item)
    assert one.root() == merkle.root_of(hashes(size))  # the copy took nothing with it
    assert tried.root() == other.root() == merkle.root_of(hashes(size + more))


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, b"\0" * 8 + b"x", b"\0" * 7 + b"\1" + b"x" * 31]
)
def test_a_damaged_edge_is_refused(content):
    with pytest.raises(AuditError):
        Frontier.from_bytes(content)


def test_out_of_range():
    read = reader(hashes(4))
    for call in (
        lambda: merkle.inclusion_proof(4, 4, read),
        lambda: merkle.inclusion_proof(-1, 4, read),
        lambda: merkle.consistency_proof(5, 4, read),
        lambda: Frontier(3, [b"x"]),
    ):
        with pytest.raises(AuditError):
            call()
    assert not merkle.check_inclusion(4, 4, b"", [], b"")
    assert not merkle.check_consistency(5, 4, b"", b"", [])
