"""The offline check of a ledger: checkpoints and leaves, handed in as text. Does no I/O itself.

A line of leaves is JSON with `index`, `hash` (hex) and, unless it was erased, `payload`: the exact
text that was hashed. Errors carry the raw evidence, so that a third party can judge it too.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from zhengshu_verify import merkle
from zhengshu_verify.note import Checkpoint, InvalidNote, Note, VerifierKey, open_checkpoint


class Inconsistent(Exception):
    """Two checkpoints of one log that no history connects: the proof of a rewritten ledger."""

    def __init__(self, older: str, newer: str, proof: Sequence[bytes], reason: str) -> None:
        super().__init__(reason)
        self.older = older
        self.newer = newer
        self.proof = tuple(proof)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a ledger is not what was signed."""

    what: str
    reason: str
    index: int | None
    evidence: str


class Differs(Exception):
    """A ledger is not what was signed."""

    def __init__(self, what: str, reason: str, index: int | None, evidence: str) -> None:
        super().__init__(reason)
        self.difference = Difference(what, reason, index, evidence)


class Cosigned(NamedTuple):
    """Up to where, and when, the witness vouched for the ledger."""

    size: int
    at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was checked, and the first difference if there is one."""

    size: int
    checkpoints: int
    cosigned: Cosigned | None
    difference: Difference | None

    @property
    def sound(self) -> bool:
        """Whether all that was handed in is what was signed."""
        return self.difference is None


class LedgerCheck:
    """Takes leaves from index 0 and, each after its last leaf, checkpoints; raises Differs."""

    def __init__(self, *, log: VerifierKey, witness: VerifierKey | None = None) -> None:
        self._log = log
        self._witness = witness
        self._signed = 0
        self._frontier = merkle.Frontier()
        self._checkpoints = 0
        self._cosigned: Cosigned | None = None

    @property
    def size(self) -> int:
        """How many leaves were taken."""
        return self._frontier.size

    def verdict(self, difference: Difference | None = None) -> Verdict:
        """What was checked so far."""
        return Verdict(self.size, self._checkpoints, self._cosigned, difference)

    def leaf(self, index: int, payload: str | None, digest: str, *, evidence: str) -> None:
        """Take the next leaf: its place, and its payload unless erased, must fit its hash."""
        if index != self.size:
            raise Differs(
                "leaf", f"leaf {self.size} is missing or out of order", self.size, evidence
            )
        if payload is not None and merkle.leaf_hash(payload.encode()).hex() != digest:
            raise Differs("leaf", f"leaf {index} does not have the hash it claims", index, evidence)
        self._frontier, completed = self._frontier.append(_digest(digest, index, evidence))
        self.completed(completed)

    def completed(self, nodes: list[tuple[merkle.Node, bytes]]) -> None:
        """Told of every subtree that a leaf completes; for checks of stored subtrees."""

    def checkpoint(self, raw: str) -> None:
        """Take a checkpoint over exactly the leaves taken so far."""
        checkpoint = self._opened(raw)
        if checkpoint.size > self.size:
            reason = f"leaf {self.size} and after are missing"
            raise Differs("leaf", reason, self.size, raw)
        if checkpoint.root != self._frontier.root():
            reason = f"leaves {self._signed} to {self.size - 1} do not give the signed root"
            raise Differs("root", reason, self._signed, raw)
        self._signed, self._checkpoints = self.size, self._checkpoints + 1
        self._take_cosignature(raw)

    def finish(self) -> Verdict:
        """Raise Differs unless somebody signed, and the witness too where one is expected."""
        if not self._checkpoints:
            raise Differs("checkpoint", "there is no checkpoint", None, "")
        if self._witness and not self._cosigned:
            raise Differs(
                "cosignature", f"no checkpoint is signed by {self._witness.name}", None, ""
            )
        return self.verdict()

    def _opened(self, raw: str) -> Checkpoint:
        try:
            checkpoint = open_checkpoint(raw, self._log)
        except InvalidNote as error:
            raise Differs("checkpoint", str(error), None, error.raw) from error
        if checkpoint.size < self.size:
            raise Differs("checkpoint", "checkpoints are not in ascending order", None, raw)
        return checkpoint

    def _take_cosignature(self, raw: str) -> None:
        note, witness = Note.parse(raw), self._witness
        if witness is None or witness.name not in [s.name for s in note.signatures]:
            return
        try:
            at = witness.verify(note)
        except InvalidNote as error:
            raise Differs("cosignature", str(error), None, error.raw) from error
        self._cosigned = Cosigned(self.size, at or 0)


def verify_ledger(
    checkpoints: Iterable[str],
    leaves: Iterable[str],
    *,
    log: VerifierKey,
    witness: VerifierKey | None = None,
) -> Verdict:
    """Check lines of leaves from index 0 against checkpoints in ascending size.

    With a witness, one checkpoint at least must be cosigned, and every cosignature must hold.
    Leaves beyond the last checkpoint are hashed but vouched for by nobody yet.
    """
    check, lines = LedgerCheck(log=log, witness=witness), iter(leaves)
    try:
        for raw in checkpoints:
            for line in islice(lines, max(0, _size(raw) - check.size)):
                _take(check, line)
            check.checkpoint(raw)
        for line in lines:
            _take(check, line)
        return check.finish()
    except Differs as differs:
        return check.verdict(differs.difference)


def _size(raw: str) -> int:
    """How many leaves a checkpoint claims; whether it may claim so is judged afterwards."""
    try:
        return Checkpoint.parse(Note.parse(raw).text).size
    except InvalidNote as error:
        raise Differs("checkpoint", str(error), None, error.raw) from error


def _take(check: LedgerCheck, line: str) -> None:
    try:
        leaf = json.loads(line)
        index, digest, payload = leaf["index"], leaf["hash"], leaf.get("payload")
    except (ValueError, TypeError, KeyError) as error:
        reason = f"line {check.size} is not a leaf"
        raise Differs("leaf", reason, check.size, line) from error
    check.leaf(index, None if payload is None else str(payload), str(digest), evidence=line)


def _digest(claimed: str, index: int, evidence: str) -> bytes:
    try:
        digest = bytes.fromhex(claimed)
    except ValueError:
        digest = b""
    if len(digest) != merkle.HASH_SIZE:
        raise Differs("leaf", f"leaf {index} has no hash", index, evidence)
    return digest


def verify_successor(
    older: str | None, newer: str, proof: Sequence[bytes], *, log: VerifierKey
) -> Checkpoint:
    """Check that a signed checkpoint continues an older one: what a witness does before it signs.

    Without an older one the newer is taken on trust: somebody has to be believed first. Raises
    InvalidNote for a checkpoint that the log did not sign, Inconsistent for a rewritten log.
    """
    after = open_checkpoint(newer, log)
    if older is None:
        return after
    before = open_checkpoint(older, log)
    try:
        merkle.verify_consistency(
            old=before.size,
            new=after.size,
            old_root=before.root,
            new_root=after.root,
            proof=proof,
        )
    except merkle.InvalidProof as error:
        raise Inconsistent(older, newer, proof, str(error)) from error
    return after
