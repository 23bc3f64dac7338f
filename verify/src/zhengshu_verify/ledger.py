"""The offline check of a ledger: checkpoints and leaves, handed in as text. Does no I/O itself.

A line of leaves is JSON with `index`, `hash` (hex) and, unless it was erased, `payload`: the exact
text that was hashed. Errors carry the raw evidence, so that a third party can judge it too.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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


class _Differs(Exception):
    def __init__(self, what: str, reason: str, index: int | None, evidence: str) -> None:
        super().__init__(reason)
        self.difference = Difference(what, reason, index, evidence)


@dataclass(slots=True)
class _Progress:
    frontier: merkle.Frontier
    checkpoints: int = 0
    cosigned: Cosigned | None = None


def verify_ledger(
    checkpoints: Iterable[str],
    leaves: Iterable[str],
    *,
    log: VerifierKey,
    witness: VerifierKey | None = None,
) -> Verdict:
    """Check leaves from index 0 against checkpoints in ascending size.

    With a witness, one checkpoint at least must be cosigned, and every cosignature must hold.
    Leaves beyond the last checkpoint are hashed but vouched for by nobody yet.
    """
    progress = _Progress(merkle.Frontier())
    try:
        _check(progress, checkpoints, leaves, log, witness)
    except _Differs as differs:
        return _verdict(progress, differs.difference)
    return _verdict(progress, None)


def _verdict(progress: _Progress, difference: Difference | None) -> Verdict:
    return Verdict(progress.frontier.size, progress.checkpoints, progress.cosigned, difference)


def _check(
    progress: _Progress,
    checkpoints: Iterable[str],
    leaves: Iterable[str],
    log: VerifierKey,
    witness: VerifierKey | None,
) -> None:
    hashes = _hashes(leaves)
    for raw in checkpoints:
        checkpoint = _opened(raw, log, progress)
        verified = progress.frontier.size
        _advance(progress, hashes, checkpoint.size, raw)
        if progress.frontier.root() != checkpoint.root:
            reason = f"leaves {verified} to {checkpoint.size - 1} do not give the signed root"
            raise _Differs("root", reason, verified, raw)
        progress.checkpoints += 1
        at = _cosigned_at(raw, witness)
        progress.cosigned = Cosigned(checkpoint.size, at) if at is not None else progress.cosigned
    progress.frontier, _ = progress.frontier.extend(hashes)
    if not progress.checkpoints:
        raise _Differs("checkpoint", "there is no checkpoint", None, "")
    if witness and not progress.cosigned:
        raise _Differs("cosignature", f"no checkpoint is signed by {witness.name}", None, "")


def _opened(raw: str, log: VerifierKey, progress: _Progress) -> Checkpoint:
    try:
        checkpoint = open_checkpoint(raw, log)
    except InvalidNote as error:
        raise _Differs("checkpoint", str(error), None, error.raw) from error
    if checkpoint.size < progress.frontier.size:
        raise _Differs("checkpoint", "checkpoints are not in ascending order", None, raw)
    return checkpoint


def _advance(progress: _Progress, hashes: Iterator[bytes], size: int, raw: str) -> None:
    while progress.frontier.size < size:
        leaf = next(hashes, None)
        if leaf is None:
            missing = progress.frontier.size
            raise _Differs("leaf", f"leaf {missing} and after are missing", missing, raw)
        progress.frontier, _ = progress.frontier.append(leaf)


def _cosigned_at(raw: str, witness: VerifierKey | None) -> int | None:
    note = Note.parse(raw)
    if witness is None or witness.name not in [signature.name for signature in note.signatures]:
        return None
    try:
        return witness.verify(note)
    except InvalidNote as error:
        raise _Differs("cosignature", str(error), None, error.raw) from error


def _hashes(lines: Iterable[str]) -> Iterator[bytes]:
    """The leaf hash of each line, each checked against its payload and its place."""
    for index, line in enumerate(lines):
        leaf = _parsed(line, index)
        if leaf.get("index") != index:
            raise _Differs("leaf", f"leaf {index} is missing or out of order", index, line)
        payload, claimed = leaf.get("payload"), leaf.get("hash")
        if payload is not None and merkle.leaf_hash(str(payload).encode()).hex() != claimed:
            raise _Differs("leaf", f"leaf {index} does not have the hash it claims", index, line)
        yield _digest(claimed, index, line)


def _parsed(line: str, index: int) -> dict[str, Any]:
    try:
        leaf = json.loads(line)
    except ValueError as error:
        raise _Differs("leaf", f"line {index} is not JSON", index, line) from error
    if not isinstance(leaf, dict):
        raise _Differs("leaf", f"line {index} is not a JSON object", index, line)
    return leaf


def _digest(claimed: object, index: int, line: str) -> bytes:
    try:
        digest = bytes.fromhex(str(claimed))
    except ValueError:
        digest = b""
    if len(digest) != merkle.HASH_SIZE:
        raise _Differs("leaf", f"leaf {index} has no hash", index, line)
    return digest


def verify_successor(
    older: str | None, newer: str, proof: Sequence[bytes], *, log: VerifierKey
) -> Checkpoint:
    """Check that a signed checkpoint continues an older one: what a witness does before it signs.

    Raises InvalidNote for a checkpoint that the log did not sign, Inconsistent for a rewritten log.
    """
    after = open_checkpoint(newer, log)
    before = open_checkpoint(older, log) if older else Checkpoint(log.name, 0, merkle.EMPTY_ROOT)
    try:
        merkle.verify_consistency(
            old=before.size,
            new=after.size,
            old_root=before.root,
            new_root=after.root,
            proof=proof,
        )
    except merkle.InvalidProof as error:
        raise Inconsistent(older or "", newer, proof, str(error)) from error
    return after
