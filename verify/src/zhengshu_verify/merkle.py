"""The Merkle tree of RFC 6962 / RFC 9162 over SHA-256. Knows bytes, not leaves' meaning or storage.

A proof is described as a list of spans of leaves. Every span splits into complete subtrees, whose
hashes never change once they exist: whoever stores those can answer any proof by a few reads.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


class InvalidProof(ValueError):
    """A proof does not connect what it claims to connect."""


class Span(NamedTuple):
    """The leaves from `begin` up to, not including, `end`."""

    begin: int
    end: int


class Node(NamedTuple):
    """A complete subtree: number `offset` (from 0) of those with 2**`level` leaves."""

    level: int
    offset: int


def leaf_hash(data: bytes) -> bytes:
    """Hash the content of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their parent."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, where the tree of `size` leaves divides."""
    return int(1 << ((size - 1).bit_length() - 1))


@dataclass(frozen=True, slots=True)
class Frontier:
    """The complete subtrees along the right edge: all that appending needs of the leaves so far."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier holds one hash per set bit of its size")

    def append(self, leaf: bytes) -> tuple["Frontier", list[tuple[Node, bytes]]]:
        """Add a leaf hash; also return the subtrees (above leaves) that it completes."""
        hashes, index, completed = list(self.hashes), self.size, list[tuple[Node, bytes]]()
        level, current = 0, leaf
        while index & 1:
            current = node_hash(hashes.pop(), current)
            level, index = level + 1, index >> 1
            completed.append((Node(level, index), current))
        return Frontier(self.size + 1, (*hashes, current)), completed

    def extend(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[tuple[Node, bytes]]]:
        """Add leaf hashes in order; also return every subtree that they complete."""
        frontier, completed = self, list[tuple[Node, bytes]]()
        for leaf in leaves:
            frontier, nodes = frontier.append(leaf)
            completed += nodes
        return frontier, completed

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return fold(self.hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Join the complete subtrees of a span, widest first, into the span's hash."""
    if not hashes:
        return EMPTY_ROOT
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    return Frontier().extend(leaves)[0].root()


def subtrees(span: Span) -> list[Node]:
    """The complete subtrees of a span that starts where a subtree of its width may start."""
    begin, nodes = span.begin, []
    while begin < span.end:
        level = (span.end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return nodes


def inclusion_path(index: int, size: int) -> list[Span]:
    """The spans whose hashes prove that leaf `index` is in the tree of `size` leaves."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    path, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        path.append(Span(middle, end) if index < middle else Span(begin, middle))
        begin, end = (begin, middle) if index < middle else (middle, end)
    return path[::-1]


def consistency_path(old: int, new: int) -> list[Span]:
    """The spans whose hashes prove that the tree of `new` leaves continues that of `old`."""
    if not 0 <= old <= new:
        raise ValueError("a tree continues only smaller trees")
    if old in (0, new):
        return []
    path, begin, end = list[Span](), 0, new
    while end != old:
        middle = begin + _split(end - begin)
        path.append(Span(middle, end) if old <= middle else Span(begin, middle))
        begin, end = (begin, middle) if old <= middle else (middle, end)
    return [*([Span(begin, end)] if begin else []), *path[::-1]]


def prove(path: Iterable[Span], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """Turn a path into the hashes of a proof, given the hash of any complete subtree."""
    return [fold([hash_of(node) for node in subtrees(span)]) for span in path]


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise InvalidProof unless the leaf hash stands at `index` under `root` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        raise InvalidProof("the leaf's index is beyond the tree")
    current, node, last, rest = leaf, index, size - 1, list(proof)
    while last:
        if node & 1 or node != last:
            if not rest:
                raise InvalidProof("the proof is too short")
            sibling = rest.pop(0)
            current = node_hash(sibling, current) if node & 1 else node_hash(current, sibling)
        node, last = node >> 1, last >> 1
    if rest or current != root:
        raise InvalidProof("the proof does not lead to the root")


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise InvalidProof unless the tree of `new` leaves continues that of `old` (2.1.4.2)."""
    if not 0 <= old <= new:
        raise InvalidProof("the newer tree is smaller than the older one")
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != expected:
            raise InvalidProof("equal sizes need equal roots, and an empty tree the empty root")
        return
    # An older tree that is itself a complete subtree is its own first hash.
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if _walk(old, new, hashes) != (old_root, new_root):
        raise InvalidProof("the proof does not lead to both roots")


def _walk(old: int, new: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that a consistency proof leads to, or None if its length is wrong."""
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not hashes:
        return None
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        node, last = node >> 1, last >> 1
    return (older, newer) if last == 0 else None
