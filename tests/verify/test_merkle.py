"""The tree against the definition of RFC 6962 section 2.1, written down naively."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zhengshu_verify import merkle
from zhengshu_verify.merkle import Frontier, InvalidProof

VECTORS = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    (
        "606162636465666768696a6b6c6d6e6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
]

leaves = st.lists(st.binary(max_size=4), min_size=1, max_size=70).map(
    lambda contents: [merkle.leaf_hash(content) for content in contents]
)


def naive_root(hashes):
    if not hashes:
        return merkle.EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return merkle.node_hash(naive_root(hashes[:k]), naive_root(hashes[k:]))


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_inclusion(m, hashes):
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return [*naive_inclusion(m, hashes[:k]), naive_root(hashes[k:])]
    return [*naive_inclusion(m - k, hashes[k:]), naive_root(hashes[:k])]


def naive_consistency(m, hashes, complete=True):
    if m == len(hashes):
        return [] if complete else [naive_root(hashes)]
    k = split(len(hashes))
    if m <= k:
        return [*naive_consistency(m, hashes[:k], complete), naive_root(hashes[k:])]
    return [*naive_consistency(m - k, hashes[k:], complete=False), naive_root(hashes[:k])]


def stored(hashes):
    """What a log stores: its leaves and the subtrees that appending completed."""
    nodes = {merkle.Node(0, index): value for index, value in enumerate(hashes)}
    return (nodes | dict(Frontier().extend(hashes)[1])).__getitem__


def test_known_roots():
    frontier = Frontier()
    assert frontier.root() == merkle.EMPTY_ROOT
    for content, root in VECTORS:
        frontier, _ = frontier.append(merkle.leaf_hash(bytes.fromhex(content)))
        assert frontier.root().hex() == root


@given(leaves, st.data())
def test_root_is_the_naive_root_however_appended(hashes, data):
    cut = data.draw(st.integers(0, len(hashes)))
    first, _ = Frontier().extend(hashes[:cut])
    resumed = Frontier(cut, first.hashes)
    assert resumed.extend(hashes[cut:])[0].root() == naive_root(hashes) == merkle.root(hashes)


@given(leaves)
def test_frontier_is_the_subtrees_of_the_whole(hashes):
    whole = merkle.subtrees(merkle.Span(0, len(hashes)))
    assert tuple(map(stored(hashes), whole)) == Frontier().extend(hashes)[0].hashes


@given(leaves, st.data())
def test_inclusion(hashes, data):
    size = data.draw(st.integers(1, len(hashes)))
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.prove(merkle.inclusion_path(index, size), stored(hashes))
    assert proof == naive_inclusion(index, hashes[:size])
    root = naive_root(hashes[:size])
    claim = {"index": index, "size": size, "proof": proof, "root": root}
    merkle.verify_inclusion(hashes[index], **claim)
    for wrong in spoilt(proof, data):
        with pytest.raises(InvalidProof):
            merkle.verify_inclusion(hashes[index], **claim | {"proof": wrong})
    with pytest.raises(InvalidProof):
        merkle.verify_inclusion(merkle.leaf_hash(b"another leaf"), **claim)
    with pytest.raises(InvalidProof):
        merkle.verify_inclusion(hashes[index], **claim | {"index": size})


@given(leaves, st.data())
def test_consistency(hashes, data):
    new = len(hashes)
    old = data.draw(st.integers(0, new))
    proof = merkle.prove(merkle.consistency_path(old, new), stored(hashes))
    assert proof == (naive_consistency(old, hashes) if old else [])
    claim = {"old": old, "new": new, "old_root": naive_root(hashes[:old])}
    claim |= {"new_root": naive_root(hashes), "proof": proof}
    merkle.verify_consistency(**claim)
    for wrong in spoilt(proof, data):
        with pytest.raises(InvalidProof):
            merkle.verify_consistency(**claim | {"proof": wrong})
    for root in ("old_root", "new_root") if old else ("old_root",):
        with pytest.raises(InvalidProof):
            merkle.verify_consistency(**claim | {root: b"\0" * 32})


def spoilt(proof, data):
    """Proofs that differ from a right one by one hash: missing, added, changed."""
    yield [*proof, b"\0" * 32]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], b"\0" * 32, *proof[at + 1 :]]


def test_a_tree_that_shrinks_or_a_leaf_outside_is_refused():
    root = merkle.leaf_hash(b"")
    with pytest.raises(InvalidProof):
        merkle.verify_consistency(old=2, new=1, old_root=root, new_root=root, proof=[])
    with pytest.raises(ValueError, match="smaller"):
        merkle.consistency_path(2, 1)
    with pytest.raises(ValueError, match="not in the tree"):
        merkle.inclusion_path(1, 1)
    with pytest.raises(ValueError, match="one hash per set bit"):
        Frontier(3, (root,))
